# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tests of what is told of image files, against files that the real tools make."""
