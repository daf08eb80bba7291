"""A window over the whole screen that appends every event reaching it to a file: `python panel.py FILE`.

One JSON object a line: kind (down, up, motion, key, key_up), x, y, button or key, char, state (Tk's mask), time in
milliseconds. The window paints a cross where it was clicked, so that the screen changes.
"""

import json
import sys
import tkinter
from pathlib import Path


def main(path: str) -> None:
    root = tkinter.Tk()
    root.title("panel")
    root.attributes("-fullscreen", True)
    canvas = tkinter.Canvas(root, background="#336699", highlightthickness=0)
    canvas.pack(fill="both", expand=True)
    file = Path(path)

    def write(kind: str, event: "tkinter.Event[tkinter.Misc]", **more: object) -> None:
        line = {"kind": kind, "x": event.x_root, "y": event.y_root, "state": event.state, "time": event.time, **more}
        with file.open("a") as opened:
            opened.write(json.dumps(line) + "\n")

    def down(event: "tkinter.Event[tkinter.Misc]") -> None:
        write("down", event, button=event.num)
        canvas.create_line(event.x - 9, event.y, event.x + 9, event.y, fill="white")

    root.bind("<ButtonPress>", down)
    root.bind("<ButtonRelease>", lambda event: write("up", event, button=event.num))
    root.bind("<Motion>", lambda event: write("motion", event))
    root.bind("<KeyPress>", lambda event: write("key", event, key=event.keysym, char=event.char))
    root.bind("<KeyRelease>", lambda event: write("key_up", event, key=event.keysym))
    # On the canvas: on the window they would take the place of the binding for every press.
    canvas.bind("<Double-ButtonPress-1>", lambda event: write("double", event))
    canvas.bind("<Triple-ButtonPress-1>", lambda event: write("triple", event))
    root.focus_force()
    canvas.bind("<Map>", lambda _: root.after(50, file.touch))
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1])
