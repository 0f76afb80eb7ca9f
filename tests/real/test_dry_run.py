# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``bitbake -n`` of the Dom0 image, from the script that sets up a build from nothing.

BitBake parses every recipe, resolves every dependency and goes through every task, in the order
of a build, without running one. This takes about ten minutes for each preset.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.real import cases
from tests.real.build import Run
from tests.real.conftest import MakeBuild
from tests.real.test_from_nothing import SITE, of_the_tree, run_script, write
from xentui.project.effective import dom0_image

_UNUSED = """
# Recipes that no Dom0 image needs: a third of all. If one were needed, BitBake would stop.
BBMASK += "/meta-openembedded/meta-python/recipes-"
BBFILE_PATTERN_IGNORE_EMPTY_meta-python = "1"
BBMASK += "/meta-openembedded/meta-oe/recipes-(dbs|extended|gnome|navigation|printing|shells)/"
"""
PRESETS = sorted(path.stem for path in cases.PRESETS.glob("*.toml"))


@pytest.mark.skipif(
    not os.environ.get("XENTUI_OE_FULL"),
    reason="goes through every task, which takes minutes: set XENTUI_OE_FULL=1",
)
@pytest.mark.parametrize("name", PRESETS)
def test_bitbake_plans_the_whole_image(make_build: MakeBuild, tmp_path: Path, name: str) -> None:
    (case,) = (case for case in cases.cases() if case.id == f"preset-{name}")
    project = of_the_tree(case.project)
    build = make_build()
    write(build, project, "script", case.assets(tmp_path))
    site = SITE if project.containers.vxn else SITE + _UNUSED
    started = time.monotonic()
    output = run_script(
        build, project, f"bitbake -n {dom0_image(project)}", site=site, seconds=5400
    )
    seconds = round(time.monotonic() - started)
    complaints = Run(0, output).complaints
    summary = re.findall(r"^NOTE: Tasks Summary: (.*)$", output, re.MULTILINE)
    print(f"{name}: {' '.join(summary)} {len(complaints)} warnings, {seconds} s", *complaints)
    assert summary
    assert summary[0].endswith("all succeeded.")
    assert not complaints
