# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Paths that ``--set`` takes, as far as the schema alone knows them."""

from __future__ import annotations

from xentui.project import schema


def tables() -> list[str]:
    """Return ``host.memory=`` and the like, for the tables that stand once."""
    return [
        f"{table}.{field.name}="
        for table in ("host", "containers", "defaults")
        for field in schema.fields(table)
    ]


def guest() -> list[str]:
    """Return the names of a guest's fields."""
    return [field.name for field in schema.fields("guest") if field.kind != "table"]
