# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4: the guests, and one of them at a time in every detail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from xentui.project import effective, route
from xentui.project.model import Guest
from xentui.screens.guest_editor import GuestEditor
from xentui.screens.guest_rows import Rows, empty
from xentui.screens.step import Drop, Edit, Look, Step
from xentui.session import Session, field_paths, guests
from xentui.widgets.line_view import LineView
from xentui.widgets.table import Column, Table
from xentui.widgets.text import clip, cut, glyphs, lit, wizard

NEW = ("guests", "", field_paths.KEY)
"""Stands for the name of a guest to come."""


class Guests(Step):
    """The table of guests, and the editor of one in its place or under it."""

    NAME: ClassVar[str] = "guests"
    HINT: ClassVar[str] = "Space: starts by itself. shift+up and shift+down move a guest."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="guest.add"),
        Binding("e", "edit", "Edit", show=False, id="guest.edit"),
        Binding("c", "clone", "Clone", id="guest.clone"),
        Binding("d,delete", "remove", "Delete", id="guest.delete"),
        Binding("space", "tag('autostart')", "Autostart", id="guest.autostart"),
        Binding("b", "switch", "Bundle", id="guest.bundle"),
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
        Binding("f2,ctrl+o", "add_from", "Add from the layers", id="guest.add-from"),
        Binding("x", "tag('external')", "External", show=False, id="guest.external"),
        Binding("shift+up,K", "move(-1)", "Move up", show=False, id="guest.up"),
        Binding("shift+down,J", "move(1)", "Move down", show=False, id="guest.down"),
    ]
    DEFAULT_CSS = """
    Guests #guest-filter { display: none; height: 1; }
    Guests.-filtering #guest-filter { display: block; }
    Guests #guest-table { height: 1fr; }
    Guests #guest-empty { display: none; height: 1fr; padding: 2 2; }
    Guests.-empty #guest-empty { display: block; }
    Guests.-empty #guest-table { display: none; }
    Guests #guest-told { height: 3; margin-top: 1; }
    Guests #guest-place { display: none; height: 1fr; }
    Guests.-editing #guest-place { display: block; }
    Guests.-editing #guest-list { display: none; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._filter = ""
        self._editor: GuestEditor | None = None
        self._added: tuple[str, object] | None = None

    def compose(self) -> ComposeResult:
        """Make the table, what is told where it is empty, and the editor's place."""
        with Vertical(id="guest-list"):
            yield Input(placeholder="part of a name, a bundle …", compact=True, id="guest-filter")
            yield Table(
                Column("", 1),
                Column("Guest"),
                Column("Auto", 4),
                Column("MiB", 7, right=True),
                Column("vCPUs", 5, right=True),
                Column("Disk", 10, above=60),
                Column("Goes into", 12, above=70),
                Column("Network", 16, above=84),
                choose="Edit",
                id="guest-table",
            )
            yield Static("", markup=False, id="guest-empty")
            yield LineView(id="guest-told")
        yield Vertical(id="guest-place")

    def on_mount(self) -> None:
        """Fill the table."""
        self._fill()

    def on_resize(self) -> None:
        """Tell as much as there is room for."""
        self._tell()

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one("#guest-table", Table)

    def first(self) -> Widget | None:
        """The editor's first field, or the table."""
        if self._editor is not None:
            return self._editor.first()
        return self if self.has_class("-empty") else self.table

    def take_focus(self) -> None:
        """Go back to where one was; an empty table has nothing to stand on."""
        if self.has_class("-empty"):
            self.screen.set_focus(None)
            self.can_focus = True
            self.focus()
            return
        super().take_focus()

    def sync(self) -> None:
        """Show what holds."""
        self._fill()
        if self._editor is not None:
            if not guests.has(self.session.project, self._editor.key):
                self._close()
            else:
                self._editor.sync()

    def _fill(self) -> None:
        project = self.session.project
        shown: Sequence[Guest] = project.guests
        if self._filter:
            words = self._filter.lower().split()
            shown = [
                g
                for g in shown
                if all(w in f"{g.key} {g.bundle} {guests.disk_of(g)}" for w in words)
            ]
        none = not project.guests
        if self.has_class("-empty") and not none:
            self.can_focus = False
            self.call_after_refresh(self._to_table)
        self.set_class(none, "-empty")
        self.table.set_rows(Rows(self.session.view, shown, glyphs(self)))
        self._tell()
        if none:
            self.query_one("#guest-empty", Static).update(empty())

    def _to_table(self) -> None:
        """Stand on the table that has come, unless its first guest is edited already."""
        if self._editor is None:
            self.table.focus()

    def _tell(self) -> None:
        key = self.standing
        project = self.session.project
        if not key:
            self.query_one("#guest-told", LineView).update(Content(""))
            return
        guest = project.guest(key)
        full = effective.effective(project, guest)
        where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
        reasons = route.needs_complete_cfg(project, full)
        own = f"A complete xl config is written: {' and '.join(reasons)}." if reasons else ""
        advice = route.advice(project, guest)
        room, more = max(20, self.size.width - 3), glyphs(self).more
        count = f", {self.table.cursor + 1} of {len(self.table.rows)}"
        first = lit(cut(key, room, more), "strong")
        first = first.append(lit(f"  {full.type}, {where}{count}", "muted"))
        said = f"{advice} b moves it." if advice else own
        lines = [
            clip(first, room, more),
            lit(cut(full.extra, room, more), "muted"),
            lit(cut(said, room, more), "warning" if advice else "muted"),
        ]
        self.query_one("#guest-told", LineView).update(Content("\n").join(lines))

    def place(self) -> str:
        """The field one is in, or the guest one stands on."""
        inner = super().place()
        if inner or self._editor is not None:
            return inner
        return f"guests.{self.standing}" if self.standing else ""

    @property
    def standing(self) -> str:
        """The guest under the cursor; nothing once it is gone, which rows show a moment later."""
        key = self.table.key
        return key if key and guests.has(self.session.project, key) else ""

    def guest(self) -> str:
        """The guest one stands on or edits."""
        return self._editor.key if self._editor is not None else self.standing

    def hint(self) -> str:
        """What helps here."""
        told = super().hint()
        if self._editor is not None and told == self.HINT:
            return "Each change holds at once; esc goes back to the table, ctrl+z takes back."
        if self._editor is not None:
            return told
        return self.HINT if self.session.project.guests else "a adds a guest."

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._tell()
        self.post_message(Look())

    # Editor

    @on(Table.Activated)
    async def _activated(self, event: Table.Activated) -> None:
        event.stop()
        await self._open(event.key)

    async def action_edit(self) -> None:
        """Edit the guest under the cursor."""
        if self.standing:
            await self._open(self.standing)

    async def _open(self, key: str, path: str = "") -> None:
        if self._editor is not None and self._editor.key != key:
            self._drop_editor()
        self.table.select(key)
        self.add_class("-editing")
        with wizard(self).holding_keys():
            if self._editor is None:
                self._editor = GuestEditor(self.session, key)
                await self.query_one("#guest-place").mount(self._editor)
            if not path or not self._editor.focus_path(path):
                self.screen.set_focus(self._editor.first())
        self.refresh_bindings()
        self.post_message(Look())

    def _drop_editor(self) -> None:
        if self._editor is not None:
            self._editor.remove()
            self._editor = None

    def _close(self) -> None:
        self._drop_editor()
        self.remove_class("-editing")
        self.refresh_bindings()
        self._kept_focus = None
        self.take_focus()

    def back(self) -> bool:
        """Leave the editor, or the filter; an untouched new guest goes again."""
        if self._editor is not None:
            added, self._added = self._added, None
            if added is not None and added == (self._editor.key, self.session.state):
                self.post_message(Drop())
                return True
            self._close()
            return True
        if self.has_class("-filtering"):
            self.remove_class("-filtering")
            self._filter = ""
            self.query_one("#guest-filter", Input).value = ""
            self._fill()
            self.take_focus()
            return True
        return False

    async def jump(self, path: str) -> bool:
        """Go to the field of a guest or of its bundle."""
        parts = path.split(".")
        keys = guests.keys(self.session.project)
        key = parts[1] if len(parts) > 1 else ""
        if parts[0] == "bundles":
            key = next((g.key for g in self.session.project.guests if g.bundle == key), "")
        elif parts[0] == "import_types":
            key = next(
                (g.key for g in self.session.project.guests if g.source and g.source.type == key),
                keys[0] if keys else "",
            )
        if key not in keys:
            return False
        await self._open(key, path)
        return True

    def renamed(self, path: field_paths.Path, name: str) -> None:
        """Follow a guest that has another name now."""
        if self._editor is not None and path[:2] == ("guests", self._editor.key):
            self._editor.renamed(name)

    # What can be done with the guest under the cursor

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer what a guest is needed for only where there is one."""
        if action in ("edit", "clone", "remove", "tag", "switch", "move", "filter"):
            if self._editor is not None and not self.table.has_focus:
                return False
            return bool(self.session.project.guests)
        if action == "add_from" and not self.session.target.offers(NEW):
            return False
        if action in ("add", "add_from"):
            return self._editor is None or self.table.has_focus
        return True

    def action_add(self) -> None:
        """Add a guest and edit it."""
        project, key = guests.added(self.session.project)
        self.post_message(Edit(project, f"add {key}", stand_on=key, opened=True))

    def action_add_from(self) -> None:
        """Add a guest that a recipe of the layers makes."""
        self.app.run_worker(self._add_from(), exclusive=True)

    async def _add_from(self) -> None:
        from xentui.screens.dialogs import Pick

        offers = self.session.target.offers(NEW)
        name = await self.app.push_screen_wait(Pick("Which image is the guest?", offers))
        if name:
            project, key = guests.added(self.session.project, name)
            self.post_message(Edit(project, f"add {key}", stand_on=key, opened=True))

    def action_clone(self) -> None:
        """Add a copy of the guest."""
        if self.standing:
            project, key = guests.cloned(self.session.project, self.standing)
            self.post_message(Edit(project, f"clone {self.standing}", stand_on=key))

    async def stand_on(self, key: str, *, opened: bool) -> None:
        """Stand on a guest; edit it if ``opened``."""
        self.table.select(key)
        if opened:
            self._added = (key, self.session.state)
            await self._open(key)

    def action_remove(self) -> None:
        """Remove the guest; undo brings it back."""
        key = self.standing
        if key:
            toast = f"Deleted {key}. u brings it back."
            self.post_message(
                Edit(guests.removed(self.session.project, key), f"delete {key}", toast=toast)
            )

    def action_tag(self, tag: str) -> None:
        """Give the guest a tag, or take it."""
        key = self.standing
        if key:
            self.post_message(
                Edit(guests.toggled(self.session.project, key, tag), f"{tag} of {key}")
            )

    def action_switch(self) -> None:
        """Move the guest between a bundle and the configuration."""
        key = self.standing
        if key:
            project, where = guests.switched(self.session.project, key)
            label = f"move {key} to {where}"
            self.post_message(Edit(project, label, toast=f"{key} goes into {where}."))

    def action_move(self, by: int) -> None:
        """Move the guest up or down."""
        key = self.standing
        if key:
            project = guests.moved(self.session.project, key, by)
            self.post_message(Edit(project, f"move {key}", merge=f"move {key}"))

    def action_filter(self) -> None:
        """Write what the rows must have in them."""
        self.add_class("-filtering")
        self.query_one("#guest-filter", Input).focus()

    @on(Input.Changed, "#guest-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._filter = event.value
        self._fill()

    @on(Input.Submitted, "#guest-filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.table.focus()
