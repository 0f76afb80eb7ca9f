# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Inspect the machine that builds: KVM, TUN, free disk space, user. Nothing is run."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_facts import HOLE
from xentui.bitbake.files import is_folder


@dataclass(frozen=True, slots=True)
class Host:
    """The machine that xentui, BitBake and runqemu run on.

    Attributes:
        kvm: ``ready``, ``refused`` (no permission) or ``missing``: ``/dev/kvm``.
        tun: the same for ``/dev/net/tun``.
        free_mib: MiB free where TMPDIR is or will be; ``None`` if unknown.
        place: the directory whose free space this is.
        root: whether this runs as root, which BitBake refuses.
        machine: MACHINE in the environment, which BitBake prefers to a weak default (``?=``).
    """

    kvm: str
    tun: str
    free_mib: int | None
    place: Path
    root: bool
    machine: str = ""


def inspect(build: BuildDir) -> Host:
    """Inspect the devices and the disk that a build and its first boot need."""
    tmpdir = build.value("TMPDIR").raw or ""
    place = Path(tmpdir) if tmpdir.startswith("/") and HOLE not in tmpdir else build.path
    existing = next((path for path in (place, *place.parents) if is_folder(str(path))), build.path)
    try:
        free = shutil.disk_usage(existing).free // (1024 * 1024)
    except OSError:
        free = None
    return Host(
        kvm=device_state("/dev/kvm"),
        tun=device_state("/dev/net/tun"),
        free_mib=free,
        place=existing,
        root=os.geteuid() == 0,
        machine=os.environ.get("MACHINE", ""),
    )


def device_state(path: str) -> str:
    """Return ``ready``, ``missing`` or ``refused`` (no permission) for a device file."""
    if not Path(path).exists():
        return "missing"
    return "ready" if os.access(path, os.R_OK | os.W_OK) else "refused"
