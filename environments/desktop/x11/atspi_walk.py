"""One walk through the accessibility trees of some programs.

Breadth first, so that the nodes of a level, of all programs, share a few round trips; always afresh, nothing is
remembered from the last time. Only what is showing is descended into, and no object is asked for an interface that
it does not have: GTK complains on the program's standard error when it is.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from environments.desktop.x11.dbus import NAME, Bus, Call, Question, property_of

MAX_TEXT = 20_000  # characters of one node
MAX_ALL_TEXTS = 1_000_000  # characters of all nodes together
MAX_CHILDREN = 500  # of one node; of more, those in sight are read

_SLICE = 200  # nodes looked at between two glances at the clock
_LOOKING = 0.6  # the share of the time for finding nodes; the rest is for their places and texts
_PATIENCE = 0.5  # the share of the time left that one round may wait for a program that does not answer
_PROBE_STEP, _PROBES = 8, 16  # pixels between the points at which a long list is probed, and how many from each end
_INSET = 4  # pixels from the edge at which it is probed
_MAX_NOTES = 20
_FAR = 1 << 20  # no place on a screen has such coordinates
_UNPLACED = -(1 << 31)  # what GTK says of a widget that has no place yet
_ON_SCREEN = 0  # root-window coordinates

ROOT = "/org/a11y/atspi/accessible/root"
_NULL = "/org/a11y/atspi/null"
_ACCESSIBLE, _COMPONENT, _TEXT = (f"org.a11y.atspi.{name}" for name in ("Accessible", "Component", "Text"))
CHILDREN = Question(_ACCESSIBLE, "GetChildren", "a(so)")
_STATE = Question(_ACCESSIBLE, "GetState", "au")
_CHILD_COUNT = property_of(_ACCESSIBLE, "ChildCount")
_INDEX = Question(_ACCESSIBLE, "GetIndexInParent", "i")
_PARENT = property_of(_ACCESSIBLE, "Parent")
_EXTENTS = Question(_COMPONENT, "GetExtents", "(iiii)", "u", (_ON_SCREEN,))
_CHARACTERS = property_of(_TEXT, "CharacterCount")
_DETAILS = (
    Question(_ACCESSIBLE, "GetRoleName", "s"),
    property_of(_ACCESSIBLE, "Name"),
    Question(_ACCESSIBLE, "GetInterfaces", "as"),
)

# By their numbers in AT-SPI.
_STATES = (
    "invalid", "active", "armed", "busy", "checked", "collapsed", "defunct", "editable", "enabled", "expandable",
    "expanded", "focusable", "focused", "has-tooltip", "horizontal", "iconified", "modal", "multi-line",
    "multiselectable", "opaque", "pressed", "resizable", "selectable", "selected", "sensitive", "showing",
    "single-line", "stale", "transient", "vertical", "visible", "manages-descendants", "indeterminate", "required",
    "truncated", "animated", "invalid-entry", "supports-autocompletion", "selectable-text", "is-default", "visited",
    "checkable", "has-popup", "read-only",
)  # fmt: skip
_UNSEEN = {"iconified", "defunct"}

Reference = tuple[str, str]
"""An object: the name of its program on the bus, and its path."""


class Node(TypedDict):
    """One node as JSON values; `bounds` are left, top, right, bottom in root-window coordinates."""

    role: str
    name: str
    text: str
    states: list[str]
    bounds: list[int] | None
    depth: int


@dataclass(slots=True)
class _Item:
    """A node while it is read; `node` stays None where only what lies below is of interest."""

    program: str
    path: str
    node: Node | None = None
    interfaces: frozenset[str] = frozenset()
    children: list["_Item"] = field(default_factory=list)

    @property
    def reference(self) -> Reference:
        return (self.program, self.path)


class Walk:
    """`run` once; then `lost` says which programs gave no answer and why, `notes` what else is missing."""

    def __init__(self, bus: Bus, deadline: float, max_nodes: int) -> None:
        self._bus = bus
        self._deadline = deadline
        self._last_look = deadline - (deadline - time.monotonic()) * (1 - _LOOKING)
        self._max_nodes = max_nodes
        self._seen: set[Reference] = set()
        self.lost: dict[str, str] = {}
        self.notes: list[str] = []

    def run(self, programs: Sequence[str]) -> list[Node]:
        """The nodes of these programs, by their names on the bus, in pre-order. Raises BusLost."""
        roots = [_Item(program, ROOT) for program in programs]
        waiting = deque(self._adopt(roots, self._ask([(root, CHILDREN) for root in roots])))
        while waiting:
            if time.monotonic() > self._last_look:
                self._note(f"time ran out: {len(waiting)} nodes and what is below them were not read")
                break
            waiting += self._look([waiting.popleft() for _ in range(min(_SLICE, len(waiting)))])
        self._finish([item for item, _ in _pre_order(roots) if item.node])
        nodes = []
        for item, depth in _pre_order(roots):
            if item.node and item.program not in self.lost:
                item.node["depth"] = depth
                nodes.append(item.node)
        return nodes

    def _look(self, items: Sequence[_Item]) -> list[_Item]:
        """Read a few nodes; returns their children."""
        shown = self._shown(items)
        parents = [item for item, _, count in shown if 0 < count <= MAX_CHILDREN]
        questions = [(item, question) for item, _, _ in shown for question in _DETAILS]
        values = self._ask(questions + [(parent, CHILDREN) for parent in parents])
        for number, (item, states, _) in enumerate(shown):
            _describe(item, states, values[number * len(_DETAILS) : (number + 1) * len(_DETAILS)])
        families = values[len(questions) :]
        crowded = [(item, count) for item, _, count in shown if count > MAX_CHILDREN]
        families += [self._in_sight(item, count) for item, count in crowded]
        return self._adopt(parents + [item for item, _ in crowded], families)

    def _shown(self, items: Sequence[_Item]) -> list[tuple[_Item, list[str], int]]:
        """Those that are showing, with their states and the number of their children."""
        values = self._ask([(item, question) for item in items for question in (_STATE, _CHILD_COUNT)])
        shown = []
        for item, state, count in zip(items, values[::2], values[1::2], strict=True):
            states = _state_names(state)
            if "showing" in states and not _UNSEEN.intersection(states):
                shown.append((item, states, _held(count, "i") or 0))
        return shown

    def _in_sight(self, item: _Item, count: int) -> list[Reference]:
        """The children from the first to the last in sight, of a list or table too long to be read whole."""
        indices = self._probe(item) if _COMPONENT in item.interfaces else []
        if not indices or max(indices) - min(indices) >= MAX_CHILDREN:
            role = item.node["role"] if item.node else "node"
            self._note(f"the {count} children of a {role} were not read")
            return []
        wanted = [(item, _child_at(index)) for index in range(min(indices), max(indices) + 1)]
        return [child for child in self._ask(wanted) if child is not None]

    def _probe(self, item: _Item) -> list[int]:
        """The places of the children found below the top left corner and above the bottom right one."""
        extents = self._ask([(item, _EXTENTS)])[0]
        if extents is None or max(map(abs, extents)) > _FAR:
            return []
        left, top, width, height = extents
        inset = min(_INSET, width // 2)
        steps = range(inset, _PROBE_STEP * _PROBES, _PROBE_STEP)
        points = [(left + inset, top + step) for step in steps]
        points += [(left + width - inset, top + height - step) for step in steps]
        found = self._ask([(item, _at_point(x, y)) for x, y in points])
        hits = {hit for hit in found if hit is not None and _is_object(hit)}
        values = self._ask([(_Item(*hit), question) for hit in hits for question in (_PARENT, _INDEX)])
        parents = [_held(parent, "(so)") for parent in values[::2]]
        indices = zip(values[1::2], parents, strict=True)
        return [index for index, parent in indices if index is not None and index >= 0 and parent == item.reference]

    def _adopt(self, parents: Sequence[_Item], families: Sequence[list[Reference] | None]) -> list[_Item]:
        """Make items of the references to children, each object once and no more than there is room for."""
        born: list[_Item] = []
        for parent, family in zip(parents, families, strict=True):
            for reference in family or ():
                if reference in self._seen or not _is_object(reference):
                    continue
                if len(self._seen) == self._max_nodes:
                    self._note(f"only the first {self._max_nodes} nodes were read")
                    return born
                self._seen.add(reference)
                parent.children.append(_Item(*reference))
                born.append(parent.children[-1])
        return born

    def _finish(self, items: Sequence[_Item]) -> None:
        """Give places and texts to the nodes, and take the node from those that have no size."""
        placed = [item for item in items if _COMPONENT in item.interfaces]
        texts = [item for item in items if _TEXT in item.interfaces and item.node and not _is_secret(item.node)]
        values = self._ask([(item, _EXTENTS) for item in placed] + [(item, _CHARACTERS) for item in texts])
        for item, extents in zip(placed, values, strict=False):
            _place(item, extents)
        room = MAX_ALL_TEXTS
        questions = []
        for item, count in zip(texts, values[len(placed) :], strict=True):
            characters = _held(count, "i") or 0
            length = min(characters, MAX_TEXT)
            if 0 < length <= room and item.node:
                room -= length
                # The end of a whole text is left open: should it have become shorter, some programs crash beyond it.
                end = length if characters > length else -1
                questions.append((item, Question(_TEXT, "GetText", "s", "ii", (0, end))))
        for (item, _), text in zip(questions, self._ask(questions), strict=True):
            if item.node and text is not None:
                item.node["text"] = text[:MAX_TEXT]

    def _note(self, note: str) -> None:
        if len(self.notes) < _MAX_NOTES and note not in self.notes:
            self.notes.append(note)

    def _ask(self, questions: Sequence[tuple[_Item, Question]]) -> list[Any]:
        """The answers, in order; None where there is none, and from programs that are lost."""
        now = time.monotonic()
        calls = [Call(item.program, item.path, question) for item, question in questions]
        return self._bus.ask(calls, now + (self._deadline - now) * _PATIENCE, self.lost)


def _is_object(reference: Reference) -> bool:
    return reference[1] != _NULL and NAME.fullmatch(reference[0]) is not None


def _at_point(x: int, y: int) -> Question:
    return Question(_COMPONENT, "GetAccessibleAtPoint", "(so)", "iiu", (x, y, _ON_SCREEN))


def _child_at(index: int) -> Question:
    return Question(_ACCESSIBLE, "GetChildAtIndex", "(so)", "i", (index,))


def _describe(item: _Item, states: list[str], details: Sequence[Any]) -> None:
    """Give the item its node, when all is known of it and it can be seen."""
    role, name, interfaces = details[0], _held(details[1], "s"), details[2]
    if role is None or name is None or interfaces is None:
        return
    item.interfaces = frozenset(interfaces)
    if "visible" in states:
        item.node = Node(role=role.lower(), name=name[:MAX_TEXT], text="", states=states, bounds=None, depth=0)


def _place(item: _Item, extents: tuple[int, int, int, int] | None) -> None:
    if item.node is None or extents is None:
        return
    left, top, width, height = extents
    if width > 0 and height > 0 and min(left, top) > _UNPLACED:
        item.node["bounds"] = [left, top, left + width, top + height]
    else:
        item.node = None


def _is_secret(node: Node) -> bool:
    return "password" in node["role"]


def _pre_order(roots: Sequence[_Item]) -> Iterator[tuple[_Item, int]]:
    """Every item, parents before their children, with the number of nodes above it."""
    stack = [(root, 0) for root in reversed(roots)]
    while stack:
        item, depth = stack.pop()
        yield item, depth
        below = depth if item.node is None else depth + 1
        stack += [(child, below) for child in reversed(item.children)]


def _state_names(words: list[int] | None) -> list[str]:
    """The names of the bits that are set, lowest first; none for an object that did not answer."""
    bits = sum(word << (32 * place) for place, word in enumerate((words or [])[:2]))
    return [name for number, name in enumerate(_STATES) if bits >> number & 1]


def _held(answer: Any, signature: str) -> Any:
    """What a property holds, when it is of this type."""
    return answer[1] if answer is not None and answer[0] == signature else None
