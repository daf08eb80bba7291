"""The walk through accessibility trees, over trees that are given as data and answer as they like."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments.desktop.x11.atspi_walk import _STATES, MAX_ALL_TEXTS, MAX_CHILDREN, MAX_TEXT, ROOT, Node, Walk
from environments.desktop.x11.dbus import Bus, Call

APP = ":1.7"
NULL = (APP, "/org/a11y/atspi/null")
SEEN = ("showing", "visible")


@dataclass
class Thing:
    """An accessible object. `children` are references, or things of the same program."""

    role: Any = "panel"
    name: Any = ""
    states: Sequence[str] = SEEN
    extents: Any = (10, 20, 30, 40)
    text: str | None = None
    children: list[Any] = field(default_factory=list)
    count: int | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    """Answers that differ from what the rest says, by the name of the method or property."""


class Programs:
    """Programs in memory, in the place of a bus: `ask` answers from their things and writes down every question."""

    def __init__(self, *windows: Thing, hung: Sequence[str] = ()) -> None:
        self.things: dict[tuple[str, str], Thing] = {}
        self.asked: list[tuple[tuple[str, str], str, tuple[Any, ...]]] = []
        self.hung = hung
        self.delay = 0.0
        self.add(ROOT, Thing(role="application", states=(), children=list(windows)))

    def add(self, path: str, thing: Thing, program: str = APP) -> None:
        self.things[program, path] = thing
        for number, child in enumerate(thing.children):
            if isinstance(child, Thing):
                place = f"{path}/{number}"
                self.add(place, child, program)
                thing.children[number] = (program, place)

    def ask(self, calls: Sequence[Call], deadline: float, lost: dict[str, str]) -> list[Any]:
        time.sleep(self.delay)
        return [self._answer(call, lost) for call in calls]

    def _answer(self, call: Call, lost: dict[str, str]) -> Any:
        reference = call.destination, call.path
        question = call.question
        name = question.body[1] if question.member == "Get" else question.member
        self.asked.append((reference, name, question.body))
        if call.destination in self.hung:
            lost[call.destination] = "did not answer in time"
        if call.destination in lost or reference not in self.things:
            return None
        thing = self.things[reference]
        if name in thing.answers:
            return thing.answers[name]
        method = getattr(self, f"_{name}", None)
        return method(thing, question.body) if method else None

    def _GetChildren(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        return thing.children

    def _GetState(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        bits = sum(1 << _STATES.index(state) for state in thing.states)
        return [bits & 0xFFFFFFFF, bits >> 32]

    def _ChildCount(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        return ("i", len(thing.children) if thing.count is None else thing.count)

    def _GetRoleName(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        return thing.role

    def _Name(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        return ("s", thing.name)

    def _GetInterfaces(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        given = {"Component": thing.extents, "Text": thing.text}
        return [f"org.a11y.atspi.{name}" for name, value in given.items() if value is not None]

    def _GetExtents(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        assert thing.extents is not None, "asked for an interface that it does not have"
        return thing.extents

    def _CharacterCount(self, thing: Thing, body: Any) -> Any:  # noqa: N802
        assert thing.text is not None, "asked for an interface that it does not have"
        return ("i", len(thing.text))

    def _GetText(self, thing: Thing, body: tuple[int, int]) -> Any:  # noqa: N802
        assert thing.text is not None
        start, end = body
        assert end <= len(thing.text) or "CharacterCount" in thing.answers, (
            "some programs crash when asked for more than there is"
        )
        return thing.text[start:] if end < 0 else thing.text[start:end]

    def questions(self, name: str) -> int:
        return sum(1 for _, asked, _ in self.asked if asked == name)


def walk(programs: Programs, *, names: Sequence[str] = (APP,), seconds: float = 60.0, max_nodes: int = 5000) -> Walk:
    return Walk(cast(Bus, programs), time.monotonic() + seconds, max_nodes)


def read(*windows: Thing) -> list[Node]:
    made = walk(Programs(*windows))
    nodes = made.run([APP])
    assert (made.lost, made.notes) == ({}, [])
    return nodes


def outline(nodes: Sequence[Node]) -> list[tuple[int, str]]:
    return [(node["depth"], node["name"]) for node in nodes]


def test_a_node_has_all_that_its_object_says() -> None:
    states = (*SEEN, "checked", "read-only")
    (node,) = read(Thing("Push Button", "OK", states, (-5, 7, 11, 13), "OK\n"))
    assert node == {
        "role": "push button", "name": "OK", "text": "OK\n", "bounds": [-5, 7, 6, 20], "depth": 0,
        "states": ["checked", "showing", "visible", "read-only"],
    }  # fmt: skip


def test_pre_order_and_depth() -> None:
    nodes = read(
        Thing(name="a", children=[Thing(name="b", children=[Thing(name="c")]), Thing(name="d")]), Thing(name="e")
    )
    assert outline(nodes) == [(0, "a"), (1, "b"), (2, "c"), (1, "d"), (0, "e")]


@pytest.mark.parametrize(
    "hidden",
    [
        {"states": ("visible",)},
        {"states": ()},
        {"states": (*SEEN, "iconified")},
        {"states": (*SEEN, "defunct")},
        {"answers": {"GetState": None}},
        {"answers": {"GetState": []}},
    ],
)
def test_what_does_not_show_is_left_out_with_all_below_and_not_asked_about(hidden: dict[str, Any]) -> None:
    programs = Programs(Thing(name="a"), Thing(name="b", children=[Thing(name="c")], **hidden))
    assert outline(walk(programs).run([APP])) == [(0, "a")]
    assert programs.questions("Name") == 1


@pytest.mark.parametrize(
    "unseen",
    [
        {"extents": (5, 5, 0, 10)},
        {"extents": (5, 5, 10, 0)},
        {"extents": (5, 5, -1, -1)},
        {"extents": (-(1 << 31), -(1 << 31), 10, 10)},
        {"states": ("showing",)},
        {"answers": {"GetRoleName": None}},
        {"answers": {"Name": None}},
        {"answers": {"Name": ("u", 7)}},
        {"answers": {"GetInterfaces": None}},
    ],
)
def test_what_has_no_size_or_no_answer_is_left_out_but_not_its_children(unseen: dict[str, Any]) -> None:
    programs = Programs(Thing(name="a", children=[Thing(name="b", children=[Thing(name="c")], **unseen)]))
    assert outline(walk(programs).run([APP])) == [(0, "a"), (1, "c")]


def test_without_a_place_there_are_no_bounds() -> None:
    assert read(Thing(name="a", extents=None))[0]["bounds"] is None
    assert read(Thing(name="a", answers={"GetExtents": None}))[0]["bounds"] is None


def test_the_text_of_a_password_field_is_never_asked_for() -> None:
    programs = Programs(Thing("password text", "PIN", text="1234"), Thing("text", "user", text="ann"))
    nodes = walk(programs).run([APP])
    assert [(node["role"], node["text"]) for node in nodes] == [("password text", ""), ("text", "ann")]
    assert [place for place, name, _ in programs.asked if name == "GetText"] == [(APP, f"{ROOT}/1")]
    assert programs.questions("CharacterCount") == 1


@pytest.mark.parametrize("length", [0, 1, MAX_TEXT - 1, MAX_TEXT, MAX_TEXT + 1, 5 * MAX_TEXT])
def test_a_text_is_read_as_far_as_there_is_room(length: int) -> None:
    text = ("ツ😀" * length)[:length]
    assert read(Thing(text=text))[0]["text"] == text[:MAX_TEXT]


def test_a_text_that_grows_while_it_is_read_is_cut() -> None:
    (node,) = read(Thing(text="x" * 3 * MAX_TEXT, answers={"CharacterCount": ("i", 10)}))
    assert node["text"] == "x" * MAX_TEXT


def test_all_texts_together_have_a_limit() -> None:
    many = 2 * MAX_ALL_TEXTS // MAX_TEXT
    nodes = read(*[Thing(text="x" * MAX_TEXT) for _ in range(many)])
    assert len(nodes) == many
    assert sum(len(node["text"]) for node in nodes) == MAX_ALL_TEXTS


def test_an_odd_count_of_characters_is_no_text() -> None:
    for count in (None, ("s", "many"), ("i", -1)):
        assert read(Thing(text="x", answers={"CharacterCount": count}))[0]["text"] == ""


def test_a_circle_ends_and_each_object_comes_once() -> None:
    inner = Thing(name="b", children=[(APP, f"{ROOT}/0"), (APP, f"{ROOT}/0/0"), (APP, ROOT)])
    nodes = read(Thing(name="a", children=[inner, (APP, f"{ROOT}/0/0")]))
    assert outline(nodes)[:2] == [(0, "a"), (1, "b")]
    assert len(nodes) == 2


def test_references_to_nothing_are_passed_over() -> None:
    nothing = [NULL, ("", "/org/a11y/atspi/null"), ("", "/x"), ("not a name", "/x"), (APP, "/nowhere"), (":1.99", "/x")]
    assert outline(read(Thing(name="a", children=[*nothing, Thing(name="b")]))) == [(0, "a"), (1, "b")]


def test_a_tree_without_end_is_cut_at_the_limit() -> None:
    class Endless(Programs):
        def _GetChildren(self, thing: Thing, body: Any) -> Any:  # noqa: N802
            children = [Thing(name="n", count=3) for _ in range(3)]
            places = [f"{ROOT}/n{len(self.things) + number}" for number in range(3)]
            for place, child in zip(places, children, strict=True):
                self.things[APP, place] = child
            return [(APP, place) for place in places]

    made = walk(Endless(), max_nodes=100)
    assert len(made.run([APP])) == 100
    assert made.notes == ["only the first 100 nodes were read"]


def test_when_time_runs_out_what_was_read_stays() -> None:
    deep = Thing(name="0")
    for number in range(1, 300):
        deep = Thing(name=str(number), children=[deep])
    programs = Programs(deep)
    programs.delay = 0.005
    made = walk(programs, seconds=0.5)
    began = time.monotonic()
    nodes = made.run([APP])
    assert time.monotonic() - began < 5
    assert 0 < len(nodes) < 300
    assert [node["name"] for node in nodes] == [str(299 - number) for number in range(len(nodes))]
    assert [note for note in made.notes if "time ran out" in note] == made.notes != []


def test_a_program_that_hangs_is_left_out_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    programs = Programs(Thing(name="a"), hung=[":1.8", ":1.9"])
    programs.add(ROOT, Thing(children=[Thing(name="b")]), ":1.8")
    made = walk(programs)
    assert outline(made.run([":1.8", APP, ":1.9"])) == [(0, "a")]
    assert made.lost == {":1.8": "did not answer in time", ":1.9": "did not answer in time"}


def test_a_plug_of_another_program_is_a_part_of_the_tree_and_its_hang_is_not_ours() -> None:
    for hung, names in (((), ["a", "b", "c"]), ((":1.8",), ["a", "c"])):
        programs = Programs(Thing(name="a", children=[(":1.8", "/plug"), Thing(name="c")]), hung=hung)
        programs.add("/plug", Thing(name="b"), ":1.8")
        assert [node["name"] for node in walk(programs).run([APP])] == names


# Lists too long to be read whole


class LongList(Programs):
    """A list of many rows, ten pixels high each, of which those from `first` on are in sight, between 100 and 300."""

    def __init__(self, rows: int, first: int, *, own: bool = True) -> None:
        self.rows, self.first, self.own = rows, first, own
        super().__init__(Thing("table", "list", extents=(0, 100, 200, 200), count=rows))
        self.list = (APP, f"{ROOT}/0")

    def _row(self, number: int) -> tuple[str, str]:
        place = (APP, f"/row/{number}")
        top = 100 + 10 * (number - self.first)
        parent = self.list if self.own else (APP, "/other")
        answers = {"GetIndexInParent": number, "Parent": ("(so)", parent)}
        self.things.setdefault(place, Thing("table cell", f"row {number}", extents=(0, top, 200, 10), answers=answers))
        return place

    def _GetAccessibleAtPoint(self, thing: Thing, body: tuple[int, int, int]) -> Any:  # noqa: N802
        x, y, kind = body
        assert kind == 0
        row = self.first + (y - 110) // 10  # the first ten pixels are a header
        inside = 0 <= x < 200 and 110 <= y < 300 and row < self.rows
        return self._row(row) if inside else NULL

    def _GetChildAtIndex(self, thing: Thing, body: tuple[int]) -> Any:  # noqa: N802
        return self._row(body[0])


@pytest.mark.parametrize("first", [0, 777, 1_000_000])
def test_of_a_long_list_the_part_in_sight_is_read(first: int) -> None:
    programs = LongList(2_000_000, first)
    made = walk(programs)
    nodes = made.run([APP])
    assert nodes[0]["name"] == "list"
    assert [node["name"] for node in nodes[1:]] == [f"row {first + number}" for number in range(19)]
    assert made.notes == []
    assert programs.questions("GetChildren") == 1  # of the program; never of the list


def test_a_list_whose_rows_cannot_be_found_is_said_not_to_be_read() -> None:
    for programs in (LongList(5000, 0, own=False), Programs(Thing("table", "list", extents=None, count=5000))):
        made = walk(programs)
        assert [node["name"] for node in made.run([APP])] == ["list"]
        assert made.notes == ["the 5000 children of a table were not read"]
        assert programs.questions("GetChildren") == 1


def test_a_list_is_read_whole_up_to_the_limit() -> None:
    for size in (MAX_CHILDREN - 1, MAX_CHILDREN):
        assert len(read(Thing(children=[Thing() for _ in range(size)]))) == size + 1


def test_notes_do_not_grow_without_end() -> None:
    windows = [Thing(f"list {number}", extents=None, count=10_000) for number in range(300)]
    made = walk(Programs(*windows))
    assert len(made.run([APP])) == 300
    assert 0 < len(made.notes) <= 20


# Whatever a program answers

held = (
    st.none()
    | st.tuples(st.sampled_from("iu"), st.integers(-(1 << 31), (1 << 31) - 1))
    | st.tuples(st.just("s"), st.text(max_size=5))
)


@given(st.dictionaries(st.sampled_from(["Name", "ChildCount", "CharacterCount"]), held))
def test_properties_of_any_kind_do_no_harm(answers: dict[str, Any]) -> None:
    made = walk(Programs(Thing(name="a", text="x"), Thing(name="b", text="y", answers=answers)))
    nodes = made.run([APP])
    assert nodes[0]["name"] == "a"
    assert all(isinstance(node["name"], str) and isinstance(node["text"], str) for node in nodes)


number = st.integers(-(1 << 31), (1 << 31) - 1)


@given(st.lists(st.integers(0, 0xFFFFFFFF), max_size=4), st.tuples(number, number, number, number))
def test_states_and_places_of_any_kind_do_no_harm(words: list[int], extents: tuple[int, int, int, int]) -> None:
    for extra in ({}, {"GetState": words}):
        programs = Programs(Thing(name="a", extents=extents, count=5000, answers=extra))
        for node in walk(programs).run([APP]):
            assert set(SEEN) <= set(node["states"]) <= set(_STATES)
            assert node["bounds"] is not None
            assert node["bounds"][0] < node["bounds"][2]
        for _, name, body in programs.asked:
            if name == "GetAccessibleAtPoint":
                assert all(-(1 << 31) <= place < 1 << 31 for place in body)


@given(number, number)
def test_children_of_any_index_do_no_harm(first: int, second: int) -> None:
    programs = LongList(5000, 0)
    for row, index in ((0, first), (1, second)):
        programs.things[programs._row(row)].answers["GetIndexInParent"] = index
    walk(programs).run([APP])
    asked = [body[0] for _, name, body in programs.asked if name == "GetChildAtIndex"]
    assert len(asked) <= MAX_CHILDREN
    assert all(0 <= index < 1 << 31 for index in asked)
