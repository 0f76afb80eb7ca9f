# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# Completion of xentui for tcsh, made from its command line; xentui completion tcsh prints it.

complete xentui \
    'c/--/(accel all allow ascii attach build build-dir check deploy-dir diff dry-run each edited effective force format guest help json layer log no-schema oe-init one-layer out output parts path plain plain-preview preset quick set strict version what write yes)/' \
    'p/1/(new presets check show rehearse generate remove import doctor verify source explain schema completion)/' \
    'n/--preset/(qemux86-64-minimal qemux86-64-alpine qemux86-64-vxn vendor-guest qemuarm64-minimal raspberrypi4-64)/' \
    'n/--build-dir/d/' \
    'n/-o/f/' \
    'n/--output/f/' \
    'n/--set/n/' \
    'n/--allow/(XT001 XT002 XT003 XT004 XT005 XT006 XT007 XT008 XT101 XT102 XT103 XT104 XT105 XT106 XT107 XT108 XT109 XT110 XT111 XT112 XT113 XT201 XT202 XT203 XT204 XT205 XT206 XT207 XT208 XT209 XT210 XT211 XT212 XT213 XT214 XT216 XT217 XT218 XT219 XT220 XT221 XT222 XT223 XT224 XT225 XT226 XT227 XT228 XT229 XT230 XT231 XT232 XT233 XT235 XT236 XT237 XT238 XT239 XT240 XT241 XT242 XT243 XT244 XT245 XT246 XT247 XT249 XT250 XT251 XT252 XT301 XT302 XT303 XT304 XT305 XT306 XT307 XT308 XT309 XT310 XT311 XT312 XT313 XT314 XT315 XT316 XT317 XT318 XT319 XT320 XT321 XT322 XT350 XT351 XT352 XT353 XT354 XT355 XT356 XT357 XT358 XT359 XT360 XT361 XT401 XT402 XT403 XT404 XT405 XT406 XT501 XT502 XT503 XT504 XT505 XT506 XT507 XT601 XT602 XT603 XT604 XT605 XT606 XT607 XT608 XT609 XT610 XT611 XT612 XT613 XT614 XT615 XT616 XT617 XT618 XT619 XT620 XT621 XT622 XT623 XT624 XT625 XT626 XT627 XT628 XT629 XT630 XT631 XT632 XT633 XT634 XT635 XT636 XT637 XT638 XT701 XT702 XT901)/' \
    'n/--what/(conf recipes layer cfg layout budget commands project)/' \
    'n/--parts/d/' \
    'n/--deploy-dir/d/' \
    'n/--accel/(tcg kvm)/' \
    'n/--log/d/' \
    'n/--out/d/' \
    'n/--format/(tree kas fragment snippet)/' \
    'n/--layer/d/' \
    'n/--attach/(require block none fragment)/' \
    'n/--edited/(keep take)/' \
    'n/--oe-init/f/' \
    'n/--write/f:*.toml/' \
    'n/--guest/n/' \
    'n/new/(qemux86-64-minimal qemux86-64-alpine qemux86-64-vxn vendor-guest qemuarm64-minimal raspberrypi4-64)/' \
    'n/presets/(show)/' \
    'N/presets/(qemux86-64-minimal qemux86-64-alpine qemux86-64-vxn vendor-guest qemuarm64-minimal raspberrypi4-64)/' \
    'n/source/(inspect)/' \
    'n/explain/(XT001 XT002 XT003 XT004 XT005 XT006 XT007 XT008 XT101 XT102 XT103 XT104 XT105 XT106 XT107 XT108 XT109 XT110 XT111 XT112 XT113 XT201 XT202 XT203 XT204 XT205 XT206 XT207 XT208 XT209 XT210 XT211 XT212 XT213 XT214 XT216 XT217 XT218 XT219 XT220 XT221 XT222 XT223 XT224 XT225 XT226 XT227 XT228 XT229 XT230 XT231 XT232 XT233 XT235 XT236 XT237 XT238 XT239 XT240 XT241 XT242 XT243 XT244 XT245 XT246 XT247 XT249 XT250 XT251 XT252 XT301 XT302 XT303 XT304 XT305 XT306 XT307 XT308 XT309 XT310 XT311 XT312 XT313 XT314 XT315 XT316 XT317 XT318 XT319 XT320 XT321 XT322 XT350 XT351 XT352 XT353 XT354 XT355 XT356 XT357 XT358 XT359 XT360 XT361 XT401 XT402 XT403 XT404 XT405 XT406 XT501 XT502 XT503 XT504 XT505 XT506 XT507 XT601 XT602 XT603 XT604 XT605 XT606 XT607 XT608 XT609 XT610 XT611 XT612 XT613 XT614 XT615 XT616 XT617 XT618 XT619 XT620 XT621 XT622 XT623 XT624 XT625 XT626 XT627 XT628 XT629 XT630 XT631 XT632 XT633 XT634 XT635 XT636 XT637 XT638 XT701 XT702 XT901)/' \
    'n/completion/(bash zsh fish tcsh)/' \
    'p/*/f/'
