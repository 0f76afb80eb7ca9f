# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files of a build that replace the rehearsal's stand-ins: Xen, kernels, images, xl configs.

They are found in the build's deploy directory by the names that recipes give them:
``xen-MACHINE.gz``, or ``xen-MACHINE`` for arm64 (mv:recipes-extended/xen/xen-hypervisor.inc,
``do_deploy``), ``bzImage`` or ``Image``, and ``RECIPE-MACHINE.rootfs.TYPE`` for images
(oe:meta/classes-recipe/image-artifact-names.bbclass). Xen only accepts tools of its own version, so
both come from the build, or neither.
"""

from __future__ import annotations

import re
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
from xentui.rehearsal.dom0_image import Dom0Image
from xentui.rehearsal.parts import TOOLS, Parts
from xentui.rehearsal.plan import GuestPlan, RehearsalPlan
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk

STORE = "/store"
"""Dom0's mount point for the disk with the guests' own files."""

DOM0_IMAGE = "xen-image-minimal"
_IMAGE_TYPES = ("ext4", "ext3", "ext2", "wic", "img")
_COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".lzo")
_MAX_KERNEL_BYTES = 256 * 1024 * 1024
_SPARE_BYTES = 32 * 1024 * 1024
"""Space on the disk for guests' files in addition to their sizes, for ext4 itself."""

_TOOL_FOLDERS = (
    "/usr/sbin",
    "/usr/bin",
    "/usr/lib/xen/bin",
    "/usr/lib64/xen/bin",
    "/usr/libexec/xen/bin",
)
_VERSION = re.compile(rb"\b(4\.[0-9]{1,3})\.[0-9]{1,3}")


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
class BuildFiles:
    """The files of a build that replace stand-ins in a rehearsal.

    Attributes:
        folder: the deploy directory.
        choices: for each part of the rehearsal, whether it comes from the build.
        xen: the hypervisor, or ``None`` for the stand-in.
        tools: paths of Xen's programs in Dom0's image, by name; empty for the stand-ins.
        image: Dom0's image, or ``None``.
        kernel: Dom0's kernel, or ``None`` for the stand-in.
        modules: the folder of its modules in Dom0's image.
        guest_files: kernels, RAM disks and disks of guests by their path in Dom0: a file of the
            deploy directory, or a path in Dom0's image.
        guests: the guests, with the xl configs and in the order of Dom0's image.
        notes: differences between the build and the project.
    """

    folder: Path
    choices: list[Choice] = field(default_factory=list)
    xen: Path | None = None
    tools: dict[str, str] = field(default_factory=dict)
    image: Dom0Image | None = None
    kernel: Path | None = None
    modules: str = ""
    guest_files: dict[str, Path | str] = field(default_factory=dict)
    guests: tuple[GuestPlan, ...] = ()
    notes: tuple[str, ...] = ()

    def use(self, what: str, file: str, size: int) -> None:
        """Record that a part comes from the build; the arguments are those of :class:`Choice`."""
        self.choices.append(Choice(what, True, file, size))

    def use_stand_in(self, what: str, why: str) -> None:
        """Record why a stand-in is used for a part."""
        self.choices.append(Choice(what, False, why=why))

    def store_paths(self) -> dict[str, str]:
        """Return where each guest's file is on the disk of :func:`make_disk`, by path in Dom0."""
        return {path: f"{STORE}/{number}" for number, path in enumerate(self.guest_files)}

    def close(self) -> None:
        """Close Dom0's image."""
        if self.image is not None:
            self.image.close()

    def applied(self, planned: RehearsalPlan) -> RehearsalPlan:
        """Return the plan with guests that run as far as the build's files allow."""
        return replace(
            planned,
            guests=tuple(self._with_mode(guest) for guest in self.guests),
            notes=(*planned.notes, *self.notes),
        )

    def _with_mode(self, guest: GuestPlan) -> GuestPlan:
        if guest.kind == "hvm" or guest.kernel not in self.guest_files:
            return guest
        roots = [guest.ramdisk, *(image.path for image in guest.images[:1])]
        if any(path in self.guest_files for path in roots if path):
            return replace(guest, mode="boot", why="")
        return replace(guest, mode="run", why="its own kernel has no root file system here")


def find_build_files(
    folder: Path, project: Project, planned: RehearsalPlan, parts: Parts
) -> BuildFiles:
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
            f"{folder} is not a folder", fix="Give the build's tmp/deploy/images/MACHINE."
        )
    if (folder / machine).is_dir():
        folder = folder / machine
    files = BuildFiles(folder)
    try:
        _find_dom0_image(files, project, machine)
        _find_xen(files, planned, parts)
        _find_kernel(files, machine)
        guests = tuple(_with_built_config(files, project, guest) for guest in planned.guests)
        files.guests = _in_start_order(files, guests)
        for guest in files.guests:
            _find_guest_files(files, guest)
    except BaseException:
        files.close()
        raise
    return files


def _find_dom0_image(files: BuildFiles, project: Project, machine: str) -> None:
    recipe = project.host.image or DOM0_IMAGE
    what = "Dom0's programs"
    names = [f"{recipe}-{machine}.rootfs.{kind}" for kind in _IMAGE_TYPES]
    why = f"no {names[0]} or .wic is there"
    for name in (name + suffix for name in names for suffix in _COMPRESSIONS):
        if (files.folder / name).exists():
            why = f"{name} is compressed: uncompress it in the same folder"
            break
    for path in (files.folder / name for name in names):
        if not path.is_file():
            continue
        try:
            files.image = Dom0Image(path)
        except (Broken, OSError) as error:
            why = f"{path.name} cannot be read ({error})"
            continue
        files.use(f"{what} and modules, out of", path.name, _size(path))
        return
    files.use_stand_in(what, why)


def _find_xen(files: BuildFiles, planned: RehearsalPlan, parts: Parts) -> None:
    names = (f"xen-{planned.machine}.gz", f"xen-{planned.machine}")
    path = next((files.folder / name for name in names if (files.folder / name).is_file()), None)
    if path is None:
        files.use_stand_in("Xen", f"no {names[0]} is there")
        return
    tools, missing = _tools_in(files.image)
    version = _version(path)
    stand_in_version = parts.tools.parent.name.removeprefix("xen-")
    if planned.hvm:
        tools, missing = {}, "HVM guests need the stand-in's device model"
    if tools:
        files.tools = tools
    elif version != stand_in_version:
        why = f"{path.name} is of {version or 'an unknown version'}, {missing}"
        files.use_stand_in("Xen", f"{why}, and the stand-in's are of {stand_in_version}")
        return
    files.xen = path
    files.use(f"Xen {version}".strip(), path.name, _size(path))
    what = "xl and its like"
    if tools:
        size = files.image.size(tools["xl"]) if files.image is not None else 0
        files.use(what, f"Dom0's {tools['xl']}", size)
    else:
        files.use_stand_in(what, f"{missing}; {stand_in_version} fits")


def _tools_in(image: Dom0Image | None) -> tuple[dict[str, str], str]:
    """Return the paths of Xen's programs in an image; or none, and what is missing."""
    if image is None:
        return {}, "its tools are in no image that can be read"
    try:
        tools = {}
        for name in TOOLS:
            paths = (f"{folder}/{name}" for folder in _TOOL_FOLDERS)
            path = next((path for path in paths if path in image), None)
            if path is None:
                return {}, f"Dom0's image has no {name}"
            tools[name] = path
        image.with_libraries(*tools.values())
    except Broken as error:
        return {}, f"something is missing in Dom0's image ({error.reason})"
    if "/etc/xen/scripts/block" not in image or "/etc/xen/xl.conf" not in image:
        return {}, "Dom0's image has no /etc/xen/scripts"
    return tools, ""


def _version(path: Path) -> str:
    """Return the version of a hypervisor, or an empty text if it is not found in its bytes."""
    try:
        data = path.read_bytes()
        packed = data[:2] == b"\x1f\x8b"
        found = _VERSION.search(kernel.decompress(data, path.name) if packed else data)
    except (OSError, InputError):
        return ""
    return found[1].decode() if found else ""


def _find_kernel(files: BuildFiles, machine: str) -> None:
    what = "Dom0's kernel"
    path = files.folder / boards.board(machine).kernel.image
    if not path.is_file() or _size(path) > _MAX_KERNEL_BYTES:
        files.use_stand_in(what, f"no {path.name} is there")
        return
    release = why = ""
    try:
        unpacked = kernel.unpack(path)
        release = kernel.release_of(path.read_bytes()[:65536]) or kernel.release_of(unpacked)
        if not kernel.can_be_dom0(unpacked):
            why = f"{path.name} is not marked as a kernel that can be Dom0"
    except InputError as error:
        why = error.message
    modules = _modules_in(files.image, release)
    if not why and not modules:
        why = f"the modules of {release or path.name} are in no image that can be read"
    if why:
        files.use_stand_in(what, why)
        return
    files.kernel, files.modules = path, modules
    files.use(f"{what} {release}", path.name, _size(path))


def _modules_in(image: Dom0Image | None, release: str) -> str:
    """Return the folder of a kernel's modules in an image, or an empty text."""
    if image is None or not release:
        return ""
    folders = (f"/lib/modules/{release}", f"/usr/lib/modules/{release}")
    return next((folder for folder in folders if folder in image), "")


def _with_built_config(files: BuildFiles, project: Project, guest: GuestPlan) -> GuestPlan:
    """Return a guest with its xl config from Dom0's image, if it has one there."""
    if files.image is None:
        return guest
    label = f"{guest.key}: xl config"
    try:
        text = files.image.read(guest.config_path).decode()
    except (Broken, UnicodeDecodeError):
        files.use_stand_in(label, f"no {guest.config_path} is in Dom0's image")
        return guest
    files.use(label, f"Dom0's {guest.config_path}", len(text.encode()))
    if _settings(text) != _settings(guest.config):
        files.notes += (f"{guest.config_path} of the build differs from the project: build again.",)
    return plan.plan_guest(project, project.guest(guest.key), text, guest.predicted)


def _settings(text: str) -> dict[str, object]:
    """Return the settings of an xl config without file names, which may contain a version."""
    config = xl_config.parse(text)
    settings: dict[str, object] = {name: s.value for name, s in config.settings.items()}
    disks = [replace(xl_disk.parse(disk), target="") for disk in config.texts("disk")]
    return {**settings, "disk": disks, "kernel": config.text("kernel") is not None}


def _in_start_order(files: BuildFiles, guests: tuple[GuestPlan, ...]) -> tuple[GuestPlan, ...]:
    """Return guests in the order in which the build's own xendomains starts them."""
    if files.image is None or artifacts.AUTO not in files.image:
        return guests
    targets = [
        files.image.link_target(f"{artifacts.AUTO}/{name}")
        for name in files.image.list_folder(artifacts.AUTO)
    ]
    by_path = {guest.config_path: guest for guest in guests}
    first = [by_path[target] for target in targets if target in by_path]
    others = [guest for guest in guests if guest not in first]
    for guest in others:
        if guest.autostart:
            files.notes += (f"The build does not start {guest.key} with Dom0: build again.",)
    return (
        *(replace(guest, autostart=True) for guest in first),
        *(replace(guest, autostart=False) for guest in others),
    )


def _find_guest_files(files: BuildFiles, guest: GuestPlan) -> None:
    named = [("kernel", guest.kernel), ("RAM disk", guest.ramdisk)]
    named += [("disk", image.path) for image in guest.images]
    for what, path in named:
        if not path:
            continue
        label = f"{guest.key}: {what}"
        name = path.rsplit("/", 1)[-1]
        file = files.folder / name
        if files.image is not None and path.startswith("/") and path in files.image:
            files.guest_files[path] = path
            files.use(label, f"Dom0's {path}", files.image.size(path))
        elif file.is_file():
            files.guest_files[path] = file
            files.use(label, name, _size(file))
        else:
            files.use_stand_in(label, f"no {name} is there")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def choice_lines(choices: tuple[Choice, ...]) -> Iterator[str]:
    """Yield the choices as lines for people."""
    for choice in choices:
        if choice.own:
            yield f"  {choice.what}: {choice.file}, {choice.size / 1048576:.1f} MiB"
        else:
            yield f"  {choice.what}: a stand-in, as {choice.why}"


def make_disk(files: BuildFiles, stack: ExitStack) -> IO[bytes]:
    """Return an ext4 image with a writable copy of each of the guests' own files.

    It is a temporary file, which ``stack`` closes. The names of the files in it are numbers.

    Raises:
        InputError: a file cannot be read, or e2fsprogs is missing.
    """
    sizes = [
        files.image.size(source) if isinstance(source, str) and files.image is not None
        else Path(source).stat().st_size
        for source in files.guest_files.values()
    ]  # fmt: skip
    size = _SPARE_BYTES + sum(sizes) * 21 // 20
    disk = tempfiles.new_file(stack)
    disk.truncate(-(-size // 4096) * 4096)
    place = tempfiles.path_of(disk)
    options = ("-q", "-F", "-b", "4096", "-m", "0", "-O", "^has_journal")
    tempfiles.run("mkfs.ext4", "e2fsprogs", *options, place, files=[disk])
    for number, source in enumerate(files.guest_files.values()):
        with ExitStack() as once:
            file: IO[bytes]
            try:
                if isinstance(source, str):
                    file = tempfiles.new_file(once)
                    if files.image is not None:
                        files.image.copy(source, file)
                else:
                    file = once.enter_context(source.open("rb"))
            except (OSError, Broken) as error:
                raise InputError(f"{files.folder}: {source}: {error}") from error
            command = f"write {tempfiles.path_of(file)} {number}"
            debugfs = ("debugfs", "e2fsprogs", "-w", "-R", command, place)
            output = tempfiles.run(*debugfs, files=[disk, file])
            # Its exit code is 0 even if it fails; the first line is its version.
            errors = [line for line in output.splitlines() if not line.startswith("debugfs 1.")]
            if errors:
                raise InputError(f"debugfs: {' '.join(errors)}")
    return disk
