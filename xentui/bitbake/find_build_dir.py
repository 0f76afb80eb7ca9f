# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the build directory: where BitBake runs, with its ``conf/bblayers.conf``.

This runs at every start, so the module imports little.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from xentui.bitbake.paths import absolute, exists, real
from xentui.errors import UsageError
from xentui.safe_text import visible


def find(
    build_dir: Path | None, *, cwd: Path | None = None, environ: Mapping[str, str] | None = None
) -> Path | None:
    """Return the build directory: the given one, ``$BUILDDIR``, or the nearest parent folder.

    Links in its path are resolved, as oe-init-build-env does: ``${TOPDIR}/..`` in BBLAYERS is the
    folder above the real one.

    Raises:
        UsageError: the given path is not a build directory.
    """
    if build_dir is not None:
        path = Path(real(str(build_dir)))
        if not is_build_dir(path):
            raise UsageError(
                f"{visible(str(build_dir))} is not a build directory: it has no conf/bblayers.conf",
                fix="Give the directory that oe-init-build-env or bitbake-setup made.",
            )
        return path
    named = (environ if environ is not None else os.environ).get("BUILDDIR", "")
    if named and is_build_dir(Path(named)):
        return Path(real(named))
    here = Path(real(str(cwd if cwd is not None else Path.cwd())))
    return next((path for path in (here, *here.parents) if is_build_dir(path)), None)


def find_required(build_dir: Path | None) -> Path:
    """Return the build directory, found as by :func:`find`.

    Raises:
        UsageError: there is no build directory.
    """
    path = find(build_dir)
    if path is None:
        raise UsageError(
            "no build directory was found: neither $BUILDDIR nor a parent folder has "
            "conf/bblayers.conf",
            fix="Give it: --build-dir DIR.",
        )
    return path


def without_links(path: Path) -> Path:
    """Return a path unchanged, or its real path if a part of it is a link."""
    resolved = real(str(path))
    return path if resolved == absolute(str(path)) else Path(resolved)


def is_build_dir(path: Path) -> bool:
    """Return whether a directory has a ``conf/bblayers.conf``, as every build directory has."""
    return exists(str(path / "conf/bblayers.conf"))
