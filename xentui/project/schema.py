# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The fields of the project file, read from ``schema.json``.

This module is the only source of a field's type, unit, range, default, help and BitBake name. In
addition to draft-07's keywords, the schema uses some of its own:

* ``x-unit``: the unit of a number.
* ``x-bitbake``: the BitBake variable, where ``[{guest}]`` makes it a varflag of each guest.
* ``x-xl``: the corresponding setting in a guest's xl config.
* ``x-form``: the form of a text, in words that follow "Must be".
* ``x-carry``: how a text is checked before it is written, see :attr:`Field.carry`.
* ``x-default-from``: where the value of an omitted field comes from, see
  :func:`xentui.project.effective.fallback`.
* ``x-advanced``: whether the form hides the field at first.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, Literal, NamedTuple

from xentui.errors import UsageError
from xentui.project.validation import Checker, SchemaViolation, compiled
from xentui.safe_text import quoted, visible

Kind = Literal[
    "integer", "text", "choice", "flag", "choices", "list", "table", "tables", "named", "map"
]
"""The kind of a field's value. ``table`` is one table, ``tables`` an array of them, ``named`` a
table of tables by name (``guests``), and ``map`` a table whose keys are free."""

TABLE_KINDS = ("table", "tables", "named", "map")
"""Kinds whose values contain other values."""

Carry = Literal["", "word", "domain", "deploy-file", "local-file"]
Path = tuple[str | int, ...]

ROOT = ""
"""The name under which :func:`fields` knows the whole document."""

MAX_PROBLEMS = 1000
"""The most problems of one document that are listed."""


_LONG_EXAMPLE = 60

FILE_NAME = "xentui-project-1.schema.json"
"""The schema's file name next to a project file; the number is the format's version."""


@cache
def text() -> str:
    """Return ``schema.json`` as it is."""
    return path().read_text(encoding="utf-8")


def path() -> FilePath:
    """Return the path of the installed ``schema.json``."""
    return FilePath(__file__).parents[1] / "schema.json"


@cache
def schema() -> dict[str, Any]:
    """Return the schema as data."""
    loaded: dict[str, Any] = json.loads(text())
    return loaded


_SIZE = re.compile(r"([0-9]{1,12})\s*([MmGg])(?:i?[Bb])?", re.ASCII)
"""A size with its unit; M and G are read as MiB and GiB, as xl and QEMU do."""


class Field(NamedTuple):
    """One property of a table of the format.

    Attributes:
        table: the definition it belongs to: ``host``, ``guest``, ``source`` …
        of: the definition of its entries, for ``table``, ``tables`` and ``named``.
        unit: the unit of a number, ``MiB`` or empty.
        bitbake: the BitBake name, with ``{guest}`` and ``{image}`` in place of names.
        xl: the corresponding setting of an xl config, or empty.
        carry: what kind of text it is: a plain ``word``, the name of a ``domain``, a file in the
            deploy directory or a file below the project file.
        form: the form of a text or a list entry, in words that follow "Must be".
        default: the value of an omitted field; ``None`` if ``default_from`` is set.
        default_from: where the value of an omitted field comes from: ``board``, ``defaults`` (the
            field of that name in ``[defaults]``), ``class``, ``vxn``, ``key``, ``xl`` …
    """

    table: str
    name: str
    title: str
    description: str
    kind: Kind
    of: str = ""
    unit: str = ""
    bitbake: str = ""
    xl: str = ""
    carry: Carry = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    form: str = ""
    choices: tuple[str, ...] = ()
    default: Any = None
    default_from: str = ""
    examples: tuple[Any, ...] = ()
    advanced: bool = False
    required: bool = False

    @property
    def is_table(self) -> bool:
        """Whether its value contains other values."""
        return self.kind in TABLE_KINDS

    @property
    def is_varflag(self) -> bool:
        """Whether BitBake reads it from a varflag that is named after the guest."""
        return self.bitbake.endswith("[{guest}]")

    @property
    def variable(self) -> str:
        """The BitBake variable without flag and overrides: ``XEN_GUEST_MEMORY``."""
        return self.bitbake.partition("[")[0].partition(":")[0]

    @property
    def range(self) -> str:
        """The allowed values in a few words: ``32 to 1048576 MiB``, ``nat or bridged``."""
        if self.kind == "integer":
            return f"{self.minimum} to {self.maximum}{f' {self.unit}' if self.unit else ''}"
        if self.choices:
            word = "or" if self.kind == "choice" else "any of"
            return f" {word} ".join(self.choices) if word == "or" else ", ".join(self.choices)
        return "true or false" if self.kind == "flag" else ""

    def parse(self, given: str) -> Any:
        """Convert typed text to a value of this field's type, without checking it.

        A list is typed with spaces between its entries (``autostart external``), and a ``map``
        as ``KEY = VALUE, KEY = VALUE``; empty text means an empty list or map. A size in MiB may
        have a unit: ``8 GiB``, ``512M``.

        Raises:
            UsageError: the text does not have that type.
        """
        typed = given.strip()
        if self.kind == "integer":
            if self.unit == "MiB" and (size := _SIZE.fullmatch(typed)):
                return int(size[1]) * (1024 if size[2] in "Gg" else 1)
            if not re.fullmatch(r"-?[0-9]{1,18}", typed):
                raise UsageError(
                    f"{self.title}: must be a whole number, {self.range}, not {quoted(given)}"
                )
            return int(typed)
        if self.kind == "flag":
            if typed.lower() not in ("true", "false"):
                raise UsageError(f"{self.title}: must be true or false, not {quoted(given)}")
            return typed.lower() == "true"
        if self.kind in ("choices", "list"):
            return typed.split()
        return self._keys_and_values(typed) if self.kind == "map" else typed

    def _keys_and_values(self, typed: str) -> dict[str, Any]:
        """Return the entries of a ``map``, typed as a TOML inline table with or without braces."""
        inside = typed[1:-1] if typed[:1] + typed[-1:] == "{}" else typed
        try:
            # In a list, a text that closes the brace itself cannot hide the rest in a comment.
            found: list[dict[str, Any]] = tomllib.loads(f"value = [{{{inside}}}]")["value"]
            (table,) = found
        except (ValueError, RecursionError):
            form = 'KEY = VALUE, with commas between, such as localtime = 1, on_crash = "preserve"'
            raise UsageError(f"{self.title}: must be {form}") from None
        return table

    def problems(self, value: Any) -> tuple[Problem, ...]:
        """Return the problems of a value of this field, with paths relative to the value."""
        spec = schema()["definitions"][self.table]["properties"][self.name]
        return tuple(_problems(value, spec))


class Problem(NamedTuple):
    """A violation of the schema.

    Attributes:
        code: a stable code (``XT002``).
        path: its place, as keys and indexes.
        message: one sentence: what is wrong.
        fix: one sentence: how to fix it.
    """

    code: str
    path: Path
    message: str
    fix: str

    @property
    def hint(self) -> str:
        """The words to show next to the field: ``Must be 64 hexadecimal digits``."""
        if self.fix.startswith("Must "):
            return self.fix
        return f"{self.message[:1].upper()}{self.message[1:]}. {self.fix}"


def dotted(path: Path) -> str:
    """Return a path as text: ``guests.alpine.source.fetch[0].uri``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return visible(out)


@cache
def fields(table: str) -> tuple[Field, ...]:
    """Return the fields of a table, in the schema's order.

    Args:
        table: a key of the schema's ``definitions``: ``host``, ``guest``, ``fetch`` …, or
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
    for found in fields(table):
        if found.name == name:
            return found
    raise KeyError(f"{table}.{name}")


def field_at(path: Path) -> Field:
    """Return the field that a path of keys and indexes leads to.

    The path of an entry (``("guests", "alpine")``, ``(…, "fetch", 0)``) or of a key of a ``map``
    leads to the field that contains it.

    Raises:
        KeyError: the format has no such field.
    """
    found: Field | None = None
    table = ROOT
    steps = list(path)
    while steps:
        found = field(table, str(steps.pop(0)))
        if found.kind in ("tables", "named", "map") and steps:
            steps.pop(0)
        if steps and (not found.is_table or found.kind == "map"):
            raise KeyError(dotted(path))
        table = found.of
    if found is None:
        raise KeyError(dotted(path))
    return found


@cache
def named() -> Mapping[str, str]:
    """Return the tables whose entries have names, with the definition of an entry.

    ``{"bundles": "bundle", "guests": "guest", "import_types": "import_type"}``
    """
    return {found.name: found.of for found in fields(ROOT) if found.kind == "named"}


@cache
def varflags(table: str = "guest") -> tuple[Field, ...]:
    """Return the fields of a table that BitBake reads from varflags of the guest."""
    return tuple(found for found in fields(table) if found.is_varflag)


@cache
def default(table: str, name: str) -> Any:
    """Return the default of a field; a list comes as a tuple."""
    value = field(table, name).default
    return tuple(value) if isinstance(value, list) else value


def _definition(table: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema() if table == ROOT else schema()["definitions"][table]
    return found


def _referenced(spec: Mapping[str, Any] | bool) -> str:
    """Return the definition that a schema references, or an empty text."""
    reference = spec.get("$ref", "") if isinstance(spec, Mapping) else ""
    return str(reference).rpartition("/")[2]


def _kind(spec: Mapping[str, Any], of: str) -> tuple[Kind, str]:
    """Return the kind of a field, and the definition of its entries."""
    items = spec.get("items", {})
    if of:
        return "table", of
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
    of = _referenced(spec)
    spec = _definition(of) if of else spec
    items = spec.get("items", {})
    kind, of = _kind(spec, of)
    return Field(
        table=table,
        name=name,
        title=spec["title"],
        description=spec["description"],
        kind=kind,
        of=of,
        unit=spec.get("x-unit", ""),
        bitbake=spec.get("x-bitbake", ""),
        xl=spec.get("x-xl", ""),
        carry=spec.get("x-carry", ""),
        minimum=spec.get("minimum"),
        maximum=spec.get("maximum"),
        max_length=spec.get("maxLength"),
        pattern=spec.get("pattern") or items.get("pattern"),
        form=spec.get("x-form") or items.get("x-form", ""),
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
    found = islice(_problems(data), MAX_PROBLEMS)
    # jsonschema reports every missing key of a table in a separate error that names them all, so
    # equal problems are dropped.
    return sorted(
        dict.fromkeys(found),
        key=lambda problem: [(isinstance(step, str), step) for step in problem.path],
    )


_TYPES = {
    "integer": "a whole number",
    "string": "text in quotes",
    "array": "a list in brackets",
    "object": "a table",
    "boolean": "true or false",
}


@cache
def _checker() -> Checker:
    return Checker(schema())


def _problems(data: Any, part: Mapping[str, Any] | None = None) -> Iterator[Problem]:
    for violation in _checker().violations(data, part):
        yield from _problem(violation)


def _problem(violation: SchemaViolation) -> Iterator[Problem]:
    path, spec, value, wanted = violation.path, violation.spec, violation.value, violation.wanted
    unit = f" {spec['x-unit']}" if "x-unit" in spec else ""
    match violation.keyword:
        case "additionalProperties":
            known = list(spec.get("properties", {}))
            for key in sorted(set(value) - set(known)):
                message = f"there is no key {quoted(key)} in this table"
                yield Problem("XT002", (*path, key), message, _suggest(key, known))
        case "required":
            for key in wanted:
                if key not in value:
                    fix = f"Add {dotted((*path, key))}."
                    yield Problem("XT003", (*path, key), f"{key} is missing", fix)
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            kind = " or ".join(_TYPES.get(str(one), str(one)) for one in kinds)
            example = _example(spec.get("examples", ()))
            like = f", such as {example}" if example else ""
            yield Problem("XT004", path, f"{quoted(value)} is not {kind}", f"Must be {kind}{like}.")
        case "minimum" | "maximum":
            low, high = spec.get("minimum"), spec.get("maximum")
            message = f"{quoted(value)}{unit} is out of range"
            fix = f"Must be a whole number from {low} to {high}{unit}."
            yield Problem("XT005", path, message, fix)
        case "enum" | "const":
            allowed = list(map(str, wanted if isinstance(wanted, list) else [wanted]))
            words = f"one of {', '.join(allowed)}" if len(allowed) > 2 else " or ".join(allowed)
            yield Problem("XT006", path, f"{quoted(value)} is not allowed", f"Must be {words}.")
        case "maxLength" | "minLength" | "maxItems" | "uniqueItems":
            yield _wrong_size(violation.keyword, path, value, wanted)
        case "pattern" | "not":
            yield _wrong_text(violation)
        case _:
            yield Problem("XT004", path, f"{quoted(value)} is not allowed", "See the schema.")


def _wrong_size(keyword: str, path: Path, value: Any, wanted: Any) -> Problem:
    if keyword == "maxLength":
        what, fix = f"it has {len(value)} characters", f"Must have at most {wanted} characters."
    elif keyword == "minLength":
        what, fix = "it is empty", "Must not be empty."
    elif keyword == "maxItems":
        what, fix = f"it has {len(value)} entries", f"Must have at most {wanted} entries."
    else:
        what, fix = "an entry is listed twice", "List each entry once."
    return Problem("XT005", path, what, fix)


def _wrong_text(violation: SchemaViolation) -> Problem:
    value, path, spec = str(violation.value), violation.path, violation.spec
    if violation.is_name:
        names = spec if "x-form" in spec else _names_at(path)
        form = names.get("x-form", "lower-case letters, digits and hyphens")
        return Problem(
            "XT007", (*path, value), f"{quoted(value)} is not a valid name", f"Must be {form}."
        )
    examples = _same_scheme(spec.get("examples", ()), value)
    example = _example(examples)
    form = spec.get("x-form", "")
    like = f", such as {example}" if example else ""
    # The words explain more than a long example.
    like = like if len(like) < _LONG_EXAMPLE or not form else ""
    must = f"Must be {form}{like}." if form else f"Must be like {example}."
    char = _offending_char(spec.get("pattern", ""), value, examples)
    if char is None:
        return Problem("XT008", path, f"{quoted(value)} is not valid here", must)
    name = {" ": "a space", "\n": "a newline", "\t": "a tab"}.get(char, quoted(char))
    message = f"{quoted(value)} contains {name}, which is not supported here"
    return Problem("XT701", path, message, f"Remove it. {must}")


def _names_at(path: Path) -> Mapping[str, Any]:
    """Return the schema of the names in a table."""
    spec = schema()["properties"].get(path[0] if path else "", {})
    names: Mapping[str, Any] = spec.get("propertyNames", {})
    return names


def _offending_char(pattern: str, value: str, examples: Sequence[str]) -> str | None:
    """Return the first character that the pattern allows nowhere, or at the edge in use.

    Each character is tried at each position of the examples, as some patterns match no single
    character.
    """
    allowed = compiled(pattern)
    for char in dict.fromkeys(value):
        tried = [char, f"a{char}a"]
        for example in examples[:2]:
            tried += [example[:at] + char + example[at + 1 :] for at in range(len(example))]
        if not any(allowed.fullmatch(text) for text in tried):
            return char
    for edge in (value[:1], value[-1:]):
        if edge.isspace():
            return edge
    return None


def _same_scheme(examples: Sequence[str], value: str) -> Sequence[str]:
    """Return the examples with the same URL scheme as the value, if it is a URL."""
    kind, mark, _ = value.partition("://")
    return [one for one in examples if mark and one.startswith(kind + mark)] or examples


def _example(examples: Sequence[str]) -> str:
    if not examples:
        return ""
    return json.dumps(examples[0])


def _suggest(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key[:64], known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Remove it; known are {', '.join(known)}." if known else "Remove it."
