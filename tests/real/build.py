# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A build directory with the files of a project, and the real BitBake in it.

Nothing is fetched or compiled: tools come from the host, images and kernels are made up, and
``bitbake -b`` ignores a recipe's dependencies.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.real import tree
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Copy
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.model import Project

EXPECTED_WARNINGS = (
    "Buildfile specified, dependencies will not be handled",
    "Bundling external guest image(s)",
    "Ensure you have rights to redistribute",
    "Check the guest license terms",
    "The ZynqMP pmu-rom is not enabled",
    "is intended to be included by other machines",
)
"""Warnings of ``bitbake -b``, of the class about external guests, and of meta-xilinx,
which has no emulator for one machine unless a licence is accepted.
"""

_LOCAL_CONF = """\
BB_NO_NETWORK = "1"
CONNECTIVITY_CHECK_URIS = ""
INHERIT:remove = "uninative"
BB_HASHSERVE = ""
BB_SIGNATURE_HANDLER = "OEBasicHash"
BB_SERVER_TIMEOUT = "0"
SANITY_TESTED_DISTROS = ""
BB_NUMBER_THREADS = "2"
BB_NUMBER_PARSE_THREADS = "2"
PARALLEL_MAKE = "-j 2"

# Unknown before walnascar.
PSEUDO_INCLUDE_PATHS ??= ""

# Tools of the host instead of native recipes.
HOSTTOOLS += "mkfs.ext4 qemu-img debugfs"
HOSTTOOLS_NONFATAL += "skopeo zstd"
ASSUME_PROVIDED += "e2fsprogs-native qemu-system-native patch-native quilt-native \\
    pseudo-native virtual/fakeroot-native skopeo-native"
FAKEROOTCMD = "{pseudo}/bin/pseudo"
FAKEROOTBASEENV = "PSEUDO_BINDIR={pseudo}/bin PSEUDO_LIBDIR={library} PSEUDO_PREFIX={pseudo} \\
    PSEUDO_INCLUDE_PATHS=${{PSEUDO_INCLUDE_PATHS}} PSEUDO_DISABLED=1 PYTHONDONTWRITEBYTECODE=1"
FAKEROOTENV = "PSEUDO_PREFIX={pseudo} PSEUDO_LOCALSTATEDIR=${{PSEUDO_LOCALSTATEDIR}} \\
    PSEUDO_NOSYMLINKEXP=1 PSEUDO_INCLUDE_PATHS=${{PSEUDO_INCLUDE_PATHS}} PSEUDO_DISABLED=0"

INHERIT += "xentui-seen"

require {conf}
"""

_SEEN = r"""
def xentui_seen(d):
    import base64, json
    seen = {}
    for name in (d.getVar('XENTUI_ASKED') or '').split():
        flags = d.getVarFlags(name, internalflags=False) or {}
        seen[name] = [d.getVar(name), {flag: d.getVarFlag(name, flag) for flag in flags}]
    return base64.b64encode(json.dumps(seen, default=str).encode()).decode()

XENTUI_SEEN = "${@xentui_seen(d)}"
"""


@dataclass
class Variables:
    """Variables as a recipe sees them, after overrides, appends and expansion.

    Attributes:
        values: by name; ``None`` if the variable is not set.
        flags: the flags of each variable, by its name.
    """

    values: dict[str, str | None]
    flags: dict[str, dict[str, str]]

    def words(self, name: str) -> list[str]:
        """Return a value split at blanks."""
        return (self.values[name] or "").split()

    def path(self, name: str) -> Path:
        """Return a value that is a path."""
        value = self.values[name]
        assert value, f"{name} is not set"
        return Path(value)


@dataclass
class Run:
    """The result of a run of BitBake."""

    code: int
    output: str

    @property
    def complaints(self) -> list[str]:
        """Return the warnings and errors that were not expected, one per line."""
        lines = re.findall(r"^(?:WARNING|ERROR): .*", self.output, re.MULTILINE)
        return [line for line in lines if not any(known in line for known in EXPECTED_WARNINGS)]


@dataclass
class Build:
    """A build directory.

    Attributes:
        folder: its path; it belongs to the user that runs BitBake.
        extra_layers: names of its layers beyond those that every build has.
    """

    folder: Path
    extra_layers: tuple[str, ...] = ()
    layer: Path = field(init=False)

    def __post_init__(self) -> None:
        self.layer = self.folder / LAYER

    def write(self, project: Project, assets: Assets = NO_ASSETS, *, extra: str = "") -> None:
        """Write everything that a project turns into, and what BitBake needs besides.

        Args:
            project: the project.
            assets: the files next to it.
            extra: further text for local.conf, after xentui's.
        """
        shutil.rmtree(self.layer, ignore_errors=True)
        for path, content in render(
            project, assets, abilities=tree.layer_abilities()
        ).files.items():
            if isinstance(content, Copy):
                self.put(path, content.source.read_bytes())
            else:
                self.put(path, content)
        values = {"pseudo": tree.PSEUDO, "library": tree.pseudo_library(), "conf": CONF}
        first = f'BBPATH .= ":{tree.CLASSES}"\n' if tree.CLASSES else ""
        if tree.names_tmpdir_by_libc():
            first += 'TCLIBCAPPEND = ""\n'
        self.put("conf/local.conf", first + _LOCAL_CONF.format(**values) + extra)
        self.put("conf/bblayers.conf", self._bblayers())
        self.put("classes/xentui-seen.bbclass", _SEEN)

    def bitbake(self, *arguments: str, seconds: int = 300) -> Run:
        """Run BitBake, and wait for its end."""
        folder = str(self.folder)
        result = tree.run(
            self.folder, f"{tree.TREE}/bitbake/bin/bitbake", *arguments, seconds=seconds,
            BBPATH=folder, BUILDDIR=folder,
        )  # fmt: skip
        return Run(result.returncode, result.stdout)

    def variables(self, recipe: Path, *names: str) -> Variables:
        """Return variables as a recipe sees them (``bitbake -e -b``)."""
        return self.variables_of_target(["-b", str(recipe)], *names)

    def variables_of_target(self, target: list[str], *names: str, seconds: int = 300) -> Variables:
        """Return variables as the target of a command line sees them (``bitbake -e``)."""
        self.put("conf/site.conf", f'XENTUI_ASKED = "{" ".join(names)}"\n')
        run = self.bitbake("-e", *target, seconds=seconds)
        assert run.code == 0, run.output[-4000:]
        assert not run.complaints, run.complaints
        found = re.search(r'^XENTUI_SEEN="([A-Za-z0-9+/=]*)"$', run.output, re.MULTILINE)
        assert found, run.output[-4000:]
        seen: Mapping[str, tuple[str | None, dict[str, str]]]
        seen = json.loads(base64.b64decode(found[1]))
        return Variables(
            {name: value for name, (value, _) in seen.items()},
            {name: flags for name, (_, flags) in seen.items()},
        )

    def run_task(self, recipe: Path, task: str) -> Run:
        """Run a recipe's tasks from the beginning up to this one, which must succeed."""
        run = self.bitbake("-b", str(recipe), "-c", task)
        assert run.code == 0, run.output[-6000:]
        assert not run.complaints, run.complaints
        return run

    def work(self, recipe: str) -> Path:
        """Return the WORKDIR of a recipe whose tasks have run."""
        (found,) = self.folder.glob(f"tmp/work/*/{recipe}/*")
        return found

    def put(self, path: str, content: str | bytes) -> Path:
        """Write one file, owned by the user that BitBake runs as."""
        target = self.folder / path
        account = tree.account()
        assert account is not None
        missing = [p for p in (target.parent, *target.parent.parents) if not p.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        if os.geteuid() == 0:
            for made in (*missing, target):
                os.chown(made, account.uid, account.gid)
        return target

    def _bblayers(self) -> str:
        layers = tree.layers()
        for name in self.extra_layers:
            path = tree.layer(name)
            assert path is not None, f"{name} is not in the tree"
            layers.append(path)
        own = [self.layer] if (self.layer / "conf/layer.conf").is_file() else []
        series = " ".join(tree.series())
        lines = ['LCONF_VERSION = "7"', 'BBPATH = "${TOPDIR}"', 'BBFILES ?= ""']
        lines.append(f'BBLAYERS = "{" ".join(map(str, (*layers, *own)))}"')
        # A layer's master can be behind the release series of OpenEmbedded-Core's; xentui's own
        # layer must be content by itself.
        lines += [
            f'LAYERSERIES_COMPAT_{tree.collection(path)}:append = " {series}"' for path in layers
        ]
        return "\n".join(lines) + "\n"
