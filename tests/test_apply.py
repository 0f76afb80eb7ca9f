# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Writing is atomic, locked, stays inside its folder, and follows no link."""

from __future__ import annotations

import os
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import contents, stage
from xentui.errors import InputError, RefusedError
from xentui.output import header
from xentui.output.rendered import Copy, Rendered
from xentui.output.writing import manifest
from xentui.output.writing.apply import apply
from xentui.output.writing.change import Change
from xentui.output.writing.plan import Plan, plan
from xentui.output.writing.tree import StaleError, Tree

CONF = "conf/xentui.conf"


def rendered(body: str = "A\n") -> Rendered:
    return Rendered(
        {CONF: header.stamp(body, "p")},
        {"conf/layer.conf": header.stamp(body, "p")},
    )


def states(folder: Path) -> dict[str, tuple[int, int, int, int]]:
    return {
        str(path): (status.st_ino, status.st_mode, status.st_mtime_ns, status.st_ctime_ns)
        for path in folder.rglob("*")
        for status in (path.lstat(),)
    }


def leftovers(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".tmp")]


def test_everything_is_written_and_reported_in_order(tmp_path: Path) -> None:
    result = apply(plan(rendered(), tmp_path))
    assert [change.name for change in result.changes] == [CONF, "meta-xentui/conf/layer.conf"]
    assert (tmp_path / CONF).read_text() == rendered().conf[CONF]
    assert contents(tmp_path).keys() == {CONF, "meta-xentui/conf/layer.conf", manifest.NAME}


def test_the_second_run_touches_nothing(tmp_path: Path) -> None:
    apply(plan(stage(tmp_path / "out", 1), tmp_path / "out"))
    before = states(tmp_path)
    result = apply(plan(stage(tmp_path / "out", 1), tmp_path / "out"))
    assert result.changes == ()
    assert states(tmp_path) == before


def test_an_old_file_keeps_its_mode_and_a_new_one_has_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        apply(plan(rendered(), tmp_path))
        file = tmp_path / CONF
        assert stat.S_IMODE(file.stat().st_mode) == 0o640
        file.chmod(0o604)
        apply(plan(rendered("B\n"), tmp_path))
    finally:
        os.umask(old)
    assert "B" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o604


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_an_old_file_keeps_its_owner(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    os.chown(tmp_path / CONF, 12345, 23456)
    apply(plan(rendered("B\n"), tmp_path))
    status = (tmp_path / CONF).stat()
    assert (status.st_uid, status.st_gid) == (12345, 23456)


def test_a_copy_has_the_mode_and_time_of_its_source(tmp_path: Path) -> None:
    source = tmp_path / "init"
    source.write_text("#!/bin/sh\n")
    source.chmod(0o4755)
    os.utime(source, ns=(1, 1_000_000_007))
    out = tmp_path / "out"
    apply(plan(Rendered({}, {"init": Copy(source, 10)}), out))
    status = (out / "meta-xentui/init").stat()
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert status.st_mtime_ns == 1_000_000_007


def test_a_hand_edited_file_stops_everything(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    (tmp_path / CONF).write_text("mine\n")
    before = states(tmp_path)
    with pytest.raises(RefusedError, match=r"xentui\.conf was edited by hand") as refused:
        apply(plan(rendered("B\n"), tmp_path))
    assert "--edited" in refused.value.fix
    assert states(tmp_path) == before


def test_force_overwrites_but_keeps_what_was_edited(tmp_path: Path) -> None:
    file = tmp_path / CONF
    for number, name in enumerate(("xentui.conf.mine", "xentui.conf.mine2"), start=1):
        apply(plan(rendered(), tmp_path), force=True)
        file.write_text(f"mine {number}\n")
        result = apply(plan(rendered("B\n"), tmp_path), force=True)
        assert result.copies == ((file, file.with_name(name)),)
        assert file.with_name(name).read_text() == f"mine {number}\n"
        assert file.read_text() == rendered("B\n").conf[CONF]


def test_files_no_longer_generated_are_removed_with_their_folders(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    (tmp_path / "other").mkdir()
    apply(plan(Rendered(rendered().conf, {}), tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == [manifest.NAME, "conf", "other"]


def test_a_file_to_be_removed_may_be_gone_already(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    apply(plan(rendered(), folder))
    planned = plan(Rendered({}, {}), folder)
    shutil.rmtree(folder)
    assert apply(planned).copies == ()
    assert not folder.exists()


def test_a_file_that_changed_after_the_plan_is_not_touched(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    planned = plan(rendered("B\n"), tmp_path)
    (tmp_path / CONF).write_text("mine\n")
    with pytest.raises(StaleError):
        apply(planned)
    assert (tmp_path / CONF).read_text() == "mine\n"


def test_a_file_that_came_after_the_plan_is_not_touched(tmp_path: Path) -> None:
    planned = plan(rendered(), tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / CONF).write_text("mine\n")
    with pytest.raises(StaleError):
        apply(planned)
    assert (tmp_path / CONF).read_text() == "mine\n"


def test_nothing_is_written_when_any_file_changed_after_the_plan(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    planned = plan(rendered("B\n"), tmp_path)
    last = tmp_path / planned.changes[-1].name
    last.write_text("mine\n")
    before = states(tmp_path)
    with pytest.raises(StaleError):
        apply(planned)
    assert states(tmp_path) == before


def planted_target(out: Path, victim: Path) -> None:
    (out / "conf").mkdir(parents=True)
    (out / CONF).symlink_to(victim)


def planted_parent(out: Path, victim: Path) -> None:
    out.mkdir()
    (out / "conf").symlink_to(victim.parent)


def planted_grandparent(out: Path, victim: Path) -> None:
    out.mkdir()
    (out / "meta-xentui").symlink_to(victim.parent)


def planted_manifest(out: Path, victim: Path) -> None:
    out.mkdir()
    (out / manifest.NAME).symlink_to(victim)


def planted_folder(out: Path, victim: Path) -> None:
    (out / CONF).mkdir(parents=True)


def planted_pipe(out: Path, victim: Path) -> None:
    (out / "conf").mkdir(parents=True)
    os.mkfifo(out / CONF)


PLANTS = [planted_target, planted_parent, planted_grandparent, planted_manifest, planted_folder,
          planted_pipe]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS)
@pytest.mark.parametrize("late", [False, True], ids=["before", "after-the-plan"])
def test_nothing_is_written_through_a_planted_link(
    tmp_path: Path, plant: Callable[[Path, Path], None], late: bool
) -> None:
    victim = tmp_path / "far" / "xentui.conf"
    victim.parent.mkdir()
    victim.write_text("precious\n")
    out = tmp_path / "out"
    planned: Plan | None = plan(rendered(), out) if late else None
    plant(out, victim)
    with pytest.raises(RefusedError):
        apply(planned or plan(rendered(), out))
    assert contents(victim.parent) == {"xentui.conf": b"precious\n"}
    assert leftovers(tmp_path) == []


def test_a_link_that_dangles_is_not_followed_either(tmp_path: Path) -> None:
    out = tmp_path / "out"
    planted_target(out, tmp_path / "not-there")
    with pytest.raises(RefusedError):
        apply(plan(rendered(), out))
    assert not (tmp_path / "not-there").exists()


def test_a_folder_replaced_by_a_link_while_writing_is_not_followed(tmp_path: Path) -> None:
    """The folder is opened once, so that renaming it afterwards does not matter."""
    out, far = tmp_path / "out", tmp_path / "far"
    far.mkdir()
    with Tree(out, create=True) as tree:
        tree.write("conf/a", [b"1"], expected=None)
        (out / "conf").rename(out / "moved")
        (out / "conf").symlink_to(far)
        tree.write("conf/b", [b"2"], expected=None)
    assert list(far.iterdir()) == []
    assert (out / "moved/b").read_bytes() == b"2"


def test_the_temporary_name_cannot_be_guessed(tmp_path: Path) -> None:
    seen: set[str] = set()
    with Tree(tmp_path) as tree:
        for number in range(20):

            def chunks() -> list[bytes]:
                seen.update(path.name for path in leftovers(tmp_path))
                status = leftovers(tmp_path)[0].stat()
                assert stat.S_IMODE(status.st_mode) == 0o600
                return [b"x"]

            tree.write(f"f{number}", (chunk for _ in (0,) for chunk in chunks()), expected=None)
    assert len(seen) == 20


def test_the_user_may_name_a_link_to_a_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to("real")
    apply(plan(rendered(), tmp_path / "out"))
    assert (tmp_path / "real" / CONF).is_file()


def test_a_run_waits_for_another_and_then_refuses(tmp_path: Path) -> None:
    planned = plan(rendered(), tmp_path)
    with Tree(tmp_path) as other:
        other.lock()
        with pytest.raises(RefusedError, match="another run of xentui"):
            apply(planned, wait=0.1)
        assert contents(tmp_path) == {}
        threading.Timer(0.2, other.close).start()
        apply(planned, wait=10)
    assert (tmp_path / CONF).is_file()


def test_a_folder_under_two_names_is_locked_once(tmp_path: Path) -> None:
    planned = plan(rendered(), tmp_path)
    other = tmp_path / ".." / tmp_path.name
    first, second = planned.changes
    both = replace(planned, changes=(first, replace(second, root=other, is_user_file=True)))
    apply(both, wait=0.1)
    assert (tmp_path / "meta-xentui/conf/layer.conf").is_file()


def run_twice_at_once(tmp_path: Path) -> list[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "xentui", "generate", "--preset", "qemux86-64-minimal"]
    return [
        subprocess.Popen(
            [*command, "--out", str(tmp_path / "out")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]


def test_concurrent_processes_leave_one_complete_tree(tmp_path: Path) -> None:
    for process in run_twice_at_once(tmp_path):
        _, reported = process.communicate(timeout=60)
        assert process.returncode == 0, reported
    assert leftovers(tmp_path) == []
    text = (tmp_path / "out" / CONF).read_text()
    assert header.is_intact(text)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill", "ENOSPC", "EIO", "EACCES", "EINTR"])
def test_a_fault_at_any_system_call_leaves_each_file_old_or_new(tmp_path: Path, kind: str) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.faults", kind, str(tmp_path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 80


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    source = tmp_path / "disk.img"
    source.write_bytes(b"\0" * 100_000)
    planned = plan(Rendered({CONF: "A\n"}, {"disk.img": Copy(source, 100_000)}), tmp_path / "out")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(InputError, match=r"disk\.img: file too large"):
            apply(planned)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "out/meta-xentui/disk.img").exists()
    apply(plan(Rendered({CONF: "A\n"}, {"disk.img": Copy(source, 100_000)}), tmp_path / "out"))
    assert (tmp_path / "out/meta-xentui/disk.img").stat().st_size == 100_000


WRITES_TWICE = """
import os, sys
from pathlib import Path
from xentui.cli.process import run
project, out = sys.argv[1:]
assert run(["generate", project, "--out", out]) == 0
os.chmod(out, 0o555)
os.chmod(f"{out}/conf", 0o555)
if os.geteuid() == 0:
    os.setuid(65534)  # everything is imported by now, so nobody can go on
sys.exit(run(["generate", project, "--out", out, "--set", "host.memory=2048"]))
"""


def test_a_read_only_folder_is_one_clear_line() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        project = Path(folder, "board.toml")
        project.write_text('version = 1\n\n[host]\nmachine = "qemux86-64"\n')
        out = Path(folder, "out")
        result = subprocess.run(
            [sys.executable, "-c", WRITES_TWICE, str(project), str(out)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        out.chmod(0o755)
        (out / "conf").chmod(0o755)
        assert result.returncode == 4, result.stderr
        last = result.stderr.splitlines()[-1]
        assert last.startswith(f"xentui: {out}/")
        assert "permission denied" in last
        assert leftovers(out) == []


def test_the_next_run_removes_temporary_files_of_a_killed_one(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    left = tmp_path / "conf" / ".xentui.conf.xentui-0123456789abcdef.tmp"
    left.write_text("half")
    others = tmp_path / "conf" / ".other.tmp"
    others.write_text("not ours")
    apply(plan(rendered("B\n"), tmp_path))
    assert not left.exists()
    assert others.exists()


def test_copies_of_private_files_are_private(tmp_path: Path) -> None:
    local, mine = tmp_path / "local.conf", tmp_path / "made.conf"
    for file in (local, mine):
        file.write_text("secret\n")
        file.chmod(0o600)
    with Tree(tmp_path) as tree:
        seen = {name: tree.state(name) for name in ("local.conf", "made.conf")}
    users = Change(
        tmp_path, "local.conf", "changed", "secret\n", "new\n", seen["local.conf"],
        is_user_file=True, backup_suffix=".before",
    )  # fmt: skip
    edited = Change(tmp_path, "made.conf", "edited", "secret\n", "new\n", seen["made.conf"])
    apply(Plan((users, edited), ()), force=True)
    for name in ("local.conf.before", "made.conf.mine"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_removing_a_missing_file_is_not_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.conf").write_text("a")
    with Tree(folder) as tree:
        seen = tree.state("a.conf")
    (folder / "a.conf").unlink()
    folder.rmdir()
    assert apply(Plan((Change(folder, "a.conf", "removed", "a", None, seen),), ())).changes == ()
