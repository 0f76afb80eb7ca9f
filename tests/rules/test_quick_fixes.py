# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Quick fixes: what they change, and that all together end without one undoing another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tests.rules.case import Case, project_of
from tests.rules.guest_cases import IMPORTED
from tests.rules.test_rules import CASES
from xentui.project import schema
from xentui.project.assets import Assets, gather
from xentui.project.model import Bundle, Fetch, Project
from xentui.project.tables import to_data
from xentui.rules import check as check_module
from xentui.rules import quick_fixes
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.rules.context import Context
from xentui.rules.finding import Finding, QuickFix, make_finding

MOST = 60
"""How many orders of applying the fixes are tried per case."""


def apply(
    project: Project, findings: list[Finding], finding: Finding, quick_fix: QuickFix, assets: Assets
) -> tuple[Project, list[Finding]]:
    """Apply a fix, which must remove its finding and cause no error."""
    fixed = quick_fix.apply(project)
    what = f"{finding.code} {finding.path}: {quick_fix.label}"
    assert fixed != project, what
    assert schema.validate(to_data(fixed)) == [], what
    after = check(fixed, assets)
    before = set(map(_name, findings))
    assert (*_name(finding), finding.message) not in {
        (*_name(one), one.message) for one in after
    }, what
    errors = {_name(one) for one in after if one.severity is Severity.ERROR}
    assert errors <= before, (what, errors - before)
    return fixed, after


def _name(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.path


@pytest.mark.parametrize("case", [case for case in CASES if case.quick_fixes], ids=lambda c: c.id)
def test_fixes_in_any_order_come_to_an_end(case: Case, tmp_path: Path) -> None:
    """Try every order of the offered fixes; none returns to a project it came from."""
    loaded, _ = case.load(tmp_path)
    assert loaded.project is not None
    tried = 0

    def walk(project: Project, before: tuple[Project, ...]) -> None:
        nonlocal tried
        assets = gather(project, tmp_path)
        findings = check(project, assets)
        for finding in findings:
            for quick_fix in finding.quick_fixes:
                tried += 1
                if tried > MOST:
                    return
                fixed, _ = apply(project, findings, finding, quick_fix, assets)
                assert fixed not in before, f"{finding.code}: {quick_fix.label} leads back"
                walk(fixed, (*before, project))

    walk(loaded.project, ())
    assert tried


@given(strategies.sound_projects(), st.randoms(use_true_random=False))
def test_fixes_of_any_project_come_to_an_end(project: Project, choose: Random) -> None:
    assets = strategies.assets_of(project)
    seen = [project]
    while True:
        findings = check(project, assets)
        offers = [(finding, one) for finding in findings for one in finding.quick_fixes]
        if not offers:
            return
        project, _ = apply(project, findings, *choose.choice(offers), assets)
        assert project not in seen
        seen.append(project)


_guest = partial(quick_fixes.change_guest, "x", "web")


_source = partial(quick_fixes.change_source, "x", "web")


_fetch = partial(quick_fixes.change_fetch, "x", "web", 0)


_bundle = partial(quick_fixes.change_bundle, "x", "lab")


_renamed = partial(quick_fixes.rename_bundle, "lab")


@pytest.mark.parametrize(
    ("change", "changes", "writable"),
    [
        (_guest, {"vif": ("bridge=xenbr0", "a" * 255)}, True),
        (_guest, {"vif": ("bridge=xenbr0", "a" * 256)}, False),
        (_guest, {"vif": ("a b", "bridge=xenbr0")}, False),
        (_guest, {"extra": "a" * 1024}, True),
        (_guest, {"extra": "a" * 1025}, False),
        (_guest, {"memory": 64, "extra": "a b"}, True),
        (_guest, {"type": "hvm"}, True),
        (_fetch, {"uri": "https://" + "a" * 2040}, True),
        (_fetch, {"uri": "https://" + "a" * 2041}, False),
        (_source, {"file": "a" * 255, "image_size": None}, True),
        (_source, {"file": "a" * 256, "image_size": None}, False),
        (_source, {"file": " ", "type": "raw"}, False),
        (_bundle, {"license": "MIT"}, True),
        (_bundle, {"license": "MIT\n"}, False),
        (_bundle, {"version": "a b"}, False),
        (_fetch, {"sha256": "no digest"}, False),
        (_guest, {"extra": "${@x}"}, False),
        (quick_fixes.add_bundle, {"name": "a" * 63}, True),
        (quick_fixes.add_bundle, {"name": "a" * 64}, False),
        (quick_fixes.add_bundle, {"name": "export"}, False),
        (quick_fixes.add_bundle, {"name": "no name"}, False),
        (_renamed, {"new": "b" * 63}, True),
        (_renamed, {"new": "b" * 64}, False),
    ],
)
def test_a_fix_is_offered_only_if_the_schema_accepts_it(
    change: Callable[..., QuickFix | None], changes: dict[str, Any], writable: bool
) -> None:
    assert (change(**changes) is not None) is writable


def test_changes_of_removed_items_change_nothing() -> None:
    project = project_of("[guests.web]\n")
    for quick_fix in (
        quick_fixes.change_fetch("x", "web", 0, sha256="0" * 64),
        quick_fixes.change_source("x", "web", image_size=64),
    ):
        assert quick_fix is not None
        assert quick_fix.apply(project) == project


def test_a_change_of_a_fetch_changes_that_one() -> None:
    project = project_of(IMPORTED)
    quick_fix = quick_fixes.change_fetch("x", "web", 0, sha256="1" * 64)
    assert quick_fix is not None
    changed = quick_fix.apply(project).guest("web").source
    assert changed is not None
    assert changed.fetch == (Fetch("file://web.ext4", sha256="1" * 64),)


def test_a_guest_moves_to_the_first_bundle_or_a_new_one() -> None:
    bare = project_of('[guests.web]\ntags = ["external"]\nrootfs = "a"\n')
    moved = quick_fixes.move_to_bundle(bare, "web").apply(bare)
    assert (moved.guest("web").bundle, moved.bundles) == (
        quick_fixes.DEFAULT_BUNDLE,
        (Bundle(quick_fixes.DEFAULT_BUNDLE),),
    )
    two = project_of('[bundles.one]\nversion = "2"\n[bundles.two]\n[guests.web]\n')
    moved = quick_fixes.move_to_bundle(two, "web").apply(two)
    assert (moved.guest("web").bundle, moved.bundles) == ("one", two.bundles)


def _propose_other_boards(context: Context) -> Iterator[Finding]:
    if context.board.machine == "qemux86-64":
        fixes = (quick_fixes.change_host(machine, machine=machine) for machine in OTHER_BOARDS)
        yield make_finding("XT103", "host.machine", "", "", *fixes)


OTHER_BOARDS = ("raspberrypi3-64", "qemuarm64")
"""A board that is refused, which is an error, and one that is not."""


def test_a_fix_that_would_cause_an_error_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "RULES", (*check_module.RULES, _propose_other_boards))
    (finding,) = (one for one in check(project_of("")) if one.code == "XT103")
    assert [fix.label for fix in finding.quick_fixes] == ["qemuarm64"]
