"""A stop reaches the caller of Qwen2-VL at once, wherever the model is, and the work behind it soon.

A step that takes long is made by hand: a layer, a block or an image that waits until the test lets it go on.
"""
# ruff: noqa: PLC0415 - torch is imported where a test needs it, so that collecting the tests does not take seconds

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from agent.errors import ModelUnavailable
from agent.model import Message, Reply, Request, Sampling
from agent.models.qwen2vl import Qwen2VLModel
from environments.errors import Stopped
from environments.frame import Frame
from environments.stop import Stop

pytestmark = pytest.mark.model

WITHIN = 0.25
PATIENCE = 30.0


def request(max_tokens: int = 8) -> Request:
    image = Image.linear_gradient("L").convert("RGB").resize((300, 200))
    parts = (Frame.from_image(image), Frame.from_image(image.rotate(90)), "Describe both.")
    return Request((Message("user", parts),), sampling=Sampling(max_tokens))


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> Iterator[Qwen2VLModel]:
    model = Qwen2VLModel(tiny_checkpoint, device="cpu")
    model.load()
    yield model
    model.close()


@pytest.fixture(scope="module")
def expected(model: Qwen2VLModel) -> Reply:
    return model.complete(request(), Stop())


class Gate:
    """Stands in front of a function: the `at`-th call of it says so, and goes on when the test opens the gate."""

    def __init__(self, inner: Callable[..., Any], at: int) -> None:
        self._inner, self._at = inner, at
        self.calls = 0
        self.reached = threading.Event()
        self.open = threading.Event()

    def function(self) -> Callable[..., Any]:
        """A plain function, so that it can take the place of a method."""

        def gated(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self._at:
                self.reached.set()
                assert self.open.wait(PATIENCE)
            return self._inner(*args, **kwargs)

        return gated


def phase(name: str) -> tuple[Any, str, int]:
    """Where a phase is met: the object, the attribute, and which call of it lies in the middle of the phase."""
    from transformers.models.qwen2_vl import modeling_qwen2_vl as modeling

    from agent.models import qwen2vl_torch

    layers = 3  # of the tiny checkpoint; as many calls for each token
    return {
        "encoding": (qwen2vl_torch, "process_vision_info", 1),
        "vision": (modeling.Qwen2VLVisionBlock, "forward", 1),
        "prefill": (modeling.Qwen2VLDecoderLayer, "forward", 2),
        "decoding": (modeling.Qwen2VLDecoderLayer, "forward", 5 * layers + 2),
    }[name]


def in_thread(work: Callable[[], object]) -> tuple[threading.Thread, list[tuple[object, float]]]:
    """Start `work`; the list receives its result or error, and when that came."""
    ended: list[tuple[object, float]] = []

    def run() -> None:
        try:
            result = work()
        except (Stopped, ModelUnavailable) as error:
            ended.append((error, time.monotonic()))
        else:
            ended.append((result, time.monotonic()))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, ended


@pytest.mark.parametrize("name", ["encoding", "vision", "prefill", "decoding"])
def test_a_stop_in_any_phase(model: Qwen2VLModel, expected: Reply, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    where, attribute, at = phase(name)
    delays = []
    for _ in range(3):  # one busy moment of the machine is not the model's fault
        gate = Gate(getattr(where, attribute), at)
        stop = Stop()
        with monkeypatch.context() as patch:
            patch.setattr(where, attribute, gate.function())
            thread, ended = in_thread(lambda: model.complete(request(max_tokens=400), stop))  # noqa: B023
            assert gate.reached.wait(PATIENCE)
            given = time.monotonic()
            stop.set("enough")
            thread.join(PATIENCE)
            error, when = ended[0]
            assert isinstance(error, Stopped)
            assert str(error) == "enough"
            delays.append(when - given)
            # The piece that was in flight goes on behind the caller's back, and is the last one.
            gate.open.set()
            assert model.complete(request(), Stop()) == expected
            in_flight = gate.calls
        assert in_flight <= at + calls_of(expected, name)
        if delays[-1] < WITHIN:
            break
    assert min(delays) < WITHIN


def calls_of(reply: Reply, name: str) -> int:
    """How often an undisturbed reply to `request()` passes the place of a phase."""
    return {"encoding": 2, "vision": 2, "prefill": 3 * len(reply.token_ids), "decoding": 3 * len(reply.token_ids)}[name]


def test_a_stop_from_a_timer_while_many_tokens_are_written(model: Qwen2VLModel, expected: Reply) -> None:
    delays = []
    for _ in range(3):
        stop = Stop()
        given: list[float] = []

        def give(stop: Stop = stop, given: list[float] = given) -> None:
            given.append(time.monotonic())
            stop.set()

        timer = threading.Timer(0.4, give)
        timer.start()
        with pytest.raises(Stopped):
            model.complete(request(max_tokens=30_000), stop)
        delays.append(time.monotonic() - given[0])
        if delays[-1] < WITHIN:
            break
    assert min(delays) < WITHIN
    assert model.complete(request(), Stop()) == expected


def test_a_stop_while_preparing_inputs(model: Qwen2VLModel, expected: Reply, monkeypatch: pytest.MonkeyPatch) -> None:
    where, attribute, at = phase("encoding")
    gate = Gate(getattr(where, attribute), at)
    stop = Stop()
    with monkeypatch.context() as patch:
        patch.setattr(where, attribute, gate.function())
        thread, ended = in_thread(lambda: model.prepare_inputs(request(), stop))
        assert gate.reached.wait(PATIENCE)
        stop.set()
        thread.join(PATIENCE)
        assert isinstance(ended[0][0], Stopped)
        gate.open.set()
        assert model.complete(request(), Stop()) == expected


def test_a_stop_that_was_given_before(tiny_checkpoint: Path) -> None:
    stop = Stop()
    stop.set("too late")
    model = Qwen2VLModel(tiny_checkpoint)
    with pytest.raises(Stopped, match="too late"):
        model.complete(request(), stop)
    with pytest.raises(Stopped):
        model.load(stop)
    assert model._encoder is None
    assert model._network is None


def test_a_stop_file_counts_as_well(model: Qwen2VLModel, tmp_path: Path) -> None:
    stop = Stop(tmp_path / "STOP")
    thread, ended = in_thread(lambda: model.complete(request(max_tokens=30_000), stop))
    (tmp_path / "STOP").touch()
    thread.join(PATIENCE)
    assert isinstance(ended[0][0], Stopped)


def test_a_call_waits_for_an_abandoned_one_and_can_be_stopped_meanwhile(
    model: Qwen2VLModel, expected: Reply, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, attribute, at = phase("prefill")
    gate = Gate(getattr(where, attribute), at)
    first, second = Stop(), Stop()
    with monkeypatch.context() as patch:
        patch.setattr(where, attribute, gate.function())
        thread, _ = in_thread(lambda: model.complete(request(), first))
        assert gate.reached.wait(PATIENCE)
        first.set()
        thread.join(PATIENCE)
        waiting, stopped = in_thread(lambda: model.complete(request(), second))
        later, answered = in_thread(lambda: model.complete(request(), Stop()))
        second.set("also this")
        waiting.join(PATIENCE)
        assert str(stopped[0][0]) == "also this"
        assert gate.calls == at  # nothing else has run: the gate is still shut
        assert not answered
        gate.open.set()
        later.join(PATIENCE)
        assert answered[0][0] == expected


def test_closing_ends_a_call_in_flight(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Qwen2VLModel(tiny_checkpoint, device="cpu")
    model.load()
    where, attribute, at = phase("decoding")
    gate = Gate(getattr(where, attribute), at)
    with monkeypatch.context() as patch:
        patch.setattr(where, attribute, gate.function())
        thread, ended = in_thread(lambda: model.complete(request(max_tokens=30_000), Stop()))
        assert gate.reached.wait(PATIENCE)
        model.close()
        gate.open.set()
        thread.join(PATIENCE)
    assert isinstance(ended[0][0], ModelUnavailable)
    assert gate.calls == at
    assert model._network is None


def test_closing_while_it_loads_leaves_nothing_behind(tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from transformers import Qwen2VLForConditionalGeneration

    model = Qwen2VLModel(tiny_checkpoint, device="cpu")
    gate = Gate(Qwen2VLForConditionalGeneration.from_pretrained, at=1)
    monkeypatch.setattr(Qwen2VLForConditionalGeneration, "from_pretrained", gate.function())
    thread, ended = in_thread(lambda: model.complete(request(), Stop()))
    assert gate.reached.wait(PATIENCE)
    model.close()
    gate.open.set()
    thread.join(PATIENCE)
    assert isinstance(ended[0][0], ModelUnavailable)
    assert model._network is None
    assert model._encoder is None
