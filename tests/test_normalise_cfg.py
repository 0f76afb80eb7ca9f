# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bringing users' xl configs into the form that the classes handle correctly."""

from __future__ import annotations

import pytest

from xentui.output.normalise_cfg import normalise, normalising_diff
from xentui.project.model import Guest, Host, Project
from xentui.xl import config as xl_config

GUEST = Guest("web", tags=("external",), rootfs="web.ext4", kernel="my-kernel", config_file="w.cfg")
PROJECT = Project(host=Host("qemux86-64"), guests=(GUEST,))
RIGHT = (
    "name = \"web\"\ndisk = ['file:/var/lib/xen/images/web.ext4,xvda,rw']\n"
    'kernel = "/var/lib/xen/images/my-kernel"\n'
)


@pytest.mark.parametrize(
    ("disk", "left"),
    [
        ('disk = [ "file:/tmp/a.img,xvdb,w" ]', "xvdb,rw"),
        ("disk=['file:/tmp/a.img,xvda,w']", "xvda,rw"),
        ("disk = [\n  # the root\n  'phy:/dev/vg/a,xvda1,r',\n]", "xvda1,r"),
        ("disk = ['format=raw,vdev=xvdc,access=ro,target=/tmp/a.img']", "xvdc,r"),
        ("disk = ['/tmp/a.img,raw,hda,rw']", "hda,rw"),
        ("disk = ['vdev=xvde,format=raw,access=rw,target=/tmp/a.img']", "xvde,rw"),
        ("disk = [ '/dev/vg/guest,raw,xvda,rw' ]", "xvda,rw"),
        ("disk = ['/dev/vg/guest,,xvdb,r']", "xvdb,r"),
        ("disk = ['phy:/dev/vg/guest,hda,w']", "hda,rw"),
        ("disk = ['tap:aio:/srv/a.img,sda1,w']", "sda1,rw"),
        ("disk = ['/srv/a.img,raw,xvda,rw,backend=storage']", "xvda,rw,backend=storage"),
        (
            "disk = ['/srv/a.img,raw,xvda,rw,discard,direct-io-safe']",
            "xvda,rw,discard,direct-io-safe",
        ),
        ("disk = ['/srv/a.img,raw,xvda,wr']", "xvda,rw"),
        ("disk = ['/srv/a.img,raw,xvdc,r,one,two']", "xvdc,r"),
        ("disk = [ 'file:/a.iso,hdc:cdrom,r' ]", "hdc:cdrom,r"),
        ("disk = '/srv/a.img,raw,xvdf,rw'", "xvdf,rw"),
    ],
)
def test_disks_have_the_path_on_the_target(disk: str, left: str) -> None:
    text = f"# mine\nname = 'web'\n{disk}\nkernel='/tmp/k'\nmemory=512\nextra = \"a=\\\"b c\\\"\"\n"
    normal = normalise(PROJECT, GUEST, text)
    assert normal is not None
    assert normal.startswith("# mine\n")
    after = xl_config.parse(xl_config.as_installed(normal, "web.ext4", "my-kernel"))
    assert after.texts("disk") == (f"file:/var/lib/xen/images/web.ext4,{left}",)
    assert after.text("kernel") == "/var/lib/xen/images/my-kernel"
    assert (after.text("name"), after.number("memory")) == ("web", 512)
    assert after.text("extra") == 'a="b c"'
    assert normalise(PROJECT, GUEST, normal) == normal


def test_the_difference_is_a_diff_or_nothing() -> None:
    reported = normalising_diff(PROJECT, GUEST, "disk=['file:/tmp/a.img,xvda,w']\n")
    assert "-disk=['file:/tmp/a.img,xvda,w']\n" in reported
    assert "+disk = ['file:/var/lib/xen/images/web.ext4,xvda,rw']\n" in reported
    assert normalising_diff(PROJECT, GUEST, RIGHT) == ""


def test_what_is_right_stays_as_it_is() -> None:
    assert normalise(PROJECT, GUEST, RIGHT + "# and more\n") == RIGHT + "# and more\n"


def test_further_disks_and_lists_stay() -> None:
    text = (
        'disk = [ "file:/a,xvda,w", "file:/b,xvdb,r" ]\n'
        "vif = [ 'bridge=xenbr0', \"bridge=xenbr1\" ]\n"
    )
    normal = normalise(PROJECT, GUEST, text)
    assert normal is not None
    parsed = xl_config.parse(normal)
    assert parsed.texts("disk")[1:] == ("file:/b,xvdb,r",)
    assert parsed.texts("vif") == ("bridge=xenbr0", "bridge=xenbr1")


@pytest.mark.parametrize("text", ["disk = [", "name = \n"])
def test_unknown_values_are_not_guessed(text: str) -> None:
    assert normalise(PROJECT, GUEST, text) is None


def test_a_missing_disk_is_added() -> None:
    normal = normalise(PROJECT, GUEST, 'name = "web"\n')
    assert normal is not None
    assert xl_config.parse(normal).texts("disk") == ("file:/var/lib/xen/images/web.ext4,xvda,rw",)


@pytest.mark.parametrize("separator", ["\f", "\v", "\x1c", "\u2028", "\r"])
def test_a_comment_is_kept_whole_whatever_is_in_it(separator: str) -> None:
    text = f'# one{separator}two\n# three\nname = "web"\n# four\n'
    normal = normalise(PROJECT, GUEST, text)
    assert normal is not None
    assert [line for line in normal.split("\n") if line.startswith("#")] == [
        f"# one{separator}two", "# three", "# four",
    ]  # fmt: skip
