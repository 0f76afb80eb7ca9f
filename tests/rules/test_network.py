# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings about network interfaces, and the interfaces after their fixes."""

from __future__ import annotations

import pytest

from tests.rules.case import findings_of, project_of
from xentui.project.assets import Assets
from xentui.project.model import Guest, Host, Project
from xentui.rules.check import check


def guest(*vif: str, key: str = "web") -> str:
    entries = ", ".join(f'"{one}"' for one in vif)
    return f"[guests.{key}]\nvif = [{entries}]\n"


@pytest.mark.parametrize(
    ("code", "vif", "label", "fixed"),
    [
        (
            "XT222",
            ("mac=00:16:3e:00:00:01,type=ioemu,bridge=xenbr0", "type=ioemu", "devid=3,type=ioemu"),
            "Remove type=ioemu",
            ("mac=00:16:3e:00:00:01,bridge=xenbr0", "bridge=xenbr0", "devid=3"),
        ),
        (
            "XT223",
            ("mac=00:16:3e:00:00:01,bridge=br1,devid=2", "bridge=br10", "bridge=br1"),
            "Put web on xenbr0",
            ("mac=00:16:3e:00:00:01,bridge=xenbr0,devid=2", "bridge=br10", "bridge=xenbr0"),
        ),
        (
            "XT224",
            ("bridge=xenbr0,devid=1", "bridge=xenbr0,devid=12", "devid=1,bridge=xenbr0"),
            "Remove devid=1",
            ("bridge=xenbr0", "bridge=xenbr0,devid=12", "bridge=xenbr0"),
        ),
        (
            "XT218",
            ("bridge=xenbr0", "mac=00:16:3e:00:00:0a", "bridge=xenbr0,mac=00:16:3E:00:00:0A"),
            "Remove mac=00:16:3E:00:00:0A",
            ("bridge=xenbr0", "mac=00:16:3e:00:00:0a", "bridge=xenbr0"),
        ),
    ],
)
def test_a_fix_changes_only_its_part_of_an_interface(
    code: str, vif: tuple[str, ...], label: str, fixed: tuple[str, ...]
) -> None:
    made = findings_of(code, guest(*vif))[0]
    assert [quick_fix.label for quick_fix in made.quick_fixes] == [label]
    assert made.quick_fixes[0].apply(project_of(guest(*vif))).guest("web").vif == fixed


@pytest.mark.parametrize(
    ("code", "prefixes"),
    [
        ("", "12:00:00 1e:00:00 fe:00:00 02:00:00 06:00:00 00:16:3e 00:16:3E"),
        ("XT219", "ff:00:00 11:00:00 a1:00:00 03:00:00 01:16:3e"),
        ("XT220", "10:00:00 fc:00:00 04:00:00 00:16:3f"),
    ],
)
def test_an_address_that_is_multicast_or_of_a_real_card_is_reported(
    code: str, prefixes: str
) -> None:
    for prefix in prefixes.split():
        text = guest("bridge=xenbr0", f"mac={prefix}:00:00:01")
        made = [*findings_of("XT219", text), *findings_of("XT220", text)]
        assert [one.code for one in made] == ([code] if code else []), prefix


def test_an_address_is_unique_among_all_interfaces_of_all_guests() -> None:
    text = guest("bridge=xenbr0", "mac=no", "mac=00:16:3e:00:00:01")
    text += guest("bridge=xenbr0", "mac=00:16:3e:00:00:02", "mac=00:16:3e:00:00:01", key="db")
    (made,) = findings_of("XT218", text)
    assert made.path == "guests.db.vif"
    assert made.message == "db and web have the same MAC address 00:16:3e:00:00:01"


KEYS = (
    "mac, bridge, gatewaydev, type, model, vifname, script, ip, backend, rate, devid, mtu, vlan, "
    "forwarddev"
)


@pytest.mark.parametrize(
    ("vif", "fix"),
    [
        ("qqqq", f"Write key=value, where key is one of {KEYS}."),
        ("zzz=1", f"Write key=value, where key is one of {KEYS}."),
        ("xenbr1", "Did you mean bridge=xenbr1?"),
        ("br0", "Did you mean bridge=br0?"),
        ("brigde=xenbr0", "Did you mean bridge=?"),
        ("mac", "Write mac= with a value."),
        ("script", "Write script= with a value."),
        ("netdev=eth0", "Use gatewaydev=."),
        ("accel=x", "Remove accel."),
        ("tpye=vif", "Did you mean type=?"),
    ],
)
def test_xl_keys_are_listed_where_no_key_is_similar(vif: str, fix: str) -> None:
    (made,) = findings_of("XT216", guest(vif))
    assert made.fix == fix


def test_every_bridge_is_reported_once() -> None:
    made = findings_of("XT223", guest("bridge=br1", "bridge=br2", "bridge=br1", "bridge=xenbr0"))
    assert [one.message for one in made] == [
        'Dom0 has no bridge "br1": the image creates only xenbr0',
        'Dom0 has no bridge "br2": the image creates only xenbr0',
    ]


def test_a_driver_domain_has_its_own_bridge() -> None:
    assert findings_of("XT223", guest("bridge=br1,backend=net")) == []


def test_an_empty_devid_is_refused_but_not_a_duplicate() -> None:
    vif = ("bridge=xenbr0", "devid=,bridge=xenbr0", "devid=,bridge=xenbr0")
    assert findings_of("XT224", guest(*vif)) == []
    assert [one.fix for one in findings_of("XT221", guest(*vif))] == [
        "Correct the value, or remove devid."
    ] * 2


def test_interfaces_of_the_users_config_are_reported_and_not_touched() -> None:
    config = "vif = ['bridge=br7,type=ioemu', 'mac=01:00:00:00:00:01']\n"
    for code in ("XT219", "XT222", "XT223"):
        (made,) = findings_of(
            code, '[guests.web]\nconfig_file = "web.cfg"\n', Assets(texts={"web.cfg": config})
        )
        assert (made.path, made.quick_fixes) == ("guests.web.config_file", ())


@pytest.mark.parametrize(("machine", "many"), [("qemux86-64", True), ("raspberrypi4-64", False)])
def test_only_qemus_user_network_runs_out_of_addresses(machine: str, many: bool) -> None:
    guests = tuple(
        Guest(f"g{number}", memory=32, extra="root=/dev/xvda console=hvc0 ip=dhcp")
        for number in range(20)
    )
    project = Project(Host(machine, memory=8192, network="bridged"), guests=guests)
    assert ("XT229" in {finding.code for finding in check(project)}) is many


IOEMU = '[guests.web]\nvif = ["bridge=xenbr0,type=ioemu"]\n'


OWN = '[guests.web]\nconfig_file = "web.cfg"\n{0}'


@pytest.mark.parametrize(
    ("text", "config", "codes"),
    [
        (IOEMU, None, ["XT222"]),
        (IOEMU + 'type = "hvm"\n', None, []),
        (OWN.format(""), "type = 'hvm'\nvif = ['type=ioemu']\n", []),
        (OWN.format(""), "type = 'pv'\nvif = ['type=ioemu']\n", ["XT222"]),
        (OWN.format(""), "vif = ['type=ioemu']\n", ["XT222"]),
    ],
)
def test_an_emulated_card_needs_the_effective_type_hvm(
    text: str, config: str | None, codes: list[str]
) -> None:
    assets = Assets(texts={"web.cfg": config} if config is not None else {})
    made = findings_of("XT222", text, assets)
    assert [one.code for one in made] == codes
    if config is not None:
        assert all(one.quick_fixes == () for one in made), "the user's own config is not changed"


@pytest.mark.parametrize(
    ("rate", "fine"),
    [
        ("10Mb/s", True), ("250KB/s", True), ("1MB/s@20ms", True), ("1Gb/s", True), ("9b/s", True),
        ("1MB/s@20us", True), ("1MB/s@20s", True), ("1MB/s@20", True), ("10", False),
        ("10Mb", False), ("10Tb/s", False), ("1MB/s@", False), ("-1Mb/s", False),
        ("10Mb/sec", False),
    ],
)  # fmt: skip
def test_rates_as_xl_reads_them(rate: str, fine: bool) -> None:
    assert (findings_of("XT221", guest(f"bridge=xenbr0,rate={rate}")) == []) is fine
