# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 7 of the wizard: the written files, and the commands to type next."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from xentui.errors import XentuiError
from xentui.screens.step import ShowStep, Step
from xentui.session import writing
from xentui.widgets.text import ASCII, Glyphs, Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.session.writing import Written


_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*"|['"])+""")
"""Matches a word of a shell command, including the quoted parts in it."""


class ScrollableText(VerticalScroll, can_focus=True):
    """The container of a text, which keys scroll."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]


class Write(Step):
    """The result of writing, or what to do before."""

    NAME: ClassVar[str] = "write"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "finish", "Leave xentui", id="write.leave"),
        Binding("b", "edit", "Back to editing", id="write.edit"),
        Binding("y", "copy", "Copy the commands", id="write.copy"),
        Binding("v", "build", "Verify, build, boot", id="write.build"),
    ]

    def compose(self) -> ComposeResult:
        """Create the text."""
        with ScrollableText(id="write-sheet"):
            yield Text(id="write-text")

    def first_widget(self) -> Widget | None:
        """Return the text."""
        return self.query_one("#write-sheet")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Enable actions that need written files, or a build directory, only with these."""
        if action in ("finish", "copy"):
            return self.session.written is not None
        if action == "build":
            return self.session.can_build
        return True

    def hint(self) -> str:
        """Return the help for the step."""
        if self.session.written is None:
            return "Review shows what would be written; this page shows what was."
        return "These lines are printed again when you leave xentui."

    def on_resize(self) -> None:
        """Wrap the lines again."""
        self.sync()

    def sync(self) -> None:
        """Show the result of writing, or what to do before."""
        signs = glyphs(self)
        written = self.session.written
        if written is None:
            lines = self._unwritten_lines(signs)
        else:
            lines = written_lines(written, signs, max(30, self.size.width - 4))
        self.query_one("#write-text", Text).show(Content("\n").join(lines))
        self.refresh_bindings()

    def _unwritten_lines(self, signs: Glyphs) -> list[Content]:
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

    def action_edit(self) -> None:
        """Go back to the steps."""
        self.post_message(ShowStep("guests"))

    def action_copy(self) -> None:
        """Copy the commands."""
        if self.session.written is not None:
            lines = [line for line, _ in self.session.written.commands]
            self.app.copy_to_clipboard("\n".join(lines))
            self.show_toast("Copied, if your terminal supports it (OSC 52).")

    def action_build(self) -> None:
        """Suspend the wizard to verify, build and boot in its terminal."""
        try:
            with self.app.suspend():
                code = writing.build(self.session)
        except SuspendNotSupported:
            self.show_toast(
                "The wizard cannot be suspended in this terminal. Run the commands in another one.",
                "error",
            )
        except XentuiError as error:
            self.show_toast(error.message, "error")
        else:
            self.show_toast(writing.build_summary(code), "information" if code == 0 else "error")


def written_lines(written: Written, signs: Glyphs, width: int = 0) -> list[Content]:
    """Return the lines about the written files and the next commands.

    Args:
        written: the result of writing.
        signs: the glyphs of the terminal.
        width: the cells to wrap long lines at; 0 wraps none.
    """
    head = lit(f"Written into {written.root}", "strong")
    lines = [head.append(lit(f"  {written.counts}", "muted"))]
    lines += [lit(""), lit("Type next", "strong")]
    for line, note in written.commands:
        lines += _command_lines(line, width)
        lines += [
            lit(f"      {part}", "muted")
            for part in wrap(note, min(70, width - 6) if width else 70)
        ]
    lines += [lit(""), lit("The same without a screen", "strong")]
    lines += [*_command_lines(written.headless, width), lit(""), lit("Files", "strong")]
    for what, path in written.lines:
        sign = signs.dot if what == "unchanged" else signs.ok
        style = "muted" if what == "unchanged" else "ok"
        name = path.removeprefix(f"{written.root}/")
        lines.append(lit(f"  {sign} {what:<10}", style).append(lit(name)))
    return [*lines, *(lit(f"  {note}", "muted") for note in written.notes)]


def _command_lines(line: str, width: int) -> list[Content]:
    """Return a command wrapped into lines that a shell reads as one; no quoted word is divided."""
    parts = [""]
    for word in _WORD.findall(line):
        if parts[-1] and width and len(parts[-1]) + len(word) + 7 > width:
            parts.append(word)
        else:
            parts[-1] = f"{parts[-1]} {word}".lstrip()
    first, *rest = [f"{part} \\" for part in parts[:-1]] + parts[-1:]
    return [lit(f"  {first}"), *(lit(f"    {part}") for part in rest)]


def plain_text(written: Written) -> str:
    """Return the lines about the written files as text for standard output."""
    return "\n".join(line.plain for line in written_lines(written, ASCII)) + "\n"
