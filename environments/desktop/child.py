"""The driver's end of its child process: requests with a stop signal and a deadline, and what to make of silence."""

import contextlib
import threading
import time
from collections.abc import Mapping
from typing import Any

from environments import errors
from environments.desktop.pixels import SharedPixels
from environments.desktop.spawn import Spawned
from environments.desktop.wire import WireClosed, receive, send
from environments.stop import Stop

READY_SECONDS = 20.0
CANCEL_SECONDS = 0.2
"""How long a cancelled request may take to say how far it came."""
END_SECONDS = 3.0
_POLL_SECONDS = 0.02


class Child:
    """Runs `environments.desktop.worker` for one display. Not for several threads at once: calls wait for each other.

    Raises EnvironmentUnavailable or MissingExtra when the child does not come up, DeviceLost when it ends later.
    """

    def __init__(self, environment: Mapping[str, str], *, private: bool, monitor: int) -> None:
        self._lock = threading.Lock()
        self._pixels = SharedPixels.create()
        shared = [self._pixels.descriptor] if self._pixels else []
        options = {"private": private, "monitor": monitor, "pixels": shared[0] if shared else None}
        self._worker = Spawned("environments.desktop.worker", options, environment, shared)
        self._number = 0
        self._arrived = threading.Event()
        self._answer: tuple[dict[str, Any], bytes] | None = None
        self._ended = False
        self._reader = threading.Thread(target=self._read, name="handeye-display", daemon=True)
        self._reader.start()
        try:
            self._wait(None, READY_SECONDS)
        except errors.DeviceLost as exc:
            failure = self._worker.failure("the desktop driver", str(exc))
            self.close()
            raise failure from exc
        except errors.HandeyeError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._worker.process.pid

    def call(
        self, verb: str, *, stop: Stop | None = None, seconds: float = 10.0, **arguments: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Ask for one thing and wait for the answer, at most `seconds`.

        When the stop signal comes the request is cancelled and the answer says how far it got; without such an
        answer soon after, Stopped is raised. The child then finishes behind us: it lets go of keys, gives the
        clipboard back, and sends nothing more; the next call waits for it.
        """
        with self._lock:
            if stop is not None:
                stop.check()
            self._number += 1
            self._answer = None
            self._arrived.clear()
            if self._ended:  # asked after `clear`: the end of the child is never missed
                raise self._lost()
            try:
                send(self._worker.to, {"do": verb, "id": self._number, **arguments})
            except WireClosed as exc:
                raise self._lost() from exc
            return self._wait(stop, seconds)

    def _wait(self, stop: Stop | None, seconds: float) -> tuple[dict[str, Any], bytes]:
        try:
            return self._await_answer(stop, time.monotonic() + seconds)
        except KeyboardInterrupt:
            self._cancel()
            raise

    def _await_answer(self, stop: Stop | None, deadline: float) -> tuple[dict[str, Any], bytes]:
        cancelled = False
        while not self._arrived.wait(_POLL_SECONDS):
            if stop is not None and not cancelled and stop.is_set():
                cancelled = True
                deadline = time.monotonic() + CANCEL_SECONDS
                self._cancel()
            if time.monotonic() > deadline:
                if cancelled and stop is not None:
                    raise errors.Stopped(stop.reason)
                self._worker.process.kill()
                raise errors.DeviceLost("the display did not answer in time")
        if self._answer is None:
            raise self._lost()
        head, block = self._answer
        if "error" in head:
            raise _error(head)
        if self._pixels and "shared" in head:
            block = self._pixels.get(head["shared"])
        return head, block

    def _cancel(self) -> None:
        with contextlib.suppress(WireClosed):  # the reader notices it too, and says it better
            send(self._worker.to, {"do": "cancel"})

    def _read(self) -> None:
        """In a thread: hand over each answer as it arrives; the child's end too, which may follow its last words."""
        while True:
            try:
                answer = receive(self._worker.out)
            except WireClosed:
                self._ended = True
                self._arrived.set()
                return
            if answer[0].get("id", 0) == self._number:  # else the answer to a call that was interrupted
                self._answer = answer
                self._arrived.set()

    def _lost(self) -> errors.DeviceLost:
        if self._worker.closed:
            return errors.DeviceLost("the display was closed")
        self._worker.end(CANCEL_SECONDS)
        return errors.DeviceLost(f"the display is gone ({self._worker.last_words() or 'its process ended'})")

    def close(self) -> None:
        """End the child, which lets keys and buttons go; it is killed only if it does not end by itself."""
        if not self._worker.closed:
            self._worker.end(END_SECONDS)
            self._reader.join(timeout=1)
            self._worker.close()
            if self._pixels:
                self._pixels.close()


def _error(head: dict[str, Any]) -> errors.HandeyeError:
    """The child's error again, by its name."""
    if head["error"] == "MissingExtra":
        return errors.MissingExtra("the desktop driver", "desktop", head["message"])
    kind = getattr(errors, head["error"], errors.HandeyeError)
    error: errors.HandeyeError = kind(head["message"], fix=head["fix"])
    return error
