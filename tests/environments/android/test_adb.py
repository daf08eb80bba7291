"""The shell: what is quoted, what comes back, and what a fault on the wire makes of a call."""

import subprocess
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.android import adb as adb_module
from environments.android.adb import AdbShell, Result, quote
from environments.android.connection import MAX_REQUEST, AdbLost, Connection, Deadline, Server, query
from environments.errors import DeviceLost, InvalidAction, Stopped
from environments.stop import Stop
from tests.environments.android.adb_server import SERIAL, AdbServer, ScriptedDevice

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
HOSTILE = ["$(touch canary)", "`touch canary`", "';touch canary;'", '"', "\\", "\n touch canary\n", "${IFS}", "*", "~",
           "a&b", "|", ">canary", "#", "!!", "--", "-d", "", " ", "\t", "%s", "żółw", "😀"]  # fmt: skip


def ran(argvs: list[list[str]]) -> str:
    """What a real shell hands to a program, each argument between brackets."""
    line = "; ".join("printf '[%s]' " + quote(argv) for argv in argvs)
    return subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout.decode()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=5), min_size=1, max_size=20))
def test_a_real_shell_gives_back_every_argument(argvs: list[list[str]]) -> None:
    assert ran(argvs) == "".join(f"[{word}]" for argv in argvs for word in argv)


def test_hostile_words_stay_words(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(str(tmp_path))
    assert ran([HOSTILE]) == "".join(f"[{word}]" for word in HOSTILE)
    assert subprocess.run(["ls"], capture_output=True, check=True).stdout == b""


def test_what_no_command_line_holds() -> None:
    with pytest.raises(InvalidAction, match="NUL"):
        quote(["input", "text", "a\0b"])
    with pytest.raises(InvalidAction, match="surrogate"):
        quote(["input", "text", "\ud800"])
    with pytest.raises(InvalidAction, match="too long"):
        quote(["input", "text", "x" * MAX_REQUEST])
    with pytest.raises(InvalidAction, match="no command"):
        quote([])
    with pytest.raises(TypeError, match="list of strings"):
        quote("input tap 1 1")
    with pytest.raises(TypeError, match="int"):
        quote(["input", "tap", 5])  # type: ignore[list-item]


@pytest.mark.parametrize("features", ["shell_v2,cmd", "cmd"])
def test_output_errors_and_exit_code(shell: AdbShell, device: ScriptedDevice, features: str) -> None:
    device.features = features
    device.answers["good"] = (0, "żółw\n".encode() * 5000, b"")
    device.answers["bad"] = (3, b"out", b"err\n")
    assert shell.run(["good", "a b", "$x"]) == Result(0, "żółw\n".encode() * 5000)
    assert device.ran[0] == ["good", "a b", "$x"]
    bad = shell.run(["bad"])
    assert bad.exit_code == 3
    assert bad == (Result(3, b"out", b"err\n") if "shell_v2" in features else Result(3, b"outerr\n"))
    assert shell.run(["missing"]).exit_code == 127


def test_the_shell_protocol_is_that_of_the_device(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo", "hello"])
    assert adb.requests[-2:] == [f"host:transport:{SERIAL}", "shell,v2,raw:echo hello"]
    adb.device.features = "cmd"
    old = AdbShell(adb.server, SERIAL)
    assert old.run(["echo", "hello"]).text == "hello\n"
    assert adb.requests[-1].startswith("shell:echo hello; echo ==")
    old.run(["echo"], binary=True)
    assert adb.requests[-1].startswith("exec:echo; echo ==")


@pytest.mark.parametrize("features", ["shell_v2", ""])
def test_commands_together(shell: AdbShell, device: ScriptedDevice, features: str) -> None:
    device.features = features
    device.answers |= {"fail": (2, b"no\n", b""), "raw": (0, b"no line end", b"")}
    first, second, third = shell.run_all([["raw"], ["fail"], ["echo", "x;y && z"]])
    assert (first, second.exit_code, third.text) == (Result(0, b"no line end"), 2, "x;y && z\n")
    done, last = shell.chain([["raw"], ["fail"], ["echo", "never"]])
    assert (done, last.exit_code) == (1, 2)
    assert ["echo", "never"] not in device.ran
    assert shell.chain([["raw"], ["echo", "b"]])[0] == 2


def test_a_total_deadline_beats_a_slow_drip(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.drip = 0.05
    started = time.monotonic()
    with pytest.raises(AdbLost, match=r"no complete answer within 0\.3 s") as caught:
        shell.run(["echo", "x" * 200], seconds=0.3)
    assert time.monotonic() - started < 2
    assert (caught.value.kind, caught.value.sent) == ("slow", True)


def test_a_stop_ends_a_hanging_call(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.hang = True
    stop = Stop()
    threading.Timer(0.1, stop.set).start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        shell.run(["echo"], seconds=30, stop=stop)
    assert time.monotonic() - started < 1


def test_no_server_is_refused_and_starts_none(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"{tmp_path}/adb"
    with open(program, "w") as file:  # noqa: PTH123
        file.write(f"#!/bin/sh\necho started >> {tmp_path}/started\n")
    subprocess.run(["chmod", "+x", program], check=True)
    monkeypatch.setenv("ADBUTILS_ADB_PATH", program)
    with AdbServer() as server:
        where = server.server
    started = time.monotonic()
    with pytest.raises(AdbLost, match=f"no adb server answers at {where}") as caught:
        query(where, "host:version")
    assert time.monotonic() - started < 1
    assert (caught.value.kind, caught.value.sent) == ("refused", False)
    assert "start-server" in caught.value.fix
    assert subprocess.run(["ls", str(tmp_path)], capture_output=True, check=True).stdout == b"adb\n"


def test_a_refusal_was_not_sent(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.states[SERIAL] = "offline"
    with pytest.raises(AdbLost, match="device offline") as caught:
        shell.run(["echo"])
    assert (caught.value.kind, caught.value.sent) == ("failed", False)
    adb.states[SERIAL] = "device"
    adb.fault = lambda request, _: b"FAIL0006closed" if request.startswith("shell") else None
    with pytest.raises(AdbLost, match="closed") as caught:
        shell.run(["echo"])
    assert not caught.value.sent


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"OK", b"<html>", b"OKAY\x07\0\0\0\0", b"OKAY\x01\xff\xff\xff\xff", b"OKAY\x01\x05\0\0\0abc", b"FAIL",
        b"FAILzzzz", b"OKAY\x01\x01\0\0\0a", b"OKAY\x03\0\0\0\0", b"FAIL00ffshort",
    ],
)  # fmt: skip
def test_garbage_is_a_lost_device(shell: AdbShell, adb: AdbServer, answer: bytes) -> None:
    shell.run(["echo"])
    adb.fault = lambda request, _: answer if request.startswith("shell") else None
    with pytest.raises(AdbLost) as caught:
        shell.run(["echo"], seconds=2)
    assert caught.value.sent
    assert isinstance(caught.value, DeviceLost)


def test_a_read_cut_at_every_byte_is_read_again(shell: AdbShell, adb: AdbServer, device: ScriptedDevice) -> None:
    device.answers["look"] = (0, b"a picture of some bytes", b"and a warning")
    whole = shell.read(["look"])
    left: list[int] = []

    def cut(request: str, answer: bytes) -> bytes | None:
        return answer[: left.pop()] if "look" in request and left else None

    adb.fault = cut
    for after in range(4 + 5 + 23 + 5 + 13 + 5 + 1):
        left.append(after)
        assert shell.read(["look"]) == whole
        assert not left, "the fault came about"


def test_a_read_through_every_cut_of_the_handshake(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    for after in range(4):
        left = [1]

        def cut(request: str, answer: bytes, after: int = after, left: list[int] = left) -> bytes | None:
            if request.startswith("host:transport") and left:
                left.pop()
                return answer[:after]
            return None

        adb.fault = cut
        assert shell.read(["echo", "hello"]).text == "hello\n"
        assert not left


def test_reading_gives_up(adb: AdbServer) -> None:
    shell = AdbShell(adb.server, SERIAL, reconnect_seconds=0.3)
    shell.run(["echo"])
    adb.fault = lambda request, _: b"OKAY\x01" if request.startswith("shell") else None
    before = len(adb.requests)
    with pytest.raises(AdbLost, match=r"ended after|broke"):
        shell.read(["echo"])
    assert sum(request.startswith("shell") for request in adb.requests[before:]) == 4
    adb.fault = None
    adb.stop()
    started = time.monotonic()
    with pytest.raises(DeviceLost, match=r"did not come back within 0\.3 s: no adb server answers"):
        shell.read(["echo"])
    assert time.monotonic() - started < 3


def test_a_server_that_returns_in_between(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.stop()
    shell._revive = None
    threading.Timer(0.3, adb.restart).start()
    assert shell.read(["echo", "back"]).text == "back\n"
    adb.stop()
    shell._revive = adb.restart
    assert shell.read(["echo", "revived"]).text == "revived\n"


def test_offline_authorizing_and_gone_are_one_outage(shell: AdbShell, adb: AdbServer) -> None:
    """What locking and unlocking over Wi-Fi does."""
    shell.run(["echo"])
    states = iter(["offline", "offline", "authorizing", "", "connecting", "device"])
    adb.states[SERIAL] = next(states)

    def advance(request: str) -> None:
        if request.endswith("get-state"):
            adb.states[SERIAL] = next(states, "device")

    adb.on_request = advance
    assert shell.read(["echo", "hello"]).text == "hello\n"


def test_a_device_that_no_longer_trusts_us_is_not_waited_for(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.states[SERIAL] = "unauthorized"
    started = time.monotonic()
    with pytest.raises(DeviceLost, match="no longer trusts") as caught:
        shell.read(["echo"])
    assert time.monotonic() - started < 1
    assert "dialog" in caught.value.fix


def test_an_address_is_connected_to_again(adb: AdbServer) -> None:
    address = "127.0.0.1:5555"
    adb.states[address] = "device"
    adb.connectable[address] = "device"
    shell = AdbShell(adb.server, address, reconnect_seconds=2)
    shell.run(["echo"])
    del adb.states[address]
    assert shell.read(["echo", "hello"]).text == "hello\n"
    assert f"host:connect:{address}" in adb.requests
    adb.states[address] = "offline"
    assert shell.read(["echo", "again"]).text == "again\n"
    assert f"host:disconnect:{address}" in adb.requests


def test_a_slow_device_is_asked_twice_only(shell: AdbShell, adb: AdbServer) -> None:
    shell.run(["echo"])
    adb.hang = True
    before = len(adb.requests)
    with pytest.raises(AdbLost, match="within") as caught:
        shell.read(["echo"], seconds=0.2)
    assert caught.value.kind == "slow"
    assert sum(request.startswith("shell") for request in adb.requests[before:]) == 2


def test_input_reaches_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = bytearray()

    class Recorded:
        def send(self, data: bytes) -> None:
            sent.extend(data)

        def read(self, size: int) -> bytes:
            return b"\x03\x01\0\0\0" if size == 5 else b"\x09"

    assert adb_module._read_v2(Recorded(), b"abc").exit_code == 9  # type: ignore[arg-type]
    assert bytes(sent) == b"\0\x03\0\0\0abc\x03\0\0\0\0"


def test_a_request_that_is_too_long_is_not_sent(adb: AdbServer) -> None:
    with Connection(adb.server, Deadline(1)) as connection, pytest.raises(ValueError, match="at most"):
        connection.ask("x" * (MAX_REQUEST + 1))
    assert adb.requests == []


def test_a_deadline_that_has_passed_connects_to_nothing() -> None:
    with pytest.raises(AdbLost, match="within 0 s"):
        Connection(Server(), Deadline(0))
