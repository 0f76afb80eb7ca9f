# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The change to one file, and the diff that shows it.

A generated file that was edited by hand has three versions: the one that xentui wrote last, the
current file, and the one that xentui would write now.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from xentui.output.rendered import Content, Copy
from xentui.output.writing.merge import Conflict, Merged, lines_of, merge
from xentui.output.writing.tree import Seen
from xentui.safe_text import visible

Kind = Literal["new", "changed", "same", "edited", "removed", "kept"]


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is now and as it should be.

    Attributes:
        root: the folder that xentui writes into.
        name: the file's path below it, with ``/`` between its parts.
        kind: ``edited`` means that someone edited the generated file, or that xentui did not write
            it, so it stays as it is unless the user decides otherwise. ``kept`` means that the user
            wants to keep such a file while all others are written.
        old: the current text; ``None`` if the file does not exist or is a copy.
        new: the new contents; ``None`` to remove the file.
        seen: the state of the file when the plan was made.
        digest: SHA-256 of the current file, or empty if unknown. If the file contains edits that
            the user had merged, the digest of the text without them.
        is_users: whether it is one of the user's own files, in which xentui changes some lines.
        backup_suffix: suffix for a backup of the current file, which is made unless there is one.
        base: the text that xentui wrote last, if the file was edited since and the text is known.
        without_edits: the text that xentui would write without the edits that ``new`` includes.
        merged: SHA-256 of the current file if it contains edits that the user had merged.
    """

    root: Path
    name: str
    kind: Kind
    old: str | None
    new: Content | None
    seen: Seen | None = None
    digest: str = ""
    is_users: bool = False
    backup_suffix: str = ""
    base: str | None = None
    without_edits: str | None = None
    merged: str = ""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.name

    def diff(self) -> str:
        """Return a unified diff, empty if nothing changes; for a copy, one line about it.

        For an edited file, return the diffs of :func:`three_way`. The text may contain control
        characters from the files: pass it through ``safe_text.visible`` before you show it.
        """
        if self.kind == "same":
            return ""
        if self.kind in ("edited", "kept"):
            return three_way(self)
        return self.plain_diff()

    def plain_diff(self) -> str:
        """Return the unified diff from the current to the new file."""
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
    """Merge both sides of an edited file; return ``None`` if that is impossible.

    That is so if xentui's last text is unknown, if the file is to be removed or is not text, and
    for the block in one of the user's own files, as the user can edit next to the block.
    """
    if change.is_users or change.base is None or change.old is None or isinstance(change.new, Copy):
        return None
    return None if change.new is None else merge(change.base, change.old, change.new)


def three_way(change: Change) -> str:
    """Return the diffs between the three versions of an edited file, each after a comment line."""
    place = visible(str(change.path))
    where = f"{place}{' (the xentui block)' if change.is_users else ''}"
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
    if change.is_users:
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
