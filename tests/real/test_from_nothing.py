# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""From an empty folder to a configuration that the real BitBake reads, without kas.

The layers of the tree stand for those that would be fetched.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.real import cases, tree
from tests.real.build import Build
from xentui.bitbake import releases
from xentui.output import formats
from xentui.output.from_nothing import SCRIPT_FILE, SETUP_FILE
from xentui.output.repositories import repositories
from xentui.project.assets import NO_ASSETS
from xentui.project.model import Project
from xentui.verify.environment import parse

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
    (found,) = (case.given for case in cases.cases() if case.id == f"preset-{name}")
    release, _ = releases.recognised(tree.able())
    if not release:
        pytest.skip("the tree is not of a release on record")
    wanted = replace(found, host=replace(found.host, release=release))
    missing = [r.name for r in repositories(wanted) if not (Path(tree.TREE) / r.name).is_dir()]
    if missing:
        pytest.skip(f"{', '.join(missing)} not in {tree.TREE}")
    return wanted


def write(build: Build, wanted: Project, form: formats.Format) -> None:
    """Write a project in a form into the folder of a build."""
    made = formats.render_as(form, wanted, NO_ASSETS, origin="board.toml", out=build.folder)
    for path, content in made.files.items():
        build.put(path, str(content))


def run(build: Build, *command: str) -> str:
    """Run a program in the folder, as the user that BitBake runs as, and return its output."""
    account = tree.account()
    assert account is not None
    root = os.geteuid() == 0
    result = subprocess.run(
        command,
        cwd=build.folder,
        env={
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": str(build.folder),
            "USER": account.name, "LANG": "en_US.UTF-8", "LC_ALL": "en_US.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=600,
        user=account.uid if root else None, group=account.gid if root else None,
        extra_groups=[] if root else None,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-4000:]
    return result.stdout


def agrees(build: Build, output: str, wanted: Project) -> None:
    """Assert that BitBake has the machine, the distro, the guests and the layers of a project."""
    seen = parse(output)
    expected = {
        "MACHINE": wanted.host.machine,
        "DISTRO": "poky",
        "BUNDLED_XEN_GUESTS": "xen-guest-image-minimal:autostart",
    }
    values = {name: seen.get(name) for name in expected}
    assert {name: value and value.value for name, value in values.items()} == expected
    layers = seen.get("BBFILE_COLLECTIONS")
    assert layers is not None
    own = {"xentui"} if build.layer.is_dir() else set()
    assert {"core", "yocto", "virtualization-layer", *own} <= set(str(layers.value).split())


BOARDS = ("qemux86-64-minimal", "raspberrypi4-64", "genericarm64")


@pytest.mark.parametrize("name", BOARDS)
def test_the_script_leads_to_a_configuration_that_bitbake_reads(build: Build, name: str) -> None:
    wanted = project(name)
    write(build, wanted, "script")
    for repository in repositories(wanted):
        (build.folder / repository.name).symlink_to(Path(tree.TREE) / repository.name)
    build.put("build/conf/site.conf", SITE)
    script = build.folder / SCRIPT_FILE
    text = script.read_text(encoding="utf-8")
    *before, last = text.rstrip("\n").split("\n")
    assert last == "bitbake xen-image-minimal"
    build.put(SCRIPT_FILE, "\n".join([*before, "bitbake -e", ""]))
    agrees(build, run(build, "bash", str(script)), wanted)
    assert "git clone" in text


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
    run(
        build, tool, "--setting", "default", "top-dir-prefix", str(top),
        "init", "--non-interactive", *local, str(build.folder / SETUP_FILE),
    )  # fmt: skip
    (init,) = top.glob("*/*/build/init-build-env")
    place = init.parent.relative_to(build.folder)
    build.put(f"{place}/conf/site.conf", SITE)
    agrees(build, run(build, "bash", "-c", f". {init} > /dev/null && bitbake -e"), wanted)
