# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the settings of a config that xl refuses or ignores, or that have no effect.

The checks follow ``parse_config_data`` of xen:tools/xl/xl_parse.c (Xen 4.17 to 4.22) key by key,
xen:tools/libs/util for disks, interfaces and PCI devices, and xen:tools/libs/light for what libxl
refuses on each architecture. The values of ``cpuid``, ``vnuma`` and ``vsnd`` are not checked, nor
what depends on the machine: NUMA nodes and the number of processors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xentui.safe_text import quoted
from xentui.xl import keys
from xentui.xl.config import Config
from xentui.xl.keys import Key, Version
from xentui.xl.values import CHECKS, CheckedSetting, Verdict

Arch = Literal["x86-64", "aarch64"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that xl does not read as intended.

    Attributes:
        line: the line number, from 1.
        message: what is wrong, as the end of a sentence that begins with the key.
        advice: what to do, in a sentence, or an empty text.
        instead: the key to use instead, or an empty text.
    """

    key: str
    line: int
    verdict: Verdict
    message: str
    advice: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class _Domain:
    """The domain that a config describes, and the Xen that will run it."""

    config: Config
    type: str
    arch: Arch
    xen: Version


def problems(config: Config, *, arch: Arch, xen: Version = keys.DEFAULT_XEN) -> list[Problem]:
    """Return the settings that xl does not read as intended, sorted by line.

    Args:
        config: a config without syntax errors.
        arch: the architecture of the board.
        xen: the Xen that runs the guest.
    """
    domain_type = config.domain_type or ("pvh" if arch == "aarch64" else "pv")
    domain = _Domain(config, domain_type, arch, xen)
    found = [problem for name in config.settings for problem in _setting(domain, name)]
    return sorted((*found, *_combinations(domain)), key=lambda problem: problem.line)


def _setting(domain: _Domain, name: str) -> Iterator[Problem]:
    setting = domain.config.settings[name]
    key = keys.all_keys().get(name)
    if key is None or not keys.is_read(key, domain.xen):
        yield _not_read(domain, name, key, setting.line)
        return
    useless = _why_useless(domain, key)
    if key.deprecated is not None and key.deprecated <= domain.xen and not useless:
        message = f"is deprecated since Xen {keys.version_text(key.deprecated)}"
        yield Problem(name, setting.line, "ignored", message, _use(key.instead), key.instead)
    checked = CheckedSetting(domain.config, domain.type, domain.xen, key, setting.value)
    for verdict, message in CHECKS[key.kind](checked):
        if verdict == "refused" or not useless:
            yield Problem(name, setting.line, verdict, message)
    if useless:
        yield Problem(name, setting.line, "useless", useless, "Remove it.")


def _why_useless(domain: _Domain, key: Key) -> str:
    """Return why a key has no effect on the domain, or an empty text."""
    if key.arch and key.arch != domain.arch:
        return f"only has an effect on {key.arch}"
    if key.types and domain.type not in key.types:
        kinds = " and ".join(kind.upper() for kind in key.types)
        return f"is for {kinds} guests, and this one is {domain.type.upper()}"
    return ""


def _not_read(domain: _Domain, name: str, key: Key | None, line: int) -> Problem:
    if key is not None and key.since > domain.xen:
        since, xen = keys.version_text(key.since), keys.version_text(domain.xen)
        message = f"is read from Xen {since} on, and this config is for Xen {xen}"
        return Problem(name, line, "later", message, "Remove it, or build a newer Xen.")
    if key is not None and key.until is not None:
        message = f"was read up to Xen {keys.version_text(key.until)}"
        return Problem(name, line, "gone", message, key.advice or _use(key.instead), key.instead)
    other = keys.common_mistakes().get(name)
    if other is not None:
        instead, advice = other.instead, other.advice or _use(other.instead)
    else:
        instead = keys.similar_key(name, domain.xen) or ""
        advice = f"Did you mean {instead}?" if instead else "Remove it."
    return Problem(name, line, "unknown", "is not a key of xl", advice, instead)


def _use(instead: str) -> str:
    return f"Use {instead}." if instead else "Remove it."


def _combinations(domain: _Domain) -> Iterator[Problem]:
    """Find missing settings, and those that do not go together."""
    config = domain.config
    if config.text("name") is None:
        yield Problem("name", 1, "refused", "is missing", 'Add name = "…".')
    yield from _type_and_builder(config)
    yield from _vcpus(config)
    if domain.type != "hvm":
        yield from _boot_source(config)
    yield from _memory(config)
    yield from _refused_by_libxl(domain)
    if config.text("cmdline") is not None:
        for name in ("root", "extra"):
            if config.text(name) is not None:
                message = "is ignored, as cmdline is set"
                yield Problem(name, config.line(name), "ignored", message, "Remove one.")
    for name, other in (
        ("device_model_override", "device_model_version"),
        ("bios_path_override", "bios"),
    ):
        if config.text(name) is not None and config.text(other) is None:
            message = f"is set without {other}"
            yield Problem(name, config.line(name), "doubtful", message, f"Add {other}.")
    listen = config.text("vnclisten")
    if (
        domain.type == "hvm"
        and listen is not None
        and ":" in listen
        and (config.number("vncdisplay") or 0)
    ):
        message = "names a display, and so does vncdisplay"
        yield Problem("vnclisten", config.line("vnclisten"), "refused", message)


def _type_and_builder(config: Config) -> Iterator[Problem]:
    kind, builder = config.text("type"), config.text("builder")
    if kind is None or builder is None:
        return
    named = next((word for word in ("hvm", "pv", "pvh") if word.startswith(kind)), None)
    built = next((word for word in ("hvm", "generic") if word.startswith(builder)), None)
    if named and built and named != ("pv" if built == "generic" else built):
        yield Problem(
            "builder", config.line("builder"), "refused", f"contradicts type = {quoted(kind)}",
            "Remove builder.", "type",
        )  # fmt: skip


def _vcpus(config: Config) -> Iterator[Problem]:
    vcpus, maximum = config.number("vcpus"), config.number("maxvcpus")
    if vcpus is not None and maximum is not None and 0 < maximum < vcpus:
        message = f"is {maximum}, less than vcpus, {vcpus}"
        yield Problem("maxvcpus", config.line("maxvcpus"), "refused", message, "Raise it.")


def _memory(config: Config) -> Iterator[Problem]:
    memory, maximum = config.number("memory"), config.number("maxmem")
    if memory is None and maximum is None:
        message = "is missing: libxl gives the guest 32 MiB"
        yield Problem(
            "memory",
            config.line("memory"),
            "doubtful",
            message,
            "Add memory, such as memory = 256.",
        )
    elif memory is not None and maximum is not None and 0 <= maximum < memory:
        message = f"is {maximum}, less than memory, {memory}"
        yield Problem(
            "maxmem", config.line("maxmem"), "doubtful", message, "Raise it or leave it out."
        )


def _refused_by_libxl(domain: _Domain) -> Iterator[Problem]:
    """Find what libxl refuses or changes, although xl reads it.

    Sources in xen:tools/libs/light: ``libxl__arch_passthrough_mode_setdefault`` in libxl_arm.c and
    libxl_x86.c, ``libxl__arch_domain_create_info_setdefault`` in libxl_arm.c, and libxl_create.c.
    """
    config, arm = domain.config, domain.arch == "aarch64"
    devices = [name for name in ("pci", "dtdev") if config.texts(name)]
    mode = (config.text("passthrough") or "").lower()
    kind = "type" if "type" in config.settings else "builder"
    if arm and domain.type == "hvm":
        yield Problem(
            kind, config.line(kind), "fails", "is HVM, and Arm has no HVM guests",
            'Use type = "pvh" and a kernel.',
        )  # fmt: skip
    if arm and domain.type == "pv":
        message = "is PV: on Arm libxl makes it PVH"
        yield Problem(kind, config.line(kind), "ignored", message, 'Use type = "pvh".')
    if arm and mode == "sync_pt":
        message = "is sync_pt, which Arm does not have"
        yield Problem("passthrough", config.line("passthrough"), "fails", message, "Remove it.")
    memory, maximum = config.number("memory"), config.number("maxmem")
    grows = memory is not None and maximum is not None and memory < maximum
    for name in devices:
        line = config.line(name)
        if grows and domain.type != "pv":
            message = "cannot be passed to a guest whose maxmem is greater than its memory"
            yield Problem(name, line, "fails", message, "Make memory and maxmem equal.")
        if mode == "disabled":
            message = "is set together with passthrough = disabled"
            yield Problem(name, line, "fails", message, "Remove one of them.")
        elif not arm and domain.type == "pvh":
            message = "is not supported for PVH guests on x86"
            yield Problem(name, line, "fails", message, 'Use type = "hvm" or "pv".')
    if arm and config.texts("pci"):
        yield Problem(
            "pci", config.line("pci"), "doubtful",
            "works on Arm only with a Xen that is built with PCI passthrough",
            "Pass a device of the device tree through, with dtdev and device_tree.",
        )  # fmt: skip


def _boot_source(config: Config) -> Iterator[Problem]:
    kernel, firmware = config.text("kernel"), config.text("firmware")
    if firmware is not None and kernel is not None:
        message = "is set together with a kernel, and xl accepts only one of them"
        yield Problem("firmware", config.line("firmware"), "refused", message)
    elif firmware is None and kernel is None and config.text("bootloader") is None:
        yield Problem(
            "kernel", 1, "refused", "is missing, and so is a boot loader",
            'Add kernel = "FILE", bootloader = "pygrub" or, on x86-64, type = "hvm".',
        )  # fmt: skip
