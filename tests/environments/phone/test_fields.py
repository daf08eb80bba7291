"""A text field on the screen: the caret's place, long text, secrets, hints, and the field below the keyboard."""

from dataclasses import replace

import pytest

from environments.geometry import Box
from environments.phone.screen import Card, Column, List, Space, TextField
from environments.phone.screen import text as texts
from environments.phone.screen.memory import Memory
from environments.phone.screen.paint import Fill, Glyphs
from environments.phone.screen.placed import Entry, Metrics, Placed

BOX = Box(0, 0, 600, 144)
M = Metrics(2.0, package="com.example", caret=True)


def with_text(text: str, caret: int | None = None, focus: str = "field") -> Metrics:
    """A page whose field holds the text, with the focus on it."""
    memory = Memory(focus=focus)
    field = memory.field("field", text)
    field.caret = len(text) if caret is None else caret
    return replace(M, memory=memory)


def lines(placed: Placed) -> list[str]:
    return [mark.text for mark in placed.marks if isinstance(mark, Glyphs)]


def carets(placed: Placed, m: Metrics) -> list[Box]:
    """The marks that look like a caret: narrow, high, in the accent."""
    return [
        mark.box for mark in placed.marks
        if isinstance(mark, Fill) and mark.colour == m.theme.accent and mark.box.right - mark.box.left <= m.px(2)
    ]  # fmt: skip


def entry(placed: Placed) -> Entry:
    assert placed.entry is not None
    return placed.entry


def test_the_caret_stands_behind_the_text() -> None:
    m = with_text("Hello")
    placed = TextField("field").place(BOX, m)
    (caret,) = carets(placed, m)
    assert caret == entry(placed).caret
    text = next(mark for mark in placed.marks if isinstance(mark, Glyphs))
    assert abs(caret.left - text.box.right) <= m.px(2)
    assert caret.top == text.box.top


@pytest.mark.parametrize("place", range(6))
def test_the_caret_stands_where_a_touch_put_it(place: int) -> None:
    m = with_text("Hello", place)
    at = entry(TextField("field").place(BOX, m))
    assert at.caret_at(at.caret.left + 1, at.caret.center.y) == place


def test_no_caret_without_the_focus_or_between_blinks() -> None:
    m = with_text("Hello", focus="another")
    assert carets(TextField("field").place(BOX, m), m) == []
    m = replace(with_text("Hello"), caret=False)
    assert carets(TextField("field").place(BOX, m), m) == []


def test_a_focused_field_is_underlined() -> None:
    with_focus, without = (TextField("field").place(BOX, with_text("", focus=name)) for name in ("field", "x"))
    assert len(with_focus.marks) > len(without.marks)


def test_the_hint_stands_only_in_an_empty_field() -> None:
    field = TextField("field", "Your name")
    assert lines(field.place(BOX, with_text(""))) == ["Your name"]
    assert lines(field.place(BOX, with_text("Ada"))) == ["Ada"]


def test_a_password_is_never_on_the_screen_or_in_the_tree() -> None:
    m = with_text("s3cret")
    placed = TextField("field", password=True).place(BOX, m)
    assert lines(placed) == ["••••••"]
    assert placed.node is not None
    assert placed.node.text == "••••••"
    assert placed.node.password
    assert "s3cret" not in repr(placed.node)
    assert m.memory.fields["field"].text == "s3cret"


@pytest.mark.parametrize("caret", [0, 40, 79, 80])
def test_of_a_long_line_the_part_at_the_caret_is_shown(caret: int) -> None:
    text = "".join(chr(65 + number % 26) for number in range(80))
    m = with_text(text, caret)
    placed = TextField("field").place(BOX, m)
    (shown,) = (mark for mark in placed.marks if isinstance(mark, Glyphs))
    (box,) = carets(placed, m)
    assert shown.text in text
    assert placed.box.left <= box.left < box.right <= placed.box.right
    for mark in placed.marks:
        assert placed.box.left <= mark.clip.left < mark.clip.right <= placed.box.right
    assert placed.node is not None
    assert placed.node.text == text


def test_a_note_has_a_line_for_each_line() -> None:
    m = with_text("one\ntwo\n\nfour")
    field = TextField("field", lines=2)
    placed = field.place(Box(0, 0, 600, field.height(600, m)), m)
    assert lines(placed) == ["one", "two", "four"]
    tops = [mark.box.top for mark in placed.marks if isinstance(mark, Glyphs)]
    step = texts.line_height(m.style(16))
    assert [top - tops[0] for top in tops] == [0, step, 3 * step]


def test_a_note_grows_with_its_text() -> None:
    field = TextField("field", lines=3)
    assert field.height(600, with_text("a")) == field.height(600, with_text("a\nb\nc"))
    assert field.height(600, with_text("a\nb\nc\nd\ne")) > field.height(600, with_text("a\nb\nc"))
    assert field.height(600, with_text("word " * 100)) > field.height(1200, with_text("word " * 100))


@pytest.mark.parametrize(("caret", "row"), [(0, 0), (3, 0), (4, 1), (7, 1), (8, 2), (9, 3), (13, 3)])
def test_the_caret_is_in_its_line(caret: int, row: int) -> None:
    m = with_text("one\ntwo\n\nfour", caret)
    field = TextField("field", lines=2)
    first = entry(field.place(Box(0, 0, 600, 600), with_text("one\ntwo\n\nfour", 0))).caret.top
    at = entry(field.place(Box(0, 0, 600, 600), m)).caret
    assert (at.top - first) / texts.line_height(m.style(16)) == row


def test_a_touch_below_the_text_is_at_its_last_line() -> None:
    at = entry(TextField("field", lines=2).place(Box(0, 0, 600, 600), with_text("one\ntwo")))
    assert at.caret_at(10_000, 10_000) == 7
    assert at.caret_at(-50, -50) == 0


class TestReveal:
    """A list scrolls to the field with the focus."""

    ROOM = Box(0, 0, 600, 300)

    @pytest.mark.parametrize(
        "widget",
        [
            TextField("field"),
            Column((Space(300), TextField("field"))),
            Card(TextField("field")),
            Card(Column((TextField("other"), TextField("field")))),
        ],
        ids=["itself", "in a column", "in a card", "in a column in a card"],
    )
    def test_wherever_it_is(self, widget: TextField | Column | Card) -> None:
        m = with_text("text")
        m.memory.reveal = True
        placed = List((Space(400), widget, Space(400))).place(self.ROOM, m)
        found = [part for part in placed.walk() if part.entry and part.entry.id == "field"]
        assert len(found) == 1
        caret = entry(found[0]).caret
        assert self.ROOM.top <= caret.top < caret.bottom <= self.ROOM.bottom

    def test_only_when_asked_to(self) -> None:
        m = with_text("text")
        placed = List((Space(400), TextField("field"))).place(self.ROOM, m)
        assert m.memory.scrolls == {"android:id/list": 0}
        assert [part for part in placed.walk() if part.entry] == []

    def test_a_list_without_the_field_stays(self) -> None:
        m = with_text("text", focus="elsewhere")
        m.memory.reveal = True
        m.memory.scrolls["android:id/list"] = 70
        List((Space(400), TextField("field"))).place(self.ROOM, m)
        assert m.memory.scrolls["android:id/list"] == 70

    def test_a_field_out_of_sight_is_known_all_the_same(self) -> None:
        m = replace(M, memory=Memory())
        List((Space(900), TextField("far", text="kept"))).place(self.ROOM, m)
        assert m.memory.fields["far"].text == "kept"
