# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Program: let BitBake read a build directory's configuration, and print every value as JSON.

It follows parseConfigurationFiles in bb.cookerdata up to and including bitbake.conf. It runs as a
separate process, since it executes the Python code of the configuration.
"""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any

from tests.bitbake_parser import bitbake_modules


def main(top: str) -> None:
    """Print the value of each variable."""
    bb = bitbake_modules()
    data: Any = bb.data.init()
    data.setVar("TOPDIR", top)
    data.setVar("BB_CURRENT_MC", "")
    data.setVar("PATH", os.environ["PATH"])
    data = bb.parse.handle(f"{top}/conf/bblayers.conf", data, True, baseconfig=True)
    series: set[str] = set()
    for layer in data.getVar("BBLAYERS").split():
        data.setVar("LAYERDIR", layer)
        data.setVar("LAYERDIR_RE", re.escape(layer))
        data = bb.parse.handle(f"{layer}/conf/layer.conf", data, True, baseconfig=True)
        data.expandVarref("LAYERDIR")
        data.expandVarref("LAYERDIR_RE")
        for collection in data.getVar("BBFILE_COLLECTIONS").split():
            data.delVar(f"LAYERSERIES_COMPAT_{collection}")
        series = series or set((data.getVar("LAYERSERIES_CORENAMES") or "").split())
    data.delVar("LAYERDIR_RE")
    data.delVar("LAYERDIR")
    data = bb.parse.handle("conf/bitbake.conf", data, True, baseconfig=True)
    values: dict[str, str | None] = {}
    flags: dict[str, dict[str, str]] = {}
    for name in data.keys():  # noqa: SIM118
        if name.startswith("__") or ":" in name:
            continue
        try:
            value = data.getVar(name)
            found = data.getVarFlags(name, internalflags=False) or {}
            flags[name] = {
                flag: data.getVarFlag(name, flag) for flag in found if isinstance(found[flag], str)
            }
        except Exception:  # noqa: BLE001  (BitBake cannot work it out either)
            continue
        if value is None or isinstance(value, str):
            values[name] = value
    print(json.dumps({"values": values, "flags": flags, "series": sorted(series)}))


if __name__ == "__main__":
    main(sys.argv[1])
