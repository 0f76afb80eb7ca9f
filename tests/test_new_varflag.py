# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Adding a varflag changes only the schema and the model."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xentui
from tests.bitbake import trees

PACKAGE = Path(xentui.__file__).parent
ROOT = Path(__file__).parents[1]

PRIORITY = {
    "title": "Priority",
    "description": "How much processor time the guest gets beside others.",
    "type": "integer",
    "minimum": 1,
    "maximum": 65535,
    "examples": [512],
}
IN_GUEST = {
    **PRIORITY,
    "x-bitbake": "XEN_GUEST_PRIORITY[{guest}]",
    "x-xl": "cpu_weight",
    "x-default-from": "defaults",
}
IN_DEFAULTS = {
    **PRIORITY,
    "default": 256,
    "x-bitbake": "XEN_GUEST_PRIORITY_DEFAULT",
    "x-default-from": "class",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of xentui that has the varflag, with only two files changed."""
    library = tmp_path_factory.mktemp("lib")
    shutil.copytree(PACKAGE, library / "xentui", ignore=shutil.ignore_patterns("__pycache__"))
    if not (PACKAGE / "presets").is_dir():
        shutil.copytree(ROOT / "presets", library / "presets")
    place = library / "xentui/schema.json"
    data = json.loads(place.read_text(encoding="utf-8"))
    data["definitions"]["guest"]["properties"]["priority"] = IN_GUEST
    data["definitions"]["defaults"]["properties"]["priority"] = IN_DEFAULTS
    place.write_text(json.dumps(data), encoding="utf-8")
    place = library / "xentui/project/model.py"
    text = place.read_text(encoding="utf-8")
    attribute = "    vcpus: int | None = None\n"
    assert text.count(attribute) == 2
    place.write_text(text.replace(attribute, f"{attribute}    priority: int | None = None\n"))
    return library


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with one guest in the configuration and one in a bundle."""
    path = tmp_path / "project.toml"
    path.write_text(
        'version = 1\n[host]\nmachine = "qemuarm64"\nmemory = 2048\n'
        '[bundles.b]\n[guests.a]\ntags = ["external"]\nrootfs = "a.ext4"\n'
        '[guests.c]\nbundle = "b"\ntags = ["external"]\nrootfs = "c.ext4"\n'
    )
    return path


def xentui_of(library: Path, *arguments: object, given: str = "", exit_code: int = 0) -> str:
    result = subprocess.run(
        [sys.executable, "-m", "xentui", *map(str, arguments)],
        input=given, capture_output=True, text=True, timeout=60, check=False, cwd=library,
        env={**os.environ, "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert result.returncode == exit_code, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_it_is_written_for_each_guest_and_for_all(library: Path, project: Path) -> None:
    both = [f"--set={setting}" for setting in (
        "guests.a.priority=300", "guests.c.priority=400", "defaults.priority=100",
    )]  # fmt: skip
    shown = xentui_of(library, "show", project, "--what", "conf,recipes", *both)
    assert 'XEN_GUEST_PRIORITY[a] = "300"' in shown
    assert 'XEN_GUEST_PRIORITY[c] = "400"' in shown
    assert 'XEN_GUEST_PRIORITY_DEFAULT = "100"' in shown
    usual = xentui_of(library, "show", project, "--what", "conf,recipes")
    assert "PRIORITY" not in usual


def test_its_value_and_origin_are_shown(library: Path, project: Path) -> None:
    shown = xentui_of(library, "show", project, "--effective", "--set", "defaults.priority=100")
    (line,) = [line for line in shown.splitlines() if line.startswith("guests.a.priority")]
    assert line.split() == ["guests.a.priority", "=", "100", "#", "from", "[defaults]"]
    assert "# priority = 256  # the class's default" in xentui_of(
        library, "new", "qemuarm64-minimal"
    )


def test_its_range_is_checked(library: Path, project: Path) -> None:
    output = xentui_of(library, "check", project, "--set=guests.a.priority=0", exit_code=1)
    assert "whole number from 1 to 65535" in output


def test_doctor_checks_it_in_a_build_directory(library: Path, tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE = "qemuarm64"\nXEN_GUEST_PRIORITY[a] += "300"\n')
    output = xentui_of(library, "doctor", "--build-dir", build, exit_code=1)
    assert "XT632: XEN_GUEST_PRIORITY[a]" in output


def test_it_is_read_from_a_configuration(library: Path, tmp_path: Path) -> None:
    conf = tmp_path / "local.conf"
    conf.write_text(
        'MACHINE = "qemuarm64"\nBUNDLED_XEN_GUESTS = "a"\nXEN_GUEST_PRIORITY[a] = "300"\n'
        'XEN_GUEST_PRIORITY_DEFAULT = "100"\n'
    )
    made = xentui_of(library, "import", conf)
    assert made.count("priority = 300") == 1
    assert made.count("priority = 100") == 1


def test_it_is_asked_in_the_wizard_and_written(library: Path, project: Path) -> None:
    answers = ("g 4", "1", "/priority", "priority", "?", "300", "g 6", "1", "1", "q", "")
    output = xentui_of(library, "--plain", project, given="\n".join(answers))
    assert "Priority: 256 (the class's default)" in output
    assert "How much processor time the guest gets" in output
    assert "\npriority = 300" in project.read_text(encoding="utf-8")
