# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Files edited by hand: compared from three sides, and merged where the changes do not overlap."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.budget import examples
from xentui.errors import RefusedError
from xentui.output import header
from xentui.output.rendered import Copy, Rendered
from xentui.output.writing import manifest
from xentui.output.writing.apply import ApplyResult, apply
from xentui.output.writing.merge import merge
from xentui.output.writing.plan import Plan, mergeable, plan, resolve_edits

CONF = "conf/xentui.conf"
BASE = "".join(f'{name} = "1"\n' for name in "ABCDEFGH")

lines = st.lists(st.sampled_from([f"{char}\n" for char in "abcdefg"]), max_size=12)


def stamped(body: str) -> str:
    return header.stamp(body, "p")


def plan_of(folder: Path, body: str) -> Plan:
    return plan(Rendered({CONF: stamped(body)}, {}), folder)


def kinds(plan: Plan) -> list[str]:
    return [change.kind for change in plan.changes]


@pytest.fixture
def edited_folder(tmp_path: Path) -> Path:
    """A folder with one file, to whose end somebody added a line."""
    apply(plan_of(tmp_path, BASE))
    file = tmp_path / CONF
    file.write_text(file.read_text().replace('H = "1"', 'H = "1"\n# mine'))
    return tmp_path


# Merging


@given(lines, lines, lines)
def test_a_change_of_only_one_side_is_used(
    base: list[str], mine: list[str], new: list[str]
) -> None:
    was, ours, theirs = ("".join(part) for part in (base, mine, new))
    assert merge(was, ours, was) == merge(was, was, ours) == merge(was, ours, ours)
    assert merge(was, ours, was).text == ours
    assert merge(was, ours, was).conflicts == ()
    one, other = merge(was, ours, theirs), merge(was, theirs, ours)
    assert len(one.conflicts) == len(other.conflicts)
    if not one.conflicts:
        assert one.text == other.text


@pytest.mark.skipif(shutil.which("git") is None, reason="git is the second opinion")
@settings(max_examples=examples(150), deadline=None)
@given(st.data())
def test_git_merges_the_same(data: st.DataObject) -> None:
    """Edits of different lines, so that both sides start from the same lines."""
    base = [f"{number}\n" for number in range(data.draw(st.integers(0, 12)))]
    texts = []
    for side in "xy":
        text = list(base)
        for step in range(data.draw(st.integers(0, 3))):
            at = data.draw(st.integers(0, len(text)))
            put = data.draw(st.sampled_from([[], [f"{side}{step}\n"], ["both\n"]]))
            text[at : at + data.draw(st.integers(0, 2))] = put
        texts.append("".join(text))
    mine, new = texts
    with tempfile.TemporaryDirectory() as folder:
        for name, content in (("m", mine), ("b", "".join(base)), ("n", new)):
            Path(folder, name).write_text(content)
        result = subprocess.run(
            ["git", "merge-file", "-p", "--diff3", "m", "b", "n"],
            cwd=folder, capture_output=True, text=True,
        )  # fmt: skip
    ours = merge("".join(base), mine, new)
    assert bool(ours.conflicts) == (result.returncode != 0)
    if not ours.conflicts:
        assert ours.text == result.stdout


def test_a_conflict_names_its_place_and_both_sides() -> None:
    result = merge("a\nb\nc", "a\nmine\nc", "a\nnew\nc")
    assert result.text == "a\nmine\nc"
    assert result.conflicts == ((2, ("b\n",), ("mine\n",), ("new\n",)),)


def test_many_equal_lines_do_not_slow_the_merge_down() -> None:
    text = "same\n" * 50_000
    result = merge(text, text + "mine\n", "new\n" + text)
    assert result.conflicts == ()
    assert result.text == "new\n" + text + "mine\n"


# The record of what was written


@given(st.text(max_size=300))
def test_a_text_is_packed_and_unpacked(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    packed = manifest.pack(raw)
    assert packed.isascii()
    assert manifest.unpack(packed) == raw


@pytest.mark.parametrize("packed", ["", "x", "eJw=", "é", manifest.pack("a" * 99)[:-8]])
def test_what_is_not_packed_text_is_not_unpacked(packed: str) -> None:
    assert manifest.unpack(packed) is None


def test_a_packed_text_cannot_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = manifest.pack("a" * 10_000)
    monkeypatch.setattr(manifest, "_LARGEST_TEXT", 5_000)
    assert manifest.unpack(packed) is None
    assert manifest.pack("a" * 10_000) == ""


def test_a_changed_text_in_the_manifest_is_not_trusted(edited_folder: Path) -> None:
    file = edited_folder / manifest.NAME
    wrong = manifest.pack("somebody else's\n")
    right = manifest.pack(stamped(BASE))
    file.write_text(file.read_text().replace(right, wrong))
    assert plan_of(edited_folder, BASE.replace("A", "Z")).edited[0].base is None


# Shown from three sides


def test_an_obsolete_file_that_is_too_long_to_show_is_not_shown_as_empty(
    edited_folder: Path,
) -> None:
    file = edited_folder / CONF
    file.write_text(file.read_text() + "# mine\n" * (3 << 20))
    (change,) = plan(Rendered({}, {}), edited_folder).edited
    assert change.old is None
    assert "is not as xentui wrote it" in change.diff()


def test_the_diff_shows_both_sides_and_the_merged_file(edited_folder: Path) -> None:
    diff = plan_of(edited_folder, BASE.replace('B = "1"', 'B = "2"')).diff().splitlines()
    mine = next(at for at, line in enumerate(diff) if "was edited by hand" in line)
    theirs = diff.index("# What xentui would change:")
    both = diff.index("# Merged:")
    assert "+# mine" in diff[mine:theirs]
    assert '-B = "1"' not in diff[mine:theirs]
    assert '+B = "2"' in diff[theirs:both]
    assert "+# mine" not in diff[theirs:both]
    assert '+B = "2"' in diff[both:]


def test_a_conflict_is_shown_with_its_marks(edited_folder: Path) -> None:
    diff = plan_of(edited_folder, BASE.replace('H = "1"', 'H = "2"')).diff().splitlines()
    at = diff.index("# Both change the same lines, in one place:")
    assert diff[at + 1] == f"<<<<<<< {edited_folder / CONF}:11 (as it is)"
    assert diff[at + 2 :] == [
        'H = "1"', "# mine", "||||||| as xentui wrote it", 'H = "1"', "=======", 'H = "2"',
        ">>>>>>> as xentui would write it",
    ]  # fmt: skip


def test_without_a_change_of_the_project_only_the_edits_are_shown(edited_folder: Path) -> None:
    diff = plan_of(edited_folder, BASE).diff()
    assert "+# mine" in diff
    assert "# xentui would only undo them." in diff


def test_without_a_manifest_the_header_shows_what_was_written(edited_folder: Path) -> None:
    (edited_folder / manifest.NAME).unlink()
    assert plan_of(edited_folder, BASE).edited[0].base == stamped(BASE)
    changed = plan_of(edited_folder, BASE.replace("A", "Z"))
    assert changed.edited[0].base is None
    assert "is not as xentui wrote it" in changed.diff()
    assert resolve_edits(changed, "merge").edited == changed.edited


# Merged, kept or overwritten


def apply_merged(folder: Path, body: str) -> ApplyResult:
    return apply(resolve_edits(plan_of(folder, body), "merge"))


def test_merging_keeps_both_and_the_next_run_touches_nothing(edited_folder: Path) -> None:
    new = BASE.replace('B = "1"', 'B = "2"')
    apply_merged(edited_folder, new)
    text = (edited_folder / CONF).read_text()
    assert 'B = "2"' in text
    assert text.endswith("# mine\n")
    assert not (edited_folder / f"{CONF}.mine").exists()
    before = (edited_folder / manifest.NAME).stat()
    again = plan_of(edited_folder, new)
    assert kinds(again) == ["same"]
    assert again.merged_or_kept == again.changes
    assert apply(again).changes == ()
    after = (edited_folder / manifest.NAME).stat()
    # Reading the file may change its time of access.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_later_change_of_the_project_asks_again_and_merges_again(edited_folder: Path) -> None:
    apply_merged(edited_folder, BASE.replace('B = "1"', 'B = "2"'))
    later = BASE.replace('B = "1"', 'B = "3"')
    assert kinds(plan_of(edited_folder, later)) == ["edited"]
    with pytest.raises(RefusedError):
        apply(plan_of(edited_folder, later))
    apply_merged(edited_folder, later)
    assert (edited_folder / CONF).read_text().endswith('H = "1"\n# mine\n')
    assert 'B = "3"' in (edited_folder / CONF).read_text()


def test_merging_accepts_only_the_edit(edited_folder: Path) -> None:
    before = (edited_folder / CONF).read_text()
    assert kinds(plan_of(edited_folder, BASE)) == ["edited"]
    apply_merged(edited_folder, BASE)
    assert (edited_folder / CONF).read_text() == before
    assert kinds(plan_of(edited_folder, BASE)) == ["same"]


def test_a_second_edit_is_seen_next_to_an_accepted_one(edited_folder: Path) -> None:
    apply_merged(edited_folder, BASE)
    file = edited_folder / CONF
    file.write_text(file.read_text() + "# more\n")
    assert kinds(plan_of(edited_folder, BASE)) == ["edited"]


def test_undoing_an_edit_makes_the_file_xentuis_again(edited_folder: Path) -> None:
    apply_merged(edited_folder, BASE)
    (edited_folder / CONF).write_text(stamped(BASE))
    assert kinds(plan_of(edited_folder, BASE)) == ["same"]
    assert kinds(plan_of(edited_folder, BASE.replace("A", "Z"))) == ["changed"]
    apply(plan_of(edited_folder, BASE))
    assert "merged" not in (edited_folder / manifest.NAME).read_text()


def test_a_file_with_merged_edits_is_removed_only_when_asked(edited_folder: Path) -> None:
    apply_merged(edited_folder, BASE)
    gone = plan(Rendered({}, {}), edited_folder)
    assert kinds(gone) == ["edited"]
    assert "# xentui would remove it." in gone.diff()
    apply(gone, force=True)
    assert (edited_folder / f"{CONF}.mine").read_text().endswith("# mine\n")


def test_keeping_writes_all_else_and_asks_again(edited_folder: Path) -> None:
    rendered = Rendered({CONF: stamped("Z\n"), "conf/other.conf": stamped("O\n")}, {})
    kept = resolve_edits(plan(rendered, edited_folder), "keep")
    assert kinds(kept) == ["kept", "new"]
    before = (edited_folder / CONF).read_text()
    apply(kept)
    assert (edited_folder / CONF).read_text() == before
    assert (edited_folder / "conf/other.conf").exists()
    again = plan(rendered, edited_folder)
    assert kinds(again) == ["edited", "same"]
    assert again.edited[0].base == stamped(BASE)


def test_keeping_a_foreign_file_does_not_make_it_xentuis(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / CONF).write_text("theirs\n")
    apply(resolve_edits(plan_of(tmp_path, BASE), "keep"))
    assert kinds(plan(Rendered({}, {}), tmp_path)) == []
    assert (tmp_path / CONF).read_text() == "theirs\n"


def test_a_conflict_prevents_merging(edited_folder: Path) -> None:
    settled = resolve_edits(plan_of(edited_folder, BASE.replace('H = "1"', 'H = "2"')), "merge")
    assert kinds(settled) == ["edited"]
    assert not mergeable(settled)
    with pytest.raises(RefusedError):
        apply(settled)


def test_a_copied_file_is_kept_or_replaced_but_never_merged(tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"\0\1\2")
    out = tmp_path / "out"
    rendered = Rendered({}, {"disk.img": Copy(image, 3)})
    apply(plan(rendered, out))
    (out / "meta-xentui/disk.img").write_bytes(b"\0mine")
    changes = plan(rendered, out)
    assert kinds(changes) == ["edited"]
    assert "a copy of" in changes.diff()
    assert kinds(resolve_edits(changes, "merge")) == ["edited"]
    apply(resolve_edits(changes, "keep"))
    assert (out / "meta-xentui/disk.img").read_bytes() == b"\0mine"


def test_the_next_run_completes_a_merge_that_was_interrupted(edited_folder: Path) -> None:
    """The file is merged already, but the manifest is still the old one."""
    new = BASE.replace('B = "1"', 'B = "2"')
    file = edited_folder / manifest.NAME
    before = file.read_text()
    apply_merged(edited_folder, new)
    text = (edited_folder / CONF).read_text()
    file.write_text(before)
    assert kinds(plan_of(edited_folder, new)) == ["edited"]
    apply_merged(edited_folder, new)
    assert (edited_folder / CONF).read_text() == text
    assert kinds(plan_of(edited_folder, new)) == ["same"]


def test_a_merge_is_refused_if_the_file_changed_after_the_plan(edited_folder: Path) -> None:
    settled = resolve_edits(plan_of(edited_folder, BASE), "merge")
    (edited_folder / CONF).write_text("later\n")
    with pytest.raises(RefusedError, match="in the meantime"):
        apply(replace(settled))
    assert (edited_folder / CONF).read_text() == "later\n"
