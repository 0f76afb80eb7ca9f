# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Archives are built, installed into new environments, and run.

Most of this needs no network: the build backend is among the test tools, and the new environments
borrow the dependencies of this one. Only one test installs from the index.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import xentui

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PRESETS = {path.name for path in (ROOT / "presets").glob("*.toml")}
# Saved before tests change HOME, which may hold the configuration of the package index.
_ENVIRONMENT = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}


def run(*command: str | Path, cwd: Path, **more: str) -> str:
    result = subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, env={**_ENVIRONMENT, **more}
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build_archives(place: Path) -> tuple[Path, Path]:
    """Build the source archive, and the wheel from it, and return both."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", place, ROOT, cwd=place)
    (source,) = place.glob("*.tar.gz")
    (wheel,) = place.glob("*.whl")
    return source, wheel


def environment(place: Path, *, borrow: bool = True) -> Path:
    """Make an environment with the packages of this one except xentui, and return its Python."""
    run(sys.executable, "-m", "venv", "--without-pip", place, cwd=place.parent)
    if borrow:
        (packages,) = place.glob("lib/python*/site-packages")
        # A folder in a .pth file is searched for modules, but its own .pth files are not read. So
        # an editable xentui in this environment stays invisible.
        paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        (packages / "borrowed.pth").write_text("\n".join(sorted(paths)) + "\n")
    return place / "bin/python"


def install(python: Path, *what: str | Path) -> None:
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--no-index", "--no-deps", *what, cwd=python.parent)


def check_command(python: Path, place: Path) -> None:
    """Try the installed command, far from the repository."""
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    command = python.with_name("xentui")
    home = str(elsewhere / "home")
    assert run(command, "--version", cwd=elsewhere, HOME=home) == f"xentui {xentui.__version__}\n"
    listed = run(command, "presets", cwd=elsewhere, HOME=home)
    rows = listed.partition("\n\n")[0].splitlines()[1:]
    assert {f"{row.split()[0]}.toml" for row in rows} >= PRESETS
    assert all("bundled" in row for row in rows)
    new = run(command, "new", "qemux86-64-minimal", "-o", "p.toml", cwd=elsewhere, HOME=home)
    assert new == "" or "p.toml" in new
    run(command, "generate", "p.toml", "--out", "out", cwd=elsewhere, HOME=home)
    assert (elsewhere / "out/conf/xentui.conf").is_file()


def test_archives_are_complete_and_the_wheel_runs(tmp_path: Path) -> None:
    source, wheel = build_archives(tmp_path)
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {f"xentui/presets/{name}" for name in PRESETS} <= inside
    assert {"xentui/schema.json", "xentui/py.typed", "xentui/rules/catalogue.toml"} <= inside
    shared = {name.partition(".data/data/")[2] for name in inside if ".data/data/" in name}
    assert shared == {
        "share/man/man1/xentui.1",
        "share/bash-completion/completions/xentui",
        "share/fish/vendor_completions.d/xentui.fish",
        "share/zsh/site-functions/_xentui",
    }
    if (ROOT / "xentui/xentui.tcss").exists():
        assert "xentui/xentui.tcss" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    package = {
        str(path.relative_to(ROOT)) for path in ROOT.glob("xentui/**/*.py") if path.is_file()
    }
    assert package <= inside
    assert not [name for name in inside if name.startswith("tests/") or "__pycache__" in name]
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "pyproject.toml", "Makefile", "tests/conftest.py"} <= names
    assert not [name for name in names if name.startswith((".git/", ".venv", ".ci"))]
    python = environment(tmp_path / "new")
    install(python, wheel)
    where = run(python, "-c", "import xentui; print(xentui.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path))
    check_command(python, tmp_path)


def test_an_editable_install_sees_the_presets(tmp_path: Path) -> None:
    python = environment(tmp_path / "new")
    install(python, "--no-build-isolation", "-e", ROOT)
    where = run(python, "-c", "import xentui; print(xentui.__file__)", cwd=tmp_path)
    assert Path(where.strip()) == ROOT / "xentui/__init__.py"
    check_command(python, tmp_path)


def test_it_installs_with_its_dependencies_from_the_index(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    reached = subprocess.run(
        [*pip, "download", "--quiet", "--no-deps", "--dest", tmp_path / "try", "tomlkit"],
        capture_output=True,
        text=True,
        env=_ENVIRONMENT,
    )
    if reached.returncode != 0:
        pytest.skip("no package index can be reached")
    # Built as pip does by default: in an isolated environment, with the backend from
    # pyproject.toml.
    python = environment(tmp_path / "new", borrow=False)
    run(*pip, "--python", python, "install", "--quiet", ROOT, cwd=tmp_path)
    check_command(python, tmp_path)
    run(*pip, "--python", python, "check", cwd=tmp_path)


def test_whatever_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {re.split(r"[<>=!~ \[]", need)[0] for need in project["dependencies"]}
    imported = set()
    for path in ROOT.glob("xentui/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {"xentui"}
    assert {"textual", "jsonschema"} <= foreign <= declared
