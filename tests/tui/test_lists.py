# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Lists of what the layers and earlier builds offer, in which anything else can be typed too."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests.bitbake.trees import small
from tests.sessions import TWO
from tests.tui.test_build_dir import LOCAL, in_build_dir, make_build_dir, wait_for_survey
from tests.tui.test_wizard import field
from tests.tui.wizards import SMALL, key_line, press, running, settle, shown, wizard
from xentui.project.model import Guest, Host, Project
from xentui.screens.dialogs import Pick
from xentui.screens.guests import Guests
from xentui.session import MOST_GUESTS
from xentui.session.forms import STEPS
from xentui.session.target import BuildSurvey, StoppedError, survey_build_dir
from xentui.widgets.table import Table


def test_a_survey_reports_progress_and_can_be_stopped() -> None:
    build = make_build_dir()
    reported: list[BuildSurvey] = []
    known = survey_build_dir(build, reported.append)
    assert [one.complete for one in reported] == [False] * (len(reported) - 1) + [True]
    assert reported[0].build is not None
    assert not reported[0].machines
    assert {one.name for one in known.guests} >= {"alpha", "xen-guest-image-minimal"}
    count = 0

    def stop() -> bool:
        nonlocal count
        count += 1
        return count > 2

    reported.clear()
    try:
        survey_build_dir(build, reported.append, stop)
    except StoppedError:
        assert len(reported) == 2
    else:
        raise AssertionError("nobody heard")


async def test_machines_of_the_layers_are_listed_after_the_boards() -> None:
    build = small(Path.cwd(), LOCAL, more={"virt/conf/machine/bench.conf": "#@NAME: The bench\n"})
    async with running(in_build_dir(build), "machine") as (app, pilot):
        await wait_for_survey(pilot, app)
        table = app.main.query_one("#boards", Table)
        keys = [row.key for row in table.rows]
        assert keys[-2:] == [":layers", "bench"]
        await press(pilot, "end")
        assert "The bench" in shown(app)
        await press(pilot, "enter")
        assert app.session.project.host.machine == "bench"
        assert [row.key for row in table.rows].count("bench") == 1


async def test_the_first_frame_does_not_wait_for_the_layers() -> None:
    app = wizard(in_build_dir(make_build_dir()), begin="machine")
    async with app.run_test(size=SMALL) as pilot:
        assert len(app.main.query_one("#boards", Table).rows) > 3
        await wait_for_survey(pilot, app)


async def test_a_guest_is_added_from_the_recipes_of_the_layers() -> None:
    async with running(in_build_dir(make_build_dir()), "guests", size=(120, 30)) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "a", "1")
        assert "Guest beta" in shown(app)
        assert "xen-image-minimal" not in shown(app).replace("xen-guest-image-minimal", "")
        await press(pilot, *"gamm", "enter")
        assert [g.key for g in app.session.project.guests] == ["alpha", "beta", "gamma"]
        await press(pilot, "escape", "u")
        assert app.session.project == TWO


async def test_the_name_is_offered_and_anything_else_can_be_typed() -> None:
    async with running(in_build_dir(make_build_dir()), "guests") as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "enter")
        await press(pilot, "f2", *"xen-guest", "enter")
        assert app.session.project.guests[0].key == "xen-guest-image-minimal"
        await press(pilot, "ctrl+o", "escape")
        editor = field(app, "guests.xen-guest-image-minimal").editor
        assert isinstance(editor, Input)
        assert app.main.focused is editor
        editor.value = ""
        await pilot.press(*"gam")
        await pilot.pause(0.1)
        assert editor._suggestion == "gamma"
        await press(pilot, "right")
        assert app.session.project.guests[0].key == "gamma"
        await press(pilot, *"-x")
        assert app.session.project.guests[0].key == "gamma-x"


async def test_what_earlier_builds_left_is_offered_for_disk_and_kernel() -> None:
    build = make_build_dir()
    folder = build / "tmp/deploy/images/qemux86-64"
    folder.mkdir(parents=True)
    for name in ("core-image-minimal-qemux86-64.ext4", "bzImage", "a.manifest"):
        (folder / name).touch()
    async with running(in_build_dir(build), "guests") as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "enter")
        assert [n for n, _ in field(app, "guests.alpha.kernel").suggestions] == ["bzImage"]
        app.main.set_focus(field(app, "guests.alpha.kernel").editor)
        await press(pilot, "f2", "enter")
        assert app.session.project.guest("alpha").kernel == "bzImage"
        offers = field(app, "guests.alpha.rootfs").suggestions
        assert [name for name, _ in offers] == ["core-image-minimal-qemux86-64.ext4"]


async def test_hostile_words_of_a_layer_are_shown_as_they_are() -> None:
    more = {
        "virt/conf/machine/[@click=app].conf": "#@NAME: [red]\x1b[31m[/x]\n",
        "virt/recipes-extended/images/evil.bb": 'SUMMARY = "[/x] [b]"\ninherit core-image\n',
    }
    async with running(
        in_build_dir(small(Path.cwd(), LOCAL, more=more)), "machine", size=(120, 30)
    ) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "end")
        assert "[@click=app]" in shown(app)
        assert "[red]" in shown(app)
        assert "\x1b" not in shown(app)
        await press(pilot, "alt+4", "a", "1")
        assert isinstance(app.screen, Pick)
        assert "[/x] [b]" in shown(app)


async def test_nothing_is_offered_without_a_build_directory() -> None:
    async with running(TWO, "guests") as (app, pilot):
        await press(pilot, "a", "1")
        assert not isinstance(app.screen, Pick)
        await pilot.press("escape")
        assert "F2" not in key_line(app)


async def test_two_edits_at_once_do_not_overwrite_each_other() -> None:
    async with running(TWO, "guests") as (app, pilot):
        step = app.main.step
        assert isinstance(step, Guests)
        key = step.highlighted_guest
        before = app.session.project.guest(key)
        # Two keys that are handled before the screen is drawn again.
        step.action_tag("autostart")
        step.action_tag("external")
        await settle(pilot)
        guest = app.session.project.guest(key)
        assert (guest.autostart, guest.external) == (not before.autostart, not before.external)
        step.action_remove()
        step.action_remove()
        await settle(pilot)
        assert len(app.session.project.guests) == len(TWO.guests) - 1


@pytest.mark.slow
async def test_as_many_guests_as_can_be_are_listed_edited_and_walked_through() -> None:
    guests = tuple(Guest(f"guest-{number:04}", memory=32) for number in range(1, MOST_GUESTS + 1))
    project = Project(Host("qemux86-64", memory=1_048_576, network="nat"), guests=guests)
    async with running(project, "guests", notifications=True) as (app, pilot):
        assert "guest-0001" in shown(app)
        assert "guest-1000" not in shown(app)
        await press(pilot, "end")
        assert "guest-1000" in shown(app)
        await press(pilot, "enter")
        await press(pilot, "tab", "tab", *"64")
        assert app.session.project.guest("guest-1000").memory == 64
        await press(pilot, "escape")
        assert app.main.query_one("#guest-table", Table).key == "guest-1000"
        for number, step in enumerate(STEPS[1:], start=2):
            await press(pilot, f"alt+{number}")
            assert app.main.step_name == step
        await press(pilot, "alt+4", "a", "1", *"web", "enter")
        assert f"{MOST_GUESTS} guests already" in shown(app)
        await press(pilot, "c")
        assert len(app.session.project.guests) == MOST_GUESTS
