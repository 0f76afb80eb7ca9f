# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Missing memory and disk space, and the amounts that fixes propose, to the MiB.

A PC with 1024 MiB in QEMU has 1004 left after Xen, one with 2048 has 2018, and a PV guest takes one
MiB in addition to its memory.
"""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of
from tests.rules.test_budget import project
from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.rules.budget import budget
from xentui.rules.check import check
from xentui.rules.finding import Finding


def guest(key: str, memory: int, *, starts: bool = True, more: str = "") -> str:
    tags = 'tags = ["autostart"]\n' if starts else ""
    return f"[guests.{key}]\nmemory = {memory}\n{tags}{more}"


def lacking(given: Project, assets: Assets | None = None) -> list[Finding]:
    return [one for one in check(given, assets or Assets()) if one.code.startswith("XT40")]


def labels(text: str) -> list[str]:
    """Return the fixes of the only memory problem."""
    (made,) = lacking(project(text))
    return [quick_fix.label for quick_fix in made.quick_fixes]


WEB = guest("web", 1024)
DB = guest("db", 400)
IDLE = guest("idle", 700, starts=False)
OWN = 'config_file = "own.cfg"\n'
VXN = "[containers]\nvxn = true\n"


@pytest.mark.parametrize("starts", [True, False])
def test_a_guest_that_needs_exactly_what_is_left_fits(starts: bool) -> None:
    assert (
        lacking(project(f"memory = 1024\ndom0_memory = 491\n{guest('web', 512, starts=starts)}"))
        == []
    )


@pytest.mark.parametrize(
    ("text", "reported", "proposed"),
    [
        (
            f"memory = 1024\n{guest('web', 512)}",
            (
                "XT401 The guest that starts automatically needs 513 MiB; Xen and Dom0 leave "
                "492 of 1024 MiB, 21 too few"
            ),
            {"Give the board 1536 MiB": {}, "Give web 480 MiB": {"web": 480}},
        ),
        (
            f"memory = 2048\n{WEB}{DB}{guest('mail', 400)}{IDLE}",
            (
                "XT401 The 3 guests that start automatically need 1827 MiB; Xen and Dom0 leave "
                "1506 of 2048 MiB, 321 too few"
            ),
            {
                "Give the board 3072 MiB": {},
                "Lower 3 guests to what fits": {"web": 832, "db": 320, "mail": 320},
            },
        ),
        (
            f"memory = 1024\ndom0_memory = 1003\n{guest('web', 512)}",
            (
                "XT401 The guest that starts automatically needs 513 MiB; Xen and Dom0 leave "
                "1 of 1024 MiB, 512 too few"
            ),
            {"Give the board 2048 MiB": {}},
        ),
        (
            f"memory = 1024\ndom0_memory = 1004\n{guest('web', 512)}",
            (
                "XT401 The guest that starts automatically needs 513 MiB; Xen and Dom0 leave "
                "0 of 1024 MiB, 513 too few"
            ),
            {"Give the board 2048 MiB": {}},
        ),
        (
            f"memory = 2048\n{WEB}{DB}{IDLE}",
            (
                "XT402 All guests at once need 621 MiB more than there is; those that start "
                "automatically fit"
            ),
            {
                "Give the board 3072 MiB": {},
                "Lower 3 guests to what fits": {"web": 720, "db": 272, "idle": 480},
            },
        ),
        (
            f"memory = 2048\n{VXN}{guest('web', 400)}{guest('idle', 800, starts=False)}",
            (
                "XT402 All guests at once need 209 MiB more than there is; those that start "
                "automatically fit"
            ),
            {
                "Give the board 3072 MiB": {},
                "Lower 2 guests to what fits": {"web": 320, "idle": 656},
            },
        ),
        (
            f"memory = 2048\n{VXN}{guest('web', 800)}{DB}{guest('idle', 80, starts=False)}",
            "XT404 With the guests running, the containers need 209 MiB more than there is",
            {
                "Give the board 3072 MiB": {},
                "Lower 2 guests to what fits": {"web": 656, "db": 320},
            },
        ),
        (
            f"memory = 1024\n{guest('idle', 512, starts=False)}",
            "XT406 idle needs 513 MiB, but Xen and Dom0 leave only 492",
            {"Give the board 1536 MiB": {}, "Give it 480 MiB": {"idle": 480}},
        ),
        (
            f"memory = 1024\ndom0_memory = 1004\n{guest('idle', 512, starts=False)}",
            "XT406 idle needs 513 MiB, but Xen and Dom0 leave only 0",
            {"Give the board 2048 MiB": {}},
        ),
        (
            f"memory = 1024\ndom0_memory = 1005\n{WEB}",
            "XT405 Dom0 (1005 MiB) and Xen (20 MiB) use all of the board's 1024 MiB",
            {"Give the board 3072 MiB": {}},
        ),
        (
            "memory = 1024\ndom0_memory = 1024\n",
            "XT405 Dom0 (1024 MiB) and Xen (20 MiB) use all of the board's 1024 MiB",
            {"Give the board 1536 MiB": {}},
        ),
    ],
)
def test_missing_memory_is_reported_with_fixes_that_suffice(
    text: str, reported: str, proposed: dict[str, dict[str, int]]
) -> None:
    given = project(text)
    made = lacking(given)[0]
    assert f"{made.code} {made.message}" == reported
    assert [quick_fix.label for quick_fix in made.quick_fixes] == list(proposed)
    for quick_fix in made.quick_fixes:
        fixed = quick_fix.apply(given)
        before = {one.key: one.memory for one in given.guests}
        assert {one.key: one.memory for one in fixed.guests} == before | proposed[quick_fix.label]
        assert made.code not in {one.code for one in lacking(fixed)}


def test_without_guests_dom0_may_use_all_memory() -> None:
    assert lacking(project("memory = 1024\ndom0_memory = 1004\n")) == []
    (made,) = lacking(project("memory = 1024\ndom0_memory = 1005\n"))
    assert made.code == "XT405"


@pytest.mark.parametrize(
    ("dom0", "proposed"),
    [
        (907, ["Give web 96 MiB"]),
        (908, ["Give web 80 MiB"]),
        (923, ["Give web 80 MiB"]),
        (924, ["Give web 64 MiB"]),
        (939, ["Give web 64 MiB"]),
        (940, []),
    ],
)
def test_no_guest_is_lowered_below_64_mib(dom0: int, proposed: list[str]) -> None:
    text = f"memory = 1024\ndom0_memory = {dom0}\n{guest('web', 512)}"
    assert labels(text)[1:] == proposed


@pytest.mark.parametrize(
    ("memory", "board"),
    [
        # The missing amount, 2 % of it and 2 MiB are added to the present amount.
        (990, 1536),
        (991, 1536),
        (992, 2048),
        (1493, 2048),
        (1494, 3072),
        (2497, 3072),
        (2498, 4096),
    ],
)
def test_the_smallest_board_with_enough_memory_is_proposed(memory: int, board: int) -> None:
    assert labels(f"memory = 1024\n{guest('web', memory)}")[0] == f"Give the board {board} MiB"


@pytest.mark.parametrize(
    ("memory", "guests", "board"),
    [(12_582_912, 11, "Give the board 16777216 MiB"), (16_777_216, 16, None)],
)
def test_no_board_is_proposed_beyond_the_schemas_limit(
    memory: int, guests: int, board: str | None
) -> None:
    large = "".join(guest(f"g{number}", 1_048_576) for number in range(guests))
    proposed = labels(f"memory = {memory}\ndom0_memory = 1048576\n{large}")
    assert [label for label in proposed if "board" in label] == ([board] if board else [])


def test_a_guest_with_its_own_config_keeps_its_settings() -> None:
    own = guest("own", 300, more=OWN)
    read = Assets(texts={"own.cfg": "memory = 300\n"})
    given = project(f"memory = 1024\n{own}{guest('web', 300)}")
    (made,) = lacking(given, read)
    assert [quick_fix.label for quick_fix in made.quick_fixes] == [
        "Give the board 1536 MiB",
        "Give web 176 MiB",
    ]
    alone = project(f"memory = 1024\n{guest('own', 600, more=OWN)}")
    (made,) = lacking(alone, Assets(texts={"own.cfg": "memory = 600\n"}))
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Give the board 1536 MiB"]
    crowded = project(f"memory = 1024\n{own}{guest('web', 64)}")
    (made,) = lacking(crowded, Assets(texts={"own.cfg": "memory = 491\n"}))
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Give the board 1536 MiB"]


def test_with_unknown_memory_nothing_is_lacking() -> None:
    made = budget(project(WEB, "raspberrypi4-64"))
    assert (made.lacking, made.lacking_all, made.fits, made.fits_all) == (0, 0, True, True)
    made = budget(project(f"memory = 2048\n{WEB}{DB}{IDLE}"))
    assert (made.lacking, made.lacking_all, made.fits, made.fits_all) == (0, 621, True, False)


@pytest.mark.parametrize(
    ("guests", "message"),
    [
        (15, None),
        (
            16,
            (
                "The guests' images take about 2097152 KB of Dom0's root file system, whose recipe "
                "keeps 2000000"
            ),
        ),
    ],
)
def test_images_of_unknown_size_are_estimated(guests: int, message: str | None) -> None:
    made = findings_of("XT358", "".join(f"[guests.g{number}]\n" for number in range(guests)))
    assert [one.message for one in made] == ([message] if message else [])


def board_of(memory: int, wanted: int) -> str:
    return (
        f'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = {memory}\nnetwork = "nat"\n'
        f'[guests.web]\ntags = ["autostart"]\nmemory = {wanted}\n'
    )


SIZES = (1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384)


@pytest.mark.parametrize("wanted", [500, 700, 990, 1100, 1500, 2100, 3100, 5000, 7300, 11500])
def test_the_smallest_usual_board_is_proposed_that_is_large_enough(wanted: int) -> None:
    (made,) = findings_of("XT401", board_of(1024, wanted))
    (label,) = [one.label for one in made.quick_fixes if one.label.startswith("Give the board")]
    size = int(label.split()[-2])
    assert size in SIZES
    for board in SIZES:
        fits = not findings_of("XT401", board_of(board, wanted))
        # The proposal leaves some reserve, so it may be the next larger one.
        assert fits or board < size
        assert not fits or board >= size or SIZES.index(size) == SIZES.index(board) + 1


def test_a_proposed_board_has_memory_for_dom0() -> None:
    text = (
        'version = 1\n[host]\nmachine = "qemuarm64"\nmemory = 2048\ndom0_memory = 4096\n'
        'network = "nat"\n'
    )
    (made,) = findings_of("XT405", text)
    assert made.message == "Dom0 (4096 MiB) and Xen (38 MiB) use all of the board's 2048 MiB"
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Give the board 6144 MiB"]
