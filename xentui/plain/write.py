# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 7: write, once the difference was shown and it is said so; then what to type next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from xentui.errors import Exit, XentuiError
from xentui.plain.form import StepMenu, head
from xentui.plain.prompt import Choice, Item
from xentui.session import writing

if TYPE_CHECKING:
    from xentui.output.edits import How
    from xentui.plain.wizard import Wizard
    from xentui.session.writing import Written


class Step(StepMenu):
    """The question, or what was done."""

    title = "Write"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._review = wizard.session.review

    @property
    def _done(self) -> Written | None:
        """What was written, unless something was changed since."""
        return self.session.written if not self.session.changed else None

    def arrive(self) -> None:
        """Show the difference, if it was not shown yet, and ask; or say what was written."""
        self._review.compare(again=True)
        ready = self._done is None and not self._review.blocked
        if ready and not self._review.seen:
            self.wizard.talk.say(head("write"))
            self._review.mark_seen()
            self.wizard.talk.show(self._review.diff_lines(), exact=True)
            self._ask()
        else:
            super().arrive()

    def _ask(self) -> None:
        """Say what is asked, beneath what was said already."""
        items = self.items()
        self.note(items)
        if self._done is None:
            self.wizard.talk.exact(*self._asked())
        self.say(*self._said(items))

    def settle(self) -> None:
        """Compare again if something changed meanwhile."""
        self._review.compare()
        super().settle()

    def heading(self) -> Iterable[str]:
        """Say what was done, what stands against it, or what is asked."""
        yield head("write")
        if self._done is not None:
            yield f"Written into {self._done.root}."
        elif self._review.blocked:
            yield self._review.summary()
            if self.wizard.code == Exit.OK:
                self.wizard.code = self._review.exit_code
        else:
            yield from self._asked()

    def _asked(self) -> Iterable[str]:
        decision = self._review.decision()
        if decision is not None and decision.kind == "existing":
            yield from decision.details
            yield decision.question
            return
        yield from (text for text, _ in self._review.confirmation())
        yield decision.question if decision is not None else self._review.question()

    def items(self) -> Sequence[Item]:
        """Return the answers."""
        back = Choice("Back to the review", partial(self.wizard.go, "review"))
        if self._done is not None:
            build = [Choice("Verify, build and boot it", self._build)]
            can_build = self.wizard.talk.at_terminal and writing.can_build(self.session)
            return [
                Choice("Leave xentui", self.wizard.leave),
                Choice("What to type next", self._next),
                *(build if can_build else ()),
                back,
            ]
        if self._review.blocked:
            return [back]
        decision = self._review.decision()
        if decision is not None:
            others = [
                Choice(name, partial(self._decide, decision.kind, answer))
                for answer, name in decision.answers
                if answer != "back"
            ]
            return [back, *others]
        return [Choice("Write", self._write), back]

    def _decide(self, kind: str, answer: str) -> None:
        if kind == "edited":
            self._write(edited=cast("How", answer))
        else:
            self.wizard.changed(self._review.decide_existing(answer))
            self.arrive()

    def _write(self, *, edited: How | None = None) -> None:
        try:
            written = self.session.write(edited=edited)
        except XentuiError as error:
            self.wizard.code = error.exit_code
            raise
        except OSError:
            self.wizard.code = Exit.IO
            raise
        self.wizard.code = Exit.OK
        words = Counter(what for what, _ in written.lines)
        counted = ", ".join(f"{count} {what}" for what, count in words.items())
        self.say(f"Written into {written.root}: {counted}.", *written.notes)
        self._next()
        self._ask()

    def _next(self) -> None:
        written = self.session.written
        if written is None:
            return
        lines = ["Type next:"]
        for line, _ in written.commands:
            lines += line.split("\n")
        self.wizard.talk.show([*lines, "The same in one command:", written.headless], exact=True)

    def _build(self) -> None:
        self.say(writing.build_summary(writing.build(self.session, plain=True)))

    def help(self, about: str) -> Iterable[str]:
        """Return what each command is for, once something was written."""
        if about or self._done is None:
            return super().help(about)
        return [f"{line}: {note}" for line, note in self._done.commands]
