"""What the system shows: status bar, navigation bar, lock screen, keyboard, and pages on their way."""

from itertools import pairwise

import pytest

from environments.geometry import Box, Size
from environments.phone.device import Node
from environments.phone.screen.chrome import Status, clock_text, date_text, lock_screen, navigation_bar, status_bar
from environments.phone.screen.keyboard import Keyboard, next_layer
from environments.phone.screen.paint import Fill
from environments.phone.screen.placed import Metrics, Placed
from environments.phone.screen.windows import ROOT, Transition, Windows

M = Metrics(2.625)
STRIP = Box(0, 0, 1080, 74)
NOON = 1_773_144_000.0  # 10 March 2026, 12:00 UTC


def descriptions(placed: Placed) -> list[str]:
    return [part.node.content_desc for part in placed.walk() if part.node and part.node.content_desc]


def words(placed: Placed) -> list[str]:
    return [part.node.text for part in placed.walk() if part.node and part.node.text]


class TestClock:
    @pytest.mark.parametrize(
        ("wall", "twelve", "text"),
        [(NOON, False, "12:00"), (NOON, True, "12:00"), (NOON + 3600, False, "13:00"), (NOON + 3600, True, "1:00"),
         (NOON - 12 * 3600, False, "00:00"), (NOON - 12 * 3600, True, "12:00"), (NOON + 59, False, "12:00")],
    )  # fmt: skip
    def test_time(self, wall: float, twelve: bool, text: str) -> None:
        assert clock_text(wall, twelve) == text

    def test_date(self) -> None:
        assert date_text(NOON) == "Tue, Mar 10"


class TestStatusBar:
    def shown(self, **changes: bool) -> list[str]:
        facts = {"airplane": False, "wifi": False, "mobile": False, "bluetooth": False, **changes}
        return descriptions(status_bar(Status("12:00", battery=55, **facts), STRIP, M))

    @pytest.mark.parametrize(
        ("fact", "desc"),
        [("airplane", "Airplane mode."), ("wifi", "Wifi signal full."), ("mobile", "Phone three bars."),
         ("bluetooth", "Bluetooth on.")],
    )  # fmt: skip
    def test_an_icon_for_what_is_on(self, fact: str, desc: str) -> None:
        assert desc in self.shown(**{fact: True})
        assert desc not in self.shown()

    def test_no_bars_in_an_airplane(self) -> None:
        assert "Phone three bars." not in self.shown(airplane=True, mobile=True)

    def test_time_and_battery(self) -> None:
        placed = status_bar(Status("9:41", False, True, True, True, 7), STRIP, M)
        assert words(placed) == ["9:41", "7%"]
        assert "Battery 7 percent." in descriptions(placed)

    def test_nothing_lies_over_anything(self) -> None:
        placed = status_bar(Status("12:00", True, True, True, True, 100), Box(0, 0, 840, 74), M)
        boxes = sorted(part.box for part in placed.children)
        for one, other in pairwise(boxes):
            assert one.right <= other.left


def test_the_navigation_bar_does_what_it_says() -> None:
    done: list[str] = []
    taps = tuple(lambda name=name: done.append(name) for name in ("Back", "Home", "Overview"))  # type: ignore[misc]
    placed = navigation_bar(taps, False, STRIP, M)  # type: ignore[arg-type]
    for part in placed.children:
        assert part.tap is not None
        part.tap()
    assert done == descriptions(placed) == ["Back", "Home", "Overview"]


def test_back_points_down_while_the_keyboard_is_up() -> None:
    up, down = (navigation_bar((list, list, list), shown, STRIP, M).all_marks() for shown in (False, True))
    assert len(up) == len(down)
    assert sum(one != other for one, other in zip(up, down, strict=True)) == 1


def test_the_lock_screen_tells_time_and_way() -> None:
    assert words(lock_screen(NOON, False, Box(0, 74, 1080, 2400), M)) == ["12:00", "Tue, Mar 10", "Swipe up to unlock"]


class TestKeyboard:
    BOX = Box(0, 1600, 1080, 2200)

    @pytest.mark.parametrize("layer", ["letters", "capitals", "symbols", "more"])
    def test_keys_stand_side_by_side(self, layer: str) -> None:
        placed = Keyboard(layer, list).place(self.BOX, M)  # type: ignore[arg-type]
        keys = [part.box for part in placed.children]
        assert len(keys) == 33 if layer in ("letters", "capitals") else len(keys) >= 33
        for number, one in enumerate(keys):
            assert self.BOX.left <= one.left < one.right <= self.BOX.right
            assert self.BOX.top <= one.top < one.bottom <= self.BOX.bottom
            for other in keys[number + 1 :]:
                assert one.right <= other.left or other.right <= one.left or one.bottom <= other.top

    def test_every_key_tells_what_it_is(self) -> None:
        pressed: list[str] = []
        placed = Keyboard("letters", pressed.append).place(self.BOX, M)
        for part in placed.children:
            assert part.tap is not None
            part.tap()
        assert "".join(key for key in pressed if len(key) == 1) == "qwertyuiopasdfghjklzxcvbnm, ."
        assert [key for key in pressed if len(key) > 1] == ["shift", "erase", "layer", "enter"]

    @pytest.mark.parametrize(
        ("layer", "key", "expected"),
        [("letters", "shift", "capitals"), ("capitals", "shift", "letters"), ("letters", "layer", "symbols"),
         ("symbols", "shift", "more"), ("more", "shift", "symbols"), ("more", "layer", "letters")],
    )  # fmt: skip
    def test_layers(self, layer: str, key: str, expected: str) -> None:
        assert next_layer(layer, key) == expected  # type: ignore[arg-type]

    @pytest.mark.parametrize("high", [320, 480, 1080, 2400])
    def test_it_leaves_more_than_half_of_the_screen(self, high: int) -> None:
        assert Keyboard("letters", list).height(high, M) <= 0.45 * high + 1


class TestTransition:
    AREA = Box(0, 100, 200, 500)
    OLD = Fill(AREA, (1, 1, 1), 0, AREA)
    NEW = Fill(AREA, (2, 2, 2), 0, AREA)

    def at(self, motion: str, now: float) -> list[Box]:
        """Where the new and the old page are at a time."""
        way = Transition(motion, 10.0, 0.2, [self.OLD])  # type: ignore[arg-type]
        marks = way.marks([self.NEW], self.AREA, now)
        for mark in marks:
            assert self.AREA.left <= mark.clip.left < mark.clip.right <= self.AREA.right
            assert self.AREA.top <= mark.clip.top < mark.clip.bottom <= self.AREA.bottom
        return [mark.box for mark in marks]

    def test_a_page_comes_from_the_right(self) -> None:
        early, late = self.at("open", 10.02)[1], self.at("open", 10.15)[1]
        assert 0 < late.left < early.left < 200
        assert early.top == 100

    def test_an_app_comes_from_below(self) -> None:
        early, late = self.at("rise", 10.02)[1], self.at("rise", 10.15)[1]
        assert 100 < late.top < early.top < 500

    @pytest.mark.parametrize(("motion", "side"), [("back", 0), ("fall", 1)])
    def test_a_page_that_goes_lies_over_the_one_below(self, motion: str, side: int) -> None:
        below, gone = self.at(motion, 10.05)
        assert below == self.AREA
        assert gone[side] > self.AREA[side]

    def test_it_ends_in_time(self) -> None:
        way = Transition("open", 10.0, 0.2, [self.OLD])
        assert not way.over(10.19)
        assert way.over(10.21)
        assert self.at("open", 10.2)[1] == self.AREA


def test_windows_are_touched_from_the_top() -> None:
    area, strip = Box(0, 50, 100, 200), Box(0, 0, 100, 50)
    app = Placed(area, node=Node("a.b.C", area, package="app"))
    status = Placed(strip, node=Node("a.b.C", strip, package="system"))
    windows = Windows(Size(100, 200), area, app, status)
    assert windows.at(10, 10) == [status]
    assert windows.at(10, 60) == [app]
    assert windows.at(500, 60) == []
    tree = windows.tree()
    assert (tree.cls, tree.package) == (ROOT, "app")
    assert [node.package for node in tree.children] == ["app", "system"]
