# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The xl config of a guest, as it will be on the target.

Three kinds exist. Most are written by the class from varflags, and are predicted here line
for line. Where no varflag can say what the guest is, xentui writes a complete one. A person's
own is taken as it is. The last two pass through the class' rewriting of paths.
"""

from __future__ import annotations

from xentui.bitbake import text
from xentui.project import artifacts
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import EffectiveGuest, effective
from xentui.project.model import WITHOUT_DISK, Guest, Project
from xentui.project.route import needs_complete_cfg
from xentui.xl.config import rewritten

VIF_JOIN = "','"
"""Several network interfaces in one varflag: the class writes ``vif = ['$vif']``, so a value
that closes the quote and opens the next makes a list of two."""


def predicted(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str:
    """Return the guest's xl config as the class will leave it in the image.

    Args:
        project: the project.
        guest: one of its guests.
        assets: the texts of config files; without its own the guest is shown as if it had
            none.

    Raises:
        CannotCarry: a value cannot be written so that xl reads it back.
    """
    own = supplied(project, guest, assets)
    if own is not None:
        return rewritten(own, artifacts.image_file(project, guest), _kernel(project, guest))
    return _from_varflags(project, effective(project, guest))


def all_predicted(project: Project, assets: Assets = NO_ASSETS) -> dict[str, str]:
    """Return every guest's xl config, by its path on the target."""
    return {
        artifacts.config_path(guest): predicted(project, guest, assets)
        for guest in sorted(project.guests, key=lambda guest: guest.key)
    }


def supplied(project: Project, guest: Guest, assets: Assets = NO_ASSETS) -> str | None:
    """Return the xl config handed to the class, or ``None`` where it writes one itself."""
    if guest.config_file is not None:
        return assets.texts.get(guest.config_file)
    worked_out = effective(project, guest)
    return complete(project, worked_out) if needs_complete_cfg(project, worked_out) else None


def complete(project: Project, guest: EffectiveGuest) -> str:
    """Return a complete xl config in the shape that the class' rewriting leaves right.

    ``sed`` looks for lines that begin exactly with ``disk = [`` and ``kernel = "``
    (mv:classes/xen-guest-bundle.bbclass, ``do_compile``): one disk, in single quotes, on one
    line, already with its path on the target.

    Raises:
        CannotCarry: a value cannot be written so that xl reads it back.
    """
    lines = [
        f'name = "{text.domain(guest.name)}"',
        f'type = "{text.one_of(guest.type, ("pv", "pvh", "hvm"))}"',
        f"memory = {text.number(guest.memory)}",
        f"vcpus = {text.number(guest.vcpus)}",
        *([] if _without_disk(guest) else [_disk(project, guest)]),
        _vif(guest),
    ]
    kernel = _kernel(project, guest.guest)
    if kernel and guest.type != "hvm":
        lines += [
            f'kernel = "{artifacts.IMAGES}/{text.packed(kernel)}"',
            f'extra = "{text.packed(guest.extra)}"',
        ]
    if guest.type == "hvm":
        # The serial line is what "xl console" shows of a guest with emulated hardware.
        lines += ['boot = "c"', 'serial = "pty"']
    return "\n".join(lines) + "\n"


def vif_value(vif: tuple[str, ...]) -> str:
    """Return the varflag value for a list of network interfaces, at least one.

    Raises:
        CannotCarry: an entry would come out as something else.
    """
    if not all(vif):
        # The classes take an empty value for unset, and xl an empty entry for a default one.
        raise text.CannotCarry(vif, "a network interface is empty")
    return VIF_JOIN.join(text.packed(entry) for entry in vif)


def _from_varflags(project: Project, guest: EffectiveGuest) -> str:
    """Return what ``generate_bundle_config`` and ``generate_xen_guest_config`` print."""
    return "\n".join(
        [
            f'name = "{text.domain(guest.name)}"',
            f"memory = {text.number(guest.memory)}",
            f"vcpus = {text.number(guest.vcpus)}",
            _disk(project, guest),
            f"vif = ['{vif_value(guest.vif)}']",
            f'kernel = "{artifacts.IMAGES}/{text.packed(_kernel(project, guest.guest))}"',
            f'extra = "{text.packed(guest.extra)}"',
            "",
        ]
    )


def _disk(project: Project, guest: EffectiveGuest) -> str:
    image = text.packed(artifacts.image_file(project, guest.guest))
    device = text.word(guest.disk_device)
    return f"disk = ['file:{artifacts.IMAGES}/{image},{device},rw']"


def _without_disk(guest: EffectiveGuest) -> bool:
    """Return whether the guest is a kernel alone, whose copy as an image xl is not told of."""
    return guest.guest.source is not None and guest.guest.source.type == WITHOUT_DISK


def _vif(guest: EffectiveGuest) -> str:
    return f"vif = ['{vif_value(guest.vif)}']" if guest.vif else "vif = []"


def _kernel(project: Project, guest: Guest) -> str:
    return artifacts.kernel_file(project, guest)
