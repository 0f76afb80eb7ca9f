# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How many examples a property is tried with.

``make test`` uses the profile ``quick``, ``make test-all`` the profile ``full``; both are in
``tests/conftest.py``. A property that needs more or fewer examples than the profile gives asks
:func:`examples`, so that it grows and shrinks with all others.
"""

from __future__ import annotations

from hypothesis import settings

FULL = 100
"""Examples that the profile ``full`` gives a property."""


def examples(full: int) -> int:
    """Return the number of examples for a property that has ``full`` of them in ``test-all``."""
    return max(3, full * settings().max_examples // FULL)
