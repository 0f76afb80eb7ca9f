# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Output files: rendered as text, compared with the disk, then written all or not at all.

Writers refuse text that BitBake or xl would misread, even if the schema accepts it. Files that
were edited by hand are never overwritten without asking.

May import: ``bitbake``, ``images``, ``xl``, ``project``, ``safe_text``, ``errors``.
"""
