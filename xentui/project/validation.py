# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Check data against a JSON schema, with the jsonschema package.

That package is imported only when the first value is checked, as importing it takes as long as the
rest of the start-up. Two rules differ from JSON Schema on purpose. A pattern must match the whole
text, including a final newline, before which ``$`` matches in Python. And 256.0 is not an integer,
as in TOML.
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

TYPE_NAMES = {
    "integer": "a whole number",
    "string": "text in quotes",
    "array": "a list in brackets",
    "object": "a table",
    "boolean": "true or false",
}
"""The types of a JSON schema in words, as they are written in TOML."""


class SchemaViolation(NamedTuple):
    """A value that violates a keyword of a schema.

    Attributes:
        keyword: ``type``, ``required``, ``pattern`` …
        expected: the keyword's value in the schema, such as ``"integer"``.
        value: the wrong value.
        path: where the value is.
        spec: the subschema that contains the keyword.
        is_name: whether the wrong value is a key of the table at ``path``.
    """

    keyword: str
    expected: Any
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
        self._validator = kind(root)

    def violations(self, value: Any, part: Spec | None = None) -> Iterator[SchemaViolation]:
        """Yield the violations in a value.

        Args:
            value: plain data as tomllib returns it.
            part: a subschema to check against; by default, the whole schema.
        """
        validator = self._validator if part is None else self._validator.evolve(schema=part)
        for error in validator.iter_errors(value):
            yield SchemaViolation(
                keyword=str(error.validator),
                expected=error.validator_value,
                value=error.instance,
                path=tuple(error.absolute_path),
                spec=error.schema if isinstance(error.schema, Mapping) else {},
                is_name="propertyNames" in error.absolute_schema_path,
            )


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the schema; use it with ``fullmatch``."""
    return re.compile(pattern, re.ASCII)


def _is_whole_number(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _match_whole(
    validator: Any, pattern: str, instance: Any, _schema: Spec
) -> Iterator[ValidationError]:
    from jsonschema.exceptions import ValidationError

    if validator.is_type(instance, "string") and not compile_pattern(pattern).fullmatch(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")
