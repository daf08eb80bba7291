"""Which page is in front: opening, going back, home, recent apps, starting and stopping apps, as Android does it."""

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from environments.phone.apps.app import App, Ui
from environments.phone.device import Clock, Focus, Package, UnknownActivity
from environments.phone.screen import Page
from environments.phone.state import LAUNCHER, State, Task, Visit

Motion = Literal["", "open", "back", "rise", "fall"]
"""How a new page comes: from the right, back to the right, from below, or the old one leaving downwards."""

_WITHOUT_PAGES = (
    Package("com.android.systemui", "System UI", "", "14", 34),
    Package("com.android.inputmethod.latin", "Android Keyboard (AOSP)", "", "14", 34),
    Package("com.android.adbkeyboard", "ADB Keyboard", "", "2.0", 2, system=False),
)


class Navigation:
    """The Stage of all pages. `motion` is how the page in front came there, until someone takes it."""

    def __init__(self, state: State, clock: Clock, apps: tuple[App, ...]) -> None:
        self.state = state
        self.motion: Motion = ""
        self._clock = clock
        self._apps: Mapping[str, App] = {app.package: app for app in apps}

    def front(self) -> tuple[App, Visit]:
        """The app and the page in front."""
        state = self.state
        task = None if state.front == LAUNCHER else self._task(state.front)
        return (self._apps[LAUNCHER], state.home) if task is None else (self._apps[task.package], task.visits[-1])

    def view(self) -> Page:
        """What the page in front shows."""
        app, visit = self.front()
        return app.pages[visit.page].view(Ui(self, visit))

    def focus(self) -> Focus:
        app, visit = self.front()
        return Focus(app.package, app.activity(visit.page))

    def recent(self) -> tuple[Focus, ...]:
        """The opened apps with their pages on top, the latest first."""
        return tuple(
            Focus(task.package, self._apps[task.package].activity(task.visits[-1].page)) for task in self.state.tasks
        )

    def open(self, page: str, argument: str = "") -> None:
        """A page of the app in front, on top of what is there."""
        app, visit = self.front()
        self._show(visit, "open")
        if app.package == LAUNCHER:
            self.state.home = self._visit(app, page, argument)
        else:
            self.state.tasks[0].visits.append(self._visit(app, page, argument))

    def back(self) -> None:
        """Leave the page in front: to the one below, or home from an app's first page, which stays open."""
        app, visit = self.front()
        if app.package == LAUNCHER:
            if visit.page != "home":
                self._show(visit, "back")
                self.state.home = Visit("home", opened=self._clock.now())
            return
        leave = app.pages[visit.page].leave
        if leave is not None:
            leave(Ui(self, visit))
        if len(self.state.tasks[0].visits) > 1:
            self._show(visit, "back")
            self.state.tasks[0].visits.pop()
        else:
            self.home()

    def home(self) -> None:
        """The home screen."""
        app, visit = self.front()
        if (app.package, visit.page) == (LAUNCHER, "home"):
            return
        self._show(visit, "fall")
        self.state.front, self.state.home = LAUNCHER, Visit("home", opened=self._clock.now())

    def recents(self) -> None:
        """The list of opened apps; a second time, back to the latest."""
        app, visit = self.front()
        if (app.package, visit.page) == (LAUNCHER, "recents"):
            if self.state.tasks:
                self.launch(self.state.tasks[0].package)
            return
        self._show(visit, "fall")
        self.state.front, self.state.home = LAUNCHER, Visit("recents", opened=self._clock.now())

    def launch(self, package: str) -> None:
        """Bring an app to the front as it was left, or start it. Raises UnknownActivity."""
        app = self.app(package)
        if package == LAUNCHER:
            self.home()
            return
        if self.state.front != package:
            self._show(self.front()[1], "rise")
        task = self._task(package) or Task(package, [self._visit(app, "main")])
        self.state.tasks = [task, *(other for other in self.state.tasks if other.package != package)]
        self.state.front = package

    def start(self, package: str, activity: str, action: str, data: str) -> Focus:
        """As `am start`: by component, by package, by action or by the scheme of `data`. Raises UnknownActivity."""
        if package and activity:
            app = self.app(package)
            page = self._page(app, activity)
        elif package:
            app = self.app(package)
            page = app.actions.get(action, "main")
        else:
            app, page = self._answering(action, data)
        self.launch(app.package)
        if page != "main" and self.front()[1].page != page:
            self.open(page)
        return self.focus()

    def close_task(self, package: str) -> None:
        """Stop an app: its pages are gone, and when it was in front the home screen is there."""
        self.state.tasks = [task for task in self.state.tasks if task.package != package]
        if self.state.front == package:
            self._show(None, "fall")
            self.state.front, self.state.home = LAUNCHER, Visit("home", opened=self._clock.now())

    def app(self, package: str) -> App:
        """The app of a package. Raises UnknownActivity."""
        if package not in self._apps:
            raise UnknownActivity(f"no app {package}")
        return self._apps[package]

    def packages(self) -> tuple[Package, ...]:
        """All packages; those with an activity can be started."""
        apps = (
            Package(app.package, app.label, app.activity("main"), app.version, 34, app.system)
            for app in self._apps.values()
        )
        return (*apps, *_WITHOUT_PAGES)

    def wall(self) -> float:
        return self._clock.wall()

    def _task(self, package: str) -> Task | None:
        return next((task for task in self.state.tasks if task.package == package), None)

    def _visit(self, app: App, page: str, argument: str = "") -> Visit:
        visit = Visit(page, argument, self._clock.now())
        visit.memory.focus = app.pages[page].focus
        self.state.keyboard_open = bool(visit.memory.focus)
        return visit

    def _show(self, leaving: Visit | None, motion: Motion) -> None:
        self.motion, self.state.keyboard_open = motion, False
        if leaving is not None:
            leaving.memory.reveal = False

    def _page(self, app: App, activity: str) -> str:
        full = app.package + activity if activity.startswith(".") else activity
        found = [page for page in app.pages if app.activity(page) == full]
        if not found:
            raise UnknownActivity(f"{app.package} has no activity {activity}")
        return "main" if "main" in found else found[0]

    def _answering(self, action: str, data: str) -> tuple[App, str]:
        scheme = urlsplit(data).scheme
        for app in self._apps.values():
            for wanted, page in app.actions.items():
                if wanted in (action, f"{scheme}:") and wanted:
                    return app, page
        raise UnknownActivity(f"nothing answers {action or 'the intent'} {data}".strip())
