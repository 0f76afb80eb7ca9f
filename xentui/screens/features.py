# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 3: containers on Dom0, and what every guest has unless it says otherwise."""

from __future__ import annotations

from typing import ClassVar

from textual.widget import Widget

from xentui.screens.step import FormStep
from xentui.session import forms
from xentui.widgets.field import FieldRow


class Features(FormStep):
    """The fields of containers and of the defaults."""

    NAME: ClassVar[str] = "features"
    HINT: ClassVar[str] = (
        "Left empty, a field means what the class does by itself; it is not written."
    )

    def groups(self) -> list[tuple[str, list[Widget]]]:
        """Return the two tables' fields."""
        return [
            (group.title, [FieldRow(path, self.session) for path in group.paths])
            for group in forms.features()
        ]
