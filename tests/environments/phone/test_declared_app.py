"""An app is declared in a few lines: this one has a list, a field, a secure page, a slider and a dialog."""

from dataclasses import dataclass
from functools import partial

import pytest

from environments.geometry import Box
from environments.phone.apps.app import Activity, App, Ui
from environments.phone.apps.table import APPS
from environments.phone.clock import VirtualClock
from environments.phone.device import SecureWindow
from environments.phone.screen import (
    AppBar,
    Button,
    Card,
    Choice,
    Column,
    Dialog,
    Divider,
    Grid,
    Header,
    Icon,
    IconButton,
    Line,
    List,
    Page,
    Row,
    Shortcut,
    Slider,
    Space,
    Switch,
    Text,
    TextField,
    Widget,
)
from environments.phone.screen.placed import Metrics
from environments.phone.world import World
from tests.environments.phone.hands import Hands

TEA = [("Green tea", 2), ("Black tea", 4), ("Herbs", 8)]


@dataclass
class Kettle:
    """What the app below changes."""

    minutes: int = 0
    typed: str = ""
    submitted: str = ""
    boiling: bool = False
    warmth: float = 0.5


def kettle_app(kettle: Kettle) -> App:
    def main(ui: Ui) -> Page:
        teas = tuple(Row(name, f"{minutes} min", tap=partial(ui.open, "tea", minutes)) for name, minutes in TEA)
        switch = Switch(kettle.boiling, partial(setattr, kettle, "boiling"), id="boil")
        field = TextField("wish", "Your wish", changed=partial(setattr, kettle, "typed"),
                          submit=lambda: setattr(kettle, "submitted", ui.text("wish")))  # fmt: skip
        slider = Slider(kettle.warmth, partial(setattr, kettle, "warmth"), "Warmth")
        return Page(
            List((*teas, field, Line((Text("Boil"), switch), align="right", padding=16), slider)), AppBar("Tea")
        )

    def tea(ui: Ui) -> Page:
        ask = partial(ui.ask, "sure")
        dialog = Dialog("Start?", buttons=(("Start", lambda: start(ui)), ("No", ui.close)), dismiss=ui.close)
        body = Column((Text(f"{ui.argument} minutes"), Button("Start", ask), Button("Never", ask, enabled=False)), 16)
        return Page(body, AppBar("Brew", ui.back), dialog=dialog if ui.dialog == "sure" else None)

    def start(ui: Ui) -> None:
        kettle.minutes = int(ui.argument)
        ui.close()

    pages = {"main": Activity(".Tea", main), "tea": Activity(".Brew", tea, secure=True)}
    return App("com.example.tea", "Tea", "note", (0, 105, 92), pages, actions={"https:": "main"})


@pytest.fixture
def kettle() -> Kettle:
    return Kettle()


@pytest.fixture
def hands(kettle: Kettle) -> Hands:
    world = World(clock=VirtualClock(), apps=(*APPS, kettle_app(kettle)))
    hands = Hands(world)
    hands.launch("Tea")
    return hands


def test_it_is_installed_like_any_other(hands: Hands) -> None:
    assert hands.world.focus == ("com.example.tea", "com.example.tea.Tea")
    assert "com.example.tea" in {package.name for package in hands.world.packages()}
    hands.home()
    assert (
        hands.world.start("", action="android.intent.action.VIEW", data="https://example.com").package
        == "com.example.tea"
    )


def test_a_row_opens_a_page_with_its_argument(hands: Hands, kettle: Kettle) -> None:
    hands.tap(text="Black tea")
    assert hands.sees(text="4 minutes")
    hands.tap(text="Never")
    assert not hands.sees(text="Start?")
    hands.tap(text="Start")
    hands.tap_at(5, 300)  # beside the dialog, which closes it
    assert not hands.sees(text="Start?")
    hands.tap(text="Start")
    hands.tap(text="Start?")  # on it, which does not
    hands.tap(id="button1")
    assert kettle.minutes == 4
    with pytest.raises(SecureWindow):
        hands.world.screenshot()


def test_a_field_tells_each_change_and_what_was_submitted(hands: Hands, kettle: Kettle) -> None:
    hands.tap(id="wish")
    hands.type_on_keys("milk")
    assert kettle.typed == "milk"
    hands.key(67)
    assert kettle.typed == "mil"
    hands.key(66)
    assert kettle.submitted == "mil"
    assert not hands.world.keyboard_shown


def test_a_switch_of_its_own_and_a_slider(hands: Hands, kettle: Kettle) -> None:
    hands.tap(id="boil")
    assert kettle.boiling
    assert hands.find(id="boil").checked
    box = hands.find(content_desc="Warmth").bounds
    hands.swipe(box.center.x, box.center.y, box.right, box.center.y)
    assert kettle.warmth == 1.0


M = Metrics(2.0, package="com.example")
ALL: list[Widget] = [
    Text("Some text"), Text("a longer text " * 9, lines=3, align="center"), Icon("gear", "Gear"),
    Icon("note", disc=(1, 2, 3)), Button("Press me", list), Button("Quiet", list, "tonal"),
    Button("Plain", list, "plain"), IconButton("add", "Add", list),
    Switch(True), Switch(False, lambda on: None), Slider(0.3, lambda value: None), Choice("One", True, list),
    Shortcut("App", "gear", (1, 2, 3), list), Space(8), Divider(), Header("Group"),
    Row("Title", "Summary " * 12, Icon("gear"), Switch(True), tap=list, summary_lines=3, divider=True),
    Card(Text("in a card"), list), Line((Text("left"), Space(), Button("right", list)), align="right"),
    Column((Text("one"), Text("two")), padding=8, gap=4), Grid((Text("a"), Text("b"), Text("c")), columns=2),
    TextField("field", "Hint"), TextField("lines", text="one\ntwo\nthree\nfour", lines=2),
    TextField("pin", text="1", password=True),
    List(tuple(Row(f"row {number}") for number in range(30))),
]  # fmt: skip


@pytest.mark.parametrize("widget", ALL, ids=lambda widget: type(widget).__name__)
@pytest.mark.parametrize("width", [120, 320, 640, 1600])
def test_every_widget_stays_in_its_box(widget: Widget, width: int) -> None:
    high = widget.height(width, M)
    assert high > 0
    box = Box(100, 50, 100 + width, 50 + min(high, 900))
    placed = widget.place(box, M).clipped(box)
    assert placed is not None
    for part in placed.walk():
        assert box.left <= part.box.left < part.box.right <= box.right
        assert box.top <= part.box.top < part.box.bottom <= box.bottom
        for mark in part.marks:
            assert box.left <= mark.clip.left < mark.clip.right <= box.right
        if part.node is not None:
            assert part.node.bounds == part.box
        if part.tap is not None:
            assert part.node is not None
            assert part.node.clickable


def test_what_is_outside_is_dropped() -> None:
    placed = Text("here").place(Box(0, 0, 200, 60), M)
    assert placed.clipped(Box(500, 500, 600, 600)) is None
    assert placed.picture().nodes() == ()
    assert placed.picture().all_marks() == placed.all_marks()


def test_resource_ids_are_spelled_as_android_does() -> None:
    assert M.id("name") == "com.example:id/name"
    assert M.id("android:id/title") == "android:id/title"
    assert M.id("") == ""
