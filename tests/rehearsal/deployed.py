# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A deploy directory as a build leaves it, of real parts: Debian's Xen, kernel and busybox.

Names and links are those that OpenEmbedded-Core and meta-virtualization make.
"""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from tests.images import made
from xentui.rehearsal import elf, kernel
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import MODULES, STORE_MODULES, TOOLS, Parts

MACHINE = "qemux86-64"
INITRAMFS = f"core-image-minimal-initramfs-{MACHINE}.cpio.gz"
SPEAKS = "the init of {name} speaks from its own disk"
_STAMP = "20260701120000"

_INIT = """#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
echo "{said}: $(/bin/busybox awk '$2 == "/" {{print $1, $3}}' /proc/mounts)"
exec /bin/busybox sleep 1000
"""

_FIRST = """#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
while read -r name; do /bin/busybox insmod "/modules/$name"; done </modules/order
while [ ! -e /dev/xvda ]; do /bin/busybox sleep 0.1; done
/bin/busybox mount -t ext4 -o ro /dev/xvda /root
exec /bin/busybox switch_root /root /sbin/init
"""


def guest_image(path: Path, parts: Parts, name: str) -> None:
    """Make an image with a root file system whose init speaks, as ``IMAGE_LINK_NAME`` names it."""
    tree = path.parent / f"root-of-{path.name}"
    for folder in ("bin", "sbin", "proc", "dev"):
        (tree / folder).mkdir(parents=True)
    shutil.copy(parts.programs["busybox"], tree / "bin/busybox")
    init = tree / "sbin/init"
    init.write_text(_INIT.format(said=SPEAKS.format(name=name)))
    init.chmod(0o755)
    made.ext(path, tree, mib=24)
    shutil.rmtree(tree)


def initramfs(parts: Parts) -> bytes:
    """Return a RAM disk that mounts the guest's disk: Debian's kernel has no driver built in."""
    archive = Archive()
    for folder in ("/dev", "/root", "/proc"):
        archive.directory(folder)
    archive.device("/dev/console", 5, 1)
    archive.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    archive.file("/init", _FIRST.encode(), executable=True)
    names = []
    for name, data in kernel.modules(parts.modules, ("xen-blkfront", "crc32c_generic", "ext4")):
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
    for name, data in kernel.modules(parts.modules, MODULES + STORE_MODULES):
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
    needs = elf.needs(target.read_bytes())
    assert needs is not None
    libraries = place / "usr/lib/x86_64-linux-gnu"
    for name in (*needs.libraries, "libgcc_s.so.1"):
        _copy_needed(parts.library(name, parts.tools_root), libraries / name, place, parts)
    if needs.interpreter:
        loader = parts.library(Path(needs.interpreter).name, parts.tools_root)
        _copy_needed(loader, place / needs.interpreter.lstrip("/"), place, parts)


def deploy_dir(place: Path, parts: Parts, *, image: str = "ext4") -> Path:
    """Make ``tmp/deploy/images/qemux86-64``; Dom0's image is an ``ext4`` or a ``wic``."""
    folder = place / "tmp/deploy/images" / MACHINE
    folder.mkdir(parents=True)
    shutil.copy(parts.xen, folder / f"xen-{MACHINE}.gz")
    kernel_file = f"bzImage--{parts.modules.name}-r0-{MACHINE}-{_STAMP}.bin"
    shutil.copy(parts.kernel, folder / kernel_file)
    for link in ("bzImage", f"bzImage-{MACHINE}.bin"):
        (folder / link).symlink_to(kernel_file)
    for name in ("own", "without"):
        file = f"{name}-{MACHINE}.rootfs-{_STAMP}.ext4"
        guest_image(folder / file, parts, name)
        (folder / f"{name}-{MACHINE}.rootfs.ext4").symlink_to(file)
    (folder / INITRAMFS).write_bytes(initramfs(parts))
    tree = place / "dom0"
    dom0_tree(tree, parts)
    guest_image(tree / "var/lib/xen/images/inside.img", parts, "inside")
    ext4 = made.ext(folder / f"xen-image-minimal-{MACHINE}.rootfs.ext4", tree, mib=96)
    if image == "wic":
        wic = made.sparse(folder / f"xen-image-minimal-{MACHINE}.rootfs.wic", 98)
        made.run("sfdisk", "-q", wic, text="label: dos\nstart=2048, type=83\n")
        with wic.open("r+b") as disk, ext4.open("rb") as system:
            disk.seek(1 << 20)
            shutil.copyfileobj(system, disk)
        ext4.unlink()
    return folder


CONFIG = f"""name = "{{name}}"
type = "{{kind}}"
memory = 160
vcpus = 1
kernel = "/var/lib/xen/images/bzImage"
ramdisk = "/var/lib/xen/images/{INITRAMFS}"
extra = "console=hvc0 quiet"
disk = ['file:/var/lib/xen/images/{{disk}},xvda,w']
"""

PROJECT = f"""version = 1
[host]
machine = "{MACHINE}"
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


def project_file(place: Path) -> Path:
    """Write a project whose guests find their files, and one whose does not."""
    own = CONFIG.format(name="own", kind="pv", disk=f"own-{MACHINE}.rootfs.ext4")
    (place / "own.cfg").write_text(own)
    inside = CONFIG.format(name="inside", kind="pvh", disk="inside.img")
    (place / "inside.cfg").write_text(inside)
    (place / "board.toml").write_text(PROJECT)
    return place / "board.toml"
