# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 6: the changes that would be written, where they go, and the problems to fix first."""

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

from xentui.project import filesystem
from xentui.screens.dialogs import Ask, save_as
from xentui.screens.problems import Problems
from xentui.screens.step import CursorMoved, Examine, Retargeted, StartRehearsal, Step
from xentui.session import texts
from xentui.session.review import (
    ATTACH,
    attach_choices,
    file_text,
    output_formats,
)
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Hanging, Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import Plan
    from xentui.rules.finding import Finding
    from xentui.session import Session
    from xentui.session.view import View

SHEETS = ("diff", "files", "target", "problems")


class Review(Step):
    """The sheets: diff, files, files on the target, and problems."""

    NAME: ClassVar[str] = "review"
    HINT: ClassVar[str] = (
        "Nothing is written before you say so: press {key} to write. Left and right, or 1 to 4, "
        "show the other sheets."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "change_directory", "Write into", id="review.directory"),
        Binding("w", "to_attach", "local.conf", id="review.way"),
        Binding("w", "to_form", "Write as", id="review.form"),
        Binding("v", "change_layer", "Layer", show=False, id="review.layer"),
        Binding("a", "waive(True)", "Allow this here", id="review.allow"),
        Binding("a", "waive(False)", "No longer allow", id="review.allow-no-more"),
        Binding("slash", "filter", "Filter", key_display="/", id="list.filter"),
        Binding("x", "rehearse", "Rehearse", id="review.rehearse"),
        Binding("y", "copy", "Copy", show=False, id="review.copy"),
        Binding("s", "save_as", "Save as", id="review.save-as"),
        Binding("left,h", "turn(-1)", "Previous sheet", show=False, id="review.previous"),
        Binding("right,l", "turn(1)", "Next sheet", show=False, id="review.next"),
        *(
            Binding(str(number), f"sheet('{name}')", show=False, id=f"review.{name}")
            for number, name in enumerate(SHEETS, 1)
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.sheet = ""
        self._shown: tuple[View, Path] | None = None
        self._changes: dict[str, Change] = {}
        self._examining = False

    def compose(self) -> ComposeResult:
        """Make the lines at the top, and the sheets."""
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
                yield Hanging(id="review-file-name")
                yield CodeView(id="review-file")
            yield CodeView(look="plain", id="review-target")
            yield Problems(self.session)

    def first(self) -> Widget | None:
        """The diff, or the problems if something has to be fixed."""
        return self._focus_of(self.sheet or "diff")

    def _focus_of(self, sheet: str) -> Widget:
        return self.problems.list if sheet == "problems" else self.query_one(f"#review-{sheet}")

    @property
    def problems(self) -> Problems:
        """The sheet of problems."""
        return self.query_one(Problems)

    def take_focus(self) -> None:
        """Show the problems if there are errors, or else the diff."""
        self.sync()
        if self.errors and self.sheet != "problems":
            self.show_sheet("problems")
        elif not self.errors and self.sheet == "problems" and not self.problems.count:
            self.show_sheet("diff")
        super().take_focus()

    @property
    def errors(self) -> Sequence[Finding]:
        """The errors that block writing."""
        return self.session.review.errors

    def sync(self) -> None:
        """Compare with the disk again if the project or target has changed."""
        now = (self.session.view, self.session.target.path)
        if self._shown is None or self._shown[0] is not now[0] or self._shown[1] != now[1]:
            self._shown = now
            self.compare()

    def compare(self) -> None:
        """Compute and show what writing would change."""
        review = self.session.review
        review.compare(again=True, examine=False)
        self._show_target_lines()
        self._examine()
        self.query_one("#review-diff", CodeView).show(review.diff_lines(), follow=False)
        review.mark_seen()
        self._show_files()
        self.query_one("#review-target", CodeView).show(review.target_lines(), follow=False)
        self._show_problems()
        self._show_summary()
        if not self.sheet:
            self.show_sheet("problems" if self.errors else "diff")
        self._show_tabs()

    def _show_target_lines(self) -> None:
        """Show the target."""
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
            place = target.layer_path
            text = texts.short_path(place) if place is not None else "not needed"
            head = lit(f"{'Layer':<12}", "muted")
            self.query_one("#review-layer", Text).show(head.append(lit(text)))
        self.refresh_bindings()

    def _show_way_name(self) -> None:
        """Show the name of the choice at the top, marked if it has the focus."""
        name = "local.conf" if self.has_class("-build") else "Write as"
        here = self.query_one("#review-way").has_focus
        text = f"{glyphs(self).cursor} {name}" if here else name
        self.query_one("#review-way-name", Text).show(lit(text, "here" if here else "muted"))

    def hint(self) -> str:
        """Return the help for the choice at the top, or for the sheets."""
        if self.query_one("#review-way").has_focus:
            return "Left and right, or w again, choose. Esc goes back to the sheet."
        return super().hint().replace("{key}", self._write_key)

    @property
    def _write_key(self) -> str:
        return wizard(self).key_for("wizard.write", "ctrl+s")

    def on_descendant_focus(self) -> None:
        """Mark the choice at the top."""
        self._show_way_name()

    def on_descendant_blur(self) -> None:
        """Unmark it."""
        self._show_way_name()

    # The build directory

    def _examine(self) -> None:
        """Examine the build directory after the planned changes, in a thread."""
        plan = self.session.review.plan
        self._examining = self.session.target.build_dir is not None and plan is not None
        if self.session.target.build_dir is None:
            self.session.target.set_findings(())
        self.post_message(Examine(plan))

    def examined(self, plan: Plan) -> None:
        """Show the findings about the build directory."""
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
        elif review.status in ("undecided", "edited"):
            text += f" Press {self._write_key}: you will be asked."
        if self._examining:
            text += f" Examining the build directory {glyphs(self).more}"
        self.query_one("#review-sum", Text).show(lit(text, review.style))

    def _show_tabs(self) -> None:
        files = len(self.session.review.changes)
        found = self.session.findings
        problems = f"Problems {found.errors + found.warnings}"
        if found.advice:
            problems += f" {glyphs(self).dot} Advice {found.advice}"
        titles = ("Diff", f"Files {files}", "On target", problems)
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
                str(one.path),
                (
                    review.short_name(one.path),
                    (texts.change_word(one.kind), styles.get(one.kind, "warning")),
                ),
            )
            for one in changes
        ]
        table = self.query_one("#review-files", Table)
        table.styles.height = min(8, len(rows) + 1)
        table.set_rows(rows)
        self._show_file()

    def _show_file(self) -> None:
        change = self._changes.get(self.query_one("#review-files", Table).key)
        heading = lit(texts.short_path(change.path), "strong") if change is not None else lit("")
        self.query_one("#review-file-name", Hanging).show([heading])
        text = file_text(change)
        view = self.query_one("#review-file", CodeView)
        view.show(text.removesuffix("\n").split("\n"), follow=False)

    def _show_problems(self) -> None:
        self.problems.show(self.session.findings.all)

    def title(self) -> str:
        """The number of files, and how many of them would change."""
        review = self.session.review
        pending = len(review.plan.pending) if review.plan is not None else 0
        return f"Review {glyphs(self).dot} {len(review.changes)} files, {pending} to write"

    def finding_in_sight(self) -> Finding | None:
        """Return the highlighted problem."""
        return self.problems.current if self.sheet == "problems" else None

    async def jump(self, path: str) -> bool:
        """Go to a problem that is fixed here."""
        finding = self.problems.at(path)
        return finding is not None and self.stand_on_problem(finding)

    def stand_on_problem(self, finding: Finding) -> bool:
        """Highlight a problem in the list; return whether it is there."""
        found = self.problems.select(finding)
        if found:
            self.action_sheet("problems")
        return found

    # Sheets

    def show_sheet(self, name: str) -> None:
        """Show one of the sheets."""
        for sheet in SHEETS:
            self.set_class(sheet == name, f"-{sheet}")
        self.sheet = name
        self._show_tabs()
        self.refresh_bindings()
        self.post_message(CursorMoved())

    def action_sheet(self, name: str) -> None:
        """Show one of the sheets and focus it."""
        self.show_sheet(name)
        self._focus_of(name).focus()

    def action_turn(self, by: int) -> None:
        """Show the next sheet, or the one before."""
        self.action_sheet(SHEETS[(SHEETS.index(self.sheet) + by) % len(SHEETS)])

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
        if action in ("to_attach", "change_layer"):
            return self.has_class("-build")
        if action == "to_form":
            return not self.has_class("-build")
        if action == "waive":
            already = parameters != (True,)
            return self.sheet == "problems" and self.problems.can_be_waived(already=already)
        if action == "copy":
            return self.sheet != "problems"
        if action == "filter":
            return self.sheet == "problems" and self.problems.count > 1
        return True

    def action_waive(self, _waived: bool) -> None:
        """Count the highlighted error as a warning, or as an error again."""
        if self.sheet == "problems":
            self.problems.waive()

    def action_filter(self) -> None:
        """Filter the problems by typing."""
        self.problems.filter()

    def action_change_directory(self) -> None:
        """Ask for the target directory."""
        self.app.run_worker(self._change_directory(), exclusive=True)

    async def _change_directory(self) -> None:
        given = await wizard(self).ask(
            Ask("Write into which folder, or build directory?", str(self.session.target.path))
        )
        if not given or "\0" in given:
            return
        folder = filesystem.expand_user(given)
        if str(folder).startswith("~"):
            self.say(f"There is no home folder {folder.parts[0]}.", "error")
        elif folder != self.session.target.path:
            self.session.target.move_to(folder)
            self.sync()
            self.post_message(Retargeted())

    def action_change_layer(self) -> None:
        """Ask for the layer's folder."""
        self.app.run_worker(self._change_layer(), exclusive=True)

    async def _change_layer(self) -> None:
        known = str(self.session.target.chosen_layer or "")
        title = "Put the layer into which folder? Leave empty for the usual one."
        given = await wizard(self).ask(Ask(title, known, empty=True))
        if given is None or "\0" in given:
            return
        place = filesystem.expand_user(given) if given else None
        if place != self.session.target.chosen_layer:
            self.session.target.choose_layer(place)
            self.compare()

    def action_to_attach(self) -> None:
        """Focus the choice of how conf/local.conf includes the settings, or choose the next."""
        way = self.query_one("#review-way", Options)
        if way.has_focus:
            last = way.at == len(way.choices) - 1
            way.action_move(-way.at if last else 1)
        way.focus()

    def action_to_form(self) -> None:
        """Focus the choice of the output format."""
        self.action_to_attach()

    @on(Options.Chosen, "#review-way")
    def _attach_chosen(self, event: Options.Chosen) -> None:
        event.stop()
        if not self.has_class("-build"):
            self.session.target.choose_format(
                next((name for name, _ in output_formats() if name in event.chosen), "tree")
            )
            self.compare()
            return
        chosen = next(
            (name for name, _ in attach_choices("fragment") if name in event.chosen), None
        )
        self.session.target.choose_attach(cast("Attach | None", chosen))
        self.compare()

    def action_save_as(self) -> None:
        """Save only the project, in another file."""
        self.app.run_worker(save_as(self, self.session), exclusive=True)

    def action_rehearse(self) -> None:
        """Start the guests on a real Xen."""
        self.post_message(StartRehearsal())

    def action_copy(self) -> None:
        """Copy the text of the sheet."""
        name = "file" if self.sheet == "files" else self.sheet
        for view in self.query(f"#review-{name}").results(CodeView):
            self.app.copy_to_clipboard("\n".join(view.lines))
            self.say("Copied, if your terminal supports it (OSC 52).")

    def back(self) -> bool:
        """Leave the filter, or the choice at the top."""
        if self.problems.leave_filter() or self.query_one("#review-way").has_focus:
            self._focus_of(self.sheet).focus()
            return True
        return False

    def confirmation(self) -> list[Content]:
        """Return the lines of the question before writing: the files and their changes."""
        return [lit(text, style) for text, style in self.session.review.confirmation(short=True)]
