# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Read the keys that the user set for actions, in ``[keys]`` of ``xentui/config.toml``."""

from __future__ import annotations

import pkgutil
import unicodedata
from collections.abc import Iterator
from importlib import import_module

from textual.binding import Binding
from textual.keys import KEY_NAME_REPLACEMENTS, Keys

from xentui import screens, widgets
from xentui.errors import UsageError, did_you_mean
from xentui.project import document, filesystem
from xentui.safe_text import quoted

_MODIFIERS = ("ctrl", "shift", "alt", "super", "hyper", "meta")
_KEY_NAMES = {key.value for key in Keys} | set(KEY_NAME_REPLACEMENTS.values())


def read(app_class: type) -> dict[str, str]:
    """Return the user's keys by the ids of their bindings; without a file there are none.

    Args:
        app_class: the class of the app, whose bindings can get other keys too.

    Raises:
        InputError: the file cannot be read.
        DocumentError: the file is not valid TOML, or is too deep or too large.
        UsageError: the file names a binding or a key that does not exist.
    """
    path = filesystem.user_folder("config") / "config.toml"
    if not filesystem.exists(path):
        return {}
    keys = document.parse(document.read(path), path).data.get("keys", {})
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise UsageError(
            f"{path}: each value in [keys] must be a string", fix='Write "edit.undo" = "ctrl+z".'
        )
    actions = {action for action, _ in bindings(app_class)} if keys else set()
    for action, names in keys.items():
        if action not in actions:
            guess = did_you_mean(action, actions, "")
            raise UsageError(
                f"{path}: no action is named {quoted(action)}",
                fix=f"{guess} docs/reference-keys.md lists all names.".lstrip(),
            )
        for key in names.split(","):
            if not _is_key(key.strip()):
                raise UsageError(
                    f"{path}: {action}: no key is named {quoted(key.strip())}",
                    fix='Write keys as in "ctrl+z", "f5", "alt+m" or "left_square_bracket".',
                )
    return keys


def bindings(app_class: type) -> Iterator[tuple[str, Binding]]:
    """Import the app's widgets and screens, and yield each binding that has an id, with its id."""
    classes = [app_class]
    for package in (widgets, screens):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            values = vars(import_module(module.name)).values()
            classes += [value for value in values if isinstance(value, type)]
    for cls in classes:
        for binding in getattr(cls, "BINDINGS", ()):
            if isinstance(binding, Binding) and binding.id:
                yield binding.id, binding


def _is_key(name: str) -> bool:
    """Return whether Textual can report a key under this name."""
    *modifiers, key = name.split("+") if len(name) > 1 else [name]
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return False
    if len(key) == 1 or name in _KEY_NAMES or key in _KEY_NAMES:
        return True
    try:
        unicodedata.lookup(key.replace("_", " "))
    except KeyError:
        return False
    return True
