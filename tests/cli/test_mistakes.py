# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The likeliest mistakes on the command line: each message says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import BOARD, Run

HOST = 'version = 1\n[host]\nmachine = "qemux86-64"\n'

IN_PROJECT = [
    ("memroy = 1024", "Did you mean memory?"),
    ('memory = "1G"', "Must be a number of MiB, without quotes or unit: 1024."),
    ('memory = "lots"', "Must be a whole number, such as 4096."),
    ("memory = 1G", "Write the number without a unit; memory and sizes are in MiB."),
    ("memory = 1", "Must be a whole number from 128 to"),
    ("image = xen-image-minimal", "Put text in quotes"),
    ("memory = 512\nmemory = 1024", "Keep only one of the lines that set this key."),
    ('release = "scarthgpa"', "Did you mean scarthgap?"),
    ("[guest.alpine]", "Did you mean guests?"),
    ("[guests.a]\n[guests.a]", "Merge the tables that have the same name in brackets."),
    ("[guests.a]\nautostart = true", 'Write tags = ["autostart"] instead.'),
    ('[guests.a]\ntags = ["autostrt"]', "Did you mean autostart?"),
    ('[guests.a]\ntags = "autostart"', 'Must be a list in brackets, such as ["autostart"].'),
    ("[guests.a]\nvcpus = 0", "Must be a whole number from 1 to 128."),
    ('[guests."my guest"]', "Must be lower-case letters, digits"),
    ("[guests.a.source]", "Add type in guests.a.source, such as type ="),
]
"""A line of a project file, and a part of the advice."""


@pytest.mark.parametrize(("line", "advice"), IN_PROJECT)
def test_a_mistake_in_a_project_file(run: Run, line: str, advice: str) -> None:
    Path("board.toml").write_text(f"{HOST}{line}\n")
    result = run("check", "board.toml")
    assert result.code == 1
    assert advice in result.out + result.err


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", ["Add version at the top, such as version = 1.", "Add the table [host]."]),
        ("version = 1\n[host]\n", ["Add machine in host, such as machine ="]),
        ('version = "1"\n[host]\nmachine = "qemux86-64"\n', ["Must be 1, without quotes."]),
        ('version = 2\n[host]\nmachine = "qemux86-64"\n', ["Must be 1."]),
    ],
)
def test_a_project_file_that_lacks_the_basics(run: Run, text: str, advice: list[str]) -> None:
    Path("board.toml").write_text(text)
    result = run("check", "board.toml")
    assert result.code == 1
    assert [one for one in advice if one not in result.out] == []


COMMANDS = [
    ("chek board.toml", "Did you mean check?"),
    ("check", "Give a project file, or --preset NAME."),
    ("check nowhere.toml", "Check the name"),
    ("check folder", "Give a file in it."),
    ("check latin1.toml", "Save it as UTF-8 text."),
    ("check local.conf", "xentui import FILE -o board.toml makes a project file from it."),
    ("check --stric board.toml", "Did you mean --strict?"),
    ("check board.toml --set guests.a.memroy=1", "Did you mean memory?"),
    ("check board.toml --set guests.a.memory", "Write it as guests.alpine.memory=256."),
    ("check --preset qemux86-64-alpin", 'Did you mean "qemux86-64-alpine"'),
    ("generate board.toml", "Give --out DIR for a new folder, or --build-dir DIR"),
    ("generate board.toml --out board.toml", "Choose another folder."),
    ("generate board.toml --out o --format kass", "Did you mean kas?"),
    ("generate board.toml --build-dir folder", "xentui generate --out DIR writes"),
    ("new", "See xentui new --help."),
    ("new qemux86-64-alpine -o no/such/b.toml", "Create this folder first"),
    ("new qemux86-64-alpine -o board.toml", "Choose another name"),
    ("show board.toml --what buget", "Use one of conf, recipes"),
    ("explain XT9999", "xentui explain lists every code."),
    ("presets board rasberrypi4", 'Did you mean "xentui presets board raspberrypi'),
    ("import nowhere.conf", "Check the name."),
    ("import build", "Give build/conf/local.conf."),
    ("import board.toml", "check, show and generate read projects"),
    ("source inspect nowhere.img", "Check the name"),
    ("completion ksh", "Use one of bash, zsh, fish, tcsh."),
    ("check --preset", "--preset needs a value"),
    ("show board.toml --json --what", "--what needs a value"),
    ("generate board.toml --out o --diff --check", "--check and --diff exclude each other"),
    ("schema board.toml", "See xentui schema --help."),
    ("remove", "See xentui remove --help."),
    ("doctor", "Give it: --build-dir DIR."),
    ("verify board.toml", "Give it: --build-dir DIR."),
]


@pytest.mark.parametrize(("command", "advice"), COMMANDS)
def test_a_mistake_on_the_command_line(
    run: Run, command: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUILDDIR", raising=False)
    Path("board.toml").write_text(BOARD)
    Path("folder").mkdir()
    Path("latin1.toml").write_bytes(HOST.encode() + b"# \xe9\n")
    Path("build/conf").mkdir(parents=True)
    for name in ("local.conf", "build/conf/local.conf"):
        Path(name).write_text('MACHINE = "qemux86-64"\n')
    result = run(*command.split())
    assert result.code in (1, 2, 3, 4)
    assert advice in result.err
    assert "Traceback" not in result.err


def test_set_says_that_it_added_a_guest(run: Run, board: Path) -> None:
    result = run(
        "show", board, "--what", "project", "--set", "guests.xen-guest-image-minima.memory=64"
    )
    assert result.code == 0
    assert "--set adds guests.xen-guest-image-minima, which did not exist" in result.err
    assert "did you mean guests.xen-guest-image-minimal?" in result.err
    assert run("check", board, "--set", "guests.xen-guest-image-minimal.memory=64").err == ""


@pytest.mark.parametrize(
    ("preset", "note"),
    [
        ("qemux86-64-alpine", "It fits wrynose (Yocto 6.0, LTS), master (development)."),
        ("zynqmp-generic", "This board fits scarthgap"),
    ],
)
def test_new_names_the_releases(run: Run, preset: str, note: str) -> None:
    assert note in run("new", preset, "-o", "mine.toml").err
    named = run("new", preset, "-o", "other.toml", "--set", "host.release=scarthgap").err
    assert "This project is for scarthgap" in named


def test_mistakes_are_listed_from_top_to_bottom(run: Run) -> None:
    lines = [
        "zz = 1",
        'memory = "x"',
        "aa = 1",
        "[guests.b]",
        "vcpus = 0",
        "[guests.a]",
        "vcpus = 0",
    ]
    Path("board.toml").write_text(HOST + "\n".join(lines) + "\n")
    found = run("check", "board.toml", "--json").json["findings"]
    assert [one["line"] for one in found] == [4, 5, 6, 8, 10]
