# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generated files, read and run by the real BitBake with the real classes."""
