# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Undo and redo."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from xentui.project.history import History
from xentui.project.model import Host, Project


def project(memory: int) -> Project:
    return Project(Host("m", memory=memory))


def test_steps_are_undone_and_redone() -> None:
    history = History(project(0))
    assert history.do(project(1), "one")
    assert history.do(project(2), "two")
    assert history.undo_label == "two"
    assert history.undo() == "two"
    assert history.current == project(1)
    assert history.redo_label == "two"
    assert history.undo() == "one"
    assert history.undo() is None
    assert history.current == project(0)
    assert history.redo() == "one"
    assert history.redo() == "two"
    assert history.redo() is None
    assert history.current == project(2)


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History(project(0))
    history.do(project(1), "one")
    history.undo()
    history.do(project(2), "two")
    assert history.redo_label is None
    assert history.undo() == "two"
    assert history.current == project(0)


def test_no_change_is_not_a_step() -> None:
    history = History(project(0))
    history.do(project(1), "one")
    history.undo()
    assert not history.do(project(0), "none")
    assert history.undo_label is None
    assert history.redo_label == "one"


def test_typing_is_one_step_until_the_field_is_left() -> None:
    history = History(project(0))
    history.do(project(1), "memory", merge="host.memory")
    history.do(project(12), "memory", merge="host.memory")
    history.end_merge()
    history.do(project(128), "memory", merge="host.memory")
    assert history.undo() == "memory"
    assert history.current == project(12)
    history.do(project(13), "memory", merge="host.memory")
    assert history.undo() == "memory"
    assert history.current == project(12)
    assert history.undo() == "memory"
    assert history.current == project(0)
    assert history.undo() is None


def test_typing_that_was_taken_back_is_not_a_step() -> None:
    history = History(project(0))
    history.do(project(1), "memory", merge="host.memory")
    history.end_merge()
    history.do(project(12), "memory", merge="host.memory")
    assert history.do(project(1), "memory", merge="host.memory")
    assert history.undo() == "memory"
    assert history.current == project(0)
    assert history.undo_label is None


@given(st.lists(st.integers(0, 5) | st.sampled_from(["undo", "redo"])))
def test_any_steps_move_through_the_earlier_projects(steps: list[int | str]) -> None:
    history = History(project(0))
    states, at = [project(0)], 0
    for step in steps:
        if step == "undo":
            assert (history.undo() is None) == (at == 0)
            at = max(at - 1, 0)
        elif step == "redo":
            assert (history.redo() is None) == (at == len(states) - 1)
            at = min(at + 1, len(states) - 1)
        elif history.do(project(int(step)), str(step)):
            states[at + 1 :] = [project(int(step))]
            at += 1
        assert history.current == states[at]
