# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The text of new project files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given

from tests.strategies import projects
from xentui.project import document, effective, new_file, presets
from xentui.project.model import Defaults, Guest, Host, Project

NAMES = [preset.name for preset in presets.available(Path("/"))]


def project_of(text: str) -> Project:
    loaded = document.load_text(text, Path())
    assert loaded.project is not None, loaded.problems
    return loaded.project


@given(projects())
def test_the_new_file_contains_the_project(project: Project) -> None:
    assert project_of(new_file.toml_text(project)) == project
    bare = new_file.toml_text(project, comments=False)
    assert project_of(bare) == project
    assert not any(line.startswith("#") for line in bare.splitlines())


def test_defaults_are_shown_as_comments_with_their_source() -> None:
    project = Project(
        Host("qemuarm64"), defaults=Defaults(memory=128), guests=(Guest("a", vcpus=2),)
    )
    lines = new_file.toml_text(project).splitlines()
    guest = lines[lines.index("[guests.a]") :]
    assert "vcpus = 2" in guest
    assert "# memory = 128  # from [defaults]" in guest
    assert '# vif = ["bridge=xenbr0"]  # the class\'s default' in guest
    assert '# type = "pvh"  # xl\'s default' in guest
    assert '# name = "a"  # the guest\'s name' in guest
    assert "# memory = 1024  # the board's default" in lines
    assert "# boot_mode" not in "\n".join(lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_comment_can_be_made_a_value(name: str) -> None:
    """The values shown are the effective ones: writing them out changes nothing."""
    project = presets.load(name, Path("/")).project
    assert project is not None
    text, count = re.subn(r"(?m)^# (\w+ = )", r"\1", new_file.toml_text(project))
    whole = project_of(text)
    assert count > 10
    assert whole != project
    total, before_total = effective.total_memory(whole), effective.total_memory(project)
    assert total is not None
    assert before_total is not None
    assert total == before_total
    for guest in project.guests:
        before = effective.effective(project, guest)
        after = effective.effective(whole, whole.guest(guest.key))
        for field in ("memory", "vcpus", "vif", "extra", "disk_device", "name", "type"):
            assert getattr(after, field) == getattr(before, field)
    assert "# " not in re.sub(r"  # .*", "", text.split("version = 1")[1])
