# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xentui: from a choice of guests to files that BitBake builds and xl starts."""

__version__ = "1.0.0"
