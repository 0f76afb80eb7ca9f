# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read and write one disk of a guest: an entry of the xl setting ``disk``.

The reader is a scanner like xen:tools/libs/util/libxlu_disk_l.l of Xen 4.17 to 4.22: at each
position the longest match of its patterns counts, and the first of equally long ones. Then the
entry is checked as by ``xlu_disk_parse`` (libxlu_disk.c).

An entry can mix old and new syntax. Words without ``=`` are target, format, device and access, in
that order. The rest of the entry after ``target=`` is the target. An old prefix such as ``file:``
sets the format, so no word for it follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from xentui.safe_text import quoted
from xentui.xl.keys import DEFAULT_XEN, OLDEST, Version

FORMATS = ("raw", "qcow", "qcow2", "vhd", "empty", "qed")
_BACKEND_TYPES = ("phy", "tap", "qdisk", "standalone")
_SPECIFICATIONS = ("xen", "virtio")
_READ_ONLY = ("r", "ro")
_READ_WRITE = ("rw", "w", "")


@dataclass(frozen=True, slots=True)
class ConfigDisk:
    """A disk in a guest's config.

    Attributes:
        target: the file or device in Dom0 that has its contents.
        device: its name in the guest, such as ``xvda``.
        format: one of :data:`FORMATS`.
        backend: the domain that provides it; empty for Dom0.
        backend_type: ``phy``, ``tap``, ``qdisk`` or ``standalone``; empty if libxl chooses.
        specification: ``xen``, ``virtio`` or empty.
        prefixed: whether an old prefix (``file:``, ``phy:`` …) precedes the target.
        flags: other words, such as ``discard`` and ``direct-io-safe``.
        settings: other ``name=value`` settings, such as ``colo-host``.
        error: why xl would refuse it, or an empty text.
    """

    target: str = ""
    device: str = ""
    format: str = "raw"
    writable: bool = True
    cdrom: bool = False
    backend: str = ""
    backend_type: str = ""
    specification: str = ""
    script: str = ""
    prefixed: bool = False
    flags: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    error: str = ""


def parse(spec: str, xen: Version = DEFAULT_XEN) -> ConfigDisk:
    """Parse one entry of ``disk``.

    Args:
        spec: the entry.
        xen: the Xen whose xl reads it.
    """
    reader = _Reader(spec, xen)
    reader.read()
    return reader.disk()


def write(disk: ConfigDisk) -> str:
    """Return the entry for a disk in the new syntax: ``name=value`` words, the target last.

    Raises:
        ValueError: a value other than the target contains a comma, which would end it.
    """
    words = [f"format={disk.format}", f"vdev={disk.device}"]
    words.append("access=rw" if disk.writable else "access=ro")
    words += _named(disk)
    if disk.target:
        words.append(f"target={disk.target}")
    _check_commas(words[:-1] if disk.target else words)
    return ",".join(words)


def write_prefixed(disk: ConfigDisk) -> str:
    """Return the entry for a disk in the old syntax: ``file:PATH,DEVICE,ACCESS,NAME=VALUE…``.

    Only this syntax survives the Xen classes, which replace the text before the first comma by the
    path on the target.

    Raises:
        ValueError: a value contains a comma, or the path or device an equals sign.
    """
    device = f"{disk.device}:cdrom" if disk.cdrom else disk.device
    words = [f"file:{disk.target}", device, "rw" if disk.writable else "r"]
    if any("=" in word for word in words):
        raise ValueError("a path in this syntax cannot contain an equals sign")
    if disk.format != "raw":
        words.append(f"format={disk.format}")
    words += _named(replace(disk, cdrom=False))
    _check_commas(words)
    return ",".join(words)


def _named(disk: ConfigDisk) -> list[str]:
    """Return the words that both syntaxes have in common."""
    words = ["devtype=cdrom"] if disk.cdrom else []
    settings = (
        ("backend", disk.backend),
        ("backendtype", disk.backend_type),
        ("specification", disk.specification),
        ("script", disk.script),
        *disk.settings,
    )
    return [*words, *(f"{name}={value}" for name, value in settings if value), *disk.flags]


def _check_commas(words: list[str]) -> None:
    for word in words:
        if "," in word:
            raise ValueError(f"{quoted(word)} cannot contain a comma")


@dataclass(slots=True)
class _Reader:
    spec: str
    xen: Version
    target: str | None = None
    device: str | None = None
    format: str | None = None
    writable: bool = True
    cdrom: bool = False
    strings: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    error: str = ""
    prefixed: bool = False
    has_access: bool = False
    ended: bool = False

    def read(self) -> None:
        """Read the entry word by word, and store what it sets in the attributes."""
        place = 0
        while place < len(self.spec) and not self.ended:
            place = self._step(place)

    def disk(self) -> ConfigDisk:
        """Return the disk that was read."""
        format_, writable = self.format or "raw", self.writable
        if self.cdrom:
            writable = False
            if not self.target:
                format_ = "empty"
        if not self.error and self.device is None:
            self.error = "it names no device for the guest, such as xvda"
        if not self.error and self.target is None and not self.cdrom:
            self.error = "it names no file or block device"
        attributes = ("backend", "backendtype", "specification", "script")
        return ConfigDisk(
            target=self.target or "",
            device=self.device or "",
            format=format_,
            writable=writable,
            cdrom=self.cdrom,
            backend=self.strings.get("backend", ""),
            backend_type=self.strings.get("backendtype", ""),
            specification=self.strings.get("specification", ""),
            script=self.strings.get("script", ""),
            prefixed=self.prefixed,
            flags=tuple(dict.fromkeys(self.flags.values())),
            settings=tuple((k, v) for k, v in self.strings.items() if k not in attributes),
            error=self.error,
        )

    def _step(self, place: int) -> int:
        best: tuple[int, int, Callable[[_Reader, str], None]] | None = None
        for pattern, act, since in _RULES:
            if since > self.xen:
                continue
            match = pattern.match(self.spec, place)
            if match is not None and (best is None or match.end() > best[0]):
                best = (match.end(), match.end("word"), act)
        if best is None:
            self.broken(self.spec[place:])
            return len(self.spec)
        best[2](self, self.spec[place : best[1]])
        return best[1]

    def _refuse(self, message: str) -> None:
        self.error = self.error or message

    def skip(self, word: str) -> None:
        """Ignore white space before a word."""

    def assign(self, word: str) -> None:
        """Handle a ``name=value`` word."""
        name, _, value = word.removesuffix(",").partition("=")
        if name == "format":
            self._format(value)
        elif name == "access":
            self._access(value)
        elif name == "vdev":
            self._device(value)
        elif name in ("backendtype", "specification"):
            allowed = _BACKEND_TYPES if name == "backendtype" else _SPECIFICATIONS
            if value not in allowed:
                self._refuse(f"{quoted(value)} is not one of {', '.join(allowed)} ({name})")
            elif self.strings.setdefault(name, value) != value:
                self._refuse(f"{name} is set twice")
        elif name == "colo-port":
            if not re.match(r"\s*[+-]?0*[1-9]", value):
                self._refuse(f"{quoted(value)} is not a port (colo-port)")
            self.strings[name] = value
        else:
            self._string(name, value)

    def target_word(self, word: str) -> None:
        """Handle ``target=`` and the rest of the entry."""
        self._target(word.removesuffix(",").partition("=")[2])

    def flag(self, word: str) -> None:
        """Handle a word without a value."""
        name = word.removesuffix(",")
        if name in ("cdrom", "devtype=cdrom", "devtype=disk"):
            self.cdrom = name != "devtype=disk"
            return
        self.flags[name.removeprefix("no-").removeprefix("un").partition("=")[0]] = name

    def unknown_type(self, word: str) -> None:
        """Refuse another ``devtype``."""
        self._refuse(f"{quoted(word.removesuffix(','))} is not devtype=disk or devtype=cdrom")

    def unknown(self, word: str) -> None:
        """Refuse a setting that xl does not know."""
        self._refuse(f"{quoted(word.partition('=')[0])} is not a setting of a disk")

    def prefix(self, word: str) -> None:
        """Handle an old prefix, such as ``file:``."""
        self.prefixed = True
        name = word.removesuffix(":")
        if name in ("raw", "qcow", "qcow2", "vhd"):
            self._format(name)
        elif re.fullmatch("iscsi|e?nbd|drbd", name):
            self._string("script", f"block-{name}")

    def unknown_prefix(self, word: str) -> None:
        """Refuse an old prefix that xl does not know."""
        self._refuse(f"{quoted(word)} is not a prefix that xl knows")
        self.ended = True

    def positional(self, word: str) -> None:
        """Handle a word without ``=`` by its position: target, format, device, access."""
        value = word.removesuffix(",")
        if self.error:
            return
        if self.target is None:
            self.target = value
        elif not self.prefixed and self.format is None:
            if not self.target and self._device_and_type(value):
                self.format = "empty"
            else:
                self._format(value)
        elif self.device is None:
            if not self._device_and_type(value):
                self._device(value)
        elif not self.has_access:
            self.has_access = True
            self._access(value)
        else:
            self._refuse(f"{quoted(value)} is one word too many")
            self.ended = True

    def broken(self, word: str) -> None:
        """Refuse a text that no other pattern matches."""
        self._refuse(f"{quoted(word)} is not allowed there")
        self.ended = True

    def _device_and_type(self, value: str) -> bool:
        device, colon, kind = value.rpartition(":")
        if not colon:
            return False
        self._device(device)
        if kind in ("cdrom", "disk"):
            self.cdrom = kind == "cdrom"
        else:
            self._refuse(f"{quoted(kind)} after the device is not disk or cdrom")
        return True

    def _format(self, value: str) -> None:
        name = value or "raw"
        if name not in FORMATS:
            after = " after a prefix" if self.prefixed else ""
            self._refuse(f"{quoted(value)} is not a format that xl knows{after}")
        elif self.format is not None and self.format != name:
            self._refuse(f"the format is set twice, {self.format} and {name}")
        else:
            self.format = name

    def _access(self, value: str) -> None:
        if value not in (*_READ_ONLY, *_READ_WRITE):
            self._refuse(f"{quoted(value)} is not an access mode: r, ro, w or rw")
        else:
            self.writable = value in _READ_WRITE

    def _target(self, value: str) -> None:
        if self.target:
            self._refuse("the target is set twice")
        else:
            self.target = value

    def _device(self, value: str) -> None:
        if self.device:
            self._refuse("the device is set twice")
        else:
            self.device = value

    def _string(self, name: str, value: str) -> None:
        if self.strings.get(name):
            self._refuse(f"{name} is set twice")
        else:
            self.strings[name] = value


_NAMES = (
    "access|backend|backendtype|vdev|script|colo-host|colo-port|colo-export|active-disk|hidden-disk"
)
_FLAGS = "direct-io-safe|discard|no-discard|colo|no-colo"
_PATTERNS: tuple[tuple[str, Callable[[_Reader, str], None], Version], ...] = (
    # The text after "word" counts for the length of the match, but is read next.
    (r"(?P<word>[ \t\n]+)(?:[^ \t\n].*)?", _Reader.skip, OLDEST),
    (r"(?P<word>format=[^,]*,?)", _Reader.assign, OLDEST),
    (r"(?P<word>(?:cdrom|devtype=cdrom|devtype=disk),?)", _Reader.flag, OLDEST),
    (r"(?P<word>devtype=[^,]*,?)", _Reader.unknown_type, OLDEST),
    (rf"(?P<word>(?:{_NAMES})=[^,]*,?)", _Reader.assign, OLDEST),
    (r"(?P<word>specification=[^,]*,?)", _Reader.assign, (4, 17)),
    (rf"(?P<word>(?:{_FLAGS}),?)", _Reader.flag, OLDEST),
    # Xen 4.17 has the first two in the scanner's source, but not in the generated scanner that it
    # builds; 4.19 has them in both.
    (r"(?P<word>(?:trusted|untrusted|grant_usage=[01]),?)", _Reader.flag, (4, 19)),
    (r"(?P<word>target=.*)", _Reader.target_word, OLDEST),
    (r"(?P<word>[a-z][-a-z0-9]*=[^,],?)", _Reader.unknown, OLDEST),
    (
        r"(?P<word>(?:raw|qcow2?|vhd|iscsi|e?nbd|drbd|tapdisk|tap2?|aio|ioemu|file|phy):).*",
        _Reader.prefix,
        OLDEST,
    ),
    (r"(?P<word>[a-z][a-z0-9]*:)(?:[^a-z0-9].*)?", _Reader.unknown_prefix, OLDEST),
    (r"(?P<word>[^=,]*,|[^=,]+,?)", _Reader.positional, OLDEST),
    (r"(?P<word>.)", _Reader.broken, OLDEST),
)
_RULES = tuple((re.compile(pattern), act, since) for pattern, act, since in _PATTERNS)
