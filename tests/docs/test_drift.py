# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The tool that lists facts which newer layers no longer confirm."""

from __future__ import annotations

from pathlib import Path

from tests.bitbake import trees
from tools import drift


def test_a_missing_cited_line_or_file_is_reported_with_who_cites_it(tmp_path: Path) -> None:
    cited = {
        "xentui/a.py": '"""As mv:classes/x.bbclass:2-3 has it, and mv:conf/gone.conf."""\n',
        "xentui/b.toml": 'where = "meta-virtualization: classes/x.bbclass:1"\n',
        "xentui/c.toml": 'where = "oe:meta/conf/x.conf:1"\nreleases = ["old"]\n'
        'where = "oe:meta/conf/x.conf:1"\nreleases = ["old", "new"]\n',
        "docs/findings.md": "mv:classes/x.bbclass:3\n",
    }
    trees.write(tmp_path / "repo", cited)
    layer, conf = "meta-virtualization", "openembedded-core/meta/conf/x.conf"
    old = {f"{layer}/classes/x.bbclass": "one\n  two\nthree\n", f"{layer}/conf/gone.conf": ""}
    trees.write(tmp_path / "old", {**old, conf: "a\n"})
    trees.write(tmp_path / "new", {f"{layer}/classes/x.bbclass": "new\ntwo\none\n", conf: "b\n"})
    reported = list(drift.outdated_facts(tmp_path / "old", tmp_path / "new", tmp_path / "repo"))
    assert reported == [
        "xentui/a.py:1: classes/x.bbclass:3 no longer exists: three",
        "xentui/a.py:1: conf/gone.conf is gone",
        "xentui/c.toml:3: meta/conf/x.conf:1 no longer exists: a",
    ]


def test_every_fact_of_this_repository_can_be_looked_up() -> None:
    found = list(drift.facts())
    assert len(found) > 20
    assert {fact.path.split("/")[0] for fact in found} >= {"classes", "recipes-extended"}


def test_abilities_in_which_layers_differ_are_reported(tmp_path: Path) -> None:
    tools = {"virt/recipes-extended/xen/xen-tools.inc": 'XEN_DOM0_NETWORK ?= "bridged"\n'}
    for name, more in (("a", {}), ("b", tools)):
        trees.small(tmp_path / name, more=more)
    reported = list(drift.changed_abilities(tmp_path / "a/virt", tmp_path / "b/virt"))
    assert reported == ["dom0_network: False -> True"]
