# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The Hypothesis strategies make valid projects that cover the whole format."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings

from tests.budget import examples
from tests.strategies import BOARDS, assets_of, documents, projects, sound_projects
from xentui.project import model, schema, tables
from xentui.rules.catalogue import Severity
from xentui.rules.check import check


@given(documents())
def test_documents_are_valid(data: dict[str, Any]) -> None:
    assert schema.validate(data) == []


@given(projects())
def test_projects_are_valid(project: model.Project) -> None:
    assert schema.validate(tables.to_data(project)) == []


@settings(max_examples=examples(150))
@given(sound_projects())
def test_sound_projects_have_no_error(project: model.Project) -> None:
    assert schema.validate(tables.to_data(project)) == []
    findings = check(project, assets_of(project))
    assert [finding for finding in findings if finding.severity is Severity.ERROR] == []


@pytest.mark.slow
def test_sound_projects_cover_the_format() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=500)
    @given(sound_projects())
    def example(project: model.Project) -> None:
        seen[project.host.machine] += 1
        for guest in project.guests:
            seen["bundle" if guest.bundle else "named"] += 1
            seen[f"type {guest.type}"] += 1
            seen[guest.source.type if guest.source else "no source"] += 1
            seen["several NICs"] += len(guest.vif or ()) > 1
            seen["no NIC"] += guest.vif == ()
            seen["no kernel"] += guest.kernel == "none"
            seen["own config"] += guest.config_file is not None
            for fetch in guest.source.fetch if guest.source else ():
                seen[f"for {fetch.arch}"] += 1

    example()
    wanted = {board.machine for board in BOARDS} | set(model.BUILT_IN_IMPORTS)
    wanted |= {"bundle", "named", "no source", "several NICs", "no NIC", "no kernel", "own config"}
    wanted |= {"type None", "type pv", "type pvh", "type hvm"}
    wanted |= {"for None", "for x86-64", "for aarch64"}
    assert {name for name in wanted if not seen[name]} == set()
