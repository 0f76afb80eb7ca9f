# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A configuration fragment, enabled by the real ``bitbake-config-build``."""

from __future__ import annotations

from pathlib import Path

from tests.real import tree
from tests.real.build import Build
from tests.real.cases import parse_project
from tests.real.test_verify import TEXT
from xentui.output import fragment
from xentui.output.commands import for_fragment
from xentui.verify.environment import parse


def output_of(build: Build, line: str) -> str:
    """Type one line that starts a program of BitBake's, in the build environment."""
    program, *arguments = line.split()
    folder = str(build.folder)
    result = tree.run(
        build.folder, f"{tree.TREE}/bitbake/bin/{program}", *arguments,
        BBPATH=folder, BUILDDIR=folder,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_bitbakes_own_tool_finds_and_enables_it(build: Build) -> None:
    wanted, origin = parse_project(TEXT), "My board.toml"
    build.write(wanted)
    conf = build.folder / "conf"
    (conf / "xentui.conf").unlink()
    local = (conf / "local.conf").read_text().replace("require conf/xentui.conf\n", "")
    build.put("conf/local.conf", local)
    for path, content in fragment.render_fragment(wanted, project_file=origin).layer.items():
        assert isinstance(content, str)
        build.put(f"meta-xentui/{path}", content)
    lines = [command.line for command in for_fragment(wanted, fragment.full_name(origin), "…")]
    enabling = [line for line in lines if line.startswith("bitbake-config-build")]
    reported = "".join(output_of(build, line) for line in enabling)
    assert "Xen on qemux86-64" in reported
    run = build.bitbake("-e")
    assert run.code == 0, run.output[-3000:]
    assert not run.complaints
    seen = parse(run.output)
    memory, guests = seen.get("XEN_GUEST_MEMORY"), seen.get("BUNDLED_XEN_GUESTS")
    assert memory is not None
    assert guests is not None
    assert memory.flag("xen-guest-image-minimal") == "256"
    assert guests.value == "xen-guest-image-minimal:autostart"
    assert Path(guests.events[0].file).name == "my-board.conf"
    machine = seen.get("MACHINE")
    assert machine is not None
    assert machine.value == "qemux86-64"
