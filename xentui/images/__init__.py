# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Image files: the kind of each, found by its bytes.

File names are not trusted, nothing is run or mounted, and hostile files cost bounded time and
memory.

May import: ``project``, ``safe_text``, ``errors``.
"""
