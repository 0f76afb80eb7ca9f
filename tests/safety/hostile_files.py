# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A folder of hostile files, and every command that can be run on them.

Every place for text has one that would create a file named :data:`CANARY` if it were evaluated, and
one that would control the terminal if it were printed raw.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

CANARY = "canary"
RAW = re.compile(
    rb"[\x00-\x08\x0b-\x1f\x7f]"  # C0 and DEL, except newline and tab
    rb"|\xc2[\x80-\x9f]"  # C1
    rb"|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"  # bidi, zero-width
    rb"|\xed[\xa0-\xbf]"  # lone surrogates
)
"""Bytes of UTF-8 that must not reach a terminal."""
TERMINAL = "\x1b]52;c;eA==\x07\x1b]8;;http://x\x07\x1b[2J\x9b31m\u202e\u2066\u200b\ufeff\r\x7f"
CODE = (
    "${@open('canary','w').close()}",
    "${@__import__('os').system('touch canary')}",
    "$(touch canary)",
    "`touch canary`",
    "; touch canary ;",
    "'; touch canary; '",
    '"; touch canary; "',
    "| touch canary",
    "\ntouch canary\n",
    "{{ open('canary','w') }}",
    "{% import os %}{{ os.system('touch canary') }}",
    "%(canary)s{0.__class__}",
    "!!python/object/apply:os.system ['touch canary']",
    "[@click=app.save('canary')]x[/]",
    "[/x][red]",
    "../../canary",
    "--output=canary",
)
HEAD = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\n'


def _toml_text(text: str) -> str:
    """Return a text as TOML writes it: as JSON, plus escapes for what JSON leaves raw."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def projects() -> dict[str, str]:
    """Return project files, each with hostile text in one kind of place."""
    found: dict[str, str] = {}
    for number, text in enumerate((*CODE, TERMINAL)):
        value = _toml_text(text)
        found[f"values-{number}"] = (
            f"{HEAD}network = {value}\n[preset]\ntitle = {value}\ndescription = {value}\n"
            f"[defaults]\nextra = {value}\nvif = [{value}]\n[guests.a]\nextra = {value}\n"
            f"config_file = {value}\nname = {value}\nkernel = {value}\nrootfs = {value}\n"
        )
        found[f"keys-{number}"] = f"{HEAD}{value} = 1\n[guests.{value}]\nmemory = 64\n"
        found[f"title-{number}"] = f"{HEAD}[preset]\ntitle = {value}\n"
        found[f"script-{number}"] = (
            f"{HEAD}[bundles.b]\nsummary = {value}\nlicense = {value}\n[import_types.t]\n"
            f"script = {value}\n[guests.a]\nbundle = 'b'\n[guests.a.source]\ntype = 't'\n"
            f"file = {value}\nfetch = [{{ uri = {value}, subdir = {value} }}]\n"
        )
    found["broken"] = f"a = '{TERMINAL}\n"
    found["comment"] = f"{HEAD}# {TERMINAL} ${{@open('canary','w')}}\n".replace("\r", "")
    found["good"] = (
        f"{HEAD}[guests.own]\nconfig_file = 'own.cfg'\n[guests.plain]\nmemory = 64\n"
        "[bundles.b]\n[import_types.t]\nscript = 'import.sh'\n"
        "[guests.made]\ntags = ['external']\nbundle = 'b'\n[guests.made.source]\ntype = 't'\n"
        "file = 'x.img'\nfetch = [{ uri = 'file://x.img' }]\n"
    )
    return found


def confs() -> dict[str, str]:
    """Return configurations and recipes with code that BitBake would execute."""
    lines = [f'A{number} = "{text}"' for number, text in enumerate(CODE) if "\n" not in text]
    guests = [f'XEN_GUEST_EXTRA[g] = "{text}"' for text in (*CODE, TERMINAL) if '"' not in text]
    code = [
        "A := \"${@open('canary','w').close()}\"",
        "MACHINE := \"${@open('canary','w').close() or 'qemux86-64'}\"",
        "require ${@open('canary','w').close() or 'x'}.conf",
        "include canary.conf $(touch canary)",
        "addhandler touch_canary",
        "BUNDLED_XEN_GUESTS = \"g ${@open('canary','w').close()}\"",
        "python () {\n    open('canary','w')\n}",
        "do_compile() {\n    touch canary\n}",
        f"# {TERMINAL}",
        f'{TERMINAL} = "1"',
    ]
    text = "\n".join([*lines, *guests, *code]) + "\n"
    return {
        "local.conf": text,
        "made.bb": f'inherit xen-guest-bundle ${{@open("canary","w")}}\n{text}',
    }


def own_config() -> str:
    """Return an xl configuration with code in several languages."""
    values = "\n".join(f"extra = {_toml_text(text)}" for text in (*CODE, TERMINAL))
    return (
        "name = 'own'\nkernel = \"/k\"\ndisk = ['file:/x,xvda,rw']\n"
        f"import os; os.system('touch canary')\n{values}\n# {TERMINAL}\n"
    )


def lay_out(folder: Path) -> list[str]:
    """Put all of it into a folder, and return the names of the project files."""
    folder.mkdir(parents=True, exist_ok=True)
    presets = folder / "presets"
    presets.mkdir()
    names = []
    for name, text in projects().items():
        (folder / f"{name}.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
        names.append(f"{name}.toml")
        if name.endswith(("-0", f"-{len(CODE)}")) or name in ("broken", "good"):
            (presets / f"{name}.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    for evil in (
        f"e{TERMINAL}.toml".replace("/", "_"),
        "$(touch canary).toml",
        "`touch canary`.toml",
    ):
        (presets / evil).write_text(projects()["good"])
        (folder / evil).write_text(projects()["good"])
        names.append(evil)
    undecodable = os.fsencode(folder) + b"/presets/\xff\xfe\x9b31m.toml"
    with open(undecodable, "wb") as file:  # noqa: PTH123 - a Path is text
        file.write(projects()["good"].encode())
    (folder / "own.cfg").write_text(own_config())
    (folder / "import.sh").write_text("#!/bin/sh\ntouch canary\n$(touch canary)\n" + TERMINAL)
    (folder / "x.img").write_bytes(TERMINAL.encode() * 64)
    build = folder / "build"
    (build / "conf").mkdir(parents=True)
    for name, text in confs().items():
        (folder / name).write_text(text)
    (build / "conf/local.conf").write_text(confs()["local.conf"])
    (build / "conf/bblayers.conf").write_text(
        "BBLAYERS := \"${@open('canary','w').close()} $(touch canary)\"\n"
        f'BBLAYERS += "{folder}/layer {TERMINAL}"\n'
    )
    (folder / "layer/conf").mkdir(parents=True)
    (folder / "layer/conf/layer.conf").write_text(confs()["local.conf"])
    return names


def commands_on(name: str) -> list[list[str]]:
    """Return every command that takes a project, with this one."""
    return [
        ["check", name],
        ["check", name, "--json"],
        ["show", name],
        ["show", name, "--json"],
        ["show", name, "--effective"],
        ["generate", name, "--out", "out", "--dry-run"],
        ["generate", name, "--out", "out", "--diff"],
        ["generate", name, "--out", f"out-{name}"],
        ["generate", name, "--build-dir", "build", "--diff"],
        ["new", f"./{name}"],
        ["verify", name, "--build-dir", "build", "--quick"],
    ]


def commands_without_project() -> list[list[str]]:
    """Return the commands that take no project, or something else as well."""
    evil = (TERMINAL, *CODE)
    return [
        ["presets"],
        ["presets", "--json"],
        ["doctor", "--build-dir", "build"],
        ["doctor", "--build-dir", "build", "--json"],
        ["import", "local.conf"],
        ["import", "local.conf", "made.bb", "-o", "imported.toml"],
        ["remove", "--build-dir", "build", "--dry-run"],
        ["source", "inspect", "x.img", "own.cfg", "import.sh"],
        ["source", "inspect", "--json", "x.img", "layer", "missing"],
        ["schema"],
        ["completion", "bash"],
        *(["presets", "show", text] for text in evil),
        *(["explain", text] for text in evil),
        *(["check", "good.toml", "--set", f"guests.plain.extra={text}"] for text in evil),
        *(["check", "good.toml", "--set", text] for text in evil),
        *(["check", text] for text in evil),
        *(["new", text] for text in evil),
        *(["generate", "good.toml", "--out", "out", "--attach", text] for text in evil),
        *(["source", "inspect", text] for text in evil),
        *(["import", text] for text in evil),
        *(["doctor", "--build-dir", text] for text in evil),
        *([text] for text in evil),
    ]
