# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xentui: from a person's wishes to Xen guests that BitBake builds and xl starts."""

__version__ = "1.0.0"
