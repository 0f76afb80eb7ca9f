# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The fixtures of the command line serve here too."""

from tests.cli.conftest import board, run

__all__ = ["board", "run"]
