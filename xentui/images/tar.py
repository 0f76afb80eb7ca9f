# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tar archives, read once from their first byte to their last.

Headers are those of POSIX.1-2001 (ustar and pax), of GNU tar and of Unix V7. Contents of
members are passed over. What is remembered is bounded, whatever an archive holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from xentui.images.reader import Broken
from xentui.images.sizing import TreeStatistics

BLOCK = 512
MOST_MEMBERS = 2_000_000
"""How many members are read at most."""

_MOST_NAME = 64 * 1024
_MOST_TOPS = 64
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
_INIT = re.compile(r"(?:(.*)/)?(?:(?:usr/)?sbin|etc|(?:usr/)?bin)/init")


@dataclass(slots=True)
class Tar:
    """What an archive holds.

    Attributes:
        members: how many.
        size: bytes of all its files, unpacked.
        tops: names at its top, at most 64.
        many_tops: whether there are more.
        inits: directories in it, at most 16, below which an init lies; empty for the top.
        absolute: how many names begin with a slash.
        escaping: how many names or links to names in it have a ``..``.
        devices: how many device nodes.
        setuid: how many files are setuid or setgid.
        example: a name that is absolute or has a ``..``.
        complete: whether it was read to its end.
    """

    members: int = 0
    size: int = 0
    tops: dict[str, bool] = field(default_factory=dict)
    many_tops: bool = False
    inits: set[str] = field(default_factory=set)
    absolute: int = 0
    escaping: int = 0
    devices: int = 0
    setuid: int = 0
    example: str = ""
    complete: bool = False

    @property
    def top(self) -> str | None:
        """The one directory that everything is in, or ``None``."""
        if self.many_tops or len(self.tops) != 1:
            return None
        name, folder = next(iter(self.tops.items()))
        return name if folder else None

    @property
    def init(self) -> bool:
        """Whether an init lies where a root directory has it."""
        return "" in self.inits

    @property
    def init_below_top(self) -> bool:
        """Whether it lies so below the one directory that everything is in."""
        return self.top is not None and self.top in self.inits


def is_header(block: bytes) -> bool:
    """Return whether a block is the header of a member: its checksum says so."""
    if len(block) < BLOCK or not block[0]:
        return False
    stated = _octal(block[148:156])
    return stated is not None and stated == sum(block[:148]) + 256 + sum(block[156:BLOCK])


class TarWalk:
    """Takes an archive piece by piece.

    Attributes:
        found: what it holds, as far as it was taken.
        shape: what its tree needs of a file system.
    """

    def __init__(self) -> None:
        self.found = Tar()
        self.shape = TreeStatistics()
        self._header = bytearray()
        self._skip = 0
        self._extra = bytearray()
        self._wanted = 0
        self._padding = 0
        self._map = False
        self._kind = b""
        self._next: dict[str, str | int] = {}
        self._over = False

    def feed(self, piece: bytes | memoryview) -> None:
        """Take some more bytes.

        Raises:
            Broken: a header is damaged, or there is more than is read.
        """
        place, end = 0, len(piece)
        while place < end and not self._over:
            if self._skip and not self._map:
                step = min(self._skip, end - place)
                self._skip -= step
                place += step
            elif self._wanted:
                step = min(self._wanted, end - place)
                self._extra += piece[place : place + step]
                self._wanted -= step
                place += step
                if not self._wanted:
                    self._take_extra()
            else:
                step = min(BLOCK - len(self._header), end - place)
                self._header += piece[place : place + step]
                place += step
                if len(self._header) == BLOCK:
                    header = bytes(self._header)
                    self._header.clear()
                    if self._map:
                        # Further maps of a GNU sparse member come before its content.
                        self._map = header[504] != 0
                    else:
                        self._take(header)

    def finish(self) -> None:
        """Say that there is nothing more.

        Raises:
            Broken: a member is cut short.
        """
        if self._skip or self._wanted or self._header:
            raise Broken("it ends in the middle of a member")
        self.found.complete = True

    def _take(self, header: bytes) -> None:
        if not header[0] and not any(header):
            self._over = True
            return
        if not is_header(header):
            raise Broken(f"the header after {self.found.members} members is damaged")
        kind = header[156:157]
        stated = _octal(header[124:136])
        size = self._next.get("size", stated) if kind not in b"LKxg" else stated
        if not isinstance(size, int) or size < 0:
            raise Broken("the size of a member makes no sense")
        if kind in (b"L", b"K", b"x", b"g"):
            if size > _MOST_NAME:
                raise Broken("the name of a member is too long")
            self._kind, self._wanted, self._padding = kind, size, -size % BLOCK
            return
        path, link = self._names(header)
        real = self._next.get("real", size)
        self._next = {}
        # What is a link, a directory or a device has no content, whatever its size says.
        bare = kind in (b"1", b"2", b"3", b"4", b"5", b"6")
        self._skip = 0 if bare else size + -size % BLOCK
        if kind == b"S":
            self._map = header[482] != 0
            real = _octal(header[483:495]) or size
        self._member(kind, path, link, real if isinstance(real, int) else size, header)

    def _names(self, header: bytes) -> tuple[str, str]:
        link = self._next.get("link")
        path = self._next.get("sparse", self._next.get("path"))
        if not isinstance(path, str):
            path = _text(header[:100])
            if header[257:263] == b"ustar\0":
                prefix = _text(header[345:500])
                path = f"{prefix}/{path}" if prefix else path
        return path, link if isinstance(link, str) else _text(header[157:257])

    def _member(self, kind: bytes, path: str, link: str, size: int, header: bytes) -> None:
        found = self.found
        found.members += 1
        if found.members > MOST_MEMBERS:
            raise Broken(f"it has more than {MOST_MEMBERS} members")
        if path.startswith("/"):
            found.absolute += 1
            found.example = found.example or path
        steps = [step for step in path.split("/") if step not in ("", ".")]
        if ".." in steps or (kind == b"1" and ".." in link.split("/")):
            found.escaping += 1
            found.example = found.example or path
        folder = kind == b"5" or path.endswith("/")
        mode = _octal(header[100:108]) or 0
        if not steps:
            return
        self._top(steps[0], folder or len(steps) > 1)
        found.setuid += bool(mode & 0o6000 and not folder and kind != b"2")
        found.devices += kind in (b"3", b"4")
        name = "/".join(steps)
        match = _INIT.fullmatch(name)
        if match and not folder and len(found.inits) < 16:
            found.inits.add(match[1] or "")
        if folder:
            self.shape.folder(name)
        elif kind == b"1":
            self.shape.entry(name)
        elif kind == b"2":
            self.shape.link(name, len(link.encode("utf-8", "surrogateescape")))
        else:
            found.size += size
            self.shape.file(name, size)

    def _top(self, name: str, folder: bool) -> None:
        tops = self.found.tops
        if name in tops or len(tops) < _MOST_TOPS:
            tops[name] = tops.get(name, False) or folder
        else:
            self.found.many_tops = True

    def _take_extra(self) -> None:
        content = bytes(self._extra)
        self._extra.clear()
        self._skip = self._padding
        if self._kind in _LONG:
            self._next[_LONG[self._kind]] = _text(content)
        elif self._kind == b"x":
            self._pax(content)

    def _pax(self, content: bytes) -> None:
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
                    raise Broken("the size of a member makes no sense")
                self._next[key] = int(value)
            elif key is not None:
                self._next[key] = value.decode("utf-8", "surrogateescape")
            place = end


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _octal(raw: bytes) -> int | None:
    """Read a number of a header: octal digits, or GNU's binary for big ones."""
    if raw[0] & 0x80:
        return int.from_bytes(raw[1:], "big") if raw[0] == 0x80 else None
    digits = raw.strip(b" \0").partition(b"\0")[0].strip()
    if not digits:
        return 0
    try:
        return int(digits, 8)
    except ValueError:
        return None
