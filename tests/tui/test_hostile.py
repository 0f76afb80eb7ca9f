# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Text that looks like markup, is hostile or very long is shown unchanged everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.content import Content
from textual.widgets import Input

from tests.sessions import TWO, session_of
from tests.tui.wizards import LARGE, press, running, settle, shown
from xentui.project.model import Guest, Host, Preset, Project
from xentui.session import Origin
from xentui.widgets.code import CodeView, wrap_lines
from xentui.widgets.field import FieldRow
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import cut, fit, lit

HOSTILE = (
    "[/x]",
    "[@click=app.quit]z[/]",
    "[red]x",
    "XEN_GUEST_MEMORY[alpha]",
    "\x1b]52;c;eA==\x07",
    "\u202eevil",
    "日本語のゲスト",
    "e\u0301\u0301\u0301",
    "${@os.system('x')}",
    "a" * 10_000,
    "[" * 300,
)


def test_only_the_rule_of_a_heading_is_cut_off() -> None:
    key = f"# {'x' * 40} -----END CERTIFICATE-----"
    assert [key[start:end] for _, start, end in wrap_lines([key], 30)][-1].endswith("E-----")
    assert len(wrap_lines([f"+# --- Board {'-' * 60}"], 30)) == 1


@pytest.mark.parametrize("text", HOSTILE)
def test_literal_text_keeps_every_bracket(text: str) -> None:
    content = lit(text)
    assert isinstance(content, Content)
    assert (
        content.plain.replace("\\x1b", "\x1b").replace("\\x07", "\x07").replace("\\u202e", "\u202e")
        == text
    )
    assert "\x1b" not in content.plain


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", [0, 1, 2, 7, 80])
def test_cut_text_has_its_width(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width
    assert cell_len(fit(text, width)) == width


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
async def test_every_field_keeps_hostile_text_as_typed(text: str) -> None:
    async with running(TWO, "guests", notifications=True, tooltips=True) as (app, pilot):
        await press(pilot, "enter")
        for row in list(app.main.query(FieldRow)):
            if isinstance(row.editor, Input) and row.path[-1] != "key":
                row.editor.value = text
        await settle(pilot)
        for path, kept in app.session.state.invalid_texts.items():
            assert kept.text == text, path
        await press(pilot, "alt+6")
        await press(pilot, "4", "end", "f1")
        assert app.is_running


async def test_names_in_tables_toasts_and_titles_are_literal() -> None:
    guest = Guest("alpha", extra="[/x] [red]console=hvc0", vif=("[@click=app.quit]",))
    project = Project(Host("[b]board[/b]"), guests=(guest,), preset=Preset("[/x]"))
    session = session_of(project)
    session.start_from(Origin("preset", "[/x][red]", project), "take [/x]")
    async with running(session, "guests", size=LARGE, notifications=True) as (app, pilot):
        assert "[/x][red]" in shown(app)
        assert "[red]console=hvc0" in shown(app)
        await press(pilot, "u")
        assert "Undone: take [/x]" in shown(app)


async def test_a_varflag_is_seen_whole_in_the_preview() -> None:
    async with running(TWO, "guests", size=LARGE) as (app, pilot):
        lines = app.main.query_one("#preview-text", CodeView).lines
        assert 'XEN_GUEST_MEMORY[alpha] = "256"' in lines
        app.main.query_one("#preview-text", CodeView).scroll_end(animate=False)
        await settle(pilot)
        assert "XENTUI_HASH" in shown(app)


async def test_a_bad_preset_is_listed_with_what_is_wrong(tmp_path: object) -> None:
    Path("presets").mkdir()  # noqa: ASYNC240
    Path("presets/bad[x].toml").write_text("[host\n")  # noqa: ASYNC240
    Path("presets/[red]odd.toml").write_text(  # noqa: ASYNC240
        'version = 1\n[preset]\ntitle = "[/x] \\u001b[31m"\n[host]\nmachine = "qemux86-64"\n'
    )
    async with running(notifications=True) as (app, pilot):
        page = shown(app)
        assert "bad[x]" in page
        assert "[/x]" in page
        for _ in range(3):
            await press(pilot, "enter")
            await press(pilot, "alt+1", "down")
        assert app.is_running


async def test_a_table_shows_brackets() -> None:
    table = Table(Column("A"), Column("B", 8))
    rows = [Row("one", ("[/x]", ("[red]", "error"))), Row("two", ("\x1b[31m", "日本語"))]
    async with running(TWO, "memory") as (app, pilot):
        await app.main.step.mount(table)
        table.set_rows(rows)
        await settle(pilot)
        assert "[/x]" in shown(app)
        assert "[red]" in shown(app)
        assert "\x1b" not in shown(app)
