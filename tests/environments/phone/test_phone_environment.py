"""Phone and PhoneEnvironment: what they promise, and that nothing of them stays behind."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments import open_environment
from environments.action import Tap
from environments.contract import check_environment
from environments.errors import DeviceLost, EnvironmentUnavailable
from environments.geometry import Size
from environments.phone.phone import Phone
from environments.phone.shell.faults import ShellFaults
from environments.phone.state import Contact
from environments.phone.wire.faults import WireFaults
from environments.phone.world import WorldFaults
from environments.simulated import PhoneEnvironment
from tests.environments.phone.walks import RULE, Touches, listens
from tests.environments.phone.wire_services import wait_until

ROOT = Path(__file__).parents[3]


class Nothing:
    """Standard input at its end."""

    def read(self) -> bytes:
        return b""


SMALL = {"size": Size(540, 1200), "density": 210}


def test_it_keeps_every_promise_of_an_environment() -> None:
    with PhoneEnvironment(seed=1, rule=RULE, **SMALL) as screen:
        touches = Touches(screen.phone)
        assert len(check_environment(screen)) == 10
        assert touches.count == 0


def test_by_name() -> None:
    with open_environment("phone", seed=3, **SMALL) as screen:
        assert screen.capabilities.private
        assert screen.capabilities.kind == "android"
        assert screen.observe().frame == screen.phone.world.screenshot()
        assert screen.serial == screen.phone.serial == screen.phone.address
    with pytest.raises(EnvironmentUnavailable, match="a phone has no 'seven'"):
        open_environment("phone:seven")


def test_the_same_seed_is_the_same_phone() -> None:
    with Phone(seed=5, **SMALL) as one, Phone(seed=5, **SMALL) as same, Phone(seed=6, **SMALL) as other:
        assert dict(one.state.contacts) == dict(same.state.contacts) != dict(other.state.contacts)
        other.reset(5)
        assert dict(one.state.contacts) == dict(other.state.contacts)


def test_reset_brings_everything_back(phone: Phone) -> None:
    names = dict(phone.state.contacts)
    phone.state.settings.airplane_mode = True
    phone.state.contacts.clear()
    phone.world_faults = WorldFaults(secure=True)
    phone.shell_faults = ShellFaults(warning=True)
    phone.wire_faults = WireFaults(drip=100)
    phone.world.set_size(Size(480, 800))
    phone.reset()
    assert not phone.state.settings.airplane_mode
    assert dict(phone.state.contacts) == names
    assert (phone.world_faults, phone.shell_faults, phone.wire_faults) == (WorldFaults(), ShellFaults(), WireFaults())
    assert phone.world.screenshot().size == (540, 1200)


def test_contacts_are_a_content_provider(phone: Phone) -> None:
    said: list[bytes] = []
    phone.state.contacts.clear()
    phone.state.contacts[5] = Contact("李小龙", "+48 600 100 200")
    for uri in ("contacts", "data/phones"):
        line = f"content query --uri content://com.android.contacts/{uri}"
        assert phone.services.shell.run(line, Nothing(), said.append, said.append, lambda: False) == 0
    assert b"".join(said).decode().splitlines() == [
        "Row: 0 _id=5, display_name=李小龙",
        "Row: 0 _id=5, display_name=李小龙, data1=+48 600 100 200",
    ]


def test_a_port_that_is_taken(phone: Phone) -> None:
    port = int(phone.address.rpartition(":")[2])
    with pytest.raises(EnvironmentUnavailable, match=f"port {port} cannot be used"):
        Phone(port=port)
    assert listens(phone.address)


def test_a_closed_phone_is_gone() -> None:
    phone = Phone(**SMALL)
    assert listens(phone.address)
    phone.close()
    phone.close()
    assert not listens(phone.address)


def test_two_side_by_side() -> None:
    with PhoneEnvironment(seed=1, rule=RULE, **SMALL) as one, PhoneEnvironment(seed=2, rule=RULE, **SMALL) as two:
        assert one.adb_server != two.adb_server
        first, second = Touches(one.phone), Touches(two.phone)
        assert one.act(Tap(x=270, y=5), one.observe()).status == "done"
        assert (first.count, second.count) == (1, 0)


# What stays behind.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Temporary folders are made in here."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def trapped() -> Iterator[list[object]]:
    """Listens where the user's adb server would, and notes who comes. Where one runs, only the list is there."""
    came: list[object] = []
    try:
        trap = socket.create_server(("127.0.0.1", 5037))
    except OSError:
        yield came
        return

    def take() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, where = trap.accept()
                came.append(where)
                connection.close()

    threading.Thread(target=take, daemon=True).start()
    try:
        yield came
    finally:
        trap.shutdown(socket.SHUT_RDWR)
        trap.close()


def test_it_leaves_the_users_adb_server_alone(folder: Path) -> None:
    with trapped() as came:
        with PhoneEnvironment(rule=RULE, **SMALL) as screen:
            screen.act(Tap(x=270, y=5), screen.observe(elements=True))
            screen.settle()
            os.kill(screen.adb_server_pid, signal.SIGKILL)
            screen.observe()
            address, server, pid = screen.phone.address, screen.adb_server, screen.adb_server_pid
            assert server.port != 5037
            assert alive(pid)
            assert list(folder.iterdir())
        assert came == []
    assert not listens(address)
    assert not listens(str(server))
    assert not alive(pid)
    assert list(folder.iterdir()) == []
    with pytest.raises(DeviceLost):
        screen.observe()


def test_an_opening_that_fails_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = threading.active_count()
    monkeypatch.setattr(PhoneEnvironment, "_open", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        PhoneEnvironment(**SMALL)
    assert list(folder.iterdir()) == []
    assert wait_until(lambda: threading.active_count() <= threads)


PROGRAM = """
import json, os, sys, time
sys.path.insert(0, sys.argv[2])
from environments import open_environment
from environments.geometry import Size
screen = open_environment("phone", size=Size(540, 1200), density=210)
with screen:
    screen.observe()
    print(json.dumps([screen.phone.address, str(screen.adb_server), screen.adb_server_pid]), flush=True)
    if sys.argv[1] == "raise":
        raise RuntimeError("on purpose")
    if sys.argv[1] == "exit":
        sys.exit(3)
    if sys.argv[1] == "_exit":
        os._exit(4)
    if sys.argv[1] == "wait":
        time.sleep(600)
"""


@pytest.mark.parametrize(
    ("how", "number"),
    [("end", 0), ("raise", 0), ("exit", 0), ("_exit", 0), ("wait", signal.SIGINT), ("wait", signal.SIGTERM),
     ("wait", signal.SIGKILL)],
)  # fmt: skip
def test_however_the_process_ends_nothing_stays(how: str, number: int, tmp_path: Path) -> None:
    environment = os.environ | {"TMPDIR": str(tmp_path), "HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(ROOT)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr and process.stderr.read()
        address, server, pid = json.loads(line)
        if number:
            assert alive(pid)
            assert listens(address)
            process.send_signal(number)
        process.wait(30)
    assert wait_until(lambda: not alive(pid), 15)
    assert wait_until(lambda: not listens(address) and not listens(server), 15)
    assert wait_until(lambda: not list(tmp_path.iterdir()), 15), list(tmp_path.rglob("*"))


def test_it_is_ready_in_no_time() -> None:
    started = time.monotonic()
    with PhoneEnvironment(**SMALL) as screen:
        screen.observe()
    assert time.monotonic() - started < 15
