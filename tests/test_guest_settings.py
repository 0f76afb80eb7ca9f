# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Guests that varflags cannot describe: their xl config, additional files and start order."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import xl_parser
from tests.budget import examples
from tests.shell_packing import build
from tests.strategies import of_field
from xentui.bitbake import releases
from xentui.output.guest_cfg import predict_config, predict_configs
from xentui.output.render import render
from xentui.output.xentui_conf import xentui_conf
from xentui.project import complete_cfg, document, image_space, model, schema, tables
from xentui.project.artifacts import layout, start_order
from xentui.project.assets import Assets, gather
from xentui.rules.catalogue import Severity
from xentui.rules.check import check
from xentui.session import field_paths
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk

needs_xl = pytest.mark.skipif(bool(xl_parser.why_not_create()), reason=xl_parser.why_not_create())
needs_qemu_img = pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is not there")

HEAD = 'version = 1\n[host]\nmachine = "{machine}"\nmemory = 4096\n[bundles.lab]\n'
SETTINGS = """
[guests.app]
bundle = "lab"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0"
backend = "net"
ramdisk = "boot/initrd.cpio.gz"
maxmem = 600
maxvcpus = 4
cpus = "1-2,^2"
pool = "Pool-0"
on_poweroff = "preserve"
on_reboot = "restart"
on_crash = "coredump-restart"
vnc = true
vnc_listen = "0.0.0.0"
p9 = ["tag=share,security_model=none,path=/srv"]
pci = ["0000:03:00.0,permissive=1"]
iomem = ["fe000,1"]
irqs = ["33"]
passthrough = "enabled"
xl = { localtime = 1, device_model_args = ["-d", "x'y\\"z"], cap = 50 }
source = { type = "ext4", file = "app.ext4", fetch = [{ uri = "file://app.ext4" }] }
fetch = [
    { uri = "file://boot/initrd.cpio.gz" },
    { uri = "file://data.qcow2" },
    { uri = "file://more.img" },
]
disks = [
    { device = "xvdb", file = "data.qcow2", type = "qcow2" },
    { device = "xvdc", file = "more.img", access = "ro", backend = "net" },
    { device = "xvdd", size = 8 },
    { device = "xvde", block = "/dev/sdb1" },
]

[guests.net]
bundle = "lab"
tags = ["autostart", "external"]
extra = "root=/dev/xvda ro console=hvc0"
name = "net-driver"
driver_domain = true
bootloader = "pygrub"
source = { type = "ext4", file = "app.ext4", fetch = [{ uri = "file://app.ext4" }] }
"""


def load_project(
    text: str, folder: Path, machine: str = "qemux86-64"
) -> tuple[model.Project, Assets]:
    """Return the project that a text describes, with stand-ins for the files next to it."""
    (folder / "boot").mkdir()
    (folder / "boot/initrd.cpio.gz").write_bytes(b"\x1f\x8b" + b"r" * 40)
    (folder / "app.ext4").write_bytes(b"e" * 4096)
    (folder / "more.img").write_bytes(b"m" * 2048)
    if shutil.which("qemu-img"):
        command = ("qemu-img", "create", "-q", "-f", "qcow2", folder / "data.qcow2", "4M")
        subprocess.run(command, check=True)
    else:
        (folder / "data.qcow2").write_bytes(b"QFI\xfb\0\0\0\3" + bytes(24))
    loaded = document.load_text(HEAD.format(machine=machine) + text, folder)
    assert loaded.problems == ()
    assert loaded.project is not None
    return loaded.project, gather(loaded.project, folder)


@pytest.mark.parametrize(
    ("kind", "kernel", "direct"),
    [("pv", None, True), ("pvh", None, True), ("hvm", None, False), ("hvm", "vendor-kernel", True)],
)
def test_an_hvm_guest_has_a_kernel_only_if_it_names_one(
    kind: Literal["pv", "pvh", "hvm"], kernel: str | None, direct: bool
) -> None:
    guest = model.Guest("app", type=kind, kernel=kernel, extra="quiet")
    text = predict_config(model.Project(model.Host("qemux86-64"), guests=(guest,)), guest)
    assert ("\nkernel = " in text) is direct
    assert ("\nextra = " in text) is direct


def test_only_images_that_a_recipe_builds_get_an_image_type() -> None:
    guests = (model.Guest("built"), model.Guest("vendor", rootfs="vendor.ext4"))
    conf = render(model.Project(model.Host("qemux86-64"), guests=guests)).conf["conf/xentui.conf"]
    assert "IMAGE_FSTYPES:append:pn-built" in conf
    assert "IMAGE_FSTYPES:append:pn-vendor" not in conf


def test_a_change_of_a_complete_config_rebuilds_the_image() -> None:
    def digest(action: str) -> str:
        guest = model.Guest("app", on_crash=action)
        project = model.Project(model.Host("qemux86-64"), guests=(guest,))
        conf = render(project).conf["conf/xentui.conf"]
        return next(line for line in conf.splitlines() if line.startswith("XENTUI_HASH"))

    assert digest("preserve") == digest("preserve") != digest("restart")


def test_the_memory_of_qemu_is_written_unless_the_image_recipe_sets_it() -> None:
    project = model.Project(model.Host("qemux86-64"))
    able = replace(releases.abilities_for(project), image_memory=None)
    assert "QB_MEM_VALUE:pn-xen-image-minimal" in xentui_conf(project, abilities=able)
    assert "QB_MEM_VALUE" not in xentui_conf(project)


@needs_xl
def test_xl_reads_every_setting_of_the_project(tmp_path: Path) -> None:
    project, assets = load_project(SETTINGS, tmp_path)
    verdict = xl_parser.create(predict_config(project, project.guest("app"), assets))
    assert verdict.accepted, verdict.complaints
    assert verdict.complaints == ()
    domain = verdict.domain
    build_info = domain["b_info"]
    assert build_info["ramdisk"] == "/var/lib/xen/images/app-initrd.cpio.gz"
    assert (build_info["max_memkb"], build_info["max_vcpus"]) == (600 * 1024, 4)
    assert domain["c_info"]["pool_name"] == "Pool-0"
    assert domain["c_info"]["passthrough"] == "enabled"
    assert domain["on_poweroff"] == "preserve"
    assert domain["on_crash"] == "coredump_restart"
    disks = [(d["vdev"], d["pdev_path"], d.get("readwrite", 0)) for d in domain["disks"]]
    assert disks == [
        ("xvda", "/var/lib/xen/images/app.img", 1),
        ("xvdb", "/var/lib/xen/images/app-xvdb.img", 1),
        ("xvdc", "/var/lib/xen/images/app-xvdc.img", 0),
        ("xvdd", "/var/lib/xen/images/app-xvdd.img", 1),
        ("xvde", "/dev/sdb1", 1),
    ]
    assert domain["disks"][2]["backend_domname"] == "net-driver"
    assert [nic["backend_domname"] for nic in domain["nics"]] == ["net-driver"]
    assert domain["pcidevs"][0]["permissive"]
    assert domain["p9s"][0]["tag"] == "share"
    assert (build_info["iomem"], build_info["irqs"]) == ([{"start": 0xFE000, "number": 1}], [33])
    assert build_info["extra"] == ["-d", "x'y\"z"]
    served = xl_parser.create(predict_config(project, project.guest("net"), assets))
    assert served.accepted
    assert served.domain["c_info"]["driver_domain"] == "True"
    assert served.domain["b_info"]["bootloader"] == "pygrub"
    assert "kernel" not in served.domain["b_info"]


@needs_xl
@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ('type = "pvh"\nvnc = true\nvnc_listen = "0.0.0.0"', "vfbs"),
        ('type = "hvm"\nkernel = "none"\nserial = ["tcp:127.0.0.1:4444"]\nvnc = true', "b_info"),
        ('cpus = "all"', "b_info"),
        ('dtdev = ["/soc/serial@1"]\nvuart = "sbsa_uart"\ndevice_tree = "boot/p.dtb"', "dtdevs"),
    ],
)
def test_xl_accepts_the_settings_of_a_type(fields: str, asked: str, tmp_path: Path) -> None:
    text = f'[guests.web]\nbundle = "lab"\ntags = ["external"]\nrootfs = "w.ext4"\n{fields}\n'
    project, assets = load_project(text, tmp_path)
    verdict = xl_parser.create(predict_config(project, project.guest("web"), assets))
    assert verdict.accepted, verdict.complaints
    assert verdict.domain[asked]


@needs_qemu_img
def test_the_classes_install_what_the_preview_shows(tmp_path: Path) -> None:
    project, assets = load_project(SETTINGS, tmp_path)
    target = build(project, assets, real_tools=True)
    assert target.layout == layout(project)
    assert target.configs == predict_configs(project, assets)
    assert {f"/var/lib/xen/images/app-{name}" for name in (
        "initrd.cpio.gz", "xvdb.img", "xvdc.img", "xvdd.img",
    )} <= set(target.layout)  # fmt: skip
    assert "/etc/modules-load.d/lab.conf" in target.layout
    auto = [line for line in target.layout if "/auto/" in line]
    assert auto == [
        "/etc/xen/auto/1-net.cfg -> /etc/xen/net.cfg",
        "/etc/xen/auto/2-app.cfg -> /etc/xen/app.cfg",
    ]


def test_additional_files_are_in_the_disk_budget(tmp_path: Path) -> None:
    project, assets = load_project(SETTINGS, tmp_path)
    sizes = {image.file: image.kib for image in image_space.image_sizes(project, assets).images}
    assert sizes["app-xvdb.img"] == 4096
    assert (sizes["app-xvdc.img"], sizes["app-xvdd.img"]) == (2, 8192)
    assert "app-initrd.cpio.gz" in sizes


def test_a_guest_with_many_settings_has_no_errors(tmp_path: Path) -> None:
    project, assets = load_project(SETTINGS, tmp_path)
    found = [f for f in check(project, assets) if f.severity is Severity.ERROR]
    # The images have no file systems, since only their names and sizes matter here.
    assert [f.code for f in found if f.code not in ("XT350", "XT211")] == []


def test_a_guest_with_many_settings_is_read_back_from_toml(tmp_path: Path) -> None:
    project, _ = load_project(SETTINGS, tmp_path)
    assert tables.from_data(tables.to_data(project) | {}) == project


ORDERS = {
    ("a after=", "b after="): ["a", "b"],
    ("a after=b", "b after="): ["b", "a"],
    ("a after=b", "b after=c", "c after="): ["c", "b", "a"],
    ("a after=c,b", "b after=", "c after=b"): ["b", "c", "a"],
    ("a after=x", "b after="): ["a", "b"],
    ("a after=b", "b after=a", "c after="): ["c", "a", "b"],
    ("a backend=z", "z after=", "m after="): ["m", "z", "a"],
}


@pytest.mark.parametrize("guests", ORDERS)
def test_a_guest_starts_after_the_guests_that_it_names(guests: tuple[str, ...]) -> None:
    parsed = []
    for word in guests:
        key, _, rest = word.partition(" ")
        field, _, names = rest.partition("=")
        others = tuple(filter(None, names.split(",")))
        after = others if field == "after" else ()
        backend = names if field == "backend" else None
        parsed.append(model.Guest(key, tags=("autostart",), after=after, backend=backend))
    project = model.Project(host=model.Host("qemux86-64"), guests=tuple(parsed))
    assert start_order(project) == ORDERS[guests]
    links = [line for line in layout(project) if "/auto/" in line]
    shown = [line.rpartition("/")[2].removesuffix(".cfg") for line in links]
    assert shown == ORDERS[guests], links
    numbered = start_order(project) != sorted(start_order(project))
    assert all(line.partition("/auto/")[2][0].isdigit() is numbered for line in links)


def test_twelve_guests_are_numbered_with_two_digits() -> None:
    guests = [
        model.Guest(f"g{n:02}", tags=("autostart",), after=(f"g{n + 1:02}",) if n < 12 else ())
        for n in range(1, 13)
    ]
    project = model.Project(host=model.Host("qemux86-64"), guests=tuple(guests))
    links = [line.partition("/auto/")[2] for line in layout(project) if "/auto/" in line]
    assert (links[0].split()[0], links[-1].split()[0]) == ("01-g12.cfg", "12-g01.cfg")


def test_a_disk_in_an_own_config_must_be_on_the_target(tmp_path: Path) -> None:
    text = SETTINGS.replace('ramdisk = "boot/initrd.cpio.gz"', 'config_file = "own.cfg"')
    config = (
        "name = 'app'\nmemory = 256\nkernel = \"k\"\n"
        "disk = ['file:a,xvda,rw', 'file:/var/lib/xen/images/app-xvdb.img,xvdb,rw', "
        "'file:/srv/elsewhere.img,xvdz,rw']\n"
    )
    (tmp_path / "own.cfg").write_text(config, encoding="utf-8")
    project, assets = load_project(text, tmp_path)
    found = [f.message for f in check(project, assets) if f.code == "XT245"]
    assert found == ['Nothing puts the additional disk "/srv/elsewhere.img" on the target']
    after = xl_config.parse(predict_config(project, project.guest("app"), assets))
    assert xl_disk.parse(after.texts("disk")[1]).target == "/var/lib/xen/images/app-xvdb.img"


def test_a_guest_that_is_only_a_kernel_can_have_additional_disks(tmp_path: Path) -> None:
    text = (
        '[guests.k]\nbundle = "lab"\ntags = ["external"]\nkernel = "more.img"\n'
        'source = { type = "kernel", file = "more.img", fetch = [{ uri = "file://more.img" }] }\n'
        'disks = [{ device = "xvda", block = "/dev/sdb1" }, { device = "xvdb", size = 1 }]\n'
    )
    project, assets = load_project(text, tmp_path)
    target = build(project, assets)
    assert target.configs == predict_configs(project, assets)
    config = xl_config.parse(target.configs["/etc/xen/k.cfg"])
    targets = [xl_disk.parse(spec).target for spec in config.texts("disk")]
    assert targets == ["/dev/sdb1", "/var/lib/xen/images/k-xvdb.img"]


@pytest.mark.parametrize(
    ("settings", "targets"),
    [
        ('type = "hvm"\nkernel = "none"\nextra = ""\n', ["/dev/vg/k"]),
        ('type = "pv"\nextra = "root=/dev/xvda ro console=hvc0"\n', ["/dev/vg/k"]),
        ('bootloader = "pygrub"\n', ["/dev/vg/k"]),
        ('type = "hvm"\nkernel = "more.img"\nextra = "root=/dev/xvda"\n', ["/dev/vg/k"]),
    ],
)
def test_a_guest_without_an_image_has_only_its_additional_disks(
    settings: str, targets: list[str], tmp_path: Path
) -> None:
    text = (
        f'[guests.k]\nbundle = "lab"\ntags = ["external"]\nrootfs = "none"\n{settings}'
        'disks = [{ device = "xvda", block = "/dev/vg/k" }]\n'
        'fetch = [{ uri = "file://more.img" }]\n'
    )
    project, assets = load_project(text, tmp_path)
    target = build(project, assets)
    assert target.layout == layout(project)
    assert target.configs == predict_configs(project, assets)
    config = xl_config.parse(target.configs["/etc/xen/k.cfg"])
    assert [xl_disk.parse(spec).target for spec in config.texts("disk")] == targets
    kernel = "more.img" if "more.img" in settings else "bzImage" if "pv" in settings else None
    named = f"/var/lib/xen/images/{kernel}" if kernel else None
    assert config.text("kernel") == named
    errors = {f.code for f in check(project, assets) if f.severity is Severity.ERROR}
    # The kernel's bytes are project up.
    assert errors <= {"XT284"}
    assert image_space.image_sizes(project, assets).images[0].kib == 0


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ('type = "pvh"\nvnc = false\nvnc_display = 1', None),
        ('type = "pvh"\nvnc_display = 1', None),
        ('type = "pvh"\nvnc = true\nvnc_display = 1', 'vfb = ["vnc=1,vncdisplay=1"]'),
        ("vnc = false", "vnc = 0"),
        ("vnc = true\nvnc_display = 0", "vncdisplay = 0"),
    ],
)
def test_a_screen_is_written_only_if_vnc_is_on(
    settings: str, line: str | None, tmp_path: Path
) -> None:
    project, _ = load_project(f'[guests.app]\nbundle = "lab"\n{settings}\n', tmp_path)
    lines = predict_config(project, project.guest("app")).splitlines()
    found = [one for one in lines if one.startswith(("vfb", "vnc"))]
    assert found == [] if line is None else line in found


def test_setting_the_contents_of_a_disk_replaces_the_previous_ones(tmp_path: Path) -> None:
    text = '[guests.app]\nbundle = "lab"\ndisks = [{ device = "xvdb", size = 64, access = "ro" }]\n'
    project, _ = load_project(text, tmp_path)
    contents: dict[str, Any] = {"file": "more.img", "block": "/dev/sdb1", "size": 8}
    for field, value in contents.items():
        project = field_paths.with_value(project, ("guests", "app", "disks", 0, field), value)
        (now,) = project.guest("app").disks
        only: dict[str, Any] = {field: value}
        assert now == replace(model.Disk("xvdb", access="ro"), **only)
    several = project.with_guest(
        replace(project.guest("app"), disks=(model.Disk("xvdb", block="/dev/sdb1", size=8),))
    )
    (finding,) = [f for f in check(several) if f.code == "XT271"]
    labels = [fix.label for fix in finding.quick_fixes]
    assert labels == ["Keep only block", "Keep only size"]


def test_a_quick_fix_fetches_a_file_next_to_the_project(tmp_path: Path) -> None:
    text = '[guests.app]\nbundle = "lab"\ndisks = [{ device = "xvdb", file = "more.img" }]\n'
    project, assets = load_project(text, tmp_path)
    (missing,) = [f for f in check(project, assets) if f.code == "XT272"]
    fix = missing.quick_fix
    assert fix is not None
    again = fix.apply(project)
    assert again.guest("app").fetch == (model.Fetch("file://more.img"),)
    assert [f for f in check(again, gather(again, tmp_path)) if f.code == "XT272"] == []
    elsewhere = project.with_guest(
        replace(project.guest("app"), disks=(model.Disk("xvdb", file="other.img"),))
    )
    assert [f.quick_fix for f in check(elsewhere, assets) if f.code == "XT272"] == [None]


def test_renaming_a_guest_updates_references_to_it(tmp_path: Path) -> None:
    project, _ = load_project(SETTINGS, tmp_path)
    waiting = project.with_guest(replace(project.guest("app"), after=("net",)))
    renamed = field_paths.with_value(waiting, ("guests", "net", field_paths.KEY), "storage")
    app = renamed.guest("app")
    assert (app.after, app.backend, app.disks[1].backend) == (("storage",), "storage", "storage")
    assert start_order(renamed) == ["storage", "app"]


@pytest.mark.parametrize(
    "name", [field.name for field in complete_cfg.cfg_only_fields() if field.xl]
)
def test_the_examples_of_a_field_are_valid(name: str) -> None:
    for example in schema.field("guest", name).examples:
        guest = model.Guest("web", tags=("external",), **{name: tables.to_tuples(example)})
        for machine in ("qemux86-64", "qemuarm64"):
            project = model.Project(host=model.Host(machine, memory=4096), guests=(guest,))
            found = [f for f in check(project) if f.code == "XT278"]
            assert found == [], example


@pytest.mark.parametrize(
    "typed",
    [
        'localtime = 1} # , on_crash = "preserve"',
        "cap = 1}, {weight = 2",
        "a = 1}\nx = {",
        "{a = 1",
    ],
)
def test_a_closing_brace_in_typed_settings_is_an_error(typed: str) -> None:
    _, message = field_paths.parse_and_check(schema.field("guest", "xl"), typed)
    assert message.startswith("Must be KEY = VALUE")


@pytest.mark.parametrize(
    ("typed", "entries"),
    [
        ("localtime = 1", (("localtime", 1),)),
        (
            'cap = 50, device_model_args = ["-d", "x"]',
            (("cap", 50), ("device_model_args", ("-d", "x"))),
        ),
        ('cpuid = "host"', (("cpuid", "host"),)),
        ("", ()),
    ],
)
def test_settings_of_xl_are_typed_on_one_line(
    typed: str, entries: tuple[tuple[str, object], ...], tmp_path: Path
) -> None:
    project, _ = load_project(SETTINGS, tmp_path)
    path = ("guests", "net", "xl")
    field = field_paths.field_of(path)
    read, message = field_paths.parse_and_check(field, typed)
    assert message == ""
    changed = field_paths.with_value(project, path, read)
    assert changed.guest("net").xl == entries
    assert (
        field_paths.parse_and_check(
            field, field_paths.text_of_value(field, changed.guest("net").xl)
        )[0]
        == read
    )


@pytest.mark.parametrize("typed", ["localtime", "a = ", "a = 1 b = 2", "A = 1", "a = {b = 1}", "]"])
def test_an_invalid_setting_of_xl_has_an_error_message(typed: str) -> None:
    field = field_paths.field_of(("guests", "net", "xl"))
    value, message = field_paths.parse_and_check(field, typed)
    assert message.endswith(".")
    assert value is None or isinstance(value, dict)


_NOT_CHECKED = ("ramdisk", "device_tree", "virtio")
"""Fields that name files, and that the xl 4.17 of these tests does not read."""
_FIELDS = [
    field.name
    for field in complete_cfg.cfg_only_fields()
    if field.xl and not field.is_table and field.name not in _NOT_CHECKED
]


@needs_xl
@pytest.mark.slow
@settings(max_examples=examples(300), deadline=None)
@given(
    st.sampled_from(["pv", "pvh", "hvm"]),
    st.lists(st.sampled_from(_FIELDS), unique=True, max_size=5),
    st.data(),
)
def test_xl_accepts_settings_exactly_if_they_have_no_errors(
    kind: str, fields: list[str], data: st.DataObject
) -> None:
    """Settings make a guest if, and only if, the schema accepts them and no rule has an error."""
    values = {name: tables.to_tuples(data.draw(of_field("guest", name))) for name in fields}
    guest = model.Guest(
        "web",
        tags=("external",),
        bundle="lab",
        rootfs="w.ext4",
        type=kind,  # type: ignore[arg-type]
        kernel="none" if kind == "hvm" else None,
        extra="console=hvc0",
        **values,
    )
    project = model.Project(
        host=model.Host("qemux86-64", memory=4096),
        bundles=(model.Bundle("lab"),),
        guests=(guest,),
    )
    errors = [f for f in check(project) if f.severity is Severity.ERROR and f.code == "XT278"]
    verdict = xl_parser.create(predict_config(project, guest))
    if any("affinity map is empty" in line for line in verdict.complaints):
        return  # A processor that the machine does not have.
    fails = all(
        "not supported" in f.message or "together with passthrough" in f.message for f in errors
    )
    assert verdict.accepted or errors, verdict.complaints
    assert not errors or not verdict.accepted or fails, errors


@pytest.mark.parametrize(
    ("release", "settings", "codes"),
    [
        ("scarthgap", 'virtio = ["type=virtio,device22,transport=mmio,backend=net"]', set()),
        ("kirkstone", 'virtio = ["type=virtio,device22,transport=mmio,backend=net"]', {"XT280"}),
        (
            "kirkstone",
            'disks = [{ device = "xvdb", size = 4, specification = "virtio" }]',
            {"XT278"},
        ),
        ("walnascar", "xl = { hvm_pirq = 1, nr_spis = 64 }", set()),
        ("scarthgap", "xl = { nr_spis = 64 }", {"XT280"}),
        ("scarthgap", "xl = { vpmu = 1 }", set()),
    ],
)
def test_settings_are_checked_for_the_xen_of_the_release(
    release: str, settings: str, codes: set[str]
) -> None:
    head = HEAD.format(machine="qemuarm64").replace("memory", f'release = "{release}"\nmemory')
    project = document.load_text(
        f'{head}[guests.app]\nbundle = "lab"\n{settings}\n', Path()
    ).project
    assert project is not None
    found = [f for f in check(project) if f.path.startswith("guests.app.")]
    assert {f.code for f in found} & {"XT278", "XT280"} == codes
    if codes == {"XT280"}:
        assert "and this config is for Xen 4.1" in " ".join(f.message for f in found)
