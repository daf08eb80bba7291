"""The demo in one piece, its picture, and that it does not take a script's word for the calculator's result."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from agent.decision import Finish
from agent.episode import Episode, Step
from agent.models.scripted import ScriptedModel
from agent.outcome import Outcome
from environments.action import Drag, Tap, Type
from environments.errors import EnvironmentUnavailable, HandeyeError
from environments.frame import Frame
from environments.geometry import Box, Screen
from environments.observation import Element, Elements, Observation
from tests.tools.command import environ, handeye
from tests.tools.doorbell import Doorbell
from tools import demo
from tools.demo import DemoFailed, replies, run_demo
from tools.picture import CAPTION, GAP, TILE, draw_run, save_run

Done = subprocess.CompletedProcess[str]


# --- the command ---


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done, int]:
    """A whole demo; how often somebody came to the display of the person who ran it."""
    folder = tmp_path_factory.mktemp("demo")
    bell = Doorbell()
    try:
        env = environ(DISPLAY=bell.display)
        done = handeye("demo", "--picture", "run.png", "--out", "shown here", cwd=folder, env=env, timeout=110)
    finally:
        bell.close()
    return folder, done, bell.rung


pytestmark = [pytest.mark.display, pytest.mark.model]


def test_it_succeeds_and_says_what_the_calculator_shows(shown: tuple[Path, Done, int]) -> None:
    _, done, rung = shown
    assert done.returncode == 0, done.stderr
    assert "the calculator shows 408, read from the program" in done.stdout
    assert "7 screenshots went through the Qwen2-VL processor" in done.stdout
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert rung == 0


def test_it_ends_by_naming_an_episode_of_seven_steps(shown: tuple[Path, Done, int]) -> None:
    folder, done, _ = shown
    *_, picture, outcome, last = done.stdout.splitlines()
    assert (picture, outcome) == ("picture run.png", "success: 408")
    episode = Episode(folder / last.removeprefix("episode "))
    assert episode.folder.parent.name == "shown here"
    assert episode.outcome is Outcome.SUCCESS
    *taps, end = (step.acts[0] for step in episode)
    assert [type(tap) for tap in taps] == [Tap] * 6
    assert end == Finish("success", "408")
    assert len({step.observation.frame.hash for step in episode}) == 7  # each click changed the screen


def test_the_processor_saw_each_screenshot_in_its_own_size(shown: tuple[Path, Done, int]) -> None:
    folder, done, _ = shown
    episode = Episode(folder / done.stdout.splitlines()[-1].removeprefix("episode "))
    for step in episode:
        assert step.reply is not None
        (size,) = step.reply.image_sizes
        assert size != step.observation.frame.size
        assert size.width % 28 == size.height % 28 == 0
        assert step.milliseconds.encode > 0
    tokens = int(done.stdout.partition("processor: ")[2].split()[0])
    assert tokens == sum(_tokens(step) for step in episode)


def _tokens(step: Step) -> int:
    assert step.reply is not None
    return sum(size.width * size.height // 28**2 for size in step.reply.image_sizes)


def test_the_picture_is_a_png_with_a_tile_for_each_step(shown: tuple[Path, Done, int]) -> None:
    folder, _, _ = shown
    with Image.open(folder / "run.png") as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (4 * (TILE[0] + GAP) + GAP, 2 * (TILE[1] + CAPTION + GAP) + GAP)
        assert len(image.convert("RGB").getcolors(1 << 24)) > 50  # type: ignore[arg-type]


class NoProcessor:
    """In the place of the one that loads torch, which takes ten seconds."""

    visual_tokens = 0

    def __init__(self, script: ScriptedModel, folder: Path) -> None:
        assert (folder / "config.json").is_file()
        self.name = "no processor"
        self.complete = script.complete

    def warm_up(self, frame: Frame) -> None:
        assert frame.size == (1280, 800)


def test_a_wrong_result_is_no_success(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The script says 408 all the same; the calculator knows better."""
    monkeypatch.setattr(demo, "ScriptBehindProcessor", NoProcessor)
    monkeypatch.setattr(demo, "KEYS", "12*35=")
    with pytest.raises(DemoFailed, match="the calculator shows '420', not '408'"):
        run_demo(str(tmp_path), None)
    (folder,) = tmp_path.iterdir()
    assert Episode(folder).outcome is Outcome.SUCCESS


def test_a_failed_demo_is_exit_code_1(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(out: str, picture: str | None) -> int:
        raise DemoFailed(f"no {out} {picture}")

    monkeypatch.setattr(demo, "run_demo", fails)
    monkeypatch.setattr("sys.argv", ["handeye", "demo", "--out", "x", "--picture", "y"])
    with pytest.raises(SystemExit) as end:
        __import__("tools.cli").cli.main()
    assert end.value.code == 1
    assert capsys.readouterr().err == "handeye: no x y\n"


def test_without_the_calculator_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(EnvironmentUnavailable, match="galculator") as caught:
        run_demo(str(tmp_path), None)
    assert caught.value.fix
    assert not list(tmp_path.iterdir())


# --- its parts ---


def seen(*elements: Element, absent: str = "") -> Observation:
    frame = Frame.from_image(Image.new("RGB", (1001, 501), "white"))
    return Observation(frame, Screen(0, 0, 1001, 501), ":9", elements=Elements(elements, absent))


def a_key(name: str, left: int, role: str = "push button", bounds: bool = True) -> Element:
    return Element(role, name, "", frozenset(), Box(left, 100, left + 20, 120) if bounds else None, 3)


def test_the_script_taps_where_the_keys_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "KEYS", "21")
    label = a_key("1", 0, role="label")  # of the same name, and no key
    said = replies(seen(label, a_key("1", 200), a_key("2", 400)))
    assert [line.partition('"action"')[2] for line in said] == [
        ': "tap", "x": 410, "y": 220}',
        ': "tap", "x": 210, "y": 220}',
        ': "finish", "status": "success", "message": "408"}',
    ]


def test_a_calculator_of_another_layout_fails_the_demo() -> None:
    with pytest.raises(DemoFailed, match="no key '1': another layout is set"):
        replies(seen(a_key("2", 100)))
    with pytest.raises(DemoFailed, match="no key '1'"):
        replies(seen(a_key("1", 100, bounds=False)))
    with pytest.raises(DemoFailed, match="no key '1': no tree here"):
        replies(seen(absent="no tree here"))


# --- the picture ---


def a_step(index: int, *acts: Tap | Drag | Type | Finish, size: tuple[int, int] = (1280, 800), error: str = "") -> Step:
    frame = Frame.from_image(Image.new("RGB", size, (10, 200, 30)))
    return Step(index, Observation(frame, Screen(0, 0, *size), ":9"), thought="Thought.", acts=acts, error=error)


def counted(image: Image.Image, colour: tuple[int, int, int]) -> int:
    return sum(count for count, found in image.getcolors(1 << 24) or () if found == colour)


def test_a_mark_shows_where_each_step_acted() -> None:
    marked = draw_run([a_step(0, Tap(x=640, y=400))])
    plain = draw_run([a_step(0, Type(text="x"))])
    assert counted(marked, (208, 66, 80)) > counted(plain, (208, 66, 80)) + 200
    mark = GAP + TILE[0] // 2, GAP + CAPTION + TILE[1] // 2 + 60
    assert marked.getpixel(mark) == (208, 66, 80)
    assert plain.getpixel(mark) == (10, 200, 30)


@pytest.mark.parametrize(("steps", "rows"), [(0, 1), (1, 1), (4, 1), (5, 2), (9, 3)])
def test_the_sheet_has_a_place_for_each_step(steps: int, rows: int) -> None:
    image = draw_run([a_step(number) for number in range(steps)])
    assert image.size == (4 * (TILE[0] + GAP) + GAP, rows * (TILE[1] + CAPTION + GAP) + GAP)
    assert counted(image, (10, 200, 30)) == steps * TILE[0] * TILE[1]


@pytest.mark.parametrize("size", [(1, 1), (300, 200), (4000, 300), (300, 4000), (2000, 2000)])
def test_screens_of_any_size_are_drawn_and_nothing_is_made_up_around_them(size: tuple[int, int]) -> None:
    image = draw_run([a_step(0, Tap(x=size[0] - 1, y=size[1] - 1), size=size)])
    assert counted(image, (0, 0, 0)) == 0  # no black where the screen ends
    assert counted(image, (208, 66, 80)) > 0


def test_a_whole_run_is_cut_around_what_was_touched() -> None:
    image = draw_run([a_step(0, Drag(path=((0, 0), (20, 20)))), a_step(1, Finish("failure", "x"), error="no\x1bise")])
    assert image.getpixel((GAP + 10, GAP + CAPTION + 10)) == (208, 66, 80)


def test_the_picture_is_written_whole(tmp_path: Path) -> None:
    save_run([a_step(0, Tap(x=5, y=5))], tmp_path / "run.png")
    with Image.open(tmp_path / "run.png") as image:
        assert image.convert("RGB").tobytes() == draw_run([a_step(0, Tap(x=5, y=5))]).tobytes()


def test_a_picture_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(HandeyeError, match="cannot be written") as caught:
        demo._draw([a_step(0)], tmp_path / "no" / "folder.png")  # type: ignore[arg-type]
    assert caught.value.fix == "choose another file"
