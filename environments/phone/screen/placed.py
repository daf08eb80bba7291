"""What the layout makes of widgets: boxes in pixels with their marks, their node in the tree, and what touching them
does. Painting, the accessibility tree and touch all read this one structure, so they cannot disagree."""

# ruff: noqa: ARG002  # every widget is asked in the same way, whether or not it needs to know

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from environments.geometry import Box
from environments.phone.device import Node
from environments.phone.screen.fonts import Style
from environments.phone.screen.memory import Memory
from environments.phone.screen.paint import Mark, overlap
from environments.phone.screen.theme import LIGHT, Role, Theme

Action = Callable[[], object]


@dataclass(frozen=True)
class Metrics:
    """What widgets are laid out with. `scale`: pixels in a dp; `font_scale`: how much larger than usual text is;
    `caret`: whether the blinking caret is to be seen now."""

    scale: float
    font_scale: float = 1.0
    theme: Theme = LIGHT
    package: str = ""
    memory: Memory = field(default_factory=Memory)
    caret: bool = False

    def px(self, dp: float) -> int:
        return round(dp * self.scale)

    def style(self, sp: float, bold: bool = False) -> Style:
        return Style(max(6, round(sp * self.scale * self.font_scale)), bold)

    def id(self, name: str) -> str:
        """A resource id as Android spells it: `name` within the package, unless it names one itself."""
        return name if not name or ":" in name else f"{self.package}:id/{name}"

    def node(self, cls: str, box: Box, **rest: object) -> Node:
        """A node of the package; a class without a dot is one of android.widget."""
        full = cls if "." in cls else f"android.widget.{cls}"
        return Node(full, box, package=self.package, **rest)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Scrolling:
    """A list that scrolls: the id its position is remembered under, and the largest position, in pixels."""

    name: str
    end: int


@dataclass(frozen=True)
class Entry:
    """What a text field does with what is typed: see TextField. `caret_at` gives the place in the text for a touch,
    `caret` is where the caret stands on the screen."""

    id: str
    caret_at: Callable[[float, float], int]
    caret: Box
    several_lines: bool = False
    keys: Literal["text", "phone"] = "text"
    changed: Callable[[str], object] | None = None
    submit: Action | None = None


@dataclass(frozen=True)
class Placed:
    """A laid-out widget. Without `node` it is in no tree, and its children take its place there. `slide` takes 0 to
    1 along the width of the box."""

    box: Box
    marks: tuple[Mark, ...] = ()
    children: tuple["Placed", ...] = ()
    node: Node | None = None
    tap: Action | None = None
    long_tap: Action | None = None
    slide: Callable[[float], object] | None = None
    entry: Entry | None = None
    scrolling: Scrolling | None = None

    def walk(self) -> Iterator["Placed"]:
        """This and all below, in painting order."""
        yield self
        for child in self.children:
            yield from child.walk()

    def all_marks(self) -> list[Mark]:
        return [mark for placed in self.walk() for mark in placed.marks]

    def picture(self) -> "Placed":
        """Only its marks: there to be seen, in no tree and not to be touched."""
        return Placed(self.box, tuple(self.all_marks()))

    def clipped(self, window: Box) -> "Placed | None":
        """What shows of it in `window`, or None."""
        box = overlap(self.box, window)
        if box is None:
            return None
        marks = []
        for mark in self.marks:
            clip = overlap(mark.clip, window)
            if clip is not None:
                marks.append(mark._replace(clip=clip))
        children = tuple(part for child in self.children if (part := child.clipped(window)) is not None)
        node = None if self.node is None else replace(self.node, bounds=box)
        return replace(self, box=box, marks=tuple(marks), children=children, node=node)

    def nodes(self) -> tuple[Node, ...]:
        """Its part of the accessibility tree."""
        below = tuple(node for child in self.children for node in child.nodes())
        return below if self.node is None else (replace(self.node, children=below),)

    def at(self, x: float, y: float) -> list["Placed"]:
        """Everything that holds the point, what is touched first coming first."""
        if not (self.box.left <= x < self.box.right and self.box.top <= y < self.box.bottom):
            return []
        found = [placed for child in reversed(self.children) for placed in child.at(x, y)]
        return [*found, self]


class Widget:
    """One thing on a page. A widget is frozen: a page is declared anew whenever something changed."""

    def width(self, m: Metrics) -> int | None:
        """The width it asks for, in pixels; None: as much as there is."""
        return None

    def height(self, width: int, m: Metrics) -> int:
        """How high it is in that width, both in pixels."""
        raise NotImplementedError

    def place(self, box: Box, m: Metrics) -> Placed:
        """The widget in that box."""
        raise NotImplementedError


def height_of(widgets: Sequence[Widget], width: int, m: Metrics) -> int:
    """The height of widgets that stand one below the other."""
    return sum(widget.height(width, m) for widget in widgets)


__all__ = ["Action", "Entry", "Metrics", "Placed", "Role", "Scrolling", "Widget", "height_of"]
