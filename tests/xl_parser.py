# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Ask xl itself about guest configurations, without a hypervisor.

:func:`create` runs the whole ``xl create -n``, which reads a config and prints the domain it would
create, with :file:`xl_shim.c` in place of the hypervisor. :func:`parse` calls only its parser:
``libxlutil`` of Debian's libxenmisc4.17 has the grammar of config files (``xlu_cfg_readdata``) and
of disks (``xlu_disk_parse``). The structures are those of Xen 4.17:
tools/libs/util/libxlu_internal.h and the head of libxl_device_disk.
"""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

VERSION = "4.17"
_XL = Path(f"/usr/lib/xen-{VERSION}/bin/xl")
Value = str | list[str]


class _Value(ctypes.Structure):
    pass


class _List(ctypes.Structure):
    _fields_ = [
        ("avalues", ctypes.c_int),
        ("nvalues", ctypes.c_int),
        ("values", ctypes.POINTER(ctypes.POINTER(_Value))),
    ]


class _Content(ctypes.Union):
    _fields_ = [("string", ctypes.c_char_p), ("list", _List)]


class _Setting(ctypes.Structure):
    pass


class _Config(ctypes.Structure):
    _fields_ = [
        ("settings", ctypes.POINTER(_Setting)),
        ("report", ctypes.c_void_p),
        ("source", ctypes.c_char_p),
    ]


class _Disk(ctypes.Structure):
    _fields_ = [
        ("backend_domid", ctypes.c_uint32),
        ("backend_domname", ctypes.c_char_p),
        ("pdev_path", ctypes.c_char_p),
        ("vdev", ctypes.c_char_p),
        ("backend", ctypes.c_int),
        ("format", ctypes.c_int),
        ("script", ctypes.c_char_p),
        ("removable", ctypes.c_int),
        ("readwrite", ctypes.c_int),
        ("is_cdrom", ctypes.c_int),
        # More than the fields that are not read here.
        ("rest", ctypes.c_char * 1024),
    ]


_Value._fields_ = [("type", ctypes.c_int), ("content", _Content)]
_Setting._fields_ = [
    ("next", ctypes.POINTER(_Setting)),
    ("name", ctypes.c_char_p),
    ("value", ctypes.POINTER(_Value)),
    ("op", ctypes.c_int),
    ("lineno", ctypes.c_int),
]
_STRING = 0
_FORMATS = ("unknown", "qcow", "qcow2", "vhd", "raw", "empty", "qed")
"""The names of ``libxl_disk_format``, whose numbers begin at 0."""


@dataclass(frozen=True)
class Disk:
    """A disk as xl parsed it."""

    path: str
    device: str
    writable: bool
    format: str = "raw"
    cdrom: bool = False


@dataclass
class Config:
    """A guest's configuration as xl parsed it.

    Attributes:
        settings: each name with its text or list of texts.
        disks: the entries of ``disk``, each parsed.
        repeated: names that are set more than once.
        errors: the messages of xl's parser; empty if it accepted everything.
    """

    settings: dict[str, Value] = field(default_factory=dict)
    disks: list[Disk] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    errors: str = ""


@cache
def why_not_parse() -> str:
    """Return why xl's parser cannot be used here, or an empty text."""
    try:
        _libraries()
    except OSError as error:
        return f"xl's parser (Debian package libxenmisc{VERSION}) is missing: {error}"
    return ""


def parse(text: str, name: str = "guest.cfg") -> Config:
    """Parse a guest's configuration as ``xl create`` does."""
    libxlutil, libxenlight, libc = _libraries()
    data = text.encode()
    config = Config()
    with tempfile.TemporaryFile() as report:
        stream = libc.fdopen(os.dup(report.fileno()), b"w")
        handle = libxlutil.xlu_cfg_init(stream, name.encode())
        try:
            if libxlutil.xlu_cfg_readdata(handle, data, len(data)) == 0:
                _read_settings(handle, config)
                _read_disks(libxlutil, libxenlight, handle, config)
            else:
                config.errors = "xlu_cfg_readdata failed. "
        finally:
            libc.fflush(stream)
            libxlutil.xlu_cfg_destroy(handle)
            libc.fclose(stream)
        report.seek(0)
        config.errors += report.read().decode("utf-8", "replace")
    return config


@dataclass(frozen=True)
class Verdict:
    """The answer of ``xl create -n`` to a config.

    Attributes:
        accepted: whether it would create the domain.
        complaints: the lines on stderr, without the one that names the file.
        domain: the domain as libxl's JSON; empty if it was refused.
    """

    accepted: bool
    complaints: tuple[str, ...]
    domain: dict[str, Any]


@cache
def why_not_create() -> str:
    """Return why ``xl create -n`` cannot be run here, or an empty text."""
    if not _XL.exists():
        return f"xl (Debian package xen-utils-{VERSION}) is missing"
    return "" if shutil.which("gcc") else "gcc, for the stand-in of the hypervisor, is missing"


def create(text: str) -> Verdict:
    """Let ``xl create -n`` read a config."""
    path = _shim().parent / "guest.cfg"
    path.write_text(text, encoding="utf-8")
    result = subprocess.run(
        [_XL, "create", "-n", path],
        env={**os.environ, "LD_PRELOAD": str(_shim()), "LC_ALL": "C"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="replace",
        timeout=60,
    )
    complaints = tuple(
        line for line in result.stderr.splitlines() if not line.startswith("Parsing config")
    )
    try:
        domain = json.loads(result.stdout)
    except ValueError:
        domain = {}
    return Verdict(result.returncode == 0 and bool(domain), complaints, domain)


@cache
def _shim() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="xl-shim-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "xl_shim.so"
    source = Path(__file__).with_name("xl_shim.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    return library


@cache
def _libraries() -> tuple[Any, Any, Any]:
    libxlutil = ctypes.CDLL(f"libxlutil.so.{VERSION}")
    libxenlight = ctypes.CDLL(f"libxenlight.so.{VERSION}")
    libc = ctypes.CDLL(None)
    libc.fdopen.restype = ctypes.c_void_p
    libc.fdopen.argtypes = [ctypes.c_int, ctypes.c_char_p]
    libc.fflush.argtypes = [ctypes.c_void_p]
    libc.fclose.argtypes = [ctypes.c_void_p]
    config = ctypes.POINTER(_Config)
    libxlutil.xlu_cfg_init.restype = config
    libxlutil.xlu_cfg_init.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    libxlutil.xlu_cfg_readdata.argtypes = [config, ctypes.c_char_p, ctypes.c_int]
    libxlutil.xlu_cfg_destroy.argtypes = [config]
    libxlutil.xlu_disk_parse.argtypes = [
        config,
        ctypes.c_int,
        ctypes.POINTER(ctypes.c_char_p),
        ctypes.POINTER(_Disk),
    ]
    libxenlight.libxl_device_disk_init.argtypes = [ctypes.POINTER(_Disk)]
    return libxlutil, libxenlight, libc


def _read_settings(handle: Any, config: Config) -> None:
    """Read the settings, which libxlutil stores in reverse order."""
    setting = handle.contents.settings
    while setting:
        entry = setting.contents
        name = entry.name.decode()
        if name in config.settings:
            config.repeated.append(name)
        else:
            config.settings[name] = _value(entry.value.contents)
        setting = entry.next
    config.settings = dict(reversed(config.settings.items()))


def _value(value: Any) -> Value:
    if value.type == _STRING:
        return _text(value.content.string)
    entries = value.content.list
    return [_text(entries.values[i].contents.content.string) for i in range(entries.nvalues)]


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode("utf-8", "replace")


def _read_disks(libxlutil: Any, libxenlight: Any, handle: Any, config: Config) -> None:
    specs = config.settings.get("disk", [])
    for spec in [specs] if isinstance(specs, str) else specs:
        disk = _Disk()
        libxenlight.libxl_device_disk_init(ctypes.byref(disk))
        argument = (ctypes.c_char_p * 1)(spec.encode())
        if libxlutil.xlu_disk_parse(handle, 1, argument, ctypes.byref(disk)):
            config.errors += f"disk {spec!r} was refused. "
            continue
        config.disks.append(
            Disk(
                _text(disk.pdev_path),
                _text(disk.vdev),
                bool(disk.readwrite),
                _FORMATS[disk.format],
                bool(disk.is_cdrom),
            )
        )
