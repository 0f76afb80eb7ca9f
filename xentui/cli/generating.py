# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What ``xentui generate`` writes of one project: which files, where, and what to type next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from xentui.cli.projects import Chosen
    from xentui.output.build_dir import Attach
    from xentui.output.commands import NextCommand
    from xentui.output.plan import Plan
    from xentui.output.rendered import Rendered
    from xentui.project.assets import Assets
    from xentui.project.model import Project

Format = Literal["tree", "kas", "fragment"]
FORMATS = ("tree", "kas", "fragment", "snippet")


@dataclass
class Job:
    """One project, and where its files go.

    Attributes:
        out: folder of a tree of its own, or ``None``.
        build: build directory, where there is no ``out``.
        layer: where a build directory's layer goes.
        attach: how a build directory gets at the settings.
        form: what a tree of its own is made as.
    """

    chosen: Chosen
    project: Project
    assets: Assets
    out: Path | None = None
    build: Path | None = None
    layer: Path | None = None
    attach: Attach | None = None
    form: Format = "tree"

    def plan(self) -> Plan:
        """Return what writing would change now."""
        from xentui.output.plan import plan

        if self.build is None:
            return plan(self._rendered(), self._out)
        from xentui.output.build_dir import plan_project

        return plan_project(
            self.project,
            self.assets,
            self.build,
            origin=self.chosen.origin,
            layer=self.layer,
            attach=self.attach,
        )

    def commands(self) -> list[NextCommand]:
        """Return what to type next."""
        from xentui.output import commands

        if self.build is not None:
            from xentui.output.build_dir import attach_of

            if (self.attach or attach_of(self.build)) == "fragment":
                from xentui.output import fragment

                return commands.fragment(self.project, fragment.name(self.chosen.origin), None)
            return commands.commands(self.project)
        from xentui.output.rendered import CONF, LAYER

        root = self._out.absolute()
        if self.form == "kas":
            from xentui.output import kas

            return commands.kas(self.project, str(self._out / kas.FILE))
        if self.form == "fragment":
            from xentui.output import fragment

            name = fragment.name(self.chosen.origin)
            return commands.fragment(self.project, name, str(root / LAYER))
        layer = str(root / LAYER) if self._rendered().layer else None
        attached = commands.attach(self.project, str(root / CONF), layer)
        return [*attached, *commands.commands(self.project)]

    @property
    def _out(self) -> Path:
        return self.out if self.out is not None else Path()

    def _rendered(self) -> Rendered:
        origin = self.chosen.origin
        if self.form == "kas":
            from xentui.output import kas

            place = kas.layer_path(self._out)
            return kas.rendered(self.project, self.assets, origin=origin, layer=place)
        if self.form == "fragment":
            from xentui.output import fragment

            return fragment.rendered(self.project, self.assets, origin=origin)
        from xentui.output.render import render

        return render(self.project, self.assets, origin=origin)


def snippet(project: Project, assets: Assets) -> tuple[str, list[str]]:
    """Return the settings as text to paste, and the layer's files that they need besides.

    Raises:
        CannotCarry: a value cannot be written so that it is read back as it is.
    """
    from xentui.output.local_conf import local_conf
    from xentui.output.render import render

    needed = render(project, assets).layer
    return local_conf(project, assets).lstrip("\n"), sorted(needed)
