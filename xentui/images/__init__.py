# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Identify image files by their bytes, and suggest how a guest uses each.

File names are not trusted, nothing is run or mounted, and hostile files cost bounded time and
memory.

May import: ``project``, ``safe_text``, ``errors``.
"""
