"""A scripted device behind an adb server on the wire, and the driver on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from environments.android.adb import AdbShell
from environments.android.driver import AndroidEnvironment
from environments.settle import SettleRule
from tests.environments.android.adb_server import SERIAL, AdbServer, ScriptedDevice

RULE = SettleRule(floor=0.05, quiet=0.05, cap=0.6, interval=0.002)


@pytest.fixture
def adb() -> Iterator[AdbServer]:
    with AdbServer() as server:
        yield server


@pytest.fixture
def device(adb: AdbServer) -> ScriptedDevice:
    return adb.device


@pytest.fixture
def shell(adb: AdbServer) -> AdbShell:
    return AdbShell(adb.server, SERIAL, reconnect_seconds=2, revive=adb.restart)


@pytest.fixture
def open_device(adb: AdbServer) -> Iterator[Callable[..., AndroidEnvironment]]:
    """Opens the driver; closed at the end."""
    opened = []

    def open_it(**options: Any) -> AndroidEnvironment:
        settings = {"server": adb.server, "revive": adb.restart, "rule": RULE, "reconnect_seconds": 2.0}
        opened.append(AndroidEnvironment(**(settings | options)))
        return opened[-1]

    yield open_it
    for environment in opened:
        environment.close()


@pytest.fixture
def android(open_device: Callable[..., AndroidEnvironment], device: ScriptedDevice) -> AndroidEnvironment:
    """The driver on the scripted device, whose list of what it ran is empty."""
    environment = open_device()
    device.ran.clear()
    return environment
