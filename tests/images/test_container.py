# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Container images, made by umoci and skopeo: recognised, described, and turned into a tree.

umoci's own ``unpack`` makes the reference tree. As root, the function in the recipe makes it too,
with owners.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import tarfile
import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.images import make
from tests.rules.source_cases import guest
from xentui.images import tar
from xentui.images.container import ArchiveFiles, FolderFiles, read
from xentui.images.container_layers import LayeredTree, layered_tree
from xentui.images.inspect import glance, inspect
from xentui.images.reader import FileReader
from xentui.images.suggest import suggest, with_source
from xentui.output import layer as output_layer
from xentui.output.render import render
from xentui.project import document
from xentui.project.assets import gather
from xentui.rules.check import check

HEAD = 'version = 1\n[host]\nmachine = "qemux86-64"\nmemory = 4096\nnetwork = "nat"\n'
Entry = tuple[str, str, int, int, int]
"""Name, content or target of a link, mode, owner and group."""

BASE: tuple[Entry, ...] = (
    ("bin/", "", 0o755, 0, 0),
    ("bin/sh", "a shell", 0o755, 0, 0),
    ("bin/su", "su", 0o4755, 0, 0),
    ("run/", "", 0o755, 0, 0),
    ("var/", "", 0o755, 0, 0),
    ("var/run", "->/run", 0o777, 0, 0),
    ("etc/", "", 0o755, 0, 0),
    ("etc/gone", "x", 0o644, 0, 0),
    ("etc/shadow", "secret", 0o640, 0, 42),
    ("cache/", "", 0o755, 0, 0),
    ("cache/old", "y" * 100_000, 0o644, 0, 0),
    ("home/", "", 0o755, 0, 0),
    ("srv/web/", "", 0o750, 1000, 1000),
)
MORE: tuple[Entry, ...] = (
    ("etc/.wh.gone", "", 0o644, 0, 0),
    ("cache/", "", 0o755, 0, 0),
    ("cache/.wh..wh..opq", "", 0o644, 0, 0),
    ("cache/new", "z", 0o644, 0, 0),
    ("var/run/web/", "", 0o700, 33, 33),
    ("var/run/web/pid", "1", 0o600, 33, 33),
    ("srv/web/app", "#!/bin/sh\n", 0o755, 1000, 1000),
)


def layer(path: Path, entries: tuple[Entry, ...]) -> Path:
    """Make a layer."""
    with tarfile.open(path, "w") as archive:
        for name, content, mode, uid, gid in entries:
            info = tarfile.TarInfo(name.rstrip("/"))
            info.mode, info.uid, info.gid = mode, uid, gid
            if name.endswith("/"):
                info.type = tarfile.DIRTYPE
            elif content.startswith("->"):
                info.type, info.linkname = tarfile.SYMTYPE, content[2:]
            elif content.startswith("="):
                info.type, info.linkname = tarfile.LNKTYPE, content[1:]
            else:
                info.size = len(content)
            data = io.BytesIO(content.encode()) if info.isreg() else None
            archive.addfile(info, data)
    return path


def layout(
    folder: Path,
    *layers: tuple[Entry, ...],
    arch: str = "amd64",
    command: str = "/srv/web/app",
    user: str = "",
) -> Path:
    """Make an OCI layout from layers."""
    place = folder / "layout"
    image = f"{place}:web"
    make.run("umoci", "init", "--layout", place)
    make.run("umoci", "new", "--image", image)
    for number, entries in enumerate(layers):
        make.run(
            "umoci", "raw", "add-layer", "--image", image, layer(folder / f"{number}.tar", entries)
        )
    options = ["--config.env", "WORD=two words", "--config.user", user]
    if command:
        options += ["--config.entrypoint", command]
    make.run("umoci", "config", "--image", image, "--architecture", arch, *options)
    make.run("umoci", "gc", "--layout", place)
    return place


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One image in each format."""
    folder = tmp_path_factory.mktemp("images")
    place = layout(folder, BASE, MORE)
    found = {"layout": place}
    for kind in ("docker-archive", "oci-archive"):
        path = folder / f"{kind}.tar"
        name = ":localhost/web:1" if kind == "docker-archive" else ""
        make.run("skopeo", "--insecure-policy", "copy", f"oci:{place}:web", f"{kind}:{path}{name}")
        found[kind] = path
    return found


FORMS = ("layout", "docker-archive", "oci-archive")


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_an_image_is_recognised_in_every_form(images: dict[str, Path], form: str) -> None:
    for seen in (glance(images[form]), inspect(images[form])):
        assert seen.kind == "container"
        assert seen.content.container is not None
        assert seen.content.arch == "x86-64"
        assert seen.content.container.command == ("/srv/web/app",)
    assert seen.content.container is not None
    assert seen.content.container.shell is True
    assert seen.image_size is not None
    suggestion = suggest(seen, "web.tar")
    assert suggestion is not None
    assert suggestion.type == "container"
    assert suggestion.image_size == seen.image_size.advised
    assert bool(suggestion.command) is (form == "layout")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layers", "command", "user", "word"),
    [
        ((BASE,), "/srv/web/app", "", None),
        ((BASE,), "/srv/web/app", "0:0", None),
        ((BASE,), "/srv/web/app", "root", None),
        ((BASE,), "/srv/web/app", "web", 'as the user "web"'),
        ((BASE,), "/srv/web/app", "1000:1000", 'as the user "1000:1000"'),
        ((BASE,), "", "", "has no entry point"),
        ((), "/app", "", "has no layers"),
        (((("app", "", 0o755, 0, 0),),), "/app", "", "has no shell"),
    ],
)
def test_what_a_guest_does_not_keep_is_reported(
    tmp_path: Path, layers: tuple[tuple[Entry, ...], ...], command: str, user: str, word: str | None
) -> None:
    seen = inspect(layout(tmp_path, *layers, command=command, user=user))
    if word is None:
        assert seen.problems == ()
    else:
        (problem,) = seen.problems
        assert word in problem


def _tree(form: str, place: Path) -> LayeredTree:
    if form == "layout":
        with FolderFiles(place) as folder:
            return layered_tree(folder, read(folder))
    with place.open("rb") as file:
        archive = ArchiveFiles(FileReader(file.fileno(), place.stat().st_size))
        return layered_tree(archive, read(archive))


EXPECTED = {
    "bin/sh", "bin/su", "etc/shadow", "cache/new", "srv/web/app", "run", "var/run",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_layers_are_laid_over_each_other(images: dict[str, Path], form: str) -> None:
    tree = _tree(form, images[form])
    for name in EXPECTED:
        assert tree.has(name), name
    for name in ("etc/gone", "cache/old", "etc/.wh.gone"):
        assert not tree.has(name), name


def _function(folder: Path, archive: Path) -> Path:
    """Run the class's function on an archive, and return the root that it makes."""
    code = output_layer.container_class()
    body = code[code.index("python container_roots() {\n") :].partition("\n}\n")[0]
    lines = ["def function(d, bb):", *body.splitlines()[1:], "function(d, bb)"]
    (folder / "archives/web").mkdir(parents=True)
    (folder / "archives/web" / archive.name).symlink_to(archive)
    values = {
        "CONTAINER_GUESTS": "web",
        "UNPACKDIR": str(folder),
        "WORKDIR": str(folder),
        "TARGET_ARCH": "x86_64",
    }

    def fatal(message: str) -> None:
        raise AssertionError(message)

    bb: Any = SimpleNamespace(fatal=fatal, warn=fatal, note=print)
    d: Any = SimpleNamespace(getVar=values.get)
    exec("\n".join(lines), {"d": d, "bb": bb})
    return folder / "rootfs/web"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_the_class_makes_the_same_tree(images: dict[str, Path], form: str, tmp_path: Path) -> None:
    place = _function(tmp_path, images[form])
    umoci = tmp_path / "bundle"
    image = f"{images['layout']}:web"
    make.run("umoci", "unpack", "--rootless", "--image", image, umoci)

    def names(folder: Path) -> set[str]:
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
        return found - {"sbin", "sbin/container-init", "var/run/web", "var/run/web/pid"}

    assert names(place) == names(umoci / "rootfs")
    assert (place / "run/web/pid").read_text() == "1"
    assert (place / "srv/web/app").read_text() == "#!/bin/sh\n"
    start = (place / "sbin/container-init").read_text()
    assert "\nexport WORD='two words'\n" in start
    assert "\n/srv/web/app\n" in start
    assert stat.S_IMODE((place / "bin/su").stat().st_mode) == 0o4755
    if os.geteuid() == 0:
        owners = {entry[0].rstrip("/"): entry[2:] for entry in (*BASE, *MORE)}
        for name in ("etc/shadow", "srv/web", "srv/web/app", "run/web"):
            status = (place / name).stat()
            expected = owners[name if name != "run/web" else "var/run/web"]
            assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == expected


@pytest.mark.slow
def test_what_an_image_links_to_outside_stays_inside(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("mine")
    bad: tuple[Entry, ...] = (
        ("bin/", "", 0o755, 0, 0),
        ("bin/sh", "", 0o755, 0, 0),
        ("abs", f"->{outside}", 0o777, 0, 0),
        ("up", f"->../../../../../../../../..{outside}", 0o777, 0, 0),
    )
    worse: tuple[Entry, ...] = (
        ("abs/.wh.kept", "", 0o644, 0, 0),
        ("up/.wh..wh..opq", "", 0o644, 0, 0),
        ("abs/new", "x", 0o644, 0, 0),
        ("../../escaped", "x", 0o644, 0, 0),
    )
    place = layout(tmp_path, bad, worse)
    archive = tmp_path / "web.tar"
    make.run("skopeo", "--insecure-policy", "copy", f"oci:{place}:web", f"oci-archive:{archive}")
    made_of = _function(tmp_path / "work", archive)
    assert [path.name for path in outside.iterdir()] == ["kept"]
    assert not (tmp_path / "work/escaped").exists()
    assert (made_of / str(outside).lstrip("/") / "new").read_text() == "x"


@pytest.mark.slow
def test_a_container_is_a_guest_of_a_project(images: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "web.tar").write_bytes(images["docker-archive"].read_bytes())
    loaded = document.load_text(HEAD, tmp_path)
    assert loaded.project is not None
    seen = inspect(tmp_path / "web.tar")
    suggestion = suggest(seen, "web.tar", "web")
    assert suggestion is not None
    project = with_source(loaded.project, "web", seen, "web.tar", suggestion)
    assert "init=/sbin/container-init" in (project.guest("web").extra or "")
    assets = gather(project, tmp_path)
    made_of = check(project, assets)
    assert [one for one in made_of if one.code.startswith("XT3")] == []
    files = render(project, assets).files
    (recipe,) = [
        content for name, content in files.items()
        if "xen-guest-bundles" in name and name.endswith(".bb")
    ]  # fmt: skip
    assert isinstance(recipe, str)
    assert 'XEN_GUEST_SOURCE_TYPE[web] = "rootfs_dir"' in recipe
    assert "file://web.tar;unpack=0;subdir=archives/web" in recipe
    assert any(name.endswith("/web.tar") for name in files)


@pytest.mark.slow
def test_an_image_of_another_architecture_is_refused(tmp_path: Path) -> None:
    place = layout(tmp_path, BASE, arch="arm64")
    make.run(
        "skopeo", "--insecure-policy", "copy", f"oci:{place}:web",
        f"docker-archive:{tmp_path}/web.tar:web:1",
    )  # fmt: skip
    text = guest('type = "container"\nfile = "web.tar"\nimage_size = 64', 'uri = "file://web.tar"')
    loaded = document.load_text(HEAD + text.replace("xvda1", "xvda"), tmp_path)
    assert loaded.project is not None, loaded.problems
    found = {one.code for one in check(loaded.project, gather(loaded.project, tmp_path))}
    assert {"XT363", "XT364"} <= found


def tree_of_layers(folder: Path, *layers: tuple[Entry, ...]) -> LayeredTree:
    """Return the tree made from layers, without an image around them."""
    tree = LayeredTree()
    for number, entries in enumerate(layers):
        path = layer(folder / f"{number}.tar", entries)
        with path.open("rb") as file:
            tree.add_layer(tar.ReaderStream(FileReader(file.fileno(), path.stat().st_size)))
    return tree


def file(name: str) -> Entry:
    return (name, "x", 0o644, 0, 0)


def folder(name: str) -> Entry:
    return (name, "", 0o755, 0, 0)


def test_a_folder_that_two_layers_list_keeps_the_files_of_both(tmp_path: Path) -> None:
    tree = tree_of_layers(tmp_path, (folder("d/"), file("d/one")), (folder("d/"), file("d/two")))
    assert all(tree.has(path) for path in ("d/one", "d/two"))


def test_an_archive_that_is_cut_off_has_a_problem(tmp_path: Path) -> None:
    path = layer(tmp_path / "web.tar", (file("oci-layout"), file("index.json"), file("blobs/")))
    path.write_bytes(path.read_bytes()[:1300])
    (problem,) = inspect(path).problems
    assert problem.startswith("The image in it cannot be used: ")


@pytest.mark.parametrize("name", [".wh.", "d/.wh.", ".wh..", ".wh...", "d/.wh..."])
def test_a_whiteout_without_a_name_hides_nothing(tmp_path: Path, name: str) -> None:
    layers = (file("d/one"),), (file(name),)
    assert tree_of_layers(tmp_path, *layers).has("d/one")
    assert unpacked_by_the_class(tmp_path, *layers) == {"d/one"}


LOWER = (file("a/foo"), file("d/sub/old"), file("d/gone"))


def test_a_whiteout_reaches_any_depth(tmp_path: Path) -> None:
    top = "d/" * 2000
    tree = tree_of_layers(
        tmp_path, (file(f"{top}old"),), (file(f"{top}new"), file("d/.wh..wh..opq"))
    )
    assert (tree.has(f"{top}new"), tree.has(f"{top}old")) == (True, False)


@pytest.mark.parametrize("first", [True, False], ids=["whiteout first", "whiteout last"])
def test_a_whiteout_hides_only_lower_layers_wherever_it_is(tmp_path: Path, first: bool) -> None:
    whiteouts = (file("a/.wh.foo"), file("d/.wh..wh..opq"))
    new = (file("a/foo"), folder("d/sub/"), file("d/sub/new"), file("d/top"))
    upper = (*whiteouts, *new) if first else (*new, *whiteouts)
    tree = tree_of_layers(tmp_path, LOWER, upper)
    assert all(tree.has(path) for path in ("a/foo", "d/sub/new", "d/top"))
    assert not any(tree.has(path) for path in ("d/sub/old", "d/gone"))


def unpacked_by_the_class(tmp_path: Path, *layers: tuple[Entry, ...]) -> set[str]:
    """Unpack layers with the class's function, and return the paths of the files."""
    code = output_layer.container_class()
    body = code[code.index("    def resolve(") : code.index("    def write_init(")]
    names: dict[str, Any] = {"os": os, "shutil": shutil, "tarfile": tarfile, "bb": None}
    exec(textwrap.dedent(body), names)
    root = tmp_path / "root"
    root.mkdir()
    for number, entries in enumerate(layers):
        with tarfile.open(layer(tmp_path / f"{number}.tar", entries)) as archive:
            names["unpack_layer"](str(root), archive)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("first", [True, False], ids=["whiteout first", "whiteout last"])
def test_the_class_hides_the_same(tmp_path: Path, first: bool) -> None:
    whiteouts = (file("a/.wh.foo"), file("d/.wh..wh..opq"))
    new = (file("a/foo"), folder("d/sub/"), file("d/sub/new"), file("d/top"))
    upper = (*whiteouts, *new) if first else (*new, *whiteouts)
    found = unpacked_by_the_class(tmp_path, LOWER, upper)
    assert found == {"a/foo", "d/sub/new", "d/top"}


def test_files_go_where_a_link_of_a_lower_layer_leads(tmp_path: Path) -> None:
    link = ("lib", "->usr/lib", 0o777, 0, 0)
    tree = tree_of_layers(tmp_path, (folder("usr/lib/"), link), (file("lib/foo"),))
    assert tree.has("usr/lib/foo")
    assert tree.has("lib/foo")


def test_a_folder_replaces_a_file_with_the_same_name(tmp_path: Path) -> None:
    tree = tree_of_layers(tmp_path, (file("lib"),), (file("lib/foo"),))
    assert tree.has("lib/foo")
    assert tree.entry("", "lib") == "lib"


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"index.json": {"manifests": [{"digest": DIGEST}]}}, "is missing: the copy is not"),
        ({"index.json": {"manifests": None}}, "its index.json is not valid"),
        (
            {
                "index.json": {"manifests": [{"digest": DIGEST}, {"digest": DIGEST}]},
                f"blobs/{DIGEST.replace(':', '/')}": {"manifests": None},
            },
            "one of its digests is not valid",
        ),
        (
            {"index.json": {"manifests": [{"platform": {"architecture": "unknown"}}]}},
            "no image that runs on a known platform",
        ),
        (
            {
                "index.json": {"manifests": [{"digest": DIGEST}]},
                "manifest.json": [{"Config": "../secret.json", "Layers": ["../../etc/passwd"]}],
                "../secret.json": {"architecture": "secret"},
            },
            "its configuration is missing",
        ),
    ],
)
def test_an_image_that_cannot_be_is_refused_in_words(
    tmp_path: Path, files: dict[str, object], problem: str
) -> None:
    place = tmp_path / "image"
    for name, content in {"oci-layout": {}, **files}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    (found,) = inspect(place).problems
    assert problem in found
    assert "secret" not in str(inspect(place))
