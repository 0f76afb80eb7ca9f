# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Carrying out a plan on the command line: show it, ask, write, report."""

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
    from xentui.output.writing.plan import How, Plan


def consent_arguments(parser: parsing.Parser, *, merge: bool = True) -> None:
    """Let a parser take ``--yes``, ``--edited`` and ``--force``."""
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


def how(args: argparse.Namespace) -> How | None:
    """Return what to do with files that were edited by hand, from the arguments.

    Raises:
        UsageError: the arguments contradict each other.
    """
    edited: How | None = args.edited
    if args.force and edited not in (None, "take"):
        raise UsageError(f"--force and --edited {edited} exclude each other", fix="Give one.")
    return "take" if args.force else edited


def put_plan(plan: Plan, *, diff: bool) -> None:
    """Print what would change: the diff, or one line per file."""
    for note in plan.notes:
        terminal.say(f"xentui: {note}")
    if all(change.kind == "same" for change in plan.changes):
        _tell_nothing(plan)
    elif diff:
        terminal.put(plan.diff())
    else:
        terminal.put(
            "".join(
                f"{change.kind:8} {visible(str(change.path))}\n"
                for change in plan.changes
                if change.kind != "same"
            )
        )


def write(make: Callable[[], Plan], *, yes: bool, edited: How | None = None) -> ApplyResult:
    """Carry out a plan after the user agreed to it.

    A user at a terminal sees the diff and is asked, also about files that were edited by hand.
    A script is not asked: it needs ``yes`` only if the user's own files would change, and decides
    about edited files by ``edited``.

    Args:
        make: returns the plan; called again if another run wrote in the meantime.
        yes: whether the user agreed to the diff in advance.
        edited: what to do with files that were edited by hand; ``None``: they prevent writing.

    Raises:
        RefusedError: the user did not agree, or a file was edited by hand.
        InputError: a file could not be written.
    """
    plan = make()
    for note in plan.notes:
        terminal.say(f"xentui: {note}")
    plan, force = _agree(plan, yes=yes, edited=edited)
    try:
        done = apply(plan, force=force)
    except StaleError:
        # Another run may have written the very same meanwhile; anything else needs a new answer.
        plan, force = _agree(make(), yes=yes, edited=edited)
        done = apply(plan, force=force)
    _tell(plan, done)
    return done


def _agree(plan: Plan, *, yes: bool, edited: How | None) -> tuple[Plan, bool]:
    """Return the plan that the user agreed to, and whether edited files may be overwritten."""
    shown: tuple[Change, ...] = ()
    if plan.edited and edited is None and terminal.interactive():
        shown, edited = plan.edited, _asked(plan)
    before, plan = plan, resolve_edits(plan, edited)
    if plan.edited and edited != "take":
        for change in plan.edited:
            terminal.say(change.diff())
        if edited == "merge":
            raise _unmergeable(plan)
        return plan, False
    asked_of = [c for c in before.changes if c.kind not in ("same", "kept") and c not in shown]
    if edited == "keep":
        asked_of = list(plan.pending)
    if yes or not asked_of:
        return plan, True
    if terminal.interactive():
        terminal.say("".join(change.diff() for change in asked_of))
        if not terminal.agreed(f"Write {counted(len(asked_of), 'file')}?"):
            raise RefusedError("nothing was written")
    elif plan.user_files:
        for change in plan.user_files:
            terminal.say(change.diff())
        names = ", ".join(visible(str(change.path)) for change in plan.user_files)
        raise RefusedError(
            f"{names} would be changed, so nothing was written",
            fix="Agree to the diff above with --yes.",
        )
    return plan, True


def _unmergeable(plan: Plan) -> RefusedError:
    names = ", ".join(visible(str(change.path)) for change in plan.edited)
    return RefusedError(
        f"{names}: the edits and what xentui would change do not go together, so nothing was "
        "written",
        fix="The diff above shows where; --edited keep leaves the edits, --edited take undoes "
        "them.",
    )


def _asked(plan: Plan) -> How | None:
    """Show what was edited by hand, and ask what to do with it."""
    for change in plan.edited:
        terminal.say(change.diff())
    answers = {
        "keep": "keep them as they are, and write all else",
        "merge": "merge: put both changes together",
        "take": "take what xentui would write, and keep each as NAME.mine",
    }
    if not mergeable(plan):
        del answers["merge"]
    files = counted(len(plan.edited), "file")
    chosen = terminal.asked(f"What becomes of {files} edited by hand?", answers)
    if not chosen:
        raise RefusedError("nothing was written")
    return cast("How", chosen)


def _tell(plan: Plan, done: ApplyResult) -> None:
    if not done.changes:
        _tell_nothing(plan)
        return
    for change in done.changes:
        word = {"edited": "changed"}.get(change.kind, change.kind)
        terminal.say(f"{'removed' if change.new is None else word:8} {change.path}")
    for change in plan.with_edits:
        terminal.say(f"{'kept' if change.kind == 'kept' else 'same':8} {change.path}, with edits")
    for old, kept in done.kept:
        terminal.say(f"kept     {kept}, which was {old.name} as edited by hand")


def _tell_nothing(plan: Plan) -> None:
    edited = len(plan.with_edits)
    count = len(plan.changes)
    if not count:
        terminal.say("nothing to do")
        return
    more = f", {edited} with edits by hand" if edited else ""
    files = "1 file is" if count == 1 else f"{count} files are"
    terminal.say(f"nothing to do: {files} as they should be{more}")
