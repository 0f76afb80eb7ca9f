# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Make image files with the tools that people use."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

_PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


def tool(name: str) -> str:
    """Return the path of a program, or skip the test if it is not installed."""
    found = shutil.which(name, path=_PLACES)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(name: str, *arguments: str | Path, text: str = "") -> str:
    """Run a program, which must succeed."""
    result = subprocess.run([tool(name), *arguments], input=text, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


def sparse(path: Path, mib: int) -> Path:
    """Make a sparse file of this size."""
    with path.open("wb") as file:
        file.truncate(mib << 20)
    return path


def root(folder: Path, *, init: bool = True, merged: bool = False) -> Path:
    """Make a small root directory, with or without an init, with /sbin as a link or not."""
    place = folder / "root"
    for name in ("bin", "etc", "lib/systemd", "usr/sbin", "dev"):
        (place / name).mkdir(parents=True)
    (place / "etc/hostname").write_text("guest\n")
    (place / "lib/systemd/systemd").write_bytes(b"\x7fELF" + bytes(5000))
    if merged:
        (place / "sbin").symlink_to("usr/sbin")
    else:
        (place / "sbin").mkdir()
    if init:
        (place / "sbin/init").symlink_to("/lib/systemd/systemd")
    return place


def ext(path: Path, tree: Path | None = None, *options: str, mib: int = 16) -> Path:
    """Make a file system from a tree."""
    sparse(path, mib)
    source = ("-d", tree) if tree is not None else ()
    run("mkfs.ext4", "-q", "-F", *options, *source, path)
    return path


def disk(path: Path, script: str, parts: dict[int, Path], mib: int = 64) -> Path:
    """Make a disk with partitions from a script for sfdisk, and write files at sectors of it."""
    sparse(path, mib)
    run("sfdisk", "-q", path, text=script)
    for sector, part in parts.items():
        with path.open("r+b") as file:
            file.seek(sector * 512)
            file.write(part.read_bytes())
    return path


def tar(path: Path, tree: Path, *options: str) -> Path:
    """Make an archive of a directory's contents."""
    run("tar", "-cf", path, *options, "-C", tree, ".")
    return path


def tarball(path: Path, *, init: bool = True) -> Path:
    """Make a small root file system packed with gzip, with or without an init."""
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
