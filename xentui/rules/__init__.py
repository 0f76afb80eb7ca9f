# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What must hold of a project: findings and the memory budget."""
