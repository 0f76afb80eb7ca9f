# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From an empty folder to a configuration that the real BitBake reads, without kas.

The layers of the tree take the place of those that would be fetched.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real import cases, tree
from tests.real.build import Build
from xentui.bitbake import releases
from xentui.output import formats
from xentui.output.from_nothing import SCRIPT_FILE, SETUP_FILE
from xentui.output.rendered import Copy
from xentui.output.repositories import CLASSES, Repository, repositories
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project
from xentui.verify.environment import Environment, parse

SITE = """\
BB_NO_NETWORK = "1"
CONNECTIVITY_CHECK_URIS = ""
INHERIT:remove = "uninative"
BB_HASHSERVE = ""
BB_SIGNATURE_HANDLER = "OEBasicHash"
SANITY_TESTED_DISTROS = ""
BB_SERVER_TIMEOUT = "0"
"""


def project(name: str) -> Project:
    """Return a preset for the release of the tree."""
    (found,) = (case.original for case in cases.cases() if case.id == f"preset-{name}")
    return of_the_tree(found)


def of_the_tree(project: Project) -> Project:
    """Return a project for the release of the tree; skip the test where layers are missing."""
    release, _ = releases.release_names(tree.layer_abilities())
    if not release:
        pytest.skip("the tree is not of a release on record")
    wanted = replace(project, host=replace(project.host, release=release))
    missing = [r.name for r in repositories(wanted) if not checkout(r).is_dir()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {tree.TREE}")
    return wanted


def checkout(repository: Repository) -> Path:
    """Return the folder that stands in for a checkout of a repository."""
    return Path(tree.CLASSES if repository.name == CLASSES else f"{tree.TREE}/{repository.name}")


def write(build: Build, wanted: Project, form: formats.Format, assets: Assets = NO_ASSETS) -> None:
    """Write a project in a format into the folder of a build."""
    made = formats.render_as(form, wanted, assets, project_file="board.toml", out=build.folder)
    for path, content in made.files.items():
        build.put(path, content.source.read_bytes() if isinstance(content, Copy) else content)


def output_of(build: Build, *command: str, seconds: int = 600) -> str:
    """Run a program in the folder, as the user that BitBake runs as, and return its output."""
    result = tree.run(
        build.folder, *command, seconds=seconds,
        PATH="/usr/bin:/bin:/usr/sbin:/sbin", HOME=str(build.folder),
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout


def run_script(
    build: Build, wanted: Project, last: str, *, site: str = SITE, seconds: int = 600
) -> str:
    """Run the written script with another last command and a site.conf; return its output."""
    for repository in repositories(wanted):
        (build.folder / repository.name).symlink_to(checkout(repository))
    build.put("build/conf/site.conf", site)
    script = build.folder / SCRIPT_FILE
    text = script.read_text(encoding="utf-8")
    assert "git clone" in text
    *before, build_image = text.rstrip("\n").split("\n")
    assert build_image == f"bitbake {dom0_image(wanted)}"
    build.put(SCRIPT_FILE, "\n".join([*before, last, ""]))
    return output_of(build, "bash", str(script), seconds=seconds)


def agrees(build: Build, output: str, wanted: Project) -> None:
    """Assert that BitBake has the machine, the distro, the guests and the layers of a project."""
    seen = parse(output)
    expected = {
        "MACHINE": wanted.host.machine,
        "DISTRO": "poky",
        "BUNDLED_XEN_GUESTS": "xen-guest-image-minimal:autostart",
    }
    assert {name: value(seen, name) for name in expected} == expected
    own = {"xentui"} if build.layer.is_dir() else set()
    layers = value(seen, "BBFILE_COLLECTIONS").split()
    assert {"core", "yocto", "virtualization-layer", *own} <= set(layers)


def value(seen: Environment, name: str) -> str:
    """Return a variable's value, which must be set."""
    found = seen.get(name)
    assert found is not None, f"{name} is not set"
    return found.value or ""


BOARDS = ("qemux86-64-minimal", "raspberrypi4-64", "genericarm64")


@pytest.mark.parametrize("name", BOARDS)
def test_the_script_leads_to_a_configuration_that_bitbake_reads(build: Build, name: str) -> None:
    wanted = project(name)
    write(build, wanted, "script")
    agrees(build, run_script(build, wanted, "bitbake -e"), wanted)


@pytest.mark.skipif(
    not os.environ.get("XENTUI_OE_FULL"),
    reason="reads every recipe, which takes minutes: set XENTUI_OE_FULL=1",
)
def test_bitbake_reads_the_image_of_dom0_alone(build: Build) -> None:
    wanted = of_the_tree(
        cases.parse_project('version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 2048')
    )
    write(build, wanted, "script")
    seen = parse(run_script(build, wanted, "bitbake -e xen-image-minimal", seconds=3600))
    expected = {"MACHINE": "qemux86-64", "QB_MEM_VALUE": "2048", "INIT_MANAGER": "systemd"}
    assert {name: value(seen, name) for name in expected} == expected
    assert {"xen", "systemd", "virtualization"} <= set(value(seen, "DISTRO_FEATURES").split())


@pytest.mark.parametrize("name", BOARDS)
def test_bitbake_setup_leads_to_a_configuration_that_bitbake_reads(build: Build, name: str) -> None:
    wanted = project(name)
    write(build, wanted, "bitbake-setup")
    local = [
        word
        for repository in repositories(wanted)
        for word in ("-L", repository.name, str(Path(tree.TREE) / repository.name))
    ]
    top = build.folder / "top"
    tool = f"{tree.TREE}/bitbake/bin/bitbake-setup"
    output_of(
        build, tool, "--setting", "default", "top-dir-prefix", str(top),
        "init", "--non-interactive", *local, str(build.folder / SETUP_FILE),
    )  # fmt: skip
    (init,) = top.glob("*/*/build/init-build-env")
    place = init.parent.relative_to(build.folder)
    build.put(f"{place}/conf/site.conf", SITE)
    agrees(build, output_of(build, "bash", "-c", f". {init} > /dev/null && bitbake -e"), wanted)
