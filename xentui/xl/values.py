# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Check the values of an xl config as xl itself reads them.

There is one check for each kind of key (``kind`` in :file:`keys.toml`). It yields each problem of
a value as a verdict and a text. A text that begins with a quoted word is about that word; any
other goes on after the name of the key: ``vcpus`` "is 3: ...".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
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
"""What becomes of a setting.

* ``refused``: xl ends with an error when it reads it.
* ``fails``: xl reads it, and libxl refuses to create the domain.
* ``ignored``: xl prints a message and goes on without the value, or without part of it.
* ``doubtful``: xl accepts it, but probably not with the intended meaning.
* ``unknown``: no xl reads the key. xl itself says nothing.
* ``gone``: an older xl read it.
* ``later``: a newer xl reads it.
* ``useless``: it has no effect on this architecture, or for this type of domain.
"""

Problem: TypeAlias = tuple[Verdict, str]

_DIGITS = "[0-9]{1,100}"
"""A number of any size that xl could mean; Python itself refuses to read one of 4,301 digits."""


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key with its value, and what the value is checked for.

    Attributes:
        config: the whole config.
        type: the domain's type: ``pv``, ``pvh`` or ``hvm``.
        xen: the Xen whose xl reads it.
    """

    config: Config
    type: str
    xen: Version
    key: Key
    value: Value

    @property
    def number(self) -> int | None:
        """The value as a number, or ``None`` where xl reads none."""
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


Check: TypeAlias = Callable[[KeyValue], Iterator[Problem]]


def _text(given: KeyValue) -> Iterator[Problem]:
    if not isinstance(given.value, str):
        yield "ignored", "is a list, but xl expects one value"


def _number(given: KeyValue) -> Iterator[Problem]:
    number = given.number
    if not isinstance(given.value, str):
        yield "ignored", "is a list, but xl expects a number"
    elif number is None:
        why = " joined with +=" if as_number(given.value) is not None else ""
        yield "ignored", f"is {quoted(given.value)}{why}, which xl does not read as a number"
    elif given.key.name in ("vcpus", "vmtrace_buf_kb") and number < 0:
        yield "refused", f"is {number}"
    elif given.key.name == "altp2m_count" and not 0 <= number <= 65535:
        yield "refused", f"is {number}: 0 to 65535 are allowed"
    elif given.key.name == "mmio_hole" and given.type == "hvm" and not 256 <= number <= 3840:
        yield "refused", f"is {number} MiB: 256 to 3840 are allowed"
    else:
        yield from _range(given.key, number)
        yield from _spelling(given.value, number)


def _range(key: Key, number: int) -> Iterator[Problem]:
    low, high = key.minimum, key.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        span = f"{low} to {high}" if high is not None else f"{low} or more"
        yield "doubtful", f"is {number}; sensible values are {span}"


def _spelling(value: str, number: int) -> Iterator[Problem]:
    if re.fullmatch(r"\s*[+-]?0[0-9]+\s*", value) and int(value, 10) != number:
        yield "doubtful", f"is {quoted(value)}, which is octal: xl reads {number}"


def _bounded(given: KeyValue) -> Iterator[Problem]:
    number = given.number
    if number is None:
        yield "refused", "is not a number"
    elif not 0 <= number <= 2**31 - 1:
        yield "refused", f"is {number}: 0 to {2**31 - 1} are allowed"
    else:
        yield from _range(given.key, number)


def _choice(given: KeyValue) -> Iterator[Problem]:
    """A word of a list: an ``enum`` in any case, a ``prefix`` abbreviated."""
    words = given.key.words(given.xen)
    if not isinstance(given.value, str):
        yield "ignored", "is a list, but xl expects one word"
        return
    if given.key.types and given.type not in given.key.types and given.key.name != "altp2m":
        # xl does not read the key for such a domain.
        return
    word = given.value.lower() if given.key.kind.startswith("enum") else given.value
    if given.key.kind == "prefix" and any(one.startswith(given.value) for one in words):
        if given.value not in words:
            yield "doubtful", f"is {quoted(given.value)}, the beginning of a word: {_either(words)}"
    elif word not in words:
        yield "refused", f"is {quoted(given.value)}: xl knows {_either(words)}"


def _enum_or_number(given: KeyValue) -> Iterator[Problem]:
    number = given.number
    if given.key.name == "timer_mode" and given.type == "pv" and isinstance(given.value, str):
        yield "refused", "is not supported for PV guests"
    elif number is None:
        yield from _choice(given)
    elif given.key.name == "gfx_passthru":
        return
    else:
        numbered = [word for word in given.key.words(given.xen) if word != "unknown"]
        if not 0 <= number < len(numbered):
            yield "refused", f"is {number}: xl knows {_either(tuple(numbered))}"
        elif given.key.name != "altp2m":
            yield "doubtful", f"is {number}: xl expects its name, {quoted(numbered[number])}"


def _uuid(given: KeyValue) -> Iterator[Problem]:
    if not isinstance(given.value, str):
        yield "ignored", "is a list, but xl expects one value"
    elif not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", given.value):
        yield "refused", f"is {quoted(given.value)}, which is not a UUID"


def _texts(given: KeyValue) -> Iterator[Problem]:
    if isinstance(given.value, str):
        yield "ignored", 'is a single value, but xl expects a list, such as ["…"]'


def _texts_alone(given: KeyValue) -> Iterator[Problem]:
    if isinstance(given.value, str):
        yield "refused", 'is a single value, but xl expects a list, such as ["…"]'


def _text_or_texts(given: KeyValue) -> Iterator[Problem]:
    if given.key.name == "bootloader_args" and isinstance(given.value, str):
        # xl crashes on a text without any word.
        verdict: Verdict = "doubtful" if given.value.strip(" \t\n") else "refused"
        yield verdict, 'is a single value; xl expects a list, such as ["…"]'


def _lists(given: KeyValue) -> Iterator[Problem]:
    if isinstance(given.value, str):
        yield "ignored", "is a single value, but xl expects a list of lists"
    elif any(isinstance(item, str) for item in given.value):
        yield "refused", "is a list of strings, but xl expects a list of lists"


def _disks(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for spec in given.entries:
        error = disks.parse(spec, given.xen).error
        if error:
            yield "refused", f"{quoted(spec)}: {error}"


def _nics(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for spec in given.entries:
        for name, text in nics.words(spec):
            yield from _nic_word(given.xen, name, text)


def _nic_word(xen: Version, name: str, text: str | None) -> Iterator[Problem]:
    written = name if text is None else f"{name}={text}"
    if not nics.is_known(name, text) or nics.SINCE.get(name, (0, 0)) > xen:
        yield "ignored", f"{quoted(written)} is not a setting of an interface"
    elif text is None:
        return
    elif name in nics.DEPRECATED:
        other = nics.DEPRECATED[name]
        yield "ignored", f"{name} is deprecated" + (f": use {other}" if other else "")
    elif name == "mac" and not _is_mac_to_xl(text):
        yield "ignored", f"{quoted(text)} is not a MAC address"
    elif name == "type" and text not in nics.TYPES:
        yield "ignored", f"{quoted(written)} is not type=vif or type=ioemu"
    elif nics.refused(name, text):
        yield "refused", f"{quoted(written)}: {nics.refused(name, text)}"


def _is_mac_to_xl(text: str) -> bool:
    """Return whether xl accepts a MAC: six hexadecimal numbers, any one character between them."""
    octet = r"\s*[+]?(?:0[xX])?0*[0-9a-fA-F]{1,2}"
    return re.match(rf"{octet}(?:.{octet}){{5}}", text) is not None


def _cpu_list(given: KeyValue) -> Iterator[Problem]:
    """Physical processors: ``all``, numbers, ranges, each may follow ``^``, which excludes it."""
    least = 1 if given.xen >= (4, 22) else 0
    vcpus = max(given.config.number("vcpus") or 0, given.config.number("maxvcpus") or 0, least)
    for spec in [given.value] if isinstance(given.value, str) else given.entries[:vcpus]:
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


def _pci(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for spec in given.entries:
        error = pci.error(spec)
        if error:
            yield "refused", f"{quoted(spec)}: {error}"


def _iomem(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    hexadecimal = r"\s*[+-]?(?:0[xX])?[0-9a-fA-F]+"
    for spec in given.entries:
        if not re.fullmatch(rf"{hexadecimal},{hexadecimal}(?:@{hexadecimal})?", spec):
            yield (
                "refused",
                f"{quoted(spec)} is not START,COUNT or START,COUNT@GUEST in hexadecimal",
            )
    yield from _not_a_text(given)


def _ioports(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for spec in given.entries:
        match = re.match(r"\s*\+?(?:0[xX])?([0-9a-fA-F]+)", spec)
        rest = spec[match.end() :] if match else ""
        end = re.fullmatch(r"-\s*\+?(?:0[xX])?([0-9a-fA-F]+)", rest)
        if match is None or int(match[1], 16) >= 2**32 - 1:
            yield "refused", f"{quoted(spec)} is not a port in hexadecimal"
        elif rest.startswith("-") and (end is None or int(end[1], 16) >= 2**32 - 1):
            yield "refused", f"{quoted(spec)} is not a range of ports in hexadecimal"
        elif rest and not end:
            yield "ignored", f"{quoted(rest)} in {quoted(spec)} is not read"
    yield from _not_a_text(given)


def _irqs(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for spec in given.entries:
        if not re.fullmatch(rf"\s*\+?{_DIGITS}", spec) or int(spec) >= 2**32 - 1:
            yield "refused", f"{quoted(spec)} is not the number of an interrupt"
    yield from _not_a_text(given)


def _not_a_text(given: KeyValue) -> Iterator[Problem]:
    if isinstance(given.value, tuple) and len(given.entries) < len(given.value):
        yield "refused", "contains a list, but xl expects strings"


def _devices(
    known: Mapping[str, tuple[str, ...] | None],
    needed: tuple[str, ...] = (),
    *,
    newer: dict[str, Version] | None = None,
    ignoring: bool = False,
    stopping: bool = False,
) -> Check:
    """Return a check of ``name=value`` words with commas between them.

    Args:
        known: the names, each with the words it takes or ``None`` for any text.
        needed: names that must be there.
        newer: from which Xen a name is known.
        ignoring: whether xl goes on after an unknown name.
        stopping: whether xl ignores a word without ``=`` and everything after it.
    """

    def read(given: KeyValue) -> Iterator[Problem]:
        yield from _texts(given)
        for spec in given.entries:
            names: set[str] = set()
            for word in filter(None, spec.split(",")):
                name, equals, text = word.strip().partition("=")
                allowed = known.get(name, ())
                if not equals and stopping:
                    yield "doubtful", f"{quoted(word)} and what follows is ignored"
                    break
                if not equals or (newer or {}).get(name, (0, 0)) > given.xen:
                    yield "refused", f"{quoted(word)} is not name=value for this Xen"
                elif name not in known:
                    yield "ignored" if ignoring else "refused", f"{quoted(word)} is not known"
                elif allowed is not None and text.lower() not in allowed:
                    yield "refused", f"{quoted(word)}: {name} is {_either(allowed)}"
                names.add(name)
            for name in needed:
                if name not in names:
                    yield "refused", f"{quoted(spec)} lacks {name}="

    return read


def _p9(given: KeyValue) -> Iterator[Problem]:
    newer: dict[str, Version] = dict.fromkeys(
        ("type", "max-files", "max-open-files", "max-space", "auto-delete"), (4, 19)
    )
    needed = ("tag", "security_model", "path") if given.xen < (4, 19) else ()
    names = dict.fromkeys(("tag", "security_model", "path", "backend", *newer))
    known = {**names, "type": ("qemu", "xen_9pfsd", "unknown")}
    read = _devices(known, needed, newer=newer, stopping=given.xen < (4, 19))
    yield from read(given)


def _channel(given: KeyValue) -> Iterator[Problem]:
    names = {"backend": None, "name": None, "path": None, "connection": ("pty", "socket")}
    yield from _devices(names, ("connection",), ignoring=True)(given)
    for spec in given.entries:
        words = (word.strip().partition("=") for word in spec.split(","))
        values = {name: text for name, _, text in words}
        if values.get("connection", "").lower() == "socket" and not values.get("path"):
            yield "refused", f"{quoted(spec)} lacks path= for the socket"


def _vdispl(given: KeyValue) -> Iterator[Problem]:
    yield from _devices(dict.fromkeys(("backend", "be-alloc", "connectors")), ("connectors",))(
        given
    )


def _virtio(given: KeyValue) -> Iterator[Problem]:
    """The value of a type that begins with ``virtio`` may contain a comma: ``virtio,device22``."""
    names = {"backend": None, "type": None, "transport": ("mmio", "unknown"), "grant_usage": None}
    joined = re.compile(r"(?<![^,])( *type=virtio[^,]*),")
    whole = tuple(joined.sub(r"\1 ", spec) for spec in given.entries)
    value = whole if isinstance(given.value, tuple) else given.value
    yield from _devices(names)(replace(given, value=value))


def _viridian(given: KeyValue) -> Iterator[Problem]:
    if given.type != "hvm":
        return
    if isinstance(given.value, str):
        if given.number is None:
            yield "ignored", "is not a number or a list"
        return
    for word in given.entries:
        if word in ("all", "defaults"):
            continue
        if word.removeprefix("!").lower() not in given.key.choices:
            yield "refused", f"{quoted(word)} is not a Hyper-V interface that xl knows"


def _mca_caps(given: KeyValue) -> Iterator[Problem]:
    if given.type != "hvm":
        return
    if isinstance(given.value, str):
        yield "refused", "is a single value, but xl expects a list"
    for word in given.entries:
        if word not in given.key.choices:
            yield "refused", f"{quoted(word)} is not {_either(given.key.choices)}"


def _smbios(given: KeyValue) -> Iterator[Problem]:
    if given.type != "hvm":
        return
    if isinstance(given.value, str):
        yield "refused", "is a single value, but xl expects a list"
    for word in given.entries:
        name, _, text = word.partition("=")
        if name.lower() not in given.key.choices or not text:
            yield "refused", f"{quoted(word)} is not NAME=TEXT with a name that xl knows"


def _firmware(given: KeyValue) -> Iterator[Problem]:
    yield from _text(given)
    if given.type == "hvm" or not isinstance(given.value, str):
        return
    if not any(word.startswith(given.value) for word in ("pvgrub32", "pvgrub64")):
        yield "refused", f"is {quoted(given.value)}: for PV and PVH it is pvgrub32 or pvgrub64"


def _rdm(given: KeyValue) -> Iterator[Problem]:
    yield from _text(given)
    # xl ignores what it cannot parse, mostly silently.
    if isinstance(given.value, str) and not re.fullmatch(
        r"(?:strategy=host|policy=(?:strict|relaxed))(?:,(?:strategy=host|policy=(?:strict|relaxed)))*",
        given.value,
    ):
        yield "doubtful", f"is {quoted(given.value)}: write strategy=host,policy=relaxed"


def _arm_sci(given: KeyValue) -> Iterator[Problem]:
    if isinstance(given.value, str):
        for word in filter(None, given.value.split(",")):
            name, _, text = word.partition("=")
            if name == "type" and text.lower() not in given.key.choices:
                yield "refused", f"{quoted(word)}: type is {_either(given.key.choices)}"


def _llc_colors(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for word in given.entries:
        match = re.match(rf"\s*({_DIGITS})(?:\s*-\s*({_DIGITS}))?", word)
        if match is None or (match[2] is not None and int(match[2]) < int(match[1])):
            yield "refused", f"{quoted(word)} is not a colour or a range of them"


def _xenstore_quota(given: KeyValue) -> Iterator[Problem]:
    yield from _texts(given)
    for word in given.entries:
        number = as_number(word.partition("=")[2])
        if number is None or not 0 <= number < 2**32:
            yield "refused", f"{quoted(word)} is not NAME=NUMBER"


def _any(_: KeyValue) -> Iterator[Problem]:
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
    "texts alone": _texts_alone,
    "text or texts": _text_or_texts,
    "lists": _lists,
    "disks": _disks,
    "nics": _nics,
    "cpus": _cpu_list,
    "cpuid": _any,
    "pci": _pci,
    "iomem": _iomem,
    "ioports": _ioports,
    "irqs": _irqs,
    "p9": _p9,
    "vtpm": _devices({"backend": None, "uuid": None}, ("backend",), stopping=True),
    "pvcalls": _devices({"backend": None}, stopping=True),
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
