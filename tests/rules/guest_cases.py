# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: guests and bundles."""

from tests.rules.case import Case

BUNDLE = "[bundles.lab]\n\n"
IN_BUNDLE = '[guests.web]\nbundle = "lab"\ntags = ["external"]\nrootfs = "web.ext4"\n'
FETCHED = """
[guests.web.source]
type = "ext4"
file = "web.ext4"

[[guests.web.source.fetch]]
uri = "file://web.ext4"
"""
IMPORTED = f'{BUNDLE}[guests.web]\nbundle = "lab"\ntags = ["external"]\n{FETCHED}'
VIF = "guests.web.vif"
EXTRA = "guests.web.extra"
OLD_KERNEL = 'kernel = "a/vmlinuz"'


def vif(entry: str, more: str = "") -> str:
    """Return a guest with one network interface."""
    return f'[guests.web]\nvif = ["{entry}"]\n{more}'


def extra(line: str, more: str = "") -> str:
    """Return a guest with a kernel command line."""
    return f'[guests.web]\nextra = "{line}"\n{more}'


def host(machine: str, text: str) -> str:
    """Return a project for another board."""
    return f'version = 1\n[host]\nmachine = "{machine}"\nmemory = 4096\nnetwork = "nat"\n{text}'


CASES = (
    Case(
        "XT201",
        "guests.web.bundle",
        f'[guests.web]\ntags = ["external"]\n{FETCHED}',
        ("tags", 'bundle = "lab"\ntags'),
        quick_fixes=1,
    ),
    Case(
        "XT201",
        "guests.web.bundle",
        '[guests.web]\nkernel = "none"\n',
        ('kernel = "none"', ""),
        quick_fixes=1,
    ),
    Case(
        "XT202",
        "guests.web.bundle",
        '[guests.web]\nbundle = "lab"\n',
        ("[guests", "[bundles.lab]\n[guests"),
        quick_fixes=1,
    ),
    Case("XT203", "bundles.lab", BUNDLE, ("[bundles.lab]", ""), quick_fixes=1),
    *(
        Case(
            "XT204",
            f"bundles.{name}",
            f'[bundles.{name}]\n[guests.web]\nbundle = "{name}"\n',
            (name, "lab"),
            quick_fixes=1,
        )
        for name in (
            "lab-native",
            "nativesdk-lab",
            "lib32-lab",
            "qemux86-64",
            "x86-64",
            "class-target",
            "lib32-nativesdk-x-native",
        )
    ),
    Case(
        "XT204",
        "bundles.my-board",
        host("my-board", '[bundles.my-board]\n[guests.web]\nbundle = "my-board"\n'),
        (
            'bundles.my-board]\n[guests.web]\nbundle = "my-board',
            'bundles.lab]\n[guests.web]\nbundle = "lab',
        ),
        quick_fixes=1,
    ),
    *(
        Case(
            "XT205",
            f"bundles.{name}",
            f'[bundles.{name}]\n[guests.web]\nbundle = "{name}"\n',
            (name, "lab"),
            quick_fixes=1,
        )
        for name in ("example-xen-guest-bundle", "alpine-xen-guest-bundle", "xen-image-minimal")
    ),
    Case(
        "XT205",
        "bundles.web",
        '[bundles.web]\n[guests.web]\nbundle = "web"\n',
        ('web"', 'web"\ntags = ["external"]'),
        quick_fixes=1,
    ),
    Case(
        "XT206", "guests.my_guest", "[guests.my_guest]\n", ("my_guest", "my-guest"), quick_fixes=1
    ),
    Case(
        "XT215",
        "guests.web-2",
        "[guests.web]\n[guests.web-2]\n",
        ("web-2", "db"),
        quick_fixes=1,
    ),
    Case(
        "XT215",
        "guests.xen-guest-image-minimal-2",
        "[guests.xen-guest-image-minimal-2]\n",
        ("minimal-2]", "minimal]"),
        quick_fixes=1,
    ),
    Case(
        "XT207",
        "guests.web.tags",
        IMPORTED.replace('tags = ["external"]\n', ""),
        ('"lab"\n', '"lab"\ntags = ["external"]\n'),
        quick_fixes=1,
    ),
    Case(
        "XT208",
        "guests.web",
        '[guests.web]\ntags = ["external"]\n',
        ("tags", 'rootfs = "web.ext4"\ntags'),
        say="web-qemux86-64.rootfs.ext4",
    ),
    Case(
        "XT209",
        "guests.web.rootfs",
        '[guests.web]\ntags = ["external"]\nrootfs = "web.ext4"\n',
        ('"external"', ""),
    ),
    Case(
        "XT210",
        "guests.web.rootfs",
        IMPORTED.replace("tags", 'rootfs = "x.ext4"\ntags'),
        ('rootfs = "x.ext4"\n', ""),
        quick_fixes=2,
    ),
    Case(
        "XT211",
        "guests.two.rootfs",
        '[guests.one]\nrootfs = "a/x.ext4"\n[guests.two]\nrootfs = "b/x.ext4"\n',
        ("b/x.ext4", "b/y.ext4"),
    ),
    Case(
        "XT211",
        "guests.two.rootfs",
        '[guests.one]\n[guests.two]\nrootfs = "one-qemux86-64.rootfs.ext4"\n',
        ("one-qemu", "two-qemu"),
    ),
    Case(
        "XT211",
        "guests.two.rootfs",
        IMPORTED + '[guests.two]\nrootfs = "web.img"\n',
        ("web.img", "two.img"),
    ),
    Case(
        "XT212",
        "guests.two.kernel",
        f'[guests.one]\n{OLD_KERNEL}\n[guests.two]\nkernel = "b/vmlinuz"\n',
        ("b/vmlinuz", "a/vmlinuz"),
        say="one",
    ),
    Case(
        "XT212",
        "guests.two.kernel",
        '[guests.one]\n[guests.two]\nkernel = "mine/bzImage"\n',
        ("mine/bzImage", "bzImage"),
    ),
    Case(
        "XT212",
        "guests.two.kernel",
        IMPORTED + '[guests.two]\nkernel = "web.img"\n',
        ('"web.img"', '"vmlinuz"'),
        say="image",
    ),
    Case(
        "XT212",
        "guests.two.kernel",
        IMPORTED.replace("tags", 'kernel = "vmlinuz"\ntags')
        + '[[guests.web.source.fetch]]\nuri = "file://vmlinuz"\n[guests.two]\nkernel = "vmlinuz"\n',
        ("[guests.two]\nkernel", '[guests.two]\nbundle = "lab"\nkernel'),
        {"web.ext4": "", "vmlinuz": ""},
    ),
    Case(
        "XT212",
        "guests.db.disks[0]",
        IMPORTED.replace("guests.web", "guests.db-xvdb")
        + '[guests.db]\ndisks = [{ device = "xvdb", size = 64 }]\n',
        ('"xvdb"', '"xvdc"'),
        {"web.ext4": ""},
        say="the image of db-xvdb",
    ),
    Case(
        "XT212",
        "guests.a-b.ramdisk",
        '[guests.a]\nramdisk = "b-x"\n[guests.a-b]\nramdisk = "x"\n',
        ('"x"', '"y"'),
        say="ramdisk of a",
    ),
    Case(
        "XT213",
        "guests.two.name",
        '[guests.one]\n[guests.two]\nname = "one"\n',
        ('"one"', '"two-1"'),
    ),
    Case("XT214", "guests.web.name", '[guests.web]\nname = "Domain-0"\n', ("Domain-0", "Domain-1")),
    Case("XT214", "guests.12", "[guests.12]\n", ("[guests.12]", "[guests.web-12]")),
    Case("XT216", VIF, vif("bridge=xenbr0,xenif=1"), (",xenif=1", ""), say="xenif"),
    Case("XT216", VIF, vif("xenbr0"), ("xenbr0", "bridge=xenbr0")),
    Case("XT216", VIF, vif("bridge=xenbr0,mac"), (",mac", "")),
    Case("XT217", VIF, vif("mac=00-16-3e-00-00-01"), ("00-16-3e-00-00-01", "00:16:3e:00:00:01")),
    Case("XT217", VIF, vif("mac=00:16:3e:00:00"), ("3e:00:00", "3e:00:00:01")),
    Case(
        "XT290",
        VIF,
        vif("bridge=xenbr0,ip=00:16:3e:zz:01:02"),
        (",ip=00:16:3e:zz:01:02", ""),
        quick_fixes=1,
    ),
    Case("XT290", VIF, vif("ip=192.168.8.300"), ("8.300", "8.30"), quick_fixes=1),
    Case("XT291", VIF, vif("model=br1"), ("br1", "e1000"), quick_fixes=1),
    Case(
        "XT292",
        "guests.web.extra",
        '[guests.web]\nextra = "root=/dev/xvda console=hvc0 ip=10.0.0.300::::web:eth0:off"\n',
        ("0.300", "0.30"),
    ),
    Case(
        "XT292",
        "guests.web.extra",
        '[guests.web]\nextra = "root=/dev/xvda console=hvc0 ip=10.0.0.3::::web:192.168.8.1:off"\n',
        ("192.168.8.1", "eth0"),
        say="192.168.8.1 is not the name of a network device",
    ),
    Case(
        "XT218",
        "guests.db.vif",
        vif("mac=00:16:3E:00:00:0a", '[guests.db]\nvif = ["mac=00:16:3e:00:00:0A"]\n'),
        (":0A", ":0B"),
        quick_fixes=1,
    ),
    Case(
        "XT218",
        VIF,
        '[guests.web]\nvif = ["mac=00:16:3e:00:00:01", "mac=00:16:3e:00:00:01"]\n',
        ('", "mac=00:16:3e:00:00:01', '", "mac=00:16:3e:00:00:02'),
        quick_fixes=1,
    ),
    Case("XT219", VIF, vif("mac=01:16:3e:00:00:01"), ("01:16", "00:16")),
    Case("XT220", VIF, vif("mac=00:1b:21:00:00:01"), ("00:1b:21", "02:1b:21")),
    Case("XT221", VIF, vif("rate=fast"), ("fast", "10Mb/s@20ms")),
    Case("XT222", VIF, vif("type=ioemu,bridge=xenbr0"), ("ioemu", "vif"), quick_fixes=1),
    Case("XT223", VIF, vif("bridge=xenbr1"), ("xenbr1", "xenbr0"), quick_fixes=1),
    Case(
        "XT223",
        VIF,
        '[defaults]\nvif = ["bridge=br9"]\n[guests.web]\n',
        ("br9", "xenbr0"),
        quick_fixes=1,
    ),
    Case(
        "XT224",
        VIF,
        '[guests.web]\nvif = ["devid=1", "devid=1"]\n',
        ('"devid=1"]', '"devid=2"]'),
        quick_fixes=1,
    ),
    Case("XT225", EXTRA, extra("ro console=hvc0"), ("ro ", "root=/dev/xvda ro "), quick_fixes=1),
    Case("XT225", EXTRA, extra(""), ('""', '"root=/dev/xvda"'), quick_fixes=1),
    Case("XT226", EXTRA, extra("root=/dev/sda1 ro"), ("/dev/sda1", "/dev/xvda1"), quick_fixes=1),
    Case("XT226", EXTRA, '[guests.web]\ndisk_device = "xvdb"\n', ("xvdb", "xvda"), quick_fixes=1),
    Case(
        "XT227",
        EXTRA,
        IMPORTED.replace("ext4", "qcow2"),
        ("[guests.web.source]", 'extra = "root=/dev/xvda1"\n[guests.web.source]'),
        {"web.qcow2": ""},
        quick_fixes=1,
    ),
    Case("XT228", EXTRA, extra("root=/dev/xvda"), ("xvda", "xvda console=hvc0"), quick_fixes=1),
    Case(
        "XT229",
        "guests.g15.extra",
        'version = 1\n[host]\nmachine = "qemuarm64"\nmemory = 65536\n'
        + "".join(f"[guests.g{number}]\n" for number in range(16)),
        ("memory", 'network = "nat"\nmemory'),
        quick_fixes=1,
    ),
    Case(
        "XT230",
        EXTRA,
        "[guests.web]\nvif = []\n",
        ("vif = []", 'vif = ["bridge=xenbr0"]'),
        quick_fixes=1,
    ),
    Case(
        "XT232",
        EXTRA,
        extra("root=/dev/xvda rootpassword=x db.password=hunter2"),
        (" db.password=hunter2", ""),
    ),
    Case("XT232", EXTRA, extra("root=/dev/xvda API_TOKEN=abc"), (" API_TOKEN=abc", "")),
    Case(
        "XT232",
        "defaults.extra",
        '[defaults]\nextra = "root=/dev/xvda secret=1"\n',
        (" secret=1", ""),
    ),
    Case(
        "XT233",
        "guests.web.type",
        host("qemuarm64", '[guests.web]\ntype = "hvm"\n'),
        ("hvm", "pvh"),
        quick_fixes=1,
    ),
    Case(
        "XT233",
        "guests.web.type",
        host("qemuarm64", '[guests.web]\ntype = "pv"\n'),
        ("qemuarm64", "qemux86-64"),
        quick_fixes=1,
    ),
    Case(
        "XT236",
        "guests.web.kernel",
        f'{BUNDLE}[guests.web]\nbundle = "lab"\ntype = "pvh"\nkernel = "none"\n',
        ("pvh", "hvm"),
        quick_fixes=2,
    ),
    Case(
        "XT236",
        "guests.web.kernel",
        host("qemuarm64", f'{BUNDLE}[guests.web]\nbundle = "lab"\nkernel = "none"\n'),
        ('kernel = "none"', ""),
        quick_fixes=1,
    ),
    Case(
        "XT289",
        "guests.web.extra",
        f'{BUNDLE}[guests.web]\nbundle = "lab"\ntype = "hvm"\nkernel = "none"\nextra = "quiet"\n',
        ('extra = "quiet"', ""),
        quick_fixes=1,
    ),
    Case("XT251", "guests.web.vcpus", "[guests.web]\nvcpus = 5\n", ("5", "4"), quick_fixes=1),
    Case("XT252", "guests.web.memory", "[guests.web]\nmemory = 63\n", ("63", "64"), quick_fixes=1),
    Case(
        "XT317",
        "bundles.lab.license",
        f'[bundles.lab]\nlicense = "Apache-2"\n{IN_BUNDLE}',
        ("Apache-2", "Apache-2.0"),
        quick_fixes=2,
    ),
    Case(
        "XT318",
        "bundles.lab.license",
        f'[bundles.lab]\nlicense = "CLOSED"\n{IN_BUNDLE}',
        ("CLOSED", "MIT"),
        quick_fixes=1,
    ),
)
"""Every case."""
