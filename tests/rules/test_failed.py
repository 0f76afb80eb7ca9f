# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A failing rule is reported, prevents writing, and does not stop other rules."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.bitbake.trees import small
from xentui.bitbake import build_dir as reading
from xentui.cli.process import run
from xentui.project.effective import EffectiveGuest
from xentui.project.model import Guest, Host, Project
from xentui.rules import build, check
from xentui.rules.build.context import BuildContext, LocatedFinding
from xentui.rules.catalogue import Severity
from xentui.rules.context import Context
from xentui.rules.finding import Finding, allow, make_finding, rule_failure

PROJECT = Project(
    Host("qemux86-64", memory=1024, network="nat"),
    guests=(Guest("web", memory=256, extra="console=hvc0", vif=("bridge=br9",)),),
)


def _breaks(given: Context) -> Iterable[Finding]:
    yield make_finding("XT103", "host.network", "reported before it broke", "Nothing.")
    raise ZeroDivisionError("[/x] \x1b[31m" + "y" * 999)


def _breaks_too(given: Context, guest: EffectiveGuest) -> Iterable[Finding]:
    raise RuntimeError(guest.key)


def _breaks_around(context: BuildContext) -> Iterable[LocatedFinding]:
    raise KeyError("DISTRO")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XENTUI_DEBUG", raising=False)
    monkeypatch.setattr(check, "RULES", (_breaks, *check.RULES))
    monkeypatch.setattr(check, "GUEST_RULES", (_breaks_too, *check.GUEST_RULES))


@pytest.mark.usefixtures("broken")
def test_it_is_an_error_and_all_other_rules_are_asked() -> None:
    made = check.check(PROJECT)
    own = [finding for finding in made if finding.code == "XT901"]
    assert [(one.path, one.severity) for one in own] == [
        ("", Severity.ERROR),
        ("guests.web", Severity.ERROR),
    ]
    assert "test_failed._breaks (ZeroDivisionError: [/x]" in own[0].message
    assert "RuntimeError: web" in own[1].message
    assert all("\x1b" not in one.message and len(one.message) < 350 for one in own)
    others = {finding.code for finding in made}
    assert {"XT223", "XT103"} <= others


@pytest.mark.usefixtures("broken")
def test_it_can_be_allowed_and_is_still_reported() -> None:
    reported = allow(check.check(PROJECT), ["XT901"])
    own = [finding for finding in reported if finding.code == "XT901"]
    assert len(own) == 2
    assert all(one.severity is Severity.WARNING for one in own)


@pytest.mark.usefixtures("broken")
def test_with_xentui_debug_the_exception_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XENTUI_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        check.check(PROJECT)


@pytest.mark.usefixtures("broken")
def test_the_command_line_refuses_until_it_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    preset = ["generate", "--preset", "qemux86-64-minimal", "--out", out]
    assert run(preset) == 1
    assert "XT901" in capsys.readouterr().err
    assert not Path(out).exists()
    assert run([*preset, "--allow", "XT901"]) == 0
    assert Path(out, "conf/xentui.conf").is_file()


def test_it_is_reported_for_a_build_directory_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XENTUI_DEBUG", raising=False)
    folder = small(tmp_path, 'MACHINE = "qemux86-64"\nIMAGE_INSTALL_append = " nano"\n')
    before = build.check_build_dir(reading.read(folder))
    monkeypatch.setattr(build, "RULES", (_breaks_around, *build.RULES))
    after = build.check_build_dir(reading.read(folder))
    own = [placed.finding for placed in after if placed.finding.code == "XT901"]
    assert len(own) == 1
    assert "KeyError: 'DISTRO'" in own[0].message
    assert len(after) == len(before) + 1


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
    assert made.message == (f"xentui itself failed in its check test_failed._fails ({output})")
