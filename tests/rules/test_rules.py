# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Each rule reports its cases in the reviewed words; one change, or a quick fix, removes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules import (
    config_cases,
    disk_cases,
    goldens,
    guest_cases,
    host_cases,
    setting_cases,
    source_cases,
)
from tests.rules.case import Case, project_of
from tests.vectors import Vector, vectors
from xentui.project import document, model, schema, tables
from xentui.project.assets import Assets, gather
from xentui.rules import catalogue
from xentui.rules.catalogue import Severity
from xentui.rules.check import check, check_file, in_document_order
from xentui.rules.finding import Finding, make_finding

CASES = (
    *host_cases.CASES,
    *guest_cases.CASES,
    *config_cases.CASES,
    *source_cases.CASES,
    *disk_cases.CASES,
    *setting_cases.CASES,
)
SCHEMA = {
    "XT002": "[guests.web]\nmemroy = 1\n",
    "XT003": "version = 1\n",
    "XT004": '[guests.web]\nmemory = "256"\n',
    "XT005": "[guests.web]\nmemory = 8\n",
    "XT006": '[guests.web]\ntype = "vm"\n',
    "XT007": "[guests.export]\n",
    "XT008": '[guests.web]\ndisk_device = "xvd"\n',
    "XT701": '[guests.web]\nextra = "a ${@b}"\n',
}
"""Texts that the schema refuses, by code."""


def of_case(case: Case, made: list[Finding]) -> list[Finding]:
    """Return the findings with the case's code."""
    return [f for f in made if (f.code, f.path) == (case.code, case.path)]


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{c.code}" for n, c in enumerate(CASES)])
def test_a_rule_complains_and_is_silent_after_the_change(case: Case, tmp_path: Path) -> None:
    complained = of_case(case, case.findings(tmp_path))
    assert len(complained) == 1, case.whole
    finding = complained[0]
    assert finding.severity is catalogue.entry(case.code).severity
    assert case.say in finding.message + finding.fix
    assert finding.fix.endswith((".", "?"))
    assert not finding.message.endswith(".")
    assert len(finding.quick_fixes) >= case.quick_fixes
    fixed = tmp_path / "fixed"
    fixed.mkdir()
    assert of_case(case, case.fixed().findings(fixed)) == []


def _fixes() -> list[tuple[Case, int]]:
    return [(case, number) for case in CASES for number in range(case.quick_fixes)]


@pytest.mark.parametrize(("case", "number"), _fixes(), ids=lambda v: getattr(v, "code", str(v)))
def test_a_fix_takes_its_finding_away(case: Case, number: int, tmp_path: Path) -> None:
    loaded, assets = case.load(tmp_path)
    assert loaded.project is not None
    before = tables.to_data(loaded.project)
    finding = of_case(case, check_file(loaded, assets))[0]
    quick_fix = finding.quick_fixes[number]
    fixed = quick_fix.apply(loaded.project)
    assert tables.to_data(loaded.project) == before, "the project given was changed"
    assert schema.validate(tables.to_data(fixed)) == []
    left = {(f.code, f.path) for f in check(fixed, _again(fixed, assets))}
    assert (case.code, case.path) not in left
    assert quick_fix.label


def _again(project: model.Project, assets: Assets) -> Assets:
    return gather(project, assets.directory) if assets.directory is not None else assets


@pytest.mark.parametrize(("code", "text"), SCHEMA.items())
def test_what_the_schema_refuses_is_a_finding(code: str, text: str, tmp_path: Path) -> None:
    whole = text if text.startswith("version") else f'version = 1\n[host]\nmachine = "m"\n{text}'
    made = check_file(document.load_text(whole, tmp_path))
    assert [finding.code for finding in made] == [code]
    assert made[0].severity is Severity.ERROR
    assert made[0].path


def test_a_file_that_is_not_toml_is_a_finding() -> None:
    with pytest.raises(document.DocumentError) as raised:
        document.parse("a = [")
    assert catalogue.entry(raised.value.code).severity is Severity.ERROR
    assert raised.value.fix


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_projects_that_the_real_classes_built_have_no_error(vector: Vector) -> None:
    made = check_file(document.load(vector.project_file))
    assert [finding for finding in made if finding.severity is Severity.ERROR] == []


def test_errors_come_first_then_the_order_of_the_document(tmp_path: Path) -> None:
    text = (
        'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\n'
        '[guests.web]\nvif = ["bridge=br1"]\nmemory = 32\n[guests.db]\nkernel = "none"\n'
        'vif = ["mac=no,bridge=br1"]\n'
    )
    made = check_file(document.load_text(text, tmp_path))
    assert [(finding.severity.value, finding.path, finding.code) for finding in made] == [
        ("error", "guests.db.bundle", "XT201"),
        ("error", "guests.db.vif", "XT217"),
        ("warning", "guests.web.vif", "XT223"),
        ("warning", "guests.web.extra", "XT228"),
        ("warning", "guests.db.vif", "XT223"),
        ("advice", "guests.web.memory", "XT252"),
    ]


def test_a_good_project_has_no_finding(tmp_path: Path) -> None:
    text = (
        'version = 1\n[host]\nmachine = "qemuarm64"\nmemory = 2048\nnetwork = "nat"\n'
        '[defaults]\nextra = "root=/dev/xvda ro console=hvc0"\n'
        '[guests.xen-guest-image-minimal]\ntags = ["autostart"]\nmemory = 256\n'
    )
    assert check_file(document.load_text(text, tmp_path)) == []


def test_without_its_directory_no_file_is_reported_missing(tmp_path: Path) -> None:
    text = (
        'version = 1\n[host]\nmachine = "qemuarm64"\n[import_types.x]\nscript = "x.sh"\n'
        '[guests.web]\nconfig_file = "web.cfg"\n'
    )
    loaded = document.load_text(text, tmp_path)
    assert loaded.project is not None
    assert {"XT238", "XT312"} <= {finding.code for finding in check_file(loaded)}
    assert not {"XT238", "XT312"} & {finding.code for finding in check(loaded.project)}


def test_the_best_fix_comes_first() -> None:
    with pytest.raises(KeyError):
        make_finding("XT999", "", "", "")
    bare = make_finding("XT002", "a", "b", "c")
    assert (bare.quick_fix, bare.quick_fixes) == (None, ())


def test_every_code_of_the_catalogue_has_a_case() -> None:
    met = {case.code for case in CASES} | set(SCHEMA) | {"XT001"}
    # XT6 is of the build directory, which no project file has.
    # XT050 is of a build directory too: see tests/session/test_existing.py.
    # XT053 compares with the project as it was read: see tests/session/test_new_guest.py.
    # XT360 and XT361 are of other programs, which no rule runs.
    # XT367 to XT369 need layers: see test_layer_bundles.
    # XT901 is of xentui itself: see test_failed.
    # XT123 and XT130 are of the build directory too: see test_doctor.
    # XT124 to XT126, XT128, XT131, XT132: see test_boards.
    elsewhere = {"XT050", "XT123", "XT124", "XT125", "XT126", "XT128", "XT130", "XT131", "XT132"}
    elsewhere |= {"XT051", "XT052", "XT053", "XT360", "XT361", "XT367", "XT368", "XT369", "XT901"}
    of_projects = {code for code in catalogue.codes() if not code.startswith("XT6")} - elsewhere
    assert met == of_projects


ORDER = (
    "", "preset.title", "host.memory", "containers.vxn", "defaults.extra", "bundles.lab.license",
    "guests", "guests.web", "guests.web.tags", "guests.web.memory", "guests.web.vif",
    "guests.web.source.fetch[0].uri", "guests.db", "guests.db.tags", "guests.db.memory",
    "import_types.odd.script",
)  # fmt: skip
"""Paths in a project file, from its first line to its last."""


def test_findings_are_sorted_by_severity_and_then_by_document_order() -> None:
    project = project_of("[guests.web]\n[guests.db]\n")
    worst_first = ("XT201", "XT228", "XT252")
    assert [catalogue.entry(code).severity for code in worst_first] == list(Severity)
    made = [make_finding(code, path, "", "") for code in worst_first for path in ORDER]
    for given in (made, made[::-1], made[1::2] + made[::2]):
        assert in_document_order(project, given) == made


NOT_HERE = ("XT36",)
"""Codes whose messages come from other programs."""


def test_messages_and_fixes_of_each_case_equal_the_reviewed_text(tmp_path: Path) -> None:
    output = {}
    for number, case in enumerate(CASES):
        folder = tmp_path / str(number)
        folder.mkdir()
        loaded, assets = case.load(folder)
        made = [one for one in check_file(loaded, assets) if not one.code.startswith(NOT_HERE)]
        output[case.id] = goldens.text_of(made, loaded.project, folder)
    assert len(output) == len(CASES)
    goldens.compare("cases.txt", output)
