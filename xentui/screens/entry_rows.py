# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Edit a list of a guest, such as its interfaces: a row for each entry, and a button for more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    """The rows of a list.

    Args:
        session: the session being edited.
        guest_key: the guest.
        entries: which list, and how its entries are read and changed.
        parts: the inputs of an entry.
        add: the label of the button that adds an entry.
        always: whether the button is shown even if there are no entries.
    """

    @dataclass
    class AddRequested(Message):
        """The button that adds an entry was pressed."""

        rows: EntryRows

        @property
        def control(self) -> EntryRows:
            """The rows."""
            return self.rows

    def __init__(
        self,
        session: Session,
        guest_key: str,
        entries: EntryList,
        parts: Sequence[Part],
        *,
        add: str,
        always: bool,
    ) -> None:
        super().__init__(classes="group", id=f"{entries.word.lower().replace(' ', '-')}-rows")
        self._session = session
        self.guest_key = guest_key
        self.entries = entries
        self._parts = parts
        self._add = add
        self._always = always
        self._titles = self._current_titles()

    @property
    def row_prefix(self) -> str:
        """The prefix of the ids of the rows; a number follows."""
        return (self.id or "").removesuffix("-rows")

    def compose(self) -> ComposeResult:
        """Create the rows."""
        yield from self._rows()

    def on_mount(self) -> None:
        """Show the values."""
        self.sync()

    def _current_titles(self) -> list[str]:
        guest = self._session.project.guest(self.guest_key)
        count = len(self.entries.entries(guest))
        return [self.entries.title(guest, number) for number in range(count)]

    def _rows(self) -> Iterator[Widget]:
        for number, title in enumerate(self._titles):
            yield PartsRow(
                title,
                self._parts,
                self.entries.help,
                removable=True,
                id=f"{self.row_prefix}-{number}",
                classes="entry",
            )
        if self._titles or self._always:
            yield FormButton(self._add, id=f"{self.row_prefix}-add")

    def sync(self) -> None:
        """Show the current values."""
        titles = self._current_titles()
        if titles != self._titles:
            self.call_later(self._rebuild)
            return
        guest = self._session.project.guest(self.guest_key)
        for number, values in enumerate(self.entries.entries(guest)):
            for row in self.query(f"#{self.row_prefix}-{number}").results(PartsRow):
                row.show(values)
                row.set_finding(self.entries.problem(guest, number))

    async def _rebuild(self) -> None:
        """Rebuild the rows, and focus a row that was added."""
        if not self.is_attached or not guests.has_guest(self._session.project, self.guest_key):
            return
        titles = self._current_titles()
        if titles == self._titles:
            return
        had_focus = self.has_focus_within
        was_added, self._titles = len(titles) > len(self._titles), titles
        with wizard(self).holding_keys():
            await self.remove_children()
            await self.mount(*self._rows())
            self.sync()
            if had_focus:
                last = len(titles) - 1
                selector = f"#{self.row_prefix}-{last} Input" if was_added else "Button"
                target = next(iter(self.query(selector)), None)
                if target is not None:
                    target.focus()
                else:
                    self.screen.focus_previous()
                self.query_ancestor(Form).scroll_to_focus()

    @on(PartsRow.Changed)
    def _changed(self, event: PartsRow.Changed) -> None:
        event.stop()
        number = self._number(event.row)
        project = self._session.project
        if number >= len(self.entries.entries(project.guest(self.guest_key))):
            return
        value, problem = self.entries.changed(
            project, self.guest_key, number, event.name, event.value
        )
        event.row.set_problem(problem)
        if problem:
            # Nothing changes in the project; only the message about this field does.
            self.post_message(CursorMoved())
        else:
            label = f"{event.row.title} of {self.guest_key}"
            self._set(value, label, merge=f"{label} {event.name}")

    @on(PartsRow.Removed)
    def _removed(self, event: PartsRow.Removed) -> None:
        event.stop()
        if self._current_titles() != self._titles:
            # The rows are about to be rebuilt: this one's number may be another entry's by now.
            return
        guest = self._session.project.guest(self.guest_key)
        value = self.entries.without(guest, self._number(event.row))
        self._set(value, f"remove {event.row.title} of {self.guest_key}")

    def _set(self, value: Any, label: str, merge: str = "") -> None:
        """Set the guest's list to ``value``, whose type depends on the list."""
        path = ("guests", self.guest_key, self.entries.field)
        project = field_paths.with_value(self._session.project, path, value)
        edit(self, self._session, project, label, merge=merge)

    def _number(self, row: PartsRow) -> int:
        return int((row.id or "").rpartition("-")[2])

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.AddRequested(self))
