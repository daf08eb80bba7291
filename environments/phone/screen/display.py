"""One display: lays a scene out into windows, and draws them; what did not change is not done again."""

from collections.abc import Callable
from dataclasses import dataclass

from environments.frame import Frame
from environments.geometry import Box, Size
from environments.phone.screen import chrome
from environments.phone.screen.keyboard import Keyboard
from environments.phone.screen.page import Page
from environments.phone.screen.paint import Fill, Mark, Painter
from environments.phone.screen.placed import Action, Metrics, Placed
from environments.phone.screen.windows import Windows


@dataclass(frozen=True)
class Scene:
    """What there is to show. Without a page it is the lock screen; `wall` and `twelve_hours` are for its clock.
    `buttons` are what back, home and recent apps do."""

    size: Size
    metrics: Metrics
    status: chrome.Status
    page: Page | None
    keyboard: Keyboard | None
    buttons: tuple[Action, Action, Action]
    wall: float
    twelve_hours: bool = False


class Display:
    """Keeps the image of one screen."""

    def __init__(self) -> None:
        self._painter = Painter()
        self._strips: dict[str, tuple[object, Placed]] = {}
        self._key: object = None
        self._marks: list[Mark] = []
        self._frame: Frame | None = None

    def arrange(self, scene: Scene) -> Windows:
        """The windows of a scene: the status bar above, the navigation bar below, over it the keyboard."""
        m, (wide, high) = scene.metrics, scene.size
        top, bottom = m.px(chrome.STATUS_HEIGHT), high - m.px(chrome.NAVIGATION_HEIGHT)
        strip = Box(0, 0, wide, top)
        status = self._strip("status", m, (scene.status, strip), lambda: chrome.status_bar(scene.status, strip, m))
        if scene.page is None:
            area = Box(0, top, wide, high)
            locked = chrome.lock_screen(scene.wall, scene.twelve_hours, area, m)
            return Windows(scene.size, area, locked, status)
        keys, keyboard, low = scene.keyboard, None, bottom
        if keys is not None:
            low = bottom - keys.height(high, m)
            box = Box(0, low, wide, bottom)
            keyboard = self._strip("keyboard", m, (keys.layer, keys.label, box), lambda: keys.place(box, m))
        foot, shown = Box(0, bottom, wide, high), keys is not None
        navigation = self._strip(
            "navigation", m, (shown, foot), lambda: chrome.navigation_bar(scene.buttons, shown, foot, m)
        )
        area = Box(0, top, wide, low)
        return Windows(scene.size, area, scene.page.place(area, m), status, keyboard, navigation)

    def draw(self, key: object, marks: Callable[[], list[Mark]], size: Size) -> Frame:
        """The frame of the marks, which are asked for only when `key` is another than the last time."""
        if self._frame is not None and self._key == key:
            return self._frame
        painted = marks()
        if self._frame is None or painted != self._marks or self._frame.size != size:
            self._frame = Frame.from_image(self._painter.paint(painted, size))
        self._marks, self._key = painted, key
        return self._frame

    def draw_nothing(self, size: Size) -> Frame:
        """The frame of a screen that is off."""
        whole = Box(0, 0, *size)
        return self.draw(("off", size), lambda: [Fill(whole, (0, 0, 0), 0, whole)], size)

    def _strip(self, name: str, m: Metrics, key: tuple[object, ...], place: Callable[[], Placed]) -> Placed:
        """A window that seldom changes, laid out again only when its key, the theme or the scale did."""
        full = (key, m.theme, m.scale)
        if name not in self._strips or self._strips[name][0] != full:
            self._strips[name] = (full, place())
        return self._strips[name][1]
