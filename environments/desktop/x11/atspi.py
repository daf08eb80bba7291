"""The accessibility tree of one display, read over AT-SPI.

The tree is asked for level by level, of all programs at once, always afresh: nothing is remembered between two
reads. What is not showing is not descended into. A program that does not answer is left out and named.
"""

import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from environments.desktop.x11.dbus import PROPERTIES, Bus, BusLost, Call, Question, property_of, to_daemon
from environments.errors import EnvironmentUnavailable

MAX_TEXT = 20_000
MAX_ALL_TEXTS = 1_000_000
MAX_CHILDREN = 1_000

_SLICE = 200  # nodes looked at between two glances at the clock
_LOOKING = 0.7  # the share of the time for nodes; the rest is for their texts
_PATIENCE = 0.5  # the share of the time left that one round may wait for a program that does not answer

_BUS, _BUS_PATH = "org.a11y.Bus", "/org/a11y/bus"
_REGISTRY, _ROOT = "org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root"
_ACCESSIBLE, _TEXT = "org.a11y.atspi.Accessible", "org.a11y.atspi.Text"
_BUS_ADDRESS = Call(_BUS, _BUS_PATH, Question(_BUS, "GetAddress", "s"))
_SET_ENABLED = Call(
    _BUS, _BUS_PATH, Question(PROPERTIES, "Set", "", "ssv", ("org.a11y.Status", "IsEnabled", ("b", True)))
)
_CHILDREN = Question(_ACCESSIBLE, "GetChildren", "a(so)")
_STATE = Question(_ACCESSIBLE, "GetState", "au")
_CHILD_COUNT = property_of(_ACCESSIBLE, "ChildCount")
_ON_SCREEN = 0  # root-window coordinates
_DETAILS = (
    Question(_ACCESSIBLE, "GetRoleName", "s"),
    property_of(_ACCESSIBLE, "Name"),
    Question("org.a11y.atspi.Component", "GetExtents", "(iiii)", "u", (_ON_SCREEN,)),
    property_of(_TEXT, "CharacterCount"),
)

# By their numbers in AT-SPI.
_STATES = (
    "invalid active armed busy checked collapsed defunct editable enabled expandable expanded focusable focused"
    " has-tooltip horizontal iconified modal multi-line multiselectable opaque pressed resizable selectable selected"
    " sensitive showing single-line stale transient vertical visible manages-descendants indeterminate required"
    " truncated animated invalid-entry supports-autocompletion selectable-text is-default visited checkable has-popup"
    " read-only"
).split()
_NAME_ON_BUS = re.compile(r":?[\w-]+(\.[\w-]+)+", re.ASCII)
_NO_BUS = "there is no accessibility bus on this display"


class Node(TypedDict):
    """One node as JSON values; `bounds` are left, top, right, bottom in root-window coordinates."""

    role: str
    name: str
    text: str
    states: list[str]
    bounds: list[int] | None
    depth: int


class Tree(TypedDict):
    """Nodes in pre-order, or none and the reason in `absent`; `notes` say what is missing from those there are."""

    nodes: list[Node]
    absent: str
    notes: list[str]


def enable(bus_address: str, seconds: float = 5.0) -> None:
    """Start the accessibility bus of a session and mark it as wanted; to be called before programs are started.

    Raises EnvironmentUnavailable when it cannot be started; programs work without it but show no tree.
    """
    deadline = time.monotonic() + seconds
    try:
        bus = Bus(bus_address, deadline)
        try:
            address = bus.ask([_SET_ENABLED, _BUS_ADDRESS], deadline).values[1]
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

    def read(self, *, pid: int | None = None, seconds: float = 2.0, max_nodes: int = 5000) -> Tree:
        """What the programs show now; with `pid` only that program's windows, its dialogs and popups included.

        Ends within about `seconds` and raises nothing for what programs and buses do: `absent` has the reason.
        """
        deadline = time.monotonic() + seconds
        known = self._bus is not None
        try:
            return self._read(pid, deadline, max_nodes)
        except BusLost as exc:
            self.close()
            if not known:
                return _absent(str(exc))
        # The bus that was known has ended; its session may have started another.
        return self.read(pid=pid, seconds=deadline - time.monotonic(), max_nodes=max_nodes)

    def close(self) -> None:
        """Let go of the connection; a later read makes a new one."""
        if self._bus is not None:
            self._bus.close()
            self._bus = None

    def _read(self, pid: int | None, deadline: float, max_nodes: int) -> Tree:
        if self._bus is None:
            self._bus = _connect(self._address, deadline)
        programs = _programs(self._bus, deadline)
        if not programs:
            return _absent("no program on this display exposes an accessibility tree")
        chosen = [name for name, owner in programs.items() if pid in (None, owner)]
        if not chosen:
            return _absent(f"the program in front (pid {pid}) exposes no accessibility tree")
        walk = _Walk(self._bus, deadline, max_nodes)
        nodes = walk.run(chosen)
        notes = [f"the program with pid {programs.get(name, 0)} {why}" for name, why in walk.lost.items()] + walk.notes
        if not nodes:
            return _absent("; ".join(notes) or "no window with an accessibility tree is showing")
        return Tree(nodes=nodes, absent="", notes=notes)


def _absent(reason: str) -> Tree:
    return Tree(nodes=[], absent=reason, notes=[])


def _connect(session_address: str, deadline: float) -> Bus:
    """The accessibility bus that belongs to a session bus."""
    if not session_address:
        raise BusLost("there is no session bus")
    session = Bus(session_address, deadline)
    try:
        address = session.ask([_BUS_ADDRESS], deadline).values[0]
    finally:
        session.close()
    if not address:
        raise BusLost(_NO_BUS)
    return Bus(address, deadline)


def _programs(bus: Bus, deadline: float) -> dict[str, int]:
    """The programs that have registered: their names on the bus and their pids."""
    found = bus.ask([Call(_REGISTRY, _ROOT, _CHILDREN)], deadline).values[0]
    if found is None:
        raise BusLost("the accessibility registry does not answer")
    names = [name for name, _ in found if _NAME_ON_BUS.fullmatch(name)]
    pids = bus.ask([to_daemon("GetConnectionUnixProcessID", "u", "s", (name,)) for name in names], deadline).values
    return {name: pid for name, pid in zip(names, pids, strict=True) if pid is not None}


@dataclass(slots=True)
class _Item:
    """A node while it is read; `node` stays None where only what lies below is of interest."""

    program: str
    path: str
    node: Node | None = None
    characters: int = 0
    children: list["_Item"] = field(default_factory=list)


class _Walk:
    """One read of the trees of some programs, breadth first."""

    def __init__(self, bus: Bus, deadline: float, max_nodes: int) -> None:
        self._bus = bus
        self._deadline = deadline
        self._last_look = deadline - (deadline - time.monotonic()) * (1 - _LOOKING)
        self._max_nodes = max_nodes
        self._seen: set[tuple[str, str]] = set()
        self.lost: dict[str, str] = {}
        self.notes: list[str] = []

    def run(self, programs: Sequence[str]) -> list[Node]:
        """The nodes of these programs in pre-order."""
        roots = [_Item(program, _ROOT) for program in programs]
        waiting = deque(self._adopt(roots, self._ask([(root, _CHILDREN) for root in roots])))
        while waiting:
            if time.monotonic() > self._last_look:
                self.notes.append(f"time ran out: {len(waiting)} nodes and what is below them were not read")
                break
            waiting += self._look([waiting.popleft() for _ in range(min(_SLICE, len(waiting)))])
        items = [item for item in _pre_order(roots) if item.program not in self.lost]
        self._read_texts(items)
        return [item.node for item in items if item.node and item.program not in self.lost]

    def _look(self, items: Sequence[_Item]) -> list[_Item]:
        """Read a few nodes; returns their children."""
        values = self._ask([(item, question) for item in items for question in (_STATE, _CHILD_COUNT)])
        shown: list[tuple[_Item, list[str]]] = []
        parents: list[_Item] = []
        for item, state, count in zip(items, values[::2], values[1::2], strict=True):
            states = _state_names(state)
            if "showing" not in states or "iconified" in states or "defunct" in states:
                continue
            shown.append((item, states))
            children = _number(count)
            if children > MAX_CHILDREN:
                self.notes.append(f"{children} children of one node were not read")
            elif children > 0:
                parents.append(item)
        questions = [(item, question) for item, _ in shown for question in _DETAILS]
        values = self._ask(questions + [(parent, _CHILDREN) for parent in parents])
        for number, (item, states) in enumerate(shown):
            start = number * len(_DETAILS)
            _describe(item, states, *values[start : start + len(_DETAILS)])
        return self._adopt(parents, values[len(questions) :])

    def _adopt(self, parents: Sequence[_Item], families: Sequence[Any]) -> list[_Item]:
        """Make items of the references to children, each object once and no more than there is room for."""
        born = []
        for parent, family in zip(parents, families, strict=True):
            for reference in family or ():
                program, path = reference
                if reference in self._seen or not _NAME_ON_BUS.fullmatch(program) or path.endswith("/null"):
                    continue
                if len(self._seen) == self._max_nodes:
                    self.notes.append(f"only the first {self._max_nodes} nodes were read")
                    return born
                self._seen.add(reference)
                parent.children.append(_Item(program, path))
                born.append(parent.children[-1])
        return born

    def _read_texts(self, items: Sequence[_Item]) -> None:
        room = MAX_ALL_TEXTS
        questions = []
        for item in items:
            length = min(item.characters, MAX_TEXT)
            if item.node is None or length == 0 or length > room:
                continue
            room -= length
            # The end of a whole text is left open: it may have become shorter, and programs crash beyond it.
            end = length if item.characters > length else -1
            questions.append((item, Question(_TEXT, "GetText", "s", "ii", (0, end))))
        for (item, _), text in zip(questions, self._ask(questions), strict=True):
            if item.node is not None and text is not None:
                item.node["text"] = text[:MAX_TEXT]

    def _ask(self, questions: Sequence[tuple[_Item, Question]]) -> list[Any]:
        """The answers, in order; None where there is none, and from programs that are lost."""
        now = time.monotonic()
        calls = [Call(item.program, item.path, question) for item, question in questions]
        answers = self._bus.ask(calls, now + (self._deadline - now) * _PATIENCE, self.lost)
        return answers.values
