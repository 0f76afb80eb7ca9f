# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xl's config files: what xl reads in them, and what it refuses.

Configs are read as xl's own parser reads them, and nothing is run; each fact names its place in
Xen's sources.

May import: ``safe_text``.
"""
