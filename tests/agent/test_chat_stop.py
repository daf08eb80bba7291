"""A stop ends a call of ChatModel in every phase, and its thread soon after."""

import contextlib
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from agent.errors import ModelUnavailable
from agent.model import Reply
from agent.models import chat
from agent.models.chat import ChatModel
from agent.models.chat_line import Limit, Line
from environments.errors import Stopped
from environments.frame import Frame
from environments.stop import Stop
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.agent.talking import KEY, asking, calls_in_flight, noise, quick_and_silent, refused, talking, wait_until

pytestmark = pytest.mark.usefixtures(quick_and_silent.__name__)


Reached = Callable[[], bool]
Phase = Callable[[pytest.MonkeyPatch], contextlib.AbstractContextManager[tuple[ChatModel, Reached]]]
"""Something to stop: a model, and whether it has come as far as meant."""


def has_a_socket(model: ChatModel) -> bool:
    return model._line is not None and model._line._socket is not None


@contextlib.contextmanager
def connecting(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Reached]]:
    with fs.deaf_port() as port:
        yield ChatModel("m", base_url=f"http://127.0.0.1:{port}", timeout=1.0), lambda: bool(calls_in_flight())


@contextlib.contextmanager
def shaking_hands(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Reached]]:
    with fs.mute_port() as port:
        model = ChatModel("m", base_url=f"https://127.0.0.1:{port}", timeout=1.0)
        yield model, lambda: has_a_socket(model)


@contextlib.contextmanager
def sending(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Reached]]:
    with fs.mute_port() as port:
        model = ChatModel("m", base_url=f"http://127.0.0.1:{port}")
        yield model, lambda: has_a_socket(model)


def served(*steps: fs.Step) -> Phase:
    @contextlib.contextmanager
    def phase(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Reached]]:
        with FaultServer(*steps) as server:
            yield ChatModel("m", base_url=server.url, api_key=KEY), server.first_seen.is_set
            assert len(server.requests) == 1

    return phase


def half_a_body(status: int) -> fs.Step:
    def step(exchange: fs.Exchange) -> None:
        exchange.head(status, {"Content-Type": "application/json", "Content-Length": "1000"})
        exchange.pause(60)

    return step


@contextlib.contextmanager
def encoding(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Reached]]:
    begun, go_on = threading.Event(), threading.Event()

    def png(frame: Frame) -> bytes:
        begun.set()
        go_on.wait(0.6)
        return b"png"

    monkeypatch.setattr(Frame, "png", png)
    with FaultServer(fs.says("too late")) as server:
        yield ChatModel("m", base_url=server.url), begun.is_set
        go_on.set()
        wait_until(lambda: not calls_in_flight())
        assert not server.requests


PHASES: dict[str, Phase] = {
    "encoding": encoding,
    "connecting": connecting,
    "handshake": shaking_hands,
    "sending": sending,
    "waiting for headers": served(fs.silence(60, fs.reset)),
    "streaming": served(fs.drip(fs.event("a") * 100)),
    "an endless stream": served(fs.endless(fs.event("a"))),
    "a whole document": served(half_a_body(200)),
    "the words of a refusal": served(half_a_body(400)),
    "backing off": served(fs.status(503, Retry_After="60")),
}


@pytest.mark.parametrize("phase", PHASES.values(), ids=PHASES.keys())
def test_a_stop_ends_every_phase(phase: Phase, monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []
    while not delays or (min(delays) > 0.25 and len(delays) < 4):  # a busy machine gets another try
        with phase(monkeypatch) as (model, reached):
            delays.append(stopped_after(model, reached))
            # Its thread goes soon too: at once, or when making a connection has had its time.
            wait_until(lambda: not calls_in_flight())
        model.close()
    assert min(delays) <= 0.25


def stopped_after(model: ChatModel, reached: Reached) -> float:
    stop = Stop()
    given: list[float] = []

    def give() -> None:
        wait_until(reached)
        time.sleep(0.03)  # into the midst of the phase
        given.append(time.monotonic())
        stop.set("enough")

    giver = threading.Thread(target=give)
    giver.start()
    with pytest.raises(Stopped, match="enough"):
        model.complete(asking("look", noise(1200, 900)), stop)
    ended = time.monotonic()
    giver.join()
    return ended - given[0]


def test_a_stop_given_before_sends_nothing() -> None:
    stop = Stop()
    stop.set("never mind")
    with talking(fs.says("ok")) as (server, model):
        with pytest.raises(Stopped, match="never mind"):
            model.complete(asking(), stop)
        assert not server.requests


def test_what_was_stopped_while_connecting_is_not_sent() -> None:
    stop = Stop()
    stop.set("enough")
    with FaultServer(fs.says("ok")) as server:
        line = Line(httpx.URL(server.url), KEY, 5.0)
        with pytest.raises(Stopped, match="enough"), line.post(b"{}", Limit(stop, 60)):
            pass
        line.close()
        assert not server.requests


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for this machine, trusted for the time of the test."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    names = ["-subj", "/CN=handeye test", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "certificate.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", *kind, *names, *files], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    return context


@pytest.mark.parametrize("step", [fs.silence(60, fs.reset), fs.drip(fs.event("a") * 100)])
def test_a_stop_ends_an_encrypted_call(step: fs.Step, tls: ssl.SSLContext) -> None:
    with FaultServer(fs.says("ok"), step, tls=tls) as server:
        model = ChatModel("m", base_url=server.url, api_key=KEY)
        assert model.complete(asking(), Stop()).text == "ok"
        stopped_after(model, lambda: len(server.requests) == 2)
        wait_until(lambda: not calls_in_flight())
        assert len({received.client for received in server.requests}) == 1


def test_a_server_without_trust(tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with FaultServer(fs.says("ok"), tls=tls) as server:
        error = refused(ChatModel("m", base_url=server.url, api_key=KEY))
        assert not server.requests
    assert "certificate" in str(error)
    assert "attempts" not in str(error)
    assert "SSL_CERT_FILE" in error.fix


def test_an_interrupt_of_the_caller_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def interrupted(work: Callable[[], Reply], stop: Stop) -> Reply:
        def run() -> None:
            with pytest.raises(Stopped):
                work()
            ended.set()

        threading.Thread(target=run).start()
        assert server.first_seen.wait(5)
        raise KeyboardInterrupt

    monkeypatch.setattr(chat, "call", interrupted)
    with talking(fs.silence(60, fs.reset)) as (server, model):
        with pytest.raises(KeyboardInterrupt):
            model.complete(asking(), Stop())
        assert ended.wait(5)
        assert len(server.requests) == 1


def test_threads_and_files_do_not_pile_up() -> None:
    cut = fs.events(fs.event("x"), end=False)
    with talking(*[fs.says("ok"), fs.status(401), cut] * 20, retries=1) as (server, model):
        counts: list[tuple[int, int]] = []
        while len(server.requests) < 60:
            with contextlib.suppress(ModelUnavailable):
                model.complete(asking(), Stop())
            if len(server.requests) >= 10 and Path("/proc/self/fd").exists():
                counts.append((threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))))
        assert not calls_in_flight()
    # Some slack for the server's side, whose threads and sockets go a moment after the client's.
    assert not counts or max(counts)[0] <= counts[0][0] + 4
    assert not counts or max(files for _, files in counts) <= counts[0][1] + 6
