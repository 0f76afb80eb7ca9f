# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One run: start QEMU with Xen, and watch it until all guests were tried.

Nothing is left behind, however the run ends: QEMU's files have no name in any folder, its output
comes through pipes, and Linux kills QEMU when its parent ends.
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
from xentui.rehearsal.boot import BootPath, Stop
from xentui.rehearsal.deploy import Own
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.plan import Rehearsal
from xentui.rehearsal.transcript import Event, Stream, Transcript

Accelerator = Literal["tcg", "kvm"]
Log = Callable[[Stream, bytes], None]

SILENCE = 300.0
"""Seconds without a report of Dom0's script after which a run is given up. The script itself waits
for at most 240."""

LONGEST_BOOT = 1200.0
"""Seconds within which Dom0's script must report for the first time."""

CPU = "max,-smap,-rdtscp,-xsave,-avx,-avx2"
"""An emulated CPU without what keeps Xen's guests from running on it: with SMAP a PV Dom0 dies
of a page fault, with RDTSCP a PVH guest of an instruction that is not emulated, and with XSAVE
registers are lost between guests (seen on QEMU 7.2)."""

ARM_CPU = "cortex-a57"
ARM_MEMORY = 0x40000000
"""Address of the memory of QEMU's arm64 machine."""
ARM_STEP = 16 << 20
"""Alignment of addresses there in bytes; as much is left for Xen at the end of the memory."""

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
    stopped: Stop | None = None


def accelerator() -> Accelerator:
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


def run(
    rehearsal: Rehearsal,
    parts: Parts,
    *,
    progress: Callable[[Event], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    accel: Accelerator | None = None,
    log: Log = lambda _stream, _chunk: None,
    own: Own | None = None,
    path: BootPath | None = None,
) -> Outcome:
    """Boot Xen and try the guests.

    Args:
        rehearsal: the plan.
        parts: the programs.
        progress: called with each event, in the calling thread.
        stop: called several times a second; returns whether to give up.
        accel: how the CPU is emulated; detected if left out.
        log: called with everything that the machine prints, as it comes.
        own: the files of a build that take part.
        path: the board's own boot files, instead of QEMU's ``-kernel``.

    Raises:
        StoppedError: ``stop`` returned true.
        InputError: a part cannot be read, or QEMU does not start.
    """
    began = time.monotonic()
    progress(Event("parts", "putting Dom0 together", of=len(rehearsal.parts)))
    chosen: Accelerator = "tcg" if parts.machine is ARM else accel or accelerator()
    transcript = Transcript(rehearsal)
    booted: list[float] = []

    def tell(event: Event) -> None:
        if event.stage == "dom0":
            booted.append(time.monotonic() - began)
        progress(event)

    with ExitStack() as stack:
        given = _files(rehearsal, parts, own, stack, path)
        if stop():
            raise StoppedError("the rehearsal was stopped")
        with _emulator(_command(rehearsal, parts, given, chosen, path), parts) as streams:
            given_up = boot.is_final if path is not None else _never
            problem = _watch(streams, transcript, tell, stop, log, given_up)
    seconds = time.monotonic() - began
    stopped = None
    if path is not None and problem and not booted:
        stopped = boot.stopped(transcript.tail, xen_up=transcript.xen_up)
    boot_seconds = booted[0] if booted else None
    return Outcome(transcript, problem, seconds, boot_seconds, chosen, stopped)


def _never(_: tuple[str, ...]) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Given:
    xen: IO[bytes]
    linux: IO[bytes]
    dom0: IO[bytes]
    store: IO[bytes] | None = None
    disk: IO[bytes] | None = None


@dataclass(frozen=True, slots=True)
class _Streams:
    process: subprocess.Popen[bytes]
    console: int
    report: int
    errors: IO[bytes]


def _files(
    rehearsal: Rehearsal,
    parts: Parts,
    own: Own | None,
    stack: ExitStack,
    path: BootPath | None,
) -> _Given:
    stand_in = kernel.trimmed(kernel.unpacked(parts.kernel))
    dom0_kernel = stand_in
    if own is not None and own.kernel is not None:
        dom0_kernel = kernel.trimmed(kernel.unpacked(own.kernel))
    linux = tempfiles.holding(dom0_kernel, stack)
    archive = tempfiles.holding(dom0.build(rehearsal, parts, stand_in, own), stack)
    store = deploy.disk(own, stack) if own is not None and own.files else None
    xen = (own.xen if own is not None else None) or parts.xen
    if path is None:
        return _Given(tempfiles.holding(_hypervisor(xen), stack), linux, archive, store)
    if path.firmware == "OVMF":
        xen = _efi_application(xen, parts)
    disk = boot.disk(path, _hypervisor(xen), linux, archive, stack)
    return _Given(disk, linux, archive, store, disk)


def _efi_application(xen: Path, parts: Parts) -> Path:
    """Return the file next to a PC's hypervisor that UEFI firmware starts.

    A build that deploys only ``xen.gz`` is started by Debian's file of the same version.
    """
    for path in (xen.with_suffix(".efi"), parts.xen.with_suffix(".efi")):
        if path.is_file():
            return path
    raise InputError(
        f"{path}: is not there", fix="Install Debian's xen-system-amd64, which depends on it."
    )


def _hypervisor(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _command(
    rehearsal: Rehearsal,
    parts: Parts,
    given: _Given,
    accel: Accelerator,
    path: BootPath | None = None,
) -> tuple[list[str], tuple[int, ...]]:
    """Return QEMU's command line without the streams, and its open files."""
    xen = "loglvl=all noreboot=1 bootscrub=0"
    if rehearsal.dom0 is not None:
        mib = rehearsal.dom0 + rehearsal.added
        xen = f"dom0_mem={mib}M,max:{mib}M {xen}"
    linux = "console=hvc0 rdinit=/init quiet mitigations=off"
    total = rehearsal.total + rehearsal.added
    if path is not None and given.disk is not None:
        machine = _firmware(path, parts, given.disk, accel)
    elif parts.machine is ARM:
        machine = _arm(given, linux, xen, total)
    else:
        machine = _pc(given, linux, xen, accel)
    command = [
        str(parts.qemu),
        *(word for folder in parts.firmware for word in ("-L", str(folder))),
        "-m", str(total), "-smp", "1",
        "-accel", "kvm" if accel == "kvm" else f"tcg,thread=multi,tb-size={CODE_MIB}",
        "-nodefaults", "-no-user-config", "-nic", "none", "-vga", "none", "-display", "none",
        "-monitor", "none", "-no-reboot", *machine,
    ]  # fmt: skip
    if given.disk is None:
        command += ["-kernel", f"/proc/self/fd/{given.xen.fileno()}"]
    files = [given.xen.fileno(), given.linux.fileno(), given.dom0.fileno()]
    if given.store is not None:
        files.append(given.store.fileno())
        place = f"file=/proc/self/fd/{given.store.fileno()},format=raw,if=none,id=store"
        command += ["-drive", f"{place},cache=unsafe,discard=unmap"]
        command += ["-device", "virtio-blk-pci,drive=store"]
    return command, tuple(files)


def _firmware(path: BootPath, parts: Parts, disk: IO[bytes], accel: Accelerator) -> list[str]:
    """Return the machine's arguments: the firmware, and the disk on which it finds Xen."""
    place = f"file=/proc/self/fd/{disk.fileno()},format=raw,if=none,id=boot,cache=unsafe"
    words = [
        *boot.firmware_arguments(path, parts.machine),
        "-drive", place, "-device", "virtio-blk-pci,drive=boot,bootindex=0",
        "-serial", "file:CONSOLE",
    ]  # fmt: skip
    if parts.machine is ARM:
        report = ["-chardev", "file,id=report,path=REPORT", "-device", "pci-serial,chardev=report"]
        return [*words, "-cpu", ARM_CPU, *report]
    return [*words, "-cpu", "host" if accel == "kvm" else CPU, "-serial", "file:REPORT"]


def _pc(given: _Given, linux: str, xen: str, accel: Accelerator) -> list[str]:
    modules = f"/proc/self/fd/{given.linux.fileno()} {linux},/proc/self/fd/{given.dom0.fileno()}"
    return [
        "-machine", "q35", "-cpu", "host" if accel == "kvm" else CPU,
        "-initrd", modules, "-append", f"{xen} console=com1 com1=115200,8n1",
        "-serial", "file:CONSOLE", "-serial", "file:REPORT",
    ]  # fmt: skip


def _arm(given: _Given, linux: str, xen: str, mib: int) -> list[str]:
    """Return the arguments for arm64, where Xen finds Dom0's files through the device tree.

    QEMU's guest-loader puts them there (qemu:docs/system/guest-loader.rst). The machine has one
    serial port of its own, and a second one on its PCI bus.
    """
    linux_file, archive_file = (f"/proc/self/fd/{f.fileno()}" for f in (given.linux, given.dom0))
    # At the end of the memory, as Dom0 needs large contiguous pieces. Above 4 GiB that is not
    # needed.
    archive, kernel_at = (
        ARM_MEMORY + (min(mib, 4096) << 20) - ARM_STEP - sum(map(_steps, files))
        for files in ((given.dom0,), (given.dom0, given.linux))
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


def _steps(file: IO[bytes]) -> int:
    return -(-os.fstat(file.fileno()).st_size // ARM_STEP) * ARM_STEP


@contextmanager
def _emulator(asked: tuple[list[str], tuple[int, ...]], parts: Parts) -> Iterator[_Streams]:
    command, files = asked
    pipes = [os.pipe() for _ in range(2)]
    writers = [pipe[1] for pipe in pipes]
    for name, writer in zip(("CONSOLE", "REPORT"), writers, strict=True):
        place = f"/proc/self/fd/{writer}"
        command = [re.sub(f"(?<=[:=]){name}$", place, word) for word in command]
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tied() -> None:
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
            preexec_fn=tied,  # noqa: PLW1509 - only one system call before exec
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
    tell: Callable[[Event], None],
    stop: Callable[[], bool],
    log: Log,
    given_up: Callable[[tuple[str, ...]], bool],
) -> str:
    """Read until the rehearsal is over; return why it ended early, or an empty text."""
    began = heard = time.monotonic()
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
                for event in transcript.take(key.data, chunk.decode(errors="replace")):
                    tell(event)
            if ready and given_up(transcript.tail):
                return "it stopped before Dom0 was up"
            # Once the script reports, the console does not count: Xen and the kernel print warnings
            # even if the script hangs. Until then, firmware and kernel may be slow, but not silent.
            reporting = reporting or any(key.data == "report" for key, _ in ready)
            if any(key.data == "report" or not reporting for key, _ in ready):
                heard = time.monotonic()
            elif time.monotonic() - heard > SILENCE:
                return f"nothing was heard for {SILENCE:.0f} seconds"
            if not reporting and time.monotonic() - began > LONGEST_BOOT:
                return f"Dom0 was not up after {LONGEST_BOOT:.0f} seconds"
    if transcript.ended:
        return ""
    code = streams.process.wait()
    streams.errors.seek(0)
    words = " ".join(streams.errors.read(4096).decode(errors="replace").split())
    if not transcript.xen_up and given_up is _never:
        said_what = words or "it printed nothing"
        raise InputError(f"QEMU ended before Xen was up (exit code {code}): {said_what}")
    return f"the machine stopped before the rehearsal was over{f' ({words})' if words else ''}"
