# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui source inspect``: what image files are, and how to make guests from them."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, terminal
from xentui.errors import Exit, InputError, RefusedError, UsageError, XentuiError
from xentui.images.inspect import inspect
from xentui.images.inspected import data
from xentui.images.recognise import UNCERTAIN
from xentui.images.suggest import has_boot_loader, hindrances, suggest, with_source
from xentui.output.rendered import Copy, chunks, source_stat
from xentui.output.writing.tree import Tree
from xentui.project import document, edit, filesystem, schema, tables
from xentui.project.assets import gather
from xentui.project.edit import value_text as value
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.safe_text import quoted, visible
from xentui.session import files
from xentui.session.writing import copy_change
from xentui.xl import config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from xentui.images.inspected import Inspected
    from xentui.images.suggest import Suggestion
    from xentui.output.writing.change import Change
    from xentui.project.model import Project

_LONG = 64 * 1024 * 1024
"""Larger files, in bytes, are read with a progress display."""

_LARGEST_CONFIG = 1024 * 1024
"""Larger files, in bytes, are not read as xl configs."""

_GUESTS_OWN = ("kernel", "disk", "memory", "bootloader", "firmware", "builder", "type")
"""Settings that distinguish an xl config from other files with ``=``."""

_VERY_LONG = 1024**3
"""Larger files, in bytes, have a progress display even in a log."""


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "source",
        description="inspect shows what image files are, from their bytes: type, size, partitions, "
        "checksum, and how to\n"
        "import each in a project. --write changes the project accordingly.",
    )
    parser.add_argument(
        "action",
        type=parsing.action_type("xentui source", "inspect"),
        choices=["inspect"],
        help="what to do",
    )
    parser.add_argument("file", nargs="+", type=Path, metavar="FILE", help="files or directories")
    parsing.add_json_argument(parser)
    parser.add_argument(
        "--write",
        type=Path,
        metavar="PROJECT",
        help="import FILE in this project file, after showing the diff",
    )
    parser.add_argument("--guest", metavar="KEY", help="with --write: the guest that gets it")
    parser.add_argument("-y", "--yes", action="store_true", help="apply without asking")


def run(args: argparse.Namespace) -> int:
    """Print what each file is; with ``--write``, import it in a project.

    Raises:
        UsageError: ``--write`` is incomplete.
        RefusedError: the user did not agree to the diff.
        InputError: the project file cannot be read or written.
    """
    if (args.write is None) != (args.guest is None):
        raise UsageError(
            "--write PROJECT and --guest KEY belong together", fix="Give both, or neither."
        )
    if args.write is not None and len(args.file) > 1:
        raise UsageError("--write takes one FILE", fix="Run it once for each file.")

    worst = Exit.OK
    described: list[dict[str, Any]] = []
    for path in args.file:
        try:
            seen = _inspected(path)
        except InputError as error:
            terminal.print_error(error)
            worst = max(worst, error.exit_code)
            continue
        place = _place(path, args.write)
        suggestion = suggest(seen, place or path.name, args.guest or "guest")
        if args.json:
            described.append(_data(seen, suggestion, place or path.name))
        else:
            terminal.print_data("\n".join(_lines(seen, suggestion, place or path.name)))
        if args.write is not None:
            _write(args, seen, suggestion)
    if args.json:
        terminal.print_json({"version": 1, "files": described})
    return worst


def _inspected(path: Path) -> Inspected:

    shown = terminal.ProgressLine()
    name = visible(path.name)[:40]

    noted = 0

    def progress(done: int, total: int) -> None:
        nonlocal noted
        percent = 100 * done // total
        if total >= _LONG:
            shown.show(f"{name}: {percent:3} % of {_size(total)}")
        # In the log of a build a line cannot be redrawn, so every 10 percent get a new line.
        if total >= _VERY_LONG and percent >= noted + 10 and not sys.stderr.isatty():
            noted = percent // 10 * 10
            terminal.print_wrapped_message(f"{name}: {noted} % of {_size(total)}")

    try:
        return inspect(path, progress)
    finally:
        shown.clear()


def _place(path: Path, project: Path | None) -> str | None:
    """Return a file's path relative to the project file, or ``None`` if it is elsewhere."""
    if project is None:
        return path.name
    try:
        return path.resolve().relative_to(project.parent.resolve()).as_posix()
    except ValueError:
        return None


def _data(seen: Inspected, suggestion: Suggestion | None, place: str) -> dict[str, Any]:

    described = data(seen)
    described["problems"] += hindrances(seen, place)
    described["suggestion"] = None
    if suggestion is not None:
        described["suggestion"] = {
            "use": suggestion.use,
            "type": suggestion.type or None,
            "file": suggestion.file,
            "subdir": suggestion.subdir,
            "image_size": suggestion.image_size,
            "root": suggestion.root("xvda"),
            "extra": suggestion.extra,
            "uri": f"file://{suggestion.place}",
            "before": suggestion.before or None,
            "guess": suggestion.guess,
        }
    return described


def _lines(seen: Inspected, suggestion: Suggestion | None, place: str) -> Iterator[str]:

    is_config = suggestion is None and _is_xl_config(seen)
    yield f"{visible(str(seen.path))}: {'an xl config' if is_config else seen.label}"
    yield f"  size        {_size(seen.size)}"
    if seen.sha256 is not None:
        yield f"  sha256      {seen.sha256}"
    elif seen.holes:
        yield (
            f"  sha256      not computed: {_size(seen.holes)} of it were never written, and "
            "BitBake checks no local file"
        )
    if seen.disk_size is not None and seen.disk_size != seen.size:
        yield f"  disk        {_size(seen.disk_size)} once it is imported"
    yield from _inside(seen)
    if seen.init is not None:
        init = "found" if seen.init else "missing: the kernel has nothing to start"
        yield f"  init        {init}"
    if seen.image_size is not None:
        size = seen.image_size
        yield f"  image_size  {size.smallest} MiB just fits; {size.advised} leaves room"
    for problem in (*seen.problems, *hindrances(seen, place)):
        yield f"  ! {visible(problem)}"
    if is_config:
        yield "  It describes a guest. To use it unchanged in a project:"
        yield "    [guests.NAME]"
        yield '    tags = ["autostart", "external"]'
        yield f"    config_file = {value(place)}"
        yield f"  {_to_import(seen)}"
        return
    if suggestion is None:
        yield (
            "  Its format is unknown, so no import type is suggested."
            if seen.kind in UNCERTAIN
            else "  No import type fits: a guest cannot be made from it as it is."
        )
        return
    if suggestion.before:
        yield f"  First run:\n    {suggestion.before}"
    yield (
        "  In a project, going by its name, as its content is unknown:"
        if suggestion.guess
        else "  In a project:"
    )
    for line in _toml(seen, suggestion):
        yield f"    {line}"


def _is_xl_config(seen: Inspected) -> bool:
    """Return whether a file is a text that xl reads, and that says what a guest boots or has."""
    if seen.kind != "other" or seen.compression or seen.size > _LARGEST_CONFIG:
        return False

    try:
        parsed = config.parse(filesystem.read_text(seen.path, _LARGEST_CONFIG))
    except InputError:
        return False
    return parsed.error is None and any(name in parsed.settings for name in _GUESTS_OWN)


def _to_import(seen: Inspected) -> str:
    name = shlex.quote(visible(str(seen.path)))
    return f"Or let its settings become fields: xentui import {name}"


def _inside(seen: Inspected) -> Iterator[str]:
    found = seen.found
    if found.ext is not None:
        free = found.ext.free * found.ext.block_size
        label = f", label {quoted(found.ext.label)}" if found.ext.label else ""
        yield (
            f"  file system ext{found.ext.version}, {_size(found.ext.size)}, "
            f"{_size(free)} free{label}"
        )
    if found.container is not None and found.container.command:
        yield f"  runs        {quoted(shlex.join(found.container.command))}"
    if found.disk is not None:
        for part in found.disk.partitions:
            what = ", ".join(word for word in (part.type, part.filesystem) if word)
            mark = ", looks like the root" if part.number == found.disk.root else ""
            name = f" {quoted(part.name)}" if part.name else ""
            yield (
                f"  partition {part.number:<2}{name} {what}, {_size(part.size)} "
                f"at {_size(part.start)}{mark}"
            )
    if seen.archive is not None:
        top = f", all in {quoted(seen.archive.top)}" if seen.archive.top else ""
        yield (
            f"  archive     {seen.archive.members} members, "
            f"{_size(seen.archive.size)} unpacked{top}"
        )
        if seen.archive.setuid:
            yield f"  setuid      {seen.archive.setuid} files, which arrive as they are"


def _toml(seen: Inspected, suggestion: Suggestion) -> Iterator[str]:

    table = "guests.NAME.source.fetch" if suggestion.use != "ramdisk" else "guests.NAME.fetch"
    if suggestion.use != "disk":
        yield f"{suggestion.use} = {value(suggestion.file)}"
    else:
        words = " ".join(word for word in (suggestion.root("xvda"), suggestion.extra) if word)
        if has_boot_loader(seen):
            yield 'kernel = "none"  # on x86 its own boot loader starts it'
        if words:
            other = "with another kernel, " if has_boot_loader(seen) else ""
            yield f"# {other}extra needs {words}"
        yield "[guests.NAME.source]"
        yield f"type = {value(suggestion.type)}"
        yield f"file = {value(suggestion.file)}"
        if suggestion.image_size is not None:
            yield f"image_size = {suggestion.image_size}"
    yield f"[[{table}]]"
    yield f"uri = {value(f'file://{suggestion.place}')}"
    if seen.sha256 is not None and not suggestion.before:
        yield f"sha256 = {value(seen.sha256)}"
    if suggestion.subdir is not None:
        yield f"subdir = {value(suggestion.subdir)}"


def _write(args: argparse.Namespace, seen: Inspected, suggestion: Suggestion | None) -> None:

    name = visible(str(seen.path))
    if suggestion is None:
        if _is_xl_config(seen):
            raise XentuiError(
                f"{name}: is an xl config, not an image, so nothing was written",
                fix="Name it as config_file of a guest.",
            )
        raise XentuiError(f"{name}: no guest can be made of it, so nothing was written")
    if suggestion.before:
        raise XentuiError(
            f"{name}: a project cannot carry it as it is, so nothing was written",
            fix=f"Make it one file that can be: {suggestion.before}",
        )
    path = args.write.resolve()
    given = Path(os.path.normpath(seen.path.absolute()))
    carried, copied = files.name_in_project(path.parent, given, seen)
    named = suggest(seen, carried, args.guest) or suggestion
    _change(
        path,
        lambda project: with_source(project, args.guest, seen, carried, named),
        yes=args.yes,
        guest=args.guest,
        files={carried: given},
        copy=copy_change(path.parent, carried, given) if copied else None,
    )


def _change(
    path: Path,
    change: Callable[[Any], Any],
    *,
    yes: bool,
    guest: str,
    files: Mapping[str, Path],
    copy: Change | None,
) -> None:
    """Write the changed project file, and a copy of the file beside it, if that is elsewhere."""
    with Tree(path.parent) as tree:
        tree.lock()
        before = tree.seen(path.name)
        loaded = document.load(path)
        if loaded.project is None:
            raise XentuiError(
                f"{visible(str(path))}: is not a project file that can be used",
                fix="Run xentui check to see what is wrong with it.",
            )
        try:
            project = change(loaded.project)
        except KeyError:
            raise XentuiError(
                f"{quoted(guest)} is not imported, so no recipe carries a kernel for it",
                fix="Import its disk first, or put the kernel into the deploy directory.",
            ) from None
        for problem in schema.validate(tables.to_data(project)):
            place = schema.dotted(problem.path)
            raise UsageError(f"{place}: {problem.message}", fix=problem.fix)
        _refuse_errors(project, guest, path.parent, files)
        old = loaded.document.text
        new = edit.update(old, project)
        if new == old:
            terminal.print_message(f"{path}: already says so")
            return
        copied = copy is not None and copy.kind != "same"
        _agree(path, old, new, copy.diff() if copy is not None and copied else "", yes=yes)
        if copy is not None and copied and isinstance(copy.new, Copy):
            like = source_stat(copy.new)
            tree.write(copy.name, chunks(copy.new), expected=copy.seen, like=like)
            terminal.print_message(f"copied   {copy.path}")
        tree.write(path.name, [new.encode()], expected=before)
        tree.sync()
    terminal.print_message(f"changed  {path}")


def _refuse_errors(project: Project, guest: str, folder: Path, files: Mapping[str, Path]) -> None:
    """Refuse an import that the rules would call an error at once.

    Raises:
        XentuiError: they would.
    """
    for one in check(project, gather(project, folder, files)):
        if one.path.startswith(f"guests.{guest}.source") and one.severity is Severity.ERROR:
            raise XentuiError(f"{one.code} {one.message}", fix=one.fix)


def _agree(path: Path, old: str, new: str, copied: str, *, yes: bool) -> None:
    lines = unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"{path.name} as it is",
        f"{path.name} as it would be",
    )
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    terminal.print_message(f"{diff}{copied}")
    if yes:
        return
    if not terminal.is_interactive():
        raise RefusedError(
            f"{visible(str(path))} would be changed, so nothing was written",
            fix="Agree to the diff above with --yes.",
        )
    if not terminal.confirm(f"Write {path.name}?"):
        raise RefusedError("nothing was written")


def _size(number: int) -> str:
    """Return bytes for people, exact where that is short."""
    if number < 1024:
        return f"{number} bytes"
    amount = float(number)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1024 or unit == "TiB":
            break
    return f"{amount:.4g} {unit}"
