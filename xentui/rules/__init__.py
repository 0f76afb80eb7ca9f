# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings: what is wrong with a project, and where its memory goes.

Rules are pure functions of a project and of what was read from disk before; each finding has a
code in ``catalogue.toml``, and often a quick fix that no other rule refuses.

May import: ``bitbake``, ``images``, ``xl``, ``project``, ``safe_text``, ``errors``.
"""
