# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Bundles: names with a special meaning for BitBake, licences, and why a guest needs one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.case import findings_of, project_of
from tests.rules.guest_cases import FETCHED
from tests.sessions import session_of
from xentui.project.assets import NO_ASSETS
from xentui.project.model import Guest
from xentui.rules.check import check
from xentui.session import guests

GUEST = '[guests.web]\ntags = ["external"]\nrootfs = "a.ext4"\n'


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("lab-native", "has the ending of a recipe for the build host"),
        ("lab-cross", "has the ending of a recipe for the build host"),
        ("lab-crosssdk", "has the ending of a recipe for the build host"),
        ("nativesdk-lab", "has the prefix of a recipe for another architecture"),
        ("lib32-lab", "has the prefix of a recipe for another architecture"),
        ("qemux86-64", "is a word that BitBake uses as an override"),
        ("lab-crossing", None),
        ("lab", None),
    ],
)
def test_a_bundle_name_with_a_meaning_for_bitbake_is_refused(
    name: str, meaning: str | None
) -> None:
    made = findings_of("XT204", f'[bundles.{name}]\n{GUEST}bundle = "{name}"\n')
    assert [one.message for one in made] == ([f"{name} {meaning}"] if meaning else [])


@pytest.mark.parametrize(
    ("name", "free"),
    [
        ("lib32-", "my-guests"),
        ("nativesdk-lib64-", "my-guests"),
        ("lib32-lab-lib64-web", "lab-lib64-web-guests"),
    ],
)
def test_only_the_prefix_of_a_bundle_name_is_removed(name: str, free: str) -> None:
    (made,) = findings_of("XT204", f'[bundles.{name}]\n{GUEST}bundle = "{name}"\n')
    assert made.fix == f"Rename it, for example to {free}."
    assert made.quick_fix is not None
    fixed = made.quick_fix.apply(project_of(f'[bundles.{name}]\n{GUEST}bundle = "{name}"\n'))
    assert [bundle.key for bundle in fixed.bundles] == [free]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (FETCHED, "its image is imported"),
        ('kernel = "none"\n', "it has no kernel"),
        (f'kernel = "none"\n{FETCHED}', "its image is imported and it has no kernel"),
    ],
)
def test_each_reason_for_a_bundle_is_named(lines: str, why: str) -> None:
    (made,) = findings_of("XT201", f'[guests.web]\ntags = ["external"]\n{lines}')
    assert made.message == f"web needs a bundle: {why}"


@pytest.mark.parametrize(
    ("name", "near", "first"),
    [
        ("GPL-2.0", "GPL-2.0-only, GPL-2.0-or-later", "GPL-2.0-only"),
        ("bsd", "BSD-2-Clause, BSD-3-Clause", "BSD-2-Clause"),
        ("LGPL", "LGPL-2.1-only, LGPL-2.1-or-later", "LGPL-2.1-only"),
        ("GPLv2", "GPL-2.0-only, MPL-2.0, EPL-2.0", "GPL-2.0-only"),
        ("Zlip", "Zlib", "Zlib"),
    ],
)
def test_similar_licences_are_proposed_for_an_unknown_one(name: str, near: str, first: str) -> None:
    text = f'[bundles.lab]\nlicense = "{name}"\n{GUEST}bundle = "lab"\n'
    (made,) = findings_of("XT317", text)
    assert made.fix == f"Use {near}."
    assert [quick_fix.label for quick_fix in made.quick_fixes] == [f"Use {first}", "Use MIT"]
    licences = [
        quick_fix.apply(project_of(text)).bundles[0].license for quick_fix in made.quick_fixes
    ]
    assert licences == [first, "MIT"]


def test_all_licences_are_listed_if_none_is_similar() -> None:
    (made,) = findings_of("XT317", f'[bundles.lab]\nlicense = "Q"\n{GUEST}bundle = "lab"\n')
    assert made.fix.startswith("Use 0BSD, Apache-2.0, BSD-2-Clause, ")
    assert made.fix.endswith(", MPL-2.0, Zlib.")
    assert [quick_fix.label for quick_fix in made.quick_fixes] == ["Use MIT"]


def test_a_copy_of_a_guest_is_reported_unless_the_layers_are_known() -> None:
    reference = Guest(guests.REFERENCE, tags=("autostart",))
    project, key = guests.cloned(session_of().project.with_guest(reference), guests.REFERENCE)
    assert key == "xen-guest-image-minimal-2"
    paths = [one.path for one in check(project) if one.code == "XT215"]
    assert paths == [f"guests.{key}"]
    known = replace(NO_ASSETS, recipes=frozenset({guests.REFERENCE, key}))
    assert "XT215" not in {one.code for one in check(project, known)}


@pytest.mark.parametrize(
    ("name", "others", "free"),
    [
        ("lib32-lab", (), "lab-guests"),
        ("lib32-lab", ("lab-guests",), "xen-lab-guests"),
        ("lib32-lab", ("lab-guests", "xen-lab-guests"), "xen-xen-lab-guests"),
        ("nativesdk-nativesdk", (), "xen-nativesdk-guests"),
        ("libx32-lib64-lab", (), "lab-guests"),
    ],
)
def test_a_bundle_gets_a_name_that_is_free(name: str, others: tuple[str, ...], free: str) -> None:
    tables = "".join(f"[bundles.{each}]\n" for each in (name, *others))
    text = f'{tables}[guests.web]\nbundle = "{name}"\ntags = ["external"]\nrootfs = "a"\n'
    (made,) = findings_of("XT204", text)
    assert made.fix == f"Rename it, for example to {free}."
    assert made.quick_fix is not None
    fixed = made.quick_fix.apply(project_of(text))
    assert [bundle.key for bundle in fixed.bundles] == [free, *others]
    assert fixed.guest("web").bundle == free
