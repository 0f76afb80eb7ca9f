# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Questions for fields of the project, and the steps Machine and Features, which have only fields.

Titles, help and limits of a field come from ``schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from xentui.plain import words
from xentui.plain.prompt import Choice, Item, Menu, Prompt, ValueList, Wizard
from xentui.project import boards
from xentui.session import field_paths, forms
from xentui.session.forms import STEPS, TITLES

if TYPE_CHECKING:
    from xentui.session import Session
    from xentui.session.forms import Group
    from xentui.session.target import Offer


CLEAR, LIST, LITERAL = "-", "o", "="
"""Answers: use the default, list the known values, take the rest of the line as text."""
_MAX_SHOWN = 40
"""Maximum number of characters of a value in a prompt."""
_FLAG_ANSWERS = {"n": "false", "no": "false", "y": "true", "yes": "true"}
_MAX_KNOWN = 12
"""Maximum number of known values that a field's help lists."""


def field_choice(wizard: Wizard, path: field_paths.Path) -> Choice:
    """Return the choice that asks for the field at a path, with its value and worst problem."""
    session = wizard.session
    value = words.value_text(session, path)
    path_text = field_paths.text_of_path(path)
    for finding in session.findings.at(path_text):
        if finding.path == path_text and finding.code:
            value = f"{value}, {finding.severity.value} {finding.code}"
            break
    title = field_paths.field_of(path).title
    return Choice(title, lambda: wizard.open(field_prompt(wizard, path)), value, path)


def field_prompt(wizard: Wizard, path: field_paths.Path, *, name_owner: bool = False) -> Prompt:
    """Return the prompt for the field at a path: a list of boards, or a question.

    Args:
        wizard: the wizard.
        path: the field's path.
        name_owner: name the guest that the field belongs to.
    """
    if path == ("host", "machine"):
        field = FieldPrompt(wizard, path)
        return ValueList(
            wizard,
            f"{field.field.title} [{words.value_text(wizard.session, path)}]",
            known_values(wizard.session, path),
            field.set_text,
            other=("Another one, by its name", lambda: wizard.open(field)),
            details=lambda: words.field_help(wizard.session, path),
        )
    return FieldPrompt(wizard, path, name_owner=name_owner)


def known_values(session: Session, path: field_paths.Path) -> list[Offer]:
    """Return the known values for the field at a path; others may be typed as well."""
    project = session.project
    offers = session.target.offers(path)
    if path == ("host", "machine"):
        known = [(b.machine, f"{b.title}, {b.state_words}") for b in boards.all_boards()]
        return [*known, *(offer for offer in offers if not boards.board(offer[0]).is_known)]
    if path[0] == "guests" and path[2:] == ("bundle",):
        return [(b.key, b.summary or "a bundle of the project") for b in project.bundles]
    if path[-2:] == ("source", "type"):
        return [(name, "") for name in forms.import_types(project)]
    return offers


class FieldPrompt(Prompt):
    """The question for one field.

    Args:
        wizard: the wizard.
        path: the field's path.
        name_owner: name the guest that the field belongs to.
    """

    def __init__(self, wizard: Wizard, path: field_paths.Path, *, name_owner: bool = False) -> None:
        super().__init__(wizard)
        self._path = path
        self._names_owner = name_owner
        self.field = field_paths.field_of(path)
        self.takes_text = self.field.kind in ("text", "list")
        self.own_answers = frozenset(_FLAG_ANSWERS) if self.field.kind == "flag" else frozenset()

    def subject_path(self) -> field_paths.Path | None:
        """The field's path."""
        return self._path

    def follow_rename(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update the path after a guest or bundle was renamed."""
        if self._path[: len(old)] == old:
            self._path = (*new, *self._path[len(old) :])

    def print_content(self) -> None:
        """Print nothing: the prompt has everything."""

    def prompt_text(self) -> str:
        """Return the field's name, its range, and its effective value."""
        value = words.value_text(self.session, self._path)
        value = value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}..."
        title = f"{self.field.title}{self._owner() if self._names_owner else ''}"
        return f"{title}{self._allowed()} [{value}]:"

    def _owner(self) -> str:
        """Return the words that name the guest of the field, after its title."""
        return f" of {self._path[1]}" if len(self._path) > 2 else ""

    def _allowed(self) -> str:
        """Return the words on what may be answered, after the title."""
        if self.field.kind == "integer":
            return f", {self.field.range}"
        parts = [
            f"{number} {words.display_value(self.field.kind, name)}"
            for number, name in enumerate(self._choices(), 1)
        ]
        if self.field.kind == "choices":
            parts.append("several, or none")
        if self.takes_text and known_values(self.session, self._path):
            parts.append(f"{LIST}: list")
        return f" ({', '.join(parts)})" if parts else ""

    def _choices(self) -> Sequence[str]:
        return ("false", "true") if self.field.kind == "flag" else self.field.choices

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return the help for the field."""
        yield from words.field_help(self.session, self._path)
        if self.field.unit:
            yield f"+{forms.SMALL} and -{forms.SMALL} raise and lower it."
        if not self.field.required:
            yield "-: use the default. Enter: keep the value. b: back."
        offers = known_values(self.session, self._path)
        if 0 < len(offers) <= _MAX_KNOWN:
            yield f"Known: {', '.join(name for name, _ in offers)}"

    # Answers

    def on_answer(self, answer: str) -> None:
        """Set the field to the answer, or print why it is invalid."""
        if not answer:
            self.wizard.close()
        elif answer == LIST and self.takes_text and known_values(self.session, self._path):
            self._list()
        elif answer == CLEAR:
            self._set(None, field_paths.problem(self.field, None))
        else:
            self._set(*self._parse(answer))

    def set_text(self, text: str) -> None:
        """Set the field to a text without asking the question."""
        self.wizard.open(self)
        self._set(*self.session.parse(self._path, text))

    def _list(self) -> None:
        offers = known_values(self.session, self._path)
        self.wizard.close()
        self.wizard.open(ValueList(self.wizard, self.field.title, offers, self.set_text))

    def _parse(self, answer: str) -> tuple[Any, str]:
        """Return the value of an answer, and an error message or ""."""
        if self.takes_text and answer.startswith(LITERAL):
            return self.session.parse(self._path, answer[1:])
        if self.field.kind == "integer" and re.fullmatch(r"[+-][0-9]{1,7}", answer):
            mib = forms.memory_after(self.session.project, self._path, int(answer))
            return self.session.parse(self._path, str(mib))
        if self.field.kind == "choices":
            words = () if answer == "none" else answer.replace(",", " ").split()
            return self.session.parse(self._path, " ".join(map(self._choice, words)))
        if self.field.kind in ("choice", "flag"):
            return self.session.parse(self._path, self._choice(answer))
        return self.session.parse(self._path, answer)

    def _choice(self, word: str) -> str:
        """Return the choice with this number, or the word unchanged."""
        choices = self._choices()
        if word.isdecimal() and len(word) < 3 and 1 <= int(word) <= len(choices):
            return choices[int(word) - 1]
        return _FLAG_ANSWERS.get(word.lower(), word) if self.field.kind == "flag" else word

    def _set(self, value: Any, problem: str) -> None:
        """Set the field and close the prompt, or print why the value is invalid."""
        if problem:
            self.say(problem)
            return
        if value == () or (self.field.kind == "choices" and not value):
            value = None
        old = self._path
        self.session.set_value(old, value)
        self.wizard.close()
        if old[-1] == field_paths.KEY and value != old[1]:
            self.wizard.follow_rename(old[:2], (old[0], str(value)))
            self._path = (old[0], str(value), field_paths.KEY)
        owner = self._owner() if old[-1] != field_paths.KEY else ""
        text = words.value_text(self.session, self._path)
        self.wizard.announce_edit(f"{self.field.title}{owner}: {text}.")


def field_items(wizard: Wizard, groups: Iterable[Group]) -> list[Item]:
    """Return the fields of groups, each group after its heading."""
    items: list[Item] = []
    for group in groups:
        if group.title:
            items.append(f"{group.title}:")
        items += [field_choice(wizard, path) for path in group.paths]
    return items


def step_heading(step: str) -> str:
    """Return the first line of a step."""
    return f"Step {STEPS.index(step) + 1} of {len(STEPS)}: {TITLES[step]}"


class StepMenu(Menu):
    """The menu of a step."""

    def prompt_text(self) -> str:
        """Return the prompt for a number, which also names the next step."""
        following = STEPS[STEPS.index(self.wizard.step) + 1 :]
        then = f", n: {TITLES[following[0]]}" if following else ""
        return f"{self.title}, 1 to {len(self._names or ())}{then}:"


class MachineStep(StepMenu):
    """Step 2: the fields of the host."""

    title = "Machine"

    def heading(self) -> Iterable[str]:
        """Return what is known about Xen on the board."""
        yield step_heading("machine")
        board = boards.board(self.session.project.host.machine)
        yield f"{board.machine}: {board.state_words}. {board.summary}"
        if board.layer is not None:
            yield f"It needs {board.layer.name}."

    def items(self) -> Sequence[Item]:
        """Return the fields."""
        return field_items(self.wizard, (forms.machine_group(),))


class FeaturesStep(StepMenu):
    """Step 3: the fields of containers, and the defaults of guests."""

    title = "Features"

    def heading(self) -> Iterable[str]:
        """Return the title of the step."""
        yield step_heading("features")

    def items(self) -> Sequence[Item]:
        """Return the fields of both groups."""
        return field_items(self.wizard, forms.feature_groups())
