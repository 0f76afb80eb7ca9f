# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The colours of the wizard: a dark and a light theme."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="xentui-dark",
    primary="#6a9fd8",
    secondary="#a78bc9",
    accent="#5fb3e8",
    foreground="#d5dae3",
    background="#14171c",
    surface="#1b2027",
    panel="#262d37",
    success="#79c08f",
    warning="#e0b45c",
    error="#f0766c",
    dark=True,
    variables={
        "block-cursor-background": "#5fb3e8",
        "block-cursor-foreground": "#10141a",
        "block-cursor-text-style": "bold",
        "text-muted": "#8a94a6",
        "text-disabled": "#6b7688",
        "foreground-disabled": "#4a5361",
        "input-cursor-background": "#d5dae3",
        "input-cursor-foreground": "#14171c",
        "input-selection-background": "#5fb3e8 35%",
        "scrollbar": "#667082",
        "scrollbar-background": "#1b2027",
        "scrollbar-hover": "#7d889a",
        "scrollbar-active": "#5fb3e8",
    },
)
LIGHT = Theme(
    name="xentui-light",
    primary="#2c6cb0",
    secondary="#7a55a8",
    accent="#0a63b8",
    foreground="#22272e",
    background="#fbfbf9",
    surface="#f0f0ec",
    panel="#e2e3de",
    success="#1c7a3d",
    warning="#8a5b00",
    error="#bd2621",
    dark=False,
    variables={
        "block-cursor-background": "#0a63b8",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "bold",
        "text-muted": "#5c6570",
        "text-disabled": "#7a828a",
        "foreground-disabled": "#b5bac0",
        "input-cursor-background": "#22272e",
        "input-cursor-foreground": "#fbfbf9",
        "input-selection-background": "#0a63b8 25%",
        "scrollbar": "#7d8691",
        "scrollbar-background": "#f0f0ec",
        "scrollbar-hover": "#6b7480",
        "scrollbar-active": "#0a63b8",
    },
)
THEMES = (DARK, LIGHT)
