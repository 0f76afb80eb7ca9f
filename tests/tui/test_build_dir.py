# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
# ruff: noqa: ASYNC240
"""The wizard in a build directory: found at the start, shown as a diff, written after approval."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.bitbake.trees import small
from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, press, running, settle, shown
from xentui.app import XentuiApp
from xentui.output.writing.plan import Plan
from xentui.project.model import Bundle, Project
from xentui.rules.finding import Finding
from xentui.screens.review import Review
from xentui.session import Session
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.preview import Preview
from xentui.widgets.table import Table

LOCAL = 'MACHINE ??= "qemux86-64"\nDISTRO = "nodistro"\n# mine\n'


GUESTS = {
    f"virt/recipes-extended/images/{name}.bb": f'SUMMARY = "Guest {name}"\ninherit core-image\n'
    for name in ("alpha", "beta", "gamma")
}


def make_build_dir(local: str = LOCAL, *, layers: tuple[str, ...] = ("core", "virt")) -> Path:
    """Make a build directory whose layers have the guests of the project."""
    return small(Path.cwd(), local, more=GUESTS, layers=layers)


def in_build_dir(build: Path, project: Project | None = TWO) -> Session:
    session = session_of(project)
    session.target.move_to(build)
    return session


async def wait_for_survey(pilot: Pilot[int], app: XentuiApp) -> None:
    """Wait until the build directory has been read and examined."""
    await settle(pilot)
    await app.workers.wait_for_complete()
    await settle(pilot)
    await app.workers.wait_for_complete()
    await settle(pilot)


def slow_down_examinations(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    examination = session.examination

    def slow_examination(plan: Plan) -> Callable[[], Sequence[Finding]]:
        find_problems = examination(plan)

        def slowly() -> Sequence[Finding]:
            time.sleep(0.7)
            return find_problems()

        return slowly

    monkeypatch.setattr(session, "examination", slow_examination)


async def test_start_names_the_build_directory() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build, None)) as (app, pilot):
        await wait_for_survey(pilot, app)
        lines = shown(app).split("\n")
        assert any("Build directory build" in x and "MACHINE qemux86-64" in x for x in lines)
        assert any("meta-virtualization has the Xen classes" in x for x in lines)


async def test_start_reports_that_the_classes_are_missing() -> None:
    build = make_build_dir(layers=("core",))
    async with running(in_build_dir(build, None)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "meta-virtualization is not among its layers" in shown(app)


async def test_without_a_build_directory_a_separate_tree_is_offered() -> None:
    async with running() as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "No build directory: files go into xentui-out" in shown(app)


async def test_conf_layer_and_the_edits_of_the_users_files_are_shown_and_written() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "review", size=(200, 60)) as (app, pilot):
        await wait_for_survey(pilot, app)
        page = "\n".join(app.main.query_one("#review-diff", CodeView).lines)
        assert "+require conf/xentui.conf" in shown(app)
        assert page.index("+require conf/xentui.conf") < page.index("+BUNDLED_XEN_GUESTS")
        await pilot.press("ctrl+s", "enter")
        await wait_for_survey(pilot, app)
        assert app.main.step_name == "write"
        assert "local.conf.xentui-orig" in shown(app)
    assert (build / "conf/local.conf").read_text() == f"{LOCAL}require conf/xentui.conf\n"
    assert "XEN_GUEST_MEMORY[alpha]" in (build / "conf/xentui.conf").read_text()
    written = app.session.written
    assert written is not None
    assert written.headless.endswith("--build-dir build --yes".replace("build ", f"{build} "))
    assert all("add-layer" not in line for line, _ in written.commands)


async def test_local_conf_includes_the_settings_in_the_way_chosen_on_review() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "review", size=(120, 60)) as (app, pilot):
        await wait_for_survey(pilot, app)
        await pilot.press("w", "right")
        await wait_for_survey(pilot, app)
        assert app.main.query_one("#review-way", Options).value == "block"
        assert "+require" not in shown(app)
        await pilot.press("escape", "ctrl+s", "ctrl+s", "enter")
        await wait_for_survey(pilot, app)
    text = (build / "conf/local.conf").read_text()
    assert text.startswith(LOCAL)
    assert "XEN_GUEST_MEMORY[alpha]" in text
    assert not (build / "conf/xentui.conf").exists()
    assert app.session.written is not None
    assert "--attach block" in app.session.written.headless


async def test_the_way_that_local_conf_was_changed_last_is_preselected() -> None:
    build = make_build_dir()
    session = in_build_dir(build)
    session.target.choose_attach("block")
    session.write()
    async with running(in_build_dir(build), "review") as (app, pilot):
        await wait_for_survey(pilot, app)
        assert app.main.query_one("#review-way", Options).value == "block"


async def test_a_file_edited_by_hand_is_overwritten_only_when_asked_and_kept() -> None:
    build = make_build_dir()
    session = in_build_dir(build)
    session.write()
    conf = build / "conf/xentui.conf"
    mine = f"{conf.read_text()}MINE = '1'\n"
    conf.write_text(mine)
    async with running(session, "review", size=(120, 40)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "Edited by hand: xentui.conf" in shown(app)
        await press(pilot, "ctrl+s")
        assert "xentui.conf was edited by hand" in shown(app)
        await press(pilot, "enter")
        assert conf.read_text() == mine
        await pilot.press("ctrl+s", "left", "enter")
        await wait_for_survey(pilot, app)
    assert "MINE" not in conf.read_text()
    assert (build / "conf/xentui.conf.mine").read_text() == mine


async def test_edits_by_hand_are_shown_from_both_sides_and_merged() -> None:
    build = make_build_dir()
    session = in_build_dir(build)
    session.write()
    conf = build / "conf/xentui.conf"
    conf.write_text(f"{conf.read_text()}MINE = '1'\n")
    session.edit(
        replace(session.project, host=replace(session.project.host, memory=3072)), "memory"
    )
    async with running(session, "review", size=(140, 60)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "What xentui would change:" in shown(app)
        assert "Merged:" in shown(app)
        await press(pilot, "ctrl+s")
        await pilot.press("right", "enter")
        await wait_for_survey(pilot, app)
        assert "merged" in shown(app)
    assert conf.read_text().endswith("MINE = '1'\n")
    assert "3072" in conf.read_text()
    assert not session.plan().pending
    assert not session.plan().edited


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
async def test_a_read_only_file_is_refused_with_what_to_do() -> None:
    build = make_build_dir()
    (build / "conf/local.conf").chmod(0o444)
    async with running(in_build_dir(build), "review", size=(200, 40)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "is read-only" in shown(app)


async def test_an_error_that_was_corrected_outside_does_not_prevent_writing() -> None:
    build = make_build_dir(f'{LOCAL}BUNDLED_XEN_GUESTS:append = " delta"\n')
    session = in_build_dir(build)
    async with running(session, "review", size=(120, 40)) as (app, pilot):
        await wait_for_survey(pilot, app)
        session.target.choose_existing_use("keep")
        app.main.query_one(Review).compare()
        await wait_for_survey(pilot, app)
        assert session.review.status == "errors"
        (build / "conf/local.conf").write_text(LOCAL)
        await press(pilot, "ctrl+s")
        assert "cannot be written yet" not in shown(app)
        assert "Write into build?" in shown(app)


async def test_an_unfinished_line_is_refused_with_what_to_do() -> None:
    build = make_build_dir(f"{LOCAL}FOO = \\")
    async with running(in_build_dir(build), "review", size=(160, 40)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "ends in a backslash" in shown(app)
        assert "Remove the backslash." in shown(app)
        await press(pilot, "ctrl+s")
        assert app.main.step_name == "review"


async def test_problems_of_the_build_directory_are_among_the_problems() -> None:
    build = make_build_dir(f'{LOCAL}IMAGE_INSTALL_append = " nano"\n', layers=("core",))
    async with running(in_build_dir(build), "review", size=(160, 40)) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "4")
        page = shown(app)
        assert "conf/local.conf:4" in page
        assert "meta-virtualization is not among the layers" in page
        assert "in the build directory" in page
        await press(pilot, "ctrl+s")
        assert "cannot be written yet" in shown(app).lower()
    assert (build / "conf/local.conf").read_text().startswith(LOCAL)
    assert not (build / "conf/xentui.conf").exists()


async def test_what_writing_will_fix_is_not_a_problem() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "review") as (app, pilot):
        await wait_for_survey(pilot, app)
        review = app.main.step
        assert isinstance(review, Review)
        assert not any(f.severity.value == "error" for f in app.session.target.findings)
        assert "not set up for Xen" not in "\n".join(f.message for f in app.session.target.findings)


async def test_a_folder_that_is_not_a_build_directory_gets_files_only() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "review") as (app, pilot):
        await wait_for_survey(pilot, app)
        await pilot.press("t", *"elsewhere", "enter")
        await wait_for_survey(pilot, app)
        assert "Write as    (•) files only" in shown(app)
        files = app.main.query_one("#review-files", Table)
        assert all(row.key.startswith("elsewhere/") for row in files.rows)


def preview_name_and_text(app: XentuiApp) -> tuple[str, str]:
    """Return the name of the previewed file, and its text."""
    preview = app.main.query_one(Preview)
    lines = preview.query_one("#preview-text", CodeView).lines
    return str(preview.query_one("#preview-name", Static).content), "\n".join(lines) + "\n"


async def test_the_preview_is_what_is_written_with_a_machine_fragment() -> None:
    build = make_build_dir(f'{LOCAL}OE_FRAGMENTS += "machine/qemux86-64"\n')
    session = in_build_dir(build)
    async with running(session, "guests", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        name, text = preview_name_and_text(app)
        assert name == "conf/xentui.conf"
        assert "MACHINE" not in text
        session.write()
        assert (build / "conf/xentui.conf").read_text() == text


async def test_the_preview_follows_a_fragment_that_comes_meanwhile() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "guests", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert 'MACHINE = "qemux86-64"' in preview_name_and_text(app)[1]
        local = build / "conf/local.conf"
        local.write_text(f'{local.read_text()}OE_FRAGMENTS += "machine/qemux86-64"\n')
        await pilot.press("alt+6")
        await wait_for_survey(pilot, app)
        await pilot.press("alt+4")
        await wait_for_survey(pilot, app)
        assert "MACHINE" not in preview_name_and_text(app)[1]


async def test_the_preview_shows_where_a_marked_block_is() -> None:
    build = make_build_dir()
    session = in_build_dir(build)
    session.target.choose_attach("block")
    async with running(session, "guests", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        name, text = preview_name_and_text(app)
        assert name == "conf/local.conf, as a marked block"
        session.write()
        assert text in (build / "conf/local.conf").read_text()


async def test_problems_of_the_build_directory_count_on_every_step() -> None:
    build = make_build_dir(f'{LOCAL}IMAGE_INSTALL_append = " nano"\n')
    async with running(in_build_dir(build), "guests", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        await pilot.pause(0.5)
        await wait_for_survey(pilot, app)
        own = app.session.view.indexed_findings.total
        build_findings = [f for f in app.session.target.findings if f.path == "conf/local.conf:4"]
        assert len(build_findings) == 1
        assert app.session.findings.total == own + len(app.session.target.findings)
        assert "Review ✗1" in shown(app)
        assert "1 error" in shown(app)
        await pilot.press("shift+f8")
        await wait_for_survey(pilot, app)
        assert app.main.step_name == "review"
        last = app.session.findings.all[-1]
        review = app.main.step
        assert isinstance(review, Review)
        assert review.current_finding() == last
        assert f"{len(app.session.findings.all)}/{len(app.session.findings.all)}" in shown(app)
        await pilot.press("f8")
        await wait_for_survey(pilot, app)
        assert review.current_finding() != last or len(app.session.findings.all) == 1


async def test_f8_on_review_goes_on_from_the_highlighted_problem() -> None:
    build = make_build_dir(f'{LOCAL}XEN_GUEST_MEMORY[a] = "no"\nXEN_GUEST_MEMORY[b] = "no"\n')
    async with running(in_build_dir(build), "review", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        last = app.session.findings.all[-1]
        await press(pilot, "shift+f8", "up")
        assert app.main.current_finding() not in (None, last)
        await press(pilot, "f8")
        assert app.main.current_finding() == last


async def test_an_edit_makes_the_wizard_examine_the_build_directory_again() -> None:
    build = make_build_dir()
    async with running(in_build_dir(build), "guests", size=LARGE) as (app, pilot):
        await wait_for_survey(pilot, app)
        await pilot.pause(0.5)
        await wait_for_survey(pilot, app)
        assert not any(f.code == "XT636" for f in app.session.target.findings)
        await pilot.press("a", "1", "enter")
        await wait_for_survey(pilot, app)
        await pilot.press(*"nowhere")
        await pilot.pause(0.6)
        await wait_for_survey(pilot, app)
        assert any(f.code == "XT636" for f in app.session.target.findings)
        await pilot.press("escape", "alt+6", "t", *"elsewhere", "enter")
        await wait_for_survey(pilot, app)
        assert list(app.session.target.findings) == []


BUNDLED = replace(
    TWO,
    bundles=(Bundle("lab"),),
    guests=tuple(replace(guest, bundle="lab") for guest in TWO.guests),
)


async def test_the_layer_is_written_to_the_chosen_folder() -> None:
    build = make_build_dir()
    session = in_build_dir(build, BUNDLED)
    async with running(session, "review", size=(120, 60)) as (app, pilot):
        await wait_for_survey(pilot, app)
        assert "Layer       meta-xentui" in shown(app)
        await pilot.press("v", *"meta-lab", "enter")
        await wait_for_survey(pilot, app)
        assert session.target.chosen_layer == Path("meta-lab")
        assert app.main.step.title() in str(app.main.query_one("#body").border_title)
        files = {row.key for row in app.main.query_one("#review-files", Table).rows}
        assert any(key.endswith("/meta-lab/conf/layer.conf") for key in files)
        await pilot.press("alt+4", "f4", "p")
        await wait_for_survey(pilot, app)
        assert "## meta-lab/recipes" in preview_name_and_text(app)[1]
        await pilot.press("escape", "ctrl+s", "ctrl+s", "enter")
        await wait_for_survey(pilot, app)
        assert app.main.step_name == "write"
    assert Path("meta-lab/conf/layer.conf").is_file()
    assert "meta-lab" in (build / "conf/bblayers.conf").read_text()
    assert not Path("meta-xentui").exists()
    assert session.written is not None
    assert "--layer meta-lab" in session.written.headless


async def test_an_impossible_layer_folder_is_refused_and_can_be_reset() -> None:
    session = in_build_dir(make_build_dir(), BUNDLED)
    async with running(session, "review", size=(120, 60)) as (app, pilot):
        await wait_for_survey(pilot, app)
        await pilot.press("v", *"a b", "enter")
        await wait_for_survey(pilot, app)
        assert "BBLAYERS cannot contain the path" in shown(app)
        await pilot.press("v", "delete", "enter")
        await wait_for_survey(pilot, app)
        assert session.target.chosen_layer is None
        assert "Ready" in shown(app)


async def test_a_layer_folder_below_an_unknown_home_is_refused() -> None:
    session = in_build_dir(make_build_dir(), BUNDLED)
    async with running(session, "review", notifications=True) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "v", *"~nobody-here/meta", "enter")
        assert "There is no home folder ~nobody-here." in shown(app)
        assert session.target.chosen_layer is None


BUNDLE = {
    "virt/recipes-extended/xen-guest-bundles/alpine-xen-guest-bundle_3.23.bb": (
        'LICENSE = "MIT"\ninherit xen-guest-bundle\n'
        'SRC_URI = "file://alpine.tar.gz;subdir=alpine-rootfs"\n'
        'XEN_GUEST_BUNDLES = "alpine:autostart:external"\n'
        'XEN_GUEST_SOURCE_TYPE[alpine] = "rootfs_dir"\n'
        'XEN_GUEST_MEMORY[alpine] = "200"\n'
    )
}
BY_HAND = """\
MACHINE ??= "qemux86-64"
BUNDLED_XEN_GUESTS = "vendor-os:external"
XEN_GUEST_MEMORY[vendor-os] = "144"
"""


@pytest.mark.parametrize("project", [TWO, replace(TWO, guests=())], ids=["guests", "none"])
async def test_guests_that_the_project_does_not_have_are_listed_and_left_alone(
    project: Project,
) -> None:
    build = small(Path.cwd(), BY_HAND, more={**GUESTS, **BUNDLE})
    host = replace(project.host, layer_bundles=("alpine-xen-guest-bundle",))
    session = in_build_dir(build, replace(project, host=host))
    session.target.choose_existing_use("keep")
    session.target.read_user_settings()
    async with running(session, "guests", size=LARGE, notifications=True) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "G")
        page = shown(app)
        assert "Also on the target, not in this project" in page
        assert any("vendor-os" in line and "144" in line for line in page.split("\n"))
        assert "by the layers' bundle alpine-xen-guest-bundle" in page, page
        assert "200 MiB" in page
        before = session.project
        await press(pilot, "e", "c", "d", "space", "x", "b", "K", "enter")
        assert session.project is before
        assert "change it there" in shown(app)
        await press(pilot, "slash", *"vendor-os", "enter")
        assert app.main.step.query_one(Table).key.endswith("vendor-os")


async def test_a_project_begins_with_the_guests_of_the_build_directory() -> None:
    build = small(Path.cwd(), BY_HAND, more=GUESTS)
    async with running(in_build_dir(build, None), notifications=True) as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "home")
        assert "▸ The guests of this build directory" in shown(app)
        assert "XEN_GUEST_MEMORY[vendor-os]" in shown(app)
        await press(pilot, "enter")
        assert app.main.step_name == "guests"
        assert app.session.project.guest("vendor-os").memory == 144
        assert "Your settings are in the project now" in shown(app)


async def test_presets_for_the_machine_of_the_build_directory_come_first() -> None:
    build = small(Path.cwd(), 'MACHINE ??= "qemuarm64"\n', more=GUESTS)
    async with running(in_build_dir(build, None)) as (app, pilot):
        await wait_for_survey(pilot, app)
        page = shown(app)
        assert "▸ QEMU arm64, one guest" in page
        assert "F8 goes to" not in page
        await press(pilot, "enter")
        assert app.session.project.host.machine == "qemuarm64"


async def test_recipes_that_begin_with_the_filter_come_first() -> None:
    more = {"virt/recipes-extended/images/uxen-guest-image-minimal.bb": "inherit core-image\n"}
    build = small(Path.cwd(), LOCAL, more={**GUESTS, **more})
    async with running(in_build_dir(build, replace(TWO, guests=())), "guests") as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "a", "1")
        assert "▸ xen-guest-image-minimal" in shown(app)
        await press(pilot, *"xen-guest", "enter")
        assert [guest.key for guest in app.session.project.guests] == ["xen-guest-image-minimal"]


async def test_review_ends_its_examination_though_another_one_was_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(in_build_dir(make_build_dir()), "guests") as (app, pilot):
        await wait_for_survey(pilot, app)
        slow_down_examinations(app.session, monkeypatch)
        app.main.build_watch.examine_soon()
        await pilot.press("alt+6")
        await pilot.pause(0.6)
        await wait_for_survey(pilot, app)
        assert "Examining" not in shown(app)


async def test_a_line_that_causes_an_error_can_be_decided_about_all_the_same() -> None:
    line = 'XEN_GUEST_MEMORY[xen-guest-image-minimal] = "2048"\n'
    build = small(Path.cwd(), f'MACHINE = "qemux86-64"\n{line}', more=GUESTS)
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(build)
    async with running(session, "review") as (app, pilot):
        await wait_for_survey(pilot, app)
        assert session.review.status == "errors"
        assert "you will be asked" in shown(app)
        await press(pilot, "ctrl+s")
        await settle(pilot)
        assert "What should happen to your own Xen settings?" in shown(app)


async def test_an_error_that_is_found_while_the_question_is_open_prevents_writing() -> None:
    build = small(Path.cwd(), 'MACHINE = "qemux86-64"\n', more=GUESTS)
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(build)
    async with running(session, "review") as (app, pilot):
        await wait_for_survey(pilot, app)
        await press(pilot, "ctrl+s")
        await settle(pilot)
        assert "Write into" in shown(app)
        (build / "conf/auto.conf").write_text('IMAGE_INSTALL_append = " nano"\n')
        await press(pilot, "enter")
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert app.main.step_name == "review"
        assert "XT602" in shown(app)
    assert not (build / "conf/xentui.conf").exists()


async def test_review_shows_the_findings_that_came_while_another_step_was_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = in_build_dir(make_build_dir(layers=("core",)))
    slow_down_examinations(session, monkeypatch)
    async with running(session, "review") as (app, pilot):
        await pilot.press("alt+7")
        await wait_for_survey(pilot, app)
        await pilot.press("alt+6")
        await wait_for_survey(pilot, app)
        assert "Examining" not in shown(app)
        assert "meta-virtualization is not among the layers" in shown(app)
