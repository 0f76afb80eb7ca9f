# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Output files: rendered as text, compared with the disk, then written all or not at all.

Writers refuse text that BitBake or xl would read otherwise, whatever the schema let through, and
a file that somebody edited by hand is never overwritten unasked.

May import: ``bitbake``, ``images``, ``xl``, ``project``, ``safe_text``, ``errors``.
"""
