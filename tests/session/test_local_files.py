# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files from outside the project's folder are copied next to it, where BitBake finds them."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import parse_recipe
from tests.cli.conftest import Run
from tests.images.make import tarball
from tests.sessions import TWO, session_of
from xentui.images.inspect import inspect
from xentui.output.rendered import Copy
from xentui.session import Session, files, guests, opening, writing
from xentui.session.new_guest import GuestKind
from xentui.session.state import EMPTY


def add_tarball(session: Session, file: Path) -> str:
    """Add a guest whose root file system is a tarball, and return its key."""
    key = session.add_guest(GuestKind.TARBALL, inspect(file))
    assert [f for f in session.view.findings if f.severity.value != "advice"] == []
    return key


def check_recipe(conf: Path, layer: Path, file: Path) -> None:
    """Check that BitBake reads the recipe, and that the file is next to it, unchanged."""
    (recipe,) = layer.rglob("my-guests_*.bb")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    parsed = parse_recipe(recipe.read_text(), recipe.name, conf=conf.read_text())
    assert parsed.warnings == []
    (uri,) = (word for word in parsed.words("SRC_URI") if word.startswith("file://alpine"))
    name, *parameters = uri.removeprefix("file://").split(";")
    assert "unpack=0" in parameters
    assert any(one.startswith("subdir=archives/alpine") for one in parameters)
    flag = next(one.removeprefix("name=") for one in parameters if one.startswith("name="))
    assert parsed.flag("SRC_URI", f"{flag}.sha256sum") == digest
    assert parsed.flag("XEN_GUEST_SOURCE_TYPE", "alpine") == "rootfs_dir"
    assert int(parsed.flag("XEN_GUEST_IMAGE_SIZE", "alpine") or 0) > 0
    copy = recipe.parent / recipe.name.partition("_")[0] / name
    assert hashlib.sha256(copy.read_bytes()).hexdigest() == digest


def test_a_tarball_from_anywhere_becomes_a_guest_of_a_new_project(tmp_path: Path, run: Run) -> None:
    file = tarball(tmp_path / "Downloads/alpine-minirootfs-3.23.3-x86_64.tar.gz")
    session = Session(EMPTY, draft_path=Path("draft.json"))
    assert add_tarball(session, file) == "alpine"
    session.review.compare()
    copies = {c.name: c.new for c in session.review.changes if isinstance(c.new, Copy)}
    assert file in {copy.source for copy in copies.values()}
    assert any(file.name in line for line in session.review.diff_lines())
    written = session.write()
    out = Path("xentui-out")
    assert (out / file.name).read_bytes() == file.read_bytes()
    check_recipe(out / "conf/xentui.conf", out / "meta-xentui", file)
    session.review.compare(again=True)
    assert session.review.status == "written"
    # xentui generate finds the same files, and changes nothing.
    project = out / "project.toml"
    assert run("check", str(project)).code == 0
    again = run("generate", str(project), "--out", str(out), "--check")
    assert again.code == 0, again.err
    assert str(project) in written.headless


def test_undo_removes_the_copy_and_redo_restores_it(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    add_tarball(session, tarball(tmp_path / "away/alpine.tar.gz"))
    session.undo()
    session.review.compare()
    assert not session.state.files
    assert not any(isinstance(c.new, Copy) and "alpine" in c.name for c in session.review.changes)
    session.redo()
    session.review.compare()
    assert any(c.name == "alpine.tar.gz" for c in session.review.changes)


def test_a_tarball_is_copied_into_the_layer_of_a_build_directory(tmp_path: Path) -> None:
    build = trees.small(tmp_path / "tree")
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(build)
    file = tarball(tmp_path / "away/alpine.tar.gz")
    add_tarball(session, file)
    session.write()
    layer = build.parent / "meta-xentui"
    check_recipe(build / "conf/xentui.conf", layer, file)
    assert (build / "alpine.tar.gz").read_bytes() == file.read_bytes()


def test_a_file_next_to_the_project_is_not_copied(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(tmp_path / "place")
    add_tarball(session, tarball(tmp_path / "place/images/alpine.tar.gz"))
    assert session.project.guest("alpine").source is not None
    assert not session.view.assets.copies
    session.review.compare()
    names = [c.name for c in session.review.changes if isinstance(c.new, Copy)]
    assert "alpine.tar.gz" not in names


def test_two_files_with_one_name_get_different_names(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    first = tarball(tmp_path / "one/alpine.tar.gz")
    second = tarball(tmp_path / "two/alpine.tar.gz", init=False)
    assert session.add_guest(GuestKind.TARBALL, inspect(first)) == "alpine"
    assert session.add_guest(GuestKind.TARBALL, inspect(second)) == "alpine-2"
    assert dict(session.view.assets.copies) == {"alpine.tar.gz": first, "alpine-2.tar.gz": second}
    session.write()
    assert Path("xentui-out/alpine.tar.gz").read_bytes() == first.read_bytes()
    assert Path("xentui-out/alpine-2.tar.gz").read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["rootfs", "my root fs.tgz.old", "Ümlaut.tar.gz"])
def test_a_name_that_bitbake_cannot_fetch_or_unpack_is_replaced(tmp_path: Path, name: str) -> None:
    session = session_of(preset="qemux86-64-minimal")
    key = add_tarball(session, tarball(tmp_path / "away" / name))
    source = session.project.guest(key).source
    assert source is not None
    uri = source.fetch[0].uri
    assert re.fullmatch(r"file://[A-Za-z0-9.-]+\.tar\.gz", uri)
    session.write()
    assert Path("xentui-out", uri.removeprefix("file://")).is_file()


@pytest.mark.parametrize("form", ["{}", "file://{}", "~/here.cfg", "../home/here.cfg"])
def test_an_xl_config_from_anywhere_is_copied(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    config = tmp_path / "home/here.cfg"
    config.parent.mkdir(exist_ok=True)
    config.write_text('name = "fw"\nmemory = 128\nkernel = "/boot/k"\n')
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(tmp_path / "out")
    key = session.project.guests[0].key
    path = ("guests", key, "config_file")
    assert session.type_text(path, form.format(config)) == ""
    assert session.project.guest(key).config_file == "here.cfg"
    assert session.view.assets.texts["here.cfg"] == config.read_text()
    session.undo()
    assert session.project.guest(key).config_file is None


def test_a_missing_file_is_an_error_and_its_path_stays_in_the_field() -> None:
    session = session_of(preset="qemux86-64-minimal")
    path = ("guests", session.project.guests[0].key, "config_file")
    assert "there is no such file" in session.type_text(path, "/nowhere/at/all.cfg")
    assert session.field_text(path)[0] == "/nowhere/at/all.cfg"


def test_a_draft_remembers_the_paths_of_files(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    file = tarball(tmp_path / "away/alpine.tar.gz")
    add_tarball(session, file)
    session.autosave()
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state == session.state
    assert kept.state.files == {"alpine.tar.gz": file}


def test_the_files_of_a_user_preset_are_copied_to_the_new_project(tmp_path: Path) -> None:
    folder = Path("presets")
    folder.mkdir()
    tarball(folder / "alpine.tar.gz")
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(folder)
    add_tarball(session, folder.absolute() / "alpine.tar.gz")
    session.write()
    (folder / "qemux86-64-minimal.toml").rename(folder / "mine.toml")
    session = session_of(preset="mine")
    session.target.move_to(tmp_path / "out")
    assert not session.view.errors
    session.write()
    assert (tmp_path / "out/alpine.tar.gz").read_bytes() == (folder / "alpine.tar.gz").read_bytes()


def test_deleting_a_guest_deletes_the_copy_of_its_file(tmp_path: Path) -> None:
    file = tarball(tmp_path / "Downloads/alpine.tar.gz")
    session = session_of(preset="qemux86-64-minimal")
    key = add_tarball(session, file)
    session.write()
    copy = Path("xentui-out/alpine.tar.gz")
    assert copy.exists()
    origin = opening.origin_of_file(str(session.project_file))
    assert not isinstance(origin, str), origin
    again = Session(origin, out=Path("xentui-out"))
    again.edit(guests.removed(again.project, key), "delete")
    again.review.compare()
    assert "alpine.tar.gz" in [c.name for c in again.review.changes if c.kind == "removed"]
    again.write()
    assert not copy.exists()
    assert file.exists()


def test_there_is_one_backup_of_the_project_file_with_the_previous_contents() -> None:
    session = session_of(preset="qemux86-64-minimal")
    for memory in (64, 96, 128):
        session.set_value(("guests", "xen-guest-image-minimal", "memory"), memory)
        session.write()
    (backup,) = Path("xentui-out").glob("*.xentui-bak")
    assert "memory = 96" in backup.read_text()


@pytest.mark.parametrize("why", ["not from xentui", "changed", "no original"])
def test_a_copy_is_not_removed_if_something_could_be_lost(tmp_path: Path, why: str) -> None:
    file = tarball(tmp_path / "Downloads/alpine.tar.gz")
    copy = Path("xentui-out/alpine.tar.gz")
    session = session_of(preset="qemux86-64-minimal")
    if why == "not from xentui":
        copy.parent.mkdir()
        copy.write_bytes(file.read_bytes())
    key = add_tarball(session, file)
    session.write()
    if why == "changed":
        copy.write_bytes(copy.read_bytes() + b"\0")
    if why == "no original":
        file.unlink()
    session.edit(guests.removed(session.project, key), "delete")
    session.write()
    assert copy.exists()


def test_undo_stops_at_the_preset_and_undoes_a_second_start_from_it() -> None:
    session = Session(EMPTY, draft_path=Path("draft.json"))
    origin = opening.origin_of_preset("qemux86-64-minimal")
    assert not isinstance(origin, str)
    session.start_from(origin, "take the preset")
    session.set_value(("host", "memory"), 2048)
    assert session.undo() is not None
    assert session.undo() is None
    assert session.project == origin.project
    # Starting again discards the change, so undo restores it.
    session.set_value(("host", "memory"), 2048)
    session.start_from(origin, "take the preset again")
    session.undo()
    assert session.project.host.memory == 2048


def test_saving_as_another_file_keeps_invalid_text_and_allowed_errors(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    session.type_text(("guests", "xen-guest-image-minimal", "memory"), "1900")
    (error,) = session.view.errors
    session.toggle_allowed(error)
    session.type_text(("guests", "xen-guest-image-minimal", "vcpus"), "abc")
    place = tmp_path / "other/board-1.2"
    place.parent.mkdir()
    writing.save_as(session, writing.project_file_named(str(place)))
    assert session.project_file.name == "board-1.2.toml"
    assert [one.code for one in session.allowed_errors()] == [error.code]
    assert session.field_text(("guests", "xen-guest-image-minimal", "vcpus"))[0] == "abc"


def test_saving_over_a_file_keeps_a_copy_and_adds_the_schema(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("mine")
    writing.save_as(session_of(preset="qemux86-64-minimal"), place)
    assert (tmp_path / "notes.txt.xentui-bak").read_text() == "mine"
    named = place.read_text().partition("\n")[0].removeprefix("#:schema ./")
    assert (tmp_path / named).is_file()


def test_a_build_directory_can_be_relative_and_leaving_it_drops_its_layer(
    tmp_path: Path,
) -> None:
    build = trees.small(tmp_path / "tree", 'MACHINE ??= "qemux86-64"\n')
    session = session_of(preset="qemux86-64-minimal")
    session.target.move_to(Path("..") / build.relative_to(tmp_path))
    session.target.choose_layer(tmp_path / "layer")
    session.review.compare()
    assert session.review.status == "ready", session.review.summary()
    session.target.move_to(tmp_path / "elsewhere")
    assert session.target.chosen_layer is None


def test_two_dots_after_a_symlink_lead_to_the_parent_of_its_target(tmp_path: Path) -> None:
    (tmp_path / "deep/folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "deep/folder")
    (tmp_path / "deep/a.cfg").write_text("there")
    (tmp_path / "a.cfg").write_text("here")
    assert files.resolve(f"{tmp_path}/link/../a.cfg", tmp_path).read_text() == "there"
    assert files.resolve(f"file://localhost{tmp_path}/a.cfg", tmp_path) == tmp_path / "a.cfg"


def test_a_symlink_in_the_projects_folder_keeps_its_name(tmp_path: Path) -> None:
    tarball(tmp_path / "project/alpine.tar.gz").rename(tmp_path / "project/blob")
    link = tmp_path / "project/alpine.tar.gz"
    link.symlink_to("blob")
    assert files.name_in_project(tmp_path / "project", link, inspect(link)) == (
        "alpine.tar.gz",
        False,
    )


def test_a_draft_of_xentui_1_0_moves_to_the_folder_that_resumes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    first = Session(EMPTY, draft_path=tmp_path / "state/xentui/draft.json")
    first.set_value(("host", "memory"), 2048)
    first.autosave()
    first.drafts.close()
    here = Session(EMPTY)
    kept = here.drafts.load()
    assert kept is not None
    here.resume_draft(kept.state)
    here.set_value(("host", "memory"), 4096)
    here.autosave()
    here.drafts.close()
    assert Session(EMPTY).drafts.available()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert not Session(EMPTY).drafts.available()


def test_typing_a_path_is_one_undo_step_and_refuses_the_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/own.cfg").write_text("memory = 64\n")
    session = session_of(TWO)
    path, text = ("guests", "alpha", "config_file"), str(tmp_path / "d/own.cfg")
    folder = str(tmp_path / "d")
    for end in range(1, len(text) + 1):
        message = session.type_text(path, text[:end])
        if text[:end] == folder:
            assert message == f"{folder} is a directory."
    assert session.project.guest("alpha").config_file == "own.cfg"
    assert set(session.state.files) == {"own.cfg"}
    session.undo()
    assert session.undo_label is None


def test_a_missing_file_is_found_once_it_is_next_to_the_project() -> None:
    session = session_of(preset="qemux86-64-alpine")
    path = ("guests", "alpine", "source", "fetch", 0, "uri")
    session.set_value(path, "file://late.tar.gz")
    session.review.compare()
    (missing,) = [one for one in session.findings.all if one.code == "XT303"]
    assert str(Path("xentui-out").absolute()) in missing.fix
    assert not session.review.compare()
    Path("xentui-out").mkdir(exist_ok=True)
    tarball(Path("xentui-out/late.tar.gz"))
    assert session.review.compare()
    assert [one for one in session.findings.all if one.code == "XT303"] == []


def test_a_file_that_is_replaced_while_the_project_is_open_is_read_again() -> None:
    session = session_of(preset="qemux86-64-alpine")
    session.set_value(("guests", "alpine", "config_file"), "alpine.cfg")
    Path("xentui-out").mkdir(exist_ok=True)
    file = Path("xentui-out/alpine.cfg")
    file.write_text("name = [\n")
    session.review.compare()
    assert "XT239" in {one.code for one in session.findings.all}
    assert not session.review.compare()
    file.write_text('name = "alpine"\nmemory = 256\n')
    assert session.review.compare()
    assert "XT239" not in {one.code for one in session.findings.all}
    file.unlink()
    assert session.review.compare()
    assert "XT238" in {one.code for one in session.findings.all}
