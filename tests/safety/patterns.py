# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the regular expressions that xentui contains, and make texts that could be slow to match.

Expressions are found in the syntax trees of the modules and in the schema; those that a function
gets as an argument are not. For each repeat in an expression there are texts that lead up to it,
match it many times, and end in something that does not match. That is what makes a backtracking
engine try every way to split the text.
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
TAILS = ("", "\0", "!", "\n", "a", "'", '"')


class Use(NamedTuple):
    """One use of an expression. A bytes pattern is decoded as Latin-1."""

    place: str
    pattern: str
    flags: int
    method: str


@lru_cache(maxsize=1)
def uses() -> list[Use]:
    """Return every use of every expression in the package and its schema, each once.

    Parsing all modules takes seconds, so this is done only when a test asks for it.
    """
    all_uses: list[Use] = []
    for file in sorted(PACKAGE.rglob("*.py")):
        all_uses += _uses_in_module(file)
    schema = json.loads((PACKAGE / "schema.json").read_text())
    for path, pattern in sorted(set(_schema_patterns(schema))):
        all_uses.append(Use(f"schema.json:{path}", pattern, re.ASCII, "fullmatch"))
    return list(dict.fromkeys(all_uses))


def _schema_patterns(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield path, node["pattern"]
        for key, inner in node.items():
            yield from _schema_patterns(inner, f"{path}/{key}")
    elif isinstance(node, list):
        for inner in node:
            yield from _schema_patterns(inner, path)


def _uses_in_module(file: Path) -> Iterator[Use]:
    tree = ast.parse(file.read_text())
    name = ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)
    module = importlib.import_module(name.removesuffix(".__init__"))
    constants = {key: value for key, value in vars(module).items() if isinstance(value, re.Pattern)}
    methods: dict[str, set[str]] = {key: set() for key in constants}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
            continue
        if node.value.id in constants and node.attr in METHODS:
            methods[node.value.id].add(node.attr)
    for key, compiled in constants.items():
        # Python sets UNICODE for every text, and refuses it for the bytes that are decoded here.
        pattern, flags = _text(compiled.pattern), compiled.flags & ~re.UNICODE
        for method in sorted(methods[key]) or ["search"]:
            yield Use(f"{name}.{key}", pattern, flags, method)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args:
            is_re = isinstance(call.func.value, ast.Name) and call.func.value.id == "re"
            method = {"compile": "search"}.get(call.func.attr, call.func.attr)
            if is_re and method in METHODS:
                flags = sum(
                    getattr(re, word.attr)
                    for rest in (*call.args[1:], *(k.value for k in call.keywords))
                    for word in ast.walk(rest)
                    if isinstance(word, ast.Attribute) and isinstance(word.value, ast.Name)
                    and word.value.id == "re" and isinstance(getattr(re, word.attr), re.RegexFlag)
                )  # fmt: skip
                pattern = _literal(call.args[0])
                if pattern and pattern not in (_text(one.pattern) for one in constants.values()):
                    yield Use(f"{name}:{call.lineno}", pattern, int(flags), method)


def _literal(node: ast.expr) -> str:
    """Return the literal pattern in a call, with "x" for each value that an f-string inserts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return _text(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values
        )
    return ""


def _text(pattern: str | bytes) -> str:
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")


def attacks(use: Use) -> list[tuple[str, str, str]]:
    """Return attacks: a text to begin with, one to repeat, and one to end with."""
    tree = _parser.parse(use.pattern, use.flags)
    starts: dict[tuple[str, str], None] = {}
    for before, body in _repeats(tree, ""):
        starts |= dict.fromkeys([(before, body), ("", before + body), ("", body)])
    whole = _sample(tree, 0)
    starts["", whole[:-1] or "x"] = None
    return [(before, body, tail) for before, body in starts if body for tail in TAILS]


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
        elif name in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
            yield from _repeats(value[-1], lead)
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
    state = _parser.State()
    state.str = ""
    matches = _compiler.compile(_parser.SubPattern(state, [(_parser.IN, items)])).fullmatch
    fits = [char for char in "a0A_-./:= ,;$\"'\t\n#\\xé" if matches(char)]
    fits = fits or [chr(code) for code in range(256) if matches(chr(code))]
    return fits[variant % len(fits)] if fits else ""


def terminates(use: Use, attack: tuple[str, str, str], length: int) -> bool:
    """Return whether matching an attack of this length terminates."""
    before, body, tail = attack
    text = before + body * (length // len(body) + 1) + tail
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
