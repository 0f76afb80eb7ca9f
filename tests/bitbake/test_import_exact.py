# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What becomes of each line that is imported, to the word.

``XENTUI_GOLDEN=write pytest tests/bitbake/test_import_exact.py`` writes it anew; read the
difference as a user would read the project and the messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bitbake import trees
from tests.rules import goldens
from xentui.bitbake import importer
from xentui.bitbake.import_draft import CannotSay, mebibytes, number, vifs, words
from xentui.bitbake.importer import Imported
from xentui.project import new_file

FOLDER = Path(__file__).parent / "golden"
X86 = 'MACHINE = "qemux86-64"\n'
ARM = 'MACHINE = "qemuarm64"\n'
OWN = "pn-xen-image-minimal"

CONFS = {
    "nothing": "",
    "no machine": f'X = "1"\nQB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=512M"\n',
    "plain settings of the board": f"{X86}"
    'QB_MEM_VALUE = "2048"\nQB_MEM = "-m 1024"\nQB_XEN_CMDLINE_EXTRA = "x"\n',
    "the board said twice": f"{X86}"
    f'QB_MEM_VALUE = "2048"\nQB_MEM_VALUE:{OWN} = "4G"\nQB_MEM:{OWN} = "-m 512"\n'
    'QB_MEM = "-m 256"\nQB_MEM_VALUE:qemuarm64 = "1"\nQB_XEN_CMDLINE_EXTRA = "x"\n',
    "the board's option": f'{X86}QB_MEM:{OWN} = "-m 123456789"\nQB_MEM = "-m 256"\n',
    "the board's option, too long": f'{X86}QB_MEM:{OWN} = "-m 1234567890"\n',
    "another board's knobs": f"{X86}"
    f'QB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=512M"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1g"\n'
    'XEN_DOM0_NETWORK = "nat"\nXEN_EFI_BOOT = "1"\n',
    "a boot mode": f'{X86}XEN_BOOT_MODE = "efi"\nXEN_EFI_BOOT = "0"\n',
    "a wrong boot mode": f'{X86}XEN_BOOT_MODE = "wrong"\nXEN_DOM0_NETWORK = ""\n',
    "a wrong boot mode alone": 'XEN_BOOT_MODE = "wrong"\n',
    "a machine that python names": 'MACHINE = "${@f()}"\n',
    "an include that python names": f'{X86}include ${{@f()}}.conf\nXEN_BOOT_MODE = "efi"\n',
    "what bitbake sets": f'{X86}XEN_GUEST_EXTRA_DEFAULT := "${{PN}}"\n'
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "${PN}"\nBUNDLED_XEN_GUESTS = "a"\n'
    'XEN_GUEST_CONFIG_FILE[a] = "${TOPDIR}/a.cfg"\nXEN_GUEST_IMAGE_SIZE_DEFAULT = "300"\n',
    "guests named on two lines": f'{X86}BUNDLED_XEN_GUESTS = "a b"\nBUNDLED_XEN_GUESTS += "b"\n'
    'BUNDLED_XEN_GUESTS += "b"\n',
    "several things wrong": f'{X86}XEN_BOOT_MODE = "wrong"\nXEN_DOM0_NETWORK = "wrong"\n'
    'BUNDLED_XEN_GUESTS = "a b C"\nXEN_GUEST_VCPUS[a] = "0"\nXEN_GUEST_MEMORY[a] = "1"\n'
    'XEN_GUEST_VCPUS[b] = "0"\nXEN_GUEST_NAME[b] = " "\nXEN_GUEST_VCPUS[C] = "0"\n'
    'XEN_GUEST_VIF_DEFAULT = "bridge=$"\n',
    "no efi": f'{X86}XEN_EFI_BOOT = "0"\n',
    "raspberry": 'MACHINE = "raspberrypi4-64"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1g"\n'
    'PREFERRED_PROVIDER_virtual/kernel = "linux-raspberrypi"\n'
    'PREFERRED_VERSION_linux-raspberrypi = "6.12.%"\n',
    "zynq": 'MACHINE = "zynqmp-generic"\nRPI_DOM0_MEM = "512M"\nDOM0_MEM = "1G"\n'
    'ENABLE_XEN_DTSI = "1"\n',
    "arm": f'{ARM}IMAGE_FSTYPES:append:{OWN} = " ext4"\nQB_DEFAULT_FSTYPE:{OWN} = "ext4"\n'
    f'QB_XEN_CMDLINE_EXTRA:{OWN} = " dom0_mem=9G "\n',
    "arm, too much": f'{ARM}QB_XEN_CMDLINE_EXTRA:{OWN} = "dom0_mem=1234567890"\n',
    "overrides of machines": f'{ARM}XEN_GUEST_MEMORY_DEFAULT:qemuall = "256"\n'
    'XEN_GUEST_VCPUS_DEFAULT:aarch64 = "2"\nXEN_GUEST_EXTRA_DEFAULT:qemuarm64 = "ro"\n'
    f'XEN_GUEST_DISK_DEVICE_DEFAULT:linux = "sda"\nXEN_GUEST_IMAGE_FSTYPE:{OWN} = "ext3"\n'
    'XEN_DOM0_NETWORK:forcevariable = "nat"\nXEN_BOOT_MODE:x86-64 = "efi"\n',
    "overrides of another machine": 'MACHINE = "genericx86-64"\n'
    'XEN_GUEST_MEMORY_DEFAULT:qemuall = "256"\nXEN_GUEST_VCPUS_DEFAULT:x86-64 = "2"\n',
    "its own overrides": 'OVERRIDES = "mine"\nMACHINE = "qemuarm64"\n'
    'XEN_GUEST_MEMORY_DEFAULT:mine = "256"\nXEN_GUEST_VCPUS_DEFAULT:aarch64 = "2"\n',
    "defaults": f"{X86}"
    'XEN_GUEST_MEMORY_DEFAULT = "256"\nXEN_GUEST_VCPUS_DEFAULT = " 2 "\n'
    "XEN_GUEST_VIF_DEFAULT = \"bridge=a' , 'bridge=b\"\nXEN_GUEST_EXTRA_DEFAULT = \"ro\"\n"
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "sda"\nXEN_GUEST_IMAGE_FSTYPE = "ext3"\n'
    'XEN_GUEST_IMAGE_SIZE_DEFAULT = ""\n',
    "defaults that cannot be said": f"{X86}"
    'XEN_GUEST_MEMORY_DEFAULT = "0256"\nXEN_GUEST_VCPUS_DEFAULT = "${@f()}"\n'
    'XEN_GUEST_EXTRA_DEFAULT = "${NOT_SET}"\nXEN_GUEST_IMAGE_SIZE_DEFAULT = "1234567890"\n'
    'XEN_GUEST_VIF_DEFAULT = ""\nP = "${@f()}"\nQ = "${@g()}"\n'
    'XEN_GUEST_DISK_DEVICE_DEFAULT = "${P}${Q}"\n',
    "features": f"{X86}"
    'DISTRO_FEATURES:append = " xen systemd virtualization"\nDISTRO_FEATURES += "xen wayland"\n'
    'DISTRO_FEATURES = "xen"\nDISTRO_FEATURES:append = " ${MORE} xen"\n'
    'DISTRO_FEATURES:remove = "xen"\nDISTRO_FEATURES .= " "\nDISTRO_FEATURES:append = " vxn"\n'
    'DISTRO_FEATURES .= " xen"\nDISTRO_FEATURES =+ "systemd"\nDISTRO_FEATURES =. "xen "\n'
    'DISTRO_FEATURES:append = " pam x11"\nDISTRO_FEATURES:append = " pam xen x11"\n'
    'BBMULTICONFIG = "vruntime-aarch64"\nBBFILE_PATTERN_IGNORE_EMPTY_meta-python = "1"\n',
    "vxn": f"{X86}"
    f'IMAGE_INSTALL:append:{OWN} = " vxn vxn-vdkr"\n'
    f'IMAGE_INSTALL:append:{OWN} = " vxn-docker-config vim containerd-opencontainers nano"\n'
    'DISTRO_FEATURES:append = " vcontainer vxn"\nBBMULTICONFIG = "vruntime-aarch64"\n'
    'BBMULTICONFIG ?= "vruntime-x86-64 mine"\nBBMULTICONFIG += "other"\n'
    'BBMULTICONFIG ??= "vruntime-x86-64"\nBBMULTICONFIG := "vruntime-x86-64"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_meta-python = "1"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_webserver = "1"\n'
    'BBFILE_PATTERN_IGNORE_EMPTY_filesystems-layer = "1"\n',
    "podman": f'{X86}IMAGE_INSTALL:append:{OWN} = " vxn vxn-vpdmn vxn-podman-config"\n',
    "vxn alone": f'{X86}IMAGE_INSTALL:append:{OWN} = " vxn"\n',
    "image types": f'{X86}BUNDLED_XEN_GUESTS = "a b:external"\n'
    'IMAGE_FSTYPES:append:pn-a = " ext4"\nIMAGE_FSTYPES:append:pn-b = " ext4"\n'
    'IMAGE_FSTYPES:append:pn-c = " ext4"\nIMAGE_FSTYPES:append:pn-a = " ext3"\n'
    'IMAGE_FSTYPES:pn-a = "ext4"\nIMAGE_FSTYPES:append:pn-a:pn-b = " ext4"\n',
    "guests": f'{X86}BUNDLED_XEN_GUESTS = "a:autostart:external b:external:autostart:often:x"\n'
    'BUNDLED_XEN_GUESTS += "c a b:external"\nBUNDLED_XEN_GUESTS:append = " :x d d"\n'
    'XEN_GUEST_MEMORY[a] = "256"\nXEN_GUEST_VCPUS[a] = "2"\nXEN_GUEST_VIF[a] = "bridge=b"\n'
    'XEN_GUEST_EXTRA[a] = "ro"\nXEN_GUEST_DISK_DEVICE[a] = "sda"\nXEN_GUEST_NAME[a] = "web"\n'
    'XEN_GUEST_ROOTFS[a] = "a.img"\nXEN_GUEST_KERNEL[a] = "vmlinuz"\n'
    'XEN_GUEST_VCPUS[c] = "0"\nXEN_GUEST_MEMORY[c] = ""\nXEN_GUEST_MEMORY[e] = "64"\n'
    'XEN_GUEST_MEMORY = "1"\n',
    "guests of strange names": f'{X86}BUNDLED_XEN_GUESTS = "A b"\nXEN_GUEST_MEMORY[A] = "64"\n',
    "guests that python names": f'{X86}BUNDLED_XEN_GUESTS = "${{@f()}}"\n',
    "configs": f'{X86}BUNDLED_XEN_GUESTS = "a b c d"\n'
    'XEN_GUEST_CONFIG_FILE[a] = "/srv/../etc/a.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[b] = "/x/${UNPACKDIR}/b.cfg"\n'
    'XEN_GUEST_CONFIG_FILE[c] = "c.cfg"\nXEN_GUEST_CONFIG_FILE[d] = "${UNPACKDIR}/d.cfg"\n',
    "packages": f'{X86}IMAGE_INSTALL = "lab"\nIMAGE_INSTALL:append:{OWN} = " vxn-vdkr"\n'
    f'IMAGE_INSTALL:append:{OWN} = " a ${{@f()}}"\nIMAGE_INSTALL:append:pn-other = " lab"\n'
    f'IMAGE_INSTALL:prepend:{OWN} = "vim "\nIMAGE_INSTALL:append:{OWN}:qemuall = " nano"\n'
    f'IMAGE_INSTALL:append:{OWN}:aarch64 = " nano"\n',
    "written by xentui": f'{X86}INIT_MANAGER = "systemd"\nINIT_MANAGER ?= "sysvinit"\n'
    'XENTUI_HASH = "1"\ndo_rootfs[vardeps] += "XENTUI_HASH"\ndo_rootfs[vardeps] += "X"\n'
    'do_rootfs[depends] += "XENTUI_HASH"\n',
    "other files": f"{X86}require conf/distro/include/meta-virt-host.conf\ninclude more.inc\n"
    "include my-xen.conf\ninclude_all conf/none.conf\naddfragments a B C D\n"
    'require conf/beside.conf conf/none.conf\nunset DL_DIR\nA := "1"\nA[f] .= "2 \\\n   3"\n'
    'QB_X = "1"\nXEN_X = "1"\nBUNDLED_XEN_X = "1"\n',
    "stamped": f"# xentui-digest: 1\n{X86}",
    "faults": f'{X86} A = "1"\nB_append = "1"\nrequire nosuch.conf\n',
}  # fmt: skip
CONFS |= {
    f"image by {line.partition(':')[0]}": f"{X86}{line}\n"
    for line in (
        'XENTUI_HASH:pn-mine = "x"', 'QB_MEM_VALUE:pn-mine = "512"',
        'QB_XEN_CMDLINE_EXTRA:pn-mine = "x"', 'IMAGE_INSTALL:append:pn-mine:pn-x = " y"',
    )
} | {
    "image by several": f'{X86}IMAGE_INSTALL:append:pn-b = " y"\nQB_MEM_VALUE:pn-a = "512"\n'
    f'IMAGE_INSTALL:append:{OWN} = " z"\nXENTUI_HASH = "1"\n',
    "image by one of two": f'{X86}IMAGE_INSTALL:append:pn-b = " y"\n'
    f'IMAGE_INSTALL:append:{OWN} = " z"\n',
}  # fmt: skip


def account(made: Imported, folder: Path) -> str:
    """Return the project, and what became of each line."""
    said = [f"{place} carried" for place in made.carried]
    said += [
        f"{one.place} left{'' if one.about_xen else ' (not Xen)'}: {one.text}: {one.reason}"
        for one in made.left
    ]
    said += [f"note: {note}" for note in made.notes]
    said += [f"needs {name}: {place}" for name, place in made.needed.items()]
    said += [f"{one.file}:{one.line} {one.kind}: {one.message}" for one in made.faults]
    text = "\n".join([new_file.fresh(made.project, comments=False), *said, ""])
    return text.replace(f"{folder}/", "")


def imported(folder: Path, files: Mapping[str, str], *names: str) -> str:
    """Import the files of those names out of some that lie in a folder."""
    trees.write(folder, files)
    return account(importer.read([folder / name for name in names]), folder)


def test_what_becomes_of_a_configuration(tmp_path: Path) -> None:
    beside = {
        "conf/more.inc": 'XEN_GUEST_MEMORY_DEFAULT = "64"\n',
        "conf/beside.conf": "",
        "conf/distro/include/meta-virt-host.conf": 'DISTRO_FEATURES:append = " xen"\n',
    }
    said = {
        heading: imported(
            tmp_path / str(number), {"conf/local.conf": text, **beside}, "conf/local.conf"
        )
        for number, (heading, text) in enumerate(CONFS.items())
    }
    goldens.compare("import-conf.txt", said, FOLDER)


@pytest.mark.parametrize(
    ("text", "read"),
    [("0", 0), (" 7\t", 7), ("123456789", 123456789), ("", None), (" ", None), ("10", 10)],
)
def test_numbers_are_whole_and_decimal(text: str, read: int | None) -> None:
    assert number(text) == read


@pytest.mark.parametrize("text", ["00", "08", "1234567890", "-1", "1.0", "²", "1 2", "0x1", "1M"])
def test_other_numbers_are_not_carried(text: str) -> None:
    with pytest.raises(CannotSay, match=r"^it is no whole decimal number$"):
        number(text)


@pytest.mark.parametrize(
    ("text", "mib"),
    [
        ("512", 512),
        ("512M", 512),
        (" 512m ", 512),
        ("2G", 2048),
        ("2g", 2048),
        ("9" * 9, 10**9 - 1),
    ],
)
def test_sizes_of_memory_are_in_mib(text: str, mib: int) -> None:
    assert mebibytes(text) == mib


@pytest.mark.parametrize(
    "text", ["", "0", "0512", "1234567890", "1k", "1T", "M", "1 M", "1MM", "²"]
)
def test_other_sizes_are_not_carried(text: str) -> None:
    with pytest.raises(CannotSay, match=r"^it is no memory size$"):
        mebibytes(text)


def test_words_and_interfaces() -> None:
    assert (words("a b "), words("")) == ("a b ", None)
    assert vifs("") is None
    assert vifs("mac=0,bridge=a") == ["mac=0,bridge=a"]
    assert vifs("a','b' ,'c',  'd'  ,  'e") == ["a", "b", "c", "d", "e"]
