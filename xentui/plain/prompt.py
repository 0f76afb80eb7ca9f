# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the wizard asks at one point: menus, questions with a few answers, lines of text, lists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xentui.session import field_paths

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard


class Prompt(ABC):
    """Where one is.

    Attributes:
        typed: any text may be an answer here, so that few words are commands.
        own: words that are answers here, and commands elsewhere.
    """

    typed = False
    own: frozenset[str] = frozenset()

    def __init__(self, wizard: Wizard) -> None:
        self.wizard = wizard
        self.session = wizard.session

    @abstractmethod
    def arrive(self) -> None:
        """Say what is here."""

    @abstractmethod
    def prompt(self) -> str:
        """Return what is asked."""

    @abstractmethod
    def take(self, answer: str) -> None:
        """Do what an answer means."""

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return what helps here, or with one choice."""
        return ()

    def path(self) -> field_paths.Path | None:
        """Return which part of the project it needs; it is left when that is gone."""
        return None

    def is_over(self) -> bool:
        """Return whether there is nothing left to ask here."""
        return False

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:  # noqa: B027
        """Follow a guest or a bundle to its new name."""

    def settle(self) -> None:  # noqa: B027
        """Say what the user must know before the next question."""

    def say(self, *texts: str) -> None:
        """Say something."""
        self.wizard.talk.say(*texts)

    def closing(self, do: Callable[[], None]) -> Callable[[], None]:
        """Return what leaves the place and does something then."""

        def run() -> None:
            self.wizard.close()
            do()

        return run


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose by its number.

    Attributes:
        name: what it is; answers may begin it instead of the number.
        do: what choosing it does.
        value: what it is at present.
        path: the field it sets, whose help is its own.
        details: returns what helps with it, where it is no field.
    """

    name: str
    do: Callable[[], None]
    value: str = ""
    path: field_paths.Path | None = None
    details: Callable[[], Iterable[str]] | None = None

    @property
    def label(self) -> str:
        """The text behind its number."""
        return f"{self.name}: {self.value}" if self.value else self.name


Item = Choice | str
"""A choice, or a line between choices."""


class Menu(Prompt):
    """A numbered list.

    A number means what it meant when the list was last printed: where choices came or went since,
    the list is printed again before an answer is taken.
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
        """Return the choices, with the lines between them."""

    def choices(self) -> list[Choice]:
        """Return the choices alone, in the order of their numbers."""
        return [item for item in self.items() if isinstance(item, Choice)]

    def arrive(self) -> None:
        """Say the list."""
        items = self.items()
        self.note(items)
        self.wizard.talk.show([*self.heading(), *self._said(items)])

    def note(self, items: Sequence[Item]) -> None:
        """Let numbers mean these choices from now on."""
        self._names = _names(items)

    def settle(self) -> None:
        """Say the list again if it is another one by now."""
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
            yield "Nothing has that in it. / shows all again."

    def prompt(self) -> str:
        """Ask for a number."""
        return f"{self.title}, 1 to {len(self._names or ())}:"

    def take(self, answer: str) -> None:
        """Do what was chosen, by its number or the beginning of its name."""
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
        """Return the choice that an answer means; say so where it means none."""
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
                self.say(f"{len(found)} begin so: type more of it, or the number.")
                return None
        self.say(f"No such choice. 1 to {len(choices)}, ? helps.")
        return None

    def help(self, about: str) -> Iterable[str]:
        """Return the help on a choice."""
        choice = self.chosen(about) if about else None
        if choice is None:
            return ()
        if choice.path is not None:
            from xentui.plain.fields import help_of

            return help_of(self.session, choice.path)
        return choice.details() if choice.details is not None else (choice.label,)


def _names(items: Sequence[Item]) -> tuple[str, ...]:
    return tuple(item.name for item in items if isinstance(item, Choice))


Offer = tuple[str, str]
"""A value to choose, and what it is."""


class Question(Menu):
    """A question with a few answers; going back changes nothing.

    Args:
        wizard: the wizard.
        title: the question.
        answers: each with what it does; the question is over before that.
        texts: helps.
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
        """Return what helps."""
        return self._help or super().help(about)

    def items(self) -> Sequence[Item]:
        """Return the answers."""
        return [Choice(name, self.closing(do)) for name, do in self._answers]

    def prompt(self) -> str:
        """Ask for the number alone, as the question was just printed."""
        return f"1 to {len(self._answers)}:"


class Line(Prompt):
    """A question that is answered with a line of text.

    Args:
        wizard: the wizard.
        title: the question.
        taken: is given the text, and returns what is wrong with it or an empty text; the
            question is over before that, and asked again where something is wrong.
        texts: helps.
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
        """Say nothing: the prompt says it."""

    def prompt(self) -> str:
        """Ask."""
        return f"{self._title}:"

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return what helps."""
        return self._help

    def take(self, answer: str) -> None:
        """Hand the text on; nothing typed goes back."""
        text = answer.removeprefix("=")
        self.wizard.close()
        if not text:
            return
        wrong = self._taken(text)
        if wrong:
            self.say(wrong)
            self.wizard.open(self)


class Pick(Menu):
    """A list of values, of which one is taken.

    Args:
        wizard: the wizard.
        title: what is chosen.
        offers: each value with what it is.
        taken: is given the value; the list is over before that.
        other: what to choose for a value that is not in the list, and what that does.
        texts: helps with all of them.
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
        """Return what helps with a value, or with all of them."""
        return super().help(about) if about else self._help()

    def items(self) -> Sequence[Item]:
        """Return the values."""
        made = [Choice(name, self._taking(name), details) for name, details in self._offers]
        if self._other is not None:
            name, do = self._other
            made.append(Choice(name, self.closing(do)))
        return made

    def take(self, answer: str) -> None:
        """Take a value of the list, or any other text where another value may be typed."""
        listed = [one.name.lower() for one in self.choices()]
        starts = any(name.startswith(answer.lower()) for name in listed)
        if self._other is None or answer[:1] in ("", "/") or answer.isdecimal() or starts:
            super().take(answer)
            return
        self.closing(self._other[1])()
        self.wizard.place.take(answer)

    def _taking(self, name: str) -> Callable[[], None]:
        return self.closing(lambda: self._taken(name))
