# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Timings, each as a ratio to a baseline measured in the same run."""
