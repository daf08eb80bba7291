"""The launcher: the home screen with the apps' icons, and the list of recent apps."""

import time
from functools import partial

from environments.phone.apps.app import Activity, App, Ui
from environments.phone.device import Package
from environments.phone.screen import (
    AppBar,
    Button,
    Card,
    Column,
    Grid,
    Icon,
    IconButton,
    Line,
    List,
    Page,
    Row,
    Shortcut,
    Space,
    Text,
)
from environments.phone.screen.placed import Widget
from environments.phone.state import LAUNCHER


def home(ui: Ui) -> Page:
    """The day, and the apps."""
    apps = [package for package in ui.stage.packages() if package.activity and package.name != LAUNCHER]
    day = time.strftime("%A, %B ", time.gmtime(ui.stage.wall())) + str(time.gmtime(ui.stage.wall()).tm_mday)
    grid = Grid(tuple(_shortcut(ui, app) for app in apps), columns=4, cell=76)
    heading = Column((Text(day, 20, id="date"),), padding=20)
    body: tuple[Widget, ...] = (Space(24), heading, Column((grid,), padding=8))
    return Page(List(body, id="workspace", cls="ScrollView"))


def recents(ui: Ui) -> Page:
    """The apps that are open, the latest first."""
    cards: list[Widget] = []
    for task in ui.tasks:
        app = ui.stage.app(task.package)
        close = IconButton("close", f"Dismiss {app.label}", partial(ui.stage.close_task, app.package))
        row = Row(app.label, "Tap to return", Icon(app.icon, disc=app.colour), close)
        cards.append(Card(row, partial(ui.stage.launch, app.package), desc=app.label, id="snapshot", padding=8))
    if not cards:
        cards = [Space(120), Text("No recent items", 16, colour="muted", align="center")]
    foot = (Line((Button("Clear all", partial(_clear, ui), "tonal", id="clear_all"),), align="center", padding=16),)
    return Page(List((Space(8), *cards), id="overview_panel"), AppBar("Recent apps"), foot=foot if ui.tasks else ())


def _shortcut(ui: Ui, package: Package) -> Shortcut:
    app = ui.stage.app(package.name)
    return Shortcut(app.label, app.icon, app.colour, partial(ui.stage.launch, app.package))


def _clear(ui: Ui) -> None:
    for task in list(ui.tasks):
        ui.stage.close_task(task.package)
    ui.back()


_NAME = "com.android.launcher3.uioverrides.QuickstepLauncher"

APP = App(
    LAUNCHER, "Launcher", "apps", (69, 90, 100),
    {"main": Activity(_NAME, home), "home": Activity(_NAME, home), "recents": Activity(_NAME, recents)},
    actions={"android.intent.category.HOME": "home"}, shown=False,
)  # fmt: skip
