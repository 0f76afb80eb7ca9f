# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading BitBake's files: configurations, recipes, layers and build directories."""
