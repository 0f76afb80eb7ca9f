# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What a prompt is, its kinds, and the wizard as all prompts see it.

The kinds are menus, questions with a few answers, lines of text, and lists of values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xentui.errors import Exit
from xentui.plain import words
from xentui.plain.build_reader import BuildDirReader
from xentui.session import Session, field_paths, texts

if TYPE_CHECKING:
    from pathlib import Path

    from xentui.plain.talk import Talk
    from xentui.project.model import Project
    from xentui.rules.finding import Finding
    from xentui.session.target import BuildSurvey
    from xentui.session.view import View


class Prompt(ABC):
    """A prompt: what the wizard asks at one point.

    Attributes:
        typed: whether any text may be an answer, so that only few words are commands.
        own: words that are answers here, and commands elsewhere.
    """

    typed = False
    own: frozenset[str] = frozenset()

    def __init__(self, wizard: Wizard) -> None:
        self.wizard = wizard
        self.session = wizard.session

    @abstractmethod
    def arrive(self) -> None:
        """Print the prompt's content when it is opened."""

    @abstractmethod
    def prompt(self) -> str:
        """Return the text in front of the answer."""

    @abstractmethod
    def take(self, answer: str) -> None:
        """Act on an answer."""

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return help for the prompt, or for one of its choices."""
        return ()

    def path(self) -> field_paths.Path | None:
        """Return the path of the part of the project it is about; it closes with that part."""
        return None

    def is_over(self) -> bool:
        """Return whether there is nothing left to ask."""
        return False

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:  # noqa: B027
        """Update paths after a guest or bundle was renamed."""

    def settle(self) -> None:  # noqa: B027
        """Print what the user must know before the next answer."""

    def say(self, *texts: str) -> None:
        """Print texts."""
        self.wizard.talk.say(*texts)

    def closing(self, do: Callable[[], None]) -> Callable[[], None]:
        """Return a function that closes the prompt and then calls ``do``."""

        def run() -> None:
            self.wizard.close()
            do()

        return run


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry to choose by its number.

    Attributes:
        name: its name; the beginning of the name is an answer as well.
        do: called when it is chosen.
        value: its current value, for display.
        path: the field that it sets, which provides its help.
        details: returns its help, if it does not set a field.
    """

    name: str
    do: Callable[[], None]
    value: str = ""
    path: field_paths.Path | None = None
    details: Callable[[], Iterable[str]] | None = None

    @property
    def label(self) -> str:
        """The text after its number."""
        return f"{self.name}: {self.value}" if self.value else self.name


Item = Choice | str
"""A choice, or a line between choices."""


class Menu(Prompt):
    """A numbered list.

    A number refers to the list as it was last printed: if the choices have changed since, the list
    is printed again before an answer is accepted.
    """

    title = ""

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._names: tuple[str, ...] | None = None
        self._words: list[str] = []

    def heading(self) -> Iterable[str]:
        """Return the lines before the list."""
        return (self.title,)

    @abstractmethod
    def items(self) -> Sequence[Item]:
        """Return the choices and the lines between them."""

    def choices(self) -> list[Choice]:
        """Return only the choices, in the order of their numbers."""
        return [item for item in self.items() if isinstance(item, Choice)]

    def arrive(self) -> None:
        """Print the list."""
        # First, as it may wait for the build directory, which the choices depend on.
        heading = list(self.heading())
        items = self.items()
        self.note(items)
        self.wizard.talk.show([*heading, *self._said(items)])

    def note(self, items: Sequence[Item]) -> None:
        """Remember these choices as the ones that numbers refer to."""
        self._names = _names(items)

    def settle(self) -> None:
        """Print the list again if it has changed."""
        if self._names != _names(self.items()):
            self._words = []
            self.arrive()

    def _said(self, items: Sequence[Item]) -> Iterator[str]:
        number, any_said = 0, False
        for item in items:
            if isinstance(item, Choice):
                number += 1
                label = item.label
                if all(word in label.lower() for word in self._words):
                    any_said = True
                    yield f"{number}. {label}"
            elif not self._words:
                yield item
        if self._words and not any_said:
            yield "No entry has that. / shows all."

    def prompt(self) -> str:
        """Return the prompt for a number."""
        return f"{self.title}, 1 to {len(self._names or ())}:"

    def take(self, answer: str) -> None:
        """Carry out the choice with this number or beginning of a name."""
        if not answer:
            self.arrive()
        elif answer.startswith("/"):
            self._words = answer[1:].lower().split()
            self.arrive()
        else:
            choice = self.chosen(answer)
            if choice is not None:
                choice.do()

    def chosen(self, answer: str) -> Choice | None:
        """Return the choice that an answer refers to, or print that there is none."""
        choices = self.choices()
        if answer.isdecimal():
            number = int(answer) if len(answer) < 9 else 0
            if 1 <= number <= len(choices):
                return choices[number - 1]
        else:
            wanted = answer.lower()
            found = [one for one in choices if one.name.lower() == wanted]
            found = found or [one for one in choices if one.name.lower().startswith(wanted)]
            if len(found) == 1:
                return found[0]
            if found:
                self.say(f"{len(found)} choices begin with that. Type more, or the number.")
                return None
        self.say(f"No such choice. 1 to {len(choices)}, ? helps.")
        return None

    def help(self, about: str) -> Iterable[str]:
        """Return the help for a choice."""
        choice = self.chosen(about) if about else None
        if choice is None:
            return ()
        if choice.path is not None:
            return words.help_of(self.session, choice.path)
        return choice.details() if choice.details is not None else (choice.label,)


def _names(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.name for item in items if isinstance(item, Choice))


Offer = tuple[str, str]
"""A value to choose, and its description."""


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
        return [Choice(name, self.closing(do)) for name, do in self._answers]

    def prompt(self) -> str:
        """Return the prompt for a number; the question was just printed."""
        return f"1 to {len(self._answers)}:"


class Line(Prompt):
    """A question that is answered with a line of text.

    Args:
        wizard: the wizard.
        title: the question.
        taken: called with the text after the question is closed; returns an error message, with
            which the question is asked again, or an empty text.
        details: the help.
    """

    typed = True

    def __init__(
        self,
        wizard: Wizard,
        title: str,
        taken: Callable[[str], str],
        details: Iterable[str] = (),
    ) -> None:
        super().__init__(wizard)
        self._title = title
        self._taken = taken
        self._help = tuple(details)

    def arrive(self) -> None:
        """Print nothing: the prompt has everything."""

    def prompt(self) -> str:
        """Return the question."""
        return f"{self._title}:"

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return the help."""
        return self._help

    def take(self, answer: str) -> None:
        """Pass the text on; an empty text only closes the question."""
        text = answer.removeprefix("=")
        self.wizard.close()
        if not text:
            return
        wrong = self._taken(text)
        if wrong:
            self.say(wrong)
            self.wizard.open(self)


class Pick(Menu):
    """A list of values to choose one from.

    Args:
        wizard: the wizard.
        title: the title.
        offers: each value with its description.
        taken: called with the value after the list is closed.
        other: the entry for a value that is not in the list, and a function that asks for it.
        details: returns the help for the whole list.
    """

    def __init__(
        self,
        wizard: Wizard,
        title: str,
        offers: Sequence[Offer],
        taken: Callable[[str], None],
        *,
        other: tuple[str, Callable[[], None]] | None = None,
        details: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        super().__init__(wizard)
        self.title = title
        self._offers = offers
        self._taken = taken
        self._other = other
        self._help = details

    def help(self, about: str) -> Iterable[str]:
        """Return the help for a value, or for the whole list."""
        return super().help(about) if about else self._help()

    def items(self) -> Sequence[Item]:
        """Return the values."""
        made = [Choice(name, self._taking(name), details) for name, details in self._offers]
        if self._other is not None:
            name, do = self._other
            made.append(Choice(name, self.closing(do)))
        return made

    def take(self, answer: str) -> None:
        """Accept a value from the list, or any other text if the list has an entry for that."""
        listed = [one.name.lower() for one in self.choices()]
        starts = any(name.startswith(answer.lower()) for name in listed)
        if self._other is None or answer[:1] in ("", "/") or answer.isdecimal() or starts:
            super().take(answer)
            return
        self.closing(self._other[1])()
        self.wizard.place.take(answer)

    def _taking(self, name: str) -> Callable[[], None]:
        return self.closing(lambda: self._taken(name))


class Wizard:
    """What all prompts share: the session, the conversation, and the stack of open prompts.

    Args:
        session: the session to edit.
        talk: the conversation with the user.
        steps: the prompt of each step, by the step's name.

    Attributes:
        here: the name of the current step.
        code: the exit code: that of the last failed write, else 0.
        over: whether the user has left.
        build_reader: reads the build directory in another thread.
    """

    def __init__(
        self, session: Session, talk: Talk, steps: Mapping[str, Callable[[Wizard], Prompt]]
    ) -> None:
        self.session = session
        self.talk = talk
        self.here = ""
        self.code: int = Exit.OK
        self.over = False
        self.build_reader = BuildDirReader(session, talk)
        self._steps = steps
        self._stack: list[Prompt] = []
        self._last_view: View = session.view
        self._draft_lost = False

    @property
    def place(self) -> Prompt:
        """The current prompt."""
        return self._stack[-1]

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
        made = self._steps[step](self)
        self.here = step
        self._stack = [made]
        if not quietly:
            made.arrive()

    # The build directory

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

    # Edits

    def begun(self, what: str, note: str = "") -> None:
        """Print that another project was opened, with a note, and save the draft."""
        view = self._last_view = self.session.view
        self.talk.say(
            f"{what} {words.problem_counts(view).capitalize()}.", *([note] if note else [])
        )
        self.keep_draft()

    def edit(
        self, project: Project, label: str, what: str, *, removed: field_paths.Path = ()
    ) -> None:
        """Replace the current project, and print what that changed.

        Args:
            project: the project after the edit.
            label: the name of the step for undo.
            what: what was done, as a sentence.
            removed: the path of a list's entry that the project no longer has.
        """
        self.session.end_typing()
        self.session.edit(project, label, removed=removed)
        self.changed(what)

    def changed(self, what: str) -> None:
        """Print what was done and its effects, and save the draft."""
        view = self.session.view
        lines = list(words.changes(self._last_view, view))
        self._last_view = view
        if lines and lines[0].startswith("Free"):
            what = f"{what} {lines.pop(0)}"
        self.talk.say(what, *lines)
        self.keep_draft()

    def keep_draft(self, message: str = "") -> None:
        """Save the draft; print the message if there is one to keep, and the first failure."""
        try:
            kept = self.session.autosave()
        except OSError as error:
            if not self._draft_lost:
                self.talk.say(texts.draft_lost(error.strerror))
            self._draft_lost = True
            return
        if message and (kept or self.session.changed):
            self.talk.say(message)

    # Leaving

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
        self.session.drafts.abandon(self.session.state.origin)
        self.over = True
