# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Apply a plan atomically: at any moment, each file has either its old or its new contents.

New and changed files are written first, then the user's own files that refer to them; obsolete
files are removed last. An interrupted run thus leaves a configuration that BitBake can parse.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from xentui.errors import RefusedError
from xentui.output.rendered import Copy, chunks, encode, source_stat
from xentui.output.writing import manifest
from xentui.output.writing.change import Change
from xentui.output.writing.manifest import Manifest
from xentui.output.writing.plan import Plan, Root
from xentui.output.writing.tree import LOCK_SECONDS, Tree, changed_meanwhile
from xentui.safe_text import visible

_MAX_COPIES = 1000
"""Maximum number of copies of one hand-edited file, as ``NAME.mine``, ``NAME.mine2`` and so on."""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """The files that were changed.

    Attributes:
        changes: the files that were written and removed, in order.
        copies: hand-edited files that were replaced, each with the path of the copy made of it.
    """

    changes: tuple[Change, ...]
    copies: tuple[tuple[Path, Path], ...] = ()


def apply(
    plan: Plan,
    *,
    force: bool = False,
    wait: float = LOCK_SECONDS,
) -> ApplyResult:
    """Apply a plan.

    Args:
        plan: the plan that the user has seen.
        force: whether to replace hand-edited files, after copying each to a new name.
        wait: seconds to wait for another run in the same folders.

    Raises:
        RefusedError: a hand-edited file is in the way, another run has locked a folder, or a link
            appeared; a :class:`~.tree.StaleError` if a file was changed after the plan was
            made. Files that were written before stay.
        InputError: no space, no permission, or an unreadable source.
    """
    if plan.edited and not force:
        raise _edited_by_hand(plan.edited)
    pending = _in_order((*plan.pending, *plan.edited))
    if not pending and not any(_manifest_is_old(plan, root) for root in plan.roots):
        return ApplyResult(())
    needed = {change.root for change in pending if change.kind != "removed"}
    with ExitStack() as stack:
        trees: dict[Path, Tree] = {}
        for folder in sorted({root.path for root in plan.roots} | {c.root for c in pending}):
            if folder in needed or folder.exists():
                trees[folder] = stack.enter_context(Tree(folder, create=folder in needed))
        # Two paths may lead to the same folder. Locking it twice would wait forever.
        for tree in {tree.identity: tree for tree in trees.values()}.values():
            tree.lock(wait)
        for change in pending:
            if change.root in trees and trees[change.root].state(change.name) != change.state:
                raise changed_meanwhile(change.path)
        # A folder that no longer exists has no files to remove.
        pending = [change for change in pending if change.root in trees]
        return _apply_locked(plan, pending, trees)


def _apply_locked(plan: Plan, pending: list[Change], trees: dict[Path, Tree]) -> ApplyResult:
    copies: list[tuple[Path, Path]] = []
    digests = _digests_of_unchanged(plan)
    for root in plan.roots:
        if root.path in trees:
            _announce_changes(plan, root, trees[root.path])
    for change in pending:
        tree = trees[change.root]
        if change.backup_suffix:
            _back_up_original(tree, change)
        if change.kind == "edited":
            copies.append((change.path, _copy_edited(tree, change)))
        if change.new is None:
            tree.remove(change.name, expected=change.state)
        else:
            digests[change.path] = _write(tree, change)
            if change.without_edits is not None:
                digests[change.path] = manifest.digest(encode(change.without_edits))

    for root in plan.roots:
        if root.path in trees:
            _write_manifest(trees[root.path], _manifest(plan, root, digests))
    for tree in trees.values():
        tree.sync()
        tree.remove_leftovers()
    for root in plan.roots:
        if root.path in trees and root.manifest.files and not _files(plan, root, digests):
            trees[root.path].remove_if_empty()
    return ApplyResult(tuple(pending), tuple(copies))


def _in_order(changes: tuple[Change, ...]) -> list[Change]:
    """Sort changes: generated files, then the user's own files, then removals."""
    return sorted(
        changes, key=lambda change: 1 if change.is_user_file else 2 if change.new is None else 0
    )


def _write(tree: Tree, change: Change) -> str:
    """Write one file and return the digest of the written bytes."""
    assert change.new is not None  # noqa: S101 - removals go elsewhere
    new, sha256 = change.new, hashlib.sha256()

    def hashed_chunks() -> Iterator[bytes]:
        for chunk in chunks(new):
            sha256.update(chunk)
            yield chunk

    like = source_stat(new) if isinstance(new, Copy) else None
    tree.write(change.name, hashed_chunks(), expected=change.state, like=like)
    return sha256.hexdigest()


def _digests_of_unchanged(plan: Plan) -> dict[Path, str]:
    return {change.path: change.digest for change in plan.changes if change.kind == "same"}


def _files(plan: Plan, root: Root, digests: dict[Path, str]) -> dict[str, str]:
    """Return the manifest entries of a folder after the plan was applied."""
    files = {}
    for change in plan.changes:
        if change.root != root.path or change.is_user_file:
            continue
        if change.kind == "kept":
            if change.name in root.manifest.files:
                files[change.name] = root.manifest.files[change.name]
        elif change.new is not None:
            files[change.name] = digests.get(change.path, "")
    return files


def _manifest(plan: Plan, root: Root, digests: dict[Path, str]) -> Manifest:
    """Return the manifest of a folder after the plan was applied."""
    old = root.manifest
    texts, merged = {}, {}
    files = _files(plan, root, digests)
    for change in plan.changes:
        name = change.name
        if change.root != root.path or name not in files:
            continue
        if change.kind == "kept" or old.wrote(name, files[name]):
            texts[name] = old.texts.get(name, "")
        if change.kind == "kept":
            merged[name] = old.merged.get(name, "")
            continue
        merged[name] = change.merged
        if change.without_edits is not None:
            assert isinstance(change.new, str)  # noqa: S101 - only texts are merged
            merged[name] = manifest.digest(encode(change.new))
        generated = change.without_edits if change.without_edits is not None else change.new
        if isinstance(generated, str) and not texts.get(name):
            texts[name] = manifest.pack(generated)
    texts = {name: text for name, text in texts.items() if text}
    return Manifest(
        files, root.entries, texts, {name: digest for name, digest in merged.items() if digest}
    )


def _manifest_is_old(plan: Plan, root: Root) -> bool:
    return _manifest(plan, root, _digests_of_unchanged(plan)) != root.manifest


def _announce_changes(plan: Plan, root: Root, tree: Tree) -> None:
    """Record the files to be written in the manifest, in case the run is interrupted."""
    files = {**dict.fromkeys(_files(plan, root, {}), ""), **root.manifest.files}
    for change in plan.changes:
        changes = change.kind not in ("same", "kept")
        if change.root == root.path and changes and change.name in files:
            files[change.name] = manifest.mark_in_progress(files[change.name])
    old = root.manifest
    _write_manifest(tree, Manifest(files, {**root.entries, **old.entries}, old.texts, old.merged))


def _write_manifest(tree: Tree, new: Manifest) -> None:
    raw = encode(new.text())
    state = tree.state(manifest.NAME)
    if not raw:
        tree.remove(manifest.NAME, expected=state)
    elif tree.read(manifest.NAME) != raw:
        tree.write(manifest.NAME, [raw], expected=state)


def _back_up_original(tree: Tree, change: Change) -> None:
    """Copy one of the user's own files before xentui changes it for the first time."""
    name = change.name + change.backup_suffix
    if change.old is not None and tree.state(name) is None:
        # A copy of a private file is private too.
        like = change.path.stat(follow_symlinks=False)
        tree.write(name, [encode(change.old)], expected=None, like=like)


def _copy_edited(tree: Tree, change: Change) -> Path:
    """Copy a hand-edited file to a new name in its folder, and return the path of the copy."""
    for number in range(1, _MAX_COPIES):
        name = f"{change.name}.mine{'' if number == 1 else number}"
        if tree.state(name) is None:
            opened = tree.open(change.name)
            if opened is None:
                break
            with contextlib.closing(open(opened, "rb")) as file:  # noqa: PTH123
                content = iter(lambda: file.read(1 << 20), b"")
                tree.write(name, content, expected=None, like=os.fstat(opened))
            return change.root / name
    raise changed_meanwhile(change.path)


def _edited_by_hand(changes: tuple[Change, ...]) -> RefusedError:
    names = ", ".join(
        f"{visible(str(change.path))}{' (in the xentui block)' if change.is_user_file else ''}"
        for change in changes
    )
    many = len(changes) > 1
    return RefusedError(
        f"{names} {'were' if many else 'was'} edited by hand, so nothing was written",
        fix=(
            "Move the edit into the project or conf/local.conf and the file away, or give "
            "--edited keep, merge (only with generate) or take, which copies it to NAME.mine."
        ),
    )
