# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 5 of the wizard: who uses the board's memory, and keys that change how much."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from xentui.project.image_space import FREE_BY_DEFAULT, image_sizes
from xentui.screens.guests import guest_facts
from xentui.screens.step import CursorMoved, ShowStep, StartRehearsal, Step, edit
from xentui.screens.step_screen import StepScreen
from xentui.session import field_paths, forms, texts
from xentui.session.findings import about_memory
from xentui.session.rehearsing import outcome
from xentui.widgets.bars import MemoryMap, memory_summary, row_pattern
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import HangingText, Text, glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.budget import Row as Share
    from xentui.rules.finding import Finding
    from xentui.session import Session

OUTCOME_WIDTH = 72
"""Width from which on the whole outcome of a rehearsal fits after a guest's name."""
NOTE_WIDTH = 90
"""Width from which on the table has a column for notes."""
MAX_PERCENT = 999
"""Highest percentage that is shown as a number."""
MAX_IMAGES = 12
"""Maximum number of images that are listed."""


class MemoryTable(Table):
    """The table of components that use memory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "activate", texts.GO_TO_IT, id="list.choose"),
    ]


class Memory(Step):
    """The bar, the table of components, and the problems with memory."""

    NAME: ClassVar[str] = "memory"
    HINT: ClassVar[str] = (
        "Left and right give 64 MiB less or more, with shift 256 MiB. Enter goes to the field."
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,plus,equals_sign",
            f"change_memory({forms.SMALL})",
            "More",
            key_display="+",
            id="memory.more",
        ),
        Binding(
            "left,minus",
            f"change_memory(-{forms.SMALL})",
            "Less",
            key_display="-",
            id="memory.less",
        ),
        Binding("x", "rehearse", "Rehearse", id="memory.rehearse"),
        Binding(
            "shift+right,L",
            f"change_memory({forms.LARGE})",
            "Much more",
            show=False,
            id="memory.much-more",
        ),
        Binding(
            "shift+left,H",
            f"change_memory(-{forms.LARGE})",
            "Much less",
            show=False,
            id="memory.much-less",
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._notes: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Create the bar, the table and the details."""
        yield Text(id="memory-sum")
        yield MemoryMap(id="memory-map")
        yield MemoryTable(
            Column("", 1),
            Column("Component"),
            Column("MiB", 10, right=True),
            Column("Share", 7, right=True),
            Column("Of which", 30, above=NOTE_WIDTH),
            id="memory-table",
        )
        with VerticalScroll(id="memory-details", can_focus=False):
            yield HangingText(id="memory-found")

    def on_resize(self) -> None:
        """Show the values for the new size."""
        self.sync()

    def first_widget(self) -> Widget | None:
        """The table."""
        return self.query_one(Table)

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    def sync(self) -> None:
        """Show the current values."""
        budget, signs = self.session.view.budget, glyphs(self)
        self.query_one(MemoryMap).show(budget)
        free = "" if budget.free is None else f"   free {budget.free} MiB"
        self.query_one("#memory-sum", Text).show(
            memory_summary(budget, signs).append(
                lit(free if (budget.free or 0) >= 0 else "", "muted")
            )
        )
        outcomes = self._outcomes()
        self._notes = {f"{row.kind}:{row.name}": row.note for row in budget.rows if row.note}
        rows, number = [], 0
        for share in budget.rows:
            sign, _ = row_pattern(share, number, signs) if share.kind != "total" else (" ", "")
            if share.kind == "guest":
                number += 1
            rows.append(self._row(share, budget.total, sign, outcomes))
        self.table.styles.max_height = len(rows) + 1
        self.table.set_rows(rows)
        self._show_details()

    def _row(
        self, share: Share, total: int | None, sign: str, outcomes: dict[str, tuple[str, str]]
    ) -> Row:
        """Return the table's row of a component.

        Args:
            share: the component with its memory.
            total: the board's memory in MiB, if it is known.
            sign: the component's pattern in the bar.
            outcomes: the outcome of the rehearsal and its style, by guest.
        """
        percent = _percent(share.mib, total)
        label = share.label if share.autostart else f"{share.label} (not at boot)"
        style = "error" if share.kind == "free" and share.mib < 0 else ""
        if share.kind in ("xen", "free"):
            style = style or "muted"
        mib = f"{'about ' if share.estimate else ''}{share.mib}"
        if share.kind == "dom0" and not share.mib:
            mib = "unknown"
        sign_styles = {"guest": "ok", "reserve": "accent", "dom0": "accent"}
        note = (share.note, "muted")
        if share.kind == "guest" and share.name in outcomes:
            text, outcome_style = outcomes[share.name]
            text = f"{glyphs(self).severity(outcome_style)} {text}"
            note = (text, outcome_style)
            if self.table.size.width < NOTE_WIDTH:
                mark, word = text.replace(",", "").split()[:2]
                outcome_text = text if self.table.size.width >= OUTCOME_WIDTH else f"{mark} {word}"
                label, style = f"{share.label}  {outcome_text}", outcome_style
        return Row(
            f"{share.kind}:{share.name}",
            (
                (sign, sign_styles.get(share.kind, "muted")),
                (label, style),
                (mib, style),
                (percent, "muted"),
                note,
            ),
        )

    def _show_details(self) -> None:
        """Show the problems with memory, and details of the highlighted row."""
        signs = glyphs(self)
        findings = about_memory(self.session.view.findings)
        lines = [
            lit(f"{signs.severity(f.severity.value)} {f.message}", f.severity.value)
            for f in findings
        ]
        if not findings:
            lines = [lit(f"{signs.ok} Everything that starts at boot fits.", "ok")]
        tall = self.screen.has_class("-tall")
        if tall and (key := self.current_guest()):
            guest = self.session.project.guest(key)
            lines += [lit(""), *guest_facts(self.session.view, guest.key, "", signs)]
        elif note := self._notes.get(self.table.key, ""):
            lines += [lit(""), lit(f"{note[:1].upper()}{note[1:]}.", "muted")]
        if tall and not self.current_guest():
            lines += self._disk_lines()
        self.query_one("#memory-found", HangingText).show(lines)

    def _disk_lines(self) -> list[Content]:
        """Return the lines about the guests' images in Dom0's root file system."""
        view = self.session.view
        sizes = image_sizes(view.project, view.assets)
        if not sizes.images:
            return []
        style = "" if sizes.fits else "warning"
        total = f"{_mib(sizes.kib)} of {_mib(FREE_BY_DEFAULT)} MiB that the recipe keeps free"
        more = "" if sizes.fits else "; IMAGE_ROOTFS_EXTRA_SPACE makes room for them"
        lines = [
            lit(""),
            lit("Disk: images in Dom0's root file system", "strong"),
            lit(f"{'about ' if sizes.estimate else ''}{total}{more}", style),
        ]
        width = max((len(image.guest) for image in sizes.images[:MAX_IMAGES]), default=0)
        for image in sizes.images[:MAX_IMAGES]:
            mib = f"{'about ' if image.estimate else ''}{_mib(image.kib)}"
            line = lit(f"  {image.guest:<{width}}  {mib:>9} MiB  ")
            lines.append(line.append(lit(image.note.removeprefix("an estimate: "), "muted")))
        if len(sizes.images) > MAX_IMAGES:
            lines.append(lit(f"  and {len(sizes.images) - MAX_IMAGES} more", "muted"))
        return lines

    def current_finding(self) -> Finding | None:
        """Return the highlighted row's problem with memory, or else the first of all."""
        findings = about_memory(self.session.view.findings)
        findings.sort(key=lambda finding: finding.path != self.current_path())
        return findings[0] if findings else None

    def _path(self) -> field_paths.Path | None:
        """Return the path of the field that sets the highlighted row, if it still exists."""
        kind, _, name = self.table.key.partition(":")
        path = forms.budget_path(kind, name)
        return path if path is None or field_paths.exists(self.session.project, path) else None

    def current_path(self) -> str:
        """Return the path of the field that sets the highlighted row's memory."""
        path = self._path()
        return field_paths.text_of_path(path) if path is not None else ""

    def current_guest(self) -> str:
        """Return the key of the highlighted guest."""
        kind, _, name = self.table.key.partition(":")
        return name if kind == "guest" else ""

    @on(Table.Moved)
    def _moved(self, event: Table.Moved) -> None:
        event.stop()
        self._show_details()
        self.post_message(CursorMoved())

    @on(Table.Activated)
    def _activated(self, event: Table.Activated) -> None:
        event.stop()
        path = self._path()
        if path is not None:
            step = {"host": "machine", "guests": "guests"}.get(str(path[0]), "features")
            self.post_message(ShowStep(step, field_paths.text_of_path(path)))

    def action_rehearse(self) -> None:
        """Boot the guests on a real Xen in QEMU."""
        self.post_message(StartRehearsal())

    def _outcomes(self) -> dict[str, tuple[str, str]]:
        """Return each guest's outcome and its style if the current project was rehearsed."""
        report = self.screen.rehearsal_report if isinstance(self.screen, StepScreen) else None
        guests = report.guests if report is not None else ()
        return {guest.key: outcome(guest) for guest in guests}

    def action_change_memory(self, by: int) -> None:
        """Add MiB to the memory of the highlighted row, or remove some if ``by`` is negative."""
        path = self._path()
        if path is None:
            return
        project = self.session.project
        mib = forms.memory_after(project, path, by)
        owner = f" of {path[1]}" if path[0] == "guests" else ""
        label = f"{field_paths.field_of(path).title}{owner}"
        project = field_paths.with_value(project, path, mib)
        edit(self, self.session, project, label, merge=f"memory {path}")


def _mib(kib: int) -> int:
    """Return KiB as MiB, rounded up."""
    return -(-kib // 1024)


def _percent(mib: int, total: int | None) -> str:
    """Return a percentage as text, or ``>999 %`` for a higher one."""
    if not total:
        return ""
    percent = round(100 * mib / total)
    if abs(percent) > MAX_PERCENT:
        return f"{'<-' if percent < 0 else '>'}{MAX_PERCENT} %"
    return f"{percent} %"
