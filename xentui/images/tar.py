# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read tar archives once, from their first byte to their last, in bounded memory.

Headers of POSIX.1-2001 (ustar and pax), GNU tar and Unix V7 are parsed by
:meth:`tarfile.TarInfo.frombuf`. Extended headers and maps of sparse files are joined to their
members here, because tarfile reads those of any length into memory.
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol

from xentui.images.lookup import INITS, exists
from xentui.images.reader import Broken, Reader
from xentui.images.sizing import TreeStatistics

BLOCK = 512
MAX_MEMBERS = 2_000_000
"""Maximum number of members that are read."""

_MAX_EXTENDED = 64 * 1024
_MAX_PATH = 4095
"""Maximum number of bytes of a path that Linux can open (PATH_MAX)."""

_MAX_TOPS = 64
_MAX_NAMES = 500_000
"""Maximum number of names that are remembered to follow links."""

_MAX_LINKS = 16 * 1024 * 1024
"""Maximum number of characters of links and their targets that are remembered."""

_LONG = {b"L": "path", b"K": "link"}
_PAX_RECORD = re.compile(rb"([1-9][0-9]{0,6}) ([^=\n]{1,200})=")
_PAX_KEYS = {
    b"path": "path",
    b"linkpath": "link",
    b"size": "size",
    b"GNU.sparse.name": "sparse",
    b"GNU.sparse.size": "real",
    b"GNU.sparse.realsize": "real",
}
_KINDS: dict[bytes, Kind] = {
    b"1": "hard link",
    b"2": "link",
    b"3": "device",
    b"4": "device",
    b"5": "directory",
    b"6": "pipe",
}

Kind = Literal["file", "directory", "link", "hard link", "device", "pipe"]


class Stream(Protocol):
    """Bytes that can only be read in order.

    Attributes:
        position: how many have been read or skipped.
    """

    position: int

    def read(self, length: int) -> bytes:
        """Return the next ``length`` bytes; fewer only at the end."""

    def skip(self, length: int) -> int:
        """Skip so many bytes, and return how many there were."""


class ChunkStream:
    """A stream over chunks of bytes."""

    def __init__(self, chunks: Iterable[bytes | memoryview]) -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(b"")
        self.position = 0

    def read(self, length: int) -> bytes:
        """Return the next ``length`` bytes; fewer only at the end."""
        content = bytearray()
        while len(content) < length and self._fill():
            content += self._take(length - len(content))
        return bytes(content)

    def skip(self, length: int) -> int:
        """Skip so many bytes, and return how many there were."""
        left = length
        while left and self._fill():
            left -= len(self._take(left))
        return length - left

    def drain(self) -> None:
        """Read everything that is left."""
        while self._fill():
            self._take(len(self._rest))

    def _fill(self) -> bool:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return False
            self._rest = memoryview(chunk)
        return True

    def _take(self, length: int) -> memoryview:
        taken, self._rest = self._rest[:length], self._rest[length:]
        self.position += len(taken)
        return taken


class ReaderStream:
    """A stream over a reader: skipped bytes are not read."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.position = 0

    def read(self, length: int) -> bytes:
        """Return the next ``length`` bytes; fewer only at the end."""
        content = self._reader.at(self.position, length)
        self.position += len(content)
        return content

    def skip(self, length: int) -> int:
        """Skip so many bytes, and return how many there were."""
        length = min(length, max(self._reader.size - self.position, 0))
        self.position += length
        return length


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an archive.

    Attributes:
        name: as in the archive.
        path: the name without ``./`` and without slashes at its beginning and end.
        kind: what it is.
        size: bytes of a file once unpacked.
        stored: bytes that follow its header, fewer than ``size`` for a sparse file.
        start: byte of the stream at which they begin.
        link: where a link points, or the name that a hard link repeats.
        mode: permissions.
    """

    name: str
    path: str
    kind: Kind
    size: int
    stored: int
    start: int
    link: str
    mode: int

    @property
    def escapes(self) -> bool:
        """Whether its name, or the target of a hard link, contains ``..``."""
        names = (self.name, self.link) if self.kind == "hard link" else (self.name,)
        return any(".." in name.split("/") for name in names)


@dataclass(slots=True)
class ArchiveSummary:
    """The contents of an archive, summed up.

    Attributes:
        members: how many.
        size: bytes of all its files, unpacked.
        tops: names at its top, at most 64, and whether each is a directory.
        many_tops: whether there are more.
        absolute: how many names begin with a slash.
        escaping: how many names or targets of hard links contain ``..``.
        devices: how many device nodes.
        setuid: how many files are setuid or setgid.
        example: a name that is absolute or contains ``..``.
        complete: whether it was read to its end.
        init: whether there is an init at its usual path, following links; ``None``
            where unknown.
        init_below_top: the same below the one directory that everything is in.
    """

    members: int = 0
    size: int = 0
    tops: dict[str, bool] = field(default_factory=dict)
    many_tops: bool = False
    absolute: int = 0
    escaping: int = 0
    devices: int = 0
    setuid: int = 0
    example: str = ""
    complete: bool = False
    init: bool | None = None
    init_below_top: bool | None = None

    @property
    def top(self) -> str | None:
        """The only directory at the top, or ``None``."""
        if self.many_tops or len(self.tops) != 1:
            return None
        name, folder = next(iter(self.tops.items()))
        return name if folder else None


def is_header(block: bytes) -> bool:
    """Return whether a block is the header of a member, by its checksum."""
    try:
        _header(block)
    except tarfile.HeaderError:
        return False
    return True


def members(stream: Stream, most: int = MAX_MEMBERS) -> Iterator[Member]:
    """Yield the members of an archive. Content that the caller does not read is skipped.

    Raises:
        Broken: a header is damaged, a member is cut short, or there are more than ``most``.
    """
    extended: dict[str, str | int] = {}
    count = 0
    while block := stream.read(BLOCK):
        if len(block) == BLOCK and not any(block):
            return
        if len(block) < BLOCK:
            raise Broken("it ends in the middle of a member")
        try:
            header = _header(block)
        except tarfile.HeaderError:
            raise Broken(f"the header after {count} members is damaged") from None
        if header.type in (b"L", b"K", b"x", b"g"):
            _extend(extended, header, stream)
            continue
        stored = extended.get("size", header.size)
        if not isinstance(stored, int) or stored < 0:
            raise Broken("the size of a member is not valid")
        member = _member(header, block, stored, extended, stream)
        extended = {}
        count += 1
        if count > most:
            raise Broken(f"it has more than {most} members")
        end = stream.position + _padded(member.stored)
        yield member
        left = end - stream.position
        if left and stream.skip(left) < left:
            raise Broken("it ends in the middle of a member")


def _member(
    header: tarfile.TarInfo,
    block: bytes,
    stored: int,
    extended: dict[str, str | int],
    stream: Stream,
) -> Member:
    name = extended.get("sparse", extended.get("path"))
    if not isinstance(name, str):
        # Only POSIX archives have a prefix there; GNU archives have times.
        posix = block[257:263] == b"ustar\0"
        name = header.name if posix else _text(block[:100].partition(b"\0")[0])
    if len(name) > _MAX_PATH:
        raise Broken("the name of a member is too long")
    link = extended.get("link")
    kind = _KINDS.get(header.type, "file")
    if kind == "file" and name.endswith("/"):
        kind = "directory"
    size = extended.get("real", stored)
    if header.type == b"S":
        real = block[483:495]
        size = _sparse_size(real) or stored
        more = block[482] != 0
        # Additional maps of the sparse file come before its content.
        while more:
            block = stream.read(BLOCK)
            if len(block) < BLOCK:
                raise Broken("it ends in the middle of a member")
            more = block[504] != 0
    if kind not in ("file", "directory"):
        # Links and devices have no content, whatever their size field.
        stored = 0
    return Member(
        name=name,
        path=_cleaned(name),
        kind=kind,
        size=size if isinstance(size, int) and kind == "file" else 0,
        stored=stored if header.type != b"5" else 0,
        start=stream.position,
        link=link if isinstance(link, str) else header.linkname,
        mode=header.mode,
    )


def _header(block: bytes) -> tarfile.TarInfo:
    # Header text may have any encoding: bytes that are not UTF-8 survive a round trip.
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


def _sparse_size(raw: bytes) -> int:
    digits = raw.partition(b"\0")[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return 0


def _cleaned(name: str) -> str:
    """Return a name without ``./`` and without slashes at its beginning and end."""
    return "/".join(step for step in name.split("/") if step not in ("", "."))


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _extend(extended: dict[str, str | int], header: tarfile.TarInfo, stream: Stream) -> None:
    """Apply an extended header to the next member."""
    if header.size > _MAX_EXTENDED:
        raise Broken("the name of a member is too long")
    if header.size < 0:
        raise Broken("the size of a member is not valid")
    content = stream.read(_padded(header.size))
    if len(content) < _padded(header.size):
        raise Broken("it ends in the middle of a member")
    content = content[: header.size]
    if header.type in _LONG:
        extended[_LONG[header.type]] = _text(content.partition(b"\0")[0])
    elif header.type == b"x":
        extended.update(_pax(content))


def _pax(content: bytes) -> Iterator[tuple[str, str | int]]:
    place = 0
    while place < len(content):
        match = _PAX_RECORD.match(content, place)
        if match is None:
            if content[place:].strip(b"\0"):
                raise Broken("an extended header is damaged")
            return
        end = place + int(match[1])
        if end <= match.end() or end > len(content):
            raise Broken("an extended header is damaged")
        value, key = content[match.end() : end - 1], _PAX_KEYS.get(match[2])
        if key in ("size", "real"):
            if not value.isdigit() or len(value) > 18:
                raise Broken("the size of a member is not valid")
            yield key, int(value)
        elif key is not None:
            yield key, _text(value)
        place = end


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class NameTree:
    """The names in an archive as a file tree, whose links are followed inside it.

    Attributes:
        root: where paths begin: empty, or the one directory that everything is in.
        complete: whether every name was remembered.
    """

    def __init__(self) -> None:
        self.root = ""
        self.complete = True
        self._links: dict[str, str] = {}
        self._names: set[int] = {hash("")}
        self._length = 0
        self._above = "", ""

    def add(self, path: str, kind: Kind, link: str) -> str:
        """Remember a name, and return its path once unpacked: links to folders are followed."""
        path = self._unpacked_path(path)
        if kind == "hard link":
            same = self._unpacked_path(_cleaned(link))
            kind, link = ("link", self._links[same]) if same in self._links else ("file", "")
        if kind == "link":
            self._length += len(path) + len(link)
            if self._length > _MAX_LINKS:
                self.complete = False
                return path
            self._links[path] = link
            self._above = "", ""
        elif self._links.pop(path, None) is not None:
            self._above = "", ""
        name = path
        while hash(name) not in self._names:
            if len(self._names) >= _MAX_NAMES:
                self.complete = False
                break
            self._names.add(hash(name))
            name = name.rpartition("/")[0]
        return path

    def _unpacked_path(self, path: str) -> str:
        above, _, name = path.rpartition("/")
        if not above or not self._links:
            return path
        if self._above[0] != above:
            self._above = above, self._without_links(above)
        return f"{self._above[1]}/{name}" if self._above[1] else name

    def _without_links(self, above: str) -> str:
        """Return the path of a directory with its links followed, except those in loops."""
        done: list[str] = []
        steps = above.split("/")[::-1]
        hops = 0
        while steps:
            step = steps.pop()
            if step in ("", "."):
                continue
            if step == "..":
                if done:
                    done.pop()
                continue
            target = self._links.get("/".join([*done, step]))
            if target is None:
                done.append(step)
                continue
            hops += 1
            if hops > 40 or len(target) > 4096:
                return above
            if target.startswith("/"):
                done.clear()
            steps += target.split("/")[::-1]
        return "/".join(done)

    def entry(self, folder: str, name: str) -> str | None:
        """Return the path of an entry of a directory, without following links."""
        path = f"{folder}/{name}" if folder else name
        return path if path in self._links or hash(path) in self._names else None

    def link(self, node: str) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""
        return self._links.get(node)

    def has_init(self, root: str = "") -> bool | None:
        """Return whether a kernel finds an init below a directory; ``None`` if unknown."""
        self.root = root
        if any(exists(self, path) for path in INITS):
            return True
        return False if self.complete else None


def summarise(stream: Stream, summary: ArchiveSummary, statistics: TreeStatistics) -> None:
    """Read an archive to its end and sum up its contents.

    Args:
        stream: its bytes.
        summary: is filled, as far as the archive can be read.
        statistics: what its tree needs of a file system, filled likewise.

    Raises:
        Broken: a header is damaged, or a limit is exceeded.
    """
    names = NameTree()
    for member in members(stream):
        summary.members += 1
        if member.name.startswith("/"):
            summary.absolute += 1
            summary.example = summary.example or member.name
        if member.escapes:
            summary.escaping += 1
            summary.example = summary.example or member.name
        if not member.path:
            continue
        _note_top(summary, member)
        plain = member.kind in ("file", "hard link")
        summary.setuid += plain and bool(member.mode & 0o6000)
        summary.devices += member.kind == "device"
        if member.escapes:
            continue
        path = names.add(member.path, member.kind, member.link)
        statistics.member(member.kind, path, member.size, member.link)
        summary.size += member.size
    summary.init = names.has_init()
    summary.init_below_top = names.has_init(summary.top) if summary.top is not None else False
    summary.complete = True


def _note_top(summary: ArchiveSummary, member: Member) -> None:
    name, _, rest = member.path.partition("/")
    folder = bool(rest) or member.kind == "directory"
    if name in summary.tops or len(summary.tops) < _MAX_TOPS:
        summary.tops[name] = summary.tops.get(name, False) or folder
    else:
        summary.many_tops = True
