# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The page on the wizard's keys, generated from the bindings in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]

_HEAD = """\
<!-- SPDX-FileCopyrightText: The xentui authors -->
<!-- SPDX-License-Identifier: MIT -->
<!-- Made by tools/keys.py: "make generated" renews it. -->

# Keys of the wizard

F1 shows the keys of the screen you are on; the last line always has the most useful ones. Where a
terminal takes a key away, there is another: commas separate keys that do the same.

Each action has a name, under which `xentui/config.toml` in the configuration directory
(`~/.config`) gives it other keys:

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


@dataclass(frozen=True)
class Key:
    """An action of the wizard, by its name, and the keys that start it."""

    name: str
    keys: tuple[str, ...]
    description: str


def page() -> str:
    """Return the page."""
    actions: dict[str, Key] = {}
    for key in _declared():
        earlier = actions.get(key.name)
        if earlier is None or not earlier.description:
            actions[key.name] = key
    lines = ["| action | keys | does |", "| --- | --- | --- |"]
    for key in sorted(actions.values(), key=lambda key: key.name):
        keys = ", ".join(f"`{_key_text(each)}`" for each in key.keys)
        description = key.description or _fallback_description(key, actions)
        lines.append(f"| `{key.name}` | {keys} | {description} |")
    return _HEAD + "\n".join(lines) + "\n"


def _declared() -> Iterator[Key]:
    package = ROOT / "xentui"
    for path in (package / "app.py", *sorted(package.glob("screens/*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Binding":
                key = _key(node)
                if key is not None:
                    yield key


def _key(call: ast.Call) -> Key | None:
    """Return the action of a call of Textual's ``Binding``, or ``None`` if it has no name."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    name, keys = _text(named.get("id")), _text(call.args[0])
    if not name:
        return None
    description = _text(call.args[2]) if len(call.args) > 2 else ""
    return Key(name, tuple(keys.split(",")), description or _text(named.get("tooltip")))


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _fallback_description(key: Key, actions: dict[str, Key]) -> str:
    """Return a description for an action without one: the action that it repeats, or its name."""
    twin = actions.get(key.name.removesuffix("-twin"))
    if twin is not None and twin is not key:
        return f"as `{twin.name}`"
    return key.name.rpartition(".")[2].replace("-", " ").capitalize()


def _key_text(key: str) -> str:
    return "+".join(_KEY_NAMES.get(part, part) for part in key.strip().split("+"))
