# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A configuration made into a project, and rendered again, means the same to BitBake."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake_parser import OE_TREE, Parsed, parse_conf, parse_recipe
from xentui.bitbake import importer
from xentui.bitbake.importer import Imported
from xentui.cli import main
from xentui.errors import InputError, UsageError
from xentui.output.render import render
from xentui.project import assets, new_file, schema
from xentui.project.document import load

CORPUS = Path(__file__).parent / "corpus"
CONFS = sorted(CORPUS.glob("*.conf"))
RECIPES = sorted(CORPUS.glob("*.bb"))

FLAGS = [field.variable for field in schema.varflags() if field.carry != "local-file"]
CLASS_DEFAULTS = {
    "MEMORY": "512",
    "VCPUS": "1",
    "VIF": "bridge=xenbr0",
    "EXTRA": "root=/dev/xvda ro ip=dhcp",
    "DISK_DEVICE": "xvda",
    "IMAGE_SIZE": "256",
}
SETTINGS = (
    "MACHINE", "QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "RPI_DOM0_MEM", "XEN_DOM0_NETWORK",
    "XEN_BOOT_MODE", "XEN_GUEST_IMAGE_FSTYPE", "INIT_MANAGER",
)  # fmt: skip


def effective(parsed: Parsed, flag: str, guest: str) -> str:
    """Return what the classes make of a guest's flag (``getVarFlag(…) or default``)."""
    name = flag.removeprefix("XEN_GUEST_")
    default = parsed.value(f"{flag}_DEFAULT") or CLASS_DEFAULTS.get(name, "")
    value = parsed.flag(flag, guest) or (guest if name == "NAME" else default)
    # Between the entries of the list that the text becomes, blanks mean nothing.
    return value.replace("', '", "','") if name == "VIF" else value


def guests(parsed: Parsed, variable: str) -> dict[str, set[str]]:
    entries = [word.split(":") for word in parsed.words(variable)]
    return {key: set(tags) & {"autostart", "external"} for key, *tags in entries}


def without(text: str, imported: Imported, path: Path) -> str:
    """Return a text without the statements that were carried."""
    gone = {place.line for place in imported.carried if place.file == str(path)}
    kept: list[str] = []
    dropping = kept_open = False
    for number, line in enumerate(text.split("\n"), start=1):
        dropping = number in gone or (dropping and kept_open)
        kept_open = line.rstrip().endswith("\\")
        if not dropping:
            kept.append(line)
    return "\n".join(kept)


@pytest.mark.parametrize("path", CONFS, ids=lambda path: path.stem)
def test_a_configuration_means_the_same(path: Path, tmp_path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    imported = importer.read([path])
    project = imported.project
    file = tmp_path / "project.toml"
    file.write_text(new_file.fresh(project), encoding="utf-8")
    for name, place in imported.needed.items():
        source = CORPUS / Path(place).name
        (tmp_path / name).write_bytes(source.read_bytes())
    assert load(file).project == project
    rendered = render(project, assets.gather(project, tmp_path)).conf["conf/xentui.conf"]
    image = project.host.image or "xen-image-minimal"
    before = parse_conf(text).seen_by(image)
    after = parse_conf(without(text, imported, path) + "\n" + rendered).seen_by(image)
    for name in SETTINGS:
        if before.value(name) is not None:
            assert after.value(name) == before.value(name), name
    expected = guests(before, "BUNDLED_XEN_GUESTS")
    assert guests(after, "BUNDLED_XEN_GUESTS") == expected
    left = {one.text.partition(" ")[0] for one in imported.left}
    for guest in expected:
        for flag in FLAGS:
            if f"{flag}[{guest}]" not in left:
                assert effective(after, flag, guest) == effective(before, flag, guest), (
                    flag,
                    guest,
                )
    for name in ("DISTRO_FEATURES", "IMAGE_INSTALL", "BBMULTICONFIG"):
        assert set(after.words(name)) >= set(before.words(name)), name


def _recipes() -> list[Path]:
    folder = "meta-virtualization/recipes-extended/xen-guest-bundles"
    return [*RECIPES, *(sorted((OE_TREE / folder).glob("*.bb")) if OE_TREE else [])]


@pytest.mark.parametrize("path", _recipes(), ids=lambda path: path.stem)
@pytest.mark.parametrize("arch", ["x86-64", "aarch64"])
def test_a_bundle_recipe_means_the_same(path: Path, arch: str, tmp_path: Path) -> None:
    machine = {"x86-64": "qemux86-64", "aarch64": "qemuarm64"}[arch]
    conf = tmp_path / "local.conf"
    conf.write_text(f'MACHINE = "{machine}"\n')
    imported = importer.read([conf, path])
    project = imported.project
    for name in imported.needed:
        target = tmp_path / name
        target.write_text("type = 'pv'\n" if name.endswith(".cfg") else "content")
    rendered = render(project, assets.gather(project, tmp_path))
    (made,) = [text for name, text in rendered.layer.items() if name.endswith(".bb")]
    assert isinstance(made, str)
    settings = {"MACHINE": machine, "TRANSLATED_TARGET_ARCH": arch}
    before = parse_recipe(path.read_text(), path.name, settings=settings)
    after = parse_recipe(made, path.name, settings=settings)
    expected = guests(before, "XEN_GUEST_BUNDLES")
    assert guests(after, "XEN_GUEST_BUNDLES") == expected
    left = {one.text.partition(" ")[0] for one in imported.left}
    for guest in expected:
        for flag in (*FLAGS, "XEN_GUEST_SOURCE_TYPE", "XEN_GUEST_IMAGE_SIZE"):
            if f"{flag}[{guest}]" not in left:
                assert effective(after, flag, guest) == effective(before, flag, guest), flag
    assert fetched(after) == fetched(before)
    assert before.value("LICENSE") == after.value("LICENSE")
    assert before.value("SUMMARY") in (after.value("SUMMARY"), None)


def fetched(parsed: Parsed) -> set[tuple[str, str | None]]:
    """Return addresses and checksums; where each is unpacked is the recipe's own business."""
    entries = set()
    for word in parsed.words("SRC_URI"):
        uri, *parameters = word.split(";")
        name = dict(p.partition("=")[::2] for p in parameters).get("name")
        flag = f"{name}.sha256sum" if name else "sha256sum"
        if not uri.endswith(".cfg"):
            entries.add((uri, parsed.flag("SRC_URI", flag)))
    return entries


def _import(tmp_path: Path, text: str) -> Imported:
    path = tmp_path / "local.conf"
    path.write_text(text)
    return importer.read([path])


def test_what_cannot_be_carried_is_listed_by_line(tmp_path: Path) -> None:
    made = _import(
        tmp_path,
        'MACHINE = "qemux86-64"\n'
        'BUNDLED_XEN_GUESTS = "a b c:external"\n'
        'XEN_GUEST_MEMORY[a] = "0512"\n'
        "XEN_GUEST_EXTRA[a] = \"${@open('x')}\"\n"
        'XEN_GUEST_EXTRA[b] = "root=$(id)"\n'
        'XEN_GUEST_MEMORY[nosuch] = "256"\n'
        'QB_MEM_VALUE = "2048"\n'
        'DL_DIR = "/downloads"\n'
        'IMAGE_INSTALL:append:pn-xen-image-minimal = " vim"\n'
        "require conf/distro/include/meta-virt-host.conf\n"
        'XEN_GUEST_CONFIG_FILE[c] = "${UNPACKDIR}/c.cfg"\n'
        'XEN_GUEST_MEMORY[c] = "16"\n'
        'MACHINE:forcevariable = "x"\n',
    )
    lines = {left.place.line: left for left in made.left}
    assert set(lines) == {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
    assert [line for line, left in lines.items() if not left.about_xen] == [8]
    assert "octal" in lines[3].reason or "decimal" in lines[3].reason
    assert "not known" in lines[4].reason
    assert [guest.key for guest in made.project.guests] == ["a", "b", "c"]
    assert {place.line for place in made.carried} == {1, 2, 13}


def test_without_a_machine_one_is_taken_and_told(tmp_path: Path) -> None:
    made = _import(tmp_path, 'BUNDLED_XEN_GUESTS = "xen-guest-image-minimal"\n')
    assert made.project.host.machine == "qemux86-64"
    assert any("machine" in note for note in made.notes)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither"):
        importer.read([tmp_path / "x.txt"])
    with pytest.raises(InputError):
        importer.read([tmp_path / "nosuch.conf"])
    (tmp_path / "x.bb").write_text('SUMMARY = "x"\n')
    with pytest.raises(InputError, match="no bundle recipe"):
        importer.read([tmp_path / "x.bb"])


def test_includes_beside_the_configuration_are_read(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/more.conf").write_text('BUNDLED_XEN_GUESTS += "b"\n')
    path = tmp_path / "conf/local.conf"
    path.write_text('MACHINE = "qemuarm64"\nBUNDLED_XEN_GUESTS = "a"\nrequire conf/more.conf\n')
    made = importer.read([path])
    assert [guest.key for guest in made.project.guests] == ["a", "b"]
    assert not made.left
    assert len(made.carried) == 4


def test_the_command_writes_a_project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "local.conf"
    path.write_text(
        'MACHINE = "qemux86-64"\nBUNDLED_XEN_GUESTS = "a"\nDL_DIR = "\x1b]0;x\x07"\n'
        'XEN_GUEST_EXTRA[a] = "\x1b[31m"\n'
    )
    target = tmp_path / "project.toml"
    assert main(["import", str(path), "-o", str(target)]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert f"{path}:4: left" in err
    assert "\x1b" not in err
    assert load(target).problems == ()
    assert main(["import", str(path), "-o", str(target)]) == 3
    assert main(["import", str(path)]) == 0
    assert "[guests.a]" in capsys.readouterr().out


ROOT = Path(__file__).parents[2]
PROJECTS = [
    *sorted(ROOT.glob("tests/vectors/*/project.toml")),
    *sorted(ROOT.glob("presets/*.toml")),
]
# A config of a guest's own stands in the image's append or under another name beside the recipe.
PROJECTS = [path for path in PROJECTS if "config_file" not in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_what_xentui_writes_can_be_read_back(path: Path, tmp_path: Path) -> None:
    loaded = load(path)
    assert loaded.project is not None
    beside = assets.gather(loaded.project, loaded.directory)
    rendered = render(loaded.project, beside)
    conf = tmp_path / "conf/xentui.conf"
    conf.parent.mkdir()
    conf.write_text(rendered.conf["conf/xentui.conf"])
    files = [conf]
    for name, content in rendered.layer.items():
        if name.endswith(".bb"):
            files.append(tmp_path / Path(name).name)
            files[-1].write_text(str(content))
    imported = importer.read(files)
    assert imported.left == ()
    again = render(imported.project, beside)
    assert again.conf == rendered.conf
    assert {n for n in again.layer if n.endswith(".bb")} == {
        n for n in rendered.layer if n.endswith(".bb")
    }
    for name, content in rendered.layer.items():
        if name.endswith(".bb"):
            assert again.layer[name] == content
