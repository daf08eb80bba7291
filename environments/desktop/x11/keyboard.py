"""Any Unicode text as X11 key events (XTEST), for the child process that owns the display.

X knows keys, not characters. A character that the user's layout has is typed with that key. For every other one a
block of key codes above the ordinary keys is given new meanings, all in one go: programs read the keyboard map
again when they hear of a change, and a second change while the keys of the first are still on their way would give
them a wrong meaning (measured: batches of 19 keys typed wrong text at 30 ms, one block of 120 keys none).
"""

import time
from collections.abc import Callable, Iterator
from itertools import groupby

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

FIRST_BLOCK_KEYCODE = 136
REMAP_SECONDS = 0.1
"""How long programs get to read the new map before the first key of it is pressed."""
DRAIN_SECONDS = 0.3
"""How long programs get to take in old keys before their meaning changes."""
BURST = 16
"""Characters between two waits for the X server: enough to be quick, few enough to stop at once."""

_KEYSYM_NAMES = {
    "enter": "Return", "escape": "Escape", "tab": "Tab", "space": "space", "backspace": "BackSpace",
    "delete": "Delete", "insert": "Insert", "home": "Home", "end": "End", "page_up": "Prior", "page_down": "Next",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "shift": "Shift_L", "ctrl": "Control_L",
    "alt": "Alt_L", "super": "Super_L", "menu": "Menu", "caps_lock": "Caps_Lock", "num_lock": "Num_Lock",
    "scroll_lock": "Scroll_Lock", "print_screen": "Print", "pause": "Pause",
} | {f"f{n}": f"F{n}" for n in range(1, 25)}  # fmt: skip
_MEDIA_KEYSYMS = {  # XF86keysym.h
    "volume_down": 0x1008FF11, "volume_mute": 0x1008FF12, "volume_up": 0x1008FF13, "play_pause": 0x1008FF14,
    "previous_track": 0x1008FF16, "next_track": 0x1008FF17,
}  # fmt: skip


def keysym_of_key(key: str) -> int:
    """The keysym of a canonical key name (environments/keys.py)."""
    if key in _MEDIA_KEYSYMS:
        return _MEDIA_KEYSYMS[key]
    return int(XK.string_to_keysym(_KEYSYM_NAMES[key])) if key in _KEYSYM_NAMES else keysym_of_character(key)


def keysym_of_character(character: str) -> int:
    """The keysym of one character: X11 protocol, appendix A: Latin-1 is itself, the rest 0x01000000 + code point."""
    if character == "\n":
        return int(XK.XK_Return)
    if character == "\t":
        return int(XK.XK_Tab)
    code = ord(character)
    return code if code < 0x100 else 0x01000000 + code


class Keyboard:
    """Presses keys and types text; `held` are the key codes that are down now, in the order they went down."""

    def __init__(self, display: Display, sleep: Callable[[float], None] = time.sleep) -> None:
        self._display = display
        self._sleep = sleep
        self.held: list[int] = []
        info = display.display.info
        self._first, self._last = int(info.min_keycode), int(info.max_keycode)
        modifiers = {code for row in display.get_modifier_mapping() for code in row}
        self._block = [code for code in range(FIRST_BLOCK_KEYCODE, self._last + 1) if code not in modifiers]
        self._original = self._read_map()
        self._slots: dict[int, tuple[int, int]] = {}

    @property
    def capacity(self) -> int:
        """How many characters that the layout lacks one text may hold: two on each key of the block."""
        return 2 * len(self._block)

    def fits(self, text: str) -> bool:
        """Whether `type` can type this text; else it has to be pasted."""
        return len(self._missing({keysym_of_character(c) for c in text}, self._layout())) <= self.capacity

    def type(self, text: str, stopped: Callable[[], bool]) -> int:
        """Type a text that `fits` and return how many characters were sent before `stopped` said so."""
        layout = self._layout()
        self._make_room({keysym_of_character(character) for character in text}, layout)
        places = layout | self._slots
        caps = self._switch_caps_off()
        sent = 0
        try:
            for character in text:
                if sent % BURST == 0:
                    self._display.sync()
                    if stopped():
                        break
                self._stroke(*places[keysym_of_character(character)])
                sent += 1
        finally:
            if caps:
                self.tap("caps_lock")
            self._display.sync()
        return sent

    def down(self, key: str) -> None:
        """Press a key by its canonical name and keep it down; a key that needs shift brings it along."""
        code, shift = self._place(keysym_of_key(key))
        if shift and not self._is_down("shift"):
            self._press(self._place(keysym_of_key("shift"))[0])
        self._press(code)
        self._display.sync()

    def up(self, key: str) -> None:
        """Let a key go, and the shift that it brought along."""
        code, shift = self._place(keysym_of_key(key))
        self._release(code)
        if shift:
            self._release(self._place(keysym_of_key("shift"))[0])
        self._display.sync()

    def tap(self, key: str) -> None:
        self.down(key)
        self.up(key)

    def release_all(self) -> None:
        """Let every key go that is still down, the last first."""
        while self.held:
            self._release(self.held[-1])
        self._display.sync()

    def restore(self) -> None:
        """Give the key codes of the block their old meaning back."""
        if self._slots:
            self._sleep(DRAIN_SECONDS)
            self._write({code: self._original[code - self._first] for code in self._block})
            self._slots = {}

    def _is_down(self, key: str) -> bool:
        return self._place(keysym_of_key(key))[0] in self.held

    def _place(self, keysym: int) -> tuple[int, int]:
        """Key code and level (1 needs shift) of a keysym, given a place in the block if it has none."""
        layout = self._layout()
        if keysym not in layout and keysym not in self._slots:
            self._make_room({keysym}, layout)
        return layout.get(keysym) or self._slots[keysym]

    def _read_map(self) -> list[tuple[int, ...]]:
        count = self._last - self._first + 1
        return [tuple(row) for row in self._display.get_keyboard_mapping(self._first, count)]

    def _layout(self) -> dict[int, tuple[int, int]]:
        """Where the user's layout has each keysym, read afresh since it may be switched at any time."""
        group = self._display.screen().root.query_pointer().mask >> 13 & 3  # XKB protocol: the group in the state
        if group > 1:
            return {keysym: place for keysym, place in self._layout_of_group(0).items() if keysym >= 0xFF00}
        return self._layout_of_group(group)

    def _layout_of_group(self, group: int) -> dict[int, tuple[int, int]]:
        places: dict[int, tuple[int, int]] = {}
        block = set(self._block)
        for level in (0, 1):
            for code, row in enumerate(self._read_map(), self._first):
                column = 2 * group + level
                if code not in block and column < len(row) and row[column]:
                    places.setdefault(row[column], (code, level))
        return places

    def _missing(self, keysyms: set[int], layout: dict[int, tuple[int, int]]) -> list[int]:
        return sorted(keysyms - layout.keys())

    def _make_room(self, keysyms: set[int], layout: dict[int, tuple[int, int]]) -> None:
        """See that each keysym that the layout lacks has a place in the block."""
        missing = self._missing(keysyms, layout)
        new = [keysym for keysym in missing if keysym not in self._slots]
        if not new:
            return
        if len(self._slots) + len(new) > self.capacity:
            self._sleep(DRAIN_SECONDS)
            self._slots, new = {}, missing
        free = (place for place in self._block_places() if place not in set(self._slots.values()))
        self._slots |= dict(zip(new, free, strict=False))
        rows = dict.fromkeys(self._block, (0, 0))
        for keysym, (code, level) in self._slots.items():
            # The same twice at first: X makes of a capital letter alone a small one, and the capital needs shift.
            rows[code] = (keysym, keysym) if level == 0 else (rows[code][0], keysym)
        changed = {code for code, _ in (self._slots[keysym] for keysym in new)}
        self._write({code: rows[code] for code in sorted(changed)})
        self._sleep(REMAP_SECONDS)

    def _block_places(self) -> Iterator[tuple[int, int]]:
        for level in (0, 1):
            for code in self._block:
                yield code, level

    def _write(self, rows: dict[int, tuple[int, ...]]) -> None:
        """Set the meanings of key codes, in one request for each run of neighbours."""
        for _, run in groupby(enumerate(sorted(rows)), key=lambda item: item[1] - item[0]):
            codes = [code for _, code in run]
            self._display.change_keyboard_mapping(codes[0], [rows[code] for code in codes])
        self._display.sync()

    def _switch_caps_off(self) -> bool:
        """Turn caps lock off if it is on, since it would change the case of what is typed."""
        on = bool(self._display.screen().root.query_pointer().mask & X.LockMask)
        if on:
            self.tap("caps_lock")
        return on

    def _stroke(self, code: int, level: int) -> None:
        shift = self._place_of_shift() if level else 0
        if shift:
            self._press(shift)
        self._press(code)
        self._release(code)
        if shift:
            self._release(shift)
        self._display.flush()

    def _place_of_shift(self) -> int:
        return int(self._display.keysym_to_keycode(XK.XK_Shift_L))

    def _press(self, code: int) -> None:
        self.held.append(code)
        xtest.fake_input(self._display, X.KeyPress, code)

    def _release(self, code: int) -> None:
        xtest.fake_input(self._display, X.KeyRelease, code)
        if code in self.held:
            self.held.remove(code)
