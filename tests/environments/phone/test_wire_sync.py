"""The sync service, request by request, in its old and its newer forms."""

import stat
import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environments.phone import files as phone_files
from environments.phone.files import FileError
from environments.phone.wire import Adbd
from tests.environments.phone.wire_client import WireClient, cut_up
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, wait_until

NAME = "Hi-世界 🙂.txt"


@pytest.fixture
def services() -> TenWords:
    services = TenWords()
    services.files.write("/sdcard/a", b"hello", mode=0o640, mtime=1_600_000_000)
    services.files.write(f"/sdcard/Download/{NAME}", ALL_BYTES, mtime=1_700_000_000)
    return services


@pytest.fixture
def client(services: TenWords) -> Iterator[WireClient]:
    with Adbd(services) as adbd, WireClient(adbd.address) as client:
        yield client


def request(name: bytes, path: str | bytes = b"") -> bytes:
    data = path.encode() if isinstance(path, str) else path
    return name + struct.pack("<I", len(data)) + data


def data(content: bytes, size: int = 64 * 1024) -> bytes:
    pieces = [content[start : start + size] for start in range(0, len(content), size)]
    return b"".join(request(b"DATA", piece) for piece in pieces)


def done(mtime: int) -> bytes:
    return struct.pack("<4sI", b"DONE", mtime)


def ask(client: WireClient, *requests: bytes) -> bytes:
    return client.ask("sync:", b"".join(requests) + request(b"QUIT"))


def received(answer: bytes) -> bytes:
    content = b""
    while not answer.startswith(b"DONE"):
        name, length = struct.unpack_from("<4sI", answer)
        assert name == b"DATA"
        assert length <= 64 * 1024
        content, answer = content + answer[8 : 8 + length], answer[8 + length :]
    assert answer == b"DONE\0\0\0\0"
    return content


def failure(words: str) -> bytes:
    return request(b"FAIL", words)


OKAY = b"OKAY\0\0\0\0"


# Looking.


def test_stat(client: WireClient) -> None:
    assert ask(client, request(b"STAT", "/sdcard/a")) == struct.pack("<4s3I", b"STAT", 0o100640, 5, 1_600_000_000)
    assert ask(client, request(b"STAT", "/sdcard/none")) == b"STAT" + bytes(12)
    mode, _, mtime = struct.unpack("<3I", ask(client, request(b"STAT", "/sdcard"))[4:])
    assert stat.S_ISDIR(mode)
    assert mtime > 0


def test_an_answer_to_stat_is_in_one_packet(client: WireClient) -> None:
    ours, theirs = client.open("sync:")
    for path in ("/sdcard/a", "/sdcard", "/none"):
        client.send(b"WRTE", ours, theirs, request(b"STAT", path))
        answers = [client.receive() for _ in range(2)]
        [payload] = [payload for command, _, _, payload in answers if command == b"WRTE"]
        assert len(payload) == 16
        client.send(b"OKAY", ours, theirs)


@pytest.mark.parametrize("name", [b"STA2", b"LST2"])
def test_stat_of_the_newer_form(client: WireClient, name: bytes) -> None:
    answer = ask(client, request(name, "/sdcard/a"), request(name, "/none"), request(name, "x" * 300))
    fields = struct.unpack("<4sIQQ4IQ3q", answer[:72])
    assert fields[:2] == (name, 0)
    assert fields[4:6] == (0o100640, 1)
    assert fields[8:] == (5, 1_600_000_000, 1_600_000_000, 1_600_000_000)
    assert answer[72:144] == struct.pack("<4sI", name, 2) + bytes(64)
    assert answer[144:] == struct.pack("<4sI", name, 36) + bytes(64)


def test_list(client: WireClient) -> None:
    answer, names = ask(client, request(b"LIST", "/sdcard")), {}
    while not answer.startswith(b"DONE"):
        head, mode, size, mtime, length = struct.unpack_from("<4s4I", answer)
        assert head == b"DENT"
        names[answer[20 : 20 + length].decode()] = (mode, size, mtime)
        answer = answer[20 + length :]
    assert answer == b"DONE" + bytes(16)
    assert set(names) == {".", "..", "a", "DCIM", "Download", "Pictures"}
    assert names["a"] == (0o100640, 5, 1_600_000_000)
    assert stat.S_ISDIR(names["DCIM"][0])


def test_list_of_the_newer_form(client: WireClient) -> None:
    answer, names = ask(client, request(b"LIS2", "/sdcard/Download/")), {}
    while not answer.startswith(b"DONE"):
        head, *fields, length = struct.unpack_from("<4sIQQ4IQ3qI", answer)
        assert head == b"DNT2"
        names[answer[76 : 76 + length].decode()] = fields
        answer = answer[76 + length :]
    assert answer == b"DONE" + bytes(72)
    assert set(names) == {".", "..", NAME}
    assert names[NAME][7] == 256
    assert len({fields[2] for fields in names.values()}) == 3, "each has a number of its own"


@pytest.mark.parametrize("path", ["/none", "/sdcard/a", b"/sdcard/\xff", "/" + "n" * 300])
def test_list_of_what_is_no_folder_is_empty(client: WireClient, path: str | bytes) -> None:
    assert ask(client, request(b"LIST", path)) == b"DONE" + bytes(16)


# From the phone.


@pytest.mark.parametrize("form", [1, 2])
@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 3_000_000])
def test_receive(client: WireClient, services: TenWords, form: int, size: int) -> None:
    content = (ALL_BYTES * (size // 256 + 1))[:size]
    services.files.write("/sdcard/big", content)
    newer = request(b"RCV2", "/sdcard/big") + struct.pack("<4sI", b"RCV2", 0)
    assert received(ask(client, request(b"RECV", "/sdcard/big") if form == 1 else newer)) == content


@pytest.mark.parametrize(
    ("path", "words"),
    [("/none", "open failed: No such file or directory"), ("/sdcard", "read failed: Is a directory"),
     (b"/sdcard/\xff\xfe", "open failed: Illegal byte sequence"), ("/" + "n" * 300, "open failed: File name too long"),
     ("/sdcard/\0", "open failed: Invalid argument")],
)  # fmt: skip
def test_what_cannot_be_received(client: WireClient, path: str | bytes, words: str) -> None:
    assert ask(client, request(b"RECV", path), request(b"RECV", "/sdcard/a")) == (
        failure(words) + request(b"DATA", b"hello") + b"DONE\0\0\0\0"
    )


def test_compression_was_not_promised(client: WireClient) -> None:
    assert ask(client, request(b"RCV2", "/sdcard/a") + struct.pack("<4sI", b"RCV2", 1)) == failure("unknown flags: 1")
    sent = request(b"SND2", "/sdcard/b") + struct.pack("<4sII", b"SND2", 0o100644, 1) + data(b"x") + done(1)
    assert ask(client, sent) == failure("unknown flags: 1")


# To the phone.


@pytest.mark.parametrize("form", [1, 2])
@pytest.mark.parametrize("size", [0, 1, 65_536, 2_500_000])
def test_send(client: WireClient, services: TenWords, form: int, size: int) -> None:
    path, content = f"/data/local/tmp/{NAME}", (ALL_BYTES * (size // 256 + 1))[:size]
    newer = request(b"SND2", path) + struct.pack("<4sII", b"SND2", 33204, 0)
    start = request(b"SEND", f"{path},33204") if form == 1 else newer
    assert ask(client, start + data(content) + done(1_234_567_890)) == OKAY
    entry = services.files.stat(path)
    assert entry is not None
    assert services.files.read(path) == content
    assert (entry.mode, entry.mtime) == (0o100664, 1_234_567_890)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=3000), st.lists(st.integers(0, 5000), max_size=20), st.integers(1, 1000))
def test_any_split_of_a_push_gives_the_same_file(
    shared: tuple[TenWords, Adbd], content: bytes, cuts: list[int], size: int
) -> None:
    services, adbd = shared
    path = f"/sdcard/{zlib.crc32(content)}"
    pieces = cut_up(request(b"SEND", f"{path},0644") + data(content, size) + done(5) + request(b"QUIT"), cuts)
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("sync:")
        answer = b""
        client.send(b"WRTE", ours, theirs, pieces.pop(0))
        while (got := client.receive())[0] != b"CLSE":
            if got[0] == b"OKAY" and pieces:
                client.send(b"WRTE", ours, theirs, pieces.pop(0))
            elif got[0] == b"WRTE":
                answer += got[3]
                client.send(b"OKAY", ours, theirs)
    assert answer == OKAY
    assert services.files.read(path) == content


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[TenWords, Adbd]]:
    services = TenWords()
    with Adbd(services) as adbd:
        yield services, adbd


def test_a_push_makes_the_folders_above(client: WireClient, services: TenWords) -> None:
    assert ask(client, request(b"SEND", "/sdcard/x/y/z.txt,0644") + data(b"1") + done(1)) == OKAY
    assert services.files.read("/sdcard/x/y/z.txt") == b"1"


def test_a_push_replaces(client: WireClient, services: TenWords) -> None:
    assert ask(client, request(b"SEND", "/sdcard/a,0644") + data(b"new") + done(1)) == OKAY
    assert services.files.read("/sdcard/a") == b"new"


@pytest.mark.parametrize(
    ("path", "words"),
    [("/sdcard/a/b,0644", "secure_mkdirs failed: File exists"),
     ("/sdcard,0644", "couldn't create file: Is a directory"),
     ("/sdcard/" + "n" * 300 + ",0644", "secure_mkdirs failed: File name too long"),
     (b"/sdcard/\xff,0644", "secure_mkdirs failed: Illegal byte sequence"),
     ("/sdcard/b", "missing , in ID_SEND_V1"), ("/sdcard/b,rw", "bad mode"), ("/sdcard/b,99999999999", "bad mode"),
     ("/sdcard/b,41471", "symlink failed: Operation not permitted"),
     ("/sdcard/b,16877", "mknod failed: Operation not permitted")],
)  # fmt: skip
def test_what_cannot_be_sent(client: WireClient, services: TenWords, path: str | bytes, words: str) -> None:
    answer = ask(client, request(b"SEND", path) + data(b"x" * 100_000) + done(1), request(b"STAT", "/sdcard/b"))
    assert answer == failure(words) + b"STAT" + bytes(12), "and the session goes on"


def test_a_push_beyond_the_bound_leaves_nothing(
    client: WireClient, services: TenWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_files, "MAX_BYTES", 3_000_000)
    push = request(b"SEND", "/sdcard/big,0644") + data(bytes(4_000_000)) + done(1)
    assert ask(client, push) == failure("write failed: No space left on device")
    assert services.files.stat("/sdcard/big") is None
    assert ask(client, request(b"SEND", "/sdcard/ok,0644") + data(bytes(1_000_000)) + done(1)) == OKAY


@pytest.mark.parametrize("end", ["close", "loss"])
def test_a_push_that_is_broken_off_leaves_nothing(client: WireClient, services: TenWords, end: str) -> None:
    ours, theirs = client.open("sync:")
    client.send(b"WRTE", ours, theirs, request(b"SEND", "/sdcard/half,0644") + data(b"x" * 1000))
    assert wait_until(lambda: services.files.stat("/sdcard/half") is not None)
    if end == "close":
        client.send(b"CLSE", ours, theirs)
    else:
        client.socket.close()
    assert wait_until(lambda: services.files.stat("/sdcard/half") is None)


@pytest.mark.parametrize(
    ("message", "words"),
    [(struct.pack("<4sI", b"DATA", 65_537), "oversize data message"),
     (struct.pack("<4sI", b"DATA", 0xFFFFFFFF), "oversize data message"),
     (struct.pack("<4sI", b"WHAT", 4), "invalid data message")],
)  # fmt: skip
def test_a_push_that_makes_no_sense_ends_the_session(
    client: WireClient, services: TenWords, message: bytes, words: str
) -> None:
    assert client.ask("sync:", request(b"SEND", "/sdcard/b,0644") + message) == failure(words)
    assert services.files.stat("/sdcard/b") is None


# Staying inside.


@pytest.mark.parametrize(
    "path", ["/sdcard/../../../../etc/passwd", "../etc/passwd", "/proc/self/environ", "etc/passwd"]
)
def test_no_path_leads_to_the_hosts_files(client: WireClient, services: TenWords, path: str) -> None:
    assert ask(client, request(b"RECV", path)) == failure("open failed: No such file or directory")
    assert ask(client, request(b"SEND", path + "-new,0644") + data(b"x") + done(1)) == OKAY
    assert services.files.read("/" + path.replace("../", "").removeprefix("/sdcard").strip("/") + "-new") == b"x"


def test_an_emulated_path_is_the_same_folder(client: WireClient) -> None:
    assert received(ask(client, request(b"RECV", "/storage/emulated/0/a"))) == b"hello"


@pytest.mark.parametrize("junk", [b"WHAT\1\0\0\0x", b"\0" * 8, b"\xff" * 8, b"RECV\xff\xff\xff\xff", b"STAT\1\4\0\0"])
def test_junk_ends_the_session_with_a_word(client: WireClient, junk: bytes) -> None:
    answer = client.ask("sync:", junk)
    assert answer.startswith(b"FAIL")
    expected = b"path too long" if junk[:4] in (b"RECV", b"STAT") else b"unknown command"
    assert answer[8:].startswith(expected)
    assert client.ask("shell:echo still here") == b"still here\n"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.sampled_from([b"STAT", b"LIST", b"SEND", b"RECV", b"STA2", b"SND2", b"DATA", b"DONE", b"QUIT",
                                 b"\1\0\0\0", b"\4\0\0\0", b"/,0 ", b"\xff\xff\xff\xff"]), max_size=30))  # fmt: skip
def test_shuffled_words_never_hang_or_harm(shared: tuple[TenWords, Adbd], parts: list[bytes]) -> None:
    services, adbd = shared
    with WireClient(adbd.address) as client:
        ours, theirs = client.open("sync:")
        client.send(b"WRTE", ours, theirs, b"".join(parts))
        client.send(b"CLSE", ours, theirs)
        while client.receive()[0] != b"CLSE":
            pass
        assert client.ask("shell:echo fine") == b"fine\n"
    with pytest.raises(FileError):
        services.files.read("/none")
