# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generate files from the code, and make releases. Not installed with xentui."""
