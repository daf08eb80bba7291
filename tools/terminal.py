"""Text on its way to a terminal. Whatever a model, a screen or a file says passes through `clean` first."""

import os
import unicodedata
from typing import IO

from rich.console import Console

MAX_CHARACTERS = 400
_BLANKS = "\t\n\r\u2028\u2029"


def open_console(*, file: IO[str] | None = None, stderr: bool = False, quiet: bool = False) -> Console:
    """A console whose colours and movement appear on a terminal only, and nowhere when NO_COLOR is set.

    Into a file or a pipe it writes long lines whole, for the programs that read them. Without `file` it writes to
    standard output.
    """
    plain = False if os.environ.get("NO_COLOR") else None
    console = Console(file=file, stderr=stderr, quiet=quiet, highlight=False, force_terminal=plain)
    console.soft_wrap = not console.is_terminal
    return console


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """One line of harmless text that shows what a terminal would obey: no control characters, nothing that turns the
    direction of text, and not too long.

    An escape character becomes a picture of one, with the sequence behind it left as it is: what would be cut out
    with a sequence could be what a person must see before saying yes. Invisible format characters are left out, the
    joiners inside emoji among them.
    """
    shown = "".join(_harmless(char) for char in text[:limit])
    return f"{shown}..." if len(text) > limit else shown


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    if char in _BLANKS:
        return " "
    if char < " ":
        return chr(0x2400 + ord(char))  # the Unicode block of pictures of control characters
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    return " " if category == "Zs" else "\N{REPLACEMENT CHARACTER}"
