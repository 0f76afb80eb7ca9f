# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What a person wants: model, document, schema, presets, boards."""
