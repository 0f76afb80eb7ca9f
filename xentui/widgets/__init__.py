# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The widgets of the wizard."""
