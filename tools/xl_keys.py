# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Compare ``xentui/xl/keys.toml`` with the keys that xl reads in each release of Xen.

    python tools/xl_keys.py ../xen

The argument is a clone of Xen. Prints each key whose releases differ from the table, and exits with
1 if there is one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from xentui.xl import keys

FILES = ("tools/xl/xl_parse.c", "tools/libxl/xl_cmdimpl.c")
IGNORED = ("device_model", "vif2", "vncviewer")
"""Keys that xl looks up only to report that it ignores them."""


def main(xen: Path) -> int:
    """Compare, and return the exit code."""
    releases = [(4, minor) for minor in range(keys.OLDEST[1], keys.NEWEST[1] + 1)]
    read = {release: keys_read(xen, release) for release in releases}
    exit_code = 0
    for name in sorted(set().union(*read.values(), keys.all_keys())):
        found_in = [release for release in releases if name in read[release]]
        key = keys.all_keys().get(name)
        if name in IGNORED:
            continue
        first, last = (found_in[0], found_in[-1]) if found_in else (None, None)
        until = None if last == keys.NEWEST else last
        if key is None or first is None or (key.since, key.until) != (first, until):
            print(f"{name}: read in {first} to {last}, the table says {key}")
            exit_code = 1
    return exit_code


def keys_read(xen: Path, release: keys.Version) -> set[str]:
    """Return the keys that xl looks up in a release."""
    for file in FILES:
        at = f"stable-{keys.version_text(release)}:{file}"
        result = subprocess.run(["git", "-C", xen, "show", at], capture_output=True, text=True)
        if result.returncode == 0:
            break
    lookup = r'xlu_cfg_(?:get_\w+|replace_string)\s*\(\s*config,\s*\\?\s*"(\w+)"'
    found = set(re.findall(lookup, result.stdout))
    if "parse_extra_args" in result.stdout:
        found |= {f"device_model_args{kind}" for kind in ("", "_pv", "_hvm")}
    return found


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
