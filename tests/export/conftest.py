# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Shares the fixtures of the command line."""

from tests.cli.conftest import board, run

__all__ = ["board", "run"]
