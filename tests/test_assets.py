# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Finding the files next to a project file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from xentui.project import assets
from xentui.project.model import Fetch, Guest, Host, ImportType, Project, Source


def project(*uris: str, configs: tuple[str, ...] = (), script: str = "") -> Project:
    fetch = tuple(Fetch(uri) for uri in uris)
    return Project(
        Host("m"),
        guests=(
            Guest("s", source=Source("raw", "x", fetch=fetch)),
            *(Guest(f"c{number}", config_file=name) for number, name in enumerate(configs)),
        ),
        import_types=(ImportType("k", script),) if script else (),
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "project"
    (directory / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    return directory


def test_the_local_files_of_a_project_are_found(home: Path) -> None:
    (home / "sub" / "a.cfg").write_text("name = 'é'\r\n", newline="")
    (home / "x.sh").write_text("true\n")
    (home / "disk.raw").write_bytes(bytes(1000))
    (home / "tree" / "deep").mkdir(parents=True)
    (home / "tree" / "one").write_bytes(bytes(10))
    (home / "tree" / "deep" / "two").write_bytes(bytes(20))
    (home / "tree" / "out").symlink_to(home / "disk.raw")
    found = assets.gather(
        project(
            "file://disk.raw", "file://disk.raw", "file://tree", "https://example.org/x", "file://no",
            configs=("sub/a.cfg", "sub/a.cfg", "b.cfg"), script="x.sh",
        ),
        home,
    )  # fmt: skip
    assert found.directory == home
    assert dict(found.texts) == {"sub/a.cfg": "name = 'é'\r\n", "x.sh": "true\n"}
    assert dict(found.sources) == {
        "disk.raw": assets.SourceFile(home / "disk.raw", 1000, is_dir=False),
        "tree": assets.SourceFile(home / "tree", 30, is_dir=True),
    }
    assert found.missing == ("b.cfg", "no")
    assert found.unreadable == ()


def test_files_outside_the_directory_are_not_read(home: Path) -> None:
    (home / "link").symlink_to("../secret")
    (home / "out").symlink_to("..")
    (home / "loop").symlink_to("loop")
    names = (
        "../secret", "sub/../../secret", str(home.parent / "secret"), "link", "out/secret", "loop",
        "%2e%2e/secret", "a\0b", "x" * 5000, ".", "", "sub/..",
    )  # fmt: skip
    found = assets.gather(project(*(f"file://{name}" for name in names), configs=names), home)
    assert dict(found.texts) == {}
    assert dict(found.sources) == {}
    assert set(found.missing) == set(names)


def test_a_directory_of_the_preset_is_missing_as_it_is_not_copied(
    home: Path, tmp_path: Path
) -> None:
    (tmp_path / "presets" / "tree").mkdir(parents=True)
    (tmp_path / "presets" / "a.cfg").write_text("a")
    (tmp_path / "presets" / "disk.raw").write_bytes(bytes(5))
    of_preset = project("file://disk.raw", "file://tree", configs=("a.cfg",))
    found = assets.gather(of_preset, home, preset_directory=tmp_path / "presets")
    assert found.missing == ("tree",)
    assert list(found.sources) == ["disk.raw"]
    assert list(found.copies) == ["a.cfg", "disk.raw"]


def test_a_chosen_file_that_is_gone_is_missing_and_not_copied(home: Path, tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to("nowhere")
    found = assets.gather(project("file://disk.raw"), home, {"disk.raw": tmp_path / "gone"})
    assert (found.missing, dict(found.copies)) == (("disk.raw",), {})


def test_links_inside_the_directory_are_followed(home: Path) -> None:
    (home / "sub" / "real.cfg").write_text("real")
    (home / "link.cfg").symlink_to("sub/real.cfg")
    assert assets.gather(project(configs=("link.cfg",)), home).texts["link.cfg"] == "real"


def test_the_directory_itself_can_be_a_link(home: Path) -> None:
    (home / "a.cfg").write_text("a")
    (home.parent / "alias").symlink_to(home)
    assert assets.gather(project(configs=("a.cfg",)), home.parent / "alias").texts == {"a.cfg": "a"}


def test_unreadable_files_are_reported(home: Path) -> None:
    (home / "latin.cfg").write_bytes(b"\xff")
    (home / "huge.cfg").write_bytes(b" " * (assets.MAX_TEXT + 1))
    os.mkfifo(home / "pipe.cfg")
    names = ("latin.cfg", "huge.cfg", "pipe.cfg", "sub")
    found = assets.gather(project("file://pipe.cfg", configs=names), home)
    assert found.unreadable == names
    assert dict(found.texts) == {}
    assert found.missing == ("pipe.cfg",)


def test_percent_codes_in_an_address_are_decoded(home: Path) -> None:
    (home / "a b").write_text("x")
    assert list(assets.gather(project("file://a%20b"), home).sources) == ["a%20b"]


def test_a_missing_directory_has_no_files(tmp_path: Path) -> None:
    found = assets.gather(project("file://x", configs=("a",)), tmp_path / "nowhere")
    assert found.missing == ("a", "x")


def test_a_project_without_local_files_has_no_missing_files() -> None:
    assert assets.NO_ASSETS.directory is None
    assert assets.gather(project(), Path("/")).missing == assets.NO_ASSETS.missing == ()
