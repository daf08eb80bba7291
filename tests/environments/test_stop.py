"""The stop signal: from any thread, a file or the clock, and everything that waits hears it at once."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.errors import Stopped
from environments.stop import Stop, call

PROMISE = 0.25
"""Seconds within which everything that waits ends; what a busy machine adds is measured beside it."""


def seconds_to_end(work: Callable[[], object], signal: Callable[[], object]) -> float:
    """How long `work` goes on after `signal` was given from another thread; it has to raise Stopped."""
    given: list[float] = []

    def give() -> None:
        given.append(time.monotonic())
        signal()

    timer = threading.Timer(0.1, give)
    timer.start()
    with pytest.raises(Stopped):
        work()
    ended = time.monotonic()
    timer.join()
    return ended - given[0]


def test_a_new_signal_is_not_given() -> None:
    stop = Stop()
    assert not stop.is_set()
    stop.check()
    stop.wait(0)
    assert call(lambda: 5, stop) == 5


def test_once_given_it_stays_and_keeps_its_first_reason() -> None:
    stop = Stop()
    stop.set("first")
    stop.set("second")
    assert stop.is_set()
    assert stop.reason == "first"
    assert not stop.timed_out
    for work in (stop.check, lambda: stop.wait(10), lambda: call(lambda: 1, stop)):
        with pytest.raises(Stopped, match=r"^first$"):
            work()


def test_a_wait_lasts_as_long_as_it_was_asked_to() -> None:
    started = time.monotonic()
    Stop().wait(0.12)
    assert time.monotonic() - started >= 0.12


def test_a_wait_ends_soon_after_another_thread_gives_the_signal() -> None:
    stop = Stop()
    assert seconds_to_end(lambda: stop.wait(30), stop.set) < PROMISE


def test_a_call_ends_soon_although_its_work_goes_on() -> None:
    stop = Stop()
    release = threading.Event()
    finished = threading.Event()

    def work() -> None:
        release.wait(30)
        finished.set()

    assert seconds_to_end(lambda: call(work, stop), stop.set) < PROMISE
    assert not finished.is_set()
    release.set()
    assert finished.wait(5), "what cannot be interrupted finishes behind the caller's back"


def test_a_stop_file_is_noticed_by_whatever_waits(tmp_path: Path) -> None:
    for name, wait in (("a", lambda stop: stop.wait(30)), ("b", lambda stop: call(lambda: time.sleep(2), stop))):
        file = tmp_path / name
        stop = Stop(file=file)
        assert not stop.is_set()
        assert seconds_to_end(lambda stop=stop, wait=wait: wait(stop), file.touch) < PROMISE  # type: ignore[misc]
        assert str(file) in stop.reason


def test_the_signal_stays_when_the_stop_file_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "stop"
    file.touch()
    stop = Stop(file=file)
    assert stop.is_set()
    file.unlink()
    assert stop.is_set()


def test_a_stop_file_is_looked_at_no_more_than_every_50_ms() -> None:
    looks = 0

    class Watched:
        def exists(self) -> bool:
            nonlocal looks
            looks += 1
            return False

    stop = Stop(file=Watched())  # type: ignore[arg-type]
    started = time.monotonic()
    while time.monotonic() - started < 0.2:
        stop.is_set()
    assert 2 <= looks <= (time.monotonic() - started) / 0.05 + 1


def test_the_passing_of_time_gives_the_signal() -> None:
    started = time.monotonic()
    stop = Stop(seconds=0.1)
    with pytest.raises(Stopped, match="time is up"):
        stop.wait(30)
    assert 0.1 <= time.monotonic() - started < 0.1 + PROMISE
    assert stop.timed_out


def test_a_signal_given_in_time_is_no_time_out() -> None:
    stop = Stop(seconds=60)
    stop.set("by hand")
    assert stop.is_set()
    assert not stop.timed_out


def test_a_call_runs_in_another_thread_and_carries_its_result() -> None:
    assert call(threading.get_ident, Stop()) != threading.get_ident()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3), Stopped("inner")])
def test_a_call_carries_exceptions(error: BaseException) -> None:
    def work() -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        call(work, Stop())
    assert caught.value is error


def test_a_result_that_comes_with_the_signal_is_thrown_away() -> None:
    stop = Stop()

    def work() -> int:
        stop.set("meanwhile")
        return 1

    with pytest.raises(Stopped, match="meanwhile"):
        call(work, stop)


def test_after_the_signal_no_work_is_begun() -> None:
    stop = Stop()
    stop.set()
    begun: list[int] = []
    with pytest.raises(Stopped):
        call(lambda: begun.append(1), stop)
    time.sleep(0.05)  # there is nothing to wait for: the thread must not exist
    assert not begun


def test_many_threads_hear_one_signal() -> None:
    stop = Stop()
    ended: list[float] = []

    def wait() -> None:
        with pytest.raises(Stopped):
            stop.wait(30)
        ended.append(time.monotonic())

    threads = [threading.Thread(target=wait) for _ in range(20)]
    for thread in threads:
        thread.start()
    given = time.monotonic()
    stop.set()
    for thread in threads:
        thread.join(5)
    assert len(ended) == 20
    assert max(ended) - given < 2 * PROMISE
