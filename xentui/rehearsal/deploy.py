# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files of a build, used in place of the rehearsal's stand-ins.

They are found in the build's deploy directory by the names that recipes give them:
``xen-MACHINE.gz``, or ``xen-MACHINE`` for arm64 (mv:recipes-extended/xen/xen-hypervisor.inc,
``do_deploy``), ``bzImage`` or ``Image``, and ``RECIPE-MACHINE.rootfs.TYPE`` for images
(oe:meta/classes-recipe/image-artifact-names.bbclass). Xen only accepts tools of its own version, so
both come from the build, or neither.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from xentui.errors import InputError
from xentui.images.reader import Broken
from xentui.project import artifacts, boards
from xentui.project.model import Project
from xentui.rehearsal import kernel, plan, tempfiles
from xentui.rehearsal.parts import TOOLS, Parts
from xentui.rehearsal.plan import Part, Rehearsal
from xentui.rehearsal.system import System
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk

STORE = "/store"
"""Dom0's mount point for the disk with the guests' own files."""

DOM0_IMAGE = "xen-image-minimal"
_TYPES = ("ext4", "ext3", "ext2", "wic", "img")
_PACKED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzo")
_MOST_KERNEL = 256 * 1024 * 1024
_PLACES = (
    "/usr/sbin",
    "/usr/bin",
    "/usr/lib/xen/bin",
    "/usr/lib64/xen/bin",
    "/usr/libexec/xen/bin",
)
_VERSION = re.compile(rb"\b(4\.[0-9]{1,3})\.[0-9]{1,3}")
_LIBRARY = re.compile(r"libxenlight\.so\.(4\.[0-9]+)")


@dataclass(frozen=True, slots=True)
class Choice:
    """One part of the rehearsal, and whether it comes from the build.

    Attributes:
        what: the part, for people.
        own: whether it comes from the build; otherwise it is a stand-in.
        file: its name in the deploy directory, or its path in Dom0's image; empty for a stand-in.
        size: its size in bytes; 0 for a stand-in.
        why: why a stand-in is used, or an empty text.
    """

    what: str
    own: bool
    file: str = ""
    size: int = 0
    why: str = ""


@dataclass(slots=True)
class Own:
    """The files of a build that take part in a rehearsal.

    Attributes:
        folder: the deploy directory.
        choices: for the report.
        xen: the hypervisor, or ``None``.
        tools: paths of Xen's programs in Dom0's image by name; empty if stand-ins are used.
        system: Dom0's image, or ``None``.
        kernel: Dom0's kernel, or ``None``.
        modules: the folder of its modules in Dom0's image.
        files: guests' files: by their path in Dom0, a file or a path in Dom0's image.
        parts: the guests, with the xl configs and in the order of Dom0's image.
        notes: differences between the build and the project.
    """

    folder: Path
    choices: list[Choice] = field(default_factory=list)
    xen: Path | None = None
    tools: dict[str, str] = field(default_factory=dict)
    system: System | None = None
    kernel: Path | None = None
    modules: str = ""
    files: dict[str, Path | str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()

    def store(self) -> dict[str, str]:
        """Return the paths of the guests' files on the disk, by their path in Dom0."""
        return {path: f"{STORE}/{number}" for number, path in enumerate(self.files)}

    def close(self) -> None:
        """Close Dom0's image."""
        if self.system is not None:
            self.system.close()

    def applied(self, planned: Rehearsal) -> Rehearsal:
        """Return the rehearsal with guests that run as far as the build's files allow."""
        return replace(
            planned,
            parts=tuple(self._part(part) for part in self.parts),
            notes=(*planned.notes, *self.notes),
        )

    def _part(self, part: Part) -> Part:
        if part.kind == "hvm" or part.kernel not in self.files:
            return part
        roots = [part.ramdisk, *(image.path for image in part.images[:1])]
        if any(path in self.files for path in roots if path):
            return replace(part, mode="boot", why="")
        return replace(part, mode="run", why="its own kernel has no root file system here")


def find(folder: Path, project: Project, planned: Rehearsal, parts: Parts) -> Own:
    """Find the files of a build. The caller closes the result.

    Args:
        folder: its deploy directory, or the parent with one folder per machine.
        project: the project.
        planned: the rehearsal.
        parts: the stand-ins.

    Raises:
        InputError: ``folder`` is not a folder.
    """
    machine = planned.machine
    if not folder.is_dir():
        raise InputError(
            f"{folder}: is not a folder", fix="Give the build's tmp/deploy/images/MACHINE."
        )
    if (folder / machine).is_dir():
        folder = folder / machine
    own = Own(folder)
    try:
        _dom0_image(own, project, machine)
        _xen(own, planned, parts)
        _kernel(own, machine)
        own.parts = _in_order(own, tuple(_configured(own, project, part) for part in planned.parts))
        for part in own.parts:
            _guest(own, part)
    except BaseException:
        own.close()
        raise
    return own


def _dom0_image(own: Own, project: Project, machine: str) -> None:
    recipe = project.host.image or DOM0_IMAGE
    what = "Dom0's programs"
    names = [f"{recipe}-{machine}.rootfs.{kind}" for kind in _TYPES]
    found = [own.folder / name for name in names if (own.folder / name).is_file()]
    why = f"no {names[0]} or .wic is there"
    packed = [
        name + end for name in names for end in _PACKED if (own.folder / (name + end)).exists()
    ]
    if packed:
        why = f"{packed[0]} is compressed: uncompress it in the same folder"
    for path in found:
        try:
            system = System(path)
        except (Broken, OSError) as error:
            why = f"{path.name} cannot be read ({error})"
            continue
        own.system = system
        own.choices.append(Choice(f"{what} and modules, out of", True, path.name, _size(path)))
        return
    own.choices.append(Choice(what, False, why=why))


def _xen(own: Own, planned: Rehearsal, parts: Parts) -> None:
    names = (f"xen-{planned.machine}.gz", f"xen-{planned.machine}")
    path = next((own.folder / name for name in names if (own.folder / name).is_file()), None)
    if path is None:
        own.choices.append(Choice("Xen", False, why=f"no {names[0]} is there"))
        return
    tools, missing = _tools(own.system)
    version = _version(path)
    theirs = parts.tools.parent.name.removeprefix("xen-")
    if planned.hvm:
        tools, missing = {}, "HVM guests need the stand-in's device model"
    if tools:
        own.tools = tools
    elif version != theirs:
        why = f"{path.name} is of {version or 'an unknown version'}, {missing}"
        own.choices.append(Choice("Xen", False, why=f"{why}, and the stand-in's are of {theirs}"))
        return
    own.xen = path
    own.choices.append(Choice(f"Xen {version}".strip(), True, path.name, _size(path)))
    if tools:
        size = own.system.size(tools["xl"]) if own.system is not None else 0
        own.choices.append(Choice("xl and its like", True, f"Dom0's {tools['xl']}", size))
    else:
        own.choices.append(Choice("xl and its like", False, why=f"{missing}; {theirs} fits"))


def _tools(system: System | None) -> tuple[dict[str, str], str]:
    if system is None:
        return {}, "its tools are in no image that can be read"
    try:
        found = {}
        for name in TOOLS:
            place = next((f"{p}/{name}" for p in _PLACES if f"{p}/{name}" in system), None)
            if place is None:
                return {}, f"Dom0's image has no {name}"
            found[name] = place
        system.needed(*found.values())
    except Broken as error:
        return {}, f"something is missing in Dom0's image ({error.reason})"
    if "/etc/xen/scripts/block" not in system or "/etc/xen/xl.conf" not in system:
        return {}, "Dom0's image has no /etc/xen/scripts"
    return found, ""


def _version(path: Path) -> str:
    """Return the version of a hypervisor, or an empty text if it is not found in its bytes."""
    try:
        data = path.read_bytes()
        packed = data[:2] == b"\x1f\x8b"
        found = _VERSION.search(kernel.decompressed(data, path.name) if packed else data)
    except (OSError, InputError):
        return ""
    return found[1].decode() if found else ""


def _kernel(own: Own, machine: str) -> None:
    what = "Dom0's kernel"
    path = own.folder / boards.board(machine).kernel_image
    if not path.is_file() or _size(path) > _MOST_KERNEL:
        own.choices.append(Choice(what, False, why=f"no {path.name} is there"))
        return
    release = why = ""
    try:
        unpacked = kernel.unpacked(path)
        release = kernel.release(path.read_bytes()[:65536]) or kernel.release(unpacked)
        if not kernel.can_be_dom0(unpacked):
            why = f"{path.name} is not marked as a kernel that can be Dom0"
    except InputError as error:
        why = error.message
    modules = _modules(own.system, release)
    if not why and not modules:
        why = f"the modules of {release or path.name} are in no image that can be read"
    if why:
        own.choices.append(Choice(what, False, why=why))
        return
    own.kernel, own.modules = path, modules
    own.choices.append(Choice(f"{what} {release}", True, path.name, _size(path)))


def _modules(system: System | None, release: str) -> str:
    if system is None or not release:
        return ""
    places = (f"/lib/modules/{release}", f"/usr/lib/modules/{release}")
    return next((place for place in places if place in system), "")


def _configured(own: Own, project: Project, part: Part) -> Part:
    """Return a guest with its xl config from Dom0's image, if it has one there."""
    if own.system is None:
        return part
    label = f"{part.key}: xl config"
    try:
        text = own.system.read(part.config_path).decode()
    except (Broken, UnicodeDecodeError):
        own.choices.append(Choice(label, False, why=f"no {part.config_path} is in Dom0's image"))
        return part
    own.choices.append(Choice(label, True, f"Dom0's {part.config_path}", len(text.encode())))
    if _settings(text) != _settings(part.config):
        own.notes += (f"{part.config_path} of the build differs from the project: build again.",)
    return plan.part(project, project.guest(part.key), text, part.predicted)


def _settings(text: str) -> dict[str, object]:
    """Return the settings of an xl config without file names, which may contain a version."""
    config = xl_config.parse(text)
    settings: dict[str, object] = {name: s.value for name, s in config.settings.items()}
    disks = [replace(xl_disk.parse(disk), target="") for disk in config.texts("disk")]
    return {**settings, "disk": disks, "kernel": config.text("kernel") is not None}


def _in_order(own: Own, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Return guests in the order in which the build's own xendomains starts them."""
    if own.system is None or artifacts.AUTO not in own.system:
        return parts
    targets = [
        own.system.link(f"{artifacts.AUTO}/{name}") for name in own.system.names(artifacts.AUTO)
    ]
    by_path = {part.config_path: part for part in parts}
    first = [by_path[target] for target in targets if target in by_path]
    others = [part for part in parts if part not in first]
    for part in others:
        if part.autostart:
            own.notes += (f"The build does not start {part.key} with Dom0: build again.",)
    return (
        *(replace(part, autostart=True) for part in first),
        *(replace(part, autostart=False) for part in others),
    )


def _guest(own: Own, part: Part) -> None:
    wanted = [("kernel", part.kernel), ("RAM disk", part.ramdisk)]
    wanted += [("disk", image.path) for image in part.images]
    for what, path in wanted:
        if not path:
            continue
        label = f"{part.key}: {what}"
        name = path.rsplit("/", 1)[-1]
        file = own.folder / name
        if own.system is not None and path.startswith("/") and path in own.system:
            own.files[path] = path
            own.choices.append(Choice(label, True, f"Dom0's {path}", own.system.size(path)))
        elif file.is_file():
            own.files[path] = file
            own.choices.append(Choice(label, True, name, _size(file)))
        else:
            own.choices.append(Choice(label, False, why=f"no {name} is there"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def lines(choices: tuple[Choice, ...]) -> Iterator[str]:
    """Yield the choices as lines for people."""
    for choice in choices:
        if choice.own:
            yield f"  {choice.what}: {choice.file}, {choice.size / 1048576:.1f} MiB"
        else:
            yield f"  {choice.what}: a stand-in, as {choice.why}"


_SPARE = 32 * 1024 * 1024


def disk(own: Own, stack: ExitStack) -> IO[bytes]:
    """Return a disk with a writable copy of each of the guests' own files.

    It is a file without a name, made by the programs of e2fsprogs; ``stack`` closes it.

    Raises:
        InputError: a file cannot be read, or e2fsprogs is missing.
    """
    sizes = [
        own.system.size(source) if isinstance(source, str) and own.system is not None
        else Path(source).stat().st_size
        for source in own.files.values()
    ]  # fmt: skip
    whole = _SPARE + sum(sizes) * 21 // 20
    disk = tempfiles.file(stack)
    disk.truncate(-(-whole // 4096) * 4096)
    place = f"/proc/self/fd/{disk.fileno()}"
    _e2fs(disk, "mkfs.ext4", "-q", "-F", "-b", "4096", "-m", "0", "-O", "^has_journal", place)
    for number, source in enumerate(own.files.values()):
        with ExitStack() as once:
            file: IO[bytes]
            try:
                if isinstance(source, str):
                    file = tempfiles.file(once)
                    if own.system is not None:
                        own.system.copy(source, file)
                else:
                    file = once.enter_context(source.open("rb"))
            except (OSError, Broken) as error:
                raise InputError(f"{own.folder}: {source}: {error}") from error
            _e2fs(disk, "debugfs", "-w", "-R", f"write /proc/self/fd/{file.fileno()} {number}",
                 place, also=file)  # fmt: skip
    return disk


def _e2fs(disk: IO[bytes], name: str, *arguments: str, also: IO[bytes] | None = None) -> None:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if program is None:
        raise InputError(
            f"guests' own files need {name}, which is not there", fix="Install e2fsprogs."
        )
    given = (disk.fileno(), *([also.fileno()] if also is not None else []))
    run = subprocess.run(  # noqa: S603 - a fixed program, on files of our own
        [program, *arguments], pass_fds=given, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    errors = [line for line in run.stderr.splitlines() if not line.startswith("debugfs 1.")]
    if run.returncode or errors:
        raise InputError(f"{name}: {' '.join(errors) or f'exit code {run.returncode}'}")
