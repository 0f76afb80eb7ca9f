# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files that people mistake for a guest's disk, kernel or root directory.

They are made by the tools that people use. qemu-img judges the disks.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.images import make
from xentui.images.inspect import SPARSE, glance, inspect
from xentui.images.inspected import Inspected
from xentui.images.suggest import suggest
from xentui.project.model import CONVERTED_IMPORTS

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 5242880\n".format("a" * 64)


def archive(path: Path, *members: tuple[str, str]) -> Path:
    """Make an archive with these members: a file, a directory (ends in /), or a link to a text."""
    with tarfile.open(path, "w") as made_of:
        for name, link in members:
            info = tarfile.TarInfo(name)
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            elif link.startswith("="):
                info.type, info.linkname = tarfile.LNKTYPE, link[1:]
            elif link:
                info.type, info.linkname = tarfile.SYMTYPE, link
            made_of.addfile(info, io.BytesIO())
    return path


MERGED = (("usr/", ""), ("usr/lib/", ""), ("usr/sbin/", ""), ("usr/bin/", ""))
LINKED = (
    *MERGED,
    ("lib", "usr/lib"),
    ("sbin", "usr/sbin"),
    ("usr/lib/systemd/systemd", ""),
)


@pytest.mark.parametrize(
    ("members", "init"),
    [
        ((*MERGED, ("sbin", "usr/sbin"), ("usr/sbin/init", "")), True),
        ((*MERGED, ("sbin", "/usr/sbin"), ("usr/sbin/init", "")), True),
        (
            (*LINKED, ("usr/sbin/init", "../lib/systemd/systemd")),
            True,
        ),
        (
            (*LINKED, ("usr/sbin/init", "/lib/systemd/systemd")),
            True,
        ),
        # As in Fedora and Arch: sbin is a link to bin, which is also a link.
        ((*MERGED, ("bin", "usr/bin"), ("sbin", "bin"), ("usr/bin/init", "")), True),
        ((*MERGED, ("usr/sbin2", "bin"), ("sbin", "usr/sbin2"), ("usr/bin/init", "")), True),
        # Links that come before their targets, and members below a link.
        ((("sbin", "usr/sbin"), *MERGED, ("sbin/init", "")), True),
        ((("bin/busybox", ""), ("usr/sbin/init", "=bin/busybox"), ("sbin", "usr/sbin")), True),
        ((("./", ""), ("./sbin", "usr/sbin"), ("./usr/sbin/init", "")), True),
        # /sbin/init points to nothing, in a circle, or out of the tree.
        ((*MERGED, ("sbin", "usr/sbin"), ("usr/sbin/init", "/lib/systemd/systemd")), False),
        ((("sbin/init", "init2"), ("sbin/init2", "init")), False),
        ((("sbin", "../../sbin"),), False),
        ((*MERGED, ("sbin", "usr/sbin"), ("usr/sbin/telinit", "")), False),
        ((("sbin/init", ""), ("etc/hostname", "")), True),
    ],
)
def test_the_init_of_a_merged_root_is_found(
    members: tuple[tuple[str, str], ...], init: bool, tmp_path: Path
) -> None:
    seen = inspect(archive(tmp_path / "r.tar", *members))
    assert seen.init is init, seen
    # The kernel would find the same init in the tree that tar unpacks.
    tree = tmp_path / "tree"
    tree.mkdir()
    make.run("tar", "-xf", tmp_path / "r.tar", "-C", tree)
    assert inspect(tree).init is init
    suggestion = suggest(seen, "r.tar")
    assert suggestion is not None
    assert (suggestion.extra is None) is init


def test_a_merged_root_below_one_directory_is_found(tmp_path: Path) -> None:
    members = (("top/", ""), ("top/sbin", "usr/sbin"), ("top/usr/sbin/init", ""))
    seen = inspect(archive(tmp_path / "r.tar", *members))
    assert seen.init is True
    suggestion = suggest(seen, "r.tar", "web")
    assert suggestion is not None
    assert suggestion.file == "web-rootfs/top"


@pytest.mark.parametrize("pack", ["gzip", "xz", "zstd"])
def test_a_merged_root_may_be_packed(pack: str, tmp_path: Path) -> None:
    path = archive(tmp_path / "r.tar", *MERGED, ("sbin", "usr/sbin"), ("usr/sbin/init", ""))
    make.run(pack, path)
    assert inspect(next(tmp_path.glob("r.tar.*"))).init is True


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vmdk", ()),
        ("vmdk", ("-o", "subformat=streamOptimized")),
        ("vmdk", ("-o", "subformat=monolithicFlat")),
        ("vdi", ()),
        ("vdi", ("-o", "static=on")),
        ("vpc", ()),
        ("vpc", ("-o", "subformat=fixed")),
        ("vhdx", ()),
        ("qcow", ()),
        ("qed", ()),
        ("parallels", ()),
    ],
    ids=str,
)
def test_another_hypervisor_s_disk_is_reported_with_its_conversion(
    name: str, options: tuple[str, ...], tmp_path: Path
) -> None:
    raw = make.ext(tmp_path / "raw", make.root(tmp_path), mib=16)
    path = tmp_path / "disk.img"
    result = subprocess.run(
        [
            make.tool("qemu-img"),
            "convert",
            "-f",
            "raw",
            "-O",
            name,
            *options,
            str(raw),
            str(path),
        ],
        capture_output=True,
        text=True,
    )
    if result.returncode:
        pytest.skip(result.stderr)
    info = json.loads(make.run("qemu-img", "info", "-f", name, "--output=json", path))
    for seen in (glance(path), inspect(path)):
        assert seen.kind == "vm_disk"
        assert seen.content.vm_disk is not None
        assert seen.content.vm_disk.format == name
        if seen.disk_size is not None:
            assert seen.disk_size == info["virtual-size"]
    suggestion = suggest(seen, "disk.img")
    if options and "monolithicFlat" in options[-1]:
        assert suggestion is None
        return
    assert suggestion is not None
    if suggestion.type in CONVERTED_IMPORTS:
        # The recipe converts it with this command.
        assert (suggestion.file, suggestion.command) == ("disk.img", "")
        kind = CONVERTED_IMPORTS[suggestion.type]
        make.run("qemu-img", "convert", "-f", kind, "-O", "raw", path, tmp_path / "made")
    else:
        assert suggestion.file == suggestion.path == "disk.qcow2"
        subprocess.run(suggestion.command, shell=True, check=True, cwd=tmp_path)
        (tmp_path / "disk.qcow2").rename(tmp_path / "made")
    assert inspect(tmp_path / "made").content.filesystem == "ext4"


def _luks(path: Path) -> None:
    secret = ("--object", "secret,id=s,data=word")
    options = "key-secret=s,iter-time=10"
    for _ in range(20):
        arguments = ["create", "-q", *secret, "-f", "luks", "-o", options, str(path), "10M"]
        result = subprocess.run([make.tool("qemu-img"), *arguments], capture_output=True, text=True)
        if "accurate CPU usage" not in result.stderr:
            break
    assert result.returncode == 0, result.stderr


def _swap(path: Path) -> None:
    make.sparse(path, 1)
    make.run("mkswap", path)


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("lfs_pointer", lambda path: path.write_text(LFS)),
        ("empty", lambda path: path.touch()),
        ("blank", lambda path: path.write_bytes(bytes(9000))),
        ("swap", _swap),
        ("encrypted", _luks),
        ("encrypted", lambda path: path.write_bytes(b"LUKS\xba\xbe\0\2" + bytes(9000))),
        ("encrypted", lambda path: path.write_bytes(b"\xeb\x58\x90-FVE-FS-" + bytes(9000))),
        ("other", lambda path: path.write_text("<!DOCTYPE html><title>404</title>")),
        ("other", lambda path: path.write_text("#!/bin/sh\nexit 1\n")),
        ("other", lambda path: path.write_text("Not Found")),
        ("other", lambda path: path.write_bytes(b"PK\x03\x04" + bytes(99))),
        ("other", lambda path: path.write_bytes(b"\x3a\xff\x26\xed" + bytes(99))),
    ],
)
def test_files_that_cannot_be_disks_are_never_suggested(
    kind: str, write: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "rootfs"
    write(path)
    for seen in (glance(path), inspect(path)):
        assert seen.kind == kind
    assert suggest(seen, "rootfs") is None


@pytest.mark.parametrize(
    ("head", "arch"),
    [
        (bytes(0x38) + b"ARM\x64", "aarch64"),
        (bytes(0x38) + b"RSC\x05", "riscv64"),
        (bytes(0x24) + b"\x18\x28\x6f\x01", "arm"),
        (b"MZ\0\0zimg" + bytes(0x34) + struct.pack("<I", 64) + b"PE\0\0\x64\xaa", "aarch64"),
        (b"\x27\x05\x19\x56" + bytes(25) + bytes([22, 2]) + bytes(64), "aarch64"),
        (b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HH", 2, 62) + bytes(64), "x86-64"),
        (b"\x7fELF\x02\x01" + bytes(10) + struct.pack("<HH", 2, 183) + bytes(64), "aarch64"),
        (b"\x7fELF\x01\x01" + bytes(10) + struct.pack("<HH", 2, 3) + bytes(64), "x86"),
    ],
)
def test_a_kernel_names_its_architecture(head: bytes, arch: str, tmp_path: Path) -> None:
    (tmp_path / "k").write_bytes(head + bytes(600))
    seen = inspect(tmp_path / "k")
    assert (seen.kind, seen.content.arch) == ("kernel", arch)


def test_a_program_is_not_a_kernel() -> None:
    assert inspect(Path(make.tool("qemu-img"))).kind == "other"


@pytest.mark.parametrize("name", ["e.ext4.zst", "r.tar.zst", "d.img.zst", "r.tzst", "d.qcow2.zst"])
def test_files_that_cannot_be_unpacked_here_are_not_reported_as_wrong(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xentui.images.unpacking._zstd", lambda: None)
    make.ext(tmp_path / "x")
    make.run("zstd", "-q", tmp_path / "x", "-o", tmp_path / name)
    seen = inspect(tmp_path / name)
    assert seen.kind == "packed"
    assert seen.sha256 is not None
    suggestion = suggest(seen, name)
    assert suggestion is not None
    assert suggestion.guess
    kinds = {"e": "ext4", "r": "rootfs_dir", "d": "raw"}
    assert suggestion.type == ("qcow2" if "qcow2" in name else kinds[name[0]])


def test_files_packed_with_zstandard_are_inspected(tmp_path: Path) -> None:
    make.ext(tmp_path / "e.ext4", make.root(tmp_path))
    make.run("zstd", "-q", "--rm", tmp_path / "e.ext4")
    seen = inspect(tmp_path / "e.ext4.zst")
    assert seen.kind == "ext"
    suggestion = suggest(seen, "e.ext4.zst")
    assert suggestion is not None
    assert (suggestion.type, suggestion.file, suggestion.guess) == ("ext4", "e.ext4", False)


def test_a_ramdisk_is_called_one(tmp_path: Path) -> None:
    newc = b"070701" + b"0" * 88 + b"0000000B" + b"0" * 8 + b"TRAILER!!!\0"
    (tmp_path / "initramfs.cpio.gz").write_bytes(gzip.compress(newc.ljust(512, b"\0")))
    seen = inspect(tmp_path / "initramfs.cpio.gz")
    assert seen.kind == "cpio"
    assert "ramdisk" in seen.label
    suggestion = suggest(seen, "initramfs.cpio.gz")
    assert suggestion is not None
    assert (suggestion.use, suggestion.file) == ("ramdisk", "initramfs.cpio")


def test_holes_are_not_read(tmp_path: Path) -> None:
    path = make.ext(tmp_path / "d.img", make.root(tmp_path))
    os.truncate(path, 100 * SPARSE)
    steps: list[int] = []
    seen = inspect(path, lambda result, _: steps.append(result))
    assert steps == []
    assert seen.holes > 99 * SPARSE
    assert seen.sha256 is None
    assert (seen.kind, seen.init, seen.size) == ("ext", True, 100 * SPARSE)


def test_the_checksum_reads_few_holes(tmp_path: Path) -> None:
    seen: Inspected = inspect(make.ext(tmp_path / "d.img"))
    assert 0 < seen.holes < SPARSE
    assert seen.sha256 == make.run("sha256sum", tmp_path / "d.img").split()[0]


@pytest.mark.parametrize(
    ("pack", "fails"), [("gzip", True), ("xz", True), ("zstd", True), ("bzip2", False)]
)
@pytest.mark.parametrize("more", [b"FWx0 a signature", b"", bytes(512)])
def test_data_after_a_packed_file_is_reported_if_unpacking_fails(
    pack: str, fails: bool, more: bytes, tmp_path: Path
) -> None:
    make.run(pack, make.ext(tmp_path / "d.img", mib=2))
    path = next(tmp_path.glob("d.img.*"))
    with path.open("ab") as file:
        file.write(more)
    reported = [problem for problem in inspect(path).problems if "follow" in problem]
    result = subprocess.run([make.tool(pack), "-dc", str(path)], capture_output=True)
    if more.strip(b"\0"):
        assert bool(reported) == fails == (result.returncode != 0)
    else:
        assert reported == []


def test_a_disk_in_several_files_is_refused_with_the_command_that_joins_them(
    tmp_path: Path,
) -> None:
    raw = make.ext(tmp_path / "raw", mib=4)
    options = ("-o", "subformat=monolithicFlat")
    make.run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", *options, raw, tmp_path / "d.vmdk")
    seen = inspect(tmp_path / "d.vmdk")
    assert suggest(seen, "d.vmdk") is None
    assert "qemu-img convert" in seen.problems[0]
    assert inspect(tmp_path / "d-flat.vmdk").content.filesystem == "ext4"
