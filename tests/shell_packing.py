# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Install a project's guests with the guest classes, and read what is then on the target.

BitBake's parser evaluates the generated files with the classes of the real layer that
``XENTUI_OE_TREE`` names, or else with those in ``tests/layer``. ``sh`` then runs the resulting
shell functions: first those of each bundle recipe, then those of the Dom0 image. BitBake's fetcher
unpacks the files next to a recipe. Downloads, and images and kernels in the deploy directory, are
made up.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import oracle
from tests.bitbake_parser import LAYER, Parsed, parse_conf, parse_recipe
from xentui.output.render import render
from xentui.output.rendered import Content
from xentui.project.assets import Assets
from xentui.project.model import Project

_PRELUDE = """\
export LC_ALL=C
bbplain() { :; }
bbnote() { :; }
bbdebug() { :; }
bbwarn() { echo "WARNING: $*" >&2; }
bberror() { echo "ERROR: $*" >&2; }
bbfatal() { echo "ERROR: $*" >&2; exit 1; }
bbfatal_log() { bbfatal "$@"; }
"""

_PRETENDED_TOOLS = {
    # Some made-up images are far larger than any disk. Only their names matter here.
    "dd": 'for a in "$@"; do case "$a" in of=*) : > "${a#of=}";; esac; done',
    "mkfs.ext4": ":",
    "qemu-img": 'for a in "$@"; do last=$a; done; : > "$last"',
    "chown": ":",
}


@dataclass(frozen=True)
class Target:
    """What the classes put into Dom0's root file system.

    Attributes:
        configs: the xl configs, by path on the target.
        layout: the tree below /etc/xen and /var/lib/xen/images, in the form of a vector's
            ``layout.txt``.
        messages: the warnings of the classes.
    """

    configs: dict[str, str]
    layout: list[str]
    messages: str


class BuildError(Exception):
    """A class refused, with this message."""


def build(
    project: Project, assets: Assets, *, real_tools: bool = False, stand_ins: bool = False
) -> Target:
    """Run the classes on the files of a project.

    Args:
        project: the project.
        assets: the files next to it.
        real_tools: whether disk images are really created, or only their names.
        stand_ins: whether to use the classes in ``tests/layer`` even if there are real ones.

    Raises:
        BuildError: a class ended with an error.
        BitBakeError: BitBake refused a file.
    """
    image = oracle.dom0_image(project)
    with tempfile.TemporaryDirectory(prefix="xentui-build-") as name:
        root = Path(name)
        _write(root, render(project, assets).files)
        (root / "rootfs").mkdir()
        deploy = root / "deploy"
        for entry in oracle.deployed_files(project):
            (deploy / entry).parent.mkdir(parents=True, exist_ok=True)
            (deploy / entry).write_bytes(b"")
        settings = {
            "TOPDIR": str(root),
            "DEPLOY_DIR_IMAGE": str(deploy),
            "IMAGE_ROOTFS": str(root / "rootfs"),
            "TRANSLATED_TARGET_ARCH": oracle.arch(project),
        }
        conf = (root / "conf/xentui.conf").read_text(encoding="utf-8")
        installed = parse_conf(conf, settings=settings).seen_by(image).words("IMAGE_INSTALL")
        classes = {
            f"classes/{path.name}": path.read_text(encoding="utf-8")
            for path in (LAYER / "classes").glob("xen-*")
            if stand_ins
        }
        script = [_PRELUDE]
        for path in sorted(root.glob("meta-xentui/recipes-*/xen-guest-bundles/*.bb")):
            parsed = parse_recipe(
                path.read_text(encoding="utf-8"),
                path.name,
                conf=conf,
                files=classes,
                settings=settings,
                at=path,
            )
            if parsed.value("PN") in installed:
                _unpack(parsed)
                script.append(_bundle_script(parsed))
        script.append(_image_script(root, image, conf, classes, settings))
        return _run(root, "\n".join(script), real_tools=real_tools)


def _write(root: Path, files: Mapping[str, Content]) -> None:
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            target.write_text(content, encoding="utf-8")
        else:
            shutil.copyfile(content.source, target)


def _unpack(parsed: Parsed) -> None:
    """Let BitBake's fetcher put the files in SRC_URI into UNPACKDIR.

    Files from elsewhere are made up, as if they had been downloaded already.
    """
    import bb.fetch2

    data = parsed.data
    downloads = Path(data.getVar("DL_DIR"))
    unpackdir = Path(data.getVar("UNPACKDIR"))
    downloads.mkdir(parents=True, exist_ok=True)
    unpackdir.mkdir(parents=True, exist_ok=True)
    entries = parsed.words("SRC_URI")
    if not entries:
        return
    try:
        fetcher = bb.fetch2.Fetch(entries, data, cache=False)
        for entry in fetcher.ud.values():
            if entry.type != "file":
                Path(entry.localpath).write_bytes(_download_contents(Path(entry.localpath).name))
        fetcher.unpack(str(unpackdir))
    except bb.fetch2.BBFetchException as error:
        raise BuildError(str(error)) from error


def _download_contents(name: str) -> bytes:
    """Return the content of a made-up download: an archive if the name says so."""
    buffer = io.BytesIO()
    if ".tar" in name or name.endswith(".tgz"):
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("etc/hostname"))
    data = buffer.getvalue()
    match Path(name).suffix:
        case ".gz" | ".tgz":
            return gzip.compress(data)
        case ".xz":
            return lzma.compress(data)
        case ".bz2":
            return bz2.compress(data)
    return data


def _bundle_script(parsed: Parsed) -> str:
    """Return the shell code of a bundle recipe: its tasks, and the installation of the package."""
    build, destination = parsed.value("B"), parsed.value("D")
    tasks = []
    for task in ("do_compile", "do_install"):
        names = (parsed.flag(task, "prefuncs") or "").split()
        names += [task, *(parsed.flag(task, "postfuncs") or "").split()]
        tasks += [name for name in names if not parsed.flag(name, "python")]
    return "\n".join(
        [
            "(",
            _functions(parsed),
            f'mkdir -p "{build}" "{destination}"',
            *(f'cd "{build}" && {task} || exit 1' for task in tasks),
            f'cp -r "{destination}"/. "{parsed.value("IMAGE_ROOTFS")}"/',
            ") || exit 1",
        ]
    )


def _image_script(
    root: Path, image: str, conf: str, classes: Mapping[str, str], settings: Mapping[str, str]
) -> str:
    """Return the shell code that the Dom0 image runs after its packages are installed."""
    appends = [
        path
        for path in sorted(root.glob("meta-xentui/recipes-extended/*/*.bbappend"))
        if path.stem.split("_")[0] == image
    ]
    text = 'LICENSE = "MIT"\ninherit xen-guest-cross-install\n'
    parsed = parse_recipe(
        text, f"{image}.bb", conf=conf, files=classes, settings=settings, appends=appends
    )
    commands = (parsed.value("ROOTFS_POSTPROCESS_COMMAND") or "").replace(";", " ").split()
    return "\n".join(
        ["(", _functions(parsed), *(f"{c} || exit 1" for c in commands), ") || exit 1"]
    )


def _functions(parsed: Parsed) -> str:
    """Return every shell function with BitBake's expansions, as in a run script."""
    return "\n".join(
        f"{name}() {{\n{parsed.value(name)}\n}}"
        for name in parsed.data.keys()  # noqa: SIM118
        # Text that is appended to a function belongs to it.
        if ":" not in name and parsed.flag(name, "func") and not parsed.flag(name, "python")
    )


def _run(root: Path, script: str, *, real_tools: bool) -> Target:
    tools = root / "tools"
    tools.mkdir()
    for name, body in {} if real_tools else _PRETENDED_TOOLS.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    result = subprocess.run(
        ["/bin/sh"],
        input=script.encode(),
        capture_output=True,
        cwd=root,
        env={"PATH": f"{tools}:{os.environ['PATH']}:/usr/sbin:/sbin", "HOME": str(root)},
    )
    messages = result.stderr.decode("utf-8", "replace")
    if result.returncode:
        raise BuildError(messages)
    return _target(root / "rootfs", messages)


def _target(rootfs: Path, messages: str) -> Target:
    configs, layout = {}, []
    for path in sorted(rootfs.rglob("*")):
        place = f"/{path.relative_to(rootfs)}"
        if path.is_symlink():
            layout.append(f"{place} -> {path.readlink()}")
        elif path.is_file():
            layout.append(place)
            if place.endswith(".cfg"):
                configs[place] = path.read_text(encoding="utf-8")
    return Target(configs, sorted(layout), messages)
