"""Which device is driven, and what is said when none can be."""

import threading
import time

import pytest

from environments.android.devices import Device, choose_device, connect, disconnect, parse_devices
from environments.errors import EnvironmentUnavailable
from environments.stop import Stop
from tests.environments.android.adb_server import SERIAL, AdbServer

LISTED = """\
1234567890ABCDEF       device usb:1-4 product:raven model:Pixel_6_Pro device:raven transport_id:1
192.168.1.7:5555       offline product:x transport_id:2
emulator-5554          unauthorized transport_id:3
????????????           no permissions (user in plugdev group; are your udev rules wrong?); see [http://x.org] usb:1-2
plain\tdevice
"""


def test_a_list_of_devices() -> None:
    devices = parse_devices(LISTED)
    assert [(device.serial, device.state) for device in devices] == [
        ("1234567890ABCDEF", "device"),
        ("192.168.1.7:5555", "offline"),
        ("emulator-5554", "unauthorized"),
        ("????????????", "no permissions"),
        ("plain", "device"),
    ]
    assert devices[0].words == "1234567890ABCDEF (Pixel 6 Pro, device)"
    assert parse_devices("") == parse_devices("\n\n") == []


def test_the_only_device_is_chosen(adb: AdbServer) -> None:
    assert choose_device(adb.server) == Device(SERIAL, "device", "Pixel_1")


def test_of_several_none_is_chosen_and_all_are_named(adb: AdbServer) -> None:
    adb.states["OTHER"] = "offline"
    with pytest.raises(EnvironmentUnavailable, match=r"2 devices: PHONE1 \(Pixel 1, device\), OTHER") as caught:
        choose_device(adb.server)
    assert "--env android:PHONE1" in caught.value.fix
    assert choose_device(adb.server, SERIAL).serial == SERIAL


def test_without_a_device_it_is_said_at_once(adb: AdbServer) -> None:
    adb.states.clear()
    started = time.monotonic()
    with pytest.raises(EnvironmentUnavailable, match="no Android device is connected") as caught:
        choose_device(adb.server)
    assert time.monotonic() - started < 2
    assert "USB debugging" in caught.value.fix


def test_an_unknown_serial_names_the_known(adb: AdbServer) -> None:
    with pytest.raises(EnvironmentUnavailable, match="serial number NONE; there is PHONE1") as caught:
        choose_device(adb.server, "NONE")
    assert "adb devices -l" in caught.value.fix


@pytest.mark.parametrize("serial", ["a b", "x;y", "x" * 200, "\n", "ü", "a\0"])
def test_what_is_no_serial_reaches_no_server(adb: AdbServer, serial: str) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no serial number"):
        choose_device(adb.server, serial)
    assert adb.requests == []


@pytest.mark.parametrize(
    ("state", "fix"),
    [
        ("unauthorized", "Allow USB debugging"),
        ("offline", "adb reconnect offline"),
        ("recovery", "start Android"),
        ("bootloader", "start Android"),
        ("no permissions (x); see [y]", "USB devices"),
    ],
)
def test_each_state_has_its_own_message_and_fix(adb: AdbServer, state: str, fix: str) -> None:
    adb.states[SERIAL] = state
    with pytest.raises(EnvironmentUnavailable, match=f"not usable: {state.partition(' (')[0]}") as caught:
        choose_device(adb.server, seconds=0.2)
    assert fix in caught.value.fix


def test_unauthorized_is_not_waited_for(adb: AdbServer) -> None:
    adb.states[SERIAL] = "unauthorized"
    started = time.monotonic()
    with pytest.raises(EnvironmentUnavailable):
        choose_device(adb.server, seconds=30)
    assert time.monotonic() - started < 2


def test_a_device_that_comes_up_is_waited_for(adb: AdbServer) -> None:
    adb.states[SERIAL] = "offline"
    stages = threading.Timer(0.15, lambda: adb.states.update({SERIAL: "authorizing"}))
    ready = threading.Timer(0.3, lambda: adb.states.update({SERIAL: "device"}))
    stages.start()
    ready.start()
    assert choose_device(adb.server, seconds=10).state == "device"


def test_a_stop_ends_the_waiting(adb: AdbServer) -> None:
    adb.states[SERIAL] = "offline"
    stop = Stop(seconds=0.1)
    started = time.monotonic()
    with pytest.raises(Exception, match="time is up"):
        choose_device(adb.server, seconds=30, stop=stop)
    assert time.monotonic() - started < 1


def test_connecting_and_letting_go(adb: AdbServer) -> None:
    adb.connectable["10.0.0.5:5555"] = "device"
    assert connect(adb.server, "10.0.0.5:5555") == "connected to 10.0.0.5:5555"
    assert adb.states["10.0.0.5:5555"] == "device"
    assert disconnect(adb.server, "10.0.0.5:5555") == "disconnected 10.0.0.5:5555"
    with pytest.raises(EnvironmentUnavailable, match="no such device"):
        disconnect(adb.server, "10.0.0.5:5555")


def test_a_failure_that_adb_reports_as_a_success(adb: AdbServer) -> None:
    with pytest.raises(EnvironmentUnavailable, match="Connection refused") as caught:
        connect(adb.server, "10.0.0.5:5555")
    assert "wireless debugging" in caught.value.fix


@pytest.mark.parametrize("address", ["10.0.0.5", "", "host:", "a b:5", "host:5;x", "x:123456"])
def test_what_is_no_address(adb: AdbServer, address: str) -> None:
    with pytest.raises(EnvironmentUnavailable, match="no address"):
        connect(adb.server, address)
    assert adb.requests == []


def test_an_address_is_connected_to_when_it_is_chosen(adb: AdbServer) -> None:
    adb.connectable["[fe80::1]:5555"] = "device"
    assert choose_device(adb.server, "[fe80::1]:5555").state == "device"
    with pytest.raises(EnvironmentUnavailable, match=r"cannot connect to 10\.0\.0\.9:1"):
        choose_device(adb.server, "10.0.0.9:1")
