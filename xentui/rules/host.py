# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the board, its Dom0 image and Dom0 itself (XT1xx)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.bitbake import releases
from xentui.project import board_file, boards
from xentui.project.board_file import Dom0Knob
from xentui.project.effective import dom0_image, fallback
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import change_host
from xentui.safe_text import quoted

BOARD_EXAMPLES = f"Examples are in {boards.bundled_directory()}."
"""Where to look up what may be in a board file."""

_NOT_PROPOSED = ("runqemu", "hyperv-gen1", "manual")
"""Boot modes that are not proposed for an unknown board."""

TESTED_DOM0 = 512
"""MiB that mv:tests/test_xen_runtime.py (TestXenDom0Boot) allows Dom0 at most."""


def check_board(context: Context) -> Iterator[Finding]:
    """Check that Xen starts on the board at all."""
    board = context.board
    path = "host.machine"
    if board.state == "refused":
        instead = board.instead
        yield make_finding(
            "XT101",
            path,
            f"Xen does not start on {board.machine}",
            f"{board.summary} Use {instead} instead." if instead else board.summary,
            change_host(f"Use {instead}", machine=instead) if instead else None,
        )
    elif board.problem:
        yield make_finding(
            "XT128",
            path,
            f"Your file for the board {board.machine} cannot be used",
            f"{board.problem}. {BOARD_EXAMPLES} Start xentui again after a correction.",
        )
    elif not board.is_known:
        yield _unknown(context)
    elif not board.emulated:
        missing = "".join(f" Expected not to work: {part}." for part in board.not_working)
        yield make_finding(
            "XT103", path, f"{board.machine}: {board.state_words}", f"{board.summary}{missing}"
        )


def _unknown(context: Context) -> Finding:
    """Return the finding for an unknown board, with the boot modes as quick fixes."""
    board, mode = context.board, context.project.host.boot_mode
    similar = boards.similar_machine(board.machine)
    guess = (
        f"Its processor is assumed to be {board.arch}; if that is wrong, describe the board in your"
        " own board file."
    )
    message = f"xentui does not know the board {board.machine}"
    fixes = [change_host(f"Use {similar}", machine=similar)] if similar else []
    if mode is None:
        guess = (
            "Set boot_mode to the way its firmware starts Xen; xentui explain XT102 says how to"
            f" find it. {guess}"
        )
        fixes += [
            change_host(f"Start Xen by {name} ({family.title})", boot_mode=name)
            for name, family in board_file.FAMILIES.items()
            if family.arch in (None, board.arch) and name not in _NOT_PROPOSED
        ]
    else:
        message += f": its boot files are those of {mode}"
    return make_finding(
        "XT102",
        "host.machine",
        message,
        f"Did you mean {similar}? Otherwise: {guess}" if similar else guess,
        *fixes,
    )


def check_board_layer(context: Context) -> Iterator[Finding]:
    """Check that the board's layer has a branch for the release."""
    layer = context.board.layer
    release = releases.for_project(context.project)
    if layer is None or release.name in layer.branches:
        return
    branches = ", ".join(layer.branches)
    yield make_finding(
        "XT127",
        "host.machine",
        f"No branch of {layer.name} is known for {release.name}",
        f"Its branches are for {branches}: set host.release, or see whether there is one by now.",
    )


def check_licenses(context: Context) -> Iterator[Finding]:
    """Check that all licences are accepted that the board's image needs."""
    accepted = context.project.host.accepted_licenses or ()
    for licence in context.board.licenses:
        if licence.flag not in accepted:
            yield make_finding(
                "XT120",
                "host.accepted_licenses",
                f"{context.board.machine} is not built unless you accept the licence flag "
                f"{licence.flag}",
                f'Read it, and set accepted_licenses = ["{licence.flag}"]. '
                f"It covers {licence.covers}.",
                change_host(f"Accept {licence.flag}", accepted_licenses=(*accepted, licence.flag)),
            )


def check_boot_mode(context: Context) -> Iterator[Finding]:
    """Check that Xen can be started on the board in the chosen way."""
    mode, board = context.project.host.boot_mode, context.board
    if mode is None or board.state == "refused":
        return
    path = "host.boot_mode"
    arch = board_file.FAMILIES[mode].arch
    reset = change_host("Leave it to the board", boot_mode=None)
    if arch not in (None, board.arch):
        yield make_finding(
            "XT105",
            path,
            f"{mode} is for {arch}, and {board.machine} is {board.arch}",
            "Remove boot_mode, or choose another.",
            reset,
        )
    elif mode == "hyperv-gen1":
        fix = "Use bios or efi for any other machine."
        yield make_finding(
            "XT106", path, "A hyperv-gen1 image is made for Hyper-V generation 1", fix
        )
    elif board.is_known and mode not in (*board.boot.families, "manual"):
        yield make_finding(
            "XT122",
            path,
            f"{board.machine} is not known to start Xen by {mode}",
            f"It is known to start by {' or '.join(board.boot.families)}.",
            reset,
        )
    elif mode == "efi" and board.emulated:
        fix = "Start runqemu with wic and ovmf: xentui show --what commands prints the line."
        yield make_finding("XT106", path, "An efi image starts on UEFI firmware only", fix)


def check_assumed_memory(context: Context) -> Iterator[Finding]:
    """Report memory that a preset assumes; whoever sets it in their own project knows it."""
    host = context.project.host
    if (
        context.project.preset is not None
        and host.memory is not None
        and not context.board.emulated
    ):
        yield make_finding(
            "XT107",
            "host.memory",
            f"The budget counts on {host.memory} MiB for {context.board.machine}, as only this file"
            " says",
            "Check that the board really has that much.",
        )


def check_dom0_memory_setting(context: Context) -> Iterator[Finding]:
    """Check whether Dom0's memory can be set on the board, and how."""
    host, board = context.project.host, context.board
    memory = host.dom0_memory
    default = fallback(context.project, ("host", "dom0_memory")).value
    path = "host.dom0_memory"
    if memory is None:
        if board.arch == "x86-64" and default is None:
            yield make_finding(
                "XT111",
                path,
                "Dom0 takes all memory unless your boot files set dom0_mem",
                "Set Dom0's memory, for example dom0_memory = 1024.",
                change_host("Give Dom0 1024 MiB", dom0_memory=1024),
            )
        return
    knob = boards.dom0_knob(host)
    if knob is Dom0Knob.NONE:
        yield make_finding(
            "XT109",
            path,
            f"Nothing in the layers sets Dom0's memory on {board.machine}",
            f"Put dom0_mem={memory}M on Xen's command line in the boot loader yourself.",
        )
    elif knob is Dom0Knob.KICKSTART and memory != default:
        yield make_finding(
            "XT108",
            path,
            f"For {memory} MiB of Dom0, xentui writes a kickstart file that replaces the layer's",
            "You need not do anything, unless the layer's own kickstart file changes.",
        )


def check_dom0_size(context: Context) -> Iterator[Finding]:
    """Compare Dom0's memory with what is known from tests and boards."""
    memory = context.project.host.dom0_memory
    if memory is None:
        return
    path = "host.dom0_memory"
    if context.board.emulated and memory > TESTED_DOM0:
        yield make_finding(
            "XT110",
            path,
            f"meta-virtualization's boot test fails with a Dom0 of {memory} MiB",
            f"Keep to {TESTED_DOM0} MiB if you run its tests.",
            change_host(f"Give Dom0 {TESTED_DOM0} MiB", dom0_memory=TESTED_DOM0),
        )
    limit = context.board.dom0_limit
    if limit is not None and memory > limit:
        yield make_finding(
            "XT112",
            path,
            f"A Dom0 of {memory} MiB may lose devices of {context.board.title}",
            f"Keep to {limit} MiB: {context.board.dom0_limit_why}.",
            change_host(f"Give Dom0 {limit} MiB", dom0_memory=limit),
        )


def check_dom0_image(context: Context) -> Iterator[Finding]:
    """Check that the Dom0 image includes the guests."""
    recipe = dom0_image(context.project)
    if recipe != "xen-image-minimal":
        yield make_finding(
            "XT113",
            "host.image",
            f"{quoted(recipe)} must inherit xen-guest-cross-install",
            "Without it, the image has no guests: check that the recipe has that line.",
        )


RULES = (
    check_board, check_board_layer, check_licenses, check_boot_mode, check_assumed_memory,
    check_dom0_memory_setting, check_dom0_size, check_dom0_image,
)  # fmt: skip
