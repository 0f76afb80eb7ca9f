# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""List the commands to type after the files were written, from the build to a guest's console.

There is one function for each way in which the files were written.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from xentui.bitbake import releases
from xentui.bitbake.abilities import Abilities
from xentui.output import boot
from xentui.output.boot import bios
from xentui.project import artifacts, board_file, boards
from xentui.project.artifacts import start_order
from xentui.project.effective import dom0_image, dom0_memory, total_memory
from xentui.project.model import Project


@dataclass(frozen=True, slots=True)
class NextCommand:
    """A command to type.

    Attributes:
        step: ``attach``, ``build``, ``boot``, ``guests``, ``containers`` or ``test``.
        line: the command line.
        note: further explanation, or a caution; may be empty.
    """

    step: str
    line: str
    note: str = ""


def for_build_dir(
    project: Project, abilities: Abilities | None = None, *, sets_memory: bool = True
) -> list[NextCommand]:
    """Return the commands that build and start a project, in order.

    Args:
        project: the project.
        abilities: features of the layers; by default, those of the project's release.
        sets_memory: whether QEMU gets the project's memory; if not, the settings of the build
            directory decide.
    """
    abilities = abilities or releases.abilities_for(project)
    return [
        *_build(project.without_dom0less_guests),
        *_boot(project, abilities, sets_memory=sets_memory),
        *_guests(project.without_dom0less_guests),
        *_direct_guests(project),
        *_containers(project, abilities),
        *_tests(project, abilities),
    ]


def for_files_elsewhere(project: Project, conf: str, layer: str | None) -> list[NextCommand]:
    """Return the commands that make a build directory use files written elsewhere.

    Args:
        project: the project.
        conf: full path of ``xentui.conf``.
        layer: full path of the layer; ``None`` if there is none.
    """
    line = f"echo {shlex.quote(f'require {conf}')} >> conf/local.conf"
    return [*_add_layers(project, layer), NextCommand("attach", line, "once, as its last line")]


def for_kas(project: Project, file: str, *, complete: bool = False) -> list[NextCommand]:
    """Return the commands that build and start a project with kas, in order.

    Args:
        project: the project.
        file: path of the kas file.
        complete: whether the file is complete; if not, it is added to the user's own.
    """
    files = _path_word(file) if complete else shlex.quote(f"kas.yml:{file}")
    deploy = boards.board(project.host.machine).medium.deploy
    if complete:
        lines = [NextCommand("attach", f"kas checkout {files}", "fetches every layer")]
    else:
        note = "kas.yml is your own project file, with the distro and the other layers"
        lines = [NextCommand("attach", f"kas dump {files}", note)]
    for command in for_build_dir(project):
        if command.step in ("build", "boot") and command.line.startswith(("bitbake ", "runqemu ")):
            line = f"kas shell {files} -c {shlex.quote(command.line)}"
            lines.append(NextCommand(command.step, line, command.note))
        elif command.step == "boot":
            # These are typed in the folder of kas, whose build directory is below it.
            line = command.line.replace(deploy, f"build/{deploy}")
            lines.append(NextCommand(command.step, line, command.note))
        else:
            lines.append(command)
    return lines


def for_bitbake_setup(project: Project, file: str) -> list[NextCommand]:
    """Return the commands for a project that ``bitbake-setup`` sets up.

    Args:
        project: the project.
        file: path of the configuration.
    """
    init = f"bitbake-setup init --non-interactive {shlex.quote(file)}"
    note = "fetches every layer; it is in BitBake's bin folder, or: pip install bitbake-setup"
    enter = NextCommand("attach", ". SETUP/build/init-build-env", "SETUP is what it printed")
    return [NextCommand("attach", init, note), enter, *for_build_dir(project)]


def for_script(project: Project, file: str) -> list[NextCommand]:
    """Return the commands for a project with a script that fetches and builds everything.

    Args:
        project: the project.
        file: path of the script.
    """
    folder = os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120 - links stay as they are
    names = ("openembedded-core/oe-init-build-env", "build", "bitbake")
    words = " ".join(shlex.quote(f"{folder}/{name}") for name in names)
    run = NextCommand("build", f"bash {_path_word(file)}", "fetches every layer, and builds")
    enter = NextCommand("boot", f". {words}", "enters the build directory")
    others = [each for each in for_build_dir(project) if each.step != "build"]
    return [run, *([enter] if any(each.step == "boot" for each in others) else []), *others]


def for_fragment(
    project: Project, name: str, layer: str | None, *, sets_memory: bool = True
) -> list[NextCommand]:
    """Return the commands that make a build directory use a configuration fragment.

    Args:
        project: the project.
        name: the fragment's name.
        layer: full path of the layer that contains it; ``None`` if it was added already.
        sets_memory: as in :func:`for_build_dir`.
    """
    enable = "bitbake-config-build enable-fragment"
    machine = shlex.quote(f"machine/{project.host.machine}")
    return [
        *_add_layers(project, layer),
        NextCommand("attach", f"{enable} {shlex.quote(name)}", "once"),
        NextCommand("attach", f"{enable} {machine}", "once, unless conf/local.conf sets MACHINE"),
        *for_build_dir(project, sets_memory=sets_memory),
    ]


def _path_word(path: str) -> str:
    """Return a path as a word of a command line that cannot be read as an option."""
    return shlex.quote(f"./{path}" if path.startswith("-") else path)


def _add_layers(project: Project, layer: str | None) -> Iterator[NextCommand]:
    """Yield how to check that the board's layer is there, and how to add xentui's layer."""
    board = boards.board(project.host.machine)
    if board.layer is not None:
        line = f"bitbake-layers show-layers | grep {board.layer.name}"
        yield NextCommand("attach", line, f"{board.machine} comes from {board.layer.name}")
    if layer is not None:
        yield NextCommand("attach", f"bitbake-layers add-layer {shlex.quote(layer)}", "once")


def _build(project: Project) -> Iterator[NextCommand]:
    recipes = [guest.key for guest in project.guests if not guest.external and guest.rootfs is None]
    if recipes:
        yield NextCommand("build", f"bitbake {' '.join(recipes)}", "the guests' images")
    deployed = [
        name
        for guest in project.guests
        for name in (guest.rootfs, guest.kernel)
        if name not in (None, "none") and guest.source is None
    ]
    note = "the Dom0 image, with the guests in it" if project.guests else "the Dom0 image"
    if deployed:
        note += f"; before it, in the deploy directory: {', '.join(map(str, deployed))}"
    yield NextCommand("build", f"bitbake {dom0_image(project)}", note)


def _boot(project: Project, abilities: Abilities, *, sets_memory: bool) -> Iterator[NextCommand]:
    machine, recipe = project.host.machine, dom0_image(project)
    board = boards.board(machine)
    total = total_memory(project) if sets_memory else None
    memory = f' qemuparams="-m {total}"' if total is not None else ""
    if machine == "qemux86-64":
        firmware = " ovmf" if boards.boot_family(project.host) == "efi" else ""
        yield NextCommand(
            "boot",
            f"runqemu {machine} {recipe} wic nographic slirp kvm{firmware}{memory}",
            "without kvm, the emulated processor must have AVX2 for the default tune",
        )
    elif machine == "qemuarm64":
        yield NextCommand("boot", f"runqemu {machine} {recipe} ext4 nographic slirp{memory}")
    elif boards.boot_writer(project.host) != "user":
        yield from write_image_commands(project, board)
    if bios.needs_kickstart(project, abilities) and dom0_memory(project) is not None:
        yield NextCommand("boot", "xl list 0", "Dom0's memory comes from our own kickstart file")


_UNPACK = {".gz": "zcat", ".bz2": "bzcat", ".xz": "xzcat", ".zst": "zstdcat"}


def write_image_commands(project: Project, board: board_file.Board) -> Iterator[NextCommand]:
    """Yield the commands that write the image to the card or disk and show Xen's console."""
    name = f"{dom0_image(project)}-{board.machine}.rootfs.{board.medium.file}"
    file = f"{board.medium.deploy}/{board.machine}/{name}"
    # If xentui writes the boot files, it adds an uncompressed image.
    compressed = "" if boot.writes_boot_files(project) else board.medium.compressed
    medium = {"sd": "card", "disk": "disk or USB stick"}.get(board.medium.kind, "disk")
    dd = "of=/dev/sdX bs=4M conv=fsync status=progress"
    yield NextCommand("boot", "lsblk -d -o NAME,SIZE,MODEL", f"find out which one is the {medium}")
    yield NextCommand(
        "boot",
        f"{_UNPACK[compressed]} {file}{compressed} | sudo dd {dd}"
        if compressed
        else f"sudo dd if={file} {dd}",
        f"sdX is the {medium}: everything on it is lost",
    )
    if board.console.command:
        where = f"Xen's console: {board.console.where[:1].lower()}{board.console.where[1:]}"
        yield NextCommand("boot", board.console.command, f"{where}, {board.console.settings}")


def _guests(project: Project) -> Iterator[NextCommand]:
    if not project.guests:
        return
    started = start_order(project)
    note = f"started automatically, in this order: {', '.join(started)}" if started else ""
    yield NextCommand("guests", "xl list", note)
    for guest in project.guests:
        if not guest.autostart:
            yield NextCommand(
                "guests", f"xl create -c {artifacts.config_path(guest)}", "ctrl+] leaves"
            )
    if started:
        guest = project.guest(started[0])
        yield NextCommand("guests", f"xl console {guest.name or guest.key}", "ctrl+] leaves")


def _direct_guests(project: Project) -> Iterator[NextCommand]:
    """Yield how to see the guests that Xen starts itself, whose output is on Xen's console."""
    keys = ", ".join(guest.key for guest in project.dom0less_guests)
    if keys:
        yield NextCommand(
            "guests",
            "xl dmesg",
            f"Xen started {keys}: their output has (XEN) DOM1: and so on before it;"
            " ctrl+a three times on the serial console gives them your input",
        )


def _containers(project: Project, abilities: Abilities) -> Iterator[NextCommand]:
    containers = project.containers
    podman_needs_flag = abilities.vxn is None or not abilities.vxn.podman_without_netns
    if not containers.vxn:
        return
    alpine = "docker.io/library/alpine:latest"
    yield NextCommand("containers", "vxn run --rm alpine echo hello")
    yield NextCommand("containers", f"ctr image pull {alpine}")
    yield NextCommand("containers", f"vctr run --rm {alpine} test1 /bin/echo hello")
    limit = "only with the network none or host, as each container is a guest with its own network"
    for frontend in containers.frontends or ():
        if frontend in ("docker", "podman"):
            needs_flag = frontend == "docker" or podman_needs_flag
            flag = " --network=none" if needs_flag else ""
            line = f"{frontend} run --rm{flag} alpine echo hello"
            yield NextCommand("containers", line, limit if needs_flag else "")
        else:
            yield NextCommand("containers", f"{frontend} run --rm alpine echo hello")


def _tests(project: Project, abilities: Abilities) -> Iterator[NextCommand]:
    """Yield the command for meta-virtualization's own tests, which boot with runqemu.

    Each of the three tiers includes the one before: Dom0, bundled guests, containers. The last
    needs the network (mv:tests/test_xen_runtime.py, mv:tests/conftest.py).
    """
    if project.host.machine != "qemux86-64" or dom0_image(project) != "xen-image-minimal":
        return
    if not project.containers.vxn and not abilities.tests_boot_any:
        # These tests first build an image with vxn and docker, which needs more settings.
        return
    line = (
        "pytest tests/test_xen_runtime.py -v --machine qemux86-64 --poky-dir POKY --build-dir BUILD"
    )
    if project.containers.vxn:
        tested = "Dom0, guests and containers"
    else:
        line += ' -m "boot and not network"'
        tested = "Dom0 and guests" if project.guests else "Dom0"
    note = f"optional boot test of {tested}, in meta-virtualization, with pexpect; "
    note += "POKY is the folder with oe-init-build-env"
    yield NextCommand("test", line, note)
