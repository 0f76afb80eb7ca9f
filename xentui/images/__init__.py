# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Image files: what each is, worked out from its bytes.

Names are never believed, nothing is run or mounted, and hostile files cost bounded time and
memory.

May import: ``project``, ``safe_text``, ``errors``.
"""
