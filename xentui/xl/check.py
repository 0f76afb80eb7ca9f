# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Find the settings of a config that xl refuses or ignores, or that have no effect.

This follows ``parse_config_data`` of xen:tools/xl/xl_parse.c (Xen 4.17 to 4.22) key by key, with
what xen:tools/libs/util does for disks, interfaces and PCI devices, and what
xen:tools/libs/light refuses on each architecture. Not followed are ``cpuid``,
``vnuma`` and ``vsnd``, which only xl can judge, and what only a running Xen can tell (NUMA
nodes, the number of processors).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from xentui.safe_text import quoted
from xentui.xl import keys as table
from xentui.xl.config import Config
from xentui.xl.keys import Key, Version
from xentui.xl.values import CHECKS, KeyValue, Verdict

Arch = Literal["x86-64", "aarch64"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A setting that xl does not read as intended.

    Attributes:
        line: its line number, from 1.
        message: what is wrong, as the end of a sentence that begins with the key.
        advice: what to do, a sentence.
        instead: the key to use instead, or an empty text.
    """

    key: str
    line: int
    verdict: Verdict
    message: str
    advice: str = ""
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """A config with what it is checked for."""

    config: Config
    type: str
    arch: Arch
    xen: Version


def problems(config: Config, *, arch: Arch, xen: Version = table.XEN) -> list[Problem]:
    """Return the settings that xl does not read as intended, by line.

    Args:
        config: a config without syntax errors.
        arch: the architecture of the board.
        xen: the Xen that reads it.
    """
    kind = config.domain_type or ("pvh" if arch == "aarch64" else "pv")
    around = Surroundings(config, kind, arch, xen)
    found = [*_keys(around), *_whole(around)]
    return sorted(found, key=lambda problem: problem.line)


def _keys(around: Surroundings) -> Iterator[Problem]:
    for name in around.config.settings:
        yield from _key(around, name)


def _key(around: Surroundings, name: str) -> Iterator[Problem]:
    setting = around.config.settings[name]
    key = table.keys().get(name)
    if key is None or not table.is_read(key, around.xen):
        yield _not_read(around, name, key, setting.line)
        return
    useless = _useless(around, key)
    if key.deprecated is not None and key.deprecated <= around.xen and not useless:
        message = f"is deprecated since Xen {table.shown(key.deprecated)}"
        yield Problem(name, setting.line, "ignored", message, _use(key.instead), key.instead)
    given = KeyValue(around.config, around.type, around.xen, key, setting.value)
    for verdict, message in CHECKS[key.kind](given):
        if verdict == "refused" or not useless:
            yield Problem(name, setting.line, verdict, message)
    if useless:
        yield Problem(name, setting.line, "useless", useless, "Remove it.")


def _useless(around: Surroundings, key: Key) -> str:
    if key.arch and key.arch != around.arch:
        return f"only has an effect on {key.arch}"
    if key.types and around.type not in key.types:
        kinds = " and ".join(kind.upper() for kind in key.types)
        return f"is for {kinds} guests, and this one is {around.type.upper()}"
    return ""


def _not_read(around: Surroundings, name: str, key: Key | None, line: int) -> Problem:
    if key is not None and key.since > around.xen:
        message = f"is read from Xen {table.shown(key.since)} on, and this is for "
        message += table.shown(around.xen)
        return Problem(name, line, "later", message, "Remove it, or build a newer Xen.")
    if key is not None and key.until is not None:
        message = f"was read up to Xen {table.shown(key.until)}"
        return Problem(name, line, "gone", message, key.advice or _use(key.instead), key.instead)
    other = table.foreign().get(name)
    if other is not None:
        advice = other.advice or _use(other.instead)
        return Problem(name, line, "unknown", "is not a key of xl", advice, other.instead)
    near = table.near(name, around.xen)
    advice = f"Did you mean {near}?" if near else "Remove it."
    return Problem(name, line, "unknown", "is not a key of xl", advice, near or "")


def _use(instead: str) -> str:
    return f"Use {instead}." if instead else "Remove it."


def _whole(around: Surroundings) -> Iterator[Problem]:
    """Check several settings together."""
    config = around.config
    if config.text("name") is None:
        yield Problem("name", 1, "refused", "is missing", 'Add name = "…".')
    yield from _contradiction(config)
    yield from _cpus(config)
    if around.type != "hvm":
        yield from _what_boots(config)
    yield from _memory(config)
    yield from _libxl(around)
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
        around.type == "hvm"
        and listen is not None
        and ":" in listen
        and (config.number("vncdisplay") or 0)
    ):
        message = "names a display, and so does vncdisplay"
        yield Problem("vnclisten", config.line("vnclisten"), "refused", message)


def _contradiction(config: Config) -> Iterator[Problem]:
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


def _cpus(config: Config) -> Iterator[Problem]:
    vcpus, most = config.number("vcpus"), config.number("maxvcpus")
    if vcpus is not None and most is not None and 0 < most < vcpus:
        message = f"is {most}, less than vcpus, {vcpus}"
        yield Problem("maxvcpus", config.line("maxvcpus"), "refused", message, "Raise it.")


def _memory(config: Config) -> Iterator[Problem]:
    memory, most = config.number("memory"), config.number("maxmem")
    if memory is None and most is None:
        message = "is missing: libxl gives the guest 32 MiB"
        yield Problem(
            "memory", config.line("memory"), "doubtful", message, "Add memory = 256, say."
        )
    elif memory is not None and most is not None and 0 <= most < memory:
        message = f"is {most}, less than memory, {memory}"
        yield Problem(
            "maxmem", config.line("maxmem"), "doubtful", message, "Raise it or leave it out."
        )


def _libxl(around: Surroundings) -> Iterator[Problem]:
    """What libxl refuses to make of a config that xl reads (xen:tools/libs/light).

    libxl_arm.c, ``libxl__arch_passthrough_mode_setdefault`` and
    ``libxl__arch_domain_create_info_setdefault``; libxl_x86.c, the former; libxl_create.c.
    """
    config, arm = around.config, around.arch == "aarch64"
    devices = [name for name in ("pci", "dtdev") if config.texts(name)]
    mode = (config.text("passthrough") or "").lower()
    kind = "type" if "type" in config.settings else "builder"
    if arm and around.type == "hvm":
        yield Problem(
            kind, config.line(kind), "fails", "is HVM, and Arm has no HVM guests",
            'Use type = "pvh" and a kernel.',
        )  # fmt: skip
    if arm and around.type == "pv":
        message = "is PV: on Arm libxl makes it PVH"
        yield Problem(kind, config.line(kind), "ignored", message, 'Use type = "pvh".')
    if arm and mode == "sync_pt":
        message = "is sync_pt, which Arm does not have"
        yield Problem("passthrough", config.line("passthrough"), "fails", message, "Remove it.")
    memory, most = config.number("memory"), config.number("maxmem")
    grows = memory is not None and most is not None and memory < most
    for name in devices:
        line = config.line(name)
        if grows and around.type != "pv":
            message = "cannot go to a guest whose maxmem is more than its memory"
            yield Problem(name, line, "fails", message, "Make memory and maxmem equal.")
        if mode == "disabled":
            message = "is set together with passthrough = disabled"
            yield Problem(name, line, "fails", message, "Remove one of them.")
        elif not arm and around.type == "pvh":
            message = "is not supported for PVH guests on x86"
            yield Problem(name, line, "fails", message, 'Use type = "hvm" or "pv".')
    if arm and config.texts("pci"):
        yield Problem(
            "pci", config.line("pci"), "doubtful",
            "works on Arm only with a Xen that is built with PCI passthrough",
            "Pass a device of the device tree through, with dtdev and device_tree.",
        )  # fmt: skip


def _what_boots(config: Config) -> Iterator[Problem]:
    kernel, firmware = config.text("kernel"), config.text("firmware")
    if firmware is not None and kernel is not None:
        message = "is set together with a kernel: xl takes one of them"
        yield Problem("firmware", config.line("firmware"), "refused", message)
    elif firmware is None and kernel is None and config.text("bootloader") is None:
        yield Problem(
            "kernel", 1, "refused", "is missing, and so is a boot loader",
            'Add kernel = "FILE", bootloader = "pygrub" or, on x86-64, type = "hvm".',
        )  # fmt: skip
