# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Editors: the schema as read by Taplo, which the TOML extension of VS Code uses too."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from xentui.cli import main
from xentui.project import new_file, presets, schema
from xentui.project.document import load

pytestmark = pytest.mark.slow

TAPLO = "@taplo/cli@0.7.0"
ROOT = Path(__file__).parents[1]

Lint = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def taplo(request: pytest.FixtureRequest) -> Path:
    """Return the command of Taplo, which is installed once into pytest's cache."""
    found = shutil.which("taplo")
    if found is not None:
        return Path(found)
    if shutil.which("npm") is None:
        pytest.skip("npm is not there, so Taplo cannot be installed")
    assert request.config.cache is not None
    place = request.config.cache.mkdir("taplo")
    command = place / "node_modules/.bin/taplo"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not command.exists():
            install = ["npm", "install", "--silent", "--no-audit", "--prefix", str(place), TAPLO]
            if subprocess.run(install, capture_output=True, timeout=120).returncode != 0:
                pytest.skip("Taplo cannot be installed: no registry can be reached")
    return command


@pytest.fixture
def lint(taplo: Path) -> Lint:
    def run(folder: Path, *arguments: str) -> tuple[int, str]:
        command = [str(taplo), "lint", "--colors", "never", *arguments]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
        return result.returncode, result.stdout + result.stderr

    return run


BOARD = """\
#:schema ./schema.json
version = 1

[host]
machine = "qemux86-64"
memory = 1024

[bundles.lab]
version = "1.0"

[guests.alpine]
memory = 256
tags = ["autostart"]
vif = ["bridge=xenbr0"]
extra = "root=/dev/xvda ro"
bundle = "lab"

[guests.alpine.source]
type = "raw"
file = "disk.img"

[[guests.alpine.source.fetch]]
uri = "file://disk.img"
"""

BROKEN = {
    "unknown-key": ("memory = 256", "memroy = 256"),
    "unknown-table": ("[bundles.lab]", "[bundle.lab]"),
    "number-as-text": ("memory = 256", 'memory = "256"'),
    "too-small": ("memory = 256", "memory = 3"),
    "too-big": ("memory = 1024", "memory = 99999999"),
    "unknown-tag": ('tags = ["autostart"]', 'tags = ["autostrat"]'),
    "text-for-a-list": ('vif = ["bridge=xenbr0"]', 'vif = "bridge=xenbr0"'),
    "quote-in-text": ('extra = "root=/dev/xvda ro"', "extra = 'a \"b\" c'"),
    "code-in-text": ('extra = "root=/dev/xvda ro"', 'extra = "${@1}"'),
    "machine-as-path": ('machine = "qemux86-64"', 'machine = "a/b"'),
    "version-of-tomorrow": ("version = 1\n\n", "version = 2\n\n"),
    "bundle-version": ('version = "1.0"', 'version = "one"'),
    "address": ('uri = "file://disk.img"', 'uri = "ftp://disk.img"'),
}
"""Broken projects: a line of the project above, and its replacement."""


def test_presets_and_new_projects_pass(lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(schema.as_text())
    made = 0
    for preset in presets.available(tmp_path):
        text = preset.path.read_text(encoding="utf-8")
        (tmp_path / f"{preset.name}.toml").write_text(f"#:schema ./schema.json\n{text}")
        project = load(preset.path).project
        assert project is not None
        made += 1
        new = new_file.toml_text(project, schema_file="schema.json")
        (tmp_path / f"new-{preset.name}.toml").write_text(new)
    assert made > 5
    code, output = lint(tmp_path)
    assert code == 0, output
    assert "error" not in output.lower()


def test_each_broken_project_fails_at_its_key(lint: Lint, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(schema.as_text())
    (tmp_path / "sound.toml").write_text(BOARD)
    for name, (line, broken) in BROKEN.items():
        assert BOARD.count(line) == 1
        (tmp_path / f"{name}.toml").write_text(BOARD.replace(line, broken))
    code, output = lint(tmp_path)
    assert code != 0
    places = {
        (found["name"], int(found["line"]))
        for found in re.finditer(r"┌─ \S*?(?P<name>[\w-]+)\.toml:(?P<line>\d+):", output)
    }
    expected = {
        (name, BOARD[: BOARD.index(line)].count("\n") + 1) for name, (line, _) in BROKEN.items()
    }
    assert expected <= places, output
    assert "sound" not in {name for name, _ in places}


def test_the_repository_gives_editors_the_schema_of_its_presets(lint: Lint, tmp_path: Path) -> None:
    for name in (".taplo.toml", "presets", "xentui/schema.json"):
        source, target = ROOT / name, tmp_path / name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    assert lint(tmp_path)[0] == 0
    preset = tmp_path / "presets/qemux86-64-minimal.toml"
    preset.write_text(preset.read_text().replace("memory = 256", "memory = 1"))
    code, output = lint(tmp_path)
    assert code != 0
    assert "qemux86-64-minimal.toml" in output


def test_a_new_project_names_the_schema_next_to_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "board.toml"
    assert main(["new", "qemux86-64-minimal", "-o", str(path)]) == 0
    first = path.read_text().splitlines()[0]
    assert first == "#:schema ./xentui-project-1.schema.json"
    beside = tmp_path / first.removeprefix("#:schema ")
    assert beside.read_text() == schema.as_text()
    assert load(path).project is not None

    beside.write_text("mine\n")
    assert main(["new", "qemux86-64-minimal", "-o", str(tmp_path / "second.toml")]) == 0
    assert beside.read_text() == "mine\n"
    assert main(["new", "qemux86-64-minimal", "-o", str(beside)]) == 2

    bare = tmp_path / "bare"
    bare.mkdir()
    assert main(["new", "qemux86-64-minimal", "--no-schema", "-o", str(bare / "board.toml")]) == 0
    assert [each.name for each in bare.iterdir()] == ["board.toml"]
    assert "#:schema" not in (bare / "board.toml").read_text()
    capsys.readouterr()
    assert main(["new", "qemux86-64-minimal"]) == 0
    assert "#:schema" not in capsys.readouterr().out


def test_the_schema_has_its_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "--path"]) == 0
    path = Path(capsys.readouterr().out.rstrip("\n"))
    assert path.read_text(encoding="utf-8") == schema.as_text()


def test_the_schema_has_one_name_for_good() -> None:
    """Other schemas and catalogues use this name, so it changes only with the format's version."""
    found = json.loads(schema.as_text())
    assert found["$id"] == "urn:xentui:project:1"
    assert found["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert found["properties"]["version"]["const"] == 1
    assert schema.FILE_NAME == "xentui-project-1.schema.json"
