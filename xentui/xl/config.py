# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
r"""Read and write a guest's xl config as xl does, and adapt it as the Xen classes do.

The grammar is that of libxlu (xen:tools/libs/util/libxlu_cfg_l.l and libxlu_cfg_y.y). A setting
has a name in lower case and ends with a newline or semicolon. Its value is a number, a string in
single or double quotes with ``\`` escapes, or a list in brackets, which may have several lines.
Unlike in xm's configs, which were Python, there are no operators, negative numbers or other
brackets. A comment must end with a newline.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from xentui.safe_text import quoted

Value: TypeAlias = "str | tuple[Value, ...]"
"""A value: the text of a number or string, or the items of a list."""

_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+)
      | (?P<newline>(?:\#[^\n]*)?\n)
      | (?P<name>[a-z][a-z0-9_.]*)
      | (?P<number>[0-9][0-9a-fx]*)
      | (?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")
      | (?P<mark>\+=|[\[\],;=])
    """,
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
# xl also accepts numeric escapes such as \x41 but then loses the character: they are refused here.
_NUMBER = re.compile(r"\s*[+-]?(?:0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)", re.IGNORECASE)
_MAX_DEPTH = 32
_IMAGE_FOLDER = "/var/lib/xen/images"
_MAX_DIGITS = 200


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's value and its line number, from 1.

    Attributes:
        added: whether it was set with ``+=``.
    """

    value: Value
    line: int
    added: bool = False


@dataclass(frozen=True, slots=True)
class ConfigError:
    """Why xl refuses the file, and on which line."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Config:
    """The parsed config of a guest.

    Attributes:
        settings: the settings by name; of several with the same name, the last one, as in xl.
        error: the first syntax error, if any; :attr:`settings` then has those before it.
    """

    settings: dict[str, Setting] = field(default_factory=dict)
    error: ConfigError | None = None

    def text(self, name: str) -> str | None:
        """Return a setting as a string; ``None`` if it is a list or not set."""
        found = self.settings.get(name)
        return found.value if found is not None and isinstance(found.value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the strings in a list; none if it is a single string, which xl ignores there."""
        found = self.settings.get(name)
        if found is None or isinstance(found.value, str):
            return ()
        return tuple(item for item in found.value if isinstance(item, str))

    def number(self, name: str) -> int | None:
        """Return a setting as a number; ``None`` if xl does not read it as one."""
        found = self.settings.get(name)
        if found is None or found.added or not isinstance(found.value, str):
            return None
        return as_number(found.value)

    def line(self, name: str) -> int:
        """Return the line of a setting, or 1 if it is not set."""
        found = self.settings.get(name)
        return found.line if found is not None else 1

    @property
    def domain_type(self) -> str | None:
        """The domain type in the config, or ``None`` if it is missing or unknown to xl.

        xl accepts any prefix of a word: ``h`` is ``hvm``. ``builder`` is the older setting and can
        be ``hvm`` or ``generic`` (xen:tools/xl/xl_parse.c, parse_config_data).
        """
        for name, words in (("type", ("hvm", "pv", "pvh")), ("builder", ("hvm", "generic"))):
            text = self.text(name)
            if text is not None:
                word = next((word for word in words if word.startswith(text)), None)
                return "pv" if word == "generic" else word
        return None


class _Refused(Exception):
    def __init__(self, line: int, message: str) -> None:
        self.error = ConfigError(line, message)


def as_number(text: str) -> int | None:
    """Convert a number as C's strtol with base 0 does: ``0512`` is octal, 330.

    Return ``None`` for other text and for numbers of more than 64 bits.
    """
    if len(text) > _MAX_DIGITS or not _NUMBER.fullmatch(text):
        return None
    digits = text.strip()
    octal = re.fullmatch(r"([+-]?)0([0-7]+)", digits)
    number = int(f"{octal[1]}0o{octal[2]}", 8) if octal else int(digits, 0)
    return number if -(2**63) <= number < 2**63 else None


def parse(text: str) -> Config:
    """Parse the text of a config as xl does."""
    settings: dict[str, Setting] = {}
    try:
        _Reader(text).settings(settings)
    except _Refused as refused:
        return Config(settings, refused.error)
    return Config(settings)


def value_text(value: Value) -> str:
    """Return the text that xl reads as this value; a number gets no quotes.

    Raises:
        ValueError: a string contains a character that xl's syntax cannot express.
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(value_text, value))}]"
    if re.fullmatch(r"0|[1-9][0-9]*|0x[0-9a-f]+", value):
        return value
    return string_text(value, '"')


def string_text(value: str, quote: str = "'") -> str:
    """Return the text that xl reads as this string, in quotes.

    Raises:
        ValueError: it contains a control character that has no escape.
    """
    out = value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    for char, name in (("\n", "n"), ("\t", "t"), ("\r", "r")):
        out = out.replace(char, f"\\{name}")
    if any(ord(char) < 32 or ord(char) == 127 for char in out):
        raise ValueError(f"{quoted(value)} contains a control character")
    return f"{quote}{out}{quote}"


def as_installed(config: str, image: str, kernel: str) -> str:
    """Return the text of a config as the Xen classes install it, with paths on the target.

    The classes rewrite it with ``sed -E`` (mv:classes/xen-guest-bundle.bbclass).

    Args:
        config: the text.
        image: file name of the guest's image.
        kernel: file name of the guest's kernel, or an empty text.
    """
    image, kernel = f"{_IMAGE_FOLDER}/{image}", f"{_IMAGE_FOLDER}/{kernel}"
    config = re.sub(
        r"^(disk = \[)[^,\n]+", lambda match: f"{match[1]}'file:{image}", config, flags=re.MULTILINE
    )
    return re.sub(
        r'^(kernel = )"[^"\n]+"', lambda match: f'{match[1]}"{kernel}"', config, flags=re.MULTILINE
    )


class _Reader:
    # A string keeps its quotes in "_word", so that it cannot be mistaken for a mark such as "[".
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._kind, self._word, self._line = next(self._tokens)

    def settings(self, into: dict[str, Setting]) -> None:
        while self._kind != "end":
            if self._kind == "newline" or self._word == ";":
                self._step()
                continue
            self._setting(into)

    def _setting(self, into: dict[str, Setting]) -> None:
        name, line = self._word, self._line
        if self._kind != "name":
            raise self._refuse("a setting's name is expected")
        self._step()
        operator = self._word
        if operator not in ("=", "+="):
            raise self._refuse(f"= is expected after {quoted(name)}")
        self._step()
        value = self._value(0)
        if self._kind not in ("newline", "end") and self._word != ";":
            raise self._refuse("a newline or semicolon is expected")
        before = into.get(name)
        if operator == "+=" and before is not None:
            value = _joined(before.value, value, line)
        into[name] = Setting(value, line, operator == "+=")

    def _value(self, depth: int) -> Value:
        if depth > _MAX_DEPTH:
            raise _Refused(self._line, "the lists are nested too deep")
        word = self._word
        if self._kind in ("text", "number"):
            value = word if self._kind == "number" else self._unquoted(word)
            self._step()
            return value
        if word != "[":
            raise self._refuse("a number, a string in quotes or a list is expected")
        self._step()
        self._newlines()
        items: list[Value] = []
        while self._word != "]":
            items.append(self._value(depth + 1))
            self._newlines()
            if self._word == ",":
                self._step()
                self._newlines()
            elif self._word != "]":
                raise self._refuse("a comma or ] is expected")
        self._step()
        return tuple(items)

    def _newlines(self) -> None:
        while self._kind == "newline":
            self._step()

    def _unquoted(self, word: str) -> str:
        def plain(match: re.Match[str]) -> str:
            char = match[1]
            if char not in "\"'\\" and char not in _ESCAPES:
                raise _Refused(self._line, f"a backslash cannot precede {quoted(char)}")
            return _ESCAPES.get(char, char)

        return _ESCAPE.sub(plain, word[1:-1])

    def _step(self) -> None:
        self._kind, self._word, self._line = next(self._tokens)

    def _refuse(self, expected: str) -> _Refused:
        ends = {"end": "the end of the file", "newline": "the end of the line"}
        return _Refused(self._line, f"{expected}, not {ends.get(self._kind, quoted(self._word))}")


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Yield the kind, text and line of each token, and then endlessly ``end``."""
    place, line = 0, 1
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            rest = text[place:].partition("\n")[0]
            raise _Refused(line, f"{quoted(rest)} is not valid syntax")
        kind = match.lastgroup or ""
        if kind != "blank":
            yield kind, match[0], line
        line += kind == "newline"
        place = match.end()
    while True:
        yield "end", "", line


def _joined(before: Value, value: Value, line: int) -> Value:
    if isinstance(before, str) and isinstance(value, str):
        return before + value
    if isinstance(before, tuple) and isinstance(value, tuple):
        return before + value
    raise _Refused(line, "a list and a string cannot be joined")
