# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A project as files: rendered, previewed, planned and applied."""
