# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Inspecting image files, which are made by the real tools."""
