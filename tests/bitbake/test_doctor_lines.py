# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Single lines that BitBake refuses or misunderstands, with the message for each kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake.test_doctor import BUNDLE, GOOD, diagnose, lines_of, with_code

PLAIN = 'MACHINE = "qemux86-64"\n'
LAST = GOOD.count("\n") + 1

LISTS = (
    "BBLAYERS", "BBMULTICONFIG", "BUNDLED_XEN_GUESTS", "CORE_IMAGE_EXTRA_INSTALL",
    "DISTRO_FEATURES", "EXTRA_IMAGE_FEATURES", "HOSTTOOLS", "IMAGE_FEATURES", "IMAGE_FSTYPES",
    "IMAGE_INSTALL", "INHERIT", "MACHINE_ESSENTIAL_EXTRA_RDEPENDS", "MACHINE_EXTRA_RDEPENDS",
    "MACHINE_EXTRA_RRECOMMENDS", "MACHINE_FEATURES", "OE_FRAGMENTS", "PACKAGECONFIG",
    "PACKAGE_INSTALL", "SRC_URI", "USER_CLASSES",
)  # fmt: skip


def test_every_list_needs_blanks_around_appended_words(tmp_path: Path) -> None:
    text = "".join(f'{name}:append:x = "glued"\n' for name in LISTS)
    assert lines_of("XT606", diagnose(tmp_path / "a", PLAIN + text)) == list(
        range(2, len(LISTS) + 2)
    )
    assert with_code("XT606", diagnose(tmp_path / "b", PLAIN + text.replace('"g', '" g'))) == []


FILES = {
    "build/conf/folder.conf/x": "",
    "build/conf/open.inc": '# Open.\ndo_x() {\n    echo "a"\n',
}


@pytest.mark.parametrize(
    ("line", "code", "place", "message", "fix"),
    [
        (
            'A = "1',
            "XT601",
            f"local.conf:{LAST}",
            "BitBake cannot read this: the closing quote is missing",
            "Put the value between two quotes of one kind, and use the other kind inside.",
        ),
        (
            'A = "1"2"',
            "XT601",
            f"local.conf:{LAST}",
            "BitBake cannot read this: a single quote character is inside the value",
            "Put the value between two quotes of one kind, and use the other kind inside.",
        ),
        (
            '= "1"',
            "XT601",
            f"local.conf:{LAST}",
            "BitBake cannot read this: the name is missing",
            "Write the variable's name before the operator.",
        ),
        (
            '# A \\\nB = "1"',
            "XT601",
            f"local.conf:{LAST}",
            "BitBake cannot read this: a comment ends with a backslash, but no comment follows",
            "Remove the backslash at the end of the comment.",
        ),
        (
            "include conf/open.inc",
            "XT601",
            "open.inc:2",
            "BitBake cannot read this: the function do_x is never closed",
            "Close what the line begins.",
        ),
        (
            "include conf/folder.conf",
            "XT603",
            f"local.conf:{LAST}",
            "…/build/conf/folder.conf is a directory",
            "Check the file and your permissions.",
        ),
        (
            f'A{":x" * 33} = "1"',
            "XT603",
            f"local.conf:{LAST}",
            "a name has too many overrides",
            "Check what the file includes.",
        ),
    ],
)
def test_what_bitbake_stops_at(
    tmp_path: Path, line: str, code: str, place: str, message: str, fix: str
) -> None:
    made = diagnose(tmp_path, f"{GOOD}{line}\n", more=FILES)
    (one,) = (one for one in made if one.finding.code in ("XT601", "XT603"))
    assert one.location is not None
    assert (
        one.finding.code,
        f"{Path(one.location.file).name}:{one.location.line}",
        one.finding.message.replace(str(tmp_path), "…"),
        one.finding.fix,
    ) == (code, place, message, fix)


def test_a_byte_order_mark_is_reported_at_the_first_line(tmp_path: Path) -> None:
    assert with_code("XT601", diagnose(tmp_path, f"\ufeff{GOOD}")) == [
        (
            1,
            "BitBake cannot read this: the file begins with a byte order mark",
            "Save the file as UTF-8 without byte order mark.",
        )
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("vim  htop", "vim htop"),
        (f"{'x' * 56} vim", f"{'x' * 56} vim"),
        (f"{'x' * 57} vim", f"{'x' * 57} vi…"),
    ],
)
def test_a_line_is_proposed_with_as_much_as_fits(tmp_path: Path, value: str, shown: str) -> None:
    line = f'IMAGE_INSTALL += "{value}"\n'
    (made,) = with_code("XT608", diagnose(tmp_path, GOOD + line))
    assert made[2] == f'Write IMAGE_INSTALL:append:pn-xen-image-minimal = " {shown}".'


@pytest.mark.parametrize(
    ("operator", "reported"),
    [
        ("+=", True), ("=+", True), (".=", True), ("=.", True), ("?=", True), ("=", False),
        (":=", False), ("??=", False),
    ],
)  # fmt: skip
def test_what_replaces_the_recipes_own_packages(
    tmp_path: Path, operator: str, reported: bool
) -> None:
    flag = 'IMAGE_INSTALL[doc] = "Packages."\n'
    made = with_code(
        "XT608", diagnose(tmp_path, f'{PLAIN}{flag}IMAGE_INSTALL {operator} " vim "\n')
    )
    assert [line for line, _, _ in made] == ([3] if reported else [])
    for _, message, _ in made:
        assert message.startswith(f"IMAGE_INSTALL {operator} in a configuration")


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("IMAGE_INSTALL", True),
        ("IMAGE_INSTALL:qemux86-64", False),
        ("IMAGE_INSTALL:pn-xen-image-minimal", False),
    ],
)
def test_packages_set_for_every_image_are_lost(tmp_path: Path, name: str, reported: bool) -> None:
    made = with_code("XT608", diagnose(tmp_path, f'{PLAIN}{name} += "vim"\n'))
    assert bool(made) is reported


def test_each_package_that_belongs_into_dom0_is_named(tmp_path: Path) -> None:
    line = 'IMAGE_INSTALL:append = " vxn vim lab-guests"\n'
    (made,) = with_code("XT607", diagnose(tmp_path, GOOD + line, more=BUNDLE))
    assert made == (
        LAST,
        (
            "vxn, lab-guests is added to every image, guest images too, which then depend on "
            "themselves"
        ),
        'Name the image: IMAGE_INSTALL:append:pn-xen-image-minimal = " vxn vim lab-guests".',
    )


@pytest.mark.parametrize(
    ("operator", "reported"),
    [("+=", True), ("=+", True), (".=", True), ("=.", True), ("=", False), ("?=", False)],
)
def test_nothing_is_added_to_a_flag(tmp_path: Path, operator: str, reported: bool) -> None:
    line = f'XEN_GUEST_EXTRA[xen-guest-image-minimal] {operator} "quiet"\n'
    made = with_code("XT632", diagnose(tmp_path, f'{GOOD}XEN_GUEST_EXTRA = "ro"\n{line}'))
    message = (
        f"XEN_GUEST_EXTRA[xen-guest-image-minimal] {operator} adds to nothing: the class' default "
        "is not in the flag, and is not used once the flag has a value"
    )
    fix = 'Write the whole value: XEN_GUEST_EXTRA[xen-guest-image-minimal] = "…".'
    assert made == ([(LAST + 1, message, fix)] if reported else [])
