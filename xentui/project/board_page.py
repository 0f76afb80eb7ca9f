# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Describe a board to the user: its facts as sentences under headings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import NamedTuple

from xentui.project import board_file
from xentui.project.board_file import Board


class Section(NamedTuple):
    """A heading and its sentences or phrases, one per item."""

    heading: str
    items: tuple[str, ...]


def sections(board: Board) -> Iterator[Section]:
    """Yield the sections about a board in reading order; the first heading is its support level."""
    state = board.state_words
    yield Section(f"{state[0].upper()}{state[1:]}", (board.summary,))
    if board.state == "refused":
        if board.instead:
            yield Section("Use instead", (board.instead,))
        return
    for heading, items in (
        ("You need", board.needs),
        ("Layer", tuple(_layer(board))),
        ("How Xen starts", tuple(_start(board))),
        ("Kernel and memory", tuple(_kernel_and_memory(board))),
        ("Console", tuple(_console(board))),
        ("Expected not to work", board.not_working),
        ("What xentui sets for it", tuple(_settings(board))),
        ("Licences", tuple(f"{one.flag} covers {one.covers}. {one.why}" for one in board.licenses)),
        ("Where it was run", tuple(_runs(board))),
        ("Sources", tuple(_sources(board))),
    ):
        if items:
            yield Section(heading, items)


def as_text(board: Board, width: int) -> str:
    """Return all sections as plain text.

    Args:
        board: the board.
        width: the maximum length of a line, in columns.
    """
    lines = [f"{board.machine}: {board.title}"]
    for section in sections(board):
        lines += ["", section.heading]
        for item in section.items:
            lines += textwrap.wrap(
                item, width, initial_indent="  - ", subsequent_indent="    ",
                break_on_hyphens=False,
            )  # fmt: skip
    return "".join(f"{line}\n" for line in lines)


def _layer(board: Board) -> Iterator[str]:
    layer = board.layer
    if layer is None:
        yield "OpenEmbedded-Core has the machine"
        return
    folders = f" ({', '.join(layer.folders)})" if layer.folders else ""
    yield f"{layer.name}{folders}, {layer.url}"
    branches = ", ".join(
        release if release == branch else f"{release} (branch {branch})"
        for release, branch in layer.branches.items()
    )
    yield f"Releases: {branches}"
    if layer.depends:
        yield f"It depends on {', '.join(layer.depends)}"


def _start(board: Board) -> Iterator[str]:
    if board.boot.says:
        yield board.boot.says
    families = [f"{board_file.FAMILIES[name].title} ({name})" for name in board.boot.families]
    others = f"; also possible: {', '.join(families[1:])}" if len(families) > 1 else ""
    yield f"boot_mode: {families[0]}{others}"
    medium = {"runqemu": "runqemu boots", "sd": "Flash", "disk": "Write"}[board.medium.kind]
    target = {"runqemu": "", "sd": " to an SD card", "disk": " to a disk"}[board.medium.kind]
    yield f"{medium} the {board.medium.file} image{target}"


def _kernel_and_memory(board: Board) -> Iterator[str]:
    if board.kernel.provider:
        yield f"Kernel: {board.kernel.provider}"
    if board.memory_sizes:
        yield f"Sold with {', '.join(map(str, board.memory_sizes))} MiB: set host.memory to yours"
    elif board.memory is not None:
        yield f"{board.memory} MiB unless you set host.memory"
    if board.dom0_memory is not None:
        yield f"Dom0 has {board.dom0_memory} MiB unless you set host.dom0_memory"
    if board.dom0_limit is not None:
        yield f"Dom0: at most {board.dom0_limit} MiB, as {board.dom0_limit_why}"


def _console(board: Board) -> Iterator[str]:
    console = board.console
    if console.where:
        yield f"{console.where}{f', {console.settings}' if console.settings else ''}"
    if console.command:
        yield f"On a Linux PC: {console.command}"
    if console.driver is not None:
        has = "has" if console.driver else "has no"
        yield f"Xen {has} a driver for it{f' ({console.uart})' if console.uart else ''}"


def _settings(board: Board) -> Iterator[str]:
    for line in board.lines:
        releases = f" ({', '.join(line.releases)})" if line.releases else ""
        variable = line.variable.replace("{image}", "IMAGE")
        yield f"{variable}{releases}: {line.why}"


def _runs(board: Board) -> Iterator[str]:
    for run in board.runs:
        text = f"{run.machine}, {run.firmware}, {run.files}: Xen {run.xen}, Linux {run.linux}"
        changed = f" Changed: {run.changed}." if run.changed else ""
        repeated = f" Repeated by {run.shown_by}." if run.shown_by else ""
        yield f"{text}. {run.reached}.{changed}{repeated}"
    if not board.runs:
        yield "Nowhere: neither on hardware nor in QEMU"
    elif not board.emulated:
        yield "Not on hardware"


def _sources(board: Board) -> Iterator[str]:
    for source in board.sources:
        releases = f" ({', '.join(source.releases)})" if source.releases else ""
        yield f"{source.fact}: {source.where}{releases}"
