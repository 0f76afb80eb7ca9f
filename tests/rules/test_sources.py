# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fetched and imported files: what provides which file, clashes, and proposals."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.case import HEAD, findings_of, project_of
from xentui.project.assets import Assets, SourceFile
from xentui.project.model import Fetch
from xentui.rules import fetched
from xentui.rules.fetched import file_name


def fetch(key: str, uri: str, **more: str) -> str:
    lines = "".join(f'{name} = "{value}"\n' for name, value in more.items())
    return f'[[guests.{key}.source.fetch]]\nuri = "{uri}"\n{lines}'


def guest(
    key: str, kind: str, file: str, *entries: str, field: str = "", bundle: str = "lab"
) -> str:
    """Return an imported guest; its bundle is named, not defined."""
    where = f'bundle = "{bundle}"\n' if bundle else ""
    return (
        f'[guests.{key}]\n{where}tags = ["external"]\n{field}[guests.{key}.source]\n'
        f'type = "{kind}"\nfile = "{file}"\n{"".join(entries)}'
    )


def web(kind: str, file: str, *entries: str, field: str = "") -> str:
    return "[bundles.lab]\n" + guest("web", kind, file, *entries, field=field)


FOLDER = SourceFile(Path("/x/tree"), 0, is_dir=True)
PLAIN = SourceFile(Path("/x/tree"), 0, is_dir=False)


@pytest.mark.parametrize(
    ("file", "uri", "more", "local", "brings"),
    [
        ("tree/etc", "file://tree", {}, FOLDER, True),
        ("tree/etc", "file://tree", {}, None, True),
        ("tree/etc", "file://tree", {}, PLAIN, False),
        ("tree", "file://tree", {}, PLAIN, True),
        ("trees", "file://tree", {}, FOLDER, False),
        ("other", "file://tree", {}, None, False),
        ("sub/tree/etc", "file://tree", {"subdir": "sub"}, FOLDER, True),
        ("sub/etc", "file://tree", {"subdir": "sub"}, FOLDER, False),
        ("tree/etc", "https://e.org/tree", {}, None, False),
        ("tree", "https://e.org/tree", {}, None, True),
        ("tree/etc", "https://e.org/a.tar", {"subdir": "tree"}, None, True),
        ("trees", "https://e.org/a.tar", {"subdir": "tree"}, None, False),
        ("tree", "https://e.org/tree.xz", {}, None, True),
    ],
)
def test_what_a_fetched_file_provides(
    file: str, uri: str, more: dict[str, str], local: SourceFile | None, brings: bool
) -> None:
    assets = Assets(sources={"tree": local} if local is not None else {})
    reported = findings_of("XT305", web("rootfs_dir", file, fetch("web", uri, **more)), assets)
    assert [one.path for one in reported] == ([] if brings else ["guests.web.source.file"])


def test_files_that_are_fetched_are_proposed() -> None:
    text = web("raw", "web.img", *(fetch("web", f"file://{name}.raw") for name in "abcd"))
    (made,) = findings_of("XT305", text)
    assert made.fix == 'Use one of the fetched files: "a.raw", "b.raw", "c.raw", "d.raw".'
    assert [quick_fix.label for quick_fix in made.quick_fixes] == [
        f"Import {name}.raw" for name in "abc"
    ]


def test_an_archive_is_unpacked_below_the_first_name() -> None:
    archives = (fetch("web", "file://a.txt"), fetch("web", "file://a.tar"))
    text = web("rootfs_dir", "tree/usr/lib", *archives)
    (made,) = findings_of("XT304", text)
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Unpack below tree"]
    source = made.quick_fixes[0].apply(project_of(text)).guest("web").source
    assert source is not None
    assert [entry.subdir for entry in source.fetch] == [None, "tree"]


@pytest.mark.parametrize(
    ("machine", "arch", "codes"),
    [
        ("qemuarm64", "aarch64", []),
        ("qemuarm64", "qemuarm64", []),
        ("qemuarm64", "qemuall", []),
        ("qemuarm64", "x86-64", ["XT307"]),
        ("qemuarm64", "arm", ["XT307"]),
        ("qemuarm64", "x86", ["XT307"]),
        ("qemuarm64", "i586", ["XT307"]),
        ("qemuarm64", "i686", ["XT307"]),
        ("qemuarm64", "qemux86-64", ["XT307"]),
        ("qemuarm64", "arm64", ["XT319"]),
        ("qemux86-64", "aarch64", ["XT307"]),
        ("raspberrypi4-64", "qemuall", ["XT307"]),
        ("raspberrypi4-64", "raspberrypi4-64", []),
        ("my-board", "my-board", []),
    ],
)
def test_an_entry_for_another_architecture_is_reported(
    machine: str, arch: str, codes: list[str]
) -> None:
    text = HEAD.replace("qemux86-64", machine) + web(
        "raw", "a.raw", fetch("web", "file://a.raw", arch=arch)
    )
    assert [one.code for code in ("XT307", "XT319") for one in findings_of(code, text)] == codes


def test_each_entry_is_checked_whatever_comes_before_it() -> None:
    entries = (
        fetch("web", "file://a.raw"),
        fetch("web", "https://e.org/b.raw"),
        fetch("web", "file://c.raw", subdir="c"),
        fetch("web", "file://d.tar"),
        fetch("web", "file://e.raw", subdir="e"),
    )
    text = web("raw", "a.raw", *entries)
    at = "guests.web.source.fetch[{0}].{1}"
    assert [one.path for one in findings_of("XT301", text)] == [at.format(1, "sha256")]
    assert [one.path for one in findings_of("XT313", text)] == [
        at.format(n, "subdir") for n in (2, 4)
    ]
    missing = findings_of("XT303", text, Assets(directory=Path("/x")))
    assert [one.path for one in missing] == [at.format(n, "uri") for n in (0, 2, 3, 4)]


A = "file://a.img"
IN_A = "file://a/x.img"


@pytest.mark.parametrize(
    ("first", "second", "bundles", "meet"),
    [
        (("https://e.org/a", {"sha256": "0" * 64}), ("https://f.org/a", {}), "lab lab", True),
        (("https://e.org/a", {}), ("https://f.org/a", {}), "lab lab", True),
        (("https://e.org/a", {}), ("https://e.org/a", {}), "lab lab", False),
        (
            ("https://e.org/a", {"sha256": "0" * 64}),
            ("https://f.org/a", {"sha256": "0" * 64}),
            "lab lab",
            False,
        ),
        (("https://e.org/a", {}), ("https://f.org/a", {}), "lab own", True),
        ((IN_A, {}), ("file://x.img", {"subdir": "a"}), "lab lab", True),
        ((IN_A, {}), ("file://x.img", {"subdir": "a"}), "lab own", False),
        ((IN_A, {}), ("file://x.img", {"subdir": "b"}), "lab lab", False),
        ((IN_A, {}), ("file://x.img", {"subdir": "a"}), " ", False),
    ],
)
def test_different_downloads_with_the_same_name_are_reported(
    first: tuple[str, dict[str, str]],
    second: tuple[str, dict[str, str]],
    bundles: str,
    meet: bool,
) -> None:
    one, two = bundles.split(" ")
    text = guest("web", "raw", "a", fetch("web", first[0], **first[1]), bundle=one)
    text += guest("db", "raw", "a", fetch("db", second[0], **second[1]), bundle=two)
    made = findings_of("XT308", text)
    assert [one.path for one in made] == (["guests.db.source.fetch[0].uri"] if meet else [])


def test_additional_files_have_different_names_too() -> None:
    files = (
        f'[guests.{key}]\n[[guests.{key}.fetch]]\nuri = "https://{key}.org/guest.dtb"\n'
        for key in ("web", "db")
    )
    (made,) = findings_of("XT308", "".join(files))
    assert made.path == "guests.db.fetch[0].uri"
    root = guest("web", "rootfs_dir", "x", fetch("web", "file://a/x.tar"))
    extra = '[guests.db]\nbundle = "lab"\n[[guests.db.fetch]]\nuri = "file://x.tar"\n'
    (made,) = findings_of("XT309", f"[bundles.lab]\n{root}{extra}")
    assert made.path == "guests.db.fetch[0].uri"


@pytest.mark.parametrize(
    ("kind", "first", "second", "field", "reported"),
    [
        ("rootfs_dir", "file://a/x.tar", "file://b/x.tar", "", "guests.db.source.fetch[0].uri"),
        ("rootfs_dir", "file://a/x", "file://b/x", "", None),
        ("raw", "file://a/x.tar", "file://b/x.tar", "", None),
        ("raw", "file://a/x.img", "file://a/x.img", "", None),
        ("raw", "file://db.cfg", "file://x.img", 'config_file = "own.cfg"\n',
         "guests.db.config_file"),
        ("raw", "file://web.cfg", "file://x.img", 'config_file = "own.cfg"\n', None),
    ],
)  # fmt: skip
def test_files_next_to_a_recipe_with_the_same_name_are_reported(
    kind: str, first: str, second: str, field: str, reported: str | None
) -> None:
    alone = '[guests.alone]\nrootfs = "a.img"\ntags = ["external"]\n'
    text = f"[bundles.lab]\n{alone}"
    text += guest("web", kind, "x", fetch("web", first))
    text += guest("db", kind, "x", fetch("db", second), field=field)
    made = findings_of("XT309", text)
    assert [one.path for one in made] == ([reported] if reported else [])


@pytest.mark.parametrize(
    ("kind", "file", "more", "bundle", "reported"),
    [
        ("raw", "boot/vmlinuz", {"subdir": "boot"}, "lab", False),
        ("raw", "boot/new/vmlinuz", {"subdir": "boot"}, "lab", False),
        ("raw", "boot/new/vmlinuz", {"subdir": "boot/new"}, "lab", False),
        ("raw", "boots/vmlinuz", {"subdir": "boot"}, "lab", True),
        ("raw", "boot", {"subdir": "boot"}, "lab", True),
        ("raw", "any/vmlinuz", {}, "lab", False),
        ("raw", "vmlinuz", {}, "lab", False),
        ("rootfs_dir", "boot/vmlinuz", {"subdir": "boot"}, "lab", True),
        ("raw", "boot/vmlinuz", {"subdir": "boot"}, "", True),
    ],
)
def test_a_kernel_or_ramdisk_may_come_from_an_unpacked_archive(
    kind: str, file: str, more: dict[str, str], bundle: str, reported: bool
) -> None:
    entry = fetch("web", "file://a.tar", **more)
    fields = f'kernel = "{file}"\nramdisk = "{file}"\n'
    text = "[bundles.lab]\n" + guest("web", kind, "x", entry, field=fields, bundle=bundle)
    assert bool(findings_of("XT314", text)) is reported
    assert bool(findings_of("XT272", text)) is reported


def test_a_ramdisk_may_come_from_an_archive_among_the_additional_files() -> None:
    text = '[bundles.lab]\n[guests.web]\nbundle = "lab"\nramdisk = "boot/new/initrd"\n'
    entry = '[[guests.web.fetch]]\nuri = "file://a.tar"\nsubdir = "{}"\n'
    assert findings_of("XT272", text + entry.format("boot")) == []
    assert len(findings_of("XT272", text + entry.format("other"))) == 1


@pytest.mark.parametrize(
    ("file", "kind", "suits"),
    [
        ("a.qcow2", "raw", "qcow2"),
        ("a.ext4", "qcow2", "ext4"),
        ("a.ext3", "qcow2", "ext4"),
        ("a.ext2", "qcow2", "ext4"),
        ("a.raw", "qcow2", "raw"),
        ("a.wic", "qcow2", "raw"),
        ("a.raw", "ext4", "raw"),
        ("a.WIC", "ext4", "raw"),
        ("a.ext3", "raw", None),
        ("a.ext2", "ext4", None),
        ("a.wic", "raw", None),
        ("a.img", "qcow2", None),
        ("qcow2/a", "raw", None),
    ],
)
def test_a_file_name_that_contradicts_the_type_is_reported(
    file: str, kind: str, suits: str | None
) -> None:
    text = web(kind, file, fetch("web", f"file://{file}"))
    made = findings_of("XT321", text)
    assert [one.fix for one in made] == ([f"Its name suggests {suits}."] if suits else [])
    for one in made:
        (quick_fix,) = one.quick_fixes
        assert quick_fix.label == f"Import it as {suits}"
        source = quick_fix.apply(project_of(text)).guest("web").source
        assert source is not None
        assert source.type == suits


@pytest.mark.parametrize(
    ("kind", "uri"),
    [("odd", "file://a.img"), ("rootfs_dir", "https://e.org/a.img"), ("rootfs_dir", "file://b")],
)
def test_an_unmeasured_image_is_not_too_big(kind: str, uri: str) -> None:
    types = '[import_types.odd]\nscript = "odd.sh"\n[defaults]\nimage_size = 1\n'
    assert findings_of("XT320", types + web(kind, "a.img", fetch("web", uri))) == []


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://e.org/a/b.img", "b.img"),
        ("https://e.org/a/b.img/", "b.img"),
        ("https://e.org/a/LINUX", "LINUX"),
        ("https://e.org/a/LINUX?x=/y", "LINUX"),
        ("file://b.img", "b.img"),
    ],
)
def test_file_name_of_an_address(uri: str, name: str) -> None:
    assert file_name(uri) == name


MIB = 1 << 20


def local_folder(name: str, size: int, folder: Path = Path("/x")) -> Assets:
    return Assets(sources={name: SourceFile(folder / name, size, is_dir=True)})


TREE = """
[bundles.lab]
[guests.web]
bundle = "lab"
tags = ["external"]
extra = "root=/dev/xvda console=hvc0"
[guests.web.source]
type = "rootfs_dir"
file = "tree"
image_size = {0}
[[guests.web.source.fetch]]
uri = "file://tree"
"""


@pytest.mark.parametrize(
    ("size", "files", "larger"),
    [
        (100, 100 * MIB - MIB, None),
        (100, 99 * MIB + 1, 120),
        (100, 100 * MIB, 120),
        (50, 50 * MIB, 66),
        (50, 79 * MIB, 95),
        (50, 80 * MIB, 96),
        (50, 85 * MIB, 102),
        (50, 400 * MIB, 480),
        (50, 0, None),
    ],
)
def test_a_larger_image_has_a_fifth_or_16_mib_more(
    size: int, files: int, larger: int | None
) -> None:
    made = findings_of("XT320", TREE.format(size), local_folder("tree", files))
    assert [one.fix for one in made] == ([f"Set image_size to {larger} or more."] if larger else [])
    for one in made:
        assert one.quick_fix is not None
        fixed = one.quick_fix.apply(project_of(TREE.format(size))).guest("web").source
        assert fixed is not None
        assert fixed.image_size == larger


@pytest.mark.parametrize(
    ("uri", "subdir", "place"),
    [
        ("file://a/b.ext4", None, "a/b.ext4"),
        ("file://a/b.ext4", "sub", "sub/a/b.ext4"),
        ("https://x.org/a/b.ext4?c=d", None, "b.ext4"),
        ("https://x.org/a/b.ext4/", "sub", "sub/b.ext4"),
    ],
)
def test_path_of_an_unpacked_file(uri: str, subdir: str | None, place: str) -> None:
    assert fetched.fetched_path(uri, subdir) == place
    if not uri.endswith(("/", "d")):
        # An archive with a single file is unpacked to the top.
        assert fetched.unpacked_path(Fetch(f"{uri}.gz", subdir=subdir)) == "b.ext4"
