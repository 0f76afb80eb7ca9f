# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is said of build directories, to the word, where one step aside says another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake.test_doctor import BUNDLE, GOOD, HOST, found
from xentui.rules.build_context import Placed

PLAIN = 'MACHINE = "qemux86-64"\n'


def of(code: str, made: list[Placed]) -> list[tuple[int, str, str]]:
    """Return line, message and fix of each finding of a code; 0 where it has no place."""
    return [
        (one.place.line if one.place else 0, one.finding.message, one.finding.fix)
        for one in made
        if one.finding.code == code
    ]


def lines_of(code: str, made: list[Placed]) -> list[int]:
    return [line for line, _, _ in of(code, made)]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('DISTRO_FEATURES:prepend = "vulkan "', False),
        ('DISTRO_FEATURES:prepend = "vulkan"', True),
        ('DISTRO_FEATURES:prepend = "v k"', True),
        ('DISTRO_FEATURES =. "vulkan "', False),
        ('DISTRO_FEATURES =. "vulkan"', True),
        ('DISTRO_FEATURES:append = " vulkan"', False),
        ('DISTRO_FEATURES:append = "v k"', True),
        ('DISTRO_FEATURES .= " vulkan"', False),
        ('DISTRO_FEATURES .= "vulkan"', True),
        ('DISTRO_FEATURES:append = "${X}y"', False),
        ('DISTRO_FEATURES:prepend = "y${X}"', False),
        ('DISTRO_FEATURES:append = ""', False),
        ('DISTRO_FEATURES += "vulkan"', False),
    ],
)
def test_words_are_glued_at_one_end(tmp_path: Path, line: str, told: bool) -> None:
    assert lines_of("XT606", found(tmp_path, f"{PLAIN}{line}\n")) == ([2] if told else [])


WITHOUT = PLAIN + 'DISTRO_FEATURES:append = " vxn virtualization vcontainer xen systemd"\n'


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("", 2),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vim"\n', 2),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\n', 3),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\nBBMULTICONFIG = ""\n', 4),
        ('BBMULTICONFIG = ""\nIMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\n', 3),
    ],
)
def test_where_the_builds_that_vxn_needs_are_missed(tmp_path: Path, lines: str, line: int) -> None:
    assert lines_of("XT620", found(tmp_path, WITHOUT + lines, more=BUNDLE)) == [line]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("xen systemd", "virtualization: without it the kernel is built without its Xen options"),
        ("xen virtualization", None),
        ("systemd virtualization", "xen: recipes that require a feature are skipped"),
        ("systemd", "xen, virtualization: recipes that require a feature are skipped"),
        ("xen systemd virtualization", None),
    ],
)  # fmt: skip
def test_features_that_are_missing(tmp_path: Path, features: str, message: str | None) -> None:
    conf = GOOD.replace(" xen systemd virtualization", f" {features}")
    told = [one[1] for one in of("XT609", found(tmp_path, conf))]
    assert told == ([f"DISTRO_FEATURES lacks {message}"] if message else [])


_RASPBERRY = "Add the layer meta-raspberrypi: bitbake-layers add-layer PATH/TO/meta-raspberrypi"


@pytest.mark.parametrize(
    ("machine", "fix"),
    [
        ("raspberrypi4-64", _RASPBERRY),
        ("qemux86-46", "Did you mean qemux86-64?"),
        ("zzz", "Add the layer that has conf/machine/zzz.conf."),
        ("x" * 64 + "y", f"Add the layer that has conf/machine/{'x' * 64}y.conf."),
    ],
)  # fmt: skip
def test_a_machine_that_no_layer_has(tmp_path: Path, machine: str, fix: str) -> None:
    made = of("XT617", found(tmp_path, f'MACHINE = "{machine}"\n'))
    assert [(line, told) for line, _, told in made] == [(1, fix)]


def test_a_machine_that_is_set_nowhere(tmp_path: Path) -> None:
    assert of("XT617", found(tmp_path / "a", "")) == [
        (1, "MACHINE is set nowhere", 'Set it in conf/local.conf: MACHINE = "qemux86-64".')
    ]
    assert of("XT617", found(tmp_path / "b", "", layers=("virt",))) == []


@pytest.mark.parametrize(
    ("conf", "told"),
    [(PLAIN, True), ('MACHINE = "qemuppc"\n', True), ('MACHINE = "raspberrypi4-64"\n', False),
     ("", False)],
)  # fmt: skip
def test_only_an_emulated_board_needs_kvm(tmp_path: Path, conf: str, told: bool) -> None:
    made = found(tmp_path, conf, machine=replace(HOST, kvm="missing", tun="missing"))
    assert {one.finding.code for one in made} & {"XT627", "XT628"} == (
        {"XT627", "XT628"} if told else set()
    )


@pytest.mark.parametrize(
    ("word", "recipes", "told"),
    [
        ("lab-guests", True, True),
        ("my-guests", True, False),
        ("my-bundle", False, True),
        ("my-guests", False, True),
        ("my-things", False, False),
        ("vxn-docker", True, True),
        ("xen-guest-bundle-x", True, True),
        ("vim", True, False),
    ],
)
def test_what_belongs_into_dom0_alone(tmp_path: Path, word: str, recipes: bool, told: bool) -> None:
    more = dict(BUNDLE)
    if not recipes:
        more["virt/conf/layer.conf"] = (
            trees.layer_conf("virtualization-layer") + 'BBFILES += "${@elsewhere()}"\n'
        )
    line = f'IMAGE_INSTALL:append = " {word}"\n'
    made = found(tmp_path, GOOD + line, more=more)
    assert lines_of("XT607", made) == ([GOOD.count("\n") + 1] if told else [])


def test_guests_whose_changes_nobody_sees_are_told_at_their_line(tmp_path: Path) -> None:
    bare = "".join(line for line in GOOD.splitlines(keepends=True) if "XENTUI_HASH" not in line)
    (made,) = of("XT638", found(tmp_path / "a", bare))
    assert made[0] == 3
    seen = f'{bare}do_rootfs[vardeps] += "MY_XEN_THINGS"\n'
    assert of("XT638", found(tmp_path / "b", seen)) == []
    others = f'{bare}do_rootfs[vardeps] += "OTHER"\n'
    assert len(of("XT638", found(tmp_path / "c", others))) == 1


def test_a_layer_that_is_no_layer_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (made,) = of("XT612", found(tmp_path, GOOD, layers=("core", "virt", "empty")))
    assert made == (
        2,
        f"{tmp_path}/empty is no layer: it has no conf/layer.conf",
        "Name the directory that holds conf/layer.conf.",
    )


def test_a_layer_nearby_is_proposed(tmp_path: Path) -> None:
    more = {
        "other/conf/layer.conf": trees.layer_conf("other", depends="core wanted"),
        "meta-wanted/conf/layer.conf": trees.layer_conf("wanted"),
        ".hidden/meta-wanted/conf/layer.conf": trees.layer_conf("wanted"),
        "notes.txt": "",
    }
    (made,) = of("XT613", found(tmp_path, GOOD, more=more, layers=("core", "virt", "other")))
    assert made[2] == f"Run: bitbake-layers add-layer {tmp_path}/meta-wanted"


def test_a_layer_that_is_known_is_named_by_its_path(tmp_path: Path) -> None:
    more = {"other/conf/layer.conf": trees.layer_conf("other", depends="core raspberrypi")}
    (made,) = of("XT613", found(tmp_path, GOOD, more=more, layers=("core", "virt", "other")))
    assert made[2].endswith("bitbake-layers add-layer PATH/TO/meta-raspberrypi")


def test_a_frontend_of_vxn_needs_its_builds_too(tmp_path: Path) -> None:
    features = 'DISTRO_FEATURES:append = " virtualization vcontainer xen systemd"\n'
    line = 'IMAGE_INSTALL:append:pn-xen-image-minimal = " {}"\n'
    made = found(tmp_path / "a", PLAIN + features + line.format("vxn-docker"))
    assert lines_of("XT620", made) == [3]
    assert of("XT620", found(tmp_path / "b", PLAIN + features + line.format("vxn2"))) == []


def test_the_last_word_on_the_kernel_is_pointed_at(tmp_path: Path) -> None:
    said = 'PREFERRED_PROVIDER_virtual/kernel = "linux-{}"\n'
    text = GOOD + said.format("dummy") + said.format("other")
    lines = len(text.splitlines())
    assert lines_of("XT625", found(tmp_path, text)) == [lines]
