# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One guest in every detail: whatever the schema says a guest has.

Each change holds at once and can be undone; there is nothing to save or to lose here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button

from xentui.project import route, schema
from xentui.screens.step import Edit, Form, section
from xentui.session import Session, field_paths, forms, guests
from xentui.widgets.field import TIGHT, FieldRow
from xentui.widgets.line_view import LineView
from xentui.widgets.options import Options
from xentui.widgets.text import LABEL, clip, cut, glyphs, lit

NO_IMPORT = "none"
LONG = ("extra", "uri", "vif", "sha256", "summary", "depends", "file", "config_file", "script")


class Choice(Widget):
    """A labelled choice that is no field of its own, such as where the disk comes from."""

    DEFAULT_CSS = """
    Choice { height: 2; width: 1fr; }
    Choice > Options { margin-left: 24; width: 1fr; }
    """

    def __init__(self, title: str, told: str, options: Options) -> None:
        super().__init__()
        self._title = title
        self._told = told
        self.options = options

    def compose(self) -> ComposeResult:
        """Make the choices."""
        yield self.options

    def on_descendant_focus(self) -> None:
        """Mark the choice one is in."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """Unmark it."""
        self.refresh()

    def render(self) -> Content:
        """Draw the label and what the choice is for."""
        here = self.has_focus_within
        mark = f"{glyphs(self).cursor} " if here else "  "
        label = Content.assemble((f"{mark}{self._title}", "bold $accent" if here else ""))
        width = max(1, self.size.width - 1)
        indent = 4 if width < TIGHT else LABEL
        told = cut(" " * indent + self._told, width, glyphs(self).more)
        return Content("\n").join([label, lit(told, "muted")])


class GuestEditor(Vertical):
    """The fields of one guest, from the schema, with those seldom needed folded away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f3,ctrl+l", "look", "Look at the file", id="source.look"),
    ]
    DEFAULT_CSS = """
    GuestEditor { height: 1fr; }
    GuestEditor #editor-head { height: 1; margin-bottom: 1; }
    GuestEditor .group { height: auto; }
    GuestEditor .folded { display: none; }
    GuestEditor Button { margin-left: 24; min-width: 8; }
    GuestEditor #line { height: 1; color: $text-muted; }
    """

    def __init__(self, session: Session, key: str) -> None:
        super().__init__()
        self.session = session
        self.key = key
        self._shape: object = None
        self._unfolded = False

    @property
    def base(self) -> field_paths.Path:
        """The path of the guest."""
        return ("guests", self.key)

    def compose(self) -> ComposeResult:
        """Make the fields."""
        yield LineView(id="editor-head")
        with Form(id="editor-form"):
            yield from self._main()
            yield Vertical(*self._import(), classes="group", id="editor-import")
            yield Vertical(*self._bundle(), classes="group", id="editor-bundle")
            fold = Button(self._fold_label(), id="editor-fold", compact=True)
            yield fold.with_tooltip(self._fold_label())
            folded = "group" if self._unfolded else "group folded"
            yield Vertical(*self._advanced(), classes=folded, id="editor-advanced")
        yield LineView(id="line")

    def on_mount(self) -> None:
        """Note the shape and show what holds."""
        self._shape = self._wanted_shape()
        self.sync()

    def on_resize(self) -> None:
        """Tell as much as there is room for."""
        self._head()

    # The fields

    def _groups(self, name: forms.Name) -> tuple[forms.Group, ...]:
        return forms.guest(self.session.project, self.key, name)

    def _rows(self, group: forms.Group) -> Iterator[Widget]:
        for path in group.paths:
            if path[-1] == "kernel":
                yield self._kernel()
            yield FieldRow(path, self.session, wide=str(path[-1]) in LONG)

    def _main(self) -> Iterator[Widget]:
        for group in self._groups("main"):
            yield from self._rows(group)

    def _kernel(self) -> Choice:
        options = Options(
            (("host", "the host's"), ("own", "own file"), ("none", "none (HVM)")),
            chosen=(self._kernel_mode(),),
            id="kernel-mode",
        )
        return Choice("Which kernel", "What the guest boots.", options)

    def _kernel_mode(self) -> str:
        kernel = self.session.project.guest(self.key).kernel
        return "host" if kernel is None else "none" if kernel == "none" else "own"

    def _import(self) -> Iterator[Widget]:
        guest = self.session.project.guest(self.key)
        chosen = guest.source.type if guest.source is not None else NO_IMPORT
        yield section("Where its disk comes from")
        options = Options(self._imports(), chosen=(chosen,), id="import-type")
        yield Choice("Import", "A disk from elsewhere; none where a recipe makes it.", options)
        for group in self._groups("import"):
            if group.title:
                yield section(group.title)
            yield from self._rows(group)
            if group.entry >= 0:
                label = f"Remove file {group.entry + 1}"
                remove = Button(label, id=f"fetch-remove-{group.entry}", compact=True)
                yield remove.with_tooltip(lit("It is fetched no more; undo brings it back."))
        if guest.source is not None:
            add = Button("Add a fetched file", id="fetch-add", compact=True)
            yield add.with_tooltip(lit("One more file that BitBake fetches for this guest."))

    def _imports(self) -> list[tuple[str, str]]:
        names = forms.imports(self.session.project)
        return [(NO_IMPORT, "none"), *((name, name) for name in names)]

    def _bundle(self) -> Iterator[Widget]:
        for group in self._groups("bundle"):
            yield section(group.title)
            yield from self._rows(group)

    def _advanced(self) -> Iterator[Widget]:
        for group in self._groups("more"):
            yield from self._rows(group)

    def _fold_label(self) -> Content:
        word = "Fewer fields" if self._unfolded else "More fields"
        names = ", ".join(f.title for f in schema.fields("guest") if f.advanced)
        return lit(f"{word}: {names}")

    # Following the session

    def _wanted_shape(self) -> object:
        guest = self.session.project.guest(self.key)
        kinds = tuple(kind.key for kind in self.session.project.import_types)
        if guest.source is None:
            return (None, 0, guest.bundle, kinds)
        return (guest.source.type, len(guest.source.fetch), guest.bundle, kinds)

    def sync(self) -> None:
        """Show what holds; fields come and go with what the guest is."""
        if not (self.is_attached and self.query("#line") and self.query("#kernel-mode")):
            # Its fields are still to come, and show what holds by themselves.
            return
        shape = self._wanted_shape()
        if shape != self._shape:
            self._shape = shape
            self.call_later(self._reshape)
        for row in self.query(FieldRow):
            row.sync()
        mode = self.query_one("#kernel-mode", Options)
        mode.show(mode.choices, (self._kernel_mode(),))
        self._head()

    async def _reshape(self) -> None:
        if not self.is_attached:
            return
        focused = self.screen.focused
        kept = None
        if focused is not None:
            kept = next((n.key for n in focused.ancestors if isinstance(n, FieldRow)), focused.id)
        for name, made in (("import", self._import), ("bundle", self._bundle)):
            group = self.query_one(f"#editor-{name}")
            await group.remove_children()
            await group.mount(*made())
        if self.screen.focused is None:
            self._refocus(kept)

    def _refocus(self, kept: str | None) -> None:
        if kept is not None and not self.focus_path(kept):
            for widget in self.query(f"#{kept}" if "." not in kept else "#editor-form"):
                widget.focus()
                return
        if self.screen.focused is None and (target := self.first()) is not None:
            target.focus()

    def _head(self) -> None:
        project = self.session.project
        guest = project.guest(self.key)
        advice = route.advice(project, guest)
        where = f"bundle {guest.bundle}" if guest.bundle else "named in the configuration"
        head = lit(f"Guest {self.key}", "strong").append(lit(f"  {where}", "muted"))
        if advice:
            head = head.append(lit(f"  {glyphs(self).warning} {advice}", "warning"))
        room = max(8, self.size.width - 2)
        self.query_one("#editor-head", LineView).update(clip(head, room, glyphs(self).more))

        self._show_line()

    def _show_line(self) -> None:
        """Show the very line that the field one is in makes."""
        focused = self.screen.focused
        row = None
        if focused is not None:
            row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None)
        text = ""
        if row is not None and "[{guest}]" in row.field.bitbake:
            name = row.field.bitbake.replace("{guest}", self.key)
            text = self.session.view.line_of(self.session.project.guest(self.key), name)
            text = text or f"# {name} is not written: what holds by itself is wanted."
        self.query_one("#line", LineView).update(lit(cut(text, max(1, self.size.width - 1))))

    def on_descendant_focus(self) -> None:
        """Follow the field one is in."""
        self.call_later(self._show_line)

    def renamed(self, name: str) -> None:
        """Follow the guest to its new name."""
        old, self.key = self.key, name
        for row in self.query(FieldRow):
            if row.path[:2] == ("guests", old):
                row.path = ("guests", name, *row.path[2:])

    # The file

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to look at the file where one is told."""
        if action != "look":
            return True
        focused = self.screen.focused
        if focused is None or focused.id == "import-type":
            return focused is not None
        row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None)
        return row is not None and row.path[2:3] == ("source",) and row.path[-1] in ("file", "uri")

    def action_look(self) -> None:
        """Look at the local file that the guest is made of."""
        from xentui.screens.look import look_at_source

        screen = cast("Screen[None]", self.screen)
        self.app.run_worker(look_at_source(screen, self.session, self.key), exclusive=True)

    # Focus

    def first(self) -> Widget | None:
        """The name."""
        return next((row.editor for row in self.query(FieldRow)), None)

    def focus_path(self, path: str) -> bool:
        """Go to the field of a path, or to the one nearest to it."""
        best: FieldRow | None = None
        for row in self.query(FieldRow):
            if row.key == path:
                best = row
                break
            if path.startswith((f"{row.key}[", f"{row.key}.")) and len(row.path) > 2:
                best = best if best is not None and len(best.key) > len(row.key) else row
        if best is None:
            return False
        if best.field.advanced:
            self._unfold(True)
        self.screen.set_focus(best.editor)
        return True

    # Buttons and choices

    def _unfold(self, unfolded: bool) -> None:
        self._unfolded = unfolded
        self.query_one("#editor-advanced").set_class(not unfolded, "folded")
        self.query_one("#editor-fold", Button).label = self._fold_label()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.id or ""
        if name == "editor-fold":
            self._unfold(not self._unfolded)
            return
        project = self.session.project
        if project.guest(self.key).source is None:
            return
        if name == "fetch-add":
            project, label = guests.with_fetch(project, self.key), "add a fetched file"
        else:
            place = int(name.removeprefix("fetch-remove-"))
            project, label = guests.without_fetch(project, self.key, place), "remove a fetched file"
        self.post_message(Edit(project, f"{label} of {self.key}"))

    @on(Options.Chosen, "#kernel-mode")
    def _kernel_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        given = event.chosen[0] if event.chosen else "host"
        kernel = {"host": None, "none": "none"}.get(given, f"{self.key}-kernel")
        project = field_paths.put(self.session.project, (*self.base, "kernel"), kernel)
        self.post_message(Edit(project, f"Kernel of {self.key}"))

    @on(Options.Chosen, "#import-type")
    def _import_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        kind = event.chosen[0] if event.chosen and event.chosen[0] != NO_IMPORT else None
        project = field_paths.with_source(self.session.project, self.key, kind)
        self.post_message(Edit(project, f"Import of {self.key}", merge=f"import {self.key}"))
