# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: settings that need a complete xl config, further files, the start order."""

from tests.rules.case import Case
from tests.rules.guest_cases import BUNDLE, FETCHED, host

WEB = f'{BUNDLE}[guests.web]\nbundle = "lab"\ntags = ["external"]\n'
KERNEL = "guests.web.kernel"


def setting(code: str, field: str, bad: str, good: str, *, board: str = "qemux86-64") -> Case:
    """Return a case for one setting of a guest."""
    text = host(board, f"[guests.web]\n{bad}\n")
    return Case(code, f"guests.web.{field}", text, (bad, good), quick_fixes=1)


def disk(code: str, field: str, bad: str, good: str, *, fixes: int = 0) -> Case:
    """Return a case for a further disk."""
    text = f"{WEB}{FETCHED}\n[[guests.web.disks]]\n{bad}\n"
    files = {"web.ext4": b"", "data.img": b"x" * 4096}
    return Case(code, f"guests.web.disks[0]{field}", text, (bad, good), files, quick_fixes=fixes)


ARM64_IMAGE = bytes(56) + b"ARM\x64" + bytes(4096)
QCOW2 = b"QFI\xfb" + (3).to_bytes(4, "big") + bytes(508)
OWN_KERNEL = (
    f'{WEB}kernel = "Image"\n{FETCHED}\n[[guests.web.source.fetch]]\nuri = "file://Image"\n'
)

CASES = (
    disk("XT271", "", 'device = "xvdb"', 'device = "xvdb"\nsize = 64'),
    disk("XT271", "", 'device = "xvdb"\nsize = 1\nblock = "/dev/sdb"', 'device = "xvdb"\nsize = 1'),
    disk("XT272", ".file", 'device = "xvdb"\nfile = "data.img"', 'device = "xvdb"\nsize = 64'),
    disk("XT273", ".device", 'device = "xvda"\nsize = 1', 'device = "xvdb"\nsize = 1'),
    Case(
        "XT270",
        "guests.web.disks[0].type",
        f'{WEB}fetch = [{{ uri = "file://data.img" }}]\n{FETCHED}\n[[guests.web.disks]]\n'
        'device = "xvdb"\nfile = "data.img"\ntype = "qcow2"\n',
        ('type = "qcow2"', ""),
        {"web.ext4": b"", "data.img": b"x" * 4096},
        quick_fixes=1,
    ),
    Case(
        "XT270",
        "guests.web.disks[0].type",
        f'{WEB}fetch = [{{ uri = "file://data.img" }}]\n{FETCHED}\n[[guests.web.disks]]\n'
        'device = "xvdb"\nfile = "data.img"\n',
        ('file = "data.img"\n', 'file = "data.img"\ntype = "qcow2"\n'),
        {"web.ext4": b"", "data.img": QCOW2},
        quick_fixes=1,
    ),
    Case(
        "XT274",
        "guests.web.after[0]",
        '[guests.net]\n[guests.web]\nafter = ["nett"]\n',
        ("nett", "net"),
        quick_fixes=1,
    ),
    Case(
        "XT274",
        "guests.web.after[0]",
        '[guests.net]\n[guests.web]\nafter = ["web"]\n',
        ('["web"]', '["net"]'),
        say="itself",
        quick_fixes=1,
    ),
    Case(
        "XT275",
        "guests.net.after",
        '[guests.net]\nafter = ["web"]\n[guests.web]\nafter = ["net"]\n',
        ('[guests.net]\nafter = ["web"]', "[guests.net]"),
        quick_fixes=1,
    ),
    Case(
        "XT276",
        "guests.web.after[0]",
        '[guests.net]\n[guests.web]\ntags = ["autostart"]\nafter = ["net"]\n',
        ("[guests.net]\n", '[guests.net]\ntags = ["autostart"]\n'),
        quick_fixes=2,
    ),
    Case(
        "XT277",
        "guests.web.backend",
        '[guests.net]\ndriver_domain = true\n[guests.web]\nbackend = "nett"\n',
        ('"nett"', '"net"'),
    ),
    Case(
        "XT287",
        "guests.web.backend",
        '[guests.net]\nmemory = 128\n[guests.web]\nbackend = "net"\n',
        ("memory = 128", "driver_domain = true"),
        quick_fixes=1,
    ),
    Case(
        "XT285",
        "guests.net.pci",
        '[guests.net]\ndriver_domain = true\n[guests.web]\nbackend = "net"\n',
        ("driver_domain = true", 'driver_domain = true\npci = ["03:00.0"]'),
    ),
    setting("XT278", "pci", 'pci = ["03:00"]', 'pci = ["03:00.0"]'),
    setting("XT278", "pci", 'type = "pvh"\npci = ["03:00.0"]', 'pci = ["03:00.0"]'),
    setting("XT278", "passthrough", 'passthrough = "sync_pt"', "", board="qemuarm64"),
    setting("XT278", "maxvcpus", "vcpus = 2\nmaxvcpus = 1", "vcpus = 2\nmaxvcpus = 2"),
    setting("XT279", "serial", 'serial = ["pty"]', ""),
    setting("XT279", "vuart", 'vuart = "sbsa_uart"', ""),
    setting("XT279", "xl.hpet", "xl = { hpet = 1 }", "xl = { localtime = 1 }"),
    setting("XT280", "xl.localtme", "xl = { localtme = 1 }", "xl = { localtime = 1 }"),
    setting("XT280", "xl.iommu", "xl = { iommu = 1 }", ""),
    setting("XT281", "xl.localtime", 'xl = { localtime = "yes" }', "xl = { localtime = 1 }"),
    setting("XT278", "xl.tsc_mode", 'xl = { tsc_mode = "fast" }', 'xl = { tsc_mode = "native" }'),
    setting("XT281", "maxmem", "memory = 256\nmaxmem = 128", "memory = 256\nmaxmem = 256"),
    setting("XT282", "xl.memory", "xl = { memory = 64 }", "memory = 64"),
    setting("XT282", "xl.disk", 'xl = { disk = ["phy:/dev/sdb,xvdb,w"] }', ""),
    Case(
        "XT283",
        "guests.web.pci",
        '[guests.web]\npci = ["03:00.0,seize=1"]\n',
        ('pci = ["03:00.0,seize=1"]', ""),
        say="IOMMU",
    ),
    setting("XT288", "pci", 'pci = ["03:00.0"]', 'pci = ["03:00.0,seize=1"]'),
    Case(
        "XT283",
        "guests.web.dtdev",
        host("qemuarm64", '[guests.web]\ndtdev = ["/soc/uart"]\n'),
        ('dtdev = ["/soc/uart"]', ""),
        say="xen,passthrough",
    ),
    Case(
        "XT284",
        KERNEL,
        OWN_KERNEL,
        ('"qemux86-64"', '"qemuarm64"'),
        {"web.ext4": b"", "Image": ARM64_IMAGE},
        say="aarch64",
        quick_fixes=1,
    ),
    Case(
        "XT284",
        KERNEL,
        OWN_KERNEL,
        ('kernel = "Image"', ""),
        {"web.ext4": b"", "Image": QCOW2},
        say="not a kernel",
        quick_fixes=1,
    ),
)
"""Every case."""
