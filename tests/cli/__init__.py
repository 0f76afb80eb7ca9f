# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The command line, used by scripts and by people."""
