# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build directories of other releases: what is reported, and what is not written for them."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from kas.includehandler import ConfigFile

from tests.bitbake import trees
from tests.cli.conftest import BOARD
from tests.real import cases
from tests.real.tree import EXTRA_LAYERS
from xentui.bitbake import abilities, build_dir, mentions, releases
from xentui.cli import main
from xentui.errors import UsageError
from xentui.output import formats, kas
from xentui.output.render import render
from xentui.output.rendered import Rendered
from xentui.project import boards, document
from xentui.project.assets import NO_ASSETS
from xentui.rules.build import check_build_dir
from xentui.session import examination

GOOD = 'MACHINE = "qemux86-64"\nDISTRO_FEATURES:append = " xen systemd virtualization"\n'
IMAGE = "virt/recipes-extended/images/xen-image-minimal.bb"
BASE = {"core/classes-global/base.bbclass": "MACHINE DISTRO_FEATURES INIT_MANAGER QB_MEM_VALUE\n"}


def old_build_dir(root: Path, conf: str = GOOD) -> Path:
    """Make a build directory whose meta-virtualization has no Xen guest classes."""
    build = trees.small(root, conf)
    for name in abilities.XEN_CLASSES:
        (root / f"virt/classes/{name}.bbclass").unlink()
    return build


def codes(build: Path) -> list[str]:
    return [
        p.finding.code for p in check_build_dir(build_dir.read(build)) if p.finding.code != "XT638"
    ]


def generate(build: Path, text: str, *more: str) -> int:
    file = build.parent / "project.toml"
    file.write_text(text)
    return main(["generate", str(file), "--build-dir", str(build), "--yes", *more])


def test_dom0_alone_works_without_the_classes(tmp_path: Path) -> None:
    build = old_build_dir(tmp_path)
    assert codes(build) == ["XT649"]
    assert generate(build, BOARD.partition("[guests")[0]) == 0
    assert (build / "conf/xentui.conf").is_file()


def test_guests_are_not_written_for_layers_that_ignore_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = old_build_dir(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert generate(build, BOARD) == 1
    reported = " ".join(capsys.readouterr().err.split())
    assert "error XT615" in reported
    assert "put both classes of its branch wrynose into your own layer" in reported.lower()
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    cache = tmp_path / "home"
    new = {path for path in set(after) - set(before) if not path.is_relative_to(cache)}
    assert new == {tmp_path / "project.toml"}
    # The two classes in any layer are all that is missing.
    mine = tmp_path / "mine"
    trees.write(mine, {"conf/layer.conf": trees.layer_conf("mine")})
    for name in abilities.XEN_CLASSES:
        trees.write(mine, {f"classes/{name}.bbclass": ""})
    conf = build / "conf/bblayers.conf"
    conf.write_text(conf.read_text() + f'BBLAYERS += "{mine}"\n')
    assert generate(build, BOARD) == 0


def test_a_bundle_about_to_be_written_needs_the_classes_as_well(tmp_path: Path) -> None:
    """The recipes of the layers, which the wizard knows, do not include it yet."""
    build = old_build_dir(tmp_path)
    (tmp_path / "rootfs.ext4").write_bytes(bytes(1 << 20))
    host, _, _ = BOARD.partition("[guests")
    source = '{type = "ext4", file = "rootfs.ext4", fetch = [{uri = "file://rootfs.ext4"}]}'
    guest = f'[bundles.my-guests]\n[guests.vendor]\nbundle = "my-guests"\nsource = {source}\n'
    project = document.load_text(host + guest, tmp_path).project
    assert project is not None
    layers = examination.BuildLayers(build)
    found = layers.findings(project, NO_ASSETS, project_file="project.toml")
    assert "XT615" in [one.code for one in found]


def test_missing_classes_explain_why_settings_of_guests_have_no_effect(tmp_path: Path) -> None:
    build = old_build_dir(tmp_path, f"{GOOD}require conf/xentui.conf\n")
    trees.write(tmp_path, BASE)
    conf = 'BUNDLED_XEN_GUESTS = "a"\nXEN_GUEST_MEMORY[a] = "64"\nXEN_NOWHERE = "1"\n'
    trees.write(build, {"conf/xentui.conf": conf})
    found = [p.finding for p in check_build_dir(build_dir.read(build))]
    assert "XT615" in [one.code for one in found]
    unread = [one.message.split()[0] for one in found if one.code == "XT647"]
    assert unread == ["XEN_NOWHERE"]


def test_an_image_that_does_not_inherit_the_class_is_made_to(tmp_path: Path) -> None:
    recipe = 'DESCRIPTION = "A minimal xen image"\ninherit core-image\n'
    build = trees.small(tmp_path, GOOD, more={IMAGE: recipe})
    assert generate(build, BOARD) == 0
    (append,) = (tmp_path / "meta-xentui").rglob("xen-image-minimal.bbappend")
    assert "\ninherit xen-guest-cross-install\n" in append.read_text()


def test_what_the_layers_read_decides_what_is_written(tmp_path: Path) -> None:
    text = BOARD.replace("bridged", "nat")
    tools = {"virt/recipes-extended/xen/xen-tools.inc": 'XEN_DOM0_NETWORK ?= "bridged"\n'}
    reads, not_reads = tmp_path / "a", tmp_path / "b"
    assert generate(trees.small(reads, GOOD, more=tools), text) == 0
    assert generate(trees.small(not_reads, GOOD), text) == 0
    assert 'XEN_DOM0_NETWORK = "nat"' in (reads / "build/conf/xentui.conf").read_text()
    assert not (reads / "meta-xentui").exists()
    conf = (not_reads / "build/conf/xentui.conf").read_text()
    assert "XEN_DOM0_NETWORK" not in conf
    assert '" xentui-dom0-network"' in conf
    assert list((not_reads / "meta-xentui").rglob("xentui-dom0-network_1.0.bb"))


def test_an_old_folder_of_kickstart_files_is_reported_where_the_core_rejects_it(
    tmp_path: Path,
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    wic = {"virt/wic/a.wks": ""}
    place = "core/classes-recipe/image_types_wic.bbclass"
    more = {**wic, place: 'WKS_SEARCH_PATH = "%s/wic"\n'}
    assert "XT658" not in codes(trees.small(old, GOOD, more=more))
    more = {**wic, place: 'WKS_SEARCH_PATH = "%s/files/wic"\n'}
    build = trees.small(new, GOOD, more=more)
    assert "XT658" in codes(build)
    (new / "virt/wic").rename(new / "virt/files-wic")
    assert "XT658" not in codes(build)


def test_an_override_that_python_computes_may_apply(tmp_path: Path) -> None:
    machine = 'WKS_FILE ?= "theirs.wks"\nMACHINEOVERRIDES =. "${@arch(d)}:"\n'
    more = {"core/conf/machine/genericx86-64.conf": machine}
    build = trees.small(tmp_path, GOOD.replace("qemux86-64", "genericx86-64"), more=more)
    board = BOARD.replace("qemux86-64", "genericx86-64").replace("1024", "4096")
    assert generate(build, board) == 0
    assert "\nWKS_FILE:x86-64:pn-" in (build / "conf/xentui.conf").read_text()


def test_layers_that_changed_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = trees.small(tmp_path, GOOD)
    assert generate(build, BOARD) == 0
    assert main(["doctor", "--build-dir", str(build)]) in (0, 1)
    assert "XT646" not in capsys.readouterr().out
    trees.write(
        tmp_path, {"virt/recipes-extended/xen/xen-tools.inc": 'XEN_DOM0_NETWORK ?= "bridged"\n'}
    )
    assert main(["doctor", "--build-dir", str(build)]) in (0, 1)
    reported = " ".join(capsys.readouterr().out.split())
    assert "warning XT646: this was written for layers that have changed since" in reported
    assert "in dom0 network" in reported


def test_settings_that_nothing_reads_are_reported_with_their_owner(tmp_path: Path) -> None:
    conf = f'{GOOD}XEN_BOOT_MODE = "efi"\nrequire conf/xentui.conf\n'
    more = {**BASE, "build/conf/xentui.conf": 'XEN_NOWHERE = "1"\nQB_MEM_VALUE = "1"\n'}
    made = check_build_dir(build_dir.read(trees.small(tmp_path, conf, more=more)))
    reported = {p.finding.code: p.location for p in made if p.finding.code in ("XT647", "XT648")}
    assert {code: (Path(p.file).name, p.line) for code, p in reported.items() if p is not None} == {
        "XT647": ("xentui.conf", 1),
        "XT648": ("local.conf", 3),
    }


def test_a_name_counts_as_read_only_as_a_whole_word(tmp_path: Path) -> None:
    trees.write(tmp_path, {"conf/a.conf": "XEN_BOOT_MODES\n", "files/tool-x": "use XEN_OTHER\n"})
    assert mentions.unmentioned(["XEN_BOOT_MODE", "XEN_OTHER"], [str(tmp_path)]) == {
        "XEN_BOOT_MODE"
    }


def test_a_pipe_in_a_layer_is_not_searched(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    os.mkfifo(tmp_path / "conf/a.conf")
    assert mentions.unmentioned(["XEN_OTHER"], [str(tmp_path)]) == {"XEN_OTHER"}


@pytest.mark.parametrize(
    "line",
    [
        "require conf/multiconfig/${BB_CURRENT_MC}.conf",
        "addfragments conf/fragments OE_FRAGMENTS OE_FRAGMENTS_METADATA_VARS",
    ],
)
def test_lines_for_an_older_core_are_not_errors(line: str, tmp_path: Path) -> None:
    conf = f"{trees.BITBAKE_CONF.replace('addfragments', '# addfragments')}{line}\n"
    more = {"core/conf/bitbake.conf": conf, "core/conf/multiconfig/default.conf": ""}
    assert build_dir.read(trees.small(tmp_path, GOOD, more=more)).faults == []


TREES = Path(os.environ.get("XENTUI_OE_RELEASES", "/nonexistent"))
real = pytest.mark.skipif(not TREES.is_dir(), reason="XENTUI_OE_RELEASES names no folder")


@real
@pytest.mark.real
@pytest.mark.parametrize("name", list(releases.releases()))
def test_the_layers_of_each_release_give_no_false_error(name: str, tmp_path: Path) -> None:
    build = trees.real(tmp_path, TREES / name, GOOD)
    known = releases.releases()[name]
    assert codes(build) == ([] if known.abilities.has_classes else ["XT649"])


@real
@pytest.mark.real
@pytest.mark.parametrize("release", ["wrynose", "master"])
@pytest.mark.parametrize(
    "case", [case for case in cases.cases() if case.id.startswith("preset-")], ids=lambda c: c.id
)
def test_presets_are_written_for_the_layers_of_their_boards(
    case: cases.Case, release: str, tmp_path: Path
) -> None:
    further = [EXTRA_LAYERS[name] for name in case.extra_layers]
    if not all((TREES / release / name).is_dir() for name in further):
        pytest.skip("its layers are missing")
    conf = GOOD.replace("qemux86-64", case.original.host.machine)
    build = trees.real(tmp_path / "build", TREES / release, conf, further)
    preset = case.id.removeprefix("preset-")
    code = main(["generate", "--preset", preset, "--build-dir", str(build), "--yes"])
    # meta-intel's kickstart files are in a folder that newer cores reject.
    broken = "XT658" in codes(build)
    assert code == (1 if broken else 0)


@real
@pytest.mark.real
def test_layers_of_two_releases_are_reported(tmp_path: Path) -> None:
    build = trees.real(tmp_path, TREES / "master", GOOD)
    conf = build / "conf/bblayers.conf"
    mixed = conf.read_text().replace("master/meta-virt", "wrynose/meta-virt")
    conf.write_text(mixed)
    assert codes(build) == ["XT639"]
    (build / "conf/local.conf").write_text(GOOD.replace("qemux86-64", "qemuarm64"))
    assert codes(build) == ["XT616"]


ASSIGNED = re.compile(r"^(?:export )?([A-Z][A-Z0-9_]*)(?:\[|:|[ ?.+]*=)", re.MULTILINE)
USED = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
FORMS: tuple[formats.Format, ...] = (
    "tree", "kas", "kas-part", "bitbake-setup", "script", "fragment",
)  # fmt: skip
"""The formats that BitBake reads; ImageBuilder's script reads the remaining one."""


def settings(form: formats.Format, made: Rendered, scratch: Path) -> str:
    """Return the lines that a form has for BitBake's configuration."""
    if form in ("kas", "kas-part"):
        trees.write(scratch, {kas.FILE: str(made.conf[kas.FILE])})
        return str(ConfigFile.load(scratch / kas.FILE).config["local_conf_header"]["xentui"])
    if form in ("bitbake-setup", "fragment"):
        (place,) = [path for path in made.layer if path.startswith("conf/fragments/")]
        return str(made.layer[place])
    return str(made.conf["conf/xentui.conf"])


@real
@pytest.mark.real
@pytest.mark.parametrize("release", ["scarthgap", "wrynose", "master"])
@pytest.mark.parametrize("case", cases.cases(), ids=lambda case: case.id)
def test_every_setting_that_is_written_is_read(
    case: cases.Case, release: str, tmp_path: Path
) -> None:
    layer = boards.board(case.original.host.machine).layer
    if layer is not None and release not in layer.branches:
        pytest.skip(f"{layer.name} has no branch {release}")
    if release == "scarthgap" and (layer is None or "wrynose" in layer.branches):
        pytest.skip("this board is tried on newer releases")
    further = [EXTRA_LAYERS[name] for name in case.extra_layers]
    for name in further:
        if not (TREES / release / name).is_dir():
            pytest.skip(f"{name} is not in {TREES / release}")
    if not releases.releases()[release].abilities.has_classes:
        further.append(str(layer_of_classes(tmp_path / "classes-layer")))
    build = trees.real(tmp_path, TREES / release, "require conf/xentui.conf\n", further)
    (tmp_path / "beside").mkdir()
    assets = case.assets(tmp_path / "beside")
    read = build_dir.read(build)
    able = abilities.of_build_dir(read)
    made = render(case.project, assets, abilities=able)
    # No recipe of ours sets what neither a class nor the recipe itself reads.
    texts = [
        content
        for path, content in made.layer.items()
        if path.endswith((".bb", ".bbappend", "layer.conf")) and isinstance(content, str)
    ]
    ours = {name for content in texts for name in ASSIGNED.findall(content)}
    ours -= {name for content in texts for name in USED.findall(content)}
    ours -= {name for name in ours if name.startswith(("XENTUI_", "LAYER", "BBFILE"))}
    assert mentions.unmentioned(ours, [layer.path for layer in read.layers]) == frozenset()
    named = replace(case.project, host=replace(case.project.host, release=release))
    written = {made.conf["conf/xentui.conf"]}
    for form in FORMS:
        if form in ("bitbake-setup", "fragment") and not able.fragments:
            with pytest.raises(UsageError):
                formats.render_as(form, named, assets, project_file="a.toml", out=tmp_path / "out")
            continue
        forms = formats.render_as(form, named, assets, project_file="a.toml", out=tmp_path / "out")
        written.add(settings(form, forms, tmp_path))
    for text in sorted(map(str, written)):
        assert unread_settings(build, text) == []
        # The rule looks at all of them: one that nothing names is found.
        assert unread_settings(build, f'{text}NOBODY_READS = "1"\n') != []


def layer_of_classes(folder: Path) -> Path:
    """Make a layer that has the two Xen guest classes of wrynose, and nothing else."""
    trees.write(folder, {"conf/layer.conf": trees.layer_conf("mine")})
    for name in abilities.XEN_CLASSES:
        place = f"classes/{name}.bbclass"
        text = (TREES / "wrynose/meta-virtualization" / place).read_text(encoding="utf-8")
        trees.write(folder, {place: text})
    return folder


def unread_settings(build: Path, conf: str) -> list[str]:
    """Return what the rules say of settings that nothing reads."""
    trees.write(build, {"conf/xentui.conf": conf})
    found = check_build_dir(build_dir.read(build))
    return [p.finding.message for p in found if p.finding.code in ("XT647", "XT648")]
