# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Query BitBake for all settings of a project, and report where its values differ."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from xentui.bitbake.find_build_dir import is_build_dir
from xentui.output import existing
from xentui.output.rendered import CONF
from xentui.project.assets import Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project
from xentui.safe_text import quoted, visible
from xentui.verify.bitbake import NoRecipeError
from xentui.verify.compare import Verdict, compare
from xentui.verify.environment import Environment, Event, Variable, parse
from xentui.verify.expected import ExpectedAssignment, expected_assignments
from xentui.verify.implied import compare_implied


class BitBakeRunner(Protocol):
    """The queries of :class:`xentui.verify.bitbake.BitBake`; tests answer from recorded output."""

    def environment(self, recipe: str | None) -> str:
        """Return the output of ``bitbake -e`` for a recipe, or for the configuration only."""
        ...

    def flag(self, recipe: str, variable: str, flag: str) -> str | None:
        """Return the unexpanded value of a flag."""
        ...


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """The results of comparing a project with BitBake.

    Attributes:
        build: the build directory.
        recipes: the recipes that were queried; empty for the configuration only.
        verdicts: one per assignment, in the order of the files, then differences in other values.
        notes: possible reasons for differences.
    """

    build: Path
    recipes: tuple[str, ...]
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]

    @property
    def counts(self) -> dict[str, int]:
        """The number of assignments by status."""
        return {
            status: sum(verdict.status == status for verdict in self.verdicts)
            for status in ("agrees", "differs", "unseen", "extra")
        }

    @property
    def agrees(self) -> bool:
        """Whether BitBake has every value of the project."""
        return all(verdict.status == "agrees" for verdict in self.verdicts)

    def lines(self, *, everything: bool = False) -> Iterator[str]:
        """Yield the lines of the text report: differences or all verdicts, and a summary."""
        for verdict in self.verdicts:
            if everything or verdict.status != "agrees":
                yield self._line(verdict)
        yield from self.notes
        counts = self.counts
        total = sum(counts.values()) - counts["extra"]
        yield ", ".join(
            [f"{counts['agrees']} of {total} settings agree"]
            + ([f"{counts['differs']} differ"] if counts["differs"] else [])
            + ([f"{counts['unseen']} unseen"] if counts["unseen"] else [])
            + ([f"{counts['extra']} not in the project"] if counts["extra"] else [])
        )

    def data(self) -> dict[str, Any]:
        """Return the report as data for JSON."""
        return {
            "version": 1,
            "build_dir": str(self.build),
            "asked": list(self.recipes),
            "settings": [
                {
                    "recipe": verdict.expected.recipe,
                    "variable": verdict.expected.variable,
                    "flag": verdict.expected.flag or None,
                    "operator": verdict.expected.operator,
                    "expected": verdict.expected.value,
                    "seen": verdict.seen,
                    "status": verdict.status,
                    "file": verdict.file or None,
                    "line": verdict.line or None,
                    "reason": verdict.reason or None,
                }
                for verdict in self.verdicts
            ],
            "notes": list(self.notes),
            "summary": self.counts,
        }

    def _line(self, verdict: Verdict) -> str:
        expected = verdict.expected
        place = ""
        if verdict.file:
            file = verdict.file.removeprefix(f"{self.build}{os.sep}")
            place = f" ({visible(file)}:{verdict.line})"
        what = f"{verdict.status:7} {expected.left_side} {quoted(expected.value)}"
        if verdict.status == "agrees":
            return visible(f"{what}{place}")
        if verdict.status == "extra":
            seen = quoted(verdict.seen or "")
            text = f"{verdict.status:7} {expected.variable} has {seen}: {verdict.reason}{place}"
            return visible(text)
        if verdict.status == "unseen" or expected.adds:
            return visible(f"{what}: {verdict.reason}{place}")
        return visible(f"{what}: BitBake has {quoted(verdict.seen or '')}{place}")


def verify(
    project: Project,
    assets: Assets,
    build: Path,
    bitbake: BitBakeRunner,
    *,
    quick: bool = False,
    progress: Callable[[str | None, int, int], None] = lambda _recipe, _number, _of: None,
) -> VerifyReport:
    """Compare all settings of a project with the values that BitBake has.

    Args:
        project: the project.
        assets: the contents of the files that the project names.
        build: the build directory.
        bitbake: runs BitBake.
        quick: query the configuration only, without recipes.
        progress: called before each query with the recipe, its number and the total.

    Raises:
        InputError: BitBake failed, or no layer has the Dom0 image.
    """
    assignments = expected_assignments(project, assets, build)
    assigned = {(expected.variable, expected.flag) for expected in assignments}
    if quick:
        assignments = [expected for expected in assignments if expected.in_conf]
    dom0 = dom0_image(project)
    recipes = [None] if quick else list(dict.fromkeys([dom0, *(e.recipe for e in assignments)]))
    by_assignment: dict[ExpectedAssignment, Verdict | None] = {}
    implied: list[Verdict] = []
    included: list[str] = []
    for number, recipe in enumerate(recipes, 1):
        progress(recipe, number, len(recipes))
        of_recipe = [expected for expected in assignments if quick or expected.recipe == recipe]
        try:
            environment = parse(bitbake.environment(recipe))
        except NoRecipeError as error:
            if recipe == dom0:
                raise
            by_assignment |= {
                expected: Verdict(expected, "unseen", reason=error.message)
                for expected in of_recipe
            }
            continue
        included = included or environment.included
        implied += compare_implied(project, recipe, environment, assigned)
        for expected in of_recipe:
            verdict = compare(expected, environment, quick=quick)
            if recipe is not None and verdict is not None and verdict.status == "unseen":
                verdict = _query_flag(verdict, recipe, bitbake)
            by_assignment[expected] = verdict
    user_settings = _kept_user_settings(build)
    verdicts = [v for expected in assignments if (v := by_assignment.get(expected)) is not None]
    verdicts += [
        verdict
        for verdict in dict.fromkeys(implied)
        if (verdict.expected.variable, _flag_or_guest(verdict)) not in user_settings
    ]
    queried = tuple(recipe for recipe in recipes if recipe is not None)
    return VerifyReport(build, queried, tuple(verdicts), _notes(verdicts, included))


def _kept_user_settings(build: Path) -> set[tuple[str, str]]:
    """Return the user's own settings that xentui keeps: variables with their flag or guest."""
    if not is_build_dir(build):
        return set()
    settings = existing.read(build)
    if existing.recorded_use(build, settings) != "keep":
        return set()
    guests = {(existing.GUESTS, guest.key) for guest in settings.guests}
    return guests | {(one.variable, one.flag) for one in settings.settings}


def _flag_or_guest(verdict: Verdict) -> str:
    """Return the flag that a verdict is about, or the bundled guest that the project lacks."""
    if verdict.status == "extra":
        return (verdict.seen or "").partition(":")[0]
    return verdict.expected.flag


def _query_flag(verdict: Verdict, recipe: str, bitbake: BitBakeRunner) -> Verdict:
    """Compare again with a queried flag: ``bitbake -e`` prints none of Python tasks."""
    expected = verdict.expected
    if not expected.flag or not expected.variable.startswith("do_"):
        return verdict
    value = bitbake.flag(recipe, expected.variable, expected.flag)
    if value is None:
        return verdict
    event = Event("set", expected.flag, "", 0, value)
    return compare(expected, Environment({expected.variable: Variable([event])})) or verdict


def _notes(verdicts: list[Verdict], included: list[str]) -> tuple[str, ...]:
    unseen = [verdict for verdict in verdicts if verdict.status == "unseen"]
    notes = []
    name = CONF.rpartition("/")[2]
    read = not included or any(file.rpartition("/")[2] == name for file in included)
    if not read and any(verdict.expected.in_conf for verdict in unseen):
        notes.append(f"BitBake did not read {CONF}: xentui generate --build-dir attaches it.")
    if any(not verdict.expected.in_conf for verdict in unseen):
        notes.append("BitBake does not know xentui's layer: bitbake-layers show-layers lists it.")
    return tuple(notes)
