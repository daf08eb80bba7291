"""Which devices an adb server knows, choosing exactly one of them, and waiting for one that went away."""

import re
from collections.abc import Callable
from typing import NamedTuple

from environments.android.connection import AdbLost, Deadline, Server, query
from environments.errors import DeviceLost, EnvironmentUnavailable
from environments.stop import Stop

OFFLINE_SECONDS = 5.0
"""How long a device that is just coming up is waited for when it is opened."""
_CONNECT_SECONDS = 8.0
_PASSING = ("offline", "authorizing", "connecting", "unknown")
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9_.-]+):\d{1,5}\Z")
_SERIAL = re.compile(r"[A-Za-z0-9_.:\[\]%()+-]{1,128}\Z")

_FIXES = {
    "unauthorized": "unlock the device and accept its dialog 'Allow USB debugging?'; if none is shown, revoke the "
    "authorizations in its developer options and plug it in again",
    "offline": "plug it in again, or run: adb reconnect offline",
    "no permissions": "let your user reach USB devices (on Debian: apt-get install android-sdk-platform-tools-common), "
    "then plug it in again",
    "recovery": "let it start Android",
    "sideload": "let it start Android",
    "bootloader": "let it start Android",
}


class Device(NamedTuple):
    """A line of `adb devices -l`."""

    serial: str
    state: str
    model: str = ""

    @property
    def words(self) -> str:
        return f"{self.serial} ({self.model.replace('_', ' ') or 'unknown model'}, {self.state})"


def parse_devices(text: str) -> list[Device]:
    """The devices in the answer to `host:devices-l`."""
    devices = []
    for line in text.splitlines():
        serial, _, rest = line.strip().partition(" ")
        if not serial or not rest.strip():
            serial, _, rest = line.strip().partition("\t")
        rest = rest.strip()
        if serial and rest:
            state = "no permissions" if rest.startswith("no permissions") else rest.split()[0]
            model = re.search(r"\bmodel:(\S+)", rest)
            devices.append(Device(serial, state, model[1] if model else ""))
    return devices


def list_devices(server: Server, stop: Stop | None = None) -> list[Device]:
    """Every device that the adb server knows. Raises AdbLost."""
    return parse_devices(query(server, "host:devices-l", stop=stop))


def choose_device(
    server: Server, serial: str = "", seconds: float = OFFLINE_SECONDS, stop: Stop | None = None
) -> Device:
    """The device with this serial, or the only one there is.

    One that is just coming up is waited for; an address HOST:PORT that is not there yet is connected to.
    Raises EnvironmentUnavailable, each case with a message and a fix of its own.
    """
    if serial and not _SERIAL.match(serial):
        raise EnvironmentUnavailable(f"{serial[:80]!r} is no serial number of a device", fix="list them: adb devices")
    deadline = Deadline(seconds, stop)
    asked = False
    pause = stop or Stop()
    while True:
        devices = list_devices(server, stop)
        if _ADDRESS.match(serial) and not asked and serial not in [device.serial for device in devices]:
            connect(server, serial, stop)
            asked = True
            continue
        chosen = _pick(devices, serial)
        if chosen.state == "device":
            return chosen
        try:
            wait = deadline.slice()
        except TimeoutError:
            wait = 0.0
        if chosen.state not in _PASSING or not wait:
            raise _unusable(chosen)
        pause.wait(min(0.1, wait))


def _pick(devices: list[Device], serial: str) -> Device:
    if serial:
        for device in devices:
            if device.serial == serial:
                return device
        known = f"; there is {', '.join(device.words for device in devices)}" if devices else ""
        raise EnvironmentUnavailable(
            f"there is no device with the serial number {serial}{known}",
            fix="check the cable, USB debugging and: adb devices -l; over Wi-Fi: handeye connect HOST:PORT",
        )
    if not devices:
        raise EnvironmentUnavailable(
            "no Android device is connected",
            fix="plug one in and switch on USB debugging, or: handeye connect HOST:PORT; "
            "--env phone drives a simulated one",
        )
    if len(devices) > 1:
        raise EnvironmentUnavailable(
            f"there are {len(devices)} devices: {', '.join(device.words for device in devices)}",
            fix=f"name one, such as --env android:{devices[0].serial}",
        )
    return devices[0]


def advice(state: str) -> str:
    """What to do about a device that is in a state other than `device`."""
    return _FIXES.get(state, _FIXES["offline"])


def _unusable(device: Device) -> EnvironmentUnavailable:
    return EnvironmentUnavailable(f"the device {device.serial} is not usable: {device.state}", fix=advice(device.state))


def connect(server: Server, address: str, stop: Stop | None = None) -> str:
    """Connect the adb server to a device at HOST:PORT; what the server says about it.

    Raises EnvironmentUnavailable when that fails; adb itself reports a failure as a success with other words.
    """
    if not _ADDRESS.match(address):
        raise EnvironmentUnavailable(f"{address[:80]!r} is no address", fix="give HOST:PORT, such as 192.168.1.7:5555")
    try:
        answer = query(server, f"host:connect:{address}", _CONNECT_SECONDS, stop).strip()
    except AdbLost as exc:
        if exc.kind == "refused":
            raise
        raise _unreachable(address, str(exc)) from exc
    if not answer.startswith(("connected to", "already connected")):
        raise _unreachable(address, answer)
    return answer


def _unreachable(address: str, answer: str) -> EnvironmentUnavailable:
    return EnvironmentUnavailable(
        f"cannot connect to {address}: {answer[:300]}",
        fix="is wireless debugging switched on, and the device in the same network? "
        "Android 11 and later want: adb pair HOST:PORT first",
    )


def disconnect(server: Server, address: str, stop: Stop | None = None) -> str:
    """Let go of a device at HOST:PORT; what the server says. Raises EnvironmentUnavailable when it is not there."""
    try:
        return query(server, f"host:disconnect:{address}", stop=stop).strip()
    except AdbLost as exc:
        if exc.kind != "failed":
            raise
        raise EnvironmentUnavailable(f"cannot disconnect {address[:80]}: {exc}", fix="see: handeye devices") from exc


def wait_for_device(
    server: Server,
    serial: str,
    seconds: float,
    stop: Stop | None = None,
    revive: Callable[[], None] | None = None,
) -> None:
    """Return when the device answers again. What a lost transport goes through (offline, authorizing, gone, back)
    counts as one outage. Raises DeviceLost after `seconds`, or at once when only a person can help."""
    deadline = Deadline(seconds, stop)
    pause = 0.02
    while True:
        state, reason = _state(server, serial, stop)
        if state == "device":
            return
        if state == "unauthorized":
            raise DeviceLost(f"the device {serial} no longer trusts this computer", fix=_FIXES["unauthorized"])
        try:
            wait = min(pause, deadline.slice())
        except TimeoutError as exc:
            raise DeviceLost(f"the device {serial} did not come back within {seconds:g} s: {reason}") from exc
        if state == "refused" and revive is not None:
            revive()
        elif _ADDRESS.match(serial):
            _reconnect(server, serial, state, stop)
        (stop or Stop()).wait(wait)
        pause = min(2 * pause, 1.0)


def _state(server: Server, serial: str, stop: Stop | None) -> tuple[str, str]:
    """The state of a device, or why there is none."""
    try:
        state = query(server, f"host-serial:{serial}:get-state", stop=stop).strip()
    except AdbLost as exc:
        words = str(exc)
        known = next((name for name in ("unauthorized", "offline", "authorizing") if name in words), None)
        return ("refused" if exc.kind == "refused" else known or "gone"), words
    return state, f"it is {state}"


def _reconnect(server: Server, address: str, state: str, stop: Stop | None) -> None:
    """Ask the server to open the connection anew; whether that worked shows in the device's state."""
    steps = ["disconnect", "connect"] if state == "offline" else ["connect"]
    for step in steps:
        try:
            query(server, f"host:{step}:{address}", _CONNECT_SECONDS, stop)
        except AdbLost:
            return
