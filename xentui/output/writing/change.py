# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Describe the change to one file, and show it as a diff.

A generated file that was edited by hand has three versions: the one that xentui wrote last, the
current file, and the one that xentui would write now.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff as difflib_diff
from pathlib import Path
from typing import Literal

from xentui.output.rendered import Content, Copy
from xentui.output.writing.merge import Conflict, Merged, merge, split_lines
from xentui.output.writing.tree import FileState
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
        state: the state of the file when the plan was made.
        digest: SHA-256 of the current file, or empty if unknown. If the file contains edits that
            the user had merged, the digest of the text without them.
        is_user_file: whether it is one of the user's own files, in which xentui changes some lines.
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
    state: FileState | None = None
    digest: str = ""
    is_user_file: bool = False
    backup_suffix: str = ""
    base: str | None = None
    without_edits: str | None = None
    merged: str = ""

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.root / self.name

    def diff(self) -> str:
        """Return a unified diff; empty if nothing changes.

        For a copy, the diff is one line about it. For an edited file, it has all three versions:
        see :func:`three_way_diff`. The text may contain control
        characters from the files: pass it through ``safe_text.visible`` before you show it.
        """
        if self.kind == "same":
            return ""
        if self.kind in ("edited", "kept"):
            return three_way_diff(self)
        return self.two_way_diff()

    def two_way_diff(self) -> str:
        """Return the unified diff from the current to the new file."""
        path = visible(str(self.path))
        if isinstance(self.new, Copy):
            return (
                f"--- {path if self.state else '/dev/null'}\n"
                f"+++ {path}\n"
                f"(a copy of {visible(str(self.new.source))}, {self.new.size} bytes)\n"
            )
        before = "/dev/null" if self.state is None else path
        after = "/dev/null" if self.new is None else path
        return unified_diff(self.old, self.new, before, after) or f"--- {path}\n+++ /dev/null\n"


def merge_edits(change: Change) -> Merged | None:
    """Merge both sides of an edited file; return ``None`` if that is impossible.

    It is impossible if xentui's last text is unknown, or if the file is to be removed or is not
    text. The block in a user's own file is never merged, as the user can add lines below it.
    """
    if (
        change.is_user_file
        or change.base is None
        or change.old is None
        or isinstance(change.new, Copy)
    ):
        return None
    return None if change.new is None else merge(change.base, change.old, change.new)


def three_way_diff(change: Change) -> str:
    """Return the diffs between the three versions of an edited file, each after a comment line."""
    path = visible(str(change.path))
    edited = f"{path}{' (the xentui block)' if change.is_user_file else ''}"
    if change.base is None or change.old is None:
        return (
            f"# {edited} is not as xentui wrote it. Writing would do this:\n{change.two_way_diff()}"
        )
    wrote, now = f"{path} (as xentui wrote it)", f"{path} (as it is)"
    parts = [
        f"# {edited} was edited by hand. The edits:\n",
        unified_diff(change.base, change.old, wrote, now),
    ]
    if isinstance(change.new, Copy) or change.new is None:
        effect = "# xentui would remove it.\n"
        if change.new is not None:
            effect = f"# A copy would take its place:\n{change.two_way_diff()}"
        return "".join([*parts, effect])
    theirs = unified_diff(change.base, change.new, wrote, f"{path} (as xentui would write it)")
    parts += ["# What xentui would change:\n", theirs] if theirs else [
        "# xentui would only undo them.\n"
    ]  # fmt: skip
    result = merge_edits(change)
    if change.is_user_file:
        parts.append("# To override a setting, write a line below the block: later lines win.\n")
    elif result is not None and result.conflicts:
        count = len(result.conflicts)
        times = "in one place" if count == 1 else f"in {count} places"
        parts.append(f"# Both change the same lines, {times}:\n")
        parts += [_conflict(conflict, path) for conflict in result.conflicts]
    elif result is not None and theirs:
        parts += ["# Merged:\n", unified_diff(change.old, result.text, now, f"{path} (merged)")]
    return "".join(parts)


def unified_diff(old: str | None, new: str | None, before: str, after: str) -> str:
    """Return a unified diff of two texts, split only at newlines; empty if they are equal."""
    lines = difflib_diff(split_lines(old or ""), split_lines(new or ""), before, after)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _conflict(conflict: Conflict, path: str) -> str:
    """Return a conflict with the markers of ``git`` and ``diff3``."""
    sides = (
        (f"<<<<<<< {path}:{conflict.line} (as it is)", conflict.mine),
        ("||||||| as xentui wrote it", conflict.base),
        ("=======", conflict.new),
    )
    text = ""
    for mark, lines in sides:
        text += f"{mark}\n" + "".join(
            line if line.endswith("\n") else f"{line}\n" for line in lines
        )
    return f"{text}>>>>>>> as xentui would write it\n"
