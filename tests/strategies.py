# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Hypothesis strategies: projects, and hostile text.

Three kinds of project, each a subset of the one before:

- :func:`documents` and :func:`projects`: anything the schema accepts, from its own patterns and
  limits
- :func:`sound_projects`: projects that a person could mean, without any error, with
  :func:`assets_of`, the files that such a project names
"""

from __future__ import annotations

import hashlib
import re
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from xentui.project import board_file, boards, model, schema, tables
from xentui.project.assets import Assets, SourceFile

_DIGEST = st.integers(0, 2**256 - 1).map("{:064x}".format)

HOSTILE = (
    "${@__import__('os').getpid()}", "${", "}", "$(id)", "`id`", "$", "\\", "\\\n", '"', "'", "\n",
    "\r", "\x00", "\x1b]52;c;eA==\x07", "\x7f", "\x85", "\u2028", "\u202e", "\ufeff", "\ud800",
    ";", "|", "#", " ", "\t", "[", "]", "[/", "[@click=quit]", "../", "/", "//", "~", ":", "%",
    "EOF", "\nEOF\n", "\nrequire /etc/passwd\n", "\ninherit evil\n", "\npython () {\n}\n", "=",
    "', 'bridge=xenbr1", ",", "é", "İ", "x" * 300, "..", ".", "-", "--", "a", "xvda", "root=",
    ":append", ":pn-x", "@", "*", "?", "!", "&", "<", ">", "^", "(", ")", "{", "+",
)  # fmt: skip
"""Pieces with a special meaning to a parser, a shell, a terminal or a file system."""


def hostile_text(max_size: int = 6) -> st.SearchStrategy[str]:
    """Text made of hostile pieces, of arbitrary characters, or of both."""
    piece = st.sampled_from(HOSTILE) | st.text(max_size=8)
    return st.lists(piece, max_size=max_size).map("".join)


def matching(pattern: str, max_length: int | None = None) -> st.SearchStrategy[str]:
    """Text that matches a pattern of the schema from beginning to end."""
    body = pattern.removeprefix("^").removesuffix("$")
    found = st.from_regex(re.compile(body, re.ASCII), fullmatch=True)
    return found.filter(lambda text: len(text) <= max_length) if max_length else found


@cache
def of_field(table: str, name: str) -> st.SearchStrategy[Any]:
    """Any value that the schema accepts for a field, as TOML data."""
    field = schema.field(table, name)
    examples = st.sampled_from(field.examples) if field.examples else st.nothing()
    match field.kind:
        case "integer":
            assert field.minimum is not None
            return examples | st.integers(field.minimum, field.maximum)
        case "flag":
            return st.booleans()
        case "choice":
            return st.sampled_from(field.choices)
        case "choices":
            return _list_of(st.sampled_from(field.choices), table, name)
        case "list":
            assert field.pattern is not None
            return _list_of(matching(field.pattern, 63), table, name)
        case "text" if field.pattern == "^[0-9a-f]{64}$":
            return _DIGEST
        case "text" if field.pattern is not None:
            return examples | matching(field.pattern, field.max_length)
        case "text":
            return st.text(st.characters(codec="utf-8"), min_size=1, max_size=field.max_length)
    raise AssertionError(field)


def _list_of(entries: st.SearchStrategy[str], table: str, name: str) -> st.SearchStrategy[Any]:
    spec = schema.as_dict()["definitions"][table]["properties"][name]
    longest = min(8, spec.get("maxItems", 8))
    return st.lists(entries, max_size=longest, unique=spec.get("uniqueItems", False))


@cache
def table_of(table: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any table that the schema accepts, by the name of its definition."""
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for field in schema.fields(table):
        match field.kind:
            case "table":
                value: st.SearchStrategy[Any] = table_of(field.child_table)
            case "tables":
                value = st.lists(table_of(field.child_table), max_size=3)
            case "map":
                value = map_of(table, field.name)
            case _:
                value = of_field(table, field.name)
        (required if field.required else optional)[field.name] = value
    return st.fixed_dictionaries(required, optional=optional)


@cache
def map_of(table: str, name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Any table with free keys that the schema accepts."""
    spec = schema.as_dict()["definitions"][table]["properties"][name]
    keys = matching(spec["propertyNames"]["pattern"], spec["propertyNames"]["maxLength"])
    values = st.integers(0, 9) | st.sampled_from(("a", "preserve"))
    return st.dictionaries(keys, values, max_size=3)


@cache
def key_of(table: str) -> st.SearchStrategy[str]:
    """Any key that the schema accepts in an open table, such as ``guests`` or ``bundles``."""
    names = schema.as_dict()["properties"][table]["propertyNames"]
    refused = frozenset(names["not"]["enum"])
    found = matching(names["pattern"], names["maxLength"])
    return found.filter(lambda key: key not in refused)


def documents() -> st.SearchStrategy[dict[str, Any]]:
    """Any data that the schema accepts."""
    machines = st.sampled_from(list(boards.machine_names())) | of_field("host", "machine")
    host = st.tuples(table_of("host"), machines).map(lambda pair: {**pair[0], "machine": pair[1]})
    return st.fixed_dictionaries(
        {"version": st.just(1), "host": host},
        optional={
            "preset": table_of("preset"),
            "containers": table_of("containers"),
            "defaults": table_of("defaults"),
            "bundles": st.dictionaries(key_of("bundles"), table_of("bundle"), max_size=2),
            "guests": st.dictionaries(key_of("guests"), table_of("guest"), max_size=3),
            "import_types": st.dictionaries(
                key_of("import_types"), table_of("import_type"), max_size=2
            ),
        },
    )


def projects() -> st.SearchStrategy[model.Project]:
    """Any project that the schema accepts."""
    return documents().map(tables.from_data)


BOARDS = tuple(board for board in boards.all_boards())
_SAFE_KEY = re.compile(r"(?!.*\.\.)(?!nativesdk-)(?!lib32-).*(?<!-native)(?<![.+-])")
_OVERRIDES = frozenset({"linux", "x86-64", "aarch64", "forcevariable", *boards.machine_names()})
_ARCHIVES = ("tar", "tar.gz", "tar.xz", "tar.bz2", "tgz")
_LICENSES = ("MIT", "Apache-2.0", "GPL-2.0-only")


def _free_keys(table: str, taken: set[str]) -> st.SearchStrategy[str]:
    return key_of(table).filter(
        lambda key: (
            key not in taken | _OVERRIDES
            and not key.isdigit()
            and _SAFE_KEY.fullmatch(key) is not None
        )
    )


@st.composite
def sound_projects(draw: st.DrawFn, *, max_guests: int = 4) -> model.Project:
    """A project without errors: every board, with and without bundles, every kind of guest.

    Its files are those of :func:`assets_of`.
    """
    board = draw(st.sampled_from(BOARDS))
    image = draw(st.none() | st.sampled_from(["xen-image-minimal", "lab-dom0", "dom0.image+x"]))
    taken = {image or "xen-image-minimal", "none"}
    bundles, guests, kinds = [], [], []
    for _ in range(draw(st.integers(0, 2))):
        key = draw(_free_keys("bundles", taken))
        taken.add(key)
        bundles.append(
            model.Bundle(
                key,
                version=draw(st.none() | of_field("bundle", "version")),
                summary=draw(st.none() | of_field("bundle", "summary")),
                license=draw(st.none() | st.sampled_from(_LICENSES)),
            )
        )
    if draw(st.booleans()) and bundles:
        kinds.append(
            model.ImportType(
                draw(key_of("import_types")),
                script="scripts/convert.sh",
                depends=draw(st.none() | of_field("import_type", "depends")),
            )
        )
    defaults = draw(_defaults())
    for _ in range(draw(st.integers(0, max_guests))):
        key = draw(_free_keys("guests", taken))
        taken.add(key)
        guests.append(draw(_guest(key, board, bundles, kinds)))
    used = {guest.bundle for guest in guests}
    return model.Project(
        host=draw(_host(board, image, [*guests], defaults)),
        preset=draw(st.none() | st.just(model.Preset("A preset", "Which does nothing."))),
        containers=draw(_containers(board)),
        defaults=defaults,
        bundles=tuple(bundle for bundle in bundles if bundle.key in used),
        guests=tuple(guests),
        import_types=tuple(
            kind
            for kind in kinds
            if any(guest.source and guest.source.type == kind.key for guest in guests)
        ),
    )


_VIF = st.lists(
    st.builds(
        "{}{}".format,
        st.sampled_from(["bridge=xenbr0", "bridge=xenbr1", "bridge=br-lab"]),
        st.sampled_from(["", ",model=e1000", ",ip=10.0.100.7", ",rate=10Mb/s", ",script=vif-nat"]),
    ),
    max_size=3,
)
_EXTRA = of_field("guest", "extra")
_MEMORY = st.integers(32, 4096)
_VCPUS = st.integers(1, 8) | of_field("guest", "vcpus")


def _nics(vif: list[str] | None) -> tuple[str, ...] | None:
    return None if vif is None else tuple(vif)


@st.composite
def _defaults(draw: st.DrawFn) -> model.Defaults:
    return model.Defaults(
        memory=draw(st.none() | _MEMORY),
        vcpus=draw(st.none() | _VCPUS),
        vif=_nics(draw(st.none() | _VIF)),
        extra=draw(st.none() | _EXTRA),
        disk_device=draw(st.none() | of_field("defaults", "disk_device")),
        image_fstype=draw(st.none() | st.sampled_from(["ext4", "ext3", "ext2"])),
        image_size=draw(st.none() | of_field("defaults", "image_size")),
    )


@st.composite
def _host(
    draw: st.DrawFn,
    board: board_file.Board,
    image: str | None,
    guests: list[model.Guest],
    defaults: model.Defaults,
) -> model.Host:
    dom0 = None
    if board.boot.family != "manual":
        dom0 = draw(st.none() | st.integers(256, 2048))
    each = defaults.memory or 512
    # Enough for Xen, Dom0 and every guest with its overhead.
    needed = 8192 + 2 * sum((g.memory or each) + 2 * 128 for g in guests)
    release = draw(st.sampled_from([None, "wrynose", "master"]))
    modes = ["bios", "efi", "hyperv-gen1"] if release == "master" else ["bios"]
    return model.Host(
        machine=board.machine,
        image=image,
        memory=draw(st.integers(needed, needed + 65536)),
        dom0_memory=dom0,
        network=draw(st.sampled_from([None, "nat", "bridged"])),
        boot_mode=draw(st.none() | st.sampled_from(modes)) if board.arch == "x86-64" else None,
        release=release,
    )


@st.composite
def _containers(draw: st.DrawFn, board: board_file.Board) -> model.Containers:
    if not board.emulated or draw(st.booleans()):
        return model.Containers()
    frontends = draw(
        st.none()
        | st.lists(st.sampled_from(["vdkr", "vpdmn", "docker"]), unique=True)
        | st.just(["podman"])
    )
    return model.Containers(
        vxn=True,
        frontends=None if frontends is None else tuple(frontends),
        concurrent=draw(st.none() | st.integers(0, 2)),
        memory=draw(st.none() | st.integers(64, 1024)),
    )


@st.composite
def _guest(
    draw: st.DrawFn,
    key: str,
    board: board_file.Board,
    bundles: list[model.Bundle],
    kinds: list[model.ImportType],
) -> model.Guest:
    ways = ["deployed"] + (["import", "import"] if bundles else [])
    if "_" not in key:
        # A recipe's name has no underscore, where its file name would be split.
        ways.append("recipe")
    way = draw(st.sampled_from(ways))
    bundle = draw(st.sampled_from(bundles)).key if bundles else None
    if way != "import" and draw(st.booleans()):
        bundle = None
    tags = [] if way == "recipe" else ["external"]
    if draw(st.booleans()):
        tags.insert(draw(st.integers(0, len(tags))), "autostart")
    source = draw(_source(kinds)) if way == "import" else None
    x86 = board.arch == "x86-64"
    kernels: list[str | None] = [None, f"{key}-vmlinuz", f"boot/{key}.bin"]
    kernel = draw(st.sampled_from([*kernels, "none"] if x86 and bundle else kernels))
    types: list[model.GuestType | None] = [None, "pv", "pvh", "hvm"] if x86 else [None, "pvh"]
    if kernel == "none":
        types = [None, "hvm"]
    kind = draw(st.sampled_from(types))
    config_file = f"configs/{key}.cfg" if draw(st.integers(0, 5)) == 0 else None
    if config_file is not None:
        kernel = None if kernel == "none" else kernel
        kind = None
    return model.Guest(
        key,
        tags=tuple(tags),
        bundle=bundle,
        memory=draw(st.none() | _MEMORY),
        vcpus=draw(st.none() | _VCPUS),
        vif=_nics(draw(st.none() | _VIF)),
        extra=draw(st.none() | _EXTRA),
        disk_device=draw(st.none() | of_field("guest", "disk_device")),
        # Each gets its own name, since names of domains are unique.
        name=draw(st.none() | st.sampled_from([f"{key}-1", f"Dom.{key}_", f"{key}.{key}"])),
        type=kind,
        kernel=kernel,
        rootfs=f"{key}-rootfs.ext4" if way == "deployed" else None,
        config_file=config_file,
        source=source,
    )


_BY_BYTES = frozenset(model.BUILT_IN_IMPORTS) - {"rootfs_dir", "raw"}


@st.composite
def _source(draw: st.DrawFn, kinds: list[model.ImportType]) -> model.Source:
    own = [kind.key for kind in kinds]
    kind = draw(st.sampled_from([*model.BUILT_IN_IMPORTS, *own]))
    size = draw(st.none() | of_field("source", "image_size"))
    # Sources are not named after guests: two guests may import the same file.
    stem = draw(st.sampled_from(_STEMS))
    subdir = draw(st.sampled_from([None, stem, f"{stem}/inner", "elsewhere"]))
    # A local file must be of the type it is imported as, since its content is checked.
    local = kind not in _BY_BYTES and draw(st.booleans())
    suffixes = _ARCHIVES if kind == "rootfs_dir" else ("img", "ext4", "qcow2", "bin")
    name = f"{stem}.{draw(st.sampled_from(suffixes))}"
    if local:
        folder = "files/" if stem in _STEMS[2:] else ""
        fetch = (model.Fetch(f"file://{folder}{name}"),)
        if kind == "rootfs_dir":
            digest = hashlib.sha256((_files() / name).read_bytes()).hexdigest()
            known = draw(st.sampled_from([None, digest]))
            fetch = (model.Fetch(fetch[0].uri, known, None, subdir),)
            return model.Source(kind, subdir or "etc", size, fetch)
        return model.Source(kind, f"{folder}{name}", size, fetch)
    site = draw(st.sampled_from(range(len(_SITES))))
    arches: list[str | None] = draw(st.sampled_from([[None], ["x86-64", "aarch64"]]))
    # Different files need different names: all downloads of a build are in one folder.
    name = f"net{site}{len(arches)}-{name}"
    place = (subdir or "etc") if kind == "rootfs_dir" else f"{subdir}/{name}" if subdir else name
    fetches = []
    for arch in arches:
        uri = f"{_SITES[site]}/{arch or 'any'}/{name}"
        digest = hashlib.sha256(uri.encode()).hexdigest()
        fetches.append(model.Fetch(uri, digest, arch, subdir))
    return model.Source(kind, place, size, tuple(fetches))


_STEMS = ("vendor", "disk.v2", "rootfs_a", "x+y")
_SITES = ("https://example.org/a", "http://host.example:8080/b~c/%41")


def assets_of(project: model.Project) -> Assets:
    """Return the files that a project from :func:`sound_projects` names."""
    texts = {kind.script: SCRIPT for kind in project.import_types}
    sources = {}
    for guest in project.guests:
        if guest.config_file is not None:
            texts[guest.config_file] = own_config(guest)
        for fetch in guest.source.fetch if guest.source else ():
            place = fetch.uri.removeprefix("file://")
            if place != fetch.uri:
                path = _files() / place.rsplit("/", 1)[-1]
                sources[place] = SourceFile(path, path.stat().st_size, path.is_dir())
    return Assets(directory=_files(), texts=texts, sources=sources, missing=())


SCRIPT = 'cp "$1" "$2"\n'


def own_config(guest: model.Guest) -> str:
    """Return a user's own xl config, in the form that the classes rewrite."""
    return (
        f'name = "{guest.name or guest.key}"\nmemory = 96\nvcpus = 1\n'
        "disk = ['file:/tmp/any.img,xvda,rw']\n"
        'kernel = "/tmp/any-kernel"\nextra = "root=/dev/xvda ro foo=\\"a b\\""\n'
        'on_crash = "preserve"\n'
    )


@cache
def _files() -> Path:
    """Make one file for each name that :func:`_source` uses."""
    root = Path(_folder().name)
    for stem in _STEMS:
        for suffix in ("img", "ext4", "qcow2", "bin"):
            (root / f"{stem}.{suffix}").write_bytes(b"\xa5" * 512)
        for suffix in _ARCHIVES:
            mode = {"gz": "gz", "tgz": "gz", "xz": "xz", "bz2": "bz2"}.get(suffix.split(".")[-1])
            with tarfile.open(root / f"{stem}.{suffix}", f"w:{mode or ''}") as tar:  # type: ignore[call-overload]
                tar.addfile(tarfile.TarInfo("etc/hostname"))
    return root


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="xentui-sources-")
