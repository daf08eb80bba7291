"""What the system itself shows: the status bar, the three navigation buttons, and the lock screen."""

import time
from dataclasses import dataclass, replace

from environments.geometry import Box
from environments.phone.screen import text as texts
from environments.phone.screen.placed import Action, Metrics, Placed
from environments.phone.screen.widgets import Text, fill, icon_mark, line_mark

SYSTEM_UI = "com.android.systemui"
STATUS_HEIGHT, NAVIGATION_HEIGHT = 28, 48


@dataclass(frozen=True)
class Status:
    """What the status bar tells. `clock` is the time as it is written there."""

    clock: str
    airplane: bool
    wifi: bool
    mobile: bool
    bluetooth: bool
    battery: int


def clock_text(wall: float, twelve_hours: bool = False) -> str:
    """Hours and minutes of a time in seconds since 1970, in UTC: the phone's only time zone."""
    moment = time.gmtime(wall)
    if twelve_hours:
        return f"{moment.tm_hour % 12 or 12}:{moment.tm_min:02}"
    return f"{moment.tm_hour:02}:{moment.tm_min:02}"


def date_text(wall: float) -> str:
    """The day as the lock screen writes it: Tue, Mar 10."""
    return time.strftime("%a, %b ", time.gmtime(wall)) + str(time.gmtime(wall).tm_mday)


def status_bar(status: Status, box: Box, m: Metrics) -> Placed:
    """The strip at the top."""
    m = replace(m, package=SYSTEM_UI, font_scale=1.0)
    children = [_strip_text(status.clock, "clock", box.left + m.px(20), box, m)]
    right, size = box.right - m.px(20), m.px(16)
    percent = _strip_text(f"{status.battery}%", "battery_percentage_view", 0, box, m)
    shown = [("battery", f"Battery {status.battery} percent.")]
    if status.airplane:
        shown.append(("plane", "Airplane mode."))
    elif status.mobile:
        shown.append(("signal", "Phone three bars."))
    if status.wifi:
        shown.append(("wifi_full", "Wifi signal full."))
    if status.bluetooth:
        shown.append(("bluetooth", "Bluetooth on."))
    wide = percent.box.right - percent.box.left
    children.append(_strip_text(f"{status.battery}%", "battery_percentage_view", right - wide, box, m))
    right -= wide + m.px(2)
    for name, desc in shown:
        mark = icon_mark(name, m.theme.text, size, right - size // 2, box.center.y)
        children.append(Placed(mark.box, (mark,), node=m.node("ImageView", mark.box, content_desc=desc)))
        right -= size + m.px(4)
    node = m.node("FrameLayout", box, resource_id=m.id("status_bar"))
    return Placed(box, (fill(box, m.theme.bar),), tuple(children), node)


def navigation_bar(buttons: tuple[Action, Action, Action], keyboard: bool, box: Box, m: Metrics) -> Placed:
    """The strip at the bottom: back, home and recent apps. With the keyboard up, back points down: it closes it."""
    m = replace(m, package=SYSTEM_UI)
    middle, step = box.center.x, (box.right - box.left) // 4
    children = []
    names = (("nav_back", "Back", "back"), ("nav_home", "Home", "home"), ("nav_recents", "Overview", "recent_apps"))
    for number, ((name, desc, key), tap) in enumerate(zip(names, buttons, strict=True)):
        x, half = middle + (number - 1) * step, min(step, m.px(96)) // 2
        area = Box(x - half, box.top, x + half, box.bottom)
        shape = "hide" if keyboard and name == "nav_back" else name
        mark = icon_mark(shape, m.theme.muted, min(m.px(22), box.bottom - box.top), x, box.center.y)
        node = m.node("ImageView", area, content_desc=desc, resource_id=m.id(key), clickable=True,
                      long_clickable=True, focusable=True)  # fmt: skip
        children.append(Placed(area, (mark,), node=node, tap=tap))
    node = m.node("FrameLayout", box, resource_id=m.id("navigation_bar_frame"))
    return Placed(box, (fill(box, m.theme.bar),), tuple(children), node)


def lock_screen(wall: float, twelve_hours: bool, box: Box, m: Metrics) -> Placed:
    """The keyguard: the time, the day, and how to get past it."""
    m = replace(m, package=SYSTEM_UI, font_scale=1.0)
    tall = box.bottom - box.top
    big = min(m.px(96), tall // 4) / m.scale
    clock = Text(clock_text(wall, twelve_hours), big, align="center", colour="accent", id="lockscreen_clock_view")
    date = Text(date_text(wall), 18, align="center", id="keyguard_status_area")
    hint = Text("Swipe up to unlock", 14, align="center", colour="muted", id="keyguard_indication_text")
    icon = icon_mark("lock", m.theme.text, m.px(28), box.center.x, box.top + tall // 12)
    children, y = [], box.top + tall // 6
    for text, high in ((clock, clock.height(box.right, m)), (date, date.height(box.right, m))):
        children.append(text.place(Box(box.left, y, box.right, y + high), m))
        y += high + m.px(8)
    high = hint.height(box.right, m)
    low = box.bottom - m.px(32)
    children.append(hint.place(Box(box.left, low - high, box.right, low), m))
    lock = Placed(icon.box, (icon,), node=m.node("ImageView", icon.box, content_desc="Locked",
                                                 resource_id=m.id("lock_icon")))  # fmt: skip
    node = m.node("FrameLayout", box, resource_id=m.id("notification_panel"), focused=True)
    return Placed(box, (fill(box, m.theme.background),), (lock, *children), node)


def _strip_text(text: str, name: str, left: int, box: Box, m: Metrics) -> Placed:
    style = m.style(13, True)
    top = box.center.y - texts.line_height(style) // 2
    mark = line_mark(text, style, m.theme.text, left, top)
    return Placed(mark.box, (mark,), node=m.node("TextView", mark.box, text=text, resource_id=m.id(name)))
