# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A person who talks with the plain wizard in this process. All output is checked."""

from __future__ import annotations

import io
import re
from collections import deque
from pathlib import Path

from tests.sessions import session_of
from xentui.plain.prompt import Choice, Menu
from xentui.plain.talk import Talk
from xentui.plain.wizard import PlainWizard
from xentui.project import document
from xentui.project.model import (
    Bundle,
    Disk,
    Fetch,
    Guest,
    Host,
    ImportType,
    Project,
    Source,
)
from xentui.session import Session, opening

CTRL_C = "\x03"
"""Stands for the interrupt key instead of an answer."""
RAW = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that must never be printed: controls and other misleading ones, except newline."""

EVERY = Project(
    Host("qemux86-64", memory=4096, network="nat"),
    bundles=(Bundle("mine", summary="Mine"),),
    import_types=(ImportType("squash", "import-squash.sh"),),
    guests=(
        Guest(
            "built",
            tags=("autostart",),
            disks=(Disk("xvdb", size=64),),
            fetch=(Fetch("file://data.img"),),
        ),
        Guest(
            "root",
            tags=("external",),
            bundle="mine",
            source=Source("rootfs_dir", "root", fetch=(Fetch("file://root.tar.gz"),)),
        ),
        Guest(
            "own",
            tags=("external",),
            source=Source("squash", "own.squashfs", fetch=(Fetch("file://own.squashfs"),)),
        ),
    ),
)
"""A project with a guest of each kind, so that it has every field."""


class _Answers(io.StringIO):
    """Standard input from which each answer is read once it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.next: deque[str] = deque()

    def readline(self, _size: int = -1, /) -> str:  # type: ignore[override]
        if not self.next:
            return ""
        line = self.next.popleft()
        if line == CTRL_C:
            raise KeyboardInterrupt
        return f"{line}\n"


def on_file(path: Path) -> Session:
    """Return a session on a project file."""
    loaded = document.load(path)
    origin = opening.origin_of(loaded, name=path.name, preset=False)
    assert origin is not None
    session = session_of()
    session.start_from(origin, "open")
    return session


class Person:
    """A person who answers.

    Attributes:
        all: all output so far.
        longest_output: the number of bytes in the longest output after one answer.
    """

    def __init__(
        self, session: Session | None = None, *, begin: str = "start", page: int = 20
    ) -> None:
        self.session = session or session_of()
        self._answers, self._out = _Answers(), io.StringIO()
        self.wizard = PlainWizard(
            self.session, Talk(self._answers, self._out, page=page, echo=False)
        )
        self.longest_output = 0
        self.wizard.build_reader.start()
        self.wizard.go_to_step(begin)
        self.first = self._taken()

    @property
    def all(self) -> str:
        return self._out.getvalue()

    def _taken(self, since: int = 0) -> str:
        output = self._out.getvalue()[since:]
        raw = RAW.search(output)
        assert raw is None, (raw, output)
        self.longest_output = max(self.longest_output, len(output.encode()))
        return output

    def say(self, *answers: str) -> str:
        """Answer several questions, and return the output after the last answer."""
        output = ""
        for answer in answers:
            self._answers.next.append(answer)
            before = len(self._out.getvalue())
            self.wizard.turn()
            assert not self._answers.next
            output = self._taken(before)
        return output

    def prompt(self) -> str:
        """Return the current question."""
        return self.wizard.current_prompt().prompt_text()

    def choose(self, *names: str) -> str:
        """Choose the numbered option whose text begins like this."""
        output = ""
        for name in names:
            place = self.wizard.current
            assert isinstance(place, Menu), (name, place)
            labels = [one.label for one in place.choices()]
            found = [n for n, label in enumerate(labels, 1) if label == name]
            found = found or [n for n, label in enumerate(labels, 1) if label.startswith(name)]
            assert len(found) == 1, (name, labels)
            output = self.say(str(found[0]))
        return output

    def labels(self) -> list[str]:
        """Return the options that can be chosen now."""
        place = self.wizard.current
        assert isinstance(place, Menu)
        return [choice.label for choice in place.choices()]

    def choices(self) -> list[Choice]:
        """Return the options of the current menu."""
        place = self.wizard.current
        assert isinstance(place, Menu)
        return place.choices()
