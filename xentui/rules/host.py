# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The board, its Dom0 image and Dom0 itself (XT1xx)."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.boards import BOARDS, Dom0Knob, Support
from xentui.project.effective import fallback, image
from xentui.rules import quick_fixes
from xentui.rules.context import Context
from xentui.rules.finding import Finding, found
from xentui.safe_text import quoted

TESTED_DOM0 = 512
"""MiB that mv:tests/test_xen_runtime.py (TestXenDom0Boot) allows Dom0 at most."""

RPI4_REACH = 1024
"""MiB that every device of a Raspberry Pi 4 can reach by DMA."""


def supported(given: Context) -> Iterator[Finding]:
    """Whether Xen boots on the board at all."""
    board = given.board
    path = "host.machine"
    if board.support is Support.REFUSED:
        yield found("XT101", path, f"Xen does not start on {board.machine}", board.reason)
    elif not board.known:
        import difflib

        near = difflib.get_close_matches(board.machine, list(BOARDS))
        fix = (
            f"Did you mean {near[0]}? Else see that its layer starts Xen."
            if near
            else ("See that its layer provides the machine, and that its boot loader starts Xen.")
        )
        yield found("XT102", path, f"{board.machine} is a board xentui does not know", fix)
    elif board.support is not Support.TESTED:
        yield found(
            "XT103",
            path,
            f"{board.machine} is {board.support.value} supported"
            if board.support is Support.PARTLY
            else f"{board.machine} builds Xen, but starting it is up to you",
            board.reason,
        )


def boot_mode(given: Context) -> Iterator[Finding]:
    """Whether the boot mode is one the board has."""
    mode = given.project.host.boot_mode
    if mode is None:
        return
    path = "host.boot_mode"
    if given.board.arch != "x86-64":
        yield found(
            "XT105",
            path,
            f"A boot mode is for x86-64, and {given.board.machine} is {given.board.arch}",
            "Leave boot_mode out.",
            quick_fixes.host("Leave the boot mode out", boot_mode=None),
        )
    elif mode == "efi" and given.board.emulated:
        fix = "Start runqemu with ovmf beside wic."
        yield found("XT106", path, "An efi image starts on UEFI firmware only", fix)
    elif mode == "hyperv-gen1":
        fix = "Take bios for any other machine."
        yield found("XT106", path, "A hyperv-gen1 image is made for Hyper-V generation 1", fix)


def total_memory(given: Context) -> Iterator[Finding]:
    """Whether the total is something that is set, or only counted with."""
    host = given.project.host
    if host.memory is not None and not given.board.emulated:
        yield found(
            "XT107",
            "host.memory",
            f"Nothing sets the memory of {given.board.machine}: the budget counts with it",
            "See that the board really has that much.",
        )


def dom0_knob(given: Context) -> Iterator[Finding]:
    """Whether Dom0's memory can be set on the board, and how."""
    host, board = given.project.host, given.board
    memory = host.dom0_memory
    left_out = fallback(given.project, ("host", "dom0_memory")).value
    path = "host.dom0_memory"
    if memory is None:
        if board.dom0_knob is Dom0Knob.WIC and left_out is None:
            yield found(
                "XT111",
                path,
                "Dom0 takes all memory: the disk image of this board sets no dom0_mem",
                "Say how much Dom0 keeps, for example dom0_memory = 1024.",
                quick_fixes.host("Give Dom0 1024 MiB", dom0_memory=1024),
            )
        return
    if board.dom0_knob is Dom0Knob.NONE:
        yield found(
            "XT109",
            path,
            f"Nothing in the layers sets Dom0's memory on {board.machine}",
            f"Put dom0_mem={memory}M on Xen's command line in the boot loader yourself.",
        )
    elif board.dom0_knob is Dom0Knob.WIC and memory != left_out:
        yield found(
            "XT108",
            path,
            f"Dom0's {memory} MiB need a kickstart file of the project's own, which is written",
            "Nothing is to be done; keep it in mind when the layer's own one changes.",
        )


def dom0_size(given: Context) -> Iterator[Finding]:
    """Whether Dom0's size meets what is known of tests and boards."""
    memory = given.project.host.dom0_memory
    if memory is None:
        return
    path = "host.dom0_memory"
    if given.board.emulated and memory > TESTED_DOM0:
        yield found(
            "XT110",
            path,
            f"meta-virtualization's boot test fails with a Dom0 of {memory} MiB",
            f"Keep to {TESTED_DOM0} MiB if you run its tests.",
            quick_fixes.host(f"Give Dom0 {TESTED_DOM0} MiB", dom0_memory=TESTED_DOM0),
        )
    if given.board.machine == "raspberrypi4-64" and memory > RPI4_REACH:
        yield found(
            "XT112",
            path,
            f"A Dom0 of {memory} MiB may lose its SD card on a Raspberry Pi 4",
            f"Stay at or below {RPI4_REACH} MiB, or try it on the board.",
            quick_fixes.host(f"Give Dom0 {RPI4_REACH} MiB", dom0_memory=RPI4_REACH),
        )


def own_image(given: Context) -> Iterator[Finding]:
    """Whether the Dom0 image takes guests in."""
    recipe = image(given.project)
    if recipe != "xen-image-minimal":
        yield found(
            "XT113",
            "host.image",
            f"{quoted(recipe)} must inherit xen-guest-cross-install",
            "Without it the guests stay out of the image; see that the recipe has that line.",
        )


RULES = (supported, boot_mode, total_memory, dom0_knob, dom0_size, own_image)
