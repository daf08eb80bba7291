"""A person at a simulated phone: finds things in its tree, and touches them where they are."""

from collections.abc import Iterator

from environments.geometry import Box
from environments.phone.clock import VirtualClock
from environments.phone.device import Node
from environments.phone.world import World

WHILE = 0.3
"""Seconds until a page has arrived."""


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the tree."""
    yield node
    for child in node.children:
        yield from walk(child)


class Hands:
    """Two hands on a phone with a virtual clock."""

    def __init__(self, world: World) -> None:
        self.world = world

    def nodes(self) -> list[Node]:
        return list(walk(self.world.hierarchy()))

    def find_all(self, **wanted: object) -> list[Node]:
        """The nodes with these attributes; `id` is the part of the resource id behind the slash."""
        name = wanted.pop("id", None)
        return [
            node
            for node in self.nodes()
            if all(getattr(node, key) == value for key, value in wanted.items())
            and (name is None or node.resource_id.rpartition("/")[2] == name)
        ]

    def find(self, **wanted: object) -> Node:
        found = self.find_all(**wanted)
        if not found:
            raise LookupError(f"{wanted} is not among {[node.text or node.content_desc for node in self.nodes()]}")
        return found[0]

    def sees(self, **wanted: object) -> bool:
        return bool(self.find_all(**wanted))

    def tap(self, **wanted: object) -> None:
        self.tap_at(*self.find(**wanted).bounds.center)

    def tap_at(self, x: float, y: float) -> None:
        self.world.touch("down", x, y)
        self.world.clock.sleep(0.05)
        self.world.touch("up", x, y)
        self.wait()

    def hold(self, seconds: float, **wanted: object) -> None:
        x, y = self.find(**wanted).bounds.center
        self.world.touch("down", x, y)
        self.world.clock.sleep(seconds)
        self.world.touch("up", x, y)
        self.wait()

    def swipe(self, x1: float, y1: float, x2: float, y2: float, points: int = 10) -> None:
        self.world.touch("down", x1, y1)
        for step in range(1, points + 1):
            self.world.clock.sleep(0.02)
            self.world.touch("move", x1 + (x2 - x1) * step / points, y1 + (y2 - y1) * step / points)
        self.world.touch("up", x2, y2)
        self.wait()

    def scroll_down(self) -> None:
        """Reveal what lies further down in the list."""
        box = self.find(scrollable=True).bounds
        self.swipe(box.center.x, box.bottom - 10, box.center.x, box.top + 10)

    def scroll_to(self, **wanted: object) -> None:
        for _ in range(30):
            if self.sees(**wanted):
                return
            self.scroll_down()
        raise LookupError(f"no scrolling leads to {wanted}")

    def key(self, code: int) -> None:
        self.world.key(code)
        self.wait()

    def back(self) -> None:
        self.key(4)

    def home(self) -> None:
        self.key(3)

    def launch(self, label: str) -> None:
        """From the home screen."""
        self.home()
        self.tap(text=label, cls="android.widget.TextView", clickable=True)

    def type_on_keys(self, text: str) -> None:
        """On the soft keyboard, one key after the other."""
        for char in text:
            self.tap(content_desc="Space" if char == " " else char, cls="android.inputmethodservice.Keyboard$Key")

    def wait(self, seconds: float = WHILE) -> None:
        self.world.clock.sleep(seconds)

    def pixel(self, x: int, y: int) -> tuple[int, int, int]:
        frame = self.world.screenshot()
        at = 3 * (y * frame.size.width + x)
        red, green, blue = frame.pixels[at : at + 3]
        return red, green, blue

    def picture(self, box: Box) -> bytes:
        """The pixels of a part of the screen."""
        return self.world.screenshot().image().crop(box).tobytes()


def pick_up(**options: object) -> Hands:
    """A phone on a virtual clock, in someone's hands."""
    return Hands(World(**{"clock": VirtualClock(), **options}))  # type: ignore[arg-type]
