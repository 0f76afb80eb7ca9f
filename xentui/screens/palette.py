# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The commands of the command palette, such as "step memory", "machine qemuarm64" or "undo"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from xentui.project import boards, presets
from xentui.screens.main import MainScreen
from xentui.screens.start import Start
from xentui.screens.step import AddGuest, Form
from xentui.session import field_paths, guests
from xentui.session.forms import STEPS, TITLES
from xentui.session.new_guest import GuestKind
from xentui.widgets.chrome import key_name
from xentui.widgets.code import CodeView
from xentui.widgets.options import Options
from xentui.widgets.table import Table
from xentui.widgets.text import cut, glyphs, lit

Action = Callable[[], Awaitable[object] | object]
MAX_GUESTS = 200
"""Maximum number of guests that are listed by name."""
MAX_WIDTH = 90
"""Maximum width of the list; the style sheet has it too."""
PADDING = 7
"""Cells of the list's padding and scroll bar."""
BINDING_IDS = {
    "write": "wizard.write",
    "undo": "edit.undo",
    "redo": "edit.redo",
    "next problem": "problem.next",
    "fix": "problem.fix",
    "preview": "wizard.preview",
    "help": "wizard.help",
    "quit": "wizard.quit",
}
"""The commands that have a key on every step, with the ids of their key bindings."""
LISTED_IDS = {*BINDING_IDS.values(), "preview.live"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: the text that finds it; the first letter is shown as a capital.
        note: a remark after the name, or an empty text.
        run: does it; the result is awaited if it can be.
        key: the name of the key that does the same, or an empty text.
        common: whether it is listed before anything is typed.
        is_destructive: whether it deletes something, so that only a part of its name finds it.
    """

    name: str
    note: str
    run: Action
    key: str = ""
    common: bool = False
    is_destructive: bool = False

    @property
    def title(self) -> str:
        """The name as it is shown."""
        return f"{self.name[:1].upper()}{self.name[1:]}"


class Commands(Provider):
    """Finds the wizard's commands for the palette."""

    @property
    def main(self) -> MainScreen:
        """The main screen; the app opens the palette only there."""
        return cast("MainScreen", self.screen)

    async def discover(self) -> Hits:
        """Yield the commands that are listed before anything is typed."""
        for command in self._commands():
            if command.common:
                line = self._line(command, lit(command.title))
                yield DiscoveryHit(line, self._runner(command), text=command.name)

    async def search(self, query: str) -> Hits:
        """Yield the matching commands."""
        matcher = self.matcher(query)
        for command in (*self._commands(), *self._commands_with_argument(query)):
            score = matcher.match(command.name)
            if command.name.lower() == query.strip().lower():
                score = 1000.0
            elif command.name.lower().startswith(query.strip().lower()):
                score += 100.0
            if command.is_destructive and query.strip().lower() not in command.name.lower():
                # Letters that are scattered over the name must not delete anything.
                score = 0.0
            if score > 0:
                # The matcher parses markup.
                has_bracket = "[" in command.name
                title = lit(command.title) if has_bracket else matcher.highlight(command.title)
                yield Hit(
                    score, self._line(command, title), self._runner(command), text=command.name
                )

    def _line(self, command: Command, title: Content) -> Content:
        """Return a command as one line, with its key at the right."""
        room = min(self.app.size.width, MAX_WIDTH) - PADDING - len(command.key)
        note = cut(command.note, max(0, room - title.cell_length - 4), glyphs(self.app).more)
        line = title.append(lit(f"  {note}" if note else "", "muted"))
        line = line.pad_right(max(1, room - line.cell_length))
        return line.append(lit(command.key, "muted"))

    def _runner(self, command: Command) -> Callable[[], None]:
        """Return a function that starts a command; the palette cannot await it."""

        async def run() -> None:
            result = command.run()
            if result is not None:
                await cast("Awaitable[object]", result)

        def start() -> None:
            self.app.run_worker(run(), exclusive=False)

        return start

    def _commands(self) -> Iterator[Command]:
        main, session = self.main, self.main.session
        yield self._key_command(main, "write", "review, then write", main.action_write)
        if session.undo_label:
            yield self._key_command(main, "undo", session.undo_label, main.action_undo)
        if session.redo_label:
            yield self._key_command(main, "redo", session.redo_label, main.action_redo)
        yield from self._focused_commands(main)
        for number, name in enumerate(STEPS, 1):
            if name != main.step_name:
                step = partial(main.show_step, name)
                note = f"go to {TITLES[name]}"
                yield Command(f"step {name}", note, step, f"alt+{number}", common=True)
        if session.findings.total:
            yield self._key_command(main, "next problem", "", partial(main.action_next_problem, 1))
        if main.check_action("fix", ()):
            yield self._key_command(main, "fix", "the problem under the cursor", main.action_fix)
        if main.check_action("preview", ()):
            yield self._key_command(main, "preview", "show or hide it", main.action_preview)
        follow = partial(main.app.run_action, "live_preview")
        note = "stop following each key" if not main.plain_preview else "follow each key"
        yield Command("live preview", note, follow, "shift+F4", common=True)
        yield self._key_command(main, "help", "what you can do here", main.action_help)
        for theme in ("xentui-dark", "xentui-light"):
            if theme != self.app.theme:
                name = theme.removeprefix("xentui-")
                yield Command(f"theme {name}", "colours", partial(self._set_theme, theme))
        leave = partial(main.app.run_action, "request_quit")
        yield self._key_command(main, "quit", "leave xentui", leave)
        for board in boards.all_boards():
            note = f"{board.title}, {board.state_words}"
            choose = partial(self._set_machine, board.machine)
            yield Command(f"machine {board.machine}", note, choose)
        for name, what in session.target.offers(("host", "machine")):
            if not boards.board(name).is_known:
                yield Command(f"machine {name}", what, partial(self._set_machine, name))
        for preset in presets.available():
            begin = partial(self._begin_with_preset, preset.name)
            yield Command(f"preset {preset.name}", preset.title, begin)
        for guest in session.project.guests[:MAX_GUESTS]:
            path = f"guests.{guest.key}"
            yield Command(f"guest {guest.key}", "edit it", partial(main.show_step, "guests", path))
            remove = partial(self._remove_guest, guest.key)
            name, note = f"delete guest {guest.key}", "undo brings it back"
            yield Command(name, note, remove, is_destructive=True)

    @staticmethod
    def _key_command(main: MainScreen, name: str, note: str, run: Action) -> Command:
        """Return a command that also has a key on every step."""
        keys = (
            key_name(main.app, one.binding)
            for one in main.active_bindings.values()
            if one.binding.id == BINDING_IDS[name]
        )
        return Command(name, note, run, next(keys, ""), common=True)

    def _focused_commands(self, main: MainScreen) -> Iterator[Command]:
        """Yield the actions that the focused widget has keys for, so that mouse users have them."""
        seen = set()
        for node, binding, enabled, _ in main.active_bindings.values():
            name = binding.description.lower()
            if not enabled or not binding.id or not name or (node, binding.action) in seen:
                continue
            seen.add((node, binding.action))
            if binding.id in LISTED_IDS or isinstance(node, (Table, CodeView, Options, Form)):
                # With a mouse, a row, a line or a choice is clicked.
                continue
            run = partial(main.app.run_action, binding.action, node)
            yield Command(
                name, f"in {TITLES[main.step_name]}", run, key_name(main.app, binding), common=True
            )

    def _commands_with_argument(self, query: str) -> Iterator[Command]:
        """Yield commands for any name: of a machine, a guest, a file or an import type."""
        verb, _, word = query.strip().partition(" ")
        word = word.strip()
        if not word:
            return
        if verb == "machine" and not boards.board(word).is_known:
            yield Command(f"machine {word}", "another machine", partial(self._set_machine, word))
        elif verb == "guest":
            keys = guests.keys(self.main.session.project)
            if word in keys[MAX_GUESTS:]:
                show = partial(self.main.show_step, "guests", f"guests.{word}")
                yield Command(f"guest {word}", "edit it", show)
            elif word not in keys:
                yield Command(f"guest {word}", "add it", partial(self._add_guest, word))
        elif verb == "open":
            yield Command(f"open {word}", "a project file", partial(self._open_file, word))
        elif verb == "import" and word.startswith("type "):
            name = word.removeprefix("type ").strip()
            add = partial(self._add_import_type, name)
            yield Command(f"import type {name}", "a custom type of import", add)

    def _set_theme(self, name: str) -> None:
        self.app.theme = name

    async def _set_machine(self, machine: str) -> None:
        message = self.main.session.type_text(("host", "machine"), machine)
        self.main.redraw_after_edit()
        await self.main.show_step("machine", "host.machine" if message else "")

    async def _begin_with_preset(self, name: str) -> None:
        await self.main.show_step("start")
        if isinstance(self.main.step, Start):
            self.main.step.begin_with_preset(name)

    async def _open_file(self, path: str) -> None:
        await self.main.show_step("start")
        if isinstance(self.main.step, Start):
            self.main.step.open_file(path)

    async def _add_guest(self, name: str) -> None:
        await self.main.show_step("guests")
        self.main.post_message(AddGuest(GuestKind.RECIPE, name=name))

    def _remove_guest(self, key: str) -> None:
        session = self.main.session
        session.edit(guests.removed(session.project, key), f"delete {key}")
        self.main.step.show_toast(f"Deleted {key}. ctrl+z brings it back.")
        self.main.redraw_after_edit()

    def _add_import_type(self, name: str) -> None:
        session = self.main.session
        message = field_paths.problem(field_paths.key_field("import_types"), name)
        if message:
            self.main.notify(message, severity="error", markup=False)
            return
        project = field_paths.with_custom_import_type(session.project, name)
        session.edit(project, f"add {name}")
        self.main.redraw_after_edit()
