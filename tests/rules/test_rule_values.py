# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Limits, sums and proposals of rules, to the number."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.rules.case import HEAD
from tests.rules.disk_cases import mbr
from tests.rules.guest_cases import IMPORTED
from xentui.project import document
from xentui.project.assets import Assets, SourceFile
from xentui.project.model import Bundle, Fetch, Project
from xentui.rules import fetched, quick_fixes
from xentui.rules.check import check
from xentui.rules.finding import Finding
from xentui.rules.scripts import script_findings

MIB = 1 << 20


def project_of(text: str) -> Project:
    loaded = document.load_text(text if "version = 1" in text else HEAD + text, Path())
    assert loaded.project is not None, loaded.problems
    return loaded.project


def of(code: str, text: str, assets: Assets | None = None) -> list[Finding]:
    return [one for one in check(project_of(text), assets or Assets()) if one.code == code]


def source(name: str, size: int, folder: Path = Path("/x")) -> Assets:
    return Assets(sources={name: SourceFile(folder / name, size, is_dir=True)})


TREE = """
[bundles.lab]
[guests.web]
bundle = "lab"
tags = ["external"]
extra = "root=/dev/xvda console=hvc0"
[guests.web.source]
type = "rootfs_dir"
file = "tree"
image_size = {0}
[[guests.web.source.fetch]]
uri = "file://tree"
"""


@pytest.mark.parametrize(
    ("size", "files", "larger"),
    [
        (100, 100 * MIB - MIB, None),
        (100, 99 * MIB + 1, 120),
        (100, 100 * MIB, 120),
        (50, 50 * MIB, 66),
        (50, 79 * MIB, 95),
        (50, 80 * MIB, 96),
        (50, 85 * MIB, 102),
        (50, 400 * MIB, 480),
        (50, 0, None),
    ],
)
def test_an_image_is_larger_by_a_fifth_or_sixteen(
    size: int, files: int, larger: int | None
) -> None:
    made = of("XT320", TREE.format(size), source("tree", files))
    assert [one.fix for one in made] == ([f"Set image_size to {larger} or more."] if larger else [])
    for one in made:
        assert one.quick_fix is not None
        fixed = one.quick_fix.apply(project_of(TREE.format(size))).guest("web").source
        assert fixed is not None
        assert fixed.image_size == larger


@pytest.mark.parametrize(
    ("name", "others", "free"),
    [
        ("lib32-lab", (), "lab-guests"),
        ("lib32-lab", ("lab-guests",), "xen-lab-guests"),
        ("lib32-lab", ("lab-guests", "xen-lab-guests"), "xen-xen-lab-guests"),
        ("nativesdk-nativesdk", (), "xen-nativesdk-guests"),
        ("libx32-lib64-lab", (), "lab-guests"),
    ],
)
def test_a_bundle_gets_a_name_that_is_free(name: str, others: tuple[str, ...], free: str) -> None:
    tables = "".join(f"[bundles.{each}]\n" for each in (name, *others))
    text = f'{tables}[guests.web]\nbundle = "{name}"\ntags = ["external"]\nrootfs = "a"\n'
    (made,) = of("XT204", text)
    assert made.fix == f"Rename it, for example to {free}."
    assert made.quick_fix is not None
    fixed = made.quick_fix.apply(project_of(text))
    assert [bundle.key for bundle in fixed.bundles] == [free, *others]
    assert fixed.guest("web").bundle == free


def test_two_guests_of_one_disk_name_it_once() -> None:
    text = "".join(
        f'[guests.{key}]\ntags = ["external"]\nrootfs = "{file}"\n'
        for key, file in (("a", "x.ext4"), ("b", "y.ext4"), ("c", "x.ext4"))
    )
    (made,) = of("XT211", text)
    assert made.path == "guests.c.rootfs"
    assert made.message == "c and a both use the disk image x.ext4"


IOEMU = '[guests.web]\nvif = ["bridge=xenbr0,type=ioemu"]\n'
OWN = '[guests.web]\nconfig_file = "web.cfg"\n{0}'


@pytest.mark.parametrize(
    ("text", "config", "codes"),
    [
        (IOEMU, None, ["XT222"]),
        (IOEMU + 'type = "hvm"\n', None, []),
        (OWN.format(""), "type = 'hvm'\nvif = ['type=ioemu']\n", []),
        (OWN.format(""), "type = 'pv'\nvif = ['type=ioemu']\n", ["XT222"]),
        (OWN.format(""), "vif = ['type=ioemu']\n", ["XT222"]),
    ],
)
def test_whose_type_counts(text: str, config: str | None, codes: list[str]) -> None:
    assets = Assets(texts={"web.cfg": config} if config is not None else {})
    made = of("XT222", text, assets)
    assert [one.code for one in made] == codes
    if config is not None:
        assert all(one.quick_fixes == () for one in made), "a config of one's own is not changed"


@pytest.mark.parametrize(
    ("vif", "fix"),
    [
        ("xenbr1", "Did you mean bridge=xenbr1?"),
        ("br0", "Did you mean bridge=br0?"),
        ("fast", "Write key=value, where key is one of mac, bridge"),
        ("brigde=xenbr0", "Did you mean bridge=?"),
        ("zzz=1", "Write key=value, where key is one of mac, bridge"),
        ("mac", "Write mac= with a value."),
        ("backend", "Write backend= with a value."),
    ],
)
def test_words_that_xl_does_not_know(vif: str, fix: str) -> None:
    (made,) = of("XT216", f'[guests.web]\nvif = ["{vif}"]\n')
    assert made.fix.startswith(fix)


@pytest.mark.parametrize(
    ("extra", "reported"),
    [
        ("root=/dev/xvda1", None),
        ("root=/dev/xvda3", None),
        ("root=/dev/xvda2", "Write root=/dev/xvda1, which looks like the root."),
        ("root=/dev/xvda", "Write root=/dev/xvda1, which looks like the root."),
    ],
)
def test_the_partition_of_the_root(tmp_path: Path, extra: str, reported: str | None) -> None:
    disk = bytearray(mbr())
    disk[446 + 32 : 446 + 48] = disk[446:462]
    (tmp_path / "web.ext4").write_bytes(disk)
    text = IMPORTED.replace('tags = ["external"]', f'tags = ["external"]\nextra = "{extra}"')
    assets = Assets(
        sources={"web.ext4": SourceFile(tmp_path / "web.ext4", len(disk), is_dir=False)}
    )
    assert [one.fix for one in of("XT351", text, assets)] == ([reported] if reported else [])


def test_a_source_that_vanishes_during_inspection_is_not_found(tmp_path: Path) -> None:
    for gone in (
        SourceFile(tmp_path / "web.ext4", 5, is_dir=False),
        SourceFile(tmp_path / "web.ext4", 5, is_dir=True),
    ):
        made = check(project_of(IMPORTED), Assets(sources={"web.ext4": gone}))
        assert not [one for one in made if one.code.startswith("XT35")]


def board_of(memory: int, wanted: int) -> str:
    return (
        f'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = {memory}\nnetwork = "nat"\n'
        f'[guests.web]\ntags = ["autostart"]\nmemory = {wanted}\n'
    )


SIZES = (1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384)


@pytest.mark.parametrize("wanted", [500, 700, 990, 1100, 1500, 2100, 3100, 5000, 7300, 11500])
def test_the_smallest_usual_board_is_proposed_that_is_large_enough(wanted: int) -> None:
    (made,) = of("XT401", board_of(1024, wanted))
    (label,) = [one.label for one in made.quick_fixes if one.label.startswith("Give the board")]
    size = int(label.split()[-2])
    assert size in SIZES
    for board in SIZES:
        fits = not of("XT401", board_of(board, wanted))
        # The proposal leaves some reserve, so it may be the next larger one.
        assert fits or board < size
        assert not fits or board >= size or SIZES.index(size) == SIZES.index(board) + 1


def test_changes_that_the_schema_would_refuse_are_not_proposed() -> None:
    assert quick_fixes.change_fetch("x", "web", 0, sha256="no digest") is None
    assert quick_fixes.add_bundle("no name") is None
    assert quick_fixes.rename_bundle("lab", "no name") is None
    assert quick_fixes.change_bundle("x", "lab", version="a b") is None
    assert quick_fixes.change_guest("x", "web", extra="${@x}") is None


def test_changes_of_removed_items_change_nothing() -> None:
    project = project_of("[guests.web]\n")
    for quick_fix in (
        quick_fixes.change_fetch("x", "web", 0, sha256="0" * 64),
        quick_fixes.change_source("x", "web", image_size=64),
    ):
        assert quick_fix is not None
        assert quick_fix.apply(project) == project


def test_a_change_of_a_fetch_changes_that_one() -> None:
    project = project_of(IMPORTED)
    quick_fix = quick_fixes.change_fetch("x", "web", 0, sha256="1" * 64)
    assert quick_fix is not None
    changed = quick_fix.apply(project).guest("web").source
    assert changed is not None
    assert changed.fetch == (Fetch("file://web.ext4", sha256="1" * 64),)


def test_a_guest_goes_into_a_bundle_that_is_there_or_made() -> None:
    bare = project_of('[guests.web]\ntags = ["external"]\nrootfs = "a"\n')
    moved = quick_fixes.move_to_bundle(bare, "web").apply(bare)
    assert (moved.guest("web").bundle, moved.bundles) == (
        quick_fixes.DEFAULT_BUNDLE,
        (Bundle(quick_fixes.DEFAULT_BUNDLE),),
    )
    two = project_of('[bundles.one]\nversion = "2"\n[bundles.two]\n[guests.web]\n')
    moved = quick_fixes.move_to_bundle(two, "web").apply(two)
    assert (moved.guest("web").bundle, moved.bundles) == ("one", two.bundles)


def values(text: str) -> Mapping[str, int]:
    return {one.code: 1 for one in check(project_of(text))}


@pytest.mark.parametrize(
    ("mac", "code"),
    [
        ("00:16:3e:00:00:01", None),
        ("00:16:3E:00:00:01", None),
        ("01:16:3e:00:00:01", "XT219"),
        ("03:16:3e:00:00:01", "XT219"),
        ("02:00:00:00:00:01", None),
        ("06:00:00:00:00:01", None),
        ("04:00:00:00:00:01", "XT220"),
        ("00:16:3f:00:00:01", "XT220"),
    ],
)
def test_addresses_by_their_first_octet(mac: str, code: str | None) -> None:
    made = values(f'[guests.web]\nvif = ["mac={mac},bridge=xenbr0"]\n')
    assert {"XT219", "XT220"} & set(made) == ({code} if code else set())


@pytest.mark.parametrize(
    ("rate", "fine"),
    [
        ("10Mb/s", True), ("250KB/s", True), ("1MB/s@20ms", True), ("1Gb/s", True), ("9b/s", True),
        ("1MB/s@20us", True), ("1MB/s@20s", True), ("1MB/s@20", True), ("10", False),
        ("10Mb", False), ("10Tb/s", False), ("1MB/s@", False), ("-1Mb/s", False),
        ("10Mb/sec", False),
    ],
)  # fmt: skip
def test_rates_as_xl_reads_them(rate: str, fine: bool) -> None:
    made = values(f'[guests.web]\nvif = ["bridge=xenbr0,rate={rate}"]\n')
    assert ("XT221" not in made) is fine


@pytest.mark.parametrize(
    ("uri", "subdir", "place"),
    [
        ("file://a/b.ext4", None, "a/b.ext4"),
        ("file://a/b.ext4", "sub", "sub/a/b.ext4"),
        ("https://x.org/a/b.ext4?c=d", None, "b.ext4"),
        ("https://x.org/a/b.ext4/", "sub", "sub/b.ext4"),
    ],
)
def test_where_an_unpacked_file_is(uri: str, subdir: str | None, place: str) -> None:
    assert fetched.fetched_path(uri, subdir) == place
    if not uri.endswith(("/", "d")):
        # An archive with a single file is unpacked to the top.
        assert fetched.unpacked_path(Fetch(f"{uri}.gz", subdir=subdir)) == "b.ext4"


def test_dom0_s_share_is_counted_into_the_board_that_is_proposed() -> None:
    text = (
        'version = 1\n[host]\nmachine = "qemuarm64"\nmemory = 2048\ndom0_memory = 4096\n'
        'network = "nat"\n'
    )
    (made,) = of("XT405", text)
    assert made.message == "Dom0 (4096 MiB) and Xen (38 MiB) use all of the board's 2048 MiB"
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Give the board 6144 MiB"]


@pytest.mark.parametrize(
    ("machine", "fix", "labels"),
    [
        ("qemux86-64", ", or make it an HVM guest.",
         ["Use the host's kernel", "Make it an HVM guest"]),
        ("qemuarm64", "which gives it the host's.", ["Use the host's kernel"]),
    ],
)  # fmt: skip
def test_a_guest_without_a_kernel(machine: str, fix: str, labels: list[str]) -> None:
    text = (
        f'version = 1\n[host]\nmachine = "{machine}"\nmemory = 4096\nnetwork = "nat"\n'
        '[bundles.lab]\n[guests.web]\nbundle = "lab"\ntags = ["external"]\nkernel = "none"\n'
        'type = "pvh"\n'
        'rootfs = "a.ext4"\n'
    )
    (made,) = of("XT236", text)
    assert made.fix.endswith(fix)
    assert [quick_fix.label for quick_fix in made.quick_fixes] == labels


def test_as_many_warnings_of_a_script_as_can_be_read(tmp_path: Path) -> None:
    if shutil.which("shellcheck") is None:
        pytest.skip("needs shellcheck")

    project = project_of('[import_types.odd]\nscript = "odd.sh"\n')
    unquoted = "#!/bin/sh\n" + "".join(f"A{n}=1\n" for n in range(20))
    made = list(script_findings(project, Assets(texts={"odd.sh": unquoted})))
    assert [one.code for one in made] == ["XT361"] * 5
