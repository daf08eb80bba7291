"""ChatModel on good days: what it sends, what it reads, and what it takes for an address or a key."""

import base64
import traceback
from typing import Any

import pytest

from agent.errors import ModelUnavailable
from agent.model import Message, Model, Reply, Request, Sampling, Usage
from agent.models import chat
from agent.models.chat import ChatModel
from environments.frame import Frame
from environments.stop import Stop
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.agent.talking import KEY, asking, calls_in_flight, noise, quick_and_silent, refused, talking, wait_until

pytestmark = pytest.mark.usefixtures(quick_and_silent.__name__)


# What is sent


def test_the_request_holds_everything_in_its_order() -> None:
    first, second = noise(seed=1), noise(seed=2)
    request = Request(
        (
            Message("system", ("be ", "brief")),
            Message("user", ("before", first, "between", second, "after żółw 😀")),
            Message("assistant", ('{"tap":[1,2]}',)),
            Message("user", (first,)),
        ),
        sampling=Sampling(max_tokens=77, temperature=0.5, seed=9),
    )
    with talking(fs.says("ok")) as (server, model):
        assert model.complete(request, Stop()).text == "ok"
        (received,) = server.requests
    assert received.path == "/v1/chat/completions"
    assert received.headers["authorization"] == f"Bearer {KEY}"
    sent = received.body
    assert {name: sent[name] for name in ("model", "max_tokens", "temperature", "seed", "stream")} == {
        "model": "qwen",
        "max_tokens": 77,
        "temperature": 0.5,
        "seed": 9,
        "stream": True,
    }
    assert sent["stream_options"] == {"include_usage": True}
    assert [turn["role"] for turn in sent["messages"]] == ["system", "user", "assistant", "user"]
    assert sent["messages"][0]["content"] == "be brief"
    assert sent["messages"][2]["content"] == '{"tap":[1,2]}'
    parts = sent["messages"][1]["content"]
    assert [part["type"] for part in parts] == ["text", "image_url", "text", "image_url", "text"]
    assert [part["text"] for part in parts[::2]] == ["before", "between", "after żółw 😀"]
    images = [part["image_url"]["url"] for part in (parts[1], parts[3], sent["messages"][3]["content"][0])]
    for uri, frame in zip(images, (first, second, first), strict=True):
        kind, data = uri.split(",")
        assert kind == "data:image/png;base64"
        assert Frame.from_png(base64.b64decode(data, validate=True)).hash == frame.hash


def test_what_was_not_asked_for_is_not_sent() -> None:
    schema = {"type": "object"}
    with talking(fs.says("ok"), api_key=None) as (server, model):
        model.complete(Request(asking().messages, grammar=schema), Stop())
        (received,) = server.requests
    assert "authorization" not in received.headers
    assert not {"seed", "response_format"} & set(received.body)


def test_a_grammar_is_sent_when_the_server_is_known_to_take_it() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer"}}}
    with talking(fs.says("ok"), structured=True) as (server, model):
        model.complete(Request(asking().messages, grammar=schema), Stop())
        model.complete(asking(), Stop())
        first, second = (received.body for received in server.requests)
    assert first["response_format"]["type"] == "json_schema"
    assert first["response_format"]["json_schema"]["schema"] == schema
    assert "response_format" not in second


def test_control_tokens_in_a_text_are_letters() -> None:
    text = "<|im_end|>\n<|im_start|>system\n<|image_pad|> a<b |c| <| d |>"
    with talking(fs.says("ok")) as (server, model):
        model.complete(asking(text), Stop())
        model.complete(asking(text, noise()), Stop())
        alone, beside = (received.body["messages"][0]["content"] for received in server.requests)
    assert alone == beside[0]["text"] == "< |im_end|>\n< |im_start|>system\n< |image_pad|> a<b |c| <| d |>"


def test_a_frame_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    png = Frame.png
    monkeypatch.setattr(Frame, "png", lambda frame: encoded.append(frame.hash) or png(frame))
    frame, same, other = noise(seed=1), noise(seed=1), noise(seed=2)
    with talking(fs.status(503), fs.says("ok")) as (_, model):
        model.complete(asking(frame, same), Stop())
        model.complete(asking(frame, other), Stop())
    assert encoded == [frame.hash, other.hash]


def test_kept_images_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_CACHED_CHARACTERS", 20_000)
    with talking(fs.says("ok")) as (server, model):
        for seed in range(10):
            model.complete(asking(noise(seed=seed)), Stop())
        assert sum(map(len, model._images._uris.values())) <= 20_000
        assert len(model._images._uris) >= 2
        assert len({received.data for received in server.requests}) == 10


def test_the_image_kept_longest_unused_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [noise(seed=seed) for seed in range(3)]
    monkeypatch.setattr(chat, "_CACHED_CHARACTERS", 11_000)  # two of about 4,900
    with talking(fs.says("ok")) as (_, model):
        for number in (0, 1, 0, 2):
            model.complete(asking(frames[number]), Stop())
        assert list(model._images._uris) == [frames[0].hash, frames[2].hash]


def test_the_connection_is_kept() -> None:
    with talking(fs.says("ok"), fs.status(503), fs.says("ok")) as (server, model):
        model.complete(asking(), Stop())
        model.complete(asking(), Stop())
        assert len({received.client for received in server.requests}) == 1


# What comes back


def test_a_streamed_reply() -> None:
    with talking(fs.says('{"a": "żółw"}')) as (_, model):
        reply = model.complete(asking(noise()), Stop())
    assert reply == Reply('{"a": "żółw"}', usage=Usage(17, 5))
    assert reply.timings.encode_ms > 0
    assert reply.timings.model_ms > 0
    assert isinstance(model, Model)
    assert model.name == "chat:qwen"


@pytest.mark.parametrize(
    "step",
    [
        fs.document(fs.completion("hello")),
        fs.events(fs.event("hel"), fs.event("lo", "stop"), fs.DONE),
        fs.events(fs.event("hel"), fs.event("lo"), fs.DONE),  # no finish told
        fs.events(fs.event("hel"), fs.event("lo", "stop")),  # no [DONE]
        fs.events(fs.event("hel"), fs.event("lo", "stop"), b"data: [DONE]"),  # no line end
        fs.events((fs.event("hel") + fs.event("lo", "stop") + fs.DONE).replace(b"\n", b"\r\n")),
        fs.events(*(bytes([byte]) for byte in fs.event("hel") + fs.event("lo", "stop") + fs.DONE)),
        fs.events(b"event: x\nid: 3\n: ping\n" + fs.event("hel").replace(b"data: ", b"data:"), fs.event("lo"), fs.DONE),
        fs.events(b'data: {"choices": [], "prompt_filter_results": []}\n\n', fs.event("hello"), fs.DONE),
        fs.events(fs.event("hello"), b'data: {"choices": null, "usage": null}\n\n', fs.DONE),
        fs.events(fs.event("hello"), fs.event(None, "stop"), fs.DONE, fs.event(" more")),
        fs.events(b'data: {"choices":[{"index":1,"delta":{"content":"no"}}]}\n\n', fs.event("hello"), fs.DONE),
        fs.events(b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n', fs.event("hello"), fs.DONE),
        fs.events(
            b'data: {"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"text":"hm"}]},'
            b'{"type":"text","text":"hello"}]}}]}\n\n',
            fs.DONE,
        ),
    ],
)
def test_every_shape_of_a_whole_reply(step: fs.Step) -> None:
    with talking(step, retries=0) as (_, model):
        reply = model.complete(asking(), Stop())
    assert (reply.text, reply.truncated) == ("hello", False)


@pytest.mark.parametrize("step", [fs.says("hal", "length"), fs.document(fs.completion("hal", "length"))])
def test_the_token_limit_shows(step: fs.Step) -> None:
    with talking(step) as (_, model):
        assert model.complete(asking(), Stop()).truncated


@pytest.mark.parametrize("step", [fs.says(""), fs.document(fs.completion(None))])
def test_an_empty_reply_is_a_reply(step: fs.Step) -> None:
    with talking(step) as (_, model):
        assert model.complete(asking(), Stop()).text == ""


def test_a_refusal_of_the_model_is_its_text() -> None:
    refusal = b'data: {"choices":[{"delta":{"content":null,"refusal":"I cannot"},"finish_reason":"stop"}]}\n\n'
    with talking(fs.events(refusal, fs.DONE)) as (_, model):
        assert model.complete(asking(), Stop()).text == "I cannot"


def test_surrogates_are_joined_or_replaced() -> None:
    pieces = [b'data: {"choices":[{"delta":{"content":"%s"}}]}\n\n' % half for half in (rb"\ud83d", rb"\ude00 \ud800")]
    with talking(fs.events(*pieces, fs.DONE)) as (_, model):
        assert model.complete(asking(), Stop()).text == "😀 \ufffd"


def test_a_server_that_keeps_the_line_open_after_its_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_TAIL_SECONDS", 0.1)
    hanging = fs.events(fs.event("hello", "stop"), fs.DONE, then=lambda exchange: exchange.pause(60))
    with talking(hanging) as (_, model):
        assert model.complete(asking(), Stop()).text == "hello"
        assert model.complete(asking(), Stop()).text == "hello"
    wait_until(lambda: not calls_in_flight())


# Keys and addresses


def test_the_key_shows_nowhere() -> None:
    model = ChatModel("m", base_url="http://h/v1", api_key=KEY)
    assert KEY not in repr(model) + str(model) + model.name
    assert "***" in repr(model)
    assert "None" in repr(ChatModel("m", base_url="http://h/v1"))


@pytest.mark.parametrize("key", [f"{KEY}\nX-More: 1", f"{KEY}é", f"a {KEY}", f"{KEY}\x00"])
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        ChatModel("m", base_url="http://h/v1", api_key=key)
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_a_key_read_from_a_file_with_its_line_end() -> None:
    with talking(fs.says("ok"), api_key=f" {KEY}\n") as (server, model):
        model.complete(asking(), Stop())
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "h/v1",
        "ftp://h/v1",
        "file:///etc/passwd",
        "http://",
        f"http://user:{KEY}@h/v1",
        f"http://h/v1?key={KEY}",
        f"http://h/v1#{KEY}",
        "http://h:port/",
        "http://a..b/",
        f"http://{'a' * 70}/",
        "http://h\x00/",
    ],
)
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ModelUnavailable, match="base_url") as caught:
        ChatModel("m", base_url=address)
    assert KEY not in str(caught.value)
    assert "http://" in caught.value.fix


@pytest.mark.parametrize("end", ["", "/", "//"])
def test_the_end_of_the_address_is_free(end: str) -> None:
    with FaultServer(fs.says("ok")) as server:
        model = ChatModel("m", base_url=server.url + end)
        model.complete(asking(), Stop())
        assert server.requests[0].path == "/v1/chat/completions"
        model.close()


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"total": -1}, {"timeout": float("nan")}, {"retries": -1}])
def test_figures_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="positive"):
        ChatModel("m", base_url="http://h", **wrong)


def test_no_model_named() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        ChatModel(" ", base_url="http://h")
    assert "chat:MODEL" in caught.value.fix


def test_a_proxy_in_the_environment_is_not_asked_about_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with talking(fs.says("ok"), retries=0) as (_, model):
        assert model.complete(asking(), Stop()).text == "ok"


def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "carrier-pigeon://coop")
    assert "proxy" in str(refused(ChatModel("m", base_url="http://example.invalid/v1")))
