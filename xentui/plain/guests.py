# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 4: the list of guests, adding a guest, and the menus of one guest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError, counted
from xentui.plain.fields import StepMenu, asked, choice_of, fields, head
from xentui.plain.prompt import Choice, Item, Line, Menu, Pick, Question, Wizard
from xentui.project import bundling, complete_cfg, effective, schema
from xentui.project.filesystem import exists
from xentui.project.guest_presets import guest_presets
from xentui.session import field_paths, files, forms, guest_network, guests, texts
from xentui.session.forms import step_of
from xentui.session.new_guest import KINDS, GuestKind, KindText
from xentui.xl.ip_argument import StaticAddress, static_address, with_static_address

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.plain.prompt import Offer
    from xentui.project.model import Guest
    from xentui.rules.finding import Finding


class OfGuest(Menu):
    """A menu of one guest.

    Args:
        wizard: the wizard.
        key: the guest's key.
    """

    def __init__(self, wizard: Wizard, key: str) -> None:
        super().__init__(wizard)
        self.key = key

    def path(self) -> field_paths.Path | None:
        """The guest's path."""
        return ("guests", self.key)

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update the key after the guest was renamed."""
        if old == ("guests", self.key):
            self.key = str(new[1])

    def groups(self, name: forms.GuestForm) -> tuple[forms.Group, ...]:
        """Return the groups of fields in one of the guest's forms."""
        return forms.guest_groups(self.session.project, self.key, name)


class GuestMenu(OfGuest):
    """The main fields of a guest, and entries that open its other menus."""

    def prompt(self) -> str:
        """Return the prompt, which names the guest."""
        return f"Guest {self.key}, 1 to {len(self._names or ())}:"

    def heading(self) -> Iterable[str]:
        """Return whether the guest is in a bundle or the configuration, and any advice on that."""
        project = self.session.project
        guest = project.guest(self.key)
        full = effective.effective(project, guest)
        yield f"Guest {self.key}: {_way(guest.bundle)}, {full.type}"
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
        made = fields(self.wizard, self.groups("main"))
        if guest.config_file is None and guest_network.has_command_line(project, key):
            made.append(Choice("Static address", self._ask_address, self._address()))
        made += [
            self._way("Import", ImportMenu, guest.source.type if guest.source else "none"),
            self._way(
                "Additional disks", DisksMenu, str(len(guest.disks)) if guest.disks else "none"
            ),
            self._way("Goes into", BundleMenu, _way(guest.bundle)),
            self._way("More", MoreMenu, ", ".join(names)),
            Choice("Its xl config", self._config, "what will be on the target"),
            Choice("Clone", self._clone),
            Choice("Delete", self._delete),
        ]
        place = guests.keys(project).index(key)
        if place > 0:
            made.append(Choice("Move up", partial(self._move, -1)))
        if place < len(project.guests) - 1:
            made.append(Choice("Move down", partial(self._move, 1)))
        return made

    def _way(self, name: str, menu: type[OfGuest], value: str) -> Choice:
        return Choice(name, lambda: self.wizard.open(menu(self.wizard, self.key)), value)

    def _address(self) -> str:
        """Return the guest's static address for display."""
        now = static_address(guest_network.command_line(self.session, self.key))
        return " ".join(part for part in now if part) or "none"

    def _ask_address(self) -> None:
        lines = (
            "The address with its prefix, then the gateway and the device if they are needed:",
            "192.168.1.20/24 192.168.1.1 eth0",
            "-: no static address.",
        )
        title = f"Static address of {self.key} [{self._address()}]"
        self.wizard.open(Line(self.wizard, title, self._put_address, lines))

    def _put_address(self, given: str) -> str:
        """Set the static address, or return an error message."""
        parts = [] if given == "-" else given.split()
        if len(parts) > 3:
            return "Give an address, a gateway and a device, with spaces between them."
        wanted = StaticAddress(*parts)
        extra = guest_network.command_line(self.session, self.key)
        problem = with_static_address(extra, wanted, self.key)[1] if parts else ""
        if problem:
            return problem
        before = guest_network.original_extra(self.session, self.key)
        guest_network.type_address(self.session, self.key, wanted, before)
        self.session.end_typing()
        self.wizard.changed(f"Static address of {self.key}: {self._address()}.")
        return ""

    def _config(self) -> None:
        view = self.session.view
        lines = view.xl_config(view.project.guest(self.key)).removesuffix("\n").split("\n")
        self.wizard.talk.show(lines, exact=True)

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
        place = guests.keys(project).index(self.key) + 1
        self.wizard.edit(project, f"move {self.key}", f"{self.key} is number {place} now.")


class MoreMenu(OfGuest):
    """The fields that few guests need."""

    title = "More"

    def items(self) -> Sequence[Item]:
        """Return the choices."""
        return fields(self.wizard, self.groups("more"))


class ImportMenu(OfGuest):
    """The source of an imported disk."""

    title = "Import"

    def items(self) -> Sequence[Item]:
        """Return the import type, its fields, and its fetched files."""
        source = self.session.project.guest(self.key).source
        path = ("guests", self.key, "source", "type")
        kind = source.type if source is not None else "none, a recipe makes its disk"
        made: list[Item] = [Choice("Import type", self._ask_kind, kind, path)]
        for group in self.groups("import"):
            made += fields(self.wizard, (group,))
            if group.entry >= 0:
                number = group.entry + 1
                do = partial(self._remove, group.entry)
                made.append(Choice(f"Remove fetched file {number}", do))
        if source is not None:
            made.append(Choice(texts.ADD_FETCHED, self._add))
            made.append(Choice("Show what its file is", self._look))
        return made

    def _ask_kind(self) -> None:

        kinds = [("none", "a recipe makes its disk")]
        kinds += [(kind, "") for kind in forms.import_types(self.session.project)]
        lines = ("A type of your own: lower-case letters, digits and underscores.",)
        own = Line(self.wizard, "Name of the type", self._own_kind, lines)
        other = ("A new type of your own", lambda: self.wizard.open(own))
        self.wizard.open(Pick(self.wizard, "Import type", kinds, self._kind, other=other))

    def _kind(self, name: str) -> None:
        kind = None if name == "none" else name
        project = field_paths.with_import(self.session.project, self.key, kind)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")

    def _own_kind(self, name: str) -> str:
        wrong = field_paths.problem(field_paths.key_field("import_types"), name)
        if not wrong and name in forms.import_types(self.session.project):
            wrong = texts.NAME_TAKEN
        if wrong:
            return wrong
        project = field_paths.with_custom_import_type(self.session.project, name)
        project = field_paths.with_import(project, self.key, name)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")
        return ""

    def _add(self) -> None:
        project = guests.with_fetch(self.session.project, self.key)
        self.wizard.edit(project, f"add a fetched file of {self.key}", "Added a fetched file.")

    def _remove(self, place: int) -> None:
        project = guests.without_fetch(self.session.project, self.key, place)
        what = f"Removed fetched file {place + 1}."
        entry = ("guests", self.key, "source", "fetch", place)
        self.wizard.edit(project, texts.remove_fetched_label(self.key), what, removed=entry)

    def _look(self) -> None:
        look(self.wizard, self.key)


class DisksMenu(OfGuest):
    """The guest's further disks, and their files."""

    title = "Additional disks"

    def items(self) -> Sequence[Item]:
        """Return the fields of each disk and file, and the actions on disks."""
        made: list[Item] = []
        for group in self.groups("disks"):
            made += fields(self.wizard, (group,))
            if group.title.startswith("Disk"):
                do = partial(self._remove, group.entry)
                made.append(Choice(f"Remove disk {group.entry + 1}", do))
        made.append(Choice(texts.ADD_DISK, self._add))
        return made

    def _add(self) -> None:
        project = guests.with_disk(self.session.project, self.key)
        self.wizard.edit(project, f"add a disk of {self.key}", "Added an empty disk of 1024 MiB.")

    def _remove(self, place: int) -> None:
        project = guests.without_disk(self.session.project, self.key, place)
        what = f"Removed disk {place + 1}."
        entry = ("guests", self.key, "disks", place)
        self.wizard.edit(project, texts.remove_disk_label(self.key), what, removed=entry)


class BundleMenu(OfGuest):
    """The guest's bundle and its fields."""

    title = "Goes into"

    def items(self) -> Sequence[Item]:
        """Return the bundle's fields, and the action that moves the guest in or out."""
        project = self.session.project
        bundle = project.guest(self.key).bundle
        made = fields(self.wizard, self.groups("bundle"))
        if bundle is not None:
            made.append(choice_of(self.wizard, ("bundles", bundle, field_paths.KEY)))
        _, where = guests.with_bundle_toggled(project, self.key)
        made.append(Choice(f"Move to {where}", self._switch))
        return made

    def _switch(self) -> None:
        project, where = guests.with_bundle_toggled(self.session.project, self.key)
        self.wizard.edit(project, f"move {self.key} to {where}", f"{self.key} is in {where} now.")


def _way(bundle: str | None) -> str:
    return f"bundle {bundle}" if bundle else "the configuration"


def open_guest(wizard: Wizard, path: field_paths.Path) -> None:
    """Open the menu that has a guest's field, without printing it."""
    project = wizard.session.project
    key = str(path[1]) if path[0] == "guests" else ""
    if path[0] == "bundles":
        key = next((one.key for one in project.guests if one.bundle == path[1]), "")
    elif path[0] == "import_types":
        key = next((g.key for g in project.guests if g.source and g.source.type == path[1]), "")
    if not guests.has_guest(project, key):
        return
    wizard.open(GuestMenu(wizard, key), quietly=True)
    menus: dict[forms.GuestForm, type[OfGuest]] = {
        "import": ImportMenu,
        "disks": DisksMenu,
        "bundle": BundleMenu,
        "more": MoreMenu,
    }
    for name, menu in menus.items():
        if any(path in group.paths for group in forms.guest_groups(project, key, name)):
            wizard.open(menu(wizard, key), quietly=True)
            return


def go_to(wizard: Wizard, finding: Finding) -> None:
    """Go to the field that a finding is about, or to the step that fixes it."""
    path = forms.closest_field(wizard.session.project, finding.path)
    step = step_of(finding)
    inner = step in ("machine", "features", "guests")
    wizard.go(step, quietly=inner and path is not None)
    if path is None or not inner:
        return
    if step == "guests":
        open_guest(wizard, path)

    wizard.open(asked(wizard, path, whose=True))


_NEW = ("guests", "", field_paths.KEY)
"""Placeholder for the name of a guest to come."""


class Step(StepMenu):
    """The list of guests."""

    title = "Guests"

    def heading(self) -> Iterable[str]:
        """Return the number of guests, and guests that are not the project's."""
        count = len(self.session.project.guests)
        yield f"{head('guests')}. {counted(count, 'guest') if count else 'None yet'}"
        for other in self.session.view.other_guests:
            guest = other.guest
            yield f"Also on the target: {guest.key}, {guest.memory} MiB, by {other.bundled_by}"

    def items(self) -> Sequence[Item]:
        """Return the guests, and the action that adds one."""
        made: list[Item] = [self._guest(guest) for guest in self.session.project.guests]
        add = Add(self.wizard)
        made.append(Choice("Add a guest", lambda: self.wizard.open(add)))
        return made

    def _guest(self, guest: Guest) -> Choice:
        key = guest.key
        value = described(self.wizard, guest)
        return Choice(key, lambda: self.wizard.open(GuestMenu(self.wizard, key)), value)


def described(wizard: Wizard, guest: Guest) -> str:
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


class Add(Menu):
    """The kinds of guest to add."""

    title = "What is the guest built from"

    def items(self) -> Sequence[Item]:
        """Return the reference guest, each kind, and ready-made guests."""
        project = self.session.project
        made: list[Item] = []
        if not guests.has_guest(project, guests.REFERENCE):
            do = self.closing(partial(self._say, GuestKind.RECIPE, name=guests.REFERENCE))
            made.append(Choice(f"{guests.REFERENCE}, the reference guest", do))
        for one in KINDS:
            do = self.closing(partial(self._ask, one))
            made.append(Choice(one.title, do, details=partial(_lines, one.help)))
        offers = self._offers()
        if offers:
            pick = Pick(self.wizard, "Which image is the guest", offers, self._picked)
            do = self.closing(lambda: self.wizard.open(pick))
            made.append(Choice(f"One of {len(offers)} image recipes of the layers", do))
        fitting = [one for one in guest_presets() if one.fits(project)]
        if fitting:
            do = self.closing(lambda: self.wizard.open(AddPreset(self.wizard)))
            made.append(Choice(f"One of {len(fitting)} guests that come ready made", do))
        return made

    def _offers(self) -> list[Offer]:
        survey = self.wizard.survey()
        return survey.offers(_NEW) if survey is not None else []

    def _ask(self, kind: KindText) -> None:
        """Ask for the name of the recipe, or for the file."""
        if kind.kind is GuestKind.RECIPE:
            title, taken = "Name of the image recipe", self._recipe
        else:
            title, taken = f"{kind.file}, which file", partial(self._file, kind.kind)
        self.wizard.open(Line(self.wizard, title, taken, (kind.help,)))

    def _picked(self, name: str) -> None:
        self._say(GuestKind.RECIPE, name=name)

    def _say(self, kind: GuestKind, file: str = "", *, name: str = "") -> None:
        """Add the guest, or print an error message."""
        wrong = self._add(kind, file, name=name)
        if wrong:
            self.say(wrong)

    def _recipe(self, name: str) -> str:
        wrong = field_paths.problem(field_paths.key_field("guests"), name)
        if not wrong and guests.has_guest(self.session.project, name):
            wrong = texts.NAME_TAKEN
        return wrong or self._add(GuestKind.RECIPE, name=name)

    def _file(self, kind: GuestKind, given: str) -> str:
        """Add a guest from a file; ask for the kernel first if the kind needs one."""
        if kind in (GuestKind.IMPORT, GuestKind.CONFIG):
            return self._add(kind, given)
        path = files.resolve(given, self.session.project_folder)
        if kind is not GuestKind.VENDOR:
            return self._add(kind, path)
        file: Path | str = path if exists(path) else given
        lines = ("The kernel's file, or its name in the deploy directory.",)
        taken = partial(self._kernel, file)
        self.wizard.open(Line(self.wizard, "Kernel, which file", taken, lines))
        return ""

    def _kernel(self, file: Path | str, given: str) -> str:
        path = files.resolve(given, self.session.project_folder)
        kernel: Path | str = path if exists(path) else given
        return self._add(GuestKind.VENDOR, file, kernel=kernel)

    def _add(
        self, kind: GuestKind, file: Path | str = "", *, name: str = "", kernel: Path | str = ""
    ) -> str:
        """Add the guest and open its menu; return an error message or ""."""
        try:
            read = [inspected(self.wizard, f) if isinstance(f, Path) else f for f in (file, kernel)]
            key = self.session.add_guest(kind, read[0], name=name, kernel=read[1])
        except XentuiError as error:
            return error.text
        guest = self.session.project.guest(key)
        self.wizard.changed(f"Added {key}: {described(self.wizard, guest)}.")
        self.say(*self.session.notes)
        self.wizard.open(GuestMenu(self.wizard, key))
        return ""


class AddPreset(Add):
    """The ready-made guests."""

    title = "Which guest"

    def items(self) -> Sequence[Item]:
        """Return the ready-made guests that fit the board."""
        made: list[Item] = []
        for preset in guest_presets():
            if preset.fits(self.session.project):
                do = self.closing(partial(self._say, GuestKind.PRESET, preset.name))
                details = partial(_lines, preset.description, preset.tried)
                made.append(Choice(preset.title, do, details=details))
        return made


def _lines(*texts: str) -> Iterable[str]:
    return [text for text in texts if text]


def look(wizard: Wizard, key: str) -> None:
    """Print a description of the file a guest is imported from; ask for it if unknown."""
    session = wizard.session
    path = files.source_file(session, key)
    if path is not None:
        _look_at(wizard, key, path)
        return

    def named(given: str) -> str:
        _look_at(wizard, key, files.resolve(given, session.project_folder))
        return ""

    help_lines = ("Any file: ~/alpine.tar.gz. It is copied beside the project.",)
    wizard.open(Line(wizard, "Which file", named, help_lines))


def inspected(wizard: Wizard, path: Path) -> Inspected:
    """Inspect a file, and print the progress for large ones.

    Raises:
        InputError: it cannot be read.
    """
    from xentui.images.inspect import inspect

    shown = [0]

    def progress(done: int, total: int) -> None:
        quarter = 4 * done // max(1, total)
        if total > _LONG and quarter > shown[0]:
            shown[0] = quarter
            wizard.talk.say(f"{25 * quarter} % read")

    return inspect(path, progress)


def _look_at(wizard: Wizard, key: str, path: Path) -> None:
    from xentui.images.suggest import suggest

    session = wizard.session
    seen = inspected(wizard, path)
    name = files.valid_name(path, seen)
    suggestion = suggest(seen, name, key)
    wizard.talk.say(path.name)
    for text, _ in files.description_lines(seen, suggestion, name):
        wizard.talk.say(" ".join(text.split()))
    if suggestion is None:
        wizard.talk.say(texts.NO_IMPORT)
        return

    def take() -> None:
        session.end_typing()
        taken = session.import_file(key, seen)
        wizard.changed(f"{key} now imports {taken}.")

    answers = ((f"Import {key} from it", take), ("Back", lambda: None))
    wizard.open(Question(wizard, f"Use {path.name}?", answers))


_LONG = 64 * 1024 * 1024
"""Size in bytes above which the progress of inspecting a file is printed."""
