# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Importing bundle recipes, and several files together, with every message.

``XENTUI_GOLDEN=write pytest tests/bitbake/test_import_recipe.py`` updates the golden answers.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake.test_import import ARM, FOLDER, X86, import_report, report_of_import
from tests.rules import goldens
from tests.work import must_end
from xentui.bitbake import importer
from xentui.bitbake.import_conf import dom0_image
from xentui.errors import InputError, UsageError
from xentui.output.render import render
from xentui.project import document
from xentui.project.assets import Assets

HEAD = 'SUMMARY = "Guests of the lab"\nLICENSE = "MIT"\ninherit xen-guest-bundle\n'


def guest(key: str, kind: str, file: str, more: str = "") -> str:
    """Return the lines of an imported guest."""
    return (
        f'XEN_GUEST_BUNDLES += "{key}:external"\nXEN_GUEST_SOURCE_TYPE[{key}] = "{kind}"\n'
        f'XEN_GUEST_SOURCE_FILE[{key}] = "{file}"\n{more}'
    )


RECIPES = {
    "nothing": "inherit xen-guest-bundle\n",
    "what describes": f"{HEAD}inherit features_check\ninherit native xen-guest-bundle cargo\n"
    'DESCRIPTION = "x"\nS = "${UNPACKDIR}"\nLIC_FILES_CHKSUM = "x"\nPACKAGE_ARCH = "x"\n'
    'REQUIRED_DISTRO_FEATURES = "xen"\nINHIBIT_DEFAULT_DEPS = "1"\nHOMEPAGE = "x"\nPV = "3"\n',
    "functions": f"{HEAD}do_compile:append() {{\n  x\n}}\npython () {{\n}}\n"
    "fakeroot prepare_rootfs() {\n  y\n}\naddtask x after y\n"
    "def helper():\n  pass\n"
    'do_compile[prefuncs] += "prepare_rootfs"\ndo_compile[prefuncs] += "other"\n'
    'do_compile[postfuncs] += "prepare_rootfs"\nexport A\nunset B\n',
    "a summary that python makes": 'SUMMARY = "${@f()}"\nLICENSE = ""\n'
    "inherit xen-guest-bundle\n",
    "guests": f'{HEAD}XEN_GUEST_BUNDLES = "a:autostart b:external:autostart:odd c"\n'
    'XEN_GUEST_BUNDLES:append = " a :x"\nXEN_GUEST_MEMORY[a] = "64"\n'
    'XEN_GUEST_VCPUS[c] = "01"\nXEN_GUEST_MEMORY[d] = "64"\n',
    "guests of strange names": f'{HEAD}XEN_GUEST_BUNDLES = "A b"\nXEN_GUEST_MEMORY[A] = "64"\n',
    "a file that cannot be said": HEAD + guest("a", "raw", "/etc/a b.img"),
    "a file that python names": HEAD
    + guest("a", "raw", "${@f()}", 'XEN_GUEST_IMAGE_SIZE[a] = "999999999"\n'),
    "overrides": HEAD
    + guest("a", "raw", "${N}")
    + 'N:x86-64 = "x.img"\nN:aarch64 = "arm.img"\nN:append:class-target = ".z"\n'
    'LICENSE:class-target = "GPL-2.0-only"\nSUMMARY:aarch64 = "for arm"\n'
    'XEN_GUEST_BUNDLES:append:x86-64 = " b"\nXEN_GUEST_BUNDLES:append:aarch64 = " c"\n'
    'SRC_URI = "file://x.img.z file://arm.img.z"\n',
    "overrides beside python": HEAD
    + guest("a", "raw", "${N}")
    + 'N:x86-64 = "x.img"\nN:aarch64 = "arm.img"\nSRC_URI = "https://${@f()}/"\n',
    "required files": f'{HEAD}require sub/a.inc\ninclude nosuch.inc\n',
    "a variable that names guests": f'{HEAD}WEB = "a b"\nXEN_GUEST_BUNDLES = "${{WEB}} c"\n',
    "guests that python names": f'{HEAD}XEN_GUEST_BUNDLES = "${{@f()}}"\n'
    'XEN_GUEST_MEMORY[a] = "64"\n',
    "imports": HEAD
    + guest("a", "qcow2", "a.qcow2", 'XEN_GUEST_IMAGE_SIZE[a] = "64"\n')
    + guest("b", "raw", "sub/b.img", 'XEN_GUEST_KERNEL[b] = "vmlinuz"\n')
    + guest("c", "rootfs_dir", "${WORKDIR}/rootfs/c/tree")
    + guest("d", "rootfs_dir", "${WORKDIR}/guest-rootfs/d/deep/tree")
    + guest("e", "rootfs_dir", "${WORKDIR}/rootfs/other/tree")
    + guest("f", "ext4", "f.ext4", 'XEN_GUEST_IMAGE_SIZE[f] = "064"\n')
    + guest("g", "squashfs", "g.squashfs")
    + 'SRC_URI = "https://x.org/a.qcow2;name=a https://x.org/b.tar;subdir=sub file://vmlinuz \\\n'
    "    https://x.org/c.tar;subdir=archives/c/tree;unpack=0 file://f.ext4 \\\n"
    '    https://x.org/d.tar;subdir=archives/d;unpack=0;name=d file://g.squashfs"\n'
    'SRC_URI[a.sha256sum] = "' + "1" * 64 + '"\nSRC_URI[sha256sum] = "' + "2" * 64 + '"\n'
    'SRC_URI[d.md5sum] = "3"\n',
    "one disk for two": HEAD
    + guest("a", "raw", "disk.img")
    + guest("b", "raw", "disk.img")
    + 'SRC_URI = "https://x.org/disk.img https://x.org/more.txt"\n',
    "nobody imports": f'{HEAD}XEN_GUEST_BUNDLES = "a"\nSRC_URI = "file://x.img"\n',
    "parameters": HEAD
    + guest("a", "raw", "a.img")
    + 'SRC_URI = "https://x.org/a.img;downloadfilename=a.img;unpack=0 \\\n'
    '    https://x.org/b;subdir=x;striplevel=1 https://x.org/c;unpack=1;subdir=archives/c \\\n'
    '    https://x.org/d;unpack=0;subdir=elsewhere/c"\n',
    "for each architecture": HEAD
    + guest("a", "raw", "a.img")
    + 'SRC_URI = "https://x.org/both.txt"\nSRC_URI:append:x86-64 = " https://x.org/x/a.img"\n'
    'SRC_URI:append:aarch64 = " https://y.org/a.img https://y.org/only.txt"\n',
    "an address that python makes": HEAD
    + guest("a", "raw", "a.img")
    + 'SRC_URI = "https://x.org/${@f()}.img"\n',
    "variables in addresses": HEAD
    + guest("a", "raw", "a-${V}.img")
    + 'V = "1"\nW = "2"\nU = "3"\nSRC_URI = "https://x.org/a-${V}.img https://${PN}-${PV}.org/x"\n'
    'SUMMARY:append = " ${U}"\n',
    "own configs": HEAD
    + guest("a", "raw", "a.img", 'XEN_GUEST_CONFIG_FILE[a] = "${UNPACKDIR}/a.cfg"\n')
    + 'XEN_GUEST_BUNDLES += "b c d"\nXEN_GUEST_CONFIG_FILE[b] = "${UNPACKDIR}/sub/b.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[c] = "/etc/c.cfg"\nXEN_GUEST_CONFIG_FILE[d] = "d.cfg"\n'
    'SRC_URI = "file://a.img file://a.cfg file://sub/b.cfg"\n',
}  # fmt: skip


def test_golden_answers_of_imported_recipes(tmp_path: Path) -> None:
    beside = {"conf/local.conf": X86, "conf/arm.conf": ARM, "files/f.ext4": "",
              "lab-2.0/vmlinuz": "", "lab/vmlinuz": "", "lab/a.cfg": "", "files/a.cfg": "",
              "sub/a.inc": "require b.inc\ninherit cargo\n",
              "b.inc": 'DESCRIPTION = "x"\n'}  # fmt: skip
    output = {
        heading: report_of_import(
            tmp_path / str(number), {"lab_2.0_r1.bb": text, **beside}, "conf/local.conf",
            "lab_2.0_r1.bb",
        )
        for number, (heading, text) in enumerate(RECIPES.items())
    }  # fmt: skip
    for number, heading in enumerate(("overrides", "overrides beside python")):
        output[f"{heading}, arm"] = report_of_import(
            tmp_path / f"arm{number}", {"lab.bb": RECIPES[heading], **beside}, "conf/arm.conf",
            "lab.bb",
        )  # fmt: skip
    goldens.compare("import-recipe.txt", output, FOLDER)


def test_files_are_imported_together(tmp_path: Path) -> None:
    one = guest("a", "raw", "a.img", 'XEN_GUEST_MEMORY[a] = "64"\nSRC_URI = "file://a.img"\n')
    files = {
        "build/conf/local.conf": f'{X86}XEN_GUEST_MEMORY[a] = "128"\nXEN_GUEST_VCPUS[a] = "2"\n'
        'IMAGE_INSTALL:append:pn-xen-image-minimal = " one two"\n'
        'BUNDLED_XEN_GUESTS = "c"\nXEN_GUEST_MEMORY[c] = "${SHARED}"\n',
        "build/conf/auto.conf": 'SHARED = "96"\nBUNDLED_XEN_GUESTS += "d"\n',
        "one_1.0.bb": HEAD + one,
        "two.bb": HEAD + 'XEN_GUEST_BUNDLES = "a b"\nXEN_GUEST_CONFIG_FILE[b] = "/etc/b.cfg"\n',
    }
    names = ("build/conf/local.conf", "build/conf/auto.conf", "one_1.0.bb", "two.bb")
    output = {
        "all": report_of_import(tmp_path / "all", files, *names),
        "in another order": report_of_import(tmp_path / "other", files, *reversed(names)),
        "one file twice": report_of_import(tmp_path / "twice", files, names[0], *names[:2]),
        "a strange name": report_of_import(
            tmp_path / "strange", {"Lab_1.0.bb": HEAD + one}, "Lab_1.0.bb"
        ),
        "recipes alone": report_of_import(tmp_path / "recipes", files, *names[2:]),
    }
    goldens.compare("import-together.txt", output, FOLDER)


def test_files_that_cannot_be_imported_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.conf").write_bytes(b"\xff")
    (tmp_path / "x.bb").write_text('SUMMARY = "x"\n')
    (tmp_path / "bad.bb").write_bytes(b"\xff")
    for name, message, fix in (
        ("x.txt", "is neither a .conf nor a .bb file",
         "Give a local.conf, and recipes that inherit xen-guest-bundle."),
        ("nosuch.conf", "cannot be read", "Check the name and your permissions."),
        ("nosuch.bb", "cannot be read", "Check the name and your permissions."),
        ("bad.conf", "line 1: byte 0xff is not UTF-8", "Check the name and your permissions."),
        ("bad.bb", "line 1: byte 0xff is not UTF-8", "Check the name and your permissions."),
        ("x.bb", "is not a bundle recipe: it does not inherit xen-guest-bundle",
         "Give recipes of Xen guests, and .conf files."),
    ):  # fmt: skip
        with pytest.raises((InputError, UsageError)) as caught:
            importer.read([tmp_path / name])
        assert caught.value.message.replace(",", "") == f"{tmp_path / name} {message}", name
        assert caught.value.fix == fix


def test_only_files_that_the_project_names_are_needed(tmp_path: Path) -> None:
    refused = guest("c", "raw", "c.img", 'SRC_URI = "file://c.img file://../../up.bin"\n')
    config = 'XEN_GUEST_CONFIG_FILE[c] = "${UNPACKDIR}/../../up.cfg"\n'
    (tmp_path / "refused.bb").write_text(HEAD + refused + config)
    made = importer.read([tmp_path / "refused.bb"])
    assert made.needed_files == {}
    assert [line.text.partition(" ")[0] for line in made.unimported] == [
        "SRC_URI", "XEN_GUEST_CONFIG_FILE[c]",
    ]  # fmt: skip
    assert made.unimported[0].location not in made.imported_lines


def test_what_no_value_fixes_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "local.conf"
    path.write_text('MACHINE = "A B"\n')
    with pytest.raises(InputError) as caught:
        importer.read([path])
    assert caught.value.message.startswith(f"{path}:1: the board is unknown: ")
    assert caught.value.fix == "Give it with --machine NAME."


def test_files_are_found_by_relative_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("local.conf").write_text(f"{X86}require more.inc\n")
    Path("more.inc").write_text('BUNDLED_XEN_GUESTS = "a"\n')
    made = importer.read([Path("local.conf")])
    assert import_report(made, tmp_path).endswith("\nlocal.conf:1 imported\nlocal.conf:2 imported\n"
                                            "more.inc:1 imported\n")  # fmt: skip
    assert dom0_image({}) == "xen-image-minimal"


def test_files_are_found_as_bitbake_finds_them(tmp_path: Path) -> None:
    """A conf of a build directory, and a file on its own, which may be an .inc."""
    build = trees.small(tmp_path, f"{X86}require conf/machine/qemuarm64.conf\n")
    made = importer.read([build / "conf/local.conf"])
    assert [(one.text, one.reason) for one in made.unimported] == [
        ("require conf/machine/qemuarm64.conf", "its settings stay where they are")
    ]
    texts = {"x/one.inc": f"{X86}require sub/two.inc\n", "x/sub/two.inc": "require three.inc\n",
             "x/three.inc": 'BUNDLED_XEN_GUESTS = "a"\n'}  # fmt: skip
    trees.write(tmp_path, texts)
    alone = importer.read([tmp_path / "x/one.inc"])
    assert (alone.faults, alone.needed_files) == ((), {})
    assert [guest.key for guest in alone.project.guests] == ["a"]
    assert [one.text for one in alone.unimported] == ["require sub/two.inc"]


def test_as_many_guests_as_a_project_can_have_are_imported(tmp_path: Path) -> None:
    names = " ".join(f"g{number}" for number in range(document.MAX_ENTRIES))
    (tmp_path / "local.conf").write_text(f'BUNDLED_XEN_GUESTS = "{names}"\n')
    made = importer.read([tmp_path / "local.conf"])
    assert (len(made.project.guests), made.unimported) == (document.MAX_ENTRIES, ())
    (tmp_path / "local.conf").write_text(f'BUNDLED_XEN_GUESTS = "{names} more"\n')
    made = importer.read([tmp_path / "local.conf"])
    (left,) = made.unimported
    assert made.project.guests == ()
    assert left.reason == f"a project has at most {document.MAX_ENTRIES} guests"


def test_many_wrong_values_are_all_left(tmp_path: Path) -> None:
    names = [f"g{number}" for number in range(1000)]
    wrong = "".join(f'XEN_GUEST_VCPUS[{name}] = "0"\n' for name in names)
    (tmp_path / "local.conf").write_text(f'{X86}BUNDLED_XEN_GUESTS = "{" ".join(names)}"\n{wrong}')
    with must_end():
        made = importer.read([tmp_path / "local.conf"])
    assert (len(made.project.guests), len(made.unimported)) == (1000, 1000)


OWN = """
version = 1
[host]
machine = "qemux86-64"
[bundles.lab]
[guests.app]
bundle = "lab"
tags = ["external"]
source = { type = "rootfs_dir", file = "root", image_size = 8, fetch = [
    { uri = "file://root.tar.gz", subdir = "root" },
] }
ramdisk = "boot.cpio.gz"
disks = [
    { device = "xvdb", file = "data.qcow2", type = "qcow2" }, { device = "xvdc", size = 4 },
    { device = "xvdd", file = "plain.img" }, { device = "xvde", file = "old.vmdk", type = "vmdk" },
]
fetch = [
    { uri = "file://data.qcow2" }, { uri = "file://plain.img" }, { uri = "file://old.vmdk" },
    { uri = "file://boot.cpio.gz" },
]
[guests.app-2]
bundle = "lab"
tags = ["external"]
ramdisk = "boot.cpio.gz"
source = { type = "vmdk", file = "disk.vmdk", fetch = [{ uri = "file://disk.vmdk" }] }
[guests.web]
bundle = "lab"
tags = ["external"]
source = { type = "container", file = "web.tar", image_size = 16, fetch = [
    { uri = "file://web.tar" },
] }
[guests.tiny]
bundle = "lab"
tags = ["external"]
kernel = "tiny"
source = { type = "kernel", file = "tiny", fetch = [{ uri = "file://tiny" }] }
[guests.volume]
bundle = "lab"
tags = ["external"]
rootfs = "none"
disks = [{ device = "xvda", block = "/dev/vg/v" }]
"""


def test_what_xentui_prepares_is_read_back(tmp_path: Path) -> None:
    project = document.load_text(OWN, tmp_path).project
    assert project is not None
    files = render(project).files
    (name,) = [path for path in files if path.endswith("lab_1.0.bb")]
    recipe = tmp_path / "lab_1.0.bb"
    recipe.write_text(str(files[name]))
    folder = name.removesuffix("_1.0.bb")
    texts = {
        f"{guest.key}.cfg": str(files[f"{folder}/{guest.key}.cfg"])
        for guest in project.guests
        if f"{folder}/{guest.key}.cfg" in files
    }
    imported = importer.read([recipe])
    assert imported.unimported == ()
    names = {"data.qcow2", "plain.img", "old.vmdk", "boot.cpio.gz"}
    assert names | {"root.tar.gz", "disk.vmdk", "web.tar", "tiny"} <= imported.needed_files.keys()
    assert not [note for note in imported.notes if "not imported" in note]
    again = render(imported.project, Assets(texts=texts)).files
    assert str(again[name]) == str(files[name])
    for guest in project.guests:
        same = imported.project.guest(guest.key)
        assert (same.source, same.rootfs) == (guest.source, guest.rootfs)
        assert same.ramdisk == guest.ramdisk
