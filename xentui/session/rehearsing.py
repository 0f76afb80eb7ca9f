# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The rehearsal in the wizard: a real Xen in QEMU starts the guests, and fixes are proposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from xentui import rehearsal
from xentui.project import effective
from xentui.rehearsal import fetch, parts, plan
from xentui.rehearsal.report import GuestReport, RehearsalReport
from xentui.rules.quick_fixes import change_guest, set_guest_memory
from xentui.session.texts import StyledLine

if TYPE_CHECKING:
    from xentui.project.assets import Assets
    from xentui.project.model import Project
    from xentui.rehearsal.parts import Parts
    from xentui.rehearsal.transcript import Event
    from xentui.rules.finding import Finding, QuickFix

_LEAST = 32
"""The smallest memory in MiB that a fix gives a guest."""


def find_parts(project: Project, assets: Assets) -> Parts:
    """Return the programs that a rehearsal needs, installed or fetched before.

    Raises:
        MissingPartsError: something is missing.
        CannotRehearseError: the board cannot be rehearsed.
    """
    planned = plan.plan_rehearsal(project, assets)
    return parts.find_parts(None, fetch.cache_folder(), hvm=planned.hvm, arch=planned.arch)


def rehearse(
    project: Project,
    assets: Assets,
    parts: Parts,
    *,
    progress: Callable[[Event], None],
    stop: Callable[[], bool],
) -> RehearsalReport:
    """Boot a real Xen and start the guests; see :func:`xentui.rehearsal.rehearse`."""
    return rehearsal.rehearse(project, assets, parts, progress=progress, stop=stop)


def outcome(guest: GuestReport) -> StyledLine:
    """Return what became of a guest, in a few words."""
    if guest.status == "refused":
        why = "for want of memory" if guest.for_memory else "by xl"
        return f"refused {why}", "error"
    if guest.status == "crashed":
        return "crashed as it booted", "error"
    if guest.status == "not-reached":
        return "not reached", "warning"
    took = f", {guest.taken_kib / 1024:.1f} MiB" if guest.taken_kib is not None else ""
    words = {"running": "started", "silent": "started, silent", "paused": "created, paused"}
    return f"{words[guest.status]}{took}", "ok"


def details(guest: GuestReport) -> list[StyledLine]:
    """Return details about a guest: why it did not start, its console, xl's output."""
    lines: list[StyledLine] = []
    if guest.why and guest.started:
        lines.append((guest.why, "muted"))
    if guest.taken_kib is None and guest.free_kib is not None:
        free = guest.free_kib / 1024
        lines.append((f"needs {guest.predicted} MiB by the budget, {free:.1f} were free", ""))
    if guest.console:
        lines.append((f"its console: {guest.console}", ""))
    return [*lines, *((f"xl: {word}", "muted") for word in guest.words if word.strip())]


def verdict(report: RehearsalReport) -> StyledLine:
    """Return the overall result in one line."""
    if report.problem:
        return f"It ended early: {report.problem}.", "error"
    *_, last = report.lines()
    return last, "ok" if report.all_started and report.as_predicted is not False else "warning"


def quick_fixes(
    project: Project, report: RehearsalReport, findings: list[Finding]
) -> list[QuickFix]:
    """Return up to three fixes for guests that did not start for lack of memory.

    First up to two fixes that the rules propose for memory; if there are fewer, the guest is
    lowered to what was free. The last one lets an earlier guest start by hand instead.
    """
    refused = [guest for guest in report.guests if guest.for_memory]
    if not refused:
        return []
    proposed = [
        fix for finding in findings if finding.code.startswith("XT4") for fix in finding.quick_fixes
    ]
    lowered = [_lower_memory(project, guest) for guest in refused]
    waits = [_start_by_hand(project, report, guest) for guest in refused]
    less = {
        quick_fix.label: quick_fix
        for quick_fix in (*proposed[:2], *lowered)
        if quick_fix is not None
    }
    order = {quick_fix.label: quick_fix for quick_fix in waits if quick_fix is not None}
    return [*list(less.values())[:2], *order.values()][:3]


def _start_by_hand(
    project: Project, report: RehearsalReport, guest: GuestReport
) -> QuickFix | None:
    """Return the fix that starts an earlier guest by hand: the smallest one that is enough."""
    if guest.free_kib is None:
        return None
    lacking = guest.predicted * 1024 - guest.free_kib
    before = report.guests[: report.guests.index(guest)]
    enough = [
        guest for guest in before
        if guest.autostart and guest.taken_kib is not None and guest.taken_kib >= lacking
    ]  # fmt: skip
    if not enough:
        return None
    key = min(enough, key=lambda guest: guest.taken_kib or 0).key
    guests = {guest.key: guest for guest in project.guests}
    if key not in guests:
        return None
    tags = tuple(tag for tag in guests[key].tags if tag != "autostart")
    return change_guest(f"Start {key} by hand", key, tags=tags)


def _lower_memory(project: Project, guest: GuestReport) -> QuickFix | None:
    """Return the fix that gives a guest what was free."""
    own = next((own for own in project.guests if own.key == guest.key), None)
    if own is None or own.config_file is not None or guest.free_kib is None:
        return None
    memory = effective.effective(project, own).memory
    lacking = guest.predicted - guest.free_kib // 1024
    fits = memory - max(1, lacking)
    if fits < _LEAST:
        return None
    return set_guest_memory(f"Give {guest.key} {fits} MiB", {guest.key: fits})
