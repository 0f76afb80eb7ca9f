# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""BitBake's files: write values in its language, and read build directories and layers.

No code in these files is ever run: no recipe, no Python, no shell.

May import: ``project``, ``safe_text``, ``errors``.
"""
