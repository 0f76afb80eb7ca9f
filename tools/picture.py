# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The picture of the architecture, drawn from what the modules import of each other."""

from __future__ import annotations

from functools import cache
from html import escape

import grimp

_WHAT = {
    "app": "the wizard as a whole",
    "plain": "the wizard in lines of text",
    "stopping": "signals from outside",
    "screens": "its screens",
    "widgets": "what screens are made of",
    "session": "one project being edited",
    "cli": "one module a command",
    "rehearsal": "guests on a real Xen",
    "verify": "the user's own BitBake asked",
    "output": "files, plan, writing",
    "rules": "findings and budget",
    "bitbake": "configuration, layers, recipes",
    "images": "what image files are",
    "project": "document, schema, model",
    "safe_text": "text for terminals",
    "errors": "what can go wrong",
}
_LEFT_OUT = frozenset({"__main__", "completions", "presets"})

_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 190, 46, 26, 44, 20

_OPENING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
    'width="{width}" height="{height}" role="img" '
    'aria-label="The rooms of xentui, each above those that it imports">'
)
_ARROW = (
    "<defs><marker id='tip' markerWidth='8' markerHeight='8' refX='7' refY='4' "
    "orient='auto'><path d='M0,0 L8,4 L0,8 z' fill='#808890'/></marker></defs>"
)


@cache
def rooms() -> dict[str, frozenset[str]]:
    """Return the rooms of the package, each with those whose modules it imports."""
    graph = grimp.build_graph("xentui", cache_dir=None)
    found: dict[str, set[str]] = {}
    for module in sorted(graph.modules):
        room = _room(module)
        if room is None:
            continue
        known = found.setdefault(room, set())
        for imported in graph.find_modules_directly_imported_by(module):
            other = _room(imported)
            if other is not None and other != room:
                known.add(other)
    return {room: frozenset(known) for room, known in sorted(found.items())}


def direct() -> dict[str, list[str]]:
    """Return the same without what follows from the rest: the arrows of the picture."""
    known = rooms()
    arrows = {}
    for room, others in known.items():
        through: set[str] = set()
        for other in others:
            through |= _below(other, known)
        arrows[room] = sorted(others - through)
    return arrows


def svg() -> str:
    """Return the picture as SVG, which follows the reader's colours."""
    rows = _rows()
    width = max(len(row) for row in rows) * (_WIDTH + _GAP_X) - _GAP_X + 2 * _MARGIN
    height = len(rows) * (_HEIGHT + _GAP_Y) - _GAP_Y + 2 * _MARGIN
    places = {}
    for at, row in enumerate(rows):
        inside = len(row) * (_WIDTH + _GAP_X) - _GAP_X
        left = (width - inside) // 2
        for number, room in enumerate(row):
            places[room] = (
                left + number * (_WIDTH + _GAP_X),
                _MARGIN + at * (_HEIGHT + _GAP_Y),
            )
    lines = [
        # REUSE-IgnoreStart
        "<!-- SPDX-FileCopyrightText: The xentui authors -->",
        "<!-- SPDX-License-Identifier: MIT -->",
        # REUSE-IgnoreEnd
        _OPENING.format(width=width, height=height),
        _ARROW,
        "<g font-family='sans-serif' text-anchor='middle'>",
    ]
    for room, others in direct().items():
        for other in others:
            (x1, y1), (x2, y2) = places[room], places[other]
            x1, x2, y1 = x1 + _WIDTH // 2, x2 + _WIDTH // 2, y1 + _HEIGHT
            middle = (y2 - y1) // 2
            lines.append(
                f"<path d='M{x1},{y1} C{x1},{y1 + middle} {x2},{y2 - middle} {x2},{y2 - 2}' "
                "fill='none' stroke='#808890' stroke-width='1.5' marker-end='url(#tip)'/>"
            )
    for room, (x, y) in places.items():
        centre = x + _WIDTH // 2
        lines.append(
            f"<rect x='{x}' y='{y}' width='{_WIDTH}' height='{_HEIGHT}' rx='6' "
            "fill='#f2f4f7' stroke='#4a6f9c' stroke-width='1.5'/>"
        )
        lines.append(
            f"<text x='{centre}' y='{y + 19}' font-size='14' font-weight='bold' "
            f"fill='#16324f'>{escape(room)}</text>"
        )
        lines.append(
            f"<text x='{centre}' y='{y + 36}' font-size='11' fill='#41474d'>"
            f"{escape(_WHAT.get(room, ''))}</text>"
        )
    return "\n".join([*lines, "</g>", "</svg>"]) + "\n"


def _room(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "xentui" or len(parts) < 2 or parts[1] in _LEFT_OUT:
        return None
    return parts[1]


def _below(room: str, known: dict[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    todo = list(known.get(room, ()))
    while todo:
        other = todo.pop()
        if other not in found:
            found.add(other)
            todo += known.get(other, ())
    return found


def _rows() -> list[list[str]]:
    """Return the rooms by height: each above everything that it imports."""
    known = rooms()
    heights: dict[str, int] = {}

    def height(room: str) -> int:
        if room not in heights:
            heights[room] = 1 + max((height(other) for other in known[room]), default=-1)
        return heights[room]

    for room in known:
        height(room)
    top = max(heights.values())
    return [
        sorted(room for room in known if heights[room] == level) for level in range(top, -1, -1)
    ]
