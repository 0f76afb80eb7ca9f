# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The known releases of the Yocto Project, and the features of the layers of each.

They are used if there is no build directory; otherwise its own layers are inspected.
``tools/releases.py`` records them in ``releases.toml`` from a checkout of each branch, with
:mod:`xentui.bitbake.abilities`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from xentui.bitbake.abilities import XEN_CLASSES, Abilities
from xentui.project import boards
from xentui.project.model import DEFAULT_RELEASE, Project

FILE = Path(__file__).with_name("releases.toml")


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the Yocto Project.

    Attributes:
        name: the branch of OpenEmbedded-Core and of most layers.
        version: of the Yocto Project: ``6.0``; empty for master.
        lts: whether it is a long-term support release.
        bitbake: the matching branch of BitBake.
        abilities: features of its layers.
    """

    name: str
    version: str
    lts: bool
    bitbake: str
    abilities: Abilities

    @property
    def title(self) -> str:
        """The release as it is shown: ``wrynose (Yocto 6.0, LTS)``."""
        about = f"Yocto {self.version}" if self.version else "development"
        return f"{self.name} ({about}{', LTS' if self.lts else ''})"


@cache
def releases() -> Mapping[str, Release]:
    """Return all known releases by name, the oldest first."""
    with FILE.open("rb") as file:
        data = tomllib.load(file)
    return {
        name: Release(name=name, **{**entry, "abilities": Abilities.from_data(entry["abilities"])})
        for name, entry in data.items()
    }


def with_guest_classes() -> list[Release]:
    """Return the releases whose meta-virtualization has both Xen guest classes."""
    return [release for release in releases().values() if release.abilities.has_classes]


def for_board(machine: str) -> list[Release]:
    """Return the releases that a board's presets are for, the oldest first.

    These are the releases with both Xen guest classes for which the board's layer has a branch.
    If there is no such branch, they are the older releases for which it has one.
    """
    layer = boards.board(machine).layer
    candidates = [r for r in releases().values() if layer is None or r.name in layer.branches]
    return [release for release in candidates if release.abilities.has_classes] or candidates


@cache
def common_abilities() -> Abilities:
    """Return the features common to every release that has both Xen guest classes."""
    first, *others = (release.abilities for release in with_guest_classes())
    for other in others:
        first = first.common(other)
    return first


def for_project(project: Project) -> Release:
    """Return the release for which a project's self-contained formats are written."""
    return releases()[project.host.release or DEFAULT_RELEASE]


def abilities_for(project: Project) -> Abilities:
    """Return the features that a project can rely on if there is no build directory.

    These are the features of the project's release, or, if it names none, those common to every
    release with the Xen guest classes. An older release counts as having the classes, since the
    files that are written for it fetch them from a newer branch.
    """
    if project.host.release is None:
        return common_abilities()
    return replace(releases()[project.host.release].abilities, xen_classes=XEN_CLASSES)


def needs_newer_classes(project: Project) -> bool:
    """Return whether the Xen guest classes must be fetched from a newer branch."""
    return bool(project.guests) and not for_project(project).abilities.has_classes


def release_names(abilities: Abilities) -> tuple[str, str]:
    """Return the names of the releases of OpenEmbedded-Core and of meta-virtualization.

    Each is empty if the layer matches no known release, as one with local changes may.
    """
    core = [r.name for r in releases().values() if _same(abilities, r.abilities, _CORE)]
    virtualization = [r.name for r in releases().values() if _same(abilities, r.abilities, _LAYER)]
    return core[0] if len(core) == 1 else "", virtualization[0] if len(virtualization) == 1 else ""


_CORE = ("series", "yocto_kernels", "unpackdir", "machine_fragments", "init_manager")
_LAYER = (
    "image_class", "old_bundling", "dom0_network", "makes_xenbr0", "boot_modes", "names_kernel",
    "image_memory", "kickstart_dom0_memory", "extra_space", "kernel_versions", "guest_image_ext4",
    "tests_boot_any", "arm_32_bit", "vxn",
)  # fmt: skip


def _same(one: Abilities, other: Abilities, names: tuple[str, ...]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)
