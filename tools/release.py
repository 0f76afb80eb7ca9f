# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build the archives of the last commit, check them and test what they install: ``make release``.

Everything is built twice, from the commit only, never from the work tree. ``dist/`` then has the
archives, an SBOM (CycloneDX) of an installation, checksums, and the newest changes.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from io import BytesIO
from pathlib import Path
from shutil import copy2, copytree, rmtree

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"

WORK_TREE_TESTS = (
    "tests/docs",
    "tests/test_contributing.py",
    "tests/test_editors.py",
    "tests/test_generated.py",
    "tests/test_packaging.py",
    "tests/test_release.py",
    "tests/test_repository.py",
)
"""Tests that need the work tree, or build the archives themselves. All others must pass with an
installed xentui, with its lowest and with its newest dependencies; except comparisons of pictures,
which belong to one version of Textual.
"""


class ReleaseError(Exception):
    """A reason not to publish the release."""


def main() -> int:
    """Make the release, print each step, and return the exit code."""
    try:
        with tempfile.TemporaryDirectory(prefix="xentui-release-") as folder:
            # Some tests run as another user than root.
            Path(folder).chmod(0o755)
            _release(Path(folder))
    except ReleaseError as error:
        _say(f"not released: {error}")
        return 1
    return 0


def _release(folder: Path) -> None:
    epoch = _output("git", "log", "-1", "--format=%ct").strip()
    tree = _exported(folder / "tree")
    _say(f"building {_output('git', 'rev-parse', '--short', 'HEAD').strip()}, twice")
    archives = _built(tree, folder / "first", epoch)
    again = _built(tree, folder / "second", epoch)
    differing = [
        name for name, path in archives.items() if path.read_bytes() != again[name].read_bytes()
    ]
    if differing or archives.keys() != again.keys():
        raise ReleaseError(f"two builds differ: {', '.join(differing) or 'their names'}")
    wheel, source = _only(archives, ".whl"), _only(archives, ".tar.gz")
    _say("checking what is in them")
    _run(sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source))
    check_wheel(wheel, tree)
    check_source(source, tree)
    for what, archive, needs in (
        ("lowest", wheel, lowest_dependencies(tree)),
        ("newest", source, []),
    ):
        _say(f"testing {archive.name} with the {what} dependencies")
        _test_installation(folder / what, archive, needs, tree)
    rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    for archive in (source, wheel):
        copy2(archive, DIST)
    _say("writing SBOM, checksums and the changelog's section")
    _sbom(folder, wheel, tree)
    (DIST / "CHANGES.md").write_text(newest_changes(tree), encoding="utf-8")
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
        for path in sorted(DIST.iterdir())
    ]
    (DIST / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    _say("".join(sums).rstrip("\n"))


def lowest_dependencies(tree: Path) -> list[str]:
    """Return each dependency with the lowest version that is allowed."""
    needs = _project(tree)["dependencies"]
    return [re.sub(r">=([\d.]+).*", r"==\1", need) for need in needs]


def _test_dependencies(tree: Path) -> list[str]:
    data = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[str] = data["dependency-groups"]["test"]
    return found


def newest_changes(tree: Path) -> str:
    """Return the newest section of the changelog."""
    text = (tree / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    if len(sections) < 2:
        raise ReleaseError("CHANGELOG.md has no section")
    return sections[1].rstrip("\n") + "\n"


def check_wheel(wheel: Path, tree: Path) -> None:
    """Check that a wheel has the package, its data, and nothing else.

    Raises:
        ReleaseError: it does not.
    """
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if not name.endswith("/")}
    wanted = {
        path.relative_to(tree).as_posix() for path in (tree / "xentui").rglob("*") if path.is_file()
    }
    wanted |= {f"xentui/presets/{path.name}" for path in (tree / "presets").glob("*.toml")}
    shared = {
        f"share/{name}"
        for name in (
            "man/man1/xentui.1",
            "bash-completion/completions/xentui",
            "fish/vendor_completions.d/xentui.fish",
            "zsh/site-functions/_xentui",
        )
    }
    package = {name for name in inside if name.startswith("xentui/")}
    data = {name.partition(".data/data/")[2] for name in inside if ".data/data/" in name}
    rest = {name for name in inside - package if ".data/" not in name and ".dist-info/" not in name}
    _check_names("the wheel's package", package, wanted)
    _check_names("the wheel's data", data, shared)
    _check_names("the wheel", rest, set())


def check_source(source: Path, tree: Path) -> None:
    """Check that a source archive has the files of the commit, except those excluded on purpose.

    Raises:
        ReleaseError: it does not.
    """
    with tarfile.open(source) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        path.relative_to(tree).as_posix()
        for path in tree.rglob("*")
        if path.is_file() and path.relative_to(tree).parts[0] not in ("snapshots", ".ci")
    }
    _check_names("the source archive", inside - {"PKG-INFO", ""}, wanted)


def _check_names(archive: str, names: set[str], expected: set[str]) -> None:
    if names != expected:
        missing, unexpected = sorted(expected - names)[:5], sorted(names - expected)[:5]
        raise ReleaseError(f"{archive}: missing {missing}, unexpected {unexpected}")


def _exported(folder: Path) -> Path:
    """Export the last commit into a folder, and return it."""
    folder.mkdir()
    packed = subprocess.run(
        ["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _built(tree: Path, folder: Path, epoch: str) -> dict[str, Path]:
    _run(
        *(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(tree)),
        SOURCE_DATE_EPOCH=epoch,
    )
    return {path.name: path for path in folder.iterdir()}


def _environment(folder: Path) -> str:
    _run(sys.executable, "-m", "venv", "--without-pip", str(folder))
    return str(folder / "bin/python")


def _install(python: str, *what: str) -> None:
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    _run(*pip, "install", "--quiet", *what)


def _test_installation(folder: Path, archive: Path, needs: list[str], tree: Path) -> None:
    """Install an archive with its own dependencies, and run tests against it."""
    python = _environment(folder)
    _install(python, str(archive), *needs)
    _install(python, *_test_dependencies(tree))
    # Dependencies of the tests may have upgraded some of them.
    _install(python, str(archive), *needs)
    place = folder / "place"
    place.mkdir()
    # Only the tests, without the package next to them, so that they import the installed one.
    for name in ("tests", "presets", "docs"):
        copytree(tree / name, place / name)
    copy2(tree / "pyproject.toml", place)
    _say("    running the tests")
    _run(
        *(python, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider"),
        *("-m", "not snapshot", *(f"--ignore={name}" for name in WORK_TREE_TESTS), "tests"),
        cwd=place,
        PYTHONDONTWRITEBYTECODE="1",
    )
    where = _output(python, "-c", "import xentui; print(xentui.__file__)", cwd=place).strip()
    if not where.startswith(str(folder)) or "site-packages" not in where:
        raise ReleaseError(f"the tests imported {where}, not what was installed")
    for need in needs:
        name, _, version = need.partition("==")
        code = f"from importlib.metadata import version; print(version({name!r}))"
        had = _output(python, "-c", code, cwd=place).strip()
        if not f"{had}.0.0".startswith(f"{version}."):
            raise ReleaseError(f"{name} was {had}, not {version}")
        _say(f"    {name} {had}")


def _sbom(folder: Path, wheel: Path, tree: Path) -> None:
    python = _environment(folder / "sbom")
    _install(python, str(wheel))
    _run(
        *(sys.executable, "-m", "cyclonedx_py", "environment", python),
        *("--pyproject", str(tree / "pyproject.toml"), "--mc-type", "application"),
        *("--output-reproducible", "--of", "JSON", "-o", str(DIST / "xentui.cdx.json")),
    )


def _only(archives: dict[str, Path], ending: str) -> Path:
    found = [path for name, path in archives.items() if name.endswith(ending)]
    if len(found) != 1:
        raise ReleaseError(f"there are {len(found)} archives {ending} instead of one")
    return found[0]


def _project(tree: Path) -> dict[str, list[str]]:
    data = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = data["project"]
    return found


def _run(*command: str, cwd: Path = ROOT, **environment: str) -> None:
    result = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True
    )
    if result.returncode != 0:
        raise ReleaseError(
            f"{' '.join(command[:6])} …:\n{result.stdout[-3000:]}{result.stderr[-3000:]}"
        )


def _output(*command: str, cwd: Path = ROOT) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
