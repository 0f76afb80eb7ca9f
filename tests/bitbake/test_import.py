# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A configuration that is imported and rendered again means the same to BitBake."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import OE_TREE, Parsed, parse_conf, parse_recipe
from tests.rules import goldens
from tests.work import count_calls
from xentui.bitbake import importer
from xentui.bitbake.import_draft import (
    NotImportable,
    mebibytes,
    split_vifs,
    text_or_none,
    whole_number,
)
from xentui.bitbake.importer import Imported
from xentui.cli import main
from xentui.errors import InputError, UsageError
from xentui.output.render import render
from xentui.output.rendered import LAYER, Copy
from xentui.project import assets, new_file, schema
from xentui.project.document import load
from xentui.project.model import Host, Project

CORPUS = Path(__file__).parent / "corpus"
CONFS = sorted(CORPUS.glob("*.conf"))
RECIPES = sorted(CORPUS.glob("*.bb"))

FLAGS = [field.variable for field in schema.varflag_fields() if field.text_kind != "local-file"]
CLASS_DEFAULTS = {
    "MEMORY": "512",
    "VCPUS": "1",
    "VIF": "bridge=xenbr0",
    "EXTRA": "root=/dev/xvda ro ip=dhcp",
    "DISK_DEVICE": "xvda",
    "IMAGE_SIZE": "256",
}
SETTINGS = (
    "MACHINE", "QB_MEM_VALUE", "QB_XEN_CMDLINE_EXTRA", "XEN_DOM0_NETWORK",
    "XEN_GUEST_IMAGE_FSTYPE", "INIT_MANAGER",
)  # fmt: skip


def effective(parsed: Parsed, flag: str, guest: str) -> str:
    """Return a guest's flag as the classes use it (``getVarFlag(…) or default``)."""
    name = flag.removeprefix("XEN_GUEST_")
    default = parsed.value(f"{flag}_DEFAULT") or CLASS_DEFAULTS.get(name, "")
    value = parsed.flag(flag, guest) or (guest if name == "NAME" else default)
    # Between the entries of a list, blanks mean nothing.
    return value.replace("', '", "','") if name == "VIF" else value


def guests(parsed: Parsed, variable: str) -> dict[str, set[str]]:
    entries = [word.split(":") for word in parsed.words(variable)]
    return {key: set(tags) & {"autostart", "external"} for key, *tags in entries}


def without_imported(text: str, imported: Imported, path: Path) -> str:
    """Return a text without the statements that were imported."""
    gone = {place.line for place in imported.imported_lines if place.file == str(path)}
    kept: list[str] = []
    dropping = kept_open = False
    for at, line in enumerate(text.split("\n"), start=1):
        dropping = at in gone or (dropping and kept_open)
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
    file.write_text(new_file.toml_text(project), encoding="utf-8")
    for name, place in imported.needed_files.items():
        source = CORPUS / Path(place).name
        (tmp_path / name).write_bytes(source.read_bytes())
    assert load(file).project == project
    rendered = render(project, assets.gather(project, tmp_path)).conf["conf/xentui.conf"]
    image = project.host.image or "xen-image-minimal"
    before = parse_conf(text).seen_by(image)
    after = parse_conf(without_imported(text, imported, path) + "\n" + rendered).seen_by(image)
    if before.value("XEN_DOM0_NETWORK") is not None:
        # Without a known release of the layers, a package provides the network.
        assert project.host.network == before.value("XEN_DOM0_NETWORK")
    for name in SETTINGS:
        if before.value(name) is not None and name != "XEN_DOM0_NETWORK":
            assert after.value(name) == before.value(name), name
    if before.value("XEN_BOOT_MODE") is not None:
        assert project.host.boot_mode == before.value("XEN_BOOT_MODE")
    if before.value("RPI_DOM0_MEM") is not None:
        # Then it is in the boot script.
        assert f"{project.host.dom0_memory}M" == before.value("RPI_DOM0_MEM")
    expected = guests(before, "BUNDLED_XEN_GUESTS")
    assert guests(after, "BUNDLED_XEN_GUESTS") == expected
    left = {one.text.partition(" ")[0] for one in imported.unimported}
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
    for name in imported.needed_files:
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
    left = {one.text.partition(" ")[0] for one in imported.unimported}
    for guest in expected:
        for flag in (*FLAGS, "XEN_GUEST_SOURCE_TYPE", "XEN_GUEST_IMAGE_SIZE"):
            if f"{flag}[{guest}]" not in left:
                assert effective(after, flag, guest) == effective(before, flag, guest), flag
    assert fetched_sources(after) == fetched_sources(before)
    assert before.value("LICENSE") == after.value("LICENSE")
    assert before.value("SUMMARY") in (after.value("SUMMARY"), None)


def fetched_sources(parsed: Parsed) -> set[tuple[str, str | None]]:
    """Return addresses and checksums. Where each is unpacked does not matter."""
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


def test_what_cannot_be_imported_is_listed_by_line(tmp_path: Path) -> None:
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
    lines = {left.location.line: left for left in made.unimported}
    assert set(lines) == {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
    assert [line for line, left in lines.items() if not left.about_xen] == [8]
    assert "octal" in lines[3].reason or "decimal" in lines[3].reason
    assert "not known" in lines[4].reason
    assert [guest.key for guest in made.project.guests] == ["a", "b", "c"]
    assert {place.line for place in made.imported_lines} == {1, 2, 13}


def test_without_a_machine_one_is_chosen_and_reported(tmp_path: Path) -> None:
    made = _import(tmp_path, 'BUNDLED_XEN_GUESTS = "xen-guest-image-minimal"\n')
    assert made.project.host.machine == "qemux86-64"
    assert any("machine" in note for note in made.notes)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither"):
        importer.read([tmp_path / "x.txt"])
    with pytest.raises(InputError):
        importer.read([tmp_path / "nosuch.conf"])
    (tmp_path / "x.bb").write_text('SUMMARY = "x"\n')
    with pytest.raises(InputError, match="not a bundle recipe"):
        importer.read([tmp_path / "x.bb"])


def test_the_layers_are_read_once_for_all_packages(tmp_path: Path) -> None:
    def work(packages: int) -> int:
        names = " ".join(f"p{number}" for number in range(packages))
        build = trees.small(tmp_path / names, f'{X86}IMAGE_INSTALL:append:{OWN} = " {names}"\n')
        return count_calls(lambda: importer.read([build / "conf/local.conf"]))

    work(1)  # compiles patterns
    assert work(20) < 2 * work(1)


def test_includes_next_to_the_configuration_are_read(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/more.conf").write_text('BUNDLED_XEN_GUESTS += "b"\n')
    path = tmp_path / "conf/local.conf"
    path.write_text('MACHINE = "qemuarm64"\nBUNDLED_XEN_GUESTS = "a"\nrequire conf/more.conf\n')
    made = importer.read([path])
    assert [guest.key for guest in made.project.guests] == ["a", "b"]
    assert not made.unimported
    assert len(made.imported_lines) == 4


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
# A guest's own config is in the image's append, or next to the recipe under another name.
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
        if name.endswith(".bb") and "xen-guest-bundles" in name:
            files.append(tmp_path / Path(name).name)
            files[-1].write_text(str(content))
    for name, content in rendered.layer.items():
        if not isinstance(content, Copy):
            place = tmp_path / LAYER / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content)
    imported = importer.read(files)
    assert imported.unimported == ()
    again = render(imported.project, beside)
    assert again.conf == rendered.conf
    boot_files = {name for name in rendered.layer if "xentui-boot" in name or "wic/" in name}
    assert {n: again.layer[n] for n in boot_files} == {n: rendered.layer[n] for n in boot_files}
    assert {n for n in again.layer if n.endswith(".bb")} == {
        n for n in rendered.layer if n.endswith(".bb")
    }
    for name, content in rendered.layer.items():
        if name.endswith(".bb"):
            assert again.layer[name] == content


@pytest.mark.parametrize(
    ("machine", "mode"),
    [
        ("genericx86-64", None), ("genericx86-64", "bios"), ("genericx86-64", "hyperv-gen1"),
        ("qemux86-64", "efi"), ("qemux86-64", None), ("genericarm64", "uboot-fat"),
        ("raspberrypi4-64", None), ("rock-5b", None), ("my-board", "efi"),
        ("my-board", "uboot-rootfs"), ("my-board", "uboot-rpi"), ("my-board", "uboot-fat"),
    ],
)  # fmt: skip
def test_dom0s_memory_and_the_boot_mode_are_read_from_the_boot_files(
    machine: str, mode: str | None, tmp_path: Path
) -> None:
    project = Project(Host(machine, boot_mode=mode, dom0_memory=768))  # type: ignore[arg-type]
    for name, content in render(project).files.items():
        assert isinstance(content, str)
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    imported = importer.read([tmp_path / "conf/xentui.conf"])
    assert imported.project.host.boot_mode == mode
    assert imported.project.host.dom0_memory == 768


def test_a_pipe_in_place_of_a_boot_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "layer/files/wic").mkdir(parents=True)
    os.mkfifo(tmp_path / "layer/files/wic/xentui-dom0.cfg")
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/local.conf").write_text(f'{X86}WKS_FILE = "xentui-dom0.wks"\n')
    assert importer.read([tmp_path / "conf/local.conf"]).project.host.dom0_memory is None


def test_configs_of_one_name_in_two_folders_are_kept_apart(tmp_path: Path) -> None:
    made = _import(
        tmp_path,
        'BUNDLED_XEN_GUESTS = "a b c"\nXEN_GUEST_CONFIG_FILE[a] = "/a/x.cfg"\n'
        'XEN_GUEST_CONFIG_FILE[b] = "/b/x.cfg"\nXEN_GUEST_CONFIG_FILE[c] = "/a/x.cfg"\n',
    )
    assert [guest.config_file for guest in made.project.guests] == ["x.cfg", "b-x.cfg", "x.cfg"]
    assert made.needed_files == {"x.cfg": "/a/x.cfg", "b-x.cfg": "/b/x.cfg"}


FOLDER = Path(__file__).parent / "golden"
X86 = 'MACHINE = "qemux86-64"\n'
ARM = 'MACHINE = "qemuarm64"\n'
OWN = "pn-xen-image-minimal"

LINES = {
    "nothing": "",
    "no machine": f'X = "1"\nQB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=512M"\n',
    "plain settings of the board": f"{X86}"
    'QB_MEM_VALUE = "2048"\nQB_MEM = "-m 1024"\nQB_XEN_CMDLINE_EXTRA = "x"\n',
    "the board said twice": f"{X86}"
    f'QB_MEM_VALUE = "2048"\nQB_MEM_VALUE:{OWN} = "4G"\nQB_MEM:{OWN} = "-m 512"\n'
    'QB_MEM = "-m 256"\nQB_MEM_VALUE:qemuarm64 = "1"\nQB_XEN_CMDLINE_EXTRA = "x"\n',
    "the board's option": f'{X86}QB_MEM:{OWN} = "-m 123456789"\nQB_MEM = "-m 256"\n',
    "the board's option, in MiB": f'{X86}QB_MEM:{OWN} = " -m 512M "\n',
    "the board's option, in GiB": f'{X86}QB_MEM:{OWN} = "-m 4G"\n',
    "a machine of two words": 'MACHINE = "a b"\n',
    "the board's option, too long": f'{X86}QB_MEM:{OWN} = "-m 1234567890"\n',
    "another board's knobs": f"{X86}"
    f'QB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=512M"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1g"\n'
    'XEN_DOM0_NETWORK = "nat"\nXEN_EFI_BOOT = "1"\n',
    "a boot mode": f'{X86}XEN_BOOT_MODE = "efi"\nXEN_EFI_BOOT = "0"\n',
    "a wrong boot mode": f'{X86}XEN_BOOT_MODE = "wrong"\nXEN_DOM0_NETWORK = ""\n',
    "a wrong boot mode alone": 'XEN_BOOT_MODE = "wrong"\n',
    "a machine that python names": 'MACHINE = "${@f()}"\n',
    "an include that python names": f'{X86}include ${{@f()}}.conf\nXEN_BOOT_MODE = "efi"\n',
    "what bitbake sets": f'{X86}XEN_GUEST_EXTRA_DEFAULT := "${{PN}}"\n'
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "${PN}"\nBUNDLED_XEN_GUESTS = "a"\n'
    'XEN_GUEST_CONFIG_FILE[a] = "${TOPDIR}/a.cfg"\nXEN_GUEST_IMAGE_SIZE_DEFAULT = "300"\n',
    "guests named on two lines": f'{X86}BUNDLED_XEN_GUESTS = "a b"\nBUNDLED_XEN_GUESTS += "b"\n'
    'BUNDLED_XEN_GUESTS += "b"\n',
    "several things wrong": f'{X86}XEN_BOOT_MODE = "wrong"\nXEN_DOM0_NETWORK = "wrong"\n'
    'BUNDLED_XEN_GUESTS = "a b C"\nXEN_GUEST_VCPUS[a] = "0"\nXEN_GUEST_MEMORY[a] = "1"\n'
    'XEN_GUEST_VCPUS[b] = "0"\nXEN_GUEST_NAME[b] = " "\nXEN_GUEST_VCPUS[C] = "0"\n'
    'XEN_GUEST_VIF_DEFAULT = "bridge=$"\n',
    "no efi": f'{X86}XEN_EFI_BOOT = "0"\n',
    "raspberry": 'MACHINE = "raspberrypi4-64"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1g"\n'
    'PREFERRED_PROVIDER_virtual/kernel = "linux-raspberrypi"\n'
    'PREFERRED_VERSION_linux-raspberrypi = "6.12.%"\n',
    "zynq": 'MACHINE = "zynqmp-generic"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1G"\n'
    'ENABLE_XEN_DTSI = "1"\n',
    "arm": f'{ARM}IMAGE_FSTYPES:append:{OWN} = " ext4"\nQB_DEFAULT_FSTYPE:{OWN} = "ext4"\n'
    f'QB_XEN_CMDLINE_EXTRA:{OWN} = " dom0_mem=9G "\n',
    "arm, too much": f'{ARM}QB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=1234567890"\n',
    "overrides of machines": f'{ARM}XEN_GUEST_MEMORY_DEFAULT:qemuall = "256"\n'
    'XEN_GUEST_VCPUS_DEFAULT:aarch64 = "2"\nXEN_GUEST_EXTRA_DEFAULT:qemuarm64 = "ro"\n'
    f'XEN_GUEST_DISK_DEVICE_DEFAULT:linux = "sda"\nXEN_GUEST_IMAGE_FSTYPE:{OWN} = "ext3"\n'
    'XEN_DOM0_NETWORK:forcevariable = "nat"\nXEN_BOOT_MODE:x86-64 = "efi"\n',
    "overrides of another machine": 'MACHINE = "genericx86-64"\n'
    'XEN_GUEST_MEMORY_DEFAULT:qemuall = "256"\nXEN_GUEST_VCPUS_DEFAULT:x86-64 = "2"\n',
    "its own overrides": 'OVERRIDES = "mine"\nMACHINE = "qemuarm64"\n'
    'XEN_GUEST_MEMORY_DEFAULT:mine = "256"\nXEN_GUEST_VCPUS_DEFAULT:aarch64 = "2"\n',
    "defaults": f"{X86}"
    'XEN_GUEST_MEMORY_DEFAULT = "256"\nXEN_GUEST_VCPUS_DEFAULT = " 2 "\n'
    "XEN_GUEST_VIF_DEFAULT = \"bridge=a' , 'bridge=b\"\nXEN_GUEST_EXTRA_DEFAULT = \"ro\"\n"
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "sda"\nXEN_GUEST_IMAGE_FSTYPE = "ext3"\n'
    'XEN_GUEST_IMAGE_SIZE_DEFAULT = ""\n',
    "defaults that cannot be said": f"{X86}"
    'XEN_GUEST_MEMORY_DEFAULT = "0256"\nXEN_GUEST_VCPUS_DEFAULT = "${@f()}"\n'
    'XEN_GUEST_EXTRA_DEFAULT = "${NOT_SET}"\nXEN_GUEST_IMAGE_SIZE_DEFAULT = "1234567890"\n'
    'XEN_GUEST_VIF_DEFAULT = ""\nP = "${@f()}"\nQ = "${@g()}"\n'
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "${P}${Q}"\n',
    "features": f"{X86}"
    'DISTRO_FEATURES:append = " xen systemd virtualization"\nDISTRO_FEATURES += "xen wayland"\n'
    'DISTRO_FEATURES = "xen"\nDISTRO_FEATURES:append = " ${MORE} xen"\n'
    'DISTRO_FEATURES:remove = "xen"\nDISTRO_FEATURES .= " "\nDISTRO_FEATURES:append = " vxn"\n'
    'DISTRO_FEATURES .= " xen"\nDISTRO_FEATURES =+ "systemd"\nDISTRO_FEATURES =. "xen "\n'
    'DISTRO_FEATURES:append = " pam x11"\nDISTRO_FEATURES:append = " pam xen x11"\n'
    'BBMULTICONFIG = "vruntime-aarch64"\nBBFILE_PATTERN_IGNORE_EMPTY_meta-python = "1"\n',
    "vxn": f"{X86}"
    f'IMAGE_INSTALL:append:{OWN} = " vxn vxn-vdkr"\n'
    f'IMAGE_INSTALL:append:{OWN} = " vxn-docker-config vim containerd-opencontainers nano"\n'
    'DISTRO_FEATURES:append = " vcontainer vxn"\nBBMULTICONFIG = "vruntime-aarch64"\n'
    'BBMULTICONFIG ?= "vruntime-x86-64 mine"\nBBMULTICONFIG += "other"\n'
    'BBMULTICONFIG ??= "vruntime-x86-64"\nBBMULTICONFIG := "vruntime-x86-64"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_meta-python = "1"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_webserver = "1"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_filesystems-layer = "1"\n',
    "podman": f'{X86}IMAGE_INSTALL:append:{OWN} = " vxn vxn-vpdmn vxn-podman-config"\n',
    "vxn alone": f'{X86}IMAGE_INSTALL:append:{OWN} = " vxn"\n',
    "removed": f'{X86}IMAGE_INSTALL:remove:{OWN} = "vxn xentui-dom0-network vim"\n'
    'IMAGE_FSTYPES:remove = "wic"\nMACHINE_ESSENTIAL_EXTRA_RDEPENDS:remove = "u-boot-extlinux"\n'
    'MACHINE_ESSENTIAL_EXTRA_RDEPENDS = "u-boot-extlinux"\n',
    "added and removed": f'{X86}IMAGE_INSTALL:append:{OWN} = " vxn vxn-vdkr xentui-dom0-network"\n'
    f'IMAGE_INSTALL:remove:{OWN} = "vxn-vdkr xentui-dom0-network"\n',
    "boot mode beside a kickstart": 'MACHINE = "qemux86-64"\nXEN_BOOT_MODE = "manual"\n'
    'WKS_FILE = "xentui-efi.wks"\n',
    "image types": f'{X86}BUNDLED_XEN_GUESTS = "a b:external"\n'
    'IMAGE_FSTYPES:append:pn-a = " ext4"\nIMAGE_FSTYPES:append:pn-b = " ext4"\n'
    'IMAGE_FSTYPES:append:pn-c = " ext4"\nIMAGE_FSTYPES:append:pn-a = " ext3"\n'
    'IMAGE_FSTYPES:pn-a = "ext4"\nIMAGE_FSTYPES:append:pn-a:pn-b = " ext4"\n',
    "guests": f'{X86}BUNDLED_XEN_GUESTS = "a:autostart:external b:external:autostart:often:x"\n'
    'BUNDLED_XEN_GUESTS += "c a b:external"\nBUNDLED_XEN_GUESTS:append = " :x d d"\n'
    'XEN_GUEST_MEMORY[a] = "256"\nXEN_GUEST_VCPUS[a] = "2"\nXEN_GUEST_VIF[a] = "bridge=b"\n'
    'XEN_GUEST_EXTRA[a] = "ro"\nXEN_GUEST_DISK_DEVICE[a] = "sda"\nXEN_GUEST_NAME[a] = "web"\n'
    'XEN_GUEST_ROOTFS[a] = "a.img"\nXEN_GUEST_KERNEL[a] = "vmlinuz"\n'
    'XEN_GUEST_VCPUS[c] = "0"\nXEN_GUEST_MEMORY[c] = ""\nXEN_GUEST_MEMORY[e] = "64"\n'
    'XEN_GUEST_MEMORY = "1"\n',
    "guests of strange names": f'{X86}BUNDLED_XEN_GUESTS = "A b"\nXEN_GUEST_MEMORY[A] = "64"\n',
    "guests that python names": f'{X86}BUNDLED_XEN_GUESTS = "${{@f()}}"\n',
    "configs": f'{X86}BUNDLED_XEN_GUESTS = "a b c d"\n'
    'XEN_GUEST_CONFIG_FILE[a] = "/srv/../etc/a.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[b] = "/x/${UNPACKDIR}/b.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[c] = "c.cfg"\nXEN_GUEST_CONFIG_FILE[d] = "${UNPACKDIR}/d.cfg"\n',
    "a config in an unset folder": f'{X86}BUNDLED_XEN_GUESTS = "a b"\n'
    'XEN_GUEST_CONFIG_FILE[a] = "/srv/${NOT_SET}/a.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[b] = "${NOT_SET}/b.cfg"\n',
    "packages": f'{X86}IMAGE_INSTALL = "lab"\nIMAGE_INSTALL:append:{OWN} = " vxn-vdkr"\n'
    f'IMAGE_INSTALL:append:{OWN} = " a ${{@f()}}"\nIMAGE_INSTALL:append:pn-other = " lab"\n'
    f'IMAGE_INSTALL:prepend:{OWN} = "vim "\nIMAGE_INSTALL:append:{OWN}:qemuall = " nano"\n'
    f'IMAGE_INSTALL:append:{OWN}:aarch64 = " nano"\n',
    "written by xentui": f'{X86}INIT_MANAGER = "systemd"\nINIT_MANAGER ?= "sysvinit"\n'
    'XENTUI_HASH = "1"\ndo_rootfs[vardeps] += "XENTUI_HASH"\ndo_rootfs[vardeps] += "X"\n'
    'do_rootfs[depends] += "XENTUI_HASH"\n',
    "other files": f"{X86}require conf/distro/include/meta-virt-host.conf\ninclude more.inc\n"
    "include my-xen.conf\ninclude_all conf/none.conf\naddfragments a B C D\n"
    'require conf/beside.conf conf/none.conf\nunset DL_DIR\nA := "1"\nA[f] .= "2 \\\n   3"\n'
    'QB_X = "1"\nXEN_X = "1"\nBUNDLED_XEN_X = "1"\n',
    "stamped": f"# xentui-digest: 1\n{X86}",
    "faults": f'{X86} A = "1"\nB_append = "1"\nrequire nosuch.conf\n',
}  # fmt: skip
LINES |= {
    f"image by {line.partition(':')[0]}": f"{X86}{line}\n"
    for line in (
        'XENTUI_HASH:pn-mine = "x"', 'QB_MEM_VALUE:pn-mine = "512"',
        'QB_XEN_CMDLINE_EXTRA:pn-mine = "x"', 'IMAGE_INSTALL:append:pn-mine:pn-x = " y"',
    )
} | {
    "image by several": f'{X86}IMAGE_INSTALL:append:pn-b = " y"\nQB_MEM_VALUE:pn-a = "512"\n'
    f'IMAGE_INSTALL:append:{OWN} = " z"\nXENTUI_HASH = "1"\n',
    "image by one of two": f'{X86}IMAGE_INSTALL:append:pn-b = " y"\n'
    f'IMAGE_INSTALL:append:{OWN} = " z"\n',
}  # fmt: skip


def import_report(made: Imported, folder: Path) -> str:
    """Return the project, and the result for each line."""
    printed = [f"{location} imported" for location in made.imported_lines]
    printed += [
        f"{one.location} left{'' if one.about_xen else ' (not Xen)'}: {one.text}: {one.reason}"
        for one in made.unimported
    ]
    printed += [f"note: {note}" for note in made.notes]
    printed += [f"needs {name}: {place}" for name, place in made.needed_files.items()]
    printed += [f"{one.file}:{one.line} {one.kind}: {one.message}" for one in made.faults]
    text = "\n".join([new_file.toml_text(made.project, comments=False), *printed, ""])
    return text.replace(f"{folder}/", "")


def report_of_import(folder: Path, files: Mapping[str, str], *names: str) -> str:
    """Import the named files, out of several in one folder."""
    trees.write(folder, files)
    try:
        made = importer.read([folder / name for name in names])
    except InputError as error:
        return f"refused: {error.message} ({error.fix})\n".replace(f"{folder}/", "")
    return import_report(made, folder)


def test_golden_answers_of_imported_configurations(tmp_path: Path) -> None:
    beside = {
        "conf/more.inc": 'XEN_GUEST_MEMORY_DEFAULT = "64"\n',
        "conf/beside.conf": "",
        "conf/distro/include/meta-virt-host.conf": 'DISTRO_FEATURES:append = " xen"\n',
    }
    printed = {
        heading: report_of_import(
            tmp_path / str(number), {"conf/local.conf": text, **beside}, "conf/local.conf"
        )
        for number, (heading, text) in enumerate(LINES.items())
    }
    goldens.compare("import-conf.txt", printed, FOLDER)


@pytest.mark.parametrize(
    ("text", "read"),
    [("0", 0), (" 7\t", 7), ("123456789", 123456789), ("", None), (" ", None), ("10", 10)],
)
def test_numbers_are_whole_and_decimal(text: str, read: int | None) -> None:
    assert whole_number(text) == read


@pytest.mark.parametrize("text", ["00", "08", "1234567890", "-1", "1.0", "²", "1 2", "0x1", "1M"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(NotImportable, match=r"^it is not a whole decimal number$"):
        whole_number(text)


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("512", 512),
        ("512M", 512),
        (" 512m ", 512),
        ("2G", 2048),
        ("2g", 2048),
        ("9" * 9, 10**9 - 1),
    ],
)
def test_sizes_of_memory_are_in_mib(text: str, mib: int) -> None:
    assert mebibytes(text) == mib


@pytest.mark.parametrize(
    "text", ["", "0", "0512", "1234567890", "1k", "1T", "M", "1 M", "1MM", "²"]
)
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(NotImportable, match=r"^it is not a memory size$"):
        mebibytes(text)


def test_words_and_interfaces() -> None:
    assert (text_or_none("a b "), text_or_none("")) == ("a b ", None)
    assert split_vifs("") is None
    assert split_vifs("mac=0,bridge=a") == ["mac=0,bridge=a"]
    assert split_vifs("a','b' ,'c',  'd'  ,  'e") == ["a", "b", "c", "d", "e"]


def test_an_empty_flag_means_the_default_and_is_named(tmp_path: Path) -> None:
    local = tmp_path / "local.conf"
    local.write_text(f'{X86}BUNDLED_XEN_GUESTS = "g"\nXEN_GUEST_VIF[g] = ""\n')
    imported = importer.read([local])
    assert imported.project.guest("g").vif is None
    (note,) = imported.notes
    assert "XEN_GUEST_VIF[g] is empty, so the class uses its default; vif = []" in note
