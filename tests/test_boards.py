# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Board files are valid and complete, a new board is one file, and suggested boards can run Xen."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from xentui.bitbake.releases import releases
from xentui.cli import main
from xentui.errors import UsageError
from xentui.output import boot, commands
from xentui.output.boot import imagebuilder
from xentui.output.render import render
from xentui.output.rendered import Copy
from xentui.project import assets, board_file, boards, schema, tables
from xentui.project.artifacts import layout
from xentui.project.model import Guest, Host, Project
from xentui.rules import check
from xentui.rules.budget import budget
from xentui.rules.catalogue import Severity


@pytest.mark.parametrize("machine", boards.machine_names())
def test_a_board_file_is_valid_and_complete(machine: str) -> None:
    path = boards.bundled_directory() / f"{machine}.toml"
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    assert board_file.problems(data) == []
    board = boards.board(machine)
    assert board.machine == machine
    assert board.needs
    assert board.sources
    assert board.console.where
    assert board.summary.endswith(".")
    known = set(releases())
    for names in (
        *(source.releases for source in board.sources),
        *(line.releases for line in board.lines),
        board.layer.branches if board.layer is not None else (),
    ):
        assert set(names) <= known
    assert board.state == "tried" or "run" in board.summary or "read" in board.summary


def test_boot_files_are_written_for_each_boot_family_that_needs_them() -> None:
    for board in boards.all_boards():
        for family in board.boot.families:
            mode = None if family == board.boot.family else family
            project = Project(Host(board.machine, boot_mode=mode))  # type: ignore[arg-type]
            shown = boot.start_files(project)
            assert bool(shown) is boot.writes_boot_files(project)
            assert boot.who_starts(project)
            assert render(project).conf


MY_BOARD = """
version = 1
machine = "my-board"
title = "My board"
vendor = "Mine"
arch = "aarch64"
state = "expected"
summary = "Written for myself, and not run."
kernel = { provider = "linux-mine", image = "Image", xen_options = "config" }
boot = { family = "uboot-fat", written_by = "xentui", says = "U-Boot runs boot.scr.", device_tree = "file", dtb = "mine.dtb", load_address = "0x90000000" }
medium = { kind = "sd", file = "wic" }
"""  # noqa: E501


@pytest.fixture
def boards_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    place = tmp_path / "xentui/boards"
    place.mkdir(parents=True)
    return place


def test_a_file_of_the_user_adds_a_board(boards_folder: Path) -> None:
    (boards_folder / "my-board.toml").write_text(MY_BOARD)
    assert "my-board" in boards.machine_names()
    project = Project(Host("my-board", memory=2048, dom0_memory=512))
    assert [finding.code for finding in check.check(project)] == ["XT103"]
    (script,) = boot.start_files(project).values()
    assert 'test -n "${ramdisk_addr_r}" || setenv ramdisk_addr_r 0x90000000' in script
    assert 'mine.dtb || test -n "${xen_bad}" || setenv xen_bad "mine.dtb"' in script
    files = render(project).layer
    assert "recipes-kernel/linux/linux-mine_%.bbappend" in files
    assert "CONFIG_XEN_BLKDEV_BACKEND=y" in str(files["recipes-kernel/linux/xentui/xentui-xen.cfg"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (('state = "expected"', 'state = "fine"'), "state must be one of tried, read, expected"),
        (('machine = "my-board"', 'machine = "other"'), "machine must be my-board"),
        (("version = 1", "version = = 1"), "my-board.toml, line 2: not TOML"),
        (("version = 1", f"version = {'9' * 5000}"), "line 2: an integer has more than 64 bits"),
        (("version = 1", f"version = {'[' * 5000}"), "nest more than 16 deep"),
        (('says = "U-Boot runs boot.scr.", ', ""), "boot has no says"),
        (('title = "My board"', 'titel = "My board"'), "unknown key titel"),
        (('title = "My board"', "title = 1"), "title must be text in quotes"),
        (
            ('title = "My board"', f'title = "{"x" * 700}"'),
            "title must have at most 600 characters",
        ),
        (("version = 1", "version = 1\ncpus = 0"), "cpus must be at least 1"),
        (("version = 1", 'version = 1\nneeds = [""]'), "needs[0] must not be empty"),
    ],
)
def test_an_invalid_board_file_is_reported_with_its_reason(
    boards_folder: Path, change: tuple[str, str], reason: str
) -> None:
    (boards_folder / "my-board.toml").write_text(MY_BOARD.replace(*change))
    found = next(f for f in check.check(Project(Host("my-board"))) if f.code == "XT128")
    assert reason in found.fix
    # The other boards can still be chosen.
    listed = {board.machine: board for board in boards.all_boards()}
    assert not listed["my-board"].is_known
    assert listed["qemux86-64"].is_known


@pytest.mark.parametrize("kind", ["pipe", "directory", "dangling link"])
def test_a_board_that_is_not_a_file_is_an_error(boards_folder: Path, kind: str) -> None:
    path = boards_folder / "my-board.toml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to("nowhere")
    assert str(path) in boards.board("my-board").problem


def test_only_files_named_like_machines_are_boards(boards_folder: Path) -> None:
    (boards_folder / "My Board.toml").write_text(MY_BOARD)
    assert "My Board" not in boards.machine_names()


@pytest.mark.parametrize(
    ("machine", "arch"), [("pc-amd64", "x86-64"), ("my-x86-box", "x86-64"), ("corstone", "aarch64")]
)
def test_the_architecture_of_an_unknown_machine_is_guessed_and_stated(
    machine: str, arch: str
) -> None:
    found = next(f for f in check.check(Project(Host(machine))) if f.code == "XT102")
    assert f"assumed to be {arch}" in found.fix


@pytest.mark.parametrize(
    ("machine", "reason", "instead"),
    [
        ("raspberrypi4", "32-bit Arm", "raspberrypi4-64"),
        ("qemuarm", "32-bit Arm", "qemuarm64"),
        ("beaglebone-yocto", "32-bit Arm", ""),
        ("genericx86", "32-bit PC", "genericx86-64"),
        ("qemuriscv64", "neither", ""),
        ("raspberrypi3-64", "GIC", "raspberrypi4-64"),
        ("imx8mp-lpddr4-evk", "fsl,imx6q-uart", ""),
        ("imx93-11x11-lpddr4x-evk", "serial port", ""),
        ("sbsa-ref", "ACPI", ""),
    ],
)
def test_a_machine_that_cannot_run_xen_is_refused_with_a_reason(
    machine: str, reason: str, instead: str
) -> None:
    (finding,) = (f for f in check.check(Project(Host(machine))) if f.code == "XT101")
    assert reason in finding.fix
    assert ("Use " in finding.fix) is bool(instead)
    for quick_fix in finding.quick_fixes:
        fixed = quick_fix.apply(Project(Host(machine)))
        assert fixed.host.machine == instead
        assert not any(f.code == "XT101" for f in check.check(fixed))


@pytest.mark.parametrize("machine", ["raspbery4-64", "raspberrypi4-46", "qemuarm6", "imx8mp-evk"])
def test_a_suggestion_is_never_refused(machine: str) -> None:
    similar = boards.similar_machine(machine, ["imx8mp-lpddr4-evk", "raspberrypi4", "qemuarm"])
    assert not similar or boards.board(similar).state != "refused"


@pytest.mark.parametrize("machine", [*boards.machine_names(), "raspberrypi3-64"])
def test_a_boards_page_fits_80_columns(machine: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["presets", "board", machine]) == 0
    page = capsys.readouterr().out
    # Only an address may be longer than a line.
    assert not [line for line in page.splitlines() if len(line) > 80 and "://" not in line]
    board = boards.board(machine)
    words = " ".join(page.split())
    for phrase in (board.summary, *board.needs, *board.not_working, board.console.where):
        assert " ".join(phrase.split()) in words


def test_the_page_of_an_unknown_board_suggests_a_similar_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["presets", "board", "raspbery4-64"]) != 0
    assert 'Did you mean "xentui presets board raspberrypi4-64"?' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("machine", "modes"),
    [
        ("my-x86-box", {"efi", "bios"}),
        ("my-board", {"efi", "uboot-fat", "uboot-rootfs", "uboot-rpi"}),
    ],
)
def test_the_boot_modes_for_an_unknown_board_are_offered_as_quick_fixes(
    machine: str, modes: set[str]
) -> None:
    project = Project(Host(machine, memory=2048))
    found = next(f for f in check.check(project) if f.code == "XT102")
    fixed = [fix.apply(project) for fix in found.quick_fixes]
    assert {one.host.boot_mode for one in fixed if one.host.machine == machine} == modes
    for one in fixed:
        again = next(f for f in check.check(one) if f.code == "XT102")
        assert str(one.host.boot_mode) in again.message
        assert not again.quick_fixes
        assert one.host.boot_mode == "bios" or boot.start_files(one)


def test_boards_are_found_by_any_word_about_them() -> None:
    found = boards.search("rockchip")
    assert "rock-5b" in {one.machine for one in found}
    assert {one.layer.name for one in found if one.layer is not None} == {"meta-rockchip"}
    assert [one.machine for one in boards.search("never run u-boot nxp")] == []
    assert [one.machine for one in boards.search("never uboot-fat nxp")] == ["imx8qm-mek"]
    assert "qemuarm" in [one.machine for one in boards.search("32-bit")]
    assert "qemuarm" not in [one.machine for one in boards.search("aarch64")]
    assert boards.search("") == boards.all_boards()
    groups = boards.by_vendor(boards.all_boards())
    assert next(iter(groups)) == "Emulated"
    assert [one.machine for one in groups["Raspberry Pi"]] == ["raspberrypi4-64", "raspberrypi5"]


def test_an_accepted_licence_flag_is_written() -> None:
    project = Project(Host("raspberrypi4-64", accepted_licenses=("synaptics-killswitch",)))
    (conf,) = render(project).conf.values()
    assert 'LICENSE_FLAGS_ACCEPTED:append = " synaptics-killswitch"' in conf
    assert not any(f.code == "XT120" for f in check.check(project))


def test_zynqmp_uses_the_boot_script_of_its_layer() -> None:
    (conf,) = render(Project(Host("zynqmp-generic"))).conf.values()
    assert 'BOOTMODE = "xen"' in conf
    assert 'IMAGE_INSTALL:append:pn-xen-image-minimal = " xen"' in conf
    assert 'IMAGE_FSTYPES:append:pn-xen-image-minimal = " wic"' in conf


def test_the_script_of_a_raspberry_pi_uses_the_card_it_was_found_on() -> None:
    (script,) = boot.start_files(Project(Host("raspberrypi4-64"))).values()
    assert "mmc 1" not in script
    assert 'setenv xen_from "${devtype} ${devnum}:${distro_bootpart}"' in script
    (conf,) = render(Project(Host("raspberrypi4-64"))).conf.values()
    assert 'IMAGE_BOOT_FILES:append:pn-xen-image-minimal = " xen-${MACHINE};xen"' in conf


@pytest.mark.parametrize(
    "board",
    [
        board
        for board in boards.all_boards()
        if board.boot.kickstart and "uboot-fat" in (board.boot.family, *board.boot.also)
    ],
    ids=lambda board: board.machine,
)
@pytest.mark.parametrize("guests", [0, 1])
def test_the_partition_has_each_file_that_the_script_loads(
    board: board_file.Board, guests: int
) -> None:
    guest = (Guest("a", started_by="xen", kernel="Image", ramdisk="r"),) * guests
    project = Project(Host(board.machine, boot_mode="uboot-fat"), guests=guest)
    (conf,) = render(project).conf.values()
    (script,) = boot.start_files(project).values()
    (files,) = re.findall(r'IMAGE_BOOT_FILES\S* = "([^"]*)"', conf)
    named = {entry.partition(";")[2] or entry for entry in files.split()}
    loaded = {name for name in re.findall(r"\$\{prefix\}([\w.-]+)", script) if "$" not in name}
    assert loaded
    assert loaded <= named


def test_dom0s_root_is_named_by_its_partition_and_not_by_a_disk() -> None:
    project = Project(Host("genericx86-64"))
    (config,) = boot.start_files(project).values()
    assert "/dev/sd" not in config
    guid = config.partition("PARTUUID=")[2].split()[0]
    assert guid in str(render(project).layer["files/wic/xentui-efi.wks"])


DOM0LESS = """
version = 1
[host]
machine = "imx8qm-mek"
memory = 2048
dom0_memory = 512
[guests.first]
started_by = "xen"
memory = 128
vcpus = 2
kernel = "guests/Image"
ramdisk = "guests/first.cpio.gz"
[guests.second]
started_by = "xen"
memory = 160
ramdisk = "second.cpio.gz"
extra = "console=ttyAMA0 quiet"
"""


def dom0less_project(change: tuple[str, str] = ("", "")) -> Project:
    data = tomllib.loads(DOM0LESS.replace(*change))
    assert schema.validate(data) == []
    return tables.from_data(data)


def test_dom0less_guests_are_only_in_the_boot_files() -> None:
    project = dom0less_project()
    (script,) = boot.start_files(project).values()
    lines = [line.strip() for line in script.splitlines()]
    # fdt mknode puts a node before its siblings, and Xen numbers DomUs in that order.
    assert lines.index("fdt mknode /chosen domU2") < lines.index("fdt mknode /chosen domU1")
    assert "fdt set /chosen/domU1 memory <0 0x20000>" in lines
    assert "fdt set /chosen/domU1 cpus <2>" in lines
    assert "fdt set /chosen/domU1 vpl011" in lines
    assert 'fdt set /chosen/domU2/kernel bootargs "console=ttyAMA0 quiet"' in lines
    (conf,) = render(project).conf.values()
    # Dom0's kernel is called Image too, so the guest's has another name on the partition.
    assert (
        "guests/Image;first-Image guests/first.cpio.gz;first-first.cpio.gz"
        " second.cpio.gz;second-second.cpio.gz" in conf
    )
    assert any("${prefix}first-Image ||" in line for line in lines)
    assert "BUNDLED_XEN_GUESTS" not in conf
    assert layout(project) == []
    rows = {row.name: (row.mib, row.note) for row in budget(project).rows}
    assert rows["first"] == (132, "128 MiB and 4 MiB of overhead (pvh), started by Xen itself")
    assert rows["second"][0] == 163
    assert not [f for f in check.check(project) if f.severity is not Severity.ADVICE]


def test_an_unknown_boards_partition_has_the_kernel() -> None:
    (conf,) = render(Project(Host("my-board", boot_mode="uboot-fat"))).conf.values()
    assert "xen-${MACHINE};xen ${KERNEL_IMAGETYPE};Image xentui-boot.scr;boot.scr" in conf
    (script,) = boot.start_files(Project(Host("my-board", boot_mode="uboot-fat"))).values()
    assert "${prefix}Image" in script


def test_a_dom0less_guest_gets_no_device_that_could_share_the_interrupt_of_its_uart() -> None:
    change = ('ramdisk = "second.cpio.gz"', 'ramdisk = "second.cpio.gz"\ndtdev = ["/soc/a@1"]')
    (script,) = boot.start_files(dom0less_project(change)).values()
    assert script.count("vpl011") == 2
    assert "passthrough" not in script
    assert [f.path for f in check.check(dom0less_project(change)) if f.code == "XT126"] == [
        "guests.second.dtdev"
    ]


def test_the_commands_list_dom0less_guests() -> None:
    lines = [line for line in commands.for_build_dir(dom0less_project()) if line.line == "xl dmesg"]
    assert [line.note.partition(":")[0] for line in lines] == ["Xen started first, second"]


DOWNLOADED = f"""ramdisk = "second.cpio.gz"
[guests.second.source]
type = "kernel"
file = "Image-rt"
[[guests.second.source.fetch]]
uri = "https://example.org/second.cpio.gz"
sha256 = "{"0" * 64}"
"""


def test_a_file_that_no_recipe_deploys_is_reported() -> None:
    text = DOM0LESS.replace('ramdisk = "second.cpio.gz"\n', "").rstrip("\n")
    data = tomllib.loads(f"{text}\n{DOWNLOADED}")
    assert schema.validate(data) == []
    found = [f.path for f in check.check(tables.from_data(data)) if f.code == "XT131"]
    assert found == ["guests.second.ramdisk"]


def test_files_next_to_the_project_are_deployed_for_dom0less_guests(tmp_path: Path) -> None:
    (tmp_path / "second.cpio.gz").write_bytes(b"a RAM disk")
    project = dom0less_project()
    rendered = render(project, assets.gather(project, tmp_path))
    folder = "recipes-bsp/xentui-boot"
    assert isinstance(rendered.layer[f"{folder}/xentui-boot/second-second.cpio.gz"], Copy)
    recipe = str(rendered.layer[f"{folder}/xentui-boot_1.0.bb"])
    assert "file://boot.cmd file://second-second.cpio.gz;unpack=0" in recipe
    assert "${UNPACKDIR}/second-second.cpio.gz ${DEPLOYDIR}/second-second.cpio.gz" in recipe
    (conf,) = rendered.conf.values()
    assert " second-second.cpio.gz " in conf.replace('"', " ")
    # The first guest's files are still to be deployed by a recipe.
    assert "guests/first.cpio.gz;first-first.cpio.gz" in conf


def test_a_dom0less_guest_has_no_disk_and_no_console_from_dom0() -> None:
    project = dom0less_project(("console=ttyAMA0 quiet", "root=/dev/xvda ro console=hvc0 quiet"))
    (finding,) = [f for f in check.check(project) if f.code == "XT132"]
    assert "no disk for root= and no console hvc0" in finding.message
    (fix,) = finding.quick_fixes
    assert fix.apply(project).guest("second").extra == "ro quiet console=ttyAMA0"
    assert not [f for f in check.check(fix.apply(project)) if f.code == "XT132"]


PASSED = """
version = 1
[host]
machine = "{machine}"
memory = 2048
[guests.net]
tags = ["external"]
pci = ["03:00.0,seize=1", "bdf=0000:04:00.1"]
dtdev = ["/soc/ethernet@5b040000"]
device_tree = "net.dtb"
"""


def test_dom0_does_not_use_devices_of_guests() -> None:
    hidden = "xen-pciback.hide=(0000:03:00.0)(0000:04:00.1)"
    board = tables.from_data(tomllib.loads(PASSED.format(machine="imx8qm-mek")))
    (script,) = boot.start_files(board).values()
    assert f"root=PARTUUID=${{xen_root}} rw rootwait {hidden}" in script
    assert "fdt set /soc/ethernet@5b040000 xen,passthrough || echo" in script
    assert not [f for f in check.check(board) if f.code == "XT283" and "dtdev" in f.path]
    pc = tables.from_data(tomllib.loads(PASSED.format(machine="genericx86-64")))
    (config,) = boot.start_files(pc).values()
    assert f"rw rootwait {hidden}\n" in config
    bios = replace(pc, host=replace(pc.host, boot_mode="bios"))
    assert hidden in str(render(bios).layer["files/wic/xentui-dom0.cfg"])
    # If the firmware provides the device tree, the user must mark its nodes.
    firmware = tables.from_data(tomllib.loads(PASSED.format(machine="genericarm64")))
    assert [f for f in check.check(firmware) if f.code == "XT283" and "dtdev" in f.path]


@pytest.mark.parametrize(
    ("change", "code", "printed"),
    [
        (('machine = "imx8qm-mek"', 'machine = "genericarm64"'), "XT124", "cannot start first"),
        (('machine = "imx8qm-mek"', 'machine = "rock-5b"'), "XT124", "cannot start second"),
        (('machine = "imx8qm-mek"', 'machine = "qemuarm64"'), "XT124", "cannot start first"),
        (('machine = "imx8qm-mek"', 'machine = "genericx86-64"'), "XT124", "cannot start first"),
        (('ramdisk = "second.cpio.gz"\n', ""), "XT125", "second has no RAM disk"),
        (("vcpus = 2", 'vif = ["bridge=xenbr0"]\nrootfs = "x.ext4"'), "XT126", "ignores vif"),
    ],
)
def test_a_guest_that_xen_cannot_start_is_reported(
    change: tuple[str, str], code: str, printed: str
) -> None:
    messages = [f.message for f in check.check(dom0less_project(change)) if f.code == code]
    assert any(printed in message for message in messages), messages


@pytest.mark.parametrize(
    ("machine", "why", "fixes"),
    [
        ("genericarm64", "dtb=", {"Start Xen by uboot-fat"}),
        ("rock-5b", "no guest files", set()),
        ("qemuarm64", "A layer starts Xen", set()),
        ("zynqmp-generic", "A layer starts Xen", set()),
        ("genericx86-64", "x86-64", set()),
    ],
)
def test_a_guest_that_xen_cannot_start_has_a_reason_and_a_quick_fix(
    machine: str, why: str, fixes: set[str]
) -> None:
    project = dom0less_project(('machine = "imx8qm-mek"', f'machine = "{machine}"'))
    found = next(f for f in check.check(project) if f.code == "XT124")
    assert why in found.fix
    assert {fix.label for fix in found.quick_fixes} == fixes
    for fix in found.quick_fixes:
        paths = {f.path for f in check.check(fix.apply(project)) if f.code == "XT124"}
        assert found.path not in paths


READ_BY_IMAGEBUILDER = {
    "MEMORY_START", "MEMORY_END", "BOOT_CMD", "DEVICE_TREE", "XEN", "XEN_CMD", "DOM0_KERNEL",
    "DOM0_CMD", "NUM_DOMUS", "DOMU_KERNEL", "DOMU_RAMDISK", "DOMU_CMD", "DOMU_MEM", "DOMU_VCPUS",
    "UBOOT_SOURCE", "UBOOT_SCRIPT",
}  # fmt: skip
"""Variables that imagebuilder:scripts/uboot-script-gen reads (branch xlnx_rel_v2023.2)."""


def test_imagebuilder_gets_the_same_guests_as_the_boot_script() -> None:
    config = imagebuilder.config(dom0less_project())
    assert (
        set(re.findall(r"^([A-Z0-9_]+)(?:\[\d+\])?=", config, re.MULTILINE)) <= READ_BY_IMAGEBUILDER
    )
    assert "MEMORY_START=0x80000000\nMEMORY_END=0x100000000\n" in config
    assert 'XEN_CMD="console=dtuart dom0_mem=512M"\n' in config
    assert (
        "NUM_DOMUS=2\nDOMU_KERNEL[0]=guests/Image\nDOMU_RAMDISK[0]=guests/first.cpio.gz\n" in config
    )
    assert "DOMU_MEM[1]=160\nDOMU_VCPUS[1]=1\n" in config
    with pytest.raises(UsageError, match="x86-64"):
        imagebuilder.config(Project(Host("qemux86-64")))
