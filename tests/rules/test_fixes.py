# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Quick fixes of all rules together: they end, and none undoes another."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import strategies
from tests.rules.case import Case
from tests.rules.test_rules import CASES
from xentui.project import schema
from xentui.project.assets import Assets, gather
from xentui.project.model import Project
from xentui.project.tables import to_data
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.rules.finding import Finding, QuickFix

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
