# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on the user's own xl configs (XT238 to XT270).

xen-guest-bundle.bbclass inserts the paths of the guest's image and kernel into such a config.
"""

from __future__ import annotations

from collections.abc import Iterator

from xentui.project import artifacts
from xentui.project.effective import EffectiveGuest
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.safe_text import quoted
from xentui.xl import check as xl_check
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk
from xentui.xl import nic
from xentui.xl.config import Config
from xentui.xl.disk import ConfigDisk

_NUMBERS = ("memory", "maxmem", "vcpus", "maxvcpus")
_DISK_LINE = (
    "Write it on a separate line as disk = ['file:IMAGE,xvda,rw'], in single quotes; "
    "xentui show --what cfg prints such a copy."
)


def check_file_exists(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the file exists and can be checked."""
    file = guest.guest.config_file
    if file is None or not context.files_known or guest.key in context.configs:
        return
    if file in context.assets.unreadable:
        why = "is not UTF-8 text, or cannot be read"
        fix = "Save it as UTF-8, comments included: xentui reads and copies it."
    else:
        why = "does not exist next to the project file"
        fix = "Put it there: the class silently ignores a missing file and writes its own config."
    yield make_finding("XT238", _path(guest), f"{quoted(file)} {why}", fix)


def check_settings(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that xl reads the config, and every setting in it as intended."""
    config = context.configs.get(guest.key)
    if config is None:
        return
    if config.error is not None:
        yield make_finding(
            "XT239",
            _path(guest),
            f"xl refuses line {config.error.line}: {config.error.message}",
            "Write name = value, one per line, strings in quotes, lists in brackets.",
        )
        return
    for problem in xl_check.problems(config, arch=context.board.arch, xen=context.xen):
        if problem.key in ("type", "builder") and problem.verdict in ("fails", "ignored"):
            # XT233 checks the domain types of all guests.
            continue
        if problem.key not in _CHECKED_ELSEWHERE or (
            problem.key in ("disk", "vif") and isinstance(config.settings[problem.key].value, str)
        ):
            yield _finding(guest, problem)


_CHECKED_ELSEWHERE = ("name", "kernel", "disk", "vif", "maxvcpus")
"""Settings that other rules check: those below, and :mod:`xentui.rules.network` for interfaces."""

_CODES = {
    "refused": "XT260",
    "fails": "XT261",
    "ignored": "XT262",
    "doubtful": "XT263",
    "unknown": "XT264",
    "gone": "XT265",
    "later": "XT266",
    "useless": "XT267",
}


def _finding(guest: EffectiveGuest, problem: xl_check.Problem) -> Finding:
    code = _CODES[problem.verdict]
    advice = problem.advice or "Write it as xl.cfg(5) says, or remove it."
    if problem.key in _NUMBERS and problem.verdict in ("ignored", "doubtful"):
        missing = problem.message.startswith("is missing")
        code = "XT268" if missing else "XT247"
        if not missing:
            advice = "Write a plain whole number; a leading zero makes it octal, memory is in MiB."
    message = f"Line {problem.line}: {problem.key} {problem.message}"
    if code == "XT268":
        message = f"{problem.key} {problem.message}"
    return make_finding(code, _path(guest), message, advice)


def check_inserted_paths(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the class can insert its paths, and that xl can read the result."""
    config = context.configs.get(guest.key)
    if config is None or config.error is not None:
        return
    image = artifacts.image_file(context.project, guest.guest)
    kernel = artifacts.kernel_file(context.project, guest.guest)
    after = xl_config.parse(xl_config.as_installed(context.texts[guest.key], image, kernel))
    disks = tuple(xl_disk.parse(spec, context.xen) for spec in after.texts("disk"))
    yield from _check_kernel(guest, config, after, kernel)
    if after.error is not None:
        message = f"The class breaks line {after.error.line} when it inserts the path"
        yield make_finding("XT240", _path(guest), f"{message}: {after.error.message}", _DISK_LINE)
        return
    line = config.line("disk")
    for number, (spec, disk) in enumerate(zip(after.texts("disk"), disks, strict=True)):
        if disk.error:
            before = config.texts("disk")
            broken = (
                number == 0 and bool(before) and not xl_disk.parse(before[0], context.xen).error
            )
            message = f"Line {line}: xl refuses the disk {quoted(spec)}"
            if broken:
                message += " after the class has inserted the path"
            yield make_finding("XT240", _path(guest), f"{message}: {disk.error}", _DISK_LINE)
    image_path = f"{artifacts.IMAGES}/{image}"
    if not disks:
        if guest.guest.has_image:
            message = "It has no disk, so the guest's image is never used"
            yield make_finding("XT241", _path(guest), message, f"{_DISK_LINE} {_WITHOUT_DISK}")
    elif not disks[0].error:
        if disks[0].target != image_path:
            message = f"Line {line}: the class does not insert {image_path}"
            yield make_finding("XT241", _path(guest), message, _DISK_LINE)
        yield from _check_format(context, guest, disks[0], line)
    yield from _check_files(context, guest, config, disks)


def check_name_and_sizes(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the config describes a guest."""
    config = context.configs.get(guest.key)
    if config is None or config.error is not None:
        return
    if not config.text("name"):
        yield make_finding(
            "XT246", _path(guest), "It has no name for the domain", f'Add name = "{guest.key}".'
        )
    vcpus, max_vcpus = config.number("vcpus"), config.number("maxvcpus")
    if vcpus is not None and max_vcpus is not None and max_vcpus < vcpus:
        yield make_finding(
            "XT249",
            _path(guest),
            f"Line {config.line('maxvcpus')}: maxvcpus is {max_vcpus}, less than vcpus, {vcpus}",
            "Raise maxvcpus or remove it.",
        )
    memory, max_memory = config.number("memory"), config.number("maxmem")
    if memory is not None and max_memory is not None and memory < max_memory:
        yield make_finding(
            "XT250",
            _path(guest),
            f"memory is {memory} and maxmem {max_memory} MiB: the guest must have a balloon driver",
            "Make them equal unless the guest grows while it runs.",
        )


def _check_format(
    context: Context, guest: EffectiveGuest, disk: ConfigDisk, line: int
) -> Iterator[Finding]:
    """Check that the first disk declares the format of the image."""
    actual = artifacts.image_format(context.project, guest.guest)
    if actual is not None and disk.format != actual and not disk.cdrom:
        yield make_finding(
            "XT270",
            _path(guest),
            f"Line {line}: the disk is declared {disk.format}, and the guest's image is {actual}",
            "Remove the format." if actual == "raw" else f"Write format={actual}.",
        )


def _check_kernel(
    guest: EffectiveGuest, config: Config, after: Config, kernel: str
) -> Iterator[Finding]:
    inserted = after.text("kernel")
    if guest.guest.kernel == "none" and inserted is not None:
        yield make_finding(
            "XT243",
            _path(guest),
            f"Line {config.line('kernel')} names a kernel, but the project has kernel = none",
            "Remove the line, or remove kernel = none.",
        )
    elif inserted is not None and inserted != f"{artifacts.IMAGES}/{kernel}":
        yield make_finding(
            "XT242",
            _path(guest),
            f"Line {config.line('kernel')}: the class does not insert {artifacts.IMAGES}/{kernel}",
            'Write it at the line\'s start as kernel = "FILE", in double quotes.',
        )
    elif inserted is None and not _boots_itself(after):
        yield make_finding(
            "XT244",
            _path(guest),
            "It has neither kernel nor boot loader, and is not an HVM guest",
            'Add kernel = "FILE", bootloader = "pygrub" or, on x86-64, type = "hvm".',
        )


def _boots_itself(config: Config) -> bool:
    """Return whether a config needs no kernel."""
    return config.domain_type == "hvm" or any(
        config.text(name) for name in ("bootloader", "firmware", "firmware_override")
    )


def _check_files(
    context: Context, guest: EffectiveGuest, config: Config, disks: tuple[ConfigDisk, ...]
) -> Iterator[Finding]:
    """Find files that the config names, but nothing puts on the target."""
    files = [("the additional disk", disk.target) for disk in disks[1:] if disk.target]
    files += [(f"the {what}", text) for name, what in _FILES.items() if (text := config.text(name))]
    files += [("the network script", script) for script in _foreign_scripts(config)]
    for what, path in files:
        if not path.startswith("/dev/") and path not in context.image_paths:
            yield make_finding(
                "XT245",
                _path(guest),
                f"Nothing puts {what} {quoted(path)} on the target",
                "Put it there yourself: the class installs only a guest's image and kernel.",
            )


def _foreign_scripts(config: Config) -> Iterator[str]:
    """Yield the scripts of network interfaces that do not come with xen-tools."""
    for entry in config.texts("vif"):
        script = nic.value(entry, "script") or ""
        if script.removeprefix(f"{_SCRIPT_FOLDER}/") not in ("", *_XEN_TOOLS_SCRIPTS):
            yield script if script.startswith("/") else f"{_SCRIPT_FOLDER}/{script}"


_WITHOUT_DISK = 'A guest without disk is imported with source.type = "kernel".'
_SCRIPT_FOLDER = "/etc/xen/scripts"
_XEN_TOOLS_SCRIPTS = ("vif-bridge", "vif-nat", "vif-openvswitch", "vif-route")
"""Scripts of network interfaces that xen-tools installs (xen:tools/hotplug/Linux)."""

_FILES = {
    "ramdisk": "ramdisk",
    "device_tree": "device tree",
    "device_model_override": "device model",
    "stubdomain_kernel": "stub domain's kernel",
    "stubdomain_ramdisk": "stub domain's ramdisk",
    "bios_path_override": "BIOS",
    "acpi_firmware": "ACPI tables",
    "smbios_firmware": "SMBIOS tables",
}
"""Settings that name a file in Dom0, with the kind of file (xl.cfg(5))."""


def _path(guest: EffectiveGuest) -> str:
    return f"guests.{guest.key}.config_file"


GUEST_RULES = (check_file_exists, check_settings, check_inserted_paths, check_name_and_sizes)
