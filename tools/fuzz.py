# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Feed the readers bytes that reach new code, with Atheris: ``make fuzz``.

``python -m tools.fuzz TARGET SECONDS FOLDER`` runs one target of :mod:`tests.safety.fuzzing`.
FOLDER keeps the corpus between runs and receives each input that fails. With ``XENTUI_OE_TREE``,
the corpus also begins with the real configurations of that tree. ``coverage run --branch -m
tools.fuzz TARGET 0 FOLDER`` reads the corpus once, without Atheris.

The last lines of stderr have the number of runs, the edges reached (``cov``) and the speed. Atheris
is not a dependency of the tests: it does not support every Python that xentui runs on.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

_INSTRUMENTED = ["xentui"]
_SLOWEST = 10
"""Seconds after which one input counts as a failure."""


def main(target: str, seconds: int, folder: Path) -> None:
    """Run a target for a number of seconds; 0 reads the corpus once."""
    if seconds:
        _fuzz(target, seconds, folder)
        return
    from tests.safety import fuzzing

    inputs = sorted(_corpus(target, folder).iterdir())
    for path in inputs:
        fuzzing.TARGETS[target](path.read_bytes())
    sys.stderr.write(f"{len(inputs)} inputs, no failure\n")


def _fuzz(target: str, seconds: int, folder: Path) -> None:
    import atheris

    corpus = _corpus(target, folder)
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from tests.safety import fuzzing

        run = fuzzing.TARGETS[target]
        words = folder / "words"
        words.write_text("".join(f'"{_escaped(word)}"\n' for word in fuzzing.words() if word))
        for seed in fuzzing.seeds(target):
            name = hashlib.sha256(seed).hexdigest()[:40]
            (corpus / name).write_bytes(seed)
            # Load and instrument the modules now that are otherwise imported on first use.
            run(seed)
    atheris.Setup(
        [
            "fuzz", str(corpus), f"-max_total_time={seconds}", f"-timeout={_SLOWEST}",
            "-rss_limit_mb=1500", "-max_len=6000", f"-dict={words}",
            f"-artifact_prefix={folder}/{target}-", "-print_final_stats=1",
        ],
        run,
    )  # fmt: skip
    atheris.Fuzz()


def _corpus(target: str, folder: Path) -> Path:
    corpus = folder / f"corpus-{target}"
    corpus.mkdir(parents=True, exist_ok=True)
    return corpus


def _escaped(word: str) -> str:
    """Return a word in the form that libFuzzer's dictionaries use."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02x}"
        for byte in word.encode()
    )


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
