# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""How Sphinx builds this documentation: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from xentui import __version__

project = "xentui"
author = copyright = "The xentui authors"  # noqa: A001 - Sphinx' own name
release = version = __version__

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"xentui {release}"
# The pages name nobody else's server, and are read without a network.
html_theme_options = {"source_repository": "", "source_branch": "", "source_directory": ""}
nitpicky = True

# The manual page xentui(1), for "make generated". It carries the version where a date would stand.
man_pages = [("manual", "xentui", "Xen guests on Yocto: a wizard and a command line", "", 1)]
man_show_urls = False
today = f"xentui {release}"
