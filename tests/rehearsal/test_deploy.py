# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Which parts of a build's deploy directory are rehearsed, and why others are not."""

from __future__ import annotations

import gzip
import os
import struct
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.images import make
from tests.rehearsal.real_parts import parse_project
from tests.rehearsal.test_run import player
from xentui.errors import InputError
from xentui.project.model import Project
from xentui.rehearsal import deploy, dom0, plan, report
from xentui.rehearsal.parts import Parts
from xentui.rehearsal.run import Outcome
from xentui.rehearsal.transcript import Transcript

MACHINE = "qemux86-64"
RELEASE = "6.18.1-yocto-standard"
BOARD = f"""version = 1
[host]
machine = "{MACHINE}"
memory = 1024
[guests.a]
memory = 64
[guests.b]
memory = 100
[guests.c]
memory = 100
kernel = "other"
"""


def linux(*, features: int = 1 << 11) -> bytes:
    """Return a kernel image with a note of its features."""
    note = struct.pack("<III4sI", 4, 4, 17, b"Xen\0", features)
    payload = gzip.compress(b"\x7fELF" + bytes(64) + note + bytes(64))
    head = bytearray(0x400)
    head[0x1F1] = 1
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x20E, 0x80)
    head[0x280 : 0x280 + len(RELEASE) + 12] = f"{RELEASE} (oe) #1 SMP".encode()[: len(RELEASE) + 12]
    struct.pack_into("<II", head, 0x248, 16, len(payload))
    return bytes(head) + bytes(16) + payload


def dom0_root(place: Path) -> Path:
    tree = place / "dom0"
    for name in ("usr/sbin/xl", "usr/sbin/xenstored", "usr/sbin/xenconsoled",
                 "usr/lib/xen/bin/xen-init-dom0", "etc/xen/scripts/block", "etc/xen/xl.conf",
                 f"usr/lib/modules/{RELEASE}/kernel/drivers/xen-gntdev.ko"):  # fmt: skip
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name)
    (tree / "lib").symlink_to("usr/lib")
    (tree / "var/lib/xen/images").mkdir(parents=True)
    (tree / "var/lib/xen/images/b-qemux86-64.rootfs.ext4").write_bytes(b"b" * 5000)
    return tree


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a deploy directory with everything except the files of guest c."""
    place = tmp_path / "images" / MACHINE
    place.mkdir(parents=True)
    (place / f"xen-{MACHINE}.gz").write_bytes(gzip.compress(b"xen 4.21.0 of this build"))
    (place / "bzImage").write_bytes(linux())
    make.ext(place / f"xen-image-minimal-{MACHINE}.rootfs.ext4", dom0_root(tmp_path))
    sparse = make.sparse(place / f"a-{MACHINE}.rootfs.ext4", 40)
    with sparse.open("r+b") as file:
        file.seek(20 << 20)
        file.write(b"in the middle")
    return place


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    (tmp_path / "stand-in").mkdir()
    found = player(tmp_path / "stand-in")
    tools = found.tools.parent / "xen-4.17/bin"
    tools.parent.mkdir()
    found.tools.rename(tools)
    return replace(found, tools=tools)


def build_files(folder: Path, parts: Parts, wanted: Project | None = None) -> deploy.BuildFiles:
    wanted = wanted or parse_project(BOARD)
    return deploy.find_build_files(folder, wanted, plan.plan_rehearsal(wanted), parts)


def reported(files: deploy.BuildFiles) -> dict[str, bool]:
    return {choice.what: choice.own for choice in files.choices}


def test_all_files_that_the_build_has_are_used(folder: Path, parts: Parts) -> None:
    for given in (folder, folder.parent):
        with closing(build_files(given, parts)) as files:
            assert reported(files) == {
                "Dom0's programs and modules, out of": True, "Xen 4.21": True,
                "xl and its like": True, f"Dom0's kernel {RELEASE}": True,
                "a: kernel": True, "a: disk": True, "b: kernel": True, "b: disk": True,
                "c: kernel": False, "c: disk": False,
                "a: xl config": False, "b: xl config": False, "c: xl config": False,
            }  # fmt: skip
            assert files.tools["xen-init-dom0"] == "/usr/lib/xen/bin/xen-init-dom0"
            sizes = {choice.what: (choice.file, choice.size) for choice in files.choices}
            assert sizes["a: disk"] == ("a-qemux86-64.rootfs.ext4", 40 << 20)
            inside = "Dom0's /var/lib/xen/images/b-qemux86-64.rootfs.ext4"
            assert sizes["b: disk"] == (inside, 5000)
            text = "\n".join(deploy.choice_lines(tuple(files.choices)))
            assert "c: kernel: a stand-in, as no other is there" in text
            guests = files.applied(plan.plan_rehearsal(parse_project(BOARD))).guests
            modes = {guest.key: guest.mode for guest in guests}
            assert modes == {"a": "boot", "b": "boot", "c": "run"}


def test_configs_and_start_order_come_from_the_build(
    folder: Path, tmp_path: Path, parts: Parts
) -> None:
    planned = plan.plan_rehearsal(parse_project(BOARD))
    tree = tmp_path / "dom0"
    auto = tree / "etc/xen/auto"
    auto.mkdir()
    for number, key in enumerate("cba"):
        config = planned.guests["abc".index(key)].config
        # Names of deployed files contain the version; 99 is a version that the build does not have.
        config = config.replace("rootfs.ext4", "rootfs-20260701.ext4")
        if key == "c":
            config = config.replace("memory = 100", "memory = 99")
        (tree / f"etc/xen/{key}.cfg").write_text(config)
        if key != "a":
            (auto / f"{number}-{key}.cfg").symlink_to(f"/etc/xen/{key}.cfg")
    make.ext(folder / f"xen-image-minimal-{MACHINE}.rootfs.ext4", tree)
    wanted = parse_project(BOARD.replace("[guests.a]", '[guests.a]\ntags = ["autostart"]'))
    with closing(build_files(folder, parts, wanted)) as files:
        applied = files.applied(plan.plan_rehearsal(wanted))
    assert [(part.key, part.autostart, part.memory) for part in applied.guests] == [
        ("c", True, 99), ("b", True, 100), ("a", False, 64),
    ]  # fmt: skip
    assert "rootfs-20260701.ext4,xvda" in applied.guests[1].config
    assert [note for note in applied.notes if "build again" in note] == [
        "/etc/xen/c.cfg of the build differs from the project: build again.",
        "The build does not start a with Dom0: build again.",
    ]


def test_dom0_gets_the_programs_of_the_build(folder: Path, parts: Parts) -> None:
    planned = plan.plan_rehearsal(parse_project(BOARD))
    with closing(build_files(folder, parts)) as files:
        archive = dom0.build_archive(files.applied(planned), parts, b"\x7fELF", files)
    for text in (b"usr/sbin/xenstored", b"etc/xen/scripts/block", b"drivers/xen-gntdev.ko"):
        assert text in archive
    assert b"boot\tleave\t240\t/etc/xen/a.cfg\t/var/lib/xen/images/bzImage\t/store/0" in archive
    assert b"/store/1\t256\tfile\t/var/lib/xen/images/a-qemux86-64.rootfs.ext4" in archive


def test_guests_files_are_copied_as_sparse_files(folder: Path, parts: Parts) -> None:
    with closing(build_files(folder, parts)) as files, ExitStack() as stack:
        disk = deploy.make_disk(files, stack)
        assert os.fstat(disk.fileno()).st_blocks * 512 < 8 << 20
        kept = folder / "disk"
        kept.write_bytes(disk.read())
    assert make.run("debugfs", "-R", "cat /2", kept) == "b" * 5000
    make.run("debugfs", "-R", f"dump /1 {folder}/back", kept)
    assert (folder / "back").read_bytes() == (folder / "a-qemux86-64.rootfs.ext4").read_bytes()


def test_dom0_is_found_on_a_partition_of_a_disk(folder: Path, parts: Parts) -> None:
    name = f"xen-image-minimal-{MACHINE}.rootfs"
    disk = make.sparse(folder / f"{name}.wic", 20)
    make.run("sfdisk", "-q", disk, text="label: dos\nstart=2048, type=83\n")
    with disk.open("r+b") as file:
        file.seek(1 << 20)
        file.write((folder / f"{name}.ext4").read_bytes())
    (folder / f"{name}.ext4").unlink()
    with closing(build_files(folder, parts)) as files:
        assert reported(files)["xl and its like"]
        assert files.choices[0].file == f"{name}.wic"


def test_xen_of_another_version_without_its_tools_is_not_used(folder: Path, parts: Parts) -> None:
    image = folder / f"xen-image-minimal-{MACHINE}.rootfs.ext4"
    image.rename(f"{image}.zst")
    with closing(build_files(folder, parts)) as files:
        assert files.xen is None
        text = "\n".join(deploy.choice_lines(tuple(files.choices)))
    assert "rootfs.ext4.zst is compressed: uncompress it in the same folder" in text
    assert "is of 4.21, its tools are in no image that can be read" in text
    assert f"the modules of {RELEASE} are in no image" in text
    (folder / f"xen-{MACHINE}.gz").write_bytes(gzip.compress(b"xen 4.17.2"))
    with closing(build_files(folder, parts)) as files:
        assert files.xen is not None
        assert not files.tools


@pytest.mark.parametrize(
    "data",
    [linux(features=1), b"no kernel", b"", b"HdrS" * 200],
    ids=["features", "text", "empty", "magic"],
)
def test_a_kernel_that_cannot_be_dom0_is_used_only_for_guests(
    data: bytes, folder: Path, parts: Parts
) -> None:
    (folder / "bzImage").write_bytes(data)
    with closing(build_files(folder, parts)) as files:
        assert files.kernel is None
        assert reported(files)["a: kernel"]


def test_hvm_guests_keep_the_tools_of_the_stand_in(folder: Path, parts: Parts) -> None:
    wanted = parse_project(BOARD + '[guests.h]\ntype = "hvm"\nmemory = 100\n')
    with closing(build_files(folder, parts, wanted)) as files:
        assert not files.tools
        assert "HVM guests need" in "\n".join(deploy.choice_lines(tuple(files.choices)))


def test_an_invalid_image_is_reported(folder: Path, parts: Parts, tmp_path: Path) -> None:
    (folder / f"xen-image-minimal-{MACHINE}.rootfs.ext4").write_bytes(bytes(5000))
    with closing(build_files(folder, parts)) as files:
        assert "cannot be read" in files.choices[0].why
    empty = tmp_path / "empty"
    empty.mkdir()
    with closing(build_files(empty, parts)) as files:
        assert not any(reported(files).values())
    with pytest.raises(InputError, match="is not a folder"):
        build_files(tmp_path / "nowhere", parts)


CONSOLE = "[    0.000000] Linux version 6.18\n"


@pytest.mark.parametrize(
    ("output", "status", "prompt"),
    [
        (f"{CONSOLE}[    1.2] Run /sbin/init\nWelcome\n", "running", ""),
        (f"{CONSOLE}Welcome\nalpine login: \n", "running", "alpine login:"),
        (f"{CONSOLE}Welcome\n~ # \n", "running", "~ #"),
        (f"{CONSOLE}Welcome\n/ # \x1b[6n\n", "running", "/ #"),
        (f"{CONSOLE}Welcome\n/ # \x1b[6n[    9.1] late\n[    9.2] later\n", "running", "/ #"),
        (f"{CONSOLE}[  OK  ] Started\n", "running", ""),
        (f"{CONSOLE}[    1.0] nothing more\n", "silent", ""),
        (f"{CONSOLE}[    1.0] Kernel panic - not syncing: VFS\n[    1.1] ---[\n", "crashed", ""),
        ("", "silent", ""),
    ],
)
def test_a_guest_with_its_own_files_is_judged_by_its_own_programs(
    output: str, status: str, prompt: str
) -> None:
    planned = plan.plan_rehearsal(parse_project(BOARD))
    first = replace(planned.guests[0], mode="boot")
    planned = replace(planned, guests=(first,))
    transcript = Transcript(planned)
    lines = "".join(f"|{line}\n" for line in output.splitlines())
    before = "up 1 510000 300000\nguest 1 2.0 510000\ncreated 1 0 3.0 444000\nconsole 1\n"
    list(transcript.feed("report", f"{before}{lines}done 1 9\nend\n"))
    choices = (deploy.Choice("Xen 4.21", True, "xen.gz", 1 << 20),)
    made_of = report.make_report(planned, Outcome(transcript, "", 1, 1, "tcg"), {}, choices)
    guest = made_of.guests[0]
    assert (guest.status, guest.prompt) == (status, prompt)
    assert made_of.all_started is (status != "crashed")
    assert "\n".join((guest.console, *guest.transcript)).strip() == output.strip()
    text = "\n".join(made_of.lines())
    assert "  Xen 4.21: xen.gz, 1.0 MiB" in text
    assert made_of.data()["choices"][0]["own"] is True
    assert ("CRASHED" in text) is (status == "crashed")
