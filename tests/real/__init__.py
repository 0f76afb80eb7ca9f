# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What xentui generates, read and run by the real BitBake with the real classes."""
