# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Whatever happens to a wizard, typed input is still there the next time."""

from __future__ import annotations

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.safety.pty_wizard import ROOT, Wizard
from tests.sessions import NOW, session_of
from tests.tui.wizards import SMALL, press, running, settle, shown, wizard
from xentui.project.model import Guest, Host, Project
from xentui.session.drafts import SLOTS, Drafts, location
from xentui.session.state import State

GUEST = "xen-guest-image-minimal"
Start = Callable[..., Wizard]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start wizards in this test's folder, and end them after it."""
    made: list[Wizard] = []

    def started(*arguments: str, **options: object) -> Wizard:
        made.append(Wizard(tmp_path, *arguments, **options))  # type: ignore[arg-type]
        return made[-1]

    yield started
    for each in made:
        each.close()


def typed_memory(one: Wizard, text: bytes) -> None:
    one.until("Ready")
    one.keys(b"\x1b4")
    one.until("Edit")
    one.read(1)
    one.keys(b"\r")
    one.until(f"Guest {GUEST}")
    one.keys(b"\t\t" + text)
    # The text after the value was there before, so it is not sent again.
    one.until(f'XEN_GUEST_MEMORY[{GUEST}] = "{text.decode()}')


def drafts() -> dict[str, int]:
    """Return the guest's memory in each draft of this folder, by its slot."""
    first = location(Path.cwd())
    return {
        path.stem.removeprefix(first.stem): json.loads(path.read_text())["project"]["guests"][
            GUEST
        ]["memory"]
        for path in sorted(first.parent.glob(f"{first.stem}*.json"))
    }


@pytest.mark.slow
@pytest.mark.tmux
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "SIGKILL", "gone"])
def test_a_killed_wizard_leaves_its_draft(start: Start, how: str) -> None:
    one = start("--preset", "qemux86-64-minimal")
    typed_memory(one, b"300")
    if how == "gone":
        one.hang_up()
    else:
        if how == "SIGKILL":
            # A killed process can do nothing more, so the draft must already be written.
            one.wait(lambda: bool(drafts()), "the draft")
        one.kill(signal.Signals[how])
    assert drafts() == {"": 300}
    if how in ("SIGTERM", "SIGHUP"):
        assert one.seen.endswith(b"\x1b[?1049l") or b"\x1b[?1049l" in one.seen[-400:]
        modes = dict(re.findall(rb"\x1b\[\?(\d+)([hl])", one.seen))
        assert modes.pop(b"7") == modes.pop(b"25") == b"h"
        assert set(modes.values()) == {b"l"}, modes
    again = start()
    again.until("Begin with")
    again.keys(b"\x1b[F")
    again.until("Resume the draft")
    kept = Drafts().load()
    assert kept is not None
    assert kept.state.project.guest(GUEST).memory == 300


@pytest.mark.tmux
def test_two_wizards_keep_a_draft_each(start: Start) -> None:
    one, two = (start("--preset", "qemux86-64-minimal") for _ in range(2))
    typed_memory(one, b"300")
    one.wait(lambda: len(drafts()) == 1, "the first draft")
    typed_memory(two, b"400")
    two.wait(lambda: len(drafts()) == 2, "the second draft")
    one.kill(signal.SIGTERM)
    two.kill(signal.SIGTERM)
    assert drafts() == {"": 300, "-2": 400}


SAVER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from xentui.project.model import Guest, Host, Project
from xentui.session import Origin
from xentui.session.drafts import Drafts
from xentui.session.state import State
drafts = Drafts(Path("d.json"))
name = sys.argv[1]
origin = Origin("preset", name, Project(Host("qemux86-64")))
for number in range(20):
    project = Project(Host("qemux86-64"), guests=(Guest(name, memory=64 + number),))
    drafts.save(State(project, origin), datetime.now(UTC))
print("saved", flush=True)
sys.stdin.read()
"""


def test_concurrent_processes_keep_a_draft_each(tmp_path: Path) -> None:
    names = ["one", "two", "three", "four"]
    savers = [
        subprocess.Popen(
            [sys.executable, "-c", SAVER, name],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for name in names
    ]  # fmt: skip
    for saver in savers:
        assert saver.stdout is not None
        assert saver.stdout.readline() == "saved\n"
    assert not Drafts(tmp_path / "d.json").available(), "somebody works on each"
    for saver in savers:
        saver.communicate()
    kept = [json.loads(path.read_text()) for path in tmp_path.glob("d*.json")]
    assert sorted(one["name"] for one in kept) == sorted(names)
    assert all(one["project"]["guests"][one["name"]]["memory"] == 83 for one in kept)
    assert not list(tmp_path.glob(".draft-*"))
    assert Drafts(tmp_path / "d.json").available()


@pytest.mark.slow
def test_a_kill_while_saving_leaves_a_complete_draft(tmp_path: Path) -> None:
    """Whenever the process is killed, the draft is the old or the new one, complete."""
    code = SAVER.replace("range(20)", "range(1_000_000)").replace("64 + number", "64 + number % 9")
    kills = int(os.environ.get("XENTUI_KILLS", "8"))
    for moment in range(kills):
        saver = subprocess.Popen(
            [sys.executable, "-c", code, "one"],
            cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + 30
        while not Drafts(tmp_path / "d.json").available() and not (tmp_path / "d.json").exists():
            assert time.monotonic() < end
            time.sleep(0.002)
        time.sleep(0.0017 * moment)
        saver.kill()
        saver.wait()
        kept = Drafts(tmp_path / "d.json").load()
        assert kept is not None
        assert 64 <= (kept.state.project.guest("one").memory or 0) <= 72
        (tmp_path / "d.json").unlink()


def one_state(memory: int) -> State:
    session = session_of(Project(Host("qemux86-64", memory=2048), guests=(Guest("a"),)))
    session.type_text(("guests", "a", "memory"), str(memory))
    return session.state


def test_a_draft_that_was_not_opened_is_not_overwritten(tmp_path: Path) -> None:
    base = tmp_path / "draft.json"
    base.write_text("of an earlier wizard")
    mine = Drafts(base)
    mine.save(one_state(100), NOW)
    assert base.read_text() == "of an earlier wizard"
    assert (tmp_path / "draft-2.json").exists()
    mine.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["draft.json"]


def test_a_draft_that_is_resumed_is_kept_in_its_place(tmp_path: Path) -> None:
    base = tmp_path / "draft.json"
    earlier, later = Drafts(base), Drafts(base)
    earlier.save(one_state(100), NOW)
    base.rename(tmp_path / "other.json")
    earlier.discard()
    (tmp_path / "other.json").rename(base)
    kept = later.load()
    assert kept is not None
    later.save(one_state(200), NOW)
    assert {path.name for path in tmp_path.iterdir()} == {"draft.json", "draft-2.json"}
    later.discard()
    later.save(kept.state, NOW)
    assert [path.name for path in tmp_path.iterdir()] == ["draft.json"]
    later.discard()


def test_drafts_do_not_pile_up(tmp_path: Path) -> None:
    base = tmp_path / "draft.json"
    for number in range(1, SLOTS + 1):
        name = "draft.json" if number == 1 else f"draft-{number}.json"
        (tmp_path / name).write_text("{}")
        os.utime(tmp_path / name, (number, number))
    mine = Drafts(base)
    mine.save(one_state(100), NOW)
    assert len(list(tmp_path.iterdir())) == SLOTS
    assert "100" in base.read_text(), "the oldest makes way"
    mine.discard()


async def test_a_full_disk_is_reported_and_nothing_is_lost() -> None:
    """A limit on file sizes stands in for a full disk: the system refuses the write."""
    session = session_of(Project(Host("qemux86-64", memory=2048), guests=(Guest("a"),)))
    app = wizard(session, begin="guests")
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        async with app.run_test(size=SMALL, notifications=True) as pilot:
            await settle(pilot)
            session.type_text(("guests", "a", "memory"), "300")
            app.main.redraw_after_edit()
            end = time.monotonic() + 20
            while "cannot be saved" not in shown(app) and time.monotonic() < end:
                await pilot.pause(0.1)
            assert "The draft cannot be saved: File too" in shown(app)
            assert session.project.guest("a").memory == 300
            assert not [path for path in Path.cwd().iterdir() if "draft" in path.name]
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            assert session.autosave()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    kept = session.drafts.load()
    assert kept is not None
    assert kept.state.project.guest("a").memory == 300
    session.drafts.discard(session.state.origin)


@pytest.mark.slow
async def test_a_thousand_guests_stay_usable() -> None:
    guests = tuple(Guest(f"g{number:05}", memory=64) for number in range(1_000))
    session = session_of(Project(Host("qemux86-64", memory=1_048_576), guests=guests))
    async with running(session, "guests") as (app, pilot):
        assert "g00000" in shown(app)
        for key in ("down", "pagedown", "end", "home", "down", "up"):
            await pilot.press(key)
        await press(pilot, "end")
        assert "g00999" in shown(app)
        session.type_text(("guests", "g00005", "memory"), "65")
        assert session.autosave()
        assert app.is_running
    session.drafts.discard(session.state.origin)


@pytest.mark.slow
@pytest.mark.tmux
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP", "gone"])
def test_it_ends_whenever_it_is_asked_to(start: Start, how: str) -> None:
    """In the first seconds most is going on: imports, the first frame, the survey's thread."""
    chance = random.Random(how)
    for _ in range(int(os.environ.get("XENTUI_ENDINGS", "4"))):
        one = start("--preset", "qemux86-64-minimal")
        end = time.monotonic() + chance.uniform(0, 3)
        while time.monotonic() < end:
            one.read(end - time.monotonic())
        code = one.hang_up() if how == "gone" else one.kill(signal.Signals[how])
        number = signal.SIGHUP if how == "gone" else signal.Signals[how]
        assert code in (-number, 128 + number)


@pytest.mark.slow
@pytest.mark.tmux
def test_a_wizard_that_waits_for_its_terminal_ends_and_keeps_the_draft(start: Start) -> None:
    """Its output is not read, so it blocks; it must end all the same."""
    one = start("--preset", "qemux86-64-minimal")
    typed_memory(one, b"300")
    for _ in range(400):
        one.keys(b"\x1b[B\x1b[A")
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(30) == 128 + signal.SIGTERM
    assert drafts() == {"": 300}
