"""How a text is cut for a device: into what `input text` types exactly, or into pieces for an input method.

`input text` knows printable ASCII only and takes the two characters `%s` for a space, so a text is cut between
them. Newlines and tabs are keys.
"""

import base64
import re
import unicodedata

from environments.android.keycodes import ENTER, TAB
from environments.errors import InvalidAction

KEYS_AT_ONCE = 200
"""Characters of one `input text`: each becomes two key events, which Android queues."""
PIECE = 2000
"""Characters of one message to an input method: base64 of their UTF-8 stays below what a command may have."""
_KEYS = {"\n": ENTER, "\t": TAB}


def check_text(text: str) -> None:
    """Raise InvalidAction for a text with characters that nothing can type: control characters, lone surrogates."""
    bad = sorted({c for c in text if c not in _KEYS and unicodedata.category(c) in ("Cc", "Cs")})
    if bad:
        names = ", ".join(f"U+{ord(character):04X}" for character in bad[:10])
        raise InvalidAction(f"the text holds characters that cannot be typed: {names}", fix="leave them out")


def by_keys(text: str) -> bool:
    """Whether `input text` can type it exactly."""
    return all(" " <= character <= "~" or character in _KEYS for character in text)


def key_commands(text: str) -> list[list[str]]:
    """The `input` commands that type a text for which `by_keys` holds."""
    commands = []
    for part in re.split(r"([\n\t])", text):
        if part in _KEYS:
            commands.append(["input", "keyevent", str(_KEYS[part])])
        else:
            commands += [["input", "text", piece.replace(" ", "%s")] for piece in split_for_input(part)]
    return commands


def split_for_input(text: str) -> list[str]:
    """Pieces of at most KEYS_AT_ONCE characters, none of which holds `%s`."""
    pieces = []
    for run in re.split(r"(?<=%)(?=s)", text):
        pieces += [run[start : start + KEYS_AT_ONCE] for start in range(0, len(run), KEYS_AT_ONCE)]
    return pieces


def pieces(text: str) -> list[str]:
    """The text in pieces of at most PIECE characters, cut where no character is taken apart: not before a combining
    mark, a joiner, a variation selector or a skin tone, nor after a joiner."""
    cut = []
    while len(text) > PIECE:
        at = PIECE
        while at > PIECE // 2 and (_clings(text[at]) or text[at - 1] == "\u200d"):
            at -= 1
        cut.append(text[:at])
        text = text[at:]
    return [*cut, text] if text else cut


def encoded(text: str) -> str:
    """UTF-8 as base64, which no shell and no `am` can garble."""
    return base64.b64encode(text.encode()).decode()


def _clings(character: str) -> bool:
    return bool(unicodedata.combining(character)) or character == "\u200d" or "\ufe00" <= character <= "\ufe0f" \
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # fmt: skip
