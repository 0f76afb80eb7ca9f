# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What a field is: read from ``schema.json``, the one place that says it.

Screens, the command line and the checks ask here for a field's type, unit, range, default
and help. Beside draft-07's keywords the schema uses a few of its own: ``x-unit`` (of a
number), ``x-bitbake`` (the BitBake name a person may know), ``x-advanced`` (folded away at
first) and ``x-default-from`` (the default is the board's).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import islice
from pathlib import Path as FilePath
from typing import Any, Literal, NamedTuple

from xentui.errors import UsageError
from xentui.project.validation import Checker, SchemaViolation, compiled
from xentui.safe_text import quoted, visible

Kind = Literal["integer", "text", "choice", "flag", "choices", "list", "table"]
Path = tuple[str | int, ...]

MAX_PROBLEMS = 1000
"""How many problems of one document are told: nobody fixes more at once."""


FILE_NAME = "xentui-project-1.schema.json"
"""The schema's name beside a project file; the number is that of the format."""


@cache
def text() -> str:
    """Return ``schema.json`` as it is."""
    return path().read_text(encoding="utf-8")


def path() -> FilePath:
    """Return where the installed ``schema.json`` lies."""
    return FilePath(__file__).parents[1] / "schema.json"


@cache
def schema() -> dict[str, Any]:
    """Return the schema as data."""
    import json

    loaded: dict[str, Any] = json.loads(text())
    return loaded


class Field(NamedTuple):
    """One property of a table of the format.

    Attributes:
        table: the definition it belongs to: ``host``, ``guest``, ``source`` …
        unit: of a number, ``MiB`` or empty.
        bitbake: the BitBake name, where ``{guest}`` and ``{image}`` stand for names.
        default: what holds when it is left out; ``None`` where the board or another field says.
    """

    table: str
    name: str
    title: str
    description: str
    kind: Kind
    unit: str = ""
    bitbake: str = ""
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    choices: tuple[str, ...] = ()
    default: Any = None
    examples: tuple[Any, ...] = ()
    advanced: bool = False
    required: bool = False

    @property
    def range(self) -> str:
        """What is allowed, in a few words: ``32 to 1048576 MiB``, ``nat or bridged``."""
        if self.kind == "integer":
            return f"{self.minimum} to {self.maximum}{f' {self.unit}' if self.unit else ''}"
        if self.choices:
            word = "or" if self.kind == "choice" else "any of"
            return f" {word} ".join(self.choices) if word == "or" else ", ".join(self.choices)
        return "true or false" if self.kind == "flag" else ""

    def parse(self, given: str) -> Any:
        """Turn what a person typed into a value of this field's type, unchecked.

        A list is typed with blanks between its entries (``autostart external``); an empty
        text is an empty list.

        Raises:
            UsageError: it is not of that type.
        """
        typed = given.strip()
        if self.kind == "integer":
            if not re.fullmatch(r"-?[0-9]{1,18}", typed):
                raise UsageError(f"{self.title}: a whole number is needed, not {quoted(given)}")
            return int(typed)
        if self.kind == "flag":
            if typed.lower() not in ("true", "false"):
                raise UsageError(f"{self.title}: true or false is needed, not {quoted(given)}")
            return typed.lower() == "true"
        if self.kind in ("choices", "list"):
            return typed.split()
        return typed

    def problems(self, value: Any) -> tuple[Problem, ...]:
        """Return what is wrong with a value of this field; its path is empty."""
        spec = schema()["definitions"][self.table]["properties"][self.name]
        return tuple(_problems(value, spec))


class Problem(NamedTuple):
    """Something the schema does not accept.

    Attributes:
        code: a stable code (``XT002``).
        path: where, as keys and indexes.
        message: one sentence that says what.
        fix: one sentence that says how to fix it.
    """

    code: str
    path: Path
    message: str
    fix: str


def dotted(path: Path) -> str:
    """Return a path as it is written for people: ``guests.alpine.source.fetch[0].uri``."""
    out = ""
    for step in path:
        out += f"[{step}]" if isinstance(step, int) else f".{step}" if out else step
    return visible(out)


@cache
def fields(table: str) -> tuple[Field, ...]:
    """Return the fields of a table, in the schema's order.

    Args:
        table: a key of the schema's ``definitions``: ``host``, ``guest``, ``fetch`` …
    """
    definition = schema()["definitions"][table]
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


@cache
def default(table: str, name: str) -> Any:
    """Return the default of a field; a list comes as a tuple."""
    value = field(table, name).default
    return tuple(value) if isinstance(value, list) else value


def _field(table: str, name: str, spec: Mapping[str, Any], *, required: bool) -> Field:
    if "$ref" in spec:
        spec = schema()["definitions"][spec["$ref"].rsplit("/", 1)[1]]
    items = spec.get("items", {})
    kind: Kind
    if "enum" in spec:
        kind = "choice"
    elif spec.get("type") == "array":
        kind = "choices" if "enum" in items else "table" if "$ref" in items else "list"
    else:
        kinds: dict[str, Kind] = {"integer": "integer", "boolean": "flag", "object": "table"}
        kind = kinds.get(spec.get("type", ""), "text")
    return Field(
        table=table,
        name=name,
        title=spec["title"],
        description=spec["description"],
        kind=kind,
        unit=spec.get("x-unit", ""),
        bitbake=spec.get("x-bitbake", ""),
        minimum=spec.get("minimum"),
        maximum=spec.get("maximum"),
        max_length=spec.get("maxLength"),
        pattern=spec.get("pattern") or items.get("pattern"),
        choices=tuple(spec.get("enum") or items.get("enum") or ()),
        default=spec.get("default"),
        examples=tuple(spec.get("examples", ())),
        advanced=spec.get("x-advanced", False),
        required=required,
    )


def validate(data: Any) -> list[Problem]:
    """Return what the schema does not accept in a document, in its order.

    Of a document with more than :data:`MAX_PROBLEMS` problems, as many as that are returned.
    """
    found = islice(_problems(data), MAX_PROBLEMS)
    # Of two missing keys, each error tells both.
    return sorted(dict.fromkeys(found), key=lambda p: [str(step) for step in p.path])


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
                yield Problem(
                    "XT002",
                    (*path, key),
                    f"{quoted(key)} is not a key of this table",
                    _suggest(key, known),
                )
        case "required":
            for key in wanted:
                if key not in value:
                    yield Problem(
                        "XT003", (*path, key), f"{key} is missing", f"Add {dotted((*path, key))}."
                    )
        case "type":
            example = _example(spec.get("examples", ()))
            yield Problem(
                "XT004",
                path,
                f"{quoted(value)} is not {_TYPES.get(str(wanted), str(wanted))}",
                f"Write {example or _TYPES.get(str(wanted), str(wanted))}.",
            )
        case "minimum" | "maximum":
            low, high = spec.get("minimum"), spec.get("maximum")
            yield Problem(
                "XT005",
                path,
                f"{quoted(value)}{unit} is out of range",
                f"Use a whole number from {low} to {high}{unit}.",
            )
        case "enum" | "const":
            allowed = wanted if isinstance(wanted, list) else [wanted]
            words = ", ".join(str(item) for item in allowed)
            yield Problem("XT006", path, f"{quoted(value)} is not allowed", f"Use {words}.")
        case "maxLength" | "minLength" | "maxItems" | "uniqueItems":
            yield _wrong_size(violation.keyword, path, value, wanted)
        case "pattern" | "not":
            yield _wrong_text(violation)
        case _:
            yield Problem("XT004", path, f"{quoted(value)} is not allowed", "See the schema.")


def _wrong_size(keyword: str, path: Path, value: Any, wanted: Any) -> Problem:
    if keyword == "maxLength":
        what, fix = f"{len(value)} characters are too many", f"Use at most {wanted} characters."
    elif keyword == "minLength":
        what, fix = "it is empty", "Write something here."
    elif keyword == "maxItems":
        what, fix = f"{len(value)} entries are too many", f"Use at most {wanted} entries."
    else:
        what, fix = "an entry stands twice", "Name each entry once."
    return Problem("XT005", path, what, fix)


def _wrong_text(violation: SchemaViolation) -> Problem:
    value, path, spec = str(violation.value), violation.path, violation.spec
    if violation.is_name:
        return Problem(
            "XT007",
            (*path, value),
            f"{quoted(value)} cannot be a name here",
            "Begin with a letter or digit, use lower-case letters, digits and hyphens, and no "
            "word that BitBake gives a meaning to.",
        )
    examples = _same_scheme(spec.get("examples", ()), value)
    example = _example(examples)
    like = f", for example {example}" if example else ""
    offending_char = _offending_char(spec.get("pattern", ""), value, examples)
    if offending_char is None:
        return Problem(
            "XT008", path, f"{quoted(value)} does not have the form of this field",
            f"Write it in the field's form{like}.",
        )  # fmt: skip
    name = {" ": "a blank", "\n": "a newline", "\t": "a tab"}.get(
        offending_char, quoted(offending_char)
    )
    return Problem(
        "XT701",
        path,
        f"{quoted(value)} holds {name}, which cannot be carried here",
        f"Leave it out{like}.",
    )


def _offending_char(pattern: str, value: str, examples: Sequence[str]) -> str | None:
    """Return the first character that the pattern allows nowhere, or at the edge in use.

    Tried in each place of the examples: a checksum or a device allows none alone.
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
    """Return the examples that are addresses of the same kind, where the value is one."""
    kind, mark, _ = value.partition("://")
    return [one for one in examples if mark and one.startswith(kind + mark)] or examples


def _example(examples: Sequence[str]) -> str:
    if not examples:
        return ""
    import json

    return json.dumps(examples[0])


def _suggest(key: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(key[:64], known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Remove it; known are {', '.join(known)}." if known else "Remove it."
