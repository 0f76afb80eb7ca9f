# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Settings that the user already has in a build directory: asked about, and treated as answered.

BitBake's own parser compares every variable and flag before and after.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import parse_conf
from tests.cli.conftest import Run
from tests.sessions import session_of
from xentui.errors import XentuiError
from xentui.output import existing
from xentui.output.existing import GUESTS
from xentui.session import Session
from xentui.session.existing import keeps_memory

HAND = """\
MACHINE ??= "qemux86-64"
BUNDLED_XEN_GUESTS = "xen-guest-image-minimal:autostart vendor-os:external"
XEN_GUEST_VCPUS[xen-guest-image-minimal] = "2"
XEN_GUEST_MEMORY[vendor-os] = "384"
"""
VENDOR_FLAGS = 'XEN_GUEST_MEMORY[vendor-os] = "64"\nXEN_GUEST_EXTRA[vendor-os] = "console=hvc0"\n'
MINIMAL, VENDOR = "xen-guest-image-minimal", "vendor-os"


def by_hand(folder: Path, local: str = HAND) -> Path:
    place = "core/recipes-core/images/core-image-minimal.bb"
    return trees.small(folder / "tree", local, more={place: "inherit core-image\n"})


def bitbakes(build: Path) -> dict[str, str | None]:
    """Return the guests and their flags as BitBake's own parser reads them."""
    conf = build / "conf/xentui.conf"
    files = {"conf/xentui.conf": conf.read_text()} if conf.exists() else {}
    parsed = parse_conf((build / "conf/local.conf").read_text(), files=files)
    seen: dict[str, str | None] = {
        GUESTS: " ".join(sorted(parsed.seen_by("xen-image-minimal").words(GUESTS))),
        "MACHINE": parsed.value("MACHINE"),
    }
    for variable in ("XEN_GUEST_VCPUS", "XEN_GUEST_MEMORY"):
        for guest in (MINIMAL, VENDOR):
            seen[f"{variable}[{guest}]"] = parsed.flag(variable, guest)
    return seen


def session_on(build: Path, preset: str = "qemux86-64-minimal") -> Session:
    session = session_of(preset=preset)
    session.target.move_to(build)
    return session


def test_settings_in_the_users_files_are_named_with_their_lines(tmp_path: Path) -> None:
    found = existing.read(by_hand(tmp_path))
    assert [guest.key for guest in found.guests] == [MINIMAL, VENDOR]
    assert found.lines()[1:] == [
        "conf/local.conf:2: guest vendor-os:external",
        f'conf/local.conf:2: {GUESTS} = "xen-guest-image-minimal:autostart vendor-os:external"',
        'conf/local.conf:3: XEN_GUEST_VCPUS[xen-guest-image-minimal] = "2"',
        'conf/local.conf:4: XEN_GUEST_MEMORY[vendor-os] = "384"',
    ]


def test_a_build_directory_that_only_xentui_configured_has_no_user_settings(tmp_path: Path) -> None:
    build = by_hand(tmp_path, 'MACHINE ??= "qemux86-64"\n')
    session = session_on(build)
    session.review.compare()
    assert session.review.status == "ready"
    session.write()
    assert not existing.read(build)
    session.target.choose_attach("block")
    session.write()
    assert not existing.read(build)


def test_the_review_asks_before_a_line_of_the_users_is_overridden(tmp_path: Path) -> None:
    build = by_hand(tmp_path)
    before = bitbakes(build)
    session = session_on(build)
    session.review.compare()
    assert session.review.status == "undecided"
    decision = session.review.decision()
    assert decision is not None
    assert [name for name, _ in decision.answers] == ["take", "keep", "replace", "back"]
    assert any(line.startswith("conf/local.conf:2: vendor-os") for line in decision.details)
    assert any(line.startswith("conf/local.conf:3: XEN_GUEST_VCPUS") for line in decision.details)
    assert bitbakes(build) == before


def test_keeping_leaves_every_value_that_the_user_set(tmp_path: Path) -> None:
    build = by_hand(tmp_path)
    before = bitbakes(build)
    session = session_on(build)
    session.edit(session.project.with_guest(session.project.guests[0]), "same")
    session.review.compare()
    session.review.decide_existing("keep")
    assert session.review.status == "ready"
    session.write()
    after = bitbakes(build)
    for name in (f"XEN_GUEST_VCPUS[{MINIMAL}]", f"XEN_GUEST_MEMORY[{VENDOR}]", GUESTS):
        assert after[name] == before[name], name
    # The same settings are not asked about again, but others are.
    again = session_on(build)
    again.review.compare()
    assert again.review.status == "written"
    local = build / "conf/local.conf"
    local.write_text(local.read_text().replace('"2"', '"4"'))
    again.review.compare(again=True)
    assert f"XEN_GUEST_VCPUS[{MINIMAL}]" in [clash.subject for clash in again.review.clashes]


def test_keeping_adds_the_projects_guests_to_the_users(tmp_path: Path) -> None:
    build = by_hand(tmp_path, HAND.replace(f"{MINIMAL}:autostart ", ""))
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("keep")
    session.write()
    assert bitbakes(build)[GUESTS] == f"vendor-os:external {MINIMAL}:autostart"


KEPT = """\
MACHINE ??= "qemux86-64"
BUNDLED_XEN_GUESTS = "core-image-minimal:autostart xen-guest-image-minimal"
QB_MEM_VALUE:pn-xen-image-minimal = "2048"
XEN_GUEST_NAME[core-image-minimal] = "core"
"""


def test_the_next_commands_are_for_the_settings_that_are_kept(tmp_path: Path) -> None:
    build = by_hand(tmp_path, KEPT)
    session = session_on(build)
    session.set_value(("host", "memory"), 1024)
    session.review.compare()
    session.review.decide_existing("keep")
    assert session.view.start_order == ["core-image-minimal"]
    session.write()
    assert session.written is not None
    notes = dict(session.written.commands)
    assert notes["xl list"] == "started automatically, in this order: core-image-minimal"
    assert f"xl create -c /etc/xen/{MINIMAL}.cfg" in notes
    assert "xl console core" in notes
    assert f"bitbake {MINIMAL} core-image-minimal" in notes
    assert not any("qemuparams" in line for line in notes)


def test_the_command_line_prints_the_next_commands_for_kept_settings(
    tmp_path: Path, run: Run
) -> None:
    build = by_hand(tmp_path, KEPT)
    kept = run(
        "generate", "--preset", "qemux86-64-minimal", "--set", "host.memory=1024",
        "--build-dir", str(build), "--yes", "--existing", "keep",
    )  # fmt: skip
    assert kept.code == 0, kept.err
    assert "in this order: core-image-minimal" in kept.out + kept.err
    assert "qemuparams" not in kept.out + kept.err


def test_a_field_shows_the_value_of_the_users_line(tmp_path: Path) -> None:
    session = session_on(by_hand(tmp_path))
    path = ("guests", MINIMAL, "vcpus")
    session.review.compare()
    assert session.fallback(path) == ("2", "conf/local.conf:3")
    session.review.decide_existing("keep")
    assert session.fallback(path) == ("2", "conf/local.conf:3")
    assert any("stays: conf/local.conf:3" in line for line in session.review.diff_lines())
    session.review.decide_existing("replace")
    assert session.fallback(path)[0] == "1"


def test_taking_puts_the_settings_into_the_project(tmp_path: Path) -> None:
    build = by_hand(tmp_path)
    before = bitbakes(build)
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("take")
    assert session.project.guest(MINIMAL).vcpus == 2
    assert session.project.guest(VENDOR).memory == 384
    assert session.project.guest(VENDOR).external
    assert session.review.status == "ready", session.review.summary()
    session.write()
    after = bitbakes(build)
    assert after[GUESTS] == before[GUESTS]
    assert after[f"XEN_GUEST_VCPUS[{MINIMAL}]"] == "2"
    assert after[f"XEN_GUEST_MEMORY[{VENDOR}]"] == "384"
    session.undo()
    assert [guest.key for guest in session.project.guests] == [MINIMAL]


def test_imported_settings_may_change_but_a_lost_guest_is_asked_about(
    tmp_path: Path,
) -> None:
    build = by_hand(tmp_path)
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("take")
    session.write()
    session.set_value(("guests", MINIMAL, "vcpus"), 3)
    session.write()
    assert bitbakes(build)[f"XEN_GUEST_VCPUS[{MINIMAL}]"] == "3"
    other = session_on(build)
    other.review.compare()
    assert [clash.subject for clash in other.review.clashes] == [VENDOR]


def test_replacing_makes_the_projects_values_effective(tmp_path: Path) -> None:
    build = by_hand(tmp_path)
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("replace")
    session.write()
    after = bitbakes(build)
    assert after[GUESTS] == f"{MINIMAL}:autostart"
    assert after[f"XEN_GUEST_VCPUS[{MINIMAL}]"] == "1"


def test_a_guest_that_is_appended_by_hand_can_be_replaced_too(tmp_path: Path) -> None:
    build = by_hand(tmp_path, 'BUNDLED_XEN_GUESTS:append = " vendor-os:external"\n')
    session = session_on(build)
    session.review.compare()
    # Writing loses nothing: both guests are bundled.
    assert session.review.status == "ready"
    session.review.decide_existing("replace")
    session.write()
    assert bitbakes(build)[GUESTS] == f"{MINIMAL}:autostart"


def test_a_guest_that_was_appended_by_hand_is_imported_once(tmp_path: Path) -> None:
    local = f'BUNDLED_XEN_GUESTS:append = " {VENDOR}:external"\n{VENDOR_FLAGS}'
    build = by_hand(tmp_path, local)
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("take")
    assert VENDOR in [guest.key for guest in session.project.guests]
    session.write()
    assert bitbakes(build)[GUESTS] == f"vendor-os:external {MINIMAL}:autostart"


def test_a_board_chosen_by_hand_is_not_changed_silently(tmp_path: Path) -> None:
    build = by_hand(tmp_path, 'MACHINE = "qemuarm64"\n')
    session = session_on(build)
    session.review.compare()
    assert [clash.subject for clash in session.review.clashes] == ["MACHINE"]
    session.review.decide_existing("keep")
    session.write()
    assert bitbakes(build)["MACHINE"] == "qemuarm64"
    session = session_on(build)
    session.target.choose_existing_use("replace")
    session.write()
    assert bitbakes(build)["MACHINE"] == "qemux86-64"


@pytest.mark.parametrize("way", ["require", "block"])
def test_the_command_line_refuses_until_an_option_chooses(
    tmp_path: Path, run: Run, way: str
) -> None:
    build = by_hand(tmp_path)
    arguments = ("--preset", "qemux86-64-minimal", "--build-dir", str(build), "--attach", way)
    refused = run("generate", *arguments, "--yes")
    assert refused.code == 1
    assert "conf/local.conf:2: error XT050: vendor-os would no longer be bundled" in refused.err
    assert "conf/local.conf:3: error XT050: XEN_GUEST_VCPUS" in refused.err
    assert not (build / "conf/xentui.conf").exists()
    assert run("generate", *arguments, "--dry-run").code == 1
    kept = run("generate", *arguments, "--yes", "--existing", "keep")
    assert kept.code == 0, kept.err
    assert run("generate", *arguments, "--check").code == 0
    assert run("remove", "--build-dir", str(build), "--yes").code == 0
    assert (build / "conf/local.conf").read_text() == HAND


def test_check_counts_the_settings_that_are_kept_as_generate_does(tmp_path: Path, run: Run) -> None:
    build = by_hand(tmp_path)
    arguments = ("--preset", "qemux86-64-minimal", "--build-dir", str(build))
    assert run("generate", *arguments, "--yes", "--existing", "keep").code == 0
    assert run("check", *arguments).code == 0
    local = build / "conf/local.conf"
    local.write_text(f'{local.read_text()}XEN_GUEST_MEMORY[{MINIMAL}] = "4096"\n')
    for command in ("check", "generate"):
        result = run(command, *arguments)
        assert result.code == 1
        assert "XT401" in result.out + result.err


def test_the_command_line_imports_the_settings_into_the_project_file(
    tmp_path: Path, run: Run
) -> None:
    build = by_hand(tmp_path)
    before = bitbakes(build)
    assert run("new", "qemux86-64-minimal", "-o", "board.toml").code == 0
    taken = run("generate", "board.toml", "--build-dir", str(build), "--yes", "--existing", "take")
    assert taken.code == 0, taken.err
    assert "[guests.vendor-os]" in Path("board.toml").read_text()
    assert bitbakes(build)[GUESTS] == before[GUESTS]
    assert run("generate", "board.toml", "--build-dir", str(build), "--check").code == 0
    wrong = run("generate", "board.toml", "--out", "out", "--existing", "keep")
    assert wrong.code == 2


def write_over_existing(build: Path, use: str, *, preset: str = "qemux86-64-minimal") -> Session:
    """Write with an answer to the question, whether or not it is asked."""
    session = session_on(build, preset)
    session.review.compare()
    session.review.decide_existing(use)
    assert session.review.status in ("ready", "written"), session.review.summary()
    session.write()
    return session


def codes(session: Session) -> list[str]:
    return [finding.code for finding in session.review.findings]


def test_kept_settings_are_in_the_budget_and_in_the_preview(tmp_path: Path) -> None:
    local = HAND.replace('[vendor-os] = "384"', '[xen-guest-image-minimal] = "96"')
    session = session_on(by_hand(tmp_path, f'{local}QB_MEM_VALUE:pn-xen-image-minimal = "2048"\n'))
    session.review.compare()
    session.review.decide_existing("keep")
    budget = session.view.budget
    rows = {row.name: row.mib for row in budget.rows if row.kind == "guest"}
    assert budget.total == 2048
    assert rows[MINIMAL] == 96 + 1
    assert rows[VENDOR] == 512 + 1
    cfg = session.view.xl_config(session.project.guest(MINIMAL))
    assert "memory = 96" in cfg
    assert "vcpus = 2" in cfg


def test_guests_that_are_kept_may_be_too_much_for_the_board(tmp_path: Path) -> None:
    local = HAND.replace("vendor-os:external", "vendor-os:autostart:external")
    session = session_on(by_hand(tmp_path, local))
    session.review.compare()
    session.review.decide_existing("keep")
    (error,) = session.view.errors
    assert error.code == "XT401"
    # Settings that the user keeps are not lowered: the project's own guest is, or the board gets
    # more.
    assert error.quick_fixes
    assert all(VENDOR not in fix.label for fix in error.quick_fixes)
    session.apply_fix(error)
    assert session.view.errors == []


def test_replacing_overrides_lines_after_xentuis_line(tmp_path: Path) -> None:
    build = by_hand(tmp_path, 'MACHINE ??= "qemux86-64"\n')
    session = session_on(build)
    session.write()
    local = build / "conf/local.conf"
    behind = f'XEN_GUEST_VCPUS[{MINIMAL}] = "4"\nXEN_GUEST_MEMORY_DEFAULT = "200"\n'
    local.write_text(local.read_text() + behind)
    session = session_on(build)
    session.review.compare()
    assert session.review.status == "undecided"
    session = write_over_existing(build, "replace")
    assert local.read_text().endswith("require conf/xentui.conf\n")
    assert bitbakes(build)[f"XEN_GUEST_VCPUS[{MINIMAL}]"] == "1"
    assert local.read_text().count("require conf/xentui.conf") == 1
    session.target.choose_attach("block")
    session.write()
    local.write_text(local.read_text() + f'XEN_GUEST_VCPUS[{MINIMAL}] = "8"\n')
    session = write_over_existing(build, "replace")
    assert bitbakes(build)[f"XEN_GUEST_VCPUS[{MINIMAL}]"] == "1"


@pytest.mark.parametrize(
    "line",
    [
        'XEN_GUEST_MEMORY_DEFAULT:forcevariable = "300"',
        f'{GUESTS}:pn-xen-image-minimal = "vendor-os:external"\n{VENDOR_FLAGS}',
        f'{GUESTS}:remove = "{MINIMAL}:autostart"',
    ],
)
def test_a_line_that_no_setting_can_override_is_named(tmp_path: Path, run: Run, line: str) -> None:
    build = by_hand(tmp_path, f'MACHINE ??= "qemux86-64"\n{line}\n')
    arguments = ("generate", "--preset", "qemux86-64-minimal", "--build-dir", str(build), "--yes")
    assert run(*arguments).code == 1
    refused = run(*arguments, "--existing", "replace")
    assert refused.code == 1
    assert "XT051 conf/local.conf:2" in " ".join(refused.err.split())
    assert not (build / "conf/xentui.conf").exists()
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("replace")
    assert session.review.status == "errors"
    assert "XT051" in codes(session)
    decision = session.review.decision()
    assert decision is not None
    assert [answer for answer, _ in decision.answers] == ["keep", "back"]
    assert not session.review.blocked
    with pytest.raises(XentuiError, match="1 error in the build directory"):
        session.write()
    assert run(*arguments, "--existing", "keep").code == 0
    session.review.decide_existing("keep")
    session.write()


def test_settings_of_a_multiconfig_are_named(tmp_path: Path, run: Run) -> None:
    build = by_hand(tmp_path, 'MACHINE ??= "qemux86-64"\nBBMULTICONFIG = "dom0"\n')
    file = build / "conf/multiconfig/dom0.conf"
    file.parent.mkdir()
    file.write_text(f'TMPDIR = "${{TOPDIR}}/tmp-dom0"\n{GUESTS} = "vendor-os:external"\n')
    done = run("check", "--preset", "qemux86-64-minimal", "--build-dir", str(build))
    assert "warning XT052 conf/multiconfig/dom0.conf:2" in " ".join(done.out.split())
    assert "TMPDIR" not in done.out


def test_memory_that_the_images_recipe_overrides_is_neither_counted_nor_kept(
    tmp_path: Path,
) -> None:
    build = by_hand(tmp_path, f'{HAND}QB_MEM_VALUE = "4096"\n')
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("keep")
    assert session.view.budget.total == 1024
    assert not keeps_memory(session.target.user_settings, "keep")
    assert "QB_MEM_VALUE stays" not in "".join(session.review.diff_lines())
    taken = session.review.decide_existing("take")
    assert session.project.host.memory == 4096
    assert "You may delete their old lines: conf/local.conf:2-5." in taken
    assert "# You may delete their old lines: conf/local.conf:2-5." in session.review.diff_lines()


def test_memory_of_the_users_that_outranks_the_projects_is_reported(tmp_path: Path) -> None:
    line = 'QB_MEM:pn-xen-image-minimal = "-m 2048"\n'
    session = session_on(by_hand(tmp_path, f'MACHINE = "qemux86-64"\n{line}'))
    session.set_value(("host", "memory"), 3072)
    session.review.compare()
    assert [clash.message for clash in session.review.clashes] == [
        'QB_MEM = "-m 2048" applies, but the project sets "-m 3072"'
    ]


def test_an_empty_flag_of_the_users_does_not_outrank_the_projects(tmp_path: Path) -> None:
    session = session_on(
        by_hand(tmp_path, f'MACHINE = "qemux86-64"\nXEN_GUEST_VIF[{MINIMAL}] = ""\n')
    )
    session.review.compare()
    assert session.review.clashes == []


def test_a_value_merged_into_xentuis_file_is_not_blamed_on_the_users_line(tmp_path: Path) -> None:
    line = f'XEN_GUEST_MEMORY[{MINIMAL}] = "1024"\n'
    build = by_hand(tmp_path, f'MACHINE = "qemux86-64"\n{line}')
    session = session_on(build)
    session.review.compare()
    session.review.decide_existing("replace")
    session.write()
    conf = build / "conf/xentui.conf"
    text = conf.read_text()
    before = f'XEN_GUEST_MEMORY[{MINIMAL}] = "256"'
    assert before in text
    conf.write_text(text.replace(before, before.replace("256", "300")))
    again = session_on(build)
    again.review.compare()
    again.write(edited="merge")
    assert '= "300"' in conf.read_text()
    again.review.compare(again=True)
    assert "XT051" not in codes(again)
