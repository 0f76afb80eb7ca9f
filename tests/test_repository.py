# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The repository itself: licences, sizes of modules, no paths from a developer's machine."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_LINES = 600
"""Lines in a module. A longer one has a second subject."""

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None, reason="not a git repository"
)


@cache
def _tracked() -> tuple[Path, ...]:
    result = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (ROOT / name for name in result.stdout.split("\0") if name)
    return tuple(path for path in files if path.is_file())


def _python(*folders: str) -> list[Path]:
    return [
        path
        for path in _tracked()
        if path.suffix == ".py" and (not folders or path.relative_to(ROOT).parts[0] in folders)
    ]


def _texts() -> Iterator[tuple[Path, str]]:
    for path in _tracked():
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_every_python_file_names_its_licence() -> None:
    head = "# SPDX-FileCopyrightText: The xentui authors\n# SPDX-License-Identifier: MIT\n"
    without = [
        str(path) for path in _python() if not path.read_text(encoding="utf-8").startswith(head)
    ]
    assert without == []


def test_no_module_is_too_big() -> None:
    sizes = {
        str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _python("xentui")
    }
    assert {path: size for path, size in sizes.items() if size > MAX_LINES} == {}


# Split so that this file does not contain what it searches for.
_MACHINE = re.compile(
    r"/(?:root|home/[a-z]\w*|Users/\w+)/\S|(?<![\w}])/work/|/opt/pypi"
    r"|\bfile:///(?!\.\*|\$)[a-z]+/"
    r"|(?:pypi|pythonhosted|simple)[\w.-]*/(?:simple|packages)/|--(?:extra-)?index-url"
)


def test_no_path_of_a_developers_machine_is_kept() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path, text in _texts()
        if path != Path(__file__)
        for match in _MACHINE.finditer(text)
    ]
    assert found == []


def test_text_files_end_in_a_newline_and_have_no_trailing_blanks() -> None:
    wrong = []
    for path, text in _texts():
        # Pictures, and output that was recorded from a terminal, stay as they are.
        if "snapshots" in path.parts or "vectors" in path.parts or path.suffix in (".svg", ".log"):
            continue
        if text and (
            not text.endswith("\n") or "\r" in text or re.search(r"[ \t]$", text, re.MULTILINE)
        ):
            wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


_MARKUP_READERS = frozenset({"Static", "Label", "Button", "Checkbox", "RadioButton", "Collapsible"})
_MARKUP_CALLS = frozenset({"from_markup", "notify"})


def _is_number(node: ast.expr) -> bool:
    """Return whether an expression is surely a number: arithmetic with one, or a length."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Sub) and any(
            isinstance(side, ast.Constant) and isinstance(side.value, int)
            for side in (node.left, node.right)
        )
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "len"


def _formatted(node: ast.expr) -> bool:
    """Return whether an expression is text built from values, in which markup would be parsed."""
    if isinstance(node, ast.JoinedStr):
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        return not all(_is_number(value) for value in values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return _formatted(node.left) or _formatted(node.right) or isinstance(node.op, ast.Mod)
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "format"
    )


def _markup_from_values(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        plain = any(
            keyword.arg == "markup"
            and isinstance(keyword.value, ast.Constant)
            and keyword.value.value is False
            for keyword in node.keywords
        )
        if name in _MARKUP_READERS | _MARKUP_CALLS and _formatted(node.args[0]) and not plain:
            yield node.lineno


def test_no_value_is_read_as_markup() -> None:
    """Names and messages may contain brackets: they are shown as content, not parsed as markup."""
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in _python("xentui")
        for line in _markup_from_values(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("Static(f'[b]{name}[/b]')", True),
        ("self.notify('%s is gone' % name)", True),
        ("Label('a ' + f'{name}')", True),
        ("Static('{}'.format(name))", True),
        ("Button(f'Remove {name} {place + 1}')", True),
        ("Button(f'Remove {place + 1} of {len(names)}')", False),
        ("Static(f'{name}', markup=False)", False),
        ("Static(Content(f'{name}'))", False),
        ("Static('[b]fixed[/b]')", False),
    ],
)
def test_the_check_for_markup_sees_it(code: str, bad: bool) -> None:
    assert bool(list(_markup_from_values(ast.parse(code)))) is bad


def test_the_check_for_machines_sees_them() -> None:
    for text in ("/ro" + "ot/x", "/home" + "/ann/y", "file://" + "/opt/pypi/x", "--index" + "-url"):
        assert _MACHINE.search(text)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not there")
def test_shell_scripts_are_sound() -> None:
    scripts = [
        str(path)
        for path, text in _texts()
        if path.suffix == ".sh" or text.startswith(("#!/bin/sh", "#!/usr/bin/env bash"))
    ]
    assert scripts
    result = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True)
    assert result.stdout == ""
