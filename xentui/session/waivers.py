# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Errors that a person knows better than, overruled each where it stands.

It is a step of the history like any other, kept in the draft, and told of wherever findings
are. What is overruled is no part of the project: the command line has ``--allow`` for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from xentui.rules.allowed import OVERRULABLE
from xentui.rules.finding import Severity

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session


def can_be(finding: Finding | None) -> bool:
    """Return whether a finding is an error that may be overruled."""
    return (
        finding is not None and finding.severity is Severity.ERROR and finding.code in OVERRULABLE
    )


def is_overruled(session: Session, finding: Finding | None) -> bool:
    """Return whether a finding is an error that is overruled now."""
    return (
        finding is not None
        and (finding.code, finding.path) in session.state.allowed
        and finding.severity is not Severity.ERROR
    )


def overruled(session: Session) -> Sequence[Finding]:
    """Return the errors of the present state that are overruled, each a warning now."""
    if not session.state.allowed:
        return ()
    return [finding for finding in session.view.findings if is_overruled(session, finding)]


def toggle(session: Session, finding: Finding) -> str | None:
    """Overrule an error, or let it stand again; return what was done, ``None`` if nothing."""
    state, place = session.state, (finding.code, finding.path)
    if is_overruled(session, finding):
        allowed, label = state.allowed - {place}, f"let {finding.code} stand again"
    elif can_be(finding):
        allowed, label = state.allowed | {place}, f"allow {finding.code}"
    else:
        return None
    label = f"{label} for {finding.path}" if finding.path else label
    session.resume(replace(state, allowed=allowed), label)
    return label
