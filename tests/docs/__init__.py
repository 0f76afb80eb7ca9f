# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The documentation, tried out."""
