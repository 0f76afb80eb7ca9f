# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tests against the real thing: BitBake's parser, xl's parser, a real shell, a real terminal."""
