# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find every regular expression in xentui, and make texts that could be slow to match.

Expressions are found in the syntax trees of the modules and in the schema. Each repeat in an
expression gets texts that lead up to it, match it many times, and end in something that does not
match. That is what makes a backtracking engine try every way to split the text.
"""

from __future__ import annotations

import ast
import importlib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from re import _compiler, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

import xentui
from tests.work import EndlessError, must_end

PACKAGE = Path(xentui.__file__).resolve().parent
METHODS = ("match", "fullmatch", "search", "finditer", "findall", "sub", "subn", "split")
ENDS = ("", "\0", "!", "\n", "a", "'", '"')


class Use(NamedTuple):
    """One use of an expression. A bytes pattern is kept as the text with the same characters."""

    place: str
    pattern: str
    flags: int
    method: str


@lru_cache(maxsize=1)
def uses() -> list[Use]:
    """Return every use of every expression in the package and its schema, each once.

    Parsing all modules takes seconds, so this is done only when a test asks for it.
    """
    found: list[Use] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        found += _of_module(file)
    schema = json.loads((PACKAGE / "schema.json").read_text())
    for at, pattern in sorted(set(_of_schema(schema))):
        found.append(Use(f"schema.json:{at}", pattern, re.ASCII, "fullmatch"))
    return list(dict.fromkeys(found))


def _of_schema(node: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield at, node["pattern"]
        for key, inner in node.items():
            yield from _of_schema(inner, f"{at}/{key}")
    elif isinstance(node, list):
        for inner in node:
            yield from _of_schema(inner, at)


def _of_module(file: Path) -> Iterator[Use]:
    tree = ast.parse(file.read_text())
    name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    known = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }  # fmt: skip
    methods: dict[str, set[str]] = {key: set() for key in known}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id in known and node.attr in METHODS:
            methods[node.value.id].add(node.attr)
    for key, compiled in known.items():
        for method in sorted(methods[key]) or ["search"]:
            yield Use(
                f"{name}.{key}", _text(compiled.pattern), compiled.flags & ~re.UNICODE, method
            )
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            is_re = isinstance(call.func.value, ast.Name) and call.func.value.id == "re"
            if is_re and call.func.attr in METHODS:
                flags = sum(
                    getattr(re, word.attr)
                    for rest in (*call.args[1:], *(k.value for k in call.keywords))
                    for word in ast.walk(rest)
                    if isinstance(word, ast.Attribute) and isinstance(word.value, ast.Name)
                    and word.value.id == "re" and isinstance(getattr(re, word.attr), re.RegexFlag)
                )  # fmt: skip
                written = _written(call.args[0])
                if written is not None:
                    yield Use(f"{name}:{call.lineno}", written, int(flags), call.func.attr)


def _written(node: ast.expr) -> str | None:
    """Return an expression written in a call; inserted values become a word."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return _text(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    return None


def _text(pattern: str | bytes) -> str:
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")


def attacks(use: Use) -> list[tuple[str, str, str]]:
    """Return attacks: what to begin with, what to repeat, and what to end with."""
    tree = _parser.parse(use.pattern, use.flags)
    found: dict[tuple[str, str], None] = {}
    for before, body in _repeats(tree, ""):
        found[before, body] = None
        found["", before + body] = None
        found["", body] = None
    whole = _sample(tree, 0)
    found["", whole[:-1] or "x"] = None
    return [(before, body, end) for before, body in found if body for end in ENDS]


def _repeats(tree: Any, before: str) -> Iterator[tuple[str, str]]:
    for number, (op, value) in enumerate(tree):
        lead = before + "".join(_sample([item], 0) for item in tree[:number])
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, high, body = value
            if high > 16:
                for variant in range(3):
                    yield lead, _sample(body, variant)
            yield from _repeats(body, lead)
        elif name == "SUBPATTERN":
            yield from _repeats(value[3], lead)
        elif name == "ATOMIC_GROUP":
            yield from _repeats(value, lead)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _repeats(branch, lead)


def _sample(tree: Any, variant: int) -> str:
    """Return one of the texts that a part of an expression matches."""
    text = ""
    for op, value in tree:
        name = str(op)
        if name == "LITERAL":
            text += chr(value)
        elif name == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif name == "ANY":
            text += ("a", " ", "=")[variant % 3]
        elif name == "IN":
            text += _one_of(value, variant)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            low, high, body = value
            text += _sample(body, variant) * max(low, min(1, high))
        elif name == "SUBPATTERN":
            text += _sample(value[3], variant)
        elif name == "ATOMIC_GROUP":
            text += _sample(value, variant)
        elif name == "BRANCH":
            text += _sample(value[1][variant % len(value[1])], variant)
    return text


def _one_of(items: Any, variant: int) -> str:
    compiled = _class(items)
    fits = [char for char in "a0A_-./:= ,;$\"'\t\n#\\xé" if compiled(char)]
    fits = fits or [chr(code) for code in range(256) if compiled(chr(code))]
    return fits[variant % len(fits)] if fits else ""


def _class(items: Any) -> Any:
    state = _parser.State()
    state.str = ""
    made = _compiler.compile(_parser.SubPattern(state, [(_parser.IN, items)]))
    return made.fullmatch


def ends(use: Use, attack: tuple[str, str, str], length: int) -> bool:
    """Return whether matching an attack of this length ends."""
    begin, body, end = attack
    text = begin + body * (length // len(body) + 1) + end
    compiled = re.compile(use.pattern, use.flags)
    try:
        with must_end():
            if use.method == "finditer":
                for _ in compiled.finditer(text):
                    pass
            elif use.method in ("sub", "subn"):
                compiled.sub("", text)
            else:
                getattr(compiled, use.method)(text)
    except EndlessError:
        return False
    return True
