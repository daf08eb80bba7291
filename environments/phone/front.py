"""What is in front of the person: pages laid out and drawn as time passes, fingers and keys on them.

Not safe to use from several threads; the World locks it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from environments.frame import Frame
from environments.geometry import Size, rotated_size
from environments.phone.apps.app import App
from environments.phone.apps.navigation import Navigation
from environments.phone.device import Clock
from environments.phone.screen import Page, Space, chrome
from environments.phone.screen.display import Display, Scene
from environments.phone.screen.editor import Editor
from environments.phone.screen.keyboard import LATIN, Keyboard
from environments.phone.screen.memory import Memory
from environments.phone.screen.placed import Entry, Metrics, Placed
from environments.phone.screen.theme import DARK, LIGHT
from environments.phone.screen.touch import SLOP, Touch, TouchAction
from environments.phone.screen.windows import SECONDS, Transition, Windows
from environments.phone.state import LATIN_IME, State

NARROWEST = 280
"""A screen narrower than this many dp is laid out as if it had them, since nothing would fit otherwise."""
CARET_SECONDS = 0.5
UNLOCK_DP = 80
BACK, HOME, RECENTS, ESCAPE, PASTE = 4, 3, 187, 111, 279
VOLUME = {24: 1, 25: -1}

T = TypeVar("T")


@dataclass
class WorldFaults:
    """What goes wrong, to be set at any time. `late_page`: seconds before a page that was opened shows its content.
    `rotate_at`: the screen turns once, with the next touch or after the next screenshot."""

    secure: bool = False
    never_idle: bool = False
    late_page: float = 0.0
    rotate_at: Literal["", "touch", "screenshot"] = ""
    refuse_input_method: bool = False
    override_size: Size | None = None
    second_display: bool = False


@dataclass
class Panel:
    """The display as it was made, and as it was told to be."""

    size: Size
    density: int
    override_size: Size | None = None
    override_density: int | None = None


@dataclass
class Front:
    """One phone's front. `act` is the way in for all that a person does."""

    state: State
    clock: Clock
    panel: Panel
    apps: tuple[App, ...]
    faults: WorldFaults = field(default_factory=WorldFaults)

    def __post_init__(self) -> None:
        self.navigation = Navigation(self.state, self.clock, self.apps)
        self.editor = Editor(self._editable, self._show_keyboard)
        self.touch = Touch(self)
        self._display = Display()
        self._buttons = (self.back, self.navigation.home, self.navigation.recents)
        self._events = 0
        self._typed = self.clock.now()
        self._transition: Transition | None = None
        self._laid_out: tuple[object, Windows] | None = None

    def reset(self) -> None:
        """Forget what was going on; the state is reset by itself."""
        self.touch.drop()
        self.editor.layer = "letters"
        self._transition = None
        self._events += 1

    # What is to be seen

    @property
    def moving(self) -> bool:
        """Whether a page is on its way."""
        return self._transition is not None

    @property
    def rotation(self) -> int:
        settings = self.state.settings
        return (self.state.sensor_rotation if settings.auto_rotate else settings.user_rotation) % 4

    @property
    def size(self) -> Size:
        """Of the display as it is turned."""
        return rotated_size(self.panel.override_size or self.faults.override_size or self.panel.size, self.rotation)

    @property
    def secure(self) -> bool:
        """Whether the window in front does not let itself be captured."""
        app, visit = self.navigation.front()
        return not self.state.locked and (self.faults.secure or app.pages[visit.page].secure)

    @property
    def keyboard_shown(self) -> bool:
        memory, state = self.memory(), self.state
        return state.keyboard_open and bool(memory.focus) and not memory.dialog and state.awake and not state.locked

    def frame(self) -> Frame:
        """The screen as it is now."""
        now, size = self.clock.now(), self.size
        if not self.state.awake:
            return self._display.draw_nothing(size)
        windows, transition = self.windows(), self._transition
        if transition is None:
            return self._display.draw(windows, windows.marks, size)
        after = windows.app.all_marks()
        return self._display.draw(
            (windows, now), lambda: windows.marks(transition.marks(after, windows.area, now)), size
        )

    def windows(self) -> Windows:
        """The windows as they are now; the same object for as long as nothing changed."""
        now, wall, size = self.clock.now(), self.clock.wall(), self.size
        app, visit = self.navigation.front()
        caret = bool(visit.memory.focus) and int((now - self._typed) / CARET_SECONDS) % 2 == 0
        late = now - visit.opened < self.faults.late_page
        density = self.panel.override_density or self.panel.density
        key = (self.state.revision, self._events, size, density, caret, late, int(wall // 60))
        if self._laid_out is not None and self._laid_out[0] == key:
            return self._laid_out[1]
        if self._laid_out is not None and self._laid_out[1].size != size:
            self._transition = None
        settings = self.state.settings
        status = chrome.Status(
            chrome.clock_text(wall, settings.twelve_hours), settings.airplane_mode, settings.wifi,
            settings.mobile_data, settings.bluetooth, self.state.battery,
        )  # fmt: skip
        metrics = self._metrics(visit.memory, app.package, caret)
        scene = Scene(
            size, metrics, status, self._page(late), self._keyboard(), self._buttons, wall, settings.twelve_hours
        )
        self._laid_out = (key, self._display.arrange(scene))
        return self._laid_out[1]

    # What is done

    def act(self, action: Callable[[], T]) -> T:
        """Carry out what someone did, and begin the way to another page when it led to one."""
        windows = self.windows()
        self._typed = self.clock.now()
        before = (self.memory(), self.memory().focus)
        result = action()
        self._events += 1
        memory = self.memory()
        if memory is not before[0] or memory.focus != before[1]:
            self.editor.begin()
            self._events += 1
        motion, self.navigation.motion = self.navigation.motion, ""
        seconds = SECONDS * self.state.settings.transition_scale
        if motion and seconds > 0 and self.state.awake and not self.state.locked:
            self._transition = Transition(motion, self.clock.now(), seconds, windows.app.all_marks())
        return result

    def catch_up(self) -> None:
        """Let what time has brought about happen: the end of a transition, a press that has become long."""
        now = self.clock.now()
        if self._transition is not None and self._transition.over(now):
            self._transition = None
        if self.touch.due(now):
            self.act(self.touch.hold)

    def point(self, action: TouchAction, x: float, y: float) -> None:
        """One point of a finger."""
        self.act(lambda: self.touch.point(action, x, y, self.clock.now()))

    def key(self, code: int) -> None:
        """A key, pressed and let go, by Android's code."""
        if code == BACK or (code == ESCAPE and self.keyboard_shown):
            self.back()
        elif code == HOME:
            self.navigation.home()
        elif code == RECENTS:
            self.navigation.recents()
        elif code == PASTE:
            self.editor.insert(self.state.clipboard)
        elif code in VOLUME:
            settings = self.state.settings
            settings.media_volume = min(15, max(0, settings.media_volume + VOLUME[code]))
        else:
            self.editor.key(code)

    def back(self) -> None:
        """Close the keyboard, or the dialog, or the page, whichever comes first."""
        memory = self.memory()
        if self.keyboard_shown:
            self.state.keyboard_open = False
        elif memory.dialog:
            memory.dialog = ""
        else:
            self.navigation.back()

    def turn(self) -> None:
        """Turn the screen by a quarter, for good."""
        turned = (self.rotation + 1) % 4
        self.state.settings.auto_rotate = False
        self.state.settings.user_rotation = turned

    # What the finger is on (touch.Ground)

    def at(self, x: float, y: float) -> list[Placed]:
        return self.windows().at(x, y)

    def memory(self) -> Memory:
        return self.navigation.front()[1].memory

    def slop(self) -> float:
        return SLOP * self._scale

    def enter(self, entry: Entry, x: float, y: float) -> None:
        self.editor.enter(entry, x, y)

    def swiped(self, dx: float, dy: float) -> None:
        if self.state.locked and -dy > max(abs(dx), UNLOCK_DP * self._scale):
            self.state.locked = False

    # What is laid out

    @property
    def _scale(self) -> float:
        return min((self.panel.override_density or self.panel.density) / 160, min(self.size) / NARROWEST)

    def _metrics(self, memory: Memory, package: str, caret: bool) -> Metrics:
        settings = self.state.settings
        theme = DARK if settings.dark_theme else LIGHT
        return Metrics(self._scale, min(2.0, max(0.5, settings.font_scale)), theme, package, memory, caret)

    def _page(self, late: bool) -> Page | None:
        if self.state.locked:
            return None
        page = self.navigation.view()
        return Page(Space(), page.bar, ground=page.ground) if late else page

    def _keyboard(self) -> Keyboard | None:
        if not self.keyboard_shown:
            return None
        name = self.state.settings.input_method
        if name == LATIN_IME:
            return Keyboard(self.editor.layer, self.editor.press, LATIN)
        return Keyboard("letters", self.editor.press, name.split("/")[0], "ADB Keyboard {ON}")

    def _editable(self) -> tuple[Placed, Memory]:
        return self.windows().app, self.memory()

    def _show_keyboard(self, shown: bool) -> None:
        self.state.keyboard_open = shown
