# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Time the start-up and the headless commands, with up to a thousand guests."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.timing import Row, best, best_of_each, process, table
from xentui.output.guest_cfg import predict_configs
from xentui.output.render import render
from xentui.output.writing.plan import plan
from xentui.project import document
from xentui.project.artifacts import layout
from xentui.rules.budget import budget
from xentui.rules.check import check

SIZES = (1, 3, 10, 100, 1_000)
"""Numbers of guests. A board runs a handful, a fleet tens."""
_PYTHON = sys.executable
_XENTUI = (_PYTHON, "-m", "xentui")


def project(guests: int) -> str:
    """Return a project file with this number of guests, all of which fit."""
    lines = [
        "version = 1",
        "[host]",
        'machine = "qemux86-64"',
        'network = "nat"',
        f"memory = {1024 + 80 * guests}",
    ]
    for number in range(guests):
        lines += [
            f"[guests.guest-{number}]",
            'tags = ["autostart"]' if number % 2 else 'tags = ["autostart", "external"]',
            "memory = 64",
            'extra = "root=/dev/xvda ro console=hvc0"',
        ]
        if number % 2 == 0:
            lines.append(f'rootfs = "guest-{number}.ext4"')
    return "\n".join(lines) + "\n"


def start_up_rows(folder: Path) -> list[Row]:
    """Time commands against the Python interpreter itself."""
    ten = folder / "10.toml"
    bare = (_PYTHON, "-c", "pass")
    libraries = (_PYTHON, "-c", "import tomllib, jsonschema")
    version, check, show, python, imports = best_of_each(
        [
            process((*_XENTUI, "--version")),
            process((*_XENTUI, "check", str(ten))),
            process((*_XENTUI, "show", str(ten))),
            process(bare),
            process(libraries),
        ],
        times=15,
    )
    return [
        Row("xentui --version", version, "python -c pass", python, 2.0),
        Row("xentui check, 10 guests", check, "python, tomllib and jsonschema", imports, 2.0),
        Row("xentui show, 10 guests", show, "python, tomllib and jsonschema", imports),
    ]


def growth_rows(folder: Path) -> list[Row]:
    """Time check, show and generate in one process, per guest and relative to 100 guests."""
    rows: list[Row] = []
    for name in ("check", "show", "generate"):
        seconds: dict[int, float] = {}
        for size in SIZES:
            path = folder / f"{size}.toml"

            def run(path: Path = path, name: str = name, size: int = size) -> None:
                loaded = document.load(path)
                assert loaded.project is not None
                if name == "check":
                    check(loaded.project)
                elif name == "show":
                    render(loaded.project)
                    predict_configs(loaded.project)
                    layout(loaded.project)
                    budget(loaded.project)
                else:
                    plan(render(loaded.project), folder / f"out-{size}")

            seconds[size] = best(run, times=7)
        rows += [
            Row(
                f"{name}, {size:,} guests, per guest",
                seconds[size] / size,
                f"{name}, 100 guests, per guest",
                seconds[100] / 100,
                1.2 if size == SIZES[-1] else None,
            )
            for size in SIZES
        ]
    return rows


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for size in SIZES:
            (folder / f"{size}.toml").write_text(project(size), encoding="utf-8")
        print(table([*start_up_rows(folder), *growth_rows(folder)]))


if __name__ == "__main__":
    main()
