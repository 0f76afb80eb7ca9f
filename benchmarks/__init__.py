# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Timings, each as a ratio against a baseline taken in the same run."""
