# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Looking at a local file that a guest is made of, and taking what that tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from xentui.errors import XentuiError, sentences
from xentui.screens.dialogs import Ask, Question, answers
from xentui.screens.modal import Modal
from xentui.screens.step import Import, Tell
from xentui.session import Session, files
from xentui.session.target import GivenUpError
from xentui.widgets.text import glyphs, lit

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected

CELLS = 40


class Looking(Modal["Inspected | None"]):
    """A file being read from beginning to end; escape gives up.

    Args:
        path: the file or directory.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Give up", show=False),
    ]

    class Far(Message):
        """So much is read."""

        def __init__(self, done: int, total: int) -> None:
            super().__init__()
            self.done = done
            self.total = total

    class Seen(Message):
        """It was read, or cannot be."""

        def __init__(self, seen: Inspected | None, problem: str = "") -> None:
            super().__init__()
            self.seen = seen
            self.problem = problem

    def __init__(self, path: Path) -> None:
        super().__init__(classes="dialog")
        self.path = path
        self.problem = ""

    def compose(self) -> ComposeResult:
        """Make the line that tells how far the reading is."""
        with Vertical(classes="box"):
            title = f"Looking at {self.path.name}"
            yield Static(lit(title, "strong"), markup=False, classes="dialog-title")
            yield Static(lit("reading", "muted"), markup=False, id="look-far")
            yield answers(("give-up", "Give up"))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.action_give_up()

    def on_mount(self) -> None:
        """Begin to read."""
        self.run_worker(self._read, thread=True, exit_on_error=False)

    def _read(self) -> None:
        from xentui.images.inspect import inspect

        worker = get_current_worker()
        shown = -1

        def far(done: int, total: int) -> None:
            nonlocal shown
            if worker.is_cancelled:
                raise GivenUpError
            percent = 100 * done // max(1, total)
            if percent != shown:
                shown = percent
                self.post_message(self.Far(done, total))

        try:
            self.post_message(self.Seen(inspect(self.path, far)))
        except GivenUpError:
            return
        except XentuiError as error:
            self.post_message(self.Seen(None, sentences(error.message, error.fix)))

    def on_looking_far(self, event: Far) -> None:
        """Show how far it is."""
        signs = glyphs(self)
        full = CELLS * event.done // max(1, event.total)
        line = signs.bar[0] * full + signs.bar[5] * (CELLS - full)
        told = f"{line} {100 * event.done // max(1, event.total)} % of {event.total} bytes"
        self.query_one("#look-far", Static).update(lit(told))

    def on_looking_seen(self, event: Seen) -> None:
        """Hand it back."""
        self.problem = event.problem
        self.dismiss(event.seen)

    def action_give_up(self) -> None:
        """Stop reading."""
        self.workers.cancel_node(self)
        self.dismiss(None)


async def look_at_source(screen: Screen[None], session: Session, key: str) -> None:
    """Show what the file of a guest's import is, and import it if the user agrees."""
    path = files.local_file(session, key)
    if path is None:
        given = await screen.app.push_screen_wait(
            Ask("Import which file?", placeholder="~/Downloads/alpine.tar.gz")
        )
        if not given or "\0" in given:
            return
        path = files.resolve(given, session.folder)
    looking = Looking(path)
    seen = await screen.app.push_screen_wait(looking)
    if seen is None:
        if looking.problem:
            screen.post_message(Tell(looking.problem, "error"))
        return
    from xentui.images.suggest import suggest

    name = files.carried_name(path, seen)
    suggestion = suggest(seen, name, key)
    lines = files.described(seen, suggestion, name)
    offered = [("back", "Back")]
    if suggestion is None:
        what = "No import type fits: a guest cannot be made of it as it is."
        lines.append((what, "error"))
    else:
        offered.insert(0, ("take", f"Import {key} from it"))
    answer = await screen.app.push_screen_wait(
        Question(path.name, [lit(text, style) for text, style in lines], offered, safe="back")
    )
    if answer == "take":
        screen.post_message(Import(key, seen))
