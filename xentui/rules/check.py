# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run all rules on a project, and sort their findings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from xentui.bitbake.abilities import Abilities
from xentui.project import schema
from xentui.project.assets import NO_ASSETS, Assets, gather
from xentui.project.document import Loaded
from xentui.project.effective import EffectiveGuest
from xentui.project.model import Guest, Project
from xentui.rules import (
    boot,
    bundles,
    collisions,
    configs,
    containers,
    direct,
    guest_settings,
    host,
    imports,
    network,
    release,
    resources,
    sources,
    sources_on_disk,
)
from xentui.rules.catalogue import RANKS, Severity
from xentui.rules.context import Context, make_context
from xentui.rules.finding import Finding, QuickFix, failed, found

Rule = Callable[[Context], Iterable[Finding]]
GuestRule = Callable[[Context, EffectiveGuest], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    *host.RULES,
    *release.RULES,
    *resources.RULES,
    *bundles.RULES,
    *boot.RULES,
    *network.RULES,
    *collisions.RULES,
    *sources.RULES,
    *imports.RULES,
    *direct.RULES,
    *guest_settings.RULES,
    *containers.RULES,
)
"""Rules that look at the whole project."""

GUEST_RULES: tuple[GuestRule, ...] = (
    *bundles.GUEST_RULES,
    *boot.GUEST_RULES,
    *network.GUEST_RULES,
    *configs.GUEST_RULES,
    *guest_settings.GUEST_RULES,
    *sources.GUEST_RULES,
    *imports.GUEST_RULES,
    *sources_on_disk.GUEST_RULES,
)
"""Rules that look at one guest, called for each guest.

Their findings are cached while the guest and :func:`_common` stay the same. So they must not look
at other guests; rules that do are in :data:`RULES`.
"""

_TABLES = ("preset", "host", "containers", "defaults", "bundles", "guests", "import_types")


def check(
    project: Project,
    assets: Assets = NO_ASSETS,
    abilities: Abilities | None = None,
    holding: Callable[[Project], Project] | None = None,
) -> list[Finding]:
    """Return all findings of a project: errors first, then in the order of the document.

    Args:
        project: the project.
        assets: contents of the files that the project refers to; by default, none are known.
        abilities: features of the available layers; by default, those of the project's release.
        holding: as in :func:`xentui.rules.context.make_context`.
    """
    return check_all(make_context(project, assets, abilities, holding))


MOST_VERIFIED = 200
"""Maximum number of guest checks for verifying quick fixes; each takes some milliseconds."""


def check_all(context: Context) -> list[Finding]:
    """Return all findings of a project that has a context already.

    A quick fix is offered only if the rules accept the fixed project. In a project with so many
    fixes that this would take too long, they are offered unverified.
    """
    findings = _run_rules(context)
    offers = sum(len(finding.quick_fixes) for finding in findings)
    if offers * (len(context.guests) + 1) > MOST_VERIFIED:
        return findings
    return [_with_verified_fixes(context, finding, findings) for finding in findings]


def _with_verified_fixes(context: Context, finding: Finding, findings: list[Finding]) -> Finding:
    """Return a finding without the quick fixes that cause an error or an opposite fix."""
    kept = [one for one in finding.quick_fixes if _is_accepted(context, finding, one, findings)]
    if len(kept) == len(finding.quick_fixes):
        return finding
    return replace(finding, quick_fix=kept[0] if kept else None, others=tuple(kept[1:]))


def _is_accepted(
    context: Context, finding: Finding, fix: QuickFix, findings: list[Finding]
) -> bool:
    """Return whether a fix removes its finding without causing a new error or an opposite fix."""
    before = {(one.code, one.path) for one in findings}
    fixed = fix.apply(context.whole)
    after = _run_rules(make_context(fixed, context.assets, context.abilities, context.holding))
    same = (finding.code, finding.path, finding.message)
    if any((one.code, one.path, one.message) == same for one in after):
        return False
    new = [one for one in after if (one.code, one.path) not in before]
    return not any(
        one.severity is Severity.ERROR
        or any(back.apply(fixed) == context.whole for back in one.quick_fixes)
        for one in new
    )


def _run_rules(context: Context) -> list[Finding]:
    made: list[Finding] = []
    for rule in RULES:
        try:
            made.extend(rule(context))
        except Exception as error:  # noqa: BLE001 - other checks must still run
            made.append(failed(rule, error))
    kept = _kept_findings(_common(context))
    for guest in context.guests:
        if any(entry.uri.startswith("file://") for _, entry in guest.guest.fetches):
            # Rules read the contents of local files, which may change although the context does
            # not.
            made.extend(check_guest(context, guest))
            continue
        known = kept.get(id(guest.guest))
        if known is None:
            # The entry keeps the guest alive; otherwise a new object could get its id.
            known = kept[id(guest.guest)] = (guest.guest, check_guest(context, guest))
        made.extend(known[1])
    return in_order(context.whole, made)


def _common(context: Context) -> tuple[object, ...]:
    """Return everything except the guest on which the findings of a guest rule may depend."""
    project = context.project
    tables = (project.host, project.containers, project.defaults, project.bundles)
    files = (context.image_paths, context.folders, context.fetched, context.recipe_guests)
    return (*tables, project.import_types, *files, context.assets, context.abilities)


_Kept = dict[int, tuple[Guest, list[Finding]]]
_kept: deque[tuple[tuple[object, ...], _Kept]] = deque(maxlen=4)
_MOST_KEPT = 4000


def _kept_findings(common: tuple[object, ...]) -> _Kept:
    """Return the cache of guests' findings for equal contexts, by the guests' ids.

    An edit usually changes one guest, so that the findings on all others stay the same.
    """
    known = next((kept for other, kept in tuple(_kept) if other == common), None)
    if known is None or len(known) > _MOST_KEPT:
        known = {}
        _kept.appendleft((common, known))
    return known


def check_guest(context: Context, guest: EffectiveGuest) -> list[Finding]:
    """Return the findings of all guest rules for one guest, unsorted."""
    made: list[Finding] = []
    for rule in GUEST_RULES:
        try:
            made.extend(rule(context, guest))
        except Exception as error:  # noqa: BLE001 - other checks must still run
            made.append(failed(rule, error, f"guests.{guest.key}"))
    return made


def from_problems(problems: Iterable[schema.Problem]) -> Iterator[Finding]:
    """Yield a finding for each violation of the schema."""
    for problem in problems:
        yield found(problem.code, schema.dotted(problem.path), problem.message, problem.fix)


def findings(
    loaded: Loaded,
    assets: Assets | None = None,
    abilities: Abilities | None = None,
    holding: Callable[[Project], Project] | None = None,
) -> list[Finding]:
    """Return all findings of a project file.

    If it violates the schema, only these errors are returned, as all other rules need a project.

    Args:
        loaded: the file.
        assets: contents of the files that it refers to; by default, they are read.
        abilities: features of the available layers; by default, those of the project's release.
        holding: as in :func:`xentui.rules.context.make_context`.
    """
    if loaded.project is None:
        return list(from_problems(loaded.problems))
    if assets is None:
        assets = gather(loaded.project, loaded.directory)
    return check(loaded.project, assets, abilities, holding)


def in_order(project: Project, made: list[Finding]) -> list[Finding]:
    """Sort findings: errors first, then in the order of the document."""
    if not made:
        return made
    tables = {name: place for place, name in enumerate(_TABLES)}
    guests = {guest.key: place for place, guest in enumerate(project.guests)}
    fields = {field.name: place for place, field in enumerate(schema.fields("guest"))}

    def place(finding: Finding) -> tuple[int, ...]:
        table, _, rest = finding.path.partition(".")
        of_table = (RANKS[finding.severity], tables.get(table, -1))
        if table != "guests":
            return of_table
        key, _, name = rest.partition(".")
        return (*of_table, guests.get(key, -1), fields.get(name.partition(".")[0], -1))

    return sorted(made, key=place)
