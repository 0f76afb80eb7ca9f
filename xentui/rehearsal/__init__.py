# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A rehearsal: a real Xen in QEMU starts a project's guests before anything is built.

Downloads are checked against digests, nothing runs as root, and no file of the user is changed.

May import: ``output``, ``rules``, ``bitbake``, ``images``, ``xl``, ``project``, ``safe_text``,
``errors``.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from xentui.project.assets import Assets
    from xentui.project.model import Project
    from xentui.rehearsal.parts import Parts
    from xentui.rehearsal.report import RehearsalReport
    from xentui.rehearsal.run import Accelerator, Log
    from xentui.rehearsal.transcript import Event


def rehearse(
    project: Project,
    assets: Assets,
    parts: Parts,
    *,
    progress: Callable[[Event], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
    accel: Accelerator | None = None,
    log: Log = lambda _stream, _chunk: None,
    deploy_dir: Path | None = None,
    by_boot_files: bool = False,
) -> RehearsalReport:
    """Boot a real Xen with a project's memory, start its guests, and report.

    Args:
        project: the project.
        assets: the project's own xl configs.
        parts: the programs, as found by :func:`xentui.rehearsal.parts.find`.
        progress: called with each event, in the calling thread.
        stop: called several times a second; returns whether to give up.
        accel: how the CPU is emulated; detected if left out.
        log: called with everything that the machine prints, as it comes.
        deploy_dir: a build's deploy directory, whose files replace the stand-ins.
        by_boot_files: start Xen as the board does, from the boot files that xentui writes.

    Raises:
        CannotRehearseError: the project cannot be rehearsed.
        StoppedError: ``stop`` returned true.
        InputError: a part cannot be read, or QEMU does not start.
    """
    from xentui.rehearsal import (  # noqa: PLC0415 - these are parts of this package
        boot,
        deploy,
        plan,
        report,
        run,
    )

    planned = plan.rehearsal(project, assets)
    with ExitStack() as stack:
        own = None
        if deploy_dir is not None:
            own = stack.enter_context(closing(deploy.find(deploy_dir, project, planned, parts)))
            planned = own.applied(planned)
        path = None
        if by_boot_files:
            dom0 = planned.dom0 + planned.added if planned.dom0 is not None else None
            path = boot.plan(project, parts, dom0)
            planned = replace(
                planned,
                notes=(*planned.notes, *path.notes),
                xen=planned.xen + boot.FIRMWARE_MIB + sum(mib for _, mib in planned.direct),
            )
        elif planned.direct:
            note = "Guests that Xen itself starts are only rehearsed with --boot."
            planned = replace(planned, notes=(*planned.notes, note), direct=())
        outcome = run.run(
            planned, parts, progress=progress, stop=stop, accel=accel, log=log, own=own, path=path
        )
        choices = own.choices if own is not None else ()
        return report.report(planned, outcome, parts.versions(), choices)
