# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The table of xl's keys is complete and consistent."""

from __future__ import annotations

from xentui.xl import keys, values


def test_every_key_has_a_reader_and_every_reader_a_key() -> None:
    assert {key.kind for key in keys.keys().values()} == set(values.CHECKS)


def test_what_a_key_names_instead_is_a_key() -> None:
    known = keys.keys()
    for key in known.values():
        assert not key.instead or key.instead in known, key
    for name, other in keys.foreign().items():
        assert other.instead in known or other.advice, name
        assert name not in known


def test_releases_are_in_order() -> None:
    for key in keys.keys().values():
        assert key.since <= (key.until or keys.NEWEST), key
        assert keys.is_read(key, keys.XEN) or key.until or key.since > keys.XEN
        for word in (*key.choices_since, *key.choices_until):
            assert word in key.choices


def test_words_of_a_choice_go_with_the_release() -> None:
    tee = keys.keys()["tee"]
    assert "ffa" in tee.words((4, 21))
    assert "ffa" not in tee.words((4, 17))


def test_a_typing_mistake_has_a_key_near_it() -> None:
    assert keys.near("memmory") == "memory"
    assert keys.near("quux") is None
