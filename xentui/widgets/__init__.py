# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The widgets that the wizard's screens are made of.

They show text as content, never as markup, and tell their screen what happened by messages.

May import: ``session``, all below it, Textual and Rich.
"""
