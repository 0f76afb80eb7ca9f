# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Hostile text is refused twice: by the schema, and by the writers.

For every property that takes text, and for every key, a value is either refused, or read back by
BitBake and xl exactly as it is. It never becomes, for example, an additional line in a file.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle, xl_parser
from tests.bitbake_parser import parse_conf
from tests.budget import examples
from tests.shell_packing import build
from tests.strategies import HOSTILE, SCRIPT, hostile_text, key_of, of_field, own_config
from tests.test_parser_bitbake import check
from xentui.bitbake.text import LONGEST_NAME, NotRepresentable
from xentui.output.guest_cfg import predict_configs
from xentui.output.render import render
from xentui.project import model, schema, tables
from xentui.project.assets import Assets
from xentui.rules.catalogue import Severity
from xentui.rules.check import check as findings
from xentui.safe_text import quoted

DIGEST = "0" * 64
NIGHTLY = 20_000
"""Examples of all properties together in a nightly run."""
BASE: dict[str, Any] = {
    "version": 1,
    "host": {"machine": "qemux86-64", "memory": 16384},
    "defaults": {"memory": 300},
    "bundles": {"lab": {"version": "2.0"}},
    "guests": {
        "named": {"tags": ["autostart"]},
        "vendor": {"tags": ["external"], "rootfs": "vendor.ext4", "kernel": "vendor-kernel"},
        "own": {"config_file": "own.cfg"},
        "tree": {
            "tags": ["external"],
            "bundle": "lab",
            "source": {
                "type": "rootfs_dir",
                "file": "tree",
                "fetch": [
                    {"uri": "https://example.org/t.tar.gz", "sha256": DIGEST, "subdir": "tree"}
                ],
            },
        },
        "squashed": {
            "tags": ["external"],
            "bundle": "lab",
            "source": {
                "type": "squashfs",
                "file": "root.squashfs",
                "fetch": [{"uri": "https://example.org/root.squashfs", "sha256": DIGEST}],
            },
        },
    },
    "import_types": {"squashfs": {"script": "convert.sh"}},
}

Put = Callable[[dict[str, Any], Any], None]


def _put(*path: str | int) -> Put:
    def put(data: dict[str, Any], value: Any) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place.setdefault(step, {}) if isinstance(step, str) else place[step]
        place[path[-1]] = value

    return put


def _renamed(table: str, old: str, field: str | None = None) -> Put:
    """Rename an entry of a table, also where others refer to it."""

    def put(data: dict[str, Any], value: Any) -> None:
        data[table] = {value if key == old else key: entry for key, entry in data[table].items()}
        for guest in data["guests"].values():
            if field == "bundle" and guest.get("bundle") == old:
                guest["bundle"] = value
            if field == "type" and guest.get("source", {}).get("type") == old:
                guest["source"]["type"] = value

    return put


def _with_containers(data: dict[str, Any], value: Any) -> None:
    data["containers"] = {"vxn": True, "frontends": value}


_FETCH = ("guests", "tree", "source", "fetch", 0)
PROPERTIES: dict[str, tuple[Put, st.SearchStrategy[Any]]] = {
    **{
        f"host.{name}": (_put("host", name), of_field("host", name))
        for name in ("machine", "image", "network", "boot_mode")
    },
    **{
        f"defaults.{name}": (_put("defaults", name), of_field("defaults", name))
        for name in ("extra", "disk_device", "image_fstype")
    },
    **{
        f"bundle.{name}": (_put("bundles", "lab", name), of_field("bundle", name))
        for name in ("version", "summary", "license")
    },
    **{
        f"guest.{name}": (_put("guests", "named", name), of_field("guest", name))
        for name in ("extra", "disk_device", "name", "type")
    },
    "guest.kernel": (_put("guests", "vendor", "kernel"), of_field("guest", "kernel")),
    "guest.rootfs": (_put("guests", "vendor", "rootfs"), of_field("guest", "rootfs")),
    "guest.config_file": (_put("guests", "own", "config_file"), of_field("guest", "config_file")),
    "source.file": (_put("guests", "squashed", "source", "file"), of_field("source", "file")),
    "source.type": (_renamed("import_types", "squashfs", "type"), key_of("import_types")),
    **{
        f"fetch.{name}": (_put(*_FETCH, name), of_field("fetch", name))
        for name in ("uri", "sha256", "arch", "subdir")
    },
    **{
        f"import_type.{name}": (
            _put("import_types", "squashfs", name),
            of_field("import_type", name),
        )
        for name in ("script", "depends")
    },
    "key of bundles": (_renamed("bundles", "lab", "bundle"), key_of("bundles")),
    "key of guests, named": (_renamed("guests", "named"), key_of("guests")),
    "key of guests, in a bundle": (_renamed("guests", "tree"), key_of("guests")),
}
LISTS: dict[str, tuple[Put, st.SearchStrategy[Any]]] = {
    "defaults.vif": (_put("defaults", "vif"), of_field("defaults", "vif")),
    "host.accepted_licenses": (
        _put("host", "accepted_licenses"),
        of_field("host", "accepted_licenses"),
    ),
    "guest.vif": (_put("guests", "named", "vif"), of_field("guest", "vif")),
    "guest.tags": (_put("guests", "named", "tags"), of_field("guest", "tags")),
    "containers.frontends": (
        _with_containers,
        of_field("containers", "frontends"),
    ),
}
EVERY = [*PROPERTIES, *LISTS]
WAYS = 2
"""Through the schema, and through the writers only."""
EXAMPLES = examples(60)
if settings.get_current_profile_name() == "nightly":
    EXAMPLES = math.ceil(NIGHTLY / len(EVERY) / WAYS)
"""Examples per property and way."""
PACKED = ("extra", "disk_device", "vif", "name", "kernel", "rootfs")
"""Guest properties that the classes join with separators and split again in the shell."""
NOT_WRITTEN = {("preset", "title"), ("preset", "description")}
"""Text that only the list of presets shows."""


def _values(name: str) -> st.SearchStrategy[Any]:
    if name in LISTS:
        return LISTS[name][1] | st.lists(hostile_text(), min_size=1, max_size=3)
    accepted = PROPERTIES[name][1]
    # A good value with a hostile piece in it is more likely to slip through than pure noise.
    spoiled = st.tuples(accepted, hostile_text(2), st.integers(0, 20)).map(
        lambda t: t[0][: t[2]] + t[1] + t[0][t[2] :]
    )
    return accepted | spoiled | hostile_text()


def _with(name: str, value: Any) -> dict[str, Any]:
    data = copy.deepcopy(BASE)
    put = PROPERTIES[name][0] if name in PROPERTIES else LISTS[name][0]
    put(data, value)
    return data


def _assets(project: model.Project) -> Assets:
    texts = {kind.script: SCRIPT for kind in project.import_types}
    texts.update({g.config_file: own_config(g) for g in project.guests if g.config_file})
    return Assets(texts=texts)


def _reads_back(project: model.Project) -> None:
    """Compare everything that would be written with the project."""
    beside = _assets(project)
    check(project, render(project, beside))
    previews = predict_configs(project, beside)
    if xl_parser.why_not_parse():
        return
    for guest in project.guests:
        if guest.config_file is not None:
            continue
        config = xl_parser.parse(previews[f"/etc/xen/{guest.key}.cfg"])
        value = oracle.effective(project, guest)
        assert config.errors == ""
        assert config.settings["name"] == (guest.name or guest.key)
        assert config.settings["vif"] == list(value["vif"])
        assert config.settings.get("extra", value["extra"]) == value["extra"]
        devices = [] if guest.rootfs == oracle.NO_IMAGE else [value["disk_device"]]
        assert [disk.device for disk in config.disks] == devices


def _come_out_of_the_shell(name: str, accepted: list[Any]) -> None:
    """Let the shell code of the classes split the accepted values, one guest per value."""
    field = name.removeprefix("guest.")
    if field not in PACKED:
        return
    values = [value for value in accepted if value != "none"]
    assert values
    if field in ("kernel", "rootfs"):
        # Each gets its own folder, since one value may be the parent folder of another.
        short = [value for value in values if len(value) < 200]
        values = [f"of-{number}/{value}" for number, value in enumerate(short)]
    table = {"tags": ["external"], "rootfs": "vendor.ext4"}
    guests = {f"g{number}": {**table, field: value} for number, value in enumerate(values)}
    project = tables.from_data({"version": 1, "host": BASE["host"], "guests": guests})
    assert build(project, Assets()).configs == predict_configs(project)


def test_the_base_is_fine() -> None:
    assert schema.validate(BASE) == []
    project = tables.from_data(BASE)
    assert [f for f in findings(project, _assets(project)) if f.severity is Severity.ERROR] == []
    _reads_back(project)


def test_no_property_is_forgotten() -> None:
    texts = {
        (table, field.name)
        for table in schema.as_dict()["definitions"]
        for field in schema.fields(table)
        if field.kind in ("text", "list", "choice", "choices")
    }
    covered = {tuple(name.split(".")) for name in EVERY if "." in name}
    names = {
        ("guest", "bundle"),
        ("host", "layer_bundles"),
        ("guest", "after"),
        ("guest", "backend"),
    }
    chosen = {("host", "release"), ("guest", "started_by")}
    # xl's own parser reads them back: tests/test_guest_settings.py.
    in_the_config = {("disk", field.name) for field in schema.fields("disk")} | {
        ("guest", field.name)
        for field in schema.fields("guest")
        if field.xl and not field.is_varflag
    }
    left = texts - covered - NOT_WRITTEN - names - chosen - in_the_config
    assert left == set(), (
        "add them to PROPERTIES or LISTS, and what BitBake reads to tests/oracle.py"
    )


NOWHERE = (
    "\n", "\r", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\ud800",
    "é", '"', "\\", "`", "$",
)  # fmt: skip
"""Characters that no property accepts anywhere."""
NEVER_WRITTEN = ("guest.config_file", "source.type")
"""Names that lead to a file or a script, and are not written anywhere themselves."""
INSIDE: dict[str, str] = {
    "fetch.uri": "https://example.org/a{}b", "fetch.sha256": "0" * 63 + "{}",
    "guest.disk_device": "xvd{}a", "defaults.disk_device": "xvd{}a",
    "import_type.depends": "a{}b:do_x",
}  # fmt: skip


def _render_all(project: model.Project) -> None:
    render(project, _assets(project))
    predict_configs(project, _assets(project))


@pytest.mark.parametrize("name", EVERY)
def test_each_refusal_names_its_code_the_character_and_a_fix(name: str) -> None:
    for char in NOWHERE:
        text = INSIDE.get(name, "a{}b").format(char)
        data = _with(name, [text] if name in LISTS else text)
        problems = [one for one in schema.validate(data) if one.code != "XT003"]
        assert problems, (char, "the schema takes it")
        for one in problems:
            assert one.code in ("XT006", "XT007", "XT008", "XT701")
            assert "a newline" in one.message or quoted(char)[1:-1] in one.message
            assert one.fix.endswith(".")
        project = tables.from_data(data)
        if name in NEVER_WRITTEN:
            files = render(project, _assets(project)).files.values()
            assert not any(text in str(content) for content in files)
            continue
        with pytest.raises(NotRepresentable) as caught:
            _render_all(project)
        assert caught.value.code == "XT701"
        assert quoted(char)[1:-1] in caught.value.message
        assert caught.value.message.isprintable()
        assert caught.value.fix == f"Remove {quoted(char)}, or write another value."


@pytest.mark.parametrize(
    "name", [*(name for name in EVERY if name.startswith("key of ")), "host.image", "guest.name"]
)
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    project = tables.from_data(_with(name, "x" * LONGEST_NAME))
    _render_all(project)
    _reads_back(project)
    with pytest.raises(NotRepresentable, match=f"it has {LONGEST_NAME + 1} characters"):
        _render_all(tables.from_data(_with(name, "x" * (LONGEST_NAME + 1))))


@pytest.mark.property
@pytest.mark.parametrize("name", EVERY)
def test_the_schema_refuses_or_it_reads_back(name: str) -> None:
    accepted: list[Any] = []

    @settings(max_examples=EXAMPLES)
    @given(_values(name))
    def example(value: Any) -> None:
        data = _with(name, value)
        if schema.validate(data):
            return
        project = tables.from_data(data)
        beside = _assets(project)
        if any(f.severity is Severity.ERROR for f in findings(project, beside)):
            return
        _reads_back(project)
        accepted.append(value)

    example()
    _come_out_of_the_shell(name, accepted)


@pytest.mark.property
@pytest.mark.parametrize("name", EVERY)
def test_the_writers_refuse_or_it_reads_back(name: str) -> None:
    accepted: list[Any] = []

    @settings(max_examples=EXAMPLES)
    @given(_values(name))
    def example(value: Any) -> None:
        project = tables.from_data(_with(name, value))
        try:
            _render_all(project)
        except NotRepresentable:
            return
        _reads_back(project)
        accepted.append(value)

    example()
    _come_out_of_the_shell(name, accepted)


@pytest.mark.slow
@pytest.mark.parametrize("field", PACKED)
def test_each_character_is_refused_or_read_back(field: str) -> None:
    pieces = dict.fromkeys([*map(chr, range(0x180)), *HOSTILE])
    accepted: list[Any] = []
    for piece in pieces:
        text = f"a{piece}b"
        value = [text] if field == "vif" else text
        project = tables.from_data(_with(f"guest.{field}", value))
        try:
            render(project, _assets(project))
        except NotRepresentable:
            continue
        _reads_back(project)
        accepted.append(value)
    assert "a1b" in accepted or ["a1b"] in accepted
    assert len(accepted) < 120
    _come_out_of_the_shell(f"guest.{field}", accepted)


@pytest.mark.parametrize("value", [-1, True, "512", 1.5, None])
@pytest.mark.parametrize("table", ["host", "guests"])
def test_the_writers_refuse_what_is_not_a_number(table: str, value: object) -> None:
    data = _with("guest.extra", "quiet")
    (data["host"] if table == "host" else data["guests"]["named"])["memory"] = value
    project = tables.from_data(data)
    if value is None:
        _reads_back(project)
        return
    with pytest.raises(NotRepresentable):
        render(project, _assets(project))


@given(hostile_text())
def test_the_name_of_the_project_file_changes_nothing(origin: str) -> None:
    project = tables.from_data(BASE)
    plain = parse_conf(render(project, _assets(project)).conf["conf/xentui.conf"])
    other = render(project, _assets(project), project_file=origin)
    check(project, other)
    parsed = parse_conf(other.conf["conf/xentui.conf"])
    assert [(a.variable, a.flag, a.value) for a in parsed.assignments] == [
        (a.variable, a.flag, a.value) for a in plain.assignments
    ]
