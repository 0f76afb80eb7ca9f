# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui source inspect``: show what image files contain, and import one as a guest's disk."""

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
from xentui.images.suggest import has_boot_loader, name_problems, suggest, with_source
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
    from collections.abc import Iterator

    from xentui.images.inspected import Inspected
    from xentui.images.suggest import Suggestion
    from xentui.project.assets import Assets
    from xentui.project.model import Project

_PROGRESS_BYTES = 64 * 1024 * 1024
"""Size from which a file is read with a progress line on the terminal."""

_LOGGED_PROGRESS_BYTES = 1024**3
"""Size from which the progress is also printed if there is no terminal."""

_MAX_CONFIG_BYTES = 1024 * 1024
"""Larger files are not read as xl configs."""

_CONFIG_SETTINGS = ("kernel", "disk", "memory", "bootloader", "firmware", "builder", "type")
"""Settings that distinguish an xl config from other files with ``=``."""


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
            inspected = _inspect(path)
        except InputError as error:
            terminal.print_error(error)
            worst = max(worst, error.exit_code)
            continue
        name = _name_in_project(path, args.write)
        suggestion = suggest(inspected, name, args.guest or "guest")
        if args.json:
            described.append(_data(inspected, suggestion, name))
        else:
            terminal.print_data("\n".join(_lines(inspected, suggestion, name)))
        if args.write is not None:
            _import_into_project(args, inspected, suggestion)
    if args.json:
        terminal.print_json({"version": 1, "files": described})
    return worst


def _inspect(path: Path) -> Inspected:
    """Inspect a file, with a progress display if it is large.

    Raises:
        InputError: it cannot be read.
    """
    progress_line = terminal.ProgressLine()
    name = visible(path.name)[:40]
    logged = 0

    def progress(done: int, total: int) -> None:
        nonlocal logged
        percent = 100 * done // total
        if total >= _PROGRESS_BYTES:
            progress_line.show(f"{name}: {percent:3} % of {_size(total)}")
        # A log cannot redraw a line, so every 10 percent get a new one.
        large = total >= _LOGGED_PROGRESS_BYTES
        if large and percent >= logged + 10 and not sys.stderr.isatty():
            logged = percent // 10 * 10
            terminal.print_wrapped_message(f"{name}: {logged} % of {_size(total)}")

    try:
        return inspect(path, progress)
    finally:
        progress_line.clear()


def _name_in_project(path: Path, project: Path | None) -> str:
    """Return a file's path relative to the project file, or its name if it is elsewhere."""
    if project is None:
        return path.name
    try:
        return path.resolve().relative_to(project.parent.resolve()).as_posix()
    except ValueError:
        return path.name


def _data(inspected: Inspected, suggestion: Suggestion | None, name: str) -> dict[str, Any]:
    file = data(inspected)
    file["problems"] += name_problems(inspected, name)
    file["suggestion"] = None
    if suggestion is not None:
        file["suggestion"] = {
            "use": suggestion.use,
            "type": suggestion.type or None,
            "file": suggestion.file,
            "subdir": suggestion.subdir,
            "image_size": suggestion.image_size,
            "root": suggestion.root("xvda"),
            "extra": suggestion.extra,
            "uri": f"file://{suggestion.path}",
            "before": suggestion.command or None,
            "guess": suggestion.guess,
        }
    return file


def _lines(inspected: Inspected, suggestion: Suggestion | None, name: str) -> Iterator[str]:
    """Yield lines for people about a file, with what to write into the project to import it."""
    is_config = suggestion is None and _is_xl_config(inspected)
    yield f"{visible(str(inspected.path))}: {'an xl config' if is_config else inspected.label}"
    yield f"  size        {_size(inspected.size)}"
    if inspected.sha256 is not None:
        yield f"  sha256      {inspected.sha256}"
    elif inspected.holes:
        yield (
            f"  sha256      not computed: {_size(inspected.holes)} of it are holes, and "
            "BitBake does not check local files"
        )
    if inspected.disk_size is not None and inspected.disk_size != inspected.size:
        yield f"  disk        {_size(inspected.disk_size)} once it is imported"
    yield from _content_lines(inspected)
    if inspected.init is not None:
        init = "found" if inspected.init else "missing: the kernel has nothing to start"
        yield f"  init        {init}"
    if inspected.image_size is not None:
        size = inspected.image_size
        yield f"  image_size  {size.smallest} MiB just fits; {size.advised} leaves room"
    for problem in (*inspected.problems, *name_problems(inspected, name)):
        yield f"  ! {visible(problem)}"
    if is_config:
        yield "  It describes a guest. To use it unchanged in a project:"
        yield "    [guests.NAME]"
        yield '    tags = ["autostart", "external"]'
        yield f"    config_file = {value(name)}"
        path = shlex.quote(visible(str(inspected.path)))
        yield f"  Or turn its settings into fields of a project: xentui import {path}"
        return
    if suggestion is None:
        yield (
            "  Its format is unknown, so no import type is suggested."
            if inspected.kind in UNCERTAIN
            else "  No import type fits: a guest cannot be made from it as it is."
        )
        return
    if suggestion.command:
        yield f"  First run:\n    {suggestion.command}"
    yield (
        "  In a project (a guess from its name, as its content is unknown):"
        if suggestion.guess
        else "  In a project:"
    )
    for line in _toml_lines(inspected, suggestion):
        yield f"    {line}"


def _is_xl_config(inspected: Inspected) -> bool:
    """Return whether a file is an xl config that says what a guest boots or has."""
    if inspected.kind != "other" or inspected.compression or inspected.size > _MAX_CONFIG_BYTES:
        return False
    try:
        parsed = config.parse(filesystem.read_text(inspected.path, _MAX_CONFIG_BYTES))
    except InputError:
        return False
    return parsed.error is None and any(name in parsed.settings for name in _CONFIG_SETTINGS)


def _content_lines(inspected: Inspected) -> Iterator[str]:
    """Yield lines about the file system, partitions or archive in a file."""
    found = inspected.content
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
    if inspected.archive is not None:
        top = f", all in {quoted(inspected.archive.top)}" if inspected.archive.top else ""
        yield (
            f"  archive     {inspected.archive.members} members, "
            f"{_size(inspected.archive.size)} unpacked{top}"
        )
        if inspected.archive.setuid:
            yield f"  setuid      {inspected.archive.setuid} files, which arrive as they are"


def _toml_lines(inspected: Inspected, suggestion: Suggestion) -> Iterator[str]:
    """Yield the lines of the project file that import a file."""
    table = "guests.NAME.source.fetch" if suggestion.use != "ramdisk" else "guests.NAME.fetch"
    if suggestion.use != "disk":
        yield f"{suggestion.use} = {value(suggestion.file)}"
    else:
        words = " ".join(word for word in (suggestion.root("xvda"), suggestion.extra) if word)
        if has_boot_loader(inspected):
            yield 'kernel = "none"  # on x86 its own boot loader starts it'
        if words:
            other = "with another kernel, " if has_boot_loader(inspected) else ""
            yield f"# {other}extra needs {words}"
        yield "[guests.NAME.source]"
        yield f"type = {value(suggestion.type)}"
        yield f"file = {value(suggestion.file)}"
        if suggestion.image_size is not None:
            yield f"image_size = {suggestion.image_size}"
    yield f"[[{table}]]"
    yield f"uri = {value(f'file://{suggestion.path}')}"
    if inspected.sha256 is not None and not suggestion.command:
        yield f"sha256 = {value(inspected.sha256)}"
    if suggestion.subdir is not None:
        yield f"subdir = {value(suggestion.subdir)}"


def _import_into_project(
    args: argparse.Namespace, inspected: Inspected, suggestion: Suggestion | None
) -> None:
    """Import a file in the project file of ``--write``, after showing the diff.

    Raises:
        XentuiError: the file cannot be imported, or the project file cannot be used.
    """
    name = visible(str(inspected.path))
    if suggestion is None:
        if _is_xl_config(inspected):
            raise XentuiError(
                f"{name} is an xl config, not an image, so nothing was written",
                fix="Name it as config_file of a guest.",
            )
        raise XentuiError(f"{name}: a guest cannot be made from it, so nothing was written")
    if suggestion.command:
        raise XentuiError(
            f"{name} cannot be imported as it is, so nothing was written",
            fix=f"First run: {suggestion.command}",
        )
    path = args.write.resolve()
    image = Path(os.path.normpath(inspected.path.absolute()))
    new_name, must_copy = files.name_in_project(path.parent, image, inspected)
    suggestion = suggest(inspected, new_name, args.guest) or suggestion
    copy = copy_change(path.parent, new_name, image) if must_copy else None
    with Tree(path.parent) as tree:
        tree.lock()
        before = tree.state(path.name)
        loaded = document.load(path)
        if loaded.project is None:
            raise XentuiError(
                f"{visible(str(path))} is not a project file that can be used",
                fix="Run xentui check to see what is wrong with it.",
            )
        try:
            project = with_source(loaded.project, args.guest, inspected, new_name, suggestion)
        except KeyError:
            raise XentuiError(
                f"{quoted(args.guest)} is not imported, so no recipe can install a kernel for it",
                fix="Import its disk first, or put the kernel into the deploy directory.",
            ) from None
        for problem in schema.validate(tables.to_data(project)):
            field = schema.dotted(problem.path)
            raise UsageError(f"{field}: {problem.message}", fix=problem.fix)
        _check_source(project, args.guest, gather(project, path.parent, {new_name: image}))
        old = loaded.document.text
        new = edit.update(old, project)
        if new == old:
            terminal.print_message(f"{visible(str(path))}: already imports it")
            return
        if copy is not None and copy.kind == "same":
            copy = None
        _confirm_diff(path, old, new, copy.diff() if copy is not None else "", yes=args.yes)
        if copy is not None and isinstance(copy.new, Copy):
            like = source_stat(copy.new)
            tree.write(copy.name, chunks(copy.new), expected=copy.state, like=like)
            terminal.print_message(f"copied   {visible(str(copy.path))}")
        tree.write(path.name, [new.encode()], expected=before)
        tree.sync()
    terminal.print_message(f"changed  {visible(str(path))}")


def _check_source(project: Project, guest: str, assets: Assets) -> None:
    """Check the source of a guest.

    Raises:
        XentuiError: it has an error.
    """
    for finding in check(project, assets):
        in_source = finding.path.startswith(f"guests.{guest}.source")
        if in_source and finding.severity is Severity.ERROR:
            raise XentuiError(f"{finding.code} {finding.message}", fix=finding.fix)


def _confirm_diff(path: Path, old: str, new: str, copy_diff: str, *, yes: bool) -> None:
    """Show the diff of the project file and of a copied file, and let the user confirm it.

    Raises:
        RefusedError: the user did not, or cannot be asked.
    """
    lines = unified_diff(
        old.splitlines(keepends=True),
        new.splitlines(keepends=True),
        f"{path.name} as it is",
        f"{path.name} as it would be",
    )
    diff = "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)
    terminal.print_message(f"{diff}{copy_diff}")
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
    """Return a number of bytes in a readable unit: ``300 bytes``, ``1.5 GiB``."""
    if number < 1024:
        return f"{number} bytes"
    amount = float(number)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        amount /= 1024
        if amount < 1024 or unit == "TiB":
            break
    return f"{amount:.4g} {unit}"
