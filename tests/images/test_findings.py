# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Findings about local sources, made by the real tools, and their fixes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.images import make
from tests.rules.disk_cases import tree
from tests.rules.source_cases import guest
from xentui.images.inspect import inspect
from xentui.images.suggest import command_line, name_problems, suggest, with_source
from xentui.project import document, edit, model, schema, tables
from xentui.project.assets import gather
from xentui.project.image_space import extra_space, image_sizes
from xentui.rules.check import check
from xentui.rules.finding import Finding

HEAD = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\nnetwork = "bridged"\n'
_GPT = "label: gpt\nstart=2048, size=2048, type=U\nstart=8192, size=65536, type=L\n"


def project(text: str, folder: Path) -> model.Project:
    loaded = document.load_text(HEAD + text, folder)
    assert loaded.project is not None, loaded.problems
    return loaded.project


def of_disk(given: model.Project, folder: Path) -> list[Finding]:
    found = check(given, gather(given, folder))
    return [finding for finding in found if finding.code.startswith("XT35")]


def with_quick_fixes(given: model.Project, folder: Path) -> model.Project:
    """Apply the first fix of each finding about local sources until none is left."""
    for _ in range(6):
        quick_fixes = [
            finding.quick_fix for finding in of_disk(given, folder) if finding.quick_fix is not None
        ]
        if not quick_fixes:
            return given
        given = quick_fixes[0].apply(given)
        assert schema.validate(tables.to_data(given)) == []
    raise AssertionError(of_disk(given, folder))


def raw(name: str, kind: str = "raw") -> str:
    return guest(f'type = "{kind}"\nfile = "{name}"', f'uri = "file://{name}"')


def test_a_disk_in_a_qcow2_declared_raw_is_fixed_in_two_steps(tmp_path: Path) -> None:
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    make.disk(tmp_path / "raw", _GPT, {8192: part})
    make.run("qemu-img", "convert", "-c", "-O", "qcow2", tmp_path / "raw", tmp_path / "d.img")
    given = project(raw("d.img").replace("xvda1", "xvda"), tmp_path)
    assert {finding.code for finding in of_disk(given, tmp_path)} == {"XT350", "XT351"}
    result = with_quick_fixes(given, tmp_path)
    assert of_disk(result, tmp_path) == []
    web = result.guest("web")
    assert web.source is not None
    assert web.source.type == "qcow2"
    assert web.extra == "root=/dev/xvda2 console=hvc0"


@pytest.mark.parametrize("kind", ["rootfs_dir", "qcow2"])
def test_an_ext4_declared_otherwise_is_fixed(tmp_path: Path, kind: str) -> None:
    make.ext(tmp_path / "d.img", make.root(tmp_path, init=False))
    result = with_quick_fixes(project(raw("d.img", kind), tmp_path), tmp_path)
    web = result.guest("web")
    assert web.source is not None
    assert web.source.type == "ext4"
    assert web.extra == "root=/dev/xvda console=hvc0 init=/bin/sh"
    assert of_disk(result, tmp_path) == []


def test_an_archive_that_is_not_called_one_is_renamed_first(tmp_path: Path) -> None:
    make.tar(tmp_path / "d.dat", make.root(tmp_path))
    finding = of_disk(project(raw("d.dat"), tmp_path), tmp_path)[0]
    assert (finding.code, finding.quick_fix) == ("XT350", None)
    assert finding.fix == 'Rename it to "d.dat.tar", and import it as rootfs_dir.'


def test_a_directory_is_compared_with_its_image_size(tmp_path: Path) -> None:
    make.root(tmp_path).rename(tmp_path / "tree")
    for number in range(3000):
        (tmp_path / f"tree/etc/f{number}").touch()
    given = project(tree("root=/dev/xvda console=hvc0", 8), tmp_path)
    found = of_disk(given, tmp_path)
    assert [finding.code for finding in found] == ["XT354"]
    result = with_quick_fixes(given, tmp_path)
    source = result.guest("web").source
    assert source is not None
    assert source.image_size is not None
    image = make.sparse(tmp_path / "image", source.image_size)
    make.run("mkfs.ext4", "-q", "-F", "-d", tmp_path / "tree", image)


def test_a_big_archive_is_judged_once_it_was_inspected(tmp_path: Path) -> None:
    root = make.root(tmp_path, init=False)
    for number in range(3000):
        (root / f"etc/f{number}").touch()
    make.tar(tmp_path / "d.tar", root)
    text = guest(
        'type = "rootfs_dir"\nfile = "tree"\nimage_size = 8',
        'uri = "file://d.tar"\nsubdir = "tree"\nsha256 = "' + "0" * 64 + '"',
    ).replace("xvda1", "xvda")
    given = project(text, tmp_path)
    assert of_disk(given, tmp_path) == []
    inspect(tmp_path / "d.tar")
    assert [f.code for f in of_disk(given, tmp_path)] == ["XT354", "XT355", "XT356"]
    assert of_disk(with_quick_fixes(given, tmp_path), tmp_path) == []


def test_a_user_config_or_another_init_is_not_touched(tmp_path: Path) -> None:
    make.root(tmp_path, init=False).rename(tmp_path / "tree")
    (tmp_path / "own.cfg").write_text('name = "web"\n')
    text = tree("root=/dev/xvda1 console=hvc0", 64)
    assert len(of_disk(project(text, tmp_path), tmp_path)) == 2
    own = text.replace("tags =", 'config_file = "own.cfg"\ntags =')
    assert of_disk(project(own, tmp_path), tmp_path) == []
    other = text.replace("xvda1 console=hvc0", "xvda init=/bin/sh")
    assert of_disk(project(other, tmp_path), tmp_path) == []


def test_an_image_in_an_archive_is_not_mistaken_for_a_tree(tmp_path: Path) -> None:
    make.tar(tmp_path / "d.tar", make.root(tmp_path, init=False))
    text = guest('type = "raw"\nfile = "etc/hostname"', 'uri = "file://d.tar"')
    codes = {finding.code for finding in of_disk(project(text, tmp_path), tmp_path)}
    assert codes <= {"XT358"}


def test_nothing_is_reported_without_the_files(tmp_path: Path) -> None:
    found = of_disk(project(raw("d.img", "ext4"), tmp_path), tmp_path)
    assert found == []


def test_a_qcow2_uses_the_disk_inside(tmp_path: Path) -> None:
    make.run("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "d.qcow2", "3G")
    given = project(raw("d.qcow2", "qcow2"), tmp_path)
    needed = image_sizes(given, gather(given, tmp_path))
    assert needed.kib == 3 * 1024 * 1024
    assert not needed.estimate
    assert extra_space(given, gather(given, tmp_path)) == 3 * 1024 * 1024


@pytest.mark.parametrize(("more", "mib"), [("", 2000), ("[containers]\nvxn = true\n", 0)])
def test_the_image_size_is_raised_where_the_default_is_too_small(
    tmp_path: Path, more: str, mib: int
) -> None:
    sized = tree("root=/dev/xvda console=hvc0", 2000) + more
    given = project(sized, tmp_path)
    space = extra_space(given)
    assert space is not None
    assert space == (mib * 1024 or -(-(2_048_000 + 10_000_000) // 1024) * 1024)
    assert extra_space(project(sized.replace("2000", "1950"), tmp_path)) is None


def test_a_suggestion_is_written_into_a_project(tmp_path: Path) -> None:
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    image = make.disk(tmp_path / "cloud.img", _GPT, {8192: part})
    text = HEAD + "# mine\n"
    given = project("# mine\n", tmp_path)
    seen = inspect(image)
    suggestion = suggest(seen, "cloud.img", "web")
    assert suggestion is not None
    result = with_source(given, "web", seen, "cloud.img", suggestion)
    written = edit.update(text, result)
    assert written.startswith(text.rstrip("\n"))
    assert document.load_text(written, tmp_path).project == result
    assert result.bundles
    web = result.guest("web")
    assert web.external
    # On x86, the boot loader on the disk starts it.
    assert (web.kernel, web.extra) == ("none", None)
    assert web.source == model.Source(
        "raw", "cloud.img", None, (model.Fetch("file://cloud.img", seen.sha256),)
    )
    assert with_source(result, "web", seen, "cloud.img", suggestion) == result
    assert of_disk(result, tmp_path) == []


def test_a_kernel_is_added_to_a_guest_with_a_disk(tmp_path: Path) -> None:
    (tmp_path / "Image").write_bytes(bytes(0x38) + b"ARM\x64" + bytes(64))
    given = project(raw("d.img"), tmp_path)
    seen = inspect(tmp_path / "Image")
    suggestion = suggest(seen, "Image", "web")
    assert suggestion is not None
    assert suggestion.use == "kernel"
    result = with_source(given, "web", seen, "Image", suggestion).guest("web")
    assert result.kernel == "Image"
    assert result.source is not None
    assert [fetch.uri for fetch in result.source.fetch] == ["file://d.img", "file://Image"]
    with pytest.raises(KeyError):
        with_source(given, "other", seen, "Image", suggestion)


def test_names_that_bitbake_uses_are_reported(tmp_path: Path) -> None:
    path = make.tar(tmp_path / "x", make.root(tmp_path))
    seen = inspect(path)
    assert list(name_problems(seen, "a.tar")) == []
    assert len(list(name_problems(seen, "a.img"))) == 1
    assert len(list(name_problems(seen, "a b.tar"))) == 1
    make.run("gzip", "-k", path)
    assert list(name_problems(inspect(tmp_path / "x.gz"), "a.tgz")) == []
    make.ext(tmp_path / "e")
    disk = inspect(tmp_path / "e")
    assert [len(list(name_problems(disk, name))) for name in ("e", "e.gz", "e.tar")] == [0, 1, 1]
    make.run("gzip", tmp_path / "e")
    packed = inspect(tmp_path / "e.gz")
    names = ("e.gz", "e", "e.tgz", "e.tar.gz")
    assert [len(list(name_problems(packed, name))) for name in names] == [0, 1, 1, 1]


def test_words_of_a_command_line_are_replaced_in_their_place() -> None:
    assert command_line("a root=/dev/xvda ro", "root=/dev/xvda1", None) == "a root=/dev/xvda1 ro"
    assert command_line("ro", "root=/dev/xvda", "init=/bin/sh") == "ro root=/dev/xvda init=/bin/sh"
    assert command_line("init=/x", None, "init=/bin/sh") == "init=/x"


def _make_source(folder: Path, kind: str) -> Path:
    """Make a file that can become a guest, with a name that BitBake unpacks."""
    tree = make.root(folder, merged="merged" in kind)
    disk = folder / "disk.img"
    match kind:
        case "tar" | "merged tar":
            return make.tar(folder / "r.tar", tree)
        case "tar.gz" | "tar.xz" | "tar.zst":
            program = {"gz": "gzip", "xz": "xz", "zst": "zstd"}[kind.partition(".")[2]]
            make.run(program, make.tar(folder / "r.tar", tree))
            return folder / f"r.{kind}"
        case "tar below a directory":
            make.run("tar", "-cf", folder / "r.tar", "-C", folder, "root")
            return folder / "r.tar"
        case "ext4":
            return make.ext(disk, tree)
        case "ext4.gz":
            make.run("gzip", make.ext(folder / "d.ext4", tree))
            return folder / "d.ext4.gz"
        case "disk":
            part = make.ext(folder / "part", tree, mib=32)
            return make.disk(disk, _GPT, {8192: part})
        case _:
            make.run("qemu-img", "convert", "-O", kind, make.ext(folder / "raw", tree), disk)
            return disk


KINDS = [
    "tar", "merged tar", "tar.gz", "tar.xz", "tar.zst", "tar below a directory", "ext4", "ext4.gz",
    "disk", "qcow2", "vmdk", "vdi", "vpc", "vhdx",
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_suggested_passes_every_rule(kind: str, tmp_path: Path) -> None:
    path = _make_source(tmp_path, kind)
    seen = inspect(path)
    suggestion = suggest(seen, path.name, "web")
    assert suggestion is not None, seen
    result = with_source(project("", tmp_path), "web", seen, path.name, suggestion)
    found = check(result, gather(result, tmp_path))
    # XT358 says that Dom0 gets more space, which depends only on the size.
    reported = {one.code for one in found} - {"XT358"}
    assert not [code for code in reported if code.startswith("XT3") or code in ("XT227", "XT228")]
    # The guest's former source makes no difference.
    again = with_source(result, "web", seen, path.name, suggestion)
    assert again == result
