# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Everything that is derived from a state for display, computed on first use."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import XentuiError
from xentui.project.model import Guest, Project
from xentui.session import field_paths
from xentui.session.guests import renamed_recipes
from xentui.session.state import State
from xentui.session.target import Destination

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from xentui.output.commands import NextCommand
    from xentui.output.rendered import Content
    from xentui.project.assets import Assets
    from xentui.project.effective import EffectiveGuest
    from xentui.rules.budget import Budget
    from xentui.rules.context import Context
    from xentui.rules.finding import Finding
    from xentui.session.findings import Findings


class OtherGuest(NamedTuple):
    """A guest on the target that the project does not have, and what bundles it."""

    guest: EffectiveGuest
    bundled_by: str


class View:
    """Everything derived from one state; each part is computed on first use.

    Args:
        state: the state.
        destination: the properties of the target that the files depend on.
    """

    def __init__(self, state: State, destination: Destination = Destination()) -> None:  # noqa: B008
        self.state = state
        self.destination = destination

    @property
    def project(self) -> Project:
        """The project of the state."""
        return self.state.project

    @property
    def project_name(self) -> str:
        """The project's name in the headers of generated files."""
        return self.destination.project_name

    @cached_property
    def assets(self) -> Assets:
        """The files that the project names, as far as they exist."""
        from xentui.project.assets import gather

        state = self.state
        beside = state.origin.directory if state.origin.path is None else None
        found = gather(state.project, self.destination.folder, state.files, beside)
        return replace(
            found,
            layer_bundles=self.destination.layer_bundles(state.project),
            installs_vxn=self.destination.installs_vxn(state.project),
            recipes=self.destination.recipe_names,
        )

    @property
    def copies(self) -> Mapping[str, Path]:
        """The files to copy next to the project file: current paths by future names."""
        return self.assets.copies

    @cached_property
    def context(self) -> Context:
        """The context that the rules run on."""
        from xentui.rules.context import make_context

        return make_context(self.project, self.assets, self.destination.abilities, self._holding)

    @cached_property
    def unfinished(self) -> Sequence[Finding]:
        """A finding for each field with invalid text."""
        from xentui.rules.catalogue import Severity
        from xentui.rules.finding import Finding

        return [
            Finding(
                code="",
                severity=Severity.ERROR,
                path=field_paths.text_of_path(one.path),
                message=_named(field_paths.field_of(one.path).title, one.message),
                fix="",
            )
            for one in self.state.unfinished.values()
        ]

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """All findings: fields with invalid text first, then those of the rules and scripts.

        Findings about the last valid value of a field with invalid text are left out: that value
        is not on the screen.
        """
        from xentui.rules.check import check_context

        found = check_context(self.context)
        if self.project.import_types:
            from xentui.rules.finding import by_severity
            from xentui.rules.scripts import script_findings

            found = by_severity([*found, *script_findings(self.project, self.assets)])
        if self.project.host.memory != self.state.origin.project.host.memory:
            # The user has just typed it.
            found = [finding for finding in found if finding.code != "XT107"]
        if self.destination.recipe_names is None:
            # Where the layers are known, a missing recipe is an error of the build directory.
            found = [*found, *renamed_recipes(self.state.origin.project, self.project)]
        if self.state.allowed:
            from xentui.rules.finding import allow_at

            found = allow_at(found, self.state.allowed)
        invalid = {finding.path for finding in self.unfinished}
        return [*self.unfinished, *(finding for finding in found if finding.path not in invalid)]

    @cached_property
    def errors(self) -> Sequence[Finding]:
        """The findings that block writing."""
        from xentui.rules.catalogue import Severity

        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @cached_property
    def found(self) -> Findings:
        """The findings of the project only, indexed by field and guest."""
        from xentui.session.findings import Findings

        return Findings(self.findings)

    @cached_property
    def budget(self) -> Budget:
        """The memory budget."""
        from xentui.rules.budget import budget_of

        return budget_of(self.context)

    @cached_property
    def _files_or_error(self) -> tuple[Mapping[str, Content], str]:
        from xentui.output.existing import adapted
        from xentui.output.render import render

        to = self.destination
        try:
            made = render(
                self.project,
                self.assets,
                project_file=to.project_name,
                machine=to.sets_machine,
                abilities=to.abilities,
            )
            if to.user_settings is not None and to.existing is not None:
                made = adapted(
                    made, self.project, to.user_settings, to.existing, project_file=to.project_name
                )
        except XentuiError as error:
            return {}, error.message
        return made.files, ""

    @property
    def files(self) -> Mapping[str, Content]:
        """The generated files, by relative path; empty if they cannot be rendered."""
        return self._files_or_error[0]

    @property
    def render_error(self) -> str:
        """Why the files cannot be rendered, or an empty text."""
        return self._files_or_error[1]

    def conf(self) -> str:
        """Return the text of conf/xentui.conf."""
        text = self.files.get("conf/xentui.conf", "")
        return text if isinstance(text, str) else ""

    @cached_property
    def conf_lines(self) -> Sequence[str]:
        """The lines of conf/xentui.conf."""
        return self.conf().removesuffix("\n").split("\n")

    def line_of(self, guest: Guest, variable: str) -> str:
        """Return the line that sets a variable for a guest, or an empty text."""
        start = f"{variable} "
        if guest.bundle is None:
            from xentui.output.xentui_conf import guest_lines

            try:
                lines = guest_lines(self.project, guest)
            except XentuiError:
                return ""
            return next((line for line in lines if line.startswith(start)), "")
        text = self.recipes()
        place = text.find(f"\n{start}") + 1
        return text[place:].partition("\n")[0] if place else ""

    def recipes(self) -> str:
        """Return the text of all recipes and appends, each below its path."""
        parts = [
            f"## {path}\n\n{text}"
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        ]
        return "\n".join(parts)

    def cfg(self, guest: Guest) -> str:
        """Return a guest's xl config as the Xen classes will install it on the target."""
        from xentui.output.guest_cfg import predicted

        held = next((one for one in self.kept.guests if one.key == guest.key), guest)
        try:
            return predicted(self.kept, held, self.assets)
        except XentuiError as error:
            return f"# {error.message}\n"

    @cached_property
    def kept(self) -> Project:
        """The project with the user's own settings that BitBake will use instead."""
        return self._holding(self.project)

    def _holding(self, project: Project) -> Project:
        from xentui.session.existing import kept

        return kept(project, self.destination.user_settings, self.destination.existing)

    def effective(self, guest: Guest) -> EffectiveGuest:
        """Return a guest's effective values, from BitBake's settings and its own xl config."""
        from xentui.project.effective import effective
        from xentui.rules.budget import as_configured

        held = guest
        if self.kept is not self.project:
            held = next((one for one in self.kept.guests if one.key == guest.key), guest)
        return as_configured(self.context, effective(self.kept, held))

    @cached_property
    def other_guests(self) -> Sequence[OtherGuest]:
        """The guests on the target that the project does not have."""
        from xentui.project.effective import effective

        mine = {guest.key for guest in self.project.guests}
        found = [
            OtherGuest(effective(self.kept, guest), "your own settings")
            for guest in self.kept.guests
            if guest.key not in mine
        ]
        return found + [
            OtherGuest(guest, f"the layers' bundle {guest.guest.bundle}")
            for guest in self.context.layer_guests
        ]

    @cached_property
    def layout(self) -> Sequence[str]:
        """The files on the target."""
        from xentui.project.artifacts import layout

        try:
            return layout(self.kept)
        except XentuiError as error:
            return [error.message]

    @cached_property
    def start_order(self) -> Sequence[str]:
        """The keys of guests that start at boot, in order."""
        from xentui.project.artifacts import start_order

        return start_order(self.kept)

    @cached_property
    def commands(self) -> Sequence[NextCommand]:
        """The next commands to type after writing."""
        from xentui.output.commands import commands
        from xentui.session.existing import keeps_memory

        to = self.destination
        return commands(self.kept, sets_memory=not keeps_memory(to.user_settings, to.existing))


def _named(title: str, message: str) -> str:
    """Return a message that names its field."""
    return message if message.startswith(title) else f"{title}: {message}"
