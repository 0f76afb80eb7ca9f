# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Comparing BitBake's values with those of a project, on recorded output of a real BitBake."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest

from xentui.cli import verify as verify_command
from xentui.errors import InputError
from xentui.project import presets, schema, tables
from xentui.project.assets import NO_ASSETS
from xentui.project.model import Project
from xentui.verify.bitbake import NoRecipeError
from xentui.verify.expected import expected_assignments
from xentui.verify.report import VerifyReport, verify

RECORDED = Path(__file__).parent / "recorded"
BUILD = Path("/build")

UNDONE = """\
differs DISTRO_FEATURES:append = " xen systemd virtualization": \
virtualization is missing (conf/local.conf:30)
differs QB_MEM_VALUE:pn-xen-image-minimal = "4096": BitBake has "2048" (conf/local.conf:29)
differs XEN_DOM0_NETWORK = "nat": BitBake has "bridged" (conf/local.conf:28)
differs XEN_GUEST_MEMORY[xen-guest-image-minimal] = "256": \
BitBake has "999" (conf/local.conf:27)
10 of 14 settings agree, 4 differ"""


def project() -> Project:
    data = tomllib.loads((RECORDED / "project.toml").read_text(encoding="utf-8"))
    assert not schema.validate(data)
    return tables.from_data(data)


@dataclass
class RecordedBitBake:
    """Recorded output of a real BitBake, with a list of recipes that it does not know."""

    change: Callable[[str], str] = lambda text: text
    flags: dict[str, str] = field(default_factory=lambda: {"vardeps": "A XENTUI_HASH"})
    lacks: tuple[str, ...] = ()

    def environment(self, recipe: str | None) -> str:
        if recipe in self.lacks:
            raise NoRecipeError(f"Nothing PROVIDES '{recipe}'")
        name = "configuration" if recipe is None else recipe
        return self.change((RECORDED / f"{name}.txt").read_text(encoding="utf-8"))

    def flag(self, recipe: str, variable: str, flag: str) -> str | None:
        assert (recipe, variable) == ("xen-image-minimal", "do_rootfs")
        return self.flags.get(flag)


def report_on(change: Callable[[str], str] = lambda text: text) -> VerifyReport:
    return verify(project(), NO_ASSETS, BUILD, RecordedBitBake(change), quick=True)


def test_every_assignment_is_expected_once() -> None:
    for name in ("qemux86-64-alpine", "qemux86-64-vxn", "vendor-guest", "raspberrypi4-64"):
        wanted = presets.load(name).project
        assert wanted is not None
        found = expected_assignments(wanted)
        assert len(set(found)) == len(found)
        assert any(expected.variable == "MACHINE" for expected in found)
    (memory,) = [one for one in expected_assignments(project()) if one.variable == "QB_MEM_VALUE"]
    assert (memory.recipe, memory.recipe_only, memory.value) == ("xen-image-minimal", True, "4096")
    assert memory.left_side == "QB_MEM_VALUE:pn-xen-image-minimal ="
    (alpine,) = [
        one for one in expected_assignments(project()) if one.left_side.endswith("MEMORY[alpine] =")
    ]
    assert (alpine.recipe, alpine.in_conf, alpine.flag) == ("my-guests", False, "alpine")


def test_lines_that_undo_settings_are_reported() -> None:
    """The recorded local.conf continues after xentui's lines, and undoes four settings."""
    report = report_on()
    assert not report.agrees
    assert report.counts == {"agrees": 10, "differs": 4, "unseen": 0, "extra": 0}
    assert "\n".join(report.lines()) == UNDONE
    everything = list(report.lines(everything=True))
    assert 'agrees  MACHINE = "qemux86-64" (conf/xentui.conf:7)' in everything
    assert 'agrees  XEN_GUEST_MEMORY[vendor] = "128" (conf/xentui.conf:33)' in everything


def test_the_report_as_json() -> None:
    data = report_on().data()
    assert data["version"] == 1
    assert data["build_dir"] == "/build"
    assert data["summary"] == {"agrees": 10, "differs": 4, "unseen": 0, "extra": 0}
    (network,) = [s for s in data["settings"] if s["variable"] == "XEN_DOM0_NETWORK"]
    assert network == {
        "recipe": "xen-image-minimal", "variable": "XEN_DOM0_NETWORK", "flag": None,
        "operator": "=", "expected": "nat", "seen": "bridged", "status": "differs",
        "file": "/build/conf/local.conf", "line": 28, "reason": None,
    }  # fmt: skip


def test_settings_of_a_file_that_bitbake_did_not_read_are_unseen() -> None:
    def without(text: str) -> str:
        lines = text.split("\n")
        kept: list[str] = []
        skip = False
        for line in lines:
            if line.startswith("#   "):
                skip = "/build/conf/xentui.conf:" in line
            elif not line.startswith("#     "):
                skip = False
            if not skip and "xentui.conf" not in line:
                kept.append(line)
        return "\n".join(kept)

    report = report_on(without)
    assert report.counts["unseen"] >= 4
    unseen = [verdict for verdict in report.verdicts if verdict.status == "unseen"]
    assert any(verdict.expected.flag == "vendor" for verdict in unseen)
    assert all(verdict.reason for verdict in unseen)
    assert any("did not read conf/xentui.conf" in line for line in report.lines())


def test_recipes_are_queried_too() -> None:
    report = verify(project(), NO_ASSETS, BUILD, RecordedBitBake())
    assert report.recipes == ("xen-image-minimal", "my-guests")
    assert "\n".join(report.lines()) == UNDONE.replace("10 of 14", "20 of 24")
    seen = {verdict.expected.left_side: verdict for verdict in report.verdicts}
    memory = seen["my-guests: XEN_GUEST_MEMORY[alpine] ="]
    assert (memory.status, memory.seen) == ("agrees", "192")
    assert memory.file.endswith("my-guests_1.0.bb")
    assert seen["QB_MEM_VALUE:pn-xen-image-minimal ="].seen == "2048"
    assert seen["do_rootfs[vardeps] +="].status == "agrees"


def test_a_flag_of_a_task_is_queried_on_its_own() -> None:
    lost = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(flags={}))
    (unseen,) = [verdict for verdict in lost.verdicts if verdict.status == "unseen"]
    assert (unseen.expected.variable, unseen.expected.flag) == ("do_rootfs", "vardeps")
    other = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(flags={"vardeps": "OTHER"}))
    (differs,) = [v for v in other.verdicts if v.expected.flag == "vardeps"]
    assert (differs.status, differs.reason) == ("differs", "XENTUI_HASH is missing")


def test_settings_of_a_missing_recipe_are_unseen() -> None:
    report = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(lacks=("my-guests",)))
    bundle = [verdict for verdict in report.verdicts if verdict.expected.recipe == "my-guests"]
    assert bundle
    assert all(verdict.status == "unseen" for verdict in bundle)
    assert all("Nothing PROVIDES" in verdict.reason for verdict in bundle)
    assert "xentui's layer" in report.notes[-1]


def test_without_the_image_there_is_nothing_to_compare() -> None:
    with pytest.raises(InputError, match="xen-image-minimal"):
        verify(project(), NO_ASSETS, BUILD, RecordedBitBake(lacks=("xen-image-minimal",)))


class Screen(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Screen, StringIO])
def test_progress_is_one_line_on_a_terminal_and_one_per_minute_in_a_log(
    monkeypatch: pytest.MonkeyPatch, stream: type[StringIO]
) -> None:
    output = stream()
    monkeypatch.setattr("sys.stderr", output)
    progress = verify_command.Progress()
    progress.start_query(None, 1, 2)
    for seconds in range(0, 130, 5):
        progress(seconds)
    progress.clear()
    asked, _, rest = output.getvalue().partition("\n")
    assert asked == "[1/2] asking BitBake about the configuration"
    if stream is Screen:
        assert rest.count("\n") == 0
        assert rest.count("\r      125 s\x1b[K") == 1
        assert rest.endswith("\r\x1b[K")
    else:
        assert rest.split() == ["60", "s", "120", "s"]


def by_hand(line: str) -> Callable[[str], str]:
    """Return recorded output as if the user's local.conf had one more line."""
    name, _, value = line.partition(" = ")
    variable, _, flag = name.rstrip("]").partition("[")
    event = f'#   set /build/conf/local.conf:40\n#     [{flag}] "{value}"\n'

    def change(text: str) -> str:
        start = text.index(f"# ${variable}")
        end = text.index("\n", start) + 1
        return text[:end] + event + text[end:]

    return change


def test_a_flag_that_the_project_leaves_at_its_default_is_compared_too() -> None:
    clean = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(), quick=True)
    changed = by_hand("XEN_GUEST_EXTRA[vendor] = quiet")
    report = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(changed), quick=True)
    assert report.counts["differs"] == clean.counts["differs"] + 1
    (line,) = set(report.lines()) - set(clean.lines()) - {list(report.lines())[-1]}
    assert "XEN_GUEST_EXTRA[vendor]" in line
    assert 'BitBake has "quiet" (conf/local.conf:40)' in line


def test_a_guest_that_the_project_lacks_is_reported() -> None:
    def more(text: str) -> str:
        return re.sub(
            r'^(BUNDLED_XEN_GUESTS="[^"]*)"', r'\1 other:external"', text, flags=re.MULTILINE
        )

    report = verify(project(), NO_ASSETS, BUILD, RecordedBitBake(more), quick=True)
    assert report.counts["extra"] == 1
    assert not report.agrees
    assert any(
        'extra   BUNDLED_XEN_GUESTS has "other:external": the project does not have this guest'
        in line
        for line in report.lines()
    )
