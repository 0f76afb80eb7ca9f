# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Usual xl configs become guests that mean the same to xl.

Each config is modelled on one from public repositories or guides. ``xl create -n`` judges: the
domain that it makes from the config must equal the domain from the imported guest, apart from the
paths of files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import xl_parser
from tests.cli.conftest import Run
from xentui.errors import UsageError
from xentui.output.guest_cfg import predict_config
from xentui.output.render import render
from xentui.project import document, schema, tables
from xentui.project.model import Host, Project
from xentui.rules import check
from xentui.session import import_xl

needs_xl = pytest.mark.skipif(bool(xl_parser.why_not_create()), reason=xl_parser.why_not_create())

PV = "kernel = '/boot/vmlinuz'\nmemory = 512\nname = 'g'\n"
CARRIED = {
    "a file": f"{PV}disk = ['file:/srv/g.img,xvda,w']\nroot = '/dev/xvda ro'\n",
    "a volume": f"{PV}disk = ['phy:/dev/vg0/g,xvda1,w']\nroot = '/dev/xvda1 ro'\nextra = '4'\n",
    "a volume in the newer syntax": f"{PV}disk = ['/dev/vg/guest,raw,xvda,rw']\n",
    "a ramdisk": f"{PV}ramdisk = '/boot/initrd.img'\ndisk = ['phy:/dev/sdb1,xvda,w']\n",
    "no disk": f"{PV}ramdisk = '/srv/r.cpio.gz'\nextra = 'console=hvc0 rdinit=/sbin/init'\n",
    "an empty disk list": f"{PV}ramdisk = '/srv/r.cpio.gz'\ndisk = [ ]\nvif = [ ]\n",
    "pvh": f"{PV}type = 'pvh'\ndisk = ['phy:/dev/drbd/by-res/g/0,xvda1,w']\nvcpus = 3\n",
    "several interfaces": f"{PV}vif = [ 'bridge=br0, vifname=g.0',\n 'bridge=br1, vifname=g.1' ]\n",
    "a fixed MAC": f"{PV}vif = ['mac=00:16:3e:00:00:03,bridge=br']\ndisk = ['/g.img,,xvda,w']\n",
    "an address": f"{PV}vif = ['ip=10.0.0.2, mac=00:16:3E:29:33:14, gatewaydev=xenbr0']\n",
    "a script": f"{PV}vif = [ 'script=vif-openvswitch,bridge=ovsbr0' ]\n",
    "a rate": f"{PV}vif = ['bridge=xenbr0,rate=10Mb/s@20ms']\n",
    "two volumes": f"{PV}disk = ['phy:/dev/vg/r,xvda1,w','phy:/dev/vg/s,xvda2,w']\n",
    "a second image": f"{PV}disk = ['file:/srv/r.img,xvda,w', 'file:/srv/d.img,xvdb,r']\n",
    "qcow2 as a second disk": f"{PV}disk = ['/r.img,raw,xvda,w',\n 'format=qcow2,vdev=xvdb,"
    "target=/d']\n",
    "a volume read only": f"{PV}disk = ['phy:/dev/vg/r,xvda,r']\n",
    "emulated hardware": "name = 'w'\nbuilder = 'hvm'\nmemory = 2048\nvcpus = 2\nboot = 'c'\n"
    "disk = ['/srv/w.raw,raw,hda,w']\nvnc = 1\nvnclisten = '0.0.0.0'\nserial = 'pty'\n",
    "emulated hardware with a CD": "name = 'w'\ntype = 'hvm'\nmemory = 2048\nboot = 'dc'\n"
    "disk = ['file:/srv/w.img,hda,w', 'file:/srv/install.iso,hdc:cdrom,r']\nusbdevice = 'tablet'\n",
    "hvmloader as the kernel": "kernel = '/usr/lib/xen/boot/hvmloader'\nbuilder = 'hvm'\n"
    "memory = 512\nname = 'w'\ndisk = ['file:/w.img,hda,w']\nacpi = 1\nsdl = 0\nvnc = 1\n",
    "a graphics card passed through": "name = 'w'\ntype = 'hvm'\nmemory = 4096\nvcpus = 2\n"
    "bios = 'seabios'\ndevice_model_version = 'qemu-xen'\nvga = 'stdvga'\nvideoram = 32\n"
    "disk = [\n 'format=raw,vdev=hda,access=rw,target=/w.raw'\n]\n"
    "pci = ['0000:01:00.0,permissive=1']\n"
    "vif = ['bridge=xenbr0,model=e1000,script=vif-bridge,mac=52:54:00:12:34:56']\n",
    "Windows": "arch = 'x86_64'\nname = 'windows7-sp1'\nmaxmem = 3000\nmemory = 3000\nvcpus = 2\n"
    "maxvcpus = 2\nbuilder = 'hvm'\nboot = 'cd'\nhap = 1\non_reboot = 'destroy'\nvga = 'stdvga'\n"
    "usb = 1\naudio = 1\nsoundhw = 'hda'\nviridian = 1\naltp2m = 2\nshadow_memory = 32\n"
    "disk = ['file:/w.img,hda,w', 'file:/w.iso,hdc:cdrom,r']\n",
    "pygrub": "name = 'my'\nbootloader = 'pygrub'\nmemory = 1024\nmaxmem = 6144\nvcpus = 6\n"
    "maxvcpus = 8\ndisk = ['file:/srv/my.img,xvda,rw']\n",
    "a boot loader by its path": "name = 'my'\nbootloader = '/usr/lib/xen-4.17/bin/pygrub'\n"
    "memory = 1024\ndisk = ['/srv/my.img,raw,xvda,rw']\n",
    "a driver domain": f"{PV}driver_domain = 1\npci = ['03:00.0', '03:00.1']\npci_seize = 1\n",
    "its client": f"{PV}vif = ['backend=net,bridge=b']\ndisk = ['phy:/dev/a,xvda,w,backend=s']\n",
    "pinned": f"{PV}cpus = '2-3'\npool = 'Pool-rt'\ncpu_weight = 512\ncap = 50\nvcpus = 2\n",
    "pinned one by one": f"{PV}vcpus = 2\ncpus = '2,3'\ncpus_soft = 'all'\n",
    "actions": f"{PV}on_poweroff = 'preserve'\non_reboot = 'preserve'\non_crash = 'restart'\n",
    "a frame buffer": f"{PV}vfb = ['type=vnc,vncdisplay=77']\ndisk = ['/dev/xen/v,raw,xvda,rw']\n",
    "a shared folder": f"{PV}p9 = ['tag=root,security_model=none,path=/srv/root']\n",
    "I/O memory": f"{PV}iomem = ['fe000,1', '0xff000,2@80000']\nirqs = [ 95, 96 ]\n",
    "I/O ports": f"{PV}ioports = ['3f8-3ff']\nirqs = [4]\n",
    "device tree devices": f"{PV}type = 'pvh'\ndevice_tree = 'eth.dtb'\nramdisk = '/r.cpio.gz'\n"
    "dtdev = [ '/soc@0/ethernet@10830000' ]\niomem = [ '0x10830,4', '0x10d12,1' ]\nirqs = [256]\n",
    "settings that xl does not know": f"{PV}dtb = 'x.dtb'\niommu = 1\nmaxcpus = 4\nnetmask = 'x'\n",
    "settings of xm": f"{PV}ip = '192.168.0.101'\ngateway = '192.168.0.1'\n"
    "hostname = 'g'\nroot = '/dev/x ro'\n",
    "settings of another manager": f"{PV}cpu_cap = 0\nguest_os_type = 'linux'\nuuid = "
    "'0004fb00-0006-0000-cfe2-da48f9e2120e'\nkeymap = 'pt-br'\n",
    "the older memory": "kernel = 'k'\nname = 'g'\nmemory = '256'\nmaxmem = '256'\n",
    "no memory": "kernel = 'k'\nname = 'g'\n",
    "memory that can grow": "kernel = 'k'\nname = 'g'\nmemory = 128\nmaxmem = 512\n",
    "a vif as text": f"{PV}vif = 'bridge=xenbr0'\n",
    "numbers in words": f"{PV}vcpus = 'two'\nlocaltime = 'yes'\n",
    "a unikernel": "name = 'unikernel'\nkernel = 'www.xen'\nmemory = 32\non_crash = 'preserve'\n"
    "extra = '--port=80'\nvif = ['bridge=br0', 'bridge=br0', 'bridge=br1']\n",
    "a name with blanks and capitals": "kernel = 'k'\nname = 'Domain-U.1'\nmemory = 64\n",
    "a reserved name": "kernel = 'k'\nname = 'export'\nmemory = 64\n",
    "a quoted command line": f"{PV}extra = \"root=/dev/xvda quiet=a,b console=hvc0\"\n",
    "cmdline": f"{PV}cmdline = 'root=/dev/xvda rw'\nextra = 'unused'\n",
    "a channel": f"{PV}channel = ['connection=socket,path=/run/s,name=org.agent']\n",
    "virtio": f"{PV}disk = ['phy:/dev/mmcblk0p3, xvda1, backendtype=standalone, "
    "specification=virtio']\n",
    "another format": f"{PV}disk = ['vhd:/a.vhd,xvda,w']\n",
    "two other formats": f"{PV}disk = ['/a.qed,qed,xvda,w', '/b.vhd,vhd,xvdb,w']\n",
    "a disk by the network": f"{PV}disk = ['/a,raw,xvda,w', 'nbd:h,xvdb,w']\n",
    "iSCSI": f"{PV}disk = ['script=block-iscsi,vdev=xvda,target=iqn=iqn.2001.com.x:y,portal=h']\n",
    "a disk with words of its own": f"{PV}disk = ['/a,raw,xvda,w', 'vdev=xvdb,discard,"
    "direct-io-safe,backendtype=qdisk,target=/b']\n",
    "a first disk with words of its own": f"{PV}disk = ['/a,raw,xvda,w,no-discard']\n",
    "sound": f"{PV}vsnd = [['CARD, short-name=M', 'PCM, name=P', 'STREAM, unique-id=0, type=p']]\n",
    "a frame buffer and its keyboard": f"{PV}vnc = 1\nvncdisplay = 3\nvncpasswd = 'x'\n"
    "vnclisten = '0.0.0.0'\nkeymap = 'de'\n",
    "comments and one line": "# a guest\nname='g';kernel='k';memory=64 # MiB\n"
    "disk=[ 'file:/a,xvda,w', ]\n",
}  # fmt: skip
HVM = (
    "name = 'w'\nmaxmem = 579\nmemory = 394\nvcpus = 1\npae = 1\nacpi = 1\napic = 1\nviridian = 0\n"
    "rtc_timeoffset = 0\nlocaltime = 0\non_poweroff = 'destroy'\non_reboot = 'restart'\n"
    "on_crash = 'restart'\nbuilder = 'hvm'\nboot = 'd'\n"
)
FIXED = HVM.replace("maxmem = 579\n", "")
VOLUME = "disk = ['format=raw,vdev=hda,access=rw,backendtype=phy,target=/dev/HostVG/w']\n"
MANAGED = {
    "several serial ports": f"{HVM}{VOLUME}parallel = 'none'\nserial = ['pty', 'pty', 'null']\n",
    "emulated hardware with a kernel": f"{HVM}kernel = '/tmp/vmlinuz'\nramdisk = '/tmp/initrd'\n"
    "extra = 'ignore_loglvl'\nserial = 'none'\n"
    "disk = ['/dev/HostVG/w,raw,hda,w,backendtype=phy']\n",
    "emulated hardware with a kernel and cmdline": f"{HVM}{VOLUME}kernel = '/tmp/vmlinuz'\n"
    "cmdline = 'root=/dev/hda ro'\n",
    "three disks": f"{HVM}serial = 'none'\ndisk = ['/dev/HostVG/w,raw,hda,w,backendtype=phy', "
    "'/srv/home,qcow2,hdb,w,backendtype=qdisk', "
    "'/srv/boot.iso,raw,hdc,r,backendtype=qdisk,devtype=cdrom']\n",
    "disks by their place, partly": f"{HVM}disk = ['/dev/HostVG/w,,hda,,backendtype=phy', "
    "'/srv/home,,hdb,,', '/srv/boot.iso,,hdc,,devtype=cdrom']\n",
    "Ceph": f"{HVM}disk = ['format=raw,vdev=hda,access=rw,backendtype=phy,target=/dev/HostVG/w', "
    "'format=raw,vdev=hdb,access=rw,backendtype=qdisk,target=rbd:pool/image:auth_supported=none:"
    "mon_host=mon1.example.org\\\\:6321\\\\;mon2.example.org\\\\:6322']\n",
    "SPICE": f"{HVM}{VOLUME}sdl = 0\nvnc = 0\nspice = 1\nspicehost = '127.0.0.1'\nspiceport = 590\n"
    "spicetls_port = 500\nspicedisable_ticketing = 0\nspicepasswd = 'thebeast'\n"
    "spiceagent_mouse = 1\nspicevdagent = 1\nspice_clipboard_sharing = 1\n",
    "a USB device of Dom0": "name = 'd'\nmemory = 512\nbootloader = '/usr/bin/pygrub'\nvif = ['mac="
    "5a:36:0e:be:00:09']\ndisk = ['format=qcow2,vdev=xvda,access=rw,backendtype=qdisk,"
    "target=/srv/d.qcow2']\nusbdev = ['hostbus=1,hostaddr=3']\n",
    "a USB controller": "name = 'd'\nmemory = 512\nbootloader = '/usr/bin/pygrub'\n"
    "disk = ['/srv/d.qcow2,qcow2,xvda,w']\nusbctrl = ['type=qusb,version=2,ports=6']\n",
    "USB devices that are emulated": f"{HVM}{VOLUME}usb = 1\nusbdevice = ['mouse', 'tablet']\n",
    "a card that QEMU does not have": f"{HVM}vif = ['bridge=xenbr1,model=fakemodel']\n",
    "bits of CPUID": f"{HVM}nestedhvm = 1\ncpuid = 'host,tm=0,sse3=1'\n",
    "a VLAN trunk": f"{HVM}{VOLUME}vif = ['bridge=ovsbr0:42:43,script=vif-openvswitch']\n",
    "a VLAN": f"{HVM}{VOLUME}vif = ['bridge=ovsbr0.42,script=vif-openvswitch,model=e1000']\n",
    "an ACPI table": f"{HVM}{VOLUME}acpi_firmware = '/sys/firmware/acpi/tables/SLIC'\n",
    "timers": f"{HVM}{VOLUME}hpet = 1\ntsc_mode = 'native'\ntimer_mode = 1\n",
    "no nested paging": f"{HVM}{VOLUME}hap = 0\n",
    "UEFI": f"{HVM}{VOLUME}bios = 'ovmf'\n",
    "its own UEFI": f"{HVM}{VOLUME}bios = 'ovmf'\nbios_path_override = '/usr/share/OVMF/OVMF.fd'\n",
    "PCI with all options": f"{FIXED}{VOLUME}pci = ['0001:0c:1b.2,permissive=0,msitranslate=1,"
    "power_mgmt=1']\n",
    "its own device model": f"{HVM}{VOLUME}device_model_version = 'qemu-xen'\n"
    "device_model_override = '/opt/qemu'\ndevice_model_args = ['-d', 'unimp']\n",
    "a stub domain": f"{HVM}{VOLUME}device_model_version = 'qemu-xen'\n"
    "device_model_stubdomain_override = 1\n",
    "limits of what it may map": f"{PV}max_grant_frames = 64\nmax_maptrack_frames = 2048\n"
    "event_channels = 2047\n",
    "the memory map of the PC": f"{PV}e820_host = 1\npci = ['03:00.0']\n",
    "vif of a kind": f"{HVM}{VOLUME}vif = ['mac=00:16:3e:66:92:9c,bridge=xenbr1,type=netfront']\n",
    "the default interface": f"{PV}vif = [ '' ]\ndisk = [ '/dev/vg/g,raw,xvda,rw' ]\n",
    "PVH of Xen's examples": f"{PV}type = \"pvh\"\nvcpus = 2\nextra = \"root=/dev/xvda1\"\n"
    "vif = [ '' ]\ndisk = [ '/dev/vg/guest-volume,raw,xvda,rw' ]\n",
    "HVM of Xen's examples": "type = \"hvm\"\nname = \"w\"\nmemory = 128\nvcpus = 2\nvif = [ '' ]\n"
    "disk = [ '/dev/vg/guest-volume,raw,xvda,rw' ]\nsdl = 1\n",
    "HVM of xm": f"{HVM}disk = [ 'phy:/dev/vg/w,hda,w', ',hdc:cdrom,r' ]\nvncpasswd = ''\n"
    "stdvga = 0\nserial = 'pty'\nsdl = 0\nopengl = 1\nvnc = 0\n",
    "PV-GRUB": "kernel = '/usr/lib/xen/boot/pv-grub-x86_64.gz'\nextra = '(hd0,0)/boot/grub/m.lst'"
    "\nname = 'g'\nmemory = 128\nvif = [ '' ]\ndisk = [ 'phy:hda1,hda1,w' ]\nvtpm = []\n",
    "a vTPM": f"{PV}disk = [ 'file:/var/vtpm.img,hda,w' ]\nvtpm = ['backend=vtpmmgr,uuid="
    "ac0a5b9e-cbe2-4c07-b43b-1d69e46fb839']\n",
    "a guest of a test": "name=\"domU\"\nmemory=512\nvcpus=1\nkernel=\"/srv/bzImage\"\n"
    "ramdisk=\"/srv/r.cpio.gz\"\nextra=\"console=hvc0 root=/dev/ram0 rdinit=/bin/sh\"\n",
    "a guest of a test with a device": "type = 'hvm'\nname = 'd'\nkernel = '/boot/vmlinuz'\n"
    "ramdisk = '/boot/initrd'\ncmdline = 'root=/dev/ram0 console=hvc0'\nmemory = 512\nvif = [ ]\n"
    "disk = [ ]\npci = [ '03:00.0,seize=1' ]\non_reboot = 'destroy'\n",
    "limits of the scheduler": f"{PV}cpu_weight = 256\ncap = 0\nperiod = 100\nslice = 100\n"
    "latency = 0\nextratime = 1\n",
    "soft affinity by vCPU": f"{PV}vcpus = 2\ncpus = ['0', '1']\ncpus_soft = ['all', '0']\n",
    "NUMA of the host": f"{PV}cpus = 'all,^1'\nvcpus = 4\nmaxvcpus = 8\n",
    "a security label": f"{PV}seclabel = 'system_u:system_r:domU_t'\ninit_seclabel = "
    "'system_u:system_r:domB_t'\n",
    "Viridian by name": f"{HVM}{VOLUME}viridian = ['base', 'freq', '!time_ref_count']\n",
    "reserved memory": f"{FIXED}{VOLUME}rdm = 'strategy=host,policy=relaxed'\npci = ['01:00.0']\n",
    "graphics passed through": f"{FIXED}{VOLUME}gfx_passthru = 'igd'\npci = ['00:02.0']\n"
    "vga = 'none'\n",
    "sound and a screen": f"{HVM}{VOLUME}soundhw = 'hda'\nvga = 'qxl'\nvideoram = 128\nvnc = 1\n"
    "vncdisplay = 3\nvncunused = 0\nkeymap = 'de'\n",
    "Xen's own console": f"{PV}xen_platform_pci = 1\nnomigrate = 1\n",
    "an id of its own": f"{PV}uuid = '45b60f51-88a9-47a8-a3b3-5e66d71b2283'\n",
}  # fmt: skip
"""Configs as guest managers write them, and from Xen's own examples and tests."""
REFUSED = {
    "a mistake": ("name = g\n", "xl refuses this"),
    "a disk that xl refuses": (f"{PV}disk = ['/a.img,vmdk,xvda,w']\n", "vmdk"),
    "several addresses": (
        f"{PV}vif = ['bridge=xenbr1,ip=10.0.0.1 10.1.1.1 2000::1,script=vif-bridge']\n",
        "has spaces",
    ),
    "a replicated disk": (
        f"{PV}disk = ['/a,raw,xvda,w', 'file:/b,xvdb,w,colo,colo-host=h,colo-port=9']\n",
        "no field for",
    ),
    "a type that xl does not know": (f"{PV}builder = 'linux'\n", "builder"),
    "lists in lists in lists": (f"{PV}vsnd = [[['a']]]\n", "has lists"),
}


def import_config(text: str, folder: Path) -> tuple[Project, import_xl.ImportedGuest]:
    """Import one config."""
    path = folder / "guest.cfg"
    path.write_text(text, encoding="utf-8")
    machine = "qemuarm64" if "dtdev" in text else "qemux86-64"
    return import_xl.with_imported_guest(Project(host=Host(machine)), path)


@needs_xl
@pytest.mark.parametrize("kind", [*CARRIED, *MANAGED])
def test_the_guest_means_the_same_to_xl(kind: str, tmp_path: Path) -> None:
    text = CARRIED.get(kind) or MANAGED[kind]
    project, made = import_config(text, tmp_path)
    assert schema.validate(tables.to_data(project)) == []
    assert project.guests == (made.guest,)
    before = xl_parser.create(text)
    after = xl_parser.create(predict_config(project, made.guest))
    assert before.accepted
    assert after.accepted, after.complaints
    assert _meaning(after.domain, made) == _meaning(before.domain, made)


def _meaning(domain: Any, made: import_xl.ImportedGuest) -> Any:
    """Return a domain without its random parts, and with bare file names.

    An empty setting means the same as a missing one. The format of a disk is that of the imported
    image, which the class makes raw.
    """

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            kept = {k: plain(v, k) for k, v in value.items() if k not in ("uuid", "format")}
            return {k: v for k, v in kept.items() if v not in ({}, [], "", None)}
        if isinstance(value, list):
            return [plain(item) for item in value]
        if name in ("pdev_path", "kernel", "ramdisk", "device_tree") and not value.startswith(
            "/dev/"
        ):
            return "FILE"
        if name == "cmdline":
            return " ".join(value.split())
        return value

    found = plain(domain)
    if made.guest.memory == 32:
        found["b_info"].update(max_memkb=32 * 1024, target_memkb=32 * 1024)
    build = found["b_info"]
    if made.guest.type == "hvm":
        # Every HVM guest from xentui has these: it boots from its disk and has a console.
        build["type.hvm"] = {"boot": "c", "serial": "pty", **build.get("type.hvm", {})}
    for interface in found.get("nics", []):
        # The default of libxl (xen:tools/libs/light/libxl_nic.c:85).
        interface.setdefault("bridge", "xenbr0")
    build.setdefault("avail_vcpus", [0])
    build.setdefault("max_vcpus", 1)
    return found


@pytest.mark.parametrize("kind", REFUSED)
def test_a_config_that_cannot_be_imported_is_refused_with_the_reason(
    kind: str, tmp_path: Path
) -> None:
    text, why = REFUSED[kind]
    with pytest.raises(UsageError, match=re.escape(why)) as caught:
        import_config(text, tmp_path)
    assert caught.value.fix


def test_what_libxl_refuses_is_imported_and_reported_by_the_rules(tmp_path: Path) -> None:
    text = f"{PV}type = 'pvh'\nmaxmem = 1024\ndtdev = ['/soc/ethernet@1']\n"
    project, made = import_config(text, tmp_path)
    assert (made.guest.maxmem, made.guest.dtdev) == (1024, ("/soc/ethernet@1",))
    assert any("maxmem is greater" in note for note in made.notes)
    assert "XT278" in {finding.code for finding in check.check(project)}


def test_settings_that_are_left_out_are_noted_with_their_lines(tmp_path: Path) -> None:
    _, made = import_config(CARRIED["settings that xl does not know"], tmp_path)
    assert [note.partition(": ")[2] for note in made.notes] == [
        "line 4: dtb is not a key of xl",
        "line 5: iommu is not a key of xl",
        "line 6: maxcpus is not a key of xl",
        "line 7: netmask is not a key of xl",
    ]


def test_needed_files_are_listed_with_their_paths_in_the_config(tmp_path: Path) -> None:
    _, made = import_config(CARRIED["a second image"], tmp_path)
    files = made.needed_files
    assert files == {"vmlinuz": "/boot/vmlinuz", "r.img": "/srv/r.img", "d.img": "/srv/d.img"}


def test_two_guests_with_one_name_get_two_keys(tmp_path: Path) -> None:
    project, first = import_config(PV, tmp_path)
    project, second = import_xl.with_imported_guest(project, tmp_path / "guest.cfg")
    assert (first.guest.key, second.guest.key) == ("g", "g-2")
    assert [bundle.key for bundle in project.bundles] == [import_xl.BUNDLE]


def test_the_command_imports_several_configs(tmp_path: Path, run: Run) -> None:
    for name, kind in (("a.cfg", "a file"), ("b", "pvh")):
        (tmp_path / name).write_text(CARRIED[kind], encoding="utf-8")
    out = tmp_path / "project.toml"
    result = run("import", tmp_path / "a.cfg", tmp_path / "b", "-o", out, "--machine", "qemux86-64")
    assert result.code == 0, result.err
    project = document.load(out).project
    assert project is not None
    assert [guest.key for guest in project.guests] == ["g", "g-2"]
    assert "vmlinuz: must be next to the project file" in result.err


def test_the_command_names_the_file_and_line_of_a_mistake(tmp_path: Path, run: Run) -> None:
    bad = tmp_path / "bad.cfg"
    bad.write_text("name = g\n", encoding="utf-8")
    result = run("import", bad)
    assert result.code == 2
    assert f"{bad}:1: xl refuses this" in result.err


def test_files_with_one_name_stay_apart(tmp_path: Path, run: Run) -> None:
    for key, disk in (("web", "/srv/web/disk.img"), ("db", "/srv/db/disk.img")):
        (tmp_path / f"{key}.cfg").write_text(
            f'name = "{key}"\nmemory = 64\nkernel = "/boot/vmlinuz"\n'
            f'disk = [ "{disk},raw,xvda,rw" ]\n'
        )
    (tmp_path / "many.cfg").write_text(
        'name = "w"\nmemory = 64\nkernel = "/srv/a/img"\n'
        'disk = [ "/srv/b/img,raw,xvda,rw", "/srv/c/img,raw,xvdb,rw", "/srv/d/img,raw,xvdc,rw" ]\n'
    )
    result = run(
        "import", *(tmp_path / f"{name}.cfg" for name in ("web", "db", "many")), "-o", "p.toml"
    )
    assert result.code == 0, result.err
    project = document.load(Path("p.toml")).project
    assert project is not None
    web, db, many = project.guests
    assert web.source is not None
    assert db.source is not None
    assert many.source is not None
    assert (web.source.file, db.source.file) == ("disk.img", "db-disk.img")
    # Both boot the same kernel.
    assert web.kernel == db.kernel == "vmlinuz"
    names = [many.kernel, many.source.file, *(disk.file for disk in many.disks)]
    assert len(set(names)) == 4
    for name in ("disk.img", "db-disk.img", *names):
        assert f"{name}: must be next to" in result.err


def test_an_error_in_a_config_names_the_file(tmp_path: Path, run: Run) -> None:
    config = tmp_path / "memory"
    config.write_text('name = "a"\nmemory = 9999999999\nkernel = "/k"\n')
    result = run("import", config, "-o", "p.toml")
    assert result.code != 0
    assert f"{config}: memory = " in result.err


ROUND = """
version = 1
[host]
machine = "qemux86-64"
[bundles.lab]
[guests.app]
bundle = "lab"
tags = ["external"]
memory = 96
cpus = "1"
vnc = true
pci = ["03:00.0,seize=1"]
xl = { cap = 50 }
source = { type = "rootfs_dir", file = "root", image_size = 8, fetch = [
    { uri = "file://root.tar.gz", subdir = "root" },
] }
ramdisk = "boot.cpio.gz"
disks = [
    { device = "xvdb", file = "data.qcow2", type = "qcow2", access = "ro" },
    { device = "xvdc", block = "/dev/sdb1" },
    { device = "xvdd", target = "iqn=a:b", script = "block-iscsi", options = ["discard"] },
]
fetch = [{ uri = "file://data.qcow2" }, { uri = "file://boot.cpio.gz" }]
[guests.volume]
bundle = "lab"
tags = ["external"]
rootfs = "none"
kernel = "none"
type = "hvm"
serial = ["pty", "null"]
disks = [{ device = "hda", block = "/dev/vg/v" }]
"""


def write_recipe(folder: Path) -> tuple[Project, Mapping[str, object]]:
    """Write the bundle recipe lab_1.0.bb with its configs; return the project and all its files."""
    project = document.load_text(ROUND, folder).project
    assert project is not None
    files = render(project).files
    for name, content in files.items():
        if "xen-guest-bundles" in name:
            path = folder / name.partition("xen-guest-bundles/")[2]
            path.parent.mkdir(exist_ok=True)
            path.write_text(str(content))
    return project, files


def test_a_config_that_a_second_guest_needs_is_still_to_be_copied(tmp_path: Path, run: Run) -> None:
    write_recipe(tmp_path)
    recipe, out = tmp_path / "lab_1.0.bb", tmp_path / "p.toml"
    text = recipe.read_text().replace("    app:external ", "    app:external twin:external ")
    line = 'XEN_GUEST_CONFIG_FILE[app] = "${UNPACKDIR}/app.cfg"\n'
    recipe.write_text(text.replace(line, line + line.replace("[app]", "[twin]")))
    result = run("import", recipe, "--machine", "qemux86-64", "-o", out)
    project = document.load(out).project
    assert project is not None
    assert project.guest("app").config_file is None
    config = project.guest("twin").config_file
    assert f"{config}: copy it next to the project file from " in result.err


def test_xentuis_own_files_are_imported_as_fields(tmp_path: Path, run: Run) -> None:
    project, files = write_recipe(tmp_path)
    recipe, out = tmp_path / "lab_1.0.bb", tmp_path / "p.toml"
    done = run("import", recipe, "--machine", "qemux86-64", "-o", out)
    assert done.code == 0
    again = document.load(out).project
    assert again is not None
    assert [guest.config_file for guest in again.guests] == [None, None]
    written = render(again).files
    for name, content in files.items():
        if "xen-guest-bundles" in name:
            assert str(written[name]) == str(content)
    same = again.guest("app")
    wanted = project.guest("app")
    assert (same.disks, same.pci, same.cpus, same.xl) == (
        wanted.disks, wanted.pci, wanted.cpus, wanted.xl,
    )  # fmt: skip
