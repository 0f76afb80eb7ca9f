# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Small guest systems from Debian's kernel and BusyBox, which boot to a prompt."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

from tests.images import make
from xentui.rehearsal import kernel
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import Parts

APPLETS = (
    "cat", "getty", "head", "hostname", "id", "init", "ip", "ls", "mount", "poweroff", "sh",
    "sleep", "stat", "sync", "uname",
)  # fmt: skip

_INITTAB = """\
::sysinit:/etc/rcS
hvc0::respawn:/bin/getty -L 115200 hvc0 vt100
"""
_RC = """\
#!/bin/sh
mount -t proc proc /proc
mount -t devtmpfs dev /dev
hostname {name}
echo "{name} has $(head -n 1 /proc/mounts | cut -d ' ' -f 1)"
{more}
"""


def linux(parts: Parts) -> bytes:
    """Return a guest's kernel, packed so that an emulated CPU unpacks it quickly."""
    return kernel.compress(kernel.trim(kernel.unpack(parts.kernel)))


def tree(place: Path, parts: Parts, name: str, more: str = "") -> Path:
    """Make a root directory that boots to a login prompt.

    Args:
        place: where to make it.
        parts: the source of BusyBox.
        name: its host name, which is part of the prompt.
        more: commands to run before the prompt.
    """
    for folder in ("bin", "dev", "etc", "mnt", "proc", "root", "sbin", "sys"):
        (place / folder).mkdir(parents=True)
    shutil.copy(parts.programs["busybox"], place / "bin/busybox")
    (place / "bin/busybox").chmod(0o755)
    for applet in (*APPLETS, "cut"):
        (place / "bin" / applet).symlink_to("busybox")
    (place / "sbin/init").symlink_to("../bin/busybox")
    (place / "etc/inittab").write_text(_INITTAB)
    (place / "etc/issue").write_text("")
    rc = place / "etc/rcS"
    rc.write_text(_RC.format(name=name, more=more))
    rc.chmod(0o755)
    return place


def whole_disk(place: Path, root: Path) -> Path:
    """Make a qcow2 image of a disk with a root directory on its first partition, as clouds do."""
    system = make.ext(place / "system.ext4", root, mib=12)
    script = "label: dos\nstart=2048, size=24576, type=83\n"
    disk = make.disk(place / "disk.img", script, {2048: system}, mib=16)
    image = place / "disk.qcow2"
    make.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", disk, image)
    for file in (system, disk):
        file.unlink()
    return image


def ramdisk_alone(parts: Parts, name: str) -> bytes:
    """Return a RAM disk that is the whole guest, with a shell prompt."""
    archive = Archive()
    for folder in ("/dev", "/proc"):
        archive.directory(folder)
    archive.device("/dev/console", 5, 1)
    archive.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    archive.link("/bin/sh", "busybox")
    script = f"""#!/bin/sh
/bin/busybox mount -t proc proc /proc
echo "{name} has $(/bin/busybox cut -d ' ' -f 3 /proc/mounts | /bin/busybox head -n 1)"
exec /bin/sh
"""
    archive.file("/init", script.encode(), executable=True)
    return gzip.compress(archive.dump(), 1)


def container(place: Path, root: Path, command: str) -> Path:
    """Make the archive that ``docker save`` makes from a root directory and its command."""
    layout = place / "layout"
    image = f"{layout}:guest"
    layer = make.tar(place / "layer.tar", root, "--owner=0", "--group=0", "--numeric-owner")
    make.run("umoci", "init", "--layout", layout)
    make.run("umoci", "new", "--image", image)
    make.run("umoci", "raw", "add-layer", "--image", image, layer)
    words = [f"--config.cmd={word}" for word in ("/bin/sh", "-c", command)]
    make.run("umoci", "config", "--image", image, "--architecture", "amd64",
             "--config.env", "WORD=two words", *words)  # fmt: skip
    archive = place / "container.tar"
    make.run("skopeo", "--insecure-policy", "copy", f"oci:{image}",
             f"docker-archive:{archive}:localhost/guest:1")  # fmt: skip
    shutil.rmtree(layout)
    layer.unlink()
    return archive
