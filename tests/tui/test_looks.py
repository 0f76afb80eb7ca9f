# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the wizard draws can be seen and told apart: contrast, patterns, and the ends of paths."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from xentui.screens.themes import THEMES
from xentui.widgets.text import ASCII, UNICODE, Glyphs, cut_front


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, as WCAG 2 defines it."""
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).normalized
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_scroll_bars_and_free_memory_stand_out_from_what_is_behind_them(theme: Theme) -> None:
    variables = theme.variables
    pairs = [(variables["scrollbar"], variables["scrollbar-background"])]
    pairs += [(variables["text-disabled"], str(colour)) for colour in (theme.panel, theme.surface)]
    for colour, background in pairs:
        darker, lighter = sorted((luminance(colour), luminance(background)))
        assert (lighter + 0.05) / (darker + 0.05) >= 3, (colour, background)


@pytest.mark.parametrize("signs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_each_kind_of_memory_has_its_own_pattern(signs: Glyphs) -> None:
    assert len(set(signs.bar)) == len(signs.bar)


@pytest.mark.parametrize(
    ("path", "width", "expected"),
    [
        ("conf/xentui.conf", 20, "conf/xentui.conf"),
        ("meta-xentui/recipes-extended/guests_1.0.bb", 24, "…/guests_1.0.bb"),
        ("meta-xentui/recipes/guests_1.0.bb", 24, "…/recipes/guests_1.0.bb"),
        ("meta-xentui/recipes/a-very-long-name_1.0.bb", 12, "…name_1.0.bb"),
    ],
)
def test_a_long_path_is_cut_between_two_names(path: str, width: int, expected: str) -> None:
    assert cut_front(path, width) == expected
