# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What image files are, told by their bytes: never by their names, never by running anything."""
