# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Make a deploy directory like that of a build, from Debian's Xen, kernel and BusyBox.

Names and links are those of OpenEmbedded-Core and meta-virtualization. It is for ``qemux86-64`` or,
with parts for arm64, for ``qemuarm64``.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from tests.images import make
from xentui.project.boards import board
from xentui.rehearsal import elf, kernel
from xentui.rehearsal.arch import X86
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import DISK_MODULES, MODULES, TOOLS, Parts

SPEAKS = "the init of {name} speaks from its own disk"
_STAMP = "20260701120000"

_INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "{output}: $(/bin/busybox awk '$2 == "/" {{print $1, $3}}' /proc/mounts)"
exec /bin/busybox sleep 1000
"""

_FIRST = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
while read -r name; do /bin/busybox insmod "/modules/$name"; done </modules/order
root=/dev/xvda init=/sbin/init
for word in $(/bin/busybox cat /proc/cmdline); do
    case $word in root=*) root=${word#root=} ;; init=*) init=${word#init=} ;; esac
done
while [ ! -e "$root" ]; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 -o ro "$root" /root
/bin/busybox umount /proc
exec /bin/busybox switch_root /root "$init"
"""


def guest_image(path: Path, parts: Parts, name: str) -> None:
    """Make an image named like ``IMAGE_LINK_NAME``, with an init that prints something."""
    tree = path.parent / f"root-of-{path.name}"
    for folder in ("bin", "sbin", "proc", "dev"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(parts.programs["busybox"], tree / "bin/busybox")
    init = tree / "sbin/init"
    init.write_text(_INIT.format(output=SPEAKS.format(name=name)))
    init.chmod(0o755)
    make.ext(path, tree, mib=24)
    shutil.rmtree(tree)


def initramfs(parts: Parts) -> bytes:
    """Return a RAM disk that mounts ``root=`` and starts ``init=``.

    Debian's kernel has its driver for Xen's disks only as a module.
    """
    archive = Archive()
    for folder in ("/dev", "/root", "/proc"):
        archive.directory(folder)
    archive.device("/dev/console", 5, 1)
    archive.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    archive.file("/init", _FIRST.encode(), executable=True)
    names = []
    for name, data in kernel.read_modules(
        parts.modules, ("xen-blkfront", "crc32c_generic", "ext4")
    ):
        archive.file(f"/modules/{name}", data)
        names.append(f"{name}\n")
    archive.file("/modules/order", "".join(names).encode())
    return gzip.compress(archive.dump(), 1)


def dom0_tree(place: Path, parts: Parts) -> None:
    """Make Dom0's root file system: Xen's programs, their libraries and the kernel's modules."""
    for name in TOOLS:
        folder = "usr/lib/xen/bin" if name == "xen-init-dom0" else "usr/sbin"
        _copy_needed(parts.tools / name, place / folder / name, place, parts)
    shutil.copytree(parts.tools_root / "etc/xen/scripts", place / "etc/xen/scripts")
    shutil.copy(parts.tools_root / "etc/xen/xl.conf", place / "etc/xen/xl.conf")
    modules = place / "lib/modules" / parts.modules.name / "kernel"
    modules.mkdir(parents=True)
    for name, data in kernel.read_modules(parts.modules, MODULES + DISK_MODULES):
        (modules / name).write_bytes(data)
    (place / "sbin").symlink_to("usr/sbin")
    (place / "usr/sbin/init").write_bytes(b"\x7fELF")
    (place / "var/lib/xen/images").mkdir(parents=True)


def _copy_needed(source: Path, target: Path, place: Path, parts: Parts) -> None:
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
    target.chmod(0o755)
    needs = elf.read_requirements(target.read_bytes())
    assert needs is not None
    libraries = place / "usr/lib" / parts.arch.triplet
    for name in (*needs.libraries, "libgcc_s.so.1"):
        _copy_needed(parts.find_library(name, parts.tools_root), libraries / name, place, parts)
    if needs.interpreter:
        loader = parts.find_library(Path(needs.interpreter).name, parts.tools_root)
        _copy_needed(loader, place / needs.interpreter.lstrip("/"), place, parts)


def machine(parts: Parts) -> str:
    """Return the board that the parts are for."""
    return "qemux86-64" if parts.arch is X86 else "qemuarm64"


def _initramfs_name(parts: Parts) -> str:
    return f"core-image-minimal-initramfs-{machine(parts)}.cpio.gz"


def _kernel_name(parts: Parts) -> str:
    return board(machine(parts)).kernel.image


def deploy_dir(place: Path, parts: Parts, *, image: str = "ext4") -> Path:
    """Make ``tmp/deploy/images/MACHINE``; Dom0's image is an ``ext4`` or a ``wic``."""
    name, linux = machine(parts), _kernel_name(parts)
    folder = place / "tmp/deploy/images" / name
    folder.mkdir(parents=True)
    shutil.copy(parts.xen, folder / f"xen-{name}{'.gz' if parts.arch is X86 else ''}")
    kernel_file = f"{linux}--{parts.modules.name}-r0-{name}-{_STAMP}.bin"
    shutil.copy(parts.kernel, folder / kernel_file)
    for link in (linux, f"{linux}-{name}.bin"):
        (folder / link).symlink_to(kernel_file)
    for guest in ("own", "without"):
        file = f"{guest}-{name}.rootfs-{_STAMP}.ext4"
        guest_image(folder / file, parts, guest)
        (folder / f"{guest}-{name}.rootfs.ext4").symlink_to(file)
    (folder / _initramfs_name(parts)).write_bytes(initramfs(parts))
    tree = place / "dom0"
    dom0_tree(tree, parts)
    guest_image(tree / "var/lib/xen/images/inside.img", parts, "inside")
    ext4 = make.ext(folder / f"xen-image-minimal-{name}.rootfs.ext4", tree, mib=96)
    if image == "wic":
        wic = make.sparse(folder / f"xen-image-minimal-{name}.rootfs.wic", 98)
        make.run("sfdisk", "-q", wic, text="label: dos\nstart=2048, type=83\n")
        with wic.open("r+b") as disk, ext4.open("rb") as system:
            disk.seek(1 << 20)
            shutil.copyfileobj(system, disk)
        ext4.unlink()
    return folder


CONFIG = """name = "{name}"
type = "{kind}"
memory = 160
vcpus = 1
kernel = "/var/lib/xen/images/{kernel}"
ramdisk = "/var/lib/xen/images/{ramdisk}"
extra = "console=hvc0 quiet"
disk = ['file:/var/lib/xen/images/{disk},xvda,w']
"""

PROJECT = """version = 1
[host]
machine = "{machine}"
memory = 1536
[guests.own]
tags = ["autostart"]
config_file = "own.cfg"
[guests.inside]
tags = ["autostart", "external"]
rootfs = "inside.img"
config_file = "inside.cfg"
[guests.without]
memory = 128
extra = "root=/dev/xvda ro"
[guests.nothing]
memory = 64
kernel = "another"
"""


def project_file(place: Path, parts: Parts) -> Path:
    """Write a project whose guests find their files, except for one."""
    name = machine(parts)
    disks = {"own": f"own-{name}.rootfs.ext4", "inside": "inside.img"}
    for guest, disk in disks.items():
        config = CONFIG.format(
            name=guest, disk=disk, kernel=_kernel_name(parts), ramdisk=_initramfs_name(parts),
            kind="pv" if guest == "own" and parts.arch is X86 else "pvh",
        )  # fmt: skip
        (place / f"{guest}.cfg").write_text(config)
    (place / "board.toml").write_text(PROJECT.format(machine=name))
    return place / "board.toml"
