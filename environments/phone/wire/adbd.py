"""The TCP server of a simulated phone: one thread with a loop for all its clients, and one for each open stream."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import fields
from types import TracebackType

from environments.phone.services import Services
from environments.phone.wire.connection import Connection
from environments.phone.wire.faults import WireFaults
from environments.phone.wire.switchboard import MAX_CONNECTIONS, Switchboard

_CLOSE_SECONDS = 2.0


class Adbd:
    """Serves one phone to any number of adb clients: `start()`, then `adb connect` to `address`, then `close()`.

    A context manager as well. Port 0 takes a free one.
    """

    def __init__(
        self, services: Services, *, host: str = "127.0.0.1", port: int = 0, faults: WireFaults | None = None
    ) -> None:
        self._host, self._port = host, port
        self._switchboard = Switchboard(services, faults or WireFaults(), self._soon)
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._failure: OSError | None = None

    @property
    def address(self) -> str:
        """HOST:PORT, known once it has started."""
        return f"{self._host}:{self._port}"

    @property
    def faults(self) -> WireFaults:
        """What goes wrong now. May be set while it runs; a change of who is let in resets every connection."""
        return self._switchboard.faults.now

    @faults.setter
    def faults(self, faults: WireFaults) -> None:
        before = self._switchboard.faults.now
        self._switchboard.faults.now = faults
        if before.door != faults.door:
            self.drop()

    def fired(self, fault: str) -> int:
        """How often a fault, named as in WireFaults, has struck. Raises ValueError for a name that is not there."""
        if fault not in {known.name for known in fields(WireFaults)}:
            raise ValueError(f"there is no fault {fault!r}")
        return self._switchboard.faults.fired[fault]

    def start(self) -> None:
        """Returns when clients can connect. Raises OSError when the port is taken."""
        if self._thread is not None:
            raise RuntimeError("it has started already")
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="adbd", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            self._thread = None
            raise self._failure

    def close(self) -> None:
        """End every connection and stop. Commands that look at `gone` have ended then; the others are left to end."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._soon(self._over.set)
        thread.join()
        for served in list(self._switchboard.threads):
            served.join(_CLOSE_SECONDS)

    def drop(self) -> None:
        """Reset every connection, as when the phone leaves the network for a moment; new ones are served."""
        if self._thread is not None:
            self._soon(self._switchboard.reset_all)

    def reboot(self) -> None:
        """Drop every connection and greet nobody for half a second, as `adb reboot` does."""
        if self._thread is not None:
            self._soon(self._switchboard.go_down)

    def __enter__(self) -> "Adbd":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _soon(self, call: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(call)

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await self._loop.create_server(
                lambda: Connection(self._switchboard), self._host, self._port, backlog=MAX_CONNECTIONS
            )
            self._port = server.sockets[0].getsockname()[1]
        except OSError as error:
            self._failure = error
            return
        finally:
            self._ready.set()
        await self._over.wait()
        server.close()
        self._switchboard.reset_all()
        await asyncio.sleep(0)  # in which the transports close their sockets
