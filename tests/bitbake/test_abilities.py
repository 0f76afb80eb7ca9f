# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The abilities of layers, read from files of made-up layers, and the record of each release."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bitbake import trees
from tools import releases as recorder
from xentui.bitbake import abilities, build_dir, releases
from xentui.bitbake.abilities import Abilities, Vxn
from xentui.project import schema

IMAGE = "virt/recipes-extended/images/xen-image-minimal.bb"
TOOLS = "virt/recipes-extended/xen/xen-tools.inc"
PLUGINS = "virt/scripts/lib/wic/plugins/source"
VXN = "virt/recipes-core/vxn/vxn_1.0.bb"
RUNTIME = "virt/recipes-containers/vcontainer/files/vxn-oci-runtime"


def abilities_of(root: Path, more: dict[str, str] | None = None) -> Abilities:
    return abilities.of_build_dir(build_dir.read(trees.small(root, more=more)))


def test_each_ability_is_one_pattern_in_one_file(tmp_path: Path) -> None:
    plain = abilities_of(tmp_path / "plain")
    assert plain.has_classes
    assert plain.boot_modes == ("bios",)
    assert plain.makes_xenbr0
    assert (plain.image_memory, plain.cmdline_dom0_memory) == (1024, 512)
    (tmp_path / "plain/virt/recipes-extended/xen/files/10-xenbr0.netdev").unlink()
    assert not abilities.of_build_dir(build_dir.read(tmp_path / "plain/build")).makes_xenbr0
    cases: dict[str, tuple[dict[str, str], object]] = {
        "dom0_network": ({TOOLS: 'XEN_DOM0_NETWORK ?= "bridged"\n'}, True),
        "old_bundling": ({IMAGE: "for g in ${XEN_BUNDLED_GUESTS}; do\n"}, True),
        "names_kernel": ({f"{PLUGINS}/bootimg_biosxen.py": "KERNEL_IMAGETYPE"}, True),
        "image_memory": ({IMAGE: 'QB_MEM_VALUE = "2048"\n'}, 2048),
        "cmdline_dom0_memory": ({IMAGE: 'QB_XEN_CMDLINE_EXTRA = "dom0_mem=768M"\n'}, 768),
        "extra_space": ({IMAGE: 'IMAGE_ROOTFS_EXTRA_SPACE = "123"\n'}, 123),
        "kickstart_dom0_memory": (
            {"virt/files/wic/qemuboot-xen-x86-64.cfg": "APPEND /xen.gz dom0_mem=640M ---\n"},
            640,
        ),
        "kernel_versions": (
            {
                "virt/recipes-kernel/linux/linux-yocto_6.6_virtualization.inc": "",
                "virt/recipes-kernel/linux/linux-yocto_6.18_virtualization.inc": "",
                "virt/recipes-kernel/linux/linux-yocto_virtualization.inc": "",
            },
            ("6.6", "6.18"),
        ),
        "yocto_kernels": ({"core/recipes-kernel/linux/linux-yocto_6.18.bb": ""}, ("6.18",)),
        "unpackdir": ({"core/conf/bitbake.conf": 'S ?= "${WORKDIR}"\n'}, False),
        "kickstart_folder": ({"core/classes/image_types_wic.bbclass": "'%s/wic' % p\n"}, "wic"),
        "disk_id": ({"scripts/lib/wic/ksparser.py": "'--diskid'"}, True),
        "init_manager": (
            {"core/conf/distro/defaultsetup.conf": 'INIT_MANAGER ??= "none"\n'},
            "none",
        ),
        "vxn": (
            {VXN: "xen-9pfsd\n", RUNTIME: "${VXN_BRIDGE:-xenbr0}"},
            Vxn(oci_network=True),
        ),
    }
    for name, (files, expected) in cases.items():
        found = abilities_of(tmp_path / name, files)
        assert getattr(found, name) == expected, name
        assert getattr(plain, name) != expected, name


def test_boot_modes_need_the_plug_in_that_makes_them(tmp_path: Path) -> None:
    recipe = """\
XEN_BOOT_MODE ?= "${@'efi' if d.getVar('XEN_EFI_BOOT') == '1' else 'bios'}"
WKS_FILE:x86-64 = "${@'a.wks' if d.getVar('XEN_BOOT_MODE') == 'efi' else ('b.wks' if \
d.getVar('XEN_BOOT_MODE') == 'hyperv-gen1' else 'c.wks')}"
"""
    assert abilities_of(tmp_path / "a", {IMAGE: recipe}).boot_modes == ("bios", "hyperv-gen1")
    more = {IMAGE: recipe, f"{PLUGINS}/bootimg_efixen.py": ""}
    assert abilities_of(tmp_path / "b", more).boot_modes == ("bios", "efi", "hyperv-gen1")


def test_classes_may_be_in_any_layer(tmp_path: Path) -> None:
    build = trees.small(
        tmp_path,
        more={
            "mine/conf/layer.conf": trees.layer_conf("mine"),
            "mine/classes/xen-guest-bundle.bbclass": "",
            "mine/classes/xen-guest-cross-install.bbclass": "",
        },
        layers=("core", "virt", "mine"),
    )
    for name in abilities.XEN_CLASSES:
        (tmp_path / f"virt/classes/{name}.bbclass").unlink()
    assert abilities.of_build_dir(build_dir.read(build)).has_classes


def test_a_description_survives_being_written_down() -> None:
    for release in releases.releases().values():
        assert Abilities.from_data(release.abilities.as_data()) == release.abilities


def test_what_applies_everywhere_is_what_both_have() -> None:
    known = releases.releases()
    wrynose, master = known["wrynose"].abilities, known["master"].abilities
    both = releases.common_abilities()
    assert both == wrynose.common(master)
    assert (both.boot_modes, both.dom0_network, both.names_kernel) == (("bios",), False, False)
    assert both.kernel_versions == ("6.18",)
    # What either of them lacks must be written for both.
    assert both.vxn is not None
    assert both.vxn.needs_9pfsd
    assert not both.vxn.oci_network


def test_the_schema_offers_the_releases_on_record() -> None:
    assert schema.field("host", "release").choices == tuple(releases.releases())
    assert [r.name for r in releases.with_guest_classes()] == ["wrynose", "master"]


@pytest.mark.parametrize("name", list(releases.releases()))
def test_a_release_is_recognised_by_what_its_layers_have(name: str) -> None:
    core, virtualization = releases.release_names(releases.releases()[name].abilities)
    assert (core, virtualization) in ((name, name), (name, ""))


TREES = Path(os.environ.get("XENTUI_OE_RELEASES", "/nonexistent"))


@pytest.mark.real
@pytest.mark.skipif(not TREES.is_dir(), reason="XENTUI_OE_RELEASES names no folder of releases")
def test_the_record_describes_the_real_layers() -> None:
    assert recorder.record_text(TREES) == releases.FILE.read_text(encoding="utf-8")


def test_a_record_is_not_checked_against_a_folder_without_any_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One layer of a release does not have all its abilities.
    (tmp_path / "wrynose/openembedded-core/meta").mkdir(parents=True)
    assert recorder.record_text(tmp_path) == releases.FILE.read_text(encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["releases", "check", str(tmp_path)])
    with pytest.raises(SystemExit) as ended:
        recorder.main()
    assert ended.value.code == 2
