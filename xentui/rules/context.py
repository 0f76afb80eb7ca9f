# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What every rule is context: the project, and what follows from it, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from xentui.bitbake import releases
from xentui.bitbake.abilities import Abilities
from xentui.project import artifacts, boards
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.boards import Board
from xentui.project.effective import EffectiveGuest, effective
from xentui.project.model import Project
from xentui.rules import fetched
from xentui.rules.fetched import FetchedName
from xentui.xl import config as xl_config
from xentui.xl import keys
from xentui.xl.config import Config
from xentui.xl.keys import Version


@dataclass(frozen=True, slots=True)
class Context:
    """A project with what rules ask for again and again.

    Attributes:
        board: what is known of the project's machine.
        bundles: keys of the project's bundles.
        guests: every guest with its values worked out, in the project's order.
        configs: own xl configs that are at hand, by guest.
        texts: their text, by guest.
        image_paths: where images and kernels lie on the target; empty without own configs.
        fetched: addresses of plain files, by bundle and place.
        folders: what archives are unpacked to, by bundle and place.
        assets: what was read beside the project file.
        abilities: what the layers can do that the project is built with.
        direct: guests that Xen starts itself; :attr:`project` and :attr:`guests` are without them.
        whole: the project with them.
        holding: returns a project as it holds beside what the user set by hand.
        held: the context of that; ``None`` where it is the project itself.
    """

    project: Project
    whole: Project
    board: Board
    bundles: frozenset[str]
    guests: tuple[EffectiveGuest, ...]
    configs: Mapping[str, Config]
    texts: Mapping[str, str]
    image_paths: frozenset[str]
    fetched: Mapping[FetchedName, str]
    folders: frozenset[FetchedName]
    assets: Assets
    abilities: Abilities
    direct: tuple[EffectiveGuest, ...] = ()
    holding: Callable[[Project], Project] | None = None
    held: Context | None = None

    @property
    def sees_files(self) -> bool:
        """Whether the project's directory was looked into."""
        return self.assets.directory is not None

    @property
    def xen(self) -> Version:
        """The Xen whose xl reads the guests' configs; the newest known where nothing says so."""
        return keys.version(self.abilities.xen) if self.abilities.xen else keys.XEN

    @property
    def layer_guests(self) -> tuple[EffectiveGuest, ...]:
        """Guests of the layers' own bundles that the image installs, as far as they are known."""
        known = self.assets.layer_bundles or {}
        return tuple(effective(self.project, g) for guests in known.values() for g in guests)

    def domain_name(self, guest: EffectiveGuest) -> str:
        """Return the name that ``xl list`` shows."""
        config = self.configs.get(guest.key)
        return (config.text("name") if config is not None else None) or guest.name


def make_context(
    project: Project,
    assets: Assets = NO_ASSETS,
    abilities: Abilities | None = None,
    holding: Callable[[Project], Project] | None = None,
) -> Context:
    """Work out what the rules need.

    Args:
        project: the project.
        assets: what was read beside the project file.
        abilities: what the layers at hand can do; left out, what the project's release can.
        holding: returns a project as it holds beside what the user set by hand in the build
            directory; the budget is that of this one.
    """
    held = holding(project) if holding is not None else project
    direct, whole, project = project.direct_guests, project, project.without_direct_guests
    texts = {
        guest.key: assets.texts[guest.config_file]
        for guest in project.guests
        if guest.config_file is not None and guest.config_file in assets.texts
    }
    return Context(
        project=project,
        whole=whole,
        board=boards.board(project.host.machine),
        bundles=frozenset(bundle.key for bundle in project.bundles),
        guests=tuple(effective(project, guest) for guest in project.guests),
        configs={key: _parsed(text) for key, text in texts.items()},
        texts=texts,
        image_paths=frozenset(_image_paths(project)) if texts else frozenset(),
        fetched=fetched.plain_files(project),
        folders=fetched.folders(project),
        assets=assets,
        abilities=abilities or releases.abilities_for(project),
        direct=tuple(effective(whole, guest) for guest in direct),
        holding=holding,
        held=make_context(held, assets, abilities) if held is not whole and held != whole else None,
    )


def _image_paths(project: Project) -> Iterator[str]:
    for guest in project.guests:
        yield f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
        yield f"{artifacts.IMAGES}/{artifacts.kernel_file(project, guest)}"
        yield from (file.path for file in artifacts.extra_files(guest))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Config:
    return xl_config.parse(text)
