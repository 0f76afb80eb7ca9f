# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write generated files: compare them with the disk, show the diff, then write all or nothing.

:mod:`plan` lists the changes, which are :mod:`change` objects, and :mod:`apply` makes them.
:mod:`tree` never writes outside its folder. :mod:`manifest` records what was written, so that an
edit by hand is noticed; :mod:`merge` combines it with new contents.
"""
