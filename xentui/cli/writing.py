# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Carrying out a plan on the command line: shown, agreed to, written, told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xentui.cli import parsing, terminal
from xentui.cli.reports import counted
from xentui.errors import RefusedError
from xentui.safe_text import visible

if TYPE_CHECKING:
    from xentui.output.apply import Done
    from xentui.output.plan import Plan


def consent_arguments(parser: parsing.Parser) -> None:
    """Let a parser take ``--yes`` and ``--force``."""
    parser.add_argument("-y", "--yes", action="store_true", help="agree to the diff beforehand")
    parser.add_argument(
        "--force",
        action="store_true",
        help="overwrite generated files that were edited by hand; each is kept as NAME.mine",
    )


def put_plan(plan: Plan, *, diff: bool) -> None:
    """Print what would change: the diff, or one line a file."""
    for note in plan.notes:
        terminal.say(f"xentui: {note}")
    if not plan.pending and not plan.edited:
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


def write(make: Callable[[], Plan], *, yes: bool, force: bool) -> Done:
    """Carry out a plan, once it is agreed to.

    Somebody at a terminal is shown the diff and asked. A script is not asked: it needs
    ``yes`` only where the user's own files would change.

    Args:
        make: makes the plan; called again if another run was faster.
        yes: the diff is agreed to.
        force: hand-edited files may be overwritten.

    Raises:
        RefusedError: the diff was not agreed to, or a hand-edited file is in the way.
        InputError: the system refused.
    """
    from xentui.output.apply import apply
    from xentui.output.tree import StaleError

    plan = make()
    for note in plan.notes:
        terminal.say(f"xentui: {note}")
    _agree(plan, yes=yes, force=force)
    try:
        done = apply(plan, force=force)
    except StaleError:
        # Another run may have written the very same meanwhile; anything else is asked anew.
        plan = make()
        _agree(plan, yes=yes, force=force)
        done = apply(plan, force=force)
    _tell(plan, done)
    return done


def _agree(plan: Plan, *, yes: bool, force: bool) -> None:
    if plan.edited and not force:
        for change in plan.edited:
            terminal.say(change.diff())
        return
    if yes or not (plan.pending or plan.edited):
        return
    if terminal.interactive():
        terminal.say(plan.diff())
        todo = len(plan.pending) + len(plan.edited)
        if not terminal.agreed(f"Write {counted(todo, 'file')}?"):
            raise RefusedError("nothing was written")
    elif plan.users:
        for change in plan.users:
            terminal.say(change.diff())
        names = ", ".join(visible(str(change.path)) for change in plan.users)
        raise RefusedError(
            f"{names} would be changed, so nothing was written",
            fix="Agree to the diff above with --yes.",
        )


def _tell(plan: Plan, done: Done) -> None:
    if not done.changes:
        _tell_nothing(plan)
        return
    for change in done.changes:
        word = {"edited": "changed"}.get(change.kind, change.kind)
        terminal.say(f"{'removed' if change.new is None else word:8} {change.path}")
    for old, kept in done.kept:
        terminal.say(f"kept     {kept}, which was {old.name} as edited by hand")


def _tell_nothing(plan: Plan) -> None:
    terminal.say(f"nothing to do: {counted(len(plan.changes), 'file')} as they should be")
