# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""What is shown at once with many guests, against what is worked out whole."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.budget import examples
from tests.sessions import session_of
from xentui.project.model import Guest, Host, Project, place_of
from xentui.rules.finding import RANKS
from xentui.session import MANY, Session, field_paths
from xentui.session.found import guest_of, lay_out, step_of
from xentui.session.quick import Quick
from xentui.session.view import View, summed
from xentui.widgets.code import changed_lines

COUNT = MANY + 5
PROJECT = Project(
    Host("qemux86-64", memory=60_000, network="nat"),
    guests=tuple(
        Guest(
            f"guest-{number}",
            ("autostart", "external") if number % 2 else ("external",),
            memory=64,
            extra="root=/dev/xvda ro" + (" console=hvc0" if number % 3 else ""),
            rootfs=f"guest-{number}.ext4",
        )
        for number in range(COUNT)
    ),
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 7, COUNT - 1]),
        st.one_of(
            st.tuples(st.just("memory"), st.sampled_from(["32", "128", "9999", "x", ""])),
            st.tuples(st.just("vcpus"), st.sampled_from(["1", "4", "0"])),
            st.tuples(
                st.just("extra"),
                st.sampled_from(["console=hvc0", "", "root=/dev/sda1 init=/x password=y"]),
            ),
            st.tuples(st.just("name"), st.sampled_from(["", "alpine", "5"])),
        ),
    ),
    min_size=1,
    max_size=6,
)


def settled() -> Session:
    session = session_of(PROJECT)
    assert session.visible_view.settled
    return session


def whole(session: Session) -> View:
    return View(session.state, session.project_name())


@settings(max_examples=examples(40), deadline=None)
@given(EDITS)
def test_what_is_shown_at_once_is_what_is_worked_out(
    edits: list[tuple[int, tuple[str, str]]],
) -> None:
    session = settled()
    for number, (name, text) in edits:
        session.type(("guests", f"guest-{number}", name), text)
        session.end_typing()
    quick, exact = session.visible_view, whole(session)
    assert isinstance(quick, Quick) or session.project == PROJECT
    assert quick.summed.of("guest") == exact.summed.of("guest")
    assert (quick.summed.free, quick.summed.free_all) == (exact.budget.free, exact.budget.free_all)
    for number in {number for number, _ in edits}:
        guest = session.project.guest(f"guest-{number}")
        key = f"guests.{guest.key}"
        of_rules = {"XT211", "XT212", "XT213", "XT214", "XT406"}
        assert {
            (f.code, f.path, f.message) for f in quick.found.at(key) if f.code not in of_rules
        } == {(f.code, f.path, f.message) for f in exact.found.at(key) if f.code not in of_rules}
        stamps = ("XENTUI_HASH", "xentui-digest")
        for line in quick.conf_lines:
            if f"[{guest.key}]" in line:
                assert line in exact.conf_lines
        at_once = [one for one in quick.conf_lines if not any(s in one for s in stamps)]
        at_last = [one for one in exact.conf_lines if not any(s in one for s in stamps)]
        assert at_once == at_last
    session.view.settle()
    assert session.visible_view is session.view
    assert [(f.code, f.path, f.message) for f in session.visible_view.findings] == [
        (f.code, f.path, f.message) for f in exact.findings
    ]
    assert session.visible_view.conf_lines == exact.conf_lines


def test_a_guest_that_came_shows_the_settled_state_until_all_is_worked_out() -> None:
    session = settled()
    before = session.visible_view
    session.edit(session.project.with_guest(Guest("new")), "add")
    assert session.visible_view.found.total == before.found.total
    assert session.visible_view.conf_lines is before.conf_lines
    session.view.settle()
    assert "# new" in session.visible_view.conf_lines or any(
        "new" in x for x in session.visible_view.conf_lines
    )


def test_undo_shows_the_settled_state_again() -> None:
    session = settled()
    before = session.visible_view
    session.type(("guests", "guest-3", "memory"), "65")
    assert session.visible_view is not before
    session.undo()
    assert session.visible_view is before


def test_few_guests_are_always_worked_out() -> None:
    session = session_of(replace(PROJECT, guests=PROJECT.guests[:MANY]))
    session.type(("guests", "guest-3", "memory"), "x")
    assert session.visible_view is session.view


def test_findings_are_counted_by_step_and_place() -> None:
    findings = whole(settled()).findings
    found = lay_out(findings)
    assert found.total == len(findings)
    for step, counts in found.counts.items():
        ranks = [RANKS[f.severity] for f in findings if step_of(f) == step]
        assert counts == tuple(ranks.count(rank) for rank in range(3))
    for place, finding in enumerate(findings, 1):
        assert found.number_of(finding) == place
        assert found.has(finding)
        assert finding in found.at(finding.path)
        if guest_of(finding):
            assert found.severity(guest_of(finding)) is not None


def test_many_guests_are_summed_without_changing_any_sum() -> None:
    budget = whole(settled()).budget
    few = summed(budget)
    assert len(few.rows) < 10
    assert few.of("guest") == budget.of("guest")
    assert few.autostart == budget.autostart
    assert (few.fits, few.fits_all) == (budget.fits, budget.fits_all)


@pytest.mark.parametrize("count", [3, 300])
def test_places_of_guests(count: int) -> None:
    items = tuple(Guest(f"g{number}") for number in range(count))
    assert [place_of(items, item.key) for item in items] == list(range(count))
    assert place_of(items, "none") is None
    other = (*items[:2], Guest("other"), *items[3:])
    assert place_of(other, "g2") is None
    assert place_of(other, "other") == 2


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_marked_lines_are_those_that_are_new_at_their_place(
    base: list[str], new: list[str]
) -> None:
    marked = changed_lines(base, new)
    assert all(
        new[place] not in base or base[place : place + 1] != [new[place]] for place in marked
    )
    assert {place for place, line in enumerate(new) if line not in base} <= marked


def test_a_path_without_guest_has_no_value() -> None:
    assert field_paths.get(PROJECT, ("guests", "nobody", "memory")) is None
