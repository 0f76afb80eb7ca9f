# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What would be written, as one edits: made by the functions that write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from xentui.session.target import CONF, LAYER
from xentui.widgets.line_view import LineView
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.widget import Widget

    from xentui.session import View
    from xentui.widgets.options import Options

SHEETS = (("conf", "Conf"), ("recipes", "Recipes"), ("cfg", "Guest cfg"), ("target", "Target"))


class Preview(Vertical):
    """The pane beside the step, with a sheet for each kind of text; empty until it is seen."""

    DEFAULT_CSS = """
    Preview { width: 1fr; height: 1fr; }
    Preview > #preview-name { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="preview")
        self.sheet = "conf"
        self.guest = ""
        self.conf, self.folder = CONF, LAYER
        self._source: tuple[View, View] | None = None

    def compose(self) -> ComposeResult:
        """Make the sheets' names and the text, where there is room for them."""
        if self.display:
            yield from self._parts()

    def _parts(self) -> Iterator[Widget]:
        from xentui.widgets.code import CodeView
        from xentui.widgets.options import Options

        yield Options(SHEETS, chosen=(self.sheet,), tabs=True, id="preview-sheets")
        yield LineView(id="preview-name")
        yield CodeView(id="preview-text")

    def show(
        self,
        view: View,
        base: View,
        *,
        sheet: str = "",
        guest: str = "",
        conf: str = CONF,
        layer: str = LAYER,
    ) -> None:
        """Show what follows from a state, marked against what it was at first."""
        if not self.children:
            self.mount(*self._parts())
        self.conf, self.folder = conf, layer
        if sheet and sheet != self.sheet:
            self.sheet = sheet
            self.name_sheet()
        if guest:
            self.guest = guest
        self._source = (view, base)
        self._draw()

    def name_sheet(self) -> None:
        """Show which sheet it is, where the sheets are seen."""
        from xentui.widgets.options import Options

        for names in self.query("#preview-sheets").results(Options):
            names.show(SHEETS, (self.sheet,))

    def _draw(self) -> None:
        from xentui.widgets.code import CodeView

        if self._source is None or not self.is_attached:
            return
        view, base = self._source
        name, lines = self._lines(view)
        _, before = self._lines(base) if base is not view else ("", lines)
        self.query_one("#preview-name", LineView).update(lit(name, "muted"))
        code = self.query_one("#preview-text", CodeView)
        code.look = "plain" if self.sheet == "target" else "file"
        code.show(lines, base=before if base is not view else None)

    def _lines(self, view: View) -> tuple[str, Sequence[str]]:
        if self.sheet == "conf" and not view.render_error:
            return self.conf, view.conf_lines
        name, text = self._text(view)
        return name, text.removesuffix("\n").split("\n")

    def _text(self, view: View) -> tuple[str, str]:
        if view.render_error and self.sheet != "target":
            return "cannot be written", view.render_error
        if self.sheet == "recipes":
            recipes = view.recipes().replace(f"## {LAYER}/", f"## {self.folder}/")
            return "the layer's recipes", recipes or "# No recipe is needed.\n"
        if self.sheet == "cfg":
            return self._cfg(view)
        if self.sheet == "target":
            order = [f"{place}. {key}" for place, key in enumerate(view.start_order, 1)]
            started = ["", "Started by itself, in this order:", *order] if order else []
            return "on the target", "\n".join([*view.layout, *started])
        return self.conf, ""

    def _cfg(self, view: View) -> tuple[str, str]:
        guests = view.project.guests
        if not guests:
            return "no guest", "# There is no guest yet.\n"
        guest = next((guest for guest in guests if guest.key == self.guest), guests[0])
        return f"/etc/xen/{guest.key}.cfg", view.cfg(guest)

    def on_options_chosen(self, event: Options.Chosen) -> None:
        """Show the sheet that was chosen."""
        event.stop()
        self.sheet = event.chosen[0]
        self._draw()
