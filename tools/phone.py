"""`handeye phone`: a simulated phone that serves adb clients until it is told to end."""

import json
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import fields, replace
from typing import Any, get_type_hints

from environments.errors import HandeyeError
from environments.geometry import Size
from environments.phone.front import WorldFaults
from environments.phone.phone import Phone
from environments.phone.shell.faults import ShellFaults
from environments.phone.wire.faults import WireFaults
from environments.registry import InvalidOption
from tools import devices

_SMALLEST, _LARGEST = 200, 4096
_LONG = 3600.0

Faults = tuple[WireFaults, ShellFaults, WorldFaults]


def serve_phone(  # noqa: PLR0913  # one for each option
    *, port: int, size: str, density: int, seed: int, faults: Sequence[str], register: bool, machine: bool
) -> int:
    """Start a phone, say where it is, and serve until Ctrl-C, SIGTERM or SIGHUP.

    Raises InvalidOption for a size or a fault that there is not, and EnvironmentUnavailable.
    """
    wire, shell, world = parse_faults(faults)
    pixels = parse_size(size)
    with _ended_by_signals(), Phone(size=pixels, density=density, seed=seed, port=port) as phone:
        phone.wire_faults, phone.shell_faults, phone.world_faults = wire, shell, world
        registered = _registered(phone.address) if register else nullcontext()
        with registered, suppress(KeyboardInterrupt):  # the way in which it is meant to end
            _announce(phone.address, pixels, seed, register=register, machine=machine)
            while True:
                time.sleep(_LONG)
    return 0


def parse_size(text: str) -> Size:
    """A size such as 1080x2400. Raises InvalidOption."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    size = Size(int(found[1]), int(found[2])) if found else Size(0, 0)
    if not all(_SMALLEST <= side <= _LARGEST for side in size):
        raise InvalidOption(
            f"{text[:40]!r} is no size of a phone", fix=f"give WIDTHxHEIGHT, each from {_SMALLEST} to {_LARGEST}"
        )
    return size


def parse_faults(given: Sequence[str]) -> Faults:
    """The faults that NAME or NAME=VALUE name, `-` and `_` being the same. Raises InvalidOption."""
    chosen: list[Any] = [WireFaults(), ShellFaults(), WorldFaults()]
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip().replace("-", "_").lower()
        at = next((at for at, kind in enumerate(chosen) if name in get_type_hints(type(kind))), None)
        if at is None:
            raise InvalidOption(f"there is no fault named {name[:40]!r}", fix=f"the faults are: {', '.join(_names())}")
        wanted = str(get_type_hints(type(chosen[at]))[name])
        try:
            chosen[at] = replace(chosen[at], **{name: _value(wanted, value if equals else None)})
        except ValueError as exc:
            raise InvalidOption(f"{text[:80]!r} is no fault: {exc}", fix=f"such as --fault {_example(name)}") from exc
    return chosen[0], chosen[1], chosen[2]


_EXAMPLES = {
    "cut_after": "=5000",
    "drip": "=20000",
    "truncate_png": "=1000",
    "late_page": "=0.5",
    "rotate_at": "=touch",
    "override_size": "=720x1280",
}


def _names() -> list[str]:
    return [_example(known.name) for kind in (WireFaults, ShellFaults, WorldFaults) for known in fields(kind)]


def _example(name: str) -> str:
    return name.replace("_", "-") + _EXAMPLES.get(name, "")


def _value(wanted: str, text: str | None) -> Any:
    """The value of a fault from its text. Raises ValueError."""
    if "bool" in wanted:
        known = {None: True, "true": True, "1": True, "false": False, "0": False}
        if text not in known:
            raise ValueError("it is on or off: true or false")
        return known[text]
    if text is None:
        raise ValueError("it needs a value")
    if "Size" in wanted:
        return parse_size(text)
    if "Literal" in wanted:
        if text not in ("touch", "screenshot"):
            raise ValueError("it is touch or screenshot")
        return text
    number = float(text) if "float" in wanted else int(text)
    if not 0 <= number <= 1e12:
        raise ValueError(f"{text} is out of range")
    return number


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end as Ctrl-C does: by an exception in this thread, so that everything is taken down."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


@contextmanager
def _registered(address: str) -> Iterator[None]:
    """The user's adb server is connected to the phone for as long as this lasts."""
    devices.connect(address)
    try:
        yield
    finally:
        with suppress(HandeyeError):  # the adb server may have ended before the phone
            devices.disconnect(address)


def _announce(address: str, size: Size, seed: int, *, register: bool, machine: bool) -> None:
    """One flushed write, so that whoever waits for the line gets it whole and at once."""
    if machine:
        words = json.dumps({"address": address, "size": [*size], "seed": seed, "registered": register})
    elif register:
        words = f"phone at {address}, on your adb server: adb -s {address} shell\nCtrl-C ends it."
    else:
        words = f"phone at {address}\n  adb connect {address}\nCtrl-C ends it."
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
