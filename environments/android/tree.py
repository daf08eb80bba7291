"""The accessibility tree by `uiautomator dump`, parsed without trust: no document types, no entities, bounded."""

import re
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple
from xml.parsers import expat

from environments.android.adb import AdbShell
from environments.android.connection import AdbLost
from environments.geometry import Box, Point, Screen, Size, from_input
from environments.observation import Element, Elements
from environments.stop import Stop

DUMP_SECONDS = 20.0
MAX_BYTES = 16_000_000
MAX_NODES = 20_000
MAX_DEPTH = 200
MAX_TEXT = 10_000
_FOLDER = "/data/local/tmp"
_BOUNDS = re.compile(r"\[(-?\d{1,6}),(-?\d{1,6})\]\[(-?\d{1,6}),(-?\d{1,6})\]\Z")
_FLAGS = (
    "checkable", "checked", "clickable", "enabled", "focusable", "focused", "scrollable", "long-clickable", "password",
    "selected",
)  # fmt: skip
_EDITORS = ("EditText", "AutoCompleteTextView", "SearchAutoComplete")


class BadTree(Exception):
    """What came is no tree; the message is the reason for its absence."""


class Dump(NamedTuple):
    """What `uiautomator dump` gave: XML, or the reason why there is none."""

    data: bytes
    absent: str = ""

    def elements(self, size: Size, screen: Screen) -> Elements:
        """The tree on a screenshot of `size` that shows `screen`, or the reason for its absence."""
        if self.absent:
            return Elements(absent=self.absent)
        try:
            return Elements(parse_tree(self.data, size, screen))
        except BadTree as exc:
            return Elements(absent=f"uiautomator gave no tree: {exc}")


def dump_tree(shell: AdbShell, stop: Stop | None = None) -> Dump:
    """The tree of the screen as it is now. Raises DeviceLost and Stopped."""
    file = f"{_FOLDER}/handeye-{secrets.token_hex(4)}.xml"
    commands = [["uiautomator", "dump", file], ["cat", file], ["rm", "-f", file]]
    try:
        dumped, content, removed = shell.read_all(commands, seconds=DUMP_SECONDS, stop=stop)
    except AdbLost as exc:
        if exc.kind != "slow":
            raise
        return Dump(b"", f"uiautomator gave no tree within {DUMP_SECONDS:g} s")
    if content.exit_code == 0 and content.stdout.strip():
        return Dump(content.stdout)
    words = f"{dumped.text}\n{removed.stderr.decode(errors='replace')}".strip().splitlines() or ["it said nothing"]
    return Dump(b"", f"uiautomator gave no tree: {words[0].strip()[:300]}")  # it fails with exit code 0 as well


def parse_tree(data: bytes, size: Size, screen: Screen) -> tuple[Element, ...]:
    """The visible nodes in pre-order, bounds in pixels of a screenshot of `size` that shows `screen`. Raises BadTree.

    What cannot be seen, being empty or off the screen, is left out: a model must not read what a person does not.
    """
    if len(data) > MAX_BYTES:
        raise BadTree(f"it has {len(data)} bytes; at most {MAX_BYTES} are read")
    start, end = data.find(b"<?xml"), data.rfind(b"</hierarchy>")
    if start < 0 or end < start:
        raise BadTree(f"it is cut off or something else: {data[:60]!r}")
    reading = _Reading(size, screen)
    parser = expat.ParserCreate("utf-8")  # whatever it says of itself
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    for event in ("StartDoctypeDeclHandler", "EntityDeclHandler", "ProcessingInstructionHandler"):
        setattr(parser, event, _refuse("a document type, an entity or an instruction"))
    try:
        parser.Parse(data[start : end + len(b"</hierarchy>")], True)
    except expat.ExpatError as exc:
        raise BadTree(f"it is no XML: {exc}") from exc
    return tuple(reading.nodes)


def focused_field(elements: Elements) -> Element | None:
    """The text field that has the focus. What a `password` field holds is not known."""
    return next((node for node in elements if {"focused", "editable"} <= node.states), None)


class _Reading:
    """Collects nodes while expat walks."""

    def __init__(self, size: Size, screen: Screen) -> None:
        self.nodes: list[Element] = []
        self._size = size
        self._screen = screen
        self._depth = -1

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "hierarchy":
            return
        self._depth += 1
        if self._depth > MAX_DEPTH or len(self.nodes) >= MAX_NODES:
            raise BadTree(f"it is deeper than {MAX_DEPTH} or has more than {MAX_NODES} nodes")
        bounds = self._bounds(attributes.get("bounds", ""))
        if bounds is not None and attributes.get("visible-to-user") != "false":
            self.nodes.append(_element(attributes, bounds, self._depth))

    def end(self, tag: str) -> None:
        if tag != "hierarchy":
            self._depth -= 1

    def _bounds(self, text: str) -> Box | None:
        """The part on the screen, in screenshot pixels; None when there is none."""
        found = _BOUNDS.match(text)
        if not found:
            return None
        left, top, right, bottom = map(int, found.groups())
        left, top = max(left, self._screen.left), max(top, self._screen.top)
        right = min(right, self._screen.left + self._screen.width)
        bottom = min(bottom, self._screen.top + self._screen.height)
        if left >= right or top >= bottom:
            return None
        first = from_input(Point(left, top), self._size, self._screen)
        last = from_input(Point(right - 1, bottom - 1), self._size, self._screen)
        return Box(first.x, first.y, last.x + 1, last.y + 1)


def _element(attributes: dict[str, str], bounds: Box, depth: int) -> Element:
    """A node by our names: the role is the class without its package; a nameless node is named by its resource id."""
    role = attributes.get("class", "").rpartition(".")[2] or "View"
    states = {flag.replace("-", "_") for flag in _FLAGS if attributes.get(flag) == "true"}
    editable = role in _EDITORS or role.endswith("EditText")
    text = "" if "password" in states else attributes.get("text", "")[:MAX_TEXT]
    name = attributes.get("content-desc") or ("" if editable else text) or _tail(attributes.get("resource-id", ""))
    return Element(
        role=role,
        name=name[:MAX_TEXT],
        text=text,
        states=frozenset(states | ({"editable"} if editable else set())),
        bounds=bounds,
        depth=depth,
    )


def _tail(resource_id: str) -> str:
    return resource_id.rpartition("/")[2]


def _refuse(what: str) -> Callable[..., Any]:
    def refuse(*_: object) -> None:
        raise BadTree(f"it holds {what}, which is refused")

    return refuse
