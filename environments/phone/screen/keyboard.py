"""The soft keyboard: its layers and keys, laid out as a window of their own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from environments.geometry import Box
from environments.phone.screen import text as texts
from environments.phone.screen.fonts import Style
from environments.phone.screen.paint import Mark
from environments.phone.screen.placed import Metrics, Placed
from environments.phone.screen.theme import Role
from environments.phone.screen.widgets import Text, fill, icon_mark, line_mark

LATIN = "com.android.inputmethod.latin"
Layer = Literal["letters", "capitals", "symbols", "more"]
_SHAPES = {"shift": 1.5, "erase": 1.5, "layer": 1.5, "enter": 1.5, "space": 5.0}
_NAMES = {"shift": "Shift", "erase": "Delete", "enter": "Enter", "space": "Space", "layer": "Symbols"}
_ICONS = {"shift": "shift", "erase": "erase", "enter": "enter"}
_ROWS: dict[Layer, tuple[str, str, str]] = {
    "letters": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "capitals": ("QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"),
    "symbols": ("1234567890", "@#$_&-+()/", "*\"':;!?"),
    "more": ("~`|^=%{}[]", "\\<>€£¥©®°•", "÷×¶∆√π¿"),
}


@dataclass(frozen=True)
class Keyboard:
    """`press` is told the character of a key, or one of shift, erase, layer, enter. `label` is shown in place of keys
    by an input method without any."""

    layer: Layer
    press: Callable[[str], object]
    package: str = LATIN
    label: str = ""

    def height(self, screen_height: int, m: Metrics) -> int:
        """At most 45 % of the screen."""
        if self.label:
            return m.px(40)
        return min(4 * m.px(54) + m.px(8), round(screen_height * 0.45))

    def place(self, box: Box, m: Metrics) -> Placed:
        m = replace(m, package=self.package, font_scale=1.0)
        node = m.node("FrameLayout", box, resource_id=m.id("keyboard_view"))
        ground = (fill(box, m.theme.keys),)
        if self.label:
            return Placed(box, ground, (Text(self.label, 14, align="center").place(box, m),), node)
        high = (box.bottom - box.top - m.px(8)) // 4
        keys: list[Placed] = []
        for number, row in enumerate(self._rows()):
            top = box.top + m.px(4) + number * high
            keys += self._row(row, Box(box.left, top, box.right, top + high), m)
        return Placed(box, ground, tuple(keys), node)

    def _rows(self) -> tuple[tuple[str, ...], ...]:
        first, second, third = _ROWS[self.layer]
        return (
            tuple(first),
            tuple(second),
            ("shift", *third, "erase"),
            ("layer", ",", "space", ".", "enter"),
        )

    def _row(self, row: tuple[str, ...], box: Box, m: Metrics) -> list[Placed]:
        unit = (box.right - box.left - 2 * m.px(3)) / 10
        x = box.left + (box.right - box.left - unit * sum(_SHAPES.get(key, 1.0) for key in row)) / 2
        keys = []
        for key in row:
            right = x + unit * _SHAPES.get(key, 1.0)
            keys.append(self._key(key, Box(round(x), box.top, round(right), box.bottom), m))
            x = right
        return keys

    def _key(self, key: str, box: Box, m: Metrics) -> Placed:
        gap = max(1, m.px(3))
        face = Box(box.left + gap, box.top + gap, max(box.left + gap + 1, box.right - gap), box.bottom - gap)
        special = key in _NAMES and key != "space"
        ground: Role = "accent" if key == "enter" else "tint" if special else "key"
        ink: Role = "on_accent" if key == "enter" else "on_tint" if special else "text"
        marks: list[Mark] = [fill(face, m.theme[ground], m.px(6))]
        size = min(m.px(22), face.right - face.left, face.bottom - face.top)
        shown = self._shown(key)
        if key in _ICONS and not shown:
            name = "shifted" if key == "shift" and self.layer == "capitals" else _ICONS[key]
            marks.append(icon_mark(name, m.theme[ink], size, *face.center))
        elif shown:
            style = Style(max(6, round(size * (0.7 if len(shown) > 1 else 1))))
            left = face.center.x - texts.width(shown, style) // 2
            marks.append(line_mark(shown, style, m.theme[ink], left, face.center.y - texts.line_height(style) // 2))
        node = m.node("android.inputmethodservice.Keyboard$Key", box, text=shown, content_desc=_NAMES.get(key, key),
                      clickable=True)  # fmt: skip
        return Placed(box, tuple(marks), node=node, tap=lambda: self.press(" " if key == "space" else key))

    def _shown(self, key: str) -> str:
        letters = self.layer in ("letters", "capitals")
        if key == "layer":
            return "?123" if letters else "ABC"
        if key == "shift" and not letters:
            return "=\\<" if self.layer == "symbols" else "?123"
        return "" if key in _NAMES else key


def next_layer(layer: Layer, key: str) -> Layer:
    """The layer after shift or the layer key was pressed on this one."""
    if key == "shift":
        return {"letters": "capitals", "capitals": "letters", "symbols": "more", "more": "symbols"}[layer]  # type: ignore[return-value]
    return "symbols" if layer in ("letters", "capitals") else "letters"
