# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The guests on a real Xen in QEMU: a line for each thing that happens, and what would help."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from xentui.plain.ask import Question
from xentui.session import rehearsing

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard
    from xentui.rehearsal.parts import MissingPartsError
    from xentui.rehearsal.report import RehearsalReport
    from xentui.rehearsal.transcript import Event
    from xentui.rules.finding import QuickFix


def rehearse(wizard: Wizard) -> None:
    """Start the guests; ctrl+c stops it.

    Raises:
        XentuiError: the project cannot be rehearsed, or it failed.
    """
    from xentui.rehearsal.parts import MissingPartsError

    session, talk = wizard.session, wizard.talk
    talk.say("Looking for Xen, QEMU and a kernel. ctrl+c stops.")
    project, assets = session.project, session.view.assets

    def told(event: Event) -> None:
        number = f"guest {event.number} of {event.of}: " if event.number else ""
        talk.say(f"{number}{event.text}")

    try:
        parts = rehearsing.find_parts(project, assets)
    except MissingPartsError as missing:
        _lacking(wizard, missing)
        return
    report = rehearsing.rehearse(project, assets, parts, progress=told, stop=lambda: False)
    _reported(wizard, report)


def _reported(wizard: Wizard, report: RehearsalReport) -> None:
    talk, session = wizard.talk, wizard.session
    for guest in report.guests:
        talk.say(f"{guest.key}: {rehearsing.outcome(guest)[0]}")
        if not guest.started:
            talk.say(*(text for text, _ in rehearsing.details(guest)))
    talk.say(rehearsing.verdict(report)[0], *report.notes[:2])
    quick_fixes = rehearsing.quick_fixes(session.project, report, list(session.view.findings))
    if quick_fixes:
        helps = (
            (f"Fix: {quick_fix.label}", partial(_fix, wizard, quick_fix))
            for quick_fix in quick_fixes
        )
        wizard.open(Question(wizard, "What would help", (*helps, ("Back", lambda: None))))


def _fix(wizard: Wizard, quick_fix: QuickFix) -> None:
    project = quick_fix.apply(wizard.session.project)
    wizard.edit(project, quick_fix.label, f"Fixed: {quick_fix.label}.")


def _lacking(wizard: Wizard, missing: MissingPartsError) -> None:
    """Say what is missing, and fetch it where that can be and is agreed to."""
    from xentui.rehearsal import fetch

    talk = wizard.talk
    talk.say(f"Not found: {missing.what}.")
    if not fetch.possible():
        talk.say(f"Unpack these packages of Debian into a folder: {missing.packages}.")
        talk.say("Then, without the wizard: xentui rehearse PROJECT --parts FOLDER")
        return
    wanted = fetch.download(missing.missing)
    talk.say("They are in packages of this system's own archive. ? lists those.")
    talk.say(f"They are unpacked into {fetch.cache()}, and nothing is installed.")

    def take() -> None:
        fetch.fetch(wanted, fetch.cache(), say=talk.say)
        rehearse(wizard)

    title = f"Fetch {wanted.amount}?"
    answers = (("Back", lambda: None), ("Fetch them", take))
    wizard.open(Question(wizard, title, answers, (" ".join(wanted.packages),)))
