# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tests of xentui against the real parts: BitBake's parser, xl's parser, a real shell."""
