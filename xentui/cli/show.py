# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui show``: print what would be written, and what would be on the target; write nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from xentui.cli import parsing, projects, terminal
from xentui.errors import Exit, UsageError
from xentui.output import boot, commands
from xentui.output.guest_cfg import predict_configs
from xentui.output.normalise_cfg import normalising_diff
from xentui.output.render import render
from xentui.project import schema, tables
from xentui.project.artifacts import layout, start_order
from xentui.project.effective import explain, origin_words
from xentui.rules.budget import budget
from xentui.safe_text import quoted

if TYPE_CHECKING:
    from xentui.cli.projects import ChosenProject
    from xentui.output.rendered import Rendered
    from xentui.project.assets import Assets
    from xentui.project.lines import KeyPath
    from xentui.project.model import Project

PARTS = ("conf", "recipes", "layer", "boot", "cfg", "layout", "budget", "commands", "project")
"""Values of ``--what``."""


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "show",
        description="Shows what would be written and what would be on the target; writes nothing.\n"
        "\n"
        "  conf      conf/xentui.conf\n"
        "  recipes   bundle recipes and the append of the Dom0 image\n"
        "  layer     every other file of the layer\n"
        "  boot      the script or .cfg that starts Xen, if xentui writes one\n"
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
    """Print the parts that the arguments name.

    Raises:
        UsageError: a part does not exist.
    """
    parts = _parts(args.what, effective=args.effective)
    chosen = projects.load(args, projects.paths_of(args)[0])
    project, assets = projects.require_valid(chosen)
    view = _View(chosen, project, assets, args.effective)
    if args.json:
        terminal.print_json({"version": 1, **{name: _DATA[name](view) for name in parts}})
        return Exit.OK
    for name in parts:
        text = _TEXT[name](view)
        if len(parts) > 1:
            heading = f"== {name} ".ljust(79, "=")
            text = f"{heading}\n{text or '(nothing)'}"
        terminal.print_data(text if name == parts[0] else f"\n{text}")
    if "cfg" in parts:
        _print_config_changes(project, assets)
    return Exit.OK


def _print_config_changes(project: Project, assets: Assets) -> None:
    """Print the changes that the user's xl configs need to be rewritten correctly in the build."""
    for guest in project.guests:
        config = assets.texts.get(guest.config_file or "")
        if config is not None:
            terminal.print_message(normalising_diff(project, guest, config))


@dataclass(frozen=True)
class _View:
    """The project to show, and the data that several parts of the output share."""

    chosen: ChosenProject
    project: Project
    assets: Assets
    effective: bool

    @cached_property
    def rendered(self) -> Rendered:
        return render(self.project, self.assets, project_file=self.chosen.origin)

    @property
    def other_layer_files(self) -> dict[str, str]:
        """The text files that are neither recipes nor the configuration, by path."""
        others = self.rendered.conf.keys() | self.rendered.recipes.keys()
        return {
            path: content
            for path, content in self.rendered.files.items()
            if isinstance(content, str) and path not in others
        }


def _parts(options: list[str], *, effective: bool) -> list[str]:
    """Return the parts to print, in the order of :data:`PARTS`.

    Raises:
        UsageError: a part does not exist.
    """
    names = [name.strip() for option in options for name in option.split(",")]
    for name in names:
        if name not in PARTS:
            raise UsageError(
                f"--what {quoted(name)} is unknown", fix=f"Use one of {', '.join(PARTS)}."
            )
    if not names:
        return ["project"] if effective else list(PARTS)
    return [part for part in PARTS if part in names]


def _layout_text(view: _View) -> str:
    order = start_order(view.project)
    comment = f"# started in this order: {', '.join(order)}\n" if order else ""
    return _joined(layout(view.project)) + comment


def _budget(view: _View) -> dict[str, Any]:
    memory = budget(view.project, view.assets)
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
            for row in memory.rows
        ],
        "total": memory.total,
        "free": memory.free,
        "free_all": memory.free_all,
        "fits": memory.fits,
        "fits_all": memory.fits_all,
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
    return [
        {"step": c.step, "line": c.line, "note": c.note}
        for c in commands.for_build_dir(view.project)
    ]


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


def effective_values(project: Project) -> dict[str, Any]:
    """Return the tables of a project with ``{"value": …, "origin": …}`` in place of each value.

    The origin is one of :data:`xentui.project.effective.ORIGINS`, or a file and its line. Unknown
    values are left out, and so are the settings in a guest's own xl config.
    """
    values = _effective_table(project, (), schema.ROOT)
    return {name: table for name, table in values.items() if table}


def _effective_table(project: Project, path: KeyPath, definition: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in schema.fields(definition):
        field_path = (*path, field.name)
        if field_path in (("version",), ("preset",)):
            continue  # they describe the file, not the system
        if field_path == ("containers",) and not project.containers.vxn:
            continue
        item = tables.value_at(project, field_path)
        if field.kind == "table":
            if item is not None:
                values[field.name] = _effective_table(project, field_path, field.child_table)
        elif field.kind == "tables":
            entries = [
                _effective_table(project, (*field_path, number), field.child_table)
                for number in range(len(item))
            ]
            values.update({field.name: entries} if entries else {})
        elif field.kind == "named":
            values[field.name] = {
                entry.key: _effective_table(project, (*field_path, entry.key), field.child_table)
                for entry in item
            }
        elif field.kind == "map":
            values[field.name] = {key: _entry(value, "project") for key, value in (item or ())}
        else:
            value, origin = explain(project, field_path)
            if value is not None:
                values[field.name] = _entry(value, origin)
    return values


def _entry(value: Any, origin: str) -> dict[str, Any]:
    return {"value": tables.to_lists(value), "origin": origin}


def _effective_lines(project: Project) -> list[str]:
    """Return the effective values as lines, such as ``host.memory = 512  # the board``."""
    pairs = list(_flat("", effective_values(project)))
    width = min(max(len(text) for text, _ in pairs), 60)
    return [f"{text:{width}}  # {origin_words(origin)}" for text, origin in pairs]


def _flat(path: str, item: Any) -> Iterator[tuple[str, str]]:
    """Yield ``path = value`` and the origin of every value below a path."""
    if isinstance(item, list):
        for number, entry in enumerate(item):
            yield from _flat(f"{path}[{number}]", entry)
    elif isinstance(item.get("origin"), str):
        yield f"{path} = {json.dumps(item['value'], ensure_ascii=False)}", item["origin"]
    else:
        for key, entry in item.items():
            yield from _flat(f"{path}.{key}" if path else key, entry)


def _project_text(view: _View) -> str:
    if view.effective:
        return _joined(_effective_lines(view.project))
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
    "conf": lambda view: dict(view.rendered.conf),
    "recipes": lambda view: view.rendered.recipes,
    "layer": lambda view: view.other_layer_files,
    "boot": lambda view: boot.start_files(view.project),
    "cfg": lambda view: dict(predict_configs(view.project, view.assets)),
    "layout": lambda view: layout(view.project),
    "budget": _budget,
    "commands": _commands,
    "project": lambda view: (
        effective_values(view.project) if view.effective else tables.to_data(view.project)
    ),
}
"""What ``--json`` prints for each part."""

_TEXT: dict[str, Callable[[_View], str]] = {
    "conf": lambda view: "\n".join(view.rendered.conf.values()),
    "recipes": lambda view: _files_text(view.rendered.recipes),
    "layer": lambda view: _files_text(view.other_layer_files),
    "boot": lambda view: (
        _files_text(boot.start_files(view.project)) or f"# {boot.who_starts(view.project)}\n"
    ),
    "cfg": lambda view: _files_text(dict(predict_configs(view.project, view.assets))),
    "layout": _layout_text,
    "budget": _budget_text,
    "commands": _commands_text,
    "project": _project_text,
}
