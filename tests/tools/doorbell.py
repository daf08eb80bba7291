"""A display that counts who comes to it, and lets nobody in."""

import contextlib
import socket
import threading
from pathlib import Path


class Doorbell:
    """A socket where an X server would listen. Whoever touches the display has to connect to it first."""

    def __init__(self) -> None:
        self.rung = 0
        self._sockets: list[socket.socket] = []
        self._porters: list[threading.Thread] = []
        number = next(n for n in range(700, 900) if not Path(f"/tmp/.X11-unix/X{n}").exists())
        self.display = f":{number}"
        self._path = Path(f"/tmp/.X11-unix/X{number}")
        self._path.parent.mkdir(exist_ok=True)
        for address in (f"\0{self._path}", str(self._path)):  # clients try the abstract name first
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(address)
            listener.listen()
            self._sockets.append(listener)
            self._porters.append(threading.Thread(target=self._answer, args=(listener,), daemon=True))
            self._porters[-1].start()

    def _answer(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                client, _ = listener.accept()
                self.rung += 1
                client.close()

    def close(self) -> None:
        for listener, porter in zip(self._sockets, self._porters, strict=True):
            listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for it
            porter.join(5)
            listener.close()
        self._path.unlink()
