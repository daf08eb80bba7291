"""How fast the phone draws and how little it holds: figures for a person (`pytest -s`), with limits only where a busy
machine cannot break them."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from environments.geometry import Size
from environments.phone.world import World
from tests.environments.phone.hands import Hands, pick_up


def milliseconds(work: Callable[[], object], prepare: Callable[[], object] = lambda: None, times: int = 20) -> float:
    """The median time of `work`, each time after `prepare`."""
    spent = []
    for _ in range(times):
        prepare()
        start = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - start))
    return statistics.median(spent)


@pytest.fixture
def hands() -> Hands:
    hands = pick_up()
    hands.launch("Settings")
    hands.tap(text="Network & internet")
    return hands


def test_frames(hands: Hands) -> None:
    world, settings = hands.world, hands.world.state.settings
    figures = {"nothing changed": milliseconds(world.screenshot, times=200)}

    def turn(name: str) -> Callable[[], None]:
        return lambda: setattr(settings, name, not getattr(settings, name))

    figures["one switch"] = milliseconds(world.screenshot, turn("mobile_data"))
    figures["the whole screen"] = milliseconds(world.screenshot, turn("dark_theme"))
    hands.launch("Contacts")
    world.touch("down", 500, 2000)
    steps = iter(range(10_000))
    figures["a list scrolls"] = milliseconds(
        world.screenshot, lambda: world.touch("move", 500, 1900 - 17 * (next(steps) % 60))
    )
    world.touch("up", 500, 1900)
    hands.wait()
    hands.tap(id="search_view")
    figures["a letter is typed"] = milliseconds(world.screenshot, lambda: world.commit_text("a"))
    figures["the caret blinks"] = milliseconds(world.screenshot, lambda: hands.wait(0.5))
    figures["the tree"] = milliseconds(world.hierarchy, lambda: world.commit_text("a"))
    figures["reset"] = milliseconds(world.reset)
    print("\n1080x2400, medians in ms: " + ", ".join(f"{what} {value:.2f}" for what, value in figures.items()))  # noqa: T201
    assert world.screenshot() is world.screenshot()
    assert figures["nothing changed"] < figures["the whole screen"] / 10


def test_memory_of_each_further_phone() -> None:
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("there is no /proc here")

    def megabytes() -> float:
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmRSS")) / 1024

    def use() -> World:
        hands = pick_up()
        hands.launch("Contacts")
        hands.world.start("com.android.settings")
        hands.wait(0.1)
        hands.world.screenshot()  # in the middle of the way, with both pages
        hands.wait()
        hands.world.screenshot()
        return hands.world

    phones = [use()]
    before = megabytes()
    phones += [use() for _ in range(6)]
    each = (megabytes() - before) / 6
    print(f"\neach further phone of 1080x2400: {each:.1f} MB")  # noqa: T201
    assert each < 40


def test_nothing_grows_with_use() -> None:
    """The same steps again and again leave no more marks, pages or pixels behind."""
    hands = pick_up(size=Size(360, 640), density=160)
    seen = set()
    for _ in range(30):
        hands.launch("Settings")
        hands.tap(text="Network & internet")
        hands.back()
        hands.world.screenshot()
        seen.add((len(hands.world.state.tasks), len(hands.world.state.tasks[0].visits)))
    assert seen == {(1, 1)}
