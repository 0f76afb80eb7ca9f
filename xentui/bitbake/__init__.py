# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""BitBake as files: what its language can carry, and what a build directory and its layers say.

Nothing that is read is ever run: no recipe, no Python, no shell.

May import: ``project``, ``safe_text``, ``errors``.
"""
