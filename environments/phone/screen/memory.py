"""What an open page remembers: the text in its fields, which of them has the focus, how far its lists are scrolled."""

import unicodedata
from dataclasses import dataclass, field

MAX_TEXT = 100_000


@dataclass
class Field:
    """A text field's text, and the place of the caret in it."""

    text: str = ""
    caret: int = 0

    def insert(self, text: str) -> None:
        """At the caret, which ends up behind it; what would make the field too long is left out."""
        text = text[: MAX_TEXT - len(self.text)]
        self.text = self.text[: self.caret] + text + self.text[self.caret :]
        self.caret += len(text)

    def erase(self) -> None:
        """Remove what a person takes for the character before the caret."""
        start = previous(self.text, self.caret)
        self.text = self.text[:start] + self.text[self.caret :]
        self.caret = start

    def erase_next(self) -> None:
        """Remove the character after the caret."""
        end = following(self.text, self.caret)
        self.text = self.text[: self.caret] + self.text[end:]

    def move(self, places: int) -> None:
        """The caret by one character to the right or, with -1, to the left."""
        self.caret = (following if places > 0 else previous)(self.text, self.caret)

    def replace(self, text: str) -> None:
        """All of the text, with the caret at its end."""
        self.text = text[:MAX_TEXT]
        self.caret = len(self.text)


@dataclass
class Memory:
    """`fields` by the id of their widget, as is `focus` (empty: none); `scrolls` in pixels by the id of the list;
    `dialog` is the name of the one that is open; `reveal` asks the layout to scroll to the caret."""

    fields: dict[str, Field] = field(default_factory=dict)
    scrolls: dict[str, int] = field(default_factory=dict)
    focus: str = ""
    dialog: str = ""
    reveal: bool = False

    def field(self, name: str, initial: str) -> Field:
        """The field; one that is met for the first time begins with `initial`."""
        if name not in self.fields:
            self.fields[name] = Field(initial, len(initial))
        return self.fields[name]


def previous(text: str, place: int) -> int:
    """Where the character before `place` begins, marks and joined emoji included."""
    place -= 1
    while place > 0 and (_joins(text[place]) or text[place - 1] == "\u200d"):
        place -= 1
    return max(0, place)


def following(text: str, place: int) -> int:
    """Where the character after `place` ends."""
    place += 1
    while place < len(text) and (_joins(text[place]) or text[place - 1] == "\u200d"):
        place += 1
    return min(len(text), place)


def _joins(char: str) -> bool:
    return char == "\u200d" or unicodedata.category(char) in ("Mn", "Me") or 0x1F3FB <= ord(char) <= 0x1F3FF
