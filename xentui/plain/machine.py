# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 2: the board, its memory, its network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xentui.plain.form import StepMenu, fields, head
from xentui.plain.prompt import Item
from xentui.project import boards
from xentui.session import forms


class Step(StepMenu):
    """The fields of the host."""

    title = "Machine"

    def heading(self) -> Iterable[str]:
        """Say how far Xen is known to start on the board, where it is not wholly."""
        yield head("machine")
        board = boards.board(self.session.project.host.machine)
        yield f"{board.machine}: {board.state_words}. {board.summary}"
        if board.layer is not None:
            yield f"It needs {board.layer.name}."

    def items(self) -> Sequence[Item]:
        """Return the fields."""
        return fields(self.wizard, (forms.machine(),))
