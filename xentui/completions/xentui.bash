# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Completion of xentui for bash, made from its command line; xentui completion bash prints it.

_xentui_presets() {
    local folder file
    printf '%s\n' qemux86-64-minimal qemux86-64-alpine qemux86-64-vxn vendor-guest qemuarm64-minimal raspberrypi4-64
    for folder in presets "${XDG_CONFIG_HOME:-$HOME/.config}/xentui/presets"; do
        for file in "$folder"/*.toml; do
            file=${file##*/}
            case $file in
                '*.toml' | *[!A-Za-z0-9._-]*) ;;
                *) printf '%s\n' "${file%.toml}" ;;
            esac
        done
    done
}

# The guests of the first project file on the line.
_xentui_guests() {
    local word
    for word in "${COMP_WORDS[@]:1}"; do
        if [[ $word == *.toml && -f $word ]]; then
            sed -n 's/^[[:blank:]]*\[guests\.\([a-z0-9_-]*\)\].*/\1/p' -- "$word" 2>/dev/null
            return
        fi
    done
}

_xentui_assignments() {
    local guest field
    printf '%s\n' host.machine= host.release= host.image= host.memory= host.dom0_memory= host.network= host.boot_mode= containers.vxn= containers.frontends= containers.concurrent= containers.memory= defaults.memory= defaults.vcpus= defaults.vif= defaults.extra= defaults.disk_device= defaults.image_fstype= defaults.image_size=
    _xentui_guests | while read -r guest; do
        for field in tags bundle memory vcpus vif extra disk_device name type kernel rootfs config_file; do
            printf 'guests.%s.%s=\n' "$guest" "$field"
        done
    done
}

# Words are compared here and not by compgen -W, which would evaluate them.
_xentui_offer() {
    local word
    while read -r word; do
        [[ $word == "$cur"* ]] && COMPREPLY+=("$word")
    done
}

_xentui_files() {
    local word
    compopt -o filenames 2>/dev/null
    while read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen "$@" -- "$cur" 2>/dev/null)
}

_xentui_offer_kind() {
    local kind=$1
    shift
    case $kind in
        words) _xentui_offer < <(printf '%s\n' "$@") ;;
        preset) _xentui_offer < <(_xentui_presets) ;;
        guest) _xentui_offer < <(_xentui_guests) ;;
        code) _xentui_offer < <(printf '%s\n' XT001 XT002 XT003 XT004 XT005 XT006 XT007 XT008 XT101 XT102 XT103 XT104 XT105 XT106 XT107 XT108 XT109 XT110 XT111 XT112 XT113 XT201 XT202 XT203 XT204 XT205 XT206 XT207 XT208 XT209 XT210 XT211 XT212 XT213 XT214 XT216 XT217 XT218 XT219 XT220 XT221 XT222 XT223 XT224 XT225 XT226 XT227 XT228 XT229 XT230 XT231 XT232 XT233 XT235 XT236 XT237 XT238 XT239 XT240 XT241 XT242 XT243 XT244 XT245 XT246 XT247 XT249 XT250 XT251 XT252 XT301 XT302 XT303 XT304 XT305 XT306 XT307 XT308 XT309 XT310 XT311 XT312 XT313 XT314 XT315 XT316 XT317 XT318 XT319 XT320 XT321 XT322 XT350 XT351 XT352 XT353 XT354 XT355 XT356 XT357 XT358 XT359 XT360 XT361 XT401 XT402 XT403 XT404 XT405 XT406 XT501 XT502 XT503 XT504 XT505 XT506 XT507 XT601 XT602 XT603 XT604 XT605 XT606 XT607 XT608 XT609 XT610 XT611 XT612 XT613 XT614 XT615 XT616 XT617 XT618 XT619 XT620 XT621 XT622 XT623 XT624 XT625 XT626 XT627 XT628 XT629 XT630 XT631 XT632 XT633 XT634 XT635 XT636 XT637 XT638 XT701 XT702 XT901) ;;
        assignment)
            compopt -o nospace 2>/dev/null
            _xentui_offer < <(_xentui_assignments)
            ;;
        project)
            _xentui_files -d
            _xentui_files -f -X '!*.toml'
            ;;
        directory) _xentui_files -d ;;
        file) _xentui_files -f ;;
    esac
}

_xentui() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' options='' valued='' many='' word index first=1 place=0
    local -a places kind
    COMPREPLY=()
    # bash takes --option=VALUE for three words.
    if [[ $cur == '=' ]]; then
        cur=''
    elif [[ $prev == '=' ]] && ((COMP_CWORD > 2)); then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if ((COMP_CWORD > 1)); then
        case ${COMP_WORDS[1]} in
            new | presets | check | show | rehearse | generate | remove | import | doctor | verify | source | explain | schema | completion)
                command=${COMP_WORDS[1]}
                first=2
                ;;
        esac
    fi
    case $command in
        '')
            options='-h --help -V --version --preset --build-dir --plain --ascii --plain-preview'
            valued=' --preset --build-dir '
            places=('project')
            ;;
        new)
            options='-h --help -o --output --no-schema --set'
            valued=' -o --output --set '
            places=('preset')
            ;;
        presets)
            options='-h --help --json'
            places=('words show' 'preset')
            ;;
        check)
            options='-h --help --preset --set --allow --json --build-dir --strict'
            valued=' --preset --set --allow --build-dir '
            places=('project')
            many=1
            ;;
        show)
            options='-h --help --preset --set --allow --what --effective --json'
            valued=' --preset --set --allow --what '
            places=('project')
            ;;
        rehearse)
            options='-h --help --preset --set --allow --json --parts --deploy-dir --yes --accel --log'
            valued=' --preset --set --allow --parts --deploy-dir --accel --log '
            places=('project')
            ;;
        generate)
            options='-h --help --preset --set --allow --out --build-dir --format --each --one-layer --layer --attach --dry-run --diff --check --json -y --yes --edited --force'
            valued=' --preset --set --allow --out --build-dir --format --layer --attach --edited '
            places=('project')
            many=1
            ;;
        remove)
            options='-h --help --build-dir --dry-run --diff -y --yes --edited --force'
            valued=' --build-dir --edited '
            ;;
        import)
            options='-h --help -o --output --no-schema'
            valued=' -o --output '
            places=('file')
            many=1
            ;;
        doctor)
            options='-h --help --build-dir --json'
            valued=' --build-dir '
            ;;
        verify)
            options='-h --help --preset --set --allow --build-dir --oe-init --quick --build -y --yes --all --json'
            valued=' --preset --set --allow --build-dir --oe-init '
            places=('project')
            ;;
        source)
            options='-h --help --json --write --guest -y --yes'
            valued=' --write --guest '
            places=('words inspect' 'file')
            many=1
            ;;
        explain)
            options='-h --help --json'
            places=('code')
            ;;
        schema)
            options='-h --help --path'
            ;;
        completion)
            options='-h --help'
            places=('words bash zsh fish tcsh')
            ;;
    esac
    if [[ $valued == *" $prev "* ]]; then
        case "$command $prev" in
            ' --preset') kind=(preset) ;;
            ' --build-dir') kind=(directory) ;;
            'new -o' | 'new --output') kind=(file) ;;
            'new --set') kind=(assignment) ;;
            'check --preset') kind=(preset) ;;
            'check --set') kind=(assignment) ;;
            'check --allow') kind=(code) ;;
            'check --build-dir') kind=(directory) ;;
            'show --preset') kind=(preset) ;;
            'show --set') kind=(assignment) ;;
            'show --allow') kind=(code) ;;
            'show --what') kind=(words conf recipes layer cfg layout budget commands project) ;;
            'rehearse --preset') kind=(preset) ;;
            'rehearse --set') kind=(assignment) ;;
            'rehearse --allow') kind=(code) ;;
            'rehearse --parts') kind=(directory) ;;
            'rehearse --deploy-dir') kind=(directory) ;;
            'rehearse --accel') kind=(words tcg kvm) ;;
            'rehearse --log') kind=(directory) ;;
            'generate --preset') kind=(preset) ;;
            'generate --set') kind=(assignment) ;;
            'generate --allow') kind=(code) ;;
            'generate --out') kind=(directory) ;;
            'generate --build-dir') kind=(directory) ;;
            'generate --format') kind=(words tree kas fragment snippet) ;;
            'generate --layer') kind=(directory) ;;
            'generate --attach') kind=(words require block none fragment) ;;
            'generate --edited') kind=(words keep merge take) ;;
            'remove --build-dir') kind=(directory) ;;
            'remove --edited') kind=(words keep take) ;;
            'import -o' | 'import --output') kind=(file) ;;
            'doctor --build-dir') kind=(directory) ;;
            'verify --preset') kind=(preset) ;;
            'verify --set') kind=(assignment) ;;
            'verify --allow') kind=(code) ;;
            'verify --build-dir') kind=(directory) ;;
            'verify --oe-init') kind=(file) ;;
            'source --write') kind=(project) ;;
            'source --guest') kind=(guest) ;;
        esac
    elif [[ $cur == -* ]]; then
        read -r -a kind <<<"words $options"
    else
        for ((index = first; index < COMP_CWORD; index++)); do
            word=${COMP_WORDS[index]}
            if [[ $valued == *" $word "* ]]; then
                [[ ${COMP_WORDS[index + 1]} == '=' ]] && index=$((index + 1))
                index=$((index + 1))
            elif [[ $word != -* ]]; then
                place=$((place + 1))
            fi
        done
        if [[ -n $many ]] && ((place >= ${#places[@]})); then
            place=$((${#places[@]} - 1))
        fi
        read -r -a kind <<<"${places[place]-}"
        if ((COMP_CWORD == 1)); then
            _xentui_offer < <(printf '%s\n' new presets check show rehearse generate remove import doctor verify source explain schema completion)
        fi
    fi
    if ((${#kind[@]})); then
        _xentui_offer_kind "${kind[@]}"
    fi
}

complete -F _xentui xentui
