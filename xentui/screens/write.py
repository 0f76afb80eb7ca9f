# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 7: the written files, and the commands to type next."""

from __future__ import annotations

import re
from collections import Counter
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from xentui.errors import XentuiError
from xentui.screens.step import Step
from xentui.session import writing
from xentui.widgets.text import ASCII, Glyphs, Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.session.writing import Written


_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*"|['"])+""")
"""Matches a word of a shell command, with its quoted parts."""


class Sheet(VerticalScroll, can_focus=True):
    """A scrollable text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]


class Write(Step):
    """The result of writing, or the number of errors that block it."""

    NAME: ClassVar[str] = "write"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "finish", "Leave xentui", id="write.leave"),
        Binding("b", "edit", "Back to editing", id="write.edit"),
        Binding("y", "copy", "Copy the commands", id="write.copy"),
        Binding("v", "build", "Verify, build, boot", id="write.build"),
    ]

    def compose(self) -> ComposeResult:
        """Make the sheet."""
        with Sheet(id="write-sheet"):
            yield Text(id="write-text")

    def first_widget(self) -> Widget | None:
        """The sheet."""
        return self.query_one("#write-sheet")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer to leave only once something was written."""
        if action in ("finish", "copy"):
            return self.session.written is not None
        if action == "build":
            return self.session.can_build
        return True

    def hint(self) -> str:
        """Return the help for this page."""
        if self.session.written is None:
            return "Review shows what would be written; this page shows what was."
        return "These lines are printed again when xentui is left."

    def on_resize(self) -> None:
        """Wrap the lines again."""
        self.sync()

    def sync(self) -> None:
        """Show the result of writing, or what blocks it."""
        signs = glyphs(self)
        written = self.session.written
        if written is None:
            lines = self._not_yet(signs)
        else:
            lines = written_lines(written, signs, max(30, self.size.width - 4))
        self.query_one("#write-text", Text).show(Content("\n").join(lines))
        self.refresh_bindings()

    def _not_yet(self, signs: Glyphs) -> list[Content]:
        errors = self.session.findings.errors
        keys = wizard(self).key_for
        lines = [lit("Nothing has been written yet.", "strong"), lit("")]
        if errors:
            word = "error has" if errors == 1 else "errors have"
            lines.append(lit(f"{signs.error} {errors} {word} to be fixed first.", "error"))
            following, fix = keys("problem.next", "F8"), keys("problem.fix", "F9")
            text = f"{following} goes to the next one, {fix} fixes it where xentui knows how."
            lines.append(lit(text))
        else:
            lines.append(lit(f"{signs.ok} No errors.", "ok"))
            write = keys("wizard.write", "ctrl+s")
            text = f"Press {write} to see what would be written; {write} again writes it."
            lines.append(lit(text))
        return lines

    def action_finish(self) -> None:
        """Leave xentui."""
        self.app.run_worker(self.app.run_action("request_quit"))

    async def action_edit(self) -> None:
        """Go back to the steps."""
        await self.run_action("screen.show_step('guests')")

    def action_copy(self) -> None:
        """Copy the commands."""
        if self.session.written is not None:
            lines = [line for line, _ in self.session.written.commands]
            self.app.copy_to_clipboard("\n".join(lines))
            self.show_toast("Copied, if your terminal supports it (OSC 52).")

    def action_build(self) -> None:
        """Hand the terminal over to verify, build and boot, and take it back afterwards."""
        try:
            with self.app.suspend():
                code = writing.build(self.session)
        except SuspendNotSupported:
            self.show_toast("This terminal cannot be handed over.", "error")
        except XentuiError as error:
            self.show_toast(error.message, "error")
        else:
            self.show_toast(writing.build_summary(code), "information" if code == 0 else "error")


def written_lines(written: Written, signs: Glyphs, width: int = 0) -> list[Content]:
    """Return the lines about the written files and the next commands.

    Args:
        written: the result of writing.
        signs: the glyphs of the terminal.
        width: the cells to wrap long lines at, with more indent; 0 wraps none.
    """
    kinds = Counter(what for what, _ in written.lines)
    sums = ", ".join(f"{count} {what}" for what, count in kinds.items())
    lines = [lit(f"Written into {written.root}", "strong").append(lit(f"  {sums}", "muted"))]
    lines += [lit(""), lit("Type next", "strong")]
    for line, note in written.commands:
        lines += _broken(line, width)
        lines += [
            lit(f"      {part}", "muted")
            for part in wrap(note, min(70, width - 6) if width else 70)
        ]
    lines += [lit(""), lit("The same without a screen", "strong")]
    lines += [*_broken(written.headless, width), lit(""), lit("Files", "strong")]
    for what, path in written.lines:
        sign = signs.dot if what == "unchanged" else signs.ok
        style = "muted" if what == "unchanged" else "ok"
        shown = path.removeprefix(f"{written.root}/")
        lines.append(lit(f"  {sign} {what:<10}", style).append(lit(shown)))
    return [*lines, *(lit(f"  {note}", "muted") for note in written.notes)]


def _broken(line: str, width: int) -> list[Content]:
    """Return a command, wrapped so that a shell reads the lines as one command.

    Quoted words are not divided.
    """
    parts = [""]
    for word in _WORD.findall(line):
        if parts[-1] and width and len(parts[-1]) + len(word) + 7 > width:
            parts.append(word)
        else:
            parts[-1] = f"{parts[-1]} {word}".lstrip()
    first, *rest = [f"{part} \\" for part in parts[:-1]] + parts[-1:]
    return [lit(f"  {first}"), *(lit(f"    {part}") for part in rest)]


def plain(written: Written) -> str:
    """Return the lines as plain text for standard output."""
    return "\n".join(line.plain for line in written_lines(written, ASCII)) + "\n"
