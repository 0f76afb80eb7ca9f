# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Review, writing and rehearsal: the same plans, questions and files as on the screens."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bitbake.trees import small
from tests.plain.person import CTRL_C, EVERY, Person, on_file
from tests.rehearsal.test_run import player, player_ended
from tests.rehearsal.test_transcript import RUNS
from tests.sessions import TWO, session_of
from xentui.cli import main
from xentui.errors import Exit
from xentui.output.header import is_intact
from xentui.project import new_file
from xentui.project.model import Guest, Host
from xentui.rehearsal import fetch, parts
from xentui.session import Session, review, writing

LOCAL = 'MACHINE ??= "qemux86-64"\n# mine\n'
GUESTS = {
    f"virt/recipes-extended/images/{name}.bb": f'SUMMARY = "Guest {name}"\ninherit core-image\n'
    for name in ("alpha", "beta")
}
CONF = Path("xentui-out/conf/xentui.conf")


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, except xentui's own cache."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".xentui-bak" and path.name != ".xentui-manifest.json"
    }


def write_from_review(person: Person) -> Person:
    """Write from the step Review."""
    person.say("g 6")
    person.choose("Write")
    person.choose("Write")
    assert person.session.written is not None
    return person


def test_a_preset_is_written_in_five_answers_and_as_the_command_line_writes_it() -> None:
    person = Person(session_of())
    printed = person.say("1", "1", "1", "1")
    assert "Written into xentui-out: 3 files (3 new)." in printed
    assert "Type next:\n" in printed
    assert "\nbitbake xen-image-minimal\n" in printed
    assert "xentui generate --preset qemux86-64-minimal --out xentui-out" in printed
    person.say("1")
    assert person.wizard.has_left
    assert person.wizard.exit_code == Exit.OK
    assert is_intact(CONF.read_text())
    assert main(["generate", "xentui-out/qemux86-64-minimal.toml", "--out", "other"]) == 0
    ours, theirs = tree(Path("xentui-out")), tree(Path("other"))
    assert theirs.items() <= ours.items()


def test_nothing_is_written_before_its_difference_was_shown() -> None:
    person = Person(session_of(TWO), begin="guests")
    printed = person.say("g 7")
    assert "+++ xentui-out/conf/xentui.conf" in printed
    assert printed.endswith("Write into xentui-out?\n1. Write\n2. Back to the review\n")
    assert not Path("xentui-out").exists()
    person.say("g 4", "1", "3", "300")
    assert "+++ xentui-out/conf/xentui.conf" in person.say("g 7")
    assert "+++" not in person.say("g 6")
    assert "+++" not in person.say("g 7")


def test_the_difference_is_read_to_its_end() -> None:
    person = Person(session_of(TWO), begin="review")
    printed = person.choose("Difference")
    while printed.endswith("m: more\n"):
        more = person.say("m")
        printed = printed.removesuffix("m: more\n") + more.partition("n: Write: ")[2]
    person.session.review.compare(again=True)
    expected = person.session.review.diff_lines()
    lines = printed.partition("n: Write: ")[2].splitlines()
    assert lines == [line.expandtabs(8) for line in expected]


def test_files_and_the_target_are_shown() -> None:
    person = Person(session_of(TWO), begin="review")
    assert "/etc/xen/alpha.cfg" in person.choose("Target")
    person.choose("Files")
    assert any(label.endswith("conf/xentui.conf: new") for label in person.labels())
    person.choose(next(label for label in person.labels() if "xentui.conf" in label))
    assert 'MACHINE = "qemux86-64"' in person.choose("All of it")
    person.choose(next(label for label in person.labels() if "xentui.conf" in label))
    assert "+++ " in person.choose("Its difference")
    assert "Review, 1 to " in person.say("b") + person.prompt()


def test_errors_prevent_writing() -> None:
    tight = replace(TWO, guests=(Guest("alpha", memory=8192, tags=("autostart",)),))
    person = Person(session_of(tight), begin="write")
    assert "Cannot be written yet: " in person.first
    assert person.labels() == ["Back to the review"]
    assert person.wizard.exit_code == Exit.FINDINGS
    assert not Path("xentui-out").exists()
    person.say("p 1")
    person.choose(next(label for label in person.labels() if label.startswith("Fix: ")))
    person.say("g 7")
    if "Write" in person.labels():
        person.choose("Write")
        assert person.wizard.exit_code == Exit.OK


def test_where_to_write_is_chosen() -> None:
    person = Person(session_of(TWO), begin="review")
    person.choose("Write into")
    assert person.prompt() == "Directory [xentui-out]:"
    assert "There is no home folder ~nobody-here." in person.say("~nobody-here/build")
    printed = person.say("elsewhere")
    assert "Write into: elsewhere. Ready: " in printed
    write_from_review(person)
    assert Path("elsewhere/conf/xentui.conf").is_file()
    assert not Path("xentui-out").exists()


def test_the_project_is_saved_as_another_file_which_is_overwritten_only_when_asked() -> None:
    person = Person(session_of(TWO), begin="review")
    person.choose("Save the project")
    assert "Saved as mine.toml." in person.say("mine")
    assert 'machine = "qemux86-64"' in Path("mine.toml").read_text()
    Path("other.toml").write_text("# other\n")
    person.choose("Save the project")
    assert "other.toml already exists. Overwrite it?" in person.say("other.toml")
    person.choose("Back")
    assert Path("other.toml").read_text() == "# other\n"


def test_comments_of_an_opened_project_stay() -> None:
    text = '# my board\nversion = 1\n[host]\nmachine = "qemux86-64" # this one\nmemory = 1024\n'
    Path("board.toml").write_text(text)
    person = Person(on_file(Path("board.toml")), begin="machine")
    person.choose("Total memory")
    person.say("2048")
    write_from_review(person)
    assert Path("board.toml").read_text() == text.replace("1024", "2048")


def test_a_written_project_has_no_changes_left() -> None:
    person = write_from_review(Person(session_of(TWO)))
    assert "What to type next" in person.labels()
    assert "bitbake" in person.choose("What to type next")
    assert "bitbake" in person.say("?")
    before = {path: path.stat().st_mtime_ns for path in Path("xentui-out").rglob("*")}
    again = Person(session_of(TWO), begin="write")
    assert "No file would change." in again.first
    again.choose("Write")
    after = {path: path.stat().st_mtime_ns for path in Path("xentui-out").rglob("*")}
    assert {path: after[path] for path in before if path.suffix == ".conf"} == {
        path: time for path, time in before.items() if path.suffix == ".conf"
    }


# Edited by hand


@pytest.mark.parametrize("how", ["Merge both", "Leave them alone", "Overwrite, keep mine"])
def test_a_file_edited_by_hand_is_asked_about(how: str) -> None:
    write_from_review(Person(session_of(TWO)))
    mine = CONF.read_text().replace('MACHINE = "qemux86-64"\n', 'MACHINE = "qemux86-64"\n# mine\n')
    CONF.write_text(mine)
    wider = replace(TWO, guests=(TWO.guests[0], replace(TWO.guests[1], memory=320)))
    person = Person(session_of(wider), begin="review")
    assert "Edited by hand: " in person.first
    printed = person.choose("Write")
    assert "# mine" in printed + person.say("m", "m")
    assert person.labels()[0] == "Back to the review"
    person.choose(how)
    text = CONF.read_text()
    assert ("# mine" in text) is (how != "Overwrite, keep mine")
    assert ('XEN_GUEST_MEMORY[beta] = "320"' in text) is (how != "Leave them alone")
    if how == "Overwrite, keep mine":
        kept = [path for path in CONF.parent.iterdir() if path != CONF]
        assert any("# mine" in path.read_text() for path in kept)


# A build directory


def in_build_dir(local: str = LOCAL) -> tuple[Session, Path]:
    build = small(Path.cwd(), local, more=GUESTS)
    session = session_of(TWO)
    session.target.move_to(build)
    return session, build


def test_a_build_directory_is_written_as_agreed() -> None:
    session, build = in_build_dir()
    person = Person(session, begin="review")
    local = build / "conf/local.conf"
    assert "local.conf gets: one require line" in person.labels()
    assert any(label.startswith("Layer: ") for label in person.labels())
    printed = person.choose("Write")
    assert "+require conf/xentui.conf" in printed or "require" in printed
    assert local.read_text() == LOCAL
    person.choose("Write")
    assert person.session.written is not None
    assert "require" in local.read_text()
    assert local.read_text().startswith(LOCAL)
    assert (build / "conf/xentui.conf").is_file()


@pytest.mark.parametrize(("way", "index"), [("one require line", 0), ("a marked block", 1)])
def test_how_local_conf_includes_the_settings_is_chosen(way: str, index: int) -> None:
    session, build = in_build_dir()
    person = Person(session, begin="review")
    person.choose("local.conf gets")
    assert person.labels()[: len(review.ATTACH)] == [printed for _, printed in review.ATTACH]
    person.choose(way)
    assert f"local.conf gets: {way}" in person.labels()
    write_from_review(person)
    assert (build / "conf/xentui.conf").exists() is (index == 0)
    assert "--attach" in (person.session.written.headless if person.session.written else "")


def test_the_folder_of_the_layer_is_chosen_and_reset() -> None:
    _, build = in_build_dir()
    session = session_of(replace(EVERY, import_types=(), guests=EVERY.guests[:1]))
    session.edit(
        session.project.with_guest(
            Guest("alpha", tags=("autostart",), bundle="mine"), instead_of=EVERY.guests[0].key
        ),
        "bundle",
    )
    session.target.move_to(build)
    person = Person(session, begin="review")
    person.choose("Layer")
    printed = person.say("layers/mine")
    assert "Layer: layers/mine." in printed
    person.choose("Layer")
    person.say("-")
    assert person.session.target.chosen_layer is None
    person.choose("Layer")
    person.say("layers/mine")
    write_from_review(person)
    assert Path("layers/mine/conf/layer.conf").is_file()
    assert person.session.written is not None
    assert "--layer layers/mine" in person.session.written.headless


def test_findings_of_the_build_directory_are_among_the_problems() -> None:
    build = small(Path.cwd(), LOCAL, more=GUESTS, layers=("core",))
    session = session_of(TWO)
    session.target.move_to(build)
    person = Person(session, begin="review")
    assert "in the build directory" in person.first
    assert "Cannot be written yet: " in person.first
    printed = person.say("p")
    assert "meta-virtualization" in printed
    assert "g 6 Review: here" in person.say("g")
    person.say("p 1")
    assert "Explain it" in person.labels()


def test_building_is_offered_at_a_terminal_and_lets_no_program_move_the_cursor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, build = in_build_dir()
    person = write_from_review(Person(session))
    assert "Verify, build and boot it" in person.labels()
    ran: list[tuple[list[str], str]] = []

    def run_in_terminal(line: list[str], _folder: Path, env: dict[str, str], _then: object) -> int:
        ran.append((line, env["TERM"]))
        return 0

    monkeypatch.setattr("xentui.verify.building.run_in_terminal", run_in_terminal)
    assert writing.build_summary(0) in person.choose("Verify, build and boot it")
    line, term = ran[0]
    assert line[line.index("verify") :][-1] == "--build" or "--build" in line
    assert str(build) in line
    assert term == "dumb"
    person.wizard.talk.echo = True
    assert "Verify, build and boot it" not in person.labels()


# Rehearse


Play = Callable[..., Path]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    """Let a rehearsal use a program that replays a recorded run instead of QEMU."""

    def played(mode: str = "", name: str = "many") -> Path:
        folder = tmp_path / "player"
        folder.mkdir()
        replaying = player(folder, mode, name=name)
        monkeypatch.setattr(parts, "find_parts", lambda *_given, **_how: replaying)
        return folder

    return played


def recorded_session(name: str) -> Session:
    return on_file(RUNS / name / "project.toml")


@pytest.mark.parametrize("step", ["memory", "review"])
def test_guests_are_rehearsed_with_a_line_for_each_thing_that_happens(
    play: Play, step: str
) -> None:
    folder = play()
    person = Person(recorded_session("many"), begin=step)
    printed = person.choose("Rehearse on a real Xen")
    assert "ctrl+c stops." in printed
    assert "Xen is up" in printed.replace("xen", "Xen")
    for guest in person.session.project.guests:
        assert f"{guest.key}: " in printed
    assert "started, 114.7 MiB" in printed
    assert "guests started" in printed
    assert player_ended(folder)
    person.choose("Back")
    assert person.prompt().startswith(step.capitalize())


def test_ctrl_c_ends_a_rehearsal_and_not_the_wizard(
    monkeypatch: pytest.MonkeyPatch, play: Play
) -> None:
    folder = play("hang")
    person = Person(recorded_session("many"), begin="memory")
    printed = person.wizard.talk.say

    def say(*texts: str) -> None:
        printed(*texts)
        if any("Xen is up" in text for text in texts):
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(person.wizard.talk, "say", say)
    person.choose("Rehearse on a real Xen")
    assert player_ended(folder)
    assert person.prompt().startswith("Memory")


def test_a_refused_guest_is_fixed_with_one_answer(play: Play) -> None:
    play(name="too-large")
    person = Person(recorded_session("too-large"), begin="memory")
    before = person.session.project
    printed = person.choose("Rehearse on a real Xen")
    assert "for want of memory" in printed
    assert "What would help" in printed
    person.say("1")
    assert person.session.project != before
    person.say("u")
    assert person.session.project == before


def test_parts_that_are_missing_are_named_and_fetched_only_if_agreed_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = parts.MissingPartsError((parts.MissingPart("Xen", "xen-hypervisor-common"),))

    def find(*_given: object, **_how: object) -> parts.Parts:
        raise missing

    monkeypatch.setattr(parts, "find_parts", find)
    monkeypatch.setattr(fetch, "can_fetch", lambda: False)
    person = Person(session_of(TWO), begin="memory")
    printed = person.choose("Rehearse on a real Xen")
    assert "Not found: Xen." in printed
    assert "xen-hypervisor-common" in printed
    assert "xentui rehearse PROJECT --parts FOLDER" in printed
    fetched: list[object] = []
    wanted = fetch.Download(("a", "b"), 3_000_000)
    monkeypatch.setattr(fetch, "can_fetch", lambda: True)
    monkeypatch.setattr(fetch, "plan_download", lambda _lacks: wanted)
    monkeypatch.setattr(fetch, "fetch_packages", lambda *given, **_how: fetched.append(given))
    printed = person.choose("Rehearse on a real Xen")
    assert "Fetch 2 packages, 3 MB?" in printed
    person.choose("Back")
    assert fetched == []


def test_a_board_that_cannot_be_rehearsed_is_reported() -> None:
    person = Person(session_of(replace(TWO, host=Host("raspberrypi4-64"))), begin="memory")
    printed = person.choose("Rehearse on a real Xen")
    assert "raspberrypi4-64" in printed
    assert person.prompt().startswith("Memory")


def test_ctrl_c_does_not_answer_the_question_to_write() -> None:
    person = Person(session_of(TWO), begin="write")
    person.say(CTRL_C)
    assert not Path("xentui-out").exists()
    assert not person.wizard.has_left


@pytest.mark.parametrize("given", [".", "..", "place", "a" * 300])
def test_a_directory_is_refused_as_a_project_file(given: str) -> None:
    Path("place.toml").mkdir()
    person = Person(session_of(TWO), begin="review")
    person.choose("Save the project")
    printed = person.say(given)
    assert "Saved as" not in printed
    assert "directory" in printed or "too long" in printed
    assert person.prompt().startswith("Review, 1 to ")


def test_a_fragment_in_use_is_offered_and_stays_in_use() -> None:
    _, build = in_build_dir()
    Path("two.toml").write_text(new_file.toml_text(TWO))
    assert (
        main(["generate", "two.toml", "--format", "fragment", "--build-dir", str(build), "--yes"])
        == 0
    )
    session = on_file(Path("two.toml"))
    session.target.move_to(build)
    person = Person(session, begin="review")
    assert "local.conf gets: a fragment" in person.labels()
    assert "Everything is written already." in person.first
    person.choose("local.conf gets")
    assert len(person.labels()) == len(review.ATTACH) + 1
    assert "One require line: " in person.say("?")
    person.choose("one require line")
    assert "removed" in person.choose("Write")
