# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Stands for meta-virtualization's: the same variables, defaults and functions.

XEN_GUEST_BUNDLES ?= ""
XEN_GUEST_IMAGE_SIZE_DEFAULT ?= "256"
require conf/xen-guest-defaults.inc

S = "${UNPACKDIR}/sources"
B = "${WORKDIR}/build"

xen_guest_import_raw() {
    cp "$1" "$2"
}
xen_guest_import_ext4() {
    cp "$1" "$2"
}
xen_guest_import_qcow2() {
    qemu-img convert -f qcow2 -O raw "$1" "$2"
}
xen_guest_import_rootfs_dir() {
    : > "$2"
    mkfs.ext4 -q -F -d "$1" "$2" "$3M"
}

def xen_guests(d):
    from tests.guest_classes import install
    return install(d, d.getVar("XEN_GUEST_BUNDLES"), d.getVar("B") + "/guests", bundled=True)

do_compile() {
    ${@xen_guests(d)}
}
do_install() {
    cp -r "${B}/guests/." "${D}/"
}
