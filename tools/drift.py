# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the facts cited in xentui that are no longer true in newer layers.

    python -m tools.drift OLD NEW

OLD and NEW are folders with ``meta-virtualization`` and, if available, ``openembedded-core`` and
``bitbake``: those in which the facts were read, and those to check. A checkout of
meta-virtualization itself works too. Every fact that xentui cites with its location
(``mv:classes/x.bbclass:12``, ``oe:…``, ``bb:…``) is looked up. If the file is gone, or a cited line
no longer occurs in it, the line of xentui that cites it is printed. Then the abilities that differ
are printed. The exit code is 1 if anything is printed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from xentui.bitbake import abilities
from xentui.rules import catalogue

ROOT = Path(__file__).parents[1]
_FOLDERS = {"xentui": (".py", ".toml", ".json"), "docs": (".md",), "presets": (".toml",)}
# These are generated from other files, so each fact would be reported twice.
_GENERATED = {"docs/findings.md", "docs/reference-boards.md", "docs/reference-format.md"}

REPOSITORIES = {**catalogue.REPOSITORIES, "meta-virtualization": "meta-virtualization"}
"""The repository that each prefix of a citation names."""

_CITATION = re.compile(
    r"\b(?P<prefix>mv|oe|bb|meta-virtualization): ?(?P<path>[\w.%-]+(?:/[\w.%-]+)+)"
    r"(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?"
)
_RELEASES = re.compile(r"releases = \[(.*)\]")


class Fact(NamedTuple):
    """A location in the layers that xentui cites.

    Attributes:
        where: file and line of xentui.
        repository: the repository that it cites.
        path: the cited file.
        first: the first cited line; 0 if only the file is cited.
        last: the last cited line.
        releases: the releases that the fact is for; empty if it is for all.
    """

    where: str
    repository: str
    path: str
    first: int
    last: int
    releases: frozenset[str]


def facts(root: Path = ROOT) -> Iterator[Fact]:
    """Yield every location that xentui's code, data and documents cite."""
    for folder, endings in _FOLDERS.items():
        for file in sorted((root / folder).rglob("*")):
            name = str(file.relative_to(root))
            if file.suffix not in endings or name in _GENERATED:
                continue
            lines = file.read_text(encoding="utf-8").split("\n")
            for number, line in enumerate(lines, start=1):
                for citation in _CITATION.finditer(line):
                    first = int(citation["first"] or 0)
                    yield Fact(
                        f"{name}:{number}",
                        REPOSITORIES[citation["prefix"]],
                        citation["path"].rstrip("."),
                        first,
                        int(citation["last"] or first),
                        _releases(lines[number]) if number < len(lines) else frozenset(),
                    )


def _releases(line: str) -> frozenset[str]:
    """Return the releases that the line after a citation in a board's file names."""
    match = _RELEASES.match(line)
    return frozenset(re.findall(r"[a-z]+", match[1])) if match is not None else frozenset()


def outdated_facts(old: Path, new: Path, root: Path = ROOT) -> Iterator[str]:
    """Yield a line for each fact that is not found in the newer layers.

    Args:
        old: the folder with the repositories in which the facts were read.
        new: the folder to check. If facts name their releases, its name must be a release.
        root: the source tree of xentui.
    """
    for fact in facts(root):
        repositories = [_repository(folder, fact.repository) for folder in (old, new)]
        if not all(repository.is_dir() for repository in repositories):
            continue
        if fact.releases and new.name not in fact.releases:
            continue
        before, after = (_lines(repository / fact.path) for repository in repositories)
        if before is None:
            if after is None and not (repositories[1] / fact.path).is_dir():
                yield f"{fact.where}: {fact.path} is in neither folder"
            continue
        if after is None:
            yield f"{fact.where}: {fact.path} is gone"
            continue
        new_lines = {line.strip() for line in after}
        for number in range(fact.first, fact.last + 1) if fact.first else ():
            cited = before[number - 1].strip() if number <= len(before) else ""
            if cited and cited not in new_lines:
                yield f"{fact.where}: {fact.path}:{number} no longer exists: {cited[:100]}"


def _repository(folder: Path, name: str) -> Path:
    """Return a repository in a folder, or next to a folder that is meta-virtualization itself."""
    if (folder / "conf/layer.conf").is_file():
        return folder if name == "meta-virtualization" else folder.parent / name
    return folder / name


def changed_abilities(old: Path, new: Path) -> Iterator[str]:
    """Yield a line for each ability that differs between the layers."""
    core = [_repository(tree, "openembedded-core") / "meta" for tree in (old, new)]
    if not core[1].is_dir():
        # Only meta-virtualization is compared, so both sides get the same core.
        core[1] = core[0]
    layers = [_repository(tree, "meta-virtualization") for tree in (old, new)]
    before, after = (abilities.of_layers(map(str, pair)) for pair in zip(layers, core, strict=True))
    for name in before.differences(after):
        yield f"{name}: {getattr(before, name)!r} -> {getattr(after, name)!r}"


def _lines(path: Path) -> list[str] | None:
    if not path.is_file():
        return None
    return path.read_text(encoding="utf-8", errors="replace").split("\n")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    args = parser.parse_args()
    old, new = args.old.absolute(), args.new.absolute()
    report = [*outdated_facts(old, new), *changed_abilities(old, new)]
    sys.stdout.write("".join(f"{line}\n" for line in report))
    return 1 if report else 0


if __name__ == "__main__":
    raise SystemExit(main())
