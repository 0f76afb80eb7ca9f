# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""xentui refuses the configs that xl refuses, and reports what xl ignores.

The real xl of Xen 4.17 is asked, so configs are checked for that Xen. Not compared are ``cpuid``,
``vnuma`` and ``vsnd``, which xentui does not check, nor the processors and NUMA nodes there are.

Known differences, where xentui reports more than xl:

- xl reads the screens (``vnc``, ``sdl`` …) of a PV guest only if ``vnc`` is on, so it misses wrong
  values otherwise.
- xl silently accepts a config with an unknown key.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests import xl_parser
from tests.budget import examples
from tests.xl_configs import configs
from xentui.xl import check, keys
from xentui.xl.config import Config, parse

XL = (4, 17)
"""The version of the real xl."""
needs_xl = pytest.mark.skipif(bool(xl_parser.why_not_create()), reason=xl_parser.why_not_create())
HEAD = "name = 'g'\nmemory = 128\nvcpus = 2\n"
PV = f"{HEAD}kernel = 'k'\n"
HVM = f"{HEAD}type = 'hvm'\n"
PVH = f"{HEAD}kernel = 'k'\ntype = 'pvh'\n"


def problems(config: Config, xen: keys.Version = XL) -> list[check.Problem]:
    """Return the findings about a config on x86-64."""
    return check.problems(config, arch="x86-64", xen=xen)


def refused_keys(text: str) -> list[str]:
    """Return the keys that xl would refuse according to xentui."""
    config = parse(text)
    assert config.error is None, config.error
    return [problem.key for problem in problems(config) if problem.verdict == "refused"]


SOUND = (
    PV, HVM, PVH,
    f"{HEAD}bootloader = 'pygrub'\n",
    f"{HEAD}firmware = 'pvgrub64'\n",
    f"{PV}disk = ['phy:/dev/vg/a,xvda,w', 'format=qcow2,vdev=xvdb,target=/b']\n",
    f"{PV}vif = ['bridge=xenbr0,mac=00:16:3e:00:00:01,rate=10Mb/s@20ms']\n",
    f"{PV}pci = ['0000:03:00.0,permissive=1', '04:00.*@5']\npci_seize = 1\n",
    f"{PV}cpus = '0-1,^1'\ncpus_soft = ['all', '3']\n",
    f"{PV}iomem = ['fe000,1@80000']\nirqs = [5, '33']\nioports = ['3f8-3ff']\n",
    f"{PV}on_crash = 'coredump-destroy'\non_reboot = 'restart'\non_poweroff = 'preserve'\n",
    f"{PV}vfb = ['vnc=1,vnclisten=0.0.0.0']\n",
    f"{PV}p9 = ['tag=t,security_model=none,path=/srv']\n",
    f"{PV}channel = ['connection=socket,path=/s,name=c']\n",
    f"{HVM}serial = 'pty'\nboot = 'c'\nvga = 'stdvga'\nviridian = ['base']\nfirmware = 'uefi'\n",
    f"{PV}tsc_mode = 'native'\npassthrough = 'Enabled'\nmax_grant_frames = 32\n",
    f"{PV}driver_domain = 1\nbackend_domain = 'x'\n",
)  # fmt: skip
LONG = "9" * 5000
"""Python refuses to read a number of more than 4,300 digits."""

WRONG = {
    f"{HEAD}kernel = 'k'\nbuilder = 'linux'\n": "builder",
    f"{HEAD}kernel = 'k'\ntype = 'PV'\n": "type",
    f"{HEAD}kernel = 'k'\ntype = 'xen'\n": "type",
    f"{HEAD}kernel = 'k'\ntype = 'paravirt'\n": "type",
    f"{HEAD}kernel = 'k'\ntype = 'pvh '\n": "type",
    f"{PVH}builder = 'hvm'\n": "builder",
    "memory = 128\nkernel = 'k'\n": "name",
    HEAD: "kernel",
    f"{PV}firmware = 'pvgrub64'\n": "firmware",
    f"{HEAD}firmware = 'uefi'\n": "firmware",
    f"{PV}maxvcpus = 1\n": "maxvcpus",
    f"{PV}vcpus = '-1'\n": "vcpus",
    f"{PV}on_crash = 'reboot'\n": "on_crash",
    f"{PV}on_poweroff = 'stop'\n": "on_poweroff",
    f"{PV}on_reboot = 'Restart'\n": "on_reboot",
    f"{PV}disk = ['/dev/vg/g,raw,xvda,wr']\n": "disk",
    f"{PV}disk = ['file:/a,raw,xvda,rw']\n": "disk",
    f"{PV}vif = ['rate=fast']\n": "vif",
    f"{PV}vif = ['mtu=x']\n": "vif",
    f"{PV}pci = ['03:00']\n": "pci",
    f"{PV}pci = ['03:00.9']\n": "pci",
    f"{PV}pci = ['03:00.0,foo=1']\n": "pci",
    f"{PV}cpus = '3-0'\n": "cpus",
    f"{PV}cpus = '^all'\n": "cpus",
    f"{PV}iomem = ['fe000']\n": "iomem",
    f"{PV}irqs = ['0x5']\n": "irqs",
    f"{PV}ioports = ['x']\n": "ioports",
    f"{PV}p9 = ['tag=t,path=/srv']\n": "p9",
    f"{PV}channel = ['name=c']\n": "channel",
    f"{PV}channel = ['connection=socket']\n": "channel",
    f"{PV}channel = ['name=path0,connection=socket']\n": "channel",
    f"{PV}irqs = ['{LONG}']\n": "irqs",
    f"{PV}cpus = '{LONG}'\n": "cpus",
    f"{PV}passthrough = 'yes'\n": "passthrough",
    f"{PV}timer_mode = 1\n": "timer_mode",
    f"{PV}max_grant_frames = 'x'\n": "max_grant_frames",
    f"{PV}uuid = '1234'\n": "uuid",
    f"{PV}gic_version = 'v4'\n": "gic_version",
    f"{PV}device_model_args = '-s'\n": "device_model_args",
    f"{HVM}vga = 'vmware'\n": "vga",
    f"{HVM}bios = 'uefi'\n": "bios",
    f"{HVM}mmio_hole = 5\n": "mmio_hole",
    f"{HVM}viridian = ['x']\n": "viridian",
    f"{HVM}usbctrl = ['type=x']\n": "usbctrl",
}


@pytest.mark.parametrize("text", SOUND)
def test_a_sound_config_is_not_refused(text: str) -> None:
    assert refused_keys(text) == []


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_value_is_refused_under_its_key(text: str) -> None:
    assert refused_keys(text) == [WRONG[text]]


@needs_xl
@pytest.mark.slow
def test_xl_agrees_with_the_configs_above() -> None:
    for text in (*SOUND, *WRONG):
        assert xl_parser.create(text).accepted is (text in SOUND), text


@needs_xl
@pytest.mark.slow
@settings(max_examples=examples(5000), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(configs(XL))
def test_any_config_is_refused_exactly_if_xl_refuses_it(text: str) -> None:
    verdict = xl_parser.create(text)
    config = parse(text)
    found = problems(config) if config.error is None else []
    output = [problem.verdict for problem in found]
    if any("affinity map is empty" in line for line in verdict.complaints):
        return  # A processor that the machine does not have.
    assert verdict.accepted is (config.error is None and "refused" not in output), (verdict, found)
    silent = not set(output) & {"ignored", "doubtful", "useless", "refused"}
    # xl repeats each tsc_mode that is a text (xl_parse.c:1719): that is no complaint.
    complaints = [line for line in verdict.complaints if "got a tsc mode string" not in line]
    assert not (verdict.accepted and complaints and silent), (verdict, found)


@needs_xl
def test_xl_repeats_a_tsc_mode_that_it_accepts() -> None:
    verdict = xl_parser.create(f"{PV}tsc_mode = 'default'\n")
    assert verdict.accepted
    assert verdict.complaints == ('got a tsc mode string: "default"',)


IGNORED = {
    "vif = 'bridge=xenbr0'\n": ("vif", "ignored", "a single value"),
    "disk = 'phy:/dev/a,xvda,w'\n": ("disk", "ignored", "a single value"),
    "pci = '03:00.0'\n": ("pci", "ignored", "a single value"),
    "memory = '512M'\n": ("memory", "ignored", "does not read as a number"),
    "memory = 'big'\n": ("memory", "ignored", "does not read as a number"),
    "vcpus = 'two'\n": ("vcpus", "ignored", "does not read as a number"),
    "maxmem = ''\n": ("maxmem", "ignored", "does not read as a number"),
    "memory += 512\n": ("memory", "ignored", "+="),
    "memory = ['512']\n": ("memory", "ignored", "a list"),
    "memory = 0512\n": ("memory", "doubtful", "octal: xl reads 330"),
    "vif = ['bridge=xenbr0,foo=bar']\n": ("vif", "ignored", "foo=bar"),
    "vif = ['mac=00:16:3e:xx:00:00']\n": ("vif", "ignored", "not a MAC address"),
    "extra = 'a'\ncmdline = 'b'\n": ("extra", "ignored", "as cmdline is set"),
    "altp2mhvm = 1\ntype = 'hvm'\n": ("altp2mhvm", "ignored", "deprecated since Xen 4.9"),
    "dtb = '/b.dtb'\n": ("dtb", "unknown", "not a key of xl"),
    "iommu = 1\n": ("iommu", "unknown", "not a key of xl"),
    "maxcpus = 4\n": ("maxcpus", "unknown", "not a key of xl"),
    "vpcus = 4\n": ("vpcus", "unknown", "not a key of xl"),
    "initrd = '/i'\n": ("initrd", "unknown", "not a key of xl"),
    "on_xend_start = 'start'\n": ("on_xend_start", "unknown", "not a key of xl"),
    "pvh = 1\n": ("pvh", "gone", "up to Xen 4.8"),
    "nodes = ['0']\n": ("nodes", "gone", "up to Xen 4.8"),
    "sched = 'credit'\n": ("sched", "gone", "up to Xen 4.8"),
    "vif2 = ['x']\n": ("vif2", "gone", "up to Xen 4.1"),
    "xenstore_quota = ['nodes=1']\n": ("xenstore_quota", "later", "from Xen 4.22 on"),
    "serial = 'pty'\n": ("serial", "useless", "is for HVM guests, and this one is PV"),
    "boot = 'c'\n": ("boot", "useless", "is for HVM guests"),
    "device_tree = '/p.dtb'\n": ("device_tree", "useless", "only has an effect on aarch64"),
    "dtdev = ['/soc/uart']\n": ("dtdev", "useless", "only has an effect on aarch64"),
}


@pytest.mark.parametrize("line", IGNORED)
def test_a_setting_that_xl_reads_differently_is_reported(line: str) -> None:
    key, verdict, message = IGNORED[line]
    found = next(p for p in problems(parse(PV + line), (4, 21)) if p.key == key)
    assert (found.verdict, found.line) == (verdict, 5)
    assert message in found.message


@needs_xl
@pytest.mark.slow
def test_xl_accepts_a_config_with_an_ignored_setting() -> None:
    for line in IGNORED:
        assert xl_parser.create(PV + line).accepted, line


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("dtb", "device_tree"), ("iommu", "passthrough"), ("maxcpus", "maxvcpus"),
        ("initrd", "ramdisk"), ("memmory", "memory"), ("on_chrash", "on_crash"), ("pvh", "type"),
        ("zzz", ""),
    ],
)  # fmt: skip
def test_the_right_key_is_suggested_for_a_wrong_one(name: str, instead: str) -> None:
    (found,) = [p for p in problems(parse(f"{PV}{name} = 'x'\n"), (4, 21)) if p.key == name]
    assert found.instead == instead
    assert found.advice.endswith((".", "?"))


LIBXL = {
    ("x86-64", f"{PVH}pci = ['03:00.0']\n"): ("pci", "fails"),
    ("x86-64", f"{PV}pci = ['03:00.0']\npassthrough = 'disabled'\n"): ("pci", "fails"),
    ("x86-64", f"{HVM}maxmem = 512\npci = ['03:00.0']\n"): ("pci", "fails"),
    ("x86-64", f"{PV}maxmem = 64\n"): ("maxmem", "doubtful"),
    ("aarch64", HVM): ("type", "fails"),
    ("aarch64", f"{PV}type = 'pv'\n"): ("type", "ignored"),
    ("aarch64", f"{PVH}dtdev = ['/soc/uart']\npassthrough = 'sync_pt'\n"): ("passthrough", "fails"),
    ("aarch64", f"{PVH}pci = ['03:00.0']\n"): ("pci", "doubtful"),
    ("x86-64", "name = 'g'\nkernel = 'k'\n"): ("memory", "doubtful"),
}


@pytest.mark.parametrize(("arch", "text"), LIBXL)
def test_a_setting_that_libxl_refuses_or_changes_is_reported(arch: check.Arch, text: str) -> None:
    found = check.problems(parse(text), arch=arch)
    assert [(p.key, p.verdict) for p in found] == [LIBXL[arch, text]]


@pytest.mark.parametrize(
    ("spec", "sound"),
    [
        ("type=virtio,device22,transport=mmio,backend=driver,grant_usage=1", True),
        ("backend=d, type=virtio,device22, transport=MMIO", True),
        ("type=device22,transport=mmio", True),
        ("device22,transport=mmio", False),
        ("type=virtio,device22,transport=pci", False),
        ("type=virtio,device22,foo=1", False),
    ],
)
def test_a_virtio_type_may_contain_a_comma(spec: str, sound: bool) -> None:
    found = check.problems(parse(f"{PVH}virtio = ['{spec}']\n"), arch="aarch64")
    assert [p.verdict for p in found] == ([] if sound else ["refused"])


def test_a_device_tree_device_can_be_passed_through_on_arm() -> None:
    text = f"{PVH}dtdev = ['/soc/uart']\ndevice_tree = '/p.dtb'\niomem = ['fe000,1']\nirqs = [77]\n"
    assert check.problems(parse(text), arch="aarch64") == []


def test_a_number_of_5000_digits_is_not_read_as_a_number() -> None:
    (found,) = problems(parse(f"{PV}vcpus = '{LONG}'\n"), (4, 21))
    assert (found.key, found.verdict) == ("vcpus", "ignored")


def test_a_leading_zero_is_accepted_if_the_octal_number_is_equal() -> None:
    assert problems(parse(f"{PV}vcpus = '007'\n"), (4, 21)) == []
