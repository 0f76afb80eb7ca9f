# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``conf/xentui.conf``: the settings of the board, its guests and its containers.

It is read from local.conf by one ``require`` line at the end, so that ``=`` holds here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from xentui.bitbake import releases, text
from xentui.bitbake.abilities import Abilities
from xentui.output import boot, kickstart
from xentui.output.dom0_layer import dom0_packages
from xentui.output.guest_cfg import supplied, vif_value
from xentui.output.layer import BOARD
from xentui.project import boards, schema
from xentui.project.artifacts import image_fstype
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.boards import Dom0Knob
from xentui.project.disk import KEPT, extra_space
from xentui.project.effective import (
    dom0_memory,
    effective,
    explain,
    image,
    kept_per_guest,
    network,
    total_memory,
)
from xentui.project.model import Defaults, Guest, Project
from xentui.project.route import needs_complete_cfg
from xentui.project.schema import Field

MULTICONFIGS = ("vruntime-aarch64", "vruntime-x86-64")
"""What vxn builds its guest's kernel and initramfs with (mv:conf/multiconfig)."""

FRONTEND_PACKAGES = {
    "vdkr": "vxn-vdkr",
    "vpdmn": "vxn-vpdmn",
    "docker": "vxn-docker-config",
    "podman": "vxn-podman-config",
}
"""Packages of mv:recipes-core/vxn/vxn_1.0.bb; the last two bring docker and podman."""

_RAW_BY_THEMSELVES = ("xen-guest-image-minimal",)
"""Guest recipes that make an ext4 image without any setting (``IMAGE_FSTYPES`` of
mv:recipes-extended/images/xen-guest-image-minimal.bb)."""


def local_conf(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    machine: bool = True,
    board: str = "",
    abilities: Abilities | None = None,
) -> str:
    """Return the text of ``conf/xentui.conf``, without its header.

    Args:
        project: the project.
        assets: the xl configs it names.
        machine: whether to set MACHINE, which must not be set beside a machine fragment.
        board: what the project is called in a layer for several boards; empty in its own.
        abilities: what the layers at hand can do; left out, what the project's release can.

    Raises:
        CannotCarry: a value cannot be written so that BitBake reads it back.
    """
    whole, project = project, project.of_xl
    able = abilities or releases.abilities_for(project)
    sections = (
        ("Board", _board(whole, able, machine=machine, board_name=board)),
        ("What every guest has", _defaults(project)),
        ("Guests named here", _guests(project, assets)),
        ("Guests in bundles", _bundles(project)),
        ("Images that guests need", _image_types(project, able)),
        ("Room for the guests' images", _room(project, assets)),
        ("Containers: vxn and containerd", _containers(project, able)),
    )
    blocks = [block for block in (_section(title, body) for title, body in sections) if block]
    return "\n" + "\n".join(blocks)


def _section(title: str, blocks: Iterator[str]) -> str:
    body = "\n\n".join(blocks)
    return f"# --- {title} {'-' * (73 - len(title))}\n\n{body}\n" if body else ""


def _board(project: Project, able: Abilities, *, machine: bool, board_name: str) -> Iterator[str]:
    host = project.host
    board = boards.board(host.machine)
    recipe = text.name(image(project))
    if machine:
        yield text.assign("MACHINE", text.name(host.machine))
    if board_name:
        why = "# What the layer has for this board alone goes by its name.\n"
        yield why + text.assign(BOARD, text.name(board_name))
    yield (
        "# All three: without virtualization the kernel is built without its Xen options.\n"
        + text.assign("DISTRO_FEATURES:append", " xen systemd virtualization")
        + "\n"
        + text.assign("INIT_MANAGER", "systemd")
    )
    family = boards.boot_family(host)
    text.one_of(family, tuple(boards.FAMILIES))
    for line in board.lines_for(host.release, family):
        yield f"# {line.why[0].upper()}{line.why[1:]}.\n" + text.assign(
            line.variable.format(image=recipe), line.value, operator=line.operator
        )
    if host.accepted_licenses:
        flags = "".join(f" {text.plain(flag)}" for flag in host.accepted_licenses)
        yield (
            "# Licences that you accept, without which the board's image is not built.\n"
            + text.assign("LICENSE_FLAGS_ACCEPTED:append", flags)
        )
    if family == "hyperv-gen1" and family in able.boot_modes:
        yield text.assign("XEN_BOOT_MODE", family)
    yield from _memory(project, able, recipe, kickstart.file_name(board_name))
    yield from boot.settings(project, board_name)
    yield from _network(project, able, recipe)
    yield from _layer_bundles(project, recipe)


def _layer_bundles(project: Project, recipe: str) -> Iterator[str]:
    """Yield the line that installs bundles of the user's layers."""
    names = "".join(f" {text.name(name)}" for name in project.host.layer_bundles)
    if names:
        yield "# Bundles that a layer has already.\n" + text.assign(
            f"IMAGE_INSTALL:append:pn-{recipe}", names
        )


def _network(project: Project, able: Abilities, recipe: str) -> Iterator[str]:
    wanted = text.plain(network(project))
    why = {
        "nat": "# Dom0 routes for its guests and gives them addresses in 10.0.100.0/24",
        "bridged": "# Guests are on the board's own network and ask its DHCP server",
    }.get(wanted, "")
    packages = dom0_packages(project, able)
    if packages:
        yield f"{why}:\n# a package of this layer does it.\n" + text.assign(
            f"IMAGE_INSTALL:append:pn-{recipe}", "".join(f" {name}" for name in packages)
        )
    elif project.host.network is not None and able.dom0_network:
        yield f"{why}.\n" + text.assign("XEN_DOM0_NETWORK", wanted)


def _memory(project: Project, able: Abilities, recipe: str, wks: str) -> Iterator[str]:
    host = project.host
    board = boards.board(host.machine)
    memory = host.memory if able.image_memory is not None else total_memory(project)
    if memory is not None and board.emulated:
        yield (
            "# What QEMU gives the whole machine, in MiB. The image recipe assigns it itself, so\n"
            "# only an override for that image takes effect.\n"
            + text.assign(f"QB_MEM_VALUE:pn-{recipe}", text.number(memory))
        )
    if kickstart.needed(project, able):
        override = board.machine if board.emulated else board.arch
        yield (
            "# The disk image is made by a kickstart file of this layer, which has Dom0's memory\n"
            "# and boots Xen. The recipe sets the variable for the machine, which outranks pn-.\n"
            + text.assign(f"WKS_FILE:{override}:pn-{recipe}", wks)
        )
    wanted, knob = dom0_memory(project), boards.dom0_knob(host)
    if wanted is None or (
        host.dom0_memory is None
        and (knob is not Dom0Knob.QEMU_CMDLINE or able.cmdline_dom0_memory is not None)
    ):
        return
    amount = f"{text.number(wanted)}M"
    if knob is Dom0Knob.QEMU_CMDLINE:
        yield "# What Dom0 keeps for itself.\n" + text.assign(
            f"QB_XEN_CMDLINE_EXTRA:pn-{recipe}", f"dom0_mem={amount}"
        )
    elif knob in (Dom0Knob.RPI, Dom0Knob.XILINX):
        yield "# What Dom0 keeps for itself.\n" + text.assign(knob.value, amount)


def _defaults(project: Project) -> Iterator[str]:
    lines = [
        text.assign(variable, written) for variable, written in _default_values(project.defaults)
    ]
    if lines:
        yield "\n".join(lines)


def default_values(project: Project) -> Iterator[tuple[str, str]]:
    """Yield every variable that says what guests have by default, with the value that holds.

    Raises:
        CannotCarry: a value cannot be carried.
    """
    for field in schema.fields("defaults"):
        value = explain(project, ("defaults", field.name)).value
        if value is not None and value not in ((), ""):
            yield field.variable, _written(field, value)


def _default_values(defaults: Defaults) -> Iterator[tuple[str, str]]:
    for field in schema.fields("defaults"):
        value = getattr(defaults, field.name)
        if value is None or value == schema.default("defaults", field.name):
            continue
        # An empty default cannot be written: guests that would get it have a complete config.
        if value in ((), ""):
            continue
        yield field.variable, _written(field, value)


def _written(field: Field, value: Any) -> str:
    """Return a value as BitBake, the class and xl read it back.

    Raises:
        CannotCarry: they would not.
    """
    if field.kind == "list":
        return vif_value(value)
    if field.kind == "integer":
        return text.number(value)
    match field.carry:
        case "word":
            return text.word(str(value))
        case "domain":
            return text.domain(str(value))
        case "deploy-file":
            return text.packed(text.path(str(value)))
        case _:
            return text.packed(str(value))


def _guests(project: Project, assets: Assets) -> Iterator[str]:
    guests = [guest for guest in project.guests if guest.bundle is None]
    if not guests:
        return
    flags = [dict(varflags(project, guest)) for guest in guests]
    yield text.assign_lines("BUNDLED_XEN_GUESTS", [entry(guest) for guest in guests])
    for guest, own in zip(guests, flags, strict=True):
        if own:
            yield "\n".join(_flag_lines(guest, own))
    recipe = text.name(image(project))
    yield (
        "# BitBake does not see that the image depends on these settings. This makes it see:\n"
        "# the digest changes when a guest does, and the image is rebuilt.\n"
        + text.assign("do_rootfs", "XENTUI_HASH", flag="vardeps", operator="+=")
        + "\n"
        + text.assign(f"XENTUI_HASH:pn-{recipe}", _digest(project, guests, flags, assets))
    )


def guest_lines(project: Project, guest: Guest) -> list[str]:
    """Return the lines of a guest that is in no bundle; none where it has what all have.

    Raises:
        CannotCarry: a value cannot be carried.
    """
    own = dict(varflags(project, guest))
    return _flag_lines(guest, own) if own else []


def _flag_lines(guest: Guest, flags: Mapping[str, str]) -> list[str]:
    key = text.name(guest.key)
    lines = [text.assign(variable, value, flag=key) for variable, value in flags.items()]
    return [f"# {key}", *lines]


def _image_types(project: Project, able: Abilities) -> Iterator[str]:
    fstype = text.word(image_fstype(project))
    recipes = [
        guest.key
        for guest in project.guests
        if not guest.external
        and guest.rootfs is None
        and not (guest.key in _RAW_BY_THEMSELVES and fstype == "ext4" and able.guest_image_ext4)
    ]
    if recipes:
        yield "\n".join(
            [
                f"# The classes look for {fstype} images, which not every recipe makes by default.",
                *(
                    text.assign(f"IMAGE_FSTYPES:append:pn-{text.name(key)}", f" {fstype}")
                    for key in recipes
                ),
            ]
        )


def entry(guest: Guest) -> str:
    """Return a guest with its tags, as both classes read it: ``name:autostart:external``."""
    tags = {text.one_of(tag, ("autostart", "external")) for tag in guest.tags}
    return ":".join([text.name(guest.key), *sorted(tags)])


@kept_per_guest
def varflags(project: Project, guest: Guest) -> tuple[tuple[str, str], ...]:
    """Return the variables whose flag for this guest must be set, with their values.

    Only what differs from what the guest would have anyway is set; a guest whose config is
    handed to the class needs none of what only that config says.

    Raises:
        CannotCarry: a value cannot be carried.
    """
    whole = effective(project, guest)
    has_config = guest.config_file is not None or bool(needs_complete_cfg(project, whole))
    now, usual = whole.values, effective(project, Guest(guest.key)).values
    flags = []
    for field in schema.varflags():
        if field.carry == "local-file" or (has_config and field.xl):
            continue
        value = now.get(field.name, getattr(guest, field.name))
        if value is not None and value != usual.get(field.name):
            flags.append((field.variable, _written(field, value)))
    return tuple(flags)


def guest_values(project: Project, guest: Guest) -> Iterator[tuple[str, str]]:
    """Yield every variable whose flag says something of a guest, with the value that holds.

    Raises:
        CannotCarry: a value cannot be carried.
    """
    now = effective(project, guest).values
    for field in schema.varflags():
        if field.carry == "local-file" or (guest.config_file is not None and field.xl):
            continue
        value = now.get(field.name, getattr(guest, field.name))
        if value is not None:
            yield field.variable, _written(field, value)


def _digest(
    project: Project, guests: Sequence[Guest], flags: Sequence[Mapping[str, str]], assets: Assets
) -> str:
    """Return a digest of all that the image takes from the guests named in the configuration.

    Both classes' dependencies miss them: one task name carries a semicolon, and a varflag
    asked for by a variable name is not tracked (mv:classes/xen-guest-cross-install.bbclass,
    ``ROOTFS_POSTPROCESS_COMMAND`` and ``get_xen_guest_params``).
    """
    model = [
        [entry(guest), dict(own), supplied(project, guest, assets)]
        for guest, own in zip(guests, flags, strict=True)
    ]
    defaults = dict(_default_values(project.defaults))
    described = json.dumps([defaults, model], sort_keys=True)
    return hashlib.sha256(described.encode()).hexdigest()


def _bundles(project: Project) -> Iterator[str]:
    carrying = [
        bundle.key
        for bundle in project.bundles
        if any(guest.bundle == bundle.key for guest in project.guests)
    ]
    if carrying:
        recipe = text.name(image(project))
        yield (
            "# For this image alone: guest images would else install what they are built into.\n"
            + "\n".join(
                text.assign(f"IMAGE_INSTALL:append:pn-{recipe}", f" {text.name(key)}")
                for key in carrying
            )
        )


def _room(project: Project, assets: Assets) -> Iterator[str]:
    space = extra_space(project, assets)
    if space is not None:
        yield (
            f"# KB that Dom0's root file system has besides its own files. The recipe keeps {KEPT}"
            " and\n# assigns that itself, so only an override for that image takes effect.\n"
            + text.assign(
                f"IMAGE_ROOTFS_EXTRA_SPACE:pn-{text.name(image(project))}", text.number(space)
            )
        )


def _containers(project: Project, able: Abilities) -> Iterator[str]:
    containers = project.containers
    if not containers.vxn:
        return
    recipe = text.name(image(project))
    yield text.assign("DISTRO_FEATURES:append", " vcontainer vxn")
    yield (
        "# Further builds for the kernel and root file system that each container runs on.\n"
        "# Appended, so that those of the build itself stay.\n"
        + text.assign("BBMULTICONFIG:append", "".join(f" {name}" for name in MULTICONFIGS))
    )
    yield (
        "# Those builds mask whole layers; BitBake need not warn of it.\n"
        + "\n".join(
            text.assign(f"BBFILE_PATTERN_IGNORE_EMPTY_{layer}", "1")
            for layer in ("filesystems-layer", "meta-python", "webserver")
        )
    )
    packages = ["vxn", "containerd-opencontainers"]
    if able.vxn is not None and able.vxn.needs_9pfsd:
        packages.append("xen-tools-xen-9pfsd")
    packages += [
        FRONTEND_PACKAGES[text.one_of(frontend, tuple(FRONTEND_PACKAGES))]
        for frontend in containers.frontends or ()
    ]
    yield text.assign(
        f"IMAGE_INSTALL:append:pn-{recipe}", "".join(f" {package}" for package in packages)
    )
