# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: users' own xl configs."""

from tests.rules.case import Case

CONFIG = """\
name = "web"
memory = 256
vcpus = 1
disk = ['file:/elsewhere/web.ext4,xvda,rw']
kernel = "/elsewhere/kernel"
extra = "root=/dev/xvda ro console=hvc0"
"""
GUEST = '[guests.web]\nconfig_file = "web.cfg"\n'
PATH = "guests.web.config_file"


def own(code: str, bad: str, good: str, *, guest: str = GUEST, say: str = "") -> Case:
    """Return the case of a config with ``bad``, which ``good`` fixes."""
    assert CONFIG.count(good) == 1, good
    return Case(code, PATH, guest, (bad, good), {"web.cfg": CONFIG.replace(good, bad)}, say)


DISK = "disk = ['file:/elsewhere/web.ext4,xvda,rw']"
KERNEL = 'kernel = "/elsewhere/kernel"'
HVM = '[bundles.lab]\n[guests.web]\nbundle = "lab"\nkernel = "none"\nconfig_file = "web.cfg"\n'

VENDOR = (
    '[bundles.lab]\n[guests.web]\nbundle = "lab"\ntags = ["external"]\nconfig_file = "web.cfg"\n'
    '[guests.web.source]\ntype = "raw"\nfile = "v.raw"\nfetch = [{ uri = "file://v.raw" }]\n'
)
CASES = (
    Case(
        "XT237",
        "guests.web.memory",
        GUEST + 'memory = 128\nname = "w"\n',
        ('memory = 128\nname = "w"', ""),
        {"web.cfg": CONFIG},
        say="memory, name",
        quick_fixes=1,
    ),
    Case(
        "XT237",
        "guests.web.pci",
        GUEST + 'pci = ["03:00.0"]\nxl = { localtime = 1 }\n',
        ('pci = ["03:00.0"]\nxl = { localtime = 1 }\n', ""),
        {"web.cfg": CONFIG},
        say="pci, xl",
        quick_fixes=1,
    ),
    Case("XT238", PATH, GUEST, ("web.cfg", "plain.cfg"), {"plain.cfg": CONFIG}),
    own("XT239", "memory = 256M", "memory = 256", say="line 2"),
    own("XT239", "vcpus = -1", "vcpus = 1", say="line 3"),
    own("XT239", 'Name = "web"', 'name = "web"', say="line 1"),
    own("XT240", 'disk = ["file:/elsewhere/web.ext4,xvda,rw"]', DISK),
    own("XT240", "disk = [ \n 'file:/elsewhere/web.ext4,xvda,rw']", DISK),
    own("XT240", "disk = ['vdev=xvda,format=raw,target=/elsewhere/web.ext4']", DISK),
    own(
        "XT241",
        "disk=['file:/elsewhere/web.ext4,xvda,rw']",
        DISK,
        say="/var/lib/xen/images/web-qemux86-64.rootfs.ext4",
    ),
    own("XT241", "disk = [\n'file:/elsewhere/web.ext4,xvda,rw']", DISK),
    own("XT241", "\n disk = ['file:/elsewhere/web.ext4,xvda,rw']", "\n" + DISK),
    own("XT241", "# none", DISK, say="no disk"),
    own("XT242", "kernel = '/elsewhere/kernel'", KERNEL, say="/var/lib/xen/images/bzImage"),
    own("XT242", 'kernel="/elsewhere/kernel"', KERNEL),
    Case("XT243", PATH, HVM, ('kernel = "/elsewhere/kernel"', 'type = "hvm"'), {"web.cfg": CONFIG}),
    own("XT244", "# none", KERNEL),
    Case(
        "XT244",
        PATH,
        HVM,
        ("type = 'pv'", "type = 'hvm'"),
        {"web.cfg": CONFIG.replace(KERNEL, "type = 'pv'")},
    ),
    own(
        "XT245",
        "disk = ['file:/elsewhere/web.ext4,xvda,rw', 'file:/srv/data.img,xvdb,rw']",
        DISK,
        say="/srv/data.img",
    ),
    own("XT240", "disk = [ '/dev/vg/guest,raw,xvda,rw' ]", DISK, say='"xvda" is not an access'),
    own("XT240", "disk = ['/dev/vg/guest,,xvda,rw']", DISK, say="after the class has inserted"),
    own("XT240", "disk = ['phy:/dev/vg/g,raw,xvda,w']", DISK, say='"xvda" is not an access'),
    own("XT240", "disk = ['/srv/a.qcow2,qcow2,xvda,w']", DISK),
    own("XT240", "disk = ['file:/srv/a.img,xvda,wr']", DISK, say='"wr" is not an access'),
    own("XT240", "disk = ['file:/srv/a.img,xvda,rw,one']", DISK, say="one word too many"),
    own("XT240", "disk = ['file:/srv/a,xvda,rw', '/dev/vg/b,vmdk,xvdb,w']", DISK, say="vmdk"),
    own("XT240", "disk = ['file:/srv/a.img,foo=bar,xvda,rw']", DISK, say='"foo" is not a setting'),
    own("XT260", "memory = 256\nbuilder = 'linux'", "memory = 256", say="builder"),
    own("XT260", "memory = 256\ntype = 'PV'", "memory = 256", say="hvm, pv or pvh"),
    own("XT260", "memory = 256\non_crash = 'reboot'", "memory = 256", say="Line 3"),
    own("XT260", "memory = 256\npci = ['03:00']", "memory = 256", say="0000:03:00.0"),
    own("XT260", "memory = 256\niomem = ['fe000']", "memory = 256"),
    own("XT260", "memory = 256\ncpus = '3-1'", "memory = 256"),
    own("XT260", "memory = 256\npassthrough = 'yes'", "memory = 256"),
    own("XT261", "memory = 256\ntype = 'pvh'\npci = ['03:00.0']", "memory = 256", say="PVH"),
    own(
        "XT262", "memory = 256\nvif = 'bridge=xenbr0'", "memory = 256", say="vif is a single value"
    ),
    own("XT262", "memory = 256\nlocaltime = 'yes'", "memory = 256"),
    own("XT262", "memory = 256\nramdisk = ['/r']", "memory = 256"),
    own("XT263", "memory = 256\ntsc_mode = 1", "memory = 256", say="always_emulate"),
    own("XT264", "memory = 256\ndtb = '/b.dtb'", "memory = 256", say="dtb"),
    own("XT264", "memory = 256\niommu = 1", "memory = 256"),
    own("XT264", "memory = 256\nmaxcpus = 2", "memory = 256"),
    own("XT264", "memory = 256\nmemmory = 2", "memory = 256"),
    own("XT264", "memory = 256\non_xend_start = 'start'", "memory = 256"),
    own("XT265", "memory = 256\npvh = 1", "memory = 256", say="4.8"),
    own("XT265", "memory = 256\nsched = 'credit'", "memory = 256"),
    own("XT266", "memory = 256\nxenstore_quota = ['nodes=9']", "memory = 256", say="4.22"),
    own("XT267", "memory = 256\nserial = 'pty'", "memory = 256", say="HVM"),
    own("XT267", "memory = 256\ndtdev = ['/soc/uart']", "memory = 256", say="aarch64"),
    own("XT268", "# no memory", "memory = 256", say="32 MiB"),
    own("XT245", "memory = 256\nramdisk = '/boot/r.cpio.gz'", "memory = 256", say="ramdisk"),
    own("XT247", "memory = 'big'", "memory = 256", say="does not read as a number"),
    own("XT247", "vcpus = 'two'", "vcpus = 1", say="vcpus"),
    Case(
        "XT270",
        PATH,
        VENDOR,
        (",format=qcow2", ""),
        {"web.cfg": CONFIG.replace("xvda,rw", "xvda,rw,format=qcow2"), "v.raw": b"x" * 512},
        say="declared qcow2",
    ),
    own("XT246", "# no name", 'name = "web"'),
    own("XT247", "memory = 0256", "memory = 256", say="174"),
    own("XT247", 'memory = "256M"', "memory = 256", say="256M"),
    own("XT249", "vcpus = 2\nmaxvcpus = 1", "vcpus = 1"),
    own("XT250", "memory = 256\nmaxmem = 512", "memory = 256"),
    Case(
        "XT213",
        PATH,
        "[guests.db]\n" + GUEST,
        ("'db'", "'web'"),
        {"web.cfg": CONFIG.replace('"web"', "'db'")},
    ),
    Case("XT223", PATH, GUEST, ("br7", "xenbr0"), {"web.cfg": CONFIG + "vif = ['bridge=br7']\n"}),
    Case(
        "XT216",
        PATH,
        GUEST,
        ("brigde", "bridge"),
        {"web.cfg": CONFIG + "vif = ['brigde=xenbr0']\n"},
    ),
    Case(
        "XT233",
        PATH,
        'version = 1\n[host]\nmachine = "qemuarm64"\nnetwork = "nat"\n' + GUEST,
        ("pv'", "pvh'"),
        {"web.cfg": CONFIG + "type = 'pv'\n"},
    ),
    Case(
        "XT406",
        PATH,
        'version = 1\n[host]\nmachine = "qemux86-64"\nnetwork = "nat"\n' + GUEST,
        ("900", "128"),
        {"web.cfg": CONFIG.replace("256", "900")},
        quick_fixes=1,
    ),
)
"""Every case."""
