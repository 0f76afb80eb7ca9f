# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 5: where the memory goes, a line each, and what does not fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xentui.plain import edit_summary
from xentui.plain.field import FieldPrompt
from xentui.plain.form import StepMenu, head
from xentui.plain.prompt import Choice, Item
from xentui.session import field_paths, memory

if TYPE_CHECKING:
    from xentui.rules.budget import Row


class Step(StepMenu):
    """The rows of the budget; those that a field sets can be chosen."""

    title = "Memory"

    def heading(self) -> Iterable[str]:
        """Say what is free."""
        yield f"{head('memory')}. Free: {edit_summary.free(self.session.view.budget)}"

    def items(self) -> Sequence[Item]:
        """Return the rows, and what is wrong with them."""
        view = self.session.view
        made: list[Item] = []
        for row in view.budget.rows:
            path = memory.path_of(row.kind, row.name)
            if path is None:
                made.append(f"{row.label}: {self._worded(row)}")
            else:
                made.append(self._choice(row, path))
        found = memory.of_memory(view.findings)
        made += [edit_summary.problem(finding) for finding in found]
        if not found:
            made.append("Everything that starts by itself fits.")
        made.append(Choice("Rehearse on a real Xen", self._rehearse))
        return made

    def _choice(self, row: Row, path: field_paths.Path) -> Choice:
        name = row.label if row.autostart else f"{row.label} (not by itself)"
        return Choice(name, partial(self._ask, path), self._worded(row), path)

    def _worded(self, row: Row) -> str:
        total = self.session.view.budget.total
        share = f", {round(100 * row.mib / total)} %" if total and row.kind != "total" else ""
        return f"{'about ' if row.estimate else ''}{row.mib:,} MiB{share}"

    def _ask(self, path: field_paths.Path) -> None:
        self.wizard.open(FieldPrompt(self.wizard, path, whose=True))

    def _rehearse(self) -> None:
        from xentui.plain.rehearse import rehearse

        rehearse(self.wizard)
