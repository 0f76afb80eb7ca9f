# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A new guest is complete: its file is inspected, fields are filled in, and it has no problem."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import xl_parser
from tests.cli.conftest import Run
from tests.images import make
from tests.images.make import tarball
from tests.sessions import session_of
from xentui.errors import UsageError, XentuiError
from xentui.images.inspect import inspect
from xentui.project import document
from xentui.project.model import Guest, Host, Project
from xentui.session import MOST_GUESTS, Session, guests
from xentui.session.new_guest import KINDS, GuestKind, key_for, kind_for_file
from xentui.session.state import EMPTY
from xentui.session.writing import project_text


def problems(session: Session) -> list[str]:
    return [f.code for f in session.findings.all if f.severity.value != "advice"]


def kernel(path: Path) -> Path:
    """Make a file that starts like an x86 kernel."""
    head = bytearray(8192)
    head[0x1FE:0x200] = b"\x55\xaa"
    head[0x202:0x206] = b"HdrS"
    path.write_bytes(bytes(head))
    return path


def test_each_kind_is_offered_with_its_help() -> None:
    assert {one.kind for one in KINDS} == set(GuestKind) - {GuestKind.PRESET}
    assert all(one.help.endswith(".") for one in KINDS)


def test_the_first_guest_of_a_new_project_is_the_reference_guest_and_fits() -> None:
    session = Session(EMPTY, draft_path=Path("draft.json"))
    assert session.add_guest(GuestKind.RECIPE) == "xen-guest-image-minimal"
    guest = session.project.guest("xen-guest-image-minimal")
    assert (guest.memory, guest.tags) == (256, ("autostart",))
    assert guest.extra == "root=/dev/xvda ro console=hvc0 ip=dhcp"
    assert problems(session) == []


def test_guests_are_added_until_the_memory_is_used_up_and_none_is_refused() -> None:
    session = session_of(preset="qemux86-64-minimal")
    for _ in range(6):
        session.add_guest(GuestKind.RECIPE, name="xen-guest-image-minimal")
        assert session.findings.errors == 0
    assert not session.project.guests[-1].autostart


def test_a_tarball_without_init_gets_a_shell(tmp_path: Path) -> None:
    session = session_of(preset="qemux86-64-minimal")
    file = inspect(tarball(tmp_path / "alpine-minirootfs-3.23.3-x86_64.tar.gz", init=False))
    assert kind_for_file(file) is GuestKind.TARBALL
    key = session.add_guest(GuestKind.TARBALL, file)
    guest = session.project.guest(key)
    assert guest.extra == "root=/dev/xvda ro console=hvc0 init=/bin/sh"
    assert guest.source is not None
    assert guest.source.type == "rootfs_dir"
    assert guest.source.fetch[0].sha256 == file.sha256
    assert guest.source.fetch[0].subdir == guest.source.file == "alpine-rootfs"
    assert problems(session) == []


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("qemu-img"), reason="qemu-img is not there")
def test_a_qcow2_disk_with_partitions_boots_its_own_kernel(tmp_path: Path) -> None:
    raw = make.disk(tmp_path / "raw.img", "label: dos\n2048,,L\n", {})
    make.run("qemu-img", "convert", "-O", "qcow2", raw, tmp_path / "debian-12.qcow2")
    session = session_of(preset="qemux86-64-minimal")
    file = inspect(tmp_path / "debian-12.qcow2")
    assert kind_for_file(file) is GuestKind.DISK
    key = session.add_guest(GuestKind.DISK, file)
    guest = session.project.guest(key)
    assert (key, guest.kernel) == ("debian", "none")
    assert problems(session) == []
    config = session.view.xl_config(guest)
    assert 'type = "hvm"' in config or 'builder = "hvm"' in config
    if not xl_parser.why_not_parse():
        parsed = xl_parser.parse(config)
        assert parsed.errors == ""
    arm = session_of(preset="qemuarm64-minimal")
    key = arm.add_guest(GuestKind.DISK, file)
    assert arm.project.guest(key).kernel is None


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("mkfs.ext4"), reason="mkfs.ext4 is not there")
def test_a_vendors_disk_and_kernel_go_into_one_bundle(tmp_path: Path) -> None:
    disk = inspect(make.ext(tmp_path / "vendor-rootfs.ext4", make.root(tmp_path)))
    session = session_of(preset="qemux86-64-minimal")
    key = session.add_guest(
        GuestKind.VENDOR, disk, kernel=inspect(kernel(tmp_path / "vendor-bzImage"))
    )
    guest = session.project.guest(key)
    assert key == "vendor"
    assert guest.kernel == "vendor-bzImage"
    assert guest.source is not None
    assert [one.uri for one in guest.source.fetch] == [
        "file://vendor-rootfs.ext4",
        "file://vendor-bzImage",
    ]
    assert problems(session) == []
    session.write()
    assert Path("xentui-out/vendor-bzImage").is_file()
    assert len(list(Path("xentui-out/meta-xentui").rglob("vendor-*"))) == 2


def test_a_vendors_files_may_be_names_in_the_deploy_directory() -> None:
    session = session_of(preset="qemux86-64-minimal")
    key = session.add_guest(GuestKind.VENDOR, "vendor-rootfs.ext4", kernel="vendor-kernel")
    guest = session.project.guest(key)
    assert (key, guest.rootfs, guest.kernel) == ("vendor", "vendor-rootfs.ext4", "vendor-kernel")
    assert guest.external
    assert problems(session) == []


def test_an_xl_config_becomes_a_guest_with_its_name(tmp_path: Path) -> None:
    config = tmp_path / "old.cfg"
    config.write_text('name = "Firewall 2"\nmemory = 64\ntype = "hvm"\n')
    session = session_of(preset="qemux86-64-minimal")
    key = session.add_guest(GuestKind.CONFIG, str(config))
    assert session.view.effective(session.project.guest(key)).memory == 64
    assert key == "firewall-2"
    assert session.project.guest(key).config_file == "old.cfg"
    session.write()
    assert Path("xentui-out/old.cfg").read_text() == config.read_text()


def test_an_xl_config_becomes_fields_with_the_files_next_to_it(tmp_path: Path) -> None:
    config = tmp_path / "it's my.cfg"
    config.write_text(
        'name = "router"\nmemory = 96\nvcpus = 2\nkernel = "/boot/router-kernel"\n'
        'disk = [ "/srv/router.qcow2,qcow2,xvda,w" ]\nvif = [ "bridge=xenbr0" ]\nfoo = 1\n'
    )
    (tmp_path / "router.qcow2").write_bytes(b"QFI\xfb" + bytes(508))
    session = session_of(preset="qemux86-64-minimal")
    key = session.add_guest(GuestKind.IMPORT, f'"{config}"')
    guest = session.project.guest(key)
    assert (guest.memory, guest.vcpus, guest.kernel) == (96, 2, "router-kernel")
    assert guest.source is not None
    assert guest.source.type == "qcow2"
    assert "router.qcow2" in session.view.assets.copies
    assert any("foo" in note for note in session.guest_notes)
    assert any(note.startswith("router-kernel is missing") for note in session.guest_notes)
    session.undo()
    assert "router.qcow2" not in session.view.assets.copies


def test_a_config_that_xl_refuses_is_refused_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "bad.cfg"
    config.write_text('name = "a"\nvif = [\n')
    session = session_of(preset="qemux86-64-minimal")
    with pytest.raises(XentuiError, match=r"bad\.cfg:"):
        session.add_guest(GuestKind.CONFIG, str(config))
    assert len(session.project.guests) == 1


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("alpine-minirootfs-3.23.3-x86_64.tar.gz", "alpine"),
        ("debian-12-genericcloud-amd64.qcow2", "debian"),
        ("Ümläut.tar", "ml-ut"),
        ("..", "guest"),
        ("xen-guest-image-minimal", "xen-guest-image-minimal-2"),
        ("vendor_rootfs.ext4", "vendor"),
    ],
)
def test_a_key_comes_from_the_files_name(name: str, key: str) -> None:
    assert key_for(session_of(preset="qemux86-64-minimal").project, name) == key


def test_more_guests_than_the_wizard_handles_are_refused() -> None:
    guests = tuple(Guest(f"g{number}", memory=32) for number in range(MOST_GUESTS))
    session = session_of(Project(Host("qemux86-64", memory=1_048_576), guests=guests))
    with pytest.raises(UsageError, match="1000 guests already"):
        session.add_guest(GuestKind.RECIPE, name="one-more")


def test_the_command_line_makes_the_same_guest_of_a_disk(tmp_path: Path, run: Run) -> None:
    file = make.disk(tmp_path / "debian.img", "label: gpt\n,48M,L\n", {})
    session = session_of(preset="qemux86-64-minimal")
    key = session.add_guest(GuestKind.DISK, inspect(file))
    guest = session.project.guest(key)
    assert guest.kernel == "none"
    assert run("new", "qemux86-64-minimal", "-o", "board.toml").code == 0
    shown = run("source", "inspect", file).out
    assert 'kernel = "none"' in shown
    written = run("source", "inspect", file, "--write", "board.toml", "--guest", guest.key, "--yes")
    assert written.code == 0, written.err
    loaded = document.load(Path("board.toml")).project
    assert loaded is not None
    other = loaded.guest(guest.key)
    assert (other.kernel, other.extra, other.source) == (guest.kernel, guest.extra, guest.source)


def test_renaming_a_guest_that_a_recipe_builds_is_questioned() -> None:
    session = session_of(preset="qemux86-64-minimal")
    old = session.project.guests[0].key
    assert session.type_text(("guests", old, "key"), "router") == ""
    (renamed,) = [one for one in session.view.findings if one.code == "XT053"]
    assert "BitBake needs an image recipe named router now" in renamed.message
    session.apply_fix(renamed)
    assert [(guest.key, guest.name) for guest in session.project.guests] == [(old, "router")]
    assert all(one.code != "XT053" for one in session.view.findings)


def test_the_description_of_a_preset_is_left_out_of_a_changed_project() -> None:
    session = session_of(preset="qemux86-64-minimal")
    assert "[preset]" in project_text(session)
    session.type_text(("host", "memory"), "2048")
    assert "[preset]" not in project_text(session)


def test_clones_are_numbered_and_have_no_mac_address_of_their_own() -> None:
    vif = ("bridge=xenbr0,mac=00:16:3e:00:00:01", "bridge=xenbr1")
    project, key = Project(Host("qemux86-64"), guests=(Guest("sensor", vif=vif),)), "sensor"
    for _ in range(3):
        project, key = guests.cloned(project, key)
    assert [one.key for one in project.guests] == ["sensor", "sensor-2", "sensor-3", "sensor-4"]
    assert project.guest("sensor").vif == vif
    assert project.guest("sensor-2").vif == ("bridge=xenbr0", "bridge=xenbr1")


def test_memory_that_the_user_typed_is_not_questioned() -> None:
    session = session_of(preset="raspberrypi4-64")
    assert any(one.code == "XT107" for one in session.view.findings)
    session.type_text(("host", "memory"), "4096")
    assert all(one.code != "XT107" for one in session.view.findings)
