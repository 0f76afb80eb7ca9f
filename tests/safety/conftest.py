# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Each test works in its own folder, without animations."""

from __future__ import annotations

from tests.tui.conftest import _still

__all__ = ["_still"]
