# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Evaluate variables as BitBake's data store does, without its Python.

The rules are those of bb:lib/bb/data_smart.py: ``?=`` looks at the variable alone, ``:append``
and ``:remove`` are applied when a value is requested, an override's value replaces the plain
one, and ``${X}`` is expanded last. ``${@…}`` is never evaluated: it becomes a hole in the value,
and the value lists the reasons for its holes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xentui.bitbake.conf_facts import HOLE, Assignment, Location, Value, pieces
from xentui.bitbake.overrides import Overrides, best, operation, registered

MAX_EXPANDED = 1 << 20
"""Maximum length of an expanded value, as nested ``${A}${A}`` grows exponentially."""

_CIRCLE = "refers to itself, or through too many others"
_MAX_DEPTH = 60
_MAX_ROUNDS = 50
_MAX_STEPS = 20_000
_REFERENCE = re.compile(r"\$\{[a-zA-Z0-9\-_+./~:]++\}")


@dataclass(slots=True)
class _Variable:
    content: str | None = None
    weak: str | None = None
    flags: dict[str, str] = field(default_factory=dict)
    weak_flags: dict[str, str] = field(default_factory=dict)
    appends: list[tuple[str, str]] = field(default_factory=list)
    prepends: list[tuple[str, str]] = field(default_factory=list)
    removes: list[tuple[str, str]] = field(default_factory=list)
    variants: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class _Work:
    """The state of one evaluation: the variables being expanded, and what is unknown so far."""

    unknown: dict[str, None] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    steps: int = 0
    cache: dict[str, tuple[str | None, tuple[str, ...]]] = field(default_factory=dict)


class Store:
    """Variables and flags, with the locations of their assignments."""

    def __init__(self) -> None:
        self._variables: dict[str, _Variable] = {}
        self.assignments: dict[str, list[Assignment]] = {}
        self.doubts: dict[str, None] = {}
        self.doubtful: dict[str, str] = {}
        self.fixed: dict[str, str] = {}
        self.stands_for: dict[str, str] = {}
        self._overrides: Overrides | None = None
        self._cache: dict[str, tuple[str | None, tuple[str, ...]]] = {}

    # Assignments.

    def note(
        self, variable: str, operator: str, value: str, place: Location, flag: str = ""
    ) -> None:
        """Record that a line assigns a variable or flag."""
        base = variable.partition(":")[0]
        self.assignments.setdefault(base, []).append(
            Assignment(variable, flag, operator, value, place)
        )

    def assign(
        self, name: str, value: str, operator: str = "=", flag: str = "", doubt: str = ""
    ) -> None:
        """Apply an assignment.

        Args:
            name: the variable, with its overrides as written.
            value: the text between the quotes.
            operator: as written.
            flag: the flag, if the assignment is to a flag.
            doubt: why the value may be wrong.
        """
        self._changed()
        variable = self._variable(name)
        old = variable.flags.get(flag) if flag else variable.content
        if operator == "??=":
            if flag:
                variable.weak_flags[flag] = value
            else:
                variable.weak = value
                self._register(name)
            return
        if operator == "?=":
            value = value if old is None else old
        elif operator == "+=":
            value = f"{old or ''} {value}"
        elif operator == "=+":
            value = f"{value} {old or ''}"
        elif operator == ".=":
            value = f"{old or ''}{value}"
        elif operator == "=.":
            value = f"{value}{old or ''}"
        elif operator == ":=":
            doubt = doubt or "; ".join(self.expand(value).unknown)
            value = self._frozen(value)
            self._changed()
        if flag:
            variable.flags[flag] = value
        else:
            doubts = () if operator in ("=", ":=") else variable.doubts
            self._set(name, value, (*doubts, doubt) if doubt else doubts)

    def _set(self, name: str, value: str, doubts: tuple[str, ...]) -> None:
        base, keyword, override = operation(name)
        if keyword:
            variable = self._variable(base)
            places = {
                ":append": variable.appends,
                ":prepend": variable.prepends,
                ":remove": variable.removes,
            }
            places[keyword].append((value, override))
            self._register(base)
            return
        variable = self._variable(name)
        variable.content = value
        variable.doubts = doubts
        self._register(name)

    def replace(self, name: str, value: str | None) -> None:
        """Replace all earlier assignments to a variable, appends included, by one value."""
        self._changed()
        variable = self._variable(name)
        variable.content = value
        variable.appends, variable.prepends, variable.removes = [], [], []
        variable.variants = {}

    def unset(self, name: str) -> None:
        """Remove a variable; the language allows no overrides in the name here."""
        self._changed()
        self._variables[name] = _Variable()

    def unset_flag(self, name: str, flag: str) -> None:
        """Remove a flag; its weak default is removed only if it also had a strong value."""
        variable = self._variable(name)
        if variable.flags.pop(flag, None) is not None:
            variable.weak_flags.pop(flag, None)

    def doubt(self, reason: str) -> None:
        """Mark every variable as uncertain, as a file that was not read may have changed it."""
        self.doubts[reason] = None

    def doubt_of(self, name: str, reason: str) -> None:
        """Mark a variable and its variants as uncertain, as unread files may have changed them."""
        self._changed()
        self.doubtful.setdefault(name.partition(":")[0], reason)

    def _variable(self, name: str) -> _Variable:
        return self._variables.setdefault(name, _Variable())

    def _register(self, name: str) -> None:
        for base, suffix in registered(name):
            self._variable(base).variants[suffix] = name

    def _changed(self) -> None:
        self._cache.clear()
        self._overrides = None

    # Queries.

    def names(self) -> Iterator[str]:
        """Yield the name of every variable; variants have their overrides in the name."""
        return iter(self._variables)

    def plain(self, name: str) -> str | None:
        """Return the unexpanded content of exactly this name, without overrides and appends."""
        found = self._variables.get(name)
        return found.content if found is not None else None

    def flags(self, name: str) -> Iterable[str]:
        """Return the names of the flags that were assigned."""
        found = self._variables.get(name)
        return [] if found is None else [*found.flags, *(found.weak_flags.keys() - found.flags)]

    def get(self, name: str, *, expand: bool = True) -> Value:
        """Return the effective value of a variable."""
        if name in self.fixed:
            return Value(self.fixed[name])
        work = _Work()
        if expand:
            raw = self._value(name, work)
        else:
            raw, _ = self._merged(name, work)
        return self._answer(raw, work)

    def flag(self, name: str, flag: str) -> Value:
        """Return the effective value of a flag."""
        work = _Work()
        found = self._variables.get(name)
        raw = None
        if found is not None:
            raw = found.flags.get(flag, found.weak_flags.get(flag))
        if raw is not None:
            raw = self._expand(raw, work, f"{name}[{flag}]")
        return self._answer(raw, work)

    def expand(self, text: str) -> Value:
        """Return a text with every ``${X}`` expanded."""
        work = _Work()
        return self._answer(self._expand(text, work, ""), work)

    def seen_by(self, recipe: str) -> Store:
        """Return a view of this store in which PN is the given recipe."""
        view = Store()
        view._variables, view.assignments, view.doubts = (
            self._variables,
            self.assignments,
            self.doubts,
        )
        view.doubtful, view.fixed = self.doubtful, {**self.fixed, "PN": recipe}
        view.stands_for = self.stands_for
        return view

    def _answer(self, raw: str | None, work: _Work) -> Value:
        unknown = (*work.unknown, *self.doubts)
        if raw is not None and HOLE in raw and not unknown:
            unknown = ("a part of it is not known",)
        return Value(raw, unknown)

    def _frozen(self, text: str) -> str:
        """Return a text with known references expanded and unknown ones left as written."""
        return "".join(
            piece if hole else (self.expand(piece).raw or "") for piece, hole in pieces(text)
        )

    def overrides(self) -> Overrides:
        """Return the active overrides, weakest first."""
        if self._overrides is None:
            self._overrides = Overrides((), "")
            for _ in range(5):
                work = _Work()
                raw = self._value("OVERRIDES", work)
                found = Overrides(tuple((raw or "").split(":")), "; ".join(work.unknown))
                self._cache.clear()
                if found == self._overrides:
                    break
                self._overrides = found
        return self._overrides

    def _value(self, name: str, work: _Work) -> str | None:
        if name in self.fixed:
            return self.fixed[name]
        cached = self._cache.get(name)
        if cached is not None:
            work.unknown.update(dict.fromkeys(cached[1]))
            return cached[0]
        if name in work.open or len(work.open) >= _MAX_DEPTH:
            work.unknown[f"{name} {_CIRCLE}"] = None
            return HOLE
        inner = _Work(open=[*work.open, name], steps=work.steps + 1)
        raw, hits = self._merged(name, inner)
        if raw is not None:
            raw = self._expand(raw, inner, name)
            raw = self._without(raw, self._removed(name, inner) | hits, inner)
        work.steps = inner.steps
        work.unknown.update(inner.unknown)
        if not any(reason.endswith(_CIRCLE) for reason in inner.unknown):
            self._cache[name] = (raw, tuple(inner.unknown))
        return raw

    def _merged(self, name: str, work: _Work) -> tuple[str | None, set[str]]:
        """Return a variable's unexpanded text, and the removes of its winning override."""
        if self.doubtful:
            reason = self.doubtful.get(name.partition(":")[0])
            work.unknown.update({reason: None} if reason is not None else {})
        variable = self._variables.get(name)
        if variable is None:
            return None, set()
        value: str | None = None
        hits: set[str] = set()
        if variable.variants:
            active = self.overrides()
            chosen, maybe = best(variable.variants, active)
            for suffix in maybe:
                self._uncertain(work, variable.variants[suffix], suffix, active)
            if chosen is not None:
                value, hits = self._merged(chosen, work)
                if value is not None:
                    expanded = self._expand(value, work, chosen)
                    hits = {
                        text
                        for text in hits | self._removed(chosen, work)
                        if set(expanded.split()) & set(self._expand(text, work, "").split())
                    }
        if value is None:
            value = variable.content if variable.content is not None else variable.weak
            if value is not None:
                work.unknown.update(dict.fromkeys(variable.doubts))
        for text in self._active(name, variable.appends, work):
            value = (value or "") + text
        for text in self._active(name, variable.prepends, work):
            value = text + (value or "")
        return value, hits

    def _active(self, name: str, entries: list[tuple[str, str]], work: _Work) -> Iterator[str]:
        for text, override in entries:
            if not override:
                yield text
                continue
            active = self.overrides()
            state = active.is_active(override)
            if state is None:
                self._uncertain(work, name, override, active)
            elif state:
                yield text

    def _uncertain(self, work: _Work, name: str, override: str, active: Overrides) -> None:
        why = active.unknown or "OVERRIDES is not fully known"
        work.unknown[f"{name}: whether {override} is an override is not known ({why})"] = None

    def _removed(self, name: str, work: _Work) -> set[str]:
        variable = self._variables.get(name)
        return set(self._active(name, variable.removes, work)) if variable is not None else set()

    def _without(self, text: str, removes: set[str], work: _Work) -> str:
        if not removes:
            return text
        words = {word for entry in removes for word in self._expand(entry, work, "").split()}
        return "".join(part for part in re.split(r"(\s)", text) if part not in words)

    def _expand(self, text: str, work: _Work, name: str) -> str:
        if "${" not in text:
            return text
        return "".join(
            self._hole(piece, work, name) if hole else self._references(piece, work, name)
            for piece, hole in pieces(text)
        )

    def _hole(self, piece: str, work: _Work, name: str) -> str:
        meant = self.stands_for.get(piece)
        if meant is not None:
            return self._references(meant, work, name)
        reason = f"{name or 'it'} contains ${{@…}}, which is not evaluated"
        assignments = (
            self.assignments.get(name.partition(":")[0].partition("[")[0]) if name else None
        )
        if assignments:
            place = next(
                (s.place for s in reversed(assignments) if "${@" in s.value), assignments[-1].place
            )
            reason = f"{reason} ({place})"
        work.unknown[reason] = None
        return HOLE

    def _references(self, text: str, work: _Work, name: str) -> str:
        room = MAX_EXPANDED

        def looked_up(found: re.Match[str]) -> str:
            nonlocal room
            key = found[0][2:-1]
            work.steps += 1
            if key == name:
                work.unknown[f"{name} {_CIRCLE}"] = None
                return HOLE
            value = self._value(key, work) if work.steps < _MAX_STEPS and room > 0 else HOLE
            room -= len(value or "")
            return found[0] if value is None else value

        for _ in range(_MAX_ROUNDS):
            before = text
            text = _REFERENCE.sub(looked_up, text)
            if text == before:
                return text
            if room <= 0 or work.steps >= _MAX_STEPS:
                break
            if "${" not in text:
                return text
        work.unknown["it grows beyond what is worked out here"] = None
        return HOLE
