# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is shown at once of a state with many guests, until everything has been worked out.

It is the last state that was worked out, with what follows from the few guests edited since:
their own findings, their memory, their lines. Totals of other guests' findings, digests and
what one guest means for another follow when the state is settled.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from operator import is_not
from typing import TYPE_CHECKING

from xentui.errors import XentuiError
from xentui.project.effective import effective
from xentui.project.model import Guest, Project
from xentui.session.found import Findings, guest_of
from xentui.session.state import State
from xentui.session.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xentui.output.rendered import Content
    from xentui.rules.budget import Budget, Row

EDITED = 4
"""Guests that may differ from the settled state; with more it is shown as it is."""

_TURN = 0.0005
"""Seconds after which a thread at work hands over; Python's usual 5 ms would be felt."""
_TABLES = ("host", "preset", "containers", "defaults", "bundles", "import_types")


def gently(work: Callable[[], object]) -> None:
    """Do something in a thread so that the thread that draws is soon given its turn."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        work()
    finally:
        sys.setswitchinterval(usual)


def edited(old: Project, new: Project) -> list[tuple[Guest, Guest]]:
    """Return the guests that differ, as they were and are.

    It is empty where anything else differs, a guest came, went or was renamed, or more than
    :data:`EDITED` differ.
    """
    if len(old.guests) != len(new.guests):
        return []
    if any(getattr(old, name) is not getattr(new, name) for name in _TABLES):
        return []
    differ = map(is_not, old.guests, new.guests)
    pairs = list(compress(zip(old.guests, new.guests, strict=True), differ))
    if len(pairs) > EDITED or any(one.key != other.key for one, other in pairs):
        return []
    return pairs


class Quick(View):
    """A state shown by what is known of a settled one.

    Args:
        state: the state.
        project_name: what headers call the project.
        basis: the settled one.
    """

    def __init__(self, state: State, project_name: str, basis: View) -> None:
        super().__init__(state, project_name, machine=basis.machine)
        self._basis = basis
        self._edited = edited(basis.project, state.project)
        # Set outright: cached_property of Python 3.11 locks, and a thread may be settling.
        self.__dict__.update(
            assets=basis.assets,
            found=self._found(),
            findings=basis.findings,
            summed=self._summed(),
            budget=self._budget(),
            conf_lines=self._conf_lines(),
        )

    @property
    def settled(self) -> bool:
        """Never: it is shown until the state itself is settled."""
        return False

    @property
    def files(self) -> Mapping[str, Content]:
        """What would be written of the settled state."""
        return self._basis.files

    @property
    def render_error(self) -> str:
        """Why the settled state could not be written."""
        return self._basis.render_error

    @property
    def layout(self) -> Sequence[str]:
        """The files on the target, of the settled state."""
        return self._basis.layout

    @property
    def start_order(self) -> Sequence[str]:
        """The guests that start by themselves, of the settled state."""
        return self._basis.start_order

    def recipes(self) -> str:
        """Return the recipes of the settled state."""
        return self._basis.recipes()

    def _found(self) -> Findings:
        from xentui.rules.check import check_guest

        basis = self._basis
        found = basis.found
        before, after = basis.unfinished, self.unfinished
        pairs = {new.key: (old, new) for old, new in self._edited}
        for finding in (*before, *after) if before or after else ():
            key = guest_of(finding)
            guest = _guest(self.project, key)
            if guest is not None:
                pairs.setdefault(key, (guest, guest))
        was = basis.context
        now = replace(was, project=self.project)
        for key, (old, new) in pairs.items():
            own = {(one.code, one.path) for one in check_guest(was, effective(basis.project, old))}
            # What rules for the whole project said of it stays until they are asked again.
            stays = [
                one
                for one in found.guests.get(key, ())
                if one.code and (one.code, one.path) not in own
            ]
            typed = [one for one in after if guest_of(one) == key]
            mine = check_guest(now, effective(self.project, new))
            if self.state.allowed:
                from xentui.rules.allowed import allow_at

                mine = allow_at(mine, self.state.allowed)
            found = found.with_guest(key, [*typed, *mine, *stays])
        return found

    def _summed(self) -> Budget:
        budget = self._basis.summed
        for old, new in self._edited:
            from xentui.rules.budget import guest_row

            was = guest_row(self._basis.context, effective(self._basis.project, old))
            now = guest_row(self._basis.context, effective(self.project, new))
            budget = _shifted(_shifted(budget, was, -1), now, 1)
        return budget

    def _budget(self) -> Budget:
        budget, summed = self._basis.budget, self._summed()
        if not self._edited:
            return budget
        from xentui.rules.budget import guest_row

        given = self._basis.context
        edited = {
            new.key: guest_row(given, effective(self.project, new)) for _, new in self._edited
        }
        free = summed.free
        rows = [
            replace(row, mib=free)
            if row.kind == "free" and free is not None
            else edited.get(row.name, row)
            if row.kind == "guest"
            else row
            for row in budget.rows
        ]
        return replace(budget, rows=tuple(rows), free=free, free_all=summed.free_all)

    def _conf_lines(self) -> Sequence[str]:
        lines = self._basis.conf_lines
        for old, new in self._edited:
            if old.bundle is None and new.bundle is None:
                lines = _replaced(
                    lines, _lines(self._basis.project, old), _lines(self.project, new)
                )
        return lines


def _guest(project: Project, key: str) -> Guest | None:
    try:
        return project.guest(key)
    except KeyError:
        return None


def _lines(project: Project, guest: Guest) -> Sequence[str]:
    from xentui.output.local_conf import guest_lines

    try:
        return guest_lines(project, guest)
    except XentuiError:
        return ()


def _replaced(lines: Sequence[str], old: Sequence[str], new: Sequence[str]) -> Sequence[str]:
    """Return lines with a block of them replaced, where it is found."""
    if not old or not new:
        return lines
    try:
        start = lines.index(old[0])
    except ValueError:
        return lines
    end = start + len(old)
    if lines[start:end] != old:
        return lines
    return [*lines[:start], *new, *lines[end:]]


def _shifted(budget: Budget, guest: Row, by: int) -> Budget:
    """Return a summed budget with a guest's row added (1) or taken out (-1)."""
    mib = by * guest.mib
    rows = [
        replace(row, mib=row.mib + mib)
        if row.kind == "guest" and row.autostart is guest.autostart
        else row
        for row in budget.rows
    ]
    free, free_all = budget.free, budget.free_all
    if free is not None and guest.autostart:
        free -= mib
    if free_all is not None:
        free_all -= mib
    rows = [
        replace(row, mib=free) if row.kind == "free" and free is not None else row for row in rows
    ]
    return replace(budget, rows=tuple(rows), free=free, free_all=free_all)
