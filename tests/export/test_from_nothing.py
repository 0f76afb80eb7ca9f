# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files for each tool that fetches layers: they are complete and accepted by the tool."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.bitbake import trees
from tests.cli.conftest import BOARD, ROOT, Run
from tests.export.test_kas import kas_config
from tests.real.tree import TREE
from xentui.bitbake import releases
from xentui.output import from_nothing, header, kas, repositories
from xentui.project import boards, presets
from xentui.project.model import Guest, Host, Project

PRESETS = sorted(path.stem for path in (ROOT / "presets").glob("*.toml"))
OLD = [name for name, each in releases.releases().items() if not each.abilities.has_classes]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NEEDED = {
    "openembedded-core/meta",
    "meta-openembedded/meta-oe",
    "meta-openembedded/meta-python",
    "meta-openembedded/meta-networking",
    "meta-openembedded/meta-filesystems",
    "meta-virtualization",
    "meta-yocto/meta-poky",
}


def kas_layers(data: Any) -> set[str]:
    return {
        name if path == "." else f"{name}/{path}"
        for name, repo in data["repos"].items()
        if "url" in repo
        for path, state in repo["layers"].items()
        if state != "disabled"
    }


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a git configuration that redirects every repository to one on this machine.

    Each has the branches of all releases, with the named layers, which have only a layer.conf.
    """
    root = tmp_path_factory.mktemp("mirror")
    wanted: dict[str, set[str]] = {}
    branches = {"wrynose"}
    for name, release in releases.releases().items():
        branches |= {name, release.bitbake}
        for machine in boards.machine_names():
            host = Host(machine, release=name)
            for each in repositories.repositories(Project(host, guests=(Guest("a"),))):
                wanted.setdefault(each.url, set()).update(each.layers)
    for url, layers in wanted.items():
        folder = root / url.removeprefix("https://")
        for layer in layers:
            trees.write(folder / layer, {"conf/layer.conf": f"# {url}\n"})
        trees.write(folder, {"README": url, "bin/bitbake": ""})
        if url.endswith("/openembedded-core"):
            trees.write(folder, {"oe-init-build-env": INIT})
        git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "init", "-q", str(folder)], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "All of it"], check=True)
        for branch in branches:
            subprocess.run([*git, "branch", "-f", branch], check=False, capture_output=True)
    config = root / "gitconfig"
    config.write_text(f'[url "file://{root}/"]\n\tinsteadOf = https://\n[safe]\n\tdirectory = *\n')
    return config


INIT = """\
mkdir -p "$1/conf"
cd "$1"
export BUILDDIR="$PWD"
"""


def run_kas(mirror: Path, file: Path, *command: str) -> str:
    """Run kas, which fetches from the mirror, and return its output."""
    result = subprocess.run(
        [sys.executable, "-m", "kas", *command, str(file)],
        capture_output=True,
        text=True,
        cwd=file.parent,
        env={**os.environ, "GITCONFIG_FILE": str(mirror), "HOME": str(mirror.parent)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("name", PRESETS)
def test_a_kas_file_is_complete_for_every_preset(run: Run, name: str) -> None:
    result = run("generate", "--preset", name, "--out", "out", "--format", "kas")
    assert result.code == 0, result.err
    file = Path("out", kas.FILE).absolute()
    assert header.is_intact(file.read_text())
    data = kas_config(file)
    project = presets.load(name).project
    assert project is not None
    assert (data["machine"], data["distro"]) == (project.host.machine, "poky")
    layer = boards.board(project.host.machine).layer
    there = kas_layers(data)
    assert there >= NEEDED
    branches = {n: repo["branch"] for n, repo in data["repos"].items() if "url" in repo}
    assert (branches["openembedded-core"], branches["bitbake"]) == ("wrynose", "2.18")
    if layer is not None and "wrynose" in layer.branches:
        name = "meta-yocto" if layer.name == "meta-yocto-bsp" else layer.name
        assert ({f"{name}/{folder}" for folder in layer.folders} or {name}) <= there
        assert "needs more" not in file.read_text()
    else:
        assert there == NEEDED
        assert ("needs more" in file.read_text()) is (layer is not None)
    assert f"kas checkout out/{kas.FILE}" in result.out
    assert f"kas shell out/{kas.FILE} -c 'bitbake xen-image-minimal'" in result.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "release", "count"),
    [("qemux86-64-vxn", "wrynose", 5), ("raspberrypi4-64", "master", 6),
     ("qemux86-64-alpine", "scarthgap", 6)],
)  # fmt: skip
def test_kas_fetches_every_layer_and_names_it(
    run: Run, mirror: Path, preset: str, release: str, count: int
) -> None:
    result = run("generate", "--preset", preset, "--out", "out", "--format", "kas",
               "--set", f"host.release={release}")  # fmt: skip
    assert result.code == 0, result.err
    file = Path("out", kas.FILE).absolute()
    dumped = json.loads(run_kas(mirror, file, "dump", "--format", "json"))
    assert sum("url" in repo for repo in dumped["repos"].values()) == count
    run_kas(mirror, file, "checkout")
    bblayers = Path("out/build/conf/bblayers.conf").read_text()
    named = set(re.findall(r"\$\{TOPDIR\}/\.\./(\S+?)[\s\"]", bblayers))
    own = {"meta-xentui"} if Path("out/meta-xentui").is_dir() else set()
    assert named == kas_layers(kas_config(file)) | own
    for layer in named:
        assert Path("out", layer, "conf/layer.conf").is_file()
    conf = Path("out/build/conf/local.conf").read_text()
    assert 'DISTRO ??= "poky"' in conf
    assert "DISTRO_FEATURES:append" in conf


@pytest.mark.slow
@pytest.mark.parametrize("release", [release.name for release in releases.with_guest_classes()])
@pytest.mark.parametrize("name", PRESETS)
def test_kas_reads_the_file_of_every_preset(
    run: Run, mirror: Path, name: str, release: str
) -> None:
    result = run("generate", "--preset", name, "--out", "out", "--format", "kas",
               "--set", f"host.release={release}")  # fmt: skip
    assert result.code == 0, result.err
    dumped = json.loads(
        run_kas(mirror, Path("out", kas.FILE).absolute(), "dump", "--format", "json")
    )
    assert dumped["target"] == ["xen-image-minimal"] or dumped["target"] == "xen-image-minimal"
    branches = {repo["branch"] for repo in dumped["repos"].values() if "url" in repo}
    assert release in branches
    assert not branches & (set(releases.releases()) - {release, "master"})


@pytest.mark.slow
def test_the_script_fetches_every_layer_once(run: Run, mirror: Path) -> None:
    run("generate", "--preset", "qemux86-64-alpine", "--out", "out", "--format", "script")
    tools = Path("tools").absolute()
    trees.write(tools, {"bitbake": LOG, "bitbake-layers": LOG})
    for tool in tools.iterdir():
        tool.chmod(0o755)
    home = {"HOME": str(mirror.parent), "PATH": f"{tools}:{os.environ['PATH']}"}
    home["GIT_CONFIG_GLOBAL"] = str(mirror)
    for _ in range(2):
        result = subprocess.run(
            ["bash", f"out/{from_nothing.SCRIPT_FILE}"],
            capture_output=True, text=True, env={**os.environ, **home},
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    here = Path("out").absolute()
    assert all((here / layer / "conf/layer.conf").is_file() for layer in NEEDED)
    added, built = Path("out/build/log").read_text().splitlines()[:2]
    layers = {Path(word).relative_to(here).as_posix() for word in added.split()[2:]}
    assert layers == NEEDED - {"openembedded-core/meta"} | {"meta-xentui"}
    assert built == "bitbake xen-image-minimal"
    conf = Path("out/build/conf/local.conf").read_text().splitlines()
    assert conf == ['DISTRO = "poky"', f"require {here}/conf/xentui.conf"]


LOG = """\
#!/bin/sh
echo "$(basename "$0") $*" >> "$BUILDDIR/log"
"""


def test_each_tool_gets_the_same_layers_of_the_same_commits(run: Run) -> None:
    Path("board.toml").write_text(BOARD)
    layers_of: dict[str, set[str]] = {}
    for form in ("kas", "bitbake-setup", "script"):
        result = run("generate", "board.toml", "--out", form, "--format", form,
                   "--commit", f"meta-virtualization={COMMIT}")  # fmt: skip
        assert result.code == 0, result.err
    data = kas_config(Path("kas", kas.FILE).absolute())
    assert data["repos"]["meta-virtualization"]["commit"] == COMMIT
    layers_of["kas"] = kas_layers(data)
    setup = json.loads(Path("bitbake-setup", from_nothing.SETUP_FILE).read_text())
    assert setup["sources"]["meta-virtualization"]["git-remote"]["rev"] == COMMIT
    (configuration,) = setup["bitbake-setup"]["configurations"]
    layers_of["bitbake-setup"] = set(configuration["bb-layers"])
    script = Path("script", from_nothing.SCRIPT_FILE).read_text()
    line = "fetch meta-virtualization https://git.yoctoproject.org/meta-virtualization wrynose"
    assert f"\n{line} {COMMIT}\n" in script
    named = set(re.findall(r'^    "\$here/([a-z/-]+)"', script, re.MULTILINE)) - {"meta-xentui"}
    layers_of["script"] = named | {"openembedded-core/meta"}
    assert set(map(frozenset, layers_of.values())) == {frozenset(NEEDED)}
    assert subprocess.run(["bash", "-n", f"script/{from_nothing.SCRIPT_FILE}"]).returncode == 0
    assert header.is_intact(script)


def test_bitbake_setup_accepts_its_configuration(run: Run) -> None:
    run("generate", "--preset", "qemux86-64-alpine", "--out", "out", "--format", "bitbake-setup")
    data = json.loads(Path("out", from_nothing.SETUP_FILE).read_text())
    package = importlib.util.find_spec("bb")
    assert package is not None
    assert package.origin is not None
    schema = _setup_schema(Path(package.origin).parents[1])
    if schema is not None:
        jsonschema.validate(data, schema)
    (configuration,) = data["bitbake-setup"]["configurations"]
    name = "xentui/xentui/qemux86-64-alpine"
    assert configuration["oe-fragments"] == ["machine/qemux86-64", "distro/poky", name]
    layer = Path("out", configuration["bb-layers-file-relative"][0])
    text = (layer / "conf/fragments/xentui/qemux86-64-alpine.conf").read_text()
    assert "\nMACHINE" not in text


def _setup_schema(top: Path) -> Any:
    """Return bitbake-setup's own schema, with the part of it that another file holds."""
    places = [top, Path(sys.prefix), *([Path(TREE, "bitbake")] if TREE else [])]
    folders = [folder for place in places for folder in place.rglob("setup-schema")]
    if not folders:
        return None
    schema = json.loads((folders[0] / "bitbake-setup.schema.json").read_text())
    layers = json.loads((folders[0] / "layers.schema.json").read_text())
    schema["properties"]["sources"] = layers["properties"]["sources"]
    return schema


@pytest.mark.parametrize("name", OLD)
def test_an_older_release_fetches_the_two_classes_and_puts_them_last(run: Run, name: str) -> None:
    Path("board.toml").write_text(
        BOARD.replace("memory = 1024", f'memory = 1024\nrelease = "{name}"')
    )
    for form in ("kas", "script"):
        result = run("generate", "board.toml", "--out", form, "--format", form)
        assert result.code == 0, result.err
    data = kas_config(Path("kas", kas.FILE).absolute())
    classes = data["repos"][repositories.CLASSES]
    assert (classes["branch"], classes["layers"]) == ("wrynose", {".": "disabled"})
    assert data["repos"]["meta-virtualization"]["branch"] == name
    assert data["repos"]["bitbake"]["branch"] == releases.releases()[name].bitbake
    assert 'BBPATH .= ":${TOPDIR}/../xen-guest-classes"' in data["local_conf_header"]["xentui"]
    layer = Path("kas/meta-xentui")
    assert (
        f'LAYERSERIES_COMPAT_xentui = "{name} wrynose blacksail"'
        in (layer / "conf/layer.conf").read_text()
    )
    (append,) = layer.rglob("xen-image-minimal.bbappend")
    assert "inherit xen-guest-cross-install" in append.read_text()
    script = Path("script", from_nothing.SCRIPT_FILE).read_text()
    assert 'conf "BBPATH .= \\":$here/xen-guest-classes\\""' in script
    refused = run("generate", "board.toml", "--out", "x", "--format", "bitbake-setup")
    assert refused.code == 2
    assert not Path("x").exists()


def test_dom0_alone_needs_no_classes(run: Run) -> None:
    text = BOARD.partition("[guests")[0].replace("1024", '1024\nrelease = "scarthgap"')
    Path("board.toml").write_text(text)
    assert run("generate", "board.toml", "--out", "out", "--format", "kas").code == 0
    assert repositories.CLASSES not in kas_config(Path("out", kas.FILE).absolute())["repos"]
    refused = run("generate", "board.toml", "--out", "x", "--format", "bitbake-setup")
    assert "scarthgap, which does not have machine fragments" in refused.err


@pytest.mark.parametrize(
    "more",
    [
        ["--commit", "nothing=" + COMMIT],
        ["--commit", "bitbake=abc"],
        ["--commit", "bitbake"],
    ],
)
def test_an_invalid_or_unneeded_commit_is_refused(run: Run, board: Path, more: list[str]) -> None:
    result = run("generate", board, "--out", "out", "--format", "kas", *more)
    assert result.code == 2
    assert not Path("out").exists()
    assert run("generate", board, "--out", "out", "--commit", f"bitbake={COMMIT}").code == 2


def test_a_board_of_an_unknown_layer_names_what_is_missing(run: Run) -> None:
    Path("board.toml").write_text(BOARD.replace("qemux86-64", "my-board"))
    for form, name in (("kas", kas.FILE), ("script", from_nothing.SCRIPT_FILE)):
        assert run("generate", "board.toml", "--out", "out", "--format", form).code == 0
        assert "my-board needs more: the layer that has conf/machine/my-board.conf" in (
            Path("out", name).read_text()
        )


def test_the_commands_find_the_folder_whatever_its_name(run: Run, board: Path) -> None:
    refused = run("generate", board, "--out", "c:d", "--format", "kas")
    assert (refused.code, Path("c:d").exists()) == (2, False)
    for form, line in (
        ("kas", "kas checkout ./-x/xentui.kas.yml"), ("script", "bash ./-x/xentui-build.sh"),
    ):  # fmt: skip
        result = run("generate", board, "--out=-x", "--format", form, "--force")
        assert line in result.out.splitlines()
    arm = Path("arm.toml")
    arm.write_text(board.read_text().replace("qemux86-64", "qemuarm64"))
    result = run("generate", arm, "--out", "ib", "--format", "imagebuilder")
    assert f"uboot-script-gen -c {Path('ib').absolute()}/imagebuilder.config -d tmp/" in result.out
