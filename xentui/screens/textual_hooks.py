# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every use of Textual's undocumented behaviour, and the reason for it.

``tests/tui/test_textual_hooks.py`` fails when Textual changes one of them. Nothing else in the
screens and widgets uses a private name of Textual or replaces one of its parts:

- :func:`name_alt_keys` adds alt with a digit to the table of key sequences.
- :class:`OrderedKeys` overrides ``App.on_event``. Textual sends a key to the widget that is focused
  when the key arrives, even if a key before it will move the focus.
- :meth:`OrderedKeys.ask_terminal` writes to the driver, the only way to send a request to the
  terminal.
- :class:`Palette` overrides ``CommandPalette._action_command_list``, which fails for a page key
  that is pressed before the list is drawn, and selects from a list that is still being renewed.
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
from textual.worker import Worker

from xentui.safe_text import visible

ResultT = TypeVar("ResultT")
PASSES = 4
"""How often a key is followed up the screen: itself, the messages it causes, and their effects."""
TIMEOUT = 0.5
"""Seconds after which held keys are released if the awaited widget was removed."""
MAX_TIMEOUTS = 10
"""How many timeouts an awaited widget gets that still exists: it may be busy."""
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
    """The name of a key that Textual's ``Keys`` lacks; Textual reads ``value``."""

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
    """An app that delivers a key or click only after the keys before it had their effect.

    Otherwise keys typed fast, or sent all at once, would reach the widget that was focused before.
    Textual sends a key to the focused widget and then to each of its ancestors; the messages that
    the key causes take the same way. So the app sends a callback the same way, and holds later keys
    until it has arrived.

    Characters typed into a text field do not wait for each other, so that typing stays fast. The
    first key or click after them waits for all of them.
    """

    LEADING_KEYS: ClassVar[tuple[str, ...]] = ("enter", "escape")
    """Keys that may move the focus from a text field. Elsewhere, any key may move it."""

    def __init__(self) -> None:
        super().__init__()
        self._holds = 0
        self._held_keys: deque[events.InputEvent] = deque()
        self._awaited_event: events.InputEvent | None = None
        self._awaited_node: MessagePump | None = None
        self._typed_into: Input | None = None
        self._timeout_timer: Timer | None = None

    @property
    def holds_keys(self) -> bool:
        """Whether keys are being held."""
        return bool(self._held_keys or self._holds)

    def hold_keys(self) -> None:
        """Hold keys until :meth:`release_keys` is called."""
        self._holds += 1

    def release_keys(self) -> None:
        """Deliver the held keys, unless something else holds them too."""
        self._release()

    @contextmanager
    def holding_keys(self) -> Iterator[None]:
        """Hold keys that are typed while a widget is created, and deliver them to it."""
        self._holds += 1
        try:
            yield
        finally:
            self._release()

    async def ask(self, screen: Screen[ResultT]) -> ResultT | None:
        """Show a dialog and return its result; keys typed before it is shown go to it."""
        answer = self.push_screen(screen, wait_for_dismiss=True)
        self._holds += 1
        self._release_when_focused(screen)
        result = await answer
        # The caller may show another dialog at once, which then gets the keys.
        self._holds += 1
        if not self.call_later(self._release):
            self._release()
        return result

    def _release_when_focused(self, screen: Screen[ResultT], tries: int = 20) -> None:
        """Release the held keys once a screen has focused a widget, if it has one."""
        again = partial(self._release_when_focused, screen, tries - 1)
        # After another refresh: a text field selects its text a moment after it is focused.
        must_wait = tries > 0 and screen.focused is None
        if not screen.call_after_refresh(again if must_wait else self._release):
            self._release()

    def hold_keys_while_closing(self) -> None:
        """Hold keys while a dialog closes, until its caller has the result."""
        self._holds += 1
        if not self.call_after_refresh(self._release):
            self._release()

    def _release(self) -> None:
        self._holds -= 1
        if not self._holds and self._held_keys:
            self.call_later(self._deliver_held_keys)

    async def _deliver_held_keys(self) -> None:
        """Deliver the held keys in order, until one of them has to be waited for."""
        while self._held_keys and not self._holds:
            await self._deliver(self._held_keys.popleft())

    async def on_event(self, event: events.Event) -> None:
        """Deliver an event, but hold a key or click while others are held."""
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
            await self._deliver(event)

    async def _deliver(self, event: events.InputEvent) -> None:
        """Deliver a key or click; after a key, hold later ones until it has had its effect."""
        typed_into, self._typed_into = self._typed_into, None
        is_character = isinstance(event, events.Key) and event.is_printable
        if typed_into is not None and not is_character:
            # The messages about typed characters may not have reached the main screen yet.
            self._held_keys.appendleft(event)
            self._wait_for(event, [*typed_into.ancestors_with_self] * PASSES)
            return
        target = self.focused
        await super().on_event(event)
        if not isinstance(event, events.Key) or not event.is_forwarded or target is None:
            return
        nodes: list[MessagePump] = [target]
        if event.key in self.LEADING_KEYS or not isinstance(target, Input):
            nodes = [*target.ancestors_with_self] * PASSES
        else:
            self._typed_into = target
        self._wait_for(event, nodes)

    def _wait_for(self, event: events.InputEvent, nodes: list[MessagePump]) -> None:
        """Hold later keys until the nodes have handled the messages they have now."""
        self._holds += 1
        self._awaited_event = event
        if self._timeout_timer is None:
            self._timeout_timer = self.set_timer(TIMEOUT, lambda: self._time_out(event))
        self._follow(event, nodes)

    def _follow(self, event: events.InputEvent, nodes: list[MessagePump]) -> None:
        """Send a callback from node to node along the way of the event's messages."""
        while nodes:
            self._awaited_node = nodes.pop(0)
            if self._awaited_node.call_later(self._follow, event, nodes):
                return
        self._finish(event)

    def _finish(self, event: events.InputEvent) -> None:
        """Release the keys held behind an event, unless that has been done."""
        if event is self._awaited_event:
            self._awaited_event = None
            self._release()

    def _time_out(self, event: events.InputEvent, tries: int = MAX_TIMEOUTS) -> None:
        """Release the keys held behind an event if its callback was lost with a removed widget.

        A widget that still exists gets more time: it may be slow on a busy machine.
        """
        awaited, self._timeout_timer = self._awaited_event, None
        if awaited is None:
            return
        node = self._awaited_node
        is_busy = tries > 0 and node is not None and node.is_attached
        if awaited is event and not is_busy:
            self._finish(event)
            return
        left = tries - 1 if awaited is event else MAX_TIMEOUTS
        self._timeout_timer = self.set_timer(TIMEOUT, lambda: self._time_out(awaited, left))

    def ask_terminal(self, request: str) -> bool:
        """Send a request to the terminal after all drawing; return whether it was sent."""
        driver = self._driver
        if driver is None or self.is_headless:
            return False
        driver.write(request)
        driver.flush()
        return True


class Palette(CommandPalette):
    """Textual's command palette, protected against closing twice and paging an empty list.

    Enter runs a command that was found for the whole text, not for its first letters.
    """

    def _action_command_list(self, action: str) -> None:
        if action == "select" and (search := self._running_search()):
            self.run_worker(self._select_after(search), exit_on_error=False)
            return
        # Before the list is drawn it has no lines, and turning a page fails
        # (textual/widgets/_option_list.py, ``_move_page``).
        drawn = self.query_one(CommandList).scrollable_content_region
        if drawn or not action.startswith("page_"):
            super()._action_command_list(action)

    def _running_search(self) -> list[Worker[None]]:
        group = self._GATHER_COMMANDS_GROUP
        return [w for w in self.workers if w.group == group and not w.is_finished]

    async def _select_after(self, search: list[Worker[None]]) -> None:
        """Run the highlighted command once a search is over; a cancelled one raises WorkerError."""
        await self.workers.wait_for_complete(search)
        if self.query_one(CommandList).highlighted is not None:
            super()._action_command_list("select")

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close the palette unless it is closed already, as ``dialogs.Modal`` does."""
        if self.app.screen is not self:
            return AwaitComplete()
        return super().dismiss(result)
