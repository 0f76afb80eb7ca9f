# SPDX-FileCopyrightText: Copyright (C) 2025 Bruce Ashfield
# SPDX-License-Identifier: MIT
#
# The code of meta-virtualization's classes/xen-guest-bundle.bbclass (master, August 2026),
# without its comments and notes.

XEN_GUEST_BUNDLES ?= ""
XEN_GUEST_IMAGE_FSTYPE ?= "ext4"
XEN_GUEST_MEMORY_DEFAULT ?= "512"
XEN_GUEST_VCPUS_DEFAULT ?= "1"
XEN_GUEST_VIF_DEFAULT ?= "bridge=xenbr0"
XEN_GUEST_EXTRA_DEFAULT ?= "root=/dev/xvda ro ip=dhcp"
XEN_GUEST_DISK_DEVICE_DEFAULT ?= "xvda"

XEN_GUEST_IMAGE_SIZE_DEFAULT ?= "256"
XEN_GUEST_IMPORT_DEPENDS_rootfs_dir = "e2fsprogs-native:do_populate_sysroot"
XEN_GUEST_IMPORT_DEPENDS_qcow2 = "qemu-system-native:do_populate_sysroot"
XEN_GUEST_IMPORT_DEPENDS_ext4 = ""
XEN_GUEST_IMPORT_DEPENDS_raw = ""

python __anonymous() {
    bundles = (d.getVar('XEN_GUEST_BUNDLES') or "").split()
    if not bundles:
        return

    processed = []
    deps = ""
    external_guests = []

    for entry in bundles:
        parts = entry.split(':')
        guest_name = parts[0]

        is_external = 'external' in parts
        is_autostart = 'autostart' in parts

        if not is_external:
            deps += " %s:do_image_complete" % guest_name
        else:
            external_guests.append(guest_name)

        autostart_flag = "autostart" if is_autostart else ""
        processed.append("%s:%s" % (guest_name, autostart_flag))

    if deps:
        d.appendVarFlag('do_compile', 'depends', deps)

    if external_guests:
        d.setVar('_XEN_GUEST_EXTERNAL_NAMES', ' '.join(external_guests))

    d.setVar('_PROCESSED_XEN_BUNDLES', ' '.join(processed))

    config_mappings = []
    for entry in bundles:
        guest_name = entry.split(':')[0]
        custom_file = d.getVarFlag('XEN_GUEST_CONFIG_FILE', guest_name)
        if custom_file:
            config_mappings.append("%s=%s" % (guest_name, custom_file))
    d.setVar('_XEN_GUEST_CONFIG_FILE_MAP', ';'.join(config_mappings))

    mem_default = d.getVar('XEN_GUEST_MEMORY_DEFAULT')
    vcpus_default = d.getVar('XEN_GUEST_VCPUS_DEFAULT')
    vif_default = d.getVar('XEN_GUEST_VIF_DEFAULT')
    extra_default = d.getVar('XEN_GUEST_EXTRA_DEFAULT')
    disk_default = d.getVar('XEN_GUEST_DISK_DEVICE_DEFAULT')

    param_mappings = []
    for entry in bundles:
        guest_name = entry.split(':')[0]

        memory = d.getVarFlag('XEN_GUEST_MEMORY', guest_name) or mem_default
        vcpus = d.getVarFlag('XEN_GUEST_VCPUS', guest_name) or vcpus_default
        vif = d.getVarFlag('XEN_GUEST_VIF', guest_name) or vif_default
        extra = d.getVarFlag('XEN_GUEST_EXTRA', guest_name) or extra_default
        disk_device = d.getVarFlag('XEN_GUEST_DISK_DEVICE', guest_name) or disk_default
        name = d.getVarFlag('XEN_GUEST_NAME', guest_name) or guest_name
        rootfs = d.getVarFlag('XEN_GUEST_ROOTFS', guest_name) or ""
        kernel = d.getVarFlag('XEN_GUEST_KERNEL', guest_name) or ""

        params = "|".join([memory, vcpus, vif, extra, disk_device, name, rootfs, kernel])
        param_mappings.append("%s=%s" % (guest_name, params))

    d.setVar('_XEN_GUEST_PARAMS_MAP', ';'.join(param_mappings))

    import_mappings = []
    import_types_used = set()
    needs_shared_kernel = False

    for entry in bundles:
        guest_name = entry.split(':')[0]
        source_type = d.getVarFlag('XEN_GUEST_SOURCE_TYPE', guest_name)
        if source_type:
            source_file = d.getVarFlag('XEN_GUEST_SOURCE_FILE', guest_name) or ""
            image_size = d.getVarFlag('XEN_GUEST_IMAGE_SIZE', guest_name) or d.getVar('XEN_GUEST_IMAGE_SIZE_DEFAULT')
            import_mappings.append("%s=%s|%s|%s" % (guest_name, source_type, source_file, image_size))
            import_types_used.add(source_type)

        kernel_flag = d.getVarFlag('XEN_GUEST_KERNEL', guest_name)
        if not kernel_flag or kernel_flag != "none":
            if not kernel_flag:
                needs_shared_kernel = True

    d.setVar('_XEN_GUEST_IMPORT_MAP', ';'.join(import_mappings))

    import_deps = ""
    for itype in import_types_used:
        dep = d.getVar('XEN_GUEST_IMPORT_DEPENDS_%s' % itype)
        if dep:
            import_deps += " %s" % dep
    if import_deps:
        d.appendVarFlag('do_compile', 'depends', import_deps)

    if 'rootfs_dir' in import_types_used:
        d.setVarFlag('do_compile', 'fakeroot', '1')

    if needs_shared_kernel:
        d.appendVarFlag('do_compile', 'depends', ' virtual/kernel:do_deploy')
}

S = "${UNPACKDIR}/sources"
B = "${WORKDIR}/build"

do_patch[noexec] = "1"
do_configure[noexec] = "1"

python xen_guest_external_license_warn() {
    names = d.getVar('_XEN_GUEST_EXTERNAL_NAMES')
    if names:
        bb.warn("Bundling external guest image(s): %s\n"
                "Ensure you have rights to redistribute these images.\n"
                "Check the guest license terms before distribution." % names)
}
do_compile[prefuncs] += "xen_guest_external_license_warn"

xen_guest_import_rootfs_dir() {
    local source_path="$1"
    local output_path="$2"
    local size_mb="$3"

    if [ ! -d "$source_path" ]; then
        bbfatal "rootfs_dir import: source '$source_path' is not a directory"
    fi

    dd if=/dev/zero of="$output_path" bs=1M count=0 seek="$size_mb"
    mkfs.ext4 -F -d "$source_path" "$output_path"
}

xen_guest_import_qcow2() {
    local source_path="$1"
    local output_path="$2"
    local size_mb="$3"

    if [ ! -f "$source_path" ]; then
        bbfatal "qcow2 import: source '$source_path' not found"
    fi

    qemu-img convert -f qcow2 -O raw "$source_path" "$output_path"
}

xen_guest_import_ext4() {
    local source_path="$1"
    local output_path="$2"
    local size_mb="$3"

    if [ ! -f "$source_path" ]; then
        bbfatal "ext4 import: source '$source_path' not found"
    fi

    cp "$source_path" "$output_path"
}

xen_guest_import_raw() {
    local source_path="$1"
    local output_path="$2"
    local size_mb="$3"

    if [ ! -f "$source_path" ]; then
        bbfatal "raw import: source '$source_path' not found"
    fi

    cp "$source_path" "$output_path"
}

resolve_import_source() {
    local guest="$1"
    local import_map="${_XEN_GUEST_IMPORT_MAP}"

    local entry=$(echo "$import_map" | tr ';' '\n' | grep "^${guest}=")
    if [ -z "$entry" ]; then
        return 1
    fi

    local info=$(echo "$entry" | cut -d= -f2-)
    local source_type=$(echo "$info" | cut -d'|' -f1)
    local source_file=$(echo "$info" | cut -d'|' -f2)
    local size_mb=$(echo "$info" | cut -d'|' -f3)

    local source_path=""
    if [ -n "$source_file" ]; then
        if [ -e "${UNPACKDIR}/$source_file" ]; then
            source_path="${UNPACKDIR}/$source_file"
        elif [ -e "$source_file" ]; then
            source_path="$source_file"
        fi
    fi

    if [ -z "$source_path" ]; then
        bbfatal "Import source '$source_file' not found for guest '$guest'"
    fi

    echo "${source_type}|${source_path}|${size_mb}"
}

do_compile() {
    set -e

    mkdir -p "${S}"
    rm -rf "${B}/images" "${B}/configs"
    mkdir -p "${B}/images"
    mkdir -p "${B}/configs"

    : > "${B}/manifest"

    if [ -z "${_PROCESSED_XEN_BUNDLES}" ]; then
        return 0
    fi

    for bundle in ${_PROCESSED_XEN_BUNDLES}; do
        guest_name=$(echo "$bundle" | cut -d: -f1)
        autostart_flag=$(echo "$bundle" | cut -d: -f2)

        import_info=""
        if echo "${_XEN_GUEST_IMPORT_MAP}" | tr ';' '\n' | grep -q "^${guest_name}="; then
            import_info=$(resolve_import_source "$guest_name")
        fi

        if [ -n "$import_info" ]; then
            local import_type=$(echo "$import_info" | cut -d'|' -f1)
            local import_source=$(echo "$import_info" | cut -d'|' -f2)
            local import_size=$(echo "$import_info" | cut -d'|' -f3)

            rootfs_basename="${guest_name}.img"
            local output_path="${B}/images/${rootfs_basename}"

            case "$import_type" in
                rootfs_dir) xen_guest_import_rootfs_dir "$import_source" "$output_path" "$import_size" ;;
                qcow2)      xen_guest_import_qcow2 "$import_source" "$output_path" "$import_size" ;;
                ext4)       xen_guest_import_ext4 "$import_source" "$output_path" "$import_size" ;;
                raw)        xen_guest_import_raw "$import_source" "$output_path" "$import_size" ;;
                *)          bbfatal "Unknown import type '$import_type' for guest '$guest_name'" ;;
            esac
        else
            rootfs_path=$(resolve_bundle_rootfs "$guest_name")
            if [ -z "$rootfs_path" ]; then
                bbfatal "Cannot resolve rootfs for guest '$guest_name'"
            fi
            rootfs_basename=$(basename "$rootfs_path")
            cp "$(readlink -f "$rootfs_path")" "${B}/images/${rootfs_basename}"
        fi

        kernel_path=$(resolve_bundle_kernel "$guest_name")
        kernel_basename=""
        if [ -n "$kernel_path" ]; then
            kernel_basename=$(basename "$kernel_path")
            cp "$(readlink -f "$kernel_path")" "${B}/images/${kernel_basename}"
        fi

        config_map="${_XEN_GUEST_CONFIG_FILE_MAP}"
        custom_config=$(echo "$config_map" | tr ';' '\n' | grep "^${guest_name}=" | cut -d= -f2-)

        if [ -n "$custom_config" ] && [ -f "$custom_config" ]; then
            sed -E \
                -e "s#^(disk = \[)[^,]+#\1'file:/var/lib/xen/images/$rootfs_basename#" \
                -e "s#^(kernel = )\"[^\"]+\"#\1\"/var/lib/xen/images/$kernel_basename\"#" \
                "$custom_config" > "${B}/configs/${guest_name}.cfg"
        else
            generate_bundle_config "$guest_name" "$rootfs_basename" "$kernel_basename" \
                "${B}/configs/${guest_name}.cfg"
        fi

        echo "${guest_name}:${rootfs_basename}:${kernel_basename}:${autostart_flag}" >> "${B}/manifest"

    done
}

resolve_bundle_rootfs() {
    local guest="$1"
    local params_map="${_XEN_GUEST_PARAMS_MAP}"

    local guest_params=$(echo "$params_map" | tr ';' '\n' | grep "^${guest}=" | cut -d= -f2-)
    local override=""
    if [ -n "$guest_params" ]; then
        override=$(echo "$guest_params" | cut -d'|' -f7)
    fi

    if [ -n "$override" ]; then
        local path="${DEPLOY_DIR_IMAGE}/$override"
        if [ -e "$path" ]; then
            echo "$path"
            return 0
        fi
        bbwarn "XEN_GUEST_ROOTFS override '$override' not found at $path"
        return 1
    fi

    local path="${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.${XEN_GUEST_IMAGE_FSTYPE}"
    if [ -e "$path" ]; then
        echo "$path"
        return 0
    fi

    path="${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.rootfs.${XEN_GUEST_IMAGE_FSTYPE}"
    if [ -e "$path" ]; then
        echo "$path"
        return 0
    fi

    bbwarn "Guest rootfs not found for '$guest'. Searched:"
    bbwarn "  ${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.${XEN_GUEST_IMAGE_FSTYPE}"
    bbwarn "  ${DEPLOY_DIR_IMAGE}/${guest}-${MACHINE}.rootfs.${XEN_GUEST_IMAGE_FSTYPE}"
    return 1
}

resolve_bundle_kernel() {
    local guest="$1"
    local params_map="${_XEN_GUEST_PARAMS_MAP}"

    local guest_params=$(echo "$params_map" | tr ';' '\n' | grep "^${guest}=" | cut -d= -f2-)
    local override=""
    if [ -n "$guest_params" ]; then
        override=$(echo "$guest_params" | cut -d'|' -f8)
    fi

    if [ "$override" = "none" ]; then
        return 0
    fi

    if [ -n "$override" ]; then
        local path="${UNPACKDIR}/$override"
        if [ -e "$path" ]; then
            echo "$path"
            return 0
        fi

        path="${DEPLOY_DIR_IMAGE}/$override"
        if [ -e "$path" ]; then
            echo "$path"
            return 0
        fi
        bbwarn "XEN_GUEST_KERNEL override '$override' not found in UNPACKDIR or DEPLOY_DIR_IMAGE"
        return 1
    fi

    local path="${DEPLOY_DIR_IMAGE}/${KERNEL_IMAGETYPE}"
    if [ -e "$path" ]; then
        echo "$path"
        return 0
    fi

    bbwarn "Guest kernel not found at ${DEPLOY_DIR_IMAGE}/${KERNEL_IMAGETYPE}"
    return 1
}

generate_bundle_config() {
    local guest="$1"
    local rootfs_basename="$2"
    local kernel_basename="$3"
    local outfile="$4"
    local params_map="${_XEN_GUEST_PARAMS_MAP}"

    local guest_params=$(echo "$params_map" | tr ';' '\n' | grep "^${guest}=" | cut -d= -f2-)

    local memory=$(echo "$guest_params" | cut -d'|' -f1)
    local vcpus=$(echo "$guest_params" | cut -d'|' -f2)
    local vif=$(echo "$guest_params" | cut -d'|' -f3)
    local extra=$(echo "$guest_params" | cut -d'|' -f4)
    local disk_device=$(echo "$guest_params" | cut -d'|' -f5)
    local name=$(echo "$guest_params" | cut -d'|' -f6)

    cat > "$outfile" << EOF
name = "$name"
memory = $memory
vcpus = $vcpus
disk = ['file:/var/lib/xen/images/$rootfs_basename,$disk_device,rw']
vif = ['$vif']
EOF

    if [ -n "$kernel_basename" ]; then
        cat >> "$outfile" << EOF
kernel = "/var/lib/xen/images/$kernel_basename"
extra = "$extra"
EOF
    fi
}

do_install() {
    if [ ! -f "${B}/manifest" ] || [ ! -s "${B}/manifest" ]; then
        return 0
    fi

    install -d ${D}${datadir}/xen-guest-bundles/${PN}/images
    install -d ${D}${datadir}/xen-guest-bundles/${PN}/configs

    if [ -d "${B}/images" ] && [ -n "$(ls -A ${B}/images 2>/dev/null)" ]; then
        cp ${B}/images/* ${D}${datadir}/xen-guest-bundles/${PN}/images/
    fi

    if [ -d "${B}/configs" ] && [ -n "$(ls -A ${B}/configs 2>/dev/null)" ]; then
        cp ${B}/configs/* ${D}${datadir}/xen-guest-bundles/${PN}/configs/
    fi

    install -m 0644 ${B}/manifest ${D}${datadir}/xen-guest-bundles/${PN}/manifest
}

FILES:${PN} = "${datadir}/xen-guest-bundles"

INSANE_SKIP:${PN} += "buildpaths"
