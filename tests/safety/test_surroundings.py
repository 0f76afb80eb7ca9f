# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The surroundings of a project: huge files, folders writable by others, no home directory."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.cli.conftest import BOARD, ROOT
from tests.safety.test_denial import measure
from tests.sessions import NOW, session_of
from xentui.bitbake import build_dir, recipes
from xentui.errors import InputError
from xentui.output.rendered import Copy, chunks
from xentui.output.writing import manifest
from xentui.output.writing.tree import MAX_READ, Tree
from xentui.project import filesystem
from xentui.project.model import Guest, Host, Project
from xentui.session.drafts import Drafts, location

GIANT = 20 << 30
"""The size of a sparse file, which takes no space on the disk."""


def giant(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(GIANT)


@pytest.mark.parametrize(
    "name", ["out/conf/xentui.conf", "out/.xentui-manifest.json", "out/conf/xentui.conf.tmp"]
)
@pytest.mark.parametrize(
    "mode",
    [["-y"], *(pytest.param([mode], marks=pytest.mark.slow) for mode in ("--dry-run", "--check"))],
)
def test_a_giant_among_the_written_files_is_not_read(
    tmp_path: Path, name: str, mode: list[str]
) -> None:
    (tmp_path / "board.toml").write_text(BOARD)
    giant(tmp_path / name)
    code, megabytes, reported = measure(tmp_path, "generate", "board.toml", "--out", "out", *mode)
    assert "unexpected failure" not in reported
    if name.endswith(".tmp"):
        assert code == (1 if "--check" in mode else 0), reported
    else:
        assert code == 4, reported
        assert f"is larger than {MAX_READ >> 20} MiB" in reported
    assert megabytes < 200


IN_A_BUILD_DIRECTORY = (
    ["generate", "--preset", "qemux86-64-alpine", "--build-dir", "build", "-y"],
    ["remove", "--build-dir", "build", "-y"],
    ["doctor", "--build-dir", "build"],
)


def build_directory(folder: Path) -> Path:
    """Make a build directory, and return its ``conf``."""
    conf = folder / "build/conf"
    conf.mkdir(parents=True)
    (conf / "local.conf").write_text('MACHINE = "qemux86-64"\n')
    (conf / "bblayers.conf").write_text('BBLAYERS = "/x"\n')
    return conf


@pytest.mark.parametrize(
    "name", ["local.conf", "bblayers.conf", pytest.param("xentui.conf", marks=pytest.mark.slow)]
)
def test_a_giant_in_a_build_directory_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "board.toml").write_text(BOARD)
    conf = build_directory(tmp_path)
    (conf / name).write_text("")
    giant(conf / name)
    for arguments in IN_A_BUILD_DIRECTORY:
        code, megabytes, reported = measure(tmp_path, *arguments)
        assert "unexpected failure" not in reported
        assert code in (0, 1, 3, 4), reported
        assert megabytes < 200
    assert (conf / name).stat().st_size == GIANT


@pytest.mark.parametrize(
    "name",
    [
        "local.conf",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("auto.conf", "toolcfg.conf", "bblayers.conf")
        ),
    ],
)
def test_a_pipe_in_a_build_directory_stops_nothing(tmp_path: Path, name: str) -> None:
    conf = build_directory(tmp_path)
    (conf / name).unlink(missing_ok=True)
    os.mkfifo(conf / name)
    for arguments in IN_A_BUILD_DIRECTORY:
        code, _, reported = measure(tmp_path, *arguments)
        assert "unexpected failure" not in reported
        assert code in (0, 1, 3, 4), reported


@pytest.mark.parametrize("what", ["pipe", "giant"])
def test_an_invalid_git_file_stops_nothing(tmp_path: Path, what: str) -> None:
    if what == "pipe":
        os.mkfifo(tmp_path / ".git")
    else:
        giant(tmp_path / ".git")
    preset = ("--preset", "qemux86-64-alpine")
    code, megabytes, reported = measure(
        tmp_path, "generate", *preset, "--out", "out", "--format", "kas", "-y"
    )
    assert "unexpected failure" not in reported
    assert code in (0, 2), reported
    assert megabytes < 200


def test_a_growing_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    with Tree(tmp_path) as tree:
        (tmp_path / "a").write_bytes(b"x" * MAX_READ)
        assert tree.read("a") == b"x" * MAX_READ
        with (tmp_path / "a").open("ab") as file:
            file.write(b"y")
        with pytest.raises(InputError, match="is larger than 64 MiB"):
            tree.read("a")


def test_a_text_of_the_manifest_that_unpacks_without_end_is_not_unpacked() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join(packer.compress(b"\0" * (1 << 20)) for _ in range(64)) + packer.flush()
    assert len(bomb) < 100_000
    assert manifest.unpack(base64.b64encode(bomb).decode()) is None
    assert manifest.unpack(manifest.pack("a\udcff\n")) == "a\udcff\n"


def test_a_link_planted_in_the_place_of_a_source_is_not_followed(tmp_path: Path) -> None:
    secret, source = tmp_path / "secret", tmp_path / "disk.img"
    secret.write_text("not to be copied")
    source.write_text("a disk")
    copy = Copy(source, 6)
    assert b"".join(chunks(copy)) == b"a disk"
    source.unlink()
    source.symlink_to(secret)
    with pytest.raises(InputError, match="symbolic link"):
        b"".join(chunks(copy))
    source.unlink()
    os.mkfifo(source)
    with pytest.raises(InputError):
        b"".join(chunks(copy))


HOMELESS = """
import os, pwd, sys
del os.environ["HOME"]
def unknown(number):
    raise KeyError("getpwuid(): uid not found: 54321")
pwd.getpwuid = unknown
from xentui.cli import main
sys.exit(main(sys.argv[1:]))
"""
"""A user id without an account, as in a container started with another id."""


@pytest.mark.parametrize(
    "arguments",
    [
        ["presets"],
        ["check", "--preset", "qemux86-64-minimal"],
        ["show", "--preset", "qemux86-64-alpine"],
        ["new", "qemux86-64-minimal"],
        ["doctor", "--build-dir", "build"],
        ["generate", "--preset", "qemux86-64-alpine", "--out", "out", "-y"],
        ["rehearse", "--help"],
    ],
    ids=lambda words: words[0],
)
def test_a_user_without_a_home_is_served(tmp_path: Path, arguments: list[str]) -> None:
    conf = tmp_path / "build/conf"
    conf.mkdir(parents=True)
    (conf / "local.conf").write_text('MACHINE = "qemux86-64"\n')
    (conf / "bblayers.conf").write_text('BBLAYERS = "~/x"\n')
    env = {name: text for name, text in os.environ.items() if not name.startswith("XDG_")}
    result = subprocess.run(
        [sys.executable, "-c", HOMELESS, *arguments],
        cwd=tmp_path, env={**env, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "unexpected failure" not in result.stderr
    assert "Traceback" not in result.stderr
    assert result.returncode in (0, 1), result.stderr
    assert not (tmp_path / "~").exists()


def test_only_their_owner_can_read_drafts_and_notes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0)
    try:
        session = session_of(Project(Host("qemux86-64"), guests=(Guest("a"),)))
        session.type_text(("guests", "a", "memory"), "128")
        drafts = Drafts()
        drafts.save(session.state, NOW)
        kept = location(Path.cwd())
        assert kept.stat().st_mode & 0o777 == 0o600
        assert kept.parent.stat().st_mode & 0o777 == 0o700
        assert json.loads(kept.read_text())["project"]["guests"]["a"]["memory"] == 128
        drafts.discard(session.state.origin)
        recipes.read(build_dir.read(trees.small(tmp_path)))
        (notes,) = filesystem.user_folder("cache").iterdir()
        assert notes.stat().st_mode & 0o777 == 0o600
        assert notes.parent.stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
