# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the files that are fetched for a guest (XT301 to XT322)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from xentui.project import boards
from xentui.project.complete_cfg import why_complete_cfg
from xentui.project.effective import EffectiveGuest
from xentui.project.model import CONTAINER, Fetch, Source
from xentui.rules.context import Context
from xentui.rules.fetched import fetched_path, file_name, is_archive, unpacked_path
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import change_fetch, change_source
from xentui.safe_text import quoted, visible

_ARCHES = frozenset({"x86-64", "aarch64", "arm", "x86", "i586", "i686"})


def check_checksums(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that every remote file has a checksum."""
    for number, (field, entry) in enumerate(guest.guest.fetches):
        if entry.uri.startswith("file://"):
            continue
        path = f"guests.{guest.key}.{field}"
        if entry.sha256 is None:
            yield make_finding(
                "XT301",
                f"{path}.sha256",
                f"{quoted(file_name(entry.uri))} has no checksum: BitBake refuses to fetch it",
                "Add its sha256, as the publisher gives it.",
            )
        if entry.uri.startswith("http://"):
            secure = f"https://{entry.uri.removeprefix('http://')}"
            yield make_finding(
                "XT302",
                f"{path}.uri",
                f"{quoted(file_name(entry.uri))} is fetched over http, which anyone can listen to",
                "Use https if the server has it; the checksum guards the content.",
                change_fetch("Fetch it over https", guest.key, number, uri=secure)
                if field.startswith("source.")
                else None,
            )


def check_local_files(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that local files exist."""
    if not context.files_known:
        return
    for field, entry in guest.guest.fetches:
        local = entry.uri.removeprefix("file://")
        if local == entry.uri:
            continue
        path = f"guests.{guest.key}.{field}.uri"
        file = context.assets.sources.get(local)
        if file is not None and file.is_dir:
            name = quoted(unquote(local))
            yield make_finding(
                "XT322",
                path,
                f"{name} is a directory: BitBake would lose its links and owners",
                "Pack it with tar and use the tarball: tar --numeric-owner -cpf NAME.tar -C "
                "DIRECTORY .",
            )
        elif file is None:
            yield make_finding(
                "XT303",
                path,
                f"{quoted(unquote(local))} does not exist next to the project file",
                f"Put it into {_project_directory(context)}: paths are relative to the project "
                "file's directory.",
            )


def _project_directory(context: Context) -> str:
    """Return the project file's directory for display."""
    directory = context.assets.directory
    return visible(str(directory.absolute())) if directory is not None else "its directory"


def check_imported_file(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that one of the fetched files provides the file to import."""
    source = guest.guest.source
    if source is None:
        return
    path = f"guests.{guest.key}.source.file"
    entries = source.fetch
    if any(_provides(context, source, entry) for entry in entries):
        return
    packed = source.type == CONTAINER
    uncertain = [
        number
        for number, entry in enumerate(entries)
        if is_archive(entry.uri) and not entry.subdir and not packed
    ]
    if uncertain:
        folder = source.file.partition("/")[0]
        yield make_finding(
            "XT304",
            path,
            f"{quoted(source.file)} exists only if it is the archive's own top directory or file",
            "Set subdir to that name unless it is: archives are unpacked flat.",
            change_fetch(f"Unpack below {folder}", guest.key, uncertain[0], subdir=folder),
        )
        return
    provided = [
        fetched_path(entry.uri, None)
        if packed
        else entry.subdir
        if is_archive(entry.uri)
        else unpacked_path(entry)
        for entry in entries
    ]
    names = list(dict.fromkeys(name for name in provided if name))
    yield make_finding(
        "XT305",
        path,
        f"No fetched file provides {quoted(source.file)}",
        f"Use one of the fetched files: {', '.join(map(quoted, names))}."
        if names
        else "Add a fetch entry that provides it.",
        *(change_source(f"Import {name}", guest.key, file=name) for name in names[:3]),
    )


def check_architectures(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that a file is fetched for the board, and that each override is valid."""
    entries = _source_fetches(guest)
    if not any(entry.arch for entry in entries):
        return
    board = context.board
    active = {board.arch, board.machine, "qemuall" if board.emulated else board.machine}
    inactive = (_ARCHES | set(boards.machine_names()) | {"qemuall"}) - active
    for number, entry in enumerate(entries):
        if entry.arch and entry.arch not in active | inactive:
            yield make_finding(
                "XT319",
                f"guests.{guest.key}.source.fetch[{number}].arch",
                f"{entry.arch} is not an architecture or board that xentui knows as an override",
                "Write x86-64 or aarch64, or check that it is in the board's OVERRIDES.",
            )
    if all(entry.arch in inactive for entry in entries):
        yield make_finding(
            "XT307",
            f"guests.{guest.key}.source.fetch",
            f"Nothing is fetched for {board.machine}, which is {board.arch}",
            f'Add an entry with arch = "{board.arch}", or remove arch from one.',
        )


def check_subdirs(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Find a subdir for a file that is not unpacked."""
    source = guest.guest.source
    for number, entry in enumerate(_source_fetches(guest)):
        if entry.subdir is None or is_archive(entry.uri) or source is None:
            continue
        yield make_finding(
            "XT313",
            f"guests.{guest.key}.source.fetch[{number}].subdir",
            f"{quoted(file_name(entry.uri))} is not an archive: subdir only moves it",
            "Remove subdir.",
            change_source(
                "Remove subdir",
                guest.key,
                fetch=tuple(
                    Fetch(e.uri, e.sha256, e.arch) if n == number else e
                    for n, e in enumerate(source.fetch)
                ),
                file=source.file.removeprefix(f"{entry.subdir}/")
                if source.file == unpacked_path(entry)
                else source.file,
            ),
        )


def check_download_names(context: Context) -> Iterator[Finding]:
    """Find different files that are downloaded under the same name."""
    owners: dict[str, tuple[str, str]] = {}
    for guest in context.project.guests:
        for field, entry in guest.fetches:
            destination = _destination(guest.bundle or guest.key, entry)
            content = entry.sha256 or entry.uri
            first, owner = owners.setdefault(destination, (content, guest.key))
            if first != content:
                yield make_finding(
                    "XT308",
                    f"guests.{guest.key}.{field}.uri",
                    f"{guest.key} and {owner} fetch different files with the same name,"
                    f" {quoted(file_name(entry.uri))}"
                    if owner != guest.key
                    else f"Two different files have the same name, {quoted(file_name(entry.uri))}",
                    "Use files with different names: BitBake would take one for the other.",
                )


def check_names_next_to_recipe(context: Context) -> Iterator[Finding]:
    """Find different files with the same name in the folder next to a bundle's recipe."""
    scripts = {kind.key: kind.script for kind in context.project.import_types}
    owners: dict[tuple[str | None, str], tuple[str, str]] = {}
    for guest in context.guests:
        if guest.guest.bundle is None:
            continue
        for field, name, origin in _copied_files(context, guest, scripts):
            place = (guest.guest.bundle, name)
            first, owner = owners.setdefault(place, (origin, guest.key))
            if first != origin:
                yield make_finding(
                    "XT309",
                    f"guests.{guest.key}.{field}",
                    f"{quoted(origin)} of {guest.key} and {quoted(first)} of {owner} would both"
                    f" be {quoted(name)} next to the recipe",
                    "Rename one of them.",
                )


def _copied_files(
    context: Context, guest: EffectiveGuest, scripts: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield field, name and origin of each file of a guest that is copied next to the recipe."""
    declared = guest.guest
    if declared.config_file is not None or why_complete_cfg(context.project, guest):
        yield "config_file", f"{guest.key}.cfg", f"the config of {guest.key}"
    import_type = declared.source.type if declared.source is not None else ""
    for field, entry in declared.fetches:
        local = entry.uri.removeprefix("file://")
        if local != entry.uri:
            is_root = field.startswith("source.") and import_type in ("rootfs_dir", CONTAINER)
            name = file_name(entry.uri) if is_root and is_archive(entry.uri) else local
            yield f"{field}.uri", name, local
    script = scripts.get(import_type)
    if script is not None:
        yield "source.type", script.rpartition("/")[2], script


def _destination(folder: str, entry: Fetch) -> str:
    """Return a text that is equal for two files that would overwrite each other."""
    if not entry.uri.startswith("file://"):
        return f"downloads {file_name(entry.uri)} {entry.arch}"
    return f"{folder} {fetched_path(entry.uri, entry.subdir)} {entry.arch}"


def _source_fetches(guest: EffectiveGuest) -> tuple[Fetch, ...]:
    return guest.guest.source.fetch if guest.guest.source is not None else ()


def _provides(context: Context, source: Source, entry: Fetch) -> bool:
    """Return whether a fetched file is, or contains, the file to import."""
    if source.type == CONTAINER:
        # Archives for other architectures have different names from the one that is imported.
        is_named = fetched_path(entry.uri, None) == source.file
        return is_archive(entry.uri) and (is_named or entry.arch is not None)
    if is_archive(entry.uri):
        return entry.subdir is not None and _within(source.file, entry.subdir)
    if source.file == unpacked_path(entry):
        return True
    local = context.assets.sources.get(entry.uri.removeprefix("file://"))
    may_be_folder = entry.uri.startswith("file://") and (local is None or local.is_dir)
    return may_be_folder and _within(source.file, fetched_path(entry.uri, entry.subdir))


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


GUEST_RULES = (
    check_checksums, check_local_files, check_imported_file, check_architectures, check_subdirs,
)  # fmt: skip
RULES = (check_download_names, check_names_next_to_recipe)
