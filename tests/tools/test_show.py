"""What a run looks like in a terminal, whatever a model or a screen puts into it."""

import io
import itertools
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from agent.decision import Act, Answer, Ask, Finish
from agent.episode import Milliseconds, Step
from agent.outcome import Outcome
from environments.action import Launch, OpenURL, Tap, Type
from environments.environment import Effect, Settled
from environments.frame import Frame
from environments.geometry import Screen
from environments.observation import Observation, Window
from tools.show import Show
from tools.terminal import open_console

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")

_PIECES = (
    "\x1b[31mred", "\x1b[2J\x1b[H", "\x1b]0;title\x07", "\x1b]8;;http://x.example\x1b\\link", "\x1bP+q\x1b\\",
    "\x1b[?1049h", "\x1b[6n", "\x9b31m", "\x90q\x9c", "\x9d0;t\x9c", "\x1b", "\x1b[", "\x1b]", "\x07\x08\x0b\x0c",
    "\x00\x01\x02\x1a\x1c\x7f", "\x80\x85\x9f", "a\rb", "a\r\nb", "\u202eevil", "\u202a\u202b\u202d\u202c",
    "\u2066\u2067\u2068\u2069", "\u200e\u200f\u061c", "\u2028\u2029", "[red]r[/red]", "[/]", "[bold", "[link=x]y",
    ":smile:", "\\[", "[[]]", "[@click=x]y[/]", "\ud83d", "\ud800\udfff", "\ufeff\u200b\u2060", "\U000e0041\U000e0042",
    "\u0301" * 50, "x" * 100_000, "ż" * 5_000, " " * 1_000, "\n" * 500,
)  # fmt: skip
PAYLOADS = [*_PIECES, *("plain " + "".join(pair) for pair in itertools.permutations(_PIECES[:14], 2))][:200]


def observed(app: str = "App", title: str = "Title") -> Observation:
    return Observation(Frame.from_image(Image.new("RGB", (4, 4))), Screen(0, 0, 4, 4), ":9", Window("0x1", app, title))


def a_step(*acts: Act, thought: str = "", error: str = "", effects: tuple[Effect, ...] = ()) -> Step:
    return Step(0, observed(), thought=thought, acts=acts, effects=effects, error=error)


def whole(text: str) -> str:
    """Without half characters, which no action takes."""
    return text.encode("utf-8", "replace").decode()


Saying = Callable[[Show, str], None]
PLACES: dict[str, Saying] = {
    "goal": lambda show, text: show.goal(text, "model", "screen"),
    "model": lambda show, text: show.goal("goal", text, "screen"),
    "screen": lambda show, text: show.goal("goal", "model", text),
    "thought": lambda show, text: show.step(a_step(thought=text)),
    "typed text": lambda show, text: show.step(a_step(Type(text=whole(text)))),
    "app": lambda show, text: show.step(a_step(Launch(app=whole(text)[:200]))),
    "answer": lambda show, text: show.step(a_step(Answer(text), Ask(text))),
    "message": lambda show, text: show.step(a_step(Finish("failure", text))),
    "error": lambda show, text: show.step(a_step(error=text)),
    "reason": lambda show, text: show.step(a_step(Tap(x=1, y=1), effects=(Effect("not_sent", text),))),
    "note": lambda show, text: show.step(a_step(Tap(x=1, y=1), effects=(Effect("done", note=text),))),
    "end": lambda show, text: show.end(Outcome.FAILURE, text, Path("folder")),
    "folder": lambda show, text: show.end(Outcome.FAILURE, "", Path(text.replace("\0", "")[:300])),
    "told": lambda show, text: show.tell(text),
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")


def shown(say: Saying, text: str, file: io.StringIO) -> str:
    say(Show(open_console(file=file)), text)
    return file.getvalue()


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) == 200


@pytest.mark.parametrize("place", PLACES)
def test_nothing_in_a_pipe_is_a_control_character(place: str) -> None:
    for payload in PAYLOADS:
        text = shown(PLACES[place], payload, io.StringIO())
        assert not FORBIDDEN.search(text), repr(payload)
        assert len(text) < 10_000
        text.encode()


@pytest.mark.parametrize("place", PLACES)
def test_nothing_in_a_terminal_but_our_own_colours(place: str) -> None:
    for payload in PAYLOADS[::5]:
        text = COLOUR.sub("", shown(PLACES[place], payload, Terminal()))
        assert not FORBIDDEN.search(text), repr(payload)


@pytest.mark.parametrize("place", PLACES)
def test_markup_and_emoji_codes_are_shown_as_they_are(place: str) -> None:
    for markup in ("[red]x[/red]", "[bold", ":smile:", "[link=x]y", "\\[z]"):
        assert markup in shown(PLACES[place], markup, io.StringIO()), place


def test_an_address_with_a_turn_of_direction_is_shown_straight() -> None:
    step = a_step(OpenURL(url="https://good.example\u202e/"))
    assert "https://good.example/" in shown(lambda show, _: show.step(step), "", io.StringIO())


# --- what a person reads ---


def lines(say: Callable[[Show], None]) -> list[str]:
    file = io.StringIO()
    say(Show(open_console(file=file)))
    return file.getvalue().splitlines()


def test_the_head_names_goal_model_and_screen() -> None:
    assert lines(lambda show: show.goal("Do it", "chat:x", "desktop:headless")) == [
        "goal  Do it",
        "model chat:x   screen desktop:headless",
    ]


def test_a_step_has_a_number_a_thought_its_acts_with_effects_and_where_the_time_went() -> None:
    step = Step(
        index=4,
        observation=observed(),
        thought="I think.",
        acts=(Tap(x=1, y=2), Type(text="x"), Tap(x=3, y=3)),
        effects=(Effect("done", note="half a note"), Effect("unknown", "cut off")),
        settled=(Settled(0.2, 3, stable=True), Settled(1.5, 9, stable=False)),
        error="one was left out",
        milliseconds=Milliseconds(capture=5.4, encode=0.2, model=1234.5, act=7, settle=1700),
    )
    assert lines(lambda show: show.step(step)) == [
        "   5  I think.",
        "      tap 1, 2  ok (half a note)",
        '      type "x"  unknown (cut off)',
        "      tap 3, 3",
        "      one was left out",
        "      capture 5, model 1234, act 7, settle 1700 (still moving) ms",
    ]


def test_an_action_that_was_not_sent_says_why() -> None:
    step = a_step(Tap(x=1, y=2), effects=(Effect("not_sent", "another window came"),))
    assert "      tap 1, 2  not sent (another window came)" in lines(lambda show: show.step(step))


@pytest.mark.parametrize("outcome", Outcome)
def test_the_end_names_outcome_reason_and_episode(outcome: Outcome) -> None:
    folder = Path("episodes") / ("a-very-long-name-" * 12)
    assert lines(lambda show: show.end(outcome, "because", folder)) == [
        f"{outcome.value}: because",
        f"episode {folder}",
    ]
    assert lines(lambda show: show.end(outcome, "", folder))[0] == outcome.value


def test_the_episode_is_on_one_line_in_a_narrow_terminal_too() -> None:
    folder = Path("episodes") / ("long" * 60)
    text = shown(lambda show, _: show.end(Outcome.SUCCESS, "", folder), "", Terminal())
    assert str(folder) in COLOUR.sub("", text)


def test_what_the_model_tells_the_person_is_shown_in_full() -> None:
    assert lines(lambda show: show.tell("word " * 300))[0].count("word") == 300


def test_a_sign_of_life_is_shown_on_a_terminal_only_and_rests_while_a_person_is_asked() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for file in (terminal, pipe):
        show = Show(open_console(file=file))
        with show.waiting():
            show.step(a_step(thought="one"))
            with show.paused():
                before = file.getvalue()
                time.sleep(0.2)  # two of its pictures
                assert file.getvalue() == before
            show.step(a_step(thought="two"))
    assert "\x1b[?25l" in terminal.getvalue()  # the cursor is hidden while the sign moves
    assert terminal.getvalue().rfind("\x1b[?25h") > terminal.getvalue().rfind("\x1b[?25l")
    assert not FORBIDDEN.search(pipe.getvalue())
