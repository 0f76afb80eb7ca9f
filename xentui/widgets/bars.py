# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Memory as bars: who takes how much, in patterns as well as in colours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from xentui.widgets.text import Glyphs, fit, glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.budget import Budget, Row

KINDS = ("xen", "dom0", "guest", "guest", "reserve", "free")
_STYLE = {
    "xen": "$text-muted",
    "dom0": "$primary",
    "guest": "$success",
    "reserve": "$secondary",
    "free": "$foreground-disabled",
}


def shares(rows: list[Row], total: int, width: int) -> list[int]:
    """Return the width of each row's segment; every row with memory gets at least one cell."""
    if total <= 0 or width <= 0:
        return [0 for _ in rows]
    cells, before = [], 0
    for row in rows:
        end = round((before + row.mib) * width / total)
        taken = end - round(before * width / total)
        cells.append(max(1, taken) if row.mib > 0 else 0)
        before += row.mib
    while sum(cells) > width and max(cells) > 1:
        cells[cells.index(max(cells))] -= 1
    return cells


def used_rows(budget: Budget) -> list[Row]:
    """Return the rows that use memory after boot."""
    taking = ("xen", "dom0", "guest", "reserve")
    return [row for row in budget.rows if row.kind in taking and row.autostart]


def pattern(row: Row, number: int, signs: Glyphs) -> tuple[str, str]:
    """Return the sign and style of a row; guests take turns."""
    if row.kind == "guest":
        return signs.bar[2 + number % 2], _STYLE["guest"]
    return signs.bar[KINDS.index(row.kind)], _STYLE[row.kind]


def bar(budget: Budget, width: int, signs: Glyphs) -> Content:
    """Return the memory as one line of ``width`` cells."""
    rows = used_rows(budget)
    used = sum(row.mib for row in rows)
    # If the total is unknown, the used memory takes half of the bar, and ? fills the rest.
    total = max(budget.total, used) if budget.total is not None else 2 * used
    parts: list[Content] = []
    guests = left = 0
    for row, cells in zip(rows, shares(rows, total, width), strict=True):
        sign, style = pattern(row, guests, signs)
        if row.kind == "guest":
            guests += 1
        parts.append(Content.assemble((sign * min(cells, width - left), style)))
        left += min(cells, width - left)
    rest = signs.bar[5] if budget.total is not None else "?"
    parts.append(Content.assemble((rest * max(0, width - left), _STYLE["free"])))
    line = Content("").join(parts)
    if budget.total is None or used <= budget.total:
        return line
    # A mark where the board's memory ends.
    end = min(width - 1, round(width * budget.total / used))
    mark = Content.assemble(("|", "bold $error"))
    return Content("").join([line[:end], mark, line[end + 1 :]])


def summary(budget: Budget, signs: Glyphs) -> Content:
    """Return used and total in a few words; too much is in words, not only in colour."""
    used = sum(row.mib for row in used_rows(budget))
    if budget.total is None:
        return lit(f"{used} MiB of ?", "muted")
    if budget.free is not None and budget.free < 0:
        return lit(f"{signs.error} {-budget.free} MiB too much", "error")
    if not budget.fits_all:
        return lit(f"{signs.warning} {used}/{budget.total} MiB", "warning")
    return lit(f"{used}/{budget.total} MiB")


class MemoryMap(Widget):
    """The budget as a broad bar with names under it."""

    DEFAULT_CSS = """
    MemoryMap { height: 3; width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._budget: Budget | None = None

    def show(self, budget: Budget) -> None:
        """Show a budget."""
        if budget is not self._budget:
            self._budget = budget
            self.refresh()

    def render(self) -> Content:
        """Draw two lines of bar and one of names."""
        width = max(1, self.size.width - 1)
        if self._budget is None:
            return Content("")
        signs = glyphs(self)
        line = bar(self._budget, width, signs)
        return Content("\n").join([line, line, self._names(width)])

    def _names(self, width: int) -> Content:
        assert self._budget is not None  # noqa: S101 - only called by render
        rows = used_rows(self._budget)
        total = max(self._budget.total or 0, sum(row.mib for row in rows))
        parts: list[Content] = []
        taken = 0
        for row, cells in zip(rows, shares(rows, total, width), strict=True):
            label = {"xen": "Xen", "reserve": "vxn"}.get(row.kind, row.label)
            # A name without room is left out: the table below has it.
            parts.append(lit(fit(label if len(label) < cells else "", cells), "muted"))
            taken += cells
        free = self._budget.free or 0
        if free > 0 and len(f"free {free}") <= width - taken:
            parts.append(lit(f"free {free}", "muted"))
        return Content("").join(parts)
