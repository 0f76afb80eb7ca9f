# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The review before writing: what would change on disk, what blocks it, what the user must decide.

The screens and the plain wizard show the same review: all its numbers and sentences come from
here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from xentui.bitbake.conf_types import line_ranges
from xentui.errors import Exit, XentuiError, counted
from xentui.output.clashes import Clash
from xentui.output.existing import EXISTING_USES
from xentui.output.formats import SELF_CONTAINED, Format
from xentui.output.rendered import Copy
from xentui.output.writing.change import Change
from xentui.output.writing.plan import Plan, mergeable
from xentui.rules.finding import Finding
from xentui.safe_text import visible
from xentui.session import texts
from xentui.session.examination import examination_after
from xentui.session.existing import OUTRANKS, clashes_to_decide, take_over
from xentui.session.texts import StyledLine
from xentui.session.view import View
from xentui.session.writing import plan_of

if TYPE_CHECKING:
    from xentui.session.edited_project import EditedProject

_MAX_DIFF = 800_000
"""Maximum number of characters of a new file for which a diff is computed."""
_MAX_NAMED = 8
"""Maximum number of files that are listed before writing; the rest is only counted."""

ATTACH = (("require", "one require line"), ("block", "a marked block"), ("none", "left alone"))
"""The ways for conf/local.conf to include the settings, with their titles."""
_FRAGMENT = ("fragment", "a fragment")

_ABOUT_EXISTING = (
    "Take over: the project gets your guests and values.",
    "Keep both: your lines stay in effect, and the project's other guests are added.",
    "Replace: the project's values take effect, and your other guests are dropped.",
)

_KEEP = "Keep both: your lines stay in effect."
_ABOUT_VALUES = (
    "Take over: the project gets your values.",
    _KEEP,
    "Replace: the project's values take effect.",
)

Status = Literal["refused", "errors", "undecided", "edited", "written", "ready"]
_STYLES: dict[Status, str] = {
    "refused": "error", "errors": "error", "undecided": "warning", "edited": "warning",
    "written": "ok", "ready": "ok",
}  # fmt: skip


class Decision(NamedTuple):
    """A question that the user must answer before anything is written.

    Attributes:
        kind: ``existing``: about the user's own settings in the build directory; ``edited``:
            about generated files that were edited by hand.
        question: the question, one sentence.
        details: the lines or files in question, and what each answer means.
        answers: the name and the label of each answer; ``back`` changes nothing.
    """

    kind: Literal["existing", "edited"]
    question: str
    details: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]


class Review:
    """The comparison of a session with the files on disk, made once per state.

    Args:
        session: the session to compare.
    """

    def __init__(self, session: EditedProject) -> None:
        self._session = session
        self._compared: object = None
        self._plan: Plan | None = None
        self._refused = ""
        self._code = Exit.OK
        self._clashes: Sequence[Clash] = ()
        self._taken: Sequence[str] = ()
        self._diff: list[str] | None = None
        self._seen_diff: list[str] | None = None

    # The comparison

    def compare(self, *, again: bool = False, examine: bool = True) -> bool:
        """Compare with the disk if the session changed; return whether it was compared.

        Args:
            again: compare in any case, as the files on disk may have changed.
            examine: also find what is wrong with the build directory; screens do that in
                another thread with :meth:`examine`.
        """
        session = self._session
        to = session.target
        changed_files = session.notice_changed_files()
        if self._compared == self._compared_values() and not again and not changed_files:
            return False
        to.refresh()
        self._plan, self._refused, self._clashes, self._diff = None, "", (), None
        self._code = Exit.OK
        try:
            to.read_user_settings()
            self._plan = plan_of(session)
            self._clashes = self._find_clashes()
            if examine:
                to.set_findings(self.examine())
        except XentuiError as error:
            self._refused = error.text
            self._code = error.exit_code
        except OSError as error:
            self._code = Exit.IO
            self._refused = f"{error.filename or to.path}: {error.strerror or error}"
        if self._refused:
            to.set_findings(())
        self._compared = self._compared_values()
        return True

    def _compared_values(self) -> tuple[object, ...]:
        """Return everything that the comparison depends on, except the files on disk."""
        to = self._session.target
        return (
            self._session.state,
            to.path,
            to.chosen_attach,
            to.chosen_layer,
            to.existing_use,
            to.output_format,
        )

    def examine(self, *, wait_for_recipes: bool = False) -> Sequence[Finding]:
        """Return the findings of the build directory as it would be after the plan.

        Args:
            wait_for_recipes: read the layers' recipes if they are not known yet.

        Raises:
            XentuiError: the build directory cannot be read.
        """
        if self._plan is None:
            return ()
        return examination_after(self._session, self._plan, wait_for_recipes=wait_for_recipes)()

    def _find_clashes(self) -> Sequence[Clash]:
        to = self._session.target
        if self._plan is None:
            return ()
        return clashes_to_decide(
            to.user_settings, to.existing_use, self._plan, self._session.project
        )

    @property
    def plan(self) -> Plan | None:
        """The plan; ``None`` if the comparison failed."""
        return self._plan

    @property
    def refused(self) -> str:
        """Why the comparison failed, or an empty text."""
        return self._refused

    @property
    def changes(self) -> Sequence[Change]:
        """The change of each file; the user's own files come first."""
        if self._plan is None:
            return ()
        return sorted(self._plan.changes, key=lambda change: not change.backup_suffix)

    # What blocks writing

    @property
    def findings(self) -> Sequence[Finding]:
        """Every finding of the project and of the build directory."""
        return self._session.findings.all

    @property
    def errors(self) -> Sequence[Finding]:
        """The findings that block writing."""
        return [finding for finding in self.findings if finding.severity.value == "error"]

    @property
    def clashes(self) -> Sequence[Clash]:
        """The user's lines that writing would override, until the user decides about them."""
        return self._clashes

    @property
    def status(self) -> Status:
        """Whether this can be written, or the first thing that blocks it."""
        if self._refused:
            return "refused"
        if self.errors:
            return "errors"
        if self._clashes:
            return "undecided"
        if self._plan is None or self._plan.edited:
            return "edited"
        return "ready" if self._plan.pending else "written"

    @property
    def blocked(self) -> bool:
        """Whether something must be fixed before writing."""
        return self.status == "refused" or (self.status == "errors" and not self._only_outranked)

    @property
    def _only_outranked(self) -> bool:
        """Whether the only errors are lines that override the project, which may be kept."""
        return bool(self.errors) and all(finding.code == OUTRANKS for finding in self.errors)

    @property
    def exit_code(self) -> int:
        """The exit code of a process that wrote nothing because something blocks it."""
        if self._code == Exit.OK and (self.errors or self._clashes):
            return Exit.FINDINGS
        return self._code

    @property
    def style(self) -> str:
        """The style of the summary."""
        return _STYLES[self.status]

    def summary(self) -> str:
        """Return a sentence: whether this can be written, and how many files would change."""
        session = self._session
        match self.status:
            case "refused":
                return self._refused
            case "errors":
                more = " You may keep your lines." if self._only_outranked else ""
                return f"Cannot be written yet: {self._error_counts()}.{more}"
            case "undecided":
                count = len(self._clashes)
                lines = "1 line" if count == 1 else f"{count} lines"
                return (
                    f"Writing would override {lines} that you wrote. Decide what happens to them."
                )
            case "edited":
                names = ", ".join(change.name for change in self._plan.edited) if self._plan else ""
                return f"Edited by hand: {names}. Decide what happens to it."
            case "written":
                return "Everything is written already."
        allowed = len(session.allowed_errors())
        more = f", {counted(allowed, 'error')} allowed" if allowed else ""
        return f"Ready: {self._file_counts()}{more}."

    def _error_counts(self) -> str:
        build = sum(f.severity.value == "error" for f in self._session.target.findings)
        own = len(self.errors) - build
        parts = [counted(own, "error")] if own else []
        parts += [f"{counted(build, 'error')} in the build directory"] if build else []
        return " and ".join(parts)

    def _file_counts(self) -> str:
        kinds = ("new", "changed", "removed")
        pending = self._plan.pending if self._plan is not None else ()
        counts = [(sum(change.kind == kind for change in pending), kind) for kind in kinds]
        return ", ".join(counted(count, f"{kind} file") for count, kind in counts if count)

    # Texts

    def diff_lines(self) -> list[str]:
        """Return the diff of all files, with notes and warnings before it."""
        if self._diff is None:
            if self._plan is None:
                return [self._refused]
            lines = [f"# {note}" for note in self._plan.notes]
            lines += [self._clash_line(clash) for clash in self._clashes]
            lines += self._kept_lines()
            for change in self.changes:
                lines += diff_of(change)
            self._diff = lines or ["Nothing would change."]
        return self._diff

    def _kept_lines(self) -> list[str]:
        """Return the user's own settings that are kept, or which of their lines may be deleted."""
        to = self._session.target
        if to.existing_use == "take" and not self._clashes:
            return [f"# {sentence}" for sentence in self._taken]
        if to.existing_use != "keep" or not to.user_settings:
            return []
        return [f"# stays: {line}" for line in to.user_settings.lines()]

    def _clash_line(self, clash: Clash) -> str:
        settings = self._session.target.user_settings
        if settings is None:
            return f"! {clash.location}: {clash.message}"
        return f"! {settings.file_and_line(clash.location)}: {clash.message}"

    @property
    def seen(self) -> bool:
        """Whether the user has seen the current diff."""
        return self._seen_diff == self.diff_lines()

    def mark_seen(self) -> None:
        """Remember that the user has seen the diff."""
        self._seen_diff = self.diff_lines()

    def confirmation(self, *, short: bool = False) -> list[StyledLine]:
        """Return the summary before writing: the change of each file, and allowed errors.

        Args:
            short: show files in the target folder by relative paths.
        """
        plan = self._plan
        pending = (*plan.edited, *plan.pending) if plan is not None else ()
        lines: list[StyledLine] = []
        for change in pending[:_MAX_NAMED]:
            path = self.short_name(change.path) if short else change.path
            lines.append((f"{texts.change_word(change.kind)}: {path}", ""))
        if len(pending) > _MAX_NAMED:
            lines.append((f"and {len(pending) - _MAX_NAMED} more", "muted"))
        if not pending:
            lines.append(("No file would change.", ""))
        for finding in self._session.allowed_errors():
            message = finding.message.removesuffix(" (allowed here)")
            lines.append((f"{finding.code} allowed: {message}", "warning"))
        return lines

    def short_name(self, path: Path) -> str:
        """Return a file's path relative to the target folder, or to the folder of the layer."""
        target, full = self._session.target, path.absolute()
        roots = [target.path.absolute()]
        roots += [target.layer_path.absolute().parent] if target.layer_path is not None else []
        root = next((root for root in roots if full.is_relative_to(root)), None)
        return str(full.relative_to(root)) if root is not None else texts.short_path(path)

    def target_lines(self) -> Sequence[str]:
        """Return the files that the guests add to the target, and their start order."""
        return target_lines(self._session.view)

    def question(self) -> str:
        """Return the question before writing."""
        return f"Write into {texts.short_path(self._session.target.path)}?"

    # Decisions

    def decision(self) -> Decision | None:
        """Return the next question to the user before writing, or ``None``."""
        if self._clashes:
            return self._existing_decision()
        if self._only_outranked:
            return Decision(
                "existing",
                "Your own lines override the project. Keep both?",
                (*(f"{finding.path}: {finding.message}" for finding in self.errors), "", _KEEP),
                (("keep", "Keep both"), ("back", "Back")),
            )
        if self._plan is not None and self._plan.edited:
            return self._edited_decision(self._plan)
        return None

    def _existing_decision(self) -> Decision:
        details = [self._clash_line(clash).removeprefix("! ") for clash in self._clashes]
        settings = self._session.target.user_settings
        guests = settings is not None and bool(settings.guests)
        return Decision(
            "existing",
            "What should happen to your own Xen settings?",
            (*details, "", *(_ABOUT_EXISTING if guests else _ABOUT_VALUES)),
            (
                ("take", "Take over"),
                ("keep", "Keep both"),
                ("replace", "Replace"),
                ("back", "Back"),
            ),
        )

    @staticmethod
    def _edited_decision(plan: Plan) -> Decision:
        answers = [("back", "Back"), ("keep", "Leave them alone"), ("take", "Overwrite, keep mine")]
        if mergeable(plan):
            answers.insert(1, ("merge", "Merge both"))
        many = len(plan.edited) > 1
        what = f"{len(plan.edited)} files were" if many else f"{plan.edited[0].name} was"
        question = f"{what} edited by hand; the diff shows how. What should happen to it?"
        return Decision(
            "edited", question, tuple(str(one.path) for one in plan.edited), tuple(answers)
        )

    def decide_existing(self, answer: str) -> str:
        """Apply the user's decision about their own settings; return a sentence about it.

        Args:
            answer: ``take``, ``keep`` or ``replace``.

        Raises:
            XentuiError: the user's files cannot be read.
        """
        use = next((use for use in EXISTING_USES if use == answer), None)
        if use is None:
            return ""
        sentence = "Your own settings stay, and the project is added."
        if use == "take":
            self._taken = _take_existing(self._session)
            sentence = " ".join(self._taken)
        elif use == "replace":
            sentence = "The project's settings will override yours."
        self._session.target.choose_existing_use(use)
        self.compare()
        return sentence


def _take_existing(session: EditedProject) -> list[str]:
    """Take the user's own settings into the project, as one undo step; return sentences."""
    settings = session.target.user_settings
    if settings is None:
        return []
    taken = take_over(session.project, settings)
    state = session.state.with_project(taken.project)
    for name, path in taken.files.items():
        state = state.with_file(name, path)
    session.switch_to(state, "take the settings of the build directory")
    left = {line.location for line in taken.left}
    places = [guest.location for guest in settings.guests]
    places += [one.location for one in (*settings.settings, *settings.without_effect)]
    sentences = ["Your settings are in the project now."]
    for sentence, lines in (
        ("You may delete their old lines: ", {*places} - left),
        ("Lines that a project cannot express stay in your files: ", left),
    ):
        inside = [
            line._replace(file=visible(line.file.removeprefix(f"{settings.build}/")))
            for line in lines
        ]
        if inside:
            sentences.append(f"{sentence}{', '.join(line_ranges(inside))}.")
    return sentences


def output_formats() -> tuple[tuple[Format, str], ...]:
    """Return the formats that can be chosen outside a build directory."""
    return (("tree", "files only"), *SELF_CONTAINED.items())


def attach_choices(current: str) -> tuple[tuple[str, str], ...]:
    """Return the ways to include the settings; a fragment only if it is in use already."""
    return (*ATTACH, _FRAGMENT) if current == "fragment" else ATTACH


def diff_of(change: Change) -> list[str]:
    """Return the lines of one file's diff; empty if nothing changes."""
    if change.kind == "same":
        return []
    new = change.new
    if change.kind == "new" and isinstance(new, str) and len(new) > _MAX_DIFF:
        return ["--- /dev/null", f"+++ {change.path}", *(f"+{line}" for line in new.split("\n"))]
    return change.diff().removesuffix("\n").split("\n")


def file_text(change: Change | None) -> str:
    """Return the future content of a file."""
    if change is None or change.new is None:
        return ""
    if isinstance(change.new, Copy):
        return f"A copy of {change.new.source}, {change.new.size} bytes."
    return change.new


def target_lines(view: View) -> Sequence[str]:
    """Return the files that the guests add to the target, and their start order."""
    lines = list(view.layout) or ["There are no guests, so nothing is added to the target."]
    return [*lines, *texts.start_order_lines(view.start_order, "  ")]
