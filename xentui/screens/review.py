# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 6 of the wizard: what would be written, where, and the problems to fix first.

The comparison with the disk and its sentences come from ``session/review.py``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Horizontal
from textual.widget import Widget

from xentui.project import filesystem
from xentui.screens.dialogs import AskText, save_as
from xentui.screens.problems import Problems
from xentui.screens.step import CursorMoved, ExamineBuildDir, StartRehearsal, Step, TargetChanged
from xentui.session import texts
from xentui.session.findings import can_be_allowed
from xentui.session.review import ATTACH, attach_choices, file_text, output_formats
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import HangingText, Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.formats import Format
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session
    from xentui.session.view import View

SHEETS = ("diff", "files", "target", "problems")
"""The tabs: the diff, the written files, the files on the target board, and the problems."""


class Review(Step):
    """The choices of where and how to write, and below them four tabs, each with a sheet."""

    NAME: ClassVar[str] = "review"
    HINT: ClassVar[str] = (
        "Nothing is written before you say so: press {key} to write. Left and right, or 1 to 4, "
        "show the other sheets."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "change_directory", "Write into", id="review.directory"),
        # With a build directory: how conf/local.conf includes the settings; else: the format.
        Binding("w", "choose_way(True)", "local.conf", id="review.way"),
        Binding("w", "choose_way(False)", "Write as", id="review.form"),
        Binding("v", "change_layer", "Layer", show=False, id="review.layer"),
        Binding("a", "toggle_allowed(True)", "Allow this here", id="review.allow"),
        Binding("a", "toggle_allowed(False)", "No longer allow", id="review.allow-no-more"),
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
        Binding("x", "rehearse", "Rehearse", id="review.rehearse"),
        Binding("y", "copy", "Copy", show=False, id="review.copy"),
        Binding("s", "save_as", "Save as", id="review.save-as"),
        Binding("left,h", "next_sheet(-1)", "Previous sheet", show=False, id="review.previous"),
        Binding("right,l", "next_sheet(1)", "Next sheet", show=False, id="review.next"),
        *(
            Binding(str(number), f"show_sheet('{name}')", show=False, id=f"review.{name}")
            for number, name in enumerate(SHEETS, 1)
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sheet = ""
        self._compared: tuple[View, Path] | None = None
        """The view of the project, and the path of the target, that were compared last."""
        self._changes: dict[str, Change] = {}
        self._examining = False

    def compose(self) -> ComposeResult:
        """Create the choices at the top, and the sheets."""
        yield Text(id="review-out")
        with Horizontal(id="review-attach"):
            yield Text(id="review-way-name")
            yield Options(ATTACH, id="review-way")
        yield Text(id="review-layer")
        yield Text(id="review-sum")
        yield Options((), tabs=True, id="review-tabs")
        with Container(id="review-body"):
            yield CodeView(look="diff", id="review-diff")
            with Container(id="review-split"):
                yield Table(
                    Column("File", keep_end=True), Column("What happens", 14), id="review-files"
                )
                yield HangingText(id="review-file-name")
                yield CodeView(id="review-file")
            yield CodeView(look="plain", id="review-target")
            yield Problems(self.session)

    def first_widget(self) -> Widget | None:
        """Return the widget of the current sheet."""
        return self._sheet_widget(self.sheet or "diff")

    def _sheet_widget(self, sheet: str) -> Widget:
        problems = sheet == "problems"
        return self.problems.problem_list if problems else self.query_one(f"#review-{sheet}")

    @property
    def problems(self) -> Problems:
        """The sheet of problems."""
        return self.query_one(Problems)

    def restore_focus(self) -> None:
        """Show the problems if there are errors, or else the diff; then focus the sheet."""
        if self._examining:
            # The findings arrived while another step was shown.
            self._compared = None
        self.sync()
        errors, on_problems = self.session.review.errors, self.sheet == "problems"
        if errors and not on_problems:
            self.show_sheet("problems")
        elif on_problems and not errors and not self.problems.count:
            self.show_sheet("diff")
        super().restore_focus()

    def sync(self) -> None:
        """Compare with the disk again if the project or target has changed."""
        view, path = self.session.view, self.session.target.path
        if self._compared is None or self._compared[0] is not view or self._compared[1] != path:
            self._compared = (view, path)
            self.compare()

    def compare(self) -> None:
        """Compare with the files on disk, and show what writing would change."""
        review = self.session.review
        review.compare(again=True, examine=False)
        self._show_destination()
        self._examine()
        self.query_one("#review-diff", CodeView).show(review.diff_lines(), follow=False)
        review.mark_seen()
        self._show_files()
        self.query_one("#review-target", CodeView).show(review.target_lines(), follow=False)
        self._show_problems()
        self._show_summary()
        if not self.sheet:
            self.show_sheet("problems" if self.session.review.errors else "diff")
        self._show_tabs()

    def _show_destination(self) -> None:
        """Show where the files go, and how they are written there."""
        target = self.session.target
        build = target.build_dir is not None
        self.set_class(build, "-build")
        head = lit(f"{'Write into':<12}", "muted")
        self.query_one("#review-out", Text).show(head.append(lit(texts.short_path(target.path))))
        self._show_way_name()
        if not build:
            self.query_one("#review-way", Options).show(output_formats(), (target.output_format,))
        elif self.session.review.plan is not None:
            way = target.effective_attach()
            self.query_one("#review-way", Options).show(attach_choices(way), (way,))
            layer = target.layer_path
            text = texts.short_path(layer) if layer is not None else "not needed"
            head = lit(f"{'Layer':<12}", "muted")
            self.query_one("#review-layer", Text).show(head.append(lit(text)))
        self.refresh_bindings()

    def _show_way_name(self) -> None:
        """Show the name of the choice at the top, marked if it has the focus."""
        name = "local.conf" if self.has_class("-build") else "Write as"
        focused = self.query_one("#review-way").has_focus
        text = f"{glyphs(self).cursor} {name}" if focused else name
        self.query_one("#review-way-name", Text).show(lit(text, "focused" if focused else "muted"))

    def hint(self) -> str:
        """Return the help for the choice at the top, or for the sheets."""
        if self.query_one("#review-way").has_focus:
            return "Left and right, or w again, choose. Esc goes back to the sheet."
        return super().hint().replace("{key}", self._write_key)

    @property
    def _write_key(self) -> str:
        return wizard(self).key_for("wizard.write", "ctrl+s")

    def on_descendant_focus(self) -> None:
        """Mark the name of the choice at the top if it has the focus."""
        self._show_way_name()

    def on_descendant_blur(self) -> None:
        """Remove the mark."""
        self._show_way_name()

    # The build directory

    def _examine(self) -> None:
        """Ask for the problems that the build directory would have after writing."""
        plan = self.session.review.plan
        self._examining = self.session.target.build_dir is not None and plan is not None
        if self.session.target.build_dir is None:
            self.session.target.set_findings(())
        self.post_message(ExamineBuildDir(plan))

    def show_build_findings(self, plan: Plan) -> None:
        """Show the problems of the build directory, unless the plan has changed meanwhile."""
        if plan is self.session.review.plan:
            self._examining = False
            self._show_problems()
            self._show_summary()
            self._show_tabs()

    def build_survey_changed(self) -> None:
        """Examine the build directory again once its recipes are known."""
        survey = self.session.target.survey
        if survey is not None and survey.complete:
            self._examine()
            self._show_summary()

    def _show_summary(self) -> None:
        review = self.session.review
        text = f"{glyphs(self).severity(review.style)} {review.summary()}"
        if review.status == "ready":
            text = f"{text} Press {self._write_key} to write."
        elif review.clashes or (review.status != "written" and not review.blocked):
            text += f" Press {self._write_key}: you will be asked."
        if self._examining:
            text += f" Examining the build directory {glyphs(self).more}"
        self.query_one("#review-sum", Text).show(lit(text, review.style))

    def _show_tabs(self) -> None:
        findings = self.session.findings
        problems = f"Problems ({findings.errors + findings.warnings})"
        if findings.advice:
            problems += f" and advice ({findings.advice})"
        files = f"Files ({len(self.session.review.changes)})"
        titles = ("Diff", files, "Files on target", problems)
        tabs = [
            (name, f"{number} {title}")
            for number, (name, title) in enumerate(zip(SHEETS, titles, strict=True), 1)
        ]
        self.query_one("#review-tabs", Options).show(tabs, (self.sheet,))

    def _show_files(self) -> None:
        review = self.session.review
        changes = review.changes
        self._changes = {str(change.path): change for change in changes}
        styles = {"same": "muted", "edited": "error", "new": "ok", "changed": "warning"}
        rows = [
            Row(
                str(change.path),
                (
                    review.short_name(change.path),
                    (texts.change_word(change.kind), styles.get(change.kind, "warning")),
                ),
            )
            for change in changes
        ]
        table = self.query_one("#review-files", Table)
        table.styles.height = min(8, len(rows) + 1)
        table.set_rows(rows)
        self._show_file()

    def _show_file(self) -> None:
        change = self._changes.get(self.query_one("#review-files", Table).key)
        heading = lit(texts.short_path(change.path), "strong") if change is not None else lit("")
        self.query_one("#review-file-name", HangingText).show([heading])
        text = file_text(change)
        view = self.query_one("#review-file", CodeView)
        view.show(text.removesuffix("\n").split("\n"), follow=False)

    def _show_problems(self) -> None:
        self.problems.show(self.session.findings.all)

    def title(self) -> str:
        """Return the title with the numbers of all files and of those that would change."""
        review = self.session.review
        pending = len(review.plan.pending) if review.plan is not None else 0
        return f"Review {glyphs(self).dot} {len(review.changes)} files, {pending} to write"

    def current_finding(self) -> Finding | None:
        """Return the highlighted problem."""
        return self.problems.current if self.sheet == "problems" else None

    async def focus_path(self, path: str) -> bool:
        """Highlight the first problem of a path; return whether there is one."""
        finding = self.problems.first_at(path)
        return finding is not None and self.highlight_problem(finding)

    def highlight_problem(self, finding: Finding) -> bool:
        """Highlight a problem in the list; return whether it is there."""
        selected = self.problems.select(finding)
        if selected:
            self.action_show_sheet("problems")
        return selected

    # Sheets

    def show_sheet(self, name: str) -> None:
        """Show one of the sheets."""
        for sheet in SHEETS:
            self.set_class(sheet == name, f"-{sheet}")
        self.sheet = name
        self._show_tabs()
        self.refresh_bindings()
        self.post_message(CursorMoved())

    def action_show_sheet(self, name: str) -> None:
        """Show and focus one of the sheets."""
        self.show_sheet(name)
        self._sheet_widget(name).focus()

    def action_next_sheet(self, by: int) -> None:
        """Show the next sheet if ``by`` is 1, or the previous one if it is -1."""
        self.action_show_sheet(SHEETS[(SHEETS.index(self.sheet) + by) % len(SHEETS)])

    @on(Options.Chosen, "#review-tabs")
    def _tab_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        self.show_sheet(event.chosen[0])

    @on(Table.Moved, "#review-files")
    def _file_moved(self, event: Table.Moved) -> None:
        event.stop()
        self._show_file()

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the actions that apply to this target and sheet."""
        if action == "change_layer":
            return self.has_class("-build")
        if action == "choose_way":
            return self.has_class("-build") is parameters[0]
        if action == "toggle_allowed":
            allow = parameters[0] is True
            possible = can_be_allowed(self.problems.current) if allow else self.problems.is_allowed
            return self.sheet == "problems" and possible
        if action == "copy":
            return self.sheet != "problems"
        if action == "filter":
            return self.sheet == "problems" and self.problems.count > 1
        return True

    def action_toggle_allowed(self, _allow: bool) -> None:
        """Count the highlighted error as a warning, or as an error again."""
        if self.sheet == "problems":
            self.problems.toggle_allowed()

    def action_filter(self) -> None:
        """Filter the problems by typing."""
        self.problems.open_filter()

    def action_change_directory(self) -> None:
        """Ask for the target directory."""
        self.app.run_worker(self._change_directory(), exclusive=True)

    async def _change_directory(self) -> None:
        text = await wizard(self).ask(
            AskText("Write into which folder, or build directory?", str(self.session.target.path))
        )
        if not text or "\0" in text:
            return
        folder = filesystem.expand_user(text)
        if texts.unknown_home(folder):
            self.show_toast(texts.unknown_home(folder), "error")
        elif folder != self.session.target.path:
            self.session.target.move_to(folder)
            self.sync()
            self.post_message(TargetChanged())

    def action_change_layer(self) -> None:
        """Ask for the layer's folder."""
        self.app.run_worker(self._change_layer(), exclusive=True)

    async def _change_layer(self) -> None:
        current = str(self.session.target.chosen_layer or "")
        title = "Put the layer into which folder? Leave empty for the usual one."
        text = await wizard(self).ask(AskText(title, current, empty=True))
        if text is None or "\0" in text:
            return
        folder = filesystem.expand_user(text) if text else None
        if folder is not None and texts.unknown_home(folder):
            self.show_toast(texts.unknown_home(folder), "error")
        elif folder != self.session.target.chosen_layer:
            self.session.target.choose_layer(folder)
            self.compare()
            self.post_message(CursorMoved())

    def action_choose_way(self, _in_build_dir: bool) -> None:
        """Focus the choice at the top; if it has the focus, choose the next way."""
        way = self.query_one("#review-way", Options)
        if way.has_focus:
            is_last = way.cursor == len(way.choices) - 1
            way.action_move(-way.cursor if is_last else 1)
        way.focus()

    @on(Options.Chosen, "#review-way")
    def _way_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        chosen = event.chosen[0] if event.chosen else None
        if self.has_class("-build"):
            self.session.target.choose_attach(cast("Attach | None", chosen))
        else:
            self.session.target.choose_format(cast("Format", chosen or "tree"))
        self.compare()
        self.post_message(CursorMoved())

    def action_save_as(self) -> None:
        """Save only the project, in another file."""
        self.app.run_worker(save_as(self, self.session), exclusive=True)

    def action_rehearse(self) -> None:
        """Boot the guests on a real Xen in QEMU."""
        self.post_message(StartRehearsal())

    def action_copy(self) -> None:
        """Copy the text of the sheet."""
        name = "file" if self.sheet == "files" else self.sheet
        for view in self.query(f"#review-{name}").results(CodeView):
            self.app.copy_to_clipboard("\n".join(view.lines))
            self.show_toast("Copied, if your terminal supports it (OSC 52).")

    def go_back(self) -> bool:
        """Leave the filter, or the choice at the top."""
        if self.problems.close_filter() or self.query_one("#review-way").has_focus:
            self._sheet_widget(self.sheet).focus()
            return True
        return False
