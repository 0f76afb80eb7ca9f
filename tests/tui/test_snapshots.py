# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Pictures of every screen, each with the same screen as text for reviews.

``pytest tests/tui/test_snapshots.py --snapshot-update`` takes them again. They belong to one
version of Textual and are skipped with any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import textual
from textual.pilot import Pilot
from textual.scrollbar import ScrollBar

from tests.sessions import TWO, session_of
from tests.tui.test_around import leave_a_draft
from tests.tui.test_build_dir import make_build_dir, wait_for_survey
from tests.tui.wizards import LARGE, SMALL, press, settle, shown, wizard
from xentui.project.model import Bundle, Containers, Fetch, Guest, Host, Project, Source
from xentui.screens.themes import DARK, LIGHT
from xentui.session import writing
from xentui.session.forms import STEPS

TAKEN_WITH = "8.2.8"
TEXTS = Path(__file__).resolve().parents[2] / "snapshots" / "text"

pytestmark = [
    pytest.mark.snapshot,
    pytest.mark.skipif(
        textual.__version__ != TAKEN_WITH, reason=f"pictures were taken with Textual {TAKEN_WITH}"
    ),
]

LAB = Project(
    Host("qemux86-64", memory=4096, dom0_memory=512, network="nat"),
    containers=Containers(vxn=True, frontends=("vdkr",)),
    bundles=(Bundle("lab-guests", summary="Guests for the lab"),),
    guests=(
        Guest(
            "xen-guest-image-minimal",
            ("autostart",),
            memory=256,
            extra="root=/dev/xvda ro console=hvc0 ip=dhcp",
        ),
        Guest(
            "alpine",
            ("autostart", "external"),
            "lab-guests",
            memory=256,
            extra="root=/dev/xvda ro console=hvc0 init=/bin/sh",
            source=Source(
                "rootfs_dir",
                "alpine-rootfs",
                128,
                (
                    Fetch(
                        "https://example.org/alpine-minirootfs-x86_64.tar.gz",
                        "0" * 64,
                        subdir="alpine-rootfs",
                    ),
                ),
            ),
        ),
    ),
)
EMPTY = Project(Host("qemux86-64", memory=1024, network="nat"))
CROWDED = Project(
    Host("qemux86-64", memory=1024, network="nat"),
    guests=tuple(
        Guest(f"guest-{number:02}", ("autostart",), memory=256, vif=("bridge=xenbr0",))
        for number in range(40)
    ),
)
LONG = replace(
    LAB,
    guests=(
        Guest(
            "a-guest-with-the-longest-name-that-the-format-allows-for-guests",
            ("autostart", "external"),
            memory=1048576,
            vcpus=128,
            vif=tuple(f"bridge=xenbr{n},mac=00:16:3e:00:00:0{n}" for n in range(8)),
            extra="root=/dev/xvda ro console=hvc0 " + "x" * 900,
            kernel="some/where/deep/below/vendor-kernel-with-a-long-name-6.18.0-rc1",
        ),
    ),
)
REFUSED = replace(
    LAB,
    host=replace(LAB.host, machine="raspberrypi3-64", network=None),
    containers=Containers(),
)


@dataclass(frozen=True)
class Look:
    """How a terminal looks: a theme, or no colour at all."""

    name: str
    theme: str
    plain: bool = False


LOOKS = (Look("dark", DARK.name), Look("light", LIGHT.name), Look("mono", DARK.name, plain=True))
SIZES = {"80x24": SMALL, "120x40": LARGE}


@pytest.fixture
def picture(
    snap_compare: Callable[..., bool], request: pytest.FixtureRequest
) -> Callable[..., None]:
    """Return what compares a wizard's picture and text with those kept."""

    def compare(
        name: str,
        project: Project | None,
        size: tuple[int, int],
        keys: tuple[str, ...],
        *,
        out: Path | None = None,
        **how: Any,
    ) -> None:
        session = session_of(project) if project is not None else session_of()
        session.target.move_to(out or session.target.path)
        app = wizard(session, **how)
        seen: list[str] = []

        async def run(pilot: Pilot[int]) -> None:
            await settle(pilot)
            await pilot.pause(0.15)
            if out is not None:
                await wait_for_survey(pilot, app)
            for key in keys:
                await press(pilot, key)
            await settle(pilot)
            seen.append(shown(app) + "\n")

        assert snap_compare(app, terminal_size=size, run_before=run)
        golden = TEXTS / f"{name}.txt"
        if request.config.getoption("update_snapshots", default=False):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(seen[0], encoding="utf-8")
        assert golden.read_text(encoding="utf-8") == seen[0]

    return compare


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", STEPS)
def test_each_step(
    picture: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    size: str,
    look: Look,
) -> None:
    if look.plain:
        monkeypatch.setenv("NO_COLOR", "1")
    project = None if step == "start" else LAB
    picture(f"{step}-{size}", project, SIZES[size], (), begin=step, theme=look.theme)


STATES: dict[str, tuple[Project | None, str, tuple[str, ...]]] = {
    "guests-empty": (EMPTY, "guests", ()),
    "guests-full": (CROWDED, "guests", ("end",)),
    "guests-long": (LONG, "guests", ()),
    "memory-too-much": (CROWDED, "memory", ()),
    "memory-long": (LONG, "memory", ()),
    "review-problems": (CROWDED, "review", ()),
    "review-files": (LAB, "review", ("2",)),
    "review-target": (LAB, "review", ("3",)),
    "review-refused": (REFUSED, "review", ()),
    "review-allowed": (REFUSED, "review", ("a",)),
    "editor": (LAB, "guests", ("enter",)),
    "editor-error": (LAB, "guests", ("enter", "tab", "tab", "1", "2")),
    "editor-import": (LAB, "guests", ("down", "enter", *("tab",) * 9)),
    "editor-long": (LONG, "guests", ("enter",)),
    "machine-refused": (LAB, "machine", ("end", "enter")),
    "question-write": (EMPTY, "review", ("ctrl+s",)),
    "question-leave": (LAB, "guests", ("d", "ctrl+q")),
    "help": (LAB, "guests", ("enter", "tab", "tab", "f1")),
    "help-of-a-step": (LAB, "guests", ("f1",)),
    "palette": (LAB, "guests", ("ctrl+p",)),
    "preview": (LAB, "guests", ("f4",)),
    "written": (EMPTY, "review", ("ctrl+s", "enter")),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_each_state(
    picture: Callable[..., None], monkeypatch: pytest.MonkeyPatch, state: str, size: str
) -> None:
    known = writing.next_commands
    here = str(Path.cwd())
    monkeypatch.setattr(
        writing,
        "next_commands",
        lambda session: tuple((a.replace(here, "/srv/lab"), b) for a, b in known(session)),
    )
    project, step, keys = STATES[state]
    picture(f"{state}-{size}", project, SIZES[size], keys, begin=step)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("name", "step", "keys"),
    [("start", "start", ()), ("review", "review", ("2", "down")), ("pick", "guests", ("a", "1"))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_build_directory(
    picture: Callable[..., None], name: str, step: str, keys: tuple[str, ...], size: str
) -> None:
    make_build_dir()
    project = None if step == "start" else TWO
    build = Path("build")
    picture(f"build-{name}-{size}", project, SIZES[size], keys, begin=step, out=build)


@pytest.mark.parametrize("size", SIZES)
def test_a_draft(picture: Callable[..., None], size: str) -> None:
    leave_a_draft()
    picture(f"start-draft-{size}", None, SIZES[size], (), begin="start")


@pytest.mark.parametrize("step", ["start", "guests", "memory", "review"])
def test_ascii_alone(
    picture: Callable[..., None], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(ScrollBar, "renderer", ScrollBar.renderer)
    name = f"{step}-ascii"
    picture(name, None if step == "start" else LAB, SMALL, (), begin=step, ascii_only=True)
    assert (TEXTS / f"{name}.txt").read_text().isascii()


@pytest.mark.parametrize("size", [(60, 16), (300, 80), (52, 12)])
def test_each_size(picture: Callable[..., None], size: tuple[int, int]) -> None:
    picture(f"guests-{size[0]}x{size[1]}", LAB, size, (), begin="guests")
