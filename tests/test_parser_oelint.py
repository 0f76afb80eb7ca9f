# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""oelint-adv, the style checker for Yocto recipes, accepts everything that is generated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests import oelint
from tests.budget import examples
from tests.strategies import assets_of, sound_projects
from tests.vectors import bundled_presets, vectors
from xentui.output.render import render
from xentui.output.rendered import Rendered
from xentui.project import assets, model, presets

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[oelint.Finding]:
    """All messages of severity error, from one run over many projects."""
    folder = tmp_path_factory.mktemp("recipes")
    files: list[Path] = []
    for number, rendered in enumerate(_all_rendered()):
        for path, text in rendered.recipes.items():
            place = folder / str(number) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
            files.append(place)
    assert files
    return oelint.errors(files)


def _all_rendered() -> Iterator[Rendered]:
    for vector in vectors():
        yield render(vector.project, assets.gather(vector.project, vector.folder))
    for preset in bundled_presets():
        loaded = presets.load(str(preset.path))
        assert loaded.project is not None
        yield render(loaded.project, assets.gather(loaded.project, loaded.directory))
    drawn: list[Rendered] = []

    @settings(max_examples=examples(60))
    @given(sound_projects())
    def draw(project: model.Project) -> None:
        drawn.append(render(project, assets_of(project)))

    draw()
    yield from drawn


def test_generated_recipes_have_no_error(findings: list[oelint.Finding]) -> None:
    assert [finding for finding in findings if finding.rule not in oelint.EXCEPTIONS] == []


def test_each_exception_is_needed(findings: list[oelint.Finding]) -> None:
    assert {finding.rule for finding in findings} >= set(oelint.EXCEPTIONS)


def test_a_bad_recipe_is_found(tmp_path: Path) -> None:
    recipe = tmp_path / "bad_1.0.bb"
    recipe.write_text('SUMMARY = "x"\nDEPENDS_append = "y"\nLICENSE = "GPLv2 or so"\n')
    assert oelint.errors([recipe])
