"""How an app is declared: what it is, its pages, and what a page may ask of the phone.

    APP = App("com.example.timer", "Timer", "timer", (0, 105, 92), {"main": Activity(".TimerActivity", main)})

    def main(ui: Ui) -> Page:
        return Page(bar=AppBar("Timer"), body=List((Row("Start", tap=lambda: ui.open("running")),)))

A page is a function of the state: it is asked anew whenever something changed, and says what there is to be seen and
what each touch does. It must not change anything itself; what it hands to widgets may.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from environments.phone.device import Package
from environments.phone.screen import Page
from environments.phone.screen.memory import Field
from environments.phone.screen.theme import Colour
from environments.phone.state import State, Task, Visit


class Stage(Protocol):
    """What the phone does for the page in front."""

    state: State

    def open(self, page: str, argument: str = "") -> None: ...
    def back(self) -> None: ...
    def launch(self, package: str) -> None: ...
    def close_task(self, package: str) -> None: ...
    def packages(self) -> tuple[Package, ...]: ...
    def app(self, package: str) -> "App": ...
    def wall(self) -> float: ...


@dataclass(frozen=True)
class Ui:
    """The phone as one open page sees it: `argument` is what the page was opened with."""

    stage: Stage
    visit: Visit

    @property
    def state(self) -> State:
        return self.stage.state

    @property
    def argument(self) -> str:
        return self.visit.argument

    @property
    def dialog(self) -> str:
        """The name of the dialog that is open, or empty."""
        return self.visit.memory.dialog

    def text(self, name: str) -> str:
        """What is in a text field of the page; empty before it was ever shown."""
        return self.visit.memory.fields.get(name, Field()).text

    def ask(self, dialog: str) -> None:
        """Open a dialog: the page finds its name in `dialog`."""
        self.visit.memory.dialog = dialog

    def close(self) -> None:
        """Close the dialog."""
        self.visit.memory.dialog = ""

    def open(self, page: str, argument: object = "") -> None:
        """Another page of this app, on top of this one."""
        self.stage.open(page, str(argument))

    def back(self) -> None:
        """Leave this page."""
        self.stage.back()

    @property
    def tasks(self) -> list[Task]:
        return self.state.tasks


@dataclass(frozen=True)
class Activity:
    """A page with its name among Android's activities: a class, from the package on when it begins with a dot.

    `secure` pages cannot be captured; `focus` is the field that has the focus at first; `leave` runs when the page is
    left by going back.
    """

    name: str
    view: Callable[[Ui], Page]
    secure: bool = False
    focus: str = ""
    leave: Callable[[Ui], object] | None = None


@dataclass(frozen=True)
class App:
    """An app. `pages` by their names, "main" being the first; `actions` are the intents it answers, with the page."""

    package: str
    label: str
    icon: str
    colour: Colour
    pages: Mapping[str, Activity]
    actions: Mapping[str, str] = field(default_factory=dict)
    version: str = "14"
    system: bool = True
    shown: bool = True
    """Whether it stands on the home screen."""

    def activity(self, page: str) -> str:
        """The full class name of a page's activity."""
        name = self.pages[page].name
        return self.package + name if name.startswith(".") else name
