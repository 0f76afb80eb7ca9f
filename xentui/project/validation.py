# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The values that a JSON schema does not accept, found by the jsonschema package.

It is imported when the first value is checked, as it takes as long as all the rest of a start.
Two things differ from JSON, on purpose: a pattern matches a whole text ("$" means what it does
in ECMA 262, in which schemas are written), and 256.0 is no whole number, as in TOML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

Path = tuple[str | int, ...]
Spec = Mapping[str, Any]


class SchemaViolation(NamedTuple):
    """A value that a keyword does not accept.

    Attributes:
        keyword: ``type``, ``required``, ``pattern`` …
        wanted: what the schema gives for that keyword.
        value: what was found.
        path: where, as keys and indexes.
        spec: the schema that has the keyword.
        is_name: whether it concerns a key of the table at ``path``, not a value.
    """

    keyword: str
    wanted: Any
    value: Any
    path: Path
    spec: Spec
    is_name: bool = False


class Checker:
    """What checks values by a schema and by parts of it.

    Args:
        root: the schema, which references mean with ``#``.
    """

    def __init__(self, root: Spec) -> None:
        from jsonschema import Draft7Validator, validators

        types = Draft7Validator.TYPE_CHECKER.redefine("integer", _is_whole_number)
        kind: type[Draft7Validator] = validators.extend(  # type: ignore[no-untyped-call]
            Draft7Validator, {"pattern": _match_whole}, type_checker=types
        )
        self._whole = kind(root)

    def violations(self, value: Any, part: Spec | None = None) -> Iterator[SchemaViolation]:
        """Yield what the schema, or a part of it, does not accept of a value.

        Args:
            value: plain data: dicts with texts for keys, lists, texts, numbers, truth values, and
                what TOML has of dates.
            part: a schema inside the whole.
        """
        checker = self._whole if part is None else self._whole.evolve(schema=part)
        for error in checker.iter_errors(value):
            yield SchemaViolation(
                keyword=str(error.validator),
                wanted=error.validator_value,
                value=error.instance,
                path=tuple(error.absolute_path),
                spec=error.schema if isinstance(error.schema, Mapping) else {},
                is_name="propertyNames" in error.absolute_schema_path,
            )


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the schema; what it is held against must match it whole."""
    return re.compile(pattern, re.ASCII)


def _is_whole_number(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _match_whole(
    validator: Any, pattern: str, instance: Any, _schema: Spec
) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not compiled(pattern).fullmatch(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
