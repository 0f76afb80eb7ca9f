# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Licences that a bundle recipe can name, with the MD5 sums of their texts.

BitBake demands ``LIC_FILES_CHKSUM`` for every LICENSE except CLOSED. The texts are in
oe:meta/files/common-licenses.
"""

CHECKSUMS = {
    "0BSD": "f667a3c3830a55a17ec3067709f4526c",
    "Apache-2.0": "89aea4e17d99a7cacdbeed46a0096b10",
    "BSD-2-Clause": "cb641bc04cda31daea161b1bc15da69f",
    "BSD-3-Clause": "550794465ba0ec5312d6919e203a55f9",
    "CC0-1.0": "0ceb3372c9595f0a8067e55da801e4a1",
    "EPL-2.0": "2dd765ca47a05140be15ebafddbeadfe",
    "GPL-2.0-only": "801f80980d171dd6425610833a22dbe6",
    "GPL-2.0-or-later": "fed54355545ffd980b814dab4a3b312c",
    "GPL-3.0-only": "c79ff39f19dfec6d293b95dea7b07891",
    "GPL-3.0-or-later": "1c76c4cc354acaac30ed4d5eefea7245",
    "ISC": "f3b90e78ea0cffb20bf5cca7947a896d",
    "LGPL-2.1-only": "1a6d268fd218675ffea8be556788b780",
    "LGPL-2.1-or-later": "2a4f4fd2128ea2f65047ee63fbca9f68",
    "MIT": "0835ade698e0bcf8506ecda2f7b4f302",
    "MPL-2.0": "815ca599c9df247a0c7f619bab123dad",
    "Zlib": "87f239f408daca8a157858e192597633",
}
