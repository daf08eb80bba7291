"""The closed set of key names that Press, Hotkey and Hold accept, with the usual synonyms.

A key is one printable ASCII character ("a", "7", "+") or one of NAMED. Names are compared without regard to
case, and "-", " " and "_" are the same: "Page Down", "page-down" and "pagedown" are one key.
"""

import difflib

from environments.errors import InvalidAction

NAMED = (
    "enter", "escape", "tab", "space", "backspace", "delete", "insert",
    "home", "end", "page_up", "page_down", "up", "down", "left", "right",
    "shift", "ctrl", "alt", "super", "menu", "caps_lock", "num_lock", "scroll_lock", "print_screen", "pause",
    *(f"f{n}" for n in range(1, 25)),
    "volume_up", "volume_down", "volume_mute", "play_pause", "next_track", "previous_track",
)  # fmt: skip

MODIFIERS = ("ctrl", "shift", "alt", "super")

SYNONYMS = {
    "return": "enter", "kp_enter": "enter", "esc": "escape", "spacebar": "space", "bksp": "backspace",
    "back_space": "backspace", "del": "delete", "ins": "insert", "pgup": "page_up", "prior": "page_up",
    "pgdn": "page_down", "pgdown": "page_down", "next": "page_down", "arrow_up": "up", "up_arrow": "up",
    "arrow_down": "down", "down_arrow": "down", "arrow_left": "left", "left_arrow": "left", "arrow_right": "right",
    "right_arrow": "right", "control": "ctrl", "ctrl_l": "ctrl", "ctrl_left": "ctrl", "control_l": "ctrl",
    "shift_l": "shift", "shift_left": "shift", "alt_l": "alt", "alt_left": "alt", "option": "alt", "win": "super",
    "windows": "super", "meta": "super", "cmd": "super", "command": "super", "super_l": "super", "caps": "caps_lock",
    "apps": "menu", "context_menu": "menu", "print": "print_screen", "prtsc": "print_screen", "prtscr": "print_screen",
    "break": "pause", "mute": "volume_mute", "plus": "+", "minus": "-", "comma": ",", "period": ".", "dot": ".",
    "slash": "/", "backslash": "\\", "semicolon": ";", "colon": ":", "equal": "=", "equals": "=", "quote": "'",
    "apostrophe": "'", "asterisk": "*",
}  # fmt: skip


def _fold(name: str) -> str:
    return name.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


_FOLDED = {_fold(name): name for name in NAMED} | {_fold(name): key for name, key in SYNONYMS.items()}


def canonical(name: str) -> str:
    """The one name of a key. Raises InvalidAction for an unknown key and names its nearest neighbours."""
    if len(name) == 1 and name.isascii() and name.isprintable():
        return "space" if name == " " else name
    known = _FOLDED.get(_fold(name))
    if known is not None:
        return known
    near = [_FOLDED[match] for match in difflib.get_close_matches(_fold(name), _FOLDED, n=3, cutoff=0.5)]
    hint = f"; did you mean {', '.join(dict.fromkeys(near))}?" if near else ""
    raise InvalidAction(f"there is no key {name[:40]!r}{hint}", fix="docs/actions.md lists the key names")
