# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``make release`` notices what is missing in an archive, and what is too much."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).parents[1]
SHARED = (
    "man/man1/xentui.1",
    "bash-completion/completions/xentui",
    "fish/vendor_completions.d/xentui.fish",
    "zsh/site-functions/_xentui",
)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("xentui/a.py", "presets/b.toml", "snapshots/c.svg", ".ci/run", "README.md"):
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return tmp_path / "tree"


def wheel(place: Path, *names: str) -> Path:
    path = place / "x.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return path


def test_missing_and_extra_files_of_a_wheel_are_noticed(tree: Path, tmp_path: Path) -> None:
    data = tuple(f"x-1.data/data/share/{name}" for name in SHARED)
    sound = ("xentui/a.py", "xentui/presets/b.toml", "x-1.dist-info/METADATA", *data)
    release.check_wheel(wheel(tmp_path, *sound), tree)
    for left_out in ("xentui/a.py", "xentui/presets/b.toml", data[0]):
        with pytest.raises(release.ReleaseError, match=r"missing \['"):
            release.check_wheel(wheel(tmp_path, *(n for n in sound if n != left_out)), tree)
    for beside in ("tests/test_a.py", "xentui/draft.toml", "x-1.data/data/share/notes"):
        with pytest.raises(release.ReleaseError, match=r"unexpected \['"):
            release.check_wheel(wheel(tmp_path, *sound, beside), tree)


def test_missing_and_extra_files_of_a_source_archive_are_noticed(
    tree: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x.tar.gz"

    def archive(*names: str) -> Path:
        with tarfile.open(path, "w:gz") as made:
            for name in ("PKG-INFO", *names):
                made.add(tree / "README.md", f"x-1/{name}")
        return path

    sound = ("xentui/a.py", "presets/b.toml", "README.md")
    release.check_source(archive(*sound), tree)
    with pytest.raises(release.ReleaseError, match=r"missing \['README.md'\]"):
        release.check_source(archive(*sound[:2]), tree)
    with pytest.raises(release.ReleaseError, match=r"snapshots/c\.svg"):
        release.check_source(archive(*sound, "snapshots/c.svg"), tree)


def test_lowest_versions_are_those_of_the_project() -> None:
    found = release.lowest_dependencies(ROOT)
    assert "jsonschema==4.18" in found
    assert all("==" in need and "<" not in need for need in found)


def test_what_is_left_out_of_the_trial_is_there() -> None:
    assert [name for name in release.WORK_TREE_TESTS if not (ROOT / name).exists()] == []


def test_the_changelog_has_a_section_to_publish(tmp_path: Path) -> None:
    text = release.newest_changes(ROOT)
    assert text.startswith("## [")
    assert text.count("\n## ") == 0
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n")
    with pytest.raises(release.ReleaseError, match="no section"):
        release.newest_changes(tmp_path)
