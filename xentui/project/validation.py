# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Violations of a JSON schema, found by the jsonschema package.

That package is imported only when the first value is checked, as importing it takes as long as the
rest of the start-up. Two rules differ from JSON Schema on purpose: a pattern must match the whole
text, so that ``$`` does not match before a final newline as in Python, and 256.0 is not a whole
number, as in TOML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from xentui.project.lines import KeyPath

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError


Spec = Mapping[str, Any]


class SchemaViolation(NamedTuple):
    """A value that violates a keyword of a schema.

    Attributes:
        keyword: ``type``, ``required``, ``pattern`` …
        wanted: what the schema demands: the keyword's value, such as ``"integer"``.
        value: the wrong value.
        path: where it is.
        spec: the subschema that contains the keyword.
        is_name: whether the wrong value is a key of the table at ``path``.
    """

    keyword: str
    wanted: Any
    value: Any
    path: KeyPath
    spec: Spec
    is_name: bool = False


class Checker:
    """Checks values against a schema and its parts.

    Args:
        root: the whole schema, to which ``#`` in a ``$ref`` refers.
    """

    def __init__(self, root: Spec) -> None:
        from jsonschema import Draft7Validator, validators

        types = Draft7Validator.TYPE_CHECKER.redefine("integer", _is_whole_number)
        kind: type[Draft7Validator] = validators.extend(  # type: ignore[no-untyped-call]
            Draft7Validator, {"pattern": _match_whole}, type_checker=types
        )
        self._whole = kind(root)

    def violations(self, value: Any, part: Spec | None = None) -> Iterator[SchemaViolation]:
        """Yield the violations in a value.

        Args:
            value: plain data as tomllib returns it.
            part: a subschema to check against; by default, the whole schema.
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
    """Compile a pattern of the schema; use it with ``fullmatch``."""
    return re.compile(pattern, re.ASCII)


def _is_whole_number(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _match_whole(
    validator: Any, pattern: str, instance: Any, _schema: Spec
) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not compiled(pattern).fullmatch(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
