# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write files into a folder, and never outside it.

Each name is opened from the folder's own descriptor, one part at a time, without following links.
A link in place of the file, of a folder above it or of the temporary file is refused, whenever it
appeared. A file is written under a temporary name and renamed, so that at any moment it has either
its old or its new contents.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import NamedTuple, Self

from xentui.errors import InputError, RefusedError, os_error_text
from xentui.safe_text import quoted, visible

LOCK_SECONDS = 5.0
"""Seconds that a run waits for another one that writes into the same folder."""

MAX_READ = 64 << 20
"""Maximum size of a file that is read, in bytes."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LEFTOVER = re.compile(r"\..+\.xentui-[0-9a-f]{16}\.tmp", re.DOTALL)
_CANNOT_LOCK = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_CANNOT_SYNC = (errno.EINVAL, errno.EROFS, errno.EOPNOTSUPP)


class FileState(NamedTuple):
    """Metadata of a file that differ after any change, to notice when other programs change it."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


def checked_parts(name: str) -> tuple[str, ...]:
    """Return the parts of a relative name, after checking them.

    Raises:
        RefusedError: the name could lead out of the folder, on this or another system.
    """
    parts = tuple(name.split("/"))
    if any(
        part in ("", ".", "..") or "\\" in part or "\0" in part or part.endswith(":")
        or re.match(r"[A-Za-z]:", part)
        for part in parts
    ) or not PurePosixPath("/root", name).is_relative_to("/root"):  # fmt: skip
        raise RefusedError(
            f"{quoted(name)} is not the name of a file inside the folder", fix="Use a plain name."
        )
    return parts


class Tree:
    """An open folder. Names are relative to it, with ``/`` between their parts.

    Every method raises :class:`InputError` if the system reports an error, and
    :class:`RefusedError` if a link, or something else that is not a regular file, is in the way.
    """

    def __init__(self, root: Path, *, create: bool = False) -> None:
        self.root = root
        self._folders: dict[tuple[str, ...], int] = {}
        with self._as_input_error():
            if create:
                root.mkdir(parents=True, exist_ok=True)
            # The user chose this folder, so it may be a link.
            self._folders[()] = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder, and release its lock."""
        while self._folders:
            with contextlib.suppress(OSError):
                os.close(self._folders.popitem()[1])

    @property
    def identity(self) -> tuple[int, int]:
        """The folder's device and inode number, whatever path it was opened with."""
        with self._as_input_error():
            status = os.fstat(self._folders[()])
        return status.st_dev, status.st_ino

    def lock(self, seconds: float = LOCK_SECONDS) -> None:
        """Lock the folder against other runs until it is closed.

        The lock is on the folder itself, so no lock file remains. On a file system without locks
        (some network ones), the run continues without a lock.

        Raises:
            RefusedError: another run still has the lock after the given seconds.
        """
        give_up = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._folders[()], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in _CANNOT_LOCK:
                    return
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise _input_error(self.root, error) from error
                if time.monotonic() > give_up:
                    raise RefusedError(
                        f"{_shown(self.root)}: another run of xentui is writing here",
                        fix="Wait until it is done, then run again.",
                    ) from None
                time.sleep(0.02)
            else:
                return

    def state(self, name: str) -> FileState | None:
        """Return the state of a file, to be expected later; ``None`` if it does not exist."""
        parts = checked_parts(name)
        folder = self._folder(parts[:-1])
        return None if folder is None else self._state_in(folder, name, parts[-1])

    def read(self, name: str) -> bytes | None:
        """Return the contents of a file, or ``None`` if it does not exist.

        Raises:
            InputError: it has more than :data:`MAX_READ` bytes.
        """
        opened = self.open(name)
        if opened is None:
            return None
        with self._as_input_error(name), os.fdopen(opened, "rb") as file:
            too_big = os.fstat(opened).st_size > MAX_READ
            content = None if too_big else file.read(MAX_READ + 1)
        if content is None or len(content) > MAX_READ:
            raise InputError(
                f"{_shown(self.root / name)} is larger than {MAX_READ >> 20} MiB",
                fix="Check whether it belongs there; if not, move it away.",
            )
        return content

    def open(self, name: str) -> int | None:
        """Return a descriptor to read a regular file, or ``None`` if it does not exist.

        The caller closes it.
        """
        parts = checked_parts(name)
        folder = self._folder(parts[:-1])
        if folder is None or self._state_in(folder, name, parts[-1]) is None:
            return None
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._as_input_error(name):
            opened = os.open(parts[-1], flags, dir_fd=folder)
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                os.close(opened)
                raise _in_the_way(self.root / name)
            return opened

    def write(
        self,
        name: str,
        chunks: Iterable[bytes],
        *,
        expected: FileState | None,
        like: os.stat_result | None = None,
    ) -> None:
        """Write a file completely or not at all. An existing file's mode and owner are kept.

        Args:
            name: the name of the file.
            chunks: its contents.
            expected: the state that :meth:`state` returned when the plan was made.
            like: the status of a file, whose permissions and time are copied.

        Raises:
            RefusedError: the file's state is not the expected one.
        """
        parts = checked_parts(name)
        with self._as_input_error(name):
            folder = self._folder(parts[:-1], create=True)
            assert folder is not None  # noqa: S101 - create makes it
            before = _stat(folder, parts[-1])
            temporary = f".{parts[-1][:100]}.xentui-{secrets.token_hex(8)}.tmp"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.open(temporary, flags, 0o600, dir_fd=folder)
            try:
                try:
                    for chunk in chunks:
                        _write_all(file, chunk)
                    _copy_owner_and_mode(file, before)
                    if like is not None:
                        os.fchmod(file, stat.S_IMODE(like.st_mode) & 0o777)
                        os.utime(file, ns=(like.st_mtime_ns, like.st_mtime_ns))
                    os.fsync(file)
                finally:
                    os.close(file)
                if self._state_in(folder, name, parts[-1]) != expected:
                    raise changed_meanwhile(self.root / name)  # noqa: TRY301
                os.replace(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise

    def remove(self, name: str, *, expected: FileState | None) -> None:
        """Remove a file, and the folders that become empty.

        Raises:
            RefusedError: the file's state is not the expected one.
        """
        parts = checked_parts(name)
        if self.state(name) != expected:
            raise changed_meanwhile(self.root / name)
        if expected is None:
            return
        with self._as_input_error(name):
            folder = self._folder(parts[:-1])
            os.unlink(parts[-1], dir_fd=folder)
        for depth in range(len(parts) - 1, 0, -1):
            above = self._folder(parts[: depth - 1])
            try:
                os.rmdir(parts[depth - 1], dir_fd=above)
            except OSError:
                return
            with contextlib.suppress(OSError):
                os.close(self._folders.pop(parts[:depth]))

    def sync(self) -> None:
        """Flush all renames to disk, so that they survive a power failure."""
        for parts, folder in self._folders.items():
            try:
                os.fsync(folder)
            except OSError as error:
                if error.errno not in _CANNOT_SYNC:
                    place = self.root.joinpath(*parts)
                    raise _input_error(place, error) from error

    def remove_if_empty(self) -> None:
        """Remove the folder itself if it is empty."""
        with contextlib.suppress(OSError):
            self.root.rmdir()

    def remove_leftovers(self) -> None:
        """Remove temporary files of a killed run; call this only while the folder is locked."""
        for folder in self._folders.values():
            with contextlib.suppress(OSError):
                for name in os.listdir(folder):  # noqa: PTH208 - a Path takes no descriptor
                    if _LEFTOVER.fullmatch(name):
                        os.unlink(name, dir_fd=folder)

    def _folder(self, parts: tuple[str, ...], *, create: bool = False) -> int | None:
        """Return the descriptor of a folder, or ``None`` if it does not exist."""
        if parts in self._folders:
            return self._folders[parts]
        above = self._folder(parts[:-1], create=create)
        if above is None:
            return None
        place = self.root.joinpath(*parts)
        try:
            if create:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(parts[-1], dir_fd=above)
            opened = os.open(parts[-1], _FOLDER, dir_fd=above)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise RefusedError(
                    f"{_shown(place)} is a link or not a folder, so nothing is written into it",
                    fix="Move it away, or choose another folder.",
                ) from None
            raise _input_error(place, error) from error
        self._folders[parts] = opened
        return opened

    def _state_in(self, folder: int, name: str, last: str) -> FileState | None:
        with self._as_input_error(name):
            status = _stat(folder, last)
        if status is None:
            return None
        if not stat.S_ISREG(status.st_mode):
            raise _in_the_way(self.root / name)
        return FileState(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @contextlib.contextmanager
    def _as_input_error(self, name: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _input_error(self.root / name, error) from error


def open_if_exists(root: Path) -> AbstractContextManager[Tree | None]:
    """Return a context manager for a folder; it yields ``None`` if the folder does not exist."""
    return Tree(root) if root.exists() or root.is_symlink() else nullcontext()


def changed_meanwhile(path: Path) -> StaleError:
    """Return the error for a file that was changed after the plan was made."""
    return StaleError(
        f"{_shown(path)} was changed by another program in the meantime",
        fix="Run again to see what would be written now.",
    )


class StaleError(RefusedError):
    """A file was changed after the plan was made."""


def _in_the_way(path: Path) -> RefusedError:
    return RefusedError(
        f"{_shown(path)} is a link or not a regular file, so it is not changed",
        fix="Move it away, or choose another folder.",
    )


def _stat(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _write_all(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def _copy_owner_and_mode(file: int, before: os.stat_result | None) -> None:
    """Give a new file the owner and mode of the one it replaces, or else the usual mode."""
    if before is None:
        # Reading the umask means setting it; the strictest value is safe for that moment.
        umask = os.umask(0o077)
        os.umask(umask)
        os.fchmod(file, 0o666 & ~umask)
        return
    now = os.fstat(file)
    if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
        with contextlib.suppress(PermissionError):
            os.fchown(file, before.st_uid, before.st_gid)
    os.fchmod(file, stat.S_IMODE(before.st_mode))


def _shown(path: Path) -> str:
    return visible(str(path))


def _input_error(path: Path, error: OSError) -> InputError:
    return InputError(f"{_shown(path)}: {os_error_text(error)}", fix=_advice(error))


def _advice(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "Free some space and run again. Each file is complete, either old or new."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "Choose a folder you may write to."
    if error.errno == errno.ENOENT:
        return "Create this folder first, or choose another."
    return "Choose another folder."
