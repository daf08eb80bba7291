"""The way of plain pyautogui, for `handeye bench desktop`: screenshot and click in a process of its own.

Run as `python -m tools.peer REPEAT` on the display to measure; prints one JSON object of milliseconds.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable


def median_ms(work: Callable[[int], object], repeat: int) -> float:
    """The median time of `work(0)`, `work(1)`, ... in milliseconds."""
    spent = []
    for number in range(repeat):
        start = time.perf_counter()
        work(number)
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


def main() -> None:
    """Measure with the default PAUSE and with none."""
    sys.modules["mouseinfo"] = None  # type: ignore[assignment]  # see environments/desktop/pointer.py
    import pyautogui  # noqa: PLC0415  # needs the display that the caller has set

    def screenshot_and_click(number: int) -> None:
        pyautogui.screenshot()
        pyautogui.click(100 + number % 50, 100)

    repeat = int(sys.argv[1])
    rows = {"default": median_ms(screenshot_and_click, repeat)}
    pyautogui.PAUSE = 0
    rows["pause_0"] = median_ms(screenshot_and_click, repeat)
    sys.stdout.write(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main()
