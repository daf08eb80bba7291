"""Recording: what passes the three seams is written down, intents before effects, and what cannot be written down
does not happen."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.limits import Limits
from agent.model import Message, Reply, Request
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from agent.person import Callbacks, Nobody
from agent.recording import RecordingEnvironment, RecordingModel, RecordingPerson, new_folder
from agent.run import Agent
from environments import journal as journal_module
from environments.action import Action, Tap, Wait, action_to_dict
from environments.contract import check_environment
from environments.environment import Effect
from environments.errors import DeviceLost, InvalidAction, RecorderFailed
from environments.frame import Frame
from environments.journal import FrameStore, Journal, Record, read_journal
from environments.stop import Stop
from tests.agent.scenes import DONE, TAP, FailingScreen, Told, agent, dotted, say
from tests.screens import PaintedScreen


def records(folder: Path, *kinds: str) -> list[Record]:
    return [record for record in read_journal(folder).records if record["kind"] in kinds]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "episode")


# The environment


def test_a_recorded_environment_keeps_every_promise_of_one(journal: Journal) -> None:
    check_environment(RecordingEnvironment(PaintedScreen(), journal), close=False)


def test_every_look_is_stored_with_its_frame(journal: Journal) -> None:
    screen = PaintedScreen()
    recording = RecordingEnvironment(screen, journal)
    seen = recording.observe(elements=True)
    (record,) = records(journal.folder, "observation")
    assert record["id"] == seen.id
    assert FrameStore(journal.folder / "frames").get(record["frame"]) == seen.frame
    assert record["window"] == ["0x1", "Painting", "A painted screen"]
    assert record["elements_absent"] == "a painted screen has no accessibility tree"


def test_the_intent_is_on_disk_before_the_action_is_sent(journal: Journal) -> None:
    on_disk: list[list[Record]] = []
    screen = PaintedScreen(on_act=lambda action: on_disk.append(records(journal.folder, "intent", "result")))
    recording = RecordingEnvironment(screen, journal)
    seen = recording.observe()
    action = Tap(x=5, y=6)
    assert recording.act(action, seen) == Effect("done")
    (intent,) = on_disk[0]
    assert intent["action"] == action_to_dict(action)
    assert intent["observation"] == seen.id
    assert intent["commands"] == screen.commands(action, seen)
    assert records(journal.folder, "result")[0]["effect"] == ["done", "", ""]


@pytest.mark.parametrize("error", [DeviceLost("gone"), KeyboardInterrupt(), ZeroDivisionError()])
def test_an_action_whose_answer_is_lost_leaves_an_intent_without_a_result(
    error: BaseException, journal: Journal
) -> None:
    recording = RecordingEnvironment(FailingScreen("act", 1, error), journal)
    seen = recording.observe()
    with pytest.raises(type(error)):
        recording.act(Wait(seconds=0), seen)
    assert len(records(journal.folder, "intent")) == 1
    assert records(journal.folder, "result") == []


def test_an_impossible_action_leaves_no_intent(journal: Journal) -> None:
    recording = RecordingEnvironment(PaintedScreen(), journal)
    seen = recording.observe()
    with pytest.raises(InvalidAction):
        recording.act(Tap(x=9999, y=0), seen)
    assert records(journal.folder, "intent", "result") == []


def test_the_wait_for_a_still_screen_is_stored(journal: Journal) -> None:
    settled = RecordingEnvironment(PaintedScreen(), journal).settle(Stop())
    (record,) = records(journal.folder, "settled")
    assert record["settled"] == [settled.seconds, settled.frames, settled.stable]


def test_closing_a_recorder_closes_neither_screen_nor_model(journal: Journal) -> None:
    screen = PaintedScreen()
    RecordingEnvironment(screen, journal).close()
    RecordingModel(ScriptedModel([]), journal).close()
    assert not screen.closed


# The model


def user(*parts: str | Frame) -> Message:
    return Message("user", parts)


def test_of_a_request_only_what_is_new_is_stored(journal: Journal) -> None:
    first, second = (Frame.from_image(dotted(number)) for number in (1, 2))
    said = Message("assistant", ("ok",))
    model = RecordingModel(ScriptedModel(["1", "2", "3", "4"]), journal)
    requests = [
        Request((user("a", first),), {"type": "object"}),
        Request((user("a", first), said, user("b", second)), {"type": "object"}),
        Request((user("a", "left out"), said, user("b", second), said, user("c", second)), {"type": "object"}),
        Request((user("z"),)),
    ]
    for request in requests:
        model.complete(request, Stop())
    stored = records(journal.folder, "request")
    assert [record["same"] for record in stored] == [0, 1, 0, 0]
    assert [len(record["messages"]) for record in stored] == [1, 2, 5, 1]
    assert ["grammar" in record for record in stored] == [True, False, False, True]
    assert stored[1]["messages"][1] == {"role": "user", "parts": ["b", {"frame": second.hash}]}
    assert stored[0]["sampling"] == [512, 0.0, None]


def test_a_request_is_on_disk_before_the_model_answers(journal: Journal) -> None:
    on_disk: list[int] = []

    def answer(request: Request) -> str:
        on_disk.append(len(records(journal.folder, "request")))
        return "hello"

    model = RecordingModel(ScriptedModel([answer], name="echo"), journal)
    model.prepare(Request((user("a"),)))
    reply = model.complete(Request((user("a"),)), Stop())
    assert on_disk == [1]
    assert model.name == "echo"
    (record,) = records(journal.folder, "reply")
    assert record["text"] == reply.text == "hello"


def test_a_long_run_does_not_keep_its_prompts(tmp_path: Path) -> None:
    run = agent([TAP] * 30 + [DONE], PaintedScreen(), tmp_path, limits=Limits(steps=40)).run("count")
    assert run.wait() is Outcome.SUCCESS
    lines = [len(record["messages"]) for record in records(run.folder, "request")]
    assert lines[0] == 2
    assert max(lines[1:]) == 3  # the screenshot that is left out from now on, the reply, the new screenshot


# The person


def test_what_the_person_decides_says_and_hears_is_stored(journal: Journal) -> None:
    heard: list[str] = []
    person = RecordingPerson(
        Callbacks(confirm=lambda action, reason: True, answer=lambda question: "blue", tell=heard.append), journal
    )
    seen = PaintedScreen().observe()
    assert person.attended
    assert person.confirm(Wait(seconds=1), seen, "why", Stop()) is True
    assert person.answer("which?", Stop()) == "blue"
    person.tell("42")
    assert heard == ["42"]
    kinds = [
        {key: value for key, value in record.items() if key != "t"}
        for record in records(journal.folder, "confirm", "answer", "tell")
    ]
    assert kinds == [
        {"kind": "confirm", "action": {"type": "wait", "seconds": 1.0}, "reason": "why", "confirmed": True},
        {"kind": "answer", "question": "which?", "answer": "blue"},
        {"kind": "tell", "text": "42"},
    ]
    assert not RecordingPerson(Nobody(), journal).attended


# What cannot be written down


class FailingWrites:
    """Stands in front of `os` in the journal: the write number `nth` (from 0) and all behind it fail."""

    def __init__(self, nth: int, *, torn: bool) -> None:
        self.left, self.torn = nth, torn
        self.on_failure: Callable[[], None] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, file: int, data: bytes) -> int:
        self.left -= 1
        if self.left >= 0:
            return os.write(file, data)
        self.on_failure()
        self.on_failure = lambda: None
        if self.torn:
            return os.write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")


SCRIPT = [TAP, "oops", say("answer", text="hello"), say("press", key="a"), DONE]
WRITES = 28
"""What it takes to record it; the last one is the outcome."""


@pytest.mark.parametrize("torn", [False, True], ids=["no write", "half a write"])
@pytest.mark.parametrize("nth", range(WRITES - 1))
def test_after_a_write_that_failed_nothing_is_sent(
    nth: int, torn: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = FailingWrites(nth, torn=torn)
    monkeypatch.setattr(journal_module, "os", writes)
    sent_at_failure: list[int] = []
    heard: list[str] = []
    person = Callbacks(confirm=lambda action, reason: True, tell=heard.append)
    screen = PaintedScreen()
    writes.on_failure = lambda: sent_at_failure.append(len(screen.sent))
    runner = agent(SCRIPT, screen, tmp_path, person=person)
    if nth < 2:  # the head of the journal, the head of the episode
        with pytest.raises(RecorderFailed, match="cannot record"):
            runner.run("win")
        assert screen.observations == 0
        return
    run = runner.run("win")
    steps = list(run)
    assert run.outcome is Outcome.RECORDER_FAILED
    assert "cannot record" in run.reason
    assert "full" in run.reason or "space" in run.reason
    assert sent_at_failure == [len(screen.sent)]
    episode = run.episode
    assert episode.outcome is None
    assert list(episode)[: len(steps)] == steps
    assert len(episode) <= len(steps) + 1
    intents = [record["action"] for record in records(run.folder, "intent")]
    assert intents[: len(screen.sent)] == [action_to_dict(action) for action in screen.sent]
    assert bool(episode.dropped) == torn
    assert len(records(run.folder, "tell")) >= len(heard)


def test_the_script_above_is_covered_to_its_last_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writes = FailingWrites(1000, torn=False)
    monkeypatch.setattr(journal_module, "os", writes)
    run = agent(SCRIPT, PaintedScreen(), tmp_path).run("win")
    assert run.wait() is Outcome.SUCCESS
    assert 1000 - writes.left == WRITES


def test_an_outcome_that_cannot_be_written_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "os", FailingWrites(WRITES - 1, torn=False))
    run = agent(SCRIPT, PaintedScreen(), tmp_path).run("win")
    assert run.wait() is Outcome.RECORDER_FAILED
    assert run.episode.outcome is None
    assert run.taken == len(run.episode) == 5


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_frame_that_cannot_be_stored_ends_the_run(nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[Frame] = []
    put = FrameStore.put

    def fail(store: FrameStore, frame: Frame) -> str:
        if frame not in stored:
            stored.append(frame)
        if len(stored) >= nth:
            raise OSError(5, "Input/output error")
        return put(store, frame)

    monkeypatch.setattr(FrameStore, "put", fail)
    screen = PaintedScreen()
    run = agent([TAP, TAP, TAP, DONE], screen, tmp_path).run("win")
    steps = list(run)
    assert run.outcome is Outcome.RECORDER_FAILED
    assert "Input/output error" in run.reason
    assert len(screen.sent) == nth - 1
    assert list(run.episode)[: len(steps)] == steps


def test_where_no_folder_can_be_made_no_run_begins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    screen = PaintedScreen()
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        with pytest.raises(RecorderFailed, match="cannot record") as refused:
            Agent(ScriptedModel([DONE]), screen, out=out).run("win")
        assert refused.value.fix
    assert screen.observations == 0


def test_new_folders_never_collide(tmp_path: Path) -> None:
    made: list[Path] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        made.extend(new_folder(tmp_path / "deep" / "out", "same") for _ in range(20))

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 160
    assert all(folder.is_dir() for folder in made)
    assert {folder.name for folder in made} == {"same", *(f"same-{number}" for number in range(2, 161))}


def test_an_action_on_a_screen_of_ones_own_is_not_sent_before_the_yes_is_on_disk(tmp_path: Path) -> None:
    on_disk: list[list[str]] = []

    def look(action: Action) -> None:
        (folder,) = tmp_path.iterdir()
        on_disk.append([record["kind"] for record in records(folder, "confirm", "intent", "result")])

    person = Callbacks(confirm=lambda action, reason: True)
    screen = PaintedScreen(on_act=look, private=False)
    told = Told(TAP, DONE)
    assert agent(told.lines, screen, tmp_path, person=person).run("win").wait() is Outcome.SUCCESS
    assert on_disk == [["confirm", "intent"]]


def test_a_reply_is_stored_whole(tmp_path: Path) -> None:
    reply = Reply("x" * 1_000_000, token_ids=tuple(range(1000)), truncated=True)
    run = Agent(ScriptedModel([reply, DONE]), PaintedScreen(), out=tmp_path).run("win")
    run.wait()
    assert run.episode[0].reply == reply
