# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard without its screens: the edited project, where it is written, and its drafts.

Promises that every change is one undoable step and that nothing typed is lost.

May import: ``rehearsal``, ``verify`` and all below them.
"""

from xentui.session.guests import MOST_GUESTS
from xentui.session.session import Session
from xentui.session.state import Origin, State
from xentui.session.target import DEFAULT_OUT

__all__ = ["DEFAULT_OUT", "MOST_GUESTS", "Origin", "Session", "State"]
