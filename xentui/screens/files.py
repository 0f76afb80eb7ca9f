# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Dialogs that find a file on this machine, read it, and import it for a guest."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Static
from textual.worker import get_current_worker

from xentui.errors import XentuiError
from xentui.project import filesystem
from xentui.safe_text import visible
from xentui.screens.dialogs import Modal, Pick, Question, answer_buttons
from xentui.screens.step import Edited, ImportFile, Step
from xentui.session import Session, files, texts
from xentui.session.target import StoppedError
from xentui.widgets.field import FieldRow
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Text, glyphs, lit, wizard

MAX_ENTRIES = 2_000
"""Maximum number of entries of a folder that are listed."""
PROGRESS_WIDTH = 40
T = TypeVar("T")


class Entry(NamedTuple):
    """A file or folder in a folder. ``size`` is in bytes, and 0 for a folder."""

    name: str
    is_folder: bool
    size: int


def list_folder(folder: Path) -> list[Entry]:
    """Return the entries of a folder: folders first, then files, each sorted by name.

    Raises:
        OSError: the folder cannot be read.
    """
    entries = []
    with os.scandir(folder) as listing:
        for item in listing:
            try:
                is_folder = item.is_dir()
                size = 0 if is_folder else item.stat().st_size
            except OSError:
                continue
            entries.append(Entry(item.name, is_folder, size))
            if len(entries) == MAX_ENTRIES:
                break
    return sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower(), entry.name))


def complete_path(text: str, names: list[str]) -> str:
    """Complete the last part of a path as far as all matching names agree.

    >>> complete_path("~/Down", ["Downloads/"])
    '~/Downloads/'
    >>> complete_path("/srv/a", ["alpine.tar.gz", "alpine.qcow2", "b"])
    '/srv/alpine.'
    """
    head, slash, part = text.rpartition("/")
    matching = [name for name in names if name.startswith(part)]
    if not matching:
        matching = [name for name in names if name.lower().startswith(part.lower())]
    common = os.path.commonprefix(matching)  # noqa: RUF071 - characters, not components
    return f"{head}{slash}{common}" if len(common) >= len(part) and common else text


def size_text(size: int) -> str:
    """Return a number of bytes with its unit.

    >>> size_text(3_500_000), size_text(12)
    ('3.3 MiB', '12 B')
    """
    amount, unit = float(size), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


class FileBrowser(Modal[Path | None]):
    """A dialog that asks for the path of a file, typed or picked from a list. Tab completes it.

    Args:
        title: the question.
        note: a remark about the kind of file.
        folder: the folder to list first; the current one by default.
        allow_missing: whether the name of a missing file is an answer too, such as one in the
            deploy directory.
        example: a path, shown while nothing is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        note: str = "",
        *,
        folder: Path | None = None,
        allow_missing: bool = False,
        example: str = "",
    ) -> None:
        super().__init__(title)
        self._allow_missing = allow_missing
        self._note = note
        self._example = example
        self._base = folder or Path.cwd()
        self._listed: tuple[Path, list[Entry]] | None = None

    def compose(self) -> ComposeResult:
        """Create the line for the path, and the list."""
        with Vertical(classes="box"):
            yield self.title_line()
            # Selecting all on focus would let a key typed meanwhile replace the keys before it.
            yield Input(
                placeholder=self._example or "part of a path, such as ~/Downloads/",
                compact=True,
                select_on_focus=False,
                id="file-path",
            )
            yield Text(id="file-note")
            yield Table(Column("Name"), Column("Size", 10, right=True), id="file-table")
            text = "Tab completes, Enter opens a folder or uses a file, Esc goes back"
            yield Static(lit(text, "muted"), markup=False)
            yield answer_buttons()

    def on_mount(self) -> None:
        """List the folder."""
        self.query_one(Table).styles.height = max(3, min(14, self.app.size.height - 14))
        self._fill("")

    def _path_of(self, text: str) -> Path:
        """Return the path that a typed text means; it may be quoted, or begin with file://."""
        path = filesystem.expand_user(files.without_quotes(text).removeprefix("file://"))
        return path if path.is_absolute() else self._base / path

    def _listing(self, text: str) -> tuple[Path, list[Entry], str]:
        """Return the folder of a typed path, its entries, and an error message or an empty text."""
        head, slash, _ = text.removeprefix("file://").rpartition("/")
        folder = self._path_of(f"{head}{slash}") if slash else self._base
        if text == "~":
            folder = filesystem.expand_user("~")
        if self._listed is not None and self._listed[0] == folder:
            return folder, self._listed[1], ""
        try:
            entries = list_folder(folder)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return folder, [], f"{folder}: {reason}"
        self._listed = (folder, entries)
        return folder, entries, ""

    def _fill(self, text: str) -> None:
        """List the entries that begin with the last part of a typed path."""
        folder, entries, problem = self._listing(text)
        part = text.rpartition("/")[2] if text != "~" else ""
        matching = [
            entry
            for entry in entries
            if entry.name.lower().startswith(part.lower())
            and (part.startswith(".") or not entry.name.startswith("."))
        ]
        rows = [] if folder.parent == folder or part else [Row("..", ("../", ("", "")))]
        rows += [
            Row(
                entry.name,
                (f"{entry.name}/" if entry.is_folder else entry.name, _size_cell(entry)),
            )
            for entry in matching
        ]
        note, style = (problem, "error") if problem else (self._note or str(folder), "muted")
        if part and not matching and not problem:
            note, style = f"Nothing in {folder} begins with {part}.", "warning"
            if self._allow_missing and "/" not in text:
                note = f"{note} Enter takes the name as it is."
        self.query_one("#file-note", Text).show(lit(visible(note), style))
        table = self.query_one(Table)
        first = matching[0].name if matching and part else None
        table.set_rows(rows, keep=first)

    @property
    def _text(self) -> str:
        return self.query_one("#file-path", Input).value

    def _set_text(self, text: str) -> None:
        field = self.query_one("#file-path", Input)
        field.value = text
        field.cursor_position = len(text)
        field.focus()

    def action_move(self, by: int) -> None:
        """Move the highlight in the list while the focus stays in the line."""
        self.query_one(Table).action_move(by)

    def action_complete(self) -> None:
        """Complete the path as far as it is unambiguous, or else use the highlighted row."""
        text = self._text
        _, entries, _ = self._listing(text)
        names = [f"{entry.name}/" if entry.is_folder else entry.name for entry in entries]
        longer = complete_path("~/" if text == "~" else text, names)
        if longer != text:
            self._set_text(longer)
        else:
            self._open_row()

    def _open_row(self) -> Path | None:
        """Put a highlighted folder into the line; return the path of a highlighted file."""
        key = self.query_one(Table).key
        if not key:
            return None
        folder, _, _ = self._listing(self._text)
        head, slash, _ = self._text.rpartition("/")
        if key == "..":
            self._set_text(f"{folder.parent}/".replace("//", "/"))
            return None
        path = folder / key
        if path.is_dir():
            self._set_text(f"{head}{slash}{key}/")
            return None
        return path

    def use(self) -> None:
        """Answer with the typed file, or else with the highlighted row; open a folder."""
        text = self._text.strip()
        typed = self._path_of(text) if text and "\0" not in text else None
        if typed is not None and typed.is_file():
            self.dismiss(typed)
        elif typed is not None and typed.is_dir() and not text.endswith("/"):
            self._set_text(f"{text}/")
        elif (path := self._open_row()) is not None:
            self.dismiss(path)
        elif self._allow_missing and text and "/" not in text and not self.query_one(Table).key:
            self.dismiss(Path(text))

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._fill(event.value)

    @on(Table.Activated)
    def _activated(self, event: Table.Activated) -> None:
        event.stop()
        if (path := self._open_row()) is not None:
            self.dismiss(path)

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()


def _size_cell(entry: Entry) -> tuple[str, str]:
    return ("" if entry.is_folder else size_text(entry.size), "muted")


class Reading(Modal["T | None"], Generic[T]):
    """A dialog that shows the progress of reading a file; Esc cancels.

    Args:
        path: the file or directory.
        read: a function that reads it; it is run in a thread. Its argument is a function to
            call with the bytes read so far and the total.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
    ]

    @dataclass
    class Progressed(Message):
        """More of the file was read: the bytes so far, and the total."""

        done: int
        total: int

    @dataclass
    class Finished(Message):
        """Reading ended, with a result or a problem."""

        result: object
        problem: str = ""

    def __init__(self, path: Path, read: Callable[[Callable[[int, int], None]], T]) -> None:
        super().__init__(f"Reading {path.name}")
        self.path = path
        self.problem = ""
        self._read = read

    def compose(self) -> ComposeResult:
        """Create the progress bar."""
        with Vertical(classes="box"):
            yield self.title_line()
            yield Text(id="reading-progress")
            yield Horizontal(Button("Cancel", compact=True), classes="answers")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_cancel()

    def on_mount(self) -> None:
        """Begin to read."""
        self.run_worker(self._work, thread=True, exit_on_error=False)

    def _work(self) -> None:
        worker = get_current_worker()
        shown_percent = -1

        def progress(done: int, total: int) -> None:
            nonlocal shown_percent
            if worker.is_cancelled:
                raise StoppedError
            percent = 100 * done // max(1, total)
            if percent != shown_percent:
                shown_percent = percent
                self.post_message(self.Progressed(done, total))

        try:
            self.post_message(self.Finished(self._read(progress)))
        except StoppedError:
            return
        except XentuiError as error:
            self.post_message(self.Finished(None, error.text))

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        event.stop()
        signs = glyphs(self)
        full = PROGRESS_WIDTH * event.done // max(1, event.total)
        line = signs.bar[0] * full + signs.bar[5] * (PROGRESS_WIDTH - full)
        text = f"{line} {100 * event.done // max(1, event.total)} % of {size_text(event.total)}"
        self.query_one("#reading-progress", Text).show(lit(text))

    @on(Finished)
    def _finished(self, event: Finished) -> None:
        event.stop()
        self.problem = event.problem
        self.dismiss(event.result)  # type: ignore[arg-type]

    def action_cancel(self) -> None:
        """Stop reading."""
        self.workers.cancel_node(self)
        self.dismiss(None)


async def import_file(step: Step, session: Session, guest: str) -> None:
    """Inspect a file, show the result, and import it for a guest if the user agrees.

    Args:
        step: posts the request to import, and shows errors.
        session: the session being edited.
        guest: the guest's key. If it names no local file, the user is asked for one.
    """
    from xentui.images.inspect import inspect
    from xentui.images.suggest import suggest

    file = files.source_file(session, guest)
    file = file or await wizard(step).ask(FileBrowser(f"Import which file for {guest}?"))
    if file is None:
        return
    reading = Reading(file, partial(inspect, file))
    inspected = await wizard(step).ask(reading)
    if inspected is None:
        if reading.problem:
            step.show_toast(reading.problem, "error")
        return
    name = files.valid_name(file, inspected)
    suggestion = suggest(inspected, name, guest)
    lines = files.description_lines(inspected, suggestion, name)
    answers = [("back", "Back")]
    if suggestion is None:
        lines.append((texts.NO_IMPORT, "error"))
    else:
        answers.insert(0, ("import", f"Import {guest} from it"))
    body = [lit(text, style) for text, style in lines]
    answer = await wizard(step).ask(Question(file.name, body, answers, safe="back"))
    if answer == "import":
        step.post_message(ImportFile(guest, inspected))


async def choose_value(step: Step, row: FieldRow) -> None:
    """Let the user pick the value of a field: a file, or one of the suggestions."""
    if row.names_file:
        path = await wizard(step).ask(FileBrowser(f"{row.field.title}: which file?"))
        if path is not None and row.is_attached:
            problem = row.session.set_file(row.path, str(path))
            if problem:
                step.show_toast(problem, "error")
            step.post_message(Edited())
        return
    text = await wizard(step).ask(Pick(row.field.title, row.suggestions))
    if text and row.is_attached:
        row.replace_text(text)
