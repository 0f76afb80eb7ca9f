# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Set up every test: repeatable examples, an empty home directory, signals that arrive.

Hypothesis profiles, chosen with ``--hypothesis-profile=NAME``:

- ``quick`` (the default): 10 examples for each property, the same ones every time
- ``full``: 100 examples, the same ones every time (``make test-all``)
- ``search``: 2,000 examples, new ones every time
- ``nightly``: 500 new examples, and 20,000 of hostile text (``make nightly``)
"""

from __future__ import annotations

import gc
import itertools
import signal

import pytest
from hypothesis import HealthCheck, settings

from tests.budget import FULL

_SLOW_TO_MAKE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

for _name, _examples in (("quick", 10), ("full", FULL)):
    settings.register_profile(
        _name,
        derandomize=True,
        deadline=None,
        max_examples=_examples,
        suppress_health_check=_SLOW_TO_MAKE,
    )
settings.register_profile(
    "search", deadline=None, max_examples=2000, suppress_health_check=_SLOW_TO_MAKE
)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=500,
    print_blob=True,
    suppress_health_check=_SLOW_TO_MAKE,
)
settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as property each test whose number of examples depends on the profile."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.property)


def pytest_collection_finish() -> None:
    """Take what was imported out of the garbage collector's sight.

    It lives until the end anyway. Scanning it again and again took a sixth of the time of the
    wizard's tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


# Under nohup and in the background of a script these signals are ignored, and every program that
# the tests start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _empty_home(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Keep the user's own presets and settings out of the tests.

    The home directory is next to the files of a test that has a folder, as some look into it. For
    all others it does not exist: creating one for each of some thousand tests that never look at
    it costs more than many of them.
    """
    if "tmp_path" in request.fixturenames:
        home = request.getfixturevalue("tmp_path") / "home"
    else:
        home = tmp_path_factory.getbasetemp() / f"home-{next(_numbers)}"
    for name, folder in (
        ("HOME", home),
        ("XDG_CONFIG_HOME", home / ".config"),
        ("XDG_STATE_HOME", home / ".local/state"),
        ("XDG_CACHE_HOME", home / ".cache"),
        ("XDG_DATA_HOME", home / ".local/share"),
    ):
        monkeypatch.setenv(name, str(folder))
    for name in ("BBPATH", "BUILDDIR", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
