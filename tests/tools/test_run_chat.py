"""`handeye run` with a model behind a server, which here is one of ours; and where a key may go."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from agent.episode import Episode
from agent.outcome import Outcome
from environments.action import Type
from tests.agent import fault_server as fs
from tests.agent.fault_server import FaultServer
from tests.tools.command import SUCCESS, Reply, handeye, objects, painted
from tools.config import load
from tools.doctor_model import examine_model

KEY = "sk-live-3b9f1c77aa"
FINISH = fs.says(json.dumps(SUCCESS))


def asks(folder: Path, *arguments: str, env: str = "painted", **variables: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the last line of a run; nobody who sees or keeps anything of it sees the key."""
    command = ("run", "Do it", "--env", env, "--json", *arguments)
    done = handeye(*command, cwd=folder, env=painted(folder, **variables))
    assert KEY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for file in folder.rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
    return done.returncode, objects(done.stdout)[-1]


@pytest.mark.display
def test_the_whole_loop_over_http(tmp_path: Path) -> None:
    reply: Reply = {"thought": "A terminal.", "action": "type", "text": "żółw ツ", "submit": True}
    with FaultServer(fs.says(json.dumps(reply)), FINISH) as server:
        launch = "xterm -u8 -e sh -c 'exec cat > typed'"
        address = ("--model", "chat:qwen2-vl", "--base-url", server.url)
        code, end = asks(tmp_path, *address, "--launch", launch, env="desktop:headless", HANDEYE_API_KEY=KEY)
    assert (code, end["outcome"], end["steps"]) == (0, "success", 2)
    assert (tmp_path / "typed").read_text() == "żółw ツ\n"
    first, second = server.requests
    assert first.path == "/v1/chat/completions"
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert first.body["model"] == "qwen2-vl"
    assert b"data:image/png;base64," in first.data
    assert "żółw ツ" in second.data.decode() or "\\u017c" in second.data.decode()  # its own reply comes back to it
    episode = Episode(tmp_path / end["episode"])
    assert episode.outcome is Outcome.SUCCESS
    assert episode.header["model"] == "chat:qwen2-vl"
    assert episode[0].acts == (Type(text="żółw ツ", submit=True),)
    assert episode[0].reply is not None
    assert episode[0].reply.usage.prompt_tokens == 17


def test_a_stream_that_is_cut_is_asked_for_again(tmp_path: Path) -> None:
    with FaultServer(fs.events(fs.event("{"), end=False), FINISH) as server:
        code, end = asks(tmp_path, "--model", "chat:m", "--base-url", server.url)
    assert (code, end["outcome"]) == (0, "success")
    assert len(server.requests) == 2


FAULTS = {
    "401": (fs.status(401, f"{KEY} is no key"), "401"),
    "404": (fs.status(404), "404"),
    "429": (fs.status(429, Retry_After="9000"), "it asks to wait 9000 s"),
    "500": (fs.status(500, Retry_After="9000"), "500"),
    "a web page": (fs.raw(b"<html>", Content_Type="text/html"), "no chat completion"),
}


@pytest.mark.parametrize(("step", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_server_that_refuses(step: fs.Step, reason: str, tmp_path: Path) -> None:
    with FaultServer(step) as server:
        code, end = asks(tmp_path, "--model", "chat:m", "--base-url", server.url, HANDEYE_API_KEY=KEY)
    assert (code, end["outcome"], end["steps"]) == (4, "model_unavailable", 1)
    assert reason in end["reason"]
    episode = Episode(tmp_path / end["episode"])
    assert episode.outcome is Outcome.MODEL_UNAVAILABLE
    assert reason in episode[0].error


@pytest.mark.slow
def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, end = asks(tmp_path, "--model", "chat:m", "--base-url", f"http://127.0.0.1:{port}/v1", HANDEYE_API_KEY=KEY)
    assert (code, end["outcome"]) == (4, "model_unavailable")
    assert "no connection" in end["reason"]


# --- whose key goes where ---


@pytest.mark.parametrize(
    ("variables", "sent"),
    [
        ({"HANDEYE_API_KEY": KEY}, True),
        ({"OPENAI_API_KEY": KEY}, True),
        ({"HANDEYE_API_KEY": KEY, "OPENAI_API_KEY": "sk-other"}, True),
        ({}, False),
    ],
    ids=["own", "the other tool's", "both", "none"],
)
def test_a_server_that_the_person_names_gets_the_key(variables: dict[str, str], sent: bool, tmp_path: Path) -> None:
    with FaultServer(FINISH) as server:
        code, _ = asks(tmp_path, "--model", "chat:m", "--base-url", server.url, **variables)
    assert code == 0
    assert server.requests[0].headers.get("authorization") == (f"Bearer {KEY}" if sent else None)


@pytest.mark.parametrize("variable", ["HANDEYE_BASE_URL", "OPENAI_BASE_URL"])
def test_a_server_from_a_variable_gets_the_key(variable: str, tmp_path: Path) -> None:
    with FaultServer(FINISH) as server:
        code, _ = asks(tmp_path, "--model", "chat:m", OPENAI_API_KEY=KEY, **{variable: server.url})
    assert code == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def chosen_by_file(folder: Path, name: str, url: str) -> Path:
    """A project whose configuration names a server; a folder below it, where the command is given."""
    table = "" if name == "handeye.toml" else "[tool.handeye]\n"
    (folder / name).write_text(f'{table}model = "chat:m"\nbase_url = "{url}"\n')
    below = folder / "below"
    below.mkdir()
    return below


@pytest.mark.parametrize("name", ["handeye.toml", "pyproject.toml"])
def test_a_server_that_a_file_chooses_does_not_get_the_key_of_another_tool(name: str, tmp_path: Path) -> None:
    with FaultServer(FINISH) as server:
        below = chosen_by_file(tmp_path, name, server.url)
        code, said = asks(below, OPENAI_API_KEY=KEY)
        assert code == 2
        assert name in said["error"]
        assert "OPENAI_API_KEY" in said["error"]
        assert "HANDEYE_API_KEY" in said["fix"]
        assert not server.requests  # nothing at all was sent, no screenshot either
        assert not (below / "episodes").exists()

        finding = examine_model(load(cwd=below, environ={"OPENAI_API_KEY": KEY}))
        assert finding.state == "failed"
        assert KEY not in str(finding)
        assert not server.requests


def test_a_server_that_a_file_chooses_gets_the_key_that_is_meant_for_handeye(tmp_path: Path) -> None:
    with FaultServer(FINISH) as server:
        below = chosen_by_file(tmp_path, "handeye.toml", server.url)
        code, _ = asks(below, HANDEYE_API_KEY=KEY, OPENAI_API_KEY="sk-other")
    assert code == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_server_that_a_file_chooses_is_asked_without_a_key_where_there_is_none(tmp_path: Path) -> None:
    with FaultServer(FINISH) as server:
        code, _ = asks(chosen_by_file(tmp_path, "handeye.toml", server.url))
    assert code == 0
    assert "authorization" not in server.requests[0].headers


def test_an_option_takes_the_choice_from_the_file(tmp_path: Path) -> None:
    with FaultServer(FINISH) as server, FaultServer(FINISH) as foreign:
        below = chosen_by_file(tmp_path, "handeye.toml", foreign.url)
        code, _ = asks(below, "--base-url", server.url, OPENAI_API_KEY=KEY)
    assert code == 0
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert not foreign.requests


def test_a_password_in_the_address_is_not_repeated(tmp_path: Path) -> None:
    code, said = asks(tmp_path, "--model", "chat:m", "--base-url", f"http://me:{KEY}@127.0.0.1:9/v1")
    assert code == 4
    assert "password" in said["error"]
