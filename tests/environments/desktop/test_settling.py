"""Waiting for a still screen, on a real display with a program that moves for a known time."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from environments.action import Press, Type
from environments.desktop.driver import DesktopEnvironment
from environments.settle import SettleRule
from tests.environments.desktop.programs import HERE, Program, Terminal, python_with_tk, until

pytestmark = pytest.mark.display

LATE = 2.0
"""How long after its end an animation may be noticed on a machine that is busy elsewhere; the bench measures it."""


class Moving(Program):
    """moving.py with its output in a file: it begins to move when space is pressed."""

    def __init__(self, desktop: DesktopEnvironment, kind: str, seconds: float, out: Path) -> None:
        self._out = out
        script = 'exec "$0" "$@" > "$OUT"'
        argv = [python_with_tk(), str(HERE / "moving.py"), kind, str(seconds)]
        super().__init__(desktop, ["env", f"OUT={out}", "sh", "-c", script, *argv])

    def times(self) -> list[float]:
        """When it began, and when it ended, if it has."""
        return [float(line) for line in self._out.read_text().split()]


@pytest.fixture
def patient(desktop: DesktopEnvironment) -> Iterator[DesktopEnvironment]:
    """The shared display with a rule for a busy machine, on which a program that moves may pause unwillingly."""
    rule = desktop._rule
    desktop._rule = SettleRule(quiet=0.4, cap=20)
    yield desktop
    desktop._rule = rule


@pytest.mark.parametrize(("kind", "seconds"), [("slide", 1.0), ("slide", 2.5), ("spin", 1.0)])
def test_an_animation_is_waited_for(patient: DesktopEnvironment, tmp_path: Path, kind: str, seconds: float) -> None:
    with Moving(patient, kind, seconds, tmp_path / "times") as moving:
        seen = patient.observe()
        assert patient.act(Press(key="space"), seen).status == "done"
        until(lambda: len(moving.times()) == 1, "it begins to move")
        settled = patient.settle()
        ended = time.monotonic()
        assert settled.stable
        assert settled.frames > 5
        began, stood_still = until(lambda: len(moving.times()) == 2 and moving.times(), "it has ended")
        assert stood_still - began >= seconds
        assert stood_still <= ended < stood_still + LATE


def test_what_never_stops_ends_at_the_cap(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    rule = desktop._rule
    desktop._rule = SettleRule(cap=1.2)
    try:
        with Moving(desktop, "slide", 60, tmp_path / "times") as moving:
            desktop.act(Press(key="space"), desktop.observe())
            until(lambda: len(moving.times()) == 1, "it begins to move")
            settled = desktop.settle()
            assert not settled.stable
            assert 1.2 <= settled.seconds < 1.2 + LATE
    finally:
        desktop._rule = rule


def test_a_blinking_caret_is_not_waited_for(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    with Moving(desktop, "blink", 0, tmp_path / "times") as moving:
        desktop.act(Press(key="space"), desktop.observe())
        until(lambda: len(moving.times()) == 1, "it begins to blink")
        for _ in range(5):
            settled = desktop.settle()
            assert settled.stable
            assert settled.seconds < desktop._rule.cap


def test_an_empty_display_is_still_at_once(desktop: DesktopEnvironment) -> None:
    settled = desktop.settle()
    assert settled.stable
    assert settled.seconds >= desktop._rule.floor
    assert settled.frames >= 2


def test_after_typing_the_text_is_on_the_screen(terminal: Terminal) -> None:
    desktop = terminal.desktop
    before = desktop.observe().frame
    desktop.act(Type(text="hello " * 50), desktop.observe())
    assert desktop.settle().stable
    shown = desktop.observe().frame
    assert shown != before
