"""The small widgets: text, icons, buttons, switches, sliders. All sizes are in dp, of text in sp."""

# ruff: noqa: ARG002  # every widget is asked in the same way, whether or not it needs to know

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from environments.geometry import Box
from environments.phone.screen import text as texts
from environments.phone.screen.fonts import Style
from environments.phone.screen.paint import Fill, Glyphs, Mark, Sign
from environments.phone.screen.placed import Action, Metrics, Placed, Widget
from environments.phone.screen.theme import AVATARS, WHITE, Colour, Role

Align = Literal["left", "center"]


def line_mark(text: str, style: Style, colour: Colour, left: int, top: int) -> Glyphs:
    """One line of text at a place; accents may stand out above and below its box."""
    right, bottom = left + texts.width(text, style), top + texts.line_height(style)
    over = round(texts.OVERHANG * style.size)
    return Glyphs(
        Box(left, top, right, bottom), text, style, colour, Box(left, top - over, right + over, bottom + over)
    )


def fill(box: Box, colour: Colour, radius: int = 0) -> Fill:
    return Fill(box, colour, radius, box)


def icon_mark(name: str, colour: Colour, size: int, x: int, y: int) -> Sign:
    """An icon around a point."""
    box = Box(x - size // 2, y - size // 2, x - size // 2 + size, y - size // 2 + size)
    return Sign(box, name, colour, box)


@dataclass(frozen=True)
class Text(Widget):
    """Text in at most `lines` lines."""

    text: str
    size: float = 16
    bold: bool = False
    colour: Role = "text"
    lines: int = 1
    align: Align = "left"
    id: str = ""

    def width(self, m: Metrics) -> int | None:
        return None if self.lines > 1 else texts.width(self.text, m.style(self.size, self.bold))

    def height(self, width: int, m: Metrics) -> int:
        style = m.style(self.size, self.bold)
        return len(self._shown(style, width)) * texts.line_height(style)

    def place(self, box: Box, m: Metrics) -> Placed:
        style = m.style(self.size, self.bold)
        lines = self._shown(style, box.right - box.left)
        step = texts.line_height(style)
        widest = max(texts.width(line, style) for line in lines)
        left = box.left if self.align == "left" else (box.left + box.right - widest) // 2
        top = (box.top + box.bottom - step * len(lines)) // 2
        marks: list[Mark] = []
        for number, line in enumerate(lines):
            indent = 0 if self.align == "left" else (widest - texts.width(line, style)) // 2
            marks.append(line_mark(line, style, m.theme[self.colour], left + indent, top + step * number))
        around = Box(left, top, max(left + widest, left + 1), top + step * len(lines))
        return Placed(around, tuple(marks), node=m.node("TextView", around, text=self.text, resource_id=m.id(self.id)))

    def _shown(self, style: Style, room: int) -> list[str]:
        if self.lines == 1:
            return [texts.fit(self.text, style, room)]
        lines = [line for _, line in texts.wrap(self.text, style, room)]
        if len(lines) > self.lines:
            lines = [*lines[: self.lines - 1], texts.fit(" ".join(lines[self.lines - 1 :]), style, room)]
        return lines


@dataclass(frozen=True)
class Icon(Widget):
    """An icon; with a `disc` colour it is white on a disc (of `disc_size`)."""

    name: str
    desc: str = ""
    size: float = 24
    colour: Role = "muted"
    disc: Colour | None = None
    disc_size: float = 40
    id: str = ""

    def width(self, m: Metrics) -> int:
        return m.px(self.size if self.disc is None else self.disc_size)

    def height(self, width: int, m: Metrics) -> int:
        return self.width(m)

    def place(self, box: Box, m: Metrics) -> Placed:
        size = min(self.width(m), box.right - box.left, box.bottom - box.top)
        around = _square(box, size)
        colour = m.theme[self.colour] if self.disc is None else WHITE
        marks: list[Mark] = [] if self.disc is None else [fill(around, self.disc, size // 2)]
        if size > 0:
            marks.append(icon_mark(self.name, colour, min(size, m.px(self.size)), *around.center))
        node = m.node("ImageView", around, content_desc=self.desc, resource_id=m.id(self.id))
        return Placed(around, tuple(marks), node=node)


@dataclass(frozen=True)
class Avatar(Widget):
    """A person's initial on a disc; its colour comes from the name."""

    name: str
    size: float = 40

    def width(self, m: Metrics) -> int:
        return m.px(self.size)

    def height(self, width: int, m: Metrics) -> int:
        return m.px(self.size)

    def place(self, box: Box, m: Metrics) -> Placed:
        size = min(m.px(self.size), box.right - box.left, box.bottom - box.top)
        around = _square(box, size)
        style = Style(max(6, round(size * 0.46)))
        initial = self.name.strip()[:1].upper() or "?"
        x, y = around.center
        letter = line_mark(
            initial, style, WHITE, x - texts.width(initial, style) // 2, y - texts.line_height(style) // 2
        )
        colour = AVATARS[sum(map(ord, self.name)) % len(AVATARS)]
        return Placed(around, (fill(around, colour, size // 2), letter), node=m.node("ImageView", around))


@dataclass(frozen=True)
class Button(Widget):
    """A button with words: `filled`, `tonal`, or `plain` text."""

    text: str
    tap: Action
    kind: Literal["filled", "tonal", "plain"] = "filled"
    id: str = ""
    enabled: bool = True

    def width(self, m: Metrics) -> int:
        return texts.width(self.text, m.style(14, True)) + 2 * m.px(12 if self.kind == "plain" else 24)

    def height(self, width: int, m: Metrics) -> int:
        return max(m.px(48), texts.line_height(m.style(14, True)) + m.px(16))

    def place(self, box: Box, m: Metrics) -> Placed:
        style, theme = m.style(14, True), m.theme
        inset = m.px(4)
        face = Box(box.left, box.top + inset, box.right, box.bottom - inset)
        ink: Role = {"filled": "on_accent", "tonal": "on_tint", "plain": "accent"}[self.kind]  # type: ignore[assignment]
        marks: list[Mark] = []
        if self.kind != "plain":
            ground: Role = "off" if not self.enabled else "accent" if self.kind == "filled" else "tint"
            marks.append(fill(face, theme[ground], (face.bottom - face.top) // 2))
        label = texts.fit(self.text, style, box.right - box.left - 2 * m.px(4))
        x, y = box.center
        left, top = x - texts.width(label, style) // 2, y - texts.line_height(style) // 2
        marks.append(line_mark(label, style, theme[ink if self.enabled else "muted"], left, top))
        node = m.node("Button", box, text=self.text, resource_id=m.id(self.id), clickable=self.enabled,
                      focusable=True, enabled=self.enabled)  # fmt: skip
        return Placed(box, tuple(marks), node=node, tap=self.tap if self.enabled else None)


@dataclass(frozen=True)
class IconButton(Widget):
    """A button with an icon, 48 dp wide and high; `desc` says what it does."""

    icon: str
    desc: str
    tap: Action
    id: str = ""
    colour: Role = "text"

    def width(self, m: Metrics) -> int:
        return m.px(48)

    def height(self, width: int, m: Metrics) -> int:
        return m.px(48)

    def place(self, box: Box, m: Metrics) -> Placed:
        around = _square(box, min(m.px(48), box.right - box.left, box.bottom - box.top))
        marks = (icon_mark(self.icon, m.theme[self.colour], m.px(24), *around.center),)
        node = m.node("ImageButton", around, content_desc=self.desc, resource_id=m.id(self.id), clickable=True,
                      focusable=True)  # fmt: skip
        return Placed(around, marks, node=node, tap=self.tap)


@dataclass(frozen=True)
class Switch(Widget):
    """On or off. Without `change` it only shows, and the row around it is what is tapped."""

    checked: bool
    change: Callable[[bool], object] | None = None
    id: str = "android:id/switch_widget"
    enabled: bool = True

    def width(self, m: Metrics) -> int:
        return m.px(52)

    def height(self, width: int, m: Metrics) -> int:
        return m.px(48 if self.change else 32)

    def place(self, box: Box, m: Metrics) -> Placed:
        theme = m.theme
        tall, wide = min(m.px(32), box.bottom - box.top), m.px(52)
        top = (box.top + box.bottom - tall) // 2
        track = Box(box.right - wide, top, box.right, top + tall)
        radius = round(tall * (0.375 if self.checked else 0.25))
        x = track.right - tall // 2 if self.checked else track.left + tall // 2
        y = top + tall // 2
        knob = Box(x - radius, y - radius, x + radius, y + radius)
        on, off = ("accent", "on_accent"), ("off", "knob")
        ground, ink = (theme[role] for role in (on if self.checked else off))  # type: ignore[index]
        marks = (fill(track, ground if self.enabled else theme.off, tall // 2), fill(knob, ink, radius))
        area = Box(track.left, box.top, track.right, box.bottom) if self.change else track
        node = m.node("Switch", area, text="ON" if self.checked else "OFF", resource_id=m.id(self.id), checkable=True,
                      checked=self.checked, clickable=self.change is not None and self.enabled,
                      focusable=self.change is not None, enabled=self.enabled)  # fmt: skip
        tap = partial(self.change, not self.checked) if self.change and self.enabled else None
        return Placed(area, marks, node=node, tap=tap)


@dataclass(frozen=True)
class Slider(Widget):
    """A value from 0 to 1, set by a tap or by sliding."""

    value: float
    change: Callable[[float], object]
    desc: str = ""
    id: str = "android:id/seekbar"

    def height(self, width: int, m: Metrics) -> int:
        return m.px(48)

    def place(self, box: Box, m: Metrics) -> Placed:
        inset, thick, knob = m.px(24), max(2, m.px(4)), m.px(10)
        left, right, y = box.left + inset, max(box.left + inset + 1, box.right - inset), box.center.y
        x = left + round((right - left) * min(1.0, max(0.0, self.value)))
        whole = Box(left, y - thick // 2, right, y - thick // 2 + thick)
        marks = (
            fill(whole, m.theme.off, thick // 2),
            fill(Box(left, whole.top, max(x, left + 1), whole.bottom), m.theme.accent, thick // 2),
            fill(Box(x - knob, y - knob, x + knob, y + knob), m.theme.accent, knob),
        )

        def slide(at: float) -> None:
            place = (at * (box.right - box.left) - inset) / (right - left)
            self.change(min(1.0, max(0.0, place)))

        node = m.node("SeekBar", box, text=f"{100 * self.value:.1f}", content_desc=self.desc,
                      resource_id=m.id(self.id), clickable=True, focusable=True)  # fmt: skip
        return Placed(box, marks, node=node, slide=slide)


def _square(box: Box, size: int) -> Box:
    x, y = (box.left + box.right - size) // 2, (box.top + box.bottom - size) // 2
    return Box(x, y, x + size, y + size)


@dataclass(frozen=True)
class Shortcut(Widget):
    """An app on the home screen: its icon, and its name below."""

    label: str
    icon: str
    colour: Colour
    tap: Action

    def height(self, width: int, m: Metrics) -> int:
        return m.px(72) + texts.line_height(m.style(13)) + m.px(12)

    def place(self, box: Box, m: Metrics) -> Placed:
        style, x = m.style(13), box.center.x
        disc = min(m.px(60), box.right - box.left)
        face = Box(x - disc // 2, box.top + m.px(6), x - disc // 2 + disc, box.top + m.px(6) + disc)
        label = texts.fit(self.label, style, box.right - box.left - m.px(4))
        words = line_mark(label, style, m.theme.text, x - texts.width(label, style) // 2, face.bottom + m.px(8))
        marks = (fill(face, self.colour, disc // 2), icon_mark(self.icon, WHITE, disc // 2, *face.center), words)
        node = m.node("TextView", box, text=self.label, content_desc=self.label, resource_id=m.id("icon"),
                      clickable=True, long_clickable=True, focusable=True)  # fmt: skip
        return Placed(box, marks, node=node, tap=self.tap)


@dataclass(frozen=True)
class Choice(Widget):
    """One of several, of which one is chosen."""

    text: str
    checked: bool
    tap: Action

    def height(self, width: int, m: Metrics) -> int:
        return max(m.px(48), texts.line_height(m.style(16)) + m.px(16))

    def place(self, box: Box, m: Metrics) -> Placed:
        style, theme = m.style(16), m.theme
        x, y, radius = box.left + m.px(36), box.center.y, m.px(10)
        ring = theme.accent if self.checked else theme.muted
        marks: list[Mark] = [
            fill(Box(x - size, y - size, x + size, y + size), colour, size)
            for size, colour in ((radius, ring), (radius - m.px(2), theme.surface))
        ]
        if self.checked:
            dot = m.px(5)
            marks.append(fill(Box(x - dot, y - dot, x + dot, y + dot), theme.accent, dot))
        left = box.left + m.px(64)
        label = texts.fit(self.text, style, box.right - left - m.px(16))
        marks.append(line_mark(label, style, theme.text, left, y - texts.line_height(style) // 2))
        node = m.node("CheckedTextView", box, text=self.text, resource_id="android:id/text1", checkable=True,
                      checked=self.checked, clickable=True, focusable=True)  # fmt: skip
        return Placed(box, tuple(marks), node=node, tap=self.tap)
