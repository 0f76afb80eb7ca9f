# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files for guests, outside the project's folder."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

from xentui.images.inspect import inspect
from xentui.images.inspected import Inspected


def tarball(path: Path, *, init: bool = True) -> Path:
    """Make a small root file system, packed with gzip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in ("bin", "etc", *(("sbin",) if init else ())):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(folder)
        for name in ("bin/sh", *(("sbin/init",) if init else ())):
            file = tarfile.TarInfo(name)
            file.size, file.mode = 4, 0o755
            tar.addfile(file, io.BytesIO(b"\x7fELF"))
    path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))
    return path


def seen(path: Path) -> Inspected:
    """Inspect a file as the wizard does."""
    return inspect(path)
