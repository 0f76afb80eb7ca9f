# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Edits to the user's files match those of bitbake-layers, and are undone to the byte."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests import bitbake_parser
from tests.bitbake import trees
from tests.budget import examples
from xentui.cli import main
from xentui.errors import RefusedError
from xentui.output import header
from xentui.output.fragment import has_machine_fragment
from xentui.output.user_files import (
    BEGIN,
    END,
    REQUIRE,
    block,
    ends_in_backslash,
    layers,
    line_end,
    with_block,
    with_layer,
    with_require,
    without_block,
    without_layer,
    without_require,
)
from xentui.output.writing import manifest

LAYER = "/srv/yocto/meta-xentui"

line = st.text(
    st.characters(codec="utf-8", exclude_characters="\n"), max_size=20
) | st.sampled_from(
    [REQUIRE + " ", "# " + REQUIRE, "require conf/xentui.confx", BEGIN + "x", " " + END, 'A = "1"']
)
texts = st.lists(st.tuples(line, st.sampled_from(["\n", "\r\n"]))).flatmap(
    lambda pairs: st.tuples(st.just("".join(a + b for a, b in pairs)), line).map("".join)
)
bodies = st.lists(line.filter(lambda text: "\r" not in text)).map(
    lambda lines: header.stamp("".join(f"{text}\n" for text in lines), "p")
)


@given(texts)
def test_the_require_line_is_added_at_the_end_and_removed_to_the_byte(text: str) -> None:
    put = with_require(text)
    if not put.snippet:
        assert re.search(r"^(require|include)[ \t]+conf/xentui.conf", text, re.MULTILINE)
        assert put.text == text
        return
    assert put.text == text + put.snippet
    assert put.text.endswith("\n") == (text.endswith("\n") or not text)
    assert with_require(put.text) == (put.text, "")
    assert without_require(put.text, put.snippet) == text
    assert without_require(put.text + f"{line_end(text)}MORE", put.snippet) in (
        text + f"{line_end(text)}MORE",
        text + "MORE",
    )


@given(texts, bodies, bodies)
def test_the_block_is_added_once_and_removed_to_the_byte(text: str, one: str, two: str) -> None:
    if any(mark.rstrip() in (BEGIN, END) for mark in re.split("\r?\n", text)):
        return
    first = with_block(text, one)
    assert first.text == text + first.snippet
    assert without_block(first.text) == text
    second = with_block(first.text, two)
    found = block(second.text)
    assert found is not None
    assert found.body == two
    assert second.text.count(BEGIN + "\n") + second.text.count(BEGIN + "\r\n") == 1
    assert without_block(second.text) == text
    later = second.text + ("" if second.text.endswith("\n") else "\n") + "LATER\n"
    assert without_block(later) in (text + "LATER\n", text + "\nLATER\n", text + "\r\nLATER\n")


@pytest.mark.parametrize(
    "marks", [[BEGIN], [END], [END, BEGIN], [BEGIN, BEGIN, END], [BEGIN, END, BEGIN, END]]
)
def test_missing_or_duplicated_marks_are_refused(marks: list[str]) -> None:
    with pytest.raises(RefusedError, match=r"local\.conf:2"):
        block("A = 1\n" + "\n".join(marks) + "\n")


def test_lines_similar_to_the_marks_are_not_a_block() -> None:
    text = f"{BEGIN}2\nx\n# {END}\n#{BEGIN}\n"
    assert block(text) is None
    assert without_block(text) == text


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("", False),
        ('A = "1"\n', False),
        ('A = "1 \\\n', True),
        ("A \\", True),
        ("A \\\r\n\r\n", True),
    ],
)
def test_a_last_line_that_ends_in_a_backslash_is_noticed(text: str, goes_on: bool) -> None:
    assert ends_in_backslash(text) == goes_on


def test_a_moved_require_line_is_removed_too() -> None:
    put = with_require("A\nB\n")
    moved = f"A\n{REQUIRE}\nB\n"
    assert without_require(moved, put.snippet) == "A\nB\n"
    assert without_require(f"A\n{REQUIRE}x\n", put.snippet) == f"A\n{REQUIRE}x\n"
    assert without_require(f"A\n# {REQUIRE}\n", put.snippet) == f"A\n# {REQUIRE}\n"


entries = st.lists(
    st.sampled_from(["/p/meta", "/p/meta-virtualization", "${TOPDIR}/../m", LAYER + "-local",
                     "/x" + LAYER, "~/meta-mine"]), unique=True, max_size=4
)  # fmt: skip
operators = st.sampled_from(["=", "?=", "+=", ".=", ":=", "??="])


@st.composite
def assignments(draw: st.DrawFn) -> str:
    """Make one assignment to BBLAYERS in any of the usual styles."""
    found, operator = draw(entries), draw(operators)
    quote = draw(st.sampled_from(['"', "'"]))
    style = draw(st.sampled_from(["lines", "one", "hanging", "tabs"]))
    if style == "one":
        value = draw(st.sampled_from(["", " "])) + " ".join(found)
    elif style == "hanging":
        value = " \\\n            ".join(found)
    else:
        indent = "\t" if style == "tabs" else "  "
        value = " \\\n" + "".join(f"{indent}{entry} \\\n" for entry in found) + indent
    return f"BBLAYERS {operator} {quote}{value}{quote}\n"


@st.composite
def bblayers(draw: st.DrawFn) -> str:
    """Make a bblayers.conf that bitbake-layers can edit."""
    others = st.sampled_from(["", "# BBLAYERS\n", 'BBPATH = "${TOPDIR}"\n', 'BBLAYERS_X = "1"\n',
                              'BBFILES ?= ""\n', '  BBLAYERS = "/indented"\n'])  # fmt: skip
    parts = [draw(others)]
    for _ in range(draw(st.integers(1, 4))):
        parts += [draw(assignments()), draw(others)]
    return "".join(parts)


def by_bitbake(folder: Path, text: str, **edit: Any) -> list[str]:
    """Let BitBake's own editor change a bblayers.conf, and return the layers in it."""
    bb = bitbake_parser.bitbake_modules()
    file = folder / "bblayers.conf"
    file.write_text(text)
    bb.utils.edit_bblayers_conf(str(file), edit.get("add"), edit.get("remove"))
    return layers(file.read_text())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=bblayers())
def test_a_layer_is_added_where_bitbake_layers_adds_it(tmp_path: Path, text: str) -> None:
    put = with_layer(text, LAYER)
    assert layers(put.text) == by_bitbake(tmp_path, text, add=LAYER)
    assert without_layer(put.text, LAYER, put.snippet) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=bblayers(), crlf=st.booleans(), end=st.booleans())
def test_a_layer_is_removed_to_the_byte(tmp_path: Path, text: str, crlf: bool, end: bool) -> None:
    text = text if end else text.removesuffix("\n")
    text = text.replace("\n", "\r\n") if crlf else text
    put = with_layer(text, LAYER)
    assert LAYER in layers(put.text)
    assert without_layer(put.text, LAYER, put.snippet) == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=bblayers())
def test_a_layer_is_removed_from_what_bitbake_layers_reformatted(tmp_path: Path, text: str) -> None:
    put = with_layer(text, LAYER)
    by_bitbake(tmp_path, put.text, add="/p/another")
    reformatted = (tmp_path / "bblayers.conf").read_text()
    expected = [entry for entry in layers(reformatted) if entry != LAYER]
    assert layers(without_layer(reformatted, LAYER, put.snippet)) == expected


def test_the_usual_file_becomes_what_bitbake_layers_makes_of_it(tmp_path: Path) -> None:
    text = 'BBFILES ?= ""\n\nBBLAYERS ?= " \\\n  /p/meta \\\n  /p/meta-poky \\\n  "\n'
    by_bitbake(tmp_path, text, add=LAYER)
    theirs = (tmp_path / "bblayers.conf").read_text()
    ours = with_layer(text, LAYER).text
    # Their editor also removes the indentation of the closing quote.
    assert ours.replace('\n  "', '\n"') == theirs.replace('\n  "', '\n"')


def test_a_layer_is_appended_after_several_added_lines(tmp_path: Path) -> None:
    text = 'BBLAYERS = "/p/a"\nBBLAYERS += "/p/b"\nBBLAYERS += "/p/c"\n'
    expected = by_bitbake(tmp_path, text, add=LAYER)
    assert layers(with_layer(text, LAYER).text) == expected == ["/p/a", "/p/b", "/p/c", LAYER]


def test_a_file_without_layers_is_refused() -> None:
    with pytest.raises(RefusedError, match="BBLAYERS"):
        with_layer('BBPATH = "x"\n', LAYER)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('OE_FRAGMENTS = "machine/qemux86-64"', True),
        ('OE_FRAGMENTS:append = " machine/x"', True),
        ('OE_FRAGMENTS += "core/a \\\n  machine/x"', True),
        ("OE_FRAGMENTS ?= 'machine/x'", True),
        ('# OE_FRAGMENTS = "machine/x"', False),
        ('OE_FRAGMENTS = "core/machine/x"', False),
        ('OTHER = "machine/x"', False),
        ("OE_FRAGMENTS = \"${@open('canary', 'w')}\"", False),
    ],
)
def test_a_machine_fragment_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/toolcfg.conf").write_text(text)
    assert has_machine_fragment(tmp_path) == expected
    assert not (tmp_path / "canary").exists()


def goes_on(text: str) -> bool:
    return ends_in_backslash(text) or text.rstrip("\r").endswith("\\")


BY_HAND = b"# edited by hand\n"


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


class BuildDirectory(RuleBasedStateMachine):
    """Whatever commands run in whatever order, the user's lines stay, and ``remove`` is exact.

    In between, generated files are edited by hand, merged, kept and overwritten, and a layer for a
    fleet is written next to the build directory. An edit by hand is never lost.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="xentui-build-"))
        self.build = self.folder / "build"
        self.own = {"local.conf": b"", "bblayers.conf": b""}
        self.fleets: dict[tuple[str, ...], dict[str, bytes]] = {}
        self.edits = 0
        self.tree = Path(tempfile.mkdtemp(prefix="xentui-layers-"))
        self.sound = False

    @initialize(
        local=texts.filter(lambda text: not goes_on(text)),
        layered=bblayers(),
        plain=st.sampled_from(['MACHINE = "qemux86-64"', 'MACHINE = "qemux86-64"\n# mine\r\n']),
        sound=st.sampled_from([True, True, False]),
    )
    def begin(self, local: str, layered: str, plain: str, sound: bool) -> None:
        """Make a user's build directory: with the layers of Xen, or with arbitrary text."""
        self.sound = sound
        if sound:
            small = trees.small(self.tree)
            local, layered = plain, (small / "conf/bblayers.conf").read_text()
        (self.build / "conf").mkdir(parents=True)
        self.own = {"local.conf": local.encode(), "bblayers.conf": layered.encode()}
        for name, content in self.own.items():
            (self.build / "conf" / name).write_bytes(content)

    def teardown(self) -> None:
        """Remove everything, and look for leftovers."""
        try:
            if self.build.exists():
                self.remove()
        finally:
            shutil.rmtree(self.folder)
            shutil.rmtree(self.tree)

    @rule(
        preset=st.sampled_from(["qemux86-64-alpine", "qemux86-64-minimal"]),
        attach=st.sampled_from(["require", "block", "none", "fragment", ""]),
        layer=st.sampled_from(["", "", "meta-a", "deep/meta-b"]),
        memory=st.sampled_from([1024, 2048]),
        edited=st.sampled_from(["", "merge", "keep", "take"]),
    )
    def generate(self, preset: str, attach: str, layer: str, memory: int, edited: str) -> None:
        """Write. Nothing is written if edits are in the way and no option says what to do with
        them.
        """
        before = contents(self.folder)
        more = [f"--attach={attach}"] if attach else []
        more += [f"--layer={self.folder}/{layer}"] if layer else []
        more += [f"--edited={edited}"] if edited else []
        code = main(["generate", "--preset", preset, "--set", f"host.memory={memory}",
                     "--build-dir", str(self.build), "--yes", *more])  # fmt: skip
        refused = code == 3 and self.edits and edited in ("", "merge")
        assert code == 0 or refused or (code == 1 and not self.sound)
        if code != 0:
            assert contents(self.folder) == before
            return
        self.nothing_is_lost()
        after = contents(self.folder)
        code = main(["generate", "--preset", preset, "--set", f"host.memory={memory}",
                     "--build-dir", str(self.build), "--yes", *more])  # fmt: skip
        assert (code, contents(self.folder)) == (0, after)

    @rule(data=st.data())
    def user_edits(self, data: st.DataObject) -> None:
        """Let the user add a line to a generated file."""
        made = [
            path
            for pattern in (
                "build/conf/xentui.conf",
                "**/*.bb",
                "**/layer.conf",
                "**/xentui/*.conf",
            )
            for path in sorted(self.folder.glob(pattern))
            if "fleet" not in path.parts
        ]
        if made:
            file = data.draw(st.sampled_from(made))
            if BY_HAND not in file.read_bytes():
                file.write_bytes(file.read_bytes() + BY_HAND)
                self.edits += 1

    def nothing_is_lost(self) -> None:
        """Check that each edit is still in some file: in place, or in a copy next to it."""
        found = sum(BY_HAND in content for content in contents(self.folder).values())
        assert found >= self.edits

    @rule(boards=st.lists(st.sampled_from(["one", "two", "three"]), unique=True, min_size=1))
    def fleet(self, boards: list[str]) -> None:
        """Write a layer for several boards; its content depends only on them."""
        for number, name in enumerate(("one", "two", "three")):
            board = f'[host]\nmachine = "qemux86-64"\nmemory = {1024 + number}\n'
            guest = f"[guests.xen-guest-image-minimal]\nvif = []\nmemory = {100 + number}\n"
            (self.folder / f"{name}.toml").write_text(f"version = 1\n\n{board}\n{guest}")
        files = [str(self.folder / f"{name}.toml") for name in sorted(boards)]
        out = self.folder / "fleet"
        assert main(["generate", *files, "--out", str(out), "--one-layer"]) == 0
        assert self.fleets.setdefault(tuple(sorted(boards)), contents(out)) == contents(out)

    @rule()
    def remove(self) -> None:
        """Remove everything; files edited by hand are kept under another name."""
        fleet = contents(self.folder / "fleet")
        code = main(["remove", "--build-dir", str(self.build), "--yes"])
        assert code == 0 or (code == 3 and self.edits)
        if code == 3:
            assert main(["remove", "--build-dir", str(self.build), "--yes", "--force"]) == 0
        self.nothing_is_lost()
        assert contents(self.folder / "fleet") == fleet
        left = contents(self.folder)
        edited = {name for name, content in left.items() if BY_HAND in content}
        roots = {name.partition("/")[0] for name in edited if not name.startswith("build/")}
        left = {
            name: content
            for name, content in left.items()
            if not name.endswith((".xentui-orig", ".toml"))
            and name not in edited
            and not name.startswith("fleet/")
            # A layer left behind with an edited file in it still records its owner.
            and not (name.endswith(manifest.NAME) and name.partition("/")[0] in roots)
        }
        assert left == {f"build/conf/{name}": content for name, content in self.own.items()}
        for name, content in self.own.items():
            copy = self.build / "conf" / f"{name}.xentui-orig"
            assert not copy.exists() or copy.read_bytes() != content
            copy.unlink(missing_ok=True)
        for name in edited:
            (self.folder / name).unlink()
        for folder in roots:
            shutil.rmtree(self.folder / folder)
        self.edits = 0

    @rule(extra=line.filter(lambda text: not goes_on(text)))
    def user_appends(self, extra: str) -> None:
        """Let the user add a line at the end, as an editor does."""
        file = self.build / "conf/local.conf"
        news = []
        for old in (file.read_bytes(), self.own["local.conf"]):
            glue = b"" if not old or old.endswith(b"\n") else b"\n"
            new = old + glue + extra.encode() + b"\n"
            news.append(new)
        file.write_bytes(news[0])
        self.own["local.conf"] = news[1]
        # BitBake stops at a line that it cannot read, and xentui refuses to write then.
        self.sound = self.sound and (not extra.strip() or extra.startswith("#"))


TestBuildDirectory = BuildDirectory.TestCase
TestBuildDirectory.settings = settings(
    max_examples=examples(25), stateful_step_count=8, deadline=None
)
