# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The steps of the wizard in their order, and the step in which each finding is fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xentui.rules.finding import Finding

STEPS = ("start", "machine", "features", "guests", "memory", "review", "write")
TITLES = {name: name.capitalize() for name in STEPS}

_STEP_OF_TABLE = {
    "host": "machine",
    "containers": "features",
    "defaults": "features",
    "guests": "guests",
    "bundles": "guests",
    "import_types": "guests",
}


def step_of(finding: Finding) -> str:
    """Return the step in which a finding is fixed."""
    head = finding.path.split(".")[0].split("[")[0]
    if finding.code.startswith("XT4") and head != "containers" and not guest_of(finding):
        return "memory"
    return _STEP_OF_TABLE.get(head, "machine" if finding.code.startswith("XT1") else "review")


def guest_of(finding: Finding) -> str:
    """Return the key of the guest that a finding is about, or an empty text."""
    head, _, rest = finding.path.partition(".")
    return rest.partition(".")[0] if head == "guests" else ""
