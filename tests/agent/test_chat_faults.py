"""ChatModel on bad days: what it asks again, what it gives up at once, and what it says then."""

import email.utils
import socket
import time

import pytest

from agent.models import chat, chat_line, chat_wire
from agent.models.chat import ChatModel
from environments.stop import Stop
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.agent.talking import KEY, asking, calls_in_flight, noise, quick_and_silent, refused, talking, wait_until

pytestmark = pytest.mark.usefixtures(quick_and_silent.__name__)


# What passes when asked again


@pytest.mark.parametrize(
    "fault",
    [
        *(fs.status(code) for code in (408, 409, 425, 429, 500, 502, 503, 504, 529)),
        fs.reset,
        fs.garbage,
        fs.events(fs.event("do not"), end=False),
        fs.events(fs.event("do not"), fs.event(" read", "stop"), b'data: {"cho', end=False),
        fs.events(fs.event("do not")),
        fs.events(fs.event("do not", "abort"), fs.DONE),
        fs.events(fs.event("do not"), b'data: {"choi'),
        fs.events(fs.event("do not"), b'data: {"error": {"message": "engine died", "code": 500}}\n\n', fs.DONE),
        fs.events(fs.event("do not"), b'data: {"error": "overloaded"}\n\n', fs.DONE),
        fs.events(),
        fs.raw(b'{"choices": [{"message": {"cont', Content_Type="application/json"),
        fs.document({"error": {"message": "upstream", "code": 502}}),
    ],
)
def test_a_fault_that_may_pass_is_met_with_the_whole_request_again(fault: fs.Step) -> None:
    with talking(fault, fault, fs.says("ok")) as (server, model):
        assert model.complete(asking("all", noise()), Stop()).text == "ok"
        assert len({received.data for received in server.requests}) == 1
        assert len(server.requests) == 3


@pytest.mark.parametrize("fault", [fs.status(503), fs.reset, fs.events(fs.event("half"), end=False)])
def test_asking_again_has_an_end(fault: fs.Step) -> None:
    with talking(fault, retries=2) as (server, model):
        error = refused(model)
        assert len(server.requests) == 3
    assert "3 attempts" in str(error)
    assert "half" not in str(error)


def test_an_error_of_http_that_quotes_the_key() -> None:
    with talking(fs.garbage, retries=0) as (_, model):
        error = refused(model)
    assert "the connection broke" in str(error)
    assert "***" in str(error)


def test_a_silent_server_is_asked_again() -> None:
    with talking(fs.silence(20, fs.reset), fs.says("ok"), timeout=0.15) as (server, model):
        assert model.complete(asking(), Stop()).text == "ok"
        assert len(server.requests) == 2
    with talking(fs.silence(20, fs.reset), timeout=0.15, retries=1) as (_, model):
        error = refused(model)
    assert "silent for 0.15 s" in str(error)
    assert "timeout" in error.fix


def test_nobody_there() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        model = ChatModel("m", base_url=f"http://127.0.0.1:{holder.getsockname()[1]}/v1", api_key=KEY, retries=1)
        error = refused(model)
    assert "no connection" in str(error)
    assert "2 attempts" in str(error)
    assert "start the server" in error.fix


def test_a_server_that_starts_while_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(fs.says("ok")) as server:
        model = ChatModel("m", base_url="http://127.0.0.1:9/v1")
        waits: list[float] = []

        def start(limit: chat_line.Limit, seconds: float) -> None:
            waits.append(seconds)
            model._line._url = chat._endpoint(server.url)  # type: ignore[union-attr]

        monkeypatch.setattr(chat_line.Limit, "wait", start)
        assert model.complete(asking(), Stop()).text == "ok"
        assert len(waits) == 1
        model.close()


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were asked for, none of which takes any time, at the pace of production."""
    asked: list[float] = []
    monkeypatch.setattr(chat_line.Limit, "wait", lambda limit, seconds: asked.append(seconds))
    monkeypatch.setattr(chat, "_FIRST_PAUSE", 0.5)
    monkeypatch.setattr(chat, "_LONGEST_PAUSE", 8.0)
    return asked


def test_pauses_double_and_spread(waits: list[float]) -> None:
    with talking(fs.status(503), retries=6) as (_, model):
        refused(model)
        refused(model)
    for top, *pair in zip((0.5, 1, 2, 4, 8, 8), waits[:6], waits[6:], strict=True):
        assert all(top / 2 <= pause <= top for pause in pair)
    assert len(set(waits)) == 12


def test_retry_after_in_seconds(waits: list[float]) -> None:
    with talking(fs.status(429, Retry_After="7"), fs.status(503, Retry_After="1.5"), fs.says("ok")) as (_, model):
        model.complete(asking(), Stop())
    assert 7 <= waits[0] <= 7.25
    assert 1.5 <= waits[1] <= 1.75


def test_retry_after_as_a_date(waits: list[float]) -> None:
    # The server's own clock may be wrong by years; what counts is the distance.
    for now in (time.time(), 1e9):
        until = email.utils.formatdate(now + 20, usegmt=True)

        def step(exchange: fs.Exchange, now: float = now, until: str = until) -> None:
            exchange.send_response_only(503)
            for header in (("Date", email.utils.formatdate(now, usegmt=True)), ("Retry-After", until)):
                exchange.send_header(*header)
            exchange.send_header("Content-Length", "0")
            exchange.end_headers()

        with talking(step, fs.says("ok")) as (_, model):
            model.complete(asking(), Stop())
    assert len(waits) == 2
    assert all(20 <= wait <= 20.25 for wait in waits)


@pytest.mark.parametrize("value", ["-3", "soon", "0", "nan", "Wed, 21 Oct 2015 07:28:00 GMT", "٣"])
def test_a_retry_after_that_says_nothing(value: str, waits: list[float]) -> None:
    with talking(fs.raw(b"", 503, Retry_After=value.encode().decode("latin-1")), fs.says("ok")) as (_, model):
        model.complete(asking(), Stop())
    assert 0.25 <= waits[0] <= 0.5


def test_retry_after_is_really_waited_for() -> None:
    with talking(fs.status(429, Retry_After="0.3"), fs.says("ok")) as (_, model):
        started = time.monotonic()
        model.complete(asking(), Stop())
        assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("after", ["3600", "9" * 400])
def test_a_wait_longer_than_the_call_is_not_begun(after: str) -> None:
    with talking(fs.status(429, "slow down", Retry_After=after), total=20) as (server, model):
        started = time.monotonic()
        error = refused(model)
        assert time.monotonic() - started < 5
        assert len(server.requests) == 1
    assert "slow down" in str(error)
    assert "asks to wait" in str(error)


# What does not pass


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        (400, "smaller screenshots"),
        (401, "HANDEYE_API_KEY"),
        (403, "key"),
        (404, "base_url"),
        (413, "smaller screenshots"),
        (422, "smaller screenshots"),
        (501, ""),
        (204, ""),
        (418, ""),
    ],
)
def test_a_refusal_is_final(code: int, fix: str) -> None:
    step = fs.raw(b"", 204) if code == 204 else fs.status(code, "because I say so")
    with talking(step) as (server, model):
        error = refused(model)
        assert len(server.requests) == 1
    assert f"status {code}" in str(error)
    assert code == 204 or "because I say so" in str(error)
    assert fix in error.fix


def test_the_servers_words_are_cleaned() -> None:
    words = f"bad\x1b[31m key {KEY},\n\u202eor {KEY[:4]}\x00{KEY[4:]}; " + "x" * 1000
    with talking(fs.status(401, words)) as (_, model):
        text = str(refused(model))
    assert "bad[31m key ***, or ***; xxx" in text
    assert text.count("x") <= 300


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"<html>\nno such\tpage</html>", "<html> no such page</html>"),
        (b'{"detail": [{"loc": ["body", "x"]}]}', '"loc"'),
        (b'{"message": "plain"}', ": plain"),
        (b'{"error": "bare"}', ": bare"),
        (b"\xff\xfe\x00", "status 404"),
        (b"[" * 100_000, "[[["),
        (b"y" * 300_000, "yyy"),
    ],
)
def test_any_body_of_a_refusal(data: bytes, shown: str) -> None:
    with talking(fs.raw(data, 404)) as (_, model):
        text = str(refused(model))
    assert shown in text
    assert len(text) < 500


def test_an_endless_refusal_is_cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_TAIL_SECONDS", 0.1)

    def step(exchange: fs.Exchange) -> None:
        exchange.head(403, {"Transfer-Encoding": "chunked"})
        exchange.chunk(b"not you")
        exchange.pause(60)

    with talking(step) as (_, model):
        assert "not you" in str(refused(model))


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(code: int) -> None:
    with FaultServer(fs.says("stolen")) as elsewhere:
        target = f"{elsewhere.url}/chat/completions?{KEY}"
        with talking(fs.raw(b"", code, Location=target)) as (_, model):
            error = refused(model)
        assert not elsewhere.requests
    assert f"{elsewhere.url}/chat/completions?***" in str(error)
    assert "base_url" in error.fix


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (fs.document({"foo": 1}), '{"foo": 1}'),
        (fs.document([1]), "no chat completion"),
        (fs.document(fs.completion("x") | {"choices": []}), "no chat completion"),
        (fs.document({"choices": ["x"]}), "no chat completion"),
        (fs.document({"choices": {"a": 1}}), "no chat completion"),
        (fs.document({"choices": [{"message": "text"}]}), "no chat completion"),
        (fs.document({"error": {"message": "prompt too long", "code": 400}}), "prompt too long"),
        (fs.raw(b"<html>welcome</html>", Content_Type="text/html"), "text/html"),
        (fs.events(b"data: [1]\n\n"), "no chat completion"),
        (fs.events(b"data: 7\n\n"), "no chat completion"),
        (fs.events(fs.DONE), "no chat completion"),
        (fs.events(b'data: {"foo": 1}\n\n', fs.DONE), "no chat completion"),
        (fs.events(b'data: {"error": {"message": "no", "code": 401}}\n\n'), "broke off with an error: no"),
        (fs.raw(b"\x1f\x8b", Content_Type="application/json", Content_Encoding="gzip"), "compressed"),
    ],
)
def test_what_is_no_answer_of_a_chat_server(step: fs.Step, shown: str) -> None:
    with talking(step) as (server, model):
        assert shown in str(refused(model))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        fs.endless(fs.event("and on ") * 50),
        fs.endless(b": nothing\n" * 500),
        fs.raw(b" " * 3_000_000, Content_Type="application/json"),
    ],
)
def test_a_body_has_a_bound(step: fs.Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_line, "MAX_BODY", 1_000_000)
    with talking(step) as (server, model):
        assert "longer than 1000000 bytes" in str(refused(model))
        assert len(server.requests) == 1
    wait_until(lambda: not calls_in_flight())


def test_a_line_has_a_bound() -> None:
    with talking(fs.endless(b"x" * 10_000)) as (_, model):
        assert f"line of more than {chat_wire.MAX_LINE} bytes" in str(refused(model))


@pytest.mark.parametrize(
    "step",
    [
        fs.drip(fs.event("a") * 100, seconds=0.05),
        fs.silence(60, fs.reset),
        fs.endless(b":\n"),
    ],
)
def test_a_call_ends_in_time_however_slowly_the_answer_comes(step: fs.Step) -> None:
    with talking(step, total=0.5) as (_, model):
        started = time.monotonic()
        error = refused(model)
        assert 0.4 < time.monotonic() - started < 3
        assert "within 0.5 s" in str(error)
        wait_until(lambda: not calls_in_flight())


def test_the_model_can_be_asked_again_after_a_call_that_came_to_nothing() -> None:
    with talking(fs.silence(60, fs.reset), fs.status(401), fs.says("ok"), total=0.5) as (_, model):
        refused(model)
        refused(model)
        assert model.complete(asking(), Stop()).text == "ok"


# What a server does not know


def test_usage_is_not_asked_for_again_where_it_is_unknown() -> None:
    unknown = fs.status(400, "Extra inputs are not permitted: stream_options")
    with talking(unknown, fs.says("one"), fs.says("two")) as (server, model):
        assert model.complete(asking(), Stop()).text == "one"
        assert model.complete(asking(), Stop()).text == "two"
        assert ["stream_options" in received.body for received in server.requests] == [True, False, False]


def test_a_server_that_minds_still_is_not_asked_for_ever() -> None:
    with talking(fs.status(400, "stream_options, stream_options")) as (server, model):
        refused(model)
        assert len(server.requests) == 2


def test_the_token_limit_has_two_names() -> None:
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    with talking(fs.status(400, words), fs.says("one"), fs.says("two")) as (server, model):
        model.complete(asking(max_tokens=5), Stop())
        model.complete(asking(max_tokens=6), Stop())
        first, *others = (received.body for received in server.requests)
    assert first["max_tokens"] == 5
    assert [body["max_completion_tokens"] for body in others] == [5, 6]
    assert all("max_tokens" not in body for body in others)
