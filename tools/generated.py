# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write every committed file that is generated from the code: ``python -m tools.generated``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tools import keys, manpage, reference, releases

ROOT = Path(__file__).parents[1]
_FONT_FACE = re.compile(r"^[ \t]*@font-face \{.*?^[ \t]*\}\n", re.DOTALL | re.MULTILINE)

SCREENS = {
    name: f"test_each_step[{name}-120x40-dark].svg" for name in ("guests", "memory", "review")
}
"""Names of pictures in the documentation, and the snapshot that each is a copy of."""


def files() -> dict[str, str]:
    """Return the content of each generated file, by its path in the repository.

    The manual page is left out, as Sphinx builds it from some of these (:mod:`tools.manpage`).
    """
    texts = {
        "docs/reference-format.md": reference.project_file_page(),
        "docs/reference-options.md": reference.options_page(),
        "docs/reference-boards.md": reference.boards_page(),
        "docs/findings.md": reference.findings_page(),
        "docs/releases.md": releases.page(),
        "docs/reference-keys.md": keys.page(),
    }
    for name, snapshot in SCREENS.items():
        path = ROOT / "snapshots/test_snapshots" / snapshot
        # The source archive has these pictures, but not the snapshots.
        if path.exists():
            text = path.read_text(encoding="utf-8")
            # Pages must not load fonts from the network: the reader's own font is used.
            texts[f"docs/images/{name}.svg"] = _FONT_FACE.sub("", text)
    return texts


def main() -> int:
    """Write the files that are out of date, and print their names."""
    for name, text in files().items():
        _write(name, text)
    _write("man/xentui.1", manpage.page())
    return 0


def _write(name: str, text: str) -> None:
    path = ROOT / name
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    raise SystemExit(main())
