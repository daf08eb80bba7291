"""Fingers and keyboards: taps, presses, scrolling, typing."""

import pytest

from environments.geometry import Size
from environments.phone.device import Node
from tests.environments.phone.hands import Hands, pick_up

SLOP_PX = 21  # 8 dp at 420 dots per inch


@pytest.fixture
def hands() -> Hands:
    hands = pick_up()
    hands.launch("Contacts")
    return hands


def first_row(hands: Hands) -> Node:
    return hands.find(id="contact_row")


class TestScrolling:
    def test_the_content_follows_the_finger_less_the_slop(self, hands: Hands) -> None:
        before = first_row(hands).bounds.top
        hands.world.touch("down", 500, 1500)
        hands.world.touch("move", 500, 1500 - SLOP_PX - 40)
        hands.world.touch("move", 500, 1500 - SLOP_PX - 100)
        assert before - first_row(hands).bounds.top == 100
        hands.world.touch("move", 500, 1500 - SLOP_PX - 30)
        assert before - first_row(hands).bounds.top == 30
        hands.world.touch("up", 500, 1500 - SLOP_PX - 30)
        hands.wait(2)
        assert before - first_row(hands).bounds.top == 30

    def test_a_finger_that_hardly_moves_taps(self, hands: Hands) -> None:
        x, y = first_row(hands).bounds.center
        hands.world.touch("down", x, y)
        hands.world.touch("move", x, y + SLOP_PX - 2)
        hands.world.touch("up", x, y + SLOP_PX - 2)
        hands.wait()
        assert hands.sees(id="large_title")

    def test_a_finger_that_scrolled_does_not_tap(self, hands: Hands) -> None:
        x, y = first_row(hands).bounds.center
        hands.swipe(x, y, x, y - 60)
        assert not hands.sees(id="large_title")

    def test_a_finger_that_comes_back_does_not_tap_either(self, hands: Hands) -> None:
        x, y = first_row(hands).bounds.center
        for action, way in (("down", 0), ("move", 200), ("move", 0), ("up", 0)):
            hands.world.touch(action, x, y + way)  # type: ignore[arg-type]
        assert not hands.sees(id="large_title")

    def test_a_cancelled_touch_does_nothing(self, hands: Hands) -> None:
        x, y = first_row(hands).bounds.center
        for action in ("down", "cancel", "up"):
            hands.world.touch(action, x, y)  # type: ignore[arg-type]
        hands.wait()
        assert not hands.sees(id="large_title")

    def test_a_move_and_an_up_without_a_finger_do_nothing(self, hands: Hands) -> None:
        before = hands.world.screenshot().hash
        hands.world.touch("move", 500, 500)
        hands.world.touch("up", *first_row(hands).bounds.center)
        hands.wait()
        assert hands.world.screenshot().hash == before

    def test_the_ends_hold(self, hands: Hands) -> None:
        top = first_row(hands).bounds.top
        hands.swipe(500, 1000, 500, 2000)
        assert first_row(hands).bounds.top == top
        for _ in range(6):
            hands.scroll_down()
        last = hands.find_all(id="cliv_name_textview")[-1]
        hands.scroll_down()
        assert hands.find_all(id="cliv_name_textview")[-1] == last
        listed = hands.find(scrollable=True).bounds
        button = hands.find(id="floating_action_button").bounds
        assert last.bounds.bottom <= button.top
        assert last.bounds.bottom <= listed.bottom

    def test_what_is_not_to_be_seen_is_not_in_the_tree(self, hands: Hands) -> None:
        listed = hands.find(scrollable=True)
        for node in hands.find_all(id="contact_row"):
            assert listed.bounds.top <= node.bounds.top < node.bounds.bottom <= listed.bounds.bottom
        assert len(hands.find_all(id="contact_row")) < len(hands.world.state.contacts)

    def test_a_list_that_fits_does_not_scroll(self, hands: Hands) -> None:
        hands.launch("Notes")
        assert not hands.find(id="notes").scrollable

    def test_the_place_is_kept_while_a_person_is_looked_at(self, hands: Hands) -> None:
        hands.scroll_down()
        names = [node.text for node in hands.find_all(id="cliv_name_textview")]
        hands.tap(text=names[2])
        hands.back()
        assert [node.text for node in hands.find_all(id="cliv_name_textview")] == names

    def test_float_coordinates(self, hands: Hands) -> None:
        x, y = first_row(hands).bounds.center
        hands.tap_at(x + 0.25, y + 0.75)
        assert hands.sees(id="large_title")

    @pytest.mark.parametrize("point", [(-5, -5), (5000, 100), (100, 5000)])
    def test_a_touch_beside_the_screen_does_nothing(self, hands: Hands, point: tuple[int, int]) -> None:
        before = hands.world.screenshot().hash
        hands.tap_at(*point)
        assert hands.world.screenshot().hash == before


class TestSoftKeyboard:
    def test_it_comes_with_the_focus_and_goes_with_back(self, hands: Hands) -> None:
        assert not hands.world.keyboard_shown
        hands.tap(id="search_view")
        assert hands.world.keyboard_shown
        assert hands.find(id="search_view").focused
        assert hands.sees(package="com.android.inputmethod.latin", text="q")
        hands.back()
        assert not hands.world.keyboard_shown
        assert hands.find(id="search_view").focused
        hands.tap(id="search_view")
        assert hands.world.keyboard_shown

    def test_letters_shift_symbols_and_space(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        hands.type_on_keys("ab ")
        hands.tap(content_desc="Shift")
        hands.type_on_keys("Cd")  # shift holds for one letter
        hands.tap(content_desc="Symbols")
        hands.type_on_keys("7@")
        hands.tap(content_desc="Shift")
        hands.type_on_keys("€")
        hands.tap(content_desc="Symbols")
        hands.type_on_keys("z")
        assert hands.find(id="search_view").text == "ab Cd7@€z"
        hands.tap(content_desc="Delete")
        assert hands.find(id="search_view").text == "ab Cd7@€"

    def test_all_keys_type_what_they_show(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        for layer in ([], ["Symbols"], ["Symbols", "Shift"]):
            for name in layer:
                hands.tap(content_desc=name)
            keys = [
                node.text for node in hands.find_all(package="com.android.inputmethod.latin") if len(node.text) == 1
            ]
            hands.world.clear_text()
            hands.type_on_keys("".join(keys))
            assert hands.find(id="search_view").text == "".join(keys)
            if layer:
                hands.tap(content_desc="Symbols")

    def test_enter_goes_to_the_next_field_and_then_ends(self, hands: Hands) -> None:
        hands.tap(content_desc="Create new contact")
        focused = []
        for _ in range(3):
            focused.append(hands.find(focused=True).resource_id.rpartition("/")[2])
            hands.tap(content_desc="Enter")
        assert focused == ["name", "phone", "email"]
        assert not hands.world.keyboard_shown

    def test_a_phone_number_gets_digits(self, hands: Hands) -> None:
        hands.tap(content_desc="Create new contact")
        assert hands.sees(content_desc="q")
        hands.tap(id="phone")
        assert hands.sees(content_desc="7")
        hands.tap(id="name")
        assert hands.sees(content_desc="q")

    def test_the_page_gives_way(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        top = hands.find(id="keyboard_view").bounds.top
        app = next(node for node in hands.world.hierarchy().children if node.package == "com.android.contacts")
        assert app.bounds.bottom == top

    @pytest.mark.parametrize("size", [Size(320, 480), Size(480, 320), Size(1080, 2400), Size(2400, 1080)])
    def test_the_field_with_the_focus_stays_in_sight(self, size: Size) -> None:
        hands = pick_up(size=size, density=160 if min(size) < 500 else 420)
        hands.world.start("com.android.contacts", ".activities.ContactEditorActivity")
        hands.wait()
        for name in ("name", "phone", "email"):
            field = hands.find(focused=True)
            assert field.resource_id.endswith(name)
            text = field.bounds
            hands.world.commit_text("x")
            assert hands.find(focused=True).text == "x"
            assert text.bottom - text.top > 20 * min(size) / 320
            assert text.bottom <= hands.find(id="keyboard_view").bounds.top
            hands.key(66)

    def test_a_key_press_changes_only_the_field(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        listed = hands.find(id="keyboard_view").bounds
        before = hands.picture(listed)
        hands.type_on_keys("q")
        assert hands.picture(listed) == before


class TestTextFields:
    def test_nothing_is_typed_without_a_field(self, hands: Hands) -> None:
        assert not hands.world.commit_text("x")
        assert not hands.world.clear_text()
        hands.world.type_ascii("x")
        hands.key(29)
        assert not hands.world.keyboard_shown

    def test_an_empty_field_shows_its_hint(self, hands: Hands) -> None:
        assert hands.find(id="search_view").text == "Search contacts"
        hands.tap(id="search_view")
        hands.world.commit_text("a")
        assert hands.find(id="search_view").text == "a"
        hands.world.clear_text()
        assert hands.find(id="search_view").text == "Search contacts"

    def test_the_caret_goes_where_the_text_is_tapped(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        hands.world.commit_text("WWWWWWWWWW")
        box = hands.find(id="search_view").bounds
        hands.tap_at(box.left + 140, box.center.y)
        hands.world.commit_text("i")
        assert hands.find(id="search_view").text == "iWWWWWWWWWW"
        hands.tap_at(box.right - 10, box.center.y)
        hands.world.commit_text("i")
        assert hands.find(id="search_view").text == "iWWWWWWWWWWi"

    def test_keys_move_the_caret_and_erase(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        hands.world.commit_text("abc")
        for code, expected in ((21, "abc"), (67, "ac"), (122, "ac"), (112, "c"), (30, "bc"), (123, "bc"), (31, "bcc"),
                               (62, "bcc "), (7, "bcc 0"), (77, "bcc 0@")):  # fmt: skip
            hands.key(code)
            assert hands.find(id="search_view").text == expected

    @pytest.mark.parametrize("text", ["é", "e\u0301", "👍🏽", "👩\u200d👩\u200d👧", "你", "🇵🇱"[:1]])
    def test_erasing_takes_what_a_person_calls_a_character(self, hands: Hands, text: str) -> None:
        hands.tap(id="search_view")
        hands.world.commit_text("a" + text)
        hands.key(67)
        assert hands.find(id="search_view").text == "a"

    def test_the_clipboard_is_pasted(self, hands: Hands) -> None:
        hands.world.set_clipboard("Σ wörld")
        hands.tap(id="search_view")
        hands.key(279)
        assert hands.find(id="search_view").text == "Σ wörld"

    def test_a_new_line_is_a_space_in_a_field_of_one_line(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        hands.world.commit_text("a\nb")
        assert hands.find(id="search_view").text == "a b"

    def test_enter_is_a_new_line_in_a_note(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.tap(content_desc="New note")
        hands.tap(id="text")
        hands.type_on_keys("a")
        hands.tap(content_desc="Enter")
        hands.key(30)
        hands.key(66)
        hands.world.type_ascii("c")
        assert hands.find(id="text").text == "a\nb\nc"

    def test_a_long_note_scrolls_with_the_caret(self, hands: Hands) -> None:
        hands.launch("Notes")
        hands.tap(content_desc="New note")
        hands.tap(id="text")
        hands.world.commit_text("\n".join(f"line {number}" for number in range(200)))
        assert not hands.sees(id="title")
        keyboard = hands.find(id="keyboard_view").bounds
        field = hands.find(id="text").bounds
        assert field.bottom <= keyboard.top
        before = hands.picture(field)
        hands.world.commit_text("!")
        assert hands.picture(field) != before

    @pytest.mark.parametrize("text", ["x" * 3000, "你好" * 1500, "word " * 800, "\u0301" * 200, "a\tb\u200fc\ufeff"])
    def test_long_and_odd_text_arrives_whole(self, hands: Hands, text: str) -> None:
        hands.tap(id="search_view")
        assert hands.world.commit_text(text)
        assert hands.find(id="search_view").text == text
        hands.world.screenshot()

    def test_more_than_a_field_holds_is_cut(self, hands: Hands) -> None:
        hands.tap(id="search_view")
        hands.world.commit_text("x" * 150_000)
        assert len(hands.find(id="search_view").text) == 100_000

    def test_volume_keys(self, hands: Hands) -> None:
        before = hands.world.state.settings.media_volume
        hands.key(24)
        hands.key(24)
        hands.key(25)
        assert hands.world.state.settings.media_volume == before + 1
