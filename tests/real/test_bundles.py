# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bundle recipes: BitBake reads them as meant, and the class builds what was predicted."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.real import cases, tree
from tests.real.build import Build
from tests.real.cases import Case
from tests.real.conftest import MakeBuild
from xentui.output import bundle_recipe, guest_flags
from xentui.project import schema
from xentui.project.complete_cfg import why_complete_cfg
from xentui.project.effective import effective
from xentui.project.licenses import CHECKSUMS
from xentui.project.model import Bundle, Guest, Project

FLAGS = tuple(
    f"XEN_GUEST_{name}"
    for name in (
        "MEMORY", "VCPUS", "VIF", "EXTRA", "DISK_DEVICE", "NAME", "ROOTFS", "KERNEL",
        "CONFIG_FILE", "SOURCE_TYPE", "SOURCE_FILE", "IMAGE_SIZE",
    )
)  # fmt: skip


def bundles(project: Project) -> list[Bundle]:
    """Return the bundles that have guests."""
    used = {guest.bundle for guest in project.guests}
    return [bundle for bundle in project.bundles if bundle.key in used]


def recipe_of(build: Build, bundle: Bundle) -> Path:
    """Return a bundle's recipe."""
    return build.layer / bundle_recipe.recipe_path(bundle)


def members(project: Project, bundle: Bundle) -> list[Guest]:
    """Return a bundle's guests."""
    return [guest for guest in project.guests if guest.bundle == bundle.key]


@pytest.mark.parametrize("case", cases.with_bundles(), ids=lambda case: case.id)
def test_bitbake_reads_a_bundle_as_intended(
    case: Case, make_build: MakeBuild, tmp_path: Path
) -> None:
    build = make_build(*case.extra_layers)
    project = case.project
    build.write(project, case.assets(tmp_path))
    for bundle in bundles(project):
        guests = members(project, bundle)
        seen = build.variables(
            recipe_of(build, bundle),
            "PN", "PV", "LICENSE", "S", "UNPACKDIR", "PACKAGE_ARCH", "DEPENDS", "SRC_URI",
            "SUMMARY", "XEN_GUEST_BUNDLES", "MACHINE", "XEN_GUEST_MEMORY_DEFAULT", *FLAGS,
        )  # fmt: skip
        assert seen.values["PN"] == bundle.key
        assert seen.values["PV"] == (bundle.version or schema.default_value("bundle", "version"))
        assert seen.values["LICENSE"] == (
            bundle.license or schema.default_value("bundle", "license")
        )
        assert seen.values["S"] == seen.values["UNPACKDIR"]
        assert seen.values["PACKAGE_ARCH"] == project.host.machine.replace("-", "_")
        assert "virtual/cross-cc" not in seen.words("DEPENDS")
        assert seen.words("XEN_GUEST_BUNDLES") == [
            guest_flags.bundled_entry(guest) for guest in guests
        ]
        assert seen.values["XEN_GUEST_MEMORY_DEFAULT"] == str(project.defaults.memory or 512)
        complete = {
            guest.key
            for guest in guests
            if guest.config_file or why_complete_cfg(project, effective(project, guest))
        }
        for guest in guests:
            printed = {name: seen.flags[name].get(guest.key) for name in FLAGS}
            assert printed["XEN_GUEST_ROOTFS"] == guest.rootfs
            assert printed["XEN_GUEST_KERNEL"] == guest.kernel
            if guest.key not in complete and guest.memory is not None:
                given = printed["XEN_GUEST_MEMORY"] or seen.values["XEN_GUEST_MEMORY_DEFAULT"]
                assert given == str(effective(project, guest).memory)
            assert (printed["XEN_GUEST_SOURCE_TYPE"] is None) == (guest.source is None)
            if guest.key in complete:
                place = f"{seen.values['UNPACKDIR']}/{guest.key}.cfg"
                assert printed["XEN_GUEST_CONFIG_FILE"] == place
        arch = "x86-64" if "x86-64" in project.host.machine else "aarch64"
        wanted = [
            fetch.uri
            for guest in guests
            for _, fetch in guest.fetches
            if fetch.arch in (None, arch)
        ]
        fetched = [word.partition(";")[0] for word in seen.words("SRC_URI")]
        configs = [f"file://{key}.cfg" for key in complete]
        assert sorted(fetched) == sorted(wanted + configs)


ARCHES = """
version = 1
[host]
machine = "{machine}"
[bundles.imported]
[guests.alpine]
bundle = "imported"
tags = ["external"]
source.type = "rootfs_dir"
source.file = "r"
[[guests.alpine.source.fetch]]
uri = "https://example.org/x86_64.tar.gz?download=1"
sha256 = "{x86}"
arch = "x86-64"
subdir = "r"
[[guests.alpine.source.fetch]]
uri = "https://example.org/arm.tar.gz"
sha256 = "{arm}"
arch = "aarch64"
subdir = "r"
"""


@pytest.mark.parametrize(
    ("machine", "file", "digest"),
    [
        ("qemux86-64", "x86_64.tar.gz?download=1", "a" * 64),
        ("qemuarm64", "arm.tar.gz", "b" * 64),
    ],
)
def test_each_architecture_fetches_its_own(
    build: Build, machine: str, file: str, digest: str
) -> None:
    text = ARCHES.format(machine=machine, x86="a" * 64, arm="b" * 64)
    project = cases.parse_project(text)
    build.write(project)
    seen = build.variables(recipe_of(build, project.bundles[0]), "SRC_URI")
    (word,) = seen.words("SRC_URI")
    uri, *parameters = word.split(";")
    assert uri == f"https://example.org/{file}"
    (name,) = (p.removeprefix("name=") for p in parameters if p.startswith("name="))
    assert seen.flags["SRC_URI"][f"{name}.sha256sum"] == digest


READY = """
version = 1
[host]
machine = "qemux86-64"
[bundles.ready]
license = "{license}"
[guests.vendor]
bundle = "ready"
tags = ["external"]
rootfs = "vendor.ext4"
"""


@pytest.mark.parametrize("license_id", ["MIT", "Apache-2.0"])
def test_the_recipe_passes_the_checks_of_licences(build: Build, license_id: str) -> None:
    project = cases.parse_project(READY.format(license=license_id))
    build.write(project)
    build.run_task(recipe_of(build, project.bundles[0]), "populate_lic")


def test_checksums_of_licences_are_those_of_the_tree() -> None:
    texts = Path(tree.TREE) / "openembedded-core/meta/files/common-licenses"
    found = {
        name: hashlib.md5((texts / name).read_bytes(), usedforsecurity=False).hexdigest()
        for name in CHECKSUMS
    }
    assert found == CHECKSUMS
