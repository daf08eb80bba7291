"""Backslash escapes, as echo, printf and $'...' read them."""

import re

_ESCAPE = re.compile(
    r"\\(0[0-7]{0,3}|[1-7][0-7]{0,2}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|.)", re.DOTALL
)
_ECHO_ESCAPE = re.compile(r"\\(0[0-7]{0,3}|x[0-9A-Fa-f]{1,2}|u[0-9A-Fa-f]{1,4}|U[0-9A-Fa-f]{1,8}|.)", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
            "\\": "\\", "'": "'", '"': '"', "?": "?"}  # fmt: skip


def unescape(text: str, *, echo: bool = False) -> tuple[str, bool]:
    """The text with its escapes carried out, and whether a `\\c` cut it short. In the manner of echo an octal number
    starts with 0 and quotes have no escape."""
    text, cut = _before_c(text, echo=echo)
    return (_ECHO_ESCAPE if echo else _ESCAPE).sub(lambda found: _meaning(found[1], found[0], echo=echo), text), cut


def _before_c(text: str, *, echo: bool) -> tuple[str, bool]:
    if "\\c" in text:
        for found in (_ECHO_ESCAPE if echo else _ESCAPE).finditer(text):
            if found[1] == "c":
                return text[: found.start()], True
    return text, False


def _meaning(escape: str, whole: str, *, echo: bool) -> str:
    first = escape[0]
    if first in "01234567" and not (echo and first != "0"):
        return _byte(int(escape, 8) & 0xFF)
    if first == "x" and len(escape) > 1:
        return _byte(int(escape[1:], 16))
    if first in "uU" and len(escape) > 1:
        number = int(escape[1:], 16)
        return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "\ufffd"
    if echo and first in "'\"?":
        return whole
    return _LETTERS.get(escape, whole)


def _byte(number: int) -> str:
    """One byte, as it stands in a text decoded with surrogateescape."""
    return chr(number) if number < 0x80 else chr(0xDC00 + number)
