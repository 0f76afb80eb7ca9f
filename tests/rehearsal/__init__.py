# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rehearsals: recorded runs and, if Xen can be booted here, real ones."""
