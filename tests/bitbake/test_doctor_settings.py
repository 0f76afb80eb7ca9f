# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Settings related to guests: which line is reported, and when nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake.test_doctor import GOOD, PLAIN, diagnose, lines_of, with_code

BARE = "".join(line for line in GOOD.splitlines(keepends=True) if "FEATURES" not in line)


def test_features_that_are_set_nowhere_are_reported_at_the_first_line(tmp_path: Path) -> None:
    assert with_code("XT609", diagnose(tmp_path, BARE)) == [
        (
            1,
            "DISTRO_FEATURES lacks xen, virtualization: recipes that require a feature are skipped",
            'Add: DISTRO_FEATURES:append = " xen virtualization".',
        )
    ]


def test_what_a_directory_without_xen_lacks_is_reported(tmp_path: Path) -> None:
    (made,) = with_code("XT610", diagnose(tmp_path, PLAIN))
    assert made == (
        0,
        "this build directory is not set up for Xen yet: DISTRO_FEATURES lacks xen, virtualization",
        "xentui generate writes the needed settings.",
    )


@pytest.mark.parametrize(
    ("lines", "reported"),
    [
        (['= "qemuarm64"'], '"qemux86-64" (conf/local.conf:1)'),
        ([':= "qemuarm64"'], '"qemux86-64" (conf/local.conf:1)'),
        (
            ['= "qemuarm"', '= "qemuarm64"'],
            '"qemux86-64" (conf/local.conf:1), "qemuarm" (conf/local.conf:2)',
        ),
        (['= "qemux86-64"'], None),
        (['?= "qemuarm64"'], None),
        (['??= "qemuarm64"'], None),
    ],
)
def test_a_machine_that_is_set_twice(
    tmp_path: Path, lines: list[str], reported: str | None
) -> None:
    conf = PLAIN + "".join(f"MACHINE {line}\n" for line in lines)
    message = (
        f'MACHINE is set to "qemuarm64" here and elsewhere too: {reported}; the last one counts'
    )
    assert with_code("XT618", diagnose(tmp_path, conf)) == (
        [(len(lines) + 1, message, "Remove all but one of the lines.")] if reported else []
    )


FAT_BOOT = """MACHINE = "my-board"
WKS_FILE = "board.wks"
IMAGE_BOOT_FILES:append:pn-xen-image-minimal = " xen-my-board;xen xentui-boot.scr;boot.scr"
"""
FAT_BOOT += 'require conf/${@"computed"}.inc\n'
"""A file whose name is computed makes every value uncertain, as in meta-rockchip's machines."""

ROOT_ONLY = "part /boot-loader --source rawcopy\npart / --source rootfs --fstype=ext4\n"


@pytest.mark.parametrize(
    ("kickstart", "reported"),
    [
        (ROOT_ONLY, True),
        (f"{ROOT_ONLY}part /boot --source bootimg_partition\n", False),
        (f"{ROOT_ONLY}part /boot --source=bootimg-partition\n", False),
        (None, False),
    ],
)
def test_a_disk_without_a_partition_for_the_boot_files(
    tmp_path: Path, kickstart: str | None, *, reported: bool
) -> None:
    more = {} if kickstart is None else {"virt/files/wic/board.wks": kickstart}
    made = with_code("XT130", diagnose(tmp_path, FAT_BOOT, more=more))
    assert [line for line, _, _ in made] == ([3] if reported else [])
    for _, message, fix in made:
        assert '"board.wks"' in message
        assert "uboot-rootfs" in fix


VRUNTIME = {
    f"virt/conf/multiconfig/vruntime-{name}.conf": "" for name in ("aarch64", "x86-64", "x86-32")
}


@pytest.mark.parametrize(
    ("words", "reported"),
    [
        ("vruntime-aarch64", "vruntime-aarch64"),
        ("vruntime-x86-32 vruntime-x86-64 vruntime-aarch64", "vruntime-x86-64, vruntime-aarch64"),
        ("vruntime-x86-32", None),
    ],
)
def test_the_builds_of_vxn_need_poky(tmp_path: Path, words: str, reported: str | None) -> None:
    conf = f'{GOOD}BBMULTICONFIG = "{words}"\n'
    made = with_code("XT621", diagnose(tmp_path / "a", conf, more=VRUNTIME))
    assert [(line, message.partition(" need ")[0]) for line, message, _ in made] == (
        [(GOOD.count("\n") + 1, reported)] if reported else []
    )
    poky = {**VRUNTIME, "core/conf/distro/poky.conf": ""}
    assert with_code("XT621", diagnose(tmp_path / "b", conf, more=poky)) == []


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ('QB_MEM_VALUE = "4096"', "QB_MEM_VALUE"),
        ('QB_MEM_VALUE += "4096"', "QB_MEM_VALUE"),
        ('QB_XEN_CMDLINE_EXTRA = "dom0_mem=1G"', "QB_XEN_CMDLINE_EXTRA"),
        ('QB_XEN_CMDLINE_EXTRA:append = " dom0_mem=1G"', None),
        ('QB_MEM[doc] = "Memory."', None),
        ('QB_MEM:pn-xen-image-minimal = "-m 4096"', None),
    ],
)
def test_what_the_image_recipe_assigns_itself(
    tmp_path: Path, line: str, reported: str | None
) -> None:
    value = line.partition('"')[2]
    good = "".join(line for line in GOOD.splitlines(keepends=True) if "QB_MEM" not in line)
    assert with_code("XT624", diagnose(tmp_path, f"{good}{line}\n")) == (
        [
            (
                good.count("\n") + 1,
                f"{reported} has no effect here: the image recipe assigns it itself",
                f'Name the image: {reported}:pn-xen-image-minimal = "{value}.',
            )
        ]
        if reported
        else []
    )


def test_memory_without_effect_is_to_be_set_where_the_project_sets_it(tmp_path: Path) -> None:
    line = 'QB_MEM = "-m 2048"\n'
    unset = GOOD.replace('QB_MEM_VALUE:pn-xen-image-minimal = "4096"\n', "")
    ((_, _, advice),) = with_code("XT624", diagnose(tmp_path / "unset", unset + line))
    assert advice == 'Name the image: QB_MEM_VALUE:pn-xen-image-minimal = "2048".'
    ((_, _, advice),) = with_code("XT624", diagnose(tmp_path / "set", GOOD + line))
    assert advice == "Remove the line: conf/local.conf:5 sets it for the image."


@pytest.mark.parametrize(
    ("machine", "kernels", "line"),
    [
        ("raspberrypi4-64", [], 1),
        ("raspberrypi4-64", ["linux-yocto"], 2),
        ("raspberrypi4-64", ["linux-raspberrypi", "linux-yocto"], 3),
        ("raspberrypi4-64", ["linux-raspberrypi"], None),
        ("raspberrypi4-64", ["linux-yocto", "linux-vendor"], None),
        ("qemux86-64", [], None),
        ("qemux86-64", ["linux-yocto"], None),
        ("qemux86-64", ["linux-yocto", "linux-vendor"], 3),
        ("qemux86-64", [""], None),
    ],
)
def test_kernels_that_go_with_xen(
    tmp_path: Path, machine: str, kernels: list[str], line: int | None
) -> None:
    output = "".join(f'PREFERRED_PROVIDER_virtual/kernel = "{kernel}"\n' for kernel in kernels)
    first, _, rest = GOOD.replace("qemux86-64", machine).partition("\n")
    settings = "virt/dynamic-layers/raspberrypi/conf/distro/include/xen-raspberrypi4-64.inc"
    more = {
        "virt/conf/machine/raspberrypi4-64.conf": "",
        settings: 'PREFERRED_PROVIDER_virtual/kernel ?= "linux-yocto"\n',
    }
    made = diagnose(tmp_path, f"{first}\n{output}{rest}", more=more)
    assert lines_of("XT625", made) == ([line] if line else [])


OWN = """\
DISTRO_FEATURES:append = " xen systemd virtualization"
XEN_GUEST_MEMORY[web] = "256"
XEN_GUEST_EXTRA = "quiet"
XENTUI_HASH ?= "1"
"""
FIX = "Remove the line, move it before the require line, or change the project."


@pytest.mark.parametrize(
    ("lines", "reported"),
    [
        (['XEN_GUEST_MEMORY[web] = "512"'], {0: 'XEN_GUEST_MEMORY[web] was "256"'}),
        (["unset XEN_GUEST_MEMORY[web]"], {0: 'XEN_GUEST_MEMORY[web] was "256"'}),
        (['XEN_GUEST_EXTRA := "ro"'], {0: 'XEN_GUEST_EXTRA was "quiet"'}),
        (
            ['XEN_GUEST_EXTRA = "quiet"', 'XEN_GUEST_EXTRA = "ro"'],
            {1: 'XEN_GUEST_EXTRA was "quiet"'},
        ),
        (
            ['XEN_GUEST_EXTRA = "ro"', 'XEN_GUEST_EXTRA = "rw"'],
            {0: 'XEN_GUEST_EXTRA was "quiet"'},
        ),
        (['XEN_GUEST_EXTRA += "ro"', 'XENTUI_HASH = "2"'], {}),
        (['XEN_GUEST_MEMORY[db] = "512"', 'XEN_GUEST_EXTRA:x = "ro"'], {}),
    ],
)
def test_a_line_that_undoes_xentuis_is_reported_once(
    tmp_path: Path, lines: list[str], reported: dict[int, str]
) -> None:
    conf = f"{PLAIN}require conf/xentui.conf\n" + "".join(f"{line}\n" for line in lines)
    made = with_code("XT622", diagnose(tmp_path, conf, more={"build/conf/xentui.conf": OWN}))
    assert made == [
        (number + 3, f"this undoes what xentui set: {what}", FIX)
        for number, what in reported.items()
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('DISTRO_FEATURES:remove = "systemd"', "systemd"),
        ('DISTRO_FEATURES:remove = "xen vulkan systemd"', "systemd, xen"),
        ('DISTRO_FEATURES:remove = "vulkan"', None),
        ('DISTRO_FEATURES:remove = "${UNWANTED} systemd"', None),
        ('IMAGE_FEATURES:remove = "xen"', None),
    ],
)
def test_words_of_xentui_that_are_removed_again(
    tmp_path: Path, line: str, words: str | None
) -> None:
    conf = f"{PLAIN}require conf/xentui.conf\n{line}\n"
    assert with_code("XT622", diagnose(tmp_path, conf, more={"build/conf/xentui.conf": OWN})) == (
        [
            (
                3,
                f"this removes {words} from DISTRO_FEATURES, which xentui put in",
                "Remove the line, or change the project.",
            )
        ]
        if words
        else []
    )


def test_a_configuration_that_nothing_reads_is_reported_at_its_first_line(tmp_path: Path) -> None:
    made = diagnose(tmp_path, GOOD, more={"build/conf/xentui.conf": OWN})
    assert [str(one.location) for one in made if one.finding.code == "XT637"] == [
        f"{tmp_path}/build/conf/xentui.conf:1"
    ]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("vruntime-x86-46", "Did you mean vruntime-x86-64?"),
        ("musl", "Remove it, or add its layer."),
    ],
)
def test_a_multiconfig_that_does_not_exist(tmp_path: Path, name: str, fix: str) -> None:
    conf = f'{GOOD}BBMULTICONFIG = "vruntime-aarch64 {name}"\n'
    (made,) = with_code("XT619", diagnose(tmp_path, conf, more=VRUNTIME))
    assert (made[0], made[2]) == (GOOD.count("\n") + 1, fix)
