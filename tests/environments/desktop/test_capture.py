"""Screenshots show what is there, by mss's old and new names, on one monitor or on all."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from environments.action import Tap, Wait
from environments.desktop.commands import commands_for
from environments.desktop.driver import DesktopEnvironment
from environments.errors import CaptureFailed
from environments.geometry import Screen, Size, to_input
from environments.observation import Observation
from tests.environments.desktop.conftest import SIZE
from tests.environments.desktop.programs import ask_x, environment_of, python_with_tk, until

capture = pytest.importorskip("environments.desktop.capture", exc_type=ImportError)

PAINTING = """
import tkinter
root = tkinter.Tk()
root.overrideredirect(True)
root.geometry("300x200+100+50")
canvas = tkinter.Canvas(root, width=300, height=200, highlightthickness=0, background="#ff0000")
canvas.pack()
canvas.create_rectangle(100, 0, 200, 200, fill="#00ff00", outline="")
canvas.create_rectangle(200, 0, 300, 200, fill="#0000ff", outline="")
canvas.create_rectangle(0, 0, 1, 1, fill="#123456", outline="")
root.mainloop()
"""


@contextmanager
def painted(desktop: DesktopEnvironment) -> Iterator[None]:
    """A window without a frame, in known colours at a known place."""
    process = subprocess.Popen([python_with_tk(), "-c", PAINTING], env=environment_of(desktop))
    try:
        until(lambda: pixel(desktop.observe(), 399, 249) == (0, 0, 255), "the window is painted")
        yield
    finally:
        process.kill()
        process.wait()
        until(lambda: pixel(desktop.observe(), 399, 249) != (0, 0, 255), "the window is gone")


def pixel(seen: Observation, x: int, y: int) -> tuple[int, ...]:
    at = 3 * (y * seen.frame.size.width + x)
    return tuple(seen.frame.pixels[at : at + 3])


@pytest.mark.display
def test_every_pixel_is_where_it_was_painted_in_its_colour(desktop: DesktopEnvironment) -> None:
    with painted(desktop):
        seen = desktop.observe()
    assert seen.frame.size == SIZE
    assert seen.screen == Screen(0, 0, *SIZE)
    expected = {
        (100, 50): (0x12, 0x34, 0x56), (101, 50): (255, 0, 0), (100, 51): (255, 0, 0), (199, 249): (255, 0, 0),
        (200, 50): (0, 255, 0), (299, 249): (0, 255, 0), (300, 50): (0, 0, 255), (399, 249): (0, 0, 255),
    }  # fmt: skip
    assert {at: pixel(seen, *at) for at in expected} == expected
    background = pixel(seen, 0, 0)
    for outside in ((99, 50), (400, 249), (100, 49), (399, 250)):
        assert pixel(seen, *outside) == background


@pytest.mark.display
def test_the_whole_screen_is_seen_and_nothing_else(desktop: DesktopEnvironment) -> None:
    seen = desktop.observe()
    assert len(set(zip(*[iter(seen.frame.pixels)] * 3, strict=True))) == 1, "an empty display has one colour"
    assert len(seen.frame.pixels) == 3 * SIZE.width * SIZE.height


@pytest.mark.display
def test_a_screen_that_did_not_change_costs_no_new_frame(desktop: DesktopEnvironment) -> None:
    first, second = desktop.observe(), desktop.observe()
    assert first.frame is second.frame
    assert first.id != second.id
    with painted(desktop):
        assert desktop.observe().frame.hash != first.frame.hash
    assert desktop.observe().frame.hash == first.frame.hash


@pytest.mark.display
def test_frames_that_were_handed_out_never_change(desktop: DesktopEnvironment) -> None:
    empty = desktop.observe().frame
    before = bytes(bytearray(empty.pixels))
    with painted(desktop):
        shown = desktop.observe().frame
        assert shown.pixels != before
    for _ in range(3):
        desktop.observe()
    assert empty.pixels == before
    assert shown.pixels != before


@pytest.mark.display
@pytest.mark.parametrize("size", [(641, 479), (1, 1), (7, 5), (1920, 1080)])
def test_a_display_may_have_any_size(size: tuple[int, int]) -> None:
    with DesktopEnvironment(private=True, size=Size(*size)) as desktop:
        seen = desktop.observe()
        assert seen.frame.size == size
        assert desktop.act(Tap(x=size[0] - 1, y=size[1] - 1), seen).status == "done"
        place = ask_x(environment_of(desktop), "pointer")
        assert (place["x"], place["y"]) == (size[0] - 1, size[1] - 1)


@pytest.mark.display
def test_a_change_of_the_resolution_is_seen_and_makes_stale(private_desktop: DesktopEnvironment) -> None:
    seen = private_desktop.observe()
    if not ask_x(environment_of(private_desktop), "resize", 640, 480):
        pytest.skip("this X server does not change its resolution")
    effect = private_desktop.act(Wait(seconds=0), seen)
    assert effect.status == "not_sent"
    now = private_desktop.observe()
    assert now.frame.size == (640, 480)
    assert now.screen == Screen(0, 0, 640, 480)
    assert private_desktop.act(Tap(x=639, y=479), now).status == "done"
    private_desktop.act(Tap(x=300, y=300), private_desktop.observe())
    ask_x(environment_of(private_desktop), "warp", 639, 479)  # the corner is where the screen ends now
    assert private_desktop.act(Tap(x=300, y=300), private_desktop.observe()).status == "not_sent"


@pytest.mark.display
def test_monitor_0_is_the_union_of_all() -> None:
    with DesktopEnvironment(private=True, size=Size(400, 300), monitor=0) as desktop:
        seen = desktop.observe()
        assert (seen.frame.size, seen.screen) == ((400, 300), Screen(0, 0, 400, 300))


LEFT_AND_RIGHT = [(-1920, -200, 3200, 1280), (0, 0, 1280, 1024), (-1920, -200, 1920, 1080)]
"""Two monitors, the second to the left of the first and higher; before them the union of both."""


class Grabber:
    """What mss's grabber is, on monitors of our choice."""

    def __init__(self, monitors: list[Any]) -> None:
        self.monitors = monitors
        self.closed = False

    def grab(self, region: tuple[int, int, int, int]) -> Any:
        left, top, right, bottom = region
        width, height = right - left, bottom - top
        return SimpleNamespace(width=width, height=height, raw=bytes([left & 255, 2, 3, 0]) * (width * height))

    def close(self) -> None:
        self.closed = True


class FrozenMonitor(SimpleNamespace):
    """A monitor of mss 11: attributes, and neither keys nor `in`."""


def old_names(monitors: list[tuple[int, int, int, int]]) -> Any:
    """mss up to 10.1: `mss.mss()`, monitors are dicts."""
    names = ("left", "top", "width", "height")
    return SimpleNamespace(mss=lambda: Grabber([dict(zip(names, monitor, strict=True)) for monitor in monitors]))


def new_names(monitors: list[tuple[int, int, int, int]]) -> Any:
    """mss from 11 on: `mss.MSS()`, monitors are objects with more attributes than we know."""
    names = ("left", "top", "width", "height")
    return SimpleNamespace(
        MSS=lambda: Grabber(
            [FrozenMonitor(**dict(zip(names, monitor, strict=True)), name="HDMI-1") for monitor in monitors]
        )
    )


@pytest.mark.parametrize("names", [old_names, new_names])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_both_of_the_names_of_mss_lead_to_the_same_monitors(
    monkeypatch: pytest.MonkeyPatch, names: Any, number: int
) -> None:
    monkeypatch.setattr(capture, "mss", names(LEFT_AND_RIGHT))
    grabbed = capture.Capture(number)
    expected = Screen(*LEFT_AND_RIGHT[number])
    assert grabbed.screen == expected
    size, pixels = grabbed.grab(whole=True)
    assert size == (expected.width, expected.height)
    assert pixels is not None
    assert pixels[:3] == bytes([3, 2, expected.left & 255]), "blue, green, red becomes red, green, blue"
    assert len(pixels) == 3 * size.width * size.height
    assert grabbed.grab(whole=False) == (size, None)
    grabbed.close()


@pytest.mark.parametrize("names", [old_names, new_names])
@pytest.mark.parametrize("number", [3, -1, 100])
def test_a_monitor_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch, names: Any, number: int) -> None:
    monkeypatch.setattr(capture, "mss", names(LEFT_AND_RIGHT))
    with pytest.raises(CaptureFailed, match=f"there is no monitor {number}: there are 1 to 2, and 0 for all"):
        capture.Capture(number)


def test_a_server_without_monitors_has_its_whole_screen_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "mss", old_names([(0, 0, 800, 600)]))
    assert capture.Capture(1).screen == Screen(0, 0, 800, 600)


def test_a_click_on_the_union_reaches_the_monitor_at_negative_coordinates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture, "mss", new_names(LEFT_AND_RIGHT))
    grabbed = capture.Capture(0)
    size, _ = grabbed.grab(whole=True)
    commands = commands_for(Tap(x=10, y=20), size, grabbed.screen)
    assert commands[0] == {"do": "move", "x": -1910, "y": -180}
    assert to_input(Tap(x=1920, y=200).points()[0], size, grabbed.screen) == (0, 0)


def test_a_screenshot_that_fails_is_never_invented(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(region: tuple[int, int, int, int]) -> Any:
        raise capture.ScreenShotError("XGetImage failed")

    monkeypatch.setattr(capture, "mss", old_names(LEFT_AND_RIGHT))
    grabbed = capture.Capture(1)
    monkeypatch.setattr(grabbed._mss, "grab", fail)
    with pytest.raises(CaptureFailed, match="XGetImage failed"):
        grabbed.grab(whole=True)
