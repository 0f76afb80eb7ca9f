# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The memory budget to the MiB, compared with measurements on a booted Xen 4.17, and its fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from xentui.project import document
from xentui.project.assets import Assets, gather
from xentui.project.board_file import Arch
from xentui.project.model import GuestType, Host, Project
from xentui.rules.budget import Budget, Row, budget, guest_memory, xen_memory
from xentui.rules.check import check

XEN = (
    (768, 11816), (1024, 13864), (2048, 24104), (3072, 34360), (4096, 44600), (8192, 85560),
    (12288, 126520), (16384, 167480),
)  # fmt: skip
"""The machine's memory in MiB, and the KiB that Xen took of it, with one CPU in QEMU."""

PV = ((96, 1, 76), (128, 1, 96), (333, 3, 100), (1024, 4, 116), (3072, 1, 76), (128, 8, 200))
PVH = (
    (128, 1, 1732), (256, 1, 2244), (512, 1, 3268), (1024, 1, 5316), (256, 2, 3308),
    (1024, 2, 6368), (256, 4, 5420), (1024, 4, 8484), (2048, 1, 9380), (3072, 1, 13476),
    (128, 8, 9176),
)  # fmt: skip
"""Memory and vCPUs of a guest, and the KiB that it took in addition to its memory."""


def project(text: str, machine: str = "qemux86-64") -> Project:
    """Read a project with one board."""
    loaded = document.load_text(f'version = 1\n[host]\nmachine = "{machine}"\n{text}', Path())
    assert loaded.project is not None, loaded.problems
    return loaded.project


def rows(made: Budget) -> list[tuple[str, str, int]]:
    """Return the rows as kind, name and MiB."""
    return [(row.kind, row.name, row.mib) for row in made.rows]


@pytest.mark.parametrize(("total", "measured"), XEN)
def test_xens_own_memory_is_at_least_the_measured(total: int, measured: int) -> None:
    counted = xen_memory(total, 1, emulated=True) * 1024
    assert measured <= counted <= measured + 10 * 1024


def test_further_cpus_are_counted() -> None:
    # 448 KiB more with four CPUs than with one.
    more = xen_memory(1024, 9, emulated=True) - xen_memory(1024, 1, emulated=True)
    assert more == 2


def test_a_real_board_has_firmware() -> None:
    assert xen_memory(1024, 4, emulated=False) == xen_memory(1024, 4, emulated=True) + 64


@pytest.mark.parametrize(
    ("kind", "memory", "vcpus", "measured"),
    [("pv", *measured) for measured in PV] + [("pvh", *measured) for measured in PVH],
)
def test_a_guests_memory_is_at_least_the_measured(
    kind: GuestType, memory: int, vcpus: int, measured: int
) -> None:
    beside = (guest_memory(kind, memory, vcpus) - memory) * 1024
    assert measured <= beside <= measured + 2 * 1024


def test_the_larger_of_memory_and_maxmem_counts_for_paging() -> None:
    # Measured: 5284 KiB in addition to a PVH guest of 256 MiB with maxmem = 1024.
    assert (guest_memory("pvh", 256, 1, 1024) - 256) * 1024 >= 5284
    assert guest_memory("pvh", 256, 1, 128) == guest_memory("pvh", 256, 1)
    assert guest_memory("pv", 256, 1, 1024) == guest_memory("pv", 256, 1)


@pytest.mark.parametrize("vcpus", [1, 21, 22, 23, 42, 43, 64, 128])
def test_the_overhead_of_many_vcpus_is_covered(vcpus: int) -> None:
    # 156 + 40 KiB per vCPU, extrapolated beyond eight.
    beside = (guest_memory("pvh", 1024, vcpus) - 1024 - vcpus - 4) * 1024
    assert beside >= 156 + 40 * vcpus - 16


def test_rows_are_in_order_and_add_up() -> None:
    made = budget(
        project(
            "memory = 2048\n[containers]\nvxn = true\nconcurrent = 2\nmemory = 128\n"
            '[guests.b]\nmemory = 100\n[guests.a]\ntags = ["autostart"]\nmemory = 200\n'
        )
    )
    assert rows(made) == [
        ("total", "total", 2048),
        ("xen", "xen", 30),
        ("dom0", "dom0", 512),
        ("guest", "b", 101),
        ("guest", "a", 201),
        ("reserve", "vxn", 258),
        ("free", "free", 1047),
    ]
    assert (made.total, made.free, made.free_all) == (2048, 1047, 946)
    assert (made.fits, made.fits_all) == (True, True)
    assert [row.autostart for row in made.rows if row.kind == "guest"] == [False, True]
    assert not any(row.estimate for row in made.rows)


def test_unmeasured_rows_are_estimates() -> None:
    made = budget(project('memory = 2048\n[guests.a]\ntype = "hvm"\nmemory = 256\n'))
    assert not any(row.estimate for row in made.rows)
    assert made.of("guest") == guest_memory("pvh", 256, 1)
    real = budget(project("memory = 2048\n", "raspberrypi4-64"))
    assert [row.name for row in real.rows if row.estimate] == ["xen"]


def test_without_a_total_there_is_no_free_row() -> None:
    made = budget(project("[guests.a]\n", "raspberrypi4-64"))
    assert (made.total, made.free, made.free_all) == (None, None, None)
    assert made.fits
    assert made.fits_all
    assert [row.kind for row in made.rows] == ["xen", "dom0", "guest"]


def test_an_unlimited_dom0_is_an_estimate() -> None:
    made = budget(project('memory = 2048\nboot_mode = "manual"\n', "genericx86-64"))
    dom0 = next(row for row in made.rows if row.kind == "dom0")
    assert (dom0.mib, dom0.estimate) == (0, True)
    assert dom0.note


def test_the_memory_comes_from_the_users_config(tmp_path: Path) -> None:
    config = 'memory = 128\nmaxmem = 1024\nvcpus = 1\nmaxvcpus = 4\ntype = "pvh"\n'
    (tmp_path / "a.cfg").write_text(config)
    with_own = project('memory = 2048\n[guests.a]\nconfig_file = "a.cfg"\n')
    seen = budget(with_own, gather(with_own, tmp_path))
    assert seen.of("guest") == guest_memory("pvh", 128, 4, 1024) == 137
    assert not any(row.estimate for row in seen.rows)
    unseen = budget(with_own)
    assert unseen.of("guest") == 513
    assert [row.name for row in unseen.rows if row.estimate] == ["a"]


@pytest.mark.parametrize("config", ["memory = 0200\n", "memory = 0x80\n", "memory = 128 # c\n"])
def test_numbers_of_a_config_are_read_as_xl_reads_them(config: str, tmp_path: Path) -> None:
    (tmp_path / "a.cfg").write_text(config)
    with_own = project('memory = 2048\n[guests.a]\nconfig_file = "a.cfg"\n')
    assert budget(with_own, gather(with_own, tmp_path)).of("guest") == 129


README = 'memory = 1024\n[guests.xen-guest-image-minimal]\ntags = ["autostart"]\n'


def test_the_readme_s_first_example_does_not_fit_and_each_fix_makes_it_fit() -> None:
    first = project(README)
    assert budget(first).free == -21
    finding = next(finding for finding in check(first) if finding.code == "XT401")
    assert [quick_fix.label for quick_fix in finding.quick_fixes] == [
        "Give the board 1536 MiB",
        "Give xen-guest-image-minimal 480 MiB",
    ]
    for quick_fix in finding.quick_fixes:
        assert budget(quick_fix.apply(first)).fits


MANY = "".join(
    f'[guests.g{number}]\ntags = ["autostart"]\nmemory = {200 + number}\n' for number in range(9)
)


@pytest.mark.parametrize("machine", ["qemux86-64", "qemuarm64"])
@pytest.mark.parametrize("text", [MANY, f"[containers]\nvxn = true\n{MANY}"])
def test_fixes_for_many_guests_make_them_fit(text: str, machine: str) -> None:
    crowded = project(f"memory = 1536\n{text}", machine)
    finding = next(finding for finding in check(crowded) if finding.code == "XT401")
    assert len(finding.quick_fixes) == 2
    raised, lowered = (quick_fix.apply(crowded) for quick_fix in finding.quick_fixes)
    assert budget(raised).fits
    assert raised.guests == crowded.guests
    assert "XT401" not in {finding.code for finding in check(lowered)}
    assert lowered.host == crowded.host
    assert min(guest.memory or 0 for guest in lowered.guests) >= 64


def test_nothing_is_proposed_that_would_not_help() -> None:
    hopeless = project("memory = 768\n" + MANY, "raspberrypi4-64")
    finding = next(finding for finding in check(hopeless) if finding.code == "XT401")
    assert finding.quick_fixes == ()


def test_a_guest_that_fits_alone_is_not_too_large() -> None:
    # Xen takes 20 MiB and Dom0 512, so 492 are left, and a PV guest takes one more.
    def codes(memory: int) -> set[str]:
        made = check(project(f"memory = 1024\n[guests.web]\nmemory = {memory}\n"))
        return {finding.code for finding in made}

    assert "XT406" not in codes(491)
    assert "XT406" in codes(492)


def test_a_default_total_is_noted() -> None:
    reported = "the board's default"
    for memory, note in ((None, reported), (1024, "")):
        row = budget(Project(Host("qemux86-64", memory=memory))).rows[0]
        assert (row.name, row.mib, row.note) == ("total", 1024, note)


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
def test_memory_of_xen_itself(arch: Arch, total: int, cpus: int, emulated: bool, mib: int) -> None:
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
def test_memory_of_a_guest_with_its_overhead(
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
            id="a Dom0 without a limit",
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
            id="a board whose memory is unknown",
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


def test_the_type_in_a_config_wins_over_the_projects() -> None:
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
def test_guests_that_leave_no_memory_free_fit(
    first: int, second: int, fits: bool, fits_all: bool
) -> None:
    """Xen takes 20 MiB and Dom0 512, so 492 are left, and a PV guest takes one more."""
    text = f'[guests.web]\ntags = ["autostart"]\nmemory = {first}\n'
    text += f"[guests.db]\nmemory = {second}\n" if second else ""
    made = budget(project(f"memory = 1024\n{text}"))
    assert (made.fits, made.fits_all) == (fits, fits_all)
    assert made.free_all == 492 - first - 1 - (second + 1 if second else 0)
