# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""The manifest: a JSON file in each output folder that lists the files that xentui wrote there.

It shows which files of an earlier run are no longer generated, and whether a file without a header,
such as a copied image, was changed since. It also contains the written texts, compressed: merging
edits by hand with new contents needs them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from xentui.errors import RefusedError, XentuiError
from xentui.output.rendered import decode, encode
from xentui.output.writing.tree import Tree, checked_parts

NAME = ".xentui-manifest.json"

_IN_PROGRESS = "+"
_KEYS = ("version", "files", "texts", "merged")
_LARGEST_TEXT = 16 << 20
"""Maximum size of a text that is recorded, in bytes; compression shrinks settings to a fifth."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the last run wrote into a folder.

    Attributes:
        files: SHA-256 of each file by name; empty if unknown, and followed by ``+`` while a run is
            about to change the file.
        entries: all other values, such as ``layer``, ``attach``, ``bblayers`` (the text added to
            bblayers.conf) and ``block`` (the packed text of the marked block).
        texts: the written texts in compressed form, by name.
        merged: SHA-256 of files that contain edits by hand, by name; ``files`` then has the
            digest of the generated contents without these edits.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    merged: Mapping[str, str] = field(default_factory=dict)

    def wrote(self, name: str, sha256: str) -> bool:
        """Return whether a file still has the SHA-256 of the written contents."""
        return self.files.get(name, "").removesuffix(_IN_PROGRESS) == sha256

    def last_text(self, name: str) -> str | None:
        """Return the text that xentui wrote last, or ``None`` if it is unknown."""
        text = unpack(self.texts.get(name, ""))
        if text is None or not self.wrote(name, digest(encode(text))):
            return None
        return text

    def text(self) -> str:
        """Return the manifest as JSON; an empty text for an empty manifest."""
        if not self.files and not self.entries:
            return ""
        data: dict[str, object] = {"version": 1, "files": dict(sorted(self.files.items()))}
        for key, table in (("texts", self.texts), ("merged", self.merged)):
            if table:
                data[key] = dict(sorted(table.items()))
        return json.dumps(data | dict(sorted(self.entries.items())), indent=1) + "\n"


def load(tree: Tree | None) -> Manifest:
    """Return the manifest of a folder; an empty one if the folder or the manifest is missing.

    Raises:
        XentuiError: the file is not a manifest, so the state of the folder is unknown.
    """
    raw = tree.read(NAME) if tree is not None else None
    if tree is None or raw is None:
        return Manifest()
    try:
        data = json.loads(raw)
        if data["version"] != 1:
            raise KeyError("version")  # noqa: TRY301 - reported as any other damage
        files, texts, merged = (
            _strings(data[key] if key == "files" else data.get(key, {})) for key in _KEYS[1:]
        )
        for name in files:
            checked_parts(name)
        entries = _strings({key: value for key, value in data.items() if key not in _KEYS})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, RefusedError) as error:
        raise XentuiError(
            f"{tree.root / NAME} is not a list of files that xentui wrote",
            fix="Remove it if you did not write it; files with xentui's header are still known.",
        ) from error
    return Manifest(files, entries, texts, merged)


def pack(text: str) -> str:
    """Return a text in compressed form, one line of ASCII; empty if the text is too large."""
    raw = encode(text)
    return base64.b64encode(zlib.compress(raw)).decode() if len(raw) <= _LARGEST_TEXT else ""


def unpack(packed: str) -> str | None:
    """Return the text that :func:`pack` compressed; ``None`` for invalid input."""
    if not packed:
        return None
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(base64.b64decode(packed, validate=True), _LARGEST_TEXT)
    except (ValueError, zlib.error):
        return None
    return decode(raw) if stream.eof else None


def mark_in_progress(recorded: str) -> str:
    """Return a recorded digest with the mark of a file that is about to be changed."""
    return recorded.removesuffix(_IN_PROGRESS) + _IN_PROGRESS if recorded else ""


def is_in_progress(recorded: str) -> bool:
    """Return whether a recorded digest has the mark, as after an interrupted run."""
    return recorded.endswith(_IN_PROGRESS)


def digest(content: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _strings(table: Mapping[object, object]) -> dict[str, str]:
    return {str(key): str(value) for key, value in table.items()}
