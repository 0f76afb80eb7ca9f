# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Write a bundle recipe: it builds a package of guests that any Dom0 image can install."""

from __future__ import annotations

from collections.abc import Iterator

from xentui.bitbake import text
from xentui.output import layer, sources
from xentui.output.guest_cfg import supplied_config
from xentui.output.guest_flags import bundled_entry, comment_lines, flags_to_write
from xentui.project import artifacts, schema
from xentui.project.assets import NO_ASSETS, Assets
from xentui.project.effective import fallback
from xentui.project.model import CONTAINER, NO_IMAGE, Bundle, Guest, Project

FOLDER = "recipes-extended/xen-guest-bundles"


def recipe_path(bundle: Bundle) -> str:
    """Return the recipe's path in the layer.

    BitBake takes the name and the version from the file name, split at underscores
    (bb:lib/bb/parse/__init__.py, ``vars_from_file``), so neither can contain one.

    Raises:
        NotRepresentable: the name or version cannot be represented.
    """
    return f"{FOLDER}/{text.name(bundle.key)}_{_version(bundle)}.bb"


def recipe(project: Project, bundle: Bundle, assets: Assets = NO_ASSETS) -> str:
    """Return the text of a bundle's recipe, without its header.

    Raises:
        NotRepresentable: a value cannot be written so that BitBake reads it back.
    """
    guests = [guest for guest in project.guests if guest.bundle == bundle.key]
    configs = [guest for guest in guests if _has_config(project, guest, assets)]
    license_id = text.value(bundle.license or str(schema.default_value("bundle", "license")))
    fetches = sources.collect_fetches(project, guests, [guest.key for guest in configs])
    blocks = [
        layer.recipe_head(bundle.summary or f"Xen guests of {bundle.key}", license_id),
        "# The class sets S and other variables, so it comes before the assignments below.\n"
        "inherit xen-guest-bundle features_check\n\n"
        + text.assign("REQUIRED_DISTRO_FEATURES", "xen"),
        *fetches.src_uri(),
        _common_settings(),
        text.assign_lines("XEN_GUEST_BUNDLES", [bundled_entry(guest) for guest in guests]),
        *(_guest(project, guest, has_config=guest in configs) for guest in guests),
        *_empty_image(guests),
        *fetches.preparation(),
        *_extra_files(guests),
        *_install(project, bundle, guests),
    ]
    return "\n" + "\n\n".join(block for block in blocks if block) + "\n"


_MAX_VERSION = 64
"""Maximum size of a version in bytes: with the longest name, the file name stays below 255."""


def _version(bundle: Bundle) -> str:
    version = text.value(bundle.version or str(schema.default_value("bundle", "version")))
    if not version[:1].isdigit() or set(version) & set("_-/ "):
        raise text.NotRepresentable(version, "it is not a recipe's version")
    if len(version.encode()) > _MAX_VERSION:
        raise text.NotRepresentable(version, f"it is longer than {_MAX_VERSION} bytes")
    return version


def _common_settings() -> str:
    return "\n".join(
        [
            "# Everything is fetched; nothing is compiled.",
            text.assign("S", "${UNPACKDIR}"),
            text.assign("INHIBIT_DEFAULT_DEPS", "1"),
            "",
            "# The package contains the kernel and images of this machine, so it must not be",
            "# used for another machine with the same tune.",
            text.assign("PACKAGE_ARCH", "${MACHINE_ARCH}"),
        ]
    )


def _has_config(project: Project, guest: Guest, assets: Assets) -> bool:
    return guest.config_file is not None or supplied_config(project, guest, assets) is not None


def _guest(project: Project, guest: Guest, *, has_config: bool) -> str:
    lines = [f"# {guest.key}"]
    for variable, value in (
        *flags_to_write(project, guest),
        *_imports(project, guest),
        *(_config(guest) if has_config else ()),
    ):
        lines += comment_lines(variable, value)
        lines.append(text.assign(variable, value, flag=text.name(guest.key)))
    return "\n".join(lines) if len(lines) > 1 else ""


def _config(guest: Guest) -> Iterator[tuple[str, str]]:
    yield "XEN_GUEST_CONFIG_FILE", f"${{UNPACKDIR}}/{guest.key}.cfg"


def _imports(project: Project, guest: Guest) -> Iterator[tuple[str, str]]:
    if guest.rootfs == NO_IMAGE:
        yield "XEN_GUEST_SOURCE_TYPE", "raw"
        yield "XEN_GUEST_SOURCE_FILE", _EMPTY_IMAGE
    if guest.source is None:
        return
    yield "XEN_GUEST_SOURCE_TYPE", sources.source_type(guest.source)
    yield "XEN_GUEST_SOURCE_FILE", sources.source_file(guest, guest.source)
    size = guest.source.image_size
    default = fallback(project, ("guests", guest.key, "source", "image_size")).value
    if guest.source.type in ("rootfs_dir", CONTAINER) and size is not None and size != default:
        yield "XEN_GUEST_IMAGE_SIZE", text.number(size)


_EMPTY_IMAGE = "no-image"


def _empty_image(guests: list[Guest]) -> Iterator[str]:
    """Yield the function that creates an empty image for guests without one."""
    if any(guest.rootfs == NO_IMAGE for guest in guests):
        yield "\n".join(
            [
                "# The class needs an image for each guest. A guest without one gets an empty",
                "# file, which its xl config does not use.",
                "no_image() {",
                f'    : > "${{UNPACKDIR}}/{_EMPTY_IMAGE}"',
                "}",
                text.assign("do_compile", "no_image", flag="prefuncs", operator="+="),
            ]
        )


_FIND = """\
find_guest_file() {
    for folder in "${UNPACKDIR}" "${DEPLOY_DIR_IMAGE}"; do
        if [ -e "$folder/$1" ]; then
            readlink -f "$folder/$1"
            return 0
        fi
    done
    bbfatal "$1 is neither fetched nor in ${DEPLOY_DIR_IMAGE}"
}"""


def _extra_files(guests: list[Guest]) -> Iterator[str]:
    """Yield the functions that build and install additional disks, ramdisks and device trees.

    The class installs one image and one kernel for each guest. The other files are searched in
    the same places as a kernel, converted to raw, and installed at the paths in the xl configs.
    """
    files = [file for guest in guests for file in artifacts.extra_files(guest)]
    if not files:
        return
    lines = ["do_compile:append() {", '    rm -rf "${B}/files"', '    mkdir -p "${B}/files"']
    for file in files:
        target = f'"${{B}}/files/{text.class_value(text.path(file.name))}"'
        if file.type == "empty":
            lines.append(f"    truncate -s {text.number(file.size)}M {target}")
            continue
        lines.append(
            f'    file=$(find_guest_file "{text.class_value(text.path(file.file))}") || exit 1'
        )
        if file.type in ("raw", "qcow2"):
            lines.append(f'    xen_guest_import_{file.type} "$file" {target} 0')
        else:
            lines.append(f'    qemu-img convert -f {file.type} -O raw "$file" {target}')
    yield (
        "# Additional disks, ramdisks and device trees. The class installs one image and one\n"
        "# kernel for each guest; these files go where the xl configs name them.\n" + _FIND
    )
    yield "\n".join([*lines, "}"])
    if any(file.type not in ("raw", "empty") for file in files):
        depends = "qemu-system-native:do_populate_sysroot"
        yield text.assign("do_compile", depends, flag="depends", operator="+=")


def _install(project: Project, bundle: Bundle, guests: list[Guest]) -> Iterator[str]:
    """Yield what the recipe installs in addition to the class.

    This is the additional files of guests, and a file that makes Dom0 load the driver for passing
    through PCI devices. With ``seize=1``, xl moves a device to that driver when the guest starts;
    otherwise ``xl pci-assignable-add`` does (xl.cfg(5), pci).
    """
    commands, files = [], []
    if any(artifacts.extra_files(guest) for guest in guests):
        commands += [
            f"    install -d ${{D}}{artifacts.IMAGES}",
            f"    cp --sparse=always ${{B}}/files/* ${{D}}{artifacts.IMAGES}/",
        ]
        files.append(artifacts.IMAGES)
    modules = artifacts.modules_file(project, bundle.key)
    if modules is not None:
        place = text.path(modules.replace("/etc/", "", 1))
        commands += [
            "    # Dom0 needs this driver to pass PCI devices through to guests.",
            "    install -d ${D}${sysconfdir}/modules-load.d",
            f"    echo xen-pciback > ${{D}}${{sysconfdir}}/{place}",
        ]
        files.append(f"${{sysconfdir}}/{place}")
    if not commands:
        return
    lines = ["do_install:append() {", *commands, "}", ""]
    lines += [f'FILES:${{PN}} += "{path}"' for path in files]
    if modules is not None:
        lines.append('RRECOMMENDS:${PN} += "kernel-module-xen-pciback"')
    yield "\n".join(lines)
