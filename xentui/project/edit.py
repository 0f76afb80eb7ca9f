# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Writing a changed project back into its own text.

Only what differs is changed: comments, order, blank lines, quotes and line ends stay. What the
new text says is read back and compared, so that a form no patch is known for costs style, never
a value.
"""

from __future__ import annotations

import tomllib
from typing import Any

from xentui.project import document, model, toml_text
from xentui.project.inline import patched, renames, same
from xentui.project.lines import Entry, Path
from xentui.project.model import Project
from xentui.project.patch import CannotPatch, Patch

_KEYED = ("bundles", "guests", "import_types")


def update(text: str, project: Project) -> str:
    """Return ``text`` changed so that it says ``project``.

    Args:
        text: a TOML text, of this project before it was changed or of any other.
        project: what it shall say.

    Raises:
        DocumentError: the text is not TOML.
    """
    wanted = model.to_data(project)
    data = document.parse(text).data
    mark = document.BYTE_ORDER_MARK if text.startswith(document.BYTE_ORDER_MARK) else ""
    body = text.removeprefix(mark)
    if _says(data, project):
        return text
    for way in (_in_place, _in_order, _table_by_table):
        try:
            body = way(body, wanted)
        except CannotPatch:
            continue
        if _says(_data(body), project):
            return mark + body
    return mark + "\n\n".join(_whole(wanted)) + "\n"


def _says(data: dict[str, Any] | None, project: Project) -> bool:
    if data is None or data.get("version") != 1:
        return False
    try:
        said = model.from_data(data)
    except (TypeError, KeyError, AttributeError, ValueError):
        return False
    # Unlike ==, this tells 1, 1.0 and true apart.
    return repr(said) == repr(project)


def _data(body: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(body)
    except tomllib.TOMLDecodeError:
        return None


def _whole(wanted: dict[str, Any]) -> list[str]:
    blocks = [f"version = {wanted['version']}"]
    for name, table in wanted.items():
        if name != "version":
            blocks += toml_text.tables((name,), table)
    return blocks


def _in_place(body: str, wanted: dict[str, Any]) -> str:
    patch = Patch(body)
    _Changes(patch).table((), (), tomllib.loads(body), wanted)
    return patch.result()


def _in_order(body: str, wanted: dict[str, Any]) -> str:
    """Bring keyed tables into order by moving whole runs of sections."""
    data = _data(body)
    if data is None:
        raise CannotPatch
    patch = Patch(body)
    for name in _KEYED:
        have, want = data.get(name), wanted.get(name)
        if not isinstance(have, dict) or want is None or have.keys() != want.keys():
            continue
        if list(have) == list(want):
            continue
        runs = {key: _run(patch, (name, key)) for key in have}
        for place, key in zip(sorted(runs.values()), want, strict=True):
            old, new = (_bare(patch.text, run) for run in (place, runs[key]))
            patch.replace(*old, patch.text[slice(*new)])
    return patch.result()


def _run(patch: Patch, path: Path) -> tuple[int, int]:
    numbers = patch.below.get(path, [])
    if not numbers or path in patch.keys_below or numbers[-1] - numbers[0] != len(numbers) - 1:
        raise CannotPatch
    return patch.start(numbers[0]), patch.start(numbers[-1] + 1)


def _bare(text: str, run: tuple[int, int]) -> tuple[int, int]:
    start, end = run
    return start, start + len(text[start:end].rstrip(" \t\r\n"))


def _table_by_table(body: str, wanted: dict[str, Any]) -> str:
    """Write each top-level table that differs anew, where it first stood."""
    data = _data(body)
    if data is None:
        raise CannotPatch
    patch = Patch(body)
    changes = _Changes(patch)
    for name in [*data, *(name for name in wanted if name not in data)]:
        have, want = data.get(name), wanted.get(name)
        if same(have, want) and (not isinstance(have, dict) or list(have) == list(want or ())):
            continue
        if name in data:
            patch.delete((name,))
        if want is not None:
            names = list(wanted)
            changes.add((), (name,), want, names[: names.index(name)])
    return patch.result()


class _Changes:
    """Walks through old and new data and collects what differs."""

    def __init__(self, patch: Patch) -> None:
        self._patch = patch

    def table(self, at: Path, to: Path, old: dict[str, Any], new: dict[str, Any]) -> None:
        """Collect the changes of one table, known as ``at`` and to be known as ``to``."""
        names = renames(at, old, new)
        for name, before in old.items():
            path, now = (*at, name), names.get(name, name)
            if now not in new:
                if not _means_nothing(path, before):
                    self._patch.delete(path)
                continue
            if now != name:
                self._patch.rename(path, now)
            self._change(path, (*to, now), before, new[now])
        had = {names.get(name, name): name for name in old}
        earlier: list[str] = []
        for name, value in new.items():
            if name in had:
                earlier.append(had[name])
            else:
                self.add(at, (*to, name), value, earlier)

    def _change(self, path: Path, to: Path, before: Any, after: Any) -> None:
        if same(before, after):
            return
        entry = self._patch.entries.get(path)
        if entry is not None:
            value = entry.value
            text = patched(self._patch.text, value, path, before, after)
            self._patch.replace(value.start, value.end, text)
        elif isinstance(before, dict) and isinstance(after, dict):
            self.table(path, to, before, after)
        elif isinstance(before, list) and isinstance(after, list):
            self._array(path, to, before, after)
        else:
            raise CannotPatch

    def _array(self, path: Path, to: Path, before: list[Any], after: list[Any]) -> None:
        """Change an array of tables; what is equal at both ends is left alone."""
        head = _equal(before, after)
        tail = _equal(before[head:][::-1], after[head:][::-1])
        old, new = len(before) - head - tail, len(after) - head - tail
        for number in range(head, head + old):
            element = (*path, number)
            if element not in self._patch.tables:
                raise CannotPatch
            if number < head + new:
                self.table(element, (*to, number), before[number], after[number])
            else:
                self._patch.delete(element)
        if new > old:
            numbers = self._patch.below[(*path, head + old - 1) if head + old else path]
            if not numbers:
                raise CannotPatch
            added = after[head + old : head + new]
            self._patch.add_blocks(numbers[-1] + 1, toml_text.tables(to, added))

    def add(self, at: Path, to: Path, value: Any, earlier: list[str]) -> None:
        """Add the key ``to`` to the table ``at``, behind those of ``earlier``, nearest last."""
        patch = self._patch
        name = to[-1]
        dotted = [found for found in patch.keys_below.get(at, ()) if len(found[1].path) > len(at)]
        if toml_text.is_tables(value) and (len(at) < 2 or not dotted):
            patch.add_blocks(self._place(at, earlier), toml_text.tables(to, value))
        elif at in patch.tables:
            number = patch.tables[at]
            patch.add_key(number, _line((name,), value), self._entry_before(number, at, earlier))
        elif dotted:
            number, last = dotted[-1]
            depth = len(patch.sections[number].path)
            patch.add_key(number, _line(to[depth:], value), last)
        elif at in patch.below:
            block = f"[{toml_text.dotted(to[:-1])}]\n{_line((name,), value)}"
            patch.add_blocks(patch.below[at][0], [block])
        else:
            raise CannotPatch

    def _entry_before(self, number: int, at: Path, earlier: list[str]) -> Entry | None:
        for name in reversed(earlier):
            for found, entry in reversed(self._patch.keys_below.get((*at, name), ())):
                if found == number:
                    return entry
        return None

    def _place(self, at: Path, earlier: list[str]) -> int:
        """Return the number of the section that a new table stands before."""
        below = self._patch.below
        for name in reversed(earlier):
            if (*at, name) in below:
                return below[(*at, name)][-1] + 1
        if at in below:
            return below[at][-1] + 1
        return len(self._patch.sections) if at else 1


def _line(names: Path, value: Any) -> str:
    return f"{toml_text.dotted(names)} = {toml_text.value(value)}"


def _equal(left: list[Any], right: list[Any]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if not same(one, other):
            break
        count += 1
    return count


def _means_nothing(path: Path, value: Any) -> bool:
    """Whether a key says no more than its absence."""
    if len(path) == 1:
        return isinstance(value, dict) and not value
    return path[-1] in ("tags", "fetch", "description") and value in ([], "")
