# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard as an application: start, exit, and the keys that work on every screen."""

from __future__ import annotations

import asyncio
import gc
import locale
import os
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType

from xentui.errors import Exit
from xentui.screens import keymap
from xentui.screens.main import MainScreen
from xentui.screens.terminal_latency import TerminalLatency, discard_answer, is_slow_line
from xentui.screens.textual_hooks import (
    CURSOR_POSITION_REQUEST,
    OrderedKeys,
    Palette,
    draw_scroll_bars_in_ascii,
    name_alt_keys,
)
from xentui.screens.themes import DARK, LIGHT, THEMES
from xentui.session import Session, opening, texts
from xentui.session.target import initial_target
from xentui.signals import exit_on_signal
from xentui.widgets.text import ASCII, UNICODE, Glyphs, lit

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.command import Provider

    from xentui.screens.dialogs import Question


def _commands() -> type[Provider]:
    """Load the palette's commands when they are first needed."""
    from xentui.screens.palette import Commands

    return Commands


class XentuiApp(OrderedKeys):
    """The wizard.

    Args:
        session: the session being edited.
        ascii_only: draw with ASCII characters only.
        plain_preview: show the preview only on request, instead of after each key.
        begin: the name of the first step.
        theme: the name of the first theme.
        keymap: the user's own keys, by the ids of the bindings.
    """

    TITLE = "xentui"
    CSS_PATH = "xentui.tcss"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS = {_commands}

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "request_quit", "Quit", priority=True, id="wizard.quit"),
        Binding("shift+f4,f16", "live_preview", "Live preview", show=False, id="preview.live"),
    ]

    def __init__(
        self,
        session: Session,
        *,
        ascii_only: bool = False,
        plain_preview: bool = False,
        begin: str = "start",
        theme: str = DARK.name,
        keymap: dict[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self.glyphs: Glyphs = ASCII if ascii_only else UNICODE
        if ascii_only:
            self.add_class("ascii")
            draw_scroll_bars_in_ascii()
        self._plain_preview = plain_preview
        self._begin = begin
        for available in THEMES:
            self.register_theme(available)
        self._set_first_theme(theme)
        self._other_keys = keymap or {}
        self._live_wanted = False
        self._quit_question: Question | None = None
        self._loop_running: asyncio.AbstractEventLoop | None = None
        self.latency = TerminalLatency()
        # What is typed before the first step is there is for that step.
        self.hold_keys()

    def _set_first_theme(self, name: str) -> None:
        """Set the theme before the app runs.

        The watcher of ``theme`` would have the style sheet parsed a second time after the start.
        """
        self.set_reactive(App.theme, name)
        dark = self.current_theme.dark
        self.set_class(dark, "-dark-mode")
        self.set_class(not dark, "-light-mode")
        self.add_class(f"-theme-{name}")
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> MainScreen:
        """Return the main screen, the bottom of the stack."""
        return MainScreen(
            self.session, plain_preview=self._plain_preview, begin=self._begin, size=self.size
        )

    def on_mount(self) -> None:
        """Apply the user's own keys, and get ready to end."""
        if self._other_keys:
            self.set_keymap(self._other_keys)
        self.measure_latency()
        self._loop_running = asyncio.get_running_loop()

    def call_soon(self, call: Callable[[], object]) -> bool:
        """Let the event loop make a call after its current step; return whether it runs already."""
        if self._loop_running is None:
            return False
        with suppress(RuntimeError):
            self._loop_running.call_soon_threadsafe(call)
        return True

    def measure_latency(self) -> None:
        """Measure the terminal's latency after everything drawn so far."""
        if not self.is_headless and self.latency.start_request(monotonic()):
            self.ask_terminal(CURSOR_POSITION_REQUEST)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Take the terminal's answer; where it is late, let no preview follow each key."""
        slow = self.latency.record_answer(event.time)
        if not slow or self.main.plain_preview or self._live_wanted:
            return
        self.main.follow_keys_in_preview(follows=False)
        self.notify(
            "Your terminal is slow, so the preview no longer follows each key. "
            f"{self.key_for('wizard.preview', 'F4')} shows it; "
            f"{self.key_for('preview.live', 'shift+F4')}, or ctrl+p live preview, lets it "
            "follow again.",
            markup=False,
            timeout=12,
        )

    def action_command_palette(self) -> None:
        """Open the command palette on the main screen; over a dialog it would be empty."""
        if self.screen is self.main:
            # Without an id: a palette that is just being closed still has it.
            self.push_screen(Palette())

    def action_live_preview(self) -> None:
        """Let the preview follow each key, or no more."""
        self._live_wanted = self.main.plain_preview
        self.main.follow_keys_in_preview(follows=self._live_wanted)
        key = self.key_for("wizard.preview", "F4")
        word = (
            "follows each key" if self._live_wanted else f"no longer follows keys; {key} shows it"
        )
        self.notify(f"The preview {word}.", markup=False, timeout=3)

    def key_for(self, action: str, usual: str) -> str:
        """Return the key that the user chose for an action, by its name, or the usual one."""
        key = self._other_keys.get(action, usual).split(",")[0]
        return key.upper() if key[:1] == "f" and key[1:].isdigit() else key

    @property
    def main(self) -> MainScreen:
        """The main screen."""
        return next(s for s in self.screen_stack if isinstance(s, MainScreen))

    async def action_request_quit(self) -> None:
        """Leave; ask first if something would be lost."""
        if not self.session.changed:
            self.exit(int(Exit.OK))
        elif self._quit_question is None or not self._quit_question.is_current:
            # A group of its own, because a dialog below may be waited for in the default group.
            self.run_worker(self._ask_quit(), group="quit", exclusive=True)

    async def _ask_quit(self) -> None:
        from xentui.screens.dialogs import Question

        self._quit_question = Question(
            texts.LEAVE,
            [lit("A draft is offered again when xentui is started the next time.")],
            (("save", "Save draft"), ("discard", "Discard"), ("stay", "Stay")),
        )
        answer = await self.ask(self._quit_question)
        if answer == "save":
            try:
                self.session.autosave()
            except OSError as error:
                self.notify(texts.draft_lost(error.strerror), markup=False)
                return
            self.exit(int(Exit.OK))
        elif answer == "discard":
            self.session.drafts.abandon(self.session.state.origin)
            self.exit(int(Exit.OK))


def _collect_from_now_on() -> None:
    """Enable garbage collection, except for the objects that stay for good."""
    gc.freeze()
    gc.enable()


def _ascii_wanted(asked: bool | None) -> bool:
    if asked is not None:
        return asked
    if os.environ.get("TERM", "") in ("linux", "vt100", "vt220", "ansi"):
        return True
    return "utf" not in (locale.getpreferredencoding(False) or "").lower()


def _theme_wanted() -> str:
    """Return the first theme: a light one if the terminal reports a light background."""
    asked = os.environ.get("XENTUI_THEME", "")
    if asked in {theme.name for theme in THEMES}:
        return asked
    background = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if background in ("7", "15") else DARK.name


def run(
    *,
    project: Path | None = None,
    preset: str | None = None,
    build_dir: Path | None = None,
    ascii: bool | None = None,  # noqa: A002
    plain_preview: bool = False,
) -> int:
    """Run the wizard on this terminal and return its exit code.

    Args:
        project: a project file to open.
        preset: a preset to begin with.
        build_dir: the build directory to write into; by default ``$BUILDDIR``, or the nearest one
            at or above the current folder. Without any, files go where the project was written
            before, or into a new folder.
        ascii: whether to draw with ASCII characters only; ``None`` detects it.
        plain_preview: show the preview only on request, instead of after each key.

    Raises:
        XentuiError: the project, preset or build directory cannot be opened.
    """
    session = Session(opening.origin_named(project, preset), out=initial_target(project, build_dir))
    app = XentuiApp(
        session,
        ascii_only=_ascii_wanted(ascii),
        plain_preview=plain_preview or is_slow_line(sys.stdin.fileno()),
        begin="start" if project is None and preset is None else "review",
        theme=_theme_wanted(),
        keymap=keymap.read(),
    )
    app.call_later(_collect_from_now_on)
    name_alt_keys()
    with exit_on_signal(app.call_soon, session.autosave):
        code = app.run()
    if app.latency.is_pending and app.latency.has_answered:
        discard_answer(sys.stdin.fileno(), 1)
    if session.written is not None:
        from xentui.screens.write import plain

        sys.stdout.write(plain(session.written))
    return int(code if code is not None else app.return_code or Exit.OK)
