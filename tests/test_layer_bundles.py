# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bundle recipes that a layer already has are installed, counted and shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from xentui.bitbake import build_dir, importer, layer_bundles, recipes
from xentui.bitbake.build_dir import BuildDir
from xentui.cli import main
from xentui.errors import InputError
from xentui.output.render import render
from xentui.output.rendered import CONF
from xentui.project import model
from xentui.project.assets import NO_ASSETS
from xentui.project.model import Guest, Host, Project
from xentui.rules.budget import budget
from xentui.rules.check import check

NAME = "alpine-xen-guest-bundle"
RECIPE = f"virt/recipes-extended/xen-guest-bundles/{NAME}_3.23.bb"
ALPINE = """
LICENSE = "MIT"
inherit xen-guest-bundle
SRC_URI = "file://alpine.tar.gz;subdir=alpine-rootfs"
XEN_GUEST_BUNDLES = "alpine:autostart:external"
XEN_GUEST_SOURCE_TYPE[alpine] = "rootfs_dir"
XEN_GUEST_SOURCE_FILE[alpine] = "alpine-rootfs"
XEN_GUEST_MEMORY[alpine] = "256"
"""
PROJECT = Project(Host("qemux86-64", memory=1024, network="nat", layer_bundles=(NAME,)))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def build(tmp_path: Path) -> BuildDir:
    conf = 'MACHINE = "qemux86-64"\nXEN_GUEST_VCPUS[alpine] = "2"\n'
    return build_dir.read(trees.small(tmp_path, conf, more={RECIPE: ALPINE}))


def test_the_guests_of_a_layer_s_bundle_are_read(build: BuildDir) -> None:
    found = layer_bundles.guests(PROJECT, build, recipes.read(build))
    ((name, (guest,)),) = found.items()
    assert name == NAME
    assert (guest.key, guest.memory, guest.vcpus, guest.autostart) == ("alpine", 256, 2, True)
    missing = replace(PROJECT, host=replace(PROJECT.host, layer_bundles=("no-bundle",)))
    assert layer_bundles.guests(missing, build, recipes.read(build)) == {}


def test_they_are_installed_and_counted(build: BuildDir) -> None:
    assets = replace(
        NO_ASSETS, layer_bundles=layer_bundles.guests(PROJECT, build, recipes.read(build))
    )
    conf = render(PROJECT, assets).files[CONF]
    assert isinstance(conf, str)
    assert f'IMAGE_INSTALL:append:pn-xen-image-minimal = " {NAME}"' in conf
    (row,) = [row for row in budget(PROJECT, assets).rows if row.kind == "guest"]
    assert (row.name, row.autostart) == ("alpine", True)
    assert row.mib > 256
    assert NAME in row.note
    assert [one.code for one in check(PROJECT, assets)] == []


def test_two_guests_of_one_name_are_reported(build: BuildDir) -> None:
    assets = replace(
        NO_ASSETS, layer_bundles=layer_bundles.guests(PROJECT, build, recipes.read(build))
    )
    both = PROJECT.with_guest(Guest("alpine", tags=("external",), rootfs="a.ext4", memory=64))
    (finding,) = [one for one in check(both, assets) if one.code == "XT368"]
    assert finding.quick_fix is not None
    fixed = finding.quick_fix.apply(both)
    assert fixed.host.layer_bundles == ()
    nowhere = replace(NO_ASSETS, layer_bundles={})
    assert [one.code for one in check(PROJECT, nowhere)] == ["XT367"]


def test_the_users_copy_is_replaced_by_the_layers() -> None:
    own = Project(
        Host("qemux86-64", memory=1024, network="nat"),
        bundles=(model.Bundle(NAME),),
        guests=(Guest("alpine", bundle=NAME, tags=("external",), rootfs="a.ext4", memory=64),),
    )
    (finding,) = [one for one in check(own) if one.code == "XT205"]
    fixed = finding.quick_fixes[1].apply(own)
    assert fixed.host.layer_bundles == (NAME,)
    assert (fixed.guests, fixed.bundles) == ((), ())


def test_the_command_reads_the_layers(
    tmp_path: Path, build: BuildDir, capsys: pytest.CaptureFixture[str]
) -> None:
    board = tmp_path / "board.toml"
    board.write_text(
        'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 768\nnetwork = "nat"\n'
        f'layer_bundles = ["{NAME}"]\n'
    )
    assert main(["check", str(board)]) == 0
    assert "XT365" in capsys.readouterr().out
    assert main(["check", str(board), "--build-dir", str(build.path)]) == 1
    reported = capsys.readouterr().out
    assert "XT365" not in reported
    assert "XT401" in reported


@pytest.mark.parametrize(
    ("text", "bundles", "vxn"),
    [
        (f'IMAGE_INSTALL:append:pn-xen-image-minimal = " {NAME}"', (NAME,), None),
        (f'IMAGE_INSTALL:append:pn-xen-image-minimal = " {NAME} vxn"', (NAME,), True),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vim"', (), None),
        ("require conf/distro/include/xen-host.conf", (), True),
        ("include conf/distro/include/meta-virt-host.conf", (), None),
    ],
)
def test_what_an_image_installs_is_imported(
    text: str, bundles: tuple[str, ...], vxn: bool | None, tmp_path: Path
) -> None:
    (tmp_path / "local.conf").write_text(f'MACHINE = "qemux86-64"\n{text}\n')
    made = importer.read([tmp_path / "local.conf"])
    assert made.project.host.layer_bundles == bundles
    assert made.project.containers.vxn == vxn


UNKNOWN = 'include ${@d.getVar("FOO") or ""}/x.inc\n'


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("machine", ["raspberrypi4-64", "qemuarm64", "qemux86-64", "my-board"])
def test_an_unknown_include_leaves_the_plain_values(
    machine: str, place: int, tmp_path: Path
) -> None:
    lines = [f'MACHINE = "{machine}"\n', 'BUNDLED_XEN_GUESTS = "a:autostart b"\n']
    lines.insert(place, UNKNOWN)
    (tmp_path / "local.conf").write_text("".join(lines) + 'XEN_GUEST_MEMORY[a] = "300"\n')
    made = importer.read([tmp_path / "local.conf"])
    assert made.project.host.machine == machine
    assert [(g.key, g.memory) for g in made.project.guests] == [("a", 300), ("b", None)]
    assert any("not known" in note for note in made.notes)
    (left,) = [left for left in made.unimported if "include" in left.text]
    assert left.about_xen
    assert "not known" in left.reason


def test_a_machine_that_is_not_known_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "local.conf").write_text("MACHINE = \"${@d.getVar('X')}\"\n")
    with pytest.raises(InputError) as raised:
        importer.read([tmp_path / "local.conf"])
    assert "--machine" in raised.value.fix
    made = importer.read([tmp_path / "local.conf"], machine="qemuarm64")
    assert made.project.host.machine == "qemuarm64"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('XEN_GUEST_MEMORY[other] = "5"', "no guest other is imported"),
        ('QB_SLIRP_OPT:pn-core-image-minimal = "x"', "it is for core-image-minimal"),
        ('QB_CPU_KVM = "-cpu host"', "a project file cannot express this"),
        (
            'IMAGE_INSTALL:append:pn-xen-image-minimal = " vim"',
            "a project lists only",
        ),
    ],
)
def test_the_reason_for_each_layer_bundle_is_true(line: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "local.conf").write_text(f'MACHINE = "qemux86-64"\n{line}\n')
    (left,) = importer.read([tmp_path / "local.conf"]).unimported
    assert left.reason.startswith(reason)


def test_vxn_that_the_build_directory_installs_is_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = 'IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn containerd-opencontainers"\n'
    conf = 'MACHINE = "qemux86-64"\nrequire conf/distro/include/xen-host.conf\n'
    build = trees.small(tmp_path, conf, more={"virt/conf/distro/include/xen-host.conf": line})
    plain = replace(PROJECT, host=replace(PROJECT.host, layer_bundles=()))
    assets = replace(
        NO_ASSETS, installs_vxn=layer_bundles.installs_vxn(plain, build_dir.read(build))
    )
    (row,) = [row for row in budget(plain, assets).rows if row.name == "vxn"]
    assert row.mib > 512
    assert "vxn" not in [row.name for row in budget(plain).rows]
    (finding,) = [one for one in check(plain, assets) if one.code == "XT369"]
    assert finding.quick_fix is not None
    assert finding.quick_fix.apply(plain).containers.vxn
    board = tmp_path / "board.toml"
    board.write_text('version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\n')
    main(["check", str(board), "--build-dir", str(build)])
    assert "XT369" in capsys.readouterr().out


@pytest.mark.real
@pytest.mark.skipif(OE_TREE is None, reason="no layers")
def test_the_real_layer_s_bundles_are_read(tmp_path: Path) -> None:
    assert OE_TREE is not None
    build = build_dir.read(trees.real(tmp_path, Path(OE_TREE), 'MACHINE = "qemux86-64"\n'))
    wanted = (NAME, "example-xen-guest-bundle")
    project = replace(PROJECT, host=replace(PROJECT.host, layer_bundles=wanted))
    found = layer_bundles.guests(project, build, recipes.read(build))
    assert [(guest.key, guest.memory) for guest in found[NAME]] == [("alpine", 256)]
    assert set(found) == set(wanted)
