# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the wizard shows of a state: findings, memory budget, generated files, next commands.

Importing this module loads the whole engine, so the session does it only after the first frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from xentui.errors import XentuiError
from xentui.output.commands import NextCommand, for_build_dir
from xentui.output.existing import adapt
from xentui.output.guest_cfg import predict_config
from xentui.output.render import render
from xentui.output.rendered import CONF, Content
from xentui.output.xentui_conf import guest_lines
from xentui.project import artifacts
from xentui.project.assets import Assets, changed, gather
from xentui.project.effective import EffectiveGuest, effective
from xentui.project.model import Guest, Project
from xentui.rules.budget import Budget, as_configured, budget_of
from xentui.rules.catalogue import Severity
from xentui.rules.check import check_context
from xentui.rules.context import Context, make_context
from xentui.rules.finding import Finding, allow_at, by_severity
from xentui.rules.scripts import script_findings
from xentui.session import field_paths
from xentui.session.existing import effective_project, keeps_memory
from xentui.session.findings import Findings
from xentui.session.guests import renamed_recipes
from xentui.session.state import State
from xentui.session.target import Destination

_MEMORY_IS_ASSUMED = "XT107"
"""The finding that a preset only assumes the board's total memory."""


class OtherGuest(NamedTuple):
    """A guest in the Dom0 image that the project does not have.

    Attributes:
        guest: the guest with its effective values.
        bundled_by: what installs it, in words: the user's settings or a bundle of the layers.
    """

    guest: EffectiveGuest
    bundled_by: str


class View:
    """Everything derived from one state; each part is computed on first use.

    Args:
        state: the state.
        destination: what the files depend on in the folder that they are written to.
    """

    def __init__(self, state: State, destination: Destination) -> None:
        self.state = state
        self.destination = destination

    @property
    def project(self) -> Project:
        """The project of the state."""
        return self.state.project

    @cached_property
    def assets(self) -> Assets:
        """The existing files that the project names, and what the layers have for it."""
        state, folder = self.state, self.destination.project_folder
        preset_folder = state.origin.directory if state.origin.path is None else None
        return replace(
            gather(state.project, folder, state.files, preset_folder),
            layer_bundles=self.destination.layer_bundles(state.project),
            installs_vxn=self.destination.installs_vxn(state.project),
            recipes=self.destination.recipe_names,
        )

    def files_changed(self) -> bool:
        """Return whether a file that was found has changed, or a missing one exists now."""
        return changed(self.assets)

    @cached_property
    def context(self) -> Context:
        """The context that the rules run on."""
        return make_context(self.project, self.assets, self.destination.abilities, self._as_built)

    @cached_property
    def invalid_text_findings(self) -> Sequence[Finding]:
        """A finding for each field with invalid text."""
        return [
            Finding(
                code="",
                severity=Severity.ERROR,
                path=field_paths.text_of_path(invalid.path),
                message=_with_title(field_paths.field_of(invalid.path).title, invalid.message),
                fix="",
            )
            for invalid in self.state.invalid_texts.values()
        ]

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """All findings: fields with invalid text first, then those of the rules and scripts.

        Findings about the last valid value of a field with invalid text are left out: that value
        is not on the screen.
        """
        found = check_context(self.context)
        if self.project.import_types:
            found = by_severity([*found, *script_findings(self.project, self.assets)])
        if self.project.host.memory != self.state.origin.project.host.memory:
            # The user has set the memory, so it is no longer an assumption.
            found = [finding for finding in found if finding.code != _MEMORY_IS_ASSUMED]
        if self.destination.recipe_names is None:
            # If the layers are known, the rules on the build directory report a missing recipe.
            found = [*found, *renamed_recipes(self.state.origin.project, self.project)]
        if self.state.allowed:
            found = allow_at(found, self.state.allowed)
        invalid = {finding.path for finding in self.invalid_text_findings}
        return [
            *self.invalid_text_findings,
            *(finding for finding in found if finding.path not in invalid),
        ]

    @cached_property
    def errors(self) -> Sequence[Finding]:
        """The findings that block writing."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @cached_property
    def indexed_findings(self) -> Findings:
        """The same findings, indexed by field and guest."""
        return Findings(self.findings)

    @cached_property
    def budget(self) -> Budget:
        """The memory budget."""
        return budget_of(self.context)

    @cached_property
    def _files_or_error(self) -> tuple[Mapping[str, Content], str]:
        to = self.destination
        try:
            rendered = render(
                self.project,
                self.assets,
                project_file=to.project_name,
                sets_machine=to.sets_machine,
                abilities=to.abilities,
            )
            if to.user_settings is not None and to.existing_use is not None:
                rendered = adapt(
                    rendered,
                    self.project,
                    to.user_settings,
                    to.existing_use,
                    project_file=to.project_name,
                )
        except XentuiError as error:
            return {}, error.message
        return rendered.files, ""

    @property
    def files(self) -> Mapping[str, Content]:
        """The generated files, by relative path; empty if they cannot be rendered."""
        return self._files_or_error[0]

    @property
    def render_error(self) -> str:
        """Why the files cannot be rendered, or an empty text."""
        return self._files_or_error[1]

    @cached_property
    def conf_lines(self) -> Sequence[str]:
        """The lines of conf/xentui.conf."""
        text = self.files.get(CONF)
        return text.removesuffix("\n").split("\n") if isinstance(text, str) else [""]

    def assignment_line(self, guest: Guest, variable: str) -> str:
        """Return the generated line that sets a variable for a guest, or an empty text."""
        start = f"{variable} "
        if guest.bundle is None:
            try:
                lines = guest_lines(self.project, guest)
            except XentuiError:
                return ""
            return next((line for line in lines if line.startswith(start)), "")
        text = self.recipes_text()
        at = text.find(f"\n{start}") + 1
        return text[at:].partition("\n")[0] if at else ""

    def recipes_text(self) -> str:
        """Return the text of all recipes and appends, each below its path."""
        parts = [
            f"## {path}\n\n{text}"
            for path, text in self.files.items()
            if isinstance(text, str) and path.endswith((".bb", ".bbappend"))
        ]
        return "\n".join(parts)

    def xl_config(self, guest: Guest) -> str:
        """Return a guest's xl config as the Xen classes will install it on the target."""
        project = self.effective_project
        try:
            return predict_config(project, self._effective_guest(guest), self.assets)
        except XentuiError as error:
            return f"# {error.message}\n"

    @cached_property
    def effective_project(self) -> Project:
        """The project as BitBake will see it, with the user's own settings where they win."""
        return self._as_built(self.project)

    def _as_built(self, project: Project) -> Project:
        return effective_project(
            project, self.destination.user_settings, self.destination.existing_use
        )

    def effective(self, guest: Guest) -> EffectiveGuest:
        """Return a guest's effective values, from BitBake's settings and its own xl config."""
        project = self.effective_project
        return as_configured(self.context, effective(project, self._effective_guest(guest)))

    def _effective_guest(self, guest: Guest) -> Guest:
        """Return a guest as it is in the effective project, if it is there."""
        guests = self.effective_project.guests
        return next((other for other in guests if other.key == guest.key), guest)

    @cached_property
    def other_guests(self) -> Sequence[OtherGuest]:
        """The guests in the Dom0 image that the project does not have."""
        own_keys = {guest.key for guest in self.project.guests}
        guests = [
            OtherGuest(effective(self.effective_project, guest), "your own settings")
            for guest in self.effective_project.guests
            if guest.key not in own_keys
        ]
        return guests + [
            OtherGuest(guest, f"the layers' bundle {guest.guest.bundle}")
            for guest in self.context.layer_guests
        ]

    @cached_property
    def layout(self) -> Sequence[str]:
        """The files that the guests add to the target, one per line."""
        try:
            return artifacts.layout(self.effective_project)
        except XentuiError as error:
            return [error.message]

    @cached_property
    def start_order(self) -> Sequence[str]:
        """The keys of guests that start at boot, in order."""
        return artifacts.start_order(self.effective_project)

    @cached_property
    def commands(self) -> Sequence[NextCommand]:
        """The next commands to type after writing."""
        to = self.destination
        return for_build_dir(
            self.effective_project, sets_memory=not keeps_memory(to.user_settings, to.existing_use)
        )


def _with_title(title: str, message: str) -> str:
    """Return a message, after its field's title unless it begins with that."""
    return message if message.startswith(title) else f"{title}: {message}"
