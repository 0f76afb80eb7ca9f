# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 6: what would be written, and what stands against it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from xentui.project import user_dirs
from xentui.screens import review_text
from xentui.screens.review_problems import Problems
from xentui.screens.step import Examine, Look, Rehearsal, Retarget, Step, Tell
from xentui.screens.target_summary import short
from xentui.session import review
from xentui.session.review import ATTACH, ways
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Column, Table
from xentui.widgets.text import glyphs, lit

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.plan import Change, Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session, View

LINES = ("#review-dir", "#review-way", "#review-layer")
"""What stands above the sheets, and is left for them."""


class Review(Step):
    """The diff, the files, the target and the problems."""

    NAME: ClassVar[str] = "review"
    HINT: ClassVar[str] = "Nothing is written before you say so: ctrl+s writes."

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "to_target", "Target", id="review.directory"),
        Binding("w", "to_way", "Attach", id="review.way"),
        Binding("v", "to_layer", "Layer", show=False, id="review.layer"),
        Binding("a", "allow(True)", "Allow this here", id="review.allow"),
        Binding("a", "allow(False)", "Allow it no more", id="review.allow-no-more"),
        Binding("x", "rehearse", "Rehearse", id="review.rehearse"),
        Binding("y", "copy", "Copy", id="review.copy"),
        Binding("s", "save_as", "Save as", id="review.save-as"),
        Binding("1", "sheet('diff')", show=False),
        Binding("2", "sheet('files')", show=False),
        Binding("3", "sheet('target')", show=False),
        Binding("4", "sheet('problems')", show=False),
    ]
    DEFAULT_CSS = """
    Review #review-out { height: 1; }
    Review #review-out > Static { width: 12; }
    Review #review-dir { width: 1fr; }
    Review #review-attach { height: 1; display: none; }
    Review.-build #review-attach { display: block; }
    Review #review-attach > Static { width: 12; }
    Review #review-place { height: 1; display: none; }
    Review.-build #review-place { display: block; }
    Review #review-place > Static { width: 12; }
    Review #review-layer { width: 1fr; }
    Review #review-sum { height: 1; }
    Review #review-tabs { height: 1; margin-bottom: 1; }
    Review #review-body { height: 1fr; }
    Review #review-body > * { display: none; height: 1fr; }
    Review.-diff #review-diff, Review.-target #review-target { display: block; }
    Review.-problems #review-found { display: block; }
    Review.-files #review-split { display: block; }
    Review #review-files { height: auto; max-height: 8; }
    Review #review-file { height: 1fr; margin-top: 1; }
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._seen: tuple[View, Path] | None = None
        self._sheet = ""
        self._changes: dict[str, Change] = {}
        self._examining = False

    def compose(self) -> ComposeResult:
        """Make the target's line, the sheets and what is on them."""
        with Horizontal(id="review-out"):
            yield Static(lit("Write into"), markup=False)
            yield Input(str(self.session.target.path), compact=True, id="review-dir")
        with Horizontal(id="review-attach"):
            yield Static(lit("local.conf"), markup=False)
            yield Options(ATTACH, id="review-way")
        with Horizontal(id="review-place"):
            yield Static(lit("Layer"), markup=False)
            yield Input(str(self.session.target.layer or ""), compact=True, id="review-layer")
        yield Static("", markup=False, id="review-sum")
        yield Options((), tabs=True, id="review-tabs")
        with Container(id="review-body"):
            yield CodeView(look="diff", id="review-diff")
            with Container(id="review-split"):
                yield Table(Column("File"), Column("What happens", 14), id="review-files")
                yield CodeView(id="review-file")
            yield CodeView(look="plain", id="review-target")
            yield Problems(self.session)

    def first(self) -> Widget | None:
        """The diff, or the problems where something stands against writing."""
        return self._body_of(self._sheet or "diff")

    def _body_of(self, sheet: str) -> Widget:
        return self.query_one(f"#review-{sheet}")

    @property
    def plan(self) -> Plan | None:
        """What would be done, if that is known."""
        return self.session.review.plan

    @property
    def refused(self) -> str:
        """Why nothing can be compared, or an empty text."""
        return self.session.review.refused

    @property
    def problems(self) -> Problems:
        """The sheet of problems."""
        return self.query_one(Problems)

    def take_focus(self) -> None:
        """Stand on the sheet that matters now."""
        self.sync()
        if self.errors and self._sheet != "problems":
            self.show_sheet("problems")
        elif not self.errors and self._sheet == "problems" and not self.problems.count:
            self.show_sheet("diff")
        super().take_focus()

    def sync(self) -> None:
        """Compare with the disk again, if anything is different."""
        view = self.session.view
        now = (view, self.session.target.path)
        fresh = self._seen is None or self._seen[0] is not view or self._seen[1] != now[1]
        if fresh:
            self._seen = now
            self.compare()

    def compare(self) -> None:
        """Work out what writing would change, and show it."""
        self.session.review.compare(again=True, examine=False)
        if self.plan is not None:
            self._show_way()
        self._examine()
        self._show_diff()
        self._show_files()
        self._show_target()
        self._show_problems()
        self._show_sum()
        if not self._sheet:
            self.show_sheet("problems" if self.errors else "diff")
        self._show_tabs()

    def _show_way(self) -> None:
        target = self.session.target.build_dir
        self.set_class(target is not None, "-build")
        if target is not None:
            way = self.session.target.attached()
            self.query_one("#review-way", Options).show(ways(way), (way,))
            place = self.session.target.layer_place
            told = short(place) if place is not None else "none is needed"
            self.query_one("#review-layer", Input).placeholder = told
        self.refresh_bindings()

    # The build directory

    @property
    def errors(self) -> Sequence[Finding]:
        """Everything that stands against writing."""
        return self.session.review.errors

    def _examine(self) -> None:
        """Look at the build directory as it would be, beside the screen."""
        target = self.session.target.build_dir
        self._examining = target is not None and self.plan is not None
        if target is None:
            self.session.target.examined(())
        self.post_message(Examine(self.plan))

    def examined(self, plan: Plan) -> None:
        """Show what was found in the build directory."""
        if plan is self.plan:
            self._examining = False
            self._show_problems()
            self._show_sum()
            self._show_tabs()

    def survey_arrived(self) -> None:
        """Look at the build directory again once its recipes are known."""
        survey = self.session.target.survey
        if survey is not None and survey.complete:
            self._examine()
            self._show_sum()

    def _show_sum(self) -> None:
        review = self.session.review
        text, style = review_text.summary(review, glyphs(self), reading=self._examining)
        self.query_one("#review-sum", Static).update(lit(text, style))

    def _show_tabs(self) -> None:
        files = len(self.plan.changes) if self.plan else 0
        tabs = (
            ("diff", "Diff"),
            ("files", f"Files {files}"),
            ("target", "Target"),
            ("problems", f"Problems {self.problems.count}"),
        )
        self.query_one("#review-tabs", Options).show(tabs, (self._sheet,))

    def _show_diff(self) -> None:
        lines = self.session.review.diff_lines()
        self.query_one("#review-diff", CodeView).show(lines)

    def _show_files(self) -> None:
        changes = self.session.review.changes
        self._changes = {str(change.path): change for change in changes}
        rows = review_text.file_rows(changes)
        table = self.query_one("#review-files", Table)
        table.styles.height = min(8, len(rows) + 1)
        table.set_rows(rows)
        self._show_file()

    def _show_file(self) -> None:
        change = self._changes.get(self.query_one("#review-files", Table).key)
        text = review.file_text(change)
        self.query_one("#review-file", CodeView).show(text.removesuffix("\n").split("\n"))

    def _show_target(self) -> None:
        lines = review.target_lines(self.session.view)
        self.query_one("#review-target", CodeView).show(lines)

    def _show_problems(self) -> None:
        self.problems.show(self.session.findings.all)

    def finding_in_sight(self) -> Finding | None:
        """Return the problem one stands on."""
        return self.problems.current if self._sheet == "problems" else None

    async def jump(self, path: str) -> bool:
        """Go to a problem that stands here."""
        finding = self.problems.at(path)
        return finding is not None and self.stand_on_problem(finding)

    def stand_on_problem(self, finding: Finding) -> bool:
        """Stand on a problem among the others; return whether it is there."""
        found = self.problems.select(finding)
        if found:
            self.action_sheet("problems")
        return found

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

    def action_allow(self, _allowed: bool) -> None:
        """Overrule the error under the cursor, or let it stand again."""
        if self._sheet == "problems":
            self.problems.allow()

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
            field.value = str(self.session.target.path)
            return
        if user_dirs.expanded(text) != self.session.target.path:
            self.session.target.move_to(user_dirs.expanded(text))
            self.sync()
            self.post_message(Retarget())

    def action_to_layer(self) -> None:
        """Change where the layer goes."""
        self.query_one("#review-layer", Input).focus()

    @on(Input.Submitted, "#review-layer")
    def _other_layer(self, event: Input.Submitted) -> None:
        event.stop()
        self._move_layer(event.value)
        self._body_of(self._sheet).focus()

    @on(Input.Blurred, "#review-layer")
    def _left_layer(self, event: Input.Blurred) -> None:
        event.stop()
        self._move_layer(event.value)

    def _move_layer(self, given: str) -> None:
        text = given.strip()
        place = user_dirs.expanded(text) if text and "\0" not in text else None
        if place != self.session.target.layer:
            self.session.target.choose_layer(place)
            self.compare()
        if place is None:
            self.query_one("#review-layer", Input).value = ""

    def action_to_way(self) -> None:
        """Change how conf/local.conf gets at the settings."""
        self.query_one("#review-way", Options).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer way and layer only for a build directory, and to allow only what can be."""
        if action in ("to_way", "to_layer"):
            return self.has_class("-build")
        if action == "allow":
            already = parameters != (True,)
            return self._sheet == "problems" and self.problems.can_be_allowed(already=already)
        return True

    @on(Options.Chosen, "#review-way")
    def _other_way(self, event: Options.Chosen) -> None:
        event.stop()
        chosen = next((name for name, _ in ways("fragment") if name in event.chosen), None)
        self.session.target.choose_attach(cast("Attach | None", chosen))
        self.compare()

    def action_save_as(self) -> None:
        """Write the project alone into another file."""
        from xentui.screens.dialogs import save_as

        self.app.run_worker(save_as(self, self.session), exclusive=True)

    def action_rehearse(self) -> None:
        """Start the guests on a real Xen."""
        self.post_message(Rehearsal())

    def action_copy(self) -> None:
        """Copy what is in sight."""
        view = {"files": "#review-file"}.get(self._sheet, f"#review-{self._sheet}")
        widget = self.query_one(view)
        if isinstance(widget, CodeView):
            self.app.copy_to_clipboard("\n".join(widget.lines))
            self.post_message(Tell("Copied, if the terminal lets programs do that."))

    def back(self) -> bool:
        """Leave the lines on top."""
        if any(self.query_one(name).has_focus for name in LINES):
            self._body_of(self._sheet).focus()
            return True
        return False

    def confirmation(self) -> list[Content]:
        """Return what is asked before writing: which files, and what happens to them."""
        return [lit(text, style) for text, style in self.session.review.confirmation()]
