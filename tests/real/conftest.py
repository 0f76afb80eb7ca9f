# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fixtures: a new build directory for each test, and the marker of all tests in this folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.real import tree
from tests.real.build import Build

HERE = Path(__file__).parent
MakeBuild = Callable[..., Build]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests in this folder, and skip them if BitBake cannot run."""
    reason = tree.missing()
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.real)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture
def make_build() -> Iterator[MakeBuild]:
    """Make build directories owned by the user that runs BitBake; delete them after the test."""
    made: list[Path] = []

    def make(*extra_layers: str) -> Build:
        for name in extra_layers:
            if tree.layer(name) is None:
                pytest.skip(f"{name} is not in {tree.TREE}")
        folder = Path(tempfile.mkdtemp(prefix="xentui-real-")).resolve()
        made.append(folder)
        account = tree.account()
        assert account is not None
        if os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid)
        return Build(folder, extra_layers)

    yield make
    for folder in made:
        if not os.environ.get("XENTUI_OE_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def build(make_build: MakeBuild) -> Build:
    """Return a build directory with the layers that every project needs."""
    return make_build()
