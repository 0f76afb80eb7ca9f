# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
from __future__ import annotations

import gzip
import hashlib
import json
import os
import struct
from pathlib import Path

import pytest

from tests.images import make
from xentui.errors import InputError
from xentui.images.inspect import glance, inspect
from xentui.images.inspected import data

_GPT = """\
label: gpt
first-lba: 34
start=2048, size=4096, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B, name="EFI"
start=8192, size=65536, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, name="rootfs"
"""
_MBR = """\
label: dos
start=2048, size=2048, type=c
start=4096, size=61440, type=5
start=8192, size=40960, type=83
"""


@pytest.mark.parametrize("version", [2, 3])
def test_the_virtual_size_of_a_qcow2_is_read(tmp_path: Path, version: int) -> None:
    path = tmp_path / "misnamed.tar.gz"
    compat = {2: "0.10", 3: "1.1"}[version]
    make.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", f"compat={compat}", path, "300M")
    seen = inspect(path)
    assert seen.kind == "qcow2"
    assert seen.content.qcow2 is not None
    assert (seen.content.qcow2.version, seen.disk_size) == (version, 300 << 20)
    assert seen.problems == ()


def test_the_backing_file_of_a_qcow2_is_read(tmp_path: Path) -> None:
    make.run("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "base", "10M")
    path = tmp_path / "top"
    make.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "base", "-F", "qcow2", path)
    seen = inspect(path)
    assert seen.content.qcow2 is not None
    assert seen.content.qcow2.backing_file == "base"
    assert not seen.content.qcow2.self_contained
    assert any('"base"' in problem for problem in seen.problems)


def test_a_qcow2_with_external_data_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "x"
    options = f"data_file={tmp_path / 'data'},data_file_raw=on"
    make.run("qemu-img", "create", "-q", "-f", "qcow2", "-o", options, path, "10M")
    seen = inspect(path)
    assert seen.content.qcow2 is not None
    assert seen.content.qcow2.external_data


def test_an_encrypted_qcow2_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "x"
    secret = ("--object", "secret,id=s,data=word")
    # For LUKS, qemu-img spends seconds on measuring how fast the machine derives keys.
    options = "encrypt.format=aes,encrypt.key-secret=s"
    make.run("qemu-img", "create", "-q", *secret, "-f", "qcow2", "-o", options, path, "10M")
    seen = inspect(path)
    assert seen.content.qcow2 is not None
    assert seen.content.qcow2.encrypted


@pytest.mark.parametrize("options", [(), ("-c",), ("-o", "cluster_size=4k")])
def test_the_disk_in_a_qcow2_is_inspected(tmp_path: Path, options: tuple[str, ...]) -> None:
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    raw = make.disk(tmp_path / "raw", _GPT, {8192: part})
    path = tmp_path / "x"
    make.run("qemu-img", "convert", *options, "-f", "raw", "-O", "qcow2", raw, path)
    seen = inspect(path)
    assert seen.content.disk is not None
    assert seen.content.disk.root == 2
    assert seen.init is True
    assert seen.disk_size == 64 << 20


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("init", [False, True])
def test_an_ext4_image_is_searched_for_an_init(tmp_path: Path, init: bool, merged: bool) -> None:
    path = make.ext(tmp_path / "x", make.root(tmp_path, init=init, merged=merged))
    seen = inspect(path)
    assert seen.kind == "ext"
    assert seen.init is init


@pytest.mark.parametrize(
    ("options", "version"),
    [
        (("-t", "ext2"), 2),
        pytest.param(("-t", "ext3"), 3, marks=pytest.mark.slow),
        (("-t", "ext4"), 4),
        pytest.param(
            ("-t", "ext4", "-O", "^64bit,^metadata_csum", "-b", "4096"), 4, marks=pytest.mark.slow
        ),
        pytest.param(("-t", "ext4", "-O", "inline_data", "-I", "512"), 4, marks=pytest.mark.slow),
    ],
)
def test_every_ext_is_read(tmp_path: Path, options: tuple[str, ...], version: int) -> None:
    tree = make.root(tmp_path)
    # This number of entries needs more blocks than the inode itself can address.
    for number in range(3000):
        (tree / "sbin" / f"a-program-of-a-rather-long-name-{number}").touch()
    path = make.ext(tmp_path / "x", tree, *options, "-L", "my label", mib=40)
    ext = inspect(path).content.ext
    assert ext is not None
    reported = dict(
        line.split(":", 1) for line in make.run("dumpe2fs", "-h", path).splitlines() if ":" in line
    )
    assert ext.version == version
    assert ext.blocks == int(reported["Block count"])
    assert ext.free == int(reported["Free blocks"])
    assert ext.block_size == int(reported["Block size"])
    assert ext.size == 40 << 20
    assert ext.label == "my label"
    assert ext.init is True


def test_a_hashed_directory_is_searched(tmp_path: Path) -> None:
    tree = make.root(tmp_path, init=False)
    for number in range(2000):
        (tree / "sbin" / f"a-program-of-a-rather-long-name-{number}").touch()
    path = make.ext(tmp_path / "x", tree, mib=40)
    assert inspect(path).init is False
    # debugfs adds an entry, and e2fsck builds the index.
    make.run("debugfs", "-w", "-R", "symlink /sbin/init /bin/busybox", path)
    make.run("debugfs", "-w", "-R", "symlink /bin/busybox /etc/hostname", path)
    make.tool("e2fsck")
    os.system(f"{make.tool('e2fsck')} -fyD {path} >/dev/null 2>&1")
    assert "Flags: 0x81000" in make.run("debugfs", "-R", "stat /sbin", path)
    assert inspect(path).init is True


def test_gpt_partitions_are_those_of_sfdisk(tmp_path: Path) -> None:
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    disk = inspect(make.disk(tmp_path / "x", _GPT, {8192: part})).content.disk
    assert disk is not None
    assert disk.table == "gpt"
    assert [(p.number, p.type, p.start, p.size, p.name) for p in disk.partitions] == [
        (1, "EFI system", 2048 * 512, 4096 * 512, "EFI"),
        (2, "Linux", 8192 * 512, 65536 * 512, "rootfs"),
    ]
    assert [p.filesystem for p in disk.partitions] == ["", "ext4"]
    assert disk.root == 2


def test_mbr_partitions_are_those_of_sfdisk(tmp_path: Path) -> None:
    disk = inspect(make.disk(tmp_path / "x", _MBR, {})).content.disk
    assert disk is not None
    assert disk.table == "mbr"
    assert [(p.number, p.type) for p in disk.partitions] == [
        (1, "FAT32"),
        (2, "extended"),
        (5, "Linux"),
    ]
    assert disk.partitions[2].start == 8192 * 512
    assert disk.root == 5


def test_a_disk_that_is_cut_short_is_reported(tmp_path: Path) -> None:
    path = make.disk(tmp_path / "x", _MBR, {})
    os.truncate(path, 16 << 20)
    assert any("cut short" in problem for problem in inspect(path).problems)


def test_a_file_system_that_is_cut_short_is_reported(tmp_path: Path) -> None:
    path = make.ext(tmp_path / "x", mib=16)
    os.truncate(path, 8 << 20)
    assert any("cut short" in problem for problem in inspect(path).problems)


@pytest.mark.parametrize("pack", ["", "gzip", "bzip2", "xz", "zstd"])
def test_archives_are_summed_up(tmp_path: Path, pack: str) -> None:
    tree = make.root(tmp_path)
    (tree / "su").write_bytes(b"x" * 100_000)
    (tree / "su").chmod(0o4755)
    path = make.tar(tmp_path / "x.img", tree)
    if pack:
        make.run(pack, path)
        path = next(tmp_path.glob("x.img.*"))
    seen = inspect(path)
    assert seen.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    if pack == "zstd" and seen.kind == "unknown":
        pytest.skip("this Python has no Zstandard")
    assert seen.kind == "tar"
    assert seen.archive is not None
    listed = make.run("tar", "-tvf", path).splitlines()
    assert seen.archive.members == len(listed)
    assert seen.archive.size == 100_000 + 5004 + 6
    assert seen.archive.setuid == 1
    assert seen.init is True
    assert seen.archive.complete
    assert seen.problems == ()
    assert seen.image_size is not None


@pytest.mark.parametrize("kind", ["gnu", "pax", "ustar", "v7", "oldgnu"])
def test_every_kind_of_archive_is_read(tmp_path: Path, kind: str) -> None:
    tree = tmp_path / "tree"
    name = "n" * 60 if kind == "v7" else f"{'d' * 90}/{'n' * 90}"
    deep = tree / "sub" / name
    deep.parent.mkdir(parents=True)
    deep.write_bytes(b"y" * 1234)
    if kind in ("gnu", "pax"):
        (tree / "sub" / ("é" * 120)).write_bytes(b"z" * 99)
    (tree / "link").symlink_to("sub")
    (tree / "sub/target").touch()
    os.link(tree / "sub/target", tree / "hard")
    path = make.tar(tmp_path / "x", tree, f"--format={kind}")
    archive = inspect(path).archive
    assert archive is not None
    assert archive.complete
    assert archive.members == len(make.run("tar", "-tf", path).splitlines())
    assert archive.size == 1234 + (99 if kind in ("gnu", "pax") else 0)
    assert sorted(archive.tops) == ["hard", "link", "sub"]


@pytest.mark.parametrize("kind", ["gnu", "pax"])
def test_sparse_members_have_their_real_size(tmp_path: Path, kind: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "holes").open("wb") as file:
        for number in range(40):
            file.seek(number * 200_000)
            file.write(b"x" * 5000)
    (tree / "last").write_text("1")
    archive = inspect(make.tar(tmp_path / "x", tree, "-S", f"--format={kind}")).archive
    assert archive is not None
    assert archive.size == 39 * 200_000 + 5000 + 1
    assert sorted(archive.tops) == ["holes", "last"]


def test_an_archive_of_one_directory_names_it(tmp_path: Path) -> None:
    make.root(tmp_path)
    path = tmp_path / "x"
    make.run("tar", "-cf", path, "-C", tmp_path, "root")
    seen = inspect(path)
    assert seen.archive is not None
    assert seen.archive.top == "root"
    assert seen.archive.init_below_top
    assert not seen.archive.init
    assert seen.init is True


def test_an_archive_that_leads_out_is_reported(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    path = tmp_path / "x"
    make.run("tar", "-cPf", path, str(tmp_path / "f"), f"{tmp_path}/../{tmp_path.name}/f")
    seen = inspect(path)
    assert seen.archive is not None
    assert seen.archive.absolute == 2
    assert seen.archive.escaping == 1
    assert any("slash" in problem for problem in seen.problems)
    assert any("out of the archive" in problem for problem in seen.problems)


@pytest.mark.parametrize("pack", ["gzip", pytest.param("bzip2", marks=pytest.mark.slow), "xz"])
def test_a_packed_disk_is_inspected(tmp_path: Path, pack: str) -> None:
    raw = make.disk(tmp_path / "x", _GPT, {})
    make.run(pack, raw)
    path = next(tmp_path.glob("x.*"))
    seen = inspect(path)
    assert seen.kind == "disk"
    assert seen.content.disk is not None
    assert seen.content.disk.root == 2
    assert seen.problems == ()
    if pack == "xz":
        assert seen.disk_size == 64 << 20


def test_a_packed_file_system_has_a_known_size(tmp_path: Path) -> None:
    make.run("gzip", make.ext(tmp_path / "x", mib=24))
    seen = inspect(tmp_path / "x.gz")
    assert seen.kind == "ext"
    assert seen.disk_size == 24 << 20


def test_zstd_states_the_unpacked_size(tmp_path: Path) -> None:
    make.run("zstd", "-q", make.sparse(tmp_path / "x", 3), "-o", tmp_path / "y")
    assert inspect(tmp_path / "y").unpacked == 3 << 20


def test_a_directory_is_recognised_as_a_root_file_system(tmp_path: Path) -> None:
    seen = inspect(make.root(tmp_path, merged=True))
    assert seen.kind == "directory"
    assert seen.init is True
    assert seen.sha256 is None
    assert seen.image_size is not None


def test_links_of_a_directory_are_followed_in_it(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/init").touch()
    (tmp_path / "root").mkdir()
    (tmp_path / "root/sbin").symlink_to(tmp_path / "out")
    (tmp_path / "root/etc").symlink_to("../out")
    (tmp_path / "root/bin").symlink_to("bin")
    assert inspect(tmp_path / "root").init is False


def test_kernels_are_recognised(tmp_path: Path) -> None:
    arm = bytes(0x38) + b"ARM\x64" + bytes(64)
    (tmp_path / "arm").write_bytes(arm)
    (tmp_path / "gz").write_bytes(gzip.compress(arm))
    x86 = bytearray(2048)
    x86[0x1FE:0x206] = b"\x55\xaa\xeb\x66HdrS"
    struct.pack_into("<H", x86, 0x20E, 0x100)
    x86[0x300:0x320] = b"6.12.1-yocto (builder)".ljust(32, b"\0")
    (tmp_path / "x86").write_bytes(x86)
    assert inspect(tmp_path / "arm").label == "an arm64 Linux kernel (Image)"
    assert inspect(tmp_path / "gz").label == "an arm64 Linux kernel (Image), packed with gzip"
    assert inspect(tmp_path / "x86").label == "an x86 Linux kernel (bzImage) 6.12.1-yocto"


def test_other_kinds_of_file_are_recognised(tmp_path: Path) -> None:
    iso = bytearray(40_000)
    iso[32769:32774] = b"CD001"
    for content, label in (
        (b"", "an empty file"),
        (b"KDMV" + bytes(600), "a VMDK image"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (bytes(5000), "nothing but zeros"),
        (b"hello", "a text file"),
        (b"\xef\xbb\xbfwith a byte order mark", "a text file"),
        (b"\x01\x02\x03\x04" * 99, "something unknown"),
        (bytes(iso), "an ISO 9660 image"),
        (b"hsqs" + bytes(600), "a squashfs file system"),
        (gzip.compress(gzip.compress(b"x")), "something packed twice"),
    ):
        path = tmp_path / "x"
        path.write_bytes(content)
        assert inspect(path).label.startswith(label)
        path.unlink()


def test_a_quick_look_does_not_read_big_files(tmp_path: Path) -> None:
    path = make.ext(tmp_path / "x", mib=16)
    assert glance(path).sha256 is None
    assert glance(path).kind == "ext"
    whole = inspect(path)
    assert glance(path) is whole


def test_results_are_cached_until_the_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one")
    first = inspect(path)
    assert inspect(path) is first
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert inspect(path).sha256 == hashlib.sha256(b"two").hexdigest()


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    path = make.sparse(tmp_path / "x", 3)
    reported: list[tuple[int, int]] = []
    inspect(path, lambda result, total: reported.append((result, total)))
    assert reported == [(n << 20, 3 << 20) for n in (1, 2, 3)]


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path / "missing", Path("/dev/null"), Path("a\0b")):
        for look in (inspect, glance):
            with pytest.raises(InputError):
                look(path)


def test_the_json_data_has_only_plain_values(tmp_path: Path) -> None:
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    disk = make.disk(tmp_path / "x", _GPT, {8192: part})
    reported = json.loads(json.dumps(data(inspect(disk))))
    assert reported["partitions"]["root"] == 2
    assert json.loads(json.dumps(data(inspect(part))))["filesystem"]["type"] == "ext4"
