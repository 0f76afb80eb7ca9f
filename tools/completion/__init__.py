# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Completion scripts, one a shell, which start no Python when somebody presses TAB.

Names of presets and guests come out of files that anybody may have written. A script offers
only those made of plain characters, and gives none to anything that evaluates it.
"""

from __future__ import annotations

from tools.completion import bash, fish, tcsh, zsh

HEAD = """\
# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Completion of xentui for {shell}, made from its command line; xentui completion {shell} prints it.
"""


def scripts() -> dict[str, str]:
    """Return each shell's script, by the shell's name."""
    made = {
        "bash": bash.script(),
        "zsh": zsh.script(),
        "fish": fish.script(),
        "tcsh": tcsh.script(),
    }
    texts = {shell: f"{HEAD.format(shell=shell)}\n{text}" for shell, text in made.items()}
    # compinit looks at the first line alone.
    texts["zsh"] = f"#compdef xentui\n{texts['zsh']}"
    return texts
