# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Reading the entries of ``disk`` as xl reads them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from tests import xl_parser
from tests.budget import examples
from tests.xl_configs import DISKS
from xentui.xl import disk
from xentui.xl.disk import ConfigDisk

needs_xl = pytest.mark.skipif(bool(xl_parser.why_not_parse()), reason=xl_parser.why_not_parse())

READ = {
    "file:/x/a.img,xvda,rw": ConfigDisk("/x/a.img", "xvda", prefixed=True),
    "/dev/vg/guest,raw,xvda,rw": ConfigDisk("/dev/vg/guest", "xvda"),
    "/dev/vg/guest,,xvda,r": ConfigDisk("/dev/vg/guest", "xvda", writable=False),
    "phy:/dev/vg/a,xvdb,ro": ConfigDisk("/dev/vg/a", "xvdb", writable=False, prefixed=True),
    "qcow2:/a.qcow2,hda,w": ConfigDisk("/a.qcow2", "hda", "qcow2", prefixed=True),
    "tap:aio:/a,xvda,w": ConfigDisk("/a", "xvda", prefixed=True),
    "format=raw, vdev=xvda, access=rw, target=/x/a,b.img": ConfigDisk("/x/a,b.img", "xvda"),
    "/iso,,hdc,cdrom": ConfigDisk("/iso", "hdc", writable=False, cdrom=True),
    ",hdc:cdrom": ConfigDisk("", "hdc", "empty", writable=False, cdrom=True),
    "/a,qcow2,xvda,backend=net,discard": ConfigDisk(
        "/a", "xvda", "qcow2", backend="net", flags=("discard",)
    ),
    "/a,raw,xvda,rw,backendtype=qdisk,specification=virtio": ConfigDisk(
        "/a", "xvda", backend_type="qdisk", specification="virtio"
    ),
    "nbd:localhost,xvda,rw": ConfigDisk("localhost", "xvda", script="block-nbd", prefixed=True),
}
REFUSED = {
    # The classes rewrite a disk with a format into this: a format cannot follow "file:".
    "file:/var/lib/xen/images/web.img,raw,xvda,rw": '"xvda" is not an access',
    "file:/var/lib/xen/images/web.img,,xvda,w": '"xvda" is not an access',
    "/a,vmdk,xvda,rw": '"vmdk" is not a format',
    "/a,raw,xvda,wr": '"wr" is not an access',
    "/a,raw,xvda,rw,more": '"more" is one word too many',
    "/a,raw,xvda:floppy,rw": '"floppy" after the device',
    "/a,xvda,w": '"xvda" is not a format',
    "http://host/a,xvda,w": '"http:" is not a prefix',
    "file:/a,format=raw,target=/b": "the target is set twice",
    "/a,raw,vdev=xvda,xvdb,rw": '"xvdb" is not an access',
    "/a,raw,xvda,rw,foo=bar": '"foo" is not a setting',
    "/a,raw,xvda,rw,Foo=bar": '"Foo" is one word too many',
    "/a,raw": "no device",
    "vdev=xvda": "no file or block device",
    "": "no device",
    "/a=b,raw,xvda": '"=" is not allowed there',
    "target=/a,vdev=xvda": "no device",
    "/a,raw,xvda,specification=scsi": '"scsi" is not one of xen, virtio',
}


@pytest.mark.parametrize("spec", READ)
def test_each_part_of_a_disk_is_read(spec: str) -> None:
    assert disk.parse(spec) == READ[spec]


@pytest.mark.parametrize("spec", REFUSED)
def test_an_invalid_disk_is_refused_with_a_reason(spec: str) -> None:
    assert REFUSED[spec] in disk.parse(spec).error


@needs_xl
@pytest.mark.parametrize("spec", [*READ, *REFUSED])
def test_xl_agrees_with_the_disks_above(spec: str) -> None:
    assert (_by_xl(spec).errors == "") is (spec in READ)


@needs_xl
@settings(max_examples=examples(2000))
@given(DISKS)
def test_any_disk_is_read_as_xl_reads_it(spec: str) -> None:
    mine, real = disk.parse(spec, (4, 17)), _by_xl(spec)
    assert (mine.error == "") is (real.errors == ""), (mine, real)
    if not mine.error:
        (read,) = real.disks
        assert (mine.target, mine.device, mine.writable) == (read.path, read.device, read.writable)
        assert (mine.format, mine.cdrom) == (read.format, read.cdrom)
        if mine.device and "," not in mine.device:
            assert disk.parse(disk.write(mine), (4, 17)) == _without_prefix(mine)


@pytest.mark.parametrize(
    ("spec", "prefixed"),
    [
        ("/dev/vg/guest,raw,xvda,rw", "file:/dev/vg/guest,xvda,rw"),
        ("vdev=xvdb,access=ro,target=/a", "file:/a,xvdb,r"),
        ("/a,qcow2,xvda,rw", "file:/a,xvda,rw,format=qcow2"),
        ("/a,raw,xvda,rw,backend=net,discard", "file:/a,xvda,rw,backend=net,discard"),
        ("/iso,,hdc,cdrom", "file:/iso,hdc:cdrom,r"),
    ],
)
def test_a_disk_is_written_in_the_old_syntax(spec: str, prefixed: str) -> None:
    read = disk.parse(spec)
    assert disk.write_prefixed(read) == prefixed
    assert _without_prefix(disk.parse(prefixed)) == _without_prefix(read)


def test_a_word_is_refused_by_an_older_xen() -> None:
    spec = "/a,raw,xvda,rw,untrusted,grant_usage=1"
    assert disk.parse(spec).flags == ("untrusted", "grant_usage=1")
    assert disk.parse(spec, (4, 17)).error


def test_a_comma_that_would_end_a_word_is_not_written() -> None:
    with pytest.raises(ValueError, match="comma"):
        disk.write(ConfigDisk("/a", "xvda,b"))
    for target in ("/a,b", "/a=b"):
        with pytest.raises(ValueError, match=r"comma|equals"):
            disk.write_prefixed(ConfigDisk(target, "xvda"))


def _by_xl(spec: str) -> xl_parser.Config:
    escaped = spec.replace("\\", "\\\\").replace("'", "\\'")
    return xl_parser.parse(f"disk = ['{escaped}']\n")


def _without_prefix(read: ConfigDisk) -> ConfigDisk:
    return replace(read, prefixed=False)
