"""Every page, on screens of all sizes: nothing outside, nothing too small to be hit, tree and pixels agree."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageChops

from environments.geometry import Box, Size
from environments.phone.apps.table import APPS
from environments.phone.clock import VirtualClock
from environments.phone.device import Node
from environments.phone.state import Contact, State, Task, Visit
from environments.phone.world import World
from tests.environments.phone.hands import Hands, walk

ARGUMENTS = {"person": "1", "edit": "1", "app": "com.handeye.notes"}
PAGES = [(app.package, page) for app in APPS for page in app.pages]
SCREENS = [
    (Size(320, 480), 120), (Size(320, 480), 160), (Size(480, 320), 160), (Size(320, 480), 640), (Size(540, 1200), 240),
    (Size(720, 1280), 320), (Size(1080, 2400), 420), (Size(2400, 1080), 420), (Size(1080, 2400), 640),
    (Size(1080, 1080), 420), (Size(1600, 2560), 120), (Size(1600, 2560), 320), (Size(2560, 1600), 320),
]  # fmt: skip
KEYBOARD = "com.android.inputmethod.latin"


def open_page(world: World, package: str, page: str) -> None:
    """Put a page in front, without the way there."""
    visit = Visit(page, ARGUMENTS.get(page, ""))
    if package == APPS[0].package:
        world.state.tasks = [Task(app.package, [Visit("main")]) for app in APPS[1:]]
        world.state.home, world.state.front = visit, package
    else:
        world.state.tasks, world.state.front = [Task(package, [visit])], package


def inside(inner: Box, outer: Box) -> bool:
    return (
        outer.left <= inner.left < inner.right <= outer.right and outer.top <= inner.top < inner.bottom <= outer.bottom
    )


def check(world: World) -> None:
    """What holds for the tree of any page on any screen."""
    tree = world.hierarchy()
    screen = tree.bounds
    assert screen.left == screen.top == 0
    for parent, node in pairs(tree):
        assert inside(node.bounds, parent.bounds), f"{node.cls} {node.text!r} {node.bounds} leaves {parent.bounds}"
        assert node.package
        assert node.cls.count(".") >= 2
    windows = [window.bounds for window in tree.children]
    for number, one in enumerate(windows):
        for other in windows[number + 1 :]:
            assert one.bottom <= other.top or other.bottom <= one.top, "windows lie over each other"
    texts = [node for node in walk(tree.children[0]) if node.cls == "android.widget.TextView" and not node.children]
    for number, node in enumerate(texts):
        for other in texts[number + 1 :]:
            assert not lie_over(node.bounds, other.bounds), f"{node.text!r} lies over {other.text!r}"


def pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    for child in node.children:
        yield node, child
        yield from pairs(child)


def lie_over(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom


@pytest.mark.parametrize(("size", "density"), SCREENS, ids=[f"{size[0]}x{size[1]}-{dpi}" for size, dpi in SCREENS])
def test_nothing_is_outside_at_any_size(size: Size, density: int) -> None:
    world = World(size, density, clock=VirtualClock())
    for package, page in PAGES:
        open_page(world, package, page)
        for scale in (0.85, 1.0, 1.3):
            world.state.settings.font_scale = scale
            check(world)


SIZES = st.builds(Size, st.integers(320, 1600), st.integers(480, 2560))
TURNED = st.tuples(SIZES, st.integers(120, 640), st.integers(0, 3), st.sampled_from([0.85, 1.0, 2.0]))


@settings(max_examples=60)
@given(TURNED, st.sampled_from(PAGES))
def test_nothing_is_outside_on_any_screen(screen: tuple[Size, int, int, float], place: tuple[str, str]) -> None:
    size, density, rotation, font = screen
    world = World(size, density, clock=VirtualClock())
    world.state.sensor_rotation = rotation
    world.state.settings.font_scale = font
    open_page(world, *place)
    check(world)
    hands = Hands(world)
    fields = hands.find_all(cls="android.widget.EditText")
    if fields:
        hands.tap_at(*fields[0].bounds.center)
        assert world.keyboard_shown
        check(world)


@pytest.mark.parametrize(("size", "density"), [(Size(320, 480), 160), (Size(1080, 2400), 420), (Size(1600, 2560), 320)])
def test_what_can_be_clicked_is_48_dp_wide_and_high(size: Size, density: int) -> None:
    world = World(size, density, clock=VirtualClock())
    least = round(48 * density / 160)
    for package, page in PAGES:
        open_page(world, package, page)
        tree = world.hierarchy()
        lists = [node.bounds for node in walk(tree) if node.scrollable]
        for node in walk(tree):
            box = node.bounds
            cut = any(box.top == edge.top or box.bottom == edge.bottom for edge in lists)
            if node.clickable and node.package != KEYBOARD and not cut:
                assert box.right - box.left >= least, f"{node.cls} {node.content_desc or node.text} {box} on {page}"
                assert box.bottom - box.top >= least, f"{node.cls} {node.content_desc or node.text} {box} on {page}"


@pytest.mark.parametrize(("package", "page"), PAGES)
def test_every_text_of_the_tree_is_to_be_seen(package: str, page: str) -> None:
    world = World(Size(720, 1600), 280, clock=VirtualClock())
    open_page(world, package, page)
    world.hierarchy()
    tree = world.hierarchy()
    if world.secure:
        pytest.skip("a secure page has no screenshot")
    image = world.screenshot().image()
    for node in walk(tree):
        if node.cls in ("android.widget.TextView", "android.widget.Button", "android.widget.EditText") and node.text:
            colours = image.crop(node.bounds).getcolors(100_000)
            assert colours is not None
            assert len(colours) > 1, f"nothing is painted where {node.text!r} is"
        if node.cls == "android.widget.Switch":
            check_switch(image.crop(node.bounds).getpixel, node)


def check_switch(pixel: object, node: Node) -> None:
    """A switch that is on has its knob at the right, in a blue track; one that is off has it at the left."""
    box = node.bounds
    wide, middle = box.right - box.left, (box.bottom - box.top) // 2
    left, right = (pixel((x, middle)) for x in (wide // 4, wide - wide // 4))  # type: ignore[operator]
    if node.enabled:
        assert (right == (255, 255, 255)) is node.checked
        assert (left == (38, 92, 170)) is node.checked


@pytest.mark.parametrize(
    ("package", "page", "change", "text"),
    [
        ("com.android.settings", "network", lambda state: setattr(state, "wifi_network", "Other"), "Other"),
        ("com.android.settings", "main", lambda state: setattr(state, "battery", 7), "7%"),
        ("com.android.contacts", "person", lambda state: set_phone(state, "0800 1234567"), "0800 1234567"),
    ],
)
def test_a_changed_text_changes_no_pixel_elsewhere(package: str, page: str, change: object, text: str) -> None:
    world = World(clock=VirtualClock())
    set_phone(world.state, "1")
    open_page(world, package, page)
    before, old = world.screenshot(), {node.bounds for node in walk(world.hierarchy()) if node.cls.endswith("View")}
    change(world.state)  # type: ignore[operator]
    after, tree = world.screenshot(), world.hierarchy()
    changed = ImageChops.difference(before.image(), after.image()).getbbox()
    assert changed is not None
    new = {node.bounds for node in walk(tree) if node.cls.endswith("View")}
    moved = [*(old ^ new), *(node.bounds for node in walk(tree) if node.text == text)]
    slack = 20  # accents stand out of the line
    around = Box(min(box.left for box in moved) - slack, min(box.top for box in moved) - slack,
                 max(box.right for box in moved) + slack, max(box.bottom for box in moved) + slack)  # fmt: skip
    assert inside(Box(*changed), around)


def set_phone(state: State, number: str) -> None:
    state.contacts[1] = Contact("Wanda Wójcik", number, "w@example.com")


def test_pixels_are_the_same_however_they_came_about() -> None:
    """A screen that was painted bit by bit equals one that is painted at once."""
    hands = Hands(World(Size(540, 900), 240, clock=VirtualClock()))
    hands.launch("Settings")
    for label in ("Display", "Dark theme", "Font size", "Large"):
        hands.world.screenshot()
        hands.tap(text=label)
    hands.scroll_down()
    shown = hands.world.screenshot()
    hands.world.set_size(Size(540, 800))
    hands.world.screenshot()
    hands.world.set_size(None)
    assert hands.world.screenshot().hash == shown.hash
