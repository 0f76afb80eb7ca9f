# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 6: what would be written, where, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

from xentui.plain.ask import Line, Question
from xentui.plain.form import StepMenu, head
from xentui.plain.problems import Problems
from xentui.plain.prompt import Choice, Item, Menu
from xentui.project import filesystem
from xentui.project.filesystem import exists
from xentui.session import review, writing

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach
    from xentui.output.plan import Change
    from xentui.plain.wizard import Wizard


_ABOUT_WAYS = (
    "One require line: the settings stand in conf/xentui.conf, which the line reads.",
    "A marked block: they stand in conf/local.conf itself.",
    "Left alone: conf/xentui.conf is written, and you add the line.",
)


class Step(StepMenu):
    """The difference, the files, the target, the problems, and where to write."""

    title = "Review"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review
        self._review.compare(again=True)

    def settle(self) -> None:
        """Compare again if something changed meanwhile."""
        self._review.compare()
        super().settle()

    def heading(self) -> Iterable[str]:
        """Say whether this can be written."""
        yield head("review")
        yield self._summary()

    def items(self) -> Sequence[Item]:
        """Return what can be looked at and done."""
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
        if plan is not None and self.session.target.build_dir is not None:
            way = self.session.target.attached()
            said = dict(review.ways(way))[way]
            made.append(Choice("local.conf gets", self._ask_way, said))
            made.append(Choice("Layer", self._ask_layer, self._layer()))
        made.append(Choice("Save the project as another file", self._ask_file))
        made.append(Choice("Rehearse on a real Xen", self._rehearse))
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
        lines = ("A build directory, or any other for a tree of its own.",)
        title = f"Directory [{self.session.target.path}]"
        self.wizard.open(Line(self.wizard, title, self._directory, lines))

    def _directory(self, given: str) -> str:
        self.wizard.retarget(filesystem.expanded(given))
        self._review.compare()
        self.say(f"Write into: {self.session.target.path}. {self._summary()}")
        return ""

    def _ask_way(self) -> None:
        now = self.session.target.attached()
        answers = [(said, partial(self._way, name)) for name, said in review.ways(now)]
        title = "What does conf/local.conf get?"
        self.wizard.open(Question(self.wizard, title, answers, _ABOUT_WAYS))

    def _way(self, name: str) -> None:
        self.session.target.choose_attach(cast("Attach", name))
        self._review.compare()
        self.say(self._summary())

    def _layer(self) -> str:
        place = self.session.target.layer or self.session.target.layer_place
        return str(place) if place is not None else "none is needed"

    def _ask_layer(self) -> None:
        lines = ("Where the layer goes. -: where xentui puts it by itself.",)
        self.wizard.open(Line(self.wizard, f"Layer [{self._layer()}]", self._moved, lines))

    def _moved(self, given: str) -> str:
        self.session.target.choose_layer(filesystem.expanded(given) if given != "-" else None)
        self._review.compare()
        self.say(f"Layer: {self._layer()}. {self._summary()}")
        return ""

    def _ask_file(self) -> None:
        title = f"File [{self.session.project_file}]"
        lines = ("The project alone, which is kept there from then on.",)
        self.wizard.open(Line(self.wizard, title, self._file, lines))

    def _file(self, given: str) -> str:
        place = writing.place_named(given)
        if exists(place) and place.is_file():
            title = f"{place.name} is there already. Overwrite it?"
            answers = (("Back", lambda: None), ("Overwrite", partial(self._save, place)))
            self.wizard.open(Question(self.wizard, title, answers))
        else:
            self._save(place)
        return ""

    def _save(self, place: Path) -> None:
        writing.save_as(self.session, place)
        self.wizard.changed(f"Saved as {place}.")

    def _rehearse(self) -> None:
        from xentui.plain.rehearse import rehearse

        rehearse(self.wizard)


class Files(Menu):
    """The files, each with what happens to it."""

    title = "Files"

    def items(self) -> Sequence[Item]:
        """Return them."""
        return [self._file(change) for change in self.session.review.changes] or ["No file."]

    def _file(self, change: Change) -> Choice:
        return Choice(str(change.path), partial(self._ask, change), review.word(change))

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
