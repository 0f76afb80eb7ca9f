# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on lines in the user's files that stop BitBake or have an unexpected effect."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.bitbake.conf_syntax import Fault
from xentui.bitbake.conf_types import Assignment, Location
from xentui.rules.build.context import GUEST_VARIABLES, BuildContext, LocatedFinding, finding_at
from xentui.safe_text import quoted, visible

LISTS = frozenset(
    {
        "BBLAYERS", "BBMULTICONFIG", "BUNDLED_XEN_GUESTS", "CORE_IMAGE_EXTRA_INSTALL",
        "DISTRO_FEATURES", "EXTRA_IMAGE_FEATURES", "HOSTTOOLS", "IMAGE_FEATURES", "IMAGE_FSTYPES",
        "IMAGE_INSTALL", "INHERIT", "MACHINE_ESSENTIAL_EXTRA_RDEPENDS", "MACHINE_EXTRA_RDEPENDS",
        "MACHINE_EXTRA_RRECOMMENDS", "MACHINE_FEATURES", "OE_FRAGMENTS", "PACKAGECONFIG",
        "PACKAGE_INSTALL", "SRC_URI", "USER_CLASSES",
    }
)  # fmt: skip
"""Variables that are lists of words, to which ``:append`` adds no space."""

_FAULTS = {
    "old-override": "XT602",
    "include": "XT603",
    "cycle": "XT603",
    "unreadable": "XT603",
    "limit": "XT603",
    "fragment": "XT604",
    "machine-fragment": "XT605",
}
_FIXES = {
    "indent": "Remove the spaces: a statement begins in the first column.",
    "bom": "Save the file as UTF-8 without byte order mark.",
    "after-value": "End the line with the quote; put a comment on its own line.",
    "quotes": "Put the value between two quotes of one kind, and use the other kind inside.",
    "no-name": "Write the variable's name before the operator.",
    "comment": "Remove the backslash at the end of the comment.",
    "unclosed": "Close what the line begins.",
    "old-override": "Write a colon in place of the underscore: IMAGE_INSTALL:append.",
    "include": "Create the file, correct its name, or remove the line.",
    "cycle": "Remove one of the two includes.",
    "unreadable": "Check the file and your permissions.",
    "limit": "Check what the file includes.",
    "fragment": "Add the layer that has it, or disable it: bitbake-config-build "
    "disable-fragment NAME.",
    "machine-fragment": "Remove the assignment, or disable the fragment: "
    "bitbake-config-build disable-fragment NAME.",
}

_MAX_SHOWN = 60


def check_syntax(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find lines that stop BitBake."""
    for fault in context.build.faults:
        yield _fault(fault)


def _fault(fault: Fault) -> LocatedFinding:
    code = _FAULTS.get(fault.kind, "XT601")
    fix = _FIXES.get(fault.kind, 'Correct the line: VARIABLE = "value", or put # before it.')
    message = fault.message if code != "XT601" else f"BitBake cannot read this: {fault.message}"
    return finding_at(code, Location(fault.file, fault.line), message, fix)


def check_joined_words(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find words that are glued to their neighbours because the space is missing."""
    for each in context.all_user_assignments():
        base = each.variable.partition(":")[0]
        if base not in LISTS or each.flag or not each.value.strip():
            continue
        # A value that begins or ends with ${…} may expand to a space.
        begins, ends = each.value.startswith("${"), each.value.endswith("}")
        if each.operator in (":append", ".=") and not (each.value[0].isspace() or begins):
            yield finding_at(
                "XT606",
                each.location,
                f"{each.variable} adds {quoted(each.value)} without a space before it, so it is "
                "joined to the word before it",
                f'Begin the value with a space: {visible(each.variable)} = " {_short(each)}".',
            )
        elif each.operator in (":prepend", "=.") and not (each.value[-1].isspace() or ends):
            yield finding_at(
                "XT606",
                each.location,
                f"{each.variable} puts {quoted(each.value)} before the value without a "
                "space after it, so both are joined",
                f'End the value with a space: {visible(each.variable)} = "{_short(each)} ".',
            )


def _short(assignment: Assignment) -> str:
    words = " ".join(assignment.value.split())
    return visible(words if len(words) <= _MAX_SHOWN else f"{words[:_MAX_SHOWN]}…")


def check_image_install(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find packages that go into every image, or that the recipe's own list drops."""
    for each in context.user_assignments("IMAGE_INSTALL"):
        if each.flag:
            continue
        if each.variable == "IMAGE_INSTALL" and each.operator in ("+=", "=+", ".=", "=.", "?="):
            yield finding_at(
                "XT608",
                each.location,
                f"IMAGE_INSTALL {each.operator} in a configuration replaces what image "
                "recipes set with ?=, so their own packages are missing",
                f'Write IMAGE_INSTALL:append:pn-xen-image-minimal = " {_short(each)}".',
            )
        elif each.operator == ":append" and ":pn-" not in each.variable:
            words = [word for word in each.value.split() if context.belongs_in_dom0(word)]
            if words:
                yield finding_at(
                    "XT607",
                    each.location,
                    f"{', '.join(visible(word) for word in words)} is added to every image, guest "
                    "images too, which then depend on themselves",
                    f'Name the image: IMAGE_INSTALL:append:pn-xen-image-minimal = " {_short(each)}"'
                    ".",
                )


def check_guest_flags(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find flags of guests that look right but do something else."""
    for variable in GUEST_VARIABLES:
        for each in context.user_assignments(variable):
            if not each.flag:
                continue
            if each.variable != variable:
                yield finding_at(
                    "XT631",
                    each.location,
                    f"{each.variable}[{each.flag}]: overrides and :append have no effect on a flag",
                    f'Write the whole value: {variable}[{visible(each.flag)}] = "…".',
                )
            elif each.operator in ("+=", "=+", ".=", "=."):
                yield finding_at(
                    "XT632",
                    each.location,
                    f"{variable}[{each.flag}] {each.operator} adds to nothing: the class' default "
                    "is not in the flag, and is not used once the flag has a value",
                    f'Write the whole value: {variable}[{visible(each.flag)}] = "…".',
                )


RULES = (check_syntax, check_joined_words, check_image_install, check_guest_flags)
