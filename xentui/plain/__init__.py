# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard as lines of text and numbered questions: no colour, and the cursor only goes on.

For screen readers and braille displays, serial consoles, ``TERM=dumb`` and pipes. It works on
the same session as the screens; fields and their help come from the schema. Only what changed
is printed after an edit, so that a slow line and a slow finger on a braille display are enough.

May import: ``session`` and all below it; never ``screens``, Textual or Rich.
"""
