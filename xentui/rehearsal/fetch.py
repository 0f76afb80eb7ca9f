# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Fetching missing parts of a rehearsal: Debian or Ubuntu packages, unpacked but not installed.

The host's ``apt-get`` and ``dpkg`` do the work, without root: apt finds out which packages are not
installed, downloads them, and checks their signatures; dpkg unpacks them into a cache. For packages
of another architecture, apt uses lists next to the cache, so that the host's lists do not change.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xentui.errors import InputError, counted
from xentui.project import filesystem
from xentui.rehearsal.arch import ARCHITECTURES, host_architecture
from xentui.rehearsal.parts import MissingPart
from xentui.rehearsal.run import StoppedError

RECORD = "xentui-packages.json"
"""Name of the file in the cache that lists the unpacked packages."""

_FOREIGN_FIX = (
    "This system's archive may have no packages for {0}. Unpack Debian's for {0} into a folder, "
    "with QEMU for this host, and give it as --parts DIR."
)
_TEMPORARY_PREFIX = ".fetch-"
_POLL_SECONDS = 0.2

_INSTALL = re.compile(r"^Inst (\S+) \(\S+ ", re.MULTILINE)
"""A line of ``apt-get -s install``: a package, and its version."""
_KERNEL = re.compile(r"^(linux-(?:image|modules)-[0-9]\S*)$", re.MULTILINE)
_XEN_SYSTEM = "xen-system"
"""Prefix of Debian's metapackages for the hypervisor and its programs."""
_XEN = re.compile(r"^(xen-(?:hypervisor-[0-9]|utils-)\S*)$", re.MULTILINE)
_NOT_NEEDED = re.compile(r"systemd|udev|libpam|libnss|python3|grub|initramfs")
_URI = re.compile(r"^'[^']*' \S+ (\d+)", re.MULTILINE)
_KERNEL_METAPACKAGES = frozenset(
    name for arch in ARCHITECTURES.values() for name in arch.kernel_packages
)
_ONLY_FOR_SYSTEMS = re.compile(
    r"dpkg|apt|perl|debconf|gpgv|passwd|adduser|tar$|libc-bin|debian-archive"
)
"""Packages that apt adds for a whole system, and that programs do not need."""


@dataclass(frozen=True, slots=True)
class Download:
    """Packages to fetch.

    Attributes:
        packages: their names; for another architecture they end with a colon and its name.
        size: their size in bytes; 0 if apt does not know it.
    """

    packages: tuple[str, ...]
    size: int

    @property
    def amount(self) -> str:
        """The number of packages and their size, for people."""
        size = f", {self.size / 1_000_000:.0f} MB" if self.size else ""
        return f"{counted(len(self.packages), 'package')}{size}"

    def packages_for(self, debian: str) -> list[str]:
        """Return the packages for an architecture by Debian's name; an empty one is the host's."""
        parts = (name.partition(":") for name in self.packages)
        return [name for name, _, architecture in parts if architecture == debian]


def cache_folder() -> Path:
    """Return the folder into which packages are unpacked."""
    return filesystem.user_folder("cache") / "rehearsal" / "root"


def can_fetch() -> bool:
    """Return whether this host can fetch Debian packages."""
    return all(shutil.which(name) for name in ("apt-get", "apt-cache", "dpkg"))


def plan_download(missing: Iterable[MissingPart]) -> Download:
    """Return the packages that have to be fetched for missing parts.

    Raises:
        InputError: this host has no apt, or apt does not know all of them.
    """
    if not can_fetch():
        raise InputError(
            "this host has no apt-get to fetch packages with",
            fix="Unpack Debian's packages into a folder elsewhere, and give it as --parts DIR.",
        )
    packages: list[str] = []
    size = 0
    missing = tuple(missing)
    for debian in dict.fromkeys(part.foreign_arch for part in missing):
        named = (part.package.partition(":")[0] for part in missing if part.foreign_arch == debian)
        with _settings(debian) as settings:
            if debian:
                _apt("apt-get", "-q", "update", settings=settings, fix=_FOREIGN_FIX.format(debian))
            names = _packages_to_fetch(list(dict.fromkeys(named)), settings, debian)
            uris = _apt("apt-get", "download", "--print-uris", *names, settings=settings)
        size += sum(map(int, _URI.findall(uris)))
        packages += [f"{name}:{debian}".rstrip(":") for name in names]
    return Download(tuple(dict.fromkeys(packages)), size)


def _packages_to_fetch(wanted: list[str], settings: Path | None, debian: str) -> list[str]:
    """Return packages and those that they need, except what the host or Dom0 does without."""
    others = [name for name in wanted if name not in _KERNEL_METAPACKAGES]
    names: list[str] = []
    if others:
        command = ("apt-get", "-s", "-q", "install", "--no-install-recommends", *others)
        output = _apt(*command, settings=settings)
        names += [name for name in _INSTALL.findall(output) if not _NOT_NEEDED.match(name)]
        # A package that is installed, but without a file that is needed, is fetched as well.
        names += [name for name in others if not name.startswith(_XEN_SYSTEM)]
        for name in others:
            if name.startswith(_XEN_SYSTEM):
                # The hypervisor and its programs must be in one folder: fetch both, even if the
                # programs are installed.
                names += _XEN.findall(_dependencies(name, settings))
        names = list(dict.fromkeys(names))
    if debian:
        names = [name for name in names if not _ONLY_FOR_SYSTEMS.match(name)]
    if len(others) < len(wanted):
        names += _kernel_packages(settings, debian)
    return names


@contextmanager
def _settings(debian: str) -> Iterator[Path | None]:
    """Yield an apt.conf with separate lists for another architecture; ``None`` for the host's."""
    if not debian:
        yield None
        return
    folder = cache_folder().parent / f"apt-{debian}"
    for name in ("state/lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "state/status").touch()
    settings = folder / "apt.conf"
    settings.write_text(
        f'Dir::State "{folder}/state";\nDir::State::status "{folder}/state/status";\n'
        f'Dir::Cache "{folder}/cache";\nAPT::Architecture "{debian}";\n'
        f'#clear APT::Architectures;\nAPT::Architectures {{ "{debian}"; }};\n'
    )
    yield settings


def fetch_packages(
    wanted: Download,
    into: Path,
    *,
    say: Callable[[str], None],
    stop: Callable[[], bool] = lambda: False,
) -> None:
    """Fetch packages, and unpack them in addition to those in the cache.

    Args:
        wanted: the packages.
        into: the cache; it is created if it does not exist.
        say: called with each line about the progress.
        stop: called several times a second; returns whether to stop fetching.

    Raises:
        InputError: a package cannot be fetched or unpacked; the cache is unchanged.
        StoppedError: ``stop`` returned true; the cache is unchanged.
    """
    for debian in ("", *(arch.debian for arch in ARCHITECTURES.values())):
        names = wanted.packages_for(debian)
        if names:
            cache = into if not debian else into.with_name(f"{into.name}-{debian}")
            with _settings(debian) as settings:
                _fetch(names, cache, settings, say, stop)


def _fetch(
    names: list[str],
    into: Path,
    settings: Path | None,
    say: Callable[[str], None],
    stop: Callable[[], bool],
) -> None:
    into.parent.mkdir(parents=True, exist_ok=True)
    with (
        _locked(into.parent, say, stop),
        tempfile.TemporaryDirectory(prefix=_TEMPORARY_PREFIX, dir=into.parent) as folder,
    ):
        downloads, new_cache = Path(folder) / "packages", Path(folder) / "root"
        downloads.mkdir()
        if into.is_dir():
            shutil.copytree(into, new_cache, symlinks=True)
        new_cache.mkdir(exist_ok=True)
        say(f"fetching {len(names)} packages")
        _apt("apt-get", "-q", "download", *names, cwd=downloads, settings=settings, stop=stop)
        unpacked = unpacked_packages(into)
        for file in sorted(downloads.glob("*.deb")):
            _apt("dpkg", "-x", str(file), str(new_cache), stop=stop)
            name, version = file.name.split("_")[:2]
            unpacked[name] = version.replace("%3a", ":")
        (new_cache / RECORD).write_text(json.dumps(unpacked, indent=1, sort_keys=True) + "\n")
        if into.is_dir():
            into.rename(Path(folder) / "old")
        new_cache.rename(into)
    say(f"unpacked into {into}")


@contextmanager
def _locked(folder: Path, say: Callable[[str], None], stop: Callable[[], bool]) -> Iterator[None]:
    """Lock a folder for fetching, and remove the leftovers of a killed process."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        is_waiting = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not is_waiting:
                    say("waiting for another xentui that fetches")
                is_waiting = True
            if stop():
                raise StoppedError("the fetching was stopped")
            time.sleep(_POLL_SECONDS)
        for leftover in folder.glob(f"{_TEMPORARY_PREFIX}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    finally:
        os.close(descriptor)


def unpacked_packages(folder: Path) -> dict[str, str]:
    """Return the packages that were unpacked into a folder, with their versions."""
    try:
        versions = json.loads((folder / RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): str(version) for name, version in versions.items()}


def _kernel_packages(settings: Path | None, debian: str) -> list[str]:
    """Return the packages of the newest kernel for an architecture.

    Raises:
        InputError: there are none.
    """
    archs = (arch for arch in ARCHITECTURES.values() if arch.debian == debian)
    arch = next(archs, host_architecture())
    for metapackage in arch.kernel_packages:
        packages = _KERNEL.findall(_dependencies(metapackage, settings))
        if packages:
            return list(dict.fromkeys(packages))
    raise InputError(
        f"apt has no package {arch.kernel_packages[0]}",
        fix="Let root run apt-get update, or give another kernel in --parts DIR.",
    )


def _dependencies(package: str, settings: Path | None) -> str:
    """Return the names of everything that a package depends on, one per line."""
    return _apt(
        "apt-cache", "depends", "--recurse", "--no-recommends", "--no-suggests",
        "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances", package, check=False,
        settings=settings,
    )  # fmt: skip


def _apt(
    *command: str,
    cwd: Path | None = None,
    check: bool = True,
    settings: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    fix: str = "apt's lists may be old: let root run apt-get update.",
) -> str:
    """Run a program of apt or dpkg, and return what it prints.

    Raises:
        InputError: ``check`` is set, and it fails.
        StoppedError: ``stop`` returned true.
    """
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    if settings is not None:
        environment["APT_CONFIG"] = str(settings)
    with subprocess.Popen(  # noqa: S603 - apt's own programs, names without anything of the project
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    ) as run:
        try:
            output, complaints = _communicate(run, stop)
        except BaseException:
            run.terminate()
            raise
    if run.returncode and check:
        errors = [line for line in complaints.splitlines() if line.startswith("E:")]
        raise InputError(
            f"{command[0]}: {errors[0][2:].strip() if errors else 'failed'}",
            fix=fix,
        )
    return output


def _communicate(run: subprocess.Popen[str], stop: Callable[[], bool]) -> tuple[str, str]:
    while True:
        try:
            return run.communicate(timeout=_POLL_SECONDS)
        except subprocess.TimeoutExpired:
            if stop():
                raise StoppedError("the fetching was stopped") from None
