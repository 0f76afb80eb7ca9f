# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Every field of the schema can be reached, and is asked for according to its kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.plain.person import EVERY, Person
from tests.sessions import TWO, session_of
from xentui.plain.fields import FieldPrompt
from xentui.project import effective, schema
from xentui.session import field_paths

ROOT = Path(__file__).parents[2]


def of_schema() -> set[tuple[str, str]]:
    """Return every field that a user can set."""
    tables = set(schema.as_dict()["definitions"]) - {"preset"}
    found = {
        (table, field.name)
        for table in tables
        for field in schema.fields(table)
        if not field.is_table
    }
    return found | {(table, field_paths.KEY) for table in ("guest", "bundle")}


def listed_fields(person: Person) -> set[tuple[str, str]]:
    """Return the fields in the current list."""
    paths = [choice.path for choice in person.choices() if choice.path is not None]
    fields = {path: field_paths.field_of(path) for path in paths}
    return {(field.table, str(path[-1])) for path, field in fields.items() if not field.is_table}


def test_every_field_of_the_schema_is_in_some_list() -> None:
    seen: set[tuple[str, str]] = set()
    for step in ("machine", "features"):
        person = Person(session_of(EVERY), begin=step)
        seen |= listed_fields(person)
    for guest in EVERY.guests:
        for menu in ("", "Import", "Additional disks", "Goes into", "Other fields"):
            person = Person(session_of(EVERY), begin="guests")
            person.choose(f"{guest.key}:", *([menu] if menu else []))
            seen |= listed_fields(person)
    assert seen == of_schema()


@pytest.mark.parametrize("step", ["machine", "features"])
def test_every_field_shows_its_title_its_value_and_its_help(step: str) -> None:
    person = Person(session_of(EVERY), begin=step)
    for number, choice in enumerate(person.choices(), 1):
        assert choice.path is not None
        field = field_paths.field_of(choice.path)
        assert field.title in person.first
        reported = " ".join(person.say(f"? {number}").split())
        assert " ".join(field.description.split()) in reported
        assert field_paths.text_of_path(choice.path) in reported
        assert not field.bitbake or "BitBake: " in reported


# Each kind of field


def asked_for(*path: str) -> Person:
    """Return a person who is being asked for a field."""
    person = Person(session_of(TWO), begin="guests")
    person.wizard.open(FieldPrompt(person.wizard, path))
    return person


def test_a_number_shows_its_range_and_unit_and_can_be_raised_and_lowered() -> None:
    person = asked_for("guests", "alpha", "memory")
    assert person.prompt() == "Memory, 32 to 1048576 MiB [256 MiB]:"
    output = person.say("many")
    assert "Must be a whole number, 32 to 1048576 MiB, or a size such as 512M or 2G" in output
    assert isinstance(person.wizard.current, FieldPrompt)
    assert "Must be a whole number from 32 to 1048576" in person.say("4")
    output = person.say("+64")
    assert person.session.project.guest("alpha").memory == 320
    assert "Memory of alpha: 320 MiB. Free now: " in output
    person = asked_for("guests", "alpha", "memory")
    person.say("-64")
    assert person.session.project.guest("alpha").memory == 192
    person = asked_for("guests", "alpha", "vcpus")
    person.say("+2")
    assert person.session.project.guest("alpha").vcpus == 3
    person = asked_for("guests", "alpha", "memory")
    person.say("0100")
    assert person.session.project.guest("alpha").memory == 100


def test_a_field_can_be_reset_kept_or_left() -> None:
    person = asked_for("guests", "alpha", "memory")
    output = person.say("-")
    assert person.session.project.guest("alpha").memory is None
    assert "Memory of alpha: 512 MiB (the class's default)." in output
    for answer in ("", "b", "back"):
        person = asked_for("guests", "alpha", "memory")
        assert person.say(answer) == "Memory, 32 to 1048576 MiB [256 MiB]: "
        assert person.prompt().startswith("Guests, 1 to 3")
        assert person.session.project == TWO
    person = asked_for("host", "machine")
    assert "is required" in person.say("-")
    assert person.session.project.host.machine == "qemux86-64"


def test_a_value_is_chosen_by_its_number_or_its_name() -> None:
    field = schema.field("host", "network")
    for answer, value in (("1", field.choices[0]), (field.choices[1], field.choices[1])):
        person = asked_for("host", "network")
        assert f"1 {field.choices[0]}, 2 {field.choices[1]}" in person.prompt()
        person.say(answer)
        assert person.session.project.host.network == value
    person = asked_for("host", "network")
    person.say("3")
    assert isinstance(person.wizard.current, FieldPrompt)


@pytest.mark.parametrize(
    ("answer", "value"),
    [("y", True), ("yes", True), ("2", True), ("n", False), ("no", False), ("1", False),
     ("-", None)],
)  # fmt: skip
def test_a_flag_is_yes_or_no_also_by_the_letter_that_is_next_step_elsewhere(
    answer: str, value: bool | None
) -> None:
    person = asked_for("containers", "vxn")
    assert "(1 no, 2 yes)" in person.prompt()
    person.say(answer)
    assert person.session.project.containers.vxn is value
    assert person.wizard.step == "guests"


def test_several_choices_are_separated_by_spaces_or_commas() -> None:
    names = schema.field("guest", "tags").choices
    for answer, value in (
        ("1, 2", names[:2]), ("2", names[1:2]), (" ".join(names), names), ("none", ()), ("-", ()),
    ):  # fmt: skip
        person = asked_for("guests", "alpha", "tags")
        assert "several, or none" in person.prompt()
        person.say(answer)
        assert person.session.project.guest("alpha").tags == tuple(value), answer
    person = asked_for("guests", "alpha", "tags")
    assert "Must be autostart or external." in person.say("7")
    assert person.session.project == TWO


def test_entries_of_a_list_are_separated_by_spaces_and_a_list_may_be_empty() -> None:
    for answer, value in (
        ("bridge=xenbr0 mac=1", ("bridge=xenbr0", "mac=1")), ("none", ()), ("-", None),
    ):  # fmt: skip
        person = asked_for("guests", "alpha", "vif")
        person.say(answer)
        assert person.session.project.guest("alpha").vif == value, answer


def test_a_text_is_accepted_as_it_is_and_a_command_only_if_it_is_one() -> None:
    for answer in ("root=/dev/xvda1 ro", "guests of mine", "number", "mem=64M", "back to front"):
        person = asked_for("guests", "alpha", "extra")
        person.say(answer)
        assert person.session.project.guest("alpha").extra == answer
    for answer, value in (("=b", "b"), ("==b", "=b"), ("=-", "-"), ('""', ""), ("=?", "?")):
        person = asked_for("guests", "alpha", "extra")
        person.say(answer)
        assert person.session.project.guest("alpha").extra == value, answer
    person = asked_for("guests", "alpha", "extra")
    person.say("g 2")
    assert person.wizard.step == "machine"
    assert person.session.project == TWO


def test_an_invalid_answer_is_explained_and_asked_again() -> None:
    person = asked_for("guests", "alpha", "name")
    output = person.say("[/x]\x1b[31m$(touch canary)")
    assert "\\x1b" in output
    assert isinstance(person.wizard.current, FieldPrompt)
    assert person.session.project == TWO
    assert not person.session.state.invalid_texts


def test_a_name_is_changed_everywhere_and_no_name_is_taken_twice() -> None:
    person = Person(session_of(EVERY), begin="guests")
    person.choose("root:")
    assert "Another one has this name." in person.say("1", "own")
    output = person.say("rootling")
    assert "Name: rootling." in output
    assert person.prompt() == f"Guest rootling, 1 to {len(person.labels())}:"
    person.choose("Goes into", "Name: mine")
    person.say("yours")
    assert person.session.project.guest("rootling").bundle == "yours"
    assert person.session.project.bundles[0].key == "yours"
    person.say("u", "u")
    assert person.session.project == EVERY


def test_boards_are_a_list_with_the_users_own() -> None:
    person = Person(session_of(TWO), begin="machine")
    person.choose("Board")
    assert "Board [qemux86-64], 1 to " in person.prompt()
    assert "The machine that BitBake builds for." in person.say("?")
    assert "Raspberry Pi 4" in person.say("/raspberry 4")
    person.choose("raspberrypi4-64")
    assert person.session.project.host.machine == "raspberrypi4-64"
    person.choose("Board", "Another one")
    output = person.say("my-board")
    assert person.session.project.host.machine == "my-board"
    assert "Board: my-board." in output
    assert person.prompt().startswith("Machine, 1 to ")


def test_the_default_of_an_empty_field_is_shown() -> None:
    person = Person(session_of(TWO), begin="guests")
    output = person.choose("beta")
    full = effective.effective(TWO, TWO.guest("beta"))
    assert f"vCPUs: {full.vcpus} (the class's default)" in output
    person.say("g 3")
    person.choose("vCPUs")
    person.say("2")
    person.say("g 4")
    assert "vCPUs: 2 (from [defaults])" in person.choose("beta")


def test_fields_that_a_guest_with_its_own_config_ignores_are_marked() -> None:
    guest = replace(TWO.guests[0], config_file="own.cfg")
    person = Person(session_of(TWO.with_guest(guest)), begin="guests")
    output = person.choose("alpha", "Other fields")
    assert "set in its xl config" in " ".join(output.split())


def test_help_offers_an_empty_value_only_where_there_is_one() -> None:
    person = Person(session_of(TWO), begin="guests")
    person.choose("alpha")
    assert 'Type ""' in person.say("? kernel command line")
    assert 'Type ""' not in person.say("? domain name")


def test_a_board_that_is_not_listed_may_be_typed_at_once() -> None:
    person = Person(session_of(), begin="machine")
    person.say("board", "my-board-2")
    assert person.session.project.host.machine == "my-board-2"
    person.say("total", "8 GiB")
    assert person.session.project.host.memory == 8192
    person.say("board", "not a board!")
    assert person.session.project.host.machine == "my-board-2"
