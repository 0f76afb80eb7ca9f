# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Unknown boards, and containers on the host."""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of


@pytest.mark.parametrize(
    ("machine", "fix"),
    [
        (
            "qemux86-46",
            (
                "Did you mean qemux86-64? Otherwise: Set boot_mode to the way its firmware starts"
                " Xen; xentui explain XT102 says how to find it. Its processor is assumed to be"
                " x86-64; if that is wrong, describe the board in your own board file."
            ),
        ),
        (
            "zzz",
            (
                "Set boot_mode to the way its firmware starts Xen; xentui explain XT102 says how to"
                " find it. Its processor is assumed to be aarch64; if that is wrong, describe the"
                " board in your own board file."
            ),
        ),
    ],
)
def test_a_similar_board_is_proposed_for_an_unknown_one(machine: str, fix: str) -> None:
    (made,) = findings_of("XT102", f'version = 1\n[host]\nmachine = "{machine}"\n')
    assert made.message == f"xentui does not know the board {machine}"
    assert made.fix == fix


@pytest.mark.parametrize(
    ("frontends", "message"),
    [
        (["vdkr"], "vdkr start containers through vxn, which is off"),
        (["vdkr", "podman"], "vdkr, podman start containers through vxn, which is off"),
    ],
)
def test_front_ends_without_vxn_are_reported(frontends: list[str], message: str) -> None:
    (made,) = findings_of("XT504", f"[containers]\nfrontends = {frontends}\n")
    assert made.message == message
