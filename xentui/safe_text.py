# SPDX-FileCopyrightText: The xentui authors
# SPDX-License-Identifier: MIT
"""Text from files, names and arguments, made safe to print on a terminal.

Only printable characters may reach a terminal: an escape sequence could write to the clipboard, and
a bidirectional mark could make text look different from what it is.
"""


def visible(text: str, *, keep: str = "") -> str:
    r"""Return ``text`` with each unprintable character written as its escape.

    Args:
        text: any text, even with lone surrogates.
        keep: unprintable characters to leave as they are, such as newline and tab in a file's text.

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
    """Return a value for a message: text in quotes, cut to ``limit`` characters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = visible(value)
        return f'"{text}"' if len(text) <= limit else f'"{text[:limit]}…"'
    text = visible(repr(value))
    return text if len(text) <= limit else f"{text[:limit]}…"
