# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Recipes of layers: their files, images and bundles among them, and the cache for them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from tests.work import must_end
from xentui.bitbake import build_dir, recipe_cache, recipe_files, recipes
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.recipes import Recipe
from xentui.project import filesystem

IMAGES = "virt/recipes-extended/images"


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def build_with(root: Path, local: str = "", **more: str) -> BuildDir:
    """Make and read a build directory. In names, ``__`` is a slash, and ``I__`` the folder of
    images.
    """
    named = {
        name.replace("I__", f"{IMAGES}/").replace("__", "/"): text for name, text in more.items()
    }
    return build_dir.read(trees.small(root, f'MACHINE = "qemux86-64"\n{local}', more=named))


def names(*patterns: str) -> list[str]:
    return sorted(Path(file.path).name for file in recipe_files.matching(list(patterns)))


def test_patterns_share_their_folders(tmp_path: Path) -> None:
    made = ("a/a_1.bb", "a/b_1.bb", "a/.h_1.bb", "c/d/e_1.bb", "x/y_1.bb", ".h/a_1.bb")
    trees.write(tmp_path, dict.fromkeys(made, ""))
    top = str(tmp_path)
    assert names(f"{top}/a/b_*.bb", f"{top}/a/a_*.bb") == ["a_1.bb", "b_1.bb"]
    assert names(f"{top}/a/*.bb", f"{top}/a/a_1.bb", f"{top}/*/a_*.bb") == ["a_1.bb", "b_1.bb"]
    assert names(f"{top}/nosuch/*.bb", f"{top}/x/*.bb") == ["y_1.bb"]
    assert names(f"{top}/x/*.bb", f"{top}/nosuch/*.bb") == ["y_1.bb"]
    assert names(f"{top}/c/*/e_1.bb", f"{top}/c/d/*.bb", f"{top}/c/?/[e]_*.bb") == ["e_1.bb"]
    assert names(f"{top}/a/?h_1.bb") == names(f"{top}/a/[.]h_1.bb") == []
    assert names(f"{top}/a/.h_1.bb") == [".h_1.bb"]
    assert names(f"{top}/*/a_1.bb") == names(f"{top}/?*/a_1.bb") == ["a_1.bb"]
    first, rest = top[1:].split("/", 1)
    assert names(f"/{first[:-1]}*/{rest}/x/y_1.bb") == ["y_1.bb"]
    assert names(f"{top}/*") == []
    (one,) = recipe_files.matching([f"{top}/x/*.bb"])
    status = (tmp_path / "x/y_1.bb").stat()
    assert one == (f"{top}/x/y_1.bb", status.st_mtime_ns, status.st_size)


@pytest.mark.parametrize(("bound", "found"), [(7, 6), (6, 5), (1, 0)])
def test_a_limited_number_of_folders_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: int, found: int
) -> None:
    trees.write(tmp_path, {f"r/{number}/a_{number}.bb": "" for number in range(6)})
    monkeypatch.setattr(recipe_files, "MAX_FOLDERS", bound)
    assert len(names(f"{tmp_path}/r/*/*.bb")) == found


def test_patterns_count_where_their_layer_is(tmp_path: Path) -> None:
    dynamic = " ".join(
        f"{layer}:/x/{number}/*.{end}"
        for number, (layer, end) in enumerate(
            [("core", "bb"), ("!core", "bb"), ("none", "bb"), ("!none", "bb"), ("core", "bbappend")]
        )
    )
    lines = f'BBFILES = "/a/*.bb /b/*.bbappend c/*.bb /a/*.bb"\nBBFILES_DYNAMIC = "{dynamic}"\n'
    assert recipe_files.patterns(build_with(tmp_path, lines)) == [
        "/a/*.bb", "/x/0/*.bb", "/x/3/*.bb",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "version"),
    [
        ("/x/a_1.2.bb", "a", "1.2"), ("a-b_git_r1.bb", "a-b", "git"), ("a.bb", "a", "1.0"),
        ("a_.bb", "a", "1.0"), ("/x/a.b.bb", "a.b", "1.0"),
    ],
)  # fmt: skip
def test_a_recipe_is_named_after_its_file(path: str, name: str, version: str) -> None:
    assert recipes.name_and_version(path) == (name, version)


def test_what_a_recipe_inherits_is_read_without_reading_it_whole() -> None:
    text = (
        b"inherit a b\\\n  c\n inherit d\ninherit_defer e\nINHERIT += 'f'\ninherit\tg # h\n"
        b"inherits i\ninherit \xff\ninherit j\\"
    )
    assert recipes.inherited(text) == {"a", "b", "c", "e", "g", "#", "h", "\ufffd", "j\\"}


def images_and_bundles(build: BuildDir) -> dict[str, Recipe]:
    found = {recipe.name: recipe for recipe in recipes.read(build).images_and_bundles}
    return {name: found[name] for name in found if not name.startswith("xen-")}


def test_images_and_bundles_are_distinguished_from_other_recipes(tmp_path: Path) -> None:
    build = build_with(
        tmp_path,
        **{
            "I__lab_2.0_r1.bb": 'SUMMARY = "a${@f()}b  ${PN} ${PV}"\n'
            'XEN_GUEST_BUNDLES = "a:external b"\ninherit xen-guest-bundle image\n',
            "I__both_1.bb": "inherit core-image xen-guest-cross-install\n",
            "I__tools_1.bb": "inherit xen-guest-cross-install xen-guest-bundle\n",
            "I__my-image_1.bb": f"require {IMAGES.removeprefix('virt/')}/shared.inc\n",
            "I__shared.inc": f'inherit_defer core-image\nDESCRIPTION = "{"x" * 301}"\n',
            "I__viewer_1.bb": 'SUMMARY = "views an image"\n',
            "I__more-image-tool_1.bb": 'SUMMARY = "is none"\n',
            "I__own-image_1.bb": "require shared.inc\n",
            "I__rootfs_1.bb": "# own\nrequire recipes-extended/images/shared.inc\n",
        },
    )
    folder, layer = f"{tmp_path}/{IMAGES}", "virtualization-layer"
    expected = {
        "both": Recipe("both", "1", f"{folder}/both_1.bb", layer, "", image=True, dom0=True),
        "lab": Recipe("lab", "2.0", f"{folder}/lab_2.0_r1.bb", layer, "a b lab 2.0", bundle=True,
                      guests=("a:external", "b")),
        "my-image": Recipe("my-image", "1", f"{folder}/my-image_1.bb", layer, "x" * 300,
                           image=True),
        "own-image": Recipe("own-image", "1", f"{folder}/own-image_1.bb", layer, "x" * 300,
                            image=True),
        "rootfs": Recipe("rootfs", "1", f"{folder}/rootfs_1.bb", layer, "x" * 300, image=True),
        "tools": Recipe("tools", "1", f"{folder}/tools_1.bb", layer, bundle=True),
    }  # fmt: skip
    assert images_and_bundles(build) == expected
    assert images_and_bundles(build) == expected
    assert expected["lab"].guest_names == ("a", "b")
    assert recipes.read(build).from_cache == 10
    assert recipes.read(build, cached=False).from_cache == 0


def test_without_layers_there_is_no_recipe() -> None:
    nothing = recipes.Recipes()
    assert (nothing.names, nothing.images, nothing.from_cache) == (frozenset(), (), 0)


@pytest.mark.parametrize("more", [0, 1])
def test_a_mebibyte_of_a_recipe_is_read(tmp_path: Path, more: int) -> None:
    line = "\ninherit image"
    text = "#" * (2**20 - len(line) + more) + line
    found = images_and_bundles(build_with(tmp_path, **{"I__a_1.bb": f"{text}\n"}))
    assert list(found) == ([] if more else ["a"])


def test_a_recipe_that_cannot_be_read_is_ignored(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    (tmp_path / IMAGES / "memory-image_1.bb").symlink_to("/proc/self/mem")
    assert images_and_bundles(build) == {}


def test_progress_is_reported_now_and_then(tmp_path: Path) -> None:
    build = build_with(tmp_path, **{f"I__r{number}_1.bb": "" for number in range(248)})
    reported: list[tuple[int, int]] = []
    recipes.read(build, progress=lambda result, of: reported.append((result, of)))
    assert reported == [(0, 250), (100, 250), (200, 250), (250, 250)]


def test_images_are_listed_with_their_summaries(tmp_path: Path) -> None:
    found = recipes.read(
        build_with(
            tmp_path,
            **{
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


def cache_file() -> Path:
    (path,) = filesystem.user_folder("cache").iterdir()
    return path


def test_a_cached_result_counts_while_size_and_time_are_the_same(tmp_path: Path) -> None:
    build = build_with(
        tmp_path, **{"I__a_1.bb": 'SUMMARY = "one"\ninherit image\n', "I__b_1.bb": ""}
    )
    recipes.read(build)
    path = tmp_path / IMAGES / "a_1.bb"
    status = path.stat()
    path.write_text('SUMMARY = "two"\ninherit image\n')
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert images_and_bundles(build)["a"].summary == "one"
    assert recipes.read(build).from_cache == 4
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert images_and_bundles(build)["a"].summary == "two"
    assert recipes.read(build).from_cache == 4


def test_the_cache_is_written_only_if_it_changed(tmp_path: Path) -> None:
    build = build_with(tmp_path, **{"I__a_1.bb": "", "I__b_1.bb": ""})
    recipes.read(build)
    assert cache_file().name.removeprefix("recipes-").removesuffix(".json").isalnum()
    assert len(cache_file().name) == len("recipes-0123456789abcdef.json")
    assert cache_file().parent.stat().st_mode & 0o777 == 0o700
    first = cache_file().stat().st_ino, cache_file().read_text()
    keep = cache_file().with_name("kept")
    keep.hardlink_to(cache_file())
    try:
        recipes.read(build)
        path = next(each for each in filesystem.user_folder("cache").iterdir() if each != keep)
        assert (path.stat().st_ino, path.read_text()) == first
        (tmp_path / IMAGES / "a_1.bb").unlink()
        recipes.read(build)
        assert path.stat().st_ino != first[0]
        assert "b_1.bb" in path.read_text()
        assert "a_1.bb" not in path.read_text()
    finally:
        keep.unlink()


def test_entries_of_another_shape_are_ignored(tmp_path: Path) -> None:
    build = build_with(tmp_path)
    expected = recipes.read(build).images_and_bundles
    kept = json.loads(cache_file().read_text())
    assert list(kept) == ["format", "notes"]

    def read_with(**changed: object) -> int:
        cache_file().write_text(json.dumps({**kept, **changed}))
        found = recipes.read(build)
        assert found.images_and_bundles == expected
        return found.from_cache

    assert read_with() == 2
    assert read_with(format=2) == 0
    for change in (
        lambda entry: [*entry, 1], lambda entry: entry[:3], lambda entry: [*entry[:2], [1], {}],
        lambda entry: [*entry[:2], entry[2][:-1], {}], lambda entry: [*entry[:2], {}, {}],
        lambda entry: [*entry[:3], []],
    ):  # fmt: skip
        assert read_with(notes={path: change(entry) for path, entry in kept["notes"].items()}) == 0


def test_each_build_directory_has_its_own_cache(tmp_path: Path) -> None:
    for name in ("one", "two"):
        recipes.read(build_with(tmp_path / name))
    assert len(list(filesystem.user_folder("cache").iterdir())) == 2
    assert recipe_cache.load(["/\udcff/*.bb"]).get(recipe_files.RecipeFile("/x", 1, 2)) is None


def test_a_change_of_a_required_file_is_noticed(tmp_path: Path) -> None:
    more = {
        f"{IMAGES}/own-image-x.bb": "require own.inc\ninherit image\n",
        f"{IMAGES}/own.inc": 'SUMMARY = "old"\n',
    }
    build = build_with(tmp_path, **more)
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
