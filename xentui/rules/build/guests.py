# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Rules on guests in the user's own configuration: settings without effect, missing recipes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from xentui.rules.build.context import (
    GUEST_VARIABLES,
    IMPORT_VARIABLES,
    BuildContext,
    LocatedFinding,
    did_you_mean,
    finding_at,
    readable_text,
)
from xentui.safe_text import quoted, visible

_TAGS = ("autostart", "external")


def check_unknown_guests(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find flags of guests that are not bundled anywhere."""
    bundled = {entry.partition(":")[0] for entry in context.bundled_guests()}
    flagged = {
        each.flag: each
        for variable in GUEST_VARIABLES
        for each in context.user_assignments(variable)
        if each.flag and each.operator != "unset"
    }
    unbundled = {flag: each for flag, each in flagged.items() if flag not in bundled}
    if not unbundled or not context.knows_recipes:
        return
    in_recipes = {
        name for recipe in context.recipes.bundles.values() for name in recipe.guest_names
    }
    for flag, each in unbundled.items():
        if flag not in in_recipes:
            yield finding_at(
                "XT623",
                each.location,
                f"{each.variable}[{flag}] is for a guest that nothing bundles",
                did_you_mean(flag, sorted(bundled | in_recipes))
                or f'Add it: BUNDLED_XEN_GUESTS:append = " {visible(flag)}", or remove the line.',
            )


def check_bundled_guests(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find guests in the configuration that cannot be built as described."""
    for entry, location in context.bundled_guests().items():
        name, *tags = entry.split(":")
        wrong = [tag for tag in tags if tag not in _TAGS]
        if wrong:
            yield finding_at(
                "XT633",
                location,
                f"{quoted(entry)}: unknown tag {', '.join(map(quoted, wrong))}, which the class "
                "silently ignores",
                "The tags are autostart and external, in lower case.",
            )
        yield from _check_bundle_settings(context, name)
        if context.knows_recipes and "external" not in tags and context.recipes.names:
            yield from _check_recipe(context, name, entry)


def _check_bundle_settings(context: BuildContext, name: str) -> Iterator[LocatedFinding]:
    for variable in IMPORT_VARIABLES:
        for each in context.user_assignments(variable):
            if each.flag == name and not _is_in_a_bundle(context, name):
                yield finding_at(
                    "XT634",
                    each.location,
                    f"{variable}[{name}] is read in bundle recipes only: {name} is named in "
                    "BUNDLED_XEN_GUESTS",
                    "Put the guest into a bundle recipe; xentui import and generate make one.",
                )
    for each in context.user_assignments("XEN_GUEST_KERNEL"):
        if each.flag == name and each.value == "none" and not _is_in_a_bundle(context, name):
            yield finding_at(
                "XT634",
                each.location,
                f"XEN_GUEST_KERNEL[{name}]: only bundle recipes understand none; here the class "
                "looks for a file with that name",
                "Put the guest into a bundle recipe.",
            )
    for each in context.user_assignments("XEN_GUEST_CONFIG_FILE"):
        if each.flag == name and "UNPACKDIR" in each.value:
            yield finding_at(
                "XT635",
                each.location,
                f"XEN_GUEST_CONFIG_FILE[{name}] names a file below UNPACKDIR: an image unpacks "
                "nothing, so the file is never there, and the class writes its own config instead",
                "Name a path that exists, such as ${TOPDIR}/conf/guest.cfg, or use a bundle "
                "recipe.",
            )


def _is_in_a_bundle(context: BuildContext, name: str) -> bool:
    return context.knows_recipes and any(
        name in recipe.guest_names for recipe in context.recipes.bundles.values()
    )


def _check_image_type(context: BuildContext, name: str, entry: str) -> Iterator[LocatedFinding]:
    """Check that a guest's recipe makes the type of image that the class looks for."""
    recipe = next((each for each in context.recipes.images if each.name == name), None)
    types = context.build.value("IMAGE_FSTYPES", name)
    if recipe is None or not types.known or not types.words or _sets_types(recipe.path):
        return
    needed = context.build.value("XEN_GUEST_IMAGE_FSTYPE").text or "ext4"
    if needed in types.words:
        return
    yield finding_at(
        "XT660",
        context.location_of("BUNDLED_XEN_GUESTS", entry),
        f"{name} makes images of type {', '.join(types.words)}, and the class looks for its"
        f" {needed}: Guest rootfs not found",
        f'Add IMAGE_FSTYPES:append:pn-{visible(name)} = " {visible(needed)}".',
        name,
    )


def _sets_types(path: str) -> bool:
    """Return whether a recipe sets its own image types, or cannot be read."""
    text = readable_text(path)
    return text is None or re.search(r"^IMAGE_FSTYPES\b", text, re.MULTILINE) is not None


def _check_recipe(context: BuildContext, name: str, entry: str) -> Iterator[LocatedFinding]:
    if name in context.recipes.names:
        yield from _check_image_type(context, name, entry)
        return
    yield finding_at(
        "XT636",
        context.location_of("BUNDLED_XEN_GUESTS", entry),
        f"no layer has a recipe {quoted(name)} to build this guest's image",
        did_you_mean(name, [recipe.name for recipe in context.recipes.guest_images])
        or f"Tag it external ({visible(name)}:external) if nothing here builds it.",
        name,
    )


def check_rebuild_dependency(context: BuildContext) -> Iterator[LocatedFinding]:
    """Find guests whose changes BitBake does not notice."""
    bundled = context.bundled_guests()
    if not bundled or "XENTUI_HASH" in context.build.reader.store.assignments:
        return
    location = next((location for location in bundled.values() if location is not None), None)
    depends = context.build.flag("do_rootfs", "vardeps").words
    if any("XEN" in word for word in depends):
        return
    yield finding_at(
        "XT638",
        location,
        "BitBake does not see that the image depends on the guests' settings: after a change the "
        "old image stays",
        "Run bitbake -c cleansstate on the image after a change, or let xentui write the guests: "
        "xentui import.",
    )


RULES = (check_unknown_guests, check_bundled_guests, check_rebuild_dependency)
