# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Running BitBake: the command, its environment, and its end.

A script takes the place of BitBake; its output was recorded from a real one.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import ROOT, Run, run
from tests.verify.test_environment import data_and_output
from xentui.errors import InputError
from xentui.signals import raise_on_signal
from xentui.verify import bitbake
from xentui.verify.bitbake import BitBake, NoRecipeError

__all__ = ["run"]

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture
def build(tmp_path: Path) -> Path:
    made = tmp_path / "it's a $(touch canary) build"
    (made / "conf").mkdir(parents=True)
    (made / "conf/local.conf").write_text("")
    (made / "conf/bblayers.conf").write_text("")
    return made


def stand_in(tmp_path: Path, script: str) -> Path:
    """Put a script named bitbake into a new folder."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "bitbake"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.delenv("BBPATH", raising=False)
    return monkeypatch


def use(path: pytest.MonkeyPatch, folder: Path) -> None:
    path.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_bitbake_runs_in_the_build_directory_with_its_variables(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    use(path, stand_in(tmp_path, 'echo "$# $1 $2"; pwd; echo "$BBPATH"; echo "$BITBAKE_UI"'))
    assert BitBake(build).environment("my-image").split("\n") == [
        "2 -e my-image", str(build), str(build), "knotty", "",
    ]  # fmt: skip
    assert BitBake(build).environment(None).startswith("1 -e")


def test_the_environment_is_entered_by_the_script_that_is_named(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    folder = stand_in(tmp_path, 'echo "$# $* $FROM_INIT"; pwd')
    script = tmp_path / "oe init; touch canary"
    script.write_text(f'export FROM_INIT="$1" PATH={shlex.quote(str(folder))}:"$PATH"; echo noise')
    output = BitBake(build, script).environment("my-image")
    assert output == f"2 -e my-image {build}\n{build}\n"
    assert not list(tmp_path.rglob("canary"))


def test_a_script_that_fails_is_reported(tmp_path: Path, build: Path) -> None:
    script = tmp_path / "oe-init-build-env"
    script.write_text("echo 'no python here' >&2; return 1")
    with pytest.raises(InputError, match=r"did not set up .*no python here"):
        BitBake(build, script).environment(None)


def test_without_bitbake_in_path_the_error_names_the_script_to_source(
    build: Path, path: pytest.MonkeyPatch
) -> None:
    path.setenv("PATH", "/nowhere")
    (build / "init-build-env").write_text("")
    with pytest.raises(InputError, match="not in PATH") as caught:
        BitBake(build).environment(None)
    assert str(build / "init-build-env") in caught.value.fix


def test_bitbakes_errors_are_reported(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    text_output = "ERROR: Nothing PROVIDES '\\033[31mx'"
    use(path, stand_in(tmp_path, f'printf "NOTE: a\\n{text_output}\\n" >&2; exit 1'))
    with pytest.raises(NoRecipeError) as caught:
        BitBake(build).environment("x")
    assert caught.value.message == "Nothing PROVIDES '\\x1b[31mx'"
    (tmp_path / "bin/bitbake").write_text("#!/bin/sh\necho 'ERROR: ParseError at x:1'; exit 1\n")
    with pytest.raises(InputError, match="exit code 1: ParseError at x:1") as other:
        BitBake(build).environment("x")
    assert not isinstance(other.value, NoRecipeError)


def test_what_the_sanity_check_found_is_reported(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    text_output = (
        "ERROR:  OE-core's config sanity checker detected a potential misconfiguration.\n"
        "    Either fix the cause of this error or at your own risk disable the checker (see "
        "sanity.conf).\n"
        "    Following is the list of potential problems / advisories:\n\n"
        "    Please use a locale setting which supports UTF-8.\n    Another one.\n"
    )
    (tmp_path / "said").write_text(text_output)
    use(path, stand_in(tmp_path, f"cat {tmp_path}/said; exit 1"))
    with pytest.raises(InputError, match="exit code 1: Please use a locale setting which"):
        BitBake(build).environment(None)


def test_a_flag_is_queried_by_bitbake_getvar(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    folder = stand_in(tmp_path, "exit 1")
    program = folder / "bitbake-getvar"
    shutil.copy(folder / "bitbake", program)
    use(path, folder)
    program.write_text('#!/bin/sh\necho "WARNING: x"; echo "$*"\n')
    text_output = BitBake(build).flag("my-image", "do_rootfs", "vardeps")
    assert text_output == "--value --unexpand -r my-image -f vardeps do_rootfs"
    program.write_text("#!/bin/sh\necho \"The flag 'a' is not defined for\" >&2; exit 1\n")
    assert BitBake(build).flag("my-image", "do_rootfs", "a") is None
    program.write_text("#!/bin/sh\necho 'ERROR: gone' >&2; exit 3\n")
    with pytest.raises(InputError, match="exit code 3: gone"):
        BitBake(build).flag("my-image", "do_rootfs", "a")


def test_much_output_on_both_streams_does_not_block(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    flood = "import sys; sys.stderr.write('e' * 10**6); sys.stdout.write('o' * 10**6)"
    use(path, stand_in(tmp_path, f'exec {sys.executable} -c "{flood}"'))
    ticks: list[float] = []
    assert len(BitBake(build, tick=ticks.append).environment(None)) == 10**6
    assert ticks == sorted(ticks)


STUBBORN = """\
echo $$ > "$BBPATH/pid"
trap '' {ignored}
sleep 300 &
echo $! > "$BBPATH/child"
while :; do sleep 0.1; done
"""


def has_ended(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return text.rpartition(")")[2].split()[0] == "Z"


def wait_for(path: Path) -> int:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if path.is_file() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.02)
    pytest.fail(f"{path.name} was not written")


@pytest.mark.parametrize("ignored", ["HUP", "INT TERM"])
def test_stopping_ends_the_whole_process_group(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch, ignored: str
) -> None:
    path.setattr(bitbake, "STOP_SECONDS", 0.4)
    use(path, stand_in(tmp_path, STUBBORN.format(ignored=ignored)))
    pids: list[int] = []

    def stop(_seconds: float) -> None:
        pids.extend(wait_for(build / name) for name in ("pid", "child"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        BitBake(build, tick=stop).environment(None)
    end = time.monotonic() + 10
    while not all(map(has_ended, pids)) and time.monotonic() < end:
        time.sleep(0.02)
    assert all(map(has_ended, pids))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_is_cancelled_by_a_signal(tmp_path: Path, build: Path, number: int) -> None:
    folder = stand_in(tmp_path, STUBBORN.format(ignored="HUP"))
    code = (
        "import os, sys; os.geteuid = lambda: 1000; from xentui.cli import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "verify", RECORDED / "project.toml", "--build-dir", build],
        env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    pid, child = wait_for(build / "pid"), wait_for(build / "child")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.endswith("interrupted\n")
    end = time.monotonic() + 10
    while not (has_ended(pid) and has_ended(child)) and time.monotonic() < end:
        time.sleep(0.02)
    assert has_ended(pid)
    assert has_ended(child)


def test_a_signal_at_the_start_is_passed_to_its_handler(
    tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    use(path, stand_in(tmp_path, "exec sleep 60"))
    start = subprocess.Popen

    def start_and_signal(*arguments: Any, **options: Any) -> Any:
        process = start(*arguments, **options)
        signal.raise_signal(signal.SIGTERM)
        return process

    path.setattr(subprocess, "Popen", start_and_signal)
    with pytest.raises(SystemExit, match="143"), raise_on_signal(lambda n: sys.exit(128 + n)):
        BitBake(build).environment(None)


def run_verify(run: Run, path: pytest.MonkeyPatch, build: Path, *more: str) -> tuple[int, str, str]:
    path.setattr(os, "geteuid", lambda: 1000)
    result = run("verify", RECORDED / "project.toml", "--build-dir", build, *more)
    return result.code, result.out, result.err


def test_the_command_prints_differences(
    run: Run, tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    use(path, stand_in(tmp_path, f"cat {shlex.quote(str(RECORDED / 'configuration.txt'))}"))
    code, out, err = run_verify(run, path, build, "--quick")
    assert code == 1
    assert err.endswith("[1/1] asking BitBake about the configuration\n")
    assert out.splitlines()[-1] == "10 of 14 settings agree, 4 differ"
    code, out, _ = run_verify(run, path, build, "--quick", "--json")
    assert code == 1
    assert '"status": "differs"' in out
    code, out, _ = run_verify(run, path, build, "--quick", "--all")
    assert sum(line.startswith("agrees") for line in out.splitlines()) == 10


def test_exit_code_0_if_everything_agrees(
    run: Run, tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    run("generate", RECORDED / "project.toml", "--out", "out")
    text = Path("out/conf/xentui.conf").read_text()
    (tmp_path / "printed").write_text(data_and_output(text)[1])
    use(path, stand_in(tmp_path, f"cat {shlex.quote(str(tmp_path / 'printed'))}"))
    code, out, _ = run_verify(run, path, build, "--quick")
    assert (code, out) == (0, "14 of 14 settings agree\n")


def test_exit_code_4_if_bitbake_fails(
    run: Run, tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    use(path, stand_in(tmp_path, "exit 1"))
    code, out, err = run_verify(run, path, build)
    assert (code, out) == (4, "")
    assert "exit code 1: it printed nothing" in err


def test_root_is_refused_before_anything_runs(
    run: Run, tmp_path: Path, build: Path, path: pytest.MonkeyPatch
) -> None:
    path.setattr(os, "geteuid", lambda: 0)
    use(path, stand_in(tmp_path, f"touch {shlex.quote(str(tmp_path / 'ran'))}"))
    result = run("verify", RECORDED / "project.toml", "--build-dir", build)
    assert (result.code, result.out) == (4, "")
    assert "root" in result.err
    assert not (tmp_path / "ran").exists()


def test_what_is_not_a_build_directory_or_script_is_refused(run: Run, build: Path) -> None:
    project = RECORDED / "project.toml"
    assert run("verify", project, "--build-dir", "nowhere").code == 2
    result = run("verify", project, "--build-dir", build, "--oe-init", "nowhere")
    assert result.code == 4
    assert "nowhere does not exist" in result.err


def test_the_shell_code_parses() -> None:
    shell = shutil.which("bash")
    assert shell is not None
    result = subprocess.run(
        [shell, "-n", "-c", bitbake.ENTER_BUILD], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
