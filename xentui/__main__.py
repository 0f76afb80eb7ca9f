# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run xentui as ``python -m xentui``."""

import sys

from xentui.cli import main

if __name__ == "__main__":
    sys.exit(main())
