# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find a path in a file system that is not mounted, following links inside it."""

from __future__ import annotations

from typing import Protocol, TypeVar

INITS = ("/sbin/init", "/etc/init", "/bin/init")
"""What a kernel starts without ``init=`` (init/main.c of Linux, ``kernel_init``);
its last resort, /bin/sh, is not an init."""

_HOPS = 40

Node = TypeVar("Node")


class FileTree(Protocol[Node]):
    """A file system whose entries can be looked up."""

    @property
    def root(self) -> Node:
        """The directory at the top."""

    def entry(self, folder: Node, name: str) -> Node | None:
        """Return an entry of a directory, without following links."""

    def link(self, node: Node) -> str | None:
        """Return the target of a symbolic link, or ``None`` for anything else."""


def exists(tree: FileTree[Node], path: str) -> bool:
    """Return whether a path exists; a dangling link does not."""
    return find(tree, path) is not None


def find(tree: FileTree[Node], path: str) -> Node | None:
    """Return the node at a path with links followed, or ``None``."""
    trail: list[Node] = [tree.root]
    steps = path.split("/")[::-1]
    hops = 0
    while steps:
        step = steps.pop()
        if step in ("", "."):
            continue
        if step == "..":
            if len(trail) > 1:
                trail.pop()
            continue
        node = tree.entry(trail[-1], step)
        if node is None:
            return None
        target = tree.link(node)
        if target is None:
            trail.append(node)
            continue
        hops += 1
        if hops > _HOPS or len(target) > 4096:
            return None
        if target.startswith("/"):
            del trail[1:]
        steps += target.split("/")[::-1]
    return trail[-1]


def has_init(tree: FileTree[Node]) -> bool:
    """Return whether a kernel finds an init without ``init=``."""
    return any(exists(tree, path) for path in INITS)
