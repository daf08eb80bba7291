"""The kill switch: within 250 ms no more input is sent, whatever is going on, and the display can be used again."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from environments.action import Drag, Hold, LongPress, Tap, Type, Wait
from environments.desktop.driver import DesktopEnvironment
from environments.environment import Effect
from environments.errors import Stopped
from environments.settle import SettleRule
from environments.stop import Stop
from tests.environments.desktop.programs import Panel, Terminal, process_named, until
from tests.environments.desktop.test_typing import many_characters, mixed

pytestmark = pytest.mark.display

PROMISE = 0.25
ATTEMPTS = 4
"""The promise is for a machine that has time for it: one of so many attempts has to keep it, and all have to stop."""


def act_and_stop(
    desktop: DesktopEnvironment, action: Tap | Type | Wait | Drag | Hold | LongPress, after: float
) -> tuple[Effect, float]:
    """Stop an action some time after its beginning; its effect, and how long after the stop it came."""
    seen = desktop.observe()
    with stopping(after) as (stop, given):
        effect = desktop.act(action, seen, stop=stop)
        ended = time.monotonic()
    return effect, ended - given[0]


def seconds_to_end(work: Callable[[Stop], object]) -> float:
    """How long after a stop `work` ends with Stopped."""
    with stopping(0.3) as (stop, given):
        with pytest.raises(Stopped):
            work(stop)
        ended = time.monotonic()
    return ended - given[0]


@contextmanager
def stopping(after: float) -> Iterator[tuple[Stop, list[float]]]:
    """A signal that another thread gives after some time, and a list that then holds the moment."""
    stop, given = Stop(), list[float]()

    def give() -> None:
        given.append(time.monotonic())
        stop.set("by hand")

    timer = threading.Timer(after, give)
    timer.start()
    yield stop, given
    timer.join()


def keeps_promise(attempt: Callable[[], float]) -> None:
    """Whether one of a few attempts ends in time."""
    seconds: list[float] = []
    while not seconds or (seconds[-1] >= PROMISE and len(seconds) < ATTEMPTS):
        seconds.append(attempt())
    assert min(seconds) < PROMISE, seconds


@pytest.mark.parametrize(
    "action",
    [
        Wait(seconds=30), Hold(key="a", seconds=30), LongPress(x=5, y=5, seconds=30),
        Drag(path=((5, 5), (500, 500), (5, 500)), seconds=30),
    ],
    ids=lambda action: action.type,
)  # fmt: skip
def test_in_the_middle_of_what_takes_long(desktop: DesktopEnvironment, action: Wait | Hold | LongPress | Drag) -> None:
    def attempt() -> float:
        effect, seconds = act_and_stop(desktop, action, 0.3)
        assert effect.status == "unknown" or (action.type == "wait" and effect.status == "not_sent")
        assert "stopped" in effect.reason
        return seconds

    keeps_promise(attempt)
    assert desktop.act(Tap(x=5, y=5), desktop.observe()).status == "done"


def lines_of(terminal: Terminal) -> int:
    return terminal.text().count("\n")


@pytest.mark.parametrize("text", ["hello world\n", "zażółć 😀\n"])
def test_in_the_middle_of_typing_100_000_characters(desktop: DesktopEnvironment, tmp_path: Path, text: str) -> None:
    action = Type(text=text * (100_000 // len(text)))
    number = 0

    def attempt() -> float:
        nonlocal number
        number += 1
        with Terminal(desktop, tmp_path / f"{number}.txt") as terminal:
            effect, seconds = act_and_stop(desktop, action, 0.3)
            assert effect.status == "unknown"
            typed, _, whole = effect.reason.partition(" after ")[2].removesuffix(" characters").partition(" of ")
            assert 0 < int(typed) < int(whole) == len(action.text)
            _arrives_and_grows_no_more(terminal, int(typed), text)
        return seconds

    keeps_promise(attempt)


def _arrives_and_grows_no_more(terminal: Terminal, typed: int, line: str) -> None:
    """What was typed before the stop arrives as it should, and then nothing more."""
    until(lambda: lines_of(terminal) >= typed // len(line), "what was sent before the stop arrives")
    before = terminal.text()
    time.sleep(0.5)  # nothing is to happen, and that takes time to see
    assert terminal.text() == before
    assert before == line * (len(before) // len(line))
    assert len(before) <= typed


def test_a_stop_at_any_moment_of_typing_leaves_a_beginning_of_the_text(
    desktop: DesktopEnvironment, tmp_path: Path
) -> None:
    """The moments at which keys are given new meanings included."""
    for number, after in enumerate((0, 0.02, 0.05, 0.08, 0.12, 0.16, 0.2)):
        text = mixed(4000, seed=number) + "\n"
        with Terminal(desktop, tmp_path / f"{number}.txt") as terminal:
            effect, _ = act_and_stop(desktop, Type(text=text), after)
            if effect.status != "done":
                assert "by hand" in effect.reason or "stopped" in effect.reason
            assert desktop.act(Tap(x=1, y=1), desktop.observe()).status == "done", "the display goes on"
            arrived = terminal.text()
            assert text.startswith(arrived)


def test_while_keys_are_given_other_meanings_once_more(terminal: Terminal) -> None:
    """That takes longer than a stop may: it ends behind the caller, and the display goes on."""
    desktop = terminal.desktop
    fill, other = ("".join(chr(first + number) for number in range(150)) for first in (0x4E00, 0x5E00))
    assert desktop.act(Type(text=fill, submit=True), desktop.observe()).status == "done"

    def attempt() -> float:
        effect, seconds = act_and_stop(desktop, Type(text=other, submit=True), 0.02)
        assert effect.status in ("unknown", "not_sent")
        return seconds

    keeps_promise(attempt)
    assert desktop.act(Type(text="go on", submit=True), desktop.observe()).status == "done"
    terminal.wait_for(f"{fill}\ngo on\n")


def test_while_the_x_server_hangs(private_desktop: DesktopEnvironment, tmp_path: Path) -> None:
    server = process_named(private_desktop, "Xvfb")
    with Terminal(private_desktop, tmp_path / "text") as terminal:
        text = "hello world\n" * 8000
        hang = threading.Timer(0.2, os.kill, (server, signal.SIGSTOP))
        hang.start()
        try:
            effect, seconds = act_and_stop(private_desktop, Type(text=text), 0.5)
        finally:
            hang.join()
            os.kill(server, signal.SIGCONT)
        assert effect.status == "unknown"
        assert seconds < 4 * PROMISE
        assert private_desktop.act(Tap(x=1, y=1), private_desktop.observe()).status == "done"
        private_desktop.settle()
        arrived = terminal.text()
        assert text.startswith(arrived)
        assert len(arrived) < len(text)


def test_in_the_middle_of_pasting(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    text = many_characters(90_000, distinct=3000)

    def attempt() -> float:
        with Terminal(desktop, tmp_path / f"{time.monotonic_ns()}.txt") as terminal:
            effect, seconds = act_and_stop(desktop, Type(text=text), 0.15)
            assert effect.status in ("unknown", "not_sent", "done")
            assert text.startswith(terminal.text())
        return seconds

    keeps_promise(attempt)
    assert desktop.act(Tap(x=5, y=5), desktop.observe()).status == "done"


def test_in_the_middle_of_settling(private_desktop: DesktopEnvironment) -> None:
    private_desktop._rule = SettleRule(floor=30, cap=60)

    def attempt() -> float:
        return seconds_to_end(private_desktop.settle)

    keeps_promise(attempt)
    assert private_desktop.observe().frame.pixels, "the display goes on"


def test_in_the_middle_of_launching(desktop: DesktopEnvironment) -> None:
    def attempt() -> float:
        return seconds_to_end(lambda stop: desktop.launch(["sleep", "1"], stop=stop))  # it never shows a window

    keeps_promise(attempt)


def test_a_drag_that_is_stopped_stays_where_it_was_and_lets_go(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    effect, _ = act_and_stop(desktop, Drag(path=((10, 10), (900, 700)), seconds=10), 0.5)
    assert effect.status == "unknown"
    ups = panel.wait_for(1, "up")
    assert len(ups) == len(panel.events("down")) == 1
    assert (ups[0]["x"], ups[0]["y"]) != (900, 700)
    moved = len(panel.events("motion"))
    time.sleep(0.3)  # nothing is to happen, and that takes time to see
    assert len(panel.events("motion")) == moved


def test_a_stop_file_stops_it_too(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    file = tmp_path / "stop"
    stop = Stop(file=file)
    threading.Timer(0.3, file.touch).start()
    effect = desktop.act(Wait(seconds=30), desktop.observe(), stop=stop)
    assert effect.status in ("unknown", "not_sent")
    assert "stop file" in stop.reason


def test_after_the_signal_nothing_is_sent(panel: Panel) -> None:
    desktop = panel.desktop
    panel.forget()
    stop = Stop()
    seen = desktop.observe()
    stop.set("by hand")
    for action in (Tap(x=5, y=5), Type(text="no"), Drag(path=((1, 1), (9, 9)))):
        assert desktop.act(action, seen, stop=stop) == Effect("not_sent", "by hand")
    for look in (desktop.observe, desktop.settle):
        with pytest.raises(Stopped, match="by hand"):
            look(stop=stop)
    assert panel.events() == []
