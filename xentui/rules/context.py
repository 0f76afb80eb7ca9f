# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The input of every rule: the project, and values that are computed from it once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from xentui.bitbake import releases
from xentui.bitbake.abilities import Abilities
from xentui.project import artifacts, boards
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.board_file import Board
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
    """A project, and values that many rules need.

    Attributes:
        project: the project without :attr:`dom0less_guests`.
        full_project: the whole project.
        board: the project's board.
        bundle_keys: keys of the project's bundles.
        guests: every guest with its effective values, in the project's order.
        configs: the users' own xl configs, parsed, by guest key.
        texts: the texts of these configs, by guest key.
        image_paths: paths of images and kernels on the target; empty if there are no ``texts``.
        fetched_files: addresses of fetched files that are not archives, by bundle and path.
        archive_folders: folders that archives are unpacked to, each with its bundle.
        recipe_guests: keys of the guests whose images the recipes of the same names build.
        assets: contents of the files that the project refers to.
        abilities: features of the layers with which the project is built.
        dom0less_guests: guests that Xen starts itself, with their effective values; they are not
            in ``guests``.
        apply_user_settings: returns a project with the settings that the user made by hand in the
            build directory, which win over the project's.
        as_built: the context with these settings; ``None`` if they change nothing.
    """

    project: Project
    full_project: Project
    board: Board
    bundle_keys: frozenset[str]
    guests: tuple[EffectiveGuest, ...]
    configs: Mapping[str, Config]
    texts: Mapping[str, str]
    image_paths: frozenset[str]
    fetched_files: Mapping[FetchedName, str]
    archive_folders: frozenset[FetchedName]
    recipe_guests: frozenset[str]
    assets: Assets
    abilities: Abilities
    dom0less_guests: tuple[EffectiveGuest, ...] = ()
    apply_user_settings: Callable[[Project], Project] | None = None
    as_built: Context | None = None

    @property
    def files_known(self) -> bool:
        """Whether the project's directory was searched for files."""
        return self.assets.directory is not None

    @property
    def xen(self) -> Version:
        """The Xen version whose xl reads the guests' configs; by default, the newest known."""
        return keys.parse_version(self.abilities.xen) if self.abilities.xen else keys.DEFAULT_XEN

    @property
    def layer_guests(self) -> tuple[EffectiveGuest, ...]:
        """Guests of bundles from layers that the image installs, as far as they are known."""
        bundles = self.assets.layer_bundles or {}
        return tuple(effective(self.project, g) for guests in bundles.values() for g in guests)

    def is_fetched(self, bundle: str | None, path: str) -> bool:
        """Return whether a bundle fetches a file, or an archive that may contain it."""
        parts = path.split("/")
        folders = ("/".join(parts[:length]) for length in range(len(parts)))
        return (bundle, path) in self.fetched_files or any(
            (bundle, folder) in self.archive_folders for folder in folders
        )

    def domain_name(self, guest: EffectiveGuest) -> str:
        """Return the name that ``xl list`` shows."""
        config = self.configs.get(guest.key)
        return (config.text("name") if config is not None else None) or guest.name


def make_context(
    project: Project,
    assets: Assets = NO_ASSETS,
    abilities: Abilities | None = None,
    apply_user_settings: Callable[[Project], Project] | None = None,
) -> Context:
    """Build the context of a project.

    Args:
        project: the project.
        assets: contents of the files that the project refers to.
        abilities: features of the available layers; by default, those of the project's release.
        apply_user_settings: returns a project with the settings that the user made by hand in the
            build directory; the budget is computed for that project.
    """
    full_project = project
    project = full_project.without_dom0less_guests
    built = full_project if apply_user_settings is None else apply_user_settings(full_project)
    texts = {
        guest.key: assets.texts[guest.config_file]
        for guest in project.guests
        if guest.config_file is not None and guest.config_file in assets.texts
    }
    return Context(
        project=project,
        full_project=full_project,
        board=boards.board(project.host.machine),
        bundle_keys=frozenset(bundle.key for bundle in project.bundles),
        guests=tuple(effective(project, guest) for guest in project.guests),
        configs={key: _parsed(text) for key, text in texts.items()},
        texts=texts,
        image_paths=frozenset(_image_paths(project)) if texts else frozenset(),
        fetched_files=fetched.plain_files(project),
        archive_folders=fetched.archive_folders(project),
        recipe_guests=frozenset(
            guest.key for guest in project.guests if not guest.external and guest.source is None
        ),
        assets=assets,
        abilities=abilities or releases.abilities_for(project),
        dom0less_guests=tuple(effective(full_project, g) for g in full_project.dom0less_guests),
        apply_user_settings=apply_user_settings,
        as_built=make_context(built, assets, abilities) if built != full_project else None,
    )


def _image_paths(project: Project) -> Iterator[str]:
    for guest in project.guests:
        yield f"{artifacts.IMAGES}/{artifacts.image_file(project, guest)}"
        yield f"{artifacts.IMAGES}/{artifacts.kernel_file(project, guest)}"
        yield from (file.path for file in artifacts.extra_files(guest))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Config:
    """Parse an xl config once, as the rules run after each change of the project."""
    return xl_config.parse(text)
