# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Tasks of newcomers, from an empty folder to files that BitBake and xl read.

Each task drives the real wizard in a terminal, with a limited number of keys in addition to typed
text. At the end, BitBake's own parser reads the settings, xl's parser reads the xl configs, and
every file that a recipe names is next to it.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import xl_parser
from tests.bitbake import trees
from tests.bitbake_parser import Parsed, parse_conf, parse_recipe
from tests.tui.terminals import TMUX, Terminal
from xentui.output import guest_cfg
from xentui.project import assets, document

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]
SMALL, LARGE = (80, 24), (120, 40)
REFERENCE = "xen-guest-image-minimal"
OUT = "xentui-out"


def terminals(tmp_path: Path, size: tuple[int, int]) -> Iterator[Terminal]:
    """Yield a terminal in an empty folder, with its own home folder; end its wizard after that."""
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "home/Downloads").mkdir(parents=True)
    terminal = Terminal(folder, width=size[0], height=size[1])
    yield terminal
    terminal.close()


@pytest.fixture(params=[SMALL, LARGE], ids=["80x24", "120x40"])
def wizard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal for the wizard, in two sizes."""
    yield from terminals(tmp_path, request.param)


@pytest.fixture
def small_wizard(tmp_path: Path) -> Iterator[Terminal]:
    """The smallest usual terminal for the wizard."""
    yield from terminals(tmp_path, SMALL)


def downloads(wizard: Terminal) -> Path:
    return wizard.home / "Downloads"


def write_tarball(path: Path) -> None:
    """Write the root file system of a small distribution."""
    with tarfile.open(path, "w:gz") as tar:
        for name in ("sbin/init", "bin/sh", "etc/os-release"):
            member = tarfile.TarInfo(f"./{name}")
            member.size, member.mode = 50_000, 0o755
            tar.addfile(member, io.BytesIO(b"\x7fELF" + b"x" * (member.size - 4)))


def begin_from_scratch(wizard: Terminal) -> None:
    wizard.start(until="Begin with")
    wizard.press("End", "Up", "Enter", until="Total memory")


def write_files(wizard: Terminal) -> None:
    """Review what would be written, and write it."""
    wizard.press("C-s", until="Press ctrl+s to write")
    wizard.press("C-s", until="Write into xentui-out?")
    wizard.press("Enter", until="Type next")


def written_conf(wizard: Terminal) -> Parsed:
    return parse_conf((wizard.directory / OUT / "conf/xentui.conf").read_text())


def written_recipes(wizard: Terminal) -> list[Path]:
    return sorted((wizard.directory / OUT).rglob("*.bb"))


def written_bundle(wizard: Terminal) -> tuple[Parsed, Path]:
    """Return the bundle's recipe as BitBake reads it, and check that its local files are there."""
    path = next(path for path in written_recipes(wizard) if "xen-guest-bundles" in str(path))
    parsed = parse_recipe(path.read_text(), path.name)
    for word in parsed.words("SRC_URI"):
        address, *settings = word.split(";")
        if address.startswith("file://"):
            name = address.removeprefix("file://")
            found = [p for p in path.parent.rglob(Path(name).name) if str(p).endswith(name)]
            assert found, f"{name} is not next to {path}"
            named = dict(part.partition("=")[::2] for part in settings)
            flag = f"{named['name']}.sha256sum" if "name" in named else "sha256sum"
            digest = parsed.flag("SRC_URI", flag)
            if digest:
                assert hashlib.sha256(found[0].read_bytes()).hexdigest() == digest
    return parsed, path


def xl_config(wizard: Terminal, guest: str) -> xl_parser.Config:
    """Return the xl config that a guest gets on the target, as xl reads it."""
    if xl_parser.why_not_parse():
        pytest.skip(xl_parser.why_not_parse())
    loaded = document.load(next((wizard.directory / OUT).glob("*.toml")))
    assert loaded.project is not None
    gathered = assets.gather(loaded.project, wizard.directory / OUT)
    text = guest_cfg.predict_config(loaded.project, loaded.project.guest(guest), gathered)
    config = xl_parser.parse(text)
    assert not config.errors
    return config


def test_the_first_preset_is_written(wizard: Terminal) -> None:
    wizard.start(until="Writes   conf/xentui.conf")
    wizard.press("Enter", until="Ready: 3 new")
    wizard.press("C-s", until="Write into xentui-out?")
    wizard.press("Enter", until="Type next")
    assert wizard.pressed <= 3
    assert written_conf(wizard).value("MACHINE") == "qemux86-64"
    assert written_conf(wizard).flag("XEN_GUEST_MEMORY", REFERENCE) == "256"


def test_the_first_preset_is_written_by_mouse(small_wizard: Terminal) -> None:
    small_wizard.start(until="Writes   conf/xentui.conf")
    small_wizard.click("enter Review", until="Ready: 3 new")
    small_wizard.click("^s Write", until="Write into xentui-out?")
    small_wizard.click(" Write   ", until="Type next")
    assert written_conf(small_wizard).value("MACHINE") == "qemux86-64"


def add_by_mouse(wizard: Terminal, kind: str, question: str, path: str) -> None:
    """Go to Guests, add one of a kind, and type the path of its file."""
    wizard.click("Guests ", until="a Add  ")
    wizard.click("a Add  ", until="What is the guest?")
    wizard.click(kind)
    wizard.wait_for(question)
    wizard.type_text(path, until=f"▸ {path.rpartition('/')[2]}")
    wizard.click("Use this")


def write_by_mouse(wizard: Terminal) -> None:
    wizard.click("Review ", until="Press ctrl+s to write")
    wizard.click("^s Write", until="Write into xentui-out?")
    wizard.click(" Write   ", until="Type next")


def begin_by_mouse(wizard: Terminal) -> None:
    """Start from scratch, below the end of the list of presets."""
    wizard.start(until="Begin with")
    wizard.wheel_down("Begin with", 20)
    wizard.wait_for("Start from scratch")
    wizard.click("Start from scratch", until="▸ Start from scratch")
    wizard.click("enter Review", until="Total memory")


def test_from_scratch_by_mouse(small_wizard: Terminal) -> None:
    begin_by_mouse(small_wizard)
    small_wizard.click("( ) qemuarm64", until="(•) qemuarm64")
    small_wizard.click("Guests ", until="a Add  ")
    small_wizard.click("a Add  ", until="What is the guest?")
    small_wizard.click("1  A recipe of a layer", until="Which image recipe")
    small_wizard.click("Use this", until=f"Guest {REFERENCE}")
    small_wizard.click("  Memory         ", until="▸ Memory")
    small_wizard.type_text("1024", until="MiB too much")
    small_wizard.click("vCPUs", until="▸ vCPUs")
    small_wizard.type_text("2", until="▸ vCPUs                 2 ")
    small_wizard.click("Review ", until="Give the board")
    small_wizard.click("Give the board", until="Press ctrl+s to write")
    write_by_mouse(small_wizard)
    read = written_conf(small_wizard)
    assert read.value("MACHINE") == "qemuarm64"
    assert read.flag("XEN_GUEST_MEMORY", REFERENCE) == "1024"
    assert read.flag("XEN_GUEST_VCPUS", REFERENCE) == "2"


def test_a_tarball_becomes_a_guest_by_mouse(small_wizard: Terminal) -> None:
    write_tarball(downloads(small_wizard) / "alpine.tar.gz")
    begin_by_mouse(small_wizard)
    add_by_mouse(
        small_wizard, "2  A root file", "Tarball: which file?", "~/Downloads/alpine.tar.gz"
    )
    small_wizard.wait_for("Guest alpine")
    write_by_mouse(small_wizard)
    read, path = written_bundle(small_wizard)
    assert read.flag("XEN_GUEST_SOURCE_TYPE", "alpine") == "rootfs_dir"
    assert (path.parent / "my-guests/alpine.tar.gz").read_bytes()


def test_from_scratch_with_a_recipe_and_a_vendors_files(wizard: Terminal) -> None:
    begin_from_scratch(wizard)
    wizard.press("Tab")
    wizard.type_text("qemuarm64")
    wizard.press("M-4", until="No guests yet")
    wizard.press("a", "1", "Enter", until=f"Guest {REFERENCE}")
    wizard.press("Tab", "Tab")
    wizard.type_text("1024")
    wizard.press("Tab")
    wizard.type_text("2")
    wizard.press("Escape", until="Auto")
    wizard.press("a", "4", until="Root file system: which file?")
    wizard.type_text("vendor-rootfs.ext4")
    wizard.press("Enter", until="Kernel: which file?")
    wizard.type_text("vendor-kernel")
    wizard.press("Enter", until="Guest vendor")
    wizard.press("C-s")
    # A gibibyte for the guest is more than the board has.
    wizard.wait_for("Give the board")
    wizard.press("F9", until="Press ctrl+s to write")
    wizard.press("C-s", until="Write into xentui-out?")
    wizard.press("Enter", until="Type next")
    assert wizard.pressed <= 20
    read = written_conf(wizard)
    assert read.value("MACHINE") == "qemuarm64"
    assert read.flag("XEN_GUEST_MEMORY", REFERENCE) == "1024"
    assert read.flag("XEN_GUEST_VCPUS", REFERENCE) == "2"
    assert read.flag("XEN_GUEST_ROOTFS", "vendor") == "vendor-rootfs.ext4"
    assert read.flag("XEN_GUEST_KERNEL", "vendor") == "vendor-kernel"
    guests = read.words("BUNDLED_XEN_GUESTS")
    assert f"{REFERENCE}:autostart" in guests


def test_a_tarball_from_anywhere_becomes_a_guest(wizard: Terminal) -> None:
    write_tarball(downloads(wizard) / "alpine.tar.gz")
    begin_from_scratch(wizard)
    wizard.press("M-4", until="No guests yet")
    wizard.press("a", "2", until="Tarball: which file?")
    wizard.type_text("~/Downloads/alpine.tar.gz")
    wizard.press("Enter", until="Guest alpine")
    write_files(wizard)
    assert wizard.pressed <= 12
    read, path = written_bundle(wizard)
    assert read.flag("XEN_GUEST_SOURCE_TYPE", "alpine") == "rootfs_dir"
    assert (read.flag("XEN_GUEST_SOURCE_FILE", "alpine") or "").endswith("alpine-rootfs")
    assert "/alpine-rootfs;name=alpine" in (read.value("SRC_URI") or "")
    assert int(read.flag("XEN_GUEST_IMAGE_SIZE", "alpine") or 0) >= 1
    assert (path.parent / "my-guests/alpine.tar.gz").read_bytes()
    assert xl_config(wizard, "alpine").disks


def test_a_tarball_joins_a_preset(small_wizard: Terminal) -> None:
    write_tarball(downloads(small_wizard) / "alpine.tar.gz")
    small_wizard.start(until="Writes   conf/xentui.conf")
    small_wizard.press("Enter", until="Ready")
    small_wizard.press("M-4", "a", "2", until="Tarball: which file?")
    small_wizard.type_text("~/Downloads/alpine.tar.gz")
    small_wizard.press("Enter", until="Guest alpine")
    write_files(small_wizard)
    assert small_wizard.pressed <= 12
    written_bundle(small_wizard)
    assert f"{REFERENCE}:autostart" in written_conf(small_wizard).words("BUNDLED_XEN_GUESTS")


def test_a_tarball_joins_a_build_directory(small_wizard: Terminal, tmp_path: Path) -> None:
    write_tarball(downloads(small_wizard) / "alpine.tar.gz")
    build = trees.small(tmp_path / "tree", 'MACHINE ??= "qemux86-64"\n')
    small_wizard.start(f"--build-dir {build}", until="Writes   conf/xentui.conf")
    small_wizard.press("Enter", until="Ready")
    small_wizard.press("M-4", "a", "2", until="Tarball: which file?")
    small_wizard.type_text("~/Downloads/alpine.tar.gz")
    small_wizard.press("Enter", until="Guest alpine")
    small_wizard.press("C-s", until="ctrl+s to write")
    small_wizard.press("C-s", until="Write        Back")
    small_wizard.press("Enter", until="Type next")
    assert small_wizard.pressed <= 12
    read = parse_conf(
        (build / "conf/local.conf").read_text(),
        files={"conf/xentui.conf": (build / "conf/xentui.conf").read_text()},
    )
    assert f"{REFERENCE}:autostart" in read.words("BUNDLED_XEN_GUESTS")
    (path,) = [p for p in tmp_path.rglob("*.bb") if "xen-guest-bundles" in str(p)]
    recipe = parse_recipe(path.read_text(), path.name)
    assert recipe.flag("XEN_GUEST_SOURCE_TYPE", "alpine") == "rootfs_dir"
    (carried,) = path.parent.rglob("alpine.tar.gz")
    digest = hashlib.sha256(carried.read_bytes()).hexdigest()
    assert digest in recipe.flags("SRC_URI").values()


def test_containers_with_too_little_memory_are_fixed_by_what_is_proposed(wizard: Terminal) -> None:
    wizard.start(until="Writes   conf/xentui.conf")
    wizard.press("Enter", until="Ready")
    wizard.press("M-3", until="vxn and containerd")
    wizard.press("Right", "Tab", "Space", until="MiB too much")
    wizard.press("F8", until="F9  Let Dom0 route")
    wizard.press("F9", until="Fixed: Let Dom0 route")
    wizard.press("F8", until="F9  Give the board")
    wizard.press("F9")
    page = wizard.wait_for("Fixed: Give the board")
    assert wizard.pressed <= 10
    assert "error" not in page
    assert "warning" not in page
    write_files(wizard)
    read = written_conf(wizard).seen_by("xen-image-minimal")
    assert {"vxn", "vcontainer"} <= set(read.words("DISTRO_FEATURES"))
    assert "vxn-vdkr" in read.words("IMAGE_INSTALL")
    assert int(read.value("QB_MEM_VALUE") or 0) > 1024


@pytest.mark.skipif(not Path("/usr/bin/qemu-img").exists(), reason="qemu-img is not installed")
def test_a_qcow2_becomes_an_hvm_guest_without_kernel(wizard: Terminal) -> None:
    disk = downloads(wizard) / "appliance.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", str(disk), "64M"],
        check=True,
        capture_output=True,
    )
    begin_from_scratch(wizard)
    wizard.press("M-4", "a", "3", until="Disk image: which file?")
    wizard.type_text("~/Downloads/appliance.qcow2")
    wizard.press("Enter", until="Guest appliance")
    write_files(wizard)
    assert wizard.pressed <= 12
    read, _ = written_bundle(wizard)
    assert read.flag("XEN_GUEST_SOURCE_TYPE", "appliance") == "qcow2"
    config = xl_config(wizard, "appliance")
    assert config.settings["type"] == "hvm"
    assert "kernel" not in config.settings


def test_a_config_from_anywhere_is_copied(wizard: Terminal) -> None:
    own = downloads(wizard) / "router.cfg"
    own.write_text(
        'name = "router"\nmemory = 128\nkernel = "/boot/bzImage"\n'
        "disk = ['file:/srv/router.img,xvda,rw']\n"
    )
    begin_from_scratch(wizard)
    wizard.press("M-4", "a", "7", until="xl config: which file?")
    wizard.type_text("~/Downloads/router.cfg")
    wizard.press("Enter", until="Guest router")
    write_files(wizard)
    assert wizard.pressed <= 15
    carried = [p for p in (wizard.directory / OUT).rglob("router*.cfg") if p.read_bytes()]
    assert own.read_bytes() in [path.read_bytes() for path in carried]
    assert xl_config(wizard, "router").settings["memory"] == "128"


def test_interfaces_and_a_static_address(wizard: Terminal) -> None:
    """Two interfaces for one guest, none for another, a static address for a third."""
    wizard.start(until="Writes   conf/xentui.conf")
    wizard.press("c", until="Board")
    before = wizard.pressed
    wizard.press("M-4", "Enter", until=f"Guest {REFERENCE}")
    wizard.press("Tab", "Tab", "Tab", "Tab", "Right", "Right", until="Interface 1")
    wizard.press("Tab", "Tab")
    wizard.type_text("00:16:3e:12:34:56", until="00:16:3e:12:34:56")
    wizard.click("Add an interface", until="Interface 2")
    assert wizard.pressed - before <= 15
    wizard.press("Escape", until="Auto")
    before = wizard.pressed
    wizard.press("c", "Enter", until=f"Guest {REFERENCE}-2")
    wizard.press("Tab", "Tab", "Tab", "Tab", "Left", until="(•) none")
    assert wizard.pressed - before <= 15
    wizard.press("Escape", until="Auto")
    before = wizard.pressed
    wizard.press("c", "Enter", until=f"Guest {REFERENCE}-3")
    wizard.press("Tab", "Tab", "Tab", "Tab", "Left", "Tab")
    wizard.type_text("192.168.7.50/24")
    wizard.press("Tab")
    wizard.type_text("192.168.7.1", until=":eth0:off")
    assert wizard.pressed - before <= 15
    wizard.press("C-s", until="Give the board")
    wizard.press("F9", until="Press ctrl+s to write")
    wizard.press("C-s", until="Write into xentui-out?")
    wizard.press("Enter", until="Type next")
    two = xl_config(wizard, REFERENCE)
    assert len(two.settings["vif"]) == 2
    assert "00:16:3e:12:34:56" in two.settings["vif"][0]
    none = xl_config(wizard, f"{REFERENCE}-2")
    assert not none.settings.get("vif")
    static = xl_config(wizard, f"{REFERENCE}-3")
    assert "ip=192.168.7.50::192.168.7.1:255.255.255.0" in str(static.settings["extra"])


def test_a_board_that_xentui_does_not_know(wizard: Terminal) -> None:
    begin_from_scratch(wizard)
    wizard.press("Tab")
    wizard.type_text("acme-gateway")
    wizard.press("Tab")
    wizard.type_text("8192", until="8192")
    write_files(wizard)
    assert wizard.pressed <= 8
    assert written_conf(wizard).value("MACHINE") == "acme-gateway"


def test_the_project_file_here_is_offered_first(small_wizard: Terminal) -> None:
    small_wizard.start(until="Writes   conf/xentui.conf")
    small_wizard.press("Enter", until="Ready")
    write_files(small_wizard)
    small_wizard.press("Enter", until="LEFT=0")
    small_wizard.close()
    small_wizard.pressed = 0
    small_wizard.start()
    page = small_wizard.wait_for("Open xentui-out/")
    assert "▸ Open" in page
    assert "Resume" not in page
    small_wizard.press("Enter", until=f"{REFERENCE}  ")
    assert small_wizard.pressed <= 1


def test_one_key_fixes_forty_guests(small_wizard: Terminal) -> None:
    lines = ["version = 1", "[host]", 'machine = "qemux86-64"', "memory = 16384", 'network = "nat"']
    for number in range(40):
        lines += [f"[guests.g{number}]", "memory = 64", 'extra = "root=/dev/xvda ro"']
        lines += [f'rootfs = "g{number}.ext4"', 'tags = ["external"]']
    (small_wizard.directory / "many.toml").write_text("\n".join(lines))
    small_wizard.start("many.toml", until="Ready")
    small_wizard.press("4", until="console")
    small_wizard.press("F7")
    page = small_wizard.wait_for("Fixed 40 problems")
    assert small_wizard.pressed <= 2
    assert "console=hvc0" not in page or "XT228" not in page
    small_wizard.press("C-s", until="Write        Back")
    small_wizard.press("Enter", until="Type next")
    (path,) = small_wizard.directory.rglob("xentui.conf")
    read = parse_conf(path.read_text())
    assert len(read.words("BUNDLED_XEN_GUESTS")) == 40
    for number in range(40):
        assert "console=hvc0" in (read.flag("XEN_GUEST_EXTRA", f"g{number}") or "").split()
