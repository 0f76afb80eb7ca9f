# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4: the list of guests, adding a guest, and the menus of one guest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError, counted
from xentui.images.inspect import inspect
from xentui.images.suggest import suggest
from xentui.plain.fields import StepMenu, field_choice, field_items, field_prompt, step_heading
from xentui.plain.prompt import Choice, Item, Menu, Question, TextQuestion, ValueList, Wizard
from xentui.project import bundling, complete_cfg, effective, schema
from xentui.project.filesystem import exists
from xentui.project.guest_presets import guest_presets
from xentui.session import field_paths, files, forms, guest_network, guests, texts
from xentui.session.forms import step_of
from xentui.session.new_guest import KINDS, GuestKind, KindText
from xentui.xl.ip_argument import StaticAddress, static_address, with_static_address

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.project.model import Guest
    from xentui.rules.finding import Finding
    from xentui.session.target import Offer


class OneGuestMenu(Menu):
    """A menu about one guest.

    Args:
        wizard: the wizard.
        key: the guest's key.
    """

    def __init__(self, wizard: Wizard, key: str) -> None:
        super().__init__(wizard)
        self.key = key

    def subject_path(self) -> field_paths.Path | None:
        """The guest's path."""
        return ("guests", self.key)

    def follow_rename(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update the key after the guest was renamed."""
        if old == ("guests", self.key):
            self.key = str(new[1])

    def groups(self, name: forms.GuestForm) -> tuple[forms.Group, ...]:
        """Return the groups of fields in one of the guest's forms."""
        return forms.guest_groups(self.session.project, self.key, name)


class GuestMenu(OneGuestMenu):
    """The main fields of a guest, and entries that open its other menus."""

    def prompt_text(self) -> str:
        """Return the prompt, which names the guest."""
        return f"Guest {self.key}, 1 to {len(self._names or ())}:"

    def heading(self) -> Iterable[str]:
        """Return the guest's type, where it is configured, and advice on a bundle."""
        project = self.session.project
        guest = project.guest(self.key)
        full = effective.effective(project, guest)
        yield f"Guest {self.key}: {full.type}, in {_bundle_words(guest.bundle)}"
        reasons = complete_cfg.why_complete_cfg(project, full)
        if reasons:
            yield texts.complete_config_reason(reasons)
        advice = bundling.advice(project, guest)
        if advice:
            yield advice

    def items(self) -> Sequence[Item]:
        """Return the fields, the other menus, and the actions."""
        project, key = self.session.project, self.key
        guest = project.guest(key)
        names = [field.title for field in schema.fields("guest") if field.advanced]
        items = field_items(self.wizard, self.groups("main"))
        if guest.config_file is None and guest_network.has_command_line(project, key):
            items.append(Choice("Static address", self._ask_address, self._address()))
        items += [
            self._submenu("Import", ImportMenu, guest.source.type if guest.source else "none"),
            self._submenu("Additional disks", DisksMenu, str(len(guest.disks) or "none")),
            self._submenu("Goes into", BundleMenu, _bundle_words(guest.bundle)),
            self._submenu(MoreMenu.title, MoreMenu, ", ".join(names)),
            Choice("Its xl config", self._config, "what will be on the target"),
            Choice("Clone", self._clone),
            Choice("Delete", self._delete),
        ]
        number = guests.keys(project).index(key)
        if number > 0:
            items.append(Choice("Move up", partial(self._move, -1)))
        if number < len(project.guests) - 1:
            items.append(Choice("Move down", partial(self._move, 1)))
        return items

    def unlisted_choices(self) -> list[Choice]:
        """Return the fields that few guests need."""
        return MoreMenu(self.wizard, self.key).choices()

    def _submenu(self, name: str, menu: type[OneGuestMenu], value: str) -> Choice:
        return Choice(name, lambda: self.wizard.open(menu(self.wizard, self.key)), value)

    def _address(self) -> str:
        """Return the guest's static address for display."""
        address = static_address(guest_network.command_line(self.session, self.key))
        return " ".join(part for part in address if part) or "none"

    def _ask_address(self) -> None:
        lines = (
            "The address with its prefix, then the gateway and the device if they are needed:",
            "192.168.1.20/24 192.168.1.1 eth0",
            "-: no static address.",
        )
        title = f"Static address of {self.key} [{self._address()}]"
        self.wizard.open(TextQuestion(self.wizard, title, self._set_address, lines))

    def _set_address(self, text: str) -> str:
        """Set the static address, or return an error message."""
        parts = [] if text == "-" else text.split()
        if len(parts) > 3:
            return "Give an address, a gateway and a device, with spaces between them."
        address = StaticAddress(*parts)
        extra = guest_network.command_line(self.session, self.key)
        problem = with_static_address(extra, address, self.key)[1] if parts else ""
        if problem:
            return problem
        before = guest_network.original_extra(self.session, self.key)
        guest_network.type_address(self.session, self.key, address, before)
        self.session.end_typing()
        self.wizard.announce_edit(f"Static address of {self.key}: {self._address()}.")
        return ""

    def _config(self) -> None:
        view = self.session.view
        lines = view.xl_config(view.project.guest(self.key)).removesuffix("\n").split("\n")
        self.wizard.talk.print_pages(lines, exact=True)

    def _clone(self) -> None:
        project, key = guests.cloned(self.session.project, self.key)
        self.wizard.close()
        self.wizard.edit(project, f"clone {self.key}", f"Cloned: {key}.")
        self.wizard.open(GuestMenu(self.wizard, key))

    def _delete(self) -> None:
        self.wizard.close()
        project = guests.removed(self.session.project, self.key)
        self.wizard.edit(project, f"delete {self.key}", texts.deleted(self.key))

    def _move(self, by: int) -> None:
        project = guests.moved(self.session.project, self.key, by)
        number = guests.keys(project).index(self.key) + 1
        self.wizard.edit(project, f"move {self.key}", f"{self.key} is number {number} now.")


class MoreMenu(OneGuestMenu):
    """The fields that few guests need."""

    # Not "More": that word turns the page of a long list.
    title = "Other fields"

    def items(self) -> Sequence[Item]:
        """Return the choices."""
        return field_items(self.wizard, self.groups("more"))


class ImportMenu(OneGuestMenu):
    """The source of an imported disk."""

    title = "Import"

    def items(self) -> Sequence[Item]:
        """Return the import type, its fields, and its fetched files."""
        source = self.session.project.guest(self.key).source
        path = ("guests", self.key, "source", "type")
        kind = source.type if source is not None else "none, a recipe makes its disk"
        items: list[Item] = [Choice("Import type", self._ask_kind, kind, path)]
        for group in self.groups("import"):
            items += field_items(self.wizard, (group,))
            if group.entry >= 0:
                remove = partial(self._remove, group.entry)
                items.append(Choice(f"Remove fetched file {group.entry + 1}", remove))
        if source is not None:
            items.append(Choice(texts.ADD_FETCHED, self._add))
            describe = partial(describe_file, self.wizard, self.key)
            items.append(Choice("Show what its file is", describe))
        return items

    def _ask_kind(self) -> None:
        kinds = [("none", "a recipe makes its disk")]
        kinds += [(kind, "") for kind in forms.import_types(self.session.project)]
        lines = ("A type of your own: lower-case letters, digits and underscores.",)
        custom = TextQuestion(self.wizard, "Name of the type", self._set_custom_kind, lines)
        other = ("A new type of your own", lambda: self.wizard.open(custom))
        self.wizard.open(ValueList(self.wizard, "Import type", kinds, self._set_kind, other=other))

    def _set_kind(self, name: str) -> None:
        kind = None if name == "none" else name
        project = field_paths.with_import(self.session.project, self.key, kind)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")

    def _set_custom_kind(self, name: str) -> str:
        """Import the guest with a new custom type, or return an error message."""
        problem = field_paths.problem(field_paths.key_field("import_types"), name)
        if not problem and name in forms.import_types(self.session.project):
            problem = texts.NAME_TAKEN
        if problem:
            return problem
        project = field_paths.with_custom_import_type(self.session.project, name)
        project = field_paths.with_import(project, self.key, name)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")
        return ""

    def _add(self) -> None:
        project = guests.with_fetch(self.session.project, self.key)
        self.wizard.edit(project, f"add a fetched file of {self.key}", "Added a fetched file.")

    def _remove(self, number: int) -> None:
        project = guests.without_fetch(self.session.project, self.key, number)
        message = f"Removed fetched file {number + 1}."
        entry = ("guests", self.key, "source", "fetch", number)
        self.wizard.edit(project, texts.remove_fetched_label(self.key), message, removed=entry)


class DisksMenu(OneGuestMenu):
    """The guest's additional disks, and their files."""

    title = "Additional disks"

    def items(self) -> Sequence[Item]:
        """Return the fields of each disk and file, and the actions on disks."""
        items: list[Item] = []
        for group in self.groups("disks"):
            items += field_items(self.wizard, (group,))
            if group.title.startswith("Disk"):
                remove = partial(self._remove, group.entry)
                items.append(Choice(f"Remove disk {group.entry + 1}", remove))
        items.append(Choice(texts.ADD_DISK, self._add))
        return items

    def _add(self) -> None:
        project = guests.with_disk(self.session.project, self.key)
        self.wizard.edit(project, f"add a disk of {self.key}", "Added an empty disk of 1024 MiB.")

    def _remove(self, number: int) -> None:
        project = guests.without_disk(self.session.project, self.key, number)
        message = f"Removed disk {number + 1}."
        entry = ("guests", self.key, "disks", number)
        self.wizard.edit(project, texts.remove_disk_label(self.key), message, removed=entry)


class BundleMenu(OneGuestMenu):
    """The guest's bundle and its fields."""

    title = "Goes into"

    def items(self) -> Sequence[Item]:
        """Return the bundle's fields, and the action that moves the guest in or out."""
        project = self.session.project
        bundle = project.guest(self.key).bundle
        items = field_items(self.wizard, self.groups("bundle"))
        if bundle is not None:
            items.append(field_choice(self.wizard, ("bundles", bundle, field_paths.KEY)))
        _, where = guests.with_bundle_toggled(project, self.key)
        items.append(Choice(f"Move to {where}", self._toggle_bundle))
        return items

    def _toggle_bundle(self) -> None:
        project, where = guests.with_bundle_toggled(self.session.project, self.key)
        self.wizard.edit(project, f"move {self.key} to {where}", f"{self.key} is in {where} now.")


def _bundle_words(bundle: str | None) -> str:
    return f"bundle {bundle}" if bundle else "the configuration"


def open_guest(wizard: Wizard, path: field_paths.Path) -> None:
    """Open the menu that has a guest's field, without printing it."""
    project = wizard.session.project
    key = str(path[1]) if path[0] == "guests" else ""
    if path[0] == "bundles":
        key = next((g.key for g in project.guests if g.bundle == path[1]), "")
    elif path[0] == "import_types":
        key = next((g.key for g in project.guests if g.source and g.source.type == path[1]), "")
    if not guests.has_guest(project, key):
        return
    wizard.open(GuestMenu(wizard, key), quietly=True)
    menus: dict[forms.GuestForm, type[OneGuestMenu]] = {
        "import": ImportMenu,
        "disks": DisksMenu,
        "bundle": BundleMenu,
        "more": MoreMenu,
    }
    for name, menu in menus.items():
        if any(path in group.paths for group in forms.guest_groups(project, key, name)):
            wizard.open(menu(wizard, key), quietly=True)
            return


def go_to_finding(wizard: Wizard, finding: Finding) -> None:
    """Go to the field that a finding is about, or to the step that fixes it."""
    path = forms.closest_field(wizard.session.project, finding.path)
    step = step_of(finding)
    has_fields = step in ("machine", "features", "guests")
    wizard.go_to_step(step, quietly=has_fields and path is not None)
    if path is None or not has_fields:
        return
    if step == "guests":
        open_guest(wizard, path)
    wizard.open(field_prompt(wizard, path, name_owner=True))


_NEW_NAME = ("guests", "", field_paths.KEY)
"""The path of the name of a guest that does not exist yet."""


class GuestsStep(StepMenu):
    """Step 4: the list of guests."""

    title = "Guests"

    def heading(self) -> Iterable[str]:
        """Return the number of guests, and guests that are not the project's."""
        count = len(self.session.project.guests)
        yield f"{step_heading('guests')}. {counted(count, 'guest') if count else 'None yet'}"
        for other in self.session.view.other_guests:
            guest = other.guest
            yield f"Also on the target: {guest.key}, {guest.memory} MiB, by {other.bundled_by}"

    def items(self) -> Sequence[Item]:
        """Return the guests, and the action that adds one."""
        items: list[Item] = [self._guest(guest) for guest in self.session.project.guests]
        add = AddGuestMenu(self.wizard)
        items.append(Choice("Add a guest", lambda: self.wizard.open(add)))
        return items

    def _guest(self, guest: Guest) -> Choice:
        key = guest.key
        value = guest_summary(self.wizard, guest)
        return Choice(key, lambda: self.wizard.open(GuestMenu(self.wizard, key)), value)


def guest_summary(wizard: Wizard, guest: Guest) -> str:
    """Return a guest in a few words, with its most severe problem."""
    view = wizard.session.view
    full = view.effective(guest)
    parts = [f"{full.memory} MiB", f"{full.vcpus} vCPU{'s' if full.vcpus > 1 else ''}"]
    parts += ["starts at boot"] if guest.autostart else []
    parts += [
        guests.disk_summary(guest),
        f"bundle {guest.bundle}" if guest.bundle else "configuration",
    ]
    severity = view.indexed_findings.severity(guest.key)
    parts += [("error", "warning", "advice")[severity]] if severity is not None else []
    return ", ".join(parts)


class AddGuestMenu(Menu):
    """The kinds of guest to add."""

    title = "What is the guest built from"

    def items(self) -> Sequence[Item]:
        """Return the reference guest, each kind, and ready-made guests."""
        project = self.session.project
        items: list[Item] = []
        if not guests.has_guest(project, guests.REFERENCE):
            add = self.close_then(partial(self._add, GuestKind.RECIPE, name=guests.REFERENCE))
            items.append(Choice(f"{guests.REFERENCE}, the reference guest", add))
        for kind in KINDS:
            ask = self.close_then(partial(self._ask, kind))
            items.append(Choice(kind.title, ask, help_lines=partial(_lines, kind.help)))
        offers = self._offers()
        if offers:
            recipes = ValueList(self.wizard, "Which image is the guest", offers, self._add_recipe)
            ask = self.close_then(lambda: self.wizard.open(recipes))
            items.append(Choice(f"One of {len(offers)} image recipes of the layers", ask))
        fitting = [preset for preset in guest_presets() if preset.fits(project)]
        if fitting:
            ask = self.close_then(lambda: self.wizard.open(ReadyMadeMenu(self.wizard)))
            items.append(Choice(f"One of {len(fitting)} guests that come ready made", ask))
        return items

    def _offers(self) -> list[Offer]:
        survey = self.wizard.survey()
        return survey.offers(_NEW_NAME) if survey is not None else []

    def _ask(self, kind: KindText) -> None:
        """Ask for the name of the recipe, or for the file."""
        if kind.kind is GuestKind.RECIPE:
            title, on_text = "Name of the image recipe", self._add_named_recipe
        else:
            title, on_text = f"{kind.file}, which file", partial(self._add_file, kind.kind)
        self.wizard.open(TextQuestion(self.wizard, title, on_text, (kind.help,)))

    def _add_recipe(self, name: str) -> None:
        self._add(GuestKind.RECIPE, name=name)

    def _add_named_recipe(self, name: str) -> str:
        """Add a guest of a recipe that BitBake builds; return an error message or ""."""
        problem = field_paths.problem(field_paths.key_field("guests"), name)
        if not problem and guests.has_guest(self.session.project, name):
            problem = texts.NAME_TAKEN
        return problem or self._try_to_add(GuestKind.RECIPE, name=name)

    def _add_file(self, kind: GuestKind, text: str) -> str:
        """Add a guest from a file; ask for the kernel first if the kind needs one."""
        if kind in (GuestKind.IMPORT, GuestKind.CONFIG):
            return self._try_to_add(kind, text)
        path = files.resolve(text, self.session.project_folder)
        if kind is not GuestKind.VENDOR:
            return self._try_to_add(kind, path)
        file: Path | str = path if exists(path) else text
        lines = ("The kernel's file, or its name in the deploy directory.",)
        on_text = partial(self._add_with_kernel, file)
        self.wizard.open(TextQuestion(self.wizard, "Kernel, which file", on_text, lines))
        return ""

    def _add_with_kernel(self, file: Path | str, text: str) -> str:
        path = files.resolve(text, self.session.project_folder)
        kernel: Path | str = path if exists(path) else text
        return self._try_to_add(GuestKind.VENDOR, file, kernel=kernel)

    def _try_to_add(
        self, kind: GuestKind, file: Path | str = "", *, name: str = "", kernel: Path | str = ""
    ) -> str:
        """Add a guest; return an error message or ""."""
        try:
            self._add(kind, file, name=name, kernel=kernel)
        except XentuiError as error:
            return error.text
        return ""

    def _add(
        self, kind: GuestKind, file: Path | str = "", *, name: str = "", kernel: Path | str = ""
    ) -> None:
        """Add a guest and open its menu.

        Raises:
            XentuiError: a guest cannot be built from it.
        """
        inspected_file, inspected_kernel = (
            inspect_file(self.wizard, path) if isinstance(path, Path) else path
            for path in (file, kernel)
        )
        key = self.session.add_guest(kind, inspected_file, name=name, kernel=inspected_kernel)
        guest = self.session.project.guest(key)
        self.wizard.announce_edit(f"Added {key}: {guest_summary(self.wizard, guest)}.")
        self.say(*self.session.guest_notes)
        self.wizard.open(GuestMenu(self.wizard, key))


class ReadyMadeMenu(AddGuestMenu):
    """The ready-made guests."""

    title = "Which guest"

    def items(self) -> Sequence[Item]:
        """Return the ready-made guests that fit the board."""
        return [
            Choice(
                preset.title,
                self.close_then(partial(self._add, GuestKind.PRESET, preset.name)),
                help_lines=partial(_lines, preset.description, preset.tried),
            )
            for preset in guest_presets()
            if preset.fits(self.session.project)
        ]


def _lines(*texts: str) -> Iterable[str]:
    return [text for text in texts if text]


def describe_file(wizard: Wizard, key: str) -> None:
    """Describe the file that a guest is imported from; ask for its path if it is not known."""
    session = wizard.session
    source = files.source_file(session, key)
    if source is not None:
        _offer_import(wizard, key, source)
        return

    def offer(text: str) -> str:
        _offer_import(wizard, key, files.resolve(text, session.project_folder))
        return ""

    help_lines = ("Any file: ~/alpine.tar.gz. It is copied next to the project file.",)
    wizard.open(TextQuestion(wizard, "Which file", offer, help_lines))


def inspect_file(wizard: Wizard, path: Path) -> Inspected:
    """Inspect a file, and print the progress for large ones.

    Raises:
        InputError: it cannot be read.
    """
    printed = 0

    def progress(done: int, total: int) -> None:
        nonlocal printed
        quarters = 4 * done // max(1, total)
        if total > _LONG and quarters > printed:
            printed = quarters
            wizard.talk.say(f"{25 * quarters} % read")

    return inspect(path, progress)


def _offer_import(wizard: Wizard, key: str, path: Path) -> None:
    """Describe a file, and ask whether to import a guest from it."""
    session = wizard.session
    file = inspect_file(wizard, path)
    name = files.valid_name(path, file)
    suggestion = suggest(file, name, key)
    wizard.talk.say(path.name)
    for text, _ in files.description_lines(file, suggestion, name):
        wizard.talk.say(" ".join(text.split()))
    if suggestion is None:
        wizard.talk.say(texts.NO_IMPORT)
        return

    def import_it() -> None:
        imported = session.import_file(key, file)
        wizard.announce_edit(f"{key} now imports {imported}.")

    answers = ((f"Import {key} from it", import_it), ("Back", lambda: None))
    wizard.open(Question(wizard, f"Use {path.name}?", answers))


_LONG = 64 * 1024 * 1024
"""Size in bytes above which the progress of inspecting a file is printed."""
