"""Text that no key types: through an input method for adb, put in place for the moment, or through the clipboard.

Before the user's own input method is replaced its id is written into the device's settings, so that whatever kills
this process, the next one that opens the device puts it back.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from environments.android.adb import AdbShell, Result
from environments.android.connection import AdbLost
from environments.android.keycodes import PASTE
from environments.android.text import encoded, pieces
from environments.errors import DeviceLost, InvalidAction
from environments.stop import Stop

REMEMBERED = "handeye_previous_input_method"
"""The name, in the device's global settings, of the input method to put back: its id, then a comma, then the id of
one that was disabled before."""
_READY_SECONDS = 1.5
_ID = re.compile(r"[\w.]+/[\w.$]+\Z")
_CLIPPER = "ca.zgrs.clipper"


class Keyboard(NamedTuple):
    """An input method that takes text from broadcasts: `extra` is the name of the base64 text in `action`."""

    id: str
    action: str
    extra: str


KEYBOARDS = (
    Keyboard("com.android.adbkeyboard/.AdbIME", "ADB_INPUT_B64", "msg"),
    Keyboard("com.github.uiautomator/.AdbKeyboard", "ADB_KEYBOARD_INPUT_TEXT", "text"),
)


class NotTyped(Exception):
    """The text, or the rest of it, was not typed: `typed` characters were, and of `unsure` nobody knows whether."""

    def __init__(self, reason: str, typed: int = 0, *, unsure: bool = False) -> None:
        super().__init__(reason)
        self.typed = typed
        self.unsure = unsure


class InputMethods:
    """What the device has to take a text with."""

    def __init__(self, shell: AdbShell) -> None:
        self._shell = shell

    def restore(self, stop: Stop | None = None) -> str:
        """Put back what a run that was killed has left replaced; the id of what was put back, or an empty string."""
        kept = self._shell.read(["settings", "get", "global", REMEMBERED], stop=stop).text.strip()
        if not kept or kept == "null":
            return ""
        previous, _, foreign = kept.partition(",")
        self._put_back(previous, foreign)
        return previous

    def way(self, stop: Stop | None = None) -> Keyboard | None:
        """The input method to type any text with; None for the clipboard. Raises InvalidAction without either."""
        installed = self._ids(["ime", "list", "-s", "-a"], stop)
        for keyboard in KEYBOARDS:
            if keyboard.id in installed:
                return keyboard
        if f"package:{_CLIPPER}" in self._ids(["pm", "list", "packages", _CLIPPER], stop):
            return None
        raise InvalidAction(
            "the text holds characters that the keys of an Android device cannot type, and this device has no input "
            "method for them",
            fix="install ADBKeyBoard on the device (com.android.adbkeyboard)",
        )

    def type(self, text: str, way: Keyboard | None, stop: Stop | None = None) -> str:
        """Bring a text into the field that has the focus; what should be known afterwards. Raises NotTyped."""
        if way is None:
            self._paste(text, stop)
            return ""
        current = self._shell.read(["settings", "get", "secure", "default_input_method"], stop=stop).text.strip()
        if current == way.id:
            self._send(way, text, stop)
            return ""
        foreign = "" if way.id in self._ids(["ime", "list", "-s"], stop) else way.id
        self._remember(current, foreign)
        try:
            self._select(way.id, stop)
            self._send(way, text, stop)
        except BaseException:
            self._try_to_put_back(current, foreign)
            raise
        return self._try_to_put_back(current, foreign)

    def _ids(self, argv: Sequence[str], stop: Stop | None) -> list[str]:
        return self._shell.read(argv, stop=stop).text.split()

    def _remember(self, current: str, foreign: str) -> None:
        """Write down what is about to be replaced; without that it is not replaced."""
        try:
            kept = self._shell.run(["settings", "put", "global", REMEMBERED, f"{current},{foreign}"])
        except AdbLost as exc:
            raise NotTyped(f"the input method was not changed: {exc}") from exc
        if kept.exit_code != 0:
            raise NotTyped(f"the device does not let its settings be changed: {kept.complaint}")

    def _select(self, identity: str, stop: Stop | None) -> None:
        try:
            done, last = self._shell.chain([["ime", "enable", identity], ["ime", "set", identity]], stop=stop)
        except AdbLost as exc:
            raise NotTyped(f"the input method was not changed: {exc}") from exc
        if done < 2 or "selected" not in last.text:
            raise NotTyped(f"the device refuses the input method {identity}: {last.complaint}")
        wait = stop or Stop()
        for _ in range(int(_READY_SECONDS / 0.05)):
            state = self._shell.read(["dumpsys", "input_method"], stop=stop).text
            bound = re.findall(r"\bmCur(?:Method)?Id=(\S+)", state)
            if all(name == identity for name in bound) and "mBoundToMethod=false" not in state:
                return
            wait.wait(0.05)

    def _send(self, keyboard: Keyboard, text: str, stop: Stop | None) -> None:
        typed = 0
        for piece in pieces(text):
            if stop is not None and stop.is_set():
                raise NotTyped(f"stopped: {stop.reason}", typed, unsure=typed > 0)
            self._broadcast(["-a", keyboard.action, "--es", keyboard.extra, encoded(piece)], typed)
            typed += len(piece)

    def _broadcast(self, arguments: list[str], typed: int) -> None:
        result = self._once(["am", "broadcast", *arguments], typed)
        if result.exit_code != 0 or "Broadcast completed" not in result.text:
            raise NotTyped(f"the broadcast failed: {result.complaint}", typed, unsure=typed > 0)

    def _paste(self, text: str, stop: Stop | None) -> None:
        if stop is not None and stop.is_set():
            raise NotTyped(f"stopped: {stop.reason}")
        result = self._once(["am", "broadcast", "-a", "clipper.set", "-e", "text", text], 0)
        if "result=-1" not in result.text:
            raise NotTyped(f"the clipboard was not set: {result.complaint}")
        result = self._once(["input", "keyevent", str(PASTE)], 0)
        if result.exit_code != 0:
            raise NotTyped(f"the device did not paste: {result.complaint}")

    def _once(self, argv: list[str], typed: int) -> Result:
        """Not interrupted by a stop: an exchange that is over within a moment leaves no doubt behind."""
        try:
            return self._shell.run(argv)
        except AdbLost as exc:
            raise NotTyped(str(exc), typed, unsure=exc.sent or typed > 0) from exc

    def _try_to_put_back(self, previous: str, foreign: str) -> str:
        """Put back now; when the device is gone, what to tell: whoever opens it next does it."""
        try:
            self._put_back(previous, foreign)
        except DeviceLost as exc:
            return f"the input method {previous} will be put back when the device is opened again: {exc}"
        return ""

    def _put_back(self, previous: str, foreign: str) -> None:
        """Repeated when the transport breaks, since doing it twice does no harm. Raises DeviceLost."""
        commands = []
        if _ID.match(previous):
            commands += [["ime", "enable", previous], ["ime", "set", previous]]
        if _ID.match(foreign):
            commands.append(["ime", "disable", foreign])
        commands.append(["settings", "delete", "global", REMEMBERED])
        self._shell.read_all(commands)
