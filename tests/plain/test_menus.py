# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Moving through the plain wizard: answers that work everywhere, problems, guests, memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bitbake.trees import small
from tests.images.make import tarball
from tests.plain.person import CTRL_C, EVERY, Person, on_file
from tests.sessions import TWO, session_of
from xentui.errors import Exit
from xentui.plain import words
from xentui.plain.talk import AnswersEndError
from xentui.project.model import Guest, Host, Project
from xentui.session import Session
from xentui.session.forms import STEPS
from xentui.session.guests import keys
from xentui.session.state import EMPTY

# Everywhere


@pytest.mark.parametrize("step", STEPS)
def test_every_step_has_help(step: str) -> None:
    person = Person(session_of(TWO), begin=step)
    for answer in ("?", "help", "??"):
        output = person.say(answer)
        assert "A number, or the beginning of a name, chooses." in output
        assert "q: leave." in output
    output = person.say("? 1")
    assert output.count("\n") > 0
    assert "A number chooses" not in output


def test_back_leaves_one_menu_and_then_a_step_and_loses_nothing() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", "320")
    person.say("Other fields", "1")
    assert person.prompt().startswith("Disk device")
    person.say("b")
    assert person.prompt().startswith("Other fields")
    person.say("back")
    assert person.prompt().startswith("Guest alpha")
    person.say("b")
    assert person.prompt() == "Guests, 1 to 3, n: Memory:"
    assert "Step 3 of 7: Features" in person.say("b")
    person.say("b", "b")
    assert "This is the first step." in person.say("b")
    assert person.session.project.guest("alpha").memory == 320


def test_next_visits_all_steps() -> None:
    person = Person(session_of(TWO))
    for place, name in enumerate(STEPS[1:], 2):
        assert person.prompt().endswith(f", n: {name.capitalize()}:")
        assert f"Step {place} of 7" in person.say("n")
    assert "This is the last step." in person.say("n")


def test_a_step_is_reached_by_its_number_or_the_beginning_of_its_name() -> None:
    for answer in ("g 5", "g5", "go memory", "g mem", "g Mem"):
        person = Person(session_of(TWO))
        assert "Step 5 of 7: Memory" in person.say(answer), answer
    person = Person(session_of(replace(TWO, host=Host("raspberrypi3-64"))))
    for answer in ("g", "g 8", "g 0", "g nowhere"):
        output = person.say(answer)
        assert "g 1 Start: here" in output, answer
        assert "g 2 Machine: 1 error" in output
        assert "g 7 Write" in output


def test_a_choice_is_made_by_a_number_or_the_beginning_of_its_name() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("be")
    assert person.prompt().startswith("Guest beta")
    person.say("b")
    for answer in ("9", "0", "-1", "x", "99999999999", "\x1b[A"):
        assert "No such choice. 1 to 3, ? helps." in person.say(answer), answer
    two = [replace(guest, key=f"same-{guest.key}") for guest in TWO.guests]
    person = Person(session_of(replace(TWO, guests=tuple(two))), begin="guests")
    assert "2 choices begin with that. Type more, or the number." in person.say("same")


def test_enter_repeats_the_list_and_a_word_after_a_slash_filters_it() -> None:
    person = Person()
    assert person.say("").count("\n") == person.first.count("\n")
    output = person.say("/raspberry")
    assert "Raspberry Pi 4" in output
    assert "Alpine" not in output
    number = next(line for line in output.splitlines() if "Raspberry" in line).partition(".")[0]
    assert "No entry has that. / shows all." in person.say("/nowhere")
    assert "Alpine" in person.say("/")
    assert "Use raspberrypi4-64?" in person.say(number)


def test_a_long_list_comes_in_pages() -> None:
    guests = tuple(Guest(f"guest-{number:03}", memory=64) for number in range(100))
    person = Person(session_of(Project(Host("qemux86-64", memory=65536), guests=guests)), page=20)
    output = person.say("g 4")
    assert output.count("\n") == 21
    assert output.endswith("m: more\n")
    reported = output
    while "m: more" in output:
        output = person.say("m")
        reported += output
    assert reported.count("guest-") == 100
    assert "There is no more." in person.say("more")
    assert "guest-042" in person.say("/042")
    person.say("43")
    assert person.prompt().startswith("Guest guest-042")
    assert person.longest_output < 1700


def test_undo_and_redo_work_everywhere_and_name_the_step() -> None:
    person = Person(session_of(TWO), begin="guests")
    assert "Nothing to undo." in person.say("u")
    person.say("1", "3")
    output = person.say("1900")
    assert "Memory of alpha: 1900 MiB. Free now: " in output
    assert "New problem 1: error XT40" in output
    output = person.say("u")
    assert "Undone: Memory of alpha." in output
    assert "No problems are left." in output
    assert "Redone: Memory of alpha." in person.say("redo")
    person.say("undo")
    assert "Nothing to do again." not in person.say("r")
    person.say("u")
    assert person.session.project == TWO


def test_ctrl_c_leaves_a_question_and_never_the_wizard() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", CTRL_C)
    assert person.prompt().startswith("Guest alpha")
    person.say(CTRL_C)
    assert "q leaves." in person.say(CTRL_C)
    assert not person.wizard.has_left
    assert person.session.project == TWO


def test_the_end_of_the_answers_is_distinguished_from_an_empty_answer() -> None:
    person = Person(session_of(TWO), begin="guests")
    with pytest.raises(AnswersEndError):
        person.wizard.turn()


def test_leaving_asks_only_where_something_would_be_lost() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("q")
    assert person.wizard.has_left
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", "300")
    output = person.say("q")
    assert "Leave with changes that were not written?" in output
    person.choose("Stay")
    assert person.prompt().startswith("Guest alpha")
    person.say("q")
    assert "Save the draft" in "".join(person.labels())
    assert "Leave with" in person.say("q")
    output = person.choose("Save the draft")
    assert "Your draft is saved" in output
    assert person.wizard.has_left
    assert person.session.drafts.load() is not None


def test_leaving_asks_inside_another_question_too() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", "300", "g 1", "1")
    assert person.prompt() == "1 to 3:"
    assert "Leave with changes" in person.say("q")


def test_another_project_leaves_the_draft_of_the_one_before() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", "300")
    output = person.say("g 1", "2", "1")
    assert "Your changes to edge-lab were not written. They are kept as a draft" in output
    person.say("q")
    assert person.wizard.has_left
    assert Path("draft.json").exists()


def test_a_discarded_project_leaves_no_draft() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "3", "300")
    assert Path("draft.json").exists()
    person.say("q")
    person.choose("Discard")
    assert person.wizard.has_left
    assert not Path("draft.json").exists()


def test_the_help_lists_every_word_for_a_command() -> None:
    reported = "\n".join(words.COMMAND_HELP)
    for letter in words.LETTERS:
        assert f"{letter}:" in reported or f"{letter} " in reported, letter


# Problems

TIGHT = Project(
    Host("qemux86-64", memory=1024, network="nat"),
    guests=(
        Guest("alpha", memory=1024, extra="root=/dev/xvda console=hvc0"),
        Guest("beta", memory=256, extra="root=/dev/xvda"),
    ),
)


def test_problems_are_listed_explained_and_reached() -> None:
    person = Person(session_of(TIGHT))
    findings = person.session.view.findings
    output = person.say("p")
    assert "1. error XT406 guests.alpha.memory" in output
    assert len(person.labels()) == len(findings)
    output = person.say("? 1")
    assert "Cause: " in output
    assert "Evidence: " in output
    output = person.say("1")
    assert "At: guests.alpha.memory" in output
    assert "Evidence: " in person.choose("Explain it")
    person.choose("Go to it")
    assert person.prompt() == "Memory of alpha, 32 to 1048576 MiB [1024 MiB]:"
    person.say("b")
    assert person.prompt().startswith("Guest alpha")
    number = next(n for n, one in enumerate(findings, 1) if one.code == "XT228")
    output = person.say(f"p {number}")
    assert "XT228" in output
    assert f"No such problem. 1 to {len(findings)}." in person.say("p 99")
    assert "No such problem." in person.say("problems x")


def test_a_problem_is_fixed_with_one_answer() -> None:
    person = Person(session_of(TIGHT), begin="memory")
    before = [one.code for one in person.session.view.findings]
    assert "XT406" in before
    person.say("p 1")
    label = next(label for label in person.labels() if label.startswith("Fix: "))
    output = person.choose(label)
    assert f"Fixed: {label.removeprefix('Fix: ')}." in output
    assert "XT406" not in [one.code for one in person.session.view.findings]
    person.say("u")
    assert person.session.project == TIGHT


def test_an_invalid_value_from_a_draft_is_a_problem_that_can_be_undone() -> None:
    session = session_of(TWO)
    session.type_text(("guests", "alpha", "memory"), "lots\x1b[2J")
    person = Person(session, begin="guests")
    output = person.say("1")
    assert 'Memory: "lots\\x1b[2J" is not kept.' in output.replace("\n  ", " ")
    person.say("p 1")
    person.choose("Fix: remove")
    assert not person.session.state.invalid_texts
    assert "No problems found." in person.say("p")


def test_an_error_is_allowed_and_no_longer_allowed() -> None:
    refused = replace(TWO, host=replace(TWO.host, machine="raspberrypi3-64", network=None))
    person = Person(session_of(refused), begin="review")
    assert "Cannot be written yet: " in person.first
    person.say("p 1")
    number = person.labels().index("Allow it here") + 1
    assert "xentui generate --allow XT101" in person.say(f"? {number}").replace("\n  ", " ")
    assert "Done: allow XT101" in person.choose("Allow it here")
    output = person.say("g 6")
    assert "1 error allowed" in output
    assert "XT101 allowed: " in person.choose("Write")
    person.say("p 1")
    number = person.labels().index("Stop allowing it") + 1
    assert "it blocks writing again. u undoes it." in person.say(f"? {number}")
    person.choose("Stop allowing it")
    assert "Cannot be written yet: " in person.say("g 7")
    person.say("u")
    person.say("g 7")
    person.choose("Write")
    assert person.session.written is not None
    assert "--allow XT101" in person.session.written.headless


# Guests


def test_guests_are_added_cloned_moved_deleted_and_brought_back() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.choose("Add a guest")
    output = person.choose("xen-guest-image-minimal")
    assert "Added xen-guest-image-minimal: 256 MiB, 1 vCPU, starts at boot, recipe" in output
    person.say("g 4")
    person.choose("Add a guest", "A recipe of a layer")
    assert person.prompt() == "Name of the image recipe:"
    assert "Must be lower-case letters" in person.say("A Guest")
    assert "Another one has this name." in person.say("alpha")
    output = person.say("gamma")
    assert "Guest gamma: pv, in the configuration" in output
    assert "Cloned: gamma-2." in person.choose("Clone")
    assert person.prompt().startswith("Guest gamma-2")
    assert "gamma-2 is number 4 now." in person.choose("Move up")
    person.choose("Move down")
    assert "Deleted gamma-2. u brings it back." in person.choose("Delete")
    assert person.prompt().startswith("Guests, 1 to 5")
    assert keys(person.session.project) == (
        "alpha", "beta", "xen-guest-image-minimal", "gamma",
    )  # fmt: skip
    person.say("u")
    assert "gamma-2" in keys(person.session.project)


def test_a_field_of_the_other_fields_is_chosen_by_its_name_too() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.say("1", "m")
    assert "An initramfs for" in person.say("? ramdisk")
    person.say("pinned")
    assert person.prompt().startswith("Pinned to")
    person.say("0-1", "m")
    assert person.session.project.guest("alpha").cpus == "0-1"
    assert "choices begin with that" in person.say("when")
    assert person.prompt().startswith("Guest alpha")


def test_a_menu_of_a_removed_guest_closes() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.choose("Add a guest", "xen-guest-image-minimal")
    person.choose("Other fields", "Disk device")
    person.say("u")
    person.say("")
    assert person.prompt().startswith("Guests, 1 to 3")


def test_a_question_closes_when_undo_removes_its_subject() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.choose("Add a guest", "A root file system tarball")
    person.say(str(tarball(Path("away/vendor.tar.gz"))))
    person.choose("Import: ", "Import type")
    person.say("u")
    assert person.prompt().startswith("Guests, 1 to 3")
    person = Person(session_of(TIGHT), begin="guests")
    person.choose("alpha", "Clone")
    number = next(
        place for place, one in enumerate(person.wizard.problems(), 1) if "alpha-2" in one.path
    )
    person.say(f"p {number}")
    assert person.prompt().startswith("Problem, ")
    person.say("u")
    assert person.prompt().startswith("Guests, 1 to 3")


def test_a_tarball_from_anywhere_becomes_a_guest(tmp_path: Path) -> None:
    file = tarball(tmp_path / "Downloads/alpine-minirootfs-3.23.3-x86_64.tar.gz")
    person = Person(session_of(TWO), begin="guests")
    person.choose("Add a guest", "A root file system tarball")
    assert person.prompt() == "Tarball, which file:"
    assert "there is no such file" in person.say("nowhere.tar").lower().replace(
        "no such file", "there is no such file"
    )
    output = person.say(str(file))
    assert "Added alpine: " in output
    assert "Guest alpine: pv, in bundle my-guests" in output
    person.choose("Import: ")
    assert any(label.startswith("Image size") for label in person.labels())
    person.choose("Add a fetched file")
    assert "Added a fetched file." in person.all
    person.choose("Remove fetched file 2")
    source = person.session.project.guest("alpine").source
    assert source is not None
    assert len(source.fetch) == 1
    person.choose("Address")
    person.say("https://example.org/vendor.img")
    person.choose("SHA-256")
    assert "Must be 64 hexadecimal digits, in lower case." in person.say("abc").replace("\n  ", " ")
    person.say("0" * 64)
    source = person.session.project.guest("alpine").source
    assert source is not None
    assert source.fetch[0].sha256 == "0" * 64


def test_an_import_may_have_another_type_or_none() -> None:
    person = Person(session_of(EVERY), begin="guests")
    person.choose("root:", "Import: rootfs_dir", "Import type", "raw")
    source = person.session.project.guest("root").source
    assert source is not None
    assert source.type == "raw"
    person.choose("Import type", "A new type")
    assert "raw is reserved." in person.say("raw")
    assert "Another one has this name." in person.say("squash")
    output = person.say("cpio")
    assert "Import of root: cpio." in output
    assert [kind.key for kind in person.session.project.import_types][-1] == "cpio"
    person.choose("Script")
    person.say("make-cpio.sh")
    assert person.session.project.import_types[-1].script == "make-cpio.sh"
    person.choose("Import type", "none")
    assert person.session.project.guest("root").source is None
    assert person.labels() == ["Import type: none, a recipe makes its disk"]


def test_a_guest_goes_into_a_bundle_and_back_into_the_configuration() -> None:
    person = Person(session_of(EVERY), begin="guests")
    person.choose("built:", "Goes into: the configuration", "Move to bundle mine")
    assert person.session.project.guest("built").bundle == "mine"
    person.choose("Licence")
    person.say("Apache-2.0")
    assert person.session.project.bundles[0].license == "Apache-2.0"
    person.choose("Bundle")
    assert "o: list" in person.prompt()
    person.say("o", "1")
    person.choose("Move to the configuration")
    assert person.session.project.guest("built").bundle is None
    person.choose("Bundle")
    person.say("another")
    assert person.session.project.guest("built").bundle == "another"


def test_a_local_file_is_inspected_and_used(tmp_path: Path) -> None:
    person = Person(session_of(EVERY), begin="guests")
    place = person.session.project_folder
    place.mkdir()
    (place / "own.squashfs").write_bytes(b"hsqs" + bytes(8192))
    (place / "disk.img").write_bytes(bytes(1080) + b"\x53\xef" + bytes(1 << 20))
    person.choose("own:", "Import: squash")
    output = person.choose("Show what its file is")
    assert "own.squashfs" in output
    (place / "own.squashfs").unlink()
    person.say("g 4")
    person.choose("own:", "Import: squash", "Show what its file is")
    assert person.prompt() == "Which file:"
    assert "No such file" in person.say("nowhere.img").replace("no such", "No such")
    person.choose("Show what its file is")
    person.say("disk.img")
    source = person.session.project.guest("own").source
    assert source is not None
    if person.prompt() == "1 to 2:":
        person.choose("Import own from it")
        source = person.session.project.guest("own").source
        assert source is not None
        assert source.fetch[0].uri == "file://disk.img"


def test_the_xl_config_of_a_guest_is_read_before_it_is_built() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.choose("alpha")
    assert 'name = "alpha"' in person.choose("Its xl config")


# Memory


def test_memory_lists_each_row_and_sets_those_with_a_field() -> None:
    person = Person(session_of(TWO), begin="memory")
    assert "Free: " in person.first
    assert "Xen itself: " in person.first
    assert "beta (started by hand): " in person.first
    person.choose("Dom0")
    person.say("+64")
    assert person.session.project.host.dom0_memory == 576
    person.choose("Total")
    assert "New problem" in person.say("512")
    assert "error XT40" in person.say("")
    person.say("u", "u")
    assert person.session.project == TWO


# The beginning


def test_a_preset_is_described_before_it_is_used() -> None:
    person = Person()
    output = person.say("? 1")
    assert "Guests: " in output
    assert "Writes: conf/xentui.conf" in output
    person.say("1")
    person.choose("Back")
    assert person.wizard.step == "start"
    person.say("1")
    assert "Step 2 of 7: Machine" in person.choose("Go through the steps")


def test_a_project_file_is_opened_or_the_reason_is_printed() -> None:
    Path("board.toml").write_text('version = 1\n[host]\nmachine = "qemuarm64"\n')
    Path("bad.toml").write_text("version = \x1b")
    person = Person()
    for name in ("nowhere.toml", "bad.toml", "."):
        person.choose("Open a project file")
        person.say(name)
        assert person.prompt() == "Which project file, or b:"
        person.say("b")
    person.choose("Open a project file")
    assert "Started from board.toml." in person.say("board.toml")
    assert person.session.project.host.machine == "qemuarm64"


def test_a_preset_that_cannot_be_read_explains_why() -> None:
    Path("presets").mkdir()
    Path("presets/odd\x1b[2J.toml").write_text("[host\n")
    person = Person()
    person.say("/cannot be read")
    number = next(n for n, one in enumerate(person.labels(), 1) if "cannot be read" in one)
    assert "not TOML" in person.say(str(number)).replace("no TOML", "not TOML")


def test_the_build_directory_offers_what_its_layers_have() -> None:
    more = {"virt/recipes-extended/images/gamma.bb": 'SUMMARY = "G"\ninherit core-image\n'}
    build = small(Path.cwd(), 'MACHINE ??= "qemux86-64"\n', more=more)
    session = session_of(TWO)
    session.target.move_to(build)
    person = Person(session)
    first = person.first.replace("\n  ", " ")
    assert f"Build directory {build}" in first
    assert "MACHINE qemux86-64. meta-virtualization has the Xen classes." in first
    person.say("g 4")
    person.choose("Add a guest")
    person.choose(next(one for one in person.labels() if "image recipes of the layers" in one))
    person.choose("gamma")
    assert "gamma" in keys(person.session.project)


def test_an_impossible_request_gets_an_answer_and_does_not_end_the_wizard() -> None:
    Path("board.toml").write_text('version = 1\n[host]\nmachine = "qemux86-64"\n')
    person = Person(on_file(Path("board.toml")), begin="review")
    Path("file").touch()
    person.choose("Write into")
    person.say("file/below")
    person.choose("Write")
    output = person.choose("Write")
    assert "file" in output
    assert "Written into" not in output
    assert person.wizard.exit_code == Exit.IO
    person.choose("Back to the review", "Write into")
    person.say("fine")
    person.choose("Save the project")
    assert "file" in person.say("file/x.toml")
    person.choose("Write", "Write")
    assert Path("fine/conf/xentui.conf").is_file()
    assert person.wizard.exit_code == Exit.OK


def test_a_build_directory_that_cannot_be_read_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr("xentui.plain.build_reader.survey_build_dir", fail)
    build = small(tmp_path / "tree")
    person = Person(Session(EMPTY, out=build, draft_path=Path("draft.json")))
    assert "cannot be read: no luck" in " ".join(person.first.split())
