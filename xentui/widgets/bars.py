# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bars that show who uses how much of the board's memory, in patterns as well as in colours."""

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
    "free": "$text-disabled",
}


def segment_widths(rows: list[Row], total: int, width: int) -> list[int]:
    """Return the cells of each row in a bar; every row with memory gets at least one."""
    if total <= 0 or width <= 0:
        return [0 for _ in rows]
    cells, mib = [], 0
    for row in rows:
        start, end = (round(edge * width / total) for edge in (mib, mib + row.mib))
        cells.append(max(1, end - start) if row.mib > 0 else 0)
        mib += row.mib
    while sum(cells) > width and max(cells) > 1:
        cells[cells.index(max(cells))] -= 1
    return cells


def used_rows(budget: Budget) -> list[Row]:
    """Return the rows that use memory after boot."""
    kinds = ("xen", "dom0", "guest", "reserve")
    return [row for row in budget.rows if row.kind in kinds and row.autostart]


def row_pattern(row: Row, number: int, signs: Glyphs) -> tuple[str, str]:
    """Return the sign and style of a row in a bar; two signs alternate for guests by number."""
    if row.kind == "guest":
        return signs.bar[2 + number % 2], _STYLE["guest"]
    return signs.bar[KINDS.index(row.kind)], _STYLE[row.kind]


def memory_bar(budget: Budget, width: int, signs: Glyphs) -> Content:
    """Return the memory as one line of ``width`` cells."""
    rows = used_rows(budget)
    used = sum(row.mib for row in rows)
    # If the total is unknown, the used memory takes half of the bar, and ? fills the rest.
    total = max(budget.total, used) if budget.total is not None else 2 * used
    parts: list[Content] = []
    guests = filled = 0
    for row, cells in zip(rows, segment_widths(rows, total, width), strict=True):
        sign, style = row_pattern(row, guests, signs)
        if row.kind == "guest":
            guests += 1
        parts.append(Content.assemble((sign * min(cells, width - filled), style)))
        filled += min(cells, width - filled)
    rest = signs.bar[5] if budget.total is not None else "?"
    parts.append(Content.assemble((rest * max(0, width - filled), _STYLE["free"])))
    line = Content("").join(parts)
    if budget.total is None or used <= budget.total:
        return line
    # A mark where the board's memory ends.
    end = min(width - 1, round(width * budget.total / used))
    mark = Content.assemble(("|", "bold $error"))
    return Content("").join([line[:end], mark, line[end + 1 :]])


def memory_summary(budget: Budget, signs: Glyphs) -> Content:
    """Return the used and the total MiB, or how much is missing."""
    used = sum(row.mib for row in used_rows(budget))
    if budget.total is None:
        return lit(f"{used} MiB of ?", "muted")
    if budget.free is not None and budget.free < 0:
        return lit(f"{signs.error} {-budget.free} MiB too much", "error")
    if not budget.fits_all:
        return lit(f"{signs.warning} {used}/{budget.total} MiB", "warning")
    return lit(f"{used}/{budget.total} MiB")


class MemoryMap(Widget):
    """The memory budget as a bar two lines high, with names under it."""

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
        line = memory_bar(self._budget, width, signs)
        return Content("\n").join([line, line, self._names(width)])

    def _names(self, width: int) -> Content:
        assert self._budget is not None  # noqa: S101 - only called by render
        rows = used_rows(self._budget)
        total = max(self._budget.total or 0, sum(row.mib for row in rows))
        parts: list[Content] = []
        used = 0
        for row, cells in zip(rows, segment_widths(rows, total, width), strict=True):
            label = {"xen": "Xen", "reserve": "vxn"}.get(row.kind, row.label)
            # A name without room is left out: the table below has it.
            parts.append(lit(fit(label if len(label) < cells else "", cells), "muted"))
            used += cells
        free = self._budget.free or 0
        if free > 0 and len(f"free {free}") <= width - used:
            parts.append(lit(f"free {free}", "muted"))
        return Content("").join(parts)
