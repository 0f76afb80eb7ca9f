# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Limits and unknown values when a configuration is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bitbake import trees
from xentui.bitbake import (
    build_dir,
    conf_reader,
    files,
    host,
    importer,
    layers,
    recipe_cache,
    recipe_files,
    recipes,
)
from xentui.bitbake.conf_reader import MAX_FILES, ConfReader
from xentui.bitbake.importer import Imported
from xentui.project import document
from xentui.project.model import Fetch, Project


def reader_of(**texts: str) -> ConfReader:
    """Read ``local.conf`` of files in one folder, whose names end with ``.conf``."""
    reader = ConfReader(texts={f"/x/{name}.conf": text for name, text in texts.items()})
    reader.store.assign("BBPATH", "/x")
    assert reader.read("/x/local.conf")
    return reader


def reported(reader: ConfReader, kind: str) -> list[str]:
    return [fault.message for fault in reader.faults if fault.kind == kind]


# What is read


def test_includes_end_at_a_depth() -> None:
    chain = {f"f{n}": f'require f{n + 1}.conf\nA{n} = "1"\n' for n in range(60)}
    reader = reader_of(local="require f0.conf\n", **chain)
    assert reported(reader, "limit") == ["too many files are included"]
    assert any("too many files" in doubt for doubt in reader.store.doubts)
    deepest = conf_reader.MAX_NESTED - 2
    assert reader.store.plain(f"A{deepest}") == "1"
    assert reader.store.plain(f"A{deepest + 1}") is None


def test_as_many_files_as_that_are_read() -> None:
    names = [f"f{n}" for n in range(MAX_FILES + 1)]
    every = "".join(f"include {name}.conf\n" for name in names)
    reader = reader_of(local=every, **{name: f'{name} = "1"\n' for name in names})
    assert len(reader.files) == MAX_FILES
    assert reported(reader, "limit") == ["too many files are included"] * 2
    assert reader.store.plain(f"f{MAX_FILES - 2}") == "1"
    assert reader.store.plain(f"f{MAX_FILES - 1}") is None


def test_addpylib_belongs_into_the_first_file() -> None:
    line = "addpylib /x/lib lab\n"
    assert reader_of(local=line).faults == []
    reader = reader_of(local="require more.conf\n", more=f"\n{line}")
    (fault,) = reader.faults
    assert (fault.file, fault.line) == ("/x/more.conf", 2)
    assert "another one includes" in fault.message


def test_a_file_that_names_itself_by_its_path_is_read_once() -> None:
    reader = reader_of(local='A .= "x"\nrequire /x/local.conf\n')
    assert (reader.faults, reader.store.plain("A")) == ([], "x")
    assert reader.includes[0].files == ()
    assert reported(reader_of(local="require local.conf\n"), "cycle")


def test_what_has_no_ending_that_bitbake_reads_is_reported(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text('A = "1"\n')
    reader = ConfReader(
        texts={str(tmp_path / "local.conf"): "include notes.txt\ninclude nosuch.txt\n"}
    )
    reader.read(tmp_path / "local.conf")
    assert reported(reader, "include") == [f"{tmp_path}/notes.txt has no ending that BitBake reads"]
    assert reader.store.plain("A") is None


def test_a_fragment_that_is_not_known_leaves_the_rest_in_doubt() -> None:
    reader = reader_of(local='F = "core/${@f()}"\naddfragments conf/fragments F M B\n')
    assert list(reader.store.doubts) == ["F names a fragment that is not known"]
    assert reader.fragments == {}
    unset = reader_of(local="addfragments conf/fragments F M B\n")
    assert (unset.faults, unset.fragments, unset.store.doubts) == ([], {}, {})


def test_a_name_on_an_unknown_path_leaves_doubt() -> None:
    reader = ConfReader(texts={"/x/local.conf": 'BBPATH = "${@f()}"\nrequire conf/y.conf\n'})
    reader.read("/x/local.conf")
    assert list(reader.store.doubts) == [
        "conf/y.conf may lie in a part of BBPATH that is not known"
    ]


PARTLY = 'BBPATH = "{0}"\nB = "1"\nC = "1"\nrequire conf/a-${{@f()}}.conf\nD = "1"\n'


@pytest.mark.parametrize(
    ("inside", "doubtful"),
    [
        ('B = "2"\n', {"B"}),
        ('require conf/inc.conf\nunset C\n', {"B", "C"}),
        ("require conf/${X}.conf\n", {"B", "C", "D"}),
        ("include_all conf/inc.conf\n", {"B", "C", "D"}),
        ("addfragments a B C D\n", {"B", "C", "D"}),
        ("python () {\n}\n", set()),
    ],
    ids=["sets", "includes", "includes what", "includes all", "adds fragments", "faults"],
)  # fmt: skip
def test_of_a_partly_known_name_only_what_it_may_set_is_doubted(
    tmp_path: Path, inside: str, doubtful: set[str]
) -> None:
    trees.write(
        tmp_path, {"conf/a-1.conf": inside, "conf/inc.conf": 'B = "3"\n', "conf/b.conf": 'D = "4"'}
    )
    reader = ConfReader(texts={"/x/local.conf": PARTLY.format(tmp_path)})
    reader.read("/x/local.conf")
    assert {name for name in "BCD" if reader.store.get(name).unknown} == doubtful


def test_paths_that_no_system_has_are_nowhere() -> None:
    assert not files.exists("a\0b")
    assert not files.exists("a\0b", link=True)
    assert not files.is_folder("a\0b")
    assert files.listed("a\0b") == []


# A build directory


def test_more_layers_than_that_are_not_read(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    names = " ".join(f"/nosuch/{n}" for n in range(build_dir.MAX_LAYERS + 5))
    (build / "conf/bblayers.conf").write_text(f'BBPATH = "x"\nBBLAYERS = "{names}"\n')
    found = build_dir.read(build)
    assert len(found.layers) == build_dir.MAX_LAYERS
    (fault,) = [fault for fault in found.faults if fault.kind == "limit"]
    assert (fault.file, fault.line) == (str(found.bblayers_conf), 2)


def test_a_layer_that_an_include_names_has_its_place(tmp_path: Path) -> None:
    build = trees.small(tmp_path)
    (build / "conf/bblayers.conf").write_text('require more.conf\nBBLAYERS += "/b"\n')
    (build / "conf/more.conf").write_text('A = "/a"\nBBLAYERS = "${A}"\n')
    found = build_dir.read(build)
    places = [layer.place and (Path(layer.place[0]).name, layer.place[1]) for layer in found.layers]
    assert places == [("more.conf", 2), ("bblayers.conf", 2)]


def test_machines_and_what_was_deployed(tmp_path: Path) -> None:
    build = trees.small(
        tmp_path, 'MACHINE = "qemux86-64"\n',
        more={"core/conf/machine/.hidden.conf": "", "core/conf/machine/x.inc": ""},
    )  # fmt: skip
    (tmp_path / "core/conf/machine/odd.conf").mkdir()
    found = build_dir.read(build)
    assert [m.name for m in layers.machines(found)] == ["odd", "qemuarm64", "qemux86-64"]
    assert layers.deployed(found, "a/b").folder is None
    place = build / "tmp/deploy/images"
    for name in ("qemux86-64", "qemuarm64"):
        (place / name).mkdir(parents=True)
    assert layers.deployed(found).folder == place / "qemux86-64"
    assert layers.deployed(found, "qemuarm64").folder == place / "qemuarm64"
    (build / "conf/local.conf").write_text('MACHINE = "qemux86-64"\nDEPLOY_DIR_IMAGE = "/d"\n')
    elsewhere = build_dir.read(build)
    assert layers.deployed(elsewhere, "qemuarm64").folder is None


def test_without_the_core_layer_the_usual_place_is_looked_at(tmp_path: Path) -> None:
    build = trees.small(tmp_path, 'MACHINE = "qemux86-64"\n', layers=())
    (build / "tmp/deploy/images/qemux86-64").mkdir(parents=True)
    found = build_dir.read(build)
    assert not found.has_core
    assert layers.deployed(found).folder == build / "tmp/deploy/images/qemux86-64"


def test_a_host_is_looked_at_where_the_build_will_be(tmp_path: Path) -> None:
    build = trees.small(tmp_path, f'TMPDIR = "{tmp_path}/not/yet/there"\n')
    seen = host.inspect(build_dir.read(build))
    assert seen.place == tmp_path
    assert seen.free_mib is not None
    assert host.device_state(str(tmp_path / "kvm")) == "missing"
    python = trees.small(tmp_path / "2", 'TMPDIR = "/tmp/${@f()}"\n')
    assert host.inspect(build_dir.read(python)).place == python


# The cache of recipes


def test_notes_that_cannot_be_kept_are_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build = build_dir.read(trees.small(tmp_path))
    (tmp_path / "cache").write_text("a file where a folder belongs")
    assert {r.name for r in recipes.read(build).images} >= {"xen-image-minimal"}
    (tmp_path / "cache").unlink()
    assert recipes.read(build).images
    (notes,) = recipe_cache.folder().iterdir()
    for text in ("[]", '{"format": -1}', "{", "[" * 100_000, '{"format": 1, "notes": 7}'):
        notes.write_text(text)
        assert {r.name for r in recipes.read(build).images} >= {"xen-image-minimal"}
    with notes.open("ab") as file:
        file.truncate(recipe_cache.MAX_SIZE + 1)
    assert {r.name for r in recipes.read(build).images} >= {"xen-image-minimal"}
    notes.unlink()
    notes.mkdir()
    assert recipes.read(build).images
    assert [path.name for path in recipe_cache.folder().iterdir()] == [notes.name]


def test_patterns_of_recipes(tmp_path: Path) -> None:
    for name in ("r/a/a_1.bb", "r/a/b_1.bb", "r/.h/c_1.bb", "r/ab/d_1.bb", "r/a/a_1.bbappend"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")

    def names(pattern: str) -> list[str]:
        found = recipe_files.files([f"{tmp_path}/{pattern}"])
        return sorted(os.path.relpath(file.path, tmp_path / "r") for file in found)

    assert names("r/*/*.bb") == ["a/a_1.bb", "a/b_1.bb", "ab/d_1.bb"]
    assert names("r/a/a_1.bb") == ["a/a_1.bb"]
    assert names("r/?/?_1.bb") == ["a/a_1.bb", "a/b_1.bb"]
    assert names("r/[a]/*.bb") == ["a/a_1.bb", "a/b_1.bb"]
    assert names("r/a/*_*.b[a-b]") == ["a/a_1.bb", "a/b_1.bb"]
    assert names("r/?h/*.bb") == []
    assert names("r/nosuch/*.bb") == []


def test_as_many_folders_as_that_are_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        (tmp_path / f"r/{number}").mkdir(parents=True)
        (tmp_path / f"r/{number}/a_{number}.bb").write_text("")
    monkeypatch.setattr(recipe_files, "MAX_FOLDERS", 4)
    assert len(list(recipe_files.files([f"{tmp_path}/r/*/*.bb"]))) < 6


# What is imported


def imported(folder: Path, conf: str, recipe: str = "", **more: str) -> Imported:
    trees.write(folder, {name.replace("__", "/"): text for name, text in more.items()})
    (folder / "local.conf").write_text(conf)
    paths = [folder / "local.conf"]
    if recipe:
        paths.append(folder / "lab_1.0.bb")
        paths[1].write_text(f"inherit xen-guest-bundle\n{recipe}")
    return importer.read(paths)


def reasons(made: Imported) -> list[str]:
    return [left.reason for left in made.left]


@pytest.mark.parametrize(
    ("line", "memory"),
    [
        ('QB_MEM:pn-xen-image-minimal = "-m 4096"', 4096),
        ('QB_MEM:pn-xen-image-minimal = " -m 512M "', 512),
        ('QB_MEM:pn-xen-image-minimal = "-m 4096 -smp 2"', None),
        ('QB_MEM:pn-xen-image-minimal = "-mem-path /x"', None),
    ],
)
def test_the_memory_of_the_emulated_board(tmp_path: Path, line: str, memory: int | None) -> None:
    made = imported(tmp_path, f'MACHINE = "qemux86-64"\n{line}\n')
    assert made.project.host.memory == memory
    assert reasons(made) == ([] if memory else ["it contains more than a memory size"])


@pytest.mark.parametrize(
    ("machine", "value", "memory", "reason"),
    [
        ("qemuarm64", "dom0_mem=512M", 512, ""),
        ("qemuarm64", "dom0_mem=1G", 1024, ""),
        ("qemuarm64", "dom0_mem=512M dom0_max_vcpus=1", None, "it contains options"),
        ("raspberrypi4-64", "dom0_mem=512M", None, "it has no effect on this board"),
    ],
)
def test_the_memory_of_dom0(
    tmp_path: Path, machine: str, value: str, memory: int | None, reason: str
) -> None:
    line = f'QB_XEN_CMDLINE_EXTRA:pn-xen-image-minimal = "{value}"'
    made = imported(tmp_path, f'MACHINE = "{machine}"\n{line}\n')
    assert made.project.host.dom0_memory == memory
    assert [one.startswith(reason) for one in reasons(made)] == ([True] if reason else [])


def test_duplicate_guests_and_unknown_tags(tmp_path: Path) -> None:
    made = imported(tmp_path, 'BUNDLED_XEN_GUESTS = "a:autostart a b:often :external"\n')
    assert [guest.key for guest in made.project.guests] == ["a", "b"]
    assert made.project.guest("a").tags == ("autostart",)
    assert made.project.guest("b").tags == ()
    assert [left.text for left in made.left] == ["a", ":external"]
    assert reasons(made) == ["the guest is listed twice", "the guest has no name"]
    assert any(note.endswith("unknown tag often, which the class ignores") for note in made.notes)


def test_more_guests_than_a_project_has_are_left(tmp_path: Path) -> None:
    names = " ".join(f"g{n}" for n in range(document.MAX_ENTRIES + 1))
    made = imported(tmp_path, f'BUNDLED_XEN_GUESTS = "{names}"\n')
    assert made.project.guests == ()
    assert reasons(made) == [f"a project has at most {document.MAX_ENTRIES} guests"]


def test_guests_that_python_names_are_left(tmp_path: Path) -> None:
    recipe = 'XEN_GUEST_BUNDLES = "${@names()}"\nSRC_URI = "file://a.ext4"\n'
    made = imported(tmp_path, 'MACHINE = "qemux86-64"\n', recipe)
    assert made.project.guests == ()
    assert len(made.left) == 2
    assert "no guest of the bundle imports it" in reasons(made)


RECIPE = """\
XEN_GUEST_BUNDLES = "web:external web db"
XEN_GUEST_SOURCE_TYPE[web] = "{0}"
XEN_GUEST_SOURCE_FILE[web] = "disk.img"
XEN_GUEST_CONFIG_FILE[db] = "${{UNPACKDIR}}/own.cfg"
SRC_URI = "file://disk.img file://own.cfg file://more.txt"
"""


def sources(project: Project) -> list[Fetch]:
    source = project.guest("web").source
    return list(source.fetch) if source is not None else []


def test_a_recipes_own_configs_and_files(tmp_path: Path) -> None:
    made = imported(
        tmp_path, 'MACHINE = "qemux86-64"\n', RECIPE.format("raw"),
        **{"lab__own.cfg": "type = 'pv'\n", "files__disk.img": "x"},
    )  # fmt: skip
    assert made.project.guest("db").config_file == "own.cfg"
    assert [entry.uri for entry in sources(made.project)] == ["file://disk.img", "file://more.txt"]
    assert made.needed == {
        "own.cfg": str(tmp_path / "lab/own.cfg"),
        "disk.img": str(tmp_path / "files/disk.img"),
        "more.txt": "more.txt",
    }
    assert [(left.text, left.reason) for left in made.left] == [
        ("web", "the guest is listed twice")
    ]


def test_an_import_type_that_is_not_the_class_own_is_left(tmp_path: Path) -> None:
    made = imported(tmp_path, 'MACHINE = "qemux86-64"\n', RECIPE.format("squashfs"))
    assert made.project.guest("web").source is None
    assert any("import_types" in reason for reason in reasons(made))
    assert any("no guest of the bundle imports it" in reason for reason in reasons(made))


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ('INIT_MANAGER = "systemd"', 0),
        ('INIT_MANAGER = "sysvinit"', 1),
        ('IMAGE_FSTYPES = "${X}"', 1),
        ('do_rootfs[vardeps] += "XENTUI_HASH"', 0),
        ('do_rootfs[vardeps] += "XENTUI_HASH MORE"', 1),
    ],
)
def test_lines_that_xentui_adds(tmp_path: Path, line: str, left: int) -> None:
    made = imported(tmp_path, f'MACHINE = "qemux86-64"\nBUNDLED_XEN_GUESTS = "a"\n{line}\n')
    assert len(made.left) == left, made.left
