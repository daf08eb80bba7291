"""A client of the X server in $DISPLAY of its own: `python xclient.py VERB NUMBERS` prints JSON.

    keys            the key codes that are down
    pointer         x, y and the mask of buttons and modifiers
    warp X Y        puts the pointer elsewhere, as a hand would
    map             the meanings of all key codes
"""

import json
import sys
from typing import Any

from Xlib.display import Display


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
    place = root.query_pointer()
    return {"x": place.root_x, "y": place.root_y, "mask": place.mask}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], *map(int, sys.argv[2:]))))
