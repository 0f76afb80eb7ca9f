# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Which settings show that a build directory is for Xen, so that a missing feature is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake.test_doctor import BUNDLE, PLAIN, diagnose, lines_of, with_code

INTO_DOM0 = 'IMAGE_INSTALL:append:pn-xen-image-minimal = " {}"\n'
ELSEWHERE = {
    "virt/conf/layer.conf": trees.layer_conf("virtualization-layer")
    + 'BBFILES += "${@elsewhere()}"\n'
}
OF_GUESTS = (
    "XEN_GUEST_CONFIG_FILE", "XEN_GUEST_DISK_DEVICE", "XEN_GUEST_EXTRA", "XEN_GUEST_IMAGE_SIZE",
    "XEN_GUEST_KERNEL", "XEN_GUEST_MEMORY", "XEN_GUEST_NAME", "XEN_GUEST_ROOTFS",
    "XEN_GUEST_SOURCE_FILE", "XEN_GUEST_SOURCE_TYPE", "XEN_GUEST_VCPUS", "XEN_GUEST_VIF",
)  # fmt: skip
"""Variables with a flag per guest that the classes read."""


def is_for_xen(root: Path, lines: str, more: dict[str, str] | None = None) -> bool:
    """Return whether a build directory without any feature is taken for one that is for Xen."""
    made = diagnose(root, PLAIN + lines, more={**BUNDLE, **(more or {})})
    codes = [one.finding.code for one in made if one.finding.code in ("XT609", "XT610")]
    assert len(codes) == 1
    return codes == ["XT609"]


@pytest.mark.parametrize(
    "lines",
    [
        'BUNDLED_XEN_GUESTS = "web:external"\n',
        'BUNDLED_XEN_GUESTS:pn-xen-image-minimal = "web:external"\n',
        *(f'{variable}[web] = "1"\n' for variable in OF_GUESTS),
        INTO_DOM0.format("vxn"),
        INTO_DOM0.format("vxn-docker"),
        INTO_DOM0.format("lab-guests"),
        INTO_DOM0.format("my-xen-guest-bundle"),
        'IMAGE_INSTALL:append = " lab-guests"\n',
    ],
)
def test_guests_and_containers_ask_for_xen(tmp_path: Path, lines: str) -> None:
    assert is_for_xen(tmp_path, lines)


@pytest.mark.parametrize(
    "lines",
    [
        "",
        'XEN_GUEST_MEMORY = "256"\n',
        'XEN_GUEST_MEMORY_DEFAULT[doc] = "x"\n',
        'OTHER[web] = "256"\n',
        'BUNDLED_XEN_GUESTS = ""\n',
        'BUNDLED_XEN_GUESTS:pn-core-image = "web:external"\n',
        INTO_DOM0.format("vim"),
        INTO_DOM0.format("vxnx"),
        INTO_DOM0.format("ca-bundle"),
        INTO_DOM0.format("my-guests"),
        'IMAGE_INSTALL:append:pn-core-image = " vxn"\n',
    ],
)
def test_other_lines_do_not_ask_for_xen(tmp_path: Path, lines: str) -> None:
    assert not is_for_xen(tmp_path, lines)


@pytest.mark.parametrize(
    ("word", "wanted"),
    [("lab-guests", True), ("my-guests", True), ("my-bundle", True), ("my-bundles", False)],
)
def test_a_bundle_is_accepted_by_name_where_recipes_may_be_elsewhere(
    tmp_path: Path, word: str, wanted: bool
) -> None:
    assert is_for_xen(tmp_path / "named", INTO_DOM0.format(word), ELSEWHERE) is wanted
    dynamic = {"virt/conf/layer.conf": ELSEWHERE["virt/conf/layer.conf"].replace(
        "BBFILES +=", "BBFILES_DYNAMIC +=")}  # fmt: skip
    assert is_for_xen(tmp_path / "dynamic", INTO_DOM0.format(word), dynamic) is wanted


def test_what_xentui_wrote_asks_for_xen(tmp_path: Path) -> None:
    own = {"build/conf/xentui.conf": 'A = "1"\n'}
    assert is_for_xen(tmp_path / "included", "require conf/xentui.conf\n", own)
    assert not is_for_xen(tmp_path / "beside", "", own)


ASKED = 'BUNDLED_XEN_GUESTS = "web:external"\n'


@pytest.mark.parametrize(
    ("added", "defaults", "opted_out", "lacking"),
    [
        ("", "", "", "xen, virtualization"),
        ("", "xen opengl", "", "virtualization"),
        ("", "xen virtualization", "", None),
        ("", "xen virtualization", "opengl xen", "xen"),
        (" xen", "xen virtualization", "xen", None),
    ],
)
def test_features_that_a_distro_has_by_default(
    tmp_path: Path, added: str, defaults: str, opted_out: str, lacking: str | None
) -> None:
    lines = (
        f'DISTRO_FEATURES:append = "{added}"\nDISTRO_FEATURES_DEFAULTS = "{defaults}"\n'
        f'DISTRO_FEATURES_OPTED_OUT = "{opted_out}"\n'
    )
    reported = [
        message for _, message, _ in with_code("XT609", diagnose(tmp_path, PLAIN + ASKED + lines))
    ]
    assert [message.partition(":")[0] for message in reported] == (
        [f"DISTRO_FEATURES lacks {lacking}"] if lacking else []
    )


IMAGES = (
    "IMAGE_INSTALL:append:pn-my-xen", "QB_MEM_VALUE:pn-my-xen", "XENTUI_HASH:pn-my-xen",
    "BUNDLED_XEN_GUESTS:append:pn-my-xen",
)  # fmt: skip


@pytest.mark.parametrize("variable", IMAGES)
def test_the_users_image_has_its_own_guests(tmp_path: Path, variable: str) -> None:
    output = (
        f'BUNDLED_XEN_GUESTS = "${{MINE}}"\nMINE = ""\nMINE:pn-my-xen = "gone"\n{variable} = ""\n'
    )
    (made,) = with_code("XT636", diagnose(tmp_path, PLAIN + output))
    assert made[1] == 'no layer has a recipe "gone" to build this guest\'s image'


@pytest.mark.parametrize(
    ("image", "dom0"),
    [("my-xen", True), ("xen-image-of-mine", True), ("my-xen-guest", False), ("my-image", False)],
)
def test_an_image_is_dom0_s_by_its_name(tmp_path: Path, image: str, dom0: bool) -> None:
    output = f'BUNDLED_XEN_GUESTS:pn-{image} = "gone"\n'
    assert lines_of("XT636", diagnose(tmp_path, PLAIN + output)) == ([2] if dom0 else [])
