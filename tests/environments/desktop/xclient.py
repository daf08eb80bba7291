"""A client of the X server in $DISPLAY of its own: `python xclient.py VERB NUMBERS` prints JSON.

keys            the key codes that are down
pointer         x, y and the mask of buttons and modifiers
warp X Y        puts the pointer elsewhere, as a hand would
map             the meanings of all key codes
resize W H      changes the resolution; prints whether the server did
"""

import json
import sys
from typing import Any

from Xlib.display import Display
from Xlib.ext import randr


def main(verb: str, *numbers: int) -> Any:
    display = Display()
    root = display.screen().root
    if verb == "keys":
        return [8 * i + bit for i, byte in enumerate(display.query_keymap()) for bit in range(8) if byte >> bit & 1]
    if verb == "warp":
        root.warp_pointer(*numbers)
        display.sync()
    if verb == "map":
        first, last = display.display.info.min_keycode, display.display.info.max_keycode
        return [list(row) for row in display.get_keyboard_mapping(first, last - first + 1)]
    if verb == "resize":
        return resize(display, *numbers)
    place = root.query_pointer()
    return {"x": place.root_x, "y": place.root_y, "mask": place.mask}


def resize(display: Any, width: int, height: int) -> bool:
    """Give the screen another size through RandR 1.2: a new mode, shown after the screen has been cut to it."""
    root = display.screen().root
    requests = {"display": display.display, "opcode": display.display.get_extension_major(randr.extname)}
    resources = root.xrandr_get_screen_resources()
    if not resources.crtcs:
        return False
    names = [field.name for field in randr.RandR_ModeInfo.fields]
    mode = dict.fromkeys(names, 0) | {"width": width, "height": height, "name_length": 1}
    number = randr.CreateMode(window=root, mode=mode, name="m", **requests).mode
    randr.AddOutputMode(output=resources.outputs[0], mode=number, **requests)

    def show(mode: int, outputs: list[int]) -> bool:
        place = {"x": 0, "y": 0, "rotation": 1, "crtc": resources.crtcs[0], "timestamp": 0}
        now = root.xrandr_get_screen_resources().config_timestamp
        done = randr.SetCrtcConfig(config_timestamp=now, mode=mode, outputs=outputs, **place, **requests)
        return int(done.status) == 0

    show(0, [])
    root.xrandr_set_screen_size(width, height, width // 4, height // 4)
    return show(number, [resources.outputs[0]])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
