# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Decide how many examples a property is tried with.

``make test`` uses the profile ``quick``, ``make test-all`` the profile ``full``; both are in
``tests/conftest.py``. A property that needs more or fewer examples than the profile gives asks
:func:`examples`, so that its number grows and shrinks with all the others.
"""

from __future__ import annotations

from hypothesis import settings

FULL = 100
"""Number of examples per property in the profile ``full``."""


def examples(full: int) -> int:
    """Return the number of examples for a property that gets ``full`` of them in ``test-all``."""
    return max(3, full * settings().max_examples // FULL)
