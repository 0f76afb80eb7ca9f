# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write the parts of a bundle recipe that fetch files and prepare them for its class.

xen-guest-bundle.bbclass imports files from UNPACKDIR. Functions of the recipe run before its
do_compile, for two reasons:

* BitBake unpacks as the build user, so every file of a root directory would belong to that
  user in the guest, and setuid bits would be lost. Tarballs are therefore kept packed
  (``unpack=0``) and unpacked under pseudo, which do_compile runs under for ``rootfs_dir``.
  That must be in ``${WORKDIR}/rootfs``: pseudo watches a few folders of WORKDIR by name,
  UNPACKDIR is not one of them, and elsewhere a change of owner fails (oe:meta/conf/bitbake.conf,
  ``PSEUDO_INCLUDE_PATHS``).
* An import type that the class does not know is refused by a static ``case``
  (mv:classes/xen-guest-bundle.bbclass, ``do_compile``). The script of a project's own type, or
  qemu-img for another hypervisor's disk, runs first and makes a raw image, which the class then
  imports as ``raw``. A container image becomes a root directory, imported as ``rootfs_dir``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from xentui.bitbake import text
from xentui.bitbake.recipes import CONTAINER_CLASS
from xentui.project.artifacts import extra_files
from xentui.project.model import (
    BUILT_IN_IMPORTS,
    CONTAINER,
    CONVERTED_IMPORTS,
    KERNEL_ONLY,
    Fetch,
    Guest,
    ImportType,
    Project,
    Source,
)

TARBALL = re.compile(r"\.(?:tar(?:\.(?:gz|bz2|xz|zst|Z))?|tgz|tbz2?|txz|tzst)$")
"""Names of archives that ``tar`` can unpack with the tools in BitBake's HOSTTOOLS."""

ROOTS = "${WORKDIR}/rootfs"
"""Folder of the guests' root directories."""
CONVERTED = "${WORKDIR}/converted"
"""Folder of disk images that the class cannot import as they are, converted to raw images."""

_ARCHIVES = "archives"
_QEMU_IMG = "qemu-system-native:do_populate_sysroot"
"""The task that provides qemu-img; the class depends on the same one to convert qcow2 images
(``XEN_GUEST_IMPORT_DEPENDS_qcow2``)."""


@dataclass(slots=True)
class _Entry:
    """An entry of SRC_URI."""

    uri: str
    parameters: list[str] = field(default_factory=list)
    arch: str | None = None
    sha256: str | None = None
    name: str = ""

    def text(self) -> str:
        name = [f"name={self.name}"] if self.name else []
        return ";".join([text.uri(self.uri), *self.parameters, *name])


@dataclass(slots=True)
class Fetches:
    """What a recipe fetches, and what its functions do with it.

    Attributes:
        entries: the entries of SRC_URI.
        trees: root directories to unpack from tarballs, relative to :data:`ROOTS`.
        directories: fetched root directories to copy: their paths in UNPACKDIR and in ROOTS.
        conversions: guests whose source is converted to a raw image first, with the project's own
            import type, or ``None`` to use qemu-img.
        containers: keys of the guests that are built from container images.
        default_size: MiB of an image whose source does not set a size.
    """

    entries: list[_Entry] = field(default_factory=list)
    trees: list[str] = field(default_factory=list)
    directories: list[tuple[str, str]] = field(default_factory=list)
    conversions: list[tuple[Guest, Source, ImportType | None]] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)
    default_size: int = 256

    def src_uri(self) -> Iterator[str]:
        """Yield the SRC_URI block, if anything is fetched."""
        for_all = [entry.text() for entry in self.entries if entry.arch is None]
        lines = [text.assign_lines("SRC_URI", for_all)] if for_all else []
        for arch in dict.fromkeys(entry.arch for entry in self.entries if entry.arch):
            words = [entry.text() for entry in self.entries if entry.arch == arch]
            lines += [
                text.assign(f"SRC_URI:append:{text.name(arch)}", f" {word}") for word in words
            ]
        for entry in self.entries:
            if entry.sha256 is not None:
                flag = f"{entry.name}.sha256sum" if entry.name else "sha256sum"
                lines.append(text.assign("SRC_URI", _digest(entry.sha256), flag=flag))
        if lines:
            yield "\n".join(lines)

    def preparation(self) -> Iterator[str]:
        """Yield the functions that run before the class's do_compile."""
        if self.trees or self.directories:
            yield (
                _PREPARE_COMMENT
                + "\n"
                + self._prepare_rootfs()
                + "\n"
                + text.assign("do_compile", "prepare_rootfs", flag="prefuncs", operator="+=")
            )
        if self.conversions:
            depends = " ".join(dict.fromkeys(filter(None, map(_depends, self.conversions))))
            lines = [
                "# The class has only four import types: other files are converted to raw images",
                "# first.",
                self._convert_sources(),
                text.assign("do_compile", "convert_sources", flag="prefuncs", operator="+="),
            ]
            if depends:
                lines.append(text.assign("do_compile", depends, flag="depends", operator="+="))
            yield "\n".join(lines)
        if self.containers:
            names = " ".join(text.name(key) for key in self.containers)
            yield (
                "# Guests whose root directories this class builds from container images.\n"
                + text.assign("CONTAINER_GUESTS", names)
                + f"\ninherit {CONTAINER_CLASS}"
            )

    def _prepare_rootfs(self) -> str:
        lines = ["prepare_rootfs() {", f'    rm -rf "{ROOTS}"']
        if self.trees:
            lines += [
                f"    for tree in {' '.join(self.trees)}; do",
                f'        install -d "{ROOTS}/$tree"',
                f'        for archive in "${{UNPACKDIR}}/{_ARCHIVES}/$tree"/*; do',
                f'            tar --numeric-owner -xpf "$archive" -C "{ROOTS}/$tree"',
                "        done",
                "    done",
            ]
        for source, target in self.directories:
            lines += [
                f'    install -d "{ROOTS}/{target}"',
                f'    cp -a "${{UNPACKDIR}}/{source}/." "{ROOTS}/{target}/"',
                f'    chown -hR 0:0 "{ROOTS}/{target}"',
            ]
        return "\n".join([*lines, "}"])

    def _convert_sources(self) -> str:
        lines = [
            "convert_sources() {",
            f'    rm -rf "{CONVERTED}"',
            f'    install -d "{CONVERTED}"',
        ]
        for guest, source, kind in self.conversions:
            if kind is None:
                lines += [
                    f"    qemu-img convert -f {CONVERTED_IMPORTS[source.type]} -O raw \\",
                    f'        "${{UNPACKDIR}}/{text.path(source.file)}" \\',
                    f'        "{CONVERTED}/{text.name(guest.key)}.img"',
                ]
                continue
            size = source.image_size or self.default_size
            lines += [
                f'    sh -e "${{UNPACKDIR}}/{_base_name(text.path(kind.script))}" \\',
                f'        "${{UNPACKDIR}}/{text.path(source.file)}" \\',
                f'        "{CONVERTED}/{text.name(guest.key)}.img" {text.number(size)}',
            ]
        return "\n".join([*lines, "}"])


_PREPARE_COMMENT = """\
# BitBake unpacks as the build user, who would then own every file in the guest. Here, under
# pseudo, tar keeps the owners, groups and setuid bits of the archive."""


def source_type(source: Source) -> str:
    """Return the import type that the class gets, ``XEN_GUEST_SOURCE_TYPE``.

    The class needs an image for each guest, so a guest without a disk gets a copy of its kernel.
    """
    if source.type == CONTAINER:
        return "rootfs_dir"
    return source.type if source.type in BUILT_IN_IMPORTS else "raw"


def source_file(guest: Guest, source: Source) -> str:
    """Return ``XEN_GUEST_SOURCE_FILE``: a path relative to UNPACKDIR, or absolute.

    Raises:
        NotRepresentable: the path cannot be represented.
    """
    path = text.path(source.file)
    if source.type == "rootfs_dir":
        return f"{ROOTS}/{text.name(guest.key)}/{path}"
    if source.type == CONTAINER:
        return f"{ROOTS}/{text.name(guest.key)}"
    if source.type not in (*BUILT_IN_IMPORTS, KERNEL_ONLY):
        return f"{CONVERTED}/{text.name(guest.key)}.img"
    return path


def collect_fetches(project: Project, guests: list[Guest], configs: list[str]) -> Fetches:
    """Collect the files that the guests of a bundle fetch.

    Args:
        project: the project.
        guests: the guests of one bundle.
        configs: keys of the guests whose xl config is a file next to the recipe.

    Raises:
        NotRepresentable: an address or path cannot be represented, or an import type is unknown.
    """
    fetches = Fetches()
    imports = {kind.key: kind for kind in project.import_types}
    if project.defaults.image_size is not None:
        fetches.default_size = project.defaults.image_size
    for key in configs:
        fetches.entries.append(_Entry(f"file://{text.name(key)}.cfg"))
    for guest in guests:
        for number, fetch in enumerate(guest.fetch):
            _add_extra(fetches, guest, fetch, number)
        if guest.source is None:
            continue
        for number, fetch in enumerate(guest.source.fetch):
            _add_fetch(fetches, guest, guest.source, fetch, number)
        if guest.source.type == "rootfs_dir":
            _add_directory(fetches, text.name(guest.key), guest.source)
        if guest.source.type == CONTAINER:
            fetches.containers.append(guest.key)
        elif guest.source.type in CONVERTED_IMPORTS and guest.source.type not in imports:
            fetches.conversions.append((guest, guest.source, None))
        elif guest.source.type not in (*BUILT_IN_IMPORTS, KERNEL_ONLY):
            kind = imports.get(guest.source.type)
            if kind is None:
                raise text.NotRepresentable(
                    guest.source.type, "it is not an import type of this project"
                )
            fetches.conversions.append((guest, guest.source, kind))
            _add_once(fetches, _Entry(f"file://{_base_name(text.path(kind.script))}"))
    return fetches


def _add_fetch(fetches: Fetches, guest: Guest, source: Source, fetch: Fetch, number: int) -> None:
    entry = _Entry(fetch.uri, arch=fetch.arch, sha256=fetch.sha256)
    key = text.name(guest.key)
    subdir = text.path(fetch.subdir) if fetch.subdir else ""
    local = fetch.uri.removeprefix("file://") if fetch.uri.startswith("file://") else None
    if is_kept_packed(source, fetch):
        tree = f"{key}/{subdir}" if subdir and source.type != CONTAINER else key
        entry.parameters = ["unpack=0", f"subdir={_ARCHIVES}/{tree}"]
        if local is not None:
            entry.uri = f"file://{_base_name(local)}"
        if tree not in fetches.trees and source.type != CONTAINER:
            fetches.trees.append(tree)
    elif subdir:
        entry.parameters = [f"subdir={subdir}"]
    if fetch.sha256 is not None:
        entry.name = _entry_name(fetches, key, fetch, number)
    _add_once(fetches, entry)


def _add_extra(fetches: Fetches, guest: Guest, fetch: Fetch, number: int) -> None:
    """Add a file that is fetched in addition to the guest's image.

    A file that the guest uses as it is, such as a compressed ramdisk, is not unpacked.
    """
    entry = _Entry(fetch.uri, arch=fetch.arch, sha256=fetch.sha256)
    file_name = _base_name(fetch.uri.partition("?")[0])
    if any(_base_name(file.file) == file_name for file in extra_files(guest)):
        entry.parameters.append("unpack=0")
    if fetch.subdir:
        entry.parameters.append(f"subdir={text.path(fetch.subdir)}")
    if fetch.sha256 is not None:
        entry.name = _entry_name(fetches, f"{text.name(guest.key)}-file", fetch, number)
    _add_once(fetches, entry)


def _add_directory(fetches: Fetches, key: str, source: Source) -> None:
    """Add a root directory that is not in a tarball; it will be copied and owned by root."""
    path = text.path(source.file)
    tarballs = [fetch for fetch in source.fetch if _is_tarball(fetch.uri)]
    if any(not f.subdir or f"{path}/".startswith(f"{f.subdir}/") for f in tarballs):
        return
    fetches.directories.append((path, f"{key}/{path}"))


def _is_tarball(uri: str) -> bool:
    return TARBALL.search(uri.partition("?")[0]) is not None


def is_kept_packed(source: Source, fetch: Fetch) -> bool:
    """Return whether a function of the recipe unpacks the file under pseudo, instead of BitBake."""
    return source.type in ("rootfs_dir", CONTAINER) and _is_tarball(fetch.uri)


def _depends(conversion: tuple[Guest, Source, ImportType | None]) -> str:
    """Return the tasks that a conversion depends on."""
    kind = conversion[2]
    if kind is None:
        return _QEMU_IMG
    return text.tasks(kind.depends) if kind.depends else ""


def _entry_name(fetches: Fetches, key: str, fetch: Fetch, number: int) -> str:
    name = f"{key}-{fetch.arch}" if fetch.arch else key
    taken = {entry.name for entry in fetches.entries}
    return f"{name}-{number}" if name in taken else name


def _add_once(fetches: Fetches, entry: _Entry) -> None:
    """Add an entry unless the same file is fetched already, by another guest of the bundle."""
    same = (entry.uri, entry.parameters, entry.arch)
    if same not in [(other.uri, other.parameters, other.arch) for other in fetches.entries]:
        fetches.entries.append(entry)


def _digest(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII):
        raise text.NotRepresentable(value, "it is not a SHA-256 in hexadecimal")
    return value


def _base_name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def name_next_to_recipe(source: Source | None, fetch: Fetch) -> str:
    """Return the name that the file of a ``file://`` entry gets next to the recipe."""
    local = fetch.uri.removeprefix("file://")
    if source is None:
        return local
    return _base_name(local) if is_kept_packed(source, fetch) else local
