# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The page about a board: what was tried, what it needs, how to flash it, its console."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from xentui.output.commands import write_image_commands
from xentui.project import board_file, boards
from xentui.project.model import Project
from xentui.session.forms import HelpLine

MEDIA = {"sd": "SD card", "disk": "disk or USB stick", "runqemu": "no medium: runqemu starts it"}


def board_page(project: Project, machine: str) -> list[HelpLine]:
    """Return the page about a board, line by line.

    Args:
        project: the project whose image is flashed.
        machine: the board's MACHINE.
    """
    return list(_lines(project, boards.board(machine)))


def board_needs(board: board_file.Board) -> str:
    """Return what a board needs, in one line: its layer, its memory and its medium."""
    parts = [board.layer.name if board.layer is not None else ""]
    if board.memory_sizes:
        *sizes, largest = (f"{mib // 1024} GiB" for mib in board.memory_sizes)
        parts.append(f"{', '.join(sizes)} or {largest}" if sizes else largest)
    if not board.emulated and board.is_known and board.state != "refused":
        parts.append(MEDIA[board.medium.kind])
    return " · ".join(part for part in parts if part)


def _lines(project: Project, board: board_file.Board) -> Iterator[HelpLine]:
    yield "Xen", f"{board.state_words}. {board.summary}"
    if board.instead:
        yield "Instead", board.instead
    if board.state in ("refused", "unknown"):
        return
    for need in board.needs:
        yield "You need", need
    for what in board.not_working:
        yield "Not yet", what
    if board.layer is not None:
        of = ", ".join(f"{release}" for release in board.layer.branches)
        yield "Layer", f"{board.layer.name}, {board.layer.url}, for {of}"
    yield "Kernel", board.kernel.provider
    if board.memory_sizes:
        yield "Memory", f"{', '.join(map(str, board.memory_sizes))} MiB"
    family = board_file.FAMILIES[board.boot.family]
    yield "Started by", f"{family.title}. {board.boot.says or family.help}"
    for flag in board.licenses:
        yield "Licence", f"{flag.flag}: {flag.covers}. {flag.why}"
    if board.emulated:
        yield "Medium", MEDIA["runqemu"]
        return
    shown = replace(project, host=replace(project.host, machine=board.machine, boot_mode=None))
    for command in write_image_commands(shown, board):
        yield "Type", command.line
        if command.note:
            yield " ", command.note
    if not board.console.command:
        yield "Console", board.console.where or "not known"
