# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Looking at a local file that a guest is made of, and taking what that tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xentui.plain.ask import Line, Question
from xentui.session import sources

if TYPE_CHECKING:
    from xentui.plain.wizard import Wizard


def look(wizard: Wizard, key: str) -> None:
    """Look at the file of a guest's import; ask which one where none is at hand."""
    path = sources.local_file(wizard.session, key)
    if path is not None:
        _look_at(wizard, key, path)
        return
    where = str(sources.folders(wizard.session)[-1])

    def named(given: str) -> str:
        _look_at(wizard, key, sources.named(wizard.session, given))
        return ""

    wizard.open(Line(wizard, "Which file", named, (f"A file below {where}",)))


def _look_at(wizard: Wizard, key: str, path: Path) -> None:
    from xentui.images.inspect import inspect
    from xentui.images.suggest import suggest

    session, shown = wizard.session, [0]

    def far(done: int, total: int) -> None:
        quarter = 4 * done // max(1, total)
        if total > _LONG and quarter > shown[0]:
            shown[0] = quarter
            wizard.talk.say(f"{25 * quarter} % read")

    seen = inspect(path, far)
    place = sources.place_of(session, path)
    suggestion = suggest(seen, place or path.name, key)
    wizard.talk.say(path.name)
    for text, _ in sources.described(seen, suggestion, place or path.name):
        wizard.talk.say(" ".join(text.split()))
    reason = sources.hindrance(session, path, suggestion)
    if reason or suggestion is None or place is None:
        wizard.talk.say(reason)
        return

    def take() -> None:
        project = sources.taken(session, key, seen, place, suggestion)
        if isinstance(project, str):
            wizard.talk.say(project)
        else:
            wizard.edit(project, f"import {place} for {key}", f"{key} is {place} now.")

    answers = ((f"Import {key} from it", take), ("Back", lambda: None))
    wizard.open(Question(wizard, f"Take {path.name}?", answers))


_LONG = 64 * 1024 * 1024
"""Files of more bytes are read with a word now and then on how far it is."""
