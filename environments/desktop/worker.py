"""The child process that owns one display: nothing else in handeye touches pyautogui, mss or Xlib.

Run as `python -m environments.desktop.worker '{"private": true, "monitor": 1}'` with DISPLAY in its environment. It
answers requests (wire.py) one after another; a `cancel` message interrupts the one being carried out. When its
standard input ends, however its parent ended, it lets every key and button go.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import IO, Any, NamedTuple

from environments.desktop.capture import Capture
from environments.desktop.commands import Commands, Outcome
from environments.desktop.pixels import SharedPixels
from environments.desktop.pointer import Pointer
from environments.desktop.wire import WireClosed, receive, send
from environments.errors import CaptureFailed, EnvironmentUnavailable, HandeyeError, Stopped
from environments.observation import Window
from environments.settle import SettleRule, settle
from environments.stop import Stop


def _platform(*, private: bool) -> Any:
    if not sys.platform.startswith("linux"):
        raise EnvironmentUnavailable(f"the desktop driver runs on X11 only so far, not on {sys.platform}")
    from environments.desktop.x11.platform import X11Platform  # noqa: PLC0415  # X-only, so loaded where X is

    return X11Platform(private=private)


class Display:
    """The verbs that the driver asks for, each a method named `do_...` that returns a head and a block."""

    def __init__(self, *, private: bool, monitor: int, pixels: int | None) -> None:
        self.platform = _platform(private=private)
        self._pointer = Pointer()
        self._capture = Capture(monitor)
        self._shared = SharedPixels(pixels) if pixels is not None else None
        self._extent = self.platform.screen.size()
        self.cancelled = threading.Event()

    def do_look(self, *, whole: bool, elements: bool = False) -> tuple[dict[str, Any], bytes]:
        """The state of the screen and its pixels; no pixels when they are those of the last look."""
        state = self._state()
        try:
            size, pixels = self._capture.grab(whole=whole)
        except CaptureFailed:  # a read may be tried again: once, on a new connection
            self._capture.reopen()
            size, pixels = self._capture.grab(whole=whole)
        head = {**state, "size": size, "same": pixels is None}
        if elements:
            head["elements"] = self.platform.elements(self.platform.screen.active())
        if pixels and self._shared and self._shared.put(pixels):
            return {**head, "shared": len(pixels)}, b""
        return head, pixels or b""

    def do_settle(self, *, rule: dict[str, float]) -> tuple[dict[str, Any], bytes]:
        """Wait here until the screen stands still: no picture of a moving screen has to cross to the driver."""
        settled = settle(self._capture.raw, Stop(), SettleRule(**rule), sleep=self._sleep)
        return asdict(settled), b""

    def _sleep(self, seconds: float) -> None:
        if self.cancelled.wait(seconds):
            raise Stopped("cancelled")

    def do_run(self, *, commands: list[dict[str, Any]], seen: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Carry out commands, unless the screen is no longer the one that was seen."""
        state = self._state()
        if (state["screen"], _identity(state["window"])) != (seen["screen"], _identity(seen["window"])):
            return {"stale": state}, b""
        self._pointer.check_hand(self._extent)
        outcome: Outcome = Commands(self._pointer, self.platform, self.cancelled).run(commands)
        return outcome._asdict(), b""

    def do_windows(self) -> tuple[dict[str, Any], bytes]:
        """The ids of all windows and the one in front."""
        return {"windows": self.platform.screen.windows(), "window": self.platform.screen.active()}, b""

    def do_start(self, *, argv: list[str]) -> tuple[dict[str, Any], bytes]:
        """Start a program on the user's own display; it outlives us."""
        quiet = subprocess.DEVNULL
        try:
            process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        except OSError as exc:
            raise EnvironmentUnavailable(f"cannot start {argv[0]}: {exc.strerror}") from exc
        return {"pid": process.pid}, b""

    def _state(self) -> dict[str, Any]:
        extent = self.platform.screen.size()
        if extent != self._extent:  # the resolution changed
            self._extent = extent
            self._capture.reopen()
        return {"screen": list(self._capture.screen), "window": self.platform.screen.active()}

    def release(self) -> None:
        """Let every button and key go."""
        self._pointer.release_all()
        self.platform.close()


def _identity(window: list[str] | Window | None) -> tuple[str, ...]:
    """What tells windows apart: a new title alone does not."""
    return tuple(window[:2]) if window else ()


class Order(NamedTuple):
    """What is to be done, and the event that cancels this and nothing else, be it before it has begun."""

    head: dict[str, Any]
    cancelled: threading.Event


def _listen(stream: IO[bytes], orders: "queue.SimpleQueue[Order | None]") -> None:
    """Read messages in a thread, so that a cancellation arrives while an order is carried out."""
    cancelled = threading.Event()
    while True:
        try:
            head, _ = receive(stream)
        except WireClosed:
            cancelled.set()
            orders.put(None)
            return
        if head["do"] == "cancel":
            cancelled.set()
        else:
            cancelled = threading.Event()
            orders.put(Order(head, cancelled))


def _answer(display: Display, order: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Carry out one order; an error that handeye knows travels back by its name."""
    verb, number = order.pop("do"), order.pop("id")
    try:
        head, block = getattr(display, f"do_{verb}")(**order)
    except HandeyeError as exc:
        return {"id": number, "error": type(exc).__name__, "message": str(exc), "fix": exc.fix}, b""
    except display.platform.lost:
        raise
    except OSError as exc:
        return {"id": number, "error": CaptureFailed.__name__, "message": f"{verb}: {exc}", "fix": ""}, b""
    return {"id": number, **head}, block


def _serve(display: Display, orders: "queue.SimpleQueue[Order | None]", out: IO[bytes]) -> None:
    while (order := orders.get()) is not None:
        display.cancelled = order.cancelled
        send(out, *_answer(display, order.head))


def main() -> None:
    """Serve until standard input ends, the pipe breaks or the display is lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent to answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    options = json.loads(sys.argv[1])
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between our messages
    try:
        display = Display(**options)
    except HandeyeError as exc:
        send(out, {"error": type(exc).__name__, "message": str(exc), "fix": exc.fix})
        return
    except ImportError as exc:
        send(out, {"error": "MissingExtra", "message": str(exc.name), "fix": ""})
        return
    orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    try:
        send(out, {"ready": True})
        _serve(display, orders, out)
        display.release()
    except (WireClosed, SystemExit):  # the driver has gone; SIGTERM
        display.release()
    except Exception as exc:  # noqa: BLE001  # the edge of the process: mss and Xlib end in many ways when X does
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)  # noqa: T201  # the driver reads it
        with contextlib.suppress(Exception):  # most likely the display is gone, and nothing is held on it
            display.release()
        os._exit(3)
    os._exit(0)  # the listening thread waits for a pipe that nobody may close


if __name__ == "__main__":
    main()
