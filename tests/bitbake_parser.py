# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run BitBake's own parser in this process.

The module ``bb`` from the PyPI package ``bitbake-setup`` is BitBake's parser. It returns how
BitBake understood each statement, the value of every variable after overrides and appends, and what
was logged. ``tests/layer`` takes the place of OpenEmbedded-Core.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

LAYER = Path(__file__).parent / "layer"
OE_TREE = Path(os.environ["XENTUI_OE_TREE"]) if os.environ.get("XENTUI_OE_TREE") else None
"""A folder with ``openembedded-core`` and ``meta-virtualization``, if there is one."""

OPERATORS = {
    "colon": ":=",
    "lazyques": "??=",
    "ques": "?=",
    "append": "+=",
    "prepend": "=+",
    "predot": "=.",
    "postdot": ".=",
}


class BitBakeError(Exception):
    """BitBake did not accept a text. The message is BitBake's."""


@dataclass(frozen=True)
class Assignment:
    """A statement that sets a variable or a flag. ``variable`` holds the overrides as written."""

    variable: str
    flag: str | None
    operator: str
    value: str
    line: int

    @property
    def base(self) -> str:
        """The variable's name without overrides and append."""
        return self.variable.split(":", 1)[0]


@dataclass(frozen=True)
class Other:
    """A statement that is not an assignment. ``kind`` is the parser's name for it."""

    kind: str
    text: str
    line: int


@dataclass
class Parsed:
    """A text as BitBake understood it.

    Attributes:
        assignments: the assignments in the text itself, in order, without those of included files.
        others: every other statement in the text, such as inherit and functions.
        warnings: log messages with severity warning and above.
        data: the data store after everything was evaluated.
    """

    assignments: list[Assignment] = field(default_factory=list)
    others: list[Other] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    data: Any = None

    def value(self, variable: str, *, expand: bool = True) -> str | None:
        """Return a variable's value after overrides and appends."""
        value: str | None = self.data.getVar(variable, expand)
        return value

    def flag(self, variable: str, flag: str, *, expand: bool = True) -> str | None:
        """Return the value of a flag."""
        value: str | None = self.data.getVarFlag(variable, flag, expand)
        return value

    def flags(self, variable: str, *, expand: bool = True) -> dict[str, str]:
        """Return every flag of a variable that is set in the text."""
        names = self.data.getVarFlags(variable, internalflags=False) or {}
        return {name: self.data.getVarFlag(variable, name, expand) for name in names}

    def words(self, variable: str) -> list[str]:
        """Return a variable's value split at blanks."""
        return (self.value(variable) or "").split()

    def kinds(self) -> set[str]:
        """Return the kinds of statement in the text that are not assignments."""
        return {other.kind for other in self.others}

    def seen_by(self, recipe: str) -> Parsed:
        """Return the same text as seen by a recipe with this name."""
        copy = self.data.createCopy()
        copy.setVar("PN", recipe)
        return Parsed(self.assignments, self.others, self.warnings, copy)


def parse_conf(
    text: str, *, files: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Parsed:
    """Parse the text of a ``.conf`` file.

    Args:
        text: the file's text.
        files: further files that the text may include, by their path below BBPATH.
        settings: variables that are set before the text is parsed.

    Raises:
        BitBakeError: BitBake cannot parse it.
    """
    with _folder({"conf/under-test.conf": text, **(files or {})}) as root:
        return _parse(root / "conf/under-test.conf", root, settings or {})


def parse_recipe(
    text: str,
    filename: str,
    *,
    conf: str = "",
    files: Mapping[str, str] | None = None,
    settings: Mapping[str, str] | None = None,
    appends: Sequence[Path] = (),
    at: Path | None = None,
) -> Parsed:
    """Parse the text of a recipe, after a configuration.

    Args:
        text: the recipe's text.
        filename: its file name, from which BitBake takes PN and PV.
        conf: the text of a configuration file that is parsed first.
        files: further files below BBPATH, such as classes.
        settings: variables that are set before the text is parsed.
        appends: .bbappend files for the recipe.
        at: the path of the recipe, if it matters; by default a temporary one.

    Raises:
        BitBakeError: BitBake cannot parse it.
    """
    name = f"recipes/{filename}"
    with _folder({name: text, "conf/before.conf": conf, **(files or {})}) as root:
        return _parse(
            at or root / name,
            root,
            {**(settings or {}), "__BBAPPEND": " ".join(map(str, appends))},
            before=root / "conf/before.conf",
        )


def class_paths() -> list[Path]:
    """Return the folders to search for classes: the real layer before the tests' own."""
    real = [OE_TREE / "meta-virtualization"] if OE_TREE is not None else []
    return [*real, LAYER]


def _parse(
    path: Path, root: Path, settings: Mapping[str, str], *, before: Path | None = None
) -> Parsed:
    bb = bitbake_modules()
    parsed = Parsed()
    data = base_data().createCopy()
    data.setVar("BBPATH", ":".join(str(p) for p in (root, *class_paths())))
    for name, value in settings.items():
        data.setVar(name, value)
    bb.parse.clear_cache()
    with _recording(parsed, path):
        try:
            if before is not None:
                data = bb.parse.handle(str(before), data, True)
                bb.parse.BBHandler.inherit("base", str(path), 0, data)
                data = bb.parse.handle(str(path), data, 0)[""]
            else:
                data = bb.parse.handle(str(path), data, True)
        except (bb.parse.ParseError, bb.BBHandledException, bb.data_smart.ExpansionError) as error:
            raise BitBakeError("; ".join([str(error), *parsed.warnings])) from error
        except (ValueError, UnicodeDecodeError) as error:
            raise BitBakeError(f"{type(error).__name__}: {error}") from error
    parsed.data = data
    return parsed


@cache
def bitbake_modules() -> Any:
    """Import BitBake without its changes to the logging of everything else."""
    for name in ("hashserv", "hashserv.client"):
        sys.modules.setdefault(name, types.ModuleType(name))
    logger_class, adapter = logging.getLoggerClass(), logging.LoggerAdapter
    raise_exceptions = logging.raiseExceptions
    import bb
    import bb.data
    import bb.parse
    import bb.siggen

    logging.setLoggerClass(logger_class)
    logging.LoggerAdapter = adapter  # type: ignore[misc]
    logging.raiseExceptions = raise_exceptions
    logger = logging.getLogger("BitBake")
    logger.propagate = False
    for name, other in logging.root.manager.loggerDict.items():
        if name.startswith("BitBake") and isinstance(other, logging.Logger):
            other.setLevel(logging.WARNING)
    logger.setLevel(logging.WARNING)
    return bb


@cache
def base_data() -> Any:
    bb = bitbake_modules()
    data = bb.data.init()
    data.setVar("BBPATH", str(LAYER))
    data.setVar("__bbclasstype", "recipe")
    bb.parse.siggen = bb.siggen.init(data)
    return bb.parse.handle(str(LAYER / "conf/bitbake.conf"), data, True)


@contextmanager
def _folder(files: Mapping[str, str]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="xentui-bb-") as name:
        root = Path(name)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode("utf-8", "surrogatepass"))
        yield root


@contextmanager
def _recording(parsed: Parsed, path: Path) -> Iterator[None]:
    """Record the statements in the file at ``path`` and everything that is logged."""
    bb = bitbake_modules()
    plain: Any = bb.parse.ast.StatementGroup

    class Group(plain):  # type: ignore[misc]
        def eval(self, data: Any) -> None:
            for statement in self:
                if statement.filename == str(path):
                    _note(parsed, statement)
            super().eval(data)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            parsed.warnings.append(record.getMessage())

    handler = Handler(logging.WARNING)
    logger = logging.getLogger("BitBake")
    logger.addHandler(handler)
    bb.parse.ast.StatementGroup = Group
    try:
        yield
    finally:
        bb.parse.ast.StatementGroup = plain
        logger.removeHandler(handler)


def _note(parsed: Parsed, statement: Any) -> None:
    groups = getattr(statement, "groupd", None)
    if groups is None:
        kind = type(statement).__name__.removesuffix("Node")
        given = {k: v for k, v in vars(statement).items() if k not in ("filename", "lineno")}
        parsed.others.append(Other(kind, str(next(iter(given.values()), "")), statement.lineno))
        return
    operator = next((sign for name, sign in OPERATORS.items() if groups.get(name)), "=")
    parsed.assignments.append(
        Assignment(groups["var"], groups["flag"], operator, groups["value"], statement.lineno)
    )
