"""Text on its way to a terminal. Whatever a model, a screen or a file says passes through `clean` first."""

import re
import unicodedata

MAX_CHARACTERS = 400
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)


def clean(text: str, limit: int = MAX_CHARACTERS) -> str:
    """One line of harmless text: no escape sequences, control or invisible format characters, and not too long.

    Format characters (Unicode category Cf) include those that turn the direction of text, with which a file name
    or an app name can be made to read as another; the joiners inside emoji are the price.
    """
    plain = _ESCAPES.sub("", text)
    flat = "".join(" " if char in "\n\r\t" else char for char in plain)
    kept = "".join(char for char in flat if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))
    return kept if len(kept) <= limit else f"{kept[:limit]}..."
