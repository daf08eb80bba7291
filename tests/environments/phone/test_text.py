"""Fonts and text: which characters can be drawn, how wide text is, and where it breaks."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.phone.screen import text as texts
from environments.phone.screen.fonts import Style, coverage, faces, missing_glyphs, runs

STYLE = Style(30)
WORDS = st.text(st.sampled_from("ab Zé李你 \n,.\u0301م"), max_size=60)


class TestFonts:
    def test_ascii_can_always_be_drawn(self) -> None:
        assert missing_glyphs("".join(map(chr, range(32, 127)))) == ""

    def test_what_no_font_has_is_named(self) -> None:
        assert missing_glyphs("a\U0010fffdb\ue000\ue000c\n") == "\U0010fffd\ue000"

    def test_every_face_covers_what_it_says(self) -> None:
        for face in faces():
            if face.covers("H"):
                assert face.font(40).getmask("H").getbbox() is not None

    def test_bold_is_wider(self) -> None:
        if faces(True)[0].path == faces()[0].path:
            pytest.skip("no bold font is installed")
        assert texts.width("Settings", Style(60, True)) > texts.width("Settings", Style(60))

    def test_runs_cover_the_text_in_order(self) -> None:
        text = "Zoë 李小龙, محمد علي!\ue000"
        pieces = runs(text)
        assert "".join(run.text for run in pieces) == text
        assert pieces[-1].face is None
        assert all(run.face.covers(char) for run in pieces if run.face for char in run.text)

    def test_a_phrase_stays_in_one_run(self) -> None:
        phrase = "محمد علي"
        if missing_glyphs(phrase):
            pytest.skip("no font for Arabic is installed")
        assert [run.text for run in runs(phrase)] == [phrase]

    def test_coverage_of_a_table_of_groups(self) -> None:
        groups = struct.pack(">III", 65, 70, 3) + struct.pack(">III", 0x1F600, 0x1F610, 30)
        table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, 2) + groups
        assert coverage(_font(table)) == ((65, 70), (0x1F600, 0x1F610))

    def test_coverage_of_a_table_of_segments(self) -> None:
        segments = ((65, 70, 10), (0xFFFF, 0xFFFF, 1))
        count = len(segments)
        table = struct.pack(">HHHHHHH", 4, 0, 0, 2 * count, 0, 0, 0)
        table += b"".join(struct.pack(">H", end) for _, end, _ in segments) + b"\0\0"
        table += b"".join(struct.pack(">H", start) for start, _, _ in segments)
        table += b"".join(struct.pack(">H", delta) for _, _, delta in segments) + struct.pack(">HH", 0, 0)
        assert coverage(_font(table)) == ((65, 70),)

    def test_a_file_without_a_character_map_covers_nothing(self) -> None:
        assert coverage(struct.pack(">IHHHH", 0x10000, 0, 0, 0, 0)) == ()


def _font(table: bytes) -> bytes:
    """A font file with nothing but a character map."""
    body = struct.pack(">HHHHI", 0, 1, 3, 10, 12) + table
    return struct.pack(">IHHHH", 0x10000, 1, 0, 0, 0) + struct.pack(">4sIII", b"cmap", 0, 28, len(body)) + body


class TestMeasures:
    def test_width_grows_with_text_and_size(self) -> None:
        assert texts.width("", STYLE) == 0
        assert texts.width("ab", STYLE) > texts.width("a", STYLE)
        assert texts.width("ab", Style(60)) == pytest.approx(2 * texts.width("ab", STYLE), abs=3)

    def test_a_missing_character_is_an_em_wide(self) -> None:
        assert texts.width("\ue000\ue001", STYLE) == 60

    @given(WORDS, st.integers(0, 400))
    def test_fit_fits(self, text: str, room: int) -> None:
        line = texts.fit(text, STYLE, room)
        assert texts.width(line, STYLE) <= room
        assert "\n" not in line
        if line != text.replace("\n", " "):
            assert line.endswith("…") or line == ""

    @given(WORDS, st.integers(40, 400))
    def test_wrapped_lines_hold_all_of_the_text(self, text: str, room: int) -> None:
        lines = texts.wrap(text, STYLE, room)
        assert "".join(line for _, line in lines) == text.replace("\n", "")
        for start, line in lines:
            assert text[start : start + len(line)] == line
            assert len(line) <= 1 or texts.width(line.rstrip(), STYLE) <= room

    def test_lines_end_at_spaces(self) -> None:
        lines = [line for _, line in texts.wrap("one two three four", STYLE, texts.width("three four", STYLE) - 1)]
        assert lines == ["one two ", "three ", "four"]

    def test_a_long_word_is_broken(self) -> None:
        assert len(texts.wrap("x" * 100, STYLE, 200)) > 5

    @given(st.integers(0, 12))
    def test_place_at_finds_the_place(self, place: int) -> None:
        text = "Hello, World"
        assert texts.place_at(text, STYLE, texts.width(text[:place], STYLE)) == place

    @given(WORDS, st.integers(1, 300))
    def test_tail_is_the_longest_end_that_fits(self, text: str, room: int) -> None:
        line = text.replace("\n", " ")
        start = texts.tail(line, STYLE, room)
        assert texts.width(line[start:], STYLE) <= room


class TestMasks:
    @pytest.mark.parametrize("text", ["Agj", "李小龙", "Żółć", "محمد", "\ue000\ue123", "😀"])
    def test_there_is_ink(self, text: str) -> None:
        mask = texts.mask(text, STYLE)
        assert mask.getbbox() is not None
        assert mask.width >= texts.width(text, STYLE)

    def test_accents_are_not_cut(self) -> None:
        for size in (14, 37, 60):
            box = texts.mask("ÄǗỘ", Style(size)).getbbox()
            assert box is not None
            assert box[1] > 0
        below = texts.mask("gjpqyç", Style(60))
        box = below.getbbox()
        assert box is not None
        assert box[3] < below.height

    def test_two_missing_characters_look_different(self) -> None:
        assert texts.mask("\ue000", STYLE).tobytes() != texts.mask("\ue001", STYLE).tobytes()

    def test_the_cache_is_bounded(self) -> None:
        for number in range(400):
            texts.mask(f"a line of text with the number {number}", Style(64))
        held = sum(mask.width * mask.height for mask in texts._masks.values())
        assert held <= texts.CACHE_BYTES
        assert held == texts._bytes

    def test_the_same_text_is_drawn_once(self) -> None:
        assert texts.mask("same", STYLE) is texts.mask("same", STYLE)
