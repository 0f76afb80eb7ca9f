# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The form that edits one guest: the fields from ``schema.json``, and choices that set several.

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
from xentui.project.model import Project
from xentui.screens.dialogs import AskText
from xentui.screens.entry_rows import EntryRows
from xentui.screens.files import import_file
from xentui.screens.step import Edited, Form, Step, edit, section_heading
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
from xentui.widgets.field import ChoiceRow, FieldRow, jump_to
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
INTERFACE_PARTS = (
    Part("bridge", "", "bridge", 10),
    Part("mac", "", "MAC (automatic)", 18),
    Part("model", "", "model", 8),
    Part("ip", "", "address"),
)
SHARE_PARTS = (
    Part("tag", "", "tag", 10),
    Part("path", "", "folder in Dom0"),
    Part("security_model", "", "security", 9),
)
SETTING_PARTS = (Part("value", "", "value"),)
ADDRESS_PARTS = (
    Part("address", "", "none (DHCP)"),
    Part("gateway", "gateway", "", below=True),
    Part("device", "device", "eth0", 7),
)
TABLE_KINDS = ("table", "tables", "named", "map")
"""The kinds of fields that do not fit on one line."""


class GuestEditor(Vertical):
    """The fields of one guest. Rarely needed ones are hidden until a button shows them.

    Args:
        session: the session being edited.
        guest_key: the guest.
        note: a remark shown under the title, such as what was found in the guest's file.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+l", "examine_file", "Examine the file", id="source.look"),
    ]

    def __init__(self, session: Session, guest_key: str, note: Content | None = None) -> None:
        super().__init__()
        self.session = session
        self.guest_key = guest_key
        self._note = note
        self._shown_structure: object = None
        self._shows_all_fields = False
        self._all_rows: list[FieldRow] = []
        self._path_to_focus = ""
        # What was typed comes back when the user chooses "own" again.
        self._own_vif: tuple[str, ...] = ()
        self._own_kernel: str | None = None
        self._before_address = guest_network.original_extra(session, guest_key)

    @property
    def guest_path(self) -> field_paths.Path:
        """The path of the guest in the project."""
        return ("guests", self.guest_key)

    def compose(self) -> ComposeResult:
        """Create the fields, in groups that are rebuilt when the guest gets other fields."""
        yield Text(id="editor-head")
        with Form(id="editor-form"):
            yield from self._main_fields()
            yield section_heading("Disk")
            yield self._import_choice()
            yield Vertical(*self._import_fields(), classes="group", id="editor-import")
            yield Vertical(*self._bundle_fields(), classes="group", id="editor-bundle")
            yield FormButton(self._more_label(), id="editor-more")
            classes = "group" if self._shows_all_fields else "group folded"
            yield Vertical(*self._advanced_fields(), classes=classes, id="editor-advanced")

    def on_mount(self) -> None:
        """Show the values."""
        self._shown_structure = self._structure()
        self.sync()

    # The fields

    def _group_rows(self, group: forms.Group) -> Iterator[Widget]:
        for path in group.paths:
            if field_paths.field_of(path).kind not in TABLE_KINDS:
                yield FieldRow(path, self.session)

    def _main_fields(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.guest_key, "main"):
            for path in group.paths:
                if field_paths.field_of(path).kind in TABLE_KINDS:
                    continue
                if path[-1] == "vif":
                    yield self._network_choice()
                    add = "Add an interface"
                    yield self._entry_rows(INTERFACES, INTERFACE_PARTS, add, always=False)
                    yield PartsRow(
                        "Static address",
                        ADDRESS_PARTS,
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
        vif = self.session.project.guest(self.guest_key).vif
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
        kernel = self.session.project.guest(self.guest_key).kernel
        return "host" if kernel is None else "none" if kernel == "none" else "own"

    def _import_choice(self) -> ChoiceRow:
        return ChoiceRow(
            "Import",
            "Where the disk comes from. Made by a recipe: BitBake builds the image recipe with the "
            "guest's name. A root directory or tarball becomes an ext4 image. Images are used as "
            "they are (ext4, raw) or converted.",
            Options(self._import_types(), chosen=(self._import_type(),), id="import-type"),
        )

    def _import_types(self) -> list[tuple[str, str]]:
        names = forms.import_types(self.session.project)
        titled = [(name, IMPORT_TITLES.get(name, name)) for name in names]
        return [(NO_IMPORT, "made by a recipe"), *titled]

    def _import_type(self) -> str:
        source = self.session.project.guest(self.guest_key).source
        return source.type if source is not None else NO_IMPORT

    def _import_fields(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.guest_key, "import"):
            if group.title:
                yield section_heading(group.title)
            yield from self._group_rows(group)
            if group.entry >= 0:
                label = f"Remove file {group.entry + 1}"
                yield FormButton(label, id=f"fetch-remove-{group.entry}")
        if self.session.project.guest(self.guest_key).source is not None:
            yield FormButton(texts.ADD_FETCHED, id="fetch-add")

    def _bundle_fields(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.guest_key, "bundle"):
            yield section_heading(group.title)
            yield from self._group_rows(group)

    def _advanced_fields(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.guest_key, "more"):
            for path in group.paths:
                if path[-1] == SHARES.field:
                    yield self._entry_rows(SHARES, SHARE_PARTS, "Add a shared folder")
                elif path[-1] == SETTINGS.field:
                    yield section_heading("Other settings of xl")
                    yield self._entry_rows(SETTINGS, SETTING_PARTS, "Add a setting of xl")
                else:
                    yield FieldRow(path, self.session)
        yield section_heading("Additional disks")
        yield Vertical(*self._disk_fields(), classes="group", id="editor-disks")
        yield FieldRow((*self.guest_path, "vif"), self.session)

    def _entry_rows(
        self, entries: EntryList, parts: Sequence[Part], add: str, *, always: bool = True
    ) -> EntryRows:
        return EntryRows(self.session, self.guest_key, entries, parts, add=add, always=always)

    def _disk_fields(self) -> Iterator[Widget]:
        for group in forms.guest_groups(self.session.project, self.guest_key, "disks"):
            yield section_heading(group.title)
            yield from self._group_rows(group)
            if group.title.startswith("Disk"):
                label = f"Remove disk {group.entry + 1}"
                yield FormButton(label, id=f"disk-remove-{group.entry}")
        yield FormButton(texts.ADD_DISK, id="disk-add")

    def _more_label(self) -> str:
        if self._shows_all_fields:
            return "Fewer fields"
        return "More fields: ramdisk, disks, devices"

    # Following the session

    def _structure(self) -> tuple[object, ...]:
        """Return the values that decide which fields there are; the fields follow a change."""
        project = self.session.project
        guest = project.guest(self.guest_key)
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
            # Not composed yet: the fields show their values when they are mounted.
            return
        structure = self._structure()
        if structure != self._shown_structure:
            self._shown_structure = structure
            self.call_later(self._rebuild)
        for row in self._visible_rows():
            row.sync()
        for name, chosen in (
            ("network-mode", self._network_mode()),
            ("kernel-mode", self._kernel_mode()),
        ):
            options = self.query_one(f"#{name}", Options)
            options.show(options.choices, (chosen,))
        self.query_one("#import-type", Options).show(self._import_types(), (self._import_type(),))
        for entries in self.query(EntryRows):
            entries.sync()
        self._show_address()
        self._show_needed_rows()
        self._show_head()

    def _show_needed_rows(self) -> None:
        """Hide fields that have no effect, but never the one that is being typed into."""
        has_command_line = guest_network.has_command_line(self.session.project, self.guest_key)
        for has_no_effect, name in (
            (self._kernel_mode() != "own", "kernel-file"),
            (not has_command_line, "command-line"),
        ):
            has_focus = any(row.has_focus_within for row in self.query(f".{name}"))
            self.set_class(has_no_effect and not has_focus, f"-no-{name}")

    def on_descendant_blur(self) -> None:
        """Hide a field that was only shown because it had the focus."""
        self.call_later(self._hide_rows_without_effect)

    def _hide_rows_without_effect(self) -> None:
        if self.is_attached and guests.has_guest(self.session.project, self.guest_key):
            self._show_needed_rows()

    def _show_address(self) -> None:
        """Show the static address, or the invalid text that was typed."""
        extra = guest_network.command_line(self.session, self.guest_key)
        address, problem = guest_network.invalid_address(self.session, self.guest_key)
        if not problem:
            address = static_address(extra)
            if not address.address:
                self._before_address = self.session.project.guest(self.guest_key).extra
        row = self.query_one("#static-address", PartsRow)
        row.set_problem("")
        row.show(address._asdict())
        row.set_problem(problem)
        row.set_placeholder("address", "none (DHCP)" if "ip=dhcp" in extra.split() else "none")

    def _visible_rows(self) -> list[FieldRow]:
        """Return the fields that are visible."""
        if not self._all_rows:
            self._all_rows = list(self.query(FieldRow))
        return [row for row in self._all_rows if row.region or row.has_focus_within]

    async def _rebuild(self) -> None:
        """Rebuild the groups whose fields have changed; the focus stays where it is."""
        if not self.is_attached or not guests.has_guest(self.session.project, self.guest_key):
            return
        focused = self.screen.focused
        focused_name = None
        if focused is not None and self in focused.ancestors:
            row = self._focused_row()
            focused_name = row.path_text if row is not None else focused.id
        with wizard(self).holding_keys():
            for name, fields in (
                ("import", self._import_fields),
                ("bundle", self._bundle_fields),
                ("disks", self._disk_fields),
            ):
                group = self.query_one(f"#editor-{name}")
                await group.remove_children()
                await group.mount(*fields())
            self._all_rows = []
            was_removed = focused is not None and not focused.is_attached
            if self._path_to_focus and self.focus_path(self._path_to_focus, select=True):
                self._path_to_focus = ""
                self.query_one(Form).scroll_to_focus(top=True)
            elif was_removed or self.screen.focused is None:
                # Textual has moved the focus to whatever came next.
                self._refocus(focused_name)
        self.sync()

    def _refocus(self, name: str | None) -> None:
        """Focus the field with this path, or the widget with this id."""
        if name is not None and "." in name and self.focus_path(name, select=True):
            return
        ids = [name] if name is not None and "." not in name else []
        if name is not None and "-remove-" in name:
            # The last entry was removed: the one before it, or the button that adds one.
            kind, _, number = name.partition("-remove-")
            ids += [f"{kind}-remove-{int(number) - 1}", f"{kind}-add"]
        widgets = (widget for id_ in ids for widget in self.query(f"#{id_}"))
        target = next(widgets, None) or self.first_editor()
        if target is not None:
            target.focus()

    def _show_head(self) -> None:
        project = self.session.project
        guest = project.guest(self.guest_key)
        advice = bundling.advice(project, guest)
        where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
        head = lit(f"Guest {self.guest_key}", "strong").append(lit(f"  {where}", "muted"))
        if advice:
            head = head.append(lit(f"\n{glyphs(self).warning} {advice}", "warning"))
        if self._note is not None:
            head = head.append("\n").append(self._note)
        self.query_one("#editor-head", Text).show(head)

    def _focused_row(self) -> FieldRow | None:
        return self.query_ancestor(Step).focused_row()

    def generated_line(self) -> str:
        """Return the line in the configuration that the focused field produces, or a remark."""
        row = self._focused_row()
        if row is None or "[{guest}]" not in row.field.bitbake:
            return ""
        name = row.field.bitbake.replace("{guest}", self.guest_key)
        line = self.session.view.assignment_line(self.session.project.guest(self.guest_key), name)
        return line or "Left at its default, so not written."

    def follow_rename(self, name: str) -> None:
        """Edit the guest under its new name from now on."""
        old, self.guest_key = self.guest_key, name
        for entries in self.query(EntryRows):
            entries.guest_key = name
        for row in self.query(FieldRow):
            if row.path[:2] == ("guests", old):
                row.path = ("guests", name, *row.path[2:])

    # The file

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable "Examine the file" on fields that name a file."""
        if action != "examine_file":
            return True
        if getattr(self.screen.focused, "id", None) == "import-type":
            return True
        row = self._focused_row()
        return row is not None and row.path[2:3] == ("source",) and row.path[-1] in ("file", "uri")

    def action_examine_file(self) -> None:
        """Inspect the guest's image file, and offer to import it."""
        step = self.query_ancestor(Step)
        self.app.run_worker(import_file(step, self.session, self.guest_key), exclusive=True)

    # Focus

    def first_editor(self) -> Widget | None:
        """Return the editor of the first field."""
        return next((row.editor for row in self.query(FieldRow)), None)

    def focus_path(self, path: str, *, select: bool = False) -> bool:
        """Focus the field with this path, or its closest ancestor; return whether there is one.

        Args:
            path: such as ``guests.alpine.memory``.
            select: select the text, so that typing replaces it.
        """
        if path.removeprefix(f"guests.{self.guest_key}.").startswith("vif"):
            target = next(iter(self.query("#interface-rows Input")), None)
            jump_to(target or self.query_one("#network-mode"))
            return True
        if path == field_paths.text_of_path(guest_network.address_field(self.guest_key)):
            _, problem = guest_network.invalid_address(self.session, self.guest_key)
            if problem:
                jump_to(self.query("#static-address Input").first())
                return True
        best: FieldRow | None = None
        for row in self.query(FieldRow):
            if row.path_text == path:
                best = row
                break
            if path.startswith((f"{row.path_text}[", f"{row.path_text}.")) and len(row.path) > 2:
                best = (
                    best if best is not None and len(best.path_text) > len(row.path_text) else row
                )
        if best is None:
            return False
        if best.field.advanced:
            self._set_all_fields(shown=True)
        (self.screen.set_focus if select else jump_to)(best.editor)
        return True

    # Buttons and choices

    def _set_all_fields(self, *, shown: bool) -> None:
        """Show or hide the rarely needed fields."""
        self._shows_all_fields = shown
        self.query_one("#editor-advanced").set_class(not shown, "folded")
        self.query_one("#editor-more", FormButton).rename(self._more_label())

    def _focus_advanced_fields(self) -> None:
        """Focus and scroll to the first of the rarely needed fields."""
        rows = self.query("#editor-advanced FieldRow").results(FieldRow)
        self.screen.set_focus(next(rows).editor)
        self.query_one(Form).scroll_to_focus(top=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.id or ""
        project, key = self.session.project, self.guest_key
        if name == "editor-more":
            self._set_all_fields(shown=not self._shows_all_fields)
            if self._shows_all_fields:
                self.call_after_refresh(self._focus_advanced_fields)
        elif name == "disk-add":
            new_disk = (*self.guest_path, "disks", len(project.guest(key).disks))
            self._path_to_focus = field_paths.text_of_path((*new_disk, "device"))
            self._edit(guests.with_disk(project, key), f"add a disk to {key}")
        elif name.startswith("disk-remove-"):
            index = int(name.removeprefix("disk-remove-"))
            entry = (*self.guest_path, "disks", index)
            project = guests.without_disk(project, key, index)
            self._edit(project, texts.remove_disk_label(key), removed=entry)
        elif project.guest(key).source is None:
            return
        elif name == "fetch-add":
            self._edit(guests.with_fetch(project, key), f"add a fetched file to {key}")
        elif name.startswith("fetch-remove-"):
            index = int(name.removeprefix("fetch-remove-"))
            entry = (*self.guest_path, "source", "fetch", index)
            project = guests.without_fetch(project, key, index)
            self._edit(project, texts.remove_fetched_label(key), removed=entry)

    def _edit(
        self, project: Project, label: str, merge: str = "", removed: field_paths.Path = ()
    ) -> None:
        edit(self, self.session, project, label, merge=merge, removed=removed)

    def _set(self, name: str, value: object, label: str, merge: str = "") -> None:
        """Set a field of the guest; see :func:`edit` for ``label`` and ``merge``."""
        path = (*self.guest_path, name)
        self._edit(field_paths.with_value(self.session.project, path, value), label, merge)

    @on(Options.Chosen, "#network-mode")
    def _network_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        mode = event.chosen[0] if event.chosen else "default"
        full = effective.effective(self.session.project, self.session.project.guest(self.guest_key))
        self._own_vif = full.guest.vif or self._own_vif
        own = self._own_vif or full.vif or ("bridge=xenbr0",)
        vif = {"default": None, "none": ()}.get(mode, own)
        self._set("vif", vif, f"Network of {self.guest_key}", f"network {self.guest_key}")

    @on(EntryRows.AddRequested)
    def _add_entry(self, event: EntryRows.AddRequested) -> None:
        event.stop()
        guest, rows = self.session.project.guest(self.guest_key), event.rows
        if rows.entries is INTERFACES:
            vif = (*(guest.vif or ()), NEW_INTERFACE)
            self._set("vif", vif, f"add an interface to {self.guest_key}")
        elif rows.entries is SHARES:
            shares = (*guest.p9, new_share(guest))
            self._set("p9", shares, f"add a shared folder to {self.guest_key}")
        else:
            self.app.run_worker(self._add_setting(rows), exclusive=True)

    async def _add_setting(self, rows: EntryRows) -> None:
        """Ask which setting of xl to add, and add it with an empty value."""
        name = await wizard(self).ask(AskText("Which setting of xl.cfg(5)?", ""))
        if not name or not rows.is_attached:
            return
        guest = self.session.project.guest(self.guest_key)
        problem = setting_problem(guest, name.strip())
        if problem:
            self.query_ancestor(Step).show_toast(problem, "error")
        else:
            settings = {**dict(guest.xl), name.strip(): ""}
            self._set("xl", settings, f"set {name.strip()} of {self.guest_key}")

    @on(PartsRow.Changed, "#static-address")
    def _address_changed(self, event: PartsRow.Changed) -> None:
        event.stop()
        address = StaticAddress(*(event.row.text_of(part.name) for part in ADDRESS_PARTS))
        if event.name == "address" and not address.address.strip():
            # Without an address, the gateway and the device have no meaning.
            address = StaticAddress()
        guest_network.type_address(self.session, self.guest_key, address, self._before_address)
        self.post_message(Edited())

    @on(Options.Chosen, "#kernel-mode")
    def _kernel_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        mode = event.chosen[0] if event.chosen else "host"
        if mode == self._kernel_mode():
            # Setting it again would replace the file that was typed.
            return
        if self._kernel_mode() == "own":
            self._own_kernel = self.session.project.guest(self.guest_key).kernel
        own = self._own_kernel or f"{self.guest_key}-kernel"
        kernel = {"host": None, "none": "none"}.get(mode, own)
        self._set("kernel", kernel, f"Kernel of {self.guest_key}", f"kernel {self.guest_key}")

    @on(Options.Chosen, "#import-type")
    def _import_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        kind = event.chosen[0] if event.chosen and event.chosen[0] != NO_IMPORT else None
        key = self.guest_key
        project = field_paths.with_import(self.session.project, key, kind)
        self._edit(project, f"Import of {key}", merge=f"import {key}")
