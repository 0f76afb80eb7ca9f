# Builds root directories from container images, for bundle recipes that xentui writes.
#
# CONTAINER_GUESTS lists the guests. The recipe fetches one archive (docker save, or an OCI archive)
# for each into archives/GUEST, without unpacking it; the root directory is ${WORKDIR}/rootfs/GUEST,
# which the recipe passes to xen-guest-bundle.bbclass.
#
# skopeo-native converts each archive to an OCI layout, for the machine's architecture. The function
# below then unpacks the layers under pseudo. "umoci unpack" cannot: pseudo does not support
# Go programs, so every file would belong to the build user. Links in an image are followed inside
# its root directory, never out of it.

do_compile[prefuncs] += "container_roots"
do_compile[depends] += "skopeo-native:do_populate_sysroot"

# Unpacks the layers of container images, keeping owners, groups and setuid bits, and adds
# /sbin/container-init, which starts the image's entry point.
python container_roots() {
    import json
    import os
    import re
    import shlex
    import shutil
    import subprocess
    import tarfile

    arches = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "i586": "386"}
    start = """\
#!/bin/sh
# Starts the entry point of the container image.
[ -c /dev/null ] || mount -t devtmpfs devtmpfs /dev
mount -o remount,rw / 2>/dev/null
mount -t proc proc /proc 2>/dev/null
mount -t sysfs sysfs /sys 2>/dev/null
ip link set lo up 2>/dev/null
"""
    stop = """\
sync
poweroff -f 2>/dev/null
while :; do sleep 3600; done
"""

    def resolve(root, path):
        """Return the path on the host of a path in the image, following links inside it."""
        done = []
        steps = path.split("/")[::-1]
        hops = 0
        while steps:
            step = steps.pop()
            if step in ("", "."):
                continue
            if step == "..":
                del done[-1:]
                continue
            place = os.path.join(root, *done, step)
            if os.path.islink(place):
                hops += 1
                if hops > 40:
                    bb.fatal("%s: a circle of links" % path)
                target = os.readlink(place)
                if target.startswith("/"):
                    done = []
                steps += target.split("/")[::-1]
                continue
            done.append(step)
        return os.path.join(root, *done)

    def entry_path(root, name):
        """Return the path on the host of a layer's entry, which may itself be a link."""
        above, last = os.path.split(name.rstrip("/"))
        if last in ("", ".", ".."):
            return resolve(root, name)
        return os.path.join(resolve(root, above), last)

    def remove(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.remove(path)

    def hide_lower(place, fresh):
        """Remove what lower layers have at a path, but not what this layer (fresh) has."""
        if place not in fresh:
            remove(place)
        elif os.path.isdir(place) and not os.path.islink(place):
            for name in os.listdir(place):
                hide_lower(os.path.join(place, name), fresh)

    def unpack_layer(root, layer):
        """Unpack an open tar archive over the lower layers, and apply its whiteouts to these."""
        fresh = set()  # the paths that this layer has
        for member in layer:
            place = entry_path(root, member.name)
            above, last = os.path.split(place)
            if last == ".wh..wh..opq":
                for name in os.listdir(above) if os.path.isdir(above) else ():
                    hide_lower(os.path.join(above, name), fresh)
                continue
            if last.startswith(".wh."):
                if last[4:] not in ("", ".", ".."):  # these would hide the folder or its parent
                    hide_lower(os.path.join(above, last[4:]), fresh)
                continue
            while above != root and above not in fresh:
                fresh.add(above)
                above = os.path.dirname(above)
            fresh.add(place)
            if member.ischr() or member.isblk() or place == root:
                continue
            if not (member.isdir() and os.path.isdir(place) and not os.path.islink(place)):
                remove(place)
            member.name = os.path.relpath(place, root)
            if member.islnk():
                member.linkname = os.path.relpath(entry_path(root, member.linkname), root)
            options = {"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}
            layer.extract(member, root, numeric_owner=True, **options)

    def write_init(root, config):
        """Write the program that starts the entry point and then powers the guest off."""
        command = (config.get("Entrypoint") or []) + (config.get("Cmd") or [])
        program = os.path.join(resolve(root, "/sbin"), "container-init")
        os.makedirs(os.path.dirname(program), exist_ok=True)
        remove(program)
        if not command:
            bb.warn("%s: the image has no entry point" % root)
            return
        if not os.path.exists(resolve(root, "/bin/sh")):
            if len(command) > 1 or config.get("Env"):
                bb.note("%s has no shell: its program is started without arguments" % root)
            os.symlink(command[0], program)
            return
        lines = [start.rstrip()]
        for word in config.get("Env") or []:
            name, _, value = word.partition("=")
            if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
                lines.append("export %s=%s" % (name, shlex.quote(value)))
        lines.append("cd %s" % shlex.quote(config.get("WorkingDir") or "/"))
        words = " ".join(shlex.quote(word) for word in command)
        if os.path.basename(command[0]) in ("init", "systemd"):
            lines.append("exec " + words)
        else:
            lines += [words, stop.rstrip()]
        with open(program, "w") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(program, 0o755)

    for guest in d.getVar("CONTAINER_GUESTS").split():
        folder = os.path.join(d.getVar("UNPACKDIR") or d.getVar("WORKDIR"), "archives", guest)
        archives = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
        if len(archives) != 1:
            bb.fatal("%s: one archive of a container image is needed" % folder)
        names = subprocess.run(["tar", "-tf", archives[0]], check=True, stdout=subprocess.PIPE)
        saved = any(n.lstrip(b"./") == b"manifest.json" for n in names.stdout.splitlines())
        origin = "%s:%s" % ("docker-archive" if saved else "oci-archive", archives[0])
        layout = os.path.join(d.getVar("WORKDIR"), "containers", guest)
        root = os.path.join(d.getVar("WORKDIR"), "rootfs", guest)
        for path in (layout, root):
            shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path)
        arch = arches.get(d.getVar("TARGET_ARCH"), d.getVar("TARGET_ARCH"))
        # skopeo is a Go program, which pseudo does not support.
        subprocess.run(
            ["skopeo", "--insecure-policy", "--override-os", "linux", "--override-arch", arch,
             "copy", "--quiet", origin, "oci:%s:guest" % layout],
            check=True, env=dict(os.environ, PSEUDO_UNLOAD="1"))

        def blob(entry):
            return os.path.join(layout, "blobs", *entry["digest"].split(":"))

        def read(path):
            with open(path) as file:
                return json.load(file)

        manifest = read(blob(read(os.path.join(layout, "index.json"))["manifests"][0]))
        config = read(blob(manifest["config"]))
        if config.get("architecture") not in (arch, "", None):
            bb.warn("%s: the image is for %s" % (guest, config["architecture"]))
        for entry in manifest["layers"]:
            if entry["mediaType"].endswith("zstd"):
                packed = subprocess.Popen(["zstd", "-dc", blob(entry)], stdout=subprocess.PIPE)
                with tarfile.open(fileobj=packed.stdout, mode="r|") as layer:
                    unpack_layer(root, layer)
                if packed.wait():
                    bb.fatal("%s: a layer is damaged" % guest)
            else:
                with tarfile.open(blob(entry)) as layer:
                    unpack_layer(root, layer)
        write_init(root, config.get("config") or {})
}
