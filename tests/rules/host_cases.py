# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Cases: the host, its memory, and containers."""

from tests.rules.case import Case


def host(lines: str, *, machine: str = "qemux86-64", more: str = "") -> str:
    """Return a project with only a host."""
    return f'version = 1\n\n[host]\nmachine = "{machine}"\n{lines}\n{more}'


NAT = 'memory = 4096\nnetwork = "nat"'
GUEST = '[guests.web]\ntags = ["autostart"]\nmemory = 512\n'

CASES = (
    *(
        Case(
            "XT101",
            "host.machine",
            host(more, machine=one),
            (f'"{one}"', f'"{other}"'),
            quick_fixes=1,
        )
        for one, other, more in (
            ("qemuarm", "qemuarm64", NAT),
            ("qemux86", "qemux86-64", NAT),
            ("raspberrypi4", "raspberrypi4-64", ""),
            ("raspberrypi3-64", "raspberrypi4-64", ""),
        )
    ),
    Case(
        "XT101",
        "host.machine",
        host("memory = 4096", machine="imx93-11x11-lpddr4x-evk"),
        ("imx93-11x11-lpddr4x-evk", "imx8qm-mek"),
        say="serial",
    ),
    Case("XT101", "host.machine", host("", machine="ampere-altra"), ("ampere-altra", "qemuarm64")),
    Case("XT102", "host.machine", host("", machine="my-board"), ("my-board", "qemuarm64")),
    Case("XT103", "host.machine", host("", machine="intel-corei7-64"), ("intel-corei7", "qemux86")),
    Case(
        "XT103",
        "host.machine",
        host("", machine="raspberrypi5"),
        ("raspberrypi5", "qemuarm64"),
        say="never run",
    ),
    Case(
        "XT120",
        "host.accepted_licenses",
        host("", machine="raspberrypi4-64"),
        ("[host]", '[host]\naccepted_licenses = ["synaptics-killswitch"]'),
        quick_fixes=1,
    ),
    Case(
        "XT127",
        "host.machine",
        host("", machine="zynqmp-generic"),
        ("zynqmp-generic", "imx8qm-mek"),
        say="wrynose",
    ),
    Case(
        "XT122",
        "host.boot_mode",
        host('boot_mode = "uboot-rootfs"', machine="imx8qm-mek"),
        ("uboot-rootfs", "uboot-fat"),
        quick_fixes=1,
    ),
    Case(
        "XT105",
        "host.boot_mode",
        host('boot_mode = "bios"', machine="qemuarm64"),
        ('boot_mode = "bios"', ""),
        quick_fixes=1,
    ),
    Case("XT106", "host.boot_mode", host('boot_mode = "efi"'), ("efi", "bios"), say="UEFI"),
    Case("XT106", "host.boot_mode", host('boot_mode = "hyperv-gen1"'), ("hyperv-gen1", "bios")),
    Case(
        "XT107",
        "host.memory",
        host("memory = 2048", machine="genericx86-64") + '[preset]\ntitle = "a board"\n',
        ("memory = 2048", ""),
    ),
    Case("XT108", "host.dom0_memory", host("dom0_memory = 256"), ("256", "512")),
    Case(
        "XT108",
        "host.dom0_memory",
        host('boot_mode = "hyperv-gen1"\ndom0_memory = 1024', machine="genericx86-64"),
        ("1024", "512"),
    ),
    Case(
        "XT109",
        "host.dom0_memory",
        host('boot_mode = "manual"\ndom0_memory = 512', machine="genericarm64"),
        ("dom0_memory = 512", ""),
    ),
    Case(
        "XT110",
        "host.dom0_memory",
        host("dom0_memory = 513", machine="qemuarm64"),
        ("513", "512"),
        quick_fixes=1,
    ),
    Case(
        "XT111",
        "host.dom0_memory",
        host('boot_mode = "manual"', machine="genericx86-64"),
        ("boot_mode", "dom0_memory = 1024\nboot_mode"),
        quick_fixes=1,
    ),
    Case(
        "XT111",
        "host.dom0_memory",
        host('memory = 4096\nboot_mode = "manual"', machine="genericx86-64"),
        ('"manual"', '"efi"'),
    ),
    Case(
        "XT112",
        "host.dom0_memory",
        host("dom0_memory = 2048", machine="raspberrypi4-64"),
        ("2048", "1024"),
        quick_fixes=1,
    ),
    Case("XT113", "host.image", host('image = "my-image"'), ('"my-image"', '"xen-image-minimal"')),
    # The README's first example with the board's default memory: 1024 MiB, of which Dom0 gets 512.
    Case(
        "XT401",
        "guests",
        host("", more='[guests.xen-guest-image-minimal]\ntags = ["autostart"]\n'),
        ("tags =", "memory = 256\ntags ="),
        say="513 MiB",
        quick_fixes=2,
    ),
    Case(
        "XT401",
        "guests",
        host("memory = 1024", more=GUEST),
        ("memory = 512", "memory = 491"),
        quick_fixes=2,
    ),
    Case(
        "XT401",
        "guests",
        host("memory = 1024", more=GUEST + '[guests.db]\ntags = ["autostart"]\nmemory = 128\n'),
        ("memory = 512", "memory = 256"),
        say="2 guests",
        quick_fixes=2,
    ),
    Case(
        "XT402",
        "guests",
        host("memory = 1024", more=GUEST.replace("512", "256") + "[guests.db]\nmemory = 256\n"),
        ("[guests.db]\nmemory = 256", "[guests.db]\nmemory = 128"),
        quick_fixes=2,
    ),
    Case(
        "XT403",
        "host.memory",
        host("", machine="raspberrypi4-64"),
        ("[host]", "[host]\nmemory = 4096"),
    ),
    Case(
        "XT404",
        "containers",
        host("memory = 1024", more="[containers]\nvxn = true\n" + GUEST.replace("512", "64")),
        ("vxn = true", "vxn = true\nmemory = 128"),
        quick_fixes=1,
    ),
    Case(
        "XT405",
        "host.dom0_memory",
        host("memory = 512\ndom0_memory = 512"),
        ("dom0_memory = 512", "dom0_memory = 128"),
        quick_fixes=1,
    ),
    Case(
        "XT406",
        "guests.web.memory",
        host("memory = 1024", more="[guests.web]\nmemory = 512\n"),
        ("memory = 512", "memory = 491"),
        quick_fixes=2,
    ),
    Case(
        "XT501",
        "containers.vxn",
        host("memory = 4096", machine="raspberrypi4-64", more="[containers]\nvxn = true\n"),
        ("raspberrypi4-64", "qemuarm64"),
        quick_fixes=1,
    ),
    Case(
        "XT502", "containers.vxn", host(NAT, more="[containers]\nvxn = true\n"), ("true", "false")
    ),
    Case(
        "XT503",
        "containers.frontends",
        host(NAT, more='[containers]\nvxn = true\nfrontends = ["docker", "podman"]\n'),
        (', "podman"', ""),
        quick_fixes=2,
    ),
    Case(
        "XT504",
        "containers.frontends",
        host(NAT, more='[containers]\nfrontends = ["vdkr"]\n'),
        ("frontends", "vxn = true\nfrontends"),
        quick_fixes=2,
    ),
    Case(
        "XT504",
        "containers.frontends",
        host("", machine="raspberrypi4-64", more='[containers]\nfrontends = ["vdkr"]\n'),
        ('["vdkr"]', "[]"),
        quick_fixes=1,
    ),
    Case(
        "XT505",
        "containers.frontends",
        host(NAT, more='[containers]\nvxn = true\nfrontends = ["docker"]\n'),
        ("docker", "vdkr"),
    ),
    Case(
        "XT506",
        "containers.concurrent",
        host(NAT, more="[containers]\nvxn = true\nconcurrent = 0\n"),
        ("= 0", "= 2"),
        quick_fixes=1,
    ),
    Case(
        "XT507",
        "containers.memory",
        host(NAT, more="[containers]\nvxn = true\nmemory = 256\n"),
        ("= 256", "= 512"),
        quick_fixes=1,
    ),
    Case("XT702", "preset.title", host(NAT, more='[preset]\ntitle = "a\u202eb"\n'), ("\u202e", "")),
    Case(
        "XT702",
        "preset.description",
        host(NAT, more='[preset]\ntitle = "a"\ndescription = "x\\u001b[2J"\n'),
        ("\\u001b", "\\n"),
    ),
)
"""Every case."""
