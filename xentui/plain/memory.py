# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 5: the memory budget, and the rehearsal, which boots a real Xen in QEMU."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from xentui.plain import words
from xentui.plain.fields import FieldPrompt, StepMenu, step_heading
from xentui.plain.prompt import Choice, Item, Question, Wizard
from xentui.rehearsal import fetch
from xentui.rehearsal.parts import MissingPartsError
from xentui.session import field_paths, forms, rehearsing, texts
from xentui.session.findings import about_memory

if TYPE_CHECKING:
    from xentui.rehearsal.report import RehearsalReport
    from xentui.rehearsal.transcript import Event
    from xentui.rules.budget import Row


class MemoryStep(StepMenu):
    """The rows of the budget; a row that a field determines can be chosen."""

    title = "Memory"

    def heading(self) -> Iterable[str]:
        """Return the free memory."""
        yield f"{step_heading('memory')}. Free: {words.free_memory(self.session.view.budget)}"

    def items(self) -> Sequence[Item]:
        """Return the rows, and the findings about memory."""
        view = self.session.view
        items: list[Item] = []
        for row in view.budget.rows:
            path = forms.budget_path(row.kind, row.name)
            # A guest of the layers' bundles, or of the user's own settings, has no field here.
            if path is None or not field_paths.exists(self.session.project, path):
                items.append(f"{row.label}: {self._amount(row)}")
            else:
                items.append(self._choice(row, path))
        findings = about_memory(view.findings)
        items += [words.problem_line(finding) for finding in findings]
        if not findings:
            unlimited = any(row.kind == "dom0" and not row.mib for row in view.budget.rows)
            items.append(
                "Every guest that starts at boot fits, if Dom0 leaves as much as is free here."
                if unlimited
                else "Every guest that starts at boot fits."
            )
        items.append(Choice(texts.REHEARSE, partial(rehearse, self.wizard)))
        return items

    def _choice(self, row: Row, path: field_paths.Path) -> Choice:
        name = row.label if row.autostart else f"{row.label} (started by hand)"
        return Choice(name, partial(self._ask, path), self._amount(row), path)

    def _amount(self, row: Row) -> str:
        if row.kind == "dom0" and not row.mib:
            return row.note
        total = self.session.view.budget.total
        share = f", {round(100 * row.mib / total)} %" if total and row.kind != "total" else ""
        return f"{'about ' if row.estimate else ''}{row.mib:,} MiB{share}"

    def _ask(self, path: field_paths.Path) -> None:
        self.wizard.open(FieldPrompt(self.wizard, path, name_owner=True))


def rehearse(wizard: Wizard) -> None:
    """Rehearse the guests; ctrl+c stops it.

    Raises:
        XentuiError: the project cannot be rehearsed, or the rehearsal failed.
    """
    session, talk = wizard.session, wizard.talk
    talk.say("Looking for Xen, QEMU and a kernel. ctrl+c stops.")
    project, assets = session.project, session.view.assets

    def on_event(event: Event) -> None:
        number = f"guest {event.number} of {event.of}: " if event.number else ""
        talk.say(f"{number}{event.text}")

    try:
        parts = rehearsing.find_parts(project, assets)
    except MissingPartsError as missing:
        _offer_to_fetch(wizard, missing)
        return
    report = rehearsing.rehearse(project, assets, parts, progress=on_event, stop=lambda: False)
    _print_report(wizard, report)


def _print_report(wizard: Wizard, report: RehearsalReport) -> None:
    """Print the result of a rehearsal, and offer fixes."""
    talk, session = wizard.talk, wizard.session
    for guest in report.guests:
        talk.say(f"{guest.key}: {rehearsing.outcome(guest)[0]}")
        if not guest.started:
            talk.say(*(text for text, _ in rehearsing.details(guest)))
    talk.say(rehearsing.verdict(report)[0], *report.notes[:2])
    quick_fixes = rehearsing.quick_fixes(session.project, report, list(session.view.findings))
    if quick_fixes:
        answers = (
            (f"Fix: {quick_fix.label}", partial(wizard.apply_fix, quick_fix))
            for quick_fix in quick_fixes
        )
        wizard.open(Question(wizard, "What would help", (*answers, ("Back", lambda: None))))


def _offer_to_fetch(wizard: Wizard, missing: MissingPartsError) -> None:
    """Print what is missing, and offer to fetch it."""
    talk = wizard.talk
    talk.say(f"Not found: {missing.what}.")
    if not fetch.can_fetch():
        talk.say(f"{texts.UNPACK} {missing.packages}.")
        talk.say(texts.UNPACKED)
        return
    download = fetch.plan_download(missing.missing)
    talk.say("They are in packages of this system's own archive. ? lists those.")
    talk.say(texts.unpacked_into(fetch.cache_folder()))

    def fetch_them() -> None:
        fetch.fetch_packages(download, fetch.cache_folder(), say=talk.say)
        rehearse(wizard)

    answers = (("Back", lambda: None), ("Fetch them", fetch_them))
    packages = " ".join(download.packages)
    wizard.open(Question(wizard, f"Fetch {download.amount}?", answers, (packages,)))
