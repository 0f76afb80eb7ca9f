# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Applying a plan of changed files on the command line: show it, ask the user, write, report."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from xentui.cli import parsing, terminal
from xentui.errors import RefusedError, UsageError, counted
from xentui.output.writing.apply import apply
from xentui.output.writing.plan import mergeable, resolve_edits
from xentui.output.writing.tree import StaleError
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.output.writing.apply import ApplyResult
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import EditedChoice, Plan


def add_consent_arguments(parser: parsing.Parser, *, merge: bool = True) -> None:
    """Add ``--yes``, ``--edited`` and ``--force``.

    Args:
        parser: the parser of a command.
        merge: whether ``--edited merge`` is possible.
    """
    parser.add_argument("-y", "--yes", action="store_true", help="apply without asking")
    merged = "merge xentui's changes into them (merge), " if merge else ""
    parser.add_argument(
        "--edited",
        choices=("keep", "merge", "take") if merge else ("keep", "take"),
        default=None,
        help="what to do with generated files that you edited by hand: leave them (keep), "
        f"{merged}or replace them and keep yours as NAME.mine (take); without it nothing is "
        "written",
    )
    parser.add_argument("--force", action="store_true", help="same as --edited take")


def is_dry_run(args: argparse.Namespace) -> bool:
    """Return whether the arguments ask to show what would be written instead of writing it."""
    return bool(args.dry_run or args.diff or args.check)


def edited_files_choice(args: argparse.Namespace) -> EditedChoice | None:
    """Return what the arguments say to do with files that were edited by hand.

    Raises:
        UsageError: the arguments contradict each other.
    """
    edited: EditedChoice | None = args.edited
    if args.force and edited not in (None, "take"):
        raise UsageError(f"--force and --edited {edited} exclude each other", fix="Give one.")
    return "take" if args.force else edited


def print_plan(plan: Plan, *, diff: bool) -> None:
    """Print what would change: the diff, or one line per file."""
    for note in plan.notes:
        terminal.print_message(f"xentui: {note}")
    if all(change.kind == "same" for change in plan.changes):
        _print_unchanged(plan)
    elif diff:
        terminal.print_data(plan.diff())
    else:
        terminal.print_data(
            "".join(
                f"{change.kind:8} {visible(str(change.path))}\n"
                for change in plan.changes
                if change.kind != "same"
            )
        )


def apply_with_consent(
    make_plan: Callable[[], Plan], *, yes: bool, edited: EditedChoice | None = None
) -> ApplyResult:
    """Apply a plan after the user agreed to it, and list what was written.

    A user at a terminal sees the diff and is asked, also about files that were edited by hand.
    A script is not asked: it needs ``yes`` only if the user's own files would change, and decides
    about edited files by ``edited``.

    Args:
        make_plan: returns the plan; called again if another run wrote in the meantime.
        yes: whether the user agreed to the diff in advance.
        edited: what to do with files that were edited by hand; ``None``: they prevent writing.

    Raises:
        RefusedError: the user did not agree, or a file was edited by hand.
        InputError: a file could not be written.
    """
    plan = make_plan()
    for note in plan.notes:
        terminal.print_message(f"xentui: {note}")
    plan, force = _agreed_plan(plan, yes=yes, edited=edited)
    try:
        result = apply(plan, force=force)
    except StaleError:
        # Another run may have written the same in the meantime; anything else needs a new answer.
        plan, force = _agreed_plan(make_plan(), yes=yes, edited=edited)
        result = apply(plan, force=force)
    _print_result(plan, result)
    return result


def _agreed_plan(plan: Plan, *, yes: bool, edited: EditedChoice | None) -> tuple[Plan, bool]:
    """Return the plan that the user agreed to, and whether edited files may be overwritten.

    Raises:
        RefusedError: the user did not agree, or could not be asked.
    """
    already_shown: tuple[Change, ...] = ()
    if plan.edited and edited is None and terminal.is_interactive():
        already_shown, edited = plan.edited, _ask_about_edits(plan)
    unresolved, plan = plan, resolve_edits(plan, edited)
    if plan.edited and edited != "take":
        for change in plan.edited:
            terminal.print_message(change.diff())
        if edited == "merge":
            names = ", ".join(visible(str(change.path)) for change in plan.edited)
            raise RefusedError(
                f"{names}: your edits and xentui's changes conflict, so nothing was written",
                fix="The diff above shows where; --edited keep leaves your edits, --edited take "
                "replaces them.",
            )
        return plan, False
    to_show = [
        change
        for change in unresolved.changes
        if change.kind not in ("same", "kept") and change not in already_shown
    ]
    if edited == "keep":
        to_show = list(plan.pending)
    if yes or not to_show:
        return plan, True
    if terminal.is_interactive():
        terminal.print_message("".join(change.diff() for change in to_show))
        if not terminal.confirm(f"Write {counted(len(to_show), 'file')}?"):
            raise RefusedError("nothing was written")
    elif plan.user_files:
        for change in plan.user_files:
            terminal.print_message(change.diff())
        names = ", ".join(visible(str(change.path)) for change in plan.user_files)
        raise RefusedError(
            f"{names} would be changed, so nothing was written",
            fix="Agree to the diff above with --yes.",
        )
    return plan, True


def _ask_about_edits(plan: Plan) -> EditedChoice:
    """Show the files that were edited by hand, and ask what to do with them.

    Raises:
        RefusedError: the user chose nothing.
    """
    for change in plan.edited:
        terminal.print_message(change.diff())
    answers = {
        "keep": "keep them as they are, and write all others",
        "merge": "merge xentui's changes into them",
        "take": "take xentui's files, and keep each of yours as NAME.mine",
    }
    if not mergeable(plan):
        del answers["merge"]
    files = counted(len(plan.edited), "file")
    chosen = terminal.ask_choice(f"What should happen to {files} edited by hand?", answers)
    if not chosen:
        raise RefusedError("nothing was written")
    return cast("EditedChoice", chosen)


def _print_result(plan: Plan, result: ApplyResult) -> None:
    if not result.changes:
        _print_unchanged(plan)
        return
    for change in result.changes:
        word = {"edited": "changed"}.get(change.kind, change.kind)
        path = visible(str(change.path))
        terminal.print_message(f"{'removed' if change.new is None else word:8} {path}")
    for change in plan.merged_or_kept:
        word = "kept" if change.kind == "kept" else "same"
        terminal.print_message(f"{word:8} {visible(str(change.path))}, with edits")
    for original, copy in result.copies:
        name = visible(original.name)
        terminal.print_message(f"kept     {visible(str(copy))}, which is {name} as edited by hand")


def _print_unchanged(plan: Plan) -> None:
    if not plan.changes:
        terminal.print_message("nothing to do")
        return
    edited = f", {len(plan.merged_or_kept)} with edits by hand" if plan.merged_or_kept else ""
    terminal.print_message(
        f"nothing to do: {counted(len(plan.changes), 'file')} up to date{edited}"
    )
