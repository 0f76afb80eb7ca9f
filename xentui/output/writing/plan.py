# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare the files on disk with those to be written, and list the changes.

A generated file that was edited by hand is kept, merged or replaced, as the user decides.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from xentui.output import header
from xentui.output.rendered import (
    CHUNK,
    Content,
    Copy,
    Rendered,
    chunks,
    decode,
    encode,
    source_stat,
)
from xentui.output.writing import manifest
from xentui.output.writing.change import Change, Kind, merged
from xentui.output.writing.manifest import Manifest
from xentui.output.writing.tree import Seen, Tree

LARGEST_TEXT = 16 << 20
"""Maximum size of an obsolete file whose text is shown, in bytes."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to write into.

    Attributes:
        manifest: what the last run wrote there.
        notes: the notes to record in the new manifest.
    """

    path: Path
    manifest: Manifest = field(default_factory=Manifest)
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes that writing would make.

    Attributes:
        changes: all generated and obsolete files, including unchanged ones.
        roots: the folders that have a manifest.
        notes: sentences about effects that the user may not expect.
    """

    changes: tuple[Change, ...]
    roots: tuple[Root, ...]
    notes: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes to be made, without hand-edited files."""
        return tuple(c for c in self.changes if c.kind in ("new", "changed", "removed"))

    @property
    def edited(self) -> tuple[Change, ...]:
        """Files that prevent writing because they were edited by hand."""
        return tuple(c for c in self.changes if c.kind == "edited")

    @property
    def with_edits(self) -> tuple[Change, ...]:
        """Files with edits by hand that are merged already or that the user keeps."""
        return tuple(c for c in self.changes if c.kind == "kept" or c.merged)

    @property
    def user_files(self) -> tuple[Change, ...]:
        """The changes to the user's own files."""
        return tuple(c for c in self.pending if c.is_users)

    def diff(self) -> str:
        """Return the diffs of all changes in one text."""
        return "".join(change.diff() for change in self.changes)


def plan(rendered: Rendered, root: Path) -> Plan:
    """Return the changes that writing a set of files into ``root`` would make.

    Nothing is written, and ``root`` may not exist yet.

    Raises:
        InputError: an existing file, or a file to copy, cannot be read.
        RefusedError: a link, or something else that is not a regular file, is in the way.
    """
    generated, obsolete, record = compare(rendered.files, root)
    return Plan((*generated, *obsolete), (record,))


def compare(
    files: Mapping[str, Content], root: Path
) -> tuple[tuple[Change, ...], tuple[Change, ...], Root]:
    """Compare a folder with the files that should be in it.

    Returns:
        The changes to generated files, those to obsolete files of an earlier run, and the folder
        with the manifest of that run.
    """
    tree = open_tree(root)
    try:
        known = manifest.load(tree)
        made = tuple(_compared(tree, root, name, new, known) for name, new in files.items())
        removed = tuple(
            change
            for name in known.files
            if tree is not None and name not in files
            for change in _stale(tree, root, name, known)
        )
    finally:
        if tree is not None:
            tree.close()
    return made, removed, Root(root, known, known.notes)


def open_tree(root: Path) -> Tree | None:
    """Return the folder, or ``None`` if it does not exist yet."""
    if not root.exists() and not root.is_symlink():
        return None
    return Tree(root)


def _compared(tree: Tree | None, root: Path, name: str, new: Content, known: Manifest) -> Change:
    seen = tree.seen(name) if tree is not None else None
    if tree is None or seen is None:
        return Change(root, name, "new", None, new)
    if isinstance(new, Copy):
        return _compared_copy(tree, root, name, new, known, seen)
    raw = tree.read(name) or b""
    old, found = decode(raw), manifest.digest(raw)
    if raw == encode(new):
        return Change(root, name, "same", old, new, seen, found)
    if known.merged.get(name) == found:
        pure = manifest.digest(encode(new))
        if known.files.get(name) == pure:
            return Change(root, name, "same", old, new, seen, pure, merged=found)
    elif header.is_intact(old) or known.wrote(name, found):
        return Change(root, name, "changed", old, new, seen, found)
    base = known.written(name)
    if base is None and header.same_origin(old, new):
        base = new
    return Change(root, name, "edited", old, new, seen, found, base=base)


def _compared_copy(
    tree: Tree, root: Path, name: str, new: Copy, known: Manifest, seen: Seen
) -> Change:
    recorded = known.files.get(name, "")
    # A copy gets the time stamp of its source, so usually neither has to be read again. Images of
    # a reproducible build all have the same size and time stamp, though: a source whose status
    # changed after the copy was written, which nothing can hide, is read.
    source = source_stat(new)
    alike = (seen.size, seen.mtime_ns) == (new.size, source.st_mtime_ns)
    copied_since = source.st_ctime_ns <= seen.ctime_ns
    if alike and copied_since and recorded and not manifest.is_unsure(recorded):
        return Change(root, name, "same", None, new, seen, recorded)
    found = _digest_of(_read(tree, name))
    same = seen.size == new.size and found == _digest_of(chunks(new))
    kind: Kind = "same" if same else "changed" if known.wrote(name, found) else "edited"
    return Change(root, name, kind, None, new, seen, found)


def _stale(tree: Tree, root: Path, name: str, known: Manifest) -> Iterator[Change]:
    seen = tree.seen(name)
    if seen is None:
        return
    found = _digest_of(_read(tree, name))
    text = decode(tree.read(name) or b"") if seen.size <= LARGEST_TEXT else ""
    intact = header.is_intact(text) or known.wrote(name, found)
    old = text if "\0" not in text else None
    base = None if intact or old is None else known.written(name)
    kind: Kind = "removed" if intact else "edited"
    yield Change(root, name, kind, old, None, seen, found, base=base)


def _read(tree: Tree, name: str) -> Iterator[bytes]:
    opened = tree.open(name)
    if opened is None:
        return
    with os.fdopen(opened, "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _digest_of(parts: Iterator[bytes]) -> str:
    made = hashlib.sha256()
    for chunk in parts:
        made.update(chunk)
    return made.hexdigest()


# Files that were edited by hand

How = Literal["keep", "merge", "take"]
"""What to do with edited files: keep them, merge xentui's changes into them, or replace them."""


def resolve_edits(plan: Plan, how: How | None) -> Plan:
    """Return the plan after the user's decision on its edited files.

    ``keep`` leaves them unchanged, so that all others can be written. ``merge`` merges both sides
    where that is possible; the remaining edited files still prevent writing. ``take`` and ``None``
    do not change the plan: with ``force``, :func:`~.apply.apply` replaces the files.
    """
    if how not in ("keep", "merge"):
        return plan
    return replace(
        plan,
        changes=tuple(
            change
            if change.kind != "edited"
            else replace(change, kind="kept")
            if how == "keep"
            else _with_merged_text(change)
            for change in plan.changes
        ),
    )


def mergeable(plan: Plan) -> bool:
    """Return whether both sides of every edited file can be merged."""
    found = [merged(change) for change in plan.edited]
    return bool(found) and all(one is not None and not one.conflicts for one in found)


def _with_merged_text(change: Change) -> Change:
    both = merged(change)
    if both is None or both.conflicts:
        return change
    assert isinstance(change.new, str)  # noqa: S101 - merged() found it to be text
    return replace(change, kind="changed", new=both.text, without_edits=change.new)
