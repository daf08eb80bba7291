"""Two thousand steps on one display: nothing grows."""

import os
import threading
from pathlib import Path

import pytest

from environments.action import Press, Tap
from environments.desktop.driver import DesktopEnvironment
from tests.environments.desktop.programs import Program, pids_of

pytestmark = [pytest.mark.display, pytest.mark.slow, pytest.mark.timeout(600)]

STEPS, FIRST = 2000, 200
BYTES_A_STEP = 1000


def resident(pid: int) -> int:
    """Bytes of memory that a process has in its hands, without what it shares with others."""
    _, pages, shared = Path(f"/proc/{pid}/statm").read_text().split()[:3]
    return (int(pages) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def counts(desktop: DesktopEnvironment) -> tuple[int, int, int, int]:
    """Threads and open files of this process and of the child, and the processes of the display."""
    ours, theirs = (len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (os.getpid(), desktop._child.pid))
    return threading.active_count(), ours, theirs, len(pids_of(desktop))


def test_two_thousand_steps_leave_memory_files_and_processes_as_they_were(private_desktop: DesktopEnvironment) -> None:
    desktop = private_desktop
    with Program(desktop, ["xterm", "-e", "cat"]):
        size = desktop.observe().frame.size
        hashes = set()
        for step in range(STEPS):
            if step == FIRST:
                before = counts(desktop), [resident(pid) for pid in (os.getpid(), desktop._child.pid)]
            seen = desktop.observe()
            hashes.add(seen.frame.hash)
            action = Press(key="x") if step % 2 else Tap(x=step % size.width, y=0)
            assert desktop.act(action, seen).status == "done"
        after = counts(desktop), [resident(pid) for pid in (os.getpid(), desktop._child.pid)]
    assert len(hashes) > FIRST, "the screen did change"
    assert after[0] == before[0]
    for now, then in zip(after[1], before[1], strict=True):
        assert now - then < BYTES_A_STEP * (STEPS - FIRST) + len(hashes) * 200  # the hashes that this test keeps
