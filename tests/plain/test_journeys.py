# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tasks of newcomers in lines of text, from start to finish and within a few answers."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.bitbake.trees import small
from tests.bitbake_parser import parse_conf
from tests.images.make import tarball
from tests.plain.person import Person
from tests.sessions import session_of
from xentui.bitbake import build_dir
from xentui.bitbake.build_dir import BuildDir
from xentui.plain.talk import Talk
from xentui.project.model import Guest, Host, Project
from xentui.session import DEFAULT_OUT, Session, opening
from xentui.session.state import EMPTY
from xentui.session.target import initial_target

FORTY = Project(
    Host("qemux86-64", memory=65536),
    guests=tuple(
        Guest(f"guest-{number:02}", tags=("autostart", "external"), rootfs=f"{number}.ext4",
              memory=64, extra="root=/dev/xvda ro")
        for number in range(40)
    ),
)  # fmt: skip


def codes(session: Session, severity: str = "error") -> list[str]:
    return [f.code for f in session.findings.all if f.severity.value == severity]


def written_conf(folder: Path = Path("xentui-out")) -> Path:
    conf = folder / "conf/xentui.conf"
    assert parse_conf(conf.read_text()).warnings == []
    return conf


def answer(person: Person, *answers: str) -> int:
    """Give answers, each a number, a name or typed text, and return how many there were."""
    for one in answers:
        person.say(one)
    return len(answers)


def test_the_first_preset_needs_three_choices() -> None:
    person = Person()
    assert answer(person, "1", "1", "g 7", "1") == 4
    assert person.session.written is not None
    written_conf()


def test_a_tarball_becomes_a_guest_from_scratch_within_twelve_answers(tmp_path: Path) -> None:
    file = tarball(tmp_path / "Downloads/alpine.tar.gz")
    person = Person(Session(EMPTY, draft_path=Path("draft.json")))
    count = answer(person, "start from", "g 4", "add", "a root", str(file), "g 7", "1")
    assert count <= 12
    assert person.session.written is not None
    assert codes(person.session) == []
    parsed = parse_conf(written_conf().read_text())
    assert "my-guests" in parsed.seen_by("xen-image-minimal").words("IMAGE_INSTALL")
    assert list(Path("xentui-out/meta-xentui").rglob("alpine.tar.gz"))


def test_vxn_with_too_little_memory_is_fixed_by_the_proposed_fix() -> None:
    person = Person(session_of(preset="qemux86-64-minimal"), begin="features")

    def wrong() -> list[str]:
        return [*codes(person.session), *codes(person.session, "warning")]

    count = answer(person, "vxn", "yes", "front", "vdkr vpdmn")
    assert "XT404" in wrong()
    while wrong() and count < 12:
        count += answer(person, "p 1", "fix")
    assert wrong() == []
    assert count + answer(person, "g 7", "1") <= 10
    assert person.session.written is not None
    features = parse_conf(written_conf().read_text()).words("DISTRO_FEATURES")
    assert {"vxn", "vcontainer"} <= set(features)


def test_guests_bundled_by_hand_are_kept_within_eight_answers(tmp_path: Path) -> None:
    local = 'BUNDLED_XEN_GUESTS = "vendor-os:external"\nXEN_GUEST_VCPUS[vendor-os] = "2"\n'
    build = small(tmp_path / "tree", f'MACHINE ??= "qemux86-64"\n{local}')
    session = Session(EMPTY, out=build, draft_path=Path("draft.json"))
    person = Person(session)
    first = " ".join(person.first.split())
    assert "conf/local.conf:2: guest vendor-os:external" in first
    assert 'conf/local.conf:3: XEN_GUEST_VCPUS[vendor-os] = "2"' in first
    count = answer(person, "2", "1")
    output = person.say("g 7")
    assert "conf/local.conf:2: vendor-os would no longer be bundled" in " ".join(output.split())
    person.choose("Keep both")
    person.choose("Write")
    assert count + 3 <= 8
    files = {"conf/xentui.conf": (build / "conf/xentui.conf").read_text()}
    parsed = parse_conf((build / "conf/local.conf").read_text(), files=files)
    assert sorted(parsed.seen_by("xen-image-minimal").words("BUNDLED_XEN_GUESTS")) == [
        "vendor-os:external",
        "xen-guest-image-minimal:autostart",
    ]
    assert parsed.flag("XEN_GUEST_VCPUS", "vendor-os") == "2"


def test_a_line_that_causes_an_error_can_be_decided_about_all_the_same(tmp_path: Path) -> None:
    line = 'XEN_GUEST_MEMORY[xen-guest-image-minimal] = "2048"\n'
    build = small(tmp_path / "tree", f'MACHINE = "qemux86-64"\n{line}')
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(build)
    person = Person(session)
    assert "What should happen to your own Xen settings?" in person.say("g 7")
    assert session.review.status == "errors"
    person.choose("Replace")
    person.choose("Write")
    assert session.written is not None


def test_a_project_can_start_from_the_guests_of_the_build_directory(tmp_path: Path) -> None:
    local = 'BUNDLED_XEN_GUESTS = "vendor-os:external"\nXEN_GUEST_VCPUS[vendor-os] = "2"\n'
    more = 'QB_MEM_VALUE = "2048"\nXEN_GUEST_IMAGES = "old"\n'
    build = small(tmp_path / "tree", f'MACHINE = "qemux86-64"\n{local}{more}')
    person = Person(Session(EMPTY, out=build, draft_path=Path("draft.json")))
    assert "1. Start from the guests of this build directory: vendor-os" in person.first
    output = " ".join(person.say("1").split())
    assert "Your settings are in the project now" in output
    project = person.session.project
    assert [(one.key, one.vcpus) for one in project.guests] == [("vendor-os", 2)]
    assert (project.host.machine, project.host.memory) == ("qemux86-64", 2048)
    assert person.session.target.existing_use == "take"
    person.say("g 7")
    assert person.session.review.errors == []
    person.choose("Write")
    files = {"conf/xentui.conf": (build / "conf/xentui.conf").read_text()}
    parsed = parse_conf((build / "conf/local.conf").read_text(), files=files)
    assert parsed.seen_by("xen-image-minimal").value("QB_MEM_VALUE") == "2048"
    assert parsed.flag("XEN_GUEST_VCPUS", "vendor-os") == "2"


def test_a_warning_about_forty_guests_is_fixed_in_one_step() -> None:
    person = Person(session_of(FORTY), begin="guests")
    (code,) = set(codes(person.session, "warning"))
    assert codes(person.session, "warning").count(code) == 40
    person.say("p 1")
    assert "Fixed 40 of" in person.choose("Fix all 40 like this")
    assert codes(person.session, "warning") == []
    person.say("u")
    assert codes(person.session, "warning").count(code) == 40


def test_what_is_offered_first_belongs_to_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = Path("here").absolute(), Path("there").absolute()
    for folder in (here, there):
        folder.mkdir()
    monkeypatch.chdir(there)
    elsewhere = Session(EMPTY)
    elsewhere.type_text(("host", "memory"), "4096")
    assert elsewhere.autosave()
    elsewhere.drafts.close()
    monkeypatch.chdir(here)
    Path("board.toml").write_text('version = 1\n[host]\nmachine = "qemuarm64"\n')
    os.utime("board.toml", (1, 1))
    person = Person(Session(EMPTY))
    assert not any("draft" in label for label in person.labels())
    assert person.labels()[0] == "Open board.toml"
    person.say("1")
    assert person.session.project.host.machine == "qemuarm64"
    monkeypatch.chdir(there)
    assert Person(Session(EMPTY)).labels()[0] == "Resume the draft"


def test_one_file_that_fetches_every_layer_takes_six_answers() -> None:
    person = Person()
    assert answer(person, "1", "1", "write as", "2", "g 7", "1") <= 6
    written = person.session.written
    assert written is not None
    assert "--format kas" in written.headless
    assert Path("xentui-out/xentui.kas.yml").is_file()
    assert any(line.startswith("kas ") for line, _ in written.commands)
    assert not Path("xentui-out/conf").exists()


def test_guests_that_are_not_the_projects_are_listed_but_not_edited(tmp_path: Path) -> None:
    local = (
        'BUNDLED_XEN_GUESTS:append = " vendor-os:external"\nXEN_GUEST_MEMORY[vendor-os] = "64"\n'
    )
    build = small(tmp_path / "tree", f'MACHINE ??= "qemux86-64"\n{local}')
    person = Person(Session(EMPTY, out=build, draft_path=Path("draft.json")))
    person.say("2", "1")
    assert "Also on the target: vendor-os, 64 MiB, by your own settings" in person.say("g 4")
    assert "vendor-os: 65 MiB" in person.say("g 5")
    assert "vendor-os" not in " ".join(person.labels())


def test_a_board_with_unlimited_dom0_memory_is_not_reported_as_full() -> None:
    person = Person(session_of(Project(Host("my-board", memory=8192))), begin="memory")
    assert "Dom0: not limited" in person.first
    assert "about 0" not in person.first


def test_next_does_not_pass_a_question_that_was_not_answered() -> None:
    person = Person(Session(EMPTY, draft_path=Path("draft.json")))
    person.say("1")
    assert "Choose an answer first, or b to go back." in person.say("n")
    assert "Step 2 of 7" in person.say("2")
    assert person.session.title == "qemux86-64-minimal"


def test_a_project_is_written_where_it_was_written_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BUILDDIR", raising=False)
    person = Person(session_of(preset="qemux86-64-minimal"), begin="review")
    person.choose("Write")
    person.choose("Write")
    Path("xentui-out").rename("moved")
    project = Path("moved/qemux86-64-minimal.toml")
    assert initial_target(project, None) == Path("moved").absolute()
    session = Session(opening.origin_named(project, None), out=initial_target(project, None))
    session.review.compare()
    assert session.review.status == "written"
    assert initial_target(Path("elsewhere.toml"), None) == DEFAULT_OUT


def test_a_static_address_is_typed_in_one_line() -> None:
    person = Person(session_of(preset="qemux86-64-minimal"), begin="guests")
    person.say("1")
    person.choose("Static address")
    assert "prefix" in person.say("192.168.1.20 x")
    output = person.say("192.168.1.20/24 192.168.1.1")
    assert "Static address of xen-guest-image-minimal: 192.168.1.20/24 192.168.1.1" in output
    assert "ip=192.168.1.20::192.168.1.1:255.255.255.0" in str(
        person.session.project.guests[0].extra
    )
    person.choose("Static address")
    assert "none" in person.say("-")
    assert "192.168" not in str(person.session.project.guests[0].extra)


@pytest.mark.parametrize(
    ("kernel", "expected"), [("vmlinuz", True), ("none", False)], ids=["own kernel", "own disk"]
)
def test_only_a_guest_with_a_kernel_command_line_has_a_static_address(
    kernel: str, expected: bool
) -> None:
    guest = Guest("a", type="hvm", kernel=kernel, tags=("external",), rootfs="a.qcow2")
    person = Person(session_of(Project(Host("qemux86-64", memory=4096), guests=(guest,))))
    person.say("g guests", "a")
    assert any(label.startswith("Static address") for label in person.labels()) is expected


def test_the_first_list_waits_for_the_guests_of_a_slow_build_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory is read only after the user was asked to wait."""
    build = small(tmp_path / "tree", 'BUNDLED_XEN_GUESTS = "vendor-os:external"\n')
    has_spoken, read, say = threading.Event(), build_dir.read, Talk.say

    def read_later(path: Path, **options: Any) -> BuildDir:
        assert has_spoken.wait(60)
        return read(path, **options)

    def note_texts(talk: Talk, *texts: str) -> None:
        say(talk, *texts)
        has_spoken.set()

    monkeypatch.setattr(build_dir, "read", read_later)
    monkeypatch.setattr(Talk, "say", note_texts)
    person = Person(Session(EMPTY, out=build, draft_path=Path("draft.json")))
    assert "1. Start from the guests of this build directory: vendor-os" in person.first


def test_from_scratch_in_a_build_directory_begins_with_its_machine(tmp_path: Path) -> None:
    build = small(tmp_path / "tree", 'MACHINE ?= "rock-5b"\n')
    person = Person(Session(EMPTY, out=build, draft_path=Path("draft.json")))
    assert "You have Xen settings there" not in person.first
    assert "Started from scratch." in person.choose("Start from scratch")
    assert person.wizard.step == "machine"
    assert person.session.project.host.machine == "rock-5b"
    assert not person.session.changed
