# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Add a guest that boots: from a recipe, a file, an xl config or a ready-made preset.

Most fields are filled in from the file: import type, size, checksum, root device, whether it has a
boot loader and an init. The others are as in the presets: a console, and memory that still fits.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import UsageError, as_sentences
from xentui.images.suggest import uses_own_boot_loader
from xentui.project import boards, effective, guest_presets
from xentui.project.filesystem import exists, read_text
from xentui.project.model import Guest, Project
from xentui.session import field_paths, files, guests, import_xl
from xentui.xl import config as xl_config

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.session.edited_project import EditedProject
    from xentui.session.state import State

MEMORY = (256, 192, 128, 96, 64)
"""Memory sizes in MiB for a new guest; the first one that fits is used."""
ROOT, CONSOLE = "root=/dev/xvda ro", "console=hvc0"
"""The class's default has no console, so a booting guest would show nothing."""

_DISKS = ("qcow2", "ext", "disk", "filesystem", "vm_disk")
"""The kinds of inspected files that are disk images."""
_NOISE = re.compile(r"[-_](?:mini)?rootfs$|[-_](?:disk|image|root|cloudimg|server)$")
"""Endings of file names that say nothing about the guest."""


class GuestKind(Enum):
    """What a guest can be built from."""

    RECIPE = "recipe"
    TARBALL = "tarball"
    DISK = "disk"
    VENDOR = "vendor"
    CONTAINER = "container"
    IMPORT = "import"
    CONFIG = "config"
    PRESET = "preset"


class KindText(NamedTuple):
    """A kind of guest in a list of choices.

    Attributes:
        kind: the kind.
        title: its title in the list.
        help: one sentence on when to choose it.
        file: what questions call its file; empty if only a name is needed.
    """

    kind: GuestKind
    title: str
    help: str
    file: str = ""


KINDS = (
    KindText(
        GuestKind.RECIPE,
        "A recipe of a layer",
        "BitBake builds the guest's image, such as xen-guest-image-minimal.",
    ),
    KindText(
        GuestKind.TARBALL,
        "A root file system tarball",
        "An archive such as alpine-minirootfs.tar.gz becomes a disk image; Dom0's kernel boots it.",
        "Tarball",
    ),
    KindText(
        GuestKind.DISK,
        "A disk image",
        "A qcow2, raw or ext4 image. One with its own boot loader starts as an HVM guest.",
        "Disk image",
    ),
    KindText(
        GuestKind.VENDOR,
        "A vendor's root file system and kernel",
        "Two files, or two names in the deploy directory of the build.",
        "Root file system",
    ),
    KindText(
        GuestKind.CONTAINER,
        "A container image",
        "An archive of docker save or of an OCI image; the guest starts what the image runs.",
        "Archive of the image",
    ),
    KindText(
        GuestKind.IMPORT,
        "An xl config, as fields",
        "Each setting becomes a field here; files next to the config are copied.",
        "xl config",
    ),
    KindText(
        GuestKind.CONFIG,
        "An xl config, as a file",
        "The file is installed on the target as it is; it names disks, kernel and memory.",
        "xl config",
    ),
)
"""All kinds to choose from, in order."""

READY_MADE = KindText(
    GuestKind.PRESET,
    "A ready-made guest",
    "Alpine, Debian's cloud image, OpenWrt, Zephyr, a driver domain: one of a list.",
)
"""The guest presets, listed after the kinds."""


class Added(NamedTuple):
    """A state with a new guest.

    Attributes:
        state: the state.
        key: the guest's key.
        notes: sentences about what was left out or is still missing.
    """

    state: State
    key: str
    notes: tuple[str, ...] = ()


def kind_for_file(file: Inspected) -> GuestKind | None:
    """Return the kind of guest that can be built from a file; ``None`` if unknown."""
    if file.kind == "tar":
        return GuestKind.TARBALL
    if file.kind == "container":
        return GuestKind.CONTAINER
    if file.kind in _DISKS:
        return GuestKind.DISK
    return GuestKind.IMPORT if file.path.suffix == ".cfg" else None


def key_for(project: Project, name: str) -> str:
    """Return a free and valid guest key, derived from a name or a file name."""
    stem = name.lower().partition(".")[0]
    stem = re.split(r"[-_](?=v?\d)", stem)[0]
    stem = _NOISE.sub("", stem)
    stem = re.sub(r"[^a-z0-9]+", "-", stem, flags=re.ASCII).strip("-")
    if field_paths.problem(field_paths.key_field("guests"), stem) or not stem:
        stem = "guest"
    return field_paths.free_name(stem, guests.keys(project))


def fitting_memory(session: EditedProject) -> int | None:
    """Return the memory for a new guest in MiB, or ``None`` if too little is free.

    It is the usual size, or less if less is free. On a board with unknown memory it is the usual
    size.
    """
    free = session.view.budget.free
    return next((size for size in MEMORY if free is None or size <= free), None)


def bootable_guest(session: EditedProject, key: str, *, network: bool = False) -> Guest:
    """Return a guest that starts at boot, with a console and memory that fits.

    If too little memory is free, it does not start at boot.

    Args:
        session: the session.
        key: the guest's key.
        network: whether its kernel requests an address by DHCP, as Yocto's kernels can.
    """
    arguments = [ROOT, CONSOLE]
    # QEMU's networks have a DHCP server; a real network may not.
    emulated = boards.board(session.project.host.machine).emulated
    if network and (emulated or effective.dom0_network(session.project) == "nat"):
        arguments.append("ip=dhcp")
    memory = fitting_memory(session)
    tags = ("autostart",) if memory is not None else ()
    return Guest(key, tags=tags, memory=memory or MEMORY[-1], extra=" ".join(arguments))


def with_new_guest(
    session: EditedProject,
    kind: GuestKind,
    file: Inspected | str = "",
    *,
    name: str = "",
    kernel: Inspected | str = "",
) -> Added:
    """Return the state with a new guest.

    Args:
        session: the session.
        kind: what the guest is built from.
        file: the inspected file. For :attr:`GuestKind.VENDOR` it may also be a name in the deploy
            directory. For :attr:`GuestKind.IMPORT` and :attr:`GuestKind.CONFIG` it is the path
            of the xl config as typed, for :attr:`GuestKind.PRESET` the name of a guest preset.
        name: the recipe's name; for other kinds the guest's name, by default from the file.
        kernel: the vendor's kernel: an inspected file, or a name in the deploy directory.

    Raises:
        XentuiError: a guest cannot be built from it.
    """
    match kind:
        case GuestKind.RECIPE:
            return _from_recipe(session, name)
        case GuestKind.IMPORT:
            return _from_imported_config(session, str(file))
        case GuestKind.CONFIG:
            return _from_config_file(session, str(file), name)
        case GuestKind.PRESET:
            return _from_preset(session, str(file))

    if isinstance(file, str):
        return _from_deployed_files(session, file, name, kernel)
    if kind is not GuestKind.VENDOR:
        # The content of the file decides, not the kind that the user chose.
        kind = kind_for_file(file) or kind
    state = session.state
    key = key_for(state.project, name or file.path.name)
    # Nothing in a container sets up its network, so the kernel must.
    guest = bootable_guest(session, key, network=kind is GuestKind.CONTAINER)
    state = state.with_project(state.project.with_guest(guest))
    state, _ = files.with_imported_file(state, session.project_folder, key, file)
    if isinstance(kernel, str):
        if kernel:
            guest = replace(state.project.guest(key), kernel=kernel)
            state = state.with_project(state.project.with_guest(guest))
    else:
        state, _ = files.with_imported_file(state, session.project_folder, key, kernel)
    if kind is GuestKind.DISK and not kernel and uses_own_boot_loader(state.project, file):
        guest = replace(state.project.guest(key), kernel="none", extra=None)
        state = state.with_project(state.project.with_guest(guest))
    if file.init is False and "init=" in (state.project.guest(key).extra or ""):
        note = (
            f"{file.path.name} has no init program, so {key} starts a shell (init=/bin/sh). "
            "Change that in its kernel command line."
        )
        return Added(state, key, (note,))
    return Added(state, key)


def _from_recipe(session: EditedProject, name: str) -> Added:
    """Add a guest whose image BitBake builds from the recipe with its name."""
    taken = guests.keys(session.project)
    name = name or (guests.REFERENCE if guests.REFERENCE not in taken else "guest")
    problem = field_paths.problem(field_paths.key_field("guests"), name)
    if problem:
        raise UsageError(f"{name}: {problem}")
    key = field_paths.free_name(name, taken)
    return _added(session, bootable_guest(session, key, network=True))


def _added(session: EditedProject, guest: Guest) -> Added:
    return Added(session.state.with_project(session.project.with_guest(guest)), guest.key)


def _from_deployed_files(
    session: EditedProject, rootfs: str, name: str, kernel: Inspected | str
) -> Added:
    """Add a guest whose files are in the deploy directory, where BitBake puts images."""
    if not rootfs:
        raise UsageError("no root file system is named", fix="Name a file.")
    if not isinstance(kernel, str):
        raise UsageError(
            f"the kernel is a file, but {rootfs} is only a name",
            fix="Choose a file for both, or name both in the deploy directory.",
        )
    key = key_for(session.project, name or Path(rootfs).name)
    guest = bootable_guest(session, key)
    tags = (*guest.tags, "external")
    for field, value in (("rootfs", rootfs), ("kernel", kernel)):
        problem = field_paths.problem(field_paths.field_of(("guests", key, field)), value or None)
        if problem:
            raise UsageError(f"{value}: {problem}")
    return _added(session, replace(guest, tags=tags, rootfs=rootfs, kernel=kernel or None))


def _from_preset(session: EditedProject, name: str) -> Added:
    """Add the guests of a preset; the key is that of the first."""
    project, keys = guest_presets.add(session.project, guest_presets.guest_preset(name))
    return Added(session.state.with_project(project), keys[0])


def _from_imported_config(session: EditedProject, text: str) -> Added:
    """Add a guest whose fields are imported from an xl config.

    Raises:
        InputError: the file cannot be read.
        UsageError: xl would reject it, or a project cannot express it.
    """
    path = files.resolve(text, session.project_folder)
    project, imported = import_xl.with_imported_guest(session.project, path)
    state = session.state.with_project(project)
    notes = list(imported.notes)
    for name, on_target in imported.needed_files.items():
        if exists(session.project_folder / name):
            continue
        # The config names files in the Dom0 that it was written for.
        file = path.parent / Path(on_target).name
        if exists(file):
            state = state.with_file(name, file)
        else:
            notes.append(
                f"{name} is missing: the config names {on_target}, and it is not next to it."
            )
    return Added(state, imported.guest.key, tuple(notes))


def _from_config_file(session: EditedProject, text: str, name: str) -> Added:
    """Add a guest whose xl config is installed unchanged.

    Raises:
        InputError: the file cannot be read.
        UsageError: xl would reject it.
    """
    path = files.resolve(text, session.project_folder)
    config = xl_config.parse(read_text(path, import_xl.LARGEST))
    if config.error is not None:
        raise UsageError(
            f"{path.name}:{config.error.line}: xl refuses this file: {config.error.message}",
            fix="Correct the line.",
        )
    key = key_for(session.project, name or config.text("name") or path.name)
    state, file = files.with_added_file(session.state, session.project_folder, path)
    guest = Guest(key, tags=("autostart", "external"), config_file=file)
    problem = field_paths.problem(field_paths.field_of(("guests", key, "config_file")), file)
    if problem:
        raise UsageError(as_sentences(file, problem))
    return Added(state.with_project(state.project.with_guest(guest)), key)
