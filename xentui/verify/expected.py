# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the assignments that BitBake should see: those in all files written for a project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from xentui.bitbake import build_dir, find_build_dir
from xentui.bitbake.conf_syntax import Statement, parse
from xentui.output import existing
from xentui.output.build_dir import abilities_of
from xentui.output.render import render
from xentui.output.rendered import CONF, Rendered
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project

_APPENDING = ("append", "prepend", "remove")


@dataclass(frozen=True, slots=True)
class ExpectedAssignment:
    """One assignment.

    Attributes:
        recipe: the recipe that it is for.
        in_conf: whether it is in the configuration and not in a recipe.
        variable: the name without overrides.
        operator: ``=``, ``+=`` … or ``:append``, ``:prepend``, ``:remove``.
        overrides: overrides that must be active in addition to ``pn-<recipe>``.
        recipe_only: whether it is for that recipe only (``pn-``).
    """

    recipe: str
    in_conf: bool
    variable: str
    flag: str
    operator: str
    value: str
    overrides: tuple[str, ...] = ()
    recipe_only: bool = False

    @property
    def left_side(self) -> str:
        """The assignment as written up to its operator, after the name of its recipe."""
        where = "" if self.in_conf else f"{self.recipe}: "
        operation = self.operator if self.operator.startswith(":") else ""
        overrides = "".join(f":{override}" for override in self.overrides)
        scope = f":pn-{self.recipe}" if self.recipe_only else ""
        flag = f"[{self.flag}]" if self.flag else ""
        sign = "=" if operation else self.operator
        return f"{where}{self.variable}{operation}{overrides}{scope}{flag} {sign}"

    @property
    def adds(self) -> bool:
        """Whether it adds words to the value of other assignments."""
        return self.operator in (":append", ":prepend", "+=", "=+", ".=", "=.")


def expected_assignments(
    project: Project, assets: Assets = NO_ASSETS, build: Path | None = None
) -> list[ExpectedAssignment]:
    """Return all assignments that are written for a project, in the order of the files.

    Args:
        project: the project.
        assets: the contents of the files that the project names.
        build: the build directory, whose own settings may have been kept or replaced.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
    """
    if build is None or not find_build_dir.is_build_dir(build):
        rendered = render(project, assets)
    else:
        layers = build_dir.read(build)
        abilities = abilities_of(layers) if layers.has_core else None
        rendered = render(project, assets, abilities=abilities)
        settings = existing.read(build)
        use = existing.recorded_use(build, settings)
        if use is not None:
            rendered = existing.adapt(rendered, project, settings, use, project_file="")
    return list(_assignments(rendered, dom0_image(project)))


def _assignments(rendered: Rendered, dom0: str) -> Iterator[ExpectedAssignment]:
    for statement in parse(rendered.conf[CONF], CONF).statements:
        if statement.kind == "assign":
            yield _expected(statement, dom0, conf=True)
    for path, text in rendered.recipes.items():
        recipe = PurePosixPath(path).stem.partition("_")[0]
        for statement in parse(text, f"{recipe}.bb").statements:
            if statement.kind == "assign":
                yield _expected(statement, recipe, conf=False)


def _expected(statement: Statement, recipe: str, *, conf: bool) -> ExpectedAssignment:
    variable, *overrides = statement.variable.split(":")
    operator = statement.operator
    if overrides and overrides[0] in _APPENDING:
        operator = f":{overrides.pop(0)}"
    named = next((o.removeprefix("pn-") for o in overrides if o.startswith("pn-")), None)
    return ExpectedAssignment(
        recipe if named is None else named,
        conf,
        variable,
        statement.flag,
        operator,
        statement.value,
        tuple(o for o in overrides if not o.startswith("pn-")),
        named is not None,
    )
