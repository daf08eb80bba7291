"""The commands `devices`, `connect` and `disconnect`, as functions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.errors import EnvironmentUnavailable
from tests.environments.android.adb_server import SERIAL, AdbServer
from tools import devices


@pytest.fixture
def adb(monkeypatch: pytest.MonkeyPatch) -> Iterator[AdbServer]:
    """An adb server in the place of the user's own."""
    with AdbServer() as server:
        monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(server.server.port))
        yield server


def test_what_is_listed(adb: AdbServer) -> None:
    adb.states["10.0.0.5:5555"] = "unauthorized"
    usable, other = devices.list_devices()
    assert usable == {"serial": SERIAL, "state": "device", "model": "Pixel 1", "usable": True, "fix": ""}
    assert (other["serial"], other["state"], other["usable"]) == ("10.0.0.5:5555", "unauthorized", False)
    assert "Allow USB debugging" in other["fix"]


def test_what_is_printed(adb: AdbServer, capsys: pytest.CaptureFixture[str]) -> None:
    adb.states["bad\x1b[31m"] = "offline"
    devices.print_devices(devices.list_devices())
    said = capsys.readouterr().out
    assert f"android:{SERIAL}" in said
    assert "adb reconnect offline" in said
    assert "\x1b[31m" not in said
    adb.states.clear()
    devices.print_devices(devices.list_devices())
    assert "handeye connect HOST:PORT" in capsys.readouterr().out


def test_connecting(adb: AdbServer) -> None:
    adb.connectable["10.0.0.5:5555"] = "device"
    assert devices.connect("10.0.0.5") == "connected to 10.0.0.5:5555"
    assert devices.connect(" 10.0.0.5:5555 ") == "connected to 10.0.0.5:5555"
    assert devices.disconnect("10.0.0.5") == "disconnected 10.0.0.5:5555"
    with pytest.raises(EnvironmentUnavailable, match="no such device"):
        devices.disconnect("10.0.0.5")
    with pytest.raises(EnvironmentUnavailable, match=r"cannot connect to 10\.0\.0\.6:7"):
        devices.connect("10.0.0.6:7")
    with pytest.raises(EnvironmentUnavailable, match="is no address"):
        devices.connect("; reboot")


def test_a_server_that_does_not_run_is_started(adb: AdbServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adb.stop()
    program = tmp_path / "adb"
    program.write_text('#!/bin/sh\n[ "$1" = version ] || echo "$@" > "$0.said"\n')
    program.chmod(0o755)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", str(program))
    monkeypatch.setattr(devices, "start_server", _starting(adb, devices.start_server))
    assert [row["serial"] for row in devices.list_devices()] == [SERIAL]
    assert (tmp_path / "adb.said").read_text().split() == ["-P", str(adb.server.port), "start-server"]


def _starting(adb: AdbServer, real):  # type: ignore[no-untyped-def]
    def start(server):  # type: ignore[no-untyped-def]
        real(server)
        adb.restart()

    return start
