# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The user's own BitBake: what it sees of a project, compared with what the project says.

It runs ``bitbake -e`` and compares every variable and flag; nothing is written.

May import: ``output``, ``rules``, ``bitbake``, ``xl``, ``project``, ``safe_text``, ``errors``.
"""
