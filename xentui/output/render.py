# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Render all files of a project: ``conf/xentui.conf`` and the layer."""

from __future__ import annotations

from pathlib import PurePosixPath

from xentui.bitbake import releases, text
from xentui.bitbake.abilities import Abilities
from xentui.output import boot, bundle_recipe, dom0_layer, header, layer, sources
from xentui.output.boot import bios, script
from xentui.output.boot import recipe as boot_recipe
from xentui.output.guest_cfg import supplied
from xentui.output.rendered import CONF, Content, Copy, Rendered
from xentui.output.xentui_conf import xentui_conf
from xentui.project import artifacts, schema
from xentui.project.assets import NO_ASSETS, Assets, SourceFile
from xentui.project.effective import image
from xentui.project.model import CONTAINER, Bundle, Guest, Project

_IMAGES = "recipes-extended/images"


def render(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    origin: str = "project.toml",
    machine: bool = True,
    board: str = "",
    abilities: Abilities | None = None,
) -> Rendered:
    """Return all files of a project.

    Args:
        project: the project.
        assets: contents of the files that the project refers to.
        origin: name of the project file, for the headers.
        machine: whether to set MACHINE; false if a machine fragment sets it.
        board: the project's name in a layer for several boards; empty in the project's own layer.
        abilities: features of the layers; by default, those of the project's release.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
    """
    whole, project = project, project.without_direct_guests
    able = abilities or releases.abilities_for(project)
    settings = xentui_conf(whole, assets, machine=machine, board=board, abilities=able)
    conf = {CONF: header.stamp(settings, project=origin)}
    files: dict[str, Content] = {}
    for bundle in project.bundles:
        guests = [guest for guest in project.guests if guest.bundle == bundle.key]
        if guests:
            body = bundle_recipe.recipe(project, bundle, assets)
            files[bundle_recipe.file_name(bundle)] = header.stamp(body, project=origin)
            files.update(_beside_recipe(project, bundle, guests, assets))
        if any(guest.source and guest.source.type == CONTAINER for guest in guests):
            body = layer.container_class()
            files[layer.CONTAINER_CLASS_PATH] = header.stamp(f"\n{body}", project=origin)
    files.update(_image(project, assets, origin, board, inherit=_must_inherit(project, able)))
    own_files = script.own_files(whole, assets) if boot.is_written(whole) else {}
    for path, body in (
        *dom0_layer.files(project, able).items(),
        *bios.files(project, able, board).items(),
        *boot.layer_files(whole, able, board, own_files).items(),
    ):
        files[path] = header.stamp(body, project=origin)
    for name, source in own_files.items():
        files.update(_copy(f"{boot_recipe.FOLDER}/{boot_recipe.name(board)}/{name}", source))
    if files:
        files = {
            "conf/layer.conf": header.stamp("\n" + layer.layer_conf(able), project=origin),
            **files,
        }
    return Rendered(conf, files)


def _beside_recipe(
    project: Project, bundle: Bundle, guests: list[Guest], assets: Assets
) -> dict[str, Content]:
    """Return the files that a bundle's recipe refers to with ``file://``.

    BitBake searches for them in a folder next to the recipe that has the recipe's name (FILESPATH).
    """
    folder = f"{bundle_recipe.FOLDER}/{text.name(bundle.key)}"
    files: dict[str, Content] = {}
    for guest in guests:
        config = supplied(project, guest, assets)
        if config is not None:
            files[f"{folder}/{guest.key}.cfg"] = config
        for field, fetch in guest.fetches:
            local = fetch.uri.removeprefix("file://")
            if local == fetch.uri or local not in assets.sources:
                continue
            source = guest.source if field.startswith("source.") else None
            name = sources.local_name(source, fetch)
            files.update(_copy(f"{folder}/{name}", assets.sources[local]))
        if guest.source is not None and project.has_import_script(guest.source.type):
            script = project.import_type(guest.source.type).script
            if script in assets.texts:
                files[f"{folder}/{PurePosixPath(script).name}"] = assets.texts[script]
    return files


def _copy(path: str, source: SourceFile) -> dict[str, Content]:
    """Return the copy of a local file, by its path in the layer.

    Directories cannot be copied; the finding XT322 reports them.
    """
    return {} if source.is_dir else {path: Copy(source.path, source.size)}


def _must_inherit(project: Project, able: Abilities) -> bool:
    """Return whether the append of the Dom0 image must inherit the class that installs guests.

    In some releases, meta-virtualization's own image recipe does not inherit it.
    """
    default_image = image(project) == schema.default_value("host", "image")
    return default_image and bool(project.guests) and able.has_classes and not able.image_class


def _image(
    project: Project, assets: Assets, origin: str, board: str, *, inherit: bool
) -> dict[str, Content]:
    """Return the append of the Dom0 image and the xl configs that it installs."""
    configs = {
        guest.key: config
        for guest in project.guests
        if guest.bundle is None and (config := supplied(project, guest, assets)) is not None
    }
    order = artifacts.auto_names(project)
    numbered = any(link != f"{key}.cfg" for key, link in order.items())
    if not configs and not inherit and not numbered:
        return {}
    guests = [guest for guest in project.guests if guest.key in configs]
    recipe = text.name(image(project))
    name = f"{recipe}-{text.name(board)}" if board else recipe
    body = layer.INHERIT if inherit else ""
    body += "\n" + layer.image_append(guests, name) if configs else ""
    body += "\n" + layer.start_order(order) if numbered else ""
    append = header.stamp(body, project=origin)
    files: dict[str, Content] = {f"{_IMAGES}/{name}.{'inc' if board else 'bbappend'}": append}
    if board:
        shared = header.stamp("\n" + layer.board_append(recipe), project=origin)
        files[f"{_IMAGES}/{recipe}.bbappend"] = shared
    for guest in guests:
        files[f"{_IMAGES}/{name}/{guest.key}.cfg"] = configs[guest.key]
    return files
