# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Check the value of a setting in an xl config, as xl itself reads it.

Each kind of key in :file:`keys.toml` has one check. It yields the problems of a value, each as a
verdict and a message. The message continues a sentence that begins with the key, as in "vcpus is
-1", or itself begins with the quoted word that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, TypeAlias

from xentui.safe_text import quoted
from xentui.xl import disk as disks
from xentui.xl import nic as nics
from xentui.xl import pci
from xentui.xl.config import Config, Value, as_number
from xentui.xl.keys import Key, Version

Verdict: TypeAlias = Literal[
    "refused", "fails", "ignored", "doubtful", "unknown", "gone", "later", "useless"
]
"""What happens to a setting.

* ``refused``: xl ends with an error when it reads it.
* ``fails``: xl reads it, and libxl refuses to create the domain.
* ``ignored``: xl prints a message and goes on without the value, or without part of it.
* ``doubtful``: xl accepts it, but probably not with the intended meaning.
* ``unknown``: no xl reads the key. xl itself says nothing.
* ``gone``: an older xl read it.
* ``later``: a newer xl reads it.
* ``useless``: it has no effect on this architecture, or for this type of domain.
"""

ValueProblem: TypeAlias = tuple[Verdict, str]
"""A verdict and its message."""

_DIGITS = "[0-9]{1,100}"
"""A number of a length that Python converts: it refuses numbers of more than 4,300 digits."""


@dataclass(frozen=True, slots=True)
class CheckedSetting:
    """A setting, with everything that its check depends on.

    Attributes:
        config: the whole config.
        domain_type: ``pv``, ``pvh`` or ``hvm``.
        xen: the Xen whose xl reads it.
    """

    config: Config
    domain_type: str
    xen: Version
    key: Key
    value: Value

    @property
    def number(self) -> int | None:
        """The value as a number; ``None`` if xl does not read it as one."""
        return self.config.number(self.key.name)

    @property
    def entries(self) -> tuple[str, ...]:
        """The strings of a list, up to the first nested list, where xl stops reading."""
        items = []
        for item in self.value if isinstance(self.value, tuple) else ():
            if not isinstance(item, str):
                break
            items.append(item)
        return tuple(items)


Check: TypeAlias = Callable[[CheckedSetting], Iterator[ValueProblem]]


def _text(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if not isinstance(setting.value, str):
        yield "ignored", "is a list, but xl expects one value"


def _number(setting: CheckedSetting) -> Iterator[ValueProblem]:
    number = setting.number
    if not isinstance(setting.value, str):
        yield "ignored", "is a list, but xl expects a number"
    elif number is None:
        why = " joined with +=" if as_number(setting.value) is not None else ""
        yield "ignored", f"is {quoted(setting.value)}{why}, which xl does not read as a number"
    elif setting.key.name in ("vcpus", "vmtrace_buf_kb") and number < 0:
        yield "refused", f"is {number}"
    elif setting.key.name == "altp2m_count" and not 0 <= number <= 65535:
        yield "refused", f"is {number}: 0 to 65535 are allowed"
    elif (
        setting.key.name == "mmio_hole"
        and setting.domain_type == "hvm"
        and not 256 <= number <= 3840
    ):
        yield "refused", f"is {number} MiB: 256 to 3840 are allowed"
    else:
        yield from _range(setting.key, number)
        yield from _spelling(setting.value, number)


def _range(key: Key, number: int) -> Iterator[ValueProblem]:
    low, high = key.minimum, key.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        span = f"{low} to {high}" if high is not None else f"{low} or more"
        yield "doubtful", f"is {number}; sensible values are {span}"


def _spelling(value: str, number: int) -> Iterator[ValueProblem]:
    if re.fullmatch(r"\s*[+-]?0[0-9]+\s*", value) and int(value, 10) != number:
        yield "doubtful", f"is {quoted(value)}, which is octal: xl reads {number}"


def _bounded(setting: CheckedSetting) -> Iterator[ValueProblem]:
    number = setting.number
    if number is None:
        yield "refused", "is not a number"
    elif not 0 <= number <= 2**31 - 1:
        yield "refused", f"is {number}: 0 to {2**31 - 1} are allowed"
    else:
        yield from _range(setting.key, number)


def _choice(setting: CheckedSetting) -> Iterator[ValueProblem]:
    """Check one of several words: an ``enum`` in any case, a ``prefix`` also abbreviated."""
    words = setting.key.choices_in(setting.xen)
    if not isinstance(setting.value, str):
        yield "ignored", "is a list, but xl expects one word"
        return
    if (
        setting.key.types
        and setting.domain_type not in setting.key.types
        and setting.key.name != "altp2m"
    ):
        # xl does not read the key for a domain of this type.
        return
    word = setting.value.lower() if setting.key.kind.startswith("enum") else setting.value
    if setting.key.kind == "prefix" and any(one.startswith(setting.value) for one in words):
        if setting.value not in words:
            yield (
                "doubtful",
                f"is {quoted(setting.value)}, the beginning of a word: {_either(words)}",
            )
    elif word not in words:
        yield "refused", f"is {quoted(setting.value)}: xl knows {_either(words)}"


def _enum_or_number(setting: CheckedSetting) -> Iterator[ValueProblem]:
    number = setting.number
    if (
        setting.key.name == "timer_mode"
        and setting.domain_type == "pv"
        and isinstance(setting.value, str)
    ):
        yield "refused", "is not supported for PV guests"
    elif number is None:
        yield from _choice(setting)
    elif setting.key.name == "gfx_passthru":
        return
    else:
        numbered = [word for word in setting.key.choices_in(setting.xen) if word != "unknown"]
        if not 0 <= number < len(numbered):
            yield "refused", f"is {number}: xl knows {_either(tuple(numbered))}"
        elif setting.key.name != "altp2m":
            yield "doubtful", f"is {number}: xl expects its name, {quoted(numbered[number])}"


def _uuid(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if not isinstance(setting.value, str):
        yield "ignored", "is a list, but xl expects one value"
    elif not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", setting.value):
        yield "refused", f"is {quoted(setting.value)}, which is not a UUID"


def _texts(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if isinstance(setting.value, str):
        yield "ignored", 'is a single value, but xl expects a list, such as ["…"]'


def _texts_only(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if isinstance(setting.value, str):
        yield "refused", 'is a single value, but xl expects a list, such as ["…"]'


def _text_or_texts(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if setting.key.name == "bootloader_args" and isinstance(setting.value, str):
        # xl crashes if the text contains no word.
        verdict: Verdict = "doubtful" if setting.value.strip(" \t\n") else "refused"
        yield verdict, 'is a single value; xl expects a list, such as ["…"]'


def _lists(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if isinstance(setting.value, str):
        yield "ignored", "is a single value, but xl expects a list of lists"
    elif any(isinstance(item, str) for item in setting.value):
        yield "refused", "is a list of strings, but xl expects a list of lists"


def _disks(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for spec in setting.entries:
        error = disks.parse(spec, setting.xen).error
        if error:
            yield "refused", f"{quoted(spec)}: {error}"


def _nics(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for spec in setting.entries:
        for name, text in nics.settings(spec):
            yield from _nic_word(setting.xen, name, text)


def _nic_word(xen: Version, name: str, text: str | None) -> Iterator[ValueProblem]:
    written = name if text is None else f"{name}={text}"
    if not nics.is_known(name, text) or nics.SINCE.get(name, (0, 0)) > xen:
        yield "ignored", f"{quoted(written)} is not a setting of an interface"
    elif text is None:
        return
    elif name in nics.DEPRECATED:
        other = nics.DEPRECATED[name]
        yield "ignored", f"{name} is deprecated" + (f": use {other}" if other else "")
    elif name == "mac" and not _xl_accepts_mac(text):
        yield "ignored", f"{quoted(text)} is not a MAC address"
    elif name == "type" and text not in nics.TYPES:
        yield "ignored", f"{quoted(written)} is not type=vif or type=ioemu"
    elif why := nics.why_refused(name, text):
        yield "refused", f"{quoted(written)}: {why}"


def _xl_accepts_mac(text: str) -> bool:
    """Return whether xl accepts a MAC: six hexadecimal numbers, separated by any character."""
    octet = r"\s*[+]?(?:0[xX])?0*[0-9a-fA-F]{1,2}"
    return re.match(rf"{octet}(?:.{octet}){{5}}", text) is not None


def _cpu_list(setting: CheckedSetting) -> Iterator[ValueProblem]:
    """Check physical processors: ``all``, numbers and ranges; ``^`` before one excludes it."""
    least = 1 if setting.xen >= (4, 22) else 0
    vcpus = max(setting.config.number("vcpus") or 0, setting.config.number("maxvcpus") or 0, least)
    for spec in [setting.value] if isinstance(setting.value, str) else setting.entries[:vcpus]:
        for word in filter(None, spec.split(",")):
            bare = word.removeprefix("^")
            node = re.match("nodes?:", bare)
            bare = bare[node.end() :] if node else bare
            match = re.fullmatch(rf"\s*\+?({_DIGITS})(?:-\s*\+?({_DIGITS}))?", bare)
            if bare == "all" and not word.startswith("^"):
                continue
            first, last = (match[1], match[2] or match[1]) if match else ("0", "0")
            if match is None or not int(first) <= int(last) < 2**64 - 1:
                yield "refused", f"{quoted(word)} is not a processor or a range of them"


def _pci(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for spec in setting.entries:
        why = pci.why_refused(spec)
        if why:
            yield "refused", f"{quoted(spec)}: {why}"


def _iomem(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    hexadecimal = r"\s*[+-]?(?:0[xX])?[0-9a-fA-F]+"
    for spec in setting.entries:
        if not re.fullmatch(rf"{hexadecimal},{hexadecimal}(?:@{hexadecimal})?", spec):
            yield (
                "refused",
                f"{quoted(spec)} is not START,COUNT or START,COUNT@GUEST in hexadecimal",
            )
    yield from _nested_list(setting)


def _ioports(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for spec in setting.entries:
        match = re.match(r"\s*\+?(?:0[xX])?([0-9a-fA-F]+)", spec)
        rest = spec[match.end() :] if match else ""
        end = re.fullmatch(r"-\s*\+?(?:0[xX])?([0-9a-fA-F]+)", rest)
        if match is None or int(match[1], 16) >= 2**32 - 1:
            yield "refused", f"{quoted(spec)} is not a port in hexadecimal"
        elif rest.startswith("-") and (end is None or int(end[1], 16) >= 2**32 - 1):
            yield "refused", f"{quoted(spec)} is not a range of ports in hexadecimal"
        elif rest and not end:
            yield "ignored", f"{quoted(rest)} in {quoted(spec)} is not read"
    yield from _nested_list(setting)


def _irqs(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for spec in setting.entries:
        if not re.fullmatch(rf"\s*\+?{_DIGITS}", spec) or int(spec) >= 2**32 - 1:
            yield "refused", f"{quoted(spec)} is not the number of an interrupt"
    yield from _nested_list(setting)


def _nested_list(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if isinstance(setting.value, tuple) and len(setting.entries) < len(setting.value):
        yield "refused", "contains a list, but xl expects strings"


def _devices(
    names: Mapping[str, tuple[str, ...] | None],
    required: tuple[str, ...] = (),
    *,
    since: Mapping[str, Version] = MappingProxyType({}),
    ignores_unknown: bool = False,
    stops_at_word: bool = False,
) -> Check:
    """Return a check of devices that are written as ``name=value`` words, separated by commas.

    Args:
        names: the allowed names, each with its allowed values, or ``None`` for any text.
        required: the names that must be present.
        since: the first Xen with a name, if later than 4.17.
        ignores_unknown: whether xl only ignores an unknown name.
        stops_at_word: whether xl ignores a word without ``=`` and everything after it.
    """

    def check(setting: CheckedSetting) -> Iterator[ValueProblem]:
        yield from _texts(setting)
        for spec in setting.entries:
            present: set[str] = set()
            for word in filter(None, spec.split(",")):
                name, equals, text = word.strip().partition("=")
                allowed = names.get(name, ())
                if not equals and stops_at_word:
                    yield "doubtful", f"{quoted(word)} and what follows is ignored"
                    break
                if not equals or since.get(name, (0, 0)) > setting.xen:
                    yield "refused", f"{quoted(word)} is not name=value for this Xen"
                elif name not in names:
                    yield (
                        "ignored" if ignores_unknown else "refused",
                        f"{quoted(word)} is not known",
                    )
                elif allowed is not None and text.lower() not in allowed:
                    yield "refused", f"{quoted(word)}: {name} is {_either(allowed)}"
                present.add(name)
            for name in required:
                if name not in present:
                    yield "refused", f"{quoted(spec)} lacks {name}="

    return check


def _p9(setting: CheckedSetting) -> Iterator[ValueProblem]:
    old = setting.xen < (4, 19)
    always = ("tag", "security_model", "path")
    since: dict[str, Version] = dict.fromkeys(
        ("type", "max-files", "max-open-files", "max-space", "auto-delete"), (4, 19)
    )
    names = dict.fromkeys((*always, "backend", *since))
    types = ("qemu", "xen_9pfsd", "unknown")
    check = _devices(
        {**names, "type": types}, always if old else (), since=since, stops_at_word=old
    )
    yield from check(setting)


def _channel(setting: CheckedSetting) -> Iterator[ValueProblem]:
    names = {"backend": None, "name": None, "path": None, "connection": ("pty", "socket")}
    yield from _devices(names, ("connection",), ignores_unknown=True)(setting)
    for spec in setting.entries:
        words = (word.strip().partition("=") for word in spec.split(","))
        values = {name: text for name, _, text in words}
        if values.get("connection", "").lower() == "socket" and not values.get("path"):
            yield "refused", f"{quoted(spec)} lacks path= for the socket"


def _vdispl(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _devices(dict.fromkeys(("backend", "be-alloc", "connectors")), ("connectors",))(
        setting
    )


def _virtio(setting: CheckedSetting) -> Iterator[ValueProblem]:
    """Check virtio devices; a type that begins with ``virtio`` may contain a comma."""
    names = {"backend": None, "type": None, "transport": ("mmio", "unknown"), "grant_usage": None}
    joined = re.compile(r"(?<![^,])( *type=virtio[^,]*),")
    if isinstance(setting.value, tuple):
        entries = tuple(joined.sub(r"\1 ", spec) for spec in setting.entries)
        setting = replace(setting, value=entries)
    yield from _devices(names)(setting)


def _viridian(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if setting.domain_type != "hvm":
        return
    if isinstance(setting.value, str):
        if setting.number is None:
            yield "ignored", "is not a number or a list"
        return
    for word in setting.entries:
        if word in ("all", "defaults"):
            continue
        if word.removeprefix("!").lower() not in setting.key.choices:
            yield "refused", f"{quoted(word)} is not a Hyper-V interface that xl knows"


def _mca_caps(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if setting.domain_type != "hvm":
        return
    yield from _texts_only(setting)
    for word in setting.entries:
        if word not in setting.key.choices:
            yield "refused", f"{quoted(word)} is not {_either(setting.key.choices)}"


def _smbios(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if setting.domain_type != "hvm":
        return
    yield from _texts_only(setting)
    for word in setting.entries:
        name, _, text = word.partition("=")
        if name.lower() not in setting.key.choices or not text:
            yield "refused", f"{quoted(word)} is not NAME=TEXT with a name that xl knows"


def _firmware(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _text(setting)
    if setting.domain_type == "hvm" or not isinstance(setting.value, str):
        return
    if not any(word.startswith(setting.value) for word in ("pvgrub32", "pvgrub64")):
        yield "refused", f"is {quoted(setting.value)}: for PV and PVH it is pvgrub32 or pvgrub64"


def _rdm(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _text(setting)
    # xl ignores what it cannot parse, mostly silently.
    if isinstance(setting.value, str) and not re.fullmatch(
        r"(?:strategy=host|policy=(?:strict|relaxed))(?:,(?:strategy=host|policy=(?:strict|relaxed)))*",
        setting.value,
    ):
        yield "doubtful", f"is {quoted(setting.value)}: write strategy=host,policy=relaxed"


def _arm_sci(setting: CheckedSetting) -> Iterator[ValueProblem]:
    if isinstance(setting.value, str):
        for word in filter(None, setting.value.split(",")):
            name, _, text = word.partition("=")
            if name == "type" and text.lower() not in setting.key.choices:
                yield "refused", f"{quoted(word)}: type is {_either(setting.key.choices)}"


def _llc_colors(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for word in setting.entries:
        match = re.match(rf"\s*({_DIGITS})(?:\s*-\s*({_DIGITS}))?", word)
        if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
            yield "refused", f"{quoted(word)} is not a colour or a range of them"


def _xenstore_quota(setting: CheckedSetting) -> Iterator[ValueProblem]:
    yield from _texts(setting)
    for word in setting.entries:
        number = as_number(word.partition("=")[2])
        if number is None or not 0 <= number < 2**32:
            yield "refused", f"{quoted(word)} is not NAME=NUMBER"


def _unchecked(_: CheckedSetting) -> Iterator[ValueProblem]:
    yield from ()


def _either(words: tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + f" or {words[-1]}" if len(words) > 1 else "".join(words)


_VKB = dict.fromkeys(
    (
        "backend", "unique-id", "feature-disable-keyboard", "feature-disable-pointer",
        "feature-abs-pointer", "feature-raw-pointer", "feature-multi-touch", "multi-touch-width",
        "multi-touch-height", "multi-touch-num-contacts", "width", "height",
    )
)  # fmt: skip

CHECKS: dict[str, Check] = {
    "text": _text,
    "number": _number,
    "flag": _number,
    "bounded": _bounded,
    "choice": _choice,
    "enum": _choice,
    "prefix": _choice,
    "enum or number": _enum_or_number,
    "uuid": _uuid,
    "texts": _texts,
    "texts only": _texts_only,
    "text or texts": _text_or_texts,
    "lists": _lists,
    "disks": _disks,
    "nics": _nics,
    "cpus": _cpu_list,
    "cpuid": _unchecked,
    "pci": _pci,
    "iomem": _iomem,
    "ioports": _ioports,
    "irqs": _irqs,
    "p9": _p9,
    "vtpm": _devices({"backend": None, "uuid": None}, ("backend",), stops_at_word=True),
    "pvcalls": _devices({"backend": None}, stops_at_word=True),
    "vdispl": _vdispl,
    "channel": _channel,
    "virtio": _virtio,
    "usbctrl": _devices(
        {"type": ("auto", "pv", "devicemodel", "qusb"), "version": None, "ports": None}
    ),
    "usbdev": _devices(
        {"type": ("hostdev",), "hostbus": None, "hostaddr": None, "controller": None, "port": None}
    ),
    "vkb": _devices({**_VKB, "backend-type": ("qemu", "linux", "unknown")}, ("backend-type",)),
    "viridian": _viridian,
    "mca_caps": _mca_caps,
    "smbios": _smbios,
    "firmware": _firmware,
    "rdm": _rdm,
    "arm_sci": _arm_sci,
    "llc_colors": _llc_colors,
    "xenstore_quota": _xenstore_quota,
}
