"""The colours of the phone, light and dark. Widgets name a colour by its role, never by its value."""

from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]
Role = Literal["background", "surface", "field", "text", "muted", "divider", "accent", "on_accent", "tint", "on_tint",
               "off", "knob", "danger", "bar", "key", "keys"]  # fmt: skip


@dataclass(frozen=True)
class Theme:
    """`surface`: cards, dialogs and app bars; `field`: a filled text field; `tint`: a quiet button; `off` and `knob`:
    a switch; `keys` and `key`: the keyboard and one key of it."""

    background: Colour
    surface: Colour
    field: Colour
    text: Colour
    muted: Colour
    divider: Colour
    accent: Colour
    on_accent: Colour
    tint: Colour
    on_tint: Colour
    off: Colour
    knob: Colour
    danger: Colour
    bar: Colour
    key: Colour
    keys: Colour

    def __getitem__(self, role: Role) -> Colour:
        colour: Colour = getattr(self, role)
        return colour


LIGHT = Theme(
    background=(249, 249, 255), surface=(237, 239, 247), field=(226, 229, 240), text=(25, 28, 32),
    muted=(85, 90, 101), divider=(222, 225, 234), accent=(38, 92, 170), on_accent=(255, 255, 255),
    tint=(215, 227, 250), on_tint=(16, 46, 96), off=(196, 200, 210), knob=(116, 119, 127), danger=(179, 38, 30),
    bar=(249, 249, 255), key=(255, 255, 255), keys=(226, 229, 237),
)  # fmt: skip

DARK = Theme(
    background=(17, 19, 24), surface=(29, 32, 38), field=(42, 45, 53), text=(226, 226, 233),
    muted=(168, 172, 184), divider=(46, 49, 57), accent=(168, 200, 255), on_accent=(8, 48, 98),
    tint=(49, 62, 86), on_tint=(216, 226, 250), off=(62, 66, 76), knob=(145, 149, 160), danger=(242, 184, 181),
    bar=(17, 19, 24), key=(58, 61, 69), keys=(32, 35, 41),
)  # fmt: skip

WHITE: Colour = (255, 255, 255)
AVATARS: tuple[Colour, ...] = (
    (0, 105, 92), (94, 53, 177), (173, 52, 62), (21, 101, 152), (121, 85, 15), (46, 107, 48), (150, 45, 120),
    (69, 90, 100),
)  # fmt: skip
