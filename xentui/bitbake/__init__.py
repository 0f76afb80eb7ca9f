# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""BitBake as files: what its text can carry, and what a build directory says."""
