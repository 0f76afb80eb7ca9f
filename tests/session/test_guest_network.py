# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Typing a static address: a wrong one is kept, an empty one restores the default."""

from __future__ import annotations

import pytest

from tests.sessions import session_of
from xentui.errors import XentuiError
from xentui.project.model import Guest, Host, Project
from xentui.session import Session, guest_network
from xentui.session.guest_network import type_address
from xentui.xl.ip_argument import StaticAddress

PATH = ("guests", "web", "extra")
OWN = "root=/dev/xvda ro ip=dhcp console=hvc0"


def session(extra: str | None = OWN) -> Session:
    project = Project(Host("qemux86-64", memory=4096), guests=(Guest("web", extra=extra),))
    return session_of(project)


@pytest.mark.parametrize(
    "wanted",
    [
        StaticAddress("10.0.0.300/24"),
        StaticAddress("192.168.7.9", "192.168.7.1"),
        StaticAddress("192.168.7.9/24", "192.168.8.1", "eth0"),
        StaticAddress("192.168.7.9/24", "", "192.168.8.1"),
        StaticAddress("::1/64", "a b", "100%"),
    ],
)
def test_a_wrong_address_is_kept_and_prevents_writing(wanted: StaticAddress) -> None:
    made = session()
    problem = type_address(made, "web", wanted, OWN)
    assert problem
    assert guest_network.invalid_address(made, "web") == (wanted, problem)
    assert made.project.guest("web").extra == OWN
    assert [one.path for one in made.view.errors if not one.code] == ["guests.web.extra"]
    with pytest.raises(XentuiError):
        made.write()


def test_the_right_address_replaces_the_wrong_one() -> None:
    made = session()
    type_address(made, "web", StaticAddress("10.0.0.3"), OWN)
    assert not type_address(made, "web", StaticAddress("10.0.0.3/24"), OWN)
    assert not made.state.invalid_texts
    assert made.project.guest("web").extra == (
        "root=/dev/xvda ro console=hvc0 ip=10.0.0.3:::255.255.255.0:web:eth0:off"
    )


@pytest.mark.parametrize("extra", [OWN, None, "root=/dev/xvda ro", "", "ip=:::::eth0:dhcp quiet"])
def test_clearing_an_address_restores_the_command_line_before_it(extra: str | None) -> None:
    made = session(extra)
    assert not type_address(made, "web", StaticAddress("10.0.0.3/24"), extra)
    assert made.project.guest("web").extra != extra
    type_address(made, "web", StaticAddress("10.0.0."), extra)
    assert not type_address(made, "web", StaticAddress(), extra)
    assert made.project.guest("web").extra == extra
    assert not made.state.invalid_texts


def test_clearing_an_address_keeps_other_changes_of_the_command_line() -> None:
    made = session()
    type_address(made, "web", StaticAddress("10.0.0.3/24"), OWN)
    made.set_value(PATH, f"{made.project.guest('web').extra} quiet")
    type_address(made, "web", StaticAddress(), OWN)
    assert made.project.guest("web").extra == "root=/dev/xvda ro console=hvc0 quiet ip=dhcp"


@pytest.mark.parametrize("wanted", [StaticAddress("", "10.0.0.1"), StaticAddress("", "", "eth1")])
def test_a_gateway_without_address_changes_no_command_line(wanted: StaticAddress) -> None:
    made = session()
    assert "address too" in type_address(made, "web", wanted, OWN)
    assert made.project.guest("web").extra == OWN
    assert not type_address(made, "web", StaticAddress(), OWN)
    assert not made.changed


def test_an_address_in_the_file_can_be_reset_to_the_default() -> None:
    made = session("root=/dev/xvda ro ip=10.0.0.3:::255.255.255.0:web:eth0:off")
    before = guest_network.original_extra(made, "web")
    assert before is None
    type_address(made, "web", StaticAddress(), before)
    assert "ip=dhcp" in guest_network.command_line(made, "web").split()


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("bridge=xenbr0,mac=00:16:3e:00:00:01,model=e1000,ip=192.168.7.9", ""),
        ("bridge=xenbr0,ip=00:16:3e:zz:01:02", "00:16:3e:zz:01:02"),
        ("mac=00:16:3e:zz:01:02", "00:16:3e:zz:01:02"),
        ("model=br1", "br1"),
    ],
)
def test_an_invalid_part_of_an_interface_is_named(entry: str, wrong: str) -> None:
    problem = guest_network.interface_problem(entry)
    assert wrong in problem
    assert bool(problem) == bool(wrong)
