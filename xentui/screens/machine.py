# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Steps 2 and 3: the board with its memory and network; containers and defaults for guests."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from xentui.project import board_file, boards
from xentui.screens.step import Form, FormStep, edit
from xentui.session import Session, field_paths, forms
from xentui.session.board_page import board_needs, board_page
from xentui.widgets.field import FieldRow
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Text, glyphs, lit

SUPPORT: dict[board_file.State, tuple[str, str]] = {
    "tried": ("ok", "tried"),
    "read": ("warning", "not run"),
    "expected": ("warning", "never run"),
    "refused": ("error", "no Xen"),
    "unknown": ("warning", "unknown"),
}


class BoardTable(Table):
    """The boards."""

    CLICK_CHOOSES = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "Choose", id="list.choose"),
        Binding("i", "screen.help", "About", id="board.about"),
    ]


class Machine(FormStep):
    """The list of boards, and the fields of the host."""

    NAME: ClassVar[str] = "machine"
    HINT: ClassVar[str] = (
        "The board decides the kernel, the boot loader and how Dom0's memory is set."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._filter = ""
        self._machine = ""

    def compose(self) -> ComposeResult:
        """Make the list and the fields."""
        yield Input(placeholder="part of a name, a maker, a layer", compact=True, id="board-filter")
        yield BoardTable(
            Column("Board"),
            Column("What it is", 26, above=60),
            Column("Layer", 16, above=84),
            Column("Xen", 11),
            id="boards",
        )
        yield Text(id="board-note")
        with Form():
            for path in forms.machine_group().paths:
                yield FieldRow(path, self.session)

    def on_mount(self) -> None:
        """Fill the list."""
        self.sync()

    def _fill(self) -> None:
        machine = self.session.project.host.machine
        known = list(boards.search(self._filter))
        if not self._filter and machine not in {board.machine for board in known}:
            known.insert(0, boards.board(machine))
        rows = []
        for vendor, group in boards.by_vendor(known).items():
            if self.screen.has_class("-tall"):
                rows.append(Row(f":{vendor}", (f"  {vendor}",), heading=True))
            rows += [self._row(board, machine) for board in group]
        rows += self._others({row.key for row in rows})
        if not rows:
            rows = [Row(":none", ("  No board matches. Esc shows all.",), heading=True)]
        self.query_one(Table).set_rows(rows)

    def _row(self, board: board_file.Board, chosen: str) -> Row:
        signs = glyphs(self)
        style, word = SUPPORT[board.state]
        here = board.machine == chosen
        name = f"{signs.on if here else signs.off} {board.machine}"
        layer = board.layer.name if board.layer is not None else ""
        return Row(
            board.machine,
            (
                (name, "strong" if here else ""),
                board.title,
                (layer, "muted"),
                (f"{signs.severity(style)} {word}", style),
            ),
        )

    def _others(self, known: set[str]) -> list[Row]:
        """Return the layers' machines that have no board file."""
        build_survey = self.session.target.survey
        if build_survey is None or build_survey.problem:
            return []
        if build_survey.build is None:
            return [Row(":reading", (f"  Reading the layers {glyphs(self).more}",), heading=True)]
        sign = glyphs(self).off
        words = self._filter.lower().split()
        rows = [
            Row(one.name, (f"{sign} {one.name}", one.title or one.layer, "", ("unknown", "muted")))
            for one in build_survey.machines
            if one.name not in known
            and all(word in f"{one.name} {one.title} {one.layer}".lower() for word in words)
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
        """Show the current values, and highlight the board if it has changed."""
        super().sync()
        self._fill()
        machine = self.session.project.host.machine
        if machine != self._machine:
            self._machine = machine
            self.query_one(Table).select(machine)
        self._describe(self.query_one(Table).key)

    def _describe(self, machine: str) -> None:
        """Describe the highlighted board and its needs."""
        if not machine:
            return
        board = boards.board(machine)
        style, word = SUPPORT[board.state]
        note = lit(f"{glyphs(self).severity(style)} {word}", style)
        text = board.summary
        if self.size.width < 68:
            build_survey = self.session.target.survey
            machines = build_survey.machines if build_survey is not None else ()
            title = next((one.title for one in machines if one.name == machine), "")
            text = f"{title or board.title}. {text}"
        needs = board_needs(board)
        if needs:
            text = f"{text} Needs: {needs}."
        self.query_one("#board-note", Text).show(note.append(lit(f"  {text}", "muted")))

    def help_page(self) -> tuple[str, list[forms.HelpLine]] | None:
        """Return the page of the board under the cursor, while the list has the focus."""
        table = self.query_one(Table)
        if not table.has_focus or not table.key:
            return None
        board = boards.board(table.key)
        title = "" if board.title == board.machine else f": {board.title}"
        return f"{board.machine}{title}", board_page(self.session.project, board.machine)

    # Filter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the filter at the list only, where a slash is not text."""
        return self.query_one(Table).has_focus if action == "filter" else True

    def action_filter(self) -> None:
        """Filter the boards by typing; machines that cannot run Xen are found too."""
        self.add_class("-filtering")
        self.query_one("#board-filter", Input).focus()

    def back(self) -> bool:
        """Leave the filter."""
        if not self.has_class("-filtering"):
            return False
        self.remove_class("-filtering")
        self.query_one("#board-filter", Input).value = self._filter = ""
        self._fill()
        self.query_one(Table).select(self.session.project.host.machine)
        self.query_one(Table).focus()
        return True

    @on(Input.Changed, "#board-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._filter = event.value
        self._fill()
        keys = [row.key for row in self.query_one(Table).rows if not row.heading]
        text = event.value.strip().lower()
        best = next((key for key in keys if key.lower().startswith(text)), next(iter(keys), ""))
        self.query_one(Table).select(best if text else self.session.project.host.machine)
        self._describe(self.query_one(Table).key)

    @on(Input.Submitted, "#board-filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(Table).focus()

    # The list

    def on_resize(self) -> None:
        """Adapt to the new size."""
        self._fill()
        self._describe(self.query_one(Table).key)

    @on(Table.Moved, "#boards")
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._describe(event.key)

    @on(Table.Activated, "#boards")
    def _chosen(self, event: Table.Activated) -> None:
        event.stop()
        project = field_paths.with_value(self.session.project, ("host", "machine"), event.key)
        edit(self, self.session, project, f"Board {event.key}")


class Features(FormStep):
    """The fields of containers and of the defaults."""

    NAME: ClassVar[str] = "features"
    HINT: ClassVar[str] = "A field left empty keeps its default, and is not written."

    def groups(self) -> list[tuple[str, list[Widget]]]:
        """Return the two tables' fields."""
        return [
            (group.title, [FieldRow(path, self.session) for path in group.paths])
            for group in forms.feature_groups()
        ]
