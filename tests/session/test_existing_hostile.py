# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Settings made by hand in every way that BitBake has: none changes silently.

For each way and each answer, BitBake's own parser compares every variable and flag before and
after. If an answer is impossible, nothing is written and the line is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.bitbake_parser import Parsed, parse_conf
from tests.cli.conftest import Run

MINIMAL, VENDOR = "xen-guest-image-minimal", "vendor-os"
GUESTS = "BUNDLED_XEN_GUESTS"
DOM0 = "xen-image-minimal"
FLAGS = ("XEN_GUEST_MEMORY", "XEN_GUEST_VCPUS", "XEN_GUEST_EXTRA")
MACHINE = 'MACHINE ??= "qemux86-64"\n'
BOOTS = f'XEN_GUEST_MEMORY[{VENDOR}] = "64"\nXEN_GUEST_EXTRA[{VENDOR}] = "console=hvc0"\n'

LOCAL = "build/conf/local.conf"
WAYS: dict[str, dict[str, str]] = {
    "assigned": {LOCAL: f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}'},
    "added": {LOCAL: f'{GUESTS} = ""\n{GUESTS} += "{VENDOR}:external"\n{BOOTS}'},
    "appended": {LOCAL: f'{GUESTS}:append = " {VENDOR}:external"\n{BOOTS}'},
    "prepended": {LOCAL: f'{GUESTS}:prepend = "{VENDOR}:external "\n{BOOTS}'},
    "for the machine": {LOCAL: f'{GUESTS}:append:qemux86-64 = " {VENDOR}:external"\n{BOOTS}'},
    "for another machine": {
        LOCAL: f'{GUESTS}:append:qemuarm64 = " {MINIMAL}:autostart"\n'
        f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}'
    },
    "for the image": {LOCAL: f'{GUESTS}:pn-{DOM0} = "{VENDOR}:external"\n{BOOTS}'},
    "by another variable": {
        LOCAL: f'MINE = "{VENDOR}:external"\n{GUESTS} = "${{MINE}}"\n{BOOTS}'
    },
    "by Python": {LOCAL: f'{GUESTS} = "{VENDOR}:external ${{@\'\'}}"\n{BOOTS}'},
    "a flag by Python": {
        LOCAL: f"{GUESTS} = \"{MINIMAL}:autostart\"\n"
        f"XEN_GUEST_MEMORY[{MINIMAL}] = \"${{@'192'}}\"\n"
    },
    "weakly": {
        LOCAL: f'{GUESTS} ?= "{VENDOR}:external"\nXEN_GUEST_VCPUS[{MINIMAL}] ??= "3"\n{BOOTS}'
    },
    "in a file beside": {
        LOCAL: "include conf/guests.inc\n",
        "build/conf/guests.inc": f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}',
    },
    "in a layer's file": {
        LOCAL: "require conf/products/guests.inc\n",
        "virt/conf/products/guests.inc": f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}',
    },
    "in auto.conf": {
        LOCAL: "", "build/conf/auto.conf": f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}'
    },
    "in site.conf": {
        LOCAL: f'XEN_GUEST_VCPUS[{MINIMAL}] = "2"\n',
        "build/conf/site.conf": f'{GUESTS} = "{VENDOR}:external"\n{BOOTS}',
    },
    "removed": {LOCAL: f'{GUESTS}:remove = "{MINIMAL}:autostart"\n'},
    "a default for the machine": {LOCAL: 'XEN_GUEST_VCPUS_DEFAULT:qemux86-64 = "2"\n'},
    "a default": {LOCAL: f'XEN_GUEST_VCPUS_DEFAULT = "2"\n{GUESTS} = "{VENDOR}:external"\n{BOOTS}'},
    "another tag": {LOCAL: f'{GUESTS} = "{MINIMAL}"\n'},
    "the guest's own flags": {
        LOCAL: f'{GUESTS} = "{MINIMAL}:autostart"\nXEN_GUEST_MEMORY[{MINIMAL}] = "192"\n'
        f'XEN_GUEST_VCPUS[{MINIMAL}] ?= "2"\nXEN_GUEST_EXTRA[{MINIMAL}] = "console=hvc0 ro"\n'
    },
    "in the distribution": {
        LOCAL: 'DISTRO = "mine"\n',
        "virt/conf/distro/mine.conf": f'XEN_GUEST_VCPUS[{MINIMAL}] = "2"\n',
    },
}  # fmt: skip


def make_build_dir(folder: Path, files: Mapping[str, str]) -> Path:
    """Make a build directory; ``MACHINE`` is included."""
    local = f"{MACHINE}{files[LOCAL]}"
    more = {name: text for name, text in files.items() if name != LOCAL}
    return trees.small(folder / "tree", local, more=more)


def bitbakes(build: Path) -> dict[str, str]:
    """Return everything about Xen as BitBake's own parser reads it for the image."""
    files = {}
    for top in (build, build.parent / "virt"):
        for file in (top / "conf").rglob("*"):
            if file.suffix in (".conf", ".inc"):
                files[str(file.relative_to(top))] = file.read_text()
    names = ("site", "auto", "local")
    text = "".join(f"include conf/{name}.conf\n" for name in names)
    parsed = parse_conf(f"{text}include conf/distro/${{DISTRO}}.conf\n", files=files)
    return values(parsed.seen_by(DOM0))


def values(parsed: Parsed) -> dict[str, str]:
    seen = {GUESTS: " ".join(sorted(parsed.words(GUESTS)))}
    for name in ("MACHINE", "QB_MEM_VALUE", "XEN_GUEST_VCPUS_DEFAULT", "XEN_GUEST_MEMORY_DEFAULT"):
        seen[name] = parsed.value(name) or ""
    for name in FLAGS:
        seen |= {f"{name}[{flag}]": value for flag, value in parsed.flags(name).items()}
    return {name: value for name, value in seen.items() if value}


def guests(seen: dict[str, str]) -> set[str]:
    return set(seen.get(GUESTS, "").split())


@pytest.mark.parametrize("use", ["take", "keep", "replace", None])
@pytest.mark.parametrize("way", WAYS)
def test_settings_of_the_user_end_as_the_user_answered(
    tmp_path: Path, run: Run, way: str, use: str | None
) -> None:
    build = make_build_dir(tmp_path, WAYS[way])
    judge(build, run, use)


@pytest.mark.slow
@pytest.mark.parametrize("use", ["take", "keep", "replace", None])
@pytest.mark.parametrize("way", [way for way, files in WAYS.items() if list(files) == [LOCAL]])
def test_settings_after_xentuis_line_end_as_the_user_answered(
    tmp_path: Path, run: Run, way: str, use: str | None
) -> None:
    build = trees.small(tmp_path / "tree", MACHINE)
    assert run(*GENERATE, "--build-dir", str(build)).code == 0
    local = build / "conf/local.conf"
    local.write_text(local.read_text() + WAYS[way][LOCAL])
    judge(build, run, use)


GENERATE = ("generate", "--preset", "qemux86-64-minimal", "--set", "host.memory=4096", "--yes")


def judge(build: Path, run: Run, use: str | None) -> None:
    """Write with an answer, and compare what BitBake reads before and after."""
    before = bitbakes(build)
    given = ("--existing", use) if use else ()
    result = run(*GENERATE, "--build-dir", str(build), *given)
    after = bitbakes(build)
    if result.code:
        assert result.code == 1, result.err
        assert "XT050" in result.err or "XT051" in result.err, result.err
        assert after == before
        assert use != "keep", result.err
        return
    changed = {name for name, value in before.items() if after.get(name) != value}
    if use == "keep":
        assert changed <= {GUESTS}
        assert guests(before) <= guests(after)
    elif use == "replace":
        assert guests(after) == {f"{MINIMAL}:autostart"}
        assert after.get(f"XEN_GUEST_VCPUS[{MINIMAL}]", "1") == "1"
        assert after.get("XEN_GUEST_VCPUS_DEFAULT", "1") == "1"
    elif use == "take":
        assert changed <= {GUESTS, f"XEN_GUEST_EXTRA[{MINIMAL}]"}
        assert {g.partition(":")[0] for g in guests(before)} <= {
            g.partition(":")[0] for g in guests(after)
        }
    else:
        assert changed <= {GUESTS}
        assert guests(before) <= guests(after)
        assert f"{MINIMAL}:autostart" in guests(after)
        assert after.get(f"XEN_GUEST_VCPUS[{MINIMAL}]", "1") == "1"
