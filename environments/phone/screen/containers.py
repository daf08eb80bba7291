"""Widgets that hold others: rows, columns, cards, grids, and lists that scroll."""

# ruff: noqa: ARG002  # every widget is asked in the same way, whether or not it needs to know

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from environments.geometry import Box
from environments.phone.screen.field import TextField
from environments.phone.screen.paint import Mark, overlap
from environments.phone.screen.placed import Action, Metrics, Placed, Scrolling, Widget, height_of
from environments.phone.screen.theme import Role
from environments.phone.screen.widgets import Icon, Switch, Text, fill


@dataclass(frozen=True)
class Space(Widget):
    """Nothing, `dp` high."""

    dp: float = 16

    def height(self, width: int, m: Metrics) -> int:
        return m.px(self.dp)

    def place(self, box: Box, m: Metrics) -> Placed:
        return Placed(box)


@dataclass(frozen=True)
class Divider(Widget):
    """A thin line."""

    def height(self, width: int, m: Metrics) -> int:
        return max(1, m.px(1))

    def place(self, box: Box, m: Metrics) -> Placed:
        return Placed(box, (fill(box, m.theme.divider),))


@dataclass(frozen=True)
class Column(Widget):
    """One below the other, `gap` apart, with `padding` around."""

    children: tuple[Widget, ...]
    padding: float = 0
    gap: float = 0

    def height(self, width: int, m: Metrics) -> int:
        inner = width - 2 * m.px(self.padding)
        gaps = m.px(self.gap) * max(0, len(self.children) - 1)
        return height_of(self.children, inner, m) + gaps + 2 * m.px(self.padding)

    def place(self, box: Box, m: Metrics) -> Placed:
        pad = m.px(self.padding)
        left, right, y = box.left + pad, max(box.left + pad + 1, box.right - pad), box.top + pad
        placed = []
        for child in self.children:
            bottom = y + child.height(right - left, m)
            placed.append(child.place(Box(left, y, right, bottom), m))
            y = bottom + m.px(self.gap)
        return Placed(box, children=tuple(placed))


@dataclass(frozen=True)
class Line(Widget):
    """Side by side, `gap` apart; those without a width of their own share what is left."""

    children: tuple[Widget, ...]
    gap: float = 8
    padding: float = 0
    align: Literal["left", "center", "right"] = "left"

    def height(self, width: int, m: Metrics) -> int:
        widths = self._widths(width, m)
        return max(child.height(wide, m) for child, wide in zip(self.children, widths, strict=True))

    def place(self, box: Box, m: Metrics) -> Placed:
        widths, gap = self._widths(box.right - box.left, m), m.px(self.gap)
        used = sum(widths) + gap * (len(widths) - 1)
        spare = box.right - box.left - 2 * m.px(self.padding) - used
        x = box.left + m.px(self.padding) + {"left": 0, "center": spare // 2, "right": spare}[self.align]
        placed = []
        for child, wide in zip(self.children, widths, strict=True):
            high = min(child.height(wide, m), box.bottom - box.top)
            top = (box.top + box.bottom - high) // 2
            placed.append(child.place(Box(x, top, x + wide, top + high), m))
            x += wide + gap
        return Placed(box, children=tuple(placed))

    def _widths(self, width: int, m: Metrics) -> list[int]:
        asked = [child.width(m) for child in self.children]
        room = width - 2 * m.px(self.padding) - m.px(self.gap) * (len(asked) - 1)
        rest = room - sum(wide for wide in asked if wide is not None)
        share = max(1, rest // max(1, asked.count(None)))
        squeeze = min(1.0, room / max(1, sum(wide for wide in asked if wide is not None)))
        return [share if wide is None else max(1, int(wide * squeeze)) for wide in asked]


@dataclass(frozen=True)
class Card(Widget):
    """A widget on a surface with round corners."""

    child: Widget
    tap: Action | None = None
    long_tap: Action | None = None
    desc: str = ""
    id: str = ""
    margin: float = 16
    padding: float = 16
    colour: Role = "surface"

    def height(self, width: int, m: Metrics) -> int:
        edge = m.px(self.margin) + m.px(self.padding)
        tall = self.child.height(max(1, width - 2 * edge), m) + 2 * m.px(self.padding)
        return max(tall, m.px(48) if self.tap else 0) + m.px(self.margin)

    def place(self, box: Box, m: Metrics) -> Placed:
        margin, pad = m.px(self.margin), m.px(self.padding)
        right = max(box.left + margin + 2 * pad + 1, box.right - margin)
        face = Box(box.left + margin, box.top + margin // 2, right, box.bottom - (margin - margin // 2))
        inner = Box(face.left + pad, face.top + pad, face.right - pad, face.bottom - pad)
        node = m.node("android.view.ViewGroup", face, content_desc=self.desc, resource_id=m.id(self.id),
                      clickable=self.tap is not None, focusable=self.tap is not None,
                      long_clickable=self.long_tap is not None)  # fmt: skip
        marks = (fill(face, m.theme[self.colour], m.px(16)),)
        return Placed(face, marks, (self.child.place(inner, m),), node, self.tap, self.long_tap)


@dataclass(frozen=True)
class Row(Widget):
    """An item of a list: what leads it (an icon, a face), a title, a summary, and what trails it (a switch)."""

    title: str
    summary: str = ""
    leading: Widget | None = None
    trailing: Widget | None = None
    tap: Action | None = None
    long_tap: Action | None = None
    id: str = ""
    title_id: str = "android:id/title"
    summary_id: str = "android:id/summary"
    summary_lines: int = 1
    divider: bool = False
    enabled: bool = True

    def height(self, width: int, m: Metrics) -> int:
        texts = self._texts(m)
        inner = height_of(texts, self._room(width, m), m)
        if self.leading is not None:
            inner = max(inner, self.leading.height(width, m))
        if self.trailing is not None:
            inner = max(inner, self.trailing.height(width, m) - m.px(16))
        return max(m.px(72 if self.summary else 56), inner + 2 * m.px(12))

    def place(self, box: Box, m: Metrics) -> Placed:
        marks: list[Mark] = []
        if self.divider:
            line = Box(self._text_left(box, m), box.bottom - max(1, m.px(1)), box.right, box.bottom)
            marks.append(fill(line, m.theme.divider))
        children = []
        side = m.px(16)
        if self.leading is not None:
            wide = self.leading.width(m) or 0
            children.append(self.leading.place(Box(box.left + side, box.top, box.left + side + wide, box.bottom), m))
        room = self._room(box.right - box.left, m)
        left = self._text_left(box, m)
        texts = self._texts(m)
        y = (box.top + box.bottom - height_of(texts, room, m)) // 2
        for text in texts:
            bottom = y + text.height(room, m)
            children.append(text.place(Box(left, y, left + room, bottom), m))
            y = bottom
        if self.trailing is not None:
            wide = self.trailing.width(m) or 0
            edge = box.right - self._end(m)
            children.append(self.trailing.place(Box(edge - wide, box.top, edge, box.bottom), m))
        live = self.enabled and self.tap is not None
        node = m.node("LinearLayout", box, resource_id=m.id(self.id), clickable=live, focusable=live,
                      long_clickable=self.enabled and self.long_tap is not None, enabled=self.enabled)  # fmt: skip
        long_tap = self.long_tap if self.enabled else None
        return Placed(box, tuple(marks), tuple(children), node, self.tap if live else None, long_tap)

    def _texts(self, m: Metrics) -> list[Text]:
        colours: tuple[Role, Role] = ("text", "muted") if self.enabled else ("muted", "muted")
        found = [Text(self.title, 16, colour=colours[0], id=self.title_id)]
        if self.summary:
            found.append(Text(self.summary, 14, colour=colours[1], lines=self.summary_lines, id=self.summary_id))
        return found

    def _text_left(self, box: Box, m: Metrics) -> int:
        return box.left + m.px(16) + (0 if self.leading is None else (self.leading.width(m) or 0) + m.px(16))

    def _end(self, m: Metrics) -> int:
        """The room to the right of what trails: a button brings some of its own."""
        return m.px(16 if self.trailing is None or isinstance(self.trailing, Switch) else 4)

    def _room(self, width: int, m: Metrics) -> int:
        used = self._text_left(Box(0, 0, 0, 0), m) + self._end(m)
        if self.trailing is not None:
            used += (self.trailing.width(m) or 0) + m.px(12)
        return max(1, width - used)


def switch_row(
    title: str, checked: bool, change: Callable[[bool], object] | None, icon: str = "", summary: str = ""
) -> Row:
    """A row that turns something on and off; without `change` it is greyed out."""
    leading = Icon(icon) if icon else None
    if change is None:
        return Row(title, summary, leading, Switch(checked, enabled=False), enabled=False)
    return Row(title, summary, leading, Switch(checked), tap=partial(change, not checked), summary_lines=3)


@dataclass(frozen=True)
class Header(Widget):
    """The heading of a group of rows."""

    text: str

    def height(self, width: int, m: Metrics) -> int:
        return max(m.px(44), self._label().height(width, m) + m.px(20))

    def place(self, box: Box, m: Metrics) -> Placed:
        side = m.px(16)
        return self._label().place(Box(box.left + side, box.top + m.px(8), max(box.left + side + 1, box.right - side),
                                       box.bottom), m)  # fmt: skip

    def _label(self) -> Text:
        return Text(self.text, 14, bold=True, colour="accent", id="android:id/title")


@dataclass(frozen=True)
class Grid(Widget):
    """Cells of equal size, as many in a row as there is room for at `cell` dp, `columns` at most."""

    children: tuple[Widget, ...]
    columns: int = 4
    cell: float = 84

    def height(self, width: int, m: Metrics) -> int:
        columns, wide = self._shape(width, m)
        rows = -(-len(self.children) // columns)
        return rows * self._row_height(wide, m)

    def place(self, box: Box, m: Metrics) -> Placed:
        columns, wide = self._shape(box.right - box.left, m)
        tall = self._row_height(wide, m)
        placed = []
        for number, child in enumerate(self.children):
            row, column = divmod(number, columns)
            x, y = box.left + column * wide, box.top + row * tall
            placed.append(child.place(Box(x, y, x + wide, y + tall), m))
        return Placed(box, children=tuple(placed))

    def _row_height(self, wide: int, m: Metrics) -> int:
        return max((child.height(wide, m) for child in self.children), default=0)

    def _shape(self, width: int, m: Metrics) -> tuple[int, int]:
        columns = max(1, min(self.columns, width // max(1, m.px(self.cell))))
        return columns, width // columns


@dataclass(frozen=True)
class List(Widget):
    """Widgets one below the other, which scroll when there are more than fit. Only what shows is in the tree."""

    children: tuple[Widget, ...]
    id: str = "android:id/list"
    cls: str = "ListView"
    foot: float = 0

    def height(self, width: int, m: Metrics) -> int:
        return height_of(self.children, width, m) + m.px(self.foot)

    def place(self, box: Box, m: Metrics) -> Placed:
        width = box.right - box.left
        heights = [child.height(width, m) for child in self.children]
        end = max(0, sum(heights) + m.px(self.foot) - (box.bottom - box.top))
        position = min(end, max(0, m.memory.scrolls.get(self.id, 0)))
        if m.memory.reveal:
            position = min(end, max(0, self._revealed(position, heights, box, m)))
        m.memory.scrolls[self.id] = position
        placed, y = [], box.top - position
        for child, high in zip(self.children, heights, strict=True):
            at = Box(box.left, y, box.right, y + high)
            y += high
            if high and overlap(at, box) is not None:
                part = child.place(at, m).clipped(box)
                if part is not None:
                    placed.append(part)
        node = m.node(self.cls, box, resource_id=m.id(self.id), scrollable=end > 0, focusable=True)
        return Placed(box, (), tuple(placed), node, scrolling=Scrolling(self.id, end))

    def _revealed(self, position: int, heights: list[int], box: Box, m: Metrics) -> int:
        """The position at which the caret of the field with the focus can be seen."""
        y = box.top
        for child, high in zip(self.children, heights, strict=True):
            if _holds(child, m.memory.focus):
                placed = child.place(Box(box.left, y, box.right, y + high), m)
                caret = next(
                    part.entry.caret for part in placed.walk() if part.entry and part.entry.id == m.memory.focus
                )
                lowest, highest = caret.bottom + m.px(16) - box.bottom, caret.top - m.px(16) - box.top
                return min(max(position, lowest), max(highest, 0))
            y += high
        return position


def _holds(widget: Widget, name: str) -> bool:
    """Whether a text field of that name is somewhere in the widget."""
    if isinstance(widget, TextField):
        return widget.id == name
    inside = widget.children if isinstance(widget, Column | Line | Grid) else ()
    return any(_holds(child, name) for child in ((widget.child,) if isinstance(widget, Card) else inside))
