# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard first shows what is in the folder: settings, projects, drafts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake.trees import small
from tests.bitbake_parser import Parsed, parse_conf
from tests.tui.terminals import TMUX, Terminal
from tests.tui.test_tmux import terminal
from xentui.project.model import Host, Project
from xentui.session import Origin, Session

__all__ = ["terminal"]

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]

HAND = """\
MACHINE ??= "qemux86-64"
BUNDLED_XEN_GUESTS = "xen-guest-image-minimal:autostart vendor-os:external"
XEN_GUEST_VCPUS[xen-guest-image-minimal] = "2"
XEN_GUEST_MEMORY[vendor-os] = "128"
XEN_GUEST_EXTRA[vendor-os] = "console=hvc0"
"""


def bitbakes(build: Path) -> Parsed:
    conf = build / "conf/xentui.conf"
    files = {"conf/xentui.conf": conf.read_text()} if conf.exists() else {}
    parsed = parse_conf((build / "conf/local.conf").read_text(), files=files)
    return parsed.seen_by("xen-image-minimal")


@pytest.mark.parametrize(
    ("keys", "guests", "vcpus"),
    [
        ((), ["vendor-os:external", "xen-guest-image-minimal:autostart"], "2"),
        (("Right",), ["vendor-os:external", "xen-guest-image-minimal:autostart"], "2"),
        (("Right", "Right"), ["xen-guest-image-minimal:autostart"], "1"),
    ],
    ids=["take", "keep", "replace"],
)
def test_settings_in_the_users_files_become_what_was_answered(
    terminal: Terminal, tmp_path: Path, keys: tuple[str, ...], guests: list[str], vcpus: str
) -> None:
    build = small(tmp_path / "tree", HAND)
    terminal.start(f"--build-dir {build}", until="vendor-os:external")
    terminal.wait_for("Writes   conf/xentui.conf")
    pressed = ["Enter", "C-s", *keys, "Enter"]
    terminal.press("Enter", until="Writing would override 2 lines")
    terminal.press("C-s", until="Take over:")
    terminal.press(*keys, "Enter", until="Write        Back")
    terminal.press("Enter")
    pressed.append("Enter")
    terminal.wait_for("Type next")
    assert len(pressed) <= 8
    seen = bitbakes(build)
    assert sorted(seen.words("BUNDLED_XEN_GUESTS")) == guests
    assert seen.flag("XEN_GUEST_VCPUS", "xen-guest-image-minimal") == vcpus


def test_settings_made_by_hand_are_taken_over_by_mouse(terminal: Terminal, tmp_path: Path) -> None:
    build = small(tmp_path / "tree", HAND)
    terminal.start(f"--build-dir {build}", until="vendor-os:external")
    terminal.wait_for("Writes   conf/xentui.conf")
    terminal.click("enter Review", until="Writing would override 2 lines")
    # The key line has its place once the build directory has been read and examined.
    terminal.wait_for("4 Problems (1)")
    terminal.wait_for("w local.conf  x Rehearse  s Save as  ^s Write")
    terminal.click("^s Write", until="Take over:")
    terminal.click(" Take over   ", until="Write        Back")
    terminal.click(" Write   ", until="Type next")
    seen = bitbakes(build)
    assert "vendor-os:external" in seen.words("BUNDLED_XEN_GUESTS")
    assert seen.flag("XEN_GUEST_VCPUS", "xen-guest-image-minimal") == "2"


def test_the_project_file_here_is_what_enter_opens(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "board.toml").write_text('version = 1\n[host]\nmachine = "qemuarm64"\n')
    terminal.start()
    page = terminal.wait_for("board.toml")
    (chosen,) = (line for line in page.split("\n") if "▸" in line)
    assert "board.toml" in chosen
    terminal.press("Enter", until="xentui  board.toml")


def test_the_draft_of_another_folder_is_not_offered(
    terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    elsewhere = Session(Origin("empty", "", Project(Host("qemuarm64"))))
    elsewhere.type_text(("host", "memory"), "4096")
    assert elsewhere.autosave()
    elsewhere.drafts.close()
    terminal.start()
    page = terminal.wait_for("Writes   conf/xentui.conf")
    assert "draft" not in page.lower()


def test_one_file_that_fetches_every_layer_takes_six_keys(
    terminal: Terminal, tmp_path: Path
) -> None:
    terminal.start(until="Writes   conf/xentui.conf")
    terminal.press("Enter", until="Ready: 3 new")
    terminal.press("w", "Right", "Enter", until="xentui.kas.yml")
    terminal.press("C-s", until="Write        Back")
    terminal.press("Enter", until="Type next")
    assert (tmp_path / "xentui-out/xentui.kas.yml").is_file()
