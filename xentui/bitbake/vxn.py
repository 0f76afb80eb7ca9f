# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The settings that a build needs for vxn, which runs each container in a Xen guest.

Sources: mv:recipes-core/vxn/vxn_1.0.bb, mv:conf/multiconfig and
mv:conf/distro/include/xen-host.conf; they are the same on wrynose and master.
"""

from __future__ import annotations

FEATURES = ("vcontainer", "vxn")
"""Distro features, in addition to those of Xen itself."""

MULTICONFIGS = ("vruntime-aarch64", "vruntime-x86-64")
"""Multiconfigs that build the kernel and initramfs of the containers' guests."""

MASKED_LAYERS = ("filesystems-layer", "meta-python", "webserver")
"""Layers whose recipes these multiconfigs mask; BitBake would warn that they have no recipes."""

PACKAGES = ("vxn", "containerd-opencontainers")
"""Packages of Dom0's image that run containers."""

VOLUMES_PACKAGE = "xen-tools-xen-9pfsd"
"""The package that ``vxn run -v`` needs; in some releases, vxn lacks the dependency on it."""

FRONTEND_PACKAGES = {
    "vdkr": "vxn-vdkr",
    "vpdmn": "vxn-vpdmn",
    "docker": "vxn-docker-config",
    "podman": "vxn-podman-config",
}
"""The package of each front end; the last two also install docker and podman."""
