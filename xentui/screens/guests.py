# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4 of the wizard: the table of guests, and the editor of one guest, which replaces it."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from xentui.errors import UsageError
from xentui.project import bundling, complete_cfg
from xentui.project.effective import EffectiveGuest
from xentui.project.model import Guest
from xentui.rules.finding import Finding
from xentui.screens.add_guest import add_guest
from xentui.screens.guest_editor import GuestEditor
from xentui.screens.step import CursorMoved, Step, edit
from xentui.session import Session, field_paths, guests, texts
from xentui.session.view import OtherGuest, View
from xentui.widgets.table import Column, Filter, Row, Table
from xentui.widgets.text import Glyphs, HangingText, Text, glyphs, lit, named_line, wizard

DISK_WIDTH = 10
"""Width of the column with the source of the disk."""
OTHER_PREFIX = "other "
"""Begins the row key of a guest that is not in the project. No guest's key has a space."""
SEVERITIES = ("error", "warning", "advice")


class GuestTable(Table):
    """The table of guests, where Enter edits one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "Edit", id="list.choose"),
    ]


class Guests(Step):
    """The table of guests with details of the highlighted one, or the editor of one guest."""

    NAME: ClassVar[str] = "guests"
    HINT: ClassVar[str] = (
        "Space sets autostart. shift+up and shift+down move a guest in the list. Guests start in "
        "the order of their names, or after the guest that 'after' names."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "add", "Add", id="guest.add"),
        Binding("e", "edit", "Edit", show=False, id="guest.edit"),
        Binding("c", "clone", "Clone", id="guest.clone"),
        Binding("d,delete", "remove", "Delete", id="guest.delete"),
        Binding("space", "tag('autostart')", "Autostart", id="guest.autostart"),
        Binding("b", "switch", "Bundle", id="guest.bundle"),
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
        Binding("x", "tag('external')", "External", show=False, id="guest.external"),
        Binding("shift+up,K", "move(-1)", "Move up", show=False, id="guest.up"),
        Binding("shift+down,J", "move(1)", "Move down", show=False, id="guest.down"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._editor: GuestEditor | None = None

    def compose(self) -> ComposeResult:
        """Create the table, the text for an empty list, and the container of the editor."""
        with Vertical(id="guest-list"):
            yield Filter("part of a name, a bundle", "#guest-table", id="guest-filter")
            yield GuestTable(
                Column("", 1),
                Column("Guest"),
                Column("Auto", 4),
                Column("MiB", 6, right=True),
                Column("vCPUs", 5, right=True),
                Column("Disk", DISK_WIDTH, above=60),
                Column("Goes into", 13, above=70),
                Column("Network", 16, above=84),
                id="guest-table",
            )
            yield Text(id="guest-empty")
            with VerticalScroll(id="guest-details", can_focus=False):
                yield HangingText(id="guest-facts")
        yield Vertical(id="guest-editor-place")

    def on_mount(self) -> None:
        """Fill the table."""
        self._fill()

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one("#guest-table", Table)

    def first_widget(self) -> Widget | None:
        """The editor's first field, or the table."""
        if self._editor is not None:
            return self._editor.first_editor()
        return self if self.has_class("-empty") else self.table

    def restore_focus(self) -> None:
        """Focus the remembered widget; without guests, the step itself."""
        if self.has_class("-empty"):
            self.screen.set_focus(None)
            self.can_focus = True
            self.focus()
            return
        super().restore_focus()

    def sync(self) -> None:
        """Show the current values."""
        self._fill()
        if self._editor is not None:
            if not guests.has_guest(self.session.project, self._editor.guest_key):
                self._close_editor()
            else:
                self._editor.sync()

    def _fill(self) -> None:
        own = [guest for guest in self.session.project.guests if self._matches(guest)]
        none = not self.session.project.guests and not self.session.view.other_guests
        if self.has_class("-empty") and not none:
            self.can_focus = False
            self.call_after_refresh(self._focus_table)
        lost_focus = none and self.table.has_focus
        self.set_class(none, "-empty")
        if lost_focus:
            self.restore_focus()
        if self._editor is None:
            view, signs = self.session.view, glyphs(self)
            rows = [guest_row(view, guest, signs) for guest in own]
            rows += self._other_rows(view)
            self.table.styles.max_height = max(4, len(rows) + 1)
            self.table.set_rows(rows)
            self._show_facts()
        if none:
            self.query_one("#guest-empty", Text).show(no_guests())

    def _matches(self, guest: Guest) -> bool:
        """Return whether a guest has every word of the filter."""
        text = f"{guest.key} {guest.bundle} {guests.disk_summary(guest)}"
        return self.query_one(Filter).matches(text)

    def _other_rows(self, view: View) -> list[Row]:
        """Return a heading and the guests on the target that are not in the project."""
        rows = [other_row(other) for other in view.other_guests if self._matches(other.guest.guest)]
        heading = Row(":others", ("  Also on the target, not in this project",), heading=True)
        return [heading, *rows] if rows else []

    def _focus_table(self) -> None:
        """Focus the table after its first guest was added, unless the guest is being edited."""
        if self._editor is None:
            self.table.focus()

    def _show_facts(self) -> None:
        """Show the details of the highlighted guest."""
        key = self.highlighted_guest
        facts: list[Content] = []
        if key:
            count = f"{self.table.cursor + 1} of {len(self.session.project.guests)}"
            facts = guest_facts(self.session.view, key, count, glyphs(self))
        elif (other := self._other_guest) is not None:
            facts = other_facts(self.session.view, other)
        self.query_one("#guest-facts", HangingText).show(facts)

    def current_path(self) -> str:
        """Return the path of the focused field, or of the highlighted guest."""
        path = super().current_path()
        if path or self._editor is not None:
            return path
        return f"guests.{self.highlighted_guest}" if self.highlighted_guest else ""

    def title(self) -> str:
        """Return the name of the edited guest, or the number of guests."""
        if self._editor is not None:
            return f"Guest {glyphs(self).dot} {self._editor.guest_key}"
        count = len(self.session.project.guests)
        more = len(self.session.view.other_guests)
        others = f" + {more} more on the target" if more else ""
        return f"Guests {glyphs(self).dot} {count}{others}"

    def current_finding(self) -> Finding | None:
        """Return ``None``: the table's rows are not problems. Their details list the problems."""
        return None

    @property
    def highlighted_guest(self) -> str:
        """The key of the highlighted guest if the project has it, or an empty text."""
        key = self.table.key
        return key if key and guests.has_guest(self.session.project, key) else ""

    @property
    def _other_guest(self) -> OtherGuest | None:
        """The highlighted guest if it is on the target, but not in the project."""
        key = self.table.key.removeprefix(OTHER_PREFIX)
        if self.table.key == key:
            return None
        others = self.session.view.other_guests
        return next((other for other in others if other.guest.key == key), None)

    def current_guest(self) -> str:
        """Return the key of the edited guest, or of the highlighted one."""
        return self._editor.guest_key if self._editor is not None else self.highlighted_guest

    def hint(self) -> str:
        """Return the help for the table, or for the focused field of the editor."""
        if self._editor is None:
            if not self.session.project.guests:
                return "Press a to add a guest."
            return (
                self.HINT
                if self.highlighted_guest
                else "Not in this project: it is only shown here."
            )
        text = super().hint()
        if text == self.HINT:
            key = wizard(self).key_for("edit.undo", "ctrl+z")
            return f"Changes apply immediately; {key} undoes them. Esc goes back to the list."
        line = self._editor.generated_line()
        if line and (self.screen.has_class("-narrow") or self.screen.has_class("-plain-preview")):
            # No preview next to the form shows the line.
            first, _, _ = text.partition("\n")
            text = f"{first}\n{line}"
        return text

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._show_facts()
        self.post_message(CursorMoved())

    # Editor

    @on(Table.Activated)
    async def _activated(self, event: Table.Activated) -> None:
        event.stop()
        other = self._other_guest
        if other is not None:
            self.show_toast(_where_to_change(other))
        else:
            await self._edit_guest(event.key)

    async def action_edit(self) -> None:
        """Edit the highlighted guest."""
        if self.highlighted_guest:
            await self._edit_guest(self.highlighted_guest)

    async def _edit_guest(self, key: str, path: str = "", note: Content | None = None) -> None:
        """Show the editor of a guest; focus the field with a path, or else the first."""
        if self._editor is not None and self._editor.guest_key != key:
            self._remove_editor()
        self.table.select(key)
        self.add_class("-editing")
        with wizard(self).holding_keys():
            if self._editor is None:
                self._editor = GuestEditor(self.session, key, note)
                await self.query_one("#guest-editor-place").mount(self._editor)
            if not path or not self._editor.focus_path(path):
                self.screen.set_focus(self._editor.first_editor())
        self.refresh_bindings()
        self.post_message(CursorMoved())

    def _remove_editor(self) -> None:
        if self._editor is not None:
            self._editor.remove()
            self._editor = None

    def _close_editor(self) -> None:
        key = self._editor.guest_key if self._editor is not None else ""
        self._remove_editor()
        self.remove_class("-editing")
        self._fill()
        self.table.select(key)
        self.refresh_bindings()
        self._last_focus = None
        self.restore_focus()

    def go_back(self) -> bool:
        """Leave the editor, or the filter."""
        if self._editor is not None:
            self._close_editor()
            return True
        if self.query_one(Filter).close():
            self._fill()
            return True
        return False

    async def focus_path(self, path: str) -> bool:
        """Edit the guest of a path, or one with its bundle or import type, and focus the field."""
        table, _, rest = path.partition(".")
        name = rest.partition(".")[0]
        keys = guests.keys(self.session.project)
        key = name
        if table == "bundles":
            key = next((g.key for g in self.session.project.guests if g.bundle == name), "")
        elif table == "import_types":
            key = next(
                (g.key for g in self.session.project.guests if g.source and g.source.type == name),
                keys[0] if keys else "",
            )
        if key not in keys:
            return False
        await self._edit_guest(key, path)
        return True

    def follow_rename(self, path: field_paths.Path, name: str) -> None:
        """Give the editor the new name of its guest."""
        if self._editor is not None and path[:2] == ("guests", self._editor.guest_key):
            self._editor.follow_rename(name)

    # Actions on the highlighted guest

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable actions only in the table, and actions on a guest only if one is highlighted."""
        if action in ("edit", "clone", "remove", "tag", "switch", "move"):
            return self._editor is None and bool(self.highlighted_guest)
        if action == "filter":
            return self._editor is None and not self.has_class("-empty")
        if action == "add":
            return self._editor is None
        return True

    def action_add(self) -> None:
        """Ask for the kind of a new guest, add it and edit it."""
        self.app.run_worker(add_guest(self, self.session), exclusive=True)

    def action_clone(self) -> None:
        """Add a copy of the guest."""
        if self.highlighted_guest:
            try:
                project, key = guests.cloned(self.session.project, self.highlighted_guest)
            except UsageError as error:
                self.show_toast(error.text, "error")
                return
            edit(self, self.session, project, f"clone {self.highlighted_guest}", guest=key)

    async def highlight_guest(
        self, guest: str, *, edit: bool = False, note: Content | None = None
    ) -> None:
        """Highlight a guest in the table, or edit it with a note above its fields."""
        self.table.select(guest)
        if edit:
            await self._edit_guest(guest, note=note)

    def action_remove(self) -> None:
        """Delete the guest; undo restores it."""
        if key := self.highlighted_guest:
            project = guests.removed(self.session.project, key)
            edit(self, self.session, project, f"delete {key}", toast=texts.deleted(key))

    def action_tag(self, tag: str) -> None:
        """Set or clear a tag of the guest."""
        if key := self.highlighted_guest:
            project = guests.with_tag_toggled(self.session.project, key, tag)
            edit(self, self.session, project, f"{tag} of {key}")

    def action_switch(self) -> None:
        """Move the guest between a bundle and the configuration."""
        if key := self.highlighted_guest:
            project, where = guests.with_bundle_toggled(self.session.project, key)
            label = f"move {key} to {where}"
            edit(self, self.session, project, label, toast=f"{key} goes into {where}.")

    def action_move(self, by: int) -> None:
        """Move the guest up or down."""
        if key := self.highlighted_guest:
            project = guests.moved(self.session.project, key, by)
            edit(self, self.session, project, f"move {key}", merge=f"move {key}")

    def action_filter(self) -> None:
        """Filter the table by typing."""
        self.query_one(Filter).open()

    @on(Input.Changed, "#guest-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()


def guest_row(view: View, guest: Guest, signs: Glyphs) -> Row:
    """Return the table's row of a guest."""
    severity = view.indexed_findings.severity(guest.key)
    style = SEVERITIES[severity] if severity is not None else "ok"
    sign = (signs.severity(style), "muted" if style == "advice" else style)
    goes_into = (guest.bundle or "conf", "" if guest.bundle else "muted")
    full = view.effective(guest)
    return Row(guest.key, (sign, *_cells(full), goes_into, _network(full)))


def other_row(other: OtherGuest) -> Row:
    """Return the table's row of a guest that is not in the project."""
    full = other.guest
    cells = ("", *_cells(full), full.guest.bundle or "your conf", _network(full))
    return Row(f"{OTHER_PREFIX}{full.key}", tuple((cell, "muted") for cell in cells))


def _cells(full: EffectiveGuest) -> tuple[str, ...]:
    """Return the table's cells with the name, autostart, MiB, vCPUs and disk of a guest."""
    disk = guests.disk_summary(full.guest)
    disk = disk if len(disk) <= DISK_WIDTH else "file"
    autostart = "yes" if full.guest.autostart else ""
    return (full.key, autostart, str(full.memory), str(full.vcpus), disk)


def _network(full: EffectiveGuest) -> str:
    return " ".join(full.vif) if full.vif else "none"


def _memory(view: View, full: EffectiveGuest) -> str:
    """Return a guest's memory, and its share of the board's if that is known."""
    total = view.budget.total
    share = f", {round(100 * full.memory / total)} % of {total} MiB" if total else ""
    return f"{full.memory} MiB{share}"


def other_facts(view: View, other: OtherGuest) -> list[Content]:
    """Return the details of a guest that is not in the project."""
    full = other.guest
    return [
        lit(full.key, "strong").append(lit(f"  {full.type}, by {other.bundled_by}", "muted")),
        named_line("Memory", _memory(view, full)),
        named_line("Disk", guests.disk_summary(full.guest)),
        named_line("Network", _network(full)),
        lit(_where_to_change(other), "muted"),
    ]


def _where_to_change(other: OtherGuest) -> str:
    """Return a sentence about where to change a guest that is not in the project."""
    return (
        f"{other.guest.key} comes from {other.bundled_by}. It is counted in the memory budget; "
        "change it there."
    )


def guest_facts(view: View, key: str, count: str, signs: Glyphs) -> list[Content]:
    """Return the details of a guest: its share of the memory, its problems, its xl config.

    Args:
        view: what is derived from the project.
        key: the guest.
        count: the guest's number and the number of guests, or an empty text.
        signs: the glyphs of the terminal.
    """
    project, guest = view.project, view.project.guest(key)
    full = view.effective(guest)
    where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
    kinds = ", ".join(filter(None, (full.type, where, count)))
    disk = guests.disk_summary(guest)
    if guest.source is not None:
        disk = f"{disk} of {guest.source.file}"
        if guest.source.type == "rootfs_dir":
            disk += f", {full.image_size} MiB"
    lines = [
        lit(key, "strong").append(lit(f"  {kinds}", "muted")),
        named_line("Memory", _memory(view, full)),
        named_line("Disk", disk),
        named_line("Network", _network(full)),
        named_line("Kernel", guests.kernel_summary(full)),
    ]
    for finding in view.indexed_findings.at(f"guests.{key}"):
        severity = finding.severity.value
        lines.append(lit(f"{signs.severity(severity)} {finding.message}", severity))
    if reasons := complete_cfg.why_complete_cfg(project, full):
        lines.append(lit(texts.complete_config_reason(reasons), "muted"))
    if advice := bundling.advice(project, guest):
        lines.append(lit(f"{signs.warning} {advice} b moves it.", "warning"))
    lines += [lit(""), lit(f"/etc/xen/{key}.cfg on the target", "muted")]
    lines += [
        lit(f"  {line}") for line in view.xl_config(guest).splitlines() if not line.startswith("#")
    ]
    return lines


def no_guests() -> Content:
    """Return the help for an empty list."""
    return Content("\n").join(
        [
            lit("No guests yet.", "strong"),
            lit(""),
            lit("a", "focused").append("  adds one, of a recipe, a file or a container image"),
            lit("ctrl+p", "focused").append("  guest NAME adds one by its name"),
            lit("alt+1", "focused").append("  presets that have guests"),
        ]
    )
