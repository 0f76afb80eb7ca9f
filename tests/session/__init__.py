# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
