"""shell and exec: where a command's input and output go, its exit code, and the terminal of a person."""

from collections.abc import Iterator

import pytest

from environments.phone.wire import Adbd
from environments.phone.wire.terminal import Terminal
from tests.environments.phone.wire_client import WireClient, frame, frames, output_of
from tests.environments.phone.wire_services import ALL_BYTES, TenWords, wait_until


@pytest.fixture
def services() -> TenWords:
    return TenWords()


@pytest.fixture
def client(services: TenWords) -> Iterator[WireClient]:
    with Adbd(services) as adbd, WireClient(adbd.address) as client:
        yield client


# The second form.


def test_v2_tells_the_outputs_apart_and_the_exit_code(client: WireClient) -> None:
    assert output_of(client.ask("shell,v2:both")) == (b"good\n", b"bad\n", 3)


@pytest.mark.parametrize(("code", "seen"), [(0, 0), (1, 1), (255, 255), (256, 0), (-1, 255)])
def test_v2_exit_codes_are_a_byte(client: WireClient, code: int, seen: int) -> None:
    assert frames(client.ask(f"shell,v2:exit {code}")) == [(3, bytes([seen]))]


@pytest.mark.parametrize("options", ["v2", "v2,raw", "v2,TERM=xterm-256color,raw", "TERM=dumb,v2"])
def test_v2_among_other_options(client: WireClient, options: str) -> None:
    assert output_of(client.ask(f"shell,{options}:echo a:b,c")) == (b"a:b,c\n", b"", 0)


def test_v2_unknown_command(client: WireClient) -> None:
    assert output_of(client.ask("shell,v2:nope")) == (b"", b"/system/bin/sh: nope: inaccessible or not found\n", 127)


def test_v2_stdin_until_it_is_closed(client: WireClient) -> None:
    said = frame(0, b"one ") + frame(5, b"24x80,0x0\0") + frame(0) + frame(0, b"two") + frame(4) + frame(0, b"late")
    assert output_of(client.ask("shell,v2:cat", said)) == (b"one two", b"", 0)


def test_v2_a_big_stdin(client: WireClient) -> None:
    data = ALL_BYTES * 12_000
    assert output_of(client.ask("shell,v2:count", frame(0, data) + frame(4))) == (str(len(data)).encode(), b"", 0)


def test_v2_a_frame_that_claims_four_gigabytes(client: WireClient) -> None:
    ours, theirs = client.open("shell,v2:cat")
    client.send(b"WRTE", ours, theirs, b"\0\xff\xff\xff\xff" + b"only this")
    answers = [client.receive() for _ in range(2)]
    assert sorted(command for command, *_ in answers) == [b"OKAY", b"WRTE"]
    assert b"".join(payload for *_, payload in answers) == frame(1, b"only this")


def test_v2_big_output_arrives_whole(client: WireClient) -> None:
    stdout, stderr, code = output_of(client.ask("shell,v2:bytes 3000000"))
    assert (stdout, stderr, code) == ((ALL_BYTES * 11719)[:3_000_000], b"", 0)


def test_v2_interactive_lines_without_a_terminal(client: WireClient) -> None:
    answer = client.ask("shell,v2,raw:", frame(0, b"one two\nexit7\n"))
    assert output_of(answer) == (b"<one>\n<two>\n", b"", 7)


def test_v2_output_is_there_before_the_command_ends(client: WireClient) -> None:
    ours, theirs = client.open("shell,v2,raw:")
    for word in (b"first", b"second"):
        client.send(b"WRTE", ours, theirs, frame(0, word))
        said = b""
        while b"<" not in said:
            command, _, _, payload = client.receive()
            if command == b"WRTE":
                said += payload
                client.send(b"OKAY", ours, theirs)
        assert frames(said) == [(1, b"<" + word + b">\n")]


# The first form, and exec.


def test_v1_is_one_stream_without_an_exit_code(client: WireClient) -> None:
    assert client.ask("shell:both") == b"good\nbad\n"
    assert client.ask("shell:exit 5") == b""


@pytest.mark.parametrize("count", [0, 1, 255, 256, 4096, 524_287, 524_288, 524_289, 8_000_000])
def test_exec_is_exact(client: WireClient, count: int) -> None:
    assert client.ask(f"exec:bytes {count}") == (ALL_BYTES * (count // 256 + 1))[:count]


def test_exec_with_input_sees_all_of_it_though_the_client_closes_at_once(
    client: WireClient, services: TenWords
) -> None:
    data = ALL_BYTES * 1000
    ours, theirs = client.open("exec:save /sdcard/in")
    client.send(b"WRTE", ours, theirs, data)
    client.send(b"CLSE", ours, theirs)
    assert wait_until(lambda: services.ended["save /sdcard/in"] == 1)
    assert services.files.read("/sdcard/in") == data


@pytest.mark.parametrize("kind", ["exec", "shell", "shell,v2"])
def test_a_command_that_wants_no_input_is_told_of_the_close_all_the_same(
    client: WireClient, services: TenWords, kind: str
) -> None:
    ours, theirs = client.open(f"{kind}:sleep 60")
    client.send(b"WRTE", ours, theirs, b"unread")
    client.send(b"CLSE", ours, theirs)
    assert services.left_early.wait(10)


def test_a_line_may_hold_anything(client: WireClient) -> None:
    assert client.ask("shell:echo '世界 🙂 é; a'") == "世界 🙂 é; a\n".encode()
    assert client.ask("shell:length ".ljust(1_000_000, "x")) == b"999994"


def test_a_line_that_is_not_utf8_reaches_the_shell_with_marks_in_place(client: WireClient, services: TenWords) -> None:
    client.send(b"OPEN", 77, 0, b"shell:echo \xff\xfe!\0")
    assert client.receive()[0] == b"OKAY"
    assert wait_until(lambda: services.ended.total() == 1)
    assert list(services.ran) == ["echo \ufffd\ufffd!"]


# The terminal.


def keys(*typed: bytes) -> tuple[Terminal, list[bytes]]:
    pieces, screen = list(typed), list[bytes]()
    return Terminal(lambda: pieces.pop(0) if pieces else b"", screen.append), screen


def test_a_terminal_echoes_and_gives_lines() -> None:
    terminal, screen = keys(b"l", b"s\rpw", b"d\n")
    assert [terminal.read(), terminal.read(), terminal.read()] == [b"ls\n", b"pwd\n", b""]
    assert b"".join(screen) == b"ls\r\npwd\r\n"


def test_a_terminal_rubs_out_whole_characters() -> None:
    terminal, screen = keys("a世".encode() + b"\x7f\x7f\x7fb\r")
    assert terminal.read() == b"b\n"
    assert b"".join(screen) == "a世".encode() + b"\b \b\b \b" + b"b\r\n"


def test_control_d_ends_an_empty_line_and_sends_a_begun_one() -> None:
    terminal, _ = keys(b"ab\x04\x04more")
    assert [terminal.read(), terminal.read(), terminal.read()] == [b"ab", b"", b""]


def test_control_c_drops_the_line() -> None:
    terminal, screen = keys(b"rm everything\x03ls\r")
    assert [terminal.read(), terminal.read()] == [b"\n", b"ls\n"]
    assert b"^C" in b"".join(screen)


def test_a_terminal_turns_newlines_and_has_one_screen() -> None:
    terminal, screen = keys()
    terminal.stdout(b"a\nb\n")
    terminal.stderr(b"c\n")
    assert b"".join(screen) == b"a\r\nb\r\nc\r\n"


@pytest.mark.parametrize("destination", ["shell:", "shell,pty:", "shell,TERM=xterm,pty:"])
def test_a_person_at_the_first_form(client: WireClient, destination: str) -> None:
    answer = client.ask(destination, b"hi\rexit\r")
    assert answer == b"hi\r\n<hi>\r\nexit\r\n"


def test_a_person_at_the_second_form(client: WireClient) -> None:
    answer = client.ask("shell,v2,TERM=xterm-256color,pty:", frame(5, b"24x80,0x0\0") + frame(0, b"hi\rexit9\r"))
    assert output_of(answer) == (b"hi\r\n<hi>\r\nexit9\r\n", b"", 9)
