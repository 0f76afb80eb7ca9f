# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Errors that ``doctor`` reports, compared with BitBake's verdict on the same build directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real import tree
from tests.real.build import Build
from tests.real.cases import parse_project
from xentui.bitbake import build_dir
from xentui.rules.build import check_build_dir
from xentui.rules.catalogue import Severity

PLAIN = 'version = 1\n[host]\nmachine = "qemux86-64"\n'

STOPS = {
    "old append": 'IMAGE_INSTALL_append = " nano"\n',
    "old remove of an override": 'PACKAGECONFIG_remove_pn-qemu = "sdl"\n',
    "indented": '  FOO = "1"\n',
    "comment behind the value": 'FOO = "1" # why\n',
    "no closing quote": 'FOO = "1\n',
    "one quote inside": 'FOO = "a"b"\n',
    "no statement": "this is not BitBake\n",
    "a flag with a blank": 'FOO[a b] = "1"\n',
    "require of nothing": "require conf/nothing-here.conf\n",
    "machine of nowhere": 'MACHINE = "no-such-machine"\n',
    "machine emptied": 'MACHINE = ""\n',
    "distro of nowhere": 'DISTRO = "no-such-distro"\n',
    "poky without its layer": 'DISTRO = "poky"\n',
    "renamed variable": 'DISTRO_FEATURES_BACKFILL_CONSIDERED = "sysvinit"\n',
    "removed variable": 'MACHINE_FEATURES_BACKFILL = "rtc"\n',
    "renamed, appended": 'PNBLACKLIST += "x"\n',
    "dropped classes": 'USER_CLASSES ?= "buildstats image-mklibs"\nINHERIT += "image-prelink"\n',
    "misspelt class": 'INHERIT += "rm_wrok"\n',
    "multiconfig of nowhere": 'BBMULTICONFIG = "nowhere"\n',
    "fragment of nowhere": 'OE_FRAGMENTS += "core/yocto/nothing"\n',
    "machine fragment beside MACHINE": 'OE_FRAGMENTS += "machine/qemuarm64"\n',
    "addpylib without its words": "addpylib x\n",
}
"""Endings of local.conf at which BitBake stops."""

AT_BUILD = {"machine of nowhere", "machine emptied"}
"""Those that BitBake notices only when it builds something."""

NOT_ASKED = {"distro of nowhere", "poky without its layer"}
"""Those that only the sanity check of a whole build notices (oe:sanity.bbclass: DISTRO not found).
"""

FINE = {
    "nothing": "",
    "optional include": "include conf/nothing-here.conf\n",
    "old override": 'QB_MEM_VALUE_pn-xen-image-minimal = "4096"\n',
    "single quotes": "FOO = 'a \"b\" c'\n",
    "two quotes inside": 'FOO = "a "b" c"\n',
    "continued": 'FOO = "a \\\n  b"\n',
    "tight": 'FOO="1"\n',
    "export": 'export FOO = "1"\n',
    "unset": "unset FOO\n",
    "a flag": 'FOO[bar] = "1"\n',
    "weak": 'FOO ??= "1"\n',
    "classes there are": 'USER_CLASSES ?= "buildstats"\nINHERIT += "rm_work"\n',
    "classes taken out": 'INHERIT += "image-mklibs"\nINHERIT:remove = "image-mklibs"\n',
    "features": 'EXTRA_IMAGE_FEATURES ?= "ssh-server-openssh"\n',
    "another machine": 'MACHINE = "qemuarm64"\n',
    "nodistro": 'DISTRO = "nodistro"\n',
    "python in a value": 'FOO = "${@1 + 1}"\n',
    "non-ASCII": 'FOO = "größer"\n',
}
"""Endings of local.conf that BitBake accepts."""

CASES = {**STOPS, **FINE}


@pytest.mark.parametrize("name", CASES)
def test_doctor_and_bitbake_agree(build: Build, name: str) -> None:
    build.write(parse_project(PLAIN), extra=CASES[name])
    if name in AT_BUILD:
        (recipe,) = Path(tree.TREE).glob("openembedded-core/meta/recipes-core/netbase/*.bb")
        run = build.bitbake("-n", "-b", str(recipe), "-c", "fetch")
    else:
        run = build.bitbake("-e")
    found = [
        p.finding
        for p in check_build_dir(build_dir.read(build.folder))
        if p.finding.severity is Severity.ERROR
    ]
    bitbake, doctor = run.code != 0 or name in NOT_ASKED, bool(found)
    assert bitbake is (name in STOPS), run.output[-2000:]
    assert doctor is bitbake, (found, run.output[-2000:])
