# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The steps of the wizard, in their order."""

from __future__ import annotations

STEPS = ("start", "machine", "features", "guests", "memory", "review", "write")
TITLES = {name: name.capitalize() for name in STEPS}
