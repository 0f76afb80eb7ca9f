# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plain wizard (``--plain``): the current step and prompt, and commands that always work."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.bitbake.find_build_dir import find
from xentui.errors import Exit, XentuiError, sentences
from xentui.plain import words
from xentui.plain.fields import asked
from xentui.plain.guests import open_guest
from xentui.plain.prompt import Question
from xentui.plain.review import show
from xentui.plain.talk import AnswersEndError, Talk
from xentui.plain.words import Command
from xentui.session import DEFAULT_OUT, Session, field_paths, forms, opening, texts
from xentui.session.forms import STEPS, TITLES, step_of
from xentui.session.target import BuildSurvey, GivenUpError, survey
from xentui.signals import stoppable

if TYPE_CHECKING:
    from xentui.plain.prompt import Prompt
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.session.view import View


_STEPS = {
    "start": ("start", "Step"),
    "machine": ("fields", "MachineStep"),
    "features": ("fields", "FeaturesStep"),
    "guests": ("guests", "Step"),
    "memory": ("memory", "Step"),
    "review": ("review", "Step"),
    "write": ("review", "WriteStep"),
}
"""The module and class of each step."""


class Wizard:
    """The plain wizard.

    Args:
        session: the session to edit.
        talk: the conversation with the user.

    Attributes:
        here: the name of the current step.
        code: the exit code: that of the last failed write, else 0.
        over: whether the user has left.
        build_reader: reads the build directory in another thread.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        self.session = session
        self.talk = talk
        self.here = ""
        self.code: int = Exit.OK
        self.over = False
        self.build_reader = BuildDirReader(session, talk)
        self._stack: list[Prompt] = []
        self._last_view: View = session.view
        self._draft_lost = False

    def run(self, begin: str) -> int:
        """Talk until the user leaves, and return the exit code.

        Args:
            begin: the first step.
        """
        self.build_reader.read()
        try:
            try:
                self.talk.say(words.FIRST)
                self.go(begin)
            except KeyboardInterrupt:
                self.go(begin, quietly=True)
                self.interrupted()
            while not self.over:
                self.turn()
        except AnswersEndError:
            self._keep("Your draft is saved.")
        finally:
            with suppress(OSError):
                self.session.autosave()
        return self.code

    def turn(self) -> None:
        """Ask once, and act on the answer."""
        try:
            place = self.current_prompt()
            self.answer(self.talk.ask(place.prompt()))
        except KeyboardInterrupt:
            self.interrupted()

    def answer(self, answer: str) -> None:
        """Act on an answer to the current prompt."""
        place = self.current_prompt()
        asked = None
        if answer not in place.own:
            asked = words.command(answer, text=place.typed)
        try:
            if asked is not None:
                self._command(place, asked)
            else:
                place.take(answer)
        except XentuiError as error:
            self.talk.say(sentences(error.message, error.fix))
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            self.talk.say(f"{name}{error.strerror or error}.")

    def interrupted(self) -> None:
        """Close the current prompt, and return to the one before."""
        self.talk.line()
        if len(self._stack) > 1:
            self.close()
        else:
            self.talk.say("q leaves.")

    # Prompts

    @property
    def place(self) -> Prompt:
        """The current prompt."""
        return self._stack[-1]

    def current_prompt(self) -> Prompt:
        """Close prompts about things that no longer exist; return the current one."""
        gone = (number for number, place in enumerate(self._stack) if self._gone(place))
        del self._stack[next(gone, len(self._stack)) :]
        self.place.settle()
        return self.place

    def _gone(self, place: Prompt) -> bool:
        path = place.path()
        if path is not None and not field_paths.exists(self.session.project, path):
            return True
        return place.is_over()

    def open(self, place: Prompt, *, quietly: bool = False) -> None:
        """Open a prompt; ``b`` returns from it to the current one."""
        self._stack.append(place)
        if not quietly:
            place.arrive()

    def close(self) -> None:
        """Close the current prompt."""
        if len(self._stack) > 1:
            self._stack.pop()

    def go(self, step: str, *, quietly: bool = False) -> None:
        """Go to a step."""
        module, name = _STEPS[step]
        made: Prompt = getattr(import_module(f"xentui.plain.{module}"), name)(self)
        self.here = step
        self._stack = [made]
        if not quietly:
            made.arrive()

    def go_to(self, finding: Finding) -> None:
        """Go to the field that a finding is about, or to the step that fixes it."""
        path = forms.find(self.session.project, finding.path)
        step = step_of(finding)
        inner = step in ("machine", "features", "guests")
        self.go(step, quietly=inner and path is not None)
        if path is None or not inner:
            return
        if step == "guests":
            open_guest(self, path)

        self.open(asked(self, path, whose=True))

    # Used by all prompts

    def problems(self) -> Sequence[Finding]:
        """Return all problems; those of the build directory come last."""
        self.session.review.compare()
        return self.session.findings.all

    def survey(self) -> BuildSurvey | None:
        """Return the survey of the build directory, after waiting for it."""
        return self.build_reader.known()

    def retarget(self, out: Path) -> None:
        """Write into another directory."""
        self.session.target.move_to(out)
        self.build_reader.read()

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update all prompts after a guest or bundle was renamed."""
        for place in self._stack:
            place.renamed(old, new)

    # Commands that always work

    def _command(self, place: Prompt, asked: Command) -> None:
        match asked.name:
            case words.BACK:
                self._back()
            case words.NEXT:
                self._step(STEPS.index(self.here) + 1)
            case words.HELP:
                self._help(place, asked.about)
            case words.MORE:
                if not self.talk.more():
                    self.talk.say("There is no more.")
            case words.UNDO:
                self._undone(self.session.undo(), "Undone", texts.NOTHING_TO_UNDO)
            case words.REDO:
                self._undone(self.session.redo(), "Redone", texts.NOTHING_TO_REDO)
            case words.PROBLEMS:
                show(self, asked.about)
            case words.GO:
                self._go(asked.about)
            case _:
                self.leave()

    def _back(self) -> None:
        if len(self._stack) > 1:
            self.close()
        else:
            self._step(STEPS.index(self.here) - 1)

    def _step(self, place: int) -> None:
        if 0 <= place < len(STEPS):
            self.go(STEPS[place])
        else:
            self.talk.say(
                "This is the first step. q leaves." if place < 0 else "This is the last step."
            )

    def _help(self, place: Prompt, about: str) -> None:
        if about == "?":
            self.talk.show(words.ABOUT)
            return
        lines = list(place.help(about))
        if not about:
            lines += ["??: all commands."] if lines else words.ABOUT
        self.talk.show(lines)

    def _go(self, about: str) -> None:
        step = words.step_named(about)
        if step is not None:
            self.go(step)
            return
        counts = self.session.findings.counts
        for number, name in enumerate(STEPS, 1):
            errors, warnings, _ = counts.get(name, (0, 0, 0))
            marks = ["here"] if name == self.here else []
            marks += [words.many(errors, "error")] if errors else []
            marks += [words.many(warnings, "warning")] if warnings else []
            self.talk.say(f"g {number} {TITLES[name]}{': ' if marks else ''}{', '.join(marks)}")

    def _undone(self, label: str | None, done: str, nothing: str) -> None:

        if label is None:
            self.talk.say(nothing)
        else:
            while isinstance(self.place, Question):
                self.close()
            self.changed(f"{done}: {label}.")

    def leave(self) -> None:
        """Leave; ask first if changes would be lost."""
        if not self.session.changed:
            self.over = True
            return

        answers = (
            ("Save the draft, and leave", self._save),
            ("Discard the changes, and leave", self._discard),
            ("Stay", lambda: None),
        )
        title = texts.LEAVE
        if isinstance(self.place, Question) and self.place.title == title:
            self.place.arrive()
        else:
            self.open(Question(self, title, answers))

    def _save(self) -> None:
        self.session.autosave()
        self.talk.say(
            "Your draft is saved. xentui offers it the next time it starts in this folder."
        )
        self.over = True

    def _discard(self) -> None:
        self.session.drafts.abandon()
        self.over = True

    # After an edit

    def begun(self, what: str) -> None:
        """Print that another project was opened, and save the draft."""
        view = self._last_view = self.session.view
        self.talk.say(f"{what} {words.counted(view).capitalize()}.")
        self._keep()

    def edit(self, project: Project, label: str, what: str) -> None:
        """Replace the current project, and print what that changed."""
        self.session.end_typing()
        self.session.edit(project, label)
        self.changed(what)

    def changed(self, what: str) -> None:
        """Print what was done and its effects, and save the draft."""
        view = self.session.view
        lines = list(words.changes(self._last_view, view))
        self._last_view = view
        if lines and lines[0].startswith("Free"):
            what = f"{what} {lines.pop(0)}"
        self.talk.say(what, *lines)
        self._keep()

    def _keep(self, message: str = "") -> None:
        try:
            kept = self.session.autosave()
        except OSError as error:
            if not self._draft_lost:
                self.talk.say(texts.draft_lost(error.strerror))
            self._draft_lost = True
            return
        if message and (kept or self.session.changed):
            self.talk.say(message)


class BuildDirReader:
    """Reads the build directory in another thread.

    Args:
        session: gets each new survey.
        talk: tells the user when they have to wait.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        self._session = session
        self._talk = talk
        self._reading: threading.Thread | None = None
        self._number = 0

    def read(self) -> None:
        """Start to read the target folder, if it is a build directory."""
        target = self._session.target
        build = target.start_survey()
        self._number += 1
        number = self._number
        if build is None:
            self._reading = None
            return

        def tell(known: BuildSurvey) -> None:
            if number == self._number:
                target.take_survey(known)

        def work() -> None:
            with suppress(GivenUpError):
                try:
                    survey(build, tell, lambda: number != self._number)
                except Exception as error:  # noqa: BLE001 - the user must learn that it ended
                    tell(BuildSurvey(build, problem=f"{build} cannot be read: {error}"))

        self._reading = threading.Thread(target=work, daemon=True)
        self._reading.start()

    def known(self) -> BuildSurvey | None:
        """Return the survey, after waiting for it."""
        if self._reading is not None and self._reading.is_alive():
            self._talk.say("Reading the layers of the build directory. Please wait.")
            self._reading.join()
        return self._session.target.survey


class EndedError(BaseException):
    """Raised on SIGTERM or SIGHUP."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def _end(number: int) -> None:
    raise EndedError(number)


def run(
    *,
    project: Path | None = None,
    preset: str | None = None,
    build_dir: Path | None = None,
    ascii_only: bool = False,
) -> int:
    """Run the wizard over standard input and output, and return its exit code.

    Args:
        project: a project file to open.
        preset: a preset to begin with.
        build_dir: the build directory to write into; by default ``$BUILDDIR``, or the closest
            parent folder that is one, or else a complete tree.
        ascii_only: escape all non-ASCII characters.

    Raises:
        XentuiError: the project or preset cannot be opened.
    """
    out = find(build_dir) or DEFAULT_OUT
    session = Session(opening.named(project, preset), out=out)
    wizard = Wizard(session, Talk.here(ascii_only=ascii_only))
    try:
        with stoppable(_end):
            return wizard.run("start" if project is None and preset is None else "review")
    except EndedError as ended:
        with suppress(OSError):
            session.autosave()
        return 128 + ended.number
