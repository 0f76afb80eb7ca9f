# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The widgets around every step: the header, the list of steps, the help and the keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, chop_cells, set_cell_size
from textual import events
from textual.content import Content
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Input

from xentui.errors import counted
from xentui.safe_text import visible
from xentui.widgets.bars import memory_bar, memory_summary
from xentui.widgets.text import TooltipWidget, cut, glyphs, lit, wizard

if TYPE_CHECKING:
    from textual.app import App
    from textual.binding import Binding
    from textual.dom import DOMNode

    from xentui.rules.budget import Budget
    from xentui.rules.finding import Finding

MEMORY_BAR_WIDTH = 16
MAX_TOOLTIP_ROWS = 12
"""Maximum number of rows of the memory budget in the header's tooltip."""
ALWAYS_SHOWN = ("write", "help")
"""The actions whose keys are shown even if others are cut off."""


@dataclass(frozen=True)
class StepMark:
    """The state of a step.

    Attributes:
        status: ``ok``, ``error``, ``warning``, or ``todo`` for a step not visited yet.
        count: how many errors or warnings it has.
    """

    name: str
    title: str
    status: str = "todo"
    count: int = 0


class HeaderLine(TooltipWidget):
    """The first line: the project, whether it has unwritten changes, the step, and the memory.

    A click on the memory shows the step Memory; one on "xentui" opens the command palette.
    """

    DEFAULT_CSS = """
    HeaderLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    _state: reactive[tuple[str, str, object, bool]] = reactive(("", "", None, False))

    def __init__(self) -> None:
        super().__init__(id="header")
        self._budget: Budget | None = None

    def show(self, title: str, step: str, budget: Budget | None, *, changed: bool) -> None:
        """Show a state; ``budget`` is ``None`` until it is computed."""
        self._budget = budget
        self._state = (title, step, budget, changed)

    def render(self) -> Content:
        """Draw the line."""
        title, step, _, changed = self._state
        width = max(1, self.size.width)
        signs = glyphs(self)
        right = self._memory()
        mark = Content("")
        if changed:
            word = f" {signs.changed} changed" if width > 90 else f" {signs.changed}"
            mark = lit(word, "warning")
        room = width - right.cell_length - mark.cell_length - 2
        name = cut(visible(title), max(4, room - 9), signs.more)
        left = Content.assemble(("xentui  ", "$text-muted"), (name, "bold"), mark)
        if left.cell_length + len(step) + 3 < width - right.cell_length:
            left = left.append(lit(f" {signs.dot} {step}", "muted"))
        return left.pad_right(max(1, width - left.cell_length - right.cell_length)).append(right)

    def _memory(self) -> Content:
        """Return the bar at the right end and its sum, or an empty text without a budget."""
        if self._budget is None:
            return Content("")
        cells = MEMORY_BAR_WIDTH if self.size.width < 100 else MEMORY_BAR_WIDTH * 2
        signs = glyphs(self)
        return Content(" ").join(
            [memory_bar(self._budget, cells, signs), memory_summary(self._budget, signs)]
        )

    async def on_click(self, event: events.Click) -> None:
        """Open the command palette, or show the step Memory."""
        if event.x - 1 < len("xentui"):
            await self.run_action("app.command_palette")
        elif event.x - 1 >= self.size.width - self._memory().cell_length:
            await self.run_action("screen.show_step('memory')")

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the full title and the rows of the memory budget."""
        if x < len("xentui"):
            return "Everything you can do, by its name (ctrl+p)"
        title, _, _, changed = self._state
        lines = [f"{title}{', changed' if changed else ''}"]
        rows = self._budget.rows if self._budget is not None else ()
        lines += [f"{row.mib:>8} MiB  {row.label}" for row in rows[:MAX_TOOLTIP_ROWS]]
        if len(rows) > MAX_TOOLTIP_ROWS:
            lines.append(f"and {len(rows) - MAX_TOOLTIP_ROWS} more, on Memory")
        return "\n".join(lines)


class StepStrip(TooltipWidget):
    """The list of the seven steps on one line, each with its state. A click shows the step."""

    DEFAULT_CSS = """
    StepStrip { height: 1; padding: 0 1; background: $surface; }
    """
    GAP: ClassVar[str] = "   "

    @dataclass
    class Clicked(Message):
        """A step was clicked."""

        name: str

    marks: reactive[tuple[StepMark, ...]] = reactive(())
    current: reactive[str] = reactive("")

    def __init__(self) -> None:
        super().__init__(id="strip")

    def show(self, marks: tuple[StepMark, ...], current: str) -> None:
        """Show the states of the steps; ``current`` is the name of the current one."""
        self.marks, self.current = marks, current

    def _sign(self, mark: StepMark) -> tuple[str, str]:
        """Return the sign of a step, and the sign's style."""
        signs = glyphs(self)
        if mark.status in ("error", "warning"):
            return f"{signs.severity(mark.status)}{mark.count}", mark.status
        return (signs.ok, "ok") if mark.status == "ok" else (signs.todo, "muted")

    def _parts(self) -> list[tuple[StepMark, str, str, str]]:
        """Return each step with its title, its sign and the sign's style.

        If the titles do not fit, all steps but the current one have a number instead.
        """
        parts = [(mark, mark.title, *self._sign(mark)) for mark in self.marks]
        width = sum(cell_len(title) + 1 + cell_len(sign) for _, title, sign, _ in parts)
        if width + len(self.GAP) * max(0, len(parts) - 1) <= self.size.width:
            return parts
        return [
            (mark, title if mark.name == self.current else str(number), sign, style)
            for number, (mark, title, sign, style) in enumerate(parts, 1)
        ]

    def render(self) -> Content:
        """Draw the line."""
        parts = []
        for mark, title, sign, sign_style in self._parts():
            style = "bold $accent underline" if mark.name == self.current else "$text-muted"
            parts.append(Content.assemble((title, style), " ").append(lit(sign, sign_style)))
        return Content(self.GAP).join(parts)

    def _mark_at(self, x: int) -> StepMark | None:
        """Return the step that is drawn at a column, if there is one."""
        for mark, title, sign, _ in self._parts():
            width = cell_len(f"{title} {sign}")
            if 0 <= x < width:
                return mark
            x -= width + len(self.GAP)
        return None

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the step's state in words, and the key that goes there."""
        mark = self._mark_at(x)
        if mark is None:
            return ""
        words = {
            "error": counted(mark.count, "error"),
            "warning": counted(mark.count, "warning"),
            "ok": "done",
        }
        number = self.marks.index(mark) + 1
        return f"{mark.title}: {words.get(mark.status, 'not visited yet')} (alt+{number})"

    def on_click(self, event: events.Click) -> None:
        """Post which step was clicked."""
        mark = self._mark_at(event.x - 1)
        if mark is not None:
            self.post_message(self.Clicked(mark.name))


HelpLine = tuple[str, str, str]
"""A text, its style, and the action that a click on it runs, or an empty text."""


class HelpPane(TooltipWidget):
    """The lines above the keys: the current problem, or help for the focused field.

    A click on a problem shows its explanation, one on its fix applies the fix, and one on the
    number of problems goes to the next.
    """

    DEFAULT_CSS = """
    HelpPane { height: 3; padding: 0 1; }
    """

    _lines: reactive[tuple[HelpLine, ...]] = reactive((), repaint=False)

    def __init__(self) -> None:
        super().__init__(id="help-pane")
        self._lines_for: Callable[[int, int], tuple[HelpLine, ...]] | None = None
        self._tip_text = ""

    def show(self, text: str, counts: tuple[int, int, int] = (0, 0, 0)) -> None:
        """Show help, and the number of errors, warnings and pieces of advice."""
        self._tip_text = text
        self._lines_for = partial(self._help_lines, text, counts)
        self._wrap()

    def show_finding(self, finding: Finding, number: int, total: int, key: str) -> None:
        """Show a problem.

        Args:
            finding: the problem.
            number: its number among all problems, from 1; 0 shows none.
            total: the number of all problems.
            key: the name of the key that fixes it.
        """
        self._lines_for = partial(self._finding_lines, finding, number, total, key)
        self._wrap()

    def watch__lines(self, before: tuple[HelpLine, ...], after: tuple[HelpLine, ...]) -> None:
        """Redraw only the lines that differ, to send little to a slow terminal."""
        for y, (old, new) in enumerate(zip_longest(before, after)):
            if old != new:
                self.refresh(Region(0, y, self.size.width, 1))

    def on_resize(self) -> None:
        """Wrap the text for the new width."""
        self._wrap()
        # The old lines may have been drawn for the new width already.
        self.refresh()

    def _wrap(self) -> None:
        """Wrap the text for the current size; the pane grows if the text needs more lines."""
        if self._lines_for is None:
            return
        width, height = max(10, self.size.width), self._usual_height
        lines = self._lines_for(width, height)
        if self._is_cut(lines):
            lines = self._lines_for(width, max(height, self.screen.size.height // 4))
        wanted = max(height, len(lines))
        if self.size.height and wanted != self.size.height:
            self.styles.height = wanted
        self._lines = lines

    def _is_cut(self, lines: tuple[HelpLine, ...]) -> bool:
        return any(text.endswith(self._cut_mark) for text, _, _ in lines)

    @property
    def _cut_mark(self) -> str:
        """The end of a text that was cut off."""
        return f"{glyphs(self).more} F1: all"

    @property
    def _usual_height(self) -> int:
        return 4 if self.screen.has_class("-tall") else 3

    def _help_lines(
        self, text: str, counts: tuple[int, int, int], width: int, height: int
    ) -> tuple[HelpLine, ...]:
        head, _, rest = text.partition("\n")
        if rest and len(wrap_and_cut(text, width, 99, "")) > height:
            # The first line describes the field. F1 shows the rest.
            text = head
        lines = [(line, "muted", "") for line in wrap_and_cut(text, width, height, self._cut_mark)]
        if not sum(counts) or len(lines) >= height:
            return tuple(lines)
        nouns = ("error", "warning", "advice")
        words = [counted(one, noun) for one, noun in zip(counts, nouns, strict=True) if one]
        style = "error" if counts[0] else "warning" if counts[1] else "muted"
        key = wizard(self).key_for("problem.next", "F8")
        line = f"{', '.join(words)}. {key} goes to {'it' if sum(counts) == 1 else 'the first'}."
        blank = [("", "", "")] * (height - 1 - len(lines))
        return (*lines, *blank, (line, style, "screen.next_problem(1)"))

    def _finding_lines(
        self, finding: Finding, number: int, total: int, key: str, width: int, height: int
    ) -> tuple[HelpLine, ...]:
        signs = glyphs(self)
        severity = finding.severity.value
        position = f" {number}/{total}" if number else ""
        code = f" {finding.code}" if finding.code else ""
        head = f"{signs.severity(severity)}{position}{code} {finding.message}"
        label = finding.quick_fix.label if finding.quick_fix is not None else ""
        if not finding.code:
            label = "Take back what was typed"
        fix = (f"{key}  {visible(label)}", "strong", "screen.fix") if label and key else None
        self._tip_text = f"{head}\n{finding.fix}"
        room = height - (1 if fix else 0)
        lines = [
            (line, severity, "screen.help")
            for line in wrap_and_cut(head, width, room, self._cut_mark)
        ]
        if room > len(lines) and finding.fix:
            rest = wrap_and_cut(finding.fix, width, room - len(lines), self._cut_mark)
            lines += [(line, "", "screen.help") for line in rest]
        return (*lines, fix) if fix else tuple(lines)

    def render(self) -> Content:
        """Draw the lines."""
        return Content("\n").join(lit(text, style) for text, style, _ in self._lines)

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return the full text if some of it was cut off."""
        return self._tip_text if self._is_cut(self._lines) else ""

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked line."""
        if 0 <= event.y < len(self._lines) and (action := self._lines[event.y][2]):
            await self.run_action(action)


def wrap_and_cut(text: str, width: int, height: int, more: str) -> list[str]:
    """Return text wrapped into at most ``height`` lines; ``more`` marks where it was cut off."""
    lines = [
        part
        for line in text.split("\n")
        for wrapped in wrap(visible(line), width) or [""]
        for part in chop_cells(wrapped, width) or [""]
    ]
    if len(lines) <= height:
        return lines
    last = set_cell_size(lines[max(0, height - 1)], max(0, width - len(more)))
    return [*lines[: max(0, height - 1)], f"{last.rstrip()}{more}"]


@dataclass(frozen=True)
class KeyHint:
    """A key on the last line: its name, its description, and the action that it runs on a node."""

    key: str
    text: str
    action: str
    node: DOMNode

    @property
    def cells(self) -> int:
        """Its width, including the gap after it."""
        return cell_len(self.key) + 1 + cell_len(self.text) + 2


class KeyLine(TooltipWidget):
    """The last line: the keys that are active now. A click on a key runs its action."""

    DEFAULT_CSS = """
    KeyLine { height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    keys: reactive[tuple[KeyHint, ...]] = reactive(())

    def __init__(self) -> None:
        super().__init__(id="keys")

    def on_mount(self) -> None:
        """Update the keys when those of the focused widget change."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_updated)
        self.update_keys()

    def _bindings_updated(self, _screen: Screen[object]) -> None:
        self.update_keys()

    def update_keys(self) -> None:
        """Show the keys that are active now."""
        hints: dict[str, KeyHint] = {}
        typing = isinstance(self.screen.focused, Input)
        for node, binding, enabled, _ in self.screen.active_bindings.values():
            if not binding.show or not enabled or binding.action in hints:
                continue
            if typing and len(binding.key) == 1:
                continue
            name = key_name(self.app, binding)
            hints[binding.action] = KeyHint(name, binding.description, binding.action, node)
        self.keys = tuple(hints.values())

    def key_of(self, action: str) -> str:
        """Return the name of the key for an action, or an empty text if it has none."""
        return next((key.key for key in self.keys if key.action == action), "")

    def visible_keys(self) -> list[KeyHint]:
        """Return the keys that fit; if some do not, Write and Help are the last ones."""
        room = max(1, self.size.width)
        if sum(key.cells for key in self.keys) - 2 <= room:
            return list(self.keys)
        tail = [key for key in self.keys if key.action in ALWAYS_SHOWN]
        room -= sum(key.cells for key in tail)
        fitting = []
        for key in self.keys:
            if key in tail:
                continue
            if key.cells - 2 > room:
                break
            fitting.append(key)
            room -= key.cells
        return [*fitting, *tail]

    def render(self) -> Content:
        """Draw the keys that fit."""
        return Content("  ").join(
            Content.assemble((key.key, "bold"), (f" {key.text}", "$text-muted"))
            for key in self.visible_keys()
        )

    def key_at(self, x: int) -> KeyHint | None:
        """Return the key that is drawn at a column, if there is one."""
        for key in self.visible_keys():
            if 0 <= x < key.cells - 2:
                return key
            x -= key.cells
        return None

    def tooltip_at(self, x: int, y: int) -> str:  # noqa: ARG002
        """Return a key's description, and other keys with the same action."""
        key = self.key_at(x)
        if key is None:
            return ""
        names = [
            key_name(self.app, binding)
            for node, binding, _, _ in self.screen.active_bindings.values()
            if binding.action == key.action and node is key.node
        ]
        return f"{' or '.join(dict.fromkeys(names))}: {key.text}"

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked key."""
        key = self.key_at(event.x - 1)
        if key is not None:
            await self.app.run_action(key.action, key.node)


def key_name(app: App[object], binding: Binding) -> str:
    """Return the name of a binding's first key as it is displayed."""
    if binding.key_display:
        return binding.key_display
    key = binding.key.split(",")[0]
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    is_readable = len(key) > 1 and "ctrl" not in key and "_" not in key and key != "slash"
    return key if is_readable else app.get_key_display(binding)
