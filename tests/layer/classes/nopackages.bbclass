# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Stands for OpenEmbedded-Core's.
