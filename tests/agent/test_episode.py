"""Episodes: what is read back is what happened, as far as the recording goes."""

import dataclasses
import json
import random
from pathlib import Path
from typing import Any

import pytest

from agent.decision import Answer, Ask, Finish
from agent.episode import Episode, Milliseconds, Step, act_from_dict, act_to_dict, write_manifest
from agent.limits import Limits
from agent.model import Reply
from agent.outcome import Outcome
from agent.run import Run
from environments.action import ACTIONS
from environments.contract import samples
from environments.environment import Effect
from environments.geometry import Size
from environments.journal import JOURNAL, Record
from environments.observation import Observation, Window
from tests.agent.furnished import REPLIES, RICH, TREE, Furnished, furnished_run
from tests.agent.scenes import DONE, TAP, Told, agent, say
from tests.screens import PaintedScreen


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Run, list[Step]]:
    return furnished_run(tmp_path)


def test_the_steps_on_disk_are_the_steps_that_were_yielded(recorded: tuple[Run, list[Step]]) -> None:
    run, live = recorded
    episode = Episode(str(run.folder))
    assert list(episode) == live
    assert len(live) == len(REPLIES)
    assert (episode.outcome, episode.reason, episode.goal) == (Outcome.SUCCESS, "it is done", "do żółw")
    assert episode.dropped == ""
    first = episode[0]
    assert first.observation.elements == TREE
    assert first.observation.window == Window("0x1", "Painting", "A painted screen")
    assert first.observation.frame.pixels == live[0].observation.frame.pixels
    assert first.reply == RICH
    assert first.reply.timings == RICH.timings
    assert first.effects == (Effect("done", note="by the clipboard"),)
    assert episode[1].effects == (Effect("unknown", "no answer"),)
    assert episode[3].effects == (Effect("not_sent", "no"),)
    assert episode[2].reply == Reply("no JSON at all \ud800", image_sizes=(Size(320, 200),))
    assert episode[2].error
    assert episode[4].acts == (Ask("who?"),)
    assert episode[5].acts == (Answer("42"),)
    assert all(
        getattr(one.observation, field.name) == getattr(other.observation, field.name)
        for one, other in zip(episode, live, strict=True)
        for field in dataclasses.fields(Observation)
    )


def test_the_milliseconds_are_there_and_not_negative(recorded: tuple[Run, list[Step]]) -> None:
    run, live = recorded
    for step, written in zip(live, run.episode, strict=True):
        assert step.milliseconds == written.milliseconds
        spent = dataclasses.asdict(written.milliseconds)
        assert set(spent) == {"capture", "encode", "model", "parse", "act", "settle"}
        assert all(isinstance(value, float) and value >= 0 for value in spent.values())
        assert spent["capture"] == step.observation.capture_ms > 0
        assert (spent["act"] > 0) == any(effect for effect in step.effects)
        assert (spent["settle"] > 0) == bool(step.settled)
        assert spent["parse"] > 0
    assert live[0].milliseconds.encode == 1e6
    assert live[0].milliseconds.model == 0  # the model claims more than there was


def test_an_episode_is_a_sequence(recorded: tuple[Run, list[Step]]) -> None:
    run, live = recorded
    episode = run.episode
    assert len(episode) == 8
    assert episode[-1] == live[-1]
    assert episode[1:6:2] == live[1:6:2]
    assert episode[::-1] == live[::-1]
    assert list(reversed(episode)) == live[::-1]
    assert live[3] in episode
    for index in (8, -9, 100):
        with pytest.raises(IndexError):
            episode[index]


def test_it_can_be_read_while_the_run_goes_on(tmp_path: Path) -> None:
    run = agent([TAP, TAP, DONE], PaintedScreen(), tmp_path).run("win")
    assert list(run.episode) == []
    live = []
    for step in run:
        live.append(step)
        assert list(run.episode) == live
        assert run.episode.outcome is None


def test_the_header_says_what_ran(recorded: tuple[Run, list[Step]]) -> None:
    header = recorded[0].episode.header
    assert header["model"] == "scripted"
    assert header["dialect"] == "handeye-json"
    assert header["environment"]["platform"] == "painted"
    assert header["environment"]["private"] is False
    assert set(header["environment"]["actions"]) == Furnished().capabilities.actions
    assert {"id", "handeye", "python"} <= set(header)


# Requests


@pytest.mark.parametrize("kept", [1, 2, 3])
def test_every_request_is_rebuilt_in_full(kept: int, tmp_path: Path) -> None:
    told = Told(TAP, "oops", TAP, say("answer", text="42"), TAP, "\ud800", DONE)
    run = agent(told.lines, PaintedScreen(), tmp_path, limits=Limits(screenshots=kept, tokens=99)).run("win")
    run.wait()
    assert list(run.episode.requests()) == told.requests
    assert len(told.requests) == 7
    assert told.requests[0].grammar is not None


def test_the_person_is_recorded(recorded: tuple[Run, list[Step]]) -> None:
    kinds = [record["kind"] for record in recorded[0].episode.records]
    assert kinds.count("confirm") == 4
    assert kinds.count("answer") == kinds.count("tell") == 1
    (answer,) = (record for record in recorded[0].episode.records if record["kind"] == "answer")
    assert (answer["question"], answer["answer"]) == ("who?", "me")


# Acts


@pytest.mark.parametrize(
    "act",
    [*samples(Size(64, 48)).values(), Answer("a"), Ask("b"), Finish("failure", "c")],
    ids=lambda act: str(act)[:40],
)
def test_every_act_comes_back_from_json(act: Any) -> None:
    assert act_from_dict(json.loads(json.dumps(act_to_dict(act)))) == act


def test_every_action_was_tried() -> None:
    assert len(samples(Size(64, 48))) == len(ACTIONS)


@pytest.mark.parametrize(
    "value",
    [
        {}, {"type": "fly"}, {"type": ["finish"]}, {"type": "finish"}, {"type": "finish", "status": "won"},
        {"type": "answer", "text": 5}, {"type": "ask"},
        {"type": "tap", "x": -1, "y": 0}, {"type": "tap", "x": 1}, {"type": None},
    ],
)  # fmt: skip
def test_what_is_no_act_is_refused(value: Record) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        act_from_dict(value)


# What is left of a recording that was cut off


def test_a_journal_cut_at_any_line_reads_as_far_as_it_goes(recorded: tuple[Run, list[Step]], tmp_path: Path) -> None:
    run, live = recorded
    lines = (run.folder / JOURNAL).read_bytes().splitlines(keepends=True)
    statuses = set()
    for end in range(1, len(lines)):
        (run.folder / JOURNAL).write_bytes(b"".join(lines[:end]))
        episode = run.episode
        assert episode.outcome is None
        assert episode.dropped == ""
        statuses |= check_prefix(episode, live)
    assert statuses == {"", "done", "unknown", "not_sent"}


@pytest.mark.parametrize("seed", range(3))
def test_a_journal_cut_within_a_line_reads_to_the_line_before(
    seed: int, recorded: tuple[Run, list[Step]], tmp_path: Path
) -> None:
    run, live = recorded
    data = (run.folder / JOURNAL).read_bytes()
    head = data.index(b"\n") + 1
    for at in random.Random(seed).sample(range(head, len(data)), 60):  # noqa: S311
        (run.folder / JOURNAL).write_bytes(data[:at])
        episode = run.episode
        check_prefix(episode, live)
        assert bool(episode.dropped) == (data[at - 1 : at] != b"\n")


def test_a_journal_with_a_changed_byte_reads_to_the_line_before(recorded: tuple[Run, list[Step]]) -> None:
    run, live = recorded
    data = bytearray((run.folder / JOURNAL).read_bytes())
    head = data.index(b"\n") + 1
    for at in random.Random(7).sample(range(head, len(data)), 60):  # noqa: S311
        changed = bytearray(data)
        changed[at] ^= 1
        (run.folder / JOURNAL).write_bytes(changed)
        check_prefix(run.episode, live)
        assert run.episode.dropped


def check_prefix(episode: Episode, live: list[Step]) -> set[str]:
    """All steps but the last are whole; the last one is whole or says that it was cut. Its effects' statuses."""
    steps = list(episode)
    if not steps:
        return set()
    number = len(steps) - 1
    assert steps[:-1] == live[:number]
    last, whole = steps[-1], live[number]
    if last == whole:
        return {effect.status for effect in last.effects}
    assert last.error == "the recording ends within this step"
    assert last.observation == whole.observation
    assert last.reply in (None, whole.reply)
    assert (last.acts, last.thought, last.milliseconds) == ((), "", Milliseconds())
    assert last.effects in ((), whole.effects, (Effect("unknown", "the recording ends before the result"),))
    return {"", *(effect.status for effect in last.effects)}


# The manifest


def test_the_manifest_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"goal": "żółw 😀 \udcff \ud800"})
    assert json.loads((tmp_path / "episode.json").read_text()) == {"goal": "żółw 😀 \udcff \ud800"}
    assert "żółw 😀" in (tmp_path / "episode.json").read_text()
    with pytest.raises(TypeError):
        write_manifest(tmp_path, {"goal": object()})
    assert "żółw" in (tmp_path / "episode.json").read_text()
    write_manifest(tmp_path, {"goal": "short"})
    assert json.loads((tmp_path / "episode.json").read_text()) == {"goal": "short"}
    assert [path.name for path in tmp_path.iterdir()] == ["episode.json"]
