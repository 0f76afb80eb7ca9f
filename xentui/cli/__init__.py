# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The command line."""


def main() -> int:
    """Run the command line."""
    return 0
