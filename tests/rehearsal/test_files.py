# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The root file system of the stand-in Dom0, and the files it is made from."""

from __future__ import annotations

import fcntl
import gzip
import lzma
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.rehearsal.real_parts import HERE
from xentui.errors import InputError
from xentui.rehearsal import elf, fetch, kernel, parts
from xentui.rehearsal.arch import ARM, X86, host_architecture
from xentui.rehearsal.cpio import Archive
from xentui.rehearsal.run import StoppedError

needs_cpio = pytest.mark.skipif(not shutil.which("cpio"), reason="cpio is not installed")


@needs_cpio
def test_an_archive_is_unpacked_by_cpio(tmp_path: Path) -> None:
    archive = Archive()
    archive.file("/a/b/run", b"1", executable=True)
    archive.file("a/b/../b/run", b"not written, as the path exists")
    archive.link("/a/link", "/a/b/run")
    archive.directory("/empty/one")
    archive.file("/../outside", b"is inside")
    subprocess.run(["cpio", "-idm", "--quiet"], input=archive.dump(), cwd=tmp_path, check=True)
    assert (tmp_path / "a/b/run").read_bytes() == b"1"
    assert os.access(tmp_path / "a/b/run", os.X_OK)
    assert (tmp_path / "a/link").readlink() == Path("/a/b/run")
    assert (tmp_path / "empty/one").is_dir()
    assert (tmp_path / "outside").read_bytes() == b"is inside"


def test_an_archive_has_no_time_and_is_aligned() -> None:
    def small_archive() -> bytes:
        archive = Archive()
        archive.file("/x", b"12345")
        archive.device("/dev/console", 5, 1)
        return archive.dump()

    assert small_archive() == small_archive()
    assert len(small_archive()) % 512 == 0
    assert small_archive().startswith(b"070701")


def test_the_libraries_and_the_loader_of_a_program_are_read() -> None:
    data = Path(sys.executable).resolve().read_bytes()
    needed = elf.read_requirements(data)
    if needed is None or needed.machine != elf.X86_64:
        pytest.skip("no x86-64 host")
    assert any(name.startswith("libc.so") for name in needed.libraries)
    assert needed.interpreter.endswith("ld-linux-x86-64.so.2")
    assert elf.read_requirements(b"#!/bin/sh\n") is None
    for length in range(64, 4096, 97):
        elf.read_requirements(data[:length])


@pytest.mark.parametrize(
    ("table", "dynamic"), [(2**64 - 1, 120), (64, 2**64 - 8), (64, 120)],
    ids=["headers", "dynamic", "strings"],
)  # fmt: skip
def test_an_elf_file_that_points_outside_of_itself_is_refused(table: int, dynamic: int) -> None:
    head = struct.pack("<6s26xQ14xHH4x", b"\x7fELF\2\1", table, 56, 1).ljust(64, b"\0")
    header = struct.pack("<IIQQQQQQ", 2, 0, dynamic, 0, 0, 32, 32, 8)
    tags = struct.pack("<QQQQ", 5, 0x1000, 1, 0)
    assert elf.read_requirements(head + header + tags) is None


def _bzimage(payload: bytes) -> bytes:
    head = bytearray(0x400)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    return bytes(head) + bytes(16) + payload


@pytest.mark.parametrize("pack", [lzma.compress, gzip.compress])
def test_a_kernel_is_unpacked(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    whole = b"\x7fELF" + bytes(range(256)) * 40
    path = tmp_path / "vmlinuz"
    path.write_bytes(_bzimage(pack(whole)))
    assert kernel.unpack(path) == whole
    path.write_bytes(whole)
    assert kernel.unpack(path) == whole
    assert gzip.decompress(kernel.compress(whole)) == whole


def _arm_kernel(words: bytes) -> bytes:
    return bytes(0x38) + b"ARMd" + bytes(0x200) + words


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_kernel_for_arm64_is_recognised_by_its_bytes(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    whole = _arm_kernel(b"\0xen,xen\0Linux version 6.1.0-56-arm64 (a@b) (gcc) #1\n\0")
    path = tmp_path / "Image"
    path.write_bytes(pack(whole))
    assert kernel.unpack(path) == whole
    assert kernel.release_of(whole) == "6.1.0-56-arm64"
    assert kernel.can_be_dom0(whole)


def test_a_kernel_for_arm64_without_xen_cannot_be_dom0() -> None:
    assert not kernel.can_be_dom0(_arm_kernel(b"Linux version 6.1.0 (a@b)"))
    assert kernel.release_of(_arm_kernel(b"no banner")) == ""
    assert kernel.idle_kernel(ARM)[0x38:0x3C] == b"ARMd"


@pytest.mark.parametrize(
    "data", [b"", b"no kernel", _bzimage(b"\xfd7zXZ\0damaged"), _bzimage(b"\x1f\x8bdamaged"),
             _bzimage(b"lzop"), _bzimage(gzip.compress(b"no kernel"))],
    ids=["empty", "text", "xz", "gzip", "lzop", "no-elf"],
)  # fmt: skip
def test_a_file_that_is_not_a_kernel_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "vmlinuz"
    path.write_bytes(data)
    with pytest.raises(InputError, match="vmlinuz"):
        kernel.unpack(path)


def test_zeros_that_a_loader_adds_are_cut_off_a_kernel() -> None:
    def elf_file(tail: bytes, filesz: int, sections: tuple[int, int, int, int]) -> bytes:
        place, size, count, names = sections
        head = struct.pack(
            "<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 62, 1, 0x1000, 64, place, 0, 64, 56, 2,
            size, count, names,
        )  # fmt: skip
        load = struct.pack("<IIQQQQQQ", 1, 7, 256, 0x1000, 0x1000, filesz, 4096, 16)
        note = struct.pack("<IIQQQQQQ", 4, 4, 240, 0, 0, 16, 16, 4)
        return (head + load + note).ljust(240, b"\0") + b"note".ljust(16, b"\0") + tail

    long = elf_file(b"code\0data" + bytes(1000) + b"sections", 1009, (1265, 64, 3, 2))
    short = elf_file(b"code\0data", 9, (0, 64, 0, 0))
    assert kernel.trim(long) == short
    assert kernel.trim(short) == short
    for other in (b"\x7fELF", bytes(100), long[:60], long[:100], kernel.idle_kernel(ARM)):
        assert kernel.trim(other) == other


def test_modules_come_after_their_dependencies(tmp_path: Path) -> None:
    for name, needed, pack in (
        ("bridge.ko.xz", b"stp,llc", lzma.compress), ("stp.ko.gz", b"llc", gzip.compress),
        ("llc.ko", b"", bytes), ("other.ko", b"", bytes),
    ):  # fmt: skip
        place = tmp_path / "kernel/net"
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(pack(b"\x7fELF\0depends=" + needed + b"\0"))
    names = [name for name, _ in kernel.read_modules(tmp_path, ("bridge", "built-in", "llc"))]
    assert names == ["llc.ko", "stp.ko", "bridge.ko"]


def test_the_idle_kernel_can_be_started_as_pv_and_as_pvh() -> None:
    data = kernel.idle_kernel()
    assert data[:4] == b"\x7fELF"
    offset, size, count = 64, 56, struct.unpack_from("<H", data, 56)[0]
    headers = [struct.unpack_from("<I", data, offset + size * n)[0] for n in range(count)]
    assert headers == [1, 4]
    assert b"Xen\0linux\0" in data
    assert len(data) % 4096 == 0


def test_all_missing_parts_are_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    with pytest.raises(parts.MissingPartsError) as raised:
        parts.find_parts(tmp_path, None)
    packages = {missing.package for missing in raised.value.missing}
    assert {
        "qemu-system-x86",
        "xen-system-amd64",
        "linux-image-amd64",
        "busybox-static",
    } <= packages
    assert "--parts DIR" in raised.value.fix
    with pytest.raises(InputError, match="is not a folder"):
        parts.find_parts(tmp_path / "nowhere", None)


def test_parts_that_the_given_folder_lacks_are_taken_from_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    given, cache = tmp_path / "given", tmp_path / "cache"
    given.mkdir()
    (cache / "usr/share/seabios").mkdir(parents=True)
    with pytest.raises(parts.MissingPartsError) as raised:
        parts.find_parts(given, cache)
    assert "seabios" not in raised.value.packages.split()


def test_the_newest_xen_and_kernel_are_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "HOST_ROOT", tmp_path / "no-host")
    host = host_architecture()
    program = Path(sys.executable).resolve()
    for name in (*parts.PROGRAMS, host.emulator):
        (tmp_path / "usr/bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / "usr/bin" / name).symlink_to(program)
    for folder in ("usr/share/seabios", "boot", "etc/xen/scripts"):
        (tmp_path / folder).mkdir(parents=True)
    for version in ("4.9", "4.17"):
        (tmp_path / f"usr/lib/xen-{version}/bin").mkdir(parents=True)
        for name in parts.TOOLS:
            (tmp_path / f"usr/lib/xen-{version}/bin" / name).touch()
        suffix = "-amd64.gz" if host is X86 else f"-{host.debian}"
        (tmp_path / f"boot/xen-{version}{suffix}").touch()
    for release in ("6.9.7", "6.12.3"):
        (tmp_path / f"boot/vmlinuz-{release}").touch()
        (tmp_path / f"boot/config-{release}").write_text(host.dom0_option)
        (tmp_path / f"lib/modules/{release}/kernel").mkdir(parents=True)
    found = parts.find_parts(tmp_path, arch=host)
    assert (found.tools.parent.name, found.modules.name) == ("xen-4.17", "6.12.3")


FAKE_APT = """#!/bin/sh
case "${0##*/} $*" in
    dpkg*) mkdir -p "$3/usr/bin" && touch "$3/usr/bin/qemu" ;;
    apt-cache*xen-system*) printf 'xen-system-amd64\\n  Depends: xen-hypervisor-4.17-amd64\\n'
        printf 'xen-hypervisor-4.17-amd64\\nxen-hypervisor-common\\nxen-utils-4.17\\nlibc6\\n' ;;
    apt-cache*) printf 'linux-image-amd64\\n  Depends: linux-image-6.1.0-5-amd64\\n'
        printf 'linux-image-6.1.0-5-amd64\\nlinux-base\\n' ;;
    *print-uris*) printf "'http://x/a.deb' a.deb 1500000 SHA256:0\\n" ;;
    *download*) [ -e "$FAIL" ] && { echo 'E: Unable to fetch' >&2; exit 100; }
        touch qemu-system-x86_1%3a7.2_amd64.deb ;;
    *' install '*) printf 'Inst libfdt1 (1.6 Debian:12 [amd64])\\nInst systemd (252 x)\\n'
        printf 'Inst libc6 [2.35] (2.36 x)\\nInst qemu-system-x86 (7.2 x)\\n' ;;
esac
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder whose bin/ has stand-ins for apt; ``fail`` in it makes downloads fail."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("apt-get", "apt-cache", "dpkg"):
        (folder / name).write_text(FAKE_APT)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setenv("FAIL", str(tmp_path / "fail"))
    return tmp_path


DOWNLOAD = fetch.Download(("x",), 0)
MISSING = (
    parts.MissingPart("QEMU", "qemu-system-x86"),
    parts.MissingPart("a kernel", "linux-image-amd64"),
)


def test_only_packages_that_are_not_installed_are_fetched(apt: Path) -> None:
    wanted = fetch.plan_download(MISSING)
    assert wanted.packages == ("libfdt1", "qemu-system-x86", "linux-image-6.1.0-5-amd64")
    assert wanted.size == 1_500_000
    output: list[str] = []
    fetch.fetch_packages(wanted, apt / "cache/kept", say=output.append)
    assert (apt / "cache/kept/usr/bin/qemu").is_file()
    assert fetch.unpacked_packages(apt / "cache/kept") == {"qemu-system-x86": "1:7.2"}
    assert [path.name for path in (apt / "cache").iterdir()] == ["kept"]


def test_the_programs_and_the_hypervisor_are_fetched_for_xens_metapackage(apt: Path) -> None:
    wanted = fetch.plan_download([parts.MissingPart("Xen and its programs", "xen-system-amd64")])
    assert {"xen-hypervisor-4.17-amd64", "xen-utils-4.17"} <= set(wanted.packages)
    assert "xen-system-amd64" not in wanted.packages


def test_without_packages_for_arm64_the_error_tells_how_to_unpack_them(apt: Path) -> None:
    (apt / "bin/apt-get").write_text("#!/bin/sh\necho 'E: Failed to fetch x' >&2; exit 100\n")
    with pytest.raises(InputError, match="Failed to fetch") as raised:
        fetch.plan_download([parts.MissingPart("Xen", f"xen-system-{ARM.debian}:{ARM.debian}")])
    assert "Unpack Debian's for arm64" in raised.value.fix


def test_a_failed_download_leaves_the_cache_unchanged(apt: Path) -> None:
    (apt / "fail").touch()
    kept = apt / "cache/kept/one"
    kept.parent.mkdir(parents=True)
    kept.touch()
    with pytest.raises(InputError, match="Unable to fetch"):
        fetch.fetch_packages(DOWNLOAD, apt / "cache/kept", say=print)
    assert [path.name for path in (apt / "cache").iterdir()] == ["kept"]
    assert kept.exists()


def test_files_of_a_killed_download_are_removed(apt: Path) -> None:
    left = apt / "cache/.fetch-abc/packages"
    left.mkdir(parents=True)
    (left / "half.deb").touch()
    fetch.fetch_packages(DOWNLOAD, apt / "cache/kept", say=print)
    assert [path.name for path in (apt / "cache").iterdir()] == ["kept"]


def test_a_download_waits_for_that_of_another_process(apt: Path) -> None:
    (apt / "cache").mkdir()
    other = os.open(apt / "cache", os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    output: list[str] = []
    with pytest.raises(StoppedError):
        fetch.fetch_packages(
            DOWNLOAD, apt / "cache/kept", say=output.append, stop=lambda: bool(output)
        )
    assert output == ["waiting for another xentui that fetches"]
    os.close(other)
    fetch.fetch_packages(DOWNLOAD, apt / "cache/kept", say=output.append)
    assert (apt / "cache/kept").is_dir()


def test_a_download_can_be_stopped(apt: Path) -> None:
    (apt / "bin/apt-get").write_text("#!/bin/sh\nexec sleep 60\n")
    output: list[str] = []
    with pytest.raises(StoppedError):
        fetch.fetch_packages(
            DOWNLOAD, apt / "cache/kept", say=output.append, stop=lambda: bool(output)
        )
    assert not list((apt / "cache").iterdir())


def test_without_apt_the_error_names_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(HERE))
    with pytest.raises(InputError, match="no apt-get") as raised:
        fetch.plan_download(MISSING)
    assert "--parts DIR" in raised.value.fix


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["init", "run"])
def test_shellcheck_accepts_the_scripts_of_dom0(name: str) -> None:
    script = Path(parts.__file__).parent / "dom0_files" / name
    result = subprocess.run(
        ["shellcheck", "-s", "dash", "-e", "SC1091", script], capture_output=True, text=True
    )
    assert not result.stdout
