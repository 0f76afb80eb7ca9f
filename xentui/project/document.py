# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read a project file into a :class:`~xentui.project.model.Project`, or list its problems."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from xentui.errors import XentuiError
from xentui.project import filesystem, lines, schema
from xentui.project.lines import KeyPath
from xentui.project.model import Project
from xentui.project.tables import from_data
from xentui.safe_text import visible

MAX_BYTES = 4 * 1024 * 1024
"""The largest size of a project file, in bytes. Ten thousand guests take about one megabyte."""

MAX_DEPTH = 16
"""The deepest nesting of tables and lists; the format itself needs six levels."""

MAX_PARTS = 200_000
"""The maximum number of keys, headers, list entries and brackets in one text. Ten thousand guests
with ten settings each need about 150,000."""

MAX_ENTRIES = 10_000
"""The maximum number of entries in one table or list, such as guests."""

MAX_LINE = 100_000
"""The maximum length of a line, in characters. Valid values are less than a twentieth of it."""

BYTE_ORDER_MARK = "\ufeff"

_AT_LINE = re.compile(r"\(at (?:line (\d+), column \d+|end of document)\)\s*$")
_MANY_DOTS = re.compile(rf"^(?:[^.\n]*+\.){{{MAX_DEPTH}}}", re.MULTILINE)
_MANY_DIGITS = re.compile(r"(?<![0-9_])[0-9_]{1000}")
_INTEGERS = range(-(2**63), 2**63)
_SIGNS = "=[{,."
# Each match ends at the next of these signs outside strings and comments. An unclosed string ends
# with its line or with the text. The pattern never backtracks, so it takes linear time.
_PART = re.compile(
    r"""(?:[^"'#=\[{,.]++|\#[^\n]*+"""
    r'|"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+(?:"{3,5}|\\?\Z)'
    r"|'''(?:[^']++|'{1,2}(?!'))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+\\?"?'
    r"|'[^'\n]*+'?"
    r")*+(?:[=\[{,.]|\Z)",
    re.DOTALL,
)


class DocumentError(XentuiError):
    """A text that is not valid TOML, or whose TOML is too large or too deep for a project.

    Attributes:
        code: the code of the finding.
        reason: what is wrong, without file and line.
        line: the line number, from 1; ``None`` if unknown.
    """

    code = "XT001"

    def __init__(
        self,
        reason: str,
        *,
        path: Path | None = None,
        line: int | None = None,
        fix: str = "Correct it: the file must be TOML.",
    ) -> None:
        place = visible(str(path)) if path is not None else ""
        if line is not None:
            place += f", line {line}" if place else f"line {line}"
        super().__init__(f"{place}: {reason}" if place else reason, fix=fix)
        self.reason = reason
        self.line = line


@dataclass(frozen=True)
class Document:
    """A TOML text and its data.

    Attributes:
        text: the whole text, including any byte order mark.
        path: the file it was read from, if any.
    """

    text: str
    data: dict[str, Any]
    path: Path | None = None

    def line_of(self, path: KeyPath) -> int | None:
        """Return the line number of a key, from 1; for a missing key, that of its table."""
        return lines.line_of(self.text, path)


@dataclass(frozen=True)
class Loaded:
    """A document and the project that it describes.

    Attributes:
        project: the project; ``None`` if the document violates the schema.
        problems: the violations of the schema.
        directory: the directory that the project's relative paths start from.
        notes: sentences about parts of the file that were ignored.
    """

    document: Document
    project: Project | None
    problems: tuple[schema.Problem, ...]
    directory: Path
    notes: tuple[str, ...] = ()


def read(path: Path) -> str:
    """Return the unchanged text of a project file, including any byte order mark.

    Raises:
        InputError: the file is missing, unreadable, not UTF-8, larger than :data:`MAX_BYTES`, or
            not a regular file.
    """
    return filesystem.read_text(path, MAX_BYTES)


def parse(text: str, path: Path | None = None) -> Document:
    """Parse a TOML text.

    Raises:
        DocumentError: the text is not valid TOML, exceeds :data:`MAX_DEPTH`, :data:`MAX_PARTS`,
            :data:`MAX_ENTRIES` or :data:`MAX_LINE`, or has an integer of more than 64 bits.
    """
    body = text.removeprefix(BYTE_ORDER_MARK)
    long_line = _long_line(body)
    if long_line is not None:
        raise DocumentError(
            f"the line is longer than {MAX_LINE} characters",
            path=path, line=long_line, fix="Break it into several.",
        )  # fmt: skip
    if has_too_many_parts(body):
        raise _too_many(f"more than {MAX_PARTS} keys and values", path)
    # tomllib takes quadratic time for a dotted key with many parts.
    if _MANY_DOTS.search(body) and _has_long_key(body):
        raise _too_deep(path)
    try:
        data = tomllib.loads(body)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(error, body, path) from None
    except RecursionError:
        raise _too_deep(path) from None
    except ValueError:
        digits = _MANY_DIGITS.search(body)
        line = body.count("\n", 0, digits.start()) + 1 if digits else None
        raise DocumentError("an integer has more than 64 bits", path=path, line=line) from None
    _check_values(data, text, path)
    return Document(text, data, path)


def load(path: Path) -> Loaded:
    """Read a project file.

    Raises:
        InputError: it cannot be read.
        DocumentError: it is not valid TOML, or it is a file for BitBake.
    """
    text = read(path)
    try:
        loaded = load_document(parse(text, path), path.parent)
    except DocumentError:
        if path.suffix in _BITBAKE_SUFFIXES:
            raise _bitbake_file(path) from None
        raise
    if loaded.project is None and path.suffix in _BITBAKE_SUFFIXES:
        raise _bitbake_file(path)
    return loaded


_BITBAKE_SUFFIXES = (".conf", ".inc", ".bb", ".bbappend")


def _bitbake_file(path: Path) -> DocumentError:
    return DocumentError(
        "this is a file for BitBake, not a project file",
        path=path,
        fix="xentui import FILE -o board.toml makes a project file from it.",
    )


def load_bundled(path: Path) -> Loaded:
    """Load a project file that comes with xentui, without checking it against the schema.

    The tests check these files. A check here would import jsonschema, which doubles the start-up
    time.
    """
    document = parse(read(path), path)
    return Loaded(document, from_data(document.data), (), path.parent, ())


def load_text(text: str, directory: Path) -> Loaded:
    """Load a project from a text, as if it were a file in a directory.

    Raises:
        DocumentError: it is not TOML.
    """
    return load_document(parse(text), directory)


def load_document(document: Document, directory: Path) -> Loaded:
    """Return the project that a document describes, or the violations of the schema."""
    problems = tuple(schema.validate(document.data))
    notes = []
    if document.text.startswith(BYTE_ORDER_MARK):
        file = visible(str(document.path)) if document.path is not None else "The text"
        notes.append(f"{file} begins with a byte order mark, which is ignored.")
    project = None if problems else from_data(document.data)
    return Loaded(document, project, problems, directory, tuple(notes))


def _has_long_key(text: str) -> bool:
    layout = lines.scan(text)
    if layout.too_deep:
        return True
    return any(
        len(keys) > MAX_DEPTH
        for section in layout.sections
        for keys in (section.keys, *(entry.keys for entry in section.entries))
    )


def _too_deep(path: Path | None) -> DocumentError:
    return DocumentError(f"tables or lists nest more than {MAX_DEPTH} deep", path=path)


def _too_many(reason: str, path: Path | None) -> DocumentError:
    return DocumentError(reason, path=path, fix="Split it into several projects.")


def _not_toml(error: tomllib.TOMLDecodeError, text: str, path: Path | None) -> DocumentError:
    message = str(error)
    place = _AT_LINE.search(message)
    line = None
    if place is not None:
        message = message[: place.start()].rstrip()
        # A text that ends with a newline ends on the line before it.
        line = int(place[1]) if place[1] else text.removesuffix("\n").count("\n") + 1
    written = text.split("\n")[line - 1] if line is not None else ""
    return DocumentError(
        f"not TOML: {visible(message)}", path=path, line=line, fix=_toml_fix(message, written)
    )


_UNIT = re.compile(r"=\s*[0-9]+ ?[A-Za-z]+\s*(?:#.*)?$")
"""A number with a unit, such as ``memory = 1G``."""


def _toml_fix(message: str, line: str) -> str:
    """Return how to correct the usual mistakes in TOML.

    Args:
        message: tomllib's message.
        line: the text of the line with the mistake.
    """
    if _UNIT.search(line):
        return "Write the number without a unit; memory and sizes are in MiB."
    if message == "Invalid value":
        return 'Put text in quotes, as in machine = "qemux86-64", and lists in brackets.'
    if message.startswith("Cannot declare"):
        return "Merge the tables that have the same name in brackets."
    if message == "Cannot overwrite a value":
        return "Keep only one of the lines that set this key."
    return "Correct it: the file must be TOML."


def _check_values(data: dict[str, Any], text: str, path: Path | None) -> None:
    """Refuse integers of more than 64 bits, and data with too many levels or entries."""
    remaining: list[tuple[KeyPath, Any]] = [((), data)]
    while remaining:
        where, value = remaining.pop()
        if isinstance(value, int):
            if value not in _INTEGERS:
                raise DocumentError(
                    "an integer has more than 64 bits", path=path, line=lines.line_of(text, where)
                )
            continue
        if len(where) > MAX_DEPTH:
            raise _too_deep(path)
        if len(value) > MAX_ENTRIES:
            place = visible(schema.dotted(where)) or "the file"
            raise _too_many(f"{place} has more than {MAX_ENTRIES} entries", path)
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        remaining.extend(
            ((*where, step), inner) for step, inner in pairs if isinstance(inner, int | dict | list)
        )


def has_too_many_parts(text: str) -> bool:
    """Return whether a text has more than :data:`MAX_PARTS` parts.

    Each part is counted by one sign: the equals sign of a key, the comma of an entry, the bracket
    of a header or list, the dot in a dotted key.
    """
    if sum(text.count(sign) for sign in _SIGNS) <= MAX_PARTS:
        return False
    excess = next(islice(_PART.finditer(text), MAX_PARTS, None), None)
    # The last match has no sign: it is the rest of the text.
    return excess is not None and excess.end() < len(text)


def _long_line(text: str) -> int | None:
    """Return the number of the first line longer than :data:`MAX_LINE`, from 1, if any."""
    at = 0
    while len(text) - at > MAX_LINE:
        end = text.rfind("\n", at, at + MAX_LINE + 1)
        if end < 0:
            return text.count("\n", 0, at) + 1
        at = end + 1
    return None
