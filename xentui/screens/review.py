# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 6: what would be written, and what stands against it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from xentui.errors import XentuiError
from xentui.screens.step import Go, Look, Step, Tell
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import glyphs, lit

if TYPE_CHECKING:
    from xentui.output.plan import Change, Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session, View

LARGEST_DIFF = 20_000
"""Lines of a file up to which its diff is worked out while one looks on."""


class Review(Step):
    """The diff, the files, the target and the problems."""

    NAME: ClassVar[str] = "review"
    HINT: ClassVar[str] = "Nothing is written before you say so: ctrl+s writes."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "to_target", "Target directory", id="review.directory"),
        Binding("y", "copy", "Copy", id="review.copy"),
        Binding("1", "sheet('diff')", show=False),
        Binding("2", "sheet('files')", show=False),
        Binding("3", "sheet('target')", show=False),
        Binding("4", "sheet('problems')", show=False),
    ]
    DEFAULT_CSS = """
    Review #review-out { height: 1; }
    Review #review-out > Static { width: 12; }
    Review #review-dir { width: 1fr; }
    Review #review-sum { height: 1; }
    Review #review-tabs { height: 1; margin-bottom: 1; }
    Review #review-body { height: 1fr; }
    Review #review-body > * { display: none; height: 1fr; }
    Review.-diff #review-diff, Review.-target #review-target { display: block; }
    Review.-problems #review-problems { display: block; }
    Review.-files #review-split { display: block; }
    Review #review-files { height: auto; max-height: 8; }
    Review #review-file { height: 1fr; margin-top: 1; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.plan: Plan | None = None
        self.refused = ""
        self._seen: tuple[View, Path] | None = None
        self._sheet = ""
        self._changes: dict[str, Change] = {}
        self._findings: dict[str, Finding] = {}

    def compose(self) -> ComposeResult:
        """Make the target's line, the sheets and what is on them."""
        with Horizontal(id="review-out"):
            yield Static(lit("Write into"), markup=False)
            yield Input(str(self.session.out), compact=True, id="review-dir")
        yield Static("", markup=False, id="review-sum")
        yield Options((), tabs=True, id="review-tabs")
        with Container(id="review-body"):
            yield CodeView(look="diff", id="review-diff")
            with Container(id="review-split"):
                yield Table(Column("File"), Column("What happens", 14), id="review-files")
                yield CodeView(id="review-file")
            yield CodeView(look="plain", id="review-target")
            yield Table(
                Column("", 2), Column("Where", 28), Column("What"),
                choose="Go there", id="review-problems",
            )  # fmt: skip

    def first(self) -> Widget | None:
        """The diff, or the problems where something stands against writing."""
        return self._body_of(self._sheet or "diff")

    def _body_of(self, sheet: str) -> Widget:
        names = {"diff": "diff", "files": "files", "target": "target", "problems": "problems"}
        return self.query_one(f"#review-{names[sheet]}")

    def take_focus(self) -> None:
        """Stand on the sheet that matters now."""
        self.sync()
        if self.session.view.errors and self._sheet != "problems":
            self.show_sheet("problems")
        elif not self.session.view.errors and self._sheet == "problems" and not self._findings:
            self.show_sheet("diff")
        super().take_focus()

    def sync(self) -> None:
        """Compare with the disk again, if anything is different."""
        view = self.session.view
        now = (view, self.session.out)
        fresh = self._seen is None or self._seen[0] is not view or self._seen[1] != now[1]
        if fresh:
            self._seen = now
            self.compare()

    def compare(self) -> None:
        """Work out what writing would change, and show it."""
        self.plan, self.refused = None, ""
        try:
            self.plan = self.session.plan()
        except XentuiError as error:
            self.refused = f"{error.message}. {error.fix}".strip()
        self._show_diff()
        self._show_files()
        self._show_target()
        self._show_problems()
        self._show_sum()
        if not self._sheet:
            self.show_sheet("problems" if self.session.view.errors else "diff")
        self._show_tabs()

    def _show_sum(self) -> None:
        signs = glyphs(self)
        errors = self.session.view.errors
        if self.refused:
            text, style = f"{signs.error} {self.refused}", "error"
        elif errors:
            count = f"{len(errors)} error{'s' if len(errors) > 1 else ''}"
            text, style = f"{signs.error} Cannot be written yet: {count} to mend", "error"
        elif self.plan is not None and self.plan.edited:
            names = ", ".join(change.name for change in self.plan.edited)
            text, style = f"{signs.error} Edited by hand, so it is left alone: {names}", "error"
        elif self.plan is not None and not self.plan.pending:
            text, style = f"{signs.ok} Everything is written already", "ok"
        else:
            pending = self.plan.pending if self.plan is not None else ()
            counted = [
                (sum(c.kind == k for c in pending), k) for k in ("new", "changed", "removed")
            ]
            kinds = [f"{count} {kind}" for count, kind in counted if count]
            text, style = f"{signs.ok} Ready: {', '.join(kinds)}. ctrl+s writes.", "ok"
        self.query_one("#review-sum", Static).update(lit(text, style))

    def _show_tabs(self) -> None:
        files = len(self.plan.changes) if self.plan else 0
        tabs = (
            ("diff", "Diff"),
            ("files", f"Files {files}"),
            ("target", "Target"),
            ("problems", f"Problems {len(self._findings)}"),
        )
        self.query_one("#review-tabs", Options).show(tabs, (self._sheet,))

    def _show_diff(self) -> None:
        lines: list[str] = []
        for change in self.plan.changes if self.plan else ():
            size = len(change.new) if isinstance(change.new, str) else 0
            if size > LARGEST_DIFF * 40 and change.kind == "new" and isinstance(change.new, str):
                lines += [
                    f"--- /dev/null\n+++ {change.path}",
                    *(f"+{x}" for x in change.new.split("\n")),
                ]
            elif change.kind != "same":
                lines += change.diff().removesuffix("\n").split("\n")
        if not lines:
            lines = ["Nothing would change."] if self.plan else [self.refused]
        self.query_one("#review-diff", CodeView).show(lines)

    def _show_files(self) -> None:
        self._changes = {
            str(change.path): change for change in (self.plan.changes if self.plan else ())
        }
        words = {"same": "stays", "edited": "edited by hand"}
        styles = {"same": "muted", "edited": "error", "new": "ok", "changed": "warning"}
        rows = [
            Row(
                path,
                (path, (words.get(change.kind, change.kind), styles.get(change.kind, "warning"))),
            )
            for path, change in self._changes.items()
        ]
        table = self.query_one("#review-files", Table)
        table.styles.height = min(8, len(rows) + 1)
        table.set_rows(rows)
        self._show_file()

    def _show_file(self) -> None:
        change = self._changes.get(self.query_one("#review-files", Table).key)
        text = ""
        if change is not None and change.new is not None:
            text = (
                change.new
                if isinstance(change.new, str)
                else f"A copy of {change.new.source}, {change.new.size} bytes."
            )
        self.query_one("#review-file", CodeView).show(text.removesuffix("\n").split("\n"))

    def _show_target(self) -> None:
        view = self.session.view
        lines = list(view.layout) or ["No guest: nothing is added to the target."]
        if view.start_order:
            lines += ["", "Started by themselves, in this order:"]
            lines += [f"  {place}. {key}" for place, key in enumerate(view.start_order, 1)]
        self.query_one("#review-target", CodeView).show(lines)

    def _show_problems(self) -> None:
        signs = glyphs(self)
        view = self.session.view
        self._findings = {str(place): finding for place, finding in enumerate(view.findings)}
        rows = [
            Row(
                key, ((signs.severity(f.severity.value), _style(f)), f.path or "project", f.message)
            )
            for key, f in self._findings.items()
        ]
        if not rows:
            rows = [Row("", ("", "", "Nothing stands against it."), heading=False)]
        self.query_one("#review-problems", Table).set_rows(rows)

    def finding_in_sight(self) -> Finding | None:
        """Return the problem one stands on."""
        if self._sheet != "problems":
            return None
        return self._findings.get(self.query_one("#review-problems", Table).key)

    # What can be done

    def show_sheet(self, name: str) -> None:
        """Show one of the sheets."""
        for sheet in ("diff", "files", "target", "problems"):
            self.set_class(sheet == name, f"-{sheet}")
        self._sheet = name
        self._show_tabs()
        self.post_message(Look())

    def action_sheet(self, name: str) -> None:
        """Show one of the sheets and go to it."""
        self.show_sheet(name)
        self._body_of(name).focus()

    @on(Options.Chosen, "#review-tabs")
    def _tab(self, event: Options.Chosen) -> None:
        event.stop()
        self.show_sheet(event.chosen[0])

    @on(Table.Moved, "#review-files")
    def _other_file(self, event: Table.Moved) -> None:
        event.stop()
        self._show_file()

    @on(Table.Moved, "#review-problems")
    def _other_problem(self, event: Table.Moved) -> None:
        event.stop()
        self.post_message(Look())

    @on(Table.Activated, "#review-problems")
    def _to_problem(self, event: Table.Activated) -> None:
        event.stop()
        finding = self._findings.get(event.key)
        if finding is not None:
            self.post_message(Go(path=finding.path))

    def action_to_target(self) -> None:
        """Change the directory that is written into."""
        self.query_one("#review-dir", Input).focus()

    @on(Input.Submitted, "#review-dir")
    def _other_target(self, event: Input.Submitted) -> None:
        event.stop()
        self._retarget(event.value)
        self._body_of(self._sheet).focus()

    @on(Input.Blurred, "#review-dir")
    def _left_target(self, event: Input.Blurred) -> None:
        event.stop()
        self._retarget(event.value)

    def _retarget(self, given: str) -> None:
        text = given.strip()
        field = self.query_one("#review-dir", Input)
        if not text or "\0" in text:
            field.value = str(self.session.out)
            return
        if Path(text).expanduser() != self.session.out:
            self.session.out = Path(text).expanduser()
            self.sync()
            self.post_message(Look())

    def action_copy(self) -> None:
        """Copy what is in sight."""
        view = {"files": "#review-file"}.get(self._sheet, f"#review-{self._sheet}")
        widget = self.query_one(view)
        if isinstance(widget, CodeView):
            self.app.copy_to_clipboard("\n".join(widget.lines))
            self.post_message(Tell("Copied, if the terminal lets programs do that."))

    def back(self) -> bool:
        """Leave the directory's line."""
        field = self.query_one("#review-dir", Input)
        if field.has_focus:
            self._body_of(self._sheet).focus()
            return True
        return False

    def confirmation(self) -> list[Content]:
        """Return what is asked before writing: which files, and what happens to them."""
        pending = self.plan.pending if self.plan is not None else ()
        lines = [lit(f"{change.kind:<8} {change.path}") for change in pending[:12]]
        if len(pending) > 12:
            lines.append(lit(f"and {len(pending) - 12} more", "muted"))
        return lines or [lit("Nothing differs: every file stays as it is.")]


def _style(finding: Finding) -> str:
    return {"error": "error", "warning": "warning"}.get(finding.severity.value, "muted")
