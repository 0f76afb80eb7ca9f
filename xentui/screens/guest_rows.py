# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The rows of the table of guests, and what stands in its place where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from textual.content import Content

from xentui.project import effective
from xentui.project.model import Guest
from xentui.session import View
from xentui.session.guests import disk_of
from xentui.widgets.table import Row
from xentui.widgets.text import Glyphs, lit

_SEVERITIES = ("error", "warning", "advice")


class Rows(Sequence[Row]):
    """The rows of the table, each made when it comes into sight."""

    def __init__(self, view: View, shown: Sequence[Guest], signs: Glyphs) -> None:
        self._view = view
        self._shown = shown
        self._signs = signs

    def __len__(self) -> int:
        return len(self._shown)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | Sequence[Row]:
        if isinstance(place, slice):
            return [self._row(guest) for guest in self._shown[place]]
        return self._row(self._shown[place])

    def _row(self, guest: Guest) -> Row:
        full = effective.effective(self._view.project, guest)
        severity = self._view.found.severity(guest.key)
        style = _SEVERITIES[severity] if severity is not None else "ok"
        vif = " ".join(full.vif) if full.vif else "none"
        return Row(
            guest.key,
            (
                (self._signs.severity(style), "muted" if style == "advice" else style),
                guest.key,
                "yes" if guest.autostart else "",
                str(full.memory),
                str(full.vcpus),
                disk_of(guest),
                (guest.bundle or "conf", "" if guest.bundle else "muted"),
                vif,
            ),
        )


def empty() -> Content:
    """Return what helps where there is no guest."""
    return Content("\n").join(
        [
            lit("No guest yet.", "strong"),
            lit(""),
            lit("a", "here").append("  adds one, first xen-guest-image-minimal"),
            lit("ctrl+p", "here").append("  guest NAME adds one of another name"),
            lit("alt+1", "here").append("  presets with guests to begin from"),
        ]
    )
