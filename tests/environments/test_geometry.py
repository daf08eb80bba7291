"""Coordinates: every size from 1 to 8192, four rotations, any scale and origin."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from environments.geometry import (
    GRID,
    Box,
    Point,
    Screen,
    Size,
    from_grid,
    from_input,
    inside,
    rotate,
    rotated_size,
    to_grid,
    to_input,
)

LENGTHS = st.integers(1, 8192)
SIZES = st.builds(Size, LENGTHS, LENGTHS)
TURNS = st.integers(0, 3)
GRIDS = st.sampled_from([1000, 999, 1, 100, 1024, 10_000])


@st.composite
def pixels(draw: st.DrawFn) -> tuple[int, int]:
    """A length and one of its pixels."""
    length = draw(LENGTHS)
    return draw(st.integers(0, length - 1)), length


@st.composite
def points(draw: st.DrawFn, sizes: st.SearchStrategy[Size] = SIZES) -> tuple[Point, Size]:
    """A size and one of its points."""
    size = draw(sizes)
    return Point(draw(st.integers(0, size.width - 1)), draw(st.integers(0, size.height - 1))), size


SCREENS = st.builds(Screen, st.integers(-8192, 8192), st.integers(-8192, 8192), LENGTHS, LENGTHS)


def test_the_ends_of_the_grid_are_the_first_and_the_last_pixel_of_every_length() -> None:
    for length in range(1, 8193):
        assert from_grid(0, length) == 0
        assert from_grid(GRID, length) == length - 1
        assert to_grid(0, length) == 0
        assert to_grid(length - 1, length) == (GRID if length > 1 else 0)


@given(st.integers(0, GRID), LENGTHS)
def test_a_grid_coordinate_lands_on_the_nearest_pixel(value: int, length: int) -> None:
    pixel = from_grid(value, length)
    assert 0 <= pixel < length
    assert abs(pixel - Fraction(value * (length - 1), GRID)) <= Fraction(1, 2)


@given(pixels())
def test_a_pixel_lands_on_the_nearest_grid_coordinate(case: tuple[int, int]) -> None:
    pixel, length = case
    value = to_grid(pixel, length)
    assert 0 <= value <= GRID
    if length > 1:
        assert abs(value - Fraction(pixel * GRID, length - 1)) <= Fraction(1, 2)


@given(pixels(), GRIDS)
def test_from_grid_inverts_to_grid_within_half_a_grid_step(case: tuple[int, int], grid: int) -> None:
    pixel, length = case
    back = from_grid(to_grid(pixel, length, grid), length, grid)
    if length <= grid + 1:
        assert back == pixel
    else:
        assert abs(back - pixel) <= math.ceil(Fraction(length - 1, 2 * grid))


@given(st.integers(0, GRID), st.integers(GRID + 1, 8192))
def test_to_grid_inverts_from_grid_where_there_are_pixels_enough(value: int, length: int) -> None:
    assert to_grid(from_grid(value, length), length) == value


@given(st.integers(0, GRID - 1), LENGTHS)
def test_the_grid_keeps_the_order(value: int, length: int) -> None:
    assert from_grid(value, length) <= from_grid(value + 1, length)


@given(st.one_of(st.integers(max_value=-1), st.integers(min_value=GRID + 1)), LENGTHS)
def test_a_coordinate_beyond_the_grid_is_refused_and_never_clamped(value: int, length: int) -> None:
    with pytest.raises(ValueError, match=r"is not between 0 and 1000$"):
        from_grid(value, length)


@given(LENGTHS, st.integers(0, 10_000))
def test_a_pixel_beyond_the_edge_is_refused(length: int, beyond: int) -> None:
    for pixel in (length + beyond, -1 - beyond):
        with pytest.raises(ValueError, match=f"is not between 0 and {length - 1}$"):
            to_grid(pixel, length)


@given(points(), st.integers(-8192, 8192), st.integers(-8192, 8192), st.integers(1, 4))
def test_a_whole_scale_factor_hits_the_middle_and_comes_back(
    case: tuple[Point, Size], left: int, top: int, factor: int
) -> None:
    point, size = case
    screen = Screen(left, top, size.width * factor, size.height * factor)
    sent = to_input(point, size, screen)
    assert sent == Point(left + point.x * factor + factor // 2, top + point.y * factor + factor // 2)
    assert from_input(sent, size, screen) == point


@given(points(), SCREENS)
def test_input_stays_on_the_screen_whatever_its_scale_and_origin(case: tuple[Point, Size], screen: Screen) -> None:
    point, size = case
    sent = to_input(point, size, screen)
    assert screen.left <= sent.x < screen.left + screen.width
    assert screen.top <= sent.y < screen.top + screen.height
    assert inside(from_input(sent, size, screen), size)


@given(points(), SCREENS)
def test_the_way_to_input_and_back_is_off_by_less_than_one_input_unit(case: tuple[Point, Size], screen: Screen) -> None:
    point, size = case
    back = from_input(to_input(point, size, screen), size, screen)
    for value, original, length, units in (
        (back.x, point.x, size.width, screen.width),
        (back.y, point.y, size.height, screen.height),
    ):
        if units >= length:  # input as fine as the screenshot: nothing is lost
            assert value == original
        else:
            assert abs(value - original) <= math.ceil(Fraction(length, 2 * units))


@given(SIZES, SCREENS, st.data())
def test_the_way_from_input_and_back_is_exact_where_the_screenshot_is_as_fine(
    size: Size, screen: Screen, data: st.DataObject
) -> None:
    size = Size(max(size.width, screen.width), max(size.height, screen.height))
    unit = Point(
        screen.left + data.draw(st.integers(0, screen.width - 1)),
        screen.top + data.draw(st.integers(0, screen.height - 1)),
    )
    assert to_input(from_input(unit, size, screen), size, screen) == unit


def test_a_monitor_to_the_left_of_the_first_has_negative_input_units() -> None:
    union = Screen(-1920, -200, 1920 + 1280, 1280)
    size = Size(3200, 1280)
    assert to_input(Point(0, 0), size, union) == Point(-1920, -200)
    assert to_input(Point(1920, 200), size, union) == Point(0, 0)
    assert from_input(Point(-1, -1), size, union) == Point(1919, 199)


@given(points(), TURNS)
def test_a_rotated_point_stays_inside_and_comes_back(case: tuple[Point, Size], turns: int) -> None:
    point, size = case
    turned, turned_size = rotate(point, size, turns), rotated_size(size, turns)
    assert inside(turned, turned_size)
    assert rotate(turned, turned_size, 4 - turns) == point
    assert rotated_size(turned_size, 4 - turns) == size


@given(points(), st.integers(-9, 9))
def test_quarter_turns_add_up_and_four_are_none(case: tuple[Point, Size], turns: int) -> None:
    point, size = case
    assert rotate(point, size, turns) == rotate(point, size, turns + 4)
    stepwise, stepwise_size = point, size
    for _ in range(turns % 4):
        stepwise, stepwise_size = rotate(stepwise, stepwise_size, 1), rotated_size(stepwise_size, 1)
    assert (stepwise, stepwise_size) == (rotate(point, size, turns), rotated_size(size, turns))


@given(points(st.builds(Size, st.integers(1, 40), st.integers(1, 40))), TURNS)
def test_a_quarter_turn_is_clockwise_as_seen_in_a_real_image(case: tuple[Point, Size], turns: int) -> None:
    point, size = case
    image = Image.new("L", size)
    image.putpixel(point, 255)
    turned = image.rotate(-90 * turns, expand=True)  # Pillow turns the other way round
    assert turned.size == rotated_size(size, turns)
    assert turned.getpixel(rotate(point, size, turns)) == 255


@given(points())
def test_inside_is_exactly_the_pixels_that_there_are(case: tuple[Point, Size]) -> None:
    point, size = case
    assert inside(point, size)
    assert not inside(Point(size.width, point.y), size)
    assert not inside(Point(point.x, size.height), size)
    assert not inside(Point(-1, point.y), size)
    assert not inside(Point(point.x, -1), size)


@given(points(), st.integers(1, 500), st.integers(1, 500))
def test_the_middle_of_a_box_lies_in_it(case: tuple[Point, Size], width: int, height: int) -> None:
    point, _ = case
    box = Box(point.x, point.y, point.x + width, point.y + height)
    assert box.left <= box.center.x < box.right
    assert box.top <= box.center.y < box.bottom
