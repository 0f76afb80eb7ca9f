# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 1: choose a starting point, and see the target."""

from __future__ import annotations

from asyncio import to_thread
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from xentui.errors import XentuiError
from xentui.project import boards, presets
from xentui.screens.step import Begin, CursorMoved, Edited, Go, Resume, Step
from xentui.session import Session, opening, texts
from xentui.session.state import EMPTY, Origin
from xentui.widgets.bars import bar, summary
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Glyphs, Hanging, cut, glyphs, lit, wizard

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.session.drafts import Draft
    from xentui.session.view import View

DRAFT, EXISTING, NOTHING, OPEN, FILE = ":draft", ":existing", ":empty", ":open", ":file:"
MOST_FILES = 3
"""Most project files that are listed."""
REST = 0.06
"""Seconds that the cursor stays on a row before its project is read."""


Line = tuple[str, str]
"""A text and its style."""


class StartTable(Table):
    """The list of starting points."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", "Review", id="list.choose"),
    ]


class Start(Step):
    """The first step: a preset, a project file, the draft, or an empty project."""

    NAME: ClassVar[str] = "start"
    HINT: ClassVar[str] = "Enter shows what would be written, with everything filled in."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "customise", "Customise", id="start.customise"),
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._presets: dict[str, presets.PresetFile] = {}
        self._origins: dict[str, Origin | str] = {}
        self._filter = ""
        self._rest: Timer | None = None
        self._draft: Draft | None = None
        self._draft_note = ""
        self._has_draft = False
        self._files: list[Path] = []
        self._has_existing = False
        self._machine = ""

    def compose(self) -> ComposeResult:
        """Make the list, and the details of the row under the cursor."""
        yield Hanging(id="start-where")
        yield Input(placeholder="part of a name, a board …", compact=True, id="start-filter")
        yield StartTable(
            Column("Begin with"),
            Column("Board", 16, above=62),
            Column("Memory", 9, right=True),
            Column("From", 7, above=72),
            id="start-list",
        )
        yield Hanging(id="start-details")

    def on_mount(self) -> None:
        """Fill the list."""
        self.build_survey_changed()
        self._presets = {preset.name: preset for preset in presets.available()}
        self._has_draft = self.session.drafts.available()
        self._files = opening.project_files([Path.cwd(), self.session.target.path])[:MOST_FILES]
        self._fill()

    def sync(self) -> None:
        """Show the draft as long as it can be resumed."""
        offered = self.session.drafts.available()
        if self.is_attached and self._presets and offered != self._has_draft:
            self._has_draft = offered
            self._draft, self._draft_note = None, ""
            self._fill()

    def build_survey_changed(self) -> None:
        """Show what is now known about the build directory."""
        lines = location_lines(self.session, glyphs(self))
        self.query_one("#start-where", Hanging).show([lit(text, style) for text, style in lines])
        settings, survey = self.session.target.user_settings, self.session.target.survey
        has_existing = settings is not None and bool(settings.guests)
        machine = survey.machine if survey is not None else ""
        if (has_existing, machine) != (self._has_existing, self._machine):
            table = self.query_one(Table)
            untouched = table.key == next(iter(self._presets), "")
            self._has_existing, self._machine = has_existing, machine
            self._fill()
            first = next((one for one in self._ordered() if one.machine == machine), None)
            if untouched and first is not None:
                table.select(first.name)

    def _ordered(self) -> list[presets.PresetFile]:
        """Return the presets; those for the build directory's machine come first."""
        return sorted(self._presets.values(), key=lambda one: one.machine != self._machine)

    def _fill(self) -> None:
        rows: list[Row] = []
        wanted = self._filter.lower().split()
        if not wanted and self._has_draft:
            rows += [
                Row(DRAFT, ((texts.RESUME, "strong"), "", "", ("yours", "muted"))),
                Row(":or", ("  Start over",), heading=True),
            ]
        if not wanted and self._has_existing:
            rows.append(
                Row(
                    EXISTING,
                    (("The guests of this build directory", "strong"), "", "", ("here", "muted")),
                )
            )
        if not wanted:
            rows += [
                Row(
                    f"{FILE}{path}",
                    ((f"Open {texts.short_path(path)}", "strong"), "", "", ("yours", "muted")),
                )
                for path in self._files
            ]
            if self._files or self._has_existing:
                rows.append(Row(":new", ("  Start another project from",), heading=True))
        for preset in self._ordered():
            if not opening.preset_matches(preset, wanted):
                continue
            name = preset.title or preset.name
            memory = f"{preset.memory} MiB" if preset.memory else ""
            if preset.error:
                cells: tuple[str | tuple[str, str], ...] = (
                    (name, "muted"), (texts.UNREADABLE, "error"), "",
                    opening.ORIGIN_WORDS[preset.origin],
                )  # fmt: skip
            else:
                word = opening.ORIGIN_WORDS[preset.origin]
                cells = (name, preset.machine, memory, (word, "muted"))
            rows.append(Row(preset.name, cells))
        open_file = f"{texts.OPEN_FILE} {glyphs(self).more}"
        others = [
            Row(key, (title, "", "", ""))
            for key, title in ((NOTHING, "Start from scratch"), (OPEN, open_file))
            if all(word in title.lower() for word in wanted)
        ]
        if others:
            rows += [Row(":other", ("  Other",), heading=True), *others]
        if not rows:
            rows.append(Row(":none", ("  No match. Esc shows all again.",), heading=True))
        table = self.query_one(Table)
        table.styles.max_height = len(rows) + 1
        table.set_rows(rows)

    def first(self) -> Widget | None:
        """Return the list, which gets the focus first."""
        return self.query_one(Table)

    def back(self) -> bool:
        """Leave the filter."""
        if self.has_class("-filtering"):
            self.remove_class("-filtering")
            self._filter = ""
            self.query_one("#start-filter", Input).value = ""
            self._fill()
            self.query_one(Table).focus()
            return True
        return False

    # The project of the highlighted row

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._details()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, self._look_into)

    def _look_into(self) -> None:
        if not getattr(self.screen, "ready", True):
            self._rest = self.set_timer(REST, self._look_into)
            return
        key = self.query_one(Table).key
        if key not in self._origins:
            if key in self._presets:
                self._origins[key] = opening.origin_of_preset(key)
            elif key.startswith(FILE):
                self._origins[key] = opening.origin_of_file(key.removeprefix(FILE))
        if key == DRAFT and not self._draft_note:
            self._draft_note = f"Reading it {glyphs(self).more}"
            self.run_worker(self._read_draft(), group="draft")
        self._details()
        self.post_message(CursorMoved())

    async def _read_draft(self) -> None:
        """Read the draft in a thread: one with many guests takes a while."""
        kept = await to_thread(self.session.drafts.load)
        when = kept.when if kept else ""
        self._draft_note = f"Kept {when}." if kept else "It cannot be read."
        self._draft = kept
        self._details()
        self.post_message(CursorMoved())

    def origin_in_sight(self) -> Origin | None:
        """Return the origin for the highlighted row, if it has been read."""
        key = self.query_one(Table).key
        if key == NOTHING:
            return EMPTY
        found = self._origins.get(key)
        return found if isinstance(found, Origin) else None

    def hint(self) -> str:
        """Return the help for the highlighted row: the effect of Enter."""
        key = self.query_one(Table).key
        if self.query_one("#start-filter").has_focus:
            return "Enter goes to the list; Esc shows all again." if key else "Esc shows all again."
        if not key:
            return "No match. Esc shows all again."
        if key == NOTHING:
            return "Enter begins with an empty project, on Machine."
        if key == OPEN:
            return "Enter asks for the file."
        if key == EXISTING:
            return "Enter takes your guests into a new project, and shows them."
        if key == DRAFT or key.startswith(FILE):
            return "Enter opens it, on Guests."
        return self.HINT

    def previewed_view(self) -> View | None:
        """Return the view of the highlighted row's project."""
        kept = self._draft
        if self.query_one(Table).key == DRAFT and kept is not None:
            return self.session.view_of(kept.state)
        origin = self.origin_in_sight()
        return self.session.view_of_origin(origin) if origin is not None else None

    @property
    def _line(self) -> int:
        """Columns available to a line: each part of the step has a margin of one at both sides."""
        return self.size.width - 2

    def _details(self) -> None:
        key = self.query_one(Table).key
        self.query_one("#start-details", Hanging).show(self._lines(key))

    def _lines(self, key: str) -> list[Content]:
        if key == DRAFT:
            return self._draft_lines()
        if key == EXISTING:
            return self._existing_lines()
        if key == NOTHING:
            return [lit("A QEMU board and no guest: go through the steps one after the other.")]
        if key == OPEN:
            return [lit("A project file that you, or xentui, wrote before.")]
        if key.startswith(FILE):
            return self._file_lines(key)
        preset = self._presets.get(key)
        if preset is None:
            return []
        if preset.error:
            return [lit(preset.name, "strong"), lit(preset.error, "error")]
        lines = [lit(preset.description or preset.name)]
        origin = self._origins.get(key)
        if isinstance(origin, str):
            return [*lines, lit(f"{glyphs(self).error} {origin}", "error")]
        if origin is None:
            return lines
        return [*lines, *self._project_lines(self.session.view_of_origin(origin))]

    def _file_lines(self, key: str) -> list[Content]:
        origin = self._origins.get(key)
        lines = [lit("A project file. Enter continues with it.")]
        if isinstance(origin, str):
            return [*lines, lit(f"{glyphs(self).error} {origin}", "error")]
        if origin is None:
            return lines
        return [*lines, *self._project_lines(self.session.view_of_origin(origin))]

    def _existing_lines(self) -> list[Content]:
        """Return the lines in the user's own files that a project would begin with."""
        settings = self.session.target.user_settings
        head = lit("The Xen settings that you wrote in this build directory yourself:")
        return [head, *(lit(line, "muted") for line in (settings.lines() if settings else ()))]

    def _draft_lines(self) -> list[Content]:
        lines = [
            lit("Changes that you had not written when you left xentui."),
            lit(self._draft_note, "muted"),
        ]
        if self._draft is None:
            return lines
        state = self._draft.state
        if state.origin.name:
            lines[1] = lines[1].append(lit(f" It began with {state.origin.name}.", "muted"))
        view = self.previewed_view()
        if view is None:
            return [*lines, _pair("Guests", str(len(state.project.guests)))]
        return [*lines, *self._project_lines(view)]

    def _project_lines(self, view: View) -> list[Content]:
        """Return a summary of a project."""
        room = max(20, self._line - 12)
        more_sign = glyphs(self).more
        guests = ", ".join(guest.key for guest in view.project.guests) or "none"
        files = [path for path in view.files if not path.endswith("layer.conf")]
        more = f"  and {len(files) - 2} more" if len(files) > 2 else ""
        errors = len(view.errors)
        return [
            _pair("Guests", cut(guests, room, more_sign)),
            _pair("Writes", "  ".join(files[:2]) + more),
            self._memory(view),
            _pair("Board", boards.board(view.project.host.machine).state_words)
            if not errors
            else lit(f"{glyphs(self).error} {errors} to fix", "error"),
        ]  # fmt: skip

    def _memory(self, view: View) -> Content:
        signs = glyphs(self)
        words = summary(view.budget, signs)
        cells = max(8, min(32, self._line - 14 - words.cell_length))
        return _pair("Memory", "").append(bar(view.budget, cells, signs)).append("  ").append(words)

    # Actions

    def action_filter(self) -> None:
        """Filter the list by typing."""
        self.add_class("-filtering")
        self.query_one("#start-filter", Input).focus()

    @on(Input.Changed, "#start-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._filter = event.value
        self._fill()

    @on(Input.Submitted, "#start-filter")
    def _filter_done(self, event: Input.Submitted) -> None:
        event.stop()
        self.query_one(Table).focus()

    @on(Table.Activated)
    def _activated(self, event: Table.Activated) -> None:
        event.stop()
        self._take(event.key, "review")

    def action_customise(self) -> None:
        """Begin with the row, on the Machine step."""
        self._take(self.query_one(Table).key, "machine")

    def take_preset(self, name: str, then: str) -> None:
        """Begin with a preset by its name, whether or not the filter shows it.

        Args:
            name: the preset's.
            then: the step to go to.
        """
        if name in self._presets:
            self.query_one(Table).select(name)
            self._take(name, then)

    def _take(self, key: str, then: str) -> None:
        """Begin with a row of the list, and go to a step."""
        if key == DRAFT:
            kept = self._draft or self.session.drafts.load()
            if kept is None:
                self.say(texts.UNREADABLE_DRAFT, "warning")
            else:
                self.post_message(Resume(kept.state))
        elif key == EXISTING:
            self._take_existing()
        elif key == NOTHING:
            self.post_message(Begin(self.session.empty_origin(), "begin with nothing", "machine"))
        elif key == OPEN:
            self.app.run_worker(self._open(), exclusive=True)
        elif key.startswith(FILE):
            self.open_file(key.removeprefix(FILE))
        elif key in self._presets:
            found = self._origins.get(key) or opening.origin_of_preset(key)
            self._origins[key] = found
            if isinstance(found, str):
                self._details()
                self.say(f"{key}: {found}", "error")
            else:
                self.post_message(Begin(found, f"take {key}", then))

    def _take_existing(self) -> None:
        """Begin with the guests that the user set in the build directory."""
        try:
            text = self.session.start_from_existing()
        except XentuiError as error:
            self.say(error.text, "error")
            return
        self.post_message(Edited(text))
        self.post_message(Go("guests"))

    async def _open(self) -> None:
        from xentui.screens.files import FileBrowser

        path = await wizard(self).ask(FileBrowser("Open which project file?"))
        if path is not None:
            self.open_file(str(path))

    def open_file(self, given: str) -> None:
        """Open a project file."""
        origin = opening.origin_of_file(given)
        if isinstance(origin, str):
            self.say(origin, "error")
        else:
            self.post_message(Begin(origin, f"open {origin.name}", "guests"))


def _pair(name: str, text: str) -> Content:
    return lit(f"{name:<9}", "muted").append(lit(text))


def location_lines(session: Session, signs: Glyphs) -> list[Line]:
    """Return the lines about the target directory."""
    target = session.target.build_dir
    if target is None:
        folder = texts.short_path(session.target.path)
        return [
            (f"{signs.todo} No build directory: files go into {folder}", "muted"),
            ("  To write into one, start xentui there or with --build-dir DIR.", "muted"),
        ]
    name = texts.short_path(target)
    survey = session.target.survey
    if survey is not None and survey.problem:
        return [(f"{signs.error} Build directory {name}", "error"), (f"  {survey.problem}", "")]
    if survey is None or survey.build is None:
        reading = f"  Reading its configuration {signs.more}"
        return [(f"{signs.ok} Build directory {name}", ""), (reading, "muted")]
    series = survey.build.series
    lines = [(f"{signs.ok} Build directory {name}  {signs.dot}  {survey.machine_summary}", "")]
    summary, fine = survey.xen_summary
    text = f"{signs.ok if fine else signs.error} {summary}"
    text += f" {signs.dot} {series[0]}" if fine and series else ""
    if not survey.complete:
        count = f" {survey.done} of {survey.total}" if survey.total else ""
        text += f"  {signs.dot}  reading the recipes{count} {signs.more}"
    lines.append((text, "ok" if fine else "error"))
    theirs = survey.user_settings
    if theirs is not None and theirs.about_xen:
        guests = ", ".join(guest.entry for guest in theirs.guests)
        what = f"guests {guests}" if guests else "Xen settings"
        lines.append(
            (f"{signs.warning} Set by hand there: {what}. Review asks what to do.", "warning")
        )
    return lines
