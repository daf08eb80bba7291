"""Painting: what is painted again, and that it makes no difference to the pixels."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.geometry import Box, Size
from environments.phone.screen.fonts import Style
from environments.phone.screen.icons import DRAWINGS, corner_mask, icon_mask
from environments.phone.screen.paint import Fill, Glyphs, Mark, Painter, Sign, changed_regions, overlap, shift
from environments.phone.screen.widgets import line_mark

SIZE = Size(96, 80)
WHOLE = Box(0, 0, *SIZE)
GROUND = Fill(WHOLE, (250, 250, 250), 0, WHOLE)
COLOURS = st.sampled_from([(255, 0, 0), (0, 128, 0), (0, 0, 255)])


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, top = draw(st.integers(0, 80)), draw(st.integers(0, 64))
    return Box(left, top, left + draw(st.integers(1, 60)), top + draw(st.integers(1, 50)))


@st.composite
def marks(draw: st.DrawFn) -> Mark:
    box, colour = draw(boxes()), draw(COLOURS)
    clip = overlap(box, draw(boxes())) or box
    kind = draw(st.sampled_from(["fill", "shade", "text", "icon"]))
    if kind == "fill":
        return Fill(box, colour, draw(st.integers(0, 30)), clip)
    if kind == "shade":
        return Fill(box, colour, 0, clip, alpha=100)
    if kind == "text":
        return line_mark(draw(st.sampled_from(["Ag", "Éj", "你"])), Style(16), colour, box.left, box.top)
    side = min(box.right - box.left, box.bottom - box.top)
    square = Box(box.left, box.top, box.left + side, box.top + side)
    return Sign(square, "gear", colour, overlap(square, clip) or square)


@settings(max_examples=150)
@given(st.lists(st.lists(marks(), max_size=6), min_size=2, max_size=4))
def test_painting_the_difference_equals_painting_anew(scenes: list[list[Mark]]) -> None:
    painter = Painter()
    for scene in scenes:
        image = painter.paint([GROUND, *scene], SIZE)
        assert image.tobytes() == Painter().paint([GROUND, *scene], SIZE).tobytes()


@given(marks())
def test_a_mark_paints_within_its_clip(mark: Mark) -> None:
    before = Painter().paint([GROUND], SIZE)
    after = Painter().paint([GROUND, mark], SIZE)
    for x in range(0, SIZE.width, 3):
        for y in range(0, SIZE.height, 3):
            if not (mark.clip.left <= x < mark.clip.right and mark.clip.top <= y < mark.clip.bottom):
                assert after.getpixel((x, y)) == before.getpixel((x, y))


class TestRegions:
    ONE = Fill(Box(0, 0, 10, 10), (1, 1, 1), 0, Box(0, 0, 10, 10))
    TWO = Fill(Box(40, 40, 50, 50), (1, 1, 1), 0, Box(40, 40, 50, 50))

    def test_nothing_changed(self) -> None:
        assert changed_regions([GROUND, self.ONE], [GROUND, self.ONE], WHOLE) == []

    def test_apart(self) -> None:
        regions = changed_regions([GROUND], [GROUND, self.ONE, self.TWO], WHOLE)
        assert set(regions) == {self.ONE.box, self.TWO.box}

    def test_what_overlaps_is_joined(self) -> None:
        bridge = Fill(Box(5, 5, 45, 45), (2, 2, 2), 0, Box(5, 5, 45, 45))
        assert changed_regions([GROUND], [GROUND, self.ONE, self.TWO, bridge], WHOLE) == [Box(0, 0, 50, 50)]

    def test_another_order_is_painted_anew(self) -> None:
        assert changed_regions([GROUND, self.ONE, self.TWO], [GROUND, self.TWO, self.ONE], WHOLE) == [WHOLE]

    def test_a_twice_painted_mark_is_not_forgotten(self) -> None:
        assert changed_regions([GROUND, self.ONE], [GROUND, self.ONE, self.ONE], WHOLE) == [WHOLE]

    def test_what_lies_outside_does_not_count(self) -> None:
        outside = Fill(Box(500, 0, 510, 10), (1, 1, 1), 0, Box(500, 0, 510, 10))
        assert changed_regions([GROUND], [GROUND, outside], WHOLE) == []

    def test_many_are_joined_into_one(self) -> None:
        dots = [Fill(Box(x, 0, x + 2, 2), (1, 1, 1), 0, Box(x, 0, x + 2, 2)) for x in range(0, 60, 4)]
        assert changed_regions([GROUND], [GROUND, *dots], WHOLE) == [Box(0, 0, 58, 2)]


def test_shift_moves_and_cuts() -> None:
    moved = shift([TestRegions.ONE, TestRegions.TWO], 5, 3, Box(0, 0, 12, 80))
    assert [(mark.box, mark.clip) for mark in moved] == [((5, 3, 15, 13), (5, 3, 12, 13))]


def test_a_round_corner_is_round() -> None:
    box = Box(0, 0, 40, 40)
    image = Painter().paint([GROUND, Fill(box, (255, 0, 0), 20, box)], SIZE)
    assert image.getpixel((0, 0)) == (250, 250, 250)
    assert image.getpixel((20, 1)) == (255, 0, 0)
    assert image.getpixel((20, 20)) == (255, 0, 0)
    inked = sum(image.getpixel((x, y)) == (255, 0, 0) for x in range(40) for y in range(40))
    assert abs(inked - 3.1416 * 400) < 80


@pytest.mark.parametrize("name", sorted(DRAWINGS))
@pytest.mark.parametrize("size", [8, 24, 63])
def test_every_icon_has_ink_and_fits(name: str, size: int) -> None:
    mask = icon_mask(name, size)
    assert mask.size == (size, size)
    ink = sum(mask.histogram()[128:])
    assert 0.02 * size * size < ink < 0.8 * size * size


def test_unknown_icons_are_an_error() -> None:
    with pytest.raises(KeyError):
        icon_mask("unheard of", 24)


def test_the_corner_has_an_empty_and_a_full_end() -> None:
    mask = corner_mask(12)
    assert mask.getpixel((0, 0)) == 0
    assert mask.getpixel((11, 11)) == 255


def test_text_is_painted_where_it_says() -> None:
    mark = line_mark("Hg", Style(40), (255, 0, 0), 10, 20)
    assert isinstance(mark, Glyphs)
    image = Painter().paint([GROUND, mark], SIZE)
    inked = [(x, y) for x in range(SIZE.width) for y in range(SIZE.height) if image.getpixel((x, y)) == (255, 0, 0)]
    assert min(x for x, _ in inked) >= mark.box.left
    assert max(x for x, _ in inked) < mark.box.right
    assert min(y for _, y in inked) >= mark.box.top
    assert max(y for _, y in inked) < mark.box.bottom
