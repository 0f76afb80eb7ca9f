# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Steps 2 and 3 of the wizard: the board and its Dom0; containers and the defaults of guests."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from xentui.project import board_file, boards
from xentui.screens.step import Form, Step, edit, section_heading
from xentui.session import Session, field_paths, forms
from xentui.session.board_page import board_needs, board_page
from xentui.widgets.field import FieldRow
from xentui.widgets.table import Column, Filter, Row, Table
from xentui.widgets.text import Text, glyphs, lit

SUPPORT: dict[board_file.State, tuple[str, str]] = {
    "tried": ("ok", "tried"),
    "read": ("warning", "not run"),
    "expected": ("warning", "never run"),
    "refused": ("error", "no Xen"),
    "unknown": ("warning", "unknown"),
}
"""The style and the word for how well Xen is known to run on a board."""


class BoardTable(Table):
    """The list of boards."""

    CLICK_CHOOSES = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "Choose", id="list.choose"),
        Binding("i", "screen.help", "About", id="board.about"),
    ]


class Machine(Step):
    """The list of boards, and the fields about the host."""

    NAME: ClassVar[str] = "machine"
    HINT: ClassVar[str] = (
        "The board decides the kernel, the boot loader and how Dom0's memory is set."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._shown_machine = ""

    def compose(self) -> ComposeResult:
        """Create the list and the fields."""
        yield Filter("part of a name, a maker, a layer", "#boards", id="board-filter")
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
        machine, text = self.session.project.host.machine, self.query_one(Filter).value
        matching = list(boards.search(text))
        if not text and machine not in {board.machine for board in matching}:
            matching.insert(0, boards.board(machine))
        rows = []
        for vendor, group in boards.by_vendor(matching).items():
            if self.screen.has_class("-tall"):
                rows.append(Row(f":{vendor}", (f"  {vendor}",), heading=True))
            rows += [self._row(board, machine) for board in group]
        rows += self._other_machines({row.key for row in rows})
        if not rows:
            rows = [Row(":none", ("  No board matches. Esc shows all.",), heading=True)]
        self.query_one(Table).set_rows(rows)

    def _row(self, board: board_file.Board, machine: str) -> Row:
        signs = glyphs(self)
        style, word = SUPPORT[board.state]
        chosen = board.machine == machine
        name = f"{signs.on if chosen else signs.off} {board.machine}"
        layer = board.layer.name if board.layer is not None else ""
        return Row(
            board.machine,
            (
                (name, "strong" if chosen else ""),
                board.title,
                (layer, "muted"),
                (f"{signs.severity(style)} {word}", style),
            ),
        )

    def _other_machines(self, listed: set[str]) -> list[Row]:
        """Return the machines of the build directory's layers that are not listed yet."""
        survey = self.session.target.survey
        if survey is None or survey.problem:
            return []
        if survey.build is None:
            return [Row(":reading", (f"  Reading the layers {glyphs(self).more}",), heading=True)]
        sign = glyphs(self).off
        rows = [
            Row(one.name, (f"{sign} {one.name}", one.title or one.layer, "", ("unknown", "muted")))
            for one in survey.machines
            if one.name not in listed
            and self.query_one(Filter).matches(f"{one.name} {one.title} {one.layer}")
        ]
        heading = Row(":layers", ("  Other machines of the layers",), heading=True)
        return [heading, *rows] if rows else []

    def build_survey_changed(self) -> None:
        """List the machines of the build directory's layers."""
        self._fill()

    def first_widget(self) -> Widget | None:
        """Return the list."""
        return self.query_one(Table)

    def sync(self) -> None:
        """Show the current values, and highlight the board if it has changed."""
        super().sync()
        self._fill()
        machine = self.session.project.host.machine
        if machine != self._shown_machine:
            self._shown_machine = machine
            self.query_one(Table).select(machine)
        self._describe(self.query_one(Table).key)

    def _describe(self, machine: str) -> None:
        """Show how well a board runs Xen, and what it needs; clear the note if no board matches."""
        if not machine:
            self.query_one("#board-note", Text).show(lit(""))
            return
        board = boards.board(machine)
        style, word = SUPPORT[board.state]
        note = lit(f"{glyphs(self).severity(style)} {word}", style)
        text = board.summary
        if self.size.width < 68:  # The list may be too narrow for the title.
            survey = self.session.target.survey
            machines = survey.machines if survey is not None else ()
            title = next((one.title for one in machines if one.name == machine), "")
            text = f"{title or board.title}. {text}"
        needs = board_needs(board)
        if needs:
            text = f"{text} Needs: {needs}."
        self.query_one("#board-note", Text).show(note.append(lit(f"  {text}", "muted")))

    def help_page(self) -> tuple[str, list[forms.HelpLine]] | None:
        """Return the help about the highlighted board if the list has the focus."""
        table = self.query_one(Table)
        if not table.has_focus or not table.key:
            return None
        board = boards.board(table.key)
        title = "" if board.title == board.machine else f": {board.title}"
        return f"{board.machine}{title}", board_page(self.session.project, board.machine)

    # Filter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable the filter only in the list: in a field, a slash is text."""
        return self.query_one(Table).has_focus if action == "filter" else True

    def action_filter(self) -> None:
        """Filter the boards by typing; machines that cannot run Xen are found too."""
        self.query_one(Filter).open()

    def go_back(self) -> bool:
        """Leave the filter."""
        if not self.query_one(Filter).close():
            return False
        self._fill()
        self.query_one(Table).select(self.session.project.host.machine)
        return True

    @on(Input.Changed, "#board-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()
        table, text = self.query_one(Table), event.value.strip().lower()
        machines = [row.key for row in table.rows if not row.heading]
        first = next(iter(machines), "")
        best = next((name for name in machines if name.lower().startswith(text)), first)
        table.select(best if text else self.session.project.host.machine)
        self._describe(table.key)

    # The list

    def on_resize(self) -> None:
        """Fill the list for the new size: headings and the description depend on it."""
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


class Features(Step):
    """The fields about containers on Dom0 and about the defaults of guests."""

    NAME: ClassVar[str] = "features"
    HINT: ClassVar[str] = "A field left empty keeps its default, and is not written."

    def compose(self) -> ComposeResult:
        """Create the fields of each group under its heading."""
        with Form():
            for number, group in enumerate(forms.feature_groups()):
                yield section_heading(group.title, first=number == 0)
                yield from (FieldRow(path, self.session) for path in group.paths)
