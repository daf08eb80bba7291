"""Typing: what keys, soft keys and input methods do to the text field that has the focus."""

from collections.abc import Callable

from environments.phone.screen.keyboard import Layer, next_layer
from environments.phone.screen.memory import Field, Memory
from environments.phone.screen.placed import Entry, Placed

ENTER, DELETE, FORWARD_DELETE, TAB, LEFT, RIGHT, START, END = 66, 67, 112, 61, 21, 22, 122, 123
_PUNCTUATION = {
    17: "*", 18: "#", 55: ",", 56: ".", 62: " ", 68: "`", 69: "-", 70: "=", 71: "[", 72: "]", 73: "\\", 74: ";",
    75: "'", 76: "/", 77: "@", 81: "+", 156: "-", 157: "+", 158: ".", 160: "\n",
}  # fmt: skip
CHARACTERS = {
    **{7 + digit: str(digit) for digit in range(10)},
    **{29 + letter: chr(97 + letter) for letter in range(26)},
    **{144 + digit: str(digit) for digit in range(10)},
    **_PUNCTUATION,
}
"""What Android's key codes type without shift."""


class Editor:
    """The text field with the focus. `page` gives what is laid out now and the memory of its page; `keyboard` opens
    or closes the soft keyboard."""

    def __init__(self, page: Callable[[], tuple[Placed, Memory]], keyboard: Callable[[bool], object]) -> None:
        self._page, self._keyboard = page, keyboard
        self._last: tuple[Memory, Entry] | None = None
        self.layer: Layer = "letters"

    def enter(self, entry: Entry, x: float, y: float) -> None:
        """The focus, and the caret, to where a field was touched."""
        _, memory = self._page()
        memory.focus, memory.reveal = entry.id, True
        field = memory.fields[entry.id]
        field.caret = min(len(field.text), entry.caret_at(x, y))
        self._keyboard(True)

    def begin(self) -> None:
        """Another field has the focus: the keyboard starts with the keys that it wants."""
        focused = self._focused()
        self.layer = "symbols" if focused is not None and focused[1].keys == "phone" else "letters"

    def insert(self, text: str) -> bool:
        """Type text; False when no field has the focus."""
        return self._edit(lambda field, entry: field.insert(text if entry.several_lines else text.replace("\n", " ")))

    def clear(self) -> bool:
        """Empty the field; False when none has the focus."""
        return self._edit(lambda field, _: field.replace(""))

    def key(self, code: int) -> bool:
        """A key of a keyboard; False when it means nothing here."""
        if code in (ENTER, 160):
            return self._enter()
        if code in CHARACTERS:
            return self.insert(CHARACTERS[code])
        if code == TAB:
            return self._next()
        moves: dict[int, Callable[[Field, Entry], object]] = {
            DELETE: lambda field, _: field.erase(),
            FORWARD_DELETE: lambda field, _: field.erase_next(),
            LEFT: lambda field, _: field.move(-1),
            RIGHT: lambda field, _: field.move(1),
            START: lambda field, _: setattr(field, "caret", 0),
            END: lambda field, _: setattr(field, "caret", len(field.text)),
        }
        return code in moves and self._edit(moves[code])

    def press(self, key: str) -> None:
        """A key of the soft keyboard."""
        if key in ("shift", "layer"):
            self.layer = next_layer(self.layer, key)
        elif key == "erase":
            self.key(DELETE)
        elif key == "enter":
            self._enter()
        else:
            self.insert(key)
            if self.layer == "capitals":
                self.layer = "letters"

    def _edit(self, change: Callable[[Field, Entry], object]) -> bool:
        focused = self._focused()
        if focused is None:
            return False
        memory, entry = focused
        field = memory.fields[entry.id]
        before = field.text
        change(field, entry)
        memory.reveal = True
        if field.text != before and entry.changed is not None:
            entry.changed(field.text)
        return True

    def _enter(self) -> bool:
        """A new line; in a field of one line what it submits, or else the next field, or the end of typing."""
        focused = self._focused()
        if focused is None:
            return False
        _, entry = focused
        if entry.several_lines:
            return self.insert("\n")
        if entry.submit is not None:
            self._keyboard(False)
            entry.submit()
        elif not self._next():
            self._keyboard(False)
        return True

    def _next(self) -> bool:
        """The focus to the field after this one; False when it is the last."""
        _, memory = self._page()
        names = list(memory.fields)  # in the order of the page, those out of sight too
        if memory.focus not in names[:-1]:
            return False
        memory.focus, memory.reveal = names[names.index(memory.focus) + 1], True
        field = memory.fields[memory.focus]
        field.caret = len(field.text)
        return True

    def _focused(self) -> tuple[Memory, Entry] | None:
        """The field with the focus; it keeps it when it was scrolled out of sight."""
        placed, memory = self._page()
        if not memory.focus or memory.dialog:
            return None
        found = next((each.entry for each in placed.walk() if each.entry and each.entry.id == memory.focus), None)
        if found is not None:
            self._last = (memory, found)
        elif self._last is None or self._last[0] is not memory or self._last[1].id != memory.focus:
            return None
        return self._last
