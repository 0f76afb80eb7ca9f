# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Render all files of a project as text: ``conf/xentui.conf``, and a layer if one is needed."""

from __future__ import annotations

from pathlib import PurePosixPath

from xentui.bitbake import releases, text
from xentui.bitbake.abilities import Abilities
from xentui.output import boot, bundle_recipe, dom0_layer, header, layer, sources
from xentui.output.boot import bios, script
from xentui.output.boot import recipe as boot_recipe
from xentui.output.guest_cfg import supplied_config
from xentui.output.rendered import CONF, Content, Copy, Rendered
from xentui.output.xentui_conf import xentui_conf
from xentui.project import artifacts, schema
from xentui.project.assets import NO_ASSETS, Assets, SourceFile
from xentui.project.effective import dom0_image
from xentui.project.model import CONTAINER, Bundle, Guest, Project

_IMAGES = "recipes-extended/images"


def render(
    project: Project,
    assets: Assets = NO_ASSETS,
    *,
    project_file: str = "project.toml",
    sets_machine: bool = True,
    fleet_name: str = "",
    abilities: Abilities | None = None,
) -> Rendered:
    """Return all files of a project.

    Args:
        project: the project.
        assets: contents of the files that the project refers to.
        project_file: name of the project file, for the headers.
        sets_machine: whether to set MACHINE; false if a machine fragment sets it.
        fleet_name: the project's name in a fleet's layer; empty in a layer of its own.
        abilities: features of the layers; by default, those of the project's release.

    Raises:
        NotRepresentable: a value cannot be written without changing its meaning.
    """
    abilities = abilities or releases.abilities_for(project)
    settings = xentui_conf(
        project, assets, sets_machine=sets_machine, fleet_name=fleet_name, abilities=abilities
    )
    for_xl = project.without_dom0less_guests
    files: dict[str, Content] = {}
    for bundle in for_xl.bundles:
        guests = [guest for guest in for_xl.guests if guest.bundle == bundle.key]
        if guests:
            body = bundle_recipe.recipe(for_xl, bundle, assets)
            files[bundle_recipe.recipe_path(bundle)] = header.stamp(body, project_file)
            files.update(_files_of_recipe(for_xl, bundle, guests, assets))
        if any(guest.source and guest.source.type == CONTAINER for guest in guests):
            body = layer.container_class()
            files[layer.CONTAINER_CLASS_PATH] = header.stamp(f"\n{body}", project_file)
    inherit = _must_inherit(for_xl, abilities)
    files.update(_image_append(for_xl, assets, project_file, fleet_name, inherit=inherit))
    dom0less_files = {}
    if boot.writes_boot_files(project):
        dom0less_files = script.dom0less_files(project, assets)
    for path, body in (
        *dom0_layer.files(for_xl, abilities).items(),
        *bios.files(for_xl, abilities, fleet_name).items(),
        *boot.layer_files(project, abilities, fleet_name, dom0less_files).items(),
    ):
        files[path] = header.stamp(body, project_file)
    for name, source in dom0less_files.items():
        files.update(_copy(f"{boot_recipe.FOLDER}/{boot_recipe.name(fleet_name)}/{name}", source))
    if files:
        layer_conf = header.stamp("\n" + layer.layer_conf(abilities), project_file)
        files = {"conf/layer.conf": layer_conf, **files}
    return Rendered({CONF: header.stamp(settings, project_file)}, files)


def _files_of_recipe(
    project: Project, bundle: Bundle, guests: list[Guest], assets: Assets
) -> dict[str, Content]:
    """Return the files that a bundle's recipe fetches with ``file://``, by path in the layer.

    BitBake searches for them in the folder next to the recipe that has its name (FILESPATH).
    """
    folder = f"{bundle_recipe.FOLDER}/{text.name(bundle.key)}"
    files: dict[str, Content] = {}
    for guest in guests:
        config = supplied_config(project, guest, assets)
        if config is not None:
            files[f"{folder}/{guest.key}.cfg"] = config
        for field, fetch in guest.fetches:
            local = fetch.uri.removeprefix("file://")
            if local == fetch.uri or local not in assets.sources:
                continue
            source = guest.source if field.startswith("source.") else None
            name = sources.name_next_to_recipe(source, fetch)
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


def _must_inherit(project: Project, abilities: Abilities) -> bool:
    """Return whether the append of the Dom0 image must inherit the class that installs guests.

    In some releases, meta-virtualization's own image recipe does not inherit it.
    """
    default_image = dom0_image(project) == schema.default_value("host", "image")
    lacks_class = abilities.has_classes and not abilities.image_class
    return default_image and bool(project.guests) and lacks_class


def _image_append(
    project: Project, assets: Assets, project_file: str, fleet_name: str, *, inherit: bool
) -> dict[str, Content]:
    """Return the append of the Dom0 image and the xl configs that it installs."""
    configs = {
        guest.key: config
        for guest in project.guests
        if guest.bundle is None and (config := supplied_config(project, guest, assets)) is not None
    }
    links = artifacts.autostart_links(project)
    ordered = any(link != f"{key}.cfg" for key, link in links.items())
    if not configs and not inherit and not ordered:
        return {}
    guests = [guest for guest in project.guests if guest.key in configs]
    recipe = text.name(dom0_image(project))
    name = f"{recipe}-{text.name(fleet_name)}" if fleet_name else recipe
    body = layer.INHERIT if inherit else ""
    body += "\n" + layer.image_append(guests, name) if configs else ""
    body += "\n" + layer.start_order_function(links) if ordered else ""
    suffix = "inc" if fleet_name else "bbappend"
    files: dict[str, Content] = {f"{_IMAGES}/{name}.{suffix}": header.stamp(body, project_file)}
    if fleet_name:
        shared = header.stamp("\n" + layer.fleet_append(recipe), project_file)
        files[f"{_IMAGES}/{recipe}.bbappend"] = shared
    for guest in guests:
        files[f"{_IMAGES}/{name}/{guest.key}.cfg"] = configs[guest.key]
    return files
