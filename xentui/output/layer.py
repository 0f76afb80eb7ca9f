# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the layer's own files and what its recipes share: conf/layer.conf, a class, appends."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from xentui.bitbake import text
from xentui.bitbake.abilities import Abilities
from xentui.bitbake.recipes import CONTAINER_CLASS
from xentui.project import artifacts
from xentui.project.licenses import CHECKSUMS
from xentui.project.model import Guest

COLLECTION = "xentui"
SERIES_WITH_CLASSES = ("wrynose", "blacksail")
"""Release series whose meta-virtualization has both Xen guest classes."""

_UNPACKDIR = """
# This release unpacks sources into WORKDIR itself.
UNPACKDIR ??= "${WORKDIR}"
"""

CONTAINER_CLASS_PATH = f"classes/{CONTAINER_CLASS}.bbclass"
"""The class for guests from container images, in the layer; every release searches ``classes``."""

BOARD_VARIABLE = "XENTUI_BOARD"
"""The variable by which a build selects its board's files in a fleet's layer."""

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
        abilities: features of the layers. If they have the Xen guest classes, the layer is
            compatible with every release that has them, so it can be kept for an upgrade.
    """
    named = {*abilities.series, *(SERIES_WITH_CLASSES if abilities.has_classes else ())}
    older = [name for name in abilities.series if name not in SERIES_WITH_CLASSES]
    series = " ".join([*older, *(name for name in SERIES_WITH_CLASSES if name in named)])
    return _LAYER_CONF % series + ("" if abilities.unpackdir else _UNPACKDIR)


def recipe_head(summary: str, license_id: str = "MIT") -> str:
    """Return the first lines of a recipe in the layer: its summary and license.

    Raises:
        NotRepresentable: the summary cannot be written, or the license is unknown.
    """
    lines = [text.assign("SUMMARY", text.value(summary)), text.assign("LICENSE", license_id)]
    if license_id != "CLOSED":
        if license_id not in CHECKSUMS:
            raise text.NotRepresentable(license_id, "the checksum of its text is not known")
        file = f"file://${{COMMON_LICENSE_DIR}}/{license_id};md5={CHECKSUMS[license_id]}"
        lines.append(text.assign("LIC_FILES_CHKSUM", file))
    return "\n".join(lines)


def container_class() -> str:
    """Return the class that builds root directories from container images."""
    return Path(__file__).with_name(f"{CONTAINER_CLASS}.bbclass").read_text("utf-8")


INHERIT = """
# The image recipe of this release does not install guests itself.
inherit xen-guest-cross-install
"""
"""Lines for the append of a Dom0 image whose recipe does not inherit the class."""


def image_append(guests: list[Guest], folder: str) -> str:
    """Return the append that passes xl configs to the Dom0 image.

    An image recipe fetches and unpacks nothing (oe:meta/classes-recipe/image.bbclass makes
    do_fetch and do_unpack noexec), so the class must be given a path outside the work
    directory; it silently ignores a relative or missing path.

    Args:
        guests: guests named in the configuration that have a complete xl config.
        folder: the folder of the configs, next to the append.
    """
    places = [f"${{XENTUI_CONFIGS}}/{text.name(guest.key)}.cfg" for guest in guests]
    lines = [
        "# An image unpacks nothing, so the class reads the configs from this layer. THISDIR is",
        "# this folder only while this file is parsed, hence the := below.",
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


def start_order_function(links: Mapping[str, str]) -> str:
    """Return the function of the image's append that sets the order of automatic starts.

    Both classes create links in /etc/xen/auto. xendomains starts them in the order in which the
    shell lists them (xen:tools/hotplug/Linux/xendomains.in), so a number is put before each name.

    Args:
        links: the new name of each guest's link, by the guest's key.
    """
    moves = [
        f'    mv -f "${{IMAGE_ROOTFS}}{artifacts.AUTO}/{text.name(key)}.cfg" \\\n'
        f'        "${{IMAGE_ROOTFS}}{artifacts.AUTO}/{text.class_value(link)}"'
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


def fleet_append(recipe: str) -> str:
    """Return the append of an image in a fleet's layer, which includes the board's own file.

    ``include`` ignores a missing file: a board without complete xl configs has none, and
    the variable may be unset.
    """
    return (
        f"# Each board has its own file. Its settings in conf/xentui set {BOARD_VARIABLE}.\n"
        f"include {text.name(recipe)}-${{{BOARD_VARIABLE}}}.inc\n"
    )
