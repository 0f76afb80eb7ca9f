# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Any project that the schema accepts is checked without an exception, in linear time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import assume, given, settings

from tests import strategies
from tests.budget import examples
from tests.work import count_calls
from xentui.project import document, schema
from xentui.project.model import Guest, Host, Project
from xentui.project.tables import to_data
from xentui.rules.budget import budget
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.rules.finding import Finding


@settings(max_examples=examples(40))
@given(strategies.projects())
def test_every_project_is_checked_and_every_fix_keeps_the_schema(project: Project) -> None:
    for finding in check(project):
        assert finding.message.isprintable()
        assert finding.fix.isprintable()
        for quick_fix in finding.quick_fixes:
            fixed = quick_fix.apply(project)
            assert schema.validate(to_data(fixed)) == [], quick_fix.label
            left = [(f.code, f.path, f.message) for f in check(fixed)]
            assert (finding.code, finding.path, finding.message) not in left, quick_fix.label


@given(strategies.projects())
def test_the_rows_of_a_budget_add_up(project: Project) -> None:
    made = budget(project)
    kinds = [row.kind for row in made.rows]
    order = ["total", "xen", "dom0", "guest", "reserve", "free"]
    assert kinds == sorted(kinds, key=order.index)
    if made.total is not None:
        used = sum(made.of(kind) for kind in ("xen", "dom0", "guest", "reserve"))
        assert made.free_all == made.total - used
        assert made.free is not None
        assert made.free >= made.free_all


@given(strategies.sound_projects())
def test_sound_projects_have_only_errors_about_memory(project: Project) -> None:
    assume(not any(guest.key.isdigit() for guest in project.guests))
    assets = strategies.assets_of(project)
    errors = [f for f in check(project, assets) if f.severity is Severity.ERROR]
    # The strategy sometimes gives one address different checksums.
    assert [f for f in errors if not f.code.startswith("XT4") and f.code != "XT308"] == []


def many(count: int) -> Project:
    """Return a project with this number of guests, each with a finding."""
    guests = tuple(
        Guest(f"g{number}", vif=((f"bridge=xenbr0,mac=00:16:3e:00:{number >> 8:02x}:"
              f"{number & 255:02x}"),), memory=64, tags=("autostart",))
        for number in range(count)
    )  # fmt: skip
    return Project(Host("qemux86-64", memory=16_777_216, network="nat"), guests=guests)


def test_the_work_is_linear_in_guests() -> None:
    small, large = many(50), many(500)
    check(small), check(large)  # Work that is done once and cached does not count.
    assert count_calls(lambda: check(large)) < 11 * count_calls(lambda: check(small))


def test_findings_about_many_guests_are_reported_once_for_each(tmp_path: Path) -> None:
    project = replace(many(50), host=Host("qemux86-64", memory=2048, network="nat"))
    made: list[Finding] = check(project)
    assert len([f for f in made if f.code == "XT401"]) == 1
    assert len([f for f in made if f.code == "XT228"]) == 50
    assert document.load_text("version = 1\n", tmp_path).project is None
