# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Help for a field and for a finding: what it is for, and everything that is known of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from xentui.session import field_paths

if TYPE_CHECKING:
    from xentui.rules.finding import Finding
    from xentui.session import Session

Pair = tuple[str, str]
"""What a line is about, in a word, and the line; of a sentence for itself the word is empty."""


def of_field(session: Session, path: field_paths.Path) -> list[Pair]:
    """Return what is known of the field at a path; its description comes first."""
    field = field_paths.field_of(path)
    lines: list[Pair] = [("", field.description)]
    if field.bitbake:
        owner = str(path[1]) if len(path) > 2 else ""
        name = field.bitbake.replace("{guest}", owner)
        image = session.project.host.image or "xen-image-minimal"
        lines.append(("BitBake", name.replace("{image}", image)))
    lines.append(("Project", field_paths.text_of_path(path)))
    if field.range:
        lines.append(("Range", field.range))
    if field.max_length:
        lines.append(("Length", f"at most {field.max_length} characters"))
    default, origin = session.fallback(path)
    if default:
        lines.append(("Left out", f"{default} ({origin})" if origin else default))
    for example in field.examples[:3]:
        shown = example if isinstance(example, str) else json.dumps(example)
        lines.append(("Example", shown))
    if field.kind == "list":
        lines.append(("", 'Separate entries with spaces; "none" means no entries.'))
    elif field.kind == "text" and not field.required:
        lines.append(("", 'Type "" for an empty value; leave blank for the default.'))
    return lines


def of_finding(finding: Finding) -> list[Pair]:
    """Return how a finding is fixed, and what the catalogue says of its code."""
    lines: list[Pair] = [("", finding.fix)] if finding.fix else []
    if finding.code:
        from xentui.rules import catalogue

        try:
            entry = catalogue.entry(finding.code)
        except KeyError:
            return lines
        parts = (("Cause", entry.cause), ("Evidence", entry.evidence))
        lines += [(name, text) for name, text in parts if text]
    return lines


def in_short(session: Session, path: field_paths.Path) -> str:
    """Return two lines on a field: what it is for, and its BitBake name, range and default."""
    field = field_paths.field_of(path)
    parts = []
    if field.bitbake:
        owner = str(path[1]) if len(path) > 2 else ""
        image = session.project.host.image or "xen-image-minimal"
        parts.append(field.bitbake.replace("{guest}", owner).replace("{image}", image))
    if field.range:
        parts.append(field.range)
    default, origin = session.fallback(path)
    if default:
        parts.append(f"left empty: {default}{f' ({origin})' if origin else ''}")
    if field.kind == "list":
        parts.append("entries separated by spaces")
    return f"{field.description}\n{'; '.join(parts)}"
