# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build directories as their files describe them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from xentui.bitbake import build_dir
from xentui.bitbake.conf_facts import Location
from xentui.errors import InputError, UsageError


def test_a_build_directory_is_found(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    inside = build / "tmp/work"
    inside.mkdir(parents=True)
    assert build_dir.find(build, environ={}) == build
    assert build_dir.find(None, cwd=inside, environ={}) == build
    assert build_dir.find(None, cwd=tmp_path, environ={}) is None
    assert build_dir.find(None, cwd=tmp_path, environ={"BUILDDIR": str(build)}) == build
    with pytest.raises(UsageError, match="no build directory"):
        build_dir.find(tmp_path)
    with pytest.raises(InputError):
        build_dir.read(tmp_path / "nosuch")


def test_layers_are_described(tmp_path: Path) -> None:
    build = trees.small(tmp_path, layers=("core", "virt", "gone"))
    found = build_dir.read(build)
    core, virt, gone = found.layers
    assert (core.collection, core.priority, core.depends) == ("core", 5, ())
    assert (virt.collection, virt.depends, virt.compat) == (
        "virtualization-layer",
        ("core",),
        ("wrynose",),
    )
    assert not gone.exists
    assert gone.place == (str(build / "conf/bblayers.conf"), 2)
    assert found.series == ("wrynose", "blacksail")
    assert found.xen_classes == build_dir.XEN_CLASSES
    assert not found.faults


def test_files_count_in_bitbakes_order(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE = "qemuarm64"\nA = "local"\nB ?= "local"\n')
    trees.write(
        build,
        {
            "conf/site.conf": 'A = "site"\nB = "site"\nC = "site"\n',
            "conf/auto.conf": 'C = "auto"\n',
            "conf/toolcfg.conf": 'D = "tool"\n',
        },
    )
    found = build_dir.read(build)
    assert [found.value(name).text for name in "ABCD"] == ["local", "site", "auto", "tool"]
    assert found.machine == build_dir.Setting(
        "qemuarm64", Location(str(build / "conf/local.conf"), 1)
    )
    assert found.value("DEPLOY_DIR_IMAGE").text == f"{build}/tmp/deploy/images/qemuarm64"
    assert found.distro.value == "nodistro"


def test_a_machine_fragment_is_told(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE ??= "qemux86-64"\n')
    trees.write(build, {"conf/toolcfg.conf": 'OE_FRAGMENTS += "machine/qemuarm64"\n'})
    found = build_dir.read(build)
    assert found.machine.value == "qemuarm64"
    assert found.machine.fragment == "machine/qemuarm64"
    assert not found.faults


def test_a_text_stands_for_a_file(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'A = "old"\n')
    new = {
        str(build / "conf/local.conf"): "require conf/xentui.conf\n",
        str(build / "conf/xentui.conf"): 'A = "new"\n',
    }
    assert build_dir.read(build, texts=new).value("A").text == "new"
    assert build_dir.read(build).value("A").text == "old"


def test_without_a_core_layer_nothing_is_sure(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE = "x"\nA = "1"\n', layers=("virt",))
    found = build_dir.read(build)
    assert not found.has_core
    assert found.machine.value == "x"
    assert found.value("A").raw == "1"
    assert found.value("A").text is None


def test_the_users_files_are_told_from_layers(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    found = build_dir.read(build)
    assert found.is_users(str(build / "conf/local.conf"))
    assert found.is_users("/etc/shared.conf")
    assert not found.is_users(str(tmp_path / "core/conf/bitbake.conf"))


def test_a_canary_in_any_file_is_never_run(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    code = f"${{@open('{canary}', 'w').write('x')}}"
    build = trees.small(
        tmp_path,
        f'A = "{code}"\nMACHINE := "{code}"\nDISTRO_FEATURES:append = " {code}"\n'
        f'include {code}.conf\nOE_FRAGMENTS = "{code}"\n',
    )
    (build / "conf/bblayers.conf").write_text(f'BBPATH := "{code}"\nBBLAYERS = "{code}"\n')
    found = build_dir.read(build)
    found.value("A")
    assert not canary.exists()


def test_broken_files_are_said_not_raised(tmp_path: Path) -> None:
    build = trees.small(tmp_path, ' A = "1"\nB_append = "2"\nC = "3" # d\n')
    (build / "conf/auto.conf").write_bytes(b'A = "\xff"\n')
    (build / "conf/site.conf").mkdir()
    os.mkfifo(build / "conf/toolcfg.conf")
    found = build_dir.read(build)
    assert [(fault.kind, fault.line) for fault in found.faults if "local" in fault.file] == [
        ("indent", 1),
        ("after-value", 3),
        ("old-override", 2),
    ]
    assert [fault.kind for fault in found.faults if "local" not in fault.file] == ["unreadable"] * 3


CONFIGURATIONS = {
    "plain": 'MACHINE ??= "qemux86-64"\nDISTRO_FEATURES:append = " xen systemd virtualization"\n'
    'XEN_GUEST_MEMORY[guest] = "256"\nQB_MEM_VALUE:qemux86-64 = "4096"\n'
    'IMAGE_INSTALL:append:pn-x = " y"\nTMPDIR = "${TOPDIR}/elsewhere"\n',
    "profile": 'MACHINE = "qemuarm64"\nrequire conf/distro/include/meta-virt-host.conf\n'
    "require conf/distro/include/xen-host.conf\n",
    "fragments": 'OE_FRAGMENTS = "machine/qemuarm64 core/yocto/sstate-mirror-cdn"\n',
    "overrides": 'MACHINE = "qemuriscv64"\nTCLIBC = "musl"\nINIT_MANAGER = "sysvinit"\n'
    'DISTRO_FEATURES:remove = "x11 ptest"\nOVERRIDES .= ":mine"\nFOO:mine = "1"\nFOO = "2"\n'
    'BAR := "${FOO} ${MACHINE}"\n',
    "sample": "",
}


@pytest.mark.real
@pytest.mark.skipif(OE_TREE is None, reason="needs XENTUI_OE_TREE")
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_real_layers_are_worth_what_bitbake_makes_of_them(name: str, tmp_path: Path) -> None:
    assert OE_TREE is not None
    text = CONFIGURATIONS[name]
    if name == "sample":
        sample = "openembedded-core/meta/conf/templates/default/local.conf.sample.extended"
        text = 'MACHINE = "qemux86-64"\n' + (OE_TREE / sample).read_text(encoding="utf-8")
    build = trees.real(tmp_path, OE_TREE, text)
    began = time.process_time()
    found = build_dir.read(build)
    assert time.process_time() - began < 1.0
    assert not found.faults
    asked = subprocess.run(
        [sys.executable, "-m", "tests.bitbake.real_values", str(build)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    theirs = json.loads(asked.stdout.splitlines()[-1])
    known = 0
    # What BitBake gives each file and process by itself.
    own = {"FILE", "PATH", "PN", "BBINCLUDED", "FILE_LAYERNAME"}
    for variable, expected in theirs["values"].items():
        value = found.value(variable)
        if variable in own or not value.known:
            continue
        assert value.raw == expected, variable
        known += 1
        for flag, said in theirs["flags"].get(variable, {}).items():
            mine = found.flag(variable, flag)
            if mine.known and flag not in ("export", "unexport"):
                assert mine.raw == said, (variable, flag)
    assert known > 600
    assert set(theirs["series"]) == set(found.series)
