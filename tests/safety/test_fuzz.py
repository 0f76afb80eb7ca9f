# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The fuzzer's first inputs and its finds, tried without the fuzzer."""

from __future__ import annotations

import pytest

from tests.safety import fuzzing


@pytest.mark.parametrize("target", fuzzing.TARGETS)
def test_no_seed_makes_a_reader_fail(target: str) -> None:
    seeds = list(fuzzing.seeds(target))
    assert len(seeds) > 15
    for seed in seeds:
        fuzzing.TARGETS[target](seed)


FOUND = sorted(path.name for path in fuzzing.FOUND.iterdir())


@pytest.mark.parametrize("name", FOUND)
def test_what_the_fuzzer_found_stays_fixed(name: str) -> None:
    fuzzing.TARGETS[name.partition("-")[0]]((fuzzing.FOUND / name).read_bytes())
