# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What frames every step: the line on top, the steps, and the keys at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from xentui.safe_text import visible
from xentui.widgets.bars import bar, summary
from xentui.widgets.line_view import differing
from xentui.widgets.text import cut, fit, glyphs, lit
from xentui.widgets.tip import Tipped

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import Binding

    from xentui.rules.budget import Budget

MEMORY_BAR = 16
ROWS = 12
"""Rows of the budget that the mouse is told of."""
HELP = "help"
"""The action that tells all keys."""


@dataclass(frozen=True, slots=True)
class StepMark:
    """How a step stands: ``status`` is ``ok``, ``error``, ``warning`` or ``todo``."""

    name: str
    title: str
    status: str = "todo"
    count: int = 0


class HeaderLine(Tipped):
    """What is worked on, where one is, whether it is changed, and the memory.

    A click on the memory goes to Memory, one on the name of the program to all commands.
    """

    DEFAULT_CSS = """
    HeaderLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="header")
        self._title = ""
        self._step = ""
        self._changed = False
        self._budget: Budget | None = None
        self._drawn = Content("")

    def show(self, title: str, step: str, budget: Budget | None, *, changed: bool) -> None:
        """Show another state; without its budget where that is not worked out yet."""
        new = (title, step, budget, changed)
        if new != (self._title, self._step, self._budget, self._changed):
            self._title, self._step, self._budget, self._changed = new
            drawn, self._drawn = self._drawn, self._line()
            if regions := differing(drawn, self._drawn, self.size.width):
                self.refresh(*regions)

    def render(self) -> Content:
        """Draw the line."""
        self._drawn = self._line()
        return self._drawn

    def _line(self) -> Content:
        width = max(1, self.size.width)
        signs = glyphs(self)
        right = Content("")
        if self._budget is not None:
            cells = MEMORY_BAR if width < 100 else MEMORY_BAR * 2
            right = Content(" ").join(
                [bar(self._budget, cells, signs), summary(self._budget, signs)]
            )
        mark = Content("")
        if self._changed:
            word = f" {signs.changed} changed" if width > 90 else f" {signs.changed}"
            mark = lit(word, "warning")
        room = width - right.cell_length - mark.cell_length - 2
        name = cut(visible(self._title), max(4, room - 9), signs.more)
        left = Content.assemble(("xentui  ", "$text-muted"), (name, "bold"), mark)
        if left.cell_length + len(self._step) + 3 < width - right.cell_length:
            left = left.append(lit(f" {signs.dot} {self._step}", "muted"))
        return left.pad_right(max(1, width - left.cell_length - right.cell_length)).append(right)

    async def on_click(self, event: events.Click) -> None:
        """Do what belongs to the place under the pointer."""
        if event.x - 1 < len("xentui"):
            await self.run_action("app.command_palette")
        elif event.x > self.size.width // 2:
            await self.run_action("screen.step('memory')")

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return what is worked on, and where the memory goes."""
        if x < len("xentui"):
            return "Everything that can be done, by its name (ctrl+p)"
        lines = [f"{self._title}{', changed' if self._changed else ''}"]
        rows = self._budget.rows if self._budget is not None else ()
        lines += [f"{row.mib:>8} MiB  {row.label}" for row in rows[:ROWS]]
        if len(rows) > ROWS:
            lines.append(f"and {len(rows) - ROWS} more, on Memory")
        return "\n".join(lines)


class Steps(Tipped):
    """The seven steps and how each stands; a click goes there."""

    class Picked(Message):
        """A step was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._marks: tuple[StepMark, ...] = ()
        self._here = ""
        self._findings = (0, 0)

    def show(self, marks: tuple[StepMark, ...], here: str, findings: tuple[int, int]) -> None:
        """Show how the steps stand.

        Args:
            marks: one a step.
            here: the step one is in.
            findings: the number of errors, and of everything else found.
        """
        if (marks, here, findings) != (self._marks, self._here, self._findings):
            self._marks, self._here, self._findings = marks, here, findings
            self.refresh()

    def sign(self, mark: StepMark) -> tuple[str, str]:
        """Return the sign of a step and its style."""
        signs = glyphs(self)
        if mark.status in ("error", "warning"):
            return signs.severity(mark.status), mark.status
        return (signs.ok, "ok") if mark.status == "ok" else (signs.todo, "muted")

    def tip_of(self, mark: StepMark | None) -> str:
        """Return how a step stands, in words, and the key that leads there."""
        if mark is None:
            return ""
        said = {"error": f"{mark.count} to fix", "warning": f"{mark.count} to know", "ok": "well"}
        number = self._marks.index(mark) + 1
        return f"{mark.title}: {said.get(mark.status, 'not looked at yet')} (alt+{number})"


class StepStrip(Steps):
    """The steps on one line, for narrow terminals."""

    DEFAULT_CSS = """
    StepStrip { height: 1; padding: 0 1; background: $surface; }
    """

    GAP: ClassVar[str] = "   "

    def _titles(self) -> list[str]:
        """Return what each step is called; only the one one is in by its name without room."""
        whole = [mark.title for mark in self._marks]
        signs = 2 * len(whole) + len(self.GAP) * max(0, len(whole) - 1)
        if sum(map(len, whole)) + signs <= self.size.width:
            return whole
        return [
            mark.title if mark.name == self._here else str(number)
            for number, mark in enumerate(self._marks, 1)
        ]

    def render(self) -> Content:
        """Draw the line."""
        parts = []
        for mark, name in zip(self._marks, self._titles(), strict=True):
            sign, style = self.sign(mark)
            look = "bold $accent underline" if mark.name == self._here else ""
            title = Content.assemble((name, look or "$text-muted"))
            parts.append(Content(" ").join([title, lit(sign, style)]))
        return Content(self.GAP).join(parts)

    def at(self, x: int) -> StepMark | None:
        """Return the step that is drawn at a column, if there is one."""
        for mark, name in zip(self._marks, self._titles(), strict=True):
            width = cell_len(f"{name} {self.sign(mark)[0]}")
            if 0 <= x < width:
                return mark
            x -= width + len(self.GAP)
        return None

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return how the step stands."""
        return self.tip_of(self.at(x))

    def on_click(self, event: events.Click) -> None:
        """Go to the step clicked."""
        mark = self.at(event.x - 1)
        if mark is not None:
            self.post_message(self.Picked(mark.name))


class StepRail(Steps):
    """The steps below each other, for wide terminals."""

    DEFAULT_CSS = """
    StepRail { width: 18; height: 1fr; padding: 1 1; background: $surface; }
    """

    def render(self) -> Content:
        """Draw the steps, and under them what was found."""
        signs = glyphs(self)
        lines = []
        for number, mark in enumerate(self._marks, 1):
            sign, style = self.sign(mark)
            here = mark.name == self._here
            pointer = signs.cursor if here else " "
            count = str(mark.count) if mark.count else ""
            look = "bold $accent" if here else ""
            left = Content.assemble((f"{pointer}{number} {fit(mark.title, 9)}", look))
            lines.append(left.append(lit(f"{sign}{count}", style)))
        errors, others = self._findings
        lines.append(Content(""))
        if errors:
            lines.append(lit(f"{signs.error} {errors} to fix", "error"))
        if others:
            lines.append(lit(f"{signs.warning} {others} to know", "warning"))
        if errors or others:
            lines.append(lit("F8 goes there", "muted"))
        else:
            lines.append(lit(f"{signs.ok} all is well", "ok"))
        return Content("\n").join(lines)

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return how the step stands."""
        return self.tip_of(self._marks[y] if 0 <= y < len(self._marks) else None)

    async def on_click(self, event: events.Click) -> None:
        """Go to the step clicked; below them, to the next problem."""
        place = event.y - 1
        if 0 <= place < len(self._marks):
            self.post_message(self.Picked(self._marks[place].name))
        elif place > len(self._marks) and any(self._findings):
            await self.run_action("screen.problem(1)")


class KeyLine(Tipped):
    """The keys of the place one is in; a click does what the key does."""

    DEFAULT_CSS = """
    KeyLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__(id="keys")
        self._shown: list[tuple[str, str, str, object]] = []

    def on_mount(self) -> None:
        """Follow the keys of whatever has the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self.follow()

    def _changed(self, _screen: Screen[object]) -> None:
        self.follow()

    def follow(self) -> None:
        """Show the keys that do something now."""
        found: dict[str, tuple[str, str, str, object]] = {}
        typing = isinstance(self.screen.focused, Input)
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if not binding.show or not enabled or binding.action in found:
                continue
            if typing and len(binding.key) == 1:
                continue
            found[binding.action] = (
                key_name(self.app, binding),
                binding.description,
                binding.action,
                node,
            )
        shown = list(found.values())
        if shown != self._shown:
            self._shown = shown
            self.refresh()

    @property
    def shown(self) -> Sequence[tuple[str, str]]:
        """The keys and what they do, in order."""
        return [(key, text) for key, text, _, _ in self._shown]

    def key_of(self, action: str) -> str:
        """Return what the key of an action is called here; an empty text where none does it."""
        return next((key for key, _, done, _ in self._shown if done == action), "")

    def drawn(self) -> list[tuple[str, str, str, object]]:
        """Return the keys there is room for: where not all fit, the last one is that of help."""
        room = max(1, self.size.width)
        if sum(map(_cells, self._shown)) - 2 <= room:
            return self._shown
        tail = [key for key in self._shown if key[2] == HELP]
        room -= sum(map(_cells, tail))
        fit = []
        for key in self._shown:
            if key in tail:
                continue
            if _cells(key) - 2 > room:
                break
            fit.append(key)
            room -= _cells(key)
        return [*fit, *tail]

    def render(self) -> Content:
        """Draw as many keys as there is room for."""
        return Content("  ").join(
            Content.assemble((key, "bold"), (f" {text}", "$text-muted"))
            for key, text, _, _ in self.drawn()
        )

    def at(self, x: int) -> tuple[str, str, str, object] | None:
        """Return the key that is drawn at a column, if there is one."""
        for key in self.drawn():
            if 0 <= x < _cells(key) - 2:
                return key
            x -= _cells(key)
        return None

    def tip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return what a key does, and the other keys that do the same."""
        key = self.at(x)
        if key is None:
            return ""
        names = [
            key_name(self.app, binding)
            for node, binding, _, _ in self.screen.active_bindings.values()
            if binding.action == key[2] and node is key[3]
        ]
        return f"{' or '.join(dict.fromkeys(names))}: {key[1]}"

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        key = self.at(event.x - 1)
        if key is not None:
            await self.app.run_action(key[2], key[3])  # type: ignore[arg-type]


def key_name(app: App[object], binding: Binding) -> str:
    """Return what a key is called on the screen."""
    if binding.key_display:
        return binding.key_display
    key = binding.key.split(",")[0]
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    plain = len(key) > 1 and "ctrl" not in key and "_" not in key and key != "slash"
    return key if plain else app.get_key_display(binding)


def _cells(key: tuple[str, str, str, object]) -> int:
    """Return the cells that a key takes, with the gap behind it."""
    return cell_len(key[0]) + 1 + cell_len(key[1]) + 2
