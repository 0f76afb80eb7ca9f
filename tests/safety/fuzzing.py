# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Properties of the readers of projects and configurations that hold for any bytes.

Each target takes bytes and returns nothing. Readers refuse input with a
:class:`~xentui.errors.XentuiError`; any other exception is a bug. The fuzzer in :mod:`tools.fuzz`
calls the targets, and the tests replay what it found.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from xentui.bitbake import conf_syntax, importer
from xentui.bitbake.conf_reader import ConfReader
from xentui.errors import XentuiError
from xentui.output import header, user_files
from xentui.output.render import render
from xentui.project import document, edit, lines, model, new_file, overrides, schema, tables
from xentui.rules.check import check_file
from xentui.xl import config as xl_config
from xentui.xl import disk as xl_disk

ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "fuzzed"
"""Inputs that once made a target fail, named after the target and the reason."""
_MEMORY = Path("/dev/shm")


def document_target(data: bytes) -> None:
    """Read a project file, check it, and write its files."""
    text = data.decode("utf-8", "replace")
    places = lines.line_numbers(text)
    count = text.count("\n") + text.count("\r") + 1
    assert all(1 <= line <= count for line in places.values())
    try:
        parsed = document.parse(text)
    except document.DocumentError as error:
        assert error.line is None or 1 <= error.line <= count  # noqa: PT017
        return
    loaded = document.load_document(parsed, ROOT)
    for finding in check_file(loaded):
        assert finding.message
        assert finding.fix
    for problem in loaded.problems:
        line = parsed.line_of(problem.path)
        assert line is None or 1 <= line <= count
    if loaded.project is not None:
        _check_written(text, loaded.project)


def _check_written(text: str, project: model.Project) -> None:
    assert schema.validate(tables.to_data(project)) == []
    again = document.load_text(new_file.toml_text(project), ROOT)
    assert repr(again.project) == repr(project)
    assert edit.update(text, project) == text
    host = replace(project.host, memory=(project.host.memory or 1024) + 1)
    other = replace(project, host=host, guests=project.guests[1:])
    assert repr(document.load_text(edit.update(text, other), ROOT).project) == repr(other)
    printed = overrides.difference(project, other)
    if printed is not None:
        data = overrides.apply(tables.to_data(project), printed)
        assert repr(tables.from_data(data)) == repr(other)
    try:
        rendered = render(project)
    except XentuiError:
        return
    for content in rendered.files.values():
        assert not isinstance(content, str) or "\x1b" not in content


def conf_target(data: bytes) -> None:
    """Read a configuration; its first byte selects the kind."""
    kinds = (_conf, _recipe, _store, _xl, _ours, _import)
    kinds[data[0] % len(kinds) if data else 0](data[1:].decode("utf-8", "surrogateescape"))


def _conf(text: str) -> None:
    _check_parsed(conf_syntax.parse(text, "/x/local.conf"), text)


def _recipe(text: str) -> None:
    _check_parsed(conf_syntax.parse(text, "/x/a.bb"), text)


def _check_parsed(parsed: conf_syntax.Parsed, text: str) -> None:
    count = text.count("\n") + text.count("\r") + 1
    for statement in parsed.statements:
        assert 1 <= statement.line <= statement.last_line <= count
    assert all(1 <= fault.line <= count + 1 and fault.message for fault in parsed.faults)


def _store(text: str) -> None:
    reader = ConfReader(texts={"/x/local.conf": text})
    assert reader.read("/x/local.conf")
    seen = reader.store.seen_by("a")
    for name in list(reader.store.assignments)[:200]:
        seen.get(name)
        reader.store.get(name)


def _xl(text: str) -> None:
    config = xl_config.parse(text)
    for spec in config.texts("disk"):
        xl_disk.parse(spec)
    xl_config.as_installed(text, "a.ext4", "b")


def _ours(text: str) -> None:
    """Add xentui's lines to a user's file and remove them again: every byte is restored."""
    header.is_intact(text)
    put = user_files.with_require(text)
    assert user_files.without_require(put.text, put.snippet) == text or not put.snippet
    try:
        if user_files.block(text) is None:
            blocked = user_files.with_block(text, 'A = "1"\n')
            assert user_files.without_block(blocked.text) == text
        else:
            user_files.without_block(text)
        entries = user_files.layers(text)
        put = user_files.with_layer(text, "/srv/meta-xentui")
        if "/srv/meta-xentui" not in entries:
            assert user_files.without_layer(put.text, "/srv/meta-xentui", put.snippet) == text
    except XentuiError:
        pass


def _import(text: str) -> None:
    at = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="xentui-fuzz-", dir=at) as folder:
        raw = text.encode("utf-8", "surrogateescape")
        conf, _, recipe = raw.partition(b"\n#----\n")
        (Path(folder) / "local.conf").write_bytes(conf)
        paths = [Path(folder) / "local.conf"]
        if recipe:
            paths.append(Path(folder) / "lab_1.0.bb")
            paths[1].write_bytes(b"inherit xen-guest-bundle\n" + recipe)
        try:
            made = importer.read(paths)
        except XentuiError:
            return
        assert schema.validate(tables.to_data(made.project)) == []
        again = document.load_text(new_file.toml_text(made.project), ROOT)
        assert repr(again.project) == repr(made.project)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "document": document_target,
    "conf": conf_target,
}


def seeds(target: str) -> Iterator[bytes]:
    """Return real files as input for the target: every preset, vector and corpus.

    With ``XENTUI_OE_TREE`` also the small configurations and recipes of its layers.
    """
    files = [*(ROOT / "presets").glob("*.toml"), *(ROOT / "tests/vectors").glob("*/project.toml")]
    if target == "document":
        for path in files:
            yield path.read_bytes()
        return
    corpus = sorted((ROOT / "tests/bitbake/corpus").iterdir())
    for path in [*corpus, *(ROOT / "tests/vectors").rglob("*.cfg"), *_layers()]:
        content = path.read_bytes()
        if path.suffix == ".cfg":
            yield b"\x03" + content
            continue
        yield (b"\x01" if path.suffix in (".bb", ".inc") else b"\x00") + content
        yield b"\x02" + content
        yield b"\x04" + content
        bundle = b'MACHINE = "qemux86-64"\n#----\n' if path.suffix == ".bb" else b""
        yield b"\x05" + bundle + content


def _layers() -> Iterator[Path]:
    tree = os.environ.get("XENTUI_OE_TREE")
    if not tree:
        return
    for layer in ("meta-virtualization", "openembedded-core/meta"):
        for pattern in ("conf/**/*.conf", "recipes-extended/**/*.bb", "conf/**/*.inc"):
            for path in sorted(Path(tree, layer).glob(pattern)):
                if path.stat().st_size < 6000:
                    yield path


def words() -> Iterator[str]:
    """Return words that a fuzzer would need long to find: keys, statements and operators."""
    for table in schema.as_dict()["definitions"]:
        yield table
        for field in schema.fields(table):
            yield f"{field.name} = "
            yield field.bitbake.partition("[")[0]
    yield from (
        "[guests.a]", "[[guests.a.source.fetch]]", "[host]", "version = 1\n", '"""', "'''", "[[",
        'machine = "qemux86-64"', "${", "${@", ":append", ":pn-xen-image-minimal", "require ",
        "include ", "include_all ", "inherit ", "python () {\n", "}\n", "?=", "??=", "unset ",
        "export ", "\\\n", "disk = ['", "vif = [ 'bridge=xenbr0' ]", "BBLAYERS ?= \" \\\n", "#----",
        "SRC_URI", "conf/xentui.conf", user_files.BEGIN + "\n", user_files.END + "\n", ":remove",
        "XEN_GUEST_EXTRA[a]", "BUNDLED_XEN_GUESTS", "addfragments a B C D", "\ufeff", "0x", "1_000",
    )  # fmt: skip
