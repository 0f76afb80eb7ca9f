# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Values set with ``--set``."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from tests.strategies import hostile_text, projects
from xentui.errors import UsageError
from xentui.project import overrides, tables
from xentui.project.model import Bundle, Fetch, Guest, Host, Project, Source

DATA: dict[str, Any] = {
    "version": 1,
    "host": {"machine": "m"},
    "guests": {"alpine": {"memory": 128, "vif": ["a"]}},
}


@pytest.mark.parametrize(
    ("assignment", "path", "value"),
    [
        ("guests.alpine.memory=256", ("guests", "alpine", "memory"), 256),
        ("guests.alpine.memory = 256", ("guests", "alpine", "memory"), 256),
        ('guests."xen-guest".memory=256', ("guests", "xen-guest", "memory"), 256),
        ("guests.'xen-guest'.vcpus=2", ("guests", "xen-guest", "vcpus"), 2),
        ("guests.n.tags=autostart external", ("guests", "n", "tags"), ["autostart", "external"]),
        ("guests.new.tags=", ("guests", "new", "tags"), []),
        ("guests.alpine.vif=", ("guests", "alpine", "vif"), []),
        ("guests.alpine.vif=b=1 b=2,m=3", ("guests", "alpine", "vif"), ["b=1", "b=2,m=3"]),
        ('guests.alpine.vif=["b=1", "b=2"]', ("guests", "alpine", "vif"), ["b=1", "b=2"]),
        ("guests.alpine.extra=a=b c=d", ("guests", "alpine", "extra"), "a=b c=d"),
        ("guests.alpine.source.type=raw", ("guests", "alpine", "source", "type"), "raw"),
        ('bundles."a.b".version=2', ("bundles", "a.b", "version"), "2"),
        ("bundles.a+b={}", ("bundles", "a+b"), {}),
        ("guests.alpine={}", ("guests", "alpine", "memory"), 128),
        ("guests.a.source.fetch[0].uri=file://x", ("guests", "a", "source", "fetch", 0, "uri"), "file://x"),
        ("guests.a.source={}", ("guests", "a", "source"), {}),
        ("guests.a.disks[0].file=x", ("guests", "a", "disks", 0, "file"), "x"),
        (
            'guests.a.disks=[{ device = "xvdb", size = 4 }, { device = "xvdc", file = "x" }]',
            ("guests", "a", "disks", 1, "file"),
            "x",
        ),
        ('guests.a.source={ type = "raw", file = "x" }', ("guests", "a", "source", "file"), "x"),
        ('guests.a.disks[0]={ device = "xvdb" }', ("guests", "a", "disks", 0, "device"), "xvdb"),
        ("guests.a.xl={ cap = 50 }", ("guests", "a", "xl", "cap"), 50),
        ("guests={ b = { memory = 64 } }", ("guests", "b", "memory"), 64),
        ("guests.a.xl.on_crash=preserve", ("guests", "a", "xl", "on_crash"), "preserve"),
        ("guests.a.xl.localtime=1", ("guests", "a", "xl", "localtime"), 1),
        ('guests.a.xl.usbdev=["a", "b"]', ("guests", "a", "xl", "usbdev"), ["a", "b"]),
        ("guests.a.xl.x=1 # 2", ("guests", "a", "xl", "x"), "1 # 2"),
        ("guests.a.xl.x=1\ny = 2", ("guests", "a", "xl", "x"), "1\ny = 2"),
        ("guests.a.xl.x=1,", ("guests", "a", "xl", "x"), "1,"),
        ("import_types.x.script=x.sh", ("import_types", "x", "script"), "x.sh"),
        ("containers.vxn=true", ("containers", "vxn"), True),
        ("host.network=nat", ("host", "network"), "nat"),
        ("preset.title=A title", ("preset", "title"), "A title"),
        ("defaults.memory=64", ("defaults", "memory"), 64),
    ],
)  # fmt: skip
def test_a_value_is_converted_to_the_type_of_its_field(
    assignment: str, path: tuple[str, ...], value: Any
) -> None:
    before = copy.deepcopy(DATA)
    found: Any = overrides.apply(DATA, [assignment])
    for step in path:
        found = found[step]
    assert found == value
    assert type(found) is type(value)
    assert before == DATA


def test_a_later_assignment_takes_precedence() -> None:
    made = overrides.apply({}, ["host.memory=1", "host.memory=2"])
    assert made == {"host": {"memory": 2}}


@pytest.mark.parametrize(
    ("assignment", "message", "fix"),
    [
        ("", "sets nothing", "guests.alpine.memory=256"),
        ("=", "sets nothing", ""),
        ("host.memory", "sets nothing", ""),
        ("host..memory=1", "sets nothing", ""),
        ('host."memory=1', "sets nothing", ""),
        ("host.memory x=1", "sets nothing", ""),
        ("guest.alpine.memory=1", "not a setting", "Did you mean guests?"),
        ("guests.alpine.memry=1", "not a setting", "Did you mean memory?"),
        ("guests.alpine.source.flie=1", "not a setting", "Did you mean file?"),
        ("guests.alpine.source.fetch=1", "not one value", ""),
        ("guests.alpine.source=1", "not one value", ""),
        ("guests.alpine.source.fetch.uri=x", "not a setting", "fetch[0]"),
        ("guests.alpine.source.fetch[1].uri=x", "has 0 entries", "guests.alpine.source.fetch[0]"),
        ("guests.alpine.disks[5]={}", "has 0 entries", "guests.alpine.disks[0] to add one"),
        ('guests.alpine.disks[5]={ device = "xvdb" }', "has 0 entries", "disks[0] to add one"),
        ("guests.alpine.source={} # x", "not one value", ""),
        ('guests.alpine.vif=["a"]\nx = 1', "not a list of texts", ""),
        ('guests.alpine.vif=["a"]]\nx = [1', "not a list of texts", ""),
        ("guests[0].memory=1", "not a setting", "guests.NAME"),
        ("[0]=1", "not a setting", "Use one of"),
        ("guests.alpine=1", "is a table", "{}"),
        ("host=1", "is a table", "Set a value in it"),
        ("version=1", "not a setting", "Use one of"),
        ("a.b.c.d.e=1", "not a setting", "Use one of"),
        ("host.memory=much", "whole number", ""),
        ("host.memory=1.0", "whole number", ""),
        ("containers.vxn=yes", "true or false", ""),
        ("guests.alpine.vif=[1]", "not a list of texts", ""),
        ('guests.alpine.vif=["a"', "not a list of texts", ""),
        ("guests.alpine.vif=" + "[" * 10_000, "not a list of texts", ""),
        ("guests.alpine.memory.x=1", "not a setting", ""),
    ],
)
def test_an_invalid_assignment_is_reported(assignment: str, message: str, fix: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        overrides.apply(DATA, [assignment])
    assert fix in caught.value.fix
    assert caught.value.message.isprintable()


def test_a_list_in_the_file_where_a_table_belongs_is_reported() -> None:
    with pytest.raises(UsageError, match="guests is not a table in the file"):
        overrides.apply({"guests": [1]}, ["guests.a.memory=1"])


@given(hostile_text())
def test_any_assignment_is_applied_or_refused(text: str) -> None:
    for assignment in (text, f"guests.{text}.extra=x", f"guests.a.extra={text}", f"host.{text}=1"):
        message = ""
        try:
            overrides.apply(DATA, [assignment])
        except UsageError as error:
            message = error.message + error.fix
        assert message.isprintable()


@given(projects(), projects())
def test_a_difference_turns_one_project_into_the_other(old: Project, new: Project) -> None:
    output = overrides.difference(old, new)
    if output is not None:
        assert tables.from_data(overrides.apply(tables.to_data(old), output)) == new


@given(projects())
def test_additions_can_be_expressed_as_assignments(project: Project) -> None:
    fields = [replace(guest, source=None) for guest in project.guests]
    new = replace(project, preset=None, guests=tuple(fields))
    output = overrides.difference(Project(Host("m")), new)
    assert output is not None
    assert (
        tables.from_data(overrides.apply({"version": 1, "host": {"machine": "m"}}, output)) == new
    )


def test_removals_cannot_be_expressed_as_assignments() -> None:
    old = Project(Host("m", memory=5), guests=(Guest("a"), Guest("b")))
    source = Source("raw", "x", fetch=(Fetch("file://x"),))
    for new in (
        old.without_guest("a"),
        replace(old, guests=old.guests[::-1]),
        replace(old, host=Host("m")),
        old.with_guest(Guest("c"), instead_of="a"),
    ):
        assert overrides.difference(old, new) is None
    fetching = old.with_guest(Guest("a", source=source))
    assert overrides.difference(fetching, old) is None
    assert overrides.difference(old, fetching) == [
        "guests.a.source.type=raw",
        "guests.a.source.file=x",
        "guests.a.source.fetch[0].uri=file://x",
    ]


def test_an_empty_table_is_added_in_braces() -> None:
    old = Project(Host("m"))
    new = old.with_guest(Guest("a")).with_bundle(Bundle("b.c", version="2"))
    assert overrides.difference(old, old) == []
    assert overrides.difference(old, new) == ['bundles."b.c".version=2', "guests.a={}"]
