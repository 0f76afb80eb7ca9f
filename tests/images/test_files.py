# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading files from file systems without mounting them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.images import make
from xentui.images import lookup
from xentui.images.ext import ExtTree
from xentui.images.reader import Broken, FileReader


def contents_at(tree: ExtTree, path: str) -> bytes:
    node = lookup.find(tree, path)
    assert node is not None
    content = bytearray(node.size)
    for place, piece in tree.pieces(node):
        content[place : place + len(piece)] = piece
    return bytes(content)


@pytest.mark.parametrize(
    "options",
    [(), ("-t", "ext3"), ("-t", "ext2", "-b", "1024"), ("-b", "4096"), ("-O", "^extent,^64bit")],
    ids=" ".join,
)
def test_files_are_read_with_their_holes(options: tuple[str, ...], tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    contents = {
        "empty": b"",
        "short": b"a line\n",
        "block": bytes(range(256)) * 16,
        "long": os.urandom(5 << 20),
        "holes": b"begin" + bytes(3 << 20) + b"middle" + bytes(2 << 20) + b"end" + bytes(9000),
        "zero": bytes(1 << 20),
    }
    for name, content in contents.items():
        with (tree / name).open("wb") as file:
            for place in range(0, len(content), 1024):
                piece = content[place : place + 1024]
                file.seek(place)
                if any(piece):
                    file.write(piece)
            file.truncate(len(content))
    (tree / "link").symlink_to("/short")
    image = make.ext(tmp_path / "image", tree, *options, mib=24)
    with image.open("rb") as file:
        found = ExtTree(FileReader(file.fileno(), image.stat().st_size), 64 << 20)
        for name, content in contents.items():
            assert contents_at(found, f"/{name}") == content, name
        assert contents_at(found, "link") == contents["short"]
        assert sorted(set(found.names(found.root)) - {"lost+found"}) == [
            *sorted([*contents, "link"])
        ]
        short = lookup.find(found, "/short")
        assert short is not None
        assert found.names(short) == []
        tight = ExtTree(FileReader(file.fileno(), image.stat().st_size), 1 << 20)
        with pytest.raises(Broken, match="too big"):
            contents_at(tight, "/long")
