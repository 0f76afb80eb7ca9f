# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Settings for the board and the Dom0 image take effect in the real recipes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real import cases, tree
from tests.real.build import Build
from tests.real.cases import Case
from tests.real.conftest import MakeBuild
from xentui.bitbake import vxn
from xentui.output import guest_flags
from xentui.project import boards
from xentui.project.assets import gather
from xentui.project.effective import dom0_image, effective
from xentui.project.model import Project

VIRT = Path(tree.TREE) / "meta-virtualization"
IMAGES = VIRT / "recipes-extended/images"
SYNOPSIS = (
    "MACHINE", "DISTRO_FEATURES", "INIT_MANAGER", "QB_MEM", "QB_MEM_VALUE",
    "QB_XEN_CMDLINE_EXTRA", "QB_DEFAULT_FSTYPE", "IMAGE_FSTYPES", "WKS_FILE", "WKS_FULL_PATH",
    "IMAGE_INSTALL", "XEN_BOOT_MODE", "BUNDLED_XEN_GUESTS", "XEN_GUEST_PARAMS_MAP",
    "BBMULTICONFIG", "do_rootfs",
)  # fmt: skip


def xen_image(build: Build, project: Project) -> Path:
    """Return a recipe for the Dom0 image with xentui's append.

    ``bitbake -b`` ignores appends; ``__BBAPPEND`` is BitBake's own way to pass them on.
    """
    append = build.layer / f"recipes-extended/images/{dom0_image(project)}.bbappend"
    text = f"require recipes-extended/images/{dom0_image(project)}.bb\n"
    if append.exists():
        text += f'__BBAPPEND = "{append}"\n'
    return build.put(f"image/{dom0_image(project)}.bb", text)


@pytest.mark.parametrize("case", cases.cases(), ids=lambda case: case.id)
def test_the_image_has_what_the_project_describes(
    case: Case, make_build: MakeBuild, tmp_path: Path
) -> None:
    build = make_build(*case.extra_layers)
    project, host = case.project, case.project.host
    build.write(project, case.assets(tmp_path))
    board = boards.board(host.machine)
    seen = build.variables(xen_image(build, project), *SYNOPSIS)
    assert seen.values["MACHINE"] == host.machine
    assert {"xen", "systemd", "virtualization"} <= set(seen.words("DISTRO_FEATURES"))
    if board.emulated:
        assert seen.values["QB_MEM"] == f"-m {host.memory or 1024}"
    if host.machine == "qemuarm64":
        dom0 = host.dom0_memory or 512
        assert seen.values["QB_XEN_CMDLINE_EXTRA"] == f"dom0_mem={dom0}M"
        assert seen.values["QB_DEFAULT_FSTYPE"] in seen.words("IMAGE_FSTYPES")
    if host.machine == "qemux86-64":
        own = {"efi": "xentui-efi.wks", None: "qemuboot-xen-x86-64.wks"}
        assert seen.values["WKS_FILE"] == own[host.boot_mode]
        assert "wic" in seen.words("IMAGE_FSTYPES")
    bundles = {guest.bundle for guest in project.guests if guest.bundle}
    assert bundles <= set(seen.words("IMAGE_INSTALL"))
    named = [guest for guest in project.guests if guest.bundle is None]
    entries = [guest_flags.bundled_entry(guest) for guest in named]
    assert seen.words("BUNDLED_XEN_GUESTS") == entries
    packed = {}
    for record in filter(None, (seen.values["XEN_GUEST_PARAMS_MAP"] or "").split(";")):
        key, _, fields = record.partition("=")
        packed[key] = fields.split("|")
    assert list(packed) == [guest.key for guest in named]
    for guest in named:
        if guest.config_file is None:
            value = effective(project, guest)
            memory, vcpus, vif, extra, device, name, rootfs, kernel = packed[guest.key]
            assert (memory, vcpus) == (str(value.memory), str(value.vcpus))
            assert vif.split("','") == list(value.vif)
            assert (extra, device, name) == (value.extra, value.disk_device, value.name)
            assert (rootfs, kernel) == (guest.rootfs or "", guest.kernel or "")
    if named:
        assert "XENTUI_HASH" in seen.flags["do_rootfs"]["vardeps"].split()
    if project.containers.vxn:
        assert {"vcontainer", "vxn"} <= set(seen.words("DISTRO_FEATURES"))
        assert {"vxn", "containerd-opencontainers"} <= set(seen.words("IMAGE_INSTALL"))
        assert set(vxn.MULTICONFIGS) <= set(seen.words("BBMULTICONFIG"))


def test_network_takes_effect(build: Build) -> None:
    for network, wanted in (("nat", True), ("bridged", False)):
        project = cases.parse_project(
            f'version = 1\n[host]\nmachine = "qemux86-64"\nnetwork = "{network}"\n'
        )
        build.write(project)
        if not tree.layer_abilities().dom0_network:
            # The layers have no such setting, so a recipe of xentui provides the files.
            seen = build.variables(xen_image(build, project), "IMAGE_INSTALL")
            assert ("xentui-dom0-network" in seen.words("IMAGE_INSTALL")) is wanted
            if wanted:
                assert_dom0_routes(build)
            continue
        recipe = max((VIRT / "recipes-extended/xen").glob("xen-tools_[0-9]*.bb"))
        seen = build.variables(recipe, "XEN_DOM0_NETWORK", "RDEPENDS:xen-tools-net-conf", "PN")
        assert seen.values["XEN_DOM0_NETWORK"] == network
        assert ("dnsmasq" in seen.words("RDEPENDS:xen-tools-net-conf")) is wanted


def assert_dom0_routes(build: Build) -> None:
    """Assert that our own recipe installs what routes for guests, and needs what that runs."""
    recipe = build.layer / "recipes-core/xentui-dom0-network/xentui-dom0-network_1.0.bb"
    package = "xentui-dom0-network"
    seen = build.variables(recipe, f"RDEPENDS:{package}", f"FILES:{package}")
    assert {"dnsmasq", "iptables"} <= set(seen.words(f"RDEPENDS:{package}"))
    build.run_task(recipe, "install")
    installed = build.work(package) / "image"
    files = [path for path in installed.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {
        "05-xentui-uplink.network", "05-xentui-xenbr0.network", "xentui-xenbr0.conf",
        "90-xentui-nat.conf", "xentui-dom0-nat.service",
    }  # fmt: skip
    # Each is packaged; the class of systemd adds its units once it makes packages.
    packaged = tuple(seen.words(f"FILES:{package}"))
    for path in files:
        if path.suffix != ".service":
            assert f"/{path.relative_to(installed)}".startswith(packaged), path


def test_a_guest_without_network_reaches_the_image(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.cfg").write_text('name = "mine"\nmemory = 64\n')
    project = cases.parse_project(GUESTS)
    build.write(project, gather(project, tmp_path))
    seen = build.variables(xen_image(build, project), "XEN_GUEST_CONFIG_FILE", "do_rootfs")
    for key in ("quiet", "mine"):
        config = Path(seen.flags["XEN_GUEST_CONFIG_FILE"][key])
        assert config.is_absolute()
        assert config.is_file()
        assert f"{config}:True" in seen.flags["do_rootfs"]["file-checksums"].split()
    assert "XENTUI_HASH" in seen.flags["do_rootfs"]["vardeps"].split()


GUESTS = """
version = 1
[host]
machine = "qemux86-64"
memory = 2048
[guests.quiet]
tags = ["external"]
rootfs = "quiet.ext4"
vif = []
[guests.mine]
tags = ["external"]
rootfs = "mine.ext4"
config_file = "mine.cfg"
[guests.plain]
tags = ["external"]
rootfs = "plain.ext4"
memory = 256
"""


def base_hash(build: Build, project: Project) -> str:
    """Return the base hash of do_rootfs, which decides whether the image is built again."""
    recipe = xen_image(build, project)
    run = build.bitbake("-S", "none", "-b", str(recipe), "-c", "rootfs")
    assert run.code == 0, run.output[-4000:]
    pattern = f"tmp/stamps/*/{dom0_image(project)}/*.do_rootfs.sigdata.*"
    newest = max(build.folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    result = subprocess.run(
        [sys.executable, f"{tree.TREE}/bitbake/bin/bitbake-dumpsig", newest],
        env={"PATH": tree.PATH, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r"^basehash: (\w+)$", result.stdout, re.MULTILINE) or re.search(
        r"^Computed base hash is (\w+)", result.stdout, re.MULTILINE
    )
    assert found, result.stdout[-2000:]
    return found[1]


def with_plain(project: Project, **values: object) -> Project:
    """Return the project with its guest ``plain`` changed."""
    guest = replace(project.guest("plain"), **values)  # type: ignore[arg-type]
    return project.with_guest(guest)


def test_a_changed_guest_rebuilds_the_image(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.cfg").write_text('name = "mine"\nmemory = 64\n')
    project = cases.parse_project(GUESTS)
    assets = gather(project, tmp_path)
    hashes = []
    for wanted in (project, project, with_plain(project, memory=300), with_plain(project, vcpus=2)):
        build.write(wanted, assets)
        hashes.append(base_hash(build, wanted))
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


def test_without_the_digest_bitbake_sees_no_change(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.cfg").write_text('name = "mine"\nmemory = 64\n')
    project = cases.parse_project(GUESTS)
    assets = gather(project, tmp_path)
    hashes = []
    for wanted in (project, with_plain(project, memory=300)):
        build.write(wanted, assets, extra='XENTUI_HASH:pn-xen-image-minimal = ""\n')
        hashes.append(base_hash(build, wanted))
    assert hashes[0] == hashes[1]


@pytest.mark.skipif(
    not os.environ.get("XENTUI_OE_FULL"),
    reason="reads every recipe, which takes minutes: set XENTUI_OE_FULL=1",
)
def test_bitbake_finds_the_append_among_all_recipes(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.cfg").write_text('name = "mine"\nmemory = 64\n')
    project = cases.parse_project(GUESTS)
    build.write(project, gather(project, tmp_path))
    names = ("XEN_GUEST_CONFIG_FILE", "XEN_GUEST_CONFIG_FILE_MAP", "do_rootfs")
    seen = build.variables_of_target([dom0_image(project)], *names, seconds=3600)
    for key in ("quiet", "mine"):
        config = Path(seen.flags["XEN_GUEST_CONFIG_FILE"][key])
        assert config.is_absolute()
        assert config.is_file()
        assert f"{config}:True" in seen.flags["do_rootfs"]["file-checksums"].split()
        assert f"{key}={config}" in (seen.values["XEN_GUEST_CONFIG_FILE_MAP"] or "").split(";")
    assert "XENTUI_HASH" in seen.flags["do_rootfs"]["vardeps"].split()
