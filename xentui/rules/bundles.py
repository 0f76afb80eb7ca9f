# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on bundles and their guests.

A bundle is a recipe that installs guests; see mv:classes/xen-guest-bundle.bbclass. Codes: XT201 to
XT210, XT215, XT317, XT318, XT365 to XT368.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from xentui.project import artifacts, boards, licenses
from xentui.project.bundling import why_bundle
from xentui.project.effective import EffectiveGuest, dom0_image
from xentui.project.model import NO_IMAGE
from xentui.rules.context import Context
from xentui.rules.finding import Finding, make_finding
from xentui.rules.quick_fixes import (
    add_bundle,
    change_bundle,
    change_guest,
    install_layer_bundle,
    move_to_bundle,
    remove_bundle,
    remove_layer_bundle,
    rename_bundle,
)

_OVERRIDE_WORDS = """
aarch64 arm armv7a i586 i686 x86 x86-64 linux linux-gnu libc-glibc libc-musl
    class-target class-native class-nativesdk class-cross class-crosssdk pn-defaultpkgname
    task-install task-compile forcevariable fail-fast nodistro poky qemuall
"""
_OVERRIDES = frozenset(_OVERRIDE_WORDS.split()) | frozenset(boards.machine_names())
"""Words that are in BitBake's OVERRIDES on some machine, so that no recipe may have such a name."""

_RECIPE_WORDS = """
xen xen-tools xen-image-minimal xen-guest-image-minimal example-xen-guest-bundle
    alpine-xen-guest-bundle vxn vxn-boot container-registry docker docker-moby podman containerd
    containerd-opencontainers libvirt qemu core-image-minimal core-image-base busybox
    linux-yocto
"""
_RECIPES = frozenset(_RECIPE_WORDS.split())
"""Existing recipes whose names a bundle must not have."""

_LAYER_BUNDLES = ("alpine-xen-guest-bundle", "example-xen-guest-bundle")
"""Bundle recipes of meta-virtualization (mv:recipes-extended/xen-guest-bundles)."""

_NATIVE_SUFFIXES = ("-native", "-cross", "-crosssdk")
_VARIANT_PREFIX = re.compile(r"nativesdk-|lib(?:32|64|x32)-")
_RECIPE_NAME = re.compile(r"[a-z0-9][a-z0-9.+-]*", re.ASCII)


def check_guest_bundle(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that a guest is in a bundle if it needs one, and that the bundle exists."""
    declared = guest.guest
    path = f"guests.{guest.key}.bundle"
    if declared.bundle is None:
        reasons = why_bundle(declared)
        if reasons:
            yield make_finding(
                "XT201",
                path,
                f"{guest.key} needs a bundle: {' and '.join(reasons)}",
                "Put it into a bundle.",
                move_to_bundle(context.project, guest.key),
            )
    elif declared.bundle not in context.bundle_keys:
        yield make_finding(
            "XT202",
            path,
            f"{guest.key} is in the bundle {declared.bundle}, which does not exist",
            f"Add [bundles.{declared.bundle}].",
            add_bundle(declared.bundle),
        )


def check_image_recipe(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that a recipe builds the guest's image, or that the guest is marked external."""
    declared = guest.guest
    path = f"guests.{guest.key}"
    if declared.external:
        return
    mark_external = change_guest(
        f"Mark {guest.key} external", guest.key, tags=(*declared.tags, "external")
    )
    if declared.source is not None:
        yield make_finding(
            "XT207",
            f"{path}.tags",
            f"{guest.key} is imported, but BitBake would look for a recipe with this name",
            "Add the tag external.",
            mark_external,
        )
    elif not _RECIPE_NAME.fullmatch(guest.key):
        yield make_finding(
            "XT206",
            path,
            f"{guest.key} cannot be the name of a recipe: BitBake splits recipe names at _",
            "Use the image recipe's name, or add the tag external.",
            mark_external,
        )
    elif context.assets.recipes is None and _is_copied_name(context, guest.key):
        yield make_finding(
            "XT215",
            path,
            f"{guest.key} looks like a copy of a guest, but BitBake needs a recipe with that name",
            "Write that recipe, or mark the guest external.",
            mark_external,
        )


def _is_copied_name(context: Context, key: str) -> bool:
    """Return whether a key is that of a copy of a guest that a recipe builds."""
    base, _, number = key.rpartition("-")
    if not re.fullmatch(r"[2-9]|[1-9][0-9]+", number, re.ASCII):
        return False
    return base in _RECIPES or base in context.recipe_guests


def check_external_image(context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Report the file that must exist before the build, for an external guest."""
    declared = guest.guest
    if not declared.external or declared.source is not None or declared.rootfs == NO_IMAGE:
        return
    file = artifacts.image_file(context.project, declared)
    if declared.rootfs is None:
        yield make_finding(
            "XT208",
            f"guests.{guest.key}",
            f"Nothing provides the image of {guest.key}: {file} must be in the deploy directory",
            "Name its file with rootfs, import it with a source, or build it before the image.",
        )
    else:
        yield make_finding(
            "XT209",
            f"guests.{guest.key}.rootfs",
            f"{declared.rootfs} must be in the deploy directory before the image is built",
            "Build or copy it there first: BitBake does not build an external guest.",
        )


def check_image_origin(_context: Context, guest: EffectiveGuest) -> Iterator[Finding]:
    """Check that the guest's disk has one origin only."""
    declared = guest.guest
    if declared.source is not None and declared.rootfs is not None:
        yield make_finding(
            "XT210",
            f"guests.{guest.key}.rootfs",
            f"{guest.key} has both an import and a rootfs; the class would use the import",
            "Remove one of them.",
            change_guest("Remove rootfs", guest.key, rootfs=None),
            change_guest("Remove the import", guest.key, source=None),
        )


def check_unused_bundles(context: Context) -> Iterator[Finding]:
    """Find bundles without guests."""
    with_guests = {guest.bundle for guest in context.project.guests}
    for bundle in context.project.bundles:
        if bundle.key not in with_guests:
            yield make_finding(
                "XT203",
                f"bundles.{bundle.key}",
                f"The bundle {bundle.key} contains no guest",
                "Put a guest into it or remove it.",
                remove_bundle(bundle.key),
            )


def check_bundle_names(context: Context) -> Iterator[Finding]:
    """Find bundle names that mean something else to BitBake, or that another recipe has."""
    project = context.project
    images = {guest.key for guest in project.guests if not guest.external}
    taken = _RECIPES | images | {dom0_image(project)}
    for bundle in project.bundles:
        path = f"bundles.{bundle.key}"
        other = _free_name(context, bundle.key)
        rename = rename_bundle(bundle.key, other)
        meaning = _bitbake_meaning(bundle.key, project.host.machine)
        if meaning:
            yield make_finding(
                "XT204",
                path,
                f"{bundle.key} {meaning}",
                f"Rename it, for example to {other}.",
                rename,
            )
        elif bundle.key in taken:
            yield make_finding(
                "XT205",
                path,
                f"{bundle.key} is the name of another recipe",
                f"Rename it, for example to {other}, or install the layer's bundle.",
                rename,
                install_layer_bundle(bundle.key) if bundle.key in _LAYER_BUNDLES else None,
            )


def check_layer_bundles(context: Context) -> Iterator[Finding]:
    """Check that a layer has each bundle in host.layer_bundles, and that its guests are unique."""
    installed = context.project.host.layer_bundles
    known = context.assets.layer_bundles
    own_guests = {guest.key for guest in context.guests}
    for number, name in enumerate(installed):
        path = f"host.layer_bundles[{number}]"
        if name in context.bundle_keys:
            yield make_finding(
                "XT366",
                path,
                f"{name} is a bundle of this project, so it is installed anyway",
                "Remove it here.",
                remove_layer_bundle(name),
            )
        elif known is not None and name not in known:
            yield make_finding(
                "XT367",
                path,
                f"No layer has a bundle recipe {name}",
                "Add the layer that has it, or remove it.",
                remove_layer_bundle(name),
            )
        elif known is None:
            yield make_finding(
                "XT365",
                path,
                f"The guests in the layer's bundle {name} are unknown, so they are not counted",
                "Pass --build-dir, or choose the build directory in the wizard.",
            )
        for guest in (known or {}).get(name, ()):
            if guest.key in own_guests:
                yield make_finding(
                    "XT368",
                    f"guests.{guest.key}",
                    f"{guest.key} is also a guest of the layer's bundle {name}: one config would"
                    " replace the other",
                    f"Give this guest another key, or leave {name} out.",
                    remove_layer_bundle(name),
                )


def check_licences(context: Context) -> Iterator[Finding]:
    """Find licences that the recipe cannot name."""
    for bundle in context.project.bundles:
        license_name = bundle.license
        path = f"bundles.{bundle.key}.license"
        use_mit = change_bundle("Use MIT", bundle.key, license="MIT")
        if license_name == "CLOSED":
            yield make_finding(
                "XT318",
                path,
                "BitBake warns of LICENSE = CLOSED",
                "Use the licence of the recipe; the licences of the images are up to you.",
                use_mit,
            )
        elif license_name is not None and license_name not in licenses.CHECKSUMS:
            similar = _similar_licences(license_name)
            candidates = similar or list(licenses.CHECKSUMS)
            yield make_finding(
                "XT317",
                path,
                f"{license_name} is not a licence whose text xentui knows",
                f"Use {', '.join(candidates)}.",
                *(change_bundle(f"Use {name}", bundle.key, license=name) for name in similar[:1]),
                use_mit,
            )


def _similar_licences(text: str) -> list[str]:
    """Return the licences whose names begin with a text, or else the most similar ones."""
    matches = [name for name in licenses.CHECKSUMS if name.lower().startswith(text.lower())]
    if not matches:
        matches = difflib.get_close_matches(text, licenses.CHECKSUMS, cutoff=0.4)
        # By letters, GPLv2 is more similar to MPL-2.0 than to any GPL.
        matches.sort(key=lambda name: name[0] != text[0])
    return matches


def _bitbake_meaning(name: str, machine: str) -> str | None:
    if name.endswith(_NATIVE_SUFFIXES):
        return "has the ending of a recipe for the build host"
    if _VARIANT_PREFIX.match(name):
        return "has the prefix of a recipe for another architecture"
    if name in _OVERRIDES or name == machine:
        return "is a word that BitBake uses as an override"
    return None


def _free_name(context: Context, name: str) -> str:
    """Return a name like that of a bundle, which no bundle has and BitBake does not interpret."""
    while _VARIANT_PREFIX.match(name):
        name = _VARIANT_PREFIX.sub("", name, count=1)
    name = f"{name or 'my'}-guests"
    while name in context.bundle_keys or _VARIANT_PREFIX.match(name):
        name = f"xen-{name}"
    return name


GUEST_RULES = (check_guest_bundle, check_image_recipe, check_external_image, check_image_origin)
RULES = (check_unused_bundles, check_bundle_names, check_layer_bundles, check_licences)
