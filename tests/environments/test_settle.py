"""Waiting for a still screen, on a clock of our own and screens that move as we say."""

from collections.abc import Callable
from functools import cache

import pytest
from PIL import Image, ImageDraw

from environments.environment import Settled
from environments.errors import Stopped
from environments.frame import Frame
from environments.settle import NOISE_LEVELS, SMALL_SHARE, SettleRule, caret_apart, changed_pixels, settle
from environments.stop import Stop

WIDTH, HEIGHT = 400, 300
SMALL = int(SMALL_SHARE * WIDTH * HEIGHT)
GRAB = 0.006
"""What a look costs on the clock of the tests."""


@cache
def painted(*boxes: tuple[int, int, int, int]) -> Frame:
    """A white screen with black boxes: left, top, width, height."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for left, top, width, height in boxes:
        ImageDraw.Draw(image).rectangle((left, top, left + width - 1, top + height - 1), fill="black")
    return Frame.from_image(image)


BLANK = painted()


class Screenplay:
    """A screen that shows `play(seconds)`, and the clock by which it does."""

    def __init__(self, play: Callable[[float], Frame]) -> None:
        self.now = 1000.0
        self.looks = 0
        self._play = play

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def grab(self) -> Frame:
        self.now += GRAB
        self.looks += 1
        return self._play(self.now - 1000.0)

    def settle(self, rule: SettleRule | None = None, stop: Stop | None = None) -> Settled:
        return settle(self.grab, stop or Stop(), rule, clock=self.clock, sleep=self.sleep)


def slide(seconds: float, *, until: float, per_second: float) -> Frame:
    """A large box that moves in steps, `per_second` of them, and stands still from `until` on."""
    step = int(min(seconds, until) * per_second)
    return painted((6 * step % 300, 50, 60, 60))


def test_a_still_screen_takes_the_floor_and_a_look_or_two() -> None:
    rule = SettleRule()
    settled = Screenplay(lambda _: BLANK).settle(rule)
    assert settled.stable
    assert rule.floor <= settled.seconds <= rule.floor + 2 * (rule.interval + GRAB)
    assert settled.frames >= 2


@pytest.mark.parametrize("floor", [0, 0.02, 0.5, 1.0])
def test_the_floor_is_honoured(floor: float) -> None:
    rule = SettleRule(floor=floor)
    settled = Screenplay(lambda _: BLANK).settle(rule)
    assert settled.stable
    assert settled.seconds >= max(floor, rule.quiet)
    assert settled.seconds < max(floor, rule.quiet) + 0.03


@pytest.mark.parametrize("per_second", [25, 30, 60, 100])
@pytest.mark.parametrize("until", [0.2, 0.77, 2.0])
def test_an_animation_is_waited_for_and_its_end_is_noticed_soon(per_second: float, until: float) -> None:
    rule = SettleRule()
    assert rule.quiet > 1 / 25
    settled = Screenplay(lambda seconds: slide(seconds, until=until, per_second=per_second)).settle(rule)
    last_step = int(until * per_second) / per_second
    assert settled.stable
    assert last_step < settled.seconds <= last_step + rule.quiet + 2 * (rule.interval + GRAB)


def test_a_slower_animation_is_waited_for_when_the_rule_says_so() -> None:
    rule = SettleRule(floor=0.25, quiet=0.25)
    settled = Screenplay(lambda seconds: slide(seconds, until=2, per_second=5)).settle(rule)
    assert settled.stable
    assert 2 < settled.seconds < 2.3


def test_a_program_that_begins_to_move_within_the_floor_is_waited_for() -> None:
    def play(seconds: float) -> Frame:
        return slide(seconds - 0.08, until=0.5, per_second=50) if seconds > 0.08 else BLANK

    settled = Screenplay(play).settle()
    assert settled.stable
    assert 0.58 < settled.seconds < 0.65


@pytest.mark.parametrize("period", [0.5, 0.53, 0.6])
@pytest.mark.parametrize("phase", [0, 0.1, 0.3, 0.42, 0.47, 0.55])
def test_a_blinking_caret_does_not_count(period: float, phase: float) -> None:
    def play(seconds: float) -> Frame:
        return painted((20, 20, 2, 16)) if int((seconds + phase) / period) % 2 else BLANK

    assert SMALL >= 2 * 16, "a caret is a small change"
    settled = Screenplay(play).settle()
    assert settled.stable
    assert settled.seconds < 0.2


@pytest.mark.parametrize("phase", [0, 0.3, 0.85, 0.9, 0.95, 0.99])
def test_a_clock_that_ticks_once_a_second_does_not_count(phase: float) -> None:
    settled = Screenplay(lambda seconds: painted((300 + int(seconds + phase), 5, 12, 12))).settle()
    assert settled.stable
    assert settled.seconds < 0.2


def test_a_caret_does_not_hide_the_end_of_an_animation() -> None:
    def play(seconds: float) -> Frame:
        caret = [(20, 20, 2, 16)] if int(seconds / 0.5) % 2 else []
        return painted((int(min(seconds, 1.0) * 50), 50, 60, 60), *caret)

    settled = Screenplay(play).settle()
    assert settled.stable
    assert 0.98 < settled.seconds < 1.1


@pytest.mark.parametrize("period", [0.03, 0.05, 0.1, 0.15])
def test_a_small_spinner_counts_until_it_is_gone(period: float) -> None:
    def play(seconds: float) -> Frame:
        return painted((200 + 10 * (int(seconds / period) % 8), 150, 8, 8)) if seconds < 1.2 else BLANK

    rule = SettleRule(floor=2 * period + 0.03, quiet=period + 0.03)  # two changes tell a spinner from a caret
    assert SMALL >= 2 * 8 * 8, "a spinner is a small change"
    settled = Screenplay(play).settle(rule)
    assert settled.stable
    assert 1.2 < settled.seconds < 1.2 + rule.quiet + 0.05


def test_a_screen_that_is_never_still_ends_at_the_cap_and_says_so() -> None:
    rule = SettleRule(cap=1.5)
    settled = Screenplay(lambda seconds: slide(seconds, until=99, per_second=50)).settle(rule)
    assert not settled.stable
    assert rule.cap <= settled.seconds < rule.cap + 0.03
    assert settled.frames > 50


def test_a_screen_that_is_still_at_the_cap_is_stable() -> None:
    settled = Screenplay(lambda _: BLANK).settle(SettleRule(floor=1.0, cap=1.0))
    assert settled.stable


def test_noise_of_compression_is_no_movement() -> None:
    def play(seconds: float) -> Frame:
        level = 100 + int(seconds * 100) % (NOISE_LEVELS + 1)
        return Frame(BLANK.size, bytes([level]) * len(BLANK.pixels))

    assert Screenplay(play).settle().stable


def test_a_slow_change_of_colour_counts_once_it_has_added_up() -> None:
    def play(seconds: float) -> Frame:
        return Frame(BLANK.size, bytes([int(100 * min(seconds, 1.0))]) * len(BLANK.pixels))

    settled = Screenplay(play).settle(SettleRule(quiet=0.12))
    assert settled.stable
    assert settled.seconds > 0.9


def test_a_screen_that_turns_moves() -> None:
    def play(seconds: float) -> Frame:
        image = BLANK.image() if seconds < 0.45 else BLANK.image().rotate(90, expand=True)
        return Frame.from_image(image)

    assert Screenplay(play).settle(SettleRule(floor=0.48)).seconds >= 0.45 + SettleRule().quiet


def test_the_stop_signal_ends_it() -> None:
    stop = Stop()

    def play(seconds: float) -> Frame:
        if seconds > 0.3:
            stop.set("enough")
        return slide(seconds, until=99, per_second=50)

    screenplay = Screenplay(play)
    with pytest.raises(Stopped, match="enough"):
        screenplay.settle(stop=stop)
    assert screenplay.now - 1000 < 0.35


def test_without_a_clock_of_its_own_it_waits_in_real_time_and_hears_the_stop() -> None:
    stop = Stop(seconds=0.15)
    moving = iter(range(10_000))
    with pytest.raises(Stopped):
        settle(lambda: painted((next(moving) % 50 * 6, 50, 60, 60)), stop)
    assert stop.timed_out


def test_a_look_that_takes_longer_than_the_quiet_does_not_hide_the_stop() -> None:
    stop = Stop()
    screenplay = Screenplay(lambda _: BLANK)

    def slow() -> Frame:
        screenplay.sleep(1)
        stop.set("meanwhile")
        return screenplay.grab()

    with pytest.raises(Stopped, match="meanwhile"):
        settle(slow, stop, SettleRule(floor=0), clock=screenplay.clock, sleep=screenplay.sleep)


def test_an_error_of_the_look_goes_through() -> None:
    def grab() -> Frame:
        raise OSError("no screen")

    with pytest.raises(OSError, match="no screen"):
        settle(grab, Stop())


def test_changed_pixels_are_counted() -> None:
    assert changed_pixels(BLANK, BLANK) == 0
    assert changed_pixels(BLANK, Frame(BLANK.size, BLANK.pixels)) == 0
    assert changed_pixels(BLANK, painted((0, 0, 7, 5))) == 35
    assert changed_pixels(painted((0, 0, 1, 1)), painted((399, 299, 1, 1))) == 2
    other = Frame.from_image(Image.new("RGB", (20, 10)))
    assert changed_pixels(BLANK, other) == 200
    assert changed_pixels(other, BLANK) == WIDTH * HEIGHT


@pytest.mark.parametrize("channel", range(3))
def test_a_change_of_one_channel_is_a_change(channel: int) -> None:
    pixels = bytearray(BLANK.pixels)
    pixels[channel] -= NOISE_LEVELS
    assert changed_pixels(BLANK, Frame(BLANK.size, bytes(pixels))) == 0
    pixels[channel] -= 1
    assert changed_pixels(BLANK, Frame(BLANK.size, bytes(pixels))) == 1


def test_frames_are_a_caret_apart_when_no_more_than_three_columns_differ() -> None:
    assert caret_apart(BLANK, BLANK)
    assert caret_apart(BLANK, painted((50, 20, 3, 200)))
    assert not caret_apart(BLANK, painted((50, 20, 4, 1)))
    assert not caret_apart(BLANK, painted((50, 20, 1, 1), (60, 20, 1, 1)))
    assert not caret_apart(BLANK, Frame.from_image(Image.new("RGB", (20, 10))))
