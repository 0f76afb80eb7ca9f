# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Guests in a user's own files: flags for unknown guests, tags, settings that are never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bitbake.test_doctor import BUNDLE, GOOD, PLAIN, diagnose, lines_of, with_code
from tests.bitbake.test_doctor_asks_for_xen import ELSEWHERE, OF_GUESTS

GUEST = "xen-guest-image-minimal"
NEXT = GOOD.count("\n") + 1


@pytest.mark.parametrize("variable", OF_GUESTS)
def test_a_flag_for_a_guest_that_is_nowhere(tmp_path: Path, variable: str) -> None:
    lines = f'{variable}[alpine] = "a"\n{variable}[alpone] = "a"\n{variable}[zzz] = "a"\n'
    assert with_code("XT623", diagnose(tmp_path, GOOD + lines, more=BUNDLE)) == [
        (
            NEXT + 1,
            f"{variable}[alpone] is for a guest that nothing bundles",
            "Did you mean alpine?",
        ),
        (
            NEXT + 2,
            f"{variable}[zzz] is for a guest that nothing bundles",
            'Add it: BUNDLED_XEN_GUESTS:append = " zzz", or remove the line.',
        ),
    ]


@pytest.mark.parametrize(
    "line",
    [
        'XEN_GUEST_MEMORY = "256"',
        "unset XEN_GUEST_MEMORY[other]",
        'XEN_GUEST_MEMORY_DEFAULT[other] = "256"',
        'XEN_GUEST_IMAGE_FSTYPE[other] = "ext4"',
    ],
)
def test_lines_that_are_for_no_guest(tmp_path: Path, line: str) -> None:
    assert diagnose(tmp_path, f"{GOOD}{line}\n", more=BUNDLE) == []


def test_a_flag_of_several_lines_is_reported_at_the_last(tmp_path: Path) -> None:
    lines = 'XEN_GUEST_NAME[zzz] = "a"\nXEN_GUEST_MEMORY[zzz] = "1"\nXEN_GUEST_NAME[zzz] = "b"\n'
    (made,) = with_code("XT623", diagnose(tmp_path, GOOD + lines, more=BUNDLE))
    assert made[:2] == (NEXT + 2, "XEN_GUEST_NAME[zzz] is for a guest that nothing bundles")


@pytest.mark.parametrize(
    ("tags", "wrong"),
    [
        ("autostart", None),
        ("external", None),
        ("external:autostart", None),
        ("external:Auto", '"Auto"'),
        ("external:Auto:EXTERNAL", '"Auto", "EXTERNAL"'),
        ("external:autostartx", '"autostartx"'),
    ],
)
def test_unknown_tags(tmp_path: Path, tags: str, wrong: str | None) -> None:
    line = f'BUNDLED_XEN_GUESTS += "{GUEST}:{tags}"\n'
    reported = f'"{GUEST}:{tags}": unknown tag {wrong}, which the class silently ignores'
    assert with_code("XT633", diagnose(tmp_path, GOOD + line)) == (
        [(NEXT, reported, "The tags are autostart and external, in lower case.")] if wrong else []
    )


ONLY_IN_BUNDLES = (
    ("XEN_GUEST_SOURCE_TYPE", "ext4"),
    ("XEN_GUEST_SOURCE_FILE", "a.ext4"),
    ("XEN_GUEST_IMAGE_SIZE", "512"),
    ("XEN_GUEST_KERNEL", "none"),
)


@pytest.mark.parametrize(("variable", "value"), ONLY_IN_BUNDLES)
def test_what_is_understood_in_bundle_recipes_only(
    tmp_path: Path, variable: str, value: str
) -> None:
    line = f'{variable}[{{}}] = "{value}"\n'
    (made,) = with_code(
        "XT634", diagnose(tmp_path / "here", GOOD + line.format(GUEST), more=BUNDLE)
    )
    assert made[0] == NEXT
    if variable == "XEN_GUEST_KERNEL":
        what = (
            ": only bundle recipes understand none; here the class looks for a file with that name"
        )
        fix = "Put the guest into a bundle recipe."
    else:
        what = f" is read in bundle recipes only: {GUEST} is named in BUNDLED_XEN_GUESTS"
        fix = "Put the guest into a bundle recipe; xentui import and generate make one."
    assert made[1:] == (f"{variable}[{GUEST}]{what}", fix)
    carried = GOOD + line.format("alpine")
    assert diagnose(tmp_path / "carried", carried, more=BUNDLE) == []
    both = f'{carried}BUNDLED_XEN_GUESTS += "alpine:external"\n'
    assert diagnose(tmp_path / "both", both, more=BUNDLE) == []
    assert lines_of("XT634", diagnose(tmp_path / "unread", both, more={**BUNDLE, **ELSEWHERE})) == [
        NEXT
    ]


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        (f'XEN_GUEST_KERNEL[{GUEST}] = "bzImage"', False),
        (f'XEN_GUEST_KERNEL[{GUEST}] = "none"', True),
        ('XEN_GUEST_KERNEL[alpine] = "none"', False),
    ],
)
def test_a_kernel_that_is_a_file(tmp_path: Path, line: str, reported: bool) -> None:
    made = diagnose(tmp_path, f"{GOOD}{line}\n", more=BUNDLE)
    assert lines_of("XT634", made) == ([NEXT] if reported else [])


@pytest.mark.parametrize(
    ("guest", "value", "reported"),
    [
        (GUEST, "${UNPACKDIR}/x.cfg", True),
        (GUEST, "${TOPDIR}/conf/x.cfg", False),
        ("alpine", "${UNPACKDIR}/x.cfg", False),
    ],
)
def test_a_config_that_is_never_unpacked(
    tmp_path: Path, guest: str, value: str, reported: bool
) -> None:
    line = f'XEN_GUEST_CONFIG_FILE[{guest}] = "{value}"\n'
    made = diagnose(tmp_path, GOOD + line, more=BUNDLE)
    assert lines_of("XT635", made) == ([NEXT] if reported else [])


@pytest.mark.parametrize(
    ("entry", "fix"),
    [
        (GUEST, None),
        ("lab-guests", None),
        ("gone:external", None),
        ("xen-guest-image-minima", f"Did you mean {GUEST}?"),
        # An image of Dom0 is never proposed, however similar its name is.
        ("xen-image-minima:autostart", f"Did you mean {GUEST}?"),
        ("zzz", "Tag it external (zzz:external) if nothing here builds it."),
        ("zzz:autostart", "Tag it external (zzz:external) if nothing here builds it."),
    ],
)
def test_a_guest_that_no_recipe_builds(tmp_path: Path, entry: str, fix: str | None) -> None:
    line = f'BUNDLED_XEN_GUESTS += "{entry}"\n'
    name = entry.partition(":")[0]
    assert with_code("XT636", diagnose(tmp_path, GOOD + line, more=BUNDLE)) == (
        [(NEXT, f'no layer has a recipe "{name}" to build this guest\'s image', fix)] if fix else []
    )


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (f'BUNDLED_XEN_GUESTS = "{GUEST}"\n', 2),
        (f'\n\nBUNDLED_XEN_GUESTS = "{GUEST}"\n', 4),
        (f'do_rootfs[vardeps] += "OTHER"\nBUNDLED_XEN_GUESTS = "{GUEST}"\n', 3),
        (f'BUNDLED_XEN_GUESTS = "{GUEST}"\ndo_rootfs[vardeps] += "MY_XEN"\n', None),
        (f'BUNDLED_XEN_GUESTS = "{GUEST}"\ndo_rootfs[depends] += "MY_XEN"\n', 2),
        (f'BUNDLED_XEN_GUESTS = "{GUEST}"\ndo_image[vardeps] += "MY_XEN"\n', 2),
        (f'BUNDLED_XEN_GUESTS = "{GUEST}"\nXENTUI_HASH = "1"\n', None),
        ('do_rootfs[vardeps] += "OTHER"\n', None),
    ],
)
def test_guests_whose_changes_go_unnoticed(tmp_path: Path, lines: str, line: int | None) -> None:
    made = diagnose(tmp_path, PLAIN + lines)
    assert lines_of("XT638", made) == ([line] if line else [])


def test_guests_of_two_lines_are_reported_at_the_first_that_is_known(tmp_path: Path) -> None:
    lines = f'BUNDLED_XEN_GUESTS = "${{MINE}}"\nMINE = "{GUEST}"\n'
    hidden = diagnose(tmp_path / "hidden", PLAIN + lines)
    assert lines_of("XT638", hidden) == [0]
    more = f'{lines}BUNDLED_XEN_GUESTS:append = " gone:external"\n'
    assert lines_of("XT638", diagnose(tmp_path / "more", PLAIN + more)) == [4]


@pytest.mark.parametrize(
    ("recipe", "types", "wanted", "missing"),
    [
        ("inherit image\n", "tar.zst ext4.zst", "", True),
        ("inherit image\n", "cpio.gz", "", True),
        ("inherit image\n", "wic", "", True),
        ("inherit image\n", "wic", "wic", False),
        ("inherit image\n", "tar.zst ext4", "", False),
        ("inherit image\n", "", "", False),
        ("inherit image\n", "${@f()}", "", False),
        ('inherit image\nIMAGE_FSTYPES = "tar ext4"\n', "cpio.gz", "", False),
        ('inherit image\nIMAGE_FSTYPES:append = " ext4"\n', "cpio.gz", "", False),
    ],
)
def test_a_guest_whose_image_nothing_builds(
    tmp_path: Path, recipe: str, types: str, wanted: str, missing: bool
) -> None:
    more = {"virt/recipes-extended/images/plain-image.bb": recipe}
    lines = f'BUNDLED_XEN_GUESTS += "plain-image"\nIMAGE_FSTYPES = "{types}"\n'
    lines += f'XEN_GUEST_IMAGE_FSTYPE = "{wanted}"\n' if wanted else ""
    made = with_code("XT660", diagnose(tmp_path, GOOD + lines, more=more))
    assert len(made) == missing
    if missing:
        append = f'IMAGE_FSTYPES:append:pn-plain-image = " {wanted or "ext4"}"\n'
        assert with_code("XT660", diagnose(tmp_path / "b", GOOD + lines + append, more=more)) == []
