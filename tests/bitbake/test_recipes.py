# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recipes, machines and deployed files of layers, and the cache for them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from tests.work import must_end
from xentui.bitbake import build_dir, recipe_cache, recipe_files, recipes
from xentui.project import filesystem

IMAGES = "virt/recipes-extended/images"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def build_with(root: Path, more: dict[str, str] | None = None) -> build_dir.BuildDir:
    return build_dir.read(trees.small(root, 'MACHINE = "qemux86-64"\n', more=more))


def test_images_are_found_with_what_they_say(tmp_path: Path) -> None:
    found = recipes.read(
        build_with(
            tmp_path,
            {
                f"{IMAGES}/more-image-big_2.0.bb": "require xen-guest-image-minimal.bb\n"
                'SUMMARY:append = " for ${PN}"\n',
                f"{IMAGES}/tool-image-writer_1.0.bb": 'SUMMARY = "No image"\ninherit native\n',
                f"{IMAGES}/plain.bb": 'SUMMARY = "x"\ninherit \\\n    image\n',
                f"{IMAGES}/core-image-initramfs-boot.bb": "inherit image\n",
                "virt/recipes-core/vim/vim_9.0.bb": 'SUMMARY = "editor"\n',
                "virt/other/vim/emacs_9.0.bb": "inherit image\n",
            },
        )
    )
    assert {recipe.name: recipe.summary for recipe in found.images} == {
        "core-image-initramfs-boot": "",
        "more-image-big": "A guest for more-image-big",
        "plain": "x",
        "xen-guest-image-minimal": "A guest",
        "xen-image-minimal": "A minimal xen image",
    }
    assert [recipe.name for recipe in found.guest_images] == [
        "more-image-big",
        "plain",
        "xen-guest-image-minimal",
    ]
    assert {recipe.layer for recipe in found.images} == {"virtualization-layer"}
    assert found.names >= {"vim", "tool-image-writer"}
    assert "emacs" not in found.names


def test_a_change_of_a_required_file_is_noticed(tmp_path: Path) -> None:
    more = {
        f"{IMAGES}/own-image-x.bb": "require own.inc\ninherit image\n",
        f"{IMAGES}/own.inc": 'SUMMARY = "old"\n',
    }
    build = build_with(tmp_path, more)
    recipes.read(build)
    (tmp_path / IMAGES / "own.inc").write_text('SUMMARY = "newer"\n')
    summaries = {r.name: r.summary for r in recipes.read(build).images}
    assert summaries["own-image-x"] == "newer"


def test_a_broken_cache_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = build_with(tmp_path)
    expected = recipes.read(build)
    (path,) = filesystem.user_folder("cache").iterdir()
    for content in ("", "[]", "{", '{"format": 1}', '{"format": 1, "notes": 5}', "[" * 100_000):
        path.write_text(content)
        assert recipes.read(build) == expected
        assert recipes.read(build).from_cache == 2
    monkeypatch.setattr(recipe_cache, "MAX_SIZE", path.stat().st_size - 1)
    assert recipes.read(build).from_cache == 0
    path.unlink()
    path.mkdir()
    assert recipes.read(build) == expected
    assert [each.name for each in filesystem.user_folder("cache").iterdir()] == [path.name]


def test_without_a_folder_for_the_cache_everything_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    assert len(recipes.read(build_with(tmp_path)).images) == 2


def test_unexpected_files_among_recipes_are_ignored(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    folder = tmp_path / IMAGES
    os.mkfifo(folder / "pipe-image-x.bb")
    (folder / "gone-image-x.bb").symlink_to("nowhere")
    (folder / "loop").symlink_to("..")
    (folder / "binary-image-x.bb").write_bytes(b"\xff\xfeinherit image\n")
    (folder / "folder-image-x.bb").mkdir()
    assert {r.name for r in recipes.read(build).images} == {
        "xen-image-minimal",
        "xen-guest-image-minimal",
    }


def test_a_pattern_of_stars_is_not_endless(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 200)
    folder.mkdir()
    (folder / ("a" * 250)).touch()
    pattern = f"{tmp_path}/{'*a' * 90}/{'*a' * 100}b.bb"
    with must_end():
        assert list(recipe_files.matching([pattern])) == []


@pytest.mark.real
@pytest.mark.skipif(OE_TREE is None, reason="needs XENTUI_OE_TREE")
def test_recipes_of_real_layers_are_listed(tmp_path: Path) -> None:
    assert OE_TREE is not None
    build = build_dir.read(trees.real(tmp_path / "b", OE_TREE, 'MACHINE = "qemux86-64"\n'))
    found = recipes.read(build)
    assert len(found.names) > 3000
    assert {"core-image-minimal", "xen-guest-image-minimal"} <= {
        recipe.name for recipe in found.guest_images
    }
    assert set(found.bundles) == {"alpine-xen-guest-bundle", "example-xen-guest-bundle"}
    assert {recipe.name for recipe in found.images if recipe.dom0} >= {"xen-image-minimal"}
    again = recipes.read(build)
    assert again.images_and_bundles == found.images_and_bundles
    assert filesystem.user_folder("cache").is_dir()
