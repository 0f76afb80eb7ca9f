# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 1 of the wizard: choose what to begin with, and see where the files will go."""

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
from xentui.screens.step import CursorMoved, Edited, OpenProject, ResumeDraft, ShowStep, Step
from xentui.session import Session, opening, texts
from xentui.session.state import EMPTY, Origin
from xentui.widgets.bars import memory_bar, memory_summary
from xentui.widgets.table import Column, Filter, Row, Table
from xentui.widgets.text import Glyphs, HangingText, cut, glyphs, lit, named_line, wizard

if TYPE_CHECKING:
    from textual.timer import Timer

    from xentui.session.drafts import Draft
    from xentui.session.view import View

DRAFT, EXISTING, SCRATCH, OPEN, FILE_PREFIX = ":draft", ":existing", ":empty", ":open", ":file:"
"""The row keys of what is not a preset. A project file's row key is the prefix and its path."""
MAX_FILES = 3
"""Maximum number of project files that are listed."""
READ_DELAY = 0.06
"""Seconds that the cursor stays on a row before its project is read."""


class StartTable(Table):
    """The list of what to begin with."""

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
        self._read_timer: Timer | None = None
        self._draft: Draft | None = None
        self._draft_note = ""
        self._has_draft = False
        self._files: list[Path] = []
        self._has_existing = False
        self._build_machine = ""

    def compose(self) -> ComposeResult:
        """Create the list, and the details of the highlighted row below it."""
        yield HangingText(id="start-where")
        yield Filter("part of a name, a board …", "#start-list", id="start-filter")
        yield StartTable(
            Column("Begin with"),
            Column("Board", 16, above=62),
            Column("Memory", 9, right=True),
            Column("From", 7, above=72),
            id="start-list",
        )
        yield HangingText(id="start-details")

    def on_mount(self) -> None:
        """Fill the list."""
        self.build_survey_changed()
        self._presets = {preset.name: preset for preset in presets.available()}
        self._has_draft = self.session.drafts.available()
        self._files = opening.project_files([Path.cwd(), self.session.target.path])[:MAX_FILES]
        self._fill()

    def sync(self) -> None:
        """List the draft only while it can be resumed."""
        offered = self.session.drafts.available()
        if self.is_attached and self._presets and offered != self._has_draft:
            self._has_draft = offered
            self._draft, self._draft_note = None, ""
            self._fill()

    def build_survey_changed(self) -> None:
        """Show the build directory, and list its guests and the presets for its machine first."""
        lines = build_dir_lines(self.session, glyphs(self))
        self.query_one("#start-where", HangingText).show(lines)
        settings, survey = self.session.target.user_settings, self.session.target.survey
        has_existing = settings is not None and bool(settings.guests)
        machine = survey.machine if survey is not None else ""
        if (has_existing, machine) != (self._has_existing, self._build_machine):
            table = self.query_one(Table)
            cursor_unmoved = table.key == next(iter(self._presets), "")
            self._has_existing, self._build_machine = has_existing, machine
            self._fill()
            preset = next((one for one in self._sorted_presets() if one.machine == machine), None)
            if cursor_unmoved and preset is not None:
                table.select(preset.name)

    def _sorted_presets(self) -> list[presets.PresetFile]:
        """Return the presets; those for the build directory's machine come first."""
        return sorted(self._presets.values(), key=lambda one: one.machine != self._build_machine)

    def _fill(self) -> None:
        rows: list[Row] = []
        words = self.query_one(Filter).value.lower().split()
        if not words and self._has_draft:
            rows += [
                Row(DRAFT, ((texts.RESUME, "strong"), "", "", ("yours", "muted"))),
                Row(":or", ("  Start over",), heading=True),
            ]
        if not words and self._has_existing:
            rows.append(
                Row(
                    EXISTING,
                    (("The guests of this build directory", "strong"), "", "", ("here", "muted")),
                )
            )
        if not words:
            rows += [
                Row(
                    f"{FILE_PREFIX}{path}",
                    ((f"Open {texts.short_path(path)}", "strong"), "", "", ("yours", "muted")),
                )
                for path in self._files
            ]
            if self._files or self._has_existing:
                rows.append(Row(":new", ("  Start another project from",), heading=True))
        for preset in self._sorted_presets():
            if not opening.preset_matches(preset, words):
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
            for key, title in ((SCRATCH, "Start from scratch"), (OPEN, open_file))
            if all(word in title.lower() for word in words)
        ]
        if others:
            rows += [Row(":other", ("  Other",), heading=True), *others]
        if not rows:
            rows.append(Row(":none", ("  No match. Esc shows all again.",), heading=True))
        table = self.query_one(Table)
        table.styles.max_height = len(rows) + 1
        table.set_rows(rows)

    def first_widget(self) -> Widget | None:
        """Return the list."""
        return self.query_one(Table)

    def go_back(self) -> bool:
        """Leave the filter."""
        if not self.query_one(Filter).close():
            return False
        self._fill()
        return True

    # The project of the highlighted row

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._show_details()
        if self._read_timer is not None:
            self._read_timer.stop()
        self._read_timer = self.set_timer(READ_DELAY, self._read_highlighted)

    def _read_highlighted(self) -> None:
        """Read the project of the highlighted row, once the first frame has been drawn."""
        if not getattr(self.screen, "ready", True):
            self._read_timer = self.set_timer(READ_DELAY, self._read_highlighted)
            return
        key = self.query_one(Table).key
        if key not in self._origins:
            if key in self._presets:
                self._origins[key] = opening.origin_of_preset(key)
            elif key.startswith(FILE_PREFIX):
                self._origins[key] = opening.origin_of_file(key.removeprefix(FILE_PREFIX))
        if key == DRAFT and not self._draft_note:
            self._draft_note = f"Reading it {glyphs(self).more}"
            self.run_worker(self._read_draft(), group="draft")
        self._show_details()
        self.post_message(CursorMoved())

    async def _read_draft(self) -> None:
        """Read the draft in a thread: one with many guests takes a while."""
        self._draft = await to_thread(self.session.drafts.load)
        self._draft_note = texts.UNREADABLE_DRAFT
        if self._draft is not None:
            self._draft_note = f"Saved {self._draft.when}."
        self._show_details()
        self.post_message(CursorMoved())

    def highlighted_origin(self) -> Origin | None:
        """Return the project of the highlighted row, or ``None`` if it has not been read."""
        key = self.query_one(Table).key
        if key == SCRATCH:
            return EMPTY
        origin = self._origins.get(key)
        return origin if isinstance(origin, Origin) else None

    def hint(self) -> str:
        """Return what Enter does with the highlighted row."""
        key = self.query_one(Table).key
        if self.query_one("#start-filter").has_focus:
            return "Enter goes to the list; Esc shows all again." if key else "Esc shows all again."
        if not key:
            return "No match. Esc shows all again."
        if key == SCRATCH:
            return "Enter begins with an empty project, on Machine."
        if key == OPEN:
            return "Enter asks for the file."
        if key == EXISTING:
            return "Enter takes your guests into a new project, and shows them."
        if key == DRAFT or key.startswith(FILE_PREFIX):
            return "Enter opens it, on Guests."
        return self.HINT

    def previewed_view(self) -> View | None:
        """Return the project of the highlighted row."""
        if self.query_one(Table).key == DRAFT and self._draft is not None:
            return self.session.view_of(self._draft.state)
        origin = self.highlighted_origin()
        return self.session.view_of_origin(origin) if origin is not None else None

    @property
    def _line_width(self) -> int:
        """Columns available to a line: each part of the step has a margin of one at both sides."""
        return self.size.width - 2

    def _show_details(self) -> None:
        key = self.query_one(Table).key
        self.query_one("#start-details", HangingText).show(self._detail_lines(key))

    def _detail_lines(self, key: str) -> list[Content]:
        """Return the lines below the list about the row with this key."""
        if key == DRAFT:
            return self._draft_lines()
        if key == EXISTING:
            return self._existing_lines()
        if key == SCRATCH:
            return [lit("A QEMU board and no guest: go through the steps one after the other.")]
        if key == OPEN:
            return [lit("A project file that you, or xentui, wrote before.")]
        preset = self._presets.get(key)
        if key.startswith(FILE_PREFIX):
            lines = [lit("A project file. Enter continues with it.")]
        elif preset is None:
            return []
        elif preset.error:
            return [lit(preset.name, "strong"), lit(preset.error, "error")]
        else:
            lines = [lit(preset.description or preset.name)]
        origin = self._origins.get(key)
        if isinstance(origin, str):
            return [*lines, lit(f"{glyphs(self).error} {origin}", "error")]
        if origin is None:
            return lines
        return [*lines, *self._project_lines(self.session.view_of_origin(origin))]

    def _existing_lines(self) -> list[Content]:
        """Return the Xen settings in the user's own files that a project would begin with."""
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
            return [*lines, named_line("Guests", str(len(state.project.guests)))]
        return [*lines, *self._project_lines(view)]

    def _project_lines(self, view: View) -> list[Content]:
        """Return a summary of a project."""
        room = max(20, self._line_width - 12)
        more_sign = glyphs(self).more
        guests = ", ".join(guest.key for guest in view.project.guests) or "none"
        files = [path for path in view.files if not path.endswith("layer.conf")]
        more = f"  and {len(files) - 2} more" if len(files) > 2 else ""
        errors = len(view.errors)
        return [
            named_line("Guests", cut(guests, room, more_sign)),
            named_line("Writes", "  ".join(files[:2]) + more),
            self._memory(view),
            named_line("Board", boards.board(view.project.host.machine).state_words)
            if not errors
            else lit(f"{glyphs(self).error} {errors} to fix", "error"),
        ]  # fmt: skip

    def _memory(self, view: View) -> Content:
        signs = glyphs(self)
        words = memory_summary(view.budget, signs)
        cells = max(8, min(32, self._line_width - 14 - words.cell_length))
        return (
            named_line("Memory", "")
            .append(memory_bar(view.budget, cells, signs))
            .append("  ")
            .append(words)
        )

    # Actions

    def action_filter(self) -> None:
        """Filter the list by typing."""
        self.query_one(Filter).open()

    @on(Input.Changed, "#start-filter")
    def _filtered(self, event: Input.Changed) -> None:
        event.stop()
        self._fill()

    @on(Table.Activated)
    def _activated(self, event: Table.Activated) -> None:
        event.stop()
        self._begin_with_row(event.key, "review")

    def action_customise(self) -> None:
        """Begin with the highlighted row, on the Machine step."""
        self._begin_with_row(self.query_one(Table).key, "machine")

    def begin_with_preset(self, name: str) -> None:
        """Begin with a preset, even if the filter hides it, and show Review."""
        if name in self._presets:
            self.query_one(Table).select(name)
            self._begin_with_row(name, "review")

    def _begin_with_row(self, key: str, step: str) -> None:
        """Begin with the row with this key; show ``step`` if it is a preset."""
        if key == DRAFT:
            draft = self._draft or self.session.drafts.load()
            if draft is None:
                self.show_toast(texts.UNREADABLE_DRAFT, "warning")
            else:
                self.post_message(ResumeDraft(draft.state))
        elif key == EXISTING:
            self._begin_with_existing()
        elif key == SCRATCH:
            self.post_message(
                OpenProject(self.session.empty_origin(), texts.START_FROM_SCRATCH, "machine")
            )
        elif key == OPEN:
            self.app.run_worker(self._open(), exclusive=True)
        elif key.startswith(FILE_PREFIX):
            self.open_file(key.removeprefix(FILE_PREFIX))
        elif key in self._presets:
            origin = self._origins.get(key) or opening.origin_of_preset(key)
            self._origins[key] = origin
            if isinstance(origin, str):
                self._show_details()
                self.show_toast(f"{key}: {origin}", "error")
            else:
                self.post_message(OpenProject(origin, f"start from {key}", step))

    def _begin_with_existing(self) -> None:
        """Begin with the guests that the user has set in the build directory."""
        try:
            text = self.session.start_from_existing()
        except XentuiError as error:
            self.show_toast(error.text, "error")
            return
        self.post_message(Edited(text))
        self.post_message(ShowStep("guests"))

    async def _open(self) -> None:
        from xentui.screens.files import FileBrowser

        path = await wizard(self).ask(FileBrowser("Open which project file?"))
        if path is not None:
            self.open_file(str(path))

    def open_file(self, path: str) -> None:
        """Open a project file by its path, which may begin with ``~``."""
        origin = opening.origin_of_file(path)
        if isinstance(origin, str):
            self.show_toast(origin, "error")
        else:
            self.post_message(OpenProject(origin, f"open {origin.name}", "guests"))


def build_dir_lines(session: Session, signs: Glyphs) -> list[Content]:
    """Return the lines about the build directory, or about the folder that is used instead."""
    target = session.target.build_dir
    if target is None:
        folder = texts.short_path(session.target.path)
        return [
            lit(f"{signs.todo} No build directory: files go into {folder}", "muted"),
            lit("  To write into one, start xentui there or with --build-dir DIR.", "muted"),
        ]
    name = texts.short_path(target)
    survey = session.target.survey
    if survey is not None and survey.problem:
        return [lit(f"{signs.error} Build directory {name}", "error"), lit(f"  {survey.problem}")]
    if survey is None or survey.build is None:
        reading = f"  Reading its configuration {signs.more}"
        return [lit(f"{signs.ok} Build directory {name}"), lit(reading, "muted")]
    series = survey.build.series
    lines = [lit(f"{signs.ok} Build directory {name}  {signs.dot}  {survey.machine_summary}")]
    summary, fine = survey.xen_summary
    text = f"{signs.ok if fine else signs.error} {summary}"
    text += f" {signs.dot} {series[0]}" if fine and series else ""
    if not survey.complete:
        count = f" {survey.done} of {survey.total}" if survey.total else ""
        text += f"  {signs.dot}  reading the recipes{count} {signs.more}"
    lines.append(lit(text, "ok" if fine else "error"))
    settings = survey.user_settings
    if settings is not None and settings.about_xen:
        guests = ", ".join(guest.entry for guest in settings.guests)
        names = dict.fromkeys(one.name for one in settings.settings if one.variable != "MACHINE")
        what = f"guests {guests}" if guests else ", ".join(names) or "guests that are removed"
        text = f"{signs.warning} Set by hand there: {what}. Review asks before it changes them."
        lines.append(lit(text, "warning"))
    return lines
