# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tell which facts of xentui no longer hold in newer layers.

    python -m tools.drift OLD NEW

OLD and NEW are checkouts of meta-virtualization: the one that the facts were read in, and the one
to look at. A folder that has ``meta-virtualization`` in it, and perhaps ``openembedded-core``, will
do too. Each fact that xentui states with its place (``mv:classes/x.bbclass:12``) is looked up: a
file that is gone, or a cited line that NEW has nowhere in that file, is printed with the line of
xentui that says so. Then come the abilities in which both differ. Exits with 1 if anything is
printed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xentui.bitbake import abilities

ROOT = Path(__file__).parents[1]
FOLDERS = {"xentui": (".py", ".toml", ".json"), "docs": (".md",), "presets": (".toml",)}
# Made of the other files, so that each fact would be told twice.
MADE = {"docs/findings.md", "docs/reference-boards.md", "docs/reference-format.md"}

_CITED = re.compile(
    r"(?:\bmv:|\bmeta-virtualization: )(?P<path>[\w.%-]+(?:/[\w.%-]+)+)"
    r"(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?"
)


class Fact(NamedTuple):
    """A place of meta-virtualization that xentui names.

    Attributes:
        where: file and line of xentui.
        path: the file it names.
        first: the first line it names; 0 where it names the file alone.
        last: the last line.
    """

    where: str
    path: str
    first: int
    last: int


def facts(root: Path = ROOT) -> Iterator[Fact]:
    """Yield every place that xentui's code, data and documents name."""
    for folder, endings in FOLDERS.items():
        for file in sorted((root / folder).rglob("*")):
            name = str(file.relative_to(root))
            if file.suffix not in endings or name in MADE:
                continue
            lines = file.read_text(encoding="utf-8").split("\n")
            for number, line in enumerate(lines, start=1):
                for found in _CITED.finditer(line):
                    first = int(found["first"] or 0)
                    path = found["path"].rstrip(".")
                    yield Fact(f"{name}:{number}", path, first, int(found["last"] or first))


def gone(old: Path, new: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield a line for each fact that NEW does not bear out any more."""
    for fact in facts(root):
        before, after = _text(old / fact.path), _text(new / fact.path)
        if before is None:
            if after is None and not (new / fact.path).is_dir():
                yield f"{fact.where}: {fact.path} is in neither"
            continue
        if after is None:
            yield f"{fact.where}: {fact.path} is gone"
            continue
        there = {line.strip() for line in after}
        for number in range(fact.first, fact.last + 1) if fact.first else ():
            cited = before[number - 1].strip() if number <= len(before) else ""
            if cited and cited not in there:
                yield f"{fact.where}: {fact.path}:{number} is not there any more: {cited[:100]}"


def changed(old: Path, new: Path) -> Iterator[str]:
    """Yield a line for each ability in which the layers differ."""
    core = [tree.parent / "openembedded-core/meta" for tree in (old, new)]
    if not core[1].is_dir():
        # Without the core that goes with it, what the layer itself can do is compared.
        core[1] = core[0]
    one = abilities.read([str(old), str(core[0])])
    other = abilities.read([str(new), str(core[1])])
    for name in one.differences(other):
        yield f"{name}: {getattr(one, name)!r} -> {getattr(other, name)!r}"


def _text(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    return path.read_text(encoding="utf-8", errors="replace").split("\n")


def _checkout(given: Path) -> Path:
    inside = given / "meta-virtualization"
    return (inside if inside.is_dir() else given).absolute()


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    args = parser.parse_args()
    old, new = _checkout(args.old), _checkout(args.new)
    found = [*gone(old, new), *changed(old, new)]
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
