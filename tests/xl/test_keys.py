# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The table of xl's keys is complete and consistent."""

from __future__ import annotations

from xentui.xl import keys, values


def test_every_kind_of_key_has_a_check_and_every_check_a_key() -> None:
    assert {key.kind for key in keys.all_keys().values()} == set(values.CHECKS)


def test_the_suggested_replacements_exist() -> None:
    known = keys.all_keys()
    for key in known.values():
        assert not key.instead or key.instead in known, key
    for name, other in keys.common_mistakes().items():
        assert other.instead in known or other.advice, name
        assert name not in known


def test_releases_are_in_order() -> None:
    for key in keys.all_keys().values():
        assert key.since <= (key.until or keys.NEWEST), key
        assert keys.is_read(key, keys.DEFAULT_XEN) or key.until or key.since > keys.DEFAULT_XEN
        for word in (*key.choices_since, *key.choices_until):
            assert word in key.choices


def test_choices_depend_on_the_release() -> None:
    tee = keys.all_keys()["tee"]
    assert "ffa" in tee.choices_in((4, 21))
    assert "ffa" not in tee.choices_in((4, 17))


def test_the_most_similar_key_is_found() -> None:
    assert keys.similar_key("memmory") == "memory"
    assert keys.similar_key("quux") is None
