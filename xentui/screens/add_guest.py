# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Ask what a new guest is made from, a recipe or a file for example, and read its files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from xentui.project.filesystem import exists
from xentui.project.guest_presets import guest_presets
from xentui.screens.dialogs import AskText, Modal, Pick, answer_buttons, show_refusal
from xentui.screens.files import FileBrowser, Reading, size_text
from xentui.screens.step import AddGuest, Step
from xentui.session import Session, field_paths, guests
from xentui.session.new_guest import KINDS, READY_MADE, GuestKind, KindText
from xentui.widgets.text import Text, glyphs, lit, wizard

if TYPE_CHECKING:
    from xentui.images.inspected import Inspected

_KINDS = (*KINDS, READY_MADE)
NEW_NAME = ("guests", "", field_paths.KEY)
"""The path whose suggestions from the build directory are names for a new guest."""


class ChooseKind(Modal[KindText | None]):
    """A dialog with the list of kinds of guests. A digit chooses one immediately."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"choose({number})", show=False) for number in range(1, 10)),
    ]

    def __init__(self) -> None:
        super().__init__("What is the guest?")

    def compose(self) -> ComposeResult:
        """Create the list, with the description of the highlighted kind below it."""
        options = [
            Option(lit(f"{number}  {kind.title}"), id=kind.kind.value)
            for number, kind in enumerate(_KINDS, 1)
        ]
        with Vertical(classes="box"):
            yield self.title_line()
            yield OptionList(*options, markup=False, id="kinds")
            yield Text(id="kind-help")
            text = "A digit or Enter chooses, Esc goes back"
            yield Static(lit(text, "muted"), markup=False)
            yield answer_buttons(use=False)

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


_EXAMPLES = {
    GuestKind.TARBALL: "~/Downloads/alpine.tar.gz",
    GuestKind.DISK: "~/Downloads/debian.qcow2",
    GuestKind.VENDOR: "~/vendor/rootfs.ext4",
    GuestKind.CONTAINER: "~/Downloads/web.tar",
    GuestKind.IMPORT: "~/xen/guest.cfg",
    GuestKind.CONFIG: "~/xen/guest.cfg",
}
"""The path that is shown as an example while nothing is typed."""


async def add_guest(step: Step, session: Session) -> None:
    """Ask for the kind of the new guest, read its files, and post :class:`AddGuest`."""
    answer = await wizard(step).ask(ChooseKind())
    if answer is None:
        return
    kind = answer.kind
    if kind is GuestKind.RECIPE:
        name = await _ask_recipe(step, session)
        if name:
            step.post_message(AddGuest(kind, name=name))
        return
    if kind is GuestKind.PRESET:
        await _add_preset(step, session)
        return
    has_kernel = kind is GuestKind.VENDOR
    title, example = f"{answer.file}: which file?", _EXAMPLES.get(kind, "")
    path = await wizard(step).ask(
        FileBrowser(title, answer.help, allow_missing=has_kernel, example=example)
    )
    if path is None:
        return
    if kind in (GuestKind.IMPORT, GuestKind.CONFIG):
        step.post_message(AddGuest(kind, str(path)))
        return
    file = await _read(step, path)
    if file is None:
        return
    kernel: Inspected | str = ""
    if has_kernel:
        browser = FileBrowser(
            "Kernel: which file?",
            allow_missing=isinstance(file, str),
            folder=path.parent,
            example="~/vendor/Image",
        )
        path = await wizard(step).ask(browser)
        kernel_file = await _read(step, path) if path is not None else None
        if kernel_file is None:
            return
        kernel = kernel_file
    step.post_message(AddGuest(kind, file, kernel=kernel, note=_note(step, file, kernel)))


async def _add_preset(step: Step, session: Session) -> None:
    """Ask which of the ready-made guests that fit the board to add."""
    by_title = {preset.title: preset for preset in guest_presets() if preset.fits(session.project)}
    offers = [(title, preset.description) for title, preset in by_title.items()]
    title = await wizard(step).ask(Pick("Which ready-made guest?", offers))
    if title is not None:
        preset = by_title[title]
        note = lit(f"{preset.description}\nTried: {preset.tried}", "muted")
        step.post_message(AddGuest(GuestKind.PRESET, preset.name, note=note))


async def _ask_recipe(step: Step, session: Session) -> str:
    """Ask for the recipe that builds the guest; return an empty text if the user goes back."""
    offers = session.target.offers(NEW_NAME)
    if offers:
        offers = sorted(offers, key=lambda offer: offer[0] != guests.REFERENCE)
        dialog: Modal[str | None] = Pick("Which image recipe is the guest?", offers, free=True)
    else:
        exists_already = guests.has_guest(session.project, guests.REFERENCE)
        text = "" if exists_already else guests.REFERENCE
        dialog = AskText("Which image recipe builds the guest?", text, guests.REFERENCE)
    return await wizard(step).ask(dialog) or ""


async def _read(step: Step, path: Path) -> Inspected | str | None:
    """Inspect a file; return its name if it is not on this machine, ``None`` if it is unusable."""
    if not exists(path):
        return path.name
    from xentui.images.inspect import inspect

    reading = Reading(path, partial(inspect, path))
    inspected = await wizard(step).ask(reading)
    if inspected is None and reading.problem:
        await show_refusal(step, "No guest can be made from this file.", reading.problem)
    return inspected


def _note(step: Step, *files: Inspected | str) -> Content | None:
    """Describe the inspected files of a new guest, with the problems found in them."""
    lines = []
    for file in files:
        if isinstance(file, str):
            continue
        init = ", without an init" if file.init is False else ""
        text = f"{file.path.name}: {file.label}, {size_text(file.size)}{init}"
        lines.append(lit(text, "muted"))
        sign = glyphs(step).warning
        lines += [lit(f"{sign} {problem}", "warning") for problem in file.problems[:2]]
    return Content("\n").join(lines) if lines else None
