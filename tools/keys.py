# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Generate the page on the wizard's keys from their declarations."""

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

_SPELLED = {
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
    """A named action, and the keys that start it."""

    name: str
    keys: tuple[str, ...]
    does: str


def page() -> str:
    """Return the page."""
    found: dict[str, Key] = {}
    for key in _declared():
        known = found.get(key.name)
        if known is None or not known.does:
            found[key.name] = key
    lines = ["| action | keys | does |", "| --- | --- | --- |"]
    for key in sorted(found.values(), key=lambda key: key.name):
        keys = ", ".join(f"`{_spelled(each)}`" for each in key.keys)
        lines.append(f"| `{key.name}` | {keys} | {key.does or _as_twin(key, found)} |")
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
    """Return the key that a call declares, or nothing if the binding has no description."""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    name, keys = _text(named.get("id")), _text(call.args[0])
    if not name:
        return None
    does = _text(call.args[2]) if len(call.args) > 2 else ""
    return Key(name, tuple(keys.split(",")), does or _text(named.get("tooltip")))


def _text(node: ast.expr | None) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


def _as_twin(key: Key, known: dict[str, Key]) -> str:
    twin = known.get(key.name.removesuffix("-twin"))
    if twin is not None and twin is not key:
        return f"as `{twin.name}`"
    return key.name.rpartition(".")[2].replace("-", " ").capitalize()


def _spelled(key: str) -> str:
    return "+".join(_SPELLED.get(part, part) for part in key.strip().split("+"))
