"""Models by name."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import agent.models
from agent.errors import ModelUnavailable, UnknownName
from agent.model import Message, Model, Request
from agent.models import MODELS, open_model
from agent.models.chat import ChatModel
from agent.models.scripted import ScriptedModel
from environments.registry import InvalidOption
from environments.stop import Stop
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer

ASKING = Request((Message("user", ("what now?",)),))
ROOT = Path(agent.models.__file__).parents[2]


def test_a_script(tmp_path: Path) -> None:
    path = tmp_path / "a:b.json"  # only the first colon counts
    path.write_text(json.dumps([{"tap": 1}]))
    model = open_model(f"scripted:{path}", delay=0.001, base_url=None, api_key=None)
    assert isinstance(model, ScriptedModel)
    assert model.complete(ASKING, Stop()).text == '{"tap":1}'


def test_a_server() -> None:
    with FaultServer(fs.says("ok")) as server:
        model = open_model("chat:qwen2-vl:7b", base_url=server.url, api_key="k", timeout=None, device=None)
        assert isinstance(model, ChatModel)
        assert model.complete(ASKING, Stop()).text == "ok"
        assert server.requests[0].body["model"] == "qwen2-vl:7b"
        model.close()


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ("scripted:x.json", {"base_url": "http://h"}, "'scripted' takes no option 'base_url'"),
        ("chat:m", {"base_url": "http://h", "device": "cpu"}, "'chat' takes no option 'device'"),
        ("chat:m", {"api_key": "sk-secret-1"}, "'chat' needs the option 'base_url'"),
    ],
)
def test_options_that_do_not_fit(spec: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidOption, match=message) as caught:
        open_model(spec, **options)
    assert "sk-secret-1" not in str(caught.value) + caught.value.fix


@pytest.mark.parametrize("spec", ["chat:", "chat", "scripted:", "scripted"])
def test_a_name_alone_says_what_is_missing(spec: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        open_model(spec, **({"base_url": "http://h"} if "chat" in spec else {}))
    assert caught.value.fix


def test_an_unknown_name() -> None:
    with pytest.raises(UnknownName, match="no model named 'script'; did you mean 'scripted'") as caught:
        open_model("script:x.json")
    assert "chat, qwen2vl" in caught.value.fix


@pytest.mark.parametrize(
    ("spec", "rest"),
    [
        ("Qwen/Qwen2-VL-2B-Instruct", "Qwen/Qwen2-VL-2B-Instruct"),
        ("./models/mine", "./models/mine"),
        ("/models/mine:3", "/models/mine:3"),
        ("qwen2vl:Qwen/Qwen2-VL-2B-Instruct", "Qwen/Qwen2-VL-2B-Instruct"),
    ],
)
def test_a_folder_or_hub_id_is_qwen2vl(spec: str, rest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, dict[str, Any]]] = []

    def opener(folder: str, *, device: str | None = None) -> Model:
        opened.append((folder, {"device": device}))
        return ScriptedModel(["ok"])

    monkeypatch.setattr(MODELS, "find", {"qwen2vl": opener}.__getitem__)
    open_model(spec, device="cpu", base_url=None)
    assert opened == [(rest, {"device": "cpu"})]


def test_every_built_in_name_is_there() -> None:
    for name in MODELS.builtin:
        assert callable(MODELS.find(name))


def test_the_table_loads_nothing() -> None:
    program = (
        "import sys, agent.models\n"
        "heavy = {'torch', 'transformers', 'httpx', 'agent.models.chat', 'agent.models.qwen2vl'}\n"
        "sys.exit(' '.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
