"""settings, content, ime, getprop and svc."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.environments.phone.recording_device import ADB_KEYBOARD, LATIN, Console

FAILED = 255


def test_settings_are_got_put_deleted_and_listed() -> None:
    console = Console()
    assert console.ok("settings get global airplane_mode_on") == "0\n"
    assert console.ok("settings get system none; settings get secure none") == "null\nnull\n"
    assert console.ok("settings put global airplane_mode_on 1") == ""
    assert console.device.stored["global"]["airplane_mode_on"] == "1"
    assert (
        console.ok("settings --user 0 get global airplane_mode_on; cmd settings get global airplane_mode_on")
        == "1\n1\n"
    )
    assert console.ok("settings list global") == "airplane_mode_on=1\nwifi_on=1\n"
    assert (
        console.ok("settings delete global wifi_on; settings delete global wifi_on")
        == "Deleted 1 rows\nDeleted 0 rows\n"
    )
    assert "wifi_on" not in console.device.stored["global"]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_value_is_kept(value: str) -> None:
    console = Console()
    console.ok(f"settings put system some_name {shlex.quote(value)}")
    assert console.device.stored["system"]["some_name"] == value
    assert console.ok("settings get system some_name") == value + "\n"


@pytest.mark.parametrize(
    "line", ["settings get", "settings get nonsense x", "settings get global", "settings put global x", "settings fly"]
)
def test_bad_settings(line: str) -> None:
    console = Console()
    before = {name: dict(table) for name, table in console.device.stored.items()}
    assert console.run(line)[0] == FAILED
    assert console.device.stored == before


def test_content_of_the_settings() -> None:
    console = Console()
    assert console.ok("content query --uri content://settings/global") == (
        "Row: 0 _id=1, name=airplane_mode_on, value=0\nRow: 1 _id=2, name=wifi_on, value=1\n"
    )
    where = shlex.quote("name='wifi_on'")
    assert (
        console.ok(f"content query --uri content://settings/global --projection value --where {where}")
        == "Row: 0 value=1\n"
    )
    assert (
        console.ok("content query --uri content://settings/global/wifi_on --projection name:value")
        == "Row: 0 name=wifi_on, value=1\n"
    )
    console.ok("content insert --uri content://settings/system --bind name:s:user_rotation --bind value:i:1")
    assert console.device.stored["system"]["user_rotation"] == "1"
    console.ok(f"content delete --uri content://settings/global --where {where}")
    assert "wifi_on" not in console.device.stored["global"]
    assert console.ok("content query --uri content://settings/global/none") == "No result found.\n"


def test_content_of_a_provider() -> None:
    rows = [{"_id": 1, "display_name": "Łódź"}, {"_id": 2, "display_name": None}]
    console = Console(providers={"com.android.contacts/contacts": lambda: rows})
    assert console.ok("content query --uri content://com.android.contacts/contacts") == (
        "Row: 0 _id=1, display_name=Łódź\nRow: 1 _id=2, display_name=NULL\n"
    )
    assert (
        console.ok("content query --uri content://com.android.contacts/contacts --where _id=2")
        == "Row: 0 _id=2, display_name=NULL\n"
    )


def test_content_that_there_is_not() -> None:
    code, out, err = Console().run("content query --uri content://com.mobilerun.portal/state")
    assert (code, out) == (0, b"")
    assert err.startswith(
        b"Error while accessing provider:com.mobilerun.portal\njava.lang.IllegalStateException: Could not find provider"
    )
    assert Console().run("content fly")[2] == b"[ERROR] Unsupported operation: fly\n"
    assert Console().run("content query --uri")[2] == b"[ERROR] Unsupported argument: --uri\n"


def test_input_methods() -> None:
    console = Console()
    assert console.ok("ime list -s") == f"{LATIN}\n"
    assert console.ok("ime list -s -a") == console.ok("ime list -as") == f"{LATIN}\n{ADB_KEYBOARD}\n"
    assert f"{ADB_KEYBOARD}:\n  mId={ADB_KEYBOARD} " in console.ok("ime list -a")
    assert "name=com.android.adbkeyboard.AdbIME\n" in console.ok("ime list -a")
    refused = f"Unknown input method {ADB_KEYBOARD} cannot be selected for user #0\n".encode()
    assert console.run(f"ime set {ADB_KEYBOARD}") == (FAILED, b"", refused)  # it is not enabled yet
    assert console.device.input_method == LATIN
    assert console.ok(f"ime enable {ADB_KEYBOARD}") == f"Input method {ADB_KEYBOARD}: now enabled for user #0\n"
    assert console.ok(f"ime enable {ADB_KEYBOARD}") == f"Input method {ADB_KEYBOARD}: already enabled for user #0\n"
    assert console.ok(f"ime set {ADB_KEYBOARD}") == f"Input method {ADB_KEYBOARD} selected for user #0\n"
    assert console.device.input_method == ADB_KEYBOARD
    assert (
        console.ok(f"ime disable --user 0 {ADB_KEYBOARD}") == f"Input method {ADB_KEYBOARD}: now disabled for user #0\n"
    )
    assert console.ok("ime reset").startswith("Reset current and enabled IMEs for user #0\n")
    assert (console.device.input_method, console.device.methods) == (LATIN, {LATIN: True, ADB_KEYBOARD: False})
    unknown = b"Unknown input method a/.B cannot be enabled for user #0\n"
    assert console.run("ime enable a/.B") == (FAILED, b"", unknown)


def test_properties() -> None:
    console = Console()
    assert console.ok("getprop ro.product.model; getprop none; getprop none x") == "Phone One\n\nx\n"
    assert console.ok("setprop debug.x 'a b'; getprop debug.x; getprop | grep debug") == "a b\n[debug.x]: [a b]\n"
    assert "[ro.build.version.sdk]: [34]\n" in console.ok("getprop")
    assert b"Failed to set property 'ro.x'" in console.run("setprop ro.x 1")[2]
    assert console.run(f"setprop debug.y {'a' * 200}")[0] == 1


def test_switches() -> None:
    console = Console()
    console.ok("svc wifi disable; svc data enable; svc bluetooth enable; svc power stayon true")
    kept = console.device.stored["global"]
    assert [kept[name] for name in ("wifi_on", "mobile_data", "bluetooth_on", "stay_on_while_plugged_in")] == [
        "0",
        "1",
        "1",
        "7",
    ]
    assert console.run("svc nonsense")[2].startswith(b"Available commands:\n")


def test_network() -> None:
    console = Console()
    assert console.ok("ip route") == "192.168.1.0/24 dev wlan0 proto kernel scope link src 192.168.1.23 \n"
    assert "    inet 192.168.1.23/24 brd 192.168.1.255 " in console.ok("ip addr show wlan0")
    assert console.ok("ip addr show dev wlan0") == console.ok("ip -f inet addr show wlan0".replace("-f inet ", ""))
    assert "inet addr:192.168.1.23 " in console.ok("ifconfig wlan0")
    assert "127.0.0.1" in console.ok("ip addr")
    assert console.run("ip addr show eth9") == (1, b"", b'Device "eth9" does not exist.\n')
    assert console.run("ip fly")[0] == FAILED
    assert console.run("ping -c 1 example.com") == (2, b"", b"ping: unknown host example.com\n")
    console.ok("svc wifi disable")
    assert console.ok("ip route") == ""
    assert "192.168" not in console.ok("ip addr; ifconfig")
