# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Steps 6 and 7: review the changes and what blocks them, and write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from xentui.errors import Exit, XentuiError
from xentui.plain import words
from xentui.plain.fields import StepMenu, head
from xentui.plain.guests import go_to
from xentui.plain.memory import rehearse
from xentui.plain.prompt import Choice, Item, Line, Menu, Question, Wizard
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
    from xentui.rules.finding import Finding, QuickFix
    from xentui.session.writing import Written


def show(wizard: Wizard, about: str) -> None:
    """Open the list of problems, or one of them.

    Args:
        wizard: the wizard.
        about: the number of a problem, or an empty text.
    """
    found = wizard.problems()
    if not found:
        wizard.talk.say(texts.NO_PROBLEMS)
    elif not about:
        wizard.open(Problems(wizard))
    elif about.isdecimal() and 1 <= int(about[:6]) <= len(found):
        wizard.open(Problem(wizard, found[int(about[:6]) - 1]))
    else:
        wizard.talk.say(f"No such problem. 1 to {len(found)}.")


class Problems(Menu):
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
            lambda: self.wizard.open(Problem(self.wizard, finding)),
            finding.message,
            details=partial(explained, finding),
        )

    def prompt(self) -> str:
        """Return the prompt for a number."""
        count = len(self._names or ())
        return f"Problems, 1 to {count}, or b:" if count else "b:"


def explained(finding: Finding) -> list[str]:
    """Return everything about a finding, line by line."""
    lines = [words.problem(finding)]
    for name, text in finding_help(finding):
        one_line = " ".join(text.split())
        lines.append(f"{name}: {one_line}" if name else one_line)
    return lines


class Problem(Menu):
    """One problem.

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
        yield words.problem(self._finding)
        if self._finding.path:
            yield f"At: {self._finding.path}"
        if self._finding.fix:
            yield self._finding.fix

    def items(self) -> Sequence[Item]:
        """Return its fixes, and the entry that opens its field."""
        finding = self._finding
        made: list[Item] = [
            Choice(f"Fix: {quick_fix.label}", self.closing(partial(self._fix, quick_fix)))
            for quick_fix in finding.quick_fixes
        ]
        alike = len(self.session.findings.fixable_like(finding))
        if alike > 1:
            do = self.closing(self._fix_all)
            made.append(Choice(f"Fix all {alike} like this", do))
        if can_be_allowed(finding):
            made.append(
                self._allowing("Allow it here", "from now on it is a warning here, as with")
            )
        elif is_allowed(self.session.state, finding):
            made.append(self._allowing("Stop allowing it", "it would block writing again"))
        if not finding.code:
            do = self.closing(self._drop)
            made.append(Choice("Fix: remove the invalid text", do))
        if step_of(finding) != "review":
            made.append(Choice(texts.GO_TO_IT, partial(go_to, self.wizard, finding)))
        made.append(Choice("Explain it", self._explain))
        return made

    def _fix(self, quick_fix: QuickFix) -> None:
        project = quick_fix.apply(self.session.project)
        self.wizard.edit(project, quick_fix.label, f"Fixed: {quick_fix.label}.")

    def _fix_all(self) -> None:
        self.session.end_typing()
        gone = self.session.fix_all_like(self._finding)
        self.wizard.changed(f"Fixed {gone} of {self._finding.code}. u undoes all of them.")

    def _allowing(self, name: str, what: str) -> Choice:
        lines = (f"{name}: {what} xentui generate --allow {self._finding.code}. u undoes it.",)
        return Choice(name, self.closing(self._toggle), details=lambda: lines)

    def _toggle(self) -> None:
        done = self.session.toggle_allowed(self._finding)
        if done is not None:
            self.wizard.changed(f"Done: {done}. Now {words.problem_counts(self.session.view)}.")

    def _drop(self) -> None:
        done = self.session.apply_fix(self._finding)
        self.wizard.changed(f"Fixed: {done}." if done else "It is fixed already.")

    def _explain(self) -> None:
        self.wizard.talk.show(explained(self._finding))


_ABOUT_WAYS = (
    "One require line: the settings are in conf/xentui.conf, which the line reads.",
    "A marked block: they are in conf/local.conf itself.",
    "Left alone: conf/xentui.conf is written, and you add the line.",
)


class Step(StepMenu):
    """The menu of the review."""

    title = "Review"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review
        self._review.compare(again=True)

    def settle(self) -> None:
        """Compare again if something has changed."""
        self._review.compare()
        super().settle()

    def heading(self) -> Iterable[str]:
        """Return whether this can be written."""
        yield head("review")
        yield self._summary()

    def items(self) -> Sequence[Item]:
        """Return the views and actions of the review."""
        checked, wizard = self._review, self.wizard
        plan = checked.plan
        count = len(checked.diff_lines()) if plan is not None else 0
        problems = len(wizard.problems())
        made: list[Item] = [
            Choice("Write", partial(wizard.go, "write")),
            Choice("Difference", self._difference, f"{count} lines"),
            Choice("Files", self._files, str(len(plan.changes) if plan else 0)),
            Choice("Target", self._target, "what the guests add to it"),
            Choice("Problems", self._problems, str(problems)),
            Choice("Write into", self._ask_directory, str(self.session.target.path)),
        ]
        if self.session.target.build_dir is None:
            made.append(
                Choice(
                    "Write as",
                    self._ask_form,
                    dict(output_formats())[self.session.target.output_format],
                )
            )
        elif plan is not None:
            way = self.session.target.effective_attach()
            described = dict(review.attach_choices(way))[way]
            made.append(Choice("local.conf gets", self._ask_way, described))
            made.append(Choice("Layer", self._ask_layer, self._layer()))
        made.append(Choice("Save the project as another file", self._ask_file))
        made.append(Choice(texts.REHEARSE, self._rehearse))
        return made

    def _summary(self) -> str:
        more = " Nothing is written yet." if self._review.status == "ready" else ""
        return f"{self._review.summary()}{more}"

    def _difference(self) -> None:
        self._review.compare(again=True)
        self._review.mark_seen()
        self.wizard.talk.show(self._review.diff_lines(), exact=True)

    def _files(self) -> None:
        self.wizard.open(Files(self.wizard))

    def _target(self) -> None:
        self.wizard.talk.show(review.target_lines(self.session.view), exact=True)

    def _problems(self) -> None:
        self.wizard.open(Problems(self.wizard))

    def _ask_directory(self) -> None:
        lines = ("A build directory, or any other folder for a complete tree.",)
        title = f"Directory [{self.session.target.path}]"
        self.wizard.open(Line(self.wizard, title, self._directory, lines))

    def _directory(self, given: str) -> str:
        self.wizard.retarget(filesystem.expand_user(given))
        self._review.compare()
        self.say(f"Write into: {self.session.target.path}. {self._summary()}")
        return ""

    def _ask_form(self) -> None:
        answers = [(text, partial(self._form, name)) for name, text in output_formats()]
        self.wizard.open(Question(self.wizard, "What is written?", answers))

    def _form(self, name: Format) -> None:
        self.session.target.choose_format(name)
        self._review.compare()
        self.say(self._summary())

    def _ask_way(self) -> None:
        now = self.session.target.effective_attach()
        answers = [(text, partial(self._way, name)) for name, text in review.attach_choices(now)]
        title = "What does conf/local.conf get?"
        self.wizard.open(Question(self.wizard, title, answers, _ABOUT_WAYS))

    def _way(self, name: str) -> None:
        self.session.target.choose_attach(cast("Attach", name))
        self._review.compare()
        self.say(self._summary())

    def _layer(self) -> str:
        place = self.session.target.chosen_layer or self.session.target.layer_path
        return str(place) if place is not None else "none is needed"

    def _ask_layer(self) -> None:
        lines = ("Where the layer goes. -: where xentui puts it by default.",)
        self.wizard.open(Line(self.wizard, f"Layer [{self._layer()}]", self._moved, lines))

    def _moved(self, given: str) -> str:
        self.session.target.choose_layer(filesystem.expand_user(given) if given != "-" else None)
        self._review.compare()
        self.say(f"Layer: {self._layer()}. {self._summary()}")
        return ""

    def _ask_file(self) -> None:
        title = f"File [{self.session.project_file}]"
        lines = ("The project file and its local files. Later changes go there too.",)
        self.wizard.open(Line(self.wizard, title, self._file, lines))

    def _file(self, given: str) -> str:
        place = writing.project_file_named(given)
        if exists(place) and place.is_file():
            title = texts.overwrite(place.name)
            answers = (("Back", lambda: None), ("Overwrite", partial(self._save, place)))
            self.wizard.open(Question(self.wizard, title, answers))
        else:
            self._save(place)
        return ""

    def _save(self, place: Path) -> None:
        writing.save_as(self.session, place)
        self.wizard.changed(f"Saved as {place}.")

    def _rehearse(self) -> None:

        rehearse(self.wizard)


class Files(Menu):
    """The list of files with their changes."""

    title = "Files"

    def items(self) -> Sequence[Item]:
        """Return them."""
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
        self.wizard.talk.show(lines or ["It stays as it is."], exact=True)


def _lines(change: Change) -> list[str]:
    return review.file_text(change).removesuffix("\n").split("\n")


_MOST_ERRORS = 3
"""Maximum number of errors that are named where writing is refused."""


class WriteStep(StepMenu):
    """The question whether to write, or the result of writing."""

    title = "Write"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review

    @property
    def _done(self) -> Written | None:
        """The result of writing, unless something has changed since."""
        return self.session.written if not self.session.changed else None

    def arrive(self) -> None:
        """Print the diff, unless it was printed before, and the question; or the result."""
        self._review.compare(again=True)
        ready = self._done is None and not self._review.blocked
        if ready and not self._review.seen:
            self.wizard.talk.say(head("write"))
            self._review.mark_seen()
            self.wizard.talk.show(self._review.diff_lines(), exact=True)
            self._ask()
        else:
            super().arrive()

    def _ask(self) -> None:
        """Print the question only."""
        items = self.items()
        self.note(items)
        if self._done is None:
            self.wizard.talk.exact(*self._asked())
        self.say(*self._said(items))

    def settle(self) -> None:
        """Compare again if something has changed."""
        self._review.compare()
        super().settle()

    def heading(self) -> Iterable[str]:
        """Return the result of writing, what blocks it, or the decision to make."""
        yield head("write")
        if self._done is not None:
            yield f"Written into {self._done.root}."
        elif self._review.blocked:
            yield self._review.summary()
            for finding in self._review.errors[:_MOST_ERRORS]:
                yield words.problem(finding)
            yield "p lists all problems."
            if self.wizard.code == Exit.OK:
                self.wizard.code = self._review.exit_code
        else:
            yield from self._asked()

    def _asked(self) -> Iterable[str]:
        decision = self._review.decision()
        if decision is not None and decision.kind == "existing":
            yield from decision.details
            yield decision.question
            return
        yield from (text for text, _ in self._review.confirmation())
        yield decision.question if decision is not None else self._review.question()

    def items(self) -> Sequence[Item]:
        """Return the answers."""
        back = Choice("Back to the review", partial(self.wizard.go, "review"))
        if self._done is not None:
            build = [Choice("Verify, build and boot it", self._build)]
            can_build = self.wizard.talk.at_terminal and self.session.can_build
            return [
                Choice("Leave xentui", self.wizard.leave),
                Choice("What to type next", self._next),
                *(build if can_build else ()),
                back,
            ]
        if self._review.blocked:
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
            self.wizard.changed(self._review.decide_existing(answer))
            self.arrive()

    def _write(self, *, edited: EditedChoice | None = None) -> None:
        try:
            written = self.session.write(edited=edited)
        except XentuiError as error:
            self.wizard.code = error.exit_code
            raise
        except OSError:
            self.wizard.code = Exit.IO
            raise
        self.wizard.code = Exit.OK
        kinds = Counter(what for what, _ in written.lines)
        counted = ", ".join(f"{count} {what}" for what, count in kinds.items())
        self.say(f"Written into {written.root}: {counted}.", *written.notes)
        self._next()
        self._ask()

    def _next(self) -> None:
        written = self.session.written
        if written is None:
            return
        lines = ["Type next:"]
        for line, _ in written.commands:
            lines += line.split("\n")
        self.wizard.talk.show([*lines, "The same in one command:", written.headless], exact=True)

    def _build(self) -> None:
        self.say(writing.build_summary(writing.build(self.session, plain=True)))

    def help(self, about: str) -> Iterable[str]:
        """Return the purpose of each next command, after writing."""
        if about or self._done is None:
            return super().help(about)
        return [f"{line}: {note}" for line, note in self._done.commands]
