# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What became of each of several projects: the summary, for people and for machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.cli import terminal
from xentui.cli.reports import counted
from xentui.errors import RefusedError, XentuiError
from xentui.safe_text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xentui.output.plan import Change


class ProjectResult:
    """What became of one project of several, for the summary."""

    def __init__(self, name: str, out: Path | None) -> None:
        self.name = name
        self.out = out
        self.files: list[Change] = []
        self.error: XentuiError | None = None

    @property
    def state(self) -> str:
        """``failed``, ``changed`` or ``same``."""
        return "failed" if self.error else "changed" if self.files else "same"

    def data(self) -> dict[str, Any]:
        """Return it for machines."""
        return {
            "project": self.name,
            "out": None if self.out is None else str(self.out),
            "state": self.state,
            "files": files(self.files),
            "error": self.error.message if self.error else None,
        }


def files(changes: Iterable[Change]) -> list[dict[str, str]]:
    """Return files and what happens to each, for machines."""
    return [{"path": str(change.path), "kind": change.kind} for change in changes]


def summary(made: Sequence[ProjectResult], *, looks: bool) -> str:
    """Return a line for each project and one for all.

    Args:
        made: what became of them.
        looks: whether nothing was to be written.
    """
    lines = [f"{visible(done.name)}: {_said(done, looks=looks)}\n" for done in made]
    told = ", ".join(f"{number} {name}" for name, number in counts(made).items() if number)
    return "".join([*lines, f"{counted(len(made), 'project')}: {told}\n"])


def _said(done: ProjectResult, *, looks: bool) -> str:
    if done.error is not None:
        return "nothing was written" if isinstance(done.error, RefusedError) else "failed"
    if not done.files:
        return "as it should be"
    number = counted(len(done.files), "file")
    return f"{number} would change" if looks else f"{number} written into {visible(str(done.out))}"


def counts(made: Sequence[ProjectResult]) -> dict[str, int]:
    """Return how many projects there are of each state."""
    return {
        state: sum(done.state == state for done in made) for state in ("changed", "same", "failed")
    }


def report(made: Sequence[ProjectResult], **more: Any) -> None:
    """Print the report for machines."""
    terminal.put_json(
        {"version": 1, "projects": [done.data() for done in made], "summary": counts(made), **more}
    )
