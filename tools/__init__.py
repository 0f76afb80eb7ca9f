# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is made of the code and kept beside it; nothing here is part of the installed program."""
