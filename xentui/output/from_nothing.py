# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a project with everything that is needed to build it from nothing.

There are two formats here: a configuration for BitBake's own ``bitbake-setup``, and a shell script
with ``git clone`` and ``bitbake-layers`` commands. For kas, see :mod:`xentui.output.kas`.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from xentui.bitbake import releases, text
from xentui.errors import UsageError
from xentui.output import fragment, header
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Rendered
from xentui.output.repositories import (
    CLASSES,
    DISTRO,
    Repository,
    missing_layer,
    repositories,
)
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import dom0_image
from xentui.project.model import Project

SETUP_FILE = "xentui.conf.json"
SCRIPT_FILE = "xentui-build.sh"


def classes_line(folder: str) -> str:
    """Return the line that lets BitBake find the Xen guest classes of a newer branch.

    The checkout is last in BBPATH, so that all other classes come from the layers.

    Args:
        folder: the checkout, which is not in BBLAYERS.
    """
    why = "# The Xen guest classes of a newer branch. All layers take precedence over it.\n"
    return why + text.assign("BBPATH", f":{folder}", operator=".=") + "\n"


def bitbake_setup(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    project_file: str = "project.toml",
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return a project as a configuration for ``bitbake-setup``, and its layer.

    Such a configuration cannot contain local.conf lines, so the layer has the settings as a
    fragment.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
        UsageError: a commit is invalid, or ``bitbake-setup`` does not support the release.
    """
    release = releases.for_project(project)
    if releases.needs_newer_classes(project) or not release.abilities.machine_fragments:
        raise UsageError(
            f"bitbake-setup cannot set up {release.name} with guests",
            fix="Take --format kas or script, or build with wrynose.",
        )
    made = fragment.rendered(project, assets, project_file=project_file)
    sources = {r.name: {"git-remote": _remote(r)} for r in repositories(project, commits)}
    machine = text.name(project.host.machine)
    configuration = {
        "name": fragment.base_name(project_file),
        "description": f"Xen on {machine}, as {project_file} says",
        "bb-layers": [path for r in repositories(project) for path in r.layer_paths],
        "bb-layers-file-relative": [LAYER],
        "oe-fragments": [f"machine/{machine}", f"distro/{DISTRO}", fragment.name(project_file)],
        "setup-dir-name": f"xen-{fragment.base_name(project_file)}",
    }
    data: dict[str, Any] = {
        "description": f"Xen on {machine}: made by xentui; change it there",
        "sources": sources,
        "bitbake-setup": {"configurations": [configuration]},
        "version": "1.0",
    }
    return Rendered({SETUP_FILE: json.dumps(data, indent=2) + "\n"}, made.layer)


def _remote(repository: Repository) -> dict[str, str]:
    return {
        "uri": repository.url,
        "branch": repository.branch,
        "rev": repository.commit or repository.branch,
    }


def script(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    project_file: str = "project.toml",
    commits: Mapping[str, str] | None = None,
) -> Rendered:
    """Return a project's files with a script that fetches the layers and builds the image.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
        UsageError: a commit is invalid.
    """
    made = render(project, assets, project_file=project_file)
    body = _script(project, repositories(project, commits), has_layer=bool(made.layer))
    stamped = header.stamp(body, project_file=project_file, first="#!/usr/bin/env bash\n")
    return Rendered({**made.conf, SCRIPT_FILE: stamped}, made.layer)


_FUNCTIONS = """\
# Fetches every layer into this folder, sets up build/, and builds the Dom0 image. Existing
# checkouts are not updated. Run it with bash.
set -e
cd "$(dirname "${BASH_SOURCE[0]}")"
here=$(pwd)

fetch() { # NAME ADDRESS BRANCH [COMMIT]
    [ -d "$1" ] || git clone --branch "$3" "$2" "$1"
    [ -z "$4" ] || git -C "$1" checkout --quiet "$4"
}

conf() { # LINE: append it to conf/local.conf unless it is there already
    grep -qxF "$1" conf/local.conf || echo "$1" >> conf/local.conf
}
"""


def _script(project: Project, found: list[Repository], *, has_layer: bool) -> str:
    lines = [_FUNCTIONS]
    for each in found:
        words = ["fetch", each.name, each.url, each.branch, each.commit]
        lines.append(" ".join(shlex.quote(word) for word in words if word))
    lines += [
        "",
        'export BITBAKEDIR="$here/bitbake"',
        'source openembedded-core/oe-init-build-env build "$BITBAKEDIR" > /dev/null',
        f"conf 'DISTRO = \"{DISTRO}\"'",
    ]
    if any(each.name == CLASSES for each in found):
        lines.append(f'conf "BBPATH .= \\":$here/{CLASSES}\\""')
    missing = missing_layer(project)
    if missing:
        lines.append(f"# {project.host.machine} needs more: {missing}. Add it below.")
    layers = [path for each in found for path in each.layer_paths][1:]
    places = [f'"$here/{path}"' for path in (*layers, *([LAYER] if has_layer else ()))]
    lines.append(" \\\n    ".join(["bitbake-layers add-layer", *places]))
    lines.append(f'conf "require $here/{CONF}"')
    return "\n" + "\n".join([*lines, "", f"bitbake {text.name(dom0_image(project))}"]) + "\n"
