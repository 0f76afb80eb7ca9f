# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A rule that fails by itself is told of as an error; all others are asked all the same.

What it would have found is not known then, so that the project cannot be called right: it
stands against writing until somebody overrules it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from xentui.rules.finding import Finding, found
from xentui.safe_text import visible

CODE = "XT901"
LONGEST = 200
"""Characters of an exception's own words that are told."""


def failed(rule: Callable[..., Any], error: Exception, path: str = "") -> Finding:
    """Return the finding that a rule could not be asked.

    Args:
        rule: the rule.
        error: what it raised.
        path: what it was asked of.

    Raises:
        Exception: ``error`` itself where ``XENTUI_DEBUG`` is 1, so that its traceback is shown.
    """
    if os.environ.get("XENTUI_DEBUG") == "1":
        raise error
    said = visible(f"{type(error).__name__}: {error}")
    if len(said) > LONGEST:
        said = f"{said[:LONGEST]}..."
    where = rule.__module__.rpartition(".")[2]
    return found(
        CODE,
        path,
        f"xentui itself failed: its check {where}.{rule.__name__} cannot be carried out ({said})",
        "Please report it, with what XENTUI_DEBUG=1 xentui check shows; what this check is for is "
        "not known to be right.",
    )
