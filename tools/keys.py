# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The page on the wizard's keys, generated from the bindings of its screens and widgets."""

from __future__ import annotations

from collections.abc import Mapping

from xentui.app import XentuiApp
from xentui.screens import keymap

_HEAD = """\
<!-- SPDX-FileCopyrightText: The xentui authors -->
<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/keys.py: "make generated" renews it. -->

# Keys of the wizard

F1 shows the keys of the screen you are on; the last line always has the most useful ones. Keys
separated by commas do the same: if your terminal intercepts one, use another.

To change the keys of an action, write its name and the new keys into `xentui/config.toml` in the
configuration directory (`~/.config`):

```text
[keys]
"edit.undo" = "ctrl+u"
"wizard.write" = "f5,ctrl+s"
```

"""

_KEY_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
}


def page() -> str:
    """Return ``docs/reference-keys.md``."""
    keys: dict[str, str] = {}
    descriptions: dict[str, str] = {}
    for name, binding in keymap.bindings(XentuiApp):
        # Widgets come first: what a screen calls their action applies to that screen only.
        keys.setdefault(name, ", ".join(f"`{_key_text(key)}`" for key in binding.key.split(",")))
        if not descriptions.get(name):
            descriptions[name] = binding.description
    lines = ["| Action | Keys | What it does |", "| --- | --- | --- |"]
    for name in sorted(keys):
        description = descriptions[name] or _fallback_description(name, keys)
        lines.append(f"| `{name}` | {keys[name]} | {description} |")
    return _HEAD + "\n".join(lines) + "\n"


def _fallback_description(name: str, actions: Mapping[str, object]) -> str:
    """Return a description for an action without one: the action that it repeats, or its name."""
    original = name.removesuffix("-twin")
    if original != name and original in actions:
        return f"as `{original}`"
    return name.rpartition(".")[2].replace("-", " ").capitalize()


def _key_text(key: str) -> str:
    return "+".join(_KEY_NAMES.get(part, part) for part in key.strip().split("+"))
