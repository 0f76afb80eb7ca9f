# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Several projects in one layer, from which each build directory takes its board's settings.

A layer is for every machine that names it, so whatever belongs to one board alone must go by
its name: the settings are a file or a fragment each, kickstart files and xl configs have the
board in their names, and the append of an image includes what ``XENTUI_BOARD`` says. Bundle
recipes are there for all boards; two of one name must be the same.
"""

from __future__ import annotations

import filecmp
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from xentui.bitbake import releases
from xentui.errors import XentuiError
from xentui.output import bundle_recipe, fragment, header, kas
from xentui.output.layer import layer_conf
from xentui.output.render import render
from xentui.output.rendered import CONF, LAYER, Content, Copy, Rendered
from xentui.project.assets import Assets
from xentui.project.model import Project
from xentui.safe_text import visible

FOLDER = "conf/xentui"
"""Where the layer has each board's settings: ``require conf/xentui/NAME.conf`` finds them."""

Form = Literal["tree", "kas", "fragment"]
_NAMED = 3
"""Projects that the header of a shared file names."""

_LAYER_CONF = "conf/layer.conf"


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """One project of a fleet.

    Attributes:
        name: how the user named the project.
        origin: name of the project file, for the headers.
    """

    name: str
    origin: str
    project: Project
    assets: Assets

    @property
    def key(self) -> str:
        """What the board is called in the layer."""
        return fragment.base_name(self.origin)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All files of a fleet, and whose they are.

    Attributes:
        owners: names of the projects that need each file, by its path in the tree.
    """

    rendered: Rendered
    owners: Mapping[str, tuple[str, ...]]


def fleet(boards: Sequence[Board], *, form: Form = "tree", layer: str = LAYER) -> Fleet:
    """Return several projects as one tree with one layer.

    Args:
        boards: the projects.
        form: how each board's settings are written.
        layer: with ``kas``, the layer's folder; see :func:`xentui.output.kas.layer_path`.

    Raises:
        XentuiError: two projects would write one file differently, or have one name.
        CannotCarry: a value cannot be written so that it is read back as it is.
    """
    _must_differ(boards)
    parts = [(board, _rendered(board, form, layer)) for board in boards]
    conf: dict[str, str] = {}
    found: dict[str, list[tuple[Board, Content]]] = {}
    for board, part in parts:
        conf |= part.conf
        for path, content in part.layer.items():
            found.setdefault(path, []).append((board, content))
    _must_agree(found)
    files = {path: _shared(several) for path, several in found.items()}
    owners: dict[str, tuple[str, ...]] = {
        path: (board.name,) for board, part in parts for path in part.conf
    }
    owners |= {
        f"{LAYER}/{path}": tuple(board.name for board, _ in several)
        for path, several in found.items()
    }
    return Fleet(Rendered(conf, files), owners)


def _rendered(board: Board, form: Form, layer: str) -> Rendered:
    project, assets, origin = board.project, board.assets, board.origin
    if form == "kas":
        return kas.rendered(project, assets, origin=origin, layer=layer, board=board.key)
    if form == "fragment":
        return fragment.rendered(project, assets, origin=origin, board=board.key)
    able = releases.abilities_for(project)
    made = render(project, assets, origin=origin, board=board.key, abilities=able)
    own = {_LAYER_CONF: header.stamp("\n" + layer_conf(able), project=origin), **made.layer}
    return Rendered({}, {**own, f"{FOLDER}/{board.key}.conf": made.conf[CONF]})


def _must_differ(boards: Sequence[Board]) -> None:
    """Refuse two projects of one name, as the layer identifies them by it."""
    named: dict[str, Board] = {}
    for board in boards:
        other = named.setdefault(board.key, board)
        if other is not board:
            raise XentuiError(
                f"{visible(other.name)} and {visible(board.name)} would both be called "
                f"{board.key} in the layer",
                fix="Give the files different names.",
            )


def _must_agree(found: Mapping[str, list[tuple[Board, Content]]]) -> None:
    """Refuse what two projects would write differently, a bundle with all that belongs to it.

    BitBake takes the highest version of a recipe, for every machine alike, so two versions of
    one bundle cannot be in one layer either.
    """
    units: dict[str, dict[Board, dict[str, Content]]] = {}
    for path, several in found.items():
        for board, content in several:
            units.setdefault(_unit(path), {}).setdefault(board, {})[path] = content
    for unit, by_board in units.items():
        (first, files), *others = by_board.items()
        for other, theirs in others:
            if files.keys() == theirs.keys() and all(
                _alike(files[path], theirs[path]) for path in files
            ):
                continue
            what = f"the bundle {unit}" if "/" not in unit else unit
            raise XentuiError(
                f"{visible(first.name)} and {visible(other.name)} have {visible(what)} in common, "
                "and differ in it: one layer cannot have both",
                fix="Name one of them otherwise, or let both say the same of it.",
            )


def _unit(path: str) -> str:
    """Return what a file belongs to: a bundle's name, or the file's own path."""
    inside = path.removeprefix(f"{bundle_recipe.FOLDER}/")
    if inside == path:
        return path
    folder, slash, _ = inside.partition("/")
    return folder if slash else inside.partition("_")[0]


def _alike(one: Content, other: Content) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return header.body(one) == header.body(other)
    if isinstance(one, Copy) and isinstance(other, Copy):
        return one.source == other.source or (
            one.size == other.size and filecmp.cmp(one.source, other.source, shallow=False)
        )
    return False


def _shared(several: list[tuple[Board, Content]]) -> Content:
    """Return a file under a header that names all projects that it was made from."""
    content = several[0][1]
    if len(several) == 1 or not isinstance(content, str) or not header.is_stamped(content):
        return content
    origins = list(dict.fromkeys(board.origin for board, _ in several))
    named = ", ".join(origins) if len(origins) <= _NAMED else "the projects of this layer"
    return header.stamp(header.body(content), project=named)
