# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Everything that is shown and follows from a state: worked out once, when it is asked for."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from xentui.errors import XentuiError
from xentui.project.assets import NO_ASSETS, Assets, gather
from xentui.project.model import Guest, Project
from xentui.session import places
from xentui.session.state import State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xentui.output.commands import Command
    from xentui.output.rendered import Content
    from xentui.rules.budget import Budget
    from xentui.rules.finding import Finding

UNFINISHED = "XT001"

STEP_OF = {
    "host": "machine",
    "containers": "features",
    "defaults": "features",
    "guests": "guests",
    "bundles": "guests",
    "import_types": "guests",
}


class View:
    """What follows from one state. Each part is worked out when it is first asked for."""

    def __init__(self, state: State, project_name: str) -> None:
        self.state = state
        self.project: Project = state.project
        self.project_name = project_name

    @cached_property
    def assets(self) -> Assets:
        """The files that the project names and that are at hand."""
        directory = self.state.origin.directory
        return gather(self.project, directory) if directory is not None else NO_ASSETS

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What is wrong or worth knowing: unfinished fields first, then what the rules say."""
        from xentui.rules.check import check
        from xentui.rules.finding import Finding, Severity

        unfinished = [
            Finding(
                code="",
                severity=Severity.ERROR,
                path=places.text_of_path(one.path),
                message=f"{places.field_of(one.path).title}: {one.message}",
                fix="",
            )
            for one in self.state.unfinished.values()
        ]
        return [*unfinished, *check(self.project, self.assets)]

    @cached_property
    def errors(self) -> Sequence[Finding]:
        """The findings that stand against writing."""
        from xentui.rules.finding import Severity

        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @cached_property
    def by_step(self) -> Mapping[str, Sequence[Finding]]:
        """The findings of each step."""
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(step_of(finding), []).append(finding)
        return found

    def of_path(self, prefix: str) -> Sequence[Finding]:
        """Return the findings at a path or below it."""
        return [f for f in self.findings if f.path == prefix or f.path.startswith(f"{prefix}.")]

    @cached_property
    def guest_severity(self) -> Mapping[str, int]:
        """The worst severity of each guest that has a finding, 0 the worst."""
        from xentui.rules.finding import Severity

        order = list(Severity)
        worst: dict[str, int] = {}
        for finding in self.findings:
            parts = finding.path.split(".")
            if len(parts) > 1 and parts[0] == "guests":
                rank = order.index(finding.severity)
                worst[parts[1]] = min(rank, worst.get(parts[1], rank))
        return worst

    @cached_property
    def budget(self) -> Budget:
        """Where the memory goes."""
        from xentui.rules.budget import budget

        return budget(self.project)

    @cached_property
    def _files_or_error(self) -> tuple[Mapping[str, Content], str]:
        from xentui.output.render import render

        try:
            return render(self.project, self.assets, origin=self.project_name).files, ""
        except XentuiError as error:
            return {}, error.message

    @property
    def files(self) -> Mapping[str, Content]:
        """What would be written, by relative path; empty where it cannot be."""
        return self._files_or_error[0]

    @property
    def render_error(self) -> str:
        """Why nothing can be written, or an empty text."""
        return self._files_or_error[1]

    def conf(self) -> str:
        """Return the configuration file."""
        text = self.files.get("conf/xentui.conf", "")
        return text if isinstance(text, str) else ""

    def recipes(self) -> str:
        """Return every recipe and append, each under its path."""
        parts = [
            f"## {path}\n\n{text}"
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        ]
        return "\n".join(parts)

    def cfg(self, guest: Guest) -> str:
        """Return the xl config of a guest, as the class will leave it on the target."""
        from xentui.output.guest_cfg import predicted

        try:
            return predicted(self.project, guest, self.assets)
        except XentuiError as error:
            return f"# {error.message}\n"

    @cached_property
    def layout(self) -> Sequence[str]:
        """The files on the target."""
        from xentui.output.target_layout import layout

        try:
            return layout(self.project)
        except XentuiError as error:
            return [error.message]

    @cached_property
    def start_order(self) -> Sequence[str]:
        """The guests that start by themselves, in their order."""
        from xentui.output.target_layout import start_order

        return start_order(self.project)

    @cached_property
    def commands(self) -> Sequence[Command]:
        """What to type next."""
        from xentui.output.commands import commands

        return commands(self.project)


def step_of(finding: Finding) -> str:
    """Return the step in which a finding is mended."""
    head = finding.path.split(".")[0].split("[")[0]
    if finding.code.startswith("XT4") and head not in ("guests", "containers"):
        return "memory"
    return STEP_OF.get(head, "machine" if finding.code.startswith("XT1") else "review")


def directory_of(path: Path | None) -> Path | None:
    """Return what paths in a project file are relative to."""
    return path.resolve().parent if path is not None else None
