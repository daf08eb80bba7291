"""A device that remembers what reached it: what the shell's tests look at. Its clock is virtual: sleeping costs
nothing."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Literal

from environments.frame import Frame
from environments.geometry import Box, Size
from environments.phone.device import Focus, Node, NotIdle, Package, Power, SecureWindow, UnknownActivity
from environments.phone.files import Files
from environments.phone.shell import Shell

ADB_KEYBOARD = "com.android.adbkeyboard/.AdbIME"
LATIN = "com.android.inputmethod.latin/.LatinIME"
Namespace = Literal["system", "secure", "global"]


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 1000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return 1_700_000_000.0 + self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class RecordingDevice:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.events: list[tuple[object, ...]] = []
        self.size = Size(1080, 2400)
        self.override_size: Size | None = None
        self.density = 420
        self.override_density: int | None = None
        self.rotation = 0
        self.power = Power(awake=True, locked=False)
        self.focus: Focus | None = Focus("com.android.launcher", "com.android.launcher.Home")
        self.keyboard_shown = False
        self.input_method = LATIN
        self.methods = {LATIN: True, ADB_KEYBOARD: False}
        self.clipboard = ""
        self.field: str | None = ""
        self.secure = self.moving = False
        self.displays: tuple[str, ...] = ("4619827259835644672",)
        self.tree = Node("android.widget.FrameLayout", Box(0, 0, 1080, 2400), package="com.android.launcher")
        self.tasks = [Focus("com.android.launcher", "com.android.launcher.Home")]
        self.stored: dict[Namespace, dict[str, str]] = {
            "system": {"accelerometer_rotation": "0", "user_rotation": "0", "screen_brightness": "102"},
            "secure": {"default_input_method": LATIN},
            "global": {"airplane_mode_on": "0", "wifi_on": "1"},
        }
        self.installed = (
            Package("com.android.launcher", "Launcher", "com.android.launcher.Home"),
            Package("com.android.settings", "Settings", "com.android.settings.Settings", "14", 34),
            Package("com.android.inputmethod.latin", "Keyboard", ""),
            Package("org.example.notes", "Notes", "org.example.notes.Main", "2.1", 21, system=False),
        )

    def set_size(self, size: Size | None) -> None:
        self.override_size = size

    def set_density(self, density: int | None) -> None:
        self.override_density = density

    def screenshot(self) -> Frame:
        if self.secure:
            raise SecureWindow
        return Frame(Size(3, 2), bytes(range(18)))

    def hierarchy(self) -> Node:
        if self.moving:
            raise NotIdle
        return self.tree

    def touch(self, action: Literal["down", "move", "up", "cancel"], x: float, y: float) -> None:
        self.events.append((action, x, y))

    def key(self, code: int, *, long_press: bool = False) -> None:
        self.events.append(("long key" if long_press else "key", code))

    def type_ascii(self, text: str) -> None:
        assert text.isascii()
        assert text.isprintable()
        self.events.append(("text", text))

    def commit_text(self, text: str) -> bool:
        self.events.append(("commit", text))
        if self.field is not None:
            self.field += text
        return self.field is not None

    def clear_text(self) -> bool:
        self.events.append(("clear",))
        if self.field is not None:
            self.field = ""
        return self.field is not None

    def packages(self) -> tuple[Package, ...]:
        return self.installed

    def start(self, package: str, activity: str = "", *, action: str = "", data: str = "") -> Focus:
        self.events.append(("start", package, activity, action, data))
        if not package and not data.startswith("https:") and action != "android.settings.SETTINGS":
            raise UnknownActivity
        found = next((known for known in self.installed if known.name == (package or "com.android.settings")), None)
        if found is None or not found.activity or (activity and activity != found.activity):
            raise UnknownActivity
        self.focus = Focus(found.name, found.activity)
        self.tasks = [self.focus, *(task for task in self.tasks if task != self.focus)]
        return self.focus

    def force_stop(self, package: str) -> None:
        self.events.append(("stop", package))
        self.tasks = [task for task in self.tasks if task.package != package]
        if self.focus is not None and self.focus.package == package:
            self.focus = self.tasks[0] if self.tasks else None

    def setting(self, namespace: Namespace, name: str) -> str | None:
        return self.stored[namespace].get(name)

    def put_setting(self, namespace: Namespace, name: str, value: str | None) -> None:
        if value is None:
            self.stored[namespace].pop(name, None)
        else:
            self.stored[namespace][name] = value

    def settings(self, namespace: Namespace) -> dict[str, str]:
        return dict(self.stored[namespace])

    def input_methods(self) -> dict[str, bool]:
        return dict(self.methods)

    def enable_input_method(self, name: str, enabled: bool) -> bool:
        if name in self.methods:
            self.methods[name] = enabled
        return name in self.methods

    def set_input_method(self, name: str) -> bool:
        if self.methods.get(name):
            self.input_method = name
        return bool(self.methods.get(name))

    def set_clipboard(self, text: str) -> None:
        self.clipboard = text

    def properties(self) -> dict[str, str]:
        return {"ro.product.model": "Phone One", "ro.build.version.sdk": "34", "ro.product.name": "phone"}

    def recent(self) -> tuple[Focus, ...]:
        return tuple(self.tasks)


class Typed:
    """Standard input that holds some bytes and then ends."""

    def __init__(self, data: bytes = b"") -> None:
        self._chunks: Iterator[bytes] = iter([data] if data else [])

    def read(self) -> bytes:
        return next(self._chunks, b"")


class Console:
    """A shell on a recording device; `run` gives exit code, stdout and stderr."""

    def __init__(self, **programs: object) -> None:
        self.device = RecordingDevice()
        self.files = Files()
        self.shell = Shell(self.device, self.files, **programs)  # type: ignore[arg-type]
        self.gone = threading.Event()

    def run(self, line: str, stdin: bytes = b"") -> tuple[int, bytes, bytes]:
        out, err = bytearray(), bytearray()
        code = self.shell.run(line, Typed(stdin), out.extend, err.extend, self.gone.is_set)
        return code, bytes(out), bytes(err)

    def ok(self, line: str, stdin: bytes = b"") -> str:
        """What a line that must succeed in silence writes."""
        code, out, err = self.run(line, stdin)
        assert (code, err) == (0, b""), (line, code, err)
        return out.decode()

    @contextlib.contextmanager
    def leaving(self, seconds: float) -> Iterator[None]:
        """The client goes away after so long."""
        timer = threading.Timer(seconds, self.gone.set)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            self.gone.clear()
