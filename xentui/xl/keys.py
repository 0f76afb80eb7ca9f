# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The keys of an xl config, from ``keys.toml``, where each has its source."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

Version = tuple[int, int]

XEN: Version = (4, 21)
"""The Xen version that configs are checked for if no layer sets one: that of
meta-virtualization on wrynose and master (mv:recipes-extended/xen/xen_4.21.bb)."""

OLDEST: Version = (4, 2)
NEWEST: Version = (4, 22)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that some version of xl reads.

    Attributes:
        kind: how xl reads its value; :mod:`xentui.xl.check` has a reader for each.
        types: the domain types that read it; empty for all.
        arch: the one architecture it has an effect on, or an empty text.
        since: the first Xen that reads it.
        until: the last one, or ``None``.
        instead: the key to use instead, or an empty text.
        advice: what to do instead, or an empty text.
    """

    name: str
    title: str
    kind: str
    choices: tuple[str, ...] = ()
    choices_since: Mapping[str, str] = field(default_factory=dict)
    choices_until: Mapping[str, str] = field(default_factory=dict)
    minimum: int | None = None
    maximum: int | None = None
    types: tuple[str, ...] = ()
    arch: str = ""
    since: Version = OLDEST
    until: Version | None = None
    deprecated: Version | None = None
    instead: str = ""
    advice: str = ""
    line: int | None = None

    def words(self, xen: Version) -> tuple[str, ...]:
        """Return the choices that this Xen accepts."""
        return tuple(
            word
            for word in self.choices
            if version(self.choices_since.get(word, "0.0")) <= xen
            and xen <= version(self.choices_until.get(word, "99.0"))
        )


@dataclass(frozen=True, slots=True)
class Foreign:
    """A name that people write although no xl reads it."""

    name: str
    instead: str = ""
    advice: str = ""


def version(text: str) -> Version:
    """Return a Xen release as numbers that can be compared."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def shown(release: Version) -> str:
    """Return a Xen release as it is written."""
    return f"{release[0]}.{release[1]}"


def keys() -> Mapping[str, Key]:
    """Return every key that some xl reads, by name."""
    return _tables()[0]


def foreign() -> Mapping[str, Foreign]:
    """Return the names that people write although no xl reads them."""
    return _tables()[1]


def near(name: str, xen: Version = XEN) -> str | None:
    """Return the key of this Xen with the most similar name, or ``None``."""
    import difflib  # noqa: PLC0415 - only a misspelt name needs it

    known = [key.name for key in keys().values() if is_read(key, xen)]
    return next(iter(difflib.get_close_matches(name[:64], known, n=1, cutoff=0.75)), None)


def is_read(key: Key, xen: Version) -> bool:
    """Return whether this Xen reads a key."""
    return key.since <= xen and (key.until is None or xen <= key.until)


@cache
def _tables() -> tuple[Mapping[str, Key], Mapping[str, Foreign]]:

    data = tomllib.loads((files("xentui.xl") / "keys.toml").read_text(encoding="utf-8"))
    read = {name: _key(name, table) for name, table in data["keys"].items()}
    others = {name: Foreign(name, **table) for name, table in data["foreign"].items()}
    return MappingProxyType(read), MappingProxyType(others)


def _key(name: str, table: dict[str, Any]) -> Key:
    for part in ("since", "until", "deprecated"):
        if part in table:
            table[part] = version(table[part])
    for part in ("choices", "types"):
        if part in table:
            table[part] = tuple(table[part])
    return Key(name, **table)
