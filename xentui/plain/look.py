# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Looking at a local file that a guest is made of, and taking what that tells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from xentui.plain.ask import Line, Question
from xentui.session import files

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected
    from xentui.plain.wizard import Wizard


def look(wizard: Wizard, key: str) -> None:
    """Show what the file of a guest's import is; ask which one where none is at hand."""
    session = wizard.session
    path = files.local_file(session, key)
    if path is not None:
        _look_at(wizard, key, path)
        return

    def named(given: str) -> str:
        _look_at(wizard, key, files.resolve(given, session.folder))
        return ""

    help_lines = ("Any file: ~/alpine.tar.gz. It is copied beside the project.",)
    wizard.open(Line(wizard, "Which file", named, help_lines))


def inspected(wizard: Wizard, path: Path) -> Inspected:
    """Read a file, with a word now and then on how far it is.

    Raises:
        InputError: it cannot be read.
    """
    from xentui.images.inspect import inspect

    shown = [0]

    def progress(done: int, total: int) -> None:
        quarter = 4 * done // max(1, total)
        if total > _LONG and quarter > shown[0]:
            shown[0] = quarter
            wizard.talk.say(f"{25 * quarter} % read")

    return inspect(path, progress)


def _look_at(wizard: Wizard, key: str, path: Path) -> None:
    from xentui.images.suggest import suggest

    session = wizard.session
    seen = inspected(wizard, path)
    name = files.carried_name(path, seen)
    suggestion = suggest(seen, name, key)
    wizard.talk.say(path.name)
    for text, _ in files.described(seen, suggestion, name):
        wizard.talk.say(" ".join(text.split()))
    if suggestion is None:
        wizard.talk.say("No import type fits: a guest cannot be made of it as it is.")
        return

    def take() -> None:
        session.end_typing()
        taken = session.import_file(key, seen)
        wizard.changed(f"{key} now imports {taken}.")

    answers = ((f"Import {key} from it", take), ("Back", lambda: None))
    wizard.open(Question(wizard, f"Use {path.name}?", answers))


_LONG = 64 * 1024 * 1024
"""Files of more bytes are read with a word now and then on how far it is."""
