# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a tree over an older one, again and again, with a different system call failing each time.

Run as ``python -m tests.faults KIND FOLDER``. KIND is ``kill`` or the name of an error such as
``ENOSPC``. Each run is a new process in which call number N to one of the functions in
:data:`CALLS` fails. N grows until a run needs fewer calls than that. After each run, every file
must have its old or its new content, and the next run must complete. Prints the number of faults
that were survived.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from xentui.errors import XentuiError
from xentui.output import header
from xentui.output.rendered import Copy, Rendered
from xentui.output.writing import manifest
from xentui.output.writing.apply import apply
from xentui.output.writing.plan import plan

CALLS = (
    "open", "write", "fsync", "fchmod", "replace", "unlink", "mkdir", "rmdir", "stat", "fstat",
    "close", "utime", "listdir",
)  # fmt: skip


def stage(folder: Path, number: int) -> Rendered:
    """Return the files of the older project (1) or of the newer one (2)."""
    image = folder.parent / f"image-{number}"
    if not image.exists():
        image.write_bytes(bytes([number]) * 100_000)
    layer: dict[str, str | Copy] = {
        "recipes/a/a.bb": header.stamp(f"A = {number}\n", "p"),
        f"recipes/b/only-in-{number}.bb": header.stamp("B\n", "p"),
        "files/plain.cfg": f"memory = {number}\n",
        "files/disk.img": Copy(image, 100_000),
    }
    return Rendered({"conf/xentui.conf": header.stamp(f"C = {number}\n", "p")}, layer)


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, including hidden ones."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def arm(number: int, fail: Callable[[], None]) -> list[int]:
    """Let call ``number`` of the watched functions fail, and return the number of calls so far."""
    count = [0]

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] == number:
                fail()
            return real(*args, **options)

        return call

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))
    return count


def run_with_fault(folder: Path, number: int, kind: str) -> bool:
    """Run with one fault in a new process, and return whether the fault was reached."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            assert os.WTERMSIG(status) == signal.SIGKILL, status
            return True
        assert os.WEXITSTATUS(status) in (10, 20), f"fault {number}: {status}"
        return os.WEXITSTATUS(status) == 20
    code = 30
    try:
        made = plan(stage(folder, 2), folder)

        def fail() -> None:
            if kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(getattr(errno, kind), os.strerror(getattr(errno, kind)))

        count = arm(number, fail)
        try:
            apply(made)
        except XentuiError:
            code = 20
        else:
            # A fault while tidying up is not a reason to fail.
            code = 20 if count[0] >= number else 10
    finally:
        os._exit(code)


def fail_every_call(folder: Path, kind: str) -> int:
    """Let every call fail, one after the other, and return their number."""
    old_folder, new_folder = folder / "old", folder / "new"
    for number, place in ((1, old_folder), (2, new_folder)):
        apply(plan(stage(place, number), place))
    old, new = contents(old_folder), contents(new_folder)
    for number in range(1, 10_000):
        target = folder / "target"
        shutil.copytree(old_folder, target)
        came = run_with_fault(target, number, kind)
        for name, content in contents(target).items():
            if name == manifest.NAME or name.endswith(".tmp"):
                continue
            assert content in (old.get(name), new.get(name)), f"fault {number}: {name} is torn"
        for name in old.keys() & new.keys():
            assert (target / name).exists(), f"fault {number}: {name} is missing"
        leftovers = [name for name in contents(target) if name.endswith(".tmp")]
        assert kind == "kill" or not leftovers, f"fault {number}: {leftovers}"
        apply(plan(stage(target, 2), target))
        left = contents(target)
        assert left == new, f"fault {number}: the next run did not complete"
        assert not plan(stage(target, 2), target).pending
        shutil.rmtree(target)
        if not came:
            return number - 1
    raise AssertionError("there is no end of calls")


if __name__ == "__main__":
    print(fail_every_call(Path(sys.argv[2]), sys.argv[1]))
