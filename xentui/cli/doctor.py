# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui doctor``: check a build directory by reading its files; nothing is run."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xentui.bitbake import build_dir, find_build_dir, host, recipes
from xentui.bitbake.abilities import xen_classes
from xentui.cli import parsing, terminal
from xentui.cli.reports import in_words
from xentui.errors import Exit, InputError
from xentui.output import header
from xentui.output.build_dir import written_for
from xentui.project.filesystem import read_text
from xentui.rules.build import examine
from xentui.rules.catalogue import Severity

if TYPE_CHECKING:
    from xentui.bitbake.build_dir import BuildDir
    from xentui.bitbake.host import Host
    from xentui.rules.build.context import LocatedFinding


def add(commands: parsing.Commands) -> None:
    """Add the subcommand and its arguments."""
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
    parsing.json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Check the build directory, and print the findings with a summary."""
    path = find_build_dir.find_required(args.build_dir)
    build = build_dir.read(path)
    machine = host.inspect(build)
    findings = examine(
        build,
        recipes=partial(recipes.read, build),
        host=machine,
        written_for=written_for(path),
    )
    counts = {
        name: sum(placed.finding.severity is severity for placed in findings)
        for name, severity in (
            ("errors", Severity.ERROR),
            ("warnings", Severity.WARNING),
            ("advice", Severity.ADVICE),
        )
    }
    if args.json:
        terminal.put_json(_data(build, machine, findings, counts))
    else:
        _print_report(build, findings, counts)
    return Exit.FINDINGS if counts["errors"] else Exit.OK


def _print_report(build: BuildDir, findings: list[LocatedFinding], counts: dict[str, int]) -> None:

    lines = [f"build directory: {build.path}"]
    machine = build.machine
    by = f" (fragment {machine.fragment})" if machine.fragment else ""
    lines.append(f"machine: {_known(machine.value)}{by}, distro: {_known(build.distro.value)}")
    series = ", ".join(build.series) or "not known"
    lines.append(f"layers: {len(build.layers)}, release series: {series}")
    state = _own(build)
    if state != "absent":
        lines.append(f"conf/xentui.conf: {_STATES[state]}")
    for placed in findings:
        finding = placed.finding
        where = _where(build, placed)
        what = f"{finding.severity.value} {finding.code}: {finding.message}"
        lines.append(f"{where}: {what}" if where else what)
        if finding.fix:
            lines.append(f"    {finding.fix}")
    lines.append(f"{build.path.name}: {in_words(counts)}")
    terminal.put_prose(lines)


_STATES = {
    "intact": "as xentui wrote it",
    "edited": "edited by hand, so generate leaves it alone",
    "foreign": "not written by xentui",
}


def _own(build: BuildDir) -> str:
    """Return the state of xentui's own configuration."""
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


def _known(value: str | None) -> str:
    return "not known" if value is None or "\0" in value else value


def _where(build: BuildDir, placed: LocatedFinding) -> str:
    if placed.place is None:
        return ""
    return f"{placed.place.file.removeprefix(f'{build.path}/')}:{placed.place.line}"


def _data(
    build: BuildDir, machine: Host, findings: list[LocatedFinding], counts: dict[str, int]
) -> dict[str, Any]:
    return {
        "version": 1,
        "build_dir": str(build.path),
        "machine": build.machine.value,
        "machine_fragment": build.machine.fragment,
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
        "xentui_conf": _own(build),
        "host": {"kvm": machine.kvm, "tun": machine.tun, "free_mib": machine.free_mib},
        "findings": [
            {
                "code": placed.finding.code,
                "severity": placed.finding.severity.value,
                "path": placed.place.file if placed.place is not None else "",
                "line": placed.place.line if placed.place is not None else None,
                "message": placed.finding.message,
                "fix": placed.finding.fix,
            }
            for placed in findings
        ],
        "summary": counts,
    }
