# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Each test works in a folder of its own, and a wizard in it stands still."""

from __future__ import annotations

from tests.tui.conftest import _still

__all__ = ["_still"]
