# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The screens of the wizard."""
