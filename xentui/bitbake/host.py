# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Inspect the computer that builds: KVM, TUN, free disk space, user. Nothing is run."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_types import HOLE
from xentui.bitbake.paths import is_folder


@dataclass(frozen=True, slots=True)
class Host:
    """The computer that xentui, BitBake and runqemu run on.

    Attributes:
        kvm: ``ready``, ``refused`` (no permission) or ``missing``: ``/dev/kvm``.
        tun: the same for ``/dev/net/tun``.
        free_mib: MiB free where TMPDIR is or will be; ``None`` if unknown.
        disk_folder: the existing folder whose free space this is.
        root: whether this runs as root, which BitBake refuses.
        machine: MACHINE in the environment, which BitBake prefers to a weak default (``?=``).
    """

    kvm: str
    tun: str
    free_mib: int | None
    disk_folder: Path
    root: bool
    machine: str = ""


def inspect(build: BuildDir) -> Host:
    """Inspect the devices and the disk that a build and its first boot need."""
    tmpdir = build.value("TMPDIR").raw or ""
    wanted = Path(tmpdir) if tmpdir.startswith("/") and HOLE not in tmpdir else build.path
    folders = (path for path in (wanted, *wanted.parents) if is_folder(str(path)))
    existing = next(folders, build.path)
    try:
        free = shutil.disk_usage(existing).free // (1024 * 1024)
    except OSError:
        free = None
    return Host(
        kvm=_device_state("/dev/kvm"),
        tun=_device_state("/dev/net/tun"),
        free_mib=free,
        disk_folder=existing,
        root=os.geteuid() == 0,
        machine=os.environ.get("MACHINE", ""),
    )


def _device_state(path: str) -> str:
    """Return ``ready``, ``missing`` or ``refused`` (no permission) for a device file."""
    if not Path(path).exists():
        return "missing"
    return "ready" if os.access(path, os.R_OK | os.W_OK) else "refused"
