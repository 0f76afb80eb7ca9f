#compdef xentui
# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Completion of xentui for zsh, made from its command line; xentui completion zsh prints it.

_xentui_presets() {
    local -a names
    names=(qemux86-64-minimal qemux86-64-alpine qemux86-64-vxn vendor-guest qemuarm64-minimal raspberrypi4-64 presets/*.toml(N:t:r)
        ${XDG_CONFIG_HOME:-$HOME/.config}/xentui/presets/*.toml(N:t:r))
    names=(${names:#*[^A-Za-z0-9._-]*})
    compadd -a names
}

# The guests of the first project file on the line.
_xentui_guest_names() {
    local word
    reply=()
    for word in $words[2,-1]; do
        if [[ $word == *.toml && -f $word ]]; then
            reply=(${(f)"$(sed -n 's/^[[:blank:]]*\[guests\.\([a-z0-9_-]*\)\].*/\1/p' -- $word)"})
            return
        fi
    done
}

_xentui_guests() {
    local -a reply
    _xentui_guest_names
    compadd -a reply
}

_xentui_assignments() {
    local -a reply paths
    local guest
    _xentui_guest_names
    paths=(host.machine= host.release= host.image= host.memory= host.dom0_memory= host.network= host.boot_mode= containers.vxn= containers.frontends= containers.concurrent= containers.memory= defaults.memory= defaults.vcpus= defaults.vif= defaults.extra= defaults.disk_device= defaults.image_fstype= defaults.image_size=)
    for guest in $reply; do
        paths+=(guests.$guest.{tags,bundle,memory,vcpus,vif,extra,disk_device,name,type,kernel,rootfs,config_file}=)
    done
    compadd -S '' -a paths
}

_xentui_codes() {
    local -a codes
    codes=(
        'XT001:The file is not TOML'
        'XT002:A key is not known'
        'XT003:A key is missing'
        'XT004:A value has the wrong type'
        'XT005:A value is out of range, too long or too short'
        'XT006:A value is not one of those allowed'
        'XT007:A name cannot be one'
        'XT008:A text does not have the form of its field'
        'XT101:Xen does not start on this board'
        'XT102:The board is not known to xentui'
        'XT103:The board is supported in part'
        'XT104:Bridged network under QEMU'
        'XT105:A boot mode on a board that has none'
        'XT106:The boot mode needs its own firmware'
        'XT107:The total is only counted with'
        'XT108:Dom0'\''s memory needs a kickstart file'
        'XT109:Nothing sets Dom0'\''s memory on this board'
        'XT110:A larger Dom0 fails a test'
        'XT111:Dom0 takes all memory'
        'XT112:Dom0 beyond the first GiB of a Raspberry Pi 4'
        'XT113:The Dom0 image must take guests in'
        'XT201:The guest needs a bundle'
        'XT202:The bundle is not there'
        'XT203:A bundle carries no guest'
        'XT204:The bundle'\''s name has a meaning for BitBake'
        'XT205:The bundle'\''s name is another recipe'\''s'
        'XT206:The guest'\''s name is no recipe'\''s'
        'XT207:An imported guest is not external'
        'XT208:Nothing brings the guest'\''s image'
        'XT209:A file must lie in the deploy directory'
        'XT210:The guest'\''s disk has two origins'
        'XT211:Two guests have one disk image'
        'XT212:Two files of one name'
        'XT213:Two guests have one domain name'
        'XT214:A domain name that no guest can have'
        'XT216:xl does not know a word of a vif'
        'XT217:A MAC address that is none'
        'XT218:A MAC address stands twice'
        'XT219:A multicast address'
        'XT220:An address that may be a real card'\''s'
        'XT221:A rate that xl cannot read'
        'XT222:An emulated interface for a guest that is not HVM'
        'XT223:Nothing creates the bridge'
        'XT224:Two interfaces under one number'
        'XT225:The kernel is not told its root'
        'XT226:The root is not the guest'\''s disk'
        'XT227:The image may have partitions'
        'XT228:Nothing on the console'
        'XT229:The guest waits for an address'
        'XT230:An address without an interface'
        'XT231:A root directory without init'
        'XT232:A password in plain sight'
        'XT233:A domain type that the board cannot run'
        'XT235:A kernel for an HVM guest'
        'XT236:Neither kernel nor boot loader'
        'XT237:Fields that an own config replaces'
        'XT238:The own config is not there'
        'XT239:xl refuses the own config'
        'XT240:The class breaks the own config'
        'XT241:The own config does not use the guest'\''s image'
        'XT242:The own config does not use the guest'\''s kernel'
        'XT243:A kernel line, and no kernel'
        'XT244:The own config names nothing to boot'
        'XT245:Nothing brings a further disk'
        'XT246:The own config names no domain'
        'XT247:A number that xl reads differently'
        'XT249:Fewer vCPUs at most than at first'
        'XT250:Memory that grows'
        'XT251:More vCPUs than CPUs'
        'XT252:Very little memory'
        'XT301:No checksum'
        'XT302:Fetched over http'
        'XT303:A local file is not there'
        'XT304:An archive is unpacked flat'
        'XT305:Nothing brings the file that is imported'
        'XT306:A size that does not count'
        'XT307:Nothing is fetched for this board'
        'XT308:Two files come under one name'
        'XT309:Two files of one name beside the recipe'
        'XT310:The import type is not known'
        'XT311:An import type is not used'
        'XT312:The import script is not there'
        'XT313:A subdir for a plain file'
        'XT314:A kernel that nothing fetches'
        'XT315:An image type that is no disk'
        'XT316:Every guest recipe must make this image type'
        'XT317:The licence is not known'
        'XT318:LICENSE = CLOSED'
        'XT319:An architecture that is not known as an override'
        'XT320:The image is too small'
        'XT321:The file does not look like its import type'
        'XT322:A root directory stands beside the project unpacked'
        'XT350:The file is not what its import type says'
        'XT351:The root is a whole disk that has partitions'
        'XT352:The root is a partition of a disk that has none'
        'XT353:The qcow2 image is not a whole disk'
        'XT354:The image is too small for its tree'
        'XT355:The root has no init'
        'XT356:The checksum is of another file'
        'XT357:The file seems damaged'
        'XT358:Dom0'\''s root file system is made bigger'
        'XT359:Containers may need more room in Dom0'
        'XT360:The import script cannot be parsed'
        'XT361:shellcheck warns of the import script'
        'XT401:What starts by itself does not fit'
        'XT402:All guests at once do not fit'
        'XT403:The total is not known'
        'XT404:No room for the containers'
        'XT405:Dom0 leaves nothing'
        'XT406:A guest is too large for the board'
        'XT501:vxn finds nothing on this board'
        'XT502:vxn needs the poky distribution'\''s file'
        'XT503:docker and podman together'
        'XT504:Front-ends without vxn'
        'XT505:docker and podman cannot give vxn a network'
        'XT506:No memory is kept for containers'
        'XT507:vxn must be told another size'
        'XT601:BitBake cannot read a line'
        'XT602:The old override syntax'
        'XT603:A file cannot be included'
        'XT604:A fragment is in no layer'
        'XT605:A machine fragment beside an assignment'
        'XT606:A word is glued to its neighbour'
        'XT607:A bundle in every image'
        'XT608:IMAGE_INSTALL with an operator that replaces'
        'XT609:A feature that the guests need is missing'
        'XT610:The build directory is not set up for Xen'
        'XT611:A feature that vxn needs is missing'
        'XT612:A layer that is named is not there'
        'XT613:A layer that another needs is missing'
        'XT614:The layer meta-virtualization is missing'
        'XT615:A meta-virtualization without the Xen classes'
        'XT616:Layers of different releases'
        'XT617:No layer has the MACHINE'
        'XT618:MACHINE is set more than once'
        'XT619:A multiconfig that is not there'
        'XT620:The multiconfigs of vxn are missing'
        'XT621:The multiconfigs of vxn need poky'
        'XT622:A later line undoes what xentui set'
        'XT623:A flag for a guest that nothing bundles'
        'XT624:A memory setting without effect'
        'XT625:A kernel without Xen options'
        'XT626:The environment sets another MACHINE'
        'XT627:QEMU without KVM'
        'XT628:QEMU without a tap device'
        'XT629:Little space for a build'
        'XT630:BitBake does not build as root'
        'XT631:An override on a flag'
        'XT632:Adding to a flag that is empty'
        'XT633:A tag that is none'
        'XT634:A flag that only bundle recipes read'
        'XT635:An xl config that is never there'
        'XT636:No recipe builds the guest'
        'XT637:xentui'\''s configuration is not included'
        'XT638:Changes of guests go unnoticed'
        'XT701:A character cannot be carried'
        'XT702:Characters that show nothing'
        'XT901:A check of xentui failed by itself'
    )
    _describe -t codes code codes
}

_xentui_commands() {
    local -a commands
    commands=(
        'new:write a project file from a preset'
        'presets:list the presets, or show one'
        'check:tell everything that is wrong with a project, and how to fix it'
        'show:show what would be written, and what would land on the target'
        'rehearse:start the guests on a real Xen in QEMU, before anything is built'
        'generate:write the files that BitBake reads'
        'remove:take out of a build directory what generate put in'
        'import:make a project file of a local.conf and bundle recipes'
        'doctor:tell what is wrong with a build directory, from its files alone'
        'verify:ask BitBake itself whether it sees what a project says'
        'source:tell what an image file is, and how a guest is made of it'
        'explain:explain a finding in full: cause, evidence, fix, example'
        'schema:print the JSON schema of the project file'
        'completion:print the completion script of a shell'
    )
    _describe -t commands command commands
}

_xentui_first() {
    _alternative 'commands:command:_xentui_commands' \
        'files:project:_files -g "*.toml"'
}

_xentui() {
    local curcontext=$curcontext
    if ((CURRENT > 2)); then
        case $words[2] in
            new)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '(-o --output)'{-o,--output}'[write here, not to standard output]:FILE:_files' \
                    '--no-schema[with -o\: leave out the line that tells editors the schema, and the schema'\''s file]' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '1:PRESET:_xentui_presets'
                return
                ;;
            presets)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--json[print one JSON object]' \
                    '1:show:(show)' \
                    '2:NAME:_xentui_presets'
                return
                ;;
            check)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--preset[take this preset for the project]:NAME:_xentui_presets' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '*--allow[overrule an error\: XT101 (board), XT401 or XT406 (memory), XT901 (a check that failed) (repeatable)]:CODE:_xentui_codes' \
                    '--json[print one JSON object]' \
                    '--build-dir[tell too what is wrong with this build directory once the project is written there]:DIR:_files -/' \
                    '--strict[let warnings count as errors]' \
                    '*:PROJECT:_files -g "*.toml"'
                return
                ;;
            show)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--preset[take this preset for the project]:NAME:_xentui_presets' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '*--allow[overrule an error\: XT101 (board), XT401 or XT406 (memory), XT901 (a check that failed) (repeatable)]:CODE:_xentui_codes' \
                    '*--what[one or more of the above, with commas between (repeatable); all if left out]:THING:(conf recipes layer cfg layout budget commands project)' \
                    '--effective[of the project, show values that hold without being written, and their origin]' \
                    '--json[print one JSON object]' \
                    '1:PROJECT:_files -g "*.toml"'
                return
                ;;
            rehearse)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--preset[take this preset for the project]:NAME:_xentui_presets' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '*--allow[overrule an error\: XT101 (board), XT401 or XT406 (memory), XT901 (a check that failed) (repeatable)]:CODE:_xentui_codes' \
                    '--json[print one JSON object]' \
                    '--parts[look for QEMU, Xen and the rest first in this folder of unpacked packages]:DIR:_files -/' \
                    '--deploy-dir[take Xen, kernels and images that a build made, of its tmp/deploy/images/MACHINE]:DIR:_files -/' \
                    '--yes[fetch packages that are missing without asking]' \
                    '--accel[how the CPU is emulated (kvm where it can run Xen, else tcg)]:tcg|kvm:(tcg kvm)' \
                    '--log[keep all that the machine says in this folder\: console.log and told.log]:DIR:_files -/' \
                    '1:PROJECT:_files -g "*.toml"'
                return
                ;;
            generate)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--preset[take this preset for the project]:NAME:_xentui_presets' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '*--allow[overrule an error\: XT101 (board), XT401 or XT406 (memory), XT901 (a check that failed) (repeatable)]:CODE:_xentui_codes' \
                    '--out[write a self-contained tree here]:DIR:_files -/' \
                    '--build-dir[write into this build directory]:DIR:_files -/' \
                    '--format[with --out\: a tree with conf/xentui.conf (default), a part of a kas project file, or a configuration fragment in the layer (with --build-dir too); snippet prints the settings for pasting]:tree|kas|fragment|snippet:(tree kas fragment snippet)' \
                    '--each[with --out\: a folder below DIR for each project, as several get]' \
                    '--one-layer[with --out\: one layer for the boards of all projects]' \
                    '--layer[with --build-dir\: where the layer goes (meta-xentui beside the build directory)]:DIR:_files -/' \
                    '--attach[with --build-dir\: how conf/local.conf gets at the settings\: by one require line (default), as a marked block in it, not at all, or by a fragment in the layer]:require|block|none|fragment:(require block none fragment)' \
                    '--dry-run[list what would be written]' \
                    '--diff[show the diff of what would be written]' \
                    '--check[exit with 1 if anything would be written]' \
                    '--json[print one JSON object]' \
                    '(-y --yes)'{-y,--yes}'[agree to the diff beforehand]' \
                    '--edited[generated files edited by hand, for which else nothing is written\: they stay (keep), get xentui'\''s changes too (merge), or make way and are kept as NAME.mine (take)]:keep|merge|take:(keep merge take)' \
                    '--force[the same as --edited take]' \
                    '*:PROJECT:_files -g "*.toml"'
                return
                ;;
            remove)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--build-dir[the build directory]:DIR:_files -/' \
                    '--dry-run[list what would change]' \
                    '--diff[show the diff of what would change]' \
                    '(-y --yes)'{-y,--yes}'[agree to the diff beforehand]' \
                    '--edited[generated files edited by hand, for which else nothing is written\: they stay (keep), or make way and are kept as NAME.mine (take)]:keep|take:(keep take)' \
                    '--force[the same as --edited take]'
                return
                ;;
            import)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '(-o --output)'{-o,--output}'[write here, not to standard output]:FILE:_files' \
                    '--no-schema[with -o\: leave out the line that tells editors the schema, and the schema'\''s file]' \
                    '*:CONF:_files'
                return
                ;;
            doctor)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--build-dir[the build directory; left out\: $BUILDDIR, or the first one upwards from here]:DIR:_files -/' \
                    '--json[print one JSON object]'
                return
                ;;
            verify)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--preset[take this preset for the project]:NAME:_xentui_presets' \
                    '*--set[change a value on the way, such as guests.alpine.memory=256 (repeatable)]:PATH=VALUE:_xentui_assignments' \
                    '*--allow[overrule an error\: XT101 (board), XT401 or XT406 (memory), XT901 (a check that failed) (repeatable)]:CODE:_xentui_codes' \
                    '--build-dir[the build directory; left out\: $BUILDDIR, or the first one upwards from here]:DIR:_files -/' \
                    '--oe-init[the script that sets up the build environment, where it is not\: oe-init-build-env]:PATH:_files' \
                    '--quick[ask about the configuration alone, without recipes\: seconds, not minutes]' \
                    '--build[where all agrees, go on\: run bitbake for the images, then runqemu, in this terminal]' \
                    '(-y --yes)'{-y,--yes}'[with --build\: agree to these commands beforehand]' \
                    '--all[list what agrees too]' \
                    '--json[print one JSON object]' \
                    '1:PROJECT:_files -g "*.toml"'
                return
                ;;
            source)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--json[print one JSON object]' \
                    '--write[let this project file import FILE, once its diff is agreed to]:PROJECT:_files -g "*.toml"' \
                    '--guest[with --write\: the guest to import it for]:KEY:_xentui_guests' \
                    '(-y --yes)'{-y,--yes}'[agree to the diff beforehand]' \
                    '1:inspect:(inspect)' \
                    '*:FILE:_files'
                return
                ;;
            explain)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--json[print one JSON object]' \
                    '1:CODE:_xentui_codes'
                return
                ;;
            schema)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '--path[print where its file lies, for an editor'\''s settings]'
                return
                ;;
            completion)
                shift words
                ((CURRENT--))
                _arguments -S \
                    '(-h --help)'{-h,--help}'[show this help message and exit]' \
                    '1:bash|zsh|fish|tcsh:(bash zsh fish tcsh)'
                return
                ;;
        esac
    fi
    _arguments -S \
        '(-h --help)'{-h,--help}'[show this help message and exit]' \
        '(-V --version)'{-V,--version}'[show program'\''s version number and exit]' \
        '--preset[begin with this preset]:NAME:_xentui_presets' \
        '--build-dir[write into this build directory; left out\: $BUILDDIR, or the first one upwards from here, or else ./xentui-out]:DIR:_files -/' \
        '--plain[ask numbered questions in lines of text, for screen readers, braille displays, serial consoles, TERM=dumb and pipes]' \
        '--ascii[draw, or with --plain write, ASCII characters alone]' \
        '--plain-preview[let no preview follow each key, for slow lines; F4 still shows it]' \
        '1: :_xentui_first'
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _xentui "$@"
else
    compdef _xentui xentui
fi
