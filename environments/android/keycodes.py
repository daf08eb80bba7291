"""Our names of keys as Android's KeyEvent codes (AOSP, KeyEvent.java)."""

import string

from environments.errors import InvalidAction

BACK, HOME, TAB, ENTER = 4, 3, 61, 66
DELETE_BACK, DELETE_FORWARD, PASTE, WAKE_UP = 67, 112, 279, 224

KEYCODES = {
    **{digit: 7 + value for value, digit in enumerate(string.digits)},
    **{letter: 29 + place for place, letter in enumerate(string.ascii_lowercase)},
    **{f"f{number}": 130 + number for number in range(1, 13)},
    ",": 55, ".": 56, "`": 68, "-": 69, "=": 70, "[": 71, "]": 72, "\\": 73, ";": 74, "'": 75, "/": 76,
    "*": 17, "#": 18, "@": 77, "+": 81,
    "enter": ENTER, "escape": 111, "tab": TAB, "space": 62, "backspace": DELETE_BACK, "delete": DELETE_FORWARD,
    "insert": 124,
    "home": 122, "end": 123, "page_up": 92, "page_down": 93, "up": 19, "down": 20, "left": 21, "right": 22,
    "shift": 59, "ctrl": 113, "alt": 57, "super": 117, "menu": 82, "caps_lock": 115, "num_lock": 143,
    "scroll_lock": 116, "print_screen": 120, "pause": 121,
    "volume_up": 24, "volume_down": 25, "volume_mute": 164, "play_pause": 85, "next_track": 87, "previous_track": 88,
}  # fmt: skip
"""`home` is the key that goes to the beginning of a line; a phone's home button is a SystemButton."""

SYSTEM_BUTTONS = {"back": BACK, "home": HOME, "recents": 187, "power": 26, "volume_up": 24, "volume_down": 25}


def key_codes(key: str) -> tuple[int, ...]:
    """The codes of a key, in the order of pressing; a capital letter has shift. Raises InvalidAction for no key."""
    if len(key) == 1 and key in string.ascii_uppercase:
        return (KEYCODES["shift"], KEYCODES[key.lower()])
    if key not in KEYCODES:
        raise InvalidAction(f"an Android device has no key {key!r}", fix="type the text instead, if it is a character")
    return (KEYCODES[key],)
