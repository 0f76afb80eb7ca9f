# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Questions for fields of the project, and the steps that have only fields.

Titles, help and limits of a field come from ``schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from xentui.plain import words
from xentui.plain.prompt import Choice, Item, Menu, Pick, Prompt, Wizard
from xentui.project import boards
from xentui.session import field_paths, forms
from xentui.session.forms import STEPS, TITLES

if TYPE_CHECKING:
    from xentui.plain.prompt import Offer
    from xentui.session import Session
    from xentui.session.forms import Group


CLEAR, LIST, LITERAL = "-", "o", "="
_SHORT = 40
"""Maximum number of characters of a value in a prompt."""
_ANSWERS = {"n": "false", "no": "false", "y": "true", "yes": "true"}
_FEW = 12
"""Maximum number of known values that a field's help lists."""


def choice_of(wizard: Wizard, path: field_paths.Path) -> Choice:
    """Return the choice that asks for the field at a path."""
    session = wizard.session
    value = words.value_of(session, path)
    here = field_paths.text_of_path(path)
    found = [one for one in session.findings.at(here) if one.path == here and one.code]
    if found:
        value = f"{value}, {found[0].severity.value} {found[0].code}"
    title = field_paths.field_of(path).title
    return Choice(title, lambda: wizard.open(asked(wizard, path)), value, path)


def asked(wizard: Wizard, path: field_paths.Path, *, whose: bool = False) -> Prompt:
    """Return the prompt for the field at a path: a list of boards, or a question.

    Args:
        wizard: the wizard.
        path: the field's path.
        whose: name the guest that the field belongs to.
    """
    if path == ("host", "machine"):
        field = FieldPrompt(wizard, path)
        return Pick(
            wizard,
            f"{field.field.title} [{words.value_of(wizard.session, path)}]",
            offers_of(wizard.session, path),
            field.put,
            other=("Another one, by its name", lambda: wizard.open(field)),
            details=lambda: words.help_of(wizard.session, path),
        )
    return FieldPrompt(wizard, path, whose=whose)


def offers_of(session: Session, path: field_paths.Path) -> list[Offer]:
    """Return the known values for the field at a path; others may be typed as well."""
    project = session.project
    offered = session.target.offers(path)
    if path == ("host", "machine"):
        known = [(one.machine, f"{one.title}, {one.state_words}") for one in boards.all_boards()]
        return [*known, *(one for one in offered if not boards.board(one[0]).is_known)]
    if path[0] == "guests" and path[2:] == ("bundle",):
        return [(one.key, one.summary or "a bundle of the project") for one in project.bundles]
    if path[-2:] == ("source", "type"):
        return [(name, "") for name in forms.import_types(project)]
    return offered


class FieldPrompt(Prompt):
    """The question for one field.

    Args:
        wizard: the wizard.
        path: the field's path.
        whose: name the guest that the field belongs to.
    """

    def __init__(self, wizard: Wizard, path: field_paths.Path, *, whose: bool = False) -> None:
        super().__init__(wizard)
        self._path = path
        self._whose = whose
        self.field = field_paths.field_of(path)
        self.typed = self.field.kind in ("text", "list")
        self.own = frozenset(_ANSWERS) if self.field.kind == "flag" else frozenset()

    def path(self) -> field_paths.Path | None:
        """The field's path."""
        return self._path

    def renamed(self, old: field_paths.Path, new: field_paths.Path) -> None:
        """Update the path after a guest or bundle was renamed."""
        if self._path[: len(old)] == old:
            self._path = (*new, *self._path[len(old) :])

    def arrive(self) -> None:
        """Print nothing: the prompt has everything."""

    def prompt(self) -> str:
        """Return the field's name, its range, and its effective value."""
        value = words.value_of(self.session, self._path)
        value = value if len(value) <= _SHORT else f"{value[:_SHORT]}..."
        title = f"{self.field.title}{self._owner() if self._whose else ''}"
        return f"{title}{self._allowed()} [{value}]:"

    def _owner(self) -> str:
        return f" of {self._path[1]}" if len(self._path) > 2 else ""

    def _allowed(self) -> str:
        if self.field.kind == "integer":
            return f", {self.field.range}"
        parts = [
            f"{number} {words.value_word(self.field.kind, name)}"
            for number, name in enumerate(self._choices(), 1)
        ]
        if self.field.kind == "choices":
            parts.append("several, or none")
        if self.typed and offers_of(self.session, self._path):
            parts.append(f"{LIST}: list")
        return f" ({', '.join(parts)})" if parts else ""

    def _choices(self) -> Sequence[str]:
        return ("false", "true") if self.field.kind == "flag" else self.field.choices

    def help(self, about: str) -> Iterable[str]:  # noqa: ARG002
        """Return the help for the field."""
        yield from words.help_of(self.session, self._path)
        if self.field.unit:
            yield f"+{forms.SMALL} and -{forms.SMALL} give and take."
        if not self.field.required:
            yield "-: leave it out. Enter: keep it. b: back."
        offers = offers_of(self.session, self._path)
        if 0 < len(offers) <= _FEW:
            yield f"Known: {', '.join(name for name, _ in offers)}"

    # Answers

    def take(self, answer: str) -> None:
        """Set the field to the answer, or print why it is invalid."""
        if not answer:
            self.wizard.close()
        elif answer == LIST and self.typed and offers_of(self.session, self._path):
            self._list()
        elif answer == CLEAR:
            self._put(None, field_paths.problem(self.field, None))
        else:
            self._put(*self._read(answer))

    def put(self, text: str) -> None:
        """Set the field to a text without asking the question."""
        self.wizard.open(self)
        self._put(*self.session.parse(self._path, text))

    def _list(self) -> None:

        offers = offers_of(self.session, self._path)
        self.wizard.close()
        self.wizard.open(Pick(self.wizard, self.field.title, offers, self.put))

    def _read(self, answer: str) -> tuple[Any, str]:
        if self.typed and answer.startswith(LITERAL):
            return self.session.parse(self._path, answer[1:])
        if self.field.kind == "integer" and re.fullmatch(r"[+-][0-9]{1,7}", answer):
            more = forms.memory_after(self.session.project, self._path, int(answer))
            return self.session.parse(self._path, str(more))
        if self.field.kind == "choices":
            named = () if answer == "none" else answer.replace(",", " ").split()
            return self.session.parse(self._path, " ".join(map(self._meant, named)))
        if self.field.kind in ("choice", "flag"):
            return self.session.parse(self._path, self._meant(answer))
        return self.session.parse(self._path, answer)

    def _meant(self, word: str) -> str:
        """Return the choice with this number, or the word unchanged."""
        choices = self._choices()
        if word.isdecimal() and len(word) < 3 and 1 <= int(word) <= len(choices):
            return choices[int(word) - 1]
        return _ANSWERS.get(word.lower(), word) if self.field.kind == "flag" else word

    def _put(self, value: Any, wrong: str) -> None:
        if wrong:
            self.say(wrong)
            return
        if value == () or (self.field.kind == "choices" and not value):
            value = None
        old = self._path
        self.session.end_typing()
        self.session.set_value(old, value)
        self.wizard.close()
        if old[-1] == field_paths.KEY and value != old[1]:
            self.wizard.renamed(old[:2], (old[0], str(value)))
            self._path = (old[0], str(value), field_paths.KEY)
        owner = self._owner() if old[-1] != field_paths.KEY else ""
        held = words.value_of(self.session, self._path)
        self.wizard.changed(f"{self.field.title}{owner}: {held}.")


def fields(wizard: Wizard, groups: Iterable[Group]) -> list[Item]:
    """Return the fields of groups, each group after its heading."""
    made: list[Item] = []
    for group in groups:
        if group.title:
            made.append(f"{group.title}:")
        made += [choice_of(wizard, path) for path in group.paths]
    return made


def head(step: str) -> str:
    """Return the first line of a step."""
    return f"Step {STEPS.index(step) + 1} of {len(STEPS)}: {TITLES[step]}"


class StepMenu(Menu):
    """The menu of a step."""

    def prompt(self) -> str:
        """Return the prompt for a number, which also names the next step."""
        place = STEPS.index(self.wizard.here) + 1
        more = f", n: {TITLES[STEPS[place]]}" if place < len(STEPS) else ""
        return f"{self.title}, 1 to {len(self._names or ())}{more}:"


class MachineStep(StepMenu):
    """The fields of the host."""

    title = "Machine"

    def heading(self) -> Iterable[str]:
        """Return whether Xen was tried on the board, unless it is fully supported."""
        yield head("machine")
        board = boards.board(self.session.project.host.machine)
        yield f"{board.machine}: {board.state_words}. {board.summary}"
        if board.layer is not None:
            yield f"It needs {board.layer.name}."

    def items(self) -> Sequence[Item]:
        """Return the fields."""
        return fields(self.wizard, (forms.machine_group(),))


class FeaturesStep(StepMenu):
    """The fields of containers and of the defaults."""

    title = "Features"

    def heading(self) -> Iterable[str]:
        """Return the title of the step."""
        yield head("features")

    def items(self) -> Sequence[Item]:
        """Return the fields of both groups."""
        return fields(self.wizard, forms.feature_groups())
