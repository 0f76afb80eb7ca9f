# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Plans: which files are new, changed, edited, copied, or no longer wanted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentui.errors import InputError, RefusedError, XentuiError
from xentui.output import header
from xentui.output.rendered import Copy, Rendered
from xentui.output.writing import manifest
from xentui.output.writing.apply import apply
from xentui.output.writing.plan import Plan, plan
from xentui.output.writing.tree import checked_parts


def conf(body: str = 'A = "1"\n') -> str:
    return header.stamp(body, "board.toml")


def rendered(body: str = 'A = "1"\n', /, **layer: str | Copy) -> Rendered:
    return Rendered({"conf/xentui.conf": conf(body)}, dict(layer))


def kinds(planned: Plan) -> dict[str, str]:
    return {change.name: change.kind for change in planned.changes}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts, texts)
def test_a_stamped_text_is_intact_and_an_edited_one_is_not(body: str, other: str) -> None:
    stamped = header.stamp(body, "board.toml")
    assert stamped.endswith(body)
    assert header.is_stamped(stamped)
    assert header.is_intact(stamped)
    edited = stamped + "#"
    assert header.is_stamped(edited)
    assert not header.is_intact(edited)
    assert not header.is_intact("\n" + stamped)
    assert header.is_intact(stamped.removesuffix(body) + other) == (body == other)


@given(texts)
def test_a_project_name_cannot_break_out_of_the_header(name: str) -> None:
    stamped = header.stamp('A = "1"\n', name)
    *above, last, rest = stamped.split("\n")
    assert [line[:2] for line in above] == ["# "] * len(above)
    assert not any(line.endswith("\\") for line in above)
    assert (last, rest) == ('A = "1"', "")
    assert header.is_intact(stamped)


def test_the_header_names_the_project_and_how_to_change_it() -> None:
    head = header.stamp("", "board.toml")
    assert "board.toml" in head
    assert "xentui generate" in head


@pytest.mark.parametrize(
    "text",
    ["", "\n", "no header", "# xentui-digest: sha256:" + "0" * 63 + "\n", "#\n" * 20 + conf()],
)
def test_a_text_without_our_header_is_not_ours(text: str) -> None:
    assert not header.is_stamped(text)
    assert not header.is_intact(text)


def test_in_a_new_folder_all_files_are_new_and_planning_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    planned = plan(rendered(), out)
    assert kinds(planned) == {"conf/xentui.conf": "new"}
    assert planned.changes[0].path == out / "conf/xentui.conf"
    assert not out.exists()


def test_after_applying_a_plan_all_files_are_the_same(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    planned = plan(rendered(), tmp_path)
    assert kinds(planned) == {"conf/xentui.conf": "same"}
    assert (planned.pending, planned.edited, planned.diff()) == ((), (), "")


def test_a_changed_value_changes_only_its_line(tmp_path: Path) -> None:
    apply(plan(rendered('A = "1"\nB = "2"\n'), tmp_path))
    planned = plan(rendered('A = "1"\nB = "3"\n'), tmp_path)
    assert kinds(planned) == {"conf/xentui.conf": "changed"}
    body = [line for line in planned.diff().splitlines() if "digest" not in line]
    assert [line for line in body if line.startswith(("+B", "-B", "+A", "-A"))] == [
        '-B = "2"',
        '+B = "3"',
    ]


def test_an_edit_by_hand_is_seen_and_shown(tmp_path: Path) -> None:
    apply(plan(rendered(), tmp_path))
    file = tmp_path / "conf/xentui.conf"
    file.write_text(file.read_text() + 'MINE = "1"\n')
    planned = plan(rendered(), tmp_path)
    assert kinds(planned) == {"conf/xentui.conf": "edited"}
    assert '+MINE = "1"' in planned.diff()


def test_a_file_that_xentui_did_not_write_counts_as_edited(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/xentui.conf").write_text("somebody's\n")
    assert kinds(plan(rendered(), tmp_path)) == {"conf/xentui.conf": "edited"}


def test_a_file_without_header_is_recognised_by_the_manifest(tmp_path: Path) -> None:
    apply(plan(rendered(**{"a.cfg": "memory = 1\n"}), tmp_path))
    assert kinds(plan(rendered(**{"a.cfg": "memory = 2\n"}), tmp_path))["meta-xentui/a.cfg"] == (
        "changed"
    )
    (tmp_path / "meta-xentui/a.cfg").write_text("memory = 3\n")
    assert kinds(plan(rendered(**{"a.cfg": "memory = 2\n"}), tmp_path))["meta-xentui/a.cfg"] == (
        "edited"
    )


def test_files_no_longer_generated_are_removed_unless_edited(tmp_path: Path) -> None:
    both = {"a.bb": conf("a\n"), "b.bb": conf("b\n")}
    apply(plan(rendered(**both), tmp_path))
    (tmp_path / "meta-xentui/b.bb").write_text("mine\n")
    (tmp_path / "meta-xentui/c.bb").write_text("never xentui's\n")
    planned = plan(rendered(), tmp_path)
    assert kinds(planned) == {
        "conf/xentui.conf": "same",
        "meta-xentui/a.bb": "removed",
        "meta-xentui/b.bb": "edited",
    }
    assert "-a" in planned.diff().splitlines()
    assert "+mine" in planned.diff().splitlines()


def test_a_copy_is_compared_by_its_content(tmp_path: Path) -> None:
    source = tmp_path / "disk.img"
    source.write_bytes(b"\0" * 3_000_000)
    out = tmp_path / "out"
    copied = rendered(**{"disk.img": Copy(source, 3_000_000)})
    planned = plan(copied, out)
    assert "a copy of" in planned.diff()
    assert "3000000 bytes" in planned.diff()
    apply(planned)
    there = out / "meta-xentui/disk.img"
    assert there.read_bytes() == source.read_bytes()
    assert kinds(plan(copied, out))["meta-xentui/disk.img"] == "same"

    os.utime(source)
    assert kinds(plan(copied, out))["meta-xentui/disk.img"] == "same"

    source.write_bytes(b"\0" * 2_999_999 + b"1")
    assert kinds(plan(copied, out))["meta-xentui/disk.img"] == "changed"

    there.write_bytes(b"edited")
    assert kinds(plan(copied, out))["meta-xentui/disk.img"] == "edited"


def test_another_source_of_the_same_size_and_time_is_copied_again(tmp_path: Path) -> None:
    source, out = tmp_path / "disk.img", tmp_path / "out"
    for content in (b"A" * 4096, b"B" * 4096):
        source.unlink(missing_ok=True)
        source.write_bytes(content)
        os.utime(source, (1e9, 1e9))
        apply(plan(rendered(**{"disk.img": Copy(source, 4096)}), out))
        (copied,) = out.rglob("disk.img")
        assert copied.read_bytes() == content


def test_a_copy_of_a_missing_file_is_an_error(tmp_path: Path) -> None:
    copied = rendered(**{"disk.img": Copy(tmp_path / "gone.img", 3)})
    with pytest.raises(InputError, match=r"gone\.img"):
        apply(plan(copied, tmp_path / "out"))


def test_the_diff_says_that_a_last_line_has_no_newline(tmp_path: Path) -> None:
    apply(plan(rendered(**{"a.cfg": "memory = 1"}), tmp_path))
    assert (
        "\\ No newline at end of file"
        in plan(rendered(**{"a.cfg": "memory = 2\n"}), tmp_path).diff()
    )


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"version": 2, "files": {}}', '{"version": 1}',
               '{"version": 1, "files": {"../../etc/passwd": ""}}', "[" * 100_000]
)  # fmt: skip
def test_a_damaged_manifest_is_an_error_and_no_file_outside_is_touched(
    tmp_path: Path, damage: str
) -> None:
    apply(plan(rendered(), tmp_path))
    (tmp_path / manifest.NAME).write_text(damage)
    with pytest.raises(XentuiError, match="manifest"):
        plan(rendered(), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/./b",
        "a//b",
        "a\\b",
        "C:/x",
        "c:x",
        "a\0b",
        "..",
        ".",
    ],
)
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RefusedError):
        checked_parts(name)
    with pytest.raises(RefusedError):
        apply(plan(Rendered({name: "x\n"}, {}), tmp_path / "out"))
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_root_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file"):
        plan(rendered(), tmp_path / "file")
