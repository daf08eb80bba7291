"""The accessibility tree of one display, read over AT-SPI: which programs there are, and why there is no tree."""

import time
from typing import Any

from environments.desktop.x11.atspi_walk import CHILDREN, ROOT, Walk
from environments.desktop.x11.dbus import NAME, PROPERTIES, Bus, BusLost, Call, Question, to_daemon
from environments.errors import EnvironmentUnavailable

_BUS, _BUS_PATH = "org.a11y.Bus", "/org/a11y/bus"
_BUS_ADDRESS = Call(_BUS, _BUS_PATH, Question(_BUS, "GetAddress", "s"))
_SET_ENABLED = Call(
    _BUS, _BUS_PATH, Question(PROPERTIES, "Set", "", "ssv", ("org.a11y.Status", "IsEnabled", ("b", True)))
)
_APPLICATIONS = Call("org.a11y.atspi.Registry", ROOT, CHILDREN)
_NO_BUS = "there is no accessibility bus on this display"


def enable(bus_address: str, seconds: float = 5.0) -> None:
    """Start the accessibility bus of a session and mark it as wanted; to be called before programs are started.

    Raises EnvironmentUnavailable when it cannot be started; programs work without it but show no tree.
    """
    deadline = time.monotonic() + seconds
    try:
        bus = Bus(bus_address, deadline)
        try:
            address = bus.ask([_SET_ENABLED, _BUS_ADDRESS], deadline)[1]
        finally:
            bus.close()
    except BusLost as exc:
        raise EnvironmentUnavailable(str(exc), fix="start a session bus first") from exc
    if not address:
        raise EnvironmentUnavailable(_NO_BUS, fix="apt install at-spi2-core")


class AccessibilityTree:
    """Reads the trees of the programs of one session bus. Usable by one thread at a time."""

    def __init__(self, bus_address: str) -> None:
        self._address = bus_address
        self._bus: Bus | None = None

    def read(self, *, pid: int | None = None, seconds: float = 2.0, max_nodes: int = 5000) -> dict[str, Any]:
        """What the programs show now; with `pid` only that program's windows, its dialogs and popups included.

        JSON values: `nodes` in pre-order (`atspi_walk.Node`); where there are none, `absent` is the reason; `notes`
        say what is missing from those there are. Ends within about `seconds`, hung programs or not, and raises
        nothing for what programs and buses do.
        """
        deadline = time.monotonic() + seconds
        known = self._bus is not None
        try:
            return self._read(pid, deadline, max_nodes)
        except BusLost as exc:
            self.close()
            if not known or time.monotonic() > deadline:
                return _absent(str(exc))
        # The bus that was known has ended; its session may have started another.
        return self.read(pid=pid, seconds=deadline - time.monotonic(), max_nodes=max_nodes)

    def close(self) -> None:
        """Let go of the connection; a later read makes a new one."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _read(self, pid: int | None, deadline: float, max_nodes: int) -> dict[str, Any]:
        if self._bus is None:
            self._bus = _connect(self._address, deadline)
        programs = _programs(self._bus, deadline)
        if not programs:
            return _absent("no program on this display exposes an accessibility tree")
        chosen = [name for name, owner in programs.items() if pid in (None, owner)]
        if not chosen:
            return _absent(f"the program in front (pid {pid}) exposes no accessibility tree")
        walk = Walk(self._bus, deadline, max_nodes)
        nodes = walk.run(chosen)
        notes = [f"the program with pid {programs.get(name, 0)} {why}" for name, why in walk.lost.items()] + walk.notes
        if not nodes:
            return _absent("; ".join(notes) or "no window with an accessibility tree is showing")
        return {"nodes": nodes, "absent": "", "notes": notes}


def _absent(reason: str) -> dict[str, Any]:
    return {"nodes": [], "absent": reason, "notes": []}


def _connect(session_address: str, deadline: float) -> Bus:
    """The accessibility bus that belongs to a session bus."""
    if not session_address:
        raise BusLost("there is no session bus")
    session = Bus(session_address, deadline)
    try:
        address = session.ask([_BUS_ADDRESS], deadline)[0]
    finally:
        session.close()
    if not address:
        raise BusLost(_NO_BUS)
    return Bus(address, deadline)


def _programs(bus: Bus, deadline: float) -> dict[str, int]:
    """The programs that have registered: their names on the bus and their pids."""
    found = bus.ask([_APPLICATIONS], deadline)[0]
    if found is None:
        raise BusLost("the accessibility registry does not answer")
    names = [name for name, _ in found if NAME.fullmatch(name)]
    pids = bus.ask([to_daemon("GetConnectionUnixProcessID", "u", "s", (name,)) for name in names], deadline)
    return {name: pid for name, pid in zip(names, pids, strict=True) if pid is not None}
