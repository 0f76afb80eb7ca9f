# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on a build directory, its layers and the machine that builds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from xentui.bitbake.abilities import Abilities
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.host import Host
from xentui.bitbake.recipes import Recipes
from xentui.errors import XentuiError
from xentui.rules.build import guests, host, layers, lines, names, release, settings
from xentui.rules.build.context import BuildContext, LocatedFinding
from xentui.rules.catalogue import RANKS
from xentui.rules.finding import rule_failure

Rule = Callable[[BuildContext], Iterable[LocatedFinding]]

RULES: tuple[Rule, ...] = (
    *lines.RULES,
    *layers.RULES,
    *release.RULES,
    *names.RULES,
    *settings.RULES,
    *guests.RULES,
    *host.RULES,
)


def check_build_dir(
    build: BuildDir,
    *,
    recipes: Callable[[], Recipes] | None = None,
    host: Host | None = None,
    written_for: Abilities | None = None,
    planned_bundles: frozenset[str] = frozenset(),
) -> list[LocatedFinding]:
    """Return all findings on a build directory: errors first, then by file and line.

    Args:
        build: the build directory.
        recipes: returns the layers' recipes; called when a rule first needs them. By default, the
            rules that need them report nothing.
        host: the machine that builds; by default, it is not checked.
        written_for: the layers' features when xentui wrote its settings; by default, changes since
            then are not reported.
        planned_bundles: names of bundle recipes that are about to be written.
    """
    context = BuildContext(build, recipes, host, written_for, planned_bundles)
    findings: dict[LocatedFinding, None] = {}
    for rule in RULES:
        try:
            findings.update(dict.fromkeys(rule(context)))
        except XentuiError:
            raise
        except Exception as error:  # noqa: BLE001 - other checks must still run
            findings[LocatedFinding(rule_failure(rule, error), None)] = None
    order = {file: number for number, file in enumerate(build.reader.files)}

    def rank(located: LocatedFinding) -> tuple[int, ...]:
        severity, location = RANKS[located.finding.severity], located.location
        if location is None:
            return severity, len(order)
        return severity, order.get(location.file, -1), location.line

    return sorted(findings, key=rank)
