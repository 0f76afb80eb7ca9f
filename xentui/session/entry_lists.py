# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List fields of a guest as forms show them: one row per entry, one input per part of it.

These are interfaces and shared folders, which xl writes as ``name=value,name=value``, and other
settings of xl.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from xentui.project import schema, tables
from xentui.project.edit import value_text
from xentui.project.model import Guest, Project
from xentui.session import field_paths, guest_network
from xentui.xl import nic


@dataclass(frozen=True)
class EntryList(ABC):
    """A list field of a guest.

    Attributes:
        field: the field's name in the project.
        word: what the user calls one entry.
        parts: the names of an entry's parts, in order.
        help: the purpose of an entry and its parts.
    """

    field: str
    word: str
    parts: tuple[str, ...]
    help: str

    @abstractmethod
    def entries(self, guest: Guest) -> list[dict[str, str]]:
        """Return the entries, each as the texts of its parts by their names."""

    @abstractmethod
    def changed(
        self, project: Project, key: str, number: int, part: str, text: str
    ) -> tuple[Any, str]:
        """Change one part of an entry; return the new list and an error message or "".

        Args:
            project: the project.
            key: the guest's key.
            number: the entry, counted from 0.
            part: the name of the part.
            text: what was typed.
        """

    def title(self, guest: Guest, number: int) -> str:  # noqa: ARG002
        """Return the label of an entry, counted from 0."""
        return f"{self.word} {number + 1}"

    def problem(self, guest: Guest, number: int) -> str:  # noqa: ARG002
        """Return an error message for an invalid entry, or an empty text."""
        return ""

    def without(self, guest: Guest, number: int) -> Any:
        """Return the list without an entry."""
        entries = tuple(getattr(guest, self.field) or ())
        return (*entries[:number], *entries[number + 1 :])


class _Interfaces(EntryList):
    def entries(self, guest: Guest) -> list[dict[str, str]]:
        interfaces = [nic.as_dict(entry) for entry in guest.vif or ()]
        return [{part: parts.get(part, "") for part in self.parts} for parts in interfaces]

    def changed(
        self, project: Project, key: str, number: int, part: str, text: str
    ) -> tuple[Any, str]:
        vif = list(project.guest(key).vif or ())
        entry, problem = guest_network.with_part(vif[number], part, text)
        vif[number] = entry or NEW_INTERFACE
        return tuple(vif), problem

    def problem(self, guest: Guest, number: int) -> str:
        return guest_network.interface_problem((guest.vif or ())[number])


NEW_INTERFACE = "bridge=xenbr0"
INTERFACES = _Interfaces(
    "vif",
    "Interface",
    guest_network.PARTS,
    "The bridge in Dom0 that it is connected to, its MAC address (left empty: made by xl at each "
    "start), the model that an HVM guest sees, and the address for Dom0's vif script.",
)


class _Shares(EntryList):
    def entries(self, guest: Guest) -> list[dict[str, str]]:
        shares = [_parts(entry) for entry in guest.p9]
        return [{part: share.get(part, "") for part in self.parts} for share in shares]

    def changed(
        self, project: Project, key: str, number: int, part: str, text: str
    ) -> tuple[Any, str]:
        shares = list(project.guest(key).p9)
        value = text.strip()
        if not value and part != "security_model":
            return tuple(shares), f"A shared folder needs a {part}."
        if bad := next((char for char in value if char in ",= "), ""):
            return tuple(shares), f"It cannot contain {bad!r}."
        parts = {**_parts(shares[number]), part: value}
        shares[number] = ",".join(f"{name}={text}" for name, text in parts.items() if text)
        field = field_paths.field_of(("guests", key, self.field))
        return tuple(shares), field_paths.problem(field, shares)


def _parts(entry: str) -> dict[str, str]:
    """Return the parts of an entry in xl's syntax, such as ``tag=share,path=/srv``."""
    pairs = (word.partition("=") for word in entry.split(",") if word)
    return {name: value for name, _, value in pairs}


def new_share(guest: Guest) -> str:
    """Return a shared folder with a tag that the guest does not use yet."""
    taken = tuple(_parts(entry).get("tag", "") for entry in guest.p9)
    tag = field_paths.free_name("share", taken)
    return f"tag={tag},security_model=none,path=/srv/{tag}"


SHARES = _Shares(
    "p9",
    "Shared folder",
    ("tag", "path", "security_model"),
    "A folder of Dom0 that the guest mounts: mount -t 9p -o trans=xen TAG /mnt. The security model "
    "is none, or what xl.cfg(5) names.",
)


class _Settings(EntryList):
    def entries(self, guest: Guest) -> list[dict[str, str]]:
        return [{"value": _value_text(value)} for _, value in guest.xl]

    def title(self, guest: Guest, number: int) -> str:
        return guest.xl[number][0]

    def changed(
        self,
        project: Project,
        key: str,
        number: int,
        part: str,  # noqa: ARG002
        text: str,
    ) -> tuple[Any, str]:
        settings = dict(tables.value_at(project, ("guests", key, self.field)) or ())
        name = project.guest(key).xl[number][0]
        settings[name] = _parse_value(text)
        field = field_paths.field_of(("guests", key, self.field))
        return settings, field_paths.problem(field, settings)

    def without(self, guest: Guest, number: int) -> Any:
        return dict(entry for at, entry in enumerate(guest.xl) if at != number)


def _value_text(value: Any) -> str:
    """Return a value as the user types it: a text has quotes only if it needs them."""
    if isinstance(value, str) and value and _parse_value(value) == value:
        return value
    return value_text(list(value) if isinstance(value, tuple) else value)


def _parse_value(text: str) -> Any:
    """Parse the value of a setting: a number, a list, a quoted text, or any other text."""
    value = schema.toml_value(text)
    return value if isinstance(value, (int, str, list)) else text.strip()


def setting_problem(guest: Guest, name: str) -> str:
    """Return an error message for the name of a new setting, or an empty text."""
    if name in dict(guest.xl):
        return f"{name} is set already."
    field = field_paths.field_of(("guests", guest.key, "xl"))
    return field_paths.problem(field, {name: 1})


SETTINGS = _Settings(
    "xl",
    "Setting",
    ("value",),
    "A setting of xl.cfg(5) that has no field here: a number, a text, or a list such as "
    '["tablet"].',
)
