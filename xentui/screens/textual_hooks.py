# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every use of Textual's undocumented behaviour, and the reason for it.

``tests/tui/test_textual_hooks.py`` fails when Textual changes one of them. Nothing else in the
screens and widgets uses a private name of Textual or replaces one of its parts:

- :func:`name_alt_keys` adds to the table of key sequences, which has no alt and a digit.
- :class:`OrderedKeys` overrides ``App.on_event``, because Textual hands a key to the widget that
  has the focus when the key arrives, not when the keys before it have had their effect, and a
  click to whatever is under the mouse by then.
- :meth:`OrderedKeys.ask_terminal` writes to the driver: an app cannot send a question to its
  terminal otherwise.
- :class:`Palette` overrides ``CommandPalette._action_command_list``, which fails for a page key
  that is pressed before the list is drawn.
- :func:`draw_scroll_bars_in_ascii` replaces the renderer of all scroll bars.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from string import ascii_lowercase, digits
from typing import ClassVar, NamedTuple, TypeVar, cast

from textual import _ansi_sequences, events
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.command import CommandList, CommandPalette
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.timer import Timer
from textual.widgets import Input

from xentui.safe_text import visible

ResultT = TypeVar("ResultT")
PASSES = 4
"""Rounds of messages that are awaited: the key, its binding's messages, and their effects."""
PATIENCE = 0.5
"""Seconds after which held keys are released if the widget that was waited for is gone."""
MOST_PATIENCE = 10
"""How often :data:`PATIENCE` is granted to a widget that is there, but busy."""
CLICKS = (
    events.MouseDown,
    events.MouseUp,
    events.MouseScrollUp,
    events.MouseScrollDown,
)
"""Mouse events that wait for the keys before them."""

CURSOR_POSITION_REQUEST = "\x1b[6n"
"""Asks for the position of the cursor (DSR 6), which every terminal since the VT100 answers."""


class _NamedKey(NamedTuple):
    """A key that is missing in Textual's own list of names; Textual reads its ``value``."""

    value: str


def name_alt_keys() -> None:
    """Read escape followed by a letter or digit, which terminals send for alt, as one key.

    Textual takes a digit for the sign that the option key gives on a Mac
    (textual/_ansi_sequences.py, for WezTerm), and waits after a letter for more of a sequence.
    What arrives meanwhile, such as a terminal's answer, splits it into two keys
    (textual/_xterm_parser.py, ``send_sequence``). Sequences that mean a key already are kept.
    """
    sequences = cast("dict[str, object]", _ansi_sequences.ANSI_SEQUENCES_KEYS)
    for character in ascii_lowercase + digits:
        sequence = f"\x1b{character}"
        if not isinstance(sequences.get(sequence), tuple):
            sequences[sequence] = (_NamedKey(f"alt+{character}"),)


class _BlankScrollBar(ScrollBarRender):
    """Scroll bars without block characters, which a console font may not have."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "] * 8
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "] * 8


def draw_scroll_bars_in_ascii() -> None:
    """Draw all scroll bars without blocks."""
    ScrollBar.renderer = _BlankScrollBar


class OrderedKeys(App[int]):
    """An app that processes each key and click after the keys before it had their effect.

    Otherwise, keys typed ahead, or delivered many at once, would reach the widget that had the
    focus before. A key goes to the focused widget and up from there; its
    binding is run by the app, and the messages that it posts go up again. A callback sent the
    same way after the key arrives when all of that is done.

    After a character typed into a text field, only the text field is waited for, so that typing
    stays quick. The first key or click that is not such a character waits for the rest.
    """

    LEADING_KEYS: ClassVar[tuple[str, ...]] = ("enter", "escape")
    """Keys that may move the focus out of a text field; elsewhere any key may."""

    def __init__(self) -> None:
        super().__init__()
        self._holds = 0
        self._held_keys: deque[events.InputEvent] = deque()
        self._awaited_key: events.InputEvent | None = None
        self._awaited_widget: MessagePump | None = None
        self._typed_into: Input | None = None
        self._patience_timer: Timer | None = None

    @property
    def holds_keys(self) -> bool:
        """Whether keys are being held."""
        return bool(self._held_keys or self._holds)

    def hold_keys(self) -> None:
        """Hold keys until :meth:`release_keys`."""
        self._holds += 1

    def release_keys(self) -> None:
        """Release the held keys, unless something else holds them too."""
        self._release()

    @contextmanager
    def holding_keys(self) -> Iterator[None]:
        """Hold keys typed meanwhile for the widget that is being made."""
        self._holds += 1
        try:
            yield
        finally:
            self._release()

    async def ask(self, screen: Screen[ResultT]) -> ResultT | None:
        """Show a screen on top and return its result; keys typed ahead go to it."""
        answer = self.push_screen(screen, wait_for_dismiss=True)
        self._holds += 1
        self._release_when_focused(screen)
        result = await answer
        # The caller may show another screen at once; the keys go to that one.
        self._holds += 1
        if not self.call_later(self._release):
            self._release()
        return result

    def _release_when_focused(self, screen: Screen[ResultT], tries: int = 20) -> None:
        """Release the held keys once a screen has focused its first widget, if it has one."""
        again = partial(self._release_when_focused, screen, tries - 1)
        # Once more after that: a text field selects its text a moment after it is focused.
        waits = tries > 0 and screen.focused is None
        if not screen.call_after_refresh(again if waits else self._release):
            self._release()

    def hold_keys_while_closing(self) -> None:
        """Hold keys while a screen closes, until its caller has the result."""
        self._holds += 1
        if not self.call_after_refresh(self._release):
            self._release()

    def _release(self) -> None:
        self._holds -= 1
        if not self._holds and self._held_keys:
            self.call_later(self._hand_on)

    async def _hand_on(self) -> None:
        """Release the held keys in order, until one of them has to be waited for."""
        while self._held_keys and not self._holds:
            await self._hand_on_key(self._held_keys.popleft())

    async def on_event(self, event: events.Event) -> None:
        """Forward events, with keys in their order."""
        if isinstance(event, events.Paste):
            # Control characters must not get into a field. Pasted lines are joined by spaces,
            # because a field has one line.
            text = " ".join(event.text.replace("\t", " ").splitlines())
            event.text = "".join(c for c in text if visible(c) == c)
        if not isinstance(event, (events.Key, *CLICKS)) or event.is_forwarded:
            await super().on_event(event)
        elif self._holds or self._held_keys:
            self._held_keys.append(event)
        else:
            await self._hand_on_key(event)

    async def _hand_on_key(self, event: events.InputEvent) -> None:
        """Forward a key or click, and hold the following ones until a key has had its effect."""
        typed_into, self._typed_into = self._typed_into, None
        types = isinstance(event, events.Key) and event.is_printable
        if typed_into is not None and not types:
            # What was typed is still on its way to the session.
            self._held_keys.appendleft(event)
            self._wait_for(event, [*typed_into.ancestors_with_self] * PASSES)
            return
        target = self.focused
        await super().on_event(event)
        if not isinstance(event, events.Key) or not event.is_forwarded or target is None:
            return
        way: list[MessagePump] = [target]
        if event.key in self.LEADING_KEYS or not isinstance(target, Input):
            way = [*target.ancestors_with_self] * PASSES
        else:
            self._typed_into = target
        self._wait_for(event, way)

    def _wait_for(self, event: events.InputEvent, way: list[MessagePump]) -> None:
        """Hold what follows an event until the widgets on the way have no messages before ours."""
        self._holds += 1
        self._awaited_key = event
        if self._patience_timer is None:
            self._patience_timer = self.set_timer(PATIENCE, lambda: self._look_after(event))
        self._follow(event, way)

    def _follow(self, event: events.InputEvent, way: list[MessagePump]) -> None:
        """Send a callback along the path of the event's messages."""
        while way:
            self._awaited_widget = way.pop(0)
            if self._awaited_widget.call_later(self._follow, event, way):
                return
        self._settled(event)

    def _settled(self, event: events.InputEvent) -> None:
        """Release the keys held behind an event, unless that has been done."""
        if event is self._awaited_key:
            self._awaited_key = None
            self._release()

    def _look_after(self, event: events.InputEvent, tries: int = MOST_PATIENCE) -> None:
        """Release the keys held behind an event whose widget, and callback, were removed.

        A widget that still exists gets more time: it may be slow on a busy machine.
        """
        awaited, self._patience_timer = self._awaited_key, None
        if awaited is None:
            return
        widget = self._awaited_widget
        busy = tries > 0 and widget is not None and widget.is_attached
        if awaited is event and not busy:
            self._settled(event)
            return
        left = tries - 1 if awaited is event else MOST_PATIENCE
        self._patience_timer = self.set_timer(PATIENCE, lambda: self._look_after(awaited, left))

    def ask_terminal(self, question: str) -> bool:
        """Send a request to the terminal after everything drawn; return whether it was sent."""
        driver = self._driver
        if driver is None or self.is_headless:
            return False
        driver.write(question)
        driver.flush()
        return True


class Palette(CommandPalette):
    """Textual's command palette, protected against closing twice and paging an empty list."""

    def _action_command_list(self, action: str) -> None:
        # Before the list is drawn it has no lines, and turning a page fails
        # (textual/widgets/_option_list.py, ``_move_page``).
        drawn = self.query_one(CommandList).scrollable_content_region
        if drawn or not action.startswith("page_"):
            super()._action_command_list(action)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette unless it is closed already, as ``dialogs.Modal`` does."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
