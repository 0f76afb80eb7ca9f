# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The wizard's Textual app: how it starts and ends, and what works on every screen."""

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
        user_keys: the user's keys, by the ids of the bindings, as ``keymap.read`` returns them.
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
        user_keys: dict[str, str] | None = None,
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
        self._user_keys = user_keys or {}
        self._live_preview_chosen = False
        self._quit_question: Question | None = None
        self._running_loop: asyncio.AbstractEventLoop | None = None
        self.latency = TerminalLatency()
        # Keys that are typed before the first step is shown are for that step.
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
        """Return the main screen; dialogs are shown on top of it."""
        return MainScreen(
            self.session, plain_preview=self._plain_preview, begin=self._begin, size=self.size
        )

    def on_mount(self) -> None:
        """Apply the user's keys, and remember the loop that :meth:`call_soon` needs."""
        if self._user_keys:
            self.set_keymap(self._user_keys)
        self.measure_latency()
        self._running_loop = asyncio.get_running_loop()
        draft = self.session.draft_of_project()
        if draft is not None:
            text = f"A draft of {draft.when} has changes that this file lacks. alt+1 offers it."
            self.notify(text, severity="warning", markup=False, timeout=12)

    def call_soon(self, function: Callable[[], object]) -> bool:
        """Call a function soon, from a signal handler; return whether the event loop runs."""
        if self._running_loop is None:
            return False
        with suppress(RuntimeError):
            self._running_loop.call_soon_threadsafe(function)
        return True

    def measure_latency(self) -> None:
        """Have the terminal report when it has drawn everything so far."""
        if not self.is_headless and self.latency.start_request(monotonic()):
            self.ask_terminal(CURSOR_POSITION_REQUEST)

    def on_cursor_position(self, event: events.CursorPosition) -> None:
        """Record the terminal's report; if reports are late, stop redrawing the preview per key."""
        slow = self.latency.record_answer(event.time)
        if not slow or self.main.plain_preview or self._live_preview_chosen:
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
        """Open the command palette on the main screen; on a dialog it would have no commands."""
        if self.screen is self.main:
            # Without Textual's id for it, which a palette that is still closing has.
            self.push_screen(Palette())

    def action_live_preview(self) -> None:
        """Redraw the preview after each key, or only on request."""
        self._live_preview_chosen = self.main.plain_preview
        self.main.follow_keys_in_preview(follows=self._live_preview_chosen)
        key = self.key_for("wizard.preview", "F4")
        text = "The preview follows each key."
        if not self._live_preview_chosen:
            text = f"The preview no longer follows each key; {key} shows it."
        self.notify(text, markup=False, timeout=3)

    def key_for(self, binding_id: str, default: str) -> str:
        """Return the name of the first key that the user set for a binding, or ``default``."""
        key = self._user_keys.get(binding_id, default).split(",")[0]
        return key.upper() if key[:1] == "f" and key[1:].isdigit() else key

    @property
    def main(self) -> MainScreen:
        """The main screen."""
        return next(s for s in self.screen_stack if isinstance(s, MainScreen))

    async def action_request_quit(self) -> None:
        """Exit; ask first if there are unwritten changes."""
        if not self.session.changed:
            self.exit(int(Exit.OK))
        elif self._quit_question is None or not self._quit_question.is_current:
            # In its own group: in the default one, it would cancel a dialog that is open.
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


def _enable_garbage_collection() -> None:
    """Enable garbage collection, which start-up disables; skip the objects that exist by now."""
    gc.freeze()
    gc.enable()


def _needs_ascii(ascii_only: bool | None) -> bool:
    """Return whether to draw in ASCII: as asked for, or else as terminal and locale need it."""
    if ascii_only is not None:
        return ascii_only
    if os.environ.get("TERM", "") in ("linux", "vt100", "vt220", "ansi"):
        return True
    return "utf" not in (locale.getpreferredencoding(False) or "").lower()


def _first_theme() -> str:
    """Return the theme that ``XENTUI_THEME`` names, or one for the terminal's background."""
    name = os.environ.get("XENTUI_THEME", "")
    if name in {theme.name for theme in THEMES}:
        return name
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
        ascii_only=_needs_ascii(ascii),
        plain_preview=plain_preview or is_slow_line(sys.stdin.fileno()),
        begin="start" if project is None and preset is None else "review",
        theme=_first_theme(),
        user_keys=keymap.read(XentuiApp),
    )
    app.call_later(_enable_garbage_collection)
    name_alt_keys()
    with exit_on_signal(app.call_soon, session.autosave):
        code = app.run()
    if app.latency.is_pending and app.latency.has_answered:
        discard_answer(sys.stdin.fileno(), 1)
    if session.written is not None:
        from xentui.screens.write import plain_text

        sys.stdout.write(plain_text(session.written))
    return int(code if code is not None else app.return_code or Exit.OK)
