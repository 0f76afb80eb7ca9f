# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The kinds of prompts, and the wizard that opens and closes them.

A prompt is a menu, a question with a few answers, a question for a text, or a list of values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from xentui.errors import Exit
from xentui.plain import words
from xentui.plain.build_reader import BuildDirReader
from xentui.session import Session, field_paths, texts

if TYPE_CHECKING:
    from pathlib import Path

    from xentui.plain.talk import Talk
    from xentui.project.model import Project
    from xentui.rules.finding import Finding, QuickFix
    from xentui.session.target import BuildSurvey, Offer
    from xentui.session.view import View


class Prompt(ABC):
    """One thing that the wizard asks.

    Attributes:
        takes_text: whether any text may be an answer, so that only few words are commands.
        own_answers: words that are answers to this prompt, and commands elsewhere.
    """

    takes_text = False
    own_answers: frozenset[str] = frozenset()

    def __init__(self, wizard: Wizard) -> None:
        self.wizard = wizard
        self.session = wizard.session

    @abstractmethod
    def print_content(self) -> None:
        """Print the prompt's content when it is opened."""

    @abstractmethod
    def prompt_text(self) -> str:
        """Return the text that is printed before the user answers."""

    @abstractmethod
    def on_answer(self, answer: str) -> None:
        """Act on an answer."""

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return help for the prompt, or for one of its choices."""
        return ()

    def subject_path(self) -> field_paths.Path | None:
        """Return the path of what it edits in the project; it closes if that is removed."""
        return None

    def is_over(self) -> bool:
        """Return whether there is nothing left to ask."""
        return False

    def follow_rename(self, old: field_paths.Path, new: field_paths.Path) -> None:  # noqa: B027
        """Update paths after a guest or bundle was renamed."""

    def refresh(self) -> None:  # noqa: B027
        """Print what has changed before the user answers."""

    def say(self, *texts: str) -> None:
        """Print texts."""
        self.wizard.talk.say(*texts)

    def close_then(self, action: Callable[[], None]) -> Callable[[], None]:
        """Return a function that closes the prompt and then calls ``action``."""

        def run() -> None:
            self.wizard.close()
            action()

        return run


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry to choose by its number.

    Attributes:
        name: its name; the beginning of the name is an answer as well.
        action: called when it is chosen.
        value: its current value, for display.
        path: the path of the field that it sets, whose help is its help.
        help_lines: returns its help, if it does not set a field.
    """

    name: str
    action: Callable[[], None]
    value: str = ""
    path: field_paths.Path | None = None
    help_lines: Callable[[], Iterable[str]] | None = None

    @property
    def label(self) -> str:
        """The text after its number."""
        return f"{self.name}: {self.value}" if self.value else self.name


Item = Choice | str
"""A choice, or a line of text between choices."""


class Menu(Prompt):
    """A numbered list.

    A number refers to the list as it was last printed: if the choices have changed since, the list
    is printed again before an answer is accepted.
    """

    title = ""

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._names: tuple[str, ...] | None = None
        self._filter: list[str] = []

    def heading(self) -> Iterable[str]:
        """Return the lines before the list."""
        return (self.title,)

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """Return the choices and the lines between them."""

    def choices(self) -> list[Choice]:
        """Return only the choices, in the order of their numbers."""
        return [item for item in self.items() if isinstance(item, Choice)]

    def unlisted_choices(self) -> list[Choice]:
        """Return the choices of its submenus that can be chosen here by their names."""
        return []

    def print_content(self) -> None:
        """Print the list."""
        # The heading may wait for the build directory, on which the choices depend.
        heading = list(self.heading())
        items = self.items()
        self.remember(items)
        self.wizard.talk.print_pages([*heading, *self._list_lines(items)])

    def remember(self, items: Sequence[Item]) -> None:
        """Remember these choices as the ones that numbers refer to."""
        self._names = _names(items)

    def refresh(self) -> None:
        """Print the list again if it has changed."""
        if self._names != _names(self.items()):
            self._filter = []
            self.print_content()

    def _list_lines(self, items: Sequence[Item]) -> Iterator[str]:
        number, any_listed = 0, False
        for item in items:
            if isinstance(item, Choice):
                number += 1
                label = item.label
                if all(word in label.lower() for word in self._filter):
                    any_listed = True
                    yield f"{number}. {label}"
            elif not self._filter:
                yield item
        if self._filter and not any_listed:
            yield "No entry has that. / shows all."

    def prompt_text(self) -> str:
        """Return the prompt for a number."""
        return f"{self.title}, 1 to {len(self._names or ())}:"

    def on_answer(self, answer: str) -> None:
        """Carry out the choice with this number or beginning of a name."""
        if not answer:
            self.print_content()
        elif answer.startswith("/"):
            self._filter = answer[1:].lower().split()
            self.print_content()
        else:
            choice = self.find_choice(answer)
            if choice is not None:
                choice.action()

    def find_choice(self, answer: str) -> Choice | None:
        """Return the choice that an answer refers to, or print that there is none."""
        choices = self.choices()
        if answer.isdecimal():
            number = int(answer) if len(answer) < 9 else 0
            if 1 <= number <= len(choices):
                return choices[number - 1]
        else:
            wanted = answer.lower()
            fitting = _fitting(choices, wanted) or _fitting(self.unlisted_choices(), wanted)
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                self.say(f"{len(fitting)} choices begin with that. Type more, or the number.")
                return None
        self.say(f"No such choice. 1 to {len(choices)}, ? helps.")
        return None

    def help(self, about: str) -> Iterable[str]:
        """Return the help for a choice."""
        choice = self.find_choice(about) if about else None
        if choice is None:
            return ()
        if choice.path is not None:
            return words.field_help(self.session, choice.path)
        return choice.help_lines() if choice.help_lines is not None else (choice.label,)


def _fitting(choices: list[Choice], wanted: str) -> list[Choice]:
    """Return the choices with a name, or else those whose names begin with it."""
    exact = [choice for choice in choices if choice.name.lower() == wanted]
    return exact or [choice for choice in choices if choice.name.lower().startswith(wanted)]


def _names(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.name for item in items if isinstance(item, Choice))


class Question(Menu):
    """A question with a few answers; going back changes nothing.

    Args:
        wizard: the wizard.
        title: the question.
        answers: each with a function, which is called after the question is closed.
        details: the help.
    """

    def __init__(
        self,
        wizard: Wizard,
        title: str,
        answers: Sequence[tuple[str, Callable[[], None]]],
        details: Iterable[str] = (),
    ) -> None:
        super().__init__(wizard)
        self.title = title
        self._answers = answers
        self._help = tuple(details)

    def help(self, about: str) -> Iterable[str]:
        """Return the help."""
        return self._help or super().help(about)

    def items(self) -> Sequence[Item]:
        """Return the answers."""
        return [Choice(name, self.close_then(action)) for name, action in self._answers]

    def prompt_text(self) -> str:
        """Return the prompt for a number; the question was just printed."""
        return f"1 to {len(self._answers)}:"


class TextQuestion(Prompt):
    """A question that is answered with a line of text.

    Args:
        wizard: the wizard.
        title: the question.
        on_text: called with the text after the question is closed; returns an empty text, or an
            error message, with which the question is asked again.
        details: the help.
    """

    takes_text = True

    def __init__(
        self,
        wizard: Wizard,
        title: str,
        on_text: Callable[[str], str],
        details: Iterable[str] = (),
    ) -> None:
        super().__init__(wizard)
        self._title = title
        self._on_text = on_text
        self._help = tuple(details)

    def print_content(self) -> None:
        """Print nothing: the prompt has everything."""

    def prompt_text(self) -> str:
        """Return the question."""
        return f"{self._title}:"

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return the help."""
        return self._help

    def on_answer(self, answer: str) -> None:
        """Accept the text; an empty text only closes the question."""
        text = answer.removeprefix("=")
        self.wizard.close()
        if not text:
            return
        problem = self._on_text(text)
        if problem:
            self.say(problem)
            self.wizard.open(self)


class ValueList(Menu):
    """A list of values to choose one from.

    Args:
        wizard: the wizard.
        title: the title.
        offers: each value with its description.
        on_value: called with the value after the list is closed.
        other: the entry for a value that is not in the list, and a function that asks for it.
        details: returns the help for the whole list.
    """

    def __init__(
        self,
        wizard: Wizard,
        title: str,
        offers: Sequence[Offer],
        on_value: Callable[[str], None],
        *,
        other: tuple[str, Callable[[], None]] | None = None,
        details: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        super().__init__(wizard)
        self.title = title
        self._offers = offers
        self._on_value = on_value
        self._other = other
        self._help = details

    def help(self, about: str) -> Iterable[str]:
        """Return the help for a value, or for the whole list."""
        return super().help(about) if about else self._help()

    def items(self) -> Sequence[Item]:
        """Return the values."""
        choices = [
            Choice(name, self.close_then(partial(self._on_value, name)), description)
            for name, description in self._offers
        ]
        if self._other is not None:
            name, action = self._other
            choices.append(Choice(name, self.close_then(action)))
        return choices

    def on_answer(self, answer: str) -> None:
        """Accept a value from the list, or any other text if the list has an entry for that."""
        listed = [choice.name.lower() for choice in self.choices()]
        starts = any(name.startswith(answer.lower()) for name in listed)
        if self._other is None or answer[:1] in ("", "/") or answer.isdecimal() or starts:
            super().on_answer(answer)
            return
        self.close_then(self._other[1])()
        self.wizard.current.on_answer(answer)


class Wizard:
    """What all prompts share: the session, the conversation, and the stack of open prompts.

    Args:
        session: the session to edit.
        talk: the conversation with the user.
        steps: the prompt of each step, by the step's name.

    Attributes:
        step: the name of the current step.
        exit_code: the exit code of the last write if it failed, else 0.
        has_left: whether the user has left.
        build_reader: reads the build directory in another thread.
    """

    def __init__(
        self, session: Session, talk: Talk, steps: Mapping[str, Callable[[Wizard], Prompt]]
    ) -> None:
        self.session = session
        self.talk = talk
        self.step = ""
        self.exit_code: int = Exit.OK
        self.has_left = False
        self.build_reader = BuildDirReader(session, talk)
        self._steps = steps
        self._stack: list[Prompt] = []
        self._last_view: View = session.view
        self._draft_lost = False

    @property
    def current(self) -> Prompt:
        """The current prompt."""
        return self._stack[-1]

    def open(self, prompt: Prompt, *, quietly: bool = False) -> None:
        """Open a prompt; ``b`` returns from it to the current one.

        Args:
            prompt: the prompt.
            quietly: do not print its content.
        """
        self._stack.append(prompt)
        if not quietly:
            prompt.print_content()

    def close(self) -> None:
        """Close the current prompt."""
        if len(self._stack) > 1:
            self._stack.pop()

    def go_to_step(self, step: str, *, quietly: bool = False) -> None:
        """Go to a step."""
        prompt = self._steps[step](self)
        self.step = step
        self._stack = []
        self.open(prompt, quietly=quietly)

    # The build directory

    def problems(self) -> Sequence[Finding]:
        """Return all findings; those of the build directory come last."""
        self.session.review.compare()
        return self.session.findings.all

    def survey(self) -> BuildSurvey | None:
        """Return the survey of the build directory, after waiting for it."""
        return self.build_reader.wait_for_survey()

    def write_into(self, out: Path) -> None:
        """Write into another directory."""
        self.session.target.move_to(out)
        self.build_reader.start()

    def follow_rename(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update all prompts after a guest or bundle was renamed."""
        for prompt in self._stack:
            prompt.follow_rename(old, new)

    # Edits

    def announce_project(self, message: str, note: str = "") -> None:
        """Print that another project was opened, with a note, and save the draft."""
        view = self._last_view = self.session.view
        counts = words.problem_counts(view).capitalize()
        self.talk.say(f"{message} {counts}.", *([note] if note else []))
        self.keep_draft()

    def edit(
        self, project: Project, label: str, message: str, *, removed: field_paths.Path = ()
    ) -> None:
        """Replace the current project, and print what that changed.

        Args:
            project: the project after the edit.
            label: the name of the step for undo.
            message: what was done, as a sentence.
            removed: the path of a list's entry that the project no longer has.
        """
        self.session.edit(project, label, removed=removed)
        self.announce_edit(message)

    def apply_fix(self, quick_fix: QuickFix) -> None:
        """Apply a quick fix, and print what that changed."""
        project = quick_fix.apply(self.session.project)
        self.edit(project, quick_fix.label, f"Fixed: {quick_fix.label}.")

    def announce_edit(self, message: str) -> None:
        """Print what was done and its effects, and save the draft."""
        view = self.session.view
        lines = list(words.edit_effects(self._last_view, view))
        self._last_view = view
        if lines and lines[0].startswith("Free"):
            message = f"{message} {lines.pop(0)}"
        self.talk.say(message, *lines)
        self.keep_draft()

    def keep_draft(self, message: str = "") -> None:
        """Save the draft; print the message if there are unwritten changes, or why it failed."""
        try:
            saved = self.session.autosave()
        except OSError as error:
            if not self._draft_lost:
                self.talk.say(texts.draft_lost(error.strerror))
            self._draft_lost = True
            return
        if message and (saved or self.session.changed):
            self.talk.say(message)

    # Leaving

    def leave(self) -> None:
        """Leave; ask first if changes would be lost."""
        if not self.session.changed:
            self.has_left = True
            return
        answers = (
            ("Save the draft, and leave", self._save),
            ("Discard the changes, and leave", self._discard),
            ("Stay", lambda: None),
        )
        if isinstance(self.current, Question) and self.current.title == texts.LEAVE:
            self.current.print_content()
        else:
            self.open(Question(self, texts.LEAVE, answers))

    def _save(self) -> None:
        self.session.autosave()
        self.talk.say(
            "Your draft is saved. xentui offers it the next time it starts in this folder."
        )
        self.has_left = True

    def _discard(self) -> None:
        self.session.drafts.abandon(self.session.state.origin)
        self.has_left = True
