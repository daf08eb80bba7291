"""PhoneEnvironment: the Android driver on a simulated phone. The one place where two drivers are put together, so it
belongs to neither."""

from collections.abc import Callable
from typing import Any

from environments.android.connection import Server
from environments.android.driver import AndroidEnvironment
from environments.android.server import PrivateAdbServer
from environments.errors import EnvironmentUnavailable
from environments.phone.phone import Phone
from environments.settle import SettleRule


class PhoneEnvironment(AndroidEnvironment):
    """AndroidEnvironment on a simulated phone of its own, behind a private adb server: neither the user's adb server
    nor any of its devices is touched, and all of it ends with `close` and with this process."""

    def __init__(self, *, rule: SettleRule | None = None, **options: Any) -> None:
        self._ends: list[Callable[[], None]] = []
        try:
            self.phone = self._own(Phone(**options))
            server: PrivateAdbServer = self._own(PrivateAdbServer())
            self._adb = server
            server.connect(self.phone.address)
            super().__init__(self.phone.address, server=server.server, revive=server.revive, private=True, rule=rule)
        except BaseException:
            self._end()
            raise

    @property
    def adb_server(self) -> Server:
        """Where the private adb server listens, for other clients of this phone."""
        return self._adb.server

    @property
    def adb_server_pid(self) -> int:
        """The process of the private adb server."""
        return self._adb.pid

    def _own(self, part: Any) -> Any:
        self._ends.append(part.close)
        return part

    def _end(self) -> None:
        while self._ends:
            self._ends.pop()()

    def __enter__(self) -> "PhoneEnvironment":
        return self

    def close(self) -> None:
        super().close()
        self._end()


def open_phone(which: str = "", **options: Any) -> PhoneEnvironment:
    """`phone` starts a simulated phone; options are those of Phone, and `rule`."""
    if which:
        raise EnvironmentUnavailable(f"a phone has no {which[:40]!r}", fix="use --env phone")
    return PhoneEnvironment(**options)
