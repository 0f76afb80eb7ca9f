# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases of own xl configs."""

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
    """Return a case of a config in which ``bad`` stands instead of ``good``."""
    assert CONFIG.count(good) == 1, good
    return Case(code, PATH, guest, (bad, good), {"web.cfg": CONFIG.replace(good, bad)}, say)


DISK = "disk = ['file:/elsewhere/web.ext4,xvda,rw']"
KERNEL = 'kernel = "/elsewhere/kernel"'
HVM = '[bundles.lab]\n[guests.web]\nbundle = "lab"\nkernel = "none"\nconfig_file = "web.cfg"\n'

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
    own("XT241", "boot = 'c'", DISK, say="no disk"),
    own("XT242", "kernel = '/elsewhere/kernel'", KERNEL, say="/var/lib/xen/images/bzImage"),
    own("XT242", 'kernel="/elsewhere/kernel"', KERNEL),
    Case("XT243", PATH, HVM, ('kernel = "/elsewhere/kernel"', 'type = "hvm"'), {"web.cfg": CONFIG}),
    own("XT244", "boot = 'c'", KERNEL),
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
    own("XT246", "# no name", 'name = "web"'),
    own("XT247", "memory = 0256", "memory = 256", say="174"),
    own("XT247", 'memory = "256M"', "memory = 256", say="nothing"),
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
