# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Steps 2 and 3: the board with its memory and network; containers and defaults for guests."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget

from xentui.project import boards
from xentui.screens.step import Edit, Form, FormStep
from xentui.session import field_paths, forms
from xentui.widgets.field import FieldRow
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Text, cut, glyphs, lit

SUPPORT: dict[boards.State, tuple[str, str]] = {
    "tried": ("ok", "tried"),
    "read": ("warning", "not run"),
    "expected": ("warning", "never run"),
    "refused": ("error", "no Xen"),
    "unknown": ("warning", "unknown"),
}


class BoardTable(Table):
    """The boards."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "Choose", id="list.choose"),
    ]


class Machine(FormStep):
    """The list of boards, and the fields of the host."""

    NAME: ClassVar[str] = "machine"
    HINT: ClassVar[str] = (
        "The board decides the kernel, the boot loader and how Dom0's memory is set."
    )

    def compose(self) -> ComposeResult:
        """Make the list and the fields."""
        yield BoardTable(
            Column("Board"),
            Column("What it is", 26, above=66),
            Column("Xen", 10),
            id="boards",
        )
        yield Text(id="board-note")
        with Form():
            for path in forms.machine().paths:
                yield FieldRow(path, self.session)

    def on_mount(self) -> None:
        """Fill the list and highlight the board."""
        self._fill()
        self.query_one(Table).select(self.session.project.host.machine)

    def _fill(self) -> None:
        signs = glyphs(self)
        machine = self.session.project.host.machine
        rows = []
        known = list(boards.all_boards())
        if machine not in boards.names():
            known.append(boards.board(machine))
        for board in known:
            style, word = SUPPORT[board.state]
            here = board.machine == machine
            name = f"{signs.on if here else signs.off} {board.machine}"
            sign = signs.severity(style)
            rows.append(
                Row(
                    board.machine,
                    ((name, "strong" if here else ""), board.title, (f"{sign} {word}", style)),
                )
            )
        self.query_one(Table).set_rows([*rows, *self._others({row.key for row in rows})])

    def _others(self, known: set[str]) -> list[Row]:
        """Return the machines of the layers that are none of the known boards."""
        build_survey = self.session.target.survey
        if build_survey is None or build_survey.problem:
            return []
        if build_survey.build is None:
            return [Row(":reading", (f"  Reading the layers {glyphs(self).more}",), heading=True)]
        sign = glyphs(self).off
        rows = [
            Row(one.name, (f"{sign} {one.name}", one.title or one.layer, ("unknown", "muted")))
            for one in build_survey.machines
            if one.name not in known
        ]
        heading = Row(":layers", ("  Other machines of the layers",), heading=True)
        return [heading, *rows] if rows else []

    def build_survey_changed(self) -> None:
        """Show the machines of the layers."""
        self._fill()

    def first(self) -> Widget | None:
        """The list."""
        return self.query_one(Table)

    def sync(self) -> None:
        """Show what holds."""
        super().sync()
        self._fill()
        self._describe(self.query_one(Table).key)

    def _describe(self, machine: str) -> None:
        board = boards.board(machine)
        style, word = SUPPORT[board.state]
        reason = board.summary
        layer = f" Needs {board.layer.name}." if board.layer is not None else ""
        room = max(8, self.size.width - 2 - len(word) - 3)
        note = lit(f"{glyphs(self).severity(style)} {word}", style)
        if self.size.width < 68:
            build_survey = self.session.target.survey
            machines = build_survey.machines if build_survey is not None else ()
            title = next((one.title for one in machines if one.name == machine), "")
            reason = f"{title or board.title}. {reason}"
        self.query_one("#board-note", Text).show(
            Content("").join(
                [note, lit(cut(f"  {reason}{layer}", room, glyphs(self).more), "muted")]
            )
        )

    def on_resize(self) -> None:
        """Tell as much as there is room for."""
        self._describe(self.query_one(Table).key)

    @on(Table.Moved, "#boards")
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._describe(event.key)

    @on(Table.Activated, "#boards")
    def _chosen(self, event: Table.Activated) -> None:
        event.stop()
        project = field_paths.put(self.session.project, ("host", "machine"), event.key)
        self.post_message(Edit(project, f"Board {event.key}"))


class Features(FormStep):
    """The fields of containers and of the defaults."""

    NAME: ClassVar[str] = "features"
    HINT: ClassVar[str] = "A field left empty keeps its default, and is not written."

    def groups(self) -> list[tuple[str, list[Widget]]]:
        """Return the two tables' fields."""
        return [
            (group.title, [FieldRow(path, self.session) for path in group.paths])
            for group in forms.features()
        ]
