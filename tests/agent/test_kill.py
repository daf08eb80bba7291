"""kill -9 in the middle of a run: the episode loads, and no step that was handed out is lost."""

import os
import random
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.episode import Episode
from agent.outcome import Outcome

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from agent.limits import Limits
from agent.models.scripted import ScriptedModel
from agent.run import Agent
from tests.agent.scenes import DONE, TAP, say
from tests.screens import PaintedScreen

replies = [TAP, "oops", say("type", text="hello"), say("answer", text="42")] * 100 + [DONE]
model = ScriptedModel(replies, delay=0.005)
run = Agent(model, PaintedScreen(), out=sys.argv[1], limits=Limits(steps=500)).run("win")
print(run.folder, flush=True)
for step in run:
    print(step.index, len(step.effects), flush=True)
"""


def killed(out: Path, seconds: float) -> list[str]:
    """What the program had announced when it was killed, that long after its first line."""
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(out)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], 60)[0]
        first = process.stdout.readline()
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read()
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    return (first + rest).decode().splitlines()


@pytest.mark.parametrize("number", range(20))
def test_no_step_that_was_handed_out_is_lost(number: int, tmp_path: Path) -> None:
    folder, *announced = killed(tmp_path, random.Random(number).uniform(0, 0.6))  # noqa: S311
    episode = Episode(folder)
    steps = list(episode)
    list(episode.requests())
    assert episode.outcome is None
    assert episode.goal == "win"
    whole = [step for step in steps if step.error != "the recording ends within this step"]
    assert [f"{step.index} {len(step.effects)}" for step in steps[: len(announced)]] == announced
    assert len(announced) <= len(whole) <= len(announced) + 1
    assert len(steps) <= len(whole) + 1
    for step in steps[len(whole) :]:
        assert all(effect.status in ("done", "unknown") for effect in step.effects)


def test_the_program_ends_by_itself_when_it_is_not_killed(tmp_path: Path) -> None:
    """So that the test above cannot pass because nothing ran."""
    program = PROGRAM.replace("* 100", "* 2")
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    folder, *announced = done.stdout.splitlines()
    assert len(announced) == 9
    assert Episode(folder).outcome is Outcome.SUCCESS
