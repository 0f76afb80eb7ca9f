# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui show``: what would be written, and what would land on the target."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, projects, terminal, values
from xentui.errors import Exit, UsageError
from xentui.output import boot
from xentui.output.commands import commands
from xentui.output.guest_cfg import all_predicted
from xentui.output.normalise_cfg import difference
from xentui.output.render import render
from xentui.project.artifacts import layout, start_order
from xentui.project.tables import to_data
from xentui.rules.budget import budget
from xentui.safe_text import quoted

if TYPE_CHECKING:
    from xentui.cli.projects import ChosenProject
    from xentui.output.rendered import Rendered
    from xentui.project.assets import Assets
    from xentui.project.model import Project

WHAT = ("conf", "recipes", "layer", "boot", "cfg", "layout", "budget", "commands", "project")


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "show",
        description="Shows what would be written and what would be on the target; writes nothing.\n"
        "\n"
        "  conf      conf/xentui.conf\n"
        "  recipes   bundle recipes and the append of the Dom0 image\n"
        "  layer     every other file of the layer\n"
        "  boot      the script or .cfg that starts Xen, where xentui writes it\n"
        "  cfg       the xl config of each guest, as it will be on the target\n"
        "  layout    the files that the guests add to the target\n"
        "  budget    the memory budget\n"
        "  commands  what to type, from the build to a guest's console\n"
        "  project   the project itself; with --effective every value and its origin",
    )
    parsing.add_project_arguments(parser)
    parser.add_argument(
        "--what",
        action="append",
        default=[],
        metavar="THING",
        help="one or more of the above, separated by commas; repeatable; default: all",
    )
    parser.add_argument(
        "--effective",
        action="store_true",
        help="with project: also show the values that were left at their default",
    )
    parsing.add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the parts that were asked for."""
    wanted = _wanted(args.what, effective=args.effective)
    chosen = projects.load(args, projects.paths_of(args)[0])
    project, assets = projects.require_valid(chosen)
    view = _View(chosen, project, assets, args.effective)
    if args.json:
        terminal.print_json({"version": 1, **{what: _DATA[what](view) for what in wanted}})
        return Exit.OK
    for number, what in enumerate(wanted):
        text = _TEXT[what](view)
        if len(wanted) > 1:
            heading = f"== {what} "
            text = f"{heading}{'=' * (79 - len(heading))}\n{text or '(nothing)'}"
            terminal.print_data(f"\n{text}" if number else text)
        else:
            terminal.print_data(text)
    if "cfg" in wanted:
        _offer(project, assets)
    return Exit.OK


def _offer(project: Project, assets: Assets) -> None:
    """Print how the user's xl configs must change so that the classes rewrite them correctly."""
    for guest in project.guests:
        config = assets.texts.get(guest.config_file or "")
        if config is not None:
            terminal.print_message(difference(project, guest, config))


@dataclass(frozen=True)
class _View:
    """A project with everything that can be shown of it, computed when first needed."""

    chosen: ChosenProject
    project: Project
    assets: Assets
    effective: bool

    @cached_property
    def rendered(self) -> Rendered:
        return render(self.project, self.assets, project_file=self.chosen.origin)

    @property
    def boot(self) -> dict[str, str]:
        """The script or the .cfg that starts Xen."""
        return boot.shown(self.project)

    @property
    def who_starts_xen(self) -> str:
        """Who starts Xen, and how."""
        return boot.who_starts(self.project)

    @property
    def conf(self) -> dict[str, str]:
        return dict(self.rendered.conf)

    @property
    def recipes(self) -> dict[str, str]:
        return self.rendered.recipes

    @property
    def layer(self) -> dict[str, str]:
        others = self.conf.keys() | self.recipes.keys()
        return {
            path: content
            for path, content in self.rendered.files.items()
            if isinstance(content, str) and path not in others
        }

    @property
    def cfg(self) -> dict[str, str]:
        return dict(all_predicted(self.project, self.assets))


def _wanted(given: list[str], *, effective: bool) -> list[str]:
    asked = [word.strip() for item in given for word in item.split(",")]
    for word in asked:
        if word not in WHAT:
            raise UsageError(
                f"--what {quoted(word)} is unknown", fix=f"Use one of {', '.join(WHAT)}."
            )
    if not asked:
        return ["project"] if effective else list(WHAT)
    return [what for what in WHAT if what in asked]


def _layout(view: _View) -> list[str]:
    return layout(view.project)


def _layout_text(view: _View) -> str:
    order = start_order(view.project)
    started = f"# started in this order: {', '.join(order)}\n" if order else ""
    return _joined(_layout(view)) + started


def _budget(view: _View) -> dict[str, Any]:
    found = budget(view.project, view.assets)
    return {
        "rows": [
            {
                "name": row.name,
                "label": row.label,
                "kind": row.kind,
                "mib": row.mib,
                "estimate": row.estimate,
                "autostart": row.autostart,
                "note": row.note,
            }
            for row in found.rows
        ],
        "total": found.total,
        "free": found.free,
        "free_all": found.free_all,
        "fits": found.fits,
        "fits_all": found.fits_all,
    }


def _budget_text(view: _View) -> str:
    rows = _budget(view)["rows"]
    width = max(len(row["label"]) for row in rows)
    lines = []
    for row in rows:
        amount = f"{'~' if row['estimate'] else ''}{row['mib']}"
        notes = [row["note"]] if row["note"] else []
        if not row["autostart"]:
            notes.append("not started automatically")
        start = f"{row['label']:{width}}  {amount:>8} MiB  "
        line = f"{start}{'; '.join(notes)}".rstrip()
        lines.append(terminal.wrap(line, sys.stdout, hanging=len(start)))
    return _joined(lines)


def _commands(view: _View) -> list[dict[str, str]]:
    return [{"step": c.step, "line": c.line, "note": c.note} for c in commands(view.project)]


def _commands_text(view: _View) -> str:
    lines: list[str] = []
    step = ""
    for command in _commands(view):
        if command["step"] != step:
            step = command["step"]
            lines.append(f"# {step}")
        if command["note"]:
            lines.append(f"#   {command['note']}")
        lines.append(command["line"])
    return _joined(lines)


def _project(view: _View) -> dict[str, Any]:

    return values.values(view.project) if view.effective else to_data(view.project)


def _project_text(view: _View) -> str:
    if view.effective:
        return _joined(values.lines(view.project))
    text = view.chosen.loaded.document.text
    if not view.chosen.changed:
        return text
    from xentui.project import edit

    return edit.update(text, view.project)


def _files_text(files: dict[str, str]) -> str:
    return "\n".join(f"# --- {path} ---\n{text}" for path, text in files.items())


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_DATA: dict[str, Callable[[_View], Any]] = {
    "conf": lambda view: view.conf,
    "recipes": lambda view: view.recipes,
    "layer": lambda view: view.layer,
    "boot": lambda view: view.boot,
    "cfg": lambda view: view.cfg,
    "layout": _layout,
    "budget": _budget,
    "commands": _commands,
    "project": _project,
}
_TEXT: dict[str, Callable[[_View], str]] = {
    "conf": lambda view: "\n".join(view.conf.values()),
    "recipes": lambda view: _files_text(view.recipes),
    "layer": lambda view: _files_text(view.layer),
    "boot": lambda view: _files_text(view.boot) or f"# {view.who_starts_xen}\n",
    "cfg": lambda view: _files_text(view.cfg),
    "layout": _layout_text,
    "budget": _budget_text,
    "commands": _commands_text,
    "project": _project_text,
}
