# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Missing layers: which line is reported, and where xentui looks for them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake.test_doctor import GOOD, diagnose, with_code
from xentui.bitbake import build_dir
from xentui.rules.build import check_build_dir
from xentui.rules.build.context import LocatedFinding

MIB = 1 << 20
FETCH = "Fetch it, then run: bitbake-layers add-layer PATH"
THREE = ("core", "virt", "other")


def findings_on_lone_layer(root: Path, depends: str) -> list[LocatedFinding]:
    """Return the findings if one layer is listed and no other layer is near."""
    more = {"other/conf/layer.conf": trees.layer_conf("other", depends=depends)}
    build = trees.small(root, GOOD, more=more, layers=("other",))
    for name in ("core", "virt"):
        shutil.rmtree(root / name)
    return check_build_dir(build_dir.read(build))


def fix_for_missing_layer(root: Path, more: Mapping[str, str]) -> str:
    """Return the fix for a missing layer of the collection ``wanted``."""
    other = {"other/conf/layer.conf": trees.layer_conf("other", depends="wanted")}
    (made,) = with_code("XT613", diagnose(root, GOOD, more={**other, **more}, layers=THREE))
    return made[2]


@pytest.mark.parametrize(
    ("collection", "place"),
    [
        ("core", "openembedded-core/meta"),
        ("openembedded-layer", "meta-openembedded/meta-oe"),
        ("networking-layer", "meta-openembedded/meta-networking"),
        ("filesystems-layer", "meta-openembedded/meta-filesystems"),
        ("meta-python", "meta-openembedded/meta-python"),
        ("webserver", "meta-openembedded/meta-webserver"),
        ("virtualization-layer", "meta-virtualization"),
        ("yocto", "meta-yocto/meta-poky"),
        ("yoctobsp", "meta-yocto/meta-yocto-bsp"),
        ("raspberrypi", "meta-raspberrypi"),
    ],
)
def test_a_layer_of_the_usual_repositories_is_named_by_its_path(
    tmp_path: Path, collection: str, place: str
) -> None:
    code = "XT614" if collection == "virtualization-layer" else "XT613"
    (made,) = with_code(code, findings_on_lone_layer(tmp_path / "a", collection))
    assert (made[0], made[2]) == (2, f"{FETCH}/TO/{place}")


@pytest.mark.parametrize("collection", ["acme", "meta-acme", "acme/bsp"])
def test_any_other_layer_is_named_by_its_collection(tmp_path: Path, collection: str) -> None:
    (made,) = with_code("XT613", findings_on_lone_layer(tmp_path / "a", collection))
    assert made == (
        2,
        f"the layer {collection} is missing, which other depends on",
        f"{FETCH} (PATH: the layer whose collection is {collection})",
    )


def test_a_missing_core_is_reported_with_its_path(tmp_path: Path) -> None:
    assert with_code("XT616", findings_on_lone_layer(tmp_path / "a", "acme")) == [
        (
            2,
            "no layer provides conf/bitbake.conf: OpenEmbedded-Core is missing",
            f"{FETCH}/TO/openembedded-core/meta",
        )
    ]


def test_a_missing_layer_is_reported_once_with_all_that_need_it(tmp_path: Path) -> None:
    more = {
        "other/conf/layer.conf": trees.layer_conf("other", depends="core wanted"),
        "third/conf/layer.conf": trees.layer_conf("third", depends="wanted other"),
    }
    made = with_code("XT613", diagnose(tmp_path / "a", GOOD, more=more, layers=(*THREE, "third")))
    assert [message for _, message, _ in made] == [
        "the layer wanted is missing, which other, third depends on"
    ]


def test_a_missing_layer_is_reported_where_layers_are_listed_not_documented(tmp_path: Path) -> None:
    # As oe:meta/conf/documentation.conf does.
    core = f'{trees.BITBAKE_CONF}BBLAYERS[doc] = "Lists the layers to enable."\n'
    more = {
        "core/conf/bitbake.conf": core,
        "other/conf/layer.conf": trees.layer_conf("other", depends="x"),
    }
    made = diagnose(tmp_path / "a", GOOD, more=more, layers=THREE)
    assert [str(one.location) for one in made if one.finding.code == "XT613"] == [
        f"{tmp_path}/a/build/conf/bblayers.conf:2"
    ]


def test_where_no_layer_is_named_the_first_line_is_pointed_at(tmp_path: Path) -> None:
    more = {"build/conf/bblayers.conf": '# Nothing yet.\nBBPATH = "${TOPDIR}"\n'}
    made = diagnose(tmp_path / "a", GOOD, more=more)
    assert [str(one.location) for one in made if one.finding.code == "XT614"] == [
        f"{tmp_path}/a/build/conf/bblayers.conf:1"
    ]
    assert with_code("XT616", made) == []


@pytest.mark.parametrize(("others", "near"), [(395, True), (396, False)])
def test_at_most_four_hundred_folders_are_searched_for_a_layer(
    tmp_path: Path, others: int, near: bool
) -> None:
    root = tmp_path / "a"
    for number in range(others):
        (root / f"folder-{number}").mkdir(parents=True)
    # The folders build, core, other and virt come before it.
    fix = fix_for_missing_layer(root, {"zz/conf/layer.conf": trees.layer_conf("wanted")})
    assert fix.startswith(f"Run: bitbake-layers add-layer {root}/zz" if near else FETCH)


@pytest.mark.parametrize(("size", "near"), [(MIB, True), (MIB + 1, False)])
def test_a_layer_nearby_is_known_by_a_file_of_a_mebibyte(
    tmp_path: Path, size: int, near: bool
) -> None:
    text = trees.layer_conf("wanted")
    text += "#" * (size - len(text))
    fix = fix_for_missing_layer(tmp_path / "a", {"meta-wanted/conf/layer.conf": text})
    assert fix.startswith("Run: " if near else FETCH)


def test_folders_that_are_not_layers_are_ignored(tmp_path: Path) -> None:
    more = {
        ".git/conf/layer.conf": trees.layer_conf("wanted"),
        "README": "",
        "broken/conf/layer.conf/wanted": "",
        "wanted/conf/layer.conf": trees.layer_conf("wanted"),
    }
    root = tmp_path / "a"
    assert fix_for_missing_layer(root, more) == f"Run: bitbake-layers add-layer {root}/wanted"


@pytest.mark.parametrize(
    ("compat", "reported"),
    [
        ("wrynose", " (it is for wrynose)"),
        ("wrynose blacksail", " (it is for wrynose, blacksail)"),
        ("", ""),
    ],
)
def test_a_meta_virtualization_without_the_classes_is_reported_with_its_release(
    tmp_path: Path, compat: str, reported: str
) -> None:
    conf = trees.layer_conf("virtualization-layer", compat=compat)
    build = trees.small(tmp_path / "a", GOOD, more={"virt/conf/layer.conf": conf})
    for name in ("xen-guest-bundle", "xen-guest-cross-install"):
        (tmp_path / f"a/virt/classes/{name}.bbclass").unlink()
    (made,) = with_code("XT615", check_build_dir(build_dir.read(build)))
    assert made[1] == (
        "this meta-virtualization has no xen-guest-cross-install and no xen-guest-bundle.bbclass"
        f"{reported}: guests would be ignored silently"
    )


@pytest.mark.parametrize(
    ("compat", "message"),
    [
        ("kirkstone", "kirkstone"),
        ("kirkstone scarthgap", "kirkstone, scarthgap"),
        ("kirkstone blacksail", None),
        ("", None),
    ],
)
def test_a_layer_of_another_release_is_reported(
    tmp_path: Path, compat: str, message: str | None
) -> None:
    more = {"other/conf/layer.conf": trees.layer_conf("other", compat=compat)}
    made = with_code("XT616", diagnose(tmp_path / "a", GOOD, more=more, layers=THREE))
    words = "the layer other works with {}, and this OpenEmbedded-Core is wrynose, blacksail"
    assert [reported for _, reported, _ in made] == ([words.format(message)] if message else [])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "MACHINE is not set"),
        ('MACHINE = ""\n', "MACHINE is empty"),
        ("MACHINE = \"${@d.getVar('BOARD')}\"\n", None),
        ("MACHINE = \"qemu${@d.getVar('BOARD')}-64\"\n", None),
    ],
)
def test_a_machine_without_a_name(tmp_path: Path, line: str, message: str | None) -> None:
    conf = f"# Settings.\n{line}"
    made = with_code("XT617", diagnose(tmp_path / "a", conf))
    assert [(at, reported) for at, reported, _ in made] == (
        [(2 if line else 1, message)] if message else []
    )
