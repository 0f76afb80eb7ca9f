# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui doctor``: check a build directory by reading its files, without running BitBake."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.bitbake import build_dir, find_build_dir, host, recipes
from xentui.bitbake.abilities import xen_classes
from xentui.bitbake.conf_types import HOLE
from xentui.cli import parsing, terminal
from xentui.cli.reports import count_severities, summary_text
from xentui.errors import Exit, InputError
from xentui.output import header
from xentui.output.build_dir import recorded_abilities
from xentui.project.filesystem import read_text
from xentui.rules.build import check_build_dir

if TYPE_CHECKING:
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.host import Host
    from xentui.rules.build.context import LocatedFinding


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "doctor",
        description="Checks a build directory, its layers and this machine. Lists what would stop "
        "BitBake, and what would\n"
        "be built differently from how it looks. Runs nothing.\n"
        "Exit code 1 means that there are errors.",
    )
    parser.add_argument(
        "--build-dir",
        type=Path,
        metavar="DIR",
        help="the build directory; default: $BUILDDIR, else the nearest one above this directory",
    )
    parsing.add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Check the build directory, and print the findings with a summary."""
    path = find_build_dir.find_required(args.build_dir)
    build = build_dir.read(path)
    machine = host.inspect(build)
    findings = check_build_dir(
        build,
        recipes=partial(recipes.read, build),
        host=machine,
        written_for=recorded_abilities(path),
    )
    counts = count_severities(located.finding for located in findings)
    if args.json:
        terminal.print_json(_data(build, machine, findings, counts))
    else:
        _print_report(build, findings, counts)
    return Exit.FINDINGS if counts["errors"] else Exit.OK


def _print_report(build: BuildDir, findings: list[LocatedFinding], counts: dict[str, int]) -> None:
    lines = [f"build directory: {build.path}"]
    machine = build.machine
    fragment = f" (fragment {machine.fragment})" if machine.fragment else ""
    distro = _or_unknown(build.distro.value)
    lines.append(f"machine: {_or_unknown(machine.value)}{fragment}, distro: {distro}")
    series = ", ".join(build.series) or "not known"
    lines.append(f"layers: {len(build.layers)}, release series: {series}")
    state = _conf_state(build)
    if state != "absent":
        lines.append(f"conf/xentui.conf: {_CONF_STATES[state]}")
    for located in findings:
        finding = located.finding
        text = f"{finding.severity.value} {finding.code}: {finding.message}"
        if located.location is not None:
            file = located.location.file.removeprefix(f"{build.path}/")
            text = f"{file}:{located.location.line}: {text}"
        lines.append(text)
        if finding.fix:
            lines.append(f"    {finding.fix}")
    lines.append(f"{build.path.name}: {summary_text(counts)}")
    terminal.print_prose(lines)


_CONF_STATES = {
    "intact": "as xentui wrote it",
    "edited": "edited by hand, so generate leaves it alone",
    "foreign": "not written by xentui",
}


def _conf_state(build: BuildDir) -> str:
    """Return the state of conf/xentui.conf: ``absent``, ``intact``, ``edited`` or ``foreign``."""
    path = build.path / "conf/xentui.conf"
    if not path.exists():
        return "absent"
    try:
        text = read_text(path, 1 << 22)
    except InputError:
        return "foreign"
    if header.is_intact(text):
        return "intact"
    return "edited" if header.is_stamped(text) else "foreign"


def _or_unknown(value: str | None) -> str:
    return "not known" if value is None or HOLE in value else value


def _data(
    build: BuildDir, machine: Host, findings: list[LocatedFinding], counts: dict[str, int]
) -> dict[str, Any]:
    return {
        "version": 1,
        "build_dir": str(build.path),
        "machine": build.machine.value,
        "has_machine_fragment": build.machine.fragment,
        "distro": build.distro.value,
        "series": list(build.series),
        "xen_classes": list(xen_classes(build)),
        "layers": [
            {
                "path": layer.path,
                "exists": layer.exists,
                "collection": layer.collection,
                "priority": layer.priority,
                "depends": list(layer.depends),
                "compat": list(layer.compat),
            }
            for layer in build.layers
        ],
        "xentui_conf": _conf_state(build),
        "host": {"kvm": machine.kvm, "tun": machine.tun, "free_mib": machine.free_mib},
        "findings": [
            {
                "code": located.finding.code,
                "severity": located.finding.severity.value,
                "path": located.location.file if located.location is not None else "",
                "line": located.location.line if located.location is not None else None,
                "message": located.finding.message,
                "fix": located.finding.fix,
            }
            for located in findings
        ],
        "summary": counts,
    }
