# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recipes, machines and deployed files of layers, and the cache for them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from tests.work import must_end
from xentui.bitbake import build_dir, layers, recipe_cache, recipe_files, recipes

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
    assert [recipe.name for recipe in found.guest_candidates] == [
        "more-image-big",
        "plain",
        "xen-guest-image-minimal",
    ]
    assert {recipe.layer for recipe in found.images} == {"virtualization-layer"}
    assert found.names >= {"vim", "tool-image-writer"}
    assert "emacs" not in found.names


def test_bundles_are_found_with_their_guests(tmp_path: Path) -> None:
    text = 'inherit features_check xen-guest-bundle\nXEN_GUEST_BUNDLES = "a:external \\\n b"\n'
    found = recipes.read(build_with(tmp_path, {"virt/recipes-x/y/lab_1.0.bb": text}))
    assert found.bundles["lab"].guest_names == ("a", "b")
    assert found.images == tuple(r for r in found.special if r.name != "lab")


def test_the_cache_notices_every_change(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    first = recipes.read(build)
    assert first.from_cache == 0
    again = recipes.read(build)
    assert again.from_cache == 2
    assert (again.special, again.names) == (first.special, first.names)
    path = tmp_path / IMAGES / "xen-guest-image-minimal.bb"
    status = path.stat()
    path.write_text('SUMMARY = "B guest"\ninherit core-image\n')
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    changed = recipes.read(build)
    assert changed.from_cache == 1
    assert [r.summary for r in changed.guest_candidates] == ["B guest"]
    (tmp_path / IMAGES / "new-image-x.bb").write_text("inherit image\n")
    assert {r.name for r in recipes.read(build).images} > {"new-image-x"}
    path.unlink()
    assert "xen-guest-image-minimal" not in recipes.read(build).names


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


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"format": 1}', '{"format": 1, "notes": 5}', "[" * 100_000, "\x00"],
    ids=lambda content: repr(content[:30]),
)
def test_a_broken_cache_is_ignored(content: str, tmp_path: Path) -> None:
    build = build_with(tmp_path)
    expected = recipes.read(build)
    (path,) = (tmp_path / "cache/xentui").glob("recipes-*.json")
    path.write_text(content)
    assert recipes.read(build) == expected
    assert recipes.read(build).from_cache == 2


def test_a_cache_of_wrong_shapes_is_ignored(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    expected = recipes.read(build)
    (path,) = (tmp_path / "cache/xentui").glob("recipes-*.json")
    data = json.loads(path.read_text())
    for wrong in (5, [], [1, 2, [], {}], ["x"] * 4, [1, 2, [1], {}], [1, 2, [], []]):
        data["notes"] = dict.fromkeys(data["notes"], wrong)
        path.write_text(json.dumps(data))
        assert recipes.read(build).special == expected.special


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


def test_dynamic_layers_count_where_their_layer_is(tmp_path: Path) -> None:
    conf = trees.layer_conf("virtualization-layer") + (
        'BBFILES_DYNAMIC += "core:${LAYERDIR}/dyn/core/*/*.bb rpi:${LAYERDIR}/dyn/rpi/*/*.bb '
        '!rpi:${LAYERDIR}/dyn/norpi/*/*.bb"\n'
    )
    more = {
        "virt/conf/layer.conf": conf,
        "virt/dyn/core/a/one_1.bb": "",
        "virt/dyn/rpi/a/two_1.bb": "",
        "virt/dyn/norpi/a/three_1.bb": "",
    }
    names = recipes.read(build_with(tmp_path, more)).names
    assert names & {"one", "two", "three"} == {"one", "three"}


def test_progress_is_reported(tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    recipes.read(build_with(tmp_path), progress=lambda result, of: reported.append((result, of)))
    assert reported == [(0, 2), (2, 2)]


def test_a_pattern_of_stars_is_not_endless(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 200)
    folder.mkdir()
    (folder / ("a" * 250)).touch()
    pattern = f"{tmp_path}/{'*a' * 90}/{'*a' * 100}b.bb"
    with must_end():
        assert list(recipe_files.files([pattern])) == []


def test_machines_are_listed_with_what_they_say(tmp_path: Path) -> None:
    more = {"virt/conf/machine/board.conf": "#@NAME: \x1b[1m Board\n#@DESCRIPTION: Two\twords\n"}
    found = {machine.name: machine for machine in layers.machines(build_with(tmp_path, more))}
    assert set(found) == {"board", "qemuarm64", "qemux86-64"}
    assert found["board"].description == "Two words"
    assert found["board"].layer == "virtualization-layer"
    assert found["qemux86-64"].title == "QEMU x86-64 machine"


def test_deployed_files_are_listed(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    folder = build.path / "tmp/deploy/images/qemux86-64"
    trees.write(folder, {"a-qemux86-64.rootfs.ext4": "", "bzImage": "", "a.manifest": ""})
    (folder / "bzImage-dangling").symlink_to("nowhere")
    found = layers.deployed(build)
    assert (found.images, found.kernels) == (("a-qemux86-64.rootfs.ext4",), ("bzImage",))
    assert found.folder == folder
    assert layers.deployed(build, "qemuarm64").images == ()


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ('TMPDIR = "/elsewhere"', "/elsewhere/deploy/images/qemux86-64"),
        ('DEPLOY_DIR = "${TOPDIR}/out"', "{top}/out/images/qemux86-64"),
        ('TMPDIR = "${@x()}"', None),
        ('TMPDIR = "${NOT_SET}/x"', None),
    ],
)
def test_the_deploy_directory_is_where_it_is_configured(
    line: str, folder: str | None, tmp_path: Path
) -> None:
    build = build_dir.read(trees.small(tmp_path, f'MACHINE = "qemux86-64"\n{line}\n'))
    expected = Path(folder.format(top=build.path)) if folder is not None else None
    assert layers.deployed(build).folder == expected


@pytest.mark.real
@pytest.mark.skipif(OE_TREE is None, reason="needs XENTUI_OE_TREE")
def test_real_layers_are_looked_through(tmp_path: Path) -> None:
    assert OE_TREE is not None
    build = build_dir.read(trees.real(tmp_path / "b", OE_TREE, 'MACHINE = "qemux86-64"\n'))
    found = recipes.read(build)
    assert len(found.names) > 3000
    assert {"core-image-minimal", "xen-guest-image-minimal"} <= {
        recipe.name for recipe in found.guest_candidates
    }
    assert set(found.bundles) == {"alpine-xen-guest-bundle", "example-xen-guest-bundle"}
    assert {recipe.name for recipe in found.images if recipe.dom0} >= {"xen-image-minimal"}
    again = recipes.read(build)
    assert again.special == found.special
    assert recipe_cache.folder().is_dir()
