# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The order of findings, the report on a failing check, and what fixes can write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.rules.test_rule_values import of, project_of
from xentui.project.model import Bundle
from xentui.rules import catalogue, quick_fixes
from xentui.rules.catalogue import Severity
from xentui.rules.check import in_document_order
from xentui.rules.context import Context
from xentui.rules.finding import QuickFix, make_finding, rule_failure

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


def test_the_catalogue_is_read_from_its_file() -> None:
    assert catalogue.codes()[0] == "XT001"
    made = catalogue.entry("XT405")
    assert made.severity is Severity.ERROR
    assert made.cause.startswith("Dom0's memory and Xen's own are more")
    assert made.example.startswith("[host]\n")
    assert not made.evidence.endswith("\n")


def _fails(_given: Context) -> None:
    """Find nothing."""


@pytest.mark.parametrize(
    ("length", "output"),
    [
        (188, "ValueError: " + "x" * 188),
        (189, "ValueError: " + "x" * 188 + "..."),
        (999, "ValueError: " + "x" * 188 + "..."),
    ],
)
def test_only_this_much_of_an_exception_is_reported(
    length: int, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XENTUI_DEBUG", raising=False)
    made = rule_failure(_fails, ValueError("x" * length), "guests.web")
    assert made.path == "guests.web"
    assert made.message == (f"xentui itself failed in its check test_findings._fails ({output})")


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
        (quick_fixes.add_bundle, {"name": "a" * 63}, True),
        (quick_fixes.add_bundle, {"name": "a" * 64}, False),
        (quick_fixes.add_bundle, {"name": "export"}, False),
        (_renamed, {"new": "b" * 63}, True),
        (_renamed, {"new": "b" * 64}, False),
    ],
)
def test_a_fix_writes_what_the_schema_takes_and_nothing_else(
    change: Callable[..., QuickFix | None], changes: dict[str, Any], writable: bool
) -> None:
    assert (change(**changes) is not None) is writable


def test_the_one_bundle_that_is_there_stays_as_it_is() -> None:
    given = project_of('[bundles.lab]\nversion = "2"\n[guests.web]\n')
    moved = quick_fixes.move_to_bundle(given, "web").apply(given)
    assert moved.bundles == (Bundle("lab", version="2"),)
    assert moved.guest("web").bundle == "lab"


@pytest.mark.parametrize(
    ("machine", "fix"),
    [
        (
            "qemux86-46",
            (
                "Did you mean qemux86-64? Otherwise: Set boot_mode to the way its firmware starts"
                " Xen; xentui explain XT102 says how to find it. Its processor is assumed to be"
                " x86-64; if that is wrong, describe the board in your own board file."
            ),
        ),
        (
            "zzz",
            (
                "Set boot_mode to the way its firmware starts Xen; xentui explain XT102 says how to"
                " find it. Its processor is assumed to be aarch64; if that is wrong, describe the"
                " board in your own board file."
            ),
        ),
    ],
)
def test_a_board_like_one_that_is_known(machine: str, fix: str) -> None:
    (made,) = of("XT102", f'version = 1\n[host]\nmachine = "{machine}"\n')
    assert made.message == f"xentui does not know the board {machine}"
    assert made.fix == fix
