# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Changes the code of a room, one place at a time, and tells which changes its tests miss.

``python -m tools.mutants ROOM [COUNT [SEED [AGAIN]]]`` (``make mutants``): of all mutants of
``xentui/ROOM``, as many as that, chosen by the seed; 0 takes each. A mutant is run against those
of the room's tests that reach its line, in a copy of the work tree; what survives them, against
those of the rooms that build on it. What survives both is printed as
``file:line function: before -> after``. The exit code is 1 where a survivor is not listed in
``tests/ROOM/survivors.txt``, which says of each why it may.

Tests of time are left out: a busy machine would fail them, and so tell what it does not know.
``XENTUI_JOBS`` says how many run at once; without it, one a processor.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

from tools.mutations import Mutant, changed, mutants

ROOT = Path(__file__).resolve().parents[1]
TESTS = {
    "rules": ("tests/rules", "tests/bitbake/test_doctor*.py", "tests/images/test_findings.py"),
    "bitbake": ("tests/bitbake",),
}
"""The tests of each room. Findings in a build directory and in images are tried beside those."""
BEYOND = {
    "rules": (
        "tests/cli/test_allow.py", "tests/cli/test_check.py", "tests/cli/test_others.py",
        "tests/cli/test_show.py", "tests/plain/test_ways.py",
        "tests/rehearsal/test_measurements.py",
        "tests/rehearsal/test_mends.py", "tests/test_presets.py", "tests/tui/test_overruling.py",
        "tests/tui/test_session.py",
    ),
    "bitbake": (
        "tests/cli/test_build_dir.py", "tests/cli/test_one_layer.py", "tests/export",
        "tests/rules", "tests/test_commands.py", "tests/test_normalise_cfg.py",
        "tests/test_presets.py", "tests/test_xl_config.py", "tests/tui/test_session.py",
    ),
}  # fmt: skip
"""Tests of the rooms above, where much of what a room says is held."""
OF_TIME = ("linear", "millisecond", "takes_long", "in_time", "fast")
"""Words in the names of tests that measure time."""
SECONDS = 60
"""Processor time after which a mutant counts as noticed: it does not end."""
QUICK = 12
"""Tests to begin with, the quickest ones: most mutants need no more, and fewer files are loaded."""
_NOT_COPIED = (".git", ".venv", "build", "dist", "snapshots", "docs/images", ".hypothesis")

Reached = dict[str, tuple[float, dict[str, list[int]]]]
"""Of each test: its seconds, and the lines of each file of the room that it reaches."""


def main(room: str, count: int = 300, seed: int = 1, again: Path | None = None) -> int:
    """Run mutants of a room; return the exit code.

    Args:
        room: which.
        count: how many of them; 0 takes each.
        seed: chooses them.
        again: what an earlier run printed, of which each mutant that is named is run instead.
    """
    with tempfile.TemporaryDirectory(prefix="xentui-mutants-") as folder:
        tree = Path(folder) / "0"
        _copy(tree)
        reached = _reached(tree, room, TESTS[room])
        every = [
            mutant
            for path in sorted((tree / "xentui" / room).glob("*.py"))
            for mutant in mutants(path.relative_to(tree).as_posix(), path.read_text())
        ]
        chosen = random.Random(seed).sample(every, count) if count else every
        if again is not None:
            named = again.read_text()
            chosen = [mutant for mutant in every if f"{mutant.id.partition(' ')[2]}\n" in named]
        jobs = int(os.environ.get("XENTUI_JOBS", os.cpu_count() or 1))
        for job in range(1, jobs):
            shutil.copytree(tree, Path(folder) / str(job))
        began = time.monotonic()
        survivors = _run(Path(folder), jobs, chosen, reached)
        if survivors:
            reached = _reached(tree, room, BEYOND[room])
            survivors = _run(Path(folder), jobs, survivors, reached)
        took = time.monotonic() - began
    argued = _argued(room)
    new = [mutant for mutant in survivors if mutant.id not in argued]
    for mutant in new:
        sys.stdout.write(f"{mutant.file}:{mutant.line} {mutant.id.partition(' ')[2]}\n")
    sys.stdout.write(
        f"{room}: {len(chosen)} of {len(every)} mutants (seed {seed}), "
        f"{took:.0f} s: {len(chosen) - len(survivors)} noticed, {len(survivors) - len(new)} "
        f"argued, {len(new)} survive\n"
    )
    return int(bool(new))


def _copy(tree: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, tracked.split("\0")):
        if not name.startswith(_NOT_COPIED) and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _argued(room: str) -> set[str]:
    """Return the survivors that may survive; indented lines say why."""
    path = ROOT / "tests" / room / "survivors.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return {line for line in lines if line and not line.startswith((" ", "#"))}


def _reached(tree: Path, room: str, files: tuple[str, ...]) -> Reached:
    """Run tests once, unchanged, and note what each reaches."""
    noted = tree / "reached.json"
    files = tuple(
        path.relative_to(tree).as_posix() for name in files for path in sorted(tree.glob(name))
    )
    code = f"from tools.mutants import note; note({room!r}, {files!r}, {str(noted)!r})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=_environment(tree), capture_output=True,
        text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise SystemExit(f"the tests fail as they are:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    shutil.rmtree(tree / "first", ignore_errors=True)
    reached: Reached = json.loads(noted.read_text())
    return reached


def _environment(tree: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(tree), "XENTUI_OE_TREE": ""}


def note(room: str, files: tuple[str, ...], file: str) -> None:
    """In the tree: run tests and write what each reaches of a room."""
    import coverage
    import pytest

    measured = coverage.Coverage(
        data_file=None, config_file=False, include=[f"{Path.cwd()}/xentui/{room}/*"]
    )
    times: dict[str, float] = {}

    class Noting:
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
            measured.switch_context(item.nodeid)
            begin = time.process_time()
            yield
            times[item.nodeid] = time.process_time() - begin
            measured.switch_context("")

    measured.start()
    code = pytest.main(_arguments(files, "first"), plugins=[Noting()])
    measured.stop()
    data = measured.get_data()
    reached: Reached = {name: (seconds, {}) for name, seconds in times.items()}
    for path in data.measured_files():
        name = Path(path).relative_to(Path.cwd()).as_posix()
        for line, contexts in data.contexts_by_lineno(path).items():
            for context in contexts:
                if context in reached:
                    reached[context][1].setdefault(name, []).append(line)
    Path(file).write_text(json.dumps(reached))
    sys.exit(code)


def _arguments(files: Iterable[str], folder: str) -> list[str]:
    left_out = " or ".join(OF_TIME)
    return [
        "-q", "-x", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider",
        "-p", "no:xdist", "-k", f"not ({left_out})",
        f"--basetemp={folder}", "--no-header", "--tb=no", *files,
    ]  # fmt: skip


def _run(folder: Path, jobs: int, chosen: list[Mutant], reached: Reached) -> list[Mutant]:
    context = multiprocessing.get_context("fork")
    trees = context.SimpleQueue()
    for job in range(jobs):
        trees.put(str(folder / str(job)))
    survivors = []
    with context.Pool(jobs, _ready, (trees,)) as pool:
        unchanged = sorted(reached, key=lambda name: reached[name][0])
        same = (chosen[0].file, (folder / "0" / chosen[0].file).read_text(), unchanged)
        if not pool.apply(_passes, same):
            raise SystemExit("the tests fail as they are, one in the place of another")
        tasks = [(mutant, _tests(mutant, reached)) for mutant in chosen]
        for number, (mutant, survives) in enumerate(pool.imap_unordered(_survives, tasks), 1):
            if survives:
                survivors.append(mutant)
                sys.stderr.write(f"{mutant.line} {mutant.id}\n")
            if number % 25 == 0:
                sys.stderr.write(f"{number} of {len(chosen)}: {len(survivors)} survive\n")
    return sorted(survivors, key=lambda mutant: (mutant.file, mutant.line, mutant.id))


def _tests(mutant: Mutant, reached: Reached) -> list[str]:
    """Return the tests to run, quick ones first.

    Those that reach the statement; of one that runs when the module is imported, all that reach
    the module.
    """
    names = [
        name
        for name, (_, files) in reached.items()
        if (
            any(line in mutant.lines for line in files.get(mutant.file, ()))
            if mutant.in_function
            else mutant.file in files
        )
    ]
    return sorted(names, key=lambda name: reached[name][0])


def _ready(trees: Any) -> None:
    """Make a process of the pool ready: its tree, and the modules that take long to load."""
    for name in ("hypothesis.strategies", "jsonschema", "pytest"):
        import_module(name)
    os.chdir(trees.get())
    os.environ.update(_environment(Path.cwd()))
    sys.path.insert(0, str(Path.cwd()))
    sys.dont_write_bytecode = True
    for name in [name for name in sys.modules if name.partition(".")[0] in ("xentui", "tests")]:
        del sys.modules[name]


def _survives(task: tuple[Mutant, list[str]]) -> tuple[Mutant, bool]:
    mutant, names = task
    source = changed(Path(mutant.file).read_text(), mutant)
    for some in (names[:QUICK], names[QUICK:]):
        if some and not _passes(mutant.file, source, some):
            return mutant, False
    return mutant, True


def _passes(file: str, source: str, names: list[str]) -> bool:
    """Whether tests pass with another source of a module."""
    path = Path(file)
    before = path.read_bytes()
    for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
        compiled.unlink()
    path.write_text(source)
    try:
        child = os.fork()
        if child == 0:
            _try(names)
        return _ended(child) == 0
    finally:
        path.write_bytes(before)


def _try(names: list[str]) -> None:
    """In a process of its own: run tests in the order given, up to the first that fails."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 5))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    import pytest

    place = {name: number for number, name in enumerate(names)}

    class Chosen:
        def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
            items[:] = sorted(
                (item for item in items if item.nodeid in place), key=lambda i: place[i.nodeid]
            )

    files = dict.fromkeys(name.partition("::")[0] for name in names)
    code = 2
    try:
        code = int(pytest.main(_arguments(files, "next"), plugins=[Chosen()]))
    finally:
        os._exit(code)


def _ended(child: int) -> int:
    """Wait for a process; one that waits for ever is ended, with all it started."""
    until = time.monotonic() + 5 * SECONDS
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


if __name__ == "__main__":
    ROOM, COUNT, SEED, AGAIN = (*sys.argv[1:], *("", "300", "1", "")[len(sys.argv) - 1 :])
    sys.exit(main(ROOM, int(COUNT), int(SEED), Path(AGAIN) if AGAIN else None))
