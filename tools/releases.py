# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Record what the layers of each Yocto release can do, or check the record.

    python -m tools.releases record TREES
    python -m tools.releases check TREES

``record`` writes ``xentui/bitbake/releases.toml``; ``check`` exits with 1 if that would change it.
TREES has a folder for each release, with ``openembedded-core`` and ``meta-virtualization`` on the
branch of that release. A release without both keeps its record.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit

from xentui.bitbake import abilities, releases
from xentui.bitbake.abilities import Abilities
from xentui.project import model

# Version, whether it is an LTS release, and branch of BitBake. The layers do not state these.
RELEASES: dict[str, tuple[str, bool, str]] = {
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
    """Return the two layers in a release's folder that determine its abilities."""
    return [str(tree / "openembedded-core/meta"), str(tree / "meta-virtualization")]


def record_text(trees: Path) -> str:
    """Return the text of ``releases.toml``.

    Args:
        trees: the folder with a folder for each release.
    """
    recorded: dict[str, Any] = {}
    if releases.FILE.is_file():
        recorded = tomllib.loads(releases.FILE.read_text(encoding="utf-8"))
    document = tomlkit.document()
    for name, (version, lts, bitbake) in RELEASES.items():
        if _has_layers(trees, name):
            data = abilities.of_layers(layers(trees / name)).as_data()
        elif name in recorded:
            data = recorded[name]["abilities"]
        else:
            continue
        document[name] = {"version": version, "lts": lts, "bitbake": bitbake, "abilities": data}
    return HEAD + tomlkit.dumps(document)


def _has_layers(trees: Path, release: str) -> bool:
    return all(Path(layer).is_dir() for layer in layers(trees / release))


ROWS: dict[str, tuple[str, Callable[[Abilities], object]]] = {
    "classes for Xen guests": ("", lambda a: a.has_classes),
    "XEN_BUNDLED_GUESTS (before the classes)": ("", lambda a: a.old_bundling),
    "Dom0 image installs guests by default": ("", lambda a: a.image_class),
    "Xen": ("", lambda a: a.xen),
    "XEN_DOM0_NETWORK (nat)": ("a recipe in xentui's layer", lambda a: a.dom0_network),
    "xenbr0 in Dom0": ("a recipe in xentui's layer", lambda a: a.makes_xenbr0),
    "XEN_BOOT_MODE": ("", lambda a: ", ".join(a.boot_modes) if len(a.boot_modes) > 1 else False),
    "wic's BIOS boot menu names the kernel": ("xentui's boot menu", lambda a: a.names_kernel),
    "folder of kickstart files": ("", lambda a: a.kickstart_folder),
    "disk found by PARTUUID (wic --diskid)": ("/dev/sda2", lambda a: a.disk_id),
    "memory of QEMU, MiB": ("QB_MEM_VALUE", lambda a: a.image_memory or False),
    "Dom0's memory on QEMU x86-64, MiB": (
        "xentui's kickstart file",
        lambda a: a.kickstart_dom0_memory or False,
    ),
    "kernels with Xen's options": ("", lambda a: ", ".join(a.kernel_versions)),
    "linux-yocto": ("", lambda a: ", ".join(a.yocto_kernels)),
    "UNPACKDIR": ("a line in layer.conf", lambda a: a.unpackdir),
    "configuration fragments": (
        "",
        lambda a: a.fragments and ("yes" if a.machine_fragments else "without machine/"),
    ),
    "INIT_MANAGER by default": ("", lambda a: a.init_manager),
    "Xen for 32-bit Arm": ("", lambda a: a.arm_32_bit),
    "vxn": ("", lambda a: a.vxn is not None),
    "vxn: volumes (xen-9pfsd)": ("the package", lambda a: a.vxn and not a.vxn.needs_9pfsd),
    "vxn: waits for its kernel": ("an append", lambda a: a.vxn and not a.vxn.needs_kernel_order),
    "docker, podman, containerd: network": ("", lambda a: a.vxn and a.vxn.oci_network),
    "vxn's containers need Dom0 as router": ("", lambda a: a.vxn and a.vxn.static_addresses),
}
"""The rows of the table by label: what xentui writes if the feature is missing, and its value.

A value is text or a number to print, true, false if the feature is missing, or ``None`` if it does
not apply to the release.
"""

PAGE = """\
<!-- SPDX-FileCopyrightText: The xentui authors -->
<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/generated.py from xentui/bitbake/releases.toml. -->

# Releases of Yocto

This page lists the features of each release's layers, as xentui reads them from the layers' files.
In a build directory, xentui reads the layers themselves and does not rely on the release's name.
Without a build directory, it writes files for the release that the project names, or, if it names
none, files that work on every release with the Xen guest classes.

To name a release, write in the project file:

```toml
[host]
machine = "qemux86-64"
release = "wrynose"
```

## What xentui writes

| Release | Guests | Complete files (`generate --format`) |
| --- | --- | --- |
{offers}

Guests need the classes `xen-guest-cross-install` and `xen-guest-bundle`. For a release without
them, the `kas` and `script` formats fetch both from the branch {default}. All layers of the release
itself take precedence over them. See
[Older releases](howto/older-releases.md).

## What the layers can do

"—" means "not available"; "→" shows what xentui writes instead.

| | {names} |
| --- | {rules} |
{rows}

`python -m tools.releases record TREES` records what this table shows. For a newer checkout of
meta-virtualization, `python -m tools.drift OLD NEW` lists every fact that no longer holds.
"""


def page() -> str:
    """Return ``docs/releases.md``."""
    all_releases = releases.releases()
    offers = []
    for release in all_releases.values():
        has_classes = release.abilities.has_classes
        guests = "yes" if has_classes else f"with {model.DEFAULT_RELEASE}'s two classes"
        formats = ["kas", "script"] + (["bitbake-setup"] if has_classes else [])
        offers.append(f"| {release.title} | {guests} | {', '.join(formats)} |")
    rows = []
    for label, (instead, value) in ROWS.items():
        cells = (_cell(value(each.abilities), instead) for each in all_releases.values())
        rows.append(f"| {label.replace('_', chr(92) + '_')} | {' | '.join(cells)} |")
    return PAGE.format(
        offers="\n".join(offers),
        default=model.DEFAULT_RELEASE,
        names=" | ".join(all_releases),
        rules=" | ".join("---" for _ in all_releases),
        rows="\n".join(rows),
    )


def _cell(value: object, instead: str) -> str:
    if value is True:
        return "yes"
    if value is None:
        return "—"
    if not value:
        return f"— → {instead}" if instead else "—"
    return str(value)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("record", "check"))
    parser.add_argument("trees", type=Path)
    args = parser.parse_args()
    if not any(_has_layers(args.trees, name) for name in RELEASES):
        parser.error(f"{args.trees} has no folder of a release with both layers")
    text = record_text(args.trees.absolute())
    if args.action == "record":
        releases.FILE.write_text(text, encoding="utf-8")
        return 0
    if text == releases.FILE.read_text(encoding="utf-8"):
        return 0
    print(f"{releases.FILE} does not describe the layers in {args.trees}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
