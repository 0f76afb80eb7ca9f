# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Running a rehearsal: start QEMU with Xen, and watch it until every guest was tried.

Nothing remains however the run ends: QEMU's files are temporary files without a name, its output
comes through pipes, and Linux kills QEMU when its parent process ends.
"""

from __future__ import annotations

import ctypes
import gzip
import os
import re
import selectors
import signal
import subprocess
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from xentui.errors import Exit, InputError, XentuiError, os_error_text
from xentui.rehearsal import boot, deploy, dom0, kernel, tempfiles
from xentui.rehearsal.arch import ARM
from xentui.rehearsal.boot import BootFailure, BootFiles
from xentui.rehearsal.deploy import BuildFiles
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.plan import RehearsalPlan
from xentui.rehearsal.transcript import Event, Stream, Transcript

Accelerator = Literal["tcg", "kvm"]
Log = Callable[[Stream, bytes], None]
"""A function that is called with a stream's name and the bytes that came on it."""

MAX_SILENCE = 300.0
"""Seconds without a report from Dom0's script after which a run is stopped. The script itself waits
for at most 240."""

MAX_BOOT_SECONDS = 1200.0
"""Seconds within which Dom0's script must report for the first time."""

CPU = "max,-smap,-rdtscp,-xsave,-avx,-avx2"
"""QEMU's CPU model for PCs, without what breaks Xen under emulation (seen on QEMU 7.2): with SMAP a
PV Dom0 dies of a page fault, with RDTSCP a PVH guest dies of an instruction that is not emulated,
and with XSAVE registers are lost between guests."""

ARM_CPU = "cortex-a57"
ARM_MEMORY = 0x40000000
"""Address at which the memory of QEMU's arm64 machine starts."""
ARM_ALIGNMENT = 16 << 20
"""Alignment in bytes of files in that memory; as much is left free for Xen at its end."""

CODE_MIB = 96
"""MiB that QEMU may use for translated code in addition to the machine's memory; its default is 1
GiB. With 64 instead of 96, two guests need 5 % more CPU time; 128 saves nothing."""

_PR_SET_PDEATHSIG = 1


class StoppedError(XentuiError):
    """The user stopped the rehearsal."""

    exit_code = Exit.INTERRUPTED


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a run.

    Attributes:
        transcript: everything that was reported.
        problem: why it ended early, or an empty text.
        seconds: its duration, from the first file read to the end of QEMU.
        boot_seconds: the part of it until Dom0 was up; ``None`` if it never was.
        accelerator: ``tcg`` or ``kvm``.
        stopped: where the boot stopped, if the board's own boot files did not start Dom0.
    """

    transcript: Transcript
    problem: str
    seconds: float
    boot_seconds: float | None
    accelerator: Accelerator
    stopped: BootFailure | None = None


def detect_accelerator() -> Accelerator:
    """Return ``kvm`` if KVM offers nested virtualization here, otherwise ``tcg``."""
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        for module in ("kvm_intel", "kvm_amd"):
            try:
                with open(f"/sys/module/{module}/parameters/nested", encoding="ascii") as file:  # noqa: PTH123
                    if file.read().strip() in ("Y", "1"):
                        return "kvm"
            except OSError:
                continue
    return "tcg"


def run_plan(
    plan: RehearsalPlan,
    parts: Parts,
    *,
    progress: Callable[[Event], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    accel: Accelerator | None = None,
    log: Log = lambda _stream, _chunk: None,
    build_files: BuildFiles | None = None,
    boot_files: BootFiles | None = None,
) -> Outcome:
    """Boot Xen, start the guests of a plan, and return the result.

    Files of a build replace the stand-ins, and boot files start Xen instead of QEMU's ``-kernel``.
    The other arguments are those of :func:`xentui.rehearsal.rehearse`.

    Raises:
        StoppedError: ``stop`` returned true.
        InputError: a part cannot be read, or QEMU does not start.
    """
    began = time.monotonic()
    progress(Event("parts", "putting Dom0 together", of=len(plan.guests)))
    chosen: Accelerator = "tcg" if parts.arch is ARM else accel or detect_accelerator()
    transcript = Transcript(plan)
    booted: list[float] = []

    def on_event(event: Event) -> None:
        if event.stage == "dom0":
            booted.append(time.monotonic() - began)
        progress(event)

    with ExitStack() as stack:
        files = _files(plan, parts, build_files, stack, boot_files)
        if stop():
            raise StoppedError("the rehearsal was stopped")
        with _emulator(_command(plan, parts, files, chosen, boot_files), parts) as streams:
            has_failed = boot.has_failed if boot_files is not None else _never
            problem = _watch(streams, transcript, on_event, stop, log, has_failed)
    seconds = time.monotonic() - began
    stopped = None
    if boot_files is not None and problem and not booted:
        stopped = boot.find_failure(transcript.tail, xen_up=transcript.xen_up)
    boot_seconds = booted[0] if booted else None
    return Outcome(transcript, problem, seconds, boot_seconds, chosen, stopped)


def _never(_: tuple[str, ...]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _MachineFiles:
    """The open files that QEMU reads: Xen, Dom0's kernel and archive, and disks."""

    xen: IO[bytes]
    linux: IO[bytes]
    dom0: IO[bytes]
    store: IO[bytes] | None = None
    disk: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class _Streams:
    """QEMU's process with the file descriptors of its two serial ports."""

    process: subprocess.Popen[bytes]
    console: int
    report: int
    errors: IO[bytes]


def _files(
    plan: RehearsalPlan,
    parts: Parts,
    build_files: BuildFiles | None,
    stack: ExitStack,
    boot_files: BootFiles | None,
) -> _MachineFiles:
    stand_in = kernel.trim(kernel.unpack(parts.kernel))
    dom0_kernel = stand_in
    if build_files is not None and build_files.kernel is not None:
        dom0_kernel = kernel.trim(kernel.unpack(build_files.kernel))
    linux = tempfiles.file_containing(dom0_kernel, stack)
    archive = tempfiles.file_containing(
        dom0.build_archive(plan, parts, stand_in, build_files), stack
    )
    store = (
        deploy.make_disk(build_files, stack)
        if build_files is not None and build_files.guest_files
        else None
    )
    xen = (build_files.xen if build_files is not None else None) or parts.xen
    if boot_files is None:
        return _MachineFiles(
            tempfiles.file_containing(_hypervisor(xen), stack), linux, archive, store
        )
    if boot_files.firmware == "OVMF":
        xen = _efi_application(xen, parts)
    disk = boot.make_disk(boot_files, _hypervisor(xen), linux, archive, stack)
    return _MachineFiles(disk, linux, archive, store, disk)


def _efi_application(xen: Path, parts: Parts) -> Path:
    """Return the file next to a PC's hypervisor that UEFI firmware starts.

    A build that deploys only ``xen.gz`` is started by Debian's file of the same version.
    """
    for path in (xen.with_suffix(".efi"), parts.xen.with_suffix(".efi")):
        if path.is_file():
            return path
    raise InputError(
        f"{path} does not exist", fix="Install Debian's xen-system-amd64, which depends on it."
    )


def _hypervisor(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path} cannot be read ({error})") from error


def _command(
    plan: RehearsalPlan,
    parts: Parts,
    files: _MachineFiles,
    accel: Accelerator,
    boot_files: BootFiles | None,
) -> tuple[list[str], tuple[int, ...]]:
    """Return QEMU's command line, and the descriptors of the files that it inherits.

    The words CONSOLE and REPORT in it stand for the pipes of the two serial ports.
    """
    xen = "loglvl=all noreboot=1 bootscrub=0"
    if plan.dom0 is not None:
        mib = plan.dom0 + plan.added
        xen = f"dom0_mem={mib}M,max:{mib}M {xen}"
    linux = "console=hvc0 rdinit=/init quiet mitigations=off"
    total = plan.total + plan.added
    if boot_files is not None and files.disk is not None:
        machine = _firmware(boot_files, parts, files.disk, accel)
    elif parts.arch is ARM:
        machine = _arm(files, linux, xen, total)
    else:
        machine = _pc(files, linux, xen, accel)
    command = [
        str(parts.qemu),
        *(word for folder in parts.firmware for word in ("-L", str(folder))),
        "-m", str(total), "-smp", "1",
        "-accel", "kvm" if accel == "kvm" else f"tcg,thread=multi,tb-size={CODE_MIB}",
        "-nodefaults", "-no-user-config", "-nic", "none", "-vga", "none", "-display", "none",
        "-monitor", "none", "-no-reboot", *machine,
    ]  # fmt: skip
    if files.disk is None:
        command += ["-kernel", f"/proc/self/fd/{files.xen.fileno()}"]
    descriptors = [files.xen.fileno(), files.linux.fileno(), files.dom0.fileno()]
    if files.store is not None:
        descriptors.append(files.store.fileno())
        place = f"file=/proc/self/fd/{files.store.fileno()},format=raw,if=none,id=store"
        command += ["-drive", f"{place},cache=unsafe,discard=unmap"]
        command += ["-device", "virtio-blk-pci,drive=store"]
    return command, tuple(descriptors)


def _firmware(
    boot_files: BootFiles, parts: Parts, disk: IO[bytes], accel: Accelerator
) -> list[str]:
    """Return the machine's arguments: the firmware, and the disk on which it finds Xen."""
    place = f"file=/proc/self/fd/{disk.fileno()},format=raw,if=none,id=boot,cache=unsafe"
    words = [
        *boot.firmware_arguments(boot_files, parts.arch),
        "-drive", place, "-device", "virtio-blk-pci,drive=boot,bootindex=0",
        "-serial", "file:CONSOLE",
    ]  # fmt: skip
    if parts.arch is ARM:
        report = ["-chardev", "file,id=report,path=REPORT", "-device", "pci-serial,chardev=report"]
        return [*words, "-cpu", ARM_CPU, *report]
    return [*words, "-cpu", "host" if accel == "kvm" else CPU, "-serial", "file:REPORT"]


def _pc(files: _MachineFiles, linux: str, xen: str, accel: Accelerator) -> list[str]:
    modules = f"/proc/self/fd/{files.linux.fileno()} {linux},/proc/self/fd/{files.dom0.fileno()}"
    return [
        "-machine", "q35", "-cpu", "host" if accel == "kvm" else CPU,
        "-initrd", modules, "-append", f"{xen} console=com1 com1=115200,8n1",
        "-serial", "file:CONSOLE", "-serial", "file:REPORT",
    ]  # fmt: skip


def _arm(files: _MachineFiles, linux: str, xen: str, mib: int) -> list[str]:
    """Return the arguments for arm64, where Xen finds Dom0's files through the device tree.

    QEMU's guest-loader puts them there (qemu:docs/system/guest-loader.rst). The machine has one
    serial port of its build_files, and a second one on its PCI bus.
    """
    linux_file, archive_file = (f"/proc/self/fd/{f.fileno()}" for f in (files.linux, files.dom0))
    # At the end of the memory, as Dom0 needs large contiguous pieces. Above 4 GiB that is not
    # needed.
    archive, kernel_at = (
        ARM_MEMORY + (min(mib, 4096) << 20) - ARM_ALIGNMENT - sum(map(_aligned_size, contents))
        for contents in ((files.dom0,), (files.dom0, files.linux))
    )
    loads = f"guest-loader,addr={kernel_at:#x},kernel={linux_file},bootargs={linux}"
    return [
        "-machine", "virt,virtualization=on,gic-version=3", "-cpu", ARM_CPU,
        "-append", f"{xen} console=dtuart",
        "-device", loads,
        "-device", f"guest-loader,addr={archive:#x},initrd={archive_file}",
        "-serial", "file:CONSOLE",
        "-chardev", "file,id=report,path=REPORT", "-device", "pci-serial,chardev=report",
    ]  # fmt: skip


def _aligned_size(file: IO[bytes]) -> int:
    return -(-os.fstat(file.fileno()).st_size // ARM_ALIGNMENT) * ARM_ALIGNMENT


@contextmanager
def _emulator(
    command_and_files: tuple[list[str], tuple[int, ...]], parts: Parts
) -> Iterator[_Streams]:
    """Run QEMU within the context; end it when the context or this process ends."""
    command, files = command_and_files
    pipes = [os.pipe() for _ in range(2)]
    writers = [pipe[1] for pipe in pipes]
    for name, writer in zip(("CONSOLE", "REPORT"), writers, strict=True):
        place = f"/proc/self/fd/{writer}"
        command = [re.sub(f"(?<=[:=]){name}$", place, word) for word in command]
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def die_with_parent() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed once QEMU is gone
    try:
        process = subprocess.Popen(  # noqa: S603 - a program that was found, no shell
            command,
            env=parts.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # A file: QEMU would block once 64 KiB had filled a pipe that is not read.
            stderr=errors,
            pass_fds=(*files, *writers),
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - only one system call before exec
        )
    except OSError as error:
        errors.close()
        raise InputError(f"{parts.qemu}: {os_error_text(error)}") from error
    finally:
        for writer in writers:
            os.close(writer)
    try:
        yield _Streams(process, pipes[0][0], pipes[1][0], errors)
    finally:
        process.kill()
        process.wait()
        errors.close()
        for reader, _ in pipes:
            os.close(reader)


def _watch(
    streams: _Streams,
    transcript: Transcript,
    on_event: Callable[[Event], None],
    stop: Callable[[], bool],
    log: Log,
    has_failed: Callable[[tuple[str, ...]], bool],
) -> str:
    """Read until the rehearsal is over; return why it ended early, or an empty text."""
    began = last_output = time.monotonic()
    reporting = False
    with selectors.DefaultSelector() as selector:
        selector.register(streams.console, selectors.EVENT_READ, "console")
        selector.register(streams.report, selectors.EVENT_READ, "report")
        while selector.get_map() and not transcript.ended:
            if stop():
                raise StoppedError("the rehearsal was stopped")
            ready = selector.select(0.2)
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    selector.unregister(key.fd)
                log(key.data, chunk)
                for event in transcript.feed(key.data, chunk.decode(errors="replace")):
                    on_event(event)
            if ready and has_failed(transcript.tail):
                return "it stopped before Dom0 was up"
            # Once the script has reported, only its reports count as output, as Xen and the kernel
            # print warnings even if the script hangs. Before, firmware and kernel print something.
            reporting = reporting or any(key.data == "report" for key, _ in ready)
            if any(key.data == "report" or not reporting for key, _ in ready):
                last_output = time.monotonic()
            elif time.monotonic() - last_output > MAX_SILENCE:
                return f"nothing was printed for {MAX_SILENCE:.0f} seconds"
            if not reporting and time.monotonic() - began > MAX_BOOT_SECONDS:
                return f"Dom0 was not up after {MAX_BOOT_SECONDS:.0f} seconds"
    if transcript.ended:
        return ""
    code = streams.process.wait()
    streams.errors.seek(0)
    errors = " ".join(streams.errors.read(4096).decode(errors="replace").split())
    if not transcript.xen_up and has_failed is _never:
        output = errors or "it printed nothing"
        raise InputError(f"QEMU ended before Xen was up (exit code {code}): {output}")
    return f"the machine stopped before the rehearsal was over{f' ({errors})' if errors else ''}"
