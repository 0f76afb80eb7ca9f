# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The faults found in a build directory, line by line, and the command that reports them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.rules import goldens
from xentui.bitbake import build_dir, host, recipes
from xentui.cli import main
from xentui.output import header
from xentui.rules.build import check_build_dir
from xentui.rules.build.context import LocatedFinding
from xentui.rules.catalogue import codes

GOOD = """\
MACHINE = "qemux86-64"
DISTRO_FEATURES:append = " xen systemd virtualization"
BUNDLED_XEN_GUESTS = "xen-guest-image-minimal:autostart"
XEN_GUEST_MEMORY[xen-guest-image-minimal] = "256"
QB_MEM_VALUE:pn-xen-image-minimal = "4096"
do_rootfs[vardeps] += "XENTUI_HASH"
XENTUI_HASH:pn-xen-image-minimal = "1"
"""

HOST = host.Host("ready", "ready", 200 * 1024, Path("/"), root=False)


def diagnose(
    root: Path,
    conf: str,
    *,
    more: Mapping[str, str] | None = None,
    layers: tuple[str, ...] = ("core", "virt"),
    machine: host.Host = HOST,
) -> list[LocatedFinding]:
    build = build_dir.read(trees.small(root, conf, more=more, layers=layers))
    return check_build_dir(build, recipes=partial(recipes.read, build, cached=False), host=machine)


def test_nothing_is_found_where_all_is_well(tmp_path: Path) -> None:
    assert diagnose(tmp_path, GOOD) == []


LINES = [
    ("XT601", '  A = "1"'),
    ("XT601", 'A = "1" # comment'),
    ("XT601", "A = 1"),
    ("XT602", 'IMAGE_INSTALL_append = " x"'),
    ("XT603", "require conf/nosuch.conf"),
    ("XT603", "include conf/local.conf"),
    ("XT604", 'OE_FRAGMENTS += "core/nosuch"'),
    ("XT605", 'OE_FRAGMENTS += "machine/qemuarm64"'),
    ("XT606", 'DISTRO_FEATURES:append = "vulkan"'),
    ("XT606", 'DISTRO_FEATURES:prepend = "vulkan"'),
    ("XT606", 'IMAGE_INSTALL:append:pn-xen-image-minimal = "vim"'),
    ("XT607", 'IMAGE_INSTALL:append = " lab-guests"'),
    ("XT607", 'IMAGE_INSTALL:append = " vxn"'),
    ("XT608", 'IMAGE_INSTALL += "vim"'),
    ("XT609", 'DISTRO_FEATURES:remove = "virtualization"'),
    ("XT611", 'DISTRO_FEATURES:append = " vxn"'),
    ("XT617", 'MACHINE = "nosuch"'),
    ("XT617", 'MACHINE = "raspberrypi4-64"'),
    ("XT618", 'MACHINE = "qemuarm64"'),
    ("XT619", 'BBMULTICONFIG = "vruntime-aarch46"'),
    ("XT620", 'IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"'),
    ("XT621", 'BBMULTICONFIG = "vruntime-x86-64"'),
    ("XT623", 'XEN_GUEST_MEMORY[xen-guest-image-minmal] = "256"'),
    ("XT624", 'QB_MEM_VALUE = "4096"'),
    ("XT625", 'PREFERRED_PROVIDER_virtual/kernel = "linux-vendor"'),
    ("XT631", 'XEN_GUEST_EXTRA:append[xen-guest-image-minimal] = " quiet"'),
    ("XT632", 'XEN_GUEST_EXTRA[xen-guest-image-minimal] += "quiet"'),
    ("XT633", 'BUNDLED_XEN_GUESTS += "vendor:external:AutoStart"'),
    ("XT634", 'XEN_GUEST_SOURCE_TYPE[xen-guest-image-minimal] = "ext4"'),
    ("XT634", 'XEN_GUEST_KERNEL[xen-guest-image-minimal] = "none"'),
    ("XT635", 'XEN_GUEST_CONFIG_FILE[xen-guest-image-minimal] = "${UNPACKDIR}/x.cfg"'),
    ("XT636", 'BUNDLED_XEN_GUESTS += "nosuch-image"'),
]
BUNDLE = {
    "virt/recipes-extended/xen-guest-bundles/lab-guests_1.0.bb": "inherit xen-guest-bundle\n"
    'XEN_GUEST_BUNDLES = "alpine:external"\n',
    "virt/conf/multiconfig/vruntime-x86-64.conf": "",
}


@pytest.mark.parametrize(("code", "line"), LINES)
def test_a_line_is_found(code: str, line: str, tmp_path: Path) -> None:
    assert diagnose(tmp_path / "good", GOOD, more=BUNDLE) == []
    made = diagnose(tmp_path / "bad", f"{GOOD}{line}\n", more=BUNDLE)
    same = [placed for placed in made if placed.finding.code == code]
    assert same, made
    place = same[0].location
    assert place is not None
    assert Path(place.file).name == "local.conf"
    assert place.line == GOOD.count("\n") + 1
    assert same[0].finding.fix.endswith((".", "?")) or "bitbake-layers" in same[0].finding.fix


@pytest.mark.parametrize(
    "line",
    [
        'IMAGE_INSTALL:append = " vim"',
        'IMAGE_INSTALL:append:pn-xen-image-minimal = " lab-guests"',
        'XEN_GUEST_MEMORY[alpine] = "128"',
        'QB_MEM_VALUE:qemux86-64 = "4096"',
        'MACHINE ??= "qemuarm64"',
        'SOME_TEXT:append = "glued"',
        "DISTRO_FEATURES:append = \"${@' vulkan'}\"",
    ],
)
def test_a_line_that_is_right_is_not_found(line: str, tmp_path: Path) -> None:
    assert diagnose(tmp_path, f"{GOOD}{line}\n", more=BUNDLE) == []


def test_a_recipe_is_not_reported_missing_where_it_may_be_elsewhere(tmp_path: Path) -> None:
    line = 'BUNDLED_XEN_GUESTS += "nosuch-image"\nXEN_GUEST_MEMORY[other] = "256"\n'
    conf = trees.layer_conf("virtualization-layer") + 'BBFILES += "${@elsewhere()}"\n'
    assert [p.finding.code for p in diagnose(tmp_path / "a", GOOD + line)] == ["XT636", "XT623"]
    assert diagnose(tmp_path / "b", GOOD + line, more={"virt/conf/layer.conf": conf}) == []


def test_layers_are_examined(tmp_path: Path) -> None:
    more = {
        "other/conf/layer.conf": trees.layer_conf("other", depends="core wanted (>= 2)"),
        "beside/meta-wanted/conf/layer.conf": trees.layer_conf("wanted"),
        "old/conf/layer.conf": trees.layer_conf("old", compat="kirkstone"),
    }
    made = diagnose(tmp_path, GOOD, more=more, layers=("core", "virt", "other", "old", "gone"))
    goldens = {placed.finding.code: placed.finding for placed in made}
    assert set(goldens) == {"XT612", "XT613", "XT616"}
    assert goldens["XT613"].fix == f"Run: bitbake-layers add-layer {tmp_path}/beside/meta-wanted"
    assert "kirkstone" in goldens["XT616"].message


def test_missing_settings_are_reported(tmp_path: Path) -> None:
    assert {p.finding.code for p in diagnose(tmp_path / "a", GOOD, layers=("core",))} >= {"XT614"}
    assert {p.finding.code for p in diagnose(tmp_path / "b", GOOD, layers=("virt",))} >= {
        "XT613",
        "XT616",
    }
    build = trees.small(tmp_path / "c", GOOD)
    (tmp_path / "c/virt/classes/xen-guest-bundle.bbclass").unlink()
    assert [p.finding.code for p in check_build_dir(build_dir.read(build))] == ["XT615"]


def test_a_new_build_directory_gets_only_advice(tmp_path: Path) -> None:
    made = diagnose(tmp_path, 'MACHINE ??= "qemux86-64"\n')
    assert [(p.finding.code, p.finding.severity.value) for p in made] == [("XT610", "advice")]


def test_lines_that_undo_xentuis_are_found(tmp_path: Path) -> None:
    own = (
        'QB_MEM_VALUE:pn-xen-image-minimal = "4096"\nXEN_GUEST_MEMORY[g] = "256"\n'
        'DISTRO_FEATURES:append = " xen systemd virtualization"\nA = "1"\n'
    )
    local = (
        'MACHINE = "qemux86-64"\nA = "0"\nrequire conf/xentui.conf\n'
        'QB_MEM_VALUE:pn-xen-image-minimal = "1024"\nXEN_GUEST_MEMORY[g] = "512"\n'
        'DISTRO_FEATURES:remove = "vulkan systemd"\nA = "1"\nB = "2"\n'
    )
    made = diagnose(tmp_path / "a", local, more={"build/conf/xentui.conf": own})
    lines = [p.location.line for p in made if p.finding.code == "XT622" and p.location]
    assert lines == [4, 5, 6]
    made = diagnose(tmp_path / "b", GOOD, more={"build/conf/xentui.conf": own})
    assert [p.finding.code for p in made] == ["XT637"]


def test_problems_of_the_build_host_are_reported(tmp_path: Path) -> None:
    poor = host.Host("missing", "refused", 1024, Path("/"), root=True)
    made = diagnose(tmp_path / "a", GOOD, machine=poor)
    assert [p.finding.code for p in made] == ["XT629", "XT630", "XT627", "XT628"]
    made = diagnose(tmp_path / "b", GOOD, machine=replace(HOST, kvm="refused"))
    assert [p.finding.code for p in made] == ["XT627"]


@pytest.mark.parametrize(("operator", "codes_found"), [("?=", ["XT626"]), ("=", [])])
def test_a_machine_of_the_environment_is_reported(
    operator: str, codes_found: list[str], tmp_path: Path
) -> None:
    conf = GOOD.replace("MACHINE =", f"MACHINE {operator}")
    made = diagnose(tmp_path, conf, machine=replace(HOST, machine="qemuarm64"))
    assert [p.finding.code for p in made] == codes_found


def test_every_code_of_the_build_directory_is_tried() -> None:
    tried = {code for code, _ in LINES} | {
        "XT610", "XT612", "XT613", "XT614", "XT615", "XT616", "XT622", "XT626", "XT627", "XT628",
        "XT629",
        "XT630", "XT637", "XT638", "XT660",
    }  # fmt: skip
    # XT639 to XT649 and XT658 are about releases (test_releases), XT650 to XT657 about names.
    of_releases = {f"XT{number}" for number in range(639, 659)}
    assert tried == {code for code in codes() if code.startswith("XT6")} - of_releases


def test_unseen_changes_are_reported(tmp_path: Path) -> None:
    conf = "\n".join(line for line in GOOD.split("\n") if "XENTUI" not in line)
    assert [p.finding.code for p in diagnose(tmp_path, conf)] == ["XT638"]


def test_the_command_reports_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build = trees.small(tmp_path, f'{GOOD}A_append = "\x1b]0;x\x07"\nB = "${{@open(\'c\')}}"\n')
    assert main(["doctor", "--build-dir", str(build)]) == 1
    out = capsys.readouterr().out
    assert "conf/local.conf:8: error XT602" in out
    assert "\x1b" not in out
    assert main(["doctor", "--build-dir", str(build), "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["version"] == 1
    assert data["machine"] == "qemux86-64"
    assert next(f for f in data["findings"] if f["code"] == "XT602")["line"] == 8
    (build / "conf/local.conf").write_text(GOOD)
    assert main(["doctor", "--build-dir", str(build)]) == 0


def test_xentuis_own_file_is_recognised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    build = trees.small(tmp_path, f"{GOOD}require conf/xentui.conf\n")
    own = build / "conf/xentui.conf"
    written = header.stamp('\nA = "1"\n', "project.toml")
    for text, state in (
        (written, "intact"),
        (written.replace('"1"', '"2"'), "edited"),
        ('A = "1"\n', "foreign"),
    ):
        own.write_text(text)
        assert main(["doctor", "--build-dir", str(build), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["xentui_conf"] == state
    assert main(["doctor", "--build-dir", str(build)]) == 0
    assert "not written by xentui" in capsys.readouterr().out


def test_the_command_asks_for_a_build_directory(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BUILDDIR", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 2
    assert "--build-dir" in capsys.readouterr().err


def test_golden_answers_of_the_doctor(tmp_path: Path) -> None:
    printed = {}
    for number, (code, line) in enumerate(LINES):
        root = tmp_path / str(number)
        made = diagnose(root, f"{GOOD}{line}\n", more=BUNDLE)
        lines = []
        for one in made:
            place = f"{Path(one.location.file).name}:{one.location.line}" if one.location else "-"
            lines.append(f"{place} {goldens.text_of([one.finding], None, root)}")
        printed[f"{code} {line.strip()}"] = "".join(lines)
    goldens.compare("build_dir.txt", printed)


PLAIN = 'MACHINE = "qemux86-64"\n'


def with_code(code: str, made: list[LocatedFinding]) -> list[tuple[int, str, str]]:
    """Return line, message and fix of each finding with this code; line 0 if it has none."""
    return [
        (one.location.line if one.location else 0, one.finding.message, one.finding.fix)
        for one in made
        if one.finding.code == code
    ]


def lines_of(code: str, made: list[LocatedFinding]) -> list[int]:
    return [line for line, _, _ in with_code(code, made)]


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        ('DISTRO_FEATURES:prepend = "vulkan "', False),
        ('DISTRO_FEATURES:prepend = "vulkan"', True),
        ('DISTRO_FEATURES:prepend = "v k"', True),
        ('DISTRO_FEATURES =. "vulkan "', False),
        ('DISTRO_FEATURES =. "vulkan"', True),
        ('DISTRO_FEATURES:append = " vulkan"', False),
        ('DISTRO_FEATURES:append = "v k"', True),
        ('DISTRO_FEATURES .= " vulkan"', False),
        ('DISTRO_FEATURES .= "vulkan"', True),
        ('DISTRO_FEATURES:append = "${X}y"', False),
        ('DISTRO_FEATURES:prepend = "y${X}"', False),
        ('DISTRO_FEATURES:append = ""', False),
        ('DISTRO_FEATURES += "vulkan"', False),
    ],
)
def test_words_are_glued_at_one_end(tmp_path: Path, line: str, reported: bool) -> None:
    assert lines_of("XT606", diagnose(tmp_path, f"{PLAIN}{line}\n")) == ([2] if reported else [])


WITHOUT = PLAIN + 'DISTRO_FEATURES:append = " vxn virtualization vcontainer xen systemd"\n'


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("", 2),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vim"\n', 2),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\n', 3),
        ('IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\nBBMULTICONFIG = ""\n', 4),
        ('BBMULTICONFIG = ""\nIMAGE_INSTALL:append:pn-xen-image-minimal = " vxn"\n', 3),
    ],
)
def test_where_the_builds_that_vxn_needs_are_missed(tmp_path: Path, lines: str, line: int) -> None:
    assert lines_of("XT620", diagnose(tmp_path, WITHOUT + lines, more=BUNDLE)) == [line]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("xen systemd", "virtualization: without it the kernel is built without its Xen options"),
        ("xen virtualization", None),
        ("systemd virtualization", "xen: recipes that require a feature are skipped"),
        ("systemd", "xen, virtualization: recipes that require a feature are skipped"),
        ("xen systemd virtualization", None),
    ],
)  # fmt: skip
def test_features_that_are_missing(tmp_path: Path, features: str, message: str | None) -> None:
    conf = GOOD.replace(" xen systemd virtualization", f" {features}")
    reported = [one[1] for one in with_code("XT609", diagnose(tmp_path, conf))]
    assert reported == ([f"DISTRO_FEATURES lacks {message}"] if message else [])


_RASPBERRY = "Add the layer meta-raspberrypi: bitbake-layers add-layer PATH/TO/meta-raspberrypi"


@pytest.mark.parametrize(
    ("machine", "fix"),
    [
        ("raspberrypi4-64", _RASPBERRY),
        ("qemux86-46", "Did you mean qemux86-64?"),
        ("zzz", "Add the layer that has conf/machine/zzz.conf."),
        ("x" * 64 + "y", f"Add the layer that has conf/machine/{'x' * 64}y.conf."),
    ],
)  # fmt: skip
def test_a_machine_that_no_layer_has(tmp_path: Path, machine: str, fix: str) -> None:
    made = with_code("XT617", diagnose(tmp_path, f'MACHINE = "{machine}"\n'))
    assert [(line, reported) for line, _, reported in made] == [(1, fix)]


ARM = {
    "core/conf/machine/some-arm.conf": 'DEFAULTTUNE = "cortexa7thf"\n'
    'TUNE_FEATURES:tune-cortexa7thf = "arm vfp cortexa7 thumb"\n',
    "core/conf/machine/some-arm64.conf": 'DEFAULTTUNE = "cortexa72"\n'
    'TUNE_FEATURES:tune-cortexa72 = "aarch64 crc"\n',
    "core/conf/machine/raspberrypi4.conf": "",
    "core/conf/machine/some-pc.conf": 'DEFAULTTUNE = "i686"\n'
    'TUNE_FEATURES:tune-i686 = "m32 i686"\n',
}


XEN_FOR_32_BIT_ARM = {
    "virt/recipes-extended/xen/xen-hypervisor.inc": "COMPATIBLE_HOST = '(x86_64.*).*-linux"
    "|aarch64.*-linux|arm-.*-linux-gnueabi'\n",
}


@pytest.mark.parametrize(
    ("machine", "layers", "code", "reason"),
    [
        (
            "some-arm",
            {},
            "XT656",
            "the tune cortexa7thf, and Xen of these layers is for 64-bit Arm",
        ),
        ("some-arm", XEN_FOR_32_BIT_ARM, "", ""),
        ("some-pc", {}, "XT656", "the tune i686, and"),
        ("some-pc", XEN_FOR_32_BIT_ARM, "XT656", "is for Arm and x86-64 only"),
        ("raspberrypi4", {}, "XT123", "Xen cannot run on raspberrypi4"),
        ("some-arm64", {}, "", ""),
        ("qemux86-64", {}, "", ""),
    ],
)
def test_a_machine_that_cannot_run_xen_is_reported_once(
    tmp_path: Path, machine: str, layers: dict[str, str], code: str, reason: str
) -> None:
    def reported(folder: str, conf: str) -> list[tuple[str, int, bool]]:
        made = diagnose(tmp_path / folder, conf, more={**ARM, **layers})
        return [
            (a_code, line, reason in message)
            for a_code in ("XT123", "XT656")
            for line, message, _ in with_code(a_code, made)
        ]

    conf = f'MACHINE = "{machine}"\nDISTRO_FEATURES:append = " virtualization xen systemd"\n'
    assert reported("with", conf) == ([(code, 1, True)] if code else [])
    assert reported("without", conf.replace(" xen ", " ")) == []


def test_what_cannot_run_xen_is_not_suggested(tmp_path: Path) -> None:
    (one,) = with_code("XT617", diagnose(tmp_path, 'MACHINE = "raspberrypi4x"\n', more=ARM))
    assert one[2] == "Add the layer that has conf/machine/raspberrypi4x.conf."


def test_a_machine_that_is_set_nowhere(tmp_path: Path) -> None:
    assert with_code("XT617", diagnose(tmp_path / "a", "")) == [
        (1, "MACHINE is not set", 'Set it in conf/local.conf: MACHINE = "qemux86-64".')
    ]
    assert with_code("XT617", diagnose(tmp_path / "b", "", layers=("virt",))) == []


@pytest.mark.parametrize(
    ("conf", "reported"),
    [(PLAIN, True), ('MACHINE = "qemuppc"\n', True), ('MACHINE = "raspberrypi4-64"\n', False),
     ("", False)],
)  # fmt: skip
def test_only_an_emulated_board_needs_kvm(tmp_path: Path, conf: str, reported: bool) -> None:
    made = diagnose(tmp_path, conf, machine=replace(HOST, kvm="missing", tun="missing"))
    assert {one.finding.code for one in made} & {"XT627", "XT628"} == (
        {"XT627", "XT628"} if reported else set()
    )


@pytest.mark.parametrize(
    ("word", "recipes", "reported"),
    [
        ("lab-guests", True, True),
        ("my-guests", True, False),
        ("my-bundle", False, True),
        ("my-guests", False, True),
        ("my-things", False, False),
        ("vxn-docker", True, True),
        ("xen-guest-bundle-x", True, True),
        ("vim", True, False),
    ],
)
def test_what_belongs_only_into_dom0(
    tmp_path: Path, word: str, recipes: bool, reported: bool
) -> None:
    more = dict(BUNDLE)
    if not recipes:
        more["virt/conf/layer.conf"] = (
            trees.layer_conf("virtualization-layer") + 'BBFILES += "${@elsewhere()}"\n'
        )
    line = f'IMAGE_INSTALL:append = " {word}"\n'
    made = diagnose(tmp_path, GOOD + line, more=more)
    assert lines_of("XT607", made) == ([GOOD.count("\n") + 1] if reported else [])


def test_guests_whose_changes_bitbake_misses_are_reported_at_their_line(tmp_path: Path) -> None:
    bare = "".join(line for line in GOOD.splitlines(keepends=True) if "XENTUI_HASH" not in line)
    (made,) = with_code("XT638", diagnose(tmp_path / "a", bare))
    assert made[0] == 3
    seen = f'{bare}do_rootfs[vardeps] += "MY_XEN_THINGS"\n'
    assert with_code("XT638", diagnose(tmp_path / "b", seen)) == []
    others = f'{bare}do_rootfs[vardeps] += "OTHER"\n'
    assert len(with_code("XT638", diagnose(tmp_path / "c", others))) == 1


def test_a_layer_folder_that_is_not_a_layer_is_reported(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (made,) = with_code("XT612", diagnose(tmp_path, GOOD, layers=("core", "virt", "empty")))
    assert made == (
        2,
        f"{tmp_path}/empty is not a layer: it has no conf/layer.conf",
        "Use the directory that contains conf/layer.conf.",
    )


def test_a_frontend_of_vxn_needs_its_builds_too(tmp_path: Path) -> None:
    features = 'DISTRO_FEATURES:append = " virtualization vcontainer xen systemd"\n'
    line = 'IMAGE_INSTALL:append:pn-xen-image-minimal = " {}"\n'
    made = diagnose(tmp_path / "a", PLAIN + features + line.format("vxn-docker"))
    assert lines_of("XT620", made) == [3]
    assert (
        with_code("XT620", diagnose(tmp_path / "b", PLAIN + features + line.format("vxn2"))) == []
    )
