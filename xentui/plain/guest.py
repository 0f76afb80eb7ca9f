# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One guest: whatever the schema says it has, its import, its bundle, and what is done with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xentui.plain.field import choice_of
from xentui.plain.form import fields
from xentui.plain.prompt import Choice, Item, Menu
from xentui.project import effective, route, schema
from xentui.session import field_paths, forms, guests

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard


class OfGuest(Menu):
    """A list that belongs to a guest.

    Args:
        wizard: the wizard.
        key: the guest's.
    """

    def __init__(self, wizard: Wizard, key: str) -> None:
        super().__init__(wizard)
        self.key = key

    def path(self) -> field_paths.Path | None:
        """The guest's."""
        return ("guests", self.key)

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Follow the guest."""
        if old == ("guests", self.key):
            self.key = str(new[1])

    def groups(self, name: forms.Name) -> tuple[forms.Group, ...]:
        """Return some of the guest's fields."""
        return forms.guest(self.session.project, self.key, name)


class GuestMenu(OfGuest):
    """The fields that every guest has, and the ways to the others."""

    def prompt(self) -> str:
        """Name the guest."""
        return f"Guest {self.key}, 1 to {len(self._names or ())}:"

    def heading(self) -> Iterable[str]:
        """Say which way the guest takes, and whether another suits it better."""
        project = self.session.project
        guest = project.guest(self.key)
        full = effective.effective(project, guest)
        yield f"Guest {self.key}: {_way(guest.bundle)}, {full.type}"
        reasons = route.needs_complete_cfg(project, full)
        if reasons:
            yield f"A complete xl config is written: {' and '.join(reasons)}."
        advice = route.advice(project, guest)
        if advice:
            yield advice

    def items(self) -> Sequence[Item]:
        """Return the fields, the groups of others, and what can be done."""
        project, key = self.session.project, self.key
        guest = project.guest(key)
        names = [field.title for field in schema.fields("guest") if field.advanced]
        made = fields(self.wizard, self.groups("main"))
        made += [
            self._way("Import", ImportMenu, guest.source.type if guest.source else "none"),
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

    def _config(self) -> None:
        view = self.session.view
        lines = view.cfg(view.project.guest(self.key)).removesuffix("\n").split("\n")
        self.wizard.talk.show(lines, exact=True)

    def _clone(self) -> None:
        project, key = guests.cloned(self.session.project, self.key)
        self.wizard.close()
        self.wizard.edit(project, f"clone {self.key}", f"Cloned: {key}.")
        self.wizard.open(GuestMenu(self.wizard, key))

    def _delete(self) -> None:
        self.wizard.close()
        project = guests.removed(self.session.project, self.key)
        self.wizard.edit(project, f"delete {self.key}", f"Deleted {self.key}. u brings it back.")

    def _move(self, by: int) -> None:
        project = guests.moved(self.session.project, self.key, by)
        place = guests.keys(project).index(self.key) + 1
        self.wizard.edit(project, f"move {self.key}", f"{self.key} is number {place} now.")


class MoreMenu(OfGuest):
    """The fields that few guests need."""

    title = "More"

    def items(self) -> Sequence[Item]:
        """Return them."""
        return fields(self.wizard, self.groups("more"))


class ImportMenu(OfGuest):
    """Where the disk comes from, and how it becomes an image."""

    title = "Import"

    def items(self) -> Sequence[Item]:
        """Return the import's type, its fields, and its fetched files."""
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
            made.append(Choice("Add a fetched file", self._add))
            made.append(Choice("Look at its file", self._look))
        return made

    def _ask_kind(self) -> None:
        from xentui.plain.ask import Line, Pick

        kinds = [("none", "a recipe makes its disk")]
        kinds += [(kind, "") for kind in forms.imports(self.session.project)]
        lines = ("A type of your own: lower-case letters, digits and underscores.",)
        own = Line(self.wizard, "Name of the type", self._own_kind, lines)
        other = ("A new type of your own", lambda: self.wizard.open(own))
        self.wizard.open(Pick(self.wizard, "Import type", kinds, self._kind, other=other))

    def _kind(self, name: str) -> None:
        kind = None if name == "none" else name
        project = field_paths.with_source(self.session.project, self.key, kind)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")

    def _own_kind(self, name: str) -> str:
        wrong = field_paths.problem(field_paths.key_field("import_types"), name)
        if not wrong and name in forms.imports(self.session.project):
            wrong = "Another one has this name."
        if wrong:
            return wrong
        project = field_paths.with_import_type(self.session.project, name)
        project = field_paths.with_source(project, self.key, name)
        self.wizard.edit(project, f"Import of {self.key}", f"Import of {self.key}: {name}.")
        return ""

    def _add(self) -> None:
        project = guests.with_fetch(self.session.project, self.key)
        self.wizard.edit(project, f"add a fetched file of {self.key}", "Added a fetched file.")

    def _remove(self, place: int) -> None:
        project = guests.without_fetch(self.session.project, self.key, place)
        what = f"Removed fetched file {place + 1}."
        self.wizard.edit(project, f"remove a fetched file of {self.key}", what)

    def _look(self) -> None:
        from xentui.plain.look import look

        look(self.wizard, self.key)


class BundleMenu(OfGuest):
    """Which bundle the guest is in, or none, and what that bundle is."""

    title = "Goes into"

    def items(self) -> Sequence[Item]:
        """Return the bundle's fields, and one key to the other way."""
        project = self.session.project
        bundle = project.guest(self.key).bundle
        made = fields(self.wizard, self.groups("bundle"))
        if bundle is not None:
            made.append(choice_of(self.wizard, ("bundles", bundle, field_paths.KEY)))
        _, where = guests.switched(project, self.key)
        made.append(Choice(f"Move to {where}", self._switch))
        return made

    def _switch(self) -> None:
        project, where = guests.switched(self.session.project, self.key)
        self.wizard.edit(project, f"move {self.key} to {where}", f"{self.key} is in {where} now.")


def _way(bundle: str | None) -> str:
    return f"bundle {bundle}" if bundle else "the configuration"


def open_guest(wizard: Wizard, path: field_paths.Path) -> None:
    """Go to the list that a field of a guest is in, without saying it."""
    project = wizard.session.project
    key = str(path[1]) if path[0] == "guests" else ""
    if path[0] == "bundles":
        key = next((one.key for one in project.guests if one.bundle == path[1]), "")
    elif path[0] == "import_types":
        key = next((g.key for g in project.guests if g.source and g.source.type == path[1]), "")
    if not guests.has(project, key):
        return
    wizard.open(GuestMenu(wizard, key), quietly=True)
    menus: dict[forms.Name, type[OfGuest]] = {
        "import": ImportMenu,
        "bundle": BundleMenu,
        "more": MoreMenu,
    }
    for name, menu in menus.items():
        if any(path in group.paths for group in forms.guest(project, key, name)):
            wizard.open(menu(wizard, key), quietly=True)
            return
