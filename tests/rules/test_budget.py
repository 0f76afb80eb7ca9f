# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The memory budget, compared with measurements on a booted Xen 4.17, and its fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from xentui.project import document
from xentui.project.assets import gather
from xentui.project.model import GuestType, Host, Project
from xentui.rules.budget import Budget, budget, guest_memory, xen_memory
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
def test_xen_itself_is_never_counted_short(total: int, measured: int) -> None:
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
def test_a_guest_is_never_counted_short(
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
def test_many_vcpus_pass_the_constant(vcpus: int) -> None:
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


def test_what_was_not_measured_is_called_an_estimate() -> None:
    made = budget(project('memory = 2048\n[guests.a]\ntype = "hvm"\nmemory = 256\n'))
    assert not any(row.estimate for row in made.rows)
    assert made.of("guest") == guest_memory("pvh", 256, 1)
    real = budget(project("memory = 2048\n", "raspberrypi4-64"))
    assert [row.name for row in real.rows if row.estimate] == ["xen"]


def test_without_a_total_nothing_is_reported_of_the_rest() -> None:
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


def test_an_unknown_total_names_where_to_set_it() -> None:
    reported = "the board's default"
    for memory, note in ((None, reported), (1024, "")):
        row = budget(Project(Host("qemux86-64", memory=memory))).rows[0]
        assert (row.name, row.mib, row.note) == ("total", 1024, note)
