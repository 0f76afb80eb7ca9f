# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The rehearsal dialog, which boots the guests on Xen in QEMU and offers fixes.

If Xen, QEMU or a kernel is missing, the dialog offers to download them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button
from textual.worker import get_current_worker

from xentui.errors import XentuiError
from xentui.project.artifacts import start_order
from xentui.screens.dialogs import Modal
from xentui.session import Session, rehearsing, texts
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Text, cut, glyphs, lit

if TYPE_CHECKING:
    from xentui.rehearsal.fetch import Download
    from xentui.rehearsal.parts import MissingPartsError
    from xentui.rehearsal.report import GuestReport, RehearsalReport
    from xentui.rehearsal.transcript import Event
    from xentui.rules.finding import QuickFix


Action = Callable[[], "Awaitable[None] | None"]
"""The function that a button calls."""


class Rehearse(Modal[None]):
    """Rehearses the project, and again when the user asks for it; Esc stops it and leaves.

    Args:
        session: the session whose project is rehearsed and fixed.
        on_report: called with the report of each rehearsal, or ``None`` if one failed.
        on_edit: called after each edit of the session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop and leave", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
    ]

    @dataclass
    class MachineEvent(Message):
        """The rehearsed machine reported an event, such as the start of a guest."""

        event: Event

    @dataclass
    class Fetching(Message):
        """The download reported its progress in a line."""

        text: str

    @dataclass
    class PartsMissing(Message):
        """Xen, QEMU or a kernel was not found."""

        missing: MissingPartsError

    class Fetched(Message):
        """The download is complete."""

    @dataclass
    class DownloadSized(Message):
        """The packages to download and their size are known."""

        download: Download

    @dataclass
    class Finished(Message):
        """The rehearsal ended, with a report, or could not run, with a problem."""

        report: RehearsalReport | None
        problem: str = ""

    def __init__(
        self,
        session: Session,
        on_report: Callable[[RehearsalReport | None], None],
        on_edit: Callable[[], None],
    ) -> None:
        super().__init__("Rehearsal: the guests on a real Xen in QEMU, with stand-in images")
        self.session = session
        self._on_report = on_report
        self._on_edit = on_edit
        self._guests: dict[str, tuple[str, str]] = {}
        self._reports: dict[str, GuestReport] = {}
        self._actions: dict[Button, Action] = {}

    def compose(self) -> ComposeResult:
        """Create the lines, the table and the buttons."""
        with Vertical(classes="box"):
            yield self.title_line()
            yield Text(id="rehearse-now")
            yield Table(Column("", 1), Column("Guest", 26), Column("Result"))
            yield Text(id="rehearse-progress")
            yield Horizontal(classes="answers", id="rehearse-fixes")
            yield Horizontal(classes="answers", id="rehearse-answers")

    async def on_mount(self) -> None:
        """Begin the first rehearsal."""
        await self._rehearse()

    # Background work

    async def _rehearse(self) -> None:
        """Rehearse the project as it is now."""
        project, assets = self.session.project, self.session.view.assets
        order = start_order(project)
        keys = [*order, *(g.key for g in project.guests if g.key not in order)]
        self._guests = dict.fromkeys(keys, ("", "waiting"))
        self._reports = {}
        self._show_guests()
        self.remove_class("-parts-missing")
        self._show_headline(("Looking for Xen, QEMU and a kernel", ""))
        self._show_details()
        await self._show_buttons(("Stop", self.action_leave))

        def work(stop: Callable[[], bool]) -> Message:
            parts = rehearsing.find_parts(project, assets)
            report = rehearsing.rehearse(
                project,
                assets,
                parts,
                progress=lambda event: self._post(self.MachineEvent(event)),
                stop=stop,
            )
            return self.Finished(report)

        self._run(work)

    def _run(self, work: Callable[[Callable[[], bool]], Message]) -> None:
        """Run ``work`` in a thread, and post the message that it returns, or one about its failure.

        Args:
            work: called with a function that returns whether the user has stopped the work.
        """

        def run() -> None:
            from xentui.rehearsal.parts import MissingPartsError

            worker = get_current_worker()
            message: Message
            try:
                message = work(lambda: worker.is_cancelled)
            except MissingPartsError as missing:
                message = self.PartsMissing(missing)
            except XentuiError as error:
                message = self.Finished(None, error.text)
            except Exception as error:  # noqa: BLE001 - the dialog must not wait for ever
                message = self.Finished(
                    None, f"The rehearsal failed: {str(error) or type(error).__name__}"
                )
            self._post(message)

        self.run_worker(run, thread=True, group="rehearse", exclusive=True, exit_on_error=False)

    def _post(self, message: Message) -> None:
        # The loop has ended if the app exited meanwhile.
        with suppress(RuntimeError):
            self.post_message(message)

    # Display

    def _show_headline(self, *lines: tuple[str, str]) -> None:
        text = Content("\n").join([lit(line, style) for line, style in lines])
        self.query_one("#rehearse-now", Text).show(text)

    def _show_details(self, *lines: tuple[str, str]) -> None:
        text = Content("\n").join([lit(line, style) for line, style in lines[:6]])
        self.query_one("#rehearse-progress", Text).show(text)

    def _show_guests(self) -> None:
        signs = glyphs(self)
        rows = []
        for key, (style, text) in self._guests.items():
            sign = signs.severity(style) if style else signs.todo
            rows.append(Row(key, ((sign, style or "muted"), key, (text, style or "muted"))))
        table = self.query_one(Table)
        table.styles.height = min(len(rows) + 1, 14 if self.app.size.height >= 30 else 7)
        table.set_rows(rows)
        self.set_class(bool(rows), "-guests")

    async def _show_buttons(
        self, *answers: tuple[str, Action], quick_fixes: Sequence[tuple[str, Action]] = ()
    ) -> None:
        """Replace the buttons by others with these labels and actions, and focus the first."""
        self.set_class(bool(quick_fixes), "-fixes")
        self.query_one("#rehearse-answers").styles.margin = (0 if quick_fixes else 1, 0, 0, 0)
        self._actions = {}
        for selector, labelled in (
            ("#rehearse-fixes", quick_fixes),
            ("#rehearse-answers", answers),
        ):
            await self.query_one(selector).remove_children()
            buttons = []
            for label, action in labelled:
                button = Button(lit(cut(label, 32, glyphs(self).more)), compact=True)
                self._actions[button] = action
                buttons.append(button)
            await self.query_one(selector).mount(*buttons)
        # There are no buttons if the user has left the screen in the meantime.
        for button in list(self.query(Button))[:1]:
            button.focus()

    def on_rehearse_machine_event(self, message: MachineEvent) -> None:
        """Show the progress of the rehearsal."""
        event = message.event
        number = f"guest {event.number} of {event.of}: " if event.number else ""
        text = event.text[:1].upper() + event.text[1:] if not number else event.text
        self._show_headline((f"{number}{text}", ""))
        if event.guest in self._guests:
            style = "" if event.ok is None else "ok" if event.ok else "error"
            self._guests[event.guest] = (style, event.text.removeprefix(f"{event.guest} "))
            self._show_guests()
            self.query_one(Table).select(event.guest)

    async def on_rehearse_finished(self, message: Finished) -> None:
        """Show the outcome, and buttons with fixes."""
        report = message.report
        self._on_report(report)
        if report is None:
            self._show_headline((f"{glyphs(self).error} {message.problem}", "error"))
            self._guests = {}
            self._show_guests()
            await self._show_buttons(("Back", self.action_leave))
            return
        self._reports = {guest.key: guest for guest in report.guests}
        for guest in report.guests:
            text, style = rehearsing.outcome(guest)
            self._guests[guest.key] = (style, text)
        self._show_guests()
        text, style = rehearsing.verdict(report)
        sign = glyphs(self).severity(style)
        notes = [(note, "muted") for note in report.notes[:2]]
        self._show_headline((f"{sign} {text}", style), *notes)
        findings = list(self.session.view.findings)
        fixes = rehearsing.quick_fixes(self.session.project, report, findings)
        failed = next((g.key for g in report.guests if not g.started), "")
        self.query_one(Table).select(failed)
        self._show_guest_details()
        quick_fixes = [(one.label, partial(self._apply, one)) for one in fixes[:2]]
        await self._show_buttons(
            ("Again", self._rehearse), ("Back", self.action_leave), quick_fixes=quick_fixes
        )
        for button in [] if quick_fixes else list(self.query(Button))[-1:]:
            button.focus()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        if self._reports:
            self._show_guest_details()

    def _show_guest_details(self) -> None:
        guest = self._reports.get(self.query_one(Table).key)
        self._show_details(*(rehearsing.details(guest) if guest is not None else ()))

    # Missing parts

    async def on_rehearse_parts_missing(self, message: PartsMissing) -> None:
        """Show the missing parts, and how to get them."""
        from xentui.rehearsal import fetch

        self.add_class("-parts-missing")
        self._guests = {}
        self._show_guests()
        text = f"{glyphs(self).warning} Not found: {message.missing.what}"
        self._show_headline((text, "warning"))
        packages = message.missing.packages
        if fetch.can_fetch():
            self._show_details(
                (_size_note(message.missing), ""),
                (f"It can all be unpacked into {fetch.cache_folder()} without root.", ""),
                (f"It is in these packages of this distribution: {packages}", "muted"),
            )
            await self._show_buttons(
                ("See what would be fetched", partial(self._ask_size, message.missing)),
                ("Back", self.action_leave),
            )
            return
        self._show_details((texts.UNPACK, ""), (packages, "strong"), (texts.UNPACKED, "muted"))
        await self._show_buttons(("Back", self.action_leave))

    def _ask_size(self, missing: MissingPartsError) -> None:
        from xentui.rehearsal import fetch

        self._show_headline(("Asking apt which packages are needed; nothing is fetched yet", ""))
        self._run(lambda _: self.DownloadSized(fetch.plan_download(missing.missing)))

    async def on_rehearse_download_sized(self, message: DownloadSized) -> None:
        """Ask before fetching anything."""
        from xentui.rehearsal import fetch

        download = message.download
        self._show_headline((f"Fetch {download.amount}?", "strong"))
        self._show_details(
            (" ".join(download.packages), "muted"), (texts.unpacked_into(fetch.cache_folder()), "")
        )
        await self._show_buttons(
            ("Back", self.action_leave), ("Fetch them", partial(self._fetch, download))
        )

    async def _fetch(self, download: Download) -> None:
        from xentui.rehearsal import fetch

        await self._show_buttons(("Leave", self.action_leave))

        def work(stop: Callable[[], bool]) -> Message:
            fetch.fetch_packages(
                download,
                fetch.cache_folder(),
                say=lambda text: self._post(self.Fetching(text)),
                stop=stop,
            )
            return self.Fetched()

        self._run(work)

    def on_rehearse_fetching(self, message: Fetching) -> None:
        """Show the progress of the download."""
        self._show_headline((message.text, ""))

    async def on_rehearse_fetched(self) -> None:
        """Rehearse with the downloaded parts."""
        await self._rehearse()

    # Answers

    @on(Button.Pressed)
    async def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        # A second press arrives after the first has replaced the buttons.
        action = self._actions.get(event.button)
        result = action() if action is not None else None
        if result is not None:
            await result

    async def _apply(self, quick_fix: QuickFix) -> None:
        self.session.edit(quick_fix.apply(self.session.project), quick_fix.label)
        self._on_edit()
        await self._rehearse()

    def action_leave(self) -> None:
        """Stop the rehearsal and leave."""
        self.workers.cancel_group(self, "rehearse")
        self.dismiss(None)


def _size_note(missing: MissingPartsError) -> str:
    """Return a sentence about finding out the size of the download."""
    if missing.foreign_archs:
        return f"Finding out their size needs apt's lists for {missing.foreign_archs}, about 20 MB."
    return "Nothing is fetched before you agree to its size."
