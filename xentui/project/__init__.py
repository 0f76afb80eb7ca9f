# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Project files: their text, schema, model, presets and boards, and the value of each field.

Text that the schema accepts is text that BitBake can carry; a project never changes, each edit
makes a new one.

May import: ``safe_text``, ``errors``.
"""
