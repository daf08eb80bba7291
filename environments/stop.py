"""The stop signal that everything which waits takes: typing, settling, encoding, decoding, HTTP."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from environments.errors import Stopped

_FILE_CHECK_SECONDS = 0.05
_SLICE_SECONDS = 0.02

T = TypeVar("T")


class Stop:
    """Given once, from any thread, and never taken back.

    It is given by `set`, by the existence of `file`, which is looked at no more than every 50 ms, or by the passing
    of `seconds`; then `timed_out` is True.
    """

    def __init__(self, file: Path | None = None, seconds: float | None = None) -> None:
        self._given = False  # a plain flag: a signal handler may set it, and the lock of an Event could be held then
        self._file = file
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self.timed_out = False
        self._file_checked = 0.0
        self.reason = ""

    def set(self, reason: str = "stopped") -> None:
        """Give the signal; the first reason stays."""
        if not self._given:
            self.reason = reason
            self._given = True

    def is_set(self) -> bool:
        """Whether the signal was given."""
        if self._given:
            return True
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline:
            self.timed_out = True
            self.set("the time is up")
        elif self._file is not None and now - self._file_checked >= _FILE_CHECK_SECONDS:
            self._file_checked = now
            if self._file.exists():
                self.set(f"the stop file {self._file} exists")
        return self._given

    def check(self) -> None:
        """Raise Stopped when the signal was given."""
        if self.is_set():
            raise Stopped(self.reason)

    def wait(self, seconds: float) -> None:
        """Sleep for `seconds`; raise Stopped as soon as the signal comes."""
        deadline = time.monotonic() + seconds
        while True:
            self.check()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _SLICE_SECONDS))


def call(work: Callable[[], T], stop: Stop) -> T:
    """Run `work` in a thread and return its result; raise Stopped as soon as the signal comes.

    What cannot be interrupted (a layer of a model in flight) finishes behind the caller's back in its daemon
    thread; its result is thrown away.
    """
    box: dict[str, T] = {}
    failure: list[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            box["result"] = work()
        except BaseException as error:  # noqa: BLE001  # carried over to the caller's thread, which raises it
            failure.append(error)
        finally:
            done.set()

    stop.check()
    threading.Thread(target=run, name="handeye-call", daemon=True).start()
    while not done.wait(_SLICE_SECONDS):
        stop.check()
    if failure:
        raise failure[0]
    stop.check()
    return box["result"]
