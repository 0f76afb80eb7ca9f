# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The form that edits one guest: the fields from the schema, and controls for network and kernel.

Each change applies immediately and can be undone; there is no Save button.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button

from xentui.project import bundling, effective
from xentui.screens.dialogs import Ask
from xentui.screens.entry_rows import EntryRows
from xentui.screens.files import import_file
from xentui.screens.step import Edited, Form, Step, edit, section
from xentui.session import Session, field_paths, forms, guest_network, guests, texts
from xentui.session.entry_lists import (
    INTERFACES,
    NEW_INTERFACE,
    SETTINGS,
    SHARES,
    EntryList,
    new_share,
    setting_problem,
)
from xentui.widgets.field import ChoiceRow, FieldRow
from xentui.widgets.options import Options
from xentui.widgets.parts import FormButton, Part, PartsRow
from xentui.widgets.text import Text, glyphs, lit, wizard
from xentui.xl.ip_argument import StaticAddress, static_address

NO_IMPORT = "none"
IMPORT_TITLES = {
    "rootfs_dir": "root directory or tarball",
    "qcow2": "qcow2 image",
    "ext4": "ext4 image",
    "raw": "raw image",
}
INTERFACE = (
    Part("bridge", "", "bridge", 10),
    Part("mac", "", "MAC (automatic)", 18),
    Part("model", "", "model", 8),
    Part("ip", "", "address"),
)
SHARE = (
    Part("tag", "", "tag", 10),
    Part("path", "", "folder in Dom0"),
    Part("security_model", "", "security", 9),
)
SETTING = (Part("value", "", "value"),)
ADDRESS = (
    Part("address", "", "none (DHCP)"),
    Part("gateway", "gateway", "", below=True),
    Part("device", "device", "eth0", 7),
)
TABLES = ("table", "tables", "named", "map")
"""Kinds of fields that do not fit on one line."""


class GuestEditor(Vertical):
    """The fields of one guest. Rarely needed ones are folded away.

    Args:
        session: the session being edited.
        key: the guest.
        note: a remark shown under the title, such as what was found in its file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+l", "look", "Examine the file", id="source.look"),
    ]

    def __init__(self, session: Session, key: str, note: Content | None = None) -> None:
        super().__init__()
        self.session = session
        self.key = key
        self._note = note
        self._parts: object = None
        self._unfolded = False
        self._known_rows: list[FieldRow] = []
        self._focus_next = ""
        # They come back when the user chooses "own" again.
        self._own_vif: tuple[str, ...] = ()
        self._own_kernel: str | None = None
        self._before_address = guest_network.original_extra(session, key)

    @property
    def base(self) -> field_paths.Path:
        """The path of the guest."""
        return ("guests", self.key)

    def compose(self) -> ComposeResult:
        """Make the fields."""
        yield Text(id="editor-head")
        with Form(id="editor-form"):
            yield from self._main()
            yield section("Disk")
            yield self._import_choice()
            yield Vertical(*self._import(), classes="group", id="editor-import")
            yield Vertical(*self._bundle(), classes="group", id="editor-bundle")
            yield FormButton(self._fold_label(), id="editor-fold")
            folded = "group" if self._unfolded else "group folded"
            yield Vertical(*self._advanced(), classes=folded, id="editor-advanced")

    def on_mount(self) -> None:
        """Show the values."""
        self._parts = self._wanted_parts()
        self.sync()

    # The fields

    def _group_rows(self, group: forms.Group) -> Iterator[Widget]:
        for path in group.paths:
            if field_paths.field_of(path).kind not in TABLES:
                yield FieldRow(path, self.session)

    def _main(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.key, "main"):
            for path in group.paths:
                if field_paths.field_of(path).kind in TABLES:
                    continue
                if path[-1] == "vif":
                    yield self._network_choice()
                    yield EntryRows(
                        self.session,
                        self.key,
                        INTERFACES,
                        INTERFACE,
                        add="Add an interface",
                        always=False,
                    )
                    yield PartsRow(
                        "Static address",
                        ADDRESS,
                        "The guest's own address, such as 192.168.7.50/24, its gateway and its "
                        "interface: written as ip= on the kernel command line. Left "
                        "empty, the guest asks DHCP if its command line has ip=dhcp.",
                        id="static-address",
                        classes="command-line",
                    )
                    continue
                row = FieldRow(path, self.session)
                if path[-1] == "kernel":
                    yield self._kernel_choice()
                    row.add_class("kernel-file")
                elif path[-1] == "extra":
                    row.add_class("command-line")
                yield row

    def _network_choice(self) -> ChoiceRow:
        return ChoiceRow(
            "Network",
            "default: as in the guest defaults on Features, or else one interface on bridge "
            "xenbr0. none: no network. own: the interfaces listed below.",
            Options(
                (("default", "default"), ("none", "none"), ("own", "own interfaces")),
                chosen=(self._network_mode(),),
                id="network-mode",
            ),
        )

    def _network_mode(self) -> str:
        vif = self.session.project.guest(self.key).vif
        return "default" if vif is None else "own" if vif else "none"

    def _kernel_choice(self) -> ChoiceRow:
        return ChoiceRow(
            "Which kernel",
            "What the guest boots: the host's kernel, another kernel file, or none, for an HVM "
            "guest that boots from its disk.",
            Options(
                (("host", "the host's"), ("own", "own file"), ("none", "none (HVM)")),
                chosen=(self._kernel_mode(),),
                id="kernel-mode",
            ),
        )

    def _kernel_mode(self) -> str:
        kernel = self.session.project.guest(self.key).kernel
        return "host" if kernel is None else "none" if kernel == "none" else "own"

    def _import_choice(self) -> ChoiceRow:
        return ChoiceRow(
            "Import",
            "Where the disk comes from. Made by a recipe: BitBake builds the image recipe with the "
            "guest's name. A root directory or tarball becomes an ext4 image. Images are used as "
            "they are (ext4, raw) or converted.",
            Options(self._imports(), chosen=(self._import_type(),), id="import-type"),
        )

    def _imports(self) -> list[tuple[str, str]]:
        names = forms.import_types(self.session.project)
        titled = [(name, IMPORT_TITLES.get(name, name)) for name in names]
        return [(NO_IMPORT, "made by a recipe"), *titled]

    def _import_type(self) -> str:
        source = self.session.project.guest(self.key).source
        return source.type if source is not None else NO_IMPORT

    def _import(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.key, "import"):
            if group.title:
                yield section(group.title)
            yield from self._group_rows(group)
            if group.entry >= 0:
                label = f"Remove file {group.entry + 1}"
                yield FormButton(label, id=f"fetch-remove-{group.entry}")
        if self.session.project.guest(self.key).source is not None:
            yield FormButton(texts.ADD_FETCHED, id="fetch-add")

    def _bundle(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.key, "bundle"):
            yield section(group.title)
            yield from self._group_rows(group)

    def _advanced(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.key, "more"):
            for path in group.paths:
                if path[-1] == SHARES.field:
                    yield self._entry_rows(SHARES, SHARE, "Add a shared folder")
                elif path[-1] == SETTINGS.field:
                    yield section("Other settings of xl")
                    yield self._entry_rows(SETTINGS, SETTING, "Add a setting of xl")
                else:
                    yield FieldRow(path, self.session)
        yield section("Additional disks")
        yield Vertical(*self._disks(), classes="group", id="editor-disks")
        yield FieldRow((*self.base, "vif"), self.session)

    def _entry_rows(self, entries: EntryList, parts: Sequence[Part], add: str) -> EntryRows:
        return EntryRows(self.session, self.key, entries, parts, add=add, always=True)

    def _disks(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.key, "disks"):
            yield section(group.title)
            yield from self._group_rows(group)
            if group.title.startswith("Disk"):
                label = f"Remove disk {group.entry + 1}"
                yield FormButton(label, id=f"disk-remove-{group.entry}")
        yield FormButton(texts.ADD_DISK, id="disk-add")

    def _fold_label(self) -> str:
        if self._unfolded:
            return "Fewer fields"
        return "More fields: ramdisk, disks, devices"

    # Following the session

    def _wanted_parts(self) -> tuple[object, ...]:
        """Return the values on which the set of fields depends; a change rebuilds the fields."""
        project = self.session.project
        guest = project.guest(self.key)
        source = guest.source
        kinds = tuple(kind.key for kind in project.import_types)
        return (
            (source.type, len(source.fetch)) if source is not None else None,
            guest.bundle,
            (len(guest.disks), len(guest.fetch)),
            kinds,
        )

    def sync(self) -> None:
        """Show the current values, and rebuild the groups whose fields have changed."""
        if not (self.is_attached and self.query("#editor-advanced")):
            # Not composed yet; the fields show their values when they are mounted.
            return
        parts = self._wanted_parts()
        if parts != self._parts:
            self._parts = parts
            self.call_later(self._rebuild)
        for row in self._rows():
            row.sync()
        for name, chosen in (
            ("network-mode", self._network_mode()),
            ("kernel-mode", self._kernel_mode()),
        ):
            options = self.query_one(f"#{name}", Options)
            options.show(options.choices, (chosen,))
        self.query_one("#import-type", Options).show(self._imports(), (self._import_type(),))
        for entries in self.query(EntryRows):
            entries.sync()
        self._show_address()
        self._show_needed_rows()
        self._show_head()

    def _show_needed_rows(self) -> None:
        """Hide rows that have no effect, but never the one that is being typed into."""
        has_command_line = guest_network.has_command_line(self.session.project, self.key)
        for hidden, rows in (
            (self._kernel_mode() != "own", "kernel-file"),
            (not has_command_line, "command-line"),
        ):
            has_focus = any(row.has_focus_within for row in self.query(f".{rows}"))
            self.set_class(hidden and not has_focus, f"-no-{rows}")

    def on_descendant_blur(self) -> None:
        """Hide a row that was only shown because it had the focus."""
        self.call_later(self._hide_left_row)

    def _hide_left_row(self) -> None:
        if self.is_attached and guests.has_guest(self.session.project, self.key):
            self._show_needed_rows()

    def _show_address(self) -> None:
        """Show the static address, or the invalid text that was typed."""
        extra = guest_network.command_line(self.session, self.key)
        address, problem = guest_network.invalid_address(self.session, self.key)
        if not problem:
            address = static_address(extra)
            if not address.address:
                self._before_address = self.session.project.guest(self.key).extra
        row = self.query_one("#static-address", PartsRow)
        row.complain("")
        row.show(address._asdict())
        row.complain(problem)
        row.offer("address", "none (DHCP)" if "ip=dhcp" in extra.split() else "none")

    def _rows(self) -> list[FieldRow]:
        """Return the fields that are visible."""
        if not self._known_rows:
            self._known_rows = list(self.query(FieldRow))
        return [row for row in self._known_rows if row.region or row.has_focus_within]

    async def _rebuild(self) -> None:
        """Rebuild the groups whose fields have changed; the focus stays where it is."""
        if not self.is_attached or not guests.has_guest(self.session.project, self.key):
            return
        focused = self.screen.focused
        kept = None
        if focused is not None and self in focused.ancestors:
            row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None)
            kept = row.key if row is not None else focused.id
        with wizard(self).holding_keys():
            for name, made in (
                ("import", self._import),
                ("bundle", self._bundle),
                ("disks", self._disks),
            ):
                group = self.query_one(f"#editor-{name}")
                await group.remove_children()
                await group.mount(*made())
            self._known_rows = []
            lost = focused is not None and not focused.is_attached
            if self._focus_next and self.focus_path(self._focus_next):
                self._focus_next = ""
                self.query_one(Form).keep_in_sight(top=True)
            elif lost or self.screen.focused is None:
                # Textual has moved the focus to whatever came next.
                self._refocus(kept)
        self.sync()

    def _refocus(self, kept: str | None) -> None:
        """Focus the field with this path, or the widget with this id."""
        if kept is not None and "." in kept and self.focus_path(kept):
            return
        wanted = [kept] if kept is not None and "." not in kept else []
        if kept is not None and "-remove-" in kept:
            # The last entry was removed: the one before, or the button that adds one.
            name, _, place = kept.partition("-remove-")
            wanted += [f"{name}-remove-{int(place) - 1}", f"{name}-add"]
        found = (widget for name in wanted for widget in self.query(f"#{name}"))
        target = next(found, None) or self.first()
        if target is not None:
            target.focus()

    def _show_head(self) -> None:
        project = self.session.project
        guest = project.guest(self.key)
        advice = bundling.advice(project, guest)
        where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
        head = lit(f"Guest {self.key}", "strong").append(lit(f"  {where}", "muted"))
        if advice:
            head = head.append(lit(f"\n{glyphs(self).warning} {advice}", "warning"))
        if self._note is not None:
            head = head.append("\n").append(self._note)
        self.query_one("#editor-head", Text).show(head)

    def written_line(self) -> str:
        """Return the BitBake line that the focused field produces, a remark, or an empty text."""
        focused = self.screen.focused
        if focused is None:
            return ""
        row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None)
        if row is None or "[{guest}]" not in row.field.bitbake:
            return ""
        name = row.field.bitbake.replace("{guest}", self.key)
        line = self.session.view.assignment_line(self.session.project.guest(self.key), name)
        return line or "Left at its default, so not written."

    def renamed(self, name: str) -> None:
        """Use the guest's new name from now on."""
        old, self.key = self.key, name
        for entries in self.query(EntryRows):
            entries.key = name
        for row in self.query(FieldRow):
            if row.path[:2] == ("guests", old):
                row.path = ("guests", name, *row.path[2:])

    # The file

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable "Examine the file" on fields that name a file."""
        if action != "look":
            return True
        focused = self.screen.focused
        if focused is None or focused.id == "import-type":
            return focused is not None
        row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None)
        return row is not None and row.path[2:3] == ("source",) and row.path[-1] in ("file", "uri")

    def action_look(self) -> None:
        """Examine the image file of the guest."""
        step = self.query_ancestor(Step)
        self.app.run_worker(import_file(step, self.session, self.key), exclusive=True)

    # Focus

    def first(self) -> Widget | None:
        """Return the editor of the first field."""
        return next((row.editor for row in self.query(FieldRow)), None)

    def focus_path(self, path: str) -> bool:
        """Focus the field with this path, or its closest ancestor."""
        if path.removeprefix(f"guests.{self.key}.").startswith("vif"):
            target = next(iter(self.query("#interface-rows Input")), None)
            self.screen.set_focus(target or self.query_one("#network-mode"))
            return True
        if path == field_paths.text_of_path(guest_network.address_field(self.key)):
            _, problem = guest_network.invalid_address(self.session, self.key)
            if problem:
                self.screen.set_focus(self.query("#static-address Input").first())
                return True
        best: FieldRow | None = None
        for row in self.query(FieldRow):
            if row.key == path:
                best = row
                break
            if path.startswith((f"{row.key}[", f"{row.key}.")) and len(row.path) > 2:
                best = best if best is not None and len(best.key) > len(row.key) else row
        if best is None:
            return False
        if best.field.advanced:
            self._unfold(True)
        self.screen.set_focus(best.editor)
        return True

    # Buttons and choices

    def _unfold(self, unfolded: bool) -> None:
        self._unfolded = unfolded
        self.query_one("#editor-advanced").set_class(not unfolded, "folded")
        self.query_one("#editor-fold", FormButton).rename(self._fold_label())

    def _go_to_unfolded(self) -> None:
        """Focus the first of the fields that were unfolded, which may be out of sight."""
        rows = self.query("#editor-advanced FieldRow").results(FieldRow)
        self.screen.set_focus(next(rows).editor)
        self.query_one(Form).keep_in_sight(top=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.id or ""
        project = self.session.project
        if name == "editor-fold":
            self._unfold(not self._unfolded)
            if self._unfolded:
                self.call_after_refresh(self._go_to_unfolded)
        elif name == "disk-add":
            place = len(project.guest(self.key).disks)
            self._focus_next = field_paths.text_of_path((*self.base, "disks", place, "device"))
            project = guests.with_disk(project, self.key)
            edit(self, self.session, project, f"add a disk to {self.key}")
        elif name.startswith("disk-remove-"):
            place = int(name.removeprefix("disk-remove-"))
            project = guests.without_disk(project, self.key, place)
            entry = (*self.base, "disks", place)
            edit(self, self.session, project, texts.remove_disk_label(self.key), removed=entry)
        elif project.guest(self.key).source is None:
            return
        elif name == "fetch-add":
            project = guests.with_fetch(project, self.key)
            edit(self, self.session, project, f"add a fetched file to {self.key}")
        elif name.startswith("fetch-remove-"):
            place = int(name.removeprefix("fetch-remove-"))
            project = guests.without_fetch(project, self.key, place)
            entry = (*self.base, "source", "fetch", place)
            edit(self, self.session, project, texts.remove_fetched_label(self.key), removed=entry)

    def _put(self, name: str, value: object, label: str, merge: str = "") -> None:
        project = field_paths.with_value(self.session.project, (*self.base, name), value)
        edit(self, self.session, project, label, merge=merge)

    @on(Options.Chosen, "#network-mode")
    def _network_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        given = event.chosen[0] if event.chosen else "default"
        full = effective.effective(self.session.project, self.session.project.guest(self.key))
        self._own_vif = full.guest.vif or self._own_vif
        own = self._own_vif or full.vif or ("bridge=xenbr0",)
        vif = {"default": None, "none": ()}.get(given, own)
        self._put("vif", vif, f"Network of {self.key}", f"network {self.key}")

    @on(EntryRows.AddAsked)
    def _add_entry(self, event: EntryRows.AddAsked) -> None:
        event.stop()
        guest, rows = self.session.project.guest(self.key), event.rows
        if rows.entries is INTERFACES:
            vif = (*(guest.vif or ()), NEW_INTERFACE)
            self._put("vif", vif, f"add an interface to {self.key}")
        elif rows.entries is SHARES:
            shares = (*guest.p9, new_share(guest))
            self._put("p9", shares, f"add a shared folder to {self.key}")
        else:
            self.app.run_worker(self._add_setting(rows), exclusive=True)

    async def _add_setting(self, rows: EntryRows) -> None:
        """Ask which setting of xl to add, and add it with an empty value."""
        name = await wizard(self).ask(Ask("Which setting of xl.cfg(5)?", ""))
        if not name or not rows.is_attached:
            return
        guest = self.session.project.guest(self.key)
        problem = setting_problem(guest, name.strip())
        if problem:
            self.query_ancestor(Step).say(problem, "error")
        else:
            settings = {**dict(guest.xl), name.strip(): ""}
            self._put("xl", settings, f"set {name.strip()} of {self.key}")

    @on(PartsRow.Changed, "#static-address")
    def _address_changed(self, event: PartsRow.Changed) -> None:
        event.stop()
        wanted = StaticAddress(*(event.row.value(part.name) for part in ADDRESS))
        if event.name == "address" and not wanted.address.strip():
            # The gateway and the device go with the address.
            wanted = StaticAddress()
        guest_network.type_address(self.session, self.key, wanted, self._before_address)
        self.post_message(Edited())

    @on(Options.Chosen, "#kernel-mode")
    def _kernel_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        given = event.chosen[0] if event.chosen else "host"
        if given == self._kernel_mode():
            # The file that was typed stays.
            return
        if self._kernel_mode() == "own":
            self._own_kernel = self.session.project.guest(self.key).kernel
        own = self._own_kernel or f"{self.key}-kernel"
        kernel = {"host": None, "none": "none"}.get(given, own)
        self._put("kernel", kernel, f"Kernel of {self.key}", f"kernel {self.key}")

    @on(Options.Chosen, "#import-type")
    def _import_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        kind = event.chosen[0] if event.chosen and event.chosen[0] != NO_IMPORT else None
        project = field_paths.with_import(self.session.project, self.key, kind)
        edit(self, self.session, project, f"Import of {self.key}", merge=f"import {self.key}")
