# SPDX-FileCopyrightText: Copyright (C) 2025 Bruce Ashfield
# SPDX-License-Identifier: MIT
#
# The code of meta-virtualization's classes/xen-guest-cross-install.bbclass (master, August 2026),
# without its comments and notes.

BUNDLED_XEN_GUESTS ?= ""
XEN_GUEST_IMAGE_FSTYPE ?= "ext4"
XEN_GUEST_MEMORY_DEFAULT ?= "512"
XEN_GUEST_VCPUS_DEFAULT ?= "1"
XEN_GUEST_VIF_DEFAULT ?= "bridge=xenbr0"
XEN_GUEST_EXTRA_DEFAULT ?= "root=/dev/xvda ro ip=dhcp"
XEN_GUEST_DISK_DEVICE_DEFAULT ?= "xvda"

python __anonymous() {
    bundled = (d.getVar('BUNDLED_XEN_GUESTS') or "").split()
    if not bundled:
        return

    deps = ""
    for entry in bundled:
        parts = entry.split(':')
        guest_name = parts[0]

        is_external = 'external' in parts

        if is_external:
            continue

        deps += " %s:do_image_complete" % guest_name

    if deps:
        d.appendVarFlag('do_rootfs', 'depends', deps)
}

def get_xen_guest_config_map(d):
    bundled = (d.getVar('BUNDLED_XEN_GUESTS') or "").split()
    if not bundled:
        return ""

    mappings = []
    for entry in bundled:
        parts = entry.split(':')
        guest_name = parts[0]
        custom_file = d.getVarFlag('XEN_GUEST_CONFIG_FILE', guest_name)
        if custom_file:
            mappings.append("%s=%s" % (guest_name, custom_file))

    return ";".join(mappings)

XEN_GUEST_CONFIG_FILE_MAP = "${@get_xen_guest_config_map(d)}"

def get_xen_guest_params(d):
    bundled = (d.getVar('BUNDLED_XEN_GUESTS') or "").split()
    if not bundled:
        return ""

    mem_default = d.getVar('XEN_GUEST_MEMORY_DEFAULT')
    vcpus_default = d.getVar('XEN_GUEST_VCPUS_DEFAULT')
    vif_default = d.getVar('XEN_GUEST_VIF_DEFAULT')
    extra_default = d.getVar('XEN_GUEST_EXTRA_DEFAULT')
    disk_default = d.getVar('XEN_GUEST_DISK_DEVICE_DEFAULT')

    mappings = []
    for entry in bundled:
        parts = entry.split(':')
        guest_name = parts[0]

        memory = d.getVarFlag('XEN_GUEST_MEMORY', guest_name) or mem_default
        vcpus = d.getVarFlag('XEN_GUEST_VCPUS', guest_name) or vcpus_default
        vif = d.getVarFlag('XEN_GUEST_VIF', guest_name) or vif_default
        extra = d.getVarFlag('XEN_GUEST_EXTRA', guest_name) or extra_default
        disk_device = d.getVarFlag('XEN_GUEST_DISK_DEVICE', guest_name) or disk_default
        name = d.getVarFlag('XEN_GUEST_NAME', guest_name) or guest_name
        rootfs = d.getVarFlag('XEN_GUEST_ROOTFS', guest_name) or ""
        kernel = d.getVarFlag('XEN_GUEST_KERNEL', guest_name) or ""

        params = "|".join([memory, vcpus, vif, extra, disk_device, name, rootfs, kernel])
        mappings.append("%s=%s" % (guest_name, params))

    return ";".join(mappings)

XEN_GUEST_PARAMS_MAP = "${@get_xen_guest_params(d)}"

merge_installed_xen_bundles() {
    set +e

    BUNDLES_DIR="${IMAGE_ROOTFS}${datadir}/xen-guest-bundles"

    if [ ! -d "${BUNDLES_DIR}" ]; then
        return 0
    fi

    DEST_DIR="${IMAGE_ROOTFS}/var/lib/xen/images"
    CONFIG_DIR="${IMAGE_ROOTFS}/etc/xen"
    AUTO_DIR="${IMAGE_ROOTFS}/etc/xen/auto"

    mkdir -p "$DEST_DIR"
    mkdir -p "$CONFIG_DIR"

    for bundle_dir in ${BUNDLES_DIR}/*/; do
        [ -d "$bundle_dir" ] || continue

        manifest="${bundle_dir}manifest"
        if [ ! -f "$manifest" ]; then
            bbwarn "No manifest found in $bundle_dir, skipping"
            continue
        fi

        bundle_name=$(basename "$bundle_dir")

        while IFS=: read -r guest_name rootfs_file kernel_file autostart_flag || [ -n "$guest_name" ]; do
            [ -z "$guest_name" ] && continue

            if [ -f "${bundle_dir}images/${rootfs_file}" ]; then
                cp "${bundle_dir}images/${rootfs_file}" "$DEST_DIR/"
            else
                bbwarn "  Rootfs not found: ${bundle_dir}images/${rootfs_file}"
            fi

            if [ -f "${bundle_dir}images/${kernel_file}" ]; then
                cp "${bundle_dir}images/${kernel_file}" "$DEST_DIR/"
            else
                bbwarn "  Kernel not found: ${bundle_dir}images/${kernel_file}"
            fi

            if [ -f "${bundle_dir}configs/${guest_name}.cfg" ]; then
                cp "${bundle_dir}configs/${guest_name}.cfg" "${CONFIG_DIR}/"
            else
                bbwarn "  Config not found: ${bundle_dir}configs/${guest_name}.cfg"
            fi

            if [ "$autostart_flag" = "autostart" ]; then
                mkdir -p "$AUTO_DIR"
                ln -sf "/etc/xen/${guest_name}.cfg" "${AUTO_DIR}/${guest_name}.cfg"
            fi

        done < "$manifest"
    done

    rm -rf "${BUNDLES_DIR}"

    return 0
}

bundle_xen_guests() {
    set +e

    get_guest_param() {
        local guest="$1"
        local field="$2"
        local params_map="${XEN_GUEST_PARAMS_MAP}"

        local guest_params=$(echo "$params_map" | tr ';' '\n' | grep "^${guest}=" | cut -d= -f2-)
        if [ -z "$guest_params" ]; then
            return 1
        fi

        echo "$guest_params" | cut -d'|' -f$(expr $field + 1)
    }

    resolve_guest_rootfs() {
        local guest="$1"
        local override=$(get_guest_param "$guest" 6)

        if [ -n "$override" ]; then
            local path="${DEPLOY_DIR_IMAGE}/$override"
            if [ -e "$path" ]; then
                readlink -f "$path"
                return 0
            fi
            bbwarn "XEN_GUEST_ROOTFS override '$override' not found at $path"
            return 1
        fi

        local path="${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.${XEN_GUEST_IMAGE_FSTYPE}"
        if [ -e "$path" ]; then
            readlink -f "$path"
            return 0
        fi

        path="${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.rootfs.${XEN_GUEST_IMAGE_FSTYPE}"
        if [ -e "$path" ]; then
            readlink -f "$path"
            return 0
        fi

        bbwarn "Guest rootfs not found for '$guest'. Searched:"
        bbwarn "  ${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.${XEN_GUEST_IMAGE_FSTYPE}"
        bbwarn "  ${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.rootfs.${XEN_GUEST_IMAGE_FSTYPE}"
        return 1
    }

    resolve_guest_kernel() {
        local guest="$1"
        local override=$(get_guest_param "$guest" 7)

        if [ -n "$override" ]; then
            local path="${DEPLOY_DIR_IMAGE}/$override"
            if [ -e "$path" ]; then
                readlink -f "$path"
                return 0
            fi
            bbwarn "XEN_GUEST_KERNEL override '$override' not found at $path"
            return 1
        fi

        local path="${DEPLOY_DIR_IMAGE}/${KERNEL_IMAGETYPE}"
        if [ -e "$path" ]; then
            readlink -f "$path"
            return 0
        fi

        bbwarn "Guest kernel not found at ${DEPLOY_DIR_IMAGE}/${KERNEL_IMAGETYPE}"
        return 1
    }

    generate_xen_guest_config() {
        local guest="$1"
        local rootfs_basename="$2"
        local kernel_basename="$3"
        local outfile="$4"

        local memory=$(get_guest_param "$guest" 0)
        local vcpus=$(get_guest_param "$guest" 1)
        local vif=$(get_guest_param "$guest" 2)
        local extra=$(get_guest_param "$guest" 3)
        local disk_device=$(get_guest_param "$guest" 4)
        local name=$(get_guest_param "$guest" 5)

        cat > "$outfile" << EOF
name = "$name"
memory = $memory
vcpus = $vcpus
disk = ['file:/var/lib/xen/images/$rootfs_basename,$disk_device,rw']
vif = ['$vif']
kernel = "/var/lib/xen/images/$kernel_basename"
extra = "$extra"
EOF
    }

    if [ -z "${BUNDLED_XEN_GUESTS}" ]; then
        return 0
    fi

    DEST_DIR="${IMAGE_ROOTFS}/var/lib/xen/images"
    CONFIG_DIR="${IMAGE_ROOTFS}/etc/xen"
    AUTO_DIR="${IMAGE_ROOTFS}/etc/xen/auto"

    mkdir -p "$DEST_DIR"
    mkdir -p "$CONFIG_DIR"

    for entry in ${BUNDLED_XEN_GUESTS}; do
        guest_name="$(echo $entry | cut -d: -f1)"

        autostart=""
        if echo "$entry" | grep -q ':autostart'; then
            autostart="1"
        fi

        rootfs_path=$(resolve_guest_rootfs "$guest_name")
        if [ $? -ne 0 ] || [ -z "$rootfs_path" ]; then
            bbfatal "Cannot resolve rootfs for guest '$guest_name'"
        fi
        rootfs_basename=$(basename "$rootfs_path")

        kernel_path=$(resolve_guest_kernel "$guest_name")
        if [ $? -ne 0 ] || [ -z "$kernel_path" ]; then
            bbfatal "Cannot resolve kernel for guest '$guest_name'"
        fi
        kernel_basename=$(basename "$kernel_path")

        cp "$rootfs_path" "$DEST_DIR/"

        cp "$kernel_path" "$DEST_DIR/"

        config_map="${XEN_GUEST_CONFIG_FILE_MAP}"
        custom_config=$(echo "$config_map" | tr ';' '\n' | grep "^${guest_name}=" | cut -d= -f2-)

        if [ -n "$custom_config" ] && [ -f "$custom_config" ]; then
            sed -E \
                -e "s#^(disk = \[)[^,]+#\1'file:/var/lib/xen/images/$rootfs_basename#" \
                -e "s#^(kernel = )\"[^\"]+\"#\1\"/var/lib/xen/images/$kernel_basename\"#" \
                "$custom_config" > "${CONFIG_DIR}/${guest_name}.cfg"
        else
            generate_xen_guest_config "$guest_name" "$rootfs_basename" "$kernel_basename" \
                "${CONFIG_DIR}/${guest_name}.cfg"
        fi

        if [ -n "$autostart" ]; then
            mkdir -p "$AUTO_DIR"
            ln -sf "/etc/xen/${guest_name}.cfg" "${AUTO_DIR}/${guest_name}.cfg"
        fi

    done

}

ROOTFS_POSTPROCESS_COMMAND += "merge_installed_xen_bundles; bundle_xen_guests;"
