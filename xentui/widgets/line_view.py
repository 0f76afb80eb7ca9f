# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Text that follows the state: only the cells that differ are drawn, and sent, anew."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region
from textual.widget import Widget


def differing(old: Content, new: Content, width: int) -> list[Region]:
    """Return what must be drawn: of each line, from the first cell that differs to the last.

    Args:
        old: what is drawn.
        new: what is to be drawn, line below line.
        width: cells of a line.
    """
    before, after = old.split(), new.split()
    if len(before) != len(after):
        return [Region(0, 0, width, max(len(before), len(after)))]
    return [
        Region(start, y, end - start, 1)
        for y, pair in enumerate(zip(before, after, strict=True))
        if not pair[0].is_same(pair[1])
        for start, end in [_changed(*pair, width)]
    ]


def _changed(old: Content, new: Content, width: int) -> tuple[int, int]:
    """Return the cells of a line between which all that differs lies."""
    before, after = _looks(old), _looks(new)
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    start = cell_len(new.plain[:same])
    if cell_len(old.plain) != cell_len(new.plain):
        return start, max(width, start)
    kept = 0
    while kept < min(len(before), len(after)) - same and before[-1 - kept] == after[-1 - kept]:
        kept += 1
    return start, cell_len(new.plain[: len(after) - kept])


def _looks(content: Content) -> list[tuple[object, ...]]:
    """Return each character with its styles."""
    looks: list[tuple[object, ...]] = [(char,) for char in content.plain]
    for span in content.spans:
        for at in range(max(0, span.start), min(span.end, len(looks))):
            looks[at] = (*looks[at], span.style)
    return looks


class LineView(Widget):
    """Lines, each cut to its room, that are often told anew, much of them as they were."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._content = Content("")

    @property
    def content(self) -> Content:
        """What is told."""
        return self._content

    def update(self, content: Content) -> None:
        """Tell something else."""
        regions = differing(self._content, content, self.size.width)
        self._content = content
        if regions:
            self.refresh(*regions)

    def render(self) -> Content:
        """Draw it."""
        return self._content
