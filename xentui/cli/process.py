# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One run of the command line, from arguments to exit code; failures become sentences."""

from __future__ import annotations

import os
import sys

from xentui.cli import terminal
from xentui.errors import Exit, XentuiError, reason

ASKED = "_ARGCOMPLETE"
"""Environment variable of the completion scripts: complete a TAB instead of running."""
DEBUG = "XENTUI_DEBUG"
"""Environment variable: 1 shows the traceback of an unexpected failure."""


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit code; raise nothing."""
    terminal.prepare()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except SystemExit as stop:
        return _flushed(stop.code if isinstance(stop.code, int) else Exit.USAGE)
    except KeyboardInterrupt:
        terminal.say("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe (xentui ... | head): drop what is still in the buffer.
        terminal.discard_output()
        return Exit.OK
    except XentuiError as error:
        terminal.complain(error)
        return _flushed(error.exit_code)
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        terminal.complain(XentuiError(f"{named}{reason(error)}"))
        return _flushed(Exit.IO)
    except RecursionError:
        terminal.complain(XentuiError("the input is nested too deeply"))
        return _flushed(Exit.IO)
    except Exception as error:  # noqa: BLE001 - users get a sentence, not a traceback
        return _unexpected(error)
    return code


def _run(arguments: list[str]) -> int:
    if ASKED in os.environ:
        from xentui.cli.completion import answer

        return answer()
    if not arguments:
        # Nothing to parse: start the wizard without importing argparse.
        from xentui.cli.wizard import start

        return start()
    from importlib import import_module

    from xentui.cli import parsing

    name = parsing.command_of(arguments)
    if name is None:
        from xentui.cli import wizard

        return wizard.run(wizard.parser().parse_args(arguments))
    module = import_module(f"xentui.cli.{parsing.COMMANDS[name][0]}")
    args = parsing.command_parser(module).parse_args(arguments)
    code: int = module.run(args)
    return code


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        terminal.discard_output()
    except OSError as error:
        terminal.complain(XentuiError(f"the output: {reason(error)}"))
        terminal.discard_output()
        return Exit.IO
    return code


def _unexpected(error: Exception) -> int:
    if os.environ.get(DEBUG) == "1":
        import traceback

        terminal.say("".join(traceback.format_exception(error)).rstrip("\n"))
    terminal.complain(
        XentuiError(
            f"unexpected failure: {type(error).__name__}: {error}",
            fix=f"Please report it, with the output of {DEBUG}=1.",
        )
    )
    return _flushed(Exit.IO)
