# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What writing would do, and what stands against it, worked out once for each state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xentui.errors import Exit, XentuiError, sentences
from xentui.session import build, reviewing, waivers

if TYPE_CHECKING:
    from xentui.output.plan import Plan
    from xentui.session import Session


class Checked:
    """The plan of a session.

    Args:
        session: what would be written.

    Attributes:
        plan: what would be done; ``None`` where that cannot be said.
        refused: why it cannot.
        code: what a process ends with that wrote nothing for what stands against it.
        seen: the difference was shown.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: object = None
        self.plan: Plan | None = None
        self.refused = ""
        self.code = Exit.OK
        self.seen = False
        self._lines: list[str] | None = None

    def compare(self, *, anew: bool = False) -> None:
        """Compare with the disk, if anything is different by now.

        Args:
            anew: compare even so: the files may have changed meanwhile.
        """
        session = self._session
        now = (session.state, session.out, session.attach, session.layer)
        if self._of == now and not anew:
            return
        before = self.lines() if self._of == now else None
        self._of = now
        session.look_again()
        self.plan, self.refused, session.build_findings, self._lines = None, "", (), None
        try:
            self.plan = session.plan()
            target = session.build_dir
            if target is not None:
                recipes = build.recipes_of(session)
                session.build_findings = build.examined(self.plan, target, recipes=recipes)
        except XentuiError as error:
            self.refused, self.code = sentences(error.message, error.fix), error.exit_code
        except OSError as error:
            self.code = Exit.IO
            self.refused = f"{error.filename or session.out}: {error.strerror or error}"
        else:
            self.code = Exit.FINDINGS if self.errors else Exit.OK
        self.seen = self.seen and before == self.lines()

    @property
    def errors(self) -> int:
        """How many errors stand against writing."""
        build_findings = self._session.build_findings
        return len(self._session.view.errors) + sum(
            finding.severity.value == "error" for finding in build_findings
        )

    @property
    def against(self) -> str:
        """Why nothing can be written now, or an empty text."""
        if self.refused:
            return self.refused
        own = len(self._session.view.errors)
        told = reviewing.against(own, self.errors - own)
        return f"{told} to fix: p lists them." if told else ""

    def lines(self) -> list[str]:
        """Return the difference, line by line."""
        if self._lines is None:
            self._lines = reviewing.diff_lines(self.plan) if self.plan is not None else []
        return self._lines

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
        allowed = len(waivers.overruled(self._session))
        more = f", {allowed} error{'s' if allowed > 1 else ''} allowed" if allowed else ""
        return f"Ready: {reviewing.counted(self.plan)}{more}. Nothing is written yet."
