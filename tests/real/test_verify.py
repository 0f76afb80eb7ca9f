# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""``xentui verify`` with a real BitBake, entered by the real ``oe-init-build-env``."""

from __future__ import annotations

import functools
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.real import tree
from tests.real.build import Build
from tests.real.cases import parse_project
from xentui.cli import main

INIT = Path(tree.TREE) / "openembedded-core/oe-init-build-env"
TEXT = """\
version = 1

[host]
machine = "qemux86-64"
memory = 4096
network = "nat"

[bundles.my-guests]
version = "1.0"

[guests.xen-guest-image-minimal]
tags = ["autostart"]
memory = 256
extra = "root=/dev/xvda ro console=hvc0 ip=dhcp"

[guests.alpine]
tags = ["external"]
bundle = "my-guests"
memory = 192
rootfs = "alpine.ext4"
extra = "root=/dev/xvda ro console=hvc0"
"""


@pytest.fixture
def verify(
    build: Build, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Any:
    """Run the command in a build directory, with BitBake as the user that it runs as."""
    account = tree.account()
    assert account is not None
    root = os.geteuid() == 0
    as_user = functools.partial(
        subprocess.Popen, user=account.uid, group=account.gid, extra_groups=[]
    )
    file = build.put("project.toml", TEXT)

    def run(*more: str, init: Path = INIT) -> tuple[int, Any]:
        place = ["--build-dir", str(build.folder), "--oe-init", str(init)]
        place += ["--json"] if "--build" not in more else []
        with monkeypatch.context() as patch:
            if root:
                patch.setattr(subprocess, "Popen", as_user)
                patch.setattr(os, "geteuid", lambda: account.uid)
            patch.setenv("HOME", account.home)
            patch.setenv("USER", account.name)
            patch.setenv("PATH", "/usr/bin:/bin:/usr/sbin:/sbin")
            for name in ("BBPATH", "BUILDDIR", "PYTHONPATH"):
                patch.delenv(name, raising=False)
            code = main(["verify", str(file), *place, *more])
        printed = capsys.readouterr()
        assert printed.out, printed.err
        return code, json.loads(printed.out) if "--build" not in more else printed.err

    return run


def test_the_configuration_is_seen_as_written(build: Build, verify: Any) -> None:
    build.write(parse_project(TEXT))
    code, report = verify("--quick")
    assert (code, report["summary"]["differs"], report["summary"]["unseen"]) == (0, 0, 0)
    assert report["summary"]["agrees"] >= 10


def test_a_line_that_undoes_a_setting_is_found(build: Build, verify: Any) -> None:
    build.write(parse_project(TEXT), extra='BUNDLED_XEN_GUESTS = ""\n')
    code, report = verify("--quick")
    assert code == 1
    (differs,) = [entry for entry in report["settings"] if entry["status"] == "differs"]
    assert (differs["variable"], differs["seen"]) == ("BUNDLED_XEN_GUESTS", "")
    lines = (build.folder / "conf/local.conf").read_text().splitlines()
    assert differs["file"] == str(build.folder / "conf/local.conf")
    assert lines[differs["line"] - 1] == 'BUNDLED_XEN_GUESTS = ""'


@pytest.mark.skipif(not os.environ.get("XENTUI_OE_FULL"), reason="XENTUI_OE_FULL is not set")
def test_image_and_bundle_see_all_of_it(build: Build, verify: Any) -> None:
    build.write(parse_project(TEXT))
    code, report = verify()
    assert report["asked"] == ["xen-image-minimal", "my-guests"]
    assert [entry for entry in report["settings"] if entry["status"] != "agrees"] == []
    assert code == 0


# The build itself is not run: a program in front of the real BitBake asks it for a dry run.
DRY = """\
#!/bin/sh
case "$1" in
-e) exec "$REAL_BITBAKE" "$@" ;;
*) echo "bitbake -n $*" >> "$BUILDDIR/ran"; exec "$REAL_BITBAKE" -n "$@" ;;
esac
"""
RUNQEMU = """\
#!/bin/sh
echo "runqemu $*" >> "$BUILDDIR/ran"
exit 5
"""


@pytest.mark.skipif(not os.environ.get("XENTUI_OE_FULL"), reason="XENTUI_OE_FULL is not set")
def test_the_real_bitbake_accepts_the_commands_of_the_build(build: Build, verify: Any) -> None:
    build.write(parse_project(TEXT))
    for name, text in (("bitbake", DRY), ("runqemu", RUNQEMU)):
        build.put(f"bin/{name}", text).chmod(0o755)
    lines = (
        f'. {shlex.quote(str(INIT))} "$1"',
        "REAL_BITBAKE=$(command -v bitbake)",
        f'export REAL_BITBAKE PATH={shlex.quote(str(build.folder / "bin"))}:"$PATH"',
    )
    init = build.put("init", "".join(f"{line}\n" for line in lines))
    code, reported = verify("--quick", "--build", "--yes", init=init)
    ran = (build.folder / "ran").read_text().splitlines()
    assert ran[:2] == ["bitbake -n xen-guest-image-minimal", "bitbake -n xen-image-minimal"], (
        reported
    )
    assert ran[2].startswith("runqemu qemux86-64 xen-image-minimal wic")
    assert code == 5
