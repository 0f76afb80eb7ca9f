# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Text from outside, made safe to show.

Whatever a file, a name or an argument holds, a terminal must be given nothing but printable
characters: an escape sequence could write to the clipboard, a bidirectional mark could show
one thing and mean another.
"""


def visible(text: str, *, keep: str = "") -> str:
    r"""Return ``text`` with each unprintable character written as its escape.

    Args:
        text: anything, lone surrogates included.
        keep: unprintable characters to leave, such as newline and tab for whole files.

    >>> visible("a\x1b]52;c;eA==\x07b")
    'a\\x1b]52;c;eA==\\x07b'
    """
    if text.isprintable():
        return text
    return "".join(
        char
        if char.isprintable() or char in keep
        else char.encode("unicode_escape", "surrogatepass").decode("ascii")
        for char in text
    )


def quoted(value: object, *, limit: int = 60) -> str:
    """Return a value as a person may be shown it in a message: in quotes, cut to ``limit``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = visible(value)
        return f'"{text}"' if len(text) <= limit else f'"{text[:limit]}…"'
    text = visible(repr(value))
    return text if len(text) <= limit else f"{text[:limit]}…"
