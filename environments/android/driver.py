"""AndroidEnvironment: a device with Android, driven through an adb server."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from environments.action import Action
from environments.android.adb import RECONNECT_SECONDS, AdbShell
from environments.android.capture import BadShot, Capture, Shot, display_ids
from environments.android.commands import OFFERED, Tools, commands_for
from environments.android.connection import AdbLost, Server, default_server
from environments.android.devices import choose_device
from environments.android.input_method import InputMethods
from environments.android.keycodes import WAKE_UP
from environments.android.performer import Performance, needs
from environments.android.server import start_server
from environments.android.state import SECURE_READS, DeviceState, StateReader, is_secure
from environments.android.tree import Dump, dump_tree
from environments.environment import Capabilities, Command, Effect, Settled, check_points, stale
from environments.errors import CaptureFailed, DeviceLost, EnvironmentUnavailable, Stopped
from environments.frame import Frame
from environments.geometry import Screen
from environments.observation import NOT_ASKED, Elements, Observation
from environments.settle import SettleRule, settle
from environments.stop import Stop

SHOTS = 4
"""How often a screenshot is tried before it counts as failed."""
_LOOKS = 3
"""How often picture and state are read anew when what is in front changes meanwhile."""
_BLACK_SHARE = 0.5
_SAMPLE = 997
_log = logging.getLogger(__name__)


class AndroidEnvironment:
    """The screen of a device with Android: the one with this `serial`, or the only one that the adb server knows.

    `server` is where the adb server listens; the user's own is started when it does not run. `revive` brings a server
    back that has gone. `private` says that nobody else uses the device, as with a simulated phone. A device that is
    asleep is woken once, here. Raises EnvironmentUnavailable with the way out.
    """

    def __init__(  # noqa: PLR0913  # options by name, each with a default
        self,
        serial: str = "",
        *,
        server: Server | None = None,
        revive: Callable[[], None] | None = None,
        private: bool = False,
        rule: SettleRule | None = None,
        reconnect_seconds: float = RECONNECT_SECONDS,
    ) -> None:
        where = server or default_server()
        bring_back = revive or (lambda: start_server(where))
        self._rule = rule or SettleRule()
        self._private = private
        self._closed = False
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="handeye-android")
        self.warnings: tuple[str, ...] = ()
        """What the device wrote in front of its screenshots, each text once."""
        try:
            self.serial = _choose(where, serial, bring_back)
            self._shell = AdbShell(where, self.serial, reconnect_seconds=reconnect_seconds, revive=bring_back)
            self._state = StateReader(self._shell)
            self._open()
        except (DeviceLost, CaptureFailed) as exc:
            self.close()
            raise EnvironmentUnavailable(f"the device cannot be used: {exc}", fix=exc.fix) from exc
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        """Learn what the device is like, put back what a run that was killed has left, and wake it."""
        usage, displays = self._shell.read_all([["input"], ["dumpsys", "SurfaceFlinger", "--display-id"]])
        ids = display_ids(displays.text)
        said = usage.text + displays.stderr.decode(errors="replace")
        self._tools = Tools(
            motion_events="motionevent" in said,
            combinations="keycombination" in said,
            display="0" if len(ids) > 1 else "",
        )
        hotkeys = {"hotkey"} if self._tools.combinations else set()
        self._capabilities = Capabilities(
            kind="android", platform="android", actions=OFFERED | hotkeys, private=self._private, elements=True
        )
        self._display = f"{self.serial} display {ids[0]}" if ids else self.serial
        InputMethods(self._shell).restore()
        self._known = self._state.read()
        if not self._known.awake:
            self._shell.run(["input", "keyevent", str(WAKE_UP)])
        self._capture = Capture(self._shell, ids[0] if len(ids) > 1 else "")
        try:
            self._shell.retried(self._capture.measure)
        except BadShot as exc:  # perhaps a secure window is in front just now; observing says more
            _log.warning("%s: no screenshot yet: %s", self.serial, exc)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    @property
    def capture_form(self) -> str:
        """The format in which screenshots are fetched, "png" or "raw": the one that was faster at the beginning."""
        return self._capture.form

    @property
    def capture_milliseconds(self) -> dict[str, float]:
        """What a screenshot took in each format when that was measured."""
        return dict(self._capture.milliseconds)

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        """A screenshot, what is in front, and the accessibility tree when asked for, read side by side."""
        self._check_open(stop)
        started = time.perf_counter()
        for _ in range(_LOOKS):
            reading = self._pool.submit(self._state.read, stop)
            dumping = self._pool.submit(dump_tree, self._shell, stop) if elements else None
            frame = self._shoot(stop).frame
            state = reading.result()
            dump = dumping.result() if dumping else None
            before, self._known = self._known, state
            if state.place == before.place and _upright(frame) == _upright(state):
                break  # else picture or tree may be from before the change: a tap on them would not be refused
        self._check_secure(frame, state, stop)
        tree = dump.elements(frame.size, Screen(0, 0, *state.size)) if dump else NOT_ASKED
        return self._observation(frame, state, tree, started)

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        check_points(action, seen)
        return commands_for(action, seen.frame.size, seen.screen, self._tools)

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        """Carry out an action once, if the screen is still the one that was seen.

        Raises InvalidAction, before anything is sent, for a text or an app that this device has no way for.
        """
        commands = self.commands(action, seen)
        if stop is not None and stop.is_set():
            return Effect("not_sent", stop.reason)
        self._check_open(stop)
        try:
            found = needs(self._shell, commands, stop)
            state = self._state.read(stop)
        except Stopped as exc:
            return Effect("not_sent", f"stopped: {exc}")
        reason = stale(seen, replace(self._observation(seen.frame, state, NOT_ASKED, 0), id=seen.id))
        if reason:
            return Effect("not_sent", reason)
        return Performance(self._shell, self._read_elements, found, stop).run(commands)

    def settle(self, stop: Stop | None = None) -> Settled:
        """Wait until the screen stands still."""
        self._check_open(stop)
        settled = settle(lambda: self._shoot(stop).frame, stop or Stop(), self._rule)
        self._known = self._state.read(stop)
        return settled

    def close(self) -> None:
        """Let go of the device. Safe to call twice."""
        self._closed = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __enter__(self) -> "AndroidEnvironment":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _check_open(self, stop: Stop | None) -> None:
        if self._closed:
            raise DeviceLost("the device was closed")
        if stop is not None:
            stop.check()

    def _observation(self, frame: Frame, state: DeviceState, tree: Elements, started: float) -> Observation:
        return Observation(
            frame=frame,
            screen=Screen(0, 0, *state.size),
            display=self._display,
            window=state.window,
            rotation=state.rotation,
            keyboard_shown=state.keyboard_shown,
            elements=tree,
            capture_ms=1000 * (time.perf_counter() - started),
        )

    def _read_elements(self, stop: Stop | None) -> Elements:
        state = self._state.read(stop)
        dump: Dump = dump_tree(self._shell, stop)
        return dump.elements(state.size, Screen(0, 0, *state.size))

    def _shoot(self, stop: Stop | None) -> Shot:
        """A screenshot, tried a few times. Raises CaptureFailed with the reason, DeviceLost and Stopped."""
        reason = ""
        for attempt in range(1, SHOTS + 1):
            try:
                shot = self._capture.take(stop)
            except BadShot as exc:
                reason = str(exc)
                self._explain(reason, stop)
            except AdbLost as exc:
                reason = str(exc)
                if exc.kind == "slow" and attempt >= 2:
                    break
                self._shell.wait_until_back(stop)
            else:
                self._warn(shot.warning)
                return shot
        raise CaptureFailed(f"no screenshot after {attempt} attempts: {reason}")

    def _explain(self, reason: str, stop: Stop | None) -> None:
        """Raise CaptureFailed at once when the device says why it gives no picture."""
        state = self._state.read(stop)
        if not state.awake:
            raise CaptureFailed(f"the screen is off ({reason})", fix="wake the device")
        if self._is_secure(stop):
            raise _secure(state, reason)

    def _check_secure(self, frame: Frame, state: DeviceState, stop: Stop | None) -> None:
        """A picture that is mostly black, of a window that forbids pictures, is none. Black alone proves nothing."""
        sample = frame.pixels[::_SAMPLE]
        if state.awake and sample.count(0) > _BLACK_SHARE * len(sample) and self._is_secure(stop):
            raise _secure(state, "the picture is black")

    def _is_secure(self, stop: Stop | None) -> bool:
        return is_secure("\n".join(result.text for result in self._shell.read_all(SECURE_READS, stop=stop)))

    def _warn(self, words: str) -> None:
        if words and words not in self.warnings:
            self.warnings += (words,)
            _log.warning("%s writes this beside its screenshots: %s", self.serial, words)


def _upright(picture: Frame | DeviceState) -> bool:
    return picture.size.height >= picture.size.width


def _secure(state: DeviceState, reason: str) -> CaptureFailed:
    name = state.window.title if state.window else "the window in front"
    return CaptureFailed(
        f"{name} is secure: it does not let itself be captured ({reason})",
        fix="take over by hand until another window is in front",
    )


def _choose(server: Server, serial: str, revive: Callable[[], None]) -> str:
    """The serial number of the device to drive; the adb server is started first where none runs."""
    try:
        return choose_device(server, serial).serial
    except AdbLost as exc:
        if exc.kind != "refused":
            raise
    revive()
    return choose_device(server, serial).serial


def open_android(
    which: str = "",
    *,
    server: Server | None = None,
    revive: Callable[[], None] | None = None,
    private: bool = False,
    rule: SettleRule | None = None,
) -> AndroidEnvironment:
    """`android` is the only device that is connected, `android:SERIAL` (or `android:HOST:PORT`) a certain one."""
    return AndroidEnvironment(which.strip(), server=server, revive=revive, private=private, rule=rule)
