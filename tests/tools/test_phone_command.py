"""`handeye phone` and its neighbours as commands: the stock adb programs connect, work, and find nothing afterwards."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from environments.geometry import Size
from environments.phone.phone import Phone
from environments.phone.wire.faults import WireFaults
from environments.registry import InvalidOption
from tests.environments.phone.walks import listens
from tests.environments.phone.wire_programs import AdbProgram, programs, running
from tests.environments.phone.wire_services import wait_until
from tools.phone import parse_faults, parse_size
from tools.phones import WARM_UP, soak_phone

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tools.cli"]
PROGRAMS = programs()


def environ(port: int = 0) -> dict[str, str]:
    """Without settings of this session; adb is looked for at `port`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HANDEYE_", "ANDROID", "ADB"))}
    return kept | {"PYTHONPATH": str(ROOT)} | ({"ANDROID_ADB_SERVER_PORT": str(port)} if port else {})


def handeye(*words: str, cwd: Path, port: int = 0) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], cwd=cwd, env=environ(port), capture_output=True, text=True, timeout=90,
        stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@contextlib.contextmanager
def served(*options: str, cwd: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A `handeye phone --json` that has said where it is."""
    with subprocess.Popen(
        [*COMMAND, "phone", "--json", *options], cwd=cwd, env=environ(port), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, json.loads(line)
        finally:
            process.kill()


@pytest.fixture(scope="module", params=list(PROGRAMS) or ["none"])
def adb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbProgram]:
    if request.param not in PROGRAMS:
        pytest.skip("no adb is installed")
    with running(PROGRAMS[request.param], tmp_path_factory.mktemp("adb") / request.param) as program:
        yield program


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served("--size", "540x1200", "--density", "210", "--seed", "4", cwd=tmp_path_factory.mktemp("phone")) as (
        _, said,
    ):  # fmt: skip
        yield said["address"]


@pytest.fixture
def connected(adb: AdbProgram, address: str) -> Iterator[AdbProgram]:
    adb.connect(address)
    yield adb
    adb("disconnect", address)


def test_what_adb_shows_and_runs(connected: AdbProgram, address: str) -> None:
    [line] = [line for line in connected("devices", "-l").text.splitlines() if line.startswith(address)]
    assert {"device", "product", "model"} <= {word.partition(":")[0] for word in line.split()[1:]}
    assert connected("shell", "wm", "size").out == b"Physical size: 540x1200\n"
    assert connected("shell", "echo $((6 * 7)); exit 3").out == b"42\n"
    assert connected("shell", "exit 3").code == 3
    unknown = connected("shell", "no-such-command")
    assert (unknown.code, unknown.err) == (127, b"/system/bin/sh: no-such-command: inaccessible or not found\n")


def test_a_screenshot(connected: AdbProgram, tmp_path: Path) -> None:
    (tmp_path / "direct.png").write_bytes(connected("exec-out", "screencap", "-p").out)
    assert connected("shell", "screencap", "-p", "/sdcard/shot.png").code == 0
    assert connected("pull", "/sdcard/shot.png", tmp_path / "pulled.png").code == 0
    with Image.open(tmp_path / "direct.png") as direct, Image.open(tmp_path / "pulled.png") as pulled:
        assert direct.size == pulled.size == (540, 1200)
        assert direct.convert("RGB").getextrema() != ((0, 0),) * 3
    raw = connected("exec-out", "screencap").out
    assert len(raw) == 16 + 4 * 540 * 1200


def test_taps_and_the_tree(connected: AdbProgram) -> None:
    assert connected("shell", "am", "start", "-n", "com.android.settings/.Settings").code == 0
    assert connected("shell", "uiautomator", "dump").out == b"UI hierchary dumped to: /sdcard/window_dump.xml\n"
    assert b"Network &amp; internet" in connected("shell", "cat", "/sdcard/window_dump.xml").out
    assert connected("shell", "input", "keyevent", "HOME").code == 0


def test_push_and_pull(connected: AdbProgram, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    (tmp_path / "to").write_bytes(data)
    assert connected("push", tmp_path / "to", "/sdcard/Download/a file").code == 0
    assert connected("pull", "/sdcard/Download/a file", tmp_path / "back").code == 0
    assert (tmp_path / "back").read_bytes() == data
    assert connected("pull", "/etc/passwd", tmp_path / "none").code != 0
    assert connected("shell", "cat", "/etc/passwd").code != 0


def test_install_is_refused_clearly(connected: AdbProgram, tmp_path: Path) -> None:
    (tmp_path / "app.apk").write_bytes(b"PK\3\4" + bytes(100_000))
    answer = connected("install", tmp_path / "app.apk")
    assert answer.code != 0
    assert "INSTALL_FAILED" in answer.text or "Failure" in answer.text, answer


def test_forward(connected: AdbProgram, address: str) -> None:
    port = int(connected("forward", "tcp:0", "localabstract:minicap").out)
    assert f"{address} tcp:{port} localabstract:minicap" in connected("forward", "--list").text
    assert connected("forward", "--remove", f"tcp:{port}").code == 0


def test_reconnect(connected: AdbProgram, address: str) -> None:
    for _ in range(3):
        assert connected("disconnect", address).code == 0
        assert connected.state(address) == ""
        connected.connect(address)
        assert connected("shell", "echo", "here").out == b"here\n"
    assert "reconnecting" in connected("reconnect", serial=address).text  # adb forgets a network device then
    assert wait_until(lambda: connected.state(address) != "device", 30)
    connected.connect(address)
    assert connected("shell", "echo", "here").out == b"here\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it(number: int, tmp_path: Path) -> None:
    with served("--size", "540x1200", cwd=tmp_path) as (process, said):
        assert said == {"address": said["address"], "size": [540, 1200], "seed": 0, "registered": False}
        assert said["address"].startswith("127.0.0.1:")
        assert listens(said["address"])
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    assert not listens(said["address"])
    assert list(tmp_path.iterdir()) == []


def test_for_a_person(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "phone", "--size", "540x1200"], cwd=tmp_path, env=environ(), stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    where = lines[0].split()[-1]
    assert lines == [f"phone at {where}\n", f"  adb connect {where}\n", "Ctrl-C ends it.\n"]


def test_a_port_of_ones_own(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        taken = handeye("phone", "--port", str(port), "--json", cwd=tmp_path)
        assert taken.returncode == 4
        assert f"port {port} cannot be used" in json.loads(taken.stdout)["error"]
    with served("--port", str(port), cwd=tmp_path) as (_, said):
        assert said["address"] == f"127.0.0.1:{port}"


def test_registered_on_the_users_server_and_taken_off(adb: AdbProgram, tmp_path: Path) -> None:
    with served("--register", "--size", "540x1200", cwd=tmp_path, port=adb.port) as (process, said):
        where = said["address"]
        assert said["registered"]
        adb.wait_for(where, "device")
        [row] = [row for row in json.loads(handeye("devices", "--json", cwd=tmp_path, port=adb.port).stdout)
                 if row["serial"] == where]  # fmt: skip
        assert (row["state"], row["usable"], row["fix"]) == ("device", True, "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert adb.state(where) == ""


def test_connect_devices_disconnect(adb: AdbProgram, address: str, tmp_path: Path) -> None:
    said = handeye("connect", address, "--json", cwd=tmp_path, port=adb.port)
    assert (said.returncode, json.loads(said.stdout)["address"]) == (0, address)
    assert "connected to" in json.loads(said.stdout)["said"]
    table = handeye("devices", cwd=tmp_path, port=adb.port)
    assert table.returncode == 0
    assert f"android:{address}" in table.stdout
    gone = handeye("disconnect", address, cwd=tmp_path, port=adb.port)
    assert (gone.returncode, gone.stdout) == (0, f"disconnected {address}\n")
    again = handeye("disconnect", address, "--json", cwd=tmp_path, port=adb.port)
    assert again.returncode == 4
    assert json.loads(again.stdout)["fix"]
    nowhere = handeye("connect", "127.0.0.1:1", cwd=tmp_path, port=adb.port)
    assert nowhere.returncode == 4
    assert "cannot connect to 127.0.0.1:1" in nowhere.stderr
    assert "  try: " in nowhere.stderr


@pytest.mark.parametrize(
    ("words", "error"),
    [(["--fault", "no-such"], "there is no fault named 'no_such'"), (["--size", "9x9"], "'9x9' is no size of a phone"),
     (["--fault", "drip=fast"], "'drip=fast' is no fault"), (["--fault", "rotate-at=noon"], "touch or screenshot")],
)  # fmt: skip
def test_what_it_does_not_take(words: list[str], error: str, tmp_path: Path) -> None:
    done = handeye("phone", "--json", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert error in json.loads(done.stdout)["error"]
    assert json.loads(done.stdout)["fix"]


def test_faults_by_name() -> None:
    wire, shell, world = parse_faults(
        ["offline", "cut-after=5000", "drip=0.5", "warning", "truncate_png=0", "secure=true", "Late-Page=0.25",
         "rotate-at=touch", "override-size=720x1280", "second-display", "never-idle=false"]
    )  # fmt: skip
    assert wire == WireFaults(offline=True, cut_after=5000, drip=0.5)
    assert (shell.warning, shell.truncate_png) == (True, 0)
    assert (world.secure, world.late_page, world.rotate_at) == (True, 0.25, "touch")
    assert (world.override_size, world.second_display, world.never_idle) == (Size(720, 1280), True, False)


@pytest.mark.parametrize("text", ["", "=", "cut-after", "cut-after=-1", "cut-after=x", "drip=0", "drip=nan", "drip=inf",
                                  "secure=perhaps", "override-size=1x1", "late-page=-1", "now", "door"])  # fmt: skip
def test_what_is_no_fault(text: str) -> None:
    with pytest.raises(InvalidOption):
        parse_faults([text])


@pytest.mark.parametrize(
    "text", ["", "x", "0x0", "199x400", "4097x400", "1080 x 2400", "-1x5", "1080x2400x3", "1e3x900"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidOption):
        parse_size(text)


def test_faults_reach_the_phone(adb: AdbProgram, tmp_path: Path) -> None:
    options = ["--size", "540x1200", "--fault", "warning", "--fault", "truncate-png=100"]
    with served(*options, cwd=tmp_path) as (_, said):
        adb.connect(said["address"])
        shot = adb("exec-out", "screencap", "-p", serial=said["address"]).out
        assert shot.startswith(b"[Warning] Multiple displays were found")
        assert len(shot) > 300
        assert len(shot[shot.index(b"\x89PNG") :]) == 100
        adb("disconnect", said["address"])


def test_a_run_on_a_phone(tmp_path: Path) -> None:
    replies = [
        {"thought": "Settings first.", "action": "launch", "app": "Settings"},
        {"thought": "It is open.", "action": "finish", "status": "success"},
    ]
    (tmp_path / "replies.json").write_text(json.dumps(replies))
    words = ["run", "Open the settings", "--env", "phone", "--model", "scripted:replies.json", "--json"]
    done = handeye(*words, cwd=tmp_path, port=1)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, lines[-1]["outcome"]) == (0, "success"), done.stderr
    [picture] = list(tmp_path.glob("episodes/*/frames/*.png"))[-1:]
    with Image.open(picture) as image:
        assert image.size == (1080, 2400)


def test_two_hundred_clients_and_garbage_leave_it_serving(phone: Phone, adb: AdbProgram) -> None:
    host, _, port = phone.address.rpartition(":")
    clients = [socket.create_connection((host, int(port))) for _ in range(200)]
    for number, client in enumerate(clients):
        with contextlib.suppress(OSError):
            client.sendall(os.urandom(24 + number))
    adb.connect(phone.address)
    assert adb("shell", "echo", "served", serial=phone.address).out == b"served\n"
    for client in clients:
        client.close()
    adb("disconnect", phone.address)


def check_flat(figures: dict[str, Any], kilobytes: int) -> None:
    assert figures["kB_more"] < kilobytes, figures
    assert figures["adb_kB_more"] < kilobytes, figures
    assert (figures["more_handles"] <= 2, figures["more_threads"] <= 1) == (True, True), figures


def test_a_long_run_grows_nothing() -> None:
    check_flat(soak_phone(WARM_UP + 200), 20_000)


@pytest.mark.slow
@pytest.mark.timeout(1700)
def test_twenty_thousand_steps_grow_nothing() -> None:
    check_flat(soak_phone(20_000), 20_000)


@pytest.mark.slow
def test_the_bench(tmp_path: Path) -> None:
    started = time.monotonic()
    done = handeye("bench", "phone", "--json", "--repeat", "5", "--soak", "0", "--phones", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row for row in json.loads(done.stdout)}
    assert rows["times faster than with the fixed sleep"]["ratio"] > 1
    assert all(row["steps_per_second"] > 0 for name, row in rows.items() if "2 phones" in name)
    assert time.monotonic() - started < 120
