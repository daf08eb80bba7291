"""The phone's state as data: tables that count, settings by name, clocks, what fields remember."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.phone.clock import RealClock, VirtualClock
from environments.phone.screen.memory import MAX_TEXT, Field, Memory, following, previous
from environments.phone.state import Contact, Note, State, Table, new_id

TEXT = st.text(st.sampled_from("aé\u0301👍\U0001f3fd\u200d👩你\n"), max_size=12)


class TestTable:
    def test_it_is_a_dictionary(self) -> None:
        table = Table({1: "a"})
        table[2] = "b"
        assert table == {1: "a", 2: "b"}
        assert table.pop(1) == "a"
        assert list(table) == [2]
        assert len(table) == 1
        assert "2: 'b'" in repr(table)
        with pytest.raises(KeyError):
            del table[1]

    @pytest.mark.parametrize(
        "change",
        [
            lambda table: table.__setitem__(3, "x"),
            lambda table: table.update({1: "x"}),
            lambda table: table.pop(1),
            lambda table: table.clear(),
            lambda table: table.setdefault(9, "x"),
            lambda table: table.popitem(),
        ],
    )
    def test_every_change_counts(self, change: object) -> None:
        table = Table({1: "a", 2: "b"})
        before = table.revision
        change(table)  # type: ignore[operator]
        assert table.revision > before

    def test_reading_does_not_count(self) -> None:
        table = Table({1: "a"})
        assert table.get(1) == "a"
        assert dict(table) == {1: "a"}
        assert table.revision == 0

    def test_new_ids_are_new(self) -> None:
        assert new_id(Table({})) == 1
        assert new_id(Table({3: "a", 1: "b"})) == 4


class TestState:
    @pytest.mark.parametrize(
        "change",
        [
            lambda state: state.contacts.__setitem__(99, Contact("x")),
            lambda state: state.notes.pop(1),
            lambda state: setattr(state.settings, "dark_theme", True),
            lambda state: state.settings.put("global", "anything", "1"),
            lambda state: setattr(state, "battery", 12),
            lambda state: setattr(state, "clipboard", "x"),
            lambda state: state.reset(),
            lambda state: state.reset(9),
        ],
    )
    def test_every_change_raises_the_revision(self, change: object) -> None:
        state = State(1)
        for _ in range(3):
            before = state.revision
            change(state) if before else None  # type: ignore[operator]
            state.notes[1] = Note("again")
            assert state.revision > before

    def test_a_reset_keeps_the_seed_unless_told_another(self) -> None:
        state = State(4)
        contacts = dict(state.contacts)
        state.contacts.clear()
        state.reset()
        assert (state.seed, dict(state.contacts)) == (4, contacts)
        state.reset(5)
        assert state.seed == 5
        assert dict(state.contacts) != contacts


class TestSettings:
    def test_an_attribute_is_the_text_in_the_table(self) -> None:
        settings = State().settings
        settings.dark_theme = True
        settings.brightness = 17
        settings.twelve_hours = True
        settings.font_scale = 1.15
        assert settings.table("secure")["ui_night_mode"] == "2"
        assert settings.table("system")["screen_brightness"] == "17"
        assert settings.table("system")["time_12_24"] == "12"
        assert settings.table("system")["font_scale"] == "1.15"
        settings.put("secure", "ui_night_mode", "1")
        assert not settings.dark_theme

    @pytest.mark.parametrize("text", ["", "abc", "nan", "inf", "-", "1e9", "99999999999999", None])
    def test_nonsense_is_no_error(self, text: str | None) -> None:
        settings = State().settings
        for namespace, name in (("system", "screen_brightness"), ("system", "font_scale"), ("global", "wifi_on")):
            settings.put(namespace, name, text)  # type: ignore[arg-type]
        assert settings.brightness == 0
        assert settings.font_scale == 1.0
        assert not settings.wifi

    def test_none_deletes(self) -> None:
        settings = State().settings
        settings.put("global", "wifi_on", None)
        assert "wifi_on" not in settings.table("global")
        settings.put("global", "never there", None)

    def test_airplane_mode_gives_back_what_it_took(self) -> None:
        settings = State().settings
        settings.bluetooth = False
        settings.airplane_mode = True
        assert (settings.wifi, settings.bluetooth) == (False, False)
        settings.wifi = True  # a person may turn Wi-Fi on in an airplane
        settings.airplane_mode = True
        assert settings.wifi
        settings.airplane_mode = False
        assert (settings.wifi, settings.bluetooth) == (True, False)

    def test_an_unknown_namespace_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            State().settings.put("own", "a", "b")  # type: ignore[arg-type]


class TestField:
    @given(TEXT, TEXT, st.integers(0, 12))
    def test_what_was_inserted_can_be_erased(self, text: str, more: str, caret: int) -> None:
        field = Field(text, min(caret, len(text)))
        field.insert(more)
        assert field.text.replace(more, "", 1) == text or more in text
        assert 0 <= field.caret <= len(field.text)

    @given(TEXT, st.lists(st.sampled_from(["erase", "erase_next", "left", "right"]), max_size=20))
    def test_the_caret_stays_in_the_text(self, text: str, steps: list[str]) -> None:
        field = Field(text, len(text) // 2)
        for step in steps:
            if step in ("left", "right"):
                field.move(-1 if step == "left" else 1)
            else:
                getattr(field, step)()
            assert 0 <= field.caret <= len(field.text)

    @given(TEXT)
    def test_erasing_comes_to_an_end(self, text: str) -> None:
        field = Field(text, len(text))
        for _ in range(len(text)):
            field.erase()
        assert field.text == ""

    def test_a_character_is_what_a_person_takes_for_one(self) -> None:
        family = "👩\u200d👩\u200d👧"
        assert previous("a" + family, 1 + len(family)) == 1
        assert following("e\u0301x", 0) == 2
        assert following("", 0) == 0
        assert previous("abc", 0) == 0

    def test_it_is_never_too_long(self) -> None:
        field = Field()
        field.insert("x" * (MAX_TEXT + 5))
        field.insert("y")
        assert field.text == "x" * MAX_TEXT
        field.replace("z" * (2 * MAX_TEXT))
        assert len(field.text) == field.caret == MAX_TEXT

    def test_a_field_begins_with_its_text_once(self) -> None:
        memory = Memory()
        memory.field("name", "Ada").insert("!")
        assert memory.field("name", "other").text == "Ada!"


class TestClocks:
    def test_a_virtual_clock_stands_until_someone_sleeps(self) -> None:
        clock = VirtualClock(wall=1000.0)
        assert (clock.now(), clock.wall()) == (0.0, 1000.0)
        clock.sleep(1.5)
        clock.sleep(-3)
        assert (clock.now(), clock.wall()) == (1.5, 1001.5)

    def test_a_real_clock_goes_on(self) -> None:
        clock = RealClock()
        before = clock.now()
        clock.sleep(0.01)
        clock.sleep(-1)
        assert clock.now() - before >= 0.01
        assert clock.wall() > 1.7e9
