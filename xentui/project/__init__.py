# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Project files: their text, schema, model, presets and boards, and the value of each field.

Every value that the schema accepts can be written so that BitBake reads it back. A project is
immutable; each edit makes a new one.

May import: ``safe_text``, ``errors``.
"""
