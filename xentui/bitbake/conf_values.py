# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Store variables and compute their values as BitBake's data store does, without its Python.

The rules are those of bb:lib/bb/data_smart.py: ``?=`` ignores overrides and appends, ``:append``
and ``:remove`` are applied when a value is requested, an override's value replaces the variable's
own, and ``${X}`` is expanded last. ``${@…}`` is never evaluated: it becomes a hole in the value,
and the value lists the reasons for its holes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from xentui.bitbake.conf_types import HOLE, Assignment, Location, Value, split_python
from xentui.bitbake.overrides import Overrides, override_splits, split_operation, winning_variant

MAX_EXPANDED = 1 << 20
"""Maximum length of an expanded value, as nested ``${A}${A}`` grows exponentially."""

_CIRCLE = "refers to itself, or through too many others"
_MAX_DEPTH = 60
_MAX_ROUNDS = 50
_MAX_STEPS = 20_000
_REFERENCE = re.compile(r"\$\{[a-zA-Z0-9\-_+./~:]++\}")


@dataclass(slots=True)
class _Variable:
    """A variable's own values, its delayed operations with their overrides, and its variants."""

    content: str | None = None
    weak: str | None = None
    flags: dict[str, str] = field(default_factory=dict)
    weak_flags: dict[str, str] = field(default_factory=dict)
    delayed: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    variants: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


_UNSET = _Variable()


@dataclass(slots=True)
class _Work:
    """The state of one evaluation.

    Attributes:
        unknown: the reasons why the value is not fully known, without repetitions.
        open: the variables that are being expanded, to detect circles.
        steps: how many references were followed.
    """

    unknown: dict[str, None] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)
    steps: int = 0


class Store:
    """Variables and flags, with the locations of their assignments.

    Attributes:
        assignments: every operation on a variable and its variants, by the variable's name.
        doubts: reasons why any value may differ from BitBake's, such as a file that was not read.
        doubts_by_variable: such a reason for one variable and its variants.
        fixed: values that no assignment changes, such as PN.
        python_results: the result of each ``${@…}`` that is known in advance.
    """

    def __init__(self) -> None:
        self._variables: dict[str, _Variable] = {}
        self.assignments: dict[str, list[Assignment]] = {}
        self.doubts: dict[str, None] = {}
        self.doubts_by_variable: dict[str, str] = {}
        self.fixed: dict[str, str] = {}
        self.python_results: dict[str, str] = {}
        self._overrides: Overrides | None = None
        self._cache: dict[str, tuple[str | None, tuple[str, ...]]] = {}

    def record(
        self, variable: str, operator: str, value: str, place: Location, flag: str = ""
    ) -> None:
        """Record the line of an assignment, without applying it."""
        base = variable.partition(":")[0]
        self.assignments.setdefault(base, []).append(
            Assignment(variable, flag, operator, value, place)
        )

    def assign(self, name: str, value: str, operator: str = "=", flag: str = "") -> None:
        """Apply an assignment.

        Args:
            name: the variable, with its overrides as written.
            value: the text between the quotes.
            operator: as written.
            flag: the flag, if the assignment is to a flag.
        """
        self._changed()
        variable = self._variable(name)
        old = variable.flags.get(flag) if flag else variable.content
        doubts = () if operator in ("=", ":=") else variable.doubts
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
            unknown = "; ".join(self.expand(value).unknown)
            doubts = (unknown,) if unknown else ()
            value = self._expanded_now(value)
            self._changed()
        if flag:
            variable.flags[flag] = value
        else:
            self._set(name, value, doubts)

    def _set(self, name: str, value: str, doubts: tuple[str, ...]) -> None:
        base, keyword, override = split_operation(name)
        if keyword:
            self._variable(base).delayed.setdefault(keyword, []).append((value, override))
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
        variable.delayed.clear()
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

    def mark_uncertain(self, reason: str) -> None:
        """Mark every variable as uncertain, as a file that was not read may have changed it."""
        self.doubts[reason] = None

    def mark_variable_uncertain(self, name: str, reason: str) -> None:
        """Mark a variable and its variants as uncertain, as unread files may have changed them."""
        self._changed()
        self.doubts_by_variable.setdefault(name.partition(":")[0], reason)

    def _variable(self, name: str) -> _Variable:
        return self._variables.setdefault(name, _Variable())

    def _register(self, name: str) -> None:
        for base, suffix in override_splits(name):
            self._variable(base).variants[suffix] = name

    def _changed(self) -> None:
        self._cache.clear()
        self._overrides = None

    def names(self) -> Iterator[str]:
        """Yield the name of every variable; variants have their overrides in the name."""
        return iter(self._variables)

    def content(self, name: str) -> str | None:
        """Return the unexpanded content of exactly this name, without overrides and appends."""
        variable = self._variables.get(name)
        return variable.content if variable is not None else None

    def flags(self, name: str) -> Iterable[str]:
        """Return the names of the flags that were assigned."""
        variable = self._variables.get(name, _UNSET)
        return [*variable.flags, *(variable.weak_flags.keys() - variable.flags)]

    def get(self, name: str, *, expand: bool = True) -> Value:
        """Return the effective value of a variable; without ``expand``, its text before that."""
        if name in self.fixed:
            return Value(self.fixed[name])
        work = _Work()
        raw = self._value(name, work) if expand else self._merged(name, work)[0]
        return self._result(raw, work)

    def flag(self, name: str, flag: str) -> Value:
        """Return the effective value of a flag."""
        work = _Work()
        variable = self._variables.get(name, _UNSET)
        raw = variable.flags.get(flag, variable.weak_flags.get(flag))
        if raw is not None:
            raw = self._expand(raw, work, f"{name}[{flag}]")
        return self._result(raw, work)

    def expand(self, text: str) -> Value:
        """Return a text with every ``${X}`` expanded."""
        work = _Work()
        return self._result(self._expand(text, work, ""), work)

    def seen_by(self, recipe: str) -> Store:
        """Return a view of this store, with the same variables, in which PN is the given recipe."""
        view = Store()
        view._variables = self._variables
        view.assignments = self.assignments
        view.doubts, view.doubts_by_variable = self.doubts, self.doubts_by_variable
        view.fixed = {**self.fixed, "PN": recipe}
        view.python_results = self.python_results
        return view

    def _result(self, raw: str | None, work: _Work) -> Value:
        unknown = (*work.unknown, *self.doubts)
        if raw is not None and HOLE in raw and not unknown:
            unknown = ("a part of it is not known",)
        return Value(raw, unknown)

    def _expanded_now(self, text: str) -> str:
        """Return a text with known references expanded and unknown ones left as written."""
        return "".join(
            piece if is_python else (self.expand(piece).raw or "")
            for piece, is_python in split_python(text)
        )

    def overrides(self) -> Overrides:
        """Return the active overrides, weakest first."""
        if self._overrides is None:
            # OVERRIDES may depend on variables with overrides. BitBake also tries five times.
            self._overrides = Overrides((), "")
            for _ in range(5):
                work = _Work()
                raw = self._value("OVERRIDES", work)
                overrides = Overrides(tuple((raw or "").split(":")), "; ".join(work.unknown))
                self._cache.clear()
                if overrides == self._overrides:
                    break
                self._overrides = overrides
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
        raw, removes = self._merged(name, inner)
        if raw is not None:
            raw = self._expand(raw, inner, name)
            raw = self._after_removes(raw, removes | self._removes(name, inner), inner)
        work.steps = inner.steps
        work.unknown.update(inner.unknown)
        if not any(reason.endswith(_CIRCLE) for reason in inner.unknown):
            self._cache[name] = (raw, tuple(inner.unknown))
        return raw

    def _merged(self, name: str, work: _Work) -> tuple[str | None, set[str]]:
        """Return a variable's unexpanded text, and the matching removes of its winning variant."""
        if self.doubts_by_variable:
            reason = self.doubts_by_variable.get(name.partition(":")[0])
            work.unknown.update({reason: None} if reason is not None else {})
        variable = self._variables.get(name)
        if variable is None:
            return None, set()
        value: str | None = None
        removes: set[str] = set()
        if variable.variants:
            active = self.overrides()
            winner, uncertain = winning_variant(variable.variants, active)
            for suffix in uncertain:
                self._uncertain(work, variable.variants[suffix], suffix, active)
            if winner is not None:
                value, removes = self._merged(winner, work)
                if value is not None:
                    words = set(self._expand(value, work, winner).split())
                    removes = {
                        text
                        for text in removes | self._removes(winner, work)
                        if words & set(self._expand(text, work, "").split())
                    }
        if value is None:
            value = variable.content if variable.content is not None else variable.weak
            if value is not None:
                work.unknown.update(dict.fromkeys(variable.doubts))
        for text in self._applicable(name, variable.delayed.get(":append", ()), work):
            value = (value or "") + text
        for text in self._applicable(name, variable.delayed.get(":prepend", ()), work):
            value = text + (value or "")
        return value, removes

    def _applicable(
        self, name: str, entries: Iterable[tuple[str, str]], work: _Work
    ) -> Iterator[str]:
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

    def _removes(self, name: str, work: _Work) -> set[str]:
        removes = self._variables.get(name, _UNSET).delayed.get(":remove", ())
        return set(self._applicable(name, removes, work))

    def _after_removes(self, text: str, removes: set[str], work: _Work) -> str:
        if not removes:
            return text
        words = {word for entry in removes for word in self._expand(entry, work, "").split()}
        return "".join(part for part in re.split(r"(\s)", text) if part not in words)

    def _expand(self, text: str, work: _Work, name: str) -> str:
        if "${" not in text:
            return text
        return "".join(
            self._python(piece, work, name) if is_python else self._references(piece, work, name)
            for piece, is_python in split_python(text)
        )

    def _python(self, piece: str, work: _Work, name: str) -> str:
        result = self.python_results.get(piece)
        if result is not None:
            return self._references(result, work, name)
        reason = f"{name or 'it'} contains ${{@…}}, which is not evaluated"
        assignments = self.assignments.get(re.split(r"[:[]", name)[0])
        if assignments:
            cause = next((s for s in reversed(assignments) if "${@" in s.value), assignments[-1])
            reason = f"{reason} ({cause.location})"
        work.unknown[reason] = None
        return HOLE

    def _references(self, text: str, work: _Work, name: str) -> str:
        room = MAX_EXPANDED

        def value_of(reference: re.Match[str]) -> str:
            nonlocal room
            key = reference[0][2:-1]
            work.steps += 1
            if key == name:
                work.unknown[f"{name} {_CIRCLE}"] = None
                return HOLE
            value = self._value(key, work) if work.steps < _MAX_STEPS and room > 0 else HOLE
            room -= len(value or "")
            return reference[0] if value is None else value

        for _ in range(_MAX_ROUNDS):
            before = text
            text = _REFERENCE.sub(value_of, text)
            if text == before:
                return text
            if room <= 0 or work.steps >= _MAX_STEPS:
                break
            if "${" not in text:
                return text
        work.unknown["it grows beyond what is worked out here"] = None
        return HOLE
