# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The fields of the project file, read from ``schema.json``.

No other file defines a field's type, unit, range, default, help or BitBake name. In addition to
draft-07's keywords, the schema uses these:

* ``x-unit``: the unit of a number.
* ``x-bitbake``: the BitBake variable, where ``[{guest}]`` makes it a varflag of each guest.
* ``x-xl``: the corresponding setting in a guest's xl config.
* ``x-must-be``: the words that follow "Must be" in the error message for a text.
* ``x-text-kind``: what kind of text it is, see :class:`Field`.
* ``x-default-from``: where the value of an omitted field comes from, see
  :func:`xentui.project.effective.fallback`.
* ``x-advanced``: whether the form hides the field at first.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from xentui.errors import UsageError, did_you_mean
from xentui.project.lines import KeyPath
from xentui.project.validation import TYPE_NAMES, Checker, SchemaViolation, compile_pattern
from xentui.safe_text import quoted, visible

Kind = Literal[
    "integer", "text", "choice", "flag", "choices", "list", "table", "tables", "named", "map"
]
"""The kind of a field's value. ``choice`` is one of several words, ``choices`` a list of them, and
``flag`` true or false. ``table`` is one table, ``tables`` an array of them, ``named`` a table of
tables by name (``guests``), and ``map`` a table with any keys."""

TextKind = Literal["", "word", "domain", "deploy-file", "local-file"]
"""The kind of a text, which decides how it is checked before it is written."""

ROOT = ""
"""The table name of the whole document, for :func:`fields` and :func:`field`."""

MAX_PROBLEMS = 1000
"""The maximum number of problems that are reported for one document."""

_LONG_EXAMPLE = 60

_SIZE = re.compile(r"([0-9]{1,12})\s*([MmGg])(?:i?[Bb])?", re.ASCII)
"""A size with its unit; M and G are read as MiB and GiB, as xl and QEMU do."""

FILE_NAME = "xentui-project-1.schema.json"
"""The schema's file name next to a project file; the number is the format's version."""


@cache
def as_text() -> str:
    """Return the contents of ``schema.json``."""
    return installed_path().read_text(encoding="utf-8")


def installed_path() -> Path:
    """Return the path of the installed ``schema.json``."""
    return Path(__file__).parents[1] / "schema.json"


@cache
def as_dict() -> dict[str, Any]:
    """Return the parsed ``schema.json``."""
    loaded: dict[str, Any] = json.loads(as_text())
    return loaded


class Field(NamedTuple):
    """One key of a table in the project file.

    Attributes:
        table: the table it belongs to, as a key of the schema's ``definitions``: ``host``,
            ``guest``, ``source`` …
        child_table: if the kind is ``table``, ``tables`` or ``named``, the table that defines its
            value or its entries, also as a key of ``definitions``; otherwise empty.
        unit: the unit of a number, ``MiB`` or empty.
        bitbake: the BitBake variable, with the placeholders ``{guest}`` and ``{image}``.
        xl: the corresponding setting in an xl config, or empty.
        text_kind: a ``word``, a ``domain`` name, a ``deploy-file`` (a path in the deploy
            directory), a ``local-file`` (a path relative to the project file), or empty for any
            other text.
        must_be: what a text or a list entry must be; completes "Must be …".
        default: the value of an omitted field; ``None`` if it is not always the same.
        default_from: where that value comes from, a key of
            :data:`xentui.project.effective.ORIGINS`; empty if xentui itself chose it.
    """

    table: str
    name: str
    title: str
    description: str
    kind: Kind
    child_table: str = ""
    unit: str = ""
    bitbake: str = ""
    xl: str = ""
    text_kind: TextKind = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    must_be: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None
    default_from: str = ""
    examples: tuple[Any, ...] = ()
    advanced: bool = False
    required: bool = False

    @property
    def is_table(self) -> bool:
        """Whether its value contains other values."""
        return self.kind in ("table", "tables", "named", "map")

    @property
    def is_varflag(self) -> bool:
        """Whether it is a varflag in BitBake, with the guest's key as the flag."""
        return self.bitbake.endswith("[{guest}]")

    @property
    def variable(self) -> str:
        """The BitBake variable without varflag and overrides: ``XEN_GUEST_MEMORY``."""
        return self.bitbake.partition("[")[0].partition(":")[0]

    @property
    def range(self) -> str:
        """The allowed values in a few words: ``32 to 1048576 MiB``, ``nat or bridged``."""
        if self.kind == "integer":
            return f"{self.minimum} to {self.maximum}{f' {self.unit}' if self.unit else ''}"
        if self.choices:
            return (" or " if self.kind == "choice" else ", ").join(self.choices)
        return "true or false" if self.kind == "flag" else ""

    def parse(self, text: str) -> Any:
        """Convert a typed text to a value of this field's kind, without checking it further.

        A list is typed with spaces between its entries (``autostart external``), and a ``map``
        as ``KEY = VALUE, KEY = VALUE``; empty text means an empty list or map. A size in MiB may
        have a unit: ``8 GiB``, ``512M``.

        Raises:
            UsageError: the text cannot be converted.
        """
        typed = text.strip()
        if self.kind == "integer":
            if self.unit == "MiB" and (size := _SIZE.fullmatch(typed)):
                return _mib(size)
            if not re.fullmatch(r"-?[0-9]{1,18}", typed):
                form = ", or a size such as 512M or 2G" if self.unit == "MiB" else ""
                raise UsageError(
                    f"{self.title}: must be a whole number, {self.range}{form}, not {quoted(text)}"
                )
            return int(typed)
        if self.kind == "flag":
            if typed.lower() not in ("true", "false"):
                raise UsageError(f"{self.title}: must be true or false, not {quoted(text)}")
            return typed.lower() == "true"
        if self.kind in ("choices", "list"):
            return typed.split()
        return self._keys_and_values(typed) if self.kind == "map" else typed

    def _keys_and_values(self, typed: str) -> dict[str, Any]:
        """Return the entries of a ``map``, typed as a TOML inline table with or without braces."""
        inside = typed[1:-1] if typed[:1] + typed[-1:] == "{}" else typed
        table: dict[str, Any] | None = toml_value(f"{{{inside}}}")
        if table is None:
            form = 'KEY = VALUE, with commas between, such as localtime = 1, on_crash = "preserve"'
            raise UsageError(f"{self.title}: must be {form}")
        return table

    def problems(self, value: Any) -> tuple[Problem, ...]:
        """Return the schema violations in a value of this field, with paths relative to it."""
        spec = as_dict()["definitions"][self.table]["properties"][self.name]
        return tuple(_problems(value, spec))


def toml_value(text: str) -> Any:
    """Return the value that is written in TOML, or ``None`` if the text is not one value."""
    try:
        # Brackets make a second value or key on a further line an error. A text can still close
        # them itself, and then has further keys.
        table = tomllib.loads(f"value = [{text}]")
        (value,) = table["value"]
    except (ValueError, RecursionError):
        return None
    return value if len(table) == 1 and not text.rstrip().endswith(",") else None


class Problem(NamedTuple):
    """A violation of the schema.

    Attributes:
        code: a stable code (``XT002``).
        path: where it is.
        message: what is wrong, in a sentence without a full stop.
        fix: how to fix it, in a sentence.
    """

    code: str
    path: KeyPath
    message: str
    fix: str

    @property
    def hint(self) -> str:
        """The text to show next to the field: ``Must be 64 hexadecimal digits.``."""
        if self.fix.startswith("Must "):
            return self.fix
        return f"{self.message[:1].upper()}{self.message[1:]}. {self.fix}"


def dotted(path: KeyPath) -> str:
    """Return a path as text: ``guests.alpine.source.fetch[0].uri``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return visible(out)


@cache
def fields(table: str) -> tuple[Field, ...]:
    """Return the fields of a table, in the order of the schema.

    Args:
        table: a key of the schema's ``definitions`` (``host``, ``guest``, ``fetch`` …), or
            :data:`ROOT`.
    """
    definition = _definition(table)
    required = definition.get("required", ())
    return tuple(
        _field(table, name, spec, required=name in required)
        for name, spec in definition["properties"].items()
    )


@cache
def field(table: str, name: str) -> Field:
    """Return one field of a table.

    Raises:
        KeyError: the table has no such field.
    """
    for candidate in fields(table):
        if candidate.name == name:
            return candidate
    raise KeyError(f"{table}.{name}")


def field_at(path: KeyPath) -> Field:
    """Return the field at a path.

    For the path of an entry, such as ``("guests", "alpine")`` or ``(…, "fetch", 0)``, or of a key
    in a ``map``, return the field that contains the entry or key.

    Raises:
        KeyError: the format has no such field.
    """
    current: Field | None = None
    table = ROOT
    steps = list(path)
    while steps:
        current = field(table, str(steps.pop(0)))
        if current.kind in ("tables", "named", "map") and steps:
            steps.pop(0)
        if steps and (not current.is_table or current.kind == "map"):
            raise KeyError(dotted(path))
        table = current.child_table
    if current is None:
        raise KeyError(dotted(path))
    return current


@cache
def named_tables() -> Mapping[str, str]:
    """Return the fields whose keys the user chooses, each with the table of its entries.

    ``{"bundles": "bundle", "guests": "guest", "import_types": "import_type"}``
    """
    return {field.name: field.child_table for field in fields(ROOT) if field.kind == "named"}


@cache
def varflag_fields() -> tuple[Field, ...]:
    """Return the fields of a guest that are varflags in BitBake."""
    return tuple(field for field in fields("guest") if field.is_varflag)


@cache
def default_value(table: str, name: str) -> Any:
    """Return the default of a field as in the model: with a tuple in place of a list."""
    value = field(table, name).default
    return tuple(value) if isinstance(value, list) else value


def _definition(table: str) -> Mapping[str, Any]:
    schema = as_dict()
    definition: Mapping[str, Any] = schema if table == ROOT else schema["definitions"][table]
    return definition


def _referenced(spec: Mapping[str, Any] | bool) -> str:
    """Return the name of the definition that a subschema's ``$ref`` refers to, or an empty text."""
    reference = spec.get("$ref", "") if isinstance(spec, Mapping) else ""
    return str(reference).rpartition("/")[2]


def _kind(spec: Mapping[str, Any], referenced: str) -> tuple[Kind, str]:
    """Return the kind and the child table of a field.

    Args:
        spec: the field's subschema.
        referenced: the definition that the field itself refers to, or an empty text.
    """
    items = spec.get("items", {})
    if referenced:
        return "table", referenced
    if "enum" in spec:
        return "choice", ""
    if spec.get("type") == "array":
        entry = _referenced(items)
        return ("tables", entry) if entry else ("choices" if "enum" in items else "list", "")
    if spec.get("type") == "object":
        entry = _referenced(spec.get("additionalProperties", False))
        return ("named", entry) if entry else ("map", "")
    kinds: dict[str, Kind] = {"integer": "integer", "boolean": "flag"}
    return kinds.get(spec.get("type", ""), "text"), ""


def _field(table: str, name: str, spec: Mapping[str, Any], *, required: bool) -> Field:
    referenced = _referenced(spec)
    spec = _definition(referenced) if referenced else spec
    items = spec.get("items", {})
    kind, child_table = _kind(spec, referenced)
    return Field(
        table=table,
        name=name,
        title=spec["title"],
        description=spec["description"],
        kind=kind,
        child_table=child_table,
        unit=spec.get("x-unit", ""),
        bitbake=spec.get("x-bitbake", ""),
        xl=spec.get("x-xl", ""),
        text_kind=spec.get("x-text-kind", ""),
        minimum=spec.get("minimum"),
        maximum=spec.get("maximum"),
        max_length=spec.get("maxLength"),
        pattern=spec.get("pattern") or items.get("pattern"),
        must_be=spec.get("x-must-be") or items.get("x-must-be", ""),
        choices=tuple(spec.get("enum") or items.get("enum") or ()),
        default=spec.get("default"),
        default_from=spec.get("x-default-from", ""),
        examples=tuple(spec.get("examples", ())),
        advanced=spec.get("x-advanced", False),
        required=required,
    )


def validate(data: Any) -> list[Problem]:
    """Return the violations of the schema in a document, sorted by their paths.

    At most :data:`MAX_PROBLEMS` are returned.
    """
    problems = islice(_problems(data), MAX_PROBLEMS)
    # If a table lacks several keys, the checker reports a violation for each, and each violation
    # yields a problem for every missing key. Hence equal problems are dropped.
    return sorted(
        dict.fromkeys(problems),
        key=lambda problem: [(isinstance(step, str), step) for step in problem.path],
    )


@cache
def _checker() -> Checker:
    return Checker(as_dict())


def _problems(data: Any, part: Mapping[str, Any] | None = None) -> Iterator[Problem]:
    for violation in _checker().violations(data, part):
        yield from _problem(violation)


def _problem(violation: SchemaViolation) -> Iterator[Problem]:
    path, spec = violation.path, violation.spec
    value, expected = violation.value, violation.expected
    unit = f" {spec['x-unit']}" if "x-unit" in spec else ""
    match violation.keyword:
        case "additionalProperties":
            names = list(spec.get("properties", {}))
            for key in sorted(set(value) - set(names)):
                message = f"there is no key {quoted(key)} in this table"
                fix = _how_to_choose(key, spec) or _suggest(key, names)
                yield Problem("XT002", (*path, key), message, fix)
        case "required":
            for key in expected:
                if key not in value:
                    fix = _how_to_add(path, key, spec)
                    yield Problem("XT003", (*path, key), f"{key} is missing", fix)
        case "type":
            kinds = expected if isinstance(expected, list) else [expected]
            kind = " or ".join(TYPE_NAMES.get(str(one), str(one)) for one in kinds)
            example = _example(spec.get("examples", ()))
            like = f", such as {example}" if example else ""
            fix = f"Must be {kind}{like}."
            size = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
            if size and spec.get("x-unit") == "MiB":
                fix = f"Must be a number of MiB, without quotes or unit: {_mib(size)}."
            yield Problem("XT004", path, f"{quoted(value)} is not {kind}", fix)
        case "minimum" | "maximum":
            low, high = spec.get("minimum"), spec.get("maximum")
            message = f"{quoted(value)}{unit} is out of range"
            fix = f"Must be a whole number from {low} to {high}{unit}."
            yield Problem("XT005", path, message, fix)
        case "enum" | "const":
            allowed = list(map(str, expected if isinstance(expected, list) else [expected]))
            words = f"one of {', '.join(allowed)}" if len(allowed) > 2 else " or ".join(allowed)
            fix = did_you_mean(str(value), allowed, f"Must be {words}.")
            if isinstance(value, str) and value in allowed:
                fix = f"Must be {value}, without quotes."
            yield Problem("XT006", path, f"{quoted(value)} is not allowed", fix)
        case "maxLength" | "minLength" | "maxItems" | "uniqueItems":
            yield _wrong_size(violation)
        case "pattern" | "not":
            yield _wrong_text(violation)
        case _:
            yield Problem("XT004", path, f"{quoted(value)} is not allowed", "See the schema.")


def _wrong_size(violation: SchemaViolation) -> Problem:
    value, expected = violation.value, violation.expected
    path, subject = violation.path, "it"
    if violation.is_name:
        path, subject = (*path, value), "the name"
    if violation.keyword == "maxLength":
        message = f"{subject} has {len(value)} characters"
        fix = f"Must have at most {expected} characters."
    elif violation.keyword == "minLength":
        message, fix = "it is empty", "Must not be empty."
    elif violation.keyword == "maxItems":
        message = f"it has {len(value)} entries"
        fix = f"Must have at most {expected} entries."
    else:
        message, fix = "an entry is listed twice", "List each entry once."
    return Problem("XT005", path, message, fix)


def _wrong_text(violation: SchemaViolation) -> Problem:
    value, path, spec = str(violation.value), violation.path, violation.spec
    if violation.is_name:
        names = spec if "x-must-be" in spec else _names_at(path)
        must_be = names.get("x-must-be", "lower-case letters, digits and hyphens")
        message = f"{quoted(value)} is not a valid name"
        return Problem("XT007", (*path, value), message, f"Must be {must_be}.")
    examples = _same_scheme(spec.get("examples", ()), value)
    example = _example(examples)
    must_be = spec.get("x-must-be", "")
    like = f", such as {example}" if example else ""
    if len(like) >= _LONG_EXAMPLE:
        like = ""
    fix = f"Must be {must_be}{like}." if must_be else f"Must be like {example}."
    char = _offending_char(spec.get("pattern", ""), value, examples)
    if char is None:
        return Problem("XT008", path, f"{quoted(value)} is not valid here", fix)
    name = {" ": "a space", "\n": "a newline", "\t": "a tab"}.get(char, quoted(char))
    message = f"{quoted(value)} contains {name}, which is not supported here"
    return Problem("XT701", path, message, f"Remove it. {fix}")


def _names_at(path: KeyPath) -> Mapping[str, Any]:
    """Return the subschema for the keys of the named table at ``path``, or an empty one."""
    spec = as_dict()["properties"].get(path[0] if path else "", {})
    names: Mapping[str, Any] = spec.get("propertyNames", {})
    return names


def _offending_char(pattern: str, value: str, examples: Sequence[str]) -> str | None:
    """Return the character that makes a text violate a pattern, or ``None`` if it is unclear.

    It is the first character that the pattern allows nowhere, or else white space at either end.
    As few patterns match a text of one character, each character of the value is also tried at
    every position in the examples.
    """
    compiled = compile_pattern(pattern)
    for char in dict.fromkeys(value):
        texts = [char, f"a{char}a"]
        for example in examples[:2]:
            texts += [example[:at] + char + example[at + 1 :] for at in range(len(example))]
        if not any(compiled.fullmatch(text) for text in texts):
            return char
    for edge in (value[:1], value[-1:]):
        if edge.isspace():
            return edge
    return None


def _same_scheme(examples: Sequence[str], value: str) -> Sequence[str]:
    """Return the examples with the same URL scheme as the value, or all if there are none."""
    scheme, mark, _ = value.partition("://")
    return [one for one in examples if mark and one.startswith(scheme + mark)] or examples


def _example(examples: Sequence[str]) -> str:
    if not examples:
        return ""
    return json.dumps(examples[0])


def _mib(size: re.Match[str]) -> int:
    """Return the size that :data:`_SIZE` matched, in MiB."""
    return int(size[1]) * (1024 if size[2] in "Gg" else 1)


def _how_to_add(path: KeyPath, key: str, spec: Mapping[str, Any]) -> str:
    """Return what to write for a missing key: a table's header, or an example of its value."""
    missing = spec.get("properties", {}).get(key, {})
    if "$ref" in missing:
        return f"Add the table [{dotted((*path, key))}]."
    example = _example(missing.get("examples", ()))
    where = f"in {dotted(path)}" if path else "at the top"
    return f"Add {key} {where}, such as {key} = {example}." if example else f"Add {key} {where}."


def _how_to_choose(key: str, spec: Mapping[str, Any]) -> str:
    """Return what to write if a key is really a choice for another key, as ``autostart`` is."""
    for name, other in spec.get("properties", {}).items():
        items = other.get("items", {})
        if key in items.get("enum", ()):
            return f'Write {name} = ["{key}"] instead.'
    return ""


def _suggest(key: str, names: list[str]) -> str:
    others = f"Remove it, or use one of {', '.join(names)}." if names else "Remove it."
    return did_you_mean(key, names, others)
