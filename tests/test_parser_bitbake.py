# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""BitBake's own parser reads every generated .conf and .bb as intended, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests import oracle
from tests.bitbake_parser import Parsed, parse_conf, parse_recipe
from tests.budget import examples
from tests.strategies import assets_of, sound_projects
from tests.vectors import Vector, bundled_presets, vectors
from xentui.output.render import render
from xentui.output.rendered import Rendered
from xentui.project import assets, boards, document, model, presets

_PARTS = 4
"""The thousand examples are split into parts, which run on all cores."""


def check(project: model.Project, rendered: Rendered) -> None:
    """Compare everything that BitBake reads with the meaning of the project."""
    settings = {"TRANSLATED_TARGET_ARCH": oracle.arch(project)}
    conf = rendered.conf["conf/xentui.conf"]
    _check_conf(project, conf, settings)
    seen = set()
    for path, text in rendered.recipes.items():
        name = Path(path).name
        if name == "vxn_%.bbappend":
            # vxn's own kernel comes from the deploy directory, so some task must have put it there.
            assert "virtual/kernel:do_deploy" in text
        elif name.startswith("xentui-dom0-network"):
            parsed = parse_recipe(text, name, conf=conf, settings=settings)
            places = (
                f"{Path(path).parent}/xentui-dom0-network/{Path(each).name}"
                for each in (parsed.value("SRC_URI") or "").split()
            )
            assert all(place in rendered.files for place in places)
        elif name.startswith("xentui-boot"):
            _check_boot(project, parse_recipe(text, name, conf=conf, settings=settings))
        elif "/linux/" in path:
            name = name.replace("_%.bbappend", "_1.0.bb")
            parsed = parse_recipe(text, name, conf=conf, settings=settings)
            assert parsed.words("SRC_URI") == ["file://xentui-xen.cfg"]
        elif name.endswith(".bb"):
            parsed = parse_recipe(text, name, conf=conf, settings=settings)
            seen.add(_check_recipe(project, parsed))
        else:
            assert Path(path).stem == oracle.dom0_image(project)
            _check_append(project, text, settings)
    assert seen == {guest.bundle for guest in project.guests} - {None}
    for path, content in rendered.files.items():
        if path.endswith("layer.conf"):
            assert isinstance(content, str)
            _check_layer(content)


def test_what_bitbake_should_read_is_known_for_every_board() -> None:
    every = boards.all_boards()
    written = {board.machine for board in every if board.boot.written_by == "xentui"}
    assert written <= set(oracle.BOOT_FAMILIES), "add them to BOOT_FAMILIES in tests/oracle.py"
    with_lines = {board.machine for board in every if board.lines}
    assert with_lines == set(oracle.BOARD_LINES), "add them to BOARD_LINES in tests/oracle.py"


def _check_boot(project: model.Project, parsed: Parsed) -> None:
    assert parsed.warnings == []
    assert parsed.value("PN") == "xentui-boot"
    machine = project.host.machine
    assert re.match(parsed.value("COMPATIBLE_MACHINE") or "", machine)
    assert not re.match(parsed.value("COMPATIBLE_MACHINE") or "", f"{machine}x")
    inherited = [other.text for other in parsed.others if other.kind == "Inherit"]
    installs = oracle.boot_family(project) == "uboot-rootfs"
    assert inherited == ["deploy" if installs else "deploy nopackages"]
    functions = {other.text for other in parsed.others if other.kind == "Method"}
    assert "do_deploy" in functions
    assert ("do_install" in functions) is installs
    assert len(parsed.words("SRC_URI")) == 1


def _check_conf(project: model.Project, conf: str, settings: dict[str, str]) -> None:
    parsed = parse_conf(conf, settings=settings)
    assert parsed.warnings == []
    assert parsed.others == []
    wanted = oracle.expected_conf(project)
    types = oracle.guest_image_types(project)
    if types:
        # Guests' image types are set here too, each only for its own recipe.
        wanted.setdefault(("IMAGE_FSTYPES", None), oracle.Words(()))
    of_image = parsed.seen_by(oracle.dom0_image(project))
    if types and wanted["IMAGE_FSTYPES", None] == oracle.Words(()):
        assert of_image.value("IMAGE_FSTYPES") is None
        del wanted["IMAGE_FSTYPES", None]
        of_image.assignments = [a for a in of_image.assignments if a.base != "IMAGE_FSTYPES"]
    assert oracle.differences(of_image, wanted) == []
    for recipe, fstype in types.items():
        assert parsed.seen_by(recipe).words("IMAGE_FSTYPES") == [fstype]
    other = parsed.seen_by("some-other-image")
    for variable in (*oracle.image_only_variables(), "IMAGE_FSTYPES"):
        assert other.value(variable) is None, variable


def _check_recipe(project: model.Project, parsed: Parsed) -> str:
    bundle = parsed.value("PN") or ""
    assert parsed.warnings == []
    assert parsed.value("PV") == (project.bundle(bundle).version or "1.0")
    assert parsed.kinds() <= {"Inherit", "Method"}
    inherited = [other.text for other in parsed.others if other.kind == "Inherit"]
    assert inherited == ["xen-guest-bundle features_check"]
    functions = [other.text for other in parsed.others if other.kind == "Method"]
    assert len(functions) == len(set(functions))
    assert set(functions) <= {"prepare_rootfs", "convert_sources"}
    for name in functions:
        assert not parsed.flag(name, "python")
    fetches = [a for a in parsed.assignments if a.base == "SRC_URI"]
    parsed.assignments = [a for a in parsed.assignments if a.base != "SRC_URI"]
    assert oracle.differences(parsed, oracle.expected_recipe(project, bundle)) == []
    if fetches or oracle.expected_fetches(project, bundle):
        _check_fetched(project, bundle, parsed)
    return bundle


def _check_fetched(project: model.Project, bundle: str, parsed: Parsed) -> None:
    entries = []
    assert len(parsed.words("SRC_URI")) == len(set(parsed.words("SRC_URI")))
    for word in parsed.words("SRC_URI"):
        address, *rest = word.split(";")
        parameters = dict(parameter.split("=", 1) for parameter in rest)
        assert set(parameters) <= {"name", "subdir", "unpack"}
        flag = f"{parameters['name']}.sha256sum" if "name" in parameters else "sha256sum"
        entries.append((address, parsed.flag("SRC_URI", flag)))
    wanted = set(oracle.expected_fetches(project, bundle))
    for place, digest in wanted:
        assert any(
            (address == place or address.endswith(f"/{place}")) and found == digest
            for address, found in entries
        ), (place, digest, entries)
    for address, digest in entries:
        assert any(address.endswith(place) and digest == found for place, found in wanted)


def _check_append(project: model.Project, text: str, settings: dict[str, str]) -> None:
    parsed = parse_recipe(text, f"{oracle.dom0_image(project)}.bb", settings=settings)
    assert parsed.warnings == []
    assert parsed.others == []
    assert oracle.differences(parsed, oracle.expected_append(project)) == []


def _check_layer(text: str) -> None:
    parsed = parse_conf(text, settings={"LAYERDIR": "/somewhere/meta-xentui", "BBFILES": "/first"})
    assert parsed.warnings == []
    assert parsed.words("BBFILE_COLLECTIONS") == ["xentui"]
    assert parsed.value("BBFILE_PATTERN_xentui") == "^/somewhere/meta-xentui/"
    assert parsed.words("BBFILES")[0] == "/first"
    assert all("/somewhere/meta-xentui/" in word for word in parsed.words("BBFILES")[1:])
    assert "virtualization-layer" in parsed.words("LAYERDEPENDS_xentui")
    assert parsed.words("LAYERSERIES_COMPAT_xentui")


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.id)
def test_vector_reads_back(vector: Vector) -> None:
    project = vector.project
    check(project, render(project, assets.gather(project, vector.folder)))


@pytest.mark.parametrize("preset", bundled_presets(), ids=lambda preset: preset.name)
def test_preset_reads_back(preset: presets.PresetFile) -> None:
    loaded = presets.load(str(preset.path))
    assert loaded.project is not None
    check(loaded.project, render(loaded.project, assets.gather(loaded.project, loaded.directory)))


@pytest.mark.property
@pytest.mark.parametrize("part", range(_PARTS))
def test_any_project_reads_back(part: int) -> None:
    # Hypothesis derives examples from the function's name, so each part needs its own.
    def example(project: model.Project) -> None:
        check(project, render(project, assets_of(project)))

    example.__name__ = example.__qualname__ = f"part_{part}"
    settings(max_examples=examples(1000) // _PARTS)(given(sound_projects())(example))()


def test_a_recipe_with_a_container_image_finds_its_class() -> None:
    guests = "".join(
        f"""[guests.{key}]
bundle = "lab"
source = {{ type = "container", file = "{key}.tar", fetch = [{{ uri = "file://{key}.tar" }}] }}
"""
        for key in ("web", "db")
    )
    text = f'version = 1\n[host]\nmachine = "qemux86-64"\n[bundles.lab]\n{guests}'
    project = document.load_text(text, Path()).project
    assert project is not None
    rendered = render(project)
    (path,) = (path for path in rendered.layer if path.endswith(".bbclass"))
    recipe = rendered.recipes["meta-xentui/recipes-extended/xen-guest-bundles/lab_1.0.bb"]
    parsed = parse_recipe(recipe, "lab_1.0.bb", files={path: str(rendered.layer[path])})
    assert parsed.warnings == []
    assert parsed.words("CONTAINER_GUESTS") == ["web", "db"]
    assert "container_roots" in (parsed.flag("do_compile", "prefuncs") or "").split()
    assert parsed.flag("container_roots", "python") == "1"
    assert "skopeo-native:do_populate_sysroot" in (parsed.flag("do_compile", "depends") or "")
