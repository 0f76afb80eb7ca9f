# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What the rules on a build directory share: their input, and findings with a file and line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from xentui.bitbake import abilities
from xentui.bitbake.abilities import Abilities
from xentui.bitbake.build_dir import BuildDir
from xentui.bitbake.conf_types import Assignment, Location
from xentui.bitbake.host import Host
from xentui.bitbake.recipes import Recipes
from xentui.errors import InputError
from xentui.project import schema
from xentui.project.filesystem import read_text
from xentui.rules.finding import Finding, make_finding
from xentui.safe_text import visible

XENTUI_CONF = "conf/xentui.conf"
DOM0 = "xen-image-minimal"

IMPORT_VARIABLES = tuple(each.variable for each in schema.fields("source") if each.is_varflag)
"""Variables with a flag for each guest that only bundle recipes read."""

GUEST_VARIABLES = (*(each.variable for each in schema.varflag_fields()), *IMPORT_VARIABLES)
"""Variables that have a flag for each guest (mv:classes/xen-guest-bundle.bbclass)."""

OLD_KICKSTART_FOLDERS = ("wic", "scripts/lib/wic/canned-wks")
"""Folders of kickstart files in a layer that older releases use in addition to ``files/wic``."""

ONE_RELEASE = "Check out the branch of one release in every layer."
"""How to fix layers of different releases."""

_PN = re.compile(r":pn-([^:]+)")
_MAX_BYTES = 1 << 20


class LocatedFinding(NamedTuple):
    """A finding, and the file and line, and the guest that it is about, if any."""

    finding: Finding
    location: Location | None
    guest: str = ""


@dataclass
class BuildContext:
    """A build directory, and values that many rules need.

    Attributes:
        build: the build directory.
        find_recipes: returns the layers' recipes; ``None`` if they cannot be searched.
        host: the machine that builds; ``None`` if it is not to be checked.
        written_for: the layers' features when xentui wrote its settings; ``None`` if unknown.
        planned_bundles: names of bundle recipes that are about to be written.
    """

    build: BuildDir
    find_recipes: Callable[[], Recipes] | None = None
    host: Host | None = None
    written_for: Abilities | None = None
    planned_bundles: frozenset[str] = frozenset()
    _locations: dict[str, dict[str, Location]] = field(default_factory=dict)

    @cached_property
    def abilities(self) -> Abilities:
        """The features of the layers."""
        return abilities.of_build_dir(self.build)

    @cached_property
    def recipes(self) -> Recipes:
        """The layers' recipes, searched at the first access; empty if they cannot be searched."""
        return self.find_recipes() if self.find_recipes is not None else Recipes()

    @property
    def knows_recipes(self) -> bool:
        """Whether all of the layers' recipes can be found."""
        return self.find_recipes is not None and all(
            self.build.value(variable).known for variable in ("BBFILES", "BBFILES_DYNAMIC")
        )

    def user_assignments(self, variable: str) -> Iterator[Assignment]:
        """Yield the assignments of a variable in the user's own files, in order."""
        for assignment in self.build.assignments(variable):
            if self.build.is_users(assignment.location.file):
                yield assignment

    def all_user_assignments(self) -> Iterator[Assignment]:
        """Yield the assignments of all variables in the user's own files, variable by variable."""
        for variable in list(self.build.reader.store.assignments):
            yield from self.user_assignments(variable)

    @property
    def xentui_conf(self) -> str:
        """Path of xentui's own configuration in this build directory."""
        return str(self.build.path / XENTUI_CONF)

    @property
    def dom0_images(self) -> list[str]:
        """Names of the Dom0 images: those that guests or bundles are assigned to."""
        names: dict[str, None] = {}
        for variable in ("IMAGE_INSTALL", "QB_MEM_VALUE", "XENTUI_HASH", "BUNDLED_XEN_GUESTS"):
            for each in self.user_assignments(variable):
                names.update(dict.fromkeys(_PN.findall(each.variable)))
        xen = [name for name in names if "xen" in name and "guest" not in name]
        return list(dict.fromkeys([*xen, DOM0]))

    def bundled_guests(self) -> dict[str, Location | None]:
        """Return the entries of BUNDLED_XEN_GUESTS of all Dom0 images, each with its location."""
        entries: dict[str, Location | None] = {}
        for image in (None, *self.dom0_images):
            for word in self.build.value("BUNDLED_XEN_GUESTS", image).words:
                entries.setdefault(word, self.location_of("BUNDLED_XEN_GUESTS", word))
        return entries

    def installed_packages(self) -> set[str]:
        """Return the packages that the configuration adds to the Dom0 image."""
        words: set[str] = set()
        for image in self.dom0_images:
            words.update(self.build.value("IMAGE_INSTALL", image).words)
        return words

    def location_of(self, variable: str, word: str = "") -> Location | None:
        """Return where a variable, or a word of its value, was assigned last."""
        if variable not in self._locations:
            locations: dict[str, Location] = {}
            for each in self.build.assignments(variable):
                if not each.flag:
                    locations.update(dict.fromkeys(("", *each.value.split()), each.location))
            self._locations[variable] = locations
        return self._locations[variable].get(word)

    def belongs_in_dom0(self, package: str) -> bool:
        """Return whether only Dom0 can use a package: vxn, or a bundle of guests."""
        if package == "vxn" or package.startswith("vxn-") or "xen-guest-bundle" in package:
            return True
        if package in self.planned_bundles:
            return True
        if self.knows_recipes:
            return package in self.recipes.bundles
        return package.endswith(("-guests", "-bundle"))

    @property
    def has_guests(self) -> bool:
        """Whether the configuration describes or installs Xen guests or containers."""
        return bool(
            self.bundled_guests()
            or any(each.flag for v in GUEST_VARIABLES for each in self.user_assignments(v))
            or any(self.belongs_in_dom0(package) for package in self.installed_packages())
        )

    @property
    def is_for_xen(self) -> bool:
        """Whether the configuration is meant for Xen: it has guests, or xentui wrote to it."""
        return self.xentui_conf in self.build.reader.files or self.has_guests

    def distro_features(self) -> set[str]:
        """Return the words known to be in DISTRO_FEATURES, including its defaults."""
        features = set(self.build.value("DISTRO_FEATURES").words)
        defaults = set(self.build.value("DISTRO_FEATURES_DEFAULTS").words)
        return features | (defaults - set(self.build.value("DISTRO_FEATURES_OPTED_OUT").words))


def readable_text(path: str) -> str | None:
    """Return the text of a file; ``None`` if it is missing, unreadable, or larger than 1 MiB."""
    try:
        return read_text(Path(path), _MAX_BYTES)
    except InputError:
        return None


def finding_at(
    code: str, location: Location | None, message: str, fix: str, guest: str = ""
) -> LocatedFinding:
    """Return a finding about a line of a file; without one, about the whole build directory.

    Raises:
        KeyError: the catalogue does not have the code.
    """
    path = str(location) if location is not None else ""
    return LocatedFinding(make_finding(code, path, message, fix), location, guest)


def did_you_mean(name: str, candidates: Sequence[str]) -> str:
    """Return a question that suggests the most similar name; empty if none is similar."""
    # Comparing a very long name would take long.
    similar = difflib.get_close_matches(name[:64], candidates, cutoff=0.75)
    return f"Did you mean {visible(similar[0])}?" if similar else ""
