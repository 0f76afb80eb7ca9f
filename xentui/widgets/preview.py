# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The pane that previews the generated files, with the text that would be written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from xentui.output.rendered import CONF, LAYER
from xentui.session import texts
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.text import Text, lit, set_border_title

if TYPE_CHECKING:
    from textual.widget import Widget

    from xentui.session.view import View

SHEETS = (
    ("conf", "1 Conf"),
    ("recipes", "2 Recipes"),
    ("cfg", "3 Guest cfg"),
    ("target", "4 Target"),
)
"""The name and the tab of each sheet: configuration, recipes, xl config, files on the target."""


class Preview(Vertical):
    """The pane next to the step. A tab shows each kind of file; it is empty until it is visible."""

    DEFAULT_CSS = """
    Preview { width: 1fr; height: 1fr; }
    Preview > #preview-name { height: auto; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"show_sheet('{name}')", show=False)
            for n, (name, _) in enumerate(SHEETS, 1)
        ),
        Binding("left,h", "next_sheet(-1)", "Previous sheet", show=False, id="preview.previous"),
        Binding("right,l", "next_sheet(1)", "Next sheet", show=False, id="preview.next"),
    ]

    def __init__(self) -> None:
        super().__init__(id="preview")
        self.sheet = "conf"
        self.guest = ""
        self.conf, self.layer_folder = CONF, LAYER
        self._views: tuple[View, View] | None = None
        self._shown: tuple[str, object] = ("", None)
        """The name of the shown file, and the origin of its project."""

    def compose(self) -> ComposeResult:
        """Create the tabs and the text if the pane is visible."""
        if self.display:
            yield from self._children()

    def _children(self) -> Iterator[Widget]:
        yield Options(SHEETS, chosen=(self.sheet,), tabs=True, id="preview-sheets")
        yield Text(id="preview-name")
        yield CodeView(id="preview-text")

    def show(
        self,
        view: View,
        base: View,
        *,
        guest: str = "",
        conf: str = CONF,
        layer: str = LAYER,
    ) -> None:
        """Show the files of a project, with the differences from another marked.

        Args:
            view: the project.
            base: the project before the edits.
            guest: the key of the guest whose xl config is shown; "" keeps the last one.
            conf: the path of the configuration file.
            layer: the folder of the layer.
        """
        if not self.children:
            self.mount(*self._children())
        self.conf, self.layer_folder = conf, layer
        if guest:
            self.guest = guest
        self._views = (view, base)
        self._draw()

    def action_show_sheet(self, name: str) -> None:
        """Show a sheet by its name."""
        self.sheet = name
        for tabs in self.query("#preview-sheets").results(Options):
            tabs.show(SHEETS, (self.sheet,))
        self._draw()

    def action_next_sheet(self, by: int) -> None:
        """Show the next sheet if ``by`` is 1, or the previous one if it is -1."""
        names = [name for name, _ in SHEETS]
        self.action_show_sheet(names[(names.index(self.sheet) + by) % len(names)])

    def _draw(self) -> None:
        if self._views is None or not self.is_attached or not self.children:
            return
        view, base = self._views
        name, lines = self._lines(view)
        _, before = self._lines(base) if base is not view else ("", lines)
        set_border_title(self, name)
        is_same_file = (name, view.state.origin) == self._shown
        if not is_same_file:
            self._shown = (name, view.state.origin)
            self.query_one("#preview-name", Text).show(lit(name, "muted"))
        self.query_one("#preview-text", CodeView).show(
            lines,
            base=before if base is not view else None,
            look="plain" if self.sheet == "target" else "code",
            follow=is_same_file,
        )

    def _lines(self, view: View) -> tuple[str, Sequence[str]]:
        """Return the name and the lines of the sheet."""
        if self.sheet == "conf" and not view.render_error:
            return self.conf, view.conf_lines
        name, text = self._text(view)
        return name, text.removesuffix("\n").split("\n")

    def _text(self, view: View) -> tuple[str, str]:
        """Return the name and the text of a sheet other than that of the configuration."""
        if view.render_error and self.sheet != "target":
            return "cannot be written", view.render_error
        if self.sheet == "recipes":
            recipes = view.recipes_text().replace(f"## {LAYER}/", f"## {self.layer_folder}/")
            return "the layer's recipes", recipes or "# No recipe is needed.\n"
        if self.sheet == "cfg":
            return self._xl_config(view)
        lines = [*view.layout, *texts.start_order_lines(view.start_order)]
        return "on the target", "\n".join(lines)

    def _xl_config(self, view: View) -> tuple[str, str]:
        guests = view.project.guests
        if not guests:
            return "no guest", "# There are no guests yet.\n"
        guest = next((guest for guest in guests if guest.key == self.guest), guests[0])
        return f"/etc/xen/{guest.key}.cfg", view.xl_config(guest)

    @on(Options.Chosen)
    def _chosen(self, event: Options.Chosen) -> None:
        event.stop()
        self.action_show_sheet(event.chosen[0])
