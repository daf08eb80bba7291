"""A long run on a private display, and what grew meanwhile: memory, file handles, threads, processes."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

from agent.limits import Limits
from agent.models.scripted import ScriptedModel
from agent.run import Agent
from environments.desktop.driver import DesktopEnvironment
from environments.errors import HandeyeError
from environments.geometry import Size
from environments.settle import SettleRule

WARM_UP = 200
_QUICK = SettleRule(floor=0.005, quiet=0.005, cap=0.2, interval=0.004)


def soak_figures(steps: int) -> dict[str, Any]:
    """Take steps that move the pointer about over a terminal, and compare the process with itself after `WARM_UP`
    of them. Raises HandeyeError when the run ends early."""
    replies = [json.dumps(_move(number)) for number in range(steps)]
    with (
        DesktopEnvironment(private=True, size=Size(640, 400), rule=_QUICK) as desktop,
        tempfile.TemporaryDirectory() as out,
    ):
        desktop.launch(["xterm"])
        run = Agent(ScriptedModel(replies), desktop, limits=Limits(steps=steps, seconds=3600), out=out).run("soak")
        for _ in itertools.islice(run, WARM_UP):
            pass
        before = _measure(desktop.child_pid)
        for _ in run:
            pass
        after = _measure(desktop.child_pid)
        if run.taken != steps:
            raise HandeyeError(f"the run ended after {run.taken} steps: {run.outcome} {run.reason}")
    growth = {key: after[key] - before[key] for key in before}
    return {
        "bytes_per_step": round(growth["self_rss"] / (steps - WARM_UP)),
        "child_bytes_per_step": round(growth["child_rss"] / (steps - WARM_UP)),
        "more_handles": growth["self_fds"] + growth["child_fds"],
        "more_threads": growth["self_threads"] + growth["child_threads"],
    }


def _move(number: int) -> dict[str, Any]:
    return {"thought": f"Step {number}.", "action": "move", "x": 100 + number % 801, "y": 100 + number % 701}


def _measure(child: int) -> dict[str, int]:
    figures: dict[str, int] = {}
    for name, process in (("self", "self"), ("child", str(child))):
        status = Path(f"/proc/{process}/status").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in status if ":" in line)
        figures[f"{name}_rss"] = 1024 * int(fields["VmRSS"].split()[0])
        figures[f"{name}_threads"] = int(fields["Threads"])
        figures[f"{name}_fds"] = len(list(Path(f"/proc/{process}/fd").iterdir()))
    return figures
