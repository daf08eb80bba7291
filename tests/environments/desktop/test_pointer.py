"""The pointer: where it goes, what it presses, and who may take it away."""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from environments.action import Drag, LongPress, Move, PointerDown, PointerUp, Scroll, Tap
from environments.errors import InvalidAction
from environments.stop import Stop
from tests.environments.desktop.conftest import SIZE
from tests.environments.desktop.programs import Panel, ask_x, environment_of, process_named

pytestmark = pytest.mark.display

WIDTH, HEIGHT = SIZE
CORNERS = [(0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1)]
BUTTONS = {"left": 1, "middle": 2, "right": 3}
WHEEL = {"up": (4, 0), "down": (5, 0), "left": (4, 1), "right": (5, 1)}
"""The wheel's buttons and the shift that Tk reports: it shows X11's buttons 6 and 7 as 4 and 5 with shift."""
LEFT_HELD = 1 << 8
ANY_HELD = 0x1F << 8


def pointer(panel: Panel) -> tuple[int, int, int]:
    """Where the pointer is and which buttons are down, as another client of the X server sees it."""
    place = ask_x(environment_of(panel.desktop), "pointer")
    return place["x"], place["y"], place["mask"] & ANY_HELD


@pytest.fixture
def panel(lasting_panel: Panel) -> Panel:
    lasting_panel.forget()
    return lasting_panel


@pytest.mark.parametrize("button", BUTTONS)
@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_tap_presses_its_button_so_many_times_at_its_point(panel: Panel, button: str, count: int) -> None:
    desktop = panel.desktop
    panel.forget()
    action = Tap.model_validate({"x": 321, "y": 123, "count": count, "button": button})
    assert desktop.act(action, desktop.observe()).status == "done"
    panel.wait_for(count, "up")
    presses = panel.events("down", "up")
    assert [event["kind"] for event in presses] == ["down", "up"] * count
    assert {(event["x"], event["y"], event["button"]) for event in presses} == {(321, 123, BUTTONS[button])}
    assert pointer(panel) == (321, 123, 0)


@pytest.mark.parametrize(("count", "multiple"), [(1, []), (2, ["double"]), (3, ["double", "triple"])])
def test_a_double_click_is_one_to_the_program(panel: Panel, count: int, multiple: list[str]) -> None:
    desktop = panel.desktop
    panel.forget()
    desktop.act(Tap(x=40 * count, y=300, count=count), desktop.observe())
    panel.wait_for(count, "up")
    assert [event["kind"] for event in panel.events("double", "triple")] == multiple


def test_taps_far_apart_land_each_on_its_pixel(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    points = [(x, y) for x in (1, 500, WIDTH - 2) for y in (1, 300, HEIGHT - 2)]
    for x, y in points:
        desktop.act(Tap(x=x, y=y), desktop.observe())
    clicks = panel.wait_for(len(points), "down")
    assert [(event["x"], event["y"]) for event in clicks] == points


def test_no_click_is_lost_while_the_window_manager_is_slow(panel: Panel) -> None:
    """It sees each click first, to give windows the focus; one that piles up behind it must not be lost."""
    desktop = panel.desktop
    seen = desktop.observe()
    with stuttering(process_named(desktop, "openbox")):
        for _ in range(60):
            panel.forget()
            assert desktop.act(Tap(x=444, y=222, count=3), seen).status == "done"
            panel.wait_for(3, "up")
            assert [event["kind"] for event in panel.events("down", "up")] == ["down", "up"] * 3


@contextmanager
def stuttering(pid: int) -> Iterator[None]:
    """Lets a process run for moments only, as on a machine that is busy elsewhere."""
    ended = threading.Event()
    moments = random.Random(1)  # noqa: S311

    def stutter() -> None:
        while not ended.wait(0.004 * moments.random()):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(0.004 * moments.random())
            os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stutter)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_long_press_stays_down(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    assert desktop.act(LongPress(x=10, y=20, seconds=0.6), desktop.observe()).status == "done"
    up = panel.wait_for(1, "up")[0]
    down = panel.events("down")[0]
    assert (down["x"], down["y"], up["x"], up["y"]) == (10, 20, 10, 20)
    assert 590 <= up["time"] - down["time"] < 3000


@pytest.mark.parametrize("button", BUTTONS)
def test_a_drag_follows_its_path_with_the_button_held(panel: Panel, button: str) -> None:
    desktop = panel.desktop
    path = ((100, 100), (400, 100), (400, 350), (250, 200))
    panel.forget()
    action = Drag.model_validate({"path": path, "seconds": 0.3, "button": button})
    assert desktop.act(action, desktop.observe()).status == "done"
    up = panel.wait_for(1, "up")[0]
    down = panel.events("down")[0]
    assert (down["x"], down["y"]) == path[0]
    assert (up["x"], up["y"]) == path[-1]
    held = 1 << (7 + BUTTONS[button])
    moved = [(e["x"], e["y"]) for e in panel.events("motion") if e["state"] & held]
    assert len(moved) >= 8, "programs ignore a pointer that jumps"
    assert all(_on_path(point, path) for point in moved)
    assert moved[-1] == path[-1]
    corner = min(abs(x - 400) + abs(y - 100) for x, y in moved)
    assert corner <= 40, "it goes round the corners of its path"
    assert pointer(panel) == (*path[-1], 0)


def _on_path(point: tuple[int, int], path: tuple[tuple[int, int], ...]) -> bool:
    """Whether a point lies within a pixel of one of the legs."""
    for (x1, y1), (x2, y2) in pairwise(path):
        length = max(abs(x2 - x1), abs(y2 - y1))
        for step in range(length + 1):
            x, y = x1 + (x2 - x1) * step / length, y1 + (y2 - y1) * step / length
            if max(abs(x - point[0]), abs(y - point[1])) <= 1:
                return True
    return False


def test_a_drag_lasts_as_long_as_it_was_said(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    desktop.act(Drag(path=((10, 10), (300, 300)), seconds=1.0), desktop.observe())
    up = panel.wait_for(1, "up")[0]
    assert 950 <= up["time"] - panel.events("down")[0]["time"] < 4000


@pytest.mark.parametrize("direction", WHEEL)
@pytest.mark.parametrize("amount", [1, 5])
def test_a_scroll_turns_the_wheel_towards_what_is_to_be_seen(panel: Panel, direction: str, amount: int) -> None:
    desktop = panel.desktop
    panel.forget()
    action = Scroll.model_validate({"direction": direction, "amount": amount, "x": 33, "y": 44})
    assert desktop.act(action, desktop.observe()).status == "done"
    events = panel.wait_for(amount, "down")
    assert {(e["x"], e["y"], (e["button"], e["state"] & 1)) for e in events} == {(33, 44, WHEEL[direction])}
    assert len(events) == amount


def test_a_scroll_without_a_point_happens_in_the_middle(panel: Panel) -> None:
    desktop = panel.desktop
    desktop.act(Move(x=3, y=3), desktop.observe())
    panel.forget()
    desktop.act(Scroll(direction="down", amount=1), desktop.observe())
    event = panel.wait_for(1, "down")[0]
    assert (event["x"], event["y"]) == (WIDTH // 2, HEIGHT // 2)


def test_a_move_presses_nothing(panel: Panel) -> None:
    desktop = panel.desktop
    desktop.act(Move(x=5, y=5), desktop.observe())
    panel.forget()
    assert desktop.act(Move(x=700, y=600), desktop.observe()).status == "done"
    event = panel.wait_for(1, "motion")[-1]
    assert (event["x"], event["y"]) == (700, 600)
    assert pointer(panel) == (700, 600, 0)
    assert panel.events("down", "up") == []


def test_a_button_that_is_pressed_stays_down_until_it_is_let_go(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    assert desktop.act(PointerDown(x=100, y=100), desktop.observe()).status == "done"
    assert pointer(panel) == (100, 100, LEFT_HELD)
    assert desktop.act(Move(x=200, y=150), desktop.observe()).status == "done"
    assert pointer(panel) == (200, 150, LEFT_HELD)
    assert desktop.act(PointerUp(x=300, y=200), desktop.observe()).status == "done"
    assert pointer(panel) == (300, 200, 0)
    panel.wait_for(1, "up")
    presses = panel.events("down", "up")
    assert [(e["kind"], e["x"], e["y"]) for e in presses] == [("down", 100, 100), ("up", 300, 200)]


@pytest.mark.parametrize("corner", CORNERS)
def test_a_click_in_a_corner_arrives_and_trips_nothing(panel: Panel, corner: tuple[int, int]) -> None:
    desktop = panel.desktop
    x, y = corner
    panel.forget()
    for _ in range(2):  # the second begins where the first has left the pointer
        assert desktop.act(Tap(x=x, y=y), desktop.observe()).status == "done"
    clicks = panel.wait_for(2, "down")
    assert {(event["x"], event["y"]) for event in clicks} == {corner}
    assert desktop.act(Tap(x=300, y=300), desktop.observe()).status == "done", "the way out of the corner is free"


def test_after_clicks_in_corners_a_stop_still_works(panel: Panel) -> None:
    desktop = panel.desktop
    for x, y in CORNERS:
        desktop.act(Tap(x=x, y=y), desktop.observe())
    panel.wait_for(4, "down")
    panel.forget()
    stop = Stop()
    stop.set("by hand")
    effect = desktop.act(Tap(x=5, y=5), desktop.observe(), stop=stop)
    assert (effect.status, effect.reason) == ("not_sent", "by hand")
    assert panel.events("down") == []


@pytest.mark.parametrize("corner", CORNERS)
def test_a_hand_that_moves_the_pointer_into_a_corner_stops_the_run(panel: Panel, corner: tuple[int, int]) -> None:
    desktop = panel.desktop
    desktop.act(Tap(x=300, y=300), desktop.observe())
    panel.wait_for(1, "up")
    panel.forget()
    ask_x(environment_of(desktop), "warp", *corner)
    stop = Stop()
    effect = desktop.act(Tap(x=200, y=200), desktop.observe(), stop=stop)
    assert effect.status == "not_sent"
    assert "corner" in effect.reason
    assert stop.is_set()
    assert "corner" in stop.reason
    assert panel.events("down") == []
    ask_x(environment_of(desktop), "warp", 400, 400)
    assert desktop.act(Tap(x=200, y=200), desktop.observe()).status == "done", "once it is out, the display works again"


def test_a_hand_that_moves_the_pointer_elsewhere_stops_nothing(panel: Panel) -> None:
    desktop = panel.desktop
    desktop.act(Move(x=300, y=300), desktop.observe())
    for x, y in ((1, 0), (0, 5), (WIDTH - 2, HEIGHT - 1), (400, 0)):
        ask_x(environment_of(desktop), "warp", x, y)
        assert desktop.act(Move(x=300, y=300), desktop.observe()).status == "done"


@pytest.mark.parametrize(
    "action",
    [
        Tap(x=WIDTH, y=0), Tap(x=0, y=HEIGHT), Move(x=1_000_000, y=1), PointerDown(x=WIDTH, y=HEIGHT),
        Drag(path=((0, 0), (WIDTH, 5))), Scroll(direction="up", x=0, y=HEIGHT), LongPress(x=WIDTH, y=1),
    ],
    ids=lambda action: action.type,
)  # fmt: skip
def test_a_point_outside_the_screen_is_refused_and_never_clamped(
    panel: Panel, action: Tap | Move | PointerDown | Drag | Scroll | LongPress
) -> None:
    desktop = panel.desktop
    before = pointer(panel)
    panel.forget()
    with pytest.raises(InvalidAction, match=f"outside the screen of {WIDTH}x{HEIGHT}"):
        desktop.act(action, desktop.observe())
    assert pointer(panel) == before
    assert panel.events() == []
