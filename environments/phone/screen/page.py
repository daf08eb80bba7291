"""A whole page of an app: its bar, its body, and what floats above them."""

from dataclasses import dataclass

from environments.geometry import Box
from environments.phone.screen.containers import Line, List
from environments.phone.screen.paint import Fill, Mark
from environments.phone.screen.placed import Action, Metrics, Placed, Widget, height_of
from environments.phone.screen.theme import Role
from environments.phone.screen.widgets import Button, IconButton, Text, fill, icon_mark

SQUEEZED = 180
"""A page lower than this many dp, above the keyboard of a phone on its side, shows its fields and nothing else."""
SHADE = 110
"""How dark the page below a dialog gets, of 255."""


@dataclass(frozen=True)
class AppBar:
    """The title, the arrow back (when `back` is given), and buttons at the right."""

    title: str
    back: Action | None = None
    buttons: tuple[IconButton, ...] = ()
    large: bool = False

    def height(self, tall: int, m: Metrics) -> int:
        """How high it is on a page of that height; none at all where the keyboard leaves hardly any room."""
        if tall < m.px(SQUEEZED):
            return 0
        return m.px(96 if self.large and tall >= m.px(400) else 64)

    def place(self, box: Box, m: Metrics) -> Placed:
        children: list[Placed] = []
        left, right, button = box.left + m.px(16), box.right - m.px(4), m.px(48)
        if self.back is not None:
            arrow = IconButton("back", "Navigate up", self.back)
            children.append(arrow.place(Box(box.left + m.px(4), box.top, box.left + m.px(4) + button, box.bottom), m))
            left = box.left + m.px(60)
        placed_buttons = []
        for each in reversed(self.buttons):
            placed_buttons.append(each.place(Box(right - button, box.top, right, box.bottom), m))
            right -= button
        large = box.bottom - box.top > m.px(64)
        title = Text(self.title, 32 if large else 22, id="action_bar_title")
        children.append(title.place(Box(left, box.top, max(left + 1, right - m.px(8)), box.bottom), m))
        children += reversed(placed_buttons)
        node = m.node("android.view.ViewGroup", box, resource_id=m.id("action_bar"))
        return Placed(box, (), tuple(children), node)


@dataclass(frozen=True)
class FloatingButton:
    """The round button at the bottom right: the one thing most done on the page."""

    icon: str
    desc: str
    tap: Action
    id: str = "floating_action_button"

    def place(self, box: Box, m: Metrics) -> Placed:
        size, margin = m.px(56), m.px(16)
        face = Box(box.right - margin - size, box.bottom - margin - size, box.right - margin, box.bottom - margin)
        marks = (fill(face, m.theme.tint, m.px(16)), icon_mark(self.icon, m.theme.on_tint, m.px(24), *face.center))
        node = m.node("ImageButton", face, content_desc=self.desc, resource_id=m.id(self.id), clickable=True,
                      focusable=True)  # fmt: skip
        return Placed(face, marks, node=node, tap=self.tap)


@dataclass(frozen=True)
class Dialog:
    """A question above the page. The first button is the one that says yes; the last one, and back, closes it."""

    title: str
    text: str = ""
    buttons: tuple[tuple[str, Action], ...] = ()
    body: tuple[Widget, ...] = ()
    dismiss: Action = lambda: None

    def place(self, box: Box, m: Metrics) -> Placed:
        pad = m.px(24)
        wide = min(box.right - box.left - 2 * m.px(16), m.px(420))
        inner = wide - 2 * pad
        words: list[Widget] = [Text(self.title, 22, lines=3, id="android:id/alertTitle")]
        if self.text:
            words.append(Text(self.text, 14, colour="muted", lines=12, id="android:id/message"))
        names = [f"android:id/button{number + 1}" for number in range(len(self.buttons))]
        buttons = tuple(
            Button(label, tap, "plain", id=name) for (label, tap), name in zip(self.buttons, names, strict=True)
        )
        foot = Line(tuple(reversed(buttons)), align="right") if buttons else None
        gap = m.px(12)
        foot_height = foot.height(inner, m) if foot else 0
        body = List(self.body, id="android:id/select_dialog_listview") if self.body else None
        fixed = pad + m.px(16) + sum(word.height(inner, m) + gap for word in words) + foot_height
        room = max(0, box.bottom - box.top - 2 * m.px(16) - fixed)
        body_height = min(room, height_of(self.body, wide, m))
        top = box.top + max(0, (box.bottom - box.top - fixed - body_height) // 2)
        left = (box.left + box.right - wide) // 2
        face = Box(left, top, left + wide, min(box.bottom, top + fixed + body_height))
        children, y = [], face.top + pad
        for word in words:
            high = word.height(inner, m)
            children.append(word.place(Box(left + pad, y, left + pad + inner, y + high), m))
            y += high + gap
        if body and body_height:
            children.append(body.place(Box(left, y, left + wide, y + body_height), m))
            y += body_height
        if foot:
            children.append(foot.place(Box(left + pad, y, left + pad + inner, y + foot_height), m))
        node = m.node("FrameLayout", face, resource_id="android:id/content")
        panel = Placed(face, (fill(face, m.theme.surface, m.px(28)),), tuple(children), node, tap=_nothing)
        return Placed(box, (Fill(box, (0, 0, 0), 0, box, alpha=SHADE),), (panel,), tap=self.dismiss)


@dataclass(frozen=True)
class Page:
    """What an app shows: a `bar`, widgets that stay in place below it (`top`), a `body` that takes the rest, widgets
    at the bottom edge (`foot`), a button that floats, and a dialog while one is open."""

    body: Widget
    bar: AppBar | None = None
    top: tuple[Widget, ...] = ()
    foot: tuple[Widget, ...] = ()
    floating: FloatingButton | None = None
    dialog: Dialog | None = None
    ground: Role = "background"

    def place(self, box: Box, m: Metrics) -> Placed:
        """The page in its window; with a dialog, only the dialog is in the tree, as its window has the focus."""
        marks: list[Mark] = [fill(box, m.theme[self.ground])]
        children: list[Placed] = []
        y, width, tall = box.top, box.right - box.left, box.bottom - box.top
        high = 0 if self.bar is None else self.bar.height(tall, m)
        if self.bar is not None and high:
            children.append(self.bar.place(Box(box.left, y, box.right, y + high), m))
            y += high
        for widget in self.top:
            high = widget.height(width, m)
            children.append(widget.place(Box(box.left, y, box.right, y + high), m))
            y += high
        low = max(y, box.bottom - height_of(self.foot, width, m))
        if low > y:
            children.append(self.body.place(Box(box.left, y, box.right, low), m))
        for widget in self.foot:
            high = widget.height(width, m)
            children.append(widget.place(Box(box.left, low, box.right, low + high), m))
            low += high
        if self.floating is not None and tall >= m.px(SQUEEZED):
            children.append(self.floating.place(box, m))
        node = m.node("FrameLayout", box, resource_id="android:id/content")
        whole = Placed(box, tuple(marks), tuple(children), node).clipped(box)
        if whole is None:
            raise ValueError(f"a page has no room in {box}")
        if self.dialog is None:
            return whole
        return Placed(box, children=(whole.picture(), self.dialog.place(box, m)))


def _nothing() -> None:
    """A touch on a dialog, beside its buttons, does nothing."""
