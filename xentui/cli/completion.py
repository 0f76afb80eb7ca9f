# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui completion``: the script with which a shell completes xentui's command line."""

from __future__ import annotations

import argparse

from xentui.cli import parsing, terminal
from xentui.errors import Exit

SHELLS = ("bash", "zsh", "fish", "tcsh")


def add(commands: parsing.Commands) -> None:
    """Declare the arguments."""
    parser = commands.add_parser(
        "completion",
        description="Prints the script with which a shell completes commands, options, presets, "
        "guests and codes.\nThe script is fixed: it starts no Python.\n\n"
        "  bash   xentui completion bash > ~/.local/share/bash-completion/completions/xentui\n"
        "  zsh    xentui completion zsh > DIR/_xentui, with DIR in fpath before compinit runs\n"
        "  fish   xentui completion fish > ~/.config/fish/completions/xentui.fish\n"
        "  tcsh   xentui completion tcsh > FILE, and source FILE in ~/.tcshrc",
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell")


def run(args: argparse.Namespace) -> int:
    """Print the script."""
    from importlib.resources import files

    script = files("xentui").joinpath("completions", f"xentui.{args.shell}")
    terminal.put(script.read_text(encoding="utf-8"))
    return Exit.OK
