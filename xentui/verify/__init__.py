# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare a project's settings with the values in the user's BitBake.

It runs ``bitbake -e`` and compares every variable and flag; nothing is written.

May import: ``output``, ``rules``, ``bitbake``, ``xl``, ``project``, ``safe_text``, ``errors``.
"""
