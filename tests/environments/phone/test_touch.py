"""What the points of a finger mean, on a ground made for it: one list, one slider, one field, one button."""

import pytest

from environments.geometry import Box
from environments.phone.screen.memory import Memory
from environments.phone.screen.placed import Entry, Placed, Scrolling
from environments.phone.screen.touch import LONG_PRESS, Touch

SCREEN = Box(0, 0, 400, 800)
BUTTON, SLIDER, FIELD, LIST = Box(0, 0, 100, 100), Box(0, 100, 400, 200), Box(0, 200, 400, 300), Box(0, 300, 400, 800)


class Plain:
    """A ground that writes down what happens on it."""

    def __init__(self) -> None:
        self.seen: list[object] = []
        self.kept = Memory()
        entry = Entry("field", lambda x, y: 0, FIELD)
        item = Placed(Box(0, 400, 400, 450), tap=lambda: self.seen.append("item"),
                      long_tap=lambda: self.seen.append("item held"))  # fmt: skip
        self.placed = Placed(SCREEN, children=(
            Placed(BUTTON, tap=lambda: self.seen.append("button")),
            Placed(SLIDER, slide=lambda value: self.seen.append(round(value, 2))),
            Placed(FIELD, entry=entry),
            Placed(LIST, children=(item,), scrolling=Scrolling("list", 1000)),
        ))  # fmt: skip

    def at(self, x: float, y: float) -> list[Placed]:
        return self.placed.at(x, y)

    def memory(self) -> Memory:
        return self.kept

    def slop(self) -> float:
        return 10

    def enter(self, entry: Entry, x: float, y: float) -> None:
        self.seen.append((entry.id, x, y))

    def swiped(self, dx: float, dy: float) -> None:
        self.seen.append(("swipe", dx, dy))


@pytest.fixture
def ground() -> Plain:
    return Plain()


@pytest.fixture
def touch(ground: Plain) -> Touch:
    return Touch(ground)


def gesture(touch: Touch, *points: tuple[float, float], seconds: float = 0.1) -> None:
    """Down at the first point, up at the last."""
    step = seconds / max(1, len(points) - 1)
    touch.point("down", *points[0], 0)
    for number, point in enumerate(points[1:], 1):
        if touch.due(number * step):
            touch.hold()
        touch.point("move", *point, number * step)
    touch.point("up", *points[-1], seconds)


def test_a_tap(touch: Touch, ground: Plain) -> None:
    gesture(touch, (50, 50))
    assert ground.seen == ["button"]


def test_a_tap_where_nothing_is(touch: Touch, ground: Plain) -> None:
    gesture(touch, (300, 50))
    gesture(touch, (300, 700))
    assert ground.seen == []


def test_a_field_is_entered_where_it_was_tapped(touch: Touch, ground: Plain) -> None:
    gesture(touch, (120, 250))
    assert ground.seen == [("field", 120, 250)]


def test_a_slider_goes_where_it_is_tapped_and_follows(touch: Touch, ground: Plain) -> None:
    gesture(touch, (100, 150))
    gesture(touch, (100, 150), (200, 160), (300, 150))
    assert ground.seen[0] == 0.25
    assert ground.seen[-2:] == [0.75, ("swipe", 200, 0)]


def test_a_list_follows_less_the_slop_and_stops_at_its_ends(touch: Touch, ground: Plain) -> None:
    gesture(touch, (200, 700), (200, 640))
    assert ground.kept.scrolls == {"list": 50}
    gesture(touch, (200, 400), (200, 780))
    assert ground.kept.scrolls == {"list": 0}
    for _ in range(4):
        gesture(touch, (200, 790), (200, 310))
    assert ground.kept.scrolls == {"list": 1000}
    assert ground.seen == []


def test_a_list_does_not_follow_a_finger_that_goes_sideways(touch: Touch, ground: Plain) -> None:
    gesture(touch, (100, 700), (300, 690))
    assert ground.kept.scrolls == {}
    assert ground.seen == [("swipe", 200, -10)]


def test_scrolling_ends_the_search_for_the_caret(touch: Touch, ground: Plain) -> None:
    ground.kept.reveal = True
    gesture(touch, (200, 700), (200, 600))
    assert not ground.kept.reveal


@pytest.mark.parametrize(("seconds", "expected"), [(LONG_PRESS - 0.01, "item"), (LONG_PRESS, "item held")])
def test_half_a_second_is_long(touch: Touch, ground: Plain, seconds: float, expected: str) -> None:
    gesture(touch, (200, 420), (201, 421), seconds=seconds)
    assert ground.seen == [expected]


def test_a_long_press_is_a_tap_where_nobody_waits_for_one(touch: Touch, ground: Plain) -> None:
    gesture(touch, (50, 50), (50, 50), seconds=2)
    assert ground.seen == ["button"]


def test_a_long_press_happens_once(touch: Touch, ground: Plain) -> None:
    gesture(touch, (200, 420), (200, 420), (200, 420), (200, 420), seconds=3)
    assert ground.seen == ["item held"]


def test_no_long_press_after_a_move(touch: Touch, ground: Plain) -> None:
    touch.point("down", 200, 420, 0)
    touch.point("move", 200, 460, 0.1)
    assert not touch.due(3)
    touch.point("up", 200, 460, 3)
    assert ground.seen == []


def test_after_a_long_press_the_list_stays(touch: Touch, ground: Plain) -> None:
    touch.point("down", 200, 420, 0)
    assert touch.due(1)
    touch.hold()
    touch.point("move", 200, 320, 1.1)
    touch.point("up", 200, 320, 1.2)
    assert ground.kept.scrolls == {}
    assert ground.seen == ["item held"]


def test_a_dropped_finger_does_nothing(touch: Touch, ground: Plain) -> None:
    touch.point("down", 50, 50, 0)
    touch.drop()
    touch.point("up", 50, 50, 0.1)
    assert not touch.due(5)
    assert ground.seen == []


def test_a_second_finger_takes_the_place_of_the_first(touch: Touch, ground: Plain) -> None:
    touch.point("down", 200, 420, 0)
    touch.point("down", 50, 50, 0.1)
    touch.point("up", 50, 50, 0.2)
    touch.point("up", 200, 420, 0.3)
    assert ground.seen == ["button"]
