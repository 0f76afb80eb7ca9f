# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the directory that is written into means for what is written there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from xentui.errors import XentuiError

if TYPE_CHECKING:
    from xentui.output.build_dir import Attach

CONF, LAYER = "conf/xentui.conf", "meta-xentui"
IN_LOCAL_CONF = "conf/local.conf, as a marked block"
IN_LAYER = "the layer, as a fragment"


class Target(NamedTuple):
    """A directory to write into.

    Attributes:
        machine: whether the settings set MACHINE, which they must not beside a fragment that
            does.
        conf: where the settings stand.
    """

    machine: bool = True
    conf: str = CONF


def target_of(out: Path, attach: Attach | None) -> Target:
    """Return what is to be known of a directory; its files are read as text.

    Args:
        out: the directory: a build directory, or any other.
        attach: how ``conf/local.conf`` gets at the settings, if that was chosen.
    """
    from xentui.bitbake.find_build_dir import is_build_dir

    if not is_build_dir(out):
        return Target()
    from xentui.output.build_dir import attach_of
    from xentui.output.enabled import machine_fragment

    try:
        way = attach or attach_of(out)
    except XentuiError:
        way = "require"
    if way == "fragment":
        return Target(machine=False, conf=IN_LAYER)
    return Target(not machine_fragment(out), IN_LOCAL_CONF if way == "block" else CONF)
