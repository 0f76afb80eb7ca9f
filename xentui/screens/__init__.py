# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The screens of the wizard: each shows the session and sends it what the user did.

A screen keeps no copy of a finding, a file or a sum, and never reaches into another screen.

May import: ``widgets``, ``session``, all below it, Textual and Rich.
"""
