# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Boot boards that QEMU can emulate with the script that xentui writes.

A rehearsal uses QEMU's general machine instead, because these models are slow and need a newer
QEMU. The stand-in Dom0, its script and the reader of its output come from the rehearsal. Only what
the model lacks is removed from the device tree.

``python -m tests.rehearsal.emulated_boards MACHINE FOLDER`` runs one board and writes what its two
serial ports printed to the folder.
"""

from __future__ import annotations

import gzip
import os
import selectors
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tests.rehearsal import real_parts
from xentui.output.boot import script
from xentui.project.model import Project
from xentui.rehearsal import boot, dom0, kernel, plan, report, tempfiles
from xentui.rehearsal.arch import ARM
from xentui.rehearsal.boot import BootFiles
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.parts import HOST_ROOT, Parts
from xentui.rehearsal.plan import RehearsalPlan
from xentui.rehearsal.report import RehearsalReport
from xentui.rehearsal.run import Outcome
from xentui.rehearsal.transcript import Transcript

SECONDS = 1500.0
"""Seconds after which a run is stopped."""

MAX_SILENCE = 300.0
"""Seconds without output after which a run is stopped."""

TREE_FILE = "board.dtb"
"""The device tree's file on the card, for boards whose script loads it."""

GUEST_OUTPUT = "this guest runs"


@dataclass(frozen=True, slots=True)
class EmulatedBoard:
    """QEMU's model of a board.

    Attributes:
        model: its name in QEMU.
        memory: its memory in MiB.
        usable_memory: how much of it U-Boot gives to Xen, in MiB.
        firmware: path of U-Boot below a root of the parts.
        firmware_package: the Debian package with it, or where it comes from.
        device_tree: path of the device tree in the kernel package.
        qemu_arguments: QEMU's arguments with placeholders for the firmware (FIRMWARE, in FOLDER),
            the device tree (TREE), the disk (DISK) and the serial ports (CONSOLE and REPORT).
        fixups: U-Boot commands that remove what the model lacks.
        report_tty: Dom0's device for the second serial port.
        xen_arguments: further arguments for Xen.
        guest: whether Dom0 can start a guest on it.
    """

    model: str
    memory: int
    usable_memory: int
    firmware: str
    firmware_package: str
    device_tree: str
    qemu_arguments: tuple[str, ...]
    fixups: tuple[str, ...]
    report_tty: str
    xen_arguments: str = ""
    guest: bool = True


BOARDS = {
    "raspberrypi4-64": EmulatedBoard(
        model="raspi4b",
        memory=2048,
        usable_memory=1024,
        firmware="usr/lib/u-boot/rpi_arm64/u-boot.bin",
        firmware_package="u-boot-rpi:arm64",
        device_tree="broadcom/bcm2711-rpi-4-b.dtb",
        qemu_arguments=(
            "-smp", "4", "-kernel", "FIRMWARE", "-dtb", "TREE",
            "-drive", "if=sd,format=raw,cache=unsafe,file=DISK",
            "-serial", "file:REPORT", "-serial", "file:CONSOLE",
        ),
        fixups=(
            *(
                f"fdt rm /soc/{node}"
                for node in (
                    "interrupt-controller@7ef00100", "clock@7ef00000", "hdmi@7ef00700",
                    "hdmi@7ef05700", "i2c@7ef04500", "i2c@7ef09500",
                )
            ),
            "fdt rm /scb/pcie@7d500000",
            # Otherwise Linux gives the first serial port to its Bluetooth driver.
            "fdt rm /soc/serial@7e201000/bluetooth",
        ),
        report_tty="/dev/ttyAMA0",
    ),
    "zynqmp-generic": EmulatedBoard(
        model="xlnx-zcu102,virtualization=on",
        memory=4096,
        usable_memory=4096,
        firmware="usr/lib/u-boot/xilinx_zynqmp_virt/u-boot.elf",
        firmware_package="none: tests/rehearsal/zynqmp-u-boot builds it",
        device_tree="xilinx/zynqmp-zcu102-rev1.0.dtb",
        qemu_arguments=(
            "-smp", "4", "-kernel", "FIRMWARE",
            "-device", "loader,addr=0x100000,force-raw=on,file=FOLDER/u-boot.dtb",
            "-drive", "if=sd,index=1,format=raw,cache=unsafe,file=DISK",
            "-serial", "file:CONSOLE", "-serial", "file:REPORT",
        ),
        fixups=(
            # The model has no power controller, whose firmware is the source of all clocks.
            "fdt mknode / clock-100mhz",
            "fdt set /clock-100mhz compatible fixed-clock",
            r"fdt set /clock-100mhz \#clock-cells <0>",
            "fdt set /clock-100mhz clock-frequency <0x5f5e100>",
            "fdt set /clock-100mhz phandle <0x7000>",
            "fdt set /axi/serial@ff010000 clocks <0x7000 0x7000>",
            *(
                f"fdt rm /axi/serial@ff010000 {name}"
                for name in ("power-domains", "resets", "pinctrl-0", "pinctrl-names")
            ),
        ),
        report_tty="/dev/ttyPS1",
        # With a second CPU, Xen boots and then waits for that CPU forever.
        xen_arguments="maxcpus=1",
        # xl create does not return there.
        guest=False,
    ),
}  # fmt: skip

PROJECT = """version = 1
[host]
machine = "{machine}"
memory = {memory}
dom0_memory = 512
"""

GUEST = """
[guests.one]
tags = ["autostart"]
memory = 128
rootfs = "none"
ramdisk = "one.cpio"
vif = []
extra = "console=hvc0 quiet"
"""
"""A guest without devices: the scripts that attach them can exceed xl's time limit here."""


def project_text(machine: str) -> str:
    """Return the project to boot on a board, as TOML."""
    board = BOARDS[machine]
    text = PROJECT.format(machine=machine, memory=board.usable_memory)
    return text + (GUEST if board.guest else "")


class MissingBoardPartError(Exception):
    """A part that is needed to emulate a board is missing."""


def plan_board(project: Project) -> RehearsalPlan:
    """Return a plan for a rehearsal whose guests boot up to a shell prompt."""
    usual = plan.plan_rehearsal(project)
    return replace(
        usual,
        xen=usual.xen + boot.FIRMWARE_MIB,
        guests=tuple(replace(guest, mode="boot", why="") for guest in usual.guests),
    )


def find_part(parts: Parts, pattern: str, package: str) -> Path:
    """Return the first file below one of the roots whose path matches a glob pattern.

    Raises:
        MissingBoardPartError: no file matches.
    """
    for root in (*parts.roots, HOST_ROOT):
        for path in root.glob(pattern):
            return path
    raise MissingBoardPartError(f"no {pattern.rpartition('/')[2]} (package {package})")


def find_board_files(board: EmulatedBoard, parts: Parts) -> tuple[Path, Path]:
    """Return the firmware and the device tree of a board.

    Raises:
        MissingBoardPartError: one of them is missing, or QEMU does not have the model.
    """
    models = subprocess.run(
        [parts.qemu, "-machine", "help"], env=parts.environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    if f"\n{board.model.partition(',')[0]} " not in models.stdout:
        raise MissingBoardPartError(f"this QEMU has no {board.model}")
    tree = f"usr/lib/{parts.kernel.name.replace('vmlinuz', 'linux-image')}/{board.device_tree}"
    return (
        find_part(parts, board.firmware, board.firmware_package),
        find_part(parts, tree, "linux-image-arm64"),
    )


def start(machine: str, parts: Parts, folder: Path) -> RehearsalReport:
    """Start Xen, Dom0 and a guest on an emulated board, and return the report.

    Args:
        machine: the board's key in :data:`BOARDS`.
        parts: QEMU, its firmware and the stand-ins.
        folder: where the output of the serial ports is written, to console.log and report.log.

    Raises:
        MissingBoardPartError: the board cannot be emulated here.
    """
    board = BOARDS[machine]
    firmware, tree = find_board_files(board, parts)
    project = real_parts.parse_project(project_text(machine))
    rehearsal = plan_board(project)
    began = time.monotonic()
    with ExitStack() as stack:
        disk = _disk(project, rehearsal, board, parts, (firmware, tree), stack)
        words = {
            "FIRMWARE": str(firmware), "FOLDER": str(firmware.parent),
            "TREE": str(tree), "DISK": f"/proc/self/fd/{disk}",
        }  # fmt: skip
        transcript, problem = _run(board, parts, words, disk, Transcript(rehearsal), folder)
    stopped = None
    if problem and transcript.free_at_start is None:
        stopped = boot.find_failure(transcript.tail, xen_up=transcript.xen_up)
    seconds = time.monotonic() - began
    outcome = Outcome(transcript, problem, seconds, None, "tcg", stopped)
    return report.make_report(rehearsal, outcome, parts.versions())


def _disk(
    project: Project,
    rehearsal: RehearsalPlan,
    board: EmulatedBoard,
    parts: Parts,
    files: tuple[Path, Path],
    stack: ExitStack,
) -> int:
    """Return the file descriptor of an SD card with the script; ``stack`` closes it."""
    written = script.describe(project)
    changed = replace(
        written,
        initramfs="initrd",
        # With more vCPUs than the host has CPUs, Dom0 spends its time waiting for locks.
        xen_arguments=f"{written.xen_arguments} loglvl=all noreboot=1 bootscrub=0"
        f" dom0_max_vcpus=1 {board.xen_arguments}".rstrip(),
        dom0_arguments=f"{written.dom0_arguments} rdinit=/init quiet mitigations=off",
        boot=replace(written.boot, dtb=TREE_FILE, fixups=(*written.boot.fixups, *board.fixups)),
    )
    firmware, tree = files
    boot_script = boot.script_image(script.script_text(changed))
    texts = {"boot.scr": boot_script, TREE_FILE: tree.read_bytes()}
    used = BootFiles("U-Boot", firmware, texts, xen="xen", kernel=written.kernel, initrd="initrd")
    linux = kernel.trim(kernel.unpack(parts.kernel))
    # Linux unpacks both archives, so files of the second replace those of the first.
    archive = dom0.build_archive(rehearsal, parts, linux) + _replaced_files(board, parts)
    # U-Boot reads some 300 KiB a second here. Xen unpacks the kernel, which unpacks its archive.
    card = boot.make_disk(
        used, parts.xen.read_bytes(), tempfiles.file_containing(gzip.compress(linux, 6), stack),
        tempfiles.file_containing(gzip.compress(archive, 6), stack), stack,
    )  # fmt: skip
    size = os.fstat(card.fileno()).st_size
    # An SD card's size is a power of two.
    card.truncate(1 << (size - 1).bit_length())
    return card.fileno()


def _replaced_files(board: EmulatedBoard, parts: Parts) -> bytes:
    """Return an archive with the name of Dom0's report device, and a guest's RAM disk."""
    guest = Archive()
    for folder in ("/dev", "/proc"):
        guest.directory(folder)
    guest.device("/dev/console", 5, 1)
    guest.file("/bin/busybox", parts.programs["busybox"].read_bytes(), executable=True)
    guest.link("/bin/sh", "busybox")
    init = f"#!/bin/sh\necho {GUEST_OUTPUT}\nexec /bin/sh\n"
    guest.file("/init", init.encode(), executable=True)
    archive = Archive()
    archive.file("/rehearsal/report", f"{board.report_tty}\n".encode())
    archive.file("/rehearsal/ramdisk", guest.dump())
    return archive.dump()


def _run(
    board: EmulatedBoard,
    parts: Parts,
    words: dict[str, str],
    disk: int,
    transcript: Transcript,
    folder: Path,
) -> tuple[Transcript, str]:
    """Run QEMU until Dom0's script ends; return its transcript, and why it ended early or ""."""
    ends = {name: os.pipe() for name in ("CONSOLE", "REPORT")}
    words |= {name: f"/proc/self/fd/{writer}" for name, (_, writer) in ends.items()}
    arguments = list(board.qemu_arguments)
    for name, value in words.items():
        arguments = [argument.replace(name, value) for argument in arguments]
    command = [
        str(parts.qemu), *(word for path in parts.firmware for word in ("-L", str(path))),
        "-M", board.model, "-m", str(board.memory), "-accel", "tcg,thread=multi",
        "-nic", "none", "-display", "none", "-monitor", "none", "-no-reboot", *arguments,
    ]  # fmt: skip
    errors = (folder / "qemu.log").open("wb")
    process = subprocess.Popen(
        command,
        env=parts.environment(),
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        pass_fds=(disk, *(writer for _, writer in ends.values())),
    )
    until = time.monotonic() + SECONDS
    with selectors.DefaultSelector() as selector, ExitStack() as stack:
        for name, (reader, writer) in ends.items():
            os.close(writer)
            stack.callback(os.close, reader)
            selector.register(reader, selectors.EVENT_READ, name.lower())
        stack.callback(errors.close)
        stack.callback(process.wait)
        stack.callback(process.kill)
        logs = {
            name: stack.enter_context((folder / f"{name}.log").open("wb"))
            for name in ("console", "report")
        }
        while selector.get_map() and not transcript.ended:
            ready = selector.select(MAX_SILENCE)
            if not ready or time.monotonic() > until or real_parts.is_late():
                return transcript, "Dom0 was not done in time"
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fd)
                logs[key.data].write(chunk)
                logs[key.data].flush()
                list(transcript.feed(key.data, chunk.decode(errors="replace")))
    output = (folder / "qemu.log").read_text(errors="replace").strip()
    return transcript, "" if transcript.ended else f"QEMU ended: {output}"


def main() -> None:
    """Run one board and print the report."""
    machine, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    print("\n".join(start(machine, real_parts.find_parts(ARM), folder).lines()))


if __name__ == "__main__":
    main()
