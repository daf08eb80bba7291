"""What python3-xlib (0.15, the one that pyautogui brings) needs so that the end of an X server is noticed.

When sending fails it looks into the error by index, as Python 2 could. The TypeError of that leaves the connection
half closed, and whatever is asked of it next never returns, be it only to let a key go.
"""

from typing import Any

from Xlib.error import ConnectionClosedError
from Xlib.support import connect

LOST = (ConnectionClosedError, ConnectionError)
"""What is raised when the X server goes away, by every call from then on."""


class _IndexedError(OSError):
    def __getitem__(self, index: int) -> Any:
        return self.args[index]


class _Socket:
    """A socket that fails to send in the way that python3-xlib expects."""

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    def send(self, data: bytes) -> int:
        try:
            return int(self._plain.send(data))
        except OSError as exc:
            raise _IndexedError(exc.errno, exc.strerror) from exc

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


def mend_connections() -> None:
    """Mend the connections that this process opens from now on, pyautogui's too. To be called once."""
    plain = connect.get_socket
    connect.get_socket = lambda *address: _Socket(plain(*address))
