"""The real adb programs as clients: the one of the system and the one that adbutils brings."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from environments.phone.files import MAX_BYTES
from environments.phone.wire import Adbd, WireFaults
from tests.environments.phone.wire_client import WireClient
from tests.environments.phone.wire_programs import AdbProgram, Answer, programs, running
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, wait_until

PROGRAMS = programs()
pytestmark = pytest.mark.skipif(not PROGRAMS, reason="no adb is installed")


@pytest.fixture(scope="module", params=list(PROGRAMS) or ["none"])
def adb(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbProgram]:
    with running(PROGRAMS[request.param], tmp_path_factory.mktemp("adb") / request.param) as program:
        yield program


@pytest.fixture
def services() -> TenWords:
    return TenWords()


@pytest.fixture
def phone(adb: AdbProgram, services: TenWords) -> Iterator[Adbd]:
    """Connected to the server, and the only one there."""
    with Adbd(services) as adbd:
        adb.connect(adbd.address)
        yield adbd
        adb("disconnect")


def test_devices_shows_product_model_and_device(adb: AdbProgram, phone: Adbd) -> None:
    [line] = [line for line in adb("devices", "-l").text.splitlines() if line.startswith(phone.address)]
    assert line.split()[1:5] == ["device", "product:sdk_phone", "model:Ten_Words", "device:tenwords"]
    assert adb("get-state").out == b"device\n"
    assert adb("get-serialno").text.strip() == phone.address
    assert {"shell_v2", "cmd", "stat_v2", "ls_v2", "fixed_push_mkdir"} <= set(adb("features").text.split())


@pytest.mark.parametrize(
    ("words", "answer"),
    [(["echo", "hi"], (0, b"hi\n", b"")), (["both"], (3, b"good\n", b"bad\n")), (["exit", "42"], (42, b"", b"")),
     (["nope"], (127, b"", b"/system/bin/sh: nope: inaccessible or not found\n")),
     (["-x", "echo", "first form"], (0, b"first form\n", b"")), (["-T", "both"], (3, b"good\n", b"bad\n")),
     (["-tt", "both"], (3, b"good\r\nbad\r\n", b"")), (["-n", "cat"], (0, b"", b"")),
     (["echo", "世界"], (0, "世界\n".encode(), b""))],
)  # fmt: skip
def test_shell(adb: AdbProgram, phone: Adbd, words: list[str], answer: tuple[int, bytes, bytes]) -> None:
    assert adb("shell", *words) == Answer(*answer)


def test_shell_with_input(adb: AdbProgram, phone: Adbd) -> None:
    assert adb("shell", "cat", stdin=ALL_BYTES * 2000).out == ALL_BYTES * 2000
    assert adb("shell", stdin=b"one\ntwo\nexit6\n") == (answer := adb("shell", stdin=b"one\ntwo\nexit6\n"))
    assert (answer.code, answer.out) == (6, b"<one>\n<two>\n")


def test_exec_out_is_exact(adb: AdbProgram, phone: Adbd) -> None:
    assert adb("exec-out", "bytes", "256").out == ALL_BYTES
    assert adb("exec-out", "bytes", "8388608").out == ALL_BYTES * 32768


def test_exec_in(adb: AdbProgram, phone: Adbd, services: TenWords) -> None:
    data = ALL_BYTES * 40_000
    assert adb("exec-in", "save", "/sdcard/in", stdin=data).code == 0
    assert wait_until(lambda: services.ended.total() == 1)
    assert services.files.read("/sdcard/in") == data


def test_push_and_pull_of_twenty_megabytes(adb: AdbProgram, phone: Adbd, services: TenWords, tmp_path: Path) -> None:
    data = os.urandom(1_000_000) * 20
    source, target = tmp_path / "Hi-世界 🙂.bin", tmp_path / "back"
    source.write_bytes(data)
    source.chmod(0o640)
    os.utime(source, (1_600_000_000, 1_600_000_000))
    assert adb("push", source, "/sdcard/").code == 0
    entry = services.files.stat(f"/sdcard/{source.name}")
    assert entry is not None
    assert (bytes(entry.data or b"") == data, entry.mode & 0o777, entry.mtime) == (True, 0o640, 1_600_000_000)
    assert adb("pull", "-a", f"/sdcard/{source.name}", target).code == 0
    assert target.read_bytes() == data
    assert int(target.stat().st_mtime) == 1_600_000_000


def test_push_and_pull_of_a_folder(adb: AdbProgram, phone: Adbd, services: TenWords, tmp_path: Path) -> None:
    tree = {"top.txt": b"1", "a/b/deep.txt": b"2", "a/世界.txt": b"3", "a/empty": b""}
    for name, content in tree.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_bytes(content)
    assert adb("push", tmp_path / "tree", "/sdcard").code == 0
    assert {name: services.files.read(f"/sdcard/tree/{name}") for name in tree} == tree
    again = adb("push", "--sync", tmp_path / "tree", "/sdcard")
    assert again.code == 0
    assert "0 files pushed, 4 skipped" in again.text.replace("file pushed", "files pushed")
    assert adb("pull", "/sdcard/tree", tmp_path / "back").code == 0
    back = tmp_path / "back"
    assert {str(file.relative_to(back)): file.read_bytes() for file in back.rglob("*") if file.is_file()} == tree


def test_ls(adb: AdbProgram, phone: Adbd, services: TenWords) -> None:
    services.files.write("/sdcard/世界", b"hello", mode=0o640, mtime=0x5F5E1000)
    lines = adb("ls", "/sdcard").out.decode().splitlines()
    assert "000081a0 00000005 5f5e1000 世界" in lines
    assert {line.split()[3] for line in lines} == {".", "..", "DCIM", "Download", "Pictures", "世界"}


@pytest.mark.parametrize(
    ("words", "reason"),
    [(["pull", "/sdcard/none"], "No such file or directory"), (["push", "big", "/sdcard/full"], "No space left"),
     (["push", "big", "/sdcard/Download/file/below"], "File exists")],
)  # fmt: skip
def test_what_sync_refuses(adb: AdbProgram, phone: Adbd, tmp_path: Path, words: list[str], reason: str) -> None:
    (tmp_path / "big").write_bytes(bytes(MAX_BYTES + 1))
    (tmp_path / "file").touch()
    assert adb("push", tmp_path / "file", "/sdcard/Download/").code == 0
    answer = adb(*(str(tmp_path / "big") if word == "big" else word for word in words))
    assert answer.code != 0
    assert reason in answer.text


def test_install_is_answered_by_the_shell(adb: AdbProgram, phone: Adbd, services: TenWords, tmp_path: Path) -> None:
    (tmp_path / "app.apk").write_bytes(bytes(10_000_000))
    answer = adb("install", tmp_path / "app.apk")
    assert answer.code != 0
    assert "/system/bin/sh: cmd: inaccessible or not found" in answer.text
    assert [line.split()[0] for line in services.ran] == ["cmd"]


@pytest.mark.parametrize(
    ("words", "said"),
    [(["root"], "adbd cannot run as root in production builds"), (["unroot"], "adbd not running as root"),
     (["remount"], "Not running as root"), (["tcpip", "5555"], "closed"), (["usb"], "closed"), (["jdwp"], "")],
)  # fmt: skip
def test_what_a_production_phone_says(adb: AdbProgram, phone: Adbd, words: list[str], said: str) -> None:
    assert said in adb(*words).text
    assert adb("shell", "echo", "still here").out == b"still here\n"


def test_forward(adb: AdbProgram, phone: Adbd) -> None:
    port = int(adb("forward", "tcp:0", "localabstract:minicap").out)
    assert adb("forward", "--list").out.decode().split() == [phone.address, f"tcp:{port}", "localabstract:minicap"]
    assert adb("forward", "--remove", f"tcp:{port}").code == 0
    assert adb("forward", "--list").out.strip() == b""


def test_reverse(adb: AdbProgram, phone: Adbd) -> None:
    assert adb("reverse", "localabstract:scrcpy", "tcp:27183").code == 0
    assert int(adb("reverse", "tcp:0", "tcp:5").out) == 32768
    assert adb("reverse", "--list").out.decode().splitlines()[0] == "host-1 localabstract:scrcpy tcp:27183"
    assert "cannot rebind" in adb("reverse", "--no-rebind", "localabstract:scrcpy", "tcp:1").text
    assert adb("reverse", "--remove", "localabstract:scrcpy").code == 0
    assert adb("reverse", "--remove", "localabstract:scrcpy").code != 0
    assert adb("reverse", "--remove-all").code == 0
    assert adb("reverse", "--list").out.strip() == b""


def test_reboot_and_back(adb: AdbProgram, phone: Adbd) -> None:
    assert adb("reboot").code == 0
    assert adb("wait-for-device").code == 0
    assert adb("shell", "echo", "up").out == b"up\n"


def test_disconnect_and_reconnect(adb: AdbProgram, phone: Adbd) -> None:
    assert "disconnected" in adb("disconnect", phone.address).text
    assert adb.state(phone.address) == ""
    adb.connect(phone.address)
    assert adb("shell", "echo", "again").out == b"again\n"


def test_a_phone_that_leaves_for_a_moment_comes_back_by_itself(adb: AdbProgram, phone: Adbd) -> None:
    phone.drop()
    assert wait_until(lambda: adb("shell", "echo", "back").out == b"back\n", 30)


def test_four_clients_at_once(adb: AdbProgram, phone: Adbd) -> None:
    def work(number: int) -> bool:
        big = adb("exec-out", "bytes", "2000000").out == (ALL_BYTES * 7813)[:2_000_000]
        return big and all(adb("shell", "echo", str(number)).out == f"{number}\n".encode() for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_a_client_that_is_ended_ends_its_command(adb: AdbProgram, phone: Adbd, services: TenWords) -> None:
    client = adb.begin("shell", "sleep", "60", serial=phone.address)
    assert wait_until(lambda: services.ran.total() == 1)
    client.terminate()
    client.communicate()
    assert services.left_early.wait(10)
    assert services.ended["sleep 60"] == 1


def test_a_reader_that_stalls_holds_up_nobody(adb: AdbProgram, phone: Adbd, services: TenWords) -> None:
    client = adb.begin("exec-out", "forever", serial=phone.address)
    assert wait_until(lambda: services.ran.total() == 1)
    start = time.monotonic()
    assert adb("shell", "echo", "quick").out == b"quick\n"
    assert time.monotonic() - start < 10
    client.terminate()
    client.communicate()
    assert services.left_early.wait(10)


# Faults.


def test_offline(adb: AdbProgram, phone: Adbd) -> None:
    phone.faults = WireFaults(offline=True)
    adb.wait_for(phone.address, "offline")
    assert "offline" in adb("shell", "echo", "x", serial=phone.address).text
    assert wait_until(lambda: phone.fired("offline") > 0)
    phone.faults = WireFaults()
    adb.wait_for(phone.address, "device")


def test_unauthorized(adb: AdbProgram, phone: Adbd) -> None:
    phone.faults = WireFaults(unauthorized=True)
    adb.wait_for(phone.address, "unauthorized")
    assert "unauthorized" in adb("shell", "echo", "x", serial=phone.address).text
    assert phone.fired("unauthorized") > 0
    phone.faults = WireFaults()
    adb.wait_for(phone.address, "device")


def test_refused(adb: AdbProgram, services: TenWords) -> None:
    with Adbd(services, faults=WireFaults(refuse=True)) as refusing:
        client = adb.begin("connect", refusing.address)  # which would try for ten seconds
        assert wait_until(lambda: refusing.fired("refuse") > 0)
        assert adb.state(refusing.address) != "device"
        client.terminate()
        client.communicate()
        adb("disconnect", refusing.address)


@pytest.mark.parametrize("count", [0, 4, 8, 1024, 1_000_000, 1_999_999])
def test_a_cut_reaches_the_client_as_so_many_bytes(
    adb: AdbProgram, phone: Adbd, services: TenWords, count: int
) -> None:
    phone.faults = WireFaults(cut_after=count)
    assert adb("exec-out", "bytes", "2000000").out == (ALL_BYTES * 7813)[:count]
    assert phone.fired("cut_after") == 1
    adb.wait_for(phone.address, "device")
    assert services.ran.total() == 1, "nobody asked again"


def test_a_cut_pull_is_an_error(adb: AdbProgram, phone: Adbd, services: TenWords, tmp_path: Path) -> None:
    services.files.write("/sdcard/big", bytes(5_000_000))
    phone.faults = WireFaults(cut_after=3_000_000)
    assert adb("pull", "/sdcard/big", tmp_path / "big").code != 0
    assert phone.fired("cut_after") == 1
    adb.wait_for(phone.address, "device")
    assert adb("pull", "/sdcard/big", tmp_path / "big").code == 0


def test_drip(adb: AdbProgram, phone: Adbd) -> None:
    phone.faults = WireFaults(drip=20_000)
    start = time.monotonic()
    assert adb("exec-out", "bytes", "10000").out == (ALL_BYTES * 40)[:10_000]
    assert time.monotonic() - start > 0.4
    assert phone.fired("drip") >= 10


def test_a_server_killed_in_a_transfer_leaves_the_phone_to_the_others(
    adb: AdbProgram, phone: Adbd, services: TenWords, tmp_path: Path
) -> None:
    services.files.write("/sdcard/big", bytes(5_000_000))
    with running(adb.path, tmp_path / "second") as second:
        second.connect(phone.address)
        pull = second.begin("pull", "/sdcard/big", tmp_path / "pulled", serial=phone.address)
        push = second.begin("exec-out", "forever", serial=phone.address)
        assert wait_until(lambda: services.ran["forever"] == 1)
        second.server.kill()
        assert pull.communicate() is not None
        push.communicate()
        assert pull.returncode is not None
    assert services.left_early.wait(10)
    assert adb("shell", "echo", "served").out == b"served\n"
    with WireClient(phone.address) as client:
        assert client.ask("shell:echo served") == b"served\n"
