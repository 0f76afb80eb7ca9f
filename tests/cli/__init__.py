# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The command line, as a script and as a person use it."""
