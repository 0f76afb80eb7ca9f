# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui rehearse``: start a project's guests on a real Xen in QEMU, without a build."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from xentui import rehearsal
from xentui.cli import parsing, projects, terminal
from xentui.errors import Exit
from xentui.rehearsal import fetch, parts, plan
from xentui.signals import raise_on_signal

if TYPE_CHECKING:
    from xentui.rehearsal.parts import MissingPartsError, Parts
    from xentui.rehearsal.plan import RehearsalPlan
    from xentui.rehearsal.run import Log
    from xentui.rehearsal.transcript import Event, Stream

_STREAMS: tuple[Stream, ...] = ("console", "report")


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "rehearse",
        description="Boots a real Xen in QEMU with the project's memory, and starts the "
        "guests from "
        "their own xl\n"
        "configs with a stand-in kernel and stand-in images. Lists which guests started "
        "and how much memory\n"
        "each took. Works for x86-64 and arm64 boards, without root, KVM or (once its "
        "parts are fetched) a\n"
        "network. Exit code 1 means that a guest did not start.",
    )
    parsing.add_project_arguments(parser)
    parsing.add_json_argument(parser)
    parser.add_argument(
        "--parts",
        type=Path,
        metavar="DIR",
        help="look for QEMU, Xen and the rest in this folder of unpacked packages first",
    )
    parser.add_argument(
        "--deploy-dir",
        type=Path,
        metavar="DIR",
        help="use the Xen, kernels and images of a build: its tmp/deploy/images/MACHINE",
    )
    parser.add_argument(
        "--boot",
        action="store_true",
        help="start Xen as the board does: by U-Boot or UEFI, with the files xentui writes",
    )
    parser.add_argument(
        "-y", "--yes", action="store_true", help="fetch missing packages without asking"
    )
    parser.add_argument(
        "--accel",
        choices=("tcg", "kvm"),
        help="how to emulate the CPU; default: kvm if it can run Xen, else tcg",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="DIR",
        help="keep the machine's output in this folder",
    )


def run(args: argparse.Namespace) -> int:
    """Rehearse, and print the report.

    Raises:
        CannotRehearseError: the project cannot be rehearsed.
        MissingPartsError: QEMU, Xen or another part is missing.
        InputError: a part cannot be read, or QEMU does not start.
    """
    chosen = projects.load(args, projects.paths_of(args)[0])
    project, assets = projects.require_valid(chosen)
    planned = plan.plan_rehearsal(project, assets)
    with raise_on_signal():
        parts = _parts(args.parts, planned, yes=args.yes)
        with _log(args.log) as log:
            report = rehearsal.rehearse(
                project,
                assets,
                parts,
                progress=_show_progress,
                accel=args.accel,
                log=log,
                deploy_dir=args.deploy_dir,
                use_boot_files=args.boot,
            )
    if args.json:
        terminal.print_json(report.data())
    else:
        terminal.print_prose(report.lines())
    return Exit.OK if report.all_started else Exit.FINDINGS


def _parts(directory: Path | None, planned: RehearsalPlan, *, yes: bool) -> Parts:
    """Return the parts of the rehearsal; fetch missing ones if the user agrees.

    Raises:
        MissingPartsError: something is missing.
    """
    cache = fetch.cache_folder()

    def find() -> Parts:
        return parts.find_parts(directory, cache, hvm=planned.hvm, arch=planned.arch)

    try:
        return find()
    except parts.MissingPartsError as missing:
        if directory is not None or not fetch.can_fetch():
            raise
        if not yes and not terminal.is_interactive():
            raise
        _fetch(missing, cache, yes=yes)
    return find()


def _fetch(missing: MissingPartsError, cache: Path, *, yes: bool) -> None:
    """Fetch the packages with missing parts after the user agreed.

    Raises:
        MissingPartsError: the user did not agree.
        InputError: a package cannot be fetched.
    """
    terminal.print_wrapped_message(f"missing: {missing.what}")
    if missing.foreign_archs and not yes:
        what = f"apt's lists for {missing.foreign_archs}, about 20 MB"
        if not terminal.confirm(f"Fetch {what}, to see which packages are needed?"):
            raise missing
    wanted = fetch.plan_download(missing.missing)
    terminal.print_wrapped_message(
        f"packages of this system's own archive: {' '.join(wanted.packages)}"
    )
    question = f"Fetch {wanted.amount} and unpack them into {cache}?"
    if not yes and not terminal.confirm(question):
        raise missing
    fetch.fetch_packages(wanted, cache, say=terminal.print_message)


def _show_progress(event: Event) -> None:
    number = f"[{event.number}/{event.of}] " if event.number else ""
    terminal.print_message(f"{number}{event.text}")


@contextmanager
def _log(folder: Path | None) -> Iterator[Log]:
    """Yield a function that writes the machine's output into files of a folder, if one is given."""
    with ExitStack() as stack:
        files: dict[Stream, BinaryIO] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            for name in _STREAMS:
                files[name] = stack.enter_context((folder / f"{name}.log").open("wb"))

        def log(stream: Stream, chunk: bytes) -> None:
            if stream in files:
                files[stream].write(chunk)

        yield log
