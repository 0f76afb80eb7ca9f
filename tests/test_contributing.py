# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The statements in CONTRIBUTING.md are true."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from tools import commandline
from xentui.project import presets, schema, tables
from xentui.project.boards import board

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_schema_and_model_have_the_same_fields() -> None:
    definitions = schema.as_dict()["definitions"]
    classes = {name: one for name, one in tables.CLASSES.items() if name != schema.ROOT}
    assert set(definitions) == set(classes)
    for name, kind in classes.items():
        attributes = [field.name for field in fields(kind)]
        assert sorted(set(attributes) - {"key"}) == sorted(definitions[name]["properties"]), name


def test_a_field_of_the_schema_is_seen_everywhere_else() -> None:
    """The reference page is generated from the schema, and from nothing else."""
    page = (ROOT / "docs/reference-format.md").read_text(encoding="utf-8")
    for table in ("host", "containers", "defaults"):
        for field in schema.fields(table):
            assert f"### `{field.name}`" in page


def test_a_preset_names_a_board_that_is_known() -> None:
    for preset in presets.available(Path("/")):
        assert board(preset.machine).is_known


def test_make_has_every_target_that_is_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    text = GUIDE + "".join(
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("README.md", ".pre-commit-config.yaml", ".ci/run")
        if (ROOT / name).exists()
    )
    named = set(re.findall(r"(?:`|^|entry: |&& )make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert {"test", "lint", "release", "docs", "generated"} <= named
    assert named <= targets


def test_the_version_is_defined_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project
    assert "version" in project["dynamic"]
    assert commandline.commands()


def test_every_dependency_is_explained() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needs = list(data["project"]["dependencies"])
    for group in data["dependency-groups"].values():
        needs += [need for need in group if isinstance(need, str)]
    text = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    names = {re.split(r"[<>=!~ \[]", need)[0] for need in needs}
    assert {name for name in names if name not in text} == set()


@pytest.mark.slow
def test_every_file_names_its_licence() -> None:
    command = Path(sys.executable).with_name("reuse")
    if not command.exists() or shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("reuse and a git repository are needed")
    result = subprocess.run([command, "lint", "--lines"], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
