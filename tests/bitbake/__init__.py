# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tests of what is read of BitBake's files."""
