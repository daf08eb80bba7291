"""A stop ends a call of ChatModel in every phase, and its thread soon after."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from agent.errors import ModelUnavailable
from agent.model import Reply
from agent.models import chat
from agent.models.chat import ChatModel
from environments.errors import Stopped
from environments.frame import Frame
from environments.stop import Stop
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.agent.talking import KEY, asking, calls_in_flight, noise, quick_and_silent, talking, wait_until

pytestmark = pytest.mark.usefixtures(quick_and_silent.__name__)


Phase = Callable[[pytest.MonkeyPatch], contextlib.AbstractContextManager[tuple[ChatModel, Callable[[], bool]]]]
"""Something to stop: a model, and whether it has come as far as meant."""


def _from_the_start() -> bool:
    return bool(calls_in_flight())


@contextlib.contextmanager
def connecting(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Callable[[], bool]]]:
    with fs.deaf_port() as port:
        yield ChatModel("m", base_url=f"http://127.0.0.1:{port}", timeout=1.0), _from_the_start


@contextlib.contextmanager
def shaking_hands(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Callable[[], bool]]]:
    with fs.mute_port() as port:
        model = ChatModel("m", base_url=f"https://127.0.0.1:{port}", timeout=1.0)
        yield model, lambda: model._line is not None and model._line._socket is not None


@contextlib.contextmanager
def sending(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Callable[[], bool]]]:
    with fs.mute_port() as port:
        model = ChatModel("m", base_url=f"http://127.0.0.1:{port}")
        yield model, lambda: model._line is not None and model._line._socket is not None


def served(*steps: fs.Step) -> Phase:
    @contextlib.contextmanager
    def phase(_: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Callable[[], bool]]]:
        with FaultServer(*steps) as server:
            yield ChatModel("m", base_url=server.url, api_key=KEY), server.first_seen.is_set
            assert len(server.requests) == 1

    return phase


@contextlib.contextmanager
def encoding(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ChatModel, Callable[[], bool]]]:
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
    "a whole document": served(
        lambda exchange: (
            exchange.head(200, {"Content-Type": "application/json", "Content-Length": "1000"}),
            exchange.pause(60),
        )[0]
    ),
    "backing off": served(fs.status(503, Retry_After="60")),
    "the words of a refusal": served(
        lambda exchange: (exchange.head(400, {"Content-Length": "1000"}), exchange.pause(60))[0]
    ),
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


def stopped_after(model: ChatModel, reached: Callable[[], bool]) -> float:
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


def test_an_interrupt_of_the_caller_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: Callable[[], Reply], stop: Stop) -> Reply:
        threading.Thread(
            target=lambda: contextlib.suppress(Stopped).__enter__() or run(work), name="handeye-call"
        ).start()
        wait_until(server.first_seen.is_set)
        raise KeyboardInterrupt

    def run(work: Callable[[], Reply]) -> None:
        with contextlib.suppress(Stopped):
            work()

    monkeypatch.setattr(chat, "call", interrupted)
    with talking(fs.silence(60, fs.reset)) as (server, model):
        with pytest.raises(KeyboardInterrupt):
            model.complete(asking(), Stop())
        wait_until(lambda: not calls_in_flight())
        assert len(server.requests) == 1


def test_threads_and_connections_do_not_pile_up() -> None:
    with talking(fs.says("ok"), fs.status(401), fs.events(fs.event("x"), end=False), fs.says("ok"), retries=1) as (
        _,
        model,
    ):
        before = threading.active_count()
        for _ in range(30):
            with contextlib.suppress(ModelUnavailable):
                model.complete(asking(), Stop())
        wait_until(lambda: threading.active_count() <= before + 1)  # the server's one for this connection
