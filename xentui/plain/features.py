# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 3: containers on Dom0, and what every guest has unless it says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xentui.plain.form import StepMenu, fields, head
from xentui.plain.prompt import Item
from xentui.session import forms


class Step(StepMenu):
    """The fields of containers and of the defaults."""

    title = "Features"

    def heading(self) -> Iterable[str]:
        """Name the step."""
        yield head("features")

    def items(self) -> Sequence[Item]:
        """Return the fields of both tables."""
        return fields(self.wizard, forms.features())
