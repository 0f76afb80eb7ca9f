# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The session without screens: edits, undo, drafts, writing."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sessions import NOW, session_of
from xentui.errors import InputError, XentuiError
from xentui.output.header import is_intact
from xentui.output.rendered import Copy
from xentui.project import document, new_file, schema
from xentui.project.model import Fetch, Guest, Host, ImportType, Project, Source
from xentui.rules.catalogue import Severity
from xentui.rules.finding import Finding
from xentui.screens.write import written_lines
from xentui.session import Origin, Session, field_paths, guests, opening, writing
from xentui.session.drafts import Drafts
from xentui.session.state import State
from xentui.widgets.text import UNICODE

ROOT = Path(__file__).resolve().parents[2]
ONE = Project(
    Host("qemux86-64", memory=2048, network="nat"),
    guests=(Guest("alpha", memory=256, extra="root=/dev/xvda console=hvc0"),),
)
FULL = Project(
    Host("qemux86-64", memory=4096, network="nat"),
    guests=(
        Guest(
            "alpha",
            ("external",),
            "mine",
            source=Source("rootfs_dir", "root", fetch=(Fetch("file://a.tar", subdir="root"),)),
        ),
    ),
)
MEMORY = ("guests", "alpha", "memory")


def run(code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_the_session_imports_no_screen() -> None:
    code = "import sys, xentui.session; print([m for m in sys.modules if m in ('textual', 'rich')])"
    assert run(code) == "[]"


def test_a_session_begins_without_the_heavy_modules() -> None:
    code = (
        "import sys, xentui.session; s = xentui.session.Session(); s.title; s.changed;"
        "print([m for m in ('jsonschema', 'tomlkit') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_typed_text_becomes_a_value() -> None:
    session = session_of(ONE)
    assert session.type_text(MEMORY, " 512 ") == ""
    assert session.project.guest("alpha").memory == 512
    assert session.type_text(MEMORY, "") == ""
    assert session.project.guest("alpha").memory is None


@pytest.mark.parametrize("text", ["x", "31", "-1", "1.5", "9" * 30, "[/x]", "٣٢"])
def test_invalid_text_is_kept_next_to_the_project(text: str) -> None:
    session = session_of(ONE)
    message = session.type_text(MEMORY, text)
    assert message
    assert session.project == ONE
    assert session.field_text(MEMORY) == (text, message)
    assert session.changed
    assert session.view.errors[0].path == "guests.alpha.memory"
    session.undo()
    assert session.field_text(MEMORY) == ("256", "")
    assert not session.changed


def test_a_name_that_is_taken_is_refused() -> None:
    session = session_of(ONE.with_guest(Guest("beta")))
    assert session.type_text(("guests", "beta", "key"), "alpha") == "Another one has this name."
    assert guests.keys(session.project) == ("alpha", "beta")


def test_taking_back_a_bad_name_restores_the_one_before_typing_began() -> None:
    session = session_of(ONE)
    for text in ("m", "my", "my ", "my g", "my guest!"):
        (guest,) = guests.keys(session.project)
        session.type_text(("guests", guest, "key"), text)
    assert guests.keys(session.project) == ("my",)
    session.end_typing()
    assert session.apply_fix(session.view.errors[0]) is not None
    assert session.project == ONE
    assert session.state.invalid_texts == {}


def test_a_bad_name_typed_after_another_edit_restores_the_name_at_that_edit() -> None:
    session = session_of(ONE)
    session.type_text(("guests", "alpha", "key"), "router")
    session.edit(guests.with_tag_toggled(session.project, "router", "autostart"), "toggle")
    session.type_text(("guests", "router", "key"), "router!")
    assert session.apply_fix(session.view.errors[0]) is not None
    assert guests.keys(session.project) == ("router",)


def test_a_name_that_was_typed_is_undone_whole() -> None:
    session = session_of(ONE)
    for text in ("m", "my", "my ", "my g", "my-g"):
        (guest,) = guests.keys(session.project)
        session.type_text(("guests", guest, "key"), text)
    assert guests.keys(session.project) == ("my-g",)
    session.undo()
    assert session.project == ONE


def test_a_number_that_was_typed_is_undone_whole() -> None:
    session = session_of(ONE)
    for text in ("6", "64", "640"):
        session.type_text(MEMORY, text)
    assert session.project.guest("alpha").memory == 640
    session.undo()
    assert session.project == ONE
    assert session.undo_label is None


def test_typing_into_the_field_again_is_another_step() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "640")
    session.end_typing()
    session.type_text(MEMORY, "800")
    session.undo()
    assert session.project.guest("alpha").memory == 640


def test_invalid_text_follows_a_renamed_guest() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "x")
    session.type_text(("guests", "alpha", "key"), "gamma")
    assert session.field_text(("guests", "gamma", "memory"))[0] == "x"
    session.edit(guests.removed(session.project, "gamma"), "delete")
    assert session.state.invalid_texts == {}


def test_invalid_text_stays_with_its_disk_when_an_earlier_one_is_removed() -> None:
    project = ONE
    for _ in range(4):
        project = guests.with_disk(project, "alpha")
    session = session_of(project)
    fields = [("guests", "alpha", "disks", number, "device") for number in range(4)]
    for number in (0, 2):
        session.type_text(fields[number], f"!! {number}")
    without = guests.without_disk(session.project, "alpha", 0)
    session.edit(without, "remove disk 1", removed=fields[0][:-1])
    assert [session.field_text(field)[0] for field in fields[:3]] == ["xvdc", "!! 2", "xvde"]
    session.undo()
    assert [session.field_text(field)[0] for field in fields] == ["!! 0", "xvdc", "!! 2", "xvde"]


def test_what_is_allowed_for_a_guest_is_allowed_under_its_new_name() -> None:
    session = session_of(ONE)
    session.toggle_allowed(
        Finding("XT406", Severity.ERROR, "guests.alpha.memory", "too much", "less")
    )
    session.type_text(("guests", "alpha", "key"), "gamma")
    assert session.state.allowed == {("XT406", "guests.gamma.memory")}


def test_undo_names_the_move_of_a_guest_to_a_bundle() -> None:
    session = session_of(Project(Host("qemux86-64"), guests=(Guest("a", tags=("external",)),)))
    session.set_value(("guests", "a", "bundle"), "lab")
    assert session.undo_label == "Bundle of a"


def test_moving_the_last_guest_of_a_bundle_removes_the_bundle() -> None:
    project, where = guests.with_bundle_toggled(ONE, "alpha")
    assert where == "bundle my-guests"
    assert project.bundle("my-guests").key == "my-guests"
    assert guests.with_bundle_toggled(project, "alpha")[0] == ONE


def test_changes_are_found_by_comparing_with_what_was_saved() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "300")
    assert session.changed
    session.type_text(MEMORY, "256")
    assert not session.changed


def test_what_was_written_is_compared_with_the_project_that_was_written() -> None:
    session = session_of(ONE)
    session.write()
    changed = [session.changed]
    session.toggle_allowed(Finding("XT406", Severity.ERROR, "memory", "too much", "less"))
    changed.append(session.changed)  # The draft keeps what is allowed.
    other = replace(ONE, host=replace(ONE.host, memory=4096))
    session.start_from(Origin("preset", "other", other), "take other")
    changed.append(session.changed)
    session.edit(ONE, "edit")
    changed.append(session.changed)  # The first project was written, not this one.
    for _ in range(3):
        session.undo()
    changed.append(session.changed)
    assert changed == [False, True, False, True, False]


def test_the_draft_of_a_project_stays_when_another_is_begun() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "300")
    assert "edge-lab" in session.start_from(session.state.origin, "take it again")
    assert not session.autosave()
    session.drafts.close()
    kept = Drafts(Path("draft.json")).load()
    assert kept is not None
    assert kept.state.project.guest("alpha").memory == 300
    session.type_text(MEMORY, "400")
    assert session.autosave()
    session.drafts.abandon(session.state.origin)
    kept = Drafts(Path("draft.json")).load()
    assert kept is not None
    assert kept.state.project.guest("alpha").memory == 300


def test_the_draft_that_undo_returns_to_is_removed_when_it_is_written() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "300")
    session.start_from(Origin("preset", "other", FULL), "take other")
    session.type_text(MEMORY, "300")
    session.autosave()
    session.undo()
    session.undo()
    session.autosave()
    assert session.project.guest("alpha").memory == 300
    session.write()
    left = [path for path in Path().iterdir() if "draft" in path.name]
    assert len(left) == 1, "only the draft of the other project"


def test_derived_values_are_computed_once_per_state() -> None:
    session = session_of(ONE)
    first = session.view
    assert session.view is first
    assert session.view.files is first.files
    session.type_text(MEMORY, "300")
    assert session.view is not first
    session.undo()
    assert session.view is first


def test_a_draft_comes_back_with_everything() -> None:
    session = session_of(FULL)
    session.type_text(MEMORY, "[/x]")
    session.edit(session.project.with_guest(Guest("beta")), "add beta")
    assert session.autosave()
    assert not session.autosave()
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state == session.state
    assert kept.saved_at == NOW


def test_a_draft_is_removed_once_nothing_is_left_to_keep() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "300")
    session.autosave()
    session.undo()
    session.autosave()
    assert not Drafts(Path("draft.json")).available()


def test_an_abandoned_draft_does_not_come_back() -> None:
    drafts = Drafts(Path("draft.json"))
    session = session_of(ONE)
    assert drafts.save(session.state, NOW)
    drafts.abandon(session.state.origin)
    session.type_text(MEMORY, "300")
    assert not drafts.save(session.state, NOW)
    assert not Path("draft.json").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"version": 2}',
        '{"version": 1}',
        "\udcff",
        '{"version": 1, "project": 3}',
        "[" * 100_000,
    ],
)
def test_a_broken_draft_is_ignored(text: str) -> None:
    Path("draft.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert Drafts(Path("draft.json")).load() is None


def test_a_draft_is_replaced_atomically() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "300")
    session.autosave()
    session.type_text(MEMORY, "400")
    session.autosave()
    assert [path.name for path in Path().iterdir() if "draft" in path.name] == ["draft.json"]
    assert json.loads(Path("draft.json").read_text())["version"] == 1


def test_writing_writes_what_was_shown_and_the_project() -> None:
    session = session_of(ONE)
    shown = {change.path: change.new for change in session.plan().changes}
    session.write()
    for path, content in shown.items():
        text = content.source.read_text() if isinstance(content, Copy) else content
        assert path.read_text() == text
    assert is_intact(Path("xentui-out/conf/xentui.conf").read_text())
    assert not session.changed
    assert all(change.kind == "same" for change in session.plan().changes)


def test_writing_is_refused_while_a_field_has_invalid_text() -> None:
    session = session_of(ONE)
    session.type_text(MEMORY, "x")
    with pytest.raises(XentuiError):
        session.write()
    assert not Path("xentui-out").exists()


def test_the_confirmation_names_files_as_they_are_found_from_the_target() -> None:
    session = session_of(ONE)
    session.write()
    again = session_of(None)
    origin = opening.origin_of_file(str(Path("xentui-out/edge-lab.toml").absolute()))
    assert not isinstance(origin, str)
    again.start_from(origin, "open")
    again.set_value(MEMORY, 512)
    again.review.compare()
    assert ("changed: edge-lab.toml", "") in again.review.confirmation(short=True)
    full = Path("xentui-out/edge-lab.toml").absolute()
    assert (f"changed: {full}", "") in again.review.confirmation()
    assert f"+++ {full}" in again.review.diff_lines()


def test_a_hand_edited_file_is_not_touched() -> None:
    session = session_of(ONE)
    session.write()
    conf = Path("xentui-out/conf/xentui.conf")
    conf.write_text(conf.read_text() + "# mine\n")
    session.type_text(MEMORY, "300")
    with pytest.raises(XentuiError, match="edited by hand"):
        session.write()
    assert conf.read_text().endswith("# mine\n")


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    MEMORY,
                    ("guests", "alpha", "extra"),
                    ("guests", "alpha", "vif"),
                    ("host", "memory"),
                ]
            ),
            st.one_of(st.text(max_size=12), st.integers(0, 99999).map(str)),
        ),
        max_size=12,
    )
)
def test_undo_brings_back_the_start_and_redo_the_end(
    edits: list[tuple[field_paths.Path, str]],
) -> None:
    session = session_of(ONE)
    for path, text in edits:
        session.type_text(path, text)
        session.end_typing()
    end = session.state
    while session.undo():
        pass
    assert session.state == State(ONE, session.state.origin)
    while session.redo():
        pass
    assert session.state == end


@pytest.mark.parametrize(
    "table", ["host", "containers", "defaults", "guest", "source", "fetch", "bundle"]
)
def test_each_field_shows_what_it_reads(table: str) -> None:
    for field in schema.fields(table):
        for example in field.examples:
            value = tuple(example) if isinstance(example, list) else example
            read, message = field_paths.parse_and_check(
                field, field_paths.text_of_value(field, value)
            )
            assert message == "", field.name
            assert (tuple(read) if isinstance(read, list) else read) == value


def test_a_new_project_file_names_the_schema_next_to_it() -> None:
    session = session_of(ONE)
    session.write()
    written = Path("xentui-out/edge-lab.toml")
    beside = Path("xentui-out") / schema.FILE_NAME
    assert written.read_text().startswith(f"#:schema ./{schema.FILE_NAME}\n")
    assert beside.read_text() == schema.as_text()
    assert session.written is not None
    assert ("new", str(beside)) in session.written.lines
    beside.unlink()
    session.type_text(MEMORY, "300")
    session.write()
    assert not beside.exists()
    assert written.read_text().startswith("#:schema")


def test_save_as_writes_the_schema_and_keeps_an_existing_one() -> None:
    Path("there").mkdir()
    Path("there", schema.FILE_NAME).write_text("mine")
    session = session_of(ONE)
    writing.save_as(session, Path("there/a.toml"))
    assert Path("there", schema.FILE_NAME).read_text() == "mine"
    again = session_of(ONE)
    writing.save_as(again, Path("b.toml"))
    assert Path("b.toml").read_text().startswith("#:schema")
    assert Path(schema.FILE_NAME).read_text() == schema.as_text()


def test_an_opened_project_file_gets_no_schema() -> None:
    path = Path("mine.toml")
    path.write_text('version = 1\n[host]\nmachine = "qemux86-64"\nnetwork = "bridged"\n')
    session = session_of()
    origin = opening.origin_of(document.load(path), name="mine.toml", preset=False)
    assert origin is not None
    session.start_from(origin, "open")
    session.type_text(("host", "memory"), "2048")
    session.write()
    assert path.read_text().startswith("version = 1\n")
    assert not Path(schema.FILE_NAME).exists()


def test_a_path_that_no_file_can_have_is_refused_in_words(tmp_path: Path) -> None:
    session = session_of(ONE)
    session.target.move_to(tmp_path / ("n" * 300))
    with pytest.raises(InputError, match='…": file name too long'):
        session.plan()
    with pytest.raises(InputError, match="file name too long"):
        writing.save_as(session, tmp_path / f"{'n' * 300}.toml")


def test_an_import_script_is_checked_as_the_command_line_checks_it(tmp_path: Path) -> None:
    project = replace(ONE, import_types=(ImportType("vmdk", script="convert.sh"),))
    session = session_of(project)
    session.target.move_to(tmp_path)
    (tmp_path / "convert.sh").write_text("if true; then\n")
    found = [one for one in session.findings.all if one.code == "XT360"]
    assert [one.path for one in found] == ["import_types.vmdk.script"]
    (tmp_path / "convert.sh").write_text("true\n")
    assert "XT360" not in {one.code for one in session.view_of(replace(session.state)).findings}


@pytest.mark.parametrize("width", [30, 50, 76])
def test_a_command_on_several_lines_is_still_one_command(width: int) -> None:
    command = (
        "runqemu qemux86-64 xen-image-minimal wic nographic slirp kvm "
        "qemuparams=\"-m 1024 -device virtio-rng-pci\" && echo 'require /srv/a b/xentui.conf'"
    )
    made = writing.Written(Path("out"), (), ((command, "boots"),), "xentui generate board.toml")
    lines = [line.plain for line in written_lines(made, UNICODE, width)]
    first = lines.index("Type next") + 1
    last = next(at for at in range(first, len(lines)) if not lines[at].endswith("\\"))
    # A shell drops a backslash and the end of the line after it; shlex does not.
    text = "\n".join(lines[first : last + 1]).replace("\\\n", "")
    assert shlex.split(text) == shlex.split(command)


def test_copies_are_counted_up_and_get_no_mac_address() -> None:
    guest = replace(ONE.guests[0], vif=("mac=00:16:3e:00:00:01,bridge=xenbr0", "bridge=xenbr1"))
    project = replace(ONE, guests=(guest,))
    key = "alpha"
    for _ in range(3):
        project, key = guests.cloned(project, key)
    assert [one.key for one in project.guests] == ["alpha", "alpha-2", "alpha-3", "alpha-4"]
    assert project.guest("alpha-4").vif == ("bridge=xenbr0", "bridge=xenbr1")


def test_the_draft_of_a_project_file_is_found_when_that_file_is_opened_again() -> None:
    for name in ("one.toml", "other.toml"):
        Path(name).write_text(new_file.toml_text(ONE))
    edited = Session(opening.origin_named(Path("one.toml"), None), draft_path=Path("draft.json"))
    edited.type_text(MEMORY, "300")
    assert edited.autosave()
    edited.drafts.close()
    found = {
        name: Session(
            opening.origin_named(Path(name), None), draft_path=Path("draft.json")
        ).draft_of_project()
        for name in ("one.toml", "other.toml")
    }
    assert found["other.toml"] is None
    assert found["one.toml"] is not None
    assert found["one.toml"].state.project.guest("alpha").memory == 300
