# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Build a project from an existing local.conf and bundle recipes.

Files are read as text; nothing in them is run. Settings that a project cannot express remain in
the user's own files, and are listed with their file and line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from xentui.bitbake import build_dir, find_build_dir, import_conf, import_recipe, recipes
from xentui.bitbake.conf_reader import ConfReader
from xentui.bitbake.conf_syntax import Fault
from xentui.bitbake.conf_types import Assignment, Location
from xentui.bitbake.conf_values import Store
from xentui.bitbake.import_draft import (
    NOT_IN_PROJECT,
    ConfImport,
    Draft,
    UnimportedLine,
    overrides_of,
)
from xentui.bitbake.paths import absolute, base_name, folder_of
from xentui.bitbake.recipes import name_and_version
from xentui.errors import InputError, UsageError
from xentui.project import boards, schema, tables
from xentui.project.model import Project
from xentui.safe_text import visible

_NO_MACHINE = "qemux86-64"
_VXN_CONF = "xen-host.conf"
"""meta-virtualization's file that installs vxn (mv:conf/distro/include/xen-host.conf)."""


@dataclass(frozen=True)
class Imported:
    """An imported project, and the lines that were or were not imported.

    Attributes:
        project: the project.
        unimported: lines that were not imported, in the order of files and lines.
        imported_lines: lines that the project now expresses. The user can remove them once BitBake
            reads the generated files.
        needed_files: files that must be copied next to the project, each with its current path.
        notes: further remarks for the user.
        faults: lines that would stop BitBake.
    """

    project: Project
    unimported: tuple[UnimportedLine, ...]
    imported_lines: tuple[Location, ...]
    needed_files: dict[str, str]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]


def read(
    paths: Sequence[Path], *, texts: Mapping[str, str] | None = None, machine: str | None = None
) -> Imported:
    """Import configuration files and bundle recipes in the given order.

    Args:
        paths: the files.
        texts: texts to use instead of files, by full path.
        machine: the board, if the files do not set it.

    Raises:
        InputError: a file cannot be read, is not a bundle recipe, or MACHINE is unknown.
        UsageError: a file is neither a configuration nor a recipe.
    """
    confs = [Path(absolute(str(path))) for path in paths if path.suffix in (".conf", ".inc")]
    bundles = [Path(absolute(str(path))) for path in paths if path.suffix == ".bb"]
    for path in paths:
        if path.suffix not in (".conf", ".inc", ".bb"):
            raise UsageError(
                f"{visible(str(path))} is neither a .conf nor a .bb file",
                fix="Give a local.conf, and recipes that inherit xen-guest-bundle.",
            )
    draft = Draft()
    reader = _read_confs(confs, texts or {})
    store = reader.store
    _accept_doubts(draft, store)
    draft.machine = machine
    machine = machine or store.get("MACHINE").text
    arch = boards.board(machine or _NO_MACHINE).arch
    image = import_conf.dom0_image(store.assignments)
    if store.content("OVERRIDES") is None:
        qemu = "qemuall:" if (machine or "").startswith("qemu") else ""
        store.assign("OVERRIDES", f"linux:{arch}:pn-${{PN}}:{qemu}{machine}:forcevariable")
    conf = ConfImport(draft, reader, store.seen_by(image), _own_files(reader, confs))
    names = [name_and_version(str(path))[0] for path in bundles]
    folders = dict.fromkeys(path.parent.parent for path in confs)
    import_conf.fill_draft(conf, image, machine, names, _layer_bundle_test(confs), folders)
    for path in bundles:
        import_recipe.fill_draft(draft, path, conf, arch)
    import_conf.mark_own_image_types(conf)
    for assignment in list(conf.unhandled()):
        if assignment.variable.startswith(("BUNDLED_XEN", "QB_", "XEN_")):
            draft.keep_in_file(assignment, _why_not_imported(draft, conf, assignment, image))
        else:
            draft.keep_in_file(assignment, "it is not about Xen guests", about_xen=False)
    _list_includes(draft, reader, confs)
    draft.notes += [f"{path}: xentui wrote it, and the project it was made from says more"
                    for path in (*confs, *bundles) if _is_generated(path)]  # fmt: skip
    draft.drop_invalid_values()
    return _result(draft, reader)


def _layer_bundle_test(confs: list[Path]) -> Callable[[str], bool]:
    """Return a function that tells whether a package is a bundle recipe of a layer.

    The layers are read at its first call. Without a build directory, the answer follows from the
    names of meta-virtualization's bundles.
    """
    tops = [path.parent.parent for path in confs if path.parent.name == "conf"]
    top = next(filter(find_build_dir.is_build_dir, tops), None)
    if top is None:
        return lambda name: name.endswith("-guest-bundle")
    bundles = cache(lambda: recipes.read(build_dir.read(top)).bundles)
    return lambda name: name in bundles()


def _accept_doubts(draft: Draft, store: Store) -> None:
    """Use values although a file that was not read might change them, and add a note."""
    for reason in store.doubts:
        draft.notes.append(f"{reason}; what it would set is not in the project")
    store.doubts.clear()
    for variable, reason in store.doubts_by_variable.items():
        draft.notes.append(f"{variable} may be set elsewhere: {reason}")
    store.doubts_by_variable.clear()


def _why_not_imported(draft: Draft, conf: ConfImport, assignment: Assignment, image: str) -> str:
    """Return why a Xen setting was not imported."""
    key = assignment.flag
    if (
        key
        and assignment.variable.startswith("XEN_GUEST")
        and key not in draft.data.get("guests", {})
    ):
        return f"no guest {key} is imported"
    if key and "bundle" in draft.data.get("guests", {}).get(key, {}):
        return "the recipe of its bundle sets it too, and is read later"
    others = [part for part in overrides_of(assignment.variable) if part.startswith("pn-")]
    if others and f"pn-{image}" not in others:
        return f"it is for {others[0].removeprefix('pn-')}, and Dom0's image is {image}"
    idle = [part for part in overrides_of(assignment.variable) if not conf.has_override(part)]
    if idle:
        return f"it counts only where {idle[0]} is an override, which it is not here"
    return NOT_IN_PROJECT


def _is_generated(path: Path) -> bool:
    """Return whether xentui wrote a file, as the digest at its beginning shows."""
    try:
        with path.open("rb") as file:
            return b"xentui-digest:" in file.read(1024)
    except OSError:
        return False


def _result(draft: Draft, reader: ConfReader) -> Imported:
    if draft.machine is not None:
        draft.data["host"]["machine"] = draft.machine
    if "machine" not in draft.data["host"]:
        line = next((each for each in draft.unimported if each.text.startswith("MACHINE")), None)
        if line is not None:
            raise InputError(
                f"{line.location}: the board is unknown: {line.reason}",
                fix="Give it with --machine NAME.",
            )
        draft.data["host"]["machine"] = _NO_MACHINE
        draft.notes.append(
            f"no file sets MACHINE, so host.machine is {_NO_MACHINE}: correct it, or give"
            " --machine NAME"
        )
    for problem in schema.validate(draft.data):
        raise InputError(
            f"{schema.dotted(problem.path)}: {problem.message}", fix="Correct it in your file."
        )
    order = {file: number for number, file in enumerate(reader.files)}
    return Imported(
        project=tables.from_data(draft.data),
        unimported=tuple(
            sorted(
                dict.fromkeys(draft.unimported),
                key=lambda line: (order.get(line.location.file, len(order)), *line.location),
            )
        ),
        imported_lines=tuple(sorted(draft.imported_lines)),
        needed_files=draft.needed_files,
        notes=tuple(draft.notes),
        faults=tuple(reader.faults),
    )


def _read_confs(confs: list[Path], texts: Mapping[str, str]) -> ConfReader:
    reader = ConfReader(texts=texts)
    store = reader.store
    store.fixed = {"PN": "defaultpkgname"}
    tops = [path.parent.parent for path in confs if path.parent.name == "conf"]
    if tops:
        store.assign("TOPDIR", str(tops[0]))
        is_build_dir = find_build_dir.is_build_dir(tops[0])
        bbpath = build_dir.read(tops[0]).value("BBPATH").raw if is_build_dir else None
        store.assign("BBPATH", bbpath or str(tops[0]))
    else:
        store.assign("BBPATH", folder_of(str(confs[0])) if confs else "")
    for path in confs:
        if str(path) in reader.files:
            continue
        if not reader.read(path):
            reasons = [fault.message for fault in reader.faults if fault.file == str(path)]
            raise InputError(
                reasons[0] if reasons else f"{visible(str(path))} cannot be read",
                fix="Check the name and your permissions.",
            )
    return reader


def _own_files(reader: ConfReader, confs: list[Path]) -> list[str]:
    """Return the given files, and files in the same folders that they include."""
    folders = {str(path.parent) for path in confs}
    return [file for file in reader.files if folder_of(file) in folders]


def _list_includes(draft: Draft, reader: ConfReader, confs: list[Path]) -> None:
    """List statements that include other files, which are not imported."""
    own = set(_own_files(reader, confs))
    files_by_location = {i.statement.location: i.files for i in reader.includes if i.files}
    for statement in (s for file in own for s in reader.statements.get(file, ())):
        location = statement.location
        if statement.kind == "addfragments":
            line = UnimportedLine(location, "addfragments", "it stays", about_xen=False)
            draft.unimported.append(line)
        if statement.kind not in ("include", "require", "include_all"):
            continue
        files = files_by_location.get(location, ())
        if files and own.issuperset(files):
            draft.imported_lines[location] = None
            continue
        reason = "its settings stay where they are" if files else "it was not found"
        if not files and base_name(statement.value) == _VXN_CONF:
            draft.set_value(("containers", "vxn"), True, ())
        if not files and "${" in statement.value:
            reason = "which file it names is not known without running BitBake"
        text = f"{statement.kind} {statement.value}"
        may_be_about_xen = "xen" in text or "virt" in text or "${" in text
        draft.unimported.append(UnimportedLine(location, text, reason, may_be_about_xen))
