"""Which service a client asked for when it opened a stream. What is not here is refused, as adbd refuses it."""

from collections.abc import Callable

from environments.phone.services import Services
from environments.phone.wire.reverse import Reversals
from environments.phone.wire.shell import serve_shell
from environments.phone.wire.stream import Stream
from environments.phone.wire.sync import serve_sync

Service = Callable[[Stream], None]
"""Serves one stream, in a thread of its own. May raise BrokenPipeError when the client has gone."""

FEATURES = ("shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir", "sendrecv_v2")
"""What the banner promises, all of which is kept here."""

_SAYINGS = {
    "root": b"adbd cannot run as root in production builds\n",
    "unroot": b"adbd not running as root\n",
    "remount": b'Not running as root. Try "adb root" first.\n',
    "disable-verity": b"verity cannot be disabled/enabled - USER build\n",
    "enable-verity": b"verity cannot be disabled/enabled - USER build\n",
}


class Destinations:
    """The services of one phone. `reboot` is called when a client asks for it."""

    def __init__(self, services: Services, reboot: Callable[[], None]) -> None:
        self._services, self._reboot = services, reboot
        self._reversals = Reversals()

    def find(self, destination: str) -> Service | None:
        """What serves a destination such as `shell:ls`; None when there is no such service."""
        name, colon, argument = destination.partition(":")
        if not colon:
            return {"jdwp": _saying(b""), "track-jdwp": _track_nothing}.get(name)
        kind, *options = name.split(",")
        if kind == "shell":
            return lambda stream: serve_shell(stream, self._services, options, argument)
        served: dict[str, Service] = {
            "exec": lambda stream: serve_shell(stream, self._services, ["raw"], argument),
            "sync": lambda stream: serve_sync(stream, self._services.files),
            "reverse": lambda stream: stream.write(self._reversals.answer(argument)),
            "reboot": lambda _: self._reboot(),
        }
        return served.get(name) or (_saying(_SAYINGS[name]) if name in _SAYINGS else None)


def _saying(words: bytes) -> Service:
    return lambda stream: stream.write(words)


def _track_nothing(stream: Stream) -> None:
    """No program on the phone can be debugged: an empty list, which stays as it is."""
    stream.write(b"0000")
    while stream.read():
        pass
