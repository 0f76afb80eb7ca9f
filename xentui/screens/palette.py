# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The command palette: everything by its name, with what it is done to.

"machine qemuarm64", "guest alpine", "step memory", "undo", "theme", "add guest web" …
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

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
from xentui.widgets.text import lit

if TYPE_CHECKING:
    from xentui.screens.main import MainScreen

Do = Callable[[], Awaitable[object] | object]
MOST = 200
"""Guests that are listed by name before anything is typed."""


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done.

    Attributes:
        common: whether it is offered before anything is typed.
    """

    name: str
    does: str
    run: Do
    common: bool = False


class Commands(Provider):
    """What can be done from anywhere."""

    @property
    def main(self) -> MainScreen | None:
        """The main screen, where it is the one that is asked from."""
        return self.screen if isinstance(self.screen, MainScreen) else None

    async def discover(self) -> Hits:
        """Yield what is most often wanted."""
        for command in self._commands():
            if command.common:
                yield DiscoveryHit(
                    lit(command.name), self._do(command), text=command.name, help=command.does
                )

    async def search(self, query: str) -> Hits:
        """Yield what matches."""
        matcher = self.matcher(query)
        for command in (*self._commands(), *self._with_words(query)):
            score = matcher.match(command.name)
            if command.name.lower() == query.strip().lower():
                score = 1000.0
            elif command.name.lower().startswith(query.strip().lower()):
                score += 100.0
            if score > 0:
                yield Hit(
                    score,
                    matcher.highlight(command.name)
                    if "[" not in command.name
                    else lit(command.name),
                    self._do(command),
                    text=command.name,
                    help=command.does,
                )

    def _do(self, command: Command) -> Callable[[], None]:
        async def run() -> None:
            done = command.run()
            if done is not None:
                await cast("Awaitable[object]", done)

        def start() -> None:
            self.app.run_worker(run(), exclusive=False)

        return start

    def _commands(self) -> Iterator[Command]:
        main = self.main
        if main is None:
            return
        session = main.session
        yield Command("write", "review, then write", main.action_write, common=True)
        if session.undo_label:
            yield Command("undo", session.undo_label, main.action_undo, common=True)
        yield Command("redo", "the step that was undone", main.action_redo, common=True)
        yield from self._here(main)
        for name in STEPS:
            step = partial(main.action_step, name)
            yield Command(f"step {name}", f"go to {TITLES[name]}", step, common=True)
        if session.findings.total:
            yield Command("next problem", "F8", partial(main.action_problem, 1), common=True)
        if main.check_action("fix", ()):
            yield Command("fix", "the problem under the cursor", main.action_fix, common=True)
        if main.check_action("preview", ()):
            yield Command("preview", "show or hide it", main.action_preview, common=True)
        follow = partial(main.app.run_action, "live_preview")
        yield Command("live preview", "let it follow each key, or no more", follow, common=True)
        yield Command("help", "what is here", main.action_help, common=True)
        for theme in ("xentui-dark", "xentui-light"):
            yield Command(
                f"theme {theme.removeprefix('xentui-')}", "colours", partial(self._theme, theme)
            )
        yield Command(
            "quit", "leave xentui", partial(main.app.run_action, "request_quit"), common=True
        )
        for board in boards.all_boards():
            does = f"{board.title}, {board.state_words}"
            yield Command(f"machine {board.machine}", does, partial(self._machine, board.machine))
        for name, what in session.target.offers(("host", "machine")):
            if not boards.board(name).known:
                yield Command(f"machine {name}", what, partial(self._machine, name))
        for preset in presets.available():
            take = partial(self._preset, preset.name)
            yield Command(f"preset {preset.name}", preset.title, take)
        for guest in session.project.guests[:MOST]:
            path = f"guests.{guest.key}"
            yield Command(f"guest {guest.key}", "edit it", partial(main.go, "guests", path))
            remove = partial(self._remove, guest.key)
            yield Command(f"delete guest {guest.key}", "undo brings it back", remove)

    def _here(self, main: MainScreen) -> Iterator[Command]:
        """Yield what the keys of the place one is in do, so that the mouse does it too."""
        named = {"write", "undo", "redo", "next_problem", "mend", "preview", "help"}
        seen = set()
        for node, binding, enabled, _ in main.active_bindings.values():
            name = binding.description.lower()
            if not enabled or not binding.id or not name or (node, binding.action) in seen:
                continue
            seen.add((node, binding.action))
            action = binding.action.partition("(")[0]
            if node is main.app or (node is main and action in named):
                continue
            if isinstance(node, (Table, CodeView, Options, Form)):
                # Going to a row, a line or a choice is a click on it.
                continue
            does = f"{key_name(main.app, binding)}, in {TITLES[main.here]}"
            run = partial(main.app.run_action, binding.action, node)
            yield Command(name, does, run, common=True)

    def _with_words(self, query: str) -> Iterator[Command]:
        """Yield what takes any word: a board or guest by its name, a file to open."""
        main = self.main
        verb, _, word = query.strip().partition(" ")
        word = word.strip()
        if main is None or not word:
            return
        if verb == "machine" and not boards.board(word).known:
            yield Command(f"machine {word}", "another machine", partial(self._machine, word))
        elif verb == "guest":
            keys = guests.keys(main.session.project)
            if word in keys[MOST:]:
                yield Command(
                    f"guest {word}", "edit it", partial(main.go, "guests", f"guests.{word}")
                )
            elif word not in keys:
                yield Command(f"guest {word}", "add it", partial(self._add, word))
        elif verb == "open":
            yield Command(f"open {word}", "a project file", partial(self._open, word))
        elif verb == "import" and word.startswith("type "):
            name = word.removeprefix("type ").strip()
            yield Command(
                f"import type {name}", "one of your own", partial(self._import_type, name)
            )

    def _theme(self, name: str) -> None:
        self.app.theme = name

    async def _machine(self, machine: str) -> None:
        main = self.main
        if main is not None:
            message = main.session.type(("host", "machine"), machine)
            main.changed()
            await main.go("machine", "host.machine" if message else "")

    async def _preset(self, name: str) -> None:
        main = self.main
        if main is not None:
            await main.go("start")
            if isinstance(main.step, Start):
                main.step.take_preset(name, "review")

    async def _open(self, path: str) -> None:
        main = self.main
        if main is not None:
            await main.go("start")
            if isinstance(main.step, Start):
                main.step.open_file(path)

    async def _add(self, name: str) -> None:
        main = self.main
        if main is not None:
            await main.go("guests")
            main.post_message(AddGuest(GuestKind.RECIPE, name=name))

    def _remove(self, key: str) -> None:
        main = self.main
        if main is not None:
            main.session.edit(guests.removed(main.session.project, key), f"delete {key}")
            main.changed()

    def _import_type(self, name: str) -> None:
        main = self.main
        if main is None:
            return
        message = field_paths.problem(field_paths.key_field("import_types"), name)
        if message:
            main.notify(message, severity="error", markup=False)
            return
        main.session.edit(field_paths.with_import_type(main.session.project, name), f"add {name}")
        main.changed()
