# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The plain wizard (``--plain``): the loop that asks and answers, and the commands in it."""

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
    "start": start.StartStep,
    "machine": fields.MachineStep,
    "features": fields.FeaturesStep,
    "guests": guests.GuestsStep,
    "memory": memory.MemoryStep,
    "review": review.ReviewStep,
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
            begin: the name of the first step.
        """
        self.build_reader.start()
        try:
            try:
                self.talk.say(words.INTRODUCTION)
                self.go_to_step(begin)
            except KeyboardInterrupt:
                self.go_to_step(begin, quietly=True)
                self.interrupted()
            while not self.has_left:
                self.turn()
        except AnswersEndError:
            self.keep_draft("Your draft is saved.")
        finally:
            with suppress(OSError):
                self.session.autosave()
        return self.exit_code

    def turn(self) -> None:
        """Ask once, and act on the answer."""
        try:
            self.answer(self.talk.ask(self.current_prompt().prompt_text()))
        except KeyboardInterrupt:
            self.interrupted()

    def answer(self, answer: str) -> None:
        """Act on an answer to the current prompt."""
        prompt, command = self.current_prompt(), None
        if answer not in prompt.own_answers:
            command = words.parse_command(answer, text=prompt.takes_text)
        try:
            if command is not None:
                self._run_command(prompt, command)
            else:
                prompt.on_answer(answer)
        except XentuiError as error:
            self.talk.say(error.text)
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            self.talk.say(f"{name}{error.strerror or error}.")

    def interrupted(self) -> None:
        """Close the current prompt, and return to the one before."""
        self.talk.end_line()
        if len(self._stack) > 1:
            self.close()
        else:
            self.talk.say("q leaves.")

    def current_prompt(self) -> Prompt:
        """Close prompts about things that no longer exist; return the current one."""
        over = (number for number, prompt in enumerate(self._stack) if self._is_over(prompt))
        del self._stack[next(over, len(self._stack)) :]
        self.current.refresh()
        return self.current

    def _is_over(self, prompt: Prompt) -> bool:
        path = prompt.subject_path()
        if path is not None and not field_paths.exists(self.session.project, path):
            return True
        return prompt.is_over()

    # Commands that always work

    def _run_command(self, prompt: Prompt, command: Command) -> None:
        match command.name:
            case words.BACK if len(self._stack) > 1:
                self.close()
            case words.BACK:
                self._go_to_step(STEPS.index(self.step) - 1)
            case words.NEXT if isinstance(prompt, Question):
                self.talk.say("Choose an answer first, or b to go back.")
            case words.NEXT:
                self._go_to_step(STEPS.index(self.step) + 1)
            case words.HELP:
                self._print_help(prompt, command.argument)
            case words.MORE:
                if not self.talk.print_more():
                    self.talk.say("There is no more.")
            case words.UNDO:
                self._report_undo(self.session.undo(), "Undone", texts.NOTHING_TO_UNDO)
            case words.REDO:
                self._report_undo(self.session.redo(), "Redone", texts.NOTHING_TO_REDO)
            case words.PROBLEMS:
                review.open_problems(self, command.argument)
            case words.GO:
                self._go(command.argument)
            case _:
                self.leave()

    def _go_to_step(self, number: int) -> None:
        """Go to a step, counted from 0, or print that there is none."""
        if number < 0:
            self.talk.say("This is the first step. q leaves.")
        elif number >= len(STEPS):
            self.talk.say("This is the last step.")
        else:
            self.go_to_step(STEPS[number])

    def _print_help(self, prompt: Prompt, argument: str) -> None:
        if argument == "?":
            self.talk.print_pages(words.COMMAND_HELP)
            return
        lines = list(prompt.help(argument))
        if not argument:
            lines += ["??: all commands."] if lines else words.COMMAND_HELP
        self.talk.print_pages(lines)

    def _go(self, argument: str) -> None:
        """Go to the named step, or list all steps with their problems."""
        step = words.step_named(argument)
        if step is not None:
            self.go_to_step(step)
            return
        counts = self.session.findings.counts
        for number, name in enumerate(STEPS, 1):
            errors, warnings, _ = counts.get(name, (0, 0, 0))
            marks = ["here"] if name == self.step else []
            marks += [counted(errors, "error")] if errors else []
            marks += [counted(warnings, "warning")] if warnings else []
            self.talk.say(f"g {number} {TITLES[name]}{': ' if marks else ''}{', '.join(marks)}")

    def _report_undo(self, label: str | None, done: str, nothing_done: str) -> None:
        if label is None:
            self.talk.say(nothing_done)
        else:
            while isinstance(self.current, Question):
                self.close()
            self.announce_edit(f"{done}: {label}.")


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
    wizard = PlainWizard(session, Talk.on_standard_streams(ascii_only=ascii_only))
    try:
        with raise_on_signal(_end):
            return wizard.run("start" if project is None and preset is None else "review")
    except EndedError as ended:
        with suppress(OSError):
            session.autosave()
        return 128 + ended.number
