"""What the connections of one phone share: who is let in, which services there are, and the threads that serve them."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from environments.phone.services import Services
from environments.phone.wire.destinations import FEATURES, Destinations, Service
from environments.phone.wire.faults import FaultState, WireFaults
from environments.phone.wire.stream import Stream

if TYPE_CHECKING:
    from environments.phone.wire.connection import Connection

MAX_CONNECTIONS = 256
MAX_THREADS = 128
MAX_UNREAD = 32 << 20
REBOOT_SECONDS = 0.5


class Switchboard:
    """All of it is called in the loop's thread; `soon` calls something there, from any thread."""

    def __init__(self, services: Services, faults: WireFaults, soon: Callable[[Callable[[], None]], None]) -> None:
        self.faults = FaultState(faults)
        described = "".join(f"{name}={value};" for name, value in services.banner.items())
        self.banner = f"device::{described}features={','.join(FEATURES)}".encode()
        self.threads: dict[threading.Thread, Stream] = {}
        self._destinations = Destinations(services, reboot=lambda: soon(self.go_down))
        self._connections: dict[Connection, None] = {}
        self._down_until = 0.0

    def admit(self, connection: "Connection") -> bool:
        """Whether a new connection is let in; when there are too many, the oldest that has not said CNXN leaves."""
        if self.faults.now.refuse:
            self.faults.fired["refuse"] += 1
            return False
        if len(self._connections) >= MAX_CONNECTIONS:
            silent = next((known for known in self._connections if not known.greeted), None)
            if silent is None:
                return False
            silent.reset()
            del self._connections[silent]
        self._connections[connection] = None
        return True

    def left(self, connection: "Connection") -> None:
        self._connections.pop(connection, None)

    def find(self, destination: str) -> Service | None:
        """The service for a destination such as `shell:ls`, or None."""
        return self._destinations.find(destination)

    def serve(self, service: Service, stream: Stream) -> bool:
        """Run a service in a thread; False when there are too many already."""
        if len(self.threads) >= MAX_THREADS:
            return False
        thread = threading.Thread(target=self._run, args=(service, stream), name="adbd-stream", daemon=True)
        self.threads[thread] = stream
        thread.start()
        return True

    def takes_more(self) -> bool:
        """Whether a client may go on without waiting for OKAYs: all streams together hold no more than a bound."""
        return sum(stream.unread for stream in list(self.threads.values())) < MAX_UNREAD

    def reset_all(self) -> None:
        """End every connection; new ones are let in."""
        for connection in list(self._connections):
            connection.reset()
        self._connections.clear()

    @property
    def down_for(self) -> float:
        """Seconds until greetings are answered again, or 0."""
        return max(0.0, self._down_until - time.monotonic())

    def go_down(self) -> None:
        """End every connection and greet nobody for a moment; what was sent before reaches a client that reads."""
        self._down_until = time.monotonic() + REBOOT_SECONDS
        for connection in list(self._connections):
            connection.reset_once_sent()

    def _run(self, service: Service, stream: Stream) -> None:
        try:
            with suppress(BrokenPipeError):
                service(stream)
        finally:
            stream.close()
            del self.threads[threading.current_thread()]
