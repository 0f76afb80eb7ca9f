# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Steps 6 and 7: review the changes and what blocks them, and write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from xentui.errors import Exit, XentuiError
from xentui.plain import words
from xentui.plain.fields import StepMenu, step_heading
from xentui.plain.guests import go_to_finding
from xentui.plain.memory import rehearse
from xentui.plain.prompt import Choice, Item, Menu, Question, TextQuestion, Wizard
from xentui.project import filesystem
from xentui.project.filesystem import exists
from xentui.session import review, texts, writing
from xentui.session.findings import can_be_allowed, finding_help, is_allowed
from xentui.session.forms import step_of
from xentui.session.review import output_formats

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.formats import Format
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import EditedChoice
    from xentui.rules.finding import Finding
    from xentui.session.writing import Written


def open_problems(wizard: Wizard, number: str) -> None:
    """Open the list of problems, or one of them.

    Args:
        wizard: the wizard.
        number: the number of a problem as typed, or an empty text.
    """
    findings = wizard.problems()
    if not findings:
        wizard.talk.say(texts.NO_PROBLEMS)
    elif not number:
        wizard.open(ProblemList(wizard))
    elif number.isdecimal() and 1 <= int(number[:6]) <= len(findings):
        wizard.open(ProblemMenu(wizard, findings[int(number[:6]) - 1]))
    else:
        wizard.talk.say(f"No such problem. 1 to {len(findings)}.")


class ProblemList(Menu):
    """The list of problems."""

    title = "Problems"

    def items(self) -> Sequence[Item]:
        """Return the problems, most severe first."""
        return [self._problem(finding) for finding in self.wizard.problems()] or ["No problems."]

    def _problem(self, finding: Finding) -> Choice:
        name = " ".join(word for word in (finding.severity.value, finding.code) if word)
        where = f" {finding.path}" if finding.path else ""
        return Choice(
            f"{name}{where}",
            lambda: self.wizard.open(ProblemMenu(self.wizard, finding)),
            finding.message,
            help_lines=partial(explanation, finding),
        )

    def prompt_text(self) -> str:
        """Return the prompt for a number."""
        count = len(self._names or ())
        return f"Problems, 1 to {count}, or b:" if count else "b:"


def explanation(finding: Finding) -> list[str]:
    """Return everything about a finding, line by line."""
    lines = [words.problem_line(finding)]
    for name, text in finding_help(finding):
        one_line = " ".join(text.split())
        lines.append(f"{name}: {one_line}" if name else one_line)
    return lines


class ProblemMenu(Menu):
    """A problem, with its fixes.

    Args:
        wizard: the wizard.
        finding: the problem.
    """

    title = "Problem"

    def __init__(self, wizard: Wizard, finding: Finding) -> None:
        super().__init__(wizard)
        self._finding = finding

    def is_over(self) -> bool:
        """Return whether the problem is fixed."""
        return not self.session.findings.has(self._finding)

    def heading(self) -> Iterable[str]:
        """Return what is wrong, where, and how to fix it."""
        yield words.problem_line(self._finding)
        if self._finding.path:
            yield f"At: {self._finding.path}"
        if self._finding.fix:
            yield self._finding.fix

    def items(self) -> Sequence[Item]:
        """Return its fixes, and the entry that opens its field."""
        finding = self._finding
        items: list[Item] = [
            Choice(
                f"Fix: {quick_fix.label}",
                self.close_then(partial(self.wizard.apply_fix, quick_fix)),
            )
            for quick_fix in finding.quick_fixes
        ]
        alike = len(self.session.findings.fixable_like(finding))
        if alike > 1:
            items.append(Choice(f"Fix all {alike} like this", self.close_then(self._fix_all)))
        if can_be_allowed(finding):
            option = f"xentui generate --allow {finding.code}"
            effect = f"from now on it is a warning here, as with {option}"
            items.append(self._toggle_choice("Allow it here", effect))
        elif is_allowed(self.session.state, finding):
            items.append(self._toggle_choice("Stop allowing it", "it blocks writing again"))
        if not finding.code:
            discard = self.close_then(self._discard_invalid_text)
            items.append(Choice("Fix: remove the invalid text", discard))
        if step_of(finding) != "review":
            items.append(Choice(texts.GO_TO_IT, partial(go_to_finding, self.wizard, finding)))
        items.append(Choice("Explain it", self._explain))
        return items

    def _fix_all(self) -> None:
        count = self.session.fix_all_like(self._finding)
        self.wizard.announce_edit(f"Fixed {count} of {self._finding.code}. u undoes all of them.")

    def _toggle_choice(self, name: str, effect: str) -> Choice:
        lines = (f"{name}: {effect}. u undoes it.",)
        return Choice(name, self.close_then(self._toggle_allowed), help_lines=lambda: lines)

    def _toggle_allowed(self) -> None:
        label = self.session.toggle_allowed(self._finding)
        if label is not None:
            counts = words.problem_counts(self.session.view)
            self.wizard.announce_edit(f"Done: {label}. Now {counts}.")

    def _discard_invalid_text(self) -> None:
        label = self.session.apply_fix(self._finding)
        self.wizard.announce_edit(f"Fixed: {label}." if label else "It is fixed already.")

    def _explain(self) -> None:
        self.wizard.talk.print_pages(explanation(self._finding))


_ATTACH_HELP = (
    "One require line: the settings are in conf/xentui.conf, which the line reads.",
    "A marked block: they are in conf/local.conf itself.",
    "Left alone: conf/xentui.conf is written, and you add the line.",
)


class ReviewStep(StepMenu):
    """Step 6: what would change on disk, what blocks it, and where it is written."""

    title = "Review"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review
        self._review.compare(again=True)

    def refresh(self) -> None:
        """Compare again if something has changed."""
        self._review.compare()
        super().refresh()

    def heading(self) -> Iterable[str]:
        """Return whether this can be written."""
        yield step_heading("review")
        yield self._summary()

    def items(self) -> Sequence[Item]:
        """Return the views and actions of the review."""
        plan, target, wizard = self._review.plan, self.session.target, self.wizard
        count = len(self._review.diff_lines()) if plan is not None else 0
        files, problems = len(plan.changes) if plan is not None else 0, len(wizard.problems())
        items: list[Item] = [
            Choice("Write", partial(wizard.go_to_step, "write")),
            Choice("Difference", self._difference, f"{count} lines"),
            Choice("Files", lambda: wizard.open(FileList(wizard)), str(files)),
            Choice("Target", self._target, "what the guests add to it"),
            Choice("Problems", lambda: wizard.open(ProblemList(wizard)), str(problems)),
            Choice("Write into", self._ask_directory, str(target.path)),
        ]
        if target.build_dir is None:
            title = dict(output_formats())[target.output_format]
            items.append(Choice("Write as", self._ask_format, title))
        elif plan is not None:
            attach = target.effective_attach()
            title = dict(review.attach_choices(attach))[attach]
            items.append(Choice("local.conf gets", self._ask_attach, title))
            items.append(Choice("Layer", self._ask_layer, self._layer()))
        items.append(Choice("Save the project as another file", self._ask_file))
        items.append(Choice(texts.REHEARSE, partial(rehearse, wizard)))
        return items

    def _summary(self) -> str:
        more = " Nothing is written yet." if self._review.status == "ready" else ""
        return f"{self._review.summary()}{more}"

    def _difference(self) -> None:
        self._review.compare(again=True)
        self._review.mark_seen()
        self.wizard.talk.print_pages(self._review.diff_lines(), exact=True)

    def _target(self) -> None:
        self.wizard.talk.print_pages(review.target_lines(self.session.view), exact=True)

    def _ask_directory(self) -> None:
        lines = ("A build directory, or any other folder for a complete tree.",)
        title = f"Directory [{self.session.target.path}]"
        self.wizard.open(TextQuestion(self.wizard, title, self._set_directory, lines))

    def _set_directory(self, text: str) -> str:
        folder = filesystem.expand_user(text)
        if texts.unknown_home(folder):
            return texts.unknown_home(folder)
        self.wizard.write_into(folder)
        self._review.compare()
        self.say(f"Write into: {self.session.target.path}. {self._summary()}")
        return ""

    def _ask_format(self) -> None:
        answers = [(text, partial(self._set_format, name)) for name, text in output_formats()]
        self.wizard.open(Question(self.wizard, "What is written?", answers))

    def _set_format(self, name: Format) -> None:
        self.session.target.choose_format(name)
        self._review.compare()
        self.say(self._summary())

    def _ask_attach(self) -> None:
        choices = review.attach_choices(self.session.target.effective_attach())
        answers = [(text, partial(self._set_attach, name)) for name, text in choices]
        title = "What does conf/local.conf get?"
        self.wizard.open(Question(self.wizard, title, answers, _ATTACH_HELP))

    def _set_attach(self, name: str) -> None:
        self.session.target.choose_attach(cast("Attach", name))
        self._review.compare()
        self.say(self._summary())

    def _layer(self) -> str:
        path = self.session.target.chosen_layer or self.session.target.layer_path
        return str(path) if path is not None else "none is needed"

    def _ask_layer(self) -> None:
        lines = ("Where the layer goes. -: where xentui puts it by default.",)
        self.wizard.open(
            TextQuestion(self.wizard, f"Layer [{self._layer()}]", self._set_layer, lines)
        )

    def _set_layer(self, text: str) -> str:
        folder = filesystem.expand_user(text) if text != "-" else None
        if folder is not None and texts.unknown_home(folder):
            return texts.unknown_home(folder)
        self.session.target.choose_layer(folder)
        self._review.compare()
        self.say(f"Layer: {self._layer()}. {self._summary()}")
        return ""

    def _ask_file(self) -> None:
        title = f"File [{self.session.project_file}]"
        lines = ("The project file and its local files. Later changes go there too.",)
        self.wizard.open(TextQuestion(self.wizard, title, self._save_as, lines))

    def _save_as(self, text: str) -> str:
        path = writing.project_file_named(text)
        if exists(path) and path.is_file():
            answers = (("Back", lambda: None), ("Overwrite", partial(self._save, path)))
            self.wizard.open(Question(self.wizard, texts.overwrite(path.name), answers))
        else:
            self._save(path)
        return ""

    def _save(self, path: Path) -> None:
        writing.save_as(self.session, path)
        self.wizard.announce_edit(f"Saved as {path}.")


class FileList(Menu):
    """The list of files with their changes."""

    title = "Files"

    def items(self) -> Sequence[Item]:
        """Return the files."""
        return [self._file(change) for change in self.session.review.changes] or ["No file."]

    def _file(self, change: Change) -> Choice:
        return Choice(str(change.path), partial(self._ask, change), texts.change_word(change.kind))

    def _ask(self, change: Change) -> None:
        answers = (
            ("Its difference", partial(self._show, review.diff_of(change))),
            ("All of it", partial(self._show, _lines(change))),
            ("Back", lambda: None),
        )
        self.wizard.open(Question(self.wizard, change.name, answers))

    def _show(self, lines: Sequence[str]) -> None:
        self.wizard.talk.print_pages(lines or ["It stays as it is."], exact=True)


def _lines(change: Change) -> list[str]:
    return review.file_text(change).removesuffix("\n").split("\n")


_MOST_ERRORS = 3
"""Maximum number of errors that are named where writing is refused."""


class WriteStep(StepMenu):
    """Step 7: the question whether to write, or the result of writing."""

    title = "Write"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review

    @property
    def _written(self) -> Written | None:
        """The result of writing, unless something has changed since."""
        return self.session.written if not self.session.changed else None

    def print_content(self) -> None:
        """Print the diff, unless it was printed before, and the question; or the result."""
        self._review.compare(again=True)
        ready = self._written is None and not self._review.blocked
        if ready and not self._review.seen:
            self.wizard.talk.say(step_heading("write"))
            self._review.mark_seen()
            self.wizard.talk.print_pages(self._review.diff_lines(), exact=True)
            self._ask()
        else:
            super().print_content()

    def _ask(self) -> None:
        """Print the question only."""
        items = self.items()
        self.remember(items)
        if self._written is None:
            self.wizard.talk.say_exactly(*self._question_lines())
        self.say(*self._list_lines(items))

    def refresh(self) -> None:
        """Compare again if something has changed."""
        self._review.compare()
        super().refresh()

    def heading(self) -> Iterable[str]:
        """Return the result of writing, what blocks it, or the decision to make."""
        yield step_heading("write")
        if self._written is not None:
            yield f"Written into {self._written.root}."
        elif self._review.blocked and not self._review.clashes:
            yield self._review.summary()
            for finding in self._review.errors[:_MOST_ERRORS]:
                yield words.problem_line(finding)
            yield "p lists all problems."
            if self.wizard.exit_code == Exit.OK:
                self.wizard.exit_code = self._review.exit_code
        else:
            yield from self._question_lines()

    def _question_lines(self) -> Iterable[str]:
        decision = self._review.decision()
        if decision is not None and decision.kind == "existing":
            yield from decision.details
            yield decision.question
            return
        yield from (text for text, _ in self._review.confirmation())
        yield decision.question if decision is not None else self._review.question()

    def items(self) -> Sequence[Item]:
        """Return the answers."""
        back = Choice("Back to the review", partial(self.wizard.go_to_step, "review"))
        if self._written is not None:
            build = [Choice("Verify, build and boot it", self._build)]
            can_build = self.wizard.talk.at_terminal and self.session.can_build
            return [
                Choice("Leave xentui", self.wizard.leave),
                Choice("What to type next", partial(self._print_commands, self._written)),
                *(build if can_build else ()),
                back,
            ]
        if self._review.blocked and not self._review.clashes:
            return [back]
        decision = self._review.decision()
        if decision is not None:
            others = [
                Choice(name, partial(self._decide, decision.kind, answer))
                for answer, name in decision.answers
                if answer != "back"
            ]
            return [back, *others]
        return [Choice("Write", self._write), back]

    def _decide(self, kind: str, answer: str) -> None:
        if kind == "edited":
            self._write(edited=cast("EditedChoice", answer))
        else:
            self.wizard.announce_edit(self._review.decide_existing(answer))
            self.print_content()

    def _write(self, *, edited: EditedChoice | None = None) -> None:
        try:
            written = self.session.write(edited=edited)
        except XentuiError as error:
            self.wizard.exit_code = error.exit_code
            raise
        except OSError:
            self.wizard.exit_code = Exit.IO
            raise
        self.wizard.exit_code = Exit.OK
        self.say(f"Written into {written.root}: {written.counts}.", *written.notes)
        self._print_commands(written)
        self._ask()

    def _print_commands(self, written: Written) -> None:
        lines = ["Type next:"]
        for line, _ in written.commands:
            lines += line.split("\n")
        lines += ["The same in one command:", written.headless]
        self.wizard.talk.print_pages(lines, exact=True)

    def _build(self) -> None:
        self.say(writing.build_summary(writing.build(self.session, plain=True)))

    def help(self, about: str) -> Iterable[str]:
        """Return the purpose of each next command, after writing."""
        if about or self._written is None:
            return super().help(about)
        return [f"{line}: {note}" for line, note in self._written.commands]
