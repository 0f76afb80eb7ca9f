# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The layer with the bundle recipes, and what it adds to the Dom0 image."""

from __future__ import annotations

from collections.abc import Mapping

from xentui.bitbake import text
from xentui.bitbake.abilities import Abilities
from xentui.project import artifacts
from xentui.project.model import Guest

COLLECTION = "xentui"
SERIES = ("wrynose", "blacksail")
"""Release series whose meta-virtualization has both Xen guest classes."""

_UNPACKDIR = """
# This release has no folder of its own for what is unpacked.
UNPACKDIR ??= "${WORKDIR}"
"""

BOARD = "XENTUI_BOARD"
"""The variable that says which board's part of a layer for several boards is meant."""

_LAYER_CONF = f"""\
BBPATH .= ":${{LAYERDIR}}"

BBFILES += "\\
    ${{LAYERDIR}}/recipes-*/*/*.bb \\
    ${{LAYERDIR}}/recipes-*/*/*.bbappend \\
"

BBFILE_COLLECTIONS += "{COLLECTION}"
BBFILE_PATTERN_{COLLECTION} = "^${{LAYERDIR}}/"
BBFILE_PRIORITY_{COLLECTION} = "10"

LAYERDEPENDS_{COLLECTION} = "core virtualization-layer"
LAYERSERIES_COMPAT_{COLLECTION} = "%s"
"""


def layer_conf(abilities: Abilities) -> str:
    """Return ``conf/layer.conf``.

    Args:
        abilities: what the layers at hand can do. With the Xen guest classes the layer fits
            every release that has them, so that it need not be written again to move on.
    """
    series = dict.fromkeys((*abilities.series, *(SERIES if abilities.has_classes else ())))
    made = _LAYER_CONF % " ".join(
        sorted(series, key=lambda name: SERIES.index(name) if name in SERIES else -1)
    )
    return made if abilities.unpackdir else made + _UNPACKDIR


INHERIT = """
# This release's image does not install guests unless told to.
inherit xen-guest-cross-install
"""
"""What the append of a Dom0 image adds where the image recipe does not inherit the class."""


def image_append(guests: list[Guest], folder: str) -> str:
    """Return the append that hands xl configs to the Dom0 image.

    An image recipe fetches and unpacks nothing (oe:meta/classes-recipe/image.bbclass makes
    do_fetch and do_unpack noexec), so the class must be given a path outside the work
    directory; a relative or missing one is passed over without a word.

    Args:
        guests: guests named in the configuration that have a config of their own.
        folder: the folder beside the append that the configs lie in.
    """
    places = [f"${{XENTUI_CONFIGS}}/{text.name(guest.key)}.cfg" for guest in guests]
    lines = [
        "# An image unpacks nothing, so the class reads the configs where they lie in this layer;",
        "# THISDIR is this folder only while this file is parsed.",
        text.assign("XENTUI_CONFIGS", f"${{THISDIR}}/{folder}", operator=":="),
        "",
        *(
            text.assign("XEN_GUEST_CONFIG_FILE", place, flag=guest.key)
            for guest, place in zip(guests, places, strict=True)
        ),
        "",
        "# A changed config rebuilds the image.",
        *(
            text.assign("do_rootfs", f"{place}:True", flag="file-checksums", operator="+=")
            for place in places
        ),
    ]
    return "\n".join(lines) + "\n"


def start_order(links: Mapping[str, str]) -> str:
    """Return the part of the image's append that numbers what starts with Dom0.

    Both classes link /etc/xen/auto/GUEST.cfg. xendomains starts what lies there as the shell
    lists it (xen:tools/hotplug/Linux/xendomains.in), so numbers before the names are the order.

    Args:
        links: the name of each guest's link, by guest.
    """
    moves = [
        f'    mv -f "${{IMAGE_ROOTFS}}{artifacts.AUTO}/{text.name(key)}.cfg" \\\n'
        f'        "${{IMAGE_ROOTFS}}{artifacts.AUTO}/{text.packed(link)}"'
        for key, link in links.items()
    ]
    return "\n".join(
        [
            "# xendomains starts guests in the order of these names.",
            "number_xen_guests() {",
            *moves,
            "}",
            text.assign("ROOTFS_POSTPROCESS_COMMAND:append", " number_xen_guests"),
            "",
        ]
    )


def board_append(recipe: str) -> str:
    """Return the append of an image in a layer for several boards: it reads the board's own.

    ``include`` passes over a file that is not there, which is so for boards without xl configs
    of their own, and where :data:`BOARD` is not set.
    """
    return (
        "# Each board has its own; conf/local.conf takes the settings that say which it is.\n"
        f"include {text.name(recipe)}-${{{BOARD}}}.inc\n"
    )
