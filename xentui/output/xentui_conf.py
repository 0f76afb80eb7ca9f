# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write ``conf/xentui.conf``, the BitBake settings of the board, its guests and its containers.

The last line of conf/local.conf requires this file, so ``=`` in it overrides earlier lines.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from xentui.bitbake import releases, text, vxn
from xentui.bitbake.abilities import Abilities
from xentui.output import boot
from xentui.output.boot import bios, script
from xentui.output.dom0_layer import dom0_packages
from xentui.output.guest_cfg import supplied_config
from xentui.output.guest_flags import (
    bundled_entry,
    comment_lines,
    defaults_to_write,
    flags_to_write,
)
from xentui.output.layer import BOARD_VARIABLE
from xentui.project import board_file, boards
from xentui.project.artifacts import image_fstype
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.board_file import Dom0Knob
from xentui.project.effective import dom0_image, dom0_memory, dom0_network, total_memory
from xentui.project.image_space import extra_space
from xentui.project.model import Guest, Project

_EXT4_IMAGES = ("xen-guest-image-minimal",)
"""Guest recipes that build an ext4 image by default (``IMAGE_FSTYPES`` in
mv:recipes-extended/images/xen-guest-image-minimal.bb)."""


def xentui_conf(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    sets_machine: bool = True,
    fleet_name: str = "",
    abilities: Abilities | None = None,
) -> str:
    """Return the text of ``conf/xentui.conf``, without its header.

    Args:
        project: the project.
        assets: contents of the files that the project refers to.
        sets_machine: whether to set MACHINE; false if a machine fragment sets it.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        abilities: features of the layers; by default, those of the project's release.

    Raises:
        NotRepresentable: a value cannot be written so that BitBake reads it back.
    """
    abilities = abilities or releases.abilities_for(project)
    for_xl = project.without_dom0less_guests
    sections = (
        (
            "Board",
            _board(project, assets, abilities, fleet_name, sets_machine=sets_machine),
        ),
        ("Guest defaults", _guest_defaults(for_xl)),
        ("Guests", _guests(for_xl, assets)),
        ("Guest bundles", _bundles(for_xl)),
        ("Image types of guests", _image_types(for_xl, abilities)),
        ("Space for guest images", _image_space(for_xl, assets, abilities)),
        ("Containers: vxn and containerd", _containers(for_xl, abilities)),
    )
    blocks = [block for block in (_section(title, body) for title, body in sections) if block]
    return "\n" + "\n".join(blocks)


def _section(title: str, blocks: Iterator[str]) -> str:
    body = "\n\n".join(blocks)
    return f"# --- {title} {'-' * (73 - len(title))}\n\n{body}\n" if body else ""


def _board(
    project: Project, assets: Assets, abilities: Abilities, fleet_name: str, *, sets_machine: bool
) -> Iterator[str]:
    host = project.host
    board = boards.board(host.machine)
    recipe = text.name(dom0_image(project))
    if sets_machine:
        yield text.assign("MACHINE", text.name(host.machine))
    if fleet_name:
        why = "# Selects this board's files in the shared layer.\n"
        yield why + text.assign(BOARD_VARIABLE, text.name(fleet_name))
    yield (
        "# All three are needed; without virtualization, the kernel has no Xen support.\n"
        + text.append("DISTRO_FEATURES", ("xen", "systemd", "virtualization"))
        + "\n"
        + text.assign("INIT_MANAGER", "systemd")
    )
    family = boards.boot_family(host)
    text.one_of(family, tuple(board_file.FAMILIES))
    for line in board.lines_for(host.release, family):
        yield f"# {line.why[0].upper()}{line.why[1:]}.\n" + text.assign(
            line.variable.format(image=recipe), line.value, operator=line.operator
        )
    if host.accepted_licenses:
        yield "# Licence flags that you accept; the board's image needs them.\n" + text.append(
            "LICENSE_FLAGS_ACCEPTED", map(text.licence_flag, host.accepted_licenses)
        )
    if family == "hyperv-gen1" and family in abilities.boot_modes:
        yield text.assign("XEN_BOOT_MODE", family)
    yield from _machine_memory(project, abilities, recipe)
    yield from _bios_kickstart(project, abilities, recipe, bios.kickstart_name(fleet_name))
    yield from _dom0_memory(project, abilities, recipe)
    yield from boot.settings(project, fleet_name, script.dom0less_files(project, assets))
    yield from _network(project, abilities, recipe)
    if host.layer_bundles:
        names = map(text.name, host.layer_bundles)
        yield f"# Bundles that other layers provide.\n{_install(recipe, names)}"


def _install(recipe: str, packages: Iterable[str]) -> str:
    """Return the line that installs packages in the Dom0 image only."""
    return text.append("IMAGE_INSTALL", packages, override=f"pn-{recipe}")


def _network(project: Project, abilities: Abilities, recipe: str) -> Iterator[str]:
    reasons = {
        "nat": "# Dom0 is the guests' router and DHCP server (10.0.100.0/24)",
        "bridged": "# Guests are on the board's own network and use its DHCP server",
    }
    network = text.one_of(dom0_network(project), tuple(reasons))
    why = reasons[network]
    packages = dom0_packages(project, abilities)
    if packages:
        yield f"{why};\n# a package of this layer sets it up.\n{_install(recipe, packages)}"
    elif project.host.network is not None and abilities.dom0_network:
        yield f"{why}.\n" + text.assign("XEN_DOM0_NETWORK", network)


def _machine_memory(project: Project, abilities: Abilities, recipe: str) -> Iterator[str]:
    memory, scope = total_memory(project), ", for this image only"
    if abilities.image_memory is not None:
        memory = project.host.memory
        scope = ". The image recipe assigns this variable, so\n# only a :pn- override works"
    if memory is not None and boards.board(project.host.machine).emulated:
        line = text.assign(f"QB_MEM_VALUE:pn-{recipe}", text.number(memory))
        yield f"# Memory of the emulated machine, in MiB{scope}.\n{line}"


def _bios_kickstart(project: Project, abilities: Abilities, recipe: str, wks: str) -> Iterator[str]:
    if bios.needs_kickstart(project, abilities):
        board = boards.board(project.host.machine)
        override = board.machine if board.emulated else board.arch
        yield (
            "# This layer's kickstart file boots Xen and sets Dom0's memory. The recipe assigns\n"
            "# WKS_FILE:<machine>, which outranks :pn-, so both overrides are needed.\n"
            + text.assign(f"WKS_FILE:{override}:pn-{recipe}", wks)
        )


def _dom0_memory(project: Project, abilities: Abilities, recipe: str) -> Iterator[str]:
    memory, knob = dom0_memory(project), boards.dom0_knob(project.host)
    if memory is None:
        return
    layers_assign_it = (
        knob is not Dom0Knob.QEMU_CMDLINE or abilities.cmdline_dom0_memory is not None
    )
    if project.host.dom0_memory is None and layers_assign_it:
        return
    amount = f"{text.number(memory)}M"
    if knob is Dom0Knob.QEMU_CMDLINE:
        yield "# Dom0's memory.\n" + text.assign(
            f"QB_XEN_CMDLINE_EXTRA:pn-{recipe}", f"dom0_mem={amount}"
        )
    elif knob in (Dom0Knob.RPI, Dom0Knob.XILINX):
        yield "# Dom0's memory.\n" + text.assign(knob.value, amount)


def _guest_defaults(project: Project) -> Iterator[str]:
    lines: list[str] = []
    for variable, value in defaults_to_write(project.defaults):
        lines += [*comment_lines(variable, value), text.assign(variable, value)]
    if lines:
        yield "\n".join(lines)


def _guests(project: Project, assets: Assets) -> Iterator[str]:
    guests = [guest for guest in project.guests if guest.bundle is None]
    if not guests:
        return
    flags = [dict(flags_to_write(project, guest)) for guest in guests]
    yield text.assign_lines("BUNDLED_XEN_GUESTS", [bundled_entry(guest) for guest in guests])
    for guest, varflags in zip(guests, flags, strict=True):
        if varflags:
            yield "\n".join(_flag_lines(guest, varflags))
    recipe = text.name(dom0_image(project))
    yield (
        "# BitBake does not notice that the image depends on these settings. The digest changes\n"
        "# with any guest, which makes BitBake rebuild the image.\n"
        + text.assign("do_rootfs", "XENTUI_HASH", flag="vardeps", operator="+=")
        + "\n"
        + text.assign(f"XENTUI_HASH:pn-{recipe}", _digest(project, guests, flags, assets))
    )


def guest_lines(project: Project, guest: Guest) -> list[str]:
    """Return the lines of a guest outside bundles; empty if it has only default values.

    Raises:
        NotRepresentable: a value cannot be represented.
    """
    flags = dict(flags_to_write(project, guest))
    return _flag_lines(guest, flags) if flags else []


def _flag_lines(guest: Guest, flags: Mapping[str, str]) -> list[str]:
    key = text.name(guest.key)
    lines = [f"# {key}"]
    for variable, value in flags.items():
        lines += [*comment_lines(variable, value), text.assign(variable, value, flag=key)]
    return lines


def _image_types(project: Project, abilities: Abilities) -> Iterator[str]:
    fstype = text.word(image_fstype(project))
    recipes = [
        guest.key
        for guest in project.guests
        if not guest.external
        and guest.rootfs is None
        and not (guest.key in _EXT4_IMAGES and fstype == "ext4" and abilities.guest_image_ext4)
    ]
    if recipes:
        yield "\n".join(
            [
                f"# The classes need {fstype} images, which not every recipe makes by default.",
                *(
                    text.assign(f"IMAGE_FSTYPES:append:pn-{text.name(key)}", f" {fstype}")
                    for key in recipes
                ),
            ]
        )


def _digest(
    project: Project, guests: Sequence[Guest], flags: Sequence[Mapping[str, str]], assets: Assets
) -> str:
    """Return a digest of all settings of guests outside bundles, which the image depends on.

    BitBake's dependency tracking misses these: the class's function name ends in a semicolon,
    and a varflag that is looked up under a computed name is not tracked
    (mv:classes/xen-guest-cross-install.bbclass, ``ROOTFS_POSTPROCESS_COMMAND`` and
    ``get_xen_guest_params``).
    """
    described = [
        [bundled_entry(guest), dict(varflags), supplied_config(project, guest, assets)]
        for guest, varflags in zip(guests, flags, strict=True)
    ]
    defaults = dict(defaults_to_write(project.defaults))
    content = json.dumps([defaults, described], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _bundles(project: Project) -> Iterator[str]:
    bundles_with_guests = [
        bundle.key
        for bundle in project.bundles
        if any(guest.bundle == bundle.key for guest in project.guests)
    ]
    if bundles_with_guests:
        recipe = text.name(dom0_image(project))
        yield (
            "# Only for this image; otherwise guest images would install the bundle they are in.\n"
            + "\n".join(_install(recipe, [text.name(key)]) for key in bundles_with_guests)
        )


def _image_space(project: Project, assets: Assets, abilities: Abilities) -> Iterator[str]:
    space = extra_space(project, assets)
    if space is not None:
        comment = "# Free space (KiB) in Dom0's root file system."
        if abilities.extra_space is not None:
            comment += (
                f" The recipe assigns {abilities.extra_space},\n# so only a :pn- override works."
            )
        variable = f"IMAGE_ROOTFS_EXTRA_SPACE:pn-{text.name(dom0_image(project))}"
        yield f"{comment}\n{text.assign(variable, text.number(space))}"


def _containers(project: Project, abilities: Abilities) -> Iterator[str]:
    containers = project.containers
    if not containers.vxn:
        return
    yield text.append("DISTRO_FEATURES", vxn.FEATURES)
    yield (
        "# Multiconfigs that build the kernel and root file system of the containers' VMs;\n"
        "# appended to keep yours.\n" + text.append("BBMULTICONFIG", vxn.MULTICONFIGS)
    )
    yield (
        "# These multiconfigs mask whole layers; this silences BitBake's warning.\n"
        + "\n".join(
            text.assign(f"BBFILE_PATTERN_IGNORE_EMPTY_{layer}", "1") for layer in vxn.MASKED_LAYERS
        )
    )
    packages = list(vxn.PACKAGES)
    if abilities.vxn is not None and abilities.vxn.needs_9pfsd:
        packages.append(vxn.VOLUMES_PACKAGE)
    packages += [
        vxn.FRONTEND_PACKAGES[text.one_of(frontend, tuple(vxn.FRONTEND_PACKAGES))]
        for frontend in containers.frontends or ()
    ]
    yield _install(text.name(dom0_image(project)), packages)
