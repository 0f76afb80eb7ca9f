# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Identify a local file, reading all of it with its digest, or only its beginning.

A file is read once from its first byte to its last; digest, unpacking and the walk through an
archive all feed on that. Besides, a few blocks that its headers point to are read. However a
file is made, what is unpacked and what is remembered is bounded.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from xentui.errors import InputError
from xentui.images import container, tree, unpacking
from xentui.images.container import ArchiveFiles, FolderFiles, ImageFiles
from xentui.images.container_layers import layered_tree
from xentui.images.inspected import Inspected
from xentui.images.reader import Broken, BytesReader, FileReader, Reader
from xentui.images.recognise import Recognised, of_container, recognise
from xentui.images.sizing import TreeStatistics, image_size
from xentui.images.tar import Chunks, Tar, walk
from xentui.safe_text import quoted, visible

Progress = Callable[[int, int], None]
"""Called with the bytes that are read, and the total."""

SMALL = 64 * 1024
"""Bytes up to which a file is read in full even if only its beginning is asked for."""

HEAD = 256 * 1024
"""Unpacked bytes of a compressed file that are read to identify it."""

SPARSE = 1024**3
"""Bytes in holes from which on no checksum is computed: BitBake needs none for local files."""

_CHUNK = 1024 * 1024
_MOST_HOLES = 100_000
_LEAST_UNPACKED = 2 * 1024**3
_MOST_FACTOR = 40
_MOST_KNOWN = 1024
_GLANCED = 20_000

_PACKED_KINDS = ("ext", "disk", "filesystem", "iso", "qcow2")
"""Kinds of compressed files that are unpacked completely: disks of guests."""

_Key = tuple[str, int, int, int, int]
_whole: dict[_Key, Inspected] = {}
_heads: dict[_Key, Inspected] = {}


def inspect(path: Path, progress: Progress | None = None) -> Inspected:
    """Read all of a file, or walk through a directory, and return what it is.

    Results are cached while the size and the times of the file stay the same.

    Args:
        path: a file or directory.
        progress: called about once a MiB.

    Raises:
        InputError: it cannot be read, is neither file nor directory, or changes meanwhile.
    """
    with _opened(path) as (descriptor, status):
        if descriptor is None:
            return _folder(path, tree.MOST)
        key = _key(path, status)
        known = _whole.get(key)
        if known is None:
            known = _read(path, descriptor, status.st_size, progress or _nobody)
            if _key(path, os.fstat(descriptor)) != key:
                raise InputError(
                    f"{visible(str(path))} changed while it was read", fix="Run again."
                )
            _keep(_whole, key, known)
        return known


def glance(path: Path) -> Inspected:
    """Return what a file is by its beginning and what that points to, in little time.

    A small file is read in full; the result of an earlier :func:`inspect` is used again.

    Raises:
        InputError: it cannot be read, or is neither a file nor a directory.
    """
    try:
        status = path.stat()
    except (OSError, ValueError):
        status = None
    if status is not None and stat.S_ISREG(status.st_mode):
        key = _key(path, status)
        known = _whole.get(key) or _heads.get(key)
        if known is not None:
            return known
    with _opened(path) as (descriptor, status):
        if descriptor is None:
            return _folder(path, _GLANCED)
        if status.st_size <= SMALL:
            known = _read(path, descriptor, status.st_size, _nobody)
        else:
            known = _look(path, FileReader(descriptor, status.st_size))
        _keep(_heads, _key(path, status), known)
        return known


def _folder(path: Path, most: int) -> Inspected:
    """Return what a directory is, counting at most so many entries."""
    seen = tree.inspect(path, most)
    if not container.is_layout(path):
        return seen
    with FolderFiles(path) as files:
        found = of_container(files, "a directory with a container image")
        seen = replace(seen, found=found, image_size=None, init=None, problems=found.problems)
        return _with_layers(seen, files) if most == tree.MOST else seen


def _look(path: Path, reader: FileReader) -> Inspected:
    """Return what the beginning of a file shows."""
    packed = unpacking.compression(reader.at(0, 16))
    problems: tuple[str, ...] = ()
    unpacked = None
    if packed is None:
        found = recognise(reader)
    else:
        found, unpacked, problems = _packed(reader, packed)
    return Inspected(
        path=path,
        size=reader.size,
        compression=packed,
        found=found,
        whole=False,
        unpacked=unpacked,
        init=found.init,
        problems=found.problems + problems,
    )


def _packed(reader: Reader, packed: str) -> tuple[Recognised, int | None, tuple[str, ...]]:
    if not unpacking.can_unpack(packed):
        unpacked = unpacking.stated_size(reader, packed)
        return Recognised("packed", "something that this Python cannot unpack"), unpacked, ()
    try:
        head = unpacking.beginning(reader, packed, HEAD)
        unpacked = unpacking.stated_size(reader, packed)
    except Broken as error:
        return Recognised("unknown", "something"), None, (f"Unpacking stops: {error.reason}.",)
    if unpacked is None and len(head) < HEAD:
        unpacked = len(head)
    found = recognise(BytesReader(head))
    if unpacking.compression(head) is not None:
        found = Recognised("other", "something packed twice")
    # The sizes of what was unpacked only in part mean nothing.
    return (found if len(head) < HEAD else replace(found, problems=())), unpacked, ()


def _read(path: Path, descriptor: int, size: int, progress: Progress) -> Inspected:
    reader = FileReader(descriptor, size)
    seen = replace(_look(path, reader), whole=True)
    if seen.kind == "container" and seen.found.container is not None:
        seen = _with_layers(seen, ArchiveFiles(reader))
    holes = _holes(descriptor, size)
    if holes >= SPARSE:
        return replace(seen, holes=holes)
    digest = hashlib.sha256()
    chunks = Chunks(_chunks(descriptor, size, digest.update, progress))
    if seen.kind == "tar":
        seen = _walked(seen, chunks)
    elif seen.compression is not None and seen.kind in _PACKED_KINDS:
        seen = _unpacked_to_its_end(seen, chunks)
    chunks.drain()
    return replace(seen, holes=holes, sha256=digest.hexdigest())


def _chunks(
    descriptor: int, size: int, digest: Callable[[bytes | memoryview], None], progress: Progress
) -> Iterator[memoryview]:
    """Yield a file in chunks. Each chunk is valid only until the next one is requested."""
    buffer = memoryview(bytearray(_CHUNK))
    done = 0
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        while count := file.readinto(buffer):
            digest(buffer[:count])
            done += count
            yield buffer[:count]
            progress(done, max(size, done))


def _holes(descriptor: int, size: int) -> int:
    """Return the bytes of a file that are in holes, as far as the file system reports them."""
    place = data = 0
    try:
        for _ in range(_MOST_HOLES):
            start = os.lseek(descriptor, place, os.SEEK_DATA)
            place = os.lseek(descriptor, start, os.SEEK_HOLE)
            data += place - start
        # The rest, after so many holes, counts as data.
        data += size - place
    except OSError as error:
        if error.errno != errno.ENXIO:
            data = size
    os.lseek(descriptor, 0, os.SEEK_SET)
    return max(size - data, 0)


def _with_layers(seen: Inspected, files: ImageFiles) -> Inspected:
    """Read the layers of a container image to find the size of its root directory."""
    image = seen.found.container
    if image is None:
        return seen
    try:
        tree = layered_tree(files, image)
    except Broken as error:
        problem = f"Its layers were not all read: {error.reason}."
        return replace(seen, problems=(*seen.problems, problem))
    image = replace(image, shell=tree.has("/bin/sh"))
    return replace(
        seen,
        problems=(*seen.problems, *_not_carried(image)),
        found=replace(seen.found, container=image),
        image_size=image_size(tree.statistics()),
        init=tree.has_init(),
    )


def _not_carried(image: container.Container) -> Iterator[str]:
    """Yield the settings of an image that a guest built from it ignores, a sentence each."""
    if not image.command:
        yield "It has no entry point: name a program with init= yourself."
    elif not image.shell:
        yield "It has no shell: its program is started without arguments and environment."
    if image.user.partition(":")[0] not in ("", "0", "root"):
        yield f"It runs as the user {quoted(image.user)} in a container, and as root in a guest."


def _unpacked_to_its_end(seen: Inspected, stream: Chunks) -> Inspected:
    """Unpack a disk or file system to find its size and to check that it is complete."""
    most = max(_LEAST_UNPACKED, _MOST_FACTOR * seen.size)
    unpacker = unpacking.Unpacker(seen.compression or "")
    inside = Chunks(unpacking.unpacked(_pieces(stream), unpacker, most))
    try:
        inside.drain()
    except Broken as error:
        problem = f"Unpacking stops: {error.reason}."
        return replace(seen, problems=(*seen.problems, problem))
    problems = (*seen.problems, *_trailing(seen, unpacker))
    return replace(seen, unpacked=inside.place, problems=problems)


def _trailing(seen: Inspected, unpacker: unpacking.Unpacker) -> Iterator[str]:
    if unpacker.trailing and seen.compression != "bz2":
        yield (
            "Bytes that are not packed follow what is, such as a signature: BitBake's unpacking "
            "fails on them. Unpack it yourself, and take what comes of it."
        )


def _walked(seen: Inspected, stream: Chunks) -> Inspected:
    """Read an archive, compressed or not, to its end or to the limit."""
    archive, shape = Tar(), TreeStatistics()
    problems = list(seen.problems)
    inside = stream
    unpacker = None
    if seen.compression is not None:
        most = max(_LEAST_UNPACKED, _MOST_FACTOR * seen.size)
        unpacker = unpacking.Unpacker(seen.compression)
        inside = Chunks(unpacking.unpacked(_pieces(stream), unpacker, most))
    try:
        walk(inside, archive, shape)
        # Padding follows the end of an archive. The end of the compressed data proves it complete.
        inside.drain()
        if unpacker is not None:
            problems += _trailing(seen, unpacker)
    except Broken as error:
        archive.complete = False
        problems.append(f"Not all of the archive was read: {error.reason}.")
    size = image_size(shape) if archive.complete else None
    if archive.complete and size is None:
        problems.append("No image is big enough for what is in it.")
    return replace(
        seen,
        archive=archive,
        unpacked=inside.place if archive.complete and seen.compression else None,
        image_size=size,
        init=_init(archive),
        problems=(*problems, *_warnings(archive)),
    )


def _init(archive: Tar) -> bool | None:
    if not archive.complete:
        return None
    if archive.init or archive.init_below_top:
        return True
    return None if None in (archive.init, archive.init_below_top) else False


def _pieces(stream: Chunks) -> Iterator[bytes]:
    while packed := stream.read(_CHUNK):
        yield packed


def _warnings(archive: Tar) -> Iterator[str]:
    example = f", {quoted(archive.example)} for one" if archive.example else ""
    if archive.absolute:
        yield f"Names begin with a slash ({archive.absolute}{example}); tar takes it off."
    if archive.escaping:
        yield f"Names lead out of the archive ({archive.escaping}{example}); tar refuses them."
    if archive.devices:
        yield (
            f"It has device nodes ({archive.devices}), which only root or pseudo can unpack; "
            "the kernel makes those of /dev itself."
        )


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int | None, os.stat_result]]:
    """Open a regular file; the descriptor is ``None`` for a directory.

    Raises:
        InputError: it cannot be read now or later, or is neither a file nor a directory.
    """
    name = visible(str(path))
    descriptor = None
    try:
        # A pipe without a writer would block the plain open for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            yield None, status
        elif stat.S_ISREG(status.st_mode):
            yield descriptor, status
        else:
            raise InputError(
                f"{name} is neither a file nor a directory", fix="Copy it to a file first."
            )
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise InputError(
            f"{name} cannot be read: {(reason or 'its name is not valid').lower()}",
            fix="Check the name and your permissions.",
        ) from error
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _key(path: Path, status: os.stat_result) -> _Key:
    return (
        str(path.absolute()),
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def _keep(where: dict[_Key, Inspected], key: _Key, seen: Inspected) -> None:
    if len(where) >= _MOST_KNOWN:
        where.clear()
    where[key] = seen


def _nobody(done: int, total: int) -> None:
    """Ignore progress."""
