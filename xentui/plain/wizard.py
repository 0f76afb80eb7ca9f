# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plain wizard (``--plain``): it asks, answers, and obeys the commands that always work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from xentui.errors import XentuiError, counted
from xentui.plain import fields, guests, memory, review, start, words
from xentui.plain.prompt import Prompt, Question, Wizard
from xentui.plain.talk import AnswersEndError, Talk
from xentui.plain.words import Command
from xentui.session import Session, field_paths, opening, texts
from xentui.session.forms import STEPS, TITLES
from xentui.session.target import initial_target
from xentui.signals import raise_on_signal

_STEPS: Mapping[str, Callable[[Wizard], Prompt]] = {
    "start": start.Step,
    "machine": fields.MachineStep,
    "features": fields.FeaturesStep,
    "guests": guests.Step,
    "memory": memory.Step,
    "review": review.Step,
    "write": review.WriteStep,
}


class PlainWizard(Wizard):
    """The plain wizard.

    Args:
        session: the session to edit.
        talk: the conversation with the user.
    """

    def __init__(self, session: Session, talk: Talk) -> None:
        super().__init__(session, talk, _STEPS)

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
            self.keep_draft("Your draft is saved.")
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
            self.talk.say(error.text)
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

    # Commands that always work

    def _command(self, place: Prompt, asked: Command) -> None:
        match asked.name:
            case words.BACK:
                self._back()
            case words.NEXT if isinstance(place, Question):
                self.talk.say("Choose an answer first, or b to go back.")
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
                review.show(self, asked.about)
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
            marks += [counted(errors, "error")] if errors else []
            marks += [counted(warnings, "warning")] if warnings else []
            self.talk.say(f"g {number} {TITLES[name]}{': ' if marks else ''}{', '.join(marks)}")

    def _undone(self, label: str | None, done: str, nothing: str) -> None:

        if label is None:
            self.talk.say(nothing)
        else:
            while isinstance(self.place, Question):
                self.close()
            self.changed(f"{done}: {label}.")


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
    out = initial_target(project, build_dir)
    session = Session(opening.origin_named(project, preset), out=out)
    wizard = PlainWizard(session, Talk.here(ascii_only=ascii_only))
    try:
        with raise_on_signal(_end):
            return wizard.run("start" if project is None and preset is None else "review")
    except EndedError as ended:
        with suppress(OSError):
            session.autosave()
        return 128 + ended.number
