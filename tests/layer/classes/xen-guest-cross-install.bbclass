# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Stands for meta-virtualization's: the same variables and defaults.

BUNDLED_XEN_GUESTS ?= ""
require conf/xen-guest-defaults.inc

def xen_guests(d):
    from tests.guest_classes import install
    return install(d, d.getVar("BUNDLED_XEN_GUESTS"), d.getVar("IMAGE_ROOTFS"), bundled=False)

bundle_xen_guests() {
    ${@xen_guests(d)}
}

ROOTFS_POSTPROCESS_COMMAND += "bundle_xen_guests;"
