# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What ``xentui generate`` writes for one project: which files, where, and what to type next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError
from xentui.output import commands, existing, formats, fragment
from xentui.output.build_dir import abilities_of, attach_of, plan_project
from xentui.output.render import render
from xentui.output.writing.plan import plan
from xentui.output.xentui_conf import xentui_conf

if TYPE_CHECKING:
    from xentui.cli.projects import Chosen
    from xentui.output.build_dir import Attach
    from xentui.output.clashes import Clash
    from xentui.output.commands import NextCommand
    from xentui.output.existing import Use, UserSettings
    from xentui.output.rendered import Rendered
    from xentui.output.writing.change import Change
    from xentui.output.writing.plan import Plan
    from xentui.project.assets import Assets
    from xentui.project.model import Project


class UndecidedError(XentuiError):
    """Raised because lines that the user wrote would be overridden without consent.

    Attributes:
        findings: one for each line.
    """

    def __init__(self, settings: UserSettings, clashes: Sequence[Clash]) -> None:
        from xentui.session.existing import FIX, findings_of

        count = len(clashes)
        lines = "1 line" if count == 1 else f"{count} lines"
        super().__init__(
            f"writing would override {lines} of yours, so nothing was written", fix=FIX
        )
        self.findings = findings_of(settings, clashes)


FORMATS = (
    "tree", "kas", "kas-part", "bitbake-setup", "script", "fragment", "imagebuilder", "snippet",
)  # fmt: skip


@dataclass
class Job:
    """One project, and where its files go.

    Attributes:
        out: the folder of a self-contained tree, or ``None``.
        build: the build directory if there is no ``out``.
        layer: the folder of a build directory's layer.
        attach: how a build directory includes the settings.
        form: the format of a self-contained tree.
        commits: commits by repository, for pinned repositories of a complete format.
        existing: what to do with Xen settings that the user wrote in the build directory.
        taken: whether the project file is written, as these settings were taken into it.
    """

    chosen: Chosen
    project: Project
    assets: Assets
    out: Path | None = None
    build: Path | None = None
    layer: Path | None = None
    attach: Attach | None = None
    form: formats.Format = "tree"
    commits: Mapping[str, str] = field(default_factory=dict)
    existing: Use | None = None
    taken: bool = False

    def plan(self) -> Plan:
        """Return what writing would change now."""
        if self.build is None:
            return plan(self._rendered(), self._out)
        from xentui.session.existing import undecided

        settings = existing.read(self.build)
        use = self.existing or existing.noted(self.build, settings)
        made = plan_project(
            self.project,
            self.assets,
            self.build,
            origin=self.chosen.origin,
            layer=self.layer,
            attach=self.attach,
            settings=settings,
            existing=use,
        )
        clashes = undecided(settings, use, made, self.project)
        if clashes:
            raise UndecidedError(settings, clashes)
        return replace(made, changes=(*made.changes, *self._project_file()))

    def _project_file(self) -> Iterator[Change]:
        """Yield the change of the project file, and the files copied next to it, if any."""
        path = self.chosen.loaded.document.path
        if not self.taken or path is None:
            return
        from xentui.project import edit
        from xentui.session.writing import copy_change, text_change

        text = edit.update(self.chosen.loaded.document.text, self.project)
        yield text_change(path.parent, path.name, text)
        for name, source in self.assets.copies.items():
            yield copy_change(path.parent, name, source)

    def commands(self) -> list[NextCommand]:
        """Return what to type next."""
        if self.build is not None:
            from xentui.session.existing import keeps_memory, kept

            settings = existing.read(self.build)
            use = self.existing or existing.noted(self.build, settings)
            project, sets_memory = (
                kept(self.project, settings, use),
                not keeps_memory(settings, use),
            )
            if (self.attach or attach_of(self.build)) == "fragment":
                name = fragment.name(self.chosen.origin)
                return commands.fragment(project, name, None, sets_memory=sets_memory)
            return commands.commands(project, abilities_of(self.build), sets_memory=sets_memory)
        return formats.next_commands(
            self.form,
            self.project,
            origin=self.chosen.origin,
            out=self._out,
            has_layer=self.form == "tree" and bool(self._rendered().layer),
        )

    @property
    def _out(self) -> Path:
        return self.out if self.out is not None else Path()

    def _rendered(self) -> Rendered:
        return formats.render_as(
            self.form,
            self.project,
            self.assets,
            origin=self.chosen.origin,
            out=self._out,
            commits=self.commits,
        )


def snippet(project: Project, assets: Assets) -> tuple[str, list[str]]:
    """Return the settings as text to paste, and the layer's files that they also need.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
    """
    needed = render(project, assets).layer
    return xentui_conf(project, assets).lstrip("\n"), sorted(needed)
