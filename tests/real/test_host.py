# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The Dom0 image: the functions of the real classes make the predicted tree and configs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.real import cases
from tests.real.build import Build
from tests.real.cases import Case
from tests.real.conftest import MakeBuild
from tests.real.test_bundles import bundles, members, recipe_of
from tests.real.test_imports import HOST
from xentui.output import guest_cfg
from xentui.project import artifacts
from xentui.project.artifacts import layout
from xentui.project.assets import Assets, gather
from xentui.project.effective import dom0_image
from xentui.project.model import Bundle, Project

DOM0 = """\
SUMMARY = "Stands for the Dom0 image: what it does with guests, and nothing else"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${{COMMON_LICENSE_DIR}}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"
INHIBIT_DEFAULT_DEPS = "1"
S = "${{UNPACKDIR}}"
# bitbake -b passes appends over; this is how BitBake itself hands them to its parser.
__BBAPPEND = "{append}"
inherit xen-guest-cross-install
do_configure[noexec] = "1"
do_compile[noexec] = "1"
do_install() {{
    rm -rf "${{IMAGE_ROOTFS}}"
    mkdir -p "${{IMAGE_ROOTFS}}"
    for package in {packages}; do
        cp -a "$package/." "${{IMAGE_ROOTFS}}/"
    done
    merge_installed_xen_bundles
    bundle_xen_guests
    {afterwards}
}}
"""


def target_of(
    build: Build, project: Project, assets: Assets, deployed: Mapping[str, bytes] | None = None
) -> Path:
    """Build a project's bundles, run the Dom0 image's functions for guests, and return its root.

    ``deployed`` has real files for the deploy directory, by name.
    """
    build.write(project, assets)
    cases.prepare(build, project)
    for name, content in (deployed or {}).items():
        build.put(f"tmp/deploy/images/{project.host.machine}/{name}", content)
    packages = []
    for bundle in bundles(project):
        build.run_task(recipe_of(build, bundle), "install")
        packages.append(str(build.work(bundle.key) / "image"))
    append = build.layer / f"recipes-extended/images/{dom0_image(project)}.bbappend"
    appended = append.read_text(encoding="utf-8") if append.exists() else ""
    # BitBake takes along only the functions that a task names.
    text = DOM0.format(
        packages=" ".join(packages),
        append=append if appended else "",
        afterwards="number_xen_guests" if "number_xen_guests" in appended else ":",
    )
    build.run_task(build.put(f"host/{dom0_image(project)}.bb", text), "install")
    return build.work(dom0_image(project)) / "rootfs"


def manifest(project: Project, bundle: Bundle) -> str:
    """Return what the class must write for a bundle's guests."""
    return "".join(
        f"{guest.key}:{artifacts.image_file(project, guest)}:"
        f"{artifacts.kernel_file(project, guest)}:{'autostart' if guest.autostart else ''}\n"
        for guest in members(project, bundle)
    )


def tree_of(root: Path) -> list[str]:
    """Return every file below a root, and every link with its target."""
    lines = []
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            aim = f" -> {path.readlink()}" if path.is_symlink() else ""
            lines.append(f"/{path.relative_to(root)}{aim}")
    return sorted(lines)


@pytest.mark.parametrize("case", cases.cases(), ids=lambda case: case.id)
def test_the_target_is_as_predicted(case: Case, make_build: MakeBuild, tmp_path: Path) -> None:
    build = make_build(*case.extra_layers)
    project, assets = case.project, case.assets(tmp_path)
    root = target_of(build, project, assets)
    for bundle in bundles(project):
        package = build.work(bundle.key) / "image/usr/share/xen-guest-bundles"
        assert [path.name for path in package.iterdir()] == [bundle.key]
        assert (package / bundle.key / "manifest").read_text() == manifest(project, bundle)
    assert tree_of(root) == layout(project)
    configs = guest_cfg.predict_configs(project, assets)
    assert {path: (root / path[1:]).read_text() for path in configs} == configs
    if case.layout:
        assert tree_of(root) == case.layout
        assert configs == case.expected


NAMED = """
[guests.plain]
tags = ["autostart", "external"]
rootfs = "vendor/plain.ext4"
config_file = "mine.cfg"
[guests.quiet]
tags = ["external"]
rootfs = "quiet.ext4"
kernel = "boot/other-kernel"
vif = []
[guests.pvh]
tags = ["external"]
rootfs = "pvh.ext4"
type = "pvh"
vcpus = 3
[guests.packed]
bundle = "imported"
tags = ["external", "autostart"]
rootfs = "packed.ext4"
vif = []
"""


def test_complete_configs_reach_guests_named_in_the_conf(build: Build, tmp_path: Path) -> None:
    (tmp_path / "mine.cfg").write_text(
        'name = "mine"\nmemory = 64\ndisk = [ "phy:/dev/vg/x,xvda,w" ]\nkernel = "/boot/x"\n#end'
    )
    project = cases.parse_project(HOST + NAMED)
    assets = gather(project, tmp_path)
    root = target_of(build, project, assets)
    assert tree_of(root) == layout(project)
    configs = guest_cfg.predict_configs(project, assets)
    assert {path: (root / path[1:]).read_text() for path in configs} == configs
    assert "vif = []" in (root / "etc/xen/quiet.cfg").read_text()
    assert 'type = "pvh"' in (root / "etc/xen/pvh.cfg").read_text()
