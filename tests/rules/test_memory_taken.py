# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The memory that Xen and guests take, to the MiB."""

from __future__ import annotations

import pytest

from tests.rules.test_budget import project
from xentui.project.assets import Assets
from xentui.project.board_file import Arch
from xentui.project.model import GuestType
from xentui.rules.budget import Row, budget, guest_memory, xen_memory


@pytest.mark.parametrize(
    ("arch", "total", "cpus", "emulated", "mib"),
    [
        # 8 MiB, a quarter per CPU, 64 on a real board, and a hundredth of the total.
        ("x86-64", 1000, 4, True, 19),
        ("x86-64", 1001, 4, True, 20),
        ("x86-64", 1100, 4, True, 20),
        ("x86-64", 1000, 5, True, 20),
        ("x86-64", 1000, 8, True, 20),
        ("x86-64", 1000, 4, False, 83),
        ("x86-64", 16000, 4, False, 233),
        # 5 MiB, the same for CPUs and boards, and a 64th of the total.
        ("aarch64", 2048, 4, True, 38),
        ("aarch64", 2049, 4, True, 39),
        ("aarch64", 2112, 4, True, 39),
        ("aarch64", 2048, 5, True, 39),
        ("aarch64", 2048, 8, True, 39),
        ("aarch64", 2048, 4, False, 102),
        ("aarch64", 16384, 4, False, 326),
    ],
)
def test_what_xen_takes(arch: Arch, total: int, cpus: int, emulated: bool, mib: int) -> None:
    assert xen_memory(total, cpus, emulated=emulated, arch=arch) == mib


@pytest.mark.parametrize(
    ("kind", "memory", "vcpus", "maxmem", "mib"),
    [
        ("pv", 512, 1, None, 513),
        ("pv", 512, 40, 4096, 513),
        # One MiB, one per vCPU, and 4 KiB for each MiB.
        ("pvh", 0, 1, None, 2),
        ("pvh", 1024, 1, None, 1030),
        ("pvh", 1025, 1, None, 1032),
        ("hvm", 1280, 1, None, 1287),
        ("hvm", 1281, 1, None, 1289),
        ("pvh", 512, 1, 0, 516),
        ("pvh", 512, 1, 256, 516),
        ("pvh", 512, 1, 1024, 518),
        ("pvh", 512, 1, 1025, 519),
        # One more for every 20 vCPUs beyond 12.
        ("pvh", 512, 12, None, 527),
        ("pvh", 512, 13, None, 529),
        ("pvh", 512, 32, None, 548),
        ("pvh", 512, 33, None, 550),
    ],
)
def test_what_a_guest_takes(
    kind: GuestType, memory: int, vcpus: int, maxmem: int | None, mib: int
) -> None:
    assert guest_memory(kind, memory, vcpus, maxmem) == mib


BOARDS_OWN = "the board's default"
FIRMWARE = "including an estimate of 64 MiB for firmware and IOMMU"
VXN = "[containers]\nvxn = true\n"


@pytest.mark.parametrize(
    ("machine", "text", "reported"),
    [
        pytest.param(
            "qemux86-64",
            f'{VXN}[guests.web]\nmemory = 200\ntags = ["autostart"]\n'
            '[guests.db]\nvcpus = 4\ntype = "pvh"\nmemory = 100\n',
            [
                Row("total", "Total", 1024, "total", note=BOARDS_OWN),
                Row("xen", "Xen itself", 20, "xen"),
                Row("dom0", "Dom0", 512, "dom0", note=BOARDS_OWN),
                Row("web", "web", 201, "guest", note="200 MiB and 1 MiB of overhead (pv)"),
                Row("db", "db", 106, "guest", note="100 MiB and 6 MiB of overhead (pvh)",
                    autostart=False),
                Row("vxn", "Containers (vxn)", 513, "reserve",
                    note="1 containers of 513 MiB"),
                Row("free", "Free", -222, "free", note="-328 MiB with every guest"),
            ],
            id="too much for a PC under QEMU",
        ),
        pytest.param(
            "qemuarm64",
            f'memory = 2048\n{VXN}concurrent = 2\n[guests.web]\nmemory = 300\n'
            'tags = ["autostart"]\n',
            [
                Row("total", "Total", 2048, "total"),
                Row("xen", "Xen itself", 38, "xen"),
                Row("dom0", "Dom0", 512, "dom0", note=BOARDS_OWN),
                Row("web", "web", 304, "guest", note="300 MiB and 4 MiB of overhead (pvh)"),
                Row("vxn", "Containers (vxn)", 1034, "reserve",
                    note="2 containers of 517 MiB"),
                Row("free", "Free", 160, "free"),
            ],
            id="all at once on arm64",
        ),
        pytest.param(
            "raspberrypi4-64",
            "memory = 4096\ndom0_memory = 1024\n[guests.web]\n",
            [
                Row("total", "Total", 4096, "total"),
                Row("xen", "Xen itself", 134, "xen", estimate=True, note=FIRMWARE),
                Row("dom0", "Dom0", 1024, "dom0"),
                Row("web", "web", 516, "guest", note="512 MiB and 4 MiB of overhead (pvh)",
                    autostart=False),
                Row("free", "Free", 2938, "free", note="2422 MiB with every guest"),
            ],
            id="a real board",
        ),
        pytest.param(
            "genericx86-64",
            'memory = 2048\nboot_mode = "manual"\n'
            '[guests.web]\ntype = "hvm"\ntags = ["autostart"]\n',
            [
                Row("total", "Total", 2048, "total"),
                Row("xen", "Xen itself", 94, "xen", estimate=True, note=FIRMWARE),
                Row("dom0", "Dom0", 0, "dom0", estimate=True, note="not limited: Dom0 takes "
                    "what is free and gives it back as guests start"),
                Row("web", "web", 516, "guest", note="512 MiB and 4 MiB of overhead (hvm)"),
                Row("free", "Free", 1438, "free"),
            ],
            id="a Dom0 that nobody limits",
        ),
        pytest.param(
            "raspberrypi4-64",
            "[guests.web]\n",
            [
                Row("xen", "Xen itself", 83, "xen", estimate=True, note=FIRMWARE),
                Row("dom0", "Dom0", 256, "dom0", note=BOARDS_OWN),
                Row("web", "web", 516, "guest", note="512 MiB and 4 MiB of overhead (pvh)",
                    autostart=False),
            ],
            id="a board of which nobody says how much it has",
        ),
    ],
)  # fmt: skip
def test_each_row_names_its_parts(machine: str, text: str, reported: list[Row]) -> None:
    assert list(budget(project(text, machine)).rows) == reported


@pytest.mark.parametrize(
    ("config", "mib", "note", "estimate"),
    [
        ("memory = 300\n", 301, "300 MiB and 1 MiB of overhead (pv)", False),
        (
            "type = 'pv'\nmemory = 300\nvcpus = 4\n",
            301,
            "300 MiB and 1 MiB of overhead (pv)",
            False,
        ),
        ("type = 'pvh'\nmemory = 300\n", 304, "300 MiB and 4 MiB of overhead (pvh)", False),
        ("type = 'hvm'\nmemory = 300\n", 304, "300 MiB and 4 MiB of overhead (hvm)", False),
        ("builder = 'hvm'\nmemory = 300\n", 304, "300 MiB and 4 MiB of overhead (hvm)", False),
        ("type = 'odd'\nmemory = 300\n", 301, "300 MiB and 1 MiB of overhead (pv)", False),
        ("type = 'pvh'\nmemory = 300\nvcpus = 3\n", 306, "300 MiB and 6 MiB", False),
        ("type = 'pvh'\nmemory = 300\nmaxvcpus = 5\n", 308, "300 MiB and 8 MiB", False),
        ("type = 'pvh'\nmemory = 300\nvcpus = 5\nmaxvcpus = 3\n", 308, "300 MiB and 8", False),
        ("type = 'pvh'\nvcpus = 2\n", 36, "32 MiB and 4 MiB of overhead (pvh)", False),
        ("memory = 'big'\n", 33, "32 MiB and 1 MiB of overhead (pv)", False),
        ("maxmem = 100\n", 101, "100 MiB and 1 MiB of overhead (pv)", False),
        ("memory = 0\nmaxmem = 100\n", 1, "0 MiB and 1 MiB of overhead (pv)", False),
        ("memory = '-1'\nmaxmem = 100\n", 101, "100 MiB and 1 MiB of overhead (pv)", False),
    ],
)
def test_the_memory_of_the_users_config(config: str, mib: int, note: str, estimate: bool) -> None:
    given = project('memory = 4096\n[guests.web]\nconfig_file = "web.cfg"\n')
    made = budget(given, Assets(texts={"web.cfg": config}))
    (row,) = [row for row in made.rows if row.kind == "guest"]
    assert (row.mib, row.estimate) == (mib, estimate)
    assert row.note.startswith(note)
    assert row.note.endswith("of overhead (pv), as in its own xl config") is ("(pv)" in note)


def test_a_config_of_type_pv_is_one_next_to_another_type_of_the_project() -> None:
    given = project('memory = 4096\n[guests.web]\nconfig_file = "web.cfg"\ntype = "pvh"\n')
    unread, pv, nothing = (
        budget(given, Assets(texts=texts)).rows[3]
        for texts in (
            {}, {"web.cfg": "type = 'pv'\nmemory = 512\n"}, {"web.cfg": "memory = 512\n"}
        )
    )  # fmt: skip
    assert unread.note == "512 MiB and 4 MiB of overhead (pvh), its own xl config was not read"
    assert pv.note == "512 MiB and 1 MiB of overhead (pv), as in its own xl config"
    assert nothing.note == "512 MiB and 4 MiB of overhead (pvh), as in its own xl config"


@pytest.mark.parametrize(
    ("first", "second", "fits", "fits_all"),
    [
        (491, 0, True, True),
        (490, 0, True, True),
        (492, 0, False, False),
        (250, 240, True, True),
        (250, 239, True, True),
        (250, 241, True, False),
    ],
)
def test_what_leaves_nothing_fits(first: int, second: int, fits: bool, fits_all: bool) -> None:
    """Xen takes 20 MiB and Dom0 512, so 492 are left, and a PV guest takes one more."""
    text = f'[guests.web]\ntags = ["autostart"]\nmemory = {first}\n'
    text += f"[guests.db]\nmemory = {second}\n" if second else ""
    made = budget(project(f"memory = 1024\n{text}"))
    assert (made.fits, made.fits_all) == (fits, fits_all)
    assert made.free_all == 492 - first - 1 - (second + 1 if second else 0)
