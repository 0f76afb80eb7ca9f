# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
#
# The tasks that a generated recipe hangs its own work on.

addtask fetch
addtask unpack after do_fetch
addtask patch after do_unpack
addtask configure after do_patch
addtask compile after do_configure
addtask install after do_compile
addtask build after do_install
