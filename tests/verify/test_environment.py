# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading the output of ``bitbake -e``, compared with the data that BitBake printed it from."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import bitbake_parser
from tests.budget import examples
from xentui.verify.environment import Environment, Event, effective_events, parse

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture(scope="module")
def recorded_environment() -> Environment:
    return parse((RECORDED / "configuration.txt").read_text(encoding="utf-8"))


def data_and_output(text: str) -> tuple[Any, str]:
    """Return BitBake's data for a conf text, and the output of ``bitbake -e`` for it."""
    bb = bitbake_parser.bitbake_modules()
    data = bb.data.init()
    data.enableTracking()
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "a.conf")
        path.write_text(text, encoding="utf-8")
        data.setVar("BBPATH", name)
        bb.parse.clear_cache()
        data = bb.parse.handle(str(path), data, True)
        printed = io.StringIO()
        data.inchistory.emit(printed)
        printed.write("\n")
        bb.data.emit_env(printed, data, all=True)
    return data, printed.getvalue()


def test_values_flags_and_their_origin(recorded_environment: Environment) -> None:
    machine = recorded_environment.get("MACHINE")
    assert machine is not None
    assert (machine.value, machine.raw) == ("qemux86-64", "qemux86-64")
    assert machine.events[0] == Event("set", "", "/build/conf/xentui.conf", 7, "qemux86-64")
    memory = recorded_environment.get("XEN_GUEST_MEMORY")
    assert memory is not None
    assert memory.value is None
    assert memory.flag("vendor") == "128"
    assert memory.flag("xen-guest-image-minimal") == "999"
    assert memory.flag("none-such") is None
    features = recorded_environment.get("DISTRO_FEATURES")
    assert features is not None
    assert "virtualization" not in (features.value or "").split()
    assert features.raw == (
        " xen systemd virtualization systemd usrmerge "
        "${@oe.utils.filter_default_features('DISTRO_FEATURES', d)}"
    )
    assert Event(":remove", "", "/build/conf/local.conf", 30, "virtualization") in features.events


def test_exported_and_unset_variables_are_read_too(recorded_environment: Environment) -> None:
    home = recorded_environment.get("HOME")
    assert home is not None
    assert home.value == "/build/home"
    assert home.events[0].operation == "from env"
    install = recorded_environment.get("IMAGE_INSTALL")
    assert install is not None
    assert install.value is None
    assert recorded_environment.get("NO_SUCH_VARIABLE") is None


def test_overrides_and_files(recorded_environment: Environment) -> None:
    assert {"x86-64", "qemux86-64", "class-target"} <= recorded_environment.overrides
    assert "/build/conf/xentui.conf" in recorded_environment.included
    assert recorded_environment.included[0] == "/build/conf/bblayers.conf"


@pytest.mark.parametrize("text", ["", "ERROR: no\n", "#\n", "#\n# $A", "#\n# $A\n#   set", "\0"])
def test_other_output_is_ignored(text: str) -> None:
    assert not any(variable.events for variable in parse(text).variables.values())


VALUE = st.text(st.sampled_from("ab #$[]{}':`\\=%é"), max_size=12).filter(
    lambda value: not value.endswith("\\") and "${" not in value
)
NAMES = st.sampled_from(["A", "B_C", "D-e", "F.g"])
FLAGS = st.sampled_from(["", "[one]", "[two.x]", "[three-y]"])
OPERATORS = st.sampled_from(["=", "?=", "??=", ":=", "+=", "=+", ".=", "=."])
STATEMENTS = st.builds(
    lambda name, flag, operator, value: f'{name}{flag} {operator} "{value}"\n',
    NAMES, FLAGS, OPERATORS, VALUE,
)  # fmt: skip
LATER = st.builds(
    lambda name, how, value: f'{name}:{how} = "{value}"\n',
    NAMES, st.sampled_from(["append", "prepend", "remove", "append:over", "pn-x"]), VALUE,
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.one_of(STATEMENTS, LATER), min_size=1, max_size=12))
def test_values_and_flags_equal_bitbakes(statements: list[str]) -> None:
    data, printed = data_and_output("".join(statements))
    seen = parse(printed)
    for name in ("A", "B_C", "D-e", "F.g"):
        value = data.getVar(name)
        variable = seen.get(name)
        if variable is None:
            assert value is None
            assert not data.getVarFlags(name)
            continue
        assert variable.value == value
        for flag in ("one", "two.x", "three-y"):
            assert variable.flag(flag) == data.getVarFlag(name, flag, expand=False)


@pytest.mark.parametrize("unset", ["unset A", "unset A[one]"])
def test_unset_removes_flags_as_bitbake_does(unset: str) -> None:
    data, printed = data_and_output(f'A[one] = "x"\n{unset}\nA = "1"\n')
    variable = parse(printed).variables["A"]
    assert variable.flag("one") is data.getVarFlag("A", "one", expand=False) is None


def test_of_two_defaults_the_first_is_effective() -> None:
    data, printed = data_and_output('A ?= "1"\nA ?= "2"\nA .= "3"\n')
    events = effective_events(parse(printed).variables["A"])
    assert [event.detail for event in events] == ["3", "1"]
    assert data.getVar("A") == "13"


def test_a_value_that_looks_like_output_is_not_parsed() -> None:
    bb = bitbake_parser.bitbake_modules()
    data = bb.data.init()
    data.enableTracking()
    tricky = 'one\n# $B\n#   set /x:1\n#     "two"\n\nB="no" \\\n"\n'
    data.setVar("A", tricky)
    data.setVar("B", "yes")
    printed = io.StringIO()
    bb.data.emit_env(printed, data, all=True)
    seen = parse(printed.getvalue())
    first, second = seen.get("A"), seen.get("B")
    assert first is not None
    assert second is not None
    assert second.value == "yes"
    assert (first.value or "").split("\n")[0] == "one"
