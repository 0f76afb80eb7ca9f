# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""A rehearsal: a real Xen in QEMU starts a project's guests before anything is built.

In place of the kernels and images that do not exist yet it uses Debian's kernel and small stand-in
images. Downloads are checked against digests, nothing runs as root, and no user's file is changed.

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
    use_boot_files: bool = False,
) -> RehearsalReport:
    """Boot a real Xen with the project's memory, start its guests, and return a report.

    Args:
        project: the project.
        assets: the files that the project names, with the users' own xl configs.
        parts: QEMU, Xen and the other programs, from :func:`xentui.rehearsal.parts.find_parts`.
        progress: called with each event, in the calling thread.
        stop: called several times a second; returns whether to stop the rehearsal.
        accel: how the CPU is emulated; by default, detected.
        log: called with everything that the machine prints, as it comes.
        deploy_dir: a build's deploy directory, whose files replace the stand-ins.
        use_boot_files: whether to start Xen as the board does, from the boot files that xentui
            writes, instead of by QEMU.

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

    planned = plan.plan_rehearsal(project, assets)
    with ExitStack() as stack:
        build_files = None
        if deploy_dir is not None:
            found = deploy.find_build_files(deploy_dir, project, planned, parts)
            build_files = stack.enter_context(closing(found))
            planned = build_files.applied(planned)
        boot_files = None
        if use_boot_files:
            dom0 = planned.dom0 + planned.added if planned.dom0 is not None else None
            boot_files = boot.boot_files(project, parts, dom0)
            planned = replace(
                planned,
                notes=(*planned.notes, *boot_files.notes),
                xen=planned.xen + boot.FIRMWARE_MIB + sum(mib for _, mib in planned.direct),
            )
        elif planned.direct:
            note = "Guests that Xen itself starts are only rehearsed with --boot."
            planned = replace(planned, notes=(*planned.notes, note), direct=())
        outcome = run.run_plan(
            planned,
            parts,
            progress=progress,
            stop=stop,
            accel=accel,
            log=log,
            build_files=build_files,
            boot_files=boot_files,
        )
        choices = build_files.choices if build_files is not None else ()
        return report.make_report(planned, outcome, parts.versions(), choices)
