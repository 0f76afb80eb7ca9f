# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xl: how it reads a guest's configuration, and which keys it knows."""
