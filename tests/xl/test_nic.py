# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Network interfaces in xl's syntax, and static addresses on the kernel command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.xl_configs import VIFS
from xentui.xl import ip_argument, nic


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("bridge=xenbr0", {"bridge": "xenbr0"}),
        (" mac=00:16:3e:00:00:01, bridge=xenbr1", {"mac": "00:16:3e:00:00:01", "bridge": "xenbr1"}),
        ("bridge=a,bridge=b", {"bridge": "b"}),
        ("trusted,ip=10.0.0.1", {"trusted": "", "ip": "10.0.0.1"}),
        ("", {}),
    ],
)
def test_an_entry_is_read_and_written(spec: str, parts: dict[str, str]) -> None:
    assert nic.as_dict(spec) == parts
    assert nic.as_dict(nic.write(parts)) == parts


_NAMES = st.sampled_from([*nic.SETTINGS, *nic.FLAGS])
_VALUES = st.text("abc019:./=@-_", min_size=1, max_size=12)


@given(st.dictionaries(_NAMES, _VALUES))
def test_any_settings_are_read_back_from_their_entry(parts: dict[str, str]) -> None:
    parts = {name: "" if name in nic.FLAGS else text for name, text in parts.items()}
    assert nic.as_dict(nic.write(parts)) == parts


@given(VIFS)
def test_any_entry_is_split_at_its_commas(spec: str) -> None:
    for name, text in nic.as_dict(spec).items():
        assert "," not in name + text
        assert nic.value(spec, name) in (text, None)


def test_a_value_with_a_comma_is_not_written() -> None:
    with pytest.raises(ValueError, match="comma"):
        nic.write({"bridge": "a,b"})


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (
            ("192.168.1.20/24", "192.168.1.1"),
            "ip=192.168.1.20::192.168.1.1:255.255.255.0::eth0:off",
        ),
        (("10.0.2.20/24",), "ip=10.0.2.20:::255.255.255.0::eth0:off"),
        (("10.0.0.2/8", "10.1.0.1", "eth1", "web"), "ip=10.0.0.2::10.1.0.1:255.0.0.0:web:eth1:off"),
        (("10.0.0.1/31", "10.0.0.0"), "ip=10.0.0.1::10.0.0.0:255.255.255.254::eth0:off"),
    ],
)  # fmt: skip
def test_a_static_address_is_an_argument_of_the_kernel(
    arguments: tuple[str, ...], word: str
) -> None:
    assert ip_argument.ip_argument(*arguments) == word


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("192.168.1.20",), "prefix"),
        (("192.168.1.256/24",), "not an IPv4 address"),
        (("192.168.1.0/24",), "address of the network"),
        (("192.168.1.255/24",), "broadcast"),
        (("192.168.1.20/24", "192.168.2.1"), "not in the network 192.168.1.0/24"),
        (("192.168.1.20/24", "router"), "not an IPv4 address"),
        (("192.168.1.20/24", "", "eth0:1"), "device"),
        (("192.168.1.20/24", "", "192.168.8.1"), "network device"),
        (("192.168.1.20/24", "", "eth0", "a b"), "hostname"),
        (("::1/64",), "not an IPv4 address"),
    ],
)
def test_an_invalid_static_address_is_refused_with_a_reason(
    arguments: tuple[str, ...], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        ip_argument.ip_argument(*arguments)


def test_an_address_replaces_the_previous_one() -> None:
    extra = "root=/dev/xvda ip=dhcp console=hvc0"
    assert (
        ip_argument.with_argument(extra, "ip=1.2.3.4") == "root=/dev/xvda console=hvc0 ip=1.2.3.4"
    )
    assert ip_argument.with_argument(extra, "") == "root=/dev/xvda console=hvc0"


@pytest.mark.parametrize("text", ["192.168.7.50", "192.168.7.0/24", "10.0.0.1 10.0.0.2"])
def test_an_interface_has_ipv4_addresses_and_networks(text: str) -> None:
    assert nic.why_unusable("ip", text) == ""


@pytest.mark.parametrize(
    "text", ["00:16:3e:zz:01:02", "192.168.8.300", "fe80::1", "web", "10.0.0.1 x", ""]
)
def test_an_interface_has_no_other_address(text: str) -> None:
    assert "not an IPv4 address" in nic.why_unusable("ip", text)


@pytest.mark.parametrize(
    ("text", "known"), [("e1000", True), ("virtio-net", True), ("netfront", False)]
)
def test_a_model_is_a_card_that_qemu_emulates(text: str, known: bool) -> None:
    assert (nic.why_unusable("model", text) == "") == known


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("ip=dhcp", ""),
        ("ip=:::::eth0:dhcp", ""),
        ("ip=192.168.1.20::192.168.1.1:255.255.255.0:web:eth0:off", ""),
        ("ip=10.0.0.2:::255.0.0.0::eth0:off:10.0.0.1:10.0.0.1", ""),
        ("ip=192.168.7.9/24", "address"),
        ("ip=10.0.0.2::router:255.0.0.0", "gateway"),
        ("ip=10.0.0.2::::web:192.168.8.1", "network device"),
        ("ip=10.0.0.2::::web:eth0:maybe", "maybe"),
    ],
)
def test_an_invalid_argument_of_the_kernel_is_reported(word: str, why: str) -> None:
    problem = ip_argument.argument_error(word)
    assert why in problem
    assert bool(problem) == bool(why)
