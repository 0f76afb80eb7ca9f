# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Edit a list of a guest: one row for each entry, and a button that adds one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Button

from xentui.screens.step import CursorMoved, Form, edit
from xentui.session import Session, field_paths, guests
from xentui.session.entry_lists import EntryList
from xentui.widgets.parts import FormButton, Part, PartsRow
from xentui.widgets.text import wizard


class EntryRows(Vertical):
    """The entries of a list.

    Args:
        session: the session being edited.
        key: the guest.
        entries: the list.
        parts: the inputs of an entry.
        add: the label of the button that adds an entry.
        always: whether the button is shown if there are no entries.
    """

    class AddAsked(Message):
        """One more entry is asked for."""

        def __init__(self, rows: EntryRows) -> None:
            super().__init__()
            self.rows = rows

        @property
        def control(self) -> EntryRows:
            """The rows."""
            return self.rows

    def __init__(
        self,
        session: Session,
        key: str,
        entries: EntryList,
        parts: Sequence[Part],
        *,
        add: str,
        always: bool,
    ) -> None:
        super().__init__(classes="group", id=f"{entries.word.lower().replace(' ', '-')}-rows")
        self._session = session
        self.key = key
        self.entries = entries
        self._parts = parts
        self._add = add
        self._always = always
        self._titles = self._wanted_titles()

    @property
    def name_of_rows(self) -> str:
        """The prefix of the ids of the rows."""
        return (self.id or "").removesuffix("-rows")

    def compose(self) -> ComposeResult:
        """Make the rows."""
        yield from self._rows()

    def on_mount(self) -> None:
        """Show the values."""
        self.sync()

    def _wanted_titles(self) -> list[str]:
        guest = self._session.project.guest(self.key)
        count = len(self.entries.entries(guest))
        return [self.entries.title(guest, number) for number in range(count)]

    def _rows(self) -> Iterator[Widget]:
        for number, title in enumerate(self._titles):
            yield PartsRow(
                title,
                self._parts,
                self.entries.help,
                removable=True,
                id=f"{self.name_of_rows}-{number}",
                classes="entry",
            )
        if self._titles or self._always:
            yield FormButton(self._add, id=f"{self.name_of_rows}-add")

    def sync(self) -> None:
        """Show the current values."""
        titles = self._wanted_titles()
        if titles != self._titles:
            self.call_later(self._rebuild)
            return
        guest = self._session.project.guest(self.key)
        for number, texts in enumerate(self.entries.entries(guest)):
            for row in self.query(f"#{self.name_of_rows}-{number}").results(PartsRow):
                row.show(texts)
                row.flag(self.entries.problem(guest, number))

    async def _rebuild(self) -> None:
        """Rebuild the rows, and focus a row that was added."""
        if not self.is_attached or not guests.has_guest(self._session.project, self.key):
            return
        titles = self._wanted_titles()
        if titles == self._titles:
            return
        had_focus = self.has_focus_within
        more, self._titles = len(titles) > len(self._titles), titles
        with wizard(self).holding_keys():
            await self.remove_children()
            await self.mount(*self._rows())
            self.sync()
            if had_focus:
                last = len(titles) - 1
                wanted = f"#{self.name_of_rows}-{last} Input" if more else "Button"
                target = next(iter(self.query(wanted)), None)
                if target is not None:
                    target.focus()
                else:
                    self.screen.focus_previous()
                self.query_ancestor(Form).keep_in_sight()

    @on(PartsRow.Changed)
    def _changed(self, event: PartsRow.Changed) -> None:
        event.stop()
        number = self._number(event.row)
        project = self._session.project
        if number >= len(self.entries.entries(project.guest(self.key))):
            return
        value, problem = self.entries.changed(project, self.key, number, event.name, event.value)
        event.row.complain(problem)
        if problem:
            self.post_message(CursorMoved())
        else:
            label = f"{event.row.title} of {self.key}"
            self.edit(value, label, merge=f"{label} {event.name}")

    @on(PartsRow.Removed)
    def _removed(self, event: PartsRow.Removed) -> None:
        event.stop()
        guest = self._session.project.guest(self.key)
        value = self.entries.without(guest, self._number(event.row))
        self.edit(value, f"remove {event.row.title} of {self.key}")

    def edit(self, value: Any, label: str, merge: str = "") -> None:
        """Make another list the guest's."""
        path = ("guests", self.key, self.entries.field)
        project = field_paths.with_value(self._session.project, path, value)
        edit(self, self._session, project, label, merge=merge)

    def _number(self, row: PartsRow) -> int:
        return int((row.id or "").rpartition("-")[2])

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.AddAsked(self))
