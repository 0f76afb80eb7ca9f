# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The keys that xl reads in a guest's config, for each version of Xen.

They are in ``keys.toml``, each with its place in xl's source.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

Version = tuple[int, int]

DEFAULT_XEN: Version = (4, 21)
"""The Xen that configs are checked for if no layer provides one: that of meta-virtualization on
wrynose and master (mv:recipes-extended/xen/xen_4.21.bb)."""

OLDEST: Version = (4, 2)
NEWEST: Version = (4, 22)
"""The versions that ``keys.toml`` covers, from :data:`OLDEST` on."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that some version of xl reads.

    Attributes:
        kind: how xl reads its value; a key of :data:`xentui.xl.values.CHECKS`.
        choices_since: the first Xen that accepts a choice, such as ``4.18``; likewise
            ``choices_until`` for the last one.
        minimum: the smallest sensible number; likewise ``maximum``.
        types: the domain types that read it; empty for all.
        arch: the only architecture on which it has an effect; empty for both.
        since: the first Xen that reads it.
        until: the last Xen that reads it; ``None`` if :data:`NEWEST` does.
        deprecated: the first Xen that warns about it.
        instead: the key to use instead, or an empty text.
        advice: what to do instead, or an empty text.
    """

    name: str
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

    def choices_in(self, xen: Version) -> tuple[str, ...]:
        """Return the choices that this Xen accepts."""
        return tuple(
            word
            for word in self.choices
            if parse_version(self.choices_since.get(word, "0.0")) <= xen
            and xen <= parse_version(self.choices_until.get(word, "99.0"))
        )


@dataclass(frozen=True, slots=True)
class Mistake:
    """A name that people write although no xl reads it, and what to write instead."""

    name: str
    instead: str = ""
    advice: str = ""


def parse_version(text: str) -> Version:
    """Return a version such as ``4.21`` as numbers, which can be compared."""
    major, _, minor = text.partition(".")
    return int(major), int(minor)


def version_text(version: Version) -> str:
    """Return a version as text: ``4.21``."""
    return f"{version[0]}.{version[1]}"


def all_keys() -> Mapping[str, Key]:
    """Return the keys that any version of xl reads, by name."""
    return _tables()[0]


def common_mistakes() -> Mapping[str, Mistake]:
    """Return the names that people write although no xl reads them."""
    return _tables()[1]


def similar_key(name: str, xen: Version = DEFAULT_XEN) -> str | None:
    """Return the key with the most similar name that this Xen reads, or ``None``."""
    import difflib  # noqa: PLC0415 - only a misspelt name needs it

    names = [key.name for key in all_keys().values() if is_read(key, xen)]
    return next(iter(difflib.get_close_matches(name[:64], names, n=1, cutoff=0.75)), None)


def is_read(key: Key, xen: Version) -> bool:
    """Return whether this Xen reads a key."""
    return key.since <= xen and (key.until is None or xen <= key.until)


@cache
def _tables() -> tuple[Mapping[str, Key], Mapping[str, Mistake]]:
    data = tomllib.loads((files("xentui.xl") / "keys.toml").read_text(encoding="utf-8"))
    keys = {name: _key(name, table) for name, table in data["keys"].items()}
    mistakes = {name: Mistake(name, **table) for name, table in data["mistakes"].items()}
    return MappingProxyType(keys), MappingProxyType(mistakes)


def _key(name: str, table: dict[str, Any]) -> Key:
    for part in table.keys() & {"since", "until", "deprecated"}:
        table[part] = parse_version(table[part])
    for part in table.keys() & {"choices", "types"}:
        table[part] = tuple(table[part])
    return Key(name, **table)
