# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The dialog of a rehearsal: its progress, each guest's outcome, and suggested fixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from xentui.errors import XentuiError, sentences
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


class Rehearse(Modal[None]):
    """Runs rehearsals, one after the other; Esc stops and leaves.

    Args:
        session: the project is the present one of it.
        done: called with each report, or ``None`` where there is none.
        changed: called after each edit of the session.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop and leave", show=False),
        Binding("right", "app.focus_next", show=False),
        Binding("left", "app.focus_previous", show=False),
    ]

    class Happened(Message):
        """The rehearsal reported progress."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    class Progress(Message):
        """A line about the progress."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Lacking(Message):
        """Parts are missing."""

        def __init__(self, missing: MissingPartsError) -> None:
            super().__init__()
            self.missing = missing

    class Sized(Message):
        """The size of the download is known."""

        def __init__(self, download: Download) -> None:
            super().__init__()
            self.download = download

    class Over(Message):
        """The rehearsal ended, or could not start."""

        def __init__(self, report: RehearsalReport | None, problem: str = "") -> None:
            super().__init__()
            self.report = report
            self.problem = problem

    def __init__(
        self,
        session: Session,
        done: Callable[[RehearsalReport | None], None],
        changed: Callable[[], None],
    ) -> None:
        super().__init__(classes="dialog")
        self.session = session
        self._done = done
        self._changed = changed
        self._guests: dict[str, tuple[str, str]] = {}
        self._reports: dict[str, GuestReport] = {}
        self._fixes: Sequence[QuickFix] = ()
        self._missing: MissingPartsError | None = None
        self._download: Download | None = None
        self.running = False

    def compose(self) -> ComposeResult:
        """Make the lines, the table and the answers."""
        with Vertical(classes="box"):
            title = "Rehearsal: the guests on a real Xen in QEMU, with stand-in images"
            yield Static(lit(title, "strong"), markup=False, classes="dialog-title")
            yield Text(id="rehearse-now")
            yield Table(Column("", 1), Column("Guest", 26), Column("What came of it"))
            yield Text(id="rehearse-progress")
            yield Horizontal(classes="answers", id="rehearse-fixes")
            yield Horizontal(classes="answers", id="rehearse-answers")

    async def on_mount(self) -> None:
        """Begin."""
        await self._begin()

    # In a thread

    async def _begin(self) -> None:
        project, assets = self.session.project, self.session.view.assets

        order = start_order(project)
        keys = [*order, *(g.key for g in project.guests if g.key not in order)]
        self._guests = dict.fromkeys(keys, ("", "waits"))
        self._reports, self._fixes = {}, ()
        self._show_guests()
        self.remove_class("-lacking")
        self._now([("Looking for Xen, QEMU and a kernel", "")])
        self._tell([])
        await self._ask(("leave", "Stop"))

        def work() -> None:
            from xentui.rehearsal.parts import MissingPartsError

            stopped = get_current_worker()
            try:
                parts = rehearsing.find_parts(project, assets)
                report = rehearsing.rehearse(
                    project,
                    assets,
                    parts,
                    progress=lambda event: self._post(self.Happened(event)),
                    stop=lambda: stopped.is_cancelled,
                )
            except MissingPartsError as missing:
                self._post(self.Lacking(missing))
            except XentuiError as error:
                self._post(self.Over(None, sentences(error.message, error.fix)))
            else:
                self._post(self.Over(report))

        self._work(work)

    def _work(self, work: Callable[[], None]) -> None:
        self.running = True
        self.run_worker(work, thread=True, group="rehearse", exclusive=True, exit_on_error=False)

    def _post(self, message: Message) -> None:
        # The event loop may have ended meanwhile.
        with suppress(RuntimeError):
            self.post_message(message)

    # Display

    def _now(self, lines: Sequence[tuple[str, str]]) -> None:
        text = Content("\n").join([lit(line, style) for line, style in lines])
        self.query_one("#rehearse-now", Text).show(text)

    def _tell(self, lines: Sequence[tuple[str, str]]) -> None:
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

    async def _ask(self, *answers: tuple[str, str]) -> None:
        quick_fixes = [answer for answer in answers if answer[0].startswith("fix")]
        self.set_class(bool(quick_fixes), "-fixes")
        self.query_one("#rehearse-answers").styles.margin = (0 if quick_fixes else 1, 0, 0, 0)
        others = [answer for answer in answers if answer not in quick_fixes]
        for place, shown in (("#rehearse-fixes", quick_fixes), ("#rehearse-answers", others)):
            await self.query_one(place).remove_children()
            await self.query_one(place).mount(
                *(
                    Button(lit(cut(label, 32, glyphs(self).more)), name=name, compact=True)
                    for name, label in shown
                )
            )
        # The screen may have been left meanwhile.
        for button in list(self.query(Button))[:1]:
            button.focus()

    def on_rehearse_happened(self, message: Happened) -> None:
        """Show the progress."""
        event = message.event
        number = f"guest {event.number} of {event.of}: " if event.number else ""
        text = event.text[:1].upper() + event.text[1:] if not number else event.text
        self._now([(f"{number}{text}", "")])
        if event.guest in self._guests:
            style = "" if event.ok is None else "ok" if event.ok else "error"
            self._guests[event.guest] = (style, event.text.removeprefix(f"{event.guest} "))
            self._show_guests()
            self.query_one(Table).select(event.guest)

    async def on_rehearse_over(self, message: Over) -> None:
        """Show the outcome and suggested fixes."""
        self.running = False
        report = message.report
        self._done(report)
        if report is None:
            self._now([(f"{glyphs(self).error} {message.problem}", "error")])
            self._guests = {}
            self._show_guests()
            await self._ask(("leave", "Back"))
            return
        self._reports = {guest.key: guest for guest in report.guests}
        for guest in report.guests:
            text, style = rehearsing.outcome(guest)
            self._guests[guest.key] = (style, text)
        self._show_guests()
        text, style = rehearsing.verdict(report)
        sign = glyphs(self).severity(style)
        self._now([(f"{sign} {text}", style), *((note, "muted") for note in report.notes[:2])])
        findings = list(self.session.view.findings)
        self._fixes = rehearsing.quick_fixes(self.session.project, report, findings)
        failed = next((g.key for g in report.guests if not g.started), "")
        self.query_one(Table).select(failed)
        self._show_details()
        quick_fixes = [
            (f"fix{place}", quick_fix.label) for place, quick_fix in enumerate(self._fixes[:2])
        ]
        await self._ask(*quick_fixes, ("again", "Again"), ("leave", "Back"))
        if not quick_fixes:
            self.query(Button).last().focus()

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        if not self.running:
            self._show_details()

    def _show_details(self) -> None:
        guest = self._reports.get(self.query_one(Table).key)
        self._tell(rehearsing.details(guest) if guest is not None else [])

    # Missing parts

    async def on_rehearse_lacking(self, message: Lacking) -> None:
        """Show the missing parts, and how to get them."""
        from xentui.rehearsal import fetch

        self.running = False
        self.add_class("-lacking")
        self._missing = message.missing
        self._guests = {}
        self._show_guests()
        self._now([(f"{glyphs(self).warning} Not found: {message.missing.what}", "warning")])
        packages = message.missing.packages
        if fetch.possible():
            self._tell(
                [
                    (_lists(message.missing), ""),
                    (f"Without root all of it can be unpacked into {fetch.cache()}.", ""),
                    (f"It is in these packages of this system's archive: {packages}", "muted"),
                ]
            )
            await self._ask(("size", "See what would be fetched"), ("leave", "Back"))
            return
        self._tell(
            [
                (texts.UNPACK, ""),
                (packages, "strong"),
                (texts.UNPACKED, "muted"),
            ]
        )
        await self._ask(("leave", "Back"))

    def _ask_size(self, missing: MissingPartsError) -> None:
        from xentui.rehearsal import fetch

        self._now([("Asking apt what belongs to it; no package is fetched yet", "")])

        def work() -> None:
            try:
                self._post(self.Sized(fetch.download(missing.missing)))
            except XentuiError as error:
                self._post(self.Over(None, sentences(error.message, error.fix)))

        self._work(work)

    async def on_rehearse_sized(self, message: Sized) -> None:
        """Ask before fetching anything."""
        from xentui.rehearsal import fetch

        self.running = False
        download = self._download = message.download
        self._now([(f"Fetch {download.amount}?", "strong")])
        self._tell(
            [
                (" ".join(download.packages), "muted"),
                (texts.unpacked_into(fetch.cache()), ""),
            ]
        )
        await self._ask(("leave", "Back"), ("fetch", "Fetch them"))

    async def _fetch(self, download: Download) -> None:
        from xentui.rehearsal import fetch

        await self._ask(("leave", "Leave"))

        def work() -> None:
            stopped = get_current_worker()
            try:
                fetch.fetch(
                    download,
                    fetch.cache(),
                    say=lambda text: self._post(self.Progress(text)),
                    stop=lambda: stopped.is_cancelled,
                )
            except XentuiError as error:
                self._post(self.Over(None, sentences(error.message, error.fix)))
            else:
                self._post(self.Progress(""))

        self._work(work)

    async def on_rehearse_progress(self, message: Progress) -> None:
        """Show the progress; an empty text means that everything has been fetched."""
        if message.text:
            self._now([(message.text, "")])
        else:
            self.running = False
            await self._begin()

    # Answers

    @on(Button.Pressed)
    async def _answered(self, event: Button.Pressed) -> None:
        event.stop()
        name = event.button.name or ""
        if name == "leave":
            self.action_leave()
        elif name == "again":
            await self._begin()
        elif name == "size" and self._missing is not None:
            self._ask_size(self._missing)
        elif name == "fetch" and self._download is not None:
            await self._fetch(self._download)
        elif name.startswith("fix"):
            quick_fix = self._fixes[int(name.removeprefix("fix"))]
            self.session.edit(quick_fix.apply(self.session.project), quick_fix.label)
            self._changed()
            await self._begin()

    def action_leave(self) -> None:
        """Stop the rehearsal and leave."""
        self.workers.cancel_group(self, "rehearse")
        self.dismiss(None)


def _lists(missing: MissingPartsError) -> str:
    """Return the text before the question whether to fetch."""
    if missing.others:
        return f"To know their size, apt's lists for {missing.others} are fetched, some 20 MB."
    return "Nothing is fetched before you agree to its size."
