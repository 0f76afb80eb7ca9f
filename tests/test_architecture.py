# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Packages import what their docstrings and the picture say."""

from __future__ import annotations

import ast
import re

import pytest

from tools import picture

IMPORTS = picture.imports()
PACKAGES = sorted(name for name in IMPORTS if (picture.ROOT / "xentui" / name).is_dir())


def test_the_picture_shows_the_imports() -> None:
    known = {name: others for name, others in IMPORTS.items() if name != "__main__"}
    assert picture.with_indirect(picture.drawn_imports()) == picture.with_indirect(known), (
        "make picture draws it"
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_states_its_promise_and_its_imports(package: str) -> None:
    path = picture.ROOT / "xentui" / package / "__init__.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    promise, found, may_import = text.rpartition("May import: ")
    assert found, text
    assert len(promise.split("\n\n")) >= 2, "a first line, and what the package promises"
    named = set(re.findall(r"``(\w+)``", may_import))
    if "all below" in may_import:
        named = named.union(*(picture.with_indirect(IMPORTS)[name] for name in named), {"signals"})
    assert IMPORTS[package] <= named
