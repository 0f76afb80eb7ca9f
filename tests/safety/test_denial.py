# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files made to exhaust time or memory are refused, quickly and with little memory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT
from xentui.project import document
from xentui.project.document import DocumentError

HEAD = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\n'
MEGABYTES = 200
"""The most memory that a clear error may take."""

MEASURED = """
import os, resource, sys
# A hang is killed. What is tried here takes a fraction of a second, or hours.
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from xentui.cli import main
sys.stdout = open(os.devnull, "w")
code = main(sys.argv[2:])
with open("/proc/self/status") as status:
    # Unlike ru_maxrss it knows nothing of the process that this one was forked from.
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
with open(sys.argv[1], "w") as result:
    result.write(f"{code} {peak / 1024}")
"""


def many(line: str, number: int) -> str:
    return HEAD + "".join(line.format(number) for number in range(number))


PROJECTS: dict[str, Callable[[], str]] = {
    "nested 10,000 deep": lambda: HEAD + "x = " + "[" * 10_000 + "]" * 10_000,
    "tables 10,000 deep": lambda: HEAD + "x = " + "{a = " * 10_000 + "1" + "}" * 10_000,
    "a key of 10,000 parts": lambda: HEAD + ".".join("a" * 10_000) + " = 1",
    "a header of 100,000 parts": lambda: "[" + ".".join(["a"] * 100_000) + "]",
    "10^6 keys": lambda: "".join(f"{number}=1\n" for number in range(1_000_000)),
    "520,000 keys": lambda: "".join(f"{number}=1\n" for number in range(520_000)),
    "100,000 keys of a guest": lambda: many("k{}=1\n", 100_000).replace("[host]", "[guests.a]"),
    "520,000 headers": lambda: HEAD + "[x]\n" * 520_000,
    "380,000 tables": lambda: many("[x{}]\n", 380_000),
    "90,000 tables": lambda: many("[x{}]\n", 90_000),
    "650,000 tables of one array": lambda: HEAD + "[[x]]\n" * 650_000,
    "60,000 guests": lambda: many("[guests.g{}]\n", 60_000),
    "10^6 empty tables": lambda: HEAD + "x = [" + "{}," * 1_000_000 + "]",
    "10^6 empty texts": lambda: HEAD + "x = [" + '"",' * 1_000_000 + "]",
    "10^6 numbers": lambda: HEAD + "x = [" + "1," * 1_000_000 + "]",
    "many brackets": lambda: HEAD + "x = [" + "[[[[[[]]]]]]," * 100_000 + "]",
    "dotted keys": lambda: many("a{}.b.c.d.e.f.g.h.i.j.k.l = 1\n", 60_000),
    "a line of 100 MB": lambda: HEAD + 'x = "' + "a" * 100_000_000 + '"',
    "a text of 4 MB": lambda: HEAD + 'network = "' + "a" * 4_000_000 + '"',
    "a name of 4 MB": lambda: HEAD + '[guests.a]\nname = "' + "a" * 4_000_000 + '!"',
    "an extra of 4 MB": lambda: HEAD + '[guests.a]\nextra = "' + "a " * 2_000_000 + '"',
    "an address of 4 MB": lambda: HEAD + '[guests.a.source]\ntype = "raw"\nfile = "'
    + "a/" * 2_000_000 + '"',
    "a key of 4 MB": lambda: HEAD + "a" * 4_000_000 + " = 1",
    "a key of blanks, twice": lambda: HEAD + ('"' + " " * 2_000_000 + '" = 1\n') * 2,
    "a huge integer": lambda: "version = 1" + "0" * 4_000_000,
    "a huge hexadecimal": lambda: "version = 0x" + "f" * 4_000_000,
    "a huge float": lambda: "version = 1e" + "9" * 4_000_000,
    "quotes": lambda: '"' * 4_000_000,
    "quotes that escape": lambda: 'a = """' + '\\"""' * 1_000_000,
    "backslashes": lambda: 'a = "' + "\\" * 4_000_000,
    "brackets": lambda: "[" * 4_000_000,
    "dots": lambda: "a" + "." * 4_000_000,
    "equals signs": lambda: "=" * 4_000_000,
    "commas": lambda: "a = [" + "," * 4_000_000,
    "comments that never end": lambda: "#" * 4_000_000 + "\n=",
    "NULs": lambda: "\0" * 4_000_000,
}  # fmt: skip
CONFS: dict[str, Callable[[], str]] = {
    "10^6 lines": lambda: "".join(f'A{number} = "1"\n' for number in range(1_000_000)),
    "400,000 lines": lambda: 'A = "1"\n' * 400_000,
    "a line of 100 MB": lambda: 'A = "' + "x" * 100_000_000 + '"\n',
    "references without end": lambda: 'MACHINE = "' + "${" * 1_000_000 + '"\n',
    "references that double": lambda: "".join(
        f'A{n} = "${{A{n + 1}}}${{A{n + 1}}}"\n' for n in range(60)
    ) + 'MACHINE = "${A0}"\n',
    "overrides": lambda: "A" + ":a" * 1_000_000 + ' = "1"\n',
    "itself, again and again": lambda: "require conf/local.conf\n" * 5_000,
    "100,000 guests": lambda: 'BUNDLED_XEN_GUESTS = "'
    + " ".join(f"g{n}" for n in range(100_000)) + '"\n',
    "python that never closes": lambda: 'MACHINE = "${@' + "(" * 1_000_000 + '"\n',
}  # fmt: skip


def measure(folder: Path, *arguments: str) -> tuple[int, float, str]:
    """Return a command's exit code, its memory in MB and its messages."""
    reported = folder / "measured"
    result = subprocess.run(
        [sys.executable, "-c", MEASURED, str(reported), *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert reported.exists(), result.stderr[-500:]
    code, megabytes = reported.read_text().split()
    return int(code), float(megabytes), result.stderr


QUICK = ("a header of 100,000 parts", "60,000 guests", "a name of 4 MB")


@pytest.mark.parametrize(
    "what",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in PROJECTS],
)
def test_a_project_file_is_refused(tmp_path: Path, what: str) -> None:
    (tmp_path / "p.toml").write_text(PROJECTS[what]())
    code, megabytes, reported = measure(tmp_path, "check", "p.toml")
    assert code in (1, 4)
    assert "unexpected failure" not in reported
    assert len(reported) < 500
    assert megabytes < MEGABYTES, f"{megabytes:.0f} MB"


@pytest.mark.slow
@pytest.mark.parametrize("what", CONFS)
def test_a_configuration_is_read_or_refused(tmp_path: Path, what: str) -> None:
    conf = tmp_path / "build/conf"
    conf.mkdir(parents=True)
    (conf / "local.conf").write_text(CONFS[what]())
    (conf / "bblayers.conf").write_text('BBLAYERS = ""\n')
    for arguments in (["doctor", "--build-dir", "build"], ["import", "build/conf/local.conf"]):
        code, megabytes, reported = measure(tmp_path, *arguments)
        assert code in (0, 1, 4)
        assert "unexpected failure" not in reported
        assert megabytes < MEGABYTES, f"{arguments[0]}: {megabytes:.0f} MB"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("a = 1\n" * document.MAX_PARTS, True),
        ("a = 1\n" * (document.MAX_PARTS + 1), False),
        ('a = "=[{,."\n' * document.MAX_PARTS, True),
        ("a = '=[{,.'\n" * document.MAX_PARTS, True),
        ('a = """=,\n"=[{,."""\n' * 50_000, True),
        ("a = '''=,\n'=[{,.'''\n" * 50_000, True),
        ('a = "\\"=[{,."\n' * 50_000, True),
        ("# =[{,.\n" * 100_000, True),
        ("x = [" + "[]," * 110_000 + "]", False),
    ],
    ids=range(9),
)
def test_parts_are_counted_outside_texts_and_comments(text: str, fits: bool) -> None:
    assert document.has_too_many_parts(text) is not fits


def test_too_much_is_refused_with_a_fix() -> None:
    with pytest.raises(DocumentError, match="more than 200000 keys") as caught:
        document.parse("a = 1\n" * (document.MAX_PARTS + 1), Path("p.toml"))
    assert "several projects" in caught.value.fix
    with pytest.raises(DocumentError, match=r"guests\.a has more than 10000 entries"):
        document.parse("[guests.a]\n" + "".join(f"k{n} = 1\n" for n in range(10_001)))


def test_a_long_line_is_reported_by_its_number() -> None:
    fits = "# " + "a" * (document.MAX_LINE - 2)
    assert document.parse(f"{fits}\na = 1\n{fits}").data == {"a": 1}
    with pytest.raises(DocumentError, match="longer than 100000") as caught:
        document.parse(f"a = 1\n\n{fits}b\nb = 2\n")
    assert caught.value.line == 3
