# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard as lines of text and numbered questions (``--plain``), without moving the cursor.

It is for screen readers and braille displays, serial consoles, ``TERM=dumb`` and pipes, and edits
the same session as the screens. After an edit it prints only what changed, so that it is quick on
a slow line and under a finger on a braille display.

May import: ``session`` and all below it; never ``screens``, Textual or Rich.
"""
