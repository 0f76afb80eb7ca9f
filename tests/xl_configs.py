# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generate xl configs: good, bad and strange ones, for every key that xl knows."""

from __future__ import annotations

from hypothesis import strategies as st

from xentui.xl import keys

_WORD = st.sampled_from(
    ["", "a", "0", "1", "-1", "08", "017", "0x10", "2G", "all", "default", "none", "x,y", "a=b",
     "=", "p", "pv", "pvh", "hvm", "linux", "generic", "/dev/vg/g", "host", "4294967296",
     "yes", "true"]
)  # fmt: skip
_NUMBER = st.integers(-2, 70).map(str) | st.sampled_from(["128", "4096", "070", "0x20", "99999"])


def _joined(parts: st.SearchStrategy[str], most: int = 5) -> st.SearchStrategy[str]:
    return st.lists(parts, min_size=1, max_size=most).map(",".join)


DISKS = _joined(
    st.sampled_from(
        ["/a.img", "file:/a.img", "phy:/dev/vg/a", "tap:aio:/a", "raw:/a", "qcow2:/a", "vhd:/a",
         "http://a/b", "nbd:/a", "iscsi:a", "ioemu:/a", "", "raw", "qcow2", "vhd", "empty", "vmdk",
         "xvda", "xvdb", "hdc:cdrom", "hda:disk", "sda:floppy", "r", "w", "rw", "ro", "wr", "!",
         "format=raw", "format=qcow2", "format=", "format=zip", "vdev=xvda", "vdev=", "access=rw",
         "access=w", "access=x", "backend=net", "backendtype=phy", "backendtype=qdisk",
         "backendtype=none", "specification=virtio", "specification=xen", "specification=x",
         "script=block-x", "devtype=cdrom", "devtype=disk", "devtype=tape", "cdrom", "discard",
         "no-discard", "direct-io-safe", "trusted", "untrusted", "colo", "colo-port=1",
         "colo-port=x", "colo-host=h", "target=/a", "target=/a,b", "target=", "foo=bar", "foo=b",
         "size=10", " xvda", "xvda ", "a b", "a=b", "A=1"]
    ),
    6,
)  # fmt: skip
VIFS = _joined(
    st.sampled_from(
        ["bridge=xenbr0", "mac=00:16:3e:00:00:01", "mac=00:16:3E:0:0:1", "mac=00-16-3e-00-00-01",
         "mac=x", "mac=00:16:3e:xx:00:01", "mac=00:16:3e:00:00", "type=vif", "type=ioemu",
         "type=x", "model=e1000", "vifname=v", "script=vif-nat", "ip=10.0.0.1", "backend=net",
         "rate=10Mb/s", "rate=1GB/s@20ms", "rate=abc", "rate=0Mb/s", "rate=010Mb/s", "rate=",
         "rate=10Mb/s@0s", "rate=10Mb/s@9999999s", "rate=9999999999Mb/s", "rate=10MB/s@5u",
         "devid=1", "devid=x", "mtu=1500", "mtu=", "trusted", "untrusted", "netdev=e", "accel=1",
         "gatewaydev=e", "forwarddev=e", "colo_checkpoint_host=h", "foo=bar", "xenbr0",
         " bridge=b", "bridge =b", ""]
    )
)  # fmt: skip
PCI = _joined(
    st.sampled_from(
        ["03:00.0", "0000:03:00.0", "0000:03:00.*", "03:00.8", "100:00.0", "03:20.0", "3:0.1@5",
         "03:00.0@20", "03:00", "bdf=03:00.0", "bdf=x", "vslot=5", "vslot=99", "permissive=1",
         "seize=1", "msitranslate=0", "power_mgmt=1", "rdm_policy=strict", "rdm_policy=x",
         "name=a", "foo=1", "foo", "10000:03:00.0", "x"]
    ),
    3,
)  # fmt: skip
_CPUS = _joined(
    st.sampled_from(["all", "^all", "0", "0-3", "3-0", "^1", "1-", "-1", "a", "0x1", "", " 1"]), 3
)
_IOMEM = st.sampled_from(
    ["fe000,1", "0xfe000,0x1", "fe000", "fe000,1@80000", "fe000,1@", "x,1", "fe000,1,2", "", " f,1"]
)
_IOPORTS = st.sampled_from(["3f8", "3f8-3ff", "3ff-3f8", "x", "", "3f8x", "3f8-", "3f8-3ffx"])
_IRQS = st.sampled_from(["5", "0x5", "x", "-1", "", "5a", " 5", "4294967295"])
_P9 = _joined(st.sampled_from(
    ["tag=t", "path=/p", "security_model=none", "backend=b", "foo=1", "foo", " path=/q"]
), 4)  # fmt: skip
_CHANNEL = _joined(st.sampled_from(
    ["connection=pty", "connection=socket", "connection=x", "path=/s", "name=n", "foo=b", "foo"]
), 3)  # fmt: skip
_VTPM = _joined(st.sampled_from(
    ["backend=b", "uuid=ac0a5b9e-cbe2-4c07-b43b-1d69e46fb839", "uuid=x", "foo=1", "foo"]
), 2)  # fmt: skip
_USBCTRL = _joined(st.sampled_from(["type=auto", "type=PV", "type=x", "version=2", "ports=4",
                                    "foo=1", "foo"]), 3)  # fmt: skip
_USBDEV = _joined(st.sampled_from(["type=hostdev", "hostbus=1", "hostaddr=3", "controller=0",
                                   "port=1", "foo=1", "foo"]), 3)  # fmt: skip
_VKB = _joined(st.sampled_from(
    ["backend-type=qemu", "backend-type=linux", "backend-type=x", "backend=b", "unique-id=k",
     "width=1", "foo=1", "foo"]
), 3)  # fmt: skip
_VFB = _joined(st.sampled_from(["vnc=1", "vnclisten=0.0.0.0", "keymap=de", "foo=1", "foo"]), 3)
_VIRIDIAN = st.sampled_from(["all", "defaults", "base", "!freq", "STIMER", "x", ""])
_RDM = st.sampled_from(["strategy=host", "strategy=host,policy=strict", "policy=x", "x", ""])
_UUID = st.sampled_from(
    ["ac0a5b9e-cbe2-4c07-b43b-1d69e46fb839", "ac0a5b9ecbe24c07b43b1d69e46fb839", "x", "",
     "AC0A5B9E-CBE2-4C07-B43B-1D69E46FB839", "ac0a5b9e-cbe2-4c07-b43b-1d69e46fb83"]
)  # fmt: skip
_ITEMS = {
    "disks": DISKS, "nics": VIFS, "pci": PCI, "cpus": _CPUS, "iomem": _IOMEM, "ioports": _IOPORTS,
    "irqs": _IRQS, "p9": _P9, "channel": _CHANNEL, "vtpm": _VTPM, "usbctrl": _USBCTRL,
    "usbdev": _USBDEV, "vkb": _VKB, "viridian": _VIRIDIAN, "texts": _VFB, "mca_caps": _WORD,
    "pvcalls": st.sampled_from(["backend=b", "foo=1", "foo"]),
    "vdispl": st.sampled_from(["backend=b,connectors=id0:800x600", "backend=b", "foo=1"]),
}  # fmt: skip
_TEXTS = {"uuid": _UUID, "rdm": _RDM, "cpus": _CPUS}


def quoted(text: str) -> str:
    """Return a text as xl reads it back."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _list_of(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items.map(quoted), min_size=0, max_size=2).map(lambda i: f"[{', '.join(i)}]")


def value(key: keys.Key) -> st.SearchStrategy[str]:
    """Return texts of values for a key, most of them of its kind."""
    words = st.sampled_from(key.choices).map(quoted) if key.choices else st.nothing()
    number = _NUMBER.filter(lambda text: not text.startswith("-"))
    plain = _WORD.map(quoted) | number
    of_kind: st.SearchStrategy[str] = words | plain
    if key.kind in _ITEMS:
        of_kind = _list_of(_ITEMS[key.kind])
    if key.kind in _TEXTS:
        of_kind = of_kind | _TEXTS[key.kind].map(quoted)
    if key.kind in ("number", "flag", "bounded"):
        of_kind = number | _NUMBER.map(quoted)
    strange = plain | _list_of(_WORD)
    return st.one_of(of_kind, of_kind, of_kind, of_kind, strange)


NOT_CHECKED = ("cpuid", "vnuma", "vsnd")
"""Keys whose values xentui does not check."""


def lines(version: keys.Version) -> st.SearchStrategy[str]:
    """Return settings of all keys that a Xen reads, and of some that none reads."""
    known = [
        key
        for name, key in keys.all_keys().items()
        if keys.is_read(key, version) and name not in NOT_CHECKED
    ]
    setting = st.sampled_from(known).flatmap(
        lambda key: value(key).map(lambda text: f"{key.name} = {text}")
    )
    often = st.sampled_from(
        [key for key in known if key.kind in ("disks", "nics", "pci", "cpus", "prefix", "enum")]
    ).flatmap(lambda key: value(key).map(lambda text: f"{key.name} = {text}"))
    mistake = st.sampled_from(sorted(keys.common_mistakes())).map(lambda name: f"{name} = 'x'")
    return st.one_of(setting, setting, often, mistake)


def configs(version: keys.Version) -> st.SearchStrategy[str]:
    """Return complete configs: a beginning that is mostly valid, and any other settings."""
    kind = st.sampled_from(["", "", "type = 'pv'\n", "type = 'pvh'\n", "type = 'hvm'\n"])
    begun = st.tuples(kind, st.sampled_from(["kernel = 'k'\n", "kernel = 'k'\n", ""]))
    size = st.sampled_from(["memory = 256\n", "memory = 256\nvcpus = 2\n", ""])
    return st.tuples(begun, size, st.lists(lines(version), max_size=6)).map(
        lambda parts: (
            "name = 'g'\n" + "".join(parts[0]) + parts[1] + "".join(f"{x}\n" for x in parts[2])
        )
    )
