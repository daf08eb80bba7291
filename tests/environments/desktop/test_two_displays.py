"""Two private displays in one process: neither hears, sees or waits for the other."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from environments import open_environment
from environments.action import Move, Type
from environments.desktop.driver import DesktopEnvironment
from environments.geometry import Size
from tests.environments.desktop.programs import Terminal, ask_x, environment_of
from tests.environments.desktop.test_typing import mixed

pytestmark = pytest.mark.display


def test_different_texts_typed_at_the_same_time_arrive_each_in_its_own(
    desktop: DesktopEnvironment, private_desktop: DesktopEnvironment, tmp_path: Path
) -> None:
    both = desktop, private_desktop
    assert desktop.display != private_desktop.display
    texts = [[mixed(1500, seed=10 * number + turn) for turn in range(3)] for number in range(2)]
    together = threading.Barrier(2)

    def type_all(number: int) -> None:
        with Terminal(both[number], tmp_path / f"{number}.txt") as terminal:
            together.wait(30)
            for text in texts[number]:
                effect = both[number].act(Type(text=text, submit=True), both[number].observe())
                assert effect.status == "done"
            terminal.wait_for("".join(text + "\n" for text in texts[number]))

    with ThreadPoolExecutor(2) as threads:
        for finished in [threads.submit(type_all, number) for number in range(2)]:
            finished.result()


def test_one_is_closed_and_the_other_goes_on(desktop: DesktopEnvironment, tmp_path: Path) -> None:
    with open_environment("desktop:headless", size=Size(400, 300)) as other:
        assert other.observe().frame.size == (400, 300)
    with Terminal(desktop, tmp_path / "text") as terminal:
        assert desktop.act(Type(text="still here", submit=True), desktop.observe()).status == "done"
        terminal.wait_for("still here\n")


def test_pointers_are_moved_independently(desktop: DesktopEnvironment, private_desktop: DesktopEnvironment) -> None:
    desktop.act(Move(x=100, y=200), desktop.observe())
    private_desktop.act(Move(x=300, y=50), private_desktop.observe())
    places = [ask_x(environment_of(display), "pointer") for display in (desktop, private_desktop)]
    assert [(place["x"], place["y"]) for place in places] == [(100, 200), (300, 50)]


def test_what_was_seen_on_one_display_is_not_acted_on_on_another(
    desktop: DesktopEnvironment, private_desktop: DesktopEnvironment
) -> None:
    """The same size and no window on either: only the name of the display tells them apart."""
    effect = desktop.act(Move(x=5, y=5), private_desktop.observe())
    assert effect.status == "not_sent"
    assert "display" in effect.reason
