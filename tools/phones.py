"""Phones under load: several driven side by side over adb, and one for a long time.

    python -m tools.phones 1080x2400 420 8 10.0      # size, density, phones, seconds

says "ready", waits for a line, drives all of them for so long, and says how many steps a second they made together.
"""

import contextlib
import sys
import threading
import time
from pathlib import Path
from typing import Any

from environments.action import Tap
from environments.android.adb import AdbShell
from environments.android.capture import Capture
from environments.android.server import PrivateAdbServer
from environments.errors import HandeyeError
from environments.geometry import Point, Size
from environments.phone.device import Node
from environments.phone.phone import Phone
from environments.simulated import PhoneEnvironment

WARM_UP = 200
SWITCH = "Airplane mode"
_ARRIVED = 0.3
_ELEMENTS_EVERY = 10


def resident() -> int:
    """Bytes of memory that this process has."""
    return _status("self")["memory"]


def open_switches(phone: Phone) -> Point:
    """Show the page of Settings with the switch for airplane mode; where that is."""
    phone.world.start("com.android.settings")
    time.sleep(_ARRIVED)
    _touch(phone, _find(phone, "Network & internet"))
    time.sleep(_ARRIVED)
    phone.world.screenshot()
    return _find(phone, SWITCH)


def _touch(phone: Phone, where: Point) -> None:
    phone.world.touch("down", where.x, where.y)
    phone.world.touch("up", where.x, where.y)


def _find(phone: Phone, text: str) -> Point:
    waiting: list[Node] = [phone.world.hierarchy()]
    while waiting:
        node = waiting.pop()
        if node.text == text:
            return node.bounds.center
        waiting.extend(node.children)
    raise HandeyeError(f"{text!r} is not on the phone's screen")


def drive_together(size: Size, density: int, count: int, seconds: float) -> float:
    """Steps a second, of a tap on a switch and a screenshot, that `count` phones make together, each in a thread."""
    with contextlib.ExitStack() as stack:
        adb = stack.enter_context(PrivateAdbServer())
        phones = [stack.enter_context(Phone(size=size, density=density, seed=seed)) for seed in range(count)]
        for phone in phones:
            adb.connect(phone.address)
        threads = [_Driver(adb, phone, open_switches(phone)) for phone in phones]
        for thread in threads:
            thread.step()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        until = time.monotonic() + seconds
        for thread in threads:
            thread.until = until
            thread.start()
        for thread in threads:
            thread.join()
    return sum(thread.steps for thread in threads) / seconds


class _Driver(threading.Thread):
    """Drives one phone until the time has come."""

    def __init__(self, adb: PrivateAdbServer, phone: Phone, switch: Point) -> None:
        super().__init__(daemon=True)
        self._shell = AdbShell(adb.server, phone.address)
        self._capture = Capture(self._shell)
        self._tap = ["input", "tap", str(switch.x), str(switch.y)]
        self.until = 0.0
        self.steps = 0

    def run(self) -> None:
        while time.monotonic() < self.until:
            self.step()
            self.steps += 1

    def step(self) -> None:
        self._shell.run(self._tap)
        _ = self._capture.take().frame


def soak_phone(steps: int, size: Size = Size(540, 1200), density: int = 210) -> dict[str, Any]:  # noqa: B008  # a tuple
    """Look and tap so often, and compare this process and the adb server with what they were after `WARM_UP`."""
    if steps <= WARM_UP:
        raise HandeyeError(f"the memory test needs more than {WARM_UP} steps")
    with PhoneEnvironment(size=size, density=density, seed=1) as screen:
        where = open_switches(screen.phone)
        before: dict[str, int] = {}
        started = time.monotonic()
        for number in range(steps):
            if number == WARM_UP:
                before = _both(screen)
            seen = screen.observe(elements=number % _ELEMENTS_EVERY == 0)
            effect = screen.act(Tap(x=where.x, y=where.y), seen)
            if effect.status != "done":
                raise HandeyeError(f"step {number} of the long run: {effect}")
        seconds = time.monotonic() - started
        after = _both(screen)
        flying = screen.phone.state.settings.airplane_mode
    if flying != bool(steps % 2):
        raise HandeyeError("the number of taps on the phone is not that of the steps")
    growth = {name: after[name] - before[name] for name in before}
    return {
        "steps_per_second": round(steps / seconds, 1),
        "kB_more": round(growth["memory"] / 1000),
        "adb_kB_more": round(growth["adb memory"] / 1000),
        "more_handles": growth["handles"] + growth["adb handles"],
        "more_threads": growth["threads"] + growth["adb threads"],
    }


def _both(screen: PhoneEnvironment) -> dict[str, int]:
    adb = {f"adb {name}": value for name, value in _status(str(screen.adb_server_pid)).items()}
    return _status("self") | adb


def _status(process: str) -> dict[str, int]:
    """Of a process on Linux: bytes of memory, open handles, threads."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return {
        "memory": 1024 * int(fields["VmRSS"].split()[0]),
        "threads": int(fields["Threads"]),
        "handles": len(list(Path(f"/proc/{process}/fd").iterdir())),
    }


if __name__ == "__main__":
    width, _, height = sys.argv[1].partition("x")
    rate = drive_together(Size(int(width), int(height)), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    sys.stdout.write(f"{rate}\n")
