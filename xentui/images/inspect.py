# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Identify a local file by reading all of it, or only its beginning.

All of a file is read once, from its first byte to its last, for its digest, for unpacking and for
the members of an archive; in addition, a few blocks that its headers point to. However a file is
made, what is unpacked and what is remembered is bounded.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from xentui.errors import InputError
from xentui.images import container, directory, unpacking
from xentui.images.container import ArchiveFiles, FolderFiles, ImageFiles
from xentui.images.container_layers import layered_tree
from xentui.images.inspected import Inspected
from xentui.images.reader import Broken, BytesReader, FileReader, Reader
from xentui.images.recognise import Recognised, recognise, recognise_container
from xentui.images.sizing import TreeStatistics, image_size
from xentui.images.tar import ArchiveSummary, ChunkStream, summarise
from xentui.safe_text import quoted, visible

Progress = Callable[[int, int], None]
"""A callback that gets the number of bytes read so far, and the total."""

SMALL = 64 * 1024
"""Bytes up to which a file is read in full even if only its beginning is asked for."""

HEAD = 256 * 1024
"""Unpacked bytes of a compressed file that are read to identify it."""

SPARSE = 1024**3
"""Bytes in holes from which on no checksum is computed: BitBake needs none for local files."""

_CHUNK = 1024 * 1024
_MAX_HOLES = 100_000
MIN_UNPACKED_LIMIT = 2 * 1024**3
"""Bytes up to which any file may unpack."""
MAX_EXPANSION = 40
"""How many times its size a bigger file may unpack to."""

_MAX_CACHED = 1024
_MAX_ENTRIES_GLANCED = 20_000

_DISK_KINDS = ("ext", "disk", "filesystem", "iso", "qcow2")
"""Kinds of compressed files that are unpacked to their end, to learn the size of the disk."""

_Key = tuple[str, int, int, int, int]
_complete_results: dict[_Key, Inspected] = {}
_glances: dict[_Key, Inspected] = {}


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
            return _directory(path, directory.MAX_ENTRIES)
        key = _key(path, status)
        result = _complete_results.get(key)
        if result is None:
            result = _read(path, descriptor, status.st_size, progress or _ignore_progress)
            if _key(path, os.fstat(descriptor)) != key:
                raise InputError(
                    f"{visible(str(path))} changed while it was read", fix="Run again."
                )
            _remember(_complete_results, key, result)
        return result


def glance(path: Path) -> Inspected:
    """Return what a file is by its beginning and what that points to, in little time.

    A small file is read in full; the result of an earlier :func:`inspect` is used again.

    Raises:
        InputError: it cannot be read, or is neither a file nor a directory.
    """
    with _opened(path) as (descriptor, status):
        if descriptor is None:
            return _directory(path, _MAX_ENTRIES_GLANCED)
        key = _key(path, status)
        result = _complete_results.get(key) or _glances.get(key)
        if result is None:
            if status.st_size <= SMALL:
                result = _read(path, descriptor, status.st_size, _ignore_progress)
            else:
                result = _inspect_beginning(path, FileReader(descriptor, status.st_size))
            _remember(_glances, key, result)
        return result


def _directory(path: Path, max_entries: int) -> Inspected:
    """Return what a directory is, counting at most so many entries."""
    inspected = directory.inspect_directory(path, max_entries)
    if not container.is_layout(path):
        return inspected
    with FolderFiles(path) as files:
        content = recognise_container(lambda: files, "a directory with a container image")
        inspected = replace(
            inspected, content=content, image_size=None, init=None, problems=content.problems
        )
        is_complete = max_entries == directory.MAX_ENTRIES
        return _with_layers(inspected, files) if is_complete else inspected


def _inspect_beginning(path: Path, reader: FileReader) -> Inspected:
    """Return what the beginning of a file shows."""
    packed = unpacking.compression(reader.at(0, 16))
    problems: tuple[str, ...] = ()
    unpacked = None
    if packed is None:
        content = recognise(reader)
    else:
        content, unpacked, problems = _recognise_packed(reader, packed)
    return Inspected(
        path=path,
        size=reader.size,
        compression=packed,
        content=content,
        complete=False,
        unpacked=unpacked,
        init=content.init,
        problems=content.problems + problems,
    )


def _recognise_packed(
    reader: Reader, packed: str
) -> tuple[Recognised, int | None, tuple[str, ...]]:
    """Return what is in a compressed file, its unpacked size if known, and problems."""
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
    content = recognise(BytesReader(head))
    if unpacking.compression(head) is not None:
        content = Recognised("other", "something packed twice")
    # A file that was unpacked only in part seems to be cut short.
    return (content if len(head) < HEAD else replace(content, problems=())), unpacked, ()


def _read(path: Path, descriptor: int, size: int, progress: Progress) -> Inspected:
    reader = FileReader(descriptor, size)
    inspected = replace(_inspect_beginning(path, reader), complete=True)
    if inspected.kind == "container" and inspected.content.container is not None:
        inspected = _with_layers(inspected, ArchiveFiles(reader))
    holes = _holes(descriptor, size)
    if holes >= SPARSE:
        return replace(inspected, holes=holes)
    digest = hashlib.sha256()
    chunks = ChunkStream(_chunks(descriptor, size, digest.update, progress))
    if inspected.kind == "tar":
        inspected = _with_archive(inspected, chunks)
    elif inspected.compression is not None and inspected.kind in _DISK_KINDS:
        inspected = _with_unpacked_size(inspected, chunks)
    chunks.drain()
    return replace(inspected, holes=holes, sha256=digest.hexdigest())


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
    end = data = 0
    try:
        for _ in range(_MAX_HOLES):
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = os.lseek(descriptor, start, os.SEEK_HOLE)
            data += end - start
        # The rest, after so many holes, counts as data.
        data += size - end
    except OSError as error:
        if error.errno != errno.ENXIO:
            data = size
    os.lseek(descriptor, 0, os.SEEK_SET)
    return max(size - data, 0)


def _with_layers(inspected: Inspected, files: ImageFiles) -> Inspected:
    """Read the layers of a container image to find the size of its root directory."""
    image = inspected.content.container
    if image is None:
        return inspected
    try:
        tree = layered_tree(files, image)
    except Broken as error:
        problem = f"Its layers were not all read: {error.reason}."
        return replace(inspected, problems=(*inspected.problems, problem))
    image = replace(image, shell=tree.has("/bin/sh"))
    return replace(
        inspected,
        problems=(*inspected.problems, *_ignored_settings(image)),
        content=replace(inspected.content, container=image),
        image_size=image_size(tree.statistics()),
        init=tree.has_init(),
    )


def _ignored_settings(image: container.Container) -> Iterator[str]:
    """Yield the settings of an image that a guest built from it ignores, a sentence each."""
    if not image.command:
        yield "It has no entry point: name a program with init= yourself."
    elif not image.shell:
        yield "It has no shell: its program is started without arguments and environment."
    if image.user.partition(":")[0] not in ("", "0", "root"):
        yield f"It runs as the user {quoted(image.user)} in a container, and as root in a guest."


def _unpack(inspected: Inspected, stream: ChunkStream) -> tuple[ChunkStream, unpacking.Unpacker]:
    most = max(MIN_UNPACKED_LIMIT, MAX_EXPANSION * inspected.size)
    unpacker = unpacking.Unpacker(inspected.compression or "")
    pieces = iter(partial(stream.read, _CHUNK), b"")
    return ChunkStream(unpacking.unpacked(pieces, unpacker, most)), unpacker


def _with_unpacked_size(inspected: Inspected, stream: ChunkStream) -> Inspected:
    """Unpack a disk or file system to find its size and to check that it is complete."""
    inside, unpacker = _unpack(inspected, stream)
    try:
        inside.drain()
    except Broken as error:
        problem = f"Unpacking stops: {error.reason}."
        return replace(inspected, problems=(*inspected.problems, problem))
    problems = (*inspected.problems, *_trailing(inspected, unpacker))
    return replace(inspected, unpacked=inside.position, problems=problems)


def _trailing(inspected: Inspected, unpacker: unpacking.Unpacker) -> Iterator[str]:
    if unpacker.trailing and inspected.compression != "bz2":
        yield (
            "Other bytes follow the compressed ones, such as a signature, and BitBake fails to "
            "unpack it. Unpack it yourself, and import the result."
        )


def _with_archive(inspected: Inspected, stream: ChunkStream) -> Inspected:
    """Read an archive, compressed or not, to its end or to the limit."""
    archive, statistics = ArchiveSummary(), TreeStatistics()
    problems = list(inspected.problems)
    inside, unpacker = _unpack(inspected, stream) if inspected.compression else (stream, None)
    try:
        summarise(inside, archive, statistics)
        # Padding follows the end of an archive. The end of the compressed data proves it complete.
        inside.drain()
        if unpacker is not None:
            problems += _trailing(inspected, unpacker)
    except Broken as error:
        archive.complete = False
        problems.append(f"Not all of the archive was read: {error.reason}.")
    size = image_size(statistics) if archive.complete else None
    if archive.complete and size is None:
        problems.append("No image is big enough for what is in it.")
    return replace(
        inspected,
        archive=archive,
        unpacked=inside.position if archive.complete and inspected.compression else None,
        image_size=size,
        init=_init(archive),
        problems=(*problems, *_warnings(archive)),
    )


def _init(archive: ArchiveSummary) -> bool | None:
    if not archive.complete:
        return None
    if archive.init or archive.init_below_top:
        return True
    return None if None in (archive.init, archive.init_below_top) else False


def _warnings(archive: ArchiveSummary) -> Iterator[str]:
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


def _remember(results: dict[_Key, Inspected], key: _Key, result: Inspected) -> None:
    if len(results) >= _MAX_CACHED:
        results.clear()
    results[key] = result


def _ignore_progress(done: int, total: int) -> None:
    """Do nothing."""
