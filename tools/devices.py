"""`handeye devices`, `connect` and `disconnect`: the Android devices that the user's adb server knows."""

from typing import Any

from rich.console import Console
from rich.text import Text

from environments.android.connection import AdbLost, Server, default_server
from environments.android.devices import Device, advice
from environments.android.devices import connect as connect_device
from environments.android.devices import disconnect as disconnect_device
from environments.android.devices import list_devices as known_devices
from environments.android.server import start_server
from tools.tables import print_table
from tools.terminal import clean


def list_devices(server: Server | None = None) -> list[dict[str, Any]]:
    """The devices as JSON values: `serial`, `state`, `model`, `usable`, `fix`. The adb server is started if need be.

    Raises EnvironmentUnavailable and DeviceLost.
    """
    return [_row(device) for device in known_devices(_running(server))]


def connect(address: str, server: Server | None = None) -> str:
    """Connect to a device at HOST:PORT (PORT 5555 when left out) and return the words of adb about it.

    Raises EnvironmentUnavailable when there is none.
    """
    return connect_device(_running(server), _with_port(address))


def disconnect(address: str, server: Server | None = None) -> str:
    """Let go of a device at HOST:PORT and return the words of adb about it. Raises EnvironmentUnavailable."""
    return disconnect_device(_running(server), _with_port(address))


def print_devices(rows: list[dict[str, Any]]) -> None:
    """The devices as a table, each that cannot be used with what to do about it."""
    console = Console(highlight=False)
    if not rows:
        console.print("No Android device is connected.")
        console.print(
            Text("  try: plug one in and switch on USB debugging, or: handeye connect HOST:PORT", style="cyan")
        )
        return
    cells = [(row["serial"], row["state"], row["model"], f"android:{row['serial']}" if row["usable"] else "")
             for row in rows]  # fmt: skip
    print_table(("serial", "state", "model", "--env"), cells)
    for row in rows:
        if row["fix"]:
            console.print(Text(f"  {clean(row['serial'])}: {clean(row['fix'], 1000)}", style="cyan"))


def _row(device: Device) -> dict[str, Any]:
    usable = device.state == "device"
    return {
        "serial": device.serial,
        "state": device.state,
        "model": device.model.replace("_", " "),
        "usable": usable,
        "fix": "" if usable else advice(device.state),
    }


def _running(server: Server | None) -> Server:
    """The adb server to ask; the user's own is started when it does not run."""
    where = server or default_server()
    try:
        known_devices(where)
    except AdbLost as exc:
        if exc.kind != "refused":
            raise
        start_server(where)
    return where


def _with_port(address: str) -> str:
    address = address.strip()
    return address if ":" in address else f"{address}:5555"
