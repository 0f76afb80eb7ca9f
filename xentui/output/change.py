# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One file as it is and as it should be, with the diff between the two.

A generated file that was edited by hand has three versions: the one that xentui wrote last, the
present file, and the one that xentui would write now.
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
        name: the file's path below it, with ``/`` between its parts.
        kind: ``edited`` is a generated file that someone changed, or one that xentui did
            not write: it is not changed unless the user decides otherwise. ``kept`` is one that
            the user wants to keep while all others are written.
        old: the present text; ``None`` if there is no file, or a copied one.
        new: the new content; ``None`` if the file is to be removed.
        seen: the state of the file when the plan was made.
        digest: SHA-256 of the file there now where it is known, else empty; of one that holds
            edits which were agreed to, that of what xentui alone would write.
        users: whether the file is the user's own, of which xentui changes some lines.
        keep: suffix of a backup of the present file, unless there is one already.
        base: the text that xentui wrote last, if the file was edited since and the text is known.
        pure: the text that xentui would write without the edits that ``new`` includes.
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
        """Return a unified diff, empty if nothing changes; for a copy, one line about it.

        For an edited file it is the diff of :func:`three_way`.
        The text holds whatever the files hold: make it visible before it is shown.
        """
        if self.kind == "same":
            return ""
        if self.kind in ("edited", "kept"):
            return three_way(self)
        return self.plain_diff()

    def plain_diff(self) -> str:
        """Return the unified diff from the present to the new file."""
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

    It is also ``None`` if xentui's last text is unknown, if the file is to be removed or is not
    text, and for the block in the user's own file, as the user can edit next to it.
    """
    if change.users or change.base is None or change.old is None or isinstance(change.new, Copy):
        return None
    return None if change.new is None else merge(change.base, change.old, change.new)


def three_way(change: Change) -> str:
    """Return the diffs between the three versions of an edited file, each after a comment line.

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
        "# xentui would only undo them.\n"
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
    """Return a unified diff of two texts, split only at newlines; empty if they are equal."""
    lines = difflib.unified_diff(lines_of(old or ""), lines_of(new or ""), before, after)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _times(both: Merged) -> str:
    count = len(both.conflicts)
    return "in one place" if count == 1 else f"in {count} places"


def _conflict(one: Conflict, place: str) -> str:
    """Return a conflict with the markers of ``git`` and ``diff3``."""
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
