# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 1: start from the draft, a preset, a project file, or from scratch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.plain import words
from xentui.plain.fields import StepMenu
from xentui.plain.prompt import Choice, Item, Line, Question, Wizard
from xentui.project import boards, presets
from xentui.session import opening, texts
from xentui.session.state import EMPTY, Origin

if TYPE_CHECKING:
    from xentui.project.presets import PresetFile
    from xentui.session.target import BuildSurvey

_FILES = 3
"""Maximum number of files that are listed for a preset."""


class Step(StepMenu):
    """The list of drafts, presets and project files to start from."""

    title = "Start"

    def __init__(self, wizard: Wizard) -> None:
        super().__init__(wizard)
        self._presets = presets.available()
        self._draft = self.session.drafts.available()
        self._files = opening.project_files((Path.cwd(), self.session.target.path))

    def heading(self) -> Iterable[str]:
        """Return the target folder and what is known about it."""
        yield "Step 1 of 7: Start"
        if self.session.target.build_dir is not None:
            yield f"Build directory {self.session.target.path}"
            survey = self.wizard.survey()
            if survey is not None and survey.problem:
                yield survey.problem
            elif survey is not None and survey.build is not None:
                yield f"{survey.machine_summary}. {survey.xen_summary[0]}."
                yield from _user_settings(survey)
        else:
            yield f"No build directory here: a tree goes into {self.session.target.path}"

    def items(self) -> Sequence[Item]:
        """Return the draft, project files, presets, and starting from scratch."""
        made = [_draft(self.wizard)] if self._draft else []
        made += self._existing()
        made += [self._file(path) for path in self._files]
        made += [self._preset(preset) for preset in self._presets]
        scratch = self.session.empty_origin()
        nothing = partial(begin, self.wizard, scratch, "start from scratch", "machine")
        board = "a QEMU board" if scratch is EMPTY else scratch.project.host.machine
        made.append(Choice(f"Start from scratch: {board} and no guest", nothing))
        question = Line(
            self.wizard,
            "Which project file, or b",
            partial(open_file, self.wizard),
            ("A project file that xentui, or you, wrote before: board.toml",),
        )
        made.append(Choice(texts.OPEN_FILE, lambda: self.wizard.open(question)))
        return made

    def _existing(self) -> list[Choice]:
        """Return the choice that starts from the guests in the user's own files, if there are any.

        Empty until the build directory was read.
        """
        settings = self.session.target.user_settings
        if not settings or not settings.guests:
            return []

        def take() -> None:
            self.wizard.begun(self.session.start_from_existing())
            self.wizard.go("guests")

        keys = ", ".join(guest.key for guest in settings.guests)
        return [Choice(texts.EXISTING_GUESTS, take, keys, details=settings.lines)]

    def _file(self, path: Path) -> Choice:
        def take() -> None:
            wrong = open_file(self.wizard, str(path))
            if wrong:
                self.say(wrong)

        return Choice(f"Open {texts.short_path(path)}", take, details=lambda: (str(path),))

    def _preset(self, preset: PresetFile) -> Choice:
        name = preset.title or preset.name
        if preset.error:
            return Choice(name, partial(self.say, preset.error), texts.UNREADABLE)
        memory = f", {preset.memory} MiB" if preset.memory else ""
        where = "" if preset.origin == "bundled" else f", {opening.ORIGIN_WORDS[preset.origin]}"
        return Choice(
            name,
            partial(self._ask, preset),
            f"{preset.machine}{memory}{where}",
            details=partial(self._preset_lines, preset),
        )

    def _preset_lines(self, preset: PresetFile) -> list[str]:
        """Return a description of a preset, with the files that it writes."""
        origin = opening.origin_of_preset(preset.name)
        lines = [preset.description or preset.title or preset.name]
        if isinstance(origin, str):
            return [*lines, f"It cannot be used: {origin}"]
        view = self.session.view_of_origin(origin)
        files = [path for path in view.files if not path.endswith("layer.conf")]
        more = f" and {len(files) - _FILES} more" if len(files) > _FILES else ""
        board = boards.board(origin.project.host.machine)
        return [
            *lines,
            f"Guests: {', '.join(guest.key for guest in origin.project.guests) or 'none'}",
            f"Writes: {', '.join(files[:_FILES])}{more}",
            f"Free: {words.free(view.budget)}",
            f"Board: {board.state_words}; {words.problem_counts(view)}",
        ]

    def _ask(self, preset: PresetFile) -> None:
        self.say(*self._preset_lines(preset))
        origin = opening.origin_of_preset(preset.name)
        if isinstance(origin, str):
            return
        take = partial(begin, self.wizard, origin, f"take {preset.name}")
        answers = (
            ("Review it, and write", partial(take, "review")),
            ("Go through the steps", partial(take, "machine")),
            ("Back", lambda: None),
        )
        self.wizard.open(Question(self.wizard, f"Use {preset.name}?", answers))


def _user_settings(survey: BuildSurvey) -> Iterable[str]:
    """Yield lines about the user's own Xen settings."""
    settings = survey.user_settings
    if settings is not None and settings.about_xen:
        yield "You have Xen settings there. Nothing overrides them without asking:"
        yield from settings.lines()


def _draft(wizard: Wizard) -> Choice:
    def resume() -> None:
        kept = wizard.session.drafts.load()
        if kept is None:
            wizard.talk.say(texts.UNREADABLE_DRAFT)
            return
        note = wizard.session.resume_draft(kept.state)
        when = kept.when
        wizard.begun(f"Resumed the draft of {when}: {wizard.session.title}.", note)
        wizard.go("guests")

    return Choice(
        texts.RESUME,
        resume,
        details=lambda: ("Unwritten changes from this folder.",),
    )


def begin(wizard: Wizard, origin: Origin, label: str, then: str) -> None:
    """Start from a project, and go to a step."""
    note = wizard.session.start_from(origin, label)
    wizard.begun(f"Started from {origin.name or 'scratch'}.", note)
    wizard.go(then)


def open_file(wizard: Wizard, given: str) -> str:
    """Open a project file; return an error message or ""."""
    origin = opening.origin_of_file(given)
    if isinstance(origin, str):
        return origin
    begin(wizard, origin, f"open {origin.name}", "guests")
    return ""
