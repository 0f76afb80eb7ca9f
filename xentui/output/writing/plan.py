# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare the files on disk with the files that a project generates, and list the changes.

The user decides whether to keep, merge or replace a generated file that was edited by hand.
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
from xentui.output.writing.change import Change, Kind, merge_edits
from xentui.output.writing.manifest import Manifest
from xentui.output.writing.tree import FileState, Tree, open_if_exists

_LARGEST_TEXT = 16 << 20
"""Maximum size of an obsolete file whose text is shown, in bytes."""


@dataclass(frozen=True, slots=True)
class Root:
    """A folder to write into.

    Attributes:
        manifest: the record of what the last run wrote there.
        entries: its other values to record in the new manifest, such as the path of the layer.
    """

    path: Path
    manifest: Manifest = field(default_factory=Manifest)
    entries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """All changes that writing would make.

    Attributes:
        changes: all generated and obsolete files, including unchanged ones.
        roots: the folders whose manifests are updated.
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
    def merged_or_kept(self) -> tuple[Change, ...]:
        """Files edited by hand that do not prevent writing, as they are merged or kept."""
        return tuple(c for c in self.changes if c.kind == "kept" or c.merged)

    @property
    def user_files(self) -> tuple[Change, ...]:
        """The changes to the user's own files."""
        return tuple(c for c in self.pending if c.is_user_file)

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
    with open_if_exists(root) as tree:
        recorded = manifest.load(tree)
        generated = [_change(tree, root, name, new, recorded) for name, new in files.items()]
        obsolete = []
        if tree is not None:
            names = [name for name in recorded.files if name not in files]
            removals = (_removal(tree, root, name, recorded) for name in names)
            obsolete = [change for change in removals if change is not None]
    return tuple(generated), tuple(obsolete), Root(root, recorded, recorded.entries)


def _change(tree: Tree | None, root: Path, name: str, new: Content, recorded: Manifest) -> Change:
    state = tree.state(name) if tree is not None else None
    if tree is None or state is None:
        return Change(root, name, "new", None, new)
    if isinstance(new, Copy):
        return _change_of_copy(tree, root, name, new, recorded, state)
    raw = tree.read(name) or b""
    old, digest = decode(raw), manifest.digest(raw)
    if raw == encode(new):
        return Change(root, name, "same", old, new, state, digest)
    if recorded.merged.get(name) == digest:
        without_edits = manifest.digest(encode(new))
        if recorded.files.get(name) == without_edits:
            return Change(root, name, "same", old, new, state, without_edits, merged=digest)
    elif header.is_intact(old) or recorded.wrote(name, digest):
        return Change(root, name, "changed", old, new, state, digest)
    base = recorded.last_text(name)
    if base is None and header.equal_when_written(old, new):
        base = new
    return Change(root, name, "edited", old, new, state, digest, base=base)


def _change_of_copy(
    tree: Tree, root: Path, name: str, new: Copy, recorded: Manifest, state: FileState
) -> Change:
    written = recorded.files.get(name, "")
    # A copy gets the time stamp of its source, so usually neither has to be read again. But a
    # reproducible build gives different images the same size and time stamp. A program cannot set
    # st_ctime, so a source whose st_ctime is later than the copy's is read.
    source = source_stat(new)
    alike = (state.size, state.mtime_ns) == (new.size, source.st_mtime_ns)
    copied_since = source.st_ctime_ns <= state.ctime_ns
    if alike and copied_since and written and not manifest.is_in_progress(written):
        return Change(root, name, "same", None, new, state, written)
    digest = _digest(_read(tree, name))
    same = state.size == new.size and digest == _digest(chunks(new))
    kind: Kind = "same" if same else "changed" if recorded.wrote(name, digest) else "edited"
    return Change(root, name, kind, None, new, state, digest)


def _removal(tree: Tree, root: Path, name: str, recorded: Manifest) -> Change | None:
    """Return the removal of an obsolete file, or ``None`` if it does not exist."""
    state = tree.state(name)
    if state is None:
        return None
    digest = _digest(_read(tree, name))
    text = decode(tree.read(name) or b"") if state.size <= _LARGEST_TEXT else ""
    intact = header.is_intact(text) or recorded.wrote(name, digest)
    old = text if state.size <= _LARGEST_TEXT and "\0" not in text else None
    base = None if intact or old is None else recorded.last_text(name)
    kind: Kind = "removed" if intact else "edited"
    return Change(root, name, kind, old, None, state, digest, base=base)


def _read(tree: Tree, name: str) -> Iterator[bytes]:
    opened = tree.open(name)
    if opened is None:
        return
    with os.fdopen(opened, "rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _digest(parts: Iterator[bytes]) -> str:
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
    return sha256.hexdigest()


# Files that were edited by hand

EditedChoice = Literal["keep", "merge", "take"]
"""What to do with edited files: keep them, merge xentui's changes into them, or replace them."""


def resolve_edits(plan: Plan, choice: EditedChoice | None) -> Plan:
    """Return the plan after the user's decision on its edited files.

    ``keep`` leaves them unchanged, so that all others can be written. ``merge`` merges both sides
    where that is possible; the remaining edited files still prevent writing. ``take`` and ``None``
    do not change the plan: with ``force``, :func:`~.apply.apply` replaces the files.
    """
    if choice not in ("keep", "merge"):
        return plan

    def resolved(change: Change) -> Change:
        if change.kind != "edited":
            return change
        return replace(change, kind="kept") if choice == "keep" else _with_merged_text(change)

    return replace(plan, changes=tuple(map(resolved, plan.changes)))


def mergeable(plan: Plan) -> bool:
    """Return whether there are edited files, and both sides of every one can be merged."""
    merges = [merge_edits(change) for change in plan.edited]
    return bool(merges) and all(merge is not None and not merge.conflicts for merge in merges)


def _with_merged_text(change: Change) -> Change:
    merge = merge_edits(change)
    if merge is None or merge.conflicts:
        return change
    assert isinstance(change.new, str)  # noqa: S101 - merge_edits() found it to be text
    return replace(change, kind="changed", new=merge.text, without_edits=change.new)
