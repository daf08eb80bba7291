"""Text fields: what is typed, the caret, and where in the text a touch lands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from environments.geometry import Box
from environments.phone.screen import text as texts
from environments.phone.screen.fonts import Style
from environments.phone.screen.memory import Field
from environments.phone.screen.paint import Mark, overlap
from environments.phone.screen.placed import Entry, Metrics, Placed, Widget
from environments.phone.screen.widgets import fill, icon_mark, line_mark

WINDOW = 300
"""Of a single line, at most this many characters to either side of the caret are looked at."""


@dataclass(frozen=True)
class TextField(Widget):
    """A field. `id` names it on its page; `text` is what it begins with; `hint` stands there while it is empty.

    `lines` is the least height of a field that takes several lines, 1 a field of one line. `submit` is what enter
    does in a field of one line. `changed` is told the text after each change.
    """

    id: str
    hint: str = ""
    text: str = ""
    lines: int = 1
    password: bool = False
    icon: str = ""
    keys: Literal["text", "phone"] = "text"
    plain: bool = False
    size: float = 16
    changed: Callable[[str], object] | None = None
    submit: Callable[[], object] | None = None

    def height(self, width: int, m: Metrics) -> int:
        m.memory.field(self.id, self.text)  # known from now on, even if it is never scrolled into sight
        style = m.style(self.size)
        rows = 1 if self.lines == 1 else max(self.lines, len(self._lines(m, self._room(width, m))))
        return max(m.px(56), rows * texts.line_height(style) + 2 * self._padding(m)) + 2 * m.px(self._margin)

    def place(self, box: Box, m: Metrics) -> Placed:
        side, margin = m.px(0 if self.plain else 16), m.px(self._margin)
        face = Box(box.left + side, box.top + margin, box.right - side, box.bottom - margin)
        state, style, theme = m.memory.field(self.id, self.text), m.style(self.size), m.theme
        focused = m.memory.focus == self.id
        marks: list[Mark] = []
        if not self.plain:
            marks.append(fill(face, theme.field, m.px(12)))
            if focused:
                low = face.bottom - max(1, m.px(2))
                marks.append(fill(Box(face.left + m.px(12), low, face.right - m.px(12), face.bottom), theme.accent))
        if self.icon:
            marks.append(icon_mark(self.icon, theme.muted, m.px(24), face.left + m.px(28), face.center.y))
        left = face.left + self._indent(m)
        inner = Box(left, face.top, max(left + 1, face.right - m.px(16)), face.bottom)
        top = face.top + self._padding(m) if self.lines > 1 else face.center.y - texts.line_height(style) // 2
        room = inner.right - inner.left
        if not state.text and self.hint:
            marks.append(line_mark(texts.fit(self.hint, style, room), style, theme.muted, left, top))
        rows = self._lines(m, room)
        text_marks, caret = self._written(m, state, rows, left, top)
        marks += text_marks
        if focused and m.caret:
            marks.append(fill(caret, theme.accent))
        shown = tuple(mark._replace(clip=part) for mark in marks if (part := overlap(mark.clip, face)) is not None)
        node = m.node("EditText", face, text=self._secret(state.text) or self.hint, resource_id=m.id(self.id),
                      clickable=True, long_clickable=True, focusable=True, focused=focused,
                      password=self.password)  # fmt: skip
        entry = Entry(
            self.id, self._finder(rows, style, left, top), caret, self.lines > 1, self.keys, self.changed, self.submit
        )
        return Placed(face, shown, node=node, entry=entry)

    @property
    def _margin(self) -> int:
        return 0 if self.plain else 8

    def _padding(self, m: Metrics) -> int:
        return m.px(16)

    def _indent(self, m: Metrics) -> int:
        return m.px(52 if self.icon else 16)

    def _room(self, width: int, m: Metrics) -> int:
        return max(1, width - 2 * m.px(0 if self.plain else 16) - self._indent(m) - m.px(16))

    def _secret(self, text: str) -> str:
        return "•" * len(text) if self.password else text

    def _lines(self, m: Metrics, room: int) -> tuple[tuple[int, str], ...]:
        """The lines that are to be seen, each with the place in the text where it begins."""
        state = m.memory.field(self.id, self.text)
        text, style = self._secret(state.text), m.style(self.size)
        if self.lines > 1:
            return texts.wrap(text, style, room)
        text = text.replace("\n", " ")
        first, last = max(0, state.caret - WINDOW), state.caret + WINDOW
        first += texts.tail(text[first : state.caret], style, room)
        return ((first, text[first:last]),)

    def _written(
        self, m: Metrics, state: Field, rows: tuple[tuple[int, str], ...], left: int, top: int
    ) -> tuple[list[Mark], Box]:
        style = m.style(self.size)
        step = texts.line_height(style)
        marks: list[Mark] = [
            line_mark(line, style, m.theme.text, left, top + step * row) for row, (_, line) in enumerate(rows) if line
        ]
        row = max(number for number, (start, _) in enumerate(rows) if start <= state.caret or number == 0)
        start, line = rows[row]
        x = left + texts.width(line[: state.caret - start], style)
        thick = max(2, m.px(2))
        x -= thick // 2
        return marks, Box(x, top + step * row, x + thick, top + step * (row + 1))

    def _finder(
        self, rows: tuple[tuple[int, str], ...], style: Style, left: int, top: int
    ) -> Callable[[float, float], int]:
        step = texts.line_height(style)

        def place(x: float, y: float) -> int:
            start, line = rows[min(len(rows) - 1, max(0, int((y - top) // step)))]
            return start + texts.place_at(line, style, round(x - left))

        return place
