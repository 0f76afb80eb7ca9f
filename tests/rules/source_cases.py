# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: what is fetched and imported."""

import lzma

from tests.rules.case import Case, ext2

FETCH = "guests.web.source.fetch[0]"
SUM = f'sha256 = "{"0" * 64}"'
SUM1 = f'sha256 = "{"1" * 64}"'


def guest(source: str, fetch: str, more: str = "", field: str = "") -> str:
    """Return an imported guest in a bundle."""
    return (
        '[bundles.lab]\n[guests.web]\nbundle = "lab"\ntags = ["external"]\n'
        'extra = "root=/dev/xvda1 console=hvc0"\n'
        f"{field}\n[guests.web.source]\n{source}\n[[guests.web.source.fetch]]\n{fetch}\n{more}"
    )


def rootfs(fetch: str, file: str = "tree", more: str = "", size: str = "") -> str:
    """Return a guest made from a root directory."""
    return guest(f'type = "rootfs_dir"\nfile = "{file}"\n{size}', fetch, more)


TAR = f'uri = "https://e.org/a.tar.gz"\n{SUM}'
EXT4 = 'type = "ext4"\nfile = "web.ext4"'
LOCAL = 'uri = "file://web.ext4"'
IMAGE = {"web.ext4": ""}
OTHER = (
    '[guests.db]\nbundle = "lab"\ntags = ["external"]\n'
    '[guests.db.source]\ntype = "ext4"\nfile = "web.ext4"\n[[guests.db.source.fetch]]\n'
)

CASES = (
    Case(
        "XT301",
        f"{FETCH}.sha256",
        rootfs('uri = "https://e.org/a.tar.gz"\nsubdir = "tree"'),
        ("subdir", f"{SUM}\nsubdir"),
    ),
    Case(
        "XT302",
        f"{FETCH}.uri",
        rootfs(f'uri = "http://e.org/a.tar.gz"\n{SUM}\nsubdir = "tree"'),
        ("http:", "https:"),
        quick_fixes=1,
    ),
    Case(
        "XT303", f"{FETCH}.uri", guest(EXT4, LOCAL), ("web.ext4", "there.ext4"), {"there.ext4": ""}
    ),
    Case(
        "XT322",
        f"{FETCH}.uri",
        rootfs('uri = "file://tree"'),
        ("file://tree", "file://tree.tar"),
        {"tree/init": "", "tree.tar": ""},
    ),
    Case(
        "XT304",
        "guests.web.source.file",
        rootfs(TAR),
        (SUM, f'{SUM}\nsubdir = "tree"'),
        quick_fixes=1,
    ),
    Case(
        "XT305",
        "guests.web.source.file",
        rootfs(f'{TAR}\nsubdir = "root"'),
        ('"root"', '"tree"'),
        quick_fixes=1,
    ),
    Case(
        "XT305",
        "guests.web.source.file",
        rootfs(f'{TAR}\nsubdir = "tree2"', "tree/etc"),
        ('"tree2"', '"tree"'),
        quick_fixes=1,
    ),
    Case(
        "XT305",
        "guests.web.source.file",
        guest(EXT4, 'uri = "file://other.ext4"'),
        ("other.ext4", "web.ext4"),
        {"other.ext4": ext2(), "web.ext4": ext2()},
        quick_fixes=1,
    ),
    Case(
        "XT305",
        "guests.web.source.file",
        guest(EXT4, 'uri = "file://web.img.xz"'),
        ("web.img.xz", "web.ext4.xz"),
        {"web.img.xz": lzma.compress(ext2()), "web.ext4.xz": lzma.compress(ext2())},
        say="web.ext4",
        quick_fixes=1,
    ),
    Case(
        "XT306",
        "guests.web.source.image_size",
        guest(EXT4 + "\nimage_size = 64", LOCAL),
        ("image_size = 64", ""),
        IMAGE,
        quick_fixes=1,
    ),
    Case(
        "XT307",
        "guests.web.source.fetch",
        rootfs(f'{TAR}\nsubdir = "tree"\narch = "aarch64"'),
        ('"aarch64"', '"x86-64"'),
    ),
    Case(
        "XT307",
        "guests.web.source.fetch",
        rootfs(f'{TAR}\nsubdir = "tree"\narch = "qemuarm64"'),
        ('"qemuarm64"', '"qemux86-64"'),
    ),
    Case(
        "XT308",
        "guests.web.source.fetch[1].uri",
        rootfs(
            f'{TAR}\nsubdir = "tree"',
            more="[[guests.web.source.fetch]]\n"
            f'uri = "https://f.org/a.tar.gz"\n{SUM1}\nsubdir = "more"\n',
        ),
        ("f.org/a.tar", "f.org/b.tar"),
    ),
    Case(
        "XT308",
        "guests.db.source.fetch[0].uri",
        guest(
            EXT4,
            f'uri = "https://e.org/web.ext4"\n{SUM}',
            OTHER + f'uri = "https://f.org/web.ext4"\n{SUM1}\n',
        ),
        ("f.org/web.ext4", "f.org/db.ext4"),
        say="web",
    ),
    Case(
        "XT309",
        "guests.db.source.fetch[0].uri",
        rootfs('uri = "file://a/x.tar"\nsubdir = "tree"')
        + OTHER.replace("ext4", "rootfs_dir", 1).replace("web.ext4", "tree")
        + 'uri = "file://b/x.tar"\nsubdir = "tree"\n',
        ("b/x.tar", "b/y.tar"),
        {"a/x.tar": "", "b/x.tar": "", "b/y.tar": ""},
    ),
    Case(
        "XT309",
        "guests.web.source.fetch[1].uri",
        guest(
            EXT4,
            LOCAL,
            '[[guests.web.source.fetch]]\nuri = "file://web.cfg"\n',
            'config_file = "own.cfg"',
        ).replace('extra = "root=/dev/xvda1 console=hvc0"', ""),
        ("file://web.cfg", "file://other.cfg"),
        {"own.cfg": "name = 'w'\n"},
    ),
    Case(
        "XT309",
        "guests.db.source.type",
        '[import_types.p]\nscript = "p/s.sh"\n[import_types.q]\nscript = "q/s.sh"\n'
        + guest('type = "p"\nfile = "web.ext4"', LOCAL)
        + OTHER.replace('"ext4"', '"q"')
        + LOCAL,
        ("q/s.sh", "q/t.sh"),
        {"p/s.sh": "", "q/s.sh": "", "q/t.sh": ""},
    ),
    Case(
        "XT310",
        "guests.web.source.type",
        guest('type = "squashfs"\nfile = "web.ext4"', LOCAL),
        ('"squashfs"', '"ext4"'),
        {"web.ext4": ext2()},
        quick_fixes=1,
    ),
    Case(
        "XT311",
        "import_types.vmdk",
        '[import_types.vmdk]\nscript = "s.sh"\n',
        ('[import_types.vmdk]\nscript = "s.sh"\n', ""),
        {"s.sh": ""},
        quick_fixes=1,
    ),
    Case(
        "XT312",
        "import_types.vmdk.script",
        '[import_types.vmdk]\nscript = "s.sh"\n',
        ("s.sh", "t.sh"),
        {"t.sh": "true"},
    ),
    Case(
        "XT313",
        f"{FETCH}.subdir",
        guest('type = "ext4"\nfile = "a/web.ext4"', f'{LOCAL}\nsubdir = "a"'),
        ('subdir = "a"', ""),
        IMAGE,
        quick_fixes=1,
    ),
    Case(
        "XT314",
        "guests.web.kernel",
        guest(
            EXT4, LOCAL, '[[guests.web.source.fetch]]\nuri = "file://other"\n', 'kernel = "vmlinuz"'
        ),
        ("file://other", "file://vmlinuz"),
        IMAGE | {"other": "", "vmlinuz": ""},
    ),
    Case(
        "XT314", "guests.web.kernel", '[guests.web]\nkernel = "vmlinuz"\n', ("vmlinuz", "bzImage")
    ),
    Case(
        "XT315",
        "defaults.image_fstype",
        '[defaults]\nimage_fstype = "ext4.gz"\n',
        ("ext4.gz", "ext4"),
        quick_fixes=1,
    ),
    Case(
        "XT315",
        "defaults.image_fstype",
        '[defaults]\nimage_fstype = "tar.bz2"\n',
        ("tar.bz2", "btrfs"),
        quick_fixes=1,
    ),
    Case(
        "XT315",
        "defaults.image_fstype",
        '[defaults]\nimage_fstype = "qcow2"\n',
        ("qcow2", "ext3"),
        quick_fixes=1,
    ),
    Case(
        "XT316",
        "defaults.image_fstype",
        '[defaults]\nimage_fstype = "btrfs"\n[guests.web]\n',
        ("btrfs", "ext4"),
        quick_fixes=1,
    ),
    Case(
        "XT319",
        f"{FETCH}.arch",
        rootfs(f'{TAR}\nsubdir = "tree"\narch = "amd64"'),
        ("amd64", "x86-64"),
    ),
    Case(
        "XT320",
        "guests.web.source.image_size",
        rootfs('uri = "file://a.tar"\nsubdir = "tree"', size="image_size = 1"),
        ("image_size = 1", "image_size = 2"),
        {"a.tar": "x" * 1024 * 1024},
        quick_fixes=1,
    ),
    Case(
        "XT321",
        "guests.web.source.type",
        guest('type = "raw"\nfile = "web.qcow2"', 'uri = "file://web.qcow2"'),
        ('"raw"', '"qcow2"'),
        {"web.qcow2": ""},
        quick_fixes=1,
    ),
    Case(
        "XT231",
        "guests.web.extra",
        rootfs(f'uri = "https://e.org/alpine-minirootfs.tar.gz"\n{SUM}\nsubdir = "tree"'),
        ("console=hvc0", "console=hvc0 init=/bin/sh"),
        quick_fixes=1,
    ),
    Case(
        "XT232",
        f"{FETCH}.uri",
        rootfs(f'uri = "https://me:pw@e.org/a.tar.gz"\n{SUM}\nsubdir = "tree"'),
        ("me:pw@", ""),
    ),
    Case(
        "XT232",
        f"{FETCH}.uri",
        rootfs(f'uri = "https://e.org/a.tar.gz?token=abc"\n{SUM}\nsubdir = "tree"'),
        ("?token=abc", ""),
    ),
    Case(
        "XT232",
        "guests.web.fetch[0].uri",
        guest(EXT4, LOCAL, f'[[guests.web.fetch]]\nuri = "https://me:pw@e.org/a.dtb"\n{SUM}'),
        ("me:pw@", ""),
        IMAGE,
    ),
)
"""Every case."""
