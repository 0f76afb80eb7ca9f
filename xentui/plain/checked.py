# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What writing would do, and what stands against it, worked out once for each state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xentui.errors import XentuiError
from xentui.session import build, reviewing, writing

if TYPE_CHECKING:
    from xentui.output.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session


class Checked:
    """The plan of a session.

    Args:
        session: what would be written.

    Attributes:
        plan: what would be done; ``None`` where that cannot be said.
        refused: why it cannot.
        around: what is wrong with the build directory.
        seen: the difference was shown.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: object = None
        self.plan: Plan | None = None
        self.refused = ""
        self.around: Sequence[Finding] = ()
        self.seen = False

    def compare(self, *, anew: bool = False) -> None:
        """Compare with the disk, if anything is different by now.

        Args:
            anew: compare even so: the files may have changed meanwhile.
        """
        session = self._session
        now = (session.state, session.out, session.attach)
        if self._of == now and not anew:
            return
        before = self.lines() if self._of == now else None
        self._of = now
        self.plan, self.refused, self.around = None, "", ()
        try:
            self.plan = session.plan()
            target = writing.build_dir_of(session)
            if target is not None:
                recipes = build.recipes_of(session)
                self.around = build.examined(self.plan, target, recipes=recipes)
        except XentuiError as error:
            self.refused = f"{error.message}. {error.fix}".strip()
        self.seen = self.seen and before == self.lines()

    @property
    def errors(self) -> int:
        """How many errors stand against writing."""
        around = sum(finding.severity.value == "error" for finding in self.around)
        return len(self._session.view.errors) + around

    @property
    def against(self) -> str:
        """Why nothing can be written now, or an empty text."""
        if self.refused:
            return self.refused
        own = len(self._session.view.errors)
        told = reviewing.against(own, self.errors - own)
        return f"{told} to mend: p lists them." if told else ""

    def lines(self) -> list[str]:
        """Return the difference, line by line."""
        return reviewing.diff_lines(self.plan) if self.plan is not None else []

    def summary(self) -> str:
        """Return in a sentence whether this can be written, and what it would do."""
        if self.against:
            return f"Cannot be written yet. {self.against}"
        if self.plan is None:
            return ""
        if self.plan.edited:
            names = ", ".join(change.name for change in self.plan.edited)
            return f"Edited by hand: {names}. Writing asks what becomes of it."
        if not self.plan.pending:
            return "Everything is written already."
        return f"Ready: {reviewing.counted(self.plan)}. Nothing is written yet."
