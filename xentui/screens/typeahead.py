# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Keys that are typed ahead: each reaches the widget that those before it lead to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from textual import events
from textual.app import App
from textual.message_pump import MessagePump
from textual.timer import Timer

from xentui.safe_text import visible
from xentui.widgets.table import Table

PATIENCE = 0.5
"""Seconds after which keys behind one that went astray are held no longer."""

LEADING = ("enter", "escape")
"""Keys that lead elsewhere from whatever has the focus; in a table any key may."""


class TypeAhead(App[int]):
    """An app that hands on each key once the one before it has done what it does.

    A key goes to the widget that has the focus, and up from there; its binding is run by the
    app, and what that asks for goes up again. A mark that is sent the same way behind it comes
    to the end when all of it is done. Of a key that a text takes, only the text is waited for.
    """

    def __init__(self) -> None:
        super().__init__()
        self._holds = 0
        self._held: deque[events.Key] = deque()
        self._awaited: events.Key | None = None
        self._watch: Timer | None = None

    @contextmanager
    def holding_keys(self) -> Iterator[None]:
        """Keep keys that are typed meanwhile for the widget that is being made."""
        self._holds += 1
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        self._holds -= 1
        if not self._holds and self._held:
            self.call_later(self._hand_on)

    async def _hand_on(self) -> None:
        """Hand on the keys that were held, until one of them holds the rest."""
        while self._held and not self._holds:
            await self._key(self._held.popleft())

    async def on_event(self, event: events.Event) -> None:
        """Hand on what happens, keys in their order."""
        if isinstance(event, events.Paste):
            # A field shows what it holds, so nothing may get into it that a terminal obeys.
            event.text = "".join(c for c in event.text if c in "\n\t" or visible(c) == c)
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self._holds or self._held:
            self._held.append(event)
        else:
            await self._key(event)

    async def _key(self, event: events.Key) -> None:
        """Hand on a key, and hold those behind it until it has done what it does."""
        target = self.focused
        await super().on_event(event)
        if not event.is_forwarded or target is None:
            return
        way: list[MessagePump] = [target]
        if isinstance(target, Table) or event.key in LEADING:
            way = [*target.ancestors_with_self, *target.ancestors_with_self]
        self._holds += 1
        self._awaited = event
        if self._watch is None:
            self._watch = self.set_timer(PATIENCE, lambda: self._look_after(event))
        self._send(event, way)

    def _send(self, event: events.Key, way: list[MessagePump]) -> None:
        """Send a mark the way that messages go."""
        while way:
            if way.pop(0).call_later(self._send, event, way):
                return
        self._no_longer(event)

    def _no_longer(self, event: events.Key) -> None:
        """Let go of the keys behind one, unless that was done before."""
        if event is self._awaited:
            self._awaited = None
            self._release()

    def _look_after(self, event: events.Key) -> None:
        """Hold no keys behind one whose widget went away with the mark."""
        awaited, self._watch = self._awaited, None
        if awaited is event:
            self._no_longer(event)
        elif awaited is not None:
            self._watch = self.set_timer(PATIENCE, lambda: self._look_after(awaited))
