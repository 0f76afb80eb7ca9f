# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read a build directory: its layers, machine and distro, and the value of any variable.

The files are read in BitBake's order (bb:lib/bb/cookerdata.py, ``parseConfigurationFiles``):
``conf/bblayers.conf``, each layer's ``conf/layer.conf``, then OpenEmbedded-Core's
``conf/bitbake.conf``, which includes site.conf, auto.conf, toolcfg.conf and local.conf, the
fragments, the machine and the distro (oe:meta/conf/bitbake.conf:818). BitBake reads
classes and recipes later; they are not read here. Environment variables are ignored.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from xentui.bitbake.conf_reader import MAX_FILE, ConfReader
from xentui.bitbake.conf_syntax import Fault
from xentui.bitbake.conf_types import Assignment, Location, Value
from xentui.bitbake.paths import absolute, exists, is_folder, joined, through_links
from xentui.errors import InputError
from xentui.project.filesystem import read_text
from xentui.safe_text import visible

USER_FILES = ("site.conf", "auto.conf", "toolcfg.conf", "local.conf")
"""The user's files in ``conf``, in the order in which BitBake reads them."""

MAX_LAYERS = 500
"""Maximum number of layers that are read; a big build has about fifty."""

_MULTICONFIG_ALWAYS = re.compile(
    r"^require[ \t]+conf/multiconfig/\$\{BB_CURRENT_MC\}\.conf[ \t]*$", re.MULTILINE
)

# Python expressions of bitbake.conf with their results, since Python is never run here. The
# first includes the configuration of a multiconfig; here it is always the main one.
_PYTHON_RESULTS = {
    '${@"conf/multiconfig/${BB_CURRENT_MC}.conf" if "${BB_CURRENT_MC}" != "" else ""}': "",
    "${@d.getVar('DISTRO') or ''}": "${DISTRO}",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of BBLAYERS.

    Attributes:
        path: its absolute path, without ``..``.
        exists: whether the folder exists.
        collection: its name in BBFILE_COLLECTIONS; empty if its layer.conf sets none.
        priority: BitBake prefers recipes of layers with a higher one (BBFILE_PRIORITY).
        depends: the collections that it depends on, without versions.
        compat: the release series that it supports (LAYERSERIES_COMPAT).
        location: the line of BBLAYERS that names it.
    """

    path: str
    exists: bool
    collection: str = ""
    priority: int = 0
    depends: tuple[str, ...] = ()
    compat: tuple[str, ...] = ()
    location: Location | None = None

    @property
    def conf(self) -> str:
        """Path of its layer.conf."""
        return f"{self.path}/conf/layer.conf"


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable's value, where it was set, and the fragment that set it, if one did."""

    value: str | None
    location: Location | None = None
    fragment: str | None = None


@dataclass(frozen=True)
class BuildDir:
    """The configuration of a build directory.

    Attributes:
        path: the directory (TOPDIR).
        reader: what was read, with every variable, file and fault.
        layers: in the order of BBLAYERS.
        series: the release series of OpenEmbedded-Core; empty if it is not among the layers.
        has_core: whether ``conf/bitbake.conf`` was found and read.
    """

    path: Path
    reader: ConfReader
    layers: tuple[Layer, ...]
    series: tuple[str, ...]
    has_core: bool
    machine: Setting
    distro: Setting

    @property
    def local_conf(self) -> Path:
        """Path of ``conf/local.conf``, whether it exists or not."""
        return self.path / "conf/local.conf"

    @property
    def bblayers_conf(self) -> Path:
        """Path of ``conf/bblayers.conf``, whether it exists or not."""
        return self.path / "conf/bblayers.conf"

    @property
    def faults(self) -> list[Fault]:
        """Everything that would stop BitBake, in the order of reading."""
        return self.reader.faults

    def value(self, variable: str, recipe: str | None = None) -> Value:
        """Return a variable's value in the configuration, or in a recipe with the given name."""
        store = self.reader.store
        return (store.seen_by(recipe) if recipe is not None else store).get(variable)

    def flag(self, variable: str, flag: str) -> Value:
        """Return the value of a variable's flag."""
        return self.reader.store.flag(variable, flag)

    def assignments(self, variable: str) -> list[Assignment]:
        """Return every operation on a variable and its overrides, in order."""
        return self.reader.store.assignments.get(variable, [])

    def is_users(self, file: str) -> bool:
        """Return whether a file is the user's own: in the build directory, or in no layer."""
        inside = file.startswith(f"{self.path}/")
        return not any(
            file.startswith(f"{layer.path}/")
            for layer in self.layers
            # A build directory may be inside a layer, and a layer inside a build directory.
            if not (inside and f"{self.path}/".startswith(f"{layer.path}/"))
        )

    def layer(self, collection: str) -> Layer | None:
        """Return the layer with this collection name, or ``None``."""
        return next((layer for layer in self.layers if layer.collection == collection), None)

    def find_in_layers(self, name: str) -> str | None:
        """Return the first file with this relative path below BBPATH, or ``None``."""
        for folder in (self.value("BBPATH").raw or "").split(":"):
            file = joined(folder or str(self.path), name)
            if exists(file):
                return file
        return None


def read(path: Path, *, texts: Mapping[str, str] | None = None) -> BuildDir:
    """Read a build directory. Nothing is run, and no file's contents raise an error.

    Args:
        path: the directory.
        texts: texts to use instead of files, by full path, as if they were written already.

    Raises:
        InputError: the path is not a directory.
    """
    top = absolute(str(path))
    if not is_folder(top):
        raise InputError(
            f"{visible(str(path))} is not a directory", fix="Check the name and your permissions."
        )
    reader = ConfReader(texts=texts or {}, folder=top)
    store = reader.store
    store.python_results = _PYTHON_RESULTS
    store.fixed = {"PN": "defaultpkgname", "BB_CURRENT_MC": ""}
    store.assign("TOPDIR", top)
    reader.read(f"{top}/conf/bblayers.conf")
    layers, series = _read_layers(reader, top)
    bitbake_conf = _bitbake_conf(reader)
    if bitbake_conf is not None:
        if _always_requires_a_multiconfig(reader, bitbake_conf):
            # BitBake before 2.12 calls the main configuration "default", and the file is there.
            store.fixed["BB_CURRENT_MC"] = "default"
        reader.read(bitbake_conf)
    else:
        _read_user_files(reader, top)
    return BuildDir(
        path=Path(top),
        reader=reader,
        layers=tuple(layers),
        series=series,
        has_core=bitbake_conf is not None,
        machine=_setting(reader, "MACHINE"),
        distro=_setting(reader, "DISTRO"),
    )


def _read_layers(reader: ConfReader, top: str) -> tuple[list[Layer], tuple[str, ...]]:
    """Read each layer.conf; return the layers and OpenEmbedded-Core's release series."""
    store = reader.store
    layers: list[Layer] = []
    compat: dict[str, tuple[str, ...]] = {}
    series: tuple[str, ...] = ()
    earlier: set[str] = set()
    words = store.get("BBLAYERS").words
    if len(words) > MAX_LAYERS:
        location = _assigned_at(reader, "BBLAYERS", words[0]) or Location("", 1)
        reason = f"BBLAYERS names more than {MAX_LAYERS} layers"
        reader.faults.append(Fault("limit", *location, reason))
        store.mark_uncertain(reason)
    for word in words[:MAX_LAYERS]:
        folder = os.path.expanduser(word).rstrip("/") or "/"  # noqa: PTH111
        path = through_links(top, folder)
        layer = Layer(path, is_folder(path), location=_assigned_at(reader, "BBLAYERS", word))
        # BitBake keeps "..", so values that contain the layer's folder keep it too.
        store.assign("LAYERDIR", folder)
        store.assign("LAYERDIR_RE", re.escape(folder))
        if layer.exists and reader.read(layer.conf):
            _expand_in_place(reader, "LAYERDIR")
            _expand_in_place(reader, "LAYERDIR_RE")
        collections = store.get("BBFILE_COLLECTIONS").words
        for collection in collections:
            names = store.get(f"LAYERSERIES_COMPAT_{collection}").words
            if names:
                compat[collection] = tuple(names)
                store.unset(f"LAYERSERIES_COMPAT_{collection}")
        if not series:
            series = tuple(store.get("LAYERSERIES_CORENAMES").words)
        own = next((c for c in collections if c not in earlier), "")
        earlier.update(collections)
        layers.append(replace(layer, collection=own))
    store.unset("LAYERDIR")
    store.unset("LAYERDIR_RE")
    return [_with_settings(reader, layer, compat) for layer in layers], series


def _with_settings(reader: ConfReader, layer: Layer, compat: dict[str, tuple[str, ...]]) -> Layer:
    """Return a layer with its priority, dependencies and release series."""
    name = layer.collection
    if not name:
        return layer
    priority = reader.store.get(f"BBFILE_PRIORITY_{name}").text or ""
    needs = reader.store.get(f"LAYERDEPENDS_{name}").raw or ""
    return replace(
        layer,
        priority=int(priority) if re.fullmatch(r"-?[0-9]{1,9}", priority, re.ASCII) else 0,
        # A version in brackets may follow each name: "core (>= 12)".
        depends=tuple(re.sub(r"\([^()]*\)", " ", needs).split()),
        compat=compat.get(name, ()),
    )


def _expand_in_place(reader: ConfReader, variable: str) -> None:
    """Expand one variable in every value that refers to it, as BitBake's expandVarref does."""
    store = reader.store
    reference, value = f"${{{variable}}}", store.content(variable) or ""
    for name in list(store.names()):
        raw = store.get(name, expand=False).raw
        if raw is not None and reference in raw:
            store.replace(name, raw.replace(reference, value))


def _bitbake_conf(reader: ConfReader) -> str | None:
    for folder in (reader.store.get("BBPATH").raw or "").split(":"):
        file = joined(folder, "conf/bitbake.conf") if folder else ""
        if file and (file in reader.texts or exists(file)):
            return file
    return None


def _always_requires_a_multiconfig(reader: ConfReader, bitbake_conf: str) -> bool:
    text = reader.texts.get(bitbake_conf)
    if text is None:
        try:
            text = read_text(Path(bitbake_conf), MAX_FILE)
        except InputError:
            return False
    return _MULTICONFIG_ALWAYS.search(text) is not None


def _read_user_files(reader: ConfReader, top: str) -> None:
    """Read only the user's files, as no layer has conf/bitbake.conf, which includes them."""
    store = reader.store
    store.mark_uncertain(
        "no layer has conf/bitbake.conf, so the settings around this are not known"
    )
    store.assign("OVERRIDES", "pn-${PN}:${MACHINE}:${DISTRO}:forcevariable")
    for name in USER_FILES:
        file = f"{top}/conf/{name}"
        if file in reader.texts or exists(file):
            reader.read(file)


def _assigned_at(reader: ConfReader, variable: str, word: str) -> Location | None:
    """Return the line that puts a word into a variable, or ``None``."""
    for each in reader.store.assignments.get(variable, ()):
        if word in each.value or word in (reader.store.expand(each.value).raw or ""):
            return each.location
    return None


def _setting(reader: ConfReader, variable: str) -> Setting:
    strong: Location | None = None
    weak: Location | None = None
    for each in reader.store.assignments.get(variable, ()):
        if each.variable != variable or each.flag:
            continue
        if each.operator in ("=", ":=") or (each.operator == "?=" and strong is None):
            strong = each.location
        elif each.operator == "??=":
            weak = each.location
    value = reader.store.get(variable).raw
    prefix = variable.lower()
    fragment = next((word for word in reader.fragments if word == f"{prefix}/{value}"), None)
    return Setting(value, strong or weak, fragment)
