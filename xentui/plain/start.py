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
from xentui.plain.prompt import Choice, Item, Question, TextQuestion, Wizard
from xentui.project import boards, presets
from xentui.session import opening, texts
from xentui.session.state import EMPTY, Origin

if TYPE_CHECKING:
    from xentui.project.presets import PresetFile
    from xentui.session.target import BuildSurvey

_MAX_FILES = 3
"""Maximum number of files that are listed for a preset."""


class StartStep(StepMenu):
    """Step 1: the list of drafts, presets and project files to start from."""

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
        choices = [_draft(self.wizard)] if self._draft else []
        choices += self._existing()
        choices += [self._file(path) for path in self._files]
        choices += [self._preset(preset) for preset in self._presets]
        empty = self.session.empty_origin()
        scratch = partial(start_from, self.wizard, empty, texts.START_FROM_SCRATCH, "machine")
        board = "a QEMU board" if empty is EMPTY else empty.project.host.machine
        choices.append(Choice(f"Start from scratch: {board} and no guest", scratch))
        question = TextQuestion(
            self.wizard,
            "Which project file, or b",
            partial(open_file, self.wizard),
            ("A project file that xentui, or you, wrote before: board.toml",),
        )
        choices.append(Choice(texts.OPEN_FILE, lambda: self.wizard.open(question)))
        return choices

    def _existing(self) -> list[Choice]:
        """Return the choice that starts from the guests in the user's own files, if there are any.

        Empty until the build directory was read.
        """
        settings = self.session.target.user_settings
        if not settings or not settings.guests:
            return []

        def start() -> None:
            self.wizard.announce_project(self.session.start_from_existing())
            self.wizard.go_to_step("guests")

        keys = ", ".join(guest.key for guest in settings.guests)
        return [Choice(texts.EXISTING_GUESTS, start, keys, help_lines=settings.lines)]

    def _file(self, path: Path) -> Choice:
        def open_it() -> None:
            problem = open_file(self.wizard, str(path))
            if problem:
                self.say(problem)

        return Choice(f"Open {texts.short_path(path)}", open_it, help_lines=lambda: (str(path),))

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
            help_lines=partial(self._preset_lines, preset),
        )

    def _preset_lines(self, preset: PresetFile) -> list[str]:
        """Return a description of a preset, with the files that it writes."""
        origin = opening.origin_of_preset(preset.name)
        lines = [preset.description or preset.title or preset.name]
        if isinstance(origin, str):
            return [*lines, f"It cannot be used: {origin}"]
        view = self.session.view_of_origin(origin)
        files = [path for path in view.files if not path.endswith("layer.conf")]
        more = f" and {len(files) - _MAX_FILES} more" if len(files) > _MAX_FILES else ""
        board = boards.board(origin.project.host.machine)
        return [
            *lines,
            f"Guests: {', '.join(guest.key for guest in origin.project.guests) or 'none'}",
            f"Writes: {', '.join(files[:_MAX_FILES])}{more}",
            f"Free: {words.free_memory(view.budget)}",
            f"Board: {board.state_words}; {words.problem_counts(view)}",
        ]

    def _ask(self, preset: PresetFile) -> None:
        self.say(*self._preset_lines(preset))
        origin = opening.origin_of_preset(preset.name)
        if isinstance(origin, str):
            return
        start = partial(start_from, self.wizard, origin, f"start from {preset.name}")
        answers = (
            ("Review it, and write", partial(start, "review")),
            ("Go through the steps", partial(start, "machine")),
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
        draft = wizard.session.drafts.load()
        if draft is None:
            wizard.talk.say(texts.UNREADABLE_DRAFT)
            return
        note = wizard.session.resume_draft(draft.state)
        title = wizard.session.title
        wizard.announce_project(f"Resumed the draft of {draft.when}: {title}.", note)
        wizard.go_to_step("guests")

    return Choice(
        texts.RESUME,
        resume,
        help_lines=lambda: ("Unwritten changes from this folder.",),
    )


def start_from(wizard: Wizard, origin: Origin, label: str, step: str) -> None:
    """Start from a project, with this label for undo, and go to a step."""
    note = wizard.session.start_from(origin, label)
    wizard.announce_project(f"Started from {origin.name or 'scratch'}.", note)
    wizard.go_to_step(step)


def open_file(wizard: Wizard, path: str) -> str:
    """Start from a project file; return an error message or ""."""
    origin = opening.origin_of_file(path)
    if isinstance(origin, str):
        return origin
    start_from(wizard, origin, f"open {origin.name}", "guests")
    return ""
