# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Small changes of a module's code, each of which its tests should notice.

Changed are comparisons, conditions, arithmetic, numbers, words that programs read, what is
returned, yielded or called. Left alone are annotations, decorators, docstrings, sentences and what
a module exports.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A change at one place: a comparison, a condition, a number, a word, a step.

    Attributes:
        file: relative to the work tree.
        line: of the place, from 1.
        lines: of the whole statement that it stands in.
        where: the function it stands in.
        in_function: whether it is run when that is called, not when the module is imported.
        before: the code there.
        after: what it becomes.
        number: which place of the module it is, and which change of that place.
    """

    file: str
    line: int
    lines: range
    where: str
    in_function: bool
    before: str
    after: str
    number: tuple[int, int]

    @property
    def id(self) -> str:
        """What stays the same when lines move."""
        return f"{self.file} {self.where}: {self.before} -> {self.after}"


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Return every mutant of a module."""
    for number, place in enumerate(_places(ast.parse(source))):
        for change in range(_changes(place.node)):
            twin = copy.deepcopy(place.node)
            _change(twin, change)
            yield Mutant(
                file, place.node.lineno, place.lines, place.where, place.in_function,
                _shown(place.node), _shown(twin), (number, change),
            )  # fmt: skip


def changed(source: str, mutant: Mutant) -> str:
    """Return a module's source with a mutant's change made."""
    tree = ast.parse(source)
    number, change = mutant.number
    place = list(_places(tree))[number]
    _change(place.node, change)
    return ast.unparse(ast.fix_missing_locations(tree))


def _shown(node: ast.AST) -> str:
    if isinstance(node, ast.If | ast.While):
        return f"if {_shown(node.test)}"
    return " ".join(ast.unparse(node).split())[:160]


Node = ast.stmt | ast.expr


class _Place(NamedTuple):
    node: Node
    where: str
    in_function: bool
    lines: range


def _places(tree: ast.Module) -> Iterator[_Place]:
    """Return what can be changed, in the order of the text."""
    left: list[tuple[ast.AST, str, bool, range]] = [(tree, "", False, range(0))]
    while left:
        node, where, inside, lines = left.pop()
        if isinstance(node, ast.stmt):
            inner: list[ast.stmt] = getattr(node, "body", [])
            end = inner[0].lineno if inner else (node.end_lineno or node.lineno) + 1
            lines = range(node.lineno, max(end, node.lineno + 1))
        if isinstance(node, ast.stmt | ast.expr) and _changes(node):
            yield _Place(node, where or "module", inside, lines)
        for child in reversed(list(_meant(node))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and child in node.body:
                function = inside or isinstance(node, ast.FunctionDef)
                left.append((child, f"{where}.{node.name}".removeprefix("."), function, lines))
            else:
                left.append((child, where, inside, lines))


def _meant(node: ast.AST) -> Iterator[ast.AST]:
    """Return the children that do something: no annotation, docstring, wording or ``__all__``."""
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
        return
    if isinstance(node, ast.JoinedStr):
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield part.value
        return
    skipped = {"annotation", "returns", "decorator_list", "bases"}
    for name, value in ast.iter_fields(node):
        if name in skipped:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield child


def _is_word(node: ast.AST) -> bool:
    """Whether a text is a word that means something to a program, and no sentence."""
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and bool(value) and " " not in value.strip()


def _changes(node: ast.AST) -> int:
    """Return how many mutants a place has."""
    match node:
        case ast.Compare():
            return len(node.ops)
        case ast.If(test=ast.Name("TYPE_CHECKING")):
            return 0
        case ast.BoolOp() | ast.IfExp() | ast.If() | ast.While():
            return 1
        case ast.UnaryOp(op=ast.Not()):
            return 1
        case ast.BinOp() if type(node.op) in _COUNTED:
            # Text less text is no Python, and so no mutant.
            return int(not any(map(_is_text, (node.left, node.right))))
        case ast.Constant(value=bool() | int()):
            return 1
        case ast.Constant():
            return int(_is_word(node))
        case ast.Return():
            return int(node.value is not None and not _is_none(node.value))
        case ast.Expr(value=ast.Yield() | ast.YieldFrom() | ast.Call()):
            return 1
        case ast.AugAssign():
            return 1
        case ast.Continue() | ast.Break():
            return 1
    return 0


def _is_text(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _change(node: Node, which: int) -> None:
    """Make one mutant, in place."""
    match node:
        case ast.Compare():
            node.ops[which] = _COMPARED[type(node.ops[which])]()
        case ast.BoolOp():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        case ast.If() | ast.While() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.UnaryOp():
            # In the place of "not x" stands "bool(x)".
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.BinOp():
            node.op = _COUNTED[type(node.op)]()
        case ast.Constant(value=bool()):
            node.value = not node.value
        case ast.Constant(value=int() as value):
            node.value = value + 1
        case ast.Constant():
            node.value = f"{node.value!s}X"
        case ast.Return():
            node.value = ast.Constant(None)
        case ast.Expr():
            # A generator stays one.
            yields = isinstance(node.value, ast.Yield | ast.YieldFrom)
            node.value = ast.YieldFrom(ast.Tuple([])) if yields else ast.Constant(None)
        case ast.AugAssign():
            opposite = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.BitOr: ast.BitAnd}
            node.op = opposite.get(type(node.op), ast.Add)()
        case ast.Continue() | ast.Break():
            node.__class__ = ast.Break if isinstance(node, ast.Continue) else ast.Continue
