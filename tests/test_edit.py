# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Writing a changed project into the text of its file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import projects
from xentui.project import document, edit, lines, new_file, presets, tables
from xentui.project.model import (
    Bundle,
    Containers,
    Defaults,
    Fetch,
    Guest,
    Host,
    Preset,
    Project,
    Source,
)

HEAD = 'version = 1 # the format\n\n# The board.\n[host]\nmachine = "qemux86-64"\n'
PLAIN = (
    HEAD
    + """\

# The web server,
# with its own disk.
[guests.web] # first
tags   = [ "autostart" ]   # at once
memory = 0x100 # enough
vif = [
  "bridge=xenbr0", # inside
  "bridge=xenbr1",
]

# Something between.

[guests.web.source]
type = 'raw'
file = "x.raw"

[[guests.web.source.fetch]] # one
uri = "file://x.raw"

[[guests.web.source.fetch]]
uri = "file://y.raw" # two

# The data base.
[guests."db"]
"memory" = 128
"""
)
FORMS = {
    "sections": PLAIN,
    "crlf": PLAIN.replace("\n", "\r\n"),
    "no-newline": PLAIN.rstrip("\n"),
    "mark": "\ufeff" + PLAIN,
    "out-of-order": (
        "version = 1\n[guests.web.source]\ntype = 'raw' # t\nfile = 'x'\n"
        '[host]\nmachine = "m"\n[guests.web]\nmemory = 256 # m\n[defaults]\nvcpus = 2\n'
        "[guests.db]\nmemory = 128"
    ),
    "dotted": (
        "version = 1\nhost.machine = 'm'\nguests . web.memory = 256 # m\nguests.db.memory = 128\n"
        "guests.web.source.type = 'raw'\nguests.web.source.file = 'x'\n"
        "guests.web.source.fetch = [{uri = 'file://x'}] # f\n"
    ),
    "half-dotted": (
        "version = 1\n[host]\nmachine = 'm'\n[guests]\n  web.memory = 256 # m\n"
        "  db = { memory = 128, vcpus = 2 } # d\n"
        "  web.source = { type = 'raw', file = 'x', fetch = [\n    {uri = 'file://x'}, # f\n  ] }\n"
    ),
    "inline": (
        "version = 1\nhost = {machine = 'm'}\n"
        "guests = { web = { memory = 256, vif = ['a', 'b'] }, db = {memory = 128} } # g\n"
    ),
    "implicit": "version = 1\n[host]\nmachine = 'm'\n[guests.web.source]\ntype = 'raw'\nfile = 'x'",
}


def project_of(text: str) -> Project:
    loaded = document.load_text(text, Path())
    assert loaded.project is not None, loaded.problems
    return loaded.project


def update(text: str, project: Project) -> str:
    """Update a text, and let tomlkit confirm that it is TOML with the expected meaning."""
    new = edit.update(text, project)
    assert project_of(new) == project
    body = new.removeprefix(document.BYTE_ORDER_MARK)
    assert tomlkit.parse(body).unwrap() == tomllib.loads(body)
    return new


def diff_lines(old: str, new: str) -> list[str]:
    """Return the lines that differ, marked with - and +, with their line ends."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return [line for line in difflib.ndiff(before, after) if line[0] in "-+"]


def with_web(project: Project, **fields: Any) -> Project:
    return project.with_guest(replace(project.guest("web"), **fields))


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_an_unchanged_project_leaves_every_byte(text: str) -> None:
    assert edit.update(text, project_of(text)) == text


@pytest.mark.parametrize("name", [f.name for f in presets.available(Path("/"))])
def test_bundled_presets_are_left_unchanged(name: str) -> None:
    loaded = presets.load(name, Path("/"))
    assert loaded.project is not None
    assert edit.update(loaded.document.text, loaded.project) == loaded.document.text


@pytest.mark.parametrize("form", [form for form in FORMS if form != "implicit"])
def test_a_changed_value_changes_one_line(form: str) -> None:
    text = FORMS[form]
    new = update(text, with_web(project_of(text), memory=300))
    removed, added = diff_lines(text, new)
    assert removed[2:].replace("0x100", "300").replace("256", "300") == added[2:]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "change",
    [
        lambda p: with_web(p, memory=64, vcpus=4, extra="a b", tags=("external",)),
        lambda p: with_web(p, memory=None, vif=()),
        lambda p: with_web(p, source=None),
        lambda p: with_web(p, source=Source("ext4", "y", 5, (Fetch("file://y"), Fetch("file://z")))),
        lambda p: p.with_guest(Guest("new", ("autostart",), memory=64)),
        lambda p: p.with_guest(Guest("bare")),
        lambda p: p.without_guest("web"),
        lambda p: replace(p, guests=()),
        lambda p: replace(p, guests=p.guests[::-1]),
        lambda p: replace(p, guests=(Guest("zero"), *p.guests, Guest("nine"))),
        lambda p: p.with_guest(replace(p.guest("web"), key="renamed"), instead_of="web"),
        lambda p: replace(p, guests=tuple(Guest(g.key) for g in p.guests)),
        lambda p: p.with_bundle(Bundle("a.b")).with_bundle(Bundle("c", "2", "it's", "MIT")),
        lambda p: replace(p, containers=Containers(vxn=True), defaults=Defaults(memory=64)),
        lambda p: replace(p, defaults=Defaults(), preset=Preset("a\tb\x1b\u202e", "d\n")),
        lambda p: replace(p, host=Host("other", image="i")),
    ],
)  # fmt: skip
def test_any_change_is_written_in_every_notation(
    form: str, change: Callable[[Project], Project]
) -> None:
    text = FORMS[form]
    new = update(text, change(project_of(text)))
    assert new.startswith("\ufeff") == text.startswith("\ufeff")
    if form == "crlf":
        assert "\n" not in new.replace("\r\n", "")


def test_a_key_is_added_at_its_place() -> None:
    new = update(PLAIN, with_web(project_of(PLAIN), vcpus=2, rootfs=None, extra="x"))
    assert diff_lines(PLAIN, new) == ["+ vcpus = 2\n", '+ extra = "x"\n']
    assert "# enough\nvcpus = 2\nvif = [" in new
    assert ']\nextra = "x"\n\n# Something between.' in new


def test_a_guest_is_added_after_the_others() -> None:
    new = update(PLAIN, project_of(PLAIN).with_guest(Guest("c", memory=64)))
    assert new == PLAIN + "\n[guests.c]\nmemory = 64\n"
    bare = PLAIN.rstrip("\n")
    assert update(bare, project_of(bare).with_guest(Guest("c"))) == bare + "\n\n[guests.c]"


def test_a_guest_is_deleted_with_its_comment_only() -> None:
    new = update(PLAIN, project_of(PLAIN).without_guest("web"))
    assert new == HEAD + '\n# The data base.\n[guests."db"]\n"memory" = 128\n'
    last = update(PLAIN, project_of(PLAIN).without_guest("db"))
    assert last == PLAIN[: PLAIN.index("\n# The data base.")]


def test_a_renamed_guest_keeps_its_comments() -> None:
    project = project_of(PLAIN)
    guest = replace(project.guest("web"), key="shop", memory=300)
    new = update(PLAIN, project.with_guest(guest, instead_of="web"))
    assert new == PLAIN.replace("guests.web", "guests.shop").replace("0x100", "300")


def test_renaming_a_guest_changes_only_its_names_in_every_notation() -> None:
    for form, text in FORMS.items():
        project = project_of(text)
        guest = replace(project.guest("web"), key="shop")
        new = update(text, project.with_guest(guest, instead_of="web"))
        assert new == text.replace("web", "shop").replace("The shop", "The web"), form


def test_changing_an_entry_of_a_list_keeps_the_others() -> None:
    project = project_of(PLAIN)
    new = update(PLAIN, with_web(project, vif=("bridge=xenbr0", "bridge=br2")))
    assert new == PLAIN.replace("xenbr1", "br2")
    added = update(PLAIN, with_web(project, vif=("bridge=xenbr0", "bridge=xenbr1", "bridge=b")))
    assert diff_lines(PLAIN, added) == ['+   "bridge=b",\n']
    fewer = update(PLAIN, with_web(project, vif=("bridge=xenbr1",)))
    assert '"bridge=xenbr1",\n]' in fewer
    assert "xenbr0" not in fewer


def test_removing_a_fetch_entry_keeps_the_others() -> None:
    project = project_of(PLAIN)
    source = project.guest("web").source
    assert source is not None
    new = update(PLAIN, with_web(project, source=replace(source, fetch=source.fetch[1:])))
    first = PLAIN.index("[[guests.web")
    assert new == PLAIN[:first] + PLAIN[PLAIN.index("[[guests.web", first + 1) :]
    more = replace(source, fetch=(*source.fetch, Fetch("file://z.raw", subdir="d")))
    added = update(PLAIN, with_web(project, source=more))
    assert diff_lines(PLAIN, added) == [
        "+ [[guests.web.source.fetch]]\n", '+ uri = "file://z.raw"\n', '+ subdir = "d"\n', "+ \n",
    ]  # fmt: skip


def test_reordered_guests_keep_their_comments() -> None:
    project = project_of(PLAIN)
    new = update(PLAIN, replace(project, guests=project.guests[::-1]))
    assert sorted(new.splitlines()) == sorted(PLAIN.splitlines())
    assert new.index("# The data base.\n[guests.") < new.index("# with its own disk.\n[guests.web]")


def test_empty_lists_are_not_touched() -> None:
    text = HEAD + "[defaults]\n[guests.a]\ntags = []\nmemory = 64\n"
    new = update(text, project_of(text).with_guest(Guest("a", memory=65)))
    assert new == text.replace("64", "65").replace("x86-65", "x86-64")


def test_a_text_without_a_valid_project_becomes_one() -> None:
    project = Project(Host("m"), guests=(Guest("a"),))
    for text in ("", "# only this", "a = 1", "[[guests]]", "host = 1\nguests = []", "version = 2"):
        assert project_of(edit.update(text, project)) == project


def test_a_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(document.DocumentError):
        edit.update("=", Project(Host("m")))


def section_text(project: Project) -> str:
    return new_file.toml_text(project)


def dotted_text(project: Project) -> str:
    """Write a project with only dotted keys and inline tables."""
    data = tables.to_data(project)
    out = ["version = 1 # dotted"]
    for name, table in data.items():
        if name == "version":
            continue
        if name in ("bundles", "guests", "import_types"):
            for key, inner in table.items():
                prefix = f"{name}.{edit.key_text(key)}"
                out += [f"{prefix}.{n} = {edit.value_text(v)} # c" for n, v in inner.items()]
                out += [] if inner else [f"{prefix} = {{}}"]
        else:
            out.append(f"{name} = {edit.value_text(table)}")
    return "\r\n".join(out)


@given(projects(), projects(), st.sampled_from([section_text, dotted_text]))
def test_the_text_of_any_project_becomes_any_other(
    old: Project, new: Project, write: Callable[[Project], str]
) -> None:
    text = write(old)
    assert project_of(text) == old
    assert edit.update(text, old) == text
    assert project_of(edit.update(text, new)) == new


@given(
    projects().filter(lambda p: bool(p.guests)),
    st.integers(32, 4096),
    st.sampled_from([section_text, dotted_text]),
)
def test_a_changed_value_of_any_project_changes_one_line(
    project: Project, memory: int, write: Callable[[Project], str]
) -> None:
    guest = project.guests[-1]
    before = project.with_guest(replace(guest, memory=memory))
    after = project.with_guest(replace(guest, memory=memory + 1))
    text = write(before)
    assert len(diff_lines(text, edit.update(text, after))) == 2 * (repr(before) != repr(after))


@given(st.recursive(st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_written_values_are_read_back(value: Any) -> None:
    assert tomllib.loads(f"a = {edit.value_text(value)}") == {"a": value}


@given(st.dictionaries(st.text(), st.text()))
def test_written_keys_are_read_back(value: dict[str, str]) -> None:
    text = tomlkit.dumps(edit.toml_item({"a": {"b.c": value}}))
    assert tomllib.loads(text) == {"a": {"b.c": value}}
    assert set(lines.line_numbers(text)) >= {("a",), ("a", "b.c")}
