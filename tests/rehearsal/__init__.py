# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rehearsals: recorded runs, and, where Xen can be booted, the real thing."""
