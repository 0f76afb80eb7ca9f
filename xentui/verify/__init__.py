# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the user's own BitBake sees of a project: asked for with ``bitbake -e``, compared."""
