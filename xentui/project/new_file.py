# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The text of a new project file, which shows what holds where nothing is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from xentui.project import boards, effective, model, schema, toml_text
from xentui.project.model import Guest, Project

_SOURCES = {
    "defaults": "from [defaults]",
    "board": "the board's",
    "class": "the class' default",
    "vxn": "vxn's default",
    "xentui": "xentui's default",
}

_HEAD = """\
# A project of xentui: Xen guests on a Yocto board. Memory and sizes are in MiB.
# A line that begins with "# name =" shows what holds as long as it is left out.
"""


def fresh(project: Project, *, comments: bool = True, schema_file: str | None = None) -> str:
    """Return the text of a new project file.

    Args:
        project: what it shall say.
        comments: whether each value left out is shown as a comment with its source.
        schema_file: where editors find the schema, relative to the project file; the first
            line tells it to those that use Taplo.
    """
    first = f"#:schema ./{schema_file}\n" if schema_file is not None else ""
    data = model.to_data(project)
    blocks = [f"version = {data['version']}"]
    if project.preset is not None:
        blocks.append(_block("preset", data["preset"], {}, comments=comments))
    blocks.append(_block("host", data["host"], _host(project), comments=comments))
    blocks += [
        _block(name, data.get(name, {}), _class(name), comments=comments)
        for name in ("containers", "defaults")
        if name in data or comments
    ]
    for bundle in project.bundles:
        table = data["bundles"][bundle.key]
        path = toml_text.dotted(("bundles", bundle.key))
        blocks.append(_block(path, table, _class("bundle"), comments=comments))
    for guest in project.guests:
        blocks += _guest_blocks(project, guest, comments=comments)
    for name, table in data.get("import_types", {}).items():
        path = toml_text.dotted(("import_types", name))
        blocks.append(_block(path, table, {}, comments=comments))
    return first + (_HEAD + "\n" if comments else "") + "\n\n".join(blocks) + "\n"


def _guest_blocks(project: Project, guest: Guest, *, comments: bool) -> Iterator[str]:
    table = model.guest_to_data(guest)
    source = table.pop("source", None)
    path = toml_text.dotted(("guests", guest.key))
    yield _block(path, table, _guest(project, guest), comments=comments)
    if source is None:
        return
    entries = source.pop("fetch", ())
    left_out = {}
    if guest.source is not None and guest.source.type not in ("qcow2", "ext4", "raw"):
        size = effective.default(project, "image_size")
        left_out["image_size"] = (size.value, _SOURCES[size.origin])
    yield _block(f"{path}.source", source, left_out, comments=comments)
    for entry in entries:
        yield "\n".join((f"[[{path}.source.fetch]]", *_lines(entry)))


LeftOut = dict[str, tuple[Any, str]]


def _block(path: str, table: dict[str, Any], left_out: LeftOut, *, comments: bool) -> str:
    """Return a table in the format's order, with what was left out as comments."""
    lines = [f"[{path}]"]
    written = _lines(table)
    if not comments:
        return "\n".join(lines + written)
    kind = {"bundles": "bundle", "guests": "guest", "import_types": "import_type"}
    top, _, rest = path.partition(".")
    name = "source" if rest.endswith(".source") and top == "guests" else kind.get(top, top)
    for field in schema.fields(name):
        if field.name in table:
            lines += _lines({field.name: table[field.name]})
        elif field.name in left_out:
            value, source = left_out[field.name]
            lines.append(f"# {field.name} = {toml_text.value(value)}  # {source}")
    return "\n".join(lines)


def _lines(table: dict[str, Any]) -> list[str]:
    return [f"{toml_text.key(name)} = {toml_text.value(value)}" for name, value in table.items()]


def _host(project: Project) -> LeftOut:
    found: LeftOut = {"image": (effective.image(project), _SOURCES["xentui"])}
    for name, value in (
        ("memory", effective.total_memory(project)),
        ("dom0_memory", effective.dom0_memory(project)),
        ("network", effective.network(project)),
    ):
        if value is not None:
            found[name] = (value.value, _SOURCES[value.origin] if value.origin != "project" else "")
    if boards.board(project.host.machine).arch == "x86-64":
        found["boot_mode"] = (schema.default("host", "boot_mode"), _SOURCES["class"])
    return found


def _class(table: str) -> LeftOut:
    source = _SOURCES["class" if table == "defaults" else "xentui"]
    found = {
        field.name: (field.default, source)
        for field in schema.fields(table)
        if field.default is not None
    }
    if table == "containers":
        found["memory"] = (found["memory"][0], _SOURCES["vxn"])
    return found


def _guest(project: Project, guest: Guest) -> LeftOut:
    # An own config says all of it, and xentui does not guess what.
    if guest.config_file is not None:
        return {}
    found: LeftOut = {}
    for name in effective.DEFAULTED:
        value = effective.default(project, name)
        found[name] = (value.value, _SOURCES[value.origin])
    found["name"] = (guest.key, "the guest's key")
    found["type"] = (effective.default_type(project, guest), "as xl decides")
    return found
