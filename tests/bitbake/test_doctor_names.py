# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Names that layers must define: distributions, classes, features, variables, packages."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.bitbake import trees
from xentui.bitbake import build_dir, recipes
from xentui.rules.build import check_build_dir

GOOD = 'MACHINE = "qemux86-64"\nDISTRO_FEATURES:append = " xen systemd virtualization"\n'
CORE = {
    "core/classes-global/rm_work.bbclass": "",
    "core/classes-recipe/image.bbclass": 'IMAGE_FEATURES[validitems] += "allow-root-login"\n'
    'COMPLEMENTARY_GLOB[dev-pkgs] = "*-dev"\n',
    "core/classes-recipe/core-image.bbclass": 'FEATURE_PACKAGES_splash = "psplash"\n',
    "virt/classes/extra.bbclass": 'FEATURE_PACKAGES_guests = "x"\n',
    "core/conf/distro/mine.conf": "",
    "core/conf/distro/include/other.inc": "",
    "core/conf/bitbake.conf": trees.BITBAKE_CONF
    + 'BB_RENAMED_VARIABLES[OLD_NAME] = "NEW_NAME"\n'
    + 'BB_RENAMED_VARIABLES[GONE_NAME] = "is obsolete, nothing takes its place"\n',
}


def name_findings(
    root: Path, conf: str, more: dict[str, str] | None = None
) -> list[tuple[str, int, str]]:
    build = build_dir.read(trees.small(root, GOOD + conf, more={**CORE, **(more or {})}))
    found = check_build_dir(build, recipes=partial(recipes.read, build, cached=False))
    return [
        (p.finding.code, p.location.line, p.finding.fix)
        for p in found
        if "XT650" <= p.finding.code < "XT660" and p.location is not None
    ]


@pytest.mark.parametrize(
    ("conf", "code", "fix"),
    [
        ('DISTRO = "poky"\n', "XT650", "meta-poky"),
        ('DISTRO = "mime"\n', "XT650", "Did you mean mine?"),
        ('INHERIT += "rm_wrok"\n', "XT651", "Did you mean rm_work?"),
        ('USER_CLASSES = "image-mklibs"\n', "XT651", "dropped image-mklibs"),
        ('EXTRA_IMAGE_FEATURES = "debug-tweaks"\n', "XT652", "allow-root-login"),
        ('EXTRA_IMAGE_FEATURES = "alow-root-login"\n', "XT652", "Did you mean allow-root-login?"),
        ('OLD_NAME = "1"\n', "XT653", "Write NEW_NAME instead."),
        ('OLD_NAME:append = " 1"\n', "XT653", "Write NEW_NAME instead."),
        ('GONE_NAME ?= "1"\n', "XT653", "nothing takes its place"),
        ('QB_MEM_VALUE_pn-xen-image-minimal = "1"\n', "XT654", "QB_MEM_VALUE:pn-xen-image-minimal"),
        ('FOO_qemux86-64 = "1"\n', "XT654", "Write FOO:qemux86-64."),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " xen-guest-image-minimal"\n', "XT657",
         "BUNDLED_XEN_GUESTS"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_reported_with_its_line(
    tmp_path: Path, conf: str, code: str, fix: str
) -> None:
    ((found, line, output),) = name_findings(tmp_path, conf)
    assert (found, line) == (code, 3)
    assert fix in output


@pytest.mark.parametrize(
    "conf",
    [
        'DISTRO = "nodistro"\n',
        'DISTRO = "mine"\n',
        'DISTRO = "other"\n',
        "DISTRO = \"${@d.getVar('X')}\"\n",
        'INHERIT += "rm_work ${UNKNOWN} ${@x()}"\n',
        'INHERIT += "image-mklibs"\nINHERIT:remove = "image-mklibs"\n',
        'EXTRA_IMAGE_FEATURES = "splash dev-pkgs allow-root-login guests"\n',
        'NEW_NAME = "1"\nunset OLD_NAME\n',
        'PREFERRED_PROVIDER_virtual/kernel = "x"\nPREFERRED_VERSION_qemux86-64 = "1"\n',
        'IMAGE_INSTALL:append:pn-xen-image-minimal = " nano"\n',
    ],
)
def test_known_names_are_not_reported(tmp_path: Path, conf: str) -> None:
    assert name_findings(tmp_path, conf) == []


def test_settings_in_recipes_of_the_users_layers_have_no_effect(tmp_path: Path) -> None:
    append = 'IMAGE_INSTALL += "nano"\nDISTRO_FEATURES:append = " xen"\nBBMULTICONFIG = "a"\n'
    more = {
        "mine/conf/layer.conf": trees.layer_conf("mine"),
        "mine/recipes-x/images/xen-image-minimal.bbappend": append,
        "mine/recipes-x/tools/nano_%.bbappend": 'DISTRO_FEATURES:append = " xen"\n',
        "virt/recipes-extended/images/xen-image-minimal.bbappend": append,
    }
    root = tmp_path / "a"
    build = build_dir.read(
        trees.small(root, GOOD, more={**CORE, **more}, layers=("core", "virt", "mine"))
    )
    found = [p.location for p in check_build_dir(build) if p.finding.code == "XT655"]
    path = str(root / "mine/recipes-x/images/xen-image-minimal.bbappend")
    assert [(p.file, p.line) for p in found if p is not None] == [(path, 2), (path, 3)]


def test_the_kernel_of_a_raspberry_pi_is_chosen_as_bitbake_does(tmp_path: Path) -> None:
    settings = "virt/dynamic-layers/raspberrypi/conf/distro/include/xen-raspberrypi4-64.inc"
    variable = "PREFERRED_PROVIDER_virtual/kernel"
    more = {
        settings: f'{variable} ?= "linux-yocto"\n',
        "core/conf/machine/raspberrypi4-64.conf": f'{variable} ??= "linux-raspberrypi"\n',
    }
    conf = GOOD.replace("qemux86-64", "raspberrypi4-64")
    strong = f'{conf}{variable} = "linux-raspberrypi"\n'
    for number, (text, expected) in enumerate(((conf, True), (strong, False))):
        build = trees.small(tmp_path / str(number), text, more=more)
        codes = {p.finding.code for p in check_build_dir(build_dir.read(build))}
        assert ("XT625" in codes) is expected
