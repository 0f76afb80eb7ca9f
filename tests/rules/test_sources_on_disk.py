# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings about local files of every kind, depending on how they are imported."""

from __future__ import annotations

import io
import struct
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.images import make
from tests.rules.case import HEAD, ext2, findings_of, project_of
from tests.rules.disk_cases import mbr, qcow2, tree
from tests.rules.guest_cases import IMPORTED
from tests.rules.source_cases import guest
from xentui.project import document
from xentui.project.assets import Assets, SourceFile, gather
from xentui.rules.check import check
from xentui.rules.finding import Finding


def archive(*names: str) -> bytes:
    """Return a tar archive of empty files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name in names:
            made.addfile(tarfile.TarInfo(name))
    return out.getvalue()


def magic_at(place: int, magic: bytes) -> bytes:
    return bytes(place) + magic + bytes(70_000)


FILES: Mapping[str, bytes | None] = {
    "qcow2": qcow2(),
    "ext": ext2(),
    "disk": mbr(),
    "filesystem": magic_at(0, b"hsqs"),
    "tar": archive("sbin/init"),
    "directory": None,
    "iso": magic_at(32769, b"CD001"),
    "kernel": magic_at(0x38, b"ARM\x64"),
    "vm_disk": magic_at(0, b"KDMV"),
    "swap": magic_at(4086, b"SWAPSPACE2"),
    "encrypted": magic_at(0, b"LUKS\xba\xbe"),
    "cpio": magic_at(0, b"070701"),
    "container": archive("oci-layout", "index.json", "blobs/sha256/" + "0" * 64),
    "lfs_pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "empty": b"",
    "other": b"#!/bin/sh\n",
}
"""A small file of each kind; a directory has none."""


def source_findings(folder: Path, text: str) -> list[Finding]:
    """Return the findings about local sources in a folder."""
    loaded = document.load_text(HEAD + text, folder)
    assert loaded.project is not None, loaded.problems
    made = check(loaded.project, gather(loaded.project, folder))
    return [one for one in made if one.code.startswith("XT35") and one.code < "XT358"]


def imported_guest(kind: str, file: str = "web.dat", more: str = "") -> str:
    """Return a guest imported from a file, with a root that suits any kind."""
    text = guest(f'type = "{kind}"\nfile = "{file}"', f'uri = "file://{file}"', more)
    return text.replace("root=/dev/xvda1 ", "root=LABEL=root init=/bin/sh ")


@pytest.mark.parametrize(
    ("kind", "types", "quick_fix"),
    [
        ("qcow2", {"qcow2"}, "Import it as qcow2"),
        ("ext", {"ext4", "raw"}, "Import it as ext4"),
        ("disk", {"ext4", "raw"}, "Import it as raw"),
        ("filesystem", {"ext4", "raw"}, "Import it as raw"),
        # BitBake decides by the name whether to unpack, and this is not an archive's name.
        ("tar", {"rootfs_dir"}, None),
        ("directory", {"rootfs_dir"}, None),
        ("iso", {"raw"}, None),
        ("kernel", set(), None),
        ("vm_disk", set(), "Import it as vmdk"),
        ("swap", set(), None),
        ("encrypted", set(), None),
        ("cpio", set(), None),
        ("container", set(), None),
        ("lfs_pointer", set(), None),
        ("empty", set(), None),
        ("other", set(), None),
    ],
)
@pytest.mark.parametrize("type_", ["rootfs_dir", "qcow2", "ext4", "raw"])
def test_a_file_of_the_wrong_kind_is_reported_for_each_import_type(
    kind: str, types: set[str], quick_fix: str | None, type_: str, tmp_path: Path
) -> None:
    content = FILES[kind]
    if content is None:
        (tmp_path / "web.dat/sbin").mkdir(parents=True)
    else:
        (tmp_path / "web.dat").write_bytes(content)
    made = source_findings(tmp_path, imported_guest(type_))
    if type_ in types:
        assert made == []
        return
    assert [(one.code, one.path) for one in made] == [("XT350", "guests.web.source.type")]
    assert [one.label for one in made[0].quick_fixes] == ([quick_fix] if quick_fix else [])
    assert made[0].fix


BROKEN_GPT = bytes(450) + b"\xee" + bytes(3) + struct.pack("<II", 1, 9) + bytes(48) + b"\x55\xaa"


@pytest.mark.parametrize(
    ("type_", "content", "code", "message"),
    [
        (
            "qcow2",
            b"QFI\xfb" + bytes(100),
            "XT357",
            "seems damaged: it cannot be used: ",
        ),
        ("raw", mbr()[:40_000], "XT357", "seems damaged: it is cut short: partition 1 ends beyond"),
        ("raw", ext2(blocks=10_000), "XT357", "seems damaged: it is cut short: its file system"),
        (
            "raw",
            BROKEN_GPT + bytes(70_000),
            "XT357",
            "seems damaged: it looks like a disk, but its GPT partition table is missing",
        ),
        (
            "qcow2",
            qcow2(backing=b"base.qcow2"),
            "XT353",
            'is not a whole disk: it needs another image, "base.qcow2", which it builds on',
        ),
    ],
    ids=["damaged qcow2", "short disk", "short ext2", "damaged GPT", "backing file"],
)
def test_a_damaged_file_is_reported(
    type_: str, content: bytes, code: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "web.dat").write_bytes(content)
    (made,) = source_findings(tmp_path, imported_guest(type_))
    assert (made.code, made.path) == (code, "guests.web.source.file")
    assert made.message.startswith(f'"web.dat" {message}')
    assert not made.message.endswith(".")


ANOTHER = '[[guests.web.source.fetch]]\nuri = "{0}"\nsha256 = "' + "0" * 64 + '"\n{1}'


@pytest.mark.parametrize(
    ("before", "last", "told_of"),
    [
        ("https://e.org/a.dat", "", [2]),
        ("file://gone.dat", "", [2]),
        ("file://odd.dat", "", [1, 2]),
        ("https://e.org/a.dat", 'arch = "x86-64"\n', [2]),
        ("https://e.org/a.dat", 'arch = "aarch64"\n', []),
    ],
)
def test_checksums_of_what_is_fetched_for_the_board(
    before: str, last: str, told_of: list[int], tmp_path: Path
) -> None:
    (tmp_path / "web.dat").write_bytes(ext2())
    (tmp_path / "odd.dat").write_bytes(b"odd")
    (tmp_path / "last.dat").write_bytes(b"last")
    more = ANOTHER.format(before, "") + ANOTHER.format("file://last.dat", last)
    text = imported_guest("ext4", more=more)
    assert [(one.code, one.path) for one in source_findings(tmp_path, text)] == [
        ("XT356", f"guests.web.source.fetch[{number}].sha256") for number in told_of
    ]


def test_checksums_after_a_directory_vanished(tmp_path: Path) -> None:
    (tmp_path / "web.dat").write_bytes(ext2())
    (tmp_path / "last.dat").write_bytes(b"last")
    (tmp_path / "gone").mkdir()
    more = ANOTHER.format("file://gone", "") + ANOTHER.format("file://last.dat", "")
    loaded = document.load_text(HEAD + imported_guest("ext4", more=more), tmp_path)
    assert loaded.project is not None
    assets = gather(loaded.project, tmp_path)
    (tmp_path / "gone").rmdir()
    made = [one.path for one in check(loaded.project, assets) if one.code == "XT356"]
    assert made == ["guests.web.source.fetch[2].sha256"]


MIB = 1 << 20


@pytest.mark.parametrize(
    ("size", "codes"),
    [
        (4 * MIB, ["XT354"]),
        (4 * MIB + 1, ["XT320"]),
        (5 * MIB, ["XT320"]),
        (5 * MIB + 1, ["XT320"]),
        (2 * MIB, []),
    ],
)
def test_files_that_are_too_big_are_reported_once(
    size: int, codes: list[str], tmp_path: Path
) -> None:
    (tmp_path / "tree/sbin").mkdir(parents=True)
    (tmp_path / "tree/sbin/init").write_bytes(bytes(size))
    loaded = document.load_text(HEAD + tree("root=/dev/xvda console=hvc0", 5), tmp_path)
    assert loaded.project is not None
    made = check(loaded.project, gather(loaded.project, tmp_path))
    assert [one.code for one in made if one.code in ("XT320", "XT354")] == codes


@pytest.mark.parametrize(
    ("file", "subdirs", "codes"),
    [
        ("tree", ("boot", "tree"), ["XT355"]),
        ("boot", ("boot", "tree"), []),
        ("tree/usr", ("tree/usr", "tree"), ["XT355"]),
        ("any", ("boot", ""), ["XT355"]),
        ("trees", ("boot", "tree"), []),
    ],
)
def test_which_archive_the_root_comes_from(
    file: str, subdirs: tuple[str, str], codes: list[str], tmp_path: Path
) -> None:
    (tmp_path / "first.tar").write_bytes(archive("sbin/init"))
    (tmp_path / "second.tar").write_bytes(archive("etc/hostname"))
    lines = [f'subdir = "{subdir}"\n' if subdir else "" for subdir in subdirs]
    text = guest(
        f'type = "rootfs_dir"\nfile = "{file}"',
        f'uri = "file://first.tar"\n{lines[0]}',
        f'[[guests.web.source.fetch]]\nuri = "file://second.tar"\n{lines[1]}',
    ).replace("xvda1", "xvda")
    assert [one.code for one in source_findings(tmp_path, text)] == codes


@pytest.mark.parametrize(("extra", "told_of"), [("xvda1", True), ("xvda", False), ("sda1", False)])
def test_a_root_directory_becomes_a_disk_without_partitions(
    extra: str, told_of: bool, tmp_path: Path
) -> None:
    (tmp_path / "web.tar").write_bytes(archive("sbin/init"))
    text = guest(
        'type = "rootfs_dir"\nfile = "web"', 'uri = "file://web.tar"\nsubdir = "web"'
    ).replace("xvda1", extra)
    made = source_findings(tmp_path, text)
    assert [(one.code, one.path) for one in made] == [("XT352", "guests.web.extra")] * told_of
    assert [one.fix for one in made] == ["Write root=/dev/xvda."] * told_of


DOS = "label: dos\nstart=2048, size=2048, type=82\nstart=4096, size=60000, type=5\n"
LOGICAL = DOS + "".join(f"web.dat{number} : size=2048, type=82\n" for number in range(5, 13))


@pytest.mark.parametrize(
    ("table", "root", "message", "fix"),
    [
        ("label: gpt\n", "xvda1", None, None),
        ("label: gpt\n", "xvda", None, None),
        (
            LOGICAL,
            "xvda2",
            "has no partition 2, and the root of web is /dev/xvda2",
            (
                "Write one of /dev/xvda1, /dev/xvda5, /dev/xvda6, /dev/xvda7, /dev/xvda8, "
                "/dev/xvda9, /dev/xvda10, /dev/xvda11."
            ),
        ),
        (LOGICAL, "xvda12", None, None),
        (
            DOS,
            "xvda",
            "is a disk with partitions, and the root of web is /dev/xvda",
            "Write one of /dev/xvda1.",
        ),
    ],
)
def test_a_root_that_is_not_a_partition_of_the_disk(
    table: str, root: str, message: str | None, fix: str | None, tmp_path: Path
) -> None:
    make.disk(tmp_path / "web.dat", table, {})
    text = imported_guest("raw").replace("root=LABEL=root", f"root=/dev/{root}")
    made = source_findings(tmp_path, text)
    assert [one.message for one in made] == ([f'"web.dat" {message}'] if message else [])
    assert [one.fix for one in made] == ([fix] if fix else [])
    assert [one.quick_fixes for one in made] == ([()] if fix else [])


@pytest.mark.parametrize(
    ("extra", "reported"),
    [
        ("root=/dev/xvda1", None),
        ("root=/dev/xvda3", None),
        ("root=/dev/xvda2", "Write root=/dev/xvda1, which looks like the root."),
        ("root=/dev/xvda", "Write root=/dev/xvda1, which looks like the root."),
    ],
)
def test_the_partition_with_the_root_is_proposed(
    tmp_path: Path, extra: str, reported: str | None
) -> None:
    disk = bytearray(mbr())
    disk[446 + 32 : 446 + 48] = disk[446:462]
    (tmp_path / "web.ext4").write_bytes(disk)
    text = IMPORTED.replace('tags = ["external"]', f'tags = ["external"]\nextra = "{extra}"')
    assets = Assets(
        sources={"web.ext4": SourceFile(tmp_path / "web.ext4", len(disk), is_dir=False)}
    )
    assert [one.fix for one in findings_of("XT351", text, assets)] == (
        [reported] if reported else []
    )


def test_a_source_that_vanishes_during_inspection_is_not_found(tmp_path: Path) -> None:
    for gone in (
        SourceFile(tmp_path / "web.ext4", 5, is_dir=False),
        SourceFile(tmp_path / "web.ext4", 5, is_dir=True),
    ):
        made = check(project_of(IMPORTED), Assets(sources={"web.ext4": gone}))
        assert not [one for one in made if one.code.startswith("XT35")]
