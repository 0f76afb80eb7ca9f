# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading a build directory: its layers, its files, and the effective settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE
from xentui.bitbake import build_dir, find_build_dir, host, paths, recipes
from xentui.bitbake.abilities import XEN_CLASSES, xen_classes
from xentui.bitbake.build_dir import BuildDir, Layer, Setting
from xentui.bitbake.conf_syntax import Fault
from xentui.bitbake.conf_types import Location
from xentui.errors import InputError, UsageError


def test_a_build_directory_is_found(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    inside = build / "tmp/work"
    inside.mkdir(parents=True)
    assert find_build_dir.find(build, environ={}) == build
    assert find_build_dir.find(None, cwd=inside, environ={}) == build
    assert find_build_dir.find(None, cwd=tmp_path, environ={}) is None
    assert find_build_dir.find(None, cwd=tmp_path, environ={"BUILDDIR": str(build)}) == build
    with pytest.raises(UsageError, match="not a build directory"):
        find_build_dir.find(tmp_path)
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
    assert gone.location == (str(build / "conf/bblayers.conf"), 2)
    assert found.series == ("wrynose", "blacksail")
    assert xen_classes(found) == XEN_CLASSES
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


def test_a_machine_fragment_is_reported(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE ??= "qemux86-64"\n')
    trees.write(build, {"conf/toolcfg.conf": 'OE_FRAGMENTS += "machine/qemuarm64"\n'})
    found = build_dir.read(build)
    assert found.machine.value == "qemuarm64"
    assert found.machine.fragment == "machine/qemuarm64"
    assert not found.faults


def test_a_text_can_be_given_in_place_of_a_file(tmp_path: Path) -> None:
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


def test_the_users_files_are_distinguished_from_layers(tmp_path: Path) -> None:
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


def test_broken_files_are_reported_not_raised(tmp_path: Path) -> None:
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
def test_real_layers_have_the_values_that_bitbake_computes(name: str, tmp_path: Path) -> None:
    assert OE_TREE is not None
    text = CONFIGURATIONS[name]
    if name == "sample":
        sample = "openembedded-core/meta/conf/templates/default/local.conf.sample.extended"
        text = 'MACHINE = "qemux86-64"\n' + (OE_TREE / sample).read_text(encoding="utf-8")
    build = trees.real(tmp_path, OE_TREE, text)
    found = build_dir.read(build)
    assert not found.faults
    asked = subprocess.run(
        [sys.executable, "-m", "tests.bitbake.real_values", str(build)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    theirs = json.loads(asked.stdout.splitlines()[-1])
    known = 0
    # BitBake provides these to each file and process.
    own = {"FILE", "PATH", "PN", "BBINCLUDED", "FILE_LAYERNAME"}
    for variable, expected in theirs["values"].items():
        value = found.value(variable)
        if variable in own or not value.known:
            continue
        assert value.raw == expected, variable
        known += 1
        for flag, output in theirs["flags"].get(variable, {}).items():
            mine = found.flag(variable, flag)
            if mine.known and flag not in ("export", "unexport"):
                assert mine.raw == output, (variable, flag)
    assert known > 600
    assert set(theirs["series"]) == set(found.series)


def of_layers(root: Path, *confs: str, local: str = "", **more: str) -> BuildDir:
    """Read a build directory with layers ``l0``, ``l1`` … that have these layer.conf files."""
    named = tuple(f"l{number}" for number in range(len(confs)))
    texts = {f"l{number}/conf/layer.conf": conf for number, conf in enumerate(confs)}
    more = {name.replace("__", "/"): text for name, text in more.items()}
    return build_dir.read(trees.small(root, local, more={**texts, **more}, layers=named))


# Finding it


def test_a_build_directory_that_the_environment_names_must_be_one(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    environ = {"BUILDDIR": str(tmp_path / "core")}
    assert find_build_dir.find(None, cwd=build, environ=environ) == build
    assert find_build_dir.find(None, cwd=tmp_path, environ=environ) is None
    with pytest.raises(UsageError) as caught:
        find_build_dir.find(tmp_path / "core", environ={})
    assert caught.value.message == (
        f"{tmp_path}/core is not a build directory: it has no conf/bblayers.conf"
    )


def test_its_files_are_named(tmp_path: Path) -> None:
    found = of_layers(tmp_path)
    assert found.local_conf == tmp_path / "build/conf/local.conf"
    assert found.bblayers_conf == tmp_path / "build/conf/bblayers.conf"


@pytest.mark.parametrize(
    ("build", "layer", "users", "layers"),
    [
        ("core/build", "core", ["core/build/conf/x", "other/x"], ["core/x", "core/conf/y"]),
        ("build", "build/layer", ["build/x", "build/layers/x"], ["build/layer/x"]),
        ("build", "buildings", ["build/x", "buildings-more/x"], ["buildings/x"]),
    ],
)  # fmt: skip
def test_a_file_is_the_user_s_or_a_layer_s(
    tmp_path: Path, build: str, layer: str, users: list[str], layers: list[str]
) -> None:
    conf = f'BBPATH = "${{TOPDIR}}"\nBBLAYERS = "{tmp_path}/{layer}/"\n'
    trees.write(tmp_path, {f"{build}/conf/bblayers.conf": conf, f"{layer}/conf/layer.conf": ""})
    found = build_dir.read(tmp_path / build)
    assert [name for name in users if not found.is_users(f"{tmp_path}/{name}")] == []
    assert [name for name in layers if found.is_users(f"{tmp_path}/{name}")] == []


# Layers


def test_a_layer_describes_itself(tmp_path: Path) -> None:
    found = of_layers(
        tmp_path,
        'BBFILE_COLLECTIONS += "a"\nBBFILE_PRIORITY_a = "-7"\nLAYERSERIES_COMPAT_a = "x y"\n'
        'LAYERDEPENDS_a = "core (>= 12) other(= 1)  third"\nLAYERSERIES_CORENAMES = "y"\n',
        'BBFILE_COLLECTIONS += "b"\nBBFILE_PRIORITY_b = "high"\nLAYERSERIES_COMPAT_a += "z"\n'
        'LAYERSERIES_CORENAMES = "later"\n',
        "",
    )
    place = Location(str(found.bblayers_conf), 2)
    assert found.layers == (
        Layer(f"{tmp_path}/l0", True, "a", -7, ("core", "other", "third"), ("z",), place),
        Layer(f"{tmp_path}/l1", True, "b", 0, (), (), place),
        Layer(f"{tmp_path}/l2", True, "", 0, (), (), place),
    )
    assert found.series == ("y",)
    assert found.layers[0].conf == f"{tmp_path}/l0/conf/layer.conf"
    assert found.layer("b") == found.layers[1]
    assert found.layer("c") is None
    for name in ("LAYERSERIES_COMPAT_a", "LAYERDIR", "LAYERDIR_RE"):
        assert found.value(name).raw is None


def test_the_folder_of_a_layer_is_entered_right_away(tmp_path: Path) -> None:
    conf = 'BBFILE_COLLECTIONS += "{0}"\nBBFILE_PATTERN_{0} = "^${{LAYERDIR_RE}}/"\n'
    conf += 'BBPATH .= ":${{LAYERDIR}}"\nPLACE_{0} = "${{LAYERDIR}}/x"\n'
    names = ("a+b", "aab")
    found = build_dir.read(
        trees.small(
            tmp_path,
            more={f"{name}/conf/layer.conf": conf.format(f"c{n}") for n, name in enumerate(names)},
            layers=names,
        )
    )
    assert found.value("BBPATH").raw == f"{tmp_path}/build:{tmp_path}/a+b:{tmp_path}/aab"
    assert found.value("PLACE_c0").raw == f"{tmp_path}/a+b/x"
    of = [found.reader.layer_of(f"{tmp_path}/{name}/x.bb") for name in (*names, "a")]
    assert of == ["c0", "c1", None]


def test_layers_may_be_below_home_or_end_with_a_slash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    trees.write(tmp_path, {"b/conf/bblayers.conf": 'BBLAYERS = "~/core/ /x~X// /"\n', "core/x": ""})
    found = build_dir.read(tmp_path / "b")
    assert [(layer.path, layer.exists) for layer in found.layers] == [
        (f"{tmp_path}/core", True), ("/x~X", False), ("/", True),
    ]  # fmt: skip


def test_layers_may_be_named_from_the_build_directory_as_kas_does(tmp_path: Path) -> None:
    fragment = {"mine/conf/fragments/f.conf": 'BB_CONF_FRAGMENT_SUMMARY = "F"\nWITHIN = "1"\n'}
    recipe = {"mine/recipes-x/y/my-image.bb": "inherit core-image\n"}
    more = {"mine/conf/layer.conf": trees.layer_conf("mine"), **fragment, **recipe}
    build = trees.small(tmp_path, 'MACHINE = "qemux86-64"\nOE_FRAGMENTS = "mine/f"\n', more=more)
    names = " ".join(f"${{TOPDIR}}/../{name}" for name in ("core", "virt", "mine"))
    trees.write(build, {"conf/bblayers.conf": f'BBPATH = "${{TOPDIR}}"\nBBLAYERS = "{names}"\n'})
    found = build_dir.read(build)
    assert found.faults == []
    assert [layer.path for layer in found.layers] == [
        f"{tmp_path}/core", f"{tmp_path}/virt", f"{tmp_path}/mine",
    ]  # fmt: skip
    assert found.value("WITHIN").text == "1"
    assert not found.is_users(f"{tmp_path}/mine/conf/fragments/f.conf")
    assert found.is_users(f"{build}/conf/local.conf")
    (image,) = [r for r in recipes.read(found, cached=False).images if r.name == "my-image"]
    assert image.layer == "mine"


def test_a_layer_has_the_line_that_names_it(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    (build / "conf/bblayers.conf").write_text('require more.conf\nBBLAYERS += "/b"\n')
    (build / "conf/more.conf").write_text('A = "/a"\nBBLAYERS = "${A}"\n')
    found = build_dir.read(build)
    locations = [layer.location for layer in found.layers]
    assert [at and (Path(at.file).name, at.line) for at in locations] == [
        ("more.conf", 2),
        ("bblayers.conf", 2),
    ]


def test_two_dots_after_a_link_mean_the_parent_of_its_target(tmp_path: Path) -> None:
    build = trees.small(tmp_path / "real", 'MACHINE = "qemux86-64"\n')
    (tmp_path / "linked").symlink_to(tmp_path / "real/core")
    names = " ".join(f"{tmp_path}/linked/../{name}" for name in ("core", "virt"))
    trees.write(build, {"conf/bblayers.conf": f'BBPATH = "${{TOPDIR}}"\nBBLAYERS = "{names}"\n'})
    assert [layer.exists for layer in build_dir.read(build).layers] == [True, True]
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere/build"
    link.symlink_to(build)
    names = " ".join(f"${{TOPDIR}}/../{name}" for name in ("core", "virt"))
    trees.write(build, {"conf/bblayers.conf": f'BBPATH = "${{TOPDIR}}"\nBBLAYERS = "{names}"\n'})
    found = build_dir.read(find_build_dir.find_required(link))
    assert [layer.exists for layer in found.layers] == [True, True]


@pytest.mark.parametrize("count", [500, 501])
def test_five_hundred_layers_are_read(tmp_path: Path, count: int) -> None:
    rest = " ".join(f"/nosuch/{number}" for number in range(1, count))
    conf = tmp_path / "conf/bblayers.conf"
    trees.write(
        tmp_path, {"conf/bblayers.conf": f'\nBBLAYERS = "/nosuch/0"\nBBLAYERS += "{rest}"\n'}
    )
    found = build_dir.read(tmp_path)
    assert len(found.layers) == 500
    reported = "BBLAYERS names more than 500 layers"
    if count == 500:
        assert (found.faults, reported in found.value("A").unknown) == ([], False)
        return
    assert found.faults == [Fault("limit", str(conf), 2, reported)]
    assert reported in found.value("A").unknown
    conf.write_text(f'BBLAYERS = "/no"\nBBLAYERS .= "such/0 {rest}"\n')
    assert build_dir.read(tmp_path).faults == [Fault("limit", "", 1, reported)]


@pytest.mark.parametrize("folder", ["classes", "classes-recipe", "classes-global"])
def test_classes_of_xen_are_found_in_each_folder(tmp_path: Path, folder: str) -> None:
    name = f"l0/{folder}/xen-guest-bundle.bbclass"
    found = build_dir.read(trees.small(tmp_path, more={name: ""}, layers=("l0",)))
    assert xen_classes(found) == ("xen-guest-bundle",)


def test_a_file_is_found_below_bbpath(tmp_path: Path) -> None:
    conf = 'BBPATH .= "::${LAYERDIR}"\n'
    found = of_layers(tmp_path, conf, conf, l0__x="", l1__x="", l1__y="", build__y="")
    assert found.find_in_layers("x") == f"{tmp_path}/l0/x"
    assert found.find_in_layers("y") == f"{tmp_path}/build/y"
    assert found.find_in_layers("z") is None


# Settings


@pytest.mark.parametrize(
    ("lines", "value", "line"),
    [
        ('MACHINE = "a"\nMACHINE ?= "b"\n', "a", 1),
        ('MACHINE ?= "a"\nMACHINE ?= "b"\n', "a", 1),
        ('MACHINE ?= "a"\nMACHINE = "b"\n', "b", 2),
        ('MACHINE ?= "a"\nMACHINE := "b"\n', "b", 2),
        ('MACHINE := "a"\nMACHINE ??= "b"\n', "a", 1),
        ('MACHINE ??= "a"\nMACHINE ??= "b"\n', "b", 2),
        ('MACHINE ??= "a"\nMACHINE ?= "b"\nMACHINE ??= "c"\n', "b", 2),
        ('MACHINE[doc] = "x"\nMACHINE:b = "z"\nMACHINE = "a"\nMACHINE[doc] = "y"\n', "a", 3),
        ('MACHINE ??= "a"\nMACHINE += "b"\n', " b", 1),
        ('MACHINE += "b"\n', " b", None),
        ("", None, None),
    ],
)
def test_the_machine_is_reported_where_it_matters(
    tmp_path: Path, lines: str, value: str | None, line: int | None
) -> None:
    found = build_dir.read(trees.small(tmp_path, lines))
    place = Location(str(found.local_conf), line) if line is not None else None
    assert found.machine == Setting(value, place)


def test_what_bitbake_sets_on_its_own(tmp_path: Path) -> None:
    text = (
        'A := "${PN}"\nB := "x${BB_CURRENT_MC}"\n'
        'C = "${@"conf/multiconfig/${BB_CURRENT_MC}.conf" if "${BB_CURRENT_MC}" != "" else ""}"\n'
        "D = \"${@d.getVar('DISTRO') or ''}\"\nDISTRO = \"poky\"\n"
    )
    found = build_dir.read(trees.small(tmp_path, text))
    assert [found.value(name).text for name in "ABCD"] == ["defaultpkgname", "x", "", "poky"]
    assert found.value("PN", "lab").text == "lab"
    assert found.flag("A", "f").raw is None
    assert found.assignments("DISTRO")[-1].value == "poky"
    assert found.assignments("NOT") == []


def test_without_a_core_only_the_users_files_are_read(tmp_path: Path) -> None:
    build = trees.small(
        tmp_path,
        'MACHINE = "m"\nDISTRO = "d"\nA .= "l"\nB = "0"\nB:m = "1"\nC = "0"\nC:d = "1"\nD = "0"\n'
        'D:pn-x = "1"\nE = "0"\nE:m = "1"\nE:forcevariable = "2"\n',
        layers=("virt",),
        more={f"build/conf/{name}.conf": f'A .= "{name[0]}"\n'
              for name in ("site", "auto", "toolcfg")},
    )  # fmt: skip
    found = build_dir.read(build)
    assert [found.value(name).raw for name in "ABCDE"] == ["satl", "1", "1", "0", "2"]
    assert found.value("D", "x").raw == "1"
    why = "no layer has conf/bitbake.conf, so the settings around this are not known"
    assert found.value("A").unknown == (why,)
    shown = build_dir.read(build, texts={f"{build}/conf/local.conf": 'A .= "text"\n'})
    assert shown.value("A").raw == "sattext"
    (build / "conf/local.conf").unlink()
    assert build_dir.read(build).value("A").raw == "sat"
    made = build_dir.read(build, texts={f"{build}/conf/local.conf": 'A .= "new"\n'})
    assert made.value("A").raw == "satnew"


# The build host


@pytest.mark.parametrize("user", [0, 1, 1000])
def test_the_build_host_is_inspected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    found = build_dir.read(trees.small(tmp_path, f'TMPDIR = "{tmp_path}/{"x" * 300}/tmp"\n'))
    usage = shutil.disk_usage(tmp_path)._replace(free=1025 * 2**20 - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(os, "access", lambda path, mode: path == "/dev/kvm" and mode == 6)
    here = {"/dev/kvm", "/dev/net/tun"} if user else set()
    monkeypatch.setattr(Path, "exists", lambda self: str(self) in here)
    monkeypatch.setenv("MACHINE", "qemuarm64")
    assert host.inspect(found) == host.Host(
        kvm="ready" if user else "missing", tun="refused" if user else "missing", free_mib=1024,
        disk_folder=tmp_path, root=not user, machine="qemuarm64",
    )  # fmt: skip
    monkeypatch.delenv("MACHINE")
    assert host.inspect(found).machine == ""
    unknown = build_dir.read(trees.small(tmp_path / "2", 'TMPDIR = "/tmp/${@f()}"\n'))
    assert host.inspect(unknown).disk_folder == unknown.path


def test_paths_are_classified_as_files_folders_and_links(tmp_path: Path) -> None:
    trees.write(tmp_path, {"b": "", "a/x": "", "c": ""})
    (tmp_path / "link").symlink_to("nowhere")
    assert paths.listed(str(tmp_path)) == ["a", "b", "c", "link"]
    assert paths.listed(str(tmp_path / "b")) == []
    assert [paths.is_folder(str(tmp_path / name)) for name in "abd"] == [True, False, False]
    assert [paths.exists(str(tmp_path / name)) for name in ("a", "b", "d", "link")] == [
        True, True, False, False,
    ]  # fmt: skip
    assert paths.exists(str(tmp_path / "link"), link=True) is True
    assert paths.exists("a\0b") is paths.is_folder("a\0b") is False
    assert paths.exists("a\0b", link=True) is False
    assert paths.listed("a\0b") == []
