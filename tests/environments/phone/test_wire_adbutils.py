"""adbutils as the client, through the adb server that it brings."""

import io
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from environments.phone.wire import Adbd, WireFaults
from tests.environments.phone.wire_programs import AdbProgram, programs, running
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, wait_until

adbutils = pytest.importorskip("adbutils")
PROGRAMS = programs()
pytestmark = pytest.mark.skipif("bundled" not in PROGRAMS, reason="adbutils brings no adb for this system")


@pytest.fixture(scope="module")
def adb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdbProgram]:
    with running(PROGRAMS["bundled"], tmp_path_factory.mktemp("adb") / "home") as program:
        yield program


@pytest.fixture
def services() -> TenWords:
    return TenWords()


@pytest.fixture
def adbd(services: TenWords) -> Iterator[Adbd]:
    with Adbd(services) as adbd:
        yield adbd


@pytest.fixture
def client(adb: AdbProgram) -> Any:
    return adbutils.AdbClient(host="127.0.0.1", port=adb.port)


@pytest.fixture
def device(client: Any, adb: AdbProgram, adbd: Adbd) -> Iterator[Any]:
    assert client.connect(adbd.address, timeout=10).startswith("connected to")
    adb.wait_for(adbd.address, "device")
    yield client.device(serial=adbd.address)
    client.disconnect(adbd.address)


def test_shell(device: Any) -> None:
    assert device.shell("echo hello") == "hello"
    assert device.shell(["echo", "two words; and 'quotes'"]) == "two words; and 'quotes'"
    assert device.shell("bytes 8388608", encoding=None) == ALL_BYTES * 32768


def test_shell2_tells_the_outputs_apart(device: Any) -> None:
    result = device.shell2("both", v2=True)
    assert (result.returncode, result.stdout, result.stderr) == (3, "good\n", "bad\n")
    assert device.shell2("nope", v2=True).returncode == 127
    with pytest.raises(adbutils.AdbTimeout):
        device.shell2("sleep 60", v2=True, timeout=0.3)


def test_a_stream_is_read_as_it_comes(device: Any, services: TenWords) -> None:
    stream = device.shell("forever", stream=True)
    assert stream.read(12) == b"again\nagain\n"
    stream.close()
    assert services.left_early.wait(10)


def test_sync(device: Any, services: TenWords, tmp_path: Path) -> None:
    path, data = "/data/local/tmp/Hi-世界.txt", ALL_BYTES * 10_000
    assert device.sync.push(io.BytesIO(data), path, 0o640, check=True) == len(data)
    info = device.sync.stat(path)
    assert (info.mode, info.size) == (0o100640, len(data))
    assert abs(info.mtime.timestamp() - time.time()) < 3600
    assert not device.sync.exists("/none")
    assert device.sync.read_bytes(path) == data
    assert device.sync.pull(path, tmp_path / "back") == len(data)
    assert (tmp_path / "back").read_bytes() == data
    with pytest.raises(adbutils.AdbError, match="No such file"):
        device.sync.read_bytes("/none")


def test_a_folder_of_a_hundred(device: Any, services: TenWords, tmp_path: Path) -> None:
    services.files.make_folder("/sdcard/many/inner", parents=True)
    names = {f"file-{number:03}-世界" for number in range(100)}
    for name in names:
        services.files.write(f"/sdcard/many/{name}", name.encode(), mtime=1_600_000_000)
    assert {each.path for each in device.sync.list("/sdcard/many")} == names | {".", "..", "inner"}
    device.sync.pull("/sdcard/many", tmp_path / "back", exist_ok=True)
    assert {file.name: file.read_text() for file in (tmp_path / "back").iterdir() if file.is_file()} == {
        name: name for name in names
    }


def test_forward_and_reverse(device: Any) -> None:
    port = device.forward_port("localabstract:minitouch")
    assert [(each.local, each.remote) for each in device.forward_list()] == [(f"tcp:{port}", "localabstract:minitouch")]
    device.forward_remove(f"tcp:{port}")
    assert device.forward_list() == []
    device.reverse("tcp:7", "tcp:70")
    assert [(each.remote, each.local) for each in device.reverse_list()] == [("tcp:7", "tcp:70")]
    device.reverse_remove("tcp:7")
    assert device.reverse_list() == []
    with pytest.raises(adbutils.AdbError, match="not found"):
        device.reverse_remove("tcp:7")


@pytest.mark.parametrize("call", [
    lambda device: device.framebuffer(),
    lambda device: device.tcpip(5555),
    lambda device: device.create_connection(adbutils.Network.TCP, 9008),
    lambda device: device.create_connection(adbutils.Network.LOCAL_ABSTRACT, "minicap"),
    lambda device: device.create_connection(adbutils.Network.DEV, "null"),
])  # fmt: skip
def test_what_is_not_there_is_refused(device: Any, call: Any) -> None:
    with pytest.raises(adbutils.AdbError, match="closed"):
        call(device)
    assert device.shell("echo still here") == "still here"


def test_the_list_of_devices(device: Any, client: Any, adbd: Adbd) -> None:
    [listed] = [each for each in client.list(extended=True) if each.serial == adbd.address]
    assert (listed.state, listed.tags["model"], listed.tags["product"]) == ("device", "Ten_Words", "sdk_phone")
    assert "shell_v2" in device.get_features()


def test_four_threads(device: Any) -> None:
    def work(number: int) -> bool:
        texts = all(device.shell(f"echo {number} {turn}") == f"{number} {turn}" for turn in range(10))
        device.sync.push(ALL_BYTES * (100 + number), f"/sdcard/{number}")
        return texts and device.sync.read_bytes(f"/sdcard/{number}") == ALL_BYTES * (100 + number)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(4)))


def test_reconnect(client: Any, adb: AdbProgram, device: Any, adbd: Adbd) -> None:
    for _ in range(3):
        client.disconnect(adbd.address, raise_error=True)
        with pytest.raises(adbutils.AdbError, match="not found"):
            device.shell("echo gone")
        client.connect(adbd.address, timeout=10)
        adb.wait_for(adbd.address, "device")
        assert device.shell("echo back") == "back"


def test_a_cut_shell2_has_no_exit_code(device: Any, adb: AdbProgram, adbd: Adbd, services: TenWords) -> None:
    whole = b"".join(struct.pack("<BI", kind, len(data)) + data for kind, data in ((1, b"hello\n"), (3, b"\0")))
    for count in range(len(whole)):
        adbd.faults = WireFaults(cut_after=count)
        with pytest.raises((EOFError, adbutils.AdbError, ConnectionError)):
            device.shell2(f"echo hello #{count}"[:10], v2=True, timeout=10)
        assert adbd.fired("cut_after") == count + 1
        adb.wait_for(adbd.address, "device")
    assert services.ran["echo hello"] == len(whole), "each ran once"


def test_offline_and_back(device: Any, adb: AdbProgram, adbd: Adbd) -> None:
    adbd.faults = WireFaults(offline=True)
    adb.wait_for(adbd.address, "offline")
    with pytest.raises(adbutils.AdbError, match="offline"):
        device.shell("echo x")
    adbd.faults = WireFaults()
    assert wait_until(lambda: adb.state(adbd.address) == "device", 30)
    assert device.shell("echo x") == "x"
