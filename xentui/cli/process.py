# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""One run of the command line: runs the command, and turns each failure into a message."""

from __future__ import annotations

import os
import sys

from xentui.cli import terminal
from xentui.errors import Exit, XentuiError, os_error_text

COMPLETION_VARIABLE = "_ARGCOMPLETE"
"""Environment variable that completion scripts set, so that xentui completes a command line."""
DEBUG_VARIABLE = "XENTUI_DEBUG"
"""Environment variable: 1 shows the traceback of an unexpected failure."""


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name and return its exit code; raise no exception."""
    terminal.prepare_streams()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except SystemExit as stop:
        return _flush(stop.code if isinstance(stop.code, int) else Exit.USAGE)
    except KeyboardInterrupt:
        terminal.print_message("interrupted")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader closed the pipe (xentui ... | head).
        terminal.discard_output()
        return Exit.OK
    except XentuiError as error:
        terminal.print_error(error)
        return _flush(error.exit_code)
    except OSError as error:
        prefix = f"{error.filename}: " if error.filename else ""
        terminal.print_error(XentuiError(f"{prefix}{os_error_text(error)}"))
        return _flush(Exit.IO)
    except RecursionError:
        terminal.print_error(XentuiError("the input is nested too deeply"))
        return _flush(Exit.IO)
    except Exception as error:  # noqa: BLE001 - users get a sentence, not a traceback
        return _unexpected(error)
    return code


def _run(arguments: list[str]) -> int:
    if COMPLETION_VARIABLE in os.environ:
        from xentui.cli.completion import print_completions

        return print_completions()
    if not arguments:
        # Nothing to parse: start the wizard without importing argparse.
        from xentui.cli.wizard import start

        return start()
    from importlib import import_module

    from xentui.cli import parsing

    name = parsing.command_name(arguments)
    if name is None:
        from xentui.cli import wizard

        return wizard.run(wizard.parser().parse_args(arguments))
    module = import_module(f"xentui.cli.{parsing.COMMANDS[name][0]}")
    args = parsing.command_parser(module).parse_args(arguments)
    code: int = module.run(args)
    return code


def _flush(code: int) -> int:
    """Flush standard output and return the exit code, or that of the failure to write."""
    try:
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        terminal.discard_output()
    except OSError as error:
        terminal.print_error(XentuiError(f"standard output: {os_error_text(error)}"))
        terminal.discard_output()
        return Exit.IO
    return code


def _unexpected(error: Exception) -> int:
    if os.environ.get(DEBUG_VARIABLE) == "1":
        import traceback

        terminal.print_message("".join(traceback.format_exception(error)).rstrip("\n"))
    terminal.print_error(
        XentuiError(
            f"unexpected failure: {type(error).__name__}: {error}",
            fix=f"Please report it, with the output of {DEBUG_VARIABLE}=1.",
        )
    )
    return _flush(Exit.IO)
