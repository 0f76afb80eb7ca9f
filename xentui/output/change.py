# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One file as it is and as it should be, with the diff between the two.

Of a generated file that was edited by hand there are three sides: what xentui wrote last, the
file as it is, and the file as xentui would write it now.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xentui.output.merge import Conflict, Merged, lines_of, merge
from xentui.output.rendered import Content, Copy
from xentui.output.tree import Seen
from xentui.safe_text import visible

Kind = Literal["new", "changed", "same", "edited", "removed", "kept"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file, as it is and as it should be.

    Attributes:
        root: the folder that xentui may write in.
        name: the file's name below it, with ``/`` between its parts.
        kind: ``edited`` is a generated file that someone changed, or one that xentui did
            not write: it stays as it is unless the user says otherwise. ``kept`` is one that
            shall stay as it is while all others are written.
        old: the text there now; ``None`` where there is no file, or a copied one.
        new: what it should be; ``None`` where it should not be.
        seen: what the file was when the plan was made.
        digest: SHA-256 of the file there now where it is known, else empty; of one that holds
            edits which were agreed to, that of what xentui alone would write.
        users: whether the file is the user's own, of which xentui changes some lines.
        keep: ends the name of a copy to keep of the file as it is, unless there is one.
        base: what xentui wrote last, of a file that was edited since, where that is known.
        pure: what xentui alone would write, where ``new`` holds edits by hand too.
        merged: SHA-256 of the file there now, where it holds edits that were agreed to.
    """

    root: Path
    name: str
    kind: Kind
    old: str | None
    new: Content | None
    seen: Seen | None = None
    digest: str = ""
    users: bool = False
    keep: str = ""
    base: str | None = None
    pure: str | None = None
    merged: str = ""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.name

    def diff(self) -> str:
        """Return a unified diff, empty where nothing changes; of a copy, one line about it.

        Of an edited file it is the three-way one of :func:`three_way`.
        The text holds whatever the files hold: make it visible before it is shown.
        """
        if self.kind == "same":
            return ""
        if self.kind in ("edited", "kept"):
            return three_way(self)
        return self.plain_diff()

    def plain_diff(self) -> str:
        """Return the unified diff from the file as it is to the file as it should be."""
        place = visible(str(self.path))
        if isinstance(self.new, Copy):
            return (
                f"--- {place if self.seen else '/dev/null'}\n"
                f"+++ {place}\n"
                f"(a copy of {visible(str(self.new.source))}, {self.new.size} bytes)\n"
            )
        made = unified(
            self.old,
            self.new,
            "/dev/null" if self.seen is None else place,
            "/dev/null" if self.new is None else place,
        )
        return made or f"--- {place}\n+++ /dev/null\n"


def merged(change: Change) -> Merged | None:
    """Return both sides of an edited file put together, or ``None`` where they conflict.

    So it is where what xentui wrote is not known, where the file is no longer wanted or is no
    text, and of the block in the user's own file, beside which there is room for edits.
    """
    if change.users or change.base is None or change.old is None or isinstance(change.new, Copy):
        return None
    return None if change.new is None else merge(change.base, change.old, change.new)


def three_way(change: Change) -> str:
    """Return an edited file from three sides, as diffs with a line of comment before each.

    The text holds whatever the files hold: make it visible before it is shown.
    """
    place = visible(str(change.path))
    where = f"{place}{' (the xentui block)' if change.users else ''}"
    if change.base is None or change.old is None:
        return f"# {where} is not as xentui wrote it. Writing would do this:\n{change.plain_diff()}"
    wrote, now = f"{place} (as xentui wrote it)", f"{place} (as it is)"
    parts = [
        f"# {where} was edited by hand. The edits:\n",
        unified(change.base, change.old, wrote, now),
    ]
    if isinstance(change.new, Copy) or change.new is None:
        what = "xentui would remove it." if change.new is None else "A copy would take its place:"
        return "".join(
            [*parts, f"# {what}\n", change.plain_diff() if change.new is not None else ""]
        )
    theirs = unified(change.base, change.new, wrote, f"{place} (as xentui would write it)")
    parts += ["# What xentui would change:\n", theirs] if theirs else [
        "# xentui would change nothing but undo them.\n"
    ]  # fmt: skip
    both = merged(change)
    if change.users:
        parts.append("# To override a setting, write a line below the block: later lines win.\n")
    elif both is not None and both.conflicts:
        parts.append(f"# Both change the same lines, {_times(both)}:\n")
        parts += [_conflict(one, place) for one in both.conflicts]
    elif both is not None and theirs:
        parts += ["# Both go together:\n", unified(change.old, both.text, now, f"{place} (merged)")]
    return "".join(parts)


def unified(old: str | None, new: str | None, before: str, after: str) -> str:
    """Return a unified diff of two texts, split at newlines alone; empty where they are alike."""
    lines = difflib.unified_diff(lines_of(old or ""), lines_of(new or ""), before, after)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _times(both: Merged) -> str:
    count = len(both.conflicts)
    return "in one place" if count == 1 else f"in {count} places"


def _conflict(one: Conflict, place: str) -> str:
    """Return a conflict with the marks that ``git`` and ``diff3`` put around each side."""
    sides = (
        (f"<<<<<<< {place}:{one.line} (as it is)", one.mine),
        ("||||||| as xentui wrote it", one.base),
        ("=======", one.new),
    )
    text = ""
    for mark, lines in sides:
        text += f"{mark}\n" + "".join(
            line if line.endswith("\n") else f"{line}\n" for line in lines
        )
    return f"{text}>>>>>>> as xentui would write it\n"
