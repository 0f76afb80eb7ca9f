# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: local sources that are not what the project says, and disk space for images."""

from __future__ import annotations

import io
import struct
import tarfile

from tests.rules.case import Case, ext2
from tests.rules.source_cases import EXT4, FETCH, LOCAL, guest


def qcow2(*, backing: bytes = b"", size: int = 1 << 20) -> bytes:
    """Return the header of an image, and the tables of an empty disk."""
    at = 104 if backing else 0
    head = struct.pack(
        ">4sIQIIQIIQQIIQ", b"QFI\xfb", 3, at, len(backing), 16, size, 0, 1, 65536, 0, 0, 0, 0
    )
    head += struct.pack(">QQQII", 0, 0, 0, 4, 104)
    return (head + backing).ljust(65536, b"\0") + bytes(65536)


def mbr() -> bytes:
    """Return a disk with one Linux partition."""
    entry = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 64, 64)
    return bytes(446) + entry + bytes(48) + b"\x55\xaa" + bytes(127 * 512)


def container(arch: str) -> bytes:
    """Return an archive from ``docker save`` with an image without files."""
    config = f'{{"architecture": "{arch}", "config": {{"Cmd": ["/app"]}}}}'
    name = "0" * 64
    manifest = f'[{{"Config": "{name}.json", "RepoTags": ["a:1"], "Layers": ["{name}/layer.tar"]}}]'
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for path, content in (
            (f"{name}/layer.tar", bytes(1024)),
            (f"{name}.json", config.encode()),
            ("manifest.json", manifest.encode()),
        ):
            info = tarfile.TarInfo(path)
            info.size = len(content)
            made.addfile(info, io.BytesIO(content))
    return out.getvalue()


def tree(extra: str, size: int) -> str:
    """Return a guest made from a local directory."""
    text = guest(f'type = "rootfs_dir"\nfile = "tree"\nimage_size = {size}', 'uri = "file://tree"')
    return text.replace("root=/dev/xvda1 console=hvc0", extra)


SOURCE = "guests.web.source"
EXTRA = "guests.web.extra"
RAW = EXT4.replace('"ext4"', '"raw"')
IMAGE = 'type = "container"\nfile = "web.tar"\nimage_size = 64'
WEB = 'uri = "file://web.tar"'
BARE = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\n'
LAYER_BUNDLE = f'{BARE}layer_bundles = ["alpine-xen-guest-bundle"]\n'
INIT = {"tree/sbin/init": "x"}
BIG = "".join(
    f'[guests.g{n}]\nbundle = "lab"\ntags = ["external"]\n[guests.g{n}.source]\n'
    f'type = "rootfs_dir"\nfile = "t"\nimage_size = 1000\n[[guests.g{n}.source.fetch]]\n'
    f'uri = "file://t"\n'
    for n in range(2)
)

CASES = (
    Case(
        "XT350", f"{SOURCE}.type", guest(RAW, LOCAL), ('"raw"', '"qcow2"'),
        {"web.ext4": qcow2()}, say="a qcow2 image", quick_fixes=1,
    ),
    Case(
        "XT350", f"{SOURCE}.type", guest(EXT4.replace('"ext4"', '"qcow2"'), LOCAL),
        ('"qcow2"', '"raw"'), {"web.ext4": mbr()}, quick_fixes=1,
    ),
    Case(
        "XT350", f"{SOURCE}.type", guest(EXT4.replace('"ext4"', '"rootfs_dir"'), LOCAL),
        ('"rootfs_dir"', '"ext4"'), {"web.ext4": ext2()}, quick_fixes=1,
    ),
    Case(
        "XT351", EXTRA, guest(RAW, LOCAL).replace("xvda1", "xvda"), ("xvda ", "xvda1 "),
        {"web.ext4": mbr()}, say="root=/dev/xvda1", quick_fixes=1,
    ),
    Case(
        "XT351", EXTRA, guest(RAW, LOCAL).replace("xvda1", "xvda3"), ("xvda3", "xvda1"),
        {"web.ext4": mbr()}, say="no partition 3", quick_fixes=1,
    ),
    Case(
        "XT352", EXTRA, guest(EXT4, LOCAL), ("xvda1", "xvda"), {"web.ext4": ext2()}, quick_fixes=1,
    ),
    Case(
        "XT352", EXTRA, tree("root=/dev/xvda1 console=hvc0", 16), ("xvda1", "xvda"), INIT,
        quick_fixes=1,
    ),
    Case(
        "XT353", f"{SOURCE}.file", guest(EXT4.replace('"ext4"', '"qcow2"'), LOCAL),
        ("web.ext4", "other.qcow2"),
        {"web.ext4": qcow2(backing=b"base.qcow2"), "other.qcow2": qcow2()}, say="base.qcow2",
    ),
    Case(
        "XT354", f"{SOURCE}.image_size", tree("root=/dev/xvda console=hvc0", 5),
        ("image_size = 5", "image_size = 16"), {**INIT, "tree/big": "x" * 4_190_000}, quick_fixes=2,
    ),
    Case(
        "XT355", EXTRA, tree("root=/dev/xvda console=hvc0", 16), ("hvc0", "hvc0 init=/bin/sh"),
        {"tree/etc/hostname": "web"}, quick_fixes=1,
    ),
    Case(
        "XT356", f"{FETCH}.sha256", guest(EXT4, f'{LOCAL}\nsha256 = "{"0" * 64}"'),
        (f'\nsha256 = "{"0" * 64}"', ""), {"web.ext4": "small"}, quick_fixes=1,
    ),
    Case(
        "XT357", f"{SOURCE}.file", guest(EXT4, LOCAL), ("web.ext4", "other.ext4"),
        {"web.ext4": ext2(blocks=10_000), "other.ext4": ext2()}, say="cut short",
    ),
    Case(
        "XT362", f"{SOURCE}.file", guest(RAW, LOCAL), ("web.ext4", "other.img"),
        {"web.ext4": bytes(4096), "other.img": mbr()}, say="nothing but zeros",
    ),
    Case(
        "XT363", EXTRA, guest(IMAGE, WEB), ("hvc0", "hvc0 init=/sbin/container-init"),
        {"web.tar": container("amd64")}, quick_fixes=1,
    ),
    Case(
        "XT364", f"{SOURCE}.file", guest(IMAGE, WEB), ("web.tar", "other.tar"),
        {"web.tar": container("arm64"), "other.tar": container("amd64")}, say="for aarch64",
    ),
    Case(
        "XT365", "host.layer_bundles[0]", LAYER_BUNDLE, (LAYER_BUNDLE, BARE),
    ),
    Case(
        "XT366", "host.layer_bundles[0]",
        LAYER_BUNDLE + '[bundles.alpine-xen-guest-bundle]\n', ("layer_bundles = [", "# ["),
        quick_fixes=1,
    ),
    Case(
        "XT358", "guests", f"[bundles.lab]\n{BIG}", ("image_size = 1000", "image_size = 900"),
        say="2048000 KB",
    ),
    Case("XT359", "containers.vxn", "[containers]\nvxn = true\n", ("true", "false")),
)  # fmt: skip
