# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Image files that are cut short, damaged, or made to use up memory and time."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import resource
import struct
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.images import make
from tests.work import must_end
from xentui.images import inspect as inspecting
from xentui.images import sizing
from xentui.images.inspect import glance, inspect
from xentui.images.inspected import Inspected, data


def _fresh(path: Path, content: bytes) -> Inspected:
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    glance(path)
    seen = inspect(path)
    data(seen)
    return seen


def _archive(**members: bytes) -> bytes:
    made_of = io.BytesIO()
    with tarfile.open(fileobj=made_of, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return made_of.getvalue()


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """One small file of each kind, to be damaged."""
    folder = tmp_path_factory.mktemp("samples")
    tree = make.root(folder)
    ext = make.ext(folder / "ext", tree, mib=2)
    script = "label: gpt\nstart=34, size=4096, type=L\n"
    disk = make.disk(folder / "disk", script, {34: ext}, mib=3)
    make.run("qemu-img", "convert", "-c", "-O", "qcow2", "-f", "raw", disk, folder / "qcow2")
    tar = make.tar(folder / "tar", tree).read_bytes()
    return [
        ext.read_bytes(),
        disk.read_bytes(),
        (folder / "qcow2").read_bytes(),
        tar,
        gzip.compress(tar),
        bz2.compress(tar),
        lzma.compress(tar),
        gzip.compress(ext.read_bytes()),
        lzma.compress(disk.read_bytes()),
    ]


@given(st.data())
def test_damage_is_reported_or_survived(
    samples: list[bytes], tmp_path_factory: pytest.TempPathFactory, draw: st.DataObject
) -> None:
    content = bytearray(draw.draw(st.sampled_from(samples)))
    for _ in range(draw.draw(st.integers(0, 8))):
        spot = st.integers(0, min(len(content), 8192) - 1) | st.integers(0, len(content) - 1)
        place = draw.draw(spot)
        patch = draw.draw(st.binary(min_size=1, max_size=8) | st.just(b"\xff" * 8))
        content[place : place + len(patch)] = patch
    end = draw.draw(st.none() | st.integers(0, len(content)))
    _fresh(tmp_path_factory.getbasetemp() / "damaged", bytes(content[:end]))


def test_every_header_may_be_cut_short(samples: list[bytes], tmp_path: Path) -> None:
    for content in samples:
        for length in (0, 1, 5, 71, 100, 511, 512, 600, 1025, 1100, 2047, 3000, len(content) - 1):
            _fresh(tmp_path / "x", content[:length])


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_an_archive_that_ends_in_the_middle_is_reported(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    whole = pack(_archive(a=bytes(range(256)) * 4000))
    seen = _fresh(tmp_path / "x", whole[: len(whole) * 3 // 4])
    assert any("Not all of the archive was read" in problem for problem in seen.problems)
    assert seen.image_size is None
    assert seen.init is None


def test_a_bomb_is_unpacked_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspecting, "MIN_UNPACKED_LIMIT", 8 << 20)
    monkeypatch.setattr(inspecting, "MAX_EXPANSION", 2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = _fresh(tmp_path / "x", gzip.compress(_archive(a=bytes(64 << 20)), 9))
    assert any("unpacks to more than" in problem for problem in seen.problems)
    assert seen.image_size is None
    # The archive is made in memory here; reading it needs almost none in addition.
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 400 * 1024


def test_of_a_bomb_that_is_not_an_archive_only_the_beginning_is_unpacked(tmp_path: Path) -> None:
    with must_end():
        seen = _fresh(tmp_path / "x", gzip.compress(bytes(256 << 20), 9))
    assert seen.kind == "unknown"


def test_a_member_with_a_path_that_linux_cannot_open_is_refused(tmp_path: Path) -> None:
    seen = _fresh(tmp_path / "x", _archive(**{"a/" * 30_000: b""}))
    assert "Not all of the archive was read: the name of a member is too long." in seen.problems


def test_folders_that_few_members_imply_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "MAX_FOLDERS", 100)
    members = {f"{number}/{'a/' * 49}b": b"" for number in range(3)}
    seen = _fresh(tmp_path / "x", _archive(**dict(list(members.items())[:2])))
    assert seen.problems == ()
    seen = _fresh(tmp_path / "y", _archive(**members))
    assert any("more than 100 folders" in problem for problem in seen.problems)


def test_many_empty_streams_end(tmp_path: Path) -> None:
    one = gzip.compress(b"")
    with must_end():
        seen = _fresh(tmp_path / "x", gzip.compress(_archive(a=b"")[:512]) + one * 300_000)
    assert any("streams" in problem for problem in seen.problems)


def test_xz_that_asks_for_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]
    packed = bytearray(lzma.compress(_archive(a=b"x" * 10_000), filters=filters))
    # The dictionary's size is one byte of the block header, which ends in a checksum (part 5.3.1).
    place = packed.index(b"\x21\x01", 12) + 2
    packed[place] = 40
    header = bytes(packed[12 : 12 + (packed[12] + 1) * 4 - 4])
    end = 12 + len(header)
    packed[end : end + 4] = struct.pack("<I", __import__("zlib").crc32(header))
    seen = _fresh(tmp_path / "x", bytes(packed))
    assert any("memory" in problem for problem in seen.problems)


def test_loops_of_logical_partitions_end(tmp_path: Path) -> None:
    sector = bytearray(512)
    sector[446:462] = struct.pack("<B3sB3sII", 0, b"", 5, b"", 1, 100)
    sector[510:] = b"\x55\xaa"
    logical = bytearray(512)
    logical[446:478] = struct.pack("<B3sB3sII", 0, b"", 0x83, b"", 1, 1) + struct.pack(
        "<B3sB3sII", 0, b"", 5, b"", 0, 100
    )
    logical[510:] = b"\x55\xaa"
    seen = _fresh(tmp_path / "x", bytes(sector + logical) + bytes(100_000))
    assert seen.content.disk is not None
    assert [p.number for p in seen.content.disk.partitions] == [1, 5]


def test_loops_of_links_in_a_file_system_end(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "sbin").symlink_to("etc")
    (tree / "etc").symlink_to("sbin")
    assert inspect(make.ext(tmp_path / "x", tree)).init is False


def test_hostile_names_and_labels_are_never_shown_raw(tmp_path: Path) -> None:
    name = "../a\x1b]52;c;eA==\x07"
    seen = _fresh(tmp_path / "x", _archive(**{name: b""}))
    assert seen.problems
    assert all(problem.isprintable() for problem in seen.problems)


def test_a_size_that_is_negative_is_refused(tmp_path: Path) -> None:
    content = bytearray(_archive(a=b"x" * 2000))
    content[124:136] = b"\x80" + b"\xff" * 11
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content[:512])
    seen = _fresh(tmp_path / "x", bytes(content))
    assert any("Not all" in problem for problem in seen.problems)
