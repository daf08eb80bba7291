"""A window in which something moves for a known time: `python moving.py KIND SECONDS`.

When it begins and when it has ended it prints the time of the monotonic clock, which all processes share. KIND is
slide (a large square, 50 steps a second), spin (a small dot) or blink (a caret, every half second, for ever).
"""

import sys
import time
import tkinter


def main(kind: str, seconds: float) -> None:
    root = tkinter.Tk()
    root.title("moving")
    canvas = tkinter.Canvas(root, width=500, height=300, background="white", highlightthickness=0)
    canvas.pack()
    size = {"slide": 120, "spin": 6, "blink": 2}[kind]
    thing = canvas.create_rectangle(20, 20, 20 + size, 20 + max(size, 16), fill="black")

    def say() -> None:
        sys.stdout.write(f"{time.monotonic()}\n")
        sys.stdout.flush()

    def step(number: int, end: float) -> None:
        if kind == "blink":
            canvas.itemconfigure(thing, state="hidden" if number % 2 else "normal")
            root.after(500, step, number + 1, end)
        elif time.monotonic() < end:
            canvas.move(thing, 7 if number // 20 % 2 == 0 else -7, 0)
            root.after(20, step, number + 1, end)
        else:
            root.update()
            say()

    def begin(_: object) -> None:
        say()
        step(0, time.monotonic() + seconds)

    root.bind("<space>", begin)
    root.focus_force()
    root.mainloop()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
