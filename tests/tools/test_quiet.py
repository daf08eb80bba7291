"""A busy machine is noticed. The clock is ours here: nothing depends on how busy this one is."""

import itertools
import os

import pytest

from tools import quiet
from tools.quiet import Calibration, Quiet


def measured(monkeypatch: pytest.MonkeyPatch, before: list[float], after: list[float], load: float = 0.0) -> Quiet:
    """What a calibration says of a machine that needs these milliseconds for the arithmetic."""
    runs = iter([before, after])
    monkeypatch.setattr(quiet, "_kernel_ms", lambda: next(runs))
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return Calibration().finish()


def test_a_quiet_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, [2.0] * 15, [2.1] * 15) == Quiet(busy=False, why="")


def test_a_few_disturbed_runs_are_no_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not measured(monkeypatch, [2.0] * 12 + [9.0] * 3, [2.0] * 12 + [40.0] * 3).busy


def test_a_machine_that_was_disturbed_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(monkeypatch, [2.0] + [5.0] * 14, [2.0] + [5.0] * 14)
    assert found == Quiet(busy=True, why="the same arithmetic took 2.0 to 5.0 ms")


@pytest.mark.parametrize(("before", "after", "ratio"), [(2.0, 3.0, "1.5"), (3.0, 2.0, "0.7")])
def test_a_machine_that_became_slower_or_faster(
    before: float, after: float, ratio: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = measured(monkeypatch, [before] * 15, [after] * 15)
    assert found == Quiet(busy=True, why=f"the machine became {ratio} times as slow in between")


def test_a_machine_that_was_busy_before_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    found = measured(monkeypatch, [2.0] * 15, [2.0] * 15, load=1.5)
    assert found == Quiet(busy=True, why="the load was 1.5 before the measurement began")


def test_every_reason_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measured(monkeypatch, [1.0] * 15, [9.0] * 15, load=9).why.count(";") == 2


def test_the_arithmetic_is_timed_and_slowness_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow clock during the second calibration is what a busy machine looks like to the first."""
    ticks = itertools.accumulate(itertools.chain([0.001] * 30, [0.004] * 1000))
    monkeypatch.setattr(quiet.time, "perf_counter", lambda: next(ticks))  # type: ignore[attr-defined]
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    assert Calibration().finish() == Quiet(
        busy=True, why="the same arithmetic took 1.0 to 4.0 ms; the machine became 4.0 times as slow in between"
    )
