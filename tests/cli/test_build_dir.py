# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``generate --build-dir`` and ``remove``, which undoes it to the byte."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bitbake.trees import small
from tests.bitbake_parser import parse_conf
from tests.cli.conftest import BOARD, CommandResult, Run

ALPINE = ("--preset", "qemux86-64-alpine")
LOCAL = 'MACHINE ??= "qemux86-64"\n# mine\nFOO = "1"\n'
BBLAYERS = """\
POKY_BBLAYERS_CONF_VERSION = "2"

BBPATH = "${TOPDIR}"
BBFILES ?= ""

BBLAYERS ?= " \\
  ${TOPDIR}/../p/core \\
  ${TOPDIR}/../p/virt \\
  "
"""


@pytest.fixture
def build(run: Run) -> Path:
    small(Path("p").absolute())
    made = Path("build")
    (made / "conf").mkdir(parents=True)
    (made / "conf/local.conf").write_text(LOCAL)
    (made / "conf/bblayers.conf").write_text(BBLAYERS)
    return made


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def local(build: Path) -> str:
    return (build / "conf/local.conf").read_bytes().decode()


def generate(run: Run, build: Path, *more: str | Path) -> CommandResult:
    return run("generate", *ALPINE, "--build-dir", build, "--yes", *more)


def test_a_script_must_agree_to_the_edits_of_the_users_files(run: Run, build: Path) -> None:
    before = files(Path())
    result = run("generate", *ALPINE, "--build-dir", build)
    assert (result.code, result.out) == (3, "")
    assert "+require conf/xentui.conf" in result.err
    assert f"+  {Path('meta-xentui').absolute()} \\" in result.err
    assert "--yes" in result.err
    assert files(Path()) == before


def test_the_configuration_the_layer_and_two_edits_are_written(run: Run, build: Path) -> None:
    result = generate(run, build)
    assert result.code == 0, result.err
    assert local(build) == LOCAL + "require conf/xentui.conf\n"
    layer = Path("meta-xentui").absolute()
    edited = BBLAYERS.replace("  ${TOPDIR}/../p/virt", f"  {layer} \\\n  ${{TOPDIR}}/../p/virt")
    lines = (build / "conf/bblayers.conf").read_text().splitlines()
    assert sorted(lines) == sorted(edited.splitlines())
    assert lines[-2] == f"  {layer} \\"
    assert (layer / "conf/layer.conf").is_file()
    assert (build / "conf/xentui.conf").is_file()
    assert (build / "conf/local.conf.xentui-orig").read_text() == LOCAL
    assert "bitbake xen-image-minimal" in result.out
    assert "add-layer" not in result.out


def test_a_second_run_needs_no_consent_and_changes_nothing(run: Run, build: Path) -> None:
    generate(run, build)
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*")}
    result = run("generate", *ALPINE, "--build-dir", build)
    assert result.code == 0
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*")} == before


def test_remove_leaves_nothing_behind(run: Run, build: Path) -> None:
    before = files(Path())
    generate(run, build)
    result = run("remove", "--build-dir", build)
    assert result.code == 3
    assert run("remove", "--build-dir", build, "--diff").out.count("+++") >= 4
    result = run("remove", "--build-dir", build, "--yes")
    assert result.code == 0, result.err
    assert files(Path()) == before
    assert not Path("meta-xentui").exists()
    result = run("remove", "--build-dir", build)
    assert (result.code, result.out) == (0, "")
    assert result.err.startswith("nothing to do")


def test_later_lines_of_the_user_stay(run: Run, build: Path) -> None:
    generate(run, build)
    with (build / "conf/local.conf").open("a") as file:
        file.write('LATER = "1"\n')
    text = (build / "conf/bblayers.conf").read_text().replace("/p/virt", "/q/virt")
    (build / "conf/bblayers.conf").write_text(text)
    run("remove", "--build-dir", build, "--yes")
    assert local(build) == LOCAL + 'LATER = "1"\n'
    assert (build / "conf/bblayers.conf").read_text() == BBLAYERS.replace("/p/virt", "/q/virt")
    # The file differs from its first state, so the copy of that is left for the user to delete.
    assert (build / "conf/local.conf.xentui-orig").exists()


@pytest.mark.parametrize("start", ["require", "block", "none"])
@pytest.mark.parametrize("then", ["require", "block", "none"])
def test_every_way_of_attaching_can_replace_every_other(
    run: Run, build: Path, start: str, then: str
) -> None:
    before = files(Path())
    assert generate(run, build, "--attach", start).code == 0
    assert generate(run, build, "--attach", then).code == 0
    text = local(build)
    assert text.startswith(LOCAL)
    assert ("require conf/xentui.conf" in text) == (then == "require")
    assert text.count(">>> xentui") == (then == "block")
    assert ("IMAGE_INSTALL:append" in text) == (then == "block")
    assert (build / "conf/xentui.conf").exists() == (then != "block")
    entries = (build / "conf/bblayers.conf").read_text().count("meta-xentui")
    assert entries == (then != "none")
    again = generate(run, build)
    assert again.err.startswith("nothing to do")
    run("remove", "--build-dir", build, "--yes")
    assert files(Path()) == before


def test_a_block_edited_by_hand_is_kept(run: Run, build: Path) -> None:
    generate(run, build, "--attach", "block")
    edited = local(build).replace("IMAGE_INSTALL", "# mine\nIMAGE_INSTALL")
    (build / "conf/local.conf").write_text(edited)
    result = generate(run, build, "--set", "host.memory=2048")
    assert result.code == 3
    assert "xentui block" in result.err
    assert local(build) == edited
    assert run("remove", "--build-dir", build, "--yes").code == 3
    assert generate(run, build, "--set", "host.memory=2048", "--force").code == 0
    assert "# mine\nIMAGE" not in local(build)
    assert "# mine\nIMAGE" in (build / "conf/local.conf.mine").read_text()


def test_a_hand_edit_in_the_layer_stops_before_the_users_files(run: Run, build: Path) -> None:
    generate(run, build)
    recipe = next(Path("meta-xentui").rglob("*.bb"))
    recipe.write_text("mine\n")
    result = generate(run, build, "--set", "guests.alpine.memory=200")
    assert result.code == 3
    assert recipe.read_text() == "mine\n"
    assert run("remove", "--build-dir", build, "--yes").code == 3
    assert local(build).endswith("require conf/xentui.conf\n")


def test_a_require_line_by_the_user_stays(run: Run, build: Path) -> None:
    mine = LOCAL + "require conf/xentui.conf\n# below\n"
    (build / "conf/local.conf").write_text(mine)
    assert generate(run, build).code == 0
    assert local(build) == mine
    run("remove", "--build-dir", build, "--yes")
    assert local(build) == mine


def test_the_layer_is_written_to_the_chosen_folder_and_moves(run: Run, build: Path) -> None:
    before = files(Path())
    assert generate(run, build, "--layer", "layers/meta-mine").code == 0
    assert Path("layers/meta-mine/conf/layer.conf").is_file()
    assert generate(run, build).err.startswith("nothing to do")
    assert generate(run, build, "--layer", "meta-other").code == 0
    text = (build / "conf/bblayers.conf").read_text()
    assert str(Path("meta-other").absolute()) in text
    assert "meta-mine" not in text
    assert not Path("layers/meta-mine").exists()
    run("remove", "--build-dir", build, "--yes")
    assert files(Path()) == before


def test_a_project_that_no_longer_needs_the_layer_removes_it(
    run: Run, build: Path, board: Path
) -> None:
    generate(run, build)
    result = run("generate", board, "--build-dir", build, "--yes")
    assert result.code == 0, result.err
    assert (build / "conf/bblayers.conf").read_text() == BBLAYERS
    assert not Path("meta-xentui").exists()


def test_the_layer_of_another_build_directory_is_not_touched(run: Run, build: Path) -> None:
    generate(run, build)
    other = Path("build-two")
    (other / "conf").mkdir(parents=True)
    (other / "conf/local.conf").write_text(LOCAL)
    (other / "conf/bblayers.conf").write_text(BBLAYERS)
    before = files(Path("meta-xentui"))
    result = run("generate", "--preset", "vendor-guest", "--set", "host.dom0_memory=300",
               "--build-dir", other, "--yes")  # fmt: skip
    assert result.code == 3
    assert "--layer" in result.err
    assert files(Path("meta-xentui")) == before
    assert (other / "conf/local.conf").read_text() == LOCAL


def test_a_deleted_layer_is_written_again(run: Run, build: Path) -> None:
    generate(run, build)
    before = files(Path())
    shutil.rmtree("meta-xentui")
    result = generate(run, build)
    assert result.code == 0, result.err
    assert files(Path()) == before


def test_a_copied_build_directory_leaves_the_layer_of_the_first_one(run: Run, build: Path) -> None:
    generate(run, build)
    before = files(Path("meta-xentui"))
    copies = [shutil.copytree(build, Path(name)) for name in ("copied", "removed")]
    assert generate(run, copies[0]).code == 3
    result = generate(run, copies[0], "--layer", "meta-copied")
    assert result.code == 0, result.err
    assert run("remove", "--build-dir", copies[1], "--yes").code == 0
    assert files(Path("meta-xentui")) == before
    assert str(Path("meta-copied").absolute()) in (copies[0] / "conf/bblayers.conf").read_text()
    assert (copies[1] / "conf/bblayers.conf").read_text() == BBLAYERS


def test_machine_is_not_written_where_a_fragment_sets_it(run: Run, build: Path) -> None:
    (build / "conf/toolcfg.conf").write_text(
        'OE_FRAGMENTS += "distro/nodistro \\\n    machine/qemux86-64"\n'
    )
    result = generate(run, build)
    assert result.code == 0, result.err
    assert "\nMACHINE" not in (build / "conf/xentui.conf").read_text()
    (build / "conf/toolcfg.conf").write_text('OE_FRAGMENTS += "distro/nodistro"\n')
    generate(run, build)
    assert "\nMACHINE" in (build / "conf/xentui.conf").read_text()


@pytest.mark.parametrize("missing", ["conf/local.conf", "conf/bblayers.conf", ""])
def test_what_is_not_a_build_directory_is_reported(run: Run, build: Path, missing: str) -> None:
    (build / missing).rename("away")
    for command in ("generate", "remove"):
        more = ALPINE if command == "generate" else ()
        result = run(command, *more, "--build-dir", build, "--yes")
        assert (result.code, result.out) == (4, "")
        assert "not a build directory" in result.err


def test_a_linked_file_is_changed_at_its_real_path_and_reported(run: Run, build: Path) -> None:
    real = Path("dotfiles")
    real.mkdir()
    (real / ".git").mkdir()
    (build / "conf/local.conf").rename(real / "local.conf")
    (build / "conf/local.conf").symlink_to(Path("../../dotfiles/local.conf"))
    before = files(Path())
    result = generate(run, build)
    assert result.code == 0, result.err
    assert "is a link" in result.err
    assert "git work tree" in result.err
    assert (build / "conf/local.conf").is_symlink()
    assert (real / "local.conf").read_text().endswith("require conf/xentui.conf\n")
    run("remove", "--build-dir", build, "--yes")
    assert files(Path()) == before
    assert (build / "conf/local.conf").is_symlink()


def test_a_read_only_file_is_not_touched_and_reported(run: Run, build: Path) -> None:
    (build / "conf/local.conf").chmod(0o444)
    result = generate(run, build)
    assert result.code == 3
    assert "read-only" in result.err
    assert not (build / "conf/xentui.conf").exists()
    assert generate(run, build, "--attach", "none").code == 0
    assert local(build) == LOCAL


def test_a_continued_last_line_is_reported(run: Run, build: Path) -> None:
    (build / "conf/local.conf").write_text('FOO = "a \\\n')
    result = generate(run, build)
    assert result.code == 3
    assert "backslash" in result.err


def test_a_layer_path_that_bblayers_cannot_represent_is_refused(run: Run, build: Path) -> None:
    result = generate(run, build, "--layer", "my layer")
    assert result.code == 2
    result = generate(run, build, "--layer", "${@evil}")
    assert result.code == 2
    assert not (build / "conf/xentui.conf").exists()


def test_a_project_in_the_build_directory_works_too(run: Run, build: Path) -> None:
    (build / "board.toml").write_text(BOARD)
    result = run("generate", build / "board.toml", "--build-dir", build, "--yes")
    assert result.code == 0, result.err
    assert "from board.toml" in (build / "conf/xentui.conf").read_text()


# With a fragment


def test_a_fragment_changes_only_the_layer_and_prints_how_to_enable_it(
    run: Run, build: Path
) -> None:
    before = files(Path())
    result = generate(run, build, "--format", "fragment")
    assert result.code == 0, result.err
    assert local(build) == LOCAL
    assert not (build / "conf/xentui.conf").exists()
    assert "meta-xentui" in (build / "conf/bblayers.conf").read_text()
    conf = Path("meta-xentui/conf/fragments/xentui/qemux86-64-alpine.conf")
    assert parse_conf(conf.read_text()).value("BB_CONF_FRAGMENT_SUMMARY")
    enabling = "bitbake-config-build enable-fragment xentui/xentui/qemux86-64-alpine\n"
    assert enabling in result.out
    assert "add-layer" not in result.out
    again = generate(run, build)
    assert again.err.startswith("nothing to do")
    assert enabling in again.out
    run("remove", "--build-dir", build, "--yes")
    assert files(Path()) == before


@pytest.mark.parametrize("other", ["require", "block", "none"])
def test_a_fragment_can_replace_every_way_of_attaching_and_be_replaced(
    run: Run, build: Path, other: str
) -> None:
    before = files(Path())
    assert generate(run, build, "--attach", other).code == 0
    assert generate(run, build, "--attach", "fragment").code == 0
    assert local(build) == LOCAL
    assert not (build / "conf/xentui.conf").exists()
    assert (build / "conf/bblayers.conf").read_text().count("meta-xentui") == 1
    assert generate(run, build, "--attach", other).code == 0
    assert not Path("meta-xentui/conf/fragments").exists()
    run("remove", "--build-dir", build, "--yes")
    assert files(Path()) == before


def test_removing_an_enabled_fragment_is_reported(run: Run, build: Path) -> None:
    generate(run, build, "--attach", "fragment")
    name = "xentui/xentui/qemux86-64-alpine"
    (build / "conf/toolcfg.conf").write_text(f'OE_FRAGMENTS += "{name}"\n')
    line = f"run bitbake-config-build disable-fragment {name} first"
    assert line not in generate(run, build).err
    assert line in run("remove", "--build-dir", build, "--dry-run").err
    assert line in generate(run, build, "--attach", "require").err
    (build / "conf/toolcfg.conf").unlink()
    assert "disable-fragment" not in run("remove", "--build-dir", build, "--yes").err


def test_kas_in_a_build_directory_is_refused_with_the_reason(run: Run, build: Path) -> None:
    result = generate(run, build, "--format", "kas")
    assert (result.code, result.out) == (2, "")
    assert "--format kas sets up its own build directory" in result.err
    assert "--out" in result.err
    assert generate(run, build, "--format", "fragment", "--attach", "block").code == 2


def test_a_build_directory_behind_a_link_is_read_at_its_real_place(run: Run, build: Path) -> None:
    Path("far/away").mkdir(parents=True)
    link = Path("far/away/link")
    link.symlink_to(build.absolute())
    layers = run("doctor", "--build-dir", link, "--json").json["layers"]
    assert [layer["exists"] for layer in layers] == [True, True]
    assert generate(run, link).code == 0
    assert (build / "conf/xentui.conf").is_file()
    assert run("remove", "--build-dir", link, "--yes").code == 0
    assert local(build) == LOCAL
