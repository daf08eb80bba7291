"""A ChatModel and a server that misbehaves as told, and a look at everything for the key."""

import contextlib
import logging
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from agent.errors import ModelUnavailable
from agent.model import Message, Request, Sampling
from agent.models import chat
from agent.models.chat import ChatModel
from environments.frame import Frame
from environments.geometry import Size
from environments.stop import Stop
from tests.agent.fault_server import FaultServer, Step

KEY = "sk-test-5f0c9a1b7d"


def noise(width: int = 40, height: int = 30, seed: int = 1) -> Frame:
    return Frame(Size(width, height), random.Random(seed).randbytes(3 * width * height))  # noqa: S311 - a picture


def asking(*parts: str | Frame, **sampling: Any) -> Request:
    return Request((Message("user", parts or ("what now?",)),), sampling=Sampling(**sampling))


@pytest.fixture
def quick_and_silent(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Pauses are short, and whatever a test does, the key is in no line of any log."""
    monkeypatch.setattr(chat, "_FIRST_PAUSE", 0.004)
    monkeypatch.setattr(chat, "_LONGEST_PAUSE", 0.03)
    caplog.set_level(logging.DEBUG)
    yield
    records = caplog.get_records("call")
    leaks = [record for record in records if KEY in record.getMessage() + str(record.args) + str(record.exc_info)]
    assert not leaks, [(leak.name, leak.getMessage()) for leak in leaks]


@contextlib.contextmanager
def talking(*steps: Step, **options: Any) -> Iterator[tuple[FaultServer, ChatModel]]:
    with FaultServer(*steps) as server:
        model = ChatModel("qwen", **{"base_url": server.url, "api_key": KEY, "timeout": 5.0, **options})
        yield server, model
        model.close()
        model.close()


def refused(model: ChatModel, request: Request | None = None) -> ModelUnavailable:
    """The error of a call, after a look at everything that a person might see of it."""
    with pytest.raises(ModelUnavailable) as caught:
        model.complete(request or asking(), Stop())
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caught.value.fix
    assert KEY not in shown
    assert str(caught.value).isprintable()
    return caught.value


def calls_in_flight() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "handeye-call"]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)
