# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT

SUMMARY = "Guests for the lab"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COMMON_LICENSE_DIR}/MIT;md5=0835ade698e0bcf8506ecda2f7b4f302"

inherit xen-guest-bundle features_check
REQUIRED_DISTRO_FEATURES = "xen"

S = "${UNPACKDIR}"
VERSION_OF_ROOT = "5"
SRC_URI = "\
    https://example.org/root-${VERSION_OF_ROOT}.tar.gz;subdir=root;name=root \
    file://cloud.qcow2 \
    file://vendor-kernel \
"
SRC_URI:append:x86-64 = " https://example.org/x86.ext4;name=x86"
SRC_URI:append:aarch64 = " https://example.org/x86.ext4?arm;name=arm"
SRC_URI[root.sha256sum] = "0000000000000000000000000000000000000000000000000000000000000000"
SRC_URI[x86.sha256sum] = "1111111111111111111111111111111111111111111111111111111111111111"
SRC_URI[arm.sha256sum] = "2222222222222222222222222222222222222222222222222222222222222222"

XEN_GUEST_BUNDLES = "tree:autostart:external cloud:external"
XEN_GUEST_BUNDLES += "plain:external own-image"
XEN_GUEST_SOURCE_TYPE[tree] = "rootfs_dir"
XEN_GUEST_SOURCE_FILE[tree] = "root"
XEN_GUEST_IMAGE_SIZE[tree] = "512"
XEN_GUEST_SOURCE_TYPE[cloud] = "qcow2"
XEN_GUEST_SOURCE_FILE[cloud] = "cloud.qcow2"
XEN_GUEST_EXTRA[cloud] = "root=/dev/xvda1 ro console=hvc0"
XEN_GUEST_MEMORY[cloud] = "1024"
XEN_GUEST_KERNEL[cloud] = "vendor-kernel"
XEN_GUEST_SOURCE_TYPE[plain] = "ext4"
XEN_GUEST_SOURCE_FILE[plain] = "x86.ext4"
