# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Ask BitBake's own parser how it reads a text, statement by statement and unevaluated."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

from tests.bitbake_parser import OPERATORS, BitBakeError, base_data, bitbake_modules

PeerStatement = tuple[str, str, str, str, str, int]
"""Kind, variable, flag, operator, value, and the number of the line that BitBake reports."""

_KINDS = {
    "Include": "include",
    "IncludeAll": "include_all",
    "Export": "export",
    "Unset": "unset",
    "UnsetFlag": "unset",
    "AddFragments": "addfragments",
    "PyLib": "addpylib",
    "Inherit": "inherit",
    "InheritDeferred": "inherit_defer",
    "Method": "function",
    "PythonMethod": "def",
    "ExportFuncs": "EXPORT_FUNCTIONS",
    "AddTask": "addtask",
    "DelTask": "deltask",
    "BBHandler": "addhandler",
}


def statements_of(text: str, suffix: str) -> list[PeerStatement]:
    """Return the statements that BitBake reads in a text.

    Raises:
        BitBakeError: BitBake cannot parse it.
    """
    with tempfile.TemporaryDirectory(prefix="xentui-peer-") as folder:
        path = Path(folder) / f"under-test{suffix}"
        path.write_bytes(text.encode("utf-8"))
        return statements_of_file(path)


def statements_of_file(path: Path) -> list[PeerStatement]:
    """Return the statements that BitBake reads in a file, without executing any."""
    bb = bitbake_modules()
    base = base_data()
    original: Any = bb.parse.ast.StatementGroup
    groups: list[Any] = []

    class Group(original):  # type: ignore[misc]
        def eval(self, data: Any) -> None:
            groups.append(list(self))

    fatal: list[str] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.ERROR:
                fatal.append(record.getMessage())

    handler = Handler()
    logging.getLogger("BitBake").addHandler(handler)
    bb.parse.ast.StatementGroup = Group
    bb.parse.clear_cache()
    bb.parse.BBHandler.cached_statements.clear()
    _reset(bb.parse.BBHandler)
    try:
        bb.parse.handle(str(path), base.createCopy(), True, baseconfig=True)
    except (bb.parse.ParseError, bb.BBHandledException) as error:
        raise BitBakeError("; ".join([str(error), *fatal])) from error
    except IndexError as error:
        # In a file with only a backslash, BitBake reads past the end.
        raise BitBakeError(str(error)) from error
    finally:
        bb.parse.ast.StatementGroup = original
        logging.getLogger("BitBake").removeHandler(handler)
        _reset(bb.parse.BBHandler)
    return [_described(statement) for group in groups for statement in group]


def _reset(handler: Any) -> None:
    """Reset what an unfinished file left behind: BitBake keeps that in the module."""
    names = vars(handler)
    names["__infunc__"] = []
    names["__inpython__"] = False
    names["__body__"] = []
    names["__residue__"] = []


def _described(statement: Any) -> PeerStatement:
    kind = type(statement).__name__.removesuffix("Node")
    groups = getattr(statement, "groupd", None)
    if groups is not None:
        operator = next((sign for name, sign in OPERATORS.items() if groups.get(name)), "=")
        names = ("var", "flag", "value")
        variable, flag, value = (groups[name] or "" for name in names)
        return "assign", variable, flag, operator, value, statement.lineno
    fields = vars(statement)
    name = _KINDS[kind]
    if kind == "Include" and fields["force"]:
        name = "require"
    variable = fields.get("var") or fields.get("func_name") or fields.get("function") or ""
    if variable == "__anonymous":
        variable = ""
    value = str(fields.get("what_file") or fields.get("classes") or "")
    return name, variable, fields.get("flag") or "", "", value, statement.lineno
