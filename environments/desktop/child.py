"""The driver's end of its child process: requests with a stop signal and a deadline, and what to make of silence."""

import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from typing import Any

from environments import errors
from environments.desktop.spawn import last_words, spawn
from environments.desktop.wire import WireClosed, receive, send
from environments.stop import Stop

READY_SECONDS = 20.0
CANCEL_SECONDS = 0.2
"""How long a cancelled request may take to say how far it came."""
_POLL_SECONDS = 0.02


class Child:
    """Runs `environments.desktop.worker` for one display. Not for several threads at once: calls wait for each other.

    Raises EnvironmentUnavailable or MissingExtra when the child does not come up, DeviceLost when it ends later.
    """

    def __init__(self, environment: Mapping[str, str], *, private: bool, monitor: int) -> None:
        self._lock = threading.Lock()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        options = {"private": private, "monitor": monitor}
        self._process = spawn("environments.desktop.worker", options, environment, self._stderr)
        self._arrived = threading.Event()
        self._answer: tuple[dict[str, Any], bytes] | None = None
        self._reader = threading.Thread(target=self._read, name="handeye-display", daemon=True)
        self._reader.start()
        try:
            self._wait(None, READY_SECONDS)
        except errors.HandeyeError:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    def call(
        self, verb: str, *, stop: Stop | None = None, seconds: float = 10.0, **arguments: Any
    ) -> tuple[dict[str, Any], bytes]:
        """Ask for one thing and wait for the answer, at most `seconds`.

        When the stop signal comes the request is cancelled and the answer says how far it got; without such an
        answer soon after, Stopped is raised and the child is ended, so that no more input is sent.
        """
        with self._lock:
            if stop is not None:
                stop.check()
            self._arrived.clear()
            try:
                assert self._process.stdin is not None
                send(self._process.stdin, {"do": verb, **arguments})
            except WireClosed as exc:
                raise self._lost() from exc
            return self._wait(stop, seconds)

    def _wait(self, stop: Stop | None, seconds: float) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + seconds
        cancelled = False
        while not self._arrived.wait(_POLL_SECONDS):
            if stop is not None and not cancelled and stop.is_set():
                cancelled = True
                deadline = time.monotonic() + CANCEL_SECONDS
                self._cancel()
            if time.monotonic() > deadline:
                self._process.kill()
                if cancelled and stop is not None:
                    raise errors.Stopped(stop.reason)
                raise errors.DeviceLost(f"the display did not answer within {seconds:g} s")
        if self._answer is None:
            raise self._lost()
        head, block = self._answer
        if "error" in head:
            raise _error(head)
        return head, block

    def _cancel(self) -> None:
        try:
            assert self._process.stdin is not None
            send(self._process.stdin, {"do": "cancel"})
        except WireClosed:
            pass  # the reader notices, and says it better

    def _read(self) -> None:
        """In a thread: hand over each answer as it arrives; None when the child has ended."""
        assert self._process.stdout is not None
        while True:
            try:
                self._answer = receive(self._process.stdout)
            except WireClosed:
                self._answer = None
                self._arrived.set()
                return
            self._arrived.set()

    def _lost(self) -> errors.DeviceLost:
        self._process.wait(timeout=5)
        return errors.DeviceLost(f"the display is gone ({last_words(self._stderr) or 'its process ended'})")

    def close(self) -> None:
        """End the child, which lets keys and buttons go; it is killed only if it does not end by itself."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=1)
        self._process.stdout.close()
        self._stderr.close()


def _error(head: dict[str, Any]) -> errors.HandeyeError:
    """The child's error again, by its name."""
    if head["error"] == "MissingExtra":
        return errors.MissingExtra("the desktop driver", "desktop", head["message"])
    kind = getattr(errors, head["error"], errors.HandeyeError)
    error: errors.HandeyeError = kind(head["message"], fix=head["fix"])
    return error

