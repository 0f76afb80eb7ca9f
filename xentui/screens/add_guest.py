# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Add a guest: ask for its kind first, then fill in the rest from its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from xentui.project.filesystem import exists
from xentui.project.guest_presets import guest_presets
from xentui.screens.dialogs import Ask, Modal, Pick, answers, refuse
from xentui.screens.files import FileBrowser, Reading, size_text
from xentui.screens.step import AddGuest, Step
from xentui.session import Session, field_paths, guests
from xentui.session.new_guest import KINDS, READY_MADE, GuestKind, KindText
from xentui.widgets.text import Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected

_KINDS = (*KINDS, READY_MADE)
NEW_NAME = ("guests", "", field_paths.KEY)
"""The path of a new guest's name, before the guest exists."""


class ChooseKind(Modal[KindText | None]):
    """The list of kinds of guests. A digit chooses immediately."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", show=False),
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, 10)),
    ]

    def __init__(self) -> None:
        super().__init__(classes="dialog")

    def compose(self) -> ComposeResult:
        """Make the list, with the description of the highlighted kind below it."""
        options = [
            Option(lit(f"{number}  {kind.title}"), id=kind.kind.value)
            for number, kind in enumerate(_KINDS, 1)
        ]
        with Vertical(classes="box"):
            yield Static(lit("What is the guest?", "strong"), markup=False, classes="dialog-title")
            yield OptionList(*options, markup=False, id="kinds")
            yield Text(id="kind-help")
            text = "A digit or Enter chooses, Esc goes back"
            yield Static(lit(text, "muted"), markup=False)
            yield answers(("back", "Back"))

    def on_mount(self) -> None:
        """Focus the list."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self.query_one("#kind-help", Text).show(lit(_KINDS[event.option_index].help))

    def action_choose(self, number: int) -> None:
        """Choose a kind by its number."""
        if number <= len(_KINDS):
            self.dismiss(_KINDS[number - 1])

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(_KINDS[event.option_index])

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(None)


_EXAMPLES = {
    GuestKind.TARBALL: "~/Downloads/alpine.tar.gz",
    GuestKind.DISK: "~/Downloads/debian.qcow2",
    GuestKind.VENDOR: "~/vendor/rootfs.ext4",
    GuestKind.CONTAINER: "~/Downloads/web.tar",
    GuestKind.IMPORT: "~/xen/guest.cfg",
    GuestKind.CONFIG: "~/xen/guest.cfg",
}


async def add_guest(step: Step, session: Session) -> None:
    """Ask for the kind of the new guest, read its files, and post :class:`AddGuest`."""
    kind = await wizard(step).ask(ChooseKind())
    if kind is None:
        return
    if kind.kind is GuestKind.RECIPE:
        name = await _ask_recipe(step, session)
        if name:
            step.post_message(AddGuest(kind.kind, name=name))
        return
    if kind.kind is GuestKind.PRESET:
        await _add_preset(step, session)
        return
    deployed = kind.kind is GuestKind.VENDOR
    path = await wizard(step).ask(
        FileBrowser(
            f"{kind.file}: which file?",
            kind.help,
            names=deployed,
            example=_EXAMPLES.get(kind.kind, ""),
        )
    )
    if path is None:
        return
    if kind.kind in (GuestKind.IMPORT, GuestKind.CONFIG):
        step.post_message(AddGuest(kind.kind, str(path)))
        return
    file = await _read(step, path)
    if file is None:
        return
    kernel: Inspected | str = ""
    if deployed:
        path = await wizard(step).ask(
            FileBrowser(
                "Kernel: which file?",
                names=isinstance(file, str),
                folder=path.parent,
                example="~/vendor/Image",
            )
        )
        found = await _read(step, path) if path is not None else None
        if found is None:
            return
        kernel = found
    step.post_message(AddGuest(kind.kind, file, kernel=kernel, note=_note(step, file, kernel)))


async def _add_preset(step: Step, session: Session) -> None:
    """Ask which of the ready-made guests that fit the board to add."""
    fitting = {one.title: one for one in guest_presets() if one.fits(session.project)}
    offers = [(title, preset.description) for title, preset in fitting.items()]
    title = await wizard(step).ask(Pick("Which ready-made guest?", offers))
    if title in fitting:
        note = lit(f"{fitting[title].description}\nTried: {fitting[title].tried}", "muted")
        step.post_message(AddGuest(GuestKind.PRESET, fitting[title].name, note=note))


async def _ask_recipe(step: Step, session: Session) -> str:
    """Return the name of the recipe that builds the guest, or an empty text."""
    offers = session.target.offers(NEW_NAME)
    if offers:
        offers = sorted(offers, key=lambda offer: offer[0] != guests.REFERENCE)
        screen: Modal[str | None] = Pick("Which image recipe is the guest?", offers, free=True)
    else:
        taken = guests.keys(session.project)
        known = guests.REFERENCE if guests.REFERENCE not in taken else ""
        screen = Ask("Which image recipe builds the guest?", known, guests.REFERENCE)
    return await wizard(step).ask(screen) or ""


async def _read(step: Step, path: Path) -> Inspected | str | None:
    """Inspect a file; return the name itself if the file is not on this machine."""
    if not exists(path):
        return path.name
    from xentui.images.inspect import inspect

    reading = Reading(path, lambda progress: inspect(path, progress))
    seen = await wizard(step).ask(reading)
    if seen is None and reading.problem:
        await refuse(step, "No guest can be made from this file.", reading.problem)
    return seen


def _note(step: Step, *found: Inspected | str) -> Content | None:
    """Describe the files of a new guest, with the problems found in them."""
    lines = []
    for one in found:
        if isinstance(one, str):
            continue
        init = ", without an init" if one.init is False else ""
        text = f"{one.path.name}: {one.label}, {size_text(one.size)}{init}"
        lines.append(lit(text, "muted"))
        sign = glyphs(step).warning
        lines += [lit(f"{sign} {problem}", "warning") for problem in one.problems[:2]]
    return Content("\n").join(lines) if lines else None
