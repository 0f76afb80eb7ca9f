# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Record what each release's layers can do, or tell where the record no longer holds.

    python -m tools.releases record TREES          writes xentui/bitbake/releases.toml
    python -m tools.releases check TREES           exits with 1 where it would change

TREES is a folder with a folder for each release, which holds ``openembedded-core`` and
``meta-virtualization`` of that branch. A release that is not there keeps its record.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import tomlkit

from xentui.bitbake import abilities, releases

# Version, whether it is an LTS release, branch of BitBake: nothing in the layers says so.
KNOWN: dict[str, tuple[str, bool, str]] = {
    "kirkstone": ("4.0", True, "2.0"),
    "scarthgap": ("5.0", True, "2.8"),
    "styhead": ("5.1", False, "2.10"),
    "walnascar": ("5.2", False, "2.12"),
    "whinlatter": ("5.3", False, "2.16"),
    "wrynose": ("6.0", True, "2.18"),
    "master": ("", False, "master"),
}

HEAD = """\
# What the layers of each release can do: recorded by tools/releases.py, not to be edited.
# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT

"""


def layers(tree: Path) -> list[str]:
    """Return the two layers of a tree that abilities are read from."""
    return [str(tree / "openembedded-core/meta"), str(tree / "meta-virtualization")]


def recorded(trees: Path) -> str:
    """Return the text of ``releases.toml`` for the trees at hand."""
    known: dict[str, Any] = {}
    if releases.FILE.is_file():
        known = tomllib.loads(releases.FILE.read_text(encoding="utf-8"))
    document = tomlkit.document()
    for name, (version, lts, bitbake) in KNOWN.items():
        if (trees / name / "openembedded-core").is_dir():
            data = abilities.read(layers(trees / name)).as_data()
        elif name in known:
            data = known[name]["abilities"]
        else:
            continue
        entry = {"version": version, "lts": lts, "bitbake": bitbake, "abilities": data}
        document[name] = entry
    return HEAD + tomlkit.dumps(document)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("record", "check"))
    parser.add_argument("trees", type=Path)
    args = parser.parse_args()
    text = recorded(args.trees.absolute())
    if args.what == "record":
        releases.FILE.write_text(text, encoding="utf-8")
        return 0
    if text == releases.FILE.read_text(encoding="utf-8"):
        return 0
    print(f"{releases.FILE} does not describe the layers in {args.trees}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
