# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Imported guests: the content of the image that the class makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.images import make
from tests.images import test_container as container
from tests.real import cases, tree
from tests.real.build import Build
from tests.real.test_bundles import bundles, recipe_of
from xentui.images.inspect import inspect
from xentui.output import guest_cfg
from xentui.project.assets import gather
from xentui.project.model import Project

HOST = """
version = 1
[host]
machine = "qemux86-64"
memory = 2048
[bundles.imported]
"""

ALPINE = """
[guests.alpine]
bundle = "imported"
tags = ["external"]
source.type = "rootfs_dir"
source.file = "{file}"
source.image_size = 8
source.fetch = [{fetch}]
"""


def build_package(build: Build, text: str, folder: Path) -> tuple[Project, Path]:
    """Build the only bundle in a project file, and return the project and its package."""
    project = cases.parse_project(HOST + text)
    build.write(project, gather(project, folder))
    cases.prepare(build, project)
    recipe = recipe_of(build, bundles(project)[0])
    build.run_task(recipe, "install")
    return project, build.work("imported") / "image/usr/share/xen-guest-bundles/imported"


def entries(image: Path, folder: str) -> dict[str, tuple[int, int, int]]:
    """Return mode, owner and group of the files in a folder of an ext4 image, by name."""
    result = subprocess.run(
        ["debugfs", "-R", f"ls -p {folder}", str(image)],
        env={"PATH": tree.PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {}
    for line in result.stdout.split():
        _, inode, mode, uid, gid, name, *_ = line.split("/")
        if inode != "0" and name not in (".", ".."):
            found[name] = (int(mode, 8) & 0o7777, int(uid), int(gid))
    return found


def test_owners_and_setuid_bits_of_a_tarball_arrive(build: Build, tmp_path: Path) -> None:
    (tmp_path / "root.tar.gz").write_bytes(cases.tarball(cases.ROOT))
    fetch = '{ uri = "file://root.tar.gz", subdir = "alpine-rootfs" }'
    _, package = build_package(build, ALPINE.format(file="alpine-rootfs", fetch=fetch), tmp_path)
    image = package / "images/alpine.img"
    assert image.stat().st_size == 8 * 1024 * 1024
    for path, expected in cases.ROOT.items():
        folder, _, name = path.removeprefix(".").rstrip("/").rpartition("/")
        assert entries(image, folder or "/")[name] == expected, path


CONTAINER = """
[guests.web]
bundle = "imported"
tags = ["external"]
source.type = "container"
source.file = "web.tar"
source.image_size = 16
source.fetch = [{ uri = "file://web.tar" }]
[guests.old]
bundle = "imported"
tags = ["external"]
source.type = "vmdk"
source.file = "old.vmdk"
source.fetch = [{ uri = "file://old.vmdk" }]
"""


def test_a_container_image_and_another_hypervisor_s_disk(build: Build, tmp_path: Path) -> None:
    place = container.layout(tmp_path, container.BASE, container.MORE)
    archive = f"docker-archive:{tmp_path}/web.tar:localhost/web:1"
    make.run("skopeo", "--insecure-policy", "copy", f"oci:{place}:web", archive)
    raw = make.ext(tmp_path / "raw", make.root(tmp_path))
    make.run("qemu-img", "convert", "-O", "vmdk", raw, tmp_path / "old.vmdk")
    _, package = build_package(build, CONTAINER, tmp_path)
    image = package / "images/web.img"
    assert image.stat().st_size == 16 * 1024 * 1024
    assert entries(image, "/bin")["su"] == (0o4755, 0, 0)
    assert entries(image, "/etc") == {"shadow": (0o640, 0, 42)}
    assert entries(image, "/cache") == {"new": (0o644, 0, 0)}
    assert entries(image, "/run/web") == {"pid": (0o600, 33, 33)}
    assert entries(image, "/srv/web") == {"app": (0o755, 1000, 1000)}
    assert entries(image, "/sbin") == {"container-init": (0o755, 0, 0)}
    assert inspect(package / "images/old.img").init is True


def test_a_tarball_without_subdir_and_one_on_top(build: Build, tmp_path: Path) -> None:
    base = {"r/": (0o755, 0, 0), "r/a": (0o644, 3, 4)}
    (tmp_path / "base.tar.xz").write_bytes(cases.tarball(base, "xz"))
    (tmp_path / "more.tar").write_bytes(cases.tarball({"r/b": (0o4711, 0, 7)}, ""))
    fetch = '{ uri = "file://base.tar.xz" }, { uri = "file://more.tar" }'
    _, package = build_package(build, ALPINE.format(file="r", fetch=fetch), tmp_path)
    found = entries(package / "images/alpine.img", "/")
    assert found["a"] == (0o644, 3, 4)
    assert found["b"] == (0o4711, 0, 7)


def test_root_directories_are_where_pseudo_watches(build: Build, tmp_path: Path) -> None:
    (tmp_path / "root.tar").write_bytes(cases.tarball(cases.ROOT, ""))
    project = cases.parse_project(
        HOST + ALPINE.format(file="r", fetch='{ uri = "file://root.tar", subdir = "r" }')
    )
    build.write(project, gather(project, tmp_path))
    seen = build.variables(
        recipe_of(build, project.bundles[0]), "PSEUDO_INCLUDE_PATHS", "XEN_GUEST_SOURCE_FILE"
    )
    place = seen.flags["XEN_GUEST_SOURCE_FILE"]["alpine"]
    assert seen.values["PSEUDO_INCLUDE_PATHS"]
    watched = seen.values["PSEUDO_INCLUDE_PATHS"].split(",")
    assert any(place.startswith(f"{path.rstrip('/')}/") for path in watched), (place, watched)


CUSTOM = """
[guests.old]
bundle = "imported"
tags = ["external"]
extra = "root=/dev/xvda1 ro"
source.type = "vmdk"
source.file = "disk.vmdk"
source.fetch = [{ uri = "file://disk.vmdk" }]
[guests.second]
bundle = "imported"
tags = ["external"]
source.type = "vmdk"
source.file = "disk.vmdk"
source.image_size = 77
source.fetch = [{ uri = "file://disk.vmdk" }]
[import_types.vmdk]
script = "import-vmdk.sh"
depends = "qemu-system-native:do_populate_sysroot"
"""


def test_a_custom_import_type_runs_its_script(build: Build, tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(os.urandom(300 * 512))
    subprocess.run(
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", raw, tmp_path / "disk.vmdk"],
        env={"PATH": tree.PATH},
        check=True,
        capture_output=True,
    )
    (tmp_path / "import-vmdk.sh").write_text(
        "# Arguments: source, output, size in MiB.\n"
        'qemu-img convert -f vmdk -O raw "$1" "$2"\n'
        'echo "size $3" >> "$2"\n'
    )
    project, package = build_package(build, CUSTOM, tmp_path)
    for key, size in (("old", 256), ("second", 77)):
        image = (package / f"images/{key}.img").read_bytes()
        assert image.startswith(raw.read_bytes())
        assert image.endswith(f"size {size}\n".encode())
        config = (package / f"configs/{key}.cfg").read_text()
        assert config == guest_cfg.predict_config(project, project.guest(key))
    recipe = recipe_of(build, project.bundles[0])
    depends = build.variables(recipe, "do_compile").flags["do_compile"]["depends"].split()
    assert "qemu-system-native:do_populate_sysroot" in depends


def test_a_failing_script_fails_the_build(build: Build, tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(b"x")
    (tmp_path / "import-vmdk.sh").write_text("false\ncp $1 $2\n")
    project = cases.parse_project(HOST + CUSTOM)
    build.write(project, gather(project, tmp_path))
    cases.prepare(build, project)
    run = build.bitbake("-b", str(recipe_of(build, project.bundles[0])), "-c", "compile")
    assert run.code != 0
    assert "convert_sources" in run.output


COMPLETE = """
[guests.hardware]
bundle = "imported"
tags = ["external", "autostart"]
kernel = "none"
type = "hvm"
memory = 300
source.type = "raw"
source.file = "disk.raw"
source.fetch = [{ uri = "file://disk.raw" }]
[guests.alone]
bundle = "imported"
tags = ["external"]
vif = []
rootfs = "vendor.ext4"
kernel = "vendor-kernel"
[guests.pvh]
bundle = "imported"
tags = ["external"]
rootfs = "vendor.ext4"
type = "pvh"
"""


def test_complete_configs_are_installed_as_predicted(build: Build, tmp_path: Path) -> None:
    (tmp_path / "disk.raw").write_bytes(b"disk")
    project, package = build_package(build, COMPLETE, tmp_path)
    for guest in project.guests:
        config = (package / f"configs/{guest.key}.cfg").read_text()
        assert config == guest_cfg.predict_config(project, guest)
    assert 'type = "hvm"' in (package / "configs/hardware.cfg").read_text()
    assert "vif = []" in (package / "configs/alone.cfg").read_text()
    assert (package / "manifest").read_text().splitlines() == [
        "hardware:hardware.img::autostart",
        "alone:vendor.ext4:vendor-kernel:",
        "pvh:vendor.ext4:bzImage:",
    ]


@pytest.mark.parametrize("compression", ["bz2", "xz", ""])
def test_every_compression_is_unpacked(build: Build, tmp_path: Path, compression: str) -> None:
    name = f"root.tar.{compression}".rstrip(".")
    (tmp_path / name).write_bytes(cases.tarball(cases.ROOT, compression))
    fetch = f'{{ uri = "file://{name}", subdir = "r" }}'
    _, package = build_package(build, ALPINE.format(file="r", fetch=fetch), tmp_path)
    assert entries(package / "images/alpine.img", "/etc")["shadow"] == (0o640, 0, 42)
