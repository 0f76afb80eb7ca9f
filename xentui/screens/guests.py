# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4: the guests, and one of them at a time in every detail."""

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
from xentui.project.model import Guest
from xentui.rules.finding import Finding
from xentui.screens.add_guest import add_guest
from xentui.screens.guest_editor import GuestEditor
from xentui.screens.step import CursorMoved, Step, edit
from xentui.session import Session, field_paths, guests, texts
from xentui.session.view import OtherGuest, View
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Glyphs, Hanging, Text, glyphs, lit, wizard

DISK = 10
"""Width of the column with the source of the disk."""
OTHER = "other "
"""Begins the key of a guest that is not the project's. No guest's key has a space."""
SEVERITIES = ("error", "warning", "advice")


class GuestTable(Table):
    """The guests."""

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
        self._filter = ""
        self._editor: GuestEditor | None = None

    def compose(self) -> ComposeResult:
        """Make the table, the text for an empty list, and the container of the editor."""
        with Vertical(id="guest-list"):
            yield Input(placeholder="part of a name, a bundle", compact=True, id="guest-filter")
            yield GuestTable(
                Column("", 1),
                Column("Guest"),
                Column("Auto", 4),
                Column("MiB", 6, right=True),
                Column("vCPUs", 5, right=True),
                Column("Disk", DISK, above=60),
                Column("Goes into", 13, above=70),
                Column("Network", 16, above=84),
                id="guest-table",
            )
            yield Text(id="guest-empty")
            with VerticalScroll(id="guest-details", can_focus=False):
                yield Hanging(id="guest-facts")
        yield Vertical(id="guest-place")

    def on_mount(self) -> None:
        """Fill the table."""
        self._fill()

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
        """Focus the remembered widget; without guests, the step itself."""
        if self.has_class("-empty"):
            self.screen.set_focus(None)
            self.can_focus = True
            self.focus()
            return
        super().take_focus()

    def sync(self) -> None:
        """Show the current values."""
        self._fill()
        if self._editor is not None:
            if not guests.has_guest(self.session.project, self._editor.key):
                self._close()
            else:
                self._editor.sync()

    def _fill(self) -> None:
        own = [guest for guest in self.session.project.guests if self._matches(guest)]
        none = not self.session.project.guests and not self.session.view.other_guests
        if self.has_class("-empty") and not none:
            self.can_focus = False
            self.call_after_refresh(self._to_table)
        lost_focus = none and self.table.has_focus
        self.set_class(none, "-empty")
        if lost_focus:
            self.take_focus()
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
        text = f"{guest.key} {guest.bundle} {guests.disk_summary(guest)}".lower()
        return all(word in text for word in self._filter.lower().split())

    def _other_rows(self, view: View) -> list[Row]:
        """Return the guests on the target that the project does not have, below a heading."""
        rows = [other_row(one) for one in view.other_guests if self._matches(one.guest.guest)]
        text = "  Also on the target, not in this project" if rows else ""
        return [Row(":others", (text,), heading=True), *rows] if rows else []

    def _to_table(self) -> None:
        """Focus the table after its first guest was added, unless the guest is being edited."""
        if self._editor is None:
            self.table.focus()

    def _show_facts(self) -> None:
        """Show the details of the highlighted guest."""
        key = self.standing
        facts: list[Content] = []
        if key:
            count = f"{self.table.cursor + 1} of {len(self.session.project.guests)}"
            facts = guest_facts(self.session.view, key, count, glyphs(self))
        elif (other := self._other) is not None:
            facts = other_facts(self.session.view, other)
        self.query_one("#guest-facts", Hanging).show(facts)

    def place(self) -> str:
        """The focused field, or the guest under the cursor."""
        inner = super().place()
        if inner or self._editor is not None:
            return inner
        return f"guests.{self.standing}" if self.standing else ""

    def title(self) -> str:
        """The guest that is edited, or the number of guests."""
        if self._editor is not None:
            return f"Guest {glyphs(self).dot} {self._editor.key}"
        count = len(self.session.project.guests)
        more = len(self.session.view.other_guests)
        others = f" + {more} more on the target" if more else ""
        return f"Guests {glyphs(self).dot} {count}{others}"

    def finding_in_sight(self) -> Finding | None:
        """Return nothing: problems are shown for the focused field only."""
        return None

    @property
    def standing(self) -> str:
        """The guest under the cursor, if it is still there."""
        key = self.table.key
        return key if key and guests.has_guest(self.session.project, key) else ""

    @property
    def _other(self) -> OtherGuest | None:
        """The guest under the cursor if it is not the project's."""
        key = self.table.key.removeprefix(OTHER)
        if self.table.key == key:
            return None
        return next((one for one in self.session.view.other_guests if one.guest.key == key), None)

    def guest(self) -> str:
        """The guest that is edited, or the one under the cursor."""
        return self._editor.key if self._editor is not None else self.standing

    def hint(self) -> str:
        """The help for the list, or for the focused field of the editor."""
        if self._editor is None:
            if not self.session.project.guests:
                return "Press a to add a guest."
            return self.HINT if self.standing else "Not in this project: it is only shown here."
        text = super().hint()
        if text == self.HINT:
            return "Changes apply immediately; ctrl+z undoes them. Esc goes back to the list."
        line = self._editor.written_line()
        if line and (self.screen.has_class("-narrow") or self.screen.has_class("-plain-preview")):
            # The line is not visible in a preview next to the form.
            text = f"{text.partition(chr(10))[0]}\n{line}"
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
        other = self._other
        if other is not None:
            self.say(_comes_from(other))
        else:
            await self._open(event.key)

    async def action_edit(self) -> None:
        """Edit the guest under the cursor."""
        if self.standing:
            await self._open(self.standing)

    async def _open(self, key: str, path: str = "", note: Content | None = None) -> None:
        if self._editor is not None and self._editor.key != key:
            self._drop_editor()
        self.table.select(key)
        self.add_class("-editing")
        with wizard(self).holding_keys():
            if self._editor is None:
                self._editor = GuestEditor(self.session, key, note)
                await self.query_one("#guest-place").mount(self._editor)
            if not path or not self._editor.focus_path(path):
                self.screen.set_focus(self._editor.first())
        self.refresh_bindings()
        self.post_message(CursorMoved())

    def _drop_editor(self) -> None:
        if self._editor is not None:
            self._editor.remove()
            self._editor = None

    def _close(self) -> None:
        key = self._editor.key if self._editor is not None else ""
        self._drop_editor()
        self.remove_class("-editing")
        self._fill()
        self.table.select(key)
        self.refresh_bindings()
        self._kept_focus = None
        self.take_focus()

    def back(self) -> bool:
        """Leave the editor, or the filter."""
        if self._editor is not None:
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
        """Focus the field of a guest or of its bundle."""
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
        """Update the editor after a rename."""
        if self._editor is not None and path[:2] == ("guests", self._editor.key):
            self._editor.renamed(name)

    # Actions on the highlighted guest

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable actions on a guest only if there is one."""
        if action in ("edit", "clone", "remove", "tag", "switch", "move"):
            return self._editor is None and bool(self.standing)
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
        if self.standing:
            try:
                project, key = guests.cloned(self.session.project, self.standing)
            except UsageError as error:
                self.say(error.text, "error")
                return
            edit(self, self.session, project, f"clone {self.standing}", guest=key)

    async def stand_on(self, guest: str, *, opened: bool, note: Content | None = None) -> None:
        """Put the cursor on a guest; edit it if ``opened``, with a note at the top."""
        self.table.select(guest)
        if opened:
            await self._open(guest, note=note)

    def action_remove(self) -> None:
        """Delete the guest; undo restores it."""
        key = self.standing
        if key:
            toast = texts.deleted(key)
            edit(
                self,
                self.session,
                guests.removed(self.session.project, key),
                f"delete {key}",
                toast=toast,
            )

    def action_tag(self, tag: str) -> None:
        """Set or clear a tag of the guest."""
        key = self.standing
        if key:
            edit(
                self,
                self.session,
                guests.with_tag_toggled(self.session.project, key, tag),
                f"{tag} of {key}",
            )

    def action_switch(self) -> None:
        """Move the guest between a bundle and the configuration."""
        key = self.standing
        if key:
            project, where = guests.with_bundle_toggled(self.session.project, key)
            label = f"move {key} to {where}"
            edit(self, self.session, project, label, toast=f"{key} goes into {where}.")

    def action_move(self, by: int) -> None:
        """Move the guest up or down."""
        key = self.standing
        if key:
            project = guests.moved(self.session.project, key, by)
            edit(self, self.session, project, f"move {key}", merge=f"move {key}")

    def action_filter(self) -> None:
        """Filter the list by typing."""
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


def guest_row(view: View, guest: Guest, signs: Glyphs) -> Row:
    """Return a guest as a row of the table."""
    full = view.effective(guest)
    severity = view.indexed_findings.severity(guest.key)
    style = SEVERITIES[severity] if severity is not None else "ok"
    vif = " ".join(full.vif) if full.vif else "none"
    disk = guests.disk_summary(guest)
    return Row(
        guest.key,
        (
            (signs.severity(style), "muted" if style == "advice" else style),
            guest.key,
            "yes" if guest.autostart else "",
            str(full.memory),
            str(full.vcpus),
            disk if len(disk) <= DISK else "file",
            (guest.bundle or "conf", "" if guest.bundle else "muted"),
            vif,
        ),
    )


def other_row(other: OtherGuest) -> Row:
    """Return a guest that the project does not have as a row of the table."""
    full = other.guest
    guest = full.guest
    disk = guests.disk_summary(guest)
    cells = (
        "",
        full.key,
        "yes" if guest.autostart else "",
        str(full.memory),
        str(full.vcpus),
        disk if len(disk) <= DISK else "file",
        guest.bundle or "your conf",
        " ".join(full.vif) if full.vif else "none",
    )
    return Row(f"{OTHER}{full.key}", tuple((cell, "muted") for cell in cells))


def other_facts(view: View, other: OtherGuest) -> list[Content]:
    """Return the details of a guest that the project does not have."""
    full = other.guest
    total = view.budget.total
    share = f", {round(100 * full.memory / total)} % of {total} MiB" if total else ""
    return [
        lit(full.key, "strong").append(lit(f"  {full.type}, by {other.bundled_by}", "muted")),
        _fact("Memory", f"{full.memory} MiB{share}"),
        _fact("Disk", guests.disk_summary(full.guest)),
        _fact("Network", " ".join(full.vif) if full.vif else "none"),
        lit(_comes_from(other), "muted"),
    ]


def _comes_from(other: OtherGuest) -> str:
    """Return where to change a guest that the project does not have."""
    return (
        f"{other.guest.key} comes from {other.bundled_by}. It is counted in the memory budget; "
        "change it there."
    )


def guest_facts(view: View, key: str, count: str, signs: Glyphs) -> list[Content]:
    """Return the details of a guest: its share of the board, its problems, its xl config."""
    project, guest = view.project, view.project.guest(key)
    full = view.effective(guest)
    where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
    total = view.budget.total
    share = f", {round(100 * full.memory / total)} % of {total} MiB" if total else ""
    disk = guests.disk_summary(guest)
    if guest.source is not None:
        disk = f"{disk} of {guest.source.file}"
        if guest.source.type == "rootfs_dir":
            disk += f", {full.image_size} MiB"
    lines = [
        lit(key, "strong").append(lit(f"  {full.type}, {where}, {count}", "muted")),
        _fact("Memory", f"{full.memory} MiB{share}"),
        _fact("Disk", disk),
        _fact("Network", " ".join(full.vif) if full.vif else "none"),
        _fact("Kernel", guests.kernel_summary(full)),
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


def _fact(name: str, text: str) -> Content:
    return lit(f"{name:<9}", "muted").append(lit(text))


def no_guests() -> Content:
    """Return the help for an empty list."""
    return Content("\n").join(
        [
            lit("No guests yet.", "strong"),
            lit(""),
            lit("a", "here").append("  adds one, of a recipe, a file or a container image"),
            lit("ctrl+p", "here").append("  guest NAME adds one by its name"),
            lit("alt+1", "here").append("  presets that have guests"),
        ]
    )
