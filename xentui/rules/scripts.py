# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the user's own import scripts, which a shell and shellcheck read (XT360 and XT361).

Both only parse, yet they are programs: whoever asks for these findings asks for running them.
"""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.rules.finding import Finding, found
from xentui.safe_text import quoted

_MOST = 5


def scripts(project: Project, assets: Assets) -> Iterator[Finding]:
    """Yield what a shell does not understand, and what shellcheck warns of."""
    from xentui.images.script_check import lint, syntax

    for kind in project.import_types:
        text = assets.texts.get(kind.script)
        if text is None:
            continue
        path = f"import_types.{kind.key}.script"
        wrong = syntax(text)
        for problem in wrong[:1]:
            yield found(
                "XT360",
                path,
                f"{quoted(kind.script)} is no shell script: {problem}",
                "Correct it; sh -n FILE tells the same.",
            )
        if not wrong:
            for problem in lint(text)[:_MOST]:
                yield found(
                    "XT361",
                    path,
                    f"shellcheck says of {quoted(kind.script)}: {problem}",
                    "Correct it, or tell shellcheck in the script why it is right.",
                )
