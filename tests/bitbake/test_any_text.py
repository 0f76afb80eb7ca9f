# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""For any text: only documented errors are raised, nothing is executed, findings have a line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bitbake import trees
from tests.budget import examples
from xentui.bitbake import build_dir, importer, recipes
from xentui.errors import XentuiError
from xentui.project import new_file, schema
from xentui.project.tables import to_data
from xentui.rules.build import check_build_dir

_NAMES = st.sampled_from(
    ["MACHINE", "DISTRO_FEATURES", "IMAGE_INSTALL", "BBMULTICONFIG", "BUNDLED_XEN_GUESTS",
     "XEN_GUEST_MEMORY", "XEN_GUEST_EXTRA", "XEN_GUEST_VIF", "XEN_GUEST_KERNEL", "QB_MEM_VALUE",
     "XEN_GUEST_CONFIG_FILE", "XEN_GUEST_SOURCE_TYPE", "XEN_DOM0_NETWORK", "OE_FRAGMENTS", "TMPDIR",
     "XEN_GUEST_MEMORY_DEFAULT", "OVERRIDES", "BBFILES", "BBPATH",
     "PREFERRED_PROVIDER_virtual/kernel",
     "IMAGE_FSTYPES", "QB_XEN_CMDLINE_EXTRA", "BBLAYERS", "LAYERDEPENDS_core", "DISTRO"]
)  # fmt: skip
_SUFFIXES = st.sampled_from(
    ["", "", ":append", ":remove", ":pn-xen-image-minimal", ":append:pn-xen-image-minimal",
     ":qemux86-64", "_append", "[a]", "[b-c]", "[export]"]
)  # fmt: skip
_WORDS = st.sampled_from(
    ["qemux86-64", "a", "b-c", "a:autostart", "x:external", "512", "0512", "none", " ", "",
     "${@open('canary', 'w')}", "${TOPDIR}", "${MACHINE}", "vxn", "xen", "machine/x", "core/y",
     "vruntime-x86-64", "\x1b[31m", "dom0_mem=512M", "${UNPACKDIR}/a.cfg", "/", "*", "ä", ":", "::",
     "bridge=xenbr0', 'bridge=xenbr1", "\0", "systemd", "virtualization", "ext4", "/etc/passwd"]
)  # fmt: skip
_ASSIGNED = st.builds(
    lambda name, suffix, operator, words: f'{name}{suffix} {operator} "{" ".join(words)}"',
    _NAMES,
    _SUFFIXES,
    st.sampled_from(["=", "?=", "??=", "+=", ":=", ".="]),
    st.lists(_WORDS, max_size=3),
)
_LINES = st.one_of(
    _ASSIGNED,
    _ASSIGNED,
    _ASSIGNED,
    st.builds(
        lambda word, what: f"{word} {what}",
        st.sampled_from(["include", "require", "include_all", "unset", "export", "addfragments"]),
        st.sampled_from(["conf/local.conf", "conf/xentui.conf", "${@x()}", "A", "a b c d", "A B"]),
    ),
    st.text(max_size=20),
)
_TEXTS = st.lists(_LINES, max_size=12).map("\n".join)


@settings(max_examples=examples(40), deadline=None)
@given(local=_TEXTS, own=_TEXTS, layers=st.one_of(st.just(""), _TEXTS))
def test_any_build_directory_is_examined(local: str, own: str, layers: str) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        build = trees.small(root)
        _write(build / "conf/local.conf", local)
        _write(build / "conf/xentui.conf", own)
        if layers:
            with (build / "conf/bblayers.conf").open("ab") as file:
                file.write(b"\n" + layers.encode("utf-8", "replace"))
        read = build_dir.read(build)
        found = check_build_dir(read, recipes=lambda: recipes.read(read, cached=False))
        assert all(placed.finding.message and placed.finding.fix for placed in found)
        assert not Path("canary").exists()


@settings(max_examples=examples(100), deadline=None)
@given(conf=_TEXTS, recipe=_TEXTS)
def test_any_configuration_is_imported_or_refused(conf: str, recipe: str) -> None:
    with TemporaryDirectory() as name:
        root = Path(name)
        _write(root / "local.conf", conf)
        _write(root / "lab_1.0.bb", f"inherit xen-guest-bundle\n{recipe}\n")
        try:
            made = importer.read([root / "local.conf", root / "lab_1.0.bb"])
        except XentuiError:
            return
        assert schema.validate(to_data(made.project)) == []
        assert new_file.toml_text(made.project)
        assert not Path("canary").exists()


def _write(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8", "replace"))
