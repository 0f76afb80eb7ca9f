# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Step 5: where the memory goes, and a key to give or take some."""

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
from xentui.screens.step import CursorMoved, Go, StartRehearsal, Step, edit
from xentui.screens.step_screen import StepScreen
from xentui.session import field_paths, forms, texts
from xentui.session.findings import about_memory
from xentui.session.rehearsing import outcome
from xentui.widgets.bars import MemoryMap, pattern, summary
from xentui.widgets.table import Column, Row, Table
from xentui.widgets.text import Hanging, Text, glyphs, lit

if TYPE_CHECKING:
    from xentui.rules.budget import Row as Share
    from xentui.rules.finding import Finding
    from xentui.session import Session

ROOMY = 72
"""Width from which on the whole outcome of a rehearsal fits after a guest's name."""
MOST = 999
"""Highest percentage that is shown as a number."""
MOST_IMAGES = 12
"""Most images that are listed."""
BESIDE = 90
"""Width from which on each row has room for a note."""


class MemoryTable(Table):
    """The components that use memory."""

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
            f"give({forms.SMALL})",
            "More",
            key_display="+",
            id="memory.more",
        ),
        Binding("left,minus", f"give(-{forms.SMALL})", "Less", key_display="-", id="memory.less"),
        Binding("x", "rehearse", "Rehearse", id="memory.rehearse"),
        Binding(
            "shift+right,L", f"give({forms.LARGE})", "Much more", show=False, id="memory.much-more"
        ),
        Binding(
            "shift+left,H", f"give(-{forms.LARGE})", "Much less", show=False, id="memory.much-less"
        ),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._notes: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Make the bar, the table and the findings."""
        yield Text(id="memory-sum")
        yield MemoryMap(id="memory-map")
        yield MemoryTable(
            Column("", 1),
            Column("Component"),
            Column("MiB", 10, right=True),
            Column("Share", 7, right=True),
            Column("Of which", 30, above=BESIDE),
            id="memory-table",
        )
        with VerticalScroll(id="memory-details", can_focus=False):
            yield Hanging(id="memory-found")

    def on_resize(self) -> None:
        """Adapt to the new size."""
        self.sync()

    def first(self) -> Widget | None:
        """The table."""
        return self.query_one(Table)

    @property
    def table(self) -> Table:
        """The table."""
        return self.query_one(Table)

    def sync(self) -> None:
        """Show the current values."""
        visible_view = self.session.view
        budget, signs = visible_view.budget, glyphs(self)
        self.query_one(MemoryMap).show(visible_view.budget)
        free = "" if budget.free is None else f"   free {budget.free} MiB"
        self.query_one("#memory-sum", Text).show(
            summary(budget, signs).append(lit(free if (budget.free or 0) >= 0 else "", "muted"))
        )
        outcomes = self._outcomes()
        self._notes = {f"{row.kind}:{row.name}": row.note for row in budget.rows if row.note}
        rows, number = [], 0
        for share in budget.rows:
            sign, _ = pattern(share, number, signs) if share.kind != "total" else (" ", "")
            if share.kind == "guest":
                number += 1
            rows.append(self._row(share, budget.total, sign, outcomes))
        self.table.styles.max_height = len(rows) + 1
        self.table.set_rows(rows)
        self._show_details()

    def _row(
        self, share: Share, total: int | None, sign: str, outcomes: dict[str, tuple[str, str]]
    ) -> Row:
        percent = _percent(share.mib, total)
        label = share.label if share.autostart else f"{share.label} (not at boot)"
        style = "error" if share.kind == "free" and share.mib < 0 else ""
        if share.kind in ("xen", "free"):
            style = style or "muted"
        mib = f"{'about ' if share.estimate else ''}{share.mib}"
        if share.kind == "dom0" and not share.mib:
            mib = "unknown"
        named = {"guest": "ok", "reserve": "accent", "dom0": "accent"}.get(share.kind, "muted")
        name = f"{share.kind}:{share.name}"
        note = (share.note, "muted")
        if share.kind == "guest" and share.name in outcomes:
            text, how = outcomes[share.name]
            text = f"{glyphs(self).severity(how)} {text}"
            note = (text, how)
            if self.table.size.width < BESIDE:
                mark, word = text.replace(",", "").split()[:2]
                text_shown = text if self.table.size.width >= ROOMY else f"{mark} {word}"
                label, style = f"{share.label}  {text_shown}", how
        return Row(
            name,
            (
                (sign, named),
                (label, style),
                (mib, style),
                (percent, "muted"),
                note,
            ),
        )

    def _show_details(self) -> None:
        """Show the problems with memory, and details of the highlighted row."""
        signs = glyphs(self)
        found = about_memory(self.session.view.findings)
        lines = [
            lit(f"{signs.severity(f.severity.value)} {f.message}", f.severity.value) for f in found
        ]
        if not found:
            lines = [lit(f"{signs.ok} Everything that starts at boot fits.", "ok")]
        tall = self.screen.has_class("-tall")
        if tall and (key := self.guest()):
            guest = self.session.project.guest(key)
            lines += [lit(""), *guest_facts(self.session.view, guest.key, "", signs)]
        elif note := self._notes.get(self.table.key, ""):
            lines += [lit(""), lit(f"{note[:1].upper()}{note[1:]}.", "muted")]
        if tall and not self.guest():
            lines += self._disk_lines()
        self.query_one("#memory-found", Hanging).show(lines)

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
        width = max((len(image.guest) for image in sizes.images[:MOST_IMAGES]), default=0)
        for image in sizes.images[:MOST_IMAGES]:
            mib = f"{'about ' if image.estimate else ''}{_mib(image.kib)}"
            line = lit(f"  {image.guest:<{width}}  {mib:>9} MiB  ")
            lines.append(line.append(lit(image.note.removeprefix("an estimate: "), "muted")))
        if len(sizes.images) > MOST_IMAGES:
            lines.append(lit(f"  and {len(sizes.images) - MOST_IMAGES} more", "muted"))
        return lines

    def finding_in_sight(self) -> Finding | None:
        """Return the first problem with memory, so that one key fixes it."""
        path = self._path()
        found = about_memory(self.session.view.findings)
        if path is not None:
            own = field_paths.text_of_path(path)
            found.sort(key=lambda f: f.path != own)
        return found[0] if found else None

    def _path(self) -> field_paths.Path | None:
        """Return the path of the field that sets the highlighted row, if it still exists."""
        kind, _, name = self.table.key.partition(":")
        path = forms.budget_path(kind, name)
        return path if path is None or field_paths.exists(self.session.project, path) else None

    def place(self) -> str:
        """The field of the row under the cursor."""
        path = self._path()
        return field_paths.text_of_path(path) if path is not None else ""

    def guest(self) -> str:
        """The guest under the cursor."""
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
            self.post_message(Go(step, field_paths.text_of_path(path)))

    def action_rehearse(self) -> None:
        """Start the guests on a real Xen."""
        self.post_message(StartRehearsal())

    def _outcomes(self) -> dict[str, tuple[str, str]]:
        """Return the outcome for each guest if the current project was rehearsed."""
        report = self.screen.rehearsed if isinstance(self.screen, StepScreen) else None
        if report is None:
            return {}

        return {guest.key: outcome(guest) for guest in report.guests}

    def action_give(self, by: int) -> None:
        """Give some memory to the row under the cursor, or take some."""
        path = self._path()
        if path is None:
            return
        project = self.session.project
        wanted = forms.memory_after(project, path, by)
        owner = f" of {path[1]}" if path[0] == "guests" else ""
        label = f"{field_paths.field_of(path).title}{owner}"
        edit(
            self,
            self.session,
            field_paths.with_value(project, path, wanted),
            label,
            merge=f"give {path}",
        )


def _mib(kib: int) -> int:
    return -(-kib // 1024)


def _percent(mib: int, total: int | None) -> str:
    """Return a percentage, cut at the highest that is shown."""
    if not total:
        return ""
    percent = round(100 * mib / total)
    if abs(percent) > MOST:
        return f"{'<-' if percent < 0 else '>'}{MOST} %"
    return f"{percent} %"
