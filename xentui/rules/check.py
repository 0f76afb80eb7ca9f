# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Run all rules on a project, and sort their findings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
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
    dom0less,
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
from xentui.rules.finding import Finding, QuickFix, make_finding, rule_failure

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
    *dom0less.RULES,
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

Their findings are cached while the guest and :func:`_shared_input` stay the same. So they must not
look at other guests; rules that do are in :data:`RULES`.
"""

_TABLES = ("preset", "host", "containers", "defaults", "bundles", "guests", "import_types")
"""The tables of a project file, in the order of the document."""


def check(
    project: Project, assets: Assets = NO_ASSETS, abilities: Abilities | None = None
) -> list[Finding]:
    """Return all findings of a project: errors first, then in the order of the document.

    Args:
        project: the project.
        assets: contents of the files that the project refers to; by default, none are known.
        abilities: features of the available layers; by default, those of the project's release.
    """
    return check_context(make_context(project, assets, abilities))


_MAX_GUEST_CHECKS = 200
"""How often a guest may be checked to verify quick fixes; each time takes some milliseconds."""


def check_context(context: Context) -> list[Finding]:
    """Return all findings of a project whose context is already made.

    A quick fix is offered only if the rules accept the fixed project. If there are so many fixes
    that this would take too long, they are offered unverified.
    """
    findings = _run_rules(context)
    fixes = sum(len(finding.quick_fixes) for finding in findings)
    if fixes * (len(context.guests) + 1) > _MAX_GUEST_CHECKS:
        return findings
    return [_with_verified_fixes(context, finding, findings) for finding in findings]


def _with_verified_fixes(context: Context, finding: Finding, findings: list[Finding]) -> Finding:
    """Return a finding without the quick fixes that cause an error or an opposite fix."""
    accepted = [fix for fix in finding.quick_fixes if _is_accepted(context, finding, fix, findings)]
    return replace(finding, quick_fixes=tuple(accepted))


def _is_accepted(
    context: Context, finding: Finding, fix: QuickFix, findings: list[Finding]
) -> bool:
    """Return whether a fix removes its finding without causing a new error or an opposite fix."""
    before = {(each.code, each.path) for each in findings}
    fixed = fix.apply(context.full_project)
    after = _run_rules(
        make_context(fixed, context.assets, context.abilities, context.apply_user_settings)
    )
    unfixed = (finding.code, finding.path, finding.message)
    if any((each.code, each.path, each.message) == unfixed for each in after):
        return False
    return not any(
        each.severity is Severity.ERROR
        or any(opposite.apply(fixed) == context.full_project for opposite in each.quick_fixes)
        for each in after
        if (each.code, each.path) not in before
    )


def _run_rules(context: Context) -> list[Finding]:
    findings: list[Finding] = []
    for rule in RULES:
        try:
            findings.extend(rule(context))
        except Exception as error:  # noqa: BLE001 - other checks must still run
            findings.append(rule_failure(rule, error))
    cache = _guest_cache(_shared_input(context))
    for guest in context.guests:
        if any(entry.uri.startswith("file://") for _, entry in guest.guest.fetches):
            # Rules read the contents of local files, which may change although the context does
            # not.
            findings.extend(_run_guest_rules(context, guest))
            continue
        cached = cache.get(id(guest.guest))
        if cached is None:
            # The entry keeps the guest alive; otherwise a new object could get its id.
            cached = cache[id(guest.guest)] = (guest.guest, _run_guest_rules(context, guest))
        findings.extend(cached[1])
    return in_document_order(context.full_project, findings)


def _shared_input(context: Context) -> tuple[object, ...]:
    """Return all that a guest rule may look at, except the guest."""
    project = context.project
    tables = (project.host, project.containers, project.defaults, project.bundles)
    files = (
        context.image_paths,
        context.archive_folders,
        context.fetched_files,
        context.recipe_guests,
    )
    return (*tables, project.import_types, *files, context.assets, context.abilities)


_GuestCache = dict[int, tuple[Guest, list[Finding]]]
_caches: deque[tuple[tuple[object, ...], _GuestCache]] = deque(maxlen=4)
_MAX_CACHED = 4000


def _guest_cache(shared_input: tuple[object, ...]) -> _GuestCache:
    """Return the guests with their findings for this input, by the ``id`` of each guest.

    An edit usually changes one guest, so that the findings on all others stay the same.
    """
    cache = next((cache for other, cache in tuple(_caches) if other == shared_input), None)
    if cache is None or len(cache) > _MAX_CACHED:
        cache = {}
        _caches.appendleft((shared_input, cache))
    return cache


def _run_guest_rules(context: Context, guest: EffectiveGuest) -> list[Finding]:
    """Return the findings of all guest rules for one guest, unsorted."""
    findings: list[Finding] = []
    for rule in GUEST_RULES:
        try:
            findings.extend(rule(context, guest))
        except Exception as error:  # noqa: BLE001 - other checks must still run
            findings.append(rule_failure(rule, error, f"guests.{guest.key}"))
    return findings


def check_file(
    loaded: Loaded,
    assets: Assets | None = None,
    abilities: Abilities | None = None,
    apply_user_settings: Callable[[Project], Project] | None = None,
) -> list[Finding]:
    """Return all findings of a project file; only schema errors if it violates the schema.

    Args:
        loaded: the file.
        assets: contents of the files that it refers to; by default, they are read.
        abilities: features of the available layers; by default, those of the project's release.
        apply_user_settings: as in :func:`xentui.rules.context.make_context`.
    """
    if loaded.project is None:
        return [
            make_finding(each.code, schema.dotted(each.path), each.message, each.fix)
            for each in loaded.problems
        ]
    if assets is None:
        assets = gather(loaded.project, loaded.directory)
    return check_context(make_context(loaded.project, assets, abilities, apply_user_settings))


def in_document_order(project: Project, findings: list[Finding]) -> list[Finding]:
    """Sort findings: errors first, then in the order of the document."""
    tables = {name: number for number, name in enumerate(_TABLES)}
    guests = {guest.key: number for number, guest in enumerate(project.guests)}
    fields = {field.name: number for number, field in enumerate(schema.fields("guest"))}

    def rank(finding: Finding) -> tuple[int, ...]:
        table, _, rest = finding.path.partition(".")
        table_rank = (RANKS[finding.severity], tables.get(table, -1))
        if table != "guests":
            return table_rank
        key, _, name = rest.partition(".")
        return (*table_rank, guests.get(key, -1), fields.get(name.partition(".")[0], -1))

    return sorted(findings, key=rank)
