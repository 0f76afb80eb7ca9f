# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The line of every key in a file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from xentui.project import edit, lines

TEXT = r"""# head
version = 1
a.b . "c d" = 1
[host] # the board
machine = QQQ
[not.a.table]
x = 1 # \\" ""xQQQ
'quoted.key' = 'it # is'
"esc\u0061ped" = 1979-05-27 07:32:00 # a date
vif = [ # a list
  "one", # ]
  'two',
]

  [ guests . web ]
  extra = '''
]] "
'''
inline = { a = 1, b.c = { d = [ { e = 1 }, { e = 2 } ] } }
[[guests.web.source.fetch]]
uri = "1"
[[guests.web.source.fetch]]
uri = "2"
[guests.web.source.fetch.more]
k = true
[last]""".replace("QQQ", 3 * '"')


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 2),
        (("a",), 3),
        (("a", "b", "c d"), 3),
        (("host",), 4),
        (("host", "machine"), 5),
        (("host", "quoted.key"), 8),
        (("host", "escaped"), 9),
        (("host", "vif"), 10),
        (("host", "vif", 1), 12),
        (("guests",), 15),
        (("guests", "web", "extra"), 16),
        (("guests", "web", "inline", "b", "c", "d", 1, "e"), 19),
        (("guests", "web", "source", "fetch"), 20),
        (("guests", "web", "source", "fetch", 0, "uri"), 21),
        (("guests", "web", "source", "fetch", 1), 22),
        (("guests", "web", "source", "fetch", 1, "uri"), 23),
        (("guests", "web", "source", "fetch", 1, "more", "k"), 25),
        (("last",), 26),
        (("last", "missing", 3), 26),
        (("host", "absent"), 4),
        (("nowhere",), None),
        ((), None),
    ],
)
def test_each_path_has_its_line(path: lines.KeyPath, line: int | None) -> None:
    tomllib.loads(TEXT)
    assert lines.line_of(TEXT, path) == line
    assert lines.line_of(TEXT.replace("\n", "\r\n"), path) == line
    assert lines.line_of("\ufeff" + TEXT, path) == line


def paths(data: Any, base: lines.KeyPath = ()) -> Iterator[lines.KeyPath]:
    for step, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*base, step)
        if isinstance(value, dict | list):
            yield from paths(value, (*base, step))


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(-9, 9) | st.text(max_size=5) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=3), VALUES, max_size=5))
def test_every_key_of_any_text_has_a_line(data: dict[str, Any]) -> None:
    text = tomlkit.dumps(edit.toml_item(data))
    assert tomllib.loads(text) == data
    assert set(lines.line_numbers(text)) == set(paths(data))


@given(st.text("[]{}=.\"'#\n\r\\ ab1,", max_size=80))
def test_no_text_breaks_the_scan(text: str) -> None:
    found = set(lines.line_numbers(text))
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert found == set(paths(data))


def test_deep_nesting_ends_the_scan() -> None:
    assert lines.scan("a = " + "[" * 100_000).too_deep
