# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Public problem reports about Xen, xl and Yocto, tried here: see docs/field-log.md.

Each entry is the core of a report, retyped: the configuration, and the findings it must get.
``never`` lists findings that would be wrong.
"""

from __future__ import annotations

import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bitbake.test_doctor import diagnose as doctor_findings
from tests.images import make
from xentui.images.inspect import inspect
from xentui.images.suggest import suggest
from xentui.project import document
from xentui.project.assets import gather
from xentui.rules.check import check

HEAD = 'version = 1\n[host]\nmachine = "{}"\nmemory = 8192\nnetwork = "nat"\n[bundles.lab]\n'
OWN = HEAD + (
    '[guests.g]\nbundle = "lab"\ntags = ["external"]\nconfig_file = "g.cfg"\nrootfs = "g.ext4"\n'
)


@dataclass(frozen=True)
class Report:
    """An xl config from a report.

    Attributes:
        number: its row in the log.
        text: the config.
        codes: the codes that must be reported.
        words: words that the messages must contain.
        never: codes that must not be reported.
    """

    number: int
    text: str
    codes: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    never: frozenset[str] = frozenset()
    machine: str = "qemux86-64"


REPORTS = (
    Report(
        1,
        'name = "a"\nbootloader = "pygrub"\nvcpus = "1"\nmemory = "512"\n'
        "disk = [ 'phy:/dev/vg1/a-disk,xvda2,w', 'phy:/dev/vg1/a-swap,xvda1,w' ]\n"
        "vif = [ 'ip=192.168.23.244 ,mac=00:16:3E:AA:BB:CC,bridge=xbr-wan0' ]\n",
        frozenset({"XT223"}),
        ("xbr-wan0",),
        frozenset({"XT240", "XT244", "XT245", "XT260"}),
    ),
    Report(
        2,
        'arch = \'x86\'\nname = "w"\nbuilder = "hvm"\nmemory = 3000\nvcpus = 2\nmaxcpus = 2\n'
        "audio = 1\nvif = [ 'type=ioemu,model=e1000,bridge=xenbr0' ]\n"
        "disk = [ 'file:/srv/w.img,xvda,w' ]\n",
        frozenset({"XT264"}),
        ("arch", "maxvcpus", "audio"),
        frozenset({"XT240", "XT260"}),
    ),
    Report(
        3,
        "name = 'b'\nkernel = '/srv/p/mir-b.xen'\nbuilder = 'linux'\nmemory = 256\n"
        "disk = [ 'format=raw, vdev=xvdb, access=rw, target=/srv/p/disk.img',"
        " 'format=raw, vdev=xvdc, access=rw, target=/srv/p/xvda1' ]\n",
        frozenset({"XT240", "XT242", "XT245", "XT260"}),
        ("/srv/p/xvda1", '"linux"', "the target is set twice"),
    ),
    Report(
        4,
        "builder='hvm'\nmemory=2048\nvcpus=4\nmaxcpus=4\nname='o'\npaused=0\n"
        "disk=['/dev/loop19941,raw,hda,rw']\nserial='pty'\nvif=['bridge=virbr0']\n",
        frozenset({"XT223", "XT241", "XT264"}),
        ("maxvcpus", "virbr0"),
    ),
    Report(
        5,
        'type = "hvm"\nname = "w"\nmemory = 1024\n'
        'device_model_version = "qemu-xen-traditional"\n'
        'device_model_override = "/usr/local/lib/xen/bin/qemu-dm"\n'
        "disk = ['file:/var/lib/xen/images/g.ext4,hda,w']\n",
        frozenset({"XT245", "XT260"}),
        ("/usr/local/lib/xen/bin/qemu-dm", "qemu-xen-traditional"),
    ),
    Report(
        6,
        "name = 'v'\nkernel = \"x\"\nmemory = '64'\npinned_cpu = '3'\n"
        "vif = ['mac=00:16:3e:33:44:01,bridge=vale0,script=vif-vale']\n",
        frozenset({"XT223", "XT241", "XT245", "XT264"}),
        ("/etc/xen/scripts/vif-vale", 'source.type = "kernel"'),
    ),
    Report(
        7,
        "name = 'c'\nkernel = \"x\"\nmemory = '64'\nclick = 'print.click'\n"
        "vif = ['ip=192.168.1.130,bridge=xenbr0,script=/etc/xen/scripts/vif-bridge']\n",
        frozenset({"XT241", "XT264"}),
        ("click",),
        frozenset({"XT245", "XT223"}),
    ),
    Report(
        8,
        'kernel="helloworld_xen-arm64"\nname="h"\nvcpus=1\nmemory=64\ngic_version="v3"\n'
        'on_crash="preserve"\n',
        frozenset({"XT241"}),
        ('source.type = "kernel"',),
        frozenset({"XT260", "XT264"}),
        "qemuarm64",
    ),
    Report(
        9,
        'name = "a"\nmemory = 512\nbootloader = "/usr/lib/xen/boot/domUloader.py"\n'
        'bootargs = "--entry=xvda1:/boot/vmlinuz-xen"\n'
        'disk=[ "tap:aio:/srv/a.raw,xvda,w" ]\nvif=[ "bridge=br0" ]\n',
        frozenset({"XT223", "XT241", "XT264"}),
        ("bootloader_args", "br0"),
    ),
    Report(
        10,
        "memory = 512\nkernel = '/nix/store/x/pv-grub-x86_64.gz'\nname = \"x\"\n"
        "extra = '(hd0)/boot/grub/menu.lst'\ndisk = [ 'phy:/dev/lvm/x,xvda1,w' ]\nvif = [ '' ]\n",
        frozenset({"XT242"}),
        (),
        frozenset({"XT240", "XT260"}),
    ),
)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: f"{report.number}")
def test_a_config_that_was_asked_about(report: Report, tmp_path: Path) -> None:
    (tmp_path / "g.cfg").write_text(report.text)
    loaded = document.load_text(OWN.format(report.machine), tmp_path)
    assert loaded.project is not None
    made_of = check(loaded.project, gather(loaded.project, tmp_path))
    reports = {one.code for one in made_of}
    assert reports >= report.codes
    assert not reports & report.never
    text = " ".join(f"{one.message} {one.fix}" for one in made_of)
    for word in report.words:
        assert word in text


def kernel_findings(folder: Path, content: bytes, machine: str = "qemux86-64") -> set[str]:
    """Return the findings for a guest whose own kernel has this content."""
    make.ext(folder / "g.ext4", make.root(folder))
    (folder / "kernel").write_bytes(content)
    text = HEAD.format(machine) + (
        '[guests.g]\nbundle = "lab"\ntags = ["external"]\nkernel = "kernel"\n'
        'extra = "root=/dev/xvda console=hvc0"\n[guests.g.source]\ntype = "ext4"\n'
        'file = "g.ext4"\n[[guests.g.source.fetch]]\nuri = "file://g.ext4"\n'
        '[[guests.g.source.fetch]]\nuri = "file://kernel"\n'
    )
    loaded = document.load_text(text, folder)
    assert loaded.project is not None
    return {one.code for one in check(loaded.project, gather(loaded.project, folder))}


@pytest.mark.parametrize(
    ("content", "machine", "wrong"),
    [
        (b"not a kernel\n", "qemux86-64", True),
        (bytes(0x38) + b"ARM\x64" + bytes(600), "qemux86-64", True),
        (bytes(0x38) + b"ARM\x64" + bytes(600), "qemuarm64", False),
        (gzip.compress(bytes(0x38) + b"ARM\x64" + bytes(600), mtime=0), "qemuarm64", False),
    ],
)
def test_11_a_kernel_that_xen_cannot_load(
    content: bytes, machine: str, wrong: bool, tmp_path: Path
) -> None:
    assert ("XT284" in kernel_findings(tmp_path, content, machine)) is wrong


def test_12_the_root_of_a_guest_is_a_ramdisk(tmp_path: Path) -> None:
    newc = b"070701" + b"0" * 88 + b"0000000B" + b"0" * 8 + b"TRAILER!!!\0"
    (tmp_path / "rootfs.cpio.gz").write_bytes(gzip.compress(newc.ljust(512, b"\0")))
    suggestion = suggest(inspect(tmp_path / "rootfs.cpio.gz"), "rootfs.cpio.gz")
    assert suggestion is not None
    assert suggestion.use == "ramdisk"
    made_of = doctor_findings(
        tmp_path,
        'MACHINE = "qemux86-64"\nDISTRO_FEATURES:append = " xen virtualization systemd"\n'
        'IMAGE_FSTYPES = "cpio.gz"\nBUNDLED_XEN_GUESTS = "plain-image"\n',
        more={"virt/recipes-extended/images/plain-image.bb": "inherit image\n"},
    )
    assert "XT660" in {one.finding.code for one in made_of}


def lines_found(folder: Path, *lines: str) -> set[str]:
    text = 'MACHINE = "qemux86-64"\n' + "".join(f"{line}\n" for line in lines)
    return {one.finding.code for one in doctor_findings(folder, text)}


def test_13_a_line_of_a_talk_from_years_ago(tmp_path: Path) -> None:
    assert "XT602" in lines_found(tmp_path, 'DISTRO_FEATURES_append = " virtualization xen"')


def test_14_packages_that_vanish_and_words_that_stick_together(tmp_path: Path) -> None:
    codes = lines_found(
        tmp_path,
        'IMAGE_INSTALL_append  = "glibc-utils localedef"',
        'IMAGE_INSTALL += "glibc-staticdev"',
        'IMAGE_INSTALL:append = "perf dbus"',
    )
    assert {"XT602", "XT606", "XT608"} <= codes


def test_15_a_comment_after_a_value(tmp_path: Path) -> None:
    made_of = doctor_findings(tmp_path, 'MACHINE = "qemuarm64" #or "khadas-vim3l"\n')
    # The two extra quotes are part of the value: BitBake reads them so.
    assert "XT617" in {one.finding.code for one in made_of}
    made_of = doctor_findings(tmp_path / "b", 'MACHINE = "qemuarm64" # mine\n')
    assert "XT601" in {one.finding.code for one in made_of}


@pytest.mark.parametrize("device", ["xvda", "xvda2"])
def test_16_a_cloud_image_called_img_is_a_qcow2(device: str, tmp_path: Path) -> None:
    script = "label: gpt\nstart=2048, size=2048, type=U\nstart=8192, size=65536, type=L\n"
    part = make.ext(tmp_path / "part", make.root(tmp_path), mib=32)
    raw = make.disk(tmp_path / "raw", script, {8192: part})
    make.run("qemu-img", "convert", "-O", "qcow2", raw, tmp_path / "cloudimg.img")
    text = HEAD.format("qemux86-64") + (
        '[guests.g]\nbundle = "lab"\ntags = ["external"]\n'
        f'extra = "root=/dev/{device} console=hvc0"\n[guests.g.source]\ntype = "raw"\n'
        'file = "cloudimg.img"\n[[guests.g.source.fetch]]\nuri = "file://cloudimg.img"\n'
    )
    project = document.load_text(text, tmp_path).project
    assert project is not None
    for _ in range(3):
        fixes = [
            one.quick_fix
            for one in check(project, gather(project, tmp_path))
            if one.code in ("XT350", "XT351") and one.quick_fix is not None
        ]
        if fixes:
            project = fixes[0].apply(project)
    guest = project.guest("g")
    assert guest.source is not None
    assert guest.source.type == "qcow2"
    assert "root=/dev/xvda2" in (guest.extra or "")


def test_17_a_qcow2_wrapped_as_a_raw_disk_is_still_one(tmp_path: Path) -> None:
    make.run("qemu-img", "create", "-q", "-f", "qcow2", tmp_path / "cirros-disk.img", "64M")
    seen = inspect(tmp_path / "cirros-disk.img")
    suggestion = suggest(seen, "cirros-disk.img")
    assert suggestion is not None
    assert suggestion.type == "qcow2"


def test_18_a_disk_in_pieces_is_put_together_first(tmp_path: Path) -> None:
    make.sparse(tmp_path / "raw", 1)
    options = ("-o", "subformat=twoGbMaxExtentFlat")
    make.run("qemu-img", "convert", "-O", "vmdk", *options, tmp_path / "raw", tmp_path / "d.vmdk")
    seen = inspect(tmp_path / "d.vmdk")
    assert seen.kind == "vm_disk"
    assert "qemu-img convert" in seen.problems[0]
    assert suggest(seen, "d.vmdk") is None


def test_19_a_routers_image_has_a_signature_behind_it(tmp_path: Path) -> None:
    make.run("gzip", make.ext(tmp_path / "openwrt.img", mib=2))
    with (tmp_path / "openwrt.img.gz").open("ab") as file:
        file.write(b"FWx0 signature")
    assert any("signature" in problem for problem in inspect(tmp_path / "openwrt.img.gz").problems)
    result = subprocess.run(
        [make.tool("gzip"), "-dc", str(tmp_path / "openwrt.img.gz")], capture_output=True
    )
    assert result.returncode == 2


def test_20_a_page_saved_in_the_place_of_an_image(tmp_path: Path) -> None:
    (tmp_path / "core-image-minimal.ext4").write_text("<html><title>404 Not Found</title></html>")
    seen = inspect(tmp_path / "core-image-minimal.ext4")
    assert seen.kind == "other"
    assert suggest(seen, "core-image-minimal.ext4") is None
