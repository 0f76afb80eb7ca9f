# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Time ``xentui source inspect`` against sha256sum on the same large file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.timing import Row, best_of_each, process, table

SIZE = 512 * 1024 * 1024
"""Bytes of the file."""
_AIM = 1 / 0.8


def fill(path: Path) -> None:
    """Write a file of pseudo-random bytes."""
    block = bytes((n * 2654435761 >> 13) & 0xFF for n in range(1 << 20))
    with path.open("wb") as file:
        for number in range(SIZE >> 20):
            file.write(block[number:] + block[:number])


def measure(folder: Path) -> list[Row]:
    """Time a raw file and a tar archive with it, both read from the page cache."""
    raw, archive = folder / "raw", folder / "archive.tar"
    fill(raw)
    rows = []
    for path in (raw, archive):
        if path == archive:
            if shutil.which("tar") is None:
                break
            subprocess.run(["tar", "-cf", archive, "-C", folder, "raw"], check=True)
            raw.unlink()
        inspect = process((sys.executable, "-m", "xentui", "source", "inspect", str(path)))
        baseline = process(("sha256sum", str(path)))
        seconds, other = best_of_each([inspect, baseline], times=3)
        rows.append(Row(f"source inspect, 512 MiB {path.name}", seconds, "sha256sum", other, _AIM))
    return rows


def main() -> None:
    """Print the table, and the throughput as a ratio."""
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(Path(folder))
    print(table(rows))
    for row in rows:
        print(f"{row.name}: {1 / row.ratio:.2f} of sha256sum's throughput (aim ≥ 0.8)")


if __name__ == "__main__":
    main()
