# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Projects to build: every vector and preset, each ready-made guest, and the files next to them."""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlparse

from tests.real import tree
from tests.real.build import Build
from tests.vectors import vectors
from xentui.output.sources import TARBALL
from xentui.project import artifacts, boards, schema, tables
from xentui.project.assets import Assets, gather
from xentui.project.guest_presets import add, guest_presets
from xentui.project.model import Guest, Host, Project

PRESETS = Path(__file__).parents[2] / "presets"


@dataclass(frozen=True)
class Case:
    """A project to build.

    Attributes:
        id: the name in test ids.
        original: the project as in its file.
        folder: the folder with the files next to it; ``None`` if stand-ins are made for them.
        expected: the recorded xl configs of the classes, by path; empty without a record.
        layout: the recorded tree on the target; empty without a record.
    """

    id: str
    original: Project
    folder: Path | None
    expected: dict[str, str] = field(default_factory=dict)
    layout: list[str] = field(default_factory=list)

    @property
    def project(self) -> Project:
        """Return the project, in which downloads have the checksum of their stand-in."""
        return _with_stand_ins(self.original)

    def assets(self, scratch: Path) -> Assets:
        """Return the files next to the project file; stand-ins are made in an empty folder."""
        if self.folder is not None:
            return gather(self.project, self.folder)
        for guest in self.original.guests:
            for fetch in (*(guest.source.fetch if guest.source else ()), *guest.fetch):
                if fetch.uri.startswith("file://"):
                    _make_file(scratch / fetch.uri.removeprefix("file://"))
        return gather(self.project, scratch)

    @property
    def extra_layers(self) -> tuple[str, ...]:
        """Return the layers that the project needs in addition to those that all need."""
        vxn = ("meta-poky",) if self.original.containers.vxn else ()
        return (*tree.layers_of_board(self.original.host.machine), *vxn)


def cases() -> list[Case]:
    """Return every vector, every preset, and each ready-made guest on a board that suits it."""
    found = [Case(v.id, _load(v.project_file), v.folder, v.configs, v.layout) for v in vectors()]
    presets = sorted(PRESETS.glob("*.toml"))
    found += [Case(f"preset-{path.stem}", _load(path), PRESETS) for path in presets]
    for preset in guest_presets():
        machine = "qemuarm64" if preset.arch == "aarch64" else "qemux86-64"
        made, _ = add(Project(Host(machine, memory=4096)), preset)
        found.append(Case(f"guest-{preset.name}", made, None))
    return found


def with_bundles() -> list[Case]:
    """Return the projects that have a guest in a bundle."""
    return [case for case in cases() if any(g.bundle for g in case.project.guests)]


def _load(file: Path) -> Project:
    return parse_project(file.read_text(encoding="utf-8"))


def parse_project(text: str) -> Project:
    """Return the project in a text."""
    data = tomllib.loads(text)
    problems = schema.validate(data)
    assert not problems, problems
    return tables.from_data(data)


def tarball(entries: dict[str, tuple[int, int, int]], compression: str = "gz") -> bytes:
    """Return a tarball.

    Args:
        entries: mode, owner and group by path; a path that ends with ``/`` is a directory.
        compression: ``gz``, ``xz``, ``bz2``, or empty for none.
    """
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=f"w:{compression}") as archive:  # type: ignore[call-overload]
        for path, (mode, uid, gid) in entries.items():
            entry = tarfile.TarInfo(path.rstrip("/"))
            entry.mode, entry.uid, entry.gid = mode, uid, gid
            entry.uname, entry.gname = "nobody-here", "nobody-here"
            content = path.encode()
            if path.endswith("/"):
                entry.type = tarfile.DIRTYPE
                archive.addfile(entry)
            else:
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


ROOT = {
    "./bin/": (0o755, 0, 0),
    "./bin/su": (0o4755, 0, 0),
    "./bin/wall": (0o2755, 0, 5),
    "./etc/": (0o755, 0, 0),
    "./etc/shadow": (0o640, 0, 42),
    "./srv/": (0o755, 0, 0),
    "./srv/app/": (0o700, 1000, 1000),
    "./srv/app/notes": (0o600, 1000, 1000),
    "./sbin/": (0o755, 0, 0),
    "./sbin/init": (0o755, 0, 0),
}
"""A root directory whose owners and setuid bits matter."""


def prepare(build: Build, wanted: Project) -> None:
    """Make up images and kernels as if they were built, and tarballs as if they were fetched."""
    machine = wanted.host.machine
    deploy = f"{boards.board(machine).medium.deploy}/{machine}"
    for guest in wanted.guests:
        if guest.source is None:
            build.put(f"{deploy}/{_name(wanted, guest)}", f"image of {guest.key}\n")
        fetched = {PurePosixPath(f.uri).name for f in guest.source.fetch} if guest.source else set()
        kernel = guest.kernel or artifacts.kernel_file(wanted, guest)
        if kernel not in ("", "none") and PurePosixPath(kernel).name not in fetched:
            build.put(f"{deploy}/{kernel}", f"kernel of {guest.key}\n")
        for fetch in guest.source.fetch if guest.source else ():
            if not fetch.uri.startswith("file:"):
                name = PurePosixPath(urlparse(fetch.uri).path).name
                build.put(f"downloads/{name}", _stand_in(fetch.uri))
                build.put(f"downloads/{name}.done", "")


def _name(wanted: Project, guest: Guest) -> str:
    return guest.rootfs or artifacts.image_file(wanted, guest)


def _make_file(path: Path) -> None:
    """Write a file that the import of this type accepts."""
    if path.suffix == ".qcow2":
        make = ("qemu-img", "create", "-q", "-f", "qcow2", path, "1M")
        subprocess.run(make, env={"PATH": tree.PATH}, check=True)
    else:
        path.write_bytes(_stand_in(path.name))


def _stand_in(uri: str) -> bytes:
    return tarball(ROOT) if TARBALL.search(urlparse(uri).path) else b"fetched\n"


def _with_stand_ins(wanted: Project) -> Project:
    guests = []
    for guest in wanted.guests:
        if guest.source is not None:
            fetch = tuple(
                entry
                if entry.uri.startswith("file:")
                else replace(entry, sha256=hashlib.sha256(_stand_in(entry.uri)).hexdigest())
                for entry in guest.source.fetch
            )
            guest = replace(guest, source=replace(guest.source, fetch=fetch))  # noqa: PLW2901
        guests.append(guest)
    return replace(wanted, guests=tuple(guests))
