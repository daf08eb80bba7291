"""ScriptedModel plays what it was given, in order, and says clearly what is wrong with a script."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ModelUnavailable
from agent.model import Message, Model, Reply, Request, Usage
from agent.models import scripted
from agent.models.scripted import ScriptedModel
from environments.errors import Stopped
from environments.frame import Frame
from environments.geometry import Size
from environments.stop import Stop

FRAME = Frame(Size(3, 2), bytes(18))
ASKING = Request((Message("user", ("what now?", FRAME)),))


def texts(model: ScriptedModel, count: int) -> list[str]:
    return [model.complete(ASKING, Stop()).text for _ in range(count)]


def script(folder: Path, found: Any) -> Path:
    path = folder / "script.json"
    path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
    return path


def test_replies_come_in_order_and_end() -> None:
    model = ScriptedModel(["one", "two"])
    assert isinstance(model, Model)
    assert texts(model, 2) == ["one", "two"]
    with pytest.raises(ModelUnavailable, match="scripted has played all of its 2 replies") as caught:
        model.complete(ASKING, Stop())
    assert caught.value.fix
    model.close()
    model.close()


def test_every_kind_of_reply() -> None:
    whole = Reply("whole", usage=Usage(1, 2), truncated=True)
    model = ScriptedModel([whole, lambda request: f"{len(request.frames)} frame", "text"], name="clerk")
    model.prepare(ASKING)
    assert model.complete(ASKING, Stop()) is whole
    assert model.complete(ASKING, Stop()) == Reply("1 frame", image_sizes=(Size(3, 2),))
    assert model.complete(ASKING, Stop()).text == "text"
    assert model.name == "clerk"


def test_the_error_of_a_function_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        ScriptedModel([lambda request: str(1 / 0)]).complete(ASKING, Stop())


def test_one_text_is_no_script() -> None:
    with pytest.raises(TypeError, match="sequence"):
        ScriptedModel("abc")


def test_a_slow_model() -> None:
    started = time.monotonic()
    assert texts(ScriptedModel(["one", "two"], delay=0.05), 2) == ["one", "two"]
    assert time.monotonic() - started >= 0.1


def test_a_stop_ends_the_delay_and_uses_no_reply_up() -> None:
    model = ScriptedModel(["one"], delay=60)
    stop = Stop()
    threading.Timer(0.05, stop.set, ["enough"]).start()
    started = time.monotonic()
    with pytest.raises(Stopped, match="enough"):
        model.complete(ASKING, stop)
    assert time.monotonic() - started < 5
    model._delay = 0.0
    assert texts(model, 1) == ["one"]


def test_a_stop_given_before_wins_over_a_reply() -> None:
    stop = Stop()
    stop.set("never mind")
    with pytest.raises(Stopped):
        ScriptedModel(["one"]).complete(ASKING, stop)


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_of_texts_and_objects(tmp_path: Path, as_text: bool) -> None:
    path = script(tmp_path, ["żółw", {"thought": "pójdę", "action": {"x": [1, 2.5]}}, "", {}])
    model = ScriptedModel.from_file(str(path) if as_text else path)
    assert model.name == "scripted:script.json"
    assert texts(model, 4) == ["żółw", '{"thought":"pójdę","action":{"x":[1,2.5]}}', "", "{}"]


def test_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "script.json"
    path.write_bytes(b'\xef\xbb\xbf["one"]')
    assert texts(ScriptedModel.from_file(path), 1) == ["one"]


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ("", "is not JSON"),
        ('["one",]', "line 1 column 8"),
        ('{"replies": []}', "is not a list"),
        ("[]", "at least one reply"),
        ('["one", 2]', "nor an object as reply 2"),
        ('["one", null]', "nor an object as reply 2"),
        ('[["one"]]', "nor an object as reply 1"),
        ('[{"x": NaN}]', "NaN is no JSON number"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_a_file_of_another_shape(tmp_path: Path, found: str, reason: str) -> None:
    with pytest.raises(ModelUnavailable, match=reason) as caught:
        ScriptedModel.from_file(script(tmp_path, found))
    assert "script.json" in str(caught.value)
    assert "JSON file" in caught.value.fix


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path, "", "nul\0byte"):
        with pytest.raises(ModelUnavailable, match="cannot be read"):
            ScriptedModel.from_file(path)
    (tmp_path / "binary.json").write_bytes(b'["\xff"]')
    with pytest.raises(ModelUnavailable, match="is not JSON"):
        ScriptedModel.from_file(tmp_path / "binary.json")


def test_a_file_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scripted, "MAX_FILE_BYTES", 100)
    assert texts(ScriptedModel.from_file(script(tmp_path, ["x" * 96])), 1) == ["x" * 96]
    with pytest.raises(ModelUnavailable, match="longer than 100 bytes"):
        ScriptedModel.from_file(script(tmp_path, ["x" * 97]))
