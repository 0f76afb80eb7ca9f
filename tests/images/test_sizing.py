# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Estimated image sizes, compared with what mkfs.ext4 needs."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.budget import examples
from tests.images import make
from xentui.images.inspect import inspect
from xentui.images.sizing import Size, TreeStatistics, fits, image_size


def accepts(tree: Path, mib: int, image: Path) -> bool:
    """Return whether an image of this size can be made from a directory as the classes make it."""
    image.unlink(missing_ok=True)
    make.sparse(image, mib)
    command = [make.tool("mkfs.ext4"), "-q", "-F", "-d", str(tree), str(image)]
    result = subprocess.run(command, capture_output=True)
    return result.returncode == 0


def estimated_size(tree: Path) -> Size:
    """Return the estimate for a directory, which must be the same for its archive."""
    size = inspect(tree).image_size
    assert size is not None
    packed = inspect(make.tar(tree.with_suffix(".tar"), tree)).image_size
    assert packed == size
    return size


def nothing(tree: Path) -> None:
    pass


def tiny(tree: Path) -> None:
    for number in range(6000):
        place = tree / f"d{number % 37}"
        place.mkdir(exist_ok=True)
        (place / f"f{number}").write_bytes(b"x")


def big(tree: Path) -> None:
    for number in range(3):
        with (tree / f"b{number}").open("wb") as file:
            for _ in range(24):
                file.write(os.urandom(1 << 20))


def deep(tree: Path) -> None:
    for number in range(250):
        tree = tree / f"d{number}"
        tree.mkdir()
        (tree / "x").write_bytes(b"x")


def long_names(tree: Path) -> None:
    for number in range(3000):
        (tree / f"{number:05}{'n' * (100 + number % 140)}").touch()


def links(tree: Path) -> None:
    (tree / "f").write_bytes(b"x")
    for number in range(1500):
        (tree / f"l{number}").symlink_to("t" * (10, 59, 60, 200)[number % 4])
        (tree / f"h{number}").hardlink_to(tree / "f")


def folders(tree: Path) -> None:
    for number in range(4000):
        (tree / f"dir{number}").mkdir()


def mixed(tree: Path) -> None:
    chance = random.Random(1)
    for number in range(1500):
        place = tree / f"d{chance.randint(0, 100)}"
        place.mkdir(exist_ok=True)
        (place / f"f{number}").write_bytes(os.urandom(int(chance.expovariate(1 / 9000))))


SHAPES = (nothing, tiny, big, deep, long_names, links, folders, mixed)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.__name__))
def test_mkfs_needs_the_estimated_size_and_little_less(
    tmp_path: Path, shape: Callable[[Path], None]
) -> None:
    tree, image = tmp_path / "tree", tmp_path / "image"
    tree.mkdir()
    shape(tree)
    size = estimated_size(tree)
    assert accepts(tree, size.smallest, image)
    assert accepts(tree, size.advised, image)
    assert size.advised - size.smallest >= 4
    # The estimate covers the defaults of every release, so it may be a third too high for this one.
    if size.smallest > 6:
        assert not accepts(tree, size.smallest * 2 // 3 - 1, image)


@pytest.mark.slow
@settings(max_examples=examples(25))
@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.sampled_from([0, 1, 900, 1024, 1025, 4096, 30_000, 900_000]) | st.integers(0, 60000),
            st.integers(1, 240),
        ),
        max_size=120,
    )
)
def test_an_estimated_size_is_never_too_small(
    tmp_path_factory: pytest.TempPathFactory, files: list[tuple[int, int, int]]
) -> None:
    base = tmp_path_factory.getbasetemp() / "never-too-small"
    shutil.rmtree(base, ignore_errors=True)
    tree = base / "tree"
    tree.mkdir(parents=True)
    for number, (folder, size, length) in enumerate(files):
        place = tree / f"{folder % 7}/{folder}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}{'n' * length}").write_bytes(b"\xa5" * size)
    assert accepts(tree, estimated_size(tree).smallest, base / "image")


@given(st.integers(0, 3_000_000), st.integers(0, 10**13), st.integers(0, 100_000))
def test_the_smallest_size_fits_and_one_less_does_not(files: int, total: int, folders: int) -> None:
    statistics = TreeStatistics()
    for number in range(min(folders, 300)):
        statistics.folder(f"d{number}")
    statistics.files = files
    statistics.blocks = {block: total // block + 1 for block in statistics.blocks}
    estimate = image_size(statistics)
    if estimate is None:
        assert total > 2**43
        return
    assert fits(statistics, estimate.smallest)
    assert fits(statistics, estimate.advised)
    assert estimate.smallest == 1 or not fits(statistics, estimate.smallest - 1)


def test_many_inodes_need_a_bigger_file_system() -> None:
    statistics = TreeStatistics()
    statistics.files = 200_000
    estimate = image_size(statistics)
    assert estimate is not None
    # mke2fs makes an inode per 4 KiB below 512 MiB, and one per 16 KiB above.
    assert estimate.smallest == pytest.approx(200_000 * 16 / 1024, rel=0.01)


def test_folders_without_an_entry_in_an_archive_count() -> None:
    implied, whole = TreeStatistics(), TreeStatistics()
    implied.file("a/b/c", 10)
    whole.folder("a")
    whole.folder("a/b")
    whole.file("a/b/c", 10)
    assert implied == whole
    assert implied.inodes == 4


def test_a_symlink_with_a_target_of_sixty_bytes_needs_a_block(tmp_path: Path) -> None:
    smallest = []
    for length in (59, 60):
        path = tmp_path / f"{length}.tar"
        with tarfile.open(path, "w") as archive:
            for number in range(3000):
                entry = tarfile.TarInfo(f"l{number}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "t" * length
                archive.addfile(entry)
        size = inspect(path).image_size
        assert size is not None
        smallest.append(size.smallest)
    # A shorter target is stored in the inode (linux:fs/ext4/symlink.c, fast symlinks).
    assert smallest[1] > smallest[0]
