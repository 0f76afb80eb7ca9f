# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The few questions that are asked on the way: one of some answers, a line of text, a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from xentui.plain.prompt import Choice, Item, Menu, Prompt

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard

Offer = tuple[str, str]
"""A value to choose, and what it is."""


class Question(Menu):
    """A question with a few answers; going back changes nothing.

    Args:
        wizard: the wizard.
        title: the question.
        answers: each with what it does; the question is over before that.
        told: helps.
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
        """Ask for the number alone: the question was just said."""
        return f"1 to {len(self._answers)}:"


class Line(Prompt):
    """A question that is answered with a line of text.

    Args:
        wizard: the wizard.
        title: the question.
        taken: is given the text, and returns what is wrong with it or an empty text; the
            question is over before that, and asked again where something is wrong.
        told: helps.
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
        told: helps with all of them.
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

    def _taking(self, name: str) -> Callable[[], None]:
        return self.closing(lambda: self._taken(name))
