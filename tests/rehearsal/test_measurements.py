# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The budget's formulas, compared with measurements."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from tests.rehearsal import edges
from tests.rehearsal.real_parts import HERE
from xentui.project.model import Project
from xentui.rehearsal.report import MAX_EXCESS_MIB
from xentui.rules import budget, check

_ALL = tomllib.loads((HERE / "measurements.toml").read_text())
TAKEN: dict[str, list[list[Any]]] = _ALL["taken"]
ON_ARM: dict[str, list[list[Any]]] = _ALL["taken-on-arm64"]


@pytest.mark.parametrize(("total", "dom0", "cpus", "kib"), TAKEN["xen"])
def test_xen_takes_at_most_what_the_budget_predicts(
    total: int, dom0: int, cpus: int, kib: int
) -> None:
    spare = budget.xen_memory(total, cpus, emulated=True) * 1024 - kib
    assert 0 <= spare <= 10 * 1024, f"{spare / 1024:.1f} MiB"


@pytest.mark.parametrize(("total", "dom0", "cpus", "kib"), ON_ARM["xen"])
def test_xen_for_arm64_takes_at_most_what_the_budget_predicts(
    total: int, dom0: int, cpus: int, kib: int
) -> None:
    spare = budget.xen_memory(total, cpus, emulated=True, arch="aarch64") * 1024 - kib
    assert 0 <= spare <= 10 * 1024, f"{spare / 1024:.1f} MiB"


@pytest.mark.parametrize(
    ("kind", "memory", "vcpus", "maxmem", "kib"), TAKEN["guest"] + ON_ARM["guest"]
)
def test_a_guest_takes_what_the_budget_predicts_or_slightly_less(
    kind: Any, memory: int, vcpus: int, maxmem: int, kib: int
) -> None:
    spare = budget.guest_memory(kind, memory, vcpus, maxmem) * 1024 - kib
    assert 0 <= spare <= MAX_EXCESS_MIB * 1024, f"{spare / 1024:.1f} MiB"


def test_every_kind_of_guest_was_measured() -> None:
    assert {row[0] for row in TAKEN["guest"]} == {"pv", "pvh", "hvm"}
    assert min(row[1] for row in TAKEN["guest"]) <= 64
    assert len(TAKEN["guest"]) >= 40


@pytest.mark.parametrize("seed", edges.SEEDS)
def test_one_mib_more_than_all_memory_is_too_much_by_the_budget(seed: int) -> None:
    edge = edges.edge(seed)
    assert budget.budget(edge.project).free_all == 0
    assert not _of_memory(edge.project)
    assert budget.budget(edge.one_more).free_all == -1
    assert _of_memory(edge.one_more) == ["XT402"]


def _of_memory(project: Project) -> list[str]:
    return [one.code for one in check.check(project) if one.code.startswith("XT40")]
